-- name: device_find
SELECT id FROM device WHERE number = ?1 AND manufacturer = ?2;

-- name: device_put
INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (number, manufacturer) DO UPDATE SET medium = excluded.medium, protocol = excluded.protocol,
    profile = excluded.profile;

-- name: device_state_init
INSERT INTO device_state (device_id, state, last_try_us, last_outcome, last_read_us, last_source, misses, reads)
VALUES (?1, 'never', 0, '', 0, 0, 0, 0)
ON CONFLICT (device_id) DO NOTHING;

-- name: device_state_put
UPDATE device_state SET state = ?2, last_try_us = ?3, last_outcome = ?4, last_read_us = ?5, last_source = ?6,
    misses = ?7, reads = ?8, answer_us = ?9, spread_us = ?10, answers = ?11, silences = ?12, due_done_us = ?13,
    ser = ?14, quarantined = ?15
WHERE device_id = ?1;

-- name: device_index
-- What the search of meters knows of them; only where it has changed.
-- engine: sqlite
UPDATE device SET search = fresh.search
FROM (SELECT d.id, d.number
          || char(10) || coalesce((SELECT m.address FROM line_member m WHERE m.device_id = d.id), '')
          || char(10) || coalesce((SELECT a.path FROM installation i JOIN point p ON p.id = i.point_id
                                 JOIN place a ON a.id = p.place_id
                                 WHERE i.device_id = d.id AND i.until_us IS NULL), '') AS search
      FROM device d) AS fresh
WHERE fresh.id = device.id AND device.search <> fresh.search;
-- engine: postgres
UPDATE device SET search = fresh.search
FROM (SELECT d.id, d.number
          || chr(10) || coalesce((SELECT m.address FROM line_member m WHERE m.device_id = d.id), '')
          || chr(10) || coalesce((SELECT a.path FROM installation i JOIN point p ON p.id = i.point_id
                                 JOIN place a ON a.id = p.place_id
                                 WHERE i.device_id = d.id AND i.until_us IS NULL), '') AS search
      FROM device d) AS fresh
WHERE fresh.id = device.id AND device.search <> fresh.search;

-- name: installation_now
SELECT i.id, i.point_id, p.place_id, p.medium FROM installation i JOIN point p ON p.id = i.point_id
WHERE i.device_id = ?1 AND i.until_us IS NULL;

-- name: installation_end
UPDATE installation SET until_us = ?2 WHERE id = ?1;

-- name: installation_add
INSERT INTO installation (id, device_id, point_id, from_us) VALUES (?1, ?2, ?3, ?4);

-- name: point_add
INSERT INTO point (id, place_id, medium) VALUES (?1, ?2, ?3);

-- name: point_medium
UPDATE point SET medium = ?2 WHERE id = ?1;

-- name: meter_get
SELECT d.id, d.number, d.manufacturer, d.medium, d.protocol, d.profile, coalesce(m.address, ''),
       coalesce(a.path, ''), coalesce(m.line_id, 0), coalesce(l.name, ''),
       s.state, s.last_try_us, s.last_outcome, s.last_read_us, s.last_source, s.misses, s.reads,
       s.answer_us, s.spread_us, s.answers, s.silences, s.due_done_us, s.ser, s.quarantined,
       coalesce(m.position, 0), coalesce(r.name, ''), coalesce(c.name, '')
FROM device d JOIN device_state s ON s.device_id = d.id
    LEFT JOIN line_member m ON m.device_id = d.id LEFT JOIN line l ON l.id = m.line_id
    LEFT JOIN relay r ON r.id = m.relay_id LEFT JOIN schedule c ON c.id = m.schedule_id
    LEFT JOIN installation i ON i.device_id = d.id AND i.until_us IS NULL
    LEFT JOIN point p ON p.id = i.point_id LEFT JOIN place a ON a.id = p.place_id
WHERE d.id = ?1;

