-- Usage: channels, days, checkpoints, what is due, verdicts and their answers, rules, calendars, weather. ?1 of
-- questions by people is the scope: the organisation that asks, 0 for the operator of the system.

-- name: channel_get
SELECT c.id, c.point_id, c.quantity, c.tariff, c.qualifier, c.unit, c.exp, c.interval_minutes, c.max_per_hour, c.main,
       p.medium, p.group_name, p.kind, p.place_id, a.managed_by, a.area_cm2, coalesce(p.main_id, 0)
FROM channel c JOIN point p ON p.id = c.point_id JOIN place a ON a.id = p.place_id
WHERE c.id = ?2 AND (?1 = 0 OR a.managed_by = ?1);

-- name: channel_list
-- Of point ?2 (0: of all), behind channel ?3.
SELECT c.id, c.point_id, c.quantity, c.tariff, c.qualifier, c.unit, c.exp, c.interval_minutes, c.max_per_hour, c.main,
       p.medium, p.group_name, p.kind, p.place_id, a.managed_by, a.area_cm2, coalesce(p.main_id, 0)
FROM channel c JOIN point p ON p.id = c.point_id JOIN place a ON a.id = p.place_id
WHERE c.id > ?3 AND (?2 = 0 OR c.point_id = ?2) AND (?1 = 0 OR a.managed_by = ?1) ORDER BY c.id LIMIT ?4;

-- name: channel_alike
-- Amounts of others like channel ?1 on day ?2, complete and measured: of the same medium, quantity, unit and group.
SELECT d.exp, d.amount, a.area_cm2
FROM channel o JOIN point op ON op.id = o.point_id
    JOIN point p ON p.medium = op.medium AND p.group_name = op.group_name AND p.kind = 'metered' AND p.serves = op.serves
    JOIN channel c ON c.point_id = p.id AND c.quantity = o.quantity AND c.tariff = o.tariff
                  AND c.qualifier = o.qualifier AND c.unit = o.unit AND c.id <> o.id
    JOIN usage_day d ON d.channel_id = c.id AND d.day = ?2 AND d.missing = 0 AND d.trust <= 3
    JOIN place a ON a.id = p.place_id
WHERE o.id = ?1 LIMIT ?3;

