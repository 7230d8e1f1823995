/* Rules that look at other registers of a point, and at other points. */
#include "tests/unit/vee/rules_case.h"

#include <stdio.h>

static struct rules_case *heat(int64_t tenth_kwh) { return case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 2, 1, tenth_kwh); }

/* VE-C10: 118 kWh, 4.62 m3, 61.8 and 39.9 degC. */
static struct rules_case *physics(const char *energy_kwh)
{
    struct heng_dec e = dec(energy_kwh);
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, e.exp + 3, 1, e.mantissa);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -2, 1, 462);
    c->in.flow_degc = some("61.8");
    c->in.return_degc = some("39.9");
    return c;
}

static void test_physics(void **state)
{
    (void)state;
    struct rules_case *c = physics("118");
    assert_null(said(c, HENG_RULE_PHYSICS)); /* 1.0028 */
    assert_int_equal(c->list.count, 0);
    assert_null(said(physics("141.2"), HENG_RULE_PHYSICS));
    c = physics("141.3"); /* 120 % of 117.670014 are 141.204 */
    const struct heng_verdict *v = said(c, HENG_RULE_PHYSICS);
    assert_number(v->seen, "141.3");
    assert_rounded(v->reference.dec, 2, "117.67");
    assert_rounded(v->high.dec, 2, "141.20");
    assert_rounded(v->low.dec, 2, "94.14");
    assert_non_null(said(physics("94.1"), HENG_RULE_PHYSICS));
    assert_null(said(physics("94.2"), HENG_RULE_PHYSICS));
}

static void test_physics_needs_heat(void **state)
{
    (void)state;
    struct rules_case *c = physics("60");
    assert_non_null(said(c, HENG_RULE_PHYSICS));
    c->in.return_degc = some("58.8"); /* 3 K: 3.7 times */
    assert_non_null(said(c, HENG_RULE_FACTOR));
    c->in.return_degc = some("58.9"); /* 2.9 K: too little to say */
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    set_limit(c, HENG_LIMIT_PHYSICS_LEAST, "118");
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->in.flow_degc.is = false;
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->in.return_degc.is = false;
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    day_trust(&c->others[0].day, HENG_TRUST_MISSING);
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->siblings[0].series.day = NULL;
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->siblings[0].series.unit = HENG_UNIT_WH;
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->in.own.unit = HENG_UNIT_M3;
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->own.day.trust = HENG_TRUST_EDITED;
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->in.flow_degc = (struct heng_opt_dec){true, {INT64_MIN, 0}};
    c->in.return_degc = some("0");
    assert_null(said(c, HENG_RULE_PHYSICS));
    c = physics("60");
    c->in.sibling_count = 0;
    assert_null(said(c, HENG_RULE_PHYSICS));
}

/* What cools returns warmer; what does both may be either. */
static void test_physics_of_cooling(void **state)
{
    (void)state;
    struct rules_case *c = physics("60");
    c->in.flow_degc = some("6");
    c->in.return_degc = some("12");
    c->in.medium = HENG_MEDIUM_COOLING;
    assert_rounded(said(c, HENG_RULE_PHYSICS)->reference.dec, 3, "32.238");
    assert_null(said(c, HENG_RULE_TEMPERATURE));
    c->in.medium = HENG_MEDIUM_HEAT_COOLING;
    assert_non_null(said(c, HENG_RULE_PHYSICS));
    assert_null(said(c, HENG_RULE_TEMPERATURE));
    c->in.medium = HENG_MEDIUM_HEAT;
    assert_null(said(c, HENG_RULE_PHYSICS));
    assert_non_null(said(c, HENG_RULE_TEMPERATURE));
    c->in.medium = HENG_MEDIUM_COOLING_OUTLET;
    assert_null(said(c, HENG_RULE_TEMPERATURE));
    c->in.medium = HENG_MEDIUM_COOLING_INLET;
    assert_null(said(c, HENG_RULE_TEMPERATURE));
}

