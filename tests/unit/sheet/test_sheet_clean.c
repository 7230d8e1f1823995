/* What people type, made plain, and why it cannot be. */
#include "sheet/serial.h"
#include "sheet_rig.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_trim_and_keys(void **state)
{
    static const struct {
        const char *text, *trimmed, *key;
    } cases[] = {{"  a b\t\r\n", "a b", "a b"},
                 {"\u3000\u00A0\u200B表\u3000号\uFEFF\u202F", "表\u3000号", "表 号"},
                 {"ＡＢＣ－１２３（ａ）", "ＡＢＣ－１２３（ａ）", "ABC-123(a)"},
                 {"a\u200Bb\u2060c", "a\u200Bb\u2060c", "abc"},
                 {" \u3000 ", "", ""},
                 {"", "", ""},
                 {"\u221212", "\u221212", "-12"},
                 {"é€\U0001F4A7", "é€\U0001F4A7", "é€\U0001F4A7"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char memory[64];
        struct heng_buf key = heng_buf_of(memory, sizeof memory);
        assert_true(heng_slice_is(heng_clean_trim(heng_slice_str(cases[i].text)), cases[i].trimmed));
        assert_int_equal(heng_clean_key(heng_slice_str(cases[i].text), &key, NULL), HENG_OK);
        assert_true(heng_slice_is(heng_buf_slice(&key), cases[i].key));
    }
    struct heng_err err = {0};
    char small[2];
    struct heng_buf key = heng_buf_of(small, sizeof small);
    assert_int_equal(heng_clean_key(heng_slice_str("abc"), &key, &err), HENG_ELIMIT);
    assert_string_equal(err.text, "text is longer than 2 bytes");
    key = heng_buf_of(small, sizeof small);
    assert_int_equal(heng_clean_key(heng_slice_str("a\xFF"), &key, &err), HENG_EFORMAT);
    assert_string_equal(err.text, "text is not UTF-8 at byte 1");
}

static void test_numbers_of_languages(void **state)
{
    static const struct {
        const char *language, *text, *number; /* number NULL: refused */
        const char *why;
    } cases[] = {
        {"en", "1,234.5", "1234.5", 0},
        {"de", "1.234,5", "1234.5", 0},
        {"de", "1 234,5", "1234.5", 0},
        {"de", "1\u00A0234\u202F567,50", "1234567.50", 0},
        {"zh", "１，２３４．５０", "1234.50", 0},
        {"zh", "\u3000-12 ", "-12", 0},
        {"zh", "\u22120.10", "-0.10", 0},
        {"en", "+7", "7", 0},
        {"en", ".5", "0.5", 0},
        {"en", "1'234'567", "1234567", 0},
        {"en", "007", "7", 0},
        {"en", "123456789012345678", "123456789012345678", 0},
        {"en", "1.234,5", NULL, "'1.234,5' is no number with decimal mark '.'"},
        {"de", "1,234.5", NULL, "'1,234.5' is no number with decimal mark ','"},
        {"de", "12.5", NULL, "'12.5' has thousands separators that are not three digits apart"},
        {"en", "1,23", NULL, "'1,23' has thousands separators that are not three digits apart"},
        {"en", "1234,567", NULL, "'1234,567' has thousands separators that are not three digits apart"},
        {"en", "0,123", NULL, "'0,123' begins with 0 and a thousands separator: is a decimal mark meant"},
        {"en", "1,234 567", NULL, "'1,234 567' has two kinds of thousands separators"},
        {"en", "1.23457E+11", NULL, "'1.23457E+11' has lost digits: format the column as text and enter it again"},
        {"en", "12 m3", NULL, "'12 m3' is no number with decimal mark '.'"},
        {"en", "abc", NULL, "'abc' is no number"},
        {"en", "-", NULL, "'-' is no number"},
        {"en", ".", NULL, "'.' is no number"},
        {"en", "5.", NULL, "'5.' is no number with decimal mark '.'"},
        {"en", "1.2.3", NULL, "'1.2.3' is no number with decimal mark '.'"},
        {"en", "", NULL, "the number is missing"},
        {"en", "\u3000", NULL, "the number is missing"},
        {"en", "99999999999999999999", NULL, "'99999999999999999999' has more digits than a number can have"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct heng_dec d;
        struct heng_err err = {0};
        char text[HENG_DEC_TEXT_MAX];
        heng_rc rc =
            heng_clean_number(heng_slice_str(cases[i].text), heng_sheet_locale_of(cases[i].language), &d, &err);
        if (!cases[i].number) {
            assert_string_equal(err.text, cases[i].why);
            assert_int_not_equal(rc, HENG_OK);
            continue;
        }
        if (rc != HENG_OK) fail_msg("%s", err.text);
        heng_dec_format(d, text);
        assert_string_equal(text, cases[i].number);
    }
    char huge[300];
    struct heng_dec d;
    struct heng_err err = {0};
    memset(huge, '1', sizeof huge);
    assert_int_equal(heng_clean_number(heng_slice_of(huge, sizeof huge), heng_sheet_locale_of("zh"), &d, &err),
                     HENG_EFORMAT);
    assert_string_equal(err.text, "'1111111111111111111111111111111111111111...' is no number");
}

static void test_dates(void **state)
{
    static const struct {
        const char *text, *date; /* NULL: refused */
        const char *why;
    } cases[] = {{"2024-02-29", "2024-02-29", 0},
                 {"2024/2/9", "2024-02-09", 0},
                 {"2024.2.9", "2024-02-09", 0},
                 {"20240209", "2024-02-09", 0},
                 {"9.2.2024", "2024-02-09", 0},
                 {"09.02.2024 7:05", "2024-02-09T07:05:00", 0},
                 {"2024年2月9日", "2024-02-09", 0},
                 {"２０２４年２月９日", "2024-02-09", 0},
                 {"2024年2月9日8时30分", "2024-02-09T08:30:00", 0},
                 {"2024年2月9日 8点5分9秒", "2024-02-09T08:05:09", 0},
                 {"2024年2月9日 8时", "2024-02-09T08:00:00", 0},
                 {"2024-02-29T23:59:59.25", "2024-02-29T23:59:59.250", 0},
                 {"2024-02-29 00:00", "2024-02-29T00:00:00", 0},
                 {"45351", "2024-02-29", 0},
                 {"45351.75", "2024-02-29T18:00:00", 0},
                 {" 2024-02-29\u3000", "2024-02-29", 0},
                 {"2023-02-29", NULL, "'2023-02-29' is a day that the calendar does not have"},
                 {"2024-13-01", NULL, "'2024-13-01' is a day that the calendar does not have"},
                 {"0000-01-01", NULL, "'0000-01-01' is a day that the calendar does not have"},
                 {"2/3/2024", NULL, "'2/3/2024' can be read in two ways: write yyyy-mm-dd"},
                 {"2.3.24", NULL, "'2.3.24' has a year of two digits: write all four"},
                 {"2024", NULL, "'2024' is no date: write yyyy-mm-dd"},
                 {"2024-05", NULL, "'2024-05' is no date: write yyyy-mm-dd"},
                 {"2024-02/03", NULL, "'2024-02/03' is no date: write yyyy-mm-dd"},
                 {"2024-02-29x", NULL, "'2024-02-29x' is no date: write yyyy-mm-dd"},
                 {"2024-02-29 24:00", NULL, "'2024-02-29 24:00' has a time that no clock shows"},
                 {"2024-02-29 8", NULL, "'2024-02-29 8' has a time that cannot be read: write hh:mm or hh:mm:ss"},
                 {"2024-02-29 8:00 pm", NULL,
                  "'2024-02-29 8:00 pm' has something behind the date: write yyyy-mm-dd or yyyy-mm-dd hh:mm:ss"},
                 {"2024-02-29T08:00:00Z", NULL,
                  "'2024-02-29T08:00:00Z' names a time zone: write the local time of the site without one"},
                 {"9999999", NULL, "'9999999' is no date, nor the number of a day as Excel counts them"},
                 {"tomorrow", NULL, "'tomorrow' is no date: write yyyy-mm-dd"},
                 {"", NULL, "the date is missing"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct heng_sheet_date d;
        struct heng_err err = {0};
        char text[HENG_SHEET_DATE_MAX];
        heng_rc rc = heng_clean_date(heng_slice_str(cases[i].text), &d, &err);
        if (!cases[i].date) {
            assert_string_equal(err.text, cases[i].why);
            assert_int_equal(err.rc, rc);
            continue;
        }
        if (rc != HENG_OK) fail_msg("%s", err.text);
        heng_sheet_date_format(&d, text);
        assert_string_equal(text, cases[i].date);
    }
}

static void test_numbers_as_excel_shows_them(void **state)
{
    static const struct {
        const char *text, *plain;
    } cases[] = {{"0.30000000000000004", "0.3"},
                 {"0.1", "0.1"},
                 {"1.1000000000000001", "1.1"},
                 {"99999.999999999985", "100000"},
                 {"9.9999999999999995E-2", "0.1"},
                 {"123456789.12345679", "123456789.123457"},
                 {"-1.50", "-1.5"},
                 {"1E+2", "100"},
                 {"1e-3", "0.001"},
                 {"12345678901234567890", "12345678901234600000"},
                 {"-0", "0"},
                 {"0.000", "0"},
                 {"1E-300", "0"},
                 {"2.220446049250313E-16", "0.000000000000000222044604925031"},
                 {"00012", "12"},
                 {"1E+29", "100000000000000000000000000000"},
                 {"1E+31", NULL},
                 {"1E99999999999", NULL},
                 {"", NULL},
                 {"-", NULL},
                 {".", NULL},
                 {"1E", NULL},
                 {"1E+", NULL},
                 {"1.2.3", NULL},
                 {"0x10", NULL},
                 {"1 2", NULL},
                 {"inf", NULL}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char plain[HENG_NUMBER_MAX];
        heng_rc rc = heng_number_plain(heng_slice_str(cases[i].text), plain);
        assert_int_equal(rc == HENG_OK, cases[i].plain != NULL);
        if (cases[i].plain) assert_string_equal(plain, cases[i].plain);
    }
}

/* Every decimal of up to 15 digits survives the way through a double and its 17 digits. */
static void test_fifteen_digits_survive(void **state)
{
    uint64_t seed = 88172645463325252u;
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char stored[40], plain[HENG_NUMBER_MAX];
        struct heng_dec before, after;
        int64_t mantissa = (int64_t)(seed % 1000000000000000u);
        assert_int_equal(heng_dec_make(mantissa, -(int)(seed >> 60), &before), HENG_OK);
        char text[HENG_DEC_TEXT_MAX];
        heng_dec_format(before, text);
        snprintf(stored, sizeof stored, i % 2 ? "%.17g" : "%.16G", strtod(text, NULL));
        assert_int_equal(heng_number_plain(heng_slice_str(stored), plain), HENG_OK);
        assert_int_equal(heng_dec_parse(plain, &after, NULL), HENG_OK);
        assert_int_equal(heng_dec_cmp(before, after), 0);
    }
}

static void test_formats(void **state)
{
    static const struct {
        const char *format;
        heng_serial_kind kind;
    } cases[] = {{"General", HENG_SERIAL_NONE},
                 {"0.00", HENG_SERIAL_NONE},
                 {"0.00E+00", HENG_SERIAL_NONE},
                 {"#,##0.00\"days\"", HENG_SERIAL_NONE},
                 {"#,##0\\d", HENG_SERIAL_NONE},
                 {"[Red]0;[Yellow]-0", HENG_SERIAL_NONE},
                 {"0;yyyy", HENG_SERIAL_NONE},
                 {"@", HENG_SERIAL_NONE},
                 {"[$¥-804]#,##0.00", HENG_SERIAL_NONE},
                 {"[h]:mm:ss", HENG_SERIAL_NONE},
                 {"[mm]:ss", HENG_SERIAL_NONE},
                 {"yyyy-mm-dd", HENG_SERIAL_DATE},
                 {"YYYY/M/D", HENG_SERIAL_DATE},
                 {"mmm", HENG_SERIAL_DATE},
                 {"[$-804]yyyy\"年\"m\"月\";@", HENG_SERIAL_DATE},
                 {"[$-411]ggge\"年\"", HENG_SERIAL_DATE},
                 {"dd.mm.yyyy hh:mm", HENG_SERIAL_MOMENT},
                 {"m/d/yy h:mm AM/PM", HENG_SERIAL_MOMENT},
                 {"h:mm AM/PM", HENG_SERIAL_TIME},
                 {"上午/下午h\"时\"mm\"分\"", HENG_SERIAL_TIME},
                 {"mm:ss.0", HENG_SERIAL_TIME},
                 {"", HENG_SERIAL_NONE},
                 {"\"", HENG_SERIAL_NONE},
                 {"[", HENG_SERIAL_NONE},
                 {"\\", HENG_SERIAL_NONE}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(heng_serial_kind_of_format(heng_slice_str(cases[i].format)), cases[i].kind);
    assert_int_equal(heng_serial_kind_of_id(0), HENG_SERIAL_NONE);
    assert_int_equal(heng_serial_kind_of_id(49), HENG_SERIAL_NONE);
    assert_int_equal(heng_serial_kind_of_id(31), HENG_SERIAL_DATE);
}

static void test_cells_by_their_kind(void **state)
{
    static const struct {
        heng_cell_kind kind;
        const char *text, *number, *date; /* or the sentence */
    } cases[] = {{HENG_CELL_NUMBER, "1234.5", "1234.5", "'1234.5' is no date: write yyyy-mm-dd"},
                 {HENG_CELL_NUMBER, "45351", "45351", "2024-02-29"},
                 {HENG_CELL_TEXT, "1.234,5", "1234.5", "'1.234,5' is no date: write yyyy-mm-dd"},
                 {HENG_CELL_EMPTY, "", "the number is missing", "the date is missing"},
                 {HENG_CELL_DATE, "2024-02-29", "here is a date, and a number is wanted", "2024-02-29"},
                 {HENG_CELL_BOOLEAN, "true", "here is a yes or no, and a number is wanted",
                  "here is a yes or no, and a date is wanted"},
                 {HENG_CELL_ERROR, "#N/A", "the cell has no value: #N/A", "the cell has no value: #N/A"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct heng_sheet_cell cell = {.column = 1, .kind = cases[i].kind, .text = heng_slice_str(cases[i].text)};
        struct heng_err err = {0};
        struct heng_dec number;
        struct heng_sheet_date date;
        char text[HENG_DEC_TEXT_MAX];
        if (heng_sheet_cell_number(&cell, heng_sheet_locale_of("de"), &number, &err) == HENG_OK) {
            heng_dec_format(number, text);
            assert_string_equal(text, cases[i].number);
        } else {
            assert_string_equal(err.text, cases[i].number);
        }
        if (heng_sheet_cell_date(&cell, &date, &err) == HENG_OK) {
            heng_sheet_date_format(&date, text);
            assert_string_equal(text, cases[i].date);
        } else {
            assert_string_equal(err.text, cases[i].date);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trim_and_keys),
        cmocka_unit_test(test_numbers_of_languages),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_numbers_as_excel_shows_them),
        cmocka_unit_test(test_fifteen_digits_survive),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_cells_by_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
