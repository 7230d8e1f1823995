#!/usr/bin/env python3
"""End to end: what happens to a gateway seldom: it is refused, its configuration is, a copy of it turns up, the database
cannot be written, its certificate ends, it never comes back.

tests/e2e/gateway_rare.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gateway import KEY, Site, call, describe  # noqa: E402
from house import House, Program, Tap, wait_until  # noqa: E402

tap = Tap()


def start_box(site, name, directory):
    return Program([site.house.bin / "heng-gateway", "run", "--dir", str(directory), "--server",
                    f"127.0.0.1:{site.uplink_port}", "--name", name], site.house.folder / f"{directory.name}.log")


def code_of(site, directory):
    said = subprocess.run([site.house.bin / "heng-gateway", "code", "--dir", directory], capture_output=True, text=True,
                          timeout=20)
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", said.stdout)
    return code and code.group()


def let_in(site, directory, key):
    code = wait_until(lambda: code_of(site, directory), 20, "the code of the box")
    wait_until(lambda: site.heng("accept", code, "--key", key).returncode == 0, 20, "the box to be let in")


def change(site, sql, *values):
    """Write to the database as nobody should; the server is stopped."""
    with contextlib.closing(sqlite3.connect(site.house.data / "heng.db")) as database, database:
        assert database.execute(sql, values).rowcount == 1, sql


def line_path(site, word):
    line = next(line for line in site.house.get("/api/v1/lines")["items"] if line["name"] == "power")
    return f"/api/v1/lines/{line['id']}/{word}"


def ask_for_energy(meter):
    """DL/T 645-2007: its total energy."""
    address = bytes.fromhex(meter["address"])[::-1]
    frame = b"\x68" + address + bytes.fromhex("68110433333433")
    return address, b"\xfe\xfe\xfe\xfe" + frame + bytes([sum(frame) & 0xFF, 0x16])


def wait_for_more(site, seconds=30):
    before = site.readings()
    wait_until(lambda: site.readings() > before + 5, seconds, f"more readings: {site.house.server.output()[-600:]}")


@tap.test
def a_box_that_is_not_ours_is_told_why(site):
    directory = site.house.folder / "stranger"
    box = start_box(site, "stranger", directory)
    code = wait_until(lambda: code_of(site, directory), 20, "the code of the box")
    wait_until(lambda: "stranger" in site.heng("list").stdout, 10, "the box in the list")
    done = site.heng("refuse", code, "--why", "not one of ours")
    assert done.returncode == 0, done
    row = next(row for row in site.house.get("/api/v1/enrolments")["items"] if row["name"] == "stranger")
    assert row["state"] == "refused" and "not one of ours" in row["why"], row
    wait_until(lambda: "not one of ours" in box.output(), 20, f"the box to say why: {box.output()[-400:]}")
    assert site.heng("refuse", code).returncode == 1, "it does not wait any more"
    assert box.end() == 0


@tap.test
def its_log_is_read_from_afar(site):
    let_in(site, site.dir, KEY)
    wait_until(lambda: site.readings() > 4, 30, "readings")
    said = site.heng("log", KEY)
    assert said.returncode == 0 and "event=" in said.stdout, said
    assert site.heng("log", "nobody").returncode == 1
    row = site.gateway()
    assert row["refused"] == 0, row


@tap.test
def a_line_of_a_gateway_is_searched(site):
    house, path = site.house, line_path(site, "search")
    status, answer = call(house, "POST", path, {"kind": "dlt645-2007"})
    assert status == 202, (status, answer)
    status, answer = call(house, "POST", path, {"kind": "dlt645-2007"})
    assert status in (409, 503), (status, answer)
    wait_until(lambda: (said := call(house, "GET", path))[0] == 200 and said[1]["search"]["requests"] > 3, 30,
               "the search to get on")
    status, answer = call(house, "DELETE", path)
    assert status == 200, (status, answer)
    stopped = wait_until(lambda: (s := house.get(path)["search"]) and not s["running"] and s, 20, "the search to stop")
    assert not stopped["ended"], stopped
    assert call(house, "DELETE", path)[0] in (404, 409), "it stops twice"
    status, answer = call(house, "POST", path, {"kind": "dlt645-2007", "resume": True})
    assert status == 202, (status, answer)
    wait_until(lambda: house.get(path)["search"]["requests"] > stopped["requests"], 30, "the search to go on")
    assert call(house, "DELETE", path)[0] == 200
    wait_for_more(site)


@tap.test
def a_fitters_program_gets_a_serial_port(site):
    pty = site.house.folder / "tty-tunnel"
    meter = next(m for m in site.house.get("/api/v1/meters")["items"] if m["protocol"] == "dlt645-2007")
    address, frame = ask_for_energy(meter)
    tunnel = Program([site.house.bin / "heng", "gateway", "tunnel", "--url", site.house.url, "--line", "power", "--pty", pty,
                      "--who", "fitter", "--why", "wrong baud rate"], site.house.folder / "tunnel.log")
    wait_until(lambda: pty.is_symlink() or not tunnel.alive(), 15, "the serial port")
    assert tunnel.alive(), tunnel.output()
    port, heard = os.open(pty, os.O_RDWR | os.O_NOCTTY), b""
    try:
        for _ in range(8):  # the line is still changing hands
            os.write(port, frame)
            while select.select([port], [], [], 1.5)[0]:
                heard += os.read(port, 256)
            if address in heard:
                break
    finally:
        os.close(port)
    assert address in heard, (heard, tunnel.output())
    again = site.heng("tunnel", "--line", "power", "--why", "me too")
    assert again.returncode == 1 and "tunnel" in again.stderr, again
    assert tunnel.end(signal.SIGINT) == 0, tunnel.output()
    assert not pty.is_symlink()
    wait_until(lambda: "tunnel-closed" in site.event_kinds(), 20, "the record of the tunnel")
    wait_for_more(site)


@tap.test
def a_database_that_cannot_be_written_loses_nothing(site):
    database = sqlite3.connect(site.house.data / "heng.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    from_us = time.time() * 1e6
    wait_until(lambda: site.house.get("/api/v1/health")["status"] == "degraded", 30, "the server to say so")
    to_us = time.time() * 1e6
    before = database.execute("SELECT count(*) FROM reading").fetchone()[0]
    database.execute("ROLLBACK")
    database.close()
    wait_until(lambda: site.house.get("/api/v1/health")["status"] == "ok", 30, "the server to be well again")
    wait_until(lambda: site.readings() > before + 10, 30, "what was read meanwhile")
    meanwhile = site.rows("SELECT count(*) FROM reading WHERE at_us BETWEEN ? AND ?", int(from_us), int(to_us))[0][0]
    assert meanwhile > 0 and site.gateway()["missing"] == 0, (meanwhile, site.gateway())


@tap.test
def a_configuration_that_cannot_be_is_refused_as_a_whole(site):
    house, before = site.house, site.gateway()
    lines = site.description["lines"]
    busy = house.import_site(site.description)
    assert busy.returncode == 1, "an import beside a running server"
    assert house.server.end() == 0
    lines.append({**lines[0], "key": "dtu", "name": "dtu", "transport": "dtu", "endpoint": "4711", "period_s": 60})
    done = house.import_site(site.description)
    assert done.returncode == 0, done
    site.start_server()
    row = wait_until(lambda: (g := site.gateway()).get("config_why") and g, 30, "the refusal")
    assert "--dtu-listen" in row["config_why"] and row["applied_version"] == before["applied_version"], row
    assert row["config_version"] > before["config_version"], row
    assert "config-refused" in site.event_kinds()
    wait_for_more(site)  # the old one is in force


@tap.test
def a_line_more_comes_with_the_next_start(site):
    house = site.house
    line = site.description["lines"][1]
    line.update({"transport": "tcp", "endpoint": f"127.0.0.1:{house.http_port}"})  # not a converter, but it listens
    assert house.server.end() == 0
    done = house.import_site(site.description)
    assert done.returncode == 0, done
    site.start_server()
    row = wait_until(lambda: (g := site.gateway())["applied_version"] == g["config_version"] and g["lines"] == 2 and g, 30,
                     f"the configuration: {site.gateway()}")
    assert not row.get("config_why"), row
    wait_until(lambda: any(line["name"] == "dtu" and line["state"] != "down" or "not known" not in line.get("detail", "")
                           for line in house.get("/api/v1/lines")["items"]), 20, "the new line to be told of")
    wait_for_more(site)


@tap.test
def a_certificate_that_ends_soon_is_renewed(site):
    """One of thirty days, as if five years were over."""
    house, pki = site.house, site.house.data / "pki"
    assert site.box.end() == 0 and house.server.end() == 0
    certificate = site.dir / "gateway.pem"
    name, = site.rows("SELECT common_name FROM gateway WHERE key = ?", KEY)[0]
    files = {path.suffix: path for path in site.dir.iterdir() if path.name.startswith("gateway.")}
    request, extensions = house.folder / "request.pem", house.folder / "extensions"
    extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                          "extendedKeyUsage=clientAuth,serverAuth\n")
    subprocess.run(["openssl", "req", "-new", "-key", files[".key"], "-subj", f"/CN={name}", "-out", request], check=True,
                   capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", pki / "authority.pem", "-CAkey", pki / "authority.key",
                    "-days", "30", "-set_serial", "4711", "-extfile", extensions, "-out", certificate], check=True,
                   capture_output=True)
    change(site, "INSERT INTO gateway_certificate SELECT 4711, gateway_id, common_name, issued_us, expires_us, 0"
                 " FROM gateway_certificate LIMIT 1")
    short = certificate.read_bytes()
    site.start_server()
    site.start_box()
    wait_until(lambda: site.gateway()["connected"], 30, f"the gateway to connect: {site.box.output()[-400:]}")
    wait_until(lambda: certificate.read_bytes() != short, 60, f"the new certificate: {site.box.output()[-400:]}")
    wait_until(lambda: len(site.rows("SELECT serial FROM gateway_certificate")) == 3, 10, "its number in the database")
    wait_until(lambda: "certificate_renewed" in site.box.output(), 10, "the box to say so")
    wait_for_more(site)
    assert site.gateway()["missing"] == 0


@tap.test
def of_two_boxes_with_one_certificate_one_is_out(site):
    """Somebody has copied the disk of a box."""
    site.box.end()
    copy = site.house.folder / "copy"
    shutil.copytree(site.dir, copy, ignore=lambda _, names: [name for name in names if name.endswith(".sock")])
    site.start_box()
    wait_for_more(site)
    other = start_box(site, "copy", copy)
    wait_until(lambda: "reason=replaced" in site.house.server.output(), 20,
               f"the older one to be replaced: {other.output()[-600:]}")
    wait_until(lambda: {"forked", "protocol"} & set(site.event_kinds()), 30, "that people see it")
    other.end()
    wait_for_more(site, 60)
    wait_until(lambda: site.gateway()["connected"], 60, "the gateway to be connected")
    # The copy kept entries of its own, whose numbers nobody claims: no other ones are missing.
    assert site.rows("SELECT count(*) FROM gateway_gap WHERE gone = 0")[0][0] == 0


def message(kind, *fields):
    """A message of uplink.proto in which all is numbers and texts, with its length."""
    def varint(number):
        text = b""
        while number > 0x7F:
            text, number = text + bytes([number & 0x7F | 0x80]), number >> 7
        return text + bytes([number])

    def field(number, value):
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        return varint(number << 3 | 2) + varint(len(value)) + value

    body = field(kind, b"".join(field(number, value) for number, value in fields))
    return len(body).to_bytes(4, "big") + body


HELLO, OUTCOME, CONFIG, ORDER = 1, 4, 19, 20


@tap.test
def what_a_gateway_says_of_others_is_not_heard(site):
    house, attic = site.house, site.house.folder / "attic"
    box = start_box(site, "attic", attic)
    let_in(site, attic, "attic")
    rows = lambda: {row["key"]: row for row in house.get("/api/v1/gateways")["items"]}  # noqa: E731
    wait_until(lambda: rows()["attic"]["connected"], 20, "the other gateway")
    box.end()
    site.box.end()
    meter = next(m for m in house.get("/api/v1/meters")["items"] if m["protocol"].startswith("dlt645"))
    status, receipt = call(house, "POST", "/api/v1/commands", {"meter": meter["id"], "order": "connect"})
    assert status == 202, (status, receipt)
    victim = rows()[KEY]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(attic / "authority.pem")
    context.load_cert_chain(attic / "gateway.pem", attic / "gateway.key")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", site.uplink_port), timeout=10)) as s:
        s.sendall(message(HELLO, (1, 1), (2, 1), (3, b"forger"), (5, b"order"), (6, 99), (10, int(time.time() * 1e6))))
        assert s.recv(4096), "no welcome"
        for what, of in ((CONFIG, victim["config_version"]), (ORDER, receipt["id"])):
            s.sendall(message(OUTCOME, (1, what), (2, of), (4, b"forged"), (5, victim["id"])))
        s.sendall(message(OUTCOME, (1, CONFIG), (2, 4711), (4, b"of its own")))
        wait_until(lambda: rows()["attic"].get("config_why") == "of its own", 20, f"the last message: {rows()['attic']}")
    after = rows()[KEY]
    assert after.get("config_why") == victim.get("config_why"), after
    row = house.get(f"/api/v1/commands/{receipt['id']}")
    assert not row.get("ended_at"), row
    site.start_box()
    row = wait_until(lambda: (r := house.get(f"/api/v1/commands/{receipt['id']}")).get("ended_at") and r, 30, "its true end")
    assert row["stage"] == "confirmed", row


@tap.test
def a_command_on_a_box_that_never_comes_back_ends(site):
    house = site.house
    meter = next(m for m in house.get("/api/v1/meters")["items"] if m["protocol"].startswith("dlt645"))
    site.box.end(signal.SIGKILL)
    wait_until(lambda: not site.gateway()["connected"], 20, "the gateway to be away")
    status, receipt = call(house, "POST", "/api/v1/commands", {"meter": meter["id"], "order": "disconnect"})
    assert status == 202, (status, receipt)
    assert house.server.end() == 0
    ages_ago = int((time.time() - 2 * 3600) * 1e6)
    change(site, "UPDATE command SET expires_us = ? WHERE id = ?", ages_ago, receipt["id"])
    site.start_server()
    row = wait_until(lambda: (r := house.get(f"/api/v1/commands/{receipt['id']}")).get("ended_at") and r, 20,
                     "the command to end")
    assert row["stage"] == "failed" and "not known" in row["why"], row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    args = parser.parse_args()
    with House(args.bin) as house:
        site = Site(house)
        try:
            site.description = describe(house)
            site.start_server()
            site.start_box()
            sys.exit(1 if tap.run(site, only=args.only) else 0)
        finally:
            site.end()


if __name__ == "__main__":
    main()
