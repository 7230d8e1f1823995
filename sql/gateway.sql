-- name: gateway_put
INSERT INTO gateway (id, key, name, parent_id, state, journal_bytes, journal_days)
VALUES (?1, ?2, ?3, nullif(?4, 0), 'declared', ?5, ?6)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, parent_id = excluded.parent_id,
    journal_bytes = excluded.journal_bytes, journal_days = excluded.journal_days;

-- name: gateway_astray
-- One that no way from us leads to is below itself; ?1: so many may stand one below the other.
WITH RECURSIVE tree (id, deep) AS (
    SELECT id, 1 FROM gateway WHERE parent_id IS NULL
    UNION ALL
    SELECT g.id, t.deep + 1 FROM gateway g JOIN tree t ON g.parent_id = t.id)
SELECT g.key, coalesce(t.deep, 0) FROM gateway g LEFT JOIN tree t ON t.id = g.id
WHERE t.deep IS NULL OR t.deep > ?1 ORDER BY g.id LIMIT 1;

-- name: gateway_crowded
-- One with more than ?1 right below it.
SELECT p.key FROM gateway g JOIN gateway p ON p.id = g.parent_id GROUP BY p.id HAVING count(*) > ?1 LIMIT 1;

-- name: gateway_enrol
UPDATE gateway SET common_name = ?2, state = 'enrolled', enrolled_us = ?3 WHERE id = ?1;

-- name: certificate_add
INSERT INTO gateway_certificate (serial, gateway_id, common_name, issued_us, expires_us) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: gateway_revoke
UPDATE gateway SET state = 'revoked' WHERE id = ?1;

-- name: certificate_revoke
UPDATE gateway_certificate SET revoked_us = ?2 WHERE gateway_id = ?1 AND revoked_us = 0;

-- name: gateway_get
SELECT g.id, coalesce(g.parent_id, 0), g.key, g.name, coalesce(g.common_name, ''), g.state, coalesce(c.serial, 0),
       g.enrolled_us, coalesce(c.expires_us, 0), g.journal_bytes, g.journal_days
FROM gateway g LEFT JOIN gateway_certificate c ON c.serial = (
    SELECT n.serial FROM gateway_certificate n WHERE n.gateway_id = g.id AND n.revoked_us = 0
    ORDER BY n.issued_us DESC, n.serial DESC LIMIT 1)
WHERE g.id = ?1;

-- name: gateway_find
SELECT id FROM gateway WHERE key = ?1;

-- name: gateway_of_certificate
SELECT gateway_id, revoked_us FROM gateway_certificate WHERE serial = ?1 AND common_name = ?2;

-- name: gateway_list
SELECT g.id, coalesce(g.parent_id, 0), g.key, g.name, coalesce(g.common_name, ''), g.state, coalesce(c.serial, 0),
       g.enrolled_us, coalesce(c.expires_us, 0), g.journal_bytes, g.journal_days
FROM gateway g LEFT JOIN gateway_certificate c ON c.serial = (
    SELECT n.serial FROM gateway_certificate n WHERE n.gateway_id = g.id AND n.revoked_us = 0
    ORDER BY n.issued_us DESC, n.serial DESC LIMIT 1)
WHERE g.id > ?1 ORDER BY g.id LIMIT ?2;

-- name: gateway_children
SELECT id FROM gateway WHERE parent_id = ?1 ORDER BY id LIMIT ?2;

-- name: revoked_list
SELECT serial FROM gateway_certificate WHERE revoked_us <> 0 AND expires_us > ?1 ORDER BY expires_us, serial LIMIT ?2;

-- name: revoked_list_around
-- Those of the gateways right below ?3, and of the one right above it: who has been replaced may lead nobody any more.
SELECT c.serial FROM gateway g JOIN gateway_certificate c ON c.gateway_id = g.id
WHERE g.parent_id = ?3 AND c.revoked_us <> 0 AND c.expires_us > ?1
UNION
SELECT c.serial FROM gateway g JOIN gateway_certificate c ON c.gateway_id = g.parent_id
WHERE g.id = ?3 AND c.revoked_us <> 0 AND c.expires_us > ?1 ORDER BY 1 LIMIT ?2;

