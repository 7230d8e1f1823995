#!/usr/bin/env python3
"""End to end: the real server and the real simulator over real sockets, seen through the API.

tests/e2e/run.py --bin build/dev/bin [--only WORD]
"""
import argparse
import datetime
import decimal
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import ROOT, House, Tap, wait_until  # noqa: E402

tap = Tap()


def energy_register(house, meter_id, quantity):
    detail = house.get(f"/api/v1/meters/{meter_id}")
    for value in detail["values"]:
        if value["quantity"] == quantity and value["storage"] == 0 and value["function"] == "instantaneous":
            return value
    raise AssertionError(f"meter {meter_id} has no {quantity}: {detail['values']}")


def a_moment_after(at):
    when = datetime.datetime.fromisoformat(at) + datetime.timedelta(microseconds=1)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@tap.test
def readings_show_within_ten_seconds_of_the_start(binaries):
    with House(binaries, speed=10) as house:
        assert house.import_site(house.site()).returncode == 0
        started = time.monotonic()
        house.start_sim()
        house.start_server()
        newest = wait_until(lambda: house.get("/api/v1/overview")["newest"], 10 - (time.monotonic() - started),
                            "a first reading")
        assert newest[0]["main"]["value"] is not None
        assert decimal.Decimal(newest[0]["main"]["value"]) > 0


@tap.test
def a_building_is_read_and_every_value_is_proved_by_a_frame(binaries):
    with House(binaries) as house:
        site = house.site()
        assert house.import_site(site).returncode == 0
        house.start_sim()
        house.start_server()
        total = len(site["meters"])
        assert total == 97, total

        def all_but_the_dead():
            overview = house.get("/api/v1/overview")
            return overview if overview["meters_ok"] >= total - 2 else None
        overview = wait_until(all_but_the_dead, 90, "95 of 97 meters to be read")
        assert overview["meters"] == total and overview["meters_ok"] == total - 2, overview
        missing = house.get("/api/v1/meters?state=missing")
        assert missing["total"] == 2, missing
        assert all(m["last_read_at"] is None and m["misses"] > 0 and m["last_outcome"] != "ok" for m in missing["items"])

        for medium, quantity in (("heat", "energy"), ("cold water", "volume")):
            meters = house.get(f"/api/v1/meters?medium={medium.replace(' ', '%20')}&state=ok&limit=100")["items"]
            assert len(meters) >= 47, len(meters)
            value = energy_register(house, meters[0]["id"], quantity)
            frame = house.get(f"/api/v1/frames/{value['frame']}")
            records = [r for r in frame["decoded"]["records"] if r["quantity"] == quantity and r["storage"] == 0]
            assert frame["decoded"]["ok"] and records[0]["value"] == value["value"], (records, value)
            # the field view covers every byte of the frame, in order, once
            at = 0
            for field in frame["fields"]:
                assert field["offset"] == at, frame["fields"]
                at += field["length"]
            assert at == frame["frame"]["length"] == len(frame["frame"]["hex"]) // 2
            # heng decode says the same of the same bytes
            said = json.loads(house.heng("decode", "--protocol", frame["frame"]["protocol"], frame["frame"]["hex"]).stdout)
            assert said == frame["decoded"]

        lines = house.lines()
        assert lines["dtu"]["counters"]["checksum"] + lines["dtu"]["counters"]["noise"] > 0, "the noisy line shows no noise"
        assert lines["tcp"]["counters"]["checksum"] == 0


def check_values_are_proved(house, meter):
    """Every value of a meter stands in the frame that it points to, as the console decodes it."""
    frames = {}
    values = house.get(f"/api/v1/meters/{meter['id']}")["values"]
    for value in values:
        if value["frame"] not in frames:
            frames[value["frame"]] = house.get(f"/api/v1/frames/{value['frame']}")
        decoded = frames[value["frame"]]["decoded"]
        same = [r for r in decoded["records"] if all(r[k] == value[k] for k in ("quantity", "unit", "tariff", "value"))
                and (r.get("qualifier") or "") == value["qualifier"]]
        assert len(same) == 1, (value, decoded)
    for frame in frames.values():
        at = 0
        for field in frame["fields"]:
            assert field["offset"] == at, frame["fields"]
            at += field["length"]
        assert at == frame["frame"]["length"], frame["fields"]
    return values, frames


