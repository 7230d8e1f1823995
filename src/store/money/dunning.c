#include "store/money/dunning.h"

#include <string.h>

#include "store/db_rows.h"

static const char *const fee_kinds[] = {
#define X(symbol, text) text,
    HENG_FEE_KIND_LIST(X)
#undef X
};

const char *heng_fee_kind_text(heng_fee_kind kind)
{
    return (unsigned)kind < HENG_FEE_KIND_COUNT ? fee_kinds[kind] : "?";
}

/* --- fees ------------------------------------------------------------------------------------------------------ */

heng_rc heng_store_add_fee(struct heng_store *store, const struct heng_bill_fee *fee, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_FEE_ADD);
    heng_query_int(&q, fee->booking_id);
    heng_query_int(&q, fee->bill_id);
    heng_query_text(&q, heng_fee_kind_text(fee->kind));
    heng_query_int(&q, fee->amount);
    heng_query_int(&q, fee->day);
    return heng_query_queue(&q, err);
}

static void fill_fee(struct heng_query *q, struct heng_bill_fee *ret)
{
    *ret = (struct heng_bill_fee){.booking_id = heng_query_get_int(q)};
    ret->bill_id = heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    ret->kind = strcmp(heng_query_peek_text(q), "late") == 0 ? HENG_FEE_LATE : HENG_FEE_DUNNING;
}

heng_rc heng_store_list_fees(struct heng_store_reader *reader, int64_t bill_id, struct heng_bill_fee *ret, size_t cap,
                             size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_FEE_LIST);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_fee, ret, cap, ret_n);
}

heng_rc heng_store_take_back(struct heng_store *store, int64_t booking_id, int64_t mirror_id, int32_t day,
                             struct heng_err *err)
{
    static const heng_sql both[] = {HENG_SQL_ALLOCATION_TAKE_BACK, HENG_SQL_FEE_TAKE_BACK};
    heng_rc rc = heng_store_need_transaction(store, err);
    for (size_t i = 0; rc == HENG_OK && i < 2; i++) {
        struct heng_query q;
        heng_query_begin(&q, &store->reader.db, both[i]);
        heng_query_int(&q, booking_id);
        heng_query_int(&q, mirror_id);
        heng_query_int(&q, day);
        rc = heng_query_queue(&q, err);
    }
    return rc;
}

heng_rc heng_store_find_freed(struct heng_store_reader *reader, int64_t booking_id,
                              char ret_number[HENG_BILL_NUMBER_MAX], struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ALLOCATION_FREED);
    heng_query_int(&q, booking_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) heng_query_get_text(&q, ret_number, HENG_BILL_NUMBER_MAX);
    heng_query_end(&q);
    return rc;
}

static void fill_payment(struct heng_query *q, struct heng_bill_payment *ret)
{
    ret->day = (int32_t)heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
}

heng_rc heng_store_list_bill_payments(struct heng_store_reader *reader, int64_t bill_id, struct heng_bill_payment *ret,
                                      size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_PAYMENTS);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_payment, ret, cap, ret_n);
}

static void fill_settled(struct heng_query *q, struct heng_settled *ret)
{
    ret->booking_id = heng_query_get_int(q);
    ret->bill_id = heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
}

heng_rc heng_store_list_settled(struct heng_store_reader *reader, int64_t bill_id, heng_booking_kind kind,
                                struct heng_settled *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_SETTLED);
    heng_query_int(&q, bill_id);
    heng_query_text(&q, heng_booking_text(kind));
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_settled, ret, cap, ret_n);
}

heng_rc heng_store_list_written_off(struct heng_store_reader *reader, int64_t account_id, struct heng_settled *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ACCOUNT_WRITTEN_OFF);
    heng_query_int(&q, account_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_settled, ret, cap, ret_n);
}

static void fill_class(struct heng_query *q, struct heng_price_class *ret)
{
    heng_query_get_text(q, ret->name, sizeof ret->name);
}

heng_rc heng_store_list_bill_classes(struct heng_store_reader *reader, int64_t bill_id, struct heng_price_class *ret,
                                     size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_CLASSES);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_class, ret, cap, ret_n);
}

/* --- dunning --------------------------------------------------------------------------------------------------- */

