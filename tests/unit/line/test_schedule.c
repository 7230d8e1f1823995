/* Schedules against a slow opinion that walks through time minute by minute and looks at the wall clock. */
#include "line/schedule.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE_US (60 * HENG_US_PER_S)

static struct heng_sim_rng rng;

static heng_us utc(const char *text)
{
    heng_us at = 0;
    assert_int_equal(heng_us_parse(text, &at, NULL), HENG_OK);
    return at;
}

static struct heng_zone *open_zone(const char *name)
{
    struct heng_zone *zone = NULL;
    struct heng_err err = {0};
    if (heng_zone_open(name, &zone, &err) != HENG_OK) fail_msg("%s: %s", name, err.text);
    return zone;
}

static void assert_time(heng_us at_us, const char *expected)
{
    char text[HENG_TIME_TEXT_MAX];
    heng_us_format(at_us, text);
    assert_string_equal(text, expected);
}

/* --- the slow opinion ----------------------------------------------------------------------------------------- */

/* What the wall clock shows, in minutes since 1970. */
static int64_t wall_minutes(const struct heng_zone *zone, heng_us at_us)
{
    struct heng_civil c = heng_zone_civil(zone, at_us);
    return heng_civil_to_us(&c) / MINUTE_US;
}

static bool slow_day(uint32_t days, int64_t minutes)
{
    struct heng_civil today = heng_us_to_civil(minutes * MINUTE_US);
    struct heng_civil tomorrow = heng_us_to_civil(minutes * MINUTE_US + HENG_US_PER_DAY);
    return days & UINT32_C(1) << (today.day - 1) || (tomorrow.day == 1 && days & UINT32_C(1) << 31);
}

static bool slow_starts(const struct heng_schedule *s, int64_t minutes)
{
    int64_t minute = minutes % 1440;
    if (s->days && !slow_day(s->days, minutes)) return false;
    if (s->period_s > 86400) return minutes * 60 % s->period_s == 0;
    if (s->period_s) return minute * 60 % s->period_s == 0;
    for (unsigned i = 0; i < s->time_count; i++)
        if (s->times[i] == minute) return true;
    return false;
}

static bool slow_due(const struct heng_schedule *s, int64_t minutes)
{
    return slow_day(s->due_days, minutes) && minutes % 1440 == s->due_minute;
}

/* Walk from `from` to `to`, whole minutes, and mark each minute at which one of the minutes that the wall clock has not
 * shown before, and has now reached or gone past, is a start. */
enum { WALK_MINUTES = 64 * 1440 };
static void walk(const struct heng_schedule *s, const struct heng_zone *zone, heng_us from,
                 bool (*hits)(const struct heng_schedule *, int64_t), bool ret[WALK_MINUTES])
{
    int64_t highest = wall_minutes(zone, from - HENG_US_PER_DAY);
    for (heng_us at = from - HENG_US_PER_DAY; at < from + WALK_MINUTES * MINUTE_US; at += MINUTE_US) {
        bool hit = false;
        for (int64_t now = wall_minutes(zone, at); highest < now;) hit = hits(s, ++highest) || hit;
        if (at >= from) ret[(at - from) / MINUTE_US] = hit;
    }
}

/* The first marked minute behind at, or NEVER; the last at or before it, or INT64_MIN. */
static heng_us first_after(const bool marks[WALK_MINUTES], heng_us from, heng_us at)
{
    for (int64_t i = (at - from) / MINUTE_US + 1; i < WALK_MINUTES; i++)
        if (marks[i]) return from + i * MINUTE_US;
    return HENG_US_NEVER;
}

static heng_us last_until(const bool marks[WALK_MINUTES], heng_us from, heng_us at)
{
    for (int64_t i = (at - from) / MINUTE_US; i >= 0; i--)
        if (marks[i]) return from + i * MINUTE_US;
    return INT64_MIN;
}

/* --- against it ----------------------------------------------------------------------------------------------- */

static const struct place {
    const char *zone, *from; /* over the changes of clocks, where there are some, and the ends of months */
} places[] = {
    {"UTC", "2028-01-20T00:00:00Z"},           {"Asia/Shanghai", "2026-01-20T00:00:00Z"},
    {"Asia/Shanghai", "1986-04-10T00:00:00Z"}, {"Europe/Berlin", "2026-02-20T00:00:00Z"},
    {"Europe/Berlin", "2026-09-20T00:00:00Z"}, {"Australia/Lord_Howe", "2026-03-10T00:00:00Z"},
    {"Pacific/Apia", "2011-12-10T00:00:00Z"},  {"Africa/Cairo", "2026-04-01T00:00:00Z"}, /* changes at midnight */
    {"Africa/Cairo", "2026-10-01T00:00:00Z"},
};

