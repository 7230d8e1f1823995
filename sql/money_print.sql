-- What documents say beside the rows of a bill or receipt, and lists for people. Every total is computed here.

-- name: print_bill_payments
-- What pays bill ?1, booking by booking.
SELECT a.booking_id, min(a.day), a.part, CAST(sum(a.amount) AS BIGINT), b.kind, b.channel
FROM allocation a JOIN booking b ON b.id = a.booking_id WHERE a.bill_id = ?1
GROUP BY a.booking_id, a.part, b.kind, b.channel HAVING sum(a.amount) <> 0 ORDER BY a.booking_id, a.part LIMIT ?2;

-- name: print_booking_bills
-- Which bills booking ?1 pays.
SELECT b.number, a.part, CAST(sum(a.amount) AS BIGINT)
FROM allocation a JOIN bill b ON b.id = a.bill_id WHERE a.booking_id = ?1
GROUP BY b.number, a.part, b.due_day, b.id ORDER BY b.due_day, b.id, a.part LIMIT ?2;

-- name: print_fees
-- What bill ?1 owes beside its total: late fees (step 0) and fees of steps of dunning, and the steps that cost nothing.
SELECT n, day, amount FROM (
    SELECT coalesce((SELECT max(d.step) FROM dunning d WHERE d.bill_id = f.bill_id AND d.booking_id = f.booking_id), 0) AS n,
           f.day, f.amount, f.booking_id AS id FROM bill_fee f WHERE f.bill_id = ?1
    UNION ALL
    SELECT d.step, d.day, 0, 0 FROM dunning d WHERE d.bill_id = ?1
      AND NOT EXISTS (SELECT 1 FROM bill_fee f WHERE f.booking_id = d.booking_id AND f.bill_id = d.bill_id)) fee
ORDER BY day, n, id LIMIT ?2;

-- name: print_instalments
SELECT n, due_day, amount FROM instalment WHERE bill_id = ?1 AND ended_us = 0 ORDER BY plan, n LIMIT ?2;

-- name: print_traces
-- Charges of contract ?1 that were billed, or taken from a purse, and end in (?2, ?3]: of each period the last.
SELECT h.from_day, h.to_day, h.trace FROM charge h LEFT JOIN bill b ON b.id = h.bill_id
WHERE h.contract_id = ?1 AND h.kind = 'usage' AND h.to_day > ?2 AND h.to_day <= ?3
  AND ((h.bill_id > 0 AND b.state = 'issued') OR (h.bill_id = 0 AND NOT EXISTS (
       SELECT 1 FROM charge n WHERE n.contract_id = h.contract_id AND n.from_day = h.from_day AND n.bill_id = 0
         AND n.kind = 'usage' AND (n.to_day > h.to_day OR (n.to_day = h.to_day AND n.id > h.id)) AND n.to_day <= ?3)))
ORDER BY h.from_day, h.id LIMIT ?4;

-- name: print_purchase
-- The order into the meter that came of the sale with key ?1.
SELECT number FROM meter_order WHERE key = 'to-meter:' || ?1;

-- name: list_sales
-- Receipts of days [?2, ?3) by day (?4: 10), month (7) or year (4), desk, cashier and channel. Money that came in, went back,
-- was reversed. First is 0 for rows, 1 for totals.
-- engine: sqlite
WITH one AS (
    SELECT substr(date(k.day * 86400, 'unixepoch'), 1, ?4) AS period, r.desk AS desk, k.who AS who, k.channel AS channel,
           k.currency AS currency, k.kind AS kind, k.amount AS amount,
           coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM posting p JOIN book o ON o.id = p.book_id
                     WHERE p.booking_id = k.id AND o.kind IN ('cash', 'channel', 'bank', 'safe')), 0) AS net
    FROM booking k JOIN receipt r ON r.booking_id = k.id
    WHERE k.day >= ?2 AND k.day < ?3 AND (k.org_id = ?1 OR ?1 = 0)),
item AS (
    SELECT period, desk, who, channel, currency, count(*) AS n,
           coalesce(sum(net) FILTER (WHERE kind <> 'reversal' AND net > 0), 0) AS gross,
           coalesce(sum(net) FILTER (WHERE kind <> 'reversal' AND net <= 0), 0) AS refunds,
           coalesce(sum(net) FILTER (WHERE kind = 'reversal'), 0) AS reversals, sum(net) AS net
    FROM one GROUP BY period, desk, who, channel, currency)
