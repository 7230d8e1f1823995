/* Rules on a day of usage: inside of it, and against the days before. Each fires on its case, and not beside it. */
#include "tests/unit/vee/rules_case.h"

#include <stdio.h>

/* Hourly kWh of VE-C1, in hundredths of kWh: a channel of Wh with exponent 1. */
static const int64_t spike_day[24] = {42,  38, 40, 39,  41,  55,  120, 135, 110, 95, 90, 105,
                                      115, 98, 93, 102, 140, 980, 210, 175, 130, 88, 61, 47};

static struct rules_case *hourly(const int64_t amounts[24])
{
    struct rules_case *c = case_of(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 1, 24, 50);
    day_set(&c->own.day, CASE_DAY, 1, 24, amounts);
    return c;
}

static struct rules_case *daily(heng_medium medium, heng_unit unit, int exp, int64_t each)
{
    return case_of(medium, unit, exp, 1, each);
}

static void test_an_even_day_is_fine(void **state)
{
    (void)state;
    static const heng_medium media[] = {HENG_MEDIUM_HEAT, HENG_MEDIUM_ELECTRICITY, HENG_MEDIUM_GAS, HENG_MEDIUM_OTHER};
    for (size_t i = 0; i < 4; i++) {
        struct rules_case *c = case_of(media[i], HENG_UNIT_WH, 3, 24, 2);
        assert_null(said(c, HENG_RULE_SPIKE));
        assert_int_equal(c->list.count, 0);
    }
}

/* VE-C1: (9.80 - 1.75) / 1.75 = 460 %, and more than 180 %. */
static void test_spike(void **state)
{
    (void)state;
    struct rules_case *c = hourly(spike_day);
    const struct heng_verdict *v = said(c, HENG_RULE_SPIKE);
    assert_non_null(v);
    assert_number(v->seen, "9800");
    assert_number(v->reference, "1750");
    assert_number(v->high, "4900"); /* 1.75 + 180 % */
    assert_int_equal(v->from_us, c->in.from_us + 17 * INT64_C(3600000000));
    assert_int_equal(v->to_us - v->from_us, INT64_C(3600000000));
    set_limit(c, HENG_LIMIT_SPIKE_PERCENT, "460");
    assert_null(said(c, HENG_RULE_SPIKE)); /* not more than */
    set_limit(c, HENG_LIMIT_SPIKE_PERCENT, "459.99");
    assert_non_null(said(c, HENG_RULE_SPIKE));
}

static void test_spike_needs_something_to_compare_with(void **state)
{
    (void)state;
    struct rules_case *c = hourly(spike_day);
    set_limit(c, HENG_LIMIT_SPIKE_LEAST, "9.8");
    assert_non_null(said(c, HENG_RULE_SPIKE));
    set_limit(c, HENG_LIMIT_SPIKE_LEAST, "9.801");
    assert_null(said(c, HENG_RULE_SPIKE)); /* too small to mind */
    c = hourly(spike_day);
    for (unsigned i = 0; i < 12; i++) day_lose(&c->own.day, i);
    assert_non_null(said(c, HENG_RULE_SPIKE));
    day_lose(&c->own.day, 12);
    assert_null(said(c, HENG_RULE_SPIKE)); /* eleven are too few */
    int64_t lonely[24] = {0};
    lonely[3] = 5000;
    lonely[4] = 10;
    c = hourly(lonely);
    assert_null(said(c, HENG_RULE_SPIKE)); /* a third of nothing is no scale */
    c = hourly(spike_day);
    c->own.day.trusts[17] = HENG_TRUST_SUSPECT;
    assert_non_null(said(c, HENG_RULE_SPIKE));
    c->own.day.trusts[17] = HENG_TRUST_SUBSTITUTED;
    assert_non_null(said(c, HENG_RULE_SPIKE));
    c->own.day.amounts[20] = c->own.day.amounts[17]; /* of two equal ones the first */
    assert_int_equal(said(c, HENG_RULE_SPIKE)->from_us, c->in.from_us + 17 * INT64_C(3600000000));
    c->own.day.amounts[20] = 130;
    c->own.day.trusts[17] = HENG_TRUST_OVERRIDE; /* somebody looked at it */
    assert_null(said(c, HENG_RULE_SPIKE));
}

/* A channel of days: over the days, on the day of the spike only. */
static void test_spike_of_days(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 3, 10);
    case_today(c, 28);
    assert_null(said(c, HENG_RULE_SPIKE));
    case_today(c, 29);
    assert_non_null(said(c, HENG_RULE_SPIKE));
    assert_int_equal(c->list.items[0].to_us, c->in.to_us);
    day_trust(&c->own.day, HENG_TRUST_ESTIMATED);
    assert_null(said(c, HENG_RULE_SPIKE));
    case_today(c, 29);
    int64_t larger[1] = {40};
    day_set(&c->own.past[4], CASE_DAY - 5, 3, 1, larger);
    assert_null(said(c, HENG_RULE_SPIKE)); /* that was the day before */
    c->own.past[4].exp = 2;
    assert_non_null(said(c, HENG_RULE_SPIKE)); /* of another resolution: not compared */
}

