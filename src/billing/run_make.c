/* Drafts: the charges of an account's contracts, the gate that holds what is not complete, and what a person should
 * look at before it goes out. Only reads. */
#include <stdio.h>
#include <string.h>

#include "billing/run_parts.h"
#include "vee/day.h"

enum { YEAR_DAYS = 365, SAME_TIME_DAYS = 20 };

static int32_t later(int32_t a, int32_t b) { return a > b ? a : b; }

/* The days of a run that a contract has and that are not charged yet. */
bool heng_run_open_days(const struct heng_run *run, const struct heng_run_item *item, int32_t *ret_from,
                        int32_t *ret_to)
{
    const struct heng_contract *contract = &item->contract;
    *ret_from = later(later(run->from_day, contract->from_day), item->charged_to);
    *ret_to = contract->to_day && contract->to_day < run->to_day ? contract->to_day : run->to_day;
    return *ret_from < *ret_to;
}

static void gate_verdicts(const struct heng_run_item *item, struct heng_draft *draft)
{
    char why[HENG_DETAIL_MAX];
    if (item->tasks || item->fatal) draft->bill.flags |= HENG_BILL_FLAG_OPEN_TASK;
    if (!item->fatal) return;
    snprintf(why, sizeof why, "%lld severe verdicts on the usage of contract %lld are not answered: answer them first",
             (long long)item->fatal, (long long)item->contract.id);
    heng_draft_block(draft, HENG_BILL_FLAG_OPEN_TASK, why);
}

static void gate_findings(const struct heng_charge_findings *findings, heng_rc rc, const struct heng_err *said,
                          struct heng_draft *draft)
{
    draft->bill.flags |= findings->flags;
    if (rc != HENG_OK) heng_draft_block(draft, findings->flags, said->text);
    if (findings->flags & (HENG_BILL_FLAG_INCOMPLETE | HENG_BILL_FLAG_NO_TARIFF))
        heng_draft_block(draft, findings->flags, findings->why[0] ? findings->why : "usage is not complete");
}

/* An error of one account is its own; what the store or the memory says stops the run. */
static bool is_own(heng_rc rc)
{
    return rc == HENG_ECONFIG || rc == HENG_EFORMAT || rc == HENG_ERANGE || rc == HENG_ENOTFOUND ||
           rc == HENG_EUNSUPPORTED || rc == HENG_ECONFLICT || rc == HENG_ELIMIT;
}

static heng_rc charge_item(struct heng_run_worker *worker, const struct heng_run *run, const struct heng_run_item *item,
                           int32_t from, int32_t to, struct heng_draft *draft, struct heng_err *err)
{
    const struct heng_charge_ask ask = {
        .contract = &item->contract, .currency = run->currency, .org_id = item->org_id, .from_day = from, .to_day = to};
    struct heng_charge_findings findings = {0};
    struct heng_err said = {0};
    struct heng_charge *charge = &draft->charges[draft->charge_count];
    heng_rc rc = heng_charge_work(worker->charger, &ask, &worker->arena, charge, &findings, &said);
    if (rc != HENG_OK && !is_own(rc)) return heng_fail(err, rc, 0, "%s", said.text);
    gate_findings(&findings, rc, &said, draft);
    gate_verdicts(item, draft);
    if (rc != HENG_OK) return HENG_OK;
    if (charge->estimated) draft->bill.flags |= HENG_BILL_FLAG_ESTIMATED;
    draft->charge_count++;
    return HENG_OK;
}

static heng_rc take_off(struct heng_run_worker *worker, const struct heng_run_item *item, int32_t from, int32_t to,
                        struct heng_draft *draft, struct heng_err *err)
{
    bool is = false;
    if (!item->asked) return HENG_OK;
    heng_rc rc = heng_prepay_take_off(worker->reader, &item->contract, from, to, &worker->arena,
                                      &draft->charges[draft->charge_count], &is, err);
    if (rc == HENG_OK && is) draft->charge_count++;
    return rc;
}