/* VE-C11: 424.8, 0.118 and 1180 against 117.67. A factor is said instead of a wrong sum. */
static void test_factor(void **state)
{
    (void)state;
    static const struct {
        const char *registered, *ratio, *words;
    } rows[] = {{"424.8", "3.610", "MJ read as kWh"}, {"0.118", "0.001", "MWh read as kWh"}, {"1180", "10.028", "x10"}};
    for (unsigned i = 0; i < 3; i++) {
        struct rules_case *c = physics(rows[i].registered);
        const struct heng_verdict *v = said(c, HENG_RULE_FACTOR);
        assert_non_null(v);
        assert_null(find(&c->list, HENG_RULE_PHYSICS));
        assert_int_equal(v->severity, HENG_SEVERITY_FATAL);
        heng_channel_factor factor = heng_channel_factor_near(v->seen.dec, v->reference.dec, dec("5"));
        assert_string_equal(heng_channel_factor_text(factor), rows[i].words);
        struct heng_dec ratio;
        assert_int_equal(heng_dec_shift(v->seen.dec, 0, &ratio), HENG_OK);
        ratio.mantissa = ratio.mantissa * 100000 / (v->reference.dec.mantissa / 10); /* four places and two more */
        ratio.exp = -6;
        assert_rounded(ratio, 3, rows[i].ratio);
        c->set.rules[HENG_RULE_FACTOR].on = false;
        assert_non_null(said(c, HENG_RULE_PHYSICS));
        c->set.rules[HENG_RULE_PHYSICS].on = false;
        assert_null(said(c, HENG_RULE_PHYSICS));
        assert_int_equal(c->list.count, i == 1); /* hardly any heat, that is */
        c->set.rules[HENG_RULE_FACTOR].on = true;
        assert_non_null(said(c, HENG_RULE_FACTOR));
    }
}

static void test_factor_near(void **state)
{
    (void)state;
    static const struct {
        const char *seen, *expected;
        heng_channel_factor factor;
    } rows[] = {{"360", "100", HENG_FACTOR_MJ_AS_KWH},    {"342", "100", HENG_FACTOR_MJ_AS_KWH},
                {"341.9", "100", HENG_FACTOR_COUNT},      {"378", "100", HENG_FACTOR_MJ_AS_KWH},
                {"378.1", "100", HENG_FACTOR_COUNT},      {"27.8", "100", HENG_FACTOR_KWH_AS_MJ},
                {"100000", "100", HENG_FACTOR_WH_AS_KWH}, {"0.36", "100", HENG_FACTOR_GJ_AS_KWH},
                {"27777", "100", HENG_FACTOR_KWH_AS_GJ},  {"85984", "100", HENG_FACTOR_KCAL_AS_KWH},
                {"1000", "100", HENG_FACTOR_TEN},         {"10000", "100", HENG_FACTOR_HUNDRED},
                {"10", "100", HENG_FACTOR_TENTH},         {"1", "100", HENG_FACTOR_HUNDREDTH},
                {"0.1", "100", HENG_FACTOR_MWH_AS_KWH},   {"100", "100", HENG_FACTOR_COUNT},
                {"100", "0", HENG_FACTOR_COUNT},          {"100", "-10", HENG_FACTOR_COUNT},
                {"-1000", "100", HENG_FACTOR_COUNT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (heng_channel_factor_near(dec(rows[i].seen), dec(rows[i].expected), dec("5")) != rows[i].factor)
            fail_msg("%s / %s", rows[i].seen, rows[i].expected);
    assert_string_equal(heng_channel_factor_text(HENG_FACTOR_COUNT), "none");
    struct heng_dec huge = {INT64_MAX, 18}, tiny = {1, -30};
    assert_int_equal(heng_channel_factor_near(huge, tiny, dec("5")), HENG_FACTOR_COUNT);
    assert_int_equal(heng_channel_factor_near(tiny, huge, dec("5")), HENG_FACTOR_COUNT);
}

static void test_temperature(void **state)
{
    (void)state;
    static const struct {
        const char *flow, *back;
        bool fires;
    } rows[] = {{"150", "40", false}, {"150.1", "40", true}, {"60", "0", false}, {"60", "-0.1", true},
                {"40", "43", false},  {"40", "43.1", true},  {"-1", "-2", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rules_case *c = heat(10);
        c->in.flow_degc = some(rows[i].flow);
        c->in.return_degc = some(rows[i].back);
        if ((said(c, HENG_RULE_TEMPERATURE) != NULL) != rows[i].fires) fail_msg("row %zu", i);
    }
    struct rules_case *c = heat(10);
    c->in.flow_degc = some("151");
    const struct heng_verdict *v = said(c, HENG_RULE_TEMPERATURE);
    assert_number(v->seen, "151");
    assert_number(v->low, "0");
    assert_number(v->high, "150");
    c->in.flow_degc = some("40");
    c->in.return_degc = some("44");
    v = said(c, HENG_RULE_TEMPERATURE);
    assert_number(v->seen, "-4");
    assert_number(v->low, "-3");
    assert_number(v->reference, "40");
    struct rules_channel *volume = case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -2, 1, 0);
    assert_null(said(c, HENG_RULE_TEMPERATURE)); /* standing water has the temperature of the room */
    volume->day.amount = 1;
    assert_non_null(said(c, HENG_RULE_TEMPERATURE));
    c->in.only = UINT64_C(1) << HENG_RULE_SUM;
    assert_null(said(c, HENG_RULE_TEMPERATURE));
    c->in.only = 0;
    c->set.rules[HENG_RULE_TEMPERATURE].on = false;
    c->in.flow_degc = some("400");
    assert_null(said(c, HENG_RULE_TEMPERATURE));
}

/* 10 m3 that give off 3 K x 1.163 x 10 = 34.89 kWh. */
static void test_low_spread(void **state)
{
    (void)state;
    struct rules_case *c = heat(349);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, 0, 1, 10);
    assert_null(said(c, HENG_RULE_LOW_SPREAD));
    c = heat(348);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, 0, 1, 10);
    const struct heng_verdict *v = said(c, HENG_RULE_LOW_SPREAD);
    assert_rounded(v->seen.dec, 2, "2.99");
    assert_number(v->low, "3");
    assert_number(v->reference, "10");
    set_limit(c, HENG_LIMIT_LOW_SPREAD_LEAST, "10.1");
    assert_null(said(c, HENG_RULE_LOW_SPREAD));
    c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 0, 1, 34890); /* 3 K to the last digit */
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, 0, 1, 10);
    assert_null(said(c, HENG_RULE_LOW_SPREAD));
    c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 0, 1, 34889);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, 0, 1, 10);
    assert_non_null(said(c, HENG_RULE_LOW_SPREAD));
    c = heat(348);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, 0, 1, 0);
    set_limit(c, HENG_LIMIT_LOW_SPREAD_LEAST, "0");
    assert_null(said(c, HENG_RULE_LOW_SPREAD));
    c = heat(-1);
    case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, 0, 1, 10);
    assert_null(said(c, HENG_RULE_LOW_SPREAD));
}

