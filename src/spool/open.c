/* From a path to a journal that is in service: make it, look at it, set it aside.
 *
 *   path                 the journal, with path-wal beside it
 *   path.new             one that is being made; renamed when it is whole, so path is never half a journal
 *   path.damaged-<n>     set aside, with path.damaged-<n>-wal; never overwritten, never deleted
 *   path.lock            keeps a second process out */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/inside.h"

static const char entry_text[] = "CREATE TABLE entry (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind INTEGER NOT "
                                 "NULL, rank INTEGER NOT NULL, subject INTEGER NOT NULL, doubtful INTEGER NOT NULL, "
                                 "maker INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, chk INTEGER "
                                 "NOT NULL, body BLOB NOT NULL)";
static const char remember_text[] =
    "CREATE TABLE remember (name TEXT PRIMARY KEY, chk INTEGER NOT NULL, value BLOB NOT "
    "NULL) WITHOUT ROWID";
static const char meta_text[] = "CREATE TABLE meta (id INTEGER PRIMARY KEY, format INTEGER NOT NULL, epoch INTEGER NOT "
                                "NULL, base INTEGER NOT NULL, given INTEGER NOT NULL, chk INTEGER NOT NULL, mark TEXT "
                                "NOT NULL)";

static const char *const synchronous_texts[] = {
    [HENG_SPOOL_STRONG] = "PRAGMA synchronous = FULL",     [HENG_SPOOL_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
    [HENG_SPOOL_SYNC_OFF] = "PRAGMA synchronous = OFF",    [HENG_SPOOL_TRUST_SECTORS] = "PRAGMA synchronous = FULL",
    [HENG_SPOOL_SHOW_EARLY] = "PRAGMA synchronous = FULL",
};

/* The other files of a journal, by what is behind its name. */
static const char *const suffixes[] = {"", "-wal", "-journal", "-shm"};
enum { SUFFIX_COUNT = sizeof suffixes / sizeof *suffixes };

/* What one opening is about. damage: empty, or what is wrong with the file. */
struct opening {
    struct heng_spool *spool;
    const char *path, *vfs;
    heng_us now_us;
    char damage[160];
    struct heng_spool_found found;
};

int64_t spool_log_bytes(int64_t bytes_max)
{
    int64_t bytes = bytes_max / 8;
    return bytes < 256 * 1024 ? 256 * 1024 : bytes > 4 * 1024 * 1024 ? 4 * 1024 * 1024 : bytes;
}

/* --- one connection ---------------------------------------------------------------------------------------------- */

/* EXCLUSIVE: SQLite keeps others out too, and needs no file of shared memory. */
static heng_rc configure(struct heng_spool *spool, struct heng_err *err)
{
    static const char *const texts[] = {
        "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA cell_size_check = ON", "PRAGMA trusted_schema = OFF",
        "PRAGMA secure_delete = OFF",      "PRAGMA cache_size = -1024",   "PRAGMA temp_store = MEMORY",
    };
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < sizeof texts / sizeof *texts; i++)
        rc = spool_exec(spool, texts[i], texts[i], err);
    const char *synchronous = synchronous_texts[spool->limits.weaken_for_tests];
    return rc == HENG_OK ? spool_exec(spool, synchronous, synchronous, err) : rc;
}

static heng_rc expect(struct heng_spool *spool, const char *question, const char *answer, const char *otherwise,
                      char damage[static 160], struct heng_err *err)
{
    char text[160];
    heng_rc rc = spool_ask(spool, question, text, sizeof text, err);
    if (rc == HENG_OK && strcmp(text, answer) != 0) (void)snprintf(damage, 160, "%s: %.100s", otherwise, text);
    return rc;
}

static heng_rc ask_number(struct heng_spool *spool, const char *question, int64_t *ret, struct heng_err *err)
{
    char text[32];
    heng_rc rc = spool_ask(spool, question, text, sizeof text, err);
    if (rc == HENG_OK) *ret = strtoll(text, NULL, 10);
    return rc;
}

