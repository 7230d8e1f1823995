#include "billing/arrears.h"

#include <stdlib.h>
#include <string.h>

#include "bill/exact.h"

/* The next account's open bills; ENOTFOUND: there is none. Nobody owes today who owed nothing booked: their books say
 * so; of a past day everybody is looked at. */
static heng_rc next_account(struct heng_arrears *a, struct heng_store_reader *reader, struct heng_err *err)
{
    const struct heng_owing_ask ask = {.scope = a->ask.scope,
                                       .place_id = a->ask.place_id,
                                       .after_id = a->after_id,
                                       .currency = a->ask.currency,
                                       .owing = a->ask.as_of >= a->ask.today};
    heng_rc rc = HENG_OK;
    if (++a->account >= a->account_n) {
        if (a->last) return HENG_ENOTFOUND;
        rc = heng_store_list_owing(reader, &ask, a->accounts, HENG_ARREARS_PAGE, &a->account_n, err);
        a->account = 0;
        a->last = a->account_n < HENG_ARREARS_PAGE;
        if (rc != HENG_OK || a->account_n == 0) return rc == HENG_OK ? HENG_ENOTFOUND : rc;
        a->after_id = a->accounts[a->account_n - 1].id;
    }
    a->bill = 0;
    rc = heng_store_list_owing_bills(reader, a->accounts[a->account].id, a->ask.as_of, a->bills, HENG_ARREARS_BILLS,
                                     &a->bill_n, err);
    if (rc == HENG_OK && a->bill_n == HENG_ARREARS_BILLS)
        return heng_fail(err, HENG_ELIMIT, 0, "account %s has %d open bills or more", a->accounts[a->account].number,
                         HENG_ARREARS_BILLS);
    return rc;
}

heng_rc heng_arrears_next(struct heng_arrears *a, struct heng_store_reader *reader,
                          const struct heng_owing_account **ret_account, const struct heng_owing_bill **ret_bill,
                          struct heng_err *err)
{
    for (;;) {
        while (a->bill >= a->bill_n) {
            heng_rc rc = next_account(a, reader, err);
            if (rc != HENG_OK) return rc;
        }
        const struct heng_owing_bill *bill = &a->bills[a->bill++];
        if (a->ask.overdue && (bill->due_day >= a->ask.as_of || bill->principal + bill->late <= 0)) continue;
        *ret_account = &a->accounts[a->account];
        *ret_bill = bill;
        return HENG_OK;
    }
}

static heng_rc too_large(struct heng_err *err)
{
    return heng_fail(err, HENG_ERANGE, 0, "the arrears do not fit a number");
}

static heng_rc begin(const struct heng_arrears_ask *ask, struct heng_arrears **ret, struct heng_err *err)
{
    *ret = calloc(1, sizeof **ret);
    if (!*ret) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a list of arrears");
    (*ret)->ask = *ask;
    return HENG_OK;
}

