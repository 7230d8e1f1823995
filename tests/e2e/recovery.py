#!/usr/bin/env python3
"""What breaks comes back by itself: the real server, the real simulator, and every meter read again.

tests/e2e/recovery.py --bin build/dev/bin [--only WORD]

One town of DTUs, a TCP converter and a pty; each test breaks something, mends it and waits until every meter has been
read after that. The line under a test says how long it took.
"""
import argparse
import contextlib
import json
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, free_port, wait_until  # noqa: E402

PERIOD_S = 5
HEARTBEAT_S = 2
STOPPED_S = 7  # longer than two and a half heartbeats, so that DTUs are given up meanwhile
BACK_S = 40

tap = Tap()


def now_us():
    return time.time_ns() // 1000


class Town(House):
    """A scenario on the real programs; wire_speed "instant" leaves the sockets and Heng as the only cost."""

    def __init__(self, binaries, scenario, wire_speed="instant"):
        super().__init__(binaries)
        self.scenario = self.folder / "scenario.json"
        self.scenario.write_text(json.dumps(scenario), encoding="utf-8")
        self.wire_speed = wire_speed

    def __exit__(self, *exc):
        for program in (self.server, self.sim):
            if program and program.alive():
                program.process.send_signal(signal.SIGCONT)  # a stopped one cannot end
        super().__exit__(*exc)

    def of_scenario(self):
        return ["--scenario", str(self.scenario), "--dtu", f"127.0.0.1:{self.dtu_port}"]

    def print_site(self):
        out = subprocess.run([self.bin / "heng-sim", "--print-site", *self.of_scenario()], capture_output=True, text=True,
                             timeout=120, check=True)
        return json.loads(out.stdout)

    def start_sim(self, *more):
        self.sim = Program([self.bin / "heng-sim", *self.of_scenario(), "--wire-speed", self.wire_speed,
                            "--control-port", str(self.control_port), *more], self.folder / "sim.log")

    def show(self, line="*"):
        """The simulator's own counts over those lines: (requests, answers)."""
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.control_port), timeout=30)) as s:
            s.sendall(f"show {line}\n".encode())
            requests = answers = 0
            for text in s.makefile():
                if text.startswith("error"):
                    raise AssertionError(text)
                if text.strip() == "ok":
                    return requests, answers
                if "; requests " in text and " lines; " not in text:
                    counts = text.split("; requests ")[1].replace(",", "").split()
                    requests, answers = requests + int(counts[0]), answers + int(counts[2])
        raise AssertionError("the simulator ended in the middle of its answer")

    def ask(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/heng.db?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(sql, values).fetchone()[0]

    def read_since(self, moment_us, line="%"):
        """How many meters of those lines have a good reading of after that moment."""
        if line == "%":
            return self.ask("SELECT count(*) FROM device_state WHERE last_read_us > ?", moment_us)
        return self.ask("SELECT count(*) FROM device_state s JOIN line_member m ON m.device_id = s.device_id"
                        " JOIN line l ON l.id = m.line_id WHERE s.last_read_us > ? AND l.name LIKE ?", moment_us, line)

    def meters(self, line="%"):
        return self.ask("SELECT count(*) FROM line_member m JOIN line l ON l.id = m.line_id WHERE l.name LIKE ?", line)

    def lines_that_are(self, state, line="%"):
        return sum(1 for one in self.get("/api/v1/lines")["items"]
                   if one["state"] == state and (line == "%" or one["name"].startswith(line.rstrip("%"))))

    def all_read_again(self, since_us, seconds, line="%"):
        """Wait for it; the seconds it took from that moment."""
        total = self.meters(line)
        deadline = time.monotonic() + seconds
        while (n := self.read_since(since_us, line)) < total:
            assert time.monotonic() < deadline, f"after {seconds} s {n} of {total} meters of {line} have been read"
            time.sleep(max(0.05, total / 100_000))  # counting many takes the cores that are measured
        return (now_us() - since_us) / 1e6


def recovery_scenario(folder_of_pty, tcp_port):
    return {"title": "Recovery", "seed": 7, "lines": [
        {"name": "dtu-#", "count": 300, "transport": "dtu", "registration": "REC-#", "heartbeat": "HB",
         "heartbeat_s": HEARTBEAT_S, "period_s": PERIOD_S,
         "meters": [{"protocol": "cjt188", "medium": "cold water", "count": 2}]},
        {"name": "tcp", "transport": "tcp", "port": tcp_port, "period_s": PERIOD_S,
         "meters": [{"protocol": "mbus", "medium": "heat", "count": 4}]},
        {"name": "pty", "transport": "pty", "path": str(folder_of_pty / "tty-power"), "period_s": PERIOD_S,
         "meters": [{"protocol": "dlt645-2007", "medium": "electricity", "count": 4}]}]}


def say(what, seconds):
    print(f"# recovered: {what}: {seconds:.1f} s", flush=True)


def check_once(town, since_us):
    """No answer is stored twice: a meter has at most one reading in each cycle that has begun since."""
    most = town.ask("SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM reading WHERE at_us > ? GROUP BY device_id)",
                    since_us)
    cycles = (now_us() - since_us) / 1e6 / PERIOD_S + 2  # the one that was under way and the one that begins
    assert most <= cycles, f"{most} readings of one meter in {cycles:.1f} cycles"
    stored = town.ask("SELECT count(*) FROM reading")
    answers = town.show()[1]
    assert stored <= answers, f"{stored} readings of {answers} answers"


@tap.test
def the_town_is_read(town):
    start = now_us()
    town.start_server()
    town.start_sim()
    assert town.meters() == 608
    say("first read of 302 lines, from the start of both programs", town.all_read_again(start, BACK_S))
    check_once(town, start)


@tap.test
def a_storm_of_all_dtus_loses_no_reading(town):
    start = now_us()
    town.control("storm dtu-* 3")
    took = town.all_read_again(start, 3 + 2 * PERIOD_S + 5)
    say("storm of 300 DTUs within 3 s, every meter read", took)
    check_once(town, start)


@tap.test
def the_newest_socket_wins(town):
    town.control("half-open dtu-2*")  # 111 of them
    town.control("plug dtu-2*")
    start = now_us()
    say("111 half-open DTUs that dial in again at once", town.all_read_again(start, BACK_S, "dtu-2%"))


@tap.test
def half_open_sockets_are_closed_and_replaced(town):
    start = now_us()
    town.control("half-open dtu-1*")  # 111 of them
    wait_until(lambda: town.lines_that_are("down", "dtu-1%") == 111, 2.5 * HEARTBEAT_S + 5, "111 half-open DTUs to be given up")
    gone = (now_us() - start) / 1e6
    assert gone >= 2.5 * HEARTBEAT_S - HEARTBEAT_S, f"given up after {gone} s of silence"
    print(f"# half-open DTUs given up after {gone:.1f} s; their heartbeat comes every {HEARTBEAT_S} s")
    start = now_us()
    town.control("plug dtu-1*")
    say("111 half-open DTUs given up, then plugged", town.all_read_again(start, BACK_S, "dtu-1%"))


@tap.test
def silence_is_told_and_ends(town):
    town.control("mute dtu-3*")  # 12 of them
    wait_until(lambda: town.lines_that_are("no-load", "dtu-3%") == 12, BACK_S, "12 silent lines to be seen")
    start = now_us()
    town.control("unmute dtu-3*")
    say("12 DTUs behind which nobody answered", town.all_read_again(start, BACK_S, "dtu-3%"))


def stop_and_go_on(town, program, who):
    program.process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)  # not a hope: this long it stands still
    start = now_us()
    program.process.send_signal(signal.SIGCONT)
    say(f"{who} stopped for {STOPPED_S} s", town.all_read_again(start, BACK_S))
    check_once(town, start)


