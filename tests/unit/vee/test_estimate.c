/* Values for what was not measured. */
#include "tests/unit/vee/estimate_case.h"

/* VE-C4: 10231.40 on 10-30 09:15 and 10268.95 on 11-03 14:40 are 10245.75 on 11-01 00:00. */
static void test_at_a_moment(void **state)
{
    (void)state;
    heng_us before, after, at;
    struct heng_dec read;
    assert_int_equal(heng_us_parse("2024-10-30T09:15:00Z", &before, NULL), HENG_OK);
    assert_int_equal(heng_us_parse("2024-11-03T14:40:00Z", &after, NULL), HENG_OK);
    assert_int_equal(heng_us_parse("2024-11-01T00:00:00Z", &at, NULL), HENG_OK);
    assert_int_equal(heng_estimate_at(before, dec("10231.40"), after, dec("10268.95"), at, &read), HENG_OK);
    assert_rounded(read, 2, "10245.75");
    assert_int_equal(read.exp, -2);
    assert_int_equal(heng_estimate_at(before, dec("10231.40"), after, dec("10268.95"), before, &read), HENG_OK);
    assert_rounded(read, 2, "10231.40");
    assert_int_equal(heng_estimate_at(before, dec("10231.40"), after, dec("10268.95"), after, &read), HENG_OK);
    assert_rounded(read, 2, "10268.95");
    assert_int_equal(heng_estimate_at(before, dec("1"), after, dec("2"), before - 1, &read), HENG_ERANGE);
    assert_int_equal(heng_estimate_at(before, dec("1"), after, dec("2"), after + 1, &read), HENG_ERANGE);
    assert_int_equal(heng_estimate_at(before, dec("1"), before, dec("1"), before, &read), HENG_ERANGE);
    struct heng_dec high = {INT64_MAX, 0}, low = {-2, 0};
    assert_int_equal(heng_estimate_at(before, low, after, high, at, &read), HENG_ERANGE);
    assert_int_equal(heng_estimate_at(INT64_MIN, dec("0"), INT64_MAX, high, -1, &read), HENG_OK);
    assert_int_equal(read.mantissa, INT64_MAX / 2);
}

/* VE-C6: 1843.0 kWh in January and February (170 + 150 permille), March has 130: 748.7. */
static void test_scaled_by_degree_days(void **state)
{
    (void)state;
    struct heng_dec made;
    assert_int_equal(heng_estimate_scaled(dec("1843.0"), dec("130"), dec("320"), &made), HENG_OK);
    assert_rounded(made, 1, "748.7");
    assert_int_equal(made.exp, -1);
    assert_int_equal(heng_estimate_scaled(dec("5"), dec("1"), dec("2"), &made), HENG_OK);
    assert_rounded(made, 0, "2"); /* half to even */
    assert_int_equal(heng_estimate_scaled(dec("5"), dec("3"), dec("2"), &made), HENG_OK);
    assert_rounded(made, 0, "8");
    assert_int_equal(heng_estimate_scaled(dec("5"), dec("1"), dec("0"), &made), HENG_ERANGE);
    assert_int_equal(heng_estimate_scaled(dec("5"), dec("1"), dec("-1"), &made), HENG_ERANGE);
    assert_int_equal(heng_estimate_scaled(dec("9000000000000000000"), dec("11"), dec("10"), &made), HENG_ERANGE);
}

