/* A day of usage: who is asked, and the rules that look at the day itself. */
#include "vee/rule_parts.h"

#define BIT(rule) (UINT64_C(1) << HENG_RULE_##rule)

const uint64_t heng_rules_of_channel = BIT(INTERVAL_SIZE) | BIT(MISSING) | BIT(LIMIT) | BIT(SPIKE) | BIT(JUMP) |
                                       BIT(FLAT) | BIT(SUM) | BIT(HIGH) | BIT(LOW) | BIT(ESTIMATED_LONG) |
                                       BIT(NIGHT_FLOW) | BIT(STATUS);
/* ZERO and FACTOR say more when the other registers are in view, and nothing wrong without them. */
const uint64_t heng_rules_of_point = BIT(ZERO) | BIT(STUCK) | BIT(REGISTER_SUM) | BIT(SIBLING) | BIT(PHYSICS) |
                                     BIT(FACTOR) | BIT(TEMPERATURE) | BIT(REVERSE_FLOW) | BIT(LOW_SPREAD);
const uint64_t heng_rules_of_group = BIT(NEIGHBOURS) | BIT(BALANCE) | BIT(SWAPPED);

const struct heng_rules_series *heng_rules_sibling_of(const struct heng_rules_day *in, heng_rules_role role)
{
    for (unsigned i = 0; i < in->sibling_count; i++)
        if (in->siblings[i].role == role) return &in->siblings[i].series;
    return NULL;
}

struct heng_verdict *heng_rules_say_day(const struct heng_rules_work *w, heng_rule rule)
{
    return heng_rules_wanted(w, rule) ? heng_verdicts_say(w->list, w->set, rule, w->in->from_us, w->in->to_us) : NULL;
}

struct heng_verdict *heng_rules_say_interval(const struct heng_rules_work *w, heng_rule rule, unsigned i)
{
    struct heng_verdict *v = heng_rules_say_day(w, rule);
    if (v && w->day->count > 1) {
        heng_us length_us = (heng_us)w->in->minutes * 60 * HENG_US_PER_S;
        v->from_us = w->in->from_us + length_us * i;
        v->to_us = v->from_us + length_us;
    }
    return v;
}

static bool is_measured(const struct heng_day_usage *day, unsigned i)
{
    return day->trusts[i] == HENG_TRUST_VALID || day->trusts[i] == HENG_TRUST_INTERPOLATED ||
           day->trusts[i] == HENG_TRUST_SUBSTITUTED || day->trusts[i] == HENG_TRUST_SUSPECT;
}

static void check_interval_size(const struct heng_rules_work *w)
{
    if (!w->in->expected_count || w->day->count == w->in->expected_count) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_INTERVAL_SIZE);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->count, 0);
    heng_opt_put(&v->reference, w->in->expected_count, 0);
}

static void check_missing(const struct heng_rules_work *w)
{
    struct heng_fraction share = heng_fraction_of(w->day->count);
    int64_t allowed;
    heng_fraction_times_dec(&share, w->set->limits[HENG_LIMIT_MISSING_PERCENT]);
    heng_fraction_over(&share, 100);
    if (!w->day->missing || !heng_fraction_int(share, HENG_ROUND_DOWN, &allowed) || w->day->missing <= allowed) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_MISSING);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->missing, 0);
    heng_opt_put(&v->high, allowed, 0);
    heng_opt_put(&v->reference, w->day->count, 0);
}

/* What the meter's size lets through in one interval, in steps; false when it is not known. */
static bool most_of(const struct heng_rules_work *w, int64_t *ret)
{
    struct heng_fraction most = heng_fraction_of(w->in->minutes);
    if (!w->in->max_per_hour.is) return false;
    if (w->day->count <= 1) most = heng_fraction_of((w->in->to_us - w->in->from_us) / (60 * HENG_US_PER_S));
    heng_fraction_over(&most, 60);
    heng_fraction_times_dec(&most, w->in->max_per_hour.dec);
    heng_fraction_times_dec(&most, w->set->limits[HENG_LIMIT_LIMIT_PERCENT]);
    heng_fraction_over(&most, 100);
    heng_fraction_shift(&most, -w->day->exp);
    return heng_fraction_int(most, HENG_ROUND_DOWN, ret);
}

/* The largest interval against the nominal size. What a counter of coarse digits shows jumps by whole steps, and an
 * interpolated interval takes the rounding of its neighbours: one step more is none. */
