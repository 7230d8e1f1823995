#!/usr/bin/env python3
"""heng prepaid as a person types it: sold, given back, taken back; what is refused books nothing; supply kept, settings, calendar.

tests/e2e/prepaid.py --bin build/dev/bin [--only WORD]
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
    "p.csv": "place key,parent key,kind,name\nsun,,area,Sun\nsun-1,sun,building,1\n",
    "m.csv": "place key,meter number,maker,medium,protocol\nsun-1,M1,HNG,heat,mbus\n",
}


class Desk:
    """A data folder with one prepaid account, and somebody who types."""

    def __init__(self, binaries, *limits):
        self.keep = tempfile.TemporaryDirectory()
        self.program, self.folder = str(pathlib.Path(binaries) / "heng"), pathlib.Path(self.keep.name)
        for name, text in FILES.items():
            self.write(name, text)
        self.good("archive", "import", *[str(self.folder / name) for name in FILES])
        self.good("tariff", "put", "heat", self.write("heat.json", json.dumps(HEAT)))
        self.number = re.search(r"account (\d+) is open", self.good("account", "open", "--name", "王丽", *limits)).group(1)
        self.good("contract", "add", self.number, "--point", "M1", "--tariff", "heat", "--mode", "prepaid")

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def run(self, *argv):
        return subprocess.run([self.program, *argv[:2], "--data", str(self.folder / "data"), *argv[2:]], capture_output=True, text=True, timeout=60)

    def good(self, *argv):
        done = self.run(*argv)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def bad(self, *argv, status=1):
        done = self.run(*argv)
        assert done.returncode == status, (argv, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def balance(self):
        return re.search(r"balance (\S+)", self.good("prepaid", "balance", self.number)).group(1)


@tap.test
def money_goes_in_and_out(binaries):
    d = Desk(binaries, "--hoard", "2000")
    n, by = d.number, ("--who", "Li", "--channel", "bank")
    sold = d.good("prepaid", "sell", n, "182.35", "--key", "s1", *by)
    assert "balance 182.35" in sold, sold
    assert "already" in d.good("prepaid", "sell", n, "182.35", "--key", "s1", *by)
    assert d.balance() == "182.35"
    d.bad("prepaid", "sell", n, "1817.66", *by)
    d.bad("prepaid", "sell", *by, "--", n, "-5")
    d.bad("prepaid", "sell", n, "0", *by)
    d.bad("prepaid", "sell", n, "much", *by)
    d.bad("prepaid", "refund", n, "182.36", *by)
    assert d.balance() == "182.35"
    d.good("prepaid", "refund", n, "100.00", *by)
    booking = re.search(r"booking (\d+)", d.good("prepaid", "sell", n, "10.00", *by)).group(1)
    d.bad("prepaid", "reverse", booking, "--reason", "wrong", *by)
    d.good("prepaid", "reverse", booking, "--reason", "wrong account", "--second", "Wang", *by)
    d.bad("prepaid", "reverse", booking, "--reason", "wrong account", "--second", "Wang", *by)
    assert d.balance() == "82.35"
    d.bad("prepaid", "adjust", "--reason", "goodwill", *by, "--", n, "-2.35")
    d.good("prepaid", "adjust", "--reason", "a meter was misread", "--second", "Wang", *by, "--", n, "-2.35")
    assert d.balance() == "80.00"
    assert n in d.good("prepaid", "list")
    assert "charges 0" in d.good("prepaid", "charge")


@tap.test
def the_site_says_how(binaries):
    d = Desk(binaries)
    assert "48" in d.good("prepaid", "set", "supply_data_age_h", "48", "--who", "Li")
    assert "docs/prepaid.md" in d.bad("prepaid", "set", "supply_data_age_h", "soon", "--who", "Li")
    d.bad("prepaid", "set", "supply_nothing", "1", "--who", "Li")
    good = d.write("c.json", '{"hours": ["17:00-08:30"], "weekends": true, "holidays": true}')
    assert "version 1" in d.good("prepaid", "calendar", good, "--who", "Li")
    assert "hours" in d.bad("prepaid", "calendar", d.write("d.json", '{"hours": ["17-8"]}'), "--who", "Li")
    assert "kept until" in d.good("prepaid", "keep", d.number, "--to", "2030-01-01", "--reason", "promised", "--who", "Li")
    d.bad("prepaid", "keep", d.number, "--to", "2030-01-01", "--who", "Li")
    assert d.good("prepaid", "tasks") == ""
    d.bad("prepaid", "approve", "7", "--who", "Li", "--second", "Wang")
    d.bad("prepaid", "sell", d.number, status=2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="folder with heng")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.exit(1 if tap.run(options.bin, only=options.only, at_once=2) else 0)
