-- From a place to a reading. Times are UTC microseconds since 1970; texts of media, units, states ... are the
-- identifiers of the program's model. Ids are given by the program, not by the database.

PRAGMA application_id = 1212501575; -- 'HENG', tells our files from others

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where: area, building, unit, household, shop, room.
CREATE TABLE place (
    id        INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,              -- the name in site descriptions
    parent_id INTEGER REFERENCES place (id),
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,
    path      TEXT NOT NULL,                     -- names from the root down, separated by ' / '
    area_cm2  INTEGER NOT NULL CHECK (area_cm2 >= 0)
) STRICT;
CREATE INDEX place_parent ON place (parent_id);

CREATE TABLE line (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    transport  TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    heartbeat  TEXT NOT NULL,
    baud       INTEGER NOT NULL CHECK (baud > 0),
    parity     TEXT NOT NULL CHECK (parity IN ('E', 'N', 'O')),
    latency_ms INTEGER NOT NULL CHECK (latency_ms >= 0),
    period_s   INTEGER NOT NULL CHECK (period_s > 0),
    UNIQUE (transport, endpoint)
) STRICT;

CREATE TABLE device (
    id           INTEGER PRIMARY KEY,
    number       TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    medium       TEXT NOT NULL,
    protocol     TEXT NOT NULL,
    search       TEXT NOT NULL DEFAULT '',       -- number, address and path, for the search box
    UNIQUE (number, manufacturer)
) STRICT;

-- Which device is asked where.
CREATE TABLE line_member (
    device_id INTEGER PRIMARY KEY REFERENCES device (id),
    line_id   INTEGER NOT NULL REFERENCES line (id),
    address   TEXT NOT NULL,
    UNIQUE (line_id, address)
) STRICT;

-- What is measured: it outlives the devices that measure it.
CREATE TABLE point (
    id       INTEGER PRIMARY KEY,
    place_id INTEGER NOT NULL REFERENCES place (id),
    medium   TEXT NOT NULL
) STRICT;
CREATE INDEX point_place ON point (place_id);

-- Which device served a point from when to when; until_us NULL: it still does.
CREATE TABLE installation (
    id        INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES device (id),
    point_id  INTEGER NOT NULL REFERENCES point (id),
    from_us   INTEGER NOT NULL,
    until_us  INTEGER
) STRICT;
CREATE UNIQUE INDEX installation_now ON installation (device_id) WHERE until_us IS NULL;
CREATE INDEX installation_point ON installation (point_id);

-- The kinds of values of a device, met at its first read.
CREATE TABLE register (
    id        INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES device (id),
    quantity  TEXT NOT NULL,
    unit      TEXT NOT NULL,
    function  TEXT NOT NULL,
    storage   INTEGER NOT NULL,
    tariff    INTEGER NOT NULL,
    subunit   INTEGER NOT NULL,
    qualifier TEXT NOT NULL,
    UNIQUE (device_id, quantity, unit, function, storage, tariff, subunit, qualifier)
) STRICT;

-- Raw bytes as they came, for ever as they came.
CREATE TABLE frame (
    id        INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES device (id),
    at_us     INTEGER NOT NULL,
    protocol  TEXT NOT NULL,
    bytes     BLOB NOT NULL
) STRICT;
CREATE INDEX frame_device ON frame (device_id, id);

CREATE TRIGGER frame_no_update BEFORE UPDATE ON frame
BEGIN SELECT RAISE (ABORT, 'frames are append-only'); END;
CREATE TRIGGER frame_no_delete BEFORE DELETE ON frame
BEGIN SELECT RAISE (ABORT, 'frames are append-only'); END;

-- One row is one read of one meter. packed: its values, src/store/pack.c draws the layout.
-- Its frames have the ids first_frame .. first_frame + frame_count - 1.
CREATE TABLE reading (
    device_id   INTEGER NOT NULL REFERENCES device (id),
    at_us       INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    quality     INTEGER NOT NULL,
    first_frame INTEGER NOT NULL,
    frame_count INTEGER NOT NULL,
    packed      BLOB NOT NULL,
    PRIMARY KEY (device_id, at_us, source)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reading_no_update BEFORE UPDATE ON reading
BEGIN SELECT RAISE (ABORT, 'readings are append-only'); END;
CREATE TRIGGER reading_no_delete BEFORE DELETE ON reading
BEGIN SELECT RAISE (ABORT, 'readings are append-only'); END;

-- A reading that came again under the same key with other values.
CREATE TABLE reading_conflict (
    device_id   INTEGER NOT NULL REFERENCES device (id),
    at_us       INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    quality     INTEGER NOT NULL,
    first_frame INTEGER NOT NULL,
    frame_count INTEGER NOT NULL,
    packed      BLOB NOT NULL,
    PRIMARY KEY (device_id, at_us, source, packed)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reading_conflict_no_update BEFORE UPDATE ON reading_conflict
BEGIN SELECT RAISE (ABORT, 'readings are append-only'); END;
CREATE TRIGGER reading_conflict_no_delete BEFORE DELETE ON reading_conflict
BEGIN SELECT RAISE (ABORT, 'readings are append-only'); END;

-- How it stands with a device: derived, for quick answers. 0 stands for never.
CREATE TABLE device_state (
    device_id    INTEGER PRIMARY KEY REFERENCES device (id),
    state        TEXT NOT NULL,
    last_try_us  INTEGER NOT NULL,
    last_outcome TEXT NOT NULL,
    last_read_us INTEGER NOT NULL,
    last_source  INTEGER NOT NULL,
    misses       INTEGER NOT NULL,
    reads        INTEGER NOT NULL
) STRICT;
CREATE INDEX device_state_newest ON device_state (last_read_us);

CREATE TABLE line_state (
    line_id        INTEGER PRIMARY KEY REFERENCES line (id),
    state          TEXT NOT NULL,
    since_us       INTEGER NOT NULL,
    detail         TEXT NOT NULL,
    last_answer_us INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    answers        INTEGER NOT NULL,
    silence        INTEGER NOT NULL,
    noise          INTEGER NOT NULL,
    checksum       INTEGER NOT NULL,
    format         INTEGER NOT NULL,
    "foreign"      INTEGER NOT NULL,
    echo           INTEGER NOT NULL,
    refused        INTEGER NOT NULL,
    reads_ok       INTEGER NOT NULL,
    reads_failed   INTEGER NOT NULL,
    bytes_out      INTEGER NOT NULL,
    bytes_in       INTEGER NOT NULL
) STRICT;

CREATE TABLE line_event (
    id      INTEGER PRIMARY KEY,
    line_id INTEGER NOT NULL REFERENCES line (id),
    at_us   INTEGER NOT NULL,
    state   TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX line_event_line ON line_event (line_id, id);

PRAGMA user_version = 1;
