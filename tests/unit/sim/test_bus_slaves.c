/* CJ/T 188, DL/T 645 and Modbus meters on the simulated bus, and meters behind relays: what they tell, what they obey,
 * what they refuse. */
#include "bus_case.h"

enum { START_COUNT = 1234567 };

static heng_protocol edition; /* of DL/T 645 */
static uint8_t memory[300];
static struct heng_buf buf;
static heng_us now;

static int set_up(void **state)
{
    (void)state;
    buf = heng_buf_of(memory, sizeof memory);
    now = 0;
    edition = HENG_PROTOCOL_DLT645_2007;
    return 0;
}

static struct heng_sim_meter_config meter_of(heng_protocol protocol, heng_medium medium, const char *address)
{
    struct heng_sim_meter_config m = {.protocol = protocol,
                                      .medium = medium,
                                      .delay_min_us = 50000,
                                      .delay_max_us = 50000,
                                      .start_count = START_COUNT,
                                      .rate_per_h = 360};
    snprintf(m.address, sizeof m.address, "%s", address);
    return m;
}

/* Ask what is in buf; the one good telegram of the answer. false: none. */
static bool ask(struct heng_sim_bus *bus, heng_protocol protocol, struct heng_telegram *ret)
{
    static struct heard h;
    exchange(bus, now += 3 * HENG_US_PER_S, heng_buf_slice(&buf), 2 * HENG_US_PER_S, &h);
    buf.n = 0;
    return telegram_of(protocol, &h, ret);
}

/* --- CJ/T 188 ---------------------------------------------------------------------------------------------- */

static bool cjt(struct heng_sim_bus *bus, const char *id, uint8_t control, uint16_t di, struct heng_slice payload,
                struct heng_telegram *ret)
{
    struct heng_cjt188_frame f = {
        .type = 0x10, .control = control, .ser = 0x2A, .preamble = 4, .di = di, .payload = payload};
    snprintf(f.id, sizeof f.id, "%s", id);
    assert_int_equal(heng_cjt188_encode(&f, &buf), HENG_OK);
    return ask(bus, HENG_PROTOCOL_CJT188, ret);
}

static const struct heng_slice nothing = {(const uint8_t *)"", 0};