-- name: meter_count
-- ?1 a pattern in lower case or '', ?2 a line or 0, ?3 a medium or '', ?4 a state or '', ?5 a place (or any below it) or 0.
SELECT count(*) FROM device d
WHERE (?1 = '' OR lower(d.search) LIKE ?1 ESCAPE '\') AND (?3 = '' OR d.medium = ?3)
  AND (?4 = '' OR (SELECT s.state FROM device_state s WHERE s.device_id = d.id) = ?4)
  AND (?2 = 0 OR (SELECT m.line_id FROM line_member m WHERE m.device_id = d.id) = ?2)
  AND (?5 = 0 OR d.id IN (
    WITH RECURSIVE tree(id) AS (
        SELECT ?5 UNION SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
    SELECT i.device_id FROM tree JOIN point p ON p.place_id = tree.id JOIN installation i ON i.point_id = p.id
    WHERE i.until_us IS NULL));

-- name: meter_page
-- The page is found first, on the narrow tables; only its rows are joined.
SELECT d.id, d.number, d.manufacturer, d.medium, d.protocol, d.profile, coalesce(m.address, ''),
       coalesce(a.path, ''), coalesce(m.line_id, 0), coalesce(l.name, ''),
       s.state, s.last_try_us, s.last_outcome, s.last_read_us, s.last_source, s.misses, s.reads,
       s.answer_us, s.spread_us, s.answers, s.silences, s.due_done_us, s.ser, s.quarantined,
       coalesce(m.position, 0), coalesce(r.name, ''), coalesce(c.name, '')
FROM (SELECT d.id FROM device d
      WHERE (?1 = '' OR lower(d.search) LIKE ?1 ESCAPE '\') AND (?3 = '' OR d.medium = ?3)
        AND (?4 = '' OR (SELECT s.state FROM device_state s WHERE s.device_id = d.id) = ?4)
        AND (?2 = 0 OR (SELECT m.line_id FROM line_member m WHERE m.device_id = d.id) = ?2)
        AND (?5 = 0 OR d.id IN (
          WITH RECURSIVE tree(id) AS (
              SELECT ?5 UNION SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
          SELECT i.device_id FROM tree JOIN point p ON p.place_id = tree.id JOIN installation i ON i.point_id = p.id
          WHERE i.until_us IS NULL))
      ORDER BY d.id LIMIT ?6 OFFSET ?7) page
    JOIN device d ON d.id = page.id JOIN device_state s ON s.device_id = d.id
    LEFT JOIN line_member m ON m.device_id = d.id LEFT JOIN line l ON l.id = m.line_id
    LEFT JOIN relay r ON r.id = m.relay_id LEFT JOIN schedule c ON c.id = m.schedule_id
    LEFT JOIN installation i ON i.device_id = d.id AND i.until_us IS NULL
    LEFT JOIN point p ON p.id = i.point_id LEFT JOIN place a ON a.id = p.place_id
ORDER BY d.id;

-- name: meter_newest
SELECT d.id, d.number, d.manufacturer, d.medium, d.protocol, d.profile, coalesce(m.address, ''),
       coalesce(a.path, ''), coalesce(m.line_id, 0), coalesce(l.name, ''),
       s.state, s.last_try_us, s.last_outcome, s.last_read_us, s.last_source, s.misses, s.reads,
       s.answer_us, s.spread_us, s.answers, s.silences, s.due_done_us, s.ser, s.quarantined,
       coalesce(m.position, 0), coalesce(r.name, ''), coalesce(c.name, '')
FROM (SELECT device_id FROM device_state WHERE last_read_us > 0 ORDER BY last_read_us DESC LIMIT ?1) page
    JOIN device d ON d.id = page.device_id JOIN device_state s ON s.device_id = d.id
    LEFT JOIN line_member m ON m.device_id = d.id LEFT JOIN line l ON l.id = m.line_id
    LEFT JOIN relay r ON r.id = m.relay_id LEFT JOIN schedule c ON c.id = m.schedule_id
    LEFT JOIN installation i ON i.device_id = d.id AND i.until_us IS NULL
    LEFT JOIN point p ON p.id = i.point_id LEFT JOIN place a ON a.id = p.place_id
ORDER BY s.last_read_us DESC, d.id;
