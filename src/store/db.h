#ifndef HENG_STORE_DB_H
#define HENG_STORE_DB_H
/* One connection to a database, of SQLite or of PostgreSQL, with its prepared statements, and typed binding. Inside of
 * store/ only. db.c is what both have in common, db_sqlite.c and db_postgres.c are the engines. */
#include "base/slice.h"
#include "store/sql_text.h"
#include "store/store.h"

#include <sqlite3.h>

typedef enum heng_sql {
#define X(symbol, name, sqlite, postgres) HENG_SQL_##symbol,
    HENG_SQL_LIST(X)
#undef X
        HENG_SQL_COUNT
} heng_sql;

struct heng_query;
struct heng_db;
struct heng_postgres;

/* What an engine does its own way; the functions of this header call these. A getter reads column q->column. */
struct heng_db_engine {
    void (*close)(struct heng_db *db);
    heng_rc (*exec)(struct heng_db *db, const char *what, const char *text, int64_t *ret, struct heng_err *err);
    bool (*busy)(struct heng_db *db); /* is a transaction open, by what the engine says? */
    void (*begin)(struct heng_query *q);
    void (*bind_null)(struct heng_query *q);
    void (*bind_int)(struct heng_query *q, int64_t value);
    void (*bind_text)(struct heng_query *q, const char *text);
    void (*bind_blob)(struct heng_query *q, struct heng_slice bytes);
    heng_rc (*step)(struct heng_query *q, struct heng_err *err);
    heng_rc (*queue)(struct heng_query *q, struct heng_err *err); /* NULL: as finish */
    heng_rc (*settle)(struct heng_db *db, struct heng_err *err);  /* NULL: nothing waits */
    bool (*is_null)(const struct heng_query *q);
    int64_t (*get_int)(const struct heng_query *q);
    struct heng_slice (*get_text)(const struct heng_query *q); /* a NUL stands behind it */
    struct heng_slice (*get_blob)(const struct heng_query *q);
    void (*end)(struct heng_query *q);
};

/* Owns: the connection and its statements. path: the database's name for people, without secrets. broken: the disk
 * failed under a write, or the connection is lost; no further work. handle, statements: SQLite's; postgres: the
 * other's; the one that is not at work is NULL. asked: how often each statement was begun, for those who measure. */
struct heng_db {
    const struct heng_db_engine *engine;
    sqlite3 *handle;
    sqlite3_stmt *statements[HENG_SQL_COUNT];
    struct heng_postgres *postgres;
    char path[512];
    uint32_t asked[HENG_SQL_COUNT];
    bool in_transaction, broken;
};

/* Is the name one of a database of PostgreSQL? */
bool heng_db_is_postgres(const char *name);

/* flags: as for sqlite3_open_v2. vfs: NULL for the default one. */
HENG_NODISCARD heng_rc heng_db_open(struct heng_db *db, const char *path, const char *vfs, int flags,
                                    struct heng_err *err);

/* uri: postgresql://..., without a password: that stands in ~/.pgpass or a service file. A connection that does not
 * write connects again by itself when it is lost between two transactions.
 * Errors: ECONFIG the name; ENOTFOUND no such database; EDENIED; EIO the server cannot be reached; EUNSUPPORTED. */
HENG_NODISCARD heng_rc heng_db_open_postgres(struct heng_db *db, const char *uri, bool writes, struct heng_err *err);

void heng_db_close(struct heng_db *db);

/* Run text that is no named statement: a migration, a question of a test. what: its name for the error; ret (may be
 * NULL): the first column of the first row as a number, 0 when there is none. */
HENG_NODISCARD heng_rc heng_db_exec(struct heng_db *db, const char *what, const char *text, int64_t *ret,
                                    struct heng_err *err);

/* Run a statement without parameters; ret (may be NULL) takes the first column of its row. */
HENG_NODISCARD heng_rc heng_db_run(struct heng_db *db, heng_sql sql, int64_t *ret, struct heng_err *err);

const char *heng_db_sql_text(const struct heng_db *db, heng_sql sql); /* NULL: the engine has no such statement */
const char *heng_db_sql_name(heng_sql sql);

/* A statement at work: begin, bind in order, step, columns in order, end. The first failure is latched and comes out
 * of the next step. Texts and blobs that are bound must live until end. One statement is at work once at a time.
 * streamed: set before the first step for a long answer: no other statement of the connection until end. */
struct heng_query {
    struct heng_db *db;
    sqlite3_stmt *statement;
    heng_sql sql;
    int bound, column;
    int code;
    bool streamed;
};

void heng_query_begin(struct heng_query *q, struct heng_db *db, heng_sql sql);
void heng_query_null(struct heng_query *q);
void heng_query_int(struct heng_query *q, int64_t value);
void heng_query_text(struct heng_query *q, const char *text);
void heng_query_blob(struct heng_query *q, struct heng_slice bytes);

/* PostgreSQL only: the values of one column of many rows, for unnest. They are copied. */
void heng_query_ints(struct heng_query *q, const int64_t *values, size_t n);
void heng_query_slices(struct heng_query *q, bool text, const struct heng_slice *values, size_t n);

/* PostgreSQL only: give rows to a statement COPY ... FROM STDIN (FORMAT binary), each as it wants them. */
HENG_NODISCARD heng_rc heng_db_copy(struct heng_db *db, heng_sql sql, struct heng_slice rows, struct heng_err *err);

