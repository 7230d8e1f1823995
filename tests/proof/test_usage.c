/* Years of truth against what is derived from the readings: exact where they are complete, flagged where they are not,
 * nothing absorbed in silence; the same bytes in whatever order they come. What the numbers mean: docs/usage-proof.md.
 * Usage: proof_usage [POINTS [DAYS [SEED]]]; the whole is 1000 3650. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proof/usage_memory.h"

static uint64_t points = 200, seed = 20260401;
static int days = 1825;

static struct heng_derive derive;

/* X(field): what is counted. */
#define BOOK_LIST(X)                                                                                                   \
    X(points)                                                                                                          \
    X(readings)                                                                                                        \
    X(late)                                                                                                            \
    X(duplicates)                                                                                                      \
    X(beside)                                                                                                          \
    X(days)                                                                                                            \
    X(valid) /* days that are called so */                                                                             \
    X(exact) /* of these, true within one step */                                                                      \
    X(interpolated)                                                                                                    \
    X(suspect)                                                                                                         \
    X(missing)                                                                                                         \
    X(wrong_flagged) /* valid days that are not true, and that a rule flags */                                         \
    X(wrong_told)    /* ... of a fault that a verdict names */                                                         \
    X(wrong_below)   /* ... of a fault that cannot be seen */                                                          \
    X(wrong_unseen)  /* ... of a fault that should have been */                                                        \
    X(stretches)     /* from cut to cut */                                                                             \
    X(rollovers)                                                                                                       \
    X(rollovers_told)                                                                                                  \
    X(replayed) /* points delivered again in batches */                                                                \
    X(batches)
struct book {
#define X(field) uint64_t field;
    BOOK_LIST(X)
#undef X
    uint64_t faults[TRUTH_KIND_COUNT], visible[TRUTH_KIND_COUNT], seen[TRUTH_KIND_COUNT], missed[TRUTH_KIND_COUNT];
    uint64_t alarms[HENG_RULE_COUNT];
};

/* --- one point ------------------------------------------------------------------------------------------------ */

/* What was derived, by interval. */
struct result {
    const struct truth *t;
    uint64_t number;
    int64_t *amounts;
    uint8_t *trusts;
    size_t n;
    struct heng_verdict *verdicts; /* that ask for somebody, of readings and of days */
    size_t verdict_count;
    bool *seen; /* by fault */
};

static bool disturbs(const struct truth *t, const struct truth_span *span)
{
    if (!span->fault) return false;
    truth_kind kind = t->faults[span->fault - 1].kind;
    return kind >= TRUTH_LOST_INDEX && kind != TRUTH_COARSE;
}

static size_t graver(const struct memory_verdicts *v, struct heng_verdict *ret)
{
    size_t n = 0;
    for (size_t k = 0; k < v->count; k++)
        if (v->items[k].severity != HENG_SEVERITY_TOLD) {
            if (ret) ret[n] = v->items[k];
            n++;
        }
    return n;
}

static void gather(struct result *r, const struct memory *m)
{
    const struct truth *t = m->truth;
    size_t verdicts = 0;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < m->day_count; i++) verdicts += graver(&m->verdicts[k][i], NULL);
    r->amounts = calloc(t->span_count, sizeof *r->amounts);
    r->trusts = calloc(t->span_count, 1);
    r->verdicts = calloc(verdicts + 1, sizeof *r->verdicts);
    r->seen = calloc(t->fault_count + 1, sizeof *r->seen);
    assert_true(r->amounts && r->trusts && r->verdicts && r->seen);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < m->day_count; i++)
            r->verdict_count += graver(&m->verdicts[k][i], r->verdicts + r->verdict_count);
    for (size_t d = 0; d < t->day_count; d++) {
        size_t i = (size_t)(t->day - m->zero) + d;
        if (!m->has[i])
            fail_msg("point %llu: day %zu of %zu is not there", (unsigned long long)r->number, d, t->day_count);
        for (unsigned k = 0; k < m->days[i].count && r->n < t->span_count; k++, r->n++) {
            r->amounts[r->n] = m->days[i].amounts[k];
            r->trusts[r->n] = m->days[i].trusts[k];
        }
    }
    assert_int_equal(r->n, t->span_count);
}

