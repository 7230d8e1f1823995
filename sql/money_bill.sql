-- Bills, the runs that make them, which money pays which bill, what is asked for beforehand, apportionments.

-- name: bill_add
INSERT INTO bill (id, run_id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, currency, flags,
                  why, booking_id, reverses, replaces, issued_us, rank, digest)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, nullif(?17, 0), ?18, ?19, ?20, ?21);

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

-- name: bill_twice
-- A bill that was issued for days of a charge of draft ?1: it may not be issued too.
SELECT b.number FROM charge d JOIN charge h ON h.contract_id = d.contract_id AND h.kind = d.kind
    AND h.from_day < d.to_day AND h.to_day > d.from_day AND h.bill_id > 0 AND h.bill_id <> d.bill_id
JOIN bill b ON b.id = h.bill_id AND b.state = 'issued'
WHERE d.bill_id = ?1 AND d.bill_id > 0 AND d.kind IN ('usage', 'heat') AND b.kind <> 'prepay' LIMIT 1;

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

-- name: bill_open
SELECT id, account_id, principal, late, due_day, number, currency
FROM (SELECT b.id, b.account_id, b.due_day, b.number, b.currency,
             b.total - coalesce((SELECT CAST(sum(a.amount) AS BIGINT) FROM allocation a
                                 WHERE a.bill_id = b.id AND a.part = 'principal'), 0) AS principal,
             coalesce((SELECT CAST(sum(d.fee) AS BIGINT) FROM dunning d WHERE d.bill_id = b.id AND d.booking_id > 0), 0)
           - coalesce((SELECT CAST(sum(a.amount) AS BIGINT) FROM allocation a
                       WHERE a.bill_id = b.id AND a.part = 'late'), 0) AS late
      FROM bill b WHERE b.account_id = ?1 AND b.state = 'issued' AND b.kind NOT IN ('statement', 'reversal')) open_bill
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
-- contract has a row of NULLs.
SELECT a.id, a.org_id, a.number, k.id, k.point_id, k.mode, k.tariff_key, k.price_class, k.tariff_group, k.cycle, k.from_day,
       k.to_day, k.terms, k.follows, k.meter_count, k.medium, k.charged_to, k.fatal, k.tasks
FROM (SELECT id, org_id, number FROM account
      WHERE number > coalesce((SELECT number FROM account WHERE id = ?3), '') AND currency = ?2 AND (?1 = 0 OR org_id = ?1)
        AND number >= coalesce((SELECT number FROM account WHERE id = ?12), '') AND (?12 = 0 OR id = ?12)
      ORDER BY number LIMIT ?4) a
LEFT JOIN (
    SELECT c.id, c.account_id, c.point_id, c.mode, c.tariff_key, c.price_class, c.tariff_group, c.cycle, c.from_day, c.to_day,
           c.terms, coalesce(c.follows, 0) AS follows, c.meter_count, p.medium,
           coalesce((SELECT max(h.to_day) FROM charge h LEFT JOIN bill b ON b.id = h.bill_id
                     WHERE h.contract_id = c.id AND h.kind = 'usage' AND h.to_day > ?5 AND h.from_day < ?6
                       AND (h.bill_id = 0 OR b.state = 'issued')), 0) AS charged_to,
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
    FROM contract c JOIN point p ON p.id = c.point_id
    WHERE c.from_day < ?6 AND (c.to_day = 0 OR c.to_day > ?5) AND (?7 = '' OR p.medium = ?7) AND (?8 = '' OR c.mode = ?8)
      AND (?9 = '' OR c.tariff_group = ?9 OR p.group_name = ?9) AND (?10 = '' OR c.cycle = ?10)
      AND (?11 = 0 OR EXISTS (
          WITH RECURSIVE up (id) AS (
              SELECT p.place_id UNION ALL SELECT q.parent_id FROM place q JOIN up ON q.id = up.id WHERE q.parent_id IS NOT NULL)
          SELECT 1 FROM up WHERE up.id = ?11))) k ON k.account_id = a.id
ORDER BY a.number, k.id;

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
