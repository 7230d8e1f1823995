/* Lines at the edges of what may be configured and stored: none, one or a thousand meters, one meter twice, every
 * speed, radios that take a minute, what a damaged database says of its meters, power that goes by plan, heartbeats
 * inside of answers. */
#include "virtual_bus.h"

#include "line/schedule.h"

static heng_us wall_of(const struct virtual_bus *v) { return VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now; }

static void a_line_without_meters_rests(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 0, 10);
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, wall_of(v));
    virtual_run(v, 3600 * HENG_US_PER_S);
    assert_int_equal(heng_line_counters_now(v->line)->requests, 0);
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_IDLE);
    struct heng_line_job job = {.id = 1, .cls = HENG_CLASS_CONTROL, .device_id = 1, .expires_us = HENG_US_NEVER};
    assert_int_equal(heng_line_submit(v->line, v->now, &job, NULL), HENG_ENOTFOUND);
    struct heng_search_config search = {.kind = HENG_SEARCH_MBUS_PRIMARY, .first = 1, .last = 3};
    assert_int_equal(heng_line_search(v->line, v->now, &search, NULL), HENG_OK);
    virtual_run(v, v->now + 60 * HENG_US_PER_S);
    assert_true(heng_line_counters_now(v->line)->requests > 2);
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_IDLE);
    virtual_free(v);
}

static void a_thousand_meters_are_read_alike(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 1000, 60); /* they take half an hour */
    v->config.baud = v->wire.baud = 9600;
    virtual_start(v);
    virtual_run(v, 2 * 3600 * HENG_US_PER_S);
    unsigned least = UINT32_MAX, most = 0;
    for (size_t i = 1; i <= v->count; i++) {
        if (v->of_device[i] < least) least = v->of_device[i];
        if (v->of_device[i] > most) most = v->of_device[i];
    }
    print_message("# of 1000 meters each was read %u to %u times in two hours\n", least, most);
    assert_true(least >= 1 && most - least <= 1);
    assert_int_equal(v->failed, 0);
    virtual_free(v);
}

/* A round takes longer than its period: all are read equally often, also beside a small group with a schedule. */
static void an_overbooked_line_is_fair(void **state)
{
    (void)state;
    struct heng_schedule fast = {.id = 1, .period_s = 60};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 250, 60);
    v->config.schedules = &fast;
    v->config.schedule_count = 1;
    for (size_t i = 0; i < 10; i++) v->meters[i].schedule_id = 1;
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, wall_of(v));
    virtual_run(v, 1800 * HENG_US_PER_S);
    unsigned least = UINT32_MAX, most = 0, small = UINT32_MAX;
    for (size_t i = 1; i <= v->count; i++) {
        unsigned n = v->of_device[i];
        if (i <= 10) {
            if (n < small) small = n;
            continue;
        }
        if (n < least) least = n;
        if (n > most) most = n;
    }
    print_message("# %u to %u times in half an hour, the ten of their own group %u\n", least, most, small);
    assert_true(least > 5 && most - least <= 1);
    assert_true(small >= 28);
    virtual_free(v);
}

static void one_meter_twice_is_no_trouble(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 4, 20);
    v->meters[3] = v->meters[2];
    virtual_start(v);
    virtual_run(v, 90 * HENG_US_PER_S);
    assert_int_equal(v->failed, 0);
    assert_true(v->of_device[3] >= 8 && v->of_device[1] >= 4);
    virtual_free(v);
}

static void every_speed_and_a_slow_radio(void **state)
{
    (void)state;
    static const uint32_t bauds[] = {300, 600, 1200, 2400, 9600, 19200, 38400, 115200};
    for (size_t i = 0; i < sizeof bauds / sizeof *bauds; i++)
        for (unsigned slow = 0; slow < 2; slow++) {
            struct virtual_bus *v = virtual_new(i % 2 ? HENG_PROTOCOL_MBUS : HENG_PROTOCOL_CJT188, 3, 600);
            v->config.baud = v->wire.baud = bauds[i];
            v->config.latency_ms = slow ? 60000 : 0;
            v->wire.late_ppm = slow ? 1000000 : 0;
            v->wire.late_min_ms = v->wire.late_max_ms = 45000;
            virtual_start(v);
            virtual_run(v, 590 * HENG_US_PER_S);
            if (v->ok < 3 || v->failed)
                fail_msg("%u baud, slow %u: %u read, %u failed", bauds[i], slow, v->ok, v->failed);
            virtual_free(v);
        }
}

/* Whatever the database says was learned: everybody is read, and dates in the future are not believed. */
static void due_note(struct virtual_bus *v, const struct heng_line_action *action)
{
    unsigned *due = v->owner;
    if (action->kind == HENG_LINE_RESULT && action->result.due_us && action->result.stage == HENG_STAGE_CONFIRMED)
        ++*due;
}

