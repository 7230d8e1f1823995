/* What comes back, and how soon: connections, meters, cables, clocks; late, half and glued answers; a thousand hours
 * without a stall. Usage: proof_recovery [BUS_HOURS [SEED]] */
#include "bus_rig.h"

static uint32_t hours = 100;
static uint64_t seed = 6;

static const struct heng_profile two_registers = {.name = "two",
                                                  .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
                                                  .asks = {{.di = 0x00010000}, {.di = 0x02010100}},
                                                  .ask_count = 2,
                                                  .preamble = 4};

static heng_us since; /* what is waited for began */

static bool all_read(const struct rig *rig)
{
    for (size_t i = 0; i < rig->count; i++)
        if (rig->last_ok[i] == HENG_US_NEVER || rig->last_ok[i] < since) return false;
    return true;
}

static bool is_found_again(const struct rig *rig)
{
    heng_line_state state = heng_line_state_now(rig->line);
    return state == HENG_LINE_STATE_READING || state == HENG_LINE_STATE_IDLE;
}

static struct rig *mbus_60(const char *name, uint32_t period_s)
{
    return rig_new(name, HENG_PROTOCOL_MBUS, 60, 2400, period_s, seed);
}

/* Wait until every meter has been read since then; print and return how long that took. */
static heng_us wait_all(struct rig *rig, const char *what, heng_us most)
{
    heng_us from = since = rig->now;
    if (!rig_run_until(rig, from + most, all_read))
        fail_msg("%s: %s: not every meter was read again in %lld s", rig->name, what,
                 (long long)(most / HENG_US_PER_S));
    print_message("# %-28s %-38s every meter read again after %lld ms\n", rig->name, what,
                  (long long)(rig->now - from) / 1000);
    return rig->now - from;
}

static void connections_come_back(void **state)
{
    (void)state;
    struct rig *rig = mbus_60("60 M-Bus, period 60 s", 60);
    heng_us longest = 0;
    rig_start(rig);
    rig_run(rig, 130 * HENG_US_PER_S);
    for (unsigned i = 0; i < 200; i++) {
        rig_run(rig, rig->now + heng_sim_rng_below(&rig->rng, 90000000));
        heng_line_closed(rig->line, rig->now, "cut");
        rig_run(rig, rig->now + heng_sim_rng_below(&rig->rng, 300000000));
        heng_line_opened(rig->line, rig->now);
        heng_us from = since = rig->now;
        assert_true(rig_run_until(rig, from + 120 * HENG_US_PER_S, all_read));
        if (rig->now - from > longest) longest = rig->now - from;
    }
    print_message("# %-28s %-38s every meter read again after at most %lld ms\n", rig->name,
                  "200 connections lost and back", (long long)longest / 1000);
    rig_must_be_true(rig);
    rig_free(rig);
}

static void a_mute_bus_comes_back(void **state)
{
    (void)state;
    struct rig *rig = mbus_60("60 M-Bus, period 900 s", 900);
    heng_us longest = 0;
    rig_start(rig);
    rig_run(rig, 1000 * HENG_US_PER_S);
    for (unsigned i = 0; i < 40; i++) {
        rig_run(rig, rig->now + heng_sim_rng_below(&rig->rng, 900000000));
        heng_sim_bus_set_cut(rig->bus, 0);
        rig_run(rig, rig->now + 1000 * HENG_US_PER_S + heng_sim_rng_below(&rig->rng, 900000000));
        assert_int_equal(heng_line_state_now(rig->line), HENG_LINE_STATE_NO_LOAD);
        heng_sim_bus_set_cut(rig->bus, rig->count);
        heng_us from = since = rig->now;
        assert_true(rig_run_until(rig, from + 15 * HENG_US_PER_S, is_found_again));
        assert_true(rig_run_until(rig, from + 120 * HENG_US_PER_S, all_read));
        if (rig->now - from > longest) longest = rig->now - from;
    }
    print_message("# %-28s %-38s every meter read again after at most %lld ms\n", rig->name, "40 times mute and back",
                  (long long)longest / 1000);
    rig_must_be_true(rig);
    rig_free(rig);
}

