/* Every row of tests/golden/cjt188.tsv: bad checks are refused, stated values match, requests are recognised. */
#include "corpus.h"

#include "codec/cjt188.h"
#include "codec/present.h"

static struct corpus corpus;

/* What a row states about an answer, name by name, and the record that it means. */
static const struct {
    const char *name;
    heng_quantity quantity;
    unsigned storage;
    int exp, factor; /* stated x 10^exp x factor = our value */
} names[] = {
    {"total", HENG_QUANTITY_VOLUME, 0, 0, 1},
    {"month", HENG_QUANTITY_VOLUME, 1, 0, 1},
    {"day", HENG_QUANTITY_VOLUME, 1, 0, 1},
    {"volume", HENG_QUANTITY_VOLUME, 0, 0, 1},
    {"cold", HENG_QUANTITY_ENERGY_COOLING, 0, 3, 1},
    {"heat", HENG_QUANTITY_ENERGY_HEAT, 0, 3, 1},
    {"current", HENG_QUANTITY_ENERGY_HEAT, 0, 3, 1},
    {"power", HENG_QUANTITY_POWER, 0, 0, 1},
    {"flow", HENG_QUANTITY_VOLUME_FLOW, 0, 0, 1},
    {"supply", HENG_QUANTITY_FLOW_TEMPERATURE, 0, 0, 1},
    {"return", HENG_QUANTITY_RETURN_TEMPERATURE, 0, 0, 1},
    {"hours", HENG_QUANTITY_OPERATING_TIME, 0, 0, 3600},
};

/* What the makers' sheets say: Plou and Tiangang (1111) and their clones, which alone use the types 25 to 27, send the
 * cooling energy in the settlement field and flows with four decimals; LCR (4259) flows with three. NULL: nothing. */
static const struct heng_dialect *dialect_of(const struct heng_telegram *t)
{
    static struct heng_dialect plou, lcr;
    plou = lcr = heng_dialect_standard;
    plou.cjt188.settlement_is_cooling = true;
    plou.cjt188.flow_decimals = 4;
    lcr.cjt188.flow_decimals = 3;
    if (t->ci >> 4 != 2) return NULL;
    if (strcmp(t->manufacturer, "4259") == 0) return &lcr;
    bool clone = t->ci >= 0x25 && t->ci <= 0x27;
    return clone || strcmp(t->manufacturer, "1111") == 0 ? &plou : NULL;
}

/* Decode as a driver that knows the meter's model. */
static heng_rc decode(struct heng_slice in, struct heng_telegram *ret)
{
    size_t used;
    heng_rc rc = heng_cjt188_codec.decode(in, ret, &used, NULL);
    if (rc == HENG_OK) heng_telegram_use(ret, dialect_of(ret));
    return rc;
}

static bool find_record(const struct heng_telegram *t, heng_quantity quantity, uint64_t storage,
                        struct heng_record *ret)
{
    struct heng_records records = heng_telegram_records(t);
    while (heng_cjt188_codec.next(&records, ret, NULL) == HENG_OK)
        if (ret->quantity == quantity && ret->storage == storage) return true;
    return false;
}

static void check_number(const struct heng_telegram *t, const char *name, const char *value)
{
    char number[32];
    struct heng_dec stated;
    struct heng_record record;
    heng_quantity quantity = HENG_QUANTITY_COUNT;
    uint64_t storage = 0;
    size_t n = strspn(value, "0123456789.");
    assert_true(n < sizeof number);
    memcpy(number, value, n);
    number[n] = '\0';
    assert_int_equal(heng_dec_parse(number, &stated, NULL), HENG_OK);
    if (strcmp(name, "settle") == 0) {
        storage = 1;
        quantity = strstr(value, "kWh") ? HENG_QUANTITY_ENERGY_HEAT : HENG_QUANTITY_VOLUME;
        if (strstr(value, "kWh")) stated.exp = (int8_t)(stated.exp + 3);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) != 0) continue;
        quantity = names[i].quantity;
        storage = names[i].storage;
        stated.exp = (int8_t)(stated.exp + names[i].exp);
        stated.mantissa *= names[i].factor;
    }
    if (!find_record(t, quantity, storage, &record)) fail_msg("no record for '%s'", name);
    assert_int_equal(record.kind, HENG_VALUE_DEC);
    if (heng_dec_cmp(record.dec, stated) != 0)
        fail_msg("%s is %lld e%d, stated %s", name, (long long)record.dec.mantissa, record.dec.exp, value);
}

