#!/usr/bin/env python3
"""heng pay as a person types it, with messages signed by a made key: paid once, refused with the reason, given back; batches
of a bank out and in; a channel's day beside ours.

tests/e2e/payments.py --bin build/dev/bin [--only WORD]
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import Tap  # noqa: E402

tap = Tap()

HEAT = {"id": "H", "currency": "CNY", "components": [
    {"id": "heat", "rule": "per-unit", "quantity": "heat", "unit": "kWh", "price": "0.25"}]}
FILES = {
    "p.csv": "place key,parent key,kind,name\nsun,,area,Sun\nsun-1,sun,building,1\n",
    "m.csv": "place key,meter number,maker,medium,protocol\nsun-1,M1,HNG,heat,mbus\n",
}
OUT = {"channel": "bank-icbc", "kind": "withhold-out", "charset": "GBK", "separator": "|", "amounts": "fen", "crlf": True,
       "line": [{"is": "sequence"}, {"is": "name"}, {"is": "bank"}, {"is": "bill"}, {"is": "amount"}],
       "tail": [{"is": "count"}, {"is": "total"}]}
BACK = {"channel": "bank-icbc", "kind": "withhold-in", "charset": "GBK", "separator": "|", "amounts": "fen",
        "line": [{"is": "bill"}, {"is": "amount"}, {"is": "result"}], "tail": [{"is": "count"}, {"is": "total"}],
        "codes": [{"code": "00", "result": "paid"}, {"code": "51", "result": "failed", "text": "余额不足"}]}


class Desk:
    """A data folder with one account, the keys of a channel, and somebody who types."""

    def __init__(self, binaries):
        self.keep = tempfile.TemporaryDirectory()
        self.program, self.folder = str(pathlib.Path(binaries) / "heng"), pathlib.Path(self.keep.name)
        for name, text in FILES.items():
            self.write(name, text)
        self.good("archive", "import", *[str(self.folder / name) for name in FILES])
        self.good("tariff", "put", "heat", self.write("heat.json", json.dumps(HEAT)))
        self.number = re.search(r"account (\d+) is open",
                                self.good("account", "open", "--name", "王丽", "--bank", "6222020200011111111")).group(1)
        self.good("contract", "add", self.number, "--point", "M1", "--tariff", "heat", "--mode", "prepaid")
        self.key, self.public = self.folder / "key.pem", self.folder / "public.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        self.openssl("pkey", "-in", self.key, "-pubout", "-out", self.public)
        self.key.chmod(0o600)

    @staticmethod
    def openssl(*argv, stdin=b""):
        return subprocess.run(["openssl", *map(str, argv)], input=stdin, capture_output=True, check=True, timeout=60).stdout

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def run(self, *argv):
        return subprocess.run([self.program, *argv[:2], "--data", str(self.folder / "data"), *argv[2:]], capture_output=True, text=True, timeout=60)

    def good(self, *argv):
        done = self.run(*argv)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def bad(self, *argv):
        done = self.run(*argv)
        assert done.returncode == 1, (argv, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def balance(self):
        return re.search(r"balance (\S+)", self.good("prepaid", "balance", self.number)).group(1)

    def set_up(self):
        self.good("pay", "setup", self.write("pay.json", json.dumps({"alipay": {
            "merchant": "2088", "app": "2021", "key": str(self.key), "notify": "https://pay.example.org/alipay",
            "platform": [{"key": str(self.public)}]}})))

    def alipay(self, **params):
        """A message as Alipay signs it, in a file."""
        params = {"app_id": "2021", "seller_id": "2088", **params}
        joined = "&".join(f"{key}={params[key]}" for key in sorted(params))
        signature = self.openssl("base64", "-A", stdin=self.openssl("dgst", "-sha256", "-sign", self.key, stdin=joined.encode()))
        return self.write("notice", urllib.parse.urlencode({**params, "sign": signature.decode(), "sign_type": "RSA2"}))

    def paid(self, order, amount, transaction="T1", **more):
        return self.alipay(out_trade_no=order, trade_no=transaction, notify_id=f"N-{transaction}-{amount}",
                           trade_status="TRADE_SUCCESS", total_amount=amount, **more)

    def order(self, key, amount):
        return self.good("pay", "order", self.number, amount, "--channel", "alipay", "--key", key).split()[0]


@tap.test
def a_channel_is_asked_and_believed_once(binaries):
    d = Desk(binaries)
    order = d.order("q1", "88.80")
    assert d.order("q1", "88.80") == order
    assert "new key" in d.bad("pay", "order", d.number, "88.81", "--channel", "alipay", "--key", "q1")
    assert "no channel is set up" in d.bad("pay", "request", order, "heat")
    d.key.chmod(0o644)
    assert "chmod" in d.bad("pay", "setup", d.write("pay.json", json.dumps({"alipay": {"merchant": "1", "key": str(d.key)}})))
    d.key.chmod(0o600)
    assert "none of" in d.bad("pay", "setup", d.write("pay.json", "{}"))
    d.set_up()
    asked = d.good("pay", "request", order, "heat fee")
    assert asked.startswith("POST /gateway.do") and order in asked and "BEGIN" not in asked, asked
    assert "pending" in d.good("pay", "orders", "pending")
    assert "alipay.trade.query" in d.good("pay", "query", order)
    notice = d.paid(order, "88.80")
    bytes_of = pathlib.Path(notice).read_bytes()
    d.bad("pay", "notify", "alipay", d.write("tampered", bytes_of.replace(b"88.80", b"888.0")))
    assert d.balance() == "0.00"
    assert d.good("pay", "notify", "alipay", notice).startswith("applied")
    assert d.good("pay", "notify", "alipay", notice).startswith("known")
    assert d.balance() == "88.80"
    assert "app_id" in d.bad("pay", "notify", "alipay", d.alipay(out_trade_no=order, app_id="1", total_amount="1.00"))
    told = d.good("pay", "notices")
    assert told.count("refused") == 2 and "signature" in told and told.count("applied") == 1, told
    assert d.good("pay", "notices", order).count("\n") == 2


@tap.test
def another_amount_waits_for_a_person(binaries):
    d = Desk(binaries)
    d.set_up()
    order = d.order("q1", "88.80")
    assert "88.00" in d.bad("pay", "notify", "alipay", d.paid(order, "88.00"))
    assert "stuck" in d.good("pay", "orders", "stuck") and d.balance() == "0.00"
    d.bad("pay", "decide", order, "apply")
    d.good("pay", "decide", order, "apply", "--reason", "customer agreed", "--who", "Li")
    assert d.balance() == "88.00"
    # Money for nobody is kept, and refused to nobody twice.
    d.bad("pay", "notify", "alipay", d.paid("H-NONE", "5.00", "T9"))
    d.bad("pay", "notify", "alipay", d.paid("H-NONE", "5.00", "T9", x="again"))
    assert d.balance() == "88.00"
    d.good("ledger", "check")


@tap.test
def money_goes_back_by_its_channel(binaries):
    d = Desk(binaries)
    d.set_up()
    order = d.order("q1", "10.00")
    d.bad("pay", "refund", order, "1.00", "--key", "r0", "--reason", "x")
    d.good("pay", "notify", "alipay", d.paid(order, "10.00"))
    d.bad("pay", "refund", order, "10.01", "--key", "r1", "--reason", "x")
    d.bad("pay", "refund", order, "1.00", "--key", "r1")
    first = d.good("pay", "refund", order, "3.00", "--key", "r1", "--reason", "moved").split()[0]
    assert d.good("pay", "refund", order, "3.00", "--key", "r1", "--reason", "moved").split()[0] == first
    assert d.balance() == "7.00"
    assert "refund" in d.good("pay", "refund-request", first)
    second = d.good("pay", "refund", order, "2.00", "--key", "r2", "--reason", "moved").split()[0]
    back = {"out_trade_no": order, "trade_no": "T1", "trade_status": "TRADE_SUCCESS", "total_amount": "10.00"}
    assert d.good("pay", "notify", "alipay", d.alipay(**back, notify_id="N2", refund_fee="3.00", out_biz_no=first)).startswith("applied")
    d.bad("pay", "refund-end", second, "failed")
    d.good("pay", "refund-end", second, "failed", "--reason", "card is closed")
    assert d.balance() == "7.00"
    # It went through after all: a person has to look.
    d.bad("pay", "notify", "alipay", d.alipay(**back, notify_id="N3", refund_fee="5.00", out_biz_no=second))
    assert "stuck" in d.good("pay", "orders", "stuck")
    d.good("ledger", "check")


@tap.test
def a_batch_goes_to_the_bank_and_back(binaries):
    d = Desk(binaries)
    out, back = d.write("out.json", json.dumps(OUT)), d.write("back.json", json.dumps(BACK))
    d.bad("pay", "export", out, str(d.folder / "batch.txt"))
    d.good("account", "carry-in", d.number, "--owed", "12.50", "--reason", "old system")  # as bill OLD-1
    batch = d.good("pay", "export", out, str(d.folder / "batch.txt"))
    number, name = batch.split()[0], batch.split()[3]
    text = (d.folder / "batch.txt").read_bytes()
    assert text == "1|王丽|6222020200011111111|OLD-1|1250\r\n1|1250\r\n".encode("gbk"), text
    d.bad("pay", "export", out, str(d.folder / "batch2.txt"))
    assert "sent" in d.good("pay", "sent", number)
    d.bad("pay", "order", d.number, "12.50", "--channel", "alipay", "--bill", "OLD-1", "--key", "q1")
    assert "total" in d.bad("pay", "import", back, d.write("r1", "OLD-1|1250|51\n1|1251\n"), "--number", name)
    assert "no batch" in d.bad("pay", "import", back, d.write("r2", "OLD-1|1250|51\n1|1250\n"), "--number", "1")
    d.bad("pay", "import", back, d.write("r3", b"OLD-1|1250|\xff\xff\n1|1250\n"), "--number", name)
    d.good("pay", "import", back, d.write("r4", "OLD-1|1250|51\r\n1|1250\r\n"), "--number", name)
    assert "before" in d.bad("pay", "import", back, d.write("r5", "OLD-1|1250|51\r\n1|1250\r\n"), "--number", name)
    assert "before" in d.bad("pay", "import", back, d.write("r6", "OLD-1|1250|00\n1|1250\n"), "--number", name)
    again = d.good("pay", "again", out, str(d.folder / "again.txt"), "--number", number).split()[3]
    assert again != name
    d.good("pay", "import", back, d.write("r7", "OLD-1|1250|00\n1|1250\n"), "--number", again)
    assert re.search(r"owed +0\.00", d.good("account", "show", d.number)), d.good("account", "show", d.number)
    listed = d.good("pay", "files")
    assert listed.count("refused") == 5 and listed.count("answered") == 2, listed


@tap.test
def a_day_is_compared_decided_closed_and_settled(binaries):
    d = Desk(binaries)
    d.set_up()
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    noon = (today - datetime.timedelta(days=1)).replace(hour=12, minute=0, second=0)
    day, at = noon.strftime("%Y-%m-%d"), noon.strftime("%Y-%m-%d %H:%M:%S")
    good, differs, ours, lost = (d.order(key, amount) for key, amount in
                                 (("q1", "100.00"), ("q2", "88.80"), ("q3", "50.00"), ("q4", "35.00")))
    for order, amount, transaction in ((good, "100.00", "T1"), (differs, "88.80", "T2"), (ours, "50.00", "T3")):
        d.good("pay", "notify", "alipay", d.paid(order, amount, transaction, gmt_payment=at))
    rows = [("T1", good, "100.00", "-0.60"), ("T2", differs, "88.00", "-0.53"), ("T4", lost, "35.00", "-0.21")]
    text = "#支付宝业务明细查询\n支付宝交易号,商户订单号,完成时间,订单金额（元）,服务费（元）\n" + "".join(
        f"{transaction}\t,{order}\t,{at},{amount},{fee}\n" for transaction, order, amount, fee in rows) + "#结束\n"
    bill = d.write("bill.csv", text.encode("gbk"))
    assert "another day" in d.bad("pay", "reconcile", "alipay", bill, "--from", "2020-01-01")
    said = d.good("pay", "reconcile", "alipay", bill, "--from", day)
    number = said.split()[0]
    assert "ours 238.80 theirs 223.00 fees 1.34 open" in said, said
    assert "before" in d.bad("pay", "reconcile", "alipay", d.write("other.csv", text.encode("gbk")), "--from", day)
    assert "3 differences" in d.bad("pay", "close", number)
    for line in d.good("pay", "day", number).splitlines()[1:]:
        n, kind = line.split()[:2]
        d.bad("pay", "settle-line", number, n, "accept")
        d.good("pay", "settle-line", number, n, "apply" if kind == "theirs-only" else "accept", "--reason", "asked them")
    assert d.balance() == "273.80"
    assert "not closed" in d.bad("pay", "settle", number, "221.66")
    assert "closed" in d.good("pay", "close", number)
    assert "221.66" in d.bad("pay", "settle", number, "223.00")
    d.good("pay", "settle", number, "221.66")
    assert "before" in d.good("pay", "settle", number, "221.66")
    assert "closed" in d.good("pay", "days")
    d.good("ledger", "check")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder with heng")
    parser.add_argument("--only", default="", help="just the tests whose name contains this")
    options = parser.parse_args()
    sys.exit(tap.run(options.bin, only=options.only, at_once=2) > 0)
