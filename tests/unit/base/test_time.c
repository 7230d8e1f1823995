/* Calendar and ISO text against the C library over the years that matter. */
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -25567; day < 73049; day++) { /* 1900 .. 2170 */
        heng_us at = day * HENG_US_PER_DAY + (day % 86400 + 86400) % 86400 * HENG_US_PER_S;
        time_t seconds = (time_t)(at / HENG_US_PER_S);
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        struct heng_civil c = heng_us_to_civil(at);
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.hour, tm.tm_hour);
        assert_int_equal(c.minute, tm.tm_min);
        assert_int_equal(c.second, tm.tm_sec);
        assert_true(heng_civil_valid(&c));
        assert_true(heng_civil_to_us(&c) == at);
    }
}

static void test_impossible_days_and_times(void **state)
{
    (void)state;
    static const struct {
        struct heng_civil c;
        bool valid;
    } cases[] = {
        {{2024, 2, 29, 0, 0, 0}, true},  {{2023, 2, 29, 0, 0, 0}, false}, {{2000, 2, 29, 0, 0, 0}, true},
        {{1900, 2, 29, 0, 0, 0}, false}, {{2024, 4, 31, 0, 0, 0}, false}, {{2024, 0, 1, 0, 0, 0}, false},
        {{2024, 13, 1, 0, 0, 0}, false}, {{2024, 1, 0, 0, 0, 0}, false},  {{2024, 1, 1, 24, 0, 0}, false},
        {{2024, 1, 1, 0, 60, 0}, false}, {{2024, 1, 1, 0, 0, 60}, false}, {{2024, 12, 31, 23, 59, 59}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(heng_civil_valid(&cases[i].c), cases[i].valid);
}

static void test_iso_text_both_ways(void **state)
{
    (void)state;
    static const char *const texts[] = {"1970-01-01T00:00:00Z", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00.123456Z",
                                        "1969-12-31T23:59:59.000001Z", "2099-12-31T23:59:59Z"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        heng_us at;
        char text[HENG_TIME_TEXT_MAX];
        assert_int_equal(heng_us_parse(texts[i], &at, NULL), HENG_OK);
        heng_us_format(at, text);
        assert_string_equal(text, texts[i]);
    }
    heng_us at;
    assert_int_equal(heng_us_parse("2026-11-20T12:00:00.5Z", &at, NULL), HENG_OK);
    assert_int_equal(at % HENG_US_PER_S, 500000);
    assert_int_equal(heng_us_parse("1970-01-01T00:00:01Z", &at, NULL), HENG_OK);
    assert_int_equal(at, 1000000);
}

static void test_other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2026-11-20",
                                        "2026-11-20 12:00:00Z",
                                        "2026-11-20T12:00:00",
                                        "2026-11-20T12:00:00+01:00",
                                        "2026-02-30T12:00:00Z",
                                        "2026-11-20T24:00:00Z",
                                        "2026-11-20T12:00:00.Z",
                                        "2026-11-20T12:00:00.1234567Z",
                                        "2026-11-20T12:00:00Zx"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        heng_us at;
        struct heng_err err;
        assert_int_equal(heng_us_parse(texts[i], &at, &err), HENG_EFORMAT);
        assert_non_null(strstr(err.text, "write it in UTC"));
    }
}

static void test_clocks_move_forward(void **state)
{
    (void)state;
    heng_us wall = heng_clock_wall(), mono = heng_clock_mono();
    assert_true(wall > INT64_C(1577836800) * HENG_US_PER_S); /* after 2020 */
    struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
    assert_true(heng_clock_mono() - mono >= 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_agrees_with_the_c_library),
        cmocka_unit_test(test_impossible_days_and_times),
        cmocka_unit_test(test_iso_text_both_ways),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_clocks_move_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
