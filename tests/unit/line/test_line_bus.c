/* The line as the master of simulated buses: how much of the time it uses, what dead meters cost, who goes first, what
 * it makes of mute lines and noise. */
#include "sim/rng.h"
#include "virtual_bus.h"

/* What a whole round costs against what wire and meters take for it, in per mille. */
static unsigned efficiency(struct virtual_bus *v, heng_us from_wire)
{
    struct heng_sim_bus_ledger ledger;
    struct heng_line_vitals vitals;
    heng_sim_bus_ledger_now(v->bus, &ledger);
    heng_line_vitals_now(v->line, &vitals);
    assert_true(vitals.cycle_us > 0);
    return (unsigned)((ledger.wire_us + ledger.delay_us - from_wire) * 1000 / vitals.cycle_us);
}

static heng_us spent(struct virtual_bus *v)
{
    struct heng_sim_bus_ledger ledger;
    heng_sim_bus_ledger_now(v->bus, &ledger);
    return ledger.wire_us + ledger.delay_us;
}

static void a_clean_line_of_250_is_used_to_95_percent(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 250, 600);
    virtual_start(v);
    virtual_run(v, 601 * HENG_US_PER_S);
    assert_int_equal(v->ok, 250);
    heng_us before = spent(v);
    virtual_run(v, 1200 * HENG_US_PER_S);
    assert_int_equal(v->ok, 500);
    unsigned permille = efficiency(v, before);
    print_message("# efficiency of 250 M-Bus meters: %u per mille\n", permille);
    assert_in_range(permille, 950, 1000);
    virtual_free(v);
}

/* Five registers of each: the gaps between so many short exchanges show. */
static void dlt645_meters_of_five_registers_use_95_percent(void **state)
{
    (void)state;
    static const struct heng_profile five = {
        .name = "five",
        .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
        .asks = {{.di = 0x00010000}, {.di = 0x02010100}, {.di = 0x02020100}, {.di = 0x02030000}, {.di = 0x00020000}},
        .ask_count = 5,
        .preamble = 4};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 32, 120);
    for (size_t i = 0; i < 32; i++) v->meters[i].profile = &five;
    virtual_start(v);
    virtual_run(v, 121 * HENG_US_PER_S);
    assert_int_equal(v->ok, 32);
    heng_us before = spent(v);
    virtual_run(v, 240 * HENG_US_PER_S);
    assert_int_equal(v->ok, 64);
    unsigned permille = efficiency(v, before);
    print_message("# efficiency of 32 DL/T 645 meters x 5: %u per mille\n", permille);
    assert_in_range(permille, 950, 1000);
    virtual_free(v);
}

static heng_us warm_cycle(bool with_dead, bool without_them)
{
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, without_them ? 200 : 250, 600);
    for (size_t i = 0; with_dead && i < v->count; i += 5) v->slaves[i].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    heng_us longest = 0;
    for (unsigned round = 1; round <= 30; round++) {
        struct heng_line_vitals vitals;
        virtual_run(v, (1 + round * 600) * HENG_US_PER_S - 1);
        heng_line_vitals_now(v->line, &vitals);
        if (round > 4 && vitals.cycle_us > longest) longest = vitals.cycle_us;
        if (round > 4 && with_dead) assert_int_equal(vitals.quarantined, 50);
    }
    assert_int_equal(v->ok, 200 * 30);
    assert_int_not_equal(heng_line_state_now(v->line), HENG_LINE_STATE_NO_LOAD);
    virtual_free(v);
    return longest;
}

static void dead_meters_cost_less_than_a_tenth(void **state)
{
    (void)state;
    heng_us with = warm_cycle(true, false), without = warm_cycle(false, true);
    print_message("# cycle with 50 dead of 250: %lld ms, with the 200 only: %lld ms\n", (long long)(with / 1000),
                  (long long)(without / 1000));
    assert_true(with <= without * 11 / 10);
}

/* Rounds that never end in time leave no rest: what of the time goes into reading, by what the same reads take at best?
 * And a meter that is back is found all the same. */
