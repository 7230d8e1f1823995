/* A damaged answer costs a try and nothing else: whichever bit of it is turned, the meter is asked again and the read
 * holds exactly the values of the whole answer. Modbus TCP is not here: it has no checksum, TCP has it. */
#include "scripted_bus.h"

#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/modbus.h"

static const struct heng_field registers[] = {{.di = 0,
                                               .bytes = 4,
                                               .function_code = 3,
                                               .coding = HENG_CODING_UNSIGNED,
                                               .exp = 1,
                                               .factor = 1,
                                               .quantity = HENG_QUANTITY_ENERGY,
                                               .unit = HENG_UNIT_WH}};

static const struct heng_profile one_question[] = {
    {.name = "dlt645",
     .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
     .asks = {{.di = 0x0001FF00}},
     .ask_count = 1,
     .preamble = 4},
    {.name = "modbus",
     .protocols = 1u << HENG_PROTOCOL_MODBUS_RTU,
     .asks = {{.di = 0, .count = 2, .function_code = 3}},
     .ask_count = 1,
     .dialect = {.fields = registers, .field_count = 1}},
};

struct damage {
    struct heng_meter_config meter;
    uint8_t bytes[128];
    size_t n;
    heng_quantity quantity;
    const char *qualifier, *value;
    unsigned value_count;
};

static void flip_each_bit(const struct damage *d)
{
    for (size_t bit = 0; bit < 8 * d->n; bit++) {
        uint8_t bad[sizeof d->bytes];
        char hex[HEX_MAX], good[HEX_MAX];
        memcpy(bad, d->bytes, d->n);
        bad[bit / 8] = (uint8_t)(bad[bit / 8] ^ 1u << bit % 8);
        to_hex(heng_slice_of(bad, d->n), hex, sizeof hex);
        to_hex(heng_slice_of(d->bytes, d->n), good, sizeof good);
        struct script *s = script_new(&d->meter, NULL);
        say(s, "", hex);
        say(s, "", good);
        const struct heng_read *read = converse(s);
        if (read->outcome != HENG_OUTCOME_OK || read->value_count != d->value_count)
            fail_msg("bit %zu: outcome %s, %u values", bit, heng_outcome_text(read->outcome), read->value_count);
        assert_value(read, d->quantity, 0, d->qualifier, d->value);
        assert_int_equal(read->frame_count, 1);
        script_free(s);
    }
}

static void test_dlt645(void **state)
{
    static const uint8_t data[] = {0x00, 0xFF, 0x01, 0x00, 0x56, 0x34, 0x12, 0x00, 0x00, 0x10, 0x00, 0x00};
    struct damage d = {
        .meter = {.protocol = HENG_PROTOCOL_DLT645_2007, .address = "000024060001", .profile = &one_question[0]},
        .quantity = HENG_QUANTITY_ENERGY,
        .qualifier = "forward",
        .value = "1234560",
        .value_count = 2};
    struct heng_buf out = heng_buf_of(d.bytes, sizeof d.bytes);
    struct heng_dlt645_frame frame = {.id = "000024060001", .control = 0x91, .data = heng_slice_of(data, sizeof data)};
    (void)state;
    assert_int_equal(heng_dlt645_encode(&frame, &out), HENG_OK);
    d.n = out.n;
    flip_each_bit(&d);
}

static void test_cjt188(void **state)
{
    static const uint8_t payload[] = {0x56, 0x34, 0x12, 0x00, 0x2C, 0x00, 0x00, 0x12, 0x00, 0x2C,
                                      0x00, 0x00, 0x12, 0x14, 0x01, 0x26, 0x20, 0x00, 0x00};
    struct damage d = {
        .meter = {.protocol = HENG_PROTOCOL_CJT188, .medium = HENG_MEDIUM_COLD_WATER, .address = "11110059493675"},
        .quantity = HENG_QUANTITY_VOLUME,
        .qualifier = "",
        .value = "1234.56",
        .value_count = 2};
    struct heng_buf out = heng_buf_of(d.bytes, sizeof d.bytes);
    struct heng_cjt188_frame frame = {.type = 0x10,
                                      .control = 0x81,
                                      .ser = 1,
                                      .id = "11110059493675",
                                      .di = HENG_CJT188_DI_CURRENT,
                                      .payload = heng_slice_of(payload, sizeof payload)};
    (void)state;
    assert_int_equal(heng_cjt188_encode(&frame, &out), HENG_OK);
    d.n = out.n;
    flip_each_bit(&d);
}

static void test_modbus(void **state)
{
    static const uint8_t pdu[] = {0x03, 0x04, 0x00, 0x01, 0x23, 0x45};
    struct damage d = {.meter = {.protocol = HENG_PROTOCOL_MODBUS_RTU, .address = "1", .profile = &one_question[1]},
                       .quantity = HENG_QUANTITY_ENERGY,
                       .qualifier = "",
                       .value = "745650",
                       .value_count = 1};
    struct heng_buf out = heng_buf_of(d.bytes, sizeof d.bytes);
    (void)state;
    assert_int_equal(heng_modbus_encode_rtu(1, heng_slice_of(pdu, sizeof pdu), &out), HENG_OK);
    d.n = out.n;
    flip_each_bit(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dlt645),
        cmocka_unit_test(test_cjt188),
        cmocka_unit_test(test_modbus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
