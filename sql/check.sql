-- The rules that need more than one channel: what is due, and what they look at.

-- name: check_due_add
-- Days ?2 to ?3 of the point of channel ?1, and of the point whose meter measures it together with others.
INSERT INTO check_due (point_id, from_day, to_day)
SELECT x.id, ?2, ?3 FROM (
    SELECT c.point_id AS id FROM channel c WHERE c.id = ?1
    UNION
    SELECT p.main_id FROM channel c JOIN point p ON p.id = c.point_id WHERE c.id = ?1 AND p.main_id IS NOT NULL) x
WHERE x.id > 0
ON CONFLICT (point_id) DO UPDATE SET
    from_day = CASE WHEN excluded.from_day < check_due.from_day THEN excluded.from_day ELSE check_due.from_day END,
    to_day = CASE WHEN excluded.to_day > check_due.to_day THEN excluded.to_day ELSE check_due.to_day END;

-- name: check_due_point
-- Days ?2 to ?3 of point ?1 alone.
INSERT INTO check_due (point_id, from_day, to_day) VALUES (?1, ?2, ?3)
ON CONFLICT (point_id) DO UPDATE SET
    from_day = CASE WHEN excluded.from_day < check_due.from_day THEN excluded.from_day ELSE check_due.from_day END,
    to_day = CASE WHEN excluded.to_day > check_due.to_day THEN excluded.to_day ELSE check_due.to_day END;

-- name: check_due_below
-- Days ?2 to ?3 of the points with days at place ?1 and below it.
INSERT INTO check_due (point_id, from_day, to_day)
SELECT p.id, ?2, ?3 FROM point p
WHERE p.place_id IN (WITH RECURSIVE tree (id) AS (SELECT a.id FROM place a WHERE a.id = ?1
                                                  UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
                     SELECT id FROM tree)
  AND EXISTS (SELECT 1 FROM channel c JOIN usage_day d ON d.channel_id = c.id WHERE c.point_id = p.id)
ON CONFLICT (point_id) DO UPDATE SET
    from_day = CASE WHEN excluded.from_day < check_due.from_day THEN excluded.from_day ELSE check_due.from_day END,
    to_day = CASE WHEN excluded.to_day > check_due.to_day THEN excluded.to_day ELSE check_due.to_day END;

-- name: check_group_due_below
-- What is beside the points at place ?1 and below it in building ?2, days ?3 to ?4.
INSERT INTO check_group_due (place_id, medium, from_day, to_day)
SELECT DISTINCT ?2, p.medium, ?3, ?4 FROM point p
WHERE p.place_id IN (WITH RECURSIVE tree (id) AS (SELECT a.id FROM place a WHERE a.id = ?1
                                                  UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
                     SELECT id FROM tree)
  AND EXISTS (SELECT 1 FROM channel c JOIN usage_day d ON d.channel_id = c.id WHERE c.point_id = p.id)
ON CONFLICT (place_id, medium) DO UPDATE SET
    from_day = CASE WHEN excluded.from_day < check_group_due.from_day THEN excluded.from_day
               ELSE check_group_due.from_day END,
    to_day = CASE WHEN excluded.to_day > check_group_due.to_day THEN excluded.to_day ELSE check_group_due.to_day END;

-- name: check_due_next
SELECT point_id, from_day, to_day FROM check_due WHERE point_id > ?1 ORDER BY point_id LIMIT 1;

-- name: check_due_drop
-- Done up to day ?2.
DELETE FROM check_due WHERE point_id = ?1 AND to_day <= ?2;

-- name: check_due_goes_on
UPDATE check_due SET from_day = ?2 + 1 WHERE point_id = ?1 AND from_day <= ?2;

-- name: check_group_due_add
INSERT INTO check_group_due (place_id, medium, from_day, to_day) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (place_id, medium) DO UPDATE SET
    from_day = CASE WHEN excluded.from_day < check_group_due.from_day THEN excluded.from_day
               ELSE check_group_due.from_day END,
    to_day = CASE WHEN excluded.to_day > check_group_due.to_day THEN excluded.to_day ELSE check_group_due.to_day END;

-- name: check_group_due_next
SELECT place_id, medium, from_day, to_day FROM check_group_due
WHERE place_id > ?1 OR (place_id = ?1 AND medium > ?2) ORDER BY place_id, medium LIMIT 1;

-- name: check_group_due_drop
DELETE FROM check_group_due WHERE place_id = ?1 AND medium = ?2 AND to_day <= ?3;

-- name: check_group_due_goes_on
UPDATE check_group_due SET from_day = ?3 + 1 WHERE place_id = ?1 AND medium = ?2 AND from_day <= ?3;

-- name: check_days
-- First and last day of channel ?1 in ?2 to ?3; NULL: none.
SELECT (SELECT min(day) FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day <= ?3),
       (SELECT max(day) FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day <= ?3);

-- name: check_amounts
-- Days ?2 to ?3 of channel ?1, without their intervals.
SELECT day, exp, amount, trust, missing FROM usage_day WHERE channel_id = ?1 AND day >= ?2 AND day <= ?3 ORDER BY day;

-- name: check_group
-- The main channels of medium ?2 at place ?1 and below it, those alike beside each other.
WITH RECURSIVE tree (id) AS (SELECT ?1 UNION SELECT b.id FROM place b JOIN tree t ON b.parent_id = t.id)
SELECT c.id, c.unit, c.exp, a.area_cm2, p.group_name, p.serves, c.quantity, c.tariff, c.qualifier
FROM point p JOIN place a ON a.id = p.place_id JOIN channel c ON c.point_id = p.id
WHERE p.place_id IN (SELECT id FROM tree) AND p.medium = ?2 AND p.kind = 'metered' AND p.serves <> 'check'
  AND c.main = 1
ORDER BY p.serves, p.group_name, c.quantity, c.tariff, c.qualifier, c.unit, c.id LIMIT ?3;

-- name: check_below
-- The main channels of the points that the meter of point ?1 measures together.
SELECT c.id, c.unit, c.exp, p.opened_us, p.closed_us
FROM point p JOIN channel c ON c.point_id = p.id
WHERE p.main_id = ?1 AND p.kind = 'metered' AND p.serves <> 'check' AND c.main = 1 ORDER BY c.id LIMIT ?2;

-- name: check_point
SELECT place_id, medium FROM point WHERE id = ?1;

-- name: rule_set_span
-- The days around ?3 on which the same rules hold: since when, and the first day of others; NULL: no end.
SELECT (SELECT max(from_day) FROM rule_set WHERE medium = ?1 AND (group_name = ?2 OR group_name = '') AND from_day <= ?3),
       (SELECT min(from_day) FROM rule_set WHERE medium = ?1 AND (group_name = ?2 OR group_name = '') AND from_day > ?3);
