-- Money: accounts, contracts, the ledger, bills and their trace, prepaid supply, payments, seals. Amounts are whole numbers
-- of the smallest unit of their currency (fen, cents). Days are local days of the site, as days since 1970. org_id 0: the
-- operator. who: the person or program that did it. What a table derives from others says so; all the rest is for ever.

-- Who pays. place_id: where they live, NULL not known. Limits NULL: those of the site's settings (docs/accounts.md).
CREATE TABLE account (
    id         INTEGER PRIMARY KEY,
    org_id     INTEGER NOT NULL,
    number     TEXT NOT NULL UNIQUE,                 -- what people say and print
    name       TEXT NOT NULL,
    place_id   INTEGER REFERENCES place (id),
    phone      TEXT NOT NULL DEFAULT '',
    address    TEXT NOT NULL DEFAULT '',             -- where letters go, '' the place
    language   TEXT NOT NULL,                        -- 'zh', 'en', 'de'
    currency   TEXT NOT NULL,                        -- 'CNY', 'EUR'
    bank       TEXT NOT NULL DEFAULT '',             -- JSON: bank account or mandate for withholding, '' none
    warn_1     INTEGER,                              -- warning levels of the balance, falling
    warn_2     INTEGER,
    warn_3     INTEGER,
    overdraft  INTEGER,                              -- supply ends when the balance is this much below zero
    hoard      INTEGER,                              -- the balance after a sale is not above this
    protection TEXT NOT NULL DEFAULT 'none',         -- 'none', 'second' a second person agrees, 'protected' never cut
    opened_us  INTEGER NOT NULL,
    closed_us  INTEGER NOT NULL DEFAULT 0,           -- 0: open
    note       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX account_org ON account (org_id, number);
CREATE INDEX account_place ON account (place_id);

-- Who changed what, with why; before and after are JSON. Append-only, sealed.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    org_id  INTEGER NOT NULL,
    at_us   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    second  TEXT NOT NULL DEFAULT '',
    action  TEXT NOT NULL,                           -- 'account.open', 'contract.end', 'tariff.put', 'bill.issue' ...
    subject TEXT NOT NULL,                           -- 'account', 'contract', 'bill' ...
    subject_id INTEGER NOT NULL,
    before  TEXT NOT NULL DEFAULT '',
    after   TEXT NOT NULL DEFAULT '',
    reason  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX audit_subject ON audit (subject, subject_id, id);

-- What people and programs asked for over HTTP, by the key that they gave: the same again is answered the same, something
-- else under the key is refused. answer_id: what was made or changed; booking_id: what was booked for it, 0 nothing.
CREATE TABLE request (
    key        TEXT PRIMARY KEY,
    operation  TEXT NOT NULL,
    digest     BLOB NOT NULL,                        -- SHA-256 of what was asked
    answer_id  INTEGER NOT NULL,
    booking_id INTEGER NOT NULL,
    made       INTEGER NOT NULL,                     -- how many
    at_us      INTEGER NOT NULL,
    who        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A tariff as it was put in: the JSON form of docs/rating.md. A change is a new edition; none is ever altered.
CREATE TABLE tariff_doc (
    id      INTEGER PRIMARY KEY,
    org_id  INTEGER NOT NULL,
    key     TEXT NOT NULL,
    edition INTEGER NOT NULL,
    at_us   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    reason  TEXT NOT NULL DEFAULT '',
    digest  BLOB NOT NULL,                           -- SHA-256 of body
    body    TEXT NOT NULL,
    UNIQUE (org_id, key, edition)
) STRICT;

-- What holds for a whole group or price class (rate/bind.h); a contract may name its own. to_day 0: no end.
CREATE TABLE tariff_binding (
    id         INTEGER PRIMARY KEY,
    org_id     INTEGER NOT NULL,
    level      TEXT NOT NULL,                        -- 'group', 'class'
    name       TEXT NOT NULL,
    tariff_key TEXT NOT NULL,
    from_day   INTEGER NOT NULL,
    to_day     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org_id, level, name, from_day)
) STRICT;

-- An account pays for a point by a tariff, for a time. mode: 'prepaid' (the balance is here), 'in-meter' (the money is in
-- the meter), 'postpaid'. terms: JSON, what the contract has: persons, bases (m2, kW), extensions, losses (docs/rating.md).
CREATE TABLE contract (
    id          INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL REFERENCES account (id),
    point_id    INTEGER NOT NULL REFERENCES point (id),
    mode        TEXT NOT NULL,
    tariff_key  TEXT NOT NULL DEFAULT '',            -- '': by group or class
    price_class TEXT NOT NULL DEFAULT '',
    tariff_group TEXT NOT NULL DEFAULT '',
    cycle       TEXT NOT NULL DEFAULT 'month',       -- what a bill covers: 'month', 'two-months', 'quarter', 'year', 'season'
    from_day    INTEGER NOT NULL,
    to_day      INTEGER NOT NULL DEFAULT 0,          -- the first day that is no longer its; 0: no end
    terms       TEXT NOT NULL DEFAULT '{}',
    follows     INTEGER REFERENCES contract (id),    -- whose used tiers go on in this one (change of mode or account)
    meter_count INTEGER NOT NULL DEFAULT 0,          -- in-meter: the purchases that are known to have arrived
    UNIQUE (point_id, from_day)
) STRICT;
CREATE INDEX contract_account ON contract (account_id, from_day);

-- The ledger. A book is one side of a posting; balance and postings are derived, the sum of what is posted to it.
-- Positive is debit. account_id 0: none. ref: a desk, a channel, a tax rate, a point ...
CREATE TABLE book (
    id         INTEGER PRIMARY KEY,
    org_id     INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    ref        TEXT NOT NULL,
    currency   TEXT NOT NULL,
    balance    INTEGER NOT NULL DEFAULT 0,
    postings   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_id, kind, org_id, ref, currency)
) STRICT;

