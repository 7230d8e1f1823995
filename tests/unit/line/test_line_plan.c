/* Schedules on a line: rounds by the wall clock, windows, power cuts, due dates that are owed, clocks that jump; and
 * what else comes between: wake-ups, searches, reads that are not believed. */
#include "virtual_bus.h"

#include "line/confirm.h"

static const heng_us midnight = VIRTUAL_WALL_DAYS * HENG_US_PER_DAY, minute = 60 * HENG_US_PER_S;

struct log {
    struct {
        int64_t device;
        heng_us at, due;
        uint16_t back;
        heng_class cls;
        heng_stage stage;
        heng_outcome outcome;
    } read[512];
    unsigned n, sends, found, known, searched;
    struct heng_search_progress progress;
    uint8_t first_send[8];
    size_t wake_bytes;
};

static void note(struct virtual_bus *v, const struct heng_line_action *action)
{
    struct log *log = v->owner;
    if (action->kind == HENG_LINE_SEND) {
        log->sends++;
        for (size_t i = 0; i < action->bytes.n; i++) log->wake_bytes += action->bytes.p[i] == 0x55;
    }
    if (action->kind == HENG_LINE_FOUND) log->found++, log->known += action->found.known;
    if (action->kind == HENG_LINE_SEARCHED) {
        log->searched++;
        log->progress = action->progress;
    }
    if (action->kind != HENG_LINE_RESULT || !action->result.read) return;
    assert_true(log->n < 512);
    log->read[log->n].device = action->result.read->device_id;
    log->read[log->n].at = v->now;
    log->read[log->n].due = action->result.due_us;
    log->read[log->n].back = action->result.order.back;
    log->read[log->n].cls = action->result.cls;
    log->read[log->n].outcome = action->result.read->outcome;
    log->read[log->n++].stage = action->result.stage;
}

static struct virtual_bus *scheduled(heng_protocol protocol, size_t count, const struct heng_schedule *schedule,
                                     struct log *log)
{
    struct virtual_bus *v = virtual_new(protocol, count, 0);
    v->config.schedules = schedule;
    v->config.schedule_count = 1;
    for (size_t i = 0; i < count; i++) v->meters[i].schedule_id = schedule->id;
    v->on_action = note;
    v->owner = log;
    return v;
}

static void a_schedule_reads_at_its_times(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct heng_schedule s = {.id = 3, .name = "quarter", .period_s = 900, .spread_s = 60};
    struct virtual_bus *v = scheduled(HENG_PROTOCOL_MBUS, 6, &s, &log);
    virtual_start(v);
    virtual_run(v, 10 * minute);
    assert_int_equal(log.n, 0); /* nobody has said what time it is */
    heng_line_set_clock(v->line, v->now, midnight + v->now);
    virtual_run(v, 15 * minute - 1);
    assert_int_equal(log.n, 0);
    virtual_run(v, 47 * minute);
    assert_int_equal(log.n, 18);
    for (unsigned i = 0; i < log.n; i++) {
        heng_us after = log.read[i].at % (15 * minute);
        assert_in_range(after, 0, 70 * HENG_US_PER_S);
    }
    virtual_free(v);
}

static void a_clock_that_jumps_reads_once(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct heng_schedule s = {.id = 3, .period_s = 3600};
    struct virtual_bus *v = scheduled(HENG_PROTOCOL_MBUS, 2, &s, &log);
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, midnight + v->now);
    virtual_run(v, 61 * minute);
    assert_int_equal(log.n, 2);
    heng_line_set_clock(v->line, v->now, midnight + v->now + 300 * minute); /* five hours passed at once */
    virtual_run(v, 70 * minute);
    assert_int_equal(log.n, 4);
    heng_line_set_clock(v->line, v->now, midnight + v->now + 300 * minute - 2 * HENG_US_PER_S); /* a small correction */
    virtual_run(v, 119 * minute);
    assert_int_equal(log.n, 4);
    virtual_run(v, 122 * minute);
    assert_int_equal(log.n, 6);
    heng_line_set_clock(v->line, v->now, midnight + v->now - 10 * minute); /* back: nothing is missed */
    virtual_run(v, 250 * minute);
    assert_int_equal(log.n, 6 + 2 * 2);
    virtual_free(v);
}

