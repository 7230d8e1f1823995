#include "bill/late.h"

#include <stdio.h>

#include "bill/form.h"

struct heng_late_terms heng_late_terms_default(void)
{
    struct heng_late_terms terms = {.rule = HENG_LATE_WHOLE,
                                    .same_year = {2, -3},
                                    .cross_year = {3, -3},
                                    .minimum = {100, -2},
                                    .rounding = HENG_ROUNDING_HALF_UP,
                                    .places = 2};
    return terms;
}

struct late {
    const struct heng_late_terms *terms;
    const struct heng_late_bill *bill;
    heng_day year_end; /* last day of the bill's year */
};

static heng_rc one_span(const struct late *late, struct heng_dec principal, int32_t days, struct heng_dec rate,
                        struct heng_steps *steps, struct heng_dec *sum)
{
    struct heng_dec per_day, fee;
    if (days <= 0) return HENG_OK;
    heng_rc rc = heng_dec_scale(rate, days, &per_day);
    if (rc == HENG_OK) rc = heng_exact_mul(principal, per_day, late->terms->places, late->terms->rounding, &fee);
    if (rc == HENG_OK) rc = heng_dec_add(*sum, fee, sum);
    if (rc != HENG_OK) return rc;
    const struct heng_dec numbers[] = {principal, heng_dec_of(days, 0), rate};
    struct heng_step *step =
        heng_steps_say(steps, HENG_STEP_LATE_DAYS, late->bill->id ? late->bill->id : "", "", numbers, 3, fee);
    if (step) {
        step->places = (uint8_t)late->terms->places;
        step->rounding = (uint8_t)late->terms->rounding;
    }
    return HENG_OK;
}

static int32_t above_zero(int32_t days) { return days > 0 ? days : 0; }

/* What a principal that is settled on a day has cost until then. */
static heng_rc accrue(const struct late *late, struct heng_dec principal, heng_day day, struct heng_steps *steps,
                      struct heng_dec *sum)
{
    const struct heng_late_terms *terms = late->terms;
    heng_day start = late->bill->due + terms->start_days;
    if (day - late->bill->due <= terms->grace_days || principal.mantissa == 0) return HENG_OK;
    if (terms->rule == HENG_LATE_WHOLE)
        return one_span(late, principal, day - start, day > late->year_end ? terms->cross_year : terms->same_year,
                        steps, sum);
    heng_day turn = late->year_end > start ? late->year_end : start;
    int32_t same = above_zero((day < turn ? day : turn) - start);
    heng_rc rc = one_span(late, principal, same, terms->same_year, steps, sum);
    return rc == HENG_OK ? one_span(late, principal, day - turn, terms->cross_year, steps, sum) : rc;
}

/* Not below the least, not above the cap. */
static heng_rc bounded(const struct late *late, struct heng_dec raw, struct heng_steps *steps,
                       struct heng_late_fee *ret)
{
    const struct heng_late_terms *terms = late->terms;
    const char *id = late->bill->id ? late->bill->id : "";
    struct heng_dec most;
    ret->fee = raw;
    ret->minimum = ret->capped = false;
    if (raw.mantissa > 0 && heng_dec_cmp(raw, terms->minimum) < 0) {
        ret->minimum = true;
        ret->fee = terms->minimum;
        heng_steps_say(steps, HENG_STEP_LATE_MINIMUM, id, "", &raw, 1, ret->fee);
    }
    if (terms->cap.mantissa == 0) return HENG_OK;
    heng_rc rc = heng_exact_mul(late->bill->amount, terms->cap, terms->places, terms->rounding, &most);
    if (rc != HENG_OK || heng_dec_cmp(ret->fee, most) <= 0) return rc;
    const struct heng_dec numbers[] = {ret->fee, late->bill->amount, terms->cap};
    ret->capped = true;
    ret->fee = most;
    heng_steps_say(steps, HENG_STEP_LATE_CAP, id, "", numbers, 3, most);
    return HENG_OK;
}

static struct heng_dec smaller(struct heng_dec a, struct heng_dec b) { return heng_dec_cmp(a, b) < 0 ? a : b; }

/* Takes from *money what is due of the fee if all of `left` were settled on this day. */
static heng_rc pay_fee(const struct late *late, struct heng_dec settled, struct heng_dec left, heng_day day,
                       struct heng_dec *money, struct heng_late_fee *ret, struct heng_dec *ret_paid)
{
    struct heng_dec raw = settled, due, part;
    struct heng_late_fee now = *ret;
    heng_rc rc = accrue(late, left, day, NULL, &raw);
    if (rc == HENG_OK) rc = bounded(late, raw, NULL, &now);
    if (rc == HENG_OK) rc = heng_dec_sub(now.fee, ret->fee_paid, &due);
    if (rc != HENG_OK || due.mantissa <= 0) return rc;
    part = smaller(*money, due);
    rc = heng_dec_sub(*money, part, money);
    if (rc == HENG_OK) rc = heng_dec_add(ret->fee_paid, part, &ret->fee_paid);
    return rc == HENG_OK ? heng_dec_add(*ret_paid, part, ret_paid) : rc;
}

