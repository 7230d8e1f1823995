#!/usr/bin/env python3
"""End to end: money reaches meters, and supply comes back with it, on the running server; no crash sends money twice.

tests/e2e/money.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import datetime
import fractions
import json
import pathlib
import random
import re
import signal
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from house import House, Tap, call, main, wait_until  # noqa: E402

tap = Tap()
ACCOUNT, NOW = 1, 1_700_000_000_000_000
FLATS = 4  # of the virtual house, with a water meter each


class Desk:
    """A house with accounts for its first water meters; money goes in behind the server's back, as a command line does."""

    def __init__(self, binaries, speed=20):
        self.house = House(binaries, speed)

    def __enter__(self):
        house = self.house
        site = house.site()
        out = house.import_site(site)
        assert out.returncode == 0, out.stderr
        self.waters = house.rows("SELECT i.device_id, i.point_id FROM installation i JOIN device d ON d.id = i.device_id "
                                 "WHERE d.protocol = 'cjt188' AND i.until_us IS NULL ORDER BY d.number LIMIT ?", FLATS)
        assert len(self.waters) == FLATS
        self.write("INSERT INTO account (id, org_id, number, name, language, currency, opened_us) "
                   "VALUES (?, 0, '10001', 'Wang', 'zh', 'CNY', ?)", ACCOUNT, NOW)
        for number, (_, point) in enumerate(self.waters, 1):
            self.write("INSERT INTO contract (id, account_id, point_id, mode, from_day) VALUES (?, ?, ?, 'in-meter', 19000)",
                       number, ACCOUNT, point)
        house.start_sim()
        house.start_server()
        return self

    def __exit__(self, *exc):
        self.house.__exit__(*exc)

    def write(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.house.data / "heng.db", timeout=20)) as db:
            with db:
                return db.execute(sql, values).lastrowid

    def order(self, flat, key, cents):
        self.write("INSERT INTO meter_order (key, contract_id, device_id, number, amount, state, made_us, booking_id) "
                   "VALUES (?, ?, ?, 0, ?, 'waiting', ?, 0)", key, flat + 1, self.waters[flat][0], cents, NOW)

    def orders(self):
        return self.house.rows("SELECT key, number, amount, state, tries, why FROM meter_order ORDER BY id")

    def all_arrive(self, seconds):
        def done():
            bad = [row for row in self.orders() if row[3] in ("alarm", "failed")]
            assert not bad, bad
            return all(row[3] == "confirmed" for row in self.orders())
        wait_until(done, seconds, f"orders to arrive: {self.orders()}")

    def command(self, flat, kind):
        status, body = call(self.house, "POST", "/api/v1/commands", {"meter": self.waters[flat][0], "order": kind})
        assert status in (200, 202), (status, body)
        return self.house.command_ended(body["id"], kind)

    def purse(self, flat):
        """What the meter itself says: purchases, all of them, what is left (cents)."""
        row = self.command(flat, "read-purse")
        assert row["stage"] == "confirmed", row
        frame = self.house.rows("SELECT bytes FROM frame WHERE id = ?", row["frames"][-1])[0][0]
        at = frame.index(0x68) + 14  # behind DI and SER

        def bcd(offset, count):
            return int("".join(f"{byte:02x}" for byte in reversed(frame[at + offset:at + offset + count])))
        return bcd(0, 1), bcd(5, 4), bcd(9, 4)


@tap.test
def purchases_arrive_one_after_the_other(binaries):
    with Desk(binaries) as desk:
        for number, cents in enumerate((20050, 1000, 300), 1):
            desk.order(0, f"sale-{number}", cents)
        desk.order(1, "sale-other", 777)
        desk.all_arrive(60)
        rows = desk.orders()
        assert [row[1] for row in rows] == [1, 2, 3, 1], rows
        count, total, left = desk.purse(0)
        assert (count, total) == (3, 21350) and 20000 < left <= 21350, (count, total, left)
        assert desk.purse(1)[:2] == (1, 777)
        assert desk.purse(2)[:2] == (0, 0)
        known = desk.house.rows("SELECT meter_count FROM contract ORDER BY id")
        assert [row[0] for row in known] == [3, 1, 0, 0], known


