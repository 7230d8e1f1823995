#include "store/conditions.h"

#include "store/db.h"

heng_rc heng_store_add_conditions(struct heng_store *store, int64_t device_id, const struct heng_condition_row *row,
                                  struct heng_err *err)
{
    struct heng_query q;
    if (!store->reader.db.in_transaction) return heng_fail(err, HENG_EBUG, 0, "no transaction is open");
    if (!row->conditions) return HENG_OK;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CONDITION_ADD);
    heng_query_int(&q, device_id);
    heng_query_int(&q, row->at_us);
    heng_query_int(&q, row->source);
    heng_query_int(&q, row->conditions);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_each_condition(struct heng_store_reader *reader, int64_t device_id, heng_us from_us, heng_us to_us,
                                  heng_condition_each *each, void *ctx, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_CONDITION_SCAN);
    heng_query_int(&q, device_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_condition_row row;
        row.at_us = heng_query_get_int(&q);
        row.source = (heng_source)heng_query_get_int(&q);
        row.conditions = (heng_conditions)heng_query_get_int(&q) & HENG_CONDITIONS_ALL;
        if ((rc = each(ctx, &row)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