static void test_register_sum(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 1, 1, 1000); /* 10.00 kWh */
    case_sibling(c, HENG_ROLE_TARIFF, HENG_UNIT_WH, 1, 1, 600);
    struct rules_channel *valley = case_sibling(c, HENG_ROLE_TARIFF, HENG_UNIT_WH, 1, 1, 395);
    assert_null(said(c, HENG_RULE_REGISTER_SUM)); /* 0.5 % */
    valley->day.amount = 394;
    const struct heng_verdict *v = said(c, HENG_RULE_REGISTER_SUM);
    assert_number(v->seen, "9940");
    assert_number(v->reference, "10000");
    assert_number(v->high, "50");
    set_limit(c, HENG_LIMIT_REGISTER_SUM_AMOUNT, "0.06");
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
    set_limit(c, HENG_LIMIT_REGISTER_SUM_AMOUNT, "0.065");
    valley->day.amount = 393;
    assert_non_null(said(c, HENG_RULE_REGISTER_SUM));
    valley->day.amount = 394;
    set_limit(c, HENG_LIMIT_REGISTER_SUM_AMOUNT, "0");
    set_limit(c, HENG_LIMIT_REGISTER_SUM_STEPS, "2"); /* three registers, two steps each */
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
    valley->day.amount = 406; /* above as well */
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
    valley->day.amount = 407;
    assert_non_null(said(c, HENG_RULE_REGISTER_SUM));
    c->siblings[1].series.unit = HENG_UNIT_J;
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
    c->siblings[1].series.unit = HENG_UNIT_WH;
    day_trust(&valley->day, HENG_TRUST_MISSING);
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
    c->siblings[1].series.day = NULL;
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
    c->siblings[1].role = HENG_ROLE_OTHER;
    assert_non_null(said(c, HENG_RULE_REGISTER_SUM)); /* only 6 of 10 kWh are left */
    day_trust(&c->own.day, HENG_TRUST_MISSING);
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
}