/* VE-C5: means of 0.90 0.80 1.00, 1.10 1.20 1.00, 1.30 1.25 1.35. */
static void test_like_days(void **state)
{
    (void)state;
    static const int64_t days[3][3] = {{90, 110, 130}, {80, 120, 125}, {100, 100, 135}};
    begin(HENG_MEDIUM_ELECTRICITY, 1, 3, 1);
    for (int i = 3; i < CASE_PAST; i++) channel.links[i] = NULL;
    for (int i = 0; i < 3; i++) day_set(&channel.past[i], CASE_DAY - 1 - i, 1, 3, days[i]);
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.amounts[0], 90);
    assert_int_equal(result.amounts[1], 110);
    assert_int_equal(result.amounts[2], 130);
    assert_int_equal(result.amount, 330);
    assert_int_equal(result.method, HENG_METHOD_LIKE_DAYS);
    assert_int_equal(result.trust, HENG_TRUST_ESTIMATED);
    assert_int_equal(result.missing, 0);
    /* 800 x 3 / 4, less the scatter of 330, 325, 335: (0 + 5 + 5) / 990 = 11 permille (up) */
    assert_int_equal(result.permille, 600 * (1000 - 11) / 1000);
    channel.links[2] = NULL; /* two are too few */
    assert_false(by(HENG_METHOD_LIKE_DAYS));
}

/* 1 and 2 of two days are 1.5 each, 3 in all: rounding is done once, for the sum. */
static void test_rounded_once(void **state)
{
    (void)state;
    static const int64_t days[3][3] = {{1, 1, 1}, {1, 1, 1}, {2, 2, 2}};
    begin(HENG_MEDIUM_ELECTRICITY, 0, 3, 1);
    for (int i = 3; i < CASE_PAST; i++) channel.links[i] = NULL;
    for (int i = 0; i < 3; i++) day_set(&channel.past[i], CASE_DAY - 1 - i, 0, 3, days[i]);
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.amount, 4); /* 1.333 x 3, and not 3 */
    assert_int_equal(result.amounts[0], 2);
    assert_int_equal(result.amounts[2], 1);
    channel.past[0].amounts[0] = 2; /* 13 of three days: 4.33 */
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 4);
    channel.past[1].amounts[0] = 2; /* 14: 4.67 */
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 5);
}

/* Like is what the calendar says, else working days, Saturdays and Sundays. */
static void test_which_days_are_like(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 1, 10);
    for (int i = 0; i < CASE_PAST; i++) {
        kinds[i] = i % 2 ? 7 : 3;
        if (i % 2) channel.past[i].amount = channel.past[i].amounts[0] = 50;
    }
    in.kind = 3;
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 10);
    in.kind = 7;
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 50);
    in.kind = 9;
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    in.past_kinds = NULL;
    for (int i = 0; i < CASE_PAST; i++) {
        int64_t amount = 100 + heng_day_weekday(CASE_DAY - 1 - i) * 100;
        day_set(&channel.past[i], CASE_DAY - 1 - i, 0, 1, &amount);
    }
    channel.day.day = CASE_DAY - heng_day_weekday(CASE_DAY) + 7 + 5; /* a Saturday */
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 600);
    channel.day.day++;
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 700);
    channel.day.day++; /* Monday: of the working days of 21 days; all weeks have each of them three times */
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.amount, 300);
}

/* Only what was measured and nobody doubts. */
static void test_like_days_must_be_good(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 2, 10);
    for (int i = 3; i < CASE_PAST; i++) channel.links[i] = NULL;
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    static const heng_trust bad[] = {HENG_TRUST_INTERPOLATED, HENG_TRUST_EDITED,  HENG_TRUST_SUBSTITUTED,
                                     HENG_TRUST_ESTIMATED,    HENG_TRUST_SUSPECT, HENG_TRUST_MISSING};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        channel.past[1].trust = bad[i];
        assert_false(by(HENG_METHOD_LIKE_DAYS));
    }
    channel.past[1].trust = HENG_TRUST_OVERRIDE;
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].exp = 1;
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].exp = 0;
    channel.past[1].amounts[1] = -1;
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].amounts[1] = INT64_C(1000000000000000);
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].amounts[1] = INT64_C(1000000000000001);
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].amounts[1] = 10;
    channel.past[1].count = 1; /* of one interval: it has no shape */
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].count = 0;
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].count = 301;
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].count = 2;
    channel.past[1].missing = 1;
    assert_false(by(HENG_METHOD_LIKE_DAYS));
    channel.past[1].missing = 0;
    set.limits[HENG_LIMIT_ESTIMATE_DAYS] = dec("2");
    assert_false(by(HENG_METHOD_LIKE_DAYS));
}

