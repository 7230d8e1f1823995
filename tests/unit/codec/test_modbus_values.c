/* What fields of a dialect make of registers: word orders, codings, absent values, and which fields are there. */
#include "corpus.h"

#include "codec/modbus.h"
#include "codec/present.h"

static struct heng_record value_of(struct heng_field field, const uint8_t *p)
{
    struct heng_record record = {0};
    if (field.factor == 0) field.factor = 1;
    if (field.function_code == 0) field.function_code = 3;
    heng_modbus_value(&field, p, &record);
    return record;
}

static void assert_dec(struct heng_record record, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    if (record.kind != HENG_VALUE_DEC) fail_msg("no value (%s), not %s", record.reason, text);
    assert_null(record.reason);
    heng_dec_format(record.dec, ours);
    assert_string_equal(ours, text);
}

static void assert_none(struct heng_record record, const char *reason)
{
    assert_int_equal(record.kind, HENG_VALUE_NONE);
    assert_string_equal(record.reason, reason);
}

/* The same number in all four orders, as bytes on the wire written out by hand. */
static void test_word_orders(void **state)
{
    (void)state;
    static const struct {
        heng_coding coding;
        uint16_t bytes;
        uint8_t wire[HENG_WORD_ORDER_COUNT][8];
        const char *value;
    } cases[] = {
        {HENG_CODING_UNSIGNED,
         2,
         {[HENG_WORD_ORDER_ABCD] = {0x12, 0x34},
          [HENG_WORD_ORDER_CDAB] = {0x12, 0x34},
          [HENG_WORD_ORDER_BADC] = {0x34, 0x12},
          [HENG_WORD_ORDER_DCBA] = {0x34, 0x12}},
         "4660"},
        {HENG_CODING_SIGNED,
         2,
         {[HENG_WORD_ORDER_ABCD] = {0xFF, 0xFE},
          [HENG_WORD_ORDER_CDAB] = {0xFF, 0xFE},
          [HENG_WORD_ORDER_BADC] = {0xFE, 0xFF},
          [HENG_WORD_ORDER_DCBA] = {0xFE, 0xFF}},
         "-2"},
        {HENG_CODING_UNSIGNED,
         4,
         {[HENG_WORD_ORDER_ABCD] = {0xF0, 0x01, 0x02, 0x03},
          [HENG_WORD_ORDER_CDAB] = {0x02, 0x03, 0xF0, 0x01},
          [HENG_WORD_ORDER_BADC] = {0x01, 0xF0, 0x03, 0x02},
          [HENG_WORD_ORDER_DCBA] = {0x03, 0x02, 0x01, 0xF0}},
         "4026597891"},
        {HENG_CODING_SIGNED,
         4,
         {[HENG_WORD_ORDER_ABCD] = {0xFF, 0xFE, 0xFD, 0xFC},
          [HENG_WORD_ORDER_CDAB] = {0xFD, 0xFC, 0xFF, 0xFE},
          [HENG_WORD_ORDER_BADC] = {0xFE, 0xFF, 0xFC, 0xFD},
          [HENG_WORD_ORDER_DCBA] = {0xFC, 0xFD, 0xFE, 0xFF}},
         "-66052"},
        {HENG_CODING_FLOAT, /* 230.1 */
         4,
         {[HENG_WORD_ORDER_ABCD] = {0x43, 0x66, 0x19, 0x9A},
          [HENG_WORD_ORDER_CDAB] = {0x19, 0x9A, 0x43, 0x66},
          [HENG_WORD_ORDER_BADC] = {0x66, 0x43, 0x9A, 0x19},
          [HENG_WORD_ORDER_DCBA] = {0x9A, 0x19, 0x66, 0x43}},
         "230.1"},
        {HENG_CODING_BCD,
         4,
         {[HENG_WORD_ORDER_ABCD] = {0x12, 0x34, 0x56, 0x78},
          [HENG_WORD_ORDER_CDAB] = {0x56, 0x78, 0x12, 0x34},
          [HENG_WORD_ORDER_BADC] = {0x34, 0x12, 0x78, 0x56},
          [HENG_WORD_ORDER_DCBA] = {0x78, 0x56, 0x34, 0x12}},
         "12345678"},
        {HENG_CODING_UNSIGNED,
         6,
         {[HENG_WORD_ORDER_ABCD] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06},
          [HENG_WORD_ORDER_CDAB] = {0x05, 0x06, 0x03, 0x04, 0x01, 0x02},
          [HENG_WORD_ORDER_BADC] = {0x02, 0x01, 0x04, 0x03, 0x06, 0x05},
          [HENG_WORD_ORDER_DCBA] = {0x06, 0x05, 0x04, 0x03, 0x02, 0x01}},
         "1108152157446"},
        {HENG_CODING_UNSIGNED,
         8,
         {[HENG_WORD_ORDER_ABCD] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08},
          [HENG_WORD_ORDER_CDAB] = {0x07, 0x08, 0x05, 0x06, 0x03, 0x04, 0x01, 0x02},
          [HENG_WORD_ORDER_BADC] = {0x02, 0x01, 0x04, 0x03, 0x06, 0x05, 0x08, 0x07},
          [HENG_WORD_ORDER_DCBA] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01}},
         "72623859790382856"},
        {HENG_CODING_SIGNED,
         8,
         {[HENG_WORD_ORDER_ABCD] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFD, 0xFC},
          [HENG_WORD_ORDER_CDAB] = {0xFD, 0xFC, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF},
          [HENG_WORD_ORDER_BADC] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFC, 0xFD},
          [HENG_WORD_ORDER_DCBA] = {0xFC, 0xFD, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}},
         "-66052"},
        {HENG_CODING_FLOAT, /* 123456.78 */
         8,
         {[HENG_WORD_ORDER_ABCD] = {0x40, 0xFE, 0x24, 0x0C, 0x7A, 0xE1, 0x47, 0xAE},
          [HENG_WORD_ORDER_CDAB] = {0x47, 0xAE, 0x7A, 0xE1, 0x24, 0x0C, 0x40, 0xFE},
          [HENG_WORD_ORDER_BADC] = {0xFE, 0x40, 0x0C, 0x24, 0xE1, 0x7A, 0xAE, 0x47},
          [HENG_WORD_ORDER_DCBA] = {0xAE, 0x47, 0xE1, 0x7A, 0x0C, 0x24, 0xFE, 0x40}},
         "123456.78"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (unsigned order = 0; order < HENG_WORD_ORDER_COUNT; order++)
            assert_dec(value_of((struct heng_field){.coding = cases[i].coding,
                                                    .bytes = cases[i].bytes,
                                                    .order = (heng_word_order)order},
                                cases[i].wire[order]),
                       cases[i].value);
}

