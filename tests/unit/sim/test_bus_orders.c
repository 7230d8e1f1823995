/* Orders given by the real drivers to virtual meters: what is done is done in the meter, and what the meter does not do
 * is not called done. */
#include "bus_talk.h"

static struct heng_read read_now;
static struct heng_talk talk;
static struct heng_meter_memory remembered;
static heng_us now;

static int set_up(void **state)
{
    (void)state;
    now = HENG_US_PER_S;
    remembered = (struct heng_meter_memory){0};
    return 0;
}

/* A bus with one meter of that kind. */
static struct heng_sim_bus *bus_of(struct heng_sim_meter_config *sim, heng_protocol protocol, const char *address)
{
    struct heng_sim_bus_config config = quiet_bus();
    sim->protocol = protocol;
    sim->medium = protocol == HENG_PROTOCOL_CJT188 ? HENG_MEDIUM_WATER
                  : protocol == HENG_PROTOCOL_MBUS ? HENG_MEDIUM_HEAT
                                                   : HENG_MEDIUM_ELECTRICITY;
    sim->delay_min_us = 20000;
    sim->delay_max_us = 90000;
    sim->start_count = 50000000;
    sim->rate_per_h = 1200;
    snprintf(sim->address, sizeof sim->address, "%s", address);
    return new_bus(&config, sim, 1);
}

/* Give the order; the stage it came to. */
static heng_stage order(struct heng_sim_bus *bus, const struct heng_sim_meter_config *sim, struct heng_order wanted)
{
    static struct heng_meter_config meter;
    struct heng_err err = {0};
    meter = (struct heng_meter_config){.protocol = sim->protocol, .medium = sim->medium};
    snprintf(meter.address, sizeof meter.address, "%s", sim->address);
    wanted.has_secret = true; /* level 02, all zeros: the password of virtual meters */
    wanted.password[0] = sim->protocol == HENG_PROTOCOL_DLT645_2007 ? 2 : 0;
    if (heng_meter_can(&meter, &wanted, &err) != HENG_OK) fail_msg("%s: %s", heng_order_text(wanted.kind), err.text);
    talk = (struct heng_talk){.meter = &meter, .memory = &remembered, .order = wanted};
    bool good = converse(bus, &talk, &now, &read_now, &err);
    if (!good) print_message("%s %s: %s\n", heng_protocol_text(sim->protocol), heng_order_text(wanted.kind), err.text);
    return talk.stage;
}

static const struct {
    heng_protocol protocol;
    const char *address, *other;
} kinds[] = {
    {HENG_PROTOCOL_MBUS, "5", "9"},
    {HENG_PROTOCOL_CJT188, "78330000000001", "78330000000009"},
    {HENG_PROTOCOL_DLT645_2007, "000012345678", "000012345699"},
    {HENG_PROTOCOL_DLT645_1997, "000012345678", "000012345699"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void clocks_are_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct heng_sim_meter_config sim = {.clock_off_us = 3 * 3600 * HENG_US_PER_S};
        remembered = (struct heng_meter_memory){0};
        struct heng_sim_bus *bus = bus_of(&sim, kinds[i].protocol, kinds[i].address);
        assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_SET_CLOCK}), HENG_STAGE_CONFIRMED);
        heng_us off = heng_sim_bus_clock(bus, 0, now) - START_WALL_US - now;
        assert_in_range(llabs(off), 0, 60 * HENG_US_PER_S); /* M-Bus type F has no seconds */
        heng_sim_bus_free(bus);
    }
}

static void supply_is_switched_and_only_then_called_so(void **state)
{
    (void)state;
    for (size_t i = 1; i < 3; i++)
        for (unsigned sticks = 0; sticks < 2; sticks++) {
            struct heng_sim_meter_config sim = {
                .valve_sticks = sticks, .strict_clock = true, .clock_off_us = i == 2 ? -7200 * HENG_US_PER_S : 0};
            remembered = (struct heng_meter_memory){0};
            struct heng_sim_bus *bus = bus_of(&sim, kinds[i].protocol, kinds[i].address);
            heng_stage stage = order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_DISCONNECT});
            assert_int_equal(stage, sticks ? HENG_STAGE_FAILED : HENG_STAGE_CONFIRMED);
            assert_int_equal(heng_sim_bus_supply_on(bus, 0), sticks);
            if (!sticks) {
                stage = order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_CONNECT});
                assert_int_equal(stage, HENG_STAGE_CONFIRMED);
                struct heard h;
                listen_until(bus, now += 25 * HENG_US_PER_S, &h); /* somebody presses the key of the meter */
                (void)heng_sim_bus_take(bus, now, h.p, sizeof h.p);
                assert_true(heng_sim_bus_supply_on(bus, 0));
            }
            heng_sim_bus_free(bus);
        }
}