-- name: usage_day_put
INSERT INTO usage_day (channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (channel_id, day) DO UPDATE SET exp = excluded.exp, amount = excluded.amount, trust = excluded.trust,
    method = excluded.method, permille = excluded.permille, intervals = excluded.intervals,
    missing = excluded.missing, flags = excluded.flags, packed = excluded.packed;

-- name: usage_day_get
SELECT channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed
FROM usage_day WHERE channel_id = ?1 AND day = ?2;

-- name: usage_day_scan
SELECT channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed
FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day < ?3 ORDER BY day LIMIT ?4;

-- name: usage_best_scan
-- As above, with the estimate in the place of a day that is not complete.
SELECT channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed
FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day < ?3
  AND NOT EXISTS (SELECT 1 FROM usage_estimate e WHERE e.channel_id = usage_day.channel_id AND e.day = usage_day.day)
UNION ALL
SELECT channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed
FROM usage_estimate WHERE channel_id = ?1 AND day >= ?2 AND day < ?3
ORDER BY day LIMIT ?4;

-- name: usage_best_sum
SELECT exp, CAST(sum(amount) AS BIGINT), count(*), max(trust), count(*) FILTER (WHERE missing > 0),
       count(*) FILTER (WHERE estimate = 1), min(permille)
FROM (
    SELECT exp, amount, trust, missing, permille, 0 AS estimate
    FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day < ?3
      AND NOT EXISTS (SELECT 1 FROM usage_estimate e WHERE e.channel_id = usage_day.channel_id AND e.day = usage_day.day)
    UNION ALL
    SELECT exp, amount, trust, missing, permille, 1
    FROM usage_estimate WHERE channel_id = ?1 AND day >= ?2 AND day < ?3) days
GROUP BY exp ORDER BY exp;

-- name: usage_day_drop
DELETE FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day < ?3;

-- name: usage_estimate_put
INSERT INTO usage_estimate (channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (channel_id, day) DO UPDATE SET exp = excluded.exp, amount = excluded.amount, trust = excluded.trust,
    method = excluded.method, permille = excluded.permille, intervals = excluded.intervals,
    missing = excluded.missing, flags = excluded.flags, packed = excluded.packed;

-- name: usage_estimate_get
SELECT channel_id, day, exp, amount, trust, method, permille, intervals, missing, flags, packed
FROM usage_estimate WHERE channel_id = ?1 AND day = ?2;

-- name: usage_estimate_drop
DELETE FROM usage_estimate WHERE channel_id = ?1 AND day >= ?2 AND day < ?3 RETURNING day;

-- name: usage_checkpoint_put
INSERT INTO usage_checkpoint (channel_id, day, state) VALUES (?1, ?2, ?3)
ON CONFLICT (channel_id, day) DO UPDATE SET state = excluded.state;

-- name: usage_checkpoint_get
SELECT day, state FROM usage_checkpoint WHERE channel_id = ?1 AND day <= ?2 ORDER BY day DESC LIMIT 1;

-- name: usage_checkpoint_drop
DELETE FROM usage_checkpoint WHERE channel_id = ?1 AND day >= ?2 AND day < ?3;

-- name: due_device
-- The channels of all points that device ?1 ever served.
INSERT INTO usage_due (channel_id, from_us, to_us)
SELECT DISTINCT c.id, ?2, ?3 FROM installation i JOIN channel c ON c.point_id = i.point_id WHERE i.device_id = ?1
ON CONFLICT (channel_id) DO UPDATE SET
    from_us = CASE WHEN excluded.from_us < usage_due.from_us THEN excluded.from_us ELSE usage_due.from_us END,
    to_us = CASE WHEN excluded.to_us > usage_due.to_us THEN excluded.to_us ELSE usage_due.to_us END;

-- name: due_devices
-- The same of many at once.
-- engine: postgres
INSERT INTO usage_due (channel_id, from_us, to_us)
SELECT c.id, min(t.from_us), max(t.to_us) FROM unnest(?1, ?2, ?3) AS t (device_id, from_us, to_us)
    JOIN installation i ON i.device_id = t.device_id JOIN channel c ON c.point_id = i.point_id
GROUP BY c.id
ON CONFLICT (channel_id) DO UPDATE SET
    from_us = CASE WHEN excluded.from_us < usage_due.from_us THEN excluded.from_us ELSE usage_due.from_us END,
    to_us = CASE WHEN excluded.to_us > usage_due.to_us THEN excluded.to_us ELSE usage_due.to_us END;

-- name: due_point
-- The channels of point ?1, or channel ?2 alone when it is not 0.
INSERT INTO usage_due (channel_id, from_us, to_us)
SELECT c.id, ?3, ?4 FROM channel c WHERE c.point_id = ?1 AND (?2 = 0 OR c.id = ?2)
ON CONFLICT (channel_id) DO UPDATE SET
    from_us = CASE WHEN excluded.from_us < usage_due.from_us THEN excluded.from_us ELSE usage_due.from_us END,
    to_us = CASE WHEN excluded.to_us > usage_due.to_us THEN excluded.to_us ELSE usage_due.to_us END;

-- name: due_group
-- Those of a medium ('': of all) and of a group ('': of all).
INSERT INTO usage_due (channel_id, from_us, to_us)
SELECT c.id, ?3, ?4 FROM channel c JOIN point p ON p.id = c.point_id
WHERE (?1 = '' OR p.medium = ?1) AND (?2 = '' OR p.group_name = ?2)
ON CONFLICT (channel_id) DO UPDATE SET
    from_us = CASE WHEN excluded.from_us < usage_due.from_us THEN excluded.from_us ELSE usage_due.from_us END,
    to_us = CASE WHEN excluded.to_us > usage_due.to_us THEN excluded.to_us ELSE usage_due.to_us END;

-- name: due_next
SELECT channel_id, from_us, to_us FROM usage_due WHERE channel_id > ?1 ORDER BY channel_id LIMIT 1;

-- name: due_count
SELECT count(*) FROM usage_due;

-- name: due_drop
DELETE FROM usage_due WHERE channel_id = ?1;

-- name: reading_due_scan
-- Of device ?1, with values frozen at ?2 <= moment < ?3, at most ?4.
SELECT due_us, at_us, source, quality, packed FROM reading
WHERE device_id = ?1 AND due_us >= ?2 AND due_us < ?3 AND due_us <> 0
UNION ALL
SELECT due_us, at_us, source, quality, packed FROM reading_conflict
WHERE device_id = ?1 AND due_us >= ?2 AND due_us < ?3 AND due_us <> 0
ORDER BY due_us, at_us, source LIMIT ?4;

-- name: reading_conflict_scan
SELECT due_us, at_us, source, quality, packed FROM reading_conflict
WHERE device_id = ?1 AND at_us >= ?2 AND at_us < ?3 ORDER BY at_us, source LIMIT ?4;

-- name: reading_next_at
SELECT at_us FROM reading WHERE device_id = ?1 AND at_us >= ?2 AND at_us < ?3 ORDER BY at_us LIMIT 1;

-- name: reading_next_due
SELECT due_us FROM reading WHERE device_id = ?1 AND due_us >= ?2 AND due_us < ?3 AND due_us <> 0 ORDER BY due_us LIMIT 1;

-- name: doubt_put
INSERT INTO reading_doubt (device_id, at_us, source, rule, version, severity, came_us, seen, low, high, reference)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (device_id, at_us, source, rule) DO NOTHING;

-- name: doubt_list
SELECT device_id, at_us, source, rule, version, severity, came_us, seen, low, high, reference FROM reading_doubt
WHERE device_id = ?1 AND at_us >= ?2 AND at_us < ?3 ORDER BY at_us, source, rule LIMIT ?4;

-- name: verdict_put
INSERT INTO verdict (channel_id, day, nr, rule, version, severity, from_us, to_us, seen, low, high, reference)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: verdict_drop
DELETE FROM verdict WHERE channel_id = ?1 AND day >= ?2 AND day < ?3 AND nr >= ?4 AND nr < ?5;

-- name: verdict_list
SELECT channel_id, day, nr, rule, version, severity, from_us, to_us, seen, low, high, reference FROM verdict
WHERE channel_id = ?1 AND day >= ?2 AND day < ?3 ORDER BY day, nr LIMIT ?4;

-- name: exception_list
-- What somebody has to look at, of point ?2 or of all (0), days ?3 <= day < ?4, behind (?5, ?6): one row for each
-- channel and rule with its newest verdict, and the last answer to that. At or below place ?8 (0: everywhere), of medium
-- ?9, of group ?10 ('': all), rule ?11 (0: all), severity ?12 (''); ?13 = 0: none of the points is left out.
SELECT g.channel_id, g.rule, g.severity, g.first_day, g.last_day, g.n, g.days, v.version, v.from_us, v.to_us, v.seen,
       v.low, v.high, v.reference, c.point_id, p.medium, a.path,
       coalesce((SELECT w.answer FROM verdict_answer w WHERE w.channel_id = g.channel_id AND w.rule = g.rule
                 AND w.from_day <= g.last_day AND w.to_day >= g.last_day ORDER BY w.id DESC LIMIT 1), '')
FROM (SELECT d.channel_id, d.rule, min(d.severity) AS severity, min(d.day) AS first_day, max(d.day) AS last_day,
             count(*) AS n, count(DISTINCT d.day) AS days
      FROM verdict d
      WHERE d.severity <> 'told' AND (?12 = '' OR d.severity = ?12) AND d.day >= ?3 AND d.day < ?4
        AND (?11 = 0 OR d.rule = ?11)
        AND (?13 = 0 OR d.channel_id IN (
            SELECT x.id FROM channel x JOIN point y ON y.id = x.point_id JOIN place z ON z.id = y.place_id
            WHERE (?1 = 0 OR z.managed_by = ?1) AND (?2 = 0 OR y.id = ?2) AND (?9 = '' OR y.medium = ?9)
              AND (?10 = '' OR y.group_name = ?10)
              AND (?8 = 0 OR z.id IN (
                WITH RECURSIVE tree (id) AS (SELECT ?8 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
                SELECT id FROM tree))))
        AND (d.channel_id > ?5 OR (d.channel_id = ?5 AND d.rule > ?6))
      GROUP BY d.channel_id, d.rule) g
    JOIN verdict v ON v.channel_id = g.channel_id AND v.day = g.last_day AND v.rule = g.rule
                  AND v.nr = (SELECT max(m.nr) FROM verdict m WHERE m.channel_id = g.channel_id AND m.day = g.last_day
                              AND m.rule = g.rule)
    JOIN channel c ON c.id = g.channel_id JOIN point p ON p.id = c.point_id JOIN place a ON a.id = p.place_id
ORDER BY g.channel_id, g.rule LIMIT ?7;

-- name: exception_told_list
-- The same of what is for the record only; ?12 says so.
SELECT g.channel_id, g.rule, g.severity, g.first_day, g.last_day, g.n, g.days, v.version, v.from_us, v.to_us, v.seen,
       v.low, v.high, v.reference, c.point_id, p.medium, a.path,
       coalesce((SELECT w.answer FROM verdict_answer w WHERE w.channel_id = g.channel_id AND w.rule = g.rule
                 AND w.from_day <= g.last_day AND w.to_day >= g.last_day ORDER BY w.id DESC LIMIT 1), '')
FROM (SELECT d.channel_id, d.rule, min(d.severity) AS severity, min(d.day) AS first_day, max(d.day) AS last_day,
             count(*) AS n, count(DISTINCT d.day) AS days
      FROM verdict d
      WHERE d.severity = 'told' AND d.severity = ?12 AND d.day >= ?3 AND d.day < ?4
        AND (?11 = 0 OR d.rule = ?11)
        AND (?13 = 0 OR d.channel_id IN (
            SELECT x.id FROM channel x JOIN point y ON y.id = x.point_id JOIN place z ON z.id = y.place_id
            WHERE (?1 = 0 OR z.managed_by = ?1) AND (?2 = 0 OR y.id = ?2) AND (?9 = '' OR y.medium = ?9)
              AND (?10 = '' OR y.group_name = ?10)
              AND (?8 = 0 OR z.id IN (
                WITH RECURSIVE tree (id) AS (SELECT ?8 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
                SELECT id FROM tree))))
        AND (d.channel_id > ?5 OR (d.channel_id = ?5 AND d.rule > ?6))
      GROUP BY d.channel_id, d.rule) g
    JOIN verdict v ON v.channel_id = g.channel_id AND v.day = g.last_day AND v.rule = g.rule
                  AND v.nr = (SELECT max(m.nr) FROM verdict m WHERE m.channel_id = g.channel_id AND m.day = g.last_day
                              AND m.rule = g.rule)
    JOIN channel c ON c.id = g.channel_id JOIN point p ON p.id = c.point_id JOIN place a ON a.id = p.place_id
ORDER BY g.channel_id, g.rule LIMIT ?7;

-- name: exception_counts
-- The same by rule; ?5 to ?7 are not used.
SELECT d.rule, min(d.severity), count(DISTINCT d.channel_id), count(*)
FROM verdict d
WHERE d.severity <> 'told' AND (?12 = '' OR d.severity = ?12) AND ?5 + ?6 + ?7 >= 0 AND d.day >= ?3 AND d.day < ?4
  AND (?11 = 0 OR d.rule = ?11)
  AND (?13 = 0 OR d.channel_id IN (
            SELECT x.id FROM channel x JOIN point y ON y.id = x.point_id JOIN place z ON z.id = y.place_id
            WHERE (?1 = 0 OR z.managed_by = ?1) AND (?2 = 0 OR y.id = ?2) AND (?9 = '' OR y.medium = ?9)
        AND (?10 = '' OR y.group_name = ?10)
        AND (?8 = 0 OR z.id IN (
                WITH RECURSIVE tree (id) AS (SELECT ?8 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
                SELECT id FROM tree))))
GROUP BY d.rule ORDER BY d.rule;

-- name: exception_told_counts
SELECT d.rule, min(d.severity), count(DISTINCT d.channel_id), count(*)
FROM verdict d
WHERE d.severity = 'told' AND d.severity = ?12 AND ?5 + ?6 + ?7 >= 0 AND d.day >= ?3 AND d.day < ?4
  AND (?11 = 0 OR d.rule = ?11)
  AND (?13 = 0 OR d.channel_id IN (
            SELECT x.id FROM channel x JOIN point y ON y.id = x.point_id JOIN place z ON z.id = y.place_id
            WHERE (?1 = 0 OR z.managed_by = ?1) AND (?2 = 0 OR y.id = ?2) AND (?9 = '' OR y.medium = ?9)
        AND (?10 = '' OR y.group_name = ?10)
        AND (?8 = 0 OR z.id IN (
                WITH RECURSIVE tree (id) AS (SELECT ?8 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
                SELECT id FROM tree))))
GROUP BY d.rule ORDER BY d.rule;

-- name: doubt_exception_list
-- The same of readings that are kept beside, which came at ?3 <= came < ?4, at the point where their device was last.
SELECT channel_id, rule, severity, first_us, last_us, n, version, at_us, seen, low, high, reference, point_id, medium,
       path, coalesce((SELECT w.answer FROM verdict_answer w WHERE w.channel_id = g.channel_id AND w.rule = g.rule
                       AND w.recorded_us >= g.last_us ORDER BY w.id DESC LIMIT 1), ''), device_id, source
FROM (SELECT c.id AS channel_id, b.rule, b.severity, b.version, b.at_us, b.seen, b.low, b.high, b.reference, b.device_id,
             b.source, p.id AS point_id, p.medium, a.path, count(*) OVER task AS n, min(b.came_us) OVER task AS first_us,
             max(b.came_us) OVER task AS last_us,
             row_number() OVER (PARTITION BY c.id, b.rule ORDER BY b.came_us DESC, b.at_us DESC, b.source DESC) AS place
      FROM reading_doubt b
          JOIN installation i ON i.id = (SELECT x.id FROM installation x WHERE x.device_id = b.device_id
                                         ORDER BY x.from_us DESC, x.id DESC LIMIT 1)
          JOIN channel c ON c.id = (SELECT min(m.id) FROM channel m WHERE m.point_id = i.point_id AND m.main = 1)
          JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
      WHERE b.came_us >= ?3 AND b.came_us < ?4 AND (?1 = 0 OR a.managed_by = ?1) AND (?2 = 0 OR p.id = ?2) AND (?9 = '' OR p.medium = ?9)
        AND (?10 = '' OR p.group_name = ?10) AND (?11 = 0 OR b.rule = ?11) AND (?12 = '' OR b.severity = ?12)
        AND (?8 = 0 OR a.id IN (
            WITH RECURSIVE tree (id) AS (SELECT ?8 UNION SELECT s.id FROM place s JOIN tree t ON s.parent_id = t.id)
            SELECT id FROM tree))
        AND (c.id > ?5 OR (c.id = ?5 AND b.rule > ?6)) AND ?13 >= 0
      WINDOW task AS (PARTITION BY c.id, b.rule)) g
WHERE place = 1 ORDER BY channel_id, rule LIMIT ?7;

-- name: doubt_exception_counts
SELECT b.rule, min(b.severity), count(DISTINCT c.id), count(*)
FROM reading_doubt b
    JOIN installation i ON i.id = (SELECT x.id FROM installation x WHERE x.device_id = b.device_id
                             ORDER BY x.from_us DESC, x.id DESC LIMIT 1)
    JOIN channel c ON c.id = (SELECT min(m.id) FROM channel m WHERE m.point_id = i.point_id AND m.main = 1)
    JOIN point p ON p.id = i.point_id JOIN place a ON a.id = p.place_id
WHERE b.came_us >= ?3 AND b.came_us < ?4 AND (?1 = 0 OR a.managed_by = ?1) AND (?2 = 0 OR p.id = ?2) AND (?9 = '' OR p.medium = ?9)
  AND (?10 = '' OR p.group_name = ?10) AND (?11 = 0 OR b.rule = ?11) AND (?12 = '' OR b.severity = ?12)
  AND (?8 = 0 OR a.id IN (
      WITH RECURSIVE tree (id) AS (SELECT ?8 UNION SELECT s.id FROM place s JOIN tree t ON s.parent_id = t.id)
      SELECT id FROM tree))
  AND ?5 + ?6 + ?7 + ?13 >= 0
GROUP BY b.rule ORDER BY b.rule;

-- name: undeclared_list
-- Counters of the devices of point ?2 (0: of all) that no channel takes.
SELECT DISTINCT i.point_id, r.id, r.device_id, r.quantity, r.unit, r.tariff, r.qualifier
FROM installation i JOIN register r ON r.device_id = i.device_id JOIN point p ON p.id = i.point_id
    JOIN place a ON a.id = p.place_id
WHERE (?2 = 0 OR i.point_id = ?2) AND (?1 = 0 OR a.managed_by = ?1) AND r.id > ?3
  AND r.function = 'instantaneous' AND r.storage = 0 AND r.subunit = 0
  AND r.quantity IN ('energy', 'heat energy', 'cooling energy', 'volume', 'mass', 'reactive energy', 'apparent energy',
                     'heat cost allocation units')
  AND NOT EXISTS (SELECT 1 FROM channel c WHERE c.point_id = i.point_id AND c.quantity = r.quantity
                  AND c.tariff = r.tariff AND c.qualifier = r.qualifier)
ORDER BY r.id LIMIT ?4;

-- name: answer_add
INSERT INTO verdict_answer (id, channel_id, rule, from_day, to_day, answer, recorded_us, who, reason)
VALUES ((SELECT coalesce(max(id), 0) + 1 FROM verdict_answer), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: answer_list
SELECT id, channel_id, rule, from_day, to_day, answer, recorded_us, who, reason FROM verdict_answer
WHERE channel_id = ?1 AND to_day >= ?2 AND from_day < ?3 ORDER BY id LIMIT ?4;

-- name: rule_set_put
INSERT INTO rule_set (version, medium, group_name, from_day, text) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: rule_set_next
SELECT coalesce(max(version), 0) + 1 FROM rule_set;

-- name: rule_set_for
-- In force on day ?3: of the group before that of the medium, the newest.
SELECT version, text FROM rule_set WHERE medium = ?1 AND (group_name = ?2 OR group_name = '') AND from_day <= ?3
ORDER BY CASE WHEN group_name = '' THEN 1 ELSE 0 END, from_day DESC, version DESC LIMIT 1;

-- name: calendar_put
INSERT INTO calendar (key, version, from_day, text) VALUES (?1, ?2, ?3, ?4);

-- name: calendar_next
SELECT coalesce(max(version), 0) + 1 FROM calendar WHERE key = ?1;

-- name: calendar_list
SELECT version, from_day, text FROM calendar WHERE key = ?1 ORDER BY from_day, version LIMIT ?2;

-- name: weather_put
INSERT INTO weather (station, day, degree_dk, outdoor_dc, computed) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (station, day) DO UPDATE
SET degree_dk = excluded.degree_dk, outdoor_dc = excluded.outdoor_dc, computed = excluded.computed;

-- name: weather_get
SELECT degree_dk, outdoor_dc, computed FROM weather WHERE station = ?1 AND day = ?2;