@tap.test
def a_simulator_that_stood_still_is_read_again(town):
    stop_and_go_on(town, town.sim, "simulator")


@tap.test
def a_server_that_stood_still_reads_again(town):
    stop_and_go_on(town, town.server, "server")


@tap.test
def a_pty_that_vanished_is_opened_again(town):
    town.control("unplug pty")
    wait_until(lambda: town.lines_that_are("down", "pty") == 1, 20, "the loss of the pty to be seen")
    start = now_us()
    town.control("plug pty")
    say("pty vanished and came back", town.all_read_again(start, BACK_S, "pty"))


@tap.test
def a_converter_that_restarts_is_dialled_again(town):
    town.control("unplug tcp")
    wait_until(lambda: town.lines_that_are("down", "tcp") == 1, 20, "the loss of the converter to be seen")
    start = now_us()
    town.control("plug tcp")
    say("converter went away and came back", town.all_read_again(start, BACK_S, "tcp"))


@tap.test
def a_server_that_was_killed_starts_and_reads(town):
    town.server.end(signal.SIGKILL)
    before = town.ask("SELECT count(*) FROM reading")
    start = now_us()
    town.start_server()
    say("server killed and started again", town.all_read_again(start, BACK_S))
    assert town.ask("SELECT count(*) FROM reading") > before
    assert town.ask("PRAGMA integrity_check") == "ok"
    check_once(town, start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    tcp_port = free_port()
    with Town(options.bin, {"title": "", "seed": 1, "lines": []}) as town:
        town.scenario.write_text(json.dumps(recovery_scenario(town.folder, tcp_port)), encoding="utf-8")
        imported = town.import_site(town.print_site())
        assert imported.returncode == 0, imported.stderr
        if options.only and options.only not in "the_town_is_read":
            town.start_server()
            town.start_sim()
            town.all_read_again(0, BACK_S)
        return 1 if tap.run(town, only=options.only) else 0


if __name__ == "__main__":
    sys.exit(main())