-- Every movement of money. key: who asks again with it gets this one. digest: SHA-256 of what was asked for, so that the
-- same key with something else is known. reverses: the booking that this one is the mirror of.
CREATE TABLE booking (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    org_id     INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    currency   TEXT NOT NULL,
    at_us      INTEGER NOT NULL,
    day        INTEGER NOT NULL,                     -- of the site, that it counts for
    channel    TEXT NOT NULL DEFAULT '',             -- 'cash', 'bank', 'wechat' ...
    desk       TEXT NOT NULL DEFAULT '',
    cash_day_id INTEGER NOT NULL DEFAULT 0,
    subject    TEXT NOT NULL DEFAULT '',             -- what it is of: 'bill', 'charge', 'pay-order', 'meter-order' ...
    subject_id INTEGER NOT NULL DEFAULT 0,
    reverses   INTEGER UNIQUE REFERENCES booking (id),
    who        TEXT NOT NULL,
    second     TEXT NOT NULL DEFAULT '',
    reason     TEXT NOT NULL DEFAULT '',
    digest     BLOB NOT NULL
) STRICT;
CREATE INDEX booking_account ON booking (account_id, id);
CREATE INDEX booking_day ON booking (day, id);
CREATE INDEX booking_cash_day ON booking (cash_day_id, id) WHERE cash_day_id > 0;
CREATE INDEX booking_subject ON booking (subject, subject_id) WHERE subject_id > 0;

