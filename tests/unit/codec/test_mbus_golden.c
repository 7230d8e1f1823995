/* Every value that the norm files state for the M-Bus frames of tests/golden, compared as an exact number. */
#include "corpus.h"

#include "codec/mbus.h"
#include "codec/present.h"

#include <math.h>

static struct corpus corpus;

/* What we decode differently on purpose, each with its reason. text: our value, or the reason for none. */
static const struct {
    const char *source;
    unsigned record;
    heng_value_kind kind;
    const char *text, *why;
} exceptions[] = {
    {"ELS_Elster-F96-Plus", 4, HENG_VALUE_NONE, "invalid bcd", "nibbles BDEBDDDD are no number"},
    {"ELS_Elster-F96-Plus", 5, HENG_VALUE_NONE, "invalid bcd", "nibbles BDEBDD are no number"},
    {"abb_f95", 2, HENG_VALUE_NONE, "invalid bcd", "nibbles DDB4EBDD are no number"},
    {"abb_f95", 3, HENG_VALUE_NONE, "invalid bcd", "nibbles DDB4EB are no number"},
    {"sen_pollutherm", 2, HENG_VALUE_BYTES, "unknown vif", "vif 7B is reserved; the norm leaves the record empty"},
    {"REL-Relay-Padpuls2", 1, HENG_VALUE_NONE, "invalid time", "bit 7 of the minute: the clock is not valid"},
    {"siemens_water", 3, HENG_VALUE_NONE, "not set", "day 0, month 0"},
    {"siemens_wfh21", 3, HENG_VALUE_NONE, "not set", "day 0, month 0"},
    {"landis+gyr_ultraheat_t230", 19, HENG_VALUE_NONE, "not set", "vife 6F: a time point, not a power"},
    {"landis+gyr_ultraheat_t230", 20, HENG_VALUE_NONE, "not set", "vife 6F: a time point, not a flow"},
    {"landis+gyr_ultraheat_t230", 21, HENG_VALUE_DATETIME, "2011-08-26T20:50", "vife 6F: when the maximum ended"},
    {"landis+gyr_ultraheat_t230", 22, HENG_VALUE_DATETIME, "2011-08-09T11:43", "vife 6F: when the maximum ended"},
    {"landis+gyr_ultraheat_t230", 32, HENG_VALUE_NONE, "recurring date", "year 127: every year on 1 January"},
};

static const struct {
    const char *theirs;
    heng_quantity ours;
} quantities[] = {
    {"Energy", HENG_QUANTITY_ENERGY},
    {"Power", HENG_QUANTITY_POWER},
    {"Volume", HENG_QUANTITY_VOLUME},
    {"Volume flow", HENG_QUANTITY_VOLUME_FLOW},
    {"Time point (date)", HENG_QUANTITY_DATE},
    {"Time point (date & time)", HENG_QUANTITY_DATETIME},
    {"Voltage", HENG_QUANTITY_VOLTAGE},
    {"Current", HENG_QUANTITY_CURRENT},
    {"Flow temperature", HENG_QUANTITY_FLOW_TEMPERATURE},
    {"Return temperature", HENG_QUANTITY_RETURN_TEMPERATURE},
    {"External temperature", HENG_QUANTITY_EXTERNAL_TEMPERATURE},
    {"Temperature difference", HENG_QUANTITY_TEMPERATURE_DIFFERENCE},
    {"Fabrication No", HENG_QUANTITY_FABRICATION_NUMBER},
    {"Operating time", HENG_QUANTITY_OPERATING_TIME},
    {"On time", HENG_QUANTITY_ON_TIME},
    {"Error flags", HENG_QUANTITY_ERROR_FLAGS},
    {"Dimensionless", HENG_QUANTITY_DIMENSIONLESS},
    {"%RH", HENG_QUANTITY_RELATIVE_HUMIDITY},
    {"Manufacturer specific", HENG_QUANTITY_UNKNOWN},
    {"Software version", HENG_QUANTITY_SOFTWARE_VERSION},
    {"Firmware version", HENG_QUANTITY_FIRMWARE_VERSION},
    {"Averaging Duration", HENG_QUANTITY_AVERAGING_DURATION},
    {"H.C.A.", HENG_QUANTITY_HCA_UNITS},
    {"Reserved", HENG_QUANTITY_UNKNOWN},
    {"Parameter set identification", HENG_QUANTITY_PARAMETER_SET},
    {"Model / Version", HENG_QUANTITY_MODEL_VERSION},
    {"Digital Input", HENG_QUANTITY_DIGITAL_INPUT},
    {"Digital Output", HENG_QUANTITY_DIGITAL_OUTPUT},
    {"Customer location", HENG_QUANTITY_CUSTOMER_LOCATION},
    {"c", HENG_QUANTITY_TEXT_UNIT},
    {"C", HENG_QUANTITY_TEXT_UNIT},
    {"PW", HENG_QUANTITY_TEXT_UNIT},
    {"cust. ID", HENG_QUANTITY_TEXT_UNIT},
    {"bat. time", HENG_QUANTITY_TEXT_UNIT},
    {"Medium", HENG_QUANTITY_DEVICE_TYPE},
    {"(Enhanced) Identification", HENG_QUANTITY_ENHANCED_ID},
    {"Special supplier information", HENG_QUANTITY_SPECIAL_SUPPLIER_INFORMATION},
    {"Reset counter", HENG_QUANTITY_RESET_COUNTER},
    {"Actuality Duration", HENG_QUANTITY_ACTUALITY_DURATION},
};