static void supply_is_kept(void **state)
{
    (void)state;
    struct heng_sim_meter_config sim = {0};
    struct heng_sim_bus *bus = bus_of(&sim, HENG_PROTOCOL_DLT645_2007, "000012345678");
    assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_KEEP}), HENG_STAGE_CONFIRMED);
    assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_DISCONNECT}), HENG_STAGE_FAILED);
    assert_true(heng_sim_bus_supply_on(bus, 0));
    assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_RELEASE}), HENG_STAGE_CONFIRMED);
    assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_DISCONNECT}), HENG_STAGE_CONFIRMED);
    assert_false(heng_sim_bus_supply_on(bus, 0));
    heng_sim_bus_free(bus);
}

static void addresses_and_speeds_are_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct heng_sim_meter_config sim = {0};
        struct heng_order wanted = {.kind = HENG_ORDER_SET_ADDRESS};
        remembered = (struct heng_meter_memory){0};
        snprintf(wanted.address, sizeof wanted.address, "%s", kinds[i].other);
        struct heng_sim_bus *bus = bus_of(&sim, kinds[i].protocol, kinds[i].address);
        assert_int_equal(order(bus, &sim, wanted), HENG_STAGE_CONFIRMED);
        snprintf(sim.address, sizeof sim.address, "%s", kinds[i].other);
        remembered = (struct heng_meter_memory){0};
        assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_READ}), HENG_STAGE_CONFIRMED);
        if (kinds[i].protocol == HENG_PROTOCOL_MBUS || kinds[i].protocol == HENG_PROTOCOL_DLT645_2007)
            assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_SET_BAUD, .baud = 4800}),
                             HENG_STAGE_CONFIRMED);
        heng_sim_bus_free(bus);
    }
}

/* By secondary address, whole and id alone, among others; in several telegrams. */
static void selected_meters_are_read(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config sims[3] = {mbus_meter(0), mbus_meter(0), mbus_meter(0)};
    for (unsigned i = 0; i < 3; i++) {
        snprintf(sims[i].secondary, sizeof sims[i].secondary, "1234567%uAE200104", i);
        sims[i].telegrams = (uint8_t)(i + 1);
        sims[i].start_count = 1000 * (i + 1);
    }
    struct heng_sim_bus *bus = new_bus(&config, sims, 3);
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < 3; i++) {
            struct heng_sim_meter_config sim = sims[i];
            remembered = (struct heng_meter_memory){0};
            snprintf(sim.address, sizeof sim.address, "%.*s", round % 2 ? 16 : 8, sims[i].secondary);
            assert_int_equal(order(bus, &sim, (struct heng_order){.kind = HENG_ORDER_READ}), HENG_STAGE_CONFIRMED);
            assert_int_equal(read_now.frame_count, i + 1);
        }
    heng_sim_bus_free(bus);
}

static void history_is_read(void **state)
{
    (void)state;
    for (size_t i = 1; i < KINDS; i++)
        for (uint16_t back = 1; back <= 2; back++) {
            struct heng_sim_meter_config sim = {0};
            remembered = (struct heng_meter_memory){0};
            struct heng_sim_bus *bus = bus_of(&sim, kinds[i].protocol, kinds[i].address);
            struct heng_order wanted = {.kind = HENG_ORDER_READ_HISTORY, .back = back};
            assert_int_equal(order(bus, &sim, wanted), HENG_STAGE_CONFIRMED);
            assert_true(read_now.value_count > 0);
            assert_int_equal(read_now.values[0].key.storage, back);
            heng_sim_bus_free(bus);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(clocks_are_set, set_up),
        cmocka_unit_test_setup(supply_is_switched_and_only_then_called_so, set_up),
        cmocka_unit_test_setup(supply_is_kept, set_up),
        cmocka_unit_test_setup(addresses_and_speeds_are_changed, set_up),
        cmocka_unit_test_setup(selected_meters_are_read, set_up),
        cmocka_unit_test_setup(history_is_read, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
