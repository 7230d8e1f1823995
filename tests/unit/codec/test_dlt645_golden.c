/* Every row of the golden files of DL/T 645. dlt645.tsv: real frames; bad checks are refused, stated values match.
 * dlt645-made*.tsv: one frame and more of each family of identifiers and each function, made by the tables of the
 * standard; the row says every record: "data|energy forward t1=20 Wh|...". */
#include "corpus.h"

#include "codec/dlt645.h"
#include "codec/present.h"

static struct corpus corpus;

static heng_protocol protocol_of(const struct row *row)
{
    return strcmp(row->protocol, "dlt645-1997") == 0 ? HENG_PROTOCOL_DLT645_1997 : HENG_PROTOCOL_DLT645_2007;
}

static heng_rc decode_row(const struct row *row, struct heng_telegram *ret, struct heng_err *err)
{
    size_t used;
    return heng_codec_of(protocol_of(row))->decode(row_slice(row), ret, &used, err);
}

/* The next number of a statement such as "Ia=4.999 A" or "total/T1=1.29,0.62 kWh"; NULL at the end. */
static const char *next_number(const char *text, struct heng_dec *ret)
{
    char number[32];
    for (;;) {
        text += strcspn(text, "0123456789-");
        size_t n = strspn(text, "0123456789.-");
        if (n == 0) return NULL;
        assert_true(n < sizeof number);
        memcpy(number, text, n);
        number[n] = '\0';
        assert_int_equal(heng_dec_parse(number, ret, NULL), HENG_OK);
        return text + n;
    }
}

static void check_numbers(const struct heng_telegram *t, const char *text)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    struct heng_dec stated;
    while ((text = next_number(text, &stated))) {
        assert_int_equal(heng_record_next(&records, &record, NULL), HENG_OK);
        assert_int_equal(record.kind, HENG_VALUE_DEC);
        bool kilo = record.unit == HENG_UNIT_WH || record.unit == HENG_UNIT_VARH || record.unit == HENG_UNIT_W ||
                    record.unit == HENG_UNIT_VAR;
        if (kilo) stated.exp = (int8_t)(stated.exp + 3);
        assert_int_equal(heng_dec_cmp(record.dec, stated), 0);
    }
    assert_int_equal(heng_record_next(&records, &record, NULL), HENG_ENOTFOUND);
}

static void check_text(const struct heng_telegram *t, const char *stated, size_t n)
{
    char ours[HENG_EXPLAIN_VALUE_MAX];
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    assert_int_equal(heng_record_next(&records, &record, NULL), HENG_OK);
    heng_record_summary(&record, t->bias, ours, sizeof ours);
    for (size_t i = 0; i < n; i++) assert_int_equal(ours[i] == 'T' ? ' ' : ours[i], stated[i]);
}

/* What an answer is stated to say: the first item that is none of the notes around it. */
static void check_answer(const struct row *row, const struct heng_telegram *t)
{
    char text[64];
    const char *const numbers[] = {"Ia=",
                                   "Q=",
                                   "PF=",
                                   "reactive comb1=",
                                   "reactive comb2=",
                                   "value=",
                                   "trip count=",
                                   "_derived=Ua",
                                   "_derived=Ub",
                                   "Ua=",
                                   "_derived=",
                                   "forward active total/T1..T4=",
                                   "reverse active=",
                                   "0."};
    if (row_states(row, "addr=", text, sizeof text) && t->kind == HENG_TELEGRAM_ADDRESS) {
        assert_string_equal(t->id, text);
        check_text(t, text, 12);
    } else if (row_states(row, "time=", text, sizeof text)) {
        check_text(t, text, 8);
    } else if (row_states(row, "date=", text, sizeof text)) {
        check_text(t, text, 10);
    } else if (row_states(row, "daily freeze time=", text, sizeof text)) {
        check_text(t, text, 16);
    } else if (t->kind == HENG_TELEGRAM_ERROR) {
        assert_true(t->control & HENG_DLT645_C_ERROR);
    } else {
        size_t i = 0;
        while (i < sizeof numbers / sizeof numbers[0] && !row_states(row, numbers[i], text, sizeof text)) i++;
        if (i == sizeof numbers / sizeof numbers[0]) fail_msg("nothing stated: %s", row->stated);
        if (strcmp(numbers[i], "0.") == 0) snprintf(text, sizeof text, "%s", strstr(row->stated, "0."));
        text[strcspn(text, ";")] = '\0';
        check_numbers(t, text);
    }
}