static void check_time(const struct heng_telegram *t, const char *value)
{
    struct heng_record record;
    char ours[32];
    assert_true(find_record(t, HENG_QUANTITY_DATETIME, 0, &record));
    if (strcmp(value, "empty") == 0) {
        assert_int_equal(record.kind, HENG_VALUE_NONE);
        return;
    }
    assert_int_equal(record.kind, HENG_VALUE_DATETIME);
    const struct heng_civil *c = &record.civil;
    snprintf(ours, sizeof ours, "%04d-%02u-%02u %02u:%02u:%02u", c->year, c->month, c->day, c->hour, c->minute,
             c->second);
    assert_string_equal(ours, value);
}

/* One item, "supply 19.03 C" or "total=556677.00 m3". Returns 1 when it was a value. */
static unsigned check_item(const struct heng_telegram *t, char *item)
{
    char *name = item + strspn(item, " "), *value = name + strcspn(name, " =");
    if (*value == '\0') return 0;
    *value++ = '\0';
    if (strcmp(name, "time") == 0) {
        check_time(t, value);
        return 1;
    }
    if (strcmp(name, "ST") == 0) {
        unsigned st0 = (unsigned)strtoul(value, &value, 16), st1 = (unsigned)strtoul(value, NULL, 16);
        assert_true(t->has_status);
        assert_int_equal(t->status, st0 | st1 << 8);
        return 1;
    }
    if (strcmp(name, "SER") == 0) {
        assert_int_equal(t->ser, strtoul(value, NULL, 16));
        return 1;
    }
    bool is_value = strcmp(name, "settle") == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) is_value = is_value || strcmp(names[i].name, name) == 0;
    if (!is_value) return 0;
    check_number(t, name, value);
    return 1;
}

/* All items of an answer, between ';' and ','; other words (vendor, note, links) are passed over. */
static unsigned check_answer(const struct row *row, const struct heng_telegram *t)
{
    static char text[STATED_MAX];
    unsigned checked = 0;
    char *rest = text, *item;
    snprintf(text, sizeof text, "%s", row->stated);
    while ((item = strsep(&rest, ";,"))) {
        if (strncmp(item, "note=", 5) == 0 || strncmp(item, "_link=", 6) == 0) continue;
        if (strncmp(item, "_derived=", 9) == 0) item += 9;
        checked += check_item(t, item);
    }
    return checked;
}

static void test_answers_have_the_stated_values(void **state)
{
    (void)state;
    unsigned answers = 0, requests = 0, refused = 0, checked = 0;
    corpus_load(&corpus, "cjt188.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_telegram t;
        heng_rc rc = decode(row_slice(row), &t);
        if (strstr(row->stated, "cs=BAD")) {
            assert_int_equal(rc, HENG_ECHECKSUM);
            refused++;
            continue;
        }
        if (strcmp(row->protocol, "cjt188") != 0) { /* looks alike, sums differently */
            assert_int_not_equal(rc, HENG_OK);
            refused++;
            continue;
        }
        assert_int_equal(rc, HENG_OK);
        bool answer = strstr(row->stated, "dir=resp") != NULL;
        assert_int_equal(t.from_meter, answer);
        if (answer) {
            answers++;
            checked += check_answer(row, &t);
        } else {
            requests++;
            assert_true(t.kind == HENG_TELEGRAM_REQUEST || t.kind == HENG_TELEGRAM_COMMAND);
        }
    }
    printf("# %u answers, %u requests, %u refused, %u values compared\n", answers, requests, refused, checked);
    assert_int_equal(answers + requests + refused, corpus.count);
    assert_int_equal(refused, 3);
    assert_int_equal(checked, 66);
}

static void test_both_byte_orders_of_the_identifier(void **state)
{
    (void)state;
    unsigned swapped = 0, straight = 0;
    for (size_t i = 0; i < corpus.count; i++) {
        struct heng_telegram t;
        size_t used;
        if (heng_cjt188_codec.decode(row_slice(&corpus.rows[i]), &t, &used, NULL) != HENG_OK) continue;
        if (t.di != 0x901F) continue;
        assert_int_equal(t.frame.p[11], t.di_swapped ? 0x1F : 0x90);
        swapped += t.di_swapped;
        straight += !t.di_swapped;
    }
    assert_true(swapped >= 8 && straight >= 8);
}

