/* The methods of estimation, one function each: an amount for what is missing, its shape, how far it can be trusted. */
#include "vee/estimate_parts.h"

#include <string.h>

/* Confidence in permille of a method at its best. */
enum {
    OF_CHECK_METER = 950,
    OF_HISTORY = 1000,
    OF_LINEAR = 900,
    OF_LIKE_DAYS = 800,
    OF_DEGREE_DAYS = 750,
    OF_LAST_YEAR = 600,
    OF_NEIGHBOURS = 500,
    OF_AREA = 300,
    OF_PROFILE = 300,
    OF_MANUAL = 500
};

static bool is_missing(const struct heng_day_usage *day, unsigned i) { return day->trusts[i] == HENG_TRUST_MISSING; }

/* The method's best, less by the number of days behind it: n / (n + 1). */
static uint16_t by_days(unsigned best, unsigned days) { return (uint16_t)(best * days / (days + 1)); }

/* The shape of the day: of like days, else flat. Returns what all weights and those of the missing intervals sum to. */
static void shape_of(const struct heng_rule_set *set, const struct heng_estimate *in, int64_t *ret_weights,
                     heng_i128 *ret_all, heng_i128 *ret_missing)
{
    const struct heng_day_usage *day = in->own.day;
    struct heng_like_days like;
    bool flat = !heng_like_days_of(set, in, day->day, day->count, day->trusts, &like);
    for (int again = 0; again < 2; again++) { /* like days without any use have no shape */
        *ret_all = *ret_missing = 0;
        for (unsigned i = 0; i < day->count; i++) {
            int64_t weight = flat ? 1 : like.sums[i];
            *ret_all += weight;
            if (is_missing(day, i)) *ret_missing += weight;
            ret_weights[i] = is_missing(day, i) ? weight : 0;
        }
        if (*ret_all) break;
        flat = true;
    }
}

/* A total of the whole day: what falls on the missing intervals, by its shape. */
static bool part_of_day(const struct heng_rule_set *set, const struct heng_estimate *in, struct heng_fraction total,
                        struct heng_estimate_part *ret)
{
    heng_i128 all, missing;
    shape_of(set, in, ret->weights, &all, &missing);
    heng_fraction_times(&total, missing);
    heng_fraction_over(&total, all);
    return heng_fraction_int(total, HENG_ROUND_EVEN, &ret->amount) && ret->amount >= 0;
}

/* What is left of a known total when the measured intervals are taken away. */
static bool rest_of_day(const struct heng_rule_set *set, const struct heng_estimate *in,
                        const struct heng_opt_dec *total, struct heng_estimate_part *ret)
{
    heng_i128 all, missing;
    int64_t whole;
    if (!total->is || !heng_dec_steps(total->dec, in->own.day->exp, HENG_ROUND_EVEN, &whole)) return false;
    shape_of(set, in, ret->weights, &all, &missing);
    return !__builtin_sub_overflow(whole, in->own.day->amount, &ret->amount) && ret->amount >= 0;
}

/* A check meter of the same intervals gives its own; one with daily values gives the total of a day that is missing
 * altogether. */
static bool by_check_meter(const struct heng_rule_set *set, const struct heng_estimate *in,
                           struct heng_estimate_part *ret)
{
    const struct heng_day_usage *day = in->own.day, *check = in->check;
    heng_i128 sum = 0;
    ret->permille = OF_CHECK_METER;
    if (!check) return false;
    if (check->count != day->count) {
        struct heng_opt_dec total = {true, {check->amount, check->exp}};
        return heng_day_is_good(check) && day->missing == day->count && rest_of_day(set, in, &total, ret);
    }
    for (unsigned i = 0; i < day->count; i++) {
        if (!is_missing(day, i)) continue;
        if (check->amounts[i] < 0 || (check->trusts[i] != HENG_TRUST_VALID && check->trusts[i] != HENG_TRUST_OVERRIDE))
            return false;
        ret->weights[i] = check->amounts[i];
        sum += check->amounts[i];
    }
    struct heng_fraction f = heng_fraction_of(sum);
    heng_fraction_shift(&f, check->exp - day->exp);
    return heng_fraction_int(f, HENG_ROUND_EVEN, &ret->amount);
}

