-- The schema as sql/sqlite/0001 to 0005 leave it, where its words stand: every number a bigint, every text sorted by its
-- bytes, as in SQLite. References of a table to itself can wait for the end of a restore.

-- fence: how often the database was opened for writing; a writer's transactions hold on to its own number.
CREATE TABLE heng_schema (
    version bigint NOT NULL,
    fence   bigint NOT NULL
);
INSERT INTO heng_schema (version, fence) VALUES (0, 0);

CREATE TABLE device (
    id           bigint PRIMARY KEY,
    number       text COLLATE "C" NOT NULL,
    manufacturer text COLLATE "C" NOT NULL,
    medium       text COLLATE "C" NOT NULL,
    protocol     text COLLATE "C" NOT NULL,
    search       text COLLATE "C" NOT NULL DEFAULT '',
    profile      text COLLATE "C" NOT NULL DEFAULT '',
    UNIQUE (number, manufacturer)
);

CREATE TABLE gateway (
    id            bigint PRIMARY KEY,
    key           text COLLATE "C" NOT NULL UNIQUE,
    name          text COLLATE "C" NOT NULL,
    parent_id     bigint REFERENCES gateway (id) DEFERRABLE,
    common_name   text COLLATE "C" UNIQUE,
    state         text COLLATE "C" NOT NULL CHECK (state IN ('declared', 'enrolled', 'revoked')),
    enrolled_us   bigint NOT NULL DEFAULT 0,
    journal_bytes bigint NOT NULL CHECK (journal_bytes >= 0),
    journal_days  bigint NOT NULL CHECK (journal_days >= 0),
    refused       bigint NOT NULL DEFAULT 0
);
CREATE INDEX gateway_parent ON gateway (parent_id);

CREATE TABLE place (
    id        bigint PRIMARY KEY,
    key       text COLLATE "C" NOT NULL UNIQUE,
    parent_id bigint REFERENCES place (id) DEFERRABLE,
    kind      text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    path      text COLLATE "C" NOT NULL,
    area_cm2  bigint NOT NULL CHECK (area_cm2 >= 0)
);
CREATE INDEX place_parent ON place (parent_id);

CREATE TABLE schedule (
    id           bigint PRIMARY KEY,
    name         text COLLATE "C" NOT NULL UNIQUE,
    period_s     bigint NOT NULL CHECK (period_s >= 0),
    days         bigint NOT NULL,
    due_days     bigint NOT NULL,
    spread_s     bigint NOT NULL CHECK (spread_s >= 0),
    due_minute   bigint NOT NULL,
    times        text COLLATE "C" NOT NULL,
    read_windows text COLLATE "C" NOT NULL,
    power_off    text COLLATE "C" NOT NULL
);

CREATE TABLE setting (
    name  text COLLATE "C" NOT NULL PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);

CREATE TABLE device_state (
    device_id    bigint PRIMARY KEY REFERENCES device (id),
    state        text COLLATE "C" NOT NULL,
    last_try_us  bigint NOT NULL,
    last_outcome text COLLATE "C" NOT NULL,
    last_read_us bigint NOT NULL,
    last_source  bigint NOT NULL,
    misses       bigint NOT NULL,
    reads        bigint NOT NULL,
    answer_us    bigint NOT NULL DEFAULT 0,
    spread_us    bigint NOT NULL DEFAULT 0,
    answers      bigint NOT NULL DEFAULT 0,
    silences     bigint NOT NULL DEFAULT 0,
    due_done_us  bigint NOT NULL DEFAULT 0,
    ser          bigint NOT NULL DEFAULT 0,
    quarantined  bigint NOT NULL DEFAULT 0
);
CREATE INDEX device_state_newest ON device_state (last_read_us);

