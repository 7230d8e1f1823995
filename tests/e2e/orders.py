#!/usr/bin/env python3
"""End to end: what people want of meters, and that no crash makes a command go out twice or be believed without proof.

tests/e2e/orders.py --bin build/dev/bin [--only WORD]
"""
import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Program, Tap, call, free_port, wait_until  # noqa: E402

tap = Tap()
SET_CLOCK, SWITCH = 0x08, 0x1C  # DL/T 645-2007 control codes: broadcast time, switch the relay
PASSWORD, OPERATOR = "02000000", "00000000"  # level 02, as the virtual meters know it


class Wire:
    """A converter on a port: keeps what the master sends, and hands it to a real port behind it, if there is one."""

    def __init__(self, port, behind=None):
        self.port, self.behind, self.sent, self.answers = port, behind, bytearray(), True
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                master, _ = self.listener.accept()
                self.sockets.append(master)
                try:
                    meters = socket.create_connection(("127.0.0.1", self.behind)) if self.behind else None
                except OSError:
                    master.close()  # nobody is there yet
                    continue
                if meters:
                    self.sockets.append(meters)
                    threading.Thread(target=self.carry, args=(meters, master, False), daemon=True).start()
                threading.Thread(target=self.carry, args=(master, meters, True), daemon=True).start()

    def carry(self, source, target, keep):
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if keep:
                    self.sent += data
                if target and (keep or self.answers):
                    target.sendall(data)
        for s in (source, target):
            if s:
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)

    def close(self):
        for s in (self.listener, *self.sockets):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)  # or accept and recv would keep them
            with contextlib.suppress(OSError):
                s.close()

    def count(self, control):
        """How many DL/T 645 frames with this control code went out."""
        return len(re.findall(rb"\x68[\x00-\xff]{6}\x68" + re.escape(bytes([control])), bytes(self.sent)))


def command(house, **body):
    status, receipt = call(house, "POST", "/api/v1/commands", body)
    assert status == 202, (status, receipt)
    return receipt["id"]


def ended(house, command_id):
    row = house.get(f"/api/v1/commands/{command_id}")
    return row if row.get("ended_at") else None


def electric(house, port, **line):
    """The electricity line by itself, reached at a port; read seldom, so that commands have the wire."""
    site = house.electric_site()
    site["lines"][0].update({"endpoint": f"127.0.0.1:{port}", "period_s": 3600, **line})
    done = house.import_site(site)
    assert done.returncode == 0, done.stderr
    return site


def line_id(house):
    return house.get("/api/v1/lines")["items"][0]["id"]


