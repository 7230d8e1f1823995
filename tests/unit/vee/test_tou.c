/* Tariff periods: seasons, kinds of days, windows, versions, days on which clocks change; and splitting a day exactly.
 */
#include "sim/rng.h"
#include "vee/tou.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SHARP = 1, PEAK = 2, FLAT = 3, VALLEY = 4 };
#define WORKDAYS    0x1F
#define ALL_DAYS    0xFF
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Summer from 1 July, the rest from 1 September. A sharp peak in summer on workdays; nights are valley everywhere. */
static const struct heng_tou_season seasons[] = {{7, 1}, {9, 1}};
static const struct heng_tou_window windows[] = {
    {0x3, ALL_DAYS, VALLEY, 0, 7 * 60},
    {0x3, ALL_DAYS, VALLEY, 23 * 60, 1440},
    {0x1, WORKDAYS, SHARP, 11 * 60, 13 * 60},
    {0x3, WORKDAYS, PEAK, 8 * 60, 21 * 60},
};
static struct heng_tou_special specials[4]; /* 1..3 October are holidays, Saturday 10 October works as a Monday */

static struct heng_tou calendar(void)
{
    for (int i = 0; i < 3; i++)
        specials[i] = (struct heng_tou_special){heng_day_of_date(2026, 10, 1 + i), HENG_TOU_HOLIDAY};
    specials[3] = (struct heng_tou_special){heng_day_of_date(2026, 10, 10), 0};
    return (struct heng_tou){.valid_from = heng_day_of_date(2026, 1, 1),
                             .otherwise = FLAT,
                             .season_count = COUNT(seasons),
                             .window_count = COUNT(windows),
                             .special_count = COUNT(specials),
                             .seasons = seasons,
                             .windows = windows,
                             .specials = specials};
}

static heng_us utc(const char *text)
{
    heng_us us = 0;
    assert_int_equal(heng_us_parse(text, &us, NULL), HENG_OK);
    return us;
}

static struct heng_zone *open_zone(const char *name)
{
    struct heng_zone *zone = NULL;
    assert_int_equal(heng_zone_open(name, &zone, NULL), HENG_OK);
    return zone;
}

