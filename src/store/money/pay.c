#include "store/money/pay.h"

#include <stdio.h>

#include "store/db_rows.h"

#define TEXTS(type, name, LIST, COUNT_OF)                                                                              \
    const char *heng_##name##_text(type value)                                                                         \
    {                                                                                                                  \
        static const char *const texts[] = {LIST(TEXT_OF)};                                                            \
        return (unsigned)value < (unsigned)(COUNT_OF) ? texts[value] : "";                                             \
    }                                                                                                                  \
    type heng_##name##_of(const char *text)                                                                            \
    {                                                                                                                  \
        unsigned i = 0;                                                                                                \
        while (i < (unsigned)(COUNT_OF) && strcmp(text, heng_##name##_text((type)i)) != 0) i++;                        \
        return (type)i;                                                                                                \
    }
#define TEXT_OF(symbol, text) text,
TEXTS(heng_pay_state, pay_state, HENG_PAY_STATE_LIST, HENG_PAY_STATE_COUNT)
TEXTS(heng_pay_purpose, pay_purpose, HENG_PAY_PURPOSE_LIST, HENG_PAY_PURPOSE_COUNT)
TEXTS(heng_pay_outcome, pay_outcome, HENG_PAY_OUTCOME_LIST, HENG_PAY_OUTCOME_COUNT)
TEXTS(heng_refund_state, refund_state, HENG_REFUND_STATE_LIST, HENG_REFUND_STATE_COUNT)

/* "H202411010000000012": a letter, the day, and the id, which never comes again. */
static void number_of(char letter, int32_t day, int64_t id, char ret[static HENG_PAY_NUMBER_MAX])
{
    const struct heng_civil date = heng_us_to_civil(day * HENG_US_PER_DAY);
    snprintf(ret, HENG_PAY_NUMBER_MAX, "%c%04d%02d%02d%010lld", letter, date.year, date.month, date.day, (long long)id);
}

static void fill_order(struct heng_query *q, struct heng_pay_order *o)
{
    o->id = heng_query_get_int(q);
    heng_query_get_text(q, o->number, sizeof o->number);
    heng_query_get_text(q, o->request, sizeof o->request);
    o->org_id = heng_query_get_int(q);
    o->account_id = heng_query_get_int(q);
    heng_query_get_text(q, o->channel, sizeof o->channel);
    o->purpose = heng_pay_purpose_of(heng_query_peek_text(q));
    heng_query_get_text(q, o->target, sizeof o->target);
    o->amount = heng_query_get_int(q);
    heng_query_get_text(q, o->currency, sizeof o->currency);
    o->state = heng_pay_state_of(heng_query_peek_text(q));
    o->made_us = heng_query_get_int(q);
    o->paid_us = heng_query_get_int(q);
    o->paid_amount = heng_query_get_int(q);
    o->applied_us = heng_query_get_int(q);
    o->refunded = heng_query_get_int(q);
    heng_query_get_text(q, o->transaction_id, sizeof o->transaction_id);
    o->booking_id = heng_query_get_int(q);
    heng_query_get_text(q, o->why, sizeof o->why);
}

heng_rc heng_store_put_pay_order(struct heng_store *store, struct heng_pay_order *o, int32_t day, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (!o->id) {
        o->id = store->next[HENG_ID_PAY_ORDER]++;
        number_of('H', day, o->id, o->number);
    }
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PAY_ORDER_PUT);
    heng_query_int(&q, o->id);
    heng_query_text(&q, o->number);
    heng_query_text(&q, o->request);
    heng_query_int(&q, o->org_id);
    heng_query_int(&q, o->account_id);
    heng_query_text(&q, o->channel);
    heng_query_text(&q, heng_pay_purpose_text(o->purpose));
    heng_query_text(&q, o->target);
    heng_query_int(&q, o->amount);
    heng_query_text(&q, o->currency);
    heng_query_text(&q, heng_pay_state_text(o->state));
    heng_query_int(&q, o->made_us);
    heng_query_int(&q, o->paid_us);
    heng_query_int(&q, o->paid_amount);
    heng_query_int(&q, o->applied_us);
    heng_query_int(&q, o->refunded);
    heng_query_text(&q, o->transaction_id);
    heng_query_int(&q, o->booking_id);
    heng_query_text(&q, o->why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_pay_order(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                 struct heng_pay_order *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_order, ret);
}

heng_rc heng_store_find_pay_order(struct heng_store_reader *reader, int64_t scope, const char *number,
                                  struct heng_pay_order *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_FIND);
    heng_query_int(&q, scope);
    heng_query_text(&q, number);
    HENG_QUERY_ONE(fill_order, ret);
}

heng_rc heng_store_pay_order_of_request(struct heng_store_reader *reader, const char *request,
                                        struct heng_pay_order *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_REQUEST);
    heng_query_text(&q, request);
    HENG_QUERY_ONE(fill_order, ret);
}

heng_rc heng_store_pay_order_of_transaction(struct heng_store_reader *reader, const char *channel,
                                            const char *transaction_id, struct heng_pay_order *ret,
                                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_TRANSACTION);
    heng_query_text(&q, channel);
    heng_query_text(&q, transaction_id);
    HENG_QUERY_ONE(fill_order, ret);
}

heng_rc heng_store_list_pay_orders(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                                   heng_pay_state state, int64_t after_id, struct heng_pay_order *ret, size_t cap,
                                   size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, account_id);
    heng_query_text(&q, heng_pay_state_text(state));
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_order, ret, cap, ret_n);
}

