#!/usr/bin/env python3
"""End to end: the way on foot. A gateway reads one line; the cable of another is cut, and a third one never had any, so
their meters are read on site with a list, by converter, serial port and infrared head, and the file is carried to the
gateway and to the centre. Whatever comes by two ways is stored once.

tests/e2e/handheld.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import termios

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, free_port, wait_until  # noqa: E402

tap = Tap()
KEY, METERS = "basement", 4
LISTED = 3 * METERS


class Site:
    """Three lines of DL/T 645 meters on a gateway. Where it looks for the cellar's and the roof's nobody answers. A head
    on a meter of the roof hears itself, as they do."""

    def __init__(self, house):
        self.house = house
        self.uplink_port, self.cellar_port, self.dead_port = free_port(), free_port(), free_port()
        self.dir, self.box, self.starts = house.folder / "box", None, 0
        self.pty = house.folder / "tty-roof"
        self.list, self.out = house.folder / "route.list", house.folder / "route.out"

    def describe(self):
        scenario = self.house.folder / "handheld.json"
        scenario.write_text(json.dumps({"title": "Cellar", "text": "A line and a cellar.", "seed": 5, "lines": [
            {"name": name, "transport": "tcp", "port": port, "baud": 9600,
             "meters": [{"protocol": "dlt645-2007", "count": METERS}]}
            for name, port in (("power", self.house.power_port), ("cellar", self.cellar_port))] + [
            {"name": "roof", "transport": "pty", "path": str(self.pty), "baud": 1200, "echo": True,
             "meters": [{"protocol": "dlt645-2007", "count": METERS}]}]}), encoding="utf-8")
        sim = [self.house.bin / "heng-sim", "--scenario", scenario]
        site = json.loads(subprocess.run([*sim, "--print-site"], capture_output=True, check=True, timeout=20).stdout)
        self.house.sim = Program([*sim, "--wire-speed", "10", "--duration", "600", "--control-port",
                                       str(self.house.control_port)], self.house.folder / "sim.log")
        site["gateways"] = [{"key": KEY, "name": "Basement"}]
        for line in site["lines"]:
            line.update({"gateway": KEY, "period_s": 2})
        self.cellar = next(line for line in site["lines"] if line["endpoint"].endswith(str(self.cellar_port)))
        self.cellar["endpoint"] = f"127.0.0.1:{self.dead_port}"
        self.roof = next(line for line in site["lines"] if line["endpoint"] == str(self.pty))
        self.roof["endpoint"] = str(self.house.folder / "no-tty")
        self.numbers, self.on_roof = ([meter["number"] for meter in site["meters"] if meter["line"] == line["key"]]
                                      for line in (self.cellar, self.roof))
        self.site = site
        done = self.house.import_site(site)
        assert done.returncode == 0, done.stderr

    def start_server(self):
        self.house.start_server("--uplink-listen", f"127.0.0.1:{self.uplink_port}")

    def stop_server(self):
        assert self.house.server.end() == 0, self.house.server.output()[-800:]

    def start_box(self):
        self.starts += 1
        self.box = Program([self.house.bin / "heng-gateway", "run", "--dir", str(self.dir), "--server",
                            f"127.0.0.1:{self.uplink_port}", "--name", "box", "--serial", "SN-7"],
                           self.house.folder / f"box-{self.starts}.log")

    def local(self, *words):
        return subprocess.run([self.house.bin / "heng-gateway", *map(str, words), "--dir", str(self.dir)],
                              capture_output=True, text=True, timeout=30)

    def route(self, *more, out=None):
        return self.house.heng("route", "read", self.list, out or self.out, "--tcp", f"127.0.0.1:{self.cellar_port}",
                               "--line", self.cellar["name"], "--reader", "A. Weber", "--timeout", "40", *more)

    def bring(self, path):
        return self.house.heng("import", "--data", self.house.data, path)

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.house.data}/heng.db?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(sql, values).fetchall()

    def by_hand(self):
        return self.rows("SELECT count(*) FROM reading WHERE source = 2")[0][0]

    def readings(self):
        return self.rows("SELECT count(*) FROM reading")[0][0]

    def imports(self):
        events = self.house.get("/api/v1/gateway-events?limit=100")["items"]
        return sum(event["kind"] == "imported" and "A. Weber" in event["detail"] for event in events)

    def imports_stored(self):
        return self.rows("SELECT count(*) FROM gateway_event WHERE detail LIKE '%A. Weber%'")[0][0]

    def gateway(self):
        return next(g for g in self.house.get("/api/v1/gateways")["items"] if g["key"] == KEY)

    def end(self):
        if self.box and self.box.alive():
            self.box.end()


def counts(done):
    found = re.search(r"(\d+) readings stored, (\d+) known already, (\d+) refused", done.stdout)
    assert found, (done.stdout, done.stderr)
    return tuple(map(int, found.groups()))


def whole(site):
    """Nothing twice with other values, no number of the journal missing."""
    assert site.rows("SELECT count(*) FROM reading_conflict")[0][0] == 0
    assert site.rows("SELECT count(*) FROM gateway_gap")[0][0] == 0
    assert site.rows("SELECT count(*) FROM gateway_refused")[0][0] == 0


@tap.test
def a_gateway_gives_its_list_without_a_server(site):
    site.start_box()
    code = wait_until(lambda: re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", site.local("code").stdout), 20,
                      "the code").group()
    wait_until(lambda: site.house.get("/api/v1/enrolments?state=waiting")["items"], 20, "the box to ask")
    done = site.house.heng("gateway", "accept", code, "--key", KEY, "--url", site.house.url)
    assert done.returncode == 0, done
    wait_until(lambda: (g := site.gateway())["config_version"] and g["config_version"] == g["applied_version"], 20,
               "the configuration")
    wait_until(lambda: site.readings() >= 8, 30, "readings of the line that works")
    site.stop_server()
    done = site.local("export", "list", site.list)
    assert done.returncode == 0 and site.list.stat().st_size > 100, done


@tap.test
def the_meters_are_read_on_site_one_by_one(site):
    done = site.route("--meter", site.numbers[0])
    assert done.returncode == 1 and site.numbers[0] in done.stdout, done
    assert f"1 of {LISTED} meters of the list" in done.stdout, done.stdout
    size = site.out.stat().st_size
    done = site.route("--meter", site.numbers[0])
    assert site.out.stat().st_size == size, "what is there was read again"
    done = site.route()
    assert site.numbers[0] not in done.stdout and all(n in done.stdout for n in site.numbers[1:]), done
    assert f"{METERS} of {LISTED} meters of the list" in done.stdout, done.stdout
    shown = site.house.heng("route", "show", site.out)
    assert shown.stdout.count("  read") == METERS and shown.stdout.count("  missing") == LISTED - METERS, shown


@tap.test
def a_dead_battery_costs_the_last_reading_at_most(site):
    torn = site.house.folder / "torn.out"
    torn.write_bytes(site.out.read_bytes()[:-40])
    cut = site.bring(torn)
    assert cut.returncode == 1 and "cut" in cut.stderr and "nothing of it is stored" in cut.stderr, cut
    done = site.route(out=torn)
    assert "torn" in done.stderr and f"{METERS} of {LISTED}" in done.stdout, done
    assert done.stdout.count("values") == 1, f"one is read again: {done.stdout}"
    assert (site.house.folder / "torn.out.torn").exists()


@tap.test
def the_file_goes_through_the_gateway(site):
    done = site.local("import", site.out)
    assert done.returncode == 0, done
    site.start_server()
    wait_until(lambda: site.by_hand() == METERS, 30, f"the readings by hand: {site.by_hand()}")
    frames = site.rows("SELECT min(frame_count) FROM reading WHERE source = 2")[0][0]
    assert frames > 0, "without the frames that prove them"


@tap.test
def while_the_server_runs_the_file_is_not_taken_and_it_says_what_to_do(site):
    done = site.bring(site.out)
    assert done.returncode == 1 and "stop it" in done.stderr and "heng-gateway import" in done.stderr, done


@tap.test
def the_same_file_at_the_centre_is_known_already(site):
    site.stop_server()
    assert counts(site.bring(site.out)) == (0, METERS, 0)
    assert counts(site.bring(site.out)) == (0, METERS, 0)
    assert site.by_hand() == METERS


@tap.test
def a_file_that_came_to_the_centre_first_changes_nothing_through_the_gateway(site):
    out = site.house.folder / "second.out"
    site.route(out=out)
    assert counts(site.bring(out)) == (METERS, 0, 0)
    for _ in range(2):
        done = site.local("import", out)
        assert done.returncode == 0, done
    site.start_server()
    wait_until(lambda: site.imports() == 3, 30, "the gateway to have told of each import")
    assert site.by_hand() == 2 * METERS
    whole(site)


@tap.test
def a_journal_that_is_carried_is_delivered_all_the_same(site):
    journal = site.house.folder / "journal.out"
    site.stop_server()
    last = site.rows("SELECT max(at_us) FROM reading WHERE source <> 2")[0][0]
    before = site.rows("SELECT gateway_id, epoch, seq FROM gateway_journal")
    stored = 0

    def carried():
        nonlocal stored
        done = site.local("export", "entries", journal)
        assert done.returncode == 0, done
        stored += counts(site.bring(journal))[0]
        return stored >= METERS
    wait_until(carried, 30, "a journal with readings that are not delivered")
    assert site.rows("SELECT gateway_id, epoch, seq FROM gateway_journal") == before, "a file moved the numbers"
    carried_us = site.rows("SELECT max(at_us) FROM reading WHERE source <> 2")[0][0]
    assert carried_us > last
    site.start_server()
    wait_until(lambda: site.rows("SELECT count(*) FROM reading WHERE at_us > ?", carried_us)[0][0] >= METERS, 30,
               "what was read after the file")
    wait_until(lambda: site.rows("SELECT count(*) FROM gateway_event WHERE detail LIKE 'a file of its journal%'")[0][0]
               and site.rows("SELECT gateway_id, epoch, seq FROM gateway_journal") > before, 30, "the numbers to go on")
    whole(site)
    assert site.rows("SELECT count(*) FROM reading WHERE frame_count = 0")[0][0] == 0
    assert site.by_hand() == 2 * METERS
    site.stop_server()
    assert counts(site.bring(journal))[0] == 0, "all of it is known by now"


@tap.test
def a_list_out_of_the_database_serves_as_well(site):
    first = site.list
    site.list, out = site.house.folder / "centre.list", site.house.folder / "centre.out"
    done = site.house.heng("route", "list", "--data", site.house.data, "--gateway", KEY, site.list)
    assert done.returncode == 0 and f"{LISTED} meters of 3 lines" in done.stdout, done
    done = site.house.heng("route", "read", site.list, site.out, "--typed", f"{site.numbers[0]}=123.45")
    assert done.returncode == 1 and "another list" in done.stderr, done
    done = site.house.heng("route", "read", site.list, out, "--typed", f"{site.numbers[0]}=123.45")
    assert site.numbers[0] in done.stdout, done
    assert counts(site.bring(out)) == (1, 0, 0)
    done = site.local("import", site.list)
    assert done.returncode == 0, "a list to read by is no configuration"
    site.list = first


class Walk:
    """Somebody with a head in his hand and the laptop before him: he answers when he is asked."""

    def __init__(self, site, out, *more):
        argv = [site.house.bin / "heng", "route", "read", site.list, out, "--serial", site.pty, "--line", site.roof["name"],
                "--reader", "A. Weber", "--timeout", "60", *more]
        self.process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=0)

    def asked(self):
        """For which meter."""
        heard = ""
        while not heard.endswith("q: end) "):
            c = self.process.stderr.read(1)
            assert c, f"it asks for nothing: {heard}"
            heard += c
        return heard.split(":")[0]

    def answer(self, keys):
        self.process.stdin.write(keys + "\n")
        self.process.stdin.flush()

    def end(self):
        said, complained = self.process.communicate(timeout=60)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, said, complained)


def baud(pty):
    """Of the port as it was opened last; a pty has no parity."""
    port = os.open(pty, os.O_RDWR | os.O_NOCTTY)
    try:
        return termios.tcgetattr(port)[5]
    finally:
        os.close(port)


@tap.test
def an_infrared_head_reads_meter_by_meter(site):
    first, second, third, fourth = site.on_roof
    out = site.head_out = site.house.folder / "head.out"
    done = Walk(site, out, "--infrared", "--meter", first).end()  # one alone: nobody has to be asked
    assert done.returncode == 1 and re.search(rf"^{first}  +energy [\d.]+ Wh", done.stdout, re.M), done
    assert f"1 of {LISTED} meters of the list" in done.stdout, done
    assert baud(site.pty) == termios.B1200
    walk = Walk(site, out, "--infrared")
    assert walk.asked() == second
    walk.answer("s")
    assert walk.asked() == third
    walk.answer("")
    assert walk.asked() == fourth
    walk.answer("q")
    done = walk.end()
    assert third in done.stdout and second not in done.stdout and f"2 of {LISTED}" in done.stdout, done
    walk = Walk(site, out, "--infrared")
    for number in (second, fourth):
        assert walk.asked() == number
        walk.answer("")
    done = walk.end()
    assert f"{METERS} of {LISTED}" in done.stdout and done.stdout.count("values") == 2, done


@tap.test
def a_head_on_no_meter_is_told_and_keeps_nothing(site):
    size = site.head_out.stat().st_size
    site.house.control("mute roof")
    out = site.house.folder / "dark.out"
    done = Walk(site, out, "--infrared", "--meter", site.on_roof[0]).end()
    site.house.control("unmute roof")
    assert done.returncode == 1 and "not read" in done.stdout and f"0 of {LISTED}" in done.stdout, done
    assert site.head_out.stat().st_size == size


@tap.test
def what_a_head_has_read_is_stored_once_by_whatever_way_it_comes(site):
    before = site.by_hand()
    imports = site.imports_stored()
    done = site.local("import", site.head_out)
    assert done.returncode == 0 and f"{METERS} reading" in done.stdout, done
    assert counts(site.bring(site.head_out)) == (METERS, 0, 0), "it has not come through the gateway yet"
    site.start_server()
    wait_until(lambda: site.imports_stored() > imports, 90, "the file to come through the gateway")
    assert site.by_hand() == before + METERS
    site.stop_server()
    assert counts(site.bring(site.head_out)) == (0, METERS, 0)
    assert site.rows("SELECT min(frame_count) FROM reading WHERE source = 2 AND device_id IN (SELECT device_id FROM "
                     "line_member m JOIN line l ON l.id = m.line_id WHERE l.name = ?)", site.roof["name"])[0][0] > 0
    whole(site)


@tap.test
def a_plain_serial_port_does_as_well(site):
    before, out = site.by_hand(), site.house.folder / "plain.out"
    site.house.control("echo roof off")
    site.start_server()  # the box finds it again in the meantime
    done = Walk(site, out).end()
    assert f"{METERS} of {LISTED}" in done.stdout and all(n in done.stdout for n in site.on_roof), done
    assert baud(site.pty) == termios.B1200, "the list says so"
    done = site.local("import", out)
    assert done.returncode == 0, done
    wait_until(lambda: site.by_hand() == before + METERS, 90, f"the readings by hand: {site.box.output()[-900:]}")
    site.stop_server()
    assert counts(site.bring(out)) == (0, METERS, 0)
    whole(site)


@tap.test
def a_file_that_is_damaged_leaves_nothing_at_the_gateway(site):
    good, path = site.head_out.read_bytes(), site.house.folder / "bad-at-gateway.out"
    for what, content, says in (("cut", good[:-5], "cut off"), ("flipped", good[:-60] + bytes([good[-60] ^ 4]) + good[-59:],
                                                                "does not fit")):
        path.write_bytes(content)
        done = site.local("import", path)
        assert done.returncode == 1 and says in done.stderr and "nothing of it was taken: copy it" in done.stderr and \
            done.stderr.count("\n") == 1, (what, done)
    with open(path, "wb") as big:
        big.truncate(65 << 20)
    done = site.local("import", path)
    assert done.returncode == 1 and "at most" in done.stderr and "nothing of it was taken" in done.stderr, done


@tap.test
def a_broken_or_foreign_file_changes_nothing(site):
    good, path, before = site.out.read_bytes(), site.house.folder / "bad.out", site.readings()
    events = site.rows("SELECT count(*) FROM gateway_event")[0][0]
    bad = {"another magic": b"HENGCRY9" + good[8:], "flipped": good[:-60] + bytes([good[-60] ^ 4]) + good[-59:],
           "cut": good[:len(good) // 2], "a giant count": good[:8] + b"\xff\xff\xff\x7f" + good[12:],
           "more behind it": good + b"\0", "a list alone": site.list.read_bytes()}
    for what, content in bad.items():
        path.write_bytes(content)
        done = site.bring(path)
        assert done.returncode == 1 and "nothing of it is stored" in done.stderr and \
            done.stderr.count("\n") == 1, (what, done)
    assert site.readings() == before
    assert site.rows("SELECT count(*) FROM gateway_event")[0][0] == events
    other = json.loads(json.dumps(site.site))
    for index, meter in enumerate(other["meters"]):
        meter["number"] = f"77{index:06d}"
    elsewhere = site.house.folder / "elsewhere.json"
    elsewhere.write_text(json.dumps(other), encoding="utf-8")
    data = site.house.folder / "elsewhere"
    assert site.house.heng("import", "--data", data, elsewhere).returncode == 0
    done = site.house.heng("import", "--data", data, site.out)
    assert done.returncode == 1 and "another site" in done.stderr, done
    done = site.house.heng("import", "--data", data, site.house.folder / "journal.out")
    assert done.returncode == 1 and "none of ours" in done.stderr, done


@tap.test
def what_cannot_be_done_is_said_in_a_sentence(site):
    house, out = site.house, site.house.folder / "none.out"
    read = ("route", "read", site.list, out)
    for words, says in ((("route",), "list, read or show"), (("route", "read", site.list), "two files"),
                        (("route", "list", "--data", house.folder / "nowhere", out), "nowhere"),
                        (("route", "list", "--data", house.data, "--gateway", "attic", out), "attic"),
                        (("route", "show", house.folder / "site.json"), "no file of a gateway"),
                        ((*read, "--tcp", "127.0.0.1:1", "--meter", "999"), "999"),
                        ((*read, "--tcp", "127.0.0.1:1", "--line", "attic"), "attic"),
                        ((*read, "--tcp", "127.0.0.1:1"), "--line"),
                        ((*read, "--typed", "999=1"), "999"),
                        ((*read, "--typed", "999=much"), "much")):
        done = house.heng(*words)
        assert done.returncode in (1, 2) and says in done.stderr and done.stderr.count("\n") == 1, (words, done)
    done = house.heng(*read, "--tcp", f"127.0.0.1:{site.dead_port}", "--line", site.cellar["name"])
    assert done.returncode == 1 and done.stdout.count("not read") == 1, done
    assert f"0 of {LISTED} meters" in done.stdout, done


@tap.test
def both_end_cleanly(site):
    assert site.box.end(signal.SIGTERM) == 0, site.box.output()[-2000:]


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