/* Bills of the account before this one: read ahead for the page, or now. */
static heng_rc find_past(struct heng_run_worker *worker, const struct heng_bill *bill, struct heng_bill_past *ret,
                         size_t *ret_n, struct heng_err *err)
{
    const struct heng_run_past *past = heng_run_past_of(worker, bill->account_id, bill->from_day);
    if (!past)
        return heng_store_list_bills_before(worker->reader, bill->account_id, bill->from_day, ret, HENG_RUN_PAST_MAX,
                                            ret_n, err);
    *ret_n = past->count;
    memcpy(ret, past->bills, past->count * sizeof *ret);
    return HENG_OK;
}

/* Further from what it was, per day, than the setting says? Amounts so large that a product does not fit are far. */
static bool is_far(const struct heng_bill *bill, const struct heng_bill_past *past, int64_t percent)
{
    int64_t now, then, apart, limit;
    int32_t days = bill->to_day - bill->from_day, past_days = past->to_day - past->from_day;
    if (days <= 0 || past_days <= 0) return false;
    if (__builtin_mul_overflow(bill->total, past_days, &now) || __builtin_mul_overflow(past->total, days, &then) ||
        __builtin_sub_overflow(now, then, &apart) || __builtin_mul_overflow(apart, 100, &apart) ||
        __builtin_mul_overflow(then, percent, &limit))
        return true;
    return (apart < 0 ? -apart : apart) > (limit < 0 ? -limit : limit);
}

/* With the same time last year, else with the bill before. */
static heng_rc compare(struct heng_run_worker *worker, struct heng_draft *draft, struct heng_err *err)
{
    struct heng_bill_past past[HENG_RUN_PAST_MAX];
    struct heng_bill *bill = &draft->bill;
    size_t n = 0, with = 0;
    heng_rc rc = find_past(worker, bill, past, &n, err);
    if (rc != HENG_OK) return rc;
    if (!n) {
        bill->flags |= HENG_BILL_FLAG_FIRST;
        return HENG_OK;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t apart = past[i].from_day - (bill->from_day - YEAR_DAYS);
        if (apart >= -SAME_TIME_DAYS && apart <= SAME_TIME_DAYS) {
            with = i;
            break;
        }
    }
    if (is_far(bill, &past[with], worker->settings.far_percent)) bill->flags |= HENG_BILL_FLAG_FAR;
    return HENG_OK;
}

static heng_rc finish(struct heng_run_worker *worker, struct heng_draft *draft, bool taken_off, struct heng_err *err)
{
    struct heng_bill *bill = &draft->bill;
    heng_rc rc = bill->kind == HENG_BILL_STATEMENT ? HENG_OK : heng_draft_sum(draft, err);
    if (rc != HENG_OK) return rc;
    if (bill->total == 0 && !taken_off) bill->flags |= HENG_BILL_FLAG_ZERO;
    if (bill->total < 0 && !taken_off) bill->flags |= HENG_BILL_FLAG_NEGATIVE;
    /* What was asked for beforehand is off: beside a bill of which it was not, it would always be far. */
    if (!taken_off) rc = compare(worker, draft, err);
    bill->rank = heng_bill_rank(bill);
    return rc;
}

static void begin_bill(const struct heng_run *run, const struct heng_run_item *item, heng_bill_kind kind,
                       struct heng_draft *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->bill = (struct heng_bill){.run_id = run->id,
                                   .org_id = item->org_id,
                                   .account_id = item->account_id,
                                   .kind = kind,
                                   .state = HENG_BILL_STATE_DRAFT,
                                   .from_day = run->from_day,
                                   .to_day = run->to_day,
                                   .due_day = run->due_day};
    snprintf(ret->bill.currency, sizeof ret->bill.currency, "%s", run->currency);
}

