/* Tables out, and back in unchanged. */
#include "sheet/write.h"
#include "sheet_rig.h"

#include <unzip.h>

static const char *const media[] = {"冷水", "热量, MWh", "\"电\""};
static const struct heng_sheet_column columns[] = {
    {.title = "表号", .note = "as on the plate", .kind = HENG_COLUMN_TEXT},
    {.title = "Value", .kind = HENG_COLUMN_NUMBER, .places = 3},
    {.title = "Date", .kind = HENG_COLUMN_DATE},
    {.title = "Moment", .kind = HENG_COLUMN_MOMENT, .width_chars = 20},
    {.title = "Medium", .kind = HENG_COLUMN_TEXT, .choices = media, .choice_count = 3},
};
static const struct heng_sheet_layout layout = {
    .title = "A's meters", .notes_title = "说明's", .columns = columns, .column_count = 5};

static struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static struct heng_sheet_date date_of(const char *text)
{
    struct heng_sheet_date d;
    assert_int_equal(heng_clean_date(heng_slice_str(text), &d, NULL), HENG_OK);
    return d;
}

static void write_text(struct heng_sheet_writer *w, const char *text)
{
    heng_sheet_write_text(w, heng_slice_str(text));
}

static void write_date(struct heng_sheet_writer *w, const char *text)
{
    struct heng_sheet_date d = date_of(text);
    heng_sheet_write_date(w, &d);
}

static struct heng_sheet_writer *begin(const char *path, heng_sheet_format format, const struct heng_sheet_layout *l)
{
    struct heng_sheet_writer *w = NULL;
    struct heng_err err = {0};
    if (heng_sheet_write_open(path, format, l, &w, &err) != HENG_OK) fail_msg("%s", err.text);
    return w;
}

static void end(struct heng_sheet_writer *w)
{
    struct heng_err err = {0};
    if (heng_sheet_write_close(w, &err) != HENG_OK) fail_msg("%s", err.text);
}

static void write_some(struct heng_sheet_writer *w)
{
    write_text(w, "00012345678901234567");
    heng_sheet_write_number(w, dec("-12.50"));
    write_date(w, "2024-02-29");
    write_date(w, "2026-11-20 08:30:15");
    write_text(w, "冷水");
    heng_sheet_write_row_end(w);
    heng_sheet_write_row_end(w); /* a row of nothing */
    write_text(w, "=1+1");
    heng_sheet_write_number(w, dec("123456789012345678")); /* Excel would make ...000 of the end */
    write_date(w, "1899-12-31");
    write_date(w, "2026-01-01T00:00:00");
    heng_sheet_write_boolean(w, true);
    heng_sheet_write_row_end(w);
    heng_sheet_write_empty(w);
    heng_sheet_write_empty(w);
    write_date(w, "1900-03-01");
    write_date(w, "9999-12-31 23:59:59.999");
    heng_sheet_write_row_end(w);
}

static char *read_back(const char *path, const struct heng_sheet_options *options)
{
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    if (heng_sheet_open(path, options, &sheet, &err) != HENG_OK) fail_msg("%s", err.text);
    char *rows = rows_of(sheet, &err);
    heng_sheet_close(sheet);
    if (err.rc != HENG_ENOTFOUND) fail_msg("%s", err.text);
    return rows;
}

static void assert_reads(const char *path, const struct heng_sheet_options *options, const char *wanted)
{
    char *rows = read_back(path, options);
    assert_string_equal(rows, wanted);
    free(rows);
}

static void test_xlsx_comes_back(void **state)
{
    char path[64];
    (void)state;
    temp_path(path);
    struct heng_sheet_writer *w = begin(path, HENG_SHEET_XLSX, &layout);
    write_some(w);
    end(w);
    assert_reads(
        path, NULL,
        "1|A:text=表号|B:text=Value|C:text=Date|D:text=Moment|E:text=Medium\n"
        "2|A:text=00012345678901234567|B:number=-12.5|C:date=2024-02-29|D:date=2026-11-20T08:30:15|E:text=冷水\n"
        "4|A:text==1+1|B:text=123456789012345678|C:text=1899-12-31|D:date=2026-01-01T00:00:00|E:boolean=true\n"
        "5|C:date=1900-03-01|D:date=9999-12-31T23:59:59.999\n");
    assert_reads(
        path, &(struct heng_sheet_options){.sheet = "说明's"},
        "1|A:text=A's meters\n2|A:text=表号|B:text=as on the plate\n3|A:text=Value\n4|A:text=Date\n5|A:text=Moment\n"
        "6|A:text=Medium|C:text=冷水|D:text=热量, MWh|E:text=\"电\"\n");
    unlink(path);
}

