/* What a profile changes about CJ/T 188: decimals, valve codes, the status byte, names of status bits, and fields of
 * identifiers that only the maker knows. */
#include "corpus.h"

#include "codec/cjt188.h"
#include "codec/present.h"

static uint8_t bytes[300];

/* An answer (or command) with this payload, as the dialect has it; NULL: by the standard. */
static struct heng_telegram telegram(uint8_t type, uint8_t control, uint16_t di, bool swapped, const char *payload_hex,
                                     const struct heng_dialect *dialect)
{
    uint8_t payload[256];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes), data = heng_buf_of(payload, sizeof payload);
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_hex_parse(heng_slice_str(payload_hex), &data, NULL), HENG_OK);
    struct heng_cjt188_frame frame = {.type = type,
                                      .control = control,
                                      .di = di,
                                      .di_swapped = swapped,
                                      .id = "78310012345678",
                                      .payload = heng_buf_slice(&data)};
    assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_OK);
    assert_int_equal(heng_cjt188_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
    heng_telegram_use(&t, dialect);
    return t;
}

/* "volume = 1.00 m3 | ..." */
static const char *records_of(const struct heng_telegram *t)
{
    static char text[2048];
    struct heng_records records = heng_telegram_records(t);
    struct heng_record r;
    char value[128];
    size_t n = 0;
    text[0] = '\0';
    while (heng_record_next(&records, &r, NULL) == HENG_OK) {
        heng_record_summary(&r, t->bias, value, sizeof value);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s = %s%s", n ? " | " : "", heng_quantity_text(r.quantity),
                              r.kind == HENG_VALUE_NONE ? "- " : "", value);
        assert_true(n < sizeof text);
    }
    return text;
}

static const char *json_of(const struct heng_telegram *t, const struct heng_dialect *dialect)
{
    static char text[8192];
    struct heng_str out = {.max = sizeof text};
    struct heng_json json = heng_json_of(&out);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_CJT188, t->frame);
    heng_capture_use(&capture, dialect);
    heng_present_json(&capture, NULL, &json);
    snprintf(text, sizeof text, "%s", out.text);
    heng_str_fini(&out);
    return text;
}

static const char *explained(const struct heng_telegram *t, const struct heng_dialect *dialect)
{
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    static char text[4096];
    struct heng_capture capture;
    size_t n = 0, at = 0;
    heng_capture_init(&capture, HENG_PROTOCOL_CJT188, t->frame);
    heng_capture_use(&capture, dialect);
    size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i].at, at);
        at += entries[i].length;
        n += (size_t)snprintf(text + n, sizeof text - n, "%s:%s|", entries[i].name, entries[i].value);
        assert_true(n < sizeof text);
    }
    assert_int_equal(at, t->frame.n);
    return text;
}

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("%s\ndoes not hold\n%s", text, part);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) fail_msg("%s\nholds\n%s", text, part);
}

static const char water[] = "78 56 34 12 2C 00 00 34 12 2C 31 01 22 11 05 26 20 01 04";
static const char heat[] = "19 28 53 00 05 20 28 54 00 05 00 00 00 00 17 10 93 00 00 35 42 33 18 00 2C "
                           "43 54 00 00 50 00 61 27 00 31 01 22 11 05 26 20 01 04";

