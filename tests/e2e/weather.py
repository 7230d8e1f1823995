#!/usr/bin/env python3
"""End to end: days of weather over HTTP while the server runs, and by heng weather while it does not: as a whole or not at
all, the same twice changes nothing, degree days by the base of the site.

tests/e2e/weather.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import json
import pathlib
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, main  # noqa: E402

tap = Tap()
WEATHER = "/api/v1/weather"


@contextlib.contextmanager
def prepare(binaries):
    with House(binaries) as house:
        house.data.mkdir()
        house.start_server()
        yield house


def upload(house, station, text, kind="text/csv", language="en"):
    request = urllib.request.Request(f"{house.url}{WEATHER}/{station}?language={language}", text.encode(),
                                     {"Content-Type": kind}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def get(house, path):
    with urllib.request.urlopen(house.url + WEATHER + path, timeout=60) as answer:
        return json.load(answer)["items"]


@tap.test
def days_come_in_once_and_as_a_whole(house):
    table = "日期,平均气温,度日数\n2026-01-01,-3.2,\n2026/1/2,4,15.5\n"
    assert upload(house, "54511", table, language="zh") == (
        200, {"applied": True, "days": 2, "changed": 2, "faults": [], "fault_total": 0})
    assert upload(house, "54511", table, language="zh")[1]["changed"] == 0
    status, report = upload(house, "54511", "date,mean\n2026-01-03,5\n2026-01-04,cold\n2026-02-30,1\n")
    assert status == 200 and not report["applied"] and report["fault_total"] == 2, report
    assert [fault["why"][:4] for fault in report["faults"]] == ["B3: ", "A4: "], report
    days = get(house, "/54511?from=2026-01-01&to=2026-02-01")
    assert [(d["day"], d["mean"], d["degree_days"], d["computed"]) for d in days] == [
        ("2026-01-01", "-3.2", "21.2", True), ("2026-01-02", "4.0", "15.5", False)], days
    assert get(house, "") == [{"station": "54511", "days": 2, "first": "2026-01-01", "last": "2026-01-02"}]


@tap.test
def what_is_no_table_of_weather_is_refused(house):
    assert upload(house, "x", "{}", "application/json")[0] == 415
    assert upload(house, "x", "")[0] == 400
    assert upload(house, "x", "day,rain\n2026-01-01,3\n")[0] in (400, 409, 422)
    assert upload(house, "x", "PK\x03\x04 and no more")[0] in (400, 409, 422)
    assert get(house, "/x?from=2026-01-01&to=2026-02-01") == []


@tap.test
def the_base_of_the_site_makes_degree_days(house):
    assert house.server.end() == 0
    assert house.heng("weather", "use", "--station", "nowhere", "--data", str(house.data)).returncode == 1
    done = house.heng("weather", "use", "--station", "54511", "--base", "20/15", "--data", str(house.data))
    assert done.returncode == 0, done.stderr
    done = house.heng("weather", "list", "--station", "54511", "--data", str(house.data))
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [["2026-01-01", "-3.2", "23.2"],
                                                                       ["2026-01-02", "4.0", "15.5"]], done.stdout
    house.start_server()


if __name__ == "__main__":
    main(tap, prepare, __doc__)