static uint32_t random_days(void)
{
    uint32_t days = 0;
    for (uint32_t n = heng_sim_rng_below(&rng, 4); n > 0; n--)
        days |= UINT32_C(1) << (heng_sim_rng_below(&rng, 3) ? heng_sim_rng_below(&rng, 32)
                                                            : 29 + heng_sim_rng_below(&rng, 3));
    return days;
}

/* Half of them in the small hours, when clocks change. */
static uint16_t random_minute(void)
{
    return (uint16_t)heng_sim_rng_below(&rng, heng_sim_rng_below(&rng, 2) ? 1440 : 240);
}

static struct heng_schedule random_schedule(void)
{
    static const uint32_t periods[] = {
        0, 0, 60, 300, 900, 1800, 3600, 25200, 5400, 40000 / 60 * 60, 86400, 172800, 129600, 7 * 86400, 11 * 86400};
    struct heng_schedule s = {.name = "random", .days = random_days(), .due_days = random_days()};
    s.period_s = periods[heng_sim_rng_below(&rng, sizeof periods / sizeof periods[0])];
    s.due_minute = random_minute();
    s.time_count = (uint16_t)heng_sim_rng_below(&rng, 5);
    for (unsigned i = 0; i < s.time_count; i++) s.times[i] = random_minute();
    s.read_window_count = (uint8_t)heng_sim_rng_below(&rng, 4);
    s.power_off_count = (uint8_t)heng_sim_rng_below(&rng, 3);
    for (unsigned i = 0; i < s.read_window_count; i++)
        s.read_windows[i] = (struct heng_day_window){random_minute(), random_minute()};
    for (unsigned i = 0; i < s.power_off_count; i++) {
        s.power_off[i].from = random_minute();
        s.power_off[i].until = (uint16_t)((s.power_off[i].from + 1 + heng_sim_rng_below(&rng, 600)) % 1440);
    }
    return s;
}

static void check_starts(const struct heng_schedule *s, const struct heng_zone *zone, heng_us from)
{
    static bool starts[WALK_MINUTES], dues[WALK_MINUTES];
    walk(s, zone, from, slow_starts, starts);
    walk(s, zone, from, slow_due, dues);
    for (int i = 0; i < 60; i++) {
        heng_us at = from + (heng_us)(heng_sim_rng_next(&rng) % (uint64_t)(WALK_MINUTES * MINUTE_US));
        if (i % 3 == 0) at = at / MINUTE_US * MINUTE_US;
        heng_us next = heng_schedule_next(s, zone, at), expected = first_after(starts, from, at);
        heng_us end = from + WALK_MINUTES * MINUTE_US;
        if (expected == HENG_US_NEVER)
            assert_true(next >= end);
        else
            assert_true(next == expected);
        heng_us due = heng_schedule_next_due(s, zone, at);
        expected = first_after(dues, from, at);
        assert_true(expected == HENG_US_NEVER ? due >= end : due == expected);
        heng_us last = heng_schedule_last_due(s, zone, at);
        expected = last_until(dues, from, at);
        assert_true(expected == INT64_MIN ? last < from : last == expected);
    }
}

static bool slow_within(const struct heng_day_window *w, unsigned count, int64_t minute)
{
    for (unsigned i = 0; i < count; i++) {
        int64_t m = w[i].from; /* walk through the window */
        do {
            if (m == minute) return true;
            m = (m + 1) % 1440;
        } while (m != w[i].until);
    }
    return false;
}

static bool slow_open(const struct heng_schedule *s, const struct heng_zone *zone, heng_us at, bool *ret_powered)
{
    int64_t minute = wall_minutes(zone, at) % 1440;
    *ret_powered = !slow_within(s->power_off, s->power_off_count, minute);
    return *ret_powered && (s->read_window_count == 0 || slow_within(s->read_windows, s->read_window_count, minute));
}

static void check_windows(const struct heng_schedule *s, const struct heng_zone *zone, heng_us from)
{
    for (int i = 0; i < 8; i++) {
        bool powered = false;
        heng_us at = from + (heng_us)(heng_sim_rng_next(&rng) % (uint64_t)(WALK_MINUTES * MINUTE_US));
        heng_us until = 0, end = at / MINUTE_US * MINUTE_US + MINUTE_US;
        bool open = heng_schedule_open(s, zone, at, &until);
        assert_int_equal(open, slow_open(s, zone, at, &powered));
        assert_int_equal(heng_schedule_powered(s, zone, at), powered);
        while (end < at + 3 * HENG_US_PER_DAY && slow_open(s, zone, end, &powered) == open) end += MINUTE_US;
        if (end < at + 3 * HENG_US_PER_DAY)
            assert_true(until == end);
        else
            assert_true(until == HENG_US_NEVER || until >= end);
    }
}