static void test_spike_that_does_not_fit(void **state)
{
    (void)state;
    int64_t huge[24];
    for (unsigned i = 0; i < 24; i++) huge[i] = i == 5 ? INT64_MAX / 2 : INT64_MAX / 100;
    struct rules_case *c = hourly(huge);
    set_limit(c, HENG_LIMIT_SPIKE_PERCENT, "1000000");
    assert_null(said(c, HENG_RULE_SPIKE));
}

static void test_jump(void **state)
{
    (void)state;
    int64_t amounts[24];
    for (unsigned i = 0; i < 24; i++) amounts[i] = 100;
    amounts[9] = 600;
    struct rules_case *c = hourly(amounts);
    for (int i = 0; i < CASE_PAST; i++) day_even(&c->own.past[i], CASE_DAY - 1 - i, 1, 24, 100);
    assert_null(said(c, HENG_RULE_JUMP)); /* 500 % */
    c->own.day.amounts[9] = 601;
    const struct heng_verdict *v = said(c, HENG_RULE_JUMP);
    assert_non_null(v);
    assert_number(v->seen, "6010");
    assert_number(v->reference, "1000");
    assert_number(v->high, "6000");
    assert_int_equal(v->from_us, c->in.from_us + 9 * INT64_C(3600000000));
    set_limit(c, HENG_LIMIT_JUMP_LEAST, "5.01");
    assert_non_null(said(c, HENG_RULE_JUMP));
    set_limit(c, HENG_LIMIT_JUMP_LEAST, "5.02");
    assert_null(said(c, HENG_RULE_JUMP));
    set_limit(c, HENG_LIMIT_JUMP_LEAST, "5.01");
    c->own.day.amounts[15] = 700; /* the larger one is told */
    assert_int_equal(said(c, HENG_RULE_JUMP)->from_us, c->in.from_us + 15 * INT64_C(3600000000));
    c->own.day.trusts[15] = HENG_TRUST_ESTIMATED;
    assert_int_equal(said(c, HENG_RULE_JUMP)->from_us, c->in.from_us + 9 * INT64_C(3600000000));
    c->own.day.trusts[8] = HENG_TRUST_MISSING; /* from nothing is no jump */
    assert_null(said(c, HENG_RULE_JUMP));
}

/* From the last hour of yesterday to the first of today. */
static void test_jump_over_midnight(void **state)
{
    (void)state;
    int64_t amounts[24];
    for (unsigned i = 0; i < 24; i++) amounts[i] = 100;
    struct rules_case *c = hourly(amounts);
    c->own.past[0].amounts[23] = 2000; /* down by 95 % is no jump */
    assert_null(said(c, HENG_RULE_JUMP));
    set_limit(c, HENG_LIMIT_JUMP_PERCENT, "90");
    assert_non_null(said(c, HENG_RULE_JUMP));
    c->own.past[0].trusts[23] = HENG_TRUST_MISSING;
    assert_null(said(c, HENG_RULE_JUMP));
    c->own.past[0].trusts[23] = HENG_TRUST_VALID;
    c->own.past[0].exp = 0;
    assert_null(said(c, HENG_RULE_JUMP));
    c->in.own.past_count = 0;
    assert_null(said(c, HENG_RULE_JUMP));
    c->in.own.past = NULL;
    c->in.own.past_count = 3;
    assert_null(said(c, HENG_RULE_JUMP));
}

static void test_interval_size_and_missing(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 24, 5);
    c->in.expected_count = 24;
    assert_null(said(c, HENG_RULE_INTERVAL_SIZE));
    c->in.expected_count = 96;
    assert_number(said(c, HENG_RULE_INTERVAL_SIZE)->seen, "24");
    assert_number(c->list.items[0].reference, "96");
    assert_null(said(c, HENG_RULE_MISSING));
    day_lose(&c->own.day, 3);
    day_lose(&c->own.day, 4);
    assert_number(said(c, HENG_RULE_MISSING)->seen, "2");
    set_limit(c, HENG_LIMIT_MISSING_PERCENT, "8.4"); /* of 24: 2.016 */
    assert_null(said(c, HENG_RULE_MISSING));
    set_limit(c, HENG_LIMIT_MISSING_PERCENT, "8.3");
    const struct heng_verdict *v = said(c, HENG_RULE_MISSING);
    assert_number(v->high, "1");
    assert_number(v->reference, "24");
    assert_int_equal(v->severity, HENG_SEVERITY_TOLD);
    assert_true(heng_verdicts_flags(&c->list) == UINT64_C(1) << HENG_RULE_INTERVAL_SIZE);
}