/* What lies just beside a run of missing intervals, over the edges of the day. false: nothing measured. */
static bool beside(const struct heng_estimate *in, int i, int64_t *ret)
{
    const struct heng_day_usage *day = in->own.day;
    unsigned k = (unsigned)i;
    if (i < 0) {
        day = heng_series_day(&in->own, 1);
        k = day && day->count ? day->count - 1U : 0;
    } else if (i >= day->count) {
        day = in->next;
        k = 0;
    }
    if (!day || k >= day->count || day->exp != in->own.day->exp || is_missing(day, k) ||
        day->trusts[k] == HENG_TRUST_ESTIMATED || day->amounts[k] < 0)
        return false;
    *ret = day->amounts[k];
    return true;
}

/* One run [from, to): straight between its neighbours. The k-th of n is (before x (n - k)
 * + after x (k + 1)) / (n + 1), so the whole run is n x (before + after) / 2. */
static bool linear_run(const struct heng_estimate *in, unsigned from, unsigned to, heng_i128 *sum2,
                       struct heng_estimate_part *ret)
{
    int64_t before, after, n = to - from;
    if (!beside(in, (int)from - 1, &before) || !beside(in, (int)to, &after)) return false;
    *sum2 += n * ((heng_i128)before + after);
    for (int64_t k = 0; k < n; k++) {
        struct heng_fraction f = heng_fraction_of((heng_i128)before * (n - k) + (heng_i128)after * (k + 1));
        heng_fraction_times(&f, 1000); /* weights need more places than the amounts have */
        heng_fraction_over(&f, n + 1);
        if (!heng_fraction_int(f, HENG_ROUND_EVEN, &ret->weights[(int64_t)from + k])) return false;
    }
    return true;
}

/* Short gaps only: each run of missing intervals within the limit, measured on both sides. */
static bool by_linear(const struct heng_rule_set *set, const struct heng_estimate *in, struct heng_estimate_part *ret)
{
    const struct heng_day_usage *day = in->own.day;
    int64_t longest = heng_limit_int(set, HENG_LIMIT_ESTIMATE_GAP);
    heng_i128 sum2 = 0;
    ret->permille = OF_LINEAR;
    for (unsigned i = 0, end; i < day->count; i = end) {
        for (end = i; end < day->count && is_missing(day, end);) end++;
        if (end == i) {
            end++;
            continue;
        }
        if ((int64_t)(end - i) * in->minutes > longest || !linear_run(in, i, end, &sum2, ret)) return false;
    }
    struct heng_fraction f = heng_fraction_of(sum2);
    heng_fraction_over(&f, 2);
    return heng_fraction_int(f, HENG_ROUND_EVEN, &ret->amount);
}

/* Mean distance of the days from their mean, in permille of it; at most 1000. */
static unsigned scatter_of(const struct heng_like_days *like)
{
    heng_i128 sum = 0, off = 0;
    int64_t permille = 0;
    for (unsigned i = 0; i < like->days; i++) sum += like->totals[i];
    for (unsigned i = 0; i < like->days; i++) {
        heng_i128 one = (heng_i128)like->totals[i] * like->days - sum;
        off += one < 0 ? -one : one;
    }
    if (sum == 0) return 0;
    struct heng_fraction f = heng_fraction_of(off);
    heng_fraction_times(&f, 1000);
    heng_fraction_over(&f, sum);
    heng_fraction_over(&f, like->days);
    return heng_fraction_int(f, HENG_ROUND_UP, &permille) && permille < 1000 ? (unsigned)permille : 1000;
}

