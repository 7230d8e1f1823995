-- name: command_add
INSERT INTO command (id, line_id, device_id, protocol, kind, back, baud, address, key, stage, requested_us, expires_us,
    purchase, amount)
VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, nullif(?9, ''), ?10, ?11, ?12, ?13, ?14);

-- name: command_put
UPDATE command SET stage = ?2, sent_us = ?3, accepted_us = ?4, ended_us = ?5, outcome = ?6, why = ?7, first_frame = ?8,
    frame_count = ?9, reading_us = ?10
WHERE id = ?1;

-- name: command_get
SELECT c.id, c.line_id, coalesce(c.device_id, 0), c.protocol, c.kind, c.back, c.baud, c.address, coalesce(c.key, ''),
       c.stage, c.requested_us, c.expires_us, c.sent_us, c.accepted_us, c.ended_us, c.outcome, c.why, c.first_frame,
       c.frame_count, c.reading_us, c.purchase, c.amount, coalesce(d.number, ''), l.name
FROM command c JOIN line l ON l.id = c.line_id LEFT JOIN device d ON d.id = c.device_id WHERE c.id = ?1;

-- name: command_by_key
SELECT id FROM command WHERE key = ?1;

-- name: command_list
-- Newest first, below id ?1; ?2 a meter or 0, ?3 a line or 0.
SELECT c.id, c.line_id, coalesce(c.device_id, 0), c.protocol, c.kind, c.back, c.baud, c.address, coalesce(c.key, ''),
       c.stage, c.requested_us, c.expires_us, c.sent_us, c.accepted_us, c.ended_us, c.outcome, c.why, c.first_frame,
       c.frame_count, c.reading_us, c.purchase, c.amount, coalesce(d.number, ''), l.name
FROM command c JOIN line l ON l.id = c.line_id LEFT JOIN device d ON d.id = c.device_id
WHERE c.id < ?1 AND (?2 = 0 OR c.device_id = ?2) AND (?3 = 0 OR c.line_id = ?3) ORDER BY c.id DESC LIMIT ?4;

-- name: command_list_open
-- Not ended yet, oldest first, above id ?1.
SELECT c.id, c.line_id, coalesce(c.device_id, 0), c.protocol, c.kind, c.back, c.baud, c.address, coalesce(c.key, ''),
       c.stage, c.requested_us, c.expires_us, c.sent_us, c.accepted_us, c.ended_us, c.outcome, c.why, c.first_frame,
       c.frame_count, c.reading_us, c.purchase, c.amount, coalesce(d.number, ''), l.name
FROM command c JOIN line l ON l.id = c.line_id LEFT JOIN device d ON d.id = c.device_id
WHERE c.ended_us = 0 AND c.id > ?1 ORDER BY c.id LIMIT ?2;

-- name: search_put
INSERT INTO search (line_id, kind, known_only, running, ended, started_us, updated_us, place, requests, selects, found,
    known, missing, collisions, permille)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
ON CONFLICT (line_id, kind) DO UPDATE SET known_only = excluded.known_only, running = excluded.running,
    ended = excluded.ended, started_us = excluded.started_us, updated_us = excluded.updated_us, place = excluded.place,
    requests = excluded.requests, selects = excluded.selects, found = excluded.found, known = excluded.known,
    missing = excluded.missing, collisions = excluded.collisions, permille = excluded.permille;

-- name: search_list
-- Of a line, the newest first.
SELECT line_id, kind, known_only, running, ended, started_us, updated_us, place, requests, selects, found, known,
       missing, collisions, permille
FROM search WHERE line_id = ?1 ORDER BY started_us DESC, kind LIMIT ?2;

-- name: search_get
SELECT line_id, kind, known_only, running, ended, started_us, updated_us, place, requests, selects, found, known,
       missing, collisions, permille
FROM search WHERE line_id = ?1 AND kind = ?2;

-- name: search_halt
-- Searches on our lines that were running when the program ended; those of gateways go on.
UPDATE search SET running = 0
WHERE running = 1 AND line_id IN (SELECT id FROM line WHERE gateway_id IS NULL);

-- name: found_clear
DELETE FROM search_found WHERE line_id = ?1 AND kind = ?2;

-- name: found_known
-- Told before, as after a resumed search: by all that it says of itself.
SELECT id FROM search_found WHERE line_id = ?1 AND kind = ?2 AND protocol = ?3 AND address = ?4 AND number = ?5
  AND twin = ?6;

-- name: found_add
INSERT INTO search_found (id, line_id, kind, at_us, protocol, medium, address, number, manufacturer, primary_address,
    known, twin)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: found_list
SELECT at_us, protocol, medium, address, number, manufacturer, primary_address, known, twin FROM search_found
WHERE line_id = ?1 AND kind = ?2 ORDER BY id LIMIT ?3;
