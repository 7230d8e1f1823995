#include <stdio.h>

#include "spool/inside.h"

#define X(symbol, what, text) text,
static const char *const sql_texts[] = {SPOOL_SQL_LIST(X)};
#undef X
#define X(symbol, what, text) what,
static const char *const sql_names[] = {SPOOL_SQL_LIST(X)};
#undef X

/* What a code of SQLite means for the operator. disk: after it nobody knows what is on the disk, only a new start reads
 * it back. healthy: says nothing against the file. */
static const struct meaning {
    int code;
    heng_rc rc;
    bool disk, healthy;
    const char *text;
} meanings[] = {
    {SQLITE_IOERR_NOMEM, HENG_ENOMEM, false, true, "out of memory"},
    {SQLITE_FULL, HENG_ELIMIT, false, true,
     "the disk, or the journal's share of it, is full: nothing of this was kept"},
    {SQLITE_IOERR, HENG_EIO, true, true, "reading or writing the disk failed: check the disk and the system log"},
    {SQLITE_CORRUPT, HENG_EIO, false, false, "the file is damaged: it is set aside when it is opened again"},
    {SQLITE_NOTADB, HENG_EIO, false, false, "this is not a journal: it is set aside when it is opened again"},
    {SQLITE_CANTOPEN, HENG_EIO, false, true, "cannot be opened: check that the directory is there and may be written"},
    {SQLITE_READONLY, HENG_EDENIED, false, true, "may not be written: check the rights of file and directory"},
    {SQLITE_PERM, HENG_EDENIED, false, true, "access is denied: check the rights of file and directory"},
    {SQLITE_BUSY, HENG_EBUSY, false, true, "another program has it: close that one first"},
    {SQLITE_NOMEM, HENG_ENOMEM, false, true, "out of memory"},
    {SQLITE_TOOBIG, HENG_ELIMIT, false, false, "a value is too long"},
};

static const struct meaning *meaning_of(int code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == code || meanings[i].code == (code & 0xFF)) return &meanings[i];
    return NULL;
}

bool spool_is_damage(int code)
{
    const struct meaning *m = meaning_of(code);
    return !m || !m->healthy;
}

heng_rc spool_fail(struct heng_spool *spool, const char *what, struct heng_err *err)
{
    int code = sqlite3_extended_errcode(spool->db);
    const struct meaning *m = meaning_of(code);
    spool->failed_code = code;
    if (m && m->disk) spool->broken = true;
    if (!m)
        return heng_fail(err, HENG_EIO, 0, "journal '%s': %s: %s (code %d)", spool->path, what,
                         sqlite3_errmsg(spool->db), code);
    return heng_fail(err, m->rc, 0, "journal '%s': %s (%s, code %d)", spool->path, m->text, what, code);
}

/* Called at each commit with the length of the log. */
static int on_commit(void *user, sqlite3 *db, const char *name, int frames)
{
    struct heng_spool *spool = user;
    (void)db;
    (void)name;
    spool->wal_frames = frames;
    return SQLITE_OK;
}

heng_rc spool_sql_open(struct heng_spool *spool, const char *path, int flags, const char *vfs, struct heng_err *err)
{
    /* Sectors that are half written spoil what was beside it: the log is filled up to whole ones. */
    int trusted_sectors = spool->limits.weaken_for_tests == HENG_SPOOL_TRUST_SECTORS, keep_log = 1;
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &spool->db, flags, vfs) != SQLITE_OK)
        return spool->db ? spool_fail(spool, "open", err) : heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    sqlite3_db_config(spool->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_file_control(spool->db, "main", SQLITE_FCNTL_POWERSAFE_OVERWRITE, &trusted_sectors);
    sqlite3_file_control(spool->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
    sqlite3_wal_hook(spool->db, on_commit, spool); /* in the place of SQLite's own, which forgets errors of a sync */
    return HENG_OK;
}

void spool_sql_close(struct heng_spool *spool)
{
    for (size_t i = 0; i < SPOOL_SQL_COUNT; i++) {
        sqlite3_finalize(spool->statements[i]);
        spool->statements[i] = NULL;
    }
    /* Behind a failed sync the log stays as it is: the next opening reads what really is on the disk. */
    if (spool->broken && spool->db) sqlite3_db_config(spool->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(spool->db);
    spool->db = NULL;
}

sqlite3_stmt *spool_statement(struct heng_spool *spool, spool_sql sql)
{
    sqlite3_stmt **slot = &spool->statements[sql];
    if (*slot)
        sqlite3_reset(*slot);
    else
        sqlite3_prepare_v3(spool->db, sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    return *slot;
}

heng_rc spool_step(struct heng_spool *spool, spool_sql sql, struct heng_err *err)
{
    sqlite3_stmt *statement = spool->statements[sql];
    int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (code == SQLITE_ROW) return HENG_OK;
    heng_rc rc = code == SQLITE_DONE ? HENG_ENOTFOUND : spool_fail(spool, sql_names[sql], err);
    if (statement) sqlite3_reset(statement);
    return rc;
}

heng_rc spool_run(struct heng_spool *spool, spool_sql sql, struct heng_err *err)
{
    heng_rc rc = spool_step(spool, sql, err);
    if (spool->statements[sql]) sqlite3_reset(spool->statements[sql]);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc spool_number(struct heng_spool *spool, spool_sql sql, int64_t *ret, struct heng_err *err)
{
    sqlite3_stmt *row = spool_statement(spool, sql);
    heng_rc rc = spool_step(spool, sql, err);
    if (rc == HENG_OK) *ret = sqlite3_column_int64(row, 0);
    if (row) sqlite3_reset(row);
    return rc;
}

heng_rc spool_exec(struct heng_spool *spool, const char *what, const char *text, struct heng_err *err)
{
    return sqlite3_exec(spool->db, text, NULL, NULL, NULL) == SQLITE_OK ? HENG_OK : spool_fail(spool, what, err);
}

heng_rc spool_ask(struct heng_spool *spool, const char *text, char *ret, size_t cap, struct heng_err *err)
{
    sqlite3_stmt *row = NULL;
    ret[0] = '\0';
    int code = sqlite3_prepare_v2(spool->db, text, -1, &row, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        const unsigned char *column = sqlite3_column_text(row, 0);
        (void)snprintf(ret, cap, "%s", column ? (const char *)column : "");
    }
    heng_rc rc = code == SQLITE_ROW || code == SQLITE_DONE ? HENG_OK : spool_fail(spool, text, err);
    sqlite3_finalize(row);
    return rc;
}

heng_rc spool_count_pages(struct heng_spool *spool, struct heng_err *err)
{
    heng_rc rc = spool_number(spool, SPOOL_PAGES, &spool->pages, err);
    return rc == HENG_OK ? spool_number(spool, SPOOL_FREE_PAGES, &spool->free_pages, err) : rc;
}
