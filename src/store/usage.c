#include "store/usage.h"

#include "base/buf.h"
#include "store/db.h"

enum { SCAN_PAGE = 64 };

static void fill_channel(struct heng_query *q, struct heng_channel_row *ret)
{
    ret->id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
    ret->quantity = heng_quantity_of(heng_query_peek_text(q));
    ret->tariff = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->qualifier, sizeof ret->qualifier);
    ret->unit = heng_unit_of(heng_query_peek_text(q));
    ret->exp = (int8_t)heng_query_get_int(q);
    ret->minutes = (int16_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->max_per_hour, sizeof ret->max_per_hour);
    ret->main = heng_query_get_int(q) != 0;
    ret->medium = heng_medium_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->group_name, sizeof ret->group_name);
    ret->is_virtual = strcmp(heng_query_peek_text(q), "virtual") == 0;
    ret->place_id = heng_query_get_int(q);
    ret->managed_by = heng_query_get_int(q);
    ret->area_cm2 = heng_query_get_int(q);
    ret->main_point_id = heng_query_get_int(q);
}

heng_rc heng_store_get_channel(struct heng_store_reader *reader, int64_t scope, int64_t channel_id,
                               struct heng_channel_row *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHANNEL_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, channel_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_channel(&q, ret);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_channels(struct heng_store_reader *reader, int64_t scope, int64_t point_id, int64_t after_id,
                                 struct heng_channel_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHANNEL_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    heng_rc rc = HENG_OK;
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n)
        fill_channel(&q, &ret[*ret_n]);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- days ------------------------------------------------------------------------------------------------------ */

heng_rc heng_store_put_usage(struct heng_store *store, heng_usage_kind kind, const struct heng_usage_row *row,
                             struct heng_err *err)
{
    uint8_t memory[HENG_USAGE_PACKED_MAX];
    struct heng_buf packed = heng_buf_of(memory, sizeof memory);
    struct heng_query q;
    if (row->count > HENG_USAGE_INTERVALS_MAX) return heng_fail(err, HENG_EBUG, 0, "a day of %u intervals", row->count);
    heng_usage_pack(row, &packed);
    heng_query_begin(&q, &store->reader.db,
                     kind == HENG_USAGE_ESTIMATE ? HENG_SQL_USAGE_ESTIMATE_PUT : HENG_SQL_USAGE_DAY_PUT);
    heng_query_int(&q, row->channel_id);
    heng_query_int(&q, row->day);
    heng_query_int(&q, row->exp);
    heng_query_int(&q, row->amount);
    heng_query_int(&q, row->trust);
    heng_query_int(&q, row->method);
    heng_query_int(&q, row->permille);
    heng_query_int(&q, row->count);
    heng_query_int(&q, row->missing);
    heng_query_int(&q, (int64_t)row->flags);
    heng_query_blob(&q, heng_buf_slice(&packed));
    return heng_query_queue(&q, err);
}

static heng_rc fill_usage(struct heng_query *q, struct heng_usage_row *ret, struct heng_err *err)
{
    ret->channel_id = heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    ret->exp = (int8_t)heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->trust = (uint8_t)heng_query_get_int(q);
    ret->method = (uint8_t)heng_query_get_int(q);
    ret->permille = (uint16_t)heng_query_get_int(q);
    ret->count = (uint16_t)heng_query_get_int(q);
    ret->missing = (uint16_t)heng_query_get_int(q);
    ret->flags = (uint64_t)heng_query_get_int(q);
    return heng_usage_unpack(heng_query_get_blob(q), ret, err);
}

heng_rc heng_store_get_usage(struct heng_store_reader *reader, heng_usage_kind kind, int64_t channel_id, int32_t day,
                             struct heng_usage_row *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db,
                     kind == HENG_USAGE_ESTIMATE ? HENG_SQL_USAGE_ESTIMATE_GET : HENG_SQL_USAGE_DAY_GET);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) rc = fill_usage(&q, ret, err);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_drop_usage(struct heng_store *store, heng_usage_kind kind, int64_t channel_id, int32_t from,
                              int32_t to, size_t *ret_count, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    size_t count = 0;
    heng_query_begin(&q, &store->reader.db,
                     kind == HENG_USAGE_ESTIMATE ? HENG_SQL_USAGE_ESTIMATE_DROP : HENG_SQL_USAGE_DAY_DROP);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) count++;
    heng_query_end(&q);
    if (ret_count) *ret_count = count;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_sql scan_sql(const struct heng_usage_scan *scan)
{
    return scan->kind == HENG_USAGE_BEST ? HENG_SQL_USAGE_BEST_SCAN : HENG_SQL_USAGE_DAY_SCAN;
}