/* 6 kW let 6 kWh through an hour. */
static void test_limit(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 0, 96, 1500);
    c->in.max_per_hour = some("6000");
    assert_null(said(c, HENG_RULE_LIMIT));
    c->own.day.amounts[40] = 1501; /* of rounding */
    assert_null(said(c, HENG_RULE_LIMIT));
    c->own.day.amounts[40] = 1502;
    const struct heng_verdict *v = said(c, HENG_RULE_LIMIT);
    assert_number(v->seen, "1502");
    assert_number(v->high, "1500");
    assert_int_equal(v->from_us, c->in.from_us + 40 * INT64_C(900000000));
    assert_int_equal(v->severity, HENG_SEVERITY_FATAL);
    set_limit(c, HENG_LIMIT_LIMIT_PERCENT, "110");
    assert_null(said(c, HENG_RULE_LIMIT));
    c->in.max_per_hour.is = false;
    set_limit(c, HENG_LIMIT_LIMIT_PERCENT, "100");
    assert_null(said(c, HENG_RULE_LIMIT));
    c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 150); /* a day of 25 hours */
    c->in.max_per_hour = some("6000");
    c->in.to_us += INT64_C(3600000000);
    assert_null(said(c, HENG_RULE_LIMIT));
    case_today(c, 152);
    assert_int_equal(said(c, HENG_RULE_LIMIT)->to_us, c->in.to_us);
}

static void test_flat(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 0, 96, 500);
    c->set.rules[HENG_RULE_FLAT].on = true;
    for (unsigned i = 0; i < 96; i++) c->own.day.amounts[i] = 500 + i % 2;
    assert_null(said(c, HENG_RULE_FLAT));
    for (unsigned i = 20; i < 31; i++) c->own.day.amounts[i] = 700;
    assert_null(said(c, HENG_RULE_FLAT)); /* eleven */
    c->own.day.amounts[31] = 700;
    const struct heng_verdict *v = said(c, HENG_RULE_FLAT);
    assert_number(v->seen, "12");
    assert_number(v->high, "12");
    assert_number(v->reference, "700");
    assert_int_equal(v->from_us, c->in.from_us + 20 * INT64_C(900000000));
    assert_int_equal(v->to_us, c->in.from_us + 32 * INT64_C(900000000));
    c->own.day.trusts[25] = HENG_TRUST_INTERPOLATED; /* shared evenly by ourselves */
    assert_null(said(c, HENG_RULE_FLAT));
    day_even(&c->own.day, CASE_DAY, 0, 96, 19);
    assert_null(said(c, HENG_RULE_FLAT)); /* too few steps to differ in */
    day_even(&c->own.day, CASE_DAY, 0, 96, 20);
    assert_non_null(said(c, HENG_RULE_FLAT));
    day_even(&c->own.day, CASE_DAY, 0, 1, 2000);
    set_limit(c, HENG_LIMIT_FLAT_INTERVALS, "1");
    assert_int_equal(said(c, HENG_RULE_FLAT)->from_us, c->in.from_us);
}

/* VE-C2: 31.49 of intervals against 32.52 of the counter; 0.10 kWh or 0.5 %. */
static void test_sum(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 1, 3149);
    c->in.counter_amount = some("32520");
    const struct heng_verdict *v = said(c, HENG_RULE_SUM);
    assert_number(v->seen, "31490");
    assert_number(v->reference, "32520");
    assert_number(v->low, "32360"); /* 0.5 % are 0.1626: sixteen steps */
    assert_number(v->high, "32680");
    c->in.counter_amount = some("31590"); /* 0.10 kWh */
    assert_null(said(c, HENG_RULE_SUM));
    c->in.counter_amount = some("31650"); /* 0.5 % of 31.65 are 0.15825 */
    assert_non_null(said(c, HENG_RULE_SUM));
    c->in.counter_amount = some("31640");
    assert_null(said(c, HENG_RULE_SUM));
    set_limit(c, HENG_LIMIT_SUM_PERCENT, "0");
    assert_non_null(said(c, HENG_RULE_SUM));
    set_limit(c, HENG_LIMIT_SUM_STEPS, "15");
    assert_null(said(c, HENG_RULE_SUM));
    c->in.counter_amount = some("-31640");
    assert_non_null(said(c, HENG_RULE_SUM));
    c->in.counter_amount = some("31330"); /* below, too */
    assert_non_null(said(c, HENG_RULE_SUM));
    day_trust(&c->own.day, HENG_TRUST_MISSING);
    assert_null(said(c, HENG_RULE_SUM));
}