/* A heat answer of 46 data bytes around the given fields, the flow in a unit; the rest is plausible. */
static struct heng_slice heat_answer_with(uint8_t bytes[64], uint8_t type, const char *id, uint32_t power,
                                          uint32_t flow, uint8_t flow_unit, uint32_t supply, uint32_t back)
{
    uint8_t payload[43];
    struct heng_buf p = heng_buf_of(payload, sizeof payload), buf = heng_buf_of(bytes, 64);
    heng_buf_le(&p, 0x00012345, 4);
    heng_buf_u8(&p, 0x05);
    heng_buf_le(&p, 0x00678900, 4);
    heng_buf_u8(&p, 0x05);
    heng_buf_le(&p, power, 4);
    heng_buf_u8(&p, 0x17);
    heng_buf_le(&p, flow, 4);
    heng_buf_u8(&p, flow_unit);
    heng_buf_le(&p, 0x00100050, 4);
    heng_buf_u8(&p, 0x2C);
    heng_buf_le(&p, supply, 3);
    heng_buf_le(&p, back, 3);
    heng_buf_le(&p, 0x001234, 3);
    heng_buf_le(&p, UINT64_C(0x20261120123456), 7);
    heng_buf_le(&p, 0, 2);
    struct heng_cjt188_frame frame = {
        .type = type, .control = 0x81, .di = 0x901F, .di_swapped = true, .payload = heng_buf_slice(&p)};
    snprintf(frame.id, sizeof frame.id, "%s", id);
    assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_OK);
    return heng_buf_slice(&buf);
}

static struct heng_slice heat_answer(uint8_t bytes[64], uint8_t type, const char *id, uint32_t power, uint32_t flow,
                                     uint32_t supply, uint32_t back)
{
    return heat_answer_with(bytes, type, id, power, flow, 0x35, supply, back);
}

static struct heng_record record_of(struct heng_slice in, heng_quantity quantity, uint64_t storage)
{
    struct heng_telegram t;
    struct heng_record record;
    assert_int_equal(decode(in, &t), HENG_OK);
    assert_true(find_record(&t, quantity, storage, &record));
    return record;
}

static void assert_dec(struct heng_record record, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    assert_int_equal(record.kind, HENG_VALUE_DEC);
    heng_dec_format(record.dec, ours);
    assert_string_equal(ours, text);
}

static void assert_none(struct heng_record record, const char *reason)
{
    assert_int_equal(record.kind, HENG_VALUE_NONE);
    assert_string_equal(record.reason, reason);
}

static void test_flow_has_the_decimals_that_fit_the_power(void **state)
{
    (void)state;
    uint8_t bytes[64];
    /* Raw flow 9310 at 4.43 K and 4.75 kW: only 0.9310 m3/h fits, as on the meter of the field note. */
    struct heng_slice in = heat_answer(bytes, 0x20, "11110000000001", 0x475, 0x9310, 0x5443, 0x5000);
    assert_dec(record_of(in, HENG_QUANTITY_VOLUME_FLOW, 0), "0.9310");
    assert_dec(record_of(in, HENG_QUANTITY_POWER, 0), "4750");
    /* The same from a vendor with three decimals would be 9.310 m3/h: ten times too much heat. */
    in = heat_answer(bytes, 0x20, "42590000000001", 0x475, 0x9310, 0x5443, 0x5000);
    assert_none(record_of(in, HENG_QUANTITY_VOLUME_FLOW, 0), "scale unclear");
    in = heat_answer(bytes, 0x20, "42590000000001", 0x475, 0x0931, 0x5443, 0x5000);
    assert_dec(record_of(in, HENG_QUANTITY_VOLUME_FLOW, 0), "0.931");
    in = heat_answer(bytes, 0x25, "00000000000001", 0x475, 0x0931, 0x5443, 0x5000);
    assert_none(record_of(in, HENG_QUANTITY_VOLUME_FLOW, 0), "scale unclear");
}