heng_rc heng_store_add_dunned(struct heng_store *store, const struct heng_dunned *dunned, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DUNNING_ADD);
    heng_query_int(&q, dunned->bill_id);
    heng_query_int(&q, dunned->step);
    heng_query_int(&q, dunned->day);
    heng_query_int(&q, dunned->fee);
    heng_query_int(&q, dunned->booking_id);
    heng_query_int(&q, dunned->notice_id);
    return heng_query_queue(&q, err);
}

static void fill_dunned(struct heng_query *q, struct heng_dunned *ret)
{
    *ret = (struct heng_dunned){.bill_id = heng_query_get_int(q)};
    ret->step = (int32_t)heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    ret->fee = heng_query_get_int(q);
    ret->booking_id = heng_query_get_int(q);
    ret->notice_id = heng_query_get_int(q);
}

heng_rc heng_store_list_dunned(struct heng_store_reader *reader, int64_t bill_id, struct heng_dunned *ret, size_t cap,
                               size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_DUNNING_LIST);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_dunned, ret, cap, ret_n);
}

/* --- disputes -------------------------------------------------------------------------------------------------- */

heng_rc heng_store_bill_held(struct heng_store_reader *reader, int64_t bill_id, bool *ret_disputed,
                             bool *ret_instalments, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_HELD);
    heng_query_int(&q, bill_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_disputed = heng_query_get_int(&q) > 0;
        *ret_instalments = heng_query_get_int(&q) > 0;
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_add_hold(struct heng_store *store, const struct heng_bill_hold *hold, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_HOLD_ADD);
    heng_query_int(&q, hold->bill_id);
    heng_query_int(&q, hold->from_day);
    heng_query_int(&q, hold->to_day);
    heng_query_text(&q, hold->who);
    heng_query_text(&q, hold->reason);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_end_hold(struct heng_store *store, int64_t bill_id, heng_us ended_us, const char *who,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_HOLD_END);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, ended_us);
    heng_query_text(&q, who);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_expire_holds(struct heng_store *store, int32_t day, heng_us now_us, const char *who,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_HOLD_EXPIRE);
    heng_query_int(&q, day);
    heng_query_int(&q, now_us);
    heng_query_text(&q, who);
    return heng_query_finish(&q, err);
}

static void fill_hold(struct heng_query *q, struct heng_bill_hold *ret)
{
    *ret = (struct heng_bill_hold){.bill_id = heng_query_get_int(q)};
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->ended_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
    heng_query_get_text(q, ret->ended_by, sizeof ret->ended_by);
}

heng_rc heng_store_list_holds(struct heng_store_reader *reader, int64_t bill_id, struct heng_bill_hold *ret, size_t cap,
                              size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_HOLD_LIST);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_hold, ret, cap, ret_n);
}

/* --- instalments ------------------------------------------------------------------------------------------------ */

heng_rc heng_store_add_instalment(struct heng_store *store, const struct heng_instalment *instalment,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_INSTALMENT_ADD);
    heng_query_int(&q, instalment->bill_id);
    heng_query_int(&q, instalment->plan);
    heng_query_int(&q, instalment->n);
    heng_query_int(&q, instalment->due_day);
    heng_query_int(&q, instalment->amount);
    heng_query_text(&q, instalment->who);
    heng_query_int(&q, instalment->made_us);
    return heng_query_finish(&q, err);
}

static void fill_instalment(struct heng_query *q, struct heng_instalment *ret)
{
    *ret = (struct heng_instalment){.bill_id = heng_query_get_int(q)};
    ret->plan = (int32_t)heng_query_get_int(q);
    ret->n = (int32_t)heng_query_get_int(q);
    ret->due_day = (int32_t)heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->made_us = heng_query_get_int(q);
    ret->ended_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->why, sizeof ret->why);
}

heng_rc heng_store_list_instalments(struct heng_store_reader *reader, int64_t bill_id, struct heng_instalment *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_INSTALMENT_LIST);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_instalment, ret, cap, ret_n);
}

heng_rc heng_store_end_instalments(struct heng_store *store, int64_t bill_id, heng_us ended_us, const char *why,
                                   struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_INSTALMENT_END);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, ended_us);
    heng_query_text(&q, why);
    return heng_query_finish(&q, err);
}

static void fill_id(struct heng_query *q, int64_t *ret) { *ret = heng_query_get_int(q); }

heng_rc heng_store_list_planned(struct heng_store_reader *reader, int64_t after_id, int32_t before_day, int64_t *ret,
                                size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_INSTALMENT_RUNNING);
    heng_query_int(&q, after_id);
    heng_query_int(&q, before_day);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_id, ret, cap, ret_n);
}
