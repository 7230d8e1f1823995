-- What estimates go by beside a channel's own days: who measures the same, the building, what meters kept, standard
-- profiles, the weather of stations.

-- name: known_check
-- The point that measures the same as that of channel ?1 a second time, and its channel of the same counter: 0 for a
-- point that is a sum.
SELECT k.id, coalesce(c.id, 0)
FROM channel o JOIN point p ON p.id = o.point_id JOIN point k ON k.id = p.check_id
    LEFT JOIN channel c ON c.point_id = k.id AND k.kind = 'metered' AND c.quantity = o.quantity
                       AND c.tariff = o.tariff AND c.qualifier = o.qualifier AND c.unit = o.unit
WHERE o.id = ?1 AND (c.id IS NOT NULL OR (k.kind <> 'metered' AND o.main <> 0)) ORDER BY coalesce(c.id, 0) LIMIT 1;

-- name: known_check_put
UPDATE point SET check_id = ?2 WHERE id = ?1;

-- name: known_area
-- Of the places whose points hang below main point ?2, open on [?3, ?4); and how many of those points share the place
-- of point ?1.
SELECT CAST(coalesce(sum(b.area_cm2), 0) AS BIGINT), CAST(coalesce(sum(b.here), 0) AS BIGINT)
FROM (SELECT a.id, a.area_cm2, count(*) FILTER (WHERE o.id IS NOT NULL) AS here
      FROM point p JOIN place a ON a.id = p.place_id LEFT JOIN point o ON o.id = ?1 AND o.place_id = p.place_id
      WHERE p.main_id = ?2 AND p.serves <> 'check' AND p.opened_us < ?4 AND (p.closed_us = 0 OR p.closed_us > ?3)
      GROUP BY a.id, a.area_cm2) b;

-- name: known_kept
-- Did a meter of point ?1 keep a value between ?2 and ?3?
SELECT EXISTS (SELECT 1 FROM installation i JOIN reading r ON r.device_id = i.device_id
               WHERE i.point_id = ?1 AND r.due_us >= ?2 AND r.due_us <= ?3 AND r.due_us <> 0);

-- name: profile_next
SELECT coalesce(max(version), 0) + 1 FROM usage_profile;

-- name: profile_put
INSERT INTO usage_profile (version, medium, group_name, from_day, text) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: profile_for
-- In force on day ?3: of the group before that of the medium, the newest.
SELECT version, text FROM usage_profile WHERE medium = ?1 AND (group_name = ?2 OR group_name = '') AND from_day <= ?3
ORDER BY CASE WHEN group_name = '' THEN 1 ELSE 0 END, from_day DESC, version DESC LIMIT 1;

-- name: weather_list
SELECT day, degree_dk, outdoor_dc, computed FROM weather WHERE station = ?1 AND day >= ?2 AND day < ?3
ORDER BY day LIMIT ?4;

-- name: weather_stations
SELECT station, count(*), min(day), max(day) FROM weather WHERE station > ?1 GROUP BY station ORDER BY station LIMIT ?2;

-- name: known_estimates
-- Days ?2 to ?3 of channel ?1 that have an estimate, at most ?4.
SELECT day FROM usage_estimate WHERE channel_id = ?1 AND day >= ?2 AND day <= ?3 ORDER BY day LIMIT ?4;

-- name: known_due_lean
-- Days ?2 to ?3 of point ?1 changed, moments ?4 to ?5: so do estimates of points that it checks, alone or in a sum, and
-- of those that share what it measures.
INSERT INTO usage_due (channel_id, from_us, to_us)
SELECT c.id, ?4, ?5 FROM channel c
WHERE c.point_id IN (
    WITH RECURSIVE up (id) AS (SELECT p.id FROM point p WHERE p.id = ?1
                               UNION SELECT t.point_id FROM point_term t JOIN up u ON t.of_id = u.id)
    SELECT k.id FROM point k JOIN up u ON k.check_id = u.id
    UNION SELECT m.id FROM point m JOIN up u ON m.main_id = u.id)
  AND EXISTS (SELECT 1 FROM usage_estimate e WHERE e.channel_id = c.id AND e.day >= ?2 AND e.day <= ?3)
ON CONFLICT (channel_id) DO UPDATE SET
    from_us = CASE WHEN excluded.from_us < usage_due.from_us THEN excluded.from_us ELSE usage_due.from_us END,
    to_us = CASE WHEN excluded.to_us > usage_due.to_us THEN excluded.to_us ELSE usage_due.to_us END;

-- name: known_due_area
-- The area of place ?1 changed: so do estimates there, and of those that share a main meter with its points.
INSERT INTO usage_due (channel_id, from_us, to_us)
SELECT c.id, ?2, ?3 FROM channel c
WHERE c.point_id IN (
    SELECT p.id FROM point p WHERE p.place_id = ?1
    UNION SELECT o.id FROM point p JOIN point o ON o.main_id = p.main_id WHERE p.place_id = ?1)
  AND EXISTS (SELECT 1 FROM usage_estimate e WHERE e.channel_id = c.id)
ON CONFLICT (channel_id) DO UPDATE SET
    from_us = CASE WHEN excluded.from_us < usage_due.from_us THEN excluded.from_us ELSE usage_due.from_us END,
    to_us = CASE WHEN excluded.to_us > usage_due.to_us THEN excluded.to_us ELSE usage_due.to_us END;
