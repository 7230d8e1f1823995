-- name: place_find
SELECT id, coalesce(parent_id, 0), key, kind, name, path, area_cm2 FROM place WHERE key = ?1;

-- name: place_put
INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7)
ON CONFLICT (key) DO UPDATE SET parent_id = excluded.parent_id, kind = excluded.kind, name = excluded.name,
    path = excluded.path, area_cm2 = excluded.area_cm2;