/* Finer parts of a coarse total: each may hide what the total has not shown yet. */
static void test_register_sum_of_other_resolution(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 3, 1, 10);
    struct rules_channel *fine = case_sibling(c, HENG_ROLE_TARIFF, HENG_UNIT_WH, 0, 1, 12000);
    assert_null(said(c, HENG_RULE_REGISTER_SUM)); /* two registers, a step of a kWh each */
    fine->day.amount = 12001;
    assert_non_null(said(c, HENG_RULE_REGISTER_SUM));
    c->own.day.amount = -10;
    fine->day.amount = -12000;
    assert_null(said(c, HENG_RULE_REGISTER_SUM));
}

static void test_sibling(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 3, 24, 5);
    struct rules_channel *other = case_sibling(c, HENG_ROLE_OTHER, HENG_UNIT_M3, -3, 24, 7);
    case_sibling(c, HENG_ROLE_OTHER, HENG_UNIT_M3, -3, 24, 7);
    c->siblings[1].series.day = NULL;
    assert_null(said(c, HENG_RULE_SIBLING));
    for (unsigned i = 0; i < 23; i++) day_lose(&c->own.day, i);
    assert_null(said(c, HENG_RULE_SIBLING)); /* one value is not none */
    day_lose(&c->own.day, 23);
    for (unsigned i = 0; i < 4; i++) day_lose(&other->day, i);
    assert_number(said(c, HENG_RULE_SIBLING)->reference, "20");
    day_trust(&other->day, HENG_TRUST_MISSING);
    assert_null(said(c, HENG_RULE_SIBLING)); /* the whole device is silent */
    c->own.day.count = c->own.day.missing = 0;
    assert_null(said(c, HENG_RULE_SIBLING));
}

static void test_reverse_flow(void **state)
{
    (void)state;
    struct rules_case *c = case_of(HENG_MEDIUM_COLD_WATER, HENG_UNIT_M3, -3, 1, 500);
    c->set.rules[HENG_RULE_STATUS].on = false;
    struct rules_channel *back = case_sibling(c, HENG_ROLE_BACKWARD, HENG_UNIT_M3, -3, 1, 99);
    assert_null(said(c, HENG_RULE_REVERSE_FLOW));
    back->day.amount = 100;
    const struct heng_verdict *v = said(c, HENG_RULE_REVERSE_FLOW);
    assert_number(v->seen, "0.1");
    assert_number(v->high, "0.1");
    set_limit(c, HENG_LIMIT_REVERSE_FLOW_LEAST, "0");
    back->day.amount = 0;
    assert_null(said(c, HENG_RULE_REVERSE_FLOW));
    day_trust(&back->day, HENG_TRUST_MISSING);
    assert_null(said(c, HENG_RULE_REVERSE_FLOW));
    c->siblings[0].series.day = NULL;
    assert_null(said(c, HENG_RULE_REVERSE_FLOW));
    c->in.conditions = 1U << HENG_CONDITION_REVERSE_FLOW; /* the device says so */
    v = said(c, HENG_RULE_REVERSE_FLOW);
    assert_non_null(v);
    assert_false(v->seen.is);
}

/* Nine flats by m2: median 100, quartiles 90 and 110. */
static void test_neighbours(void **state)
{
    (void)state;
    static const int64_t nine[9] = {40, 80, 90, 95, 100, 105, 110, 120, 300};
    struct heng_rules_neighbours n = {nine, 9, -2, 160};
    struct rules_case *c = heat(100);
    c->in.neighbours = &n;
    assert_null(said(c, HENG_RULE_NEIGHBOURS)); /* three times 20 above */
    n.own = 161;
    const struct heng_verdict *v = said(c, HENG_RULE_NEIGHBOURS);
    assert_number(v->seen, "1.61");
    assert_number(v->reference, "1.00");
    assert_number(v->high, "1.60");
    assert_number(v->low, "0.40");
    n.own = 40;
    assert_null(said(c, HENG_RULE_NEIGHBOURS));
    n.own = 39;
    assert_non_null(said(c, HENG_RULE_NEIGHBOURS));
    n.count = 4;
    assert_null(said(c, HENG_RULE_NEIGHBOURS)); /* too few */
    n.count = 0;
    assert_null(said(c, HENG_RULE_NEIGHBOURS));
    n.count = 8; /* two middle ones: 97.5; quartiles 80 .. 110 wait at equal distance: 90, 110 */
    n.own = 190;
    assert_number(said(c, HENG_RULE_NEIGHBOURS)->reference, "0.975");
    c->own.day.trust = HENG_TRUST_ESTIMATED;
    assert_null(said(c, HENG_RULE_NEIGHBOURS));
}

