#ifndef HENG_STORE_MONEY_ROWS_H
#define HENG_STORE_MONEY_ROWS_H
/* Many rows by one statement: on PostgreSQL as arrays of columns, in one go and without waiting for its word (a few as
 * single rows, unwaited as well); in SQLite row by row. Inside of store/ only. */
#include "store/db.h"

/* One column of n rows: numbers, or texts and blobs. Texts of SQLite are bound as they lie: a NUL stands behind. */
typedef enum heng_column_type { HENG_COLUMN_INT, HENG_COLUMN_TEXT, HENG_COLUMN_BLOB } heng_column_type;
struct heng_column {
    heng_column_type type;
    int64_t *ints;
    struct heng_slice *slices;
};

/* one: the statement of a row, for SQLite; all: the one with unnest, for PostgreSQL. The transaction is open. */
HENG_NODISCARD heng_rc heng_db_put_rows(struct heng_db *db, heng_sql one, heng_sql all,
                                        const struct heng_column *columns, size_t count, size_t n,
                                        struct heng_err *err);

/* Bind the columns as arrays, for a question to PostgreSQL. */
void heng_query_columns(struct heng_query *q, const struct heng_column *columns, size_t count, size_t n);

#endif