static void a_line_without_rest_reaches_90_percent_and_finds_who_is_back(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 250, 600);
    virtual_start(v);
    virtual_run(v, 24 * 600 * HENG_US_PER_S); /* until it knows how far levels jump */
    heng_us first_rounds = spent(v);
    virtual_run(v, 25 * 600 * HENG_US_PER_S);
    heng_us ideal = (spent(v) - first_rounds) / 250;
    virtual_free(v);
    v = virtual_new(HENG_PROTOCOL_MBUS, 250, 60);
    for (size_t i = 0; i < v->count; i += 5) v->slaves[i].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    virtual_run(v, 3000 * HENG_US_PER_S);
    unsigned before = v->ok;
    virtual_run(v, 6000 * HENG_US_PER_S);
    heng_us permille = (v->ok - before) * ideal / 3000 / HENG_US_PER_MS;
    print_message("# efficiency with 50 dead of 250, without rest: %lld per mille\n", (long long)permille);
    assert_in_range(permille, 900, 1000);
    heng_sim_bus_set_fate(v->bus, 50, HENG_SIM_FATE_ALIVE);
    virtual_run(v, 6000 * HENG_US_PER_S + 20 * 110 * HENG_US_PER_S);
    assert_true(v->of_device[51] > 0);
    virtual_free(v);
}

static void a_meter_that_is_back_is_read_at_once(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 10, 60);
    v->slaves[4].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    virtual_run(v, 600 * HENG_US_PER_S);
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 1);
    assert_int_equal(v->of_device[5], 0);
    assert_true(v->failed < 7); /* three misses and a few probes, not one each minute */
    heng_sim_bus_set_fate(v->bus, 4, HENG_SIM_FATE_ALIVE);
    virtual_run(v, (600 + 16 * 60 + 5) * HENG_US_PER_S);
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 0);
    assert_true(v->of_device[5] > 0);
    unsigned before = v->of_device[5];
    virtual_run(v, v->now + 120 * HENG_US_PER_S);
    assert_in_range(v->of_device[5], before + 2, before + 3);
    virtual_free(v);
}

static void a_mute_line_is_no_load_and_back_within_seconds(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 40, 900);
    virtual_start(v);
    virtual_run(v, 890 * HENG_US_PER_S);
    assert_int_equal(v->ok, 40);
    heng_sim_bus_set_cut(v->bus, 0);
    virtual_run(v, 906 * HENG_US_PER_S);
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_NO_LOAD);
    virtual_run(v, 1200 * HENG_US_PER_S);
    assert_int_equal(v->failed, 40);
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 0); /* the line was mute, not the meters */
    heng_sim_bus_set_cut(v->bus, 40);
    virtual_run(v, 1211 * HENG_US_PER_S); /* found again within its ten seconds, long before the next round ... */
    assert_int_not_equal(heng_line_state_now(v->line), HENG_LINE_STATE_NO_LOAD);
    virtual_run(v, 1300 * HENG_US_PER_S);
    assert_int_equal(v->ok, 80); /* ... and what was missed is read now */
    virtual_free(v);
}

/* Three dead neighbours are no dead line. */
static void a_witness_saves_the_line(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 12, 60);
    virtual_start(v);
    virtual_run(v, 50 * HENG_US_PER_S);
    for (size_t i = 3; i < 8; i++) heng_sim_bus_set_fate(v->bus, i, HENG_SIM_FATE_DEAD);
    for (heng_us s = 51; s < 400; s++) {
        virtual_run(v, s * HENG_US_PER_S);
        assert_int_not_equal(heng_line_state_now(v->line), HENG_LINE_STATE_NO_LOAD);
    }
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 5);
    virtual_free(v);
}

/* --- orders ---------------------------------------------------------------------------------------------- */

static void on_demand_groups_take_turns(void **state)
{
    (void)state;
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 10, 0);
    v->on_action = virtual_note;
    v->owner = &told;
    virtual_start(v);
    for (int64_t i = 1; i <= 5; i++)
        assert_int_equal(virtual_submit(v, i, 1, HENG_CLASS_ON_DEMAND, i, HENG_ORDER_READ, HENG_US_NEVER), HENG_OK);
    for (int64_t i = 6; i <= 7; i++)
        assert_int_equal(virtual_submit(v, i, 2, HENG_CLASS_ON_DEMAND, i, HENG_ORDER_READ, HENG_US_NEVER), HENG_OK);
    virtual_run(v, 60 * HENG_US_PER_S);
    static const int64_t wanted[] = {1, 6, 2, 7, 3, 4, 5};
    assert_int_equal(told.n, 7);
    for (unsigned i = 0; i < 7; i++) assert_int_equal(told.id[i], wanted[i]);
    assert_int_equal(virtual_submit(v, 9, 1, HENG_CLASS_ON_DEMAND, 99, HENG_ORDER_READ, HENG_US_NEVER), HENG_ENOTFOUND);
    virtual_free(v);
}

