/* Days that are alike, and the shape they give to others. */
#include "vee/estimate_parts.h"

#include <string.h>

/* So that 35 of them fit a sum, and a sum fits a product of 128 bits. */
#define AMOUNT_MAX INT64_C(1000000000000000)

bool heng_estimate_is_usable(const struct heng_day_usage *day, int exp)
{
    if (!heng_day_is_good(day) || day->exp != exp || !day->count || day->count > HENG_DAY_INTERVALS_MAX) return false;
    for (unsigned i = 0; i < day->count; i++)
        if (day->amounts[i] < 0 || day->amounts[i] > AMOUNT_MAX) return false;
    return true;
}

/* Without a calendar: working days, Saturday, Sunday. */
static uint8_t kind_by_date(heng_day day)
{
    int weekday = heng_day_weekday(day);
    return (uint8_t)(weekday < 5 ? 0 : weekday - 4);
}

static bool is_alike(const struct heng_estimate *in, heng_day day, unsigned i)
{
    if (in->past_kinds) return in->past_kinds[i] == in->kind;
    return kind_by_date(in->own.past[i]->day) == kind_by_date(day);
}

bool heng_like_days_of(const struct heng_rule_set *set, const struct heng_estimate *in, heng_day day, uint16_t count,
                       const uint8_t *trusts, struct heng_like_days *ret)
{
    int64_t days = heng_limit_int(set, HENG_LIMIT_ESTIMATE_DAYS);
    int exp = in->own.day ? in->own.day->exp : HENG_DEC_EXP_MIN - 1;
    memset(ret, 0, sizeof *ret);
    for (unsigned i = 0; i < in->own.past_count && (int64_t)i < days; i++) {
        const struct heng_day_usage *past = heng_series_day(&in->own, i + 1);
        if (past && exp < HENG_DEC_EXP_MIN) exp = past->exp; /* weights: that of the newest day */
        if (!heng_estimate_is_usable(past, exp) || !is_alike(in, day, i) || (past->count == 1) != (count == 1))
            continue;
        for (unsigned k = 0; k < count; k++) {
            int64_t amount = past->amounts[heng_interval_on(k, count, past->count)];
            ret->sums[k] += amount;
            if (!trusts || trusts[k] == HENG_TRUST_MISSING) ret->totals[ret->days] += amount;
        }
        ret->days++;
    }
    return (int64_t)ret->days >= heng_limit_int(set, HENG_LIMIT_ESTIMATE_ENOUGH);
}

/* So many steps are the largest weight of a gap: the scale is that of the days before it, the same for all its days. */
enum { SCALE = 1 << 20 };

static bool like_weights(const struct heng_rule_set *set, const struct heng_estimate *in, heng_day day, uint16_t count,
                         uint32_t *ret_weights)
{
    struct heng_like_days like;
    int64_t largest = 1, weight;
    if (!heng_like_days_of(set, in, day, count, NULL, &like)) return false;
    for (unsigned i = 0; i < in->own.past_count; i++) {
        const struct heng_day_usage *past = heng_series_day(&in->own, i + 1);
        for (unsigned k = 0; past && k < past->count && k < HENG_DAY_INTERVALS_MAX; k++)
            if (past->amounts[k] > largest && past->amounts[k] <= AMOUNT_MAX) largest = past->amounts[k];
    }
    for (unsigned k = 0; k < count; k++) {
        struct heng_fraction f = heng_fraction_of(like.sums[k]);
        heng_fraction_times(&f, SCALE);
        heng_fraction_over(&f, largest);
        heng_fraction_over(&f, like.days);
        if (!heng_fraction_int(f, HENG_ROUND_EVEN, &weight) || weight > UINT32_MAX) return false;
        ret_weights[k] = (uint32_t)weight;
    }
    return true;
}

/* The degree days of the day in thousandths, spread over its intervals; a short day's are not weaker than a long one's.
 */
static bool degree_weights(const struct heng_estimate *in, uint16_t count, uint32_t *ret_weights)
{
    int64_t milli;
    if (!in->degree_days.is || !heng_dec_steps(in->degree_days.dec, -3, HENG_ROUND_EVEN, &milli) || milli < 0 ||
        milli > 1000000)
        return false;
    for (unsigned k = 0; k < count; k++) ret_weights[k] = (uint32_t)(milli * 1000 / count);
    return true;
}

static bool is_heating(heng_medium medium)
{
    return medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_HEAT_COOLING ||
           medium == HENG_MEDIUM_STEAM;
}

bool heng_estimate_weights(const struct heng_rule_set *set, const struct heng_estimate *in, heng_day day,
                           uint16_t count, uint32_t *ret_weights, heng_method *ret_method)
{
    if (!count || count > HENG_DAY_INTERVALS_MAX) return false;
    if (is_heating(in->medium) && degree_weights(in, count, ret_weights)) {
        *ret_method = HENG_METHOD_SHARE_DEGREE_DAYS;
        return true;
    }
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return like_weights(set, in, day, count, ret_weights);
}