static void test_decimals(void **state)
{
    (void)state;
    struct heng_dialect d = heng_dialect_standard;
    d.cjt188.total_decimals = 3;
    d.cjt188.energy_decimals = 0;
    d.cjt188.power_decimals = 1;
    d.cjt188.volume_decimals = 1;
    d.cjt188.flow_decimals = 3;
    struct heng_telegram t = telegram(0x10, 0x81, 0x901F, false, water, &d);
    assert_string_equal(records_of(&t),
                        "volume = 12345.678 m3 | volume = 12340.000 m3 | datetime = 2026-05-11T22:01:31");
    t = telegram(0x10, 0x81, 0x901F, false, "78 56 34 12 00 00", &d);
    assert_string_equal(records_of(&t), "volume = 12345.678 m3");
    t = telegram(0x20, 0x81, 0x901F, false, heat, &d);
    assert_holds(records_of(&t), "heat energy = 532819000 Wh | heat energy = 542820000 Wh | power = 0 W | "
                                 "volume flow = 9.310 m3/h | volume = 18334.2 m3 | flow temperature = 54.43 degC");
    t = telegram(0x20, 0x81, 0x901F, false, heat, NULL);
    assert_holds(records_of(&t), "heat energy = 5428200 Wh | power = 0 W | volume flow = - scale unclear | "
                                 "volume = 1833.42 m3");
    t = telegram(0x10, 0x81, 0xD300, false, "31 01 22 11 05 26 20 00 00 34 12 2C 10 93 00 00 35 15 23 00 50 00 00", &d);
    assert_holds(records_of(&t), "volume flow = 9.310 m3/h");
    /* A price is a price. */
    t = telegram(0x10, 0x81, 0x8102, false, "50 02 00 20 00 00 75 03 00 40 00 00 00 05 00", &d);
    assert_holds(records_of(&t), "price = 2.50 currency | volume = 20 m3");
}

static void test_settlement_may_be_cooling(void **state)
{
    (void)state;
    struct heng_dialect d = heng_dialect_standard;
    d.cjt188.settlement_is_cooling = true;
    struct heng_telegram t = telegram(0x20, 0x81, 0x901F, false, heat, &d);
    assert_holds(records_of(&t), "cooling energy = 5328190 Wh | heat energy = 5428200 Wh");
    t = telegram(0x21, 0x81, 0x901F, false, heat, &d);
    assert_holds(records_of(&t), "cooling energy = 5328190 Wh | heat energy = 5428200 Wh");
    t = telegram(0x21, 0x81, 0x901F, false, heat, NULL);
    assert_holds(records_of(&t), "cooling energy = 5328190 Wh | cooling energy = 5428200 Wh");
    t = telegram(0x20, 0x81, 0xD120, false, "00 10 00 00 05", &d);
    assert_string_equal(records_of(&t), "heat energy = 10000 Wh");
}

static void test_valve_words(void **state)
{
    (void)state;
    struct heng_dialect d = heng_dialect_standard;
    d.cjt188.valve_open = 0x99;
    d.cjt188.valve_close = 0x55;
    struct heng_telegram t = telegram(0x10, 0x04, 0xA017, false, "99", &d);
    assert_string_equal(records_of(&t), "valve action = open");
    t = telegram(0x10, 0x04, 0xA017, false, "55", &d);
    assert_string_equal(records_of(&t), "valve action = close");
    t = telegram(0x10, 0x04, 0xA017, false, "66", &d);
    assert_string_equal(records_of(&t), "valve action = free open");
    d.cjt188.valve_open = 0x66;
    t = telegram(0x10, 0x04, 0xA017, false, "66", &d);
    assert_string_equal(records_of(&t), "valve action = open");
    t = telegram(0x10, 0x04, 0xA017, false, "99", &d);
    assert_string_equal(records_of(&t), "valve action = - unknown code");
}

static void test_status_byte_and_its_flags(void **state)
{
    (void)state;
    static const struct heng_flag plou[] = {{0x0100, 0x0100, "calculator fault"},
                                            {0x0400, 0x0400, "return sensor fault"},
                                            {0x0018, 0x0008, "test mode"},
                                            {0, 0, NULL}};
    struct heng_dialect d = heng_dialect_standard;
    struct heng_telegram t = telegram(0x10, 0x81, 0x901F, false, water, NULL);
    assert_holds(json_of(&t, NULL), "\"status\":\"0104\",\"valve\":\"closed\",\"battery\":\"ok\",\"more\"");
    assert_holds(explained(&t, NULL), "|status:01 valve closed, battery ok|status:04|checksum");
    d.cjt188.status_second = true;
    assert_holds(json_of(&t, &d), "\"status\":\"0104\",\"valve\":\"open\",\"battery\":\"low\",\"more\"");
    assert_holds(explained(&t, &d), "|status:01|status:04 valve open, battery low|checksum");
    d.cjt188.status_second = false;
    d.cjt188.status_flags = plou;
    assert_holds(json_of(&t, &d), "\"battery\":\"ok\",\"status_flags\":[\"return sensor fault\"],\"more\"");
    assert_holds(explained(&t, &d), "|status:01 valve closed, battery ok|status:04 return sensor fault|checksum");
    t = telegram(0x10, 0x81, 0x901F, false, "78 56 34 12 0C 01", &d);
    assert_holds(json_of(&t, &d), "\"status_flags\":[\"calculator fault\",\"test mode\"]");
    assert_holds(explained(&t, &d),
                 "|status:0C valve open, battery low, test mode|status:01 calculator fault|checksum");
    /* FF says nothing, in one byte or in both. */
    t = telegram(0x10, 0x81, 0x901F, false, "78 56 34 12 FF FF", &d);
    assert_holds(json_of(&t, &d), "\"status\":\"FFFF\",\"valve\":null,\"battery\":null,\"more\"");
    assert_holds(explained(&t, &d), "|status:FF|status:FF|checksum");
    t = telegram(0x10, 0x81, 0x901F, false, "78 56 34 12 FF 00", &d);
    assert_holds(json_of(&t, &d), "\"valve\":null,\"battery\":null");
}

