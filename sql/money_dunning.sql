-- Fees on bills, dunning, disputes, instalments, and the lists of what is owed.

-- name: fee_add
INSERT INTO bill_fee (booking_id, bill_id, kind, amount, day) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: fee_take_back
-- The mirror ?2 of booking ?1 takes back, on day ?3, the fee that it was.
INSERT INTO bill_fee (booking_id, bill_id, kind, amount, day)
SELECT ?2, bill_id, kind, -amount, ?3 FROM bill_fee WHERE booking_id = ?1;

-- name: allocation_freed
-- A bill that booking ?1 paid and that was reversed since: what it paid of it went to the advance.
SELECT b.number FROM allocation a JOIN bill b ON b.id = a.bill_id AND b.state <> 'issued' WHERE a.booking_id = ?1 LIMIT 1;

-- name: fee_list
SELECT booking_id, bill_id, amount, day, kind FROM bill_fee WHERE bill_id = ?1 ORDER BY booking_id LIMIT ?2;

-- name: bill_payments
-- What paid the principal of bill ?1, with what was taken back taken off: day, amount.
SELECT min(a.day), CAST(sum(a.amount) AS BIGINT), min(a.booking_id)
FROM allocation a JOIN booking b ON b.id = a.booking_id
WHERE a.bill_id = ?1 AND a.part = 'principal' GROUP BY coalesce(b.reverses, b.id) HAVING sum(a.amount) <> 0
ORDER BY 1, 3 LIMIT ?2;

-- name: bill_settled
-- Bookings of kind ?2 ('write-off', 'waiver') that stand, on bill ?1: each with what it took off.
SELECT a.booking_id, a.bill_id, CAST(sum(a.amount) AS BIGINT)
FROM allocation a JOIN booking b ON b.id = a.booking_id
WHERE a.bill_id = ?1 AND b.kind = ?2 AND NOT EXISTS (SELECT 1 FROM booking r WHERE r.reverses = b.id)
GROUP BY a.booking_id, a.bill_id ORDER BY a.booking_id LIMIT ?3;

-- name: account_written_off
-- The same of all bills of account ?1 that were written off, the oldest due first.
SELECT a.booking_id, a.bill_id, CAST(sum(a.amount) AS BIGINT)
FROM booking b JOIN allocation a ON a.booking_id = b.id JOIN bill l ON l.id = a.bill_id AND l.state = 'issued'
WHERE b.account_id = ?1 AND b.kind = 'write-off' AND NOT EXISTS (SELECT 1 FROM booking r WHERE r.reverses = b.id)
GROUP BY a.booking_id, a.bill_id, l.due_day ORDER BY l.due_day, a.bill_id, a.booking_id LIMIT ?2;

-- name: bill_classes
-- The price classes of what a bill charges.
SELECT DISTINCT c.price_class FROM charge h JOIN contract c ON c.id = h.contract_id
WHERE h.bill_id = ?1 AND h.bill_id > 0 ORDER BY c.price_class LIMIT ?2;

-- name: bill_held
-- In dispute; paid in instalments.
SELECT (SELECT count(*) FROM bill_hold WHERE bill_id = ?1 AND ended_us = 0),
       (SELECT count(*) FROM instalment WHERE bill_id = ?1 AND ended_us = 0);

