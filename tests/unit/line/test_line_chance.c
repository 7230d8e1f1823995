/* Whatever happens to a line, in whatever order: each accepted job ends exactly once, and the line neither stalls nor
 * turns in circles (virtual_bus.h fails when the deadline is over twice and nothing comes of it). */
#include "virtual_bus.h"

#include "sim/rng.h"

enum { JOBS = 400, EVENTS = 600, TOWNS = 24 };

struct chance {
    struct heng_sim_rng rng;
    unsigned ends[JOBS + 1], searched_ends;
    heng_stage last[JOBS + 1];
    int64_t accepted;
    bool searching;
};

static uint64_t pick(struct chance *c, uint64_t of) { return heng_sim_rng_next(&c->rng) % of; }

static void note(struct virtual_bus *v, const struct heng_line_action *action)
{
    struct chance *c = v->owner;
    if (action->kind == HENG_LINE_SEARCHED && action->progress.ended) c->searching = false;
    if (action->kind != HENG_LINE_RESULT) return;
    const struct heng_line_result *r = &action->result;
    assert_true(r->job_id >= 0 && r->job_id <= c->accepted);
    if (r->stage < HENG_STAGE_CONFIRMED && !(r->stage == HENG_STAGE_SENT && r->read)) {
        assert_null(r->read);
        assert_true(r->stage > c->last[r->job_id]);
        c->last[r->job_id] = r->stage;
        return;
    }
    assert_non_null(r->read);
    assert_false(r->order.has_secret);
    if (r->read->outcome != HENG_OUTCOME_OK && !heng_order_changes(r->order.kind))
        assert_int_equal(r->read->value_count, 0);
    if (r->job_id == 0) return;
    if (++c->ends[r->job_id] > 1) fail_msg("job %lld ended twice", (long long)r->job_id);
}

static void submit(struct virtual_bus *v, struct chance *c)
{
    static const heng_order_kind kinds[] = {HENG_ORDER_READ,       HENG_ORDER_READ,       HENG_ORDER_PROBE,
                                            HENG_ORDER_READ_CLOCK, HENG_ORDER_READ_STATE, HENG_ORDER_SET_CLOCK,
                                            HENG_ORDER_DISCONNECT, HENG_ORDER_CONNECT,    HENG_ORDER_READ_HISTORY};
    if (c->accepted == JOBS) return;
    struct heng_line_job job = {.id = c->accepted + 1,
                                .group = (int64_t)pick(c, 4),
                                .cls = (heng_class)pick(c, HENG_CLASS_COUNT),
                                .device_id = (int64_t)pick(c, v->count + 1),
                                .protocol = v->meters[0].protocol,
                                .expires_us = HENG_US_NEVER,
                                .order = {.kind = kinds[pick(c, sizeof kinds / sizeof *kinds)], .back = 1}};
    job.order.has_secret = pick(c, 2);
    if (pick(c, 2)) job.expires_us = v->now + (heng_us)pick(c, 20000) * HENG_US_PER_MS;
    if (heng_line_submit(v->line, v->now, &job, NULL) == HENG_OK) c->accepted++;
}

static void search(struct virtual_bus *v, struct chance *c)
{
    static const heng_search_kind kinds[] = {HENG_SEARCH_MBUS_SECONDARY, HENG_SEARCH_MBUS_PRIMARY, HENG_SEARCH_CJT188,
                                             HENG_SEARCH_DLT645_2007};
    struct heng_search_config config = {
        .kind = kinds[pick(c, 4)], .known = v->meters, .known_count = v->count, .known_only = pick(c, 2)};
    heng_rc rc = heng_line_search(v->line, v->now, &config, NULL);
    if (rc == HENG_OK) c->searching = true;
}

