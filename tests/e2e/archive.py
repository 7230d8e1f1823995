#!/usr/bin/env python3
"""End to end: a building of a thousand meters out of one sheet, and sheets that mean harm, by the real program.

tests/e2e/archive.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import Tap, main  # noqa: E402

tap = Tap()
LINES = "线路编号,线路名称,连接方式,地址或端口\n" + "".join(
    f"L{i},热表线路{i},TCP,10.0.0.{i}:4001\n" for i in range(1, 9))


def building_sheet(meters):
    """One row for each meter: 12 floors x 4 flats in each unit, a heat and a water meter in each flat, a main meter."""
    rows = ["小区,楼栋,单元,楼层,房号,面积(m2),表号,厂家,介质,协议,线路,口径,总表,起始读数,起始日期",
            "阳光小区,1号楼,,,,,99000001,HNG,热量,M-Bus,L1,DN80,,,"]
    for i in range(meters - 1):
        flat, water = divmod(i, 2)
        unit, rest = divmod(flat, 48)
        floor, nr = rest // 4 + 1, rest % 4 + 1
        number = f"{20000000000000 + i}" if water else f"{10000000 + i}"
        rows.append(f"阳光小区,1号楼,{unit + 1}单元,{floor},{floor}{nr:02},8{nr}.5,{number},HNG,"
                    f"{'冷水' if water else '热量'},{'CJ/T 188' if water else 'M-Bus'},L{unit % 8 + 1},DN20,"
                    f"{'' if water else '99000001'},0,2026-10-15")
    return "\n".join(rows) + "\n"


class Archive:
    def __init__(self, binaries, folder):
        self.heng, self.folder = str(binaries / "heng"), pathlib.Path(folder)

    def run(self, word, *rest, data=None):
        began = time.monotonic()
        needs_data = [] if word == "template" else ["--data", str(data or self.folder / "data")]
        done = subprocess.run([self.heng, "archive", word, *needs_data, *map(str, rest)], capture_output=True,
                              text=True, timeout=300)
        self.seconds = time.monotonic() - began
        return done.returncode, done.stdout, done.stderr

    def good(self, word, *rest, data=None):
        status, out, problem = self.run(word, *rest, data=data)
        assert status == 0, f"{word}: {problem}{out[:500]}"
        return out

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@tap.test
def building(archive):
    sheet, lines = archive.write("building.csv", building_sheet(1000)), archive.write("lines.csv", LINES)
    out = archive.good("preview", "--language", "zh", sheet, lines)
    assert "meters: 1000 new" in out and "preview" in out, out
    assert archive.good("tree") == "", "a preview changes nothing"
    archive.good("import", "--language", "zh", sheet, lines)
    print(f"# a thousand meters in {archive.seconds:.2f} s")
    out = archive.good("import", "--language", "zh", sheet, lines)
    assert "meters: 1000 same" in out and "new" not in out and "changed" not in out, out
    out = archive.good("search", "1号楼", "3单元", "1204")
    assert out.splitlines()[0].startswith("阳光小区 / 1号楼 / 3单元 / 1204"), out
    assert archive.good("tree", "--depth", "1").startswith("阳光小区")


@tap.test
def round_trip(archive):
    for form, language in (("xlsx", "zh"), ("csv", "de"), ("xlsx", "en")):
        out = archive.folder / f"out-{form}-{language}"
        archive.good("export", "--format", form, "--language", language, out)
        again = archive.good("import", "--language", language, *sorted(out.glob("*." + form)))
        assert "new" not in again and "changed" not in again and "meters: 1000 same" in again, again
        fresh = archive.folder / f"fresh-{form}-{language}"
        archive.good("import", "--language", language, *sorted(out.glob("*." + form)), data=fresh)
        second = archive.folder / f"second-{form}-{language}"
        archive.good("export", "--format", "csv", "--language", "en", second, data=fresh)
        first = archive.folder / f"first-{form}-{language}"
        archive.good("export", "--format", "csv", "--language", "en", first)
        for path in sorted(first.iterdir()):
            assert path.read_bytes() == (second / path.name).read_bytes(), f"{path.name} differs by way of {form}"


@tap.test
def one_workbook(archive):
    book, fresh = archive.folder / "all.xlsx", archive.folder / "fresh-book"
    archive.good("export", "--all", "--language", "de", book)
    again = archive.good("import", "--language", "de", book)
    assert "new" not in again and "changed" not in again and "events:" in again, again
    archive.good("import", "--language", "de", book, data=fresh)
    archive.good("export", "--format", "csv", archive.folder / "book-1")
    archive.good("export", "--format", "csv", archive.folder / "book-2", data=fresh)
    for path in sorted((archive.folder / "book-1").iterdir()):
        assert path.read_bytes() == (archive.folder / "book-2" / path.name).read_bytes(), f"{path.name} differs"
    for language in ("zh", "en", "de"):
        template = archive.folder / f"all-{language}.xlsx"
        archive.good("template", "--all", "--language", language, template)
        with zipfile.ZipFile(template) as zipped:
            sheets = [name for name in zipped.namelist() if name.startswith("xl/worksheets/")]
        assert len(sheets) == 11, sheets  # ten tables and the explanations


@tap.test
def by_hand(archive):
    unit = "阳光小区-1号楼-1单元"
    out = archive.good("bulk", "--below", unit, "--floors", "13-14", "--per-floor", "4", "--areas", "89.5,76")
    assert "made 8 places" in out, out
    status, _, problem = archive.run("bulk", "--below", unit, "--floors", "13-14", "--per-floor", "4")
    assert status == 1 and "is there already" in problem, problem
    archive.good("copy", "阳光小区-1号楼", "--to", "阳光小区", "--name", "2号楼", "--key", "b2")
    assert "2号楼 / 1单元 / 1402" in archive.good("search", "2号楼 1单元 1402")
    status, _, problem = archive.run("close", "b2")
    assert status == 1 and "open metering points" in problem, problem
    archive.good("close", "b2", "--with-points")
    assert "b2] building, closed" in archive.good("tree")
    archive.good("reopen", "b2")
    archive.good("move", "b2", "--to", "")
    assert archive.good("search", "2号楼").startswith("2号楼  [b2]")


@tap.test
def templates(archive):
    for language in ("zh", "en", "de"):
        path = archive.folder / f"template-{language}.xlsx"
        archive.good("template", "--language", language, path)
        with zipfile.ZipFile(path) as z:
            names = z.namelist()
        assert "xl/worksheets/sheet2.xml" in names, "a sheet with explanations"
        archive.good("import", "--language", language, path)
    status, _, problem = archive.run("template", "--table", "meter", archive.folder / "x.xlsx")
    assert status == 2 and "no table 'meter'" in problem, problem


@tap.test
def wrong_rows(archive):
    """Every one is counted, a thousand are told, and nothing is there afterwards. proof_sheets and bench_archive take a million."""
    rows = 300_000
    path = archive.folder / "wrong.csv"
    with path.open("w", encoding="utf-8") as f:
        f.write("building,flat,meter number,medium,area m2\n")
        for i in range(rows):
            f.write(f"B9,{i},W{i},lava,{i}\n")
    status, out, problem = archive.run("import", path)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"# {rows} wrong rows in {archive.seconds:.1f} s, children's peak {peak} MiB")
    assert status == 1 and f"{rows} cells or rows are wrong" in problem, problem
    lines = out.splitlines()
    assert "row 2, column D (medium), 'lava': it is none of the words" in lines[0]
    assert lines[1000:] == ["... and 299000 more", "nothing is changed"], lines[1000:]
    assert archive.good("search", "B9") == "", "nothing half applied"
    path.unlink()


@tap.test
def zip_bomb(archive):
    """A workbook whose sheet unpacks to a gigabyte of nothing."""
    good = archive.folder / "template-en.xlsx"
    if not good.exists():
        archive.good("template", good)
    bomb = archive.folder / "bomb.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                body = body.replace(b"</sheetData>", b" " * (300 << 20) + b"</sheetData>")
            target.writestr(name, body)
    status, out, problem = archive.run("import", bomb)
    assert status == 1 and archive.seconds < 30, (status, archive.seconds)
    assert "200 times larger than packed" in out, out
    print(f"# the bomb in {archive.seconds:.2f} s: {out.splitlines()[0]}")


@tap.test
def organisations(archive):
    """A property company manages its part and learns nothing of the rest."""
    data = archive.folder / "two"
    files = [archive.write("o.csv", "organisation key,name\na,Company A\nb,Company B\n"),
             archive.write("p.csv", "place key,parent key,kind,name,organisation\nsun,,area,Sun,a\n"
                                    "sun-1,sun,building,One,\nsun-2,sun,building,Two,b\n"),
             archive.write("m.csv", "place key,meter number,maker,medium,protocol\nsun-1,M1,HNG,heat,mbus\n"
                                    "sun-2,M2,HNG,heat,mbus\n")]
    archive.good("import", *files, data=data)
    assert archive.good("tree", "--org", "b", data=data) == "Two  [sun-2] building\n"
    assert "One" in archive.good("tree", "--org", "a", data=data)
    assert archive.good("search", "--org", "b", "One", data=data) == ""
    archive.good("export", "--org", "b", "--format", "csv", archive.folder / "b", data=data)
    for path in (archive.folder / "b").iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert "M1" not in text and "One" not in text and "Company A" not in text, f"{path.name}: {text}"
    status, out, problem = archive.run("import", "--org", "b", files[2], data=data)
    assert status == 1 and "One" not in out + problem, out
    assert re.search(r"row 2, column A .*no such place|row 2, column B .*not in your part", out), out
    status, _, problem = archive.run("move", "--org", "b", "sun-1", "--to", "sun-2", data=data)
    assert status == 1 and "there is no place 'sun-1'" in problem, problem


@contextlib.contextmanager
def prepare(binaries):
    with tempfile.TemporaryDirectory(prefix="heng-archive-") as folder:
        yield Archive(pathlib.Path(binaries).resolve(), folder)


if __name__ == "__main__":
    main(tap, prepare, __doc__)
