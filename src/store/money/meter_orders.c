#include "store/money/meter_orders.h"

#include "store/db_rows.h"

static const char *const state_texts[] = {
#define X(symbol, text) text,
    HENG_METER_ORDER_LIST(X)
#undef X
};

const char *heng_meter_order_state_text(heng_meter_order_state state)
{
    return (unsigned)state < HENG_METER_ORDER_COUNT ? state_texts[state] : "?";
}

heng_meter_order_state heng_meter_order_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_METER_ORDER_COUNT && strcmp(state_texts[i], text) != 0) i++;
    return (heng_meter_order_state)i;
}

static void of_row(struct heng_query *q, struct heng_meter_order *ret)
{
    ret->id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    ret->contract_id = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->number = heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->state = heng_meter_order_state_of(heng_query_peek_text(q));
    ret->made_us = heng_query_get_int(q);
    ret->not_before_us = heng_query_get_int(q);
    ret->booking_id = heng_query_get_int(q);
    ret->command_id = heng_query_get_int(q);
    ret->tries = (uint32_t)heng_query_get_int(q);
    ret->ended_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->why, sizeof ret->why);
}

static heng_rc change(struct heng_store *store, const struct heng_meter_order *order, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_METER_ORDER_PUT);
    heng_query_int(&q, order->id);
    heng_query_int(&q, order->number);
    heng_query_text(&q, heng_meter_order_state_text(order->state));
    heng_query_int(&q, order->not_before_us);
    heng_query_int(&q, order->command_id);
    heng_query_int(&q, order->tries);
    heng_query_int(&q, order->ended_us);
    heng_query_text(&q, order->why);
    return heng_query_finish(&q, err);
}

static heng_rc insert(struct heng_store *store, struct heng_meter_order *order, struct heng_err *err)
{
    struct heng_query q;
    order->id = store->next[HENG_ID_METER_ORDER]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_METER_ORDER_ADD);
    heng_query_int(&q, order->id);
    heng_query_text(&q, order->key);
    heng_query_int(&q, order->contract_id);
    heng_query_int(&q, order->device_id);
    heng_query_int(&q, order->number);
    heng_query_int(&q, order->amount);
    heng_query_text(&q, heng_meter_order_state_text(order->state));
    heng_query_int(&q, order->made_us);
    heng_query_int(&q, order->not_before_us);
    heng_query_int(&q, order->booking_id);
    heng_query_int(&q, order->command_id);
    heng_query_int(&q, order->tries);
    heng_query_int(&q, order->ended_us);
    heng_query_text(&q, order->why);
    return heng_query_finish(&q, err);
}

static void id_of_row(struct heng_query *q, int64_t *ret) { *ret = heng_query_get_int(q); }

heng_rc heng_store_find_meter_order(struct heng_store_reader *reader, const char *key, int64_t *ret_id,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_FIND);
    heng_query_text(&q, key);
    HENG_QUERY_ONE(id_of_row, ret_id);
}

heng_rc heng_store_put_meter_order(struct heng_store *store, struct heng_meter_order *order, bool *ret_existed,
                                   struct heng_err *err)
{
    heng_rc rc = heng_store_need_transaction(store, err);
    *ret_existed = false;
    if (rc != HENG_OK) return rc;
    if (order->id) return change(store, order, err);
    rc = heng_store_find_meter_order(&store->reader, order->key, &order->id, err);
    *ret_existed = rc == HENG_OK;
    return rc == HENG_ENOTFOUND ? insert(store, order, err) : rc;
}

heng_rc heng_store_get_meter_order(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                   struct heng_meter_order *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_GET);
    heng_query_int(&q, id);
    heng_query_int(&q, scope);
    HENG_QUERY_ONE(of_row, ret);
}

heng_rc heng_store_due_meter_orders(struct heng_store_reader *reader, heng_us now_us, struct heng_meter_order *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_DUE);
    heng_query_int(&q, now_us);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(of_row, ret, cap, ret_n);
}