static void event(struct virtual_bus *v, struct chance *c, heng_us *wall_ahead)
{
    uint8_t garbage[40];
    switch (pick(c, 14)) {
    case 0: heng_line_closed(v->line, v->now, "cut"); return;
    case 1:
    case 2: heng_line_opened(v->line, v->now); return;
    case 3: heng_line_overload(v->line, v->now, pick(c, 4) == 0); return;
    case 4: search(v, c); return;
    case 5: heng_line_search_stop(v->line, v->now); return;
    case 6:
        if (c->accepted) (void)!heng_line_cancel(v->line, v->now, 1 + (int64_t)pick(c, (uint64_t)c->accepted));
        return;
    case 7:
        *wall_ahead += ((heng_us)pick(c, 400) - 200) * 60 * HENG_US_PER_S;
        heng_line_set_clock(v->line, v->now, v->now + *wall_ahead);
        return;
    case 8:
        for (size_t i = 0; i < sizeof garbage; i++) garbage[i] = (uint8_t)pick(c, 256);
        heng_line_feed(v->line, v->now, heng_slice_of(garbage, pick(c, sizeof garbage)));
        return;
    case 9: heng_sim_bus_set_fate(v->bus, pick(c, v->count), (heng_sim_fate)pick(c, 2)); return;
    case 10: heng_sim_bus_set_cut(v->bus, pick(c, 2) ? v->count : pick(c, v->count)); return;
    default: submit(v, c); return;
    }
}

static void a_town(uint64_t seed)
{
    static const heng_protocol protocols[] = {HENG_PROTOCOL_MBUS, HENG_PROTOCOL_DLT645_2007, HENG_PROTOCOL_CJT188};
    static struct chance zero;
    struct chance *c = calloc(1, sizeof *c);
    assert_non_null(c);
    *c = zero;
    c->rng = heng_sim_rng_of(seed, 0);
    struct virtual_bus *v = virtual_new(protocols[seed % 3], 1 + pick(c, 8), (uint32_t)pick(c, 3) * 20);
    struct heng_schedule schedule = {.id = 5,
                                     .period_s = 600,
                                     .due_days = 0xFFFFFFFF,
                                     .due_minute = 10,
                                     .spread_s = (uint32_t)pick(c, 60),
                                     .read_window_count = (uint8_t)pick(c, 2),
                                     .read_windows = {{60, 1200}},
                                     .power_off_count = (uint8_t)pick(c, 2),
                                     .power_off = {{300, 310}}};
    struct heng_relay_config relay = {
        .id = 1, .name = "r", .open_n = 1, .open = {0xA5}, .open_answer_n = 1, .open_answer = {0x5A}, .hold_ms = 3000};
    heng_us ahead = VIRTUAL_WALL_DAYS * HENG_US_PER_DAY;
    v->config.schedules = &schedule;
    v->config.schedule_count = 1;
    v->config.relays = v->wire.relays = &relay;
    v->config.relay_count = v->wire.relay_count = 1;
    v->config.single_reads = pick(c, 2);
    v->wire.byte_error_ppm = (uint32_t)pick(c, 2) * 2000;
    v->wire.echo = pick(c, 2);
    v->wire.seed = seed;
    v->config.wake_ms = (uint32_t)pick(c, 2) * 100;
    v->config.wake_after_s = 5;
    for (size_t i = 0; i < v->count; i++) {
        v->meters[i].schedule_id = pick(c, 2) ? 5 : 0;
        v->meters[i].relay_id = v->slaves[i].relay_id = pick(c, 4) == 0;
    }
    v->on_action = note;
    v->owner = c;
    virtual_start(v);
    for (unsigned i = 0; i < EVENTS; i++) {
        event(v, c, &ahead);
        virtual_run(v, v->now + (heng_us)pick(c, pick(c, 10) ? 1500 : 60000) * HENG_US_PER_MS);
    }
    heng_line_search_stop(v->line, v->now);
    heng_line_overload(v->line, v->now, false);
    heng_line_set_clock(v->line, v->now, (VIRTUAL_WALL_DAYS + 1) * HENG_US_PER_DAY + 6 * 3600 * HENG_US_PER_S);
    heng_line_opened(v->line, v->now);
    virtual_run(v, v->now + 3600 * HENG_US_PER_S);
    for (int64_t id = 1; id <= c->accepted; id++)
        if (c->ends[id] != 1)
            fail_msg("seed %llu: job %lld ended %u times", (unsigned long long)seed, (long long)id, c->ends[id]);
    assert_true(c->accepted > 20);
    assert_false(c->searching);
    virtual_free(v);
    free(c);
}

static void nothing_is_lost_and_nothing_stalls(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TOWNS; seed++) {
        print_message("# seed %llu\n", (unsigned long long)seed);
        a_town(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_and_nothing_stalls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
