/* Which channels have to be derived again. Readings come in thousands, most of a few devices: what they touch is kept
 * in memory until the transaction ends, and marked with one statement for each device. */
#include "store/db.h"
#include "store/usage.h"

heng_rc heng_store_due_device(struct heng_store *store, int64_t device_id, heng_us from_us, heng_us to_us,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DUE_DEVICE);
    heng_query_int(&q, device_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    return heng_query_finish(&q, err);
}

static heng_rc flush_one(struct heng_store *store, const struct heng_touched *t, struct heng_err *err)
{
    return heng_store_due_device(store, t->device_id, t->from_us, t->to_us, err);
}

static heng_rc flush_server(struct heng_store *store, struct heng_err *err)
{
    int64_t columns[3][HENG_TOUCHED_MAX];
    size_t n = 0;
    struct heng_query q;
    for (size_t i = 0; i < HENG_TOUCHED_MAX; i++) {
        const struct heng_touched *t = &store->touched[i];
        if (!t->device_id) continue;
        columns[0][n] = t->device_id;
        columns[1][n] = t->from_us;
        columns[2][n++] = t->to_us;
    }
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DUE_DEVICES);
    for (size_t i = 0; i < 3; i++) heng_query_ints(&q, columns[i], n);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_flush_touched(struct heng_store *store, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (!store->touched_n) return rc;
    if (store->reader.db.postgres) rc = flush_server(store, err);
    for (size_t i = 0; !store->reader.db.postgres && rc == HENG_OK && i < HENG_TOUCHED_MAX; i++)
        if (store->touched[i].device_id) rc = flush_one(store, &store->touched[i], err);
    memset(store->touched, 0, sizeof store->touched);
    store->touched_n = 0;
    return rc;
}

heng_rc heng_store_touch_device(struct heng_store *store, int64_t device_id, heng_us at_us, struct heng_err *err)
{
    /* Half full is full enough for walks to stay short. */
    heng_rc rc = store->touched_n >= HENG_TOUCHED_MAX / 2 ? heng_store_flush_touched(store, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    size_t i = (uint64_t)device_id % HENG_TOUCHED_MAX;
    while (store->touched[i].device_id && store->touched[i].device_id != device_id) i = (i + 1) % HENG_TOUCHED_MAX;
    struct heng_touched *t = &store->touched[i];
    if (!t->device_id) {
        *t = (struct heng_touched){device_id, at_us, at_us};
        store->touched_n++;
    }
    if (at_us < t->from_us) t->from_us = at_us;
    if (at_us > t->to_us) t->to_us = at_us;
    return HENG_OK;
}

heng_rc heng_store_touch_reading(struct heng_store *store, const struct heng_reading *reading, struct heng_err *err)
{
    heng_rc rc = heng_store_touch_device(store, reading->device_id, reading->at_us, err);
    return rc == HENG_OK && reading->due_us ? heng_store_touch_device(store, reading->device_id, reading->due_us, err)
                                            : rc;
}

heng_rc heng_store_next_due(struct heng_store_reader *reader, int64_t after_id, struct heng_usage_due *ret,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_DUE_NEXT);
    heng_query_int(&q, after_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->channel_id = heng_query_get_int(&q);
        ret->from_us = heng_query_get_int(&q);
        ret->to_us = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_count_due(struct heng_store_reader *reader, int64_t *ret, struct heng_err *err)
{
    return heng_db_run(&reader->db, HENG_SQL_DUE_COUNT, ret, err);
}

heng_rc heng_store_drop_due(struct heng_store *store, int64_t channel_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DUE_DROP);
    heng_query_int(&q, channel_id);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_due_point(struct heng_store *store, int64_t point_id, int64_t channel_id, heng_us from_us,
                             heng_us to_us, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DUE_POINT);
    heng_query_int(&q, point_id);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_due_group(struct heng_store *store, const char *medium, const char *group_name, heng_us from_us,
                             heng_us to_us, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DUE_GROUP);
    heng_query_text(&q, medium);
    heng_query_text(&q, group_name);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    return heng_query_finish(&q, err);
}