/* VE-C7: 384.40 in 31 days, then 31.85 a day: 256.85 %, more than 200. */
static void test_high(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_OTHER, HENG_UNIT_WH, 1, 1240);
    c->in.own.past_count = 31;
    case_today(c, 3185);
    const struct heng_verdict *v = said(c, HENG_RULE_HIGH);
    assert_number(v->seen, "31850");
    assert_number(v->reference, "12400");
    assert_number(v->high, "24800");
    assert_rounded(dec("256.854838"), 2, "256.85");
    case_today(c, 2480);
    assert_null(said(c, HENG_RULE_HIGH));
    case_today(c, 2481);
    assert_non_null(said(c, HENG_RULE_HIGH));
    set_limit(c, HENG_LIMIT_HIGH_LEAST, "24.81");
    assert_non_null(said(c, HENG_RULE_HIGH));
    set_limit(c, HENG_LIMIT_HIGH_LEAST, "24.811");
    assert_null(said(c, HENG_RULE_HIGH));
}

/* A short day counts as what it is: per interval. */
static void test_high_on_a_long_day(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_OTHER, HENG_UNIT_WH, 3, 96, 10);
    day_even(&c->own.day, CASE_DAY, 3, 100, 20);
    assert_null(said(c, HENG_RULE_HIGH)); /* 25 hours of twice as much */
    c->own.day.amount++;
    assert_number(said(c, HENG_RULE_HIGH)->reference, "1000000");
}

/* Only days that nobody doubts, and enough of them. */
static void test_high_needs_history(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_OTHER, HENG_UNIT_WH, 3, 100);
    case_today(c, 300);
    for (int i = 10; i < CASE_PAST; i++) c->own.links[i] = NULL;
    assert_non_null(said(c, HENG_RULE_HIGH));
    c->own.past[0].trust = HENG_TRUST_ESTIMATED;
    assert_null(said(c, HENG_RULE_HIGH));
    c->own.past[0].trust = HENG_TRUST_OVERRIDE;
    assert_non_null(said(c, HENG_RULE_HIGH));
    c->own.past[0].exp = 2;
    assert_null(said(c, HENG_RULE_HIGH));
    c->own.past[0].exp = 3;
    set_limit(c, HENG_LIMIT_HIGH_DAYS, "9"); /* looks back less far than it needs */
    assert_null(said(c, HENG_RULE_HIGH));
    c->in.own.past_count = 0;
    set_limit(c, HENG_LIMIT_HIGH_ENOUGH, "1");
    assert_null(said(c, HENG_RULE_HIGH));
}

static void test_a_person_is_not_asked_again(void **state)
{
    (void)state;
    static const heng_trust trusts[] = {HENG_TRUST_OVERRIDE, HENG_TRUST_EDITED, HENG_TRUST_ESTIMATED,
                                        HENG_TRUST_MISSING};
    static const heng_trust asked[] = {HENG_TRUST_VALID, HENG_TRUST_INTERPOLATED, HENG_TRUST_SUBSTITUTED,
                                       HENG_TRUST_SUSPECT};
    struct rules_case *c = daily(HENG_MEDIUM_OTHER, HENG_UNIT_WH, 3, 100);
    for (unsigned i = 0; i < 4; i++) {
        case_today(c, 300);
        c->own.day.trust = asked[i];
        assert_non_null(said(c, HENG_RULE_HIGH));
        c->own.day.trust = trusts[i];
        assert_null(said(c, HENG_RULE_HIGH));
    }
}

static void test_low(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_OTHER, HENG_UNIT_WH, 3, 100);
    case_today(c, 30);
    assert_null(said(c, HENG_RULE_LOW));
    case_today(c, 29);
    const struct heng_verdict *v = said(c, HENG_RULE_LOW);
    assert_number(v->low, "30000");
    assert_number(v->reference, "100000");
    set_limit(c, HENG_LIMIT_LOW_LEAST, "100.001");
    assert_null(said(c, HENG_RULE_LOW)); /* hardly anything was used before */
    set_limit(c, HENG_LIMIT_LOW_LEAST, "100");
    assert_non_null(said(c, HENG_RULE_LOW));
    set_limit(c, HENG_LIMIT_LOW_ENOUGH, "35");
    c->own.links[7] = NULL;
    assert_null(said(c, HENG_RULE_LOW));
    set_limit(c, HENG_LIMIT_LOW_ENOUGH, "34");
    assert_non_null(said(c, HENG_RULE_LOW));
    set_limit(c, HENG_LIMIT_LOW_PERCENT, "29.5"); /* 29.5 */
    assert_non_null(said(c, HENG_RULE_LOW));
    case_today(c, 30);
    assert_null(said(c, HENG_RULE_LOW));
    case_today(c, 0);
    assert_null(said(c, HENG_RULE_LOW)); /* nothing at all is the rule zero */
}

