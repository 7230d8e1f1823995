-- name: condition_add
INSERT INTO reading_condition (device_id, at_us, source, conditions) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (device_id, at_us, source) DO UPDATE SET conditions = reading_condition.conditions | excluded.conditions;

-- name: condition_scan
SELECT at_us, source, conditions FROM reading_condition
WHERE device_id = ?1 AND at_us >= ?2 AND at_us < ?3 ORDER BY at_us, source;