static void test_codings(void **state)
{
    (void)state;
    static const struct {
        struct heng_field field;
        uint8_t wire[8];
        const char *value, *reason;
    } cases[] = {
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 2, .exp = -1}, {0x08, 0xFC}, "230.0", NULL},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 4, .exp = 1}, {0, 0, 0, 0x7F}, "1270", NULL},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 2, .factor = 3600}, {0, 2}, "7200", NULL},
        {{.coding = HENG_CODING_SIGNED, .bytes = 2, .exp = -3, .factor = -5}, {0xFF, 0xFF}, "0.005", NULL},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 8},
         {0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
         "9223372036854775807",
         NULL},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 8}, {0x80}, NULL, "out of range"},
        {{.coding = HENG_CODING_SIGNED, .bytes = 8}, {0x80}, "-9223372036854775808", NULL},
        {{.coding = HENG_CODING_SIGNED, .bytes = 8, .factor = -1}, {0x80}, NULL, "out of range"},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 2, .exp = 19}, {0, 1}, NULL, "out of range"},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 2, .has_absent = true, .absent = 0xFFFF},
         {0xFF, 0xFF},
         NULL,
         "not available"},
        {{.coding = HENG_CODING_SIGNED, .bytes = 2, .has_absent = true, .absent = 0x8000},
         {0x80, 0},
         NULL,
         "not available"},
        {{.coding = HENG_CODING_SIGNED, .bytes = 2, .has_absent = true, .absent = 0x8000}, {0x80, 1}, "-32767", NULL},
        {{.coding = HENG_CODING_FLOAT, .bytes = 4, .has_absent = true, .absent = 0x7FC00000},
         {0x7F, 0xC0},
         NULL,
         "not available"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 4}, {0x7F, 0xC0}, NULL, "not a number"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 4}, {0xFF, 0x80}, NULL, "not a number"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 4}, {0x7F, 0x7F, 0xFF, 0xFF}, NULL, "out of range"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 4, .exp = 3}, {0x3F, 0x80}, "1000", NULL},
        {{.coding = HENG_CODING_FLOAT, .bytes = 4}, {0x80, 0}, "0", NULL},
        {{.coding = HENG_CODING_FLOAT, .bytes = 8}, {0x7F, 0xF0}, NULL, "not a number"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 8}, {0x7F, 0xE0}, NULL, "out of range"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 2}, {0x3C, 0}, NULL, "unknown coding"},
        {{.coding = HENG_CODING_FLOAT, .bytes = 6}, {0x3C, 0}, NULL, "unknown coding"},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 3}, {0, 0, 1}, NULL, "unknown coding"},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 0}, {0, 0, 1}, NULL, "unknown coding"},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 10}, {0, 0, 1}, NULL, "unknown coding"},
        {{.coding = HENG_CODING_COUNT, .bytes = 2}, {0, 1}, NULL, "unknown coding"},
        {{.coding = HENG_CODING_BCD, .bytes = 2}, {0x12, 0x3A}, NULL, "invalid bcd"},
        {{.coding = HENG_CODING_BCD, .bytes = 8},
         {0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99},
         "9999999999999999",
         NULL},
        {{.coding = HENG_CODING_BCD_SIGNED, .bytes = 2, .exp = -1}, {0x80, 0x25}, "-2.5", NULL},
        {{.coding = HENG_CODING_BCD_SIGNED, .bytes = 2, .exp = -1}, {0x79, 0x25}, "792.5", NULL},
        {{.coding = HENG_CODING_BIT, .bytes = 2, .bit = 0}, {0x00, 0x01}, "1", NULL},
        {{.coding = HENG_CODING_BIT, .bytes = 2, .bit = 15}, {0x80, 0x00}, "1", NULL},
        {{.coding = HENG_CODING_BIT, .bytes = 2, .bit = 8}, {0x00, 0x01}, "0", NULL},
        {{.coding = HENG_CODING_BIT, .bytes = 2, .bit = 8, .order = HENG_WORD_ORDER_BADC}, {0x00, 0x01}, "1", NULL},
        {{.coding = HENG_CODING_BIT, .bytes = 2, .has_absent = true, .absent = 0xFFFF},
         {0xFF, 0xFF},
         NULL,
         "not available"},
        {{.coding = HENG_CODING_BIT, .bytes = 1, .function_code = 1}, {0x01}, "1", NULL},
        {{.coding = HENG_CODING_UNSIGNED, .bytes = 1, .function_code = 2}, {0x00}, "0", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_record record = value_of(cases[i].field, cases[i].wire);
        if (cases[i].value)
            assert_dec(record, cases[i].value);
        else
            assert_none(record, cases[i].reason);
    }
    static const uint8_t bit[] = {0, 2};
    assert_string_equal(value_of((struct heng_field){.coding = HENG_CODING_BIT, .bit = 1}, bit).enumerated, "on");
    assert_string_equal(value_of((struct heng_field){.coding = HENG_CODING_BIT, .bit = 0}, bit).enumerated, "off");
}

