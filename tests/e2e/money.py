#!/usr/bin/env python3
"""End to end: money reaches meters, and supply comes back with it, on the running server; no crash sends money twice.

tests/e2e/money.py --bin build/dev/bin [--only WORD]
"""
import contextlib
import pathlib
import random
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

    def __init__(self, binaries):
        self.house = House(binaries)

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


if __name__ == "__main__":
    @contextlib.contextmanager
    def binaries_of(folder):
        yield folder
    main(tap, binaries_of, __doc__)
