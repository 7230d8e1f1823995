#!/usr/bin/env python3
"""End to end: accounts, contracts, tariffs, ledger, cash desk, prepaid and supply over HTTP, on the running server: what is
asked twice is done once, what is refused books nothing and can be found, supply comes back with a sale.

tests/e2e/money_api.py --bin build/dev/bin [--only WORD]      on PostgreSQL: script/with-postgres tests/e2e/money_api.py ...
"""
import concurrent.futures
import contextlib
import datetime
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import ROOT, House, Tap, call, main, wait_until  # noqa: E402

tap = Tap()
HEAT = {"id": "H", "currency": "CNY", "components": [
    {"id": "heat", "rule": "per-unit", "quantity": "heat", "unit": "kWh", "price": "0.25"}]}
WATER = {"id": "W", "currency": "CNY", "components": [
    {"id": "water", "rule": "per-unit", "quantity": "water", "unit": "m3", "price": "3.10"}]}
FILES = {
    "p.csv": "place key,parent key,kind,name\nsun,,area,Sun\nsun-1,sun,building,1\n",
    "m.csv": "place key,meter number,maker,medium,protocol\n" + "".join(f"sun-1,M{i},HNG,heat,mbus\n" for i in range(1, 6))
             + "sun-1,90000001,HNG,water,cjt188\n",
}
FAR, YESTERDAY = ((datetime.date.today() - datetime.timedelta(days=days)).isoformat() for days in (3, 1))


def path_with(path, **words):
    return f"{path}?{urllib.parse.urlencode(words)}" if words else path


class Desk:
    """A server with three meters that nobody reads, and somebody who works at a desk by HTTP."""

    def __init__(self, binaries):
        self.house = House(binaries)
        self.keys, self.points = 0, {}

    def __enter__(self):
        house = self.house
        house.data.mkdir()
        if os.environ.get("HENG_TEST_DB"):
            (house.data / "database").write_text(os.environ["HENG_TEST_DB"] + "\n", encoding="utf-8")
        self.begin()
        house.start_server()
        return self

    def begin(self):
        for name, text in FILES.items():
            (self.house.folder / name).write_text(text, encoding="utf-8")
        out = self.house.heng("archive", "import", "--data", self.house.data, *[self.house.folder / name for name in FILES])
        assert out.returncode == 0, out.stderr

    def __exit__(self, *exc):
        self.house.__exit__(*exc)

    def key(self):
        self.keys += 1
        return f"k{id(self)}-{self.keys}"

    def get(self, path, want=200, **words):
        status, body = call(self.house, "GET", path_with(f"/api/v1{path}", **words))
        assert status == want, (path, words, status, body)
        return body

    def post(self, path, body=None, want=200, **fields):
        """One wish; too many at once are asked for again, as the server says."""
        body = {"key": self.key(), "who": "Li", **(body or {}), **fields}
        while True:
            status, answer = call(self.house, "POST", f"/api/v1{path}", body)
            if status != 503 or want == 503:
                break
            time.sleep(0.2)
        assert status == want, (path, body, status, answer)
        return answer

    def send(self, path, document, **words):
        """A file, to an operation that takes one."""
        request = urllib.request.Request(
            path_with(f"{self.house.url}/api/v1{path}", **words),
            document if isinstance(document, bytes) else json.dumps(document).encode(), {"Content-Type": "application/json"}, method="POST")
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as problem:
                if problem.code != 503:
                    return problem.code, json.load(problem)
                time.sleep(0.2)

    def put_tariff(self, key, document, want=200, **words):
        status, body = self.send("/tariffs", document, tariff=key, **{"key": self.key(), "who": "Li", **words})
        assert status == want, (key, status, body)
        return body

    def point(self, number):
        """Of the meter with this number."""
        if not self.points:
            top = self.get("/archive/tree")["items"][0]["id"]
            for place in self.get("/archive/tree", parent=top)["items"]:
                self.points.update({p["meter"]["number"]: p["id"] for p in self.get(f"/places/{place['id']}")["points"]})
        return self.points[number]

    def customer(self, meter="M1", mode="prepaid", tariff="heat", **fields):
        """An account with one contract: its id."""
        account = self.post("/accounts", {"name": "王丽"}, **fields)["id"]
        self.post(f"/accounts/{account}/contracts", point=self.point(meter), mode=mode, tariff=tariff,
                  **{"from": FAR})
        return account

    def purse(self, account):
        return self.get(f"/accounts/{account}")["balance"]["purse"]

    def bookings(self):
        return self.get("/ledger/check")["bookings"]

    def refused(self, path, body=None, want=409, words="", subject=None, **fields):
        """Refused with a reason; nothing is booked; the operator finds it."""
        before = self.bookings()
        key = self.key()
        answer = self.post(path, {**(body or {}), "key": key}, want, **fields)
        assert words in answer["detail"], answer
        assert self.bookings() == before, path
        lines = [line for line in self.get("/audit", refused=1, limit=5)["items"] if line.get("after", {}).get("key") == key]
        assert len(lines) == 1 and lines[0]["reason"].strip() == answer["detail"].strip() and lines[0]["who"] == "Li", (lines, answer)
        assert subject is None or (lines[0]["subject"], lines[0]["subject_id"]) == subject, lines
        return answer["detail"]

    def good_books(self):
        proof = self.get("/ledger/check")
        assert proof["wrong"] == 0, proof
        return proof