static void check_limit(const struct heng_rules_work *w)
{
    int64_t most, step = w->in->step > 1 ? w->in->step : 1;
    unsigned worst = 0;
    if (!most_of(w, &most)) return;
    for (unsigned i = 1; i < w->day->count; i++)
        if (w->day->amounts[i] > w->day->amounts[worst]) worst = i;
    if (!w->day->count || w->day->amounts[worst] <= most || w->day->amounts[worst] - step <= most) return;
    struct heng_verdict *v = heng_rules_say_interval(w, HENG_RULE_LIMIT, worst);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->amounts[worst], w->day->exp);
    heng_opt_put(&v->high, most, w->day->exp);
}

/* The largest and the third largest of what comes, and where the largest was. */
struct top {
    int64_t three[3];
    unsigned count, where;
};

static void put_top(struct top *top, int64_t amount, unsigned where)
{
    if (!top->count || amount > top->three[0]) top->where = where;
    for (unsigned i = 0; i < 3; i++) {
        if (i < top->count && amount <= top->three[i]) continue;
        int64_t pushed = top->three[i];
        top->three[i] = amount;
        amount = pushed;
    }
    top->count++;
}

/* (largest - third) / third, in %, against the limit. A third of nothing gives no scale: then nothing is said. */
static void judge_spike(const struct heng_rules_work *w, const struct top *top, bool of_days)
{
    int64_t third = top->three[2], least;
    if (top->count < (unsigned)heng_limit_int(w->set, HENG_LIMIT_SPIKE_INTERVALS) || third <= 0) return;
    if (of_days && top->where != 0) return; /* it was said on its day */
    least = heng_limit_steps(w->set, HENG_LIMIT_SPIKE_LEAST, w->unit, w->day->exp, HENG_ROUND_UP);
    struct heng_fraction most = heng_fraction_of(third);
    int64_t most_over;
    heng_fraction_times_dec(&most, w->set->limits[HENG_LIMIT_SPIKE_PERCENT]);
    heng_fraction_over(&most, 100);
    if (!heng_fraction_int(most, HENG_ROUND_DOWN, &most_over)) return;
    if (top->three[0] < least || top->three[0] - third <= most_over) return;
    struct heng_verdict *v = heng_rules_say_interval(w, HENG_RULE_SPIKE, of_days ? 0 : top->where);
    if (!v) return;
    heng_opt_put(&v->seen, top->three[0], w->day->exp);
    heng_opt_put(&v->reference, third, w->day->exp);
    heng_opt_put_sum(&v->high, third, most_over, w->day->exp);
}

/* Over the intervals of the day, or over days when the day is one interval. */
static void check_spike(const struct heng_rules_work *w)
{
    struct top top = {{0, 0, 0}, 0, 0};
    bool of_days = w->day->count == 1;
    if (of_days && !heng_day_is_measured(w->day)) return;
    if (of_days) put_top(&top, w->day->amount, 0);
    for (unsigned i = 1; of_days && i <= w->in->own.past_count; i++) {
        const struct heng_day_usage *past = heng_series_day(&w->in->own, i);
        if (heng_day_is_good(past) && past->exp == w->day->exp) put_top(&top, past->amount, i);
    }
    for (unsigned i = 0; !of_days && i < w->day->count; i++)
        if (is_measured(w->day, i)) put_top(&top, w->day->amounts[i], i);
    judge_spike(w, &top, of_days);
}

/* A change from one interval to the next that is over the limits. */
struct jump {
    heng_i128 change;
    int64_t before, most;
    unsigned where;
};

static bool jump_to(const struct heng_rules_work *w, int64_t before, unsigned i, struct jump *ret)
{
    struct heng_fraction most = heng_fraction_of(before);
    int64_t now = w->day->amounts[i];
    ret->change = now > before ? (heng_i128)now - before : (heng_i128)before - now;
    ret->before = before;
    ret->where = i;
    heng_fraction_times_dec(&most, w->set->limits[HENG_LIMIT_JUMP_PERCENT]);
    heng_fraction_over(&most, 100);
    return before > 0 && heng_fraction_int(most, HENG_ROUND_DOWN, &ret->most) && ret->change > ret->most &&
           ret->change >= heng_limit_steps(w->set, HENG_LIMIT_JUMP_LEAST, w->unit, w->day->exp, HENG_ROUND_UP);
}

