#!/usr/bin/env python3
"""End to end: a real gateway between simulated meters and a real server. It is let in by its code, gets its
configuration, delivers through cuts, carries orders down, and is out at once when it is revoked.

tests/e2e/gateway.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import json
import pathlib
import signal
import socket
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import GATEWAY_CODE, House, Tap, call, free_port, main, wait_until  # noqa: E402

tap = Tap()
KEY, METERS = "basement", 4


class Site:
    """The electricity line of the house, read by a gateway."""

    def __init__(self, house):
        self.house = house
        self.uplink_port = free_port()
        self.box = None
        self.dir = house.folder / "box"
        self.starts = 0

    def start_server(self):
        self.house.start_server_for_gateways(self.uplink_port)

    def start_box(self):
        self.starts += 1
        self.box = self.house.start_gateway(self.dir, self.uplink_port, f"box-{self.starts}.log", "--name",
                                            "box in the basement", "--serial", "SN-7")

    def local(self, *words):
        return self.house.ask_gateway(self.dir, *words)

    def heng(self, *words):
        return self.house.heng("gateway", *words, "--url", self.house.url)

    def gateway(self):
        return self.house.gateway(KEY)

    def event_kinds(self):
        return [event["kind"] for event in self.house.get("/api/v1/gateway-events?limit=100")["items"]]

    def rows(self, sql, *values):
        return self.house.rows(sql, *values)

    def readings(self):
        return self.rows("SELECT count(*) FROM reading")[0][0]

    def end(self):
        if self.box and self.box.alive():
            self.box.end()


def describe(house):
    """A line of DL/T 645 meters with relays, and the site file: the line is the gateway's."""
    site = house.start_scenario("Relays", [{"name": "power", "transport": "tcp", "port": house.power_port, "baud": 9600, "meters": [
        {"protocol": "dlt645-2007", "count": METERS}]}], "--wire-speed", "10")
    site["gateways"] = [{"key": KEY, "name": "Basement"}]
    site["lines"][0].update({"gateway": KEY, "period_s": 2})
    done = house.import_site(site)
    assert done.returncode == 0, done.stderr
    return site


@tap.test
def a_box_is_let_in_by_the_code_that_it_shows(site):
    house = site.house
    site.start_box()
    box = wait_until(lambda: house.get("/api/v1/enrolments?state=waiting")["items"], 20, "the box to ask")[0]
    assert box["name"] == "box in the basement" and box["serial"] == "SN-7", box
    code = GATEWAY_CODE.search(site.local("code").stdout)
    assert code, (site.local("code"), site.box.output())
    wrong = site.heng("accept", code.group()[:9] + "-0000", "--key", KEY)
    assert wrong.returncode == 1 and "not the code" in wrong.stderr, wrong
    done = site.heng("accept", code.group().lower(), "--key", KEY)
    assert done.returncode == 0, (done, house.server.output()[-800:])
    again = site.heng("accept", code.group(), "--key", KEY)
    assert again.returncode == 1, again
    wait_until(lambda: site.gateway()["connected"], 20, f"the gateway to connect: {site.box.output()[-800:]}")
    assert "enrolled" in site.event_kinds()


@tap.test
def its_configuration_arrives_and_is_in_force(site):
    gateway = wait_until(lambda: (g := site.gateway())["config_version"] and
                         g["config_version"] == g["applied_version"] and g, 20,
                         f"the configuration: {site.gateway()}")
    assert not gateway.get("config_why"), gateway
    assert gateway["lines"] == 1 and gateway["meters"] > 0, gateway


@tap.test
def readings_come_with_the_frames_that_prove_them(site):
    wait_until(lambda: site.readings() >= 10, 30, "ten readings")
    without = site.rows("SELECT count(*) FROM reading WHERE frame_count = 0")[0][0]
    frames = site.rows("SELECT count(*) FROM frame")[0][0]
    assert without == 0 and frames >= 10, (without, frames)
    meters = site.house.get("/api/v1/meters")["items"]
    assert any(meter["state"] == "ok" for meter in meters), meters


def check_whole(site, before):
    """After a cut: more came, nothing is there twice, no number is missing."""
    wait_until(lambda: site.readings() > before + 10, 30, f"readings after the cut: {site.house.server.output()[-600:]}")
    wait_until(lambda: site.gateway()["connected"], 20, "the gateway to be connected")
    assert site.rows("SELECT count(*) FROM reading_conflict")[0][0] == 0
    assert site.rows("SELECT count(*) FROM gateway_gap WHERE gone = 0")[0][0] == 0
    assert site.gateway()["missing"] == 0, site.gateway()


@tap.test
def a_gateway_that_is_killed_goes_on_where_it_was(site):
    before = site.readings()
    site.box.end(signal.SIGKILL)
    site.start_box()
    check_whole(site, before)


@tap.test
def what_was_read_while_the_server_was_away_comes_later(site):
    before = site.readings()
    site.house.server.end(signal.SIGKILL)
    gone_at = time.time()
    time.sleep(4)  # this is the outage
    back_at = time.time()
    site.start_server()
    check_whole(site, before)
    wait_until(lambda: site.rows("SELECT count(*) FROM reading WHERE at_us > ? AND at_us < ?", int(gone_at * 1e6 + 5e5),
                                 int(back_at * 1e6 - 5e5))[0][0] > 0, 20, "what was read meanwhile")