static void cjt188_tells(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meters[2] = {meter_of(HENG_PROTOCOL_CJT188, HENG_MEDIUM_WATER, "78330000000001"),
                                              meter_of(HENG_PROTOCOL_CJT188, HENG_MEDIUM_HEAT, "78330000000102")};
    meters[1].fixed_ser = true;
    struct heng_sim_bus *bus = new_bus(&config, meters, 2);
    struct heng_telegram t;
    assert_true(cjt(bus, "78330000000001", 1, 0x901F, nothing, &t));
    assert_int_equal(t.ser, 0x2A);
    assert_string_equal(t.id, "78330000000001");
    assert_int_equal(value_of(&t, HENG_QUANTITY_VOLUME, 0), START_COUNT);
    assert_true(cjt(bus, "78330000000102", 1, 0x901F, nothing, &t));
    assert_int_equal(t.ser, 0);
    assert_in_range(value_of(&t, HENG_QUANTITY_ENERGY_HEAT, 0), START_COUNT, START_COUNT + 1);
    assert_true(value_of(&t, HENG_QUANTITY_ENERGY_HEAT, 1) > 0);
    /* history: the last month, and one that is too old */
    assert_true(cjt(bus, "78330000000001", 1, 0xD120, nothing, &t));
    int64_t last = value_of(&t, HENG_QUANTITY_VOLUME, 1);
    assert_true(cjt(bus, "78330000000001", 1, 0xD121, nothing, &t));
    assert_true(last >= value_of(&t, HENG_QUANTITY_VOLUME, 2));
    assert_true(cjt(bus, "78330000000001", 1, 0xD12C, nothing, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    /* the month ends: the counter at that moment is kept */
    now = 16 * HENG_US_PER_DAY + 86397 * HENG_US_PER_S; /* 31 January, three seconds to midnight; asked at midnight */
    assert_true(cjt(bus, "78330000000001", 1, 0xD120, nothing, &t));
    assert_int_equal(value_of(&t, HENG_QUANTITY_VOLUME, 1), START_COUNT + 17 * 24 * 360);
    /* everybody, and some by wild cards of single bytes */
    assert_false(cjt(bus, "AAAAAAAAAAAAAA", 3, 0x810A, nothing, &t) && t.kind == HENG_TELEGRAM_ADDRESS);
    assert_true(cjt(bus, "AAAAAAAAAA01AA", 3, 0x810A, nothing, &t));
    assert_string_equal(t.id, "78330000000102");
    heng_sim_bus_free(bus);
}

static void cjt188_obeys(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    const char *id = "78330000000001", *other = "78330000000099";
    struct heng_sim_meter_config meters[2] = {meter_of(HENG_PROTOCOL_CJT188, HENG_MEDIUM_WATER, id),
                                              meter_of(HENG_PROTOCOL_CJT188, HENG_MEDIUM_WATER, "78330000000002")};
    meters[1].valve_sticks = true;
    struct heng_sim_bus *bus = new_bus(&config, meters, 2);
    struct heng_telegram t;
    const uint8_t close = 0x99, open = 0x55, clock[7] = {0x30, 0x15, 0x08, 0x24, 0x12, 0x25, 0x20};
    assert_true(heng_sim_bus_supply_on(bus, 0));
    assert_true(cjt(bus, id, 4, 0xA017, heng_slice_of(&close, 1), &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_WRITTEN);
    assert_true(heng_sim_bus_supply_on(bus, 0)); /* it has only begun to move */
    assert_true(cjt(bus, id, 1, 0x901F, nothing, &t));
    assert_int_equal(t.status & 3, 3);
    now += 21 * HENG_US_PER_S;
    assert_true(cjt(bus, id, 1, 0x901F, nothing, &t));
    assert_int_equal(t.status & 3, 1);
    assert_false(heng_sim_bus_supply_on(bus, 0));
    assert_true(cjt(bus, id, 4, 0xA017, heng_slice_of(&open, 1), &t));
    now += 21 * HENG_US_PER_S;
    assert_true(cjt(bus, id, 1, 0x901F, nothing, &t));
    assert_int_equal(t.status & 3, 0);

    assert_true(cjt(bus, "78330000000002", 4, 0xA017, heng_slice_of(&close, 1), &t)); /* says yes and sticks */
    now += 60 * HENG_US_PER_S;
    assert_true(cjt(bus, "78330000000002", 1, 0x901F, nothing, &t));
    assert_int_equal(t.status & 3, 0);

    assert_true(cjt(bus, id, 4, 0xA015, heng_slice_of(clock, 7), &t));
    const struct heng_civil set = {2025, 12, 24, 8, 15, 30};
    heng_us off = heng_sim_bus_clock(bus, 0, now + 2 * HENG_US_PER_S) - heng_civil_to_us(&set);
    assert_in_range(off, 1000000, 2000000);

    const uint8_t number[7] = {0x99, 0, 0, 0, 0, 0x33, 0x78};
    assert_true(cjt(bus, id, 0x15, 0xA018, heng_slice_of(number, 7), &t));
    assert_false(cjt(bus, id, 1, 0x901F, nothing, &t));
    assert_true(cjt(bus, other, 1, 0x901F, nothing, &t));
    assert_true(cjt(bus, other, 4, 0xA013, nothing, &t)); /* what it does not know */
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    heng_sim_bus_free(bus);
}

/* --- DL/T 645 ---------------------------------------------------------------------------------------------- */

static bool dlt(struct heng_sim_bus *bus, const char *id, uint8_t control, const void *data, size_t n,
                struct heng_telegram *ret)
{
    struct heng_dlt645_frame f = {.control = control, .preamble = 4, .data = heng_slice_of(data, n)};
    snprintf(f.id, sizeof f.id, "%s", id);
    assert_int_equal(heng_dlt645_encode(&f, &buf), HENG_OK);
    return ask(bus, edition, ret);
}

static bool read_di(struct heng_sim_bus *bus, const char *id, uint32_t di, struct heng_telegram *ret)
{
    const uint8_t data[4] = {(uint8_t)di, (uint8_t)(di >> 8), (uint8_t)(di >> 16), (uint8_t)(di >> 24)};
    return dlt(bus, id, 0x11, data, 4, ret);
}

static const char *const electric = "000012345678";

static uint16_t run_status(struct heng_sim_bus *bus)
{
    struct heng_telegram t;
    assert_true(read_di(bus, electric, 0x04000503, &t));
    assert_int_equal(t.body.n, 2);
    return (uint16_t)((t.body.p[0] - 0x33) | (t.body.p[1] - 0x33) << 8);
}

static bool command(struct heng_sim_bus *bus, uint8_t action, heng_us valid_us, struct heng_telegram *ret)
{
    struct heng_dlt645_relay relay = {
        .level = 2, .action = action, .valid_until = heng_us_to_civil(START_WALL_US + now + valid_us)};
    uint8_t data[16];
    struct heng_buf out = heng_buf_of(data, sizeof data);
    heng_dlt645_put_relay(&out, &relay);
    return dlt(bus, electric, 0x1C, data, out.n, ret);
}

static void dlt645_tells(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, HENG_MEDIUM_ELECTRICITY, electric);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heng_telegram t;
    assert_true(dlt(bus, "AAAAAAAAAAAA", 0x13, "", 0, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_ADDRESS);
    assert_string_equal(t.id, electric);
    assert_true(dlt(bus, "AAAAAAAA5678", 0x13, "", 0, &t));
    assert_true(read_di(bus, electric, 0x0001FF00, &t));
    struct heng_records records = heng_telegram_records(&t);
    struct heng_record r;
    int64_t total = -1, tariffs = 0;
    while (heng_record_next(&records, &r, NULL) == HENG_OK) {
        if (r.tariff == 0)
            total = r.dec.mantissa;
        else
            tariffs += r.dec.mantissa;
    }
    assert_in_range(total, START_COUNT, START_COUNT + 2);
    assert_int_equal(total, tariffs);
    assert_true(read_di(bus, electric, 0x00010001, &t)); /* of the last settlement day */
    assert_true(value_of(&t, HENG_QUANTITY_ENERGY, 1) < total);
    assert_true(read_di(bus, electric, 0x0001000D, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    assert_int_equal(t.error_code, 2);
    const uint8_t at_once[4] = {0x99, 0x99, 0x99, 0x99};
    assert_false(dlt(bus, "999999999999", 0x16, at_once, 4, &t)); /* everybody, nobody answers */
    now += 3600 * HENG_US_PER_S;
    assert_true(read_di(bus, electric, 0x05010101, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_DATA);
    assert_int_equal(t.body.n, 20);
    assert_true(read_di(bus, electric, 0x05010102, &t)); /* there was only one */
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    heng_sim_bus_free(bus);
}

static void dlt645_switches(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, HENG_MEDIUM_ELECTRICITY, electric);
    meter.strict_clock = true;
    meter.clock_off_us = 7200 * HENG_US_PER_S;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heng_telegram t;
    const heng_us hour = 3600 * HENG_US_PER_S;
    assert_true(command(bus, 0x1A, hour, &t)); /* by its clock that is over */
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    assert_int_equal(run_status(bus), 0);
    /* 08 does not help a clock that is so far off; 14 does, with the password */
    struct heng_civil c = heng_us_to_civil(START_WALL_US + now);
    uint8_t time[6] = {(uint8_t)heng_bcd_encode(c.second, 2), (uint8_t)heng_bcd_encode(c.minute, 2),
                       (uint8_t)heng_bcd_encode(c.hour, 2),   (uint8_t)heng_bcd_encode(c.day, 2),
                       (uint8_t)heng_bcd_encode(c.month, 2),  0x26};
    assert_false(dlt(bus, "999999999999", 0x08, time, 6, &t));
    assert_true(heng_sim_bus_clock(bus, 0, now) - START_WALL_US - now > hour);
    uint8_t write[15] = {0x02, 0x01, 0x00, 0x04, 0x02};
    memcpy(write + 12, time, 3);
    write[5] = 0x11; /* not the password */
    assert_true(dlt(bus, electric, 0x14, write, 15, &t));
    assert_int_equal(t.error_code, 4);
    write[5] = 0;
    assert_true(dlt(bus, electric, 0x14, write, 15, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_WRITTEN);
    assert_in_range(llabs(heng_sim_bus_clock(bus, 0, now) - START_WALL_US - now), 0, 60 * HENG_US_PER_S);

    assert_true(command(bus, 0x1A, hour, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_WRITTEN);
    now += 3 * HENG_US_PER_S;
    assert_int_equal(run_status(bus) & 0x50, 0x50);
    assert_false(heng_sim_bus_supply_on(bus, 0));
    assert_true(command(bus, 0x1C, hour, &t));
    now += 3 * HENG_US_PER_S;
    assert_int_equal(run_status(bus) & 0x50, 0);
    assert_true(command(bus, 0x3A, hour, &t));
    assert_true(command(bus, 0x1A, hour, &t)); /* accepted, but supply is kept */
    now += 5 * HENG_US_PER_S;
    assert_int_equal(run_status(bus), 0x1000);
    assert_true(heng_sim_bus_supply_on(bus, 0));
    assert_true(command(bus, 0x3B, hour, &t));
    assert_int_equal(run_status(bus), 0);
    heng_sim_bus_free(bus);
}

static void dlt645_broadcast_time_speed_address(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, HENG_MEDIUM_ELECTRICITY, electric);
    meter.clock_off_us = -120 * HENG_US_PER_S;
    meter.clock_drift_ppm = 100;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heng_telegram t;
    const uint8_t midnight[6] = {0x03, 0x00, 0x00, 0x15, 0x01, 0x26}, rate = 0x10;
    assert_false(dlt(bus, "999999999999", 0x08, midnight, 6, &t));
    assert_in_range(llabs(heng_sim_bus_clock(bus, 0, now) - START_WALL_US - now), 0, HENG_US_PER_S);
    heng_us later = now + 10 * HENG_US_PER_DAY; /* 100 ppm are 8.64 s a day */
    assert_in_range(heng_sim_bus_clock(bus, 0, later) - START_WALL_US - later, 85 * HENG_US_PER_S, 88 * HENG_US_PER_S);

    assert_true(dlt(bus, electric, 0x17, &rate, 1, &t));
    assert_false(read_di(bus, electric, 0x00010000, &t));
    heng_sim_bus_set_speed(bus, now + 2 * HENG_US_PER_S, 4800, 'E');
    assert_true(read_di(bus, electric, 0x00010000, &t));
    const uint8_t number[6] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66};
    assert_true(dlt(bus, "AAAAAAAAAAAA", 0x15, number, 6, &t));
    assert_true(read_di(bus, "665544332211", 0x00010000, &t));
    assert_false(read_di(bus, electric, 0x00010000, &t));
    heng_sim_bus_free(bus);
}

static void dlt645_in_parts(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, HENG_MEDIUM_ELECTRICITY, electric);
    meter.telegrams = 3;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heng_telegram t;
    assert_true(read_di(bus, electric, 0x0001FF00, &t));
    assert_true(t.more);
    uint8_t follow[5] = {0x00, 0xFF, 0x01, 0x00, 1};
    assert_true(dlt(bus, electric, 0x12, follow, 5, &t));
    assert_true(t.more && t.ser == 1);
    follow[4] = 2;
    assert_true(dlt(bus, electric, 0x12, follow, 5, &t));
    assert_true(!t.more && t.ser == 2);
    follow[4] = 3;
    assert_true(dlt(bus, electric, 0x12, follow, 5, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    heng_sim_bus_free(bus);
}

static void dlt645_1997_tells(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_1997, HENG_MEDIUM_ELECTRICITY, electric);
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heng_telegram t;
    edition = HENG_PROTOCOL_DLT645_1997;
    assert_false(dlt(bus, "AAAAAAAAAAAA", 0x13, "", 0, &t)); /* not in that edition */
    const uint8_t total[2] = {0x10, 0x90}, last[2] = {0x10, 0x94}, none[2] = {0x77, 0x77};
    assert_true(dlt(bus, electric, 0x01, total, 2, &t));
    int64_t is = value_of(&t, HENG_QUANTITY_ENERGY, 0);
    assert_in_range(is, START_COUNT, START_COUNT + 2);
    assert_true(dlt(bus, "AAAAAAAAAAAA", 0x01, last, 2, &t));
    assert_true(value_of(&t, HENG_QUANTITY_ENERGY, 1) < is);
    assert_true(dlt(bus, electric, 0x01, none, 2, &t));
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    heng_sim_bus_free(bus);
}

/* --- Modbus ------------------------------------------------------------------------------------------------ */

static void modbus_answers_and_refuses(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    config.parity = 'N';
    struct heng_sim_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, HENG_MEDIUM_ELECTRICITY, "17");
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    static const struct {
        uint8_t unit, function_code;
        uint16_t first, count;
        uint8_t exception; /* 0xFF: silence */
    } cases[] = {{17, 3, 0, 2, 0},    {17, 3, 9, 2, 2}, {17, 4, 0, 2, 2},  {17, 3, 0, 10, 0},
                 {18, 3, 0, 2, 0xFF}, {17, 6, 0, 5, 1}, {0, 3, 0, 2, 0xFF}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t pdu[5] = {cases[i].function_code, (uint8_t)(cases[i].first >> 8), (uint8_t)cases[i].first,
                          (uint8_t)(cases[i].count >> 8), (uint8_t)cases[i].count};
        struct heng_telegram t;
        assert_int_equal(heng_modbus_encode_rtu(cases[i].unit, heng_slice_of(pdu, 5), &buf), HENG_OK);
        bool answered = ask(bus, HENG_PROTOCOL_MODBUS_RTU, &t);
        assert_int_equal(answered, cases[i].exception != 0xFF);
        if (answered) assert_int_equal(t.kind == HENG_TELEGRAM_ERROR ? t.error_code : 0, cases[i].exception);
        if (i == 0)
            assert_in_range(t.frame.p[3] << 24 | t.frame.p[4] << 16 | t.frame.p[5] << 8 | t.frame.p[6], START_COUNT,
                            START_COUNT + 1);
    }
    heng_sim_bus_free(bus);
}

/* --- relays ------------------------------------------------------------------------------------------------ */

static void relays_open_and_store(void **state)
{
    (void)state;
    struct heng_relay_config relays[3] = {
        {.id = 1,
         .name = "north",
         .delay_ms = 100,
         .open_n = 2,
         .open = {0xAB, 0x01},
         .open_answer_n = 1,
         .open_answer = {0x06}},
        {.id = 2, .name = "south", .delay_ms = 100, .open_n = 2, .open = {0xAB, 0x02}},
        {.id = 3,
         .parent_id = 1,
         .name = "attic",
         .stores = true,
         .delay_ms = 200,
         .hold_ms = 10000,
         .open_n = 1,
         .open = {0xCD}},
    };
    struct heng_sim_bus_config config = quiet_bus();
    config.relays = relays;
    config.relay_count = 3;
    struct heng_sim_meter_config meters[3];
    for (unsigned i = 0; i < 3; i++) {
        meters[i] = mbus_meter(i + 1);
        meters[i].relay_id = i + 1;
        meters[i].rate_per_h = 3600;
    }
    struct heng_sim_bus *bus = new_bus(&config, meters, 3);
    struct heng_telegram t;
    struct heard h;
    const struct heng_slice north = heng_slice_of(relays[0].open, 2), south = heng_slice_of(relays[1].open, 2),
                            attic = heng_slice_of(relays[2].open, 1);
    assert_int_equal(heng_mbus_encode_short(0x5B, 1, &buf), HENG_OK);
    assert_false(ask(bus, HENG_PROTOCOL_MBUS, &t));
    exchange(bus, now += 3000000, north, 1000000, &h);
    assert_true(h.n == 1 && h.p[0] == 0x06);
    exchange(bus, now += 3000000, mbus_short(0x5B, 1, &buf), 2000000, &h);
    assert_in_range(h.first_us - now, 22916 + 150000 + 4583, 22920 + 150000 + 4590);
    exchange(bus, now += 3000000, attic, 1000000, &h); /* behind north */
    exchange(bus, now += 3000000, mbus_short(0x5B, 3, &buf), 2000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    assert_in_range(h.first_us - now, 22916 + 300000 + 4583, 22920 + 300000 + 4590); /* it answers at once */
    assert_int_equal(value_of(&t, HENG_QUANTITY_ENERGY, 0), 12345); /* what it had read by itself, not what is now */
    now += 20 * HENG_US_PER_S;                                      /* the attic does not stay open */
    assert_int_equal(heng_mbus_encode_short(0x7B, 3, &buf), HENG_OK);
    assert_false(ask(bus, HENG_PROTOCOL_MBUS, &t));
    exchange(bus, now += 3000000, south, 1000000, &h); /* closes north */
    exchange(bus, now += 3000000, mbus_short(0x7B, 1, &buf), 2000000, &h);
    assert_int_equal(h.n, 0);
    exchange(bus, now += 3000000, mbus_short(0x7B, 2, &buf), 2000000, &h);
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    heng_sim_bus_free(bus);
    relays[0].parent_id = 3; /* a circle */
    struct heng_err err;
    assert_int_equal(heng_sim_bus_new(&config, meters, 3, 0, &bus, &err), HENG_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cjt188_tells, set_up),
        cmocka_unit_test_setup(cjt188_obeys, set_up),
        cmocka_unit_test_setup(dlt645_tells, set_up),
        cmocka_unit_test_setup(dlt645_switches, set_up),
        cmocka_unit_test_setup(dlt645_broadcast_time_speed_address, set_up),
        cmocka_unit_test_setup(dlt645_in_parts, set_up),
        cmocka_unit_test_setup(dlt645_1997_tells, set_up),
        cmocka_unit_test_setup(modbus_answers_and_refuses, set_up),
        cmocka_unit_test_setup(relays_open_and_store, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
