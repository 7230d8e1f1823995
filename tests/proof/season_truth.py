#!/usr/bin/env python3
"""What everybody in a season has on his account, worked out by somebody who has never heard of Heng.

It reads facts.tsv: raw frames with the moment they were read, which meter hung where, contracts, money that changed
hands. It has decoders, tariffs and the sharing of heat of its own, in exact fractions, and compares what comes out with
balances.tsv to the cent. Usage: season_truth.py FOLDER
"""

import datetime
import sys
from collections import defaultdict
from fractions import Fraction

DAY = 86400 * 10**6
EPOCH = datetime.date(1970, 1, 1)


def midnight(day):
    """The begin of a day in Shanghai."""
    return day * DAY - 8 * 3600 * 10**6


def date(day):
    return EPOCH + datetime.timedelta(days=day)


def number(day):
    return (day - EPOCH).days


def next_month(day):
    d = date(day)
    return number(datetime.date(d.year + d.month // 12, d.month % 12 + 1, 1))


def half_up(x):
    """To whole cents; halves away from zero."""
    return int(x + Fraction(1, 2)) if x >= 0 else -int(-x + Fraction(1, 2))


# --- frames -----------------------------------------------------------------------------------------------------------


def bcd(data):
    value = 0
    for byte in reversed(data):
        value = value * 100 + (byte >> 4) * 10 + (byte & 15)
        assert byte >> 4 < 10 and byte & 15 < 10
    return value


def plate(data):
    return "".join(f"{byte:02X}" for byte in reversed(data))


def decode(frame):
    """Number of the meter and its values: kWh in hundredths by rate, m3 in hundredths, degrees in hundredths, kWh."""
    assert frame[0] == 0x68 and frame[-1] == 0x16
    if frame[3] == 0x68 and frame[1] == frame[2]:  # M-Bus, EN 13757
        assert len(frame) == frame[1] + 6 and frame[-2] == sum(frame[4:-2]) & 255
        assert frame[6] == 0x72
        assert frame[19] in (0x02, 0x04) and frame[20] in (0x65, 0x06)
        return plate(frame[7:11]), [int.from_bytes(frame[21:-2], "little", signed=True)]
    assert frame[-2] == sum(frame[:-2]) & 255
    if frame[7] == 0x68:  # DL/T 645-2007
        assert frame[8] == 0x91
        data = bytes((byte - 0x33) & 255 for byte in frame[10 : 10 + frame[9]])
        assert data[:4] == bytes([0x00, 0xFF, 0x01, 0x00])
        return plate(frame[1:7]), [bcd(data[4 + 4 * i : 8 + 4 * i]) for i in range(5)]
    assert frame[1] == 0x10 and frame[9] == 0x81 and frame[11:13] == bytes([0x90, 0x1F])  # CJ/T 188-2004
    assert frame[18] == 0x2C
    return plate(frame[2:9]), [bcd(frame[14:18])]


# --- facts ------------------------------------------------------------------------------------------------------------


class Facts:
    def __init__(self, folder):
        self.reads = defaultdict(dict)  # by meter: moment -> values
        self.hung = defaultdict(list)  # by point: [meter, from, until]
        self.contracts = {}  # id -> [account, point, from, to, follows]
        self.money = defaultdict(int)
        self.deposits = defaultdict(int)
        self.flats, self.heat = {}, {}
        for line in open(f"{folder}/facts.tsv"):
            kind, *field = line.rstrip("\n").split("\t")
            getattr(self, "take_" + kind)(*field)

    def take_frame(self, at, text):
        meter, values = decode(bytes.fromhex(text))
        known = self.reads[meter].setdefault(int(at), values)
        assert known == values

    def take_reject(self, meter, at):
        del self.reads[meter][int(at)]

    def take_install(self, point, meter, at):
        self.hung[int(point)].append([meter, int(at), None])

    def take_exchange(self, point, old, new, at):
        spans = self.hung[int(point)]
        assert spans[-1][0] == old
        spans[-1][2] = int(at)
        spans.append([new, int(at), None])

    def take_account(self, account, _):
        self.money[int(account)] += 0

    def take_contract(self, contract, account, point, day, follows):
        self.contracts[int(contract)] = [int(account), int(point), int(day), None, int(follows)]

    def take_end(self, contract, day):
        self.contracts[int(contract)][3] = int(day)

    def take_money(self, account, amount, _):
        self.money[int(account)] += int(amount)

    def take_deposit(self, account, amount):
        self.deposits[int(account)] += int(amount)

    def take_flat(self, key, house, area, room, main):
        self.flats[key] = (int(house), int(area), int(room), int(main))

    def take_heat(self, key, account):
        self.heat[key] = int(account)

    def used(self, point, from_day, to_day):
        """Between two midnights, over all meters that hung there, by rate."""
        begin, end, total = midnight(from_day), midnight(to_day), None
        for meter, since, until in self.hung[point]:
            at, upto = max(begin, since), min(end, until if until else end)
            if at >= upto and not begin == end:
                continue
            reads = self.reads[meter]
            # At an exchange both were read within seconds.
            first = reads[at] if at in reads else reads[at + 10**6]
            last = reads[upto] if upto in reads else reads[upto - 10**6]
            part = [b - a for a, b in zip(first, last)]
            total = part if total is None else [a + b for a, b in zip(total, part)]
        return total


# --- tariffs ----------------------------------------------------------------------------------------------------------

NEW_POWER, NEW_WATER = number(datetime.date(2026, 12, 15)), number(datetime.date(2027, 2, 1))
POWER = {False: ("0.8513", "0.5469", "0.2478"), True: ("0.9027", "0.5811", "0.2593")}  # T2 peak, T3 flat, T4 valley
STEPS = [(0, "0"), (40000, "0.0500"), (70000, "0.3000")]  # hundredths of a kWh in a calendar year
WATER = {False: ("3.4500", "4.8300", "8.3500"), True: ("3.6200", "5.0700", "8.3500")}


def tiers(bounds, before, amount):
    """How much of an amount behind `before` lies in each tier. May be below zero? No: meters only count up."""
    parts = []
    for i, low in enumerate(bounds):
        high = bounds[i + 1] if i + 1 < len(bounds) else None
        top = before + amount if high is None else min(before + amount, high)
        parts.append(max(0, top - max(before, low)))
    assert sum(parts) == amount
    return parts


def months(from_day, to_day):
    while from_day < to_day:
        end = min(next_month(from_day), to_day)
        yield from_day, end
        from_day = end


def power(facts, contract, end_day, state):
    """By month: rates, and what a year's steps add. state: (year, hundredths of kWh) that the contract goes on from."""
    _, point, from_day, to_day, _ = contract
    year, used = state
    cents = 0
    for begin, end in months(from_day, min(to_day or end_day, end_day)):
        if date(begin).year != year:
            year, used = date(begin).year, 0
        cuts = [begin, NEW_POWER, end] if begin < NEW_POWER < end else [begin, end]
        for a, b in zip(cuts, cuts[1:]):
            amount = facts.used(point, a, b)
            assert amount[0] == sum(amount[1:])
            for rate, price in zip(amount[2:], POWER[a >= NEW_POWER]):
                cents += half_up(Fraction(rate) * Fraction(price))
            for part, (_, price) in zip(tiers([low for low, _ in STEPS], used, amount[0]), STEPS):
                cents += half_up(Fraction(part) * Fraction(price))
            used += amount[0]
    return cents, (year, used)


def water(facts, contract, end_day):
    _, point, from_day, to_day, _ = contract
    cents = 0
    for begin, end in months(from_day, min(to_day or end_day, end_day)):
        amount = facts.used(point, begin, end)[0]
        for part, price in zip(tiers([0, 1200, 1800], 0, amount), WATER[begin >= NEW_WATER]):
            cents += half_up(Fraction(part) * Fraction(price))
        cents += half_up(Fraction(amount) * Fraction("0.9500"))
    return cents


def heat(facts, first_day, end_day):
    """Each house's heat by area times degree hours above 8; largest remainders first, then by name."""
    cents = defaultdict(int)
    for house in {flat[0] for flat in facts.flats.values()}:
        flats = {key: flat for key, flat in facts.flats.items() if flat[0] == house}
        main = next(iter(flats.values()))[3]
        quantity = facts.used(main, first_day, end_day)[0]
        hours = (end_day - first_day) * 24
        weights = {}
        for key, (_, area, room, _) in flats.items():
            meter = facts.hung[room][0][0]
            degree = sum(facts.reads[meter][midnight(day)][0] * 24 for day in range(first_day, end_day))
            weights[key] = area * max(0, degree - 800 * hours)
        total = sum(weights.values())
        exact = {key: Fraction(quantity * weight, total) for key, weight in weights.items()}
        share = {key: int(x) for key, x in exact.items()}
        left = quantity - sum(share.values())
        for key in sorted(exact, key=lambda k: (-(exact[k] - share[k]), k.encode()))[:left]:
            share[key] += 1
        for key, (_, area, _, _) in flats.items():
            base = half_up(Fraction(area) * Fraction("26.70") * Fraction("0.30"))
            cents[facts.heat[key]] += base + half_up(share[key] * Fraction("0.2000") * 100)
    return cents


# --- all of it --------------------------------------------------------------------------------------------------------


def main(folder):
    facts = Facts(folder)
    first_day = min(contract[2] for contract in facts.contracts.values())
    rooms = {flat[2] for flat in facts.flats.values()}
    end_day = max(max(reads) for reads in facts.reads.values())
    end_day = (end_day + 8 * 3600 * 10**6) // DAY
    ours = defaultdict(int, facts.money)
    states, details = {}, {}
    for contract_id, contract in sorted(facts.contracts.items()):
        account, point, _, _, follows = contract
        if point in rooms:
            continue
        if len(facts.hung[point][0][0]) == 12:
            cents, states[contract_id] = power(facts, contract, end_day, states.get(follows, (0, 0)))
        else:
            cents = water(facts, contract, end_day)
        details[contract_id] = cents
        ours[account] -= cents
    for account, cents in heat(facts, first_day, end_day).items():
        ours[account] -= cents
    theirs, wrong = {}, 0
    for line in open(f"{folder}/balances.tsv"):
        account, net, deposit = map(int, line.split("\t"))
        theirs[account] = net
        if ours[account] != net or facts.deposits[account] != deposit:
            wrong += 1
            if wrong <= 10:
                print(f"# account {account}: by the frames {ours[account]}, by the ledger {net}; deposit "
                      f"{facts.deposits[account]} and {deposit}")
                tell(folder, facts, details, account)
    assert set(ours) == set(theirs), "accounts of one side only"
    frames = sum(len(reads) for reads in facts.reads.values())
    print(f"# recomputed from {frames} frames: {len(theirs)} balances, {wrong} differ")
    return 1 if wrong else 0


def tell(folder, facts, details, account):
    charged = defaultdict(int)
    for line in open(f"{folder}/charges.tsv"):
        contract, _, _, _, amount = map(int, line.split())
        charged[contract] += amount
    for contract_id, contract in facts.contracts.items():
        if contract[0] == account and details.get(contract_id) != charged[contract_id]:
            print(f"#   contract {contract_id} of point {contract[1]} [{date(contract[2])}, "
                  f"{date(contract[3]) if contract[3] else ''}): {details.get(contract_id)}, all charges {charged[contract_id]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
