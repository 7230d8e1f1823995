/* The step between two indexes: units, gaps that are shared, billing instants, days of 23 and 25 hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/vee/usage_case.h"
#include "vee/judge.h"

/* VE-C8 and TF-C8: a step between two indexes. */
static void test_steps(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        int digits, multiplier;
        const char *max_per_day;
        int days;
        heng_index_step_kind kind;
        int64_t amount; /* hundredths */
    } cases[] = {
        {"99987.6", "12.3", 5, 1, "50", 30, HENG_INDEX_STEP_ROLLOVER, 2470},
        {"5012.3", "4987.1", 5, 1, "50", 30, HENG_INDEX_STEP_NEGATIVE, -2520},
        {"100.0", "100.0", 5, 1, "50", 30, HENG_INDEX_STEP_FITS, 0},
        {"100.0", "9100.0", 5, 1, "50", 30, HENG_INDEX_STEP_LIMIT, 900000},
        {"99987.6", "12.3", 5, 1, NULL, 30, HENG_INDEX_STEP_ROLLOVER, 2470},
        {"999998.75", "3.10", 6, 60, NULL, 30, HENG_INDEX_STEP_ROLLOVER, 26100},
        {"5012.3", "4987.1", 5, 1, NULL, 30, HENG_INDEX_STEP_NEGATIVE, -2520},
        {"99987.6", "12.3", 0, 1, NULL, 30, HENG_INDEX_STEP_NEGATIVE, -9997530},  /* digits not known: not guessed */
        {"99000.0", "501.0", 5, 1, "50", 30, HENG_INDEX_STEP_NEGATIVE, -9849900}, /* 1501 > 1500 + last digit */
        {"99000.0", "500.1", 5, 1, "50", 30, HENG_INDEX_STEP_ROLLOVER, 150010},
        {"100.0", "1600.1", 5, 1, "50", 30, HENG_INDEX_STEP_FITS, 150010}, /* its last digit is not held against it */
        {"100.0", "1600.2", 5, 1, "50", 30, HENG_INDEX_STEP_LIMIT, 150020},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct heng_channel channel = {.unit = HENG_UNIT_M3, .exp = -2};
        struct heng_counter counter = {HENG_UNIT_M3, (uint8_t)cases[i].digits, 0, (uint32_t)cases[i].multiplier, 1};
        struct heng_knot a = {.index = index_of(cases[i].before).dec, .unit = HENG_UNIT_M3};
        struct heng_knot b = {.index = index_of(cases[i].after).dec, .unit = HENG_UNIT_M3};
        b.at_us = cases[i].days * HENG_US_PER_DAY;
        assert_int_equal(heng_index_value(&channel, &counter, a.index, HENG_UNIT_NONE, 0, &a.value, &a.step), HENG_OK);
        assert_int_equal(heng_index_value(&channel, &counter, b.index, HENG_UNIT_NONE, 0, &b.value, &b.step), HENG_OK);
        int64_t max_micro = 0;
        if (cases[i].max_per_day) { /* 50 a day are 2.08333.. an hour, in hundredths and millionths */
            max_micro = strtoll(cases[i].max_per_day, NULL, 10) * 100 * 1000000 / 24 + 1;
        }
        struct heng_index_step step = heng_judge_step(&channel, &counter, max_micro, 0, &a, &b);
        if (step.kind != cases[i].kind || step.amount != cases[i].amount)
            fail_msg("case %zu: kind %d, amount %lld", i, step.kind, (long long)step.amount);
    }
}

static int64_t value_of(const struct heng_channel *channel, const struct heng_counter *counter, const char *index,
                        heng_unit unit, uint32_t wraps)
{
    int64_t value = 0;
    assert_int_equal(heng_index_value(channel, counter, index_of(index).dec, unit, wraps, &value, NULL), HENG_OK);
    return value;
}