/* As in heng_reading_scan: the reader keeps the statement at work between two steps. */
static struct heng_query scan_query(const struct heng_usage_scan *scan)
{
    heng_sql sql = scan_sql(scan);
    return (struct heng_query){.db = &scan->reader->db, .sql = sql, .statement = scan->reader->db.statements[sql]};
}

void heng_usage_scan_begin(struct heng_usage_scan *scan, struct heng_store_reader *reader, heng_usage_kind kind,
                           int64_t channel_id, int32_t from, int32_t to)
{
    *scan = (struct heng_usage_scan){
        .reader = reader, .kind = kind, .channel_id = channel_id, .next = from, .to = to, .in_page = SCAN_PAGE};
}

static heng_rc scan_page(struct heng_usage_scan *scan, struct heng_err *err)
{
    struct heng_query q;
    heng_usage_scan_end(scan);
    heng_query_begin(&q, &scan->reader->db, scan_sql(scan));
    heng_query_int(&q, scan->channel_id);
    heng_query_int(&q, scan->next);
    heng_query_int(&q, scan->to);
    heng_query_int(&q, SCAN_PAGE);
    scan->in_page = 0;
    scan->open = true;
    return heng_query_step(&q, err);
}

heng_rc heng_usage_scan_next(struct heng_usage_scan *scan, struct heng_usage_row *ret, struct heng_err *err)
{
    heng_rc rc;
    struct heng_query q;
    if (scan->in_page == SCAN_PAGE) {
        rc = scan_page(scan, err);
        q = scan_query(scan); /* it may have been prepared just now */
    } else {
        q = scan_query(scan);
        rc = heng_query_step(&q, err);
    }
    if (rc != HENG_OK) return rc;
    q.column = 0;
    rc = fill_usage(&q, ret, err);
    scan->in_page++;
    scan->next = ret->day + 1;
    return rc;
}

void heng_usage_scan_end(struct heng_usage_scan *scan)
{
    if (!scan->open) return;
    struct heng_query q = scan_query(scan);
    heng_query_end(&q);
    scan->open = false;
}

heng_rc heng_store_sum_usage(struct heng_store_reader *reader, int64_t channel_id, int32_t from, int32_t to,
                             struct heng_usage_sum *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    *ret = (struct heng_usage_sum){.permille = 1000};
    heng_query_begin(&q, &reader->db, HENG_SQL_USAGE_BEST_SUM);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_dec part = {.exp = (int8_t)heng_query_get_int(&q)};
        part.mantissa = heng_query_get_int(&q);
        rc = ret->days ? heng_dec_add(ret->amount, part, &ret->amount) : HENG_OK;
        if (rc != HENG_OK) break;
        if (!ret->days) ret->amount = part;
        ret->days += (uint32_t)heng_query_get_int(&q);
        uint8_t trust = (uint8_t)heng_query_get_int(&q);
        if (trust > ret->trust) ret->trust = trust;
        ret->missing += (uint32_t)heng_query_get_int(&q);
        ret->estimated += (uint32_t)heng_query_get_int(&q);
        uint16_t permille = (uint16_t)heng_query_get_int(&q);
        if (permille < ret->permille) ret->permille = permille;
    }
    heng_query_end(&q);
    if (rc == HENG_ERANGE) return heng_fail(err, rc, 0, "the sum of usage is too large");
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_list_alike(struct heng_store_reader *reader, int64_t channel_id, int32_t day,
                              struct heng_usage_alike *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHANNEL_ALIKE);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, day);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        ret[*ret_n].amount.exp = (int8_t)heng_query_get_int(&q);
        ret[*ret_n].amount.mantissa = heng_query_get_int(&q);
        ret[*ret_n].area_cm2 = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- checkpoints ----------------------------------------------------------------------------------------------- */

