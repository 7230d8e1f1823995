#include "proof/usage_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vee/estimate.h"
#include "vee/rules_check.h"

static void *room(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p) abort();
    return p;
}

/* --- places --------------------------------------------------------------------------------------------------- */

static bool has_place(const struct memory *m, heng_day day)
{
    return day >= m->zero && day < m->zero + (heng_day)m->day_count;
}

static size_t place(const struct memory *m, heng_day day)
{
    if (!has_place(m, day)) {
        fprintf(stderr, "usage_memory: day %d is outside of the truth\n", day);
        abort();
    }
    return (size_t)(day - m->zero);
}

static heng_day first_in(const struct memory *m, heng_day from) { return from > m->zero ? from : m->zero; }
static heng_day end_in(const struct memory *m, heng_day to)
{
    return to < m->zero + (heng_day)m->day_count ? to : m->zero + (heng_day)m->day_count;
}

static size_t month_of(const struct memory *m, heng_day day)
{
    int year = 0, month = 0, date = 0, year0 = 0, month0 = 0;
    heng_day_date(m->zero, &year0, &month0, &date);
    heng_day_date(day, &year, &month, &date);
    return (size_t)((year - year0) * 12 + month - month0);
}

/* --- callbacks ------------------------------------------------------------------------------------------------ */

static heng_rc next_fact(void *ctx, heng_us from_us, const struct heng_channel_fact *after,
                         struct heng_channel_fact *ret)
{
    struct memory *m = ctx;
    const struct truth_fact *facts = m->truth->facts;
    size_t low = 0, high = m->end;
    if (after && m->at < m->end && heng_channel_fact_cmp(&facts[m->at].fact, after) == 0) {
        low = m->at + 1;
    } else {
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            bool before =
                after ? heng_channel_fact_cmp(&facts[middle].fact, after) <= 0 : facts[middle].fact.at_us < from_us;
            if (before)
                low = middle + 1;
            else
                high = middle;
        }
    }
    while (low < m->end && !m->here[low]) low++;
    if (low >= m->end) return HENG_ENOTFOUND;
    m->at = low;
    *ret = facts[low].fact;
    return HENG_OK;
}

static heng_rc checkpoint(void *ctx, heng_day until, heng_day *ret_day, struct heng_buf *ret_bytes)
{
    struct memory *m = ctx;
    if (until < m->zero) return HENG_ENOTFOUND;
    heng_day newest = end_in(m, until);
    size_t i = month_of(m, newest < until ? newest : until) + 1;
    for (i = i < m->month_count ? i : m->month_count; i; i--) {
        const struct memory_checkpoint *c = &m->checkpoints[i - 1];
        if (!c->bytes || c->day > until) continue;
        *ret_day = c->day;
        heng_buf_put(ret_bytes, heng_slice_of(c->bytes, c->n));
        return HENG_OK;
    }
    return HENG_ENOTFOUND;
}

static heng_rc put_checkpoint(void *ctx, heng_day day, struct heng_slice bytes)
{
    struct memory *m = ctx;
    size_t i = month_of(m, day);
    if (i >= m->month_count) return HENG_ELIMIT;
    free(m->checkpoints[i].bytes);
    m->checkpoints[i] = (struct memory_checkpoint){day, bytes.n, room(bytes.n, 1)};
    memcpy(m->checkpoints[i].bytes, bytes.p, bytes.n);
    return HENG_OK;
}

static heng_rc drop_checkpoints(void *ctx, heng_day from, heng_day to)
{
    struct memory *m = ctx;
    for (size_t i = 0; i < m->month_count; i++) {
        struct memory_checkpoint *c = &m->checkpoints[i];
        if (!c->bytes || c->day < from || c->day >= to) continue;
        free(c->bytes);
        *c = (struct memory_checkpoint){0};
    }
    return HENG_OK;
}

static heng_rc get_day(void *ctx, heng_day day, struct heng_day_usage *ret)
{
    const struct memory *m = ctx;
    size_t i = place(m, day);
    if (!m->has[i]) return HENG_ENOTFOUND;
    *ret = m->days[i];
    return HENG_OK;
}

static heng_rc put_day(void *ctx, const struct heng_day_usage *day)
{
    struct memory *m = ctx;
    size_t i = place(m, day->day);
    m->has[i] = true;
    memcpy(&m->days[i], day, sizeof *day);
    return HENG_OK;
}

