-- Bills, the runs that make them, which money pays which bill, what is asked for beforehand, apportionments.

-- name: bill_add
INSERT INTO bill (id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags,
                  why, booking_id, reverses, replaces, issued_us, rank, digest)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, nullif(?17, 0), ?18, ?19, ?20, ?21);

-- name: bill_add_all
-- engine: postgres
INSERT INTO bill (id, run_id, org_id, account_id, from_day, to_day, due_day, total, tax, flags, booking_id, reverses, replaces,
                  issued_us, rank, kind, state, number, currency, why, digest)
SELECT id, run_id, org_id, account_id, from_day, to_day, due_day, total, tax, flags, booking_id, nullif(reverses, 0), replaces,
       issued_us, rank, kind, state, number, currency, why, nullif(digest, '')
FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
    AS b (id, run_id, org_id, account_id, from_day, to_day, due_day, total, tax, flags, booking_id, reverses, replaces,
          issued_us, rank, kind, state, number, currency, why, digest);

-- name: bill_change_all
-- As bill_change, of many; the columns of bill_add_all. What never changes is taken as it stands.
-- engine: postgres
UPDATE bill SET kind = b.kind, state = b.state, number = b.number, from_day = b.from_day, to_day = b.to_day,
    due_day = b.due_day, total = b.total, tax = b.tax, flags = b.flags, why = b.why, booking_id = b.booking_id,
    issued_us = b.issued_us, rank = b.rank, digest = nullif(b.digest, ''), replaces = b.replaces
FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
    AS b (id, run_id, org_id, account_id, from_day, to_day, due_day, total, tax, flags, booking_id, reverses, replaces,
          issued_us, rank, kind, state, number, currency, why, digest)
WHERE bill.id = b.id AND bill.state IN ('draft', 'blocked') RETURNING bill.id;

-- name: bill_change
-- One that was issued keeps all that it says.
UPDATE bill SET kind = ?2, state = ?3, number = ?4, from_day = ?5, to_day = ?6, due_day = ?7, total = ?8, tax = ?9, flags = ?10,
    why = ?11, booking_id = ?12, issued_us = ?13, rank = ?14, digest = ?15, replaces = ?16
WHERE id = ?1 AND state IN ('draft', 'blocked') RETURNING id;

-- name: bill_state
-- An issued bill is taken back: nothing else of it changes.
UPDATE bill SET state = ?2 WHERE id = ?1 AND state = 'issued' RETURNING id;

-- name: bill_get
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: bill_find
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill WHERE number = ?2 AND (?1 = 0 OR org_id = ?1) AND number <> '';

-- name: bill_reversal
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill WHERE reverses = ?1;

-- name: bill_list
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill
WHERE (?1 = 0 OR org_id = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR state = ?3)
  AND (?5 = 0 OR (from_day < ?5 AND to_day > ?4)) AND (?6 = 0 OR id < ?6)
ORDER BY id DESC LIMIT ?7;

-- name: bill_list_account
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill
WHERE account_id = ?8 AND (?1 = 0 OR org_id = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR state = ?3)
  AND (?5 = 0 OR (from_day < ?5 AND to_day > ?4)) AND (?6 = 0 OR id < ?6)
ORDER BY id DESC LIMIT ?7;

-- name: bill_list_run
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill
WHERE run_id = ?6 AND run_id > 0 AND (rank > ?7 OR (rank = ?7 AND id > ?8)) AND (?1 = 0 OR org_id = ?1)
  AND (?2 = '' OR kind = ?2) AND (?3 = '' OR state = ?3) AND (?5 = 0 OR (from_day < ?5 AND to_day > ?4))
ORDER BY rank, id LIMIT ?9;

-- name: bill_list_issue
-- The drafts of run ?1 behind id ?2, in the order in which they get numbers.
SELECT id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags, why,
       booking_id, coalesce(reverses, 0), replaces, issued_us, rank, digest