@tap.test
def a_customer_from_the_first_day_to_the_last(desk):
    assert desk.put_tariff("heat", HEAT)["made"] == 1
    assert desk.put_tariff("heat", HEAT)["made"] == 1  # the same bytes are the same edition
    assert "components" in desk.put_tariff("heat", {"id": "H", "currency": "CNY", "components": [{"id": "x"}]}, 400)["detail"]
    document = desk.get("/tariffs/edition", tariff="heat")
    assert document["body"] == HEAT and document["edition"]["edition"] == 1, document
    account = desk.post("/accounts", {"name": "Anna Klein", "phone": "0170 1", "language": "de", "hoard": 100000})["id"]
    wrong = desk.refused(f"/accounts/{account}/contracts", {"point": desk.point("M1"), "mode": "prepaid", "tariff": "none"}, 400)
    assert "none" in wrong, wrong
    contract = desk.post(f"/accounts/{account}/contracts", {"point": desk.point("M1"), "mode": "prepaid", "tariff": "heat",
                                                            "from": FAR, "terms": {"persons": 3}})["id"]
    seen = desk.get(f"/contracts/{contract}")
    assert seen["contract"]["terms"] == {"persons": 3} and seen["tariffs"][0]["tariff"] == "heat", seen
    desk.post("/cash/open", desk="A", opening=20000, currency="CNY")
    sold = desk.post(f"/accounts/{account}/sell", amount=15000, desk="A", channel="cash")
    assert sold["receipt"].endswith("-A-000001") and (sold["balance_before"], sold["balance_after"]) == (0, 15000), sold
    deposit = desk.post(f"/accounts/{account}/deposit", amount=5000, desk="A", channel="cash")
    assert deposit["amount"] == 5000 and deposit["receipt"].endswith("-A-000002"), deposit
    detail = desk.get(f"/accounts/{account}")
    assert detail["account"]["name"] == "Anna Klein" and detail["account"]["hoard"] == 100000, detail
    assert (detail["balance"]["purse"], detail["balance"]["deposit"]) == (15000, 5000) and not detail["supply_off"], detail
    assert [b["kind"] for b in detail["bookings"]] == ["deposit", "sale"], detail["bookings"]
    assert sum(p["amount"] for p in detail["bookings"][0]["postings"]) == 0
    receipt = desk.get("/receipt", number=sold["receipt"])
    assert receipt["booking"] == sold["booking"] and receipt["printed"] == 0, receipt
    assert [desk.post("/receipt/print", number=sold["receipt"])["made"] for _ in range(2)] == [1, 2]
    assert desk.get("/receipt", number=sold["receipt"])["printed"] == 2
    assert desk.get("/receipts", desk="A", year=datetime.date.today().year)["items"][0]["number"] == sold["receipt"]
    day = desk.get("/cash/day", desk="A")
    assert day["expected"] == 40000 and day["totals"][0]["gross"] == 20000, day
    closing = desk.get(f"/accounts/{account}/closing")
    assert not closing["can_close"] and any("in force" in reason["text"] for reason in closing["reasons"]), closing
    desk.refused(f"/accounts/{account}/close", {"desk": "A", "channel": "cash"}, words="in force", subject=("account", account))
    desk.post(f"/contracts/{contract}/end", day=YESTERDAY)
    closing = desk.get(f"/accounts/{account}/closing")
    assert [True] == ["final bill" in reason["text"] for reason in closing["reasons"]] and closing["payout"] == 20000, closing
    account = desk.post("/accounts", {"name": "Short stay"})["id"]
    desk.post(f"/accounts/{account}/deposit", amount=5000, desk="A", channel="cash")
    desk.post(f"/accounts/{account}/collect", amount=800, desk="A", channel="cash")
    closing = desk.get(f"/accounts/{account}/closing")
    assert closing["can_close"] and closing["payout"] == 5800, closing
    wish = {"key": desk.key(), "who": "Li", "desk": "A", "channel": "cash", "reason": "moved away"}
    closed = desk.post(f"/accounts/{account}/close", wish)
    assert closed["made"] == 2 and desk.post(f"/accounts/{account}/close", wish) == closed, closed
    assert set(desk.get(f"/accounts/{account}")["balance"].values()) == {0} and desk.get(f"/accounts/{account}")["account"]["closed_at"]
    desk.refused(f"/accounts/{account}/sell", {"amount": 100, "desk": "A", "channel": "cash"}, 403, "closed")
    desk.refused("/cash/close", {"desk": "A", "counted": 39990, "handed_over": 0}, 400, "reason")
    desk.post("/cash/close", desk="A", counted=39990, handed_over=10000, handed_to="Zhao", reason="ten fen are missing")
    totals = desk.get("/cash/settlement", desk="A")
    assert (totals["days"], totals["difference"], totals["handed_over"]) == (1, -10, 10000), totals
    shut = desk.get("/cash/days", desk="A")["items"][0]
    assert shut["counted"] == 39990 and shut["handed_to"] == "Zhao", shut
    assert len(desk.get(f"/cash/days/{shut['id']}/bookings")["items"]) >= 4
    desk.good_books()


