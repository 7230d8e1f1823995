/* Rules of a dialect over the records of one M-Bus answer: each condition is looked at, each replacement is made, the
 * first rule that fits is the only one, a number that no longer fits is no value. */
#include "codec/dialect.h"
#include "codec/mbus.h"
#include "codec/present.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Header of 12 bytes, then five records:
 *   0 volume 12.345 m3 · 1 the same at storage 1 · 2 at tariff 1 · 3 at subunit 1, maximum · 4 forward flow temperature
 */
static const uint8_t data[] = {0x78, 0x56, 0x34, 0x12, 0x24, 0x23, 0x01, 0x07, 0x00, 0x00, 0x00, 0x00, 0x04, 0x13,
                               0x39, 0x30, 0x00, 0x00, 0x44, 0x13, 0x39, 0x30, 0x00, 0x00, 0x84, 0x10, 0x13, 0x39,
                               0x30, 0x00, 0x00, 0x94, 0x40, 0x13, 0x39, 0x30, 0x00, 0x00, 0x02, 0x5B, 0x32, 0x00};
enum { RECORDS = 5 };

static uint8_t bytes[64];
static struct heng_telegram telegram;

static int decode(void **state)
{
    (void)state;
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    size_t used;
    assert_int_equal(
        heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, 1, HENG_MBUS_CI_RSP_VARIABLE, heng_slice_of(data, sizeof data), &buf),
        HENG_OK);
    assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(&buf), &telegram, &used, NULL), HENG_OK);
    return 0;
}

/* All records as the rules want them; returns how many. */
static size_t read_with(const struct heng_record_rule *rules, size_t count, struct heng_record *ret)
{
    static struct heng_dialect dialect;
    struct heng_err err;
    dialect = heng_dialect_standard;
    dialect.rules = rules;
    dialect.rule_count = count;
    telegram.dialect = rules ? &dialect : NULL;
    struct heng_records records = heng_telegram_records(&telegram);
    size_t n = 0;
    heng_rc rc;
    while ((rc = heng_record_next(&records, &ret[n], &err)) == HENG_OK) assert_true(++n <= RECORDS);
    assert_int_equal(rc, HENG_ENOTFOUND);
    telegram.dialect = NULL;
    return n;
}

/* Which records the conditions of a rule hit, as bits: those that it drops. */
static unsigned hit_by(struct heng_record_rule rule)
{
    struct heng_record all[RECORDS + 1], left[RECORDS + 1];
    rule.then.drop = true;
    assert_int_equal(read_with(NULL, 0, all), RECORDS);
    size_t n = read_with(&rule, 1, left);
    unsigned hit = 0;
    for (size_t i = 0, k = 0; i < RECORDS; i++) {
        if (k < n && left[k].at == all[i].at)
            k++;
        else
            hit |= 1u << i;
    }
    return hit;
}

#define MATCH(...) hit_by((struct heng_record_rule){.match = {__VA_ARGS__}})

static void test_every_condition_is_looked_at(void **state)
{
    (void)state;
    static const uint8_t volume[] = {0x13}, energy[] = {0x03};
    assert_int_equal(MATCH(.qualifier = NULL), 0x1F); /* no condition: all */
    assert_int_equal(MATCH(.has_quantity = true, .quantity = HENG_QUANTITY_VOLUME), 0x0F);
    assert_int_equal(MATCH(.has_unit = true, .unit = HENG_UNIT_DEG_C), 0x10);
    assert_int_equal(MATCH(.has_function = true, .function = HENG_FUNCTION_MAXIMUM), 0x08);
    assert_int_equal(MATCH(.has_storage = true, .storage = 1), 0x02);
    assert_int_equal(MATCH(.has_tariff = true, .tariff = 1), 0x04);
    assert_int_equal(MATCH(.has_subunit = true, .subunit = 1), 0x08);
    assert_int_equal(MATCH(.vif = heng_slice_of(volume, 1)), 0x0F);
    assert_int_equal(MATCH(.vif = heng_slice_of(energy, 1)), 0x00);
    assert_int_equal(MATCH(.qualifier = ""), 0x1F);
    assert_int_equal(MATCH(.qualifier = "L1"), 0x00);
    assert_int_equal(MATCH(.has_di = true, .di = 0x901F), 0x00);
    assert_int_equal(MATCH(.has_quantity = true, .quantity = HENG_QUANTITY_VOLUME, .has_storage = true, .storage = 0),
                     0x0D);
}

