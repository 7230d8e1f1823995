/* Days of a site: zones, clock changes, other beginnings than midnight, months; the words of quality and facts. */
#include "sim/rng.h"
#include "vee/day.h"
#include "vee/fact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_US (INT64_C(3600) * HENG_US_PER_S)

static struct heng_zone *open_zone(const char *name)
{
    struct heng_zone *zone = NULL;
    struct heng_err err = {0};
    if (heng_zone_open(name, &zone, &err) != HENG_OK) fail_msg("%s", err.text);
    return zone;
}

static heng_us utc(const char *text)
{
    heng_us us = 0;
    assert_int_equal(heng_us_parse(text, &us, NULL), HENG_OK);
    return us;
}

static void test_clock_changes(void **state)
{
    (void)state;
    struct heng_zone *zone = open_zone("Europe/Berlin");
    struct heng_day_rule rule = {zone, 0}, heat = {zone, 8 * 60};
    heng_day spring = heng_day_of_date(2026, 3, 29), autumn = heng_day_of_date(2026, 10, 25);
    assert_int_equal(heng_day_interval_count(&rule, spring, 15), 92);
    assert_int_equal(heng_day_interval_count(&rule, autumn, 15), 100);
    assert_int_equal(heng_day_interval_count(&rule, autumn, 5), 300);
    assert_int_equal(heng_day_interval_count(&rule, autumn + 1, 15), 96);
    assert_int_equal(heng_day_interval_count(&rule, autumn, 1440), 1);
    assert_int_equal(heng_day_from_us(&rule, spring), utc("2026-03-28T23:00:00Z"));
    assert_int_equal(heng_day_from_us(&rule, spring + 1), utc("2026-03-29T22:00:00Z"));
    /* A heat day begins at 08:00: it is the day before that has the odd hour. */
    assert_int_equal(heng_day_from_us(&heat, spring), utc("2026-03-29T06:00:00Z"));
    assert_int_equal(heng_day_interval_count(&heat, spring - 1, 15), 92);
    assert_int_equal(heng_day_interval_count(&heat, spring, 15), 96);
    assert_int_equal(heng_day_interval_count(&heat, autumn - 1, 15), 100);
    assert_int_equal(heng_day_at(&heat, utc("2026-03-29T05:59:59Z")), spring - 1);
    assert_int_equal(heng_day_at(&heat, utc("2026-03-29T06:00:00Z")), spring);
    heng_zone_free(zone);
}

/* Each moment lies in exactly the day that says so, days follow each other, for zones with every oddity. */
static void test_days_tile_time(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin",     "Asia/Shanghai",  "Australia/Lord_Howe", "Pacific/Apia",
                                        "America/Sao_Paulo", "Asia/Kathmandu", "Antarctica/Casey",    "America/Havana",
                                        "Pacific/Kwajalein", "Africa/Cairo"};
    struct heng_sim_rng rng = heng_sim_rng_of(7, 7);
    print_message("seed 7\n");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct heng_zone *zone = open_zone(names[i]);
        for (int start = 0; start < 1440; start += 480) {
            struct heng_day_rule rule = {zone, (int16_t)start};
            for (int k = 0; k < 1500; k++) {
                heng_us at_us = HENG_CHANNEL_FACT_US_MIN +
                                (heng_us)(heng_sim_rng_next(&rng) % (uint64_t)(60 * 365 * HENG_US_PER_DAY));
                heng_day day = heng_day_at(&rule, at_us);
                assert_true(heng_day_from_us(&rule, day) <= at_us && at_us < heng_day_from_us(&rule, day + 1));
                int64_t long_us = heng_day_from_us(&rule, day + 1) - heng_day_from_us(&rule, day);
                int count = heng_day_interval_count(&rule, day, 15);
                assert_true(long_us > 0 && long_us <= 27 * HOUR_US);
                assert_in_range(count, long_us / (HOUR_US / 4), long_us / (HOUR_US / 4) + 1);
            }
        }
        heng_zone_free(zone);
    }
    struct heng_zone *apia = open_zone("Pacific/Apia");
    struct heng_day_rule rule = {apia, 0};
    assert_int_equal(heng_day_interval_count(&rule, heng_day_of_date(2011, 12, 30), 15), 0); /* never was */
    heng_zone_free(apia);
}

