#ifndef HENG_SPOOL_INSIDE_H
#define HENG_SPOOL_INSIDE_H
/* What the files of spool/ share. Nobody else includes it.
 *
 * table entry       a row per entry, in the order of id, so that the tree grows at its right end only. id goes on over
 *                   epochs: the number of an entry is id - base. epoch, seq and chk are the maker's, as they were made.
 * table remember    a row per name
 * table meta        one row: format, epoch, base, given (the highest id ever given), chk over them, and mark: the epoch
 *                   as a text that can still be found when the file cannot be opened any more */
#include <sqlite3.h>

#include "spool/spool.h"

enum {
    SPOOL_APPLICATION_ID = 0x48454E4A, /* 'HENJ' */
    SPOOL_FORMAT = 1,
    SPOOL_PAGE_BYTES = 4096,
    SPOOL_FRAME_HEAD = 24,
    SPOOL_PATH_CAP = 480, /* suffixes fit into buffers of 512 */
    SPOOL_NAME_MAX = 64,
    SPOOL_VALUE_MAX = 16 * 1024 * 1024,
    SPOOL_MARK_CAP = 64,
    SPOOL_THIN_MAX = 2000 /* entries that leave in one call */
};

#define SPOOL_COLUMNS "id, at_us, kind, rank, subject, doubtful, maker, epoch, seq, chk, body"

/* X(symbol, what for an error, text) */
#define SPOOL_SQL_LIST(X)                                                                                              \
    X(BEGIN, "begin", "BEGIN IMMEDIATE")                                                                               \
    X(COMMIT, "commit", "COMMIT")                                                                                      \
    X(ROLLBACK, "rollback", "ROLLBACK")                                                                                \
    X(APPEND, "append", "INSERT INTO entry (" SPOOL_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)") \
    X(WALK, "walk", "SELECT " SPOOL_COLUMNS " FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id")                      \
    X(GET, "get", "SELECT " SPOOL_COLUMNS " FROM entry WHERE id = ?1")                                                 \
    X(NEWEST, "newest", "SELECT " SPOOL_COLUMNS " FROM entry ORDER BY id DESC LIMIT 1000")                             \
    X(COUNT, "count", "SELECT count(*) FROM entry")                                                                    \
    X(FIRST, "first", "SELECT id FROM entry ORDER BY id LIMIT 1")                                                      \
    X(KEEP, "keep",                                                                                                    \
      "INSERT INTO remember (name, chk, value) VALUES (?1, ?2, ?3) "                                                   \
      "ON CONFLICT (name) DO UPDATE SET chk = excluded.chk, value = excluded.value")                                   \
    X(FORGET, "forget", "DELETE FROM remember WHERE name = ?1")                                                        \
    X(RECALL, "recall", "SELECT name, chk, value FROM remember WHERE name = ?1")                                       \
    X(RECALL_NEXT, "recall next",                                                                                      \
      "SELECT name, chk, value FROM remember WHERE name > ?1 AND name >= ?2 ORDER BY name LIMIT 1")                    \
    X(RECALL_ALL, "recall all", "SELECT name, chk, value FROM remember ORDER BY name")                                 \
    X(META, "meta", "SELECT format, epoch, base, given, chk FROM meta WHERE id = 1")                                   \
    X(SET_META, "set meta",                                                                                            \
      "INSERT OR REPLACE INTO meta (id, format, epoch, base, given, chk, mark) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)")    \
    X(PAGES, "pages", "PRAGMA page_count")                                                                             \
    X(FREE_PAGES, "free pages", "PRAGMA freelist_count")                                                               \
    X(SCAN, "scan",                                                                                                    \
      "SELECT id, at_us, rank, subject, doubtful, maker, epoch, seq, length(body) FROM entry "                         \
      "WHERE id BETWEEN ?1 AND ?2 ORDER BY id")                                                                        \
    X(DROP, "drop", "DELETE FROM entry WHERE id = ?1")

typedef enum spool_sql {
#define X(symbol, what, text) SPOOL_##symbol,
    SPOOL_SQL_LIST(X)
#undef X
        SPOOL_SQL_COUNT
} spool_sql;

/* Of the journal. first: the id of the oldest entry, given + 1: there is none. */
struct spool_numbers {
    uint64_t epoch;
    int64_t base, given, first;
    uint64_t count;
};

/* Whose reads were seen in a round of thinning, and on which day. */
struct spool_device {
    int64_t maker, subject, day;
    bool used, drop_next;
};

/* How far thinning has come. Only in memory: after a restart it begins anew, which costs time and no entry. */
typedef enum spool_level {
    SPOOL_HALF,   /* every second read of a device, oldest half of the time */
    SPOOL_WHOLE,  /* the same, of all the time */
    SPOOL_READS,  /* periodic reads, one after the other */
    SPOOL_STATUS, /* entries of that rank */
    SPOOL_LASTING
} spool_level;

struct spool_thin {
    bool at_work; /* over the upper mark, and not yet down to the lower one */
    bool in_round;
    spool_level level;
    int64_t cursor, round_last; /* ids: where the scan goes on, where the round ends */
    uint64_t dropped;           /* in this round */
    int64_t clear[3];           /* by rank: no entry of it below this id that the next tier does not have */
    struct spool_device *devices;
    size_t device_count, device_cap;
    int64_t ids[SPOOL_THIN_MAX];
};

