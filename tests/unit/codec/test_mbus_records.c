/* Hand-made records for every range of the VIF tables, every coding and every correction. The expected texts are
 * worked out by hand from the tables of EN 13757-3, not from our code. */
#include "corpus.h"

#include "codec/mbus.h"
#include "codec/present.h"

/* record in hex; then value or reason, unit, quantity, qualifier. */
struct expectation {
    const char *record, *value, *unit, *quantity, *qualifier;
};

/* A frame of the application data as given. */
static struct heng_slice answer_of(uint8_t *bytes, size_t cap, uint8_t ci, const char *hex)
{
    uint8_t data[300];
    struct heng_buf body = heng_buf_of(data, sizeof data), buf = heng_buf_of(bytes, cap);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &body, NULL), HENG_OK);
    assert_int_equal(heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, 5, ci, heng_buf_slice(&body), &buf), HENG_OK);
    return heng_buf_slice(&buf);
}

/* The same with a plain long header in front of the records of CI 72. */
static struct heng_slice answer(uint8_t *bytes, size_t cap, uint8_t ci, const char *records)
{
    char hex[1024];
    snprintf(hex, sizeof hex, "%s %s", ci == 0x72 ? "78 56 34 12 C7 21 01 04 07 00 00 00" : "", records);
    return answer_of(bytes, cap, ci, hex);
}

/* The value as text, or the reason for none. */
static void value_text(const struct heng_record *r, char *ret_text, size_t cap)
{
    const struct heng_civil *c = &r->civil;
    char number[HENG_DEC_TEXT_MAX];
    switch (r->kind) {
    case HENG_VALUE_DEC:
        heng_dec_format(r->dec, number);
        snprintf(ret_text, cap, "%s", number);
        return;
    case HENG_VALUE_TEXT: {
        size_t n = 0;
        ret_text[0] = '\0';
        for (size_t i = 0; i < r->data.n && n + 2 < cap; i++) {
            uint8_t byte = r->data.p[r->text_reversed ? r->data.n - 1 - i : i];
            n += (size_t)snprintf(ret_text + n, cap - n, r->text_hex ? "%02X" : "%c", byte);
        }
        return;
    }
    case HENG_VALUE_DATE: snprintf(ret_text, cap, "%04d-%02u-%02u", c->year, c->month, c->day); return;
    case HENG_VALUE_TIME: snprintf(ret_text, cap, "%02u:%02u:%02u", c->hour, c->minute, c->second); return;
    case HENG_VALUE_DATETIME:
        snprintf(ret_text, cap, "%04d-%02u-%02uT%02u:%02u:%02u", c->year, c->month, c->day, c->hour, c->minute,
                 c->second);
        return;
    case HENG_VALUE_NONE:
    case HENG_VALUE_BYTES: snprintf(ret_text, cap, "%s", r->reason); return;
    }
}

static void check_with(uint8_t ci, const struct expectation *e)
{
    uint8_t bytes[300];
    struct heng_telegram t;
    struct heng_record r;
    size_t used;
    char text[300], qualifier[HENG_QUALIFIER_MAX];
    /* A plain record behind it shows that the first did not spoil the second. */
    char records[600];
    snprintf(records, sizeof records, "%s 04 13 40 E2 01 00", e->record);
    struct heng_slice in = answer(bytes, sizeof bytes, ci, records);
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    struct heng_records walk = heng_telegram_records(&t);
    if (heng_mbus_codec.next(&walk, &r, NULL) != HENG_OK) fail_msg("%s does not decode", e->record);
    value_text(&r, text, sizeof text);
    heng_record_qualifier(&r, qualifier);
    if (strcmp(text, e->value) != 0) fail_msg("%s: value %s, not %s", e->record, text, e->value);
    if (strcmp(heng_unit_text(r.unit), e->unit) != 0)
        fail_msg("%s: unit %s, not %s", e->record, heng_unit_text(r.unit), e->unit);
    if (strcmp(heng_quantity_text(r.quantity), e->quantity) != 0)
        fail_msg("%s: quantity %s, not %s", e->record, heng_quantity_text(r.quantity), e->quantity);
    if (strcmp(qualifier, e->qualifier) != 0) fail_msg("%s: qualifier %s, not %s", e->record, qualifier, e->qualifier);
    if (ci & 4) return;
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    value_text(&r, text, sizeof text);
    assert_string_equal(text, "123.456");
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_ENOTFOUND);
}

static void check_all(const struct expectation *list, size_t count)
{
    for (size_t i = 0; i < count; i++) check_with(0x72, &list[i]);
}

#define CHECK(list) check_all(list, sizeof list / sizeof list[0])