@tap.test
def the_same_key_is_the_same_wish(desk):
    desk.put_tariff("heat", HEAT)
    account = desk.customer("M2")
    wish = {"key": desk.key(), "who": "Li", "amount": 5000, "channel": "bank"}
    first = desk.post(f"/accounts/{account}/sell", wish)
    before = desk.bookings()
    for _ in range(3):
        assert desk.post(f"/accounts/{account}/sell", wish) == first
    turned = dict(reversed(list(wish.items())))
    assert desk.post(f"/accounts/{account}/sell", turned) == first  # the order of names says nothing
    for other in ({**wish, "amount": 5001}, {**wish, "who": "Wu"}, {**wish, "channel": "wechat"}, {**wish, "reason": "x"}):
        answer = desk.post(f"/accounts/{account}/sell", other, 409)
        assert "key" in answer["detail"], answer
    desk.post(f"/accounts/{account}/refund", wish, 409)
    assert desk.bookings() == before and desk.purse(account) == 5000
    opened = {"key": desk.key(), "who": "Li", "name": "Twice"}
    assert desk.post("/accounts", opened) == desk.post("/accounts", opened)
    assert len(desk.get("/accounts", words="Twice")["items"]) == 1
    desk.good_books()


@tap.test
def what_is_refused_books_nothing_and_is_found(desk):
    desk.put_tariff("heat", HEAT)
    account = desk.post("/accounts", {"name": "Refused", "hoard": 10000})["id"]
    sell = f"/accounts/{account}/sell"
    desk.refused(sell, {"amount": 100, "channel": "bank"}, 403, "no prepaid contract", ("account", account))
    desk.post(f"/accounts/{account}/contracts", point=desk.point("M3"), mode="prepaid", tariff="heat")
    desk.refused(sell, {"amount": 10001, "channel": "bank"}, 403, "highest balance")
    assert desk.get(f"/accounts/{account}/may-sell", amount=10001)["allowed"] is False
    assert desk.get(f"/accounts/{account}/may-sell", amount=10000)["allowed"] is True
    desk.post(sell, amount=3000, channel="bank")
    desk.refused(f"/accounts/{account}/refund", {"amount": 3001, "channel": "bank"}, 409, subject=("account", account))
    desk.refused(sell, {"amount": 100, "channel": "cash", "desk": "Z"}, 403, "cash day")
    sold = desk.post(sell, amount=700, channel="bank")
    back = f"/bookings/{sold['booking']}/reverse"
    desk.refused(back, {"reason": "wrong account"}, 403, "second person", ("booking", sold["booking"]))
    desk.refused(back, {"second": "Li", "reason": "wrong account"}, 403, "second person")
    desk.post(back, second="Wang", reason="wrong account")
    desk.refused(back, {"second": "Wang", "reason": "wrong account"}, 409, "reversed before")
    desk.refused(f"/accounts/{account}/adjust", {"amount": -100, "second": "Wang"}, 403, "reason")
    desk.post(f"/accounts/{account}/adjust", amount=-100, second="Wang", reason="misread")
    desk.refused(f"/accounts/{account}/transfer", {"to": account + 1000, "amount": 100}, 404)
    desk.refused(f"/accounts/{account}/sell", {"amount": 100, "channel": "bank", "organisation": 4711}, 404, "no such account")
    desk.get(f"/accounts/{account}", 404, organisation=4711)
    desk.get(f"/accounts/{account}/bookings", 404, organisation=4711)
    assert desk.get("/accounts", organisation=4711)["items"] == []
    desk.refused(f"/accounts/{account}/collect", {"amount": 100, "channel": "bank", "bills": [77]}, 404)
    collected = desk.post(f"/accounts/{account}/collect", amount=900, channel="bank")
    assert desk.get(f"/accounts/{account}")["balance"]["advance"] == 900, collected
    desk.refused(f"/accounts/{account}/refund", {"amount": 901, "channel": "bank", "book": "advance"}, 409)
    assert desk.purse(account) == 2900
    key = desk.key()  # a sentence that quotes half a character is found all the same
    desk.post("/receipt/print", {"key": key, "number": "号" * 21}, 400)
    assert any(line["after"]["key"] == key for line in desk.get("/audit", refused=1, limit=3)["items"])
    # what is no wish at all is told by its field, and leaves nothing
    for body, word in (({"amount": 0}, "amount"), ({"amount": "5"}, "amount"), ({"amount": 5, "much": 1}, "much"), ({}, "amount"),
                       ({"amount": 5, "who": "Li\u0000"}, "who"), ({"amount": 5, "who": "x" * 64}, "who"), ({"amount": 2 ** 70}, "amount")):
        assert word in desk.post(sell, {"channel": "bank", **body}, 400)["detail"], body
    assert "key" in desk.post(sell, {"amount": 5, "channel": "bank", "key": "no/slash"}, 400)["detail"]
    status, _ = call(desk.house, "POST", f"/api/v1{sell}", {"amount": 5}, {"Origin": "http://evil.example"})
    assert status == 403
    desk.good_books()


