-- name: register_list
SELECT id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier FROM register
WHERE device_id = ?1 ORDER BY id LIMIT ?2;

-- name: register_add
INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING 1;

-- name: frame_add
INSERT INTO frame (id, device_id, at_us, protocol, bytes) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: frame_get
SELECT id, device_id, at_us, protocol, bytes FROM frame WHERE id = ?1;

-- name: frame_list
SELECT id, device_id, at_us, protocol, bytes FROM frame WHERE device_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3;

-- name: reading_add
-- No row: there is one under its key, or no such device.
-- engine: sqlite
INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING RETURNING 1;
-- engine: postgres
INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM device WHERE id = ?1)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: reading_add_all
-- Arrays of one column each; told are the keys of those that are new, in the order in which they were given.
-- engine: postgres
INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial)
SELECT device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial
FROM unnest(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) WITH ORDINALITY
    AS r (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial, nr)
WHERE EXISTS (SELECT 1 FROM device d WHERE d.id = r.device_id) ORDER BY nr
ON CONFLICT DO NOTHING RETURNING device_id, at_us, source;

-- name: frame_add_all
-- engine: postgres
INSERT INTO frame (id, device_id, at_us, protocol, bytes) SELECT * FROM unnest(?1, ?2, ?3, ?4, ?5);

-- name: reading_get
SELECT device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial FROM reading
WHERE device_id = ?1 AND at_us = ?2 AND source = ?3;

-- name: reading_month
-- Where readings of moment ?1 belong is there afterwards.
-- engine: postgres
SELECT from_us, until_us FROM heng_reading_month(?1);

-- name: reading_scan
-- Behind (?2, ?4), a page of ?5.
SELECT device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial FROM reading
WHERE device_id = ?1 AND at_us >= ?2 AND at_us < ?3 AND (at_us, source) > (?2, ?4) ORDER BY at_us, source LIMIT ?5;

-- name: reading_conflict_known
SELECT 1 FROM reading_conflict WHERE device_id = ?1 AND at_us = ?2 AND source = ?3 AND packed = ?4;

-- name: reading_conflict_add
INSERT INTO reading_conflict (device_id, at_us, source, quality, first_frame, frame_count, packed, due_us, partial)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);