-- name: dunning_add
INSERT INTO dunning (bill_id, step, day, fee, booking_id, notice_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: dunning_list
SELECT bill_id, step, day, fee, booking_id, notice_id FROM dunning WHERE bill_id = ?1 ORDER BY step LIMIT ?2;

-- name: hold_add
INSERT INTO bill_hold (bill_id, n, from_day, to_day, who, reason)
SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5 FROM bill_hold WHERE bill_id = ?1;

-- name: hold_end
UPDATE bill_hold SET ended_us = ?2, ended_by = ?3 WHERE bill_id = ?1 AND ended_us = 0;

-- name: hold_expire
-- Those whose time is over on day ?1.
UPDATE bill_hold SET ended_us = ?2, ended_by = ?3 WHERE ended_us = 0 AND to_day > 0 AND to_day <= ?1;

-- name: hold_list
SELECT bill_id, from_day, to_day, ended_us, who, reason, ended_by FROM bill_hold WHERE bill_id = ?1 ORDER BY n LIMIT ?2;

-- name: instalment_add
INSERT INTO instalment (bill_id, plan, n, due_day, amount, who, made_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: instalment_list
-- All plans of a bill, the newest behind.
SELECT bill_id, plan, n, due_day, amount, made_us, ended_us, who, why FROM instalment WHERE bill_id = ?1
ORDER BY plan, n LIMIT ?2;

-- name: instalment_end
UPDATE instalment SET ended_us = ?2, why = ?3 WHERE bill_id = ?1 AND ended_us = 0;

-- name: instalment_running
-- Bills behind ?1 with a plan of which a part was due before day ?2.
SELECT DISTINCT bill_id FROM instalment WHERE ended_us = 0 AND bill_id > ?1 AND due_day < ?2 ORDER BY bill_id LIMIT ?3;

-- name: arrears_accounts
-- Accounts behind ?2 in currency ?3 ('': any), at or below place ?4 (0: everywhere), by their own place or that of a point they
-- have a contract for. ?5 not 0: only those who owe something now.
WITH RECURSIVE down (id) AS (
    SELECT id FROM place WHERE id = ?4 UNION ALL SELECT p.id FROM place p JOIN down d ON p.parent_id = d.id)
SELECT a.id, a.org_id, a.number, a.name, a.phone, a.currency FROM account a
WHERE a.id > ?2 AND (?1 = 0 OR a.org_id = ?1) AND (?3 = '' OR a.currency = ?3)
  AND (?5 = 0 OR EXISTS (SELECT 1 FROM book k WHERE k.account_id = a.id AND k.kind = 'owed' AND k.balance <> 0))
  AND (?4 = 0 OR a.place_id IN (SELECT id FROM down)
       OR EXISTS (SELECT 1 FROM contract c JOIN point p ON p.id = c.point_id
                  WHERE c.account_id = a.id AND p.place_id IN (SELECT id FROM down)))
ORDER BY a.id LIMIT ?6;

-- name: arrears_bills
-- What was open of the bills of account ?1 on the evening of day ?2, by the days of bookings, fees and allocations.
SELECT id, due_day, principal, late, steps, held, number
FROM (SELECT b.id, b.due_day, b.number,
             b.total - coalesce((SELECT CAST(sum(a.amount) AS BIGINT) FROM allocation a
                                 WHERE a.bill_id = b.id AND a.part = 'principal' AND a.day <= ?2), 0) AS principal,
             coalesce((SELECT CAST(sum(f.amount) AS BIGINT) FROM bill_fee f WHERE f.bill_id = b.id AND f.day <= ?2), 0)
           - coalesce((SELECT CAST(sum(a.amount) AS BIGINT) FROM allocation a
                       WHERE a.bill_id = b.id AND a.part = 'late' AND a.day <= ?2), 0) AS late,
             (SELECT count(*) FROM dunning d WHERE d.bill_id = b.id AND d.day <= ?2) AS steps,
             (SELECT count(*) FROM bill_hold h WHERE h.bill_id = b.id AND h.ended_us = 0)
           + (SELECT count(*) FROM instalment i WHERE i.bill_id = b.id AND i.ended_us = 0) AS held
      FROM bill b JOIN booking k ON k.id = b.booking_id AND k.day <= ?2
      WHERE b.account_id = ?1 AND b.state IN ('issued', 'reversed') AND b.kind NOT IN ('statement', 'reversal')
        AND NOT EXISTS (SELECT 1 FROM booking r WHERE r.reverses = k.id AND r.day <= ?2)) open_bill
WHERE principal <> 0 OR late <> 0 ORDER BY due_day, id LIMIT ?3;

-- name: collection_bills
-- Of bills that stand at the end of [?1, ?2): billed in it, with how many and how many of these are paid; open from before it.
WITH RECURSIVE down (id) AS (
    SELECT id FROM place WHERE id = ?5 UNION ALL SELECT p.id FROM place p JOIN down d ON p.parent_id = d.id)
SELECT coalesce(CAST(sum(total) FILTER (WHERE day >= ?1) AS BIGINT), 0), count(*) FILTER (WHERE day >= ?1),
       count(*) FILTER (WHERE day >= ?1 AND total <= paid),
       coalesce(CAST(sum(total - before) FILTER (WHERE day < ?1) AS BIGINT), 0)
FROM (SELECT b.total, k.day,
             coalesce((SELECT CAST(sum(x.amount) AS BIGINT) FROM allocation x
                       WHERE x.bill_id = b.id AND x.part = 'principal' AND x.day < ?2), 0) AS paid,
             coalesce((SELECT CAST(sum(x.amount) AS BIGINT) FROM allocation x
                       WHERE x.bill_id = b.id AND x.part = 'principal' AND x.day < ?1), 0) AS before
      FROM bill b JOIN booking k ON k.id = b.booking_id AND k.day < ?2 JOIN account a ON a.id = b.account_id
      WHERE b.state IN ('issued', 'reversed') AND b.kind NOT IN ('statement', 'reversal') AND b.total > 0
        AND NOT EXISTS (SELECT 1 FROM booking r WHERE r.reverses = k.id AND r.day < ?2)
        AND (?3 = 0 OR a.org_id = ?3) AND b.currency = ?4
        AND (?5 = 0 OR a.place_id IN (SELECT id FROM down)
             OR EXISTS (SELECT 1 FROM contract c JOIN point p ON p.id = c.point_id
                        WHERE c.account_id = a.id AND p.place_id IN (SELECT id FROM down)))) of_bills;

-- name: collection_money
-- What came in in [?1, ?2) for these bills: of those billed in it, of older ones; what was written off of those billed in it.
WITH RECURSIVE down (id) AS (
    SELECT id FROM place WHERE id = ?5 UNION ALL SELECT p.id FROM place p JOIN down d ON p.parent_id = d.id)
SELECT coalesce(CAST(sum(amount) FILTER (WHERE day >= ?1 AND kind <> 'write-off') AS BIGINT), 0),
       coalesce(CAST(sum(amount) FILTER (WHERE day < ?1 AND kind <> 'write-off') AS BIGINT), 0),
       coalesce(CAST(sum(amount) FILTER (WHERE day >= ?1 AND kind = 'write-off') AS BIGINT), 0)
FROM (SELECT x.amount, k.day, coalesce(o.kind, m.kind) AS kind
      FROM allocation x JOIN booking m ON m.id = x.booking_id LEFT JOIN booking o ON o.id = m.reverses
      JOIN bill b ON b.id = x.bill_id JOIN booking k ON k.id = b.booking_id JOIN account a ON a.id = b.account_id
      WHERE x.day >= ?1 AND x.day < ?2 AND x.part = 'principal' AND b.total > 0
        AND NOT EXISTS (SELECT 1 FROM booking r WHERE r.reverses = k.id AND r.day < ?2)
        AND (?3 = 0 OR a.org_id = ?3) AND b.currency = ?4
        AND (?5 = 0 OR a.place_id IN (SELECT id FROM down)
             OR EXISTS (SELECT 1 FROM contract c JOIN point p ON p.id = c.point_id
                        WHERE c.account_id = a.id AND p.place_id IN (SELECT id FROM down)))) of_money;