static void result_free(struct result *r)
{
    free(r->amounts);
    free(r->trusts);
    free(r->verdicts);
    free(r->seen);
}

/* By how much the amount between two boundaries may be off at most: less than a step of each counter. */
static int64_t tolerance(const struct truth *t, size_t from, size_t to)
{
    const struct truth_read *a = &t->reads[from], *b = &t->reads[to];
    int64_t bound = (a->step > b->step ? a->step : b->step) + a->slack + b->slack + t->rounding;
    for (size_t i = from; i < to; i++) bound += t->spans[i].joins;
    return bound;
}

static bool is_true(const struct truth *t, size_t from, size_t to, int64_t amount)
{
    int64_t off = amount * t->per_step - (t->reads[to].used - t->reads[from].used);
    int64_t most = tolerance(t, from, to);
    return off < most && off > -most;
}

static void each_interval(const struct result *r)
{
    const struct truth *t = r->t;
    for (size_t i = 0; i < r->n; i++) {
        const struct truth_span *span = &t->spans[i];
        bool complete = t->reads[i].right && t->reads[i + 1].right && !span->unknown && !disturbs(t, span);
        const char *what = NULL;
        if (complete && r->trusts[i] != HENG_TRUST_VALID)
            what = "is complete and not valid";
        else if (r->trusts[i] == HENG_TRUST_VALID && !disturbs(t, span) && !is_true(t, i, i + 1, r->amounts[i]))
            what = "is wrong without any cause";
        else if (span->unknown && r->trusts[i] != HENG_TRUST_MISSING)
            what = "cannot be known and is not missing";
        else if (r->trusts[i] == HENG_TRUST_MISSING && !disturbs(t, span))
            what = "is missing without any cause";
        if (what)
            fail_msg("seed %llu, point %llu, %d minutes, interval %zu: %s (%s, %lld instead of %lld in thousandths)",
                     (unsigned long long)seed, (unsigned long long)r->number, t->channel.minutes, i, what,
                     heng_trust_text((heng_trust)r->trusts[i]), (long long)(r->amounts[i] * t->per_step),
                     (long long)(t->reads[i + 1].used - t->reads[i].used));
    }
}

/* Sums over any stretch between right readings: the running difference to the truth never leaves a band that is one
 * step of each counter wide. Returns how many stretches there were between cuts. */
static uint64_t any_stretch(const struct result *r)
{
    const struct truth *t = r->t;
    int64_t off = 0, low = 0, high = 0, step = 0, slack = 0, earlier = 0; /* step: the greatest of this counter */
    uint64_t stretches = 0;
    bool on = false;
    for (size_t i = 0; i <= r->n; i++) {
        const struct truth_read *read = &t->reads[i];
        if (read->right && !on) {
            off = low = high = earlier = 0;
            step = read->step;
            slack = read->slack;
            on = true;
            stretches++;
        } else if (read->right) {
            low = off < low ? off : low;
            high = off > high ? off : high;
            step = read->step > step ? read->step : step;
            slack = read->slack > slack ? read->slack : slack;
            if (high - low >= earlier + step + 2 * slack + t->rounding)
                fail_msg("seed %llu, point %llu, interval %zu: sums drift from the truth by %lld thousandths",
                         (unsigned long long)seed, (unsigned long long)r->number, i, (long long)(high - low));
        }
        if (i == r->n) break;
        off += r->amounts[i] * t->per_step - (t->reads[i + 1].used - read->used);
        if (t->spans[i].joins) {
            earlier += step;
            step = t->spans[i].joins;
        }
        if (r->trusts[i] == HENG_TRUST_MISSING || t->spans[i].breaks) on = false;
    }
    return stretches;
}

/* --- faults and alarms ---------------------------------------------------------------------------------------- */

