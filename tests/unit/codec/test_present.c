/* The JSON contract: regression over all golden frames, errors in words, and bytes that are all explained. */
#include "corpus.h"

#include "codec/present.h"

#include <jansson.h>

static struct corpus corpus;

static const char *const files[] = {"mbus-wired", "mbus-wired-extra", "mbus-wired-wmbusmeters", "cjt188",
                                    "dlt645",     "dlt645-made",      "dlt645-made-functions",  "modbus",
                                    "modbus-made"};

static heng_rc put_json(heng_protocol protocol, struct heng_slice in, struct heng_json *json)
{
    struct heng_capture capture;
    heng_capture_init(&capture, protocol, in);
    heng_present_json(&capture, NULL, json);
    return capture.rc;
}

static void put_fields(heng_protocol protocol, struct heng_slice in, struct heng_json *json)
{
    struct heng_capture capture;
    heng_capture_init(&capture, protocol, in);
    heng_present_fields(&capture, json);
}

/* The JSON of one frame as a parsed object; the caller decrefs. */
static json_t *present(heng_protocol protocol, struct heng_slice in, heng_rc *ret_rc)
{
    struct heng_str out = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out);
    *ret_rc = put_json(protocol, in, &json);
    assert_int_equal(out.rc, HENG_OK);
    json_t *object = json_loads(out.text, 0, NULL);
    assert_non_null(object);
    heng_str_fini(&out);
    return object;
}

/* tests/golden/expected holds what `heng decode` printed when the values had been compared with the sources. */
static void test_golden_frames_print_as_before(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        static char line[1 << 16];
        char name[128], path[512];
        snprintf(name, sizeof name, "%s.tsv", files[f]);
        corpus_load(&corpus, name);
        snprintf(path, sizeof path, "%s/tests/golden/expected/%s.jsonl", HENG_SOURCE_DIR, files[f]);
        FILE *expected = fopen(path, "r");
        assert_non_null(expected);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_slice in = row_slice(&corpus.rows[i]);
            struct heng_str out = {.max = 1 << 20};
            struct heng_json json = heng_json_of(&out);
            (void)put_json(heng_codec_recognise(in), in, &json);
            assert_non_null(fgets(line, sizeof line, expected));
            line[strcspn(line, "\n")] = '\0';
            if (strcmp(out.text, line) != 0) fail_msg("%s row %zu:\n%s\nexpected:\n%s", name, i + 1, out.text, line);
            heng_str_fini(&out);
        }
        assert_null(fgets(line, sizeof line, expected));
        fclose(expected);
    }
}

/* Entries follow one another without gap or overlap up to the last byte, and records are told in order. */
static void check_fields(heng_protocol protocol, struct heng_slice in, size_t records)
{
    struct heng_str out = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out);
    put_fields(protocol, in, &json);
    assert_int_equal(out.rc, HENG_OK);
    json_t *array = json_loads(out.text, 0, NULL);
    assert_non_null(array);
    json_int_t at = 0, record = 0;
    bool coils = protocol == HENG_PROTOCOL_MODBUS_RTU || protocol == HENG_PROTOCOL_MODBUS_TCP;
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *entry = json_array_get(array, i), *index = json_object_get(entry, "record");
        if (json_integer_value(json_object_get(entry, "offset")) != at)
            fail_msg("gap at %lld: %s", (long long)at, out.text);
        assert_true(json_integer_value(json_object_get(entry, "length")) > 0);
        assert_true(json_is_string(json_object_get(entry, "name")));
        assert_true(json_is_string(json_object_get(entry, "value")));
        at += json_integer_value(json_object_get(entry, "length"));
        if (!index || json_integer_value(index) == record - 1) continue;
        json_int_t wanted = record;
        record = json_integer_value(index) + 1;
        /* Eight coils of Modbus share one byte: the entry points at the first of them. */
        if (coils ? record <= wanted : record != wanted + 1)
            fail_msg("record %lld behind %lld: %s", (long long)record - 1, (long long)wanted - 1, out.text);
    }
    if (at != (json_int_t)in.n) fail_msg("%lld of %zu bytes explained: %s", (long long)at, in.n, out.text);
    if (records != SIZE_MAX && (coils ? (size_t)record > records : (size_t)record != records))
        fail_msg("%lld records explained, not %zu: %s", (long long)record, records, out.text);
    json_decref(array);
    heng_str_fini(&out);
}

