/* The engine of one file: SQLite. */
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUSY_TIMEOUT_MS = 5000 };

/* What a code of SQLite means for the operator: the part after "database 'path': ". */
struct meaning {
    int code;
    heng_rc rc;
    const char *text;
};

static const struct meaning meanings[] = {
    {SQLITE_FULL, HENG_ELIMIT, "the disk is full: free some space; nothing was stored"},
    {SQLITE_IOERR, HENG_EIO, "reading or writing the disk failed: check the disk and the system log, then restart"},
    {SQLITE_CORRUPT, HENG_EFORMAT, "the file is damaged: stop, keep a copy of it, and restore the last backup"},
    {SQLITE_NOTADB, HENG_EFORMAT, "this is not a database file: check the path"},
    {SQLITE_CANTOPEN, HENG_EIO, "cannot be opened: check that file and directory exist and may be written"},
    {SQLITE_READONLY, HENG_EDENIED, "may not be written: check the rights of file and directory"},
    {SQLITE_PERM, HENG_EDENIED, "access is denied: check the rights of file and directory"},
    {SQLITE_AUTH, HENG_EDENIED, "access is denied: check the rights of file and directory"},
    {SQLITE_BUSY, HENG_EBUSY, "is locked by another program: close it and try again"},
    {SQLITE_LOCKED, HENG_EBUSY, "is locked by another program: close it and try again"},
    {SQLITE_NOMEM, HENG_ENOMEM, "out of memory"},
    {SQLITE_TOOBIG, HENG_ELIMIT, "a value is too long"},
    {SQLITE_CONSTRAINT, HENG_ECONFLICT, "a rule of the schema is broken"},
};

/* The sentence for a failed call, by its extended result code; returns the rc that fits. */
static heng_rc fail(struct heng_db *db, const char *what, struct heng_err *err)
{
    int code = sqlite3_extended_errcode(db->handle);
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const struct meaning *m = &meanings[i];
        if (m->code != (code & 0xFF)) continue;
        /* After a failed sync nobody knows what is on the disk: only a new start reads it back. */
        if (m->code == SQLITE_IOERR) db->broken = true;
        if (m->code == SQLITE_CONSTRAINT) return heng_fail(err, m->rc, 0, "%s: %s", what, sqlite3_errmsg(db->handle));
        return heng_fail(err, m->rc, 0, "database '%s': %s (%s, code %d)", db->path, m->text, what, code);
    }
    return heng_fail(err, HENG_EBUG, 0, "database '%s': %s: %s (code %d)", db->path, what, sqlite3_errmsg(db->handle),
                     code);
}

static void sqlite_close(struct heng_db *db)
{
    for (size_t i = 0; i < HENG_SQL_COUNT; i++) sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
}

static int take_number(void *ret, int count, char **values, char **names)
{
    int64_t *number = ret;
    (void)names;
    if (*number == 0 && count > 0 && values[0]) *number = strtoll(values[0], NULL, 10);
    return 0;
}

static heng_rc sqlite_exec(struct heng_db *db, const char *what, const char *text, int64_t *ret, struct heng_err *err)
{
    return sqlite3_exec(db->handle, text, take_number, ret, NULL) == SQLITE_OK ? HENG_OK : fail(db, what, err);
}

static bool sqlite_busy(struct heng_db *db) { return !sqlite3_get_autocommit(db->handle); }

static void sqlite_begin(struct heng_query *q)
{
    sqlite3_stmt **slot = &q->db->statements[q->sql];
    const char *text = heng_db_sql_text(q->db, q->sql);
    if (!*slot)
        q->code =
            text ? sqlite3_prepare_v3(q->db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) : SQLITE_MISUSE;
    q->statement = *slot;
}

static void bind_null(struct heng_query *q) { q->code = sqlite3_bind_null(q->statement, q->bound); }

static void bind_int(struct heng_query *q, int64_t value)
{
    q->code = sqlite3_bind_int64(q->statement, q->bound, value);
}

static void bind_text(struct heng_query *q, const char *text)
{
    q->code = sqlite3_bind_text(q->statement, q->bound, text, -1, SQLITE_STATIC);
}

static void bind_blob(struct heng_query *q, struct heng_slice bytes)
{
    q->code = bytes.n ? sqlite3_bind_blob64(q->statement, q->bound, bytes.p, bytes.n, SQLITE_STATIC)
                      : sqlite3_bind_zeroblob(q->statement, q->bound, 0);
}

static heng_rc step(struct heng_query *q, struct heng_err *err)
{
    if (q->code == SQLITE_OK && q->db->broken)
        return heng_fail(err, HENG_EIO, 0, "database '%s': the disk failed before: restart", q->db->path);
    int code = q->code == SQLITE_OK ? sqlite3_step(q->statement) : q->code;
    if (code == SQLITE_ROW) return HENG_OK;
    if (code == SQLITE_DONE) return HENG_ENOTFOUND;
    return fail(q->db, heng_db_sql_name(q->sql), err);
}

static bool is_null(const struct heng_query *q) { return sqlite3_column_type(q->statement, q->column) == SQLITE_NULL; }

static int64_t get_int(const struct heng_query *q) { return sqlite3_column_int64(q->statement, q->column); }

static struct heng_slice get_text(const struct heng_query *q)
{
    const unsigned char *text = sqlite3_column_text(q->statement, q->column);
    int n = sqlite3_column_bytes(q->statement, q->column);
    return heng_slice_of(text, text && n > 0 ? (size_t)n : 0);
}

static struct heng_slice get_blob(const struct heng_query *q)
{
    const void *bytes = sqlite3_column_blob(q->statement, q->column);
    int n = sqlite3_column_bytes(q->statement, q->column);
    return heng_slice_of(bytes, bytes && n > 0 ? (size_t)n : 0);
}

static void end(struct heng_query *q)
{
    if (!q->statement) return;
    sqlite3_reset(q->statement); /* repeats the error of the last step, which was reported there */
    sqlite3_clear_bindings(q->statement);
    q->statement = NULL;
}

static const struct heng_db_engine sqlite_engine = {
    .close = sqlite_close,
    .exec = sqlite_exec,
    .busy = sqlite_busy,
    .begin = sqlite_begin,
    .bind_null = bind_null,
    .bind_int = bind_int,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .step = step,
    .is_null = is_null,
    .get_int = get_int,
    .get_text = get_text,
    .get_blob = get_blob,
    .end = end,
};

heng_rc heng_db_open(struct heng_db *db, const char *path, const char *vfs, int flags, struct heng_err *err)
{
    db->engine = &sqlite_engine;
    snprintf(db->path, sizeof db->path, "%s", path);
    if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) != SQLITE_OK) {
        if (!db->handle) return heng_fail(err, HENG_ENOMEM, 0, "database '%s': out of memory", path);
        heng_rc rc = fail(db, "open", err);
        heng_db_close(db);
        return rc;
    }
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return HENG_OK;
}
