/* Flow that never stops at night. */
#include "tests/unit/vee/rules_case.h"

/* Five litres an hour that never stop. */
static void test_night_flow(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -4, 96, 13); /* 1.3 l a quarter */
    const struct heng_verdict *v = said(c, HENG_RULE_NIGHT_FLOW);
    assert_number(v->seen, "0.0052");
    assert_number(v->high, "0.005");
    assert_number(v->reference, "3");
    assert_int_equal(v->from_us, c->in.from_us + 120 * INT64_C(60000000));
    assert_int_equal(v->to_us, c->in.from_us + 300 * INT64_C(60000000));
    c->own.past[1].amounts[14] -= 3; /* an hour of 4.9 litres three nights ago */
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.past[1].amounts[14] += 3;
    c->own.day.amounts[19] = 0; /* the last quarter before 05:00 */
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.day.amounts[19] = 13;
    c->own.day.amounts[7] = c->own.day.amounts[20] = 0; /* before and behind */
    assert_non_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.past[2].amounts[14] = 0; /* four nights ago */
    assert_non_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.past[1].trusts[14] = HENG_TRUST_MISSING;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.past[1].trusts[14] = HENG_TRUST_ESTIMATED;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.past[1].trusts[14] = HENG_TRUST_VALID;
    c->own.past[1].exp = -3;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->own.past[1].exp = -4;
    c->own.links[1] = NULL;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
}

/* A counter of ten litres steps now and then: what counts is the hour. */
static void test_night_flow_of_a_coarse_counter(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -2, 96, 0);
    for (unsigned k = 0; k < 96; k += 4) {
        c->own.day.amounts[k + 1] = 1;
        c->own.past[0].amounts[k + 2] = 1;
        c->own.past[1].amounts[k + 3] = 1;
    }
    assert_number(said(c, HENG_RULE_NIGHT_FLOW)->seen, "0.01");
    c->own.day.amounts[13] = 0;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    set_limit(c, HENG_LIMIT_NIGHT_FLOW_FLOW, "0");
    assert_null(said(c, HENG_RULE_NIGHT_FLOW)); /* nothing is never a flow */
}

static void test_night_flow_needs_nights(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -3, 24, 10);
    assert_non_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.start_minute = 480; /* the night lies at the end of a day from 08:00 */
    assert_int_equal(said(c, HENG_RULE_NIGHT_FLOW)->from_us, c->in.from_us + (16 + 2) * INT64_C(3600000000));
    c->in.start_minute = 270; /* cut at 04:30: from 02:00 there is enough, at the end of the day */
    assert_non_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.start_minute = 170; /* 50 minutes are left */
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.start_minute = 0;
    set_limit(c, HENG_LIMIT_NIGHT_FLOW_TO, "180"); /* one hour is enough */
    assert_non_null(said(c, HENG_RULE_NIGHT_FLOW));
    set_limit(c, HENG_LIMIT_NIGHT_FLOW_TO, "179");
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    set_limit(c, HENG_LIMIT_NIGHT_FLOW_TO, "300");
    c->in.start_minute = -1;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.start_minute = 1440;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.start_minute = 0;
    day_even(&c->own.day, CASE_DAY, -3, 25, 10);
    assert_null(said(c, HENG_RULE_NIGHT_FLOW)); /* a day of 25 hours */
    c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -3, 1, 500);
    assert_null(said(c, HENG_RULE_NIGHT_FLOW)); /* a day is no night */
    c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_WH, 3, 24, 10);
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -3, 24, 10);
    c->in.minutes = 0;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.minutes = 7;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
    c->in.minutes = 60;
    c->own.day.amounts[2] = INT64_MAX;
    assert_non_null(said(c, HENG_RULE_NIGHT_FLOW));
    c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -3, 48, 10);
    c->own.day.amounts[4] = c->own.day.amounts[5] = INT64_MAX;
    assert_null(said(c, HENG_RULE_NIGHT_FLOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_night_flow),
        cmocka_unit_test(test_night_flow_of_a_coarse_counter),
        cmocka_unit_test(test_night_flow_needs_nights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
