/* How a database comes to be, is opened and brought up to date: a file of SQLite or a schema on a server. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/archive_search.h"
#include "store/db.h"
#include "store/dump.h"

enum { APPLICATION_ID = 0x48454E47, PATH_CAP = 480 }; /* 'HENG'; paths get suffixes in buffers of 512 */

struct migration {
    int version;
    const char *text;
};

#define X(version, text) {version, text},
static const struct migration sqlite_migrations[] = {HENG_SQLITE_MIGRATION_LIST(X)};
static const struct migration postgres_migrations[] = {HENG_POSTGRES_MIGRATION_LIST(X)};
#undef X

heng_rc heng_db_migrate(struct heng_db *db, int64_t from, int64_t to, struct heng_err *err)
{
    const struct migration *list = db->postgres ? postgres_migrations : sqlite_migrations;
    const size_t count = db->postgres ? sizeof postgres_migrations / sizeof *postgres_migrations
                                      : sizeof sqlite_migrations / sizeof *sqlite_migrations;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < count; i++)
        if (list[i].version > from && list[i].version <= to)
            rc = heng_db_exec(db, "migration", list[i].text, NULL, err);
    return rc;
}

/* Roll back after an error, which is the one to tell. */
static void take_back(struct heng_db *db)
{
    struct heng_err second;
    if (db->engine->busy(db) && heng_db_run(db, HENG_SQL_ROLLBACK, NULL, &second) != HENG_OK) db->broken = true;
}

/* One step of version as one transaction. */
static heng_rc migrate_once(struct heng_db *db, int64_t from, struct heng_err *err)
{
    heng_rc rc = heng_db_run(db, HENG_SQL_BEGIN_WRITE, NULL, err);
    if (rc != HENG_OK) return rc;
    rc = heng_db_migrate(db, from, from + 1, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_COMMIT, NULL, err);
    if (rc != HENG_OK) take_back(db);
    return rc;
}

static heng_rc migrate(struct heng_db *db, int64_t version, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (; rc == HENG_OK && version < HENG_SCHEMA_VERSION; version++) rc = migrate_once(db, version, err);
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

/* Is it ours, and do we know its version? A schema without any table is ours to make. */
static heng_rc check_kind(struct heng_db *db, int64_t *ret_version, struct heng_err *err)
{
    int64_t application = 0;
    heng_rc rc = heng_db_run(db, HENG_SQL_APPLICATION_ID, &application, err);
    if (rc != HENG_OK) return rc;
    if (db->postgres && application == 0)
        return heng_fail(err, HENG_ENOTFOUND, 0, "database '%s' has no tables of Heng yet", db->path);
    if (application == APPLICATION_ID) rc = heng_db_run(db, HENG_SQL_USER_VERSION, ret_version, err);
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

heng_rc heng_sync_path(const char *path, int flags, struct heng_err *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) close(fd);
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "cannot sync '%s': %s", path, strerror(why));
}

/* The tables and what is in them, as one transaction. */
static heng_rc fill_new(struct heng_store *store, heng_db_fill *fill, void *owner, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    heng_rc rc = heng_db_run(db, HENG_SQL_BEGIN_WRITE, NULL, err);
    if (rc != HENG_OK) return rc;
    db->in_transaction = true;
    rc = fill(store, owner, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_COMMIT, NULL, err);
    if (rc != HENG_OK) take_back(db);
    return rc;
}