static void test_real_frames(void **state)
{
    (void)state;
    unsigned answers = 0, refused = 0;
    corpus_load(&corpus, "dlt645.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_telegram t;
        struct heng_err err = {0};
        char text[64];
        heng_rc rc = decode_row(row, &t, &err);
        if (strstr(row->stated, "cs=BAD")) {
            assert_int_equal(rc, HENG_ECHECKSUM);
            assert_int_equal(err.at, row->n - 2);
            refused++;
            continue;
        }
        assert_int_equal(rc, HENG_OK);
        assert_ptr_equal(t.frame.p + t.frame.n, row->bytes + row->n);
        assert_int_equal(t.from_meter, strstr(row->stated, "dir=resp") != NULL);
        assert_int_equal(t.protocol, protocol_of(row));
        if (row_states(row, "DI=", text, sizeof text)) {
            assert_true(t.has_di);
            assert_int_equal(t.di, strtoul(text, NULL, 16));
        }
        if (!t.from_meter) continue;
        check_answer(row, &t);
        answers++;
    }
    printf("# %u answers as stated, %u refused\n", answers, refused);
    assert_true(answers >= 35 && refused == 3);
}

static size_t put(char *text, size_t n, size_t cap, const char *fmt, ...) HENG_PRINTF(4, 5);
static size_t put(char *text, size_t n, size_t cap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int more = vsnprintf(text + n, cap - n, fmt, args);
    va_end(args);
    assert_true(more >= 0 && n + (size_t)more < cap);
    return n + (size_t)more;
}

/* A telegram in the words of the made rows. */
static void telegram_words(const struct heng_telegram *t, char *ret_text, size_t cap)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    uint8_t function = t->control & 0x1F;
    bool numbered = function == HENG_DLT645_C_FOLLOW && t->kind != HENG_TELEGRAM_ERROR;
    size_t n = put(ret_text, 0, cap, "%s%s", heng_telegram_kind_text(t->kind), t->more ? "|more" : "");
    if (numbered) n = put(ret_text, n, cap, "|ser %u", t->ser);
    bool first = true;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        char value[HENG_EXPLAIN_VALUE_MAX], qualifier[HENG_QUALIFIER_MAX];
        heng_record_summary(&record, t->bias, value, sizeof value);
        heng_record_qualifier(&record, qualifier);
        n = put(ret_text, n, cap, "|%s%s%s", heng_quantity_text(record.quantity), qualifier[0] ? " " : "", qualifier);
        if (record.tariff) n = put(ret_text, n, cap, " t%u", record.tariff);
        if (record.storage) n = put(ret_text, n, cap, " s%llu", (unsigned long long)record.storage);
        if (record.subunit) n = put(ret_text, n, cap, " u%u", record.subunit);
        if (record.function == HENG_FUNCTION_MAXIMUM) n = put(ret_text, n, cap, " MAX");
        n = put(ret_text, n, cap, "=%s", value);
        first = false;
    }
    if (first) put(ret_text, n, cap, "|");
}

static void test_made_frames(void **state)
{
    (void)state;
    static const char *const files[] = {"dlt645-made.tsv", "dlt645-made-functions.tsv"};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            char words[2048];
            struct heng_telegram t;
            assert_int_equal(decode_row(&corpus.rows[i], &t, NULL), HENG_OK);
            telegram_words(&t, words, sizeof words);
            if (strcmp(words, corpus.rows[i].stated) != 0)
                fail_msg("%s row %zu:\n  is   %s\n  not  %s", files[f], i + 1, words, corpus.rows[i].stated);
        }
    }
}

