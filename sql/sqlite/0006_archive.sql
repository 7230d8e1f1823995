-- From readings to usage: who manages what, metering points and their channels, what happened to them, what was used,
-- what the rules said. Decimals are texts ("12.50"), '' for none, unless a column says otherwise. Days are local days of
-- the site, as days since 1970.

-- Who manages places. Places without one belong to the operator of the system, who sees everything.
CREATE TABLE org (
    id        INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    closed_us INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE place ADD COLUMN org_id      INTEGER REFERENCES org (id); -- manages it and what is below; NULL: as above
ALTER TABLE place ADD COLUMN managed_by  INTEGER NOT NULL DEFAULT 0;  -- derived: the org that this comes to, 0: operator
ALTER TABLE place ADD COLUMN floor       INTEGER;                     -- NULL: not known
ALTER TABLE place ADD COLUMN position    TEXT NOT NULL DEFAULT '';    -- in the building: 'corner', 'top', 'ground' ...
ALTER TABLE place ADD COLUMN orientation TEXT NOT NULL DEFAULT '';    -- 'S', 'NE' ...
ALTER TABLE place ADD COLUMN rank        INTEGER NOT NULL DEFAULT 0;  -- order among siblings
ALTER TABLE place ADD COLUMN note        TEXT NOT NULL DEFAULT '';
ALTER TABLE place ADD COLUMN closed_us   INTEGER NOT NULL DEFAULT 0;  -- 0: open
CREATE INDEX place_managed_by ON place (managed_by, id);

-- The words of a place's own name and key, for the search box: what is typed matches the beginning of a word.
CREATE TABLE place_word (
    word     TEXT NOT NULL,
    place_id INTEGER NOT NULL REFERENCES place (id),
    PRIMARY KEY (word, place_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_word_place ON place_word (place_id, word);
CREATE INDEX place_named ON place (parent_id, name);

ALTER TABLE line    ADD COLUMN org_id INTEGER REFERENCES org (id);
ALTER TABLE gateway ADD COLUMN org_id INTEGER REFERENCES org (id);

-- A metering point. main_id: the point whose meter measures it and others together (balance). kind: 'metered', or
-- 'virtual': a sum of others (point_term). serves: 'household', 'shop', 'common', 'building', 'station', 'source', 'check'.
ALTER TABLE point ADD COLUMN key        TEXT;
ALTER TABLE point ADD COLUMN name       TEXT NOT NULL DEFAULT '';
ALTER TABLE point ADD COLUMN kind       TEXT NOT NULL DEFAULT 'metered' CHECK (kind IN ('metered', 'virtual'));
ALTER TABLE point ADD COLUMN serves     TEXT NOT NULL DEFAULT 'household';
ALTER TABLE point ADD COLUMN main_id    INTEGER REFERENCES point (id);
ALTER TABLE point ADD COLUMN group_name TEXT NOT NULL DEFAULT '';    -- which rules: '' those of its medium
ALTER TABLE point ADD COLUMN nominal    TEXT NOT NULL DEFAULT '';    -- size of the meter as on its plate: 'DN20', '2.5 m3/h', '5(60) A'
ALTER TABLE point ADD COLUMN opened_us  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE point ADD COLUMN closed_us  INTEGER NOT NULL DEFAULT 0;  -- 0: open
CREATE UNIQUE INDEX point_key ON point (key) WHERE key IS NOT NULL;
CREATE INDEX point_main ON point (main_id) WHERE main_id IS NOT NULL;

-- A virtual point is the sum of factor_num / factor_den x the usage of others.
CREATE TABLE point_term (
    point_id   INTEGER NOT NULL REFERENCES point (id),
    of_id      INTEGER NOT NULL REFERENCES point (id),
    factor_num INTEGER NOT NULL,
    factor_den INTEGER NOT NULL CHECK (factor_den > 0),
    PRIMARY KEY (point_id, of_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX point_term_of ON point_term (of_id);

-- What is counted at a point. Registers of its device with this quantity, tariff and qualifier belong to it. Usage is a
-- multiple of 10^exp of unit, in intervals of so many minutes (1440: the whole day). max_per_hour: in unit.
CREATE TABLE channel (
    id               INTEGER PRIMARY KEY,
    point_id         INTEGER NOT NULL REFERENCES point (id),
    quantity         TEXT NOT NULL,
    tariff           INTEGER NOT NULL DEFAULT 0,
    qualifier        TEXT NOT NULL DEFAULT '',
    unit             TEXT NOT NULL,
    exp              INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL CHECK (interval_minutes > 0),
    max_per_hour     TEXT NOT NULL DEFAULT '',
    main             INTEGER NOT NULL,           -- the one that is billed
    UNIQUE (point_id, quantity, tariff, qualifier)
) STRICT;

-- What happened at a point, by hand or noticed; never changed. An event that undoes another names it; neither counts
-- then. channel_id NULL: of all channels of the point, or of its device. Which columns a kind uses: src/usage/events.h.
CREATE TABLE point_event (
    id          INTEGER PRIMARY KEY,
    point_id    INTEGER NOT NULL REFERENCES point (id),
    channel_id  INTEGER REFERENCES channel (id),
    kind        TEXT NOT NULL,
    at_us       INTEGER NOT NULL,
    until_us    INTEGER NOT NULL DEFAULT 0,
    recorded_us INTEGER NOT NULL,
    device_id   INTEGER REFERENCES device (id),
    other_point INTEGER REFERENCES point (id),   -- moved from or to
    before      TEXT NOT NULL DEFAULT '',
    after       TEXT NOT NULL DEFAULT '',
    factor_num  INTEGER NOT NULL DEFAULT 0,      -- multiplier, 0: not said
    factor_den  INTEGER NOT NULL DEFAULT 0,
    digits      INTEGER NOT NULL DEFAULT 0,      -- before the point, 0: not said
    unit        TEXT NOT NULL DEFAULT '',
    reading_at  INTEGER NOT NULL DEFAULT 0,      -- with reading_source: the reading that is accepted or rejected
    reading_source INTEGER NOT NULL DEFAULT 0,
    undoes      INTEGER UNIQUE REFERENCES point_event (id),
    who         TEXT NOT NULL,
    second      TEXT NOT NULL DEFAULT '',        -- person who agreed, where one has to
    reason      TEXT NOT NULL,
    photo       BLOB
) STRICT;
CREATE INDEX point_event_point ON point_event (point_id, at_us, id);
CREATE INDEX point_event_device ON point_event (device_id, at_us) WHERE device_id IS NOT NULL;
CREATE TRIGGER point_event_no_update BEFORE UPDATE ON point_event
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER point_event_no_delete BEFORE DELETE ON point_event
BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;

-- What a device says or said of itself: from when to when it was at which point.
ALTER TABLE installation ADD COLUMN factor_num INTEGER NOT NULL DEFAULT 1;
ALTER TABLE installation ADD COLUMN factor_den INTEGER NOT NULL DEFAULT 1;
ALTER TABLE installation ADD COLUMN digits     INTEGER NOT NULL DEFAULT 0;
CREATE INDEX installation_device ON installation (device_id, from_us);

-- Derived: what a channel used on a day. packed: its intervals (src/store/usage_pack.c). Amounts are multiples of 10^exp.
CREATE TABLE usage_day (
    channel_id INTEGER NOT NULL REFERENCES channel (id),
    day        INTEGER NOT NULL,
    exp        INTEGER NOT NULL,
    amount     INTEGER NOT NULL,
    trust      INTEGER NOT NULL,
    method     INTEGER NOT NULL,
    permille   INTEGER NOT NULL,
    intervals  INTEGER NOT NULL,
    missing    INTEGER NOT NULL,
    flags      INTEGER NOT NULL,
    packed     BLOB NOT NULL,
    PRIMARY KEY (channel_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_day_flags ON usage_day (day, channel_id) WHERE flags <> 0;

-- State of the fold at the beginning of a day (src/vee/derive.h), to go on from there.
CREATE TABLE usage_checkpoint (
    channel_id INTEGER NOT NULL REFERENCES channel (id),
    day        INTEGER NOT NULL,
    state      BLOB NOT NULL,
    PRIMARY KEY (channel_id, day)
) STRICT, WITHOUT ROWID;

-- From when to when facts changed of which the usage of a channel is made. Written in the transaction that stores what touched it.
CREATE TABLE usage_due (
    channel_id INTEGER PRIMARY KEY REFERENCES channel (id),
    from_us    INTEGER NOT NULL,
    to_us      INTEGER NOT NULL                  -- of the newest that touched it
) STRICT;

-- Values for days of which some intervals were not measured (src/vee/estimate.h), columns as in usage_day. They go with
-- the first change of the day, and never take the place of what was measured.
CREATE TABLE usage_estimate (
    channel_id INTEGER NOT NULL REFERENCES channel (id),
    day        INTEGER NOT NULL,
    exp        INTEGER NOT NULL,
    amount     INTEGER NOT NULL,
    trust      INTEGER NOT NULL,
    method     INTEGER NOT NULL,
    permille   INTEGER NOT NULL,
    intervals  INTEGER NOT NULL,
    missing    INTEGER NOT NULL,
    flags      INTEGER NOT NULL,
    packed     BLOB NOT NULL,
    PRIMARY KEY (channel_id, day)
) STRICT, WITHOUT ROWID;

-- A reading that is kept beside, for what was wrong with it when it came: dated tomorrow, or before there was anything
-- to read. Verdicts of the others are derived; this one needs the moment at which it came.
CREATE TABLE reading_doubt (
    device_id  INTEGER NOT NULL REFERENCES device (id),
    at_us      INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    severity   TEXT NOT NULL,
    came_us    INTEGER NOT NULL,
    seen       TEXT NOT NULL,
    low        TEXT NOT NULL,
    high       TEXT NOT NULL,
    reference  TEXT NOT NULL,
    PRIMARY KEY (device_id, at_us, source, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX reading_due ON reading (device_id, due_us) WHERE due_us <> 0;

-- What the rules said of a day. Derived: replaced with the day. nr: 1000 x place (src/vee/derive.h) + count.
CREATE TABLE verdict (
    channel_id INTEGER NOT NULL REFERENCES channel (id),
    day        INTEGER NOT NULL,
    nr         INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    severity   TEXT NOT NULL,
    from_us    INTEGER NOT NULL,
    to_us      INTEGER NOT NULL,
    seen       TEXT NOT NULL,
    low        TEXT NOT NULL,
    high       TEXT NOT NULL,
    reference  TEXT NOT NULL,
    PRIMARY KEY (channel_id, day, nr)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_open ON verdict (severity, day, channel_id) WHERE severity <> 'told';

-- What a person decided about a verdict; the last one for channel, rule and stretch counts.
CREATE TABLE verdict_answer (
    id          INTEGER PRIMARY KEY,
    channel_id  INTEGER NOT NULL REFERENCES channel (id),
    rule        INTEGER NOT NULL,
    from_day    INTEGER NOT NULL,
    to_day      INTEGER NOT NULL,                -- inclusive
    answer      TEXT NOT NULL CHECK (answer IN ('right', 'wrong', 'order', 'open')),
    recorded_us INTEGER NOT NULL,
    who         TEXT NOT NULL,
    reason      TEXT NOT NULL
) STRICT;
CREATE INDEX verdict_answer_channel ON verdict_answer (channel_id, from_day);

-- Rules (vee/rules.h) and calendars of tariff periods (vee/tou.h), as text; a version never changes.
CREATE TABLE rule_set (
    version    INTEGER PRIMARY KEY,
    medium     TEXT NOT NULL,
    group_name TEXT NOT NULL,                    -- '' for all of the medium
    from_day   INTEGER NOT NULL,
    text       TEXT NOT NULL
) STRICT;
CREATE INDEX rule_set_for ON rule_set (medium, group_name, from_day);
CREATE TABLE calendar (
    key      TEXT NOT NULL,
    version  INTEGER NOT NULL,
    from_day INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

-- Degree days (tenths of a kelvin day) and mean outdoor temperature (tenths of a degree) of a weather station.
CREATE TABLE weather (
    station      TEXT NOT NULL,
    day          INTEGER NOT NULL,
    degree_dk    INTEGER NOT NULL,
    outdoor_dc   INTEGER NOT NULL,
    PRIMARY KEY (station, day)
) STRICT, WITHOUT ROWID;

-- How the reading of a device went on a day (of the time of the try). planned: rounds in which it was due; first: it
-- answered in the first try of a round; answered: rounds with an answer; reason: the last outcome that was not ok.
CREATE TABLE read_day (
    device_id INTEGER NOT NULL REFERENCES device (id),
    day       INTEGER NOT NULL,
    line_id   INTEGER NOT NULL,
    planned   INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    answered  INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (day, device_id)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 6;