static void test_main_table(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"02 00 39 30", "12.345", "Wh", "energy", ""},
        {"02 03 39 30", "12345", "Wh", "energy", ""},
        {"02 07 39 30", "123450000", "Wh", "energy", ""},
        {"02 08 39 30", "12345", "J", "energy", ""},
        {"02 0F 39 30", "123450000000", "J", "energy", ""},
        {"02 10 39 30", "0.012345", "m3", "volume", ""},
        {"02 17 39 30", "123450", "m3", "volume", ""},
        {"02 18 39 30", "12.345", "kg", "mass", ""},
        {"02 1F 39 30", "123450000", "kg", "mass", ""},
        {"02 20 39 30", "12345", "s", "on time", ""},
        {"02 21 39 30", "740700", "s", "on time", ""},
        {"02 22 39 30", "44442000", "s", "on time", ""},
        {"02 23 39 30", "1066608000", "s", "on time", ""},
        {"02 26 39 30", "44442000", "s", "operating time", ""},
        {"02 28 39 30", "12.345", "W", "power", ""},
        {"02 2F 39 30", "123450000", "W", "power", ""},
        {"02 30 39 30", "12345", "J/h", "power", ""},
        {"02 37 39 30", "123450000000", "J/h", "power", ""},
        {"02 38 39 30", "0.012345", "m3/h", "volume flow", ""},
        {"02 3F 39 30", "123450", "m3/h", "volume flow", ""},
        {"02 40 39 30", "0.0012345", "m3/min", "volume flow", ""},
        {"02 47 39 30", "12345", "m3/min", "volume flow", ""},
        {"02 48 39 30", "0.000012345", "m3/s", "volume flow", ""},
        {"02 4F 39 30", "123.45", "m3/s", "volume flow", ""},
        {"02 50 39 30", "12.345", "kg/h", "mass flow", ""},
        {"02 57 39 30", "123450000", "kg/h", "mass flow", ""},
        {"02 58 39 30", "12.345", "degC", "flow temperature", ""},
        {"02 5B 39 30", "12345", "degC", "flow temperature", ""},
        {"02 5C 39 30", "12.345", "degC", "return temperature", ""},
        {"02 5F 39 30", "12345", "degC", "return temperature", ""},
        {"02 60 39 30", "12.345", "K", "temperature difference", ""},
        {"02 63 39 30", "12345", "K", "temperature difference", ""},
        {"02 64 39 30", "12.345", "degC", "external temperature", ""},
        {"02 68 39 30", "12.345", "bar", "pressure", ""},
        {"02 6B 39 30", "12345", "bar", "pressure", ""},
        {"02 6E 39 30", "12345", "hca", "heat cost allocation units", ""},
        {"01 70 09", "9", "s", "averaging duration", ""},
        {"01 73 02", "172800", "s", "averaging duration", ""},
        {"01 75 02", "120", "s", "actuality duration", ""},
        {"0C 78 78 56 34 12", "12345678", "", "fabrication number", ""},
        {"04 79 78 56 34 F2", "4063516280", "", "enhanced identification", ""},
        {"01 7A FA", "250", "", "bus address", ""},
        {"02 7B 39 30", "unknown vif", "unknown", "unknown", "7B"},
        {"02 7E 39 30", "any vif", "unknown", "any", ""},
        {"02 6F 39 30", "unknown vif", "unknown", "unknown", "6F"},
        {"02 EF 00 39 30", "unknown vif", "unknown", "unknown", "EF00"},
        {"02 7F 39 30", "manufacturer specific", "unknown", "unknown", "7F"},
        {"02 FF 81 05 39 30", "manufacturer specific", "unknown", "unknown", "FF8105"},
    };
    CHECK(list);
}

static void test_extension_tables(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"02 FB 00 39 30", "1234500000", "Wh", "energy", ""},
        {"02 FB 01 39 30", "12345000000", "Wh", "energy", ""},
        {"02 FB 02 39 30", "12345000", "varh", "reactive energy", ""},
        {"02 FB 04 39 30", "12345000", "VAh", "apparent energy", ""},
        {"02 FB 08 39 30", "1234500000000", "J", "energy", ""},
        {"02 FB 09 39 30", "12345000000000", "J", "energy", ""},
        {"02 FB 0D 39 30", "12345000000", "cal", "energy", ""},
        {"02 FB 10 39 30", "1234500", "m3", "volume", ""},
        {"02 FB 11 39 30", "12345000", "m3", "volume", ""},
        {"02 FB 14 39 30", "12345", "var", "reactive power", ""},
        {"02 FB 18 39 30", "1234500000", "kg", "mass", ""},
        {"02 FB 1A 39 30", "1234.5", "%", "relative humidity", ""},
        {"02 FB 1B 39 30", "12345", "%", "relative humidity", ""},
        {"02 FB 21 39 30", "1234.5", "ft3", "volume", ""},
        {"02 FB 22 39 30", "1234.5", "gal", "volume", ""},
        {"02 FB 28 39 30", "1234500000", "W", "power", ""},
        {"02 FB 2A 39 30", "1234.5", "deg", "phase angle", "U-U"},
        {"02 FB 2B 39 30", "1234.5", "deg", "phase angle", "U-I"},
        {"02 FB 2C 39 30", "12.345", "Hz", "frequency", ""},
        {"02 FB 2F 39 30", "12345", "Hz", "frequency", ""},
        {"02 FB 31 39 30", "12345000000000", "J/h", "power", ""},
        {"02 FB 34 39 30", "12345", "VA", "apparent power", ""},
        {"02 FB 59 39 30", "123.45", "degF", "flow temperature", ""},
        {"02 FB 74 39 30", "12.345", "degC", "cold/warm temperature limit", ""},
        {"02 FB 78 39 30", "12.345", "W", "cumulated maximum power", ""},
        {"02 FB 7F 39 30", "123450000", "W", "cumulated maximum power", ""},
        {"02 FB 7D 39 30", "1234500", "W", "cumulated maximum power", ""},
        {"02 FD 00 39 30", "12.345", "currency", "credit", ""},
        {"02 FD 07 39 30", "12345", "currency", "debit", ""},
        {"01 FD 08 F0", "240", "", "access number", ""},
        {"01 FD 09 07", "7", "", "device type", ""},
        {"0D FD 0B 06 35 33 32 44 56 52", "RVD235", "", "parameter set", ""},
        {"0D FD 0C 02 42 41", "AB", "", "model/version", ""},
        {"01 FD 0D FF", "255", "", "hardware version", ""},
        {"01 FD 0E 03", "3", "", "firmware version", ""},
        {"03 FD 0F 00 00 04", "262144", "", "software version", ""},
        {"0C FD 10 95 50 26 21", "21265095", "", "customer location", ""},
        {"01 FD 12 01", "secret", "", "access code", "user"},
        {"01 FD 13 01", "secret", "", "access code", "operator"},
        {"01 FD 15 01", "secret", "", "access code", "developer"},
        {"02 FD 17 00 80", "32768", "", "error flags", ""},
        {"01 FD 1A 80", "128", "", "digital output", ""},
        {"01 FD 1B 02", "2", "", "digital input", ""},
        {"02 FD 1C 60 09", "2400", "Bd", "baud rate", ""},
        {"01 FD 20 01", "1", "", "storage number", "first"},
        {"01 FD 21 18", "24", "", "storage number", "last"},
        {"01 FD 26 02", "7200", "s", "storage interval", ""},
        {"01 FD 28 01", "1", "month", "storage interval", ""},
        {"01 FD 29 02", "2", "year", "storage interval", ""},
        {"01 FD 2F 02", "172800", "s", "duration since readout", ""},
        {"04 FD 30 00 00 61 1C", "2011-12-01T00:00:00", "", "start of tariff", ""},
        {"01 FD 31 05", "300", "s", "duration of tariff", ""},
        {"01 FD 38 06", "6", "month", "period of tariff", ""},
        {"02 FD 3A 39 30", "12345", "", "dimensionless", ""},
        {"02 FD 40 39 30", "0.000012345", "V", "voltage", ""},
        {"02 FD 48 44 09", "237.2", "V", "voltage", ""},
        {"02 FD 4F 01 00", "1000000", "V", "voltage", ""},
        {"02 FD 50 39 30", "0.000000012345", "A", "current", ""},
        {"02 FD 5F 01 00", "1000", "A", "current", ""},
        {"01 FD 60 38", "56", "", "reset counter", ""},
        {"01 FD 67 0F", "15", "", "special supplier information", ""},
        {"01 FD 6C 02", "7200", "s", "battery operating time", ""},
        {"01 FD 6E 02", "2", "month", "battery operating time", ""},
        {"02 FD 70 5F 1C", "2010-12-31", "", "date of battery change", ""},
        {"01 FD 71 A6", "-90", "dBm", "signal strength", ""},
        {"02 FD 74 0A 00", "864000", "s", "remaining battery life", ""},
        {"01 FD 3C 0F", "15", "s", "nominal transmission period", ""},
        {"01 FD 3D 0F", "900", "s", "nominal transmission period", ""},
        {"01 FD 3E 02", "7200", "s", "nominal transmission period", ""},
        {"01 FD 3F 02", "172800", "s", "nominal transmission period", ""},
        {"02 FB 68 00 10", "1.000000000000", "", "rating factor", "K"},
        {"02 FB 6A 01 00", "0.000244140625", "", "rating factor", "Kc"},
        {"04 FB 6E FF FF FF 7F", "524287.999755859375", "", "rating factor", "KD"},
        {"02 FB 69 E8 03", "1000", "W", "rating factor", "Kq"},
        {"02 FB EB 00 00 18", "1.500000000000", "", "rating factor", "Kcr"},
        {"02 FB 20 39 30", "12345", "ft3", "volume", ""},
        {"02 FB 24 39 30", "12.345", "gal/min", "volume flow", ""},
        {"02 FB 26 39 30", "12345", "gal/h", "volume flow", ""},
        {"02 FB 70 39 30", "12.345", "degF", "cold/warm temperature limit", ""},
        {"02 FB 06 39 30", "unknown vif", "unknown", "unknown", "FB06"},
        {"01 FD 14 01", "secret", "", "access code", "system operator"},
        {"02 FD 18 00 80", "32768", "", "error mask", ""},
        {"01 FD 1D 0B", "11", "bit times", "response delay", ""},
        {"01 FD 22 04", "4", "", "storage block size", ""},
        {"01 FD 23 04", "4", "", "tariff descriptor", ""},
        {"01 FD 2B 3B", "59", "s", "time point second", ""},
        {"0D FD 3B E3 01 02 03", "binary data", "", "data container", ""},
        {"03 FD 65 00 00 06", "06:00:00", "", "time point of day change", ""},
        {"01 FD 6A 02", "2", "month", "duration since cumulation", ""},
        {"04 FD 72 01 02 03 04", "binary data", "", "daylight saving", ""},
        {"0D FD 73 E4 01 02 03 04", "binary data", "", "listening window", ""},
        {"02 FD 75 05 00", "5", "", "times the meter was stopped", ""},
        {"0D FD 76 02 42 41", "binary data", "", "data container", ""},
        {"01 FD FD 00 10", "16", "", "selected application", ""},
        {"01 FD FD 02 0C", "12", "month", "remaining battery life", ""},
        {"01 FD FD 03 0A", "10", "year", "remaining battery life", ""},
        {"01 FD FD 83 7E 0A", "10", "year", "remaining battery life", "future"},
        {"01 FD 7D 0A", "unknown vif", "unknown", "unknown", "FD7D"},
        {"01 FD 7C 01", "unknown vif", "unknown", "unknown", "FD7C"},
    };
    CHECK(list);
}

