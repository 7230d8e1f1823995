#ifndef HENG_STORE_ARCHIVE_INSIDE_H
#define HENG_STORE_ARCHIVE_INSIDE_H
/* What the parts of the archive have in common. Inside of store/ only. */
#include "store/archive.h"
#include "store/db.h"

/* Step q, fill one struct by fill, end. */
#define ARCHIVE_GET_ONE(fill, ret)                                                                                     \
    do {                                                                                                               \
        heng_rc rc_ = heng_query_step(&q, err);                                                                        \
        if (rc_ == HENG_OK) fill(&q, ret);                                                                             \
        heng_query_end(&q);                                                                                            \
        return rc_;                                                                                                    \
    } while (0)

/* Step q to its end, fill an array of cap structs by fill, end. */
#define ARCHIVE_GET_ALL(fill, ret, cap, ret_n)                                                                         \
    do {                                                                                                               \
        size_t n_ = 0;                                                                                                 \
        heng_rc rc_ = HENG_OK;                                                                                         \
        while (rc_ == HENG_OK && n_ < (cap) && (rc_ = heng_query_step(&q, err)) == HENG_OK) fill(&q, &(ret)[n_++]);    \
        heng_query_end(&q);                                                                                            \
        if (rc_ != HENG_OK && rc_ != HENG_ENOTFOUND) return rc_;                                                       \
        *(ret_n) = n_;                                                                                                 \
        return HENG_OK;                                                                                                \
    } while (0)

static inline struct heng_db *archive_db(struct heng_store *store) { return &store->reader.db; }

static inline heng_rc archive_need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

void archive_fill_place(struct heng_query *q, struct heng_archive_place *ret);

#endif
