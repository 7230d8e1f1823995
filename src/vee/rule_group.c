/* Points beside each other: neighbours, a main meter and those below it, meters that changed places; and a day beside
 * what it was before. */
#include "vee/rule_parts.h"

/* Let values[root] sink to its place in the heap of count values. */
static void sink(int64_t *values, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && values[child + 1] > values[child]) child++;
        if (values[root] >= values[child]) return;
        int64_t kept = values[root];
        values[root] = values[child];
        values[child] = kept;
    }
}

/* Heap sort: the C library's own may ask for memory. */
void heng_rules_sort(int64_t *values, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) sink(values, i, count);
    for (size_t end = count; end-- > 1;) {
        int64_t largest = values[0];
        values[0] = values[end];
        values[end] = largest;
        sink(values, 0, end);
    }
}

struct heng_middle heng_middle_of(const struct heng_rules_neighbours *n)
{
    unsigned last = n->count - 1U, quarter = last / 4;
    struct heng_middle m = {(heng_i128)n->sorted[last / 2] + n->sorted[n->count / 2U],
                            2 * ((heng_i128)n->sorted[last - quarter] - n->sorted[quarter])};
    return m;
}

/* Twice the distance from the median at which somebody stands out: so many spreads of the middle half, and not less
 * than a share of the median, for those who all use the same. */
static bool band_of(const struct heng_rules_work *w, const struct heng_middle *m, int64_t *ret)
{
    struct heng_fraction spreads = heng_fraction_of(m->spread2), share = heng_fraction_of(m->median2);
    int64_t least;
    heng_fraction_times_dec(&spreads, w->set->limits[HENG_LIMIT_NEIGHBOURS_SPREADS]);
    heng_fraction_times_dec(&share, w->set->limits[HENG_LIMIT_NEIGHBOURS_PERCENT]);
    heng_fraction_over(&share, 100);
    if (!heng_fraction_int(spreads, HENG_ROUND_DOWN, ret) || !heng_fraction_int(share, HENG_ROUND_DOWN, &least))
        return false;
    if (least > *ret) *ret = least;
    return true;
}

/* Half of a doubled number, as a decimal with one place more. */
static void put_half(struct heng_opt_dec *ret, heng_i128 twice, int exp)
{
    if (twice <= INT64_MAX / 5 && twice >= INT64_MIN / 5) heng_opt_put(ret, (int64_t)twice * 5, exp - 1);
}

void heng_rules_check_neighbours(const struct heng_rules_work *w)
{
    const struct heng_rules_neighbours *n = w->in->neighbours;
    int64_t band;
    if (!heng_rules_wanted(w, HENG_RULE_NEIGHBOURS) || !n || !n->count || !heng_day_is_measured(w->day) ||
        n->count < heng_limit_int(w->set, HENG_LIMIT_NEIGHBOURS_ENOUGH))
        return;
    struct heng_middle m = heng_middle_of(n);
    if (m.median2 <= 0 || !band_of(w, &m, &band)) return;
    heng_i128 own2 = (heng_i128)n->own * 2;
    if (own2 <= m.median2 + band && own2 >= m.median2 - band) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_NEIGHBOURS);
    if (!v) return;
    heng_opt_put(&v->seen, n->own, n->exp);
    put_half(&v->low, m.median2 - band, n->exp);
    put_half(&v->high, m.median2 + band, n->exp);
    put_half(&v->reference, m.median2, n->exp);
}

/* part / whole in %, with two places. */
static bool percent_of(heng_i128 part, heng_i128 whole, struct heng_dec *ret)
{
    struct heng_fraction f = heng_fraction_of(part);
    heng_fraction_times(&f, 100);
    heng_fraction_over(&f, whole);
    return heng_fraction_dec(f, -2, ret);
}

/* The limit as an amount, so that what decides is exact and not a rounded percentage. */
static bool share_of(const struct heng_rule_set *set, heng_limit limit, heng_i128 whole,
                     heng_fraction_rounding rounding, int64_t *ret)
{
    struct heng_fraction f = heng_fraction_of(whole);
    heng_fraction_times_dec(&f, set->limits[limit]);
    heng_fraction_over(&f, 100);
    return heng_fraction_int(f, rounding, ret);
}

void heng_rules_check_balance(const struct heng_rule_set *set, heng_us from_us, heng_us to_us, struct heng_dec main,
                              struct heng_dec sum, struct heng_verdicts *list)
{
    struct heng_dec loss, percent;
    int64_t whole, low, high;
    if (heng_dec_sub(main, sum, &loss) != HENG_OK || !heng_dec_steps(main, loss.exp, HENG_ROUND_EVEN, &whole) ||
        whole < 0 || !share_of(set, HENG_LIMIT_BALANCE_LOW, whole, HENG_ROUND_UP, &low) ||
        !share_of(set, HENG_LIMIT_BALANCE_HIGH, whole, HENG_ROUND_DOWN, &high) ||
        (loss.mantissa >= low && loss.mantissa <= high))
        return;
    struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_BALANCE, from_us, to_us);
    if (!v) return;
    if (percent_of(loss.mantissa, whole, &percent)) heng_opt_put(&v->seen, percent.mantissa, percent.exp);
    heng_opt_put(&v->low, set->limits[HENG_LIMIT_BALANCE_LOW].mantissa, set->limits[HENG_LIMIT_BALANCE_LOW].exp);
    heng_opt_put(&v->high, set->limits[HENG_LIMIT_BALANCE_HIGH].mantissa, set->limits[HENG_LIMIT_BALANCE_HIGH].exp);
    heng_opt_put(&v->reference, main.mantissa, main.exp);
}