static heng_rc build_new(struct heng_store *store, const char *path, heng_db_fill *fill, void *owner,
                         struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    heng_rc rc = heng_db_open(db, path, NULL, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (rc != HENG_OK) return rc;
    rc = configure(db, true, err);
    if (rc == HENG_OK) rc = fill_new(store, fill, owner, err);
    heng_db_close(db); /* the last connection: folds the log into the file and removes it */
    if (rc == HENG_OK) rc = heng_sync_path(path, O_RDWR, err);
    return rc;
}

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[520];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static heng_rc make_file(struct heng_store *store, const char *path, heng_db_fill *fill, void *owner,
                         struct heng_err *err)
{
    char fresh[512], directory[512];
    struct stat st;
    if (lstat(path, &st) == 0) return heng_fail(err, HENG_EEXISTS, 0, "'%s' exists already", path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    remove_files(fresh); /* what an earlier attempt left behind was never in service */
    heng_rc rc = build_new(store, fresh, fill, owner, err);
    if (rc == HENG_OK && rename(fresh, path) != 0)
        rc = heng_fail(err, HENG_EIO, 0, "cannot create '%s': %s", path, strerror(errno));
    if (rc != HENG_OK) remove_files(fresh);
    snprintf(directory, sizeof directory, "%s", path);
    if (rc == HENG_OK) rc = heng_sync_path(dirname(directory), O_RDONLY | O_DIRECTORY, err);
    return rc;
}

/* Connect for writing, alone. What the server keeps only in memory would be promised in vain. */
static heng_rc open_server(struct heng_db *db, const char *uri, struct heng_err *err)
{
    int64_t safe = 0;
    heng_rc rc = heng_db_open_postgres(db, uri, true, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_SERVER_SAFE, &safe, err);
    if (rc != HENG_OK) return rc;
    if (!safe)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "database '%s': the server runs with fsync = off and may lose what it has "
                         "acknowledged: switch it on",
                         db->path);
    rc = heng_db_run(db, HENG_SQL_WRITER_LOCK, NULL, err);
    if (rc == HENG_EBUSY)
        return heng_fail(
            err, rc, 0, "database '%s' is in use by another Heng: stop that one first, or give another path", db->path);
    return rc;
}

static heng_rc make_on_server(struct heng_store *store, const char *uri, heng_db_fill *fill, void *owner,
                              struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    int64_t application = 0;
    heng_rc rc = open_server(db, uri, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_APPLICATION_ID, &application, err);
    if (rc == HENG_OK && application == APPLICATION_ID)
        rc = heng_fail(err, HENG_EEXISTS, 0, "'%s' exists already", db->path);
    if (rc == HENG_OK && application != 0)
        rc = heng_fail(err, HENG_EEXISTS, 0, "'%s' has tables of another program: give an empty database", db->path);
    return rc == HENG_OK ? fill_new(store, fill, owner, err) : rc;
}

heng_rc heng_db_make(const char *path, heng_db_fill *fill, void *owner, struct heng_err *err)
{
    if (strlen(path) > PATH_CAP) return heng_fail(err, HENG_ECONFIG, 0, "the path of the database is too long");
    struct heng_store *store = calloc(1, sizeof *store);
    if (!store) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    store->lock = -1;
    heng_rc rc = HENG_OK;
    if (heng_db_is_postgres(path))
        rc = make_on_server(store, path, fill, owner, err);
    else if ((rc = take_lock(path, &store->lock, err)) == HENG_OK)
        rc = make_file(store, path, fill, owner, err);
    heng_store_close(store);
    return rc;
}

static heng_rc make_tables(struct heng_store *store, void *owner, struct heng_err *err)
{
    (void)owner;
    return heng_db_migrate(&store->reader.db, 0, HENG_SCHEMA_VERSION, err);
}

heng_rc heng_store_create(const char *path, struct heng_err *err) { return heng_db_make(path, make_tables, NULL, err); }

/* Places of a database from before there were words for the search. */
static heng_rc index_words(struct heng_store *store, struct heng_err *err)
{
    int64_t none = 0;
    heng_rc rc = heng_db_run(&store->reader.db, HENG_SQL_ARCHIVE_WORDS_NONE, &none, err);
    if (rc != HENG_OK || !none) return rc;
    rc = heng_store_begin(store, err);
    if (rc == HENG_OK) rc = heng_archive_index_missing(store, err);
    if (rc == HENG_OK) return heng_store_commit(store, err);
    heng_store_rollback(store);
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

/* *ret_version: what it was before. */
static heng_rc open_file_store(struct heng_store *store, const char *path, int64_t *ret_version, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    heng_rc rc = take_lock(path, &store->lock, err);
    if (rc == HENG_OK) rc = heng_db_open(db, path, NULL, SQLITE_OPEN_READWRITE, err);
    if (rc == HENG_OK) rc = check_kind(db, ret_version, err);
    if (rc == HENG_OK) rc = configure(db, true, err);
    return rc == HENG_OK ? migrate(db, *ret_version, err) : rc;
}

static heng_rc open_server_store(struct heng_store *store, const char *uri, int64_t *ret_version, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    heng_rc rc = open_server(db, uri, err);
    if (rc == HENG_OK) rc = check_kind(db, ret_version, err);
    if (rc == HENG_OK) rc = migrate(db, *ret_version, err);
    return rc == HENG_OK ? heng_db_run(db, HENG_SQL_FENCE_TAKE, &store->fence, err) : rc;
}

static heng_rc open_store(const char *path, struct heng_store **ret, int64_t *ret_version, struct heng_err *err)
{
    bool server = heng_db_is_postgres(path);
    heng_rc rc = server ? HENG_OK : check_file(path, err);
    if (rc != HENG_OK) return rc;
    struct heng_store *store = calloc(1, sizeof *store);
    if (!store) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    store->lock = -1;
    rc = server ? open_server_store(store, path, ret_version, err) : open_file_store(store, path, ret_version, err);
    if (rc == HENG_OK) rc = load_next_ids(store, err);
    if (rc == HENG_OK) rc = index_words(store, err);
    if (rc != HENG_OK) {
        heng_store_close(store);
        return rc;
    }
    *ret = store;
    return HENG_OK;
}

heng_rc heng_store_open(const char *path, struct heng_store **ret, struct heng_err *err)
{
    int64_t version = 0;
    return open_store(path, ret, &version, err);
}

heng_rc heng_store_migrate(const char *database, int64_t *ret_from, int64_t *ret_to, struct heng_err *err)
{
    struct heng_store *store = NULL;
    heng_rc rc = open_store(database, &store, ret_from, err);
    *ret_to = HENG_SCHEMA_VERSION;
    if (rc == HENG_OK) heng_store_close(store);
    return rc;
}

static heng_rc weaken(struct heng_db *db, heng_store_weakness weakness, struct heng_err *err)
{
    switch (weakness) {
    case HENG_STORE_STRONG: break;
    case HENG_STORE_SYNC_NORMAL: return heng_db_exec(db, "weaken", "PRAGMA synchronous = NORMAL", NULL, err);
    case HENG_STORE_SYNC_OFF: return heng_db_exec(db, "weaken", "PRAGMA synchronous = OFF", NULL, err);
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

heng_rc heng_store_reader_open(const char *path, struct heng_store_reader **ret, struct heng_err *err)
{
    bool server = heng_db_is_postgres(path);
    heng_rc rc = server ? HENG_OK : check_file(path, err);
    if (rc != HENG_OK) return rc;
    struct heng_store_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    int64_t version = 0;
    rc = server ? heng_db_open_postgres(&reader->db, path, false, err)
                : heng_db_open(&reader->db, path, NULL, SQLITE_OPEN_READWRITE, err);
    if (rc == HENG_OK) rc = check_kind(&reader->db, &version, err);
    if (rc == HENG_OK && !server) rc = configure(&reader->db, false, err);
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
