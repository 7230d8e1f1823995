#!/usr/bin/env python3
"""Kill everything at random, under load, and compare the truth with the database: nothing lost, nothing twice.

tests/e2e/kills.py --bin build/dev/bin [--kills 200] [--seconds 100] [--seed N]

    meters (here) ── TCP ── heng-gateway "stair" ── proxy ── heng-gateway "house" ── proxy ── heng serve
                       └─── lines of "house" ──────────────────────┘

Every meter is a simulated CJ/T 188 one whose answer carries the number of that answer: no two answers of a meter are the same, and
which were given is known here. SIGKILL of either gateway, of the server, and cuts of either connection come by chance.
At the end everything starts once more and drains. Then
  - every good read that a gateway has committed (its journal, read as a file) is in the database, once, with the same
    time and the same frame, and nothing else is;
  - every answer that was given is in a journal, but for those that were on their way when a gateway was killed (given
    within GRACE_S before the kill) and the probes with which a line makes a meter's acquaintance;
  - no conflict, no gap, no refused entry; numbers of answers rise with time.
"""
import argparse
import bisect
import contextlib
import json
import pathlib
import random
import socket
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fleet import Proxy, Site, good_reads, remove  # noqa: E402
from house import Program, Tap, ask_file, free_port, wait_until  # noqa: E402

LINES, METERS, PERIOD_S = 6, 8, 1  # of each of the two gateways
COMMIT_MS = 200  # of the gateways: the less waits for others, the less a kill may take
GRACE_S = 1.0  # an answer is committed COMMIT_MS after it came; the machine is busy
DRAIN_S = 150

tap = Tap()


class Meters:
    """CJ/T 188 cold water meters behind one TCP port. They answer at once, and keep when they gave answer n."""

    def __init__(self, number):
        self.number = number
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.given = {f"1111{number:04d}{meter:06d}": [] for meter in range(METERS)}
        self.silent = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            seen = b""
            while data := connection.recv(256):
                seen = (seen + data).lstrip(b"\xfe")
                while len(seen) >= 11 and len(seen) >= (n := 13 + seen[10]):
                    frame, seen = seen[:n], seen[n:].lstrip(b"\xfe")
                    assert frame[0] == 0x68 and frame[-1] == 0x16 and sum(frame[:-2]) & 0xFF == frame[-2], frame.hex()
                    self.answer(connection, frame)

    def answer(self, connection, request):
        given = self.given.get(request[2:9][::-1].hex())
        if self.silent or given is None or request[9] != 0x01 or request[11:13] not in (b"\x1f\x90", b"\x90\x1f"):
            return
        given.append(time.time())  # before it is sent: from now on it may be known
        connection.sendall(answer(request, len(given)))

    def end(self):
        self.listener.close()


def answer(request, count):
    """Total and month in m3: the total is the number of this answer, in hundredths."""
    total = bytes.fromhex(f"{count:08d}")[::-1]
    frame = b"\x68\x10" + request[2:9] + b"\x81\x16" + request[11:14] + total + b"\x2c" + bytes(4) + b"\x2c"
    frame += bytes.fromhex("31012211051520") + b"\0\0"
    return frame + bytes([sum(frame) & 0xFF, 0x16])


def count_of(frame):
    """The number of the answer, out of its frame."""
    assert frame[0] == 0x68 and frame[9:11] == b"\x81\x16", frame.hex()
    return int(frame[14:18][::-1].hex())


