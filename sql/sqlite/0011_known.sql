-- What estimates go by beside a channel's own days. check_id: the point (metered, or a sum of others) that measures
-- exactly the same as this one a second time.
-- computed: 1 when the degree days come from the mean temperature by the site's base, 0 when they were told.
ALTER TABLE point ADD COLUMN check_id INTEGER REFERENCES point (id);
ALTER TABLE weather ADD COLUMN computed INTEGER NOT NULL DEFAULT 0;

-- Standard profiles (src/usage/profile.h), as text; a version never changes.
CREATE TABLE usage_profile (
    version    INTEGER PRIMARY KEY,
    medium     TEXT NOT NULL,
    group_name TEXT NOT NULL,                    -- '' for all of the medium
    from_day   INTEGER NOT NULL,
    text       TEXT NOT NULL
) STRICT;
CREATE INDEX usage_profile_for ON usage_profile (medium, group_name, from_day);

PRAGMA user_version = 11;