SELECT 0 AS last, period, desk, who, channel, currency, n, gross, refunds, reversals, net FROM item
UNION ALL
SELECT 1, '', '', '', '', currency, sum(n), sum(gross), sum(refunds), sum(reversals), sum(net) FROM item GROUP BY currency
ORDER BY 1, 2, 3, 4, 5, 6;
-- engine: postgres
WITH one AS (
    SELECT substr(to_char(date '1970-01-01' + CAST(k.day AS int), 'YYYY-MM-DD'), 1, CAST(?4 AS int)) COLLATE "C" AS period,
           r.desk AS desk, k.who AS who, k.channel AS channel, k.currency AS currency, k.kind AS kind, k.amount AS amount,
           coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM posting p JOIN book o ON o.id = p.book_id
                     WHERE p.booking_id = k.id AND o.kind IN ('cash', 'channel', 'bank', 'safe')), 0) AS net
    FROM booking k JOIN receipt r ON r.booking_id = k.id
    WHERE k.day >= ?2 AND k.day < ?3 AND (k.org_id = ?1 OR ?1 = 0)),
item AS (
    SELECT period, desk, who, channel, currency, count(*) AS n,
           CAST(coalesce(sum(net) FILTER (WHERE kind <> 'reversal' AND net > 0), 0) AS BIGINT) AS gross,
           CAST(coalesce(sum(net) FILTER (WHERE kind <> 'reversal' AND net <= 0), 0) AS BIGINT) AS refunds,
           CAST(coalesce(sum(net) FILTER (WHERE kind = 'reversal'), 0) AS BIGINT) AS reversals, CAST(sum(net) AS BIGINT) AS net
    FROM one GROUP BY period, desk, who, channel, currency)
SELECT 0 AS last, period, desk, who, channel, currency, n, gross, refunds, reversals, net FROM item
UNION ALL
SELECT 1, '', '', '', '', currency, CAST(sum(n) AS BIGINT), CAST(sum(gross) AS BIGINT), CAST(sum(refunds) AS BIGINT),
       CAST(sum(reversals) AS BIGINT), CAST(sum(net) AS BIGINT) FROM item GROUP BY currency
ORDER BY 1, 2, 3, 4, 5, 6;

-- name: list_settlement
-- Cash days [?2, ?3) that are closed, and those that are not, with nothing counted.
WITH item AS (
    SELECT day, desk, cashier, currency, opened_us, closed_us, opening, expected, counted,
           CASE WHEN closed_us > 0 THEN counted - expected ELSE 0 END AS over_short, handed_over, handed_to,
           CASE WHEN closed_us > 0 THEN counted - handed_over ELSE 0 END AS stays, reason
    FROM cash_day WHERE day >= ?2 AND day < ?3 AND (org_id = ?1 OR ?1 = 0))
SELECT 0 AS last, day, desk, cashier, currency, opened_us, closed_us, opening, expected, counted, over_short, handed_over,
       handed_to, stays, reason FROM item
UNION ALL
SELECT 1, NULL, '', '', currency, NULL, NULL, CAST(sum(opening) AS BIGINT), CAST(sum(expected) AS BIGINT),
       CAST(sum(counted) AS BIGINT), CAST(sum(over_short) AS BIGINT), CAST(sum(handed_over) AS BIGINT), '',
       CAST(sum(stays) AS BIGINT), '' FROM item GROUP BY currency
ORDER BY 1, 2, 3, 6, 5;

-- name: list_refunds
-- Money that went back on days [?2, ?3), and what was reversed.
WITH item AS (
    SELECT k.id, k.day, k.at_us, r.year || '-' || r.desk || '-' || CASE WHEN r.number < 1000000
               THEN substr(CAST(1000000 + r.number AS TEXT), 2) ELSE CAST(r.number AS TEXT) END AS receipt,
           r.desk, a.number AS account, a.name, k.kind, k.channel, k.who, k.second,
           k.reason, k.currency,
           coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM posting p JOIN book o ON o.id = p.book_id
                     WHERE p.booking_id = k.id AND o.kind IN ('cash', 'channel', 'bank', 'safe')), 0) AS net
    FROM booking k JOIN receipt r ON r.booking_id = k.id JOIN account a ON a.id = k.account_id
    WHERE k.day >= ?2 AND k.day < ?3 AND (k.org_id = ?1 OR ?1 = 0)
      AND k.kind IN ('refund', 'payout', 'deposit-back', 'reversal'))
SELECT 0 AS last, day, at_us, receipt, desk, account, name, kind, channel, who, second, reason, currency, net FROM item
UNION ALL
SELECT 1, NULL, NULL, '', '', '', '', '', '', '', '', '', currency, CAST(sum(net) AS BIGINT) FROM item GROUP BY currency
ORDER BY 1, 3, 4, 13;

