/* When a line counts as silent, what is done about it and when: hours and days of virtual time, a look every second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/watch.h"
#include "line/schedule.h"

#define S   HENG_US_PER_S
#define MIN (60 * S)
#define H   (60 * MIN)
#define DAY (24 * H)

enum { STEPS_MAX = 4000 };

struct told {
    heng_watch_step step;
    heng_us at; /* since the start */
};

/* A line that runs: alive says whether its meters answer when a read is due. */
struct world {
    struct heng_watch watch;
    struct heng_line_config config;
    struct heng_schedule schedules[2];
    struct heng_meter_config meters[2];
    struct heng_watch_seen seen;
    heng_us start, now, wall_ahead;
    bool alive, stuck;
    heng_us next_read[3]; /* wall, by group: the line's period and two schedules */
    struct told told[STEPS_MAX];
    size_t count;
};

/* 2026-01-12 10:00 UTC, a Monday */
static const heng_us begin_wall = INT64_C(1768212000) * S;

static heng_us due(struct world *w, size_t group, heng_us wall)
{
    if (group == 0) return wall + (heng_us)w->config.period_s * S;
    heng_us at = heng_schedule_next(&w->schedules[group - 1], NULL, wall), until;
    heng_us frozen = heng_schedule_next_due(&w->schedules[group - 1], NULL, wall);
    if (frozen < at) at = frozen;
    if (at == HENG_US_NEVER || heng_schedule_open(&w->schedules[group - 1], NULL, at, &until)) return at;
    return until;
}

static bool uses(const struct world *w, size_t group)
{
    int64_t id = group ? w->schedules[group - 1].id : 0;
    if (group == 0 && !w->config.period_s) return false;
    if (group && !id) return false;
    for (size_t i = 0; i < w->seen.meter_count; i++)
        if (w->meters[i].schedule_id == id) return true;
    return false;
}

static struct world *world_of(uint32_t period_s, size_t meters)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->config = (struct heng_line_config){.id = 1, .period_s = period_s, .schedules = w->schedules};
    w->seen = (struct heng_watch_seen){.config = &w->config,
                                       .meters = w->meters,
                                       .meter_count = meters,
                                       .deadline_us = HENG_US_NEVER,
                                       .may_ask = true};
    w->start = w->now = 1000 * S;
    w->wall_ahead = begin_wall - w->start;
    w->alive = true;
    heng_watch_start(&w->watch, w->now);
    return w;
}

static void use_schedule(struct world *w, struct heng_schedule schedule)
{
    schedule.id = 7;
    w->schedules[0] = schedule;
    w->config.schedule_count = 1;
    for (size_t i = 0; i < 2; i++) w->meters[i].schedule_id = 7;
}

static void second(struct world *w)
{
    char why[120];
    heng_us wall = w->now + w->wall_ahead;
    for (size_t g = 0; g < 3; g++) {
        if (!uses(w, g)) continue;
        if (!w->next_read[g]) w->next_read[g] = due(w, g, wall);
        if (wall < w->next_read[g]) continue;
        w->next_read[g] = due(w, g, wall);
        if (w->alive && w->seen.may_ask) heng_watch_answer(&w->watch, w->now);
    }
    w->seen.deadline_us = w->stuck ? w->start : w->now + S;
    heng_watch_step step = heng_watch_look(&w->watch, &w->seen, w->now, wall, why);
    assert_non_null(memchr(why, 0, sizeof why));
    if (step != HENG_WATCH_NOTHING) {
        assert_true(w->count < STEPS_MAX);
        w->told[w->count++] = (struct told){step, w->now - w->start};
    }
    w->now += S;
}

static void run(struct world *w, heng_us how_long)
{
    for (heng_us end = w->now + how_long; w->now < end;) second(w);
}

static size_t count(const struct world *w, heng_watch_step step)
{
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++) n += w->told[i].step == step;
    return n;
}

static void expect(const struct world *w, size_t i, heng_watch_step step, heng_us from, heng_us until)
{
    assert_true(i < w->count);
    assert_int_equal(w->told[i].step, step);
    assert_in_range(w->told[i].at / S, from / S, until / S);
}