static void what_was_learned_may_be_nonsense(void **state)
{
    (void)state;
    static const struct heng_learned learned[] = {
        {.answer_us = UINT32_MAX, .spread_us = UINT32_MAX, .answers = UINT32_MAX, .misses = UINT32_MAX, .ser = 255},
        {.answers = UINT32_MAX, .due_done_us = INT64_MAX},
        {.answer_us = 1, .spread_us = UINT32_MAX, .answers = 5, .due_done_us = INT64_MIN},
        {.answer_us = UINT32_MAX, .answers = 1, .misses = 2, .ser = 77, .due_done_us = -1},
    };
    struct heng_schedule schedule = {.id = 1, .period_s = 600, .due_days = 1, .due_minute = 0};
    unsigned due = 0;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_CJT188, 4, 0);
    v->on_action = due_note;
    v->owner = &due;
    v->config.schedules = &schedule;
    v->config.schedule_count = 1;
    for (size_t i = 0; i < 4; i++) {
        v->meters[i].schedule_id = 1;
        v->meters[i].learned = learned[i];
    }
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, wall_of(v));
    virtual_run(v, 3 * 3600 * HENG_US_PER_S);
    for (size_t i = 1; i <= 4; i++) assert_true(v->of_device[i] >= 10);
    print_message("# %u due-date reads\n", due);
    assert_true(due >= 4);
    virtual_free(v);
}

/* --- power ------------------------------------------------------------------------------------------------ */

struct power {
    const struct heng_schedule *schedule;
    unsigned sends;
};

static void nothing_without_power(struct virtual_bus *v, const struct heng_line_action *action)
{
    struct power *p = v->owner;
    if (action->kind != HENG_LINE_SEND) return;
    p->sends++;
    if (!heng_schedule_powered(p->schedule, v->config.zone, wall_of(v)))
        fail_msg("a request at %lld ms, without power", (long long)(v->now / 1000));
}

/* A long read that is under way when the power goes is not asked on; it is blamed on nobody, and read afterwards. */
static void power_that_goes_by_plan_is_respected(void **state)
{
    (void)state;
    struct heng_schedule schedule = {.id = 1, .period_s = 60, .power_off_count = 2, .power_off = {{1, 3}, {10, 12}}};
    struct power p = {.schedule = &schedule};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 30, 0);
    v->config.schedules = &schedule;
    v->config.schedule_count = 1;
    v->on_action = nothing_without_power;
    v->owner = &p;
    for (size_t i = 0; i < v->count; i++) v->meters[i].schedule_id = 1;
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, wall_of(v));
    for (int64_t id = 1; id <= 40; id++) {
        struct heng_line_job job = {.id = id,
                                    .cls = HENG_CLASS_ON_DEMAND,
                                    .device_id = 1 + id % 30,
                                    .expires_us = HENG_US_NEVER,
                                    .order = {.kind = HENG_ORDER_READ}};
        assert_int_equal(heng_line_submit(v->line, v->now, &job, NULL), HENG_OK);
    }
    virtual_run(v, 1800 * HENG_US_PER_S);
    assert_true(p.sends > 100);
    assert_int_equal(v->failed, 0);
    virtual_free(v);
}

/* --- heartbeats ------------------------------------------------------------------------------------------- */

/* A DTU puts its heartbeat wherever it likes; through the whole line no read is lost by it. */
static void heartbeats_inside_of_answers_lose_nothing(void **state)
{
    (void)state;
    static const char beat[] = "HB-00042";
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 8, 20);
    memcpy(v->config.heartbeat, beat, sizeof beat);
    v->config.latency_ms = 200;
    virtual_start(v);
    unsigned put = 0;
    heng_us end = v->now + 600 * HENG_US_PER_S, next = v->now;
    while (v->now < end) {
        uint64_t before = heng_line_counters_now(v->line)->bytes_in;
        virtual_run(v, v->now + 3 * HENG_US_PER_MS);
        bool inside = heng_line_counters_now(v->line)->bytes_in != before; /* an answer is coming in just now */
        if (!inside || v->now < next) continue;
        heng_line_feed(v->line, v->now, heng_slice_str(beat));
        next = v->now + 700 * HENG_US_PER_MS + (heng_us)(put++ % 7) * 13 * HENG_US_PER_MS;
    }
    print_message("# %u heartbeats inside of answers; %u read, %u not; checksum %llu\n", put, v->ok, v->failed,
                  (unsigned long long)heng_line_counters_now(v->line)->checksum);
    assert_true(put > 100);
    assert_int_equal(v->failed, 0);
    assert_int_equal(heng_line_counters_now(v->line)->checksum, 0);
    assert_true(v->ok >= 8 * 28);
    virtual_free(v);
}

/* --- converters that chop ----------------------------------------------------------------------------------- */

/* A converter that hands on what it has every 100 or 200 ms, and nobody has said so. */
static void a_converter_may_hand_on_large_lumps(void **state)
{
    (void)state;
    static const uint32_t lumps_ms[] = {20, 100, 200};
    for (size_t i = 0; i < sizeof lumps_ms / sizeof lumps_ms[0]; i++) {
        struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 8, 60);
        v->wire.chunk_ms = lumps_ms[i];
        virtual_start(v);
        virtual_run(v, 3600 * HENG_US_PER_S);
        print_message("# lumps of %u ms: %u read, %u not\n", lumps_ms[i], v->ok, v->failed);
        assert_true(v->ok >= 8 * 58);
        assert_true(v->failed <= 2);
        virtual_free(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_without_meters_rests),
        cmocka_unit_test(a_thousand_meters_are_read_alike),
        cmocka_unit_test(an_overbooked_line_is_fair),
        cmocka_unit_test(one_meter_twice_is_no_trouble),
        cmocka_unit_test(every_speed_and_a_slow_radio),
        cmocka_unit_test(what_was_learned_may_be_nonsense),
        cmocka_unit_test(power_that_goes_by_plan_is_respected),
        cmocka_unit_test(heartbeats_inside_of_answers_lose_nothing),
        cmocka_unit_test(a_converter_may_hand_on_large_lumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
