-- name: begin_write
BEGIN IMMEDIATE;

-- name: begin_read
BEGIN;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: application_id
PRAGMA application_id;

-- name: user_version
PRAGMA user_version;

-- name: set_wal
PRAGMA journal_mode = WAL;

-- name: set_full
-- NORMAL loses acknowledged commits at a power cut.
PRAGMA synchronous = FULL;

-- name: set_foreign_keys
PRAGMA foreign_keys = ON;

-- name: set_untrusted_schema
PRAGMA trusted_schema = OFF;

-- name: set_cell_check
PRAGMA cell_size_check = ON;

-- name: set_query_only
PRAGMA query_only = ON;

-- name: set_journal_limit
PRAGMA journal_size_limit = 67108864;