static void test_healthy_lines_are_left_alone(void **state)
{
    (void)state;
    static const struct heng_schedule schedules[] = {
        {.time_count = 1, .times = {2 * 60}},
        {.time_count = 2, .times = {6 * 60, 18 * 60 + 30}, .days = 1u << 14},
        {.period_s = 900, .read_window_count = 1, .read_windows = {{22 * 60, 6 * 60}}},
        {.period_s = 900, .power_off_count = 1, .power_off = {{1 * 60, 5 * 60}}, .spread_s = 300},
        {.due_days = 1u << 31, .due_minute = 23 * 60 + 59},
        {.period_s = 60},
        {.period_s = 7 * 86400},
        {0},
    };
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        struct world *w = world_of(900, 2);
        use_schedule(w, schedules[i]);
        run(w, 70 * DAY);
        if (w->count)
            fail_msg("schedule %zu: step %d after %lld s", i, (int)w->told[0].step, (long long)(w->told[0].at / S));
        free(w);
    }
}

static void test_silence_after_three_rhythms_then_steps(void **state)
{
    (void)state;
    struct world *w = world_of(600, 1);
    run(w, 2 * H);
    assert_int_equal(w->count, 0);
    w->alive = false;
    run(w, 90 * MIN);
    expect(w, 0, HENG_WATCH_SILENT, 2 * H + 20 * MIN, 2 * H + 32 * MIN);
    heng_us silent = w->told[0].at;
    expect(w, 1, HENG_WATCH_REOPEN, silent, silent + 2 * S);
    expect(w, 2, HENG_WATCH_RESET, silent + 10 * MIN, silent + 12 * MIN);
    expect(w, 3, HENG_WATCH_RESTART, silent + 20 * MIN, silent + 24 * MIN);
    expect(w, 4, HENG_WATCH_REOPEN, silent + 40 * MIN, silent + 45 * MIN);
    w->alive = true;
    run(w, 11 * MIN);
    assert_int_equal(w->told[w->count - 1].step, HENG_WATCH_BACK);
    size_t n = w->count;
    run(w, 10 * H);
    assert_int_equal(w->count, n);
    free(w);
}

/* It never gives up, and does not flood: steps get rare, and none comes before a read was due after the last one. */
static void test_a_dead_line_for_months(void **state)
{
    (void)state;
    struct world *w = world_of(60, 1);
    w->alive = false;
    run(w, 60 * DAY);
    assert_int_equal(count(w, HENG_WATCH_SILENT), 1);
    assert_in_range(w->count, 200, 320); /* about one in six hours */
    for (size_t i = 0; i < w->count; i++) {
        size_t in_hour = 0;
        for (size_t j = i; j < w->count && w->told[j].at < w->told[i].at + H; j++) in_hour++;
        assert_true(in_hour <= HENG_WATCH_STEPS_PER_H);
        if (i >= 2) assert_true(w->told[i].at - w->told[i - 1].at >= 60 * S);
    }
    assert_true(w->told[w->count - 1].at > 59 * DAY);
    free(w);
}

static void test_a_daily_line_gets_a_step_a_day(void **state)
{
    (void)state;
    struct world *w = world_of(0, 1);
    use_schedule(w, (struct heng_schedule){.time_count = 1, .times = {2 * 60}});
    run(w, 5 * DAY);
    w->alive = false;
    run(w, 8 * DAY); /* last answer: day 5, 02:00, 16 h after the start of that day */
    expect(w, 0, HENG_WATCH_SILENT, 7 * DAY, 8 * DAY);
    for (size_t i = 2; i < w->count; i++) assert_true(w->told[i].at - w->told[i - 1].at >= 23 * H);
    assert_true(count(w, HENG_WATCH_RESTART) >= 1);
    free(w);
}

/* Dead when the window of the night opens: the day before does not count. */
static void test_closed_windows_do_not_count(void **state)
{
    (void)state;
    struct world *w = world_of(0, 1);
    use_schedule(w,
                 (struct heng_schedule){.period_s = 900, .read_window_count = 1, .read_windows = {{22 * 60, 6 * 60}}});
    run(w, 20 * H); /* until 06:00 */
    w->alive = false;
    run(w, 16 * H); /* until 22:00 */
    assert_int_equal(w->count, 0);
    run(w, 2 * H);
    expect(w, 0, HENG_WATCH_SILENT, 36 * H + 15 * MIN, 36 * H + 50 * MIN);
    free(w);
}

