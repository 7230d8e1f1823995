-- Schedules, relays, what is learned of a meter, orders and searches, and what an operator sees of a line.

-- When a group of meters is read (model/schedule.h). Lists are texts: minutes '360,1080', windows '0-360,1320-60'.
CREATE TABLE schedule (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    period_s     INTEGER NOT NULL CHECK (period_s >= 0),
    days         INTEGER NOT NULL,
    due_days     INTEGER NOT NULL,
    spread_s     INTEGER NOT NULL CHECK (spread_s >= 0),
    due_minute   INTEGER NOT NULL,
    times        TEXT NOT NULL,
    read_windows TEXT NOT NULL,
    power_off    TEXT NOT NULL
) STRICT;

-- A collector or repeater between a line and some of its meters.
CREATE TABLE relay (
    id          INTEGER PRIMARY KEY,
    line_id     INTEGER NOT NULL REFERENCES line (id),
    name        TEXT NOT NULL,
    parent_id   INTEGER REFERENCES relay (id),
    stores      INTEGER NOT NULL,
    delay_ms    INTEGER NOT NULL CHECK (delay_ms >= 0),
    hold_ms     INTEGER NOT NULL CHECK (hold_ms >= 0),
    open        BLOB NOT NULL,
    open_answer BLOB NOT NULL,
    UNIQUE (line_id, name)
) STRICT;

ALTER TABLE line ADD COLUMN heartbeat_s      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN rts              TEXT NOT NULL DEFAULT 'none';
ALTER TABLE line ADD COLUMN overload         TEXT NOT NULL DEFAULT 'none';
ALTER TABLE line ADD COLUMN infrared         INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN wake_byte        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN wake_ms          INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN wake_rest_ms     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN wake_after_s     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN quarantine_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN single_reads     INTEGER NOT NULL DEFAULT 0;

ALTER TABLE line_member ADD COLUMN schedule_id INTEGER REFERENCES schedule (id);
ALTER TABLE line_member ADD COLUMN relay_id    INTEGER REFERENCES relay (id);
ALTER TABLE line_member ADD COLUMN position    INTEGER NOT NULL DEFAULT 0;

-- 'silent' is called what operators call it.
UPDATE line_state SET state = 'no-load' WHERE state = 'silent';
UPDATE line_event SET state = 'no-load' WHERE state = 'silent';
ALTER TABLE line_state ADD COLUMN framing     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN collision   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN late        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN doubted     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN health      INTEGER NOT NULL DEFAULT 100;
ALTER TABLE line_state ADD COLUMN queued      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN cycle_us    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN dead_us     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN hint_kind   TEXT NOT NULL DEFAULT 'none';
ALTER TABLE line_state ADD COLUMN hint_from   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN hint_to     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE line_state ADD COLUMN hint        TEXT NOT NULL DEFAULT '';

-- struct heng_learned (model/line.h), kept so that a restart asks as well as before.
ALTER TABLE device_state ADD COLUMN answer_us     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN spread_us     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN answers       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN silences      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN due_done_us   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN ser           INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_state ADD COLUMN quarantined   INTEGER NOT NULL DEFAULT 0;

-- due_us: the due date whose frozen values these are, 0: values of now. partial: what an order asked for (a state, a
-- clock, history) and not all that the meter is usually asked.
ALTER TABLE reading ADD COLUMN due_us  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reading ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reading_conflict ADD COLUMN due_us  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reading_conflict ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;

-- An order for one meter, or for all of a line at once (device_id NULL: a broadcast). Stored before it is sent, never
-- with its secrets, and never removed. Times of stages that were not reached are 0.
CREATE TABLE command (
    id           INTEGER PRIMARY KEY,
    line_id      INTEGER NOT NULL REFERENCES line (id),
    device_id    INTEGER REFERENCES device (id),
    protocol     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    back         INTEGER NOT NULL,
    baud         INTEGER NOT NULL,
    address      TEXT NOT NULL,
    key          TEXT UNIQUE,                    -- of who asked: the same wish twice is one command
    stage        TEXT NOT NULL,
    requested_us INTEGER NOT NULL,
    expires_us   INTEGER NOT NULL,
    sent_us      INTEGER NOT NULL DEFAULT 0,
    accepted_us  INTEGER NOT NULL DEFAULT 0,
    ended_us     INTEGER NOT NULL DEFAULT 0,
    outcome      TEXT NOT NULL DEFAULT '',
    why          TEXT NOT NULL DEFAULT '',
    first_frame  INTEGER NOT NULL DEFAULT 0,     -- the frames that prove it
    frame_count  INTEGER NOT NULL DEFAULT 0,
    reading_us   INTEGER NOT NULL DEFAULT 0      -- at of the reading that it brought, 0: none
) STRICT;
CREATE INDEX command_device ON command (device_id, id);
CREATE INDEX command_line ON command (line_id, id);
CREATE INDEX command_open ON command (id) WHERE ended_us = 0;

CREATE TRIGGER command_no_delete BEFORE DELETE ON command
BEGIN SELECT RAISE (ABORT, 'commands are kept'); END;

-- The last search of a kind on a line, and where to go on.
CREATE TABLE search (
    line_id    INTEGER NOT NULL REFERENCES line (id),
    kind       TEXT NOT NULL,
    known_only INTEGER NOT NULL,
    running    INTEGER NOT NULL,
    ended      INTEGER NOT NULL,                 -- to its end, not only stopped
    started_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    place      TEXT NOT NULL DEFAULT '',
    requests   INTEGER NOT NULL DEFAULT 0,
    selects    INTEGER NOT NULL DEFAULT 0,
    found      INTEGER NOT NULL DEFAULT 0,
    known      INTEGER NOT NULL DEFAULT 0,
    missing    INTEGER NOT NULL DEFAULT 0,
    collisions INTEGER NOT NULL DEFAULT 0,
    permille   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (line_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_found (
    id           INTEGER PRIMARY KEY,
    line_id      INTEGER NOT NULL REFERENCES line (id),
    kind         TEXT NOT NULL,
    at_us        INTEGER NOT NULL,
    protocol     TEXT NOT NULL,
    medium       TEXT NOT NULL,
    address      TEXT NOT NULL,
    number       TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    primary_address INTEGER NOT NULL,            -- M-Bus: what its answer says, -1: nothing
    known        INTEGER NOT NULL,
    twin         INTEGER NOT NULL
) STRICT;
CREATE INDEX search_found_line ON search_found (line_id, kind, id);

PRAGMA user_version = 3;
