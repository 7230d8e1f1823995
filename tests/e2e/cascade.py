#!/usr/bin/env python3
"""End to end: three tiers of real programs, each with meters of its own.

    heng-sim line "flat"    ── heng-gateway "stair" (collector) ──┐
    heng-sim line "riser"   ── heng-gateway "house" (concentrator) ┴─ heng serve (and no line of its own)

The collector is let in through the concentrator, gets its configuration, obeys and delivers through it; the concentrator is
killed, the server is away, and nothing is lost or there twice.

tests/e2e/cascade.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
import pathlib
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, free_port, wait_until  # noqa: E402

tap = Tap()
LINES = {"riser": "house", "flat": "stair"}  # line -> gateway
METERS, PERIOD_S = 4, 1
GOOD, READ = 0, 1  # outcome and kind of an entry, as uplink.proto numbers them


def fields(message):
    """The fields of a protobuf message: (number, value)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        elif tag & 7 == 2:
            n = varint()
            yield tag >> 3, message[at:at + n]
            at += n
        else:
            at += 8 if tag & 7 == 1 else 4


def zigzag(value):
    return (value >> 1) ^ -(value & 1)


class Tiers:
    def __init__(self, house):
        self.house = house
        self.uplink_port, self.house_port = free_port(), free_port()
        self.boxes, self.starts = {}, 0

    def start_server(self):
        keys = self.house.folder / "keys"
        keys.write_text("* 02000000 00000000\n")
        keys.chmod(0o600)
        self.house.start_server("--uplink-listen", f"127.0.0.1:{self.uplink_port}", "--keys", str(keys))

    def start_box(self, name):
        above = self.uplink_port if name == "house" else self.house_port
        more = ["--listen", f"127.0.0.1:{self.house_port}"] if name == "house" else []
        self.starts += 1
        self.boxes[name] = Program([self.house.bin / "heng-gateway", "run", "--dir", str(self.dir(name)), "--server",
                                    f"127.0.0.1:{above}", "--name", f"box {name}", "--serial", name, *more],
                                   self.house.folder / f"{name}-{self.starts}.log")

    def dir(self, name):
        return self.house.folder / f"box-{name}"

    def local(self, name, *words):
        return subprocess.run([self.house.bin / "heng-gateway", *words, "--dir", str(self.dir(name))], capture_output=True,
                              text=True, timeout=20)

    def accept(self, name):
        asked = wait_until(lambda: [a for a in self.house.get("/api/v1/enrolments?state=waiting")["items"]
                                    if a["serial"] == name], 30, f"{name} to ask: {self.boxes[name].output()[-900:]}")
        assert asked[0]["name"] == f"box {name}", asked
        code = wait_until(lambda: re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", self.local(name, "code").stdout), 20,
                          f"{name} to show its code")
        done = self.house.heng("gateway", "accept", code.group(), "--key", name, "--url", self.house.url)
        assert done.returncode == 0, (done, self.house.server.output()[-800:])
        wait_until(lambda: self.gateway(name)["connected"], 30, f"{name} to connect: {self.boxes[name].output()[-900:]}")

    def gateways(self):
        return self.house.get("/api/v1/gateways")["items"]

    def gateway(self, name):
        return next(item for item in self.gateways() if item["key"] == name)

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.house.data}/heng.db?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(sql, values).fetchall()

    def devices(self, line):
        return {row[0] for row in self.rows("SELECT m.device_id FROM line_member m JOIN line l ON l.id = m.line_id"
                                            " WHERE l.name = ?", line)}

    def readings(self, line):
        """(device, at) of what the database has, each as often as it is there."""
        return self.rows("SELECT r.device_id, r.at_us FROM reading r JOIN line_member m ON m.device_id = r.device_id"
                         " JOIN line l ON l.id = m.line_id WHERE l.name = ?", line)

    def journal(self, name):
        """(device, at) of the good reads that a gateway has made, out of its file; it has ended."""
        with contextlib.closing(sqlite3.connect(f"file:{self.dir(name)}/journal.db?mode=ro", uri=True, timeout=10)) as db:
            rows = db.execute("SELECT at_us, body FROM entry WHERE kind = ? AND maker = 0", (READ,)).fetchall()
        reads = []
        for at_us, body in rows:
            read = dict(fields(dict(fields(body))[1]))
            if read.get(3, GOOD) == GOOD:
                reads.append((read[2], at_us + zigzag(read.get(23, 0))))
        return reads

    def status(self, name):
        said = self.local(name, "status", "--json").stdout
        return json.loads(said.splitlines()[0])["status"] if said else {}

    def read_alone(self, *names):
        """So long that each meter was read a few times and it is in the journal; when that was."""
        begun, before = time.time(), {name: self.status(name)["entries"] for name in names}
        for name in names:
            wait_until(lambda: self.status(name)["entries"] >= before[name] + 3 * METERS, 30, f"{name} to read by itself")
        return int(begun * 1e6), int(time.time() * 1e6)

    def came_later(self, line, span):
        """What was read then. A gateway tries again after pauses that grow with the outage."""
        wait_until(lambda: len([at for _, at in self.readings(line) if span[0] < at < span[1]]) >= METERS, 90,
                   f"what {line} gave meanwhile: {json.dumps(self.gateways())}")

    def come(self, line, more, what):
        before = len(self.readings(line))
        wait_until(lambda: len(self.readings(line)) >= before + more, 40,
                   f"{more} readings of {line} {what}: {json.dumps(self.gateways())}")

    def end(self):
        for box in self.boxes.values():
            if box.alive():
                box.end()