@contextlib.contextmanager
def stuck_disk(house):
    """Nothing can be written while this lasts."""
    with contextlib.closing(sqlite3.connect(next(house.data.glob("*.db")), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")


@tap.test
def nothing_goes_out_before_it_is_written_that_it_does(binaries):
    with House(binaries) as house:
        port = free_port()
        electric(house, port)
        house.start_server()
        number = command(house, line=line_id(house), order="set-clock", protocol="dlt645-2007")
        assert house.get(f"/api/v1/commands/{number}")["stage"] == "queued"
        with stuck_disk(house):
            wire = Wire(port)
            with contextlib.closing(wire):
                wait_until(lambda: wire.sockets, 30, "the line to be there")
                time.sleep(3)  # what must not happen has its time
                house.server.end(signal.SIGKILL)
                assert wire.count(SET_CLOCK) == 0, bytes(wire.sent).hex()
        house.start_server()
        wire = Wire(port)
        with contextlib.closing(wire):
            wait_until(lambda: wire.count(SET_CLOCK), 40, "the command to go out after all")
            row = wait_until(lambda: ended(house, number), 20, "its end")
            assert row["stage"] == "sent" and wire.count(SET_CLOCK) == 1, row



def keys_file(house, text=f"* {PASSWORD} {OPERATOR}\n", mode=0o600):
    path = house.folder / "keys"
    path.write_text("# level 02\n" + text, encoding="ascii")
    path.chmod(mode)
    return path


METERS = 4


def relay_town(house):
    """Start a simulator with a line of DL/T 645 meters that have relays and keep frozen values; its site."""
    scenario = house.folder / "relays.json"
    scenario.write_text(json.dumps({"title": "Relays", "text": "Meters with relays.", "seed": 3, "lines": [
        {"name": "power", "transport": "tcp", "port": house.power_port, "baud": 9600,
         "meters": [{"protocol": "dlt645-2007", "count": METERS}]}]}), encoding="utf-8")
    sim = [house.bin / "heng-sim", "--scenario", scenario]
    site = json.loads(subprocess.run([*sim, "--print-site"], capture_output=True, check=True, timeout=20).stdout)
    house.sim = Program([*sim, "--wire-speed", "10", "--duration", "600"], house.folder / "sim.log")
    return site


@contextlib.contextmanager
def switching(binaries, keys=f"* {PASSWORD} {OPERATOR}\n"):
    """A house with such a line, over a wire that is watched."""
    with House(binaries) as house, contextlib.closing(Wire(free_port(), house.power_port)) as wire:
        site = relay_town(house)
        site["lines"][0].update({"endpoint": f"127.0.0.1:{wire.port}", "period_s": 3600})
        done = house.import_site(site)
        assert done.returncode == 0, done.stderr
        house.serve = lambda: house.start_server("--keys", keys_file(house, keys))
        house.serve()
        wait_until(lambda: house.get("/api/v1/overview")["meters_ok"] == METERS, 90, "all meters to be read")
        house.meter = house.get("/api/v1/meters")["items"][0]["id"]
        yield house, wire


class Listener:
    """A browser that hears live events."""

    def __init__(self, house):
        self.events = []
        self.stream = urllib.request.urlopen(house.url + "/api/v1/events", timeout=60)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        kind = ""
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            for line in self.stream:
                if line.startswith(b"event: "):
                    kind = line[7:].decode().strip()
                if line.startswith(b"data: "):
                    self.events.append((kind, json.loads(line[6:])))

    def stages(self, number):
        return [e["stage"] for kind, e in self.events if kind == "order" and e["id"] == number]


@tap.test
def a_relay_opens_with_its_password_and_the_state_proves_it(binaries):
    with switching(binaries) as (house, wire):
        browsers = [Listener(house), Listener(house)]
        number = command(house, meter=house.meter, order="disconnect")
        row = wait_until(lambda: ended(house, number), 60, "the end of the command")
        assert row["stage"] == "confirmed" and row["outcome"] == "ok", row
        assert row["frames"] and row["requested_at"] <= row["sent_at"] <= row["accepted_at"] <= row["ended_at"], row
        assert wire.count(SWITCH) == 1
        # the state that was read back stands in the frames, and the page of the meter shows its energy on
        frames = [house.get(f"/api/v1/frames/{frame}")["frame"]["hex"] for frame in row["frames"]]
        assert frames and all(frame.startswith("68") or "68" in frame for frame in frames), frames
        detail = house.get(f"/api/v1/meters/{house.meter}")
        assert any(v["quantity"] == "energy" for v in detail["values"]), detail["values"]
        for browser in browsers:
            wait_until(lambda: "confirmed" in browser.stages(number), 10, "both browsers to hear of it")
            assert browser.stages(number) == ["sent", "accepted", "confirmed"], browser.stages(number)


@tap.test
def a_wrong_password_is_told_and_kept_from_log_and_database(binaries):
    with switching(binaries, "* 02C7B1E9 5D3F8A62\n") as (house, wire):
        house.server.end()
        house.start_server("--keys", keys_file(house, "* 02C7B1E9 5D3F8A62\n"), "--verbose")
        number = command(house, meter=house.meter, order="disconnect")
        row = wait_until(lambda: ended(house, number), 60, "the end of the command")
        assert row["stage"] == "failed" and "password" in row["why"], row
        assert wire.count(SWITCH) == 1, "a password is not tried again: the meter would lock itself"
        house.server.end()
        log = house.server.output().lower()
        assert "c7b1e9" not in log and "5d3f8a62" not in log
        for path in house.data.iterdir():
            data = path.read_bytes()
            for secret in (bytes.fromhex("C7B1E9"), bytes.fromhex("5D3F8A62")):
                for bytes_of in (secret, secret[::-1], bytes((b + 0x33) & 0xFF for b in secret)):
                    assert bytes_of not in data, path
                assert secret.hex().encode() not in data.lower(), path


@tap.test
def a_file_of_keys_is_private_and_right(binaries):
    with House(binaries) as house:
        for text, mode, why in (("* 02000000 00000000\n", 0o644, "chmod 600"), ("* 02000000\n", 0o600, "line 2"),
                                ("* 0200000 00000000\n", 0o600, "line 2"), ("1 02000000 00000000 x\n", 0o600, "line 2"),
                                ("1 02000000 00000000\n1 03000000 00000000\n", 0o600, "twice"),
                                ("1 " + "0" * 200 + "\n", 0o600, "too long")):
            done = house.heng("serve", "--data", house.data, "--listen", "127.0.0.1:0", "--dtu-listen", "off", "--keys",
                              keys_file(house, text, mode))
            assert done.returncode == 1 and why in done.stderr, (text, done.stderr)
            assert "0200000" not in done.stderr, "a password in a message"
        done = house.heng("serve", "--data", house.data, "--listen", "127.0.0.1:0", "--keys", house.folder / "nothing")
        assert done.returncode == 1 and "nothing" in done.stderr, done.stderr


@tap.test
def killed_at_any_moment_a_command_goes_out_once_at_most(binaries):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    sys.stdout.write(f"# seed {seed}\n")
    ends = []
    with switching(binaries) as (house, wire):
        for i in range(8):
            before = wire.count(SWITCH)
            number = command(house, meter=house.meter, order="connect" if i % 2 else "disconnect")
            time.sleep(chance.choice((0, 0.02, 0.1, chance.uniform(0, 4))))
            house.server.end(signal.SIGKILL)
            house.serve()
            row = wait_until(lambda: ended(house, number), 60, "the end of the command")
            time.sleep(0.5)
            sent = wire.count(SWITCH) - before
            ends.append((row["stage"], sent))
            assert sent <= 1, (sent, row)
            assert row["stage"] in ("confirmed", "failed"), row
            assert row["stage"] == "failed" or (sent == 1 and row["frames"]), "confirmed without proof"
            assert row["stage"] == "confirmed" or "not known" in row["why"], row
    print(f"# {ends}")


@tap.test
def the_same_wish_twice_is_one_command(binaries):
    with House(binaries) as house:
        port = free_port()
        electric(house, port)
        house.start_server()
        line = line_id(house)
        wish = {"line": line, "order": "set-clock", "protocol": "dlt645-2007", "key": "once"}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: call(house, "POST", "/api/v1/commands", wish), range(16)))
        assert {status for status, _ in answers} == {202} and len({r["id"] for _, r in answers}) == 1, answers
        number = answers[0][1]["id"]
        status, problem = call(house, "POST", "/api/v1/commands", {**wish, "order": "freeze"})
        assert status == 409 and "once" in problem["detail"], problem

        # two at once take it back: one of them does, and then it stays so, whatever happens
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: call(house, "DELETE", f"/api/v1/commands/{number}"), range(2)))
        house.server.end(signal.SIGKILL)
        assert sorted(status for status, _ in answers)[0] == 200, answers
        assert sorted(status for status, _ in answers)[1] in (404, 409), answers
        with contextlib.closing(Wire(port)) as wire:
            house.start_server()
            assert ended(house, number)["stage"] == "cancelled"
            wait_until(lambda: len(wire.sent) > 40, 40, "the line to be asked")
            assert wire.count(SET_CLOCK) == 0
            status, problem = call(house, "POST", "/api/v1/commands", wish)
            assert status == 409 and "cancelled" in problem["detail"], problem