/* Units by exact ratios, rounded once, half to even. */
static void test_units(void **state)
{
    (void)state;
    struct heng_channel kwh = {.unit = HENG_UNIT_WH, .exp = 3}, litre = {.unit = HENG_UNIT_M3, .exp = -3};
    struct heng_counter plain = {HENG_UNIT_WH, 5, 3, 1, 1}, ct = {HENG_UNIT_WH, 0, 0, 60, 7};
    assert_int_equal(value_of(&kwh, &plain, "3600000000", HENG_UNIT_J, 0), 1000);   /* 3.6 GJ are 1 MWh */
    assert_int_equal(value_of(&kwh, &plain, "1000000000", HENG_UNIT_CAL, 0), 1163); /* 1 Gcal */
    assert_int_equal(value_of(&kwh, &plain, "500", HENG_UNIT_NONE, 0), 0);
    assert_int_equal(value_of(&kwh, &plain, "1500", HENG_UNIT_UNKNOWN, 0), 2);
    assert_int_equal(value_of(&kwh, &plain, "2500", HENG_UNIT_WH, 0), 2);
    assert_int_equal(value_of(&kwh, &plain, "2500.001", HENG_UNIT_WH, 0), 3);
    assert_int_equal(value_of(&kwh, &plain, "-2500", HENG_UNIT_WH, 0), -2);
    assert_int_equal(value_of(&kwh, &plain, "7000", HENG_UNIT_WH, 2), 200007);
    assert_int_equal(value_of(&kwh, &plain, "3600000", HENG_UNIT_J, 2), 200001);
    assert_int_equal(value_of(&kwh, &ct, "7000", HENG_UNIT_WH, 0), 60);
    struct heng_counter foot = {HENG_UNIT_FT3, 0, 0, 1, 1};
    assert_int_equal(value_of(&litre, &foot, "1000", HENG_UNIT_NONE, 0), 28317);
    assert_int_equal(value_of(&litre, &foot, "1000", HENG_UNIT_GAL, 0), 3785);
    int64_t value = 0, step = 0;
    assert_int_equal(heng_index_value(&kwh, &plain, index_of("1").dec, HENG_UNIT_M3, 0, &value, NULL),
                     HENG_EUNSUPPORTED);
    struct heng_dec huge = {INT64_MAX, 18};
    assert_int_equal(heng_index_value(&kwh, &plain, huge, HENG_UNIT_WH, 0, &value, NULL), HENG_ERANGE);
    assert_int_equal(heng_index_value(&kwh, &plain, (struct heng_dec){12, 6}, HENG_UNIT_WH, 0, &value, &step), HENG_OK);
    assert_int_equal(step, 1000); /* a display in MWh jumps by 1000 kWh */
    assert_int_equal(heng_index_range(&kwh, &plain), 100000);
    assert_int_equal(heng_index_range(&kwh, &ct), 0);
    struct heng_counter wide = {HENG_UNIT_WH, 18, 12, 1, 1}, coarse = {HENG_UNIT_WH, 1, -3, 1, 1};
    assert_int_equal(heng_index_range(&kwh, &wide), 0);
    assert_int_equal(heng_index_value(&kwh, &wide, (struct heng_dec){1, -30}, HENG_UNIT_WH, 1, &value, NULL),
                     HENG_ERANGE);
    struct heng_dec tiny = {INT64_MAX, -30}, round = {5, 3};
    struct heng_channel coarser = {.unit = HENG_UNIT_WH, .exp = 18};
    assert_int_equal(heng_index_value(&coarser, &wide, tiny, HENG_UNIT_WH, 0, &value, NULL), HENG_OK);
    assert_int_equal(value, 0);
    assert_int_equal(heng_index_value(&kwh, &coarse, round, HENG_UNIT_WH, 3, &value, NULL), HENG_OK);
    assert_int_equal(value, 5);
}

/* VE-C3: four quarter hours are missing, the counter knows how much they were together. */
static bool by_profile(void *ctx, heng_us from_us, heng_us to_us, heng_day day, uint16_t count, uint32_t *ret,
                       heng_method *ret_method)
{
    (void)ctx;
    (void)day;
    assert_int_equal(to_us - from_us, HOUR_US);
    for (uint16_t i = 0; i < count; i++) ret[i] = 1;
    static const uint32_t profile[] = {90, 105, 115, 98};
    memcpy(&ret[40], profile, sizeof profile);
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return true;
}

static void test_gap_is_shared(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(15);
    struct outcome o;
    channel.unit = HENG_UNIT_M3;
    channel.exp = -2;
    channel.short_gap_us = 30 * MINUTE_US;
    static const int64_t flat[] = {122, 121, 121, 121}, shaped[] = {107, 125, 137, 116};
    for (int round = 0; round < 2; round++) {
        struct heng_channel_fact facts[] = {
            start_of(at("2026-05-04T09:45"), "99", HENG_UNIT_M3, 0),
            reading("2026-05-04T10:00", "100.00"),
            reading("2026-05-04T11:00", "104.85"),
            reading("2026-05-04T11:15", "105.00"),
        };
        fold(&channel, round ? by_profile : NULL, facts, COUNT(facts), &o);
        const struct heng_day_usage *day = day_in(&o, "2026-05-04");
        for (int i = 0; i < 4; i++) assert_int_equal(day->amounts[40 + i], (round ? shaped : flat)[i]);
        assert_int_equal(day->trusts[40], HENG_TRUST_INTERPOLATED);
        assert_int_equal(day->trusts[44], HENG_TRUST_VALID);
        assert_int_equal(day->amount, 100 + 485 + 15);
        outcome_free(&o);
    }
}