/* The wall clock jumps: nothing stops, nothing is read twice as often for long. */
static void clocks_jump(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t by_s;
    } jumps[] = {{"wall clock an hour ahead", 3600},
                 {"an hour back", -3600},
                 {"a day ahead", 86400},
                 {"a day back", -86400},
                 {"ten seconds back", -10},
                 {"thirty years ahead", 946080000},
                 {"thirty years back", -946080000}};
    static const struct heng_schedule quarter = {.id = 7, .name = "quarter", .period_s = 900};
    struct rig *rig = mbus_60("60 M-Bus, every quarter", 0);
    heng_us wall = RIG_WALL_US;
    rig->config.schedules = &quarter;
    rig->config.schedule_count = 1;
    for (size_t i = 0; i < rig->count; i++) rig->meters[i].schedule_id = 7;
    rig_start(rig);
    rig_run(rig, 3000 * HENG_US_PER_S);
    for (unsigned i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        rig_run(rig, rig->now + heng_sim_rng_below(&rig->rng, 900000000));
        wall += jumps[i].by_s * HENG_US_PER_S;
        heng_line_set_clock(rig->line, rig->now, wall + rig->now);
        uint64_t before = rig->book.ok;
        (void)wait_all(rig, jumps[i].what, 1000 * HENG_US_PER_S);
        rig_run(rig, rig->now + 3600 * HENG_US_PER_S);
        assert_in_range(rig->book.ok - before, 4 * rig->count, 6 * rig->count);
    }
    rig_must_be_true(rig);
    rig_free(rig);
}

/* A cable is cut at any place: within two rounds the hint says where, and once it is mended all are read again. */
static void a_cut_cable_is_shown(void **state)
{
    (void)state;
    struct rig *rig = mbus_60("60 M-Bus, period 60 s", 60);
    heng_us longest = 0;
    rig_start(rig);
    rig_run(rig, 200 * HENG_US_PER_S);
    for (unsigned i = 0; i < 20; i++) {
        struct heng_line_vitals vitals;
        uint32_t cut = 2 + heng_sim_rng_below(&rig->rng, 55); /* so many meters are left */
        heng_sim_bus_set_cut(rig->bus, cut);
        rig_run(rig, rig->now + 200 * HENG_US_PER_S);
        heng_line_vitals_now(rig->line, &vitals);
        if (vitals.hint_kind != HENG_HINT_CUT || vitals.hint_from != cut || vitals.hint_to != cut + 1)
            fail_msg("cut behind %u: '%s' (%d, %u to %u)", cut, vitals.hint, (int)vitals.hint_kind, vitals.hint_from,
                     vitals.hint_to);
        heng_sim_bus_set_cut(rig->bus, rig->count);
        heng_us from = since = rig->now;
        /* probes of a meter in quarantine are 16 rounds apart at most */
        assert_true(rig_run_until(rig, from + 17 * 60 * HENG_US_PER_S, all_read));
        if (rig->now - from > longest) longest = rig->now - from;
        rig_run(rig, rig->now + 9 * 60 * HENG_US_PER_S); /* the last eight of each have gone well by then */
        heng_line_vitals_now(rig->line, &vitals);
        if (vitals.hint_kind != HENG_HINT_NONE) fail_msg("mended, and yet: '%s'", vitals.hint);
    }
    print_message("# %-28s %-38s every meter read again after at most %lld s\n", rig->name, "20 cables cut and mended",
                  (long long)(longest / HENG_US_PER_S));
    rig_must_be_true(rig);
    rig_free(rig);
}

/* Counters stand still, so each value has one truth, whenever the answer comes: a late one that is taken for the answer
 * to another question, or for another meter's, is seen. */
static void late_half_and_glued(void **state)
{
    (void)state;
    static const heng_protocol protocols[] = {HENG_PROTOCOL_MBUS, HENG_PROTOCOL_CJT188, HENG_PROTOCOL_DLT645_2007};
    for (unsigned p = 0; p < 3; p++) {
        struct rig *rig = rig_new(heng_protocol_text(protocols[p]), protocols[p], 60, 2400, 300, seed + p);
        for (size_t i = 0; protocols[p] == HENG_PROTOCOL_DLT645_2007 && i < rig->count; i++)
            rig->meters[i].profile = &two_registers; /* the bus remembers 16 answers of a meter */
        rig->wire.late_ppm = 100000;
        rig->wire.late_min_ms = 50;
        rig->wire.late_max_ms = 5000;
        rig->wire.half_ppm = 20000;
        rig->wire.glue_ppm = 20000;
        rig_start(rig);
        rig_run(rig, hours / 4 * 3600 * HENG_US_PER_S - 1);
        const struct heng_line_counters *c = heng_line_counters_now(rig->line);
        print_message(
            "# %-12s late by 0.05 to 5 s 10 %%, half 2 %%, glued 2 %%: %llu reads, %llu in time of %llu, %llu late "
            "answers, %llu foreign\n",
            rig->name, (unsigned long long)rig->book.results, (unsigned long long)rig->book.in_time,
            (unsigned long long)rig->book.due, (unsigned long long)c->late, (unsigned long long)c->foreign);
        rig_must_be_true(rig);
        assert_true(c->late > 0);
        assert_true(rig->book.in_time * 100 >= rig->book.due * 97);
        rig_free(rig);
    }
}