/* A day of 23 hours takes its hours from where they lie. */
static void test_a_short_day(void **state)
{
    (void)state;
    int64_t shape[24];
    begin(HENG_MEDIUM_ELECTRICITY, 0, 24, 1);
    for (unsigned k = 0; k < 24; k++) shape[k] = k;
    for (int i = 0; i < CASE_PAST; i++) day_set(&channel.past[i], CASE_DAY - 1 - i, 0, 24, shape);
    channel.day.count = channel.day.missing = 23;
    assert_int_equal(estimate(), HENG_OK);
    for (unsigned k = 0; k < 23; k++) assert_int_equal(result.amounts[k], k * 24 / 23);
}

/* Some intervals are there: they stay as they are. */
static void test_measured_intervals_stay(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 24, 100);
    day_even(&channel.day, CASE_DAY, 0, 24, 70);
    for (unsigned k = 4; k < 10; k++) day_lose(&channel.day, k);
    channel.day.permille = 1000;
    channel.day.flags = 5;
    assert_int_equal(estimate(), HENG_OK);
    for (unsigned k = 0; k < 24; k++) {
        bool filled = k >= 4 && k < 10;
        assert_int_equal(result.amounts[k], filled ? 100 : 70);
        assert_int_equal(result.trusts[k], filled ? HENG_TRUST_ESTIMATED : HENG_TRUST_VALID);
    }
    assert_int_equal(result.amount, 18 * 70 + 600);
    assert_int_equal(result.flags, 5);
    /* 21 like days without scatter: 800 x 21 / 22 = 763; 1260 at 1000 and 600 at 763 */
    assert_int_equal(result.permille, (1260 * 1000 + 600 * 763) / 1860);
    struct heng_day_usage same = channel.day;
    in.own.day = &same;
    assert_int_equal(heng_estimate_day(&set, &in, &same, NULL), HENG_OK); /* in place */
    assert_memory_equal(&same, &result, sizeof same);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 24, 100);
    day_even(&channel.day, CASE_DAY, 0, 24, 70);
    assert_int_equal(estimate(), HENG_OK);
    assert_memory_equal(&result, &channel.day, sizeof result);
    struct heng_day_usage same = channel.day;
    in.own.day = &same;
    assert_int_equal(heng_estimate_day(&set, &in, &same, NULL), HENG_OK);
    in.own.day = &channel.day;
    channel.day.count = 300; /* 25 hours of five minutes */
    assert_int_equal(heng_estimate_day(&set, &in, &result, NULL), HENG_OK);
    channel.day.count = 0;
    assert_int_equal(estimate(), HENG_ERANGE);
    channel.day.count = 301;
    assert_int_equal(estimate(), HENG_ERANGE);
}

/* One hour, straight between its neighbours; over midnight as well. */
static void test_short_gap(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 96, 100);
    day_even(&channel.day, CASE_DAY, 0, 96, 100);
    for (unsigned k = 44; k < 96; k++) channel.day.amounts[k] = 200;
    channel.day.amount = 44 * 100 + 52 * 200;
    for (unsigned k = 40; k < 44; k++) day_lose(&channel.day, k);
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_LINEAR);
    assert_int_equal(result.amounts[40], 120);
    assert_int_equal(result.amounts[41], 140);
    assert_int_equal(result.amounts[42], 160);
    assert_int_equal(result.amounts[43], 180);
    day_lose(&channel.day, 39); /* 75 minutes */
    assert_false(by(HENG_METHOD_LINEAR));
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_LIKE_DAYS);
}

