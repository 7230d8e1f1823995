/* Profiles: what a file says arrives where codecs and drivers look, mistakes are told with their place, samples are
 * run, and an answer finds its profile. The shipped files are taken as they are built in. */
#include "codec/present.h"
#include "meter/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hex.h"

static struct heng_profile parsed(const char *json, struct heng_arena *arena)
{
    struct heng_profile profile = {0};
    struct heng_err err = {0};
    if (heng_profile_parse(heng_slice_str(json), arena, &profile, &err) != HENG_OK)
        fail_msg("line %u: %s", err.at, err.text);
    return profile;
}

static void refused(const char *json, heng_rc rc, uint32_t line, const char *text)
{
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_profile profile = {.name = "untouched"};
    struct heng_err err = {0};
    assert_int_equal(heng_profile_parse(heng_slice_str(json), &arena, &profile, &err), rc);
    assert_string_equal(err.text, text);
    assert_int_equal(err.at, line);
    assert_string_equal(profile.name, "untouched");
    heng_arena_fini(&arena);
}

#define HEAD(protocol)                                                                                                 \
    "{\"name\": \"m\", \"title\": {\"en\": \"M\"}, \"source\": \"s\",\n\"protocols\": [\"" protocol                    \
    "\"], \"medium\": \"electricity\""

static void test_modbus_fields_become_a_dialect(void **state)
{
    (void)state;
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_profile p = parsed(
        HEAD(
            "modbus-tcp") ", \"ask\": [{\"code\": 4, \"address\": 97, \"count\": 6, \"optional\": true},"
                          "{\"address\": \"0x0010\", \"count\": 20}],"
                          "\"fields\": ["
                          "{\"address\": 99, \"code\": 4, \"type\": \"i32\", \"order\": \"CDAB\", \"scale\": \"-0.10\","
                          " \"unit\": \"kW\", \"quantity\": \"power\", \"qualifier\": \"L2\", \"absent\": "
                          "\"7FFFFFFF\"},"
                          "{\"address\": 20, \"type\": \"u32\", \"scale\": \"0.5\", \"unit\": \"h\","
                          " \"quantity\": \"operating time\", \"function\": \"maximum\", \"storage\": 2, \"tariff\": 3,"
                          " \"subunit\": 4},"
                          "{\"address\": 16, \"type\": \"u16\", \"unit\": \"L\", \"quantity\": \"volume\"},"
                          "{\"address\": 17, \"type\": \"bit\", \"bit\": 9, \"quantity\": \"relay state\"}]}",
        &arena);
    assert_int_equal(p.protocols, 1 << HENG_PROTOCOL_MODBUS_TCP);
    assert_int_equal(p.ask_count, 2);
    assert_true(p.asks[0].function_code == 4 && p.asks[0].di == 97 && p.asks[0].count == 6 && p.asks[0].optional);
    assert_true(p.asks[1].function_code == 3 && p.asks[1].di == 16 && p.asks[1].count == 20 && !p.asks[1].optional);
    assert_true(p.preamble == 0xFF && p.tries == 0 && p.baud == 0 && p.parity == 0 && !p.generic);
    assert_string_equal(p.title[2], "M");

    assert_int_equal(p.dialect.field_count, 4); /* in the order of code and address */
    const struct heng_field *f = p.dialect.fields;
    assert_true(f[0].di == 16 && f[0].factor == 1 && f[0].exp == -3 && f[0].unit == HENG_UNIT_M3 && f[0].bytes == 2);
    assert_true(f[1].di == 17 && f[1].coding == HENG_CODING_BIT && f[1].bit == 9 && f[1].bytes == 2);
    assert_true(f[2].di == 20 && f[2].factor == 5 * 3600 && f[2].exp == -1 && f[2].unit == HENG_UNIT_S);
    assert_true(f[2].function == HENG_FUNCTION_MAXIMUM && f[2].storage == 2 && f[2].tariff == 3 && f[2].subunit == 4);
    assert_true(f[3].function_code == 4 && f[3].di == 99 && f[3].coding == HENG_CODING_SIGNED && f[3].bytes == 4);
    assert_true(f[3].order == HENG_WORD_ORDER_CDAB && f[3].factor == -1 && f[3].exp == 2 && f[3].unit == HENG_UNIT_W);
    assert_true(f[3].has_absent && f[3].absent == 0x7FFFFFFF);
    assert_string_equal(f[3].qualifier, "L2");
    heng_arena_fini(&arena);
}

