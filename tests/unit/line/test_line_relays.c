/* Lines with collectors and repeaters in front of their meters: one or several behind each other, transparent or with a
 * store of their own, and what is made of those that fail. */
#include "virtual_bus.h"

/* --- ways ------------------------------------------------------------------------------------------------- */

static void meters_behind_relays_are_read_way_by_way(void **state)
{
    (void)state;
    struct heng_relay_config relays[2] = {{.id = 1,
                                           .name = "east",
                                           .delay_ms = 20,
                                           .open_n = 2,
                                           .open = {0xA5, 1},
                                           .open_answer_n = 2,
                                           .open_answer = {0x5A, 1}},
                                          {.id = 2,
                                           .parent_id = 1,
                                           .name = "far east",
                                           .delay_ms = 20,
                                           .open_n = 2,
                                           .open = {0xA5, 2},
                                           .open_answer_n = 2,
                                           .open_answer = {0x5A, 2}}};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 9, 60);
    v->config.relays = v->wire.relays = relays;
    v->config.relay_count = v->wire.relay_count = 2;
    for (size_t i = 0; i < 9; i++) v->meters[i].relay_id = v->slaves[i].relay_id = (int64_t)(i % 3);
    virtual_start(v);
    virtual_run(v, 58 * HENG_US_PER_S);
    assert_int_equal(v->ok, 9);
    assert_int_equal(v->failed, 0);
    /* a reset and a question each, and two ways of one and two relays */
    assert_int_equal(heng_line_counters_now(v->line)->requests, 2 * 9 + 1 + 2);
    virtual_free(v);
}

/* A relay that does not open is named, its meters are not blamed, and the others are read. */
static void a_relay_that_fails_is_named(void **state)
{
    (void)state;
    struct heng_relay_config relay = {
        .id = 1, .name = "staircase B", .open_n = 1, .open = {0xA5}, .open_answer_n = 1, .open_answer = {0x5A}};
    struct virtual_told told = {.n = 0};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 6, 60);
    v->config.relays = &relay; /* the simulated bus has none: nothing answers */
    v->config.relay_count = 1;
    v->on_action = virtual_note;
    v->owner = &told;
    for (size_t i = 0; i < 3; i++) v->meters[i].relay_id = 1;
    virtual_start(v);
    virtual_run(v, 600 * HENG_US_PER_S);
    assert_int_equal(v->ok, 3 * 10);
    assert_int_equal(v->failed, 3 * 10);
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_int_equal(vitals.quarantined, 0);
    assert_int_equal(virtual_submit(v, 1, 0, HENG_CLASS_ON_DEMAND, 2, HENG_ORDER_READ, HENG_US_NEVER), HENG_OK);
    virtual_run(v, 630 * HENG_US_PER_S);
    assert_int_equal(told.n, 1);
    assert_int_equal(told.stage[0], HENG_STAGE_FAILED);
    assert_non_null(strstr(told.why, "staircase B"));
    virtual_free(v);
}

/* --- the four topologies ---------------------------------------------------------------------------------- */

struct topology {
    const char *name;
    bool deep, stores;
};

static const struct topology topologies[] = {
    {"single-layer transparent", false, false},
    {"single-layer with storage", false, true},
    {"multi-layer transparent", true, false},
    {"multi-layer with storage", true, true},
};

enum { TOPOLOGY_METERS = 6, ALIVE = 4, TOPOLOGY_RELAYS = 2, PERIOD_S = 60, HOUR_S = 3600 };

/* Two meters on the line itself, the others behind a relay; of a deep one two of them behind a second one. Both open by
 * a few bytes. relays: TOPOLOGY_RELAYS, borrowed. */
static struct virtual_bus *topology_new(const struct topology *t, heng_protocol protocol,
                                        struct heng_relay_config *relays)
{
    struct virtual_bus *v = virtual_new(protocol, TOPOLOGY_METERS, PERIOD_S);
    for (uint8_t i = 0; i < TOPOLOGY_RELAYS; i++) {
        relays[i] = (struct heng_relay_config){.id = i + 1, .parent_id = i, .stores = t->stores, .delay_ms = 100};
        snprintf(relays[i].name, sizeof relays[i].name, "layer %u", i + 1u);
        relays[i].open_n = relays[i].open_answer_n = 2;
        relays[i].open[0] = 0xA5;
        relays[i].open_answer[0] = 0x5A;
        relays[i].open[1] = relays[i].open_answer[1] = (uint8_t)(i + 1);
    }
    v->config.relays = v->wire.relays = relays;
    v->config.relay_count = v->wire.relay_count = t->deep ? TOPOLOGY_RELAYS : 1;
    for (size_t i = 0; i < TOPOLOGY_METERS; i++)
        v->meters[i].relay_id = v->slaves[i].relay_id = i < 2 ? 0 : i < 4 || !t->deep ? 1 : 2;
    virtual_start(v);
    return v;
}

