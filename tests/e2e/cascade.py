#!/usr/bin/env python3
"""End to end: three tiers of real programs, each with meters of its own.

    heng-sim line "flat"    ── heng-gateway "stair" (collector) ──┐
    heng-sim line "riser"   ── heng-gateway "house" (concentrator) ┴─ heng serve (and no line of its own)

The collector is let in through the concentrator, gets its configuration, obeys and delivers through it; the concentrator is
killed, the server is away, and nothing is lost or there twice.

tests/e2e/cascade.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import json
import re
import signal
import sys
import pathlib
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fleet import good_reads  # noqa: E402
from house import COMMITTED_S, GATEWAY_CODE, House, Tap, call, free_port, main, wait_until  # noqa: E402

tap = Tap()
LINES = {"riser": "house", "flat": "stair"}  # line -> gateway
METERS, PERIOD_S = 4, 1


class Tiers:
    def __init__(self, house):
        self.house = house
        self.uplink_port, self.house_port = free_port(), free_port()
        self.boxes, self.starts = {}, 0

    def start_server(self):
        self.house.start_server_for_gateways(self.uplink_port)

    def start_box(self, name):
        above = self.uplink_port if name == "house" else self.house_port
        more = ["--listen", f"127.0.0.1:{self.house_port}"] if name == "house" else []
        self.starts += 1
        self.boxes[name] = self.house.start_gateway(self.dir(name), above, f"{name}-{self.starts}.log", "--name", f"box {name}",
                                                    "--serial", name, *more)

    def dir(self, name):
        return self.house.folder / f"box-{name}"

    def local(self, name, *words):
        return self.house.ask_gateway(self.dir(name), *words)

    def accept(self, name):
        asked = wait_until(lambda: [a for a in self.house.get("/api/v1/enrolments?state=waiting")["items"]
                                    if a["serial"] == name], 30, f"{name} to ask: {self.boxes[name].output()[-900:]}")
        assert asked[0]["name"] == f"box {name}", asked
        code = wait_until(lambda: GATEWAY_CODE.search(self.local(name, "code").stdout), 20,
                          f"{name} to show its code")
        done = self.house.heng("gateway", "accept", code.group(), "--key", name, "--url", self.house.url)
        assert done.returncode == 0, (done, self.house.server.output()[-800:])
        wait_until(lambda: self.gateway(name)["connected"], 30, f"{name} to connect: {self.boxes[name].output()[-900:]}")

    def gateways(self):
        return self.house.get("/api/v1/gateways")["items"]

    def gateway(self, name):
        return self.house.gateway(name)

    def rows(self, sql, *values):
        return self.house.rows(sql, *values)

    def devices(self, line):
        return {row[0] for row in self.rows("SELECT m.device_id FROM line_member m JOIN line l ON l.id = m.line_id"
                                            " WHERE l.name = ?", line)}

    def readings(self, line):
        """(device, at) of what the database has, each as often as it is there."""
        return self.rows("SELECT r.device_id, r.at_us FROM reading r JOIN line_member m ON m.device_id = r.device_id"
                         " JOIN line l ON l.id = m.line_id WHERE l.name = ?", line)

    def journal(self, name):
        """(device, at) of the good reads that a gateway has made, out of its file; it has ended."""
        return [(device, at_us) for device, at_us, _ in good_reads(self.dir(name))]

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


def describe(house):
    lines = [{"name": line, "transport": "tcp", "port": free_port(), "baud": 9600,
              "meters": [{"protocol": "dlt645-2007", "count": METERS}]} for line in LINES]
    site = house.start_scenario("A line for each gateway", lines, "--wire-speed", "10")
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
        row = tiers.house.command_ended(receipt["id"], order)
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
    time.sleep(COMMITTED_S)  # until then no queue knows of them
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


@contextlib.contextmanager
def prepare(binaries):
    with House(binaries) as house:
        tiers = Tiers(house)
        try:
            describe(house)
            tiers.start_server()
            yield tiers
        finally:
            tiers.end()


if __name__ == "__main__":
    main(tap, prepare, __doc__)