static heng_rc put_verdicts(void *ctx, heng_day day, heng_verdict_place where, const struct heng_verdict *verdicts,
                            size_t count)
{
    struct memory *m = ctx;
    struct memory_verdicts *v = &m->verdicts[where][place(m, day)];
    free(v->items);
    v->items = room(count, sizeof *verdicts);
    v->count = (uint16_t)count;
    memcpy(v->items, verdicts, count * sizeof *verdicts);
    return HENG_OK;
}

static heng_rc drop_days(void *ctx, heng_day from, heng_day to)
{
    struct memory *m = ctx;
    for (heng_day day = first_in(m, from); day < end_in(m, to); day++) m->has[place(m, day)] = false;
    return HENG_OK;
}

static heng_rc drop_verdicts(void *ctx, heng_day from, heng_day to, heng_verdict_place where)
{
    struct memory *m = ctx;
    for (heng_day day = first_in(m, from); day < end_in(m, to); day++) {
        struct memory_verdicts *v = &m->verdicts[where][place(m, day)];
        free(v->items);
        *v = (struct memory_verdicts){0};
    }
    return HENG_OK;
}

/* --- rules and weights ---------------------------------------------------------------------------------------- */

static struct heng_opt_dec degrees_of(const struct truth *t, heng_day day)
{
    int64_t i = day - t->day;
    struct heng_opt_dec dec;
    memset(&dec, 0, sizeof dec);
    if (!t->degrees || i < 0 || i > (int64_t)t->day_count) return dec;
    dec.is = true;
    dec.dec.mantissa = t->degrees[i];
    dec.dec.exp = -1;
    return dec;
}

/* The stored days before a day, the newest first. */
static uint8_t past_of(const struct memory *m, heng_day day, const struct heng_day_usage *ret[HENG_RULES_PAST_DAYS],
                       struct heng_opt_dec ret_degrees[HENG_RULES_PAST_DAYS])
{
    for (int i = 0; i < HENG_RULES_PAST_DAYS; i++) {
        heng_day before = day - 1 - i;
        bool there = has_place(m, before) && m->has[place(m, before)];
        ret[i] = there ? &m->days[place(m, before)] : NULL;
        ret_degrees[i] = degrees_of(m->truth, before);
    }
    return HENG_RULES_PAST_DAYS;
}

static heng_rc check_day(void *ctx, struct heng_day_usage *day, struct heng_verdict *ret_verdicts, size_t *ret_count)
{
    struct memory *m = ctx;
    const struct truth *t = m->truth;
    const struct heng_channel *c = &t->channel;
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
    struct heng_opt_dec degrees[HENG_RULES_PAST_DAYS];
    struct heng_verdicts list;
    struct heng_rules_day in = {.only = heng_rules_of_channel | heng_rules_of_point, .medium = c->medium};
    in.from_us = heng_day_from_us(&c->days, day->day);
    in.to_us = heng_day_from_us(&c->days, day->day + 1);
    in.start_minute = c->days.start_minute;
    in.minutes = (uint16_t)c->minutes;
    in.expected_count = (uint16_t)heng_day_interval_count(&c->days, day->day, c->minutes);
    in.own.unit = c->unit;
    in.own.past_count = past_of(m, day->day, past, degrees);
    in.own.day = day;
    in.own.past = past;
    in.max_per_hour = c->max_per_hour;
    in.step = m->derive->fold.state.last.step;
    in.degree_days = degrees_of(t, day->day);
    in.past_degree_days = t->degrees ? degrees : NULL;
    heng_verdicts_clear(&list);
    heng_rules_check_day(&t->rules, &in, &list);
    day->flags |= heng_verdicts_flags(&list);
    memcpy(ret_verdicts, list.items, list.count * sizeof list.items[0]);
    *ret_count = list.count;
    m->checked++;
    return HENG_OK;
}

static bool weights(void *ctx, heng_us gap_from_us, heng_us gap_to_us, heng_day day, uint16_t count,
                    uint32_t *ret_weights, heng_method *ret_method)
{
    const struct memory *m = ctx;
    const struct heng_channel *c = &m->truth->channel;
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
    struct heng_opt_dec degrees[HENG_RULES_PAST_DAYS];
    struct heng_estimate in = {.medium = c->medium, .minutes = (uint16_t)c->minutes};
    (void)gap_to_us;
    if (!m->weighted) return false;
    in.own.unit = c->unit;
    in.own.past_count = past_of(m, heng_day_at(&c->days, gap_from_us), past, degrees);
    in.own.past = past;
    in.degree_days = degrees_of(m->truth, day);
    in.past_degree_days = m->truth->degrees ? degrees : NULL;
    return heng_estimate_weights(&m->truth->rules, &in, day, count, ret_weights, ret_method);
}