@tap.test
def electricity_meters_are_read_by_their_profiles(binaries):
    with House(binaries) as house:
        site = house.electric_site()
        assert house.import_site(site).returncode == 0
        house.start_sim("--power-port", str(house.power_port))
        house.start_server()
        wait_until(lambda: house.get("/api/v1/overview")["meters_ok"] == 8, 60, "8 electricity meters to be read")
        meters = house.get("/api/v1/meters?limit=100")["items"]
        assert [m["protocol"] for m in meters] == ["dlt645-2007"] * 6 + ["modbus-rtu"] * 2
        assert [m["profile"] for m in meters] == [""] * 6 + ["acrel-ddsy1352"] * 2
        for meter in meters:
            assert decimal.Decimal(meter["main"]["value"]) > 0, meter
            values, frames = check_values_are_proved(house, meter)
            energy = {v["tariff"]: decimal.Decimal(v["value"]) for v in values
                      if v["quantity"] == "energy" and v["qualifier"] in ("", "forward")}
            assert sorted(energy) == [0, 1, 2, 3, 4] and energy[0] == sum(energy[t] for t in (1, 2, 3, 4)), energy
            assert {"voltage", "current", "power"} <= {v["quantity"] for v in values}
            if meter["protocol"] == "modbus-rtu":
                assert all(f["decoded"]["profile"] == "acrel-ddsy1352" for f in frames.values())

        # one meter dies: it is missed, the others go on; and so do all after the plug was pulled
        house.control("kill power 8")
        wait_until(lambda: house.get("/api/v1/meters?state=missing")["total"] == 1, 60, "the dead meter to be missed")
        house.control("unplug power")
        wait_until(lambda: house.lines()["tcp"]["state"] == "down", 10, "the line to be down")
        house.control("revive power 8")
        house.control("plug power")
        wait_until(lambda: house.get("/api/v1/overview")["meters_ok"] == 8, 60, "all meters to be back")


@tap.test
def a_site_brings_its_own_profiles(binaries):
    with House(binaries) as house:
        site = house.electric_site()
        mine = house.folder / "profiles"
        mine.mkdir()
        profile = json.loads((ROOT / "profiles" / "acrel-ddsy1352.json").read_text(encoding="utf-8"))
        profile.update(name="my-meter", ask=profile["ask"][:1], fields=profile["fields"][:1], samples=[])
        (mine / "my-meter.json").write_text(json.dumps(profile), encoding="utf-8")
        for meter in site["meters"][6:]:
            meter["profile"] = "my-meter"

        done = house.import_site(site)
        assert done.returncode == 1 and "my-meter" in done.stderr and "acrel" in done.stderr, done.stderr
        done = house.import_site(site, "--profiles", mine)
        assert done.returncode == 0, done.stderr
        house.start_sim("--power-port", str(house.power_port))
        house.start_server("--profiles", mine)
        wait_until(lambda: house.get("/api/v1/overview")["meters_ok"] == 8, 60, "8 electricity meters to be read")
        meter = house.get("/api/v1/meters?q=24069001")["items"][0]
        values, frames = check_values_are_proved(house, meter)
        assert meter["profile"] == "my-meter" and len(values) == 1, values
        assert all(f["decoded"]["profile"] == "my-meter" for f in frames.values())
        house.server.end()

        # without its profile a Modbus meter is left out, and the log says why; the others are read
        house.start_server()
        wait_until(lambda: "event=no_profile meter=24069001 profile='my-meter'" in house.server.output(), 10, "the log")
        assert house.get("/api/v1/health")["status"] == "degraded"
        before = house.lines()["tcp"]["counters"]["reads_ok"]
        wait_until(lambda: house.lines()["tcp"]["counters"]["reads_ok"] >= before + 6, 60, "the others to be read")
        house.server.end()

        # a profile with a mistake stops both, with its place
        profile["fields"][0]["unit"] = "kWhh"
        (mine / "my-meter.json").write_text(json.dumps(profile, indent=1), encoding="utf-8")
        for done in (house.import_site(site, "--profiles", mine),
                     house.heng("serve", "--data", house.data, "--listen", "127.0.0.1:0", "--dtu-listen", "off",
                                "--profiles", mine)):
            assert done.returncode == 1 and "my-meter.json:" in done.stderr and "kWhh" in done.stderr, done.stderr