static void test_codings(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"00 13", "no data", "m3", "volume", ""},
        {"08 13", "readout selection", "m3", "volume", ""},
        {"01 13 FF", "-0.001", "m3", "volume", ""},
        {"02 13 01 80", "-32.767", "m3", "volume", ""},
        {"03 13 FF FF FF", "-0.001", "m3", "volume", ""},
        {"04 13 FF FF FF 7F", "2147483.647", "m3", "volume", ""},
        {"06 13 01 00 00 00 00 80", "-140737488355.327", "m3", "volume", ""},
        {"07 13 FF FF FF FF FF FF FF 7F", "9223372036854775.807", "m3", "volume", ""},
        {"05 5B 00 00 B8 42", "92", "degC", "flow temperature", ""},
        {"05 3B 9A 99 19 3F", "0.0006", "m3/h", "volume flow", ""},
        {"05 5B 00 00 C0 7F", "not a number", "degC", "flow temperature", ""},
        {"05 5B 00 00 80 FF", "not a number", "degC", "flow temperature", ""},
        {"09 13 99", "0.099", "m3", "volume", ""},
        {"0A 13 99 99", "9.999", "m3", "volume", ""},
        {"0B 61 18 00 F0", "-0.18", "K", "temperature difference", ""},
        {"0C 13 27 04 85 02", "2850.427", "m3", "volume", ""},
        {"0E 13 12 90 78 56 34 12", "123456789.012", "m3", "volume", ""},
        {"0C 13 BD EB DD DD", "invalid bcd", "m3", "volume", ""},
        {"0C 13 27 04 85 E2", "invalid bcd", "m3", "volume", ""},
        {"0A 13 F1 00", "invalid bcd", "m3", "volume", ""},
        {"0D 13 C2 34 12", "1.234", "m3", "volume", ""},
        {"0D 13 D2 34 12", "-1.234", "m3", "volume", ""},
        {"0D 13 C0", "no data", "m3", "volume", ""},
        {"0D 13 D0", "no data", "m3", "volume", ""},
        {"0D 78 03 33 32 31", "123", "", "fabrication number", ""},
        {"0D 13 E3 01 02 03", "197.121", "m3", "volume", ""},
        {"0D 13 E2 FE FF", "-0.002", "m3", "volume", ""},
        {"0D 13 E8 01 00 00 00 00 00 00 00", "0.001", "m3", "volume", ""},
        {"0D 13 E9 01 00 00 00 00 00 00 00 00", "integer of more than 8 bytes", "m3", "volume", ""},
        {"0D 13 E0", "no data", "m3", "volume", ""},
        {"0D 13 E1 80", "not available", "m3", "volume", ""},
        {"0D FD 17 E2 00 80", "32768", "", "error flags", ""},
        {"0D FD 0C 00", "", "", "model/version", ""},
        {"0D 13 EF 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "integer of more than 8 bytes", "m3", "volume", ""},
        {"0D 13 C9 89 67 45 23 01 00 00 00 00", "123456.789", "m3", "volume", ""},
        {"0D 13 C9 99 99 99 99 99 99 99 99 99", "999999999999999.999", "m3", "volume", ""},
        {"0D 13 C9 89 67 45 23 01 00 00 00 F0", "-123456.789", "m3", "volume", ""},
        {"0D 13 D9 01 00 00 00 00 00 00 00 12", "-120000000000000.001", "m3", "volume", ""},
        {"0D 13 C9 0A 00 00 00 00 00 00 00 12", "invalid bcd", "m3", "volume", ""},
        {"0D 13 C9 01 00 00 00 00 00 00 00 A2", "invalid bcd", "m3", "volume", ""},
        {"0D 78 C9 0A 00 00 00 00 00 00 00 F2", "F2000000000000000A", "", "fabrication number", ""},
        {"0D 13 C2 34 F2", "-0.234", "m3", "volume", ""},
        {"0D 13 D2 34 F2", "invalid bcd", "m3", "volume", ""}, /* negative by length byte and by digit */
        {"0D 13 D9 01 00 00 00 00 00 00 00 F2", "invalid bcd", "m3", "volume", ""},
        {"0D 6D D2 34 F2", "time of unknown coding", "", "datetime", ""},
        {"0D 13 F0 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F", "binary data", "m3", "volume", ""},
        {"07 79 04 03 02 01 24 40 01 04", "binary data", "", "enhanced identification", ""},
        {"07 FD 61 05 00 00 00 00 00 00 00", "5", "", "cumulation counter", ""},
        {"07 FD 61 FF FF FF FF FF FF FF FF", "highest of 64 bits is set", "", "cumulation counter", ""},
        {"07 FD 17 01 00 00 00 00 00 00 80", "highest of 64 bits is set", "", "error flags", ""},
        {"06 23 00 00 00 00 00 7F", "out of range", "s", "on time", ""},
        {"02 7C 09 65 6D 69 74 20 2E 74 61 62 F2 10", "4338", "", "plain text unit", "bat. time"},
        {"02 FC 03 48 52 25 74 D4 11", "45.64", "%", "relative humidity", ""},
        /* The text behind the VIFEs, as the standard has it since 2013. */
        {"02 FC 74 03 48 52 25 D4 11", "45.64", "%", "relative humidity", ""},
        {"02 FC BB 74 03 6D 70 70 D4 11", "45.64", "", "plain text unit", "ppm forward"},
        {"02 7C 02 41 7F 39 30", "12345", "", "plain text unit", "?A"},
        /* ISO 8859-1: m2 and m3 with real superscripts are two units. */
        {"02 7C 02 B2 6D 39 30", "12345", "", "plain text unit", "m\xC2\xB2"},
        {"02 7C 02 B3 6D 39 30", "12345", "", "plain text unit", "m\xC2\xB3"},
        {"02 7C 02 43 B0 39 30", "12345", "", "plain text unit",
         "\xC2\xB0"
         "C"},
        {"02 7C 03 FF 9F A0 39 30", "12345", "", "plain text unit", "\xC2\xA0?\xC3\xBF"},
        {"02 7C 00 39 30", "12345", "", "plain text unit", ""},
        {"02 7C 02 01 02 39 30", "12345", "", "plain text unit", "??"},
        {"02 FC 01 80 00 39 30", "12345", "", "plain text unit", "?"},
    };
    CHECK(list);
}