static bool is_seen(const struct result *r, const struct truth_fault *f)
{
    const struct truth *t = r->t;
    heng_us each_us = t->channel.minutes * 60 * HENG_US_PER_S;
    heng_us from_us = f->from_us - each_us, to_us = f->to_us + 6 * each_us + HENG_US_PER_DAY;
    for (size_t i = 0; i < r->verdict_count; i++)
        if (r->verdicts[i].from_us <= to_us && r->verdicts[i].to_us >= from_us) return true;
    uint8_t least = f->kind == TRUTH_GAP ? HENG_TRUST_INTERPOLATED : HENG_TRUST_SUSPECT;
    size_t first = (size_t)((f->from_us - t->reads[0].at_us) / each_us);
    for (size_t i = first > 2 ? first - 2 : 0; i < r->n && t->reads[i].at_us <= f->to_us; i++)
        if (t->reads[i + 1].at_us > f->from_us && r->trusts[i] >= least) return true;
    return false;
}

static void find_faults(struct result *r, struct book *b)
{
    for (size_t i = 0; i < r->t->fault_count; i++) {
        const struct truth_fault *f = &r->t->faults[i];
        r->seen[i] = is_seen(r, f);
        b->faults[f->kind]++;
        b->visible[f->kind] += f->visible;
        b->seen[f->kind] += f->visible && r->seen[i];
        b->missed[f->kind] += f->visible && !r->seen[i];
        if (f->visible && !r->seen[i])
            print_message("# seed %llu, point %llu, day %d: '%s' was not noticed\n", (unsigned long long)seed,
                          (unsigned long long)r->number, (int)((f->from_us - r->t->reads[0].at_us) / HENG_US_PER_DAY),
                          truth_kind_texts[f->kind]);
    }
}

/* What is said of days whose last weeks were in order; of readings nothing may be said at all. */
static void alarms(const struct result *r, const struct memory *m, struct book *b)
{
    const struct truth *t = r->t;
    size_t bad = 0, calm_since = 0; /* the newest day that was disturbed; 0 none */
    for (size_t d = 0, i = 0; d < t->day_count; d++) {
        heng_us to_us = heng_day_from_us(&t->channel.days, t->day + (heng_day)d + 1);
        for (; i < r->n && t->reads[i].at_us < to_us; i++)
            if (disturbs(t, &t->spans[i])) bad = d + 1;
        calm_since = bad ? d + 1 - bad : d + 1;
        const struct memory_verdicts *v = &m->verdicts[HENG_VERDICT_CHECK][(size_t)(t->day - m->zero) + d];
        for (size_t k = 0; k < v->count && calm_since > HENG_HISTORY_DAYS; k++)
            if (v->items[k].severity != HENG_SEVERITY_TOLD) b->alarms[v->items[k].rule]++;
        v = &m->verdicts[HENG_VERDICT_FOLD][(size_t)(t->day - m->zero) + d];
        for (size_t k = 0; k < v->count; k++) {
            b->rollovers_told += v->items[k].rule == HENG_RULE_ROLLOVER;
            if (calm_since > HENG_HISTORY_DAYS && v->items[k].severity != HENG_SEVERITY_TOLD)
                fail_msg("seed %llu, point %llu, day %zu: '%s' of a reading that is right", (unsigned long long)seed,
                         (unsigned long long)r->number, d, heng_rule_text(v->items[k].rule));
        }
    }
}

/* --- days ----------------------------------------------------------------------------------------------------- */

static void wrong_day(const struct result *r, const struct heng_day_usage *day, size_t from, size_t to, struct book *b)
{
    const struct truth *t = r->t;
    const struct truth_fault *f = NULL;
    size_t which = 0;
    for (size_t i = from; i < to && !f; i++)
        if (disturbs(t, &t->spans[i])) {
            which = t->spans[i].fault - 1U;
            f = &t->faults[which];
        }
    if (!f)
        fail_msg("seed %llu, point %llu, day %d is wrong without any cause", (unsigned long long)seed,
                 (unsigned long long)r->number, day->day);
    else if (day->flags)
        b->wrong_flagged++;
    else if (!f->visible)
        b->wrong_below++;
    else if (r->seen[which])
        b->wrong_told++;
    else
        b->wrong_unseen++;
}

