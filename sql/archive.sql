-- The archive: organisations, places, points, channels, and what hangs on them. ?1 of every question is the scope: the
-- organisation that asks, 0 for the operator of the system, who sees everything.

-- name: org_put
INSERT INTO org (id, key, name, closed_us) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, closed_us = excluded.closed_us;

-- name: org_find
SELECT id, key, name, closed_us FROM org WHERE key = ?2 AND (?1 = 0 OR id = ?1);

-- name: org_list
SELECT id, key, name, closed_us FROM org WHERE id > ?2 AND (?1 = 0 OR id = ?1) ORDER BY id LIMIT ?3;

-- name: archive_place_get
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2, coalesce(org_id, 0), managed_by,
       CASE WHEN floor IS NULL THEN 0 ELSE 1 END, coalesce(floor, 0), position, orientation, rank, note, closed_us
FROM place WHERE id = ?2 AND (?1 = 0 OR managed_by = ?1);

-- name: archive_place_by_key
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2, coalesce(org_id, 0), managed_by,
       CASE WHEN floor IS NULL THEN 0 ELSE 1 END, coalesce(floor, 0), position, orientation, rank, note, closed_us
FROM place WHERE key = ?2 AND (?1 = 0 OR managed_by = ?1);

-- name: archive_place_named
-- Below place ?2, open, by name.
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2, coalesce(org_id, 0), managed_by,
       CASE WHEN floor IS NULL THEN 0 ELSE 1 END, coalesce(floor, 0), position, orientation, rank, note, closed_us
FROM place WHERE parent_id = ?2 AND name = ?3 AND closed_us = 0 AND (?1 = 0 OR managed_by = ?1) ORDER BY id LIMIT 1;

-- name: archive_root_named
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2, coalesce(org_id, 0), managed_by,
       CASE WHEN floor IS NULL THEN 0 ELSE 1 END, coalesce(floor, 0), position, orientation, rank, note, closed_us
FROM place WHERE parent_id IS NULL AND name = ?2 AND closed_us = 0 AND (?1 = 0 OR managed_by = ?1) ORDER BY id LIMIT 1;

-- name: archive_children
-- Those right below place ?2, behind the one of rank ?3 and id ?4.
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2, coalesce(org_id, 0), managed_by,
       CASE WHEN floor IS NULL THEN 0 ELSE 1 END, coalesce(floor, 0), position, orientation, rank, note, closed_us
FROM place WHERE parent_id = ?2 AND (rank > ?3 OR (rank = ?3 AND id > ?4)) AND (?1 = 0 OR managed_by = ?1)
ORDER BY rank, id LIMIT ?5;

-- name: archive_roots
-- Where the part of an organisation begins: places that it manages below one that it does not.
SELECT p.id, coalesce(p.parent_id, 0), p.key, p.kind, p.name, p.path, p.area_cm2, coalesce(p.org_id, 0), p.managed_by,
       CASE WHEN p.floor IS NULL THEN 0 ELSE 1 END, coalesce(p.floor, 0), p.position, p.orientation, p.rank, p.note,
       p.closed_us
FROM place p LEFT JOIN place a ON a.id = p.parent_id
WHERE ((?1 = 0 AND p.parent_id IS NULL) OR (?1 <> 0 AND p.managed_by = ?1 AND (a.id IS NULL OR a.managed_by <> ?1)))
  AND (p.rank > ?2 OR (p.rank = ?2 AND p.id > ?3))
ORDER BY p.rank, p.id LIMIT ?4;

-- name: archive_place_add
INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2, org_id, managed_by, floor, position, orientation,
    rank, note, closed_us)
VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, '', ?6, nullif(?7, 0), 0, CASE WHEN ?8 <> 0 THEN ?9 END, ?10, ?11, ?12, ?13, ?14);

-- name: archive_place_change
UPDATE place SET key = ?2, parent_id = nullif(?3, 0), kind = ?4, name = ?5, area_cm2 = ?6, org_id = nullif(?7, 0),
    floor = CASE WHEN ?8 <> 0 THEN ?9 END, position = ?10, orientation = ?11, rank = ?12, note = ?13, closed_us = ?14
