/* The questions about bills: lists, one with its lines, what it would be today. */
#include "api/money/bills.h"

#include "billing/correct.h"
#include "billing/instalment.h"
#include "billing/late.h"
#include "store/money/dunning.h"

enum { PAID_MAX = 500, PARTS_MAX = 200, LATE_LOOK = 200, FLAGS = HENG_API_BILL_FLAG_COUNT };

_Static_assert((int)HENG_API_BILL_FLAG_COUNT == HENG_RUN_FLAGS, "the contract has the flags of the store");

static const heng_api_bill_flag *flags_from(struct heng_api_call *call, uint32_t bits, size_t *ret_n)
{
    heng_api_bill_flag *flags = heng_arena_take(call->arena, FLAGS, sizeof *flags);
    *ret_n = 0;
    for (unsigned i = 0; flags && i < FLAGS; i++)
        if (bits & (1u << i)) flags[(*ret_n)++] = (heng_api_bill_flag)i;
    return flags;
}

struct heng_api_bill heng_api_bill_from(struct heng_api_call *call, const struct heng_bill *b)
{
    struct heng_api_bill bill = {
        .id = b->id,
        .has_run = b->run_id != 0,
        .run = b->run_id,
        .account = b->account_id,
        .kind = heng_api_bill_kind_of(heng_bill_kind_text(b->kind)),
        .state = heng_api_bill_state_of(heng_bill_state_text(b->state)),
        .has_number = b->number[0] != '\0',
        .number = heng_api_opt_text(call, b->number),
        .has_from = b->from_day != 0,
        .from = heng_money_day_text(call->arena, b->from_day),
        .has_to = b->to_day != 0,
        .to = heng_money_day_text(call->arena, b->to_day),
        .has_due = b->due_day != 0,
        .due = heng_money_day_text(call->arena, b->due_day),
        .amount = b->total,
        .tax = b->tax,
        .currency = heng_arena_text(call->arena, b->currency),
        .has_why = b->why[0] != '\0',
        .why = heng_api_opt_text(call, b->why),
        .has_booking = b->booking_id != 0,
        .booking = b->booking_id,
        .has_reverses = b->reverses != 0,
        .reverses = b->reverses,
        .has_replaces = b->replaces != 0,
        .replaces = b->replaces,
        .has_issued_at = b->issued_us != 0,
        .issued_at = b->issued_us,
        .rank = b->rank,
    };
    bill.flags = flags_from(call, b->flags, &bill.flags_n);
    return bill;
}

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