/* All is used in the quarter from 11:00, if days before are right. */
static bool at_eleven(void *ctx, heng_us from_us, heng_us to_us, heng_day day, uint16_t count, uint32_t *ret,
                      heng_method *ret_method)
{
    (void)ctx;
    (void)from_us;
    (void)to_us;
    (void)day;
    assert_true(count > 44);
    ret[44] = 100;
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return true;
}

/* The reading behind a gap comes a minute late: this minute does not get all that their quarter usually has. */
static void test_gap_that_ends_beside_a_boundary(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(15);
    struct outcome o;
    struct heng_channel_fact facts[] = {
        start_of(at("2026-05-04"), "0", HENG_UNIT_WH, 0),
        reading("2026-05-04T09:59", "0"),
        reading("2026-05-04T11:01", "3670"),
        reading("2026-05-04T11:15", "3700"),
    };
    fold(&channel, at_eleven, facts, COUNT(facts), &o);
    const struct heng_day_usage *day = day_in(&o, "2026-05-04");
    int64_t gap = 0;
    for (int i = 40; i < 44; i++) gap += day->amounts[i];
    assert_in_range(gap, 354, 356); /* by time: 6 of 367 for the minute on each side */
    assert_in_range(day->amounts[44], 8, 10);
    assert_int_equal(day->trusts[44], HENG_TRUST_VALID);
    assert_int_equal(day->amount, 370);
    outcome_free(&o);
}

/* VE-C4: between two reads, straight to the billing instant. */
static void test_billing_instant(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(1440);
    struct outcome o;
    channel.exp = 1;
    channel.short_gap_us = 7 * HENG_US_PER_DAY;
    struct heng_channel_fact facts[] = {
        start_of(at("2024-10-30T09:15"), "10231400", HENG_UNIT_WH, 0),
        reading("2024-11-03T14:40", "10268950"),
    };
    fold(&channel, NULL, facts, COUNT(facts), &o);
    int64_t until = day_in(&o, "2024-10-30")->amount + day_in(&o, "2024-10-31")->amount;
    assert_int_equal(1023140 + until, 1024575); /* 10245.75 kWh */
    expect_day(&o, "2024-11-01", 888, HENG_TRUST_INTERPOLATED, HENG_METHOD_LINEAR);
    outcome_free(&o);
}

/* Quarter hours of the days on which clocks change; a reading each. */
static void test_clock_change(void **state)
{
    (void)state;
    struct heng_zone *zone = NULL;
    assert_int_equal(heng_zone_open("Europe/Berlin", &zone, NULL), HENG_OK);
    static const struct {
        const char *from, *day;
        int16_t start;
        int count;
    } cases[] = {{"2026-03-28T23:00", "2026-03-29", 0, 92},
                 {"2026-10-24T22:00", "2026-10-25", 0, 100},
                 {"2026-03-28T07:00", "2026-03-28", 480, 92},
                 {"2026-10-24T06:00", "2026-10-24", 480, 100}};
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct heng_channel channel = channel_of(15);
        struct heng_channel_fact facts[110] = {start_of(at(cases[c].from), "0", HENG_UNIT_WH, 0)};
        struct outcome o;
        channel.days = (struct heng_day_rule){zone, cases[c].start};
        for (int i = 1; i <= cases[c].count; i++) {
            facts[i] = fact_of(HENG_CHANNEL_FACT_READING, facts[0].at_us + i * 15 * MINUTE_US, NULL);
            facts[i].index = (struct heng_opt_dec){true, {i * (i + 1) / 2, 1}};
        }
        fold(&channel, NULL, facts, (size_t)cases[c].count + 1, &o);
        assert_int_equal(o.day_count, 1);
        const struct heng_day_usage *day = day_in(&o, cases[c].day);
        assert_int_equal(day->count, cases[c].count);
        for (int i = 0; i < cases[c].count; i++) assert_int_equal(day->amounts[i], i + 1);
        expect_day(&o, cases[c].day, cases[c].count * (cases[c].count + 1) / 2, HENG_TRUST_VALID, HENG_METHOD_NONE);
        assert_int_equal(day->permille, 1000);
        outcome_free(&o);
    }
    heng_zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),           cmocka_unit_test(test_units),
        cmocka_unit_test(test_gap_is_shared),   cmocka_unit_test(test_gap_that_ends_beside_a_boundary),
        cmocka_unit_test(test_billing_instant), cmocka_unit_test(test_clock_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