/* Mean of each weekday in the earlier part, times 60, which five weeks divide: at most 35 days of it are looked at. */
enum { MEAN = 60, WEEK = 7, LARGEST = 1000000000 };

struct habit {
    int64_t mean[WEEK];
    unsigned days[WEEK];
    unsigned count; /* of days in all */
};

static bool is_there(int64_t amount) { return amount >= 0 && amount <= (int64_t)LARGEST * 1000; }

static struct habit habit_of(const int64_t *amounts, unsigned split)
{
    struct habit h = {{0}, {0}, 0};
    for (unsigned i = split > HENG_RULES_PAST_DAYS ? split - HENG_RULES_PAST_DAYS : 0; i < split; i++) {
        if (!is_there(amounts[i])) continue;
        h.mean[i % WEEK] += amounts[i] * MEAN;
        h.days[i % WEEK]++;
        h.count++;
    }
    for (unsigned i = 0; i < WEEK; i++)
        if (h.days[i]) h.mean[i] /= h.days[i];
    return h;
}

/* What the later part and its counterpart in the earlier one sum to, over the days that can be compared. */
struct pair_sum {
    heng_i128 now, then, own, cross;
    unsigned days;
};

static heng_i128 distance(heng_i128 a, heng_i128 b) { return a < b ? b - a : a - b; }

static bool is_compared(const struct heng_rules_pair *in, const struct habit *a, const struct habit *b, unsigned i)
{
    return is_there(in->a[i]) && is_there(in->b[i]) && a->days[i % WEEK] && b->days[i % WEEK];
}

/* Both parts are brought to the same level first: a colder month is no exchange. */
static struct pair_sum sums_of(const struct heng_rules_pair *in, const struct habit *a, const struct habit *b)
{
    struct pair_sum s = {0, 0, 0, 0, 0};
    unsigned end = in->count - in->split > HENG_RULES_PAST_DAYS ? in->split + HENG_RULES_PAST_DAYS : in->count;
    for (unsigned i = in->split; i < end; i++) {
        if (!is_compared(in, a, b, i)) continue;
        s.now += ((heng_i128)in->a[i] + in->b[i]) * MEAN;
        s.then += (heng_i128)a->mean[i % WEEK] + b->mean[i % WEEK];
        s.days++;
    }
    for (unsigned i = in->split; i < end; i++) {
        if (!is_compared(in, a, b, i)) continue;
        heng_i128 now_a = (heng_i128)in->a[i] * MEAN * s.then, now_b = (heng_i128)in->b[i] * MEAN * s.then;
        heng_i128 then_a = a->mean[i % WEEK] * s.now, then_b = b->mean[i % WEEK] * s.now;
        s.own += distance(now_a, then_a) + distance(now_b, then_b);
        s.cross += distance(now_a, then_b) + distance(now_b, then_a);
    }
    return s;
}

/* part as a fraction of whole is below a limit in %. */
static bool is_below(const struct heng_rule_set *set, heng_i128 part, heng_i128 whole, heng_limit limit)
{
    struct heng_dec dec = set->limits[limit], percent;
    return percent_of(part, whole, &percent) && heng_dec_cmp(percent, dec) < 0;
}

void heng_rules_check_swapped(const struct heng_rule_set *set, const struct heng_rules_pair *in,
                              struct heng_verdicts *list)
{
    int64_t enough = heng_limit_int(set, HENG_LIMIT_SWAPPED_DAYS);
    struct heng_dec percent;
    if (in->split > in->count) return;
    struct habit a = habit_of(in->a, in->split), b = habit_of(in->b, in->split);
    struct pair_sum s = sums_of(in, &a, &b);
    if (a.count < enough || b.count < enough || s.days < enough || s.now <= 0 || s.then <= 0 || s.own == 0) return;
    if (!is_below(set, s.cross, s.own, HENG_LIMIT_SWAPPED_PERCENT) ||
        is_below(set, s.own, s.now * s.then, HENG_LIMIT_SWAPPED_SHARE))
        return;
    struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_SWAPPED, in->from_us, in->to_us);
    if (!v) return;
    if (percent_of(s.cross, s.own, &percent)) heng_opt_put(&v->seen, percent.mantissa, percent.exp);
    heng_opt_put(&v->high, set->limits[HENG_LIMIT_SWAPPED_PERCENT].mantissa,
                 set->limits[HENG_LIMIT_SWAPPED_PERCENT].exp);
    if (percent_of(s.own, s.now * s.then, &percent)) heng_opt_put(&v->reference, percent.mantissa, percent.exp);
}

void heng_rules_check_replaced(const struct heng_rule_set *set, heng_us from_us, heng_us to_us, heng_unit unit,
                               const struct heng_day_usage *before, const struct heng_day_usage *now,
                               struct heng_verdicts *list)
{
    struct heng_dec old = {before->amount, before->exp}, new = {now->amount, now->exp}, change;
    int64_t most, whole;
    if (before->missing || heng_dec_sub(new, old, &change) != HENG_OK) return;
    heng_i128 moved = distance(change.mantissa, 0);
    int64_t least = heng_limit_steps(set, HENG_LIMIT_REPLACED_LEAST, unit, change.exp, HENG_ROUND_UP);
    if (!heng_dec_steps(old, change.exp, HENG_ROUND_EVEN, &whole) ||
        !share_of(set, HENG_LIMIT_REPLACED_PERCENT, distance(whole, 0), HENG_ROUND_DOWN, &most))
        return;
    if (!now->missing && (moved <= most || moved < least)) return;
    struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_REPLACED, from_us, to_us);
    if (!v) return;
    if (!now->missing) heng_opt_put(&v->seen, new.mantissa, new.exp);
    heng_opt_put(&v->reference, old.mantissa, old.exp);
    heng_opt_put(&v->high, most, change.exp);
}
