#include "vee/habits.h"

#include "vee/rule_sum.h"

#include <string.h>

static bool counts(const struct heng_habits *h, const struct heng_day_usage *day, unsigned i)
{
    return day->trusts[i] != HENG_TRUST_MISSING && day->trusts[i] <= (uint8_t)h->worst;
}

static int minute_of(const struct heng_habits *h, heng_us at_us)
{
    heng_us local_s = at_us / HENG_US_PER_S + heng_zone_offset_s(h->rule->zone, at_us);
    int64_t second = local_s % 86400;
    return (int)((second < 0 ? second + 86400 : second) / 60);
}

/* --- day by day -----------------------------------------------------------------------------------------------------
 */

/* A day at work: its intervals in the resolution of the whole, and where each begins on the clock of the wall. */
struct daily {
    heng_us from_us, to_us;
    unsigned count;
    int64_t amounts[HENG_DAY_INTERVALS_MAX];
    int16_t minutes[HENG_DAY_INTERVALS_MAX];
};

static heng_us begin_of(const struct heng_habits *h, const struct daily *d, unsigned i)
{
    return i == d->count ? d->to_us : d->from_us + (heng_us)i * h->minutes * 60 * HENG_US_PER_S;
}

static heng_rc open_day(const struct heng_habits *h, const struct heng_day_usage *day, struct daily *ret)
{
    int64_t factor = 1;
    int count = heng_day_interval_count(h->rule, day->day, h->minutes);
    if (count < 1 || day->count != count || count > HENG_DAY_INTERVALS_MAX || day->exp < h->exp) return HENG_ERANGE;
    for (int i = h->exp; i < day->exp; i++)
        if (__builtin_mul_overflow(factor, 10, &factor)) return HENG_ERANGE;
    ret->count = (unsigned)count;
    ret->from_us = heng_day_from_us(h->rule, day->day);
    ret->to_us = heng_day_from_us(h->rule, day->day + 1);
    for (unsigned i = 0; i < ret->count; i++) {
        if (__builtin_mul_overflow(day->amounts[i], factor, &ret->amounts[i])) return HENG_ERANGE;
        ret->minutes[i] = (int16_t)minute_of(h, begin_of(h, ret, i));
    }
    return HENG_OK;
}

/* The least of the whole hours that lie in from..to minutes of the clock and have all their intervals. */
static bool least_hour(const struct heng_habits *h, const struct heng_day_usage *day, const struct daily *d, int from,
                       int to, int64_t *ret)
{
    unsigned hour = 60 / (unsigned)h->minutes;
    bool found = false;
    for (unsigned i = 0; i + hour <= d->count;) {
        int64_t sum = 0;
        unsigned k = 0;
        for (; k < hour && counts(h, day, i + k); k++) {
            if (d->minutes[i + k] < from || d->minutes[i + k] + h->minutes > to) break;
            if (__builtin_add_overflow(sum, d->amounts[i + k], &sum)) break;
        }
        if (k < hour) {
            i += k + 1;
            continue;
        }
        if (!found || sum < *ret) *ret = sum;
        found = true;
        i++;
    }
    return found;
}

static void look_at(struct heng_habits *h, const struct daily *d, unsigned i)
{
    struct heng_habits_found *f = &h->found;
    const struct heng_habits_moment m = {true, begin_of(h, d, i), begin_of(h, d, i + 1), d->amounts[i]};
    if (!f->peak.is || m.amount > f->peak.amount) f->peak = m;
    if (!f->valley.is || m.amount < f->valley.amount) f->valley = m;
}

static heng_rc add_interval(struct heng_habits *h, const struct daily *d, unsigned i, unsigned kind)
{
    struct heng_habits_found *f = &h->found;
    unsigned slot = h->minutes == 1440 ? 0 : (unsigned)d->minutes[i] / (unsigned)h->minutes;
    if (h->value_count == h->value_cap) return HENG_ELIMIT;
    if (__builtin_add_overflow(f->total, d->amounts[i], &f->total) ||
        __builtin_add_overflow(f->curve_milli[kind][slot], d->amounts[i], &f->curve_milli[kind][slot]))
        return HENG_ERANGE;
    h->values[h->value_count++] = d->amounts[i];
    f->curve_counts[kind][slot]++;
    f->intervals++;
    look_at(h, d, i);
    return HENG_OK;
}

