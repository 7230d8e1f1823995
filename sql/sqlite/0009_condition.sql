-- What a meter said of itself in the frames of a reading, bits of src/model/condition.h. Read out of the frames when they
-- come, so that usage of ten years is derived without decoding them again; readings of meters that are well have none.
-- Readings that contradict each other under one key say what all of them say.
CREATE TABLE reading_condition (
    device_id  INTEGER NOT NULL REFERENCES device (id),
    at_us      INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    conditions INTEGER NOT NULL CHECK (conditions > 0),
    PRIMARY KEY (device_id, at_us, source)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 9;