FROM bill WHERE run_id = ?1 AND run_id > 0 AND id > ?2 AND state = 'draft' ORDER BY id LIMIT ?3;

-- name: bill_before
-- Bills of account ?1 for use that began before day ?2, the newest first.
SELECT from_day, to_day, total FROM bill
WHERE account_id = ?1 AND from_day < ?2 AND kind IN ('bill', 'heat', 'statement') AND state = 'issued'
ORDER BY from_day DESC, id DESC LIMIT ?3;

-- name: bill_before_all
-- engine: postgres
SELECT w.nr, l.* FROM unnest(?1, ?2) WITH ORDINALITY AS w (account_id, day, nr)
CROSS JOIN LATERAL (
    SELECT from_day, to_day, total FROM bill
    WHERE account_id = w.account_id AND from_day < w.day AND kind IN ('bill', 'heat', 'statement') AND state = 'issued'
    ORDER BY from_day DESC, id DESC LIMIT ?3) l;

-- name: bill_twice
-- Drafts from id ?1 to ?2 with a charge for days for which a bill was issued: they may not be issued too. Both go from the
-- drafts to what stands beside each, and never from all that was ever charged.
-- engine: sqlite
SELECT d.bill_id, min(b.number) FROM charge d CROSS JOIN charge h CROSS JOIN bill b
WHERE d.bill_id >= ?1 AND d.bill_id <= ?2 AND d.bill_id > 0 AND d.kind IN ('usage', 'heat')
  AND h.contract_id = d.contract_id AND h.kind = d.kind AND h.from_day < d.to_day AND h.to_day > d.from_day AND h.bill_id > 0
  AND h.bill_id <> d.bill_id AND b.id = h.bill_id AND b.state = 'issued' AND b.kind <> 'prepay'
GROUP BY d.bill_id ORDER BY d.bill_id;
-- engine: postgres
SELECT d.bill_id, min(t.number) FROM charge d
CROSS JOIN LATERAL (
    SELECT b.number FROM charge h JOIN bill b ON b.id = h.bill_id AND b.state = 'issued' AND b.kind <> 'prepay'
    WHERE h.contract_id = d.contract_id AND h.kind = d.kind AND h.from_day < d.to_day AND h.to_day > d.from_day
      AND h.bill_id > 0 AND h.bill_id <> d.bill_id LIMIT 1) t
WHERE d.bill_id >= ?1 AND d.bill_id <= ?2 AND d.bill_id > 0 AND d.kind IN ('usage', 'heat')
GROUP BY d.bill_id ORDER BY d.bill_id;

-- name: bill_advances
-- Which of the accounts have paid something in advance. (Credit is negative.)
-- engine: postgres
SELECT w.nr FROM unnest(?1) WITH ORDINALITY AS w (account_id, nr)
CROSS JOIN LATERAL (SELECT k.id FROM book k WHERE k.account_id = w.account_id AND k.kind = 'advance' AND k.balance < 0 LIMIT 1) l;

-- name: bill_seal_position
-- Where an issued bill stands in the stream of what is sealed.
SELECT id FROM seal_final WHERE stream = 'bill' AND row_id = ?1 ORDER BY id LIMIT 1;

-- name: bill_drop
DELETE FROM bill WHERE id = ?1 AND state IN ('draft', 'blocked');

-- name: bill_drafts
-- Some drafts of a run that is given up.
SELECT id FROM bill WHERE run_id = ?1 AND run_id > 0 AND state IN ('draft', 'blocked') ORDER BY id LIMIT ?2;

-- name: bill_numbers
-- The last of ?3 numbers that are taken at once.
INSERT INTO number_series (org_id, kind, scope, year, last) VALUES (?1, 'bill', '', ?2, ?3)
ON CONFLICT (org_id, kind, scope, year) DO UPDATE SET last = number_series.last + excluded.last RETURNING last;