static void test_cjt188_and_mbus_members(void **state)
{
    (void)state;
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_profile p = parsed(
        HEAD("cjt188") ", \"generic\": true, \"recognise\": {\"manufacturer\": \"11A1\", \"types\": [\"20\", \"2f\"],"
                       "\"media\": [\"heat\"], \"id_prefix\": \"0012\"}, \"line\": {\"baud\": 2400, \"parity\": \"E\"},"
                       "\"timing\": {\"answer_ms\": 5000, \"idle_ms\": 30, \"tries\": 3, \"preamble\": 0},"
                       "\"ask\": [{\"di\": \"901F\"}, {\"di\": \"0A61\", \"control\": \"21\"}],"
                       "\"cjt188\": {\"di_order\": \"low-first\", \"flow_decimals\": 4, \"volume_decimals\": 0,"
                       "\"settlement_is_cooling\": true, \"status_byte\": 2, \"unit_order\": \"unit-first\","
                       "\"status_flags\": [{\"bit\": 5, \"name\": \"tamper\"}, {\"name\": \"leak\", \"bit\": 15}],"
                       "\"valve\": {\"open\": \"99\", \"close\": \"55\"}}}",
        &arena);
    assert_string_equal(p.recognition.manufacturer, "11A1");
    assert_true(p.recognition.type_count == 2 && p.recognition.types[1] == 0x2F && p.recognition.medium_count == 1);
    assert_string_equal(p.recognition.id_prefix, "0012");
    assert_true(p.baud == 2400 && p.parity == 'E' && p.answer_ms == 5000 && p.idle_ms == 30 && p.tries == 3);
    assert_true(p.preamble == 0 && p.generic && p.di_order == HENG_DI_ORDER_LOW_FIRST);
    assert_true(p.asks[0].di == 0x901F && p.asks[0].function_code == 1 && p.asks[1].function_code == 0x21);
    assert_true(p.dialect.cjt188.flow_decimals == 4 && p.dialect.cjt188.volume_decimals == 0);
    assert_int_equal(p.dialect.cjt188.energy_decimals, HENG_DECIMALS_UNKNOWN);
    assert_true(p.dialect.cjt188.settlement_is_cooling && p.dialect.cjt188.status_second);
    assert_int_equal(p.dialect.cjt188.unit_order, HENG_UNIT_ORDER_UNIT_FIRST);
    const struct heng_flag *flags = p.dialect.cjt188.status_flags;
    assert_true(flags[0].mask == 0x20 && flags[0].value == 0x20 && flags[1].mask == 0x8000 && flags[2].mask == 0);
    assert_string_equal(flags[0].name, "tamper");
    assert_string_equal(flags[1].name, "leak");
    assert_true(p.dialect.cjt188.valve_open == 0x99 && p.dialect.cjt188.valve_close == 0x55);

    p = parsed(HEAD("mbus") ", \"mbus\": {\"application_reset\": true, \"telegrams_max\": 3}, \"rules\": ["
                            "{\"match\": {\"vif\": \"84 3B\", \"tariff\": 1}, \"then\": {\"drop\": true}},"
                            "{\"match\": {\"quantity\": \"energy\", \"qualifier\": \"\"},"
                            " \"then\": {\"quantity\": \"heat energy\", \"storage\": 1, \"scale\": \"0.6\"}}]}",
               &arena);
    assert_true(p.application_reset && p.telegrams_max == 3 && p.dialect.rule_count == 2);
    const struct heng_record_rule *rule = p.dialect.rules;
    assert_true(rule[0].then.drop && rule[0].match.has_tariff &&
                heng_slice_eq(rule[0].match.vif, heng_slice_of("\x84\x3B", 2)));
    assert_true(rule[1].match.has_quantity && !rule[1].match.has_unit && rule[1].match.qualifier[0] == '\0');
    assert_true(rule[1].then.has_storage && rule[1].then.factor == 6 && rule[1].then.shift == -1);
    heng_arena_fini(&arena);
}