CREATE TABLE posting (
    booking_id INTEGER NOT NULL REFERENCES booking (id),
    n          INTEGER NOT NULL,
    book_id    INTEGER NOT NULL REFERENCES book (id),
    amount     INTEGER NOT NULL,                     -- debit positive; those of a booking sum to zero
    PRIMARY KEY (booking_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX posting_book ON posting (book_id, booking_id);

-- Which money pays which bill. Negative rows take back. Append-only. part: 'principal', 'late'.
CREATE TABLE allocation (
    booking_id INTEGER NOT NULL REFERENCES booking (id),
    n          INTEGER NOT NULL,
    bill_id    INTEGER NOT NULL,
    part       TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    PRIMARY KEY (booking_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocation_bill ON allocation (bill_id, booking_id);

-- Receipts: numbers without a gap for each desk and year. kind: 'sale', 'payment', 'refund', 'reversal' ... balance_before
-- and after: of the customer, as printed. printed: how often.
CREATE TABLE receipt (
    id         INTEGER PRIMARY KEY,
    org_id     INTEGER NOT NULL,
    desk       TEXT NOT NULL,
    year       INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    booking_id INTEGER NOT NULL UNIQUE REFERENCES booking (id),
    balance_before INTEGER NOT NULL,
    balance_after  INTEGER NOT NULL,
    UNIQUE (org_id, desk, year, number)
) STRICT;
CREATE TABLE receipt_print (
    receipt_id INTEGER NOT NULL REFERENCES receipt (id),
    n          INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    who        TEXT NOT NULL,
    PRIMARY KEY (receipt_id, n)
) STRICT, WITHOUT ROWID;

-- A cashier's day at a desk. closed_us 0: open; then nothing of it changes. One open day for each desk.
CREATE TABLE cash_day (
    id           INTEGER PRIMARY KEY,
    org_id       INTEGER NOT NULL,
    desk         TEXT NOT NULL,
    cashier      TEXT NOT NULL,
    day          INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    opened_us    INTEGER NOT NULL,
    opening      INTEGER NOT NULL,                   -- float in the drawer
    closed_us    INTEGER NOT NULL DEFAULT 0,
    expected     INTEGER NOT NULL DEFAULT 0,
    counted      INTEGER NOT NULL DEFAULT 0,
    handed_over  INTEGER NOT NULL DEFAULT 0,         -- the rest stays as the next float
    handed_to    TEXT NOT NULL DEFAULT '',
    reason       TEXT NOT NULL DEFAULT '',           -- of a difference
    totals       TEXT NOT NULL DEFAULT '',           -- JSON: per channel gross, refunds, reversals, net
    UNIQUE (org_id, desk, opened_us)
) STRICT;
CREATE UNIQUE INDEX cash_day_one ON cash_day (org_id, desk) WHERE closed_us = 0;
CREATE INDEX cash_day_day ON cash_day (day, id);

-- What was asked of the engine for one contract and period, and what came out. total: of the period to date; before:
-- charged already; amount: what this one charges. ask, states, trace are JSON: ask is the form of heng rate with tariffs
-- by edition, states what the next one goes on from, trace how the amounts follow from usage, readings and frames. kind:
-- 'usage', 'heat', 'fee'. bill_id 0: a charge of a prepaid day. digest: SHA-256 of ask, lines and trace.
CREATE TABLE charge (
    id          INTEGER PRIMARY KEY,
    contract_id INTEGER NOT NULL REFERENCES contract (id),
    account_id  INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    from_day    INTEGER NOT NULL,
    to_day      INTEGER NOT NULL,
    medium      TEXT NOT NULL,                       -- of the point; '' for fees
    total       INTEGER NOT NULL,
    before      INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    tax         INTEGER NOT NULL,                    -- part of total
    before_tax  INTEGER NOT NULL,                    -- part of before
    estimated   INTEGER NOT NULL,                    -- rests on estimates: 1
    bill_id     INTEGER NOT NULL DEFAULT 0,
    booking_id  INTEGER NOT NULL DEFAULT 0,          -- of a prepaid charge; bills have one for all
    at_us       INTEGER NOT NULL,
    ask         TEXT NOT NULL,
    states      TEXT NOT NULL,
    trace       TEXT NOT NULL,
    digest      BLOB NOT NULL
) STRICT;
CREATE INDEX charge_contract ON charge (contract_id, from_day, to_day, id);
CREATE INDEX charge_bill ON charge (bill_id) WHERE bill_id > 0;

CREATE TABLE charge_line (
    charge_id INTEGER NOT NULL REFERENCES charge (id),
    n         INTEGER NOT NULL,
    component TEXT NOT NULL,
    name      TEXT NOT NULL,
    version   TEXT NOT NULL,
    tier      INTEGER NOT NULL,                      -- 0 none
    rate      TEXT NOT NULL,                         -- '' none
    from_day  INTEGER NOT NULL,
    to_day    INTEGER NOT NULL,
    quantity  TEXT NOT NULL,
    unit      TEXT NOT NULL,
    price     TEXT NOT NULL,
    amount    INTEGER NOT NULL,                      -- with tax
    tax       INTEGER NOT NULL,
    note      TEXT NOT NULL,                         -- which of several: the transformer, say; '' none
    vat       TEXT NOT NULL,                         -- rate of its tax, "0.13"; '' none is shown
    time_count INTEGER NOT NULL,                     -- quantity x price x time_count / time_of: 20 of 30 days
    time_of   INTEGER NOT NULL,
    PRIMARY KEY (charge_id, n)
) STRICT, WITHOUT ROWID;

-- A run makes the bills of many: kind 'usage', 'heat'. selection: JSON, which accounts. state: 'waiting', 'working',
-- 'preview', 'approved', 'issued', 'cancelled', 'failed'. done of total; next_id: where it goes on after a stop.
CREATE TABLE bill_run (
    id          INTEGER PRIMARY KEY,
    org_id      INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    selection   TEXT NOT NULL,
    from_day    INTEGER NOT NULL,
    to_day      INTEGER NOT NULL,
    due_day     INTEGER NOT NULL,
    currency    TEXT NOT NULL,
    state       TEXT NOT NULL,
    done        INTEGER NOT NULL DEFAULT 0,
    total       INTEGER NOT NULL DEFAULT 0,
    next_id     INTEGER NOT NULL DEFAULT 0,
    made_us     INTEGER NOT NULL,
    made_by     TEXT NOT NULL,
    approved_by TEXT NOT NULL DEFAULT '',
    issued_us   INTEGER NOT NULL DEFAULT 0,
    why         TEXT NOT NULL DEFAULT ''
) STRICT;

-- number '' as long as it is a draft. kind: 'bill', 'statement' (of what prepaid charged), 'final', 'heat', 'delta', 'reversal'. state:
-- 'draft', 'blocked' (a gate holds it), 'issued', 'reversed'. reverses, replaces: other bills. flags: exceptions of the preview (billing/).
CREATE TABLE bill (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL DEFAULT 0,
    org_id     INTEGER NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id),
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL,
    number     TEXT NOT NULL DEFAULT '',
    from_day   INTEGER NOT NULL,
    to_day     INTEGER NOT NULL,
    due_day    INTEGER NOT NULL DEFAULT 0,
    total      INTEGER NOT NULL,                     -- with tax
    tax        INTEGER NOT NULL,
    currency   TEXT NOT NULL,
    flags      INTEGER NOT NULL DEFAULT 0,
    why        TEXT NOT NULL DEFAULT '',             -- what holds it
    booking_id INTEGER NOT NULL DEFAULT 0,
    reverses   INTEGER UNIQUE REFERENCES bill (id),
    replaces   INTEGER NOT NULL DEFAULT 0,
    issued_us  INTEGER NOT NULL DEFAULT 0,
    rank       INTEGER NOT NULL DEFAULT 0,           -- derived: place in the preview, exceptions first
    digest     BLOB                                  -- SHA-256 of what was issued, NULL before
) STRICT;
CREATE UNIQUE INDEX bill_number ON bill (number) WHERE number <> '';
CREATE INDEX bill_account ON bill (account_id, from_day);
CREATE INDEX bill_run_bills ON bill (run_id, id) WHERE run_id > 0;
CREATE INDEX bill_run_ranks ON bill (run_id, rank, id) WHERE run_id > 0;
CREATE INDEX bill_due ON bill (state, due_day, id);

-- What is asked for beforehand (Abschlag, area fee of a season): amount with tax for each month, or once for the period of
-- a run. tax_percent: contained in it, "19". [from_day, to_day), to_day 0: no end.
CREATE TABLE prepay_plan (
    contract_id INTEGER NOT NULL REFERENCES contract (id),
    from_day    INTEGER NOT NULL,
    to_day      INTEGER NOT NULL DEFAULT 0,
    per         TEXT NOT NULL,                       -- 'month', 'period'
    amount      INTEGER NOT NULL,
    tax_percent TEXT NOT NULL,
    who         TEXT NOT NULL,
    PRIMARY KEY (contract_id, from_day)
) STRICT, WITHOUT ROWID;

-- Numbers without gaps: 'bill', 'receipt' ... scope: desk, or ''.
CREATE TABLE number_series (
    org_id INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    scope  TEXT NOT NULL,
    year   INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (org_id, kind, scope, year)
) STRICT, WITHOUT ROWID;

-- One apportionment of a building: the form that went into heng apportion and its answer. Append-only but for state:
-- 'draft', 'approved', 'billed', 'replaced'.
CREATE TABLE apportion_run (
    id       INTEGER PRIMARY KEY,
    org_id   INTEGER NOT NULL,
    place_id INTEGER NOT NULL REFERENCES place (id),
    from_day INTEGER NOT NULL,
    to_day   INTEGER NOT NULL,
    state    TEXT NOT NULL,
    run_id   INTEGER NOT NULL DEFAULT 0,             -- its bills
    at_us    INTEGER NOT NULL,
    who      TEXT NOT NULL,
    ask      TEXT NOT NULL,
    answer   TEXT NOT NULL,
    digest   BLOB NOT NULL
) STRICT;

-- What was done about a bill that is not paid. Instalments: the parts in which one may be paid.
CREATE TABLE dunning (
    bill_id    INTEGER NOT NULL REFERENCES bill (id),
    step       INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    fee        INTEGER NOT NULL,
    booking_id INTEGER NOT NULL DEFAULT 0,
    notice_id  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bill_id, step)
) STRICT, WITHOUT ROWID;
-- plan: the first of a bill is 1; ended_us: it was given up, 0 it runs or is paid.
CREATE TABLE instalment (
    bill_id INTEGER NOT NULL REFERENCES bill (id),
    plan    INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    due_day INTEGER NOT NULL,
    amount  INTEGER NOT NULL,
    who     TEXT NOT NULL,
    made_us INTEGER NOT NULL,
    ended_us INTEGER NOT NULL DEFAULT 0,
    why     TEXT NOT NULL DEFAULT '',                -- it was given up
    PRIMARY KEY (bill_id, plan, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX instalment_running ON instalment (bill_id, plan, n) WHERE ended_us = 0;

-- What is owed on a bill beside its total: fees, each a booking. kind: 'late', 'dunning'. Negative rows take back. Append-only.
CREATE TABLE bill_fee (
    booking_id INTEGER PRIMARY KEY REFERENCES booking (id),
    bill_id    INTEGER NOT NULL REFERENCES bill (id),
    kind       TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    day        INTEGER NOT NULL
) STRICT;
CREATE INDEX bill_fee_bill ON bill_fee (bill_id, booking_id);

-- A bill that is in dispute: no dunning, no late fee, no cut until it is ended, by the day to_day (0: none) or by a person.
CREATE TABLE bill_hold (
    bill_id  INTEGER NOT NULL REFERENCES bill (id),
    n        INTEGER NOT NULL,
    from_day INTEGER NOT NULL,
    to_day   INTEGER NOT NULL DEFAULT 0,
    who      TEXT NOT NULL,
    reason   TEXT NOT NULL,
    ended_us INTEGER NOT NULL DEFAULT 0,
    ended_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (bill_id, n)
) STRICT, WITHOUT ROWID;

-- What people are told: SMS, letter, app. key: told once. state: 'waiting', 'sent', 'failed', 'dropped'.
CREATE TABLE notice (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    org_id     INTEGER NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id),
    kind       TEXT NOT NULL,                        -- 'warn-1', 'warn-2', 'warn-3', 'cut-soon', 'cut', 'restored', 'dunning-1', 'bill' ...
    language   TEXT NOT NULL,
    text       TEXT NOT NULL,
    made_us    INTEGER NOT NULL,
    state      TEXT NOT NULL,
    sent_us    INTEGER NOT NULL DEFAULT 0,
    why        TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notice_waiting ON notice (state, id);
CREATE INDEX notice_account ON notice (account_id, id);

-- Prepaid: how far a contract is charged, derived from its charges; and the level that the account was last told of.
CREATE TABLE prepaid_state (
    contract_id INTEGER PRIMARY KEY REFERENCES contract (id),
    period_day  INTEGER NOT NULL,                    -- the running period began here
    charged_to  INTEGER NOT NULL,                    -- the first day that is not charged yet
    charged     INTEGER NOT NULL,                    -- of the running period
    estimated   INTEGER NOT NULL,                    -- the newest charge rests on estimates
    changed_from INTEGER                             -- usage of this day or later may have changed since; NULL not
) STRICT;
CREATE INDEX prepaid_changed ON prepaid_state (contract_id) WHERE changed_from IS NOT NULL;
CREATE TABLE credit_state (
    account_id INTEGER PRIMARY KEY REFERENCES account (id),
    level      INTEGER NOT NULL,                     -- 0 none, 1..3
    since_us   INTEGER NOT NULL,
    told       INTEGER NOT NULL DEFAULT 0,           -- notices of crossings so far
    told_1_us  INTEGER NOT NULL DEFAULT 0,           -- when each level was last told, 0 never
    told_2_us  INTEGER NOT NULL DEFAULT 0,
    told_3_us  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Supply is kept until then, whatever is owed: a promise to pay, a doubt about the meter.
CREATE TABLE supply_keep (
    account_id INTEGER PRIMARY KEY REFERENCES account (id),
    until_us   INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    who        TEXT NOT NULL,
    reason     TEXT NOT NULL
) STRICT;

-- Supply on or off because of money. state: 'waiting' (for notice, calendar, frost, person), 'ordered', 'done', 'failed',
-- 'dropped'. wish: 'off', 'on'. One that is open for each point.
CREATE TABLE supply_task (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    org_id      INTEGER NOT NULL,
    account_id  INTEGER NOT NULL REFERENCES account (id),
    point_id    INTEGER NOT NULL REFERENCES point (id),
    wish        TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL,                       -- 'overdraft', 'arrears', 'paid', 'person' ...
    made_us     INTEGER NOT NULL,
    not_before_us INTEGER NOT NULL DEFAULT 0,
    notice_id   INTEGER NOT NULL DEFAULT 0,
    approved_by TEXT NOT NULL DEFAULT '',
    command_id  INTEGER NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    ended_us    INTEGER NOT NULL DEFAULT 0,
    why         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX supply_task_open ON supply_task (state, not_before_us, id);
CREATE INDEX supply_task_point ON supply_task (point_id, id);
CREATE INDEX supply_task_account ON supply_task (account_id, id);
CREATE UNIQUE INDEX supply_task_one ON supply_task (point_id) WHERE state IN ('waiting', 'ordered');

-- Days and hours in which nothing is cut: JSON by name ('' the site's), versions.
CREATE TABLE no_cut_calendar (
    name     TEXT NOT NULL,
    version  INTEGER NOT NULL,
    from_day INTEGER NOT NULL,
    body     TEXT NOT NULL,
    who      TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

-- A command may carry a purchase of a meter's own purse: its number and the amount.
ALTER TABLE command ADD COLUMN purchase INTEGER NOT NULL DEFAULT 0;
ALTER TABLE command ADD COLUMN amount INTEGER NOT NULL DEFAULT 0;

-- Money into a meter, or out of it: order n is number of its purchase counter. state: 'waiting', 'sent', 'unknown' (time-out: the counter
-- says), 'confirmed', 'failed', 'alarm' (the counter contradicts us). One that is open for each device.
CREATE TABLE meter_order (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    contract_id INTEGER NOT NULL REFERENCES contract (id),
    device_id   INTEGER NOT NULL REFERENCES device (id),
    number      INTEGER NOT NULL,                    -- 0: not given yet
    amount      INTEGER NOT NULL,                    -- negative: taken out
    state       TEXT NOT NULL,
    made_us     INTEGER NOT NULL,
    not_before_us INTEGER NOT NULL DEFAULT 0,
    booking_id  INTEGER NOT NULL,                    -- 0: the money is in the meter's book already (another meter for it)
    command_id  INTEGER NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    ended_us    INTEGER NOT NULL DEFAULT 0,
    why         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX meter_order_device ON meter_order (device_id, number);
CREATE INDEX meter_order_open ON meter_order (state, id);
CREATE UNIQUE INDEX meter_order_sent ON meter_order (device_id) WHERE state = 'sent';
CREATE INDEX meter_order_contract ON meter_order (contract_id, id);

-- What meters have used of the money in them: asked once a day, written down as the difference to the book. command_id: the
-- question under way, 0 none; at_us, remaining: its last answer that was taken; why: what stood in the way.
CREATE TABLE meter_mirror (
    contract_id INTEGER PRIMARY KEY REFERENCES contract (id),
    asks        INTEGER NOT NULL,
    due_us      INTEGER NOT NULL,
    command_id  INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    remaining   INTEGER NOT NULL,
    why         TEXT NOT NULL
) STRICT;
CREATE INDEX meter_mirror_due ON meter_mirror (command_id, due_us);

-- Payments that come through a channel. paid (the proof of money) and applied (the ledger) are separate. state: 'created',
-- 'pending', 'paid', 'applied', 'refunding', 'refunded', 'closed', 'unknown', 'stuck' (a person has to decide).
CREATE TABLE pay_order (
    id          INTEGER PRIMARY KEY,
    number      TEXT NOT NULL UNIQUE,
    request     TEXT NOT NULL UNIQUE,                -- key of who asked
    org_id      INTEGER NOT NULL,
    account_id  INTEGER NOT NULL REFERENCES account (id),
    channel     TEXT NOT NULL,
    purpose     TEXT NOT NULL,                       -- 'top-up', 'bill'
    target      TEXT NOT NULL DEFAULT '',            -- JSON: bills or contract
    amount      INTEGER NOT NULL,
    currency    TEXT NOT NULL,
    state       TEXT NOT NULL,
    made_us     INTEGER NOT NULL,
    paid_us     INTEGER NOT NULL DEFAULT 0,
    paid_amount INTEGER NOT NULL DEFAULT 0,
    applied_us  INTEGER NOT NULL DEFAULT 0,
    refunded    INTEGER NOT NULL DEFAULT 0,
    transaction_id TEXT NOT NULL DEFAULT '',         -- the channel's
    booking_id  INTEGER NOT NULL DEFAULT 0,
    why         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pay_order_account ON pay_order (account_id, id);
CREATE INDEX pay_order_state ON pay_order (state, id);
CREATE INDEX pay_order_paid ON pay_order (channel, paid_us);
CREATE UNIQUE INDEX pay_order_transaction ON pay_order (channel, transaction_id) WHERE transaction_id <> '';

-- What a channel told us, as it came. outcome: 'applied', 'known', 'late', 'refused'. Append-only.
CREATE TABLE pay_notice (
    id       INTEGER PRIMARY KEY,
    channel  TEXT NOT NULL,
    key      TEXT NOT NULL,                          -- its own number of the message, or a digest of it
    at_us    INTEGER NOT NULL,
    order_number TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    why      TEXT NOT NULL DEFAULT '',
    body     BLOB NOT NULL
) STRICT;
CREATE INDEX pay_notice_key ON pay_notice (channel, key);
CREATE INDEX pay_notice_order ON pay_notice (order_number);

CREATE TABLE pay_refund (
    id         INTEGER PRIMARY KEY,
    number     TEXT NOT NULL UNIQUE,
    request    TEXT NOT NULL UNIQUE,                 -- key of who asked
    order_id   INTEGER NOT NULL REFERENCES pay_order (id),
    amount     INTEGER NOT NULL,
    state      TEXT NOT NULL,                        -- 'asked', 'sent', 'done', 'failed'
    transaction_id TEXT NOT NULL DEFAULT '',         -- the channel's
    made_us    INTEGER NOT NULL,
    ended_us   INTEGER NOT NULL DEFAULT 0,
    booking_id INTEGER NOT NULL DEFAULT 0,
    who        TEXT NOT NULL,
    why        TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pay_refund_order ON pay_refund (order_id);
CREATE INDEX pay_refund_ended ON pay_refund (ended_us);

-- Files to and from banks and channels, whole, with their lines. kind: 'withhold-out', 'withhold-in', 'payments-in',
-- 'statement-in' ... A batch is never deleted.
CREATE TABLE pay_file (
    id      INTEGER PRIMARY KEY,
    org_id  INTEGER NOT NULL,
    channel TEXT NOT NULL,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    day     INTEGER NOT NULL,
    batch   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    total   INTEGER NOT NULL,
    state   TEXT NOT NULL,                           -- 'open', 'sent', 'answered', 'taken', 'refused'
    at_us   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    why     TEXT NOT NULL DEFAULT '',
    digest  BLOB NOT NULL,
    body    BLOB NOT NULL
) STRICT;
CREATE INDEX pay_file_batch ON pay_file (channel, day, batch);
CREATE INDEX pay_file_digest ON pay_file (digest);
CREATE INDEX pay_file_state ON pay_file (kind, state, id);
CREATE TABLE pay_file_line (
    file_id    INTEGER NOT NULL REFERENCES pay_file (id),
    n          INTEGER NOT NULL,
    order_number TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    account_number TEXT NOT NULL,
    bill_id    INTEGER NOT NULL DEFAULT 0,
    amount     INTEGER NOT NULL,
    fee        INTEGER NOT NULL DEFAULT 0,
    result     TEXT NOT NULL DEFAULT '',
    booking_id INTEGER NOT NULL DEFAULT 0,
    why        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (file_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX pay_file_line_bill ON pay_file_line (bill_id) WHERE bill_id > 0;

-- A channel's day beside ours. class: 'match', 'amount', 'ours-only', 'theirs-only', 'refund', 'duplicate', 'in-transit'.
CREATE TABLE reconcile (
    id        INTEGER PRIMARY KEY,
    org_id    INTEGER NOT NULL,
    channel   TEXT NOT NULL,
    day       INTEGER NOT NULL,
    n         INTEGER NOT NULL,                      -- the first of the day, then corrections
    file_id   INTEGER NOT NULL REFERENCES pay_file (id),
    ours      INTEGER NOT NULL,
    theirs    INTEGER NOT NULL,
    fees      INTEGER NOT NULL,
    at_us     INTEGER NOT NULL,
    closed_us INTEGER NOT NULL DEFAULT 0,
    who       TEXT NOT NULL DEFAULT '',
    UNIQUE (org_id, channel, day, n)
) STRICT;
CREATE TABLE reconcile_line (
    reconcile_id INTEGER NOT NULL REFERENCES reconcile (id),
    n            INTEGER NOT NULL,
    class        TEXT NOT NULL,
    order_number TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    ours         INTEGER NOT NULL,
    theirs       INTEGER NOT NULL,
    fee          INTEGER NOT NULL,
    decision     TEXT NOT NULL DEFAULT '',
    who          TEXT NOT NULL DEFAULT '',
    reason       TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (reconcile_id, n)
) STRICT, WITHOUT ROWID;

-- Seals (docs/decisions/0012-seals.md). seal_key: whose signatures count; signature: of the key before, over this one.
CREATE TABLE seal_key (
    id        INTEGER PRIMARY KEY,
    public    BLOB NOT NULL UNIQUE,
    from_us   INTEGER NOT NULL,
    signature BLOB,                                  -- NULL: the first, or the one before was lost
    note      TEXT NOT NULL DEFAULT ''
) STRICT;
-- What is final only some time after it was made, in the order in which it became so; triggers write it (0014). stream: 'bill',
-- 'cash-day', and 'reading' for those without a frame: row_id is then the device, with at_us and source.
CREATE TABLE seal_final (
    id     INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    at_us  INTEGER NOT NULL DEFAULT 0,
    source INTEGER NOT NULL DEFAULT 0,
    UNIQUE (stream, row_id, at_us, source)
) STRICT;
-- Checkpoint n. chain: SHA-256 over the chain before and the pieces of this one; signature: Ed25519 over chain.
CREATE TABLE seal (
    n         INTEGER PRIMARY KEY,
    at_us     INTEGER NOT NULL,
    key_id    INTEGER NOT NULL REFERENCES seal_key (id),
    chain     BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;
-- The rows of a stream ('frame', 'reading', 'bill' ...) at positions behind .. last_id, behind not included. root: Merkle root over
-- their SHA-256; marks: position and the first 8 bytes of the SHA-256 of each, so that what differs can be named.
CREATE TABLE seal_piece (
    stream  TEXT NOT NULL,
    last_id INTEGER NOT NULL,
    behind  INTEGER NOT NULL,
    seal_n  INTEGER NOT NULL,                        -- its checkpoint, written right behind it
    rows    INTEGER NOT NULL,
    root    BLOB NOT NULL,
    marks   BLOB NOT NULL,
    PRIMARY KEY (stream, last_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seal_piece_seal ON seal_piece (seal_n, stream);

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE (ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE (ABORT, 'the audit is append-only'); END;
CREATE TRIGGER tariff_doc_no_update BEFORE UPDATE ON tariff_doc
BEGIN SELECT RAISE (ABORT, 'an edition of a tariff never changes'); END;
CREATE TRIGGER tariff_doc_no_delete BEFORE DELETE ON tariff_doc
BEGIN SELECT RAISE (ABORT, 'an edition of a tariff never goes'); END;
CREATE TRIGGER booking_no_update BEFORE UPDATE ON booking
BEGIN SELECT RAISE (ABORT, 'bookings are append-only'); END;
CREATE TRIGGER booking_no_delete BEFORE DELETE ON booking
BEGIN SELECT RAISE (ABORT, 'bookings are append-only'); END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting
BEGIN SELECT RAISE (ABORT, 'postings are append-only'); END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting
BEGIN SELECT RAISE (ABORT, 'postings are append-only'); END;
CREATE TRIGGER allocation_no_update BEFORE UPDATE ON allocation
BEGIN SELECT RAISE (ABORT, 'allocations are append-only'); END;
CREATE TRIGGER allocation_no_delete BEFORE DELETE ON allocation
BEGIN SELECT RAISE (ABORT, 'allocations are append-only'); END;
CREATE TRIGGER bill_fee_no_update BEFORE UPDATE ON bill_fee
BEGIN SELECT RAISE (ABORT, 'fees are append-only'); END;
CREATE TRIGGER bill_fee_no_delete BEFORE DELETE ON bill_fee
BEGIN SELECT RAISE (ABORT, 'fees are append-only'); END;
CREATE TRIGGER receipt_no_update BEFORE UPDATE ON receipt
BEGIN SELECT RAISE (ABORT, 'receipts are append-only'); END;
CREATE TRIGGER receipt_no_delete BEFORE DELETE ON receipt
BEGIN SELECT RAISE (ABORT, 'receipts are append-only'); END;
CREATE TRIGGER pay_notice_no_update BEFORE UPDATE ON pay_notice
BEGIN SELECT RAISE (ABORT, 'notifications are append-only'); END;
CREATE TRIGGER pay_notice_no_delete BEFORE DELETE ON pay_notice
BEGIN SELECT RAISE (ABORT, 'notifications are append-only'); END;
CREATE TRIGGER seal_no_update BEFORE UPDATE ON seal
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_no_delete BEFORE DELETE ON seal
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_piece_no_update BEFORE UPDATE ON seal_piece
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_piece_no_delete BEFORE DELETE ON seal_piece
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_final_no_update BEFORE UPDATE ON seal_final
BEGIN SELECT RAISE (ABORT, 'what is final stays so'); END;
CREATE TRIGGER seal_final_no_delete BEFORE DELETE ON seal_final
BEGIN SELECT RAISE (ABORT, 'what is final stays so'); END;

PRAGMA user_version = 13;