/* --- checks: OK with damage still empty: it is a journal of ours -------------------------------------------------- */

static heng_rc check_kind(struct opening *o, struct heng_err *err)
{
    int64_t application = 0, version = 0, format = -1;
    struct heng_spool *spool = o->spool;
    heng_rc rc = ask_number(spool, "PRAGMA application_id", &application, err);
    if (rc == HENG_OK) rc = ask_number(spool, "PRAGMA user_version", &version, err);
    if (rc != HENG_OK) return rc;
    if (application != SPOOL_APPLICATION_ID) {
        (void)snprintf(o->damage, sizeof o->damage, "it is not a journal of Heng");
        return HENG_OK;
    }
    /* The check calls damage what the disk did not give it to read: it has to say so twice, of what can be read. */
    for (int i = 0; rc == HENG_OK && i < 2 && (i == 0 || o->damage[0]); i++) {
        o->damage[0] = '\0';
        rc = expect(spool, "PRAGMA quick_check(1)", "ok", "the file is damaged", o->damage, err);
    }
    if (rc == HENG_OK && o->damage[0] && !spool_file_readable(o->vfs, o->path))
        return heng_fail(err, HENG_EIO, 0, "journal '%s' cannot be read to its end: check the disk", o->path);
    if (rc != HENG_OK || o->damage[0]) return rc;
    rc = ask_number(spool, "SELECT format FROM meta", &format, err);
    if (rc != HENG_OK) return rc;
    if (format != version || format < 1)
        (void)snprintf(o->damage, sizeof o->damage, "the number of its format is damaged");
    else if (format > SPOOL_FORMAT)
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "journal '%s' was made by a newer program (format %d, this one knows %d): update this one",
                         o->path, (int)format, SPOOL_FORMAT);
    return HENG_OK;
}

static heng_rc check_schema(struct opening *o, struct heng_err *err)
{
    char question[1400];
    (void)snprintf(question, sizeof question,
                   "SELECT group_concat(name || CASE sql WHEN '%s' THEN '+' WHEN '%s' THEN '+' WHEN '%s' THEN '+' "
                   "ELSE '-' END) FROM (SELECT name, sql FROM sqlite_schema ORDER BY name)",
                   entry_text, remember_text, meta_text);
    heng_rc rc =
        expect(o->spool, question, "entry+,meta+,remember+", "its tables are not those of a journal", o->damage, err);
    if (rc == HENG_OK && !o->damage[0])
        rc = expect(o->spool, "PRAGMA journal_mode = WAL", "wal", "it cannot have a log", o->damage, err);
    return rc;
}

static heng_rc read_meta(struct opening *o, struct heng_err *err)
{
    struct spool_numbers *now = &o->spool->now;
    sqlite3_stmt *row = spool_statement(o->spool, SPOOL_META);
    heng_rc rc = spool_step(o->spool, SPOOL_META, err);
    if (rc == HENG_OK) {
        int64_t format = sqlite3_column_int64(row, 0);
        now->epoch = (uint64_t)sqlite3_column_int64(row, 1);
        now->base = sqlite3_column_int64(row, 2);
        now->given = sqlite3_column_int64(row, 3);
        bool fits = (uint64_t)sqlite3_column_int64(row, 4) == spool_meta_check(format, now);
        if (!fits || now->base < 0 || now->given < now->base) rc = HENG_ENOTFOUND;
        o->spool->safe = *now;
    }
    if (row) sqlite3_reset(row);
    if (rc != HENG_ENOTFOUND) return rc;
    (void)snprintf(o->damage, sizeof o->damage, "its epoch and numbers are damaged");
    return HENG_OK;
}