static void test_mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    refused("", HENG_EFORMAT, 1, "the text ends where an object should be");
    refused(HEAD("mbus") ",\n\"medum\": 1}", HENG_EFORMAT, 3,
            "'medum' is not known here: use $schema, name, title, source, protocols, medium, recognise, generic, line, "
            "timing, ...");
    refused(
        HEAD("modbus-rtu") ",\"ask\":[{\"address\":0,\"count\":2}],\"fields\":[\n"
                           "{\"address\":0,\"type\":\"u32\",\"unit\":\"kWhh\",\"quantity\":\"energy\"}]}",
        HENG_EFORMAT, 3,
        "fields[0].unit: 'kWhh' is not a unit: use Wh, kWh, MWh, GJ, m3, L, W, kW, V, A, kvarh, degC, h ... or \"\"");
    refused(HEAD("modbus-rtu") ",\"ask\":[{\"address\":0,\"count\":2}],\"fields\":[\n"
                               "{\"address\":0,\"type\":\"u32\",\"unit\":\"kW\",\"quantity\":\"energy\"}]}",
            HENG_EFORMAT, 3, "fields[0]: energy is not measured in 'kW': use Wh, kWh, MWh, J, GJ, cal ...");
    refused(HEAD("modbus-rtu") ",\"ask\":[{\"address\":0,\"count\":2}],\"fields\":[\n"
                               "{\"address\":1,\"type\":\"u32\",\"unit\":\"kWh\",\"quantity\":\"energy\"}]}",
            HENG_ECONFLICT, 3, "fields[0].address: no 'ask' with code 3 reads register 1 to 2");
    refused(HEAD("modbus-rtu") ",\"ask\":[{\"address\":0,\"count\":4}],\"fields\":[\n"
                               "{\"address\":0,\"type\":\"u32\",\"unit\":\"kWh\",\"quantity\":\"energy\"},\n"
                               "{\"address\":2,\"type\":\"u32\",\"unit\":\"Wh\",\"quantity\":\"energy\"}]}",
            HENG_ECONFLICT, 4,
            "fields[1]: is the same register as fields[0]: tell them apart by tariff, storage, subunit or qualifier");
    refused(HEAD("modbus-rtu") ",\"ask\":[{\"address\":0,\"count\":2}],\"fields\":[\n"
                               "{\"address\":0,\"type\":\"u16\",\"unit\":\"V\",\"quantity\":\"voltage\",\"absent\":"
                               "\"FFFFFFFF\"}]}",
            HENG_EFORMAT, 3, "fields[0]: 'absent' has 8 hex digits, but the field 4");
    refused(HEAD("modbus-rtu") ",\"ask\":[{\"address\":65535,\"count\":2}]}", HENG_ERANGE, 2,
            "ask[0]: reaches beyond address 65535");
    refused(
        HEAD("modbus-rtu") ",\"ask\":[{\"address\":0,\"count\":2}],\"fields\":[\n"
                           "{\"address\":0,\"type\":\"u16\",\"scale\":\"0\",\"unit\":\"V\",\"quantity\":\"voltage\"}]}",
        HENG_ERANGE, 3, "fields[0].scale: a scale of zero would lose the value");
    refused(HEAD("cjt188") ",\"cjt188\":{\"status_flags\":[{\"bit\":1,\"name\":\"a\"},{\"bit\":1,\"name\":\"b\"}]}}",
            HENG_EFORMAT, 2, "cjt188.status_flags[1]: a bit has two names");
    refused(HEAD("cjt188") ",\"cjt188\":{\"status_flags\":[{\"bit\":1}]}}", HENG_EFORMAT, 2,
            "cjt188.status_flags[0]: 'name' is missing");
    refused(HEAD("cjt188") ",\"cjt188\":{\"valve\":{\"open\":\"55\",\"close\":\"55\"}}}", HENG_EFORMAT, 2,
            "cjt188.valve: open and close are the same code");
    refused(HEAD("cjt188") ",\"cjt188\":{\"unit_order\":\"last-first\"}}", HENG_EFORMAT, 2,
            "cjt188.unit_order: 'last-first' is not an order: use auto, value-first or unit-first");
    refused(
        HEAD("mbus") ",\"mbus\":{},\n\"rules\":[\n{\"match\":{\"quantity\":\"energy\"},\"then\":{\"unit\":\"V\"}}]}",
        HENG_EFORMAT, 4, "rules[0]: energy is not measured in 'V': use Wh, kWh, MWh, J, GJ, cal ...");
    refused("{\"name\": \"m\", \"title\": {\n\"en\": \"M\\u0007\"}, \"source\": \"s\", \"protocols\": [\"mbus\"]}",
            HENG_EFORMAT, 2, "title.en: has a control character in it, such as a line feed");
    refused(HEAD("mbus") "} x", HENG_EFORMAT, 2, "'x' stands where the end of the text should be");
}

