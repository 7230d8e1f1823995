#include "store/money/print.h"

#include <string.h>

#include "base/arena.h"
#include "store/db_rows.h"

/* --- beside bills and receipts ----------------------------------------------------------------------------------- */

static void fill_payment(struct heng_query *q, struct heng_print_payment *ret)
{
    ret->booking_id = heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->part, sizeof ret->part);
    ret->amount = heng_query_get_int(q);
    heng_query_get_text(q, ret->kind, sizeof ret->kind);
    heng_query_get_text(q, ret->channel, sizeof ret->channel);
    ret->bill[0] = 0;
}

static void fill_paid_bill(struct heng_query *q, struct heng_print_payment *ret)
{
    memset(ret, 0, sizeof *ret);
    heng_query_get_text(q, ret->bill, sizeof ret->bill);
    heng_query_get_text(q, ret->part, sizeof ret->part);
    ret->amount = heng_query_get_int(q);
}

static void fill_step(struct heng_query *q, struct heng_print_step *ret)
{
    ret->n = heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
}

static void ask_for(struct heng_query *q, struct heng_store_reader *reader, heng_sql sql, int64_t id, size_t cap)
{
    heng_query_begin(q, &reader->db, sql);
    heng_query_int(q, id);
    heng_query_int(q, (int64_t)cap);
}

heng_rc heng_store_print_payments(struct heng_store_reader *reader, int64_t bill_id, struct heng_print_payment *ret,
                                  size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    ask_for(&q, reader, HENG_SQL_PRINT_BILL_PAYMENTS, bill_id, cap);
    HENG_QUERY_ALL(fill_payment, ret, cap, ret_n);
}

heng_rc heng_store_print_paid_bills(struct heng_store_reader *reader, int64_t booking_id,
                                    struct heng_print_payment *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    ask_for(&q, reader, HENG_SQL_PRINT_BOOKING_BILLS, booking_id, cap);
    HENG_QUERY_ALL(fill_paid_bill, ret, cap, ret_n);
}

heng_rc heng_store_print_fees(struct heng_store_reader *reader, int64_t bill_id, struct heng_print_step *ret,
                              size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    ask_for(&q, reader, HENG_SQL_PRINT_FEES, bill_id, cap);
    HENG_QUERY_ALL(fill_step, ret, cap, ret_n);
}

heng_rc heng_store_print_instalments(struct heng_store_reader *reader, int64_t bill_id, struct heng_print_step *ret,
                                     size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    ask_for(&q, reader, HENG_SQL_PRINT_INSTALMENTS, bill_id, cap);
    HENG_QUERY_ALL(fill_step, ret, cap, ret_n);
}

heng_rc heng_store_print_traces(struct heng_store_reader *reader, int64_t contract_id, int32_t after, int32_t until,
                                struct heng_arena *arena, struct heng_print_trace *ret, size_t cap, size_t *ret_n,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    size_t n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_PRINT_TRACES);
    heng_query_int(&q, contract_id);
    heng_query_int(&q, after);
    heng_query_int(&q, until);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) {
        ret[n].from_day = (int32_t)heng_query_get_int(&q);
        ret[n].to_day = (int32_t)heng_query_get_int(&q);
        const char *text = heng_arena_text(arena, heng_query_peek_text(&q));
        if (!text) {
            rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for earlier usage");
            break;
        }
        ret[n++].trace = heng_slice_str(text);
    }
    heng_query_end(&q);
    *ret_n = n;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_print_purchase(struct heng_store_reader *reader, const char *sale_key, int64_t *ret,
                                  struct heng_err *err)
{
    struct heng_query q;
    *ret = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_PRINT_PURCHASE);
    heng_query_text(&q, sale_key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- lists ------------------------------------------------------------------------------------------------------- */

typedef enum asked_by { BY_PERIOD, BY_DAYS, BY_MOMENTS, BY_UNTIL, BY_NOW } asked_by;
static const struct {
    const char *text;
    asked_by by;
} lists[] = {
#define X(symbol, text, by) {text, BY_##by},
    HENG_LIST_LIST(X)
#undef X
};

const char *heng_list_text(heng_list_kind kind) { return lists[kind].text; }

heng_list_kind heng_list_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_LIST_COUNT && strcmp(lists[i].text, text) != 0) i++;
    return (heng_list_kind)i;
}

static heng_sql statement_of(heng_list_kind kind)
{
    switch (kind) {
    case HENG_LIST_SALES_DAY:
    case HENG_LIST_SALES_MONTH:
    case HENG_LIST_SALES_YEAR: return HENG_SQL_LIST_SALES;
    case HENG_LIST_SETTLEMENT: return HENG_SQL_LIST_SETTLEMENT;
    case HENG_LIST_REFUNDS: return HENG_SQL_LIST_REFUNDS;
    case HENG_LIST_RECEIPTS: return HENG_SQL_LIST_RECEIPTS;
    case HENG_LIST_BILLS: return HENG_SQL_LIST_BILLS;
    case HENG_LIST_ARREARS: return HENG_SQL_LIST_ARREARS;
    case HENG_LIST_BALANCES: return HENG_SQL_LIST_BALANCES;
    case HENG_LIST_BOOKINGS:
    case HENG_LIST_COUNT: break;
    }
    return HENG_SQL_LIST_BOOKINGS;
}

/* "2026-11-20" cut behind the day, the month, the year. */
static int64_t period_chars(heng_list_kind kind)
{
    return kind == HENG_LIST_SALES_DAY ? 10 : kind == HENG_LIST_SALES_MONTH ? 7 : 4;
}

static void bind_ask(struct heng_query *q, const struct heng_list_ask *ask)
{
    asked_by by = lists[ask->kind].by;
    heng_query_int(q, ask->scope);
    if (by == BY_DAYS || by == BY_PERIOD) heng_query_int(q, ask->from_day);
    if (by == BY_DAYS || by == BY_PERIOD || by == BY_UNTIL) heng_query_int(q, ask->to_day);
    if (by == BY_MOMENTS) heng_query_int(q, ask->from_us);
    if (by == BY_MOMENTS) heng_query_int(q, ask->to_us);
    if (by == BY_PERIOD) heng_query_int(q, period_chars(ask->kind));
}

heng_rc heng_store_each_row(struct heng_store_reader *reader, const struct heng_list_ask *ask, const bool *numeric,
                            size_t count, heng_list_each *each, void *ctx, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    if (count > HENG_LIST_COLUMNS_MAX) return heng_fail(err, HENG_EBUG, 0, "a list has too many columns");
    heng_query_begin(&q, &reader->db, statement_of(ask->kind));
    bind_ask(&q, ask);
    q.streamed = true;
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_list_value values[HENG_LIST_COLUMNS_MAX] = {{.is_null = false}};
        bool total = heng_query_get_int(&q) == 1;
        for (size_t i = 0; i < count; i++) {
            values[i].is_null = heng_query_is_null(&q);
            values[i].text = "";
            if (numeric[i])
                values[i].number = heng_query_get_int(&q);
            else
                values[i].text = heng_query_peek_text(&q);
        }
        rc = each(ctx, total, values);
        if (rc != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
