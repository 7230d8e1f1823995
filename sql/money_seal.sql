-- Rows in the order in which they are sealed: position (behind ?1, up to ?2), then the columns that src/store/money/seal.c names
-- with their types. State that changes in the course of business (is a bill reversed?) is not among them.

-- name: seal_max_frame
SELECT coalesce(max(id), 0) FROM frame;
-- name: seal_rows_frame
SELECT id, device_id, at_us, protocol, bytes FROM frame WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_frame
SELECT d.number, f.at_us FROM frame f JOIN device d ON d.id = f.device_id WHERE f.id = ?1;

-- name: seal_max_reading
SELECT coalesce(max(first_frame), 0) FROM reading;
-- name: seal_rows_reading
SELECT first_frame, device_id, at_us, source, quality, frame_count, packed, due_us, partial
FROM reading WHERE first_frame > ?1 AND first_frame <= ?2 AND first_frame <> 0
ORDER BY first_frame, device_id, at_us, source;
-- name: seal_name_reading
-- By its frame: that is still there when the reading is not.
SELECT d.number, f.at_us FROM frame f JOIN device d ON d.id = f.device_id WHERE f.id = ?1;

-- name: seal_max_final
SELECT coalesce(max(id), 0) FROM seal_final;
-- name: seal_rows_by_eye
SELECT f.id, r.device_id, r.at_us, r.source, r.quality, r.packed, r.due_us, r.partial
FROM seal_final f JOIN reading r ON r.device_id = f.row_id AND r.at_us = f.at_us AND r.source = f.source
WHERE f.id > ?1 AND f.id <= ?2 AND f.stream = 'reading' ORDER BY f.id;
-- name: seal_name_by_eye
SELECT d.number, f.at_us FROM seal_final f JOIN device d ON d.id = f.row_id WHERE f.id = ?1;

-- name: seal_max_point_event
SELECT coalesce(max(id), 0) FROM point_event;
-- name: seal_rows_point_event
SELECT id, point_id, channel_id, kind, at_us, until_us, recorded_us, device_id, other_point, before, after, factor_num,
       factor_den, digits, unit, reading_at, reading_source, undoes, who, second, reason, photo
FROM point_event WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_point_event
SELECT p.key, e.at_us FROM point_event e JOIN point p ON p.id = e.point_id WHERE e.id = ?1;

-- name: seal_max_booking
SELECT coalesce(max(id), 0) FROM booking;
-- name: seal_rows_booking
SELECT id, key, org_id, account_id, kind, amount, currency, at_us, day, channel, desk, cash_day_id, subject, subject_id,
       reverses, who, second, reason, digest FROM booking WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_booking
SELECT key, at_us FROM booking WHERE id = ?1;

-- name: seal_max_posting
SELECT coalesce(max(booking_id), 0) FROM posting;
-- name: seal_rows_posting
SELECT p.booking_id, p.n, p.amount, p.book_id, b.org_id, b.kind, b.account_id, b.ref, b.currency
FROM posting p LEFT JOIN book b ON b.id = p.book_id WHERE p.booking_id > ?1 AND p.booking_id <= ?2
ORDER BY p.booking_id, p.n;

-- name: seal_max_receipt
SELECT coalesce(max(id), 0) FROM receipt;
-- name: seal_rows_receipt
SELECT id, org_id, desk, year, number, booking_id, balance_before, balance_after
FROM receipt WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_receipt
SELECT r.desk || ' ' || CAST(r.year AS TEXT) || '/' || CAST(r.number AS TEXT), coalesce(b.at_us, 0)
FROM receipt r LEFT JOIN booking b ON b.id = r.booking_id WHERE r.id = ?1;

-- name: seal_max_tariff
SELECT coalesce(max(id), 0) FROM tariff_doc;
-- name: seal_rows_tariff
SELECT id, org_id, key, edition, at_us, who, reason, digest, body
FROM tariff_doc WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_tariff
SELECT key || ' edition ' || CAST(edition AS TEXT), at_us FROM tariff_doc WHERE id = ?1;

-- name: seal_max_audit
SELECT coalesce(max(id), 0) FROM audit;
-- name: seal_rows_audit
SELECT id, org_id, at_us, who, second, action, subject, subject_id, before, after, reason
FROM audit WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_audit
SELECT action || ' by ' || who, at_us FROM audit WHERE id = ?1;

-- name: seal_max_pay_notice
SELECT coalesce(max(id), 0) FROM pay_notice;
-- name: seal_rows_pay_notice
SELECT id, channel, key, at_us, order_number, outcome, why, body
FROM pay_notice WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_pay_notice
SELECT channel || ' ' || order_number, at_us FROM pay_notice WHERE id = ?1;

-- name: seal_rows_bill
SELECT f.id, b.id, b.run_id, b.org_id, b.account_id, b.kind, b.number, b.from_day, b.to_day, b.due_day, b.total, b.tax,
       b.currency, b.booking_id, b.reverses, b.replaces, b.issued_us, b.digest