-- name: list_receipts
-- Receipts of days [?2, ?3) with how many numbers are missing right before each: none, ever.
WITH item AS (
    SELECT r.year || '-' || r.desk || '-' || CASE WHEN r.number < 1000000
               THEN substr(CAST(1000000 + r.number AS TEXT), 2) ELSE CAST(r.number AS TEXT) END AS receipt,
           r.year, r.desk, r.number, r.org_id, r.booking_id, r.balance_before, r.balance_after,
           r.number - coalesce(lag(r.number) OVER (PARTITION BY r.org_id, r.desk, r.year ORDER BY r.number), 0) - 1 AS gap,
           (SELECT count(*) FROM receipt_print p WHERE p.receipt_id = r.id) AS printed
    FROM receipt r WHERE (r.org_id = ?1 OR ?1 = 0)),
chosen AS (
    SELECT item.*, k.day, k.at_us, k.kind, k.channel, k.who, k.currency, a.number AS account, a.name,
           coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM posting p JOIN book o ON o.id = p.book_id
                     WHERE p.booking_id = k.id AND o.kind IN ('cash', 'channel', 'bank', 'safe')), 0) AS net
    FROM item JOIN booking k ON k.id = item.booking_id JOIN account a ON a.id = k.account_id
    WHERE k.day >= ?2 AND k.day < ?3)
SELECT 0 AS last, receipt, desk, day, at_us, account, name, kind, channel, who, currency, net, balance_before, balance_after,
       CAST(printed AS BIGINT), CAST(gap AS BIGINT), org_id, year, number FROM chosen
UNION ALL
SELECT 1, '', '', NULL, NULL, '', '', '', '', '', currency, CAST(sum(net) AS BIGINT), NULL, NULL, CAST(sum(printed) AS BIGINT),
       CAST(sum(gap) AS BIGINT), 0, 0, 0 FROM chosen GROUP BY currency
ORDER BY 1, 17, 3, 18, 19, 11;

-- name: list_bills
-- Bills that were issued in [?2, ?3), with what is paid of each until now.
WITH item AS (
    SELECT b.id, b.number, b.kind, b.state, a.number AS account, a.name, b.issued_us, b.from_day, b.to_day - 1 AS last_day, b.due_day,
           b.currency, b.total - b.tax AS net, b.tax, b.total,
           CASE WHEN b.kind = 'statement' THEN b.total
                ELSE coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM allocation p
                               WHERE p.bill_id = b.id AND p.part = 'principal'), 0) END AS paid
    FROM bill b JOIN account a ON a.id = b.account_id
    WHERE b.state IN ('issued', 'reversed') AND b.issued_us >= ?2 AND b.issued_us < ?3 AND (b.org_id = ?1 OR ?1 = 0))
SELECT 0 AS last, number, kind, state, account, name, issued_us, from_day, last_day, nullif(due_day, 0), currency, net, tax,
       total, paid, CASE WHEN kind = 'reversal' OR state = 'reversed' THEN 0 ELSE total - paid END FROM item
UNION ALL
SELECT 1, '', '', '', '', '', NULL, NULL, NULL, NULL, currency, CAST(sum(net) AS BIGINT), CAST(sum(tax) AS BIGINT),
       CAST(sum(total) AS BIGINT), CAST(sum(paid) AS BIGINT),
       CAST(sum(CASE WHEN kind = 'reversal' OR state = 'reversed' THEN 0 ELSE total - paid END) AS BIGINT)
FROM item GROUP BY currency
ORDER BY 1, 2, 11;

-- name: list_arrears
-- What was owed at the end of the day before ?2, by the days of bills, of what paid them and of fees: the same whenever it is asked.
WITH item AS (
    SELECT b.number, a.number AS account, a.name, a.phone, b.due_day, ?2 - 1 - b.due_day AS days, b.currency,
           b.total - coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM allocation p
                               WHERE p.bill_id = b.id AND p.part = 'principal' AND p.day < ?2), 0) AS open,
           coalesce((SELECT CAST(sum(f.amount) AS BIGINT) FROM bill_fee f WHERE f.bill_id = b.id AND f.day < ?2), 0)
         - coalesce((SELECT CAST(sum(p.amount) AS BIGINT) FROM allocation p
                     WHERE p.bill_id = b.id AND p.part = 'late' AND p.day < ?2), 0) AS late
    FROM bill b JOIN account a ON a.id = b.account_id JOIN booking k ON k.id = b.booking_id
    WHERE k.day < ?2 AND b.state IN ('issued', 'reversed') AND b.kind NOT IN ('statement', 'reversal')
      AND (b.org_id = ?1 OR ?1 = 0)
      AND NOT EXISTS (SELECT 1 FROM bill r JOIN booking o ON o.id = r.booking_id WHERE r.reverses = b.id AND o.day < ?2)),
