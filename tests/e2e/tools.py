#!/usr/bin/env python3
"""The fitter's tools, heng read, scan and send, against the real simulator over TCP, a DTU and a pty.

tests/e2e/tools.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import copy
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, free_port, wait_until  # noqa: E402

tap = Tap()


@contextlib.contextmanager
def building(binaries, *more):
    """A house with its simulator alone; nobody has imported anything."""
    with House(binaries) as house:
        house.start_sim("--power-port", str(house.power_port), *more)
        wait_until(lambda: can_connect(house.mbus_port) and can_connect(house.power_port), 20, "the simulator to listen")
        house.heat = ["--tcp", f"127.0.0.1:{house.mbus_port}"]
        house.power = ["--tcp", f"127.0.0.1:{house.power_port}"]
        house.dtu = ["--dtu-listen", f"127.0.0.1:{house.dtu_port}", "--registration", "HENG-SIM-WATER-1",
                     "--heartbeat", "hex:48420D0A"]
        yield house


def can_connect(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def converter(answer):
    """A TCP converter of one connection at a time: answer(bytes so far) gives what it says back, or None to wait."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    over = threading.Event()

    def serve():
        while not over.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            with peer:
                peer.settimeout(0.2)
                heard = b""
                while not over.is_set():
                    try:
                        more = peer.recv(4096)
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                    if not more:
                        break
                    heard += more
                    said = answer(heard)
                    if said is not None:
                        heard = b""
                        with contextlib.suppress(OSError):
                            peer.sendall(said)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def objects(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


@tap.test
def read_prints_what_meters_say(binaries):
    with building(binaries) as house:
        table = house.heng("read", *house.heat, "--protocol", "mbus", "--address", "5", "--address", "6", "--raw")
        assert table.returncode == 0, table.stderr
        assert table.stdout.count("read: confirmed") == 2
        assert re.search(r"^energy +\d+ Wh$", table.stdout, re.M) and re.search(r"^energy +\d+ Wh +storage 1$", table.stdout, re.M)
        assert table.stdout.count("RSP_UD") >= 2, table.stdout
        said = house.heng("read", *house.heat, "--protocol", "mbus", "--address", "5", "--json")
        meter = objects(said)[0]
        assert said.returncode == 0 and meter["stage"] == "confirmed" and meter["address"] == "5"
        # the values are those of the frame, as heng decode has them
        decoded = json.loads(house.heng("decode", "--protocol", "mbus", meter["frames"][-1]).stdout)
        for value in meter["values"]:
            assert any(r["quantity"] == value["quantity"] and r["storage"] == value["storage"] and r["value"] == value["value"]
                       for r in decoded["records"]), value


@tap.test
def read_speaks_to_every_kind_of_line(binaries):
    with building(binaries) as house:
        site = house.site("--power-port", str(house.power_port))
        water = [m for m in site["meters"] if m["protocol"] == "cjt188"][0]
        mains = [m for m in site["meters"] if m["protocol"] == "dlt645-2007"][0]
        for endpoint, more in ((house.dtu, ["--protocol", "cjt188", "--medium", "cold water", "--address", water["address"]]),
                               (house.power, ["--protocol", "dlt645-2007", "--address", mains["address"]]),
                               (house.power, ["--protocol", "modbus", "--address", "1", "--profile", "acrel-ddsy1352"])):
            said = house.heng("read", *endpoint, *more, "--json")
            assert said.returncode == 0, (more, said.stderr, said.stdout)
            assert any(v["quantity"] in ("volume", "energy") and v["value"] for v in objects(said)[0]["values"]), said.stdout


@tap.test
def read_over_a_pty_is_a_serial_port(binaries):
    with House(binaries) as house:
        house.start_sim("--pty", str(house.pty))
        wait_until(house.pty.exists, 20, "the pty")
        said = house.heng("read", "--serial", house.pty, "--baud", "2400", "--parity", "E", "--protocol", "mbus", "--address", "7")
        assert said.returncode == 0 and "flow temperature" in said.stdout, (said.stdout, said.stderr)


@tap.test
def a_dead_meter_and_a_dead_line_are_told_apart(binaries):
    with building(binaries) as house:
        dead = house.heng("read", *house.heat, "--protocol", "mbus", "--address", "17", "--timeout", "30")
        assert dead.returncode == 1 and "failed, silence" in dead.stdout, (dead.stdout, dead.stderr)
        nobody = house.heng("read", "--tcp", f"127.0.0.1:{free_port()}", "--protocol", "mbus", "--address", "5", "--timeout", "2")
        assert nobody.returncode == 1 and "connection refused" in nobody.stderr, nobody.stderr
        scan = house.heng("scan", "--tcp", f"127.0.0.1:{free_port()}", "--timeout", "2")
        assert scan.returncode == 1 and "connection refused" in scan.stderr, scan.stderr


@tap.test
def nothing_is_switched_by_a_slip_of_the_hand(binaries):
    with House(binaries) as house:
        heard = []
        with converter(lambda bytes_: heard.append(bytes_)) as endpoint:
            command = ["read", "--tcp", endpoint, "--protocol", "dlt645-2007", "--address", "000024060001", "--timeout", "3",
                       "--order", "disconnect"]
            said = house.heng(*command)
            assert said.returncode == 2 and "--yes" in said.stderr
            said = house.heng(*command, "--yes")
            assert said.returncode == 2 and "--zone" in said.stderr
            secret = house.folder / "secret"
            secret.write_text("12345600 00000001\n", encoding="ascii")
            secret.chmod(0o644)
            said = house.heng(*command, "--yes", "--zone", "Asia/Shanghai", "--secret-file", secret)
            assert said.returncode == 1 and "chmod 600" in said.stderr, said.stderr
            secret.chmod(0o600)
            secret.write_text("not hex\n", encoding="ascii")
            said = house.heng(*command, "--yes", "--zone", "Asia/Shanghai", "--secret-file", secret)
            assert said.returncode == 1 and "hex digits" in said.stderr and "not hex" not in said.stderr, said.stderr
        assert heard == [], heard


@tap.test
def scan_finds_addresses_and_makes_a_site(binaries):
    with building(binaries) as house:
        path = house.folder / "found.json"
        scan = house.heng("scan", *house.heat, "--protocol", "mbus-primary", "--first", "1", "--last", "20", "--site", path, "--json")
        assert scan.returncode == 0, scan.stderr
        found = objects(scan)
        assert [int(m["address"]) for m in found] == [a for a in range(1, 21) if a != 17], found
        assert found[4]["number"] == "23070005" and found[4]["medium"] == "heat" and not found[4]["twin"]
        imported = house.heng("import", "--data", house.data, path)
        assert imported.returncode == 0 and "19 meters" in imported.stdout, (imported.stdout, imported.stderr)
        units = house.heng("scan", *house.power, "--protocol", "modbus", "--first", "1", "--last", "4", "--json")
        assert [m["address"] for m in objects(units)] == ["1", "2"], units.stdout


@tap.test
def scan_asks_known_meters_first(binaries):
    with building(binaries) as house:
        known = house.folder / "known.json"
        known.write_text(json.dumps(house.site("--power-port", str(house.power_port))), encoding="utf-8")
        power = house.heng("scan", *house.power, "--protocol", "dlt645-2007", "--known", known, "--known-only", "--json")
        assert power.returncode == 0 and len(objects(power)) == 6, (power.stdout, power.stderr)
        assert all(m["known"] for m in objects(power))
        lines = house.folder / "known.txt"
        lines.write_text("# from the plates\n000024060001\n\n000024069999  # not there\n", encoding="utf-8")
        missing = house.heng("scan", *house.power, "--protocol", "dlt645-2007", "--known", lines, "--known-only", "--json")
        assert missing.returncode == 1 and len(objects(missing)) == 1 and "1 of 2 known ones missing" in missing.stderr, missing.stderr


@tap.test
def a_stopped_scan_says_where_it_goes_on(binaries):
    with building(binaries) as house:
        scan = subprocess.Popen([house.bin / "heng", "scan", *house.heat, "--protocol", "mbus-primary", "--json"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = [json.loads(scan.stdout.readline()) for _ in range(3)]
        scan.send_signal(signal.SIGINT)
        rest, told = scan.communicate(timeout=20)
        assert scan.returncode == 1
        place = re.search(r"to go on: heng (scan .*) --resume '(\d+)'", told)
        assert place, told
        seen = [int(m["address"]) for m in first] + [int(json.loads(line)["address"]) for line in rest.splitlines()]
        assert int(place[2]) in (seen[-1], seen[-1] + 1), (seen, told)
        on = house.heng(*place[1].split(), "--resume", place[2], "--first", "1", "--last", str(int(place[2]) + 3), "--json")
        assert seen[-1] + 1 in [int(m["address"]) for m in objects(on)], (on.stdout, on.stderr)
        wrong = house.heng(*place[1].split(), "--resume", "nowhere")
        assert wrong.returncode == 1 and "nowhere" in wrong.stderr


@tap.test
def scan_told_nothing_finds_protocol_by_itself(binaries):
    address = bytes.fromhex("010006240000")
    frame = b"\x68" + address + b"\x68\x93\x06" + bytes((b + 0x33) & 0xFF for b in address)
    answer = b"\xFE\xFE" + frame + bytes([sum(frame) & 0xFF, 0x16])

    def meter(heard):  # the only DL/T 645-2007 meter of the line
        wanted = (b"\x68" + b"\xAA" * 6 + b"\x68\x13", b"\x68" + address + b"\x68\x13")
        return answer if any(w in heard for w in wanted) else (b"" if heard.endswith(b"\x16") else None)
    with House(binaries) as house, converter(meter) as endpoint:
        scan = house.heng("scan", "--tcp", endpoint, "--json")
        found = objects(scan)
        assert scan.returncode == 0 and [(m["protocol"], m["address"]) for m in found] == [("dlt645-2007", "000024060001")], \
            (scan.stdout, scan.stderr)


STREET = {"title": "Street", "text": "one line of each transport", "seed": 1, "start": "2026-01-15T08:00:00Z", "lines": [
    {"name": "shops", "transport": "rfc2217", "baud": 9600, "parity": "N",
     "meters": [{"profile": "acrel-dtsd1352", "count": 2, "first_address": "3"}]},
    {"name": "gas", "transport": "udp", "meters": [{"profile": "generic-cjt188-gas", "count": 3}]},
    {"name": "workshop", "transport": "pty", "path": "", "meters": [{"protocol": "mbus", "medium": "heat", "count": 2}]},
    {"name": "power", "transport": "tcp", "meters": [{"protocol": "dlt645-2007", "count": 2}]},
    {"name": "water", "transport": "tcp", "meters": [{"protocol": "cjt188", "medium": "cold water", "count": 2}]},
    {"name": "second", "transport": "tcp", "meters": [{"protocol": "mbus", "medium": "heat", "count": 4, "secondary": True}]}]}


@contextlib.contextmanager
def street(binaries):
    """The lines of STREET: how to reach each of them, and the addresses of its meters."""
    with House(binaries) as house:
        scenario = copy.deepcopy(STREET)
        for line in scenario["lines"]:
            if line["transport"] == "pty":
                line["path"] = str(house.pty)
            else:
                line["port"] = free_port()
        path = house.folder / "street.json"
        path.write_text(json.dumps(scenario), encoding="utf-8")
        command = [house.bin / "heng-sim", "--scenario", path]
        site = json.loads(subprocess.run([*command, "--print-site"], capture_output=True, text=True, timeout=20, check=True).stdout)
        house.sim = Program([*command, "--duration", "600"], house.folder / "sim.log")
        house.line = {line["name"]: ["--serial", line["path"]] if line["transport"] == "pty" else
                      [f"--{line['transport']}", f"127.0.0.1:{line['port']}"] for line in scenario["lines"]}
        house.meters = {name: [m["address"] for m in site["meters"] if m["line"] == name] for name in house.line}
        wait_until(lambda: all(can_connect(line["port"]) for line in scenario["lines"] if line["transport"] in ("tcp", "rfc2217"))
                   and house.pty.exists(), 20, "the street to listen")
        yield house


def scan_until(house, found, *argv):
    """heng scan until it has told so many meters, then Ctrl-C; what was found, and all it said beside."""
    scan = subprocess.Popen([house.bin / "heng", "scan", *map(str, argv), "--json", "--timeout", "240"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = [scan.stdout.readline() for _ in range(found)]
    scan.send_signal(signal.SIGINT)
    rest, told = scan.communicate(timeout=20)
    return [json.loads(line) for line in first + rest.splitlines() if line], told


@tap.test
def scan_told_nothing_finds_the_speed_of_an_rfc2217_line(binaries):
    with street(binaries) as house:
        found, told = scan_until(house, 2, *house.line["shops"])
        assert [(m["protocol"], m["address"], m["baud"], m["parity"]) for m in found] == \
            [("modbus-rtu", "3", 9600, "N"), ("modbus-rtu", "4", 9600, "N")], (found, told)
        place = re.search(r"to go on: heng (scan .*) --resume '(\d+)'", told)
        assert place and "--baud 9600 --parity N --protocol modbus-rtu" in place[1] and int(place[2]) in (4, 5), told


@tap.test
def scan_told_nothing_works_over_udp_and_a_pty(binaries):
    with street(binaries) as house:
        found, told = scan_until(house, 3, *house.line["gas"])
        assert sorted(m["address"] for m in found) == house.meters["gas"] and found[0]["medium"] == "gas", (found, told)
        found, told = scan_until(house, 2, *house.line["workshop"])
        assert sorted(m["primary"] for m in found) == [1, 2] and found[0]["baud"] == 2400, (found, told)


@tap.test
def a_resumed_scan_keeps_its_bounds_and_its_list(binaries):
    with building(binaries) as house:
        known = house.folder / "known.txt"
        known.write_text("2\n", encoding="utf-8")
        _, told = scan_until(house, 2, *house.heat, "--protocol", "mbus-primary", "--first", "1", "--last", "9", "--known", known)
        place = re.search(r"to go on: heng (scan .*--first 1 --last 9 --known .*)$", told, re.M)
        assert place, told
        on = house.heng(*[word.strip("'") for word in place[1].split()], "--json")
        assert [m["address"] for m in objects(on)][-1] == "9", (on.stdout, on.stderr)


@tap.test
def orders_end_with_what_the_meter_says_now(binaries):
    with street(binaries) as house:
        secret = house.folder / "secret"
        secret.write_text("02000000 00000000\n", encoding="ascii")
        secret.chmod(0o600)
        zone = ["--yes", "--zone", "Asia/Shanghai"]
        valve = ["read", *house.line["water"], "--protocol", "cjt188", "--medium", "cold water", "--address", house.meters["water"][0]]
        relay = ["read", *house.line["power"], "--protocol", "dlt645-2007", "--address", house.meters["power"][0],
                 "--secret-file", secret]
        for meter, quantity in ((valve, "valve state"), (relay, "relay state")):
            for order, state in (("disconnect", "1"), ("connect", None if meter is relay else "0")):
                said = house.heng(*meter, "--order", order, *zone, "--json")
                assert said.returncode == 0, (order, said.stdout, said.stderr)
                now = {v["quantity"]: v["value"] for v in objects(said)[0]["values"]}
                assert state is None or now[quantity] == state, (order, now)
        # a relay that may close and waits for the key says so
        assert house.heng(*relay, "--order", "disconnect", *zone).returncode == 0
        key = house.heng(*relay, "--order", "connect", *zone)
        assert key.returncode == 0 and "press the key of the meter" in key.stdout, key.stdout
        history = house.heng(*relay[:-2], "--order", "read-history", "--json")
        assert history.returncode == 0 and all(v["storage"] == 1 for v in objects(history)[0]["values"]), history.stdout
        assert house.heng(*relay, "--order", "set-clock", *zone).returncode == 0


@tap.test
def read_finds_a_meter_by_its_secondary_address(binaries):
    with street(binaries) as house:
        said = house.heng("read", *house.line["second"], "--protocol", "mbus", "--address", house.meters["second"][2],
                          "--address", "9999999900000000", "--json")
        known, stranger = objects(said)
        assert said.returncode == 1 and known["stage"] == "confirmed" and known["address"] == house.meters["second"][2], said.stdout
        assert stranger["stage"] == "failed" and stranger["outcome"] == "silence" and not stranger["values"], said.stdout


@tap.test
def send_shows_bytes_and_their_meaning(binaries):
    with building(binaries) as house:
        said = house.heng("send", *house.heat, "10", "7B", "05", "80", "16", "--wait-ms", "300")
        assert said.returncode == 0, said.stderr
        lines = said.stdout.splitlines()
        assert re.match(r" +0\.000 s  > 10 7B 05 80 16$", lines[0]) and re.match(r" +\d+\.\d{3} s  < 68 ", lines[1]), lines[:2]
        assert "RSP_UD" in said.stdout and "23070005" in said.stdout
        nothing = house.heng("send", *house.heat, "107B118C16", "--wait-ms", "300")
        assert nothing.returncode == 1 and "no answer" in nothing.stderr
        wrong = house.heng("send", *house.heat, "10 7")
        assert wrong.returncode == 2 and "not hex" in wrong.stderr
        modbus = house.heng("send", *house.power, "01 03 00 0B 00 01 F5 C8", "--wait-ms", "300", "--json")
        assert modbus.returncode == 0 and objects(modbus)[0]["ok"], modbus.stdout
    with House(binaries) as house, converter(lambda heard: heard + b"\xE5" if len(heard) >= 5 else None) as endpoint:
        echo = house.heng("send", "--tcp", endpoint, "10 40 05 45 16", "--wait-ms", "300")
        assert echo.returncode == 0 and "10 40 05 45 16  (echo)" in echo.stdout and "mbus ack" in echo.stdout, echo.stdout
    with House(binaries) as house, converter(lambda heard: heard if len(heard) >= 5 else None) as endpoint:
        echo = house.heng("send", "--tcp", endpoint, "10 40 05 45 16", "--wait-ms", "300")
        assert echo.returncode == 1 and "only the echo" in echo.stderr, (echo.stdout, echo.stderr)


@tap.test
def wrong_usage_is_told_in_a_sentence(binaries):
    with House(binaries) as house:
        for command, word in ((["scan"], "where is the line"), (["scan", "--tcp", "a:1", "--udp", "a:1"], "only one"),
                              (["scan", "--tcp", "a:1", "--protocol", "x"], "use one of"),
                              (["scan", "--tcp", "a:1", "--resume", "x"], "--protocol"),
                              (["scan", "--tcp", "a:1", "--first", "3"], "--first"),
                              (["scan", "--tcp", "a:1", "--known-only"], "--known"),
                              (["scan", "--dtu-listen", "127.0.0.1:1"], "--registration"),
                              (["read", "--tcp", "a:1"], "--protocol"), (["read", "--tcp", "a:1", "--protocol", "mbus"], "--address"),
                              (["read", "--tcp", "a:1", "--baud", "x"], "--baud"), (["read", "--tcp", "a:1", "--parity", "Q"], "--parity"),
                              (["read", "--tcp", "a:1", "--rts", "kernel"], "--serial"), (["read", "--serial"], "needs a value"),
                              (["read", "--tcp", "a:1", "--order", "x"], "no order"), (["send", "--tcp", "a:1"], "hex"),
                              (["send", "--bogus"], "not an option")):
            said = house.heng(*command)
            assert said.returncode == 2 and word in said.stderr, (command, said.stderr)
            assert said.stderr.count("\n") == 1 and "--help" in said.stderr
        for command in ("read", "scan", "send"):
            said = house.heng(command, "--help")
            assert said.returncode == 0 and "--dtu-listen" in said.stdout and not said.stderr


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder with heng and heng-sim")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.exit(1 if tap.run(options.bin, only=options.only, at_once=3) else 0)
