-- name: begin_write
-- engine: sqlite
BEGIN IMMEDIATE;
-- engine: postgres
BEGIN;

-- name: begin_read
-- engine: sqlite
BEGIN;
-- engine: postgres
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: savepoint
SAVEPOINT part;

-- name: savepoint_back
ROLLBACK TO part;

-- name: savepoint_end
RELEASE part;

-- name: application_id
-- engine: sqlite
PRAGMA application_id;
-- engine: postgres
-- 'HENG', 0: nothing is there, -1: somebody else is.
SELECT CASE WHEN to_regclass('heng_schema') IS NOT NULL THEN 1212501575
            WHEN EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()::text)) THEN -1
            ELSE 0 END;

-- name: user_version
-- engine: sqlite
PRAGMA user_version;
-- engine: postgres
SELECT version FROM heng_schema;

-- name: set_wal
-- engine: sqlite
PRAGMA journal_mode = WAL;

-- name: set_full
-- engine: sqlite
-- NORMAL loses acknowledged commits at a power cut.
PRAGMA synchronous = FULL;

-- name: set_foreign_keys
-- engine: sqlite
PRAGMA foreign_keys = ON;

-- name: set_untrusted_schema
-- engine: sqlite
PRAGMA trusted_schema = OFF;

-- name: set_cell_check
-- engine: sqlite
PRAGMA cell_size_check = ON;

-- name: set_query_only
-- engine: sqlite
PRAGMA query_only = ON;

-- name: set_journal_limit
-- engine: sqlite
PRAGMA journal_size_limit = 67108864;

-- name: server_safe
-- engine: postgres
SELECT current_setting('fsync') = 'on';

-- name: writer_lock
-- Held as long as the connection is: 'HENG', and the schema, as several may live in one database.
-- engine: postgres
SELECT pg_advisory_lock(1212501575, hashtext(coalesce(current_schema(), '')));

-- name: fence_take
-- engine: postgres
UPDATE heng_schema SET fence = fence + 1 RETURNING fence;

-- name: fence_hold
-- engine: postgres
SELECT fence FROM heng_schema WHERE fence = ?1 FOR SHARE;

-- name: check_later
-- References of a table to itself are checked when all of it is there.
-- engine: sqlite
PRAGMA defer_foreign_keys = ON;
-- engine: postgres
SET CONSTRAINTS ALL DEFERRED;

-- name: check_now
-- engine: postgres
SET CONSTRAINTS ALL IMMEDIATE;
