/* From telegrams to the values of a reading: all or nothing, none overwritten, a flood of values costs none that count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "codec/mbus.h"
#include "meter/values.h"

/* A telegram whose records are the given bytes; storage of the frame is static. */
static struct heng_telegram telegram_of(const uint8_t *records, size_t n)
{
    static uint8_t bytes[300];
    uint8_t data[252];
    struct heng_buf body = heng_buf_of(data, sizeof data), frame = heng_buf_of(bytes, sizeof bytes);
    struct heng_mbus_secondary who = {.id = "12345678", .manufacturer = "HNG", .version = 1, .medium = 4};
    struct heng_telegram telegram;
    size_t used;
    assert_int_equal(heng_mbus_encode_header(&who, 1, 0, &body), HENG_OK);
    heng_buf_put(&body, heng_slice_of(records, n));
    assert_int_equal(heng_mbus_encode_long(0x08, 1, 0x72, heng_buf_slice(&body), &frame), HENG_OK);
    assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(&frame), &telegram, &used, NULL), HENG_OK);
    return telegram;
}

static void measured_values_are_taken_and_identity_is_not(void **state)
{
    (void)state;
    static const uint8_t records[] = {0x0C, 0x78, 0x78, 0x56, 0x34, 0x12, /* fabrication number */
                                      0x04, 0x06, 0x0A, 0x00, 0x00, 0x00, /* 10 kWh */
                                      0x02, 0x6C, 0x41, 0x31,             /* a date */
                                      0x0B, 0x3B, 0xEE, 0xEE, 0xEE,       /* flow that is no number */
                                      0x01, 0x7F, 0x05};                  /* manufacturer specific */
    static struct heng_read read;
    struct heng_telegram telegram = telegram_of(records, sizeof records);
    memset(&read, 0, sizeof read);
    assert_int_equal(heng_values_take(&telegram, 77, &read, NULL), HENG_OK);
    assert_int_equal(read.value_count, 2);
    assert_int_equal(read.values[0].key.quantity, HENG_QUANTITY_ENERGY);
    assert_true(read.values[0].has_value && read.values[0].dec.mantissa == 10 && read.values[0].dec.exp == 3);
    assert_int_equal(read.values[1].key.quantity, HENG_QUANTITY_VOLUME_FLOW);
    assert_false(read.values[1].has_value);
    assert_true(read.values[1].reason[0] != '\0');
    assert_int_equal(read.frame_count, 1);
    assert_int_equal(read.frames[0].n, telegram.frame.n);
    assert_true(read.at_us == 77);
}

/* When a maximum was is no maximum, set or not: 84 10 AD 6F says "end of the last maximum of power". */
static void when_something_was_is_no_value(void **state)
{
    (void)state;
    static const uint8_t records[] = {0x04, 0x2B, 0x0A, 0x00, 0x00, 0x00,             /* 10 W */
                                      0x94, 0x10, 0xAD, 0x6F, 0x00, 0x00, 0x00, 0x00, /* not set */
                                      0x94, 0x10, 0xAD, 0x6F, 0x32, 0x14, 0x7A, 0x18, /* set */
                                      0x1A, 0xAD, 0x6F, 0x00, 0x00,                   /* BCD, which no date is */
                                      0x10, 0xAD, 0x6F};                              /* no data */
    static struct heng_read read;
    struct heng_telegram telegram = telegram_of(records, sizeof records);
    memset(&read, 0, sizeof read);
    assert_int_equal(heng_values_take(&telegram, 77, &read, NULL), HENG_OK);
    assert_int_equal(read.value_count, 1);
    assert_int_equal(read.values[0].key.unit, HENG_UNIT_W);
}

static void a_broken_record_takes_nothing(void **state)
{
    (void)state;
    static const uint8_t records[] = {0x04, 0x06, 0x0A, 0x00, 0x00,
                                      0x00, 0x04, 0x13, 0x01, 0x02}; /* cut in the second */
    static struct heng_read read;
    struct heng_telegram telegram = telegram_of(records, sizeof records);
    struct heng_err err;
    memset(&read, 0, sizeof read);
    assert_int_equal(heng_values_take(&telegram, 77, &read, &err), HENG_EFORMAT);
    assert_int_equal(read.value_count, 0);
    assert_int_equal(read.frame_count, 0);
}

static void a_flood_of_values_keeps_what_fits(void **state)
{
    (void)state;
    uint8_t records[3 * 75];
    static struct heng_read read;
    memset(&read, 0, sizeof read);
    for (size_t i = 0; i < sizeof records; i += 3) { /* energy, again and again: "", "#2", "#3" ... */
        records[i] = 0x01;
        records[i + 1] = 0x06;
        records[i + 2] = (uint8_t)(i / 3);
    }
    struct heng_telegram telegram = telegram_of(records, sizeof records);
    for (unsigned i = 0; i < 8; i++) assert_int_equal(heng_values_take(&telegram, 77, &read, NULL), HENG_OK);
    assert_int_equal(read.frame_count, 8);
    assert_int_equal(read.value_count, HENG_READ_VALUES_MAX);
    assert_int_equal(read.skipped, 8 * 75 - HENG_READ_VALUES_MAX);
    assert_string_equal(read.values[0].key.qualifier, "");
    assert_string_equal(read.values[74].key.qualifier, "#75");
    assert_string_equal(read.values[HENG_READ_VALUES_MAX - 1].key.qualifier, "#512");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_values_are_taken_and_identity_is_not),
        cmocka_unit_test(when_something_was_is_no_value),
        cmocka_unit_test(a_broken_record_takes_nothing),
        cmocka_unit_test(a_flood_of_values_keeps_what_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