/* The explanation covers every byte once, in order, and its records are those of the JSON. */
static void test_every_byte_is_explained(void **state)
{
    (void)state;
    static const char *const files[] = {"dlt645.tsv", "dlt645-made.tsv", "dlt645-made-functions.tsv"};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
            struct heng_capture capture;
            heng_capture_init(&capture, protocol_of(&corpus.rows[i]), row_slice(&corpus.rows[i]));
            size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX), at = 0;
            for (size_t k = 0; k < count; k++) {
                assert_int_equal(entries[k].at, at);
                at += entries[k].length;
            }
            assert_int_equal(at, corpus.rows[i].n);
            if (capture.rc == HENG_OK) assert_string_equal(entries[count - 1].name, "stop");
        }
    }
}

static void explains(const char *hex, const char *expected)
{
    struct heng_explained entries[64];
    struct heng_capture capture;
    uint8_t bytes[64];
    char text[1024] = "";
    size_t n = 0;
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    heng_capture_init(&capture, HENG_PROTOCOL_DLT645_2007, heng_buf_slice(&buf));
    size_t count = heng_explain(&capture, entries, 64);
    for (size_t i = 0; i < count; i++)
        n = put(text, n, sizeof text, "%u %s=%s\n", entries[i].at, entries[i].name, entries[i].value);
    assert_string_equal(text, expected);
}

static void test_explanation_reads_without_bias(void **state)
{
    (void)state;
    explains("FE 68 11 11 11 11 11 11 68 1C 10 35 45 67 89 33 33 33 33 4D 33 57 74 48 45 38 4B F3 16",
             "0 preamble=FE\n1 start=68\n2 id=111111111111\n8 start repeated=68\n9 control=1C relay, request\n"
             "10 length=16\n11 access level=2\n12 password=secret\n15 operator=00000000\n19 relay action=trip\n"
             "20 unknown=reserved\n21 valid until=2018-05-12T15:41:24\n27 checksum=F3\n28 stop=16\n");
    explains("68 02 00 11 11 24 20 68 B2 0A 33 32 34 33 36 33 33 33 34 34 F7 16",
             "0 start=68\n1 id=202411110002\n7 start repeated=68\n8 control=B2 read following, answer, more follows\n"
             "9 length=10\n10 di=0001FF00\n14 unknown=follow-on data\n19 sequence=1\n20 checksum=F7\n21 stop=16\n");
    explains("68 02 00 11 11 24 20 68 1F 01 34 8C 16",
             "0 start=68\n1 id=202411110002\n7 start repeated=68\n8 control=1F unknown, request\n9 length=1\n"
             "10 data=01\n11 checksum=8C\n12 stop=16\n");
}

static void presents(const char *hex, const char *expected)
{
    struct heng_str out = {.max = 1 << 16};
    struct heng_json json = heng_json_of(&out);
    struct heng_capture capture;
    uint8_t bytes[64];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    heng_capture_init(&capture, HENG_PROTOCOL_DLT645_2007, heng_buf_slice(&buf));
    heng_present_json(&capture, NULL, &json);
    assert_int_equal(out.rc, HENG_OK);
    assert_string_equal(out.text, expected);
    heng_str_fini(&out);
}

/* AA between FE and 68 is preamble; another byte there is junk. */
static void test_aa_in_front_is_preamble(void **state)
{
    (void)state;
    explains("FE FE AA AA 68 12 00 00 00 10 20 68 D1 00 E3 16",
             "0 preamble=FEFEAAAA\n4 start=68\n5 id=201000000012\n11 start repeated=68\n"
             "12 control=D1 read, answer, error\n13 length=0\n14 checksum=E3\n15 stop=16\n");
    presents("FE FE AA AA 68 12 00 00 00 10 20 68 D1 00 E3 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"error\",\"direction\":\"answer\","
             "\"id\":\"201000000012\",\"control\":\"D1\",\"function\":\"read\",\"error_code\":0,"
             "\"error_text\":\"\",\"records\":[]}");
    presents("FE FE AA AB 68 12 00 00 00 10 20 68 D1 00 E3 16",
             "{\"ok\":false,\"protocol\":\"dlt645-2007\",\"error\":\"format\",\"offset\":3,"
             "\"message\":\"1 junk bytes stand in front of the frame\"}");
}