static void each_day(const struct result *r, const struct memory *m, struct book *b)
{
    const struct truth *t = r->t;
    for (size_t d = 0, i = 0; d < t->day_count; d++) {
        const struct heng_day_usage *day = &m->days[(size_t)(t->day - m->zero) + d];
        size_t from = i;
        i += day->count;
        b->days++;
        b->interpolated += day->trust == HENG_TRUST_INTERPOLATED;
        b->suspect += day->trust == HENG_TRUST_SUSPECT;
        b->missing += day->trust == HENG_TRUST_MISSING;
        if (day->trust != HENG_TRUST_VALID) continue;
        b->valid++;
        if (is_true(t, from, i, day->amount))
            b->exact++;
        else
            wrong_day(r, day, from, i, b);
    }
}

/* --- arrival -------------------------------------------------------------------------------------------------- */

struct arrival {
    heng_us came_us;
    size_t i;
};

static int by_arrival(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    if (x->came_us != y->came_us) return x->came_us < y->came_us ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* Deliver all facts once more, each (and some of them twice) when it came or, shuffled, at any time, in batches of many
 * sizes. */
static uint64_t deliver(struct memory *m, struct heng_sim_rng *rng, bool shuffled, size_t largest)
{
    const struct truth *t = m->truth;
    struct arrival *order = calloc(t->fact_count, sizeof *order);
    uint64_t batches = 0;
    assert_non_null(order);
    for (size_t i = 0; i < t->fact_count; i++)
        order[i] = (struct arrival){shuffled ? (heng_us)(heng_sim_rng_next(rng) >> 2) : t->facts[i].came_us, i};
    qsort(order, t->fact_count, sizeof *order, by_arrival);
    memory_forget(m);
    for (size_t at = 0; at < t->fact_count; batches++) {
        size_t n = 1 + heng_sim_rng_below(rng, (uint32_t)largest);
        heng_us from_us = HENG_US_NEVER, to_us = 0;
        if (at) memory_deliver(m, order[heng_sim_rng_below(rng, (uint32_t)at)].i, &from_us, &to_us);
        for (; n && at < t->fact_count; n--, at++) memory_deliver(m, order[at].i, &from_us, &to_us);
        memory_run(m, &derive, from_us, to_us);
    }
    free(order);
    return batches;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- the proof ------------------------------------------------------------------------------------------------ */

static void one_point(uint64_t number, struct book *b, double *took_s)
{
    static struct truth t;
    static struct memory once, again;
    struct result r = {.t = &t, .number = number};
    truth_make(&t, seed, number, days, 1000);
    memory_init(&once, &t, number % 2 == 0);
    double from_s = seconds();
    memory_run_all(&once, &derive);
    *took_s += seconds() - from_s;
    gather(&r, &once);
    each_interval(&r);
    b->stretches += any_stretch(&r);
    find_faults(&r, b);
    each_day(&r, &once, b);
    alarms(&r, &once, b);
    b->points++;
    b->readings += t.readings;
    b->late += t.late;
    b->duplicates += t.duplicates;
    b->beside += t.beside;
    b->rollovers += t.rollovers;
    if (number % 4 == 0) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 1000000 + number);
        memory_init(&again, &t, number % 2 == 0);
        b->batches += deliver(&again, &rng, number % 8 == 0, t.fact_count / 40 + 1);
        b->replayed++;
        if (!memory_same(&once, &again))
            fail_msg("seed %llu, point %llu: another order of arrival gives other bytes", (unsigned long long)seed,
                     (unsigned long long)number);
        memory_fini(&again);
    }
    result_free(&r);
    memory_fini(&once);
    truth_free(&t);
}