@tap.test
def energy_grows_by_the_power_that_is_told(binaries):
    with House(binaries, speed=60) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_sim()
        house.start_server()
        heat = wait_until(lambda: house.get("/api/v1/meters?medium=heat&state=ok&q=100&limit=100")["items"], 60,
                          "the building meter")
        # the building's meter carries the sum of the flats: its energy must have grown between two reads
        building = max(heat, key=lambda m: decimal.Decimal(m["main"]["value"]))
        first = energy_register(house, building["id"], "energy")

        def later():
            value = energy_register(house, building["id"], "energy")
            return value if value["at"] != first["at"] and value["value"] != first["value"] else None
        second = wait_until(later, 60, "the energy to grow")
        assert decimal.Decimal(second["value"]) > decimal.Decimal(first["value"])
        series = house.get(f"/api/v1/meters/{building['id']}/series?register={first['register']}"
                           "&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&points=2000")
        values = [decimal.Decimal(p["last"]) for p in series["points"]]
        assert values == sorted(values) and len(values) >= 2


@tap.test
def a_pulled_plug_is_seen_and_readings_resume(binaries):
    with House(binaries) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_sim()
        house.start_server()
        wait_until(lambda: house.lines()["tcp"]["counters"]["reads_ok"] > 3, 30, "readings on the heat line")
        house.control("unplug heat")
        line = wait_until(lambda: (lambda x: x if x["state"] == "down" else None)(house.lines()["tcp"]), 10, "the line to be down")
        assert str(house.mbus_port) in line["detail"], line
        before = house.lines()["tcp"]["counters"]["reads_ok"]
        house.control("plug heat")
        wait_until(lambda: house.lines()["tcp"]["counters"]["reads_ok"] > before + 3, 40, "readings to resume")

        house.control("mute heat")  # the cable behind the converter: connected, but nothing answers
        line = wait_until(lambda: (lambda x: x if x["state"] == "no-load" else None)(house.lines()["tcp"]), 45,
                          "the line to have no load")
        house.control("unmute heat")
        before = house.lines()["tcp"]["counters"]["reads_ok"]
        wait_until(lambda: house.lines()["tcp"]["counters"]["reads_ok"] > before + 3, 45, "answers to resume")
        assert house.lines()["tcp"]["state"] in ("reading", "idle")

        house.control("unplug water")  # the DTU hangs up, and dials in again
        wait_until(lambda: house.lines()["dtu"]["state"] == "down", 10, "the DTU line to be down")
        house.control("plug water")
        before = house.lines()["dtu"]["counters"]["reads_ok"]
        wait_until(lambda: house.lines()["dtu"]["counters"]["reads_ok"] > before, 60, "the DTU to dial in again")
        events = house.get(f"/api/v1/lines/{house.lines()['tcp']['id']}/events")["items"]
        assert {"down", "no-load", "reading"} <= {e["state"] for e in events}, events


@tap.test
def a_killed_server_loses_no_stored_reading(binaries):
    seed = int(os.environ.get("HENG_SEED", "20261120"))
    sys.stdout.write(f"# seed {seed}\n")
    rng = random.Random(seed)
    with House(binaries, speed=50) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_sim()
        acknowledged = {}  # meter -> the newest reading the API has shown
        for _ in range(5):
            house.start_server()
            for meter_id, (at, value) in acknowledged.items():
                points = house.get(f"/api/v1/meters/{meter_id}/series?register={value['register']}&from={at}&to={a_moment_after(at)}")
                assert points["points"] and points["points"][0]["last"] == value["value"], (meter_id, at, value, points)
            start = house.get("/api/v1/overview")["readings"]
            deadline = time.monotonic() + rng.uniform(2, 4)
            while time.monotonic() < deadline:
                overview = house.get("/api/v1/overview")
                for reading in overview["newest"]:
                    acknowledged[reading["meter_id"]] = (reading["at"], reading["main"])
                stored = overview["readings"]
            assert stored > start, "no reading came in"
            assert house.server.end(signal.SIGKILL) == -signal.SIGKILL
        database = sqlite3.connect(f"file:{house.data}/heng.db?mode=ro", uri=True)
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        database.close()
        assert len(acknowledged) > 10
        house.start_server()
        assert house.get("/api/v1/overview")["readings"] >= stored
        assert house.server.end() == 0


@tap.test
def a_serial_port_is_read_like_a_converter(binaries):
    with House(binaries) as house:
        site = house.site()
        site["lines"] = [line for line in site["lines"] if line["transport"] == "tcp"]
        site["lines"][0].update(transport="serial", endpoint=str(house.pty))
        site["meters"] = [m for m in site["meters"] if m["protocol"] == "mbus"][:5]
        assert house.import_site(site).returncode == 0
        house.start_server()  # the port is not there yet
        # A new line is down from the start; why comes when somebody has looked.
        line = wait_until(lambda: (lambda x: x if x.get("detail") else None)(house.lines()["serial"]), 10, "the missing port to be told")
        assert line["state"] == "down" and str(house.pty) in line["detail"], line
        house.start_sim("--pty", str(house.pty))
        wait_until(lambda: house.lines()["serial"]["counters"]["reads_ok"] >= 5, 30, "readings over the pty")
        assert house.sim.end() == 0
        wait_until(lambda: house.lines()["serial"]["state"] == "down", 10, "the vanished port to be told")