class Tree:
    """Two gateways, one below the other, a server, and what lies between them."""

    def __init__(self, site, seed):
        self.site, self.random = site, random.Random(seed)
        self.lines = {name: [Meters(100 * g + n + 1) for n in range(LINES)] for g, name in enumerate(("house", "stair"))}
        self.boxes, self.killed, self.starts = {}, {"house": [], "stair": []}, 0
        site.import_site(self.describe())
        self.ids = {name: int(site.tool("box", site.data, name, site.folder / name)) for name in self.lines}
        self.above = Proxy(site.uplink_port)
        self.house_port = free_port()
        self.between = Proxy(self.house_port)

    def describe(self):
        site = {"site": "kills", "time_zone": "UTC", "places": [{"key": "house", "kind": "building", "name": "House"}],
                "gateways": [{"key": "house", "name": "House"}, {"key": "stair", "name": "Stair", "parent": "house"}],
                "lines": [], "meters": []}
        for name, lines in self.lines.items():
            for line in lines:
                key = f"{name}-{line.number}"
                site["lines"].append({"key": key, "name": key, "gateway": name, "transport": "tcp", "baud": 9600,
                                      "endpoint": f"127.0.0.1:{line.port}", "parity": "E", "latency_ms": 1500,
                                      "period_s": PERIOD_S})
                site["meters"] += [{"number": address, "line": key, "protocol": "cjt188", "medium": "cold water",
                                    "place": "house", "address": address} for address in line.given]
        return site

    def start_box(self, name):
        self.starts += 1
        argv = [self.site.bin / "heng-gateway", "run", "--dir", str(self.site.folder / name), "--commit-ms",
                str(COMMIT_MS), "--server"]
        argv += [f"127.0.0.1:{self.above.port}", "--listen", f"127.0.0.1:{self.house_port}"] if name == "house" else \
                [f"127.0.0.1:{self.between.port}"]
        self.boxes[name] = Program(argv, self.site.folder / f"{name}.log")

    def kill_box(self, name):
        self.check_alive(self.boxes[name], name)
        self.boxes[name].process.kill()
        self.boxes[name].process.wait()
        self.killed[name].append(time.time())
        self.boxes[name].log.close()
        self.start_box(name)

    def kill_server(self):
        self.check_alive(self.site.server, "server")
        self.site.server.process.kill()
        self.site.server.process.wait()
        self.site.server.log.close()
        self.site.start_server()

    def check_alive(self, program, name):
        """One that ended by itself has crashed."""
        assert program.alive(), f"{name} ended with {program.process.returncode}: {program.output()[-1500:]}"

    def one_blow(self):
        what = self.random.choice(("house", "stair", "server", "above", "between"))
        if what == "server":
            self.kill_server()
        elif what in self.boxes:
            self.kill_box(what)
        else:
            (self.above if what == "above" else self.between).cut()
        return what

    def gateways(self):
        with urllib.request.urlopen(self.site.url + "/api/v1/gateways", timeout=20) as answer:
            return json.load(answer)["items"]

    def given(self):
        return sum(len(times) for lines in self.lines.values() for line in lines for times in line.given.values())

    def end(self):
        for program in (*self.boxes.values(), self.site.server):
            if program and program.alive():
                program.end(seconds=60)
        for proxy in (self.above, self.between):
            proxy.end()
        for lines in self.lines.values():
            for line in lines:
                line.end()

    # --- what there is at the end -------------------------------------------------------------------------------------

    def devices(self):
        """Device -> (line object, address)."""
        rows = self.site.ask("SELECT m.device_id, l.name, m.address FROM line_member m JOIN line l ON l.id = m.line_id")
        by_name = {f"{name}-{line.number}": line for name, lines in self.lines.items() for line in lines}
        return {device: (by_name[name], address) for device, name, address in rows}

    def journal(self, name):
        """Good reads of a gateway's own journal: [(device, at_us, numbers of the answers)]. The first read after a
        start asks three times and keeps the last two: it learns how the meter wants to be asked."""
        folder = self.site.folder / name
        aside = list(folder.glob("journal.db.damaged*"))
        assert not aside, f"a journal was set aside: {aside}"
        ids = [row[0] for row in ask_file(folder / "journal.db", "SELECT id FROM entry ORDER BY id")]
        assert ids == list(range(1, len(ids) + 1)), f"{name}: numbers are missing in the journal"
        return [(device, at_us, tuple(map(count_of, frames))) for device, at_us, frames in good_reads(folder)]

    def stored(self):
        """Readings of the database: [(device, at_us, numbers of the answers)], by device and time."""
        rows = self.site.ask("SELECT r.device_id, r.at_us, r.frame_count, f.bytes FROM reading r JOIN frame f ON f.id >="
                             " r.first_frame AND f.id < r.first_frame + r.frame_count ORDER BY r.device_id, r.at_us, f.id")
        readings = {}
        for device, at_us, frames, frame in rows:
            readings.setdefault((device, at_us, frames), []).append(count_of(frame))
        assert all(len(counts) == frames for (_, _, frames), counts in readings.items())
        assert len(readings) == self.site.one("SELECT count(*) FROM reading"), "a reading without its frames"
        return [(device, at_us, tuple(counts)) for (device, at_us, _), counts in readings.items()]


def drained(tree, name):
    """Does the tier above have all of its journal? As it says itself."""
    said = tree.site.run(tree.site.bin / "heng-gateway", "status", "--json", "--dir", tree.site.folder / name)
    status = json.loads(said.splitlines()[0])["status"]
    return status["connected"] and status["queued"] == 0


