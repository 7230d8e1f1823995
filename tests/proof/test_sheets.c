/* Large tables: time and memory, both ways. 100,000 and a million rows of 10 cells, within 64 MiB. */
#include "sheet/write.h"
#include "unit/sheet/sheet_rig.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <zip.h>

enum { COLUMNS = 10, MEMORY_MAX_KIB = 64 << 10 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static long memory_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void report(const char *what, uint32_t rows, heng_us from_us, const char *path)
{
    struct stat about = {0};
    assert_int_equal(stat(path, &about), 0);
    long long ms = (heng_clock_cpu() - from_us) / HENG_US_PER_MS;
    print_message("# %s: %u x %d cells, %lld ms of processor time, %ld KiB of memory at most, file %lld KiB\n", what,
                  rows, COLUMNS, ms, memory_kib(), (long long)about.st_size >> 10);
    /* A sanitizer keeps a shadow of all memory, so only a plain build can be held to this. */
    if (!SANITIZED) assert_true(memory_kib() < MEMORY_MAX_KIB);
}

/* Column A and B are text, C a day, the others numbers. */
static void id_of(uint32_t row, char ret[HENG_AT_LEAST(32)]) { snprintf(ret, 32, "%012u", row * 2654435761u); }
static void address_of(uint32_t row, char ret[HENG_AT_LEAST(64)])
{
    snprintf(ret, 64, "东区 %u 号楼 %u 单元 %u", row / 100, row / 10 % 10, row);
}
static int64_t number_of(uint32_t row, uint32_t column) { return (int64_t)row * 1000 + column; }

static void assert_all(const char *path, uint32_t rows)
{
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err = {0};
    char text[64];
    if (heng_sheet_open(path, NULL, &sheet, &err) != HENG_OK) fail_msg("%s", err.text);
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_OK);
    for (uint32_t i = 0; i < rows; i++) {
        if (heng_sheet_next(sheet, &row, &err) != HENG_OK) fail_msg("%s", err.text);
        struct heng_sheet_date day;
        if (row.number != i + 2 || row.count != COLUMNS) fail_msg("row %u has %zu cells", row.number, row.count);
        id_of(i, text);
        if (!heng_slice_is(row.cells[0].text, text)) fail_msg("row %u: not the id %s", row.number, text);
        address_of(i, text);
        if (!heng_slice_is(row.cells[1].text, text)) fail_msg("row %u: not the address %s", row.number, text);
        assert_int_equal(heng_sheet_cell_date(&row.cells[2], &day, &err), HENG_OK);
        if (heng_civil_to_us(&day.civil) != (int64_t)(i % 20000) * HENG_US_PER_DAY)
            fail_msg("row %u: not its day", row.number);
        for (uint32_t c = 3; c < COLUMNS; c++) {
            struct heng_dec number;
            assert_int_equal(heng_sheet_cell_number(&row.cells[c], heng_sheet_locale_of("zh"), &number, &err), HENG_OK);
            if (heng_dec_cmp(number, (struct heng_dec){number_of(i, c), -3}) != 0)
                fail_msg("row %u: not its number", row.number);
        }
    }
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_ENOTFOUND);
    heng_sheet_close(sheet);
}

static void ours(heng_sheet_format format, uint32_t rows)
{
    static const struct heng_sheet_column columns[COLUMNS] = {
        {.title = "id"}, {.title = "地址"}, {.title = "day", .kind = HENG_COLUMN_DATE},
        {.title = "3"},  {.title = "4"},    {.title = "5"},
        {.title = "6"},  {.title = "7"},    {.title = "8"},
        {.title = "9"}};
    static const struct heng_sheet_layout layout = {.title = "t", .columns = columns, .column_count = COLUMNS};
    struct heng_sheet_writer *w = NULL;
    char path[64], text[64];
    temp_path(path);
    heng_us from_us = heng_clock_cpu();
    assert_int_equal(heng_sheet_write_open(path, format, &layout, &w, NULL), HENG_OK);
    for (uint32_t i = 0; i < rows; i++) {
        struct heng_sheet_date day = {.civil = heng_us_to_civil((int64_t)(i % 20000) * HENG_US_PER_DAY)};
        id_of(i, text);
        heng_sheet_write_text(w, heng_slice_str(text));
        address_of(i, text);
        heng_sheet_write_text(w, heng_slice_str(text));
        heng_sheet_write_date(w, &day);
        for (uint32_t c = 3; c < COLUMNS; c++) heng_sheet_write_number(w, (struct heng_dec){number_of(i, c), -3});
        heng_sheet_write_row_end(w);
    }
    assert_int_equal(heng_sheet_write_close(w, NULL), HENG_OK);
    report(format == HENG_SHEET_XLSX ? "write .xlsx" : "write .csv", rows, from_us, path);
    from_us = heng_clock_cpu();
    assert_all(path, rows);
    report(format == HENG_SHEET_XLSX ? "read our .xlsx" : "read our .csv", rows, from_us, path);
    unlink(path);
}

