#!/usr/bin/env python3
"""End to end: from what a meter answers on its line to usage, and back from an amount to the bytes of the meter; what
happened at a point is told, checked and taken back while the server runs.

tests/e2e/usage.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import json
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, call, main, wait_until  # noqa: E402

tap = Tap()
EVER = "from=2020-01-01&to=2099-01-01"


@contextlib.contextmanager
def prepare(binaries):
    """A house whose first electricity meter has a point with a channel for the energy that it counts."""
    with House(binaries) as house:
        done = house.import_site(house.electric_site())
        assert done.returncode == 0, done.stderr
        house.start_sim("--power-port", str(house.power_port))
        house.start_server()
        wait_until(lambda: house.rows("SELECT count(*) FROM reading")[0][0] > 3, 60, "readings")
        assert house.server.end() == 0
        with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db, db:
            house.meter, house.point = db.execute(
                "SELECT i.device_id, i.point_id FROM installation i JOIN reading r ON r.device_id = i.device_id"
                " ORDER BY 1 LIMIT 1").fetchone()
            db.execute("DELETE FROM channel WHERE point_id = ?", (house.point,))
            db.execute("INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, main)"
                       " SELECT 1000, ?, quantity, tariff, qualifier, unit, 1, 15, 1 FROM register WHERE device_id = ? AND"
                       " quantity = 'energy' AND tariff = 0 AND storage = 0 ORDER BY id LIMIT 1", (house.point, house.meter))
            assert db.execute("SELECT count(*) FROM channel WHERE id = 1000").fetchone()[0] == 1
        house.start_server()
        yield house


def post(house, path, **body):
    return call(house, "POST", f"/api/v1/points/{house.point}/{path}", {"who": "Li", "reason": "as agreed", **body})


@tap.test
def the_import_is_an_event(house):
    items = house.get(f"/api/v1/points/{house.point}/events")["items"]
    assert [item["kind"] for item in items] == ["install"] and items[0]["meter_id"] == house.meter, items
    listed = house.heng("event", "list", "--data", house.data, "--point", house.point)
    assert listed.returncode == 0 and " install meter " in listed.stdout, listed


@tap.test
def readings_become_usage_down_to_the_bytes(house):
    def items():
        return house.get(f"/api/v1/points/{house.point}/usage?{EVER}&by=interval")["items"][0]["items"]
    wait_until(items, 60, "usage")
    day = items()[-1]["day"]
    why = house.get(f"/api/v1/channels/1000/explanation?day={day}")["explanation"]
    read = [fact for fact in why["facts"] if fact["kind"] == "reading"]
    assert read and all(fact["frame"].startswith(("68", "FE")) for fact in read), why["facts"][:3]
    shown = house.heng("usage", "show", "--data", house.data, "--point", house.point)
    assert shown.returncode == 0 and day in shown.stdout, shown
    told = house.heng("usage", "explain", "--data", house.data, "--channel", 1000, "--day", day)
    assert told.returncode == 0 and json.loads(told.stdout)["day"] == day, told.stderr


@tap.test
def what_cannot_be_is_refused_in_a_sentence(house):
    status, answer = post(house, "events", kind="install", meter=house.meter, after="5", unit="kWh")
    assert status == 409 and "is at this point since" in answer["detail"], (status, answer)
    status, answer = post(house, "events", kind="multiplier", factor_num=20, before="5")
    assert status == 400 and "needs its unit" in answer["detail"], (status, answer)
    status, answer = call(house, "GET", f"/api/v1/points/{house.point + 10000}/events")
    assert status == 404, (status, answer)
    status, answer = call(house, "GET", "/api/v1/channels/999999/explanation?day=2026-01-01")
    assert status == 404, (status, answer)


@tap.test
def an_amount_is_edited_and_taken_back(house):
    at = house.rows("SELECT min(at_us) FROM reading WHERE device_id = ?", house.meter)[0][0]
    status, answer = post(house, "events", kind="edit", channel=1000, at_us=at, until_us=at + 900_000_000, after="3.00",
                          unit="kWh")
    assert status == 200, answer
    event = answer["id"]
    wait_until(lambda: house.rows("SELECT count(*) FROM usage_due")[0][0] == 0, 60, "usage to be brought up to date")
    status, answer = post(house, "events", kind="undo", undoes=event)
    assert status == 200, answer
    status, answer = post(house, "events", kind="undo", undoes=event)
    assert status == 409 and "undone already" in answer["detail"], (status, answer)
    items = house.get(f"/api/v1/points/{house.point}/events")["items"]
    assert [item["kind"] for item in items if item["kind"] in ("edit", "undo")] == ["edit", "undo"], items


@tap.test
def what_the_rules_found_is_listed_and_answered(house):
    listed = house.get(f"/api/v1/points/{house.point}/exceptions?{EVER}")
    assert all(item["point"] == house.point for item in listed["items"]), listed
    assert listed["undeclared"], "the meter counts more than the one channel takes"
    day = house.get(f"/api/v1/points/{house.point}/usage?{EVER}")["items"][0]["items"][-1]["day"]
    status, answer = post(house, "exceptions/answer", channel=1000, rule="high", from_day=day, to_day=day, answer="right")
    assert status == 200, answer
    assert house.rows("SELECT answer, who FROM verdict_answer") == [("right", "Li")]
    status, answer = post(house, "exceptions/answer", channel=1, rule="high", from_day=day, to_day=day, answer="right")
    assert status == 404, (status, answer)
    behind = house.get(f"/api/v1/points/{house.point}/exceptions?{EVER}&undeclared_after=1000000000")
    assert behind["undeclared"] == [], "behind the last one there is none"


if __name__ == "__main__":
    main(tap, prepare, __doc__)