/* OK: a row is there. ENOTFOUND: no (more) row. */
HENG_NODISCARD heng_rc heng_query_step(struct heng_query *q, struct heng_err *err);
bool heng_query_is_null(const struct heng_query *q); /* of the next column, which stays the next one */
int64_t heng_query_get_int(struct heng_query *q);
/* Copied, cut at cap. */
void heng_query_get_text(struct heng_query *q, char *ret_text, size_t cap);
const char *heng_query_peek_text(struct heng_query *q);      /* borrowed until the next step; never NULL */
struct heng_slice heng_query_get_blob(struct heng_query *q); /* borrowed until the next step */
void heng_query_end(struct heng_query *q);

/* Step a statement that gives no rows, and end it. */
HENG_NODISCARD heng_rc heng_query_finish(struct heng_query *q, struct heng_err *err);

/* The same of a statement of the open transaction, without waiting for the server's word: its error, if any, comes out
 * of the next statement that is waited for, of settle, or of the commit, and nothing after it was done. For statements
 * that nobody reads the outcome of. In SQLite, where there is nobody to wait for, it is finish. */
HENG_NODISCARD heng_rc heng_query_queue(struct heng_query *q, struct heng_err *err);
/* Wait for what is queued. Errors: that of the first that failed. */
HENG_NODISCARD heng_rc heng_db_settle(struct heng_db *db, struct heng_err *err);

/* The tables whose ids the program gives, in the order of the statement next_ids. */
typedef enum heng_id_of {
    HENG_ID_PLACE,
    HENG_ID_LINE,
    HENG_ID_DEVICE,
    HENG_ID_POINT,
    HENG_ID_INSTALLATION,
    HENG_ID_REGISTER,
    HENG_ID_FRAME,
    HENG_ID_LINE_EVENT,
    HENG_ID_SCHEDULE,
    HENG_ID_RELAY,
    HENG_ID_COMMAND,
    HENG_ID_FOUND,
    HENG_ID_GATEWAY,
    HENG_ID_GATEWAY_EVENT,
    HENG_ID_REFUSED_ENTRY,
    HENG_ID_ENROLMENT,
    HENG_ID_ORG,
    HENG_ID_CHANNEL,
    HENG_ID_ACCOUNT,
    HENG_ID_AUDIT,
    HENG_ID_TARIFF_DOC,
    HENG_ID_TARIFF_BINDING,
    HENG_ID_CONTRACT,
    HENG_ID_BOOK,
    HENG_ID_BOOKING,
    HENG_ID_RECEIPT,
    HENG_ID_CASH_DAY,
    HENG_ID_CHARGE,
    HENG_ID_BILL_RUN,
    HENG_ID_BILL,
    HENG_ID_APPORTION_RUN,
    HENG_ID_NOTICE,
    HENG_ID_SUPPLY_TASK,
    HENG_ID_METER_ORDER,
    HENG_ID_PAY_ORDER,
    HENG_ID_PAY_NOTICE,
    HENG_ID_PAY_REFUND,
    HENG_ID_PAY_FILE,
    HENG_ID_RECONCILE,
    HENG_ID_SEAL_KEY,
    HENG_ID_COUNT
} heng_id_of;

/* The columns of the statement register_list. */
void heng_register_of_row(struct heng_query *q, struct heng_register *ret);

struct heng_store_reader {
    struct heng_db db;
};

enum {
    HENG_MONTHS_MAX = 8192, /* days, more than twenty years */
    HENG_TOUCHED_MAX = 512
};

/* A device of which readings came in the open transaction, at moments from_us to to_us (store/usage_due.c). */
struct heng_touched {
    int64_t device_id;
    heng_us from_us, to_us;
};

/* next: ids to give; saved: what they were when the transaction began. lock: descriptor that keeps others out of the
 * file; fence: the number that does on a server. months: on an engine that keeps readings by months, the days whose
 * month is there, each at its own place as day + 1. */
struct heng_store {
    struct heng_store_reader reader;
    int64_t next[HENG_ID_COUNT], saved[HENG_ID_COUNT];
    int lock;
    int64_t fence;
    int32_t months[HENG_MONTHS_MAX];
    size_t touched_n;
    struct heng_touched touched[HENG_TOUCHED_MAX]; /* a hash table; device_id 0: empty */
};

/* On an engine that keeps readings by months there is one for this moment afterwards (store/bulk.c). */
HENG_NODISCARD heng_rc heng_store_need_month(struct heng_store *store, heng_us at_us, struct heng_err *err);

/* --- store/open.c --- */

/* Run the migrations behind version from, up to version to, in the transaction that is open. */
HENG_NODISCARD heng_rc heng_db_migrate(struct heng_db *db, int64_t from, int64_t to, struct heng_err *err);

/* What makes the tables of a new database and puts something into them, in the one transaction that is open. */
typedef heng_rc heng_db_fill(struct heng_store *store, void *owner, struct heng_err *err);

/* Make a new database: all of what fill does is there afterwards, or nothing. Errors: as heng_store_create. */
HENG_NODISCARD heng_rc heng_db_make(const char *path, heng_db_fill *fill, void *owner, struct heng_err *err);

/* Make path durable. flags: as for open. */
HENG_NODISCARD heng_rc heng_sync_path(const char *path, int flags, struct heng_err *err);

#endif