/* Data identifier C109 of a maker, in every coding. */
static const struct heng_field own_fields[] = {
    {.di = 0x901F,
     .at = 0,
     .bytes = 4,
     .coding = HENG_CODING_UNSIGNED,
     .exp = -3,
     .factor = 1,
     .quantity = HENG_QUANTITY_VOLUME,
     .unit = HENG_UNIT_M3},
    {.di = 0xA015, .at = 0, .bytes = 6, .coding = HENG_CODING_CLOCK, .factor = 1, .quantity = HENG_QUANTITY_DATETIME},
    {.di = 0xC109,
     .at = 0,
     .bytes = 2,
     .coding = HENG_CODING_BCD,
     .exp = -2,
     .factor = 1,
     .quantity = HENG_QUANTITY_VOLTAGE,
     .unit = HENG_UNIT_V},
    {.di = 0xC109,
     .at = 2,
     .bytes = 3,
     .coding = HENG_CODING_BCD_SIGNED,
     .exp = -2,
     .factor = 1,
     .quantity = HENG_QUANTITY_TEMPERATURE,
     .unit = HENG_UNIT_DEG_C},
    {.di = 0xC109,
     .at = 6,
     .bytes = 2,
     .coding = HENG_CODING_UNSIGNED,
     .factor = 3600,
     .has_absent = true,
     .absent = 0x7FFF,
     .quantity = HENG_QUANTITY_OPERATING_TIME,
     .unit = HENG_UNIT_S},
    {.di = 0xC109,
     .at = 8,
     .bytes = 2,
     .coding = HENG_CODING_SIGNED,
     .factor = 1,
     .quantity = HENG_QUANTITY_SIGNAL_STRENGTH,
     .unit = HENG_UNIT_DBM},
    {.di = 0xC109,
     .at = 10,
     .bytes = 4,
     .coding = HENG_CODING_FLOAT,
     .factor = 1,
     .quantity = HENG_QUANTITY_VOLUME_FLOW,
     .unit = HENG_UNIT_M3_H},
    {.di = 0xC109,
     .at = 14,
     .bytes = 1,
     .bit = 0,
     .coding = HENG_CODING_BIT,
     .factor = 1,
     .quantity = HENG_QUANTITY_ALARM,
     .qualifier = "leak"},
    {.di = 0xC109,
     .at = 14,
     .bytes = 1,
     .bit = 7,
     .coding = HENG_CODING_BIT,
     .factor = 1,
     .quantity = HENG_QUANTITY_ALARM,
     .qualifier = "burst"},
    {.di = 0xC109, .at = 15, .bytes = 3, .coding = HENG_CODING_CLOCK, .factor = 1, .quantity = HENG_QUANTITY_DATE},
    {.di = 0xC109,
     .at = 18,
     .bytes = 2,
     .coding = HENG_CODING_TEXT,
     .factor = 1,
     .quantity = HENG_QUANTITY_MODEL_VERSION},
    {.di = 0xC109,
     .at = 20,
     .bytes = 2,
     .coding = HENG_CODING_BYTES,
     .factor = 1,
     .quantity = HENG_QUANTITY_OPERATOR_DATA},
    {.di = 0xC109,
     .at = 22,
     .bytes = 8,
     .coding = HENG_CODING_UNSIGNED,
     .factor = 1,
     .quantity = HENG_QUANTITY_EVENT_COUNT},
    {.di = 0xC110,
     .at = 1,
     .bytes = 7,
     .coding = HENG_CODING_CLOCK,
     .factor = 1,
     .has_absent = true,
     .absent = 0x20200101000000,
     .quantity = HENG_QUANTITY_DATETIME},
};