static void test_short_gap_at_the_edges(void **state)
{
    (void)state;
    struct heng_day_usage next;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 24, 100);
    day_even(&channel.day, CASE_DAY, 0, 24, 50);
    day_even(&next, CASE_DAY + 1, 0, 24, 20);
    day_lose(&channel.day, 0);
    assert_true(by(HENG_METHOD_LINEAR));
    assert_int_equal(part.amount, 75);
    channel.past[0].trusts[23] = HENG_TRUST_ESTIMATED;
    assert_false(by(HENG_METHOD_LINEAR));
    channel.past[0].trusts[23] = HENG_TRUST_MISSING;
    assert_false(by(HENG_METHOD_LINEAR));
    channel.past[0].trusts[23] = HENG_TRUST_VALID;
    channel.past[0].exp = 1;
    assert_false(by(HENG_METHOD_LINEAR));
    channel.past[0].exp = 0;
    channel.past[0].amounts[23] = -1;
    assert_false(by(HENG_METHOD_LINEAR));
    channel.past[0].count = 0;
    assert_false(by(HENG_METHOD_LINEAR));
    channel.links[0] = NULL;
    assert_false(by(HENG_METHOD_LINEAR));
    day_even(&channel.day, CASE_DAY, 0, 24, 50);
    day_lose(&channel.day, 23);
    assert_false(by(HENG_METHOD_LINEAR)); /* what comes behind is not known yet */
    in.next = &next;
    assert_true(by(HENG_METHOD_LINEAR));
    assert_int_equal(part.amount, 35);
    next.amounts[0] = 0;
    assert_true(by(HENG_METHOD_LINEAR));
    assert_int_equal(part.amount, 25);
    next.amounts[0] = 20;
    day_even(&channel.day, CASE_DAY, 0, 24, 50);
    channel.links[0] = &channel.past[0];
    day_lose(&channel.day, 1); /* beside the first of today, not the last of yesterday */
    assert_true(by(HENG_METHOD_LINEAR));
    assert_int_equal(part.amount, 50);
    day_even(&channel.day, CASE_DAY, 0, 24, 50);
    day_lose(&channel.day, 23);
    day_lose(&channel.day, 5); /* two short gaps */
    assert_true(by(HENG_METHOD_LINEAR));
    assert_int_equal(part.amount, 85);
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.amounts[5], 50);
    assert_int_equal(result.amounts[23], 35);
    next.count = 0;
    assert_false(by(HENG_METHOD_LINEAR));
}

/* A check meter of the same intervals, or of the whole day. */
static void test_check_meter(void **state)
{
    (void)state;
    struct heng_day_usage check;
    begin(HENG_MEDIUM_ELECTRICITY, 3, 24, 5);
    day_even(&channel.day, CASE_DAY, 3, 24, 5);
    day_lose(&channel.day, 7);
    day_lose(&channel.day, 8);
    day_even(&check, CASE_DAY, 2, 24, 61);
    in.check = &check;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_CHECK_METER);
    assert_int_equal(result.trust, HENG_TRUST_SUBSTITUTED);
    assert_int_equal(result.amounts[7] + result.amounts[8], 12); /* 122 x 100 Wh, rounded once */
    check.amounts[7] = 67;                                       /* 128 */
    assert_true(by(HENG_METHOD_CHECK_METER));
    assert_int_equal(part.amount, 13);
    check.trusts[7] = HENG_TRUST_OVERRIDE;
    assert_true(by(HENG_METHOD_CHECK_METER));
    check.trusts[8] = HENG_TRUST_SUSPECT;
    assert_false(by(HENG_METHOD_CHECK_METER));
    check.trusts[8] = HENG_TRUST_VALID;
    check.amounts[8] = 0;
    assert_true(by(HENG_METHOD_CHECK_METER));
    check.amounts[8] = -1;
    assert_false(by(HENG_METHOD_CHECK_METER));
    day_even(&check, CASE_DAY, 3, 1, 240);
    assert_false(by(HENG_METHOD_CHECK_METER)); /* which part of it is missing is not known */
    day_trust(&channel.day, HENG_TRUST_MISSING);
    assert_true(by(HENG_METHOD_CHECK_METER));
    assert_int_equal(part.amount, 240);
    check.trust = HENG_TRUST_ESTIMATED;
    assert_false(by(HENG_METHOD_CHECK_METER));
}