@tap.test
def a_purchase_is_not_to_be_had_as_a_command(binaries):
    with Desk(binaries) as desk:
        status, body = call(desk.house, "POST", "/api/v1/commands", {"meter": desk.waters[0][0], "order": "purchase"})
        assert status == 403 and "sold" in str(body), (status, body)


@tap.test
def no_crash_sends_money_twice(binaries):
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    chance = random.Random(seed)
    with Desk(binaries) as desk:
        house = desk.house
        want = [0] * FLATS
        for turn in range(FLATS):  # one that is hit waits half a minute before it asks again: each hits another meter
            desk.order(turn, f"hit-{turn}", 1000 + turn)
            want[turn] += 1000 + turn
            if turn % 2:  # anywhere between the desk and the answer of the meter
                wait_until(lambda: house.rows("SELECT count(*) FROM command WHERE kind = 'purchase' AND device_id = ? "
                                              "AND sent_us > 0", desk.waters[turn][0])[0][0], 60, "the order to be sent")
                time.sleep(chance.uniform(0, 0.2))
            else:
                time.sleep(chance.uniform(0, 7))
            house.server.end(signal.SIGKILL)
            house.start_server()
        desk.all_arrive(150)
        for flat in range(FLATS):
            count, total, _ = desk.purse(flat)
            assert (count, total) == (1, want[flat]), (flat, count, total, desk.orders())
        print(f"# tries {[row[4] for row in desk.orders()]}", flush=True)


@tap.test
def a_meter_that_was_paid_into_elsewhere_is_an_alarm(binaries):
    with Desk(binaries) as desk:
        desk.order(0, "first", 500)
        desk.all_arrive(60)
        desk.write("UPDATE contract SET meter_count = 7 WHERE id = 1")
        desk.order(0, "second", 600)
        wait_until(lambda: desk.orders()[1][3] == "alarm", 60, "the alarm")
        assert "nothing was sent" in desk.orders()[1][5], desk.orders()
        assert desk.purse(0)[:2] == (1, 500)
        stuck = desk.house.heng("purse", "list", "stuck", "--data", desk.house.data)
        assert stuck.returncode == 0 and "purchase 8" in stuck.stdout and "alarm" in stuck.stdout, (stuck.stdout, stuck.stderr)


@tap.test
def supply_comes_back_within_a_minute(binaries):
    with Desk(binaries) as desk:
        assert desk.command(0, "disconnect")["stage"] == "confirmed"
        began = time.monotonic()
        desk.write("INSERT INTO supply_task (id, key, org_id, account_id, point_id, wish, state, reason, made_us) "
                   "VALUES (1, 'on:1', 0, ?, ?, 'on', 'waiting', 'paid', ?)", ACCOUNT, desk.waters[0][1], NOW)
        wait_until(lambda: desk.house.rows("SELECT state FROM supply_task")[0][0] == "done", 60, "supply to come back")
        assert time.monotonic() - began < 60
        state = desk.house.rows("SELECT stage, key FROM command WHERE kind = 'connect'")
        assert state == [("confirmed", "supply-1-1")], state


# --- from what a meter answers to its valve and back ---------------------------------------------------------------

DAY_US = 86_400_000_000
KINDS = {"cjt188": ("water", "m3"), "dlt645": ("active", "kWh")}


