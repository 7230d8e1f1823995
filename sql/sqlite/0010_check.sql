-- Which days are to be looked at by the rules that need more than one channel (src/usage/check.h), both included. What
-- such a run says is replaced as a whole, so it depends on what was derived and not on what came first.
CREATE TABLE check_due (
    point_id INTEGER PRIMARY KEY REFERENCES point (id),
    from_day INTEGER NOT NULL,
    to_day   INTEGER NOT NULL
) STRICT;

-- The same of points beside each other: those of a medium in a building.
CREATE TABLE check_group_due (
    place_id INTEGER NOT NULL REFERENCES place (id),
    medium   TEXT NOT NULL,
    from_day INTEGER NOT NULL,
    to_day   INTEGER NOT NULL,
    PRIMARY KEY (place_id, medium)
) STRICT, WITHOUT ROWID;

CREATE INDEX reading_doubt_came ON reading_doubt (came_us, device_id);

PRAGMA user_version = 10;
