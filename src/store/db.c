#include "store/db.h"

#include <stdio.h>

#define X(symbol, name, text) text,
static const char *const sql_texts[] = {HENG_SQL_LIST(X)};
#undef X
#define X(symbol, name, text) name,
static const char *const sql_names[] = {HENG_SQL_LIST(X)};
#undef X

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

heng_rc heng_db_fail(struct heng_db *db, const char *what, struct heng_err *err)
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

heng_rc heng_db_open(struct heng_db *db, const char *path, const char *vfs, int flags, struct heng_err *err)
{
    snprintf(db->path, sizeof db->path, "%s", path);
    if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) != SQLITE_OK) {
        if (!db->handle) return heng_fail(err, HENG_ENOMEM, 0, "database '%s': out of memory", path);
        heng_rc rc = heng_db_fail(db, "open", err);
        heng_db_close(db);
        return rc;
    }
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return HENG_OK;
}

void heng_db_close(struct heng_db *db)
{
    for (size_t i = 0; i < HENG_SQL_COUNT; i++) sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    *db = (struct heng_db){0};
}

heng_rc heng_db_exec(struct heng_db *db, const char *what, const char *text, struct heng_err *err)
{
    return sqlite3_exec(db->handle, text, NULL, NULL, NULL) == SQLITE_OK ? HENG_OK : heng_db_fail(db, what, err);
}

heng_rc heng_db_run(struct heng_db *db, heng_sql sql, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db, sql);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK && ret) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND && !ret ? HENG_OK : rc;
}

void heng_query_begin(struct heng_query *q, struct heng_db *db, heng_sql sql)
{
    *q = (struct heng_query){.db = db, .sql = sql};
    sqlite3_stmt **slot = &db->statements[sql];
    if (!*slot) q->code = sqlite3_prepare_v3(db->handle, sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    q->statement = *slot;
}

void heng_query_int(struct heng_query *q, int64_t value)
{
    q->bound++;
    if (q->code == SQLITE_OK) q->code = sqlite3_bind_int64(q->statement, q->bound, value);
}

void heng_query_text(struct heng_query *q, const char *text)
{
    q->bound++;
    if (q->code == SQLITE_OK) q->code = sqlite3_bind_text(q->statement, q->bound, text, -1, SQLITE_STATIC);
}

void heng_query_blob(struct heng_query *q, struct heng_slice bytes)
{
    q->bound++;
    if (q->code != SQLITE_OK) return;
    q->code = bytes.n ? sqlite3_bind_blob64(q->statement, q->bound, bytes.p, bytes.n, SQLITE_STATIC)
                      : sqlite3_bind_zeroblob(q->statement, q->bound, 0);
}

heng_rc heng_query_step(struct heng_query *q, struct heng_err *err)
{
    if (q->code == SQLITE_OK && q->db->broken)
        return heng_fail(err, HENG_EIO, 0, "database '%s': the disk failed before: restart", q->db->path);
    int code = q->code == SQLITE_OK ? sqlite3_step(q->statement) : q->code;
    q->column = 0;
    if (code == SQLITE_ROW) return HENG_OK;
    if (code == SQLITE_DONE) return HENG_ENOTFOUND;
    return heng_db_fail(q->db, sql_names[q->sql], err);
}

int64_t heng_query_get_int(struct heng_query *q) { return sqlite3_column_int64(q->statement, q->column++); }

const char *heng_query_peek_text(struct heng_query *q)
{
    const unsigned char *text = sqlite3_column_text(q->statement, q->column++);
    return text ? (const char *)text : "";
}

void heng_query_get_text(struct heng_query *q, char *ret_text, size_t cap)
{
    snprintf(ret_text, cap, "%s", heng_query_peek_text(q));
}

struct heng_slice heng_query_get_blob(struct heng_query *q)
{
    const void *bytes = sqlite3_column_blob(q->statement, q->column);
    int n = sqlite3_column_bytes(q->statement, q->column++);
    return heng_slice_of(bytes, bytes && n > 0 ? (size_t)n : 0);
}

void heng_query_end(struct heng_query *q)
{
    if (!q->statement) return;
    sqlite3_reset(q->statement); /* repeats the error of the last step, which was reported there */
    sqlite3_clear_bindings(q->statement);
    q->statement = NULL;
}

heng_rc heng_query_finish(struct heng_query *q, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    heng_query_end(q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