heng_rc heng_store_put_checkpoint(struct heng_store *store, int64_t channel_id, int32_t day, struct heng_slice state,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_USAGE_CHECKPOINT_PUT);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, day);
    heng_query_blob(&q, state);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_get_checkpoint(struct heng_store_reader *reader, int64_t channel_id, int32_t until, int32_t *ret_day,
                                  struct heng_buf *ret_state, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_USAGE_CHECKPOINT_GET);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, until);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_day = (int32_t)heng_query_get_int(&q);
        heng_buf_put(ret_state, heng_query_get_blob(&q));
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_drop_checkpoints(struct heng_store *store, int64_t channel_id, int32_t from, int32_t to,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_USAGE_CHECKPOINT_DROP);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    return heng_query_queue(&q, err);
}

/* --- readings by the moment of their values -------------------------------------------------------------------- */

enum { DUE_READINGS_MAX = 100000 };

static heng_rc each_of(struct heng_store_reader *reader, heng_sql sql, int64_t device_id, heng_us from_us,
                       heng_us to_us, heng_reading_each *each, void *ctx, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, sql);
    heng_query_int(&q, device_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_query_int(&q, DUE_READINGS_MAX);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_reading_row row;
        row.due_us = heng_query_get_int(&q);
        row.at_us = heng_query_get_int(&q);
        row.source = (heng_source)heng_query_get_int(&q);
        row.quality = (heng_quality)heng_query_get_int(&q);
        row.packed = heng_query_get_blob(&q);
        if ((rc = each(ctx, &row)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_each_due(struct heng_store_reader *reader, int64_t device_id, heng_us from_us, heng_us to_us,
                            heng_reading_each *each, void *ctx, struct heng_err *err)
{
    return each_of(reader, HENG_SQL_READING_DUE_SCAN, device_id, from_us, to_us, each, ctx, err);
}

heng_rc heng_store_each_conflict(struct heng_store_reader *reader, int64_t device_id, heng_us from_us, heng_us to_us,
                                 heng_reading_each *each, void *ctx, struct heng_err *err)
{
    return each_of(reader, HENG_SQL_READING_CONFLICT_SCAN, device_id, from_us, to_us, each, ctx, err);
}

static heng_rc next_by(struct heng_store_reader *reader, heng_sql sql, int64_t device_id, heng_us from_us,
                       heng_us to_us, heng_us *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, sql);
    heng_query_int(&q, device_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_next_reading(struct heng_store_reader *reader, int64_t device_id, heng_us from_us, heng_us to_us,
                                heng_us *ret, struct heng_err *err)
{
    heng_us at_us = 0, due_us = 0;
    heng_rc by_time = next_by(reader, HENG_SQL_READING_NEXT_AT, device_id, from_us, to_us, &at_us, err);
    if (by_time != HENG_OK && by_time != HENG_ENOTFOUND) return by_time;
    heng_rc by_due = next_by(reader, HENG_SQL_READING_NEXT_DUE, device_id, from_us, to_us, &due_us, err);
    if (by_due != HENG_OK && by_due != HENG_ENOTFOUND) return by_due;
    if (by_time != HENG_OK && by_due != HENG_OK) return HENG_ENOTFOUND;
    *ret = by_due != HENG_OK || (by_time == HENG_OK && at_us < due_us) ? at_us : due_us;
    return HENG_OK;
}