heng_rc heng_habits_add(struct heng_habits *h, const struct heng_day_usage *day, unsigned kind)
{
    struct heng_habits_found *f = &h->found;
    struct daily d;
    if (!heng_day_minutes_valid(h->minutes) || kind >= HENG_HABITS_KINDS) return HENG_ERANGE;
    if (f->days == HENG_HABITS_DAYS_MAX) return HENG_ELIMIT;
    heng_rc rc = open_day(h, day, &d);
    for (unsigned i = 0; rc == HENG_OK && i < d.count; i++) {
        if (counts(h, day, i))
            rc = add_interval(h, &d, i, kind);
        else
            f->left_out++;
    }
    if (rc != HENG_OK) return rc;
    f->days++;
    f->reverse_days += day->flags >> HENG_RULE_REVERSE_FLOW & 1;
    f->night_flow_days += day->flags >> HENG_RULE_NIGHT_FLOW & 1;
    if (h->minutes > 60) return HENG_OK;
    if (least_hour(h, day, &d, h->night_from, h->night_to, &h->nights[f->night.days])) f->night.days++;
    if (least_hour(h, day, &d, 0, 1440, &h->bases[f->base.days])) f->base.days++;
    return HENG_OK;
}

/* --- at the end -----------------------------------------------------------------------------------------------------
 */

static void sift(int64_t *values, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && values[child + 1] < values[child]) child++;
        if (values[root] <= values[child]) return;
        int64_t kept = values[root];
        values[root] = values[child];
        values[child] = kept;
    }
}

/* Falling, in place: the C library's qsort asks for memory. */
static void sort_falling(int64_t *values, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) sift(values, i, count);
    for (size_t end = count; end-- > 1;) {
        int64_t least = values[0];
        values[0] = values[end];
        values[end] = least;
        sift(values, 0, end);
    }
}

/* 1000 x sum / count, half away from zero. It fits: no average is greater than the largest amount, and sums fit. */
static int64_t milli_of(int64_t sum, uint32_t count)
{
    heng_i128 twice = (heng_i128)sum * 2000, whole = (heng_i128)count * 2;
    heng_i128 milli = (twice + (sum < 0 ? -(heng_i128)count : (heng_i128)count)) / whole;
    return milli > INT64_MAX ? INT64_MAX : milli < INT64_MIN ? INT64_MIN : (int64_t)milli;
}

static void finish_floor(struct heng_habits_floor *floor, int64_t *values)
{
    if (!floor->days) return;
    sort_falling(values, floor->days);
    floor->least = values[floor->days - 1];
    floor->median = values[floor->days / 2];
    for (uint32_t i = 0; i < floor->days && values[i] > 0; i++) floor->running++;
}

/* Each value, or HENG_HABITS_STEPS of them at equal distances, both ends among them. A step ends where the last
 * interval of its amount does, so that its share is exact. */
static void finish_steps(struct heng_habits *h)
{
    struct heng_habits_found *f = &h->found;
    size_t n = h->value_count, wanted = n < HENG_HABITS_STEPS ? n : HENG_HABITS_STEPS;
    sort_falling(h->values, n);
    for (size_t k = 0, last = 0; k < wanted; k++) {
        size_t at = wanted == 1 ? 0 : k * (n - 1) / (wanted - 1);
        if (k && h->values[at] == f->steps[f->step_count - 1].amount) continue;
        if (at > last) last = at;
        while (last + 1 < n && h->values[last + 1] == h->values[at]) last++;
        int32_t share = (int32_t)((heng_i128)(last + 1) * 10000 / (heng_i128)n);
        f->steps[f->step_count++] = (struct heng_habits_step){share, h->values[at]};
    }
}