/* The meter kept the total: only its shape is estimated. */
static void test_history(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 24, 100);
    day_even(&channel.day, CASE_DAY, 0, 24, 100);
    day_lose(&channel.day, 2);
    day_lose(&channel.day, 3);
    in.kept = some("2350");
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_HISTORY);
    assert_int_equal(result.trust, HENG_TRUST_INTERPOLATED);
    assert_int_equal(result.amount, 2350);
    assert_int_equal(result.amounts[2], 75);
    assert_int_equal(result.permille, 1000);
    in.kept = some("2199"); /* less than was measured: something is wrong, so it is not used */
    assert_false(by(HENG_METHOD_HISTORY));
    in.kept = some("2200");
    assert_true(by(HENG_METHOD_HISTORY));
    in.kept = (struct heng_opt_dec){true, {1, 18}};
    in.kept.dec.mantissa = 1000;
    assert_false(by(HENG_METHOD_HISTORY));
    in.kept = (struct heng_opt_dec){true, {INT64_MIN, 0}};
    assert_false(by(HENG_METHOD_HISTORY));
}

/* 100 kWh on each day of 10 K d make 150 on one of 15. */
static void test_degree_days(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_HEAT, 3, 1, 100);
    degrees("15", "10");
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_DEGREE_DAYS);
    assert_int_equal(result.amount, 150);
    assert_int_equal(result.permille, 750 * 35 / 36);
    degrees("0", "10");
    assert_true(by(HENG_METHOD_DEGREE_DAYS)); /* nothing is heated on a warm day */
    assert_int_equal(part.amount, 0);
    degrees("15.08", "10"); /* 150.8 */
    assert_true(by(HENG_METHOD_DEGREE_DAYS));
    assert_int_equal(part.amount, 151);
    in.past_degree_days = NULL;
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    degrees("15", "0.5"); /* 17.5 K d in all: too little to divide by */
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    degrees("15", "1");
    in.own.past_count = 20; /* 20 K d are enough */
    assert_true(by(HENG_METHOD_DEGREE_DAYS));
    in.own.past_count = 19;
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    in.own.past_count = CASE_PAST;
    degrees("15", "20");
    for (int i = 2; i < CASE_PAST; i++) past_degrees[i].is = false;
    assert_false(by(HENG_METHOD_DEGREE_DAYS)); /* two days */
    past_degrees[2] = some("20");
    assert_true(by(HENG_METHOD_DEGREE_DAYS));
    past_degrees[2] = some("-20");
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    past_degrees[2] = some("1001");
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    past_degrees[2] = (struct heng_opt_dec){true, {INT64_MAX, 18}};
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    past_degrees[2] = some("20");
    in.degree_days = some("-1");
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    in.degree_days = (struct heng_opt_dec){true, {INT64_MAX, 18}};
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    in.degree_days.is = false;
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
    degrees("15", "20");
    set.limits[HENG_LIMIT_ESTIMATE_DEGREE_DAYS] = (struct heng_dec){INT64_MAX, 0};
    assert_false(by(HENG_METHOD_DEGREE_DAYS));
}

/* Half of a day by the weather: of the half of its shape. */
static void test_part_of_a_day(void **state)
{
    (void)state;
    int64_t shape[24];
    begin(HENG_MEDIUM_HEAT, 3, 24, 1);
    for (unsigned k = 0; k < 24; k++) shape[k] = k < 12 ? 1 : 3;
    for (int i = 0; i < CASE_PAST; i++) day_set(&channel.past[i], CASE_DAY - 1 - i, 3, 24, shape);
    day_even(&channel.day, CASE_DAY, 3, 24, 7);
    for (unsigned k = 0; k < 12; k++) day_lose(&channel.day, k);
    degrees("20", "10");
    assert_true(by(HENG_METHOD_DEGREE_DAYS));
    assert_int_equal(part.amount, 24); /* twice 48, a quarter of it */
    for (int i = 0; i < CASE_PAST; i++) day_even(&channel.past[i], CASE_DAY - 1 - i, 3, 24, 0);
    struct heng_rules_neighbours n = {(int64_t[5]){96, 96, 96, 96, 96}, 5, 3, 0};
    in.neighbours = &n;
    assert_true(by(HENG_METHOD_NEIGHBOURS));
    assert_int_equal(part.amount, 48); /* like days without any use have no shape: half of the time */
}