static void windows_hold_the_reads_and_blame_nobody(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct heng_schedule s = {.id = 3,
                              .period_s = 600,
                              .read_window_count = 1,
                              .read_windows = {{0, 60}},
                              .power_off_count = 1,
                              .power_off = {{20, 45}}};
    struct virtual_bus *v = scheduled(HENG_PROTOCOL_MBUS, 3, &s, &log);
    struct heng_line_job job = {.id = 9, .cls = HENG_CLASS_ON_DEMAND, .device_id = 1, .expires_us = HENG_US_NEVER};
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, midnight + v->now);
    virtual_run(v, 21 * minute);
    unsigned before = log.n;
    assert_int_equal(before, 3); /* at 10; at 20 the power went */
    heng_sim_bus_set_cut(v->bus, 0);
    assert_int_equal(heng_line_submit(v->line, v->now, &job, NULL), HENG_OK);
    unsigned sends = log.sends;
    virtual_run(v, 45 * minute - 1);
    assert_int_equal(log.sends, sends);
    heng_sim_bus_set_cut(v->bus, 3);
    virtual_run(v, 46 * minute);
    assert_int_equal(log.n, 3 + 3 + 1); /* what was due meanwhile, once, and the order */
    virtual_run(v, 23 * 60 * minute);
    assert_int_equal(log.n, 7 + 3); /* at 50; 60 is outside */
    for (unsigned i = 0; i < log.n; i++) assert_int_equal(log.read[i].stage, HENG_STAGE_CONFIRMED);
    virtual_run(v, 24 * 60 * minute + minute);
    assert_int_equal(log.n, 10 + 3);
    virtual_free(v);
}

static void due_dates_are_owed_until_they_are_read(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct heng_schedule s = {.id = 3, .due_days = UINT32_MAX, .due_minute = 0}; /* each midnight */
    struct virtual_bus *v = scheduled(HENG_PROTOCOL_DLT645_2007, 2, &s, &log);
    for (unsigned i = 0; i < 2; i++) v->meters[i].learned.due_done_us = midnight;
    struct heng_order order = {.kind = HENG_ORDER_READ_HISTORY, .back = 1};
    bool history = heng_meter_can(&v->meters[0], &order, NULL) == HENG_OK;
    assert_true(history);
    v->slaves[1].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, midnight + v->now);
    virtual_run(v, 23 * 60 * minute);
    assert_int_equal(log.n, 0); /* nothing is owed */
    virtual_run(v, 24 * 60 * minute + 5 * minute);
    assert_true(log.n >= 2);
    assert_int_equal(log.read[0].device, 1);
    assert_int_equal(log.read[0].cls, HENG_CLASS_DUE_DATE);
    assert_int_equal(log.read[0].due, midnight + HENG_US_PER_DAY);
    assert_int_equal(log.read[0].back, 1);
    virtual_run(v, 3 * HENG_US_PER_DAY + 60 * minute);
    heng_sim_bus_set_fate(v->bus, 1, HENG_SIM_FATE_ALIVE);
    unsigned from = log.n, made_good = 0;
    virtual_run(v, 3 * HENG_US_PER_DAY + 180 * minute); /* probed each hour, and then all three are asked for */
    for (unsigned i = from; i < log.n; i++) {
        if (log.read[i].device != 2 || !log.read[i].due || log.read[i].stage != HENG_STAGE_CONFIRMED) continue;
        made_good++;
        assert_int_equal(log.read[i].due, midnight + (heng_us)made_good * HENG_US_PER_DAY); /* the oldest first */
        assert_int_equal(log.read[i].back, 4 - made_good);
    }
    assert_int_equal(made_good, 3);
    virtual_free(v);
}