heng_rc heng_ageing_of(struct heng_store_reader *reader, const struct heng_arrears_ask *ask, struct heng_ageing *ret,
                       struct heng_err *err)
{
    struct heng_arrears *a;
    const struct heng_owing_account *account;
    const struct heng_owing_bill *bill;
    int64_t before = 0;
    memset(ret, 0, sizeof *ret);
    heng_rc rc = begin(ask, &a, err);
    while (rc == HENG_OK && (rc = heng_arrears_next(a, reader, &account, &bill, err)) == HENG_OK) {
        const int64_t open = bill->principal + bill->late;
        const heng_age age = heng_age_of(bill->due_day, ask->as_of);
        ret->accounts += account->id != before;
        before = account->id;
        ret->bills++;
        ret->counts[age] += open > 0;
        if (__builtin_add_overflow(ret->total, open, &ret->total) ||
            __builtin_add_overflow(*(open > 0 ? &ret->amounts[age] : &ret->credits), open,
                                   open > 0 ? &ret->amounts[age] : &ret->credits))
            rc = too_large(err);
    }
    free(a);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- whom to call ------------------------------------------------------------------------------------------------ */

static int by_amount(const void *x, const void *y)
{
    const struct heng_call *a = x, *b = y;
    if (a->overdue != b->overdue) return a->overdue < b->overdue ? 1 : -1;
    return a->account.id < b->account.id ? -1 : a->account.id > b->account.id;
}

/* When the list is full, the smallest makes room. */
static void keep(struct heng_call *list, size_t cap, size_t *n, const struct heng_call *call)
{
    size_t least = 0;
    if (call->overdue <= 0) return;
    if (*n < cap) {
        list[(*n)++] = *call;
        return;
    }
    for (size_t i = 1; i < *n; i++)
        if (by_amount(&list[i], &list[least]) > 0) least = i;
    if (*n && by_amount(call, &list[least]) < 0) list[least] = *call;
}

static heng_rc add_call(struct heng_call *call, const struct heng_owing_bill *bill, struct heng_err *err)
{
    const int64_t open = bill->principal + bill->late;
    if (call->bills == 0) call->since_day = bill->due_day;
    call->bills++;
    if (bill->steps > call->steps) call->steps = bill->steps;
    if (__builtin_add_overflow(call->overdue, open, &call->overdue)) return too_large(err);
    if (bill->held) call->held += open;
    return HENG_OK;
}

heng_rc heng_call_list(struct heng_store_reader *reader, const struct heng_arrears_ask *ask, struct heng_call *ret,
                       size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_arrears_ask overdue = *ask;
    struct heng_arrears *a;
    struct heng_call call = {.bills = 0};
    const struct heng_owing_account *account;
    const struct heng_owing_bill *bill;
    overdue.overdue = true;
    *ret_n = 0;
    heng_rc rc = begin(&overdue, &a, err);
    while (rc == HENG_OK && (rc = heng_arrears_next(a, reader, &account, &bill, err)) == HENG_OK) {
        if (account->id != call.account.id) {
            keep(ret, cap, ret_n, &call);
            call = (struct heng_call){.account = *account};
        }
        rc = add_call(&call, bill, err);
    }
    free(a);
    if (rc != HENG_ENOTFOUND) return rc;
    keep(ret, cap, ret_n, &call);
    if (*ret_n) qsort(ret, *ret_n, sizeof *ret, by_amount);
    return HENG_OK;
}

/* --- collection -------------------------------------------------------------------------------------------------- */

heng_rc heng_collection_report(struct heng_store_reader *reader, int64_t scope, int64_t place_id, const char *currency,
                               int32_t from_day, int32_t to_day, struct heng_collection_report *ret,
                               struct heng_err *err)
{
    struct heng_collection_sums sums;
    memset(ret, 0, sizeof *ret);
    if (from_day >= to_day) return heng_fail(err, HENG_ERANGE, 0, "a period ends behind its first day");
    heng_rc rc = heng_store_collection(reader, scope, place_id, currency, from_day, to_day, &sums, err);
    if (rc != HENG_OK) return rc;
    ret->sums = (struct heng_collection){.billed_current = sums.billed,
                                         .collected_current = sums.collected,
                                         .billed_prior_open = sums.prior_open,
                                         .collected_prior = sums.collected_prior,
                                         .waived = sums.written_off};
    ret->bills = sums.bills;
    ret->bills_paid = sums.bills_paid;
    ret->has_paid = sums.bills > 0;
    if (ret->has_paid)
        rc = heng_exact_div(heng_dec_of(sums.bills_paid, 0), heng_dec_of(100, 0), heng_dec_of(sums.bills, 0), 2,
                            HENG_ROUNDING_HALF_UP, &ret->paid_rate);
    return rc == HENG_OK ? heng_collection_rates(&ret->sums, &ret->rates, err) : rc;
}
