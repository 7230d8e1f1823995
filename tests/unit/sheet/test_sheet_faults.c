/* Allocation number N fails, for N = 1, 2, 3 ...; so does the disk under the temporary file. The answer is an error
 * with its code, or the table as it is; the sanitizer sees what is lost on the way. */
#include "sheet/write.h"
#include "sheet_rig.h"

#include <signal.h>
#include <sys/resource.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static unsigned long left; /* allocations until one fails; 0: none does */

static bool fails(void) { return left > 0 && --left == 0; }
void *__wrap_malloc(size_t n) { return fails() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t count, size_t n) { return fails() ? NULL : __real_calloc(count, n); }
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }

/* Read all with allocation n failing. True when none had to fail any more. */
static bool read_with_fault(struct heng_slice bytes, const struct heng_sheet_options *options, unsigned long n,
                            size_t rows)
{
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err = {0};
    size_t seen = 0;
    left = n;
    heng_rc rc = heng_sheet_open_bytes(bytes, options, &sheet, &err);
    if (rc == HENG_OK) {
        while ((rc = heng_sheet_next(sheet, &row, &err)) == HENG_OK) seen++;
        heng_sheet_close(sheet);
    }
    bool whole = left > 0;
    left = 0;
    if (whole || rc == HENG_ENOTFOUND) {
        if (rc != HENG_ENOTFOUND) fail_msg("%s", err.text);
        assert_int_equal(seen, rows);
    } else if (rc != HENG_ENOMEM && rc != HENG_ELIMIT) {
        fail_msg("%s: %s", heng_rc_name(rc), err.text);
    }
    assert_int_equal(err.rc, rc);
    return whole;
}

static void test_memory_fails_while_reading(void **state)
{
    struct heng_str sheet = {.max = 1 << 20}, strings = {.max = 1 << 20}, csv = {.max = 1 << 20};
    struct heng_sheet_options options = {
        .limits = {.strings_memory_bytes = 70000}}; /* so that there is a temporary file */
    struct zip_maker zip = {0};
    unsigned long n = 1;
    (void)state;
    heng_str_fmt(&sheet, "<worksheet><sheetData>");
    heng_str_fmt(&strings, "<sst>");
    for (unsigned i = 0; i < 300; i++) {
        heng_str_fmt(&strings, "<si><t>%*u</t></si>", 400, i);
        heng_str_fmt(&sheet, "<row><c t=\"s\"><v>%u</v></c><c s=\"1\"><v>%u</v></c><c r=\"AZ%u\"><v>3</v></c></row>", i,
                     i + 100, i + 1);
        heng_str_fmt(&csv, "%u;\"%*u\"\n", i, 300, i);
    }
    heng_str_fmt(&sheet, "</sheetData></worksheet>");
    heng_str_fmt(&strings, "</sst>");
    struct book book = {.sheet1 = sheet.text,
                        .strings = strings.text,
                        .styles = "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"};
    struct heng_slice bytes = book_make(&zip, &book);
    while (!read_with_fault(bytes, &options, n, 300)) n++;
    assert_true(n > 10);
    n = 1;
    while (!read_with_fault(heng_slice_of(csv.text, csv.n), NULL, n, 300)) n++;
    assert_true(n > 3);
    free(zip.p);
    heng_str_fini(&sheet);
    heng_str_fini(&strings);
    heng_str_fini(&csv);
}

static bool write_with_fault(heng_sheet_format format, unsigned long n)
{
    static const char *const choices[] = {"a", "b"};
    static const struct heng_sheet_column columns[] = {
        {.title = "a", .note = "n", .choices = choices, .choice_count = 2}};
    static const struct heng_sheet_layout layout = {.title = "t", .columns = columns, .column_count = 1};
    struct heng_sheet_writer *w = NULL;
    struct heng_err err = {0};
    char path[64];
    temp_path(path);
    left = n;
    heng_rc rc = heng_sheet_write_open(path, format, &layout, &w, &err);
    if (rc == HENG_OK) {
        for (unsigned i = 0; i < 20; i++) {
            heng_sheet_write_text(w, heng_slice_str("\x01 long text, long text, long text"));
            heng_sheet_write_row_end(w);
        }
        rc = heng_sheet_write_close(w, &err);
    }
    bool whole = left > 0;
    left = 0;
    unlink(path);
    if (whole) assert_int_equal(rc, HENG_OK);
    if (rc != HENG_OK && rc != HENG_ENOMEM) fail_msg("%s: %s", heng_rc_name(rc), err.text);
    return whole;
}

static void test_memory_fails_while_writing(void **state)
{
    (void)state;
    for (unsigned format = 0; format < 2; format++) {
        unsigned long n = 1;
        while (!write_with_fault((heng_sheet_format)format, n)) n++;
        assert_true(n > 2);
    }
}

/* A disk without room for the texts of a workbook. */
static void test_the_disk_is_full(void **state)
{
    struct heng_str strings = {.max = 4 << 20};
    struct heng_sheet_options options = {.limits = {.strings_memory_bytes = 70000}};
    struct rlimit before, none;
    (void)state;
    heng_str_fmt(&strings, "<sst>");
    for (unsigned i = 0; i < 3000; i++) heng_str_fmt(&strings, "<si><t>%*u</t></si>", 400, i);
    heng_str_fmt(&strings, "</sst>");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    struct zip_maker zip = {0};
    struct book book = {.strings = strings.text};
    struct heng_slice bytes = book_make(&zip, &book);
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    heng_rc rc = heng_sheet_open_bytes(bytes, &options, &sheet, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, HENG_EIO);
    assert_string_equal(err.text, "the temporary file for a large workbook failed: File too large");
    free(zip.p);
    heng_str_fini(&strings);
}

/* The same for a table that is written: told at the end, and no half file. */
static void test_the_disk_is_full_for_a_table(void **state)
{
    static const struct heng_sheet_column columns[] = {{.title = "a"}};
    static const struct heng_sheet_layout layout = {.title = "t", .columns = columns, .column_count = 1};
    struct rlimit before, none;
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 5000;
    for (unsigned format = 0; format < 2; format++) {
        struct heng_sheet_writer *w = NULL;
        struct heng_err err = {0};
        char path[64];
        temp_path(path);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        assert_int_equal(heng_sheet_write_open(path, (heng_sheet_format)format, &layout, &w, &err), HENG_OK);
        for (unsigned i = 0; i < 3000; i++) {
            char text[32];
            snprintf(text, sizeof text, "%u", i * 2654435761u);
            heng_sheet_write_text(w, heng_slice_str(text));
            heng_sheet_write_row_end(w);
        }
        heng_rc rc = heng_sheet_write_close(w, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(rc, HENG_EIO);
        if (!strstr(err.text, "cannot be written")) fail_msg("%s", err.text);
        assert_int_equal(access(path, F_OK), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_fails_while_reading),
        cmocka_unit_test(test_memory_fails_while_writing),
        cmocka_unit_test(test_the_disk_is_full),
        cmocka_unit_test(test_the_disk_is_full_for_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