static void test_nothing_to_expect(void **state)
{
    (void)state;
    struct world *w = world_of(900, 0); /* no meters */
    w->alive = false;
    run(w, 30 * DAY);
    assert_int_equal(w->count, 0);
    free(w);
    w = world_of(0, 2); /* nothing is ever due */
    w->alive = false;
    run(w, 30 * DAY);
    assert_int_equal(w->count, 0);
    free(w);
}

static void test_a_line_that_may_not_ask_is_not_blamed(void **state)
{
    (void)state;
    struct world *w = world_of(60, 1);
    run(w, H);
    w->seen.may_ask = false;
    run(w, DAY);
    assert_int_equal(w->count, 0);
    w->seen.may_ask = true;
    w->alive = false;
    run(w, 2 * MIN);
    assert_int_equal(w->count, 0);
    run(w, 5 * MIN);
    assert_int_equal(count(w, HENG_WATCH_SILENT), 1);
    free(w);
}

static void test_the_program_slept(void **state)
{
    (void)state;
    struct world *w = world_of(60, 1);
    run(w, H);
    w->now += 10 * H;
    w->next_read[0] = 0;
    run(w, H);
    assert_int_equal(w->count, 0);
    free(w);
}

static void test_a_clock_that_is_set(void **state)
{
    (void)state;
    for (int forward = 0; forward < 2; forward++) {
        struct world *w = world_of(0, 1);
        use_schedule(w, (struct heng_schedule){.period_s = 900});
        run(w, H);
        w->wall_ahead += forward ? 40 * DAY : -40 * DAY;
        w->next_read[1] = 0;
        heng_watch_clock(&w->watch);
        run(w, 5 * H);
        assert_int_equal(w->count, 0);
        w->alive = false;
        run(w, H);
        assert_int_equal(count(w, HENG_WATCH_SILENT), 1);
        free(w);
    }
}

static void test_a_stalled_line_is_made_anew(void **state)
{
    (void)state;
    struct world *w = world_of(86400, 1);
    run(w, H);
    w->stuck = true;
    run(w, 59 * S);
    assert_int_equal(w->count, 0);
    run(w, 5 * S);
    expect(w, 0, HENG_WATCH_RESTART, H + 59 * S, H + 64 * S);
    w->stuck = false;
    run(w, H);
    assert_int_equal(w->count, 1);
    w->stuck = true; /* and one that nothing helps is not made anew all the time */
    run(w, 10 * H);
    assert_true(count(w, HENG_WATCH_RESTART) <= 11 * HENG_WATCH_STEPS_PER_H + 1);
    free(w);
}

/* A line that comes and goes: each silence has its end told, and an hour has a bound. */
static void test_a_line_that_flaps(void **state)
{
    (void)state;
    struct world *w = world_of(60, 1);
    for (int i = 0; i < 100; i++) {
        w->alive = false;
        run(w, 6 * MIN);
        w->alive = true;
        run(w, 2 * MIN);
    }
    run(w, 2 * H);
    assert_true(count(w, HENG_WATCH_SILENT) > 10);
    assert_int_equal(count(w, HENG_WATCH_SILENT), count(w, HENG_WATCH_BACK));
    for (size_t i = 0; i < w->count; i++) {
        size_t in_hour = 0;
        for (size_t j = i; j < w->count && w->told[j].at < w->told[i].at + H; j++)
            in_hour += w->told[j].step != HENG_WATCH_BACK;
        assert_true(in_hour <= HENG_WATCH_STEPS_PER_H);
    }
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy_lines_are_left_alone),
        cmocka_unit_test(test_silence_after_three_rhythms_then_steps),
        cmocka_unit_test(test_a_dead_line_for_months),
        cmocka_unit_test(test_a_daily_line_gets_a_step_a_day),
        cmocka_unit_test(test_closed_windows_do_not_count),
        cmocka_unit_test(test_nothing_to_expect),
        cmocka_unit_test(test_a_line_that_may_not_ask_is_not_blamed),
        cmocka_unit_test(test_the_program_slept),
        cmocka_unit_test(test_a_clock_that_is_set),
        cmocka_unit_test(test_a_stalled_line_is_made_anew),
        cmocka_unit_test(test_a_line_that_flaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