/* The mean of the same intervals of like days. */
static bool by_like_days(const struct heng_rule_set *set, const struct heng_estimate *in,
                         struct heng_estimate_part *ret)
{
    const struct heng_day_usage *day = in->own.day;
    struct heng_like_days like;
    heng_i128 sum = 0;
    if (!heng_like_days_of(set, in, day->day, day->count, day->trusts, &like)) return false;
    for (unsigned i = 0; i < day->count; i++) {
        ret->weights[i] = is_missing(day, i) ? like.sums[i] : 0;
        sum += ret->weights[i];
    }
    struct heng_fraction f = heng_fraction_of(sum);
    heng_fraction_over(&f, like.days);
    ret->permille = (uint16_t)(by_days(OF_LIKE_DAYS, like.days) * (1000 - scatter_of(&like)) / 1000);
    return heng_fraction_int(f, HENG_ROUND_EVEN, &ret->amount);
}

/* Own use per degree day, times the degree days of the day. */
static bool by_degree_days(const struct heng_rule_set *set, const struct heng_estimate *in,
                           struct heng_estimate_part *ret)
{
    int64_t today, degrees = 0, least, one;
    heng_i128 amount = 0;
    unsigned days = 0;
    if (!in->past_degree_days || !in->degree_days.is ||
        !heng_dec_steps(in->degree_days.dec, -3, HENG_ROUND_EVEN, &today) || today < 0 ||
        !heng_dec_steps(set->limits[HENG_LIMIT_ESTIMATE_DEGREE_DAYS], -3, HENG_ROUND_UP, &least))
        return false;
    for (unsigned i = 0; i < in->own.past_count; i++) {
        const struct heng_day_usage *past = heng_series_day(&in->own, i + 1);
        if (!heng_estimate_is_usable(past, in->own.day->exp) || !in->past_degree_days[i].is ||
            !heng_dec_steps(in->past_degree_days[i].dec, -3, HENG_ROUND_EVEN, &one) || one < 0 || one > 1000000)
            continue;
        degrees += one;
        amount += past->amount;
        days++;
    }
    if (degrees < least || (int64_t)days < heng_limit_int(set, HENG_LIMIT_ESTIMATE_ENOUGH)) return false;
    struct heng_fraction f = heng_fraction_of(amount);
    heng_fraction_times(&f, today);
    heng_fraction_over(&f, degrees);
    ret->permille = by_days(OF_DEGREE_DAYS, days);
    return part_of_day(set, in, f, ret);
}

/* The same weekday a year before, times how much more or less is used of late. */
static bool by_last_year(const struct heng_rule_set *set, const struct heng_estimate *in,
                         struct heng_estimate_part *ret)
{
    const struct heng_day_usage *day = in->own.day, *year = in->last_year;
    int64_t most = heng_limit_int(set, HENG_LIMIT_ESTIMATE_TREND);
    bool trend = in->recent > 0 && in->recent_last_year > 0;
    heng_i128 sum = 0, now = in->recent, then = in->recent_last_year;
    if (!heng_estimate_is_usable(year, day->exp) || (year->count == 1) != (day->count == 1)) return false;
    if (trend && (now * 100 > then * most || then * 100 > now * most)) return false; /* not the same user any more */
    for (unsigned i = 0; i < day->count; i++) {
        if (!is_missing(day, i)) continue;
        ret->weights[i] = year->amounts[heng_interval_on(i, day->count, year->count)];
        sum += ret->weights[i];
    }
    struct heng_fraction f = heng_fraction_of(sum);
    if (trend) {
        heng_fraction_times(&f, now);
        heng_fraction_over(&f, then);
    }
    ret->permille = trend ? OF_LAST_YEAR : OF_LAST_YEAR / 2;
    return heng_fraction_int(f, HENG_ROUND_EVEN, &ret->amount);
}

