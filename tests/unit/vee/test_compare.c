/* Usage beside usage, read success, quotients. */
#include "vee/compare.h"
#include "vee/ratio.h"
#include "vee/success.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static struct heng_opt_dec opt(const char *text) { return (struct heng_opt_dec){.is = true, .dec = dec(text)}; }

static void assert_dec(struct heng_dec d, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    heng_dec_format(d, ours);
    assert_string_equal(ours, text);
}

static void assert_opt(struct heng_opt_dec d, const char *text)
{
    assert_true(d.is);
    assert_dec(d.dec, text);
}

static void test_quotients_round_half_away_from_zero(void **state)
{
    (void)state;
    struct heng_dec q;
    assert_int_equal(heng_ratio(dec("1"), dec("1"), dec("8"), 2, &q), HENG_OK);
    assert_dec(q, "0.13");
    assert_int_equal(heng_ratio(dec("-1"), dec("1"), dec("8"), 2, &q), HENG_OK);
    assert_dec(q, "-0.13");
    assert_int_equal(heng_ratio(dec("0.124999"), dec("1"), dec("1"), 2, &q), HENG_OK);
    assert_dec(q, "0.12");
    assert_int_equal(heng_ratio(dec("1"), dec("1"), dec("-3"), 9, &q), HENG_OK);
    assert_dec(q, "-0.333333333");
    assert_int_equal(heng_ratio(dec("0"), dec("1"), dec("0.0000001"), 0, &q), HENG_OK);
    assert_dec(q, "0");
    assert_int_equal(heng_ratio(dec("1"), dec("1"), dec("0"), 2, &q), HENG_ERANGE);
    assert_int_equal(heng_ratio(dec("9223372036854775807"), dec("10"), dec("1"), 0, &q), HENG_ERANGE);
    assert_int_equal(heng_ratio(dec("1"), dec("1"), dec("1"), 10, &q), HENG_ERANGE);
}

/* RP-C7 */
static void test_a_milder_winter_is_taken_out(void **state)
{
    (void)state;
    const struct heng_compare_in in = {dec("8650"), dec("8120"), opt("2840"), opt("2510")};
    struct heng_compare made;
    assert_int_equal(heng_compare(&in, &made), HENG_OK);
    assert_dec(made.difference, "-530");
    assert_opt(made.change_pct, "-6.13");
    assert_opt(made.corrected, "9187.6");
    assert_opt(made.corrected_change_pct, "6.21");
}

static void test_without_weather_or_past_nothing_is_made_up(void **state)
{
    (void)state;
    struct heng_compare made;
    const struct heng_compare_in no_past = {.before = dec("0"), .now = dec("12.5"), .degree_days_now = opt("100")};
    assert_int_equal(heng_compare(&no_past, &made), HENG_OK);
    assert_dec(made.difference, "12.5");
    assert_false(made.change_pct.is || made.corrected.is || made.corrected_change_pct.is);
    const struct heng_compare_in summer = {dec("10"), dec("12"), opt("30"), opt("0")};
    assert_int_equal(heng_compare(&summer, &made), HENG_OK);
    assert_true(made.change_pct.is && !made.corrected.is);
}

/* RP-C9 */
static void test_per_square_metre(void **state)
{
    (void)state;
    struct heng_dec made;
    assert_int_equal(heng_per_m2(dec("1520.40"), 48300000, &made), HENG_OK);
    assert_dec(made, "0.3148");
    assert_int_equal(heng_watt_per_m2((struct heng_dec){152040, 7}, 48300000, INT64_C(120) * 86400, &made), HENG_OK);
    assert_dec(made, "30.36");
    assert_int_equal(heng_per_m2(dec("1"), 0, &made), HENG_ERANGE);
    assert_int_equal(heng_watt_per_m2(dec("1"), 1, 0, &made), HENG_ERANGE);
}