/* The most negative integer of a measured number means "invalid" (type B); flags and numbers that name things have
 * no sign and keep their bit. Behind DIFE 00 and with VIFE 00 the record takes the long way. */
static void test_invalid_integers(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"01 5B 80", "not available", "degC", "flow temperature", ""},
        {"02 5B 00 80", "not available", "degC", "flow temperature", ""},
        {"03 13 00 00 80", "not available", "m3", "volume", ""},
        {"04 13 00 00 00 80", "not available", "m3", "volume", ""},
        {"06 13 00 00 00 00 00 80", "not available", "m3", "volume", ""},
        {"07 13 00 00 00 00 00 00 00 80", "not available", "m3", "volume", ""},
        {"01 DB 00 80", "not available", "degC", "flow temperature", ""},
        {"04 93 3B 00 00 00 80", "not available", "m3", "volume", "forward"},
        {"01 5B 81", "-127", "degC", "flow temperature", ""},
        {"04 13 01 00 00 80", "-2147483.647", "m3", "volume", ""},
        {"02 FD 17 00 80", "32768", "", "error flags", ""},
        {"01 FD 97 00 80", "128", "", "error flags", ""},
        {"04 78 00 00 00 80", "2147483648", "", "fabrication number", ""},
    };
    CHECK(list);
}

/* The digit F on top is a minus sign of a measured number only; labels carry A..F. */
static void test_hex_digits_of_identifications(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"0C 78 78 56 34 F2", "F2345678", "", "fabrication number", ""},
        {"0C 79 BD 00 34 12", "123400BD", "", "enhanced identification", ""},
        {"0D 78 C3 78 56 FA", "FA5678", "", "fabrication number", ""},
        {"0A FD 17 34 F2", "invalid bcd", "", "error flags", ""},
        {"0A FD 0E 01 F0", "invalid bcd", "", "firmware version", ""},
        {"0A 5A 34 F2", "-23.4", "degC", "flow temperature", ""},
        {"0C 78 78 56 34 12", "12345678", "", "fabrication number", ""},
    };
    CHECK(list);
}

