/* The operations on a channel's days beside ours. */
#include "pay/reconcile.h"
#include "api/money/pay_parts.h"
#include "usage/usage.h"

/* What we took in the last half hour of a day may be in tomorrow's file. */
#define TRANSIT_US (INT64_C(1800) * HENG_US_PER_S)

static struct heng_api_reconciliation reconciliation_from(struct heng_api_call *call, const struct heng_reconcile *r)
{
    return (struct heng_api_reconciliation){
        .id = r->id,
        .channel = heng_arena_text(call->arena, r->channel),
        .day = heng_money_day_text(call->arena, r->day),
        .n = r->n,
        .file = r->file_id,
        .ours = r->ours,
        .theirs = r->theirs,
        .fees = r->fees,
        .at = r->at_us,
        .has_closed_at = r->closed_us != 0,
        .closed_at = r->closed_us,
        .who = heng_arena_text(call->arena, r->who),
    };
}

static struct heng_api_reconciliation_line line_from(struct heng_api_call *call, const struct heng_reconcile_line *l)
{
    return (struct heng_api_reconciliation_line){
        .n = l->n,
        .class = heng_api_reconcile_class_of(heng_reconcile_text(l->class_of)),
        .has_order = l->order_number[0] != '\0',
        .order = heng_api_opt_text(call, l->order_number),
        .has_transaction = l->transaction_id[0] != '\0',
        .transaction = heng_api_opt_text(call, l->transaction_id),
        .ours = l->ours,
        .theirs = l->theirs,
        .fee = l->fee,
        .has_decision = l->decision[0] != '\0',
        .decision = heng_api_opt_text(call, l->decision),
        .has_who = l->who[0] != '\0',
        .who = heng_api_opt_text(call, l->who),
        .has_reason = l->reason[0] != '\0',
        .reason = heng_api_opt_text(call, l->reason),
    };
}

heng_rc heng_api_list_reconciliations(struct heng_api_call *call,
                                      const struct heng_api_list_reconciliations_params *params,
                                      struct heng_api_reconciliation_list *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_reconcile *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_reconciliation *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_reconciles(call->reader, heng_api_scope(call), params->has_after ? params->after : 0,
                                            rows, cap, &ret->items_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++) items[i] = reconciliation_from(call, &rows[i]);
    ret->items = items;
    return HENG_OK;
}

heng_rc heng_api_get_reconciliation(struct heng_api_call *call, const struct heng_api_get_reconciliation_params *params,
                                    struct heng_api_reconciliation_detail *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_reconcile_line *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_reconciliation_line *lines = heng_arena_take(call->arena, cap, sizeof *lines);
    struct heng_reconcile of;
    if (!rows || !lines) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_reconcile(call->reader, heng_api_scope(call), params->reconciliation_id, &of, err);
    if (rc == HENG_OK) rc = heng_store_undecided(call->reader, of.id, &ret->undecided, err);
    if (rc == HENG_OK)
        rc = heng_store_list_reconcile_lines(call->reader, of.id, params->has_after ? params->after : 0, rows, cap,
                                             &ret->lines_n, err);
    if (rc != HENG_OK) return rc;
    ret->reconciliation = reconciliation_from(call, &of);
    for (size_t i = 0; i < ret->lines_n; i++) lines[i] = line_from(call, &rows[i]);
    ret->lines = lines;
    return HENG_OK;
}

/* --- changes -------------------------------------------------------------------------------------------------------
 */

static heng_rc day_of(struct heng_store_reader *reader, const char *text, struct heng_pay_day *ret,
                      struct heng_err *err)
{
    struct heng_usage_site site;
    *ret = (struct heng_pay_day){.transit_us = TRANSIT_US};
    heng_rc rc = heng_money_day(true, text, "parameter 'day'", 0, &ret->day, err);
    if (rc == HENG_OK) rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    ret->from_us = heng_day_from_us(&site.days, ret->day);
    ret->to_us = heng_day_from_us(&site.days, ret->day + 1);
    heng_usage_site_close(&site);
    return HENG_OK;
}

/* A file that is refused is kept and has nothing to compare: then made is -1, and the id is the file's. */
static heng_rc make_reconciliation(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_make_reconciliation_params *p = change->body;
    struct heng_pay_template *form = heng_arena_take(change->arena, 1, sizeof *form);
    struct heng_pay_day day;
    struct heng_reconcile of;
    struct heng_pay_file file;
    if (!form) return heng_api_no_memory(err);
    heng_rc rc = day_of(heng_store_as_reader(store), p->day, &day, err);
    if (rc == HENG_OK) rc = heng_api_pay_template(change->arena, heng_store_as_reader(store), p->template, form, err);
    const struct heng_pay_file_ask ask = {
        .org_id = change->scope, .name = p->has_name ? p->name : "file", .day = day.day};
    if (rc == HENG_OK) rc = heng_pay_reconcile(store, form, &ask, &day, change->more, &change->hand, &of, &file, err);
    if (rc != HENG_OK) return rc;
    const bool refused = file.state == HENG_PAY_FILE_REFUSED;
    change->answer_id = refused ? file.id : of.id;
    change->made = refused ? -1 : file.count;
    return HENG_OK;
}

heng_rc heng_api_make_reconciliation(struct heng_api_call *call,
                                     const struct heng_api_make_reconciliation_params *params,
                                     const struct heng_api_upload *upload, struct heng_api_money_done *ret,
                                     struct heng_err *err)
{
    struct heng_money_change change = {.make = make_reconciliation,
                                       .subject = "reconciliation",
                                       .key = params->key,
                                       .who = params->who,
                                       .organisation = params->has_organisation ? params->organisation : 0,
                                       .body = params};
    heng_rc rc = heng_api_upload_read(call, upload, &change.more, err);
    if (rc == HENG_OK) rc = heng_money_ask(call, &change, ret, err);
    return rc == HENG_OK && ret->made < 0 ? heng_api_pay_file_told(call, ret->id, err) : rc;
}

static heng_rc make_decision(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_reconcile_decide_request *b = change->body;
    struct heng_reconcile_line line;
    return heng_pay_reconcile_decide(store, change->scope, change->id, b->line,
                                     heng_api_reconcile_decision_text(b->decision), &change->hand, change->reason,
                                     &line, err);
}

heng_rc heng_api_decide_reconciliation(struct heng_api_call *call,
                                       const struct heng_api_decide_reconciliation_params *params,
                                       const struct heng_api_reconcile_decide_request *body,
                                       struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_decision, .subject = "reconciliation", .id = params->reconciliation_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_close(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_reconcile of;
    return heng_pay_reconcile_close(store, change->scope, change->id, &change->hand, &of, err);
}

heng_rc heng_api_close_reconciliation(struct heng_api_call *call,
                                      const struct heng_api_close_reconciliation_params *params,
                                      const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                      struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_close, .subject = "reconciliation", .id = params->reconciliation_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_settlement(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_settle_request *b = change->body;
    struct heng_booked booked;
    heng_rc rc = heng_pay_settle(store, change->scope, change->id, b->amount, &change->hand, &booked, err);
    if (rc == HENG_OK) change->booking_id = booked.booking_id;
    return rc;
}

heng_rc heng_api_settle_reconciliation(struct heng_api_call *call,
                                       const struct heng_api_settle_reconciliation_params *params,
                                       const struct heng_api_settle_request *body, struct heng_api_money_done *ret,
                                       struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_settlement, .subject = "reconciliation", .id = params->reconciliation_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}