owed AS (
    SELECT number, account, name, phone, due_day, currency, CASE WHEN days > 0 THEN days ELSE 0 END AS days,
           CASE WHEN days <= 0 THEN open ELSE 0 END AS age_0, CASE WHEN days > 0 AND days <= 30 THEN open ELSE 0 END AS age_30,
           CASE WHEN days > 30 AND days <= 60 THEN open ELSE 0 END AS age_60,
           CASE WHEN days > 60 AND days <= 90 THEN open ELSE 0 END AS age_90,
           CASE WHEN days > 90 AND days <= 365 THEN open ELSE 0 END AS age_365,
           CASE WHEN days > 365 THEN open ELSE 0 END AS older, late, open + late AS total
    FROM item WHERE open > 0 OR late > 0)
SELECT 0 AS last, account, name, phone, number, due_day, days, currency, age_0, age_30, age_60, age_90, age_365, older, late, total
FROM owed
UNION ALL
SELECT 1, '', '', '', '', NULL, NULL, currency, CAST(sum(age_0) AS BIGINT), CAST(sum(age_30) AS BIGINT), CAST(sum(age_60) AS BIGINT),
       CAST(sum(age_90) AS BIGINT), CAST(sum(age_365) AS BIGINT), CAST(sum(older) AS BIGINT), CAST(sum(late) AS BIGINT),
       CAST(sum(total) AS BIGINT) FROM owed GROUP BY currency
ORDER BY 1, 2, 6, 5, 8;

-- name: list_balances
-- Of every account, as the customer sees it: what is theirs above zero, and what they owe.
WITH item AS (
    SELECT a.number, a.name, a.currency, a.closed_us, a.org_id,
           coalesce((SELECT CAST(sum(-k.balance) AS BIGINT) FROM book k WHERE k.account_id = a.id AND k.kind = 'purse'), 0) AS purse,
           coalesce((SELECT CAST(sum(-k.balance) AS BIGINT) FROM book k WHERE k.account_id = a.id AND k.kind = 'advance'), 0) AS advance,
           coalesce((SELECT CAST(sum(-k.balance) AS BIGINT) FROM book k WHERE k.account_id = a.id AND k.kind = 'deposit'), 0) AS deposit,
           coalesce((SELECT CAST(sum(-k.balance) AS BIGINT) FROM book k WHERE k.account_id = a.id AND k.kind = 'meter'), 0) AS in_meter,
           coalesce((SELECT CAST(sum(k.balance) AS BIGINT) FROM book k WHERE k.account_id = a.id AND k.kind = 'owed'), 0) AS owed
    FROM account a WHERE (a.org_id = ?1 OR ?1 = 0))
SELECT 0 AS last, number, name, currency, purse, advance, deposit, in_meter, owed, nullif(closed_us, 0) FROM item
UNION ALL
SELECT 1, '', '', currency, CAST(sum(purse) AS BIGINT), CAST(sum(advance) AS BIGINT), CAST(sum(deposit) AS BIGINT),
       CAST(sum(in_meter) AS BIGINT), CAST(sum(owed) AS BIGINT), NULL FROM item GROUP BY currency
ORDER BY 1, 2, 4;

-- name: list_bookings
-- Every posting of days [?2, ?3): what a bookkeeper reads in.
WITH item AS (
    SELECT k.id, p.n, k.day, k.at_us, k.kind, coalesce(a.number, '') AS account, o.kind AS book, o.ref, k.currency,
           CASE WHEN p.amount > 0 THEN p.amount ELSE 0 END AS debit, CASE WHEN p.amount < 0 THEN -p.amount ELSE 0 END AS credit,
           k.channel, k.desk, k.who, k.second, k.reason, coalesce(k.reverses, 0) AS reverses, k.key
    FROM booking k JOIN posting p ON p.booking_id = k.id JOIN book o ON o.id = p.book_id LEFT JOIN account a ON a.id = o.account_id
    WHERE k.day >= ?2 AND k.day < ?3 AND (k.org_id = ?1 OR ?1 = 0))
SELECT 0 AS last, id, n, day, at_us, kind, account, book, ref, currency, debit, credit, channel, desk, who, second, reason,
       nullif(reverses, 0), key FROM item
UNION ALL
SELECT 1, NULL, NULL, NULL, NULL, '', '', '', '', currency, CAST(sum(debit) AS BIGINT), CAST(sum(credit) AS BIGINT), '', '', '', '',
       '', NULL, '' FROM item GROUP BY currency
ORDER BY 1, 2, 3, 10;