@tap.test
def nothing_is_sold_while_an_order_is_under_way(desk):
    desk.put_tariff("water", WATER)
    point = desk.point("90000001")
    account = desk.customer("90000001", "in-meter", "water")
    sold = desk.post(f"/accounts/{account}/sell", amount=2000, channel="bank", point=point)
    order = desk.get("/meter-orders", which="open")["items"][0]
    assert order["amount"] == 2000 and order["state"] in ("waiting", "sent", "unknown"), order
    balance = desk.get(f"/accounts/{account}")["balance"]
    assert (balance["purse"], balance["in_meter"]) == (0, 2000), (balance, sold)
    desk.refused(f"/accounts/{account}/sell", {"amount": 100, "channel": "bank", "point": point}, 403, "on its way")
    assert desk.get(f"/accounts/{account}/may-sell", amount=100, point=point)["why"]
    reasons = [reason["text"] for reason in desk.get(f"/accounts/{account}/closing")["reasons"]]
    assert any("orders of money" in text for text in reasons) and any("in its meters" in text for text in reasons), reasons
    desk.refused(f"/accounts/{account}/close", {"channel": "bank"}, subject=("account", account))
    desk.refused(f"/meter-orders/{order['id']}/decide", {"choice": "arrived", "reason": "seen"}, 409)
    desk.good_books()


