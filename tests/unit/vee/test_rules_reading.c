/* Rules on a reading when it comes: when, from whom, in what. */
#include "tests/unit/vee/rules_case.h"

static struct heng_rule_set set;
static struct heng_verdicts list;

/* Noon of 2026-11-21, of a device that serves since 2020: nothing to say. */
static struct heng_rules_reading good(void)
{
    struct heng_rules_reading in;
    heng_us noon = 0, installed = 0;
    memset(&in, 0, sizeof in);
    assert_int_equal(heng_us_parse("2026-11-21T12:00:00Z", &noon, NULL), HENG_OK);
    assert_int_equal(heng_us_parse("2020-05-01T08:00:00Z", &installed, NULL), HENG_OK);
    in.at_us = in.came_us = noon;
    in.known_from_us = in.serves_from_us = in.open_from_us = installed;
    in.serves_to_us = in.open_to_us = HENG_US_NEVER;
    in.is_declared = true;
    in.unit = in.configured_unit = HENG_UNIT_WH;
    return in;
}

static bool check(const struct heng_rules_reading *in)
{
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    heng_verdicts_clear(&list);
    return heng_rules_check_reading(&set, in, &list);
}

static const struct heng_verdict *only(heng_rule rule)
{
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].rule, rule);
    return &list.items[0];
}

static void test_a_good_one(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    assert_true(check(&in));
    assert_int_equal(list.count, 0);
}

/* From tomorrow: not used, and told how far ahead it is. Clocks may be a little fast. */
static void test_future(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    in.at_us = in.came_us + 300 * HENG_US_PER_S;
    assert_true(check(&in));
    in.at_us++;
    assert_false(check(&in));
    in.at_us = in.came_us + HENG_US_PER_DAY;
    assert_false(check(&in));
    assert_number(only(HENG_RULE_FUTURE)->seen, "86400");
    in.at_us = INT64_MAX;
    in.came_us = INT64_MIN;
    assert_false(check(&in));
    assert_non_null(find(&list, HENG_RULE_FUTURE));
}

/* From the year 2000, or from before the meter was there. Who served the point then is not asked as well. */
static void test_ancient(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    assert_int_equal(heng_us_parse("2000-01-01T00:00:00Z", &in.at_us, NULL), HENG_OK);
    assert_false(check(&in));
    only(HENG_RULE_ANCIENT);
    in.at_us = in.known_from_us - 1;
    assert_false(check(&in));
    assert_number(only(HENG_RULE_ANCIENT)->seen, "-0.000001");
    in.at_us = in.known_from_us;
    assert_true(check(&in));
    in.known_from_us = in.serves_from_us = in.open_from_us = 0;
    assert_int_equal(heng_us_parse("2010-01-01T00:00:00Z", &in.at_us, NULL), HENG_OK);
    assert_true(check(&in));
    in.at_us--;
    assert_false(check(&in));
    in.at_us = INT64_MIN;
    assert_false(check(&in));
}

/* VE-C12: 12, 75, 260, 4000 s with limits 60, 180, 3600. */
static void test_clock_drift(void **state)
{
    (void)state;
    static const struct {
        int64_t drift_us;
        heng_clock_action action;
    } rows[] = {{12000000, HENG_CLOCK_OK},      {75000000, HENG_CLOCK_SYNC},
                {260000000, HENG_CLOCK_FLAG},   {4000000000, HENG_CLOCK_REJECT},
                {60000000, HENG_CLOCK_OK},      {60000001, HENG_CLOCK_SYNC},
                {180000000, HENG_CLOCK_SYNC},   {180000001, HENG_CLOCK_FLAG},
                {3600000000, HENG_CLOCK_FLAG},  {3600000001, HENG_CLOCK_REJECT},
                {-75000000, HENG_CLOCK_SYNC},   {-4000000000, HENG_CLOCK_REJECT},
                {INT64_MIN, HENG_CLOCK_REJECT}, {0, HENG_CLOCK_OK}};
    static const char *const highs[] = {"", "60", "180", "3600"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heng_rules_reading in = good();
        in.has_drift = true;
        in.drift_us = rows[i].drift_us;
        bool used = check(&in);
        assert_int_equal(heng_rules_clock(&set, rows[i].drift_us), rows[i].action);
        assert_int_equal(used, rows[i].action != HENG_CLOCK_REJECT);
        if (rows[i].action == HENG_CLOCK_OK) {
            assert_int_equal(list.count, 0);
            continue;
        }
        const struct heng_verdict *v = only(HENG_RULE_CLOCK);
        assert_number(v->high, highs[rows[i].action]);
        assert_int_equal(v->severity, rows[i].action == HENG_CLOCK_SYNC ? HENG_SEVERITY_TOLD : HENG_SEVERITY_TASK);
        assert_int_equal(v->seen.dec.mantissa, rows[i].drift_us);
    }
}

