#ifndef HENG_TESTS_RULES_CASE_H
#define HENG_TESTS_RULES_CASE_H
/* A day with its past and its siblings, quickly made, for tests of rules and estimates. */
#include "vee/rules_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CASE_PAST = HENG_RULES_PAST_DAYS, CASE_DAY = 20000, CASE_SIBLINGS = 4 }; /* a Friday in October 2024 */

struct rules_channel {
    struct heng_day_usage day, past[CASE_PAST];
    const struct heng_day_usage *links[CASE_PAST];
};

struct rules_case {
    struct heng_rule_set set;
    struct rules_channel own, others[CASE_SIBLINGS];
    struct heng_rules_sibling siblings[CASE_SIBLINGS];
    struct heng_opt_dec past_degree_days[CASE_PAST];
    struct heng_rules_day in;
    struct heng_verdicts list;
};

static inline struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static inline struct heng_opt_dec some(const char *text)
{
    struct heng_opt_dec d;
    memset(&d, 0, sizeof d);
    d.is = true;
    d.dec = dec(text);
    return d;
}

/* By value: 1.50 is 1.5. */
static inline void assert_number(struct heng_opt_dec d, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX] = "nothing";
    if (d.is) heng_dec_format(d.dec, ours);
    if (!d.is || heng_dec_cmp(d.dec, dec(text)) != 0) fail_msg("%s instead of %s", ours, text);
}

/* Rounded half to even at so many places. */
static inline void assert_rounded(struct heng_dec d, int places, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    __extension__ __int128 scaled = d.mantissa, unit = 1;
    for (int e = d.exp; e < -places; e++) unit *= 10;
    for (int e = d.exp; e > -places; e--) scaled *= 10;
    __extension__ __int128 half = unit / 2, whole = scaled / unit, rest = scaled % unit;
    if (rest > half || (rest == half && unit > 1 && (whole & 1))) whole++;
    struct heng_dec rounded = {(int64_t)whole, (int8_t)-places};
    heng_dec_format(rounded, ours);
    assert_string_equal(ours, text);
}

static inline void day_trust(struct heng_day_usage *day, heng_trust trust)
{
    day->trust = trust;
    day->missing = trust == HENG_TRUST_MISSING ? day->count : 0;
    for (unsigned i = 0; i < day->count; i++) day->trusts[i] = (uint8_t)trust;
    if (trust != HENG_TRUST_MISSING) return;
    day->amount = 0;
    memset(day->amounts, 0, sizeof day->amounts);
}

static inline void day_set(struct heng_day_usage *ret, heng_day day, int exp, unsigned count, const int64_t *amounts)
{
    memset(ret, 0, sizeof *ret);
    ret->day = day;
    ret->exp = (int8_t)exp;
    ret->count = (uint16_t)count;
    ret->permille = 1000;
    for (unsigned i = 0; i < count; i++) {
        ret->amounts[i] = amounts[i];
        ret->amount = (int64_t)((uint64_t)ret->amount + (uint64_t)amounts[i]); /* hostile ones wrap */
    }
    day_trust(ret, HENG_TRUST_VALID);
}

static inline void day_even(struct heng_day_usage *ret, heng_day day, int exp, unsigned count, int64_t each)
{
    int64_t amounts[HENG_DAY_INTERVALS_MAX];
    for (unsigned i = 0; i < count; i++) amounts[i] = each;
    day_set(ret, day, exp, count, amounts);
}

/* One interval is gone. */
static inline void day_lose(struct heng_day_usage *day, unsigned i)
{
    day->amount -= day->amounts[i];
    day->amounts[i] = 0;
    day->trusts[i] = HENG_TRUST_MISSING;
    day->trust = HENG_TRUST_MISSING;
    day->missing++;
}

static inline struct heng_rules_series channel_even(struct rules_channel *c, heng_unit unit, int exp, unsigned count,
                                                    int64_t each)
{
    struct heng_rules_series s;
    memset(&s, 0, sizeof s);
    day_even(&c->day, CASE_DAY, exp, count, each);
    for (int i = 0; i < CASE_PAST; i++) {
        day_even(&c->past[i], CASE_DAY - 1 - i, exp, count, each);
        c->links[i] = &c->past[i];
    }
    s.unit = unit;
    s.day = &c->day;
    s.past = c->links;
    s.past_count = CASE_PAST;
    return s;
}

/* A channel that uses the same in every interval of every day, which nobody minds. */
static inline struct rules_case *case_of(heng_medium medium, heng_unit unit, int exp, unsigned count, int64_t each)
{
    static struct rules_case c;
    memset(&c, 0, sizeof c);
    heng_rule_set_default(medium, &c.set);
    c.set.rules[HENG_RULE_FLAT].on = false; /* what is even is flat */
    c.in.own = channel_even(&c.own, unit, exp, count, each);
    c.in.medium = medium;
    c.in.from_us = (heng_us)CASE_DAY * HENG_US_PER_DAY;
    c.in.to_us = c.in.from_us + HENG_US_PER_DAY;
    c.in.minutes = (uint16_t)(1440 / count);
    c.in.siblings = c.siblings;
    return &c;
}

static inline struct rules_channel *case_sibling(struct rules_case *c, heng_rules_role role, heng_unit unit, int exp,
                                                 unsigned count, int64_t each)
{
    unsigned i = c->in.sibling_count++;
    c->siblings[i].role = role;
    c->siblings[i].series = channel_even(&c->others[i], unit, exp, count, each);
    return &c->others[i];
}

static inline void case_degree_days(struct rules_case *c, const char *today, const char *before)
{
    c->in.degree_days = some(today);
    for (int i = 0; i < CASE_PAST; i++) c->past_degree_days[i] = some(before);
    c->in.past_degree_days = c->past_degree_days;
}

/* A channel of one amount a day changes today's. */
static inline void case_today(struct rules_case *c, int64_t amount)
{
    int64_t one[1] = {amount};
    day_set(&c->own.day, CASE_DAY, c->own.day.exp, 1, one);
}

static inline const struct heng_verdict *find(const struct heng_verdicts *list, heng_rule rule)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i].rule == rule) return &list->items[i];
    return NULL;
}

/* What is said of the case by one rule; NULL: nothing. */
static inline const struct heng_verdict *said(struct rules_case *c, heng_rule rule)
{
    heng_verdicts_clear(&c->list);
    heng_rules_check_day(&c->set, &c->in, &c->list);
    return find(&c->list, rule);
}

static inline void set_limit(struct rules_case *c, heng_limit limit, const char *text)
{
    c->set.limits[limit] = dec(text);
}

/* A small generator, so that a failure can be repeated from its seed. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