static void test_what_a_rule_replaces(void **state)
{
    (void)state;
    static const struct heng_record_rule rule = {
        .match = {.has_tariff = true, .tariff = 1},
        .then = {.has_quantity = true,
                 .has_unit = true,
                 .has_function = true,
                 .has_storage = true,
                 .has_tariff = true,
                 .has_subunit = true,
                 .quantity = HENG_QUANTITY_ENERGY,
                 .unit = HENG_UNIT_WH,
                 .function = HENG_FUNCTION_MINIMUM,
                 .storage = 7,
                 .tariff = 2,
                 .subunit = 3,
                 .shift = 1,
                 .factor = -2,
                 .qualifier = "forward"},
    };
    struct heng_record records[RECORDS + 1];
    char qualifier[HENG_QUALIFIER_MAX];
    assert_int_equal(read_with(&rule, 1, records), RECORDS);
    const struct heng_record *changed = &records[2];
    assert_int_equal(changed->quantity, HENG_QUANTITY_ENERGY);
    assert_int_equal(changed->unit, HENG_UNIT_WH);
    assert_int_equal(changed->function, HENG_FUNCTION_MINIMUM);
    assert_int_equal(changed->storage, 7);
    assert_int_equal(changed->tariff, 2);
    assert_int_equal(changed->subunit, 3);
    assert_int_equal(heng_dec_cmp(changed->dec, (struct heng_dec){-24690, -2}), 0); /* 12.345 x -2 x 10 */
    heng_record_qualifier(changed, qualifier);
    assert_string_equal(qualifier, "forward");
    /* The others are as they were. */
    assert_int_equal(records[1].quantity, HENG_QUANTITY_VOLUME);
    assert_int_equal(heng_dec_cmp(records[1].dec, (struct heng_dec){12345, -3}), 0);
}

static void test_the_first_rule_that_fits_is_the_only_one(void **state)
{
    (void)state;
    static const struct heng_record_rule rules[] = {
        {.match = {.has_unit = true, .unit = HENG_UNIT_DEG_C}, .then = {.shift = 1}},
        {.match = {.has_quantity = true, .quantity = HENG_QUANTITY_VOLUME},
         .then = {.has_storage = true, .storage = 9}},
        {.then = {.drop = true}},
    };
    struct heng_record records[RECORDS + 1];
    assert_int_equal(read_with(rules, 3, records), RECORDS);
    for (size_t i = 0; i < 4; i++) assert_int_equal(records[i].storage, 9);
    assert_int_equal(records[4].storage, 0);
    assert_int_equal(read_with(rules + 1, 2, records), 4); /* the temperature is dropped */
}

static void test_a_number_that_no_longer_fits_is_no_value(void **state)
{
    (void)state;
    static const struct heng_record_rule shift = {.then = {.shift = 100}}, factor = {.then = {.factor = INT32_MAX}};
    static const struct heng_record_rule both[] = {{.then = {.factor = INT32_MAX, .shift = -100}}};
    struct heng_record records[RECORDS + 1];
    assert_int_equal(read_with(&shift, 1, records), RECORDS);
    for (size_t i = 0; i < RECORDS; i++) {
        assert_int_equal(records[i].kind, HENG_VALUE_NONE);
        assert_string_equal(records[i].reason, "out of range");
    }
    assert_int_equal(read_with(both, 1, records), RECORDS);
    assert_int_equal(records[0].kind, HENG_VALUE_NONE);
    assert_int_equal(read_with(&factor, 1, records), RECORDS);
    assert_int_equal(heng_dec_cmp(records[0].dec, (struct heng_dec){INT64_C(12345) * INT32_MAX, -3}), 0);
}

static void test_texts_and_numbers_of_the_tables(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HENG_CODING_COUNT; i++)
        assert_int_equal(heng_coding_of(heng_coding_text((heng_coding)i)), i);
    for (unsigned i = 0; i < HENG_WORD_ORDER_COUNT; i++)
        assert_int_equal(heng_word_order_of(heng_word_order_text((heng_word_order)i)), i);
    assert_int_equal(heng_coding_of("bcd "), HENG_CODING_COUNT);
    assert_int_equal(heng_word_order_of("abcd"), HENG_WORD_ORDER_COUNT);
    assert_string_equal(heng_coding_text(HENG_CODING_COUNT), "unknown");
    assert_string_equal(heng_word_order_text(HENG_WORD_ORDER_COUNT), "unknown");
    for (unsigned i = 0; i < HENG_TELEGRAM_KIND_COUNT; i++)
        assert_string_not_equal(heng_telegram_kind_text((heng_telegram_kind)i), "unknown");
    assert_string_equal(heng_telegram_kind_text(HENG_TELEGRAM_KIND_COUNT), "unknown");
    for (unsigned i = 0; i < HENG_PROTOCOL_COUNT; i++) assert_int_equal(heng_codec_of((heng_protocol)i)->protocol, i);
    assert_null(heng_codec_of(HENG_PROTOCOL_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_condition_is_looked_at),
        cmocka_unit_test(test_what_a_rule_replaces),
        cmocka_unit_test(test_the_first_rule_that_fits_is_the_only_one),
        cmocka_unit_test(test_a_number_that_no_longer_fits_is_no_value),
        cmocka_unit_test(test_texts_and_numbers_of_the_tables),
    };
    return cmocka_run_group_tests(tests, decode, NULL);
}