/* Who all use the same may differ by half. */
static void test_neighbours_without_spread(void **state)
{
    (void)state;
    static const int64_t same[6] = {100, 100, 100, 100, 100, 100}, none[5] = {0, 0, 0, 0, 900};
    struct heng_rules_neighbours n = {same, 6, 0, 150};
    struct rules_case *c = heat(100);
    c->in.neighbours = &n;
    assert_null(said(c, HENG_RULE_NEIGHBOURS));
    set_limit(c, HENG_LIMIT_NEIGHBOURS_PERCENT, "49.9"); /* 149.9 */
    n.own = 149;
    assert_null(said(c, HENG_RULE_NEIGHBOURS));
    n.own = 150;
    assert_non_null(said(c, HENG_RULE_NEIGHBOURS));
    set_limit(c, HENG_LIMIT_NEIGHBOURS_PERCENT, "50");
    n.own = 151;
    assert_non_null(said(c, HENG_RULE_NEIGHBOURS));
    n = (struct heng_rules_neighbours){none, 5, 0, 500};
    assert_null(said(c, HENG_RULE_NEIGHBOURS)); /* a house that stands empty */
    static const int64_t huge[5] = {INT64_MAX - 4, INT64_MAX - 3, INT64_MAX - 2, INT64_MAX - 1, INT64_MAX};
    n = (struct heng_rules_neighbours){huge, 5, 0, 5};
    assert_non_null(said(c, HENG_RULE_NEIGHBOURS));
    assert_false(find(&c->list, HENG_RULE_NEIGHBOURS)->reference.is);
    static const int64_t wide[5] = {1, 2, 3, INT64_MAX - 1, INT64_MAX};
    n = (struct heng_rules_neighbours){wide, 5, 0, 5};
    assert_null(said(c, HENG_RULE_NEIGHBOURS));
}

/* In whatever order they come: the same verdict. */
static void test_neighbours_in_any_order(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(1313);
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 300; round++) {
        int64_t first[40], values[40];
        unsigned count = (unsigned)(next_random(&seed) % 41);
        for (unsigned i = 0; i < count; i++) first[i] = values[i] = (int64_t)(next_random(&seed) % 50) - 5;
        heng_rules_sort(first, count);
        for (unsigned i = 1; i < count; i++) assert_true(first[i - 1] <= first[i]);
        for (unsigned i = count; i > 1; i--) {
            unsigned k = (unsigned)(next_random(&seed) % i);
            int64_t kept = values[k];
            values[k] = values[i - 1];
            values[i - 1] = kept;
        }
        heng_rules_sort(values, count);
        assert_memory_equal(first, values, count * sizeof values[0]);
    }
}

static struct heng_verdicts list;

static const struct heng_verdict *balance(const char *main, const char *sum)
{
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    heng_verdicts_clear(&list);
    heng_rules_check_balance(&set, 1, 2, dec(main), dec(sum), &list);
    return find(&list, HENG_RULE_BALANCE);
}

/* VE-C14: 512.40 in, 481.15 out: 31.25 lost, 6.10 %, within -2 .. 15. */
static void test_balance(void **state)
{
    (void)state;
    assert_null(balance("512.40", "481.15"));
    assert_null(balance("100", "85"));
    const struct heng_verdict *v = balance("100", "84.9");
    assert_number(v->seen, "15.1");
    assert_number(v->low, "-2");
    assert_number(v->high, "15");
    assert_number(v->reference, "100");
    assert_null(balance("100", "102"));
    assert_number(balance("100", "102.01")->seen, "-2.01");
    assert_null(balance("99", "100")); /* -1.01 % */
    assert_number(balance("99", "101")->seen, "-2.02");
    assert_null(balance("99", "85")); /* 14.14 % */
    assert_non_null(balance("99", "84"));
    assert_null(balance("0", "0"));
    assert_false(balance("0", "5")->seen.is); /* more than nothing came out of nothing */
    assert_null(balance("-5", "5"));
    assert_null(balance("9000000000000000000", "-9000000000000000000"));
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    set.rules[HENG_RULE_BALANCE].on = false;
    heng_verdicts_clear(&list);
    heng_rules_check_balance(&set, 1, 2, dec("100"), dec("50"), &list);
    assert_int_equal(list.count, 0);
    assert_rounded(dec("6.0987"), 2, "6.10");
}