/* Heat by degree days: twice as cold may take twice as much. */
static void test_high_by_degree_days(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 100);
    case_degree_days(c, "20", "10");
    case_today(c, 400);
    assert_null(said(c, HENG_RULE_HIGH));
    case_today(c, 401);
    assert_number(said(c, HENG_RULE_HIGH)->reference, "200000");
    case_today(c, 59);
    assert_number(said(c, HENG_RULE_LOW)->low, "60000");
    case_today(c, 60);
    assert_null(said(c, HENG_RULE_LOW));
    case_today(c, 4000);
    c->in.degree_days = some("2.999"); /* too warm to say */
    assert_null(said(c, HENG_RULE_HIGH));
    c->in.degree_days = some("3");
    assert_non_null(said(c, HENG_RULE_HIGH));
    set_limit(c, HENG_LIMIT_HIGH_DEGREE_DAYS, "0");
    c->in.degree_days = some("0");
    assert_null(said(c, HENG_RULE_HIGH));
    c->in.degree_days = some("-1"); /* no degree days: by the day */
    assert_number(said(c, HENG_RULE_HIGH)->reference, "100000");
    c->in.degree_days = some("1000000");
    assert_number(said(c, HENG_RULE_HIGH)->reference, "100000");
    case_degree_days(c, "20", "10");
    for (int i = 9; i < CASE_PAST; i++) c->past_degree_days[i].is = false;
    assert_null(said(c, HENG_RULE_HIGH)); /* nine days with weather are too few */
}

static void test_zero(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 3, 0);
    const struct heng_verdict *v = said(c, HENG_RULE_ZERO);
    assert_int_equal(v->severity, HENG_SEVERITY_TASK);
    assert_number(v->seen, "3");
    assert_false(v->reference.is);
    int64_t one[1] = {1};
    day_set(&c->own.past[1], CASE_DAY - 2, 3, 1, one);
    assert_null(said(c, HENG_RULE_ZERO)); /* two days only */
    set_limit(c, HENG_LIMIT_ZERO_DAYS, "2");
    assert_non_null(said(c, HENG_RULE_ZERO));
    c->own.past[0].trust = HENG_TRUST_ESTIMATED;
    assert_null(said(c, HENG_RULE_ZERO));
    c->own.past[0].trust = HENG_TRUST_OVERRIDE; /* somebody confirmed it: still a day of nothing */
    assert_non_null(said(c, HENG_RULE_ZERO));
    c->in.degree_days = some("0");
    assert_null(said(c, HENG_RULE_ZERO)); /* summer */
    c->in.degree_days = some("0.5");
    assert_non_null(said(c, HENG_RULE_ZERO));
    c->in.degree_days = some("-1");
    assert_non_null(said(c, HENG_RULE_ZERO));
    c->own.links[0] = NULL;
    assert_null(said(c, HENG_RULE_ZERO));
}

/* Zero use with zero volume is vacancy, not stuck. */
static void test_zero_where_nobody_is_at_home(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 0);
    struct rules_channel *volume = case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -3, 1, 0);
    const struct heng_verdict *v = said(c, HENG_RULE_ZERO);
    assert_int_equal(v->severity, HENG_SEVERITY_TOLD);
    assert_number(v->reference, "0");
    assert_null(said(c, HENG_RULE_STUCK));
    int64_t some_water[1] = {10};
    day_set(&volume->day, CASE_DAY, -3, 1, some_water);
    v = said(c, HENG_RULE_ZERO);
    assert_int_equal(v->severity, HENG_SEVERITY_TASK);
    assert_number(v->reference, "0.01");
    day_trust(&volume->day, HENG_TRUST_MISSING);
    assert_false(said(c, HENG_RULE_ZERO)->reference.is); /* not known */
}

/* VE-C9: energy 812.40 four times, volume 4410.2, 4421.7, 4436.0, 4449.9. */
static void test_stuck(void **state)
{
    (void)state;
    static const int64_t volumes[3] = {139, 143, 115};
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 1, 0);
    struct rules_channel *volume = case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -1, 1, 0);
    day_set(&volume->day, CASE_DAY, -1, 1, &volumes[0]);
    day_set(&volume->past[0], CASE_DAY - 1, -1, 1, &volumes[1]);
    day_set(&volume->past[1], CASE_DAY - 2, -1, 1, &volumes[2]);
    const struct heng_verdict *v = said(c, HENG_RULE_STUCK);
    assert_number(v->seen, "0");
    assert_number(v->reference, "39.7"); /* 4449.9 - 4410.2 */
    assert_number(v->low, "1");
    set_limit(c, HENG_LIMIT_STUCK_LEAST, "39.7");
    assert_non_null(said(c, HENG_RULE_STUCK));
    set_limit(c, HENG_LIMIT_STUCK_LEAST, "39.701");
    assert_null(said(c, HENG_RULE_STUCK));
    set_limit(c, HENG_LIMIT_STUCK_LEAST, "1");
    int64_t one[1] = {1};
    day_set(&c->own.past[1], CASE_DAY - 2, 1, 1, one);
    assert_null(said(c, HENG_RULE_STUCK)); /* it moved */
    day_set(&c->own.past[1], CASE_DAY - 2, 1, 1, (int64_t[1]){0});
    day_trust(&volume->past[0], HENG_TRUST_ESTIMATED);
    assert_null(said(c, HENG_RULE_STUCK)); /* the water is a guess */
    day_trust(&volume->past[0], HENG_TRUST_VALID);
    volume->links[0] = NULL;
    assert_null(said(c, HENG_RULE_STUCK));
}

