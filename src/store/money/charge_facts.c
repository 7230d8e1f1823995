#include "store/money/charge_ahead.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/db_rows.h"
#include "store/pack.h"

heng_rc heng_charge_facts_new(struct heng_store_reader *reader, struct heng_charge_facts **ret, struct heng_err *err)
{
    struct heng_charge_facts *facts = calloc(1, sizeof *facts);
    if (!facts) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the facts of charges");
    facts->reader = reader;
    *ret = facts;
    return HENG_OK;
}

void heng_charge_facts_free(struct heng_charge_facts *facts)
{
    if (facts) heng_charge_facts_forget(facts);
    free(facts);
}

void charge_fill_day(struct heng_query *q, struct heng_charge_day *ret)
{
    ret->day = (int32_t)heng_query_get_int(q);
    ret->exp = (int8_t)heng_query_get_int(q);
    ret->trust = (uint8_t)heng_query_get_int(q);
    ret->method = (uint8_t)heng_query_get_int(q);
    ret->count = (uint16_t)heng_query_get_int(q);
    ret->missing = (uint16_t)heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->packed = heng_query_get_blob(q);
}

static heng_rc each_ahead(const struct charge_ahead_channel *ahead, int32_t from_day, int32_t to_day,
                          heng_charge_day_each *each, void *ctx)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < ahead->day_count; i++)
        if (ahead->days[i].day >= from_day && ahead->days[i].day < to_day) rc = each(ctx, &ahead->days[i]);
    return rc;
}

heng_rc heng_charge_facts_days(struct heng_charge_facts *facts, int64_t channel_id, int32_t from_day, int32_t to_day,
                               heng_charge_day_each *each, void *ctx, struct heng_err *err)
{
    const struct charge_ahead_channel *ahead = charge_ahead_days(facts, channel_id, from_day, to_day);
    struct heng_query q;
    heng_rc rc;
    if (ahead) return each_ahead(ahead, from_day, to_day, each, ctx);
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_DAYS);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_charge_day day;
        charge_fill_day(&q, &day);
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
void charge_take_bound(struct heng_query *q, struct heng_charge_bound *ret, size_t cap, size_t *n)
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

heng_rc heng_charge_facts_bounds(struct heng_charge_facts *facts, const struct heng_channel_row *channel,
                                 heng_us from_us, heng_us to_us, struct heng_charge_bound *ret, size_t cap,
                                 size_t *ret_n, struct heng_err *err)
{
    const struct charge_ahead_channel *ahead = charge_ahead_bounds(facts, channel->id, from_us, to_us);
    struct heng_query q;
    heng_rc rc;
    *ret_n = 0;
    if (ahead) {
        *ret_n = ahead->bound_count < cap ? ahead->bound_count : cap;
        if (*ret_n) memcpy(ret, ahead->bounds, *ret_n * sizeof *ret);
        return HENG_OK;
    }
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_BOUNDS);
    heng_query_int(&q, channel->point_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_query_text(&q, heng_quantity_text(channel->quantity));
    heng_query_int(&q, channel->tariff);
    heng_query_text(&q, channel->qualifier);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) charge_take_bound(&q, ret, cap, ret_n);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

void charge_fill_channel(struct heng_query *q, struct heng_channel_row *ret)
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

heng_rc heng_charge_facts_channels(struct heng_charge_facts *facts, int64_t point_id, struct heng_channel_row *ret,
                                   size_t cap, size_t *ret_n, struct heng_err *err)
{
    const struct charge_ahead_want *ahead = charge_ahead_point(facts, point_id);
    struct heng_query q;
    heng_rc rc = HENG_OK;
    if (ahead && ahead->channel_count <= cap) {
        *ret_n = ahead->channel_count;
        if (*ret_n) memcpy(ret, ahead->channels, *ret_n * sizeof *ret);
        return HENG_OK;
    }
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_CHANNELS);
    heng_query_int(&q, point_id);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        charge_fill_channel(&q, &ret[*ret_n]);
        ret[*ret_n].point_id = point_id;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_charge_facts_last(struct heng_charge_facts *facts, int64_t contract_id, int32_t until,
                               struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err)
{
    const struct charge_ahead_want *ahead = charge_ahead_contract(facts, contract_id, until);
    if (!ahead) return heng_store_last_charge(facts->reader, contract_id, until, arena, ret, err);
    if (!ahead->has_last) return heng_fail(err, HENG_ENOTFOUND, 0, "nothing was charged before");
    *ret = ahead->last; /* its texts live as long as what was read ahead */
    return HENG_OK;
}
