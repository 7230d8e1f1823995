#include "store/money/charge_facts.h"

#include <stdio.h>

#include "store/db_rows.h"
#include "store/pack.h"

heng_rc heng_store_each_charge_day(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day,
                                   int32_t to_day, heng_charge_day_each *each, void *ctx, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_DAYS);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_charge_day day;
        day.day = (int32_t)heng_query_get_int(&q);
        day.exp = (int8_t)heng_query_get_int(&q);
        day.trust = (uint8_t)heng_query_get_int(&q);
        day.method = (uint8_t)heng_query_get_int(&q);
        day.count = (uint16_t)heng_query_get_int(&q);
        day.missing = (uint16_t)heng_query_get_int(&q);
        day.amount = heng_query_get_int(&q);
        day.packed = heng_query_get_blob(&q);
        if ((rc = each(ctx, &day)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* The value of the register of this row, when the reading has it: a frozen reading says first what it stored. */
static void take_value(struct heng_charge_bound *bound, int64_t register_id, int64_t storage, const char *unit,
                       struct heng_slice packed)
{
    struct heng_reading_value value;
    struct heng_err ignored;
    bool better = !bound->register_id || (bound->due_us && bound->stored == 0 && storage > 0);
    if (!register_id || !better || (storage > 0 && !bound->due_us)) return;
    if (heng_reading_pick(packed, register_id, &value, &ignored) != HENG_OK || !value.has_value) return;
    bound->register_id = register_id;
    bound->stored = (uint32_t)storage;
    bound->index = value.dec;
    bound->frame = value.frame;
    snprintf(bound->unit, sizeof bound->unit, "%s", unit);
}

/* One row is one register of one reading: those of the same meter and end are joined. */
static void take_bound(struct heng_query *q, struct heng_charge_bound *ret, size_t cap, size_t *n)
{
    struct heng_charge_bound row = {.device_id = heng_query_get_int(q)};
    char unit[HENG_BILL_UNIT_MAX];
    heng_query_get_text(q, row.number, sizeof row.number);
    row.installed_us = heng_query_get_int(q);
    row.removed_us = heng_query_get_int(q);
    row.is_end = heng_query_get_int(q) != 0;
    int64_t register_id = heng_query_get_int(q);
    heng_query_get_text(q, unit, sizeof unit);
    int64_t storage = heng_query_get_int(q);
    row.has_reading = !heng_query_is_null(q);
    if (row.has_reading) {
        row.at_us = heng_query_get_int(q);
        row.source = (heng_source)heng_query_get_int(q);
        row.due_us = heng_query_get_int(q);
        row.first_frame = heng_query_get_int(q);
        row.frame_count = (uint32_t)heng_query_get_int(q);
    }
    struct heng_charge_bound *last = *n ? &ret[*n - 1] : NULL;
    if (!last || last->device_id != row.device_id || last->installed_us != row.installed_us ||
        last->is_end != row.is_end) {
        if (*n == cap) return;
        ret[(*n)++] = row;
        last = &ret[*n - 1];
    } else if (last->at_us != row.at_us || last->source != row.source) {
        if (last->register_id) return; /* another reading of that moment, and the first one has it */
        *last = row;
    }
    if (row.has_reading) take_value(last, register_id, storage, unit, heng_query_get_blob(q));
}

heng_rc heng_store_list_charge_bounds(struct heng_store_reader *reader, const struct heng_channel_row *channel,
                                      heng_us from_us, heng_us to_us, struct heng_charge_bound *ret, size_t cap,
                                      size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    *ret_n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_BOUNDS);
    heng_query_int(&q, channel->point_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_query_text(&q, heng_quantity_text(channel->quantity));
    heng_query_int(&q, channel->tariff);
    heng_query_text(&q, channel->qualifier);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) take_bound(&q, ret, cap, ret_n);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void fill_channel(struct heng_query *q, struct heng_channel_row *ret)
{
    *ret = (struct heng_channel_row){.id = heng_query_get_int(q)};
    ret->quantity = heng_quantity_of(heng_query_peek_text(q));
    ret->tariff = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->qualifier, sizeof ret->qualifier);
    ret->unit = heng_unit_of(heng_query_peek_text(q));
    ret->exp = (int8_t)heng_query_get_int(q);
    ret->minutes = (int16_t)heng_query_get_int(q);
    ret->main = heng_query_get_int(q) != 0;
    ret->medium = heng_medium_of(heng_query_peek_text(q));
    ret->is_virtual = strcmp(heng_query_peek_text(q), "virtual") == 0;
}

heng_rc heng_store_list_charge_channels(struct heng_store_reader *reader, int64_t point_id,
                                        struct heng_channel_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_CHANNELS);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        fill_channel(&q, &ret[*ret_n]);
        ret[*ret_n].point_id = point_id;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