/* What orders need to know of a model: its months, how long it takes, whether its relay is closed from afar. */
static void test_order_members(void **state)
{
    (void)state;
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_profile p = parsed(HEAD("dlt645-2007") ", \"timing\": {\"move_s\": 90},"
                                                       "\"history\": [{\"di\": \"05060101\"}, {\"di\": "
                                                       "\"00020001\", \"optional\": true}],"
                                                       "\"dlt645\": {\"closes_relay\": true}}",
                                   &arena);
    assert_true(p.move_s == 90 && p.closes_relay && p.history_count == 2 && p.ask_count == 0);
    assert_true(p.history[0].di == 0x05060101 && !p.history[0].optional && p.history[1].optional);
    p = parsed(HEAD("cjt188") ", \"ask\": [{\"di\": \"901F\"}], \"history\": [{\"di\": \"D120\"}]}", &arena);
    assert_true(p.history_count == 1 && p.history[0].function_code == 1 && p.move_s == 0 && !p.closes_relay);
    /* What the months before the last one mean can be told as well. */
#define MONTH(di) "{\"di\": \"" di "\", \"type\": \"bcd\", \"bytes\": 4, \"unit\": \"m3\", \"quantity\": \"volume\"}"
    p = parsed(HEAD("cjt188") ", \"history\": [{\"di\": \"D120\"}], \"fields\": [" MONTH("D12B") "]}", &arena);
    assert_int_equal(p.dialect.field_count, 1);
    refused(HEAD("cjt188") ",\n\"history\":[{\"di\":\"D120\"}],\n\"fields\":[" MONTH("D12C") "]}", HENG_ECONFLICT, 4,
            "fields[0].di: no 'ask' reads the data of D12C");
#undef MONTH
    heng_arena_fini(&arena);

    refused(HEAD("mbus") ",\"history\":[]}", HENG_EFORMAT, 2, "history: is for CJ/T 188 and DL/T 645 only");
    refused(HEAD("cjt188") ",\"dlt645\":{}}", HENG_EFORMAT, 2, "dlt645: is for DL/T 645 only");
    refused(HEAD("cjt188") ",\"history\":[{\"di\":\"D120\",\"control\":\"04\"}]}", HENG_EDENIED, 2,
            "history[0].control: 04 does not read: use 01 (data), 03 (address), 09 (key version) or 21");
    refused(HEAD("cjt188") ",\n\"history\":[{\"di\":\"D120\"},{\"di\":\"D120\"}]}", HENG_ECONFLICT, 3,
            "history[1]: reads what history[0] reads: its values would come twice");
    refused(HEAD("dlt645-2007") ",\n\"history\":[{\"di\":\"0001FF00\"}]}", HENG_ECONFLICT, 3,
            "history[0]: 0001FF00 is of now; that of the last due date ends with 01, the number of due dates ago");
    refused(HEAD("dlt645-1997") ",\n\"history\":[{\"di\":\"901F\"}]}", HENG_ECONFLICT, 3,
            "history[0]: 901F is of now; that of the last due date is 941F");
    refused(HEAD("cjt188") ",\n\"history\":[{\"di\":\"901F\"}]}", HENG_ECONFLICT, 3,
            "history[0]: 901F is of now; that of the last due date is D120");
    refused(HEAD("dlt645-2007") ",\"timing\":{\"move_s\":601}}", HENG_ERANGE, 2,
            "timing.move_s: 601 is not between 1 and 600");
}

/* What is asked at every poll leaves the meter as it is. */
static void test_a_poll_only_reads(void **state)
{
    (void)state;
    for (unsigned control = 0; control <= 0xFF; control++) {
        struct heng_arena arena = {.max = 1 << 20};
        struct heng_profile p = {0};
        struct heng_err err = {0};
        char json[200];
        snprintf(json, sizeof json, HEAD("cjt188") ",\n\"ask\":[{\"di\":\"A019\",\"control\":\"%02X\"}]}", control);
        bool reads = control == 0x01 || control == 0x03 || control == 0x09 || control == 0x21;
        assert_int_equal(heng_profile_parse(heng_slice_str(json), &arena, &p, &err), reads ? HENG_OK : HENG_EDENIED);
        assert_int_equal(err.at, reads ? 0 : 3);
        heng_arena_fini(&arena);
    }
}

/* A second answer with the same registers would make "#2" of each, and what no question brings never comes. */
static void test_nothing_is_asked_twice_and_nothing_in_vain(void **state)
{
    (void)state;
    static const char twice[] = "ask[1]: reads what ask[0] reads: its values would come twice";
    refused(HEAD("modbus-rtu") ",\"ask\":[{\"address\":4,\"count\":2},\n{\"address\":0,\"count\":5}]}", HENG_ECONFLICT,
            3, "ask[1]: reads registers that ask[0] reads: their values would come twice");
    refused(HEAD("cjt188") ",\"ask\":[{\"di\":\"901F\"},\n{\"di\":\"901F\"}]}", HENG_ECONFLICT, 3, twice);
    refused(HEAD("dlt645-2007") ",\"ask\":[{\"di\":\"0201FF00\"},\n{\"di\":\"02010200\"}]}", HENG_ECONFLICT, 3, twice);
    refused(HEAD("dlt645-1997") ",\"ask\":[{\"di\":\"9010\"},\n{\"di\":\"901F\"}]}", HENG_ECONFLICT, 3, twice);
    refused(HEAD("dlt645-2007") ",\"ask\":[{\"di\":\"00010000\"}],\"fields\":[\n"
                                "{\"di\":\"02010100\",\"type\":\"bcd\",\"bytes\":2,\"unit\":\"V\",\"quantity\":"
                                "\"voltage\"}]}",
            HENG_ECONFLICT, 3, "fields[0].di: no 'ask' reads the data of 02010100");
    refused(HEAD("dlt645-2007") ",\"ask\":[{\"di\":\"00010000\"}],\"fields\":[\n"
                                "{\"di\":\"00010000\",\"type\":\"bcd\",\"bytes\":4,\"unit\":\"kWh\",\"quantity\":"
                                "\"energy\"},\n"
                                "{\"di\":\"00010000\",\"at\":2,\"type\":\"bcd\",\"bytes\":4,\"unit\":\"kWh\","
                                "\"quantity\":\"energy\",\"tariff\":1}]}",
            HENG_ECONFLICT, 4, "fields[1]: shares a part of its bytes with fields[0]: one of the numbers is wrong");

    struct heng_arena arena = {.max = 1 << 20};
    struct heng_profile p = parsed(
        HEAD("dlt645-2007") ",\"ask\":[{\"di\":\"0001FF00\"},{\"di\":\"0002FF00\"},{\"di\":\"0001FF01\"}]}", &arena);
    assert_int_equal(p.ask_count, 3);
    heng_arena_fini(&arena);
}