static void a_job_ends_once_whatever_becomes_of_it(void **state)
{
    (void)state;
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 3, 0);
    v->on_action = virtual_note;
    v->owner = &told;
    virtual_start(v);
    heng_line_closed(v->line, v->now, "cut");
    assert_int_equal(virtual_submit(v, 1, 0, HENG_CLASS_ON_DEMAND, 1, HENG_ORDER_READ, v->now + 5 * HENG_US_PER_S),
                     HENG_OK);
    assert_int_equal(virtual_submit(v, 2, 0, HENG_CLASS_ON_DEMAND, 2, HENG_ORDER_READ, HENG_US_NEVER), HENG_OK);
    assert_int_equal(virtual_submit(v, 3, 0, HENG_CLASS_ON_DEMAND, 3, HENG_ORDER_READ, HENG_US_NEVER), HENG_OK);
    virtual_run(v, 4 * HENG_US_PER_S);
    assert_int_equal(told.n, 0);
    virtual_run(v, 8 * HENG_US_PER_S);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.stage[0], HENG_STAGE_EXPIRED);
    assert_int_equal(told.at[0], 6 * HENG_US_PER_S);
    assert_int_equal(heng_line_cancel(v->line, v->now, 3), HENG_OK);
    assert_int_equal(heng_line_cancel(v->line, v->now, 3), HENG_ENOTFOUND);
    virtual_run(v, 9 * HENG_US_PER_S);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.stage[1], HENG_STAGE_CANCELLED);
    heng_line_opened(v->line, v->now);
    virtual_run(v, 20 * HENG_US_PER_S);
    assert_int_equal(told.n, 3);
    assert_int_equal(told.id[2], 2);
    assert_int_equal(told.stage[2], HENG_STAGE_CONFIRMED);
    virtual_free(v);
}

/* A command goes first wherever the line is in its round, and the meter that had to wait is read all the same. */
static void a_command_starts_within_three_seconds(void **state)
{
    (void)state;
    heng_us longest = 0;
    for (unsigned turn = 0; turn < 40; turn++) {
        struct virtual_told told = {.n = 0};
        struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 8, 3600);
        v->on_action = virtual_note;
        v->owner = &told;
        virtual_start(v);
        heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
        virtual_run(v, v->now + (100 + turn * 237) * HENG_US_PER_MS);
        assert_int_equal(virtual_submit(v, 5, 0, HENG_CLASS_CONTROL, 7, HENG_ORDER_READ_STATE, HENG_US_NEVER), HENG_OK);
        heng_us asked = v->now;
        virtual_run(v, 120 * HENG_US_PER_S);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.stage[0], HENG_STAGE_CONFIRMED);
        if (told.at[0] - asked > longest) longest = told.at[0] - asked;
        assert_int_equal(v->ok, 9);
        assert_int_equal(v->failed, 0);
        virtual_free(v);
    }
    print_message("# longest from submit to the end of the conversation: %lld ms\n", (long long)(longest / 1000));
    assert_true(longest < 4 * HENG_US_PER_S);
}

static void a_broadcast_is_sent_and_ends(void **state)
{
    (void)state;
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 3, 0);
    v->on_action = virtual_note;
    v->owner = &told;
    virtual_start(v);
    assert_int_equal(virtual_submit(v, 1, 0, HENG_CLASS_CONTROL, 0, HENG_ORDER_SET_CLOCK, HENG_US_NEVER),
                     HENG_EUNSUPPORTED);
    heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
    assert_int_equal(virtual_submit(v, 1, 0, HENG_CLASS_CONTROL, 0, HENG_ORDER_SET_CLOCK, HENG_US_NEVER), HENG_OK);
    virtual_run(v, 10 * HENG_US_PER_S);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.stage[0], HENG_STAGE_SENT);
    assert_int_equal(told.stage[1], HENG_STAGE_SENT); /* its end: nobody answers, so nobody confirms it */
    assert_int_equal(told.read[0] + 2 * told.read[1], 2);
    virtual_free(v);
}

