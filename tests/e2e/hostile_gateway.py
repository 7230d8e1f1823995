#!/usr/bin/env python3
"""Hostile and broken gateways against the real heng serve: each gets a refusal with its reason, the operator sees it,
memory stays bounded, and the other gateways do not notice.

tests/e2e/hostile_gateway.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import ssl
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fleet import Fleet, Site, fleet_site, memory, remove  # noqa: E402
from house import Tap, wait_until  # noqa: E402

GATEWAYS, HONEST = 16, 3  # the first HONEST work all the time
HELLO, BATCH, ENROL_ASK, WELCOME, ACK, REFUSED = 1, 2, 6, 16, 17, 18
REVOKED, PROTOCOL, TOO_LONG, SEQUENCE, UNKNOWN = 2, 4, 5, 6, 1
EPOCH = 77
RSS_MAX_KB = 48 * 1024  # more than before

tap = Tap()


# --- the protocol, packed by hand (src/uplink/uplink.proto) -----------------------------------------------------------

def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def fixed64(field, value):
    return varint(field << 3 | 1) + value.to_bytes(8, "little")


def part(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def message(kind, content):
    packed = part(kind, content)
    return len(packed).to_bytes(4, "big") + packed


def check_of(epoch, seq, at_us, kind, rank, subject, body):
    value = 0xCBF29CE484222325
    packed = b"".join((n & (1 << 64) - 1).to_bytes(8, "little") for n in (epoch, seq, at_us, kind, rank, subject))
    for byte in packed + b"\0" + body:
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return value


def entry(seq, line, device, at_us=None, epoch=EPOCH, spoil=0):
    """A read that the meter did not answer."""
    at_us = at_us or time.time_ns() // 1000
    body = part(1, number(1, line) + number(2, device) + number(3, 1) + number(4, 1))
    check = check_of(epoch, seq, at_us, 1, 0, device, body) ^ spoil
    return number(1, seq) + number(2, at_us) + number(3, 1) + number(5, device) + fixed64(7, check) + part(8, body)


def batch(first, last, entries, epoch=EPOCH):
    return message(BATCH, number(1, epoch) + number(2, first) + number(3, last) + b"".join(part(4, e) for e in entries))


def hello(last=0, epoch=EPOCH, version=1):
    return message(HELLO, number(1, version) + number(2, version) + part(3, b"hostile 1") + number(6, epoch) + number(7, 1)
                   + number(8, last) + number(10, time.time_ns() // 1000))


def fields(content):
    """{field: [values]} of a packed message."""
    found, at = {}, 0

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(content):
        key = read()
        size = {1: 8, 5: 4}.get(key & 7)
        if key & 7 == 0:
            value = read()
        else:
            n = size or read()
            value, at = content[at:at + n], at + n
        found.setdefault(key >> 3, []).append(value)
    return found


class Peer:
    """One TLS connection. source: a loopback address, for refusals are told once a minute of each."""

    def __init__(self, port, certificate=None, source="127.0.0.1"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(certificate, certificate.parent / "gateway.key")
        raw = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
        self.tls = context.wrap_socket(raw)
        self.waits = b""

    def send(self, data):
        self.tls.sendall(data)

    def hear(self, kind):
        """The next message of that kind, as fields; a refusal that was not asked for is a failure."""
        while True:
            while len(self.waits) < 4 or len(self.waits) < 4 + int.from_bytes(self.waits[:4], "big"):
                data = self.tls.recv(65536)
                assert data, "it hung up"
                self.waits += data
            n = 4 + int.from_bytes(self.waits[:4], "big")
            packed, self.waits = self.waits[4:n], self.waits[n:]
            (field, (content,)), = fields(packed).items()
            if field == kind:
                return fields(content)
            assert field != REFUSED, fields(content)

    def refusal(self):
        """What it is refused with; then the connection must end."""
        refused = self.hear(REFUSED)
        with contextlib.suppress(OSError):
            assert not self.tls.recv(100), "it goes on after a refusal"
        self.close()
        return refused[1][0], refused.get(2, [b""])[0].decode()

    def close(self):
        with contextlib.suppress(OSError):
            self.tls.close()


class Scene:
    def __init__(self, binaries, folder):
        self.site, self.folder = Site(binaries, folder), folder
        self.site.import_site(fleet_site(GATEWAYS, 1, 4))
        shutil.copytree(self.site.data, folder / "another-site")  # before: what it signs is not known here
        self.site.enrol()
        shutil.copytree(self.site.data / "pki", folder / "another-site" / "pki")
        self.site.tool("enrol", folder / "another-site", folder / "unknown")
        shutil.rmtree(folder / "another-site")
        self.site.data, here = folder / "foreign-site", self.site.data
        self.site.import_site(fleet_site(2, 1, 1))
        self.site.tool("enrol", self.site.data, folder / "foreign")
        self.site.data = here
        rows = self.site.ask("SELECT l.gateway_id, l.id, min(m.device_id) FROM line l JOIN line_member m ON m.line_id = l.id"
                             " GROUP BY l.id ORDER BY l.gateway_id")
        self.lines = {gateway: (line, device) for gateway, line, device in rows}
        self.free = [row[0] for row in rows][HONEST:]
        self.site.start_server()
        self.fleet = None
        self.start_honest()
        self.events_seen = 0
        self.rss_kb = memory(self.site.server.process.pid)[0]

    def start_honest(self):
        whole = self.site.write_list().read_text().splitlines()

        def first_ones(path=self.site.folder / "honest"):
            path.write_text("\n".join(whole[:HONEST]) + "\n")
            return path

        self.site.write_list = first_ones
        self.fleet = Fleet(self.site, self.site.uplink_port)
        self.fleet.wait("connected", 60)
        self.pushed = 0
        self.honest_work()

    def honest_work(self):
        """The others deliver as if nothing were."""
        self.fleet.tell("push 100")
        took = float(self.fleet.wait("done", 60)[0])
        self.pushed += 100 * HONEST
        stat = self.fleet.stat()
        assert stat["connected"] == HONEST and stat["closed"] == 0, stat
        return took

    def gateway(self):
        """One that nobody has used: (id, certificate, line, first meter)."""
        gateway = self.free.pop()
        return gateway, self.site.papers / f"{gateway}.pem", *self.lines[gateway]

    def peer(self, certificate=None, source="127.0.0.1"):
        return Peer(self.site.uplink_port, certificate, source)

    def welcomed(self, certificate, last=0, epoch=EPOCH):
        peer = self.peer(certificate)
        peer.send(hello(last, epoch))
        return peer, peer.hear(WELCOME)

    def event(self, kind, *words, gateway=None):
        """The operator sees it."""
        def look():
            with urllib.request.urlopen(self.site.url + "/api/v1/gateway-events?limit=100", timeout=20) as answer:
                self.events = json.load(answer)["items"]
            return [event for event in self.events if event["kind"] == kind and all(w in event["detail"] for w in words)
                    and (gateway is None or event.get("gateway", {}).get("id", event.get("gateway_id")) in (gateway, str(gateway)))]
        self.events = []
        return wait_until(look, 15, f"an event {kind} with {words}")

    def check(self):
        """Afterwards: the server lives, is no bigger, and the others deliver."""
        assert self.site.server.alive(), self.site.server.output()[-1500:]
        self.honest_work()
        kb = memory(self.site.server.process.pid)[0]
        assert kb < self.rss_kb + RSS_MAX_KB, f"{self.rss_kb} kB before, {kb} kB now"

    def end(self):
        if self.fleet:
            self.fleet.end()
        self.site.end()


# --- who does not come in ---------------------------------------------------------------------------------------------

@tap.test
def somebody_who_speaks_no_tls(scene):
    with socket.create_connection(("127.0.0.1", scene.site.uplink_port), timeout=20, source_address=("127.0.0.2", 0)) as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n" * 100)
        with contextlib.suppress(OSError):
            while s.recv(4096):
                pass
    scene.event("refused", "127.0.0.2")
    scene.check()


@tap.test
def a_certificate_of_another_authority(scene):
    with contextlib.suppress(OSError):  # TLS itself refuses it
        peer = scene.peer(scene.folder / "foreign" / "1.pem", "127.0.0.3")
        peer.send(hello())
        assert not peer.tls.recv(100)
    scene.event("refused", "127.0.0.3")
    scene.check()


@tap.test
def a_certificate_that_we_have_signed_and_do_not_know(scene):
    peer = scene.peer(scene.folder / "unknown" / "5.pem")
    peer.send(hello())
    reason, text = peer.refusal()
    assert reason == UNKNOWN and text, (reason, text)
    scene.event("refused", "unknown-gateway")
    scene.check()


@tap.test
def one_that_was_revoked(scene):
    gateway, certificate, *_ = scene.gateway()
    inside, _ = scene.welcomed(certificate)
    body = json.dumps({"who": "e2e", "why": "it was stolen"}).encode()
    request = urllib.request.Request(f"{scene.site.url}/api/v1/gateways/{gateway}/revoke", body,
                                     {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    assert inside.refusal()[0] == REVOKED  # the one that is connected
    again = scene.peer(certificate)
    again.send(hello())
    assert again.refusal()[0] == REVOKED
    scene.event("refused", "revoked")
    scene.check()


@tap.test
def a_stranger_who_wants_more_than_to_be_enrolled(scene):
    peer = scene.peer(source="127.0.0.4")
    peer.send(hello())
    reason, _ = peer.refusal()
    assert reason == UNKNOWN, reason
    scene.event("refused", "127.0.0.4")
    peer = scene.peer(source="127.0.0.5")
    peer.send(message(ENROL_ASK, part(1, random.Random(5).randbytes(300)) + part(2, b"no request")))
    peer.tls.settimeout(20)
    with contextlib.suppress(OSError, AssertionError):
        peer.refusal()
    scene.event("refused", "127.0.0.5")
    scene.check()


# --- who comes in and lies --------------------------------------------------------------------------------------------

@tap.test
def an_old_batch_again(scene):
    gateway, certificate, line, device = scene.gateway()
    old = batch(1, 3, [entry(seq, line, device) for seq in (1, 2, 3)])
    peer, _ = scene.welcomed(certificate, 3)
    peer.send(old)
    assert peer.hear(ACK)[2] == [3]
    peer.send(old)
    reason, text = peer.refusal()
    assert reason == SEQUENCE and "expected was 4" in text, (reason, text)
    scene.event("protocol", "sequence")
    peer, welcome = scene.welcomed(certificate, 3)
    assert welcome[3] == [3], welcome
    peer.close()
    assert scene.site.one("SELECT seq FROM gateway_journal WHERE gateway_id = ?", gateway) == 3
    scene.check()


@tap.test
def another_history_of_the_same_epoch(scene):
    """A copy of the box that was put back: it has fewer numbers than we, and tells other things under them."""
    gateway, certificate, line, device = scene.gateway()
    peer, _ = scene.welcomed(certificate, 5)
    peer.send(batch(1, 5, [entry(seq, line, device) for seq in range(1, 6)]))
    assert peer.hear(ACK)[2] == [5]
    peer.close()
    peer, welcome = scene.welcomed(certificate, 2)
    assert welcome[3] == [5]
    peer.send(batch(3, 4, [entry(seq, line, device) for seq in (3, 4)]))
    assert peer.refusal()[0] == SEQUENCE
    scene.event("protocol", "expected was 6")
    assert scene.site.one("SELECT seq FROM gateway_journal WHERE gateway_id = ?", gateway) == 5
    scene.check()


@tap.test
def a_message_of_two_gigabytes(scene):
    _, certificate, *_ = scene.gateway()
    peer = scene.peer(certificate)
    peer.send(b"\x7f\xff\xff\xff" + b"x" * 1000)
    assert peer.refusal()[0] == TOO_LONG
    scene.event("protocol", "too-long")
    peer, _ = scene.welcomed(certificate)
    peer.send((1024 * 1024 + 9).to_bytes(4, "big"))  # a message has 8 bytes of its own around 1 MiB
    assert peer.refusal()[0] == TOO_LONG
    scene.check()


@tap.test
def what_is_no_protobuf(scene):
    dice = random.Random(6)
    _, certificate, *_ = scene.gateway()
    refused = 0
    for _ in range(50):
        peer, _ = scene.welcomed(certificate)
        rubbish = dice.randbytes(dice.randrange(1, 3000))
        with contextlib.suppress(OSError):
            peer.send(len(rubbish).to_bytes(4, "big") + rubbish + message(BATCH, b"\xff" + dice.randbytes(20)))
            reason, _ = peer.refusal()
            assert reason in (PROTOCOL, SEQUENCE, TOO_LONG), reason
            refused += 1
        peer.close()
    assert refused > 40, refused
    scene.event("protocol", "127.0.0.1")
    scene.check()


@tap.test
def entries_that_cannot_be_believed(scene):
    """Set aside with the reason; those beside them are stored, and the journal goes on."""
    gateway, certificate, line, device = scene.gateway()
    other_line, other_device = scene.lines[next(iter(scene.lines))]
    far = time.time_ns() // 1000 + 100 * 365 * 86400 * 1_000_000
    peer, _ = scene.welcomed(certificate, 4)
    peer.send(batch(1, 4, [entry(1, line, device), entry(2, line, device, far), entry(3, other_line, other_device),
                           entry(4, line, device)]))
    assert peer.hear(ACK)[2] == [4]
    aside = scene.site.ask("SELECT seq, why FROM gateway_refused WHERE gateway_id = ? ORDER BY seq", gateway)
    assert [seq for seq, _ in aside] == [2, 3] and all(why for _, why in aside), aside
    scene.event("entry-refused")
    with contextlib.suppress(AssertionError):
        peer.send(batch(5, 5, [entry(5, line, device, spoil=1)]))
        reason, _ = peer.refusal()
        assert reason == PROTOCOL, reason
    assert scene.site.one("SELECT seq FROM gateway_journal WHERE gateway_id = ?", gateway) == 4
    scene.check()


@tap.test
def one_that_does_not_wait_for_acknowledgements(scene):
    _, certificate, line, device = scene.gateway()
    peer, welcome = scene.welcomed(certificate, 100000)
    refused = False
    with contextlib.suppress(OSError):
        for seq in range(1, 2001):
            peer.send(batch(seq, seq, [entry(seq, line, device)]))
        reason, text = peer.refusal()
        refused = reason == PROTOCOL
        assert refused, (reason, text)
    peer.close()
    scene.event("protocol")
    del welcome, refused
    scene.check()


# --- who is slow ------------------------------------------------------------------------------------------------------

@tap.test
def two_hundred_who_say_nothing(scene):
    """Connections without a handshake, and a gateway that says a byte and no more: others get in before they
    would give up, which is after 15 s."""
    _, certificate, *_ = scene.gateway()
    _, slow_certificate, *_ = scene.gateway()
    sockets, peers = [], []
    try:
        for _ in range(200):
            sockets.append(socket.create_connection(("127.0.0.1", scene.site.uplink_port), timeout=20))
        start = time.monotonic()
        slow, _ = scene.welcomed(slow_certificate)
        peers.append(slow)
        packed = batch(1, 1, [entry(1, *scene.lines[1])])
        for byte in packed[:20]:
            slow.send(bytes([byte]))
        peer, _ = scene.welcomed(certificate)
        assert time.monotonic() - start < 10, "a gateway waits too long while others are silent"
        print(f"# let in after {time.monotonic() - start:.1f} s", flush=True)
        peer.close()
        scene.check()
    finally:
        for one in sockets:
            one.close()
        for peer in peers:
            peer.close()
    scene.check()


@tap.test
def everything_honest_is_there_once(scene):
    assert scene.site.one("SELECT count(*) FROM reading") == scene.pushed
    assert scene.site.one("SELECT count(*) FROM reading_conflict") == 0
    kb = memory(scene.site.server.process.pid)[0]
    print(f"# {scene.pushed} readings of the others; memory of heng serve {scene.rss_kb / 1024:.1f} MB before,"
          f" {kb / 1024:.1f} MB after", flush=True)
    assert scene.site.server.end() == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    options = parser.parse_args()
    # A sanitizer keeps what was freed for a while; here memory is measured.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="heng-hostile-"))
    scene = None
    try:
        scene = Scene(options.bin, folder)
        failed = tap.run(scene, only=options.only)
    finally:
        if scene:
            scene.end()
        remove(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
