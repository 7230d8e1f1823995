/* The operations that change one bill: made again, issued, taken back, corrected, disputed, paid in parts, let off. */
#include "api/money/bills.h"
#include "billing/correct.h"
#include "billing/instalment.h"
#include "billing/issue.h"
#include "billing/late.h"
#include "billing/prepay.h"

static heng_rc ask(struct heng_api_call *call, int64_t bill_id, struct heng_money_change *change,
                   struct heng_api_money_done *ret, struct heng_err *err)
{
    change->subject = "bill";
    change->id = bill_id;
    return heng_money_ask(call, change, ret, err);
}

static heng_rc booked_bill(struct heng_money_change *change, heng_rc rc, const struct heng_bill *bill)
{
    if (rc != HENG_OK) return rc;
    change->answer_id = bill->id;
    change->booking_id = bill->booking_id;
    return HENG_OK;
}

/* --- again, issue, reverse, correct --------------------------------------------------------------------------------
 */

static heng_rc make_again(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    struct heng_bill bill;
    heng_rc rc = heng_run_worker_new(heng_store_as_reader(store), &worker, err);
    if (rc == HENG_OK) rc = heng_run_again(worker, store, change->scope, change->id, &change->hand, &bill, err);
    heng_run_worker_free(worker);
    return rc;
}

