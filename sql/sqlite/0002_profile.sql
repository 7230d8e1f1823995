-- The model of a meter, as the site's description names it (profiles/*.json); '' for none: the meter says who it is.
ALTER TABLE device ADD COLUMN profile TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 2;