static void test_as_a_walk_by_minutes_has_it(void **state)
{
    (void)state;
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
        struct heng_zone *zone = open_zone(places[p].zone);
        for (int turn = 0; turn < 6; turn++) {
            struct heng_schedule s = random_schedule();
            struct heng_err err;
            assert_int_equal(heng_schedule_check(&s, &err), HENG_OK);
            check_starts(&s, zone, utc(places[p].from));
            check_windows(&s, zone, utc(places[p].from));
        }
        heng_zone_free(zone);
    }
}

/* --- what an operator would look up --------------------------------------------------------------------------- */

static void test_days_of_the_month(void **state)
{
    (void)state;
    struct heng_schedule last = {.time_count = 1, .times = {90}, .days = UINT32_C(1) << 31};
    assert_time(heng_schedule_next(&last, NULL, utc("2026-02-01T00:00:00Z")), "2026-02-28T01:30:00Z");
    assert_time(heng_schedule_next(&last, NULL, utc("2028-02-01T00:00:00Z")), "2028-02-29T01:30:00Z");
    struct heng_schedule day_31 = {.time_count = 1, .times = {90}, .days = UINT32_C(1) << 30};
    assert_time(heng_schedule_next(&day_31, NULL, utc("2026-01-31T01:30:00Z")), "2026-03-31T01:30:00Z");
    struct heng_schedule due = {.due_days = UINT32_C(1) << 30, .due_minute = 0};
    struct heng_zone *shanghai = open_zone("Asia/Shanghai");
    assert_time(heng_schedule_next_due(&due, shanghai, utc("2026-05-30T16:00:00Z")), "2026-07-30T16:00:00Z");
    assert_time(heng_schedule_last_due(&due, shanghai, utc("2026-05-30T16:00:00Z")), "2026-05-30T16:00:00Z");
    assert_time(heng_schedule_last_due(&due, shanghai, utc("2026-05-30T15:59:59.999999Z")), "2026-03-30T16:00:00Z");
    heng_zone_free(shanghai);
}

static void test_changes_of_clocks(void **state)
{
    (void)state;
    struct heng_zone *berlin = open_zone("Europe/Berlin");
    struct heng_schedule s = {.time_count = 1, .times = {150}}; /* 02:30 */
    assert_time(heng_schedule_next(&s, berlin, utc("2026-03-28T12:00:00Z")), "2026-03-29T01:00:00Z");
    assert_time(heng_schedule_next(&s, berlin, utc("2026-03-29T01:00:00Z")), "2026-03-30T00:30:00Z");
    assert_time(heng_schedule_next(&s, berlin, utc("2026-10-25T00:00:00Z")), "2026-10-25T00:30:00Z");
    assert_time(heng_schedule_next(&s, berlin, utc("2026-10-25T00:30:00Z")), "2026-10-26T01:30:00Z");

    /* Windows go by what the wall clock shows: 02:15 to 03:30. */
    static const struct {
        const char *at, *until;
        bool open;
    } cases[] = {
        {"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", false}, /* 01:30; at 02:00 it is 03:00 */
        {"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", true},
        {"2026-10-25T00:00:00Z", "2026-10-25T00:15:00Z", false}, /* 02:00 for the first time */
        {"2026-10-25T00:15:00Z", "2026-10-25T01:00:00Z", true},
        {"2026-10-25T01:00:00Z", "2026-10-25T01:15:00Z", false}, /* 02:00 for the second time */
        {"2026-10-25T01:15:00Z", "2026-10-25T02:30:00Z", true},
    };
    s.read_window_count = 1;
    s.read_windows[0] = (struct heng_day_window){135, 210};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        heng_us until = 0;
        assert_int_equal(heng_schedule_open(&s, berlin, utc(cases[i].at), &until), cases[i].open);
        assert_time(until, cases[i].until);
    }
    heng_zone_free(berlin);

    /* Back over midnight: St. John's put 00:01 back to 23:01. The day that had begun stays due. */
    struct heng_zone *newfoundland = open_zone("America/St_Johns");
    struct heng_schedule due = {.due_days = UINT32_C(1) << 6};
    assert_time(heng_schedule_last_due(&due, newfoundland, utc("2010-11-07T02:45:00Z")), "2010-11-07T02:30:00Z");
    assert_time(heng_schedule_next_due(&due, newfoundland, utc("2010-11-07T02:45:00Z")), "2010-12-07T03:30:00Z");
    heng_zone_free(newfoundland);
}

