-- name: place_find
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2 FROM place WHERE key = ?1;

-- name: place_put
INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7)
ON CONFLICT (key) DO UPDATE SET parent_id = excluded.parent_id, kind = excluded.kind, name = excluded.name,
    path = excluded.path, area_cm2 = excluded.area_cm2;

-- name: place_paths
-- After names or parents changed: the paths of all places below follow.
WITH RECURSIVE tree (id, path) AS (
    SELECT id, name FROM place WHERE parent_id IS NULL
    UNION ALL
    SELECT p.id, t.path || ' / ' || p.name FROM place p JOIN tree t ON p.parent_id = t.id)
UPDATE place SET path = tree.path FROM tree WHERE tree.id = place.id AND place.path <> tree.path;

-- name: place_astray
-- A place that no root leads to is below itself.
WITH RECURSIVE tree (id) AS (
    SELECT id FROM place WHERE parent_id IS NULL
    UNION ALL
    SELECT p.id FROM place p JOIN tree t ON p.parent_id = t.id)
SELECT key FROM place WHERE id NOT IN (SELECT id FROM tree) LIMIT 1;