/* Two flats with habits of their own; from day `split` on they may have each other's meter. */
static struct heng_rules_pair pair_of(int64_t *a, int64_t *b, unsigned split, unsigned count, bool swapped)
{
    static const int64_t week_a[7] = {50, 52, 48, 51, 49, 80, 90}, week_b[7] = {20, 19, 22, 21, 20, 5, 4};
    for (unsigned i = 0; i < count; i++) {
        bool other = swapped && i >= split;
        a[i] = other ? week_b[i % 7] : week_a[i % 7];
        b[i] = other ? week_a[i % 7] : week_b[i % 7];
    }
    struct heng_rules_pair in;
    memset(&in, 0, sizeof in);
    in.a = a;
    in.b = b;
    in.count = (uint16_t)count;
    in.split = (uint16_t)split;
    return in;
}

static const struct heng_verdict *swapped(const struct heng_rules_pair *in)
{
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    heng_verdicts_clear(&list);
    heng_rules_check_swapped(&set, in, &list);
    return find(&list, HENG_RULE_SWAPPED);
}

static void test_swapped(void **state)
{
    (void)state;
    int64_t a[100], b[100];
    struct heng_rules_pair in = pair_of(a, b, 28, 42, true);
    const struct heng_verdict *v = swapped(&in);
    assert_non_null(v);
    assert_number(v->seen, "0"); /* the other's past fits exactly */
    assert_number(v->high, "50");
    assert_true(v->reference.is);
    in = pair_of(a, b, 28, 42, false);
    assert_null(swapped(&in));
    in = pair_of(a, b, 28, 42, true);
    for (unsigned i = 28; i < 42; i++) { /* and it is twice as cold */
        a[i] *= 2;
        b[i] *= 2;
    }
    assert_non_null(swapped(&in));
    in = pair_of(a, b, 28, 42, true);
    b[30] = a[33] = a[3] = b[4] = HENG_RULES_NO_AMOUNT; /* days without a value are left out */
    assert_number(swapped(&in)->seen, "0");
    in = pair_of(a, b, 7, 14, true);
    assert_non_null(swapped(&in));
    in = pair_of(a, b, 7, 13, true);
    assert_null(swapped(&in)); /* six days are too few */
    in = pair_of(a, b, 6, 42, true);
    assert_null(swapped(&in));
    in = pair_of(a, b, 50, 100, true);
    assert_non_null(swapped(&in)); /* long ones are cut to 35 days */
    in.split = 101;
    assert_null(swapped(&in));
    in.split = 100;
    assert_null(swapped(&in));
}

static void test_swapped_needs_a_difference(void **state)
{
    (void)state;
    int64_t a[100], b[100];
    struct heng_rules_pair in = pair_of(a, b, 28, 42, true);
    for (unsigned i = 0; i < 42; i++) b[i] = a[i] + 1;
    assert_null(swapped(&in)); /* twins */
    in = pair_of(a, b, 28, 42, true);
    for (unsigned i = 0; i < 28; i += 1) a[i] = HENG_RULES_NO_AMOUNT;
    assert_null(swapped(&in)); /* nothing is known of one of them */
    in = pair_of(a, b, 28, 42, true);
    for (unsigned i = 28; i < 42; i++) b[i] = HENG_RULES_NO_AMOUNT;
    assert_null(swapped(&in));
    in = pair_of(a, b, 28, 42, true);
    for (unsigned i = 0; i < 28; i++) b[i] = i % 2 ? INT64_MAX : HENG_RULES_NO_AMOUNT;
    assert_null(swapped(&in));
    in = pair_of(a, b, 28, 42, true);
    for (unsigned i = 0; i < 42; i++) a[i] = b[i] = 0;
    assert_null(swapped(&in));
    for (unsigned i = 0; i < 28; i++) a[i] = 10;
    assert_null(swapped(&in));
    for (unsigned i = 0; i < 42; i++) a[i] = b[i] = i < 28 ? 0 : 10;
    assert_null(swapped(&in));
    in = pair_of(a, b, 28, 42, true);
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    set.rules[HENG_RULE_SWAPPED].on = false;
    heng_verdicts_clear(&list);
    heng_rules_check_swapped(&set, &in, &list);
    assert_int_equal(list.count, 0);
}

