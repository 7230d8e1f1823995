#include "vee/compare.h"

#include "vee/ratio.h"

static heng_rc change(struct heng_dec before, struct heng_dec now, struct heng_opt_dec *ret)
{
    struct heng_dec difference;
    *ret = (struct heng_opt_dec){0};
    heng_rc rc = heng_dec_sub(now, before, &difference);
    if (rc != HENG_OK || before.mantissa == 0) return rc;
    rc = heng_percent(difference, before, 2, &ret->dec);
    ret->is = rc == HENG_OK;
    return rc;
}

static heng_rc product(struct heng_dec a, struct heng_dec b, struct heng_dec *ret)
{
    heng_rc rc = heng_dec_scale(a, b.mantissa, ret);
    return rc == HENG_OK ? heng_dec_shift(*ret, b.exp, ret) : rc;
}

/* The change is that of the exact value: of now x degree days before against before x degree days now. */
static heng_rc correct(const struct heng_compare_in *in, struct heng_compare *made)
{
    /* One place more than the amount, so that a whole number of kWh is not rounded to itself. */
    int places = in->now.exp < -8 ? HENG_RATIO_PLACES_MAX : in->now.exp < 0 ? 1 - in->now.exp : 1;
    struct heng_dec now, before;
    heng_rc rc = heng_ratio(in->now, in->degree_days_before.dec, in->degree_days_now.dec, places, &made->corrected.dec);
    made->corrected.is = rc == HENG_OK;
    if (rc == HENG_OK) rc = product(in->now, in->degree_days_before.dec, &now);
    if (rc == HENG_OK) rc = product(in->before, in->degree_days_now.dec, &before);
    return rc == HENG_OK ? change(before, now, &made->corrected_change_pct) : rc;
}

heng_rc heng_compare(const struct heng_compare_in *in, struct heng_compare *ret)
{
    struct heng_compare made = {0};
    heng_rc rc = heng_dec_sub(in->now, in->before, &made.difference);
    if (rc == HENG_OK) rc = change(in->before, in->now, &made.change_pct);
    if (rc == HENG_OK && in->degree_days_before.is && in->degree_days_now.is && in->degree_days_now.dec.mantissa > 0)
        rc = correct(in, &made);
    if (rc == HENG_OK) *ret = made;
    return rc;
}

heng_rc heng_per_m2(struct heng_dec amount, int64_t area_cm2, struct heng_dec *ret)
{
    if (area_cm2 <= 0) return HENG_ERANGE;
    return heng_ratio(amount, (struct heng_dec){.mantissa = 1, .exp = 4}, (struct heng_dec){.mantissa = area_cm2}, 4,
                      ret);
}

heng_rc heng_watt_per_m2(struct heng_dec joules, int64_t area_cm2, int64_t seconds, struct heng_dec *ret)
{
    struct heng_dec divisor;
    if (area_cm2 <= 0 || seconds <= 0) return HENG_ERANGE;
    heng_rc rc = heng_dec_scale((struct heng_dec){.mantissa = area_cm2}, seconds, &divisor);
    if (rc != HENG_OK) return rc;
    return heng_ratio(joules, (struct heng_dec){.mantissa = 1, .exp = 4}, divisor, 2, ret);
}

static heng_rc median_of(const struct heng_dec *sorted, size_t count, struct heng_dec *ret)
{
    if (count % 2 == 1) {
        *ret = sorted[count / 2];
        return HENG_OK;
    }
    struct heng_dec sum;
    heng_rc rc = heng_dec_add(sorted[count / 2 - 1], sorted[count / 2], &sum);
    if (rc == HENG_OK) rc = heng_dec_scale(sum, 5, &sum);
    return rc == HENG_OK ? heng_dec_shift(sum, -1, ret) : rc;
}

heng_rc heng_among_others(struct heng_dec own, const struct heng_dec *others, size_t count, struct heng_among *ret)
{
    size_t below = 0, above = 0;
    for (size_t i = 0; i < count; i++) {
        int order = heng_dec_cmp(others[i], own);
        if (order < 0) below++;
        if (order > 0) above++;
    }
    struct heng_among made = {.rank = above + 1, .of = count + 1};
    heng_rc rc = HENG_OK;
    if (count > 0) {
        rc = median_of(others, count, &made.median.dec);
        made.median.is = rc == HENG_OK;
        if (rc == HENG_OK) rc = heng_percent_of((int64_t)below, (int64_t)count, 1, &made.below_pct.dec);
        made.below_pct.is = rc == HENG_OK;
        if (rc == HENG_OK) rc = change(made.median.dec, own, &made.to_median_pct);
    }
    if (rc == HENG_OK) *ret = made;
    return rc;
}
