/* Peak and valley, curves, what never stops, low delta T, meters exchanged with each other. */
#include "vee/habits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HOUR_US (INT64_C(3600) * HENG_US_PER_S)

static struct heng_zone *berlin;

static int open_zone(void **state)
{
    (void)state;
    return heng_zone_open("Europe/Berlin", &berlin, NULL) == HENG_OK ? 0 : -1;
}

static int free_zone(void **state)
{
    (void)state;
    heng_zone_free(berlin);
    return 0;
}

static struct heng_day_usage day_of(const struct heng_day_rule *rule, heng_day day, int minutes, int64_t each)
{
    struct heng_day_usage d = {.day = day, .trust = HENG_TRUST_VALID, .permille = 1000};
    d.count = (uint16_t)heng_day_interval_count(rule, day, minutes);
    for (unsigned i = 0; i < d.count; i++) {
        d.amounts[i] = each;
        d.trusts[i] = HENG_TRUST_VALID;
    }
    d.amount = each * d.count;
    return d;
}

/* The caller's values live as long as the process; a test is short. */
static int64_t values[HENG_HABITS_DAYS_MAX * 48];

static struct heng_habits *habits_of(const struct heng_day_rule *rule, int16_t minutes)
{
    static struct heng_habits h;
    h = (struct heng_habits){.rule = rule,
                             .minutes = minutes,
                             .worst = HENG_TRUST_INTERPOLATED,
                             .night_from = 120,
                             .night_to = 300,
                             .values = values,
                             .value_cap = sizeof values / sizeof *values};
    return &h;
}

static void test_peak_and_valley_say_when(void **state)
{
    (void)state;
    const struct heng_day_rule rule = {.zone = berlin};
    heng_day first = heng_day_of_date(2024, 1, 15);
    struct heng_habits *h = habits_of(&rule, 60);
    for (int i = 0; i < 3; i++) {
        struct heng_day_usage d = day_of(&rule, first + i, 60, 10);
        if (i == 1) d.amounts[19] = 70; /* 19:00 */
        if (i == 1) d.amounts[4] = 0;
        if (i == 2) { /* more, and less, but nobody measured it */
            d.amounts[7] = 1000;
            d.trusts[7] = HENG_TRUST_ESTIMATED;
            d.amounts[8] = -5;
            d.trusts[8] = HENG_TRUST_SUSPECT;
            d.amounts[9] = 0;
            d.trusts[9] = HENG_TRUST_MISSING;
        }
        assert_int_equal(heng_habits_add(h, &d, 0), HENG_OK);
    }
    const struct heng_habits_found *f = heng_habits_end(h);
    assert_true(f->peak.is && f->peak.amount == 70 && f->valley.is && f->valley.amount == 0);
    assert_true(f->peak.from_us == heng_day_from_us(&rule, first + 1) + 19 * HOUR_US);
    assert_true(f->peak.to_us == f->peak.from_us + HOUR_US);
    assert_true(f->valley.from_us == heng_day_from_us(&rule, first + 1) + 4 * HOUR_US);
    assert_int_equal(f->left_out, 3);
    assert_int_equal(f->intervals, 69);
    assert_int_equal(f->total, 67 * 10 + 70);
    assert_int_equal(f->mean_milli, 10725); /* 740 / 69 = 10.7246.. */
}

/* On the day of 23 hours 03:00 comes right behind 01:59; on that of 25 hours 02:00 comes twice. The curve is by the
 * clock that people live by. */
static void test_the_curve_goes_by_the_clock_of_the_wall(void **state)
{
    (void)state;
    const struct heng_day_rule rule = {.zone = berlin};
    const heng_day days[] = {heng_day_of_date(2024, 3, 31), heng_day_of_date(2024, 10, 27)};
    const unsigned hours[] = {23, 25};
    struct heng_habits *h = habits_of(&rule, 60);
    for (unsigned n = 0; n < 2; n++) {
        struct heng_day_usage d = day_of(&rule, days[n], 60, 1);
        assert_int_equal(d.count, hours[n]);
        d.amounts[n == 0 ? 6 : 8] = 500; /* both are 07:00 */
        assert_int_equal(heng_habits_add(h, &d, 2), HENG_OK);
    }
    const struct heng_habits_found *f = heng_habits_end(h);
    assert_int_equal(f->slots, 24);
    assert_int_equal(f->curve_milli[2][7], 500000);
    assert_int_equal(f->curve_milli[2][6], 1000);
    assert_int_equal(f->curve_milli[2][8], 1000);
    assert_int_equal(f->curve_counts[2][2], 2); /* none in March, two in October */
    assert_int_equal(f->curve_counts[2][3], 2);
    assert_int_equal(f->curve_counts[0][7], 0);
}