-- name: bill_statement_charges
-- What prepaid took from account ?1 for days [?2, ?3): the newest charge of each contract and period, with all that was
-- charged of it.
SELECT c.id FROM charge c
WHERE c.account_id = ?1 AND c.bill_id = 0 AND c.kind = 'usage' AND c.to_day > ?2 AND c.from_day < ?3
ORDER BY c.contract_id, c.from_day, c.id LIMIT ?4;

-- name: allocation_add
INSERT INTO allocation (booking_id, n, bill_id, part, amount, day) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: allocation_list_bill
SELECT booking_id, bill_id, amount, n, day, part FROM allocation WHERE bill_id = ?1 ORDER BY booking_id, n LIMIT ?2;

-- name: allocation_list_booking
SELECT booking_id, bill_id, amount, n, day, part FROM allocation WHERE booking_id = ?1 ORDER BY n LIMIT ?2;

-- name: allocation_take_back
-- The mirror ?2 of booking ?1 takes back, on day ?3, what it paid.
INSERT INTO allocation (booking_id, n, bill_id, part, amount, day)
SELECT ?2, n, bill_id, part, -amount, ?3 FROM allocation WHERE booking_id = ?1;

-- name: bill_open
-- coalesce: by the account's index, not by all bills that are issued.
SELECT id, account_id, principal, late, due_day, number, currency
FROM (SELECT b.id, b.account_id, b.due_day, b.number, b.currency,
             b.total - coalesce((SELECT CAST(sum(a.amount) AS BIGINT) FROM allocation a
                                 WHERE a.bill_id = b.id AND a.part = 'principal'), 0) AS principal,
             coalesce((SELECT CAST(sum(f.amount) AS BIGINT) FROM bill_fee f WHERE f.bill_id = b.id), 0)
           - coalesce((SELECT CAST(sum(a.amount) AS BIGINT) FROM allocation a
                       WHERE a.bill_id = b.id AND a.part = 'late'), 0) AS late
      FROM bill b WHERE b.account_id = ?1 AND coalesce(b.state, '') = 'issued' AND b.kind NOT IN ('statement', 'reversal')) open_bill
WHERE principal <> 0 OR late <> 0
ORDER BY due_day, id LIMIT ?2;

