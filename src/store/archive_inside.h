#ifndef HENG_STORE_ARCHIVE_INSIDE_H
#define HENG_STORE_ARCHIVE_INSIDE_H
/* What the parts of the archive have in common. Inside of store/ only. */
#include "store/archive.h"
#include "store/db_rows.h"

static inline struct heng_db *archive_db(struct heng_store *store) { return &store->reader.db; }

/* A number that a statement with two of them answers. */
heng_rc archive_two_ints(struct heng_db *db, heng_sql sql, int64_t a, int64_t b, int64_t *ret, struct heng_err *err);
void archive_fill_place(struct heng_query *q, struct heng_archive_place *ret);

#endif