static void every_topology_is_read_without_a_miss(void **state)
{
    (void)state;
    static const heng_protocol protocols[] = {HENG_PROTOCOL_MBUS, HENG_PROTOCOL_CJT188, HENG_PROTOCOL_DLT645_2007};
    for (size_t p = 0; p < sizeof protocols / sizeof *protocols; p++)
        for (size_t i = 0; i < sizeof topologies / sizeof *topologies; i++) {
            struct heng_relay_config relays[TOPOLOGY_RELAYS];
            struct virtual_bus *v = topology_new(&topologies[i], protocols[p], relays);
            virtual_run(v, HOUR_S * HENG_US_PER_S);
            print_message("# %s, %s: %u read, %u not\n", heng_protocol_text(protocols[p]), topologies[i].name, v->ok,
                          v->failed);
            assert_true(v->ok >= TOPOLOGY_METERS * 58);
            assert_int_equal(v->failed, 0);
            for (size_t k = 1; k <= TOPOLOGY_METERS; k++) assert_in_range(v->of_device[k], 58, HOUR_S / PERIOD_S);
            virtual_free(v);
        }
}

/* Two meters die behind the last relay. A transparent one shows whose silence it is; one that stores goes on answering
 * for them with what it has. Who is alive is read as before. */
static void meters_that_die_behind_relays_harm_nobody_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof topologies / sizeof *topologies; i++) {
        struct heng_relay_config relays[TOPOLOGY_RELAYS];
        struct virtual_bus *v = topology_new(&topologies[i], HENG_PROTOCOL_DLT645_2007, relays);
        unsigned before[TOPOLOGY_METERS + 1];
        virtual_run(v, HOUR_S * HENG_US_PER_S);
        memcpy(before, v->of_device, sizeof before);
        for (size_t k = ALIVE; k < TOPOLOGY_METERS; k++) heng_sim_bus_set_fate(v->bus, k, HENG_SIM_FATE_DEAD);
        virtual_run(v, 2 * HOUR_S * HENG_US_PER_S);
        struct heng_line_vitals vitals;
        heng_line_vitals_now(v->line, &vitals);
        assert_int_equal(vitals.quarantined, topologies[i].stores ? 0 : TOPOLOGY_METERS - ALIVE);
        for (size_t k = 1; k <= ALIVE; k++) assert_in_range(v->of_device[k] - before[k], 58, HOUR_S / PERIOD_S);
        for (size_t k = ALIVE + 1; k <= TOPOLOGY_METERS && topologies[i].stores; k++)
            assert_in_range(v->of_device[k] - before[k], 58, HOUR_S / PERIOD_S);
        virtual_free(v);
    }
}

/* --- collectors that store --------------------------------------------------------------------------------- */

/* It answers for its meters; when it is silent itself no meter is to blame. */
static void a_collector_that_stores_answers_for_its_meters(void **state)
{
    (void)state;
    struct heng_relay_config relay = {.id = 1, .name = "store", .stores = true, .delay_ms = 100};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_DLT645_2007, 6, 60);
    v->config.relays = v->wire.relays = &relay;
    v->config.relay_count = v->wire.relay_count = 1;
    for (size_t i = 0; i < 6; i++) v->meters[i].relay_id = v->slaves[i].relay_id = i < 4;
    virtual_start(v);
    virtual_run(v, 3600 * HENG_US_PER_S);
    print_message("# %u read, %u not\n", v->ok, v->failed);
    assert_true(v->ok >= 6 * 58);
    assert_int_equal(v->failed, 0);
    /* What it says is older than any command: none could be read back. */
    struct heng_err err;
    struct heng_line_job job = {.id = 1,
                                .cls = HENG_CLASS_CONTROL,
                                .device_id = v->meters[0].device_id,
                                .order = {.kind = HENG_ORDER_FREEZE},
                                .expires_us = HENG_US_NEVER};
    assert_int_equal(heng_line_submit(v->line, v->now, &job, &err), HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "collector"));
    heng_sim_bus_set_cut(v->bus, 0); /* nobody answers, the collector neither */
    virtual_run(v, 3600 * HENG_US_PER_S + 20 * 60 * HENG_US_PER_S);
    struct heng_line_vitals vitals;
    heng_line_vitals_now(v->line, &vitals);
    assert_true(vitals.quarantined <= 2); /* at most the two on the line itself */
    heng_sim_bus_set_cut(v->bus, 6);
    unsigned ok = v->ok;
    virtual_run(v, v->now + 600 * HENG_US_PER_S);
    assert_true(v->ok >= ok + 6 * 8);
    virtual_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meters_behind_relays_are_read_way_by_way),
        cmocka_unit_test(a_relay_that_fails_is_named),
        cmocka_unit_test(every_topology_is_read_without_a_miss),
        cmocka_unit_test(meters_that_die_behind_relays_harm_nobody_else),
        cmocka_unit_test(a_collector_that_stores_answers_for_its_meters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
