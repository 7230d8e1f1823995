#!/usr/bin/env python3
"""End to end: bills over HTTP, from a run to paper; what payment channels and banks say; seals.

tests/e2e/bills_api.py --bin build/dev/bin [--only WORD]      on PostgreSQL: script/with-postgres tests/e2e/bills_api.py ...
"""
import base64
import concurrent.futures
import contextlib
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import ROOT, House, Tap, call, main, wait_until  # noqa: E402

tap = Tap()
API = "/api/v1"
NAMES = ["王丽", "Müller", "Ann", "Ben"]
HEAT = {"id": "H", "currency": "CNY", "components": [
    {"id": "heat", "rule": "per-unit", "quantity": "heat", "unit": "kWh", "price": "0.25"}]}
HOUSE = {"kind": "heizkosten", "building": "Lindenweg 4", "period": {"first": "2023-01-01", "last": "2023-12-31"},
         "costs": [{"name": "Fernwärme", "amount": "23456.78"}],
         "warm_water": {"rule": "heat-meter", "use": "41.250", "total": "182.400"},
         "keys": {"heat": "0.70", "warm_water": "0.70"},
         "flats": [{"id": "1", "area": "62.40", "units": "1843.000", "warm_water": "21.450", "prepaid": "7200.00"},
                   {"id": "2", "area": "221.60", "units": "3066.750", "warm_water": "51.205", "prepaid": "4200.00"}]}
COUNTER = {"channel": "bank-icbc", "kind": "payments-in", "charset": "GBK", "separator": "|", "amounts": "yuan",
           "line": [{"is": "account"}, {"is": "name"}, {"is": "amount"}, {"is": "transaction"}],
           "tail": [{"is": "count"}, {"is": "total"}]}
DAILY = {"channel": "alipay", "kind": "statement-in", "separator": ",", "amounts": "yuan",
         "line": [{"is": "order"}, {"is": "transaction"}, {"is": "amount"}, {"is": "fee"}]}


def openssl(*argv, data=b""):
    return subprocess.run(["openssl", *map(str, argv)], input=data, capture_output=True, check=True).stdout


@contextlib.contextmanager
def prepare(binaries):
    """Four flats with what they used in September, read by eye, and a contract with Alipay."""
    with House(binaries) as house:
        house.keys = 0
        folder = house.folder
        places = "".join(f"sun-{i},sun,building,{i}\n" for i in range(1, 5))
        meters = "".join(f"sun-{i},M{i},HNG,heat,mbus,0,2026-08-15\n" for i in range(1, 5))
        (folder / "p.csv").write_text("place key,parent key,kind,name\nsun,,area,Sun\n" + places)
        (folder / "m.csv").write_text("place key,meter number,maker,medium,protocol,start index,start date\n" + meters)
        (folder / "heat.json").write_text(json.dumps(HEAT))
        where = ("--data", house.data)
        house.data.mkdir()
        if os.environ.get("HENG_TEST_DB"):
            (house.data / "database").write_text(os.environ["HENG_TEST_DB"] + "\n", encoding="utf-8")
        steps = [("archive", "import", folder / "p.csv", folder / "m.csv"), ("tariff", "put", "heat", folder / "heat.json")]
        for i, name in enumerate(NAMES, 1):
            steps += [("account", "open", "--name", name),
                      ("contract", "add", f"0000000{i}", "--point", f"M{i}", "--tariff", "heat", "--mode", "postpaid", "--from", "2026-09-01"),
                      ("event", "add", "--point", i, "--kind", "edit", "--channel", 2 * i - 1, "--at", "2026-09-01T00:00:00Z",
                       "--until", "2026-10-01T00:00:00Z", "--after", 100000 * i, "--unit", "Wh", "--who", "Li", "--reason", "read by eye")]
        openssl("genrsa", "-out", folder / "channel.pem", 2048)
        openssl("rsa", "-in", folder / "channel.pem", "-pubout", "-out", folder / "channel.pub")
        setting = {"alipay": {"merchant": "2088", "app": "app1", "key": str(folder / "channel.pem"), "platform": [{"key": str(folder / "channel.pub")}]}}
        (folder / "channel.pem").chmod(0o600)
        (folder / "pay.json").write_text(json.dumps(setting))
        for step in [*steps, ("pay", "setup", folder / "pay.json")]:
            done = house.heng(*step, *where)
            assert done.returncode == 0, (step, done.stdout, done.stderr)
        house.start_server()
        wait_until(lambda: wish(house, "/bill-runs/999999/cancel")[0] != 503, 30, "the writer")  # questions are answered earlier
        wait_until(lambda: all(house.get(f"{API}/points/{i}/usage?from=2026-09-01&to=2026-10-01")["items"][0]["items"] for i in range(1, 5)), 60, "usage")
        house.run = issued_run(house)
        yield house