/* The median of others, times the area where they are per m2. The wider they are apart, the less it says. */
static bool by_neighbours(const struct heng_rule_set *set, const struct heng_estimate *in,
                          struct heng_estimate_part *ret)
{
    const struct heng_rules_neighbours *n = in->neighbours;
    if (!n || !n->count || n->count < heng_limit_int(set, HENG_LIMIT_NEIGHBOURS_ENOUGH)) return false;
    struct heng_middle m = heng_middle_of(n);
    if (m.median2 < 0 || m.spread2 < 0) return false;
    struct heng_fraction f = heng_fraction_of(m.median2);
    heng_fraction_over(&f, 2);
    heng_fraction_shift(&f, n->exp - in->own.day->exp);
    if (in->area_cm2 > 0 && !in->neighbours_whole) {
        heng_fraction_times(&f, in->area_cm2);
        heng_fraction_over(&f, 10000);
    }
    ret->permille = OF_NEIGHBOURS / 2;
    if (m.median2) ret->permille = (uint16_t)(OF_NEIGHBOURS * m.median2 / (m.median2 + m.spread2));
    return part_of_day(set, in, f, ret);
}

/* The building's use by area. */
static bool by_area(const struct heng_rule_set *set, const struct heng_estimate *in, struct heng_estimate_part *ret)
{
    if (!in->building.is || in->building.dec.mantissa < 0 || in->area_cm2 <= 0 || in->building_area_cm2 < in->area_cm2)
        return false;
    struct heng_fraction f = heng_fraction_of(in->building.dec.mantissa);
    heng_fraction_shift(&f, in->building.dec.exp - in->own.day->exp);
    heng_fraction_times(&f, in->area_cm2);
    heng_fraction_over(&f, in->building_area_cm2);
    ret->permille = OF_AREA;
    return part_of_day(set, in, f, ret);
}

/* A standard profile made for the point. */
static bool by_profile(const struct heng_estimate *in, struct heng_estimate_part *ret)
{
    const struct heng_day_usage *day = in->own.day;
    ret->permille = OF_PROFILE;
    ret->amount = 0;
    if (!in->profile) return false;
    for (unsigned i = 0; i < day->count; i++) {
        if (!is_missing(day, i)) continue;
        if (in->profile[i] < 0 || __builtin_add_overflow(ret->amount, in->profile[i], &ret->amount)) return false;
        ret->weights[i] = in->profile[i];
    }
    return true;
}

bool heng_estimate_by(const struct heng_rule_set *set, const struct heng_estimate *in, heng_method method,
                      struct heng_estimate_part *ret)
{
    memset(ret, 0, sizeof *ret);
    switch (method) {
    case HENG_METHOD_CHECK_METER: return by_check_meter(set, in, ret);
    case HENG_METHOD_HISTORY: ret->permille = OF_HISTORY; return rest_of_day(set, in, &in->kept, ret);
    case HENG_METHOD_LINEAR: return by_linear(set, in, ret);
    case HENG_METHOD_LIKE_DAYS: return by_like_days(set, in, ret);
    case HENG_METHOD_DEGREE_DAYS: return by_degree_days(set, in, ret);
    case HENG_METHOD_LAST_YEAR: return by_last_year(set, in, ret);
    case HENG_METHOD_NEIGHBOURS: return by_neighbours(set, in, ret);
    case HENG_METHOD_AREA: return by_area(set, in, ret);
    case HENG_METHOD_PROFILE: return by_profile(in, ret);
    case HENG_METHOD_MANUAL: ret->permille = OF_MANUAL; return rest_of_day(set, in, &in->manual, ret);
    case HENG_METHOD_NONE:
    case HENG_METHOD_SHARE_FLAT:
    case HENG_METHOD_SHARE_PROFILE:
    case HENG_METHOD_SHARE_DEGREE_DAYS: /* these share what is known, see heng_estimate_weights */
    case HENG_METHOD_COUNT: break;
    }
    return false;
}