/* Flow of a heat answer of any vendor; all BCD. 4.75 kW at 4.43 K is a flow of 0.922 m3/h. */
static void test_flow_of_unknown_vendors_has_the_decimals_of_physics(void **state)
{
    (void)state;
    static const char any[] = "00310000000001", plou[] = "11110000000001", lcr[] = "42590000000001";
    static const struct {
        const char *id;
        uint32_t power, flow, supply, back;
        uint8_t unit;
        const char *value; /* NULL: scale unclear */
    } cases[] = {
        {any, 0x475, 0x9310, 0x5443, 0x5000, 0x35, "0.9310"},
        {any, 0x475, 0x931, 0x5443, 0x5000, 0x35, "0.931"},
        {any, 0x475, 0x93, 0x5443, 0x5000, 0x35, "0.93"},
        {any, 0x475, 0x9, 0x5443, 0x5000, 0x35, NULL},      /* one decimal */
        {any, 0x475, 0x93100, 0x5443, 0x5000, 0x35, NULL},  /* five */
        {any, 0x475, 0x931, 0x5000, 0x5443, 0x35, "0.931"}, /* cooling */
        {any, 0x475, 0, 0x5443, 0x5000, 0x35, "0.0000"},
        {any, 0, 0, 0x5000, 0x5000, 0x35, "0.0000"},
        /* Where the check begins: 0.50 K, 0.05 kW, raw 5. */
        {any, 0x50, 0x860, 0x5050, 0x5000, 0x35, "0.860"},
        {any, 0x50, 0x860, 0x5049, 0x5000, 0x35, NULL},
        {any, 0x5, 0x86, 0x5050, 0x5000, 0x35, "0.086"},
        {any, 0x4, 0x86, 0x5050, 0x5000, 0x35, NULL},
        {any, 0x58, 0x5, 0x6000, 0x5000, 0x35, "0.05"},
        {any, 0x58, 0x4, 0x6000, 0x5000, 0x35, NULL},
        {any, 0x99999999, 0x931, 0x5443, 0x5000, 0x35, NULL}, /* no power */
        {any, 0x475, 0x931, 0xFFFFFF, 0x5000, 0x35, NULL},    /* no temperature */
        /* A factor of 3 either way: 1.163 x 0.931 x 4.43 K = 4.797 kW. */
        {any, 0x1438, 0x931, 0x5443, 0x5000, 0x35, "0.931"},
        {any, 0x1439, 0x931, 0x5443, 0x5000, 0x35, NULL},
        {any, 0x160, 0x931, 0x5443, 0x5000, 0x35, "0.931"},
        {any, 0x159, 0x931, 0x5443, 0x5000, 0x35, NULL},
        /* L/h: 922 L/h with 2, 3, 4 decimals; none of them; cannot be checked, even for a known model. */
        {any, 0x475, 0x93100, 0x5443, 0x5000, 0x32, "0.93100"},
        {any, 0x475, 0x931000, 0x5443, 0x5000, 0x32, "0.931000"},
        {any, 0x475, 0x9310000, 0x5443, 0x5000, 0x32, "0.9310000"},
        {any, 0x475, 0x9310, 0x5443, 0x5000, 0x32, NULL},
        {plou, 0x475, 0x93100, 0x5443, 0x5000, 0x32, "0.93100"},
        {plou, 0, 0x93100, 0x5443, 0x5000, 0x32, NULL},
        /* Known models keep their scale where nothing can be checked. */
        {plou, 0x475, 0x93100, 0x5040, 0x5000, 0x35, "9.3100"},
        {plou, 0, 0x93100, 0x5443, 0x5000, 0x35, "9.3100"},
        {plou, 0x475, 0x931, 0x5443, 0x5000, 0x35, NULL}, /* their scale, and not another that would fit */
        {lcr, 0, 0x931, 0x5443, 0x5000, 0x35, "0.931"},
        {lcr, 0, 0, 0x5443, 0x5000, 0x35, "0.000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[64];
        char text[HENG_DEC_TEXT_MAX];
        struct heng_slice in = heat_answer_with(bytes, 0x20, cases[i].id, cases[i].power, cases[i].flow, cases[i].unit,
                                                cases[i].supply, cases[i].back);
        struct heng_record flow = record_of(in, HENG_QUANTITY_VOLUME_FLOW, 0);
        snprintf(text, sizeof text, "%s", flow.reason ? flow.reason : "");
        if (flow.kind == HENG_VALUE_DEC) heng_dec_format(flow.dec, text);
        const char *expected = cases[i].value ? cases[i].value : "scale unclear";
        if (strcmp(text, expected) != 0) fail_msg("case %zu: %s, not %s", i, text, expected);
    }
}

static void test_settlement_field_is_cooling_energy_for_some(void **state)
{
    (void)state;
    uint8_t bytes[64];
    static const struct {
        uint8_t type;
        const char *id;
        bool cooling;
    } cases[] = {{0x20, "11110000000001", true},
                 {0x20, "00000000000001", false},
                 {0x25, "00000000000001", true},
                 {0x27, "00310000000001", true},
                 {0x20, "42590000000001", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_slice in = heat_answer(bytes, cases[i].type, cases[i].id, 0, 0, 0x5000, 0x5000);
        assert_dec(record_of(in, cases[i].cooling ? HENG_QUANTITY_ENERGY_COOLING : HENG_QUANTITY_ENERGY_HEAT,
                             cases[i].cooling ? 0 : 1),
                   "123450");
        assert_dec(record_of(in, HENG_QUANTITY_ENERGY_HEAT, 0), "6789000");
    }
}

static void test_absent_and_impossible_values_are_no_numbers(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct heng_slice in = heat_answer(bytes, 0x20, "00000000000001", 0xFFFFFFFF, 0x99999999, 0x805012, 0x12A4);
    assert_none(record_of(in, HENG_QUANTITY_POWER, 0), "not available");
    assert_none(record_of(in, HENG_QUANTITY_VOLUME_FLOW, 0), "not available");
    assert_none(record_of(in, HENG_QUANTITY_FLOW_TEMPERATURE, 0), "out of range");
    assert_none(record_of(in, HENG_QUANTITY_RETURN_TEMPERATURE, 0), "invalid bcd");
    assert_dec(record_of(in, HENG_QUANTITY_OPERATING_TIME, 0), "4442400");
}

/* Every unit code of the energy, power, volume and flow families on a water or heat answer. */
static void test_unit_codes_give_powers_of_ten(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        const char *volume;
    } codes[] = {{0x26, "0.00000012"}, {0x29, "0.00012"}, {0x2A, "0.0012"},
                 {0x2B, "0.012"},      {0x2C, "0.12"},    {0x2E, "12"}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        uint8_t payload[19] = {0x12, 0, 0, 0, codes[i].code, 0, 0, 0, 0, codes[i].code}, bytes[64];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_cjt188_frame frame = {
            .type = 0x10, .control = 0x81, .di = 0x901F, .id = "00000000000001", .payload = {payload, sizeof payload}};
        assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_OK);
        struct heng_record bare = record_of(heng_buf_slice(&buf), HENG_QUANTITY_VOLUME, 0), told;
        if (codes[i].code < 0x2C)
            assert_none(bare, "scale unclear"); /* hundredths by the standard, whole litres by meters */
        else
            assert_dec(bare, codes[i].volume);
        struct heng_dialect two_decimals = heng_dialect_standard;
        two_decimals.cjt188.total_decimals = 2;
        struct heng_telegram t;
        assert_int_equal(decode(heng_buf_slice(&buf), &t), HENG_OK);
        heng_telegram_use(&t, &two_decimals);
        assert_true(find_record(&t, HENG_QUANTITY_VOLUME, 0, &told));
        assert_dec(told, codes[i].volume);
    }
    uint8_t payload[19] = {0x12, 0, 0, 0, 0x05, 0, 0, 0, 0, 0x05}, bytes[64]; /* kWh is no unit of a volume */
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_cjt188_frame frame = {
        .type = 0x10, .control = 0x81, .di = 0x901F, .id = "00000000000001", .payload = {payload, sizeof payload}};
    assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_OK);
    assert_none(record_of(heng_buf_slice(&buf), HENG_QUANTITY_VOLUME, 0), "unknown unit");
}

