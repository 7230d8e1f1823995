/* The cash desk: its days, what was counted, settlements; receipts. */
#include "account/cash_day.h"
#include "account/receipt.h"
#include "api/money/change.h"

enum { SPAN_DAYS = 30 };

/* --- days ----------------------------------------------------------------------------------------------------------
 */

static struct heng_api_cash_day day_from(struct heng_api_call *call, const struct heng_cash_day *d)
{
    bool closed = d->closed_us != 0;
    return (struct heng_api_cash_day){.id = d->id,
                                      .has_organisation = d->org_id != 0,
                                      .organisation = d->org_id,
                                      .desk = heng_arena_text(call->arena, d->desk),
                                      .cashier = heng_arena_text(call->arena, d->cashier),
                                      .day = heng_money_day_text(call->arena, d->day),
                                      .currency = heng_arena_text(call->arena, d->currency),
                                      .opened_at = d->opened_us,
                                      .has_closed_at = closed,
                                      .closed_at = d->closed_us,
                                      .opening = d->opening,
                                      .has_expected = closed,
                                      .expected = d->expected,
                                      .has_counted = closed,
                                      .counted = d->counted,
                                      .has_handed_over = closed,
                                      .handed_over = d->handed_over,
                                      .has_handed_to = d->handed_to[0] != '\0',
                                      .handed_to = heng_api_opt_text(call, d->handed_to),
                                      .has_reason = d->reason[0] != '\0',
                                      .reason = heng_api_opt_text(call, d->reason)};
}

static const struct heng_api_cash_total *totals_from(struct heng_api_call *call, const struct heng_cash_totals *totals)
{
    struct heng_api_cash_total *items = heng_arena_take(call->arena, totals->n + 1, sizeof *items);
    for (size_t i = 0; items && i < totals->n; i++) {
        const struct heng_cash_total *t = &totals->of[i];
        items[i] = (struct heng_api_cash_total){.channel = heng_arena_text(call->arena, t->channel),
                                                .gross = t->gross,
                                                .refunds = t->refunds,
                                                .reversals = t->reversals,
                                                .net = t->net,
                                                .count = t->count};
    }
    return items;
}

heng_rc heng_api_get_cash_day(struct heng_api_call *call, const struct heng_api_get_cash_day_params *params,
                              struct heng_api_cash_day_detail *ret, struct heng_err *err)
{
    struct heng_cash_day *day = heng_arena_take(call->arena, 1, sizeof *day);
    struct heng_cash_totals totals;
    int64_t expected = 0;
    call->is_wish = true;
    if (!day) return heng_api_no_memory(err);
    heng_rc rc = heng_store_open_cash_day(
        call->reader, heng_money_scope(call, params->has_organisation, params->organisation), params->desk, day, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "desk '%s' has no open cash day", params->desk);
    if (rc == HENG_OK) rc = heng_cash_so_far(call->reader, day, &totals, &expected, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_cash_day_detail){
        .day = day_from(call, day), .expected = expected, .totals = totals_from(call, &totals), .totals_n = totals.n};
    return ret->totals ? HENG_OK : heng_api_no_memory(err);
}

/* From and to as they are given, else the last days with today. */
static heng_rc span_of(struct heng_api_call *call, bool has_from, const char *from, bool has_to, const char *to,
                       int32_t *ret_from, int32_t *ret_to, struct heng_err *err)
{
    int32_t today = 0;
    heng_rc rc = heng_money_today(call->reader, heng_clock_wall(), &today, err);
    if (rc == HENG_OK) rc = heng_money_day(has_to, to, "to", today + 1, ret_to, err);
    if (rc == HENG_OK) rc = heng_money_day(has_from, from, "from", *ret_to - SPAN_DAYS, ret_from, err);
    return rc;
}

heng_rc heng_api_list_cash_days(struct heng_api_call *call, const struct heng_api_list_cash_days_params *params,
                                struct heng_api_cash_day_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_cash_day *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_cash_day *items = heng_arena_take(call->arena, cap, sizeof *items);
    int32_t from, to;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = span_of(call, params->has_from, params->from, params->has_to, params->to, &from, &to, err);
    if (rc == HENG_OK)
        rc = heng_store_list_cash_days(
            call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
            params->has_desk ? params->desk : "", from, to, params->has_after ? params->after : 0, rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) items[i] = day_from(call, &rows[i]);
    ret->items = items;
    ret->items_n = n;
    return rc;
}

