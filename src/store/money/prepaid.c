#include "store/money/prepaid.h"

#include "store/db_rows.h"

heng_rc heng_store_each_prepaid_setting(struct heng_store_reader *reader, heng_prepaid_setting_each *each, void *ctx,
                                        struct heng_err *err)
{
    struct heng_query q;
    char name[64], value[256];
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_PREPAID_SETTINGS);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        heng_query_get_text(&q, name, sizeof name);
        heng_query_get_text(&q, value, sizeof value);
        if ((rc = each(ctx, name, value)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- charging -------------------------------------------------------------------------------------------------- */

heng_rc heng_store_put_prepaid(struct heng_store *store, const struct heng_prepaid_state *state, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PREPAID_PUT);
    heng_query_int(&q, state->contract_id);
    heng_query_int(&q, state->period_day);
    heng_query_int(&q, state->charged_to);
    heng_query_int(&q, state->charged);
    heng_query_int(&q, state->estimated);
    if (state->changed_from == HENG_UNCHANGED)
        heng_query_null(&q);
    else
        heng_query_int(&q, state->changed_from);
    return heng_query_finish(&q, err);
}

static void fill_prepaid(struct heng_query *q, struct heng_prepaid_state *ret)
{
    ret->contract_id = heng_query_get_int(q);
    ret->period_day = (int32_t)heng_query_get_int(q);
    ret->charged_to = (int32_t)heng_query_get_int(q);
    ret->charged = heng_query_get_int(q);
    ret->estimated = heng_query_get_int(q) != 0;
    ret->changed_from = heng_query_is_null(q) ? HENG_UNCHANGED : (int32_t)heng_query_get_int(q);
}

heng_rc heng_store_get_prepaid(struct heng_store_reader *reader, int64_t contract_id, struct heng_prepaid_state *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PREPAID_GET);
    heng_query_int(&q, contract_id);
    HENG_QUERY_ONE(fill_prepaid, ret);
}

heng_rc heng_store_prepaid_due(struct heng_store_reader *reader, int32_t today, int64_t after_id,
                               struct heng_prepaid_state *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PREPAID_DUE);
    heng_query_int(&q, today);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_prepaid, ret, cap, ret_n);
}

static heng_rc sweep_one(struct heng_store *store, heng_sql sql, int64_t after_id, int64_t last, int32_t today,
                         struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, sql);
    heng_query_int(&q, after_id);
    heng_query_int(&q, last);
    heng_query_int(&q, today);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_prepaid_sweep(struct heng_store *store, int32_t today, int64_t after_id, int64_t limit,
                                 int64_t *ret_last, struct heng_err *err)
{
    struct heng_query q;
    int64_t last = 0;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PREPAID_SWEEP_LAST);
    heng_query_int(&q, after_id);
    heng_query_int(&q, limit);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK && !heng_query_is_null(&q)) last = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc == HENG_OK && last) rc = sweep_one(store, HENG_SQL_PREPAID_SWEEP_NEW, after_id, last, today, err);
    if (rc == HENG_OK && last) rc = sweep_one(store, HENG_SQL_PREPAID_SWEEP_OLD, after_id, last, today, err);
    if (rc == HENG_OK) *ret_last = last;
    return rc;
}

heng_rc heng_store_usage_changed(struct heng_store *store, int64_t channel_id, int32_t from_day, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PREPAID_CHANGED);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_period_charged(struct heng_store_reader *reader, int64_t contract_id, int32_t from_day,
                                  struct heng_period_charged *ret, struct heng_err *err)
{
    struct heng_query q;
    *ret = (struct heng_period_charged){0};
    heng_query_begin(&q, &reader->db, HENG_SQL_PREPAID_PERIOD);
    heng_query_int(&q, contract_id);
    heng_query_int(&q, from_day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->sum = heng_query_get_int(&q);
        ret->count = heng_query_get_int(&q);
        ret->last_id = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    if (rc != HENG_OK || !ret->last_id) return rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_PREPAID_PERIOD_LAST);
    heng_query_int(&q, ret->last_id);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) ret->to_day = (int32_t)heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

/* --- levels ---------------------------------------------------------------------------------------------------- */

heng_rc heng_store_get_credit(struct heng_store_reader *reader, int64_t account_id, struct heng_credit_state *ret,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CREDIT_GET);
    heng_query_int(&q, account_id);
    heng_rc rc = heng_query_step(&q, err);
    *ret = (struct heng_credit_state){.account_id = account_id};
    if (rc == HENG_OK) {
        ret->account_id = heng_query_get_int(&q);
        ret->level = (int)heng_query_get_int(&q);
        ret->since_us = heng_query_get_int(&q);
        ret->told = heng_query_get_int(&q);
        for (size_t i = 0; i < 3; i++) ret->told_us[i] = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_put_credit(struct heng_store *store, const struct heng_credit_state *state, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CREDIT_PUT);
    heng_query_int(&q, state->account_id);
    heng_query_int(&q, state->level);
    heng_query_int(&q, state->since_us);
    heng_query_int(&q, state->told);
    for (size_t i = 0; i < 3; i++) heng_query_int(&q, state->told_us[i]);
    return heng_query_finish(&q, err);
}

static void fill_credit(struct heng_query *q, struct heng_credit_row *ret)
{
    ret->account_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    ret->purse = heng_query_get_int(q);
    ret->level = (int)heng_query_get_int(q);
    ret->since_us = heng_query_get_int(q);
}

heng_rc heng_store_list_credit(struct heng_store_reader *reader, int64_t scope, int level, int64_t after_id,
                               struct heng_credit_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CREDIT_LIST);
    heng_query_int(&q, after_id);
    heng_query_int(&q, scope);
    heng_query_int(&q, level);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_credit, ret, cap, ret_n);
}

heng_rc heng_store_charged_between(struct heng_store_reader *reader, int64_t account_id, int32_t from_day,
                                   int32_t to_day, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CREDIT_USED);
    heng_query_int(&q, account_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}
