#ifndef HENG_TEST_USAGE_CASE_H
#define HENG_TEST_USAGE_CASE_H
/* A fold with everything that comes out of it kept, and short words for facts. Include after cmocka's headers. */
#include "vee/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US   (INT64_C(3600) * HENG_US_PER_S)
#define MINUTE_US (INT64_C(60) * HENG_US_PER_S)

struct outcome {
    struct heng_day_usage *days;
    size_t day_count, day_cap;
    struct heng_verdict *verdicts;
    size_t verdict_count, verdict_cap;
};

static inline heng_rc keep_day(void *ctx, const struct heng_day_usage *day)
{
    struct outcome *o = ctx;
    if (o->day_count == o->day_cap) {
        o->day_cap = o->day_cap ? 2 * o->day_cap : 64;
        o->days = realloc(o->days, o->day_cap * sizeof *o->days);
        assert_non_null(o->days);
    }
    if (o->day_count) assert_true(day->day > o->days[o->day_count - 1].day);
    memcpy(&o->days[o->day_count++], day, sizeof *day);
    int64_t sum = 0;
    unsigned missing = 0;
    for (unsigned i = 0; i < day->count; i++) {
        sum += day->amounts[i];
        missing += day->trusts[i] == HENG_TRUST_MISSING;
        assert_in_range(day->trusts[i], HENG_TRUST_VALID, HENG_TRUST_MISSING);
        assert_true(day->trusts[i] <= day->trust);
        if (day->trusts[i] == HENG_TRUST_MISSING) assert_int_equal(day->amounts[i], 0);
    }
    assert_int_equal(sum, day->amount);
    assert_int_equal(missing, day->missing);
    assert_true((day->trust == HENG_TRUST_MISSING) == (missing > 0));
    assert_true(day->permille <= 1000);
    return HENG_OK;
}

static inline heng_rc keep_verdict(void *ctx, const struct heng_verdict *verdict)
{
    struct outcome *o = ctx;
    if (o->verdict_count == o->verdict_cap) {
        o->verdict_cap = o->verdict_cap ? 2 * o->verdict_cap : 64;
        o->verdicts = realloc(o->verdicts, o->verdict_cap * sizeof *o->verdicts);
        assert_non_null(o->verdicts);
    }
    memcpy(&o->verdicts[o->verdict_count++], verdict, sizeof *verdict);
    return HENG_OK;
}

static inline void outcome_free(struct outcome *o)
{
    free(o->days);
    free(o->verdicts);
    *o = (struct outcome){0};
}

/* A heat meter in Wh, told to 10 Wh, quarter hours in UTC; other tests change what they need. */
static inline struct heng_channel channel_of(int minutes)
{
    struct heng_channel c = {
        .medium = HENG_MEDIUM_HEAT, .quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .exp = 1};
    c.minutes = (int16_t)minutes;
    c.near_us = minutes == 1440 ? HOUR_US : 2 * MINUTE_US;
    c.short_gap_us = minutes == 1440 ? 26 * HOUR_US : HOUR_US;
    c.rules_version = 3;
    return c;
}

static inline heng_us at(const char *text)
{
    heng_us us = 0;
    char full[56];
    snprintf(full, sizeof full, "%.40s%s", text, strlen(text) == 10 ? "T00:00:00Z" : strlen(text) == 16 ? ":00Z" : "");
    if (heng_us_parse(full, &us, NULL) != HENG_OK) fail_msg("%s is no time", text);
    return us;
}

static inline heng_day day_of(const char *text) { return (heng_day)(at(text) / HENG_US_PER_DAY); }

static inline struct heng_opt_dec index_of(const char *text)
{
    struct heng_opt_dec dec = {.is = text != NULL};
    if (text && heng_dec_parse(text, &dec.dec, NULL) != HENG_OK) fail_msg("%s is no number", text);
    return dec;
}

static inline struct heng_channel_fact fact_of(heng_channel_fact_kind kind, heng_us at_us, const char *index)
{
    struct heng_channel_fact f = {.at_us = at_us, .kind = kind};
    f.index = index_of(index);
    if (kind == HENG_CHANNEL_FACT_START) {
        f.unit = HENG_UNIT_WH;
        f.device_id = 1;
    }
    return f;
}

/* The start of counter 1, whose display shows so many digits of the unit. */
static inline struct heng_channel_fact start_of(heng_us at_us, const char *index, heng_unit unit, int digits)
{
    struct heng_channel_fact f = fact_of(HENG_CHANNEL_FACT_START, at_us, index);
    f.unit = unit;
    f.digits = (uint8_t)digits;
    return f;
}

static inline struct heng_channel_fact reading(const char *at_text, const char *index)
{
    return fact_of(HENG_CHANNEL_FACT_READING, at(at_text), index);
}

static int fact_order(const void *a, const void *b) { return heng_channel_fact_cmp(a, b); }

/* Fold facts (they are sorted first), flush, and keep what came out. */
static inline void fold(const struct heng_channel *channel, heng_usage_weights *weights,
                        struct heng_channel_fact *facts, size_t n, struct outcome *ret)
{
    struct heng_usage *u = malloc(sizeof *u);
    struct heng_usage_out out = {.ctx = ret, .day = keep_day, .verdict = keep_verdict, .weights = weights};
    struct heng_err err = {0};
    assert_non_null(u);
    *ret = (struct outcome){0};
    qsort(facts, n, sizeof *facts, fact_order);
    if (heng_usage_init(u, channel, &out, &err) != HENG_OK) fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++)
        if (heng_usage_fact(u, &facts[i], &err) != HENG_OK) fail_msg("%s", err.text);
    if (heng_usage_flush(u, &err) != HENG_OK) fail_msg("%s", err.text);
    free(u);
}

static inline const struct heng_day_usage *day_in(const struct outcome *o, const char *text)
{
    for (size_t i = 0; i < o->day_count; i++)
        if (o->days[i].day == day_of(text)) return &o->days[i];
    fail_msg("there is no day %s", text);
    return NULL;
}

/* The verdicts of a rule, and the first of them. */
static inline size_t said(const struct outcome *o, heng_rule rule, const struct heng_verdict **ret_first)
{
    size_t n = 0;
    for (size_t i = o->verdict_count; i; i--)
        if (o->verdicts[i - 1].rule == rule) {
            n++;
            if (ret_first) *ret_first = &o->verdicts[i - 1];
        }
    return n;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static inline void expect_day(const struct outcome *o, const char *day, int64_t amount, heng_trust trust,
                              heng_method method)
{
    const struct heng_day_usage *d = day_in(o, day);
    if (d->amount != amount || d->trust != trust || d->method != method)
        fail_msg("%s: %lld %s %s, not %lld %s %s", day, (long long)d->amount, heng_trust_text(d->trust),
                 heng_method_text(d->method), (long long)amount, heng_trust_text(trust), heng_method_text(method));
}

#endif
