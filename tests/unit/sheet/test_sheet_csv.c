/* .csv as it comes: encodings, separators, quotation marks, and what is wrong with it in words. */
#include "sheet_rig.h"

static void csv(const char *text, const char *wanted) { assert_rows(heng_slice_str(text), NULL, wanted); }

static void test_separators(void **state)
{
    (void)state;
    csv("a,b\n1,\"2,5\"\n", "1|A:text=a|B:text=b\n2|A:text=1|B:text=2,5\n");
    csv("a;b\n1,5;2", "1|A:text=a|B:text=b\n2|A:text=1,5|B:text=2\n");
    csv("a\tb\r\n1\t2\r\n", "1|A:text=a|B:text=b\n2|A:text=1|B:text=2\n");
    csv("用户表\r\n表号;\"a,b,c,d\"\r\n",
        "1|A:text=用户表\n2|A:text=表号|B:text=a,b,c,d\n"); /* a title before the header */
    csv("sep=|\r\na|b;c\r\n", "2|A:text=a|B:text=b;c\n");
    csv("one\n1\n", "1|A:text=one\n2|A:text=1\n");
}

static void test_quotation_marks(void **state)
{
    (void)state;
    csv("a,\"x \"\"y\"\"\",\"l1\r\nl2\"\n\"\",\"b\"  ,c\"d\n",
        "1|A:text=a|B:text=x \"y\"|C:text=l1\r\nl2\n2|A:empty=|B:text=b|C:text=c\"d\n");
    csv("a,b\r\n\r\n,\r\nc,d\r\re,f", "1|A:text=a|B:text=b\n4|A:text=c|B:text=d\n6|A:text=e|B:text=f\n");
    csv("'=1+1,'-5,''=x,'x,'", "1|A:text==1+1|B:text=-5|C:text='=x|D:text='x|E:text='\n");
    csv("=\"00123\",=\"\",=\"a\"b\",\"=\"\"1\"\"\"", "1|A:text=00123|B:text==\"\"|C:text==\"a\"b\"|D:text==\"1\"\n");
    assert_refused(heng_slice_str("a,b\n1,\"x\" y\n"), NULL, HENG_EFORMAT,
                   "row 2 has text behind a closing quotation mark: double the marks inside");
    assert_refused(heng_slice_str("a,b\n1,\"x\n2,3\n"), NULL, HENG_EFORMAT,
                   "row 2 opens a quotation mark that is never closed");
}

static const struct heng_sheet_csv *about(struct heng_slice bytes, const struct heng_sheet_options *options,
                                          struct heng_sheet **ret)
{
    struct heng_err err = {0};
    if (heng_sheet_open_bytes(bytes, options, ret, &err) != HENG_OK) fail_msg("%s", err.text);
    return heng_sheet_csv(*ret);
}

static void assert_encoding(struct heng_slice bytes, const struct heng_sheet_options *options,
                            heng_sheet_encoding encoding, const char *wanted)
{
    struct heng_sheet *sheet = NULL;
    assert_int_equal(about(bytes, options, &sheet)->encoding, encoding);
    assert_null(heng_sheet_name(sheet, 0));
    heng_sheet_close(sheet);
    assert_rows(bytes, options, wanted);
}

#define BYTES(text) heng_slice_of(text, sizeof(text) - 1)

static void test_encodings(void **state)
{
    static const struct heng_sheet_options western = {.fallback = HENG_ENCODING_WINDOWS_1252};
    (void)state;
    assert_encoding(BYTES("\xEF\xBB\xBF表,号\n"), NULL, HENG_ENCODING_UTF8, "1|A:text=表|B:text=号\n");
    assert_encoding(BYTES("表,号\n"), &western, HENG_ENCODING_UTF8, "1|A:text=表|B:text=号\n");
    assert_encoding(BYTES("\xB1\xED\xBA\xC5,\x81\x30\x81\x30\n"), NULL, HENG_ENCODING_GB18030,
                    "1|A:text=表号|B:text=\xC2\x80\n");
    assert_encoding(BYTES("Z\xE4hler;\x80\n"), &western, HENG_ENCODING_WINDOWS_1252, "1|A:text=Zähler|B:text=€\n");
    assert_encoding(BYTES("\xFF\xFE\x68\x88,\0\x61\0\r\0\n\0"), NULL, HENG_ENCODING_UTF16LE, "1|A:text=表|B:text=a\n");
    assert_encoding(BYTES("\xFE\xFF\x88\x68\0\t\0a"), NULL, HENG_ENCODING_UTF16BE, "1|A:text=表|B:text=a\n");
    assert_refused(BYTES("a\n\xB1\xED\n\xFF\xFF\n"), NULL, HENG_EFORMAT,
                   "the text is not GB18030: save the file as .csv UTF-8");
    assert_refused(BYTES("a\n\xB1"), NULL, HENG_EFORMAT, "the text is not GB18030");
    assert_refused(BYTES("\xEF\xBB\xBFZ\xE4hler"), NULL, HENG_EFORMAT, "the file says that it is UTF-8 and is not");
    assert_refused(BYTES("a,b\n\0,1"), NULL, HENG_EUNSUPPORTED, "this is neither .xlsx nor text");
    assert_refused(BYTES("\xFF\xFE\0\0a\0"), NULL, HENG_EFORMAT, "holds a NUL character");
    assert_refused(BYTES("\xFF\xFE\x61"), NULL, HENG_EFORMAT, "is not UTF-16LE");
}