/* Also where the frame is cut off, and where one byte is wrong. */
static void check_worse_fields(heng_protocol protocol, struct row *row)
{
    for (size_t cut = 0; cut < row->n; cut += 7) check_fields(protocol, heng_slice_of(row->bytes, cut), SIZE_MAX);
    for (size_t at = 0; at < row->n; at += 5) {
        row->bytes[at] ^= 0x55;
        check_fields(protocol, row_slice(row), SIZE_MAX);
        row->bytes[at] ^= 0x55;
    }
}

static void test_every_byte_is_explained_once(void **state)
{
    (void)state;
    struct dirent **golden;
    size_t golden_count = corpus_files(&golden), frames = 0;
    for (size_t f = 0; f < golden_count; f++) {
        corpus_load(&corpus, golden[f]->d_name);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_slice in = row_slice(&corpus.rows[i]);
            heng_protocol protocol = heng_codec_recognise(in);
            heng_rc rc;
            json_t *object = present(protocol, in, &rc);
            check_fields(protocol, in, rc == HENG_OK ? json_array_size(json_object_get(object, "records")) : SIZE_MAX);
            check_worse_fields(protocol, &corpus.rows[i]);
            json_decref(object);
            frames++;
        }
    }
    printf("# %zu frames\n", frames);
    corpus_files_free(golden, golden_count);
}

static void check_refusal(heng_protocol protocol, const char *hex, const char *error, int offset, const char *message)
{
    uint8_t bytes[600];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    heng_rc rc;
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    json_t *object = present(protocol, heng_buf_slice(&buf), &rc);
    assert_int_not_equal(rc, HENG_OK);
    assert_true(json_is_false(json_object_get(object, "ok")));
    assert_string_equal(json_string_value(json_object_get(object, "error")), error);
    if (offset != json_integer_value(json_object_get(object, "offset")))
        fail_msg("%s: offset %lld", hex, (long long)json_integer_value(json_object_get(object, "offset")));
    const char *said = json_string_value(json_object_get(object, "message"));
    if (strcmp(said, message) != 0) fail_msg("%s: %s", hex, said);
    json_decref(object);
}

static void test_refusals_say_what_and_where(void **state)
{
    (void)state;
    const heng_protocol mbus = HENG_PROTOCOL_MBUS, cjt188 = HENG_PROTOCOL_CJT188;
    check_refusal(mbus, "", "format", 0, "there is no frame in 0 bytes");
    check_refusal(mbus, "10 5B FD 59 16", "checksum", 3, "checksum mismatch: frame says 0x59, bytes sum to 0x58");
    check_refusal(mbus, "10 5B FD 58 17", "format", 4, "stop byte is 0x17, not 0x16");
    check_refusal(mbus, "10 5B FD", "format", 3, "the frame is cut off after 3 bytes");
    check_refusal(mbus, "68 04 05 68 08 01 70 08 81 16", "format", 2, "the two length bytes differ: 4 and 5");
    check_refusal(mbus, "68 04 04 67 08 01 70 08 81 16", "format", 3, "second start byte is 0x67, not 0x68");
    check_refusal(mbus, "10 5B 05 60 16 10 5B 05 60 16", "format", 5,
                  "5 bytes follow the frame: give one frame at a time");
    check_refusal(mbus, "55 10 5B 05 60 16", "format", 0, "1 junk bytes stand in front of the frame");
    check_refusal(mbus, "55 56 57", "format", 0, "none of the 3 bytes starts a frame");
    check_refusal(cjt188, "68 10 88 05 27 10 15 20 00 01 03 90 1F 01 24 16", "checksum", 14,
                  "checksum mismatch: frame says 0x24, bytes sum to 0x25");
    check_refusal(cjt188, "68 10 88 05 27 10 15 20 00 01 03 90 1F 01 25 16 01 02 03 04 05", "format", 16,
                  "5 bytes follow the frame: give one frame at a time");
    check_refusal(cjt188, "FE FE 68 10 88 05 27", "format", 7, "the frame is cut off after 5 bytes");
}