static void print_book(const struct book *b, double took_s)
{
    double years = (double)b->days / 365.25;
    uint64_t alarms = 0;
    print_message(
        "# %llu points, %llu readings (%llu late, %llu twice, %llu refused by date), %llu days; %.0f readings "
        "a second with rules, on one core\n",
        (unsigned long long)b->points, (unsigned long long)b->readings, (unsigned long long)b->late,
        (unsigned long long)b->duplicates, (unsigned long long)b->beside, (unsigned long long)b->days,
        (double)b->readings / took_s);
    print_message("# days: %llu valid, of them %llu exact; %llu interpolated, %llu suspect, %llu missing\n",
                  (unsigned long long)b->valid, (unsigned long long)b->exact, (unsigned long long)b->interpolated,
                  (unsigned long long)b->suspect, (unsigned long long)b->missing);
    print_message(
        "# valid and wrong: %llu flagged by a rule, %llu of a fault with its verdict, %llu below the limit of "
        "detection, %llu not noticed\n",
        (unsigned long long)b->wrong_flagged, (unsigned long long)b->wrong_told, (unsigned long long)b->wrong_below,
        (unsigned long long)b->wrong_unseen);
    print_message("# %llu stretches between cuts, each sum in them exact; %llu rollovers, %llu told; %llu points again "
                  "in %llu batches, same bytes\n",
                  (unsigned long long)b->stretches, (unsigned long long)b->rollovers,
                  (unsigned long long)b->rollovers_told, (unsigned long long)b->replayed,
                  (unsigned long long)b->batches);
    for (int k = 0; k < TRUTH_KIND_COUNT; k++)
        print_message("# %-44s %6llu, above the limit %6llu, seen %6llu\n", truth_kind_texts[k],
                      (unsigned long long)b->faults[k], (unsigned long long)b->visible[k],
                      (unsigned long long)b->seen[k]);
    for (int k = 0; k < HENG_RULE_COUNT; k++) {
        alarms += b->alarms[k];
        if (b->alarms[k])
            print_message("# false alarms of %-12s %.3f per point and year\n", heng_rule_text((heng_rule)k),
                          (double)b->alarms[k] / years);
    }
    print_message("# false alarms in all %.3f per point and year\n", (double)alarms / years);
}

static void derived_usage_is_the_truth(void **state)
{
    (void)state;
    struct book b = {0};
    double took_s = 0;
    for (uint64_t number = 0; number < points; number++) one_point(number, &b, &took_s);
    print_book(&b, took_s);
    assert_int_equal(b.wrong_unseen, 0);
    for (int k = 0; k < TRUTH_KIND_COUNT; k++)
        if (b.missed[k])
            fail_msg("%llu of '%s' were not noticed", (unsigned long long)b.missed[k], truth_kind_texts[k]);
    assert_true(b.exact > b.days / 2);
}

static void a_month_in_any_order(void **state)
{
    (void)state;
    enum { ORDERS = 1000 };
    static const uint64_t numbers[] = {14, 34, 54, 74, 3};
    static struct truth t;
    static struct memory once, again;
    uint64_t batches = 0, facts = 0;
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 2000000 + k);
        truth_make(&t, seed, numbers[k], 31, 15000);
        memory_init(&once, &t, true);
        memory_init(&again, &t, true);
        memory_run_all(&once, &derive);
        for (int i = 0; i < ORDERS; i++) {
            batches += deliver(&again, &rng, true, t.fact_count / (1 + heng_sim_rng_below(&rng, 6)) + 1);
            if (!memory_same(&once, &again))
                fail_msg("seed %llu, point %llu, order %d: other bytes", (unsigned long long)seed,
                         (unsigned long long)numbers[k], i);
        }
        facts += t.fact_count;
        memory_fini(&again);
        memory_fini(&once);
        truth_free(&t);
    }
    print_message("# a month of 5 points (%llu facts, faults of many kinds) in 1000 random orders each, %llu batches: "
                  "same bytes\n",
                  (unsigned long long)facts, (unsigned long long)batches);
}

/* --- late readings -------------------------------------------------------------------------------------------- */

static bool is_calm(const struct truth *t, size_t i)
{
    for (size_t k = i > 12 ? i - 12 : 0; k < i + 12 && k < t->span_count; k++)
        if (t->spans[k].fault || !t->reads[k].right) return false;
    return i > 12 && i + 12 < t->span_count;
}