static void test_csv_comes_back(void **state)
{
    char path[64];
    (void)state;
    temp_path(path);
    struct heng_sheet_writer *w = begin(path, HENG_SHEET_CSV, &layout);
    write_some(w);
    end(w);
    assert_reads(
        path, NULL,
        "1|A:text=表号|B:text=Value|C:text=Date|D:text=Moment|E:text=Medium\n"
        "2|A:text=00012345678901234567|B:text=-12.50|C:text=2024-02-29|D:text=2026-11-20 08:30:15|E:text=冷水\n"
        "4|A:text==1+1|B:text=123456789012345678|C:text=1899-12-31|D:text=2026-01-01 00:00:00|E:text=true\n"
        "5|A:empty=|B:empty=|C:text=1900-03-01|D:text=9999-12-31 23:59:59.999\n");
    unlink(path);
}

static char *file_of(const char *path, size_t *ret_n)
{
    static char bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *ret_n = fread(bytes, 1, sizeof bytes - 1, file);
    bytes[*ret_n] = '\0';
    fclose(file);
    return bytes;
}

/* What Excel in Germany opens with a double click, and what it must not run. */
static void test_csv_as_bytes(void **state)
{
    static const struct heng_sheet_column two[] = {{.title = "id"}, {.title = "a;b", .kind = HENG_COLUMN_NUMBER}};
    struct heng_sheet_layout l = {
        .title = "t", .columns = two, .column_count = 2, .locale = heng_sheet_locale_of("de-DE")};
    static const char *const texts[] = {"=cmd|' /C calc'!A0",
                                        "+49 170",
                                        "-1",
                                        "@SUM(A1)",
                                        "\tx",
                                        "\rx",
                                        "＝1",
                                        "'=1",
                                        "''＋1",
                                        "'quote",
                                        "a\"b",
                                        " blank",
                                        "l\nl",
                                        "sep=,"};
    char path[64];
    size_t n;
    (void)state;
    temp_path(path);
    struct heng_sheet_writer *w = begin(path, HENG_SHEET_CSV, &l);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(w, texts[i]);
        heng_sheet_write_number(w, dec("-1234.50"));
        heng_sheet_write_row_end(w);
    }
    end(w);
    assert_string_equal(file_of(path, &n),
                        "\xEF\xBB\xBF"
                        "id;\"a;b\"\r\n'=cmd|' /C calc'!A0;-1234,50\r\n'+49 170;-1234,50\r\n'-1;-1234,50\r\n"
                        "'@SUM(A1);-1234,50\r\n'\tx;-1234,50\r\n\"'\rx\";-1234,50\r\n'＝1;-1234,50\r\n"
                        "''=1;-1234,50\r\n'''＋1;-1234,50\r\n'quote;-1234,50\r\n\"a\"\"b\";-1234,50\r\n"
                        "\" blank\";-1234,50\r\n\"l\nl\";-1234,50\r\n\"sep=,\";-1234,50\r\n");
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    assert_int_equal(heng_sheet_open(path, NULL, &sheet, NULL), HENG_OK);
    assert_int_equal(heng_sheet_csv(sheet)->separator, ';');
    assert_int_equal(heng_sheet_next(sheet, &row, NULL), HENG_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct heng_dec back;
        assert_int_equal(heng_sheet_next(sheet, &row, NULL), HENG_OK);
        struct heng_sheet_cell cell = heng_sheet_cell(&row, 1);
        assert_true(heng_slice_is(cell.text, texts[i]));
        cell = heng_sheet_cell(&row, 2);
        assert_int_equal(heng_sheet_cell_number(&cell, l.locale, &back, NULL), HENG_OK);
        assert_int_equal(back.mantissa, -123450);
    }
    heng_sheet_close(sheet);
    unlink(path);
}

