#!/usr/bin/env python3
"""Quality of reading, loss, comparison and habits: the real server reads the simulator, API and command line say the same.

tests/e2e/analysis.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import csv
import io
import pathlib
import sqlite3
import sys
import urllib.error

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, main, wait_until  # noqa: E402

tap = Tap()


@contextlib.contextmanager
def read_house(binaries):
    """A house whose meters have all been read but those of the water line, of which nobody is there."""
    with House(binaries) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_sim()
        house.start_server()
        heat = [m for m in house.get("/api/v1/meters?limit=500")["items"] if m["protocol"] == "mbus"]
        wait_until(lambda: house.rows("SELECT count(DISTINCT device_id) FROM read_day WHERE answered > 0")[0][0] >= len(heat),
                   60, "all meters of the heat line to be read")
        yield house


def report(house, *words):
    said = house.heng("report", *words, "--data", house.data, "--format", "csv")
    assert said.returncode == 0, said.stderr
    return list(csv.reader(io.StringIO(said.stdout)))


def today(house):
    """The newest day with a read, and the one behind it."""
    return house.rows("SELECT date(max(day) * 86400, 'unixepoch'), date((max(day) + 1) * 86400, 'unixepoch') FROM read_day")[0]


@tap.test
def every_meter_is_counted_once_a_day(house):
    day, end = today(house)
    meters = house.get("/api/v1/meters?limit=1")["total"]
    quality = house.get(f"/api/v1/read-quality?from={day}&to={end}&by=line")
    assert quality["all"]["planned"] == meters, (quality["all"], meters)
    assert quality["all"]["answered"] <= meters and quality["all"]["first"] <= quality["all"]["answered"]
    assert sum(line["planned"] for line in quality["items"]) == meters
    buildings = house.get(f"/api/v1/read-quality?from={day}&to={end}&by=building")
    assert sum(item["answered"] for item in buildings["items"]) >= quality["all"]["answered"]
    rows = report(house, "read-success", "--by", "line", "--from", day, "--to", end)
    assert rows[0][1] == "planned" and int(rows[-1][1]) == meters, rows


@tap.test
def who_is_missing_is_not_in_the_rows_of_those_that_are_read(house):
    day, end = today(house)
    missing = house.get(f"/api/v1/read-quality/missing?day={day}")
    matrix = house.get(f"/api/v1/read-quality/matrix?from={day}&to={end}")
    letters = {row["meter_id"]: row["days"] for row in matrix["items"]}
    assert len(letters) == missing["planned"]
    for meter in missing["items"]:
        assert meter["line_missing"] <= meter["line_planned"] and meter["reason"]
    assert any(letter in "fr" for letter in letters.values()), letters
    lost = house.get("/api/v1/read-quality/lost")
    assert lost["alarms"] == len(lost["meters"]) and not lost["gateways"]
    assert not {m["meter_id"] for m in lost["meters"]} & {i for i, letter in letters.items() if letter in "fr"}
    assert report(house, "lost")[0][0] == "what" and len(report(house, "missing", "--day", day)) >= 1


@tap.test
def a_building_against_its_flats(house):
    """The archive says by hand who measures whom, and what they used; all figures come out of the program."""
    with contextlib.closing(sqlite3.connect(house.data / "heng.db", timeout=30)) as db, db:
        place = db.execute("SELECT id FROM place WHERE kind = 'building' ORDER BY id").fetchone()[0]
        for number, main_id, amount in ((9001, None, 1000), (9002, 9001, 600), (9003, 9001, 350)):
            db.execute("INSERT INTO point (id, place_id, medium, key, main_id) VALUES (?, ?, 'heat', ?, ?)",
                       (number, place, f"P{number}", main_id))
            db.execute("INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) "
                       "VALUES (?, ?, 'energy', 'Wh', 3, 1440, 1)", (number, number))
            packed = bytes([1, amount * 2 % 128 + 128, amount * 2 // 128, 1, 1])  # src/store/usage_pack.c: one interval
            db.execute("INSERT INTO usage_estimate VALUES (?, 20000, 3, ?, 1, 0, 1000, 1, 0, 0, ?)", (number, amount, packed))
    span = "from=2024-10-04&to=2024-10-05"  # day 20000
    one = house.get(f"/api/v1/points/9001/loss?{span}")
    assert one["loss"]["loss_percent"] == "5.00" and one["loss"]["state"] == "ok", one
    assert [part["side"] for part in one["parts"]] == ["in", "out", "out"]
    everything = house.get(f"/api/v1/losses?{span}")
    assert [item["key"] for item in everything["items"]] == ["P9001"]
    rows = report(house, "loss", "--from", "2024-10-04", "--to", "2024-10-05")
    assert dict(zip(rows[0], rows[1]))["loss"] == "50.000", rows
    said = house.heng("report", "loss", "--data", house.data, "--point", "P9001", "--from", "2024-10-04", "--to", "2024-10-05")
    assert said.returncode == 0 and "P9003" in said.stdout, said
    beside = house.get(f"/api/v1/points/9002/comparison?{span}")
    assert beside["rank"] == 1 and beside["of"] == 2 and beside["before"]["why"], beside
    assert house.heng("report", "compare", "--point", "P9002", "--data", house.data).returncode == 0
    habits = house.get(f"/api/v1/points/9001/habits?{span}")
    assert habits["days"] == 1 and habits["peak"]["amount"] == "1000000", habits
    assert house.heng("report", "habits", "--point", "P9001", "--data", house.data, "--show", "duration").returncode == 0


@tap.test
def wrong_questions_get_a_sentence(house):
    for path, status in (("points/999999/loss", 404), ("points/999999/habits", 404), ("points/999999/comparison", 404),
                         ("losses?from=2024-02-30", 400), ("losses?from=2024-03-02&to=2024-03-01", 400),
                         ("read-quality?by=moon", 400), ("read-quality/missing?day=today", 400),
                         ("read-quality/matrix?from=2020-01-01&to=2024-01-01", 400)):
        try:
            house.get(f"/api/v1/{path}")
        except urllib.error.HTTPError as error:
            assert error.code == status, (path, error.code)
        else:
            raise AssertionError(f"{path} was answered")
    for words, word in ((["loss", "--from", "moon"], "2026-11-01"), (["habits"], "--point"), (["moon"], "no report"),
                        (["read-success", "--by", "moon"], "--by"), (["loss", "--format", "moon"], "--format"),
                        (["loss", "--accuracy", "0"], "--accuracy"), (["swapped", "--point", "1"], "--since")):
        said = house.heng("report", "--data", house.data, *words)
        assert said.returncode == 2 and word in said.stderr and said.stderr.count("\n") == 1, (words, said)
    said = house.heng("report", "loss", "--data", house.data, "--point", "moon")
    assert said.returncode == 1 and "moon" in said.stderr
    assert "heng report loss" in house.heng("report", "--help").stdout


if __name__ == "__main__":
    main(tap, read_house, __doc__)