/* --- from outside --------------------------------------------------------------------------------------------- */

void memory_init(struct memory *m, const struct truth *truth, bool weighted)
{
    memset(m, 0, sizeof *m);
    m->truth = truth;
    m->weighted = weighted;
    m->here = room(truth->fact_count + 1, sizeof *m->here);
    m->zero = heng_month_of(truth->day - 1);
    m->day_count = truth->day_count + 70;
    m->has = room(m->day_count, sizeof *m->has);
    m->days = room(m->day_count, sizeof *m->days);
    for (int k = 0; k < 2; k++) m->verdicts[k] = room(m->day_count, sizeof *m->verdicts[k]);
    m->month_count = m->day_count / 28 + 2;
    m->checkpoints = room(m->month_count, sizeof *m->checkpoints);
}

void memory_forget(struct memory *m)
{
    for (int k = 0; k < 2; k++) (void)drop_verdicts(m, HENG_DAY_MIN, HENG_DAY_MAX, (heng_verdict_place)k);
    (void)drop_days(m, HENG_DAY_MIN, HENG_DAY_MAX);
    (void)drop_checkpoints(m, HENG_DAY_MIN, HENG_DAY_MAX);
    memset(m->here, 0, m->truth->fact_count);
    m->end = m->at = 0;
}

void memory_fini(struct memory *m)
{
    memory_forget(m);
    free(m->here);
    free(m->has);
    free(m->days);
    for (int k = 0; k < 2; k++) free(m->verdicts[k]);
    free(m->checkpoints);
    memset(m, 0, sizeof *m);
}

void memory_deliver(struct memory *m, size_t i, heng_us *from_us, heng_us *to_us)
{
    heng_us at_us = m->truth->facts[i].fact.at_us;
    m->here[i] = true;
    if (i + 1 > m->end) m->end = i + 1;
    if (at_us < *from_us) *from_us = at_us;
    if (at_us > *to_us) *to_us = at_us;
}

void memory_run(struct memory *m, struct heng_derive *derive, heng_us from_us, heng_us to_us)
{
    m->derive = derive;
    struct heng_derive_store store = {.ctx = m,
                                      .next_fact = next_fact,
                                      .checkpoint = checkpoint,
                                      .put_checkpoint = put_checkpoint,
                                      .get_day = get_day,
                                      .put_day = put_day,
                                      .put_verdicts = put_verdicts,
                                      .drop_days = drop_days,
                                      .drop_checkpoints = drop_checkpoints,
                                      .drop_verdicts = drop_verdicts,
                                      .check_day = check_day,
                                      .weights = weights};
    struct heng_err err = {0};
    if (heng_derive_run(derive, &m->truth->channel, &store, from_us, to_us, &err) == HENG_OK) return;
    fprintf(stderr, "usage_memory: %s\n", err.text);
    abort();
}

void memory_run_all(struct memory *m, struct heng_derive *derive)
{
    heng_us from_us = HENG_US_NEVER, to_us = 0;
    for (size_t i = 0; i < m->truth->fact_count; i++) memory_deliver(m, i, &from_us, &to_us);
    memory_run(m, derive, 0, HENG_US_NEVER);
}

bool memory_same(const struct memory *a, const struct memory *b)
{
    if (a->zero != b->zero || a->day_count != b->day_count) return false;
    for (size_t i = 0; i < a->day_count; i++) {
        if (a->has[i] != b->has[i] || (a->has[i] && !heng_day_usage_eq(&a->days[i], &b->days[i]))) return false;
        for (int k = 0; k < 2; k++) {
            const struct memory_verdicts *x = &a->verdicts[k][i], *y = &b->verdicts[k][i];
            if (x->count != y->count || (x->count && memcmp(x->items, y->items, x->count * sizeof *x->items) != 0))
                return false;
        }
    }
    for (size_t i = 0; i < a->month_count; i++) {
        const struct memory_checkpoint *x = &a->checkpoints[i], *y = &b->checkpoints[i];
        if (x->day != y->day || x->n != y->n || (x->n && memcmp(x->bytes, y->bytes, x->n) != 0)) return false;
    }
    return true;
}