@tap.test
def every_answer_of_the_api_keeps_the_contract(binaries):
    with House(binaries) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_sim()
        house.start_server()
        wait_until(lambda: house.get("/api/v1/overview")["readings"] > 60, 60, "some readings")
        done = subprocess.run([sys.executable, ROOT / "script" / "check-api.py", house.url], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-500:]


@tap.test
def live_events_arrive_without_asking(binaries):
    with House(binaries) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_sim()
        house.start_server()
        with urllib.request.urlopen(house.url + "/api/v1/events", timeout=30) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            event, seen = "", set()
            for raw in stream:
                text = raw.decode().rstrip("\n")
                if text.startswith("event: "):
                    event = text[7:]
                if text.startswith("data: "):
                    data = json.loads(text[6:])
                    seen.add(event)
                    if event == "reading":
                        assert data["number"] and data["at"]
                if {"reading", "line"} <= seen:
                    break


@tap.test
def a_description_that_cannot_be_changes_nothing(binaries):
    def with_(**more):
        return json.dumps({"site": "S", "time_zone": "UTC", "places": [{"key": "a", "kind": "building", "name": "A"}], **more})

    with House(binaries) as house:
        cases = [
            (with_(places=[{"key": "a", "kind": "palace", "name": "A"}]), "'palace' is no kind of place"),
            (with_(time_zone="../../etc/passwd"), "time zone"),
            (with_(nonsense=1), "nonsense"),
            (with_(site="a" * (33 << 20)), "larger than 32 MiB"),
            (with_() + " " * (33 << 20), "larger than 32 MiB"),
            ("[" * 1000000, "parsing depth"),
            (with_()[:-1], "line 1"),
            ("", "line 1"),
        ]
        for text, words in cases:
            done = house.heng("import", "--data", house.data, "-", stdin=text)
            assert done.returncode == 1 and done.stderr.count("\n") == 1 and words in done.stderr, (text[:80], done.stderr)
        tree = house.heng("archive", "tree", "--data", house.data)
        assert tree.returncode == 0 and not tree.stdout, tree.stdout


