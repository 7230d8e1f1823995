#!/usr/bin/env python3
"""End to end: the archive over HTTP while the server reads meters: a building from a template, faults by their cell,
everything out again, meters that are read without a restart, and files that mean harm.

tests/e2e/archive_api.py --bin build/dev/bin [--only WORD]
"""
import concurrent.futures
import contextlib
import csv
import io
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, call, main, wait_until  # noqa: E402

tap = Tap()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IMPORT = "/api/v1/archive/import"


def upload(house, body, kind="text/csv", timeout=300, **words):
    """Status and answer of one file."""
    query = urllib.parse.urlencode({"language": "zh", **words})
    request = urllib.request.Request(f"{house.url}{IMPORT}?{query}", body, {"Content-Type": kind}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def applied(house, body, kind="text/csv", **words):
    status, report = upload(house, body, kind, apply="true", **words)
    assert status == 200 and report["applied"], str(report)[:800]
    return {count["table"]: count for count in report["counts"]}


def download(house, path):
    with urllib.request.urlopen(house.url + path, timeout=60) as answer:
        return answer.read(), answer.headers


def lines_sheet(count=4):
    """Lines at ports of this machine where nobody is."""
    rows = [f"L{i},热表线路{i},TCP,127.0.0.1:{i}" for i in range(1, count + 1)]
    return ("线路编号,线路名称,连接方式,地址或端口\n" + "\n".join(rows) + "\n").encode()


def fill(template, rows):
    """The template with rows, each a dictionary of header and cell."""
    text = template.decode("utf-8-sig")
    headers, rows = next(csv.reader(io.StringIO(text))), list(rows)
    unknown = {name for row in rows for name in row} - {re.sub(r"[ *(（].*", "", name) for name in headers}
    assert not unknown, f"the template has no {unknown}: {headers}"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([row.get(re.sub(r"[ *(（].*", "", name), "") for name in headers])
    return out.getvalue().encode()


def building(count, name="1号楼", first=10000000):
    """A heat meter in each flat, 12 floors x 4 flats in each unit."""
    for i in range(count):
        unit, rest = divmod(i, 48)
        floor, nr = rest // 4 + 1, rest % 4 + 1
        yield {"小区": "阳光小区", "楼栋": name, "单元": f"{unit + 1}单元", "楼层": str(floor), "房号": f"{floor}{nr:02}",
               "面积": "85.5", "表号": str(first + i), "厂家": "HNG", "介质": "热量", "协议": "M-Bus", "线路": f"L{unit % 4 + 1}",
               "口径/规格": "DN20", "起始读数": "0", "起始日期": "2026-10-15"}


@tap.test
def building_from_a_template(house):
    applied(house, lines_sheet())
    template, headers = download(house, "/api/v1/archive/templates?table=meters&format=csv&language=zh")
    assert headers["Content-Disposition"] == 'attachment; filename="heng-template-meters.csv"', headers
    rows = list(building(300))
    rows[4]["介质"], rows[7]["面积"], rows[9]["表号"] = "岩浆", "很大", rows[8]["表号"]
    status, report = upload(house, fill(template, rows), name="一号楼.csv")
    assert status == 200 and not report["applied"] and report["fault_total"] >= 3, report["faults"]
    cells = {(fault["row"], fault.get("header", "").split("(")[0].strip(" *"), fault.get("value")) for fault in report["faults"]}
    assert (6, "介质", "岩浆") in cells and (9, "面积", "很大") in cells, cells
    assert any(row == 11 and value == rows[8]["表号"] for row, _, value in cells), cells
    assert all(fault["why"] and "一号楼" in fault["sheet"] for fault in report["faults"]), report["faults"]
    status, report = upload(house, fill(template, rows), apply="true")
    assert status == 200 and not report["applied"], "a sheet with faults is not applied"
    assert house.get("/api/v1/archive/tree")["items"] == [], "nothing is there"
    good = fill(template, building(300))
    status, report = upload(house, good)
    assert status == 200 and not report["applied"] and report["fault_total"] == 0, report["faults"]
    assert house.get("/api/v1/archive/tree")["items"] == [], "a preview changes nothing"
    assert applied(house, good)["meters"]["new"] == 300
    assert applied(house, good)["meters"]["same"] == 300, "the same once more changes nothing"


@tap.test
def tree_and_search(house):
    top, = house.get("/api/v1/archive/tree")["items"]
    assert top["name"] == "阳光小区" and top["open_points"] == 300, top
    one, = house.get(f"/api/v1/archive/tree?parent={top['id']}")["items"]
    units = house.get(f"/api/v1/archive/tree?parent={one['id']}&limit=3")
    assert len(units["items"]) == 3 and units["more"]
    rest = house.get(f"/api/v1/archive/tree?parent={one['id']}&after={units['items'][-1]['id']}")
    assert len(rest["items"]) == 4 and not rest["more"], "seven units of 48"
    words = urllib.parse.quote("1号楼 3单元 1204")
    found = house.get(f"/api/v1/archive/search?words={words}")["items"][0]
    assert found["path"] == "阳光小区 / 1号楼 / 3单元 / 1204", found
    assert all(item["kind"] == "unit" for item in
               house.get(f"/api/v1/archive/search?words={urllib.parse.quote('1号楼 单元')}&kind=unit")["items"])
    place = house.get(f"/api/v1/places/{found['id']}")
    assert [above["name"] for above in place["above"]] == ["阳光小区", "1号楼", "3单元"]
    point = place["points"][0]
    assert point["meter"]["number"] == "10000143" and point["meter"]["line_key"] == "L3", point
    detail = house.get(f"/api/v1/points/{point['id']}")
    assert {channel["quantity"] for channel in detail["channels"]} == {"energy", "volume"}, detail


@tap.test
def out_again(house):
    for form, kind in (("csv", "text/csv"), ("xlsx", XLSX)):
        sheet, headers = download(house, f"/api/v1/archive/export?table=meters&format={form}&language=zh")
        assert headers.get_content_type() == kind and len(sheet) > 1000
        assert applied(house, sheet, kind)["meters"]["same"] == 300, form
    book, _ = download(house, "/api/v1/archive/export?language=zh")
    counts = applied(house, book, XLSX)
    assert counts["meters"]["same"] == 300 and all(c["new"] == c["changed"] == 0 for c in counts.values()), counts
    assert counts["lines"]["same"] == 4, "one workbook has all tables"
    with contextlib.closing(zipfile.ZipFile(io.BytesIO(download(house, "/api/v1/archive/templates?language=de")[0]))) as z:
        assert sum(name.startswith("xl/worksheets/sheet") for name in z.namelist()) >= 8
    status, problem = call(house, "GET", "/api/v1/archive/export?format=csv")
    assert status == 400 and "table" in problem["detail"], problem
    assert call(house, "GET", "/api/v1/archive/export?place=999999999")[0] == 404
    assert not list(house.data.glob("spool*")), "nothing is left in the folder of the data"


@tap.test
def by_hand(house):
    place = house.get(f"/api/v1/archive/search?words={urllib.parse.quote('1号楼 2单元')}&kind=unit")["items"][0]
    one, two = (f"/api/v1/places/{place['id']}", {"first_floor": 13, "last_floor": 24, "per_floor": 4})
    status, preview = call(house, "POST", f"{one}/bulk", {**two, "areas_cm2": [895000, 760000]})
    assert status == 200 and not preview["applied"] and preview["made"] == 48, preview
    assert [p["name"] for p in preview["places"][:5]] == ["1301", "1302", "1303", "1304", "1401"]
    assert call(house, "GET", f"/api/v1/places/{preview['places'][0]['id']}")[0] == 404, "it was only a preview"
    status, made = call(house, "POST", f"{one}/bulk", {**two, "areas_cm2": [895000, 760000], "apply": True})
    assert status == 200 and made["applied"] and len(made["places"]) == 48, made
    assert call(house, "POST", f"{one}/bulk", {**two, "apply": True})[0] == 409, "they are there already"
    flat = made["places"][0]["id"]
    assert call(house, "POST", f"/api/v1/places/{flat}", {"name": "13-1", "floor": 14})[0] == 200
    after = house.get(f"/api/v1/places/{flat}")["place"]
    assert (after["name"], after["floor"], after["area_cm2"]) == ("13-1", 14, 895000), after
    status, made = call(house, "POST", "/api/v1/places", {"kind": "area", "name": "Süd"})
    assert status == 200
    assert call(house, "POST", f"/api/v1/places/{made['id']}/move", {"parent": made["id"]})[0] == 409
    assert call(house, "POST", f"/api/v1/places/{flat}/move", {"parent": made["id"]})[0] == 200
    assert house.get(f"/api/v1/places/{flat}")["place"]["path"] == "Süd / 13-1"
    status, copy = call(house, "POST", f"{one}/copy", {"parent": made["id"], "name": "Copy", "key": "copy"})
    assert status == 200 and copy["accepted"] > 90, copy
    status, problem = call(house, "POST", f"{one}/close", {})
    assert status == 409 and "open metering points" in problem["detail"], problem
    assert call(house, "POST", f"/api/v1/places/{copy['id']}/close", {"with_points": True})[0] == 200
    assert house.get(f"/api/v1/places/{copy['id']}")["place"]["closed"]
    assert call(house, "POST", f"/api/v1/places/{copy['id']}/reopen")[0] == 200
    assert not house.get(f"/api/v1/places/{copy['id']}")["place"]["closed"]
    assert call(house, "POST", "/api/v1/places/999999999/close", {})[0] == 404
    assert call(house, "POST", "/api/v1/places", {"kind": "area", "name": "x", "color": 1})[0] == 400


def raw(house, head, body=b"", timeout=20):
    """Status of a request written by hand."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", house.http_port), timeout=timeout)) as s:
        s.sendall(f"{head}\r\nHost: 127.0.0.1:{house.http_port}\r\n".encode() + body)
        return s.recv(65536).split(b" ")[1:2], s


@tap.test
def who_may_send_what(house):
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert upload(house, b"a,b\n", kind)[0] == 415, kind
    assert upload(house, b"")[0] == 400
    assert upload(house, b"a,b\n", colour="1")[0] == 400
    assert upload(house, b"a,b\n", policy="maybe")[0] == 400
    request = urllib.request.Request(f"{house.url}{IMPORT}", b"a,b\n", {"Content-Type": "text/csv", "Origin": "http://evil.example"})
    try:
        urllib.request.urlopen(request, timeout=20)
        raise AssertionError("a page of somebody else")
    except urllib.error.HTTPError as problem:
        assert problem.code == 403
    status, _ = raw(house, f"POST {IMPORT} HTTP/1.1", b"Content-Type: text/csv\r\nContent-Length: 99000000\r\n\r\n")
    assert status == [b"413"], status
    held = [socket.create_connection(("127.0.0.1", house.http_port), timeout=20) for _ in range(2)]
    for s in held:  # two whose bodies do not come
        s.sendall(f"POST {IMPORT} HTTP/1.1\r\nHost: 127.0.0.1:{house.http_port}\r\nContent-Type: text/csv\r\n"
                  "Content-Length: 5000\r\n\r\na,b\n".encode())
    wait_until(lambda: upload(house, lines_sheet())[0] == 503, 10, "two places for those who upload")
    assert house.is_up(), "everybody else is served"
    held.pop().close()
    wait_until(lambda: upload(house, lines_sheet())[0] == 200, 20, "the place of one who went away")
    held.pop().close()


def workbook(house, changes):
    """A template with other or more parts."""
    source = zipfile.ZipFile(io.BytesIO(download(house, "/api/v1/archive/templates?table=meters")[0]))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, changes[name](source.read(name)) if name in changes else source.read(name))
        for name in changes.keys() - set(source.namelist()):
            target.writestr(name, changes[name](b""))
    return out.getvalue()


@tap.test
def files_that_mean_harm(house):
    before = house.get("/api/v1/overview")
    sheet = "xl/worksheets/sheet1.xml"
    bomb = workbook(house, {sheet: lambda body: body.replace(b"</sheetData>", b" " * (300 << 20) + b"</sheetData>")})
    cases = {"a bomb": (bomb, XLSX), "an old .xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), XLSX),
             "a web page": (b"<html><table><tr><td>1</td></tr></table></html>", "text/csv"),
             "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(2000), XLSX), "half a workbook": (workbook(house, {})[:3000], XLSX),
             "no workbook": (b"PK\x03\x04" + bytes(200), XLSX), "noise": (bytes(range(256)) * 40, "text/csv")}
    for what, (body, kind) in cases.items():
        began = time.monotonic()
        status, report = upload(house, body, kind, apply="true")
        why = report["faults"][0]["why"] if status == 200 and report["faults"] else report.get("detail", "")
        assert (status == 200 and not report["applied"] or status in (400, 422)) and len(why) > 10, (what, status, report)
        assert time.monotonic() - began < 30, what
        print(f"# {what}: {status} {why}")
    macro = workbook(house, {"xl/vbaProject.bin": lambda _: b"macro" * 1000, "xl/externalLinks/externalLink1.xml": lambda _:
                             b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'})
    status, report = upload(house, macro, XLSX, name="makro.xlsx")
    assert status == 200 and report["rows"] == 0, "macros and links are not looked at, the sheet is"
    status, report = upload(house, workbook(house, {}), "text/csv")
    assert status == 200 and report["fault_total"] == 0, "the content says what it is"
    after = house.get("/api/v1/overview")
    assert before["meters"] == after["meters"] if "meters" in before else True
    assert house.is_up()


@tap.test
def nobody_waits_for_a_preview(house):
    """It works on a sketch of the database; what people and meters want to be stored is stored meanwhile."""
    template, _ = download(house, "/api/v1/archive/templates?table=meters&format=csv&language=zh")
    body = fill(template, building(6000, "9号楼", 90000000))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        preview = pool.submit(upload, house, body)
        wait_until(lambda: list(house.data.glob("preview-*")) or preview.done(), 60, "the preview to begin")
        assert call(house, "POST", "/api/v1/places", {"kind": "area", "name": "Meanwhile"})[0] == 200
        stored = time.monotonic() - began
        assert not preview.done(), "the place was stored before the preview had ended"
        status, report = preview.result()
        print(f"# a place was stored after {stored:.2f} s, a preview of 6000 meters took {time.monotonic() - began:.1f} s")
    assert status == 200 and not report["applied"] and report["counts"][-1]["new"] == 6000, report["counts"]
    assert not list(house.data.glob("preview-*")), "the sketch is gone"


def peak_mib(house):
    status = pathlib.Path(f"/proc/{house.server.process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


@tap.test
def many_wrong_rows(house):
    rows = "building,flat,meter number,medium,area m2\n" + "".join(f"B9,{i},W{i},lava,{i}\n" for i in range(250_000))
    before, began = peak_mib(house), time.monotonic()
    status, report = upload(house, rows.encode(), apply="true", language="en")
    seconds, grown = time.monotonic() - began, peak_mib(house) - before
    assert status == 200 and not report["applied"] and report["fault_total"] == 250_000, str(report)[:500]
    assert len(report["faults"]) == 1000 and grown < 600, grown
    assert house.get("/api/v1/archive/search?words=B9")["items"] == [], "nothing half applied"
    print(f"# 250,000 wrong rows in {seconds:.1f} s, {grown} MiB more")


@tap.test
def the_command_line(house):
    path = house.folder / "more.csv"
    path.write_bytes(fill(download(house, "/api/v1/archive/templates?table=meters&format=csv&language=zh")[0],
                          building(20, "2号楼", 20000000)))
    done = house.heng("archive", "import", "--data", house.data, "--language", "zh", path)
    assert done.returncode == 1 and "--server http://" in done.stderr, done.stderr
    done = house.heng("archive", "preview", "--server", house.url, "--language", "zh", path)
    assert done.returncode == 0 and "meters: 20 new" in done.stdout and "preview" in done.stdout, done
    done = house.heng("archive", "import", "--server", house.url + "/", "--language", "zh", path)
    assert done.returncode == 0 and "meters: 20 new" in done.stdout, done
    path.write_text("楼栋,房号,表号,介质\n2号楼,1,77,岩浆\n", encoding="utf-8")
    done = house.heng("archive", "import", "--server", house.url, "--language", "zh", path)
    assert done.returncode == 1 and "row 2, column D (介质), '岩浆'" in done.stdout, done
    assert "nothing is changed" in done.stderr, done.stderr
    done = house.heng("archive", "import", "--server", "http://127.0.0.1:1", path)
    assert done.returncode == 1 and "is 'heng serve' running" in done.stderr, done.stderr


@tap.test
def read_without_a_restart(binaries):
    """Meters and lines that come by a sheet are read, and what is read meanwhile is stored, every answer of it."""
    with House(binaries.bin) as house:
        site = house.site()
        missing = [meter for meter in site["meters"] if meter["protocol"] == "mbus"][-2:]
        assert len(missing) == 2, site["meters"]
        site["meters"] = [meter for meter in site["meters"] if meter not in missing]
        house.start_sim()
        assert house.import_site(site).returncode == 0
        house.start_server()
        wait_until(lambda: house.get("/api/v1/meters?state=ok&limit=500")["items"], 60, "the first answers")
        applied(house, lines_sheet())
        template, _ = download(house, "/api/v1/archive/templates?table=meters&format=csv&language=zh")
        reads = during = sheets = 0
        while during < 5 and sheets < 20:
            sheets += 1
            body = fill(template, building(1000, f"{sheets}号楼", 30000000 + 1000 * sheets))
            reads = len(house.rows("SELECT 1 FROM reading"))
            assert applied(house, body)["meters"]["new"] == 1000
            during += len(house.rows("SELECT 1 FROM reading")) - reads
        print(f"# {during} reads while {sheets} sheets of 1000 meters came in")
        assert during, "no answer came while a sheet did"
        sheet = "place key,meter number,maker,medium,protocol,line,address\n" + "".join(
            f"{m['place']},{m['number']},{m.get('manufacturer', '')},{m['medium']},{m['protocol']},{m['line']},{m['address']}\n"
            for m in missing)
        applied(house, sheet.encode(), language="en")
        for meter in missing:
            wait_until(lambda number=meter["number"]: any(
                m["number"] == number and m.get("last_read_at") for m in
                house.get(f"/api/v1/meters?q={number}&limit=10")["items"]), 60, f"meter {meter['number']} to be read")
        told = "event=reloaded"
        wait_until(lambda: told in house.server.output(), 10, "the lines to follow")
        assert house.server.end() == 0
        assert "fact_lost" not in house.server.output()
        counted = house.rows("SELECT sum(reads_ok) FROM line_state")[0][0]
        stored = house.rows("SELECT count(*) FROM reading")[0][0]
        assert stored >= counted > 0, f"{counted} reads were good, {stored} are stored"


@contextlib.contextmanager
def prepare(binaries):
    with House(binaries) as house:
        house.data.mkdir()
        house.start_server()
        yield house


if __name__ == "__main__":
    main(tap, prepare, __doc__)
