#include "ledger/collect.h"

#include "bill/exact.h"

#include <string.h>

#define X(symbol, text) text,
static const char *const pay_rules[] = {HENG_PAY_ORDER_LIST(X)};
#undef X
#define X(symbol, text, last) text,
static const char *const ages[] = {HENG_AGE_LIST(X)};
#undef X
#define X(symbol, text, last) last,
static const int32_t age_ends[] = {HENG_AGE_LIST(X)};
#undef X

const char *heng_pay_rule_text(heng_pay_rule rule) { return rule < HENG_PAY_RULE_COUNT ? pay_rules[rule] : "unknown"; }

heng_pay_rule heng_pay_rule_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_PAY_RULE_COUNT && strcmp(pay_rules[i], text) != 0) i++;
    return (heng_pay_rule)i;
}

/* By due day, then by id. Few bills are open at one time, and they mostly come in order: insertion. */
static void by_due_day(struct heng_owing *owing, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct heng_owing one = owing[i];
        size_t at = i;
        for (; at > 0 && (owing[at - 1].due_day > one.due_day ||
                          (owing[at - 1].due_day == one.due_day && owing[at - 1].bill_id > one.bill_id));
             at--)
            owing[at] = owing[at - 1];
        owing[at] = one;
    }
}

static int64_t take(int64_t *rest, int64_t open)
{
    int64_t part = open < *rest ? open : *rest;
    *rest -= part;
    return part;
}

void heng_allocate(struct heng_owing *owing, size_t n, int64_t amount, heng_pay_rule rule, int64_t *ret_rest)
{
    by_due_day(owing, n);
    for (size_t i = 0; i < n; i++) {
        struct heng_owing *bill = &owing[i];
        bill->paid_principal = bill->paid_late = 0;
        if (rule == HENG_PAY_RULE_LATE_PRINCIPAL) bill->paid_late = take(&amount, bill->late);
        bill->paid_principal = take(&amount, bill->principal);
        if (rule == HENG_PAY_RULE_PRINCIPAL_LATE) bill->paid_late = take(&amount, bill->late);
    }
    for (size_t i = 0; rule == HENG_PAY_RULE_ALL_PRINCIPAL && i < n; i++)
        owing[i].paid_late = take(&amount, owing[i].late);
    *ret_rest = amount;
}

const char *heng_age_text(heng_age age) { return age < HENG_AGE_COUNT ? ages[age] : "unknown"; }

heng_age heng_age_of(int32_t due_day, int32_t as_of_day)
{
    int64_t days = (int64_t)as_of_day - due_day;
    unsigned age = 0;
    while (age + 1 < HENG_AGE_COUNT && days > age_ends[age]) age++;
    return (heng_age)age;
}

/* part of whole in percent. */
static heng_rc percent(int64_t part, int64_t whole, bool *ret_has, struct heng_dec *ret, struct heng_err *err)
{
    *ret_has = whole > 0;
    if (!*ret_has) return HENG_OK;
    heng_rc rc =
        heng_exact_div(heng_dec_of(part, 0), heng_dec_of(100, 0), heng_dec_of(whole, 0), 2, HENG_ROUNDING_HALF_UP, ret);
    return rc == HENG_OK ? rc : heng_fail(err, rc, 0, "a collection rate does not fit");
}

heng_rc heng_collection_rates(const struct heng_collection *of, struct heng_collection_rates *ret, struct heng_err *err)
{
    int64_t all, in, net;
    memset(ret, 0, sizeof *ret);
    if (__builtin_add_overflow(of->billed_current, of->billed_prior_open, &all) ||
        __builtin_add_overflow(of->collected_current, of->collected_prior, &in) ||
        __builtin_sub_overflow(of->billed_current, of->waived, &net))
        return heng_fail(err, HENG_ERANGE, 0, "the sums of a collection rate do not fit");
    heng_rc rc = percent(of->collected_current, of->billed_current, &ret->has_current, &ret->current, err);
    if (rc == HENG_OK) rc = percent(of->collected_prior, of->billed_prior_open, &ret->has_prior, &ret->prior, err);
    if (rc == HENG_OK) rc = percent(in, all, &ret->has_overall, &ret->overall, err);
    if (rc == HENG_OK) rc = percent(of->collected_current, net, &ret->has_net, &ret->current_net_of_waiver, err);
    return rc;
}
