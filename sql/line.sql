-- name: line_find
SELECT id FROM line WHERE key = ?1;

-- name: line_put
INSERT INTO line (id, key, name, transport, endpoint, heartbeat, baud, parity, latency_ms, period_s)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, transport = excluded.transport, endpoint = excluded.endpoint,
    heartbeat = excluded.heartbeat, baud = excluded.baud, parity = excluded.parity, latency_ms = excluded.latency_ms,
    period_s = excluded.period_s;

-- name: line_list
-- Lines from ?1 to ?2, by id. last_answer and counters come last, in the order of HENG_LINE_COUNTER_LIST.
SELECT l.id, l.name, l.transport, l.endpoint, l.heartbeat, l.baud, l.parity, l.latency_ms, l.period_s,
       (SELECT count(*) FROM line_member m WHERE m.line_id = l.id),
       (SELECT count(*) FROM line_member m JOIN device_state d ON d.device_id = m.device_id
        WHERE m.line_id = l.id AND d.state = 'ok'),
       s.state, s.since_us, s.detail, s.last_answer_us,
       s.requests, s.answers, s.silence, s.noise, s.checksum, s.format, s."foreign", s.echo, s.refused,
       s.reads_ok, s.reads_failed, s.bytes_out, s.bytes_in
FROM line l JOIN line_state s ON s.line_id = l.id
WHERE l.id BETWEEN ?1 AND ?2 ORDER BY l.id LIMIT ?3;

-- name: line_state_put
INSERT INTO line_state (line_id, state, since_us, detail, last_answer_us, requests, answers, silence, noise, checksum,
    format, "foreign", echo, refused, reads_ok, reads_failed, bytes_out, bytes_in)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
ON CONFLICT (line_id) DO UPDATE SET state = excluded.state, since_us = excluded.since_us, detail = excluded.detail,
    last_answer_us = excluded.last_answer_us, requests = excluded.requests, answers = excluded.answers,
    silence = excluded.silence, noise = excluded.noise, checksum = excluded.checksum, format = excluded.format,
    "foreign" = excluded."foreign", echo = excluded.echo, refused = excluded.refused, reads_ok = excluded.reads_ok,
    reads_failed = excluded.reads_failed, bytes_out = excluded.bytes_out, bytes_in = excluded.bytes_in;

-- name: line_state_init
INSERT INTO line_state (line_id, state, since_us, detail, last_answer_us, requests, answers, silence, noise, checksum,
    format, "foreign", echo, refused, reads_ok, reads_failed, bytes_out, bytes_in)
VALUES (?1, 'down', ?2, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
ON CONFLICT (line_id) DO NOTHING;

-- name: line_event_add
INSERT INTO line_event (id, line_id, at_us, state, detail) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: line_event_list
SELECT at_us, state, detail FROM line_event WHERE line_id = ?1 ORDER BY id DESC LIMIT ?2;

-- name: member_drop
DELETE FROM line_member WHERE device_id = ?1;

-- name: member_put
INSERT INTO line_member (device_id, line_id, address) VALUES (?1, ?2, ?3);

-- name: member_list
SELECT m.device_id, m.line_id, d.protocol, d.medium, m.address, d.number, d.profile
FROM line_member m JOIN device d ON d.id = m.device_id
WHERE (m.line_id, m.device_id) > (?1, ?2) ORDER BY m.line_id, m.device_id LIMIT ?3;