heng_rc heng_store_answered_meter_orders(struct heng_store_reader *reader, struct heng_meter_order *ret, size_t cap,
                                         size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_ANSWERED);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(of_row, ret, cap, ret_n);
}

heng_rc heng_store_list_meter_orders(struct heng_store_reader *reader, int64_t scope, heng_meter_orders_of which,
                                     int64_t before_id, struct heng_meter_order *ret, size_t cap, size_t *ret_n,
                                     struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, (int64_t)which);
    heng_query_int(&q, before_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(of_row, ret, cap, ret_n);
}

heng_rc heng_store_put_meter_count(struct heng_store *store, int64_t contract_id, int64_t count, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_METER_ORDER_COUNT);
    heng_query_int(&q, contract_id);
    heng_query_int(&q, count);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_device_at(struct heng_store_reader *reader, int64_t point_id, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_DEVICE);
    heng_query_int(&q, point_id);
    HENG_QUERY_ONE(id_of_row, ret);
}

static void answer_of_row(struct heng_query *q, struct heng_supply_answer *ret)
{
    ret->task_id = heng_query_get_int(q);
    ret->command_id = heng_query_get_int(q);
}

heng_rc heng_store_answered_supply(struct heng_store_reader *reader, struct heng_supply_answer *ret, size_t cap,
                                   size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_ANSWERED);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(answer_of_row, ret, cap, ret_n);
}

heng_rc heng_store_money_under_way(struct heng_store_reader *reader, bool *ret, struct heng_err *err)
{
    int64_t any = 0;
    heng_rc rc = heng_db_run(&reader->db, HENG_SQL_MONEY_UNDER_WAY, &any, err);
    *ret = any != 0;
    return rc;
}

/* --- what meters use of it ------------------------------------------------------------------------------------- */

static void mirror_of_row(struct heng_query *q, struct heng_meter_mirror *ret)
{
    ret->contract_id = heng_query_get_int(q);
    ret->asks = heng_query_get_int(q);
    ret->due_us = heng_query_get_int(q);
    ret->command_id = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    ret->remaining = heng_query_get_int(q);
    heng_query_get_text(q, ret->why, sizeof ret->why);
}

heng_rc heng_store_put_meter_mirror(struct heng_store *store, const struct heng_meter_mirror *mirror,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_METER_MIRROR_PUT);
    heng_query_int(&q, mirror->contract_id);
    heng_query_int(&q, mirror->asks);
    heng_query_int(&q, mirror->due_us);
    heng_query_int(&q, mirror->command_id);
    heng_query_int(&q, mirror->at_us);
    heng_query_int(&q, mirror->remaining);
    heng_query_text(&q, mirror->why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_meter_mirror(struct heng_store_reader *reader, int64_t contract_id,
                                    struct heng_meter_mirror *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_MIRROR_GET);
    heng_query_int(&q, contract_id);
    HENG_QUERY_ONE(mirror_of_row, ret);
}

heng_rc heng_store_due_meter_mirrors(struct heng_store_reader *reader, heng_us now_us, struct heng_meter_mirror *ret,
                                     size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_MIRROR_DUE);
    heng_query_int(&q, now_us);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(mirror_of_row, ret, cap, ret_n);
}

heng_rc heng_store_answered_meter_mirrors(struct heng_store_reader *reader, struct heng_meter_mirror *ret, size_t cap,
                                          size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_MIRROR_ANSWERED);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(mirror_of_row, ret, cap, ret_n);
}

static void pending_of_row(struct heng_query *q, struct heng_meter_pending *ret)
{
    ret->amount = heng_query_get_int(q);
    ret->unclear = heng_query_get_int(q);
    ret->newest_us = heng_query_get_int(q);
}

heng_rc heng_store_meter_pending(struct heng_store_reader *reader, int64_t contract_id, struct heng_meter_pending *ret,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_ORDER_PENDING);
    heng_query_int(&q, contract_id);
    HENG_QUERY_ONE(pending_of_row, ret);
}
