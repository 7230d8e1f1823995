/* Bodies that are not just records: cipher text with plain records behind it, fixed data, secrets, answers that say
 * they come from the master, and what can be told of records that are broken. Whole frames in hex; the expected texts
 * are worked out by hand from EN 13757-3 and EN 1434-3. */
#include "corpus.h"

#include "codec/mbus.h"
#include "codec/present.h"

struct shown {
    const char *frame, *text;
};

static void capture_of(const char *hex, uint8_t *bytes, size_t cap, struct heng_capture *ret)
{
    struct heng_buf buf = heng_buf_of(bytes, cap);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    heng_capture_init(ret, HENG_PROTOCOL_MBUS, heng_buf_slice(&buf));
    assert_true(ret->has_telegram);
}

static void json_of(const char *hex, struct heng_str *ret)
{
    uint8_t bytes[300];
    struct heng_capture capture;
    struct heng_json json = heng_json_of(ret);
    capture_of(hex, bytes, sizeof bytes, &capture);
    heng_present_json(&capture, NULL, &json);
    assert_int_equal(ret->rc, HENG_OK);
}

/* One line per entry behind the header: "offset+length name[record]: value". */
static void explanation_of(const char *hex, char *ret_text, size_t cap)
{
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    uint8_t bytes[300];
    struct heng_capture capture;
    capture_of(hex, bytes, sizeof bytes, &capture);
    size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX), n = 0, at = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct heng_explained *e = &entries[i];
        char index[16] = "";
        assert_int_equal(e->at, at); /* no byte left out, none told twice */
        at += e->length;
        if (e->record >= 0) snprintf(index, sizeof index, "[%d]", e->record);
        n += (size_t)snprintf(ret_text + n, cap - n, "%u+%u %s%s: %s\n", e->at, e->length, e->name, index, e->value);
        assert_true(n < cap);
    }
    assert_int_equal(at, capture.bytes.n);
}

static void check_json(const struct shown *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct heng_str out = {.max = 1 << 20};
        json_of(list[i].frame, &out);
        if (!strstr(out.text, list[i].text)) fail_msg("%s: %s\nnot %s", list[i].frame, out.text, list[i].text);
        heng_str_fini(&out);
    }
}

static void check_words(const struct shown *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[20000];
        explanation_of(list[i].frame, text, sizeof text);
        if (!strstr(text, list[i].text)) fail_msg("%s: %s\nnot %s", list[i].frame, text, list[i].text);
    }
}

#define COUNT(list) (sizeof list / sizeof list[0])

/* A long frame from the meter, its application data in hex. */
static void frame_of(uint8_t control, uint8_t ci, const char *data, char ret_hex[static 700])
{
    uint8_t bytes[300], frame[300];
    struct heng_buf body = heng_buf_of(bytes, sizeof bytes), buf = heng_buf_of(frame, sizeof frame);
    assert_int_equal(heng_hex_parse(heng_slice_str(data), &body, NULL), HENG_OK);
    assert_int_equal(heng_mbus_encode_long(control, 5, ci, heng_buf_slice(&body), &buf), HENG_OK);
    for (size_t i = 0; i < buf.n; i++) snprintf(ret_hex + 2 * i, 3, "%02X", frame[i]);
}

static void test_plain_records_behind_cipher_text(void **state)
{
    (void)state;
    static const struct shown json[] = {
        {"68252568080172785634127a44100755001005808182838485868788898a8b8c8d8e8f041339300000c616",
         "\"value\":null,\"reason\":\"encrypted\",\"raw\":\"808182838485868788898A8B8C8D8E8F\"},{\"function\":"
         "\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\","
         "\"value\":\"12.345\"}]}"},
        /* One block announced in a body of six bytes, which are a record. */
        {"68151568080172785634127a441007550010050413393000004e16",
         "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":"
         "\"volume\",\"unit\":\"m3\",\"value\":\"12.345\"}]}"},
    };
    static const struct shown words[] = {
        {"68252568080172785634127a44100755001005808182838485868788898a8b8c8d8e8f041339300000c616",
         "17+2 configuration: 1005 mode 5, encrypted\n19+16 cipher text[0]: encrypted\n"
         "35+1 dif[1]: 04 32 bit integer, instantaneous\n36+1 vif[1]: 13 volume, 10^-3 m3\n"
         "37+4 volume[1]: 12.345 m3\n41+1 checksum: C6\n42+1 stop: 16\n"},
    };
    check_json(json, COUNT(json));
    check_words(words, COUNT(words));
}

