#include "store/money/cash.h"

#include "store/db_rows.h"

#include <inttypes.h>

static void fill_receipt(struct heng_query *q, struct heng_receipt_row *ret)
{
    ret->id = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    ret->booking_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->desk, sizeof ret->desk);
    ret->year = (int)heng_query_get_int(q);
    ret->number = heng_query_get_int(q);
    ret->balance_before = heng_query_get_int(q);
    ret->balance_after = heng_query_get_int(q);
    ret->printed = (uint32_t)heng_query_get_int(q);
}

heng_rc heng_store_add_receipt(struct heng_store *store, struct heng_receipt_row *receipt, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    receipt->id = store->next[HENG_ID_RECEIPT]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RECEIPT_ADD);
    heng_query_int(&q, receipt->id);
    heng_query_int(&q, receipt->org_id);
    heng_query_text(&q, receipt->desk);
    heng_query_int(&q, receipt->year);
    heng_query_int(&q, receipt->number);
    heng_query_int(&q, receipt->booking_id);
    heng_query_int(&q, receipt->balance_before);
    heng_query_int(&q, receipt->balance_after);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_find_receipt(struct heng_store_reader *reader, int64_t booking_id, struct heng_receipt_row *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECEIPT_OF_BOOKING);
    heng_query_int(&q, booking_id);
    HENG_QUERY_ONE(fill_receipt, ret);
}

heng_rc heng_store_get_receipt(struct heng_store_reader *reader, int64_t scope, const char *desk, int year,
                               int64_t number, struct heng_receipt_row *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECEIPT_GET);
    heng_query_int(&q, scope);
    heng_query_text(&q, desk);
    heng_query_int(&q, year);
    heng_query_int(&q, number);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_receipt(&q, ret);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND
               ? heng_fail(err, rc, 0, "desk '%s' has given no receipt %" PRId64 " in %d", desk, number, year)
               : rc;
}

heng_rc heng_store_list_receipts(struct heng_store_reader *reader, int64_t scope, const char *desk, int year,
                                 int64_t after, struct heng_receipt_row *ret, size_t cap, size_t *ret_n,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECEIPT_LIST);
    heng_query_int(&q, scope);
    heng_query_text(&q, desk);
    heng_query_int(&q, year);
    heng_query_int(&q, after);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_receipt, ret, cap, ret_n);
}

heng_rc heng_store_printed(struct heng_store *store, int64_t receipt_id, heng_us at_us, const char *who, uint32_t *ret,
                           struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RECEIPT_PRINTED);
    heng_query_int(&q, receipt_id);
    heng_query_int(&q, at_us);
    heng_query_text(&q, who);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = (uint32_t)heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

/* --- Cash days --- */

static void fill_day(struct heng_query *q, struct heng_cash_day *ret)
{
    ret->id = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->desk, sizeof ret->desk);
    heng_query_get_text(q, ret->cashier, sizeof ret->cashier);
    ret->day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    ret->opened_us = heng_query_get_int(q);
    ret->closed_us = heng_query_get_int(q);
    ret->opening = heng_query_get_int(q);
    ret->expected = heng_query_get_int(q);
    ret->counted = heng_query_get_int(q);
    ret->handed_over = heng_query_get_int(q);
    heng_query_get_text(q, ret->handed_to, sizeof ret->handed_to);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
    heng_query_get_text(q, ret->totals, sizeof ret->totals);
}

static heng_rc add_day(struct heng_store *store, struct heng_cash_day *day, struct heng_err *err)
{
    struct heng_query q;
    day->id = store->next[HENG_ID_CASH_DAY]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CASH_DAY_ADD);
    heng_query_int(&q, day->id);
    heng_query_int(&q, day->org_id);
    heng_query_text(&q, day->desk);
    heng_query_text(&q, day->cashier);
    heng_query_int(&q, day->day);
    heng_query_text(&q, day->currency);
    heng_query_int(&q, day->opened_us);
    heng_query_int(&q, day->opening);
    heng_query_int(&q, day->closed_us);
    heng_query_int(&q, day->expected);
    heng_query_int(&q, day->counted);
    heng_query_int(&q, day->handed_over);
    heng_query_text(&q, day->handed_to);
    heng_query_text(&q, day->reason);
    heng_query_text(&q, day->totals);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_cash_day(struct heng_store *store, struct heng_cash_day *day, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (day->id == 0) return add_day(store, day, err);
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CASH_DAY_CHANGE);
    heng_query_int(&q, day->id);
    heng_query_int(&q, day->closed_us);
    heng_query_int(&q, day->expected);
    heng_query_int(&q, day->counted);
    heng_query_int(&q, day->handed_over);
    heng_query_text(&q, day->handed_to);
    heng_query_text(&q, day->reason);
    heng_query_text(&q, day->totals);
    rc = heng_query_step(&q, err);
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    return heng_fail(err, HENG_EDENIED, 0,
                     "cash day %" PRId64 " of desk '%s' is closed: nothing of it changes any more", day->id, day->desk);
}

static heng_rc one_day(struct heng_store_reader *reader, heng_sql sql, int64_t org_id, const char *desk,
                       struct heng_cash_day *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, sql);
    heng_query_int(&q, org_id);
    heng_query_text(&q, desk);
    HENG_QUERY_ONE(fill_day, ret);
}

heng_rc heng_store_open_cash_day(struct heng_store_reader *reader, int64_t org_id, const char *desk,
                                 struct heng_cash_day *ret, struct heng_err *err)
{
    return one_day(reader, HENG_SQL_CASH_DAY_OPEN, org_id, desk, ret, err);
}

heng_rc heng_store_last_cash_day(struct heng_store_reader *reader, int64_t org_id, const char *desk,
                                 struct heng_cash_day *ret, struct heng_err *err)
{
    return one_day(reader, HENG_SQL_CASH_DAY_LAST, org_id, desk, ret, err);
}

heng_rc heng_store_get_cash_day(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_cash_day *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CASH_DAY_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_day(&q, ret);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no cash day %" PRId64, id) : rc;
}

heng_rc heng_store_list_cash_days(struct heng_store_reader *reader, int64_t scope, const char *desk, int32_t from_day,
                                  int32_t to_day, int64_t after_id, struct heng_cash_day *ret, size_t cap,
                                  size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CASH_DAY_LIST);
    heng_query_int(&q, scope);
    heng_query_text(&q, desk);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_day, ret, cap, ret_n);
}