static void a_quarantine_lasts_over_a_restart(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 5, 60);
    v->on_action = note;
    v->owner = &log;
    v->meters[2].learned.misses = 7;
    v->slaves[2].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    virtual_run(v, 55 * HENG_US_PER_S);
    assert_int_equal(log.n, 5); /* four reads and one probe, which failed */
    assert_int_equal(log.read[4].cls, HENG_CLASS_PROBE);
    assert_int_equal(log.read[4].device, 3);
    virtual_free(v);
}

static void sleepers_are_woken_after_a_quiet_time(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 3, 60);
    v->on_action = note;
    v->owner = &log;
    v->config.wake_byte = 0x55;
    v->config.wake_ms = 2200;
    v->config.wake_rest_ms = 100;
    v->config.wake_after_s = 10;
    virtual_start(v);
    virtual_run(v, 59 * HENG_US_PER_S);
    assert_int_equal(log.n, 3);
    size_t once = log.wake_bytes;
    assert_in_range(once, 480, 484); /* 2.2 s of 11 bits at 2400 baud, once for all three */
    virtual_run(v, 119 * HENG_US_PER_S);
    assert_int_equal(log.wake_bytes, 2 * once);
    assert_int_equal(v->ok, 6);
    virtual_free(v);
}

static void a_search_goes_on_between_the_reads(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 8, 20);
    struct heng_search_config config = {
        .kind = HENG_SEARCH_MBUS_PRIMARY, .known = v->meters, .known_count = 5, .first = 1, .last = 40};
    v->on_action = note;
    v->owner = &log;
    virtual_start(v);
    assert_int_equal(heng_line_search(v->line, v->now, &config, NULL), HENG_OK);
    assert_int_equal(heng_line_search(v->line, v->now, &config, NULL), HENG_EBUSY);
    virtual_run(v, 170 * HENG_US_PER_S);
    assert_true(log.progress.ended);
    assert_int_equal(log.found, 8);
    assert_int_equal(log.known, 5);
    assert_true(log.searched > 3 && log.searched < 60);
    assert_in_range(v->ok, 8 * 8, 8 * 9); /* and every round was whole */
    assert_int_equal(v->failed, 0);
    /* Stopped, and resumed from its place: all is found once. */
    log.found = 0;
    assert_int_equal(heng_line_search(v->line, v->now, &config, NULL), HENG_OK);
    virtual_run(v, v->now + 6 * HENG_US_PER_S);
    heng_line_search_stop(v->line, v->now);
    virtual_run(v, v->now + HENG_US_PER_S);
    assert_true(log.progress.ended && log.progress.place[0]);
    memcpy(config.resume, log.progress.place, sizeof config.resume);
    assert_int_equal(heng_line_search(v->line, v->now, &config, NULL), HENG_OK);
    virtual_run(v, v->now + 170 * HENG_US_PER_S);
    assert_true(log.progress.ended);
    assert_true(log.found >= 8);
    virtual_free(v);
}

static void count_found(struct virtual_bus *v, const struct heng_line_action *action)
{
    unsigned *found = v->owner;
    *found += action->kind == HENG_LINE_FOUND;
}

/* Rounds that never end leave a search a fifth of the time, and probes a twentieth; the rounds keep the rest, and all
 * meters their turns. */
