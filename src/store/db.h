#ifndef HENG_STORE_DB_H
#define HENG_STORE_DB_H
/* One SQLite connection with its prepared statements, and typed binding. Inside of store/ only. */
#include "base/slice.h"
#include "store/sql_text.h"
#include "store/store.h"

#include <sqlite3.h>

typedef enum heng_sql {
#define X(symbol, name, text) HENG_SQL_##symbol,
    HENG_SQL_LIST(X)
#undef X
        HENG_SQL_COUNT
} heng_sql;

/* Owns: the connection and its statements. broken: the disk failed under a write; no further work. */
struct heng_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[HENG_SQL_COUNT];
    char path[512];
    bool in_transaction, broken;
};

/* flags: as for sqlite3_open_v2. vfs: NULL for the default one. */
HENG_NODISCARD heng_rc heng_db_open(struct heng_db *db, const char *path, const char *vfs, int flags,
                                    struct heng_err *err);
void heng_db_close(struct heng_db *db);

/* The sentence for a failed call of SQLite, by its extended result code; returns the rc that fits. */
heng_rc heng_db_fail(struct heng_db *db, const char *what, struct heng_err *err);

/* Run text that gives no rows; what: its name for the error. */
HENG_NODISCARD heng_rc heng_db_exec(struct heng_db *db, const char *what, const char *text, struct heng_err *err);

/* Run a statement without parameters; ret (may be NULL) takes the first column of its row. */
HENG_NODISCARD heng_rc heng_db_run(struct heng_db *db, heng_sql sql, int64_t *ret, struct heng_err *err);

/* A statement at work: begin, bind in order, step, columns in order, end. The first failure is latched and comes out
 * of the next step. Texts and blobs that are bound must live until end. */
struct heng_query {
    struct heng_db *db;
    sqlite3_stmt *statement;
    heng_sql sql;
    int bound, column;
    int code;
};

void heng_query_begin(struct heng_query *q, struct heng_db *db, heng_sql sql);
void heng_query_int(struct heng_query *q, int64_t value);
void heng_query_text(struct heng_query *q, const char *text);
void heng_query_blob(struct heng_query *q, struct heng_slice bytes);

/* OK: a row is there. ENOTFOUND: no (more) row. */
HENG_NODISCARD heng_rc heng_query_step(struct heng_query *q, struct heng_err *err);
int64_t heng_query_get_int(struct heng_query *q);
/* Copied, cut at cap. */
void heng_query_get_text(struct heng_query *q, char *ret_text, size_t cap);
const char *heng_query_peek_text(struct heng_query *q);      /* borrowed until the next step; never NULL */
struct heng_slice heng_query_get_blob(struct heng_query *q); /* borrowed until the next step */
void heng_query_end(struct heng_query *q);

/* Step a statement that gives no rows, and end it. */
HENG_NODISCARD heng_rc heng_query_finish(struct heng_query *q, struct heng_err *err);

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
    HENG_ID_COUNT
} heng_id_of;

/* The columns of the statement register_list. */
void heng_register_of_row(struct heng_query *q, struct heng_register *ret);

struct heng_store_reader {
    struct heng_db db;
};

/* next: ids to give; saved: what they were when the transaction began. lock: descriptor that keeps others out. */
struct heng_store {
    struct heng_store_reader reader;
    int64_t next[HENG_ID_COUNT], saved[HENG_ID_COUNT];
    int lock;
};

#endif
