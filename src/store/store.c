#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"

enum { APPLICATION_ID = 0x48454E47, PATH_CAP = 480 }; /* 'HENG'; paths get suffixes in buffers of 512 */

static const struct migration {
    int version;
    const char *text;
} migrations[] = {
#define X(version, text) {version, text},
    HENG_MIGRATION_LIST(X)
#undef X
};

#define X(symbol, text) text,
static const char *const meter_state_texts[] = {HENG_METER_STATE_LIST(X)};
#undef X

const char *heng_meter_state_text(heng_meter_state state)
{
    return state < HENG_METER_STATE_COUNT ? meter_state_texts[state] : "unknown";
}

heng_meter_state heng_meter_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_METER_STATE_COUNT && strcmp(meter_state_texts[i], text) != 0) i++;
    return (heng_meter_state)i;
}

/* One migration: its statements from *at on, up to the change of version, as one transaction. */
static heng_rc migrate_once(struct heng_db *db, size_t *at, struct heng_err *err)
{
    const size_t count = sizeof migrations / sizeof *migrations;
    int version = migrations[*at].version;
    heng_rc rc = heng_db_run(db, HENG_SQL_BEGIN_WRITE, NULL, err);
    if (rc != HENG_OK) return rc;
    for (; rc == HENG_OK && *at < count && migrations[*at].version == version; (*at)++)
        rc = heng_db_exec(db, "migration", migrations[*at].text, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_COMMIT, NULL, err);
    struct heng_err second; /* the first error is the one to tell */
    if (rc != HENG_OK && !sqlite3_get_autocommit(db->handle) &&
        heng_db_run(db, HENG_SQL_ROLLBACK, NULL, &second) != HENG_OK)
        db->broken = true;
    return rc;
}

static heng_rc migrate(struct heng_db *db, int64_t version, struct heng_err *err)
{
    const size_t count = sizeof migrations / sizeof *migrations;
    heng_rc rc = HENG_OK;
    size_t at = 0;
    while (at < count && migrations[at].version <= version) at++;
    while (rc == HENG_OK && at < count) rc = migrate_once(db, &at, err);
    return rc;
}

/* The settings of a connection that writes, in order. */
static heng_rc configure(struct heng_db *db, bool writes, struct heng_err *err)
{
    static const heng_sql for_all[] = {HENG_SQL_SET_FOREIGN_KEYS, HENG_SQL_SET_UNTRUSTED_SCHEMA,
                                       HENG_SQL_SET_CELL_CHECK};
    static const heng_sql for_writer[] = {HENG_SQL_SET_WAL, HENG_SQL_SET_FULL, HENG_SQL_SET_JOURNAL_LIMIT};
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < sizeof for_all / sizeof *for_all; i++)
        rc = heng_db_run(db, for_all[i], NULL, err);
    for (size_t i = 0; writes && rc == HENG_OK && i < sizeof for_writer / sizeof *for_writer; i++)
        rc = heng_db_run(db, for_writer[i], NULL, err);
    if (!writes && rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_SET_QUERY_ONLY, NULL, err);
    return rc;
}

/* Is it ours, and do we know its version? */
static heng_rc check_kind(struct heng_db *db, int64_t *ret_version, struct heng_err *err)
{
    int64_t application = 0;
    heng_rc rc = heng_db_run(db, HENG_SQL_APPLICATION_ID, &application, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_USER_VERSION, ret_version, err);
    if (rc != HENG_OK) return rc;
    if (application != APPLICATION_ID)
        return heng_fail(err, HENG_EFORMAT, 0, "'%s' is not a database of Heng: check the path", db->path);
    if (*ret_version > HENG_SCHEMA_VERSION)
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "database '%s' was made by a newer Heng (schema %d, this program knows %d): update Heng",
                         db->path, (int)*ret_version, HENG_SCHEMA_VERSION);
    return HENG_OK;
}

static heng_rc check_file(const char *path, struct heng_err *err)
{
    struct stat st;
    if (strlen(path) > PATH_CAP) return heng_fail(err, HENG_ECONFIG, 0, "the path of the database is too long");
    if (stat(path, &st) != 0)
        return heng_fail(err, errno == ENOENT ? HENG_ENOTFOUND : HENG_EIO, 0, "database '%s': %s", path,
                         strerror(errno));
    if (!S_ISREG(st.st_mode)) return heng_fail(err, HENG_EFORMAT, 0, "database '%s' is not a file", path);
    if (access(path, R_OK | W_OK) != 0)
        return heng_fail(err, HENG_EDENIED, 0, "database '%s' may not be read and written: check its rights", path);
    return HENG_OK;
}

