#!/usr/bin/env python3
"""Ten thousand DTUs with 32 meters each on the real programs: what they cost, how fast an answer is on the disk, and
what a storm, half-open sockets and a standstill do. Prints; never fails for being slow.

tests/bench/bench_dtu.py --bin build/release/bin [--dtus 1000,10000]

Everything runs on this machine: heng serve, the simulator of all DTUs, the disk and this driver share its cores.
"""
import argparse
import json
import os
import pathlib
import resource
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from house import wait_until  # noqa: E402
from recovery import Town, now_us  # noqa: E402

METERS = 32
HEARTBEAT_S = 20
STOPPED_S = 20
PATIENCE_S = 900
TICKS = os.sysconf("SC_CLK_TCK")


def scenario(dtus, period_s):
    return {"title": f"{dtus} DTUs", "seed": 10000, "lines": [
        {"name": "dtu-#", "count": dtus, "transport": "dtu", "registration": "LOAD-#", "heartbeat": "HB",
         "heartbeat_s": HEARTBEAT_S, "period_s": period_s,
         "meters": [{"protocol": "cjt188", "medium": "cold water", "count": METERS}]}]}


def spread_evenly(site, period_s):
    """The same site with all reads spread over the period, as an operator of so many DTUs would have it."""
    site["schedules"] = [{"key": "even", "period_s": period_s, "spread_s": period_s * 9 // 10}]
    for meter in site["meters"]:
        meter["schedule"] = "even"
    return site


def rss_kb(program):
    for line in pathlib.Path(f"/proc/{program.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def cpu_s(program):
    fields = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Bench:
    def __init__(self, town, dtus):
        self.town, self.dtus, self.meters = town, dtus, dtus * METERS

    def say(self, what, figure):
        print(f"  {what:<58} {figure}", flush=True)

    def timed(self, what, action, *values):
        start = time.monotonic()
        result = action(*values)
        self.say(what, f"{time.monotonic() - start:.1f} s")
        return result

    def import_site(self, what, site):
        path = self.town.folder / "site.json"
        path.write_text(json.dumps(site), encoding="utf-8")
        argv = [self.town.bin / "heng", "import", "--data", self.town.data, path]
        done = self.timed(what, lambda: subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False))
        assert done.returncode == 0, done.stderr

    def start_server(self):
        """Answering the console comes first; the lines follow. Both are waited for."""
        self.town.start_server()
        wait_until(lambda: "event=started" in self.town.server.output(), PATIENCE_S, "the lines to run")

    def connected(self):
        output = self.town.server.output()
        return output.count("event=connected")

    def wait_connected(self, seconds=PATIENCE_S):
        wait_until(lambda: self.connected() >= self.dtus, seconds, "all DTUs to be connected")

    def latency(self):
        return self.town.get("/api/v1/health").get("latency", {"reads": 0, "p50_us": 0, "p99_us": 0, "max_us": 0})

    def say_latency(self, when):
        one = self.latency()
        self.say(f"answer on the socket -> stored, {when}",
                 f"p50 {one['p50_us'] / 1e3:.1f} ms, p99 {one['p99_us'] / 1e3:.1f} ms, max {one['max_us'] / 1e3:.1f} ms"
                 f" ({one['reads']} reads)")

    def read_all(self, what, since_us):
        """Until every meter has a reading of after that moment; at most two rounds of a quiet line and some."""
        self.say(what, f"{self.town.all_read_again(since_us, PATIENCE_S):.1f} s")

    # --- what is measured -------------------------------------------------------------------------------------

    def memory(self, when):
        kb = rss_kb(self.town.server)
        self.say(f"memory of heng serve, {when}", f"{kb / 1024:.0f} MB, {(kb - self.bare_kb) / self.dtus:.1f} kB per DTU")

    def start(self):
        self.bare_kb = self.bare()
        self.timed("start-up until the lines run", self.start_server)
        self.memory("lines, nobody connected")

    def bare(self):
        """A server with an empty site, for comparison."""
        data, self.town.data = self.town.data, self.town.folder / "empty"
        self.town.start_server()
        kb = rss_kb(self.town.server)
        self.town.server.end()
        self.town.data = data
        (self.town.folder / "server.log").unlink()
        return kb

    def everything_at_once(self):
        """The worst moment: after a start every meter is due."""
        start, wall = time.monotonic(), now_us()
        self.town.start_sim()
        cpu, sim_cpu = cpu_s(self.town.server), cpu_s(self.town.sim)
        wait_until(lambda: self.connected() >= self.dtus, PATIENCE_S, "all DTUs to be connected")
        self.say("all DTUs connected, after the simulator's start", f"{time.monotonic() - start:.1f} s")
        self.memory("connected, reading")
        self.town.all_read_again(wall, PATIENCE_S)
        took = time.monotonic() - start
        cpu, sim_cpu = cpu_s(self.town.server) - cpu, cpu_s(self.town.sim) - sim_cpu
        self.say("all meters due at once: all read in", f"{took:.1f} s, {self.meters / took:.0f} reads/s stored")
        self.say("CPU of heng serve per read", f"{cpu / self.meters * 1e6:.0f} us ({cpu / took * 100:.0f} % of a core;"
                 f" simulator {sim_cpu / took * 100:.0f} %)")
        self.say_latency("all due at once")
        self.memory("resting")

    def even_load(self, period_s, seconds):
        self.period_s = period_s
        self.start_server()
        self.wait_connected()
        boundary = (time.time() // period_s + 1) * period_s
        wait_until(lambda: time.time() > boundary, period_s + 1, "the round to begin")
        reads, cpu, at = self.latency()["reads"], cpu_s(self.town.server), time.monotonic()
        until = at + seconds
        while time.monotonic() < until:
            self.town.get("/api/v1/overview")  # the console that somebody has open
            time.sleep(5)
        took = time.monotonic() - at
        reads, cpu = self.latency()["reads"] - reads, cpu_s(self.town.server) - cpu
        self.say(f"reads spread over {period_s} s, console open: stored", f"{reads / took:.0f} reads/s"
                 f" (due: {self.meters / (period_s * 0.9):.0f}), {cpu / took * 100:.0f} % of a core,"
                 f" {cpu / max(reads, 1) * 1e6:.0f} us per read")
        self.say_latency("spread load")

    def check_once(self, since_us, what):
        most = self.town.ask("SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM reading WHERE at_us > ?"
                             " GROUP BY device_id)", since_us)
        cycles = int((now_us() - since_us) / 1e6 / self.period_s) + 2
        stored, answers = self.town.ask("SELECT count(*) FROM reading"), self.town.show()[1]
        self.say(f"{what}: readings of one meter at most", f"{most} in {cycles} rounds; {stored} stored of {answers} answers"
                 + ("" if most <= cycles and stored <= answers else "  <-- DUPLICATES"))

    def storm(self):
        wall, count = now_us(), self.connected()
        start = time.monotonic()
        self.town.control("storm dtu-* 10")
        wait_until(lambda: self.connected() >= count + self.dtus, PATIENCE_S, "all DTUs to have dialled in again")
        self.say("storm: all drop and dial again within 10 s: connected", f"{time.monotonic() - start:.1f} s")
        took = self.town.all_read_again(wall, PATIENCE_S)
        self.say("storm: every meter read after", f"{took:.1f} s; {'no reading lost' if took <= 2 * self.period_s else 'LATE'}:"
                 f" two rounds are {2 * self.period_s} s")
        self.check_once(wall, "storm")

    def half_open(self):
        name = "dtu-9*"  # 1,111 of ten thousand
        count = self.town.ask("SELECT count(*) FROM line WHERE name LIKE 'dtu-9%'")
        start = time.monotonic()
        self.town.control(f"half-open {name}")
        wait_until(lambda: self.town.lines_that_are("down", "dtu-9%") == count, 2.5 * HEARTBEAT_S + 60,
                   "half-open DTUs to be given up")
        self.say(f"{count} half-open sockets given up after", f"{time.monotonic() - start:.1f} s (heartbeat {HEARTBEAT_S} s)")
        before, start = self.connected(), time.monotonic()
        self.town.control(f"plug {name}")
        wait_until(lambda: self.connected() >= before + count, PATIENCE_S, "them to dial in again")
        self.say(f"{count} dial in again: connected", f"{time.monotonic() - start:.1f} s")

    def stand_still(self, program, who):
        program.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        wall = now_us()
        program.process.send_signal(signal.SIGCONT)
        self.read_all(f"{who} stopped for {STOPPED_S} s: every meter read after", wall)


def run(binaries, dtus, period_s, seconds):
    print(f"{dtus} DTUs x {METERS} meters (CJ/T 188), one heng serve, one heng-sim, wire speed instant:")
    with Town(binaries, scenario(dtus, 86400)) as town:
        bench = Bench(town, dtus)
        site = town.print_site()
        bench.import_site("import", site)
        bench.start()
        bench.everything_at_once()
        town.server.end(seconds=120)
        bench.import_site("import again, with a schedule", spread_evenly(site, period_s))
        (town.folder / "server.log").unlink()
        bench.even_load(period_s, seconds)
        bench.storm()
        bench.half_open()
        bench.stand_still(town.sim, "simulator")
        bench.stand_still(town.server, "heng serve")
        bench.say_latency("all of this")
        size = sum(f.stat().st_size for f in town.data.iterdir()) / 2**20
        bench.say("database", f"{size:.0f} MB with {town.ask('SELECT count(*) FROM reading')} readings")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--dtus", default="1000,10000")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for dtus in map(int, options.dtus.split(",")):
        try:
            # 32,000 meters in 54 s are 593 reads a second, 320,000 in 216 s are 1,481
            run(options.bin, dtus, 60 if dtus <= 1000 else 240, 60)
        except (AssertionError, OSError, sqlite3.Error, subprocess.SubprocessError) as error:
            print(f"  not measured to the end: {error}")


if __name__ == "__main__":
    sys.exit(main())
