#ifndef HENG_STORE_DB_ROWS_H
#define HENG_STORE_DB_ROWS_H
/* What most statements end with: the rows into structs. Inside of store/ only. */
#include "base/buf.h"
#include "model/medium.h"
#include "store/db.h"

/* A writer without a transaction is our own bug. */
static inline heng_rc heng_store_need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

/* Bind text of people last and finish. They hold no NUL, which their checks have seen to. */
HENG_NODISCARD heng_rc heng_query_finish_text(struct heng_query *q, struct heng_slice text, struct heng_err *err);

/* What holds for a medium and group on a day: its version and text. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_db_text_for(struct heng_db *db, heng_sql sql, heng_medium medium, const char *group_name,
                                        int32_t day, int64_t *ret_version, struct heng_str *ret_text,
                                        struct heng_err *err);

/* Step q, fill one struct by fill, end, return. */
#define HENG_QUERY_ONE(fill, ret)                                                                                      \
    do {                                                                                                               \
        heng_rc rc_ = heng_query_step(&q, err);                                                                        \
        if (rc_ == HENG_OK) fill(&q, ret);                                                                             \
        heng_query_end(&q);                                                                                            \
        return rc_;                                                                                                    \
    } while (0)

/* Step q to its end, fill an array of cap structs by fill, end, return. */
#define HENG_QUERY_ALL(fill, ret, cap, ret_n)                                                                          \
    do {                                                                                                               \
        size_t n_ = 0;                                                                                                 \
        heng_rc rc_ = HENG_OK;                                                                                         \
        while (rc_ == HENG_OK && n_ < (cap) && (rc_ = heng_query_step(&q, err)) == HENG_OK) fill(&q, &(ret)[n_++]);    \
        heng_query_end(&q);                                                                                            \
        if (rc_ != HENG_OK && rc_ != HENG_ENOTFOUND) return rc_;                                                       \
        *(ret_n) = n_;                                                                                                 \
        return HENG_OK;                                                                                                \
    } while (0)

#endif