static struct heng_dialect own_dialect(void)
{
    struct heng_dialect d = heng_dialect_standard;
    d.fields = own_fields;
    d.field_count = sizeof own_fields / sizeof own_fields[0];
    return d;
}

static void test_fields_of_the_maker(void **state)
{
    (void)state;
    static const char all[] = "65 03 15 23 80 EE 02 00 B0 FF 00 00 60 3F 81 11 05 26 56 31 AB CD";
    struct heng_dialect d = own_dialect();
    struct heng_telegram t = telegram(0x10, 0x81, 0xC109, false, all, NULL);
    assert_int_equal(t.kind, HENG_TELEGRAM_OTHER);
    assert_string_equal(records_of(&t), "");
    assert_holds(json_of(&t, NULL), "\"kind\":\"other\"");
    assert_holds(json_of(&t, NULL), "\"data\":\"6503152380EE");
    heng_telegram_use(&t, &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_DATA);
    assert_string_equal(records_of(&t),
                        "voltage = 3.65 V | temperature = -23.15 degC | operating time = 7200 s | "
                        "signal strength = -80 dBm | volume flow = 0.875 m3/h | alarm = 1 | alarm = 1 | "
                        "date = 2026-05-11 | model/version = V1 | operator data = raw data");
    assert_holds(json_of(&t, &d), "\"kind\":\"data\"");
    assert_lacks(json_of(&t, &d), "\"data\":");
    assert_holds(explained(&t, &d), "|di:C109|ser:0|voltage:3.65 V|temperature:-23.15 degC|data:EE|operating time:7200 "
                                    "s|signal strength:-80 dBm|volume flow:0.875 m3/h|alarm:1, leak|date:2026-05-11|"
                                    "model/version:V1|operator data:raw data|checksum");
    heng_telegram_use(&t, NULL);
    assert_int_equal(t.kind, HENG_TELEGRAM_OTHER);
    /* The maker sends the low byte first. */
    t = telegram(0x10, 0x81, 0xC109, true, all, NULL);
    assert_int_equal(t.di, 0x09C1);
    heng_telegram_use(&t, &d);
    assert_int_equal(t.di, 0xC109);
    assert_true(t.di_swapped);
    assert_int_equal(t.kind, HENG_TELEGRAM_DATA);
    /* An error answer stays one, and nobody else's identifier is turned. */
    t = telegram(0x10, 0xC1, 0xC109, false, "01 02", &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    t = telegram(0x10, 0x81, 0xC777, false, "01 02", &d);
    assert_int_equal(t.di, 0xC777);
    assert_int_equal(t.kind, HENG_TELEGRAM_OTHER);
}

/* The JSON of a frame in hex. */
static const char *json_of_hex(const char *hex)
{
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    struct heng_telegram t = {.frame = heng_buf_slice(&buf)};
    return json_of(&t, NULL);
}

static void test_what_was_not_sent_is_not_zero(void **state)
{
    (void)state;
    assert_holds(json_of_hex("68 10 AA AA AA AA AA AA AA 03 02 81 0A AE 16"), "\"di\":\"810A\",\"ser\":null}");
    assert_holds(json_of_hex("68 10 AA AA AA AA AA AA AA 03 03 81 0A 00 AF 16"), "\"di\":\"810A\",\"ser\":0}");
    assert_holds(
        json_of_hex("68 10 78 56 34 12 00 31 78 C1 03 01 04 00 FE 16"),
        "\"control\":\"C1\",\"ser\":1,\"status\":\"0400\",\"valve\":\"open\",\"battery\":\"low\",\"error_code\":0");
    assert_lacks(json_of_hex("68 10 78 56 34 12 00 31 78 C4 01 04 02 16"), "\"ser\"");
}

static void test_odd_values_of_fields(void **state)
{
    (void)state;
    struct heng_dialect d = own_dialect();
    struct heng_telegram t =
        telegram(0x10, 0x81, 0xC109, false,
                 "FF FF 1A 23 00 EE FF 7F FF 7F 00 00 80 7F 00 00 00 00 56 31 AB CD FF FF FF FF FF FF FF FF", &d);
    assert_string_equal(records_of(&t), "voltage = - not available | temperature = - invalid bcd | "
                                        "operating time = - not available | signal strength = 32767 dBm | "
                                        "volume flow = - out of range | alarm = 0 | alarm = 0 | date = - not set | "
                                        "model/version = V1 | operator data = raw data | event count = - out of range");
    t = telegram(0x10, 0x81, 0xC109, false, "65 03 FF FF FF EE 02 00 B0 FF 00 00 60 3F 81 31 02 26", &d);
    assert_holds(records_of(&t), "temperature = - not available");
    assert_holds(records_of(&t), "date = - invalid time");
    /* Short answers have the fields that lie inside. */
    t = telegram(0x10, 0x81, 0xC109, false, "65 03 15", &d);
    assert_string_equal(records_of(&t), "voltage = 3.65 V");
    t = telegram(0x10, 0x81, 0xC109, false, "65", &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_OTHER);
    t = telegram(0x10, 0x81, 0xC109, false, "", &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_OTHER);
    /* A profile with a mistake in it gives no values. */
    static const struct heng_field wrong[] = {
        {.di = 0xC109, .at = 0, .bytes = 9, .coding = HENG_CODING_BCD, .factor = 1},
        {.di = 0xC109, .at = 0, .bytes = 8, .coding = HENG_CODING_FLOAT, .factor = 1},
        {.di = 0xC109, .at = 0, .bytes = 2, .coding = HENG_CODING_CLOCK, .factor = 1},
        {.di = 0xC109, .at = 0, .bytes = 9, .coding = HENG_CODING_CLOCK, .factor = 1},
        {.di = 0xC109, .at = 0, .bytes = 1, .coding = HENG_CODING_COUNT, .factor = 1},
        {.di = 0xC109, .at = 0, .bytes = 1, .coding = HENG_CODING_BCD, .exp = 100, .factor = 1},
        {.di = 0xC109, .at = 0, .bytes = 8, .coding = HENG_CODING_UNSIGNED, .factor = 2000000000},
        {.di = 0xC109, .at = 0, .bytes = 1, .bit = 9, .coding = HENG_CODING_BIT, .factor = 0},
        {.di = 0xC109, .at = 0, .bytes = 0, .coding = HENG_CODING_BCD, .factor = 1},
    };
    d.fields = wrong;
    d.field_count = sizeof wrong / sizeof wrong[0];
    t = telegram(0x10, 0x81, 0xC109, false, "11 11 11 11 11 11 11 11 11", &d);
    assert_string_equal(records_of(&t), "unknown = - unknown coding | unknown = - unknown coding | "
                                        "unknown = - unknown coding | unknown = - unknown coding | "
                                        "unknown = - unknown coding | unknown = - out of range | "
                                        "unknown = - out of range | unknown = 0");
}

static void test_clock_of_the_maker(void **state)
{
    (void)state;
    struct heng_dialect d = own_dialect();
    struct heng_telegram t = telegram(0x10, 0x81, 0xC110, false, "00 31 01 22 11 05 26 20", &d);
    assert_string_equal(records_of(&t), "datetime = 2026-05-11T22:01:31");
    t = telegram(0x10, 0x81, 0xC110, false, "00 00 00 00 01 01 20 20", &d);
    assert_string_equal(records_of(&t), "datetime = - not available");
    t = telegram(0x10, 0x81, 0xC110, false, "00 FF FF FF FF FF FF FF", &d);
    assert_string_equal(records_of(&t), "datetime = - not available");
    t = telegram(0x10, 0x83, 0x810A, false, "31 01 22 11 05 26 20", &d);
    assert_string_equal(records_of(&t), "bus address = 20260511220131");
    t = telegram(0x10, 0x01, 0x901F, false, "", &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_REQUEST);
}

static void test_impossible_decimals_give_no_value(void **state)
{
    (void)state;
    struct heng_dialect d = heng_dialect_standard;
    d.cjt188.energy_decimals = d.cjt188.power_decimals = d.cjt188.flow_decimals = d.cjt188.volume_decimals = 127;
    d.cjt188.total_decimals = -100;
    struct heng_telegram t = telegram(0x20, 0x81, 0x901F, false, heat, &d);
    assert_holds(records_of(&t),
                 "heat energy = - out of range | heat energy = - out of range | power = - out of range | "
                 "volume flow = - out of range | volume = - out of range | flow temperature = 54.43");
    t = telegram(0x10, 0x81, 0x901F, false, water, &d);
    assert_holds(records_of(&t), "volume = - out of range | volume = - out of range | datetime");
}

static void test_fields_override_the_tables(void **state)
{
    (void)state;
    struct heng_dialect d = own_dialect();
    struct heng_telegram t =
        telegram(0x10, 0x81, 0x901F, true, "40 E2 01 00 2C 00 00 34 12 2C 31 01 22 11 05 26 20 01 04", &d);
    assert_string_equal(records_of(&t), "volume = 123.456 m3");
    assert_true(t.has_status); /* its place is the standard's */
    assert_holds(explained(&t, &d),
                 "|volume:123.456 m3|data:2C000034122C31012211052620|status:01 valve closed, battery ok|");
    /* The command A015 of a maker has six bytes; an answer to it holds a status, not a clock. */
    t = telegram(0x10, 0x04, 0xA015, false, "31 01 22 11 05 26", &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_COMMAND);
    assert_string_equal(records_of(&t), "datetime = 2026-05-11T22:01:31");
    t = telegram(0x10, 0x84, 0xA015, false, "31 01 22 11 05 26", &d);
    assert_int_equal(t.kind, HENG_TELEGRAM_WRITTEN);
    assert_string_equal(records_of(&t), "");
}

/* 05 34 12 00 05 is 1234.05 kWh or 50012.34 kWh: the profile decides that, and nothing that the bytes decide. */
static void test_unit_order_where_the_bytes_leave_it_open(void **state)
{
    (void)state;
    static const char tie[] = "05 34 12 00 05";
    struct heng_dialect first = heng_dialect_standard, last = heng_dialect_standard, none = heng_dialect_standard;
    first.cjt188.unit_order = HENG_UNIT_ORDER_UNIT_FIRST;
    last.cjt188.unit_order = HENG_UNIT_ORDER_VALUE_FIRST;
    static const uint16_t identifiers[] = {0xD120, 0xA016};
    for (size_t i = 0; i < 2; i++) {
        uint8_t control = identifiers[i] == 0xA016 ? 0x16 : 0x81;
        struct heng_telegram t = telegram(0x20, control, identifiers[i], false, tie, NULL);
        assert_string_equal(records_of(&t), "heat energy = - unit order unclear");
        assert_holds(json_of(&t, NULL), "\"unit\":null,\"value\":null,\"reason\":\"unit order unclear\"");
        assert_holds(json_of(&t, NULL), "\"raw\":\"0534120005\"");
        assert_holds(explained(&t, NULL), "|heat energy:unit order unclear");
        heng_telegram_use(&t, &first);
        assert_string_equal(records_of(&t), "heat energy = 50012340 Wh");
        assert_holds(explained(&t, &first), "|unit:05 kWh|heat energy:50012340 Wh");
        heng_telegram_use(&t, &last);
        assert_string_equal(records_of(&t), "heat energy = 1234050 Wh");
        heng_telegram_use(&t, &none);
        assert_string_equal(records_of(&t), "heat energy = - unit order unclear");
        heng_telegram_use(&t, NULL);
        assert_string_equal(records_of(&t), "heat energy = - unit order unclear");
    }
    /* A unit at one end only, or digits that are none, tell more than the profile. */
    struct heng_telegram t = telegram(0x20, 0x81, 0xD120, false, "78 34 12 00 05", &first);
    assert_string_equal(records_of(&t), "heat energy = 1234780 Wh");
    t = telegram(0x20, 0x81, 0xD120, false, "05 34 12 00 0E", &first);
    assert_string_equal(records_of(&t), "heat energy = 1234050000 J");
    t = telegram(0x10, 0x81, 0x901F, false, water, &first);
    assert_holds(records_of(&t), "volume = 123456.78 m3 | volume = 123400.00 m3");
    /* The profile against the units that meters have: nobody knows. */
    t = telegram(0x20, 0x81, 0xD120, false, "07 34 12 00 05", &first);
    assert_string_equal(records_of(&t), "heat energy = - unit order unclear");
    heng_telegram_use(&t, &last);
    assert_string_equal(records_of(&t), "heat energy = 1234070 Wh");
}

/* D3D2 in front of a body of D2D3: not turned when the profile knows D3D2. */
static void test_fields_keep_their_identifier(void **state)
{
    (void)state;
    static const struct heng_field field = {.di = 0xD3D2, .bytes = 3, .coding = HENG_CODING_BCD, .factor = 1};
    struct heng_dialect d = heng_dialect_standard;
    d.fields = &field;
    d.field_count = 1;
    struct heng_telegram t = telegram(0x10, 0x81, 0xD3D2, false, "45 23 01 00 2C", &d);
    assert_int_equal(t.di, 0xD3D2);
    assert_string_equal(records_of(&t), "unknown = 12345");
    heng_telegram_use(&t, NULL);
    assert_int_equal(t.di, 0xD2D3);
    assert_string_equal(records_of(&t), "volume = 123.45 m3");
}

static void test_keys_are_never_shown(void **state)
{
    (void)state;
    static const struct heng_field nosy[] = {
        {.di = 0xA014, .at = 0, .bytes = 9, .coding = HENG_CODING_BYTES, .factor = 1}};
    static const struct heng_record_rule drop = {
        .match = {.has_quantity = true, .quantity = HENG_QUANTITY_SECURITY_KEY}, .then = {.drop = true}};
    struct heng_dialect d = heng_dialect_standard;
    d.fields = nosy;
    d.field_count = 1;
    d.rules = &drop;
    d.rule_count = 1;
    static const struct {
        uint16_t di;
        uint8_t control;
        const char *payload;
    } cases[] = {{0xA014, 0x04, "04 5A 5B 5C 5D 5E 5F 6A 6B"},
                 {0xA014, 0x04, "04 5A 5B 5C"},
                 {0xA107, 0x04, "5A 5B 5C 5D 5E 5F 6A 6B 5A 5B 5C 5D 5E 5F 6A 6B"},
                 {0xA014, 0xC4, "04 5A 5B 5C 5D 5E 5F 6A 6B"},
                 {0xA014, 0xC4, "00 00 04 5A 5B 5C 5D 5E 5F 6A 6B"},
                 {0xA014, 0xC4, "04 5A 5B"},
                 {0xA107, 0xC4, "00 00 5A 5B"},
                 {0xA014, 0x84, "04 5A 5B 5C"},
                 {0xA014, 0x81, "04 5A 5B 5C"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_telegram t = telegram(0x10, cases[i].control, cases[i].di, false, cases[i].payload, NULL);
        assert_lacks(json_of(&t, NULL), "5A5B");
        assert_lacks(json_of(&t, &d), "5A5B");
        assert_holds(explained(&t, NULL), "secret|checksum");
        assert_lacks(explained(&t, NULL), "5A5B");
        assert_lacks(explained(&t, &d), "5A5B");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_settlement_may_be_cooling),
        cmocka_unit_test(test_valve_words),
        cmocka_unit_test(test_status_byte_and_its_flags),
        cmocka_unit_test(test_fields_of_the_maker),
        cmocka_unit_test(test_what_was_not_sent_is_not_zero),
        cmocka_unit_test(test_odd_values_of_fields),
        cmocka_unit_test(test_clock_of_the_maker),
        cmocka_unit_test(test_impossible_decimals_give_no_value),
        cmocka_unit_test(test_fields_override_the_tables),
        cmocka_unit_test(test_unit_order_where_the_bytes_leave_it_open),
        cmocka_unit_test(test_fields_keep_their_identifier),
        cmocka_unit_test(test_keys_are_never_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