static const struct {
    const char *theirs;
    heng_unit ours;
    int exp; /* theirs x 10^exp = ours: fixed data is stated in its own units */
} units[] = {
    {"Wh", HENG_UNIT_WH, 0},
    {"J", HENG_UNIT_J, 0},
    {"m^3", HENG_UNIT_M3, 0},
    {"m^3/h", HENG_UNIT_M3_H, 0},
    {"W", HENG_UNIT_W, 0},
    {"V", HENG_UNIT_V, 0},
    {"A", HENG_UNIT_A, 0},
    {"K", HENG_UNIT_K, 0},
    {"s", HENG_UNIT_S, 0},
    {"\xC3\x82\xC2\xB0"
     "C",
     HENG_UNIT_DEG_C, 0},
    {"kWh", HENG_UNIT_WH, 3},
    {"l", HENG_UNIT_M3, -3},
    {"reserved but historic", HENG_UNIT_M3, -3}, /* the other counter's litres */
    {"Units for H.C.A.", HENG_UNIT_HCA, 0},
};

/* One stated record: r4=[Instantaneous value|st0|ta-|de-|Volume|m^3]0.031000 */
struct stated {
    char function[64], quantity[64], unit[64], value[1200];
    unsigned storage, tariff, subunit;
};

static unsigned number_or_zero(const char *text) { return text[0] == '-' ? 0 : (unsigned)strtoul(text, NULL, 10); }

static bool find_stated(const struct row *row, unsigned i, struct stated *ret)
{
    char key[16], text[2048];
    snprintf(key, sizeof key, "r%u=[", i);
    if (!row_states(row, key, text, sizeof text)) return false;
    char *end = strchr(text, ']'), *rest = text, *part[6];
    assert_non_null(end);
    snprintf(ret->value, sizeof ret->value, "%s", end + 1);
    *end = '\0';
    for (int k = 0; k < 6; k++) {
        part[k] = strsep(&rest, "|");
        assert_non_null(part[k]);
    }
    snprintf(ret->function, sizeof ret->function, "%s", part[0]);
    ret->storage = number_or_zero(part[1] + 2);
    ret->tariff = number_or_zero(part[2] + 2);
    ret->subunit = number_or_zero(part[3] + 2);
    snprintf(ret->quantity, sizeof ret->quantity, "%s", part[4]);
    snprintf(ret->unit, sizeof ret->unit, "%s", part[5]);
    return true;
}