static void test_last_year(void **state)
{
    (void)state;
    struct heng_day_usage year;
    begin(HENG_MEDIUM_GAS, 0, 24, 10);
    in.own.past_count = 0;
    assert_int_equal(estimate(), HENG_ENOTFOUND);
    day_even(&year, CASE_DAY - 364, 0, 24, 100);
    in.last_year = &year;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_LAST_YEAR);
    assert_int_equal(result.amount, 2400);
    assert_int_equal(result.permille, 300);
    in.recent = 50;
    in.recent_last_year = 100;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.amount, 1200);
    assert_int_equal(result.permille, 600);
    in.recent_last_year = 0; /* no trend */
    assert_true(by(HENG_METHOD_LAST_YEAR));
    assert_int_equal(part.amount, 2400);
    in.recent_last_year = 1100;
    in.recent = 1101; /* 2402.2 */
    assert_true(by(HENG_METHOD_LAST_YEAR));
    assert_int_equal(part.amount, 2402);
    in.recent = 1099; /* 2397.8 */
    assert_true(by(HENG_METHOD_LAST_YEAR));
    assert_int_equal(part.amount, 2398);
    in.recent_last_year = 100;
    in.recent = 400;
    assert_true(by(HENG_METHOD_LAST_YEAR));
    in.recent = 401; /* somebody else lives there */
    assert_false(by(HENG_METHOD_LAST_YEAR));
    in.recent = 25;
    assert_true(by(HENG_METHOD_LAST_YEAR));
    in.recent = 24;
    assert_false(by(HENG_METHOD_LAST_YEAR));
    in.recent = 50;
    day_even(&channel.day, CASE_DAY, 0, 24, 7);
    day_lose(&channel.day, 3);
    assert_true(by(HENG_METHOD_LAST_YEAR));
    assert_int_equal(part.amount, 50);
    year.trust = HENG_TRUST_ESTIMATED;
    assert_false(by(HENG_METHOD_LAST_YEAR));
    day_even(&year, CASE_DAY - 364, 0, 1, 100);
    assert_false(by(HENG_METHOD_LAST_YEAR));
}

static void test_neighbours(void **state)
{
    (void)state;
    static const int64_t per_m2[5] = {80, 90, 100, 110, 150};
    struct heng_rules_neighbours n = {per_m2, 5, -2, 0};
    begin(HENG_MEDIUM_COLD_WATER, -1, 1, 10);
    in.own.past_count = 0;
    in.neighbours = &n;
    in.area_cm2 = 505000;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_NEIGHBOURS);
    assert_int_equal(result.amount, 505); /* 1.00 x 50.5 m2 */
    assert_int_equal(result.permille, 500 * 100 / (100 + 20));
    in.area_cm2 = 0;
    assert_true(by(HENG_METHOD_NEIGHBOURS));
    assert_int_equal(part.amount, 10);
    n.count = 4;
    assert_false(by(HENG_METHOD_NEIGHBOURS));
    n.count = 0;
    assert_false(by(HENG_METHOD_NEIGHBOURS));
    static const int64_t zero[5] = {0, 0, 0, 0, 0}, below[5] = {-5, -4, -3, 0, 0}, wrong[5] = {9, 8, 7, 6, 5};
    n = (struct heng_rules_neighbours){zero, 5, 0, 0};
    assert_true(by(HENG_METHOD_NEIGHBOURS));
    assert_int_equal(part.permille, 250);
    n.sorted = below;
    assert_false(by(HENG_METHOD_NEIGHBOURS));
    n.sorted = wrong; /* not sorted: better nothing than anything */
    assert_false(by(HENG_METHOD_NEIGHBOURS));
}