def call(house, method, path, body):
    request = urllib.request.Request(house.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"},
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def describe(house):
    scenario = house.folder / "tiers.json"
    scenario.write_text(json.dumps({"title": "Tiers", "text": "A line for each gateway.", "seed": 6, "lines": [
        {"name": line, "transport": "tcp", "port": free_port(), "baud": 9600,
         "meters": [{"protocol": "dlt645-2007", "count": METERS}]} for line in LINES]}), encoding="utf-8")
    sim = [house.bin / "heng-sim", "--scenario", scenario]
    site = json.loads(subprocess.run([*sim, "--print-site"], capture_output=True, check=True, timeout=20).stdout)
    house.sim = Program([*sim, "--wire-speed", "10", "--duration", "600"], house.folder / "sim.log")
    site["gateways"] = [{"key": "house", "name": "House"}, {"key": "stair", "name": "Stair", "parent": "house"}]
    for line in site["lines"]:
        line.update({"gateway": LINES[line["key"]], "name": line["key"], "period_s": PERIOD_S})
    done = house.import_site(site)
    assert done.returncode == 0, done.stderr


@tap.test
def the_concentrator_is_let_in(tiers):
    tiers.start_box("house")
    tiers.accept("house")
    tiers.come("riser", 4, "of the concentrator's own line")


@tap.test
def the_collector_is_let_in_through_the_concentrator(tiers):
    tiers.start_box("stair")
    tiers.accept("stair")


@tap.test
def its_configuration_is_passed_on_and_its_readings_arrive(tiers):
    wait_until(lambda: (g := tiers.gateway("stair"))["config_version"] and g["config_version"] == g["applied_version"] and
               g["meters"] == METERS, 30, f"the collector's configuration: {tiers.gateway('stair')}")
    tiers.come("flat", 2 * METERS, "of the collector")
    assert {device for device, _ in tiers.readings("flat")} == tiers.devices("flat")


@tap.test
def the_tree_shows_both(tiers):
    shown = {g["key"]: g for g in tiers.gateways()}
    assert shown["stair"]["parent_id"] == shown["house"]["id"] and "parent_id" not in shown["house"], shown
    for name in shown:
        g = wait_until(lambda: (g := tiers.gateway(name))["last_contact_at"] and g["software"] and g, 20,
                       f"what {name} says of itself: {tiers.gateway(name)}")
        assert g["state"] == "enrolled" and g["connected"] and g["last_contact_at"], g
        assert abs(g["clock_error_ms"]) < 5000 and not g["clock_doubtful"], g
        assert g["software"].startswith("heng-gateway "), g
        assert g["queued"] < 200 and g["missing"] == 0 and g["refused"] == 0, g
    status = tiers.local("house", "status").stdout
    assert re.search(rf"\b{shown['stair']['id']}\s+us\s+connected\b", status), status


@tap.test
def a_command_goes_down_through_both_and_is_proved_by_reading_back(tiers):
    meter = next(iter(tiers.devices("flat")))
    for order in ("disconnect", "connect"):
        status, receipt = call(tiers.house, "POST", "/api/v1/commands", {"meter": meter, "order": order})
        assert status == 202, (status, receipt)
        path = f"/api/v1/commands/{receipt['id']}"
        row = wait_until(lambda: (r := tiers.house.get(path)).get("ended_at") and r, 30, f"{order} to end")
        assert row["stage"] == "confirmed", row


@tap.test
def the_collector_keeps_reading_while_the_concentrator_is_dead(tiers):
    tiers.boxes["house"].end(signal.SIGKILL)
    span = tiers.read_alone("stair")
    wait_until(lambda: not tiers.gateway("house")["connected"] and not tiers.gateway("stair")["connected"], 30,
               f"the tree to show that both are away: {json.dumps(tiers.gateways())}")
    tiers.start_box("house")
    tiers.came_later("flat", span)


@tap.test
def both_keep_reading_while_the_server_is_away(tiers):
    tiers.house.server.end(signal.SIGKILL)
    span = tiers.read_alone(*LINES.values())
    tiers.start_server()
    for line in LINES:
        tiers.came_later(line, span)
    wait_until(lambda: all(g["connected"] for g in tiers.gateways()), 30, "both to be connected")


@tap.test
def nothing_is_lost_and_nothing_is_there_twice(tiers):
    """The meters go, the journals run empty, the gateways end: then their files and the database are compared."""
    tiers.house.sim.end()
    time.sleep(1.5)  # the last answers are committed: until then no queue knows of them
    for name in ("stair", "house"):
        wait_until(lambda: (s := tiers.status(name)) and s["connected"] and s["queued"] == 0, 40,
                   f"{name} to have delivered: {tiers.status(name)}")
        assert tiers.boxes[name].end() == 0, tiers.boxes[name].output()[-2000:]
    for line, name in LINES.items():
        made = sorted(tiers.journal(name))
        wait_until(lambda: sorted(tiers.readings(line)) == made, 20,
                   f"{line}: {len(made)} reads were made, {len(tiers.readings(line))} are there; last made {max(at for _, at in made)}, "
                   f"missing {sorted(set(made) - set(tiers.readings(line)))}, too many {sorted(set(tiers.readings(line)) - set(made))}")
        assert len(made) == len(set(made)) >= 8 * METERS, (line, len(made))
    for table in ("reading_conflict", "gateway_gap", "gateway_refused"):
        assert tiers.rows(f"SELECT count(*) FROM {table}")[0][0] == 0, table
    assert all(g["missing"] == 0 and g["refused"] == 0 for g in tiers.gateways()), tiers.gateways()


@tap.test
def the_server_ends_cleanly(tiers):
    assert tiers.house.server.end() == 0, tiers.house.server.output()[-2000:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    args = parser.parse_args()
    with House(args.bin) as house:
        tiers = Tiers(house)
        try:
            describe(house)
            tiers.start_server()
            sys.exit(1 if tap.run(tiers, only=args.only) else 0)
        finally:
            tiers.end()


if __name__ == "__main__":
    main()