static void civil_text(const struct heng_record *record, char *ret_text, size_t cap)
{
    const struct heng_civil *c = &record->civil;
    if (record->kind == HENG_VALUE_DATE)
        snprintf(ret_text, cap, "%04d-%02u-%02u", c->year, c->month, c->day);
    else
        snprintf(ret_text, cap, "%04d-%02u-%02uT%02u:%02u:%02uZ", c->year, c->month, c->day, c->hour, c->minute,
                 c->second);
}

static double as_double(struct heng_dec dec) { return (double)dec.mantissa * pow(10, dec.exp); }

/* theirs is printed with six decimals; a single has 24 bits. Everything else must be equal as a decimal. */
static bool number_matches(const struct heng_record *record, const struct stated *stated, bool single)
{
    struct heng_dec theirs;
    if (heng_dec_parse(stated->value, &theirs, NULL) != HENG_OK) return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].theirs, stated->unit) == 0)
            assert_int_equal(heng_dec_shift(theirs, units[i].exp, &theirs), HENG_OK);
    if (!single) return heng_dec_cmp(record->dec, theirs) == 0;
    double a = as_double(record->dec), b = as_double(theirs);
    return fabs(a - b) <= 5.01e-7 + fabs(a) * 1.2e-7;
}

static bool text_matches(const struct heng_record *record, const char *theirs)
{
    if (strlen(theirs) != record->data.n) return false;
    for (size_t i = 0; i < record->data.n; i++)
        if (record->data.p[record->text_reversed ? record->data.n - 1 - i : i] != (uint8_t)theirs[i]) return false;
    return true;
}

/* Raw bytes: stated as an integer, or as hex in wire order or high byte first. */
static bool bytes_match(const struct heng_record *record, const char *theirs)
{
    char hex[2048], reversed[2048];
    uint8_t back[512];
    assert_true(record->data.n <= sizeof back);
    for (size_t i = 0; i < record->data.n; i++) back[i] = record->data.p[record->data.n - 1 - i];
    assert_int_equal(heng_hex_format(record->data, ' ', hex, sizeof hex), HENG_OK);
    assert_int_equal(heng_hex_format(heng_slice_of(back, record->data.n), ' ', reversed, sizeof reversed), HENG_OK);
    if (strcmp(hex, theirs) == 0 || strcmp(reversed, theirs) == 0) return true;
    int64_t number = 0;
    for (size_t i = 0; i < record->data.n && i < 8; i++) number |= (int64_t)record->data.p[i] << (8 * i);
    struct heng_dec stated;
    return heng_dec_parse(theirs, &stated, NULL) == HENG_OK && heng_dec_cmp((struct heng_dec){number, 0}, stated) == 0;
}

static bool value_matches(const struct heng_record *record, const struct stated *stated, bool single)
{
    char text[64];
    switch (record->kind) {
    case HENG_VALUE_DEC: return number_matches(record, stated, single);
    case HENG_VALUE_TEXT: return text_matches(record, stated->value);
    case HENG_VALUE_DATE:
    case HENG_VALUE_DATETIME: civil_text(record, text, sizeof text); return strcmp(text, stated->value) == 0;
    case HENG_VALUE_BYTES: return bytes_match(record, stated->value);
    case HENG_VALUE_TIME:
    case HENG_VALUE_NONE: break;
    }
    return false;
}

