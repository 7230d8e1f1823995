#!/usr/bin/env python3
"""heng tariff, account and contract as a person types them: from a tariff to a closed account, a sheet, two organisations.

tests/e2e/accounts.py --bin build/dev/bin [--only WORD]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import Tap  # noqa: E402

tap = Tap()

HEAT = {"id": "H", "currency": "CNY", "components": [
    {"id": "heat", "rule": "per-unit", "quantity": "heat", "unit": "kWh", "price": "0.25"}]}
FILES = {
    "o.csv": "organisation key,name\na,Company A\nb,Company B\n",
    "p.csv": "place key,parent key,kind,name,organisation\nsun,,area,Sun,a\nsun-1,sun,building,1,\n"
             "moon,,area,Moon,b\nmoon-1,moon,building,1,\n",
    "m.csv": "place key,meter number,maker,medium,protocol\nsun-1,M1,HNG,heat,mbus\nmoon-1,M2,HNG,heat,mbus\n",
}


class Desk:
    """A data folder with two organisations, a meter each, and somebody who types."""

    def __init__(self, binaries, folder):
        self.program, self.folder = str(pathlib.Path(binaries) / "heng"), pathlib.Path(folder)
        for name, text in FILES.items():
            self.write(name, text)
        self.good("archive", "import", *[str(self.folder / name) for name in FILES])
        self.good("tariff", "put", "heat", self.write("heat.json", json.dumps(HEAT)))

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def run(self, *argv, data="data"):
        return subprocess.run([self.program, *argv, "--data", str(self.folder / data)], capture_output=True, text=True, timeout=60)

    def good(self, *argv, data="data"):
        done = self.run(*argv, data=data)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def bad(self, *argv):
        done = self.run(*argv)
        assert done.returncode == 1, (argv, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr


def desk(binaries):
    folder = tempfile.TemporaryDirectory()
    made = Desk(binaries, folder.name)
    made.keep = folder
    return made


@tap.test
def an_account_lives_from_the_first_word_to_the_last(binaries):
    d = desk(binaries)
    number = re.search(r"account (\d+) is open", d.good("account", "open", "--name", "王丽", "--warn", "50,20,0")).group(1)
    d.good("account", "carry-in", number, "--purse", "53.53", "--deposit", "200")
    assert "before" in d.good("account", "carry-in", number, "--purse", "53.53", "--deposit", "200")
    contract = d.good("contract", "add", number, "--point", "M1", "--tariff", "heat", "--mode", "prepaid", "--from",
                      "2026-01-01").split()[1]
    shown = d.good("account", "show", number)
    assert "53.53" in shown and "200.00" in shown and "point sun-1.heat" in shown and "in force" in shown, shown
    assert "in force" in d.bad("account", "close", number, "--channel", "bank")
    switched = d.good("contract", "switch", contract, "--mode", "postpaid", "--from", "2026-02-01")
    assert "goes on as" in switched
    assert len(d.good("contract", "list", number).splitlines()) == 2
    other = re.search(r"account (\d+) is open", d.good("account", "open", "--name", "B")).group(1)
    d.good("contract", "move", number, "--to", other, "--from", "2026-03-01", "--persons", "2")
    assert '{"persons":2}' in d.good("contract", "list", other)
    assert "less than" in d.bad("account", "transfer", number, "53.54", "--to", other)
    first = d.good("account", "transfer", number, "50", "--to", other, "--key", "t1")
    assert d.good("account", "transfer", number, "50", "--to", other, "--key", "t1").startswith(first.strip())
    assert "3.53" in d.good("account", "show", number)
    empty = re.search(r"account (\d+) is open", d.good("account", "open", "--name", "C")).group(1)
    d.good("account", "deposit", empty, "12.50", "--channel", "bank")
    assert "paid out of deposit: 12.50" in d.good("account", "close", empty, "--channel", "bank")
    assert "already" in d.good("account", "close", empty, "--channel", "bank")
    assert "closed" in d.bad("account", "deposit", empty, "1", "--channel", "bank")


@tap.test
def a_tariff_has_editions_and_is_bound_to_classes(binaries):
    d = desk(binaries)
    assert "the same is there" in d.good("tariff", "put", "heat", str(d.folder / "heat.json"))
    dearer = d.write("dearer.json", json.dumps(HEAT).replace("0.25", "0.30"))
    assert "edition 2" in d.good("tariff", "put", "heat", dearer, "--reason", "2027")
    assert d.good("tariff", "show", "heat", "1") == json.dumps(HEAT)
    assert "0.30" in d.good("tariff", "show", "heat")
    assert len(d.good("tariff", "list").splitlines()) == 2
    d.good("tariff", "bind", "class", "residential", "heat", "--from", "2026-01-01")
    assert "residential\theat\t2026-01-01" in d.good("tariff", "bindings")
    assert "no tariff" in d.bad("tariff", "bind", "class", "x", "nothing")
    d.bad("tariff", "put", "broken", d.write("broken.json", '{"components": [{"id": "x"}]}'))


@tap.test
def a_sheet_comes_in_as_a_whole_and_goes_out_again(binaries):
    d = desk(binaries)
    good = d.write("in.csv", "户号,户名,point,mode,tariff,from,purse\n1001,王丽,M1,prepaid,heat,2026-01-01,53.53\n1002,Li,,,,,\n")
    wrong = d.write("wrong.csv", "number,name,point,mode,tariff,from,purse\n1,A,,,,,\n2,B,M9,prepaid,heat,2026-01-01,\n"
                                 "3,C,M1,prepaid,heat,2026-02-30,x\n")
    said = d.bad("account", "import", wrong)
    assert "row 3, column C (point)" in said and "row 4, column F (from)" in said and "column G" in said, said
    assert d.good("account", "list") == ""
    assert "preview" in d.good("account", "preview", good)
    assert d.good("account", "list") == ""
    assert "2 accounts, 1 contracts" in d.good("account", "import", good)
    for name in ("out.xlsx", "out.csv"):
        d.good("account", "export", str(d.folder / name))
        data = "data-" + name
        d.good("archive", "import", *[str(d.folder / f) for f in FILES], data=data)
        d.good("tariff", "put", "heat", str(d.folder / "heat.json"), data=data)
        d.good("account", "import", str(d.folder / name), data=data)
        assert "53.53" in d.good("account", "show", "1001", data=data)
    d.good("account", "template", str(d.folder / "empty.xlsx"), "--language", "zh")


@tap.test
def organisations_do_not_see_each_other(binaries):
    d = desk(binaries)
    d.good("account", "open", "--name", "A", "--number", "A1", "--org", "a")
    d.good("account", "open", "--name", "B", "--number", "B1", "--org", "b")
    assert d.good("account", "list", "--org", "a").split() == ["A1", "A"]
    assert "no account" in d.bad("account", "show", "B1", "--org", "a")
    assert "no point" in d.bad("contract", "add", "A1", "--point", "M2", "--tariff", "heat", "--org", "a")
    d.good("contract", "add", "A1", "--point", "M1", "--tariff", "heat", "--org", "a")
    assert "no account" in d.bad("account", "transfer", "A1", "1", "--to", "B1", "--org", "a")


@tap.test
def words_that_cannot_be_are_answered_with_a_sentence(binaries):
    d = desk(binaries)
    for argv in (["account", "open"], ["account", "open", "--name", "A", "--warn", "1,2,3"], ["account", "open", "--name", "x" * 300],
                 ["account", "open", "--name", "A", "--number", "a/b"], ["account", "show", "nobody"],
                 ["account", "deposit", "nobody", "1"], ["contract", "end", "9999999999999999999999"], ["contract", "end", "x"],
                 ["contract", "list", "nobody"], ["tariff", "show", "none"], ["tariff", "put", "k", "/nowhere"]):
        said = d.bad(*argv)
        assert len(said) > 10 and "bug" not in said, (argv, said)
    for argv in (["account"], ["account", "dance"], ["contract", "add"], ["tariff", "bind", "class"]):
        assert d.run(*argv).returncode == 2, argv


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder with heng")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.exit(1 if tap.run(options.bin, only=options.only, at_once=2) else 0)