@tap.test
def groups_moves_and_switches(desk):
    desk.put_tariff("heat", HEAT)
    desk.post("/tariff-bindings", level="class", name="homes", tariff="heat", **{"from": "2020-01-01"})
    assert any(b["name"] == "homes" for b in desk.get("/tariff-bindings")["items"])
    one, two = (desk.post("/accounts", {"name": name})["id"] for name in ("Leaves", "Comes"))
    today = datetime.date.today().isoformat()
    tomorrow = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
    contract = desk.post(f"/accounts/{one}/contracts", {"point": desk.point("M4"), "mode": "postpaid", "price_class": "homes",
                                                        "from": tomorrow})["id"]
    assert desk.get(f"/contracts/{contract}", to="2100-01-01")["tariffs"][0]["level"] == "class"
    later = (datetime.date.today() + datetime.timedelta(days=9)).isoformat()
    on = desk.post(f"/contracts/{contract}/switch", mode="prepaid", day=later)["id"]
    assert desk.get(f"/contracts/{on}")["contract"]["follows"] == contract
    moved = desk.post("/moves", {"from": one, "to": two, "day": (datetime.date.today() + datetime.timedelta(days=20)).isoformat()})
    assert moved["made"] == 1 and desk.get(f"/contracts/{moved['id']}")["contract"]["account"] == two, moved
    desk.refused("/moves", {"from": one, "to": two, "day": today}, 404, "nobody has a contract")
    desk.refused(f"/contracts/{on}/end", {"day": "soon"}, 400, "day")
    example = {"period": {"from": "2026-01-01", "to": "2026-02-01"}, "tariff": HEAT,
               "usage": [{"quantity": "heat", "unit": "kWh", "amount": "612.40"}]}
    status, answer = desk.send("/tariffs/test", example, language="de")
    assert status == 200 and answer["answer"]["total"] == "153.10" and "kWh" in json.dumps(answer["answer"]["steps"]), answer
    status, answer = desk.send("/tariffs/test", {"as_of": today, "bills": []}, language="de")
    assert status == 400 and answer["detail"], answer
    for bad in (b"", b"{", b"\xff\xfe", b'{"a":' * 40):
        assert desk.send("/tariffs/test", bad)[0] == 400, bad
        assert desk.send("/tariffs", bad, tariff="bad", key=desk.key(), who="Li")[0] == 400, bad
    desk.good_books()


@tap.test
def people_decide_about_supply(desk):
    account = desk.post("/accounts", {"name": "Kept"})["id"]
    desk.refused(f"/accounts/{account}/keep", {"until": "2100-01-01"}, 403, "say why")
    desk.post(f"/accounts/{account}/keep", until="2100-01-01", reason="promised")
    assert desk.get(f"/accounts/{account}")["keep_until"].startswith(("2100-01-01", "2099-12-31"))
    for word in ("approve", "drop", "retry"):
        desk.refused(f"/supply-tasks/4711/{word}", {"second": "Wang", "reason": "x"}, 404)
    assert desk.get("/supply-tasks", open=1)["items"] == []
    assert desk.get("/notices")["items"] == [] and desk.get("/notices", waiting=1)["items"] == []
    desk.refused("/notices/4711", {"state": "sent"}, 404, "no such notice")
    assert isinstance(desk.get("/prepaid", level=0)["items"], list)