/* --- commands --------------------------------------------------------------------------------------------- */

static void a_command_tells_each_stage_and_what_became_of_it(void **state)
{
    (void)state;
    for (unsigned sticks = 0; sticks < 2; sticks++) {
        struct virtual_told told = {.n = 0};
        struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 3, 600);
        v->on_action = virtual_note;
        v->owner = &told;
        v->slaves[1].valve_sticks = sticks;
        virtual_start(v);
        heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
        assert_int_equal(virtual_submit(v, 8, 0, HENG_CLASS_CONTROL, 2, HENG_ORDER_DISCONNECT, HENG_US_NEVER), HENG_OK);
        virtual_run(v, 500 * HENG_US_PER_S);
        assert_int_equal(told.n, 3);
        assert_int_equal(told.stage[0], HENG_STAGE_SENT);
        assert_int_equal(told.stage[1], HENG_STAGE_ACCEPTED);
        assert_int_equal(told.stage[2], sticks ? HENG_STAGE_FAILED : HENG_STAGE_CONFIRMED);
        assert_int_equal(heng_sim_bus_supply_on(v->bus, 1), sticks);
        assert_true(heng_sim_bus_supply_on(v->bus, 0));
        virtual_free(v);
    }
}

/* A valve that does not move is waited for a minute; the commands to other meters, and the reads, go on meanwhile. */
static void a_stuck_valve_holds_up_nobody(void **state)
{
    (void)state;
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 20, 20);
    v->on_action = virtual_note;
    v->owner = &told;
    for (unsigned i = 0; i < 12; i++) v->slaves[i].valve_sticks = true;
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
    virtual_run(v, 5 * HENG_US_PER_S);
    assert_int_equal(virtual_submit(v, 1, 0, HENG_CLASS_CONTROL, 1, HENG_ORDER_DISCONNECT, HENG_US_NEVER), HENG_OK);
    assert_int_equal(virtual_submit(v, 2, 0, HENG_CLASS_CONTROL, 1, HENG_ORDER_CONNECT, HENG_US_NEVER), HENG_OK);
    virtual_run(v, 10 * HENG_US_PER_S);
    assert_int_equal(virtual_submit(v, 3, 0, HENG_CLASS_CONTROL, 20, HENG_ORDER_DISCONNECT, HENG_US_NEVER), HENG_OK);
    virtual_run(v, 20 * HENG_US_PER_S);
    assert_int_equal(told.n, 5);
    assert_int_equal(told.id[2], 3);
    assert_true(told.at[2] - 10 * HENG_US_PER_S < 3 * HENG_US_PER_S); /* sent */
    assert_int_equal(told.id[4], 3);
    assert_int_equal(told.stage[4], HENG_STAGE_CONFIRMED);
    assert_false(heng_sim_bus_supply_on(v->bus, 19));
    unsigned ok = v->ok;
    virtual_run(v, 60 * HENG_US_PER_S);
    print_message("# %u reads before, %u beside a stuck valve, %u failed\n", ok, v->ok - ok, v->failed);
    assert_true(v->ok >= ok + 18); /* at the pace of before */
    assert_int_equal(told.n, 5);   /* the second order to the first meter waits for the end of the first one */
    virtual_run(v, 90 * HENG_US_PER_S);
    assert_int_equal(told.id[5], 1);
    assert_int_equal(told.stage[5], HENG_STAGE_FAILED);
    assert_int_equal(told.id[told.n - 1], 2);
    assert_int_equal(told.stage[told.n - 1], HENG_STAGE_CONFIRMED);
    /* More of them than can be put aside, and the line is lost in the middle: each ends, once. */
    told.n = 0;
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(virtual_submit(v, 10 + i, 0, HENG_CLASS_CONTROL, 1 + i, HENG_ORDER_DISCONNECT, HENG_US_NEVER),
                         HENG_OK);
    virtual_run(v, v->now + 15 * HENG_US_PER_S);
    heng_line_closed(v->line, v->now, "cut");
    virtual_run(v, v->now + 5 * HENG_US_PER_S);
    heng_line_opened(v->line, v->now);
    virtual_run(v, v->now + 400 * HENG_US_PER_S);
    unsigned ends[22] = {0};
    for (unsigned i = 0; i < told.n; i++) ends[told.id[i]] += told.stage[i] == HENG_STAGE_FAILED;
    for (unsigned i = 10; i < 22; i++) assert_int_equal(ends[i], 1);
    virtual_free(v);
}