static void test_area_and_profile(void **state)
{
    (void)state;
    static const int64_t profile[24] = {5, 5, 5, 5, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8, 7, 6, 5, 5, 5};
    begin(HENG_MEDIUM_HEAT, 0, 24, 10);
    in.own.past_count = 0;
    in.building = some("100000");
    in.building_area_cm2 = 10000000;
    in.area_cm2 = 700000;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_AREA);
    assert_int_equal(result.amount, 7000);
    assert_int_equal(result.permille, 300);
    in.building_area_cm2 = 700000; /* it is the building */
    assert_true(by(HENG_METHOD_AREA));
    assert_int_equal(part.amount, 100000);
    in.building_area_cm2 = 699999; /* smaller than its part */
    assert_int_equal(estimate(), HENG_ENOTFOUND);
    in.building_area_cm2 = 10000000;
    in.building = some("-1");
    assert_false(by(HENG_METHOD_AREA));
    in.building = some("5");
    in.area_cm2 = 0;
    assert_false(by(HENG_METHOD_AREA));
    in.building.is = false;
    assert_false(by(HENG_METHOD_AREA));
    in.profile = profile;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_PROFILE);
    assert_memory_equal(result.amounts, profile, sizeof profile);
    day_even(&channel.day, CASE_DAY, 0, 24, 7);
    day_lose(&channel.day, 7);
    assert_true(by(HENG_METHOD_PROFILE));
    assert_int_equal(part.amount, 8);
    int64_t bad[24] = {0};
    in.profile = bad;
    assert_true(by(HENG_METHOD_PROFILE));
    assert_int_equal(part.amount, 0);
    bad[7] = -1;
    assert_false(by(HENG_METHOD_PROFILE));
    bad[7] = bad[8] = INT64_MAX;
    day_lose(&channel.day, 8);
    assert_false(by(HENG_METHOD_PROFILE));
}

/* What a person writes goes before all others. */
static void test_manual(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_HEAT, 3, 24, 10);
    in.manual = some("48000");
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_MANUAL);
    assert_int_equal(result.trust, HENG_TRUST_EDITED);
    assert_int_equal(result.amount, 48);
    assert_int_equal(result.permille, 500);
}

/* Other methods share what is known; they give nothing here. */
static void test_methods_that_share(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_HEAT, 3, 24, 10);
    static const heng_method none[] = {HENG_METHOD_NONE, HENG_METHOD_SHARE_FLAT, HENG_METHOD_SHARE_PROFILE,
                                       HENG_METHOD_SHARE_DEGREE_DAYS, HENG_METHOD_COUNT};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) assert_false(by(none[i]));
}

/* The order is that of the set; what does not apply is passed over. */
static void test_order(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_HEAT, 3, 1, 100);
    degrees("15", "10");
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_DEGREE_DAYS);
    set.methods[3] = HENG_METHOD_LIKE_DAYS;
    set.methods[4] = HENG_METHOD_DEGREE_DAYS;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.method, HENG_METHOD_LIKE_DAYS);
    set.method_count = 3;
    assert_int_equal(estimate(), HENG_ENOTFOUND);
}

