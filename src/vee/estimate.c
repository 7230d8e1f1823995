/* Fill a day: choose the method, share the amount, say how far the whole can be trusted. */
#include "vee/estimate_parts.h"
#include "vee/share.h"

#include <string.h>

heng_rc heng_estimate_scaled(struct heng_dec amount, struct heng_dec part, struct heng_dec whole, struct heng_dec *ret)
{
    struct heng_fraction f = heng_fraction_of(amount.mantissa);
    heng_fraction_times_dec(&f, part);
    heng_fraction_over_dec(&f, whole);
    int64_t mantissa;
    if (whole.mantissa <= 0 || !heng_fraction_int(f, HENG_ROUND_EVEN, &mantissa)) return HENG_ERANGE;
    return heng_dec_make(mantissa, amount.exp, ret);
}

heng_rc heng_estimate_at(heng_us before_us, struct heng_dec before, heng_us after_us, struct heng_dec after,
                         heng_us at_us, struct heng_dec *ret)
{
    struct heng_dec moved, part;
    if (at_us < before_us || at_us > after_us || before_us == after_us) return HENG_ERANGE;
    heng_rc rc = heng_dec_sub(after, before, &moved);
    if (rc != HENG_OK) return rc;
    struct heng_fraction f = heng_fraction_of(moved.mantissa);
    heng_fraction_times(&f, (heng_i128)at_us - before_us);
    heng_fraction_over(&f, (heng_i128)after_us - before_us);
    if (!heng_fraction_int(f, HENG_ROUND_EVEN, &part.mantissa)) return HENG_ERANGE;
    part.exp = moved.exp;
    return heng_dec_add(before, part, ret);
}

/* Days in a row before this one, and among all the past, that nobody measured. */
static bool is_worn_out(const struct heng_rule_set *set, const struct heng_estimate *in)
{
    int64_t run = 0, estimated = 0, known = 0, most;
    bool unbroken = true;
    for (unsigned i = 1; i <= in->own.past_count; i++) {
        const struct heng_day_usage *past = heng_series_day(&in->own, i);
        bool is = past && (past->trust == HENG_TRUST_ESTIMATED || past->trust == HENG_TRUST_MISSING);
        unbroken = unbroken && is;
        run += unbroken;
        estimated += is;
        known += past != NULL;
    }
    struct heng_fraction share = heng_fraction_of(known + 1);
    heng_fraction_times_dec(&share, set->limits[HENG_LIMIT_ESTIMATE_SHARE]);
    heng_fraction_over(&share, 100);
    bool enough = known >= heng_limit_int(set, HENG_LIMIT_ESTIMATE_ENOUGH); /* a share of two days says nothing */
    return run + 1 > heng_limit_int(set, HENG_LIMIT_ESTIMATE_IN_A_ROW) ||
           (enough && heng_fraction_int(share, HENG_ROUND_DOWN, &most) && estimated + 1 > most);
}

/* What the meter kept itself is exact in its sum. */
static heng_trust trust_of(heng_method method)
{
    if (method == HENG_METHOD_MANUAL) return HENG_TRUST_EDITED;
    if (method == HENG_METHOD_HISTORY) return HENG_TRUST_INTERPOLATED;
    return method == HENG_METHOD_CHECK_METER ? HENG_TRUST_SUBSTITUTED : HENG_TRUST_ESTIMATED;
}

/* Of a day that is not complete the confidence is less by the share of what is missing; of what is there alone: */
static unsigned permille_there(const struct heng_day_usage *day)
{
    unsigned known = day->count - day->missing;
    unsigned permille = known ? (day->permille * (unsigned)day->count + known - 1) / known : 0;
    return permille < 1000 ? permille : 1000;
}

/* The confidence of the whole by amounts; of a day without any use by intervals. */
static uint16_t permille_of(const struct heng_day_usage *day, const struct heng_estimate_part *part)
{
    heng_i128 there = day->amount < 0 ? 0 : day->amount, filled = part->amount;
    if (there + filled == 0) {
        there = day->count - day->missing;
        filled = day->missing;
    }
    return (uint16_t)((there * permille_there(day) + filled * part->permille) / (there + filled));
}

static heng_rc fill(const struct heng_day_usage *day, const struct heng_estimate_part *part, heng_method method,
                    struct heng_day_usage *ret)
{
    uint64_t weights[HENG_DAY_INTERVALS_MAX];
    int64_t parts[HENG_DAY_INTERVALS_MAX], total;
    unsigned n = 0;
    if (__builtin_add_overflow(day->amount, part->amount, &total)) return HENG_ERANGE;
    for (unsigned i = 0; i < day->count; i++)
        if (day->trusts[i] == HENG_TRUST_MISSING) weights[n++] = (uint64_t)part->weights[i];
    heng_share(part->amount, weights, n, parts);
    uint16_t permille = permille_of(day, part);
    if (ret != day) memcpy(ret, day, sizeof *ret);
    n = 0;
    for (unsigned i = 0; i < ret->count; i++) {
        if (ret->trusts[i] == HENG_TRUST_MISSING) {
            ret->amounts[i] = parts[n++];
            ret->trusts[i] = (uint8_t)trust_of(method);
        }
    }
    ret->trust = HENG_TRUST_VALID;
    for (unsigned i = 0; i < ret->count; i++)
        if (ret->trusts[i] > ret->trust) ret->trust = (heng_trust)ret->trusts[i];
    ret->amount = total;
    ret->method = method;
    ret->permille = permille;
    ret->missing = 0;
    return HENG_OK;
}

heng_rc heng_estimate_day(const struct heng_rule_set *set, const struct heng_estimate *in,
                          struct heng_day_usage *ret_day, struct heng_err *err)
{
    const struct heng_day_usage *day = in->own.day;
    struct heng_estimate_part part;
    bool worn_out = is_worn_out(set, in), limited = false;
    if (!day->count || day->count > HENG_DAY_INTERVALS_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a day of %u intervals", day->count);
    if (!day->missing) {
        if (ret_day != day) memcpy(ret_day, day, sizeof *ret_day);
        return HENG_OK;
    }
    for (unsigned i = 0; i <= set->method_count; i++) {
        heng_method method = i ? set->methods[i - 1] : HENG_METHOD_MANUAL;
        if (!heng_estimate_by(set, in, method, &part)) continue;
        limited = worn_out && trust_of(method) == HENG_TRUST_ESTIMATED /* what a meter or a person says is no guess */;
        if (limited) continue;
        if (fill(day, &part, method, ret_day) == HENG_OK) return HENG_OK;
        return heng_fail(err, HENG_ERANGE, 0, "the amount of method '%s' does not fit", heng_method_text(method));
    }
    return limited ? heng_fail(err, HENG_ELIMIT, 0, "too many days were estimated before this one")
                   : heng_fail(err, HENG_ENOTFOUND, 0, "no method of estimation applies");
}