/* What the meter said when it refused is kept as evidence. */
static void a_refused_command_ends_with_the_refusal(void **state)
{
    (void)state;
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 2, 0);
    v->on_action = virtual_note;
    v->owner = &told;
    v->slaves[0].strict_clock = true;
    v->slaves[0].clock_off_us = 3 * HENG_US_PER_DAY;
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
    struct heng_line_job job = {
        .id = 8, .cls = HENG_CLASS_CONTROL, .device_id = 1, .expires_us = HENG_US_NEVER, .order = {.has_secret = true}};
    job.order.kind = HENG_ORDER_SET_CLOCK;
    memcpy(job.order.password, "\x02\x99\x99\x99", 4); /* not the meter's */
    if (heng_line_submit(v->line, v->now, &job, NULL) != HENG_OK) fail_msg("not taken");
    virtual_run(v, 60 * HENG_US_PER_S);
    assert_true(told.n > 0);
    print_message("# stage %d outcome %s frames %u values %u why '%s'\n", told.stage[told.n - 1],
                  heng_outcome_text(told.outcome), told.frames, told.values, told.why);
    assert_int_equal(told.stage[told.n - 1], HENG_STAGE_FAILED);
    assert_int_equal(told.outcome, HENG_OUTCOME_REFUSED);
    assert_true(told.frames >= 1);
    assert_int_equal(heng_line_counters_now(v->line)->refused, 1);
    virtual_free(v);
}

/* However often it says no: its wires are good, and it is read as before. */
static void a_meter_that_refuses_commands_is_alive(void **state)
{
    (void)state;
    enum { REFUSALS = 8 };
    struct virtual_told told = {.n = 0};
    struct heng_line_vitals vitals;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 2, 0);
    v->on_action = virtual_note;
    v->owner = &told;
    v->slaves[0].strict_clock = true;
    v->slaves[0].clock_off_us = 3 * HENG_US_PER_DAY;
    virtual_start(v);
    heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
    for (int i = 0; i < REFUSALS; i++) {
        struct heng_line_job job = {.id = 8 + i,
                                    .cls = HENG_CLASS_CONTROL,
                                    .device_id = 1,
                                    .expires_us = HENG_US_NEVER,
                                    .order = {.kind = HENG_ORDER_SET_CLOCK, .has_secret = true}};
        memcpy(job.order.password, "\x02\x99\x99\x99", 4); /* not the meter's */
        if (heng_line_submit(v->line, v->now, &job, NULL) != HENG_OK) fail_msg("not taken");
    }
    heng_us end = v->now + 60 * HENG_US_PER_S;
    while (v->now < end && heng_line_counters_now(v->line)->refused < REFUSALS) {
        virtual_run(v, v->now + HENG_US_PER_S / 10);
        heng_line_vitals_now(v->line, &vitals);
        assert_int_equal(vitals.hint_kind, HENG_HINT_NONE);
        assert_int_equal(vitals.quarantined, 0);
    }
    assert_int_equal(heng_line_counters_now(v->line)->refused, REFUSALS);
    assert_int_equal(vitals.health, 100);
    virtual_free(v);
}

/* The line keeps quiet for late answers of a Modbus meter; a command for another one does not wait for that. */
static void a_command_interrupts_a_quiet_time(void **state)
{
    (void)state;
    static const struct heng_profile one = {.name = "one",
                                            .protocols = 1u << HENG_PROTOCOL_DLT645_1997,
                                            .asks = {{.di = 0x9010}, {.di = 0xB611, .optional = true}},
                                            .ask_count = 2,
                                            .answer_ms = 5000, /* a radio behind the meter */
                                            .preamble = 4};
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_1997, 4, 3600);
    v->on_action = virtual_note;
    v->owner = &told;
    v->meters[0].profile = &one;
    v->slaves[0].fate = HENG_SIM_FATE_DEAD;
    virtual_start(v);
    virtual_run(v, 4 * HENG_US_PER_S); /* in the middle of the first try */
    assert_int_equal(virtual_submit(v, 5, 0, HENG_CLASS_CONTROL, 3, HENG_ORDER_READ, HENG_US_NEVER), HENG_OK);
    heng_us asked = v->now;
    virtual_run(v, asked + 8 * HENG_US_PER_S);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.stage[0], HENG_STAGE_CONFIRMED);
    assert_true(told.at[0] - asked < 5 * HENG_US_PER_S + 3 * HENG_US_PER_S);
    virtual_run(v, 60 * HENG_US_PER_S);
    assert_int_equal(v->ok, 4); /* three of the round and the order */
    assert_int_equal(v->failed, 1);
    virtual_free(v);
}