static void check_json(heng_protocol protocol, const char *hex, const char *expected)
{
    uint8_t bytes[600];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_str out = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    assert_int_equal(put_json(protocol, heng_buf_slice(&buf), &json), HENG_OK);
    assert_string_equal(out.text, expected);
    heng_str_fini(&out);
}

static void test_keys_and_their_order(void **state)
{
    (void)state;
    const heng_protocol mbus = HENG_PROTOCOL_MBUS;
    check_json(mbus, "E5", "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"ack\"}");
    check_json(
        mbus, "FE FE 10 7B 05 80 16",
        "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"short\",\"address\":5,\"control\":\"REQ_UD2\",\"fcb\":true,"
        "\"fcv\":true}");
    check_json(mbus, "68 03 03 68 53 01 BB 0F 16",
               "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"control\",\"address\":1,\"control\":\"SND_UD\","
               "\"fcb\":false,\"fcv\":true,\"ci\":\"BB\",\"baud\":2400,\"ci_text\":\"set baud rate\"}");
    check_json(mbus, "68 04 04 68 08 01 70 08 81 16",
               "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"error\",\"address\":1,\"error_code\":8,"
               "\"error_text\":\"application busy\"}");
    check_json(mbus, "68 15 15 68 08 02 72 78 56 34 12 24 40 01 07 13 00 00 00 0C 78 04 03 02 01 9D 16",
               "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"variable\",\"address\":2,\"id\":\"12345678\","
               "\"manufacturer\":\"PAD\",\"version\":1,\"medium\":\"water\",\"access\":19,\"status\":0,\"more\":false,"
               "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,"
               "\"quantity\":\"fabrication number\",\"unit\":\"\",\"value\":\"1020304\"}]}");
    check_json(mbus, "68 13 13 68 08 05 73 78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00 3C 16",
               "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"fixed\",\"address\":5,\"id\":\"12345678\","
               "\"medium\":\"water\",\"access\":10,\"status\":0,\"more\":false,\"records\":[{\"function\":"
               "\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\","
               "\"value\":\"0.001\"},{\"function\":\"instantaneous\",\"storage\":1,\"tariff\":0,\"subunit\":0,"
               "\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"0.135\"}]}");
    check_json(HENG_PROTOCOL_CJT188, "FE 68 10 01 00 00 05 08 00 00 81 09 90 1F 00 00 23 01 00 00 FF E2 16 52 4F",
               "{\"ok\":true,\"protocol\":\"cjt188\",\"kind\":\"data\",\"id\":\"00000805000001\",\"manufacturer\":"
               "\"0000\",\"medium\":\"cold water\",\"control\":\"81\",\"di\":\"901F\",\"ser\":0,\"status\":\"00FF\","
               "\"valve\":\"open\",\"battery\":\"ok\",\"more\":false,\"records\":[{\"function\":\"instantaneous\","
               "\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":"
               "\"123.00\"}]}");
}

