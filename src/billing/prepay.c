#include "billing/prepay.h"

#include <stdio.h>
#include <string.h>

#include "account/note.h"
#include "base/json.h"
#include "bill/exact.h"
#include "billing/run_parts.h"
#include "ledger/amount.h"
#include "vee/day.h"

enum { PLANS_MAX = 64, ASKED_MAX = 400 };

heng_rc heng_prepay_tax(int64_t amount, const char *percent, int64_t *ret, struct heng_err *err)
{
    struct heng_dec rate, whole, tax;
    if (heng_dec_parse(percent, &rate, NULL) != HENG_OK || rate.mantissa < 0 ||
        heng_dec_cmp(rate, heng_dec_of(100, 0)) > 0)
        return heng_fail(err, HENG_ECONFIG, 0, "a tax of '%s' percent: a number from 0 to 100 is wanted", percent);
    heng_rc rc = heng_dec_add(rate, heng_dec_of(100, 0), &whole);
    if (rc == HENG_OK) rc = heng_exact_div(heng_dec_of(amount, 0), rate, whole, 0, HENG_ROUNDING_HALF_UP, &tax);
    if (rc != HENG_OK || !heng_exact_steps(tax, 0, ret))
        return heng_fail(err, HENG_ERANGE, 0, "the tax of a prepayment does not fit a number");
    return HENG_OK;
}