class Flat:
    """The point of one meter, and the account that pays for it. Its days are made of values that were read over the wire:
    its first, a later and its last answer stand at the midnights of three days; the moments alone are moved."""

    def __init__(self, house, protocol):
        self.house = house
        self.meter, self.number, self.point, self.channel = house.rows(
            "SELECT d.id, d.number, i.point_id, c.id FROM device d JOIN installation i ON i.device_id = d.id JOIN channel c ON "
            "c.point_id = i.point_id AND c.main = 1 WHERE d.protocol LIKE ? || '%' ORDER BY d.number LIMIT 1", protocol)[0]
        self.quantity, self.unit = KINDS[protocol]

    def moments(self):
        return [row[0] for row in self.house.rows("SELECT at_us FROM reading WHERE device_id = ? ORDER BY at_us", self.meter)]

    def put_days(self, db, midnight):
        moments = self.moments()
        db.execute("UPDATE installation SET from_us = ? WHERE point_id = ?", (midnight - 3 * DAY_US, self.point))
        db.execute("DELETE FROM point_event WHERE point_id = ?", (self.point,))
        for back, at in zip((2, 1, 0), (moments[0], moments[len(moments) // 2], moments[-1])):
            db.execute("INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us)"
                       " SELECT device_id, ?, source, quality, first_frame, frame_count, packed, due_us FROM reading"
                       " WHERE device_id = ? AND at_us = ?", (midnight - back * DAY_US, self.meter, at))
        # What is usual for electricity counts without a direction; this meter counts both.
        db.execute("UPDATE channel SET qualifier = 'forward' WHERE point_id = ? AND quantity = 'energy'", (self.point,))
        db.execute("DELETE FROM usage_checkpoint WHERE channel_id = ?", (self.channel,))
        db.execute("DELETE FROM usage_day WHERE channel_id = ?", (self.channel,))
        db.execute("INSERT INTO usage_due (channel_id, from_us, to_us) VALUES (?, ?, ?) ON CONFLICT (channel_id) DO UPDATE"
                   " SET from_us = excluded.from_us, to_us = excluded.to_us",
                   (self.channel, midnight - 3 * DAY_US, midnight + DAY_US))

    def used(self):
        """Of full days, in the tariff's unit, as the interface tells it."""
        items = self.house.get(f"/api/v1/points/{self.point}/usage?from=2020-01-01&to=2099-01-01")["items"]
        channel = next((item for item in items if item["id"] == self.channel), None)
        days = [day for day in channel["items"][:-1] if day["missing"] == 0] if channel else []
        scale = 1000 if self.unit == "kWh" and channel["unit"] == "Wh" else 1
        return [fractions.Fraction(day["amount"]) / scale for day in days]

    def open(self, times, first):
        """A tariff by which all that was used costs so many cents, about; an account with 100.00."""
        total = sum(self.used_days)
        assert total > 0, self.used_days
        self.price = max(1, round(times * 100 / total))  # of a hundredth of a cent
        name = f"t{self.point}"
        form = self.house.folder / f"{name}.json"
        form.write_text(json.dumps({"id": name, "currency": "CNY", "components": [
            {"id": "use", "rule": "per-unit", "quantity": self.quantity, "unit": self.unit, "price": f"{self.price / 10000:.4f}"}]}))
        typed(self.house, "tariff", "put", name, form)
        said = typed(self.house, "account", "open", "--name", "Wang", "--warn", "50,20,0", "--overdraft", "10")
        self.account = re.search(r"account (\d+) is open", said).group(1)
        self.account_id = self.house.rows("SELECT id FROM account WHERE number = ?", self.account)[0][0]
        typed(self.house, "contract", "add", self.account, "--point", self.number, "--tariff", name, "--mode", "prepaid",
              "--from", first)
        typed(self.house, "prepaid", "sell", self.account, "100.00", "--key", f"first-{name}", "--channel", "bank")

    def purse(self):
        return -self.house.rows("SELECT balance FROM book WHERE kind = 'purse' AND account_id = ?", self.account_id)[0][0]

    def task(self):
        rows = self.house.rows("SELECT wish, state, why FROM supply_task WHERE account_id = ? ORDER BY id DESC LIMIT 1", self.account_id)
        return rows[0] if rows else None

    def notices(self):
        return [row[0] for row in self.house.rows("SELECT kind FROM notice WHERE account_id = ? ORDER BY id", self.account_id)]

    def commands(self):
        return self.house.rows("SELECT kind, stage FROM command WHERE device_id = ? AND kind IN ('connect', 'disconnect') ORDER BY id",
                               self.meter)


def typed(house, *argv):
    done = house.heng(*argv[:2], "--data", house.data, "--who", "Li", *argv[2:])
    assert done.returncode == 0, (argv, done.stdout, done.stderr)
    return done.stdout


@contextlib.contextmanager
def flats(binaries):
    """A water meter with a valve and an electricity meter with a relay, and two full days of each; the server is stopped."""
    with House(binaries) as house:
        site = house.start_scenario("flats", [
            {"name": "power", "transport": "tcp", "port": house.power_port, "baud": 9600,
             "meters": [{"protocol": "dlt645-2007", "count": 1}]},
            {"name": "water", "transport": "tcp", "port": house.mbus_port,
             "meters": [{"protocol": "cjt188", "medium": "cold water", "count": 1}]}], "--speed", "2000", "--wire-speed", "10")
        site["time_zone"] = "UTC"
        for line in site["lines"]:
            line["period_s"] = 1
        done = house.import_site(site)
        assert done.returncode == 0, done.stderr
        keys = house.folder / "keys"
        keys.write_text("* 02000000 00000000\n")
        keys.chmod(0o600)
        house.serve = lambda: house.start_server("--keys", keys)
        house.serve()
        both = [Flat(house, protocol) for protocol in KINDS]
        wait_until(lambda: min(len(flat.moments()) for flat in both) >= 8, 90, "readings")
        assert house.server.end() == 0
        with contextlib.closing(sqlite3.connect(house.data / "heng.db")) as db, db:
            db.execute("DROP TRIGGER point_event_no_delete")
            for flat in both:
                flat.put_days(db, int(time.time()) // 86400 * DAY_US)
        house.serve()
        wait_until(lambda: all(len(flat.used()) >= 2 for flat in both), 60, "two days of usage")
        for flat in both:
            flat.used_days = flat.used()[-2:]
        assert house.server.end() == 0
        yield house, both


def rounded(amount):
    return int(amount + fractions.Fraction(1, 2))


@tap.test
def usage_ends_supply_and_a_sale_brings_it_back(binaries):
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    chance = random.Random(seed)
    with flats(binaries) as (house, both):
        first = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).date().isoformat()
        calendar = house.folder / "none.json"
        calendar.write_text("{}")
        typed(house, "prepaid", "calendar", calendar)
        both[0].open(6000, first)   # 40.00 are left: warned
        both[1].open(14000, first)  # 40.00 below zero
        house.serve()
        for flat in both:
            left = 10000 - rounded(sum(flat.used_days) * flat.price / 100)
            wait_until(lambda: flat.purse() == left, 60, f"{left}: {flat.purse()}")
        water, power = both
        assert water.notices() == ["warn-1"] and water.task() is None, (water.notices(), water.task())
        assert power.notices() == ["warn-3"], power.notices()
        wait_until(lambda: "was told" in power.task()[2], 30, "the reason why the cut waits")
        assert power.commands() == []
        assert house.server.end() == 0
        typed(house, "prepaid", "set", "prepaid_notice_h", "0")
        typed(house, "prepaid", "adjust", "--reason", "a test of the valve", "--second", "Wang", "--key", "down", "--",
              water.account, "-100.00")
        house.serve()
        for flat in both:
            wait_until(lambda: flat.task()[:2] == ("off", "done"), 60, f"the cut: {flat.task()} {flat.commands()}")
            assert flat.commands() == [("disconnect", "confirmed")], flat.commands()

        def sell(flat, amount, key):
            body = {"key": key, "who": "Li", "channel": "bank", "amount": amount}
            return call(house, "POST", f"/api/v1/accounts/{flat.account_id}/sell", body)
        for flat in both:
            status, said = sell(flat, 1, f"little-{flat.point}")  # a part of the overdraft is not enough
            assert status == 200, (status, said)
            assert flat.task()[:2] == ("off", "done"), flat.task()
            amount, began = 5000 - flat.purse(), time.monotonic()
            assert sell(flat, amount, f"sale-{flat.point}")[0] == 200
            if flat is power:  # between the money and the relay
                time.sleep(chance.uniform(0, 1.5))
                house.server.end(signal.SIGKILL)
                house.serve()
                # Who asked did not hear it, and asks again, until the server that has just begun takes it.
                wait_until(lambda: sell(flat, amount, f"sale-{flat.point}")[0] == 200, 30, "the same sale again")
            wait_until(lambda: flat.task()[:2] == ("on", "done"), 60, f"supply to come back: {flat.task()}")
            print(f"# {flat.unit}: supply was back {time.monotonic() - began:.1f} s after the sale", flush=True)
            assert time.monotonic() - began < 60
            assert flat.purse() == 5000, flat.purse()
            ends = [stage for kind, stage in flat.commands() if kind == "connect"]
            assert ends.count("confirmed") == 1, flat.commands()
            assert flat.notices()[-1] == "restored", flat.notices()
        assert house.rows("SELECT coalesce(sum(amount), 0) FROM posting")[0][0] == 0
        assert house.rows("SELECT count(*) FROM booking WHERE kind = 'sale'")[0][0] == 6


@tap.test
def what_a_meter_uses_is_booked_as_it_says(binaries):
    with Desk(binaries, speed=3000) as desk:
        house = desk.house
        assert house.server.end() == 0
        form = house.folder / "water.json"
        form.write_text(json.dumps({"id": "W", "currency": "CNY", "components": [
            {"id": "water", "rule": "per-unit", "quantity": "water", "unit": "m3", "price": "5.00", "vat": {"rate": "0.03"}}]}))
        typed(house, "tariff", "put", "water", form)
        desk.write("UPDATE contract SET tariff_key = 'water'")
        number = house.rows("SELECT d.number FROM device d WHERE d.id = ?", desk.waters[0][0])[0][0]
        words = ("10001", "--point", number)
        typed(house, "purse", "sell", "10001", "50.00", "--point", number, "--key", "one", "--channel", "bank")
        again = typed(house, "purse", "sell", "10001", "50.00", "--point", number, "--key", "one", "--channel", "bank")
        assert "purchase 0" in again, again
        refused = house.heng("purse", "sell", "--data", house.data, "--who", "Li", "10001", "1.00", "--point", number, "--channel", "bank")
        assert refused.returncode == 1 and "on its way" in refused.stderr, refused
        assert "waiting" in typed(house, "purse", "list"), "the order"
        house.start_server()
        desk.all_arrive(60)

        def mirror():
            rows = house.rows("SELECT at_us, remaining, why FROM meter_mirror")
            return rows and rows[0][0] and rows[0]
        wait_until(mirror, 60, "what is left")
        wait_until(lambda: desk.purse(0)[2] < 5000, 120, "use of water")
        desk.write("UPDATE meter_mirror SET due_us = 0")  # a day later
        wait_until(lambda: mirror()[1] < 5000, 60, f"the next answer: {mirror()}")
        left = mirror()[1]
        assert mirror()[2] == "", mirror()
        assert house.server.end() == 0
        books = {(kind, ref): balance for kind, ref, balance in house.rows("SELECT kind, ref, balance FROM book")}
        assert books[("meter", str(desk.waters[0][1]))] == -left, books
        used = 5000 - left
        tax = used - rounded(fractions.Fraction(used * 100, 103))
        assert (-books.get(("revenue", "cold water"), 0), -books.get(("tax", "3"), 0)) == (used - tax, tax), books
        assert f"left {left // 100}.{left % 100:02}" in typed(house, "purse", "left", *words)
        bad = house.heng("purse", "take-out", "--data", house.data, "--who", "Li", "--reason", "gone", *words)
        assert bad.returncode == 1 and "second person" in bad.stderr, bad
        out = typed(house, "purse", "take-out", *words, "--reason", "taken down", "--second", "Wang", "--key", "out")
        assert f"balance {left // 100}.{left % 100:02}" in out, out
        print(f"# used {used}, left {left}", flush=True)
        for verb in ("again", "arrived", "give-back"):
            done = house.heng("purse", verb, "--data", house.data, "--who", "Li", "--reason", "x", "1")
            assert done.returncode == 1 and "is confirmed" in done.stderr, done
        typed(house, "purse", "ask", *words)


if __name__ == "__main__":
    @contextlib.contextmanager
    def binaries_of(folder):
        yield folder
    main(tap, binaries_of, __doc__)