def wish(house, path, who="Li", **body):
    """Status and answer of a change by a key of its own."""
    house.keys += 1
    return call(house, "POST", API + path, {"key": f"k{house.keys}", "who": who, **body})


def good(house, path, **body):
    status, answer = wish(house, path, **body)
    assert status == 200, (path, status, answer)
    return answer


def send(house, path, body, kind, method="POST", **words):
    """Status, type and bytes of a request that is not JSON."""
    query = "?" + urllib.parse.urlencode(words) if words else ""
    request = urllib.request.Request(house.url + API + path + query, body, {"Content-Type": kind} if kind else {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.headers, problem.read()


def fetch(house, path, **words):
    status, headers, body = send(house, path, None, None, "GET", **words)
    assert status == 200, (path, status, body[:300])
    return headers, body


def upload(house, path, body, kind="text/plain", **words):
    house.keys += 1
    status, _, answer = send(house, path, body, kind, key=f"k{house.keys}", who="Li", **words)
    return status, json.loads(answer)


def run_state(house, run, state):
    wait_until(lambda: house.get(f"{API}/bill-runs/{run}")["run"]["state"] == state, 30, f"run {run} to be {state}")


def issued_run(house):
    run = good(house, "/bill-runs", name="September", **{"from": "2026-09-01"}, to="2026-10-01", due="2026-12-15")["id"]
    run_state(house, run, "preview")
    detail = house.get(f"{API}/bill-runs/{run}")
    assert (detail["bills"], detail["blocked"], detail["amount"]) == (4, 0, 25000), detail
    status, answer = wish(house, f"/bill-runs/{run}/approve")
    assert status == 403 and "another person" in answer["detail"], answer
    good(house, f"/bill-runs/{run}/approve", who="Wang")
    run_state(house, run, "issued")
    return run


def bill_of(house, account):
    return house.get(f"{API}/bills?account={account}&kind=bill&from=2026-09-01&to=2026-10-01")["items"][0]


def owed(house):
    return {item["account"]: item["amount"] for item in house.get(f"{API}/arrears?limit=500")["items"]}


# --- bills ---------------------------------------------------------------------------------------------------------------


@tap.test
def a_run_lists_its_bills_and_numbers_them(house):
    items = house.get(f"{API}/bills?run={house.run}&limit=3")["items"]
    last = items[-1]
    items += house.get(f"{API}/bills?run={house.run}&after_rank={last['rank']}&after={last['id']}")["items"]
    assert sorted(b["number"] for b in items) == [f"2026-00000{i}" for i in range(1, 5)], items
    assert sorted(b["amount"] for b in items) == [2500, 5000, 7500, 10000]
    detail = house.get(f"{API}/bills/{bill_of(house, 3)['id']}")
    assert detail["unaltered"] and detail["charges"][0]["lines"][0]["quantity"] == "300.000", detail
    assert house.get(f"{API}/bills?number=2026-000001")["items"][0]["account"] == 1
    assert house.get(f"{API}/bills?number=2026-999999")["items"] == []


@tap.test
def the_same_key_is_the_same_run(house):
    body = {"key": "once", "who": "Li", "name": "Twice", "from": "2026-10-01", "to": "2026-11-01", "due": "2026-12-31"}
    first = call(house, "POST", f"{API}/bill-runs", body)
    assert first[0] == 200 and call(house, "POST", f"{API}/bill-runs", body) == first
    status, answer = call(house, "POST", f"{API}/bill-runs", {**body, "name": "Other"})
    assert status == 409 and "once" in answer["detail"], (status, answer)
    run = first[1]["id"]
    run_state(house, run, "preview")
    blocked = house.get(f"{API}/bills?run={run}")["items"]
    assert blocked[0]["state"] == "blocked" and "incomplete" in blocked[0]["flags"] and blocked[0]["why"], blocked
    good(house, f"/bill-runs/{run}/cancel", reason="not read yet")
    run_state(house, run, "cancelled")


@tap.test
def a_bill_is_paper_in_three_languages(house):
    bill = bill_of(house, 1)
    for language, total, word in (("zh", "25.00 元", "应缴金额"), ("de", "25,00 CNY", "Zu zahlen"), ("en", "CNY 25.00", "To pay")):
        headers, pdf = fetch(house, f"/bills/{bill['id']}/document", language=language)
        assert f'filename="bill-{bill["number"]}.pdf"' in headers["Content-Disposition"], headers
        path = house.folder / f"{language}.pdf"
        path.write_bytes(pdf)
        text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        assert bill["number"] in text and total in text and word in text and "王丽" in text, text
    headers, page = fetch(house, f"/bills/{bill['id']}/document", format="page", language="de")
    assert headers.get_content_type() == "text/html" and headers["Content-Disposition"] == "inline" and "25,00" in page.decode()
    _, printer = fetch(house, f"/bills/{bill['id']}/document", format="escp", language="zh")
    assert printer.startswith(b"\x1b@") and "账单编号".encode("gb18030") in printer


@tap.test
def many_papers_at_once_are_the_same_bytes(house):
    bill = bill_of(house, 2)["id"]
    alone = {language: fetch(house, f"/bills/{bill}/document", language=language)[1] for language in ("zh", "de", "en")}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [(language, pool.submit(fetch, house, f"/bills/{bill}/document", language=language)) for language in list(alone) * 8]
        assert all(job.result()[1] == alone[language] for language, job in jobs)


@tap.test
def lists_are_sheets(house):
    kinds = house.get("/api/openapi.json")["components"]["schemas"]["MoneyListKind"]["enum"]
    for kind in kinds:
        headers, sheet = fetch(house, f"/lists/{kind}", language="de")
        assert headers.get_filename() == f"heng-{kind}.xlsx", headers
        with zipfile.ZipFile(io.BytesIO(sheet)) as parts:
            assert "xl/workbook.xml" in parts.namelist(), parts.namelist()
            if kind == "arrears":
                assert "Müller" in "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
    assert send(house, "/lists/sales-day", None, None, "GET", **{"from": "2026-02-01"}, to="2026-01-01")[0] == 400
    assert send(house, "/lists/nothing", None, None, "GET")[0] == 400


@tap.test
def heat_is_shared_approved_and_billed(house):
    form = {**HOUSE, "building": "Sun", "period": {"first": "2026-10-01", "last": "2026-10-31"}}
    status, _, answer = send(house, "/apportionments", json.dumps(form).encode(), "application/json", key="heat", who="Li", place="sun",
                             **{"from": "2026-10-01"}, to="2026-11-01")
    assert status == 200, answer
    one = f"/apportionments/{json.loads(answer)['id']}"
    detail = house.get(API + one)
    assert detail["apportionment"]["state"] == "draft" and detail["form"]["building"] == "Sun" and detail["answer"], str(detail)[:300]
    status, answer = wish(house, f"{one}/approve")
    assert status == 403, (status, answer)
    good(house, f"{one}/approve", who="Wang")
    headers, pdf = fetch(house, f"{one}/statement", flat="1", language="de")
    assert pdf.startswith(b"%PDF") and headers.get_filename(), headers
    status, _, answer = send(house, f"{one}/statement", None, None, "GET", flat="none")
    assert status == 404 and b"none" in answer, answer
    status, answer = wish(house, f"{one}/bill", name="Heat", due="2027-01-15")
    assert status == 400 and "flat" in answer["detail"], (status, answer)
    run = good(house, f"{one}/bill", name="Heat", due="2027-01-15", accounts={"1": "00000001", "2": "00000002"})["id"]
    bills = house.get(f"{API}/bills?run={run}")["items"]
    assert [b["kind"] for b in bills] == ["heat"] * 2 and sum(b["amount"] for b in bills) == 2345678, bills
    assert house.get(API + one)["apportionment"]["run"] == run
    good(house, f"/bill-runs/{run}/cancel", reason="only looked at")
    status, _, answer = send(house, "/accounts/1/monthly-information", None, None, "GET", month="2026-13")
    assert status == 400, answer


@tap.test
def a_bill_explains_itself_and_proves_it(house):
    bill = bill_of(house, 2)
    why = json.loads(fetch(house, f"/bills/{bill['id']}/explanation")[1])
    assert why["number"] == bill["number"] and why["total"] == 5000, str(why)[:300]
    text = fetch(house, f"/bills/{bill['id']}/explanation", format="text", language="de")[1].decode()
    assert "Rechnung " + bill["number"] in text and "neu berechnet: dasselbe" in text, text
    with tarfile.open(fileobj=io.BytesIO(fetch(house, f"/bills/{bill['id']}/bundle")[1])) as bundle:
        parts = {member.name: bundle.extractfile(member).read() for member in bundle}
    sums = dict(reversed(line.split(maxsplit=1)) for line in parts["SHA256SUMS"].decode().splitlines())
    assert sums and all(hashlib.sha256(parts[name.lstrip("*")]).hexdigest() == digest.lower() for name, digest in sums.items())
    assert house.get(f"{API}/bills/{bill['id']}/delta") == {
        "differs": False, "usage_differs": False, "was": 5000, "now": 5000, "difference": 0}
    assert house.get(f"{API}/late-bills")["items"] == []


@tap.test
def a_bill_is_taken_back_by_two_and_once(house):
    bill = bill_of(house, 4)
    status, answer = wish(house, f"/bills/{bill['id']}/reverse", reason="wrong flat")
    assert status == 403, (status, answer)
    body = {"key": "back", "who": "Li", "second": "Wang", "reason": "wrong flat"}
    first = call(house, "POST", f"{API}/bills/{bill['id']}/reverse", body)
    assert first[0] == 200 and call(house, "POST", f"{API}/bills/{bill['id']}/reverse", body) == first
    mirror = house.get(f"{API}/bills/{first[1]['id']}")["bill"]
    assert mirror["kind"] == "reversal" and mirror["amount"] == -10000 and mirror["reverses"] == bill["id"], mirror
    assert house.get(f"{API}/bills/{bill['id']}")["bill"]["state"] == "reversed" and 4 not in owed(house)


@tap.test
def what_is_open_is_paid_in_parts_or_disputed(house):
    bill = bill_of(house, 3)["id"]
    status, answer = wish(house, f"/bills/{bill}/instalments", parts=3, first="2020-01-01", reason="asked for")
    assert status == 400, (status, answer)
    assert good(house, f"/bills/{bill}/instalments", parts=3, first="2099-01-15", reason="asked for")["made"] == 3
    parts = house.get(f"{API}/bills/{bill}")["instalments"]
    assert [p["amount"] for p in parts] == [2500, 2500, 2500] and parts[2]["due"] == "2099-03-15", parts
    good(house, f"/bills/{bill}/instalments/stop", reason="given up")
    good(house, f"/bills/{bill}/dispute", reason="denied")
    assert house.get(f"{API}/bills/{bill}")["disputed"]
    status, answer = wish(house, f"/bills/{bill}/dispute", reason="denied")
    assert status == 409, (status, answer)
    good(house, f"/bills/{bill}/release", reason="agreed")
    status, answer = wish(house, f"/bills/{bill}/write-off", reason="gone away")
    assert status == 403, (status, answer)
    ages = house.get(f"{API}/arrears/ageing")
    assert sum(a["amount"] for a in ages["ages"]) == ages["amount"] == sum(owed(house).values()), ages


# --- channels ------------------------------------------------------------------------------------------------------------


def order(house, account, amount, **more):
    made = good(house, "/pay/orders", account=account, channel="alipay", purpose="bill", amount=amount, **more)["id"]
    return next(o for o in house.get(f"{API}/pay/orders?account={account}")["items"] if o["id"] == made)


def notice(house, order, amount, number, key=None, **more):
    """As Alipay signs it."""
    fields = {"app_id": "app1", "seller_id": "2088", "out_trade_no": order["number"], "trade_no": f"T{number}", "notify_id": f"N{number}",
              "trade_status": "TRADE_SUCCESS", "total_amount": f"{amount // 100}.{amount % 100:02}", **more}
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
    sign = openssl("dgst", "-sha256", "-sign", key or house.folder / "channel.pem", data=text.encode())
    return urllib.parse.urlencode({**fields, "sign_type": "RSA2", "sign": base64.b64encode(sign).decode()}).encode()


def tell(house, body):
    status, _, answer = send(house, "/pay/alipay/notify", body, "application/x-www-form-urlencoded; charset=utf-8")
    return status, answer


@tap.test
def a_payment_that_is_told_five_times_is_booked_once(house):
    made = order(house, 1, 2500)
    body = notice(house, made, 2500, 1)
    assert [tell(house, body) for _ in range(5)] == [(200, b"success")] * 5
    detail = house.get(f"{API}/pay/orders/{made['number']}")
    assert detail["order"]["state"] == "applied" and [n["outcome"] for n in detail["notices"]] == ["applied"] + ["known"] * 4, detail
    paid = house.get(f"{API}/bills/{bill_of(house, 1)['id']}")
    assert paid["open"] == 0 and [p["amount"] for p in paid["payments"]] == [2500] and 1 not in owed(house), paid


@tap.test
def a_message_that_is_not_the_channel_s_is_kept_and_changes_nothing(house):
    made = order(house, 2, 100)
    other = house.folder / "other.pem"
    openssl("genrsa", "-out", other, 2048)
    for body in (notice(house, made, 100, 2, key=other), notice(house, made, 100, 2).replace(b"1.00", b"9.00"), b"", b"%", b"a" * 65536):
        assert tell(house, body) == (401, b"failure"), body[:60]
    assert tell(house, b"a" * 65537)[0] == 413
    detail = house.get(f"{API}/pay/orders/{made['number']}")
    assert detail["order"]["state"] == "created", detail
    refused = [n for n in house.get(f"{API}/pay/stuck?limit=500")["notices"]]
    assert len(refused) >= 5 and all(n["why"] for n in refused), refused
    status, _, answer = send(house, "/pay/nobody/notify", b"x", "text/plain")
    assert status == 404, (status, answer)
    good(house, f"/pay/orders/{made['number']}/move", to="closed", reason="given up")


@tap.test
def another_amount_is_stuck_until_a_person_decides(house):
    made, before = order(house, 2, 3000), owed(house)[2]
    assert tell(house, notice(house, made, 2000, 3)) == (200, b"success")
    stuck = house.get(f"{API}/pay/stuck")["orders"]
    assert [o["number"] for o in stuck] == [made["number"]] and "20.00" in stuck[0]["why"] and "30.00" in stuck[0]["why"], stuck
    assert owed(house)[2] == before
    status, answer = wish(house, f"/pay/orders/{made['number']}/decide", decision="apply", reason="")
    assert status >= 400, (status, answer)
    good(house, f"/pay/orders/{made['number']}/decide", decision="apply", reason="the customer says so")
    assert house.get(f"{API}/pay/stuck")["orders"] == [] and owed(house)[2] == before - 2000
    status, answer = wish(house, f"/pay/orders/{made['number']}/decide", decision="apply", reason="again")
    assert status == 409, (status, answer)


@tap.test
def what_is_asked_of_a_channel_is_signed(house):
    made = order(house, 2, 100)
    message = house.get(f"{API}/pay/orders/{made['number']}/request?about=Heat")
    assert message["method"] == "POST" and made["number"] in urllib.parse.unquote_plus(message["path"] + message["body"]), message
    message = house.get(f"{API}/pay/orders/{made['number']}/request?ask=query")
    assert "alipay.trade.query" in message["path"] + message["body"] and "sign=" in message["path"] + message["body"], message
    status, _, answer = send(house, "/pay/alipay/answer", b'{"alipay_trade_query_response":{},"sign":"x"}', "application/json")
    assert (status, answer) == (401, b"failure"), (status, answer)
    good(house, f"/pay/orders/{made['number']}/move", to="closed", reason="given up")
    status, answer = call(house, "GET", f"{API}/pay/orders/{made['number']}/request")
    assert status == 409 and "closed" in answer["detail"], (status, answer)


@tap.test
def no_more_goes_back_than_came(house):
    made = order(house, 2, 6000)  # 3000 are owed: 3000 stay as an advance
    assert tell(house, notice(house, made, 6000, 4)) == (200, b"success")
    status, answer = wish(house, f"/pay/orders/{made['number']}/refund", amount=6001, reason="too much")
    assert status in (403, 409), (status, answer)
    body = {"key": "refund-1", "who": "Li", "amount": 1000, "reason": "asked for"}
    first = call(house, "POST", f"{API}/pay/orders/{made['number']}/refund", body)
    assert first[0] == 200 and call(house, "POST", f"{API}/pay/orders/{made['number']}/refund", body) == first
    refund = house.get(f"{API}/pay/orders/{made['number']}")["refunds"]
    assert len(refund) == 1 and refund[0]["amount"] == 1000 and refund[0]["state"] == "asked", refund
    assert "alipay.trade.refund" in "".join(house.get(f"{API}/pay/refunds/{refund[0]['number']}/request").values())
    good(house, f"/pay/refunds/{refund[0]['number']}/end", done=True, transaction="R1")
    status, answer = wish(house, f"/pay/refunds/{refund[0]['number']}/end", done=False)
    assert status == 409, (status, answer)


# --- banks ---------------------------------------------------------------------------------------------------------------


@tap.test
def a_bank_file_with_a_wrong_total_is_refused_and_seen(house):
    status, answer = upload(house, "/pay/templates/counter", b'{"channel": 7}', "application/json")
    assert status == 400, (status, answer)
    status, answer = upload(house, "/pay/templates/counter", json.dumps(COUNTER).encode(), "application/json")
    assert status == 200, answer
    assert json.loads(fetch(house, "/pay/templates/counter")[1]) == COUNTER
    line = "00000003|安|25.00|B1\n"
    before = owed(house)[3]
    status, answer = upload(house, "/pay/files", (line + "1|26.00\n").encode("gbk"), template="counter", name="bad.txt")
    assert status == 409 and "nothing is booked" in answer["detail"], (status, answer)
    files = house.get(f"{API}/pay/stuck")["files"]
    assert [f["name"] for f in files] == ["bad.txt"] and "total" in files[0]["why"] and owed(house)[3] == before, files
    status, answer = upload(house, "/pay/files", (line + "1|25.00\n").encode("gbk"), template="counter", name="good.txt")
    assert status == 200 and answer["made"] == 1 and owed(house)[3] == before - 2500, (status, answer)
    detail = house.get(f"{API}/pay/files/{answer['id']}")
    assert detail["file"]["state"] == "taken" and detail["lines"][0]["result"] == "paid", detail
    assert fetch(house, f"/pay/files/{answer['id']}/content")[1] == (line + "1|25.00\n").encode("gbk")
    status, answer = upload(house, "/pay/files", (line + "1|25.00\n").encode("gbk"), template="counter", name="again.txt")
    assert status == 409 and owed(house)[3] == before - 2500, (status, answer)
    status, body = wish(house, f"/pay/files/{answer.get('id', files[0]['id'])}/sent")
    assert status == 409, (status, body)
    status, answer = upload(house, "/pay/files", b"x", template="nothing")
    assert status == 404, (status, answer)


@tap.test
def a_day_of_a_channel_is_compared_decided_and_closed(house):
    made = order(house, 3, 700)
    assert tell(house, notice(house, made, 700, 5)) == (200, b"success")
    assert upload(house, "/pay/templates/daily", json.dumps(DAILY).encode(), "application/json")[0] == 200
    paid = [o for o in house.get(f"{API}/pay/orders?limit=500")["items"] if o.get("paid_at")]
    day = max(o["paid_at"] for o in paid)[:10]
    assert all(o["paid_at"][:10] == day for o in paid), "the test began just before midnight"
    lines = [f"{o['number']},{o['transaction']},{o['paid_amount'] / 100:.2f},0.01" for o in paid[:-1]] + ["H0,T99,3.50,0.02"]
    status, answer = upload(house, "/reconciliations", "\n".join(lines).encode() + b"\n", template="daily", day=day)
    assert status == 200, answer
    one = f"/reconciliations/{answer['id']}"
    detail = house.get(API + one)
    kinds = [line["class"] for line in detail["lines"]]
    assert kinds.count("theirs-only") == 1 and detail["undecided"] == len([k for k in kinds if k not in ("match", "in-transit")]), detail
    status, answer = wish(house, f"{one}/close")
    assert status == 409, (status, answer)
    for line in detail["lines"]:
        if line["class"] not in ("match", "in-transit"):
            good(house, f"{one}/decide", line=line["n"], decision="unclear" if line["class"] == "theirs-only" else "accept", reason="asked Alipay")
    good(house, f"{one}/close")
    closed = house.get(API + one)["reconciliation"]
    assert "closed_at" in closed and closed["fees"] == len(lines) + 1, closed
    assert house.get(f"{API}/reconciliations")["items"][0]["id"] == closed["id"]


# --- seals, and what cannot be -------------------------------------------------------------------------------------------


@tap.test
def all_that_happened_is_sealed_and_compared(house):
    def done():
        state = house.get(f"{API}/seal/verification")
        return state if state["state"] in ("done", "failed") else None
    wait_until(lambda: house.get(f"{API}/seal")["sealed"], 60, "a checkpoint")
    status, answer = call(house, "POST", f"{API}/seal/verification", {"head": house.get(f"{API}/seal")["line"]})
    assert status == 202, (status, answer)
    found = wait_until(done, 60, "the comparison")
    assert found["state"] == "done" and found["findings"] == 0 and found["rows"] > 10, found
    bill = bill_of(house, 1)
    proof = json.loads(fetch(house, "/seal/proof", stream="bill", position=bill["id"])[1])
    assert bill["number"].encode().hex().upper() in proof["rows"][0]["bytes"].upper(), str(proof)[:300]
    status, answer = call(house, "POST", f"{API}/seal/verification", {"head": "nonsense"})
    assert status == 400, (status, answer)


@tap.test
def every_answer_fits_the_contract(house):
    done = subprocess.run([sys.executable, ROOT / "script" / "check-api.py", house.url], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if not line.startswith("ok")][:20]


@tap.test
def what_cannot_be_is_refused_in_a_sentence(house):
    none = 999999999
    for path in (f"/bills/{none}", f"/bill-runs/{none}", "/pay/orders/H0", f"/pay/files/{none}", f"/reconciliations/{none}",
                 f"/apportionments/{none}", f"/bills/{none}/document", f"/bills/{none}/explanation", f"/bookings/{none}/receipt"):
        assert call(house, "GET", API + path)[0] == 404, path
    for path, body in ((f"/bills/{none}/reverse", {"reason": "x", "second": "Wang"}), (f"/bill-runs/{none}/approve", {}),
                       ("/pay/orders", {"account": none, "channel": "alipay", "purpose": "bill", "amount": 1}),
                       ("/pay/orders/H0/refund", {"amount": 1, "reason": "x"}), ("/pay/refunds/R0/end", {"done": True})):
        status, answer = wish(house, path, **body)
        assert status in (403, 404, 409) and answer["detail"], (path, status, answer)
    status, answer = wish(house, "/bill-runs", name="x", **{"from": "2026-13-01"}, to="2026-10-01", due="2026-12-15")
    assert status == 400 and "from" in answer["detail"], (status, answer)
    status, answer = wish(house, "/bill-runs", name="x", **{"from": "2026-09-01"}, to="2026-10-01", due="2026-12-15", selection={"colour": 1})
    assert status in (400, 404) and answer["detail"], (status, answer)
    status, answer = wish(house, "/pay/orders", account=1, channel="alipay", purpose="bill", amount=0)
    assert status == 400, (status, answer)
    status, _, answer = send(house, "/apportionments", b"{}", "application/json", key="app", who="Li", place="sun", to="2026-10-01",
                             **{"from": "2026-09-01"})
    assert status == 400 and json.loads(answer)["detail"], answer
    proof = house.get(f"{API}/ledger/check")
    assert proof["wrong"] == 0 and proof["bookings"] > 5, proof


if __name__ == "__main__":
    main(tap, prepare, __doc__)