/* The largest one of the day, also from the last interval of the day before. */
static void check_jump(const struct heng_rules_work *w)
{
    const struct heng_day_usage *day = w->day, *past = heng_series_day(&w->in->own, 1);
    struct jump worst = {0, 0, 0, 0}, one;
    int64_t before = 0; /* from nothing is no jump */
    if (past && past->count && past->exp == day->exp && is_measured(past, past->count - 1U))
        before = past->amounts[past->count - 1];
    for (unsigned i = 0; i < day->count; i++) {
        bool there = is_measured(day, i);
        if (there && jump_to(w, before, i, &one) && one.change > worst.change) worst = one;
        before = there ? day->amounts[i] : 0;
    }
    struct heng_verdict *v = worst.change ? heng_rules_say_interval(w, HENG_RULE_JUMP, worst.where) : NULL;
    if (!v) return;
    heng_opt_put(&v->seen, day->amounts[worst.where], day->exp);
    heng_opt_put(&v->reference, worst.before, day->exp);
    heng_opt_put_sum(&v->high, worst.before, worst.most, day->exp);
}

/* The longest run of one and the same amount, when it is large enough in steps not to be chance. */
static void check_flat(const struct heng_rules_work *w)
{
    const struct heng_day_usage *day = w->day;
    int64_t steps = heng_limit_int(w->set, HENG_LIMIT_FLAT_STEPS);
    unsigned run = 0, longest = 0, end = 0;
    for (unsigned i = 0; i < day->count; i++) {
        bool counts = day->trusts[i] == HENG_TRUST_VALID && day->amounts[i] >= steps;
        run = !counts ? 0 : i && run && day->amounts[i] == day->amounts[i - 1] ? run + 1 : 1;
        if (run > longest) {
            longest = run;
            end = i;
        }
    }
    if (!longest || longest < (unsigned)heng_limit_int(w->set, HENG_LIMIT_FLAT_INTERVALS)) return;
    struct heng_verdict *v = heng_rules_say_interval(w, HENG_RULE_FLAT, end);
    if (!v) return;
    if (day->count > 1) v->from_us -= (heng_us)w->in->minutes * 60 * HENG_US_PER_S * (longest - 1);
    heng_opt_put(&v->seen, longest, 0);
    heng_opt_put(&v->high, heng_limit_int(w->set, HENG_LIMIT_FLAT_INTERVALS), 0);
    heng_opt_put(&v->reference, day->amounts[end], day->exp);
}

/* Sum of the intervals against what the counter moved, where that was read apart. */
static void check_sum(const struct heng_rules_work *w)
{
    int64_t counter, most = 0, part, gap;
    if (!w->in->counter_amount.is || w->day->missing ||
        !heng_dec_steps(w->in->counter_amount.dec, w->day->exp, HENG_ROUND_EVEN, &counter))
        return;
    struct heng_fraction share = heng_fraction_of(counter < 0 ? -(heng_i128)counter : counter);
    heng_fraction_times_dec(&share, w->set->limits[HENG_LIMIT_SUM_PERCENT]);
    heng_fraction_over(&share, 100);
    if (!heng_fraction_int(share, HENG_ROUND_DOWN, &most)) return;
    part = heng_limit_steps(w->set, HENG_LIMIT_SUM_AMOUNT, w->unit, w->day->exp, HENG_ROUND_DOWN);
    if (part > most) most = part;
    part = heng_limit_int(w->set, HENG_LIMIT_SUM_STEPS);
    if (part > most) most = part;
    if (__builtin_sub_overflow(w->day->amount, counter, &gap) || (gap <= most && gap >= -most)) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_SUM);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->amount, w->day->exp);
    heng_opt_put(&v->reference, w->in->counter_amount.dec.mantissa, w->in->counter_amount.dec.exp);
    heng_opt_put_sum(&v->low, counter, -most, w->day->exp);
    heng_opt_put_sum(&v->high, counter, most, w->day->exp);
}

void heng_rules_check_shape(const struct heng_rules_work *w)
{
    check_interval_size(w);
    check_missing(w);
    check_limit(w);
    if (heng_rules_wanted(w, HENG_RULE_SPIKE)) check_spike(w);
    if (heng_rules_wanted(w, HENG_RULE_JUMP)) check_jump(w);
    if (heng_rules_wanted(w, HENG_RULE_FLAT)) check_flat(w);
    check_sum(w);
}

void heng_rules_check_day(const struct heng_rule_set *set, const struct heng_rules_day *in, struct heng_verdicts *list)
{
    struct heng_rules_work work = {set, in, in->own.day, in->own.unit, list};
    heng_rules_check_shape(&work);
    heng_rules_check_past(&work);
    heng_rules_check_night(&work);
    heng_rules_check_registers(&work);
    heng_rules_check_physics(&work);
    heng_rules_check_neighbours(&work);
    if (heng_rules_wanted(&work, HENG_RULE_STATUS))
        heng_rules_say_status(set, in->conditions, in->from_us, in->to_us, list);
}
