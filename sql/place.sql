-- name: place_find
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2 FROM place WHERE key = ?1;

-- name: place_put
INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7)
ON CONFLICT (key) DO UPDATE SET parent_id = excluded.parent_id, kind = excluded.kind, name = excluded.name,
    path = excluded.path, area_cm2 = excluded.area_cm2;

-- name: place_paths
-- After names, parents or managers changed: what all places take from those above follows.
WITH RECURSIVE tree (id, path, managed) AS (
    SELECT id, name, coalesce(org_id, 0) FROM place WHERE parent_id IS NULL
    UNION ALL
    SELECT p.id, t.path || ' / ' || p.name, coalesce(p.org_id, t.managed) FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE place SET path = tree.path, managed_by = tree.managed
FROM tree WHERE tree.id = place.id AND (place.path <> tree.path OR place.managed_by <> tree.managed);

-- name: place_astray
-- A place that no root leads to is below itself.
WITH RECURSIVE tree (id) AS (
    SELECT id FROM place WHERE parent_id IS NULL
    UNION ALL
    SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT key FROM place WHERE id NOT IN (SELECT id FROM tree) LIMIT 1;

-- name: place_list
-- Behind id ?1.
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2 FROM place WHERE id > ?1 ORDER BY id LIMIT ?2;

-- name: place_get
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2 FROM place WHERE id = ?1;

-- name: place_members
-- The meters on lines that measure at place ?1 or anywhere below it.
WITH RECURSIVE tree (id) AS (
    SELECT ?1 UNION SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT m.device_id, m.line_id FROM tree
    JOIN point p ON p.place_id = tree.id
    JOIN installation i ON i.point_id = p.id AND i.until_us IS NULL
    JOIN line_member m ON m.device_id = i.device_id
ORDER BY m.line_id, m.device_id LIMIT ?2;