static void test_nothing_scheduled_is_never(void **state)
{
    (void)state;
    struct heng_schedule s = {.name = "none"};
    heng_us until = 0;
    assert_true(heng_schedule_next(&s, NULL, 0) == HENG_US_NEVER);
    assert_true(heng_schedule_next_due(&s, NULL, 0) == HENG_US_NEVER);
    assert_true(heng_schedule_last_due(&s, NULL, 0) == INT64_MIN);
    assert_true(heng_schedule_open(&s, NULL, 0, &until) && until == HENG_US_NEVER);
    assert_true(heng_schedule_powered(&s, NULL, 0));
    s.read_window_count = 1; /* from midnight to midnight */
    assert_true(heng_schedule_open(&s, NULL, 0, &until) && until == HENG_US_NEVER);
    /* No sum overflows at the ends of time. */
    s.time_count = 1;
    s.due_days = 1;
    (void)heng_schedule_next(&s, NULL, INT64_MIN);
    (void)heng_schedule_open(&s, NULL, INT64_MIN, &until);
    (void)heng_schedule_open(&s, NULL, HENG_US_NEVER, &until);
    (void)heng_schedule_next(&s, NULL, HENG_US_NEVER);
    assert_true(heng_schedule_next_due(&s, NULL, HENG_US_NEVER) == HENG_US_NEVER);
    (void)heng_schedule_last_due(&s, NULL, HENG_US_NEVER);
}

/* A period that never meets its day of the month: an answer, and soon. */
static void test_a_period_that_misses_its_days(void **state)
{
    (void)state;
    struct heng_schedule s = {.period_s = 31 * 86400, .days = 1};
    heng_us at = heng_schedule_next(&s, NULL, utc("2026-01-01T00:00:00Z"));
    struct heng_civil c = heng_us_to_civil(at);
    assert_int_equal(c.day, 1);
    assert_true(at % (31 * HENG_US_PER_DAY) == 0);
    s = (struct heng_schedule){.period_s = 30 * 86400 + 86400 / 2, .days = UINT32_C(1) << 30};
    (void)heng_schedule_next(&s, NULL, utc("2026-01-01T00:00:00Z"));
}

static void test_spread_is_even_and_always_the_same(void **state)
{
    (void)state;
    struct heng_schedule s = {.spread_s = 600};
    unsigned tenths[10] = {0};
    for (int64_t id = 1; id <= 10000; id++) {
        heng_us spread = heng_schedule_spread(&s, id);
        assert_true(spread >= 0 && spread <= 600 * HENG_US_PER_S);
        assert_true(spread == heng_schedule_spread(&s, id));
        tenths[spread == 600 * HENG_US_PER_S ? 9 : spread / (60 * HENG_US_PER_S)]++;
    }
    for (size_t i = 0; i < 10; i++) assert_in_range(tenths[i], 850, 1150);
    s.spread_s = 0;
    assert_true(heng_schedule_spread(&s, 7) == 0);
    s.spread_s = UINT32_MAX;
    assert_true(heng_schedule_spread(&s, -7) >= 0);
}

static void test_what_cannot_be_is_named(void **state)
{
    (void)state;
    static const struct {
        struct heng_schedule s;
        const char *field;
    } cases[] = {
        {{.period_s = 31 * 86400 + 1}, "period_s"},
        {{.time_count = 49}, "times"},
        {{.time_count = 2, .times = {0, 1440}}, "times"},
        {{.due_minute = 1440}, "due_minute"},
        {{.period_s = 900, .spread_s = 901}, "spread_s"},
        {{.spread_s = 86401}, "spread_s"},
        {{.read_window_count = 5}, "read_windows"},
        {{.read_window_count = 1, .read_windows = {{1440, 0}}}, "read_windows"},
        {{.power_off_count = 5}, "power_off"},
        {{.power_off_count = 2, .power_off = {{0, 60}, {0, 1440}}}, "power_off"},
        {{.power_off_count = 1, .power_off = {{60, 60}}}, "power_off"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_err err = {0};
        assert_int_equal(heng_schedule_check(&cases[i].s, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, cases[i].field));
    }
    struct heng_schedule good = {.period_s = 900, .spread_s = 900, .power_off_count = 1, .power_off = {{1380, 0}}};
    assert_int_equal(heng_schedule_check(&good, NULL), HENG_OK);
}

int main(void)
{
    enum { SEED = 20261121 };
    print_message("# seed %d\n", SEED);
    rng = heng_sim_rng_of(SEED, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_a_walk_by_minutes_has_it),
        cmocka_unit_test(test_days_of_the_month),
        cmocka_unit_test(test_changes_of_clocks),
        cmocka_unit_test(test_nothing_scheduled_is_never),
        cmocka_unit_test(test_a_period_that_misses_its_days),
        cmocka_unit_test(test_spread_is_even_and_always_the_same),
        cmocka_unit_test(test_what_cannot_be_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