CREATE TABLE enrolment (
    id          bigint PRIMARY KEY,
    hash        bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    code        text COLLATE "C" NOT NULL,
    via_id      bigint NOT NULL,
    gateway_id  bigint REFERENCES gateway (id),
    state       text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused')),
    name        text COLLATE "C" NOT NULL,
    serial      text COLLATE "C" NOT NULL,
    software    text COLLATE "C" NOT NULL,
    address     text COLLATE "C" NOT NULL,
    why         text COLLATE "C" NOT NULL DEFAULT '',
    first_us    bigint NOT NULL,
    last_us     bigint NOT NULL,
    request     bytea NOT NULL,
    certificate bytea
);
CREATE INDEX enrolment_state ON enrolment (state, last_us);

CREATE TABLE frame (
    id        bigint PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES device (id),
    at_us     bigint NOT NULL,
    protocol  text COLLATE "C" NOT NULL,
    bytes     bytea NOT NULL
);
CREATE INDEX frame_device ON frame (device_id, id);

CREATE TABLE gateway_certificate (
    serial      bigint PRIMARY KEY,
    gateway_id  bigint NOT NULL REFERENCES gateway (id),
    common_name text COLLATE "C" NOT NULL,
    issued_us   bigint NOT NULL,
    expires_us  bigint NOT NULL,
    revoked_us  bigint NOT NULL DEFAULT 0
);
CREATE INDEX gateway_certificate_gateway ON gateway_certificate (gateway_id, issued_us);
CREATE INDEX gateway_certificate_revoked ON gateway_certificate (expires_us) WHERE revoked_us <> 0;

CREATE TABLE gateway_gap (
    gateway_id bigint NOT NULL REFERENCES gateway (id),
    epoch      bigint NOT NULL,
    first_seq  bigint NOT NULL CHECK (first_seq > 0),
    last_seq   bigint NOT NULL CHECK (last_seq >= first_seq),
    gone       bigint NOT NULL,
    PRIMARY KEY (gateway_id, epoch, first_seq)
);
CREATE INDEX gateway_gap_last ON gateway_gap (gateway_id, epoch, last_seq);
CREATE INDEX gateway_gap_open ON gateway_gap (gateway_id, epoch, first_seq, last_seq) WHERE gone = 0;

CREATE TABLE gateway_journal (
    gateway_id bigint NOT NULL REFERENCES gateway (id),
    epoch      bigint NOT NULL,
    seq        bigint NOT NULL CHECK (seq > 0),
    chk        bigint NOT NULL,
    first_us   bigint NOT NULL,
    last_us    bigint NOT NULL,
    PRIMARY KEY (gateway_id, epoch)
);

CREATE TABLE gateway_meter (
    gateway_id bigint NOT NULL REFERENCES gateway (id),
    device_id  bigint NOT NULL REFERENCES device (id),
    PRIMARY KEY (gateway_id, device_id)
);

CREATE TABLE gateway_refused (
    id         bigint PRIMARY KEY,
    gateway_id bigint NOT NULL REFERENCES gateway (id),
    maker_id   bigint NOT NULL,
    epoch      bigint NOT NULL,
    seq        bigint NOT NULL,
    at_us      bigint NOT NULL,
    kind       bigint NOT NULL,
    rank       bigint NOT NULL,
    subject_id bigint NOT NULL,
    doubtful   bigint NOT NULL,
    chk        bigint NOT NULL,
    body       bytea NOT NULL,
    why        text COLLATE "C" NOT NULL
);
CREATE INDEX gateway_refused_gateway ON gateway_refused (gateway_id, id);