/* A water counter against the hours of flow, and against the energy. */
static void test_stuck_volume(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_M3, -2, 0);
    case_sibling(c, HENG_ROLE_TIME, HENG_UNIT_S, 0, 1, 1199);
    assert_null(said(c, HENG_RULE_STUCK));
    c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_M3, -2, 0);
    case_sibling(c, HENG_ROLE_TIME, HENG_UNIT_S, 0, 1, 1200); /* three days: an hour */
    assert_number(said(c, HENG_RULE_STUCK)->reference, "3600");
    c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_M3, -2, 0);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -2, 1, 1200); /* not its own kind */
    assert_null(said(c, HENG_RULE_STUCK));
    case_sibling(c, HENG_ROLE_ENERGY, HENG_UNIT_J, 6, 1, 18); /* 54 MJ are 15 kWh */
    assert_number(said(c, HENG_RULE_STUCK)->reference, "15");
}

static void test_estimated_long(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 10);
    day_trust(&c->own.day, HENG_TRUST_MISSING);
    for (int i = 0; i < 4; i++) day_trust(&c->own.past[i], HENG_TRUST_ESTIMATED);
    assert_null(said(c, HENG_RULE_ESTIMATED_LONG)); /* five */
    day_trust(&c->own.past[4], HENG_TRUST_MISSING);
    const struct heng_verdict *v = said(c, HENG_RULE_ESTIMATED_LONG);
    assert_number(v->seen, "6");
    assert_number(v->high, "5");
    c->own.links[2] = NULL; /* before that nothing is known */
    assert_null(said(c, HENG_RULE_ESTIMATED_LONG));
    c->own.links[2] = &c->own.past[2];
    day_trust(&c->own.day, HENG_TRUST_VALID); /* it is measured again */
    assert_null(said(c, HENG_RULE_ESTIMATED_LONG));
}

/* Ten times as much, and it stays: three days in a row. */
static void test_factor_from_the_past(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 20);
    int64_t tenfold[3] = {200, 170, 260};
    day_set(&c->own.day, CASE_DAY, 3, 1, &tenfold[0]);
    day_set(&c->own.past[0], CASE_DAY - 1, 3, 1, &tenfold[1]);
    assert_null(said(c, HENG_RULE_FACTOR)); /* two days: a cold weekend */
    day_set(&c->own.past[1], CASE_DAY - 2, 3, 1, &tenfold[2]);
    const struct heng_verdict *v = said(c, HENG_RULE_FACTOR);
    assert_number(v->seen, "200000");
    assert_number(v->reference, "20000");
    assert_int_equal(heng_channel_factor_near(v->seen.dec, v->reference.dec, dec("50")), HENG_FACTOR_TEN);
    case_today(c, 60); /* three times is something else */
    assert_null(said(c, HENG_RULE_FACTOR));
    case_today(c, 2); /* and a tenth today is not ten times yesterday */
    assert_null(said(c, HENG_RULE_FACTOR));
    case_today(c, 200);
    day_trust(&c->own.past[0], HENG_TRUST_ESTIMATED);
    assert_null(said(c, HENG_RULE_FACTOR));
    day_trust(&c->own.past[0], HENG_TRUST_VALID);
    c->own.past[0].exp = 2;
    assert_null(said(c, HENG_RULE_FACTOR));
    c->own.past[0].exp = 3;
    set_limit(c, HENG_LIMIT_FACTOR_LEAST, "20");
    assert_non_null(said(c, HENG_RULE_FACTOR));
    set_limit(c, HENG_LIMIT_FACTOR_LEAST, "20.001");
    assert_null(said(c, HENG_RULE_FACTOR));
    set_limit(c, HENG_LIMIT_FACTOR_LEAST, "20");
    c->in.own.past_count = 11; /* nine before the three */
    assert_null(said(c, HENG_RULE_FACTOR));
}