/* One part of an archive as text. */
static char *part_of(const char *path, const char *name)
{
    static char text[1 << 16];
    unzFile zip = unzOpen(path);
    assert_non_null(zip);
    assert_int_equal(unzLocateFile(zip, name, 1), UNZ_OK);
    assert_int_equal(unzOpenCurrentFile(zip), UNZ_OK);
    int n = unzReadCurrentFile(zip, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    unzClose(zip);
    return text;
}

static void test_xlsx_is_made_for_people(void **state)
{
    char path[64];
    (void)state;
    temp_path(path);
    struct heng_sheet_writer *w = begin(path, HENG_SHEET_XLSX, &layout);
    write_some(w);
    end(w);
    const char *sheet = part_of(path, "xl/worksheets/sheet1.xml");
    assert_non_null(strstr(sheet, "<pane ySplit=\"1\" topLeftCell=\"A2\""));
    assert_non_null(strstr(sheet, "<col min=\"4\" max=\"4\" width=\"20.7109375\""));
    assert_non_null(strstr(sheet, "<dataValidation type=\"list\""));
    assert_non_null(strstr(sheet, "sqref=\"E2:E1048576\"><formula1>'说明''s'!$C$6:$E$6</formula1>"));
    assert_null(strstr(sheet, "<f>"));
    const char *styles = part_of(path, "xl/styles.xml");
    assert_non_null(strstr(styles, "formatCode=\"yyyy-mm-dd\""));
    assert_non_null(strstr(styles, "formatCode=\"0.000\""));
    assert_non_null(strstr(styles, "numFmtId=\"49\"")); /* '@': ids stay text when people type them */
    unlink(path);
}

/* Random tables, the same for the same seed. */
static uint64_t seed;

static uint32_t pick(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 20) % n);
}

enum { ROWS = 40, COLUMNS = 4, PIECES_MAX = 6 };

struct made {
    heng_cell_kind kind;
    char text[96];
    struct heng_dec number;
    struct heng_sheet_date date;
};
static struct made table[ROWS][COLUMNS];

static void make_text(struct made *cell)
{
    static const char *const pieces[] = {"a",
                                         "Ä",
                                         "表",
                                         "\xF0\x9F\x92\xA7",
                                         "=",
                                         "+",
                                         "-",
                                         "@",
                                         "'",
                                         "\"",
                                         ",",
                                         ";",
                                         "\t",
                                         "\r",
                                         "\n",
                                         " ",
                                         "_x000D_",
                                         "_x",
                                         "_",
                                         "x000D_",
                                         "\x01",
                                         "\x1F",
                                         "\x7F",
                                         "\xEF\xBF\xBE",
                                         "\xEF\xBF\xBF",
                                         "\xEF\xBB\xBF",
                                         "\xC2\xA0",
                                         "＝",
                                         "００",
                                         "<&>",
                                         "]]>",
                                         "sep=,",
                                         "#N/A",
                                         "1,5",
                                         "007"};
    size_t n = pick(PIECES_MAX);
    cell->kind = HENG_CELL_TEXT;
    for (size_t i = 0; i < n; i++) strcat(cell->text, pieces[pick(sizeof pieces / sizeof pieces[0])]);
}

static void make_cell(struct made *cell)
{
    *cell = (struct made){.kind = HENG_CELL_EMPTY};
    switch (pick(4)) {
    case 0: break;
    case 1: make_text(cell); break;
    case 2: {
        int64_t mantissa = ((int64_t)pick(1 << 30) << 30 | pick(1 << 30)) >> pick(60);
        cell->kind = HENG_CELL_NUMBER;
        assert_int_equal(heng_dec_make(pick(2) ? -mantissa : mantissa, (int)pick(19) - 18, &cell->number), HENG_OK);
        break;
    }
    case 3:
        cell->kind = HENG_CELL_DATE;
        cell->date.has_time = pick(2);
        cell->date.civil =
            heng_us_to_civil((int64_t)pick(2958465 - 25569 + 40000) * HENG_US_PER_DAY - 40000 * HENG_US_PER_DAY +
                             (cell->date.has_time ? pick(86400) * HENG_US_PER_S : 0));
        if (cell->date.has_time) cell->date.millisecond = (uint16_t)(pick(2) ? pick(1000) : 0);
        break;
    }
}

static void write_cell(struct heng_sheet_writer *w, const struct made *cell)
{
    switch (cell->kind) {
    case HENG_CELL_TEXT: write_text(w, cell->text); break;
    case HENG_CELL_NUMBER: heng_sheet_write_number(w, cell->number); break;
    case HENG_CELL_DATE: heng_sheet_write_date(w, &cell->date); break;
    case HENG_CELL_EMPTY:
    case HENG_CELL_BOOLEAN:
    case HENG_CELL_ERROR:
    case HENG_CELL_KIND_COUNT: heng_sheet_write_empty(w); break;
    }
}

