-- Gateways: who they are, what of their journals is here, what they told of themselves, who wants to become one.
-- Epochs, numbers, checks and serial numbers are unsigned 64 bits, kept as the signed number with the same bits.

CREATE TABLE gateway (
    id            INTEGER PRIMARY KEY,
    key           TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    parent_id     INTEGER REFERENCES gateway (id), -- the gateway above it; NULL: it talks to us
    common_name   TEXT UNIQUE,                     -- of its certificates; NULL: not enrolled yet
    state         TEXT NOT NULL CHECK (state IN ('declared', 'enrolled', 'revoked')),
    enrolled_us   INTEGER NOT NULL DEFAULT 0,
    journal_bytes INTEGER NOT NULL CHECK (journal_bytes >= 0), -- 0: the usual
    journal_days  INTEGER NOT NULL CHECK (journal_days >= 0),
    refused       INTEGER NOT NULL DEFAULT 0                   -- entries of it that were set aside, all of them
) STRICT;
CREATE INDEX gateway_parent ON gateway (parent_id);

CREATE TABLE gateway_certificate (
    serial      INTEGER PRIMARY KEY,
    gateway_id  INTEGER NOT NULL REFERENCES gateway (id),
    common_name TEXT NOT NULL,
    issued_us   INTEGER NOT NULL,
    expires_us  INTEGER NOT NULL,
    revoked_us  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX gateway_certificate_gateway ON gateway_certificate (gateway_id, issued_us);
CREATE INDEX gateway_certificate_revoked ON gateway_certificate (expires_us) WHERE revoked_us <> 0;

CREATE TRIGGER gateway_certificate_no_delete BEFORE DELETE ON gateway_certificate
BEGIN SELECT RAISE (ABORT, 'certificates are kept'); END;

-- A line of a gateway has its endpoint there: every box has a first serial port. The old rule, one line for an
-- endpoint, stands in the table itself, so the table is made anew; the rows that refer to it find theirs again.
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE line_before AS SELECT * FROM line;
DROP TABLE line;
CREATE TABLE line (
    id               INTEGER PRIMARY KEY,
    key              TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL,
    transport        TEXT NOT NULL,
    endpoint         TEXT NOT NULL,
    heartbeat        TEXT NOT NULL,
    baud             INTEGER NOT NULL CHECK (baud > 0),
    parity           TEXT NOT NULL CHECK (parity IN ('E', 'N', 'O')),
    latency_ms       INTEGER NOT NULL CHECK (latency_ms >= 0),
    period_s         INTEGER NOT NULL CHECK (period_s > 0),
    heartbeat_s      INTEGER NOT NULL DEFAULT 0,
    rts              TEXT NOT NULL DEFAULT 'none',
    overload         TEXT NOT NULL DEFAULT 'none',
    infrared         INTEGER NOT NULL DEFAULT 0,
    wake_byte        INTEGER NOT NULL DEFAULT 0,
    wake_ms          INTEGER NOT NULL DEFAULT 0,
    wake_rest_ms     INTEGER NOT NULL DEFAULT 0,
    wake_after_s     INTEGER NOT NULL DEFAULT 0,
    quarantine_after INTEGER NOT NULL DEFAULT 0,
    single_reads     INTEGER NOT NULL DEFAULT 0,
    gateway_id       INTEGER REFERENCES gateway (id)   -- that reads it; NULL: ours
) STRICT;
INSERT INTO line SELECT id, key, name, transport, endpoint, heartbeat, baud, parity, latency_ms, period_s, heartbeat_s,
    rts, overload, infrared, wake_byte, wake_ms, wake_rest_ms, wake_after_s, quarantine_after, single_reads, NULL
FROM line_before;
DROP TABLE line_before;
CREATE UNIQUE INDEX line_endpoint ON line (coalesce(gateway_id, 0), transport, endpoint);
CREATE INDEX line_gateway ON line (gateway_id, id);

-- What ever hung on a gateway, and below which ones it ever was: entries of before a move may still be on their way.
CREATE TABLE gateway_line (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    line_id    INTEGER NOT NULL REFERENCES line (id),
    PRIMARY KEY (gateway_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE gateway_meter (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    device_id  INTEGER NOT NULL REFERENCES device (id),
    PRIMARY KEY (gateway_id, device_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE gateway_way (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    above_id   INTEGER NOT NULL REFERENCES gateway (id),
    PRIMARY KEY (gateway_id, above_id)
) STRICT, WITHOUT ROWID;

-- (Not INSERT OR IGNORE: the conflict clause of the statement that fires a trigger is put in its place.)
CREATE TRIGGER line_new_on_gateway AFTER INSERT ON line WHEN NEW.gateway_id IS NOT NULL
BEGIN INSERT INTO gateway_line (gateway_id, line_id) VALUES (NEW.gateway_id, NEW.id); END;
CREATE TRIGGER line_moved_to_gateway AFTER UPDATE OF gateway_id ON line WHEN NEW.gateway_id IS NOT NULL
BEGIN
    INSERT INTO gateway_line (gateway_id, line_id) SELECT NEW.gateway_id, NEW.id
        WHERE NOT EXISTS (SELECT 1 FROM gateway_line k WHERE k.gateway_id = NEW.gateway_id AND k.line_id = NEW.id);
    INSERT INTO gateway_meter (gateway_id, device_id) SELECT NEW.gateway_id, m.device_id FROM line_member m
        WHERE m.line_id = NEW.id AND NOT EXISTS (
            SELECT 1 FROM gateway_meter k WHERE k.gateway_id = NEW.gateway_id AND k.device_id = m.device_id);
END;
CREATE TRIGGER member_on_gateway AFTER INSERT ON line_member
BEGIN
    INSERT INTO gateway_meter (gateway_id, device_id) SELECT l.gateway_id, NEW.device_id FROM line l
        WHERE l.id = NEW.line_id AND l.gateway_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM gateway_meter k WHERE k.gateway_id = l.gateway_id AND k.device_id = NEW.device_id);
END;
CREATE TRIGGER gateway_new_below AFTER INSERT ON gateway WHEN NEW.parent_id IS NOT NULL
BEGIN INSERT INTO gateway_way (gateway_id, above_id) VALUES (NEW.id, NEW.parent_id); END;
CREATE TRIGGER gateway_moved_below AFTER UPDATE OF parent_id ON gateway WHEN NEW.parent_id IS NOT NULL
BEGIN
    INSERT INTO gateway_way (gateway_id, above_id) SELECT NEW.id, NEW.parent_id
        WHERE NOT EXISTS (SELECT 1 FROM gateway_way k WHERE k.gateway_id = NEW.id AND k.above_id = NEW.parent_id);
END;

-- What is seen of a gateway. config_hash: of the configuration that it should work by, in its version.
CREATE TABLE gateway_status (
    gateway_id      INTEGER PRIMARY KEY REFERENCES gateway (id),
    connected       INTEGER NOT NULL DEFAULT 0,
    clock_doubtful  INTEGER NOT NULL DEFAULT 0,
    last_contact_us INTEGER NOT NULL DEFAULT 0,
    clock_error_us  INTEGER NOT NULL DEFAULT 0,
    queued          INTEGER NOT NULL DEFAULT 0,
    config_version  INTEGER NOT NULL DEFAULT 0,
    config_hash     BLOB,
    applied_version INTEGER NOT NULL DEFAULT 0,
    free_bytes      INTEGER NOT NULL DEFAULT 0,
    software        TEXT NOT NULL DEFAULT '',
    firmware        TEXT NOT NULL DEFAULT '',
    address         TEXT NOT NULL DEFAULT '',
    config_why      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX gateway_status_connected ON gateway_status (gateway_id) WHERE connected <> 0;

-- All numbers of an epoch up to seq are here, or in a gap. It changes in the transaction that stores the entries.
CREATE TABLE gateway_journal (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq > 0),
    chk        INTEGER NOT NULL,                  -- of entry seq, 0: that one is in a gap
    first_us   INTEGER NOT NULL,
    last_us    INTEGER NOT NULL,
    PRIMARY KEY (gateway_id, epoch)
) STRICT, WITHOUT ROWID;

-- Numbers that are not here. gone: the gateway said that it has them no more. Gaps of an epoch do not overlap.
CREATE TABLE gateway_gap (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    epoch      INTEGER NOT NULL,
    first_seq  INTEGER NOT NULL CHECK (first_seq > 0),
    last_seq   INTEGER NOT NULL CHECK (last_seq >= first_seq),
    gone       INTEGER NOT NULL,
    PRIMARY KEY (gateway_id, epoch, first_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX gateway_gap_last ON gateway_gap (gateway_id, epoch, last_seq);
CREATE INDEX gateway_gap_open ON gateway_gap (gateway_id, epoch, first_seq, last_seq) WHERE gone = 0;

-- gateway_id NULL: a stranger. epoch, seq: of the entry that told it; 0: noticed here.
CREATE TABLE gateway_event (
    id         INTEGER PRIMARY KEY,
    gateway_id INTEGER REFERENCES gateway (id),
    line_id    INTEGER REFERENCES line (id),
    at_us      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    value      INTEGER NOT NULL,
    detail     TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL
) STRICT;
CREATE INDEX gateway_event_gateway ON gateway_event (gateway_id, id);
CREATE INDEX gateway_event_noticed ON gateway_event (gateway_id, kind, at_us) WHERE seq = 0;
CREATE UNIQUE INDEX gateway_event_entry ON gateway_event (gateway_id, epoch, seq) WHERE seq <> 0;

CREATE TRIGGER gateway_event_no_update BEFORE UPDATE ON gateway_event
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER gateway_event_no_delete BEFORE DELETE ON gateway_event
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;

-- Entries that are not believed, as they came, with the reason. gateway_id: who brought it; maker_id: who made it, as
-- the entry says (no reference: nothing in it is believed).
CREATE TABLE gateway_refused (
    id         INTEGER PRIMARY KEY,
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    maker_id   INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    rank       INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    doubtful   INTEGER NOT NULL,
    chk        INTEGER NOT NULL,
    body       BLOB NOT NULL,
    why        TEXT NOT NULL
) STRICT;
CREATE INDEX gateway_refused_gateway ON gateway_refused (gateway_id, id);

CREATE TRIGGER gateway_refused_no_update BEFORE UPDATE ON gateway_refused
BEGIN SELECT RAISE (ABORT, 'refused entries are append-only'); END;
CREATE TRIGGER gateway_refused_no_delete BEFORE DELETE ON gateway_refused
BEGIN SELECT RAISE (ABORT, 'refused entries are append-only'); END;

-- Who wants to become a gateway. hash: SHA-256 of the request.
CREATE TABLE enrolment (
    id          INTEGER PRIMARY KEY,
    hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    code        TEXT NOT NULL,
    via_id      INTEGER NOT NULL,
    gateway_id  INTEGER REFERENCES gateway (id),
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused')),
    name        TEXT NOT NULL,
    serial      TEXT NOT NULL,
    software    TEXT NOT NULL,
    address     TEXT NOT NULL,
    why         TEXT NOT NULL DEFAULT '',
    first_us    INTEGER NOT NULL,
    last_us     INTEGER NOT NULL,
    request     BLOB NOT NULL,
    certificate BLOB
) STRICT;
CREATE INDEX enrolment_state ON enrolment (state, last_us);

PRAGMA user_version = 5;
