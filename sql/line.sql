-- name: line_find
SELECT id FROM line WHERE key = ?1;

-- name: line_put
INSERT INTO line (id, key, name, transport, endpoint, heartbeat, heartbeat_s, baud, parity, latency_ms, period_s, rts, overload,
    infrared, wake_byte, wake_ms, wake_rest_ms, wake_after_s, quarantine_after, single_reads,
    gateway_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, nullif(?21, 0))
ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, transport = excluded.transport, endpoint = excluded.endpoint,
    heartbeat = excluded.heartbeat, heartbeat_s = excluded.heartbeat_s, baud = excluded.baud,
    parity = excluded.parity, latency_ms = excluded.latency_ms, period_s = excluded.period_s, rts = excluded.rts,
    overload = excluded.overload, infrared = excluded.infrared, wake_byte = excluded.wake_byte,
    wake_ms = excluded.wake_ms, wake_rest_ms = excluded.wake_rest_ms, wake_after_s = excluded.wake_after_s,
    quarantine_after = excluded.quarantine_after, single_reads = excluded.single_reads,
    gateway_id = excluded.gateway_id;

-- name: line_list
-- Lines from ?1 to ?2, by id. The counters come in the order of HENG_LINE_COUNTER_LIST.
SELECT l.id, l.name, l.transport, l.endpoint, l.heartbeat, l.heartbeat_s, l.baud, l.parity, l.latency_ms, l.period_s,
       l.rts, l.overload, l.infrared, l.wake_byte, l.wake_ms, l.wake_rest_ms, l.wake_after_s, l.quarantine_after,
       l.single_reads,
       (SELECT count(*) FROM line_member m WHERE m.line_id = l.id),
       (SELECT count(*) FROM line_member m JOIN device_state d ON d.device_id = m.device_id
        WHERE m.line_id = l.id AND d.state = 'ok'),
       s.state, s.since_us, s.detail, s.last_answer_us,
       s.requests, s.answers, s.silence, s.noise, s.checksum, s.format, s."foreign", s.echo, s.refused, s.framing,
       s.collision, s.late, s.doubted, s.reads_ok, s.reads_failed, s.bytes_out, s.bytes_in,
       s.health, s.queued, s.quarantined, s.cycle_us, s.dead_us, s.hint_kind, s.hint_from, s.hint_to, s.hint,
       s.hint_meter, coalesce(l.gateway_id, 0)
FROM line l JOIN line_state s ON s.line_id = l.id
WHERE l.id BETWEEN ?1 AND ?2 ORDER BY l.id LIMIT ?3;

-- name: line_list_gateway
-- Those of gateway ?1 behind line ?2.
SELECT l.id, l.name, l.transport, l.endpoint, l.heartbeat, l.heartbeat_s, l.baud, l.parity, l.latency_ms, l.period_s,
       l.rts, l.overload, l.infrared, l.wake_byte, l.wake_ms, l.wake_rest_ms, l.wake_after_s, l.quarantine_after,
       l.single_reads,
       (SELECT count(*) FROM line_member m WHERE m.line_id = l.id),
       (SELECT count(*) FROM line_member m JOIN device_state d ON d.device_id = m.device_id
        WHERE m.line_id = l.id AND d.state = 'ok'),
       s.state, s.since_us, s.detail, s.last_answer_us,
       s.requests, s.answers, s.silence, s.noise, s.checksum, s.format, s."foreign", s.echo, s.refused, s.framing,
       s.collision, s.late, s.doubted, s.reads_ok, s.reads_failed, s.bytes_out, s.bytes_in,
       s.health, s.queued, s.quarantined, s.cycle_us, s.dead_us, s.hint_kind, s.hint_from, s.hint_to, s.hint,
       s.hint_meter, coalesce(l.gateway_id, 0)
FROM line l JOIN line_state s ON s.line_id = l.id
WHERE l.gateway_id IS NOT DISTINCT FROM nullif(?1, 0) AND l.id > ?2 ORDER BY l.id LIMIT ?3;

-- name: line_gateway
SELECT coalesce(gateway_id, 0) FROM line WHERE id = ?1;