-- name: gateway_has_meter
SELECT 1 FROM gateway_meter WHERE gateway_id = ?1 AND device_id = ?2;

-- name: gateway_has_line
SELECT 1 FROM gateway_line WHERE gateway_id = ?1 AND line_id = ?2;

-- name: gateway_is_below
-- Is ?1 below ?2, or was it ever?
WITH RECURSIVE up (id) AS (
    SELECT above_id FROM gateway_way WHERE gateway_id = ?1
    UNION
    SELECT w.above_id FROM gateway_way w JOIN up u ON w.gateway_id = u.id)
SELECT 1 FROM up WHERE id = ?2;

-- name: gateway_count
-- Undeclared gaps are cut at a bound that keeps their sum a number, whatever a gateway claims.
-- engine: sqlite
SELECT (SELECT count(*) FROM line l WHERE l.gateway_id = ?1),
       (SELECT count(*) FROM line l JOIN line_member m ON m.line_id = l.id WHERE l.gateway_id = ?1),
       coalesce((SELECT at_us FROM gateway_event WHERE gateway_id = ?1 ORDER BY id DESC LIMIT 1), 0),
       coalesce((SELECT sum(min(last_seq - first_seq + 1, 1099511627776))
                 FROM gateway_gap INDEXED BY gateway_gap_open WHERE gateway_id = ?1 AND gone = 0), 0),
       (SELECT refused FROM gateway WHERE id = ?1);
-- engine: postgres
SELECT (SELECT count(*) FROM line l WHERE l.gateway_id = ?1),
       (SELECT count(*) FROM line l JOIN line_member m ON m.line_id = l.id WHERE l.gateway_id = ?1),
       coalesce((SELECT at_us FROM gateway_event WHERE gateway_id = ?1 ORDER BY id DESC LIMIT 1), 0),
       coalesce((SELECT sum(least(last_seq - first_seq + 1, 1099511627776))::bigint
                 FROM gateway_gap WHERE gateway_id = ?1 AND gone = 0), 0),
       (SELECT refused FROM gateway WHERE id = ?1);

