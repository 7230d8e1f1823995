-- Receipts and cash days.

-- name: receipt_add
INSERT INTO receipt (id, org_id, desk, year, number, booking_id, balance_before, balance_after)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: receipt_of_booking
SELECT id, org_id, booking_id, desk, year, number, balance_before, balance_after,
       (SELECT count(*) FROM receipt_print p WHERE p.receipt_id = receipt.id)
FROM receipt WHERE booking_id = ?1;

-- name: receipt_get
SELECT id, org_id, booking_id, desk, year, number, balance_before, balance_after,
       (SELECT count(*) FROM receipt_print p WHERE p.receipt_id = receipt.id)
FROM receipt WHERE (org_id = ?1 OR ?1 = 0) AND desk = ?2 AND year = ?3 AND number = ?4 ORDER BY org_id LIMIT 1;

-- name: receipt_list
SELECT id, org_id, booking_id, desk, year, number, balance_before, balance_after,
       (SELECT count(*) FROM receipt_print p WHERE p.receipt_id = receipt.id)
FROM receipt WHERE (org_id = ?1 OR ?1 = 0) AND desk = ?2 AND year = ?3 AND number > ?4 ORDER BY number, org_id LIMIT ?5;

-- name: receipt_printed
INSERT INTO receipt_print (receipt_id, n, at_us, who)
SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3 FROM receipt_print WHERE receipt_id = ?1 RETURNING n;

-- name: cash_day_add
INSERT INTO cash_day (id, org_id, desk, cashier, day, currency, opened_us, opening, closed_us, expected, counted,
                      handed_over, handed_to, reason, totals)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15);

-- name: cash_day_change
-- A closed one never changes.
UPDATE cash_day SET closed_us = ?2, expected = ?3, counted = ?4, handed_over = ?5, handed_to = ?6, reason = ?7, totals = ?8
WHERE id = ?1 AND closed_us = 0 RETURNING id;

-- name: cash_day_open
SELECT id, org_id, desk, cashier, day, currency, opened_us, closed_us, opening, expected, counted, handed_over, handed_to,
       reason, totals
FROM cash_day WHERE org_id = ?1 AND desk = ?2 AND closed_us = 0 ORDER BY id DESC LIMIT 1;

-- name: cash_day_last
SELECT id, org_id, desk, cashier, day, currency, opened_us, closed_us, opening, expected, counted, handed_over, handed_to,
       reason, totals
FROM cash_day WHERE org_id = ?1 AND desk = ?2 ORDER BY id DESC LIMIT 1;

-- name: cash_day_get
SELECT id, org_id, desk, cashier, day, currency, opened_us, closed_us, opening, expected, counted, handed_over, handed_to,
       reason, totals
FROM cash_day WHERE id = ?2 AND (org_id = ?1 OR ?1 = 0);

-- name: cash_day_list
SELECT id, org_id, desk, cashier, day, currency, opened_us, closed_us, opening, expected, counted, handed_over, handed_to,
       reason, totals
FROM cash_day WHERE (org_id = ?1 OR ?1 = 0) AND (desk = ?2 OR ?2 = '') AND day >= ?3 AND day < ?4 AND id > ?5
ORDER BY id LIMIT ?6;