static heng_rc check_remembered(struct opening *o, struct heng_err *err)
{
    sqlite3_stmt *row = spool_statement(o->spool, SPOOL_RECALL_ALL);
    heng_rc rc;
    while ((rc = spool_step(o->spool, SPOOL_RECALL_ALL, err)) == HENG_OK) {
        const void *name = sqlite3_column_blob(row, 0), *value = sqlite3_column_blob(row, 2);
        struct heng_slice n = heng_slice_of(name, (size_t)sqlite3_column_bytes(row, 0));
        struct heng_slice v = heng_slice_of(value, (size_t)sqlite3_column_bytes(row, 2));
        if (sqlite3_errcode(o->spool->db) == SQLITE_NOMEM) {
            sqlite3_reset(row);
            return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
        }
        if (spool_value_check(n, v) == (uint64_t)sqlite3_column_int64(row, 1)) continue;
        (void)snprintf(o->damage, sizeof o->damage, "what is remembered as '%.64s' is damaged",
                       n.n ? (const char *)name : "");
        sqlite3_reset(row);
        return HENG_OK;
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* When the newest entry was made that can be believed; forwarded ones tell the time of another clock. */
static heng_rc find_newest(struct opening *o, struct heng_err *err)
{
    struct heng_spool_item item;
    struct heng_spool *spool = o->spool;
    sqlite3_stmt *row = spool_statement(spool, SPOOL_NEWEST);
    int64_t newest = spool->now.base;
    heng_rc rc;
    for (bool first = true; (rc = spool_step(spool, SPOOL_NEWEST, err)) == HENG_OK; first = false) {
        if (first) newest = sqlite3_column_int64(row, 0);
        rc = spool_item_of_row(spool, row, &item, err);
        if (rc != HENG_OK) break;
        if (!item.sound || item.entry.gateway_id != 0) continue;
        o->found.last_at_us = item.entry.at_us;
        break;
    }
    if (row) sqlite3_reset(row);
    if (newest > spool->now.given) spool->now.given = newest;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc count_entries(struct opening *o, struct heng_err *err)
{
    struct heng_spool *spool = o->spool;
    int64_t count = 0;
    heng_rc rc = spool_number(spool, SPOOL_COUNT, &count, err);
    if (rc == HENG_OK) rc = spool_number(spool, SPOOL_FIRST, &spool->now.first, err);
    if (rc == HENG_ENOTFOUND) {
        spool->now.first = spool->now.given + 1;
        rc = HENG_OK;
    }
    if (rc == HENG_OK && spool->now.first <= spool->now.base)
        (void)snprintf(o->damage, sizeof o->damage, "an entry lies before the first number");
    spool->now.count = (uint64_t)count;
    return rc;
}

/* What says that it may be written does so only when it is tried. */
static heng_rc check_writable(struct opening *o, struct heng_err *err)
{
    if (sqlite3_db_readonly(o->spool->db, "main") == 1) {
        int may = 0;
        sqlite3_vfs *v = sqlite3_vfs_find(o->vfs);
        if (v && v->xAccess(v, o->path, SQLITE_ACCESS_READWRITE, &may) == SQLITE_OK && may)
            (void)snprintf(o->damage, sizeof o->damage, "its header says that nobody may write it");
        else
            return heng_fail(err, HENG_EDENIED, 0, "journal '%s' may not be written: check its rights", o->path);
    }
    return HENG_OK;
}

/* Connect and look at all of it. A reading of the whole file: some seconds a start for 64 MiB on a slow card. */
static heng_rc examine(struct opening *o, struct heng_err *err)
{
    static heng_rc (*const steps[])(struct opening *, struct heng_err *) = {
        check_kind, check_writable, check_schema, read_meta, check_remembered, find_newest, count_entries};
    struct heng_spool *spool = o->spool;
    heng_rc rc = spool_sql_open(spool, o->path, SQLITE_OPEN_READWRITE, o->vfs, err);
    if (rc == HENG_OK) rc = configure(spool, err);
    for (size_t i = 0; rc == HENG_OK && !o->damage[0] && i < sizeof steps / sizeof *steps; i++) rc = steps[i](o, err);
    return rc;
}

/* --- in service -------------------------------------------------------------------------------------------------- */

/* The log is folded in at once: what a failed sync has left in it in doubt is written and synced anew. */
static heng_rc enter(struct opening *o, struct heng_err *err)
{
    struct heng_spool *spool = o->spool;
    char text[64], answer[32];
    int64_t room = spool->limits.bytes_max - spool_log_bytes(spool->limits.bytes_max);
    spool->room_pages = room / SPOOL_PAGE_BYTES;
    (void)snprintf(text, sizeof text, "PRAGMA max_page_count = %lld",
                   (long long)((spool->limits.bytes_max - 64 * 1024) / SPOOL_PAGE_BYTES));
    heng_rc rc = spool_ask(spool, text, answer, sizeof answer, err);
    if (rc == HENG_OK) spool_checkpoint(spool, SQLITE_CHECKPOINT_RESTART);
    if (rc == HENG_OK && spool->broken)
        rc = heng_fail(err, HENG_EIO, 0, "journal '%s': its log cannot be folded in: check the disk", o->path);
    /* The log has its name on the disk, also when an earlier sync of it has failed. */
    if (rc == HENG_OK) rc = spool_file_sync_directory(o->vfs, o->path, err);
    if (rc == HENG_OK) rc = spool_count_pages(spool, err);
    for (unsigned i = 0; rc == HENG_OK && i < SPOOL_SQL_COUNT; i++) /* a rollback finds its statement ready */
        if (!spool_statement(spool, (spool_sql)i)) rc = spool_fail(spool, "prepare", err);
    spool->safe = spool->now;
    spool_thin_forget(spool);
    return rc;
}

/* Open what lies there. OK with damage: it is to be set aside. The connection is closed unless it is in service. */
static heng_rc attach(struct opening *o, struct heng_err *err)
{
    o->damage[0] = '\0';
    o->spool->now = (struct spool_numbers){0};
    o->spool->broken = false;
    o->spool->failed_code = 0;
    heng_rc rc = examine(o, err);
    if (rc != HENG_OK && !o->damage[0] && o->spool->failed_code && spool_is_damage(o->spool->failed_code)) {
        (void)snprintf(o->damage, sizeof o->damage, "it cannot be read: %s", sqlite3_errmsg(o->spool->db));
        rc = HENG_OK;
    }
    if (rc == HENG_OK && !o->damage[0]) rc = enter(o, err);
    if (rc == HENG_OK && !o->damage[0]) return HENG_OK;
    o->spool->broken = true; /* nothing is folded into a file that is to be looked at */
    spool_sql_close(o->spool);
    o->spool->broken = false;
    return rc;
}

/* --- set aside --------------------------------------------------------------------------------------------------- */

static bool any_there(const struct opening *o, const char *path)
{
    char name[600];
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        if (spool_file_exists(o->vfs, name)) return true;
    }
    return false;
}

/* The highest number that is in use without a hole below it. */
static unsigned last_aside(const struct opening *o)
{
    char name[512];
    unsigned n = 0;
    do {
        n++;
        (void)snprintf(name, sizeof name, "%s.damaged-%u", o->path, n);
    } while (any_there(o, name));
    return n - 1;
}

/* The file first, then its log: a power cut between the two leaves a log without a file, which is found and follows it
 * at the next opening. */
static heng_rc set_aside(struct opening *o, struct heng_err *err)
{
    char from[600], to[600], base[512];
    bool file_there = spool_file_exists(o->vfs, o->path);
    unsigned n = last_aside(o) + 1;
    if (!file_there && n > 1) {
        (void)snprintf(to, sizeof to, "%s.damaged-%u-wal", o->path, n - 1);
        if (!spool_file_exists(o->vfs, to)) n--;
    }
    (void)snprintf(base, sizeof base, "%s.damaged-%u", o->path, n);
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < SUFFIX_COUNT; i++) {
        (void)snprintf(from, sizeof from, "%s%s", o->path, suffixes[i]);
        (void)snprintf(to, sizeof to, "%s%s", base, suffixes[i]);
        if (spool_file_exists(o->vfs, from)) rc = spool_file_rename(o->vfs, from, to, err);
    }
    if (rc == HENG_OK) rc = spool_file_sync_directory(o->vfs, o->path, err);
    (void)snprintf(o->found.set_aside, sizeof o->found.set_aside, "%s", base);
    (void)snprintf(o->found.why, sizeof o->found.why, "%s", o->damage);
    return rc;
}

/* --- make -------------------------------------------------------------------------------------------------------- */

/* Above all that were set aside, as far as they can still tell: their numbers may be known to the centre. */
static uint64_t choose_epoch(const struct opening *o)
{
    char name[600];
    uint64_t epoch = o->now_us > 0 ? (uint64_t)o->now_us : 1;
    for (unsigned n = last_aside(o); n > 0; n--) {
        for (size_t i = 0; i < 2; i++) {
            (void)snprintf(name, sizeof name, "%s.damaged-%u%s", o->path, n, suffixes[i]);
            uint64_t old = spool_file_epoch(o->vfs, name);
            if (old >= epoch) epoch = old + 1;
        }
    }
    return epoch;
}

/* With the journal itself, or a power cut would make nobody know of it. */
static heng_rc remember_aside(struct opening *o, struct heng_err *err)
{
    uint8_t bytes[16 + sizeof o->found.set_aside] = {0};
    size_t n = strlen(o->found.set_aside);
    memcpy(bytes + 16, o->found.set_aside, n);
    return heng_spool_keep(o->spool, "aside", heng_slice_of(bytes, 16 + n), err);
}

static heng_rc build(struct opening *o, const char *path, struct heng_err *err)
{
    struct heng_spool *spool = o->spool;
    char text[1400], answer[32];
    spool->now = (struct spool_numbers){.epoch = choose_epoch(o), .first = 1};
    heng_rc rc = spool_sql_open(spool, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, o->vfs, err);
    if (rc == HENG_OK && o->spool->lock >= 0 && chmod(path, 0600) != 0)
        rc = heng_fail(err, HENG_EIO, 0, "cannot protect '%s' from others", path);
    (void)snprintf(text, sizeof text,
                   "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA encoding = 'UTF-8'",
                   SPOOL_PAGE_BYTES);
    if (rc == HENG_OK) rc = spool_exec(spool, "create", text, err);
    if (rc == HENG_OK) rc = configure(spool, err);
    if (rc == HENG_OK) rc = spool_ask(spool, "PRAGMA journal_mode = WAL", answer, sizeof answer, err);
    if (rc == HENG_OK) rc = spool_begin(spool, err);
    (void)snprintf(text, sizeof text, "%s; %s; %s; PRAGMA application_id = %d; PRAGMA user_version = %d", meta_text,
                   entry_text, remember_text, SPOOL_APPLICATION_ID, SPOOL_FORMAT);
    if (rc == HENG_OK) rc = spool_exec(spool, "create tables", text, err);
    if (rc == HENG_OK) rc = spool_write_meta(spool, &spool->now, err);
    if (rc == HENG_OK && o->found.set_aside[0]) rc = remember_aside(o, err);
    (void)spool_statement(spool, SPOOL_COMMIT);
    if (rc == HENG_OK) rc = spool_run(spool, SPOOL_COMMIT, err);
    spool->in_transaction = false;
    if (rc == HENG_OK &&
        sqlite3_wal_checkpoint_v2(spool->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
        rc = spool_fail(spool, "create", err);
    spool_sql_close(spool);
    spool->broken = false;
    return rc;
}

static heng_rc remove_new(const struct opening *o, const char *path, struct heng_err *err)
{
    char name[600];
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < SUFFIX_COUNT; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        if (spool_file_exists(o->vfs, name)) rc = spool_file_remove(o->vfs, name, err);
    }
    return rc;
}

static heng_rc create(struct opening *o, struct heng_err *err)
{
    char fresh[512], log[600];
    (void)snprintf(fresh, sizeof fresh, "%s.new", o->path);
    (void)snprintf(log, sizeof log, "%s-wal", fresh);
    heng_rc rc = remove_new(o, fresh, err); /* what an earlier attempt left behind was never in service */
    if (rc == HENG_OK) rc = build(o, fresh, err);
    /* Its log is empty, and must not be found again beside a later one. */
    if (rc == HENG_OK && spool_file_exists(o->vfs, log)) rc = spool_file_remove(o->vfs, log, err);
    if (rc == HENG_OK) rc = spool_file_rename(o->vfs, fresh, o->path, err);
    if (rc == HENG_OK) rc = spool_file_sync_directory(o->vfs, o->path, err);
    struct heng_err second; /* the first error is the one to tell */
    if (rc != HENG_OK) (void)!remove_new(o, fresh, &second);
    o->found.fresh = true;
    o->found.last_at_us = 0;
    return rc;
}

static heng_rc create_and_attach(struct opening *o, struct heng_err *err)
{
    heng_rc rc = create(o, err);
    if (rc == HENG_OK) rc = attach(o, err);
    if (rc == HENG_OK && o->damage[0])
        rc = heng_fail(err, HENG_EIO, 0, "journal '%s' was just made and is damaged (%.60s): check the disk", o->path,
                       o->damage);
    return rc;
}

/* The power went between setting aside and making a new one. */
static void tell_last_aside(struct opening *o)
{
    unsigned n = last_aside(o);
    if (!n) return;
    (void)snprintf(o->found.set_aside, sizeof o->found.set_aside, "%s.damaged-%u", o->path, n);
    (void)snprintf(o->found.why, sizeof o->found.why, "a start that did not come to its end has set it aside");
}

static heng_rc open_locked(struct opening *o, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    bool there = spool_file_exists(o->vfs, o->path);
    if (!there && !any_there(o, o->path)) {
        tell_last_aside(o);
        return create_and_attach(o, err);
    }
    /* SQLite would delete the log of an empty file. */
    if (there && spool_file_is_empty(o->vfs, o->path))
        (void)snprintf(o->damage, sizeof o->damage, "it is empty");
    else if (there)
        rc = attach(o, err);
    else
        (void)snprintf(o->damage, sizeof o->damage, "the file is gone, its log is still there");
    if (rc != HENG_OK || !o->damage[0]) return rc;
    rc = set_aside(o, err);
    return rc == HENG_OK ? create_and_attach(o, err) : rc;
}

static struct heng_spool_limits with_defaults(struct heng_spool_limits limits)
{
    const int64_t least = 1024 * 1024, usual = 64 * least;
    if (limits.bytes_max <= 0) limits.bytes_max = usual;
    if (limits.bytes_max < least) limits.bytes_max = least;
    if (limits.age_max_us <= 0) limits.age_max_us = 400 * HENG_US_PER_DAY;
    return limits;
}

heng_rc heng_spool_open(const char *path, const char *vfs, struct heng_spool_limits limits, heng_us now_us,
                        struct heng_spool **ret, struct heng_spool_found *ret_found, struct heng_err *err)
{
    if (strlen(path) > SPOOL_PATH_CAP) return heng_fail(err, HENG_ECONFIG, 0, "the path of the journal is too long");
    if (!sqlite3_vfs_find(vfs)) return heng_fail(err, HENG_ECONFIG, 0, "no VFS '%s'", vfs ? vfs : "");
    struct heng_spool *spool = calloc(1, sizeof *spool);
    if (!spool) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    spool->lock = -1;
    spool->limits = with_defaults(limits);
    (void)snprintf(spool->path, sizeof spool->path, "%s", path);
    spool->body = malloc(HENG_ENTRY_BODY_MAX);
    struct opening o = {.spool = spool, .path = path, .vfs = vfs, .now_us = now_us};
    heng_rc rc = spool->body ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = spool_file_lock(vfs, path, &spool->lock, err);
    if (rc == HENG_OK) rc = open_locked(&o, err);
    if (rc != HENG_OK) {
        heng_spool_close(spool);
        return rc;
    }
    *ret = spool;
    *ret_found = o.found;
    return HENG_OK;
}