static void check_key(const struct row *row, unsigned i, const struct heng_record *record, const struct stated *stated)
{
    static const struct {
        const char *theirs;
        heng_function ours;
    } functions[] = {{"Instantaneous value", HENG_FUNCTION_INSTANTANEOUS},
                     {"Maximum value", HENG_FUNCTION_MAXIMUM},
                     {"Minimum value", HENG_FUNCTION_MINIMUM},
                     {"Value during error state", HENG_FUNCTION_ERROR},
                     {"Actual value", HENG_FUNCTION_INSTANTANEOUS}};
    bool found = false;
    for (size_t k = 0; k < sizeof functions / sizeof functions[0]; k++)
        if (strcmp(functions[k].theirs, stated->function) == 0) found = functions[k].ours == record->function;
    if (!found)
        fail_msg("%s r%u: function is %s, not %s", row->source, i, heng_function_text(record->function),
                 stated->function);
    if (strcmp(stated->function, "Actual value") == 0) return; /* fixed data states nothing else */
    assert_int_equal(record->storage, stated->storage);
    assert_int_equal(record->tariff, stated->tariff);
    assert_int_equal(record->subunit, stated->subunit);
    found = false;
    for (size_t k = 0; k < sizeof quantities / sizeof quantities[0]; k++)
        if (strcmp(quantities[k].theirs, stated->quantity) == 0)
            found = found || quantities[k].ours == record->quantity;
    if (!found)
        fail_msg("%s r%u: quantity is %s, not %s", row->source, i, heng_quantity_text(record->quantity),
                 stated->quantity);
    for (size_t k = 0; k < sizeof units / sizeof units[0]; k++)
        if (strcmp(units[k].theirs, stated->unit) == 0 && record->unit != units[k].ours)
            fail_msg("%s r%u: unit is %s, not %s", row->source, i, heng_unit_text(record->unit), stated->unit);
}

/* True when the record is one of the exceptions, and then it must be what the exception says. */
static bool is_exception(const struct row *row, unsigned i, const struct heng_record *record)
{
    for (size_t k = 0; k < sizeof exceptions / sizeof exceptions[0]; k++) {
        if (exceptions[k].record != i || !strstr(row->source, exceptions[k].source)) continue;
        assert_int_equal(record->kind, exceptions[k].kind);
        if (record->kind == HENG_VALUE_DATETIME) {
            char text[64];
            civil_text(record, text, sizeof text);
            assert_memory_equal(text, exceptions[k].text, strlen(exceptions[k].text));
        } else {
            assert_string_equal(record->reason, exceptions[k].text);
        }
        printf("# %s r%u differs: %s\n", exceptions[k].source, i, exceptions[k].why);
        return true;
    }
    return false;
}

/* Compare all records; the norm's marks "Manufacturer specific" and "More records follow" without bytes are no
 * records of ours. Returns how many were compared. */
static unsigned check_records(const struct row *row, const struct heng_telegram *t, unsigned *ret_exceptions)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    struct stated stated;
    unsigned i = 0, compared = 0;
    bool mark_more = false;
    while (heng_mbus_codec.next(&records, &record, NULL) == HENG_OK) {
        if (!find_stated(row, i, &stated)) fail_msg("%s: more than the stated %u records", row->source, i);
        compared++;
        if (is_exception(row, i, &record)) {
            (*ret_exceptions)++;
        } else {
            if (record.quantity == HENG_QUANTITY_MANUFACTURER_DATA)
                mark_more = strcmp(stated.function, "More records follow") == 0;
            else
                check_key(row, i, &record, &stated);
            bool single = t->kind == HENG_TELEGRAM_VARIABLE && (t->frame.p[record.at] & 0x0F) == 5;
            if (!value_matches(&record, &stated, single))
                fail_msg("%s r%u: kind %d, stated %s", row->source, i, (int)record.kind, stated.value);
        }
        i++;
    }
    while (find_stated(row, i, &stated)) {
        assert_string_equal(stated.value, "");
        mark_more = mark_more || strcmp(stated.function, "More records follow") == 0;
        i++;
    }
    assert_int_equal(records.more, mark_more);
    assert_int_equal(t->more, mark_more);
    return compared;
}