/* At most so many in a row, and such a share; a check meter has no limit. */
static void test_limits(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_HEAT, 3, 1, 100);
    set.limits[HENG_LIMIT_ESTIMATE_IN_A_ROW] = dec("3");
    day_trust(&channel.past[0], HENG_TRUST_ESTIMATED);
    day_trust(&channel.past[1], HENG_TRUST_MISSING);
    assert_int_equal(estimate(), HENG_OK);
    day_trust(&channel.past[2], HENG_TRUST_ESTIMATED);
    assert_int_equal(estimate(), HENG_ELIMIT);
    struct heng_day_usage check;
    day_even(&check, CASE_DAY, 3, 1, 7);
    in.check = &check;
    assert_int_equal(estimate(), HENG_OK);
    in.check = NULL;
    day_trust(&channel.past[1], HENG_TRUST_VALID); /* one was measured in between */
    assert_int_equal(estimate(), HENG_OK);
    set.limits[HENG_LIMIT_ESTIMATE_SHARE] = dec("8.4"); /* three of 36 days */
    assert_int_equal(estimate(), HENG_OK);
    set.limits[HENG_LIMIT_ESTIMATE_SHARE] = dec("8.3");
    assert_int_equal(estimate(), HENG_ELIMIT);
    static const int64_t profile[1] = {9};
    in.profile = profile;
    in.own.past_count = 2;
    set.limits[HENG_LIMIT_ESTIMATE_ENOUGH] = dec("2");
    assert_int_equal(estimate(), HENG_ELIMIT); /* two of three */
    set.limits[HENG_LIMIT_ESTIMATE_ENOUGH] = dec("3");
    assert_int_equal(estimate(), HENG_OK); /* two days of past make no share */
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_HEAT, 3, 2, 100);
    day_even(&channel.day, CASE_DAY, 3, 2, INT64_MAX - 10);
    channel.day.amount = channel.day.amounts[0];
    channel.day.amounts[1] = 0;
    channel.day.trusts[1] = HENG_TRUST_MISSING;
    channel.day.missing = 1;
    in.manual.is = false;
    set.methods[0] = HENG_METHOD_LIKE_DAYS;
    set.method_count = 1;
    assert_int_equal(estimate(), HENG_ERANGE);
    channel.day.amount = channel.day.amounts[0] = -5; /* a day of credit: the confidence is that of the estimate */
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.permille, 763);
}

/* A vacant flat: the mean of nothing is nothing, as sure as its days are many. */
static void test_estimate_of_nothing(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_COLD_WATER, -3, 24, 0);
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.amount, 0);
    assert_int_equal(result.permille, 763);
    day_even(&channel.day, CASE_DAY, -3, 24, 0);
    for (unsigned k = 0; k < 12; k++) day_lose(&channel.day, k);
    channel.day.permille = 1000;
    assert_int_equal(estimate(), HENG_OK);
    assert_int_equal(result.permille, (1000 + 763) / 2);
}

/* The wilder the days, the less sure. */
static void test_confidence_falls_with_scatter(void **state)
{
    (void)state;
    begin(HENG_MEDIUM_ELECTRICITY, 0, 1, 100);
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.permille, 763);
    for (int i = 0; i < CASE_PAST; i += 2) {
        channel.past[i].amounts[0] = channel.past[i].amount = 300;
    }
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.permille, 763 * (1000 - 488) / 1000); /* 11 of 300, 10 of 100: 99.8 off a mean of 204.8 */
    for (int i = 0; i < CASE_PAST; i++) channel.past[i].amounts[0] = channel.past[i].amount = i == 3 ? 1000 : 0;
    assert_true(by(HENG_METHOD_LIKE_DAYS));
    assert_int_equal(part.permille, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_a_moment),
        cmocka_unit_test(test_scaled_by_degree_days),
        cmocka_unit_test(test_like_days),
        cmocka_unit_test(test_rounded_once),
        cmocka_unit_test(test_which_days_are_like),
        cmocka_unit_test(test_like_days_must_be_good),
        cmocka_unit_test(test_a_short_day),
        cmocka_unit_test(test_measured_intervals_stay),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_short_gap),
        cmocka_unit_test(test_short_gap_at_the_edges),
        cmocka_unit_test(test_check_meter),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_degree_days),
        cmocka_unit_test(test_part_of_a_day),
        cmocka_unit_test(test_last_year),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_area_and_profile),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_methods_that_share),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_estimate_of_nothing),
        cmocka_unit_test(test_confidence_falls_with_scatter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