const struct heng_habits_found *heng_habits_end(struct heng_habits *h)
{
    struct heng_habits_found *f = &h->found;
    f->slots = (uint16_t)(1440 / h->minutes);
    for (unsigned kind = 0; kind < HENG_HABITS_KINDS; kind++) {
        for (unsigned i = 0; i < f->slots; i++) {
            uint32_t count = f->curve_counts[kind][i];
            if (count) f->curve_milli[kind][i] = milli_of(f->curve_milli[kind][i], count);
        }
    }
    if (f->intervals) f->mean_milli = milli_of(f->total, f->intervals);
    finish_floor(&f->night, h->nights);
    finish_floor(&f->base, h->bases);
    finish_steps(h);
    return f;
}

/* --- heat and water that belong together ----------------------------------------------------------------------------
 */

heng_rc heng_habits_spread(struct heng_dec energy, heng_unit energy_unit, struct heng_dec volume, heng_unit volume_unit,
                           struct heng_dec k, struct heng_dec *ret)
{
    struct heng_unit_size of_energy = heng_unit_size_of(energy_unit), of_volume = heng_unit_size_of(volume_unit);
    if (of_energy.kind != HENG_KIND_ENERGY || of_volume.kind != HENG_KIND_VOLUME) return HENG_EUNSUPPORTED;
    if (volume.mantissa <= 0) return HENG_ERANGE;
    struct heng_fraction f = heng_fraction_of(1);
    heng_fraction_times_dec(&f, energy);
    heng_fraction_over_dec(&f, volume);
    heng_fraction_over_dec(&f, k);
    heng_fraction_times(&f, of_energy.num);
    heng_fraction_over(&f, of_energy.den);
    heng_fraction_times(&f, of_volume.den);
    heng_fraction_over(&f, of_volume.num);
    return heng_fraction_dec(f, -2, ret) ? HENG_OK : HENG_ERANGE;
}

/* --- meters that are exchanged with each other ----------------------------------------------------------------------
 */

/* The pairs found so far by their percentage; when the list is full the last one makes room. */
static void keep(struct heng_habits_swap *list, size_t cap, size_t *n, const struct heng_habits_swap *swap)
{
    size_t at = *n;
    while (at > 0 && heng_dec_cmp(swap->cross_pct, list[at - 1].cross_pct) < 0) at--;
    if (at == cap) return;
    if (*n < cap) (*n)++;
    memmove(&list[at + 1], &list[at], (*n - 1 - at) * sizeof *list);
    list[at] = *swap;
}

heng_rc heng_habits_swapped(const struct heng_rule_set *set, const int64_t *const *flats, size_t count, unsigned days,
                            unsigned split, struct heng_habits_swap *ret, size_t cap, size_t *ret_n)
{
    struct heng_habits_swap best[HENG_HABITS_FLATS_MAX];
    struct heng_verdicts list;
    size_t found = 0, n = 0;
    if (count > HENG_HABITS_FLATS_MAX || days > UINT16_MAX || split > days) return HENG_ELIMIT;
    for (uint32_t a = 0; a < count; a++) {
        for (uint32_t b = a + 1; b < count; b++) {
            const struct heng_rules_pair pair = {
                .a = flats[a], .b = flats[b], .count = (uint16_t)days, .split = (uint16_t)split};
            heng_verdicts_clear(&list);
            heng_rules_check_swapped(set, &pair, &list);
            if (!list.count || !list.items[0].seen.is) continue;
            const struct heng_habits_swap swap = {a, b, list.items[0].seen.dec};
            keep(best, HENG_HABITS_FLATS_MAX, &found, &swap);
        }
    }
    for (size_t i = 0; i < found && n < cap; i++) {
        bool taken = false;
        for (size_t j = 0; j < n; j++)
            taken |= ret[j].a == best[i].a || ret[j].b == best[i].a || ret[j].a == best[i].b || ret[j].b == best[i].b;
        if (!taken) ret[n++] = best[i];
    }
    *ret_n = n;
    return HENG_OK;
}