@tap.test
def a_search_is_stopped_and_goes_on_at_once(binaries):
    with House(binaries) as house:
        site = house.site()
        site["lines"] = [{**line, "period_s": 3600} for line in site["lines"] if line["key"] == "heat"]
        site["meters"] = [meter for meter in site["meters"] if meter["line"] == "heat"]
        assert house.import_site(site).returncode == 0
        house.start_sim()
        house.start_server()
        path = f"/api/v1/lines/{line_id(house)}/search"
        status, receipt = call(house, "POST", path, {"kind": "mbus-primary"})
        assert status == 202, receipt
        assert call(house, "POST", path, {"kind": "mbus-secondary"})[0] == 503, "two searches at once"
        before = found = 0

        def listed():
            detail = house.get(path)
            return detail["search"], [item for item in detail["items"] if item["status"] != "missing"]

        for _ in range(4):
            wait_until(lambda: house.get(path)["search"]["requests"] > before and house.get(path)["search"]["found"] > found,
                       30, "the search to get on")
            status, receipt = call(house, "DELETE", path)
            assert status in (200, 202), receipt
            stopped = house.get(path)["search"]
            assert not stopped["running"] and not stopped["ended"], stopped
            before = stopped["requests"]
            # what was found stays, is listed once, and is counted on
            assert stopped["found"] == len(listed()[1]) >= found, (stopped, found)
            found = stopped["found"]
            status, receipt = call(house, "POST", path, {"kind": "mbus-primary", "resume": True})
            assert status == 202, receipt
            assert house.get(path)["search"]["found"] >= found
        assert found > 0, "nothing was found to be kept"
        house.server.end(signal.SIGKILL)
        house.start_server()
        assert not house.get(path)["search"]["running"]
        status, receipt = call(house, "POST", path, {"kind": "mbus-primary", "resume": True})
        assert status == 202, receipt
        assert call(house, "DELETE", path)[0] in (200, 202)
        assert call(house, "POST", path, {"kind": "mbus-primary"})[0] == 202
        search, items = listed()
        assert search["running"] and len(items) == search["found"] < found, "a new search lists what another one found"