@tap.test
def at_once_by_many(desk):
    """Any order, any number of times, by many at once: each key is done once, the books agree with what was answered."""
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    chance = random.Random(seed)
    desk.put_tariff("heat", HEAT)
    account = desk.customer("M5")
    desk.post(f"/accounts/{account}/sell", amount=1000, channel="bank")
    wishes = [(chance.choice(("sell", "refund")), {"key": desk.key(), "who": "Li", "channel": "bank", "amount": chance.randrange(1, 900)})
              for _ in range(12)]
    asked = [wish for wish in wishes for _ in range(4)]
    chance.shuffle(asked)

    def ask(wish):
        word, body = wish
        while True:
            status, answer = call(desk.house, "POST", f"/api/v1/accounts/{account}/{word}", body)
            if status != 503:
                return word, body, status, answer
            time.sleep(0.3)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, asked))
    done = {}
    for word, body, status, answer in answers:
        assert status in (200, 409), (word, body, status, answer)
        if status == 200:  # what was refused for want of money may be good later, and then it stays
            assert done.setdefault(body["key"], (word, answer))[1] == answer
    want = 1000 + sum(answer["amount"] if word == "sell" else -answer["amount"] for word, answer in done.values())
    assert desk.purse(account) == want, (desk.purse(account), want)
    pages, before = [], {}
    while True:  # by pages of five
        page = desk.get(f"/accounts/{account}/bookings", limit=5, **before)
        pages += page["items"]
        if not page["more"]:
            break
        before = {"before": page["items"][-1]["id"]}
    assert len(pages) == 1 + len(done) == len({booking["id"] for booking in pages}), (len(pages), len(done))
    numbers = [receipt["number"] for receipt in desk.get("/receipts", desk="bank", year=datetime.date.today().year)["items"]]
    assert [int(number.rsplit("-", 1)[1]) for number in numbers] == list(range(1, len(numbers) + 1)), numbers
    desk.good_books()


@tap.test
def every_answer_fits_the_contract(desk):
    done = subprocess.run([sys.executable, ROOT / "script/check-api.py", desk.house.url], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if not line.startswith("ok")][:20]


@tap.test
def supply_comes_back_with_a_sale(_):
    """A real valve, virtual water: closed by a command, opened because somebody paid at the desk."""
    with House(binaries) as house:
        out = house.import_site(house.site())
        assert out.returncode == 0, out.stderr
        meter, point = house.rows("SELECT i.device_id, i.point_id FROM installation i JOIN device d ON d.id = i.device_id "
                                  "WHERE d.protocol = 'cjt188' AND i.until_us IS NULL ORDER BY d.number LIMIT 1")[0]
        house.start_sim()
        house.start_server()
        desk = Desk(binaries)
        desk.house = house
        desk.put_tariff("water", WATER)
        account = desk.post("/accounts", {"name": "Thirsty"})["id"]
        desk.post(f"/accounts/{account}/contracts", point=point, mode="prepaid", tariff="water")
        status, body = call(house, "POST", "/api/v1/commands", {"meter": meter, "order": "disconnect"})
        assert status in (200, 202) and house.command_ended(body["id"], "cut")["stage"] == "confirmed", body
        with contextlib.closing(sqlite3.connect(house.data / "heng.db", timeout=20)) as db, db:
            db.execute("INSERT INTO supply_task (id, key, org_id, account_id, point_id, wish, state, reason, made_us, command_id, "
                       "ended_us) VALUES (1, 'off:1', 0, ?, ?, 'off', 'done', 'overdraft', 1, ?, 1)", (account, point, body["id"]))
        house.server.end()
        house.start_server()  # it has given out no id of a task yet
        assert desk.get(f"/accounts/{account}")["supply_off"]
        began = time.monotonic()
        desk.post(f"/accounts/{account}/sell", amount=5000, channel="bank")
        wait_until(lambda: not desk.get(f"/accounts/{account}")["supply_off"], 60, f"supply to come back: {desk.get('/supply-tasks')}")
        wait_until(lambda: desk.get("/supply-tasks", account=account)["items"][0]["state"] == "done", 60, "the meter to say so")
        print(f"# {time.monotonic() - began:.1f} s from the sale to the open valve", flush=True)
        assert time.monotonic() - began < 60
        task = desk.get("/supply-tasks", account=account)["items"][0]
        assert task["restore"] and desk.get(f"/commands/{task['command']}")["stage"] == "confirmed", task


if __name__ == "__main__":
    binaries = None

    @contextlib.contextmanager
    def one_desk(folder):
        global binaries
        binaries = folder
        with Desk(folder) as desk:
            yield desk
    main(tap, one_desk, __doc__)