static void test_dates(void **state)
{
    (void)state;
    int year, month, day;
    assert_int_equal(heng_day_of_date(1970, 1, 1), 0);
    assert_int_equal(heng_day_of_date(2024, 2, 29) + 1, heng_day_of_date(2024, 3, 1));
    heng_day_date(heng_day_of_date(1999, 12, 31), &year, &month, &day);
    assert_true(year == 1999 && month == 12 && day == 31);
    assert_int_equal(heng_day_weekday(heng_day_of_date(2026, 11, 21)), 5); /* a Saturday */
    assert_int_equal(heng_day_weekday(heng_day_of_date(1969, 12, 29)), 0);
    assert_int_equal(heng_month_of(heng_day_of_date(2026, 2, 28)), heng_day_of_date(2026, 2, 1));
    assert_int_equal(heng_month_next(heng_day_of_date(2026, 11, 1), 2), heng_day_of_date(2027, 1, 1));
    assert_int_equal(heng_month_next(heng_day_of_date(2026, 1, 1), -1), heng_day_of_date(2025, 12, 1));
    assert_int_equal(heng_month_next(heng_day_of_date(2026, 1, 1), -13), heng_day_of_date(2024, 12, 1));
    static const int good[] = {5, 6, 10, 12, 15, 20, 30, 60, 1440}, bad[] = {0, -15, 1, 4, 7, 25, 45, 61, 120, 720};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(heng_day_minutes_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(heng_day_minutes_valid(bad[i]));
}

static void test_words(void **state)
{
    (void)state;
    for (int i = 1; i < HENG_TRUST_COUNT; i++) assert_int_equal(heng_trust_of(heng_trust_text((heng_trust)i)), i);
    for (int i = 0; i < HENG_METHOD_COUNT; i++) assert_int_equal(heng_method_of(heng_method_text((heng_method)i)), i);
    for (int i = 1; i < HENG_CHANNEL_FACT_COUNT; i++)
        assert_int_equal(heng_channel_fact_of(heng_channel_fact_text((heng_channel_fact_kind)i)), i);
    assert_string_equal(heng_trust_text((heng_trust)99), "unknown");
    assert_string_equal(heng_method_text((heng_method)99), "unknown");
    assert_string_equal(heng_channel_fact_text((heng_channel_fact_kind)0), "unknown");
    assert_int_equal(heng_trust_of("fine"), HENG_TRUST_COUNT);
    assert_int_equal(heng_method_of("guess"), HENG_METHOD_COUNT);
    assert_int_equal(heng_channel_fact_of("rumour"), HENG_CHANNEL_FACT_COUNT);
}

/* By moment, kind, then what the reading says: who came first is not asked. */
static void test_order_of_facts(void **state)
{
    (void)state;
    struct heng_channel_fact a = {.at_us = 5, .kind = HENG_CHANNEL_FACT_READING, .id = 9, .index = {true, {15, 0}}},
                             b = a;
    b.id = 3;
    assert_true(heng_channel_fact_cmp(&a, &b) > 0);
    b.index.dec.mantissa = 16;
    assert_true(heng_channel_fact_cmp(&a, &b) < 0);
    b.source = 0, a.source = 1;
    assert_true(heng_channel_fact_cmp(&a, &b) > 0);
    b.kind = HENG_CHANNEL_FACT_END;
    assert_true(heng_channel_fact_cmp(&b, &a) < 0);
    b.at_us = 6;
    assert_true(heng_channel_fact_cmp(&a, &b) < 0);
    b = a;
    assert_int_equal(heng_channel_fact_cmp(&a, &b), 0);
    b.index.dec = (struct heng_dec){150, -1};
    assert_true(heng_channel_fact_cmp(&a, &b) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_changes), cmocka_unit_test(test_days_tile_time), cmocka_unit_test(test_dates),
        cmocka_unit_test(test_words),         cmocka_unit_test(test_order_of_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