-- name: gateway_status_put
INSERT INTO gateway_status (gateway_id, connected, clock_doubtful, last_contact_us, clock_error_us, queued,
    applied_version, free_bytes, software, firmware, address, config_why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (gateway_id) DO UPDATE SET connected = excluded.connected, clock_doubtful = excluded.clock_doubtful,
    last_contact_us = excluded.last_contact_us, clock_error_us = excluded.clock_error_us, queued = excluded.queued,
    applied_version = excluded.applied_version, free_bytes = excluded.free_bytes, software = excluded.software,
    firmware = excluded.firmware, address = excluded.address, config_why = excluded.config_why;

-- name: gateway_status_get
SELECT gateway_id, connected, clock_doubtful, last_contact_us, clock_error_us, queued, config_version, applied_version,
       free_bytes, software, firmware, address, config_why
FROM gateway_status WHERE gateway_id = ?1;

-- name: gateway_rest
-- After a start nobody is connected.
UPDATE gateway_status SET connected = 0 WHERE connected <> 0;

-- name: gateway_config_get
SELECT config_version, config_hash FROM gateway_status WHERE gateway_id = ?1;

-- name: gateway_config_put
INSERT INTO gateway_status (gateway_id, config_version, config_hash) VALUES (?1, ?2, ?3)
ON CONFLICT (gateway_id) DO UPDATE SET config_version = excluded.config_version, config_hash = excluded.config_hash;

-- name: clock_was_ahead
-- What the meters of gateway ?1 were asked between ?2 and ?3 was stamped by a clock that was put back to ?2 since.
UPDATE device_state SET last_try_us = ?2
WHERE last_try_us > ?2 AND last_try_us <= ?3 AND device_id IN (
    SELECT m.device_id FROM line l JOIN line_member m ON m.line_id = l.id WHERE l.gateway_id = ?1);

-- name: gateway_event_add
INSERT INTO gateway_event (id, gateway_id, line_id, at_us, kind, value, detail, epoch, seq)
VALUES (?1, nullif(?2, 0), nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (gateway_id, epoch, seq) WHERE seq <> 0 DO NOTHING;

-- name: gateway_event_list
-- Below id ?2, of ?1.
SELECT id, coalesce(gateway_id, 0), coalesce(line_id, 0), at_us, kind, value, detail, epoch, seq FROM gateway_event
WHERE gateway_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3;

-- name: gateway_event_list_strangers
SELECT id, coalesce(gateway_id, 0), coalesce(line_id, 0), at_us, kind, value, detail, epoch, seq FROM gateway_event
WHERE gateway_id IS NULL AND id < ?1 ORDER BY id DESC LIMIT ?2;

-- name: gateway_event_list_all
SELECT id, coalesce(gateway_id, 0), coalesce(line_id, 0), at_us, kind, value, detail, epoch, seq FROM gateway_event
WHERE id < ?1 ORDER BY id DESC LIMIT ?2;

-- name: gateway_event_noticed
-- Of a kind that was noticed here, between ?3 and ?4.
SELECT 1 FROM gateway_event WHERE gateway_id = ?1 AND kind = ?2 AND seq = 0 AND at_us > ?3 AND at_us <= ?4 LIMIT 1;

-- name: journal_get
SELECT gateway_id, epoch, seq, chk, first_us, last_us FROM gateway_journal WHERE gateway_id = ?1 AND epoch = ?2;

-- name: journal_put
INSERT INTO gateway_journal (gateway_id, epoch, seq, chk, first_us, last_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (gateway_id, epoch) DO UPDATE SET seq = excluded.seq, chk = excluded.chk, last_us = excluded.last_us;

-- name: gap_get
SELECT gateway_id, epoch, first_seq, last_seq, gone FROM gateway_gap
WHERE gateway_id = ?1 AND epoch = ?2 AND last_seq >= ?3 ORDER BY last_seq LIMIT 1;

-- name: gap_get_open
-- engine: sqlite
SELECT gateway_id, epoch, first_seq, last_seq, gone FROM gateway_gap INDEXED BY gateway_gap_open
WHERE gateway_id = ?1 AND epoch = ?2 AND last_seq >= ?3 AND gone = 0 ORDER BY first_seq LIMIT 1;
-- engine: postgres
SELECT gateway_id, epoch, first_seq, last_seq, gone FROM gateway_gap
WHERE gateway_id = ?1 AND epoch = ?2 AND last_seq >= ?3 AND gone = 0 ORDER BY first_seq LIMIT 1;

-- name: gap_get_wanted
-- Of those that are not gone for good.
SELECT gateway_id, epoch, first_seq, last_seq, gone FROM gateway_gap
WHERE gateway_id = ?1 AND epoch = ?2 AND last_seq >= ?3 AND gone <> 1 ORDER BY last_seq LIMIT 1;

-- name: gap_put
INSERT INTO gateway_gap (gateway_id, epoch, first_seq, last_seq, gone) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (gateway_id, epoch, first_seq) DO UPDATE SET last_seq = excluded.last_seq, gone = excluded.gone;

-- name: gap_drop
DELETE FROM gateway_gap WHERE gateway_id = ?1 AND epoch = ?2 AND first_seq = ?3;

-- name: checks_get
SELECT checks FROM gateway_check WHERE gateway_id = ?1 AND epoch = ?2 AND part = ?3;

-- name: checks_walk
SELECT part, checks FROM gateway_check WHERE gateway_id = ?1 AND epoch = ?2 AND part >= 0 ORDER BY part LIMIT ?3;

-- name: checks_put
INSERT INTO gateway_check (gateway_id, epoch, part, checks) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (gateway_id, epoch, part) DO UPDATE SET checks = excluded.checks;

-- name: relative_list
-- The other epochs of a box, the newest first, and how their numbers compare with those of ?2: both ways round.
SELECT j.epoch, CASE WHEN a.epoch IS NULL AND b.epoch IS NULL THEN 0 ELSE 1 END, coalesce(a.base, -b.base, 0)
FROM gateway_journal j
LEFT JOIN gateway_branch a ON a.gateway_id = j.gateway_id AND a.of_epoch = j.epoch AND a.epoch = ?2
LEFT JOIN gateway_branch b ON b.gateway_id = j.gateway_id AND b.of_epoch = ?2 AND b.epoch = j.epoch
WHERE j.gateway_id = ?1 AND j.epoch <> ?2 ORDER BY j.first_us DESC, j.epoch DESC LIMIT ?3;

-- name: apart_list
SELECT epoch FROM gateway_branch WHERE gateway_id = ?1 AND of_epoch = ?2 AND kept_apart <> 0 ORDER BY epoch LIMIT ?3;

-- name: branch_put
INSERT INTO gateway_branch (gateway_id, epoch, of_epoch, base, kept_apart) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (gateway_id, of_epoch, epoch) DO UPDATE SET base = excluded.base;

-- name: refused_count
UPDATE gateway SET refused = refused + 1 WHERE id = ?1 RETURNING refused;

-- name: refused_add
INSERT INTO gateway_refused (id, gateway_id, maker_id, epoch, seq, at_us, kind, rank, subject_id, doubtful, chk, body, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: enrolment_waiting
SELECT count(*) FROM enrolment WHERE state = 'waiting';

-- name: enrolment_forget
DELETE FROM enrolment WHERE state = 'waiting' AND last_us < ?1;

-- name: enrolment_add
INSERT INTO enrolment (id, hash, code, via_id, state, name, serial, software, address, first_us, last_us, request)
VALUES (?1, ?2, ?3, ?4, 'waiting', ?5, ?6, ?7, ?8, ?9, ?9, ?10);

-- name: enrolment_again
-- A box that was restarted signs its request anew: another hash, the same key.
UPDATE enrolment
SET via_id = ?2, software = ?3, address = ?4, last_us = CASE WHEN last_us > ?5 THEN last_us ELSE ?5 END, hash = ?6, request = ?7
WHERE id = ?1;

-- name: enrolment_decide
UPDATE enrolment SET state = ?2, gateway_id = nullif(?3, 0), certificate = ?4, why = ?5 WHERE id = ?1;

-- name: enrolment_get
SELECT id, via_id, coalesce(gateway_id, 0), state, code, name, serial, software, address, why, first_us, last_us, hash,
       request, certificate
FROM enrolment WHERE id = ?1;

-- name: enrolment_of_serial
SELECT coalesce(gateway_id, 0) FROM enrolment WHERE serial = ?1 AND state = 'accepted' AND hash <> ?2
ORDER BY last_us DESC, id DESC LIMIT 1;

-- name: enrolment_by_hash
SELECT id, via_id, coalesce(gateway_id, 0), state, code, name, serial, software, address, why, first_us, last_us, hash,
       request, certificate
FROM enrolment WHERE hash = ?1;

-- name: enrolment_by_code
-- People type it: case, hyphens and spaces do not count. One that waits comes before one that was decided.
SELECT id, via_id, coalesce(gateway_id, 0), state, code, name, serial, software, address, why, first_us, last_us, hash,
       request, certificate
FROM enrolment WHERE replace(replace(upper(code), '-', ''), ' ', '') = replace(replace(upper(?1), '-', ''), ' ', '')
ORDER BY state = 'waiting' DESC, id DESC LIMIT 1;

-- name: enrolment_list
SELECT id, via_id, coalesce(gateway_id, 0), state, code, name, serial, software, address, why, first_us, last_us, hash
FROM enrolment WHERE ?1 = '' OR state = ?1 ORDER BY last_us DESC, id DESC LIMIT ?2;
