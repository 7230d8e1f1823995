#!/usr/bin/env python3
"""End to end: from what a meter answered to an issued bill, and from the bill back to the bytes of the meter, by command;
the bundle for the customer is checked with tools that everybody has.

tests/e2e/bills.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import datetime
import hashlib
import io
import json
import pathlib
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, main, wait_until  # noqa: E402

tap = Tap()
EPOCH = datetime.date(1970, 1, 1)
PRICES = {"id": "T", "currency": "CNY", "components": [
    {"id": "energy", "rule": "steps", "quantity": "active", "unit": "kWh", "cycle": "month", "vat": {"rate": "0.13"},
     "steps": [{"from": "0", "price": "0.50"}, {"from": "5", "price": "0.55"}]},
    {"id": "fund", "rule": "per-unit", "quantity": "active", "unit": "kWh", "price": "0.0262", "vat": {"rate": "0.13"}}]}


def typed(house, *words, who="Wang", status=0):
    done = house.heng(*words, "--data", house.data, "--who", who)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout


@contextlib.contextmanager
def prepare(binaries):
    """A house whose first electricity meter was read; three days of it are complete, 12.34 kWh in all; one bill of them."""
    with House(binaries) as house:
        done = house.import_site(house.electric_site())
        assert done.returncode == 0, done.stderr
        house.start_sim("--power-port", str(house.power_port))
        house.start_server()
        wait_until(lambda: house.rows("SELECT count(*) FROM reading")[0][0] > 3, 60, "readings")
        assert house.server.end() == 0
        with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db, db:
            meter, point, house.number = db.execute(
                "SELECT i.device_id, i.point_id, d.number FROM installation i JOIN reading r ON r.device_id = i.device_id"
                " JOIN device d ON d.id = i.device_id ORDER BY 1 LIMIT 1").fetchone()
            read = db.execute("SELECT max(at_us) FROM reading WHERE device_id = ?", (meter,)).fetchone()[0]
            house.to = read // 86_400_000_000 + 2  # the readings lie within the days, whatever zone they are of
            db.execute("DELETE FROM usage_day WHERE channel_id IN (SELECT id FROM channel WHERE point_id = ?)", (point,))
            db.execute("DELETE FROM channel WHERE point_id = ?", (point,))
            db.execute("INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, main)"
                       " SELECT 1000, ?, quantity, tariff, qualifier, unit, 1, 1440, 1 FROM register WHERE device_id = ? AND"
                       " quantity = 'energy' AND tariff = 0 AND storage = 0 ORDER BY id LIMIT 1", (point, meter))
            for n, amount in enumerate((400, 434, 400)):  # of 10 Wh
                db.execute("INSERT INTO usage_day (channel_id, day, exp, amount, trust, method, permille, intervals, missing,"
                           " flags, packed) VALUES (1000, ?, 1, ?, 1, 0, 1000, 1, 0, 0, x'')", (house.to - 3 + n, amount))
        house.days = [str(EPOCH + datetime.timedelta(days=day)) for day in (house.to - 3, house.to)]
        prices = house.data / "prices.json"
        prices.write_text(json.dumps(PRICES))
        typed(house, "tariff", "put", "home", str(prices), "--reason", "as agreed")
        account = typed(house, "account", "open", "--name", "王丽").split("account ")[1].split()[0]
        typed(house, "contract", "add", account, "--point", house.number, "--tariff", "home", "--mode", "postpaid",
              "--from", house.days[0])
        house.run = typed(house, "bill", "run", "march", str(EPOCH + datetime.timedelta(days=house.to + 20)),
                          "--from", house.days[0], "--to", house.days[1])
        run = house.rows("SELECT id FROM bill_run")[0][0]
        typed(house, "bill", "issue", str(run), status=1)  # by the one who made it
        typed(house, "bill", "issue", str(run), who="Li")
        house.bill = house.rows("SELECT number FROM bill WHERE state = 'issued'")[0][0]
        yield house


def explained(house, *more):
    done = house.heng("bill", "explain", house.bill, "--data", house.data, *more)
    assert done.returncode == 0, (done.stdout[-400:], done.stderr)
    return done.stdout


@tap.test
def a_bill_is_told_down_to_the_bytes_in_three_languages(house):
    # 5 kWh x 0.50 + 7.34 x 0.55 + 12.34 x 0.0262 = 2.50 + 4.037 + 0.323308: 6.86
    assert house.rows("SELECT total FROM bill WHERE number = ?", house.bill) == [(686,)]
    frame = house.rows("SELECT hex(bytes) FROM frame f JOIN reading r ON r.first_frame = f.id JOIN device d ON d.id ="
                       " r.device_id WHERE d.number = ? ORDER BY r.at_us LIMIT 1", house.number)[0][0]
    for language in ("zh", "en", "de"):
        told = explained(house, "--language", language)
        assert "6.86" in told and house.number in told and "12.34" in told, told
        assert frame in told.replace(" ", "").upper(), told
    told = json.loads(explained(house, "--json"))
    assert sum(line["amount"] for charge in told["charges"] for line in charge["lines"]) == 686, told


@tap.test
def the_bundle_is_checked_with_tools_that_everybody_has(house):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "bill.tar"
        explained(house, "--bundle", str(path))
        again = pathlib.Path(folder) / "again.tar"
        explained(house, "--bundle", str(again))
        assert path.read_bytes() == again.read_bytes(), "two bundles of one bill differ"
        subprocess.run(["tar", "-xf", path, "-C", folder], check=True)
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)
        told = json.loads((pathlib.Path(folder) / "bill.json").read_text())
        rated = house.heng("rate", str(pathlib.Path(folder) / "ask-1.json"))
        assert rated.returncode == 0, rated.stderr
        lines = json.loads(rated.stdout)["lines"]
        kept = told["charges"][0]["lines"]
        assert len(lines) == len(kept) == 3
        for line, of_bill in zip(lines, kept):
            assert line["component"] == of_bill["component"] and line["quantity"] == of_bill["quantity"], (line, of_bill)
            assert abs(round(float(line["amount"]) * 100) - of_bill["amount"]) <= 1, (line, of_bill)
        days = (pathlib.Path(folder) / "usage-1.csv").read_text().splitlines()
        assert len(days) == 4 and days[2].split(",")[2] == "4340", days


@tap.test
def the_seal_stands_in_the_bundle_once_there_is_one(house):
    def names():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "bill.tar"
            explained(house, "--bundle", str(path))
            with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
                return {member.name: tar.extractfile(member).read() for member in tar}
    assert "proof.json" not in names()
    sealed = house.heng("seal", "init", "--data", house.data)
    assert sealed.returncode == 0, (sealed.stdout, sealed.stderr)
    files = names()
    proof = json.loads(files["proof.json"])
    assert proof["stream"] == "bill" and proof["rows"], proof
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums["proof.json"] == hashlib.sha256(files["proof.json"]).hexdigest()


@tap.test
def what_was_changed_behind_the_back_is_told(house):
    with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db, db:
        db.execute("UPDATE usage_day SET amount = 435 WHERE channel_id = 1000 AND amount = 434")
    told = json.loads(explained(house, "--json"))  # the bill is what it was; its days are not
    assert told["total"] == 686 and False in told["charges"][0]["rows_same"], told["charges"][0]["rows_same"]
    assert "changed since" in explained(house)


@tap.test
def what_late_readings_change_is_found_and_corrected_by_two(house):
    # 5 kWh x 0.50 + 8.34 x 0.55 + 13.34 x 0.0262 = 2.50 + 4.587 + 0.349508: 7.44
    with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db, db:
        db.execute("UPDATE usage_day SET amount = 534 WHERE channel_id = 1000 AND amount = 435")
    late = typed(house, "bill", "late", "--to", str(EPOCH + datetime.timedelta(days=house.to + 1)))
    assert house.bill in late and "difference 0.58" in late, late
    typed(house, "bill", "correct", house.bill, "--reason", "read again", status=1)
    refused = typed(house, "ledger", "refused")
    assert "bill.correct.refused" in refused and "second person" in refused and "Wang" in refused, refused
    assert house.rows("SELECT state FROM bill WHERE number = ?", house.bill) == [("issued",)]
    typed(house, "bill", "correct", house.bill, "--reason", "read again", "--second", "Li")
    bills = house.rows("SELECT number, kind, state, total FROM bill WHERE number <> '' ORDER BY id")
    assert [bill[1:] for bill in bills] == [("bill", "reversed", 686), ("reversal", "issued", -686), ("delta", "issued", 744)]
    assert "744" in typed(house, "bill", "show", bills[2][0]).replace(".", "")
    assert house.heng("bill", "late", "--data", house.data).stdout == ""
    account = house.rows("SELECT number FROM account")[0][0]
    assert "owed 7.44" in typed(house, "ledger", "show", account)


@tap.test
def a_fee_is_asked_for_beforehand_and_heat_is_billed_by_its_form(house):
    (contract, account), = house.rows("SELECT c.id, a.number FROM contract c JOIN account a ON a.id = c.account_id")
    day = [str(EPOCH + datetime.timedelta(days=house.to + n)) for n in (0, 30, 60)]
    typed(house, "bill", "plan", str(contract), "20.00", "--from", day[0], "--tax", "9")
    made = typed(house, "bill", "prepay", "april", day[2], "--from", day[0], "--to", day[1])
    typed(house, "bill", "issue", made.split()[1], who="Li")
    assert house.rows("SELECT total, tax FROM bill WHERE kind = 'prepay' AND state = 'issued'") == [(2000, 165)]
    form = house.data / "heat.json"
    form.write_text(json.dumps({
        "kind": "heat-bill", "price": {"area": {"price": "26.70", "per": "season"}, "season": {"days": 120},
                                       "base": {"share": "0.30"}, "unit_price": "0.20", "settle": "refund-collect"},
        "participants": [{"id": "1-101", "area": "100.00", "quantity": "9500", "prepaid": "0"}]}))
    place = house.rows("SELECT key FROM place ORDER BY id LIMIT 1")[0][0]
    kept = typed(house, "bill", "apportion", str(form), "--place", place, "--from", day[1], "--to", day[2]).split()[1]
    typed(house, "bill", "approve", kept, status=1)  # by the one who kept it
    typed(house, "bill", "approve", kept, who="Li")
    typed(house, "bill", "heat", kept, "heat", day[2], status=1)  # whose flat is it?
    run = typed(house, "bill", "heat", kept, "heat", day[2], f"1-101={account}").split()[1]
    typed(house, "bill", "issue", run, who="Li")
    assert house.rows("SELECT total FROM bill WHERE kind = 'heat' AND state = 'issued'") == [(270100,)]
    for kind, amount in (("prepay", "20.00"), ("heat", "2701.00")):  # no rates to work out again: told as it was asked
        number = house.rows("SELECT number FROM bill WHERE kind = ?", kind)[0][0]
        assert amount in house.heng("bill", "explain", number, "--data", house.data).stdout, kind
    assert "heat" in typed(house, "bill", "list") and "270100" in typed(house, "bill", "list", run).replace(".", "")


@tap.test
def a_run_of_another_medium_is_empty_and_can_be_given_up(house):
    day = [str(EPOCH + datetime.timedelta(days=house.to + n)) for n in (0, 30)]
    made = typed(house, "bill", "run", "water", day[1], "--from", day[0], "--to", day[1], "--medium", "cold water")
    assert "bills 0," in made, made
    typed(house, "bill", "run", "none", day[1], "--from", day[0], "--to", day[1], "--medium", "soup", status=1)
    typed(house, "bill", "cancel", made.split()[1], "--reason", "a try")
    assert house.rows("SELECT state FROM bill_run WHERE name = 'water'") == [("cancelled",)]


@tap.test
def an_account_that_owes_is_not_closed_and_the_operator_sees_who_tried(house):
    account = house.rows("SELECT number FROM account")[0][0]
    booked = house.rows("SELECT count(*) FROM booking")
    typed(house, "account", "close", account, "--channel", "bank", status=1)
    assert house.rows("SELECT count(*) FROM booking") == booked
    assert "account.close.refused" in typed(house, "ledger", "refused", account)


if __name__ == "__main__":
    main(tap, prepare, __doc__)