static void test_what_is_not_readable_is_null(void **state)
{
    (void)state;
    /* Mode 5, two blocks announced, three bytes there, which are no record. */
    check_json(HENG_PROTOCOL_MBUS, "68 12 12 68 08 01 72 78 56 34 12 2D 2C 1C 04 05 00 20 05 04 02 03 3B 16",
               "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"variable\",\"address\":1,\"id\":\"12345678\","
               "\"manufacturer\":\"KAM\",\"version\":28,\"medium\":\"heat\",\"access\":5,\"status\":0,\"more\":false,"
               "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,"
               "\"quantity\":\"unknown\",\"unit\":null,\"value\":null,\"reason\":\"encrypted\",\"raw\":\"040203\"}]}");
    /* A fabrication number with letters. */
    check_json(HENG_PROTOCOL_MBUS, "68 09 09 68 08 02 78 0C 78 BD 03 02 A1 69 16",
               "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"variable\",\"address\":2,\"more\":false,\"records\":"
               "[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":"
               "\"fabrication number\",\"unit\":\"\",\"value\":\"A10203BD\"}]}");
    /* Status FF FF: the meter says nothing about valve and battery. */
    check_json(HENG_PROTOCOL_CJT188, "68 10 01 00 00 05 08 00 00 81 09 90 1F 00 00 23 01 00 FF FF E1 16",
               "{\"ok\":true,\"protocol\":\"cjt188\",\"kind\":\"data\",\"id\":\"00000805000001\",\"manufacturer\":"
               "\"0000\",\"medium\":\"cold water\",\"control\":\"81\",\"di\":\"901F\",\"ser\":0,\"status\":\"FFFF\","
               "\"valve\":null,\"battery\":null,\"more\":false,\"records\":[{\"function\":\"instantaneous\","
               "\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":"
               "\"123.00\"}]}");
}

/* Cipher text and letters are explained byte by byte like everything else. */
static void test_explanations_of_what_is_not_readable(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *words;
    } cases[] = {{"68 12 12 68 08 01 72 78 56 34 12 2D 2C 1C 04 05 00 20 05 04 02 03 3B 16", "\"encrypted\""},
                 {"68 09 09 68 08 02 78 0C 78 BD 03 02 A1 69 16", "\"A10203BD\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[64];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_str out = {.max = 1 << 20};
        struct heng_json json = heng_json_of(&out);
        assert_int_equal(heng_hex_parse(heng_slice_str(cases[i].hex), &buf, NULL), HENG_OK);
        check_fields(HENG_PROTOCOL_MBUS, heng_buf_slice(&buf), 1);
        put_fields(HENG_PROTOCOL_MBUS, heng_buf_slice(&buf), &json);
        assert_non_null(strstr(out.text, cases[i].words));
        heng_str_fini(&out);
    }
}

static const struct heng_explained *entry_at(const struct heng_explained *entries, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].at == at) return &entries[i];
    fail_msg("no entry begins at %zu", at);
    return NULL;
}

/* A wrong check does not hide the rest: the fields are named, the check is called wrong, and nothing claims to be a
 * record, because the frame has none. */