/* Some editors put a byte order mark in front of UTF-8. */
static void test_a_byte_order_mark(void **state)
{
    (void)state;
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_profile p = parsed("\xEF\xBB\xBF" HEAD("mbus") "}", &arena);
    assert_string_equal(p.name, "m");
    heng_arena_fini(&arena);
    refused("\xEF\xBB\xBF", HENG_EFORMAT, 1, "the text ends where an object should be");
}

/* However the text is cut off, it is refused and nothing is read behind its end. */
static void test_every_truncation_of_a_shipped_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < heng_profile_file_count; i += 7) {
        const struct heng_profile_file *file = &heng_profile_files[i];
        size_t step = file->bytes / 400 + 1;
        for (size_t n = 0; n + 2 < file->bytes; n += step) {
            struct heng_arena arena = {.max = 4 << 20};
            struct heng_profile profile;
            struct heng_err err = {0};
            char *copy = test_malloc(n + 1);
            memcpy(copy, file->json, n);
            assert_int_not_equal(heng_profile_parse(heng_slice_of(copy, n), &arena, &profile, &err), HENG_OK);
            assert_true(err.text[0] && err.at >= 1);
            test_free(copy);
            heng_arena_fini(&arena);
        }
    }
}

/* Without memory, at whatever place, the answer is ENOMEM and nothing leaks. */
static void test_no_memory(void **state)
{
    (void)state;
    const struct heng_profile_file *file = &heng_profile_files[0];
    heng_rc rc = HENG_ENOMEM;
    for (size_t max = 16; rc != HENG_OK; max += 16) {
        struct heng_arena arena = {.max = max};
        struct heng_profile profile;
        struct heng_err err = {0};
        rc = heng_profile_parse(heng_slice_of(file->json, file->bytes), &arena, &profile, &err);
        assert_true(rc == HENG_OK || rc == HENG_ENOMEM);
        heng_arena_fini(&arena);
        assert_true(max < 1 << 20);
    }
}

#define MODBUS_SAMPLE(scale, reading)                                                                                  \
    HEAD("modbus-rtu")                                                                                                 \
    ",\"ask\":[{\"address\":\"0x0900\",\"count\":6}],\"fields\":["                                                     \
    "{\"address\":\"0x0900\",\"type\":\"u32\",\"scale\":\"" scale "\",\"unit\":\"kWh\",\"quantity\":\"energy\"}],\n"   \
    "\"samples\":[\n{\"request\":\"11 03 09 00 00 06 C4 C4\","                                                         \
    "\"answer\":\"11 03 0C 00 00 00 7F 00 00 00 64 00 00 00 1B 96 8D\",\"readings\":[" reading "]}]}"

static void checked(const char *json, const char *text)
{
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_err err = {0};
    struct heng_profile p = parsed(json, &arena);
    heng_rc rc = heng_profile_check(&p, &err);
    assert_string_equal(err.text, text);
    assert_int_equal(rc, text[0] ? HENG_ECONFLICT : HENG_OK);
    if (text[0]) assert_int_equal(err.at, 4);
    heng_arena_fini(&arena);
}

static void test_samples_are_compared_exactly(void **state)
{
    (void)state;
    static const char kwh[] = MODBUS_SAMPLE("0.01", "{\"quantity\":\"energy\",\"unit\":\"kWh\",\"value\":\"1.27\"}");
    checked(kwh, "");
    checked(MODBUS_SAMPLE("0.01", "{\"quantity\":\"energy\",\"unit\":\"Wh\",\"value\":\"1270\"}"), "");
    checked(MODBUS_SAMPLE("0.00001", "{\"quantity\":\"energy\",\"unit\":\"Wh\",\"value\":\"1.27\"}"), "");
    checked(MODBUS_SAMPLE("0.00001", "{\"quantity\":\"energy\",\"unit\":\"Wh\",\"value\":\"1.270\"}"),
            "energy: stated is 1.270, but the frame gives 1.27");
    checked(MODBUS_SAMPLE("0.01", "{\"quantity\":\"energy\",\"unit\":\"kWh\",\"value\":\"1.28\"}"),
            "energy: stated is 1280, but the frame gives 1270");
    checked(MODBUS_SAMPLE("0.01", "{\"quantity\":\"energy\",\"reason\":\"not available\"}"),
            "energy in no unit is stated, but the frame has none");
    checked(MODBUS_SAMPLE("0.01", ""), "the frame gives energy = 1270 Wh, which is not stated");
    checked(MODBUS_SAMPLE("0.01", "{\"quantity\":\"energy\",\"unit\":\"kWh\",\"value\":\"1.27\"},"
                                  "{\"quantity\":\"energy\",\"unit\":\"kWh\",\"value\":\"1.00\",\"tariff\":1}"),
            "energy tariff 1 in Wh is stated, but the frame has none");
    checked(MODBUS_SAMPLE("0.01", "{\"quantity\":\"energy\",\"unit\":\"kWh\",\"value\":\"1.27\"},"
                                  "{\"quantity\":\"energy\",\"unit\":\"kWh\",\"value\":\"1.27\"}"),
            "energy is stated twice");
}

