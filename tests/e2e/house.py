"""Start the real programs on loopback, look at them from outside, end exactly what was started."""
import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GATEWAY_CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")  # what a box shows to be let in

COMMITTED_S = 3  # after so long what a line has read is in the journal: gateways write in groups of two seconds


def free_port():
    """A port to listen on, now and after a restart: below those from which outgoing connections are made."""
    while True:
        port = random.randrange(15000, 32000)
        with contextlib.closing(socket.socket()) as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def wait_until(condition, seconds, what):
    """Poll until condition() is true and return its value; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.05)


def call(house, method, path, body=None, headers=None):
    """Status and answer of a request."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(house.url + path, data, {"Content-Type": "application/json", **(headers or {})},
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def ask_file(path, sql, *values):
    """Rows of a database that somebody else may be writing."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as database:
        return database.execute(sql, values).fetchall()


class Program:
    """A started program with its output in a file."""

    def __init__(self, argv, log):
        self.log_path = log
        self.log = open(log, "ab")
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def output(self):
        return pathlib.Path(self.log_path).read_text(encoding="utf-8", errors="replace")

    def alive(self):
        return self.process.poll() is None

    def end(self, signal_number=signal.SIGTERM, seconds=20):
        """End it; the exit status, or -N when signal N killed it."""
        if self.alive():
            self.process.send_signal(signal_number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.log.close()
            raise AssertionError(f"{self.process.args[0]} did not end on signal {signal_number}: {self.output()[-800:]}")
        self.log.close()
        return status


class House:
    """One data folder, one simulator, one server."""

    def __init__(self, binaries, speed=20):
        self.bin = pathlib.Path(binaries)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="heng-e2e-"))
        self.data = self.folder / "data"
        self.speed = speed
        self.http_port, self.mbus_port, self.dtu_port, self.control_port, self.power_port = (free_port() for _ in range(5))
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.pty = self.folder / "tty-heat"
        self.sim = self.server = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for program in (self.server, self.sim):
            if program and program.alive():
                program.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def heng(self, *argv, stdin=""):
        return subprocess.run([self.bin / "heng", *map(str, argv)], input=stdin, capture_output=True, text=True, timeout=60)

    def site(self, *more):
        out = subprocess.run([self.bin / "heng-sim", "--print-site", "--mbus-port", str(self.mbus_port),
                              "--dtu", f"127.0.0.1:{self.dtu_port}", *more], capture_output=True, text=True, timeout=20,
                             check=True)
        return json.loads(out.stdout)

    def electric_site(self):
        """The electricity line alone, with its meters and places."""
        site = self.site("--power-port", str(self.power_port))
        site["lines"] = [line for line in site["lines"] if line["key"] == "power"]
        site["meters"] = [meter for meter in site["meters"] if meter["line"] == "power"]
        return site

    def import_site(self, site, *more):
        path = self.folder / "site.json"
        path.write_text(json.dumps(site), encoding="utf-8")
        return self.heng("import", "--data", self.data, *more, path)

    def start_sim(self, *more):
        self.sim = Program([self.bin / "heng-sim", "--mbus-port", str(self.mbus_port), "--dtu", f"127.0.0.1:{self.dtu_port}",
                            "--control-port", str(self.control_port), "--speed", str(self.speed), "--duration", "600",
                            "--start", "2026-01-15T08:00:00Z", *more],  # the heating season, whatever today is
                           self.folder / "sim.log")

    def start_server(self, *more):
        self.server = Program([self.bin / "heng", "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.http_port}",
                               "--dtu-listen", f"127.0.0.1:{self.dtu_port}", *more],
                              self.folder / "server.log")
        wait_until(lambda: self.is_up() or not self.server.alive(), 30, "the server to answer")
        assert self.server.alive(), self.server.output()[-800:]

    def start_server_for_gateways(self, port, *more):
        """With an uplink port, and the keys of relays."""
        keys = self.folder / "keys"
        keys.write_text("* 02000000 00000000\n")
        keys.chmod(0o600)
        self.start_server("--uplink-listen", f"127.0.0.1:{port}", "--keys", str(keys), *more)

    def start_scenario(self, title, lines, *more):
        """A simulator of these lines; the site file that describes them."""
        path = self.folder / "scenario.json"
        path.write_text(json.dumps({"title": title, "text": f"{title}.", "seed": 5, "lines": lines}), encoding="utf-8")
        sim = [self.bin / "heng-sim", "--scenario", path]
        site = subprocess.run([*sim, "--print-site"], capture_output=True, check=True, timeout=20).stdout
        self.sim = Program([*sim, "--duration", "600", *more], self.folder / "sim.log")
        return json.loads(site)

    def start_gateway(self, folder, above, log, *more):
        """A box whose server is at that port."""
        return Program([self.bin / "heng-gateway", "run", "--dir", str(folder), "--server", f"127.0.0.1:{above}", *more],
                       self.folder / log)

    def ask_gateway(self, folder, *words):
        return subprocess.run([self.bin / "heng-gateway", *words, "--dir", str(folder)], capture_output=True, text=True,
                              timeout=20)

    def gateway(self, key):
        return next(item for item in self.get("/api/v1/gateways")["items"] if item["key"] == key)

    def command_ended(self, number, what):
        """The command, when it has."""
        path = f"/api/v1/commands/{number}"
        return wait_until(lambda: (row := self.get(path)).get("ended_at") and row, 30, f"{what} to end: {self.get(path)}")

    def rows(self, sql, *values):
        return ask_file(self.data / "heng.db", sql, *values)

    def is_up(self):
        try:
            return self.get("/api/v1/health")["status"] in ("ok", "degraded")
        except (OSError, urllib.error.URLError):
            return False

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def lines(self):
        return {line["transport"]: line for line in self.get("/api/v1/lines")["items"]}

    def control(self, command):
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.control_port), timeout=5)) as s:
            s.sendall(command.encode() + b"\n")
            answer = s.makefile().readline().strip()
        assert answer == "ok", f"simulator control '{command}': {answer}"


class Tap:
    """Run functions as tests and print TAP."""

    def __init__(self):
        self.tests = []

    def test(self, function):
        self.tests.append(function)
        return function

    def run(self, *args, only="", at_once=1):
        """How many failed. at_once: so many of them together, if each has a house of its own."""
        tests = [t for t in self.tests if only in t.__name__]
        print(f"1..{len(tests)}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            verdicts = pool.map(lambda function: self.verdict(function, *args), tests)
            failed = 0
            for number, (function, (good, said)) in enumerate(zip(tests, verdicts), 1):
                failed += not good
                print(f"{'ok' if good else 'not ok'} {number} - {function.__name__.replace('_', ' ')}{said}", flush=True)
        return failed

    @staticmethod
    def verdict(function, *args):
        start = time.monotonic()
        try:
            function(*args)
            return True, f" # {time.monotonic() - start:.1f} s"
        except Exception:  # a failed test must not keep the others from running
            return False, "".join(f"\n# {line}" for line in traceback.format_exc().splitlines())


def main(tap, prepare, doc):
    """The options that programs of tests have in common; prepare(binaries) is a context with what every test gets."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder with heng, heng-gateway and heng-sim")
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    options = parser.parse_args()
    with prepare(options.bin) as what:
        sys.exit(1 if tap.run(what, only=options.only) else 0)
