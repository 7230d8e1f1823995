#!/usr/bin/env python3
"""heng paper as a cashier and a landlord type it: receipts that count, statements, lists; read back as text.

tests/e2e/documents.py --bin build/dev/bin [--only WORD]
"""
import argparse
import contextlib
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from accounts import Desk  # noqa: E402
from house import Tap  # noqa: E402

tap = Tap()
HOUSE = {"kind": "heizkosten", "building": "Lindenweg 4", "period": {"first": "2023-01-01", "last": "2023-12-31"},
         "costs": [{"name": "Fernwärme", "amount": "23456.78"}],
         "warm_water": {"rule": "heat-meter", "use": "41.250", "total": "182.400"},
         "keys": {"heat": "0.70", "warm_water": "0.70"},
         "flats": [{"id": "1", "area": "62.40", "units": "1843.000", "warm_water": "21.450", "prepaid": "7200.00"},
                   {"id": "2", "area": "221.60", "units": "3066.750", "warm_water": "51.205", "prepaid": "4200.00"}]}
MONTH = {"kind": "monthly-information", "flat": "3", "month": "2026-01", "use_kwh": "612", "previous_month_kwh": "845",
         "year_before_kwh": "598", "average_user_per_m2": "8.9", "area": "71.05"}


@contextlib.contextmanager
def cashier(binaries):
    """A desk that is open, and an account with a prepaid heat contract."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(binaries, folder)
        desk.good("account", "open", "--number", "10001", "--name", "王小明", "--language", "zh", "--currency", "CNY")
        desk.good("contract", "add", "10001", "--point", "M1", "--mode", "prepaid", "--tariff", "heat")
        desk.good("cash", "open", "--desk", "A", "--float", "200", "--currency", "CNY", "--who", "Li")
        yield desk


def text_of(desk, *argv):
    out = desk.folder / "out.pdf"
    desk.good("paper", *argv, "-o", str(out))
    done = subprocess.run(["pdftotext", "-layout", str(out), "-"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout, out.read_bytes()


def has(text, *words):
    for word in words:
        assert word in text.replace("\u00a0", " "), (word, text)


@tap.test
def receipts_count_how_often_they_are_printed(binaries):
    with cashier(binaries) as desk:
        sold = desk.good("prepaid", "sell", "10001", "1409.50", "--channel", "cash", "--desk", "A", "--who", "Li")
        number = next(word.strip(".,;") for word in sold.split() if "-A-" in word)
        first, _ = text_of(desk, "receipt", number)
        has(first, "充值收据", number, "王小明", "1,409.50 元", "壹仟肆佰零玖元伍角整")
        assert "补打" not in first, first
        for copy, language, words in ((1, "zh", "补打第 1 次"), (2, "de", "Kopie Nr. 2"), (3, "en", "Copy no. 3")):
            again, _ = text_of(desk, "receipt", number, "--language", language)
            has(again, words)
        for form in ("roll-80", "roll-58", "form-third"):
            has(text_of(desk, "receipt", number, "--format", form)[0], number)
        out = desk.folder / "r.prn"
        desk.good("paper", "receipt", number, "--format", "escp", "-o", str(out))
        raw = out.read_bytes()
        assert raw.startswith(bytes.fromhex("1B401B321B4316")) and raw.count(b"\f") == 1, raw
        assert "壹仟肆佰零玖元伍角整".encode("gb18030") in raw, raw
        assert "no bill" in desk.bad("paper", "bill", "2026-000001")
        assert "no receipt" in desk.bad("paper", "receipt", f"{number[:-6]}999999")


@tap.test
def statements_and_months(binaries):
    with cashier(binaries) as desk:
        answer = subprocess.run([desk.program, "apportion", desk.write("house.json", json.dumps(HOUSE))],
                                capture_output=True, text=True, timeout=60).stdout
        with contextlib.closing(sqlite3.connect(desk.folder / "data" / "heng.db")) as db, db:
            db.execute("INSERT INTO apportion_run (id, org_id, place_id, from_day, to_day, state, at_us, who, ask, answer, "
                       "digest) SELECT 1, 0, min(id), 19358, 19723, 'approved', 1, 'Li', ?, ?, x'00' FROM place",
                       (json.dumps(HOUSE), answer))
        bill = json.loads(answer)["flats"][0]["tenants"][0]
        text, first = text_of(desk, "statement", "1", "1")
        german = bill["total"].replace(".", ",")
        has(text, "Heizkostenabrechnung", "Lindenweg 4", "01.01.2023 – 31.12.2023", "23.456,78 €",
            german[:-6] + "." + german[-6:] + " €", "Heizung Verbrauch")
        assert text_of(desk, "statement", "1", "1")[1] == first  # the same bytes
        assert "no flat '9'" in desk.bad("paper", "statement", "1", "9")
        month, _ = text_of(desk, "monthly", desk.write("month.json", json.dumps(MONTH)))
        has(month, "612 kWh", "-27,6 %", "+2,3 %", "632,3 kWh", "-3,2 %")
        page = desk.good("paper", "monthly", str(desk.folder / "month.json"), "--format", "page", "--language", "en")
        has(page, "<!doctype html>", "Same month last year")


@tap.test
def lists_are_files_for_a_spreadsheet(binaries):
    with cashier(binaries) as desk:
        for amount in ("100.00", "0.05"):
            desk.good("prepaid", "sell", "10001", amount, "--channel", "cash", "--desk", "A", "--who", "Li")
        rows = {"sales-day": 1, "sales-month": 1, "sales-year": 1, "receipts": 2, "refunds": 0, "settlement": 1,
                "bills": 0, "arrears": 0, "balances": 1}
        for kind, count in rows.items():
            out = desk.folder / f"{kind}.xlsx"
            said = desk.good("paper", "list", kind, "-o", str(out))
            assert said.startswith(f"{count} rows"), (kind, said)
            assert out.read_bytes()[:2] == b"PK"
        assert desk.run("paper", "list", "nonsense", "-o", "x").returncode == 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    sys.exit(1 if tap.run(arguments.bin, only=arguments.only, at_once=2) else 0)