#define WATER_SAMPLE(settlement, clock)                                                                                \
    HEAD("cjt188")                                                                                                     \
    ",\n\"samples\":[\n{\"answer\":\"68 10 07 00 00 00 00 00 00 81 16 90 1F 01 34 12 00 00 2C FF FF FF FF 2C 30 45 "   \
    "15 20 11 24 20 00 00 5F 16\",\"readings\":["                                                                      \
    "{\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"12.34\"},{\"quantity\":\"volume\"," settlement               \
    ",\"storage\":1},{\"quantity\":\"datetime\"," clock "}]}]}"

static void test_texts_and_reasons_are_compared(void **state)
{
    (void)state;
    checked(WATER_SAMPLE("\"unit\":\"m3\",\"reason\":\"not available\"", "\"text\":\"2024-11-20T15:45:30\""), "");
    checked(WATER_SAMPLE("\"unit\":\"m3\",\"reason\":\"invalid bcd\"", "\"text\":\"2024-11-20T15:45:30\""),
            "volume storage 1: stated is invalid bcd, but the frame gives not available");
    checked(WATER_SAMPLE("\"unit\":\"m3\",\"value\":\"0.00\"", "\"text\":\"2024-11-20T15:45:30\""),
            "volume storage 1: stated is 0.00, but the frame gives no value");
    checked(WATER_SAMPLE("\"unit\":\"m3\",\"reason\":\"not available\"", "\"text\":\"2024-11-20\""),
            "datetime: stated is 2024-11-20, but the frame gives 2024-11-20T15:45:30");
    checked(WATER_SAMPLE("\"unit\":\"m3\",\"reason\":\"not available\"", "\"reason\":\"not set\""),
            "datetime: stated is not set, but the frame gives 2024-11-20T15:45:30");
}

/* A data identifier that no standard knows: the profile's fields are its layout, end to end. */
static void test_a_vendors_own_data_identifier(void **state)
{
    (void)state;
    checked(HEAD("cjt188") ",\"ask\":[{\"di\":\"AB01\"}],\"fields\":["
                           "{\"di\":\"AB01\",\"at\":5,\"type\":\"i32\",\"scale\":\"0.001\",\"unit\":\"m3/h\","
                           "\"quantity\":\"volume flow\"},"
                           "{\"di\":\"AB01\",\"at\":4,\"type\":\"bit\",\"bit\":7,\"quantity\":\"alarm\"},"
                           "{\"di\":\"AB01\",\"type\":\"bcd\",\"bytes\":4,\"scale\":\"0.001\",\"unit\":\"m3\","
                           "\"quantity\":\"volume\"}],\n\"samples\":[\n{\"answer\":\"68 10 07 00 00 00 00 00 00 81 0C "
                           "AB 01 01 78 56 34 12 85 E8 03 00 00 3D 16\",\"readings\":["
                           "{\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"12345.678\"},"
                           "{\"quantity\":\"alarm\",\"unit\":\"\",\"value\":\"1\"},"
                           "{\"quantity\":\"volume flow\",\"unit\":\"m3/h\",\"value\":\"1.000\"}]}]}",
            "");
}

static void test_a_damaged_sample_is_told(void **state)
{
    (void)state;
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_err err = {0};
    struct heng_profile p =
        parsed(HEAD("mbus") ",\n\"samples\":[{\"answer\":\"10 08 00 09 16\",\"readings\":[]}]}", &arena);
    assert_int_equal(heng_profile_check(&p, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "the frame is refused at byte 3"));
    assert_int_equal(err.at, 3);
    heng_arena_fini(&arena);
}