static heng_rc numbered(struct heng_api_call *call, const char *number, struct heng_api_bill_list *ret,
                        struct heng_err *err)
{
    struct heng_api_bill *item = heng_arena_take(call->arena, 1, sizeof *item);
    struct heng_bill bill;
    if (!item) return heng_api_no_memory(err);
    heng_rc rc = heng_store_find_bill(call->reader, heng_api_scope(call), number, &bill, err);
    if (rc == HENG_OK) *item = heng_api_bill_from(call, &bill);
    *ret = (struct heng_api_bill_list){item, rc == HENG_OK};
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_api_list_bills(struct heng_api_call *call, const struct heng_api_list_bills_params *params,
                            struct heng_api_bill_list *ret, struct heng_err *err)
{
    struct heng_bill_ask ask = {.scope = heng_api_scope(call),
                                .run_id = params->has_run ? params->run : 0,
                                .account_id = params->has_account ? params->account : 0,
                                .kind = params->has_kind ? heng_bill_kind_of(heng_api_bill_kind_text(params->kind))
                                                         : HENG_BILL_KIND_COUNT,
                                .state = params->has_state ? heng_bill_state_of(heng_api_bill_state_text(params->state))
                                                           : HENG_BILL_STATE_COUNT,
                                .after_rank = params->has_after_rank ? (int32_t)params->after_rank : -1,
                                .after_id = params->has_after ? params->after : 0};
    const size_t cap = (size_t)params->limit;
    if (params->has_number) return numbered(call, params->number, ret, err);
    struct heng_bill *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_bill *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_money_day(params->has_from, params->from, "parameter 'from'", 0, &ask.from_day, err);
    if (rc == HENG_OK)
        rc = heng_money_day(params->has_to, params->to, "parameter 'to'", params->has_from ? INT32_MAX : 0, &ask.to_day,
                            err);
    if (rc == HENG_OK) rc = heng_store_list_bills(call->reader, &ask, rows, cap, &ret->items_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++) items[i] = heng_api_bill_from(call, &rows[i]);
    ret->items = items;
    return HENG_OK;
}

/* --- one -----------------------------------------------------------------------------------------------------------
 */

static struct heng_api_bill_line line_from(struct heng_api_call *call, const struct heng_charge_line *l)
{
    return (struct heng_api_bill_line){
        .component = heng_arena_text(call->arena, l->component),
        .name = heng_arena_text(call->arena, l->name),
        .version = heng_arena_text(call->arena, l->version),
        .tier = l->tier,
        .has_rate = l->rate[0] != '\0',
        .rate = heng_api_opt_text(call, l->rate),
        .has_from = l->from_day != 0,
        .from = heng_money_day_text(call->arena, l->from_day),
        .has_to = l->to_day != 0,
        .to = heng_money_day_text(call->arena, l->to_day),
        .quantity = heng_arena_text(call->arena, l->quantity),
        .unit = heng_arena_text(call->arena, l->unit),
        .price = heng_arena_text(call->arena, l->price),
        .amount = l->amount,
        .tax = l->tax,
        .has_note = l->note[0] != '\0',
        .note = heng_api_opt_text(call, l->note),
        .has_vat = l->vat[0] != '\0',
        .vat = heng_api_opt_text(call, l->vat),
    };
}

static heng_rc charges_of(struct heng_api_call *call, const struct heng_bill *bill, struct heng_api_bill_detail *ret,
                          struct heng_err *err)
{
    struct heng_charge *rows = NULL;
    size_t n = 0;
    heng_rc rc = heng_bill_charges(call->reader, bill, call->arena, &rows, &n, err);
    struct heng_api_bill_charge *charges = heng_arena_take(call->arena, n + 1, sizeof *charges);
    if (rc != HENG_OK || !charges) return rc == HENG_OK ? heng_api_no_memory(err) : rc;
    for (size_t i = 0; i < n; i++) {
        struct heng_api_bill_line *lines = heng_arena_take(call->arena, rows[i].line_count + 1, sizeof *lines);
        if (!lines) return heng_api_no_memory(err);
        for (size_t k = 0; k < rows[i].line_count; k++) lines[k] = line_from(call, &rows[i].lines[k]);
        charges[i] = (struct heng_api_bill_charge){.id = rows[i].id,
                                                   .contract = rows[i].contract_id,
                                                   .kind = heng_api_charge_kind_of(heng_charge_kind_text(rows[i].kind)),
                                                   .medium = heng_arena_text(call->arena, rows[i].medium),
                                                   .has_from = rows[i].from_day != 0,
                                                   .from = heng_money_day_text(call->arena, rows[i].from_day),
                                                   .has_to = rows[i].to_day != 0,
                                                   .to = heng_money_day_text(call->arena, rows[i].to_day),
                                                   .amount = rows[i].amount,
                                                   .tax = rows[i].tax,
                                                   .estimated = rows[i].estimated,
                                                   .lines = lines,
                                                   .lines_n = rows[i].line_count};
    }
    ret->charges = charges;
    ret->charges_n = n;
    return HENG_OK;
}

static heng_rc payments_of(struct heng_api_call *call, int64_t bill_id, struct heng_api_bill_detail *ret,
                           struct heng_err *err)
{
    struct heng_allocation *rows = heng_arena_take(call->arena, PAID_MAX, sizeof *rows);
    struct heng_api_bill_payment *items = heng_arena_take(call->arena, PAID_MAX, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_allocations(call->reader, bill_id, 0, rows, PAID_MAX, &ret->payments_n, err);
    for (size_t i = 0; rc == HENG_OK && i < ret->payments_n; i++)
        items[i] = (struct heng_api_bill_payment){.booking = rows[i].booking_id,
                                                  .amount = rows[i].amount,
                                                  .has_day = rows[i].day != 0,
                                                  .day = heng_money_day_text(call->arena, rows[i].day),
                                                  .part = heng_arena_text(call->arena, rows[i].part)};
    ret->payments = items;
    return rc;
}

/* Fees, steps of dunning, instalments. */
static heng_rc dunning_of(struct heng_api_call *call, int64_t bill_id, struct heng_api_bill_detail *ret,
                          struct heng_err *err)
{
    struct heng_bill_fee *fees = heng_arena_take(call->arena, PARTS_MAX, sizeof *fees);
    struct heng_dunned *dunned = heng_arena_take(call->arena, PARTS_MAX, sizeof *dunned);
    struct heng_instalment *parts = heng_arena_take(call->arena, PARTS_MAX, sizeof *parts);
    struct heng_api_bill_fee *to_fees = heng_arena_take(call->arena, PARTS_MAX, sizeof *to_fees);
    struct heng_api_bill_dunned *to_dunned = heng_arena_take(call->arena, PARTS_MAX, sizeof *to_dunned);
    struct heng_api_bill_instalment *to_parts = heng_arena_take(call->arena, PARTS_MAX, sizeof *to_parts);
    bool planned;
    if (!fees || !dunned || !parts || !to_fees || !to_dunned || !to_parts) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_fees(call->reader, bill_id, fees, PARTS_MAX, &ret->fees_n, err);
    if (rc == HENG_OK) rc = heng_store_list_dunned(call->reader, bill_id, dunned, PARTS_MAX, &ret->dunned_n, err);
    if (rc == HENG_OK)
        rc = heng_store_list_instalments(call->reader, bill_id, parts, PARTS_MAX, &ret->instalments_n, err);
    if (rc == HENG_OK) rc = heng_store_bill_held(call->reader, bill_id, &ret->disputed, &planned, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->fees_n; i++)
        to_fees[i] = (struct heng_api_bill_fee){.booking = fees[i].booking_id,
                                                .kind = heng_fee_kind_text(fees[i].kind),
                                                .amount = fees[i].amount,
                                                .has_day = true,
                                                .day = heng_money_day_text(call->arena, fees[i].day)};
    for (size_t i = 0; i < ret->dunned_n; i++)
        to_dunned[i] = (struct heng_api_bill_dunned){.step = dunned[i].step,
                                                     .has_day = true,
                                                     .day = heng_money_day_text(call->arena, dunned[i].day),
                                                     .fee = dunned[i].fee};
    for (size_t i = 0; i < ret->instalments_n; i++)
        to_parts[i] = (struct heng_api_bill_instalment){.n = parts[i].n,
                                                        .amount = parts[i].amount,
                                                        .due = heng_money_day_text(call->arena, parts[i].due_day),
                                                        .has_ended_at = parts[i].ended_us != 0,
                                                        .ended_at = parts[i].ended_us,
                                                        .has_why = parts[i].why[0] != '\0',
                                                        .why = heng_api_opt_text(call, parts[i].why)};
    ret->fees = to_fees;
    ret->dunned = to_dunned;
    ret->instalments = to_parts;
    return HENG_OK;
}

/* Is what is stored what was issued? */
static heng_rc verify(struct heng_api_call *call, const struct heng_bill *bill, bool *ret, struct heng_err *err)
{
    const bool issued = bill->state == HENG_BILL_STATE_ISSUED || bill->state == HENG_BILL_STATE_REVERSED;
    heng_rc rc = issued ? heng_bill_verify(call->reader, bill, err) : HENG_OK;
    *ret = rc == HENG_OK;
    return rc == HENG_ECONFLICT ? HENG_OK : rc;
}

heng_rc heng_api_get_bill(struct heng_api_call *call, const struct heng_api_get_bill_params *params,
                          struct heng_api_bill_detail *ret, struct heng_err *err)
{
    struct heng_open_bill open = {0};
    struct heng_bill bill;
    heng_rc rc = heng_store_get_bill(call->reader, heng_api_scope(call), params->bill_id, &bill, err);
    if (rc != HENG_OK) return rc;
    ret->bill = heng_api_bill_from(call, &bill);
    rc = verify(call, &bill, &ret->unaltered, err);
    if (rc == HENG_OK) rc = charges_of(call, &bill, ret, err);
    if (rc == HENG_OK) rc = payments_of(call, bill.id, ret, err);
    if (rc == HENG_OK) rc = dunning_of(call, bill.id, ret, err);
    if (rc == HENG_OK) rc = heng_bill_open(call->reader, bill.account_id, bill.id, &open, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_OK) {
        ret->open = open.principal;
        ret->open_fees = open.late;
    }
    return HENG_OK;
}

/* --- what it would be today ----------------------------------------------------------------------------------------
 */

heng_rc heng_api_get_bill_delta(struct heng_api_call *call, const struct heng_api_get_bill_delta_params *params,
                                struct heng_api_bill_delta *ret, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    struct heng_delta delta;
    struct heng_bill bill;
    call->is_wish = true; /* why there is none is for who asked */
    heng_rc rc = heng_store_get_bill(call->reader, heng_api_scope(call), params->bill_id, &bill, err);
    if (rc == HENG_OK) rc = heng_run_worker_new(call->reader, &worker, err);
    if (rc == HENG_OK) rc = heng_bill_delta(worker, &bill, &delta, err);
    if (rc == HENG_OK)
        *ret = (struct heng_api_bill_delta){.differs = delta.is,
                                            .usage_differs = delta.usage_differs,
                                            .was = delta.was,
                                            .now = delta.now,
                                            .difference = delta.difference};
    heng_run_worker_free(worker);
    return rc;
}

heng_rc heng_api_list_late_bills(struct heng_api_call *call, const struct heng_api_list_late_bills_params *params,
                                 struct heng_api_late_bill_list *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_delta_found *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_late_bill *items = heng_arena_take(call->arena, cap, sizeof *items);
    struct heng_run_worker *worker = NULL;
    int32_t today = 0, from = 0, to = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_money_today(call->reader, heng_clock_wall(), &today, err);
    if (rc == HENG_OK) rc = heng_money_day(params->has_from, params->from, "parameter 'from'", today - 366, &from, err);
    if (rc == HENG_OK) rc = heng_money_day(params->has_to, params->to, "parameter 'to'", today, &to, err);
    if (rc == HENG_OK) rc = heng_run_worker_new(call->reader, &worker, err);
    if (rc == HENG_OK)
        rc = heng_delta_find(worker, heng_api_scope(call), from, to, params->has_after ? params->after : 0, LATE_LOOK,
                             rows, cap, &ret->items_n, &ret->next, err);
    heng_run_worker_free(worker);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++)
        items[i] = (struct heng_api_late_bill){
            .bill = heng_api_bill_from(call, &rows[i].bill), .now = rows[i].now, .difference = rows[i].difference};
    ret->items = items;
    ret->has_next = ret->next != 0;
    return HENG_OK;
}
