#!/usr/bin/env python3
"""End to end: a house in which meters stand still, are exchanged with each other, count in another unit, are dated in 2000
and tomorrow, or say more than anybody declared: each has its verdict where people look for it.

The readings of five weeks lie in the database, as they come from lines and gateways; the server does the rest.

tests/e2e/exceptions.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import datetime
import pathlib
import sqlite3
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, call, main, wait_until  # noqa: E402

tap = Tap()
DAYS, SWAP_DAY, DAY_US = 35, 21, 86_400_000_000
FIRST = datetime.datetime(2026, 2, 28, 16, tzinfo=datetime.timezone.utc)  # midnight of 1 March in the site's zone
FIRST_US = int(FIRST.timestamp()) * 1_000_000
EVER = "from=2026-01-01&to=2026-12-31"
HOUSE, MAIN, STUCK, SWAPPED_A, SWAPPED_B, UNIT_SWITCH, OLD, TOMORROW, EXTRA = range(5000, 5009)
POINTS = [MAIN, STUCK, SWAPPED_A, SWAPPED_B, UNIT_SWITCH, OLD, TOMORROW, EXTRA]


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def packed(values):
    """The column of src/store/pack.c: {register: (mantissa, exponent)}."""
    out, last = bytes([1]) + varint(len(values)), 0
    for register, (mantissa, exponent) in sorted(values.items()):
        out += varint((register - last) << 1) + bytes([1, exponent & 0xFF]) + varint(mantissa << 1)
        last = register
    return out


def kwh_of(point, day):
    """What a flat uses on a day."""
    if point == SWAPPED_A:
        return 300 + day % 7 * 3
    if point == SWAPPED_B:
        return 50 + day % 7 * 2
    return 140 + point % 10


def kwh_at(point, day):
    """What its meter counts, where it is now."""
    if day >= SWAP_DAY and point in (SWAPPED_A, SWAPPED_B):
        point = SWAPPED_A + SWAPPED_B - point
    if point == STUCK and day >= 10:
        return 0
    return kwh_of(point, day)


def values_of(point, day, totals):
    energy = 10 * point
    wh = 1_000_000 + totals[point] * 1000
    if point == UNIT_SWITCH and day >= 14:  # from kWh to MJ, and the same name of the unit
        wh = 1_000_000 + (totals[point] - 14 * kwh_of(point, 0)) * 3600 + 14 * kwh_of(point, 0) * 1000
    values = {energy: (wh // 1000, 3), energy + 1: (5000 + day * 1200, -2)}
    if point == EXTRA:
        values[energy + 2] = (70 + day, 3)
    return values


def add_point(db, point):
    serves = {MAIN: "building", UNIT_SWITCH: "shop"}.get(point, "household")
    main = None if point == MAIN else MAIN
    db.execute("INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (?, ?, ?, 'unit', ?, ?, 0)",
               (point, f"u{point}", HOUSE, f"{point}", f"House / {point}"))
    db.execute("INSERT INTO point (id, place_id, medium, serves, main_id) VALUES (?, ?, 'heat', ?, ?)",
               (point, point, serves, main))
    db.execute("INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES (?, ?, 'HNG', 'heat',"
               " 'mbus', '')", (point, f"{point:08}"))
    db.execute("INSERT INTO device_state (device_id, state, last_try_us, last_outcome, last_read_us, last_source, misses,"
               " reads) VALUES (?, 'ok', 0, '', 0, 0, 0, 0)", (point,))
    db.execute("INSERT INTO installation (id, device_id, point_id, from_us) VALUES (?, ?, ?, ?)",
               (point, point, point, FIRST_US))
    registers = [("heat energy", "Wh", 0), ("volume", "m3", 0)] + [("heat energy", "Wh", 1)] * (point == EXTRA)
    for k, (quantity, unit, tariff) in enumerate(registers):
        db.execute("INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier)"
                   " VALUES (?, ?, ?, ?, 'instantaneous', 0, ?, 0, '')", (10 * point + k, point, quantity, unit, tariff))
        if k < 2:
            db.execute("INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) VALUES"
                       " (?, ?, ?, ?, ?, 1440, ?)", (10 * point + k, point, quantity, unit, (3, -2)[k], k == 0))
            db.execute("INSERT INTO usage_due (channel_id, from_us, to_us) VALUES (?, ?, ?)",
                       (10 * point + k, FIRST_US, FIRST_US + DAYS * DAY_US))


def add_reading(db, point, at_us, values):
    db.execute("INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us)"
               " VALUES (?, ?, 1, 0, 0, 0, ?, 0)", (point, at_us, packed(values)))


def add_strange(db, point, at_us, came_us, rule):
    """A reading that was kept beside for its date when it came."""
    add_reading(db, point, at_us, {10 * point: (1, 3)})
    db.execute("INSERT INTO reading_doubt (device_id, at_us, source, rule, version, severity, came_us, seen, low, high,"
               " reference) VALUES (?, ?, 1, ?, 1, 'task', ?, '86400', '', '', '')", (point, at_us, rule, came_us))


def fill(db):
    db.execute("INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (?, 'house', NULL, 'building',"
               " 'House', 'House', 0)", (HOUSE,))
    for point in POINTS:
        add_point(db, point)
    totals = dict.fromkeys(POINTS, 0)
    for day in range(DAYS):
        for point in POINTS:
            add_reading(db, point, FIRST_US + day * DAY_US, values_of(point, day, totals))
            totals[point] += kwh_at(point, day) if point != MAIN else 1100
    came_us = FIRST_US + 20 * DAY_US + 3_600_000_000
    add_strange(db, OLD, 946_684_800_000_000, came_us, 7)
    add_strange(db, TOMORROW, came_us + DAY_US, came_us, 6)


@contextlib.contextmanager
def prepare(binaries):
    with House(binaries) as house:
        done = house.import_site(house.electric_site())
        assert done.returncode == 0, done.stderr
        with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db, db:
            fill(db)
        house.start_server()
        wait_until(lambda: [house.rows(f"SELECT count(*) FROM {name}")[0][0]
                            for name in ("usage_due", "check_due", "check_group_due")] == [0, 0, 0], 90, "all to be looked at")
        yield house


def exceptions(house, **more):
    return house.get(f"/api/v1/exceptions?{EVER}&{urllib.parse.urlencode(more)}")


def found(house, rule, point, **more):
    items = [item for item in exceptions(house, rule=rule, **more)["items"] if item["point"] == point]
    assert len(items) == 1, (rule, point, items)
    return items[0]


@tap.test
def a_meter_that_stands_while_water_flows(house):
    item = found(house, "stuck", STUCK)
    assert item["seen"] == "0" and item["severity"] == "task" and item["days"] > 5, item
    assert item["count"] == item["days"] and item["first_day"] < item["last_day"], item


@tap.test
def two_meters_that_changed_places(house):
    a, b = found(house, "swapped", SWAPPED_A), found(house, "swapped", SWAPPED_B)
    assert a["last_day"] == b["last_day"] and float(a["seen"]) < float(a["high"]), (a, b)
    others = {item["point"] for item in exceptions(house, rule="swapped")["items"]}
    assert others == {SWAPPED_A, SWAPPED_B}, others


@tap.test
def a_unit_that_switched(house):
    item = found(house, "high", UNIT_SWITCH)
    assert item["first_day"] == "2026-03-15" and float(item["seen"]) > float(item["high"]), item


@tap.test
def readings_of_2000_and_of_tomorrow(house):
    old, tomorrow = found(house, "ancient", OLD), found(house, "future", TOMORROW)
    assert old["meter"] == OLD and old["from"].startswith("2000-01-01"), old
    assert tomorrow["meter"] == TOMORROW and tomorrow["first_day"] == "2026-03-21", tomorrow
    days = house.get(f"/api/v1/points/{OLD}/usage?{EVER}")["items"][0]["items"]
    assert min(day["day"] for day in days) >= "2026-03-01", days[:2]


@tap.test
def a_register_that_nobody_declared(house):
    listed = [item for item in exceptions(house)["undeclared"] if item["point"] == EXTRA]
    assert [(item["quantity"], item["tariff"]) for item in listed] == [("heat energy", 1)], listed


@tap.test
def flats_that_sum_to_more_than_the_house(house):
    item = found(house, "balance", MAIN)
    assert float(item["seen"]) < float(item["low"]), item


@tap.test
def pages_counts_and_filters(house):
    whole = exceptions(house)
    assert whole["next"] is None and sum(count["tasks"] for count in whole["counts"]) == len(whole["items"]), whole["counts"]
    items, after = [], None
    while True:
        page = exceptions(house, limit=2, **({"after": after} if after else {}))
        items, after = items + page["items"], page["next"]
        if not after:
            break
    assert items == whole["items"], (len(items), len(whole["items"]))
    assert exceptions(house, medium="heat")["items"] == whole["items"]
    assert exceptions(house, medium="gas")["items"] == []
    assert {item["point"] for item in exceptions(house, place=STUCK)["items"]} == {STUCK}
    assert {item["severity"] for item in exceptions(house, severity="told")["items"]} == {"told"}
    for query in ("rule=nothing", "severity=loud", "after=x"):
        status, answer = call(house, "GET", f"/api/v1/exceptions?{EVER}&{query}")
        assert status == 400, (query, status, answer)


@tap.test
def answers_close_or_say_what_is_needed(house):
    item = found(house, "stuck", STUCK)
    answer = {"channel": item["channel"], "from_day": item["first_day"], "to_day": item["last_day"], "who": "Li",
              "reason": "the valve is shut"}
    path = f"/api/v1/points/{STUCK}/exceptions/answer"
    status, told = call(house, "POST", path, {**answer, "rule": "stuck", "answer": "wrong"})
    assert status == 400 and "reading" in told["detail"], (status, told)
    status, told = call(house, "POST", path, {**answer, "rule": "stuck", "answer": "right"})
    assert status == 200, (status, told)
    assert found(house, "stuck", STUCK)["answer"] == "right"
    assert [i for i in exceptions(house, rule="stuck", open=1)["items"] if i["point"] == STUCK] == []


@tap.test
def the_same_list_and_answers_without_a_server(house):
    """The last one: it stops the server, whose database is then the command's."""
    whole = exceptions(house)["items"]
    code = house.server.end()
    assert code == 0, house.server.output()[-500:]
    listed = house.heng("usage", "exceptions", "--data", house.data)
    assert listed.returncode == 0, listed.stderr
    lines = [line for line in listed.stdout.splitlines() if line.startswith("channel ")]
    assert len(lines) == len(whole), (listed.stdout, whole)
    item = next(item for item in whole if item["rule"] == "high" and item["point"] == UNIT_SWITCH)
    answer = ["usage", "answer", "--data", house.data, "--channel", item["channel"], "--rule", "high", "--from", item["first_day"],
              "--to", (datetime.date.fromisoformat(item["last_day"]) + datetime.timedelta(days=1)).isoformat(),
              "--who", "Li", "--reason", "counts in Wh since the repair"]
    told = house.heng(*answer, "--by", "perhaps")
    assert told.returncode in (1, 2) and told.stderr and not told.stdout, told
    assert house.heng(*answer, "--by", "right").returncode == 0
    mine = [line for line in house.heng("usage", "exceptions", "--data", house.data, "--point", UNIT_SWITCH).stdout.splitlines()
            if f"channel {item['channel']} " in line and " high " in line]
    assert mine and all("answered: right" in line for line in mine), mine


if __name__ == "__main__":
    main(tap, prepare, __doc__)