heng_rc heng_prepay_plan(struct heng_store *store, const struct heng_prepay_plan *plan, const struct heng_hand *hand,
                         struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_prepay_plan kept = *plan;
    int64_t tax;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_contract(heng_store_as_reader(store), plan->contract_id, &contract, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no contract %lld", (long long)plan->contract_id);
    if (rc == HENG_OK) rc = heng_prepay_tax(plan->amount, plan->tax_percent, &tax, err);
    if (rc != HENG_OK) return rc;
    if (plan->amount <= 0) return heng_fail(err, HENG_ECONFIG, 0, "a prepayment must be above zero");
    if (plan->from_day < contract.from_day || (plan->to_day && plan->to_day <= plan->from_day))
        return heng_fail(err, HENG_ECONFIG, 0, "a plan begins with its contract or later, and ends after it began");
    if (contract.mode != HENG_MODE_POSTPAID)
        return heng_fail(err, HENG_ECONFIG, 0, "contract %lld is %s: only postpaid ones are asked for beforehand",
                         (long long)contract.id, heng_mode_text(contract.mode));
    snprintf(kept.who, sizeof kept.who, "%s", hand->who);
    return heng_store_put_prepay_plan(store, &kept, err);
}

/* --- charges --------------------------------------------------------------------------------------------------- */

static void fill_line(struct heng_charge_line *line, const char *name, int64_t quantity, const char *unit,
                      int64_t price, int64_t amount, int64_t tax)
{
    snprintf(line->component, sizeof line->component, "prepayment");
    snprintf(line->name, sizeof line->name, "%s", name);
    snprintf(line->quantity, sizeof line->quantity, "%lld", (long long)quantity);
    snprintf(line->unit, sizeof line->unit, "%s", unit);
    heng_amount_text(price, line->price);
    line->amount = amount;
    line->tax = tax;
}

/* The texts of a charge that no engine made: what it rests on, as JSON. */
static heng_rc fill_texts(struct heng_charge *charge, const char *ask, struct heng_arena *arena, struct heng_err *err)
{
    const char *text = heng_arena_text(arena, ask);
    if (!text) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a charge");
    charge->ask = heng_slice_str(text);
    charge->states = heng_slice_str("{}");
    charge->trace = heng_slice_str("{}");
    return heng_charge_digest(charge, charge->digest, err);
}

static void begin_charge(struct heng_charge *ret, const struct heng_contract *contract, int32_t from, int32_t to)
{
    memset(ret, 0, sizeof *ret);
    ret->contract_id = contract->id;
    ret->account_id = contract->account_id;
    ret->kind = HENG_CHARGE_FEE;
    ret->from_day = from;
    ret->to_day = to;
}

heng_rc heng_prepay_take_off(struct heng_store_reader *reader, const struct heng_contract *contract, int32_t from,
                             int32_t to, struct heng_arena *arena, struct heng_charge *ret, bool *ret_is,
                             struct heng_err *err)
{
    struct heng_prepay_asked *asked = heng_arena_take(arena, ASKED_MAX, sizeof *asked);
    char ask[96];
    size_t n = 0;
    heng_rc rc = asked ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for prepayments");
    *ret_is = false;
    if (rc == HENG_OK) rc = heng_store_list_prepay_asked(reader, contract->id, from, to, asked, ASKED_MAX, &n, err);
    if (rc != HENG_OK || !n) return rc;
    begin_charge(ret, contract, from, to);
    ret->lines = heng_arena_take(arena, n, sizeof *ret->lines);
    if (!ret->lines) return heng_fail(err, HENG_ENOMEM, 0, "no memory for prepayments");
    for (size_t i = 0; i < n; i++) {
        struct heng_charge_line *line = &ret->lines[ret->line_count++];
        fill_line(line, asked[i].number, 1, "", -asked[i].amount, -asked[i].amount, -asked[i].tax);
        line->from_day = asked[i].from_day;
        line->to_day = asked[i].to_day;
        snprintf(line->vat, sizeof line->vat, "%s", asked[i].vat);
        if (__builtin_add_overflow(ret->amount, line->amount, &ret->amount))
            return heng_fail(err, HENG_ERANGE, 0, "prepayments do not fit a number");
        ret->tax += line->tax;
    }
    ret->total = ret->amount;
    *ret_is = true;
    snprintf(ask, sizeof ask, "{\"kind\":\"prepayments-off\",\"contract\":%lld}", (long long)contract->id);
    return fill_texts(ret, ask, arena, err);
}

/* First days of months in [from, to) of the period. */
static int64_t months_in(int32_t from, int32_t to)
{
    int y0, m0, y1, m1, day;
    heng_day_date(from, &y0, &m0, &day);
    int64_t first = 12 * (int64_t)y0 + m0 + (day > 1 ? 1 : 0);
    heng_day_date(to, &y1, &m1, &day);
    int64_t end = 12 * (int64_t)y1 + m1 + (day > 1 ? 1 : 0);
    return end > first ? end - first : 0;
}

static heng_rc ask_of_plan(const struct heng_run *run, const struct heng_prepay_plan *plan,
                           const struct heng_contract *contract, struct heng_charge *charge, struct heng_err *err)
{
    int32_t from = plan->from_day > run->from_day ? plan->from_day : run->from_day;
    int32_t to = plan->to_day && plan->to_day < run->to_day ? plan->to_day : run->to_day;
    int64_t times, amount, tax;
    if (contract->to_day && contract->to_day < to) to = contract->to_day;
    times = plan->by_month ? months_in(from, to) : 1;
    if (from >= to || !times) return HENG_OK;
    if (__builtin_mul_overflow(plan->amount, times, &amount) ||
        __builtin_add_overflow(charge->amount, amount, &charge->amount))
        return heng_fail(err, HENG_ERANGE, 0, "prepayments do not fit a number");
    heng_rc rc = heng_prepay_tax(amount, plan->tax_percent, &tax, err);
    if (rc != HENG_OK) return rc;
    struct heng_charge_line *line = &charge->lines[charge->line_count++];
    fill_line(line, "prepayment", times, plan->by_month ? "month" : "", plan->amount, amount, tax);
    line->from_day = from;
    line->to_day = to;
    struct heng_dec rate;
    if (heng_dec_parse(plan->tax_percent, &rate, NULL) == HENG_OK && rate.mantissa) {
        rate.exp = (int8_t)(rate.exp - 2);
        char text[HENG_DEC_TEXT_MAX];
        heng_dec_format(rate, text);
        snprintf(line->vat, sizeof line->vat, "%.*s", (int)sizeof line->vat - 1, text);
    }
    charge->tax += tax;
    charge->total = charge->amount;
    return HENG_OK;
}

/* What is asked of one contract in a run; no lines: nothing, or it was asked for already. */
static heng_rc charge_of(struct heng_run_worker *worker, const struct heng_run *run,
                         const struct heng_contract *contract, struct heng_charge *ret, struct heng_err *err)
{
    struct heng_prepay_plan plans[PLANS_MAX];
    struct heng_prepay_asked asked;
    char ask[96];
    size_t n = 0, before = 0;
    begin_charge(ret, contract, run->from_day, run->to_day);
    heng_rc rc =
        heng_store_list_prepay_asked(worker->reader, contract->id, run->from_day, run->to_day, &asked, 1, &before, err);
    if (rc != HENG_OK || before) return rc;
    rc = heng_store_list_prepay_plans(worker->reader, contract->id, run->from_day, run->to_day, plans, PLANS_MAX, &n,
                                      err);
    if (rc != HENG_OK || !n) return rc;
    ret->lines = heng_arena_take(&worker->arena, n, sizeof *ret->lines);
    if (!ret->lines) return heng_fail(err, HENG_ENOMEM, 0, "no memory for prepayments");
    for (size_t i = 0; i < n && rc == HENG_OK; i++) rc = ask_of_plan(run, &plans[i], contract, ret, err);
    if (rc != HENG_OK || !ret->line_count) return rc;
    snprintf(ask, sizeof ask, "{\"kind\":\"prepayment\",\"contract\":%lld}", (long long)contract->id);
    return fill_texts(ret, ask, &worker->arena, err);
}

heng_rc heng_prepay_draft(struct heng_run_worker *worker, const struct heng_run *run, const struct heng_run_item *items,
                          size_t n, struct heng_draft *ret, bool *ret_is, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    *ret_is = false;
    memset(ret, 0, sizeof *ret);
    ret->bill = (struct heng_bill){.run_id = run->id,
                                   .org_id = items->org_id,
                                   .account_id = items->account_id,
                                   .kind = HENG_BILL_PREPAY,
                                   .state = HENG_BILL_STATE_DRAFT,
                                   .from_day = run->from_day,
                                   .to_day = run->to_day,
                                   .due_day = run->due_day};
    snprintf(ret->bill.currency, sizeof ret->bill.currency, "%s", run->currency);
    ret->charges = heng_arena_take(&worker->arena, n, sizeof *ret->charges);
    if (!ret->charges) return heng_fail(err, HENG_ENOMEM, 0, "no memory for prepayments");
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        rc = charge_of(worker, run, &items[i].contract, &ret->charges[ret->charge_count], err);
        if (rc == HENG_OK && ret->charges[ret->charge_count].line_count) ret->charge_count++;
    }
    if (rc == HENG_OK) rc = heng_draft_sum(ret, err);
    ret->bill.rank = heng_bill_rank(&ret->bill);
    *ret_is = rc == HENG_OK && ret->charge_count > 0;
    return rc;
}