/* What both lists of a channel's time ask with. */
static void bind_span(struct heng_query *q, int64_t scope, const char *channel, heng_us from_us, heng_us to_us,
                      int64_t after_id, size_t cap)
{
    heng_query_int(q, scope);
    heng_query_text(q, channel);
    heng_query_int(q, from_us);
    heng_query_int(q, to_us);
    heng_query_int(q, after_id);
    heng_query_int(q, (int64_t)cap);
}

heng_rc heng_store_list_paid(struct heng_store_reader *reader, int64_t scope, const char *channel, heng_us from_us,
                             heng_us to_us, int64_t after_id, struct heng_pay_order *ret, size_t cap, size_t *ret_n,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_PAID);
    bind_span(&q, scope, channel, from_us, to_us, after_id, cap);
    HENG_QUERY_ALL(fill_order, ret, cap, ret_n);
}

heng_rc heng_store_payment_pending(struct heng_store_reader *reader, int64_t account_id, heng_us since_us, bool *ret,
                                   struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_ORDER_PENDING);
    heng_query_int(&q, account_id);
    heng_query_int(&q, since_us);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q) > 0;
    heng_query_end(&q);
    return rc;
}

/* --- what channels told --- */

static void fill_notice(struct heng_query *q, struct heng_pay_notice *n)
{
    n->id = heng_query_get_int(q);
    heng_query_get_text(q, n->channel, sizeof n->channel);
    heng_query_get_text(q, n->key, sizeof n->key);
    n->at_us = heng_query_get_int(q);
    heng_query_get_text(q, n->order_number, sizeof n->order_number);
    n->outcome = heng_pay_outcome_of(heng_query_peek_text(q));
    heng_query_get_text(q, n->why, sizeof n->why);
    n->length = heng_query_get_int(q);
}

heng_rc heng_store_add_pay_notice(struct heng_store *store, struct heng_pay_notice *n, struct heng_slice body,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    n->id = store->next[HENG_ID_PAY_NOTICE]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PAY_NOTICE_ADD);
    heng_query_int(&q, n->id);
    heng_query_text(&q, n->channel);
    heng_query_text(&q, n->key);
    heng_query_int(&q, n->at_us);
    heng_query_text(&q, n->order_number);
    heng_query_text(&q, heng_pay_outcome_text(n->outcome));
    heng_query_text(&q, n->why);
    heng_query_blob(&q, body);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_find_pay_notice(struct heng_store_reader *reader, const char *channel, const char *key,
                                   struct heng_pay_notice *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_NOTICE_FIND);
    heng_query_text(&q, channel);
    heng_query_text(&q, key);
    HENG_QUERY_ONE(fill_notice, ret);
}

heng_rc heng_store_list_pay_notices(struct heng_store_reader *reader, const char *order_number,
                                    heng_pay_outcome outcome, int64_t after_id, struct heng_pay_notice *ret, size_t cap,
                                    size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_NOTICE_LIST);
    heng_query_text(&q, order_number);
    heng_query_text(&q, heng_pay_outcome_text(outcome));
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_notice, ret, cap, ret_n);
}

/* --- refunds --- */

static void fill_refund(struct heng_query *q, struct heng_pay_refund *r)
{
    r->id = heng_query_get_int(q);
    heng_query_get_text(q, r->number, sizeof r->number);
    heng_query_get_text(q, r->request, sizeof r->request);
    r->order_id = heng_query_get_int(q);
    r->amount = heng_query_get_int(q);
    r->state = heng_refund_state_of(heng_query_peek_text(q));
    heng_query_get_text(q, r->transaction_id, sizeof r->transaction_id);
    r->made_us = heng_query_get_int(q);
    r->ended_us = heng_query_get_int(q);
    r->booking_id = heng_query_get_int(q);
    heng_query_get_text(q, r->who, sizeof r->who);
    heng_query_get_text(q, r->why, sizeof r->why);
}

heng_rc heng_store_put_pay_refund(struct heng_store *store, struct heng_pay_refund *r, int32_t day,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (!r->id) {
        r->id = store->next[HENG_ID_PAY_REFUND]++;
        number_of('R', day, r->id, r->number);
    }
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PAY_REFUND_PUT);
    heng_query_int(&q, r->id);
    heng_query_text(&q, r->number);
    heng_query_text(&q, r->request);
    heng_query_int(&q, r->order_id);
    heng_query_int(&q, r->amount);
    heng_query_text(&q, heng_refund_state_text(r->state));
    heng_query_text(&q, r->transaction_id);
    heng_query_int(&q, r->made_us);
    heng_query_int(&q, r->ended_us);
    heng_query_int(&q, r->booking_id);
    heng_query_text(&q, r->who);
    heng_query_text(&q, r->why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_find_pay_refund(struct heng_store_reader *reader, const char *number, struct heng_pay_refund *ret,
                                   struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_REFUND_FIND);
    heng_query_text(&q, number);
    HENG_QUERY_ONE(fill_refund, ret);
}

heng_rc heng_store_pay_refund_of_request(struct heng_store_reader *reader, const char *request,
                                         struct heng_pay_refund *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_REFUND_REQUEST);
    heng_query_text(&q, request);
    HENG_QUERY_ONE(fill_refund, ret);
}

heng_rc heng_store_list_pay_refunds(struct heng_store_reader *reader, int64_t order_id, struct heng_pay_refund *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_REFUND_LIST);
    heng_query_int(&q, order_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_refund, ret, cap, ret_n);
}

heng_rc heng_store_list_refunded(struct heng_store_reader *reader, int64_t scope, const char *channel, heng_us from_us,
                                 heng_us to_us, int64_t after_id, struct heng_pay_refund *ret, size_t cap,
                                 size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_REFUND_ENDED);
    bind_span(&q, scope, channel, from_us, to_us, after_id, cap);
    HENG_QUERY_ALL(fill_refund, ret, cap, ret_n);
}