static void test_a_frame_with_a_wrong_check_is_explained(void **state)
{
    (void)state;
    static const struct {
        heng_protocol protocol;
        const char *hex;
        size_t at, check_at;
        const char *name, *value, *check;
    } cases[] = {
        {HENG_PROTOCOL_MBUS, "FE 10 5B 05 61 16", 3, 4, "address", "5", "61 wrong"},
        {HENG_PROTOCOL_MBUS, "68 04 04 68 08 01 70 08 80 16", 6, 8, "ci", NULL, "80 wrong"},
        {HENG_PROTOCOL_CJT188, "68 10 01 00 00 05 08 00 00 81 09 90 1F 00 00 23 01 00 00 FF E3 16", 14, 20, "volume",
         "123.00 m3", "E3 wrong"},
        {HENG_PROTOCOL_DLT645_2007, "68 AA AA AA AA AA AA 68 13 00 DE 16", 1, 10, "id", "AAAAAAAAAAAA", "DE wrong"},
        {HENG_PROTOCOL_MODBUS_RTU, "01 03 00 00 00 02 C4 0C", 4, 6, "quantity", "2", "C40C wrong"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[64];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_capture capture;
        static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
        assert_int_equal(heng_hex_parse(heng_slice_str(cases[i].hex), &buf, NULL), HENG_OK);
        heng_capture_init(&capture, cases[i].protocol, heng_buf_slice(&buf));
        assert_int_equal(capture.rc, HENG_ECHECKSUM);
        size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
        const struct heng_explained *entry = entry_at(entries, count, cases[i].at);
        assert_string_equal(entry->name, cases[i].name);
        if (cases[i].value) assert_string_equal(entry->value, cases[i].value);
        assert_string_equal(entry_at(entries, count, cases[i].check_at)->value, cases[i].check);
        for (size_t k = 0; k < count; k++) assert_int_equal(entries[k].record, -1);
    }
}

/* Whatever is wrong, what stands in front of it is told; the rest is one entry, the last. */
static void test_what_is_sure_of_a_refused_frame_is_explained(void **state)
{
    (void)state;
    static const struct {
        heng_protocol protocol;
        const char *hex;
        size_t at;
        const char *name, *value;
        size_t rest_at; /* 0: no rest */
    } cases[] = {
        /* cut off */
        {HENG_PROTOCOL_MBUS, "68 15 15 68 08 02 72 78 56 34 12 24 40", 7, "id", "12345678", 0},
        {HENG_PROTOCOL_MBUS, "68 15 15 68 08 02 72 78 56 34 12 24", 1, "length", "21", 11},
        {HENG_PROTOCOL_MBUS, "68", 0, "start", "68", 0},
        {HENG_PROTOCOL_MBUS, "10 5B 05", 2, "address", "5", 0},
        {HENG_PROTOCOL_MBUS, "68 15 15 68 08 02 72 78 56 34 12 24 40 01 07 13 00 00 00 0C 78 04 03", 19, "dif", NULL,
         21},
        {HENG_PROTOCOL_CJT188, "FE 68 10 01 00 00 05 08 00 00 81 09 90 1F 00 00 23 01", 12, "di", "901F current data",
         15},
        {HENG_PROTOCOL_CJT188, "68 10 01 00", 1, "type", "10 cold water", 2},
        {HENG_PROTOCOL_DLT645_2007, "68 12 00 00 00 10 20 68 91 18 33 32 34 33 5C 34 33 33 95 33 33 33 93 33 33", 18,
         "energy", "620 Wh, tariff 1, forward", 22},
        {HENG_PROTOCOL_DLT645_2007, "FE FE 68 12 00 00 00 10", 2, "start", "68", 3},
        {HENG_PROTOCOL_MODBUS_RTU, "01 03 00 00 00", 1, "function", "03 read holding registers", 2},
        {HENG_PROTOCOL_MODBUS_TCP, "00 07 00 00 00 06 01 03 00", 4, "length", "6", 8},
        /* one byte of the framing */
        {HENG_PROTOCOL_MBUS, "68 04 05 68 08 01 70 08 81 16", 2, "length repeated", "05 wrong", 0},
        {HENG_PROTOCOL_MBUS, "10 5B 05 60 17", 4, "stop", "17 wrong", 0},
        {HENG_PROTOCOL_CJT188, "68 10 01 00 00 05 08 00 00 81 19 90 1F 00 00 23 01 00 00 FF E2 16", 10, "length",
         "19 wrong", 0},
        {HENG_PROTOCOL_DLT645_2007, "68 AA AA AA AA AA AA 69 13 00 DF 16", 7, "start repeated", "69 wrong", 0},
        {HENG_PROTOCOL_MODBUS_TCP, "00 07 00 01 00 06 01 03 00 00 00 01", 2, "protocol id", "0001", 8},
        /* something behind the frame, and in front of it */
        {HENG_PROTOCOL_MBUS, "10 5B 05 60 16 10 5B 05 60 16", 2, "address", "5", 5},
        {HENG_PROTOCOL_MBUS, "55 10 5B 05 60 16", 0, "rest", "55", 0},
        {HENG_PROTOCOL_MODBUS_RTU, "01 03 00 00 00 01 84 0A 02 03 02 00 01 3D 84", 6, "crc", "840A", 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[64];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_capture capture;
        static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
        assert_int_equal(heng_hex_parse(heng_slice_str(cases[i].hex), &buf, NULL), HENG_OK);
        heng_capture_init(&capture, cases[i].protocol, heng_buf_slice(&buf));
        assert_int_not_equal(capture.rc, HENG_OK);
        check_fields(cases[i].protocol, heng_buf_slice(&buf), SIZE_MAX);
        size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
        const struct heng_explained *entry = entry_at(entries, count, cases[i].at);
        if (strcmp(entry->name, cases[i].name) != 0 || (cases[i].value && strcmp(entry->value, cases[i].value) != 0))
            fail_msg("%s: '%s' is '%s'", cases[i].hex, entry->name, entry->value);
        const struct heng_explained *last = &entries[count - 1];
        if (cases[i].rest_at ? last->at != cases[i].rest_at || strcmp(last->name, "rest") != 0
                             : strcmp(last->name, "rest") == 0)
            fail_msg("%s: ends with '%s' at %u", cases[i].hex, last->name, (unsigned)last->at);
        for (size_t k = 0; k < count; k++) assert_int_equal(entries[k].record, -1);
    }
}

/* Where no byte tells tariff, phase or direction, the value does. */
static void test_values_say_which_register_they_are(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_capture capture;
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    const char *hex = "68 12 00 00 00 10 20 68 91 18 33 32 34 33 5C 34 33 33 95 33 33 33 93 33 33 33 36 33 33 33 35 33 "
                      "33 33 74 16";
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    heng_capture_init(&capture, HENG_PROTOCOL_DLT645_2007, heng_buf_slice(&buf));
    size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
    assert_string_equal(entry_at(entries, count, 14)->value, "1290 Wh, forward");
    assert_string_equal(entry_at(entries, count, 30)->value, "20 Wh, tariff 4, forward");
}

static void test_text_of_the_wire_becomes_utf8(void **state)
{
    (void)state;
    /* 0D 7C with unit 'x', text 3 characters, backwards: B0 43 41 is "AC" and the degree sign of ISO 8859-1. */
    uint8_t bytes[64], records[] = {0x0D, 0x7C, 0x01, 'x', 0x03, 0xB0, 0x43, 0x41};
    uint8_t frame[] = {0x68, 0x0B, 0x0B, 0x68, 0x08, 0x01, 0x78};
    uint8_t sum = 0;
    memcpy(bytes, frame, sizeof frame);
    memcpy(bytes + sizeof frame, records, sizeof records);
    size_t n = sizeof frame + sizeof records;
    for (size_t i = 4; i < n; i++) sum = (uint8_t)(sum + bytes[i]);
    bytes[n++] = sum;
    bytes[n++] = 0x16;
    heng_rc rc;
    json_t *object = present(HENG_PROTOCOL_MBUS, heng_slice_of(bytes, n), &rc);
    json_t *record = json_array_get(json_object_get(object, "records"), 0);
    assert_string_equal(json_string_value(json_object_get(record, "value")), "AC\xC2\xB0");
    assert_string_equal(json_string_value(json_object_get(record, "qualifier")), "x");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_frames_print_as_before),
        cmocka_unit_test(test_every_byte_is_explained_once),
        cmocka_unit_test(test_refusals_say_what_and_where),
        cmocka_unit_test(test_keys_and_their_order),
        cmocka_unit_test(test_what_is_not_readable_is_null),
        cmocka_unit_test(test_explanations_of_what_is_not_readable),
        cmocka_unit_test(test_a_frame_with_a_wrong_check_is_explained),
        cmocka_unit_test(test_what_is_sure_of_a_refused_frame_is_explained),
        cmocka_unit_test(test_values_say_which_register_they_are),
        cmocka_unit_test(test_text_of_the_wire_becomes_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