CREATE TABLE gateway_status (
    gateway_id      bigint PRIMARY KEY REFERENCES gateway (id),
    connected       bigint NOT NULL DEFAULT 0,
    clock_doubtful  bigint NOT NULL DEFAULT 0,
    last_contact_us bigint NOT NULL DEFAULT 0,
    clock_error_us  bigint NOT NULL DEFAULT 0,
    queued          bigint NOT NULL DEFAULT 0,
    config_version  bigint NOT NULL DEFAULT 0,
    config_hash     bytea,
    applied_version bigint NOT NULL DEFAULT 0,
    free_bytes      bigint NOT NULL DEFAULT 0,
    software        text COLLATE "C" NOT NULL DEFAULT '',
    firmware        text COLLATE "C" NOT NULL DEFAULT '',
    address         text COLLATE "C" NOT NULL DEFAULT '',
    config_why      text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX gateway_status_connected ON gateway_status (gateway_id) WHERE connected <> 0;

CREATE TABLE gateway_way (
    gateway_id bigint NOT NULL REFERENCES gateway (id),
    above_id   bigint NOT NULL REFERENCES gateway (id),
    PRIMARY KEY (gateway_id, above_id)
);

CREATE TABLE line (
    id               bigint PRIMARY KEY,
    key              text COLLATE "C" NOT NULL UNIQUE,
    name             text COLLATE "C" NOT NULL,
    transport        text COLLATE "C" NOT NULL,
    endpoint         text COLLATE "C" NOT NULL,
    heartbeat        text COLLATE "C" NOT NULL,
    baud             bigint NOT NULL CHECK (baud > 0),
    parity           text COLLATE "C" NOT NULL CHECK (parity IN ('E', 'N', 'O')),
    latency_ms       bigint NOT NULL CHECK (latency_ms >= 0),
    period_s         bigint NOT NULL CHECK (period_s > 0),
    heartbeat_s      bigint NOT NULL DEFAULT 0,
    rts              text COLLATE "C" NOT NULL DEFAULT 'none',
    overload         text COLLATE "C" NOT NULL DEFAULT 'none',
    infrared         bigint NOT NULL DEFAULT 0,
    wake_byte        bigint NOT NULL DEFAULT 0,
    wake_ms          bigint NOT NULL DEFAULT 0,
    wake_rest_ms     bigint NOT NULL DEFAULT 0,
    wake_after_s     bigint NOT NULL DEFAULT 0,
    quarantine_after bigint NOT NULL DEFAULT 0,
    single_reads     bigint NOT NULL DEFAULT 0,
    gateway_id       bigint REFERENCES gateway (id)
);
CREATE UNIQUE INDEX line_endpoint ON line (coalesce(gateway_id, 0), transport, endpoint);
CREATE INDEX line_gateway ON line (gateway_id, id);

CREATE TABLE point (
    id       bigint PRIMARY KEY,
    place_id bigint NOT NULL REFERENCES place (id),
    medium   text COLLATE "C" NOT NULL
);
CREATE INDEX point_place ON point (place_id);

-- No reference to device: looking it up for each row would take longer than storing it. The statements look it up for all
-- rows at once, and a device cannot be deleted while its state refers to it.
CREATE TABLE reading (
    device_id   bigint NOT NULL,
    at_us       bigint NOT NULL,
    source      bigint NOT NULL,
    quality     bigint NOT NULL,
    first_frame bigint NOT NULL,
    frame_count bigint NOT NULL,
    packed      bytea NOT NULL,
    due_us      bigint NOT NULL DEFAULT 0,
    partial     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (device_id, at_us, source)
) PARTITION BY RANGE (at_us);
-- A partition for each month of UTC from 1970 to 2199, made when its first reading comes: heng_reading_month. What a
-- broken clock says to be before or after lies in these two.
CREATE TABLE reading_before PARTITION OF reading FOR VALUES FROM (MINVALUE) TO (0);
CREATE TABLE reading_after PARTITION OF reading FOR VALUES FROM (7258118400000000) TO (MAXVALUE);

CREATE TABLE reading_conflict (
    device_id   bigint NOT NULL REFERENCES device (id),
    at_us       bigint NOT NULL,
    source      bigint NOT NULL,
    quality     bigint NOT NULL,
    first_frame bigint NOT NULL,
    frame_count bigint NOT NULL,
    packed      bytea NOT NULL,
    due_us      bigint NOT NULL DEFAULT 0,
    partial     bigint NOT NULL DEFAULT 0
);
-- An index has no room for long values.
CREATE UNIQUE INDEX reading_conflict_key ON reading_conflict (device_id, at_us, source, sha256(packed));

CREATE TABLE register (
    id        bigint PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES device (id),
    quantity  text COLLATE "C" NOT NULL,
    unit      text COLLATE "C" NOT NULL,
    function  text COLLATE "C" NOT NULL,
    storage   bigint NOT NULL,
    tariff    bigint NOT NULL,
    subunit   bigint NOT NULL,
    qualifier text COLLATE "C" NOT NULL,
    UNIQUE (device_id, quantity, unit, function, storage, tariff, subunit, qualifier)
);

CREATE TABLE command (
    id           bigint PRIMARY KEY,
    line_id      bigint NOT NULL REFERENCES line (id),
    device_id    bigint REFERENCES device (id),
    protocol     text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    back         bigint NOT NULL,
    baud         bigint NOT NULL,
    address      text COLLATE "C" NOT NULL,
    key          text COLLATE "C" UNIQUE,
    stage        text COLLATE "C" NOT NULL,
    requested_us bigint NOT NULL,
    expires_us   bigint NOT NULL,
    sent_us      bigint NOT NULL DEFAULT 0,
    accepted_us  bigint NOT NULL DEFAULT 0,
    ended_us     bigint NOT NULL DEFAULT 0,
    outcome      text COLLATE "C" NOT NULL DEFAULT '',
    why          text COLLATE "C" NOT NULL DEFAULT '',
    first_frame  bigint NOT NULL DEFAULT 0,
    frame_count  bigint NOT NULL DEFAULT 0,
    reading_us   bigint NOT NULL DEFAULT 0
);
CREATE INDEX command_device ON command (device_id, id);
CREATE INDEX command_line ON command (line_id, id);
CREATE INDEX command_open ON command (id) WHERE ended_us = 0;

CREATE TABLE gateway_event (
    id         bigint PRIMARY KEY,
    gateway_id bigint REFERENCES gateway (id),
    line_id    bigint REFERENCES line (id),
    at_us      bigint NOT NULL,
    kind       bigint NOT NULL,
    value      bigint NOT NULL,
    detail     text COLLATE "C" NOT NULL,
    epoch      bigint NOT NULL,
    seq        bigint NOT NULL
);
CREATE INDEX gateway_event_gateway ON gateway_event (gateway_id, id);
CREATE INDEX gateway_event_noticed ON gateway_event (gateway_id, kind, at_us) WHERE seq = 0;
CREATE UNIQUE INDEX gateway_event_entry ON gateway_event (gateway_id, epoch, seq) WHERE seq <> 0;

CREATE TABLE gateway_line (
    gateway_id bigint NOT NULL REFERENCES gateway (id),
    line_id    bigint NOT NULL REFERENCES line (id),
    PRIMARY KEY (gateway_id, line_id)
);

CREATE TABLE installation (
    id        bigint PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES device (id),
    point_id  bigint NOT NULL REFERENCES point (id),
    from_us   bigint NOT NULL,
    until_us  bigint
);
CREATE UNIQUE INDEX installation_now ON installation (device_id) WHERE until_us IS NULL;
CREATE INDEX installation_point ON installation (point_id);

CREATE TABLE line_event (
    id      bigint PRIMARY KEY,
    line_id bigint NOT NULL REFERENCES line (id),
    at_us   bigint NOT NULL,
    state   text COLLATE "C" NOT NULL,
    detail  text COLLATE "C" NOT NULL
);
CREATE INDEX line_event_line ON line_event (line_id, id);

CREATE TABLE line_state (
    line_id        bigint PRIMARY KEY REFERENCES line (id),
    state          text COLLATE "C" NOT NULL,
    since_us       bigint NOT NULL,
    detail         text COLLATE "C" NOT NULL,
    last_answer_us bigint NOT NULL,
    requests       bigint NOT NULL,
    answers        bigint NOT NULL,
    silence        bigint NOT NULL,
    noise          bigint NOT NULL,
    checksum       bigint NOT NULL,
    format         bigint NOT NULL,
    "foreign"      bigint NOT NULL,
    echo           bigint NOT NULL,
    refused        bigint NOT NULL,
    reads_ok       bigint NOT NULL,
    reads_failed   bigint NOT NULL,
    bytes_out      bigint NOT NULL,
    bytes_in       bigint NOT NULL,
    framing        bigint NOT NULL DEFAULT 0,
    collision      bigint NOT NULL DEFAULT 0,
    late           bigint NOT NULL DEFAULT 0,
    doubted        bigint NOT NULL DEFAULT 0,
    health         bigint NOT NULL DEFAULT 100,
    queued         bigint NOT NULL DEFAULT 0,
    quarantined    bigint NOT NULL DEFAULT 0,
    cycle_us       bigint NOT NULL DEFAULT 0,
    dead_us        bigint NOT NULL DEFAULT 0,
    hint_kind      text COLLATE "C" NOT NULL DEFAULT 'none',
    hint_from      bigint NOT NULL DEFAULT 0,
    hint_to        bigint NOT NULL DEFAULT 0,
    hint           text COLLATE "C" NOT NULL DEFAULT '',
    hint_meter     text COLLATE "C" NOT NULL DEFAULT ''
);

CREATE TABLE relay (
    id          bigint PRIMARY KEY,
    line_id     bigint NOT NULL REFERENCES line (id),
    name        text COLLATE "C" NOT NULL,
    parent_id   bigint REFERENCES relay (id) DEFERRABLE,
    stores      bigint NOT NULL,
    delay_ms    bigint NOT NULL CHECK (delay_ms >= 0),
    hold_ms     bigint NOT NULL CHECK (hold_ms >= 0),
    open        bytea NOT NULL,
    open_answer bytea NOT NULL,
    UNIQUE (line_id, name)
);

CREATE TABLE search (
    line_id    bigint NOT NULL REFERENCES line (id),
    kind       text COLLATE "C" NOT NULL,
    known_only bigint NOT NULL,
    running    bigint NOT NULL,
    ended      bigint NOT NULL,
    started_us bigint NOT NULL,
    updated_us bigint NOT NULL,
    place      text COLLATE "C" NOT NULL DEFAULT '',
    requests   bigint NOT NULL DEFAULT 0,
    selects    bigint NOT NULL DEFAULT 0,
    found      bigint NOT NULL DEFAULT 0,
    known      bigint NOT NULL DEFAULT 0,
    missing    bigint NOT NULL DEFAULT 0,
    collisions bigint NOT NULL DEFAULT 0,
    permille   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (line_id, kind)
);

CREATE TABLE search_found (
    id              bigint PRIMARY KEY,
    line_id         bigint NOT NULL REFERENCES line (id),
    kind            text COLLATE "C" NOT NULL,
    at_us           bigint NOT NULL,
    protocol        text COLLATE "C" NOT NULL,
    medium          text COLLATE "C" NOT NULL,
    address         text COLLATE "C" NOT NULL,
    number          text COLLATE "C" NOT NULL,
    manufacturer    text COLLATE "C" NOT NULL,
    primary_address bigint NOT NULL,
    known           bigint NOT NULL,
    twin            bigint NOT NULL
);
CREATE INDEX search_found_line ON search_found (line_id, kind, id);

CREATE TABLE line_member (
    device_id   bigint PRIMARY KEY REFERENCES device (id),
    line_id     bigint NOT NULL REFERENCES line (id),
    address     text COLLATE "C" NOT NULL,
    schedule_id bigint REFERENCES schedule (id),
    relay_id    bigint REFERENCES relay (id),
    position    bigint NOT NULL DEFAULT 0,
    UNIQUE (line_id, address)
);

-- The partition that a moment belongs to is there afterwards; told are its bounds. It is made beside the table and then
-- attached: readers need not wait, and it waits for none of them.
CREATE FUNCTION heng_reading_month (moment bigint, OUT from_us bigint, OUT until_us bigint) LANGUAGE plpgsql AS $$
DECLARE
    month timestamp;
    name  text;
BEGIN
    IF moment < 0 THEN
        from_us := -9223372036854775808; until_us := 0; RETURN;
    ELSIF moment >= 7258118400000000 THEN
        from_us := 7258118400000000; until_us := 9223372036854775807; RETURN;
    END IF;
    month := date_trunc('month', timestamp '1970-01-01' + (moment / 1000000) * interval '1 second');
    from_us := extract(epoch FROM month)::bigint * 1000000;
    until_us := extract(epoch FROM month + interval '1 month')::bigint * 1000000;
    name := 'reading_' || to_char(month, 'YYYY_MM');
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
        EXECUTE format('ALTER TABLE reading ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, from_us, until_us);
    END IF;
END $$;

-- What is kept: it is said in the words of SQLite's triggers, as a broken rule of the schema.
CREATE FUNCTION heng_refuse () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER frame_no_change BEFORE UPDATE OR DELETE ON frame
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('frames are append-only');
CREATE TRIGGER reading_no_change BEFORE UPDATE OR DELETE ON reading
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('readings are append-only');
CREATE TRIGGER reading_conflict_no_change BEFORE UPDATE OR DELETE ON reading_conflict
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('readings are append-only');
CREATE TRIGGER command_no_delete BEFORE DELETE ON command
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('commands are kept');
CREATE TRIGGER gateway_certificate_no_delete BEFORE DELETE ON gateway_certificate
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('certificates are kept');
CREATE TRIGGER gateway_event_no_change BEFORE UPDATE OR DELETE ON gateway_event
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('events are append-only');
CREATE TRIGGER gateway_refused_no_change BEFORE UPDATE OR DELETE ON gateway_refused
    FOR EACH ROW EXECUTE FUNCTION heng_refuse ('refused entries are append-only');

-- Nor are they emptied at a stroke, which triggers of rows do not see.
CREATE TRIGGER frame_no_truncate BEFORE TRUNCATE ON frame
    FOR EACH STATEMENT EXECUTE FUNCTION heng_refuse ('frames are append-only');
CREATE TRIGGER reading_no_truncate BEFORE TRUNCATE ON reading
    FOR EACH STATEMENT EXECUTE FUNCTION heng_refuse ('readings are append-only');
CREATE TRIGGER reading_conflict_no_truncate BEFORE TRUNCATE ON reading_conflict
    FOR EACH STATEMENT EXECUTE FUNCTION heng_refuse ('readings are append-only');
CREATE TRIGGER command_no_truncate BEFORE TRUNCATE ON command
    FOR EACH STATEMENT EXECUTE FUNCTION heng_refuse ('commands are kept');
CREATE TRIGGER gateway_event_no_truncate BEFORE TRUNCATE ON gateway_event
    FOR EACH STATEMENT EXECUTE FUNCTION heng_refuse ('events are append-only');

-- What ever hung on a gateway, and below which ones it ever was.
CREATE FUNCTION heng_line_on_gateway () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gateway_line (gateway_id, line_id) VALUES (NEW.gateway_id, NEW.id) ON CONFLICT DO NOTHING;
    INSERT INTO gateway_meter (gateway_id, device_id) SELECT NEW.gateway_id, m.device_id FROM line_member m
        WHERE m.line_id = NEW.id ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER line_on_gateway AFTER INSERT OR UPDATE OF gateway_id ON line
    FOR EACH ROW WHEN (NEW.gateway_id IS NOT NULL) EXECUTE FUNCTION heng_line_on_gateway ();

CREATE FUNCTION heng_member_on_gateway () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gateway_meter (gateway_id, device_id) SELECT l.gateway_id, NEW.device_id FROM line l
        WHERE l.id = NEW.line_id AND l.gateway_id IS NOT NULL ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER member_on_gateway AFTER INSERT ON line_member
    FOR EACH ROW EXECUTE FUNCTION heng_member_on_gateway ();

CREATE FUNCTION heng_gateway_below () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gateway_way (gateway_id, above_id) VALUES (NEW.id, NEW.parent_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER gateway_below AFTER INSERT OR UPDATE OF parent_id ON gateway
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION heng_gateway_below ();

UPDATE heng_schema SET version = 5;