/* Keep other writers out. A file of its own: closing any descriptor of the database would drop SQLite's locks. */
static heng_rc take_lock(const char *path, int *ret_lock, struct heng_err *err)
{
    char name[512];
    snprintf(name, sizeof name, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return heng_fail(err, HENG_EDENIED, 0, "cannot lock '%s': %s", name, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return heng_fail(err, HENG_EBUSY, 0,
                         "database '%s' is in use by another Heng: stop that one first, or give another path", path);
    }
    *ret_lock = fd;
    return HENG_OK;
}

static heng_rc sync_path(const char *path, int flags, struct heng_err *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) close(fd);
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "cannot sync '%s': %s", path, strerror(why));
}

static heng_rc build_new(const char *path, struct heng_err *err)
{
    struct heng_db db = {0};
    heng_rc rc = heng_db_open(&db, path, NULL, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (rc != HENG_OK) return rc;
    rc = configure(&db, true, err);
    if (rc == HENG_OK) rc = migrate(&db, 0, err);
    heng_db_close(&db); /* the last connection: folds the log into the file and removes it */
    if (rc == HENG_OK) rc = sync_path(path, O_RDWR, err);
    return rc;
}

static heng_rc create_locked(const char *path, struct heng_err *err)
{
    char fresh[512], directory[512];
    struct stat st;
    if (lstat(path, &st) == 0) return heng_fail(err, HENG_EEXISTS, 0, "'%s' exists already", path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    unlink(fresh); /* what an earlier attempt left behind was never in service */
    heng_rc rc = build_new(fresh, err);
    if (rc == HENG_OK && rename(fresh, path) != 0)
        rc = heng_fail(err, HENG_EIO, 0, "cannot create '%s': %s", path, strerror(errno));
    if (rc != HENG_OK) unlink(fresh);
    snprintf(directory, sizeof directory, "%s", path);
    if (rc == HENG_OK) rc = sync_path(dirname(directory), O_RDONLY | O_DIRECTORY, err);
    return rc;
}

heng_rc heng_store_create(const char *path, struct heng_err *err)
{
    int lock = -1;
    if (strlen(path) > PATH_CAP) return heng_fail(err, HENG_ECONFIG, 0, "the path of the database is too long");
    heng_rc rc = take_lock(path, &lock, err);
    if (rc != HENG_OK) return rc;
    rc = create_locked(path, err);
    close(lock);
    return rc;
}

static heng_rc load_next_ids(struct heng_store *store, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NEXT_IDS);
    heng_rc rc = heng_query_step(&q, err);
    for (size_t i = 0; rc == HENG_OK && i < HENG_ID_COUNT; i++) store->next[i] = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_open(const char *path, struct heng_store **ret, struct heng_err *err)
{
    heng_rc rc = check_file(path, err);
    if (rc != HENG_OK) return rc;
    struct heng_store *store = calloc(1, sizeof *store);
    if (!store) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    store->lock = -1;
    int64_t version = 0;
    struct heng_db *db = &store->reader.db;
    rc = take_lock(path, &store->lock, err);
    if (rc == HENG_OK) rc = heng_db_open(db, path, NULL, SQLITE_OPEN_READWRITE, err);
    if (rc == HENG_OK) rc = check_kind(db, &version, err);
    if (rc == HENG_OK) rc = configure(db, true, err);
    if (rc == HENG_OK) rc = migrate(db, version, err);
    if (rc == HENG_OK) rc = load_next_ids(store, err);
    if (rc != HENG_OK) {
        heng_store_close(store);
        return rc;
    }
    *ret = store;
    return HENG_OK;
}

static heng_rc weaken(struct heng_db *db, heng_store_weakness weakness, struct heng_err *err)
{
    switch (weakness) {
    case HENG_STORE_STRONG: break;
    case HENG_STORE_SYNC_NORMAL: return heng_db_exec(db, "weaken", "PRAGMA synchronous = NORMAL", err);
    case HENG_STORE_SYNC_OFF: return heng_db_exec(db, "weaken", "PRAGMA synchronous = OFF", err);
    }
    return HENG_OK;
}

heng_rc heng_store_open_on(const char *path, const char *vfs, heng_store_weakness weakness, struct heng_store **ret,
                           struct heng_err *err)
{
    int64_t version = 0;
    struct heng_store *store = calloc(1, sizeof *store);
    if (!store) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    store->lock = -1;
    struct heng_db *db = &store->reader.db;
    heng_rc rc = heng_db_open(db, path, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_USER_VERSION, &version, err);
    if (rc == HENG_OK && version) rc = check_kind(db, &version, err);
    if (rc == HENG_OK) rc = configure(db, true, err);
    if (rc == HENG_OK) rc = weaken(db, weakness, err);
    if (rc == HENG_OK) rc = migrate(db, version, err);
    if (rc == HENG_OK) rc = load_next_ids(store, err);
    if (rc != HENG_OK) {
        heng_store_close(store);
        return rc;
    }
    *ret = store;
    return HENG_OK;
}

void heng_store_close(struct heng_store *store)
{
    if (!store) return;
    heng_db_close(&store->reader.db);
    if (store->lock >= 0) close(store->lock);
    free(store);
}

struct heng_store_reader *heng_store_as_reader(struct heng_store *store) { return &store->reader; }

heng_rc heng_store_reader_open(const char *path, struct heng_store_reader **ret, struct heng_err *err)
{
    heng_rc rc = check_file(path, err);
    if (rc != HENG_OK) return rc;
    struct heng_store_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    int64_t version = 0;
    rc = heng_db_open(&reader->db, path, NULL, SQLITE_OPEN_READWRITE, err);
    if (rc == HENG_OK) rc = check_kind(&reader->db, &version, err);
    if (rc == HENG_OK) rc = configure(&reader->db, false, err);
    if (rc != HENG_OK) {
        heng_store_reader_close(reader);
        return rc;
    }
    *ret = reader;
    return HENG_OK;
}

void heng_store_reader_close(struct heng_store_reader *reader)
{
    if (!reader) return;
    heng_db_close(&reader->db);
    free(reader);
}

heng_rc heng_store_begin(struct heng_store *store, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    if (db->in_transaction) return heng_fail(err, HENG_EBUG, 0, "a transaction is open already");
    heng_rc rc = heng_db_run(db, HENG_SQL_BEGIN_WRITE, NULL, err);
    if (rc != HENG_OK) return rc;
    db->in_transaction = true;
    memcpy(store->saved, store->next, sizeof store->saved);
    return HENG_OK;
}

heng_rc heng_store_commit(struct heng_store *store, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    if (!db->in_transaction) return heng_fail(err, HENG_EBUG, 0, "no transaction is open");
    heng_rc rc = heng_db_run(db, HENG_SQL_COMMIT, NULL, err);
    if (rc != HENG_OK)
        heng_store_rollback(store);
    else
        db->in_transaction = false;
    return rc;
}

void heng_store_rollback(struct heng_store *store)
{
    struct heng_db *db = &store->reader.db;
    if (!db->in_transaction) return;
    db->in_transaction = false;
    memcpy(store->next, store->saved, sizeof store->next);
    /* SQLite has rolled back by itself after the graver errors. */
    if (sqlite3_get_autocommit(db->handle)) return;
    struct heng_err err;
    bool was_broken = db->broken;
    db->broken = false;
    heng_rc rc = heng_db_run(db, HENG_SQL_ROLLBACK, NULL, &err);
    db->broken = was_broken || rc != HENG_OK;
}

heng_rc heng_store_reader_begin(struct heng_store_reader *reader, struct heng_err *err)
{
    /* The writer's own questions see its transaction already. */
    if (reader->db.in_transaction) return heng_fail(err, HENG_EBUG, 0, "a transaction is open already");
    heng_rc rc = heng_db_run(&reader->db, HENG_SQL_BEGIN_READ, NULL, err);
    reader->db.in_transaction = rc == HENG_OK;
    return rc;
}

void heng_store_reader_end(struct heng_store_reader *reader)
{
    if (!reader->db.in_transaction) return;
    reader->db.in_transaction = false;
    struct heng_err err;
    if (heng_db_run(&reader->db, HENG_SQL_COMMIT, NULL, &err) != HENG_OK && !sqlite3_get_autocommit(reader->db.handle))
        reader->db.broken = heng_db_run(&reader->db, HENG_SQL_ROLLBACK, NULL, &err) != HENG_OK;
}