/* Text that no text can be is kept as the bytes that were sent, all of them. */
static void test_binary_in_a_text_field(void **state)
{
    (void)state;
    presents("68 12 00 00 00 10 20 68 91 0A 37 37 33 37 34 35 36 33 33 33 BD 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"data\",\"direction\":\"answer\","
             "\"id\":\"201000000012\",\"control\":\"91\",\"function\":\"read\",\"di\":\"04000404\",\"more\":false,"
             "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,"
             "\"quantity\":\"voltage\",\"unit\":\"\",\"value\":null,\"reason\":\"binary data\","
             "\"qualifier\":\"rated\",\"raw\":\"010203000000\"}]}");
}

static void test_json(void **state)
{
    (void)state;
    presents(
        "68 12 00 00 00 10 20 68 D1 01 35 19 16",
        "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"error\",\"direction\":\"answer\","
        "\"id\":\"201000000012\",\"control\":\"D1\",\"function\":\"read\",\"error_code\":2,"
        "\"error_text\":\"no such data\",\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,"
        "\"subunit\":0,\"quantity\":\"error flags\",\"unit\":\"\",\"value\":\"2\",\"flags\":[\"no such data\"]}]}");
    presents("68 12 00 00 00 10 20 68 DC 02 53 33 76 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"error\",\"direction\":\"answer\","
             "\"id\":\"201000000012\",\"control\":\"DC\",\"function\":\"relay\",\"error_code\":32,"
             "\"error_text\":\"wrong top-up count\",\"records\":[{\"function\":\"instantaneous\",\"storage\":0,"
             "\"tariff\":0,\"subunit\":0,\"quantity\":\"error flags\",\"unit\":\"\",\"value\":\"32\","
             "\"flags\":[\"wrong top-up count\"]}]}");
    presents("68 12 00 00 00 10 20 68 D1 00 E3 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"error\",\"direction\":\"answer\","
             "\"id\":\"201000000012\",\"control\":\"D1\",\"function\":\"read\",\"error_code\":0,"
             "\"error_text\":\"\",\"records\":[]}");
    presents("68 12 00 00 00 10 20 68 9F 01 35 E7 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"other\",\"direction\":\"answer\","
             "\"id\":\"201000000012\",\"control\":\"9F\",\"function\":null,\"data\":\"02\"}");
    presents("68 12 00 00 00 10 20 68 18 0C 36 3F 33 37 35 44 44 44 37 55 55 55 4C 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"command\",\"direction\":\"request\","
             "\"id\":\"201000000012\",\"control\":\"18\",\"function\":\"set password\",\"di\":\"04000C03\","
             "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,"
             "\"quantity\":\"access level\",\"unit\":\"\",\"value\":\"2\",\"qualifier\":\"old\"},"
             "{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"password\","
             "\"unit\":\"\",\"value\":null,\"reason\":\"secret\",\"qualifier\":\"old\"},"
             "{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,"
             "\"quantity\":\"access level\",\"unit\":\"\",\"value\":\"4\",\"qualifier\":\"new\"},"
             "{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"password\","
             "\"unit\":\"\",\"value\":null,\"reason\":\"secret\",\"qualifier\":\"new\"}]}");
    presents("68 12 00 00 00 10 20 68 12 05 33 32 34 33 34 29 16",
             "{\"ok\":true,\"protocol\":\"dlt645-2007\",\"kind\":\"request\",\"direction\":\"request\","
             "\"id\":\"201000000012\",\"control\":\"12\",\"function\":\"read following\",\"di\":\"0001FF00\","
             "\"ser\":1,\"records\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_frames),
        cmocka_unit_test(test_made_frames),
        cmocka_unit_test(test_every_byte_is_explained),
        cmocka_unit_test(test_explanation_reads_without_bias),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_aa_in_front_is_preamble),
        cmocka_unit_test(test_binary_in_a_text_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
