/* M-Bus meters on the simulated bus: frame count bit, selection, commands, and the wire they share. */
#include "bus_case.h"

static uint8_t memory[300];
static struct heng_buf buf;

static int set_up(void **state)
{
    (void)state;
    buf = heng_buf_of(memory, sizeof memory);
    return 0;
}

static void answers_at_its_time(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    struct heng_slice said;
    heng_us at;
    exchange(bus, 1000000, mbus_short(0x5B, 5, &buf), 2000000, &h);
    assert_true(heng_sim_bus_said(bus, 0, 0, &said, &at));
    assert_true(heng_slice_eq(said, heard_slice(&h)));
    assert_int_equal(said.n >= 80 && said.n <= 120, true);
    /* 5 bytes of 11 bits at 2400, 50 ms, then byte by byte */
    assert_in_range(h.first_us, 1000000 + 22916 + 50000 + 4583, 1000000 + 22918 + 50000 + 4585);
    assert_in_range(h.last_us - h.first_us, (said.n - 1) * 11000000 / 2400 - 1, (said.n - 1) * 11000000 / 2400 + 2);
    struct heng_telegram t;
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_int_equal(value_of(&t, HENG_QUANTITY_ENERGY, 0), 12345);
    struct heng_sim_bus_ledger ledger;
    heng_sim_bus_ledger_now(bus, &ledger);
    assert_int_equal(ledger.requests, 1);
    assert_int_equal(ledger.answers, 1);
    assert_int_equal(ledger.delay_us, 50000);
    assert_in_range(ledger.wire_us, (5 + said.n) * 11000000 / 2400, (5 + said.n) * 11000000 / 2400 + 3);
    heng_sim_bus_free(bus);
}

static void repeats_for_the_same_bit(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    meter.telegrams = 3;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h, first;
    exchange(bus, 1000000, mbus_short(0x40, 5, &buf), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5);
    exchange(bus, 3000000, mbus_short(0x7B, 5, &buf), 1000000, &first);
    exchange(bus, 5000000, mbus_short(0x7B, 5, &buf), 1000000, &h);
    assert_true(heng_slice_eq(heard_slice(&h), heard_slice(&first)));
    struct heng_telegram t;
    unsigned more = 0;
    for (unsigned i = 0; i < 3; i++) { /* 7B was the first one */
        if (i) exchange(bus, 5000000 + 2000000 * i, mbus_short(i % 2 ? 0x5B : 0x7B, 5, &buf), 1500000, &h);
        assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
        struct heng_records records = heng_telegram_records(&t);
        struct heng_record r;
        while (heng_record_next(&records, &r, NULL) == HENG_OK) {
        }
        more += records.more;
    }
    assert_int_equal(more, 2);
    exchange(bus, 20000000, mbus_short(0x5B, 5, &buf), 1000000, &h); /* from the beginning */
    assert_int_equal(h.n, first.n);
    heng_sim_bus_free(bus);
}

static struct heng_slice select_of(const char *id, const char *maker, uint8_t version, uint8_t medium,
                                   const char *fabrication)
{
    struct heng_mbus_selection s = {.who = {.version = version, .medium = medium}};
    snprintf(s.who.id, sizeof s.who.id, "%s", id);
    snprintf(s.who.manufacturer, sizeof s.who.manufacturer, "%s", maker);
    snprintf(s.fabrication, sizeof s.fabrication, "%s", fabrication);
    buf.n = 0;
    assert_int_equal(heng_mbus_encode_select(HENG_MBUS_C_SND_UD, &s, &buf), HENG_OK);
    return heng_buf_slice(&buf);
}