static void check_header(const struct row *row, const struct heng_telegram *t)
{
    static const struct {
        const char *theirs;
        heng_medium ours;
    } media[] = {{"Water", HENG_MEDIUM_WATER},
                 {"Heat: Outlet", HENG_MEDIUM_HEAT},
                 {"Heat", HENG_MEDIUM_HEAT},
                 {"Other", HENG_MEDIUM_OTHER},
                 {"Oil", HENG_MEDIUM_OIL},
                 {"Gas", HENG_MEDIUM_GAS},
                 {"Electricity", HENG_MEDIUM_ELECTRICITY},
                 {"Heat / Cooling load meter", HENG_MEDIUM_HEAT_COOLING},
                 {"Heat Cost Allocator", HENG_MEDIUM_HEAT_COST_ALLOCATOR},
                 {"Breaker: Electricity", HENG_MEDIUM_BREAKER},
                 {"Warm water (30-90", HENG_MEDIUM_WARM_WATER}};
    char text[256];
    const char *id = t->id;
    while (*id == '0' && id[1]) id++;
    assert_true(row_states(row, "id=", text, sizeof text));
    assert_string_equal(id, text);
    if (row_states(row, "manufacturer=", text, sizeof text)) assert_string_equal(t->manufacturer, text);
    if (row_states(row, "version=", text, sizeof text)) assert_int_equal(t->version, strtol(text, NULL, 10));
    assert_true(row_states(row, "accessnumber=", text, sizeof text));
    assert_int_equal(t->access, strtol(text, NULL, 10));
    assert_true(row_states(row, "status=", text, sizeof text));
    assert_int_equal(t->status, strtol(text, NULL, 16));
    assert_true(row_states(row, "medium=", text, sizeof text));
    bool found = false;
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++)
        if (strncmp(media[i].theirs, text, strlen(media[i].theirs)) == 0) found = found || media[i].ours == t->medium;
    if (!found) fail_msg("%s: medium is %s, not %s", row->source, heng_medium_text(t->medium), text);
}

static void test_good_frames_have_the_stated_values(void **state)
{
    (void)state;
    unsigned frames = 0, compared = 0, excepted = 0;
    corpus_load(&corpus, "mbus-wired.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_telegram t;
        size_t used;
        char text[64];
        if (row_states(row, "class=", text, sizeof text)) continue;
        assert_int_equal(heng_mbus_codec.decode(row_slice(row), &t, &used, NULL), HENG_OK);
        assert_int_equal(used, row->n);
        check_header(row, &t);
        compared += check_records(row, &t, &excepted);
        frames++;
    }
    printf("# %u frames, %u records compared, %u of them documented exceptions\n", frames, compared, excepted);
    assert_int_equal(frames, 49);
    assert_int_equal(excepted, sizeof exceptions / sizeof exceptions[0]);
    assert_true(compared > 600);
}

static bool is_refused(const struct row *row)
{
    struct heng_str out = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MBUS, row_slice(row));
    heng_present_json(&capture, NULL, &json);
    heng_rc rc = capture.rc;
    bool says_so = strncmp(out.text, "{\"ok\":false", 11) == 0;
    heng_str_fini(&out);
    assert_int_equal(rc != HENG_OK, says_so);
    return says_so;
}

static void test_bad_frames_are_refused_and_error_reports_are_named(void **state)
{
    (void)state;
    unsigned refused = 0, reports = 0, accepted = 0;
    corpus_load(&corpus, "mbus-wired.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        char name[64], text[64];
        struct heng_telegram t;
        size_t used;
        if (!row_states(row, "name=", name, sizeof name)) continue;
        if (row_states(row, "app_error=", text, sizeof text)) {
            assert_int_equal(heng_mbus_codec.decode(row_slice(row), &t, &used, NULL), HENG_OK);
            assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
            if (row->n > 9) assert_int_equal(t.error_code, row->bytes[7]);
            reports++;
        } else if (strncmp(name, "manual_frame", 12) == 0 || strcmp(name, "svm_f22_telegram2") == 0) {
            /* Only unsupported by the library of the norm files: valid commands, and 1F as the first record. */
            assert_false(is_refused(row));
            accepted++;
        } else {
            if (!is_refused(row)) fail_msg("%s was accepted", name);
            refused++;
        }
    }
    assert_int_equal(reports, 8);
    assert_int_equal(accepted, 3);
    assert_int_equal(refused, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_frames_have_the_stated_values),
        cmocka_unit_test(test_bad_frames_are_refused_and_error_reports_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