static heng_rc make_bill(struct heng_run_worker *worker, const struct heng_run *run, const struct heng_run_item *items,
                         size_t n, struct heng_draft *ret, bool *ret_is, struct heng_err *err)
{
    bool all_end = true, taken_off = false;
    int32_t first = run->to_day, last = run->from_day;
    heng_rc rc = HENG_OK;
    *ret_is = false;
    begin_bill(run, items, HENG_BILL_BILL, ret);
    ret->charges = heng_arena_take(&worker->arena, 2 * n, sizeof *ret->charges);
    if (!ret->charges) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the charges of a bill");
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        int32_t from, to;
        if (!heng_run_open_days(run, &items[i], &from, &to)) continue;
        *ret_is = true;
        first = from < first ? from : first;
        last = later(last, to);
        if (from > run->from_day || to < run->to_day) ret->bill.flags |= HENG_BILL_FLAG_PART;
        if (!items[i].contract.to_day || items[i].contract.to_day > run->to_day) all_end = false;
        size_t before = ret->charge_count;
        rc = charge_item(worker, run, &items[i], from, to, ret, err);
        if (rc == HENG_OK && ret->charge_count > before) {
            before = ret->charge_count;
            rc = take_off(worker, &items[i], from, to, ret, err);
            taken_off = taken_off || ret->charge_count > before;
        }
    }
    if (rc != HENG_OK || !*ret_is) return rc;
    ret->bill.from_day = first;
    ret->bill.to_day = last;
    if (all_end) ret->bill.kind = HENG_BILL_FINAL;
    return finish(worker, ret, taken_off, err);
}

/* What prepaid took in the period: owed by it is nothing. It waits until all days are charged, so that the difference
 * to the whole period is settled already. */
static heng_rc make_statement(struct heng_run_worker *worker, const struct heng_run *run,
                              const struct heng_run_item *items, size_t n, struct heng_draft *ret, bool *ret_is,
                              struct heng_err *err)
{
    struct heng_charge *charges = NULL;
    size_t count = 0;
    char why[HENG_DETAIL_MAX], day[HENG_DATE_TEXT_MAX];
    begin_bill(run, items, HENG_BILL_STATEMENT, ret);
    heng_rc rc = heng_bill_charges(worker->reader, &ret->bill, &worker->arena, &charges, &count, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(ret->bill.total, charges[i].total, &ret->bill.total) ||
            __builtin_add_overflow(ret->bill.tax, charges[i].tax, &ret->bill.tax))
            return heng_fail(err, HENG_ERANGE, 0, "the charges of a statement do not fit a number");
        if (charges[i].estimated) ret->bill.flags |= HENG_BILL_FLAG_ESTIMATED;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t to =
            items[i].contract.to_day && items[i].contract.to_day < run->to_day ? items[i].contract.to_day : run->to_day;
        gate_verdicts(&items[i], ret);
        if (items[i].charged_to >= to) continue;
        heng_date_format(later(items[i].charged_to, later(run->from_day, items[i].contract.from_day)), day);
        snprintf(why, sizeof why, "contract %lld is charged up to %s only: usage of the days behind it is missing",
                 (long long)items[i].contract.id, day);
        heng_draft_block(ret, HENG_BILL_FLAG_INCOMPLETE, why);
    }
    *ret_is = true;
    return finish(worker, ret, false, err);
}

heng_rc heng_draft_make(struct heng_run_worker *worker, const struct heng_run *run, const struct heng_run_item *items,
                        size_t n, struct heng_draft *ret, bool *ret_is, struct heng_err *err)
{
    *ret_is = false;
    switch (items->contract.mode) {
    case HENG_MODE_POSTPAID: return make_bill(worker, run, items, n, ret, ret_is, err);
    case HENG_MODE_PREPAID: return make_statement(worker, run, items, n, ret, ret_is, err);
    case HENG_MODE_IN_METER: /* the meter takes its own money: prepaid/ */
    case HENG_MODE_COUNT: break;
    }
    return HENG_OK;
}
