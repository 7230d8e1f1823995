#ifndef HENG_SHEET_WRITE_H
#define HENG_SHEET_WRITE_H
/* Tables out, cell by cell, with constant memory: the same calls for .xlsx and .csv. What is written is read back
 * unchanged by sheet.h: text byte for byte, numbers and dates by their value. */
#include "sheet/clean.h"

typedef enum heng_sheet_format { HENG_SHEET_XLSX, HENG_SHEET_CSV } heng_sheet_format;

typedef enum heng_column_kind {
    HENG_COLUMN_TEXT,
    HENG_COLUMN_NUMBER,
    HENG_COLUMN_DATE,
    HENG_COLUMN_MOMENT
} heng_column_kind;

/* A column, borrowed until the writer is closed or begins another table. */
struct heng_sheet_column {
    const char *title;
    const char *note;           /* what belongs into it, for the sheet with the explanations; NULL: nothing to say */
    heng_column_kind kind;      /* also of cells that people fill in later: ids stay text, with their zeros */
    uint8_t places;             /* of a number */
    uint8_t width_chars;        /* 0: by the title */
    const char *const *choices; /* a drop-down list with nothing else; choice_count 0: free */
    size_t choice_count;
};

struct heng_sheet_layout {
    const char *title;       /* name of the sheet: 1..31 characters, none of [ ] : * ? / \, no ' at its ends */
    const char *notes_title; /* of a second sheet with notes and choices; NULL: "-" where it is needed */
    const struct heng_sheet_column *columns;
    size_t column_count;
    struct heng_sheet_locale locale; /* of a .csv */
};

struct heng_sheet_writer;

/* Begin a table and write its header. .xlsx: frozen header, column widths, formats and lists; after 1,048,576 rows it
 * goes on in another sheet. .csv: UTF-8 with byte order mark, separator and decimal mark of the locale, CR LF. Errors:
 * EIO, ENOMEM, ECONFIG for a layout that Excel does not take. */
HENG_NODISCARD heng_rc heng_sheet_write_open(const char *path, heng_sheet_format format,
                                             const struct heng_sheet_layout *layout, struct heng_sheet_writer **ret,
                                             struct heng_err *err);

/* End the table and begin another one on a sheet of its own, .xlsx only. All explanations stand on the one sheet for
 * them. Errors: latched as those of cells. */
void heng_sheet_write_next(struct heng_sheet_writer *writer, const struct heng_sheet_layout *layout);

/* The next cell of the row; then the row's end. Errors are latched: everything after one is dropped, and close tells
 * it. Text is never a formula: .xlsx has it as typed text, .csv with an apostrophe where a spreadsheet would run it
 * (formula.h). A number with more than 15 digits is written as text: Excel would change it. So is a day before
 * 1900-03-01. */
void heng_sheet_write_text(struct heng_sheet_writer *writer, struct heng_slice text);
void heng_sheet_write_number(struct heng_sheet_writer *writer, struct heng_dec number);
void heng_sheet_write_date(struct heng_sheet_writer *writer, const struct heng_sheet_date *date);
void heng_sheet_write_boolean(struct heng_sheet_writer *writer, bool value);
void heng_sheet_write_empty(struct heng_sheet_writer *writer);
void heng_sheet_write_row_end(struct heng_sheet_writer *writer);

/* Finish the file and free the writer. After an error there is no file.
 * Errors: the first of all: EFORMAT (text that is not UTF-8 or holds a NUL), ELIMIT (a text over 32,767 characters in
 * .xlsx, over 131,072 bytes in .csv), EIO, ENOMEM; err->at is the row. */
HENG_NODISCARD heng_rc heng_sheet_write_close(struct heng_sheet_writer *writer, struct heng_err *err);

#endif