static void test_one_among_others(void **state)
{
    (void)state;
    const struct heng_dec others[] = {dec("1.0"), dec("2.0"), dec("2.5"), dec("9.0")};
    struct heng_among made;
    assert_int_equal(heng_among_others(dec("2.0"), others, 4, &made), HENG_OK);
    assert_int_equal(made.rank, 3);
    assert_int_equal(made.of, 5);
    assert_opt(made.median, "2.25");
    assert_opt(made.below_pct, "25.0");
    assert_opt(made.to_median_pct, "-11.11");
    assert_int_equal(heng_among_others(dec("9"), others, 3, &made), HENG_OK);
    assert_int_equal(made.rank, 1);
    assert_opt(made.median, "2.0");
    assert_int_equal(heng_among_others(dec("9"), NULL, 0, &made), HENG_OK);
    assert_true(made.rank == 1 && made.of == 1 && !made.median.is && !made.below_pct.is);
}

/* RP-C3, RP-C4 */
static void test_read_success(void **state)
{
    (void)state;
    struct heng_success made;
    const struct heng_success_count count = {.planned = 1238, .first = 1187, .answered = 1219, .estimated = 12};
    assert_int_equal(heng_success_of(&count, &made), HENG_OK);
    assert_opt(made.first, "95.88");
    assert_opt(made.daily, "98.47");
    assert_opt(made.complete, "99.43");
    struct heng_opt_dec pct;
    assert_int_equal(heng_success_intervals(1238, 96, 118101, &pct), HENG_OK);
    assert_opt(pct, "99.371");
    assert_int_equal(heng_success_intervals(1, 96, 97, &pct), HENG_ERANGE);
    const struct heng_success_count none = {0};
    assert_int_equal(heng_success_of(&none, &made), HENG_OK);
    assert_false(made.first.is || made.daily.is || made.complete.is);
    const struct heng_success_count wrong[] = {{10, 6, 5, 0}, {10, 5, 11, 0}, {10, 5, 9, 2}, {10, -1, 9, 0}};
    for (size_t i = 0; i < 4; i++) assert_int_equal(heng_success_of(&wrong[i], &made), HENG_ERANGE);
}

/* RP-C5, with 2024-12-31 08:00 as hour 0 */
static void test_lost(void **state)
{
    (void)state;
    const heng_us hour = 3600 * HENG_US_PER_S, now = 20000 * hour, limit = 24 * hour;
    assert_int_equal(heng_lost_meter(now - hour / 3, now, limit, false), HENG_LOST_NOT);
    assert_int_equal(heng_lost_meter(now - 24 * hour - hour / 60, now, limit, false), HENG_LOST_DAY);
    assert_int_equal(heng_lost_meter(now - 24 * hour, now, limit, false), HENG_LOST_NOT);
    assert_int_equal(heng_lost_meter(now - 7 * 24 * hour, now, limit, false), HENG_LOST_WEEK);
    assert_int_equal(heng_lost_meter(0, now, limit, false), HENG_LOST_NEVER);
    assert_int_equal(heng_lost_meter(now - 30 * hour, now, limit, true), HENG_LOST_BEHIND);
    assert_int_equal(heng_lost_meter(0, now, limit, true), HENG_LOST_NEVER);
    assert_false(heng_lost_gateway(now - hour / 2, now, hour / 2));
    assert_true(heng_lost_gateway(now - hour / 2 - 1, now, hour / 2));
    assert_true(heng_lost_gateway(0, now, hour / 2));
    assert_string_equal(heng_lost_text(HENG_LOST_WEEK), "lost-7d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotients_round_half_away_from_zero),
        cmocka_unit_test(test_a_milder_winter_is_taken_out),
        cmocka_unit_test(test_without_weather_or_past_nothing_is_made_up),
        cmocka_unit_test(test_per_square_metre),
        cmocka_unit_test(test_one_among_others),
        cmocka_unit_test(test_read_success),
        cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