/* Who stands first does not matter. */
static void test_swapped_is_symmetric(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(515);
    printf("seed %llu\n", (unsigned long long)seed);
    unsigned found = 0;
    for (unsigned round = 0; round < 400; round++) {
        int64_t a[42], b[42];
        struct heng_rules_pair in = pair_of(a, b, 28, 42, round % 2);
        for (unsigned i = 0; i < 42; i++) {
            a[i] += (int64_t)(next_random(&seed) % 30);
            b[i] += (int64_t)(next_random(&seed) % 30);
        }
        const struct heng_verdict *v = swapped(&in);
        struct heng_verdict first;
        memset(&first, 0, sizeof first);
        if (v) first = *v;
        struct heng_rules_pair turned = in;
        turned.a = in.b;
        turned.b = in.a;
        const struct heng_verdict *w = swapped(&turned);
        assert_int_equal(v != NULL, w != NULL);
        if (w) assert_int_equal(first.seen.dec.mantissa, w->seen.dec.mantissa);
        assert_true(!v || round % 2); /* never without an exchange */
        found += v != NULL;
    }
    assert_true(found > 150); /* of 200 */
}

static const struct heng_verdict *replaced(int64_t before, int64_t now, bool gone)
{
    struct heng_day_usage old, new;
    struct heng_rule_set set;
    day_set(&old, CASE_DAY, 3, 1, &before);
    day_set(&new, CASE_DAY, 3, 1, &now);
    if (gone) day_trust(&new, HENG_TRUST_MISSING);
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    heng_verdicts_clear(&list);
    heng_rules_check_replaced(&set, 1, 2, HENG_UNIT_WH, &old, &new, &list);
    return find(&list, HENG_RULE_REPLACED);
}

static void test_replaced(void **state)
{
    (void)state;
    assert_null(replaced(100, 110, false));
    assert_null(replaced(100, 90, false));
    const struct heng_verdict *v = replaced(100, 111, false);
    assert_number(v->seen, "111000");
    assert_number(v->reference, "100000");
    assert_number(v->high, "10000");
    assert_non_null(replaced(100, 89, false));
    assert_non_null(replaced(-100, -111, false));
    assert_null(replaced(1, 1, false));
    assert_non_null(replaced(1, 2, false));
    assert_null(replaced(0, 0, false));
    assert_non_null(replaced(0, 1, false));
    v = replaced(100, 0, true);
    assert_non_null(v); /* the value is gone */
    assert_false(v->seen.is);
    assert_null(replaced(INT64_MAX, -2, false));
    struct heng_day_usage old, new;
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    day_even(&old, CASE_DAY, 3, 1, 100);
    day_even(&new, CASE_DAY, 0, 1, 120000);
    heng_verdicts_clear(&list);
    day_trust(&old, HENG_TRUST_MISSING);
    heng_rules_check_replaced(&set, 1, 2, HENG_UNIT_WH, &old, &new, &list);
    assert_int_equal(list.count, 0); /* there was nothing before */
    day_even(&old, CASE_DAY, 3, 1, 100);
    set.limits[HENG_LIMIT_REPLACED_LEAST] = dec("20.001");
    heng_rules_check_replaced(&set, 1, 2, HENG_UNIT_WH, &old, &new, &list);
    assert_int_equal(list.count, 0);
    set.limits[HENG_LIMIT_REPLACED_LEAST] = dec("20");
    set.rules[HENG_RULE_REPLACED].on = false;
    heng_rules_check_replaced(&set, 1, 2, HENG_UNIT_WH, &old, &new, &list);
    assert_int_equal(list.count, 0);
    set.rules[HENG_RULE_REPLACED].on = true;
    heng_rules_check_replaced(&set, 1, 2, HENG_UNIT_WH, &old, &new, &list);
    assert_int_equal(list.count, 1);
}

