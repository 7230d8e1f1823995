-- name: read_day_note
-- first is that of the first round of the day that was told; a read that somebody ordered before is no round.
INSERT INTO read_day (device_id, day, line_id, planned, first, answered, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (day, device_id) DO UPDATE SET line_id = excluded.line_id,
    planned = read_day.planned + excluded.planned,
    first = CASE WHEN read_day.planned = 0 THEN excluded.first ELSE read_day.first END,
    answered = read_day.answered + excluded.answered,
    reason = CASE WHEN excluded.reason <> '' THEN excluded.reason ELSE read_day.reason END;

-- name: quality_day
-- The meters that were in service at the end of day ?1, which ends at ?2, behind meter ?9. ?3: bits of this day in a
-- schedule. ?4 the organisation that asks, or 0; ?5 a line, ?6 a gateway, ?7 a place (or any below it), ?8 a meter, or 0.
SELECT i.device_id, d.number, d.medium, coalesce(r.line_id, m.line_id, 0), coalesce(l.gateway_id, 0), coalesce(l.name, ''),
       a.id, a.path,
       CASE WHEN r.planned > 0 THEN 1
            WHEN m.device_id IS NULL THEN 0
            WHEN s.id IS NULL THEN CASE WHEN l.period_s > 0 THEN 1 ELSE 0 END
            WHEN s.period_s > 0 THEN CASE WHEN s.period_s <= 86400 THEN 1 ELSE 0 END
            WHEN s.times <> '' AND (s.days = 0 OR (s.days & ?3) <> 0) THEN 1
            ELSE 0 END,
       coalesce(r.first, 0), coalesce(r.answered, 0), CASE WHEN r.device_id IS NULL THEN 0 ELSE 1 END,
       coalesce(r.reason, ''),
       EXISTS (SELECT 1 FROM channel c JOIN usage_estimate e ON e.channel_id = c.id
               WHERE c.point_id = p.id AND c.main <> 0 AND e.day = ?1)
FROM installation i JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
    JOIN device d ON d.id = i.device_id
    LEFT JOIN read_day r ON r.day = ?1 AND r.device_id = i.device_id
    LEFT JOIN line_member m ON m.device_id = i.device_id
    LEFT JOIN schedule s ON s.id = m.schedule_id
    LEFT JOIN line l ON l.id = coalesce(r.line_id, m.line_id)
WHERE i.device_id > ?9 AND i.from_us < ?2 AND (i.until_us IS NULL OR i.until_us >= ?2)
  AND (p.closed_us = 0 OR p.closed_us >= ?2)
  AND (?4 = 0 OR a.managed_by = ?4) AND (?5 = 0 OR coalesce(r.line_id, m.line_id) = ?5)
  AND (?6 = 0 OR l.gateway_id = ?6) AND (?8 = 0 OR i.device_id = ?8)
  AND (?7 = 0 OR a.id IN (
    WITH RECURSIVE tree(id) AS (
        SELECT ?7 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
    SELECT id FROM tree))
ORDER BY i.device_id LIMIT ?10;

-- name: quality_building
-- The building that place ?1 is or lies in, or the root above it when none is called one.
WITH RECURSIVE up(id, parent_id, kind, name, path, depth) AS (
    SELECT id, parent_id, kind, name, path, 0 FROM place WHERE id = ?1
    UNION ALL
    SELECT a.id, a.parent_id, a.kind, a.name, a.path, up.depth + 1 FROM place a JOIN up ON a.id = up.parent_id
    WHERE up.kind <> 'building' AND up.depth < 64)
SELECT id, path FROM up ORDER BY depth DESC LIMIT 1;

-- name: quality_lost_meters
-- Meters in service, on a line, and not read since ?1, behind meter ?3. ?2 the organisation that asks, or 0.
SELECT i.device_id, d.number, d.medium, m.line_id, l.name, coalesce(l.gateway_id, 0), a.path, s.last_read_us,
       s.last_outcome, coalesce(g.last_contact_us, 0)
FROM installation i JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
    JOIN device d ON d.id = i.device_id JOIN device_state s ON s.device_id = i.device_id
    JOIN line_member m ON m.device_id = i.device_id JOIN line l ON l.id = m.line_id
    LEFT JOIN gateway_status g ON g.gateway_id = l.gateway_id
WHERE i.device_id > ?3 AND i.until_us IS NULL AND p.closed_us = 0 AND s.last_read_us < ?1
  AND (?2 = 0 OR a.managed_by = ?2)
ORDER BY i.device_id LIMIT ?4;

-- name: quality_lost_gateways
-- Gateways that have a certificate and did not speak since ?1, behind gateway ?3. ?2 the organisation that asks, or 0.
SELECT g.id, g.key, g.name, coalesce(s.last_contact_us, 0),
       (SELECT count(*) FROM line l JOIN line_member m ON m.line_id = l.id WHERE l.gateway_id = g.id)
FROM gateway g LEFT JOIN gateway_status s ON s.gateway_id = g.id
WHERE g.id > ?3 AND g.state <> 'revoked' AND coalesce(s.last_contact_us, 0) < ?1 AND (?2 = 0 OR g.org_id = ?2)
ORDER BY g.id LIMIT ?4;

-- name: balance_mains
-- Points that measure what others measure again, behind point ?3. ?1 the organisation that asks, ?2 a place (or any
-- below it), or 0.
SELECT p.id FROM point p JOIN place a ON a.id = p.place_id
WHERE p.id > ?3 AND (?1 = 0 OR a.managed_by = ?1)
  AND EXISTS (SELECT 1 FROM point c WHERE c.main_id = p.id)
  AND (?2 = 0 OR a.id IN (
    WITH RECURSIVE tree(id) AS (
        SELECT ?2 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
    SELECT id FROM tree))
ORDER BY p.id LIMIT ?4;

-- name: balance_below
-- Point ?1 first, then those below it behind point ?2.
SELECT id FROM point WHERE main_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;

-- name: balance_point
-- Point ?1 with its main channel. Nothing of it but that it is there when organisation ?2 (0: the operator) does not
-- manage its place.
SELECT coalesce(p.key, ''), p.name, p.kind, p.serves, p.medium, p.opened_us, p.closed_us, a.path, a.area_cm2,
       coalesce(p.main_id, 0), ?2 = 0 OR a.managed_by = ?2, coalesce(c.id, 0), coalesce(c.unit, ''),
       coalesce((SELECT d.accuracy_class FROM installation i JOIN device d ON d.id = i.device_id
                 WHERE i.point_id = p.id ORDER BY i.from_us DESC, i.id DESC LIMIT 1), '')
FROM point p JOIN place a ON a.id = p.place_id LEFT JOIN channel c ON c.point_id = p.id AND c.main <> 0
WHERE p.id = ?1 ORDER BY c.id LIMIT 1;

-- name: balance_sum
-- The best days of channel ?1 from ?2 until before ?3 by resolution: amount, the part of it that is estimated, edited or
-- suspect, days with an amount, the worst trust.
WITH best AS (
    SELECT exp, amount, trust FROM usage_day
    WHERE channel_id = ?1 AND day >= ?2 AND day < ?3 AND NOT EXISTS (
        SELECT 1 FROM usage_estimate e WHERE e.channel_id = usage_day.channel_id AND e.day = usage_day.day)
    UNION ALL
    SELECT exp, amount, trust FROM usage_estimate WHERE channel_id = ?1 AND day >= ?2 AND day < ?3)
SELECT exp, coalesce(CAST(sum(amount) FILTER (WHERE trust <> 8) AS BIGINT), 0),
       coalesce(CAST(sum(amount) FILTER (WHERE trust IN (4, 6, 7)) AS BIGINT), 0),
       count(*) FILTER (WHERE trust <> 8), max(trust)
FROM best GROUP BY exp ORDER BY exp;

-- name: balance_below_points
-- The points below main point ?1 behind point ?2, at most ?3, as balance_point tells them to organisation ?4.
SELECT p.id, coalesce(p.key, ''), p.name, p.kind, p.serves, p.medium, p.opened_us, p.closed_us, a.path, a.area_cm2,
       coalesce(p.main_id, 0), ?4 = 0 OR a.managed_by = ?4, coalesce(c.id, 0), coalesce(c.unit, ''),
       coalesce((SELECT d.accuracy_class FROM installation i JOIN device d ON d.id = i.device_id
                 WHERE i.point_id = p.id ORDER BY i.from_us DESC, i.id DESC LIMIT 1), '')
FROM point p JOIN place a ON a.id = p.place_id
    LEFT JOIN channel c ON c.id = (SELECT min(m.id) FROM channel m WHERE m.point_id = p.id AND m.main <> 0)
WHERE p.main_id = ?1 AND p.id > ?2 ORDER BY p.id LIMIT ?3;

-- name: balance_below_sums
-- What balance_sum tells of the days ?4 <= day < ?5, of the points below main point ?1 with ?2 < id <= ?3, by point.
WITH below AS (
    SELECT p.id, min(c.id) AS channel_id FROM point p JOIN channel c ON c.point_id = p.id
    WHERE p.main_id = ?1 AND p.id > ?2 AND p.id <= ?3 AND c.main <> 0 GROUP BY p.id),
best AS (
    SELECT b.id, d.exp, d.amount, d.trust FROM below b JOIN usage_day d ON d.channel_id = b.channel_id
    WHERE d.day >= ?4 AND d.day < ?5 AND NOT EXISTS (
        SELECT 1 FROM usage_estimate e WHERE e.channel_id = d.channel_id AND e.day = d.day)
    UNION ALL
    SELECT b.id, d.exp, d.amount, d.trust FROM below b JOIN usage_estimate d ON d.channel_id = b.channel_id
    WHERE d.day >= ?4 AND d.day < ?5)
SELECT id, exp, coalesce(CAST(sum(amount) FILTER (WHERE trust <> 8) AS BIGINT), 0),
       coalesce(CAST(sum(amount) FILTER (WHERE trust IN (4, 6, 7)) AS BIGINT), 0),
       count(*) FILTER (WHERE trust <> 8), max(trust)
FROM best GROUP BY id, exp ORDER BY id, exp;

-- name: balance_terms
SELECT of_id, factor_num, factor_den FROM point_term WHERE point_id = ?1 ORDER BY of_id LIMIT ?2;

-- name: balance_peers
-- Points like ?1: of the same medium, for the same use, and below the same main meter, or with none in the same part of
-- the tree; behind point ?2. ?3 the organisation that asks, or 0.
SELECT q.id FROM point p JOIN place b ON b.id = p.place_id
    JOIN point q ON q.medium = p.medium AND q.serves = p.serves AND q.kind = p.kind AND q.id <> p.id
                AND q.main_id IS NOT DISTINCT FROM p.main_id
    JOIN place a ON a.id = q.place_id
WHERE p.id = ?1 AND q.id > ?2 AND (?3 = 0 OR (a.managed_by = ?3 AND b.managed_by = ?3)) AND q.closed_us = 0
  AND (p.main_id IS NOT NULL OR p.serves <> 'household')
ORDER BY q.id LIMIT ?4;

-- name: balance_degree_days
-- Of the days from ?2 until before ?3, in tenths: their sum, and how many are known. ?1 a station, '' the first there is.
SELECT coalesce(CAST(sum(degree_dk) AS BIGINT), 0), count(*) FROM weather
WHERE station = CASE WHEN ?1 = '' THEN (SELECT min(station) FROM weather) ELSE ?1 END AND day >= ?2 AND day < ?3;