heng_rc heng_api_get_settlement(struct heng_api_call *call, const struct heng_api_get_settlement_params *params,
                                struct heng_api_cash_settlement *ret, struct heng_err *err)
{
    struct heng_settlement *sum = heng_arena_take(call->arena, 1, sizeof *sum);
    int32_t from, to;
    if (!sum) return heng_api_no_memory(err);
    heng_rc rc = span_of(call, params->has_from, params->from, params->has_to, params->to, &from, &to, err);
    if (rc == HENG_OK)
        rc = heng_cash_settlement(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                                  params->has_desk ? params->desk : "", params->has_cashier ? params->cashier : "",
                                  from, to, sum, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_cash_settlement){.days = sum->days,
                                             .open = sum->open,
                                             .opening = sum->opening,
                                             .expected = sum->expected,
                                             .counted = sum->counted,
                                             .handed_over = sum->handed_over,
                                             .difference = sum->difference,
                                             .totals = totals_from(call, &sum->totals),
                                             .totals_n = sum->totals.n};
    return ret->totals ? HENG_OK : heng_api_no_memory(err);
}

static heng_rc make_open(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_open_cash_day_request *b = c->body;
    struct heng_cash_day *day = heng_arena_take(c->arena, 1, sizeof *day);
    if (!day) return heng_api_no_memory(err);
    heng_rc rc = heng_cash_open(store, c->scope, b->has_currency ? b->currency : "", b->opening, &c->hand, day, err);
    c->answer_id = day->id;
    return rc;
}

heng_rc heng_api_open_cash_day(struct heng_api_call *call, const struct heng_api_open_cash_day_request *body,
                               struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .desk = body->desk, .subject = "cash-day",
                                       .make = make_open};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_close(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_close_cash_day_request *b = c->body;
    struct heng_cash_day *day = heng_arena_take(c->arena, 1, sizeof *day);
    if (!day) return heng_api_no_memory(err);
    heng_rc rc = heng_cash_close(store, c->scope, b->counted, b->handed_over, b->has_handed_to ? b->handed_to : "",
                                 c->reason, &c->hand, day, err);
    c->answer_id = day->id;
    return rc;
}

heng_rc heng_api_close_cash_day(struct heng_api_call *call, const struct heng_api_close_cash_day_request *body,
                                struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .desk = body->desk, .subject = "cash-day",
                                       .make = make_close};
    return heng_money_ask(call, &change, ret, err);
}

/* --- receipts ------------------------------------------------------------------------------------------------------
 */

static struct heng_api_money_receipt receipt_from(struct heng_api_call *call, const struct heng_receipt_row *r)
{
    char number[HENG_RECEIPT_TEXT_MAX];
    heng_receipt_text(r, number);
    return (struct heng_api_money_receipt){.id = r->id,
                                           .number = heng_arena_text(call->arena, number),
                                           .has_organisation = r->org_id != 0,
                                           .organisation = r->org_id,
                                           .booking = r->booking_id,
                                           .balance_before = r->balance_before,
                                           .balance_after = r->balance_after,
                                           .printed = r->printed};
}

heng_rc heng_api_list_receipts(struct heng_api_call *call, const struct heng_api_list_receipts_params *params,
                               struct heng_api_receipt_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_receipt_row *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_money_receipt *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_receipts(
        call->reader, heng_money_scope(call, params->has_organisation, params->organisation), params->desk,
        (int)params->year, params->has_after ? params->after : 0, rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) items[i] = receipt_from(call, &rows[i]);
    ret->items = items;
    ret->items_n = n;
    return rc;
}

static heng_rc find_receipt(struct heng_store_reader *reader, int64_t scope, const char *number,
                            struct heng_receipt_row *ret, struct heng_err *err)
{
    struct heng_receipt_row wanted;
    if (!heng_receipt_of(number, &wanted))
        return heng_fail(err, HENG_ERANGE, 0, "'%.40s' is no number of a receipt: 2026-A-000123 is one", number);
    heng_rc rc = heng_store_get_receipt(reader, scope, wanted.desk, wanted.year, wanted.number, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no receipt '%.40s'", number) : rc;
}

heng_rc heng_api_get_receipt(struct heng_api_call *call, const struct heng_api_get_receipt_params *params,
                             struct heng_api_money_receipt *ret, struct heng_err *err)
{
    struct heng_receipt_row row;
    call->is_wish = true;
    heng_rc rc = find_receipt(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                              params->number, &row, err);
    if (rc == HENG_OK) *ret = receipt_from(call, &row);
    return rc;
}

static heng_rc make_print(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_print_request *b = c->body;
    struct heng_receipt_row row;
    uint32_t nth = 0;
    heng_rc rc = find_receipt(heng_store_as_reader(store), c->scope, b->number, &row, err);
    if (rc == HENG_OK) rc = heng_store_printed(store, row.id, c->hand.now_us, c->hand.who, &nth, err);
    if (rc != HENG_OK) return rc;
    c->answer_id = row.id;
    c->made = nth;
    return HENG_OK;
}

heng_rc heng_api_print_receipt(struct heng_api_call *call, const struct heng_api_print_request *body,
                               struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "receipt", .make = make_print};
    return heng_money_ask(call, &change, ret, err);
}