static void selection_by_wild_cards(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meters[3] = {mbus_meter(0), mbus_meter(0), mbus_meter(0)};
    struct heard h;
    struct heng_telegram t;
    snprintf(meters[0].secondary, sizeof meters[0].secondary, "12345678AE200104"); /* HEN */
    snprintf(meters[1].secondary, sizeof meters[1].secondary, "12345679AE200104");
    snprintf(meters[2].secondary, sizeof meters[2].secondary, "12345679AE200104"); /* a full-ID twin */
    snprintf(meters[1].fabrication, sizeof meters[1].fabrication, "00000001");
    snprintf(meters[2].fabrication, sizeof meters[2].fabrication, "00000002");
    struct heng_sim_bus *bus = new_bus(&config, meters, 3);

    exchange(bus, 1000000, select_of("1234567F", "", 0xFF, 0xFF, ""), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5); /* three at the same time, bit by bit */
    exchange(bus, 3000000, mbus_short(0x7B, 0xFD, &buf), 1000000, &h);
    assert_false(telegram_of(HENG_PROTOCOL_MBUS, &h, &t)); /* they differ in their numbers */
    assert_true(h.n > 20);

    exchange(bus, 5000000, select_of("12345678", "", 0xFF, 0xFF, ""), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5);
    exchange(bus, 7000000, mbus_short(0x7B, 0xFD, &buf), 1000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_string_equal(t.id, "12345678");
    assert_string_equal(t.manufacturer, "HEN");

    exchange(bus, 9000000, select_of("12345679", "HEN", 1, 4, "00000002"), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5);
    exchange(bus, 11000000, mbus_short(0x7B, 0xFD, &buf), 1000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_int_equal(value_of(&t, HENG_QUANTITY_FABRICATION_NUMBER, 0), 2);

    exchange(bus, 13000000, select_of("12345679", "HEN", 2, 4, ""), 1000000, &h); /* nobody */
    assert_int_equal(h.n, 0);
    exchange(bus, 15000000, mbus_short(0x7B, 0xFD, &buf), 1000000, &h); /* nor is anybody selected any more */
    assert_int_equal(h.n, 0);

    exchange(bus, 17000000, select_of("12345678", "", 0xFF, 0xFF, ""), 1000000, &h);
    exchange(bus, 19000000, mbus_short(0x40, 0xFD, &buf), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5);
    exchange(bus, 21000000, mbus_short(0x7B, 0xFD, &buf), 1000000, &h);
    assert_int_equal(h.n, 0);
    heng_sim_bus_free(bus);
}

static void commands_are_obeyed(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    const struct heng_civil noon = {2026, 3, 1, 12, 0, 30};
    buf.n = 0;
    assert_int_equal(heng_mbus_encode_set_clock(0x73, 5, &noon, true, &buf), HENG_OK);
    exchange(bus, 1000000, heng_buf_slice(&buf), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5);
    heng_us off = heng_sim_bus_clock(bus, 0, 3000000) - heng_civil_to_us(&noon);
    assert_in_range(off, 1500000, 2000000); /* it took the time when the frame had ended */

    buf.n = 0;
    assert_int_equal(heng_mbus_encode_set_address(0x53, 5, 77, &buf), HENG_OK);
    exchange(bus, 3000000, heng_buf_slice(&buf), 1000000, &h);
    assert_int_equal(h.n, 1);
    exchange(bus, 5000000, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_int_equal(h.n, 0);
    exchange(bus, 7000000, mbus_short(0x5B, 77, &buf), 1000000, &h);
    assert_true(h.n > 80);

    buf.n = 0;
    assert_int_equal(heng_mbus_encode_set_id(0x73, 77, "55667788", &buf), HENG_OK);
    exchange(bus, 9000000, heng_buf_slice(&buf), 1000000, &h);
    exchange(bus, 11000000, mbus_short(0x7B, 77, &buf), 1000000, &h);
    struct heng_telegram t;
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_string_equal(t.id, "55667788");
    heng_sim_bus_free(bus);
}

static void another_speed_for_five_minutes(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    buf.n = 0;
    assert_int_equal(heng_mbus_encode_set_baud(0x73, 5, 9600, &buf), HENG_OK);
    exchange(bus, 1000000, heng_buf_slice(&buf), 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0xE5); /* at the old speed */
    exchange(bus, 3000000, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_int_equal(h.n, 0);
    heng_sim_bus_set_speed(bus, 5000000, 9600, 'E');
    exchange(bus, 5000000, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_true(h.n > 80);
    assert_in_range(h.last_us - h.first_us, (h.n - 1) * 11000000 / 9600 - 1, (h.n - 1) * 11000000 / 9600 + 2);
    heng_sim_bus_set_speed(bus, 7000000, 2400, 'E');
    exchange(bus, 400000000, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_true(h.n > 80); /* nobody spoke to it at 9600: it went back */
    heng_sim_bus_free(bus);
}

static void wrong_speed_is_garbage(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    struct heng_telegram t;
    heng_sim_bus_hear(bus, 1000000, mbus_short(0x5B, 5, &buf));
    heng_sim_bus_set_speed(bus, 1040000, 1200, 'E');
    listen_until(bus, 3000000, &h);
    assert_true(h.n > 10);
    assert_false(telegram_of(HENG_PROTOCOL_MBUS, &h, &t) && t.kind != HENG_TELEGRAM_ACK); /* E5 can be among it */
    heng_sim_bus_free(bus);
}

/* Their parity bit stands where we have the stop bit: a scan must not find 8E1 meters at 8N1, and print that. */
static void wrong_parity_is_not_heard(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    heng_sim_bus_set_speed(bus, 1000000, config.baud, 'N');
    exchange(bus, 1000000, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_int_equal(h.n, 0);
    heng_sim_bus_set_speed(bus, 3000000, config.baud, config.parity);
    exchange(bus, 3000000, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_true(h.n > 80);
    heng_sim_bus_free(bus);
}

static void rollover_history_swap(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    meter.start_count = 99999990;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    struct heng_telegram t;
    const heng_us hour = 3600 * HENG_US_PER_S;
    exchange(bus, hour, mbus_short(0x7B, 5, &buf), 1000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_int_equal(value_of(&t, HENG_QUANTITY_ENERGY, 0), 50);
    /* the month ends 17 days after the start: 17 x 24 x 60 steps */
    exchange(bus, 20 * HENG_US_PER_DAY, mbus_short(0x5B, 5, &buf), 1000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_int_equal(value_of(&t, HENG_QUANTITY_ENERGY, 1), 17 * 24 * 60 - 10);
    struct heng_sim_meter_config other = mbus_meter(5);
    other.start_count = 3;
    heng_sim_bus_swap(bus, 0, &other);
    heng_sim_bus_tamper(bus, 0, true);
    exchange(bus, 21 * HENG_US_PER_DAY, mbus_short(0x7B, 5, &buf), 1000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_in_range(value_of(&t, HENG_QUANTITY_ENERGY, 0), 3 + 23 * 60, 3 + 24 * 60);
    assert_int_equal(t.status & 0x10, 0x10);
    heng_sim_bus_free(bus);
}

static void cut_dead_and_dying(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meters[2] = {mbus_meter(1), mbus_meter(2)};
    struct heng_sim_bus *bus = new_bus(&config, meters, 2);
    struct heard h;
    heng_us now = 0;
    heng_sim_bus_set_cut(bus, 1);
    exchange(bus, now += 2000000, mbus_short(0x5B, 1, &buf), 1000000, &h);
    assert_true(h.n > 0);
    exchange(bus, now += 2000000, mbus_short(0x5B, 2, &buf), 1000000, &h);
    assert_int_equal(h.n, 0);
    heng_sim_bus_set_cut(bus, 2);
    exchange(bus, now += 2000000, mbus_short(0x5B, 2, &buf), 1000000, &h);
    assert_true(h.n > 0);
    heng_sim_bus_set_fate(bus, 1, HENG_SIM_FATE_DEAD);
    exchange(bus, now += 2000000, mbus_short(0x5B, 2, &buf), 1000000, &h);
    assert_int_equal(h.n, 0);
    heng_sim_bus_set_fate(bus, 1, HENG_SIM_FATE_DYING);
    unsigned early = 0, late = 0;
    for (unsigned i = 0; i < 500; i++) {
        exchange(bus, now += 2000000, mbus_short(0x40, 2, &buf), 1000000, &h);
        if (i < 100) early += h.n > 0;
        if (i >= 400) late += h.n > 0;
    }
    assert_in_range(early, 80, 100);
    assert_in_range(late, 1, 30);
    heng_sim_bus_free(bus);
}

static void faults_come_and_go(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heard h;
    heng_sim_bus_set_echo(bus, true);
    exchange(bus, 1000000, mbus_short(0x40, 5, &buf), 1000000, &h);
    assert_int_equal(h.n, 6);
    heng_sim_bus_set_echo(bus, false);
    heng_sim_bus_set_late(bus, 1000000, 700, 700);
    heng_sim_bus_set_late(bus, 1000000, 2, 1); /* cannot be: nothing changes */
    exchange(bus, 3000000, mbus_short(0x40, 5, &buf), 1000000, &h);
    assert_int_equal(h.n, 1);
    assert_in_range(h.first_us, 3777500, 3777503);
    heng_sim_bus_shift_clock(bus, 0, 86400 * HENG_US_PER_S);
    assert_int_equal(heng_sim_bus_clock(bus, 0, 5000000), START_WALL_US + 5000000 + 86400 * HENG_US_PER_S);
    heng_sim_bus_shift_clock(bus, 0, INT64_C(9000000000) * HENG_US_PER_S);
    assert_int_equal(heng_sim_bus_clock(bus, 0, 5000000), START_WALL_US + 5000000 + 86400 * HENG_US_PER_S);
    heng_sim_bus_set_error(bus, 1000000);
    exchange(bus, 5000000, mbus_short(0x40, 5, &buf), 2000000, &h); /* nobody understands it */
    assert_int_equal(h.n, 0);
    heng_sim_bus_free(bus);
}

static void bad_configurations(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus *bus = NULL;
    struct heng_err err;
    config.baud = 0;
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    config = quiet_bus();
    config.parity = 'X';
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    config = quiet_bus();
    meter = mbus_meter(251);
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    meter = mbus_meter(5);
    snprintf(meter.secondary, sizeof meter.secondary, "1234");
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    meter = mbus_meter(5);
    meter.delay_max_us = UINT32_MAX;
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    meter = mbus_meter(5);
    meter.clock_off_us = INT64_MIN;
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, START_WALL_US, &bus, &err), HENG_ECONFIG);
    config.late_max_ms = UINT32_MAX;
    meter = mbus_meter(5);
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    config = quiet_bus();
    meter = mbus_meter(5);
    meter.relay_id = 9;
    assert_int_equal(heng_sim_bus_new(&config, &meter, 1, 0, &bus, &err), HENG_ECONFIG);
    assert_null(bus);
    heng_sim_bus_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_at_its_time, set_up),
        cmocka_unit_test_setup(repeats_for_the_same_bit, set_up),
        cmocka_unit_test_setup(selection_by_wild_cards, set_up),
        cmocka_unit_test_setup(commands_are_obeyed, set_up),
        cmocka_unit_test_setup(another_speed_for_five_minutes, set_up),
        cmocka_unit_test_setup(wrong_speed_is_garbage, set_up),
        cmocka_unit_test_setup(wrong_parity_is_not_heard, set_up),
        cmocka_unit_test_setup(rollover_history_swap, set_up),
        cmocka_unit_test_setup(cut_dead_and_dying, set_up),
        cmocka_unit_test_setup(faults_come_and_go, set_up),
        cmocka_unit_test_setup(bad_configurations, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