static void test_shipped_profiles_hold(void **state)
{
    (void)state;
    struct heng_profiles set;
    struct heng_err err = {0};
    assert_int_equal(heng_profiles_init(&set, &err), HENG_OK);
    assert_true(set.count >= 12 && set.count == heng_profile_file_count);
    for (size_t i = 0; i < set.count; i++) {
        const struct heng_profile *p = set.items[i];
        assert_string_equal(p->name, heng_profile_files[i].name);
        if (i > 0) assert_true(strcmp(set.items[i - 1]->name, p->name) < 0);
        assert_true(p->sample_count > 0);
        if (heng_profile_check(p, &err) != HENG_OK) fail_msg("%s.json:%u: %s", p->name, err.at, err.text);
        assert_true(strcmp(p->title[0], p->title[1]) != 0); /* a Chinese title of its own */
        assert_true(p->title[2] != p->title[0]);            /* and a German one, which may say the same */
    }
    for (unsigned protocol = 0; protocol < HENG_PROTOCOL_COUNT; protocol++) {
        bool generic = false;
        for (size_t i = 0; i < set.count; i++)
            generic = generic || (set.items[i]->generic && set.items[i]->protocols & UINT32_C(1) << protocol);
        assert_true(generic);
    }
    heng_profiles_fini(&set);
}

static struct heng_telegram telegram_of(heng_protocol protocol, const char *hex, uint8_t *bytes, size_t cap)
{
    struct heng_buf buf = heng_buf_of(bytes, cap);
    struct heng_capture capture;
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    heng_capture_init(&capture, protocol, heng_buf_slice(&buf));
    assert_true(capture.has_telegram);
    return capture.telegram;
}

/* The frames of profiles that say how to be recognised find just that profile. */
static void test_samples_find_their_own_profile(void **state)
{
    (void)state;
    struct heng_profiles set;
    struct heng_err err = {0};
    unsigned found = 0;
    assert_int_equal(heng_profiles_init(&set, &err), HENG_OK);
    for (size_t i = 0; i < set.count; i++) {
        const struct heng_profile *p = set.items[i];
        const struct heng_recognition *who = &p->recognition;
        if (!who->manufacturer[0] && !who->type_count && !who->version_count) continue;
        for (size_t k = 0; k < p->sample_count; k++) {
            struct heng_capture capture;
            heng_protocol protocol = p->protocols & 1 << HENG_PROTOCOL_MBUS ? HENG_PROTOCOL_MBUS : HENG_PROTOCOL_CJT188;
            heng_capture_init(&capture, protocol, p->samples[k].answer);
            assert_true(capture.has_telegram);
            const struct heng_profile *it = heng_profiles_recognise(&set, &capture.telegram);
            assert_non_null(it);
            assert_string_equal(it->name, p->name);
            found++;
        }
    }
    assert_true(found >= 15);
    heng_profiles_fini(&set);
}

static void test_recognition_prefers_what_knows_more(void **state)
{
    (void)state;
    static const char lcr25[] = "68 25 38 04 21 08 00 59 42 83 03 81 0A 00 9E 16"; /* LCR's code on a type 25 */
    struct heng_profiles set;
    struct heng_err err = {0};
    uint8_t bytes[64];
    assert_int_equal(heng_profiles_init(&set, &err), HENG_OK);
    struct heng_telegram t = telegram_of(HENG_PROTOCOL_CJT188, lcr25, bytes, sizeof bytes);
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "lcr-heat");
    snprintf(t.manufacturer, sizeof t.manufacturer, "0031");
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "plou-heat-clone");
    t.ci = 0x20;
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "generic-cjt188-heat");
    t.ci = 0x10;
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "generic-cjt188-water");
    t.ci = 0x49; /* "other, user defined": there is no profile for everything */
    assert_null(heng_profiles_recognise(&set, &t));

    t.protocol = HENG_PROTOCOL_MODBUS_RTU;
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "generic-modbus");
    t.protocol = HENG_PROTOCOL_MBUS;
    snprintf(t.manufacturer, sizeof t.manufacturer, "KAM");
    t.version = 8;
    t.has_header = true;
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "kamstrup-multical-601");
    t.has_header = false; /* no header, no version: not known */
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "generic-mbus");
    heng_profiles_fini(&set);
}