static void assert_cell(const struct made *wanted, const struct heng_sheet_cell *cell, struct heng_sheet_locale locale)
{
    struct heng_dec number;
    struct heng_sheet_date date;
    char ours[HENG_SHEET_DATE_MAX], theirs[HENG_SHEET_DATE_MAX];
    switch (wanted->kind) {
    case HENG_CELL_NUMBER:
        assert_int_equal(heng_sheet_cell_number(cell, locale, &number, NULL), HENG_OK);
        assert_int_equal(heng_dec_cmp(number, wanted->number), 0);
        break;
    case HENG_CELL_DATE:
        assert_int_equal(heng_sheet_cell_date(cell, &date, NULL), HENG_OK);
        heng_sheet_date_format(&wanted->date, ours);
        heng_sheet_date_format(&date, theirs);
        assert_string_equal(ours, theirs);
        break;
    case HENG_CELL_TEXT:
    case HENG_CELL_EMPTY:
    case HENG_CELL_BOOLEAN:
    case HENG_CELL_ERROR:
    case HENG_CELL_KIND_COUNT:
        assert_true(cell->kind == HENG_CELL_TEXT || cell->kind == HENG_CELL_EMPTY);
        assert_int_equal(cell->text.n, strlen(wanted->text));
        assert_memory_equal(cell->text.p, wanted->text, cell->text.n);
        break;
    }
}

static bool is_blank_row(const struct made *row)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (row[i].kind != HENG_CELL_EMPTY && (row[i].kind != HENG_CELL_TEXT || row[i].text[0])) return false;
    return true;
}

static void round_trip(heng_sheet_format format, const char *language)
{
    static const struct heng_sheet_column four[COLUMNS] = {
        {.title = "a"}, {.title = "b"}, {.title = "c"}, {.title = "d"}};
    struct heng_sheet_layout l = {
        .title = "t", .columns = four, .column_count = COLUMNS, .locale = heng_sheet_locale_of(language)};
    char path[64];
    temp_path(path);
    struct heng_sheet_writer *w = begin(path, format, &l);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            make_cell(&table[r][c]);
            write_cell(w, &table[r][c]);
        }
        heng_sheet_write_row_end(w);
    }
    end(w);
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err = {0};
    assert_int_equal(heng_sheet_open(path, NULL, &sheet, &err), HENG_OK);
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_OK);
    for (uint32_t r = 0; r < ROWS; r++) {
        if (is_blank_row(table[r])) continue;
        if (heng_sheet_next(sheet, &row, &err) != HENG_OK) fail_msg("%s", err.text);
        assert_int_equal(row.number, r + 2);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            struct heng_sheet_cell cell = heng_sheet_cell(&row, c + 1);
            assert_cell(&table[r][c], &cell, l.locale);
        }
    }
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_ENOTFOUND);
    heng_sheet_close(sheet);
    unlink(path);
}

static void test_random_tables_come_back(void **state)
{
    const char *given = getenv("HENG_SEED");
    uint64_t first = given ? strtoull(given, NULL, 0) : 20261121;
    (void)state;
    print_message("# HENG_SEED=%llu and 59 after it\n", (unsigned long long)first);
    for (uint64_t i = 0; i < 60; i++) {
        seed = (first + i) * 0x9E3779B97F4A7C15U | 1;
        round_trip(HENG_SHEET_XLSX, "zh");
        round_trip(HENG_SHEET_CSV, "zh");
        round_trip(HENG_SHEET_CSV, "de");
    }
}

