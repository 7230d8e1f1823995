-- Orders of money into meters. One that is open comes first for its meter; those behind it wait for it.

-- name: meter_order_find
SELECT id FROM meter_order WHERE key = ?1;

-- name: meter_order_add
INSERT INTO meter_order (id, key, contract_id, device_id, number, amount, state, made_us, not_before_us, booking_id,
    command_id, tries, ended_us, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);

-- name: meter_order_put
UPDATE meter_order SET number = ?2, state = ?3, not_before_us = ?4, command_id = ?5, tries = ?6, ended_us = ?7, why = ?8
WHERE id = ?1;

-- name: meter_order_get
SELECT o.id, o.key, o.contract_id, o.device_id, o.number, o.amount, o.state, o.made_us, o.not_before_us, o.booking_id,
       o.command_id, o.tries, o.ended_us, o.why
FROM meter_order o JOIN contract k ON k.id = o.contract_id JOIN account a ON a.id = k.account_id
WHERE o.id = ?1 AND (?2 = 0 OR a.org_id = ?2);

-- name: meter_order_due
-- Whose time has come, the oldest of each meter only. No pause is longer than an hour: a moment further ahead was set by a
-- clock that was wrong.
SELECT o.id, o.key, o.contract_id, o.device_id, o.number, o.amount, o.state, o.made_us, o.not_before_us, o.booking_id,
       o.command_id, o.tries, o.ended_us, o.why
FROM meter_order o
WHERE o.state IN ('waiting', 'unknown') AND (o.not_before_us <= ?1 OR o.not_before_us > ?1 + 7200000000)
  AND NOT EXISTS (SELECT 1 FROM meter_order b WHERE b.device_id = o.device_id AND b.id < o.id
                  AND b.state IN ('waiting', 'sent', 'unknown', 'alarm', 'failed'))
ORDER BY o.id LIMIT ?2;

-- name: meter_order_answered
-- Sent ones whose command has ended.
SELECT o.id, o.key, o.contract_id, o.device_id, o.number, o.amount, o.state, o.made_us, o.not_before_us, o.booking_id,
       o.command_id, o.tries, o.ended_us, o.why
FROM meter_order o JOIN command c ON c.id = o.command_id
WHERE o.state = 'sent' AND c.ended_us > 0 ORDER BY o.id LIMIT ?1;

-- name: meter_order_list
-- Newest first, below id ?3; ?2 1: those that are not done, 2: those that a person has to look at.
SELECT o.id, o.key, o.contract_id, o.device_id, o.number, o.amount, o.state, o.made_us, o.not_before_us, o.booking_id,
       o.command_id, o.tries, o.ended_us, o.why
FROM meter_order o JOIN contract k ON k.id = o.contract_id JOIN account a ON a.id = k.account_id
WHERE (?1 = 0 OR a.org_id = ?1) AND (?3 = 0 OR o.id < ?3)
  AND (?2 = 0 OR (?2 = 1 AND o.state IN ('waiting', 'sent', 'unknown', 'alarm', 'failed'))
       OR (?2 = 2 AND o.state IN ('alarm', 'failed')))
ORDER BY o.id DESC LIMIT ?4;

-- name: meter_order_count
-- The purchases that are in a meter are known to be so many now.
UPDATE contract SET meter_count = ?2 WHERE id = ?1;

-- name: meter_order_device
-- The newest device at a point.
SELECT device_id FROM installation WHERE point_id = ?1 AND until_us IS NULL ORDER BY id DESC LIMIT 1;

-- name: money_under_way
-- Is anything ordered of which the end is not written down?
SELECT CASE WHEN EXISTS (SELECT 1 FROM supply_task WHERE state = 'ordered')
              OR EXISTS (SELECT 1 FROM meter_order WHERE state = 'sent')
              OR EXISTS (SELECT 1 FROM meter_mirror WHERE command_id > 0) THEN 1 ELSE 0 END;

-- name: supply_answered
-- Tasks of supply whose command has ended.
SELECT t.id, t.command_id FROM supply_task t JOIN command c ON c.id = t.command_id
WHERE t.state = 'ordered' AND c.ended_us > 0 ORDER BY t.id LIMIT ?1;

-- name: meter_order_pending
-- Money of a contract that is booked into its meter and is not in there; how many of which nobody knows; the newest end.
SELECT coalesce(CAST(sum(amount) FILTER (WHERE state IN ('waiting', 'failed')) AS BIGINT), 0),
       count(*) FILTER (WHERE state IN ('sent', 'unknown', 'alarm')),
       coalesce(max(CASE WHEN state = 'confirmed' THEN ended_us ELSE 0 END), 0)
FROM meter_order WHERE contract_id = ?1;

-- name: meter_mirror_put
INSERT INTO meter_mirror (contract_id, asks, due_us, command_id, at_us, remaining, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (contract_id) DO UPDATE SET asks = excluded.asks, due_us = excluded.due_us, command_id = excluded.command_id,
    at_us = excluded.at_us, remaining = excluded.remaining, why = excluded.why;

-- name: meter_mirror_get
SELECT contract_id, asks, due_us, command_id, at_us, remaining, why FROM meter_mirror WHERE contract_id = ?1;

-- name: meter_mirror_due
-- It is asked once a day: a moment further ahead was set by a clock that was wrong. The last of all: never.
SELECT contract_id, asks, due_us, command_id, at_us, remaining, why FROM meter_mirror
WHERE command_id = 0 AND (due_us <= ?1 OR (due_us > ?1 + 172800000000 AND due_us < 9223372036854775807)) ORDER BY due_us, contract_id LIMIT ?2;

-- name: meter_mirror_answered
SELECT m.contract_id, m.asks, m.due_us, m.command_id, m.at_us, m.remaining, m.why
FROM meter_mirror m JOIN command c ON c.id = m.command_id
WHERE m.command_id > 0 AND c.ended_us > 0 ORDER BY m.command_id LIMIT ?1;