static void test_kinds_of_days_have_curves_of_their_own(void **state)
{
    (void)state;
    const struct heng_day_rule rule = {.start_minute = 480}; /* heat: from 08:00 */
    struct heng_habits *h = habits_of(&rule, 30);
    for (int i = 0; i < 7; i++) {
        struct heng_day_usage d = day_of(&rule, heng_day_of_date(2024, 1, 1) + i, 30, i < 5 ? 3 : 8);
        d.amounts[0] += i < 5 ? i : 0; /* 08:00: 3 4 5 6 7 */
        assert_int_equal(heng_habits_add(h, &d, i < 5 ? 0 : (unsigned)i - 4), HENG_OK);
    }
    const struct heng_habits_found *f = heng_habits_end(h);
    assert_int_equal(f->slots, 48);
    assert_int_equal(f->curve_milli[0][16], 5000);
    assert_int_equal(f->curve_milli[0][15], 3000);
    assert_int_equal(f->curve_milli[1][16], 8000);
    assert_int_equal(f->curve_counts[2][0], 1);
}

/* A tap drips 3 an hour, two counters of it stand in between; on one night somebody washes from 02:00 to 04:00. */
static void test_what_never_stops_shows_in_the_small_hours(void **state)
{
    (void)state;
    const struct heng_day_rule rule = {.zone = berlin};
    struct heng_habits *h = habits_of(&rule, 15);
    for (int i = 0; i < 5; i++) {
        struct heng_day_usage d = day_of(&rule, heng_day_of_date(2024, 1, 1) + i, 15, 0);
        for (unsigned k = 0; k < d.count; k++) d.amounts[k] = k % 4 == 1 ? (k < 32 ? 3 : 40) : 0;
        if (i == 3)
            for (unsigned k = 8; k < 16; k++) d.amounts[k] += 25;
        if (i == 4) memset(d.amounts, 0, sizeof d.amounts); /* somebody mended it */
        assert_int_equal(heng_habits_add(h, &d, 0), HENG_OK);
    }
    const struct heng_habits_found *f = heng_habits_end(h);
    assert_int_equal(f->night.days, 5);
    assert_int_equal(f->night.median, 3);
    assert_int_equal(f->night.least, 0);
    assert_int_equal(f->night.running, 4);
    assert_int_equal(f->base.days, 5);
    assert_int_equal(f->base.median, 3);
}

/* What nobody measured is no quiet night. */
static void test_a_night_without_values_is_no_night(void **state)
{
    (void)state;
    const struct heng_day_rule rule = {0};
    struct heng_habits *h = habits_of(&rule, 15);
    struct heng_day_usage d = day_of(&rule, 19000, 15, 0);
    for (unsigned k = 8; k < 20; k += 3) d.trusts[k] = HENG_TRUST_MISSING;
    d.flags = UINT64_C(1) << HENG_RULE_REVERSE_FLOW;
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_OK);
    const struct heng_habits_found *f = heng_habits_end(h);
    assert_int_equal(f->night.days, 0);
    assert_int_equal(f->base.days, 1);
    assert_int_equal(f->reverse_days, 1);
    assert_int_equal(f->night_flow_days, 0);
}

/* Against a sort of the C library and a count by hand, for random amounts. */
static int falling(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

static void test_the_duration_curve_falls_and_keeps_its_shares(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    srand(seed);
    const struct heng_day_rule rule = {0};
    for (int run = 0; run < 30; run++) {
        struct heng_habits *h = habits_of(&rule, 60);
        int days = 1 + rand() % 40;
        static int64_t all[40 * 24];
        size_t n = 0;
        for (int i = 0; i < days; i++) {
            struct heng_day_usage d = day_of(&rule, 19000 + i, 60, 0);
            for (unsigned k = 0; k < 24; k++) all[n++] = d.amounts[k] = rand() % (run % 3 == 0 ? 5 : 100000);
            assert_int_equal(heng_habits_add(h, &d, 0), HENG_OK);
        }
        const struct heng_habits_found *f = heng_habits_end(h);
        qsort(all, n, sizeof *all, falling);
        assert_in_range(f->step_count, 1, HENG_HABITS_STEPS);
        assert_true(f->steps[0].amount == all[0] && f->steps[f->step_count - 1].amount == all[n - 1]);
        assert_int_equal(f->steps[f->step_count - 1].permyriad, 10000);
        for (unsigned k = 0; k < f->step_count; k++) {
            size_t reach = 0;
            while (reach < n && all[reach] >= f->steps[k].amount) reach++;
            assert_int_equal(f->steps[k].permyriad, reach * 10000 / n);
            if (k) assert_true(f->steps[k].amount < f->steps[k - 1].amount);
        }
    }
}

static void test_a_period_is_bounded(void **state)
{
    (void)state;
    const struct heng_day_rule rule = {0};
    struct heng_habits *h = habits_of(&rule, 60);
    struct heng_day_usage d = day_of(&rule, 19000, 60, INT64_MAX / 24);
    d.amounts[3] *= 2;
    assert_int_equal(heng_habits_add(h, &d, HENG_HABITS_KINDS), HENG_ERANGE);
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_ERANGE); /* the total does not fit */
    h = habits_of(&rule, 60);
    d = day_of(&rule, 19000, 60, 1);
    d.exp = -1;
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_ERANGE);
    d.exp = 2; /* coarser ones are brought to the resolution of all */
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_OK);
    assert_int_equal(h->found.total, 2400);
    d.count = 23;
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_ERANGE);
    d = day_of(&rule, 19001, 60, 1);
    h->value_cap = 24;
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_ELIMIT);
    h = habits_of(&rule, 1440);
    for (int i = 0; i < HENG_HABITS_DAYS_MAX; i++) {
        d = day_of(&rule, 19000 + i, 1440, 7);
        assert_int_equal(heng_habits_add(h, &d, 0), HENG_OK);
    }
    assert_int_equal(heng_habits_add(h, &d, 0), HENG_ELIMIT);
    const struct heng_habits_found *f = heng_habits_end(h);
    assert_true(f->slots == 1 && f->curve_milli[0][0] == 7000 && f->night.days == 0 && f->step_count == 1);
}

static struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static void test_low_delta_t_is_energy_over_water(void **state)
{
    (void)state;
    struct heng_dec k = dec("1.163"), spread;
    assert_int_equal(heng_habits_spread(dec("1163000"), HENG_UNIT_WH, dec("50.00"), HENG_UNIT_M3, k, &spread), HENG_OK);
    assert_int_equal(heng_dec_cmp(spread, dec("20.00")), 0);
    /* 4.1868 GJ are 1163 kWh */
    assert_int_equal(heng_habits_spread(dec("4186800000"), HENG_UNIT_J, dec("500"), HENG_UNIT_M3, k, &spread), HENG_OK);
    assert_int_equal(heng_dec_cmp(spread, dec("2.00")), 0);
    assert_int_equal(heng_habits_spread(dec("1"), HENG_UNIT_M3, dec("1"), HENG_UNIT_M3, k, &spread), HENG_EUNSUPPORTED);
    assert_int_equal(heng_habits_spread(dec("1"), HENG_UNIT_J, dec("0"), HENG_UNIT_M3, k, &spread), HENG_ERANGE);
}

/* Twelve flats over 56 days, in weather that halves in between; since day 35 two have each other's meter. */
enum { FLATS = 12, DAYS = 56, SPLIT = 35 };

static void live(int64_t flats[FLATS][DAYS], uint32_t seed, int a, int b)
{
    for (int i = 0; i < FLATS; i++) {
        for (int d = 0; d < DAYS; d++) {
            seed = seed * 1664525u + 1013904223u;
            int64_t level = 1000 + 700 * i, weather = d < SPLIT ? 100 : 50;
            flats[i][d] = level * weather / 100 * (90 + (int64_t)(seed >> 8) % 21) / 100;
        }
    }
    for (int d = SPLIT; d < DAYS && a != b; d++) {
        int64_t kept = flats[a][d];
        flats[a][d] = flats[b][d];
        flats[b][d] = kept;
    }
}

static void test_exchanged_meters_are_found_among_all_pairs(void **state)
{
    (void)state;
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    set.rules[HENG_RULE_SWAPPED].on = true;
    static int64_t flats[FLATS][DAYS];
    const int64_t *rows[FLATS];
    for (int i = 0; i < FLATS; i++) rows[i] = flats[i];
    struct heng_habits_swap found[4];
    size_t n;
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    for (uint32_t run = 0; run < 20; run++) {
        live(flats, seed + run, 2, 9);
        flats[5][40] = HENG_RULES_NO_AMOUNT; /* a day is missing here and there */
        flats[9][20] = HENG_RULES_NO_AMOUNT;
        assert_int_equal(heng_habits_swapped(&set, rows, FLATS, DAYS, SPLIT, found, 4, &n), HENG_OK);
        assert_int_equal(n, 1);
        assert_true(found[0].a == 2 && found[0].b == 9);
        live(flats, seed + run, 0, 0);
        assert_int_equal(heng_habits_swapped(&set, rows, FLATS, DAYS, SPLIT, found, 4, &n), HENG_OK);
        assert_int_equal(n, 0);
    }
    assert_int_equal(heng_habits_swapped(&set, rows, HENG_HABITS_FLATS_MAX + 1, DAYS, SPLIT, found, 4, &n),
                     HENG_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak_and_valley_say_when),
        cmocka_unit_test(test_the_curve_goes_by_the_clock_of_the_wall),
        cmocka_unit_test(test_kinds_of_days_have_curves_of_their_own),
        cmocka_unit_test(test_what_never_stops_shows_in_the_small_hours),
        cmocka_unit_test(test_a_night_without_values_is_no_night),
        cmocka_unit_test(test_the_duration_curve_falls_and_keeps_its_shares),
        cmocka_unit_test(test_a_period_is_bounded),
        cmocka_unit_test(test_low_delta_t_is_energy_over_water),
        cmocka_unit_test(test_exchanged_meters_are_found_among_all_pairs),
    };
    return cmocka_run_group_tests(tests, open_zone, free_zone);
}
