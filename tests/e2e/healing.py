#!/usr/bin/env python3
"""End to end: a serial port that dies. The meters of one line fall silent, then its port is gone altogether: each step of
healing is done to the port, told, and followed to the centre; the other line goes on; and the line comes back by itself.

tests/e2e/healing.py --bin build/dev/bin [--only WORD]
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, free_port, wait_until  # noqa: E402

tap = Tap()
METERS, RHYTHM_S = 2, 2
STEPS = ["line-silent", "line-reopened", "line-reset", "line-restarted"]


class Port:
    """How often a device is opened and closed, as the kernel sees it."""
    CLOSED, OPENED = 0x8 | 0x10, 0x20

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.opened = self.closed = 0
        assert self.fd >= 0
        assert libc.inotify_add_watch(self.fd, os.fsencode(os.path.realpath(path)), self.CLOSED | self.OPENED) >= 0

    def look(self):
        try:
            events = os.read(self.fd, 65536)
        except BlockingIOError:
            events = b""
        at = 0
        while at < len(events):
            _, mask, _, length = struct.unpack_from("iIII", events, at)
            at += 16 + length
            self.opened += bool(mask & self.OPENED)
            self.closed += bool(mask & self.CLOSED)
        return self.opened, self.closed

    def end(self):
        os.close(self.fd)


class Site:
    def __init__(self, house):
        self.house, self.box, self.starts = house, None, 0
        self.uplink_port, self.tcp_port = free_port(), free_port()
        self.pty, self.dir = house.folder / "tty-stairs", house.folder / "box"

    def describe(self):
        scenario = self.house.folder / "healing.json"
        meters = [{"protocol": "dlt645-2007", "count": METERS}]
        scenario.write_text(json.dumps({"title": "Stairs", "text": "A port that dies.", "seed": 5, "lines": [
            {"name": "stairs", "transport": "pty", "path": str(self.pty), "baud": 9600, "meters": meters},
            {"name": "flats", "transport": "tcp", "port": self.tcp_port, "baud": 9600, "meters": meters}]}), encoding="utf-8")
        sim = [self.house.bin / "heng-sim", "--scenario", scenario]
        site = json.loads(subprocess.run([*sim, "--print-site"], capture_output=True, check=True, timeout=20).stdout)
        self.house.sim = Program([*sim, "--wire-speed", "10", "--duration", "600", "--control-port",
                                  str(self.house.control_port)], self.house.folder / "sim.log")
        site["gateways"] = [{"key": "box", "name": "Box"}]
        for line in site["lines"]:
            line.update({"gateway": "box", "period_s": RHYTHM_S})
        done = self.house.import_site(site)
        assert done.returncode == 0, done.stderr

    def start_server(self):
        self.house.start_server("--uplink-listen", f"127.0.0.1:{self.uplink_port}", "--dtu-listen", "off")

    def start_box(self):
        self.starts += 1
        self.box = Program([self.house.bin / "heng-gateway", "run", "--dir", str(self.dir), "--server",
                            f"127.0.0.1:{self.uplink_port}", "--name", "box", "--rhythm-s", str(RHYTHM_S)],
                           self.house.folder / f"box-{self.starts}.log")

    def local(self, *words):
        return subprocess.run([self.house.bin / "heng-gateway", *words, "--dir", str(self.dir)], capture_output=True,
                              text=True, timeout=20).stdout

    def events(self, after=0):
        """What the centre knows of the box, oldest first."""
        items = self.house.get("/api/v1/gateway-events?limit=200")["items"]
        return sorted((event for event in items if event["id"] > after), key=lambda event: event["id"])

    def newest(self):
        return max((event["id"] for event in self.events()), default=0)

    def of_lines(self, after):
        return [event for event in self.events(after) if event["kind"].startswith("line-")]

    def line(self, name):
        return next(line for line in self.house.get("/api/v1/lines")["items"] if line["name"] == name)

    def is_read_again(self, name, seconds=40):
        def newest():
            return self.line(name).get("last_answer_at") or ""
        before = newest()
        wait_until(lambda: newest() > before, seconds, f"line {name} to be read: {self.line(name)}")

    def end(self):
        if self.box and self.box.alive():
            self.box.end()


def kinds(events):
    return [event["kind"] for event in events]


def goes_through_all_steps(site, after):
    """Silence first, then one step after the other, of this line only."""
    told = wait_until(lambda: (e := site.of_lines(after)) and "line-restarted" in kinds(e) and e, 90,
                      f"all steps at the centre: {site.box.output()[-1500:]}")
    assert kinds(told)[:4] == STEPS, told
    times = [event["at"] for event in told]
    assert times == sorted(times), told
    assert all("stairs" in event["detail"] for event in told), told
    assert re.search(r"no answer for \d+ s", told[0]["detail"]), told[0]
    return told


@tap.test
def both_lines_are_read(site):
    site.start_box()
    code = wait_until(lambda: re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", site.local("code")), 20, "the code").group()
    wait_until(lambda: site.house.get("/api/v1/enrolments?state=waiting")["items"], 20, "the box to ask")
    done = site.house.heng("gateway", "accept", code, "--key", "box", "--url", site.house.url)
    assert done.returncode == 0, done
    for name in ("stairs", "flats"):
        site.is_read_again(name)
    time.sleep(4 * RHYTHM_S)  # longer than silence takes to be one
    assert not site.of_lines(0), "a line that answers is silent"


@tap.test
def a_port_on_which_all_fall_silent_is_opened_anew_step_by_step(site):
    after, port = site.newest(), Port(site.pty)
    site.house.control("mute stairs")
    wait_until(lambda: "line-silent" in kinds(site.of_lines(after)), 40, "silence to be told")
    assert site.line("flats")["state"] not in ("down", "silent"), site.line("flats")
    goes_through_all_steps(site, after)
    wait_until(lambda: min(port.look()) >= 3, 20, f"the port to be closed and opened with each step: {port.look()}")
    port.end()
    site.is_read_again("flats")
    assert "line-back" not in kinds(site.of_lines(after))
    assert re.search(r"stairs.*silent", site.local("status")), site.local("status")
    site.house.control("unmute stairs")
    told = wait_until(lambda: (e := site.of_lines(after))[-1]["kind"] == "line-back" and e, 60, "the first answer to be told")
    assert re.search(r"after \d+ s", told[-1]["detail"]), told[-1]
    site.is_read_again("stairs")


@tap.test
def a_port_that_is_gone_is_told_when_the_centre_is_back(site):
    after = site.newest()
    assert site.box.end() == 0, site.box.output()[-1500:]  # a line takes six steps at once, and then some in an hour
    site.start_box()
    site.is_read_again("stairs")
    assert site.house.server.end() == 0
    site.house.control("unplug stairs")
    wait_until(lambda: not os.path.exists(site.pty), 10, "the port to be gone")
    wait_until(lambda: "event=line-restarted" in site.box.output(), 90, f"all steps: {site.box.output()[-1500:]}")
    assert site.box.alive()
    site.start_server()
    goes_through_all_steps(site, after)
    site.is_read_again("flats")
    site.house.control("plug stairs")
    wait_until(lambda: kinds(site.of_lines(after))[-1] == "line-back", 60, "the port to be found again")
    site.is_read_again("stairs")
    assert kinds(site.of_lines(after)).count("line-silent") == 1, kinds(site.of_lines(after))


@tap.test
def all_end_cleanly(site):
    assert site.box.end() == 0, site.box.output()[-2000:]
    assert site.house.server.end() == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    args = parser.parse_args()
    with House(args.bin) as house:
        site = Site(house)
        try:
            site.describe()
            site.start_server()
            sys.exit(1 if tap.run(site, only=args.only) else 0)
        finally:
            site.end()


if __name__ == "__main__":
    main()