heng_rc heng_api_make_bill_again(struct heng_api_call *call, const struct heng_api_make_bill_again_params *params,
                                 const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                 struct heng_err *err)
{
    struct heng_money_change change = {.make = make_again, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

static heng_rc make_issue(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_bill bill;
    heng_rc rc = heng_issue_one(store, change->scope, change->id, &change->hand, &bill, err);
    return booked_bill(change, rc, &bill);
}

heng_rc heng_api_issue_bill(struct heng_api_call *call, const struct heng_api_issue_bill_params *params,
                            const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                            struct heng_err *err)
{
    struct heng_money_change change = {.make = make_issue, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

static heng_rc make_reversal(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_bill mirror;
    heng_rc rc = heng_bill_reverse(store, change->scope, change->id, &change->hand, change->reason, &mirror, err);
    return booked_bill(change, rc, &mirror);
}

heng_rc heng_api_reverse_bill(struct heng_api_call *call, const struct heng_api_reverse_bill_params *params,
                              const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {.make = make_reversal, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

static heng_rc make_correction(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    struct heng_bill mirror, draft;
    heng_rc rc = heng_run_worker_new(heng_store_as_reader(store), &worker, err);
    if (rc == HENG_OK)
        rc = heng_bill_correct(worker, store, change->scope, change->id, &change->hand, change->reason, &mirror, &draft,
                               err);
    heng_run_worker_free(worker);
    if (rc == HENG_OK) change->booking_id = mirror.booking_id;
    if (rc == HENG_OK) change->answer_id = draft.id;
    return rc;
}

heng_rc heng_api_correct_bill(struct heng_api_call *call, const struct heng_api_correct_bill_params *params,
                              const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {.make = make_correction, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

/* --- dispute, instalments ------------------------------------------------------------------------------------------
 */

static heng_rc make_dispute(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_bill_dispute_request *b = change->body;
    int32_t to = 0;
    heng_rc rc = heng_money_day(b->has_to, b->to, "field 'to'", 0, &to, err);
    if (rc != HENG_OK) return rc;
    return heng_bill_dispute(store, change->scope, change->id, to, &change->hand, change->reason, err);
}

heng_rc heng_api_dispute_bill(struct heng_api_call *call, const struct heng_api_dispute_bill_params *params,
                              const struct heng_api_bill_dispute_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {.make = make_dispute, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

static heng_rc make_release(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_bill_release(store, change->scope, change->id, &change->hand, change->reason, err);
}

heng_rc heng_api_release_bill(struct heng_api_call *call, const struct heng_api_release_bill_params *params,
                              const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {.make = make_release, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

/* What is open is split here, in the transaction: nobody has to know the late fees of today beforehand. */
static heng_rc make_plan(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_instalment_request *b = change->body;
    struct heng_instalment parts[HENG_INSTALMENTS_MAX];
    int64_t amount = 0;
    int32_t first = 0;
    heng_rc rc = heng_money_day(true, b->first, "field 'first'", 0, &first, err);
    if (rc == HENG_OK)
        rc = heng_instalment_amount(heng_store_as_reader(store), change->scope, change->id, change->hand.day, &amount,
                                    err);
    if (rc == HENG_OK) rc = heng_instalment_split(amount, (size_t)b->parts, first, parts, err);
    if (rc == HENG_OK)
        rc = heng_instalment_plan(store, change->scope, change->id, parts, (size_t)b->parts, &change->hand,
                                  change->reason, err);
    change->made = b->parts;
    return rc;
}

heng_rc heng_api_plan_instalments(struct heng_api_call *call, const struct heng_api_plan_instalments_params *params,
                                  const struct heng_api_instalment_request *body, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_money_change change = {.make = make_plan, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

static heng_rc make_stop(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_instalment_stop(store, change->scope, change->id, &change->hand, change->reason, err);
}

heng_rc heng_api_stop_instalments(struct heng_api_call *call, const struct heng_api_stop_instalments_params *params,
                                  const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_money_change change = {.make = make_stop, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

/* --- let off -------------------------------------------------------------------------------------------------------
 */

static heng_rc make_waiver(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_waive_request *b = change->body;
    struct heng_booked booked;
    heng_rc rc = heng_fee_waive(store, change->scope, change->id, b->has_amount ? b->amount : 0, change->key,
                                &change->hand, change->reason, &booked, err);
    if (rc == HENG_OK) change->booking_id = booked.booking_id;
    return rc;
}

heng_rc heng_api_waive_fees(struct heng_api_call *call, const struct heng_api_waive_fees_params *params,
                            const struct heng_api_waive_request *body, struct heng_api_money_done *ret,
                            struct heng_err *err)
{
    struct heng_money_change change = {.make = make_waiver, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

static heng_rc make_write_off(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_booked booked;
    heng_rc rc =
        heng_bill_write_off(store, change->scope, change->id, change->key, &change->hand, change->reason, &booked, err);
    if (rc == HENG_OK) change->booking_id = booked.booking_id;
    return rc;
}

heng_rc heng_api_write_off_bill(struct heng_api_call *call, const struct heng_api_write_off_bill_params *params,
                                const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {.make = make_write_off, HENG_MONEY_ASKED(body)};
    return ask(call, params->bill_id, &change, ret, err);
}

/* --- beforehand ----------------------------------------------------------------------------------------------------
 */

static heng_rc make_prepay(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_prepay_plan_request *b = change->body;
    struct heng_prepay_plan plan = {.contract_id = b->contract, .by_month = b->by_month, .amount = b->amount};
    struct heng_contract contract;
    heng_rc rc = heng_money_contract(heng_store_as_reader(store), change->scope, b->contract, &contract, err);
    if (rc == HENG_OK) rc = heng_money_day(true, b->from, "field 'from'", 0, &plan.from_day, err);
    if (rc == HENG_OK) rc = heng_money_day(b->has_to, b->to, "field 'to'", 0, &plan.to_day, err);
    if (rc != HENG_OK) return rc;
    if (!heng_api_put_text(plan.tax_percent, sizeof plan.tax_percent, b->has_tax_percent, b->tax_percent) ||
        !heng_api_put_text(plan.who, sizeof plan.who, true, change->hand.who))
        return heng_fail(err, HENG_ERANGE, 0, "a text is too long");
    return heng_prepay_plan(store, &plan, &change->hand, err);
}

heng_rc heng_api_put_prepay_plan(struct heng_api_call *call, const struct heng_api_prepay_plan_request *body,
                                 struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_prepay, .subject = "contract", .id = body->contract, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}