@tap.test
def a_command_goes_down_and_is_proved_by_reading_back(site):
    house = site.house
    meter = next(m for m in house.get("/api/v1/meters")["items"] if m["protocol"].startswith("dlt645"))
    status, receipt = call(house, "POST", "/api/v1/commands", {"meter": meter["id"], "order": "disconnect"})
    assert status == 202, (status, receipt)
    row = house.command_ended(receipt["id"], "the command")
    assert row["stage"] == "confirmed", row


@tap.test
def a_read_on_demand_is_told_by_the_number_of_its_group(site):
    house = site.house
    meter = house.get("/api/v1/meters")["items"][1]
    with urllib.request.urlopen(house.url + "/api/v1/events", timeout=20) as stream:
        status, group = call(house, "POST", "/api/v1/reads", {"meters": [meter["id"]]})
        assert status == 202 and group["accepted"] == 1, (status, group)
        kind = b""
        for line in stream:
            if line.startswith(b"event: "):
                kind = line[7:].strip()
            if line.startswith(b"data: ") and kind == b"order":
                order = json.loads(line[6:])
                assert order["id"] == group["id"] and order["meter_id"] == meter["id"], (order, group)
                if order["stage"] == "confirmed":
                    break


@tap.test
def a_command_waits_for_a_gateway_that_is_away(site):
    house = site.house
    meter = next(m for m in house.get("/api/v1/meters")["items"] if m["protocol"].startswith("dlt645"))
    site.box.end()
    wait_until(lambda: not site.gateway()["connected"], 20, "the gateway to be away")
    status, receipt = call(house, "POST", "/api/v1/commands", {"meter": meter["id"], "order": "connect"})
    assert status == 202, (status, receipt)
    status, other = call(house, "POST", "/api/v1/commands", {"meter": meter["id"], "order": "disconnect"})
    assert status == 202, (status, other)
    status, answer = call(house, "DELETE", f"/api/v1/commands/{other['id']}")
    assert status == 200, (status, answer)
    site.start_box()
    row = house.command_ended(receipt["id"], "the command")
    assert row["stage"] == "confirmed", row
    assert house.get(f"/api/v1/commands/{other['id']}")["stage"] == "cancelled"


@tap.test
def the_box_is_asked_from_afar(site):
    wait_until(lambda: site.gateway()["connected"], 20, "the gateway to be connected")
    said = site.heng("status", KEY)
    assert said.returncode == 0 and said.stdout.strip(), said


@tap.test
def a_fitter_reaches_the_line_through_a_tunnel(site):
    house = site.house
    line = house.get("/api/v1/lines")["items"][0]
    meter = next(m for m in house.get("/api/v1/meters")["items"] if m["protocol"] == "dlt645-2007")
    status, way = call(house, "POST", f"/api/v1/lines/{line['id']}/tunnel",
                       {"who": "e2e", "why": "to see the meters", "seconds": 30})
    assert status in (200, 202), (status, way)
    with contextlib.closing(socket.create_connection(("127.0.0.1", way["port"]), timeout=15)) as s:
        s.sendall(way["token"].encode() + b"\n")
        address = bytes.fromhex(meter["address"])[::-1]  # DL/T 645-2007: its total energy
        frame = b"\x68" + address + bytes.fromhex("68110433333433")
        s.settimeout(1.5)
        heard = b""
        for _ in range(8):  # as a fitter's program does: the line is still changing hands
            s.sendall(b"\xfe\xfe\xfe\xfe" + frame + bytes([sum(frame) & 0xFF, 0x16]))
            with contextlib.suppress(socket.timeout):
                heard += s.recv(200)
            if address in heard:
                break
        assert address in heard, heard
    wait_until(lambda: "tunnel-closed" in site.event_kinds(), 20, "the record of the tunnel")
    before = site.readings()
    wait_until(lambda: site.readings() > before, 30, "the line to be read again")


@tap.test
def a_stranger_is_told_no_and_people_see_it(site):
    with contextlib.closing(socket.create_connection(("127.0.0.1", site.uplink_port), timeout=10)) as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with contextlib.suppress(OSError):
            while s.recv(4096):
                pass
    wait_until(lambda: "refused" in site.event_kinds(), 20, "the event of who was refused")


@tap.test
def a_revoked_gateway_is_out_at_once(site):
    wait_until(lambda: site.gateway()["connected"], 20, "the gateway to be connected")
    done = site.heng("revoke", KEY, "--who", "e2e", "--why", "it was stolen")
    assert done.returncode == 0, done
    wait_until(lambda: not site.gateway()["connected"], 5, "the gateway to be out")
    assert site.gateway()["state"] == "revoked"
    time.sleep(3)  # it tries again, in vain
    assert not site.gateway()["connected"]
    after = site.readings()
    time.sleep(2)
    assert site.readings() == after, "a revoked gateway delivers"


@tap.test
def both_end_cleanly(site):
    assert site.box.end() == 0, site.box.output()[-2000:]
    assert site.house.server.end() == 0, site.house.server.output()[-2000:]


@contextlib.contextmanager
def prepare(binaries):
    with House(binaries) as house:
        site = Site(house)
        try:
            describe(house)
            site.start_server()
            yield site
        finally:
            site.end()


if __name__ == "__main__":
    main(tap, prepare, __doc__)
