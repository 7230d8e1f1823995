-- The number of the one meter that a hint is about, for who tells it in another language; '' when it is about several.
ALTER TABLE line_state ADD COLUMN hint_meter TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 4;