/* A site's profile takes the place of a built-in one of its name, and wins where it fits as well as another. */
static void test_a_site_has_the_last_word(void **state)
{
    (void)state;
    static const char *const own[] = {HEAD("cjt188") ",\"recognise\":{\"manufacturer\":\"4259\",\"types\":[\"25\"]}}",
                                      "{\"name\":\"generic-mbus\",\"title\":{\"en\":\"ours\"},\"source\":\"s\","
                                      "\"protocols\":[\"mbus\"],\"medium\":\"heat\"}"};
    struct heng_profiles set;
    struct heng_err err = {0};
    uint8_t bytes[64];
    assert_int_equal(heng_profiles_init(&set, &err), HENG_OK);
    size_t before = set.count;
    for (size_t i = 0; i < 2; i++) assert_int_equal(heng_profiles_add(&set, heng_slice_str(own[i]), &err), HENG_OK);
    assert_int_equal(set.count, before + 1);
    assert_string_equal(heng_profiles_find(&set, "generic-mbus")->title[0], "ours");
    assert_null(heng_profiles_find(&set, "generic"));
    struct heng_telegram t =
        telegram_of(HENG_PROTOCOL_CJT188, "68 25 38 04 21 08 00 59 42 83 03 81 0A 00 9E 16", bytes, sizeof bytes);
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "m");
    assert_int_equal(heng_profiles_add(&set,
                                       heng_slice_str("{\"name\":\"n\",\"title\":{\"en\":\"N\"},\"source\":\"s\","
                                                      "\"protocols\":[\"cjt188\"],\"medium\":\"heat\",\"recognise\":"
                                                      "{\"media\":[\"gas\",\"heat\"],\"id_prefix\":\"4259000821\","
                                                      "\"types\":[\"25\"]}}"),
                                       &err),
                     HENG_OK);
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "n"); /* three conditions count more than two */
    t.id[9] = '2';
    assert_string_equal(heng_profiles_recognise(&set, &t)->name, "m");
    before++;
    assert_int_equal(heng_profiles_add(&set, heng_slice_str("{"), &err), HENG_EFORMAT);
    assert_int_equal(set.count, before + 1);
    heng_profiles_fini(&set);
}

/* A built-in profile that a site has written anew counts as the site's own where another fits as well. */
static void test_a_replaced_profile_is_the_last(void **state)
{
    (void)state;
#define FITS(name, title)                                                                                              \
    "{\"name\":\"" name "\",\"title\":{\"en\":\"" title "\"},\"source\":\"s\",\"protocols\":[\"cjt188\"],"             \
    "\"medium\":\"heat\",\"recognise\":{\"manufacturer\":\"4259\",\"types\":[\"25\"],\"id_prefix\":\"42\"}}"
    static const char *const files[] = {FITS("a", "built in"), FITS("b", "built in"), FITS("a", "the site's")};
    struct heng_profiles set;
    struct heng_err err = {0};
    uint8_t bytes[64];
    assert_int_equal(heng_profiles_init(&set, &err), HENG_OK);
    struct heng_telegram t =
        telegram_of(HENG_PROTOCOL_CJT188, "68 25 38 04 21 08 00 59 42 83 03 81 0A 00 9E 16", bytes, sizeof bytes);
    size_t before = set.count;
    for (size_t i = 0; i < 3; i++) assert_int_equal(heng_profiles_add(&set, heng_slice_str(files[i]), &err), HENG_OK);
#undef FITS
    assert_int_equal(set.count, before + 2);
    assert_string_equal(heng_profiles_recognise(&set, &t)->title[0], "the site's");
    assert_string_equal(heng_profiles_find(&set, "a")->title[0], "the site's");
    assert_string_equal(heng_profiles_find(&set, "b")->title[0], "built in");
    heng_profiles_fini(&set);
}

static void test_a_hundred_profiles(void **state)
{
    (void)state;
    struct heng_profiles set;
    struct heng_err err = {0};
    char json[200], name[16];
    assert_int_equal(heng_profiles_init(&set, &err), HENG_OK);
    size_t before = set.count;
    for (int i = 0; i < 100; i++) {
        snprintf(
            json, sizeof json,
            "{\"name\":\"m%d\",\"title\":{\"en\":\"M\"},\"source\":\"s\",\"protocols\":[\"mbus\"],\"medium\":\"heat\"}",
            i);
        assert_int_equal(heng_profiles_add(&set, heng_slice_str(json), &err), HENG_OK);
    }
    assert_int_equal(set.count, before + 100);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "m%d", i);
        assert_string_equal(heng_profiles_find(&set, name)->name, name);
    }
    heng_profiles_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modbus_fields_become_a_dialect),
        cmocka_unit_test(test_cjt188_and_mbus_members),
        cmocka_unit_test(test_mistakes_are_told_with_their_place),
        cmocka_unit_test(test_order_members),
        cmocka_unit_test(test_a_poll_only_reads),
        cmocka_unit_test(test_nothing_is_asked_twice_and_nothing_in_vain),
        cmocka_unit_test(test_a_byte_order_mark),
        cmocka_unit_test(test_every_truncation_of_a_shipped_file),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_samples_are_compared_exactly),
        cmocka_unit_test(test_texts_and_reasons_are_compared),
        cmocka_unit_test(test_a_vendors_own_data_identifier),
        cmocka_unit_test(test_a_damaged_sample_is_told),
        cmocka_unit_test(test_shipped_profiles_hold),
        cmocka_unit_test(test_samples_find_their_own_profile),
        cmocka_unit_test(test_recognition_prefers_what_knows_more),
        cmocka_unit_test(test_a_site_has_the_last_word),
        cmocka_unit_test(test_a_replaced_profile_is_the_last),
        cmocka_unit_test(test_a_hundred_profiles),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
