#ifndef HENG_SHEET_SHEET_H
#define HENG_SHEET_SHEET_H
/* A table from a file of somebody else, row by row: .xlsx or .csv, found out by its content and not by its name. Memory
 * is bounded whatever the file holds; each limit that it meets is an error with a sentence for the person who sent it.
 */
#include "base/slice.h"
#include "sheet/clean.h"

/* X(symbol, name) */
#define HENG_CELL_LIST(X)                                                                                              \
    X(EMPTY, "empty")     /* a format without a value, or nothing between two separators */                            \
    X(TEXT, "text")       /* everything in a .csv; a time of day without a date, "08:30:00" */                         \
    X(NUMBER, "number")   /* plain decimal as Excel shows it: at most 15 digits, '.', no exponent */                   \
    X(DATE, "date")       /* 2026-11-20 or 2026-11-20T08:30:00[.250], local time of the sheet */                       \
    X(BOOLEAN, "boolean") /* true or false */                                                                          \
    X(ERROR, "error")     /* "#N/A" and the like; what a cell holds that has no value, in words */

typedef enum heng_cell_kind {
#define X(symbol, name) HENG_CELL_##symbol,
    HENG_CELL_LIST(X)
#undef X
        HENG_CELL_KIND_COUNT
} heng_cell_kind;

/* "text", "number" ... */
const char *heng_cell_kind_name(heng_cell_kind kind);

/* One cell. column: 1 is A. The text is UTF-8 and lives until the next row is asked for. */
struct heng_sheet_cell {
    uint32_t column;
    heng_cell_kind kind;
    struct heng_slice text;
};

/* The cells that a file has in one row, by rising column; there may be columns between them that it has not.
 * number: as people see it beside the row, 1 is the first; a quoted line break does not count. */
struct heng_sheet_row {
    uint32_t number;
    const struct heng_sheet_cell *cells;
    size_t count;
};

/* Zero means the default behind it. */
struct heng_sheet_limits {
    uint64_t file_bytes;           /* 256 MiB */
    uint64_t unpacked_bytes;       /* 2 GiB: all parts of an .xlsx that are read */
    uint64_t part_bytes;           /* 1 GiB: one of them */
    uint32_t ratio;                /* 200: unpacked to packed, of parts over 16 MiB */
    uint32_t rows;                 /* 1,048,576: the last row of a sheet */
    uint32_t columns;              /* 1,024 */
    uint32_t cell_bytes;           /* 131,072: more than the 32,767 characters of Excel need */
    uint32_t row_bytes;            /* 1 MiB: the texts of one row */
    uint64_t strings_bytes;        /* 512 MiB: all shared strings of an .xlsx */
    uint64_t strings_memory_bytes; /* 8 MiB: of them in memory; with more they go to a temporary file */
    uint32_t depth;                /* 64: XML elements inside one another */
};

typedef enum heng_sheet_encoding {
    HENG_ENCODING_GB18030,
    HENG_ENCODING_WINDOWS_1252,
    HENG_ENCODING_UTF8,
    HENG_ENCODING_UTF16LE,
    HENG_ENCODING_UTF16BE,
    HENG_ENCODING_COUNT
} heng_sheet_encoding;

/* All zero: the first sheet, .csv that is not Unicode is GB18030, default limits. */
struct heng_sheet_options {
    const char *sheet;            /* name of the sheet of an .xlsx; NULL: the first */
    heng_sheet_encoding fallback; /* of a .csv that is not Unicode: GB18030 (China) or WINDOWS_1252 (Europe) */
    struct heng_sheet_limits limits;
};

struct heng_sheet;

/* Open a file, or bytes that stay where they are until the sheet is closed.
 * Errors: EUNSUPPORTED for what is no .xlsx and no text (with what to do: .xls, .ods, encrypted files, web pages named
 *         .xls ...), EFORMAT for a damaged file, ELIMIT, ENOTFOUND (no such file or sheet), EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_sheet_open(const char *path, const struct heng_sheet_options *options,
                                       struct heng_sheet **ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_sheet_open_bytes(struct heng_slice bytes, const struct heng_sheet_options *options,
                                             struct heng_sheet **ret, struct heng_err *err);

/* The next row that has a value.
 * Errors: ENOTFOUND behind the last row; EFORMAT, ELIMIT, EIO, ENOMEM with the row in err->at. After an error it stays.
 */
HENG_NODISCARD heng_rc heng_sheet_next(struct heng_sheet *sheet, struct heng_sheet_row *ret, struct heng_err *err);

/* The names of the sheets, hidden ones too, in the order of the file: of a .csv none. NULL behind the last. */
const char *heng_sheet_name(const struct heng_sheet *sheet, size_t i);

/* Behind the last row of an .xlsx: the first range of merged cells below row 1, as "A2:A5", of which only the first
 * cell has a value; NULL: there is none. ret_row: where it begins. */
const char *heng_sheet_merged(const struct heng_sheet *sheet, uint32_t *ret_row);

/* Of a .csv: how it was read, for the preview. NULL for an .xlsx. */
struct heng_sheet_csv {
    heng_sheet_encoding encoding;
    char separator;
};
const struct heng_sheet_csv *heng_sheet_csv(const struct heng_sheet *sheet);

/* "GB18030", "UTF-8" ... */
const char *heng_sheet_encoding_name(heng_sheet_encoding encoding);

/* Close; NULL is nothing. */
void heng_sheet_close(struct heng_sheet *sheet);

/* The cell of a column, an empty one where the row has none. */
struct heng_sheet_cell heng_sheet_cell(const struct heng_sheet_row *row, uint32_t column);

/* "A", "Z", "AA" ... for messages. */
enum { HENG_COLUMN_TEXT_MAX = 8 };
void heng_sheet_column_text(uint32_t column, char ret_text[HENG_AT_LEAST(HENG_COLUMN_TEXT_MAX)]);

/* What a cell says, whatever its kind: a number cell is a number as it is, a text is cleaned by the language.
 * Errors: ENOTFOUND for an empty cell; EFORMAT, ERANGE with the reason. */
HENG_NODISCARD heng_rc heng_sheet_cell_number(const struct heng_sheet_cell *cell, struct heng_sheet_locale locale,
                                              struct heng_dec *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_sheet_cell_date(const struct heng_sheet_cell *cell, struct heng_sheet_date *ret,
                                            struct heng_err *err);

#endif