static void part_text(zipFile zip, const char *name, const char *text)
{
    assert_int_equal(zipOpenNewFileInZip(zip, name, NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 1), ZIP_OK);
    assert_int_equal(zipWriteInFileInZip(zip, text, (unsigned)strlen(text)), ZIP_OK);
}

/* As Excel keeps it: every text once in the list of shared strings, here two different ones in each row. */
static void like_excel(const char *path, uint32_t rows)
{
    zipFile zip = zipOpen(path, APPEND_STATUS_CREATE);
    char text[64], id[32];
    struct heng_str line = {.max = 4096};
    assert_non_null(zip);
    part_text(zip, "xl/workbook.xml", "<workbook><sheets><sheet name=\"t\" r:id=\"1\"/></sheets></workbook>");
    part_text(zip, "xl/_rels/workbook.xml.rels",
              "<R><Relationship Id=\"1\" Type=\"/worksheet\" Target=\"s.xml\"/><Relationship Id=\"2\" Type=\"/styles\" "
              "Target=\"y.xml\"/>"
              "<Relationship Id=\"3\" Type=\"/sharedStrings\" Target=\"t.xml\"/></R>");
    part_text(zip, "xl/y.xml", "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>");
    part_text(zip, "xl/t.xml", "<sst>");
    for (uint32_t i = 0; i < rows; i++) {
        id_of(i, id);
        address_of(i, text);
        heng_str_clear(&line);
        heng_str_fmt(&line, "<si><t>%s</t></si><si><t>%s</t></si>", id, text);
        assert_int_equal(zipWriteInFileInZip(zip, line.text, (unsigned)line.n), ZIP_OK);
    }
    assert_int_equal(zipWriteInFileInZip(zip, "</sst>", 6), ZIP_OK);
    part_text(zip, "xl/s.xml", "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>");
    for (uint32_t i = 0; i < rows; i++) {
        heng_str_clear(&line);
        heng_str_fmt(&line,
                     "<row r=\"%u\"><c r=\"A%u\" t=\"s\"><v>%u</v></c><c r=\"B%u\" t=\"s\"><v>%u</v></c><c r=\"C%u\" "
                     "s=\"1\"><v>%u</v></c>",
                     i + 2, i + 2, i * 2, i + 2, i * 2 + 1, i + 2, i % 20000 + 25569);
        for (uint32_t c = 3; c < COLUMNS; c++)
            heng_str_fmt(&line, "<c r=\"%c%u\"><v>%lld.%03lld</v></c>", (char)('A' + c), i + 2,
                         (long long)number_of(i, c) / 1000, (long long)number_of(i, c) % 1000);
        heng_str_fmt(&line, "</row>");
        assert_int_equal(zipWriteInFileInZip(zip, line.text, (unsigned)line.n), ZIP_OK);
    }
    assert_int_equal(zipWriteInFileInZip(zip, "</sheetData></worksheet>", 24), ZIP_OK);
    assert_int_equal(zipClose(zip, NULL), ZIP_OK);
    heng_str_fini(&line);
}

static void all_ways(uint32_t rows)
{
    char path[64];
    ours(HENG_SHEET_CSV, rows);
    ours(HENG_SHEET_XLSX, rows);
    temp_path(path);
    like_excel(path, rows);
    heng_us from_us = heng_clock_cpu();
    assert_all(path, rows);
    report("read .xlsx with shared strings", rows, from_us, path);
    unlink(path);
}

static void test_a_hundred_thousand_rows(void **state)
{
    (void)state;
    all_ways(100000);
}

static void test_a_million_rows(void **state)
{
    (void)state;
    all_ways(1000000);
}

/* Excel has no row behind 1,048,576. */
static void test_the_sheet_goes_on_in_another(void **state)
{
    static const struct heng_sheet_column one[] = {{.title = "n", .kind = HENG_COLUMN_NUMBER}};
    static const struct heng_sheet_layout layout = {
        .title = "A title of thirty-one characters", .columns = one, .column_count = 1};
    struct heng_sheet_layout fits = layout;
    struct heng_sheet_writer *w = NULL;
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err = {0};
    char path[64], title[32];
    (void)state;
    snprintf(title, sizeof title, "%.31s", layout.title);
    fits.title = title;
    temp_path(path);
    assert_int_equal(heng_sheet_write_open(path, HENG_SHEET_XLSX, &fits, &w, &err), HENG_OK);
    for (uint32_t i = 2; i <= 1048578; i++) {
        heng_sheet_write_number(w, (struct heng_dec){.mantissa = i});
        heng_sheet_write_row_end(w);
    }
    assert_int_equal(heng_sheet_write_close(w, &err), HENG_OK);
    assert_int_equal(heng_sheet_open(path, &(struct heng_sheet_options){.sheet = "2"}, &sheet, &err), HENG_OK);
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_OK);
    assert_true(heng_slice_is(row.cells[0].text, "n")); /* with its header */
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_OK);
    assert_true(heng_slice_is(row.cells[0].text, "1048577"));
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_OK);
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_ENOTFOUND);
    heng_sheet_close(sheet);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hundred_thousand_rows),
        cmocka_unit_test(test_a_million_rows),
        cmocka_unit_test(test_the_sheet_goes_on_in_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
