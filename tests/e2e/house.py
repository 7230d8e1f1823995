"""Start the real programs on loopback, look at them from outside, end exactly what was started."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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

    def run(self, *args, only=""):
        import traceback
        tests = [t for t in self.tests if only in t.__name__]
        print(f"1..{len(tests)}", flush=True)
        failed = 0
        for number, function in enumerate(tests, 1):
            name = re.sub("_", " ", function.__name__)
            start = time.monotonic()
            try:
                function(*args)
                print(f"ok {number} - {name} # {time.monotonic() - start:.1f} s", flush=True)
            except Exception:  # a failed test must not keep the others from running
                failed += 1
                print(f"not ok {number} - {name}")
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}")
                print(end="", flush=True)
        return failed
