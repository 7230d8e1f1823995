/* Prepayments and apportionments, of prepay.h. */
#include "store/money/prepay.h"

#include "store/db_rows.h"

heng_rc heng_store_put_prepay_plan(struct heng_store *store, const struct heng_prepay_plan *plan, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PREPAY_PUT);
    heng_query_int(&q, plan->contract_id);
    heng_query_int(&q, plan->from_day);
    heng_query_int(&q, plan->to_day);
    heng_query_text(&q, plan->by_month ? "month" : "period");
    heng_query_int(&q, plan->amount);
    heng_query_text(&q, plan->tax_percent);
    heng_query_text(&q, plan->who);
    return heng_query_finish(&q, err);
}

static void fill_plan(struct heng_query *q, struct heng_prepay_plan *ret)
{
    *ret = (struct heng_prepay_plan){.contract_id = heng_query_get_int(q)};
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->by_month = strcmp(heng_query_peek_text(q), "month") == 0;
    ret->amount = heng_query_get_int(q);
    heng_query_get_text(q, ret->tax_percent, sizeof ret->tax_percent);
    heng_query_get_text(q, ret->who, sizeof ret->who);
}

static void begin_span(struct heng_query *q, struct heng_store_reader *reader, heng_sql sql, int64_t contract_id,
                       int32_t from, int32_t to, size_t cap)
{
    heng_query_begin(q, &reader->db, sql);
    heng_query_int(q, contract_id);
    heng_query_int(q, from);
    heng_query_int(q, to);
    heng_query_int(q, (int64_t)cap);
}

heng_rc heng_store_list_prepay_plans(struct heng_store_reader *reader, int64_t contract_id, int32_t from, int32_t to,
                                     struct heng_prepay_plan *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    begin_span(&q, reader, HENG_SQL_PREPAY_LIST, contract_id, from, to, cap);
    HENG_QUERY_ALL(fill_plan, ret, cap, ret_n);
}

static void fill_asked(struct heng_query *q, struct heng_prepay_asked *ret)
{
    *ret = (struct heng_prepay_asked){.bill_id = heng_query_get_int(q)};
    heng_query_get_text(q, ret->number, sizeof ret->number);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->tax = heng_query_get_int(q);
    heng_query_get_text(q, ret->vat, sizeof ret->vat);
}

heng_rc heng_store_list_prepay_asked(struct heng_store_reader *reader, int64_t contract_id, int32_t from, int32_t to,
                                     struct heng_prepay_asked *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    begin_span(&q, reader, HENG_SQL_PREPAY_ASKED, contract_id, from, to, cap);
    HENG_QUERY_ALL(fill_asked, ret, cap, ret_n);
}

heng_rc heng_store_find_prepay_settled(struct heng_store_reader *reader, int64_t bill_id,
                                       char ret_number[HENG_BILL_NUMBER_MAX], struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PREPAY_SETTLED);
    heng_query_int(&q, bill_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) heng_query_get_text(&q, ret_number, HENG_BILL_NUMBER_MAX);
    heng_query_end(&q);
    return rc;
}

/* --- apportionments -------------------------------------------------------------------------------------------- */

static const char *const states[] = {
#define X(symbol, text) text,
    HENG_APPORTION_STATE_LIST(X)
#undef X
};

const char *heng_apportion_state_text(heng_apportion_state state)
{
    return state < HENG_APPORTION_STATE_COUNT ? states[state] : "unknown";
}

heng_apportion_state heng_apportion_state_of(const char *text)
{
    heng_apportion_state i = HENG_APPORTION_DRAFT;
    while (i < HENG_APPORTION_STATE_COUNT && strcmp(states[i], text) != 0) i++;
    return i;
}

heng_rc heng_store_add_apportion(struct heng_store *store, struct heng_apportion_row *row, const char *ask,
                                 const char *answer, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    row->id = store->next[HENG_ID_APPORTION_RUN]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_APPORTION_ADD);
    heng_query_int(&q, row->id);
    heng_query_int(&q, row->org_id);
    heng_query_int(&q, row->place_id);
    heng_query_int(&q, row->from_day);
    heng_query_int(&q, row->to_day);
    heng_query_text(&q, heng_apportion_state_text(row->state));
    heng_query_int(&q, row->run_id);
    heng_query_int(&q, row->at_us);
    heng_query_text(&q, row->who);
    heng_query_text(&q, ask);
    heng_query_text(&q, answer);
    heng_query_blob(&q, heng_slice_of(row->digest, sizeof row->digest));
    return heng_query_finish(&q, err);
}

heng_rc heng_store_set_apportion(struct heng_store *store, const struct heng_apportion_row *row, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_APPORTION_STATE);
    heng_query_int(&q, row->id);
    heng_query_text(&q, heng_apportion_state_text(row->state));
    heng_query_int(&q, row->run_id);
    return heng_query_finish(&q, err);
}

static void fill_apportion(struct heng_query *q, struct heng_apportion_row *ret)
{
    *ret = (struct heng_apportion_row){.id = heng_query_get_int(q)};
    ret->org_id = heng_query_get_int(q);
    ret->place_id = heng_query_get_int(q);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->state = heng_apportion_state_of(heng_query_peek_text(q));
    ret->run_id = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    struct heng_slice digest = heng_query_get_blob(q);
    if (digest.n == sizeof ret->digest) memcpy(ret->digest, digest.p, sizeof ret->digest);
}

static void take_text(struct heng_query *q, struct heng_str *ret)
{
    const char *text = heng_query_peek_text(q);
    if (ret) heng_str_put(ret, text, strlen(text));
}

heng_rc heng_store_get_apportion(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                 struct heng_apportion_row *ret, struct heng_str *ret_ask, struct heng_str *ret_answer,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_APPORTION_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        fill_apportion(&q, ret);
        take_text(&q, ret_ask);
        take_text(&q, ret_answer);
        if ((ret_ask && ret_ask->rc != HENG_OK) || (ret_answer && ret_answer->rc != HENG_OK))
            rc = heng_fail(err, HENG_ELIMIT, 0, "apportionment %lld is too long", (long long)id);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_apportions(struct heng_store_reader *reader, int64_t scope, int64_t place_id, int64_t before_id,
                                   struct heng_apportion_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_APPORTION_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, place_id);
    heng_query_int(&q, before_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_apportion, ret, cap, ret_n);
}

static void fill_id(struct heng_query *q, int64_t *ret) { *ret = heng_query_get_int(q); }

heng_rc heng_store_find_flat_contracts(struct heng_store_reader *reader, const char *key, int32_t from, int32_t to,
                                       int64_t ret[3], size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_APPORTION_FLAT);
    heng_query_text(&q, key);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    HENG_QUERY_ALL(fill_id, ret, 3, ret_n);
}