/* --- two meters with one address -------------------------------------------------------------------------- */

static void note_why(struct virtual_bus *v, const struct heng_line_action *action)
{
    unsigned *twins = v->owner;
    if (action->kind != HENG_LINE_RESULT || !action->result.read) return;
    const char *why = action->result.read->why;
    if (!strstr(why, "two meters")) return;
    assert_int_equal(action->result.read->device_id, 3);
    assert_int_equal(action->result.stage, HENG_STAGE_FAILED);
    ++*twins;
}

static void two_meters_with_one_address_are_named(void **state)
{
    (void)state;
    for (unsigned of = 0; of < 2; of++) { /* the same line without twins, but noisy: nobody is named */
        unsigned twins = 0;
        struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 9, 30);
        v->on_action = note_why;
        v->owner = &twins;
        v->config.latency_ms = 20;
        v->wire.byte_error_ppm = of ? 1000 : 0;
        v->slaves[2].delay_min_us = v->slaves[2].delay_max_us = 60000;
        v->slaves[8] = v->slaves[2]; /* somebody mounted a second one; the list has only the first */
        v->slaves[8].start_count = 777777;
        v->slaves[8].delay_min_us = v->slaves[8].delay_max_us = of ? 60000 : 64000;
        if (of) memcpy(v->slaves[8].address, "000000000099", sizeof "000000000099");
        v->count = 9;
        struct heng_err err = {.text = ""};
        if (heng_sim_bus_new(&v->wire, v->slaves, 9, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY, &v->bus, &err) != HENG_OK)
            fail_msg("%s", err.text);
        if (heng_line_new(&v->config, v->meters, 8, &v->line, &err) != HENG_OK) fail_msg("%s", err.text);
        v->now = HENG_US_PER_S;
        heng_line_opened(v->line, v->now);
        virtual_run(v, (of ? 3600 : 600) * HENG_US_PER_S);
        const struct heng_line_counters *counters = heng_line_counters_now(v->line);
        print_message("# %s: named %u times, collisions %llu, ok %u, failed %u\n", of ? "noise" : "twins", twins,
                      (unsigned long long)counters->collision, v->ok, v->failed);
        if (of)
            assert_int_equal(twins, 0);
        else
            assert_true(twins >= 1 && counters->collision >= 1);
        virtual_free(v);
    }
}

/* --- overload --------------------------------------------------------------------------------------------- */

static void noise_without_end_is_overload_and_passes(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 5, 30);
    virtual_start(v);
    virtual_run(v, 29 * HENG_US_PER_S);
    assert_int_equal(v->ok, 5);
    heng_sim_bus_set_cut(v->bus, 0); /* a short: no meter is heard through it */
    for (unsigned i = 0; i < 2000; i++) {
        heng_line_feed(v->line, v->now, heng_slice_str("\x55\x2A"));
        virtual_run(v, v->now + 20 * HENG_US_PER_MS);
    }
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_OVERLOAD);
    heng_sim_bus_set_cut(v->bus, 5);
    virtual_run(v, v->now + 90 * HENG_US_PER_S);
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_IDLE);
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 0);
    assert_true(v->ok >= 15);
    virtual_free(v);
}

static void count_status(struct virtual_bus *v, const struct heng_line_action *action)
{
    unsigned *told = v->owner;
    *told += action->kind == HENG_LINE_STATUS;
}