/* Owns: connection, statements, lock, buffers. now: with what is written and not committed; safe: committed. */
struct heng_spool {
    sqlite3 *db;
    sqlite3_stmt *statements[SPOOL_SQL_COUNT];
    char path[512];
    struct heng_spool_limits limits;
    int lock;        /* descriptor, -1: none */
    int failed_code; /* of SQLite, the last one */
    bool broken, in_transaction, walking;
    struct spool_numbers now, safe;
    int64_t walk_from;
    int64_t pages, free_pages, wal_frames;
    int64_t log_last; /* see log.c */
    uint8_t log_head[SPOOL_FRAME_HEAD];
    int64_t room_pages; /* of the file, beside its log */
    uint8_t *body;      /* of the entry that was read last, HENG_ENTRY_BODY_MAX */
    uint8_t *value;     /* what was recalled last */
    size_t value_cap;
    struct spool_thin thin;
};

/* --- sql.c --- */

/* Open a connection, without looking at the file. Errors: ENOMEM, EIO and others by code. */
HENG_NODISCARD heng_rc spool_sql_open(struct heng_spool *spool, const char *path, int flags, const char *vfs,
                                      struct heng_err *err);
void spool_sql_close(struct heng_spool *spool);
/* The sentence for the last failed call of SQLite; what the disk has failed under is latched as broken. */
heng_rc spool_fail(struct heng_spool *spool, const char *what, struct heng_err *err);
/* A failed open that says that the file is no good, not that the disk is: extended result code of SQLite. */
bool spool_is_damage(int code);
/* Ready to be bound; NULL: it could not be prepared (spool_fail tells). */
sqlite3_stmt *spool_statement(struct heng_spool *spool, spool_sql sql);
/* Step: OK a row, ENOTFOUND none; errors are told by the name of the statement. */
HENG_NODISCARD heng_rc spool_step(struct heng_spool *spool, spool_sql sql, struct heng_err *err);
/* Step one that gives no row, and reset it. */
HENG_NODISCARD heng_rc spool_run(struct heng_spool *spool, spool_sql sql, struct heng_err *err);
/* The first column of the first row; ENOTFOUND. ret is written on OK only. */
HENG_NODISCARD heng_rc spool_number(struct heng_spool *spool, spool_sql sql, int64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc spool_exec(struct heng_spool *spool, const char *what, const char *text, struct heng_err *err);
/* The first column of the row of a statement that is not kept, as text. */
HENG_NODISCARD heng_rc spool_ask(struct heng_spool *spool, const char *text, char *ret, size_t cap,
                                 struct heng_err *err);
HENG_NODISCARD heng_rc spool_count_pages(struct heng_spool *spool, struct heng_err *err);

/* --- file.c: files by way of the VFS; names are those of SQLite --- */
/* For reading only, with its name at ret_name as long as it is open; NULL: it cannot be. close accepts NULL. */
sqlite3_file *spool_file_open(const char *vfs, const char *path, char ret_name[static SPOOL_PATH_CAP * 2]);
void spool_file_close(sqlite3_file *file);
bool spool_file_exists(const char *vfs, const char *path); /* also when it is empty */
HENG_NODISCARD heng_rc spool_file_remove(const char *vfs, const char *path, struct heng_err *err); /* not there: OK */
HENG_NODISCARD heng_rc spool_file_rename(const char *vfs, const char *from, const char *to, struct heng_err *err);
HENG_NODISCARD heng_rc spool_file_sync_directory(const char *vfs, const char *path, struct heng_err *err);
/* Keep a second process out; ret_lock -1: the VFS is not of this system, SQLite's own lock has to do. */
HENG_NODISCARD heng_rc spool_file_lock(const char *vfs, const char *path, int *ret_lock, struct heng_err *err);
bool spool_file_is_empty(const char *vfs, const char *path);
bool spool_file_readable(const char *vfs, const char *path); /* every byte of it */
/* The highest epoch whose mark can be found in the file, 0: none. */
uint64_t spool_file_epoch(const char *vfs, const char *path);
void spool_epoch_mark(uint64_t epoch, char ret[static SPOOL_MARK_CAP]);

/* --- log.c --- */
int64_t spool_log_size(struct heng_spool *spool);   /* bytes */
void spool_log_note(struct heng_spool *spool);      /* at the begin of a transaction */
bool spool_log_take_back(struct heng_spool *spool); /* after a commit that found the disk full; false: not certain */

/* --- spool.c --- */
HENG_NODISCARD heng_rc spool_begin(struct heng_spool *spool, struct heng_err *err);
HENG_NODISCARD heng_rc spool_write_meta(struct heng_spool *spool, const struct spool_numbers *numbers,
                                        struct heng_err *err);
uint64_t spool_meta_check(int64_t format, const struct spool_numbers *numbers);
uint64_t spool_value_check(struct heng_slice name, struct heng_slice value);
/* An entry out of the columns of its row, body borrowed. False: it is not what was written. */
enum { SPOOL_ENTRY_NUMBERS = 9 }; /* at_us .. chk */
bool spool_entry_of(const int64_t numbers[static SPOOL_ENTRY_NUMBERS], struct heng_slice body, struct heng_entry *ret);
/* The row of WALK or NEWEST as an item. Errors: ENOMEM. */
HENG_NODISCARD heng_rc spool_item_of_row(struct heng_spool *spool, sqlite3_stmt *row, struct heng_spool_item *ret,
                                         struct heng_err *err);
/* Fold the log into the file. A failure of the disk is latched as broken; a full disk is not a failure. */
void spool_checkpoint(struct heng_spool *spool, int mode);

/* --- thin.c --- */
void spool_thin_forget(struct heng_spool *spool); /* what was dropped is back: nothing that was found out holds */

/* Bytes for the log, taken off limits.bytes_max. */
int64_t spool_log_bytes(int64_t bytes_max);

#endif