/* Characters and rows that lie across the pieces in which a file is read, in every encoding. */
static void test_long_files(void **state)
{
    enum { ROWS = 9000 };
    static const struct {
        const char *name;
        const char *row;
        size_t n;
    } cases[] = {{"UTF-8", "表,\xF0\x9F\x92\xA7x,\"a\nb\"\r\n", 0},
                 {"GB18030", "\xB1\xED,\x94\x39\xDA\x31x,\"a\nb\"\r\n", 0},
                 {"UTF-16LE", "\xFF\xFE\x68\x88,\0\x3D\xD8\xA7\xDCx\0,\0\"\0a\0\n\0b\0\"\0\r\0\n\0", 28}};
    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (size_t shift = 0; shift < 4; shift++) {
            size_t mark = k == 2 ? 2 : 0, n = (cases[k].n ? cases[k].n : strlen(cases[k].row)) - mark, at = 0;
            char *bytes = malloc(ROWS * n + 16);
            assert_non_null(bytes);
            memcpy(bytes, cases[k].row, mark);
            at = mark;
            for (size_t i = 0; i < shift; i++) { /* "x" lines shift all behind them */
                bytes[at++] = '\n';
                if (k == 2) bytes[at++] = '\0';
            }
            for (size_t i = 0; i < ROWS; i++, at += n) memcpy(bytes + at, cases[k].row + mark, n);
            struct heng_sheet *sheet = NULL;
            struct heng_sheet_row row;
            assert_string_equal(heng_sheet_encoding_name(about(heng_slice_of(bytes, at), NULL, &sheet)->encoding),
                                cases[k].name);
            for (uint32_t i = 0; i < ROWS; i++) {
                assert_int_equal(heng_sheet_next(sheet, &row, NULL), HENG_OK);
                assert_int_equal(row.number, i + 1 + shift);
                assert_int_equal(row.count, 3);
                assert_true(heng_slice_is(row.cells[0].text, "表"));
                assert_true(heng_slice_is(row.cells[1].text, "\xF0\x9F\x92\xA7x"));
                assert_true(heng_slice_is(row.cells[2].text, "a\nb"));
            }
            assert_int_equal(heng_sheet_next(sheet, &row, NULL), HENG_ENOTFOUND);
            heng_sheet_close(sheet);
            free(bytes);
        }
}

static void test_limits(void **state)
{
    static const struct heng_sheet_options tight = {
        .limits = {.file_bytes = 200, .rows = 3, .columns = 3, .cell_bytes = 20, .row_bytes = 40}};
    (void)state;
    assert_refused(heng_slice_str("a\nb\nc\nd\n"), &tight, HENG_ELIMIT, "the table has more than 3 rows");
    assert_refused(heng_slice_str("a\nb,c,d,e\n"), &tight, HENG_ELIMIT, "row 2 has more than 3 columns");
    assert_refused(heng_slice_str("a\nb,123456789012345678901\n"), &tight, HENG_ELIMIT,
                   "cell B2 is longer than 20 bytes");
    assert_refused(heng_slice_str("12345678901234567890,12345678901234567890,1"), &tight, HENG_ELIMIT,
                   "the texts of row 1 are longer than 40 bytes");
    char big[201] = {0};
    memset(big, 'x', 200);
    assert_refused(heng_slice_of(big, 201), &tight, HENG_ELIMIT, "the file has 201 bytes, the most is 200");
    assert_rows(
        heng_slice_str("a,b,c\n12345678901234567890,12345678901234567890\n1"), &tight,
        "1|A:text=a|B:text=b|C:text=c\n2|A:text=12345678901234567890|B:text=12345678901234567890\n3|A:text=1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_separators), cmocka_unit_test(test_quotation_marks), cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_long_files), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