static void test_times(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"42 6C 5F 1C", "2010-12-31", "", "date", ""},
        {"42 6C FF FF", "not set", "", "date", ""},
        {"42 6C 00 00", "not set", "", "date", ""},
        {"42 6C 3E 12", "invalid time", "", "date", ""}, /* 30 February 2009 */
        {"42 6C E1 F1", "recurring date", "", "date", ""},
        {"42 6C 61 F1", "invalid time", "", "date", ""}, /* years 100..126 do not exist */
        {"42 6C 81 C1", "invalid time", "", "date", ""},
        {"42 6C C1 FF", "invalid time", "", "date", ""},
        {"04 6D 29 0A C1 F1", "invalid time", "", "datetime", ""},
        {"06 6D 1E 2D 0A C1 F1 00", "invalid time", "", "datetime", ""},
        {"42 6C 61 C1", "1999-01-01", "", "date", ""},
        {"42 6C FF FC", "recurring date", "", "date", ""},                /* 31 December of every year */
        {"42 6C 21 1F", "recurring date", "", "date", ""},                /* the first of every month */
        {"04 6D 00 40 1F 0C", "2100-12-31T00:00:00", "", "datetime", ""}, /* hundreds of years: 2 */
        {"04 6D 29 8A 1F 0C", "2000-12-31T10:41:00", "", "datetime", ""}, /* summer time: the meter's own clock */
        {"04 6D 29 1F 1F 0C", "invalid time", "", "datetime", ""},        /* hour 31 */
        {"03 6D FF FF FF", "not set", "", "datetime", ""},
        {"06 6D FF FF FF FF FF FF", "not set", "", "datetime", ""},
        {"07 6D 00 00 00 00 00 00 00 00", "time of unknown length", "", "datetime", ""},
        {"05 6D 00 00 00 00", "time of unknown coding", "", "datetime", ""},
        {"0D 6D E4 29 0A 1F 0C", "2000-12-31T10:41:00", "", "datetime", ""},
        {"0D 6D C2 29 0A", "time of unknown coding", "", "datetime", ""},
        {"42 6C 3F CC", "1997-12-31", "", "date", ""},
        {"04 6D 29 0A 1F 0C", "2000-12-31T10:41:00", "", "datetime", ""},
        {"04 6D 29 2A 1F 0C", "2000-12-31T10:41:00", "", "datetime", ""}, /* hundreds of years: 1 */
        {"04 6D A1 15 E9 17", "invalid time", "", "datetime", ""},
        {"04 6D 3C 15 E9 17", "invalid time", "", "datetime", ""}, /* minute 60 */
        {"04 6D FF FF FF FF", "not set", "", "datetime", ""},
        {"03 6D 1E 2D 0A", "10:45:30", "", "datetime", ""},
        {"06 6D 1E 2D 0A 5F 1C 00", "2010-12-31T10:45:30", "", "datetime", ""},
        {"06 6D 1E AD 0A 5F 1C 00", "invalid time", "", "datetime", ""},
        {"01 6C 05", "time of unknown length", "", "date", ""},
        {"0C 6D 00 00 00 00", "time of unknown coding", "", "datetime", ""},
    };
    CHECK(list);
}

static void test_vifes(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"02 86 3B 01 00", "1000", "Wh", "energy", "forward"},
        {"02 86 3C 01 00", "1000", "Wh", "energy", "backward"},
        {"02 86 00 01 00", "1000", "Wh", "energy", ""},
        {"02 86 15 01 00", "no data available", "Wh", "energy", ""},
        {"02 86 16 01 00", "data overflow", "Wh", "energy", ""},
        {"02 86 08 01 00", "record error", "Wh", "energy", ""},
        {"02 86 0B 01 00", "too many vife", "Wh", "energy", ""},
        {"02 86 1C 01 00", "premature end of record", "Wh", "energy", ""},
        {"02 86 12 01 00", "1000", "Wh", "energy", "average"},
        {"02 FD 97 1D 00 80", "32768", "", "error flags", ""},
        {"02 86 14 01 00", "relative deviation", "unknown", "energy", "relative deviation"},
        {"02 86 13 01 00", "compact profile", "Wh", "energy", "inverse compact profile"},
        {"0D 86 1E E2 01 00", "compact profile", "Wh", "energy", "compact registers"},
        {"0D 86 1F E2 01 00", "compact profile", "Wh", "energy", "compact profile"},
        {"02 EF 15 01 00", "unknown vif", "unknown", "unknown", "EF15"},
        {"01 EF 49 05", "unknown vif", "unknown", "unknown", "EF49"},
        {"02 FD FD 16 01 00", "unknown vif", "unknown", "unknown", "FDFD16"},
        {"02 FB 86 15 01 00", "unknown vif", "unknown", "unknown", "FB8615"},
        {"02 93 A2 3A 01 00", "0.001", "m3", "volume", "per h uncorrected"},
        {"02 DA 40 01 00", "0.1", "degC", "flow temperature", "lower limit"},
        {"02 DA 48 01 00", "0.1", "degC", "flow temperature", "upper limit"},
        {"01 DA 49 05", "5", "", "flow temperature", "exceeds upper"},
        {"04 DA 6F 32 14 7A 18", "2011-08-26T20:50:00", "", "flow temperature", "end last"},
        {"04 AD 4B 32 14 7A 18", "2011-08-26T20:50:00", "", "power", "end first upper"},
        {"01 DA 5A 03", "10800", "s", "flow temperature", "duration first upper"},
        {"01 DA 65 03", "180", "s", "flow temperature", "duration last"},
        {"04 A2 39 32 14 7A 18", "2011-08-26T20:50:00", "", "on time", "start"},
        {"42 EC 7E 1F 0C", "2000-12-31", "", "date", "future"},
        {"02 93 70 39 30", "0.000012345", "m3", "volume", ""},
        {"02 93 77 39 30", "123.45", "m3", "volume", ""},
        {"02 93 7D 39 30", "12345", "m3", "volume", ""},
        {"02 93 7B 39 30", "13.345", "m3", "volume", ""},
        {"02 93 78 39 30", "12.346", "m3", "volume", ""},
        {"02 96 78 39 30", "12345.001", "m3", "volume", ""},
        {"02 FB 80 78 39 30", "correction in an unclear unit", "Wh", "energy", ""},
        {"02 93 3D 39 30", "non-metric unit", "m3", "volume", "non-metric"},
        {"02 FD C8 FC 01 44 09", "237.2", "V", "voltage", "L1"},
        {"02 FD C8 FC 05 44 09", "237.2", "V", "voltage", "L1-L2"},
        {"02 AB FC 84 3C 05 00", "5", "W", "power", "N backward"},
        {"02 AB FF 81 02 05 00", "5", "W", "power", "FF8102"},
        {"04 83 7F FA 04 00 00", "1274", "Wh", "energy", "7F"},
        {"05 93 7B 00 00 B8 42", "1.092", "m3", "volume", ""},
        {"05 A3 00 FF FF 7F 7F", "out of range", "s", "on time", ""},
        {"05 93 7B FF FF 7F 7F", "out of range", "m3", "volume", ""},
        {"05 23 00 00 00 5F", "out of range", "s", "on time", ""},
        {"04 FD 97 FC 11 FF FF FF FF", "4294967295", "", "error flags", ""},
        {"04 FD 97 FC 12 FF FF FF FF", "4294967295", "", "error flags", ""},
        {"02 FE 15 01 00", "no data available", "unknown", "any", ""},
        {"04 FD F2 15 01 02 03 04", "no data available", "", "daylight saving", ""},
        {"02 FB 80 F8 15 01 00", "no data available", "Wh", "energy", ""},
        {"02 93 BB FF 01 01 00", "0.001", "m3", "volume", "forward FF01"},
        {"06 93 3F 01 02 03 04 05 06", "obis declaration", "m3", "volume", "obis"},
        {"02 FD C8 FC 11 FF FF", "6553.5", "V", "voltage", ""},
        {"02 FD C8 FC 12 44 09", "binary data", "V", "voltage", ""},
        {"02 AB FC 13 05 00", "5", "W", "power", "to meter"},
        {"02 AB FC 14 05 00", "5", "W", "power", "from meter"},
        {"02 AB FC 08 05 00", "5", "W", "power", "Q1"},
        {"02 AB FC 10 05 00", "5", "W", "power", "absolute"},
        {"02 AB FC 2A 05 00", "5", "W", "power", "FC2A"},
        {"02 AB 7C 05 00", "5", "W", "power", "7C"}, /* nothing follows */
        {"02 AB 44 05 00", "5", "W", "power", "44"},
        {"02 93 1A 01 00", "record error", "m3", "volume", ""},
        {"02 93 95 3B 01 00", "no data available", "m3", "volume", "forward"},
        {"0C 93 18 27 04 85 E2", "data error", "m3", "volume", ""}, /* the error says more than the bad digits */
        {"00 93 15", "no data available", "m3", "volume", ""},
        {"02 93 FB FB FB FB FB FB FB FB FB 7B 00 00", "10.000", "m3", "volume", ""},
    };
    CHECK(list);
}