static void test_text_ends_where_it_ends(void **state)
{
    (void)state;
    static const struct {
        const char wire[9], *text, *reason;
        heng_word_order order;
    } cases[] = {
        {"DTSD1352", "DTSD1352", NULL, HENG_WORD_ORDER_ABCD},
        {"ADL  \0\0\0", "ADL", NULL, HENG_WORD_ORDER_ABCD},
        {"ADL\0junk", "ADL", NULL, HENG_WORD_ORDER_ABCD},
        {"        ", NULL, "not set", HENG_WORD_ORDER_ABCD},
        {"\0\0\0\0\0\0\0\0", NULL, "not set", HENG_WORD_ORDER_ABCD},
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", NULL, "not set", HENG_WORD_ORDER_ABCD},
        {"AB\x01 CDEF", NULL, "binary data", HENG_WORD_ORDER_ABCD},
        {"ABCDEFGH", NULL, "binary data", HENG_WORD_ORDER_BADC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_field field = {.coding = HENG_CODING_TEXT, .bytes = 8, .order = cases[i].order};
        struct heng_record record = value_of(field, (const uint8_t *)cases[i].wire);
        if (!cases[i].text) {
            assert_true(record.kind == HENG_VALUE_NONE || record.kind == HENG_VALUE_BYTES);
            assert_string_equal(record.reason, cases[i].reason);
            continue;
        }
        assert_int_equal(record.kind, HENG_VALUE_TEXT);
        assert_int_equal(record.data.n, strlen(cases[i].text));
        assert_memory_equal(record.data.p, cases[i].text, record.data.n);
    }
    static const uint8_t raw[] = {1, 2, 3, 4};
    struct heng_record bytes = value_of((struct heng_field){.coding = HENG_CODING_BYTES, .bytes = 4}, raw);
    assert_int_equal(bytes.kind, HENG_VALUE_BYTES);
    assert_int_equal(bytes.data.n, 4);
}

static void test_clocks(void **state)
{
    (void)state;
    static const struct {
        uint16_t bytes;
        heng_word_order order;
        uint8_t wire[12];
        struct heng_civil civil;
        const char *reason;
    } cases[] = {
        {6, HENG_WORD_ORDER_ABCD, {0x12, 0x01, 0x08, 0x0A, 0x01, 0x01}, {2018, 1, 8, 10, 1, 1}, NULL},
        {6, HENG_WORD_ORDER_DCBA, {0x01, 0x01, 0x0A, 0x08, 0x01, 0x12}, {2018, 1, 8, 10, 1, 1}, NULL},
        {7, HENG_WORD_ORDER_ABCD, {0x07, 0xEA, 11, 21, 8, 30, 59, 0x77}, {2026, 11, 21, 8, 30, 59}, NULL},
        {8, HENG_WORD_ORDER_ABCD, {0x07, 0xEA, 11, 21, 8, 30, 59, 6}, {2026, 11, 21, 8, 30, 59}, NULL},
        {12, HENG_WORD_ORDER_ABCD, {0x07, 0xEA, 0, 11, 0, 21, 0, 8, 0, 30, 0, 59}, {2026, 11, 21, 8, 30, 59}, NULL},
        {12, HENG_WORD_ORDER_ABCD, {0x07, 0xEA, 1, 11, 0, 21, 0, 8, 0, 30, 0, 59}, {0}, "invalid time"},
        {6, HENG_WORD_ORDER_ABCD, {0}, {0}, "not set"},
        {6, HENG_WORD_ORDER_ABCD, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, {0}, "not available"},
        {6, HENG_WORD_ORDER_ABCD, {0x12, 0x0D, 0x08, 0x0A, 0x01, 0x01}, {0}, "invalid time"},
        {6, HENG_WORD_ORDER_ABCD, {0x12, 0x02, 0x1E, 0x0A, 0x01, 0x01}, {0}, "invalid time"},
        {6, HENG_WORD_ORDER_ABCD, {100, 1, 1, 0, 0, 0}, {0}, "invalid time"},
        {8, HENG_WORD_ORDER_ABCD, {0xFF, 0xEA, 11, 21, 8, 30, 59, 6}, {0}, "invalid time"},
        {8, HENG_WORD_ORDER_ABCD, {0x08, 0x98, 11, 21, 8, 30, 59, 6}, {0}, "invalid time"},
        {4, HENG_WORD_ORDER_ABCD, {1, 2, 3, 4}, {0}, "time of unknown length"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_field field = {.coding = HENG_CODING_CLOCK, .bytes = cases[i].bytes, .order = cases[i].order};
        struct heng_record record = value_of(field, cases[i].wire);
        if (cases[i].reason) {
            assert_none(record, cases[i].reason);
            continue;
        }
        assert_int_equal(record.kind, HENG_VALUE_DATETIME);
        assert_int_equal(heng_civil_to_us(&record.civil), heng_civil_to_us(&cases[i].civil));
    }
}

/* Decode a request and what answers it, joined. */
static struct heng_telegram joined(struct heng_slice request_pdu, struct heng_slice answer_pdu, uint8_t *bytes)
{
    struct heng_buf buf = heng_buf_of(bytes, 512);
    struct heng_telegram request, answer;
    size_t used;
    assert_int_equal(heng_modbus_encode_rtu(1, request_pdu, &buf), HENG_OK);
    size_t first = buf.n;
    assert_int_equal(heng_modbus_encode_rtu(1, answer_pdu, &buf), HENG_OK);
    assert_int_equal(heng_modbus_rtu_codec.decode(heng_slice_of(bytes, first), &request, &used, NULL), HENG_OK);
    assert_int_equal(
        heng_modbus_rtu_codec.decode_answer(heng_slice_of(bytes + first, buf.n - first), &answer, &used, NULL),
        HENG_OK);
    assert_true(heng_modbus_join(&request, &answer));
    return answer;
}

static const struct heng_field fields[] = {
    {.function_code = 1, .di = 5, .bytes = 1, .coding = HENG_CODING_BIT, .quantity = HENG_QUANTITY_RELAY_STATE},
    {.function_code = 1, .di = 20, .bytes = 1, .coding = HENG_CODING_BIT, .quantity = HENG_QUANTITY_ALARM},
    {.function_code = 3, .di = 9, .bytes = 4, .coding = HENG_CODING_UNSIGNED, .factor = 1, .storage = 1},
    {.function_code = 3, .di = 10, .bytes = 2, .coding = HENG_CODING_UNSIGNED, .factor = 1, .storage = 2},
    {.function_code = 3,
     .di = 12,
     .bytes = 4,
     .coding = HENG_CODING_UNSIGNED,
     .factor = 1,
     .storage = 3,
     .tariff = 4,
     .subunit = 5,
     .function = HENG_FUNCTION_MAXIMUM,
     .quantity = HENG_QUANTITY_POWER,
     .unit = HENG_UNIT_W,
     .qualifier = "L1"},
    {.function_code = 3, .di = 13, .bytes = 4, .coding = HENG_CODING_UNSIGNED, .factor = 1, .storage = 4},
    {.function_code = 4, .di = 10, .bytes = 2, .coding = HENG_CODING_UNSIGNED, .factor = 1, .storage = 6},
};
static const struct heng_dialect dialect = {.fields = fields, .field_count = sizeof fields / sizeof fields[0]};

static void test_fields_that_are_there_as_a_whole_become_records(void **state)
{
    (void)state;
    uint8_t bytes[512];
    static const uint8_t request[] = {3, 0, 10, 0, 4}, answer[] = {3, 8, 0, 1, 0, 2, 0, 3, 0, 4};
    struct heng_telegram t =
        joined(heng_slice_of(request, sizeof request), heng_slice_of(answer, sizeof answer), bytes);
    struct heng_record record;

    struct heng_records raw = heng_telegram_records(&t);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(heng_record_next(&raw, &record, NULL), HENG_OK);
        assert_int_equal(record.quantity, HENG_QUANTITY_REGISTER);
        assert_int_equal(record.storage, 10 + i);
        assert_int_equal(record.dec.mantissa, 1 + i);
        assert_true(record.vif_known);
        assert_int_equal(record.at, 3 + 2 * i);
        assert_int_equal(record.length, 2);
    }
    assert_int_equal(heng_record_next(&raw, &record, NULL), HENG_ENOTFOUND);

    t.dialect = &dialect;
    struct heng_records typed = heng_telegram_records(&t);
    assert_int_equal(heng_record_next(&typed, &record, NULL), HENG_OK);
    assert_int_equal(record.storage, 2);
    assert_dec(record, "1");
    assert_int_equal(heng_record_next(&typed, &record, NULL), HENG_OK);
    assert_int_equal(record.storage, 3);
    assert_int_equal(record.tariff, 4);
    assert_int_equal(record.subunit, 5);
    assert_int_equal(record.function, HENG_FUNCTION_MAXIMUM);
    assert_int_equal(record.quantity, HENG_QUANTITY_POWER);
    assert_int_equal(record.unit, HENG_UNIT_W);
    assert_string_equal(record.qualifier, "L1");
    assert_int_equal(record.at, 7);
    assert_int_equal(record.length, 4);
    assert_dec(record, "196612");
    assert_int_equal(heng_record_next(&typed, &record, NULL), HENG_ENOTFOUND);

    /* Where the registers lie is not known without the request: they stay what they are. */
    t.has_di = false;
    struct heng_records lost = heng_telegram_records(&t);
    assert_int_equal(heng_record_next(&lost, &record, NULL), HENG_OK);
    assert_int_equal(record.quantity, HENG_QUANTITY_REGISTER);
    assert_int_equal(record.storage, 0);
}

static void test_coils_become_records(void **state)
{
    (void)state;
    uint8_t bytes[512];
    static const uint8_t request[] = {1, 0, 3, 0, 10}, answer[] = {1, 2, 0x05, 0xFE};
    struct heng_telegram t =
        joined(heng_slice_of(request, sizeof request), heng_slice_of(answer, sizeof answer), bytes);
    struct heng_records raw = heng_telegram_records(&t);
    struct heng_record record;
    static const char *const states[] = {"on", "off", "on", "off", "off", "off", "off", "off", "off", "on"};
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(heng_record_next(&raw, &record, NULL), HENG_OK);
        assert_int_equal(record.quantity, HENG_QUANTITY_COIL);
        assert_int_equal(record.storage, 3 + i);
        assert_string_equal(record.enumerated, states[i]);
    }
    assert_int_equal(heng_record_next(&raw, &record, NULL), HENG_ENOTFOUND); /* the padding is no coil */

    t.dialect = &dialect;
    struct heng_records typed = heng_telegram_records(&t);
    assert_int_equal(heng_record_next(&typed, &record, NULL), HENG_OK);
    assert_int_equal(record.quantity, HENG_QUANTITY_RELAY_STATE);
    assert_string_equal(record.enumerated, "on");
    assert_int_equal(heng_record_next(&typed, &record, NULL), HENG_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_word_orders),
        cmocka_unit_test(test_codings),
        cmocka_unit_test(test_text_ends_where_it_ends),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_fields_that_are_there_as_a_whole_become_records),
        cmocka_unit_test(test_coils_become_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