static heng_rc pay(const struct late *late, const struct heng_late_payment *payment, struct heng_dec *left,
                   struct heng_dec *settled, struct heng_steps *steps, struct heng_late_fee *ret, struct heng_err *err)
{
    struct heng_dec money = payment->amount, of_fee = {0, -2}, of_principal;
    char subject[HENG_DATE_TEXT_MAX];
    heng_rc rc = HENG_OK;
    size_t number = (size_t)(payment - late->bill->payments);
    if (late->terms->first == HENG_LATE_FEE_FIRST)
        rc = pay_fee(late, *settled, *left, payment->day, &money, ret, &of_fee);
    of_principal = smaller(money, *left);
    if (rc == HENG_OK) rc = heng_dec_sub(money, of_principal, &money);
    if (rc == HENG_OK) rc = heng_dec_sub(*left, of_principal, left);
    if (rc == HENG_OK) rc = heng_dec_add(ret->principal_paid, of_principal, &ret->principal_paid);
    if (rc == HENG_OK) rc = accrue(late, of_principal, payment->day, steps, settled);
    if (rc == HENG_OK && left->mantissa == 0)
        rc = pay_fee(late, *settled, heng_dec_of(0, 0), payment->day, &money, ret, &of_fee);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "payments[%zu].amount: it does not fit 18 digits", number);
    if (money.mantissa > 0)
        return heng_fail(err, HENG_ECONFIG, 0, "payments[%zu].amount: it is more than is owed on that day", number);
    const struct heng_dec numbers[] = {payment->amount, of_principal, of_fee};
    heng_date_format(payment->day, subject);
    heng_steps_say(steps, HENG_STEP_LATE_PAID, subject, "", numbers, 3, *left);
    return HENG_OK;
}

static heng_rc check(const struct heng_late_terms *terms, const struct heng_late_bill *bill, struct heng_err *err)
{
    if (bill->amount.mantissa < 0) return heng_fail(err, HENG_ERANGE, 0, "amount: it is below zero");
    if (terms->same_year.mantissa < 0 || terms->cross_year.mantissa < 0 || terms->minimum.mantissa < 0 ||
        terms->cap.mantissa < 0)
        return heng_fail(err, HENG_ERANGE, 0, "terms: rates, minimum and cap are not below zero");
    for (size_t i = 0; i < bill->payment_count; i++) {
        if (bill->payments[i].amount.mantissa <= 0)
            return heng_fail(err, HENG_ERANGE, 0, "payments[%zu].amount: it is not above zero", i);
        if (i > 0 && bill->payments[i].day < bill->payments[i - 1].day)
            return heng_fail(err, HENG_ECONFIG, 0, "payments[%zu].date: payments are in the order of days", i);
    }
    return HENG_OK;
}

heng_rc heng_late_fee(const struct heng_late_terms *terms, const struct heng_late_bill *bill, heng_day as_of,
                      struct heng_steps *steps, struct heng_late_fee *ret, struct heng_err *err)
{
    int year, month, day;
    struct heng_late_fee fee = {.fee = {0, -2}, .fee_paid = {0, -2}, .principal_paid = {0, -2}};
    struct heng_dec left = bill->amount, settled = {0, -2};
    heng_rc rc = check(terms, bill, err);
    if (rc != HENG_OK) return rc;
    heng_day_date(bill->due, &year, &month, &day);
    const struct late late = {terms, bill, heng_day_of_date((bill->year ? bill->year : year) + 1, 1, 1) - 1};
    for (size_t i = 0; i < bill->payment_count && rc == HENG_OK; i++) {
        if (bill->payments[i].day > as_of) break;
        rc = pay(&late, &bill->payments[i], &left, &settled, steps, &fee, err);
        if (left.mantissa == 0 && fee.days == 0)
            fee.days = above_zero(bill->payments[i].day - bill->due - terms->start_days);
    }
    if (rc != HENG_OK) return rc;
    if (left.mantissa != 0) fee.days = above_zero(as_of - bill->due - terms->start_days);
    rc = accrue(&late, left, as_of, steps, &settled);
    if (rc == HENG_OK) rc = bounded(&late, settled, steps, &fee);
    if (rc == HENG_OK) rc = heng_dec_sub(fee.fee, fee.fee_paid, &fee.owed);
    if (rc == HENG_OK) rc = heng_dec_add(fee.owed, left, &fee.owed);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "amount: the fee does not fit 18 digits");
    *ret = fee;
    return HENG_OK;
}
