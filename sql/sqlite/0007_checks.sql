-- What every number of a journal says, so that a box whose disk was put back, or that was cloned, is found out at any
-- number, by whichever way its entries come: 64 checks to a row, 8 bytes each, low byte first, 0: nothing is known of it.
CREATE TABLE gateway_check (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    epoch      INTEGER NOT NULL,
    part       INTEGER NOT NULL,                  -- numbers 64 * part + 1 and so on
    checks     BLOB NOT NULL CHECK (length(checks) = 512),
    PRIMARY KEY (gateway_id, epoch, part)
) STRICT, WITHOUT ROWID;

-- Epochs that tell a history in part once more: number n of epoch is number n + base of of_epoch, up to where they part.
-- kept_apart: no epoch of the box, but what came under numbers of of_epoch that were known to say something else.
CREATE TABLE gateway_branch (
    gateway_id INTEGER NOT NULL REFERENCES gateway (id),
    epoch      INTEGER NOT NULL,
    of_epoch   INTEGER NOT NULL,
    base       INTEGER NOT NULL,
    kept_apart INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway_id, of_epoch, epoch)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 7;