-- name: bill_run_add
INSERT INTO bill_run (id, org_id, kind, name, selection, from_day, to_day, due_day, currency, state, made_us, made_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: bill_run_change
UPDATE bill_run SET state = ?2, done = ?3, total = ?4, next_id = ?5, approved_by = ?6, issued_us = ?7, why = ?8 WHERE id = ?1;

-- name: bill_run_get
SELECT id, org_id, kind, name, selection, from_day, to_day, due_day, currency, state, done, total, next_id, made_us, made_by,
       approved_by, issued_us, why
FROM bill_run WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: bill_run_list
SELECT id, org_id, kind, name, selection, from_day, to_day, due_day, currency, state, done, total, next_id, made_us, made_by,
       approved_by, issued_us, why
FROM bill_run WHERE (?1 = 0 OR org_id = ?1) AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3;

-- name: bill_run_next
-- The oldest with work to do.
SELECT id, org_id, kind, name, selection, from_day, to_day, due_day, currency, state, done, total, next_id, made_us, made_by,
       approved_by, issued_us, why
FROM bill_run WHERE state IN ('waiting', 'working', 'approved', 'dropping') ORDER BY id LIMIT 1;

-- name: bill_run_accounts
SELECT count(*) FROM account WHERE currency = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: bill_run_page
-- The ?4 accounts behind account ?3 in the order of their numbers, each with its contracts that touch [?5, ?6): of medium
-- ?7, mode ?8, group ?9, cycle ?10 ('': all), at or below place ?11 (0: everywhere). ?12: this account alone, with ?4 1. An account without a
-- contract has a row of NULLs. (contract is joined by itself: joined to its point first, SQLite would walk over all of them for each page.)
SELECT a.id, a.org_id, a.number, c.id, c.point_id, c.mode, c.tariff_key, c.price_class, c.tariff_group, c.cycle, c.from_day,
       c.to_day, c.terms, coalesce(c.follows, 0), c.meter_count, (SELECT p.medium FROM point p WHERE p.id = c.point_id),
       coalesce((SELECT max(h.to_day) FROM charge h LEFT JOIN bill b ON b.id = h.bill_id
                 WHERE h.contract_id = c.id AND h.kind = 'usage' AND h.to_day > ?5 AND h.from_day < ?6
                   AND (h.bill_id = 0 OR b.state = 'issued')), 0) AS charged_to,
       (SELECT count(*) FROM charge h WHERE h.contract_id = c.id AND h.kind = 'fee' AND h.from_day >= ?5 AND h.from_day < ?6
          AND h.bill_id > 0) AS asked,
       (SELECT count(*) FROM channel n JOIN verdict v ON v.channel_id = n.id
        WHERE n.point_id = c.point_id AND n.main = 1 AND v.day >= ?5 AND v.day < ?6 AND v.severity = 'fatal'
          AND coalesce((SELECT w.answer FROM verdict_answer w WHERE w.channel_id = v.channel_id AND w.rule = v.rule
                        AND w.from_day <= v.day AND w.to_day >= v.day ORDER BY w.id DESC LIMIT 1), 'open')
              NOT IN ('right', 'wrong')) AS fatal,
       (SELECT count(*) FROM channel n JOIN verdict v ON v.channel_id = n.id
        WHERE n.point_id = c.point_id AND n.main = 1 AND v.day >= ?5 AND v.day < ?6 AND v.severity = 'task'
          AND coalesce((SELECT w.answer FROM verdict_answer w WHERE w.channel_id = v.channel_id AND w.rule = v.rule
                        AND w.from_day <= v.day AND w.to_day >= v.day ORDER BY w.id DESC LIMIT 1), 'open')
              NOT IN ('right', 'wrong')) AS tasks
FROM (SELECT id, org_id, number FROM account
      WHERE number > coalesce((SELECT number FROM account WHERE id = ?3), '') AND currency = ?2 AND (?1 = 0 OR org_id = ?1)
        AND number >= coalesce((SELECT number FROM account WHERE id = ?12), '') AND (?12 = 0 OR id = ?12)
      ORDER BY number LIMIT ?4) a
LEFT JOIN contract c ON c.account_id = a.id
    AND c.from_day < ?6 AND (c.to_day = 0 OR c.to_day > ?5) AND (?8 = '' OR c.mode = ?8) AND (?10 = '' OR c.cycle = ?10)
    AND (?7 = '' OR EXISTS (SELECT 1 FROM point p WHERE p.id = c.point_id AND p.medium = ?7))
    AND (?9 = '' OR c.tariff_group = ?9 OR EXISTS (SELECT 1 FROM point p WHERE p.id = c.point_id AND p.group_name = ?9))
    AND (?11 = 0 OR EXISTS (
        WITH RECURSIVE up (id) AS (
            SELECT p.place_id FROM point p WHERE p.id = c.point_id
            UNION ALL SELECT q.parent_id FROM place q JOIN up ON q.id = up.id WHERE q.parent_id IS NOT NULL)
        SELECT 1 FROM up WHERE up.id = ?11))
ORDER BY a.number, c.id;

-- name: bill_run_sums
SELECT count(*), count(*) FILTER (WHERE state = 'blocked'), count(*) FILTER (WHERE state = 'issued'),
       count(*) FILTER (WHERE flags = 0 AND state <> 'blocked'), coalesce(CAST(sum(total) AS BIGINT), 0),
       coalesce(CAST(sum(tax) AS BIGINT), 0),
       count(*) FILTER (WHERE (flags & 1) <> 0), count(*) FILTER (WHERE (flags & 2) <> 0),
       count(*) FILTER (WHERE (flags & 4) <> 0), count(*) FILTER (WHERE (flags & 8) <> 0),
       count(*) FILTER (WHERE (flags & 16) <> 0), count(*) FILTER (WHERE (flags & 32) <> 0),
       count(*) FILTER (WHERE (flags & 64) <> 0), count(*) FILTER (WHERE (flags & 128) <> 0),
       count(*) FILTER (WHERE (flags & 256) <> 0), count(*) FILTER (WHERE (flags & 512) <> 0)
FROM bill WHERE run_id = ?1 AND run_id > 0;

-- name: bill_run_components
SELECT l.component, count(*), CAST(sum(l.amount) AS BIGINT), CAST(sum(l.tax) AS BIGINT)
FROM bill b JOIN charge c ON c.bill_id = b.id AND c.bill_id > 0 JOIN charge_line l ON l.charge_id = c.id
WHERE b.run_id = ?1 AND b.run_id > 0 GROUP BY l.component ORDER BY l.component LIMIT ?2;

-- name: prepay_put
INSERT INTO prepay_plan (contract_id, from_day, to_day, per, amount, tax_percent, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (contract_id, from_day) DO UPDATE SET to_day = excluded.to_day, per = excluded.per, amount = excluded.amount,
    tax_percent = excluded.tax_percent, who = excluded.who;

-- name: prepay_list
-- Of contract ?1, touching [?2, ?3).
SELECT contract_id, from_day, to_day, per, amount, tax_percent, who FROM prepay_plan
WHERE contract_id = ?1 AND from_day < ?3 AND (to_day = 0 OR to_day > ?2) ORDER BY from_day LIMIT ?4;

-- name: prepay_settled
-- A bill that took prepay bill ?1 off, because it settled its days.
SELECT b.number FROM charge p JOIN charge h ON h.contract_id = p.contract_id AND h.kind IN ('usage', 'heat')
    AND h.from_day <= p.from_day AND h.to_day > p.from_day AND h.bill_id > 0
JOIN bill b ON b.id = h.bill_id AND b.state = 'issued'
WHERE p.bill_id = ?1 AND p.bill_id > 0 LIMIT 1;

-- name: prepay_asked
-- What was asked for beforehand of contract ?1 with a period that begins in [?2, ?3) and still stands: bill, number, days,
-- amount, tax.
SELECT b.id, b.number, h.from_day, h.to_day, h.amount, h.tax,
       coalesce((SELECT max(l.vat) FROM charge_line l WHERE l.charge_id = h.id), '')
FROM charge h JOIN bill b ON b.id = h.bill_id AND b.kind = 'prepay' AND b.state = 'issued'
WHERE h.contract_id = ?1 AND h.from_day >= ?2 AND h.from_day < ?3 AND h.kind = 'fee' AND h.bill_id > 0
ORDER BY h.from_day, b.id LIMIT ?4;

-- name: apportion_add
INSERT INTO apportion_run (id, org_id, place_id, from_day, to_day, state, run_id, at_us, who, ask, answer, digest)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: apportion_state
UPDATE apportion_run SET state = ?2, run_id = ?3 WHERE id = ?1;

-- name: apportion_get
SELECT id, org_id, place_id, from_day, to_day, state, run_id, at_us, who, digest, ask, answer
FROM apportion_run WHERE id = ?2 AND (?1 = 0 OR org_id = ?1);

-- name: apportion_list
SELECT id, org_id, place_id, from_day, to_day, state, run_id, at_us, who, digest, '', ''
FROM apportion_run WHERE (?1 = 0 OR org_id = ?1) AND (?2 = 0 OR place_id = ?2) AND (?3 = 0 OR id < ?3)
ORDER BY id DESC LIMIT ?4;

-- name: apportion_flat
-- Contracts for the heat of a flat in [?2, ?3), by the key of its place or of its point.
SELECT c.id FROM contract c JOIN point p ON p.id = c.point_id JOIN place l ON l.id = p.place_id
WHERE (l.key = ?1 OR p.key = ?1) AND p.medium IN ('heat', 'heat cost allocator', 'heat (inlet)', 'heat/cooling')
  AND c.from_day < ?3 AND (c.to_day = 0 OR c.to_day > ?2)
ORDER BY c.id LIMIT 3;