static void test_error_answers_of_any_length(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 6; n++) {
        /* 68 10 A0..A6 C1 L data CS 16, data = 05 04 00 ... */
        uint8_t bytes[32] = {0x68, 0x10, 1, 0, 0, 0, 0, 0, 0, 0xC1, (uint8_t)n, 0x05, 0x04};
        uint8_t sum = 0;
        for (size_t i = 0; i < 11 + n; i++) sum = (uint8_t)(sum + bytes[i]);
        bytes[11 + n] = sum;
        bytes[12 + n] = 0x16;
        struct heng_telegram t;
        size_t used;
        assert_int_equal(heng_cjt188_codec.decode(heng_slice_of(bytes, 13 + n), &t, &used, NULL), HENG_OK);
        assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
        if (n == 3) assert_int_equal(t.status, 0x0004);
        if (n == 3) assert_int_equal(t.ser, 5);
        if (n == 1) assert_int_equal(t.error_code, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_have_the_stated_values),
        cmocka_unit_test(test_both_byte_orders_of_the_identifier),
        cmocka_unit_test(test_flow_has_the_decimals_that_fit_the_power),
        cmocka_unit_test(test_flow_of_unknown_vendors_has_the_decimals_of_physics),
        cmocka_unit_test(test_settlement_field_is_cooling_energy_for_some),
        cmocka_unit_test(test_absent_and_impossible_values_are_no_numbers),
        cmocka_unit_test(test_unit_codes_give_powers_of_ten),
        cmocka_unit_test(test_error_answers_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
