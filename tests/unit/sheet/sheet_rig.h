#ifndef HENG_TESTS_SHEET_RIG_H
#define HENG_TESTS_SHEET_RIG_H
/* What the tests of src/sheet/ share: workbooks from a few lines of XML, and rows as one line of text. */
#include "fuzz/zip_maker.h"
#include "sheet/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAIN_XMLNS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define TYPES      "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELATIONS  "http://schemas.openxmlformats.org/package/2006/relationships"

/* The parts of a workbook; NULL leaves the usual one, "" leaves it out. */
struct book {
    const char *workbook, *relations, *strings, *styles, *sheet1, *sheet2;
    bool stored;
};

static inline void book_part(struct zip_maker *zip, const struct book *book, const char *name, const char *text,
                             const char *usual)
{
    if (!text) text = usual;
    if (text && text[0]) zip_add(zip, name, heng_slice_str(text), !book->stored);
}

static inline struct heng_slice book_make(struct zip_maker *zip, const struct book *book)
{
    book_part(zip, book, "[Content_Types].xml", NULL, "<Types/>");
    book_part(zip, book, "_rels/.rels", NULL,
              "<Relationships xmlns=\"" RELATIONS "\"><Relationship Id=\"rId1\" Type=\"" TYPES
              "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    book_part(zip, book, "xl/workbook.xml", book->workbook,
              "<workbook xmlns=\"" MAIN_XMLNS "\" xmlns:r=\"" TYPES
              "\"><sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"rId1\"/>"
              "<sheet name=\"表二\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>");
    book_part(zip, book, "xl/_rels/workbook.xml.rels", book->relations,
              "<Relationships xmlns=\"" RELATIONS "\">"
              "<Relationship Id=\"rId1\" Type=\"" TYPES "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
              "<Relationship Id=\"rId2\" Type=\"" TYPES "/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"
              "<Relationship Id=\"rId3\" Type=\"" TYPES "/styles\" Target=\"styles.xml\"/>"
              "<Relationship Id=\"rId4\" Type=\"" TYPES
              "/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>");
    book_part(zip, book, "xl/sharedStrings.xml", book->strings, "<sst/>");
    book_part(zip, book, "xl/styles.xml", book->styles, "<styleSheet/>");
    book_part(zip, book, "xl/worksheets/sheet1.xml", book->sheet1, "<worksheet><sheetData/></worksheet>");
    book_part(zip, book, "xl/worksheets/sheet2.xml", book->sheet2, "<worksheet><sheetData/></worksheet>");
    return zip_end(zip);
}

/* "3|A:text=x|C:number=1.5\n" for every row, to the end or the error, which is *ret_err. */
static inline char *rows_of(struct heng_sheet *sheet, struct heng_err *ret_err)
{
    struct heng_str s = {.max = 16 << 20};
    struct heng_sheet_row row;
    *ret_err = (struct heng_err){.rc = HENG_OK};
    heng_str_put(&s, "", 0);
    while (heng_sheet_next(sheet, &row, ret_err) == HENG_OK) {
        heng_str_fmt(&s, "%u", row.number);
        for (size_t i = 0; i < row.count; i++) {
            char column[HENG_COLUMN_TEXT_MAX];
            heng_sheet_column_text(row.cells[i].column, column);
            heng_str_fmt(&s, "|%s:%s=", column, heng_cell_kind_name(row.cells[i].kind));
            heng_str_put(&s, (const char *)row.cells[i].text.p, row.cells[i].text.n);
        }
        heng_str_put(&s, "\n", 1);
    }
    assert_int_equal(s.rc, HENG_OK);
    /* An error stays. */
    struct heng_err again;
    assert_int_equal(heng_sheet_next(sheet, &row, &again), ret_err->rc);
    assert_string_equal(again.text, ret_err->text);
    return s.text;
}

/* Open and read all; the rows must be these, and the end must be the end. */
static inline void assert_rows(struct heng_slice bytes, const struct heng_sheet_options *options, const char *wanted)
{
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    if (heng_sheet_open_bytes(bytes, options, &sheet, &err) != HENG_OK) fail_msg("%s", err.text);
    char *rows = rows_of(sheet, &err);
    heng_sheet_close(sheet);
    assert_string_equal(rows, wanted);
    free(rows);
    if (err.rc != HENG_ENOTFOUND) fail_msg("%s", err.text);
}

/* Open and read until it fails: with this code, and a sentence that holds this. */
static inline void assert_refused(struct heng_slice bytes, const struct heng_sheet_options *options, heng_rc rc,
                                  const char *sentence)
{
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    /* An allocation of its exact size, so that the sanitizer sees one byte too much. */
    uint8_t *copy = malloc(bytes.n ? bytes.n : 1);
    assert_non_null(copy);
    if (bytes.n) memcpy(copy, bytes.p, bytes.n);
    if (heng_sheet_open_bytes(heng_slice_of(copy, bytes.n), options, &sheet, &err) == HENG_OK) {
        free(rows_of(sheet, &err));
        heng_sheet_close(sheet);
    }
    free(copy);
    if (!strstr(err.text, sentence)) fail_msg("'%s' is not in '%s'", sentence, err.text);
    assert_int_equal(err.rc, rc);
}

static inline void assert_book(const struct book *book, const struct heng_sheet_options *options, const char *wanted)
{
    struct zip_maker zip = {0};
    assert_rows(book_make(&zip, book), options, wanted);
    free(zip.p);
}

static inline void assert_book_refused(const struct book *book, const struct heng_sheet_options *options, heng_rc rc,
                                       const char *sentence)
{
    struct zip_maker zip = {0};
    assert_refused(book_make(&zip, book), options, rc, sentence);
    free(zip.p);
}

/* A file of its own; unlink it. */
static inline void temp_path(char ret[HENG_AT_LEAST(64)])
{
    snprintf(ret, 64, "/tmp/heng-sheet-XXXXXX");
    int fd = mkstemp(ret);
    assert_true(fd >= 0);
    close(fd);
}

#endif