@tap.test
def blows_fall_and_the_load_goes_on(tree, options):
    wait_until(lambda: tree.site.one("SELECT count(DISTINCT device_id) FROM reading") == 2 * LINES * METERS, 60,
               f"every meter to be read: {tree.boxes['stair'].output()[-600:]}")
    before, start, blows = tree.given(), time.monotonic(), {}
    while sum(blows.values()) < options.kills and time.monotonic() - start < options.seconds:
        time.sleep(tree.random.expovariate(1 / options.pause))
        what = tree.one_blow()
        blows[what] = blows.get(what, 0) + 1
    tree.blows = sum(blows.values())
    took, answers = time.monotonic() - start, tree.given() - before
    print(f"# {tree.blows} blows in {took:.0f} s: {', '.join(f'{n} {what}' for what, n in sorted(blows.items()))};"
          f" {answers} answers of {2 * LINES * METERS} meters", flush=True)
    assert answers > 2 * LINES * METERS * took / PERIOD_S / 10, "hardly anything was read"


@tap.test
def all_of_it_drains(tree, options):
    del options
    time.sleep(2)  # who has only just been started does not hear signals yet
    for name in tree.boxes:  # once more, gently: the pauses of reconnecting begin anew
        assert tree.boxes[name].end() == 0, tree.boxes[name].output()[-1500:]
        tree.killed[name].append(time.time())  # what was being read in that moment is not kept either
        tree.start_box(name)
    for lines in tree.lines.values():
        for line in lines:
            line.silent = True
    time.sleep(2 * GRACE_S)  # what was answered before is committed, or never will be
    for name in ("stair", "house"):  # the lower one first: what it has passes the other
        wait_until(lambda name=name: drained(tree, name), DRAIN_S, f"the queue of {name} to be empty: {tree.gateways()}")
    for name in tree.boxes:
        assert tree.boxes[name].end() == 0
    assert tree.site.server.end() == 0


@tap.test
def what_was_committed_is_in_the_database_once(tree, options):
    del options
    made = sorted(read for name in tree.lines for read in tree.journal(name))
    stored = tree.stored()
    tree.have = [(device, count) for device, _, counts in made for count in counts]
    tree.probes = {(device, counts[0] - 1) for device, _, counts in made if len(counts) > 1}
    assert len(set(tree.have)) == len(tree.have), "the journals have an answer twice"
    lost, extra = set(made) - set(stored), set(stored) - set(made)
    there = [(device, count) for device, _, counts in stored for count in counts]
    twice = len(there) - len(set(there))
    print(f"# committed by the gateways {len(made)}, in the database {len(stored)}: {len(lost)} lost, {twice} twice, {len(extra)} from"
          " nowhere", flush=True)
    assert not lost and not twice and not extra, (sorted(lost)[:5], sorted(extra)[:5])
    for table in ("reading_conflict", "gateway_gap", "gateway_refused"):
        assert tree.site.one(f"SELECT count(*) FROM {table}") == 0, table
    assert there == sorted(there), "answers are out of order"


@tap.test
def what_was_answered_was_committed_but_for_the_moment_of_a_kill(tree, options):
    del options
    devices, have = tree.devices(), set(tree.have) | tree.probes
    missing = excused = given = 0
    for device, (line, address) in devices.items():
        kills = tree.killed["house" if line.number < 100 else "stair"]
        for count, at in enumerate(line.given[address], 1):
            given += 1
            if (device, count) in have:
                continue
            after = bisect.bisect_left(kills, at)
            if after < len(kills) and kills[after] - at <= GRACE_S:
                excused += 1
            else:
                missing += 1
                print(f"# device {device}: answer {count} at {at:.3f} is nowhere")
    print(f"# meters answered {given} times: {excused} were on their way when a gateway was killed, {missing} are"
          " missing", flush=True)
    assert missing == 0
    assert excused <= (len(tree.killed["house"]) + len(tree.killed["stair"])) * LINES * METERS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--pause", type=float, default=0.8, help="seconds between two blows, on average")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="leave the folder there")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="heng-kills-"))
    print(f"# seed {options.seed}", flush=True)
    tree = None
    try:
        tree = Tree(Site(options.bin, folder), options.seed)
        tree.site.start_server()
        for name in tree.lines:
            tree.start_box(name)
        failed = tap.run(tree, options)
    finally:
        if tree:
            tree.end()
        if options.keep:
            print(f"# {folder}")
        else:
            remove(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
