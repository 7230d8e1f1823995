#include "store/money/rows.h"

/* So many go one by one on a server as well: nobody waits for them either, and the plan of one row is the best. */
enum { FEW = 4 };

void heng_query_columns(struct heng_query *q, const struct heng_column *columns, size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i].type == HENG_COLUMN_INT)
            heng_query_ints(q, columns[i].ints, n);
        else
            heng_query_slices(q, columns[i].type == HENG_COLUMN_TEXT, columns[i].slices, n);
}

static void bind_row(struct heng_query *q, const struct heng_column *columns, size_t count, size_t row)
{
    for (size_t i = 0; i < count; i++) switch (columns[i].type) {
        case HENG_COLUMN_INT: heng_query_int(q, columns[i].ints[row]); break;
        case HENG_COLUMN_TEXT: heng_query_text(q, (const char *)columns[i].slices[row].p); break;
        case HENG_COLUMN_BLOB: heng_query_blob(q, columns[i].slices[row]); break;
        }
}

heng_rc heng_db_put_rows(struct heng_db *db, heng_sql one, heng_sql all, const struct heng_column *columns,
                         size_t count, size_t n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    if (n == 0) return HENG_OK;
    if (db->postgres && n > FEW) {
        heng_query_begin(&q, db, all);
        heng_query_columns(&q, columns, count, n);
        return heng_query_queue(&q, err);
    }
    for (size_t row = 0; rc == HENG_OK && row < n; row++) {
        heng_query_begin(&q, db, one);
        bind_row(&q, columns, count, row);
        rc = heng_query_queue(&q, err);
    }
    return rc;
}