/* Numbers of any size, limits of any size: nothing breaks. */
static void test_anything(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(90210);
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 3000; round++) {
        int64_t a[42], b[42];
        struct heng_rule_set set;
        struct heng_rules_pair in = pair_of(a, b, 28, 42, true);
        heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
        for (unsigned i = 0; i < 42; i++) {
            if (next_random(&seed) % 8 == 0) a[i] = (int64_t)next_random(&seed) >> next_random(&seed) % 64;
            if (next_random(&seed) % 8 == 0) b[i] = (int64_t)next_random(&seed) >> next_random(&seed) % 64;
        }
        for (unsigned i = 0; i < 10; i++)
            set.limits[HENG_LIMIT_BALANCE_LOW + next_random(&seed) % (HENG_LIMIT_COUNT - HENG_LIMIT_BALANCE_LOW)] =
                (struct heng_dec){(int64_t)next_random(&seed) >> next_random(&seed) % 64,
                                  (int8_t)((int)(next_random(&seed) % 49) - 30)};
        struct heng_dec main = {(int64_t)next_random(&seed) >> next_random(&seed) % 64,
                                (int8_t)((int)(next_random(&seed) % 49) - 30)};
        struct heng_dec sum = {(int64_t)next_random(&seed) >> next_random(&seed) % 64,
                               (int8_t)(round % 2 ? main.exp : (int)(next_random(&seed) % 49) - 30)};
        struct heng_day_usage old, new;
        day_even(&old, CASE_DAY, sum.exp, 1, sum.mantissa);
        day_even(&new, CASE_DAY, main.exp, 1, main.mantissa);
        heng_verdicts_clear(&list);
        heng_rules_check_swapped(&set, &in, &list);
        heng_rules_check_balance(&set, 1, 2, main, sum, &list);
        heng_rules_check_replaced(&set, 1, 2, (heng_unit)(next_random(&seed) % HENG_UNIT_COUNT), &old, &new, &list);
        assert_true(list.count <= 3);
        heng_channel_factor factor = heng_channel_factor_near(main, sum, set.limits[HENG_LIMIT_REPLACED_PERCENT]);
        assert_true((unsigned)factor <= HENG_FACTOR_COUNT);
    }
}

/* Rules that are off say nothing, each of them. */
static void test_off(void **state)
{
    (void)state;
    static const int64_t nine[9] = {40, 80, 90, 95, 100, 105, 110, 120, 300};
    struct heng_rules_neighbours n = {nine, 9, -2, 500};
    struct rules_case *c = physics("12");
    c->in.neighbours = &n;
    case_sibling(c, HENG_ROLE_TARIFF, HENG_UNIT_WH, 3, 1, 6);
    case_sibling(c, HENG_ROLE_BACKWARD, HENG_UNIT_WH, 3, 1, 600);
    c->in.conditions = 1;
    c->in.expected_count = 2;
    c->in.max_per_hour = some("1");
    c->in.counter_amount = some("1");
    day_even(&c->own.past[0], CASE_DAY - 1, 3, 1, 1);
    said(c, HENG_RULE_SUM);
    unsigned loud = c->list.count;
    assert_true(loud >= 7);
    for (unsigned i = 0; i < HENG_RULE_COUNT; i++) c->set.rules[i].on = false;
    said(c, HENG_RULE_SUM);
    assert_int_equal(c->list.count, 0);
    c = physics("12");
    for (unsigned i = 0; i < HENG_RULE_COUNT; i++) c->set.rules[i].on = false;
    day_trust(&c->own.day, HENG_TRUST_MISSING);
    for (int i = 0; i < CASE_PAST; i++) day_trust(&c->own.past[i], HENG_TRUST_MISSING);
    said(c, HENG_RULE_SUM);
    assert_int_equal(c->list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_physics),
        cmocka_unit_test(test_physics_needs_heat),
        cmocka_unit_test(test_physics_of_cooling),
        cmocka_unit_test(test_factor),
        cmocka_unit_test(test_factor_near),
        cmocka_unit_test(test_temperature),
        cmocka_unit_test(test_low_spread),
        cmocka_unit_test(test_register_sum),
        cmocka_unit_test(test_register_sum_of_other_resolution),
        cmocka_unit_test(test_sibling),
        cmocka_unit_test(test_reverse_flow),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_neighbours_without_spread),
        cmocka_unit_test(test_neighbours_in_any_order),
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_swapped),
        cmocka_unit_test(test_swapped_needs_a_difference),
        cmocka_unit_test(test_swapped_is_symmetric),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_anything),
        cmocka_unit_test(test_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
