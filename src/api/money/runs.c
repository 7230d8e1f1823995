/* The operations on runs of bills. */
#include "api/money/bills.h"
#include "billing/run.h"
#include "store/money/prepay.h"

static struct heng_api_bill_run run_from(struct heng_api_call *call, const struct heng_run *r)
{
    return (struct heng_api_bill_run){
        .id = r->id,
        .kind = heng_api_bill_run_kind_of(heng_run_kind_text(r->kind)),
        .name = heng_arena_text(call->arena, r->name),
        .state = heng_api_bill_run_state_of(heng_run_state_text(r->state)),
        .from = heng_money_day_text(call->arena, r->from_day),
        .to = heng_money_day_text(call->arena, r->to_day),
        .due = heng_money_day_text(call->arena, r->due_day),
        .currency = heng_arena_text(call->arena, r->currency),
        .done = r->done,
        .total = r->total,
        .made_at = r->made_us,
        .made_by = heng_arena_text(call->arena, r->made_by),
        .has_approved_by = r->approved_by[0] != '\0',
        .approved_by = heng_api_opt_text(call, r->approved_by),
        .has_issued_at = r->issued_us != 0,
        .issued_at = r->issued_us,
        .has_why = r->why[0] != '\0',
        .why = heng_api_opt_text(call, r->why),
    };
}

heng_rc heng_api_list_bill_runs(struct heng_api_call *call, const struct heng_api_list_bill_runs_params *params,
                                struct heng_api_bill_run_list *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_run *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_bill_run *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_runs(call->reader, heng_api_scope(call), params->has_before ? params->before : 0, rows,
                                      cap, &ret->items_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++) items[i] = run_from(call, &rows[i]);
    ret->items = items;
    return HENG_OK;
}

static heng_rc sums_of(struct heng_api_call *call, int64_t run_id, struct heng_api_bill_run_detail *ret,
                       struct heng_err *err)
{
    struct heng_run_sums sums;
    struct heng_api_bill_flag_count *flags = heng_arena_take(call->arena, HENG_RUN_FLAGS, sizeof *flags);
    if (!flags) return heng_api_no_memory(err);
    heng_rc rc = heng_store_sum_run(call->reader, run_id, &sums, err);
    if (rc != HENG_OK) return rc;
    for (unsigned i = 0; i < HENG_RUN_FLAGS; i++)
        if (sums.by_flag[i])
            flags[ret->flags_n++] = (struct heng_api_bill_flag_count){(heng_api_bill_flag)i, sums.by_flag[i]};
    ret->flags = flags;
    ret->bills = sums.bills;
    ret->blocked = sums.blocked;
    ret->issued = sums.issued;
    ret->clean = sums.clean;
    ret->amount = sums.total;
    ret->tax = sums.tax;
    return HENG_OK;
}

static heng_rc components_of(struct heng_api_call *call, int64_t run_id, struct heng_api_bill_run_detail *ret,
                             struct heng_err *err)
{
    struct heng_run_component *rows = heng_arena_take(call->arena, HENG_RUN_COMPONENTS_MAX, sizeof *rows);
    struct heng_api_bill_component_sum *items = heng_arena_take(call->arena, HENG_RUN_COMPONENTS_MAX, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc =
        heng_store_sum_run_components(call->reader, run_id, rows, HENG_RUN_COMPONENTS_MAX, &ret->components_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->components_n; i++)
        items[i] = (struct heng_api_bill_component_sum){.component = heng_arena_text(call->arena, rows[i].component),
                                                        .lines = rows[i].lines,
                                                        .amount = rows[i].amount,
                                                        .tax = rows[i].tax};
    ret->components = items;
    return HENG_OK;
}

heng_rc heng_api_get_bill_run(struct heng_api_call *call, const struct heng_api_get_bill_run_params *params,
                              struct heng_api_bill_run_detail *ret, struct heng_err *err)
{
    struct heng_run *run = heng_arena_take(call->arena, 1, sizeof *run);
    if (!run) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_run(call->reader, heng_api_scope(call), params->run_id, run, err);
    if (rc != HENG_OK) return rc;
    ret->run = run_from(call, run);
    ret->selection = run->selection[0] ? run->selection : "{}";
    rc = sums_of(call, run->id, ret, err);
    return rc == HENG_OK ? components_of(call, run->id, ret, err) : rc;
}

/* --- changes -------------------------------------------------------------------------------------------------------
 */

static heng_rc make_run(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_bill_run_request *b = change->body;
    struct heng_run_ask ask = {.org_id = change->scope,
                               .kind = HENG_RUN_USAGE,
                               .name = b->name,
                               .selection = b->has_selection ? b->selection : "{}",
                               .currency = b->has_currency ? b->currency : "CNY"};
    if (b->has_kind) ask.kind = heng_run_kind_of(heng_api_bill_run_kind_text(b->kind));
    heng_rc rc = heng_money_day(true, b->from, "field 'from'", 0, &ask.from_day, err);
    if (rc == HENG_OK) rc = heng_money_day(true, b->to, "field 'to'", 0, &ask.to_day, err);
    if (rc == HENG_OK) rc = heng_money_day(true, b->due, "field 'due'", 0, &ask.due_day, err);
    return rc == HENG_OK ? heng_run_begin(store, &ask, &change->hand, &change->answer_id, err) : rc;
}

heng_rc heng_api_make_bill_run(struct heng_api_call *call, const struct heng_api_bill_run_request *body,
                               struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {.make = make_run, .subject = "bill-run", HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_approval(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_run_approve(store, change->scope, change->id, &change->hand, err);
}

heng_rc heng_api_approve_bill_run(struct heng_api_call *call, const struct heng_api_approve_bill_run_params *params,
                                  const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_approval, .subject = "bill-run", .id = params->run_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_cancel(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_run_cancel(store, change->scope, change->id, &change->hand, change->reason, err);
}

heng_rc heng_api_cancel_bill_run(struct heng_api_call *call, const struct heng_api_cancel_bill_run_params *params,
                                 const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                 struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_cancel, .subject = "bill-run", .id = params->run_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}