static void test_long_qualifiers_stay_different(void **state)
{
    (void)state;
    static const char *const records[] = {"04 93 CA CE CB CF CA 4E 00 00 00 00", "04 93 CA CE CB CF CA 4F 00 00 00 00"};
    char qualifier[2][HENG_QUALIFIER_MAX];
    for (int i = 0; i < 2; i++) {
        uint8_t bytes[300];
        struct heng_telegram t;
        struct heng_record r;
        size_t used;
        struct heng_slice in = answer(bytes, sizeof bytes, 0x72, records[i]);
        assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
        struct heng_records walk = heng_telegram_records(&t);
        assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
        heng_record_qualifier(&r, qualifier[i]);
        assert_int_equal(strlen(qualifier[i]), HENG_QUALIFIER_MAX - 1);
    }
    assert_string_not_equal(qualifier[0], qualifier[1]);
}

static void test_high_byte_first(void **state)
{
    (void)state;
    static const struct expectation list[] = {
        {"02 13 30 39", "12.345", "m3", "volume", ""},
        {"04 6D 0C 1F 0A 29", "2000-12-31T10:41:00", "", "datetime", ""},
        {"06 6D 00 1C 5F 0A 2D 1E", "2010-12-31T10:45:30", "", "datetime", ""},
        {"03 6D 0A 2D 1E", "10:45:30", "", "datetime", ""},
        {"05 5B 42 B8 00 00", "92", "degC", "flow temperature", ""},
        {"0D 13 E2 FF FE", "-0.002", "m3", "volume", ""},
        {"0D 13 D2 12 34", "-1.234", "m3", "volume", ""},
        {"0B 61 F0 00 18", "-0.18", "K", "temperature difference", ""},
        {"0C 78 FA 12 34 56", "FA123456", "", "fabrication number", ""},
        {"02 FC 03 25 52 48 74 11 D4", "45.64", "%", "relative humidity", ""},
        {"02 7C 03 70 70 6D 30 39", "12345", "", "plain text unit", "ppm"},
        {"0C 13 02 85 04 27", "2850.427", "m3", "volume", ""},
        {"42 6C 1C 5F", "2010-12-31", "", "date", ""},
        {"0D 78 03 31 32 33", "123", "", "fabrication number", ""},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) check_with(0x55, &list[i]);
}

/* Ten DIFEs: storage 41 bits, tariff 20 bits, subunit 10 bits. */
static void test_register_numbers_of_all_difes(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct heng_telegram t;
    struct heng_record r;
    struct heng_err err;
    size_t used;
    struct heng_slice in = answer(bytes, sizeof bytes, 0x72,
                                  "C1 FF FF FF FF FF FF FF FF FF 7F 13 05  D1 8F 0F 13 05  81 40 13 05 81 10 13 05");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    struct heng_records walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_true(r.storage == UINT64_C(0x1FFFFFFFFFF));
    assert_int_equal(r.tariff, 0xFFFFF);
    assert_int_equal(r.subunit, 0x3FF);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_true(r.storage == 511);
    assert_int_equal(r.function, HENG_FUNCTION_MAXIMUM);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(r.subunit, 1);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(r.tariff, 1);

    in = answer(bytes, sizeof bytes, 0x72, "C1 FF FF FF FF FF FF FF FF FF FF 7F 13 05");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, &err), HENG_EFORMAT);
    assert_string_equal(err.text, "more than 10 dife");
    assert_int_equal(err.at, 19 + 11);

    in = answer(bytes, sizeof bytes, 0x72, "01 93 80 80 80 80 80 80 80 80 80 80 00 05");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, &err), HENG_EFORMAT);
    assert_string_equal(err.text, "more than 10 vife");
}