FROM seal_final f JOIN bill b ON b.id = f.row_id
WHERE f.id > ?1 AND f.id <= ?2 AND f.stream = 'bill' ORDER BY f.id;
-- name: seal_name_bill
SELECT b.number, b.issued_us FROM seal_final f JOIN bill b ON b.id = f.row_id WHERE f.id = ?1;

-- name: seal_rows_charge
SELECT f.id, c.id, c.contract_id, c.account_id, c.kind, c.from_day, c.to_day, c.medium, c.total, c.before, c.amount,
       c.tax, c.before_tax, c.estimated, c.bill_id, c.at_us, c.ask, c.states, c.trace, c.digest
FROM seal_final f JOIN charge c ON c.bill_id = f.row_id AND c.bill_id > 0
WHERE f.id > ?1 AND f.id <= ?2 AND f.stream = 'bill' ORDER BY f.id, c.id;

-- name: seal_rows_charge_line
SELECT f.id, l.charge_id, l.n, l.component, l.name, l.version, l.tier, l.rate, l.from_day, l.to_day, l.quantity, l.unit,
       l.price, l.amount, l.tax, l.note, l.vat, l.time_count, l.time_of
FROM seal_final f JOIN charge c ON c.bill_id = f.row_id AND c.bill_id > 0 JOIN charge_line l ON l.charge_id = c.id
WHERE f.id > ?1 AND f.id <= ?2 AND f.stream = 'bill' ORDER BY f.id, l.charge_id, l.n;

-- name: seal_rows_cash_day
SELECT f.id, d.id, d.org_id, d.desk, d.cashier, d.day, d.currency, d.opened_us, d.opening, d.closed_us, d.expected,
       d.counted, d.handed_over, d.handed_to, d.reason, d.totals
FROM seal_final f JOIN cash_day d ON d.id = f.row_id
WHERE f.id > ?1 AND f.id <= ?2 AND f.stream = 'cash-day' ORDER BY f.id;
-- name: seal_name_cash_day
SELECT d.desk, d.opened_us FROM seal_final f JOIN cash_day d ON d.id = f.row_id WHERE f.id = ?1;

-- name: seal_rows_final
SELECT id, stream, row_id, at_us, source FROM seal_final WHERE id > ?1 AND id <= ?2 ORDER BY id;
-- name: seal_name_final
SELECT stream || ' ' || CAST(row_id AS TEXT), at_us FROM seal_final WHERE id = ?1;

-- name: seal_stray
-- Final, and not in the list of what became so.
SELECT 1, b.id, b.number, b.issued_us FROM bill b WHERE b.number <> ''
    AND NOT EXISTS (SELECT 1 FROM seal_final f WHERE f.stream = 'bill' AND f.row_id = b.id)
UNION ALL
SELECT 2, d.id, d.desk, d.closed_us FROM cash_day d WHERE d.closed_us <> 0
    AND NOT EXISTS (SELECT 1 FROM seal_final f WHERE f.stream = 'cash-day' AND f.row_id = d.id)
UNION ALL
SELECT 3, r.device_id, v.number, r.at_us FROM reading r JOIN device v ON v.id = r.device_id WHERE r.first_frame = 0
    AND NOT EXISTS (SELECT 1 FROM seal_final f WHERE f.stream = 'reading' AND f.row_id = r.device_id
                    AND f.at_us = r.at_us AND f.source = r.source)
ORDER BY 1, 2, 4;

-- name: seal_last
SELECT n, at_us, key_id, chain, signature FROM seal ORDER BY n DESC LIMIT 1;
-- name: seal_next
SELECT n, at_us, key_id, chain, signature FROM seal WHERE n >= ?1 ORDER BY n LIMIT 1;
-- name: seal_add
INSERT INTO seal (n, at_us, key_id, chain, signature) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: seal_piece_add
INSERT INTO seal_piece (stream, last_id, behind, seal_n, rows, root, marks) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- name: seal_pieces_of
SELECT stream, behind, last_id, rows, root, seal_n, marks FROM seal_piece WHERE seal_n = ?1 ORDER BY stream;
-- name: seal_piece_next
-- The first piece of stream ?1 that ends at ?2 or later.
SELECT stream, behind, last_id, rows, root, seal_n, marks FROM seal_piece WHERE stream = ?1 AND last_id >= ?2
ORDER BY last_id LIMIT 1;
-- name: seal_piece_last
SELECT max(last_id) FROM seal_piece WHERE stream = ?1;
-- name: seal_piece_lost
-- Pieces of no checkpoint.
SELECT count(*) FROM seal_piece p WHERE NOT EXISTS (SELECT 1 FROM seal s WHERE s.n = p.seal_n);
-- name: seal_first_since
SELECT min(n) FROM seal WHERE at_us >= ?1;

-- name: seal_key_list
SELECT id, public, from_us, signature, note FROM seal_key ORDER BY id;
-- name: seal_key_add
INSERT INTO seal_key (id, public, from_us, signature, note) VALUES (?1, ?2, ?3, ?4, ?5);
