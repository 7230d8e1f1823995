#ifndef HENG_SHEET_INSIDE_H
#define HENG_SHEET_INSIDE_H
/* What the readers of src/sheet/ share. */
#include "sheet/sheet.h"

/* Bytes of a file or of memory, at any place. */
struct heng_source {
    int fd; /* -1: memory */
    struct heng_slice bytes;
    uint64_t size, at; /* at: of whoever reads it as a stream */
};

/* Up to n bytes at an offset; fewer only at the end. false when the disk fails. */
bool heng_source_read(const struct heng_source *source, uint64_t offset, void *ret, size_t n, size_t *ret_n);

/* The row that is being put together: texts in one buffer, cells beside it. */
struct heng_row_maker {
    struct heng_str text;
    struct heng_sheet_cell *cells;
    size_t *offsets; /* of the cells' texts: the buffer may move while the row grows */
    size_t count, cap, values;
    uint32_t number;
};

struct heng_csv;
struct heng_xlsx;

struct heng_sheet {
    struct heng_source source;
    struct heng_sheet_options options;
    struct heng_row_maker row;
    struct heng_csv *csv;
    struct heng_xlsx *xlsx;
    struct heng_err ended; /* the error that every further question gets, too */
};

/* A new row; the next cell, whose text begins here; the cell is whole; the row as its reader gets it.
 * Errors: ELIMIT with the row and column in words, EFORMAT for a column that does not rise, ENOMEM. */
void heng_row_start(struct heng_sheet *sheet, uint32_t number);
HENG_NODISCARD heng_rc heng_row_cell(struct heng_sheet *sheet, uint32_t column, struct heng_err *err);
HENG_NODISCARD heng_rc heng_row_text(struct heng_sheet *sheet, const void *bytes, size_t n, struct heng_err *err);
void heng_row_cell_end(struct heng_sheet *sheet, heng_cell_kind kind);
struct heng_slice heng_row_cell_text(const struct heng_sheet *sheet); /* of the cell that is being read */
/* Another text for it, from elsewhere; of its own text only the n bytes from first on. */
HENG_NODISCARD heng_rc heng_row_cell_set(struct heng_sheet *sheet, struct heng_slice text, struct heng_err *err);
void heng_row_cell_cut(struct heng_sheet *sheet, size_t first, size_t n);
struct heng_sheet_row heng_row_finish(struct heng_sheet *sheet);

/* The two readers; both leave what they took to heng_csv_free and heng_xlsx_free. */
HENG_NODISCARD heng_rc heng_csv_open(struct heng_sheet *sheet, struct heng_err *err);
HENG_NODISCARD heng_rc heng_csv_next(struct heng_sheet *sheet, struct heng_sheet_row *ret, struct heng_err *err);
const struct heng_sheet_csv *heng_csv_about(const struct heng_csv *csv);
void heng_csv_free(struct heng_csv *csv);

HENG_NODISCARD heng_rc heng_xlsx_open(struct heng_sheet *sheet, struct heng_err *err);
HENG_NODISCARD heng_rc heng_xlsx_next(struct heng_sheet *sheet, struct heng_sheet_row *ret, struct heng_err *err);
const char *heng_xlsx_name(const struct heng_xlsx *xlsx, size_t i);
const char *heng_xlsx_merged(const struct heng_xlsx *xlsx, uint32_t *ret_row);
void heng_xlsx_free(struct heng_xlsx *xlsx);

#endif