static void test_ends_of_the_record_list(void **state)
{
    (void)state;
    static const struct {
        const char *records;
        unsigned count;
        bool more;
    } cases[] = {{"", 0, false},
                 {"2F 2F 01 13 05 2F 2F", 1, false},
                 {"01 13 05 0F", 1, false},
                 {"01 13 05 1F", 1, true},
                 {"01 13 05 0F AA BB", 2, false},
                 {"1F AA BB", 1, true},
                 {"01 13 1F", 1, false}, /* 1F is data here */
                 {"0D 7C 01 1F 01 1F 2F 1F", 1, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[300];
        struct heng_telegram t;
        struct heng_record r;
        size_t used;
        unsigned count = 0;
        struct heng_slice in = answer(bytes, sizeof bytes, 0x72, cases[i].records);
        assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
        struct heng_records walk = heng_telegram_records(&t);
        while (heng_mbus_codec.next(&walk, &r, NULL) == HENG_OK) count++;
        assert_int_equal(count, cases[i].count);
        assert_int_equal(walk.more, cases[i].more);
        assert_int_equal(t.more, cases[i].more);
    }
}

/* Lists that break off, all with a 1F in their data: refused where they break, and no telegram follows. */
static void test_broken_lists_announce_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *records, *problem;
        uint32_t at; /* behind the header */
    } cases[] = {
        {"01 13 1F 81", "record ends within its dif", 4},
        {"01 13 1F 81 80 80 80 80 80 80 80 80 80 80 01 13 05", "more than 10 dife", 14},
        {"01 13 1F 01", "record ends before its vif", 4},
        {"01 13 1F 01 93", "record ends before its vif", 5},
        {"01 13 1F 01 93 80 80 80 80 80 80 80 80 80 80 00 05", "more than 10 vife", 15},
        {"01 13 1F 01 93 80 80 80 80 80 80 80 80 80 80", "record ends before its vif", 15},
        {"01 13 1F 01 7C", "plain-text unit runs over the end of the frame", 5},
        {"01 13 1F 01 FC 05 01", "plain-text unit runs over the end of the frame", 5},
        {"01 13 1F 01 FC 01 0A", "record ends before its vif", 7},
        {"01 13 1F 01 FC 80 80", "plain-text unit runs over the end of the frame", 5},
        {"01 13 1F 0D 13", "record ends before its length", 5},
        {"01 13 1F 0D 13 CA", "length code 0xca is reserved", 5},
        {"01 13 1F 0D 13 F7", "length code 0xf7 is reserved", 5},
        {"01 13 1F 0D 13 05 01", "record wants 5 data bytes, 1 are left", 7},
        {"01 13 1F 04 13 01 02 03", "record wants 4 data bytes, 3 are left", 8},
        {"01 13 1F 3F 13", "dif 0x3f is reserved", 3},
        {"01 13 1F 9F 13", "dif 0x9f is reserved", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[300];
        struct heng_telegram t;
        struct heng_record r;
        struct heng_err err;
        size_t used;
        struct heng_slice in = answer(bytes, sizeof bytes, 0x72, cases[i].records);
        assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
        assert_false(t.more);
        struct heng_records walk = heng_telegram_records(&t);
        assert_int_equal(heng_mbus_codec.next(&walk, &r, &err), HENG_OK);
        assert_int_equal(heng_mbus_codec.next(&walk, &r, &err), HENG_EFORMAT);
        if (strcmp(err.text, cases[i].problem) != 0) fail_msg("%s: %s", cases[i].records, err.text);
        if (err.at != 19 + cases[i].at) fail_msg("%s: at %u", cases[i].records, err.at - 19);
    }
}

static void test_heads_that_are_too_short(void **state)
{
    (void)state;
    static const struct {
        uint8_t ci, wants;
    } heads[] = {{0x72, 12}, {0x76, 12}, {0x5B, 12}, {0x6F, 12}, {0x75, 12}, {0x7A, 4},
                 {0x5A, 4},  {0x6E, 4},  {0x74, 4},  {0x52, 8},  {0x56, 8}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        for (uint8_t n = 0; n < heads[i].wants; n++) {
            uint8_t bytes[64], data[16] = {0};
            char text[80];
            struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
            struct heng_telegram t;
            struct heng_err err;
            size_t used;
            assert_int_equal(heng_mbus_encode_long(0x08, 1, heads[i].ci, heng_slice_of(data, n), &buf), HENG_OK);
            assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, &err), HENG_EFORMAT);
            assert_int_equal(used, buf.n);
            assert_int_equal(err.at, 7 + n);
            snprintf(text, sizeof text, "header wants %u bytes, %u are there", heads[i].wants, n);
            assert_string_equal(err.text, text);
        }
    }
}

static void test_heads_of_other_telegrams(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct heng_telegram t;
    struct heng_record r;
    size_t used;
    /* Short header: access 2A, status 10, configuration. */
    struct heng_slice in = answer(bytes, sizeof bytes, 0x7A, "2A 10 00 00 01 13 05");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    assert_int_equal(t.kind, HENG_TELEGRAM_VARIABLE);
    assert_int_equal(t.access, 0x2A);
    assert_int_equal(t.status, 0x10);
    assert_false(t.has_header);
    /* High byte first: id and manufacturer are turned round. */
    in = answer(bytes, sizeof bytes, 0x76, "12 34 56 78 24 40 01 07 55 00 00 00 02 13 30 39");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    assert_string_equal(t.id, "12345678");
    assert_string_equal(t.manufacturer, "IB@");
    struct heng_records walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(r.dec.mantissa, 12345);
    /* Alarm status. */
    in = answer(bytes, sizeof bytes, 0x71, "81");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    assert_int_equal(t.kind, HENG_TELEGRAM_ALARM);
    walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(r.dec.mantissa, 0x81);
    /* Fixed data: 6531 kWh and 69 L, as in a real frame; historic second counter; bad BCD without the flag. */
    in = answer(bytes, sizeof bytes, 0x73, "93 92 91 90 10 00 05 69 31 65 00 00 69 00 00 00");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(heng_dec_cmp(r.dec, (struct heng_dec){6531, 3}), 0);
    assert_int_equal(r.unit, HENG_UNIT_WH);
    in = answer(bytes, sizeof bytes, 0x73, "93 92 91 90 10 00 29 3E 31 65 00 00 6A 00 00 00");
    assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
    walk = heng_telegram_records(&t);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(r.storage, 1);
    assert_int_equal(r.unit, HENG_UNIT_M3);
    assert_int_equal(r.kind, HENG_VALUE_NONE);
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_ENOTFOUND);
}