/* The reading that stands at boundary i, and nothing else near it. */
static size_t fact_at(const struct truth *t, size_t i)
{
    size_t found = t->fact_count;
    heng_us half_us = t->channel.minutes * 30 * HENG_US_PER_S;
    for (size_t k = 0; k < t->fact_count; k++) {
        heng_us apart_us = t->facts[k].fact.at_us - t->reads[i].at_us;
        if (apart_us < -half_us || apart_us > half_us) continue;
        if (found != t->fact_count || t->facts[k].fact.kind != HENG_CHANNEL_FACT_READING) return t->fact_count;
        found = k;
    }
    return found;
}

/* One reading comes after all others: written are the days that are different now, and amounts differ only between its
 * neighbours, and in gaps behind it that are shared by the shape of these days. Returns the days written. */
static uint64_t late(const struct truth *t, const struct memory *all, struct memory *m, size_t i, size_t fact)
{
    heng_us from_us = HENG_US_NEVER, to_us = 0;
    uint64_t differ = 0;
    memory_forget(m);
    for (size_t k = 0; k < t->fact_count; k++)
        if (k != fact) memory_deliver(m, k, &from_us, &to_us);
    memory_run(m, &derive, 0, HENG_US_NEVER);
    heng_day first = heng_day_at(&t->channel.days, t->reads[i - 1].at_us);
    heng_day last = heng_day_at(&t->channel.days, t->reads[i + 1].at_us + 300 * HENG_US_PER_S);
    for (size_t d = 0; d < m->day_count; d++) {
        const struct heng_day_usage *a = &m->days[d], *b = &all->days[d];
        assert_true(m->has[d] == all->has[d]);
        if (!m->has[d] || heng_day_usage_eq(a, b)) continue;
        differ++;
        bool inside = a->day >= first && a->day <= last;
        bool shared = m->weighted && b->trust == HENG_TRUST_INTERPOLATED; /* a later gap, by the shape of these days */
        if (memcmp(a->amounts, b->amounts, sizeof a->amounts) != 0) assert_true(inside || shared);
    }
    from_us = HENG_US_NEVER;
    to_us = 0;
    memory_deliver(m, fact, &from_us, &to_us);
    memory_run(m, &derive, from_us, to_us);
    assert_int_equal(derive.counts.days_written, differ);
    assert_true(memory_same(m, all));
    return differ;
}

static void a_late_reading_touches_its_days(void **state)
{
    (void)state;
    static struct truth t;
    static struct memory all, m;
    uint64_t tried = 0, written = 0, folded = 0;
    for (uint64_t number = 0; number < 100; number += 3) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 3000000 + number);
        truth_make(&t, seed, number, 400, 1000);
        memory_init(&all, &t, number % 2 == 0);
        memory_init(&m, &t, number % 2 == 0);
        memory_run_all(&all, &derive);
        for (int k = 0; k < 5; k++) {
            size_t i = heng_sim_rng_below(&rng, (uint32_t)t.span_count);
            size_t fact = is_calm(&t, i) ? fact_at(&t, i) : t.fact_count;
            if (fact == t.fact_count) continue;
            written += late(&t, &all, &m, i, fact);
            folded += (uint64_t)(derive.counts.last - derive.counts.first + 1);
            tried++;
        }
        memory_fini(&m);
        memory_fini(&all);
        truth_free(&t);
    }
    print_message("# %llu late readings: %.2f days written for each, all that differ and no others; %.1f days folded\n",
                  (unsigned long long)tried, (double)written / (double)tried, (double)folded / (double)tried);
    assert_true(tried > 50);
}

int main(int argc, char **argv)
{
    if (argc > 1) points = strtoull(argv[1], NULL, 10);
    if (argc > 2) days = (int)strtol(argv[2], NULL, 10);
    if (argc > 3) seed = strtoull(argv[3], NULL, 10);
    truth_open();
    print_message("# seed %llu, %llu points, %d days each\n", (unsigned long long)seed, (unsigned long long)points,
                  days);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derived_usage_is_the_truth),
        cmocka_unit_test(a_month_in_any_order),
        cmocka_unit_test(a_late_reading_touches_its_days),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    truth_close();
    return failed;
}