/* A search brings no results for minutes, and neither does a round of meters that take twenty tries each. */
static void a_line_that_asks_tells_its_counters(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 1, 3600);
    const struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_PRIMARY};
    struct heng_err err = {.text = ""};
    unsigned told = 0;
    v->on_action = count_status;
    v->owner = &told;
    virtual_start(v);
    virtual_run(v, 20 * HENG_US_PER_S);
    assert_int_equal(heng_line_search(v->line, v->now, &config, &err), HENG_OK);
    virtual_run(v, v->now + HENG_US_PER_S);
    told = 0;
    virtual_run(v, v->now + 50 * HENG_US_PER_S);
    assert_in_range(told, 8, 12);
    virtual_free(v);
}

/* A converter of TCP hands on what a short makes of the line in lumps, any byte among them; between two lumps it is
 * quiet for long enough to ask. No meter can answer before it was asked. */
static void a_short_behind_tcp_is_no_collision(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 24, 60);
    struct heng_sim_rng rng = heng_sim_rng_of(5, 1);
    v->config.latency_ms = 300;
    virtual_start(v);
    virtual_run(v, 59 * HENG_US_PER_S);
    assert_int_equal(v->ok, 24);
    heng_sim_bus_set_cut(v->bus, 0);
    for (unsigned i = 0; i < 180 * 20; i++) {
        uint8_t lump[11];
        for (size_t k = 0; k < sizeof lump; k++) lump[k] = (uint8_t)heng_sim_rng_next(&rng);
        heng_line_feed(v->line, v->now, heng_slice_of(lump, sizeof lump));
        virtual_run(v, v->now + 50 * HENG_US_PER_MS);
    }
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_OVERLOAD);
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 0);
    assert_true(vitals.hint_kind == HENG_HINT_NONE || vitals.hint_kind == HENG_HINT_ALL); /* nobody is blamed */
    assert_true(heng_line_counters_now(v->line)->collision < 10);
    virtual_free(v);
}

static void a_converter_that_reports_overload_is_left_alone(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 5, 30);
    virtual_start(v);
    virtual_run(v, 20 * HENG_US_PER_S);
    heng_line_overload(v->line, v->now, true);
    uint64_t requests = heng_line_counters_now(v->line)->requests;
    virtual_run(v, 65 * HENG_US_PER_S);
    assert_int_equal(heng_line_state_now(v->line), HENG_LINE_STATE_OVERLOAD);
    assert_int_equal(heng_line_counters_now(v->line)->requests, requests);
    assert_int_equal(v->failed, 5); /* one round is lost by now, and is told */
    heng_line_overload(v->line, v->now, false);
    virtual_run(v, 80 * HENG_US_PER_S);
    assert_int_equal(v->ok, 10);
    virtual_free(v);
}

/* --- learned times ---------------------------------------------------------------------------------------- */

/* A meter that is slow from now on is found by the longer wait of its next try, and waited for in time then. */
static void a_meter_that_became_slower_is_learned_again(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 1, 30);
    virtual_start(v);
    virtual_run(v, 300 * HENG_US_PER_S);
    assert_int_equal(v->ok, 10);
    assert_int_equal(heng_line_counters_now(v->line)->silence, 0);
    struct heng_sim_meter_config slow = v->slaves[0];
    slow.delay_min_us = 380000, slow.delay_max_us = 420000;
    slow.start_count += 100;
    heng_sim_bus_swap(v->bus, 0, &slow);
    virtual_run(v, 600 * HENG_US_PER_S);
    assert_int_equal(v->ok, 20);
    uint64_t silence = heng_line_counters_now(v->line)->silence;
    assert_in_range(silence, 1, 6);
    virtual_run(v, 900 * HENG_US_PER_S);
    assert_int_equal(v->ok, 30);
    assert_int_equal(heng_line_counters_now(v->line)->silence, silence);
    virtual_free(v);
}

/* --- noise ------------------------------------------------------------------------------------------------ */

static void echo_and_noise_do_not_stop_a_line(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 30, 120);
    v->wire.echo = true;
    v->wire.byte_error_ppm = 1000;
    v->config.single_reads = false;
    virtual_start(v);
    virtual_run(v, 3600 * HENG_US_PER_S);
    unsigned all = v->ok + v->failed;
    print_message("# at 1e-3 with echo: %u of %u reads\n", v->ok, all);
    assert_in_range(all, 29 * 30, 31 * 30);
    assert_true(v->ok * 100 >= all * 99);
    assert_true(heng_line_counters_now(v->line)->echo > 1000);
    virtual_free(v);
}

/* Some answers come when their meter has been given up; they are told from those of others, and what was not read in
 * its turn is read later in the round. */
