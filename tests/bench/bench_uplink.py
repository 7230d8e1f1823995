#!/usr/bin/env python3
"""What gateways cost and deliver, on the real programs: readings a second into the database, how fast an outage is
made up for, memory of a gateway and of a server with ten thousand, bytes on the link. Prints; never fails for being slow.

tests/bench/bench_uplink.py --bin build/release/bin [--gateways 10000] [--only WORD]

Everything runs on this machine: heng serve, the generator that is the gateways, the disk and this driver share its
cores.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from fleet import Fleet, Proxy, Site, fleet_site, memory, remove  # noqa: E402
from house import Program, free_port, wait_until  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
OUTAGE_S = 6 * 3600
DIAL_MS = 4


def say(what, figure):
    print(f"  {what:<64} {figure}", flush=True)


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def journal_seq(site):
    """How far the journals have come, all together."""
    return site.one("SELECT coalesce(sum(seq), 0) FROM gateway_journal")


def readings(site):
    return site.one("SELECT count(*) FROM reading")


def check(site, made, what):
    """Everything that was made is there, once."""
    here = readings(site)
    twice = site.one("SELECT count(*) FROM reading_conflict")
    gaps = site.one("SELECT count(*) FROM gateway_gap")
    refused = site.one("SELECT count(*) FROM gateway_refused")
    good = here == made and not twice and not gaps and not refused
    say(f"{what}: made, stored", f"{made}, {here}; {twice} twice, {gaps} gaps, {refused} refused" + ("" if good else "  <-- WRONG"))


def say_memory(what, program):
    resident, own = memory(program.process.pid)
    say(what, f"{resident / 1024:.1f} MB, {own / 1024:.1f} MB")


# --- from gateways into the database ---------------------------------------------------------------------------------

def throughput(binaries, folder):
    gateways, meters, each = 100, 100, 2000
    print(f"{gateways} gateways x {meters} meters push reads of 10 values and one frame of 90 bytes, over TLS:")
    plain = subprocess.run([binaries.parent / "bench" / "bench_store", folder], capture_output=True, text=True, check=True)
    for line in re.findall(r"ingest batch +\d+:.*readings/s", plain.stdout)[1:]:
        say("for comparison, plain facts into the store, no uplink", line)
    site = Site(binaries, folder)
    site.import_site(fleet_site(gateways, 1, meters))
    site.enrol()
    site.start_server()
    fleet = Fleet(site, site.uplink_port, "--meters-per-line", str(meters))
    try:
        fleet.wait("connected")
        fleet.tell("push 100")  # registers are made once for each meter
        fleet.wait("done")
        cpu, fleet_cpu = cpu_s(site.server.process.pid), cpu_s(fleet.process.pid)
        fleet.tell(f"push {each}")
        took, entries, came, went = fleet.wait("done")
        took, entries = float(took), int(entries)
        cpu, fleet_cpu = cpu_s(site.server.process.pid) - cpu, cpu_s(fleet.process.pid) - fleet_cpu
        say("journal of the gateways -> committed and acknowledged", f"{entries / took:.0f} readings/s ({entries} in {took:.1f} s)")
        say("CPU of heng serve", f"{cpu / entries * 1e6:.0f} us per reading, {cpu / took * 100:.0f} % of a core"
            f" (generator {fleet_cpu / took * 100:.0f} %)")
        say("bytes on the link per reading, TLS included", f"{int(went) / entries:.0f} up, {int(came) / entries:.1f} down")
        say("memory of heng serve afterwards", f"{memory(site.server.process.pid)[0] / 1024:.0f} MB")
        check(site, gateways * (each + 100), "truth")
    finally:
        fleet.end()
        site.end()


# --- a real gateway after an outage ----------------------------------------------------------------------------------

def drain(binaries, folder):
    lines, meters = 32, 64
    for period_s in (900, 60):
        entries = lines * meters * OUTAGE_S // period_s
        print(f"heng-gateway with {lines} lines x {meters} meters, each read every {period_s} s, after 6 hours without a"
              f" server: {entries} reads wait")
        here = folder / f"drain-{period_s}"
        here.mkdir()
        site = Site(binaries, here)
        site.import_site(fleet_site(1, lines, meters, period_s))
        box = here / "box"
        gateway_id = int(site.tool("box", site.data, "g0", box))
        first_line, first_device = site.ask("SELECT min(l.id), min(m.device_id) FROM line l JOIN line_member m ON m.line_id = l.id"
                                            " WHERE l.gateway_id = ?", gateway_id)[0]
        start = time.monotonic()
        made = site.tool("journal", box, entries, first_line, first_device, lines * meters, meters, OUTAGE_S, 10, 90).split()
        say("journal made: bytes", f"{int(made[1]) / entries:.0f} per read on the gateway's disk ({time.monotonic() - start:.0f} s)")
        site.start_server()
        proxy = Proxy(site.uplink_port)
        program = None
        try:
            wait_s = time.monotonic()
            program = Program([binaries / "heng-gateway", "run", "--dir", str(box), "--server", f"127.0.0.1:{proxy.port}",
                               "--journal-mb", "2000"], here / "box.log")
            until = time.time_ns() // 1000
            cpu = cpu_s(site.server.process.pid)
            wait_until(lambda: site.ask("SELECT 1 FROM gateway_journal"), 60, "the first batch")
            began, began_n, newest = time.monotonic(), journal_seq(site), None
            while (n := journal_seq(site)) < entries:
                if newest is None and site.one("SELECT max(last_read_us) FROM device_state") > until - 60_000_000:
                    newest = time.monotonic() - wait_s
                assert time.monotonic() - began < 600, f"{n} of {entries} after 600 s: {program.output()[-600:]}"
                time.sleep(0.05)
            took = time.monotonic() - began
            cpu = cpu_s(site.server.process.pid) - cpu
            say("drained", f"{took:.1f} s: {(entries - began_n) / took:.0f} readings/s, {OUTAGE_S / took:.0f} times real time")
            say("newest values (of the last minute) on the screen after", "at the end" if newest is None else f"{newest:.1f} s")
            say("CPU per reading: heng serve, heng-gateway", f"{cpu / entries * 1e6:.0f} us, {cpu_s(program.process.pid) / entries * 1e6:.0f} us")
            say("bytes on the link per reading, TLS included", f"{proxy.up / entries:.0f} up, {proxy.down / entries:.1f} down")
            say_memory("memory of the gateway: resident, its own", program)
            wait_until(lambda: readings(site) == entries, 60, f"{entries} readings: {readings(site)} are there")
            check(site, entries, "truth")
        finally:
            if program:
                program.end()
            proxy.end()
            site.end()


# --- a real gateway that reads ----------------------------------------------------------------------------------------

def box_memory(binaries, folder):
    lines, meters, period_s = 32, 64, 60
    print(f"heng-gateway reads {lines} lines x {meters} simulated meters (half M-Bus, half DL/T 645) every {period_s} s:")
    scenario = folder / "scenario.json"
    ports = [free_port() for _ in range(lines)]
    scenario.write_text(json.dumps({"title": "Box", "text": "A full box.", "seed": 5, "lines": [
        {"name": f"l{n}", "transport": "tcp", "port": port, "baud": 9600, "period_s": period_s,
         "meters": [{"protocol": "dlt645-2007" if n % 2 else "mbus", "medium": "electricity" if n % 2 else "heat",
                     "count": meters}]} for n, port in enumerate(ports)]}), encoding="utf-8")
    sim = [binaries / "heng-sim", "--scenario", scenario]
    described = json.loads(subprocess.run([*sim, "--print-site"], capture_output=True, check=True, timeout=60).stdout)
    described["gateways"] = [{"key": "g0", "name": "Box"}]
    for line in described["lines"]:
        line["gateway"] = "g0"
    site = Site(binaries, folder)
    site.import_site(described)
    site.tool("box", site.data, "g0", folder / "box")
    meters_all = site.one("SELECT count(*) FROM line_member")
    simulator = Program([*sim, "--wire-speed", "10", "--duration", "600"], folder / "sim.log")
    site.start_server()
    proxy = Proxy(site.uplink_port)
    box = None
    try:
        box = Program([binaries / "heng-gateway", "run", "--dir", str(folder / "box"), "--server", f"127.0.0.1:{proxy.port}"],
                      folder / "box.log")
        wait_until(lambda: site.one("SELECT count(DISTINCT device_id) FROM reading") >= meters_all, 300, "all meters to be read")
        say_memory(f"memory when all {meters_all} were read once: resident, its own", box)
        up, before, cpu, at = proxy.up, readings(site), cpu_s(box.process.pid), time.monotonic()
        down = proxy.down
        time.sleep(2 * period_s)
        more, took = readings(site) - before, time.monotonic() - at
        say_memory("two rounds later: resident, its own", box)
        say("readings delivered", f"{more} in {took:.0f} s; CPU of the gateway {(cpu_s(box.process.pid) - cpu) / took * 100:.1f} %")
        say("bytes on the link per reading, TLS included", f"{(proxy.up - up) / more:.0f} up, {(proxy.down - down) / more:.1f} down")
        parts = {}
        name = ""
        for line in pathlib.Path(f"/proc/{box.process.pid}/smaps").read_text().splitlines():
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                words = line.split()
                name = pathlib.Path(words[5]).name if len(words) > 5 else "[anonymous]"
            if line.startswith("Rss:"):
                parts[name] = parts.get(name, 0) + int(line.split()[1])
        say("where it is (kB)", ", ".join(f"{n} {kb}" for n, kb in sorted(parts.items(), key=lambda p: -p[1])[:8]))
    finally:
        for program in (box, simulator):
            if program and program.alive():
                program.end()
        proxy.end()
        site.end()


# --- very many --------------------------------------------------------------------------------------------------------

def many(binaries, folder, gateways):
    print(f"{gateways} gateways, each with a certificate of its own, one line and two meters, one heng serve:")
    site = Site(binaries, folder)
    start = time.monotonic()
    site.import_site(fleet_site(gateways, 1, 2))
    imported = time.monotonic()
    site.enrol()
    say("import; certificates signed and stored", f"{imported - start:.1f} s; {time.monotonic() - imported:.1f} s")
    site.start_server(600)
    pid = site.server.process.pid
    bare = memory(pid)[0]
    # One process that is all of them needs some milliseconds for each handshake, which boxes do at the same time.
    fleet = Fleet(site, site.uplink_port, "--meters-per-line", "2", "--spread", str(gateways * DIAL_MS))
    try:
        cpu, at = cpu_s(pid), time.monotonic()
        took = float(fleet.wait("connected", 600)[0])
        stat = fleet.stat()
        say(f"one dials every {DIAL_MS} ms: all connected and welcomed", f"{took:.1f} s ({gateways / took:.0f} a second; CPU of"
            f" heng serve {(cpu_s(pid) - cpu) / gateways * 1e3:.1f} ms each, {stat['closed']} connections ended meanwhile"
            + (f": {stat['why']})" if stat["closed"] else ")"))
        wait_until(lambda: fleet.stat()["configs"] >= gateways, 300, "all configurations")
        say("all have their configuration after", f"{time.monotonic() - at:.1f} s")
        resident = memory(pid)[0]
        say("memory of heng serve: nobody, all connected", f"{bare / 1024:.0f} MB, {resident / 1024:.0f} MB:"
            f" {(resident - bare) / gateways:.1f} kB per gateway")
        cpu, at, pings = cpu_s(pid), time.monotonic(), fleet.stat()["pings"]
        time.sleep(70)
        stat, took = fleet.stat(), time.monotonic() - at
        say("at rest, pings each minute", f"{(stat['pings'] - pings) / took:.0f} pings/s, {(cpu_s(pid) - cpu) / took * 100:.1f} % of a"
            f" core; {stat['connected']} connected")
        for n in (1, 10):
            cpu = cpu_s(pid)
            fleet.tell(f"push {n}")
            took, entries, came, went = fleet.wait("done")
            say(f"burst: each delivers {n}", f"{int(entries) / float(took):.0f} readings/s ({entries} in {float(took):.1f} s,"
                f" {int(went) / int(entries):.0f} bytes up each; CPU {(cpu_s(pid) - cpu) / int(entries) * 1e6:.0f} us each)")
        say("memory of heng serve after the bursts", f"{memory(pid)[0] / 1024:.0f} MB")
        stat = fleet.stat()
        say("still connected", f"{stat['connected']}")
        check(site, gateways * 11, "truth")
    finally:
        fleet.end()
        site.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--gateways", type=int, default=10000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    binaries = pathlib.Path(options.bin).resolve()
    for part, *more in ((throughput,), (drain,), (box_memory,), (many, options.gateways)):
        if options.only not in part.__name__:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="heng-bench-"))
        try:
            part(binaries, folder, *more)
        except (AssertionError, OSError, sqlite3.Error, subprocess.SubprocessError) as error:
            print(f"  not measured to the end: {error}")
        finally:
            remove(folder)


if __name__ == "__main__":
    sys.exit(main())
