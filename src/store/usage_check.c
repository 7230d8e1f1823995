#include "store/usage_check.h"

#include <stdio.h>

#include "store/db.h"

heng_rc heng_store_check_channel(struct heng_store *store, int64_t channel_id, int32_t from_day, int32_t to_day,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CHECK_DUE_ADD);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_check_group(struct heng_store *store, const struct heng_check_due *due, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CHECK_GROUP_DUE_ADD);
    heng_query_int(&q, due->id);
    heng_query_text(&q, heng_medium_text(due->medium));
    heng_query_int(&q, due->from_day);
    heng_query_int(&q, due->to_day);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_next_check(struct heng_store_reader *reader, int64_t after_id, struct heng_check_due *ret,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_DUE_NEXT);
    heng_query_int(&q, after_id);
    heng_rc rc = heng_query_step(&q, err);
    *ret = (struct heng_check_due){0};
    if (rc == HENG_OK) {
        ret->id = heng_query_get_int(&q);
        ret->from_day = (int32_t)heng_query_get_int(&q);
        ret->to_day = (int32_t)heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_next_group_check(struct heng_store_reader *reader, int64_t after_id, const char *after_medium,
                                    struct heng_check_due *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_GROUP_DUE_NEXT);
    heng_query_int(&q, after_id);
    heng_query_text(&q, after_medium);
    heng_rc rc = heng_query_step(&q, err);
    *ret = (struct heng_check_due){0};
    if (rc == HENG_OK) {
        ret->id = heng_query_get_int(&q);
        ret->medium = heng_medium_of(heng_query_peek_text(&q));
        ret->from_day = (int32_t)heng_query_get_int(&q);
        ret->to_day = (int32_t)heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

/* Drop what is done with that day, let what is left go on behind it. medium: NULL where the due list has none. */
static heng_rc check_done(struct heng_store *store, const heng_sql steps[static 2], int64_t id, const char *medium,
                          int32_t until_day, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < 2; i++) {
        struct heng_query q;
        heng_query_begin(&q, &store->reader.db, steps[i]);
        heng_query_int(&q, id);
        if (medium) heng_query_text(&q, medium);
        heng_query_int(&q, until_day);
        rc = heng_query_queue(&q, err);
    }
    return rc;
}

heng_rc heng_store_check_done(struct heng_store *store, const struct heng_check_due *due, int32_t until_day,
                              struct heng_err *err)
{
    static const heng_sql steps[] = {HENG_SQL_CHECK_DUE_DROP, HENG_SQL_CHECK_DUE_GOES_ON};
    return check_done(store, steps, due->id, NULL, until_day, err);
}

heng_rc heng_store_group_check_done(struct heng_store *store, const struct heng_check_due *due, int32_t until_day,
                                    struct heng_err *err)
{
    static const heng_sql steps[] = {HENG_SQL_CHECK_GROUP_DUE_DROP, HENG_SQL_CHECK_GROUP_DUE_GOES_ON};
    return check_done(store, steps, due->id, heng_medium_text(due->medium), until_day, err);
}

/* Two numbers that stand or miss together, or each on its own. */
static void get_opt(struct heng_query *q, int32_t without, int32_t *ret)
{
    bool is = !heng_query_is_null(q);
    int64_t value = heng_query_get_int(q);
    *ret = is ? (int32_t)value : without;
}

heng_rc heng_store_check_days(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day, int32_t to_day,
                              int32_t *ret_first, int32_t *ret_last, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_DAYS);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        get_opt(&q, INT32_MAX, ret_first);
        get_opt(&q, INT32_MIN, ret_last);
        if (*ret_first > *ret_last) rc = HENG_ENOTFOUND;
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_check_amounts(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day, int32_t to_day,
                                 struct heng_check_day *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_AMOUNTS);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        struct heng_check_day *day = &ret[*ret_n];
        day->day = (int32_t)heng_query_get_int(&q);
        day->exp = (int8_t)heng_query_get_int(&q);
        day->amount = heng_query_get_int(&q);
        day->trust = (uint8_t)heng_query_get_int(&q);
        day->missing = heng_query_get_int(&q) != 0;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void fill_kin(struct heng_query *q, struct heng_check_member *m)
{
    size_t n = 0;
    heng_query_get_text(q, m->group_name, sizeof m->group_name);
    const char *serves = heng_query_peek_text(q);
    n += (size_t)snprintf(m->kin, sizeof m->kin, "%s/%s/", m->group_name, serves);
    const char *quantity = heng_query_peek_text(q);
    if (n < sizeof m->kin) n += (size_t)snprintf(m->kin + n, sizeof m->kin - n, "%s/", quantity);
    int64_t tariff = heng_query_get_int(q);
    const char *qualifier = heng_query_peek_text(q);
    if (n < sizeof m->kin)
        snprintf(m->kin + n, sizeof m->kin - n, "%lld/%s/%s", (long long)tariff, qualifier, heng_unit_text(m->unit));
}

heng_rc heng_store_list_group(struct heng_store_reader *reader, int64_t place_id, heng_medium medium,
                              struct heng_check_member *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_GROUP);
    heng_query_int(&q, place_id);
    heng_query_text(&q, heng_medium_text(medium));
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        struct heng_check_member *m = &ret[*ret_n];
        memset(m, 0, sizeof *m);
        m->channel_id = heng_query_get_int(&q);
        m->unit = heng_unit_of(heng_query_peek_text(&q));
        m->exp = (int8_t)heng_query_get_int(&q);
        m->area_cm2 = heng_query_get_int(&q);
        fill_kin(&q, m);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_check_below(struct heng_store_reader *reader, int64_t point_id, struct heng_check_member *ret,
                               size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_BELOW);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        struct heng_check_member *m = &ret[*ret_n];
        memset(m, 0, sizeof *m);
        m->channel_id = heng_query_get_int(&q);
        m->unit = heng_unit_of(heng_query_peek_text(&q));
        m->exp = (int8_t)heng_query_get_int(&q);
        m->opened_us = heng_query_get_int(&q);
        m->closed_us = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_check_place(struct heng_store_reader *reader, int64_t point_id, int64_t *ret_place_id,
                               heng_medium *ret_medium, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECK_POINT);
    heng_query_int(&q, point_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_place_id = heng_query_get_int(&q);
        *ret_medium = heng_medium_of(heng_query_peek_text(&q));
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_rules_span(struct heng_store_reader *reader, heng_medium medium, const char *group_name, int32_t day,
                              int32_t *ret_from, int32_t *ret_to, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RULE_SET_SPAN);
    heng_query_text(&q, heng_medium_text(medium));
    heng_query_text(&q, group_name);
    heng_query_int(&q, day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        get_opt(&q, INT32_MIN, ret_from);
        get_opt(&q, INT32_MAX, ret_to);
    }
    heng_query_end(&q);
    return rc;
}