@tap.test
def a_known_list_is_confirmed_to_its_end(binaries):
    with House(binaries) as house:
        site = house.site()
        site["lines"] = [{**line, "period_s": 3600} for line in site["lines"] if line["key"] == "heat"]
        site["meters"] = [meter for meter in site["meters"] if meter["line"] == "heat"]
        assert house.import_site(site).returncode == 0
        house.start_sim()
        house.start_server()
        path = f"/api/v1/lines/{line_id(house)}/search"
        assert call(house, "POST", path, {"kind": "mbus-primary", "known_only": True})[0] == 202
        seen = []

        def over():
            seen.append(house.get(path)["search"])
            return seen[-1]["ended"]

        wait_until(over, 90, "the end of the search")
        last = seen[-1]
        assert last["permille"] == 1000 and last["known"] == len(site["meters"]), last
        assert last["found"] == last["known"] - last["missing"] > 0, last
        for one in seen[:-1]:  # a meter that is gone is asked twice: what is done is what was asked
            done = one["permille"] * one["known"] / 1000
            assert one["requests"] / 2 - 1 <= done + 1 and done <= one["requests"] + 1, one


@tap.test
def what_cannot_be_asked_is_refused_and_not_kept(binaries):
    with House(binaries) as house:
        site = house.site()
        assert house.import_site(site).returncode == 0
        house.start_sim()
        house.start_server()
        meter = next(m for m in house.get("/api/v1/meters?limit=500")["items"] if m["protocol"] == "mbus")
        for key in ({}, {"key": "one"}, {"key": "one"}):
            status, problem = call(house, "POST", "/api/v1/commands", {"meter": meter["id"], "order": "freeze", **key})
            assert status == 422 and problem["detail"], (status, problem)
        assert house.get("/api/v1/commands")["items"] == []
        # its key is free for what can be asked
        number = command(house, meter=meter["id"], order="read", key="one")
        assert [c["id"] for c in house.get("/api/v1/commands")["items"]] == [number]