static void a_search_has_its_share_of_a_line_without_rest(void **state)
{
    (void)state;
    unsigned found = 0;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 50, 15);
    struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_PRIMARY, .first = 1, .last = 250};
    v->on_action = count_found;
    v->owner = &found;
    v->slaves[49].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    virtual_run(v, 300 * HENG_US_PER_S);
    unsigned before = v->ok;
    assert_int_equal(heng_line_search(v->line, v->now, &config, NULL), HENG_OK);
    virtual_run(v, 600 * HENG_US_PER_S);
    unsigned during = v->ok - before;
    print_message("# reads in 300 s: %u alone, %u beside a search, which found %u\n", before, during, found);
    assert_true(found > 30);
    assert_in_range(during, before * 7 / 10, before * 9 / 10);
    unsigned least = UINT32_MAX, most = 0;
    for (size_t i = 1; i < v->count; i++) {
        if (v->of_device[i] < least) least = v->of_device[i];
        if (v->of_device[i] > most) most = v->of_device[i];
    }
    assert_true(most - least <= 1);
    heng_sim_bus_set_fate(v->bus, 49, HENG_SIM_FATE_ALIVE);
    virtual_run(v, 1500 * HENG_US_PER_S);
    assert_true(v->of_device[50] > 10); /* probed, and found to be back */
    virtual_free(v);
}

/* A counter that jumps is asked three times; then the meter was swapped, and is believed. */
static void what_does_not_fit_is_read_again(void **state)
{
    (void)state;
    struct log log = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 1, 60);
    v->on_action = note;
    v->owner = &log;
    v->slaves[0].start_count = 500000;
    v->slaves[0].rate_per_h = 0;
    virtual_start(v);
    virtual_run(v, 175 * HENG_US_PER_S);
    assert_int_equal(v->ok, 3);
    uint64_t before = heng_line_counters_now(v->line)->answers;
    struct heng_sim_meter_config other = v->slaves[0];
    other.start_count = 12;
    heng_sim_bus_swap(v->bus, 0, &other);
    virtual_run(v, 235 * HENG_US_PER_S);
    assert_int_equal(v->ok, 4);
    assert_in_range(heng_line_counters_now(v->line)->answers, before + 3, before + 6);
    before = heng_line_counters_now(v->line)->answers;
    virtual_run(v, 295 * HENG_US_PER_S); /* from now on that is what it says */
    assert_int_equal(v->ok, 5);
    assert_int_equal(heng_line_counters_now(v->line)->answers, before + 1);
    virtual_free(v);
}

static void what_a_line_cannot_be_is_said(void **state)
{
    (void)state;
    struct heng_line *line = NULL;
    struct heng_err err = {.text = ""};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 2, 60);
    struct heng_schedule bad = {.id = 4, .name = "wrong", .period_s = 90 * 86400};
    v->meters[1].schedule_id = 4;
    assert_int_equal(heng_line_new(&v->config, v->meters, 2, &line, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "schedule"));
    v->config.schedules = &bad;
    v->config.schedule_count = 1;
    assert_int_equal(heng_line_new(&v->config, v->meters, 2, &line, &err), HENG_ECONFIG);
    v->config.schedule_count = 0;
    v->meters[1].schedule_id = 0;
    v->meters[1].relay_id = 8;
    assert_int_equal(heng_line_new(&v->config, v->meters, 2, &line, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "relay"));
    v->meters[1].relay_id = 0;
    memcpy(v->config.heartbeat, "hex:F", 6);
    assert_int_equal(heng_line_new(&v->config, v->meters, 2, &line, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "heartbeat"));
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schedule_reads_at_its_times),
        cmocka_unit_test(a_clock_that_jumps_reads_once),
        cmocka_unit_test(windows_hold_the_reads_and_blame_nobody),
        cmocka_unit_test(due_dates_are_owed_until_they_are_read),
        cmocka_unit_test(a_quarantine_lasts_over_a_restart),
        cmocka_unit_test(sleepers_are_woken_after_a_quiet_time),
        cmocka_unit_test(a_search_goes_on_between_the_reads),
        cmocka_unit_test(a_search_has_its_share_of_a_line_without_rest),
        cmocka_unit_test(what_does_not_fit_is_read_again),
        cmocka_unit_test(what_a_line_cannot_be_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