/* How much is cipher text, behind a short header with this configuration word and body; then how many records. */
static void test_length_of_cipher_text(void **state)
{
    (void)state;
#define BLOCK "808182838485868788898A8B8C8D8E8F"
    static const struct {
        const char *configuration, *body;
        size_t cipher, records;
        bool more;
    } cases[] = {
        {"1005", BLOCK, 16, 1, false},
        {"1005", BLOCK "2F2F2F", 16, 1, false},
        {"1005", BLOCK "2F2F0413393000001F", 16, 2, true},
        {"1005", BLOCK "0F0102", 16, 2, false},   /* manufacturer data */
        {"1005", BLOCK "04133930", 20, 1, false}, /* no records: nobody knows */
        {"2005", BLOCK BLOCK "01130501130601130F", 32, 4, false},
        {"0802", "8081828384858687011305", 8, 2, false},
        {"1007", "10" BLOCK "011305", 17, 2, false},
        {"1007", BLOCK, 16, 1, false},
        {"1008", BLOCK "011305", 19, 1, false},
        {"200D", BLOCK BLOCK "011305", 35, 1, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char data[300], hex[700];
        uint8_t bytes[300];
        struct heng_capture capture;
        struct heng_record r;
        snprintf(data, sizeof data, "5500 %s %s", cases[i].configuration, cases[i].body);
        frame_of(0x08, 0x7A, data, hex);
        capture_of(hex, bytes, sizeof bytes, &capture);
        assert_int_equal(capture.rc, HENG_OK);
        assert_true(capture.telegram.encrypted);
        assert_int_equal(capture.telegram.more, cases[i].more);
        struct heng_records walk = heng_telegram_records(&capture.telegram);
        assert_int_equal(heng_record_next(&walk, &r, NULL), HENG_OK);
        assert_string_equal(r.reason, "encrypted");
        if (r.length != cases[i].cipher) fail_msg("%s: %u bytes", data, r.length);
        size_t count = 1;
        while (heng_record_next(&walk, &r, NULL) == HENG_OK) {
            assert_int_not_equal(r.kind, HENG_VALUE_NONE);
            count++;
        }
        if (count != cases[i].records) fail_msg("%s: %zu records", data, count);
    }
#undef BLOCK
}

/* A report of one byte cannot hold a block of cipher text, whatever its header says. */
static void test_reports_are_not_cipher_text(void **state)
{
    (void)state;
    char hex[700];
    frame_of(0x08, 0x6E, "5500 1005 08", hex);
    const struct shown list[] = {{hex, "\"kind\":\"error\",\"address\":5,\"error_code\":8"}};
    check_json(list, COUNT(list));
}

/* The two counters of one meter never share a register. */
static void test_fixed_counters_have_registers_of_their_own(void **state)
{
    (void)state;
    static const struct shown list[] = {
        /* litres and cubic metres */
        {"68131368080173214365870700e96c11000000120000004b16",
         "\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"0.011\"},"
         "{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":1,\"quantity\":\"volume\","
         "\"unit\":\"m3\",\"value\":\"12\"}]"},
        /* stored at a fixed date, and older than that */
        {"68131368080173214365870702ec7e11000000120000006216",
         "\"storage\":1,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"11\"},"
         "{\"function\":\"instantaneous\",\"storage\":2,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\","
         "\"unit\":\"m3\",\"value\":\"12\"}]"},
        /* a counter that is no BCD makes both of them binary */
        {"68131368080173214365870701ec7e393000004e61bc001216",
         "\"value\":\"12345\"},{\"function\":\"instantaneous\",\"storage\":1,\"tariff\":0,\"subunit\":0,"
         "\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"12345678\"}]"},
    };
    check_json(list, COUNT(list));
}

static void test_words_for_fixed_data(void **state)
{
    (void)state;
    static const struct {
        const char *data, *text;
    } cases[] = {
        {"21436587 07 80 E9 7E 11000000 12000000",
         "12+1 status: 80 binary counters or vendor bit 7\n"
         "13+1 unit: E9 volume, 10^-3 m3, medium bits 11 of water\n"
         "14+1 unit: 7E historic, unit of counter 1, medium bits 01 of water\n"},
        {"21436587 07 00 3E 3F 11000000 12000000",
         "unit: 3E reserved, medium bits 00 of other\n14+1 unit: 3F no unit, medium bits 00 of other\n"},
        {"21436587 07 00 00 01 11000000 12000000",
         "unit: 00 time, medium bits 00 of other\n14+1 unit: 01 date, medium bits 00 of other\n"},
        {"21436587 07 00 02 0C 11000000 12000000",
         "unit: 02 energy, Wh, medium bits 00 of other\n14+1 unit: 0C energy, 10^4 J, medium bits 00 of other\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char hex[700];
        frame_of(0x08, 0x73, cases[i].data, hex);
        check_words(&(struct shown){hex, cases[i].text}, 1);
    }
}

/* Passwords, keys and access codes: not as value, not as raw bytes, not in the explanation. */
static void test_secrets_are_not_shown(void **state)
{
    (void)state;
    static const char *const records[] = {
        "04 FD 16 BEBAFECA",    "04 FD 19 BEBAFECA",
        "04 FD 12 BEBAFECA",    "0D FD 16 04 BEBAFECA",
        "0D FD 19 E4 BEBAFECA", "0C FD 15 BEBAFECA",
        "04 FD 96 15 BEBAFECA", "04 FD 99 3F BEBAFECA",
        "05 FD 14 BEBAFECA",    "0D FD 19 F0 BEBAFECA BEBAFECA BEBAFECA BEBAFECA",
        "0D FD 16 08 BEBAFECA", "07 FD 19 BEBAFECA", /* broken */
    };
    for (size_t i = 0; i < COUNT(records); i++) {
        char hex[700], text[20000];
        struct heng_str out = {.max = 1 << 20};
        frame_of(0x08, 0x78, records[i], hex);
        json_of(hex, &out);
        explanation_of(hex, text, sizeof text);
        if (strstr(out.text, "BEBA") || strstr(out.text, "\"raw\"") || strstr(out.text, "3405691582"))
            fail_msg("%s: %s", records[i], out.text);
        if (strstr(text, "BEBA") || strstr(text, "3405691582")) fail_msg("%s: %s", records[i], text);
        bool error = strstr(out.text, "no data available") != NULL;
        if (!error && !strstr(text, "secret\n")) fail_msg("%s: %s", records[i], text);
        heng_str_fini(&out);
    }
    char hex[700];
    frame_of(0x08, 0x78, "0D FD 16 04 BEBAFECA", hex);
    check_words(&(struct shown){hex, "10+1 lvar[0]: 04 4 characters\n11+4 password[0]: secret\n15+1 checksum"}, 1);
    frame_of(0x53, 0x51, "08 FD 16", hex); /* nothing to hide in a request */
    check_json(&(struct shown){hex, "\"quantity\":\"password\",\"unit\":\"\",\"value\":null,\"reason\":\"readout "
                                    "selection\""},
               1);
}

/* The CI field decides who speaks: an answer's VIFE 15 is "no data available" and not an order. */
static void test_answers_with_the_masters_bit(void **state)
{
    (void)state;
    static const uint8_t controls[] = {0x44, 0x73};
    for (size_t i = 0; i < COUNT(controls); i++) {
        char hex[700];
        frame_of(controls[i], 0x72, "78563412 2440 01 07 2A 00 0000 04 93 15 00000000", hex);
        check_json(&(struct shown){hex, "\"more\":false,\"records\":[{\"function\":\"instantaneous\",\"storage\":0,"
                                        "\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\","
                                        "\"value\":null,\"reason\":\"no data available\""},
                   1);
        check_json(&(struct shown){hex, "\"status\":0,\"more\":false"},
                   1); /* no acd, no dfc: those bits are a meter's */
        check_words(&(struct shown){hex, "vife[0]: 15 no data available\n"}, 1);
    }
    char hex[700];
    frame_of(0x73, 0x72, "78563412 2440 01 07 2A 00 0000", hex);
    check_words(&(struct shown){hex, "control: 73 SND_UD, fcb, fcv\n"}, 1);
}

/* Of a broken record: the bytes in front of the break, and the frame's end. */
static void test_words_for_broken_records(void **state)
{
    (void)state;
    static const struct {
        const char *data, *text;
    } cases[] = {
        {"01 13 05 2F 84 10 13 0102", "8+1 vif[0]: 13 volume, 10^-3 m3\n9+1 volume[0]: 0.005 m3\n"},
        {"01 13 05 2F 84 10 13 0102",
         "10+1 filler: 2F\n11+1 dif: 84 32 bit integer, instantaneous\n12+1 dife: 10 storage 0, tariff 1, subunit 0\n"
         "13+1 vif: 13 volume, 10^-3 m3\n14+2 rest: 0102\n16+1 checksum: "},
        {"84 90",
         "7+1 dif: 84 32 bit integer, instantaneous\n8+1 dife: 90 storage 0, tariff 1, subunit 0\n9+1 checksum"},
        {"84 80 80 80 80 80 80 80 80 80 80 80 00 13",
         "17+1 dife: 80 storage 0, tariff 0, subunit 0\n18+3 rest: 800013\n21+1 checksum"},
        {"04", "7+1 dif: 04 32 bit integer, instantaneous\n8+1 checksum"},
        {"04 93 FB", "7+1 dif: 04 32 bit integer, instantaneous\n8+2 rest: 93FB\n10+1 checksum"},
        {"04 7C 09 41", "8+3 rest: 7C0941\n11+1 checksum"},
        {"0D 13", "8+1 vif: 13 volume, 10^-3 m3\n9+1 checksum"},
        {"0D 13 CA 11", "8+1 vif: 13 volume, 10^-3 m3\n9+2 rest: CA11\n11+1 checksum"}, /* reserved length */
        {"0D 13 05 3132", "8+1 vif: 13 volume, 10^-3 m3\n9+1 lvar: 05 5 characters\n10+2 rest: 3132\n12+1 checksum"},
        {"3F 13 05", "6+1 ci: 78 variable data, no header\n7+3 rest: 3F1305\n10+1 checksum"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char hex[700];
        frame_of(0x08, 0x78, cases[i].data, hex);
        check_words(&(struct shown){hex, cases[i].text}, 1);
    }
}

static void explained_unit(const char *record, const char *text)
{
    char hex[700];
    frame_of(0x08, 0x78, record, hex);
    check_words(&(struct shown){hex, text}, 1);
}

/* A long unit is cut between two characters, with a hash behind it. */
static void test_units_of_latin_letters(void **state)
{
    (void)state;
    char hex[700];
    /* 17 letters, then a superscript that the cut falls into */
    frame_of(0x08, 0x78, "01 7C 19 45454545454545B24141414141414141414141414141414141 05", hex);
    struct heng_str out = {.max = 1 << 20};
    json_of(hex, &out);
    if (!strstr(out.text, "\"qualifier\":\"AAAAAAAAAAAAAAAAA~")) fail_msg("%s", out.text);
    heng_str_fini(&out);
    frame_of(0x08, 0x78, "017C194545454545454545B241414141414141414141414141414141 05", hex);
    out = (struct heng_str){.max = 1 << 20};
    json_of(hex, &out);
    if (!strstr(out.text, "\"qualifier\":\"AAAAAAAAAAAAAAAA\xC2\xB2~")) fail_msg("%s", out.text);
    heng_str_fini(&out);
    explained_unit("02 7C 02 B2 6D 0100", "unit text[0]: m\xC2\xB2\n");
    explained_unit("02 7C 02 B3 6D 0100", "unit text[0]: m\xC2\xB3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_records_behind_cipher_text),
        cmocka_unit_test(test_length_of_cipher_text),
        cmocka_unit_test(test_reports_are_not_cipher_text),
        cmocka_unit_test(test_fixed_counters_have_registers_of_their_own),
        cmocka_unit_test(test_words_for_fixed_data),
        cmocka_unit_test(test_secrets_are_not_shown),
        cmocka_unit_test(test_answers_with_the_masters_bit),
        cmocka_unit_test(test_words_for_broken_records),
        cmocka_unit_test(test_units_of_latin_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
