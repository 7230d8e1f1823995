/* The electricity line of the simulated building: DL/T 645 and Modbus meters side by side, and what they measure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/dlt645.h"
#include "codec/modbus.h"
#include "sim/meter_power.h"

#define START_US (INT64_C(1768464000) * HENG_US_PER_S) /* 2026-01-15T08:00:00Z, afternoon in Beijing */

struct bench {
    struct heng_sim_site site;
    struct heng_sim_world world;
    struct heng_sim_wire wire;
    struct heng_sim_electric line;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    heng_sim_site_init(&b->site);
    heng_sim_world_init(&b->world, &b->site, 1, START_US);
    b->wire = heng_sim_wire_of(2400, 0, heng_sim_rng_of(1, 4002));
    heng_sim_electric_init(&b->line, &b->site, &b->world, 1);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* Ask with the bytes as they are; the answer is in ret. */
static void ask(struct bench *b, const struct heng_buf *request, struct heng_sim_answer *ret)
{
    size_t skip, n = heng_sim_electric_take(heng_buf_slice(request), &skip);
    assert_true(n > 0);
    *ret = (struct heng_sim_answer){.n = 0};
    heng_sim_electric_ask(&b->line, &b->wire, heng_slice_of(request->p + skip, n), ret);
}

static struct heng_telegram read_di(struct bench *b, const char *id, uint32_t di, struct heng_sim_answer *ret)
{
    uint8_t data[4], bytes[64];
    struct heng_buf body = heng_buf_of(data, sizeof data), request = heng_buf_of(bytes, sizeof bytes);
    struct heng_telegram telegram = {.kind = HENG_TELEGRAM_KIND_COUNT};
    size_t used;
    heng_dlt645_put_di(&body, HENG_PROTOCOL_DLT645_2007, di);
    struct heng_dlt645_frame frame = {.control = HENG_DLT645_C_READ, .preamble = 4, .data = heng_buf_slice(&body)};
    memcpy(frame.id, id, 13);
    assert_int_equal(heng_dlt645_encode(&frame, &request), HENG_OK);
    ask(b, &request, ret);
    if (ret->n)
        assert_int_equal(heng_dlt645_2007_codec.decode(heng_slice_of(ret->bytes, ret->n), &telegram, &used, NULL),
                         HENG_OK);
    return telegram;
}

/* Mantissas of the records of one quantity, in their order. */
static size_t values_of(const struct heng_telegram *telegram, heng_quantity quantity, int64_t *ret, size_t cap)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    size_t n = 0;
    while (heng_record_next(&records, &record, NULL) == HENG_OK)
        if (record.quantity == quantity && record.kind == HENG_VALUE_DEC && n < cap) ret[n++] = record.dec.mantissa;
    return n;
}

static void test_tariffs_add_up(void **state)
{
    struct bench *b = *state;
    struct heng_sim_answer answer;
    for (unsigned i = 0; i < HENG_SIM_POWER_DLT645; i++) {
        int64_t e[8];
        struct heng_telegram t = read_di(b, b->site.power_numbers[i], 0x0001FF00, &answer);
        assert_int_equal(t.kind, HENG_TELEGRAM_DATA);
        assert_string_equal(t.id, b->site.power_numbers[i]);
        assert_int_equal(values_of(&t, HENG_QUANTITY_ENERGY, e, 8), 5);
        assert_int_equal(e[0], e[1] + e[2] + e[3] + e[4]);
        assert_in_range(e[0], 10000, 10000000); /* 100 kWh to 100 MWh after two to three years */
    }
}

static void test_a_day_makes_its_energy(void **state)
{
    struct bench *b = *state;
    struct heng_sim_answer answer;
    int64_t before[8], after[8];
    struct heng_telegram t = read_di(b, b->site.power_numbers[4], 0x0001FF00, &answer);
    (void)values_of(&t, HENG_QUANTITY_ENERGY, before, 8);
    heng_sim_world_advance(&b->world, START_US + HENG_US_PER_DAY);
    t = read_di(b, b->site.power_numbers[4], 0x0001FF00, &answer);
    assert_int_equal(values_of(&t, HENG_QUANTITY_ENERGY, after, 8), 5);
    assert_in_range(after[0] - before[0], 2000, 6000); /* pumps of 0.8 to 2.5 kW around the clock */
    for (unsigned i = 1; i < 5; i++) assert_true(after[i] > before[i]);
}

