"""Gateways by the hundred or the ten thousand for benches and tests: a site that declares them, papers without people,
and the generator that is all of them (tests/bench/gateway_fleet.c)."""
import contextlib
import json
import pathlib
import queue
import shutil
import socket
import subprocess
import threading
import time

from house import Program, ask_file, free_port, wait_until

PATIENCE_S = 600


def fleet_site(gateways, lines, meters, period_s=900):
    """So many gateways with so many lines each, with so many meters on each line."""
    site = {"site": "fleet", "time_zone": "UTC", "places": [{"key": "house", "kind": "building", "name": "House"}],
            "gateways": [], "lines": [], "meters": []}
    for g in range(gateways):
        site["gateways"].append({"key": f"g{g}", "name": f"Gateway {g}"})
        for n in range(lines):
            site["lines"].append({"key": f"g{g}-{n}", "name": f"g{g}-{n}", "gateway": f"g{g}", "transport": "tcp",
                                  "endpoint": f"127.0.0.1:{9000 + n}", "baud": 2400, "parity": "E", "latency_ms": 0,
                                  "period_s": period_s})
            site["meters"] += [{"number": str(10_000_000 + (g * lines + n) * meters + m), "manufacturer": "HNG",
                                "protocol": "mbus", "medium": "heat", "line": f"g{g}-{n}", "place": "house",
                                "address": str(m % 250)} for m in range(meters)]
    return site


def fields(message):
    """The fields of a packed message: (number, value), value being a number or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        elif wire in (1, 2, 5):
            n = {1: 8, 5: 4}.get(wire) or varint()
            yield number, message[at:at + n]
            at += n
        else:
            raise AssertionError(f"field of type {wire}")


def good_reads(folder):
    """What the gateway of this folder has read itself, out of its journal: [(device, at_us, frames)]."""
    reads = []
    for at_us, body in ask_file(folder / "journal.db", "SELECT at_us, body FROM entry WHERE kind = 1 AND maker = 0 ORDER BY id"):
        packed = list(fields(dict(fields(body))[1]))
        read = dict(packed)
        if read.get(3, 0) == 0:
            frames = [frame for number, frame in packed if number == 6]
            reads.append((read[2], at_us + unzigzag(read.get(23, 0)), frames))
    return reads


def unzigzag(value):
    return (value >> 1) ^ -(value & 1)


class Site:
    """A data folder with gateways, and heng serve on it."""

    def __init__(self, binaries, folder):
        self.bin, self.folder = pathlib.Path(binaries), pathlib.Path(folder)
        self.tools = self.bin.parent / "bench"
        self.data, self.papers = self.folder / "data", self.folder / "papers"
        self.http_port, self.uplink_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.server = None

    def run(self, *argv):
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout

    def tool(self, *argv):
        return self.run(self.tools / "gateway_papers", *argv)

    def import_site(self, site):
        path = self.folder / "site.json"
        path.write_text(json.dumps(site), encoding="utf-8")
        return self.run(self.bin / "heng", "import", "--data", self.data, path)

    def enrol(self):
        return int(self.tool("enrol", self.data, self.papers))

    def start_server(self, seconds=120):
        self.server = Program([self.bin / "heng", "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.http_port}",
                               "--dtu-listen", "off", "--uplink-listen", f"127.0.0.1:{self.uplink_port}"],
                              self.folder / "server.log")
        wait_until(lambda: self.listens() or not self.server.alive(), seconds, "the server to listen")
        assert self.server.alive(), self.server.output()[-800:]

    def listens(self):
        for port in (self.http_port, self.uplink_port):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            except OSError:
                return False
        return True

    def ask(self, sql, *values):
        return ask_file(self.data / "heng.db", sql, *values)

    def one(self, sql, *values):
        return self.ask(sql, *values)[0][0]

    def write_list(self):
        """The gateways as gateway_fleet wants to know them; each has consecutive lines and meters."""
        rows = self.ask("SELECT l.gateway_id, min(l.id), min(m.device_id), count(*), max(m.device_id) FROM line l"
                        " JOIN line_member m ON m.line_id = l.id WHERE l.gateway_id IS NOT NULL GROUP BY l.gateway_id")
        assert all(last - first + 1 == count for _, _, first, count, last in rows), "meters of a gateway are not in a row"
        path = self.folder / "gateways"
        path.write_text("".join(f"{g} {line} {device} {count}\n" for g, line, device, count, _ in rows))
        return path

    def end(self):
        if self.server and self.server.alive():
            self.server.end(seconds=60)


class Fleet:
    """The running generator."""

    def __init__(self, site, port, *more):
        argv = [site.tools / "gateway_fleet", "--server", f"127.0.0.1:{port}", "--papers", site.papers, "--list",
                site.write_list(), *more]
        self.log = open(site.folder / "fleet.log", "ab")
        self.process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        self.said = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.said.put(line.split())
        self.said.put(["ended"])

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def wait(self, word, seconds=PATIENCE_S):
        until = time.monotonic() + seconds
        while True:
            try:
                line = self.said.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited {seconds} s in vain for the fleet to say: {word}") from None
            assert line[0] != "ended", "the fleet has ended: see its log"
            if line[0] == word:
                return line[1:]

    def stat(self):
        self.tell("stat")
        connected, acked, came, went, pings, configs, closed, *why = self.wait("stat", 60)
        return {"connected": int(connected), "acked": int(acked), "in": int(came), "out": int(went), "pings": int(pings),
                "configs": int(configs), "closed": int(closed), "why": " ".join(why)}

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Proxy:
    """TCP between gateways and server, which counts what passes and can be cut."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.up = self.down = self.accepted = 0
        self.lock = threading.Lock()
        self.pairs, self.open, self.ended = [], True, False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.ended:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port), timeout=10) if self.open else None
            except OSError:
                far = None
            if not far:
                near.close()
                continue
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.settimeout(None)
            self.accepted += 1
            with self.lock:
                self.pairs.append((near, far))
            threading.Thread(target=self.carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self.carry, args=(far, near, False), daemon=True).start()

    def carry(self, source, sink, up):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
                if up:
                    self.up += len(data)
                else:
                    self.down += len(data)
        except OSError:
            pass
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """All connections, in the middle of whatever they say: reset, not closed."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                    one.shutdown(socket.SHUT_RDWR)
                    one.close()
        return len(pairs)

    def end(self):
        self.ended = True
        self.listener.close()
        self.cut()


def memory(pid):
    """KiB of a process: resident, and the part of it that is its own."""
    resident = own = 0
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            resident = int(line.split()[1])
        if line.startswith(("Private_Dirty:", "Private_Clean:")):
            own += int(line.split()[1])
    return resident, own


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