@tap.test
def schedules_windows_and_due_dates_are_kept(binaries):
    with House(binaries) as house:
        site = relay_town(house)
        site["time_zone"] = "Asia/Shanghai"
        now = time.gmtime(time.time() + 8 * 3600)
        minute = now.tm_hour * 60 + now.tm_min

        def text(at):
            return f"{at % 1440 // 60:02}:{at % 60:02}"
        site["schedules"] = [
            {"key": "often", "period_s": 2},
            {"key": "later", "period_s": 2, "read_windows": [f"{text(minute + 120)}-{text(minute + 180)}"]},
            {"key": "dark", "period_s": 2, "power_off": [f"{text(minute - 5)}-{text(minute + 30)}"]},
            {"key": "due", "period_s": 3600, "due_days": [now.tm_mday], "due_time": "00:00"},
        ]
        groups = dict(zip(("often", "later", "dark", "due"), [m["number"] for m in site["meters"]]))
        for (key, number), meter in zip(groups.items(), site["meters"]):
            meter["schedule"] = key
        done = house.import_site(site)
        assert done.returncode == 0, done.stderr
        house.start_server()

        def meter(key):
            listed = house.get(f"/api/v1/meters?q={groups[key]}")["items"][0]
            return house.get(f"/api/v1/meters/{listed['id']}")["meter"]

        def reads(key):
            with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db:
                return db.execute("SELECT count(*), coalesce(max(r.due_us), 0) FROM reading r JOIN device d ON"
                                  " d.id = r.device_id WHERE d.number = ?", (groups[key],)).fetchone()
        wait_until(lambda: reads("often")[0] >= 4, 60, "four rounds")
        wait_until(lambda: reads("due")[1], 60, "the frozen values of the due date")
        due = time.gmtime(reads("due")[1] / 1e6 + 8 * 3600)
        assert (due.tm_mday, due.tm_hour, due.tm_min) == (now.tm_mday, 0, 0), due
        assert reads("later")[0] == 0 and reads("dark")[0] == 0, "read outside of its window"
        assert meter("due").get("due_done_at"), meter("due")

        # learned values and the due date outlive a restart: it is not fetched again
        def learned():
            with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db:
                return dict(db.execute("SELECT d.number, s.answers FROM device_state s JOIN device d ON d.id = s.device_id"))
        before, fetched = learned(), reads("due")
        assert before[groups["often"]] >= 4, before
        house.server.end(signal.SIGKILL)
        house.start_server()
        rounds = reads("often")[0]
        wait_until(lambda: reads("often")[0] >= rounds + 2, 60, "two more rounds")
        assert all(learned()[n] >= before[n] for n in before), (before, learned())
        with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db:
            assert db.execute("SELECT count(*) FROM reading WHERE due_us > 0").fetchone()[0] == 1, fetched


@tap.test
def reads_reach_the_browser_and_wishes_do_not_block_questions(binaries):
    with switching(binaries) as (house, _):
        browser = Listener(house)
        ids = [m["id"] for m in house.get("/api/v1/meters?limit=100")["items"]]
        status, receipt = call(house, "POST", "/api/v1/reads", {"meters": ids})
        assert status == 202 and receipt["accepted"] == METERS, receipt
        wait_until(lambda: browser.stages(receipt["id"]).count("confirmed") == METERS, 60, "all results")
        with stuck_disk(house), concurrent.futures.ThreadPoolExecutor(12) as pool:
            wishes = [pool.submit(call, house, "POST", "/api/v1/commands", {"meter": house.meter, "order": "connect"})
                      for _ in range(12)]
            time.sleep(0.3)
            started = time.monotonic()
            house.get("/api/v1/overview")
            took = time.monotonic() - started
            assert took < 2, f"a question waited {took:.1f} s behind wishes"
            assert all(w.result()[0] in (202, 503) for w in wishes), [w.result() for w in wishes]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    sys.exit(1 if tap.run(os.path.abspath(arguments.bin), only=arguments.only) else 0)
