#ifndef HENG_FUZZ_SHEET_H
#define HENG_FUZZ_SHEET_H
/* Read a table to its end and hold it to its contract. */
#include "base/utf8.h"
#include "sheet/sheet.h"

#include <stdlib.h>

static inline void fuzz_require(bool condition)
{
    if (!condition) abort();
}

static inline void fuzz_text(struct heng_slice text)
{
    for (size_t i = 0; i < text.n;) {
        size_t length = heng_utf8_length(text.p + i, text.n - i);
        fuzz_require(length > 0);
        i += length;
    }
}

/* A number or a date that is let in is one that it can be written as, and read again. */
static inline void fuzz_cell(const struct heng_sheet_cell *cell, const struct heng_sheet_limits *limits)
{
    struct heng_dec number;
    struct heng_sheet_date date, again;
    struct heng_err err = {0};
    char text[HENG_SHEET_DATE_MAX];
    fuzz_require(cell->column >= 1 && cell->column <= limits->columns && cell->text.n <= limits->cell_bytes);
    fuzz_require(cell->kind < HENG_CELL_KIND_COUNT && (cell->kind == HENG_CELL_EMPTY) == (cell->text.n == 0));
    fuzz_text(cell->text);
    heng_rc rc = heng_sheet_cell_number(cell, heng_sheet_locale_of("de"), &number, &err);
    fuzz_require(rc == HENG_OK || (err.rc == rc && err.text[0]));
    err = (struct heng_err){0};
    rc = heng_sheet_cell_date(cell, &date, &err);
    fuzz_require(rc == HENG_OK || (err.rc == rc && err.text[0]));
    fuzz_require(rc == HENG_OK || cell->kind != HENG_CELL_DATE);
    if (rc != HENG_OK) return;
    fuzz_require(heng_civil_valid(&date.civil) && date.millisecond < 1000);
    heng_sheet_date_format(&date, text);
    fuzz_require(heng_clean_date(heng_slice_str(text), &again, NULL) == HENG_OK &&
                 again.millisecond == date.millisecond);
}

static inline void fuzz_sheet(struct heng_slice bytes, heng_sheet_encoding fallback)
{
    static const struct heng_sheet_options options = {.limits = {.part_bytes = 1 << 20,
                                                                 .unpacked_bytes = 4 << 20,
                                                                 .rows = 5000,
                                                                 .columns = 40,
                                                                 .cell_bytes = 1000,
                                                                 .row_bytes = 2000,
                                                                 .strings_bytes = 100000,
                                                                 .strings_memory_bytes = 70000,
                                                                 .depth = 12}};
    struct heng_sheet_options chosen = options;
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err = {0};
    chosen.fallback = fallback;
    heng_rc rc = heng_sheet_open_bytes(bytes, &chosen, &sheet, &err);
    if (rc != HENG_OK) {
        fuzz_require(err.rc == rc && err.text[0]);
        return;
    }
    for (size_t i = 0; heng_sheet_name(sheet, i); i++) fuzz_text(heng_slice_str(heng_sheet_name(sheet, i)));
    uint32_t last = 0;
    while ((rc = heng_sheet_next(sheet, &row, &err)) == HENG_OK) {
        fuzz_require(row.number > last && row.number <= options.limits.rows && row.count > 0);
        last = row.number;
        for (size_t i = 0; i < row.count; i++) {
            fuzz_require(i == 0 || row.cells[i].column > row.cells[i - 1].column);
            fuzz_require(heng_sheet_cell(&row, row.cells[i].column).text.p == row.cells[i].text.p);
            fuzz_cell(&row.cells[i], &options.limits);
        }
    }
    fuzz_require(err.rc == rc && err.text[0]);
    heng_sheet_close(sheet);
}

#endif