static void test_a_rule_that_is_off_stops_nothing(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    check(&in);
    set.rules[HENG_RULE_CLOCK].on = set.rules[HENG_RULE_FUTURE].on = set.rules[HENG_RULE_UNDECLARED].on = false;
    set.rules[HENG_RULE_UNIT].on = set.rules[HENG_RULE_MULTIPLIER].on = set.rules[HENG_RULE_INTERVAL_SIZE].on = false;
    set.rules[HENG_RULE_STATUS].on = false;
    in.has_drift = true;
    in.drift_us = 4000000000;
    in.at_us += HENG_US_PER_DAY;
    in.is_declared = false;
    in.unit = HENG_UNIT_M3;
    in.multiplier = some("1");
    in.configured_multiplier = some("2");
    in.interval_s = 1;
    in.configured_interval_s = 2;
    in.conditions = 1;
    assert_true(heng_rules_check_reading(&set, &in, &list));
    assert_int_equal(list.count, 0);
}

static void test_identity(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    in.serves_to_us = in.at_us + 1;
    assert_true(check(&in));
    in.serves_to_us = in.at_us;
    assert_false(check(&in));
    only(HENG_RULE_WRONG_DEVICE);
    in = good();
    in.serves_from_us = in.at_us + 1;
    assert_false(check(&in));
    only(HENG_RULE_WRONG_DEVICE);
    in = good();
    in.open_to_us = in.at_us;
    assert_false(check(&in));
    only(HENG_RULE_INACTIVE);
    in.open_to_us = in.at_us + 1;
    in.open_from_us = in.at_us;
    assert_true(check(&in));
    in.open_from_us = in.at_us + 1;
    assert_false(check(&in));
    in = good();
    in.is_declared = false;
    assert_false(check(&in));
    only(HENG_RULE_UNDECLARED);
}

static void test_units(void **state)
{
    (void)state;
    static const struct {
        heng_unit unit, configured;
        bool fits;
    } rows[] = {{HENG_UNIT_J, HENG_UNIT_WH, true},       {HENG_UNIT_CAL, HENG_UNIT_J, true},
                {HENG_UNIT_M3, HENG_UNIT_GAL, true},     {HENG_UNIT_M3, HENG_UNIT_WH, false},
                {HENG_UNIT_M3, HENG_UNIT_KG, false},     {HENG_UNIT_KG, HENG_UNIT_M3, false},
                {HENG_UNIT_VARH, HENG_UNIT_WH, false},   {HENG_UNIT_WH, HENG_UNIT_VAH, false},
                {HENG_UNIT_HCA, HENG_UNIT_HCA, true},    {HENG_UNIT_HCA, HENG_UNIT_S, false},
                {HENG_UNIT_UNKNOWN, HENG_UNIT_WH, true}, {HENG_UNIT_WH, HENG_UNIT_UNKNOWN, true},
                {HENG_UNIT_VAH, HENG_UNIT_WH, false},    {HENG_UNIT_WH, HENG_UNIT_VARH, false},
                {HENG_UNIT_COUNT, HENG_UNIT_WH, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heng_rules_reading in = good();
        in.unit = rows[i].unit;
        in.configured_unit = rows[i].configured;
        assert_int_equal(check(&in), rows[i].fits);
        assert_int_equal(list.count, !rows[i].fits);
        if (!rows[i].fits) assert_int_equal(only(HENG_RULE_UNIT)->severity, HENG_SEVERITY_FATAL);
    }
}

static void test_multiplier_and_interval(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    in.multiplier = some("60");
    in.configured_multiplier = some("60.0");
    assert_true(check(&in));
    assert_int_equal(list.count, 0);
    in.configured_multiplier = some("80");
    assert_true(check(&in)); /* billing stops; the index itself is right */
    assert_number(only(HENG_RULE_MULTIPLIER)->seen, "60");
    assert_number(only(HENG_RULE_MULTIPLIER)->reference, "80");
    in.configured_multiplier.is = false;
    assert_true(check(&in));
    assert_int_equal(list.count, 0);
    in.interval_s = 900;
    check(&in);
    assert_int_equal(list.count, 0);
    in.configured_interval_s = 900;
    check(&in);
    assert_int_equal(list.count, 0);
    in.configured_interval_s = 3600;
    check(&in);
    assert_number(only(HENG_RULE_INTERVAL_SIZE)->seen, "900");
    assert_number(only(HENG_RULE_INTERVAL_SIZE)->reference, "3600");
}

static void test_status(void **state)
{
    (void)state;
    struct heng_rules_reading in = good();
    in.conditions = 1U << HENG_CONDITION_BATTERY_LOW;
    assert_true(check(&in));
    assert_int_equal(only(HENG_RULE_STATUS)->severity, HENG_SEVERITY_TOLD);
    in.conditions |= 1U << HENG_CONDITION_TAMPER;
    assert_true(check(&in));
    assert_int_equal(only(HENG_RULE_STATUS)->severity, HENG_SEVERITY_TASK);
    assert_number(only(HENG_RULE_STATUS)->seen, "513"); /* bits 0 and 9 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_one),
        cmocka_unit_test(test_future),
        cmocka_unit_test(test_ancient),
        cmocka_unit_test(test_clock_drift),
        cmocka_unit_test(test_a_rule_that_is_off_stops_nothing),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_multiplier_and_interval),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
