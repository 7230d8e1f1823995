/* Every row of tests/golden/cjt188-made.tsv: one frame for each data identifier, command and answer, with all that it
 * says in the decoded column; and what such frames look like byte by byte. */
#include "corpus.h"

#include "codec/cjt188.h"
#include "codec/present.h"

static struct corpus corpus;

static struct heng_telegram decode(struct heng_slice in)
{
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_cjt188_codec.decode(in, &t, &used, NULL), HENG_OK);
    assert_int_equal(used, in.n);
    return t;
}

/* "volume #1 (day) = 1.00 m3 | ...", "" without records. */
static void put_records(const struct heng_telegram *t, char *ret_text, size_t cap)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record r;
    char value[128], storage[24], tariff[24], qualifier[64];
    size_t n = 0;
    heng_rc rc;
    ret_text[0] = '\0';
    while ((rc = heng_record_next(&records, &r, NULL)) == HENG_OK) {
        heng_record_summary(&r, t->bias, value, sizeof value);
        storage[0] = tariff[0] = qualifier[0] = '\0';
        if (r.storage) snprintf(storage, sizeof storage, " #%llu", (unsigned long long)r.storage);
        if (r.tariff) snprintf(tariff, sizeof tariff, " @%u", r.tariff);
        if (r.qualifier) snprintf(qualifier, sizeof qualifier, " (%s)", r.qualifier);
        n +=
            (size_t)snprintf(ret_text + n, cap - n, "%s%s%s%s%s = %s%s", n ? " | " : "", heng_quantity_text(r.quantity),
                             storage, tariff, qualifier, r.kind == HENG_VALUE_NONE ? "- " : "", value);
        assert_true(n < cap);
    }
    assert_int_equal(rc, HENG_ENOTFOUND);
}

/* digits 0: decimal, else hexadecimal. */
static void check(const struct row *row, const char *key, bool there, int digits, unsigned value)
{
    char stated[64], ours[64] = "";
    if (there && digits) snprintf(ours, sizeof ours, "%0*X", digits, value);
    if (there && !digits) snprintf(ours, sizeof ours, "%u", value);
    if (!row_states(row, key, stated, sizeof stated)) stated[0] = '\0';
    if (strcmp(stated, ours) != 0) fail_msg("%s: %s is '%s', not '%s'", row->source, key, ours, stated);
}

static void check_text(const struct row *row, const char *key, const char *ours)
{
    static char stated[2048];
    if (!row_states(row, key, stated, sizeof stated)) stated[0] = '\0';
    if (strcmp(stated, ours) != 0) fail_msg("%s: %s\n%s\nnot\n%s", row->source, key, ours, stated);
}

static void test_all_that_a_frame_says(void **state)
{
    (void)state;
    static char records[2048];
    corpus_load(&corpus, "cjt188-made.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_telegram t = decode(row_slice(row));
        bool error = t.kind == HENG_TELEGRAM_ERROR;
        check_text(row, "kind=", heng_telegram_kind_text(t.kind));
        check_text(row, "medium=", heng_medium_text(t.medium));
        check(row, "di=", t.has_di, 4, t.di);
        check(row, "swapped=", t.has_di, 0, t.di_swapped);
        check(row, "status=", t.has_status, 4, (t.status & 0xFFU) << 8 | t.status >> 8);
        check(row, "ser=", error && t.ser, 0, t.ser);
        check(row, "error=", error && t.error_code, 0, t.error_code);
        if (row_states(row, "more=", records, sizeof records)) check(row, "more=", true, 0, t.more);
        put_records(&t, records, sizeof records);
        check_text(row, "records=", records);
    }
    printf("# %zu frames\n", corpus.count);
}

/* "name:value|..." of every entry; entries lie one behind the other and cover all bytes. */
static void explain(struct heng_slice in, const struct heng_dialect *dialect, char *ret_text, size_t cap)
{
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    struct heng_capture capture;
    size_t at = 0, n = 0;
    heng_capture_init(&capture, HENG_PROTOCOL_CJT188, in);
    if (dialect) heng_capture_use(&capture, dialect);
    size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i].at, at);
        at += entries[i].length;
        n += (size_t)snprintf(ret_text + n, cap - n, "%s%s:%s", n ? "|" : "", entries[i].name, entries[i].value);
        assert_true(n < cap);
    }
    assert_int_equal(at, in.n);
}

static void test_every_frame_is_explained_to_its_end(void **state)
{
    (void)state;
    static char text[4096];
    static const char *const files[] = {"cjt188-made.tsv", "cjt188.tsv"};
    for (size_t f = 0; f < 2; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_telegram t;
            size_t used;
            if (heng_cjt188_codec.decode(row_slice(&corpus.rows[i]), &t, &used, NULL) != HENG_OK) continue;
            explain(row_slice(&corpus.rows[i]), NULL, text, sizeof text);
            assert_non_null(strstr(text, "|stop:16"));
        }
    }
}

static void check_explained(const char *hex, const struct heng_dialect *dialect, const char *expected)
{
    static char text[4096];
    uint8_t bytes[300];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    explain(heng_buf_slice(&buf), dialect, text, sizeof text);
    if (!strstr(text, expected)) fail_msg("%s\ndoes not hold\n%s", text, expected);
}

static void test_explanations_name_every_byte(void **state)
{
    (void)state;
    check_explained(
        "FE 68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84 "
        "13 16",
        NULL,
        "preamble:FE|start:68|type:10 cold water|id:78330011223344|control:81 read data, answer|length:22|"
        "di:901F current data|ser:0|volume:556677.00 m3|unit:2C m3|volume:556677.00 m3, storage 1|unit:2C m3|"
        "datetime:2015-05-11T22:01:31|status:21 valve closed, battery ok|status:84|checksum:13|stop:16");
    check_explained(
        "68 20 38 04 21 08 00 59 42 81 2E 90 1F 00 05 19 28 53 00 05 19 28 53 00 17 00 00 00 00 35 00 00 00 00 "
        "2C 42 33 18 00 03 19 00 10 19 00 61 27 00 26 57 23 31 03 15 20 03 01 F7 16",
        NULL, "|ser:0|unit:05 kWh|heat energy:5328190 Wh, storage 1|unit:05 kWh|heat energy:5328190 Wh|unit:17 kW|");
    check_explained("68 10 78 56 34 12 00 31 78 C1 03 01 04 00 FE 16", NULL,
                    "|control:C1 read data, error answer|length:3|ser:1|status:04 valve open, battery low|status:00|");
    check_explained("68 10 78 56 34 12 00 31 78 C1 07 90 1F 01 07 00 AB CD 2C 16", NULL,
                    "|di:901F current data|ser:1|status:07 valve abnormal, battery low|status:00|data:ABCD|checksum");
    check_explained("68 10 78 56 34 12 00 31 78 C4 01 04 FE 16", NULL, "|length:1|error code:04|checksum");
    check_explained(
        "68 AA AA AA AA AA AA AA AA 33 00 EB 16", NULL,
        "|type:AA any|id:AAAAAAAAAAAAAA|control:33 vendor function, request, of the vendor|length:0|checksum");
    check_explained("68 10 78 56 34 12 00 31 78 01 02 90 1F E7 16", NULL, "|di:901F current data|checksum");
    check_explained("68 10 78 56 34 12 00 31 78 81 01 90 47 16", NULL, "|length:1|data:90|checksum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_a_frame_says),
        cmocka_unit_test(test_every_frame_is_explained_to_its_end),
        cmocka_unit_test(test_explanations_name_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