/* The line is alive: it has asked or told something. Meters in quarantine are not told of every time. */
static heng_us last_sign(const struct rig *rig)
{
    return rig->last_send > rig->last_result ? rig->last_send : rig->last_result;
}

static bool all_in_quarantine(const struct rig *rig)
{
    struct heng_line_vitals vitals;
    heng_line_vitals_now(rig->line, &vitals);
    return vitals.quarantined == rig->count;
}

/* Whatever happens, no period goes by without a question or a result while the line is open; 16 of them
 * where all meters are in quarantine. */
static void never_stalls(void **state)
{
    (void)state;
    struct rig *rig = rig_new("30 CJ/T 188, anything happens", HENG_PROTOCOL_CJT188, 30, 2400, 60, seed);
    rig->wire.byte_error_ppm = 1000;
    rig->wire.late_ppm = 10000;
    rig->wire.late_min_ms = 50;
    rig->wire.late_max_ms = 5000;
    rig->wire.noise_ppm = 100;
    rig->wire.echo = true;
    rig_start(rig);
    bool open = true;
    heng_us longest = 0, opened = 0;
    while (rig->now < (heng_us)hours * 10 * 3600 * HENG_US_PER_S) {
        switch (heng_sim_rng_below(&rig->rng, 8)) {
        case 0: heng_sim_bus_set_cut(rig->bus, heng_sim_rng_below(&rig->rng, 31)); break;
        case 1: heng_sim_bus_set_cut(rig->bus, rig->count); break;
        case 2:
            if (open) heng_line_closed(rig->line, rig->now, "cut");
            open = false;
            break;
        case 3:
        case 4:
            heng_line_opened(rig->line, rig->now);
            open = true;
            opened = rig->now;
            break;
        case 5:
            heng_line_set_clock(rig->line, rig->now,
                                RIG_WALL_US + rig->now + heng_sim_rng_below(&rig->rng, 1000) * HENG_US_PER_S);
            break;
        case 6: heng_sim_bus_set_error(rig->bus, heng_sim_rng_below(&rig->rng, 20000)); break;
        default:
            heng_sim_bus_set_fate(rig->bus, heng_sim_rng_below(&rig->rng, 30),
                                  heng_sim_rng_below(&rig->rng, 2) ? HENG_SIM_FATE_DEAD : HENG_SIM_FATE_ALIVE);
        }
        heng_us until = rig->now + (1 + heng_sim_rng_below(&rig->rng, 600)) * HENG_US_PER_S;
        while (rig->now < until) {
            rig_run(rig, rig->now + 10 * HENG_US_PER_S);
            heng_us from = last_sign(rig) > opened ? last_sign(rig) : opened;
            if (open && rig->now - from > longest) longest = rig->now - from;
            if (open && rig->now - from > 70 * HENG_US_PER_S) assert_true(all_in_quarantine(rig));
        }
    }
    print_message("# %-28s %u h: %llu results, %llu ok, at most %lld s without a sign of life\n", rig->name, hours * 10,
                  (unsigned long long)rig->book.results, (unsigned long long)rig->book.ok,
                  (long long)(longest / HENG_US_PER_S));
    rig_must_be_true(rig);
    assert_true(longest <= 16 * 60 * HENG_US_PER_S);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    if (argc > 1) hours = (uint32_t)strtoul(argv[1], NULL, 10);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    print_message("# seed %llu, %u h\n", (unsigned long long)seed, hours);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_come_back), cmocka_unit_test(a_mute_bus_comes_back),
        cmocka_unit_test(clocks_jump),           cmocka_unit_test(a_cut_cable_is_shown),
        cmocka_unit_test(late_half_and_glued),   cmocka_unit_test(never_stalls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