WHERE id = ?1;

-- name: archive_place_refresh
-- Path and manager of place ?1 and of all below it, from what stands above.
WITH RECURSIVE tree (id, path, managed) AS (
    SELECT p.id, coalesce(a.path || ' / ', '') || p.name, coalesce(p.org_id, a.managed_by, 0)
    FROM place p LEFT JOIN place a ON a.id = p.parent_id WHERE p.id = ?1
    UNION ALL
    SELECT p.id, t.path || ' / ' || p.name, coalesce(p.org_id, t.managed) FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE place SET path = tree.path, managed_by = tree.managed
FROM tree WHERE tree.id = place.id AND (place.path <> tree.path OR place.managed_by <> tree.managed);

-- name: archive_longest_path
-- Bytes of the longest path at or below place ?1.
-- engine: sqlite
WITH RECURSIVE tree (id, n) AS (
    SELECT id, length(CAST(path AS BLOB)) FROM place WHERE id = ?1
    UNION ALL
    SELECT p.id, length(CAST(p.path AS BLOB)) FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT max(n) FROM tree;
-- engine: postgres
WITH RECURSIVE tree (id, n) AS (
    SELECT id, octet_length(path) FROM place WHERE id = ?1
    UNION ALL
    SELECT p.id, octet_length(p.path) FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT max(n) FROM tree;

-- name: archive_device_refresh
-- What the search of meters knows of those at place ?1 or below it.
-- engine: sqlite
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE device SET search = number
    || char(10) || coalesce((SELECT m.address FROM line_member m WHERE m.device_id = device.id), '')
    || char(10) || coalesce((SELECT a.path FROM installation i JOIN point p ON p.id = i.point_id
                             JOIN place a ON a.id = p.place_id
                             WHERE i.device_id = device.id AND i.until_us IS NULL), '')
WHERE id IN (SELECT i.device_id FROM tree JOIN point p ON p.place_id = tree.id
             JOIN installation i ON i.point_id = p.id);
-- engine: postgres
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE device SET search = number
    || chr(10) || coalesce((SELECT m.address FROM line_member m WHERE m.device_id = device.id), '')
    || chr(10) || coalesce((SELECT a.path FROM installation i JOIN point p ON p.id = i.point_id
                            JOIN place a ON a.id = p.place_id
                            WHERE i.device_id = device.id AND i.until_us IS NULL), '')
WHERE id IN (SELECT i.device_id FROM tree JOIN point p ON p.place_id = tree.id
             JOIN installation i ON i.point_id = p.id);

-- name: archive_device_refresh_one
-- engine: sqlite
UPDATE device SET search = number
    || char(10) || coalesce((SELECT m.address FROM line_member m WHERE m.device_id = device.id), '')
    || char(10) || coalesce((SELECT a.path FROM installation i JOIN point p ON p.id = i.point_id
                             JOIN place a ON a.id = p.place_id
                             WHERE i.device_id = device.id AND i.until_us IS NULL), '')
WHERE id = ?1;
-- engine: postgres
UPDATE device SET search = number
    || chr(10) || coalesce((SELECT m.address FROM line_member m WHERE m.device_id = device.id), '')
    || chr(10) || coalesce((SELECT a.path FROM installation i JOIN point p ON p.id = i.point_id
                            JOIN place a ON a.id = p.place_id
                            WHERE i.device_id = device.id AND i.until_us IS NULL), '')
WHERE id = ?1;

-- name: archive_is_below
-- Is place ?1 place ?2, or below it?
WITH RECURSIVE way (id, parent_id) AS (
    SELECT id, parent_id FROM place WHERE id = ?1
    UNION ALL
    SELECT p.id, p.parent_id FROM place p JOIN way w ON p.id = w.parent_id)
SELECT count(*) FROM way WHERE id = ?2;

-- name: archive_foreign_below
-- Places at or below ?2 that organisation ?1 does not manage.
WITH RECURSIVE tree (id, managed) AS (
    SELECT id, managed_by FROM place WHERE id = ?2
    UNION ALL
    SELECT p.id, p.managed_by FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT count(*) FROM tree WHERE managed <> ?1;

-- name: archive_count_below
-- Open places and open points at or below place ?1.
WITH RECURSIVE tree (id, closed) AS (
    SELECT id, closed_us FROM place WHERE id = ?1
    UNION ALL
    SELECT p.id, p.closed_us FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT (SELECT count(*) FROM tree WHERE closed = 0),
       (SELECT count(*) FROM tree JOIN point p ON p.place_id = tree.id WHERE p.closed_us = 0);

-- name: archive_late_install_below
-- Meters that were put in at or below place ?1 at or after ?2 and are there now: they cannot be taken out before.
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT count(*) FROM tree JOIN point p ON p.place_id = tree.id JOIN installation i ON i.point_id = p.id
WHERE i.until_us IS NULL AND i.from_us >= ?2;

-- name: archive_installed_below
-- What is installed at or below place ?1, behind id ?2.
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT i.id, i.device_id, i.point_id FROM tree JOIN point p ON p.place_id = tree.id
    JOIN installation i ON i.point_id = p.id AND i.until_us IS NULL
WHERE i.id > ?2 ORDER BY i.id LIMIT ?3;

-- name: archive_close_members
-- Meters at or below place ?1 are asked no more.
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
DELETE FROM line_member WHERE device_id IN (
    SELECT i.device_id FROM tree JOIN point p ON p.place_id = tree.id JOIN installation i ON i.point_id = p.id
    WHERE i.until_us IS NULL);

-- name: archive_close_installations
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE installation SET until_us = ?2 WHERE until_us IS NULL AND point_id IN (
    SELECT p.id FROM tree JOIN point p ON p.place_id = tree.id);

-- name: archive_close_points
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE point SET closed_us = ?2 WHERE closed_us = 0 AND place_id IN (SELECT id FROM tree);

-- name: archive_close_places
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE place SET closed_us = ?2 WHERE closed_us = 0 AND id IN (SELECT id FROM tree);

-- name: archive_reopen_points
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE point SET closed_us = 0 WHERE closed_us = ?2 AND place_id IN (SELECT id FROM tree);

-- name: archive_reopen_places
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION ALL SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE place SET closed_us = 0 WHERE closed_us = ?2 AND id IN (SELECT id FROM tree);

-- name: archive_point_get
SELECT p.id, p.place_id, coalesce(p.key, ''), p.name, p.medium, CASE WHEN p.kind = 'virtual' THEN 1 ELSE 0 END,
       p.serves, coalesce(p.main_id, 0), p.group_name, p.nominal, p.opened_us, p.closed_us
FROM point p JOIN place a ON a.id = p.place_id WHERE p.id = ?2 AND (?1 = 0 OR a.managed_by = ?1);

-- name: archive_point_by_key
SELECT p.id, p.place_id, coalesce(p.key, ''), p.name, p.medium, CASE WHEN p.kind = 'virtual' THEN 1 ELSE 0 END,
       p.serves, coalesce(p.main_id, 0), p.group_name, p.nominal, p.opened_us, p.closed_us
FROM point p JOIN place a ON a.id = p.place_id WHERE p.key = ?2 AND (?1 = 0 OR a.managed_by = ?1);

-- name: archive_points_at
-- Points of place ?2 behind id ?3.
SELECT p.id, p.place_id, coalesce(p.key, ''), p.name, p.medium, CASE WHEN p.kind = 'virtual' THEN 1 ELSE 0 END,
       p.serves, coalesce(p.main_id, 0), p.group_name, p.nominal, p.opened_us, p.closed_us
FROM point p JOIN place a ON a.id = p.place_id
WHERE p.place_id = ?2 AND p.id > ?3 AND (?1 = 0 OR a.managed_by = ?1) ORDER BY p.id LIMIT ?4;

-- name: archive_point_put
INSERT INTO point (id, place_id, medium, key, name, kind, serves, main_id, group_name, nominal, opened_us, closed_us)
VALUES (?1, ?2, ?3, nullif(?4, ''), ?5, ?6, ?7, nullif(?8, 0), ?9, ?10, ?11, ?12)
ON CONFLICT (id) DO UPDATE SET place_id = excluded.place_id, medium = excluded.medium, key = excluded.key,
    name = excluded.name, kind = excluded.kind, serves = excluded.serves, main_id = excluded.main_id,
    group_name = excluded.group_name, nominal = excluded.nominal, opened_us = excluded.opened_us,
    closed_us = excluded.closed_us;

-- name: archive_check_get
SELECT coalesce(check_id, 0) FROM point WHERE id = ?1;

-- name: archive_main_is_below
-- Is point ?1 point ?2, or measured by a main meter that is?
WITH RECURSIVE way (id, main_id) AS (
    SELECT id, main_id FROM point WHERE id = ?1
    UNION
    SELECT p.id, p.main_id FROM point p JOIN way w ON p.id = w.main_id)
SELECT count(*) FROM way WHERE id = ?2;

-- name: archive_term_put
INSERT INTO point_term (point_id, of_id, factor_num, factor_den) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (point_id, of_id) DO UPDATE SET factor_num = excluded.factor_num, factor_den = excluded.factor_den;

-- name: archive_term_reaches
-- Is point ?2 point ?1, or in a sum that it is made of?
WITH RECURSIVE way (id) AS (
    SELECT ?1 UNION SELECT t.of_id FROM point_term t JOIN way w ON t.point_id = w.id)
SELECT count(*) FROM way WHERE id = ?2;

-- name: archive_terms
SELECT t.of_id, t.factor_num, t.factor_den FROM point_term t WHERE t.point_id = ?1 ORDER BY t.of_id LIMIT ?2;

-- name: archive_channel_add
INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, max_per_hour, main)
VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, ?7, '', ?8)
ON CONFLICT (point_id, quantity, tariff, qualifier) DO UPDATE SET main = excluded.main, closed = 0
WHERE channel.closed <> 0;

-- name: archive_channels_close
UPDATE channel SET main = 0, closed = 1 WHERE point_id = ?1;

-- name: archive_channels
SELECT c.id, c.quantity, c.tariff, c.qualifier, c.unit, c.exp, c.interval_minutes, c.main
FROM channel c JOIN point p ON p.id = c.point_id JOIN place a ON a.id = p.place_id
WHERE c.point_id = ?2 AND c.closed = 0 AND (?1 = 0 OR a.managed_by = ?1) ORDER BY c.id LIMIT ?3;

-- name: archive_device_find
-- Who sees a device: who manages the place where it is; of one that is nowhere, the organisation of its line.
SELECT d.id, d.number, d.manufacturer, d.medium, d.protocol, d.profile,
       coalesce(i.id, 0), coalesce(i.point_id, 0), coalesce(i.from_us, 0), coalesce(i.factor_num, 1),
       coalesce(i.factor_den, 1), coalesce(i.digits, 0), coalesce(p.place_id, 0),
       coalesce(l.id, 0), coalesce(l.key, ''), coalesce(m.address, ''), coalesce(m.schedule_id, 0), coalesce(s.name, ''),
       coalesce(m.relay_id, 0), coalesce(r.name, ''), coalesce(m.position, 0),
       CASE WHEN ?1 = 0 OR coalesce(a.managed_by, l.org_id, 0) = ?1 THEN 1 ELSE 0 END, d.accuracy_class
FROM device d
    LEFT JOIN installation i ON i.device_id = d.id AND i.until_us IS NULL
    LEFT JOIN point p ON p.id = i.point_id LEFT JOIN place a ON a.id = p.place_id
    LEFT JOIN line_member m ON m.device_id = d.id LEFT JOIN line l ON l.id = m.line_id
    LEFT JOIN schedule s ON s.id = m.schedule_id LEFT JOIN relay r ON r.id = m.relay_id
WHERE d.number = ?2 AND d.manufacturer = ?3;

-- name: archive_accuracy_put
UPDATE device SET accuracy_class = ?2 WHERE id = ?1;

-- name: archive_makers
-- Who made devices with number ?1 and protocol ?2 ('': any): two at most.
SELECT manufacturer FROM device WHERE number = ?1 AND (?2 = '' OR protocol = ?2) ORDER BY id LIMIT 2;

-- name: archive_device_at
-- The device that serves point ?2 now.
SELECT d.id, d.number, d.manufacturer, d.medium, d.protocol, d.profile,
       i.id, i.point_id, i.from_us, i.factor_num, i.factor_den, i.digits, p.place_id,
       coalesce(l.id, 0), coalesce(l.key, ''), coalesce(m.address, ''), coalesce(m.schedule_id, 0), coalesce(s.name, ''),
       coalesce(m.relay_id, 0), coalesce(r.name, ''), coalesce(m.position, 0), 1, d.accuracy_class
FROM installation i JOIN device d ON d.id = i.device_id
    JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
    LEFT JOIN line_member m ON m.device_id = d.id LEFT JOIN line l ON l.id = m.line_id
    LEFT JOIN schedule s ON s.id = m.schedule_id LEFT JOIN relay r ON r.id = m.relay_id
WHERE i.point_id = ?2 AND i.until_us IS NULL AND (?1 = 0 OR a.managed_by = ?1) ORDER BY i.id LIMIT 1;

-- name: archive_numbered
-- The devices with number ?2, whoever made them.
SELECT i.point_id FROM device d JOIN installation i ON i.device_id = d.id AND i.until_us IS NULL
    JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
WHERE d.number = ?2 AND (?1 = 0 OR a.managed_by = ?1) ORDER BY d.id LIMIT 2;

-- name: archive_install
INSERT INTO installation (id, device_id, point_id, from_us, factor_num, factor_den, digits, until_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0));

-- name: archive_installation_change
UPDATE installation SET factor_num = ?2, factor_den = ?3, digits = ?4 WHERE id = ?1;

-- name: archive_past_installations
-- What served point ?2 before, oldest first.
SELECT d.number, d.manufacturer, i.from_us, i.until_us, i.factor_num, i.factor_den, i.digits, d.protocol, d.profile
FROM installation i JOIN device d ON d.id = i.device_id JOIN point p ON p.id = i.point_id
    JOIN place a ON a.id = p.place_id
WHERE i.point_id = ?2 AND i.until_us IS NOT NULL AND (?1 = 0 OR a.managed_by = ?1) ORDER BY i.from_us, i.id LIMIT ?3;

-- name: archive_address_holder
-- Who has address ?2 on line ?1.
SELECT device_id FROM line_member WHERE line_id = ?1 AND address = ?2;

-- name: archive_line_find
SELECT l.id, coalesce(l.org_id, 0), CASE WHEN ?1 = 0 OR l.org_id = ?1 THEN 1 ELSE 0 END FROM line l WHERE l.key = ?2;

-- name: archive_line_named
SELECT l.id FROM line l WHERE l.name = ?2 AND (?1 = 0 OR l.org_id = ?1) ORDER BY l.id LIMIT 2;

-- name: archive_lines
SELECT l.id, l.key, l.name, l.transport, l.endpoint, l.heartbeat, l.heartbeat_s, l.baud, l.parity, l.latency_ms,
       l.period_s, l.rts, l.overload, l.infrared, l.wake_byte, l.wake_ms, l.wake_rest_ms, l.wake_after_s,
       l.quarantine_after, l.single_reads, coalesce(g.key, ''), coalesce(o.key, ''), coalesce(l.org_id, 0)
FROM line l LEFT JOIN gateway g ON g.id = l.gateway_id LEFT JOIN org o ON o.id = l.org_id
WHERE l.id > ?2 AND (?3 = '' OR l.key = ?3) AND (?1 = 0 OR l.org_id = ?1) ORDER BY l.id LIMIT ?4;

-- name: archive_line_org
UPDATE line SET org_id = nullif(?2, 0) WHERE id = ?1;

-- name: archive_endpoint_holder
-- Another line than that of key ?3 with this endpoint on gateway ?4.
SELECT count(*) FROM line WHERE transport = ?1 AND endpoint = ?2 AND key <> ?3 AND coalesce(gateway_id, 0) = ?4;

-- name: archive_gateways
SELECT g.id, g.key, g.name, coalesce(u.key, ''), g.journal_bytes, g.journal_days, coalesce(o.key, ''),
       coalesce(g.org_id, 0)
FROM gateway g LEFT JOIN gateway u ON u.id = g.parent_id LEFT JOIN org o ON o.id = g.org_id
WHERE g.id > ?2 AND (?3 = '' OR g.key = ?3) AND (?1 = 0 OR g.org_id = ?1) ORDER BY g.id LIMIT ?4;

-- name: archive_gateway_org
UPDATE gateway SET org_id = nullif(?2, 0) WHERE id = ?1;

-- name: archive_counts
SELECT (SELECT count(*) FROM place WHERE ?1 = 0 OR managed_by = ?1),
       (SELECT count(*) FROM point p JOIN place a ON a.id = p.place_id WHERE ?1 = 0 OR a.managed_by = ?1),
       (SELECT count(*) FROM installation i JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
        WHERE i.until_us IS NULL AND (?1 = 0 OR a.managed_by = ?1));

-- name: archive_words_drop
DELETE FROM place_word WHERE place_id = ?1;

-- name: archive_word_add
INSERT INTO place_word (word, place_id) VALUES (?1, ?2) ON CONFLICT (word, place_id) DO NOTHING;

-- name: archive_words_missing
-- Places from before there were words, or whose last change did not come by us: at most ?2 behind ?1.
SELECT p.id, p.key, p.name FROM place p
WHERE p.id > ?1 AND NOT EXISTS (SELECT 1 FROM place_word w WHERE w.place_id = p.id) ORDER BY p.id LIMIT ?2;

-- name: archive_parent_key
SELECT a.key FROM place p JOIN place a ON a.id = p.parent_id WHERE p.id = ?1;

-- name: archive_words_none
SELECT CASE WHEN EXISTS (SELECT 1 FROM place) AND NOT EXISTS (SELECT 1 FROM place_word) THEN 1 ELSE 0 END;

-- name: archive_word_count
-- How many places have a word from ?1 on and before ?2, at most ?3.
SELECT count(*) FROM (SELECT 1 AS one FROM place_word WHERE word >= ?1 AND word < ?2 LIMIT ?3) AS counted;


-- name: archive_search_from
-- Ten words as ranges, ?3 .. ?22; the bits of those that are not there are in ?2. Places that have the first word: the
-- words of those above, and their own. At most ?23; ?1 is there for all.
WITH RECURSIVE want (bit, low, high) AS (
    VALUES (1, ?3, ?4), (2, ?5, ?6), (4, ?7, ?8), (8, ?9, ?10), (16, ?11, ?12), (32, ?13, ?14), (64, ?15, ?16), (128, ?17, ?18), (256, ?19, ?20), (512, ?21, ?22)),
hit (id) AS (
    SELECT DISTINCT place_id FROM place_word WHERE word >= ?3 AND word < ?4 LIMIT ?23),
way (id, next, bits) AS (
    SELECT p.id, p.parent_id, ?2 FROM hit h JOIN place p ON p.id = h.id
    UNION ALL
    SELECT w.id, p.parent_id, w.bits | (SELECT coalesce(CAST(sum(y.bit) AS BIGINT), 0) FROM (SELECT DISTINCT v.bit FROM place_word x
            CROSS JOIN want v WHERE x.place_id = p.id AND x.word >= v.low AND x.word < v.high) AS y)
    FROM way w JOIN place p ON p.id = w.next)
SELECT p.id, w.bits, (SELECT coalesce(CAST(sum(y.bit) AS BIGINT), 0) FROM (SELECT DISTINCT v.bit FROM place_word x
            CROSS JOIN want v WHERE x.place_id = p.id AND x.word >= v.low AND x.word < v.high) AS y), CASE WHEN ?1 = 0 OR p.managed_by = ?1 THEN 1 ELSE 0 END,
       CASE WHEN EXISTS (SELECT 1 FROM place c WHERE c.parent_id = p.id) THEN 1 ELSE 0 END
FROM way w JOIN place p ON p.id = w.id WHERE w.next IS NULL;

-- name: archive_search_children
-- Those right below place ?23, at most ?24, with their own words.
WITH want (bit, low, high) AS (
    VALUES (1, ?3, ?4), (2, ?5, ?6), (4, ?7, ?8), (8, ?9, ?10), (16, ?11, ?12), (32, ?13, ?14), (64, ?15, ?16), (128, ?17, ?18), (256, ?19, ?20), (512, ?21, ?22))
SELECT p.id, ?2, (SELECT coalesce(CAST(sum(y.bit) AS BIGINT), 0) FROM (SELECT DISTINCT v.bit FROM place_word x
            CROSS JOIN want v WHERE x.place_id = p.id AND x.word >= v.low AND x.word < v.high) AS y), CASE WHEN ?1 = 0 OR p.managed_by = ?1 THEN 1 ELSE 0 END,
       CASE WHEN EXISTS (SELECT 1 FROM place c WHERE c.parent_id = p.id) THEN 1 ELSE 0 END
FROM place p WHERE p.parent_id = ?23 LIMIT ?24;

-- name: archive_search_up
-- From places that have the first word, between (?23, ?24) and (?25, ?26) of the list of words, upwards: those with
-- every word, in their own name or in one above.
WITH RECURSIVE want (bit, low, high) AS (
    VALUES (1, ?3, ?4), (2, ?5, ?6), (4, ?7, ?8), (8, ?9, ?10), (16, ?11, ?12), (32, ?13, ?14), (64, ?15, ?16), (128, ?17, ?18), (256, ?19, ?20), (512, ?21, ?22)),
hit (id) AS (
    SELECT DISTINCT x.place_id FROM place_word x JOIN place p ON p.id = x.place_id
    WHERE x.word >= ?3 AND x.word < ?4 AND (x.word, x.place_id) > (?23, ?24)
      AND (x.word, x.place_id) <= (?25, ?26) AND (?1 = 0 OR p.managed_by = ?1)),
way (id, next, bits) AS (
    SELECT h.id, h.id, ?2 FROM hit h
    UNION ALL
    SELECT w.id, p.parent_id, w.bits | (SELECT coalesce(CAST(sum(y.bit) AS BIGINT), 0) FROM (SELECT DISTINCT v.bit FROM place_word x
            CROSS JOIN want v WHERE x.place_id = p.id AND x.word >= v.low AND x.word < v.high) AS y)
    FROM way w JOIN place p ON p.id = w.next)
SELECT p.id, coalesce(p.parent_id, 0), p.key, p.kind, p.name, p.path, p.area_cm2, coalesce(p.org_id, 0), p.managed_by,
       CASE WHEN p.floor IS NULL THEN 0 ELSE 1 END, coalesce(p.floor, 0), p.position, p.orientation, p.rank, p.note,
       p.closed_us
FROM way w JOIN place p ON p.id = w.id WHERE w.next IS NULL AND w.bits = 1023 LIMIT ?27;

-- name: archive_word_step
-- The end of the next ?5 entries of the words from ?1 on and before ?2, behind (?3, ?4).
SELECT word, place_id FROM place_word WHERE word >= ?1 AND word < ?2 AND (word, place_id) > (?3, ?4)
ORDER BY word, place_id LIMIT 1 OFFSET ?5;

-- name: archive_word_last
SELECT word, place_id FROM place_word WHERE word >= ?1 AND word < ?2 ORDER BY word DESC, place_id DESC LIMIT 1;

-- name: archive_analyze
-- What was restored at once has no statistics yet: without them a search takes seconds until autovacuum comes by.
-- engine: postgres
ANALYZE place, place_word, point, channel, device, installation, line_member;