/* Two counters of fixed data under one status byte: value or reason each. */
static void test_coding_of_fixed_counters(void **state)
{
    (void)state;
    static const struct {
        const char *status, *counters, *first, *second;
    } cases[] = {
        {"00", "31 65 00 00 6A 00 00 00", "6.531", "invalid bcd"},
        {"80", "31 65 00 00 10 00 00 00", "coding unclear", "coding unclear"}, /* bit 7 says binary */
        {"01", "31 65 00 00 07 00 00 00", "coding unclear", "0.007"},          /* or bit 0 does */
        {"80", "31 65 00 00 6A 00 00 00", "25.905", "0.106"},                  /* and the other counter proves it */
        {"01", "6A 00 00 00 31 65 00 00", "0.106", "25.905"},
        {"81", "31 65 00 00 FF FF FF FF", "coding unclear", "not available"}, /* FF.. is none in either coding */
        {"80", "FE FF FF FF 07 00 00 00", "-0.002", "0.007"},                 /* 7 is 7 in both codings */
        {"80", "FF FF FF FF 00 00 00 00", "not available", "0.000"},
        {"00", "FF FF FF FF 00 00 00 00", "not available", "0.000"},
        {"40", "31 65 00 00 10 00 00 00", "6.531", "0.010"}, /* another flag */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[300];
        char data[128], text[64];
        struct heng_telegram t;
        struct heng_record r;
        size_t used;
        snprintf(data, sizeof data, "93 92 91 90 10 %s 29 3E %s", cases[i].status, cases[i].counters);
        struct heng_slice in = answer(bytes, sizeof bytes, 0x73, data);
        assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
        struct heng_records walk = heng_telegram_records(&t);
        assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
        value_text(&r, text, sizeof text);
        assert_string_equal(text, cases[i].first);
        assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
        value_text(&r, text, sizeof text);
        assert_string_equal(text, cases[i].second);
    }
}

/* Sixteen bytes that would be good records, the last one "more follows", behind a configuration word. */
static void test_cipher_text_gives_no_values(void **state)
{
    (void)state;
    static const char body[] = "04 13 40 E2 01 00 04 06 01 00 00 00 01 13 05 1F";
    static const char plain[] = "04 13 40 E2 01 00 04 06 01 00 00 00 1F";
    static const char noise[] = "04 13 40 E2 01 00 04 06 01 00 00 04 13";
    static const char marked[] = "2F 2F 04 13 40 E2 01 00 04 06 01 00 00 00 2F 1F";
    static const struct {
        const char *configuration, *body;
        bool encrypted;
    } cases[] = {
        {"00 00", body, false},   {"10 00", body, false},   /* mode 0, whatever else is there */
        {"10 05", body, true},    {"10 07", body, true},    /* one block */
        {"20 05", body, true},    {"F0 05", body, true},    /* more blocks than there are, but whole blocks */
        {"20 05", plain, false},  {"F0 07", plain, false},  /* no whole blocks, and they read as records */
        {"20 05", noise, true},   {"F0 07", noise, true},   /* they do not */
        {"00 05", body, false},   {"0F 07", body, false},   /* no block */
        {"10 05", marked, false}, {"10 08", marked, false}, /* plain already */
        {"10 08", body, true},    {"10 0D", body, true},    {"20 0D", body, false},
        {"10 0E", body, false},   {"10 06", body, false},   {"08 01", body, true},
        {"10 04", body, true},    {"18 04", body, false},   {"00 08", body, false},
        {"0C 02", body, false},   {"00 03", body, false},   {"10 25", body, true}, /* bits above the mode */
        {"27 B6", body, false}, /* of a real frame, example_data_01 of libmbus, which is plain */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[300];
        char data[256], low[3] = {0}, high[3] = {0};
        memcpy(low, cases[i].configuration, 2);
        memcpy(high, cases[i].configuration + 3, 2);
        for (unsigned form = 0; form < 3; form++) {
            struct heng_telegram t;
            struct heng_record r;
            size_t used, count = 0;
            if (form == 0)
                snprintf(data, sizeof data, "78 56 34 12 24 40 01 07 55 00 %s %s %s", low, high, cases[i].body);
            else if (form == 1)
                snprintf(data, sizeof data, "55 00 %s %s %s", low, high, cases[i].body);
            else /* high byte first */
                snprintf(data, sizeof data, "12 34 56 78 40 24 01 07 55 00 %s %s %s", high, low, cases[i].body);
            static const uint8_t ci[] = {0x72, 0x7A, 0x76};
            struct heng_slice in = answer_of(bytes, sizeof bytes, ci[form], data);
            assert_int_equal(heng_mbus_codec.decode(in, &t, &used, NULL), HENG_OK);
            assert_int_equal(t.kind, HENG_TELEGRAM_VARIABLE);
            if (t.encrypted != cases[i].encrypted) fail_msg("%s: encrypted is %d", cases[i].configuration, t.encrypted);
            struct heng_records walk = heng_telegram_records(&t);
            while (heng_mbus_codec.next(&walk, &r, NULL) == HENG_OK) count++;
            if (!t.encrypted) {
                assert_true(count > 1);
                assert_true(t.more);
                continue;
            }
            assert_int_equal(count, 1);
            assert_int_equal(r.kind, HENG_VALUE_NONE);
            assert_string_equal(r.reason, "encrypted");
            assert_int_equal(r.quantity, HENG_QUANTITY_UNKNOWN);
            assert_int_equal(r.unit, HENG_UNIT_UNKNOWN);
            assert_true(heng_slice_eq(r.data, t.body));
            assert_false(t.more);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_main_table),
        cmocka_unit_test(test_extension_tables),
        cmocka_unit_test(test_codings),
        cmocka_unit_test(test_invalid_integers),
        cmocka_unit_test(test_hex_digits_of_identifications),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_vifes),
        cmocka_unit_test(test_long_qualifiers_stay_different),
        cmocka_unit_test(test_high_byte_first),
        cmocka_unit_test(test_register_numbers_of_all_difes),
        cmocka_unit_test(test_ends_of_the_record_list),
        cmocka_unit_test(test_broken_lists_announce_nothing),
        cmocka_unit_test(test_heads_that_are_too_short),
        cmocka_unit_test(test_heads_of_other_telegrams),
        cmocka_unit_test(test_coding_of_fixed_counters),
        cmocka_unit_test(test_cipher_text_gives_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