static void test_factor_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        bool fires;
    } rows[] = {{200, true},   {199, false},   {450, true},    {451, false},  {20, true},
                {19, false},   {45, true},     {46, false},    {4, true},     {5, false},
                {1, false},    {0, false},     {-300, false},  {20000, true}, {19999, false},
                {45000, true}, {45001, false}, {200000, true}, {3000, false}, {4500001, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 3000);
        day_set(&c->own.day, CASE_DAY, 3, 1, &rows[i].amount);
        day_set(&c->own.past[0], CASE_DAY - 1, 3, 1, &rows[i].amount);
        day_set(&c->own.past[1], CASE_DAY - 2, 3, 1, &rows[i].amount);
        if ((said(c, HENG_RULE_FACTOR) != NULL) != rows[i].fires) fail_msg("row %zu", i);
    }
}

/* With the weather taken out: ten times as much on a day ten times as cold is none. */
static void test_factor_and_weather(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 20);
    case_degree_days(c, "20", "20");
    int64_t tenfold[1] = {200};
    day_set(&c->own.day, CASE_DAY, 3, 1, tenfold);
    day_set(&c->own.past[0], CASE_DAY - 1, 3, 1, tenfold);
    day_set(&c->own.past[1], CASE_DAY - 2, 3, 1, tenfold);
    assert_non_null(said(c, HENG_RULE_FACTOR));
    c->past_degree_days[0] = some("200");
    assert_null(said(c, HENG_RULE_FACTOR));
    c->past_degree_days[0].is = false;
    assert_null(said(c, HENG_RULE_FACTOR));
}

static void test_status_of_the_day(void **state)
{
    (void)state;
    struct rules_case *c = daily(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 20);
    c->in.conditions = 1U << HENG_CONDITION_TAMPER;
    assert_int_equal(said(c, HENG_RULE_STATUS)->severity, HENG_SEVERITY_TASK);
    c->in.only = ~(UINT64_C(1) << HENG_RULE_STATUS);
    assert_null(said(c, HENG_RULE_STATUS));
}

/* Only what is asked for. */
static void test_only(void **state)
{
    (void)state;
    struct rules_case *c = hourly(spike_day);
    c->in.only = UINT64_C(1) << HENG_RULE_HIGH;
    assert_null(said(c, HENG_RULE_SPIKE));
    c->in.only = heng_rules_of_channel;
    assert_non_null(said(c, HENG_RULE_SPIKE));
    c->in.only = heng_rules_of_point;
    assert_null(said(c, HENG_RULE_SPIKE));
    assert_true((heng_rules_of_channel & heng_rules_of_group) == 0);
}

/* Ten times the amounts at a tenth of the limits: the same verdicts, with ten times the numbers. */
static void test_scale(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(7041);
    printf("seed %llu\n", (unsigned long long)seed);
    static struct rules_case one, ten;
    for (unsigned round = 0; round < 300; round++) {
        one = *hourly(spike_day);
        for (unsigned k = 0; k < 24; k++) one.own.day.amounts[k] = (int64_t)(next_random(&seed) % 2000);
        one.own.day.amount = 0;
        for (unsigned k = 0; k < 24; k++) one.own.day.amount += one.own.day.amounts[k];
        ten = one;
        struct rules_case *both[2] = {&one, &ten};
        for (unsigned b = 0; b < 2; b++) {
            both[b]->in.own.day = &both[b]->own.day;
            both[b]->in.own.past = both[b]->own.links;
            for (int i = 0; i < CASE_PAST; i++) both[b]->own.links[i] = &both[b]->own.past[i];
        }
        ten.own.day.exp++;
        for (int i = 0; i < CASE_PAST; i++) ten.own.past[i].exp++;
        static const heng_limit amounts[] = {HENG_LIMIT_SPIKE_LEAST, HENG_LIMIT_JUMP_LEAST, HENG_LIMIT_HIGH_LEAST,
                                             HENG_LIMIT_LOW_LEAST, HENG_LIMIT_FACTOR_LEAST};
        for (size_t i = 0; i < 5; i++) ten.set.limits[amounts[i]].exp++;
        said(&one, HENG_RULE_SPIKE);
        said(&ten, HENG_RULE_SPIKE);
        assert_int_equal(one.list.count, ten.list.count);
        for (unsigned i = 0; i < one.list.count; i++) {
            const struct heng_verdict *a = &one.list.items[i], *b = &ten.list.items[i];
            assert_int_equal(a->rule, b->rule);
            assert_int_equal(a->from_us, b->from_us);
            assert_int_equal(a->seen.dec.mantissa, b->seen.dec.mantissa);
            assert_int_equal(a->high.dec.mantissa, b->high.dec.mantissa);
            assert_int_equal(a->reference.dec.mantissa, b->reference.dec.mantissa);
            assert_int_equal(a->seen.dec.exp + 1, b->seen.dec.exp);
        }
    }
}