static void late_answers_are_known_as_such(void **state)
{
    (void)state;
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 20, 120);
    v->wire.late_ppm = 60000;
    v->wire.late_min_ms = 300;
    v->wire.late_max_ms = 3000;
    virtual_start(v);
    virtual_run(v, 1800 * HENG_US_PER_S);
    const struct heng_line_counters *c = heng_line_counters_now(v->line);
    print_message("# %u read, %u not; late %llu, foreign %llu\n", v->ok, v->failed, (unsigned long long)c->late,
                  (unsigned long long)c->foreign);
    assert_true(v->ok * 100 >= (v->ok + v->failed) * 99);
    assert_true(c->late > 10);
    assert_true(c->foreign * 5 < c->late);
    virtual_free(v);
}

/* --- another speed ---------------------------------------------------------------------------------------- */

/* The meter changes its speed, and the line goes with it. */
static void a_meter_takes_the_line_to_another_speed(void **state)
{
    (void)state;
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 1, 60);
    v->on_action = virtual_note;
    v->owner = &told;
    virtual_start(v);
    virtual_run(v, 30 * HENG_US_PER_S);
    struct heng_line_job job = {.id = 4,
                                .cls = HENG_CLASS_CONTROL,
                                .device_id = 1,
                                .expires_us = HENG_US_NEVER,
                                .order = {.kind = HENG_ORDER_SET_BAUD, .baud = 9600}};
    assert_int_equal(heng_line_submit(v->line, v->now, &job, NULL), HENG_OK);
    virtual_run(v, 55 * HENG_US_PER_S);
    assert_true(told.n >= 2);
    assert_int_equal(told.stage[told.n - 1], HENG_STAGE_CONFIRMED);
    assert_int_equal(told.baud, 9600);
    unsigned before = v->ok;
    virtual_run(v, 180 * HENG_US_PER_S);
    assert_int_equal(v->ok, before + 2);
    /* A new connection begins with the old speed: the transport is told. */
    told.baud = 0;
    heng_line_closed(v->line, v->now, "cut");
    heng_sim_bus_set_speed(v->bus, v->now, 2400, 'E');
    heng_line_opened(v->line, v->now);
    virtual_run(v, 300 * HENG_US_PER_S);
    assert_int_equal(told.baud, 9600);
    assert_int_equal(v->ok, before + 4);
    assert_int_equal(v->failed, 0);
    virtual_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_line_of_250_is_used_to_95_percent),
        cmocka_unit_test(dlt645_meters_of_five_registers_use_95_percent),
        cmocka_unit_test(dead_meters_cost_less_than_a_tenth),
        cmocka_unit_test(a_line_without_rest_reaches_90_percent_and_finds_who_is_back),
        cmocka_unit_test(a_meter_that_is_back_is_read_at_once),
        cmocka_unit_test(a_mute_line_is_no_load_and_back_within_seconds),
        cmocka_unit_test(a_witness_saves_the_line),
        cmocka_unit_test(on_demand_groups_take_turns),
        cmocka_unit_test(a_job_ends_once_whatever_becomes_of_it),
        cmocka_unit_test(a_command_starts_within_three_seconds),
        cmocka_unit_test(a_broadcast_is_sent_and_ends),
        cmocka_unit_test(a_meter_that_became_slower_is_learned_again),
        cmocka_unit_test(a_command_tells_each_stage_and_what_became_of_it),
        cmocka_unit_test(a_stuck_valve_holds_up_nobody),
        cmocka_unit_test(a_refused_command_ends_with_the_refusal),
        cmocka_unit_test(a_meter_that_refuses_commands_is_alive),
        cmocka_unit_test(a_command_interrupts_a_quiet_time),
        cmocka_unit_test(two_meters_with_one_address_are_named),
        cmocka_unit_test(noise_without_end_is_overload_and_passes),
        cmocka_unit_test(a_line_that_asks_tells_its_counters),
        cmocka_unit_test(a_short_behind_tcp_is_no_collision),
        cmocka_unit_test(a_converter_that_reports_overload_is_left_alone),
        cmocka_unit_test(echo_and_noise_do_not_stop_a_line),
        cmocka_unit_test(late_answers_are_known_as_such),
        cmocka_unit_test(a_meter_takes_the_line_to_another_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
