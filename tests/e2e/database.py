#!/usr/bin/env python3
"""heng on either engine as people use it: import, backup, restore, migrate, and what they say when it cannot be.

usage: database.py --bin DIR     (script/with-postgres gives it a server; without one only files are used)
Prints TAP.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("--bin", required=True)
HENG = str(pathlib.Path(parser.parse_args().bin) / "heng")
SERVER = os.environ.get("HENG_TEST_DB")
SITE = {"site": "Test", "time_zone": "Asia/Shanghai",
        "places": [{"key": "b1", "kind": "building", "name": "1号楼"}],
        "lines": [{"key": "heat", "name": "heat", "transport": "tcp", "endpoint": "127.0.0.1:1", "baud": 2400,
                   "parity": "E", "latency_ms": 300, "period_s": 60}],
        "meters": [{"number": "10000001", "manufacturer": "HNG", "line": "heat", "place": "b1", "protocol": "mbus",
                    "address": "1", "medium": "heat"}]}
count = 0


def check(good, what, *more):
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} {what}", flush=True)
    if not good:
        print("\n".join(f"# {line}" for m in more for line in str(m).splitlines()), flush=True)
        check.failed = True


check.failed = False


def heng(*words, text=None):
    done = subprocess.run([HENG, *words], input=text, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def expect(status, pattern, what, *words, text=None):
    got, out, err = heng(*words, text=text)
    check(got == status and re.search(pattern, out or err), what, words, got, out, err)
    return out


def comes_back(port):
    """All connections to the server are cut; a moment later the console works again."""
    subprocess.run(["psql", SERVER, "-qAtc", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE usename = 'heng' AND pid <> pg_backend_pid()"], check=True, stdout=subprocess.DEVNULL)
    good = 0
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/overview", timeout=5) as reply:
                good = good + 1 if json.load(reply)["meters"] == 1 else 0
        except OSError:
            good = 0
        if good == 20:  # whichever thread answers
            return True
        time.sleep(0.05)
    return False


def serve_answers(data, away):
    """Does heng serve work on this folder? What the first page of the console asks; with away also after a cut."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([HENG, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", "--dtu-listen", "off"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    answer = None
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/overview", timeout=5) as reply:
                answer = json.load(reply)
            break
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    busy = heng("migrate", str(data)) if answer else None
    if answer and away:
        answer = answer if comes_back(port) else None
    server.send_signal(signal.SIGTERM)
    err = server.communicate(timeout=60)[1]
    return answer, busy, err, server.returncode


def round_trip(folder, name, made):
    """A data folder whose database is a file or on the server: all commands, and back into files that are equal."""
    data = folder / name
    data.mkdir()
    if made:
        (data / "database").write_text(made + "\n", encoding="utf-8")
    first, second, copy = folder / f"{name}.1", folder / f"{name}.2", folder / f"{name}.db"
    expect(0, "", f"{name}: import", "import", "--data", str(data), "-", text=json.dumps(SITE))
    expect(0, r"^is up to date: schema \d+$", f"{name}: migrate says that nothing is to be done", "migrate", str(data))
    told = expect(0, r"^written .*: \d+ rows of \d+ tables, \d+ bytes, schema \d+, sha256 [0-9a-f]{64}$",
                  f"{name}: backup", "backup", str(data), str(first))
    expect(1, "exists already", f"{name}: a backup is not written over", "backup", str(data), str(first))
    again = expect(0, "^restored from", f"{name}: restore into a file", "restore", str(first), str(copy))
    check(told.split(": ", 1)[1:] == again.split(": ", 1)[1:], f"{name}: both tell the same", told, again)
    expect(1, "exists already", f"{name}: a database is not written over", "restore", str(first), str(copy))
    expect(0, "^written", f"{name}: backup of what was restored", "backup", str(copy), str(second))
    check(first.read_bytes() == second.read_bytes(), f"{name}: it is the same, byte by byte")
    answer, busy, err, status = serve_answers(data, bool(made))
    check(answer and answer["site"] == "Test" and answer["meters"] == 1, f"{name}: heng serve answers", answer, err)
    check(busy and busy[0] == 1 and "in use by another Heng" in busy[2], f"{name}: one writer at a time", busy)
    check(status == 0, f"{name}: it ends well", status, err)
    return first


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    backup = round_trip(folder, "file", None)
    broken = folder / "broken"
    broken.write_bytes(backup.read_bytes()[:-40])
    expect(1, "damaged or cut short", "a cut backup is refused", "restore", str(broken), str(folder / "no.db"))
    check(not (folder / "no.db").exists(), "and nothing is made of it")
    expect(1, "not a backup of Heng", "so is another file", "restore", HENG, str(folder / "no.db"))
    expect(1, "No such file", "a database that is not there", "backup", str(folder / "nowhere.db"), str(folder / "x"))
    expect(2, "2 arguments are needed", "wrong usage", "backup", "x")
    expect(0, "usage: heng restore FILE DATABASE", "help", "restore", "--help")
    expect(1, r"put it into ~/\.pgpass", "no password on the command line", "migrate", "postgresql://a:topsecret@h/d")
    check("topsecret" not in heng("migrate", "postgresql://a:topsecret@h/d")[2], "nor in what is said")
    if SERVER:
        round_trip(folder, "server", SERVER)
print(f"1..{count}")
sys.exit(1 if check.failed else 0)