/* Anything may stand in a day: nothing breaks, equal inputs give equal bytes. */
static void test_anything(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(99021);
    printf("seed %llu\n", (unsigned long long)seed);
    static struct heng_verdicts first;
    for (unsigned round = 0; round < 3000; round++) {
        unsigned count = (unsigned)(next_random(&seed) % 4 == 0 ? 1 : next_random(&seed) % 2 ? 24 : 96);
        struct rules_case *c =
            case_of((heng_medium)(next_random(&seed) % HENG_MEDIUM_COUNT),
                    (heng_unit)(next_random(&seed) % HENG_UNIT_COUNT), (int)(next_random(&seed) % 49) - 30, count, 1);
        c->set.rules[HENG_RULE_FLAT].on = c->set.rules[HENG_RULE_JUMP].on = true;
        case_sibling(c, (heng_rules_role)(next_random(&seed) % 6), (heng_unit)(next_random(&seed) % HENG_UNIT_COUNT),
                     (int)(next_random(&seed) % 49) - 30, count, (int64_t)next_random(&seed));
        case_sibling(c, HENG_ROLE_TARIFF, c->in.own.unit, (int)(next_random(&seed) % 49) - 30, count,
                     (int64_t)next_random(&seed));
        unsigned shift = (unsigned)(next_random(&seed) % 64);
        for (int i = -1; i < CASE_PAST; i++) {
            struct heng_day_usage *day = i < 0 ? &c->own.day : &c->own.past[i];
            for (unsigned k = 0; k < count; k++) day->amounts[k] = (int64_t)next_random(&seed) >> shift;
            day->amount = (int64_t)next_random(&seed) >> shift;
            day->trust = (heng_trust)(1 + next_random(&seed) % 8);
            if (next_random(&seed) % 8) day->trust = HENG_TRUST_VALID;
        }
        for (unsigned k = 0; k < count; k++)
            if (next_random(&seed) % 16 == 0) c->own.day.trusts[k] = (uint8_t)(1 + next_random(&seed) % 8);
        for (unsigned k = (unsigned)(next_random(&seed) % 8); k > 0; k--)
            c->set.limits[next_random(&seed) % HENG_LIMIT_COUNT] =
                (struct heng_dec){(int64_t)(next_random(&seed) >> 1 >> next_random(&seed) % 63),
                                  (int8_t)((int)(next_random(&seed) % 28) - 9)};
        c->in.max_per_hour = (struct heng_opt_dec){true, {(int64_t)next_random(&seed), -30}};
        c->in.counter_amount = (struct heng_opt_dec){true, {(int64_t)next_random(&seed), 18}};
        c->in.flow_degc = (struct heng_opt_dec){next_random(&seed) % 2, {(int64_t)next_random(&seed), -17}};
        c->in.return_degc = (struct heng_opt_dec){next_random(&seed) % 2, {(int64_t)next_random(&seed) >> 20, -13}};
        if (next_random(&seed) % 2) case_degree_days(c, "12.5", "9");
        if (next_random(&seed) % 4 == 0) c->past_degree_days[3].dec = (struct heng_dec){INT64_MAX, 18};
        c->in.conditions = (heng_conditions)next_random(&seed) & HENG_CONDITIONS_ALL;
        said(c, HENG_RULE_HIGH);
        memcpy(&first, &c->list, sizeof first);
        memset(&c->list, 0xA5, sizeof c->list);
        said(c, HENG_RULE_HIGH);
        assert_memory_equal(&first, &c->list, sizeof first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_even_day_is_fine),
        cmocka_unit_test(test_spike),
        cmocka_unit_test(test_spike_needs_something_to_compare_with),
        cmocka_unit_test(test_spike_of_days),
        cmocka_unit_test(test_spike_that_does_not_fit),
        cmocka_unit_test(test_jump),
        cmocka_unit_test(test_jump_over_midnight),
        cmocka_unit_test(test_interval_size_and_missing),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_sum),
        cmocka_unit_test(test_high),
        cmocka_unit_test(test_high_on_a_long_day),
        cmocka_unit_test(test_high_needs_history),
        cmocka_unit_test(test_a_person_is_not_asked_again),
        cmocka_unit_test(test_low),
        cmocka_unit_test(test_high_by_degree_days),
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_zero_where_nobody_is_at_home),
        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_stuck_volume),
        cmocka_unit_test(test_estimated_long),
        cmocka_unit_test(test_factor_from_the_past),
        cmocka_unit_test(test_factor_limits),
        cmocka_unit_test(test_factor_and_weather),
        cmocka_unit_test(test_status_of_the_day),
        cmocka_unit_test(test_only),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
