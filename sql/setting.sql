-- name: setting_get
SELECT value FROM setting WHERE name = ?1;

-- name: setting_put
INSERT INTO setting (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: totals
SELECT (SELECT count(*) FROM device),
       (SELECT count(*) FROM device_state WHERE state = 'ok'),
       (SELECT count(*) FROM device_state WHERE state = 'missing'),
       (SELECT count(*) FROM device_state WHERE state = 'never'),
       (SELECT count(*) FROM line),
       (SELECT count(*) FROM line_state WHERE state IN ('down', 'overload', 'no-load')),
       coalesce((SELECT CAST(sum(reads) AS BIGINT) FROM device_state), 0),
       (SELECT count(*) FROM reading_conflict);

-- name: next_ids
SELECT coalesce((SELECT max(id) FROM place), 0) + 1,
       coalesce((SELECT max(id) FROM line), 0) + 1,
       coalesce((SELECT max(id) FROM device), 0) + 1,
       coalesce((SELECT max(id) FROM point), 0) + 1,
       coalesce((SELECT max(id) FROM installation), 0) + 1,
       coalesce((SELECT max(id) FROM register), 0) + 1,
       coalesce((SELECT max(id) FROM frame), 0) + 1,
       coalesce((SELECT max(id) FROM line_event), 0) + 1,
       coalesce((SELECT max(id) FROM schedule), 0) + 1,
       coalesce((SELECT max(id) FROM relay), 0) + 1,
       coalesce((SELECT max(id) FROM command), 0) + 1,
       coalesce((SELECT max(id) FROM search_found), 0) + 1,
       coalesce((SELECT max(id) FROM gateway), 0) + 1,
       coalesce((SELECT max(id) FROM gateway_event), 0) + 1,
       coalesce((SELECT max(id) FROM gateway_refused), 0) + 1,
       coalesce((SELECT max(id) FROM enrolment), 0) + 1,
       coalesce((SELECT max(id) FROM org), 0) + 1,
       coalesce((SELECT max(id) FROM channel), 0) + 1,
       coalesce((SELECT max(id) FROM account), 0) + 1,
       coalesce((SELECT max(id) FROM audit), 0) + 1,
       coalesce((SELECT max(id) FROM tariff_doc), 0) + 1,
       coalesce((SELECT max(id) FROM tariff_binding), 0) + 1,
       coalesce((SELECT max(id) FROM contract), 0) + 1,
       coalesce((SELECT max(id) FROM book), 0) + 1,
       coalesce((SELECT max(id) FROM booking), 0) + 1,
       coalesce((SELECT max(id) FROM receipt), 0) + 1,
       coalesce((SELECT max(id) FROM cash_day), 0) + 1,
       coalesce((SELECT max(id) FROM charge), 0) + 1,
       coalesce((SELECT max(id) FROM bill_run), 0) + 1,
       coalesce((SELECT max(id) FROM bill), 0) + 1,
       coalesce((SELECT max(id) FROM apportion_run), 0) + 1,
       coalesce((SELECT max(id) FROM notice), 0) + 1,
       coalesce((SELECT max(id) FROM supply_task), 0) + 1,
       coalesce((SELECT max(id) FROM meter_order), 0) + 1,
       coalesce((SELECT max(id) FROM pay_order), 0) + 1,
       coalesce((SELECT max(id) FROM pay_notice), 0) + 1,
       coalesce((SELECT max(id) FROM pay_refund), 0) + 1,
       coalesce((SELECT max(id) FROM pay_file), 0) + 1,
       coalesce((SELECT max(id) FROM reconcile), 0) + 1,
       coalesce((SELECT max(id) FROM seal_key), 0) + 1;