-- name: line_state_put
UPDATE line_state SET
    state = ?2, since_us = ?3, detail = ?4, last_answer_us = ?5, requests = ?6, answers = ?7, silence = ?8,
    noise = ?9, checksum = ?10, format = ?11, "foreign" = ?12, echo = ?13, refused = ?14, framing = ?15,
    collision = ?16, late = ?17, doubted = ?18, reads_ok = ?19, reads_failed = ?20, bytes_out = ?21, bytes_in = ?22,
    health = ?23, queued = ?24, quarantined = ?25, cycle_us = ?26, dead_us = ?27, hint_kind = ?28, hint_from = ?29,
    hint_to = ?30, hint = ?31, hint_meter = ?32
WHERE line_id = ?1;

-- name: line_state_init
INSERT INTO line_state (line_id, state, since_us, detail, last_answer_us, requests, answers, silence, noise, checksum, format,
    "foreign", echo, refused, framing, collision, late, doubted, reads_ok, reads_failed, bytes_out, bytes_in)
VALUES (?1, 'down', ?2, ?3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
ON CONFLICT (line_id) DO NOTHING;

-- name: line_state_unknown
-- It was given to somebody else, who has not told of it yet.
UPDATE line_state SET state = 'down', since_us = ?2, detail = ?3, queued = 0 WHERE line_id = ?1;

-- name: line_state_rest
-- Ours. What a gateway told of its lines stays: they go on without us, and it will tell what is new.
UPDATE line_state SET state = 'down', since_us = ?1, detail = '', queued = 0
WHERE (state <> 'down' OR queued <> 0) AND line_id IN (SELECT id FROM line WHERE gateway_id IS NULL);

-- name: line_event_add
INSERT INTO line_event (id, line_id, at_us, state, detail) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: line_event_list
SELECT at_us, state, detail FROM line_event WHERE line_id = ?1 ORDER BY id DESC LIMIT ?2;

-- name: member_drop
DELETE FROM line_member WHERE device_id = ?1;

-- name: member_put
INSERT INTO line_member (device_id, line_id, address, schedule_id, relay_id, position)
VALUES (?1, ?2, ?3, nullif(?4, 0), nullif(?5, 0), ?6);

-- name: member_list
-- Behind line ?1 and device ?2, up to line ?4.
SELECT m.device_id, m.line_id, d.protocol, d.medium, m.address, d.number, d.profile,
       coalesce(m.schedule_id, 0), coalesce(m.relay_id, 0), m.position,
       s.answer_us, s.spread_us, s.answers, s.silences, s.due_done_us, s.ser
FROM line_member m JOIN device d ON d.id = m.device_id JOIN device_state s ON s.device_id = m.device_id
WHERE (m.line_id, m.device_id) > (?1, ?2) AND m.line_id <= ?4 ORDER BY m.line_id, m.device_id LIMIT ?3;

-- name: relay_put
INSERT INTO relay (id, line_id, name, parent_id, stores, delay_ms, hold_ms, open, open_answer)
VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (line_id, name) DO UPDATE SET parent_id = excluded.parent_id, stores = excluded.stores,
    delay_ms = excluded.delay_ms, hold_ms = excluded.hold_ms, open = excluded.open, open_answer = excluded.open_answer;

-- name: relay_find
SELECT id FROM relay WHERE line_id = ?1 AND name = ?2;

-- name: relay_astray
-- A relay that no line leads to is behind itself.
WITH RECURSIVE way (id) AS (
    SELECT id FROM relay WHERE parent_id IS NULL
    UNION ALL
    SELECT r.id FROM relay r JOIN way w ON r.parent_id = w.id)
SELECT name FROM relay WHERE id NOT IN (SELECT id FROM way) LIMIT 1;

-- name: relay_list
SELECT id, coalesce(parent_id, 0), name, stores, delay_ms, hold_ms, open, open_answer FROM relay
WHERE line_id = ?1 ORDER BY id LIMIT ?2;

-- name: schedule_put
INSERT INTO schedule (id, name, period_s, days, due_days, spread_s, due_minute, times, read_windows, power_off)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (name) DO UPDATE SET period_s = excluded.period_s, days = excluded.days, due_days = excluded.due_days,
    spread_s = excluded.spread_s, due_minute = excluded.due_minute, times = excluded.times,
    read_windows = excluded.read_windows, power_off = excluded.power_off;

-- name: schedule_find
SELECT id FROM schedule WHERE name = ?1;

-- name: schedule_list
SELECT id, name, period_s, days, due_days, spread_s, due_minute, times, read_windows, power_off FROM schedule
ORDER BY id LIMIT ?1;