static void test_periods(void **state)
{
    (void)state;
    struct heng_tou tou = calendar();
    struct heng_zone *zone = open_zone("Asia/Shanghai");
    assert_int_equal(heng_tou_check(&tou, NULL), HENG_OK);
    static const struct {
        const char *at; /* UTC; Shanghai is eight hours ahead */
        int period;
    } cases[] = {
        {"2026-07-01T03:00:00Z", SHARP},  {"2026-07-01T02:59:59Z", PEAK},  {"2026-07-01T05:00:00Z", PEAK},
        {"2026-06-30T03:00:00Z", PEAK},   {"2026-08-31T03:00:00Z", SHARP}, {"2026-09-01T03:00:00Z", PEAK},
        {"2026-07-04T03:00:00Z", FLAT},   {"2026-07-01T14:59:00Z", FLAT},  {"2026-07-01T15:00:00Z", VALLEY},
        {"2026-07-01T22:59:59Z", VALLEY}, {"2026-07-01T23:00:00Z", FLAT},  {"2026-10-01T03:00:00Z", FLAT},
        {"2026-10-04T03:00:00Z", FLAT},   {"2026-10-10T03:00:00Z", PEAK},  {"2026-10-17T03:00:00Z", FLAT},
        {"2026-02-02T03:00:00Z", PEAK},   {"2025-12-31T03:00:00Z", 0},     {"2025-12-31T16:00:00Z", VALLEY},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (heng_tou_period(&tou, 1, zone, utc(cases[i].at)) != cases[i].period)
            fail_msg("%s: %d", cases[i].at, heng_tou_period(&tou, 1, zone, utc(cases[i].at)));
    heng_zone_free(zone);
}

static void test_versions(void **state)
{
    (void)state;
    struct heng_tou two[2] = {calendar(), calendar()};
    two[1].valid_from = heng_day_of_date(2026, 5, 1);
    two[1].window_count = 0;
    two[1].otherwise = 8;
    assert_null(heng_tou_version(two, 2, two[0].valid_from - 1));
    assert_ptr_equal(heng_tou_version(two, 2, two[1].valid_from - 1), &two[0]);
    assert_ptr_equal(heng_tou_version(two, 2, two[1].valid_from), &two[1]);
    assert_int_equal(heng_tou_period(two, 2, NULL, utc("2026-04-30T23:59:59Z")), VALLEY);
    assert_int_equal(heng_tou_period(two, 2, NULL, utc("2026-05-01T00:00:00Z")), 8);
}

static void test_check(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_tou tou = calendar();
    tou.otherwise = 9;
    assert_int_equal(heng_tou_check(&tou, &err), HENG_ECONFIG);
    tou = calendar();
    tou.window_count = 300;
    assert_int_equal(heng_tou_check(&tou, &err), HENG_ECONFIG);
    static const struct heng_tou_season bad_seasons[][2] = {{{2, 30}, {9, 1}}, {{9, 1}, {9, 1}}, {{13, 1}, {9, 1}}};
    for (size_t i = 0; i < COUNT(bad_seasons); i++) {
        tou = calendar();
        tou.seasons = bad_seasons[i];
        assert_int_equal(heng_tou_check(&tou, &err), HENG_ECONFIG);
    }
    static const struct heng_tou_window bad_windows[] = {
        {1, 1, 0, 0, 60}, {1, 1, 9, 0, 60}, {1, 1, 1, 60, 60}, {1, 1, 1, 0, 1441},
        {1, 0, 1, 0, 60}, {0, 1, 1, 0, 60}, {4, 1, 1, 0, 60},
    };
    for (size_t i = 0; i < COUNT(bad_windows); i++) {
        tou = calendar();
        struct heng_tou_window list[2] = {windows[0], bad_windows[i]};
        tou.windows = list;
        tou.window_count = 2;
        assert_int_equal(heng_tou_check(&tou, &err), HENG_ECONFIG);
        assert_int_equal(err.at, 1);
    }
    tou = calendar();
    specials[2].date = specials[1].date;
    assert_int_equal(heng_tou_check(&tou, &err), HENG_ECONFIG);
    tou = calendar();
    specials[1].kind = 8;
    assert_int_equal(heng_tou_check(&tou, &err), HENG_ECONFIG);
}

static struct heng_day_usage day_of(const struct heng_day_rule *rule, heng_day day, int minutes, int64_t each)
{
    struct heng_day_usage usage = {.day = day};
    usage.count = (uint16_t)heng_day_interval_count(rule, day, minutes);
    for (unsigned i = 0; i < usage.count; i++) {
        usage.amounts[i] = each;
        usage.amount += each;
        usage.trusts[i] = HENG_TRUST_VALID;
    }
    return usage;
}

/* A window edge inside of an interval shares it by time; days of 23 and 25 hours have less and more of the night. */
static void test_split(void **state)
{
    (void)state;
    struct heng_tou tou = calendar();
    struct heng_zone *zone = open_zone("Europe/Berlin");
    struct heng_day_rule rule = {zone, 0};
    struct heng_tou_day got;
    struct heng_day_usage day = day_of(&rule, heng_day_of_date(2026, 7, 1), 1440, 1000);
    heng_tou_split(&tou, 1, &rule, 1440, &day, &got); /* 8 h valley, 2 h sharp, 11 h peak, 3 h flat of 24 */
    assert_int_equal(got.seconds[VALLEY], 8 * 3600);
    assert_int_equal(got.seconds[SHARP], 2 * 3600);
    assert_int_equal(got.seconds[PEAK], 11 * 3600);
    assert_int_equal(got.seconds[FLAT], 3 * 3600);
    assert_int_equal(got.amounts[SHARP], 84); /* 83.33 458.33 125 333.33: the rest goes to the first of equals */
    assert_int_equal(got.amounts[SHARP] + got.amounts[PEAK] + got.amounts[FLAT] + got.amounts[VALLEY], 1000);
    assert_int_equal(got.amounts[0], 0);
    assert_int_equal(got.trusts[SHARP], HENG_TRUST_INTERPOLATED); /* nobody measured when it was used */
    day = day_of(&rule, heng_day_of_date(2026, 7, 1), 1440, 0);
    heng_tou_split(&tou, 1, &rule, 1440, &day, &got);
    assert_int_equal(got.trusts[SHARP], HENG_TRUST_VALID); /* of nothing no period had any */
    day = day_of(&rule, heng_day_of_date(2026, 3, 29), 15, 3);
    heng_tou_split(&tou, 1, &rule, 15, &day, &got);
    assert_int_equal(got.trusts[VALLEY], HENG_TRUST_VALID);
    assert_int_equal(got.amounts[VALLEY], 7 * 4 * 3);
    assert_int_equal(got.seconds[VALLEY], 7 * 3600);
    assert_int_equal(got.amounts[FLAT], 16 * 4 * 3); /* a Sunday */
    day = day_of(&rule, heng_day_of_date(2026, 10, 25), 15, 3);
    day.trusts[0] = HENG_TRUST_MISSING;
    day.amounts[0] = 0;
    day.trusts[50] = HENG_TRUST_ESTIMATED;
    heng_tou_split(&tou, 1, &rule, 15, &day, &got);
    assert_int_equal(got.amounts[VALLEY], (9 * 4 - 1) * 3);
    assert_int_equal(got.missing[VALLEY], 1);
    assert_int_equal(got.trusts[VALLEY], HENG_TRUST_MISSING);
    assert_int_equal(got.trusts[FLAT], HENG_TRUST_ESTIMATED);
    assert_int_equal(got.trusts[SHARP], 0);
    heng_zone_free(zone);
}

/* Against a walk minute by minute, on any calendar, in zones with all kinds of clock changes. */
static void test_split_of_any(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"};
    static const int minutes[] = {15, 60, 1440};
    struct heng_sim_rng rng = heng_sim_rng_of(3, 3);
    print_message("seed 3\n");
    for (int round = 0; round < 300; round++) {
        struct heng_zone *zone = open_zone(names[heng_sim_rng_next(&rng) % COUNT(names)]);
        struct heng_day_rule rule = {zone, (int16_t)(heng_sim_rng_next(&rng) % 2 * 480)};
        struct heng_tou_window list[20];
        for (size_t i = 0; i < COUNT(list); i++) {
            uint16_t from = (uint16_t)(heng_sim_rng_next(&rng) % 1440);
            list[i] = (struct heng_tou_window){(uint16_t)(heng_sim_rng_next(&rng) % 3 + 1),
                                               (uint8_t)(heng_sim_rng_next(&rng) % 255 + 1),
                                               (uint8_t)(heng_sim_rng_next(&rng) % 8 + 1), from,
                                               (uint16_t)(from + 1 + heng_sim_rng_next(&rng) % (1440U - from))};
        }
        struct heng_tou tou = calendar();
        tou.windows = list;
        tou.window_count = COUNT(list);
        assert_int_equal(heng_tou_check(&tou, NULL), HENG_OK);
        int each = minutes[heng_sim_rng_next(&rng) % COUNT(minutes)];
        heng_day day = heng_day_of_date(2018, 1, 1) + (heng_day)(heng_sim_rng_next(&rng) % 1200);
        if (round % 3) { /* near a clock change, where they are */
            while (heng_day_from_us(&rule, day + 1) - heng_day_from_us(&rule, day) == HENG_US_PER_DAY &&
                   day < heng_day_of_date(2022, 1, 1))
                day++;
        }
        tou.valid_from = day - (round % 5 ? 9 : 0);
        struct heng_day_usage usage = day_of(&rule, day, each, 0);
        for (unsigned i = 0; i < usage.count; i++)
            usage.amount += usage.amounts[i] = (int64_t)(heng_sim_rng_next(&rng) % 10000);
        struct heng_tou_day got;
        heng_tou_split(&tou, 1, &rule, each, &usage, &got);
        int64_t sum = 0;
        uint32_t seconds[HENG_TOU_PERIODS + 1] = {0};
        heng_us end_us = heng_day_from_us(&rule, day + 1);
        for (heng_us at_us = heng_day_from_us(&rule, day); at_us < end_us; at_us += 60 * HENG_US_PER_S)
            seconds[heng_tou_period(&tou, 1, zone, at_us)] += 60;
        for (int p = 0; p <= HENG_TOU_PERIODS; p++) {
            sum += got.amounts[p];
            if (seconds[p] != got.seconds[p])
                fail_msg("round %d: period %d %u s, not %u", round, p, got.seconds[p], seconds[p]);
            assert_true(seconds[p] || !got.amounts[p]);
        }
        assert_int_equal(sum, usage.amount);
        heng_zone_free(zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods), cmocka_unit_test(test_versions),     cmocka_unit_test(test_check),
        cmocka_unit_test(test_split),   cmocka_unit_test(test_split_of_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