@tap.test
def the_examples_of_the_documents_work_as_printed(binaries):
    described = ("README.md", "README.zh-CN.md", "docs/gateway.md")
    with House(binaries) as house:
        for document in described:
            example = (ROOT / document).read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
            done = house.heng("import", "--data", house.folder / document.replace("/", "-"), "-", stdin=example)
            assert done.returncode == 0, (document, done.stderr)
        street = house.folder / "street.json"
        street.write_text((ROOT / "docs/simulator.md").read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
        site = subprocess.run([house.bin / "heng-sim", "--scenario", street, "--print-site"], capture_output=True, text=True,
                              timeout=60)
        assert site.returncode == 0 and json.loads(site.stdout)["site"] == "One street", site.stderr


@tap.test
def a_wrong_start_is_one_clear_sentence(binaries):
    with House(binaries) as house:
        assert house.import_site(house.site()).returncode == 0
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            cases = [
                (["serve", "--data", house.data, "--listen", f"127.0.0.1:{port}"], 1, str(port)),
                (["serve", "--data", house.data, "--listen", "0.0.0.0:0"], 1, "sign-in"),
                (["serve", "--data", house.data, "--listen", "127.0.0.1"], 2, "host:port"),
                (["serve", "--data", house.data, "--listen", "127.0.0.1:0", "--dtu-listen", f"127.0.0.1:{port}"], 1, "--dtu-listen"),
                (["serve", "--spped", "3"], 2, "--spped"),
                (["serve", "--data", "/proc/none"], 1, "/proc/none"),
                (["serve", "now"], 2, "now"),
                (["serve", "-xy"], 2, "-x"),
                (["decode", "--protocol", "telepathy", "00"], 2, "telepathy"),
                (["frobnicate"], 2, "frobnicate"),
                (["import", "--data", house.data, "/no/such/file.json"], 1, "/no/such/file.json"),
            ]
            for argv, status, word in cases:
                done = house.heng(*argv)
                text = done.stderr.strip().splitlines()
                said = [line for line in text if not line[:4].isdigit()]  # log lines begin with the year
                assert done.returncode == status, (argv, done.returncode, done.stderr)
                assert len(said) == 1 and word in said[0], (argv, text)

        not_ours = house.folder / "other"
        not_ours.mkdir()
        (not_ours / "heng.db").write_bytes(b"this is not a database, but somebody's letter" * 50)
        before = (not_ours / "heng.db").read_bytes()
        done = house.heng("serve", "--data", not_ours, "--listen", "127.0.0.1:0", "--dtu-listen", "off")
        assert done.returncode == 1 and "heng.db" in done.stderr, done.stderr
        assert (not_ours / "heng.db").read_bytes() == before, "a file that is not ours was touched"


@tap.test
def a_site_file_with_an_error_changes_nothing(binaries):
    with House(binaries) as house:
        good = house.site()
        assert house.import_site(good).returncode == 0
        again = house.import_site(good)
        assert again.returncode == 0, again.stderr

        def spoil(change):
            site = json.loads(json.dumps(good))
            site["site"] = "spoiled"
            change(site)
            return site
        cases = [
            (lambda s: s["meters"][3].update(address="999"), good["meters"][3]["number"]),
            (lambda s: s["meters"][5].update(line="no-such-line"), good["meters"][5]["number"]),
            (lambda s: s["meters"][5].update(medium="plasma"), "plasma"),
            (lambda s: s["meters"][5].update(protocol="morse"), "dlt645-2007"),
            (lambda s: s["meters"][5].update(protocol="modbus-rtu"), "needs a profile"),
            (lambda s: s["meters"][5].update(protocol="dlt645-2007", address="123"), "12 digits"),
            (lambda s: s["meters"][5].update(profile="nobodys"), "no profile 'nobodys'"),
            (lambda s: s["meters"][5].update(profile="acrel-ddsy1352"), "is not for a meter that speaks mbus"),
            (lambda s: s["meters"][7].pop("number"), "meters[7]"),
            (lambda s: s["lines"][0].update(baud="fast"), "baud"),
            (lambda s: s["lines"][0].update(colour="red"), "colour"),
            (lambda s: s["places"][2].update(parent="nowhere"), "nowhere"),
            (lambda s: s.update(metres=[]), "metres"),
            (lambda s: s["meters"].append(s["meters"][4]), good["meters"][4]["number"]),
            (lambda s: s["places"].append(s["places"][1]), "twice"),
            (lambda s: s["meters"][2].update(address="01"), good["meters"][2]["number"]),
            (lambda s: s["lines"][0].update(endpoint="nonsense"), "nonsense"),
            (lambda s: s["lines"][1].update(endpoint="hex:4"), "hex:4"),
            (lambda s: s["lines"][0].update(transport="serial", endpoint="/dev/ttyS0", baud=299), "299"),
            (lambda s: s["lines"][0].update(transport="pigeon"), "pigeon"),
        ]
        for change, word in cases:
            done = house.import_site(spoil(change))
            assert done.returncode == 1 and word in done.stderr and done.stderr.count("\n") == 1, (word, done.stderr)
        house.start_server()
        assert house.get("/api/v1/overview")["site"] == good["site"]
        assert house.get("/api/v1/overview")["meters"] == 97


@tap.test
def the_data_are_for_their_owner_only(binaries):
    with House(binaries) as house:
        assert house.import_site(house.site()).returncode == 0
        house.start_server()
        for path in [house.data, *house.data.iterdir()]:
            assert path.stat().st_mode & 0o077 == 0, (path, oct(path.stat().st_mode))


@tap.test
def decode_keeps_its_contract(binaries):
    with House(binaries) as house:
        good = house.heng("decode", "E5")
        assert good.returncode == 0 and json.loads(good.stdout)["kind"] == "ack"
        bad = house.heng("decode", "--protocol", "mbus", "68 03 03 68 08 01 70 78 16")
        said = json.loads(bad.stdout)
        assert bad.returncode == 1 and said["ok"] is False and said["error"] == "checksum" and "offset" in said and said["message"]
        stream = house.heng("decode", stdin="E5\n\n# a comment\nzz\n10 5B 05 60 16\n")
        lines = [json.loads(line) for line in stream.stdout.splitlines()]
        assert stream.returncode == 1 and [line["ok"] for line in lines] == [True, False, True], stream.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder with heng and heng-sim")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.exit(1 if tap.run(options.bin, only=options.only, at_once=2) else 0)