static void test_phases(void **state)
{
    struct bench *b = *state;
    struct heng_sim_answer answer;
    int64_t v[8], p[8];
    struct heng_telegram t = read_di(b, b->site.power_numbers[0], 0x0201FF00, &answer);
    assert_int_equal(values_of(&t, HENG_QUANTITY_VOLTAGE, v, 8), 1);
    t = read_di(b, b->site.power_numbers[4], 0x0201FF00, &answer);
    assert_int_equal(values_of(&t, HENG_QUANTITY_VOLTAGE, v, 8), 3);
    for (unsigned i = 0; i < 3; i++) assert_in_range(v[i], 2200, 2400);
    t = read_di(b, b->site.power_numbers[4], 0x0203FF00, &answer);
    assert_int_equal(values_of(&t, HENG_QUANTITY_POWER, p, 8), 4);
    assert_true(llabs(p[0] - p[1] - p[2] - p[3]) <= 3); /* each is rounded by itself */
    t = read_di(b, b->site.power_numbers[0], 0x02010200, &answer);
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    assert_int_equal(t.error_code, 2);
}

static void test_nobody_answers_for_another(void **state)
{
    struct bench *b = *state;
    struct heng_sim_answer answer;
    (void)read_di(b, "000024069999", 0x0001FF00, &answer);
    assert_int_equal(answer.n, 0);
    assert_int_equal(heng_sim_electric_set_alive(&b->line, "1", false), HENG_OK);
    (void)read_di(b, b->site.power_numbers[0], 0x0001FF00, &answer);
    assert_int_equal(answer.n, 0);
    assert_int_equal(heng_sim_electric_set_alive(&b->line, b->site.power_numbers[0], true), HENG_OK);
    (void)read_di(b, b->site.power_numbers[0], 0x0001FF00, &answer);
    assert_true(answer.n > 0);
    assert_int_equal(heng_sim_electric_set_alive(&b->line, "9", false), HENG_ENOTFOUND);
}

static struct heng_telegram read_registers(struct bench *b, uint8_t unit, uint8_t function, uint16_t address,
                                           uint16_t count, struct heng_sim_answer *ret)
{
    uint8_t memory[8], bytes[16];
    struct heng_buf pdu = heng_buf_of(memory, sizeof memory), request = heng_buf_of(bytes, sizeof bytes);
    struct heng_telegram telegram = {.kind = HENG_TELEGRAM_KIND_COUNT};
    size_t used;
    assert_int_equal(heng_modbus_put_read(function, address, count, &pdu), HENG_OK);
    assert_int_equal(heng_modbus_encode_rtu(unit, heng_buf_slice(&pdu), &request), HENG_OK);
    ask(b, &request, ret);
    if (ret->n)
        assert_int_equal(heng_modbus_rtu_codec.decode_answer(heng_slice_of(ret->bytes, ret->n), &telegram, &used, NULL),
                         HENG_OK);
    return telegram;
}

static void test_registers(void **state)
{
    struct bench *b = *state;
    struct heng_sim_answer answer;
    int64_t r[20];
    struct heng_telegram t = read_registers(b, 2, 3, 0, 17, &answer);
    assert_int_equal(t.kind, HENG_TELEGRAM_DATA);
    assert_int_equal(values_of(&t, HENG_QUANTITY_REGISTER, r, 20), 17);
    int64_t sum = 0;
    for (unsigned i = 2; i < 10; i += 2) sum += r[i] << 16 | r[i + 1];
    assert_int_equal(r[0] << 16 | r[1], sum);
    assert_int_equal(r[10], 2);
    assert_in_range(r[11], 2200, 2400);
    t = read_registers(b, 1, 3, 10, 8, &answer); /* one too many */
    assert_true(t.kind == HENG_TELEGRAM_ERROR && t.error_code == 2);
    t = read_registers(b, 1, 4, 0, 2, &answer);
    assert_true(t.kind == HENG_TELEGRAM_ERROR && t.error_code == 1);
    (void)read_registers(b, 3, 3, 0, 2, &answer);
    assert_int_equal(answer.n, 0);
}

/* Requests of both protocols one behind the other in one stream, with rubbish between them. */
static void test_both_protocols_in_one_stream(void **state)
{
    static const uint8_t stream[] = {0xFE, 0xFE, 0x68, 0x01, 0x00, 0x06, 0x24, 0x00, 0x00, 0x68, 0x13, 0x00,
                                     0x0E, 0x16, 0x55, 0x01, 0x03, 0x00, 0x00, 0x00, 0x0A, 0xC5, 0xCD};
    struct heng_slice rest = heng_slice_of(stream, sizeof stream);
    size_t skip;
    (void)state;
    assert_int_equal(heng_sim_electric_take(rest, &skip), 12);
    assert_int_equal(skip, 2);
    rest = heng_slice_from(rest, 14);
    assert_int_equal(heng_sim_electric_take(rest, &skip), 8);
    assert_int_equal(skip, 1);
    rest.n--; /* the last byte is still to come: nothing is taken, nothing is lost */
    assert_int_equal(heng_sim_electric_take(rest, &skip), 0);
    assert_true(skip <= 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_tariffs_add_up), TEST(test_a_day_makes_its_energy),
        TEST(test_phases),         TEST(test_nobody_answers_for_another),
        TEST(test_registers),      TEST(test_both_protocols_in_one_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