static void test_what_cannot_be_written(void **state)
{
    static char huge[140000];
    struct heng_sheet_writer *w = NULL;
    struct heng_err err = {0};
    char path[64];
    (void)state;
    temp_path(path);
    memset(huge, 'x', sizeof huge);
    for (unsigned format = 0; format < 2; format++) {
        w = begin(path, (heng_sheet_format)format, &layout);
        write_text(w, "good");
        heng_sheet_write_row_end(w);
        heng_sheet_write_text(w, heng_slice_of("\xC3", 1));
        write_some(w); /* dropped */
        assert_int_equal(heng_sheet_write_close(w, &err), HENG_EFORMAT);
        assert_string_equal(err.text, "the text of row 3, column 1 is not UTF-8");
        assert_int_equal(err.at, 3);
        assert_int_equal(access(path, F_OK), -1); /* no half file */

        w = begin(path, (heng_sheet_format)format, &layout);
        heng_sheet_write_text(w, heng_slice_of("a\0b", 3));
        assert_int_equal(heng_sheet_write_close(w, &err), HENG_EFORMAT);
        w = begin(path, (heng_sheet_format)format, &layout);
        heng_sheet_write_text(w, heng_slice_of(huge, sizeof huge));
        assert_int_equal(heng_sheet_write_close(w, &err), HENG_ELIMIT);
        assert_int_equal(heng_sheet_write_open("/nonexistent/x", (heng_sheet_format)format, &layout, &w, &err),
                         HENG_EIO);
        assert_string_equal(err.text, "cannot create '/nonexistent/x': No such file or directory");
    }
    w = begin(path, HENG_SHEET_XLSX, &layout);
    heng_sheet_write_text(w, heng_slice_of(huge, 32768)); /* Excel's own limit */
    assert_int_equal(heng_sheet_write_close(w, &err), HENG_ELIMIT);
    struct heng_sheet_layout bad = layout;
    bad.title = "a/b";
    assert_int_equal(heng_sheet_write_open(path, HENG_SHEET_XLSX, &bad, &w, &err), HENG_ECONFIG);
    assert_string_equal(err.text, "'a/b' cannot be the name of a sheet");
}

static void assert_sheet(const char *path, const char *name, const char *wanted)
{
    struct heng_sheet_options options = {.sheet = name};
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    if (heng_sheet_open(path, &options, &sheet, &err) != HENG_OK) fail_msg("%s", err.text);
    char *rows = rows_of(sheet, &err);
    heng_sheet_close(sheet);
    assert_string_equal(rows, wanted);
    free(rows);
}

/* Several tables in one workbook: each comes back from its own sheet, and the words of each stand on the one sheet with
 * the explanations, at the rows to which its lists refer. */
static void test_several_tables(void **state)
{
    static const char *const yes_no[] = {"yes", "no"};
    static const struct heng_sheet_column other_columns[] = {{.title = "Key", .note = "its own"},
                                                             {.title = "Open", .choices = yes_no, .choice_count = 2}};
    static const struct heng_sheet_layout other = {
        .title = "Others", .notes_title = "说明's", .columns = other_columns, .column_count = 2};
    char path[64];
    struct heng_err err = {0};
    (void)state;
    temp_path(path);
    struct heng_sheet_writer *w = begin(path, HENG_SHEET_XLSX, &layout);
    write_text(w, "1");
    heng_sheet_write_row_end(w);
    heng_sheet_write_next(w, &other);
    write_text(w, "k");
    write_text(w, "no");
    heng_sheet_write_row_end(w);
    end(w);
    assert_sheet(path, "A's meters",
                 "1|A:text=表号|B:text=Value|C:text=Date|D:text=Moment|E:text=Medium\n2|A:text=1\n");
    assert_sheet(path, "Others", "1|A:text=Key|B:text=Open\n2|A:text=k|B:text=no\n");
    assert_sheet(path, "说明's",
                 "1|A:text=A's meters\n2|A:text=表号|B:text=as on the plate\n3|A:text=Value\n4|A:text=Date\n"
                 "5|A:text=Moment\n6|A:text=Medium|C:text=冷水|D:text=热量, MWh|E:text=\"电\"\n"
                 "8|A:text=Others\n9|A:text=Key|B:text=its own\n10|A:text=Open|C:text=yes|D:text=no\n");
    assert_non_null(strstr(part_of(path, "xl/worksheets/sheet3.xml"), "!$C$10:$D$10"));
    w = begin(path, HENG_SHEET_CSV, &layout);
    heng_sheet_write_next(w, &other);
    write_text(w, "lost");
    assert_int_equal(heng_sheet_write_close(w, &err), HENG_EUNSUPPORTED);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xlsx_comes_back),
        cmocka_unit_test(test_csv_comes_back),
        cmocka_unit_test(test_csv_as_bytes),
        cmocka_unit_test(test_xlsx_is_made_for_people),
        cmocka_unit_test(test_random_tables_come_back),
        cmocka_unit_test(test_several_tables),
        cmocka_unit_test(test_what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
