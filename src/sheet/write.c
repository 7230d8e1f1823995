/* The one interface for both, and all of .csv. */
#include "sheet/write.h"

#include "base/utf8.h"
#include "sheet/formula.h"
#include "sheet/serial.h"
#include "sheet/write_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 131072 }; /* what the reader takes by default */

struct heng_sheet_writer {
    heng_sheet_format format;
    struct heng_sheet_locale locale;
    FILE *csv;
    struct heng_xlsx_out *xlsx;
    char *path;
    uint32_t row, column; /* row: 1 is the header */
    struct heng_str text; /* the cell's, with a NUL behind */
    struct heng_err failed;
};

static void latch(struct heng_sheet_writer *w, heng_rc rc)
{
    w->failed.rc = rc;
    if (rc != HENG_OK) w->failed.at = w->row;
}

/* A field as it stands in the file, with separator before it. */
static void csv_field(struct heng_sheet_writer *w, const char *text, size_t n)
{
    const char quotable[] = {w->locale.separator, '"', '\r', '\n', '\0'};
    bool quoted =
        n && (strpbrk(text, quotable) || text[0] == ' ' || text[n - 1] == ' ' || strncmp(text, "sep=", 4) == 0);
    if (w->column > 1) fputc(w->locale.separator, w->csv);
    if (!quoted) {
        fwrite(text, 1, n, w->csv);
        return;
    }
    fputc('"', w->csv);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"') fputc('"', w->csv);
        fputc(text[i], w->csv);
    }
    fputc('"', w->csv);
}

/* Into w->text: whole characters without NUL. */
static heng_rc take_text(struct heng_sheet_writer *w, struct heng_slice text)
{
    for (size_t i = 0; i < text.n;) {
        size_t length = heng_utf8_length(text.p + i, text.n - i);
        if (length == 0 || text.p[i] == 0)
            return heng_fail(&w->failed, HENG_EFORMAT, w->row, "the text of row %u, column %u is not UTF-8", w->row,
                             w->column);
        i += length;
    }
    heng_str_put(&w->text, (const char *)text.p, text.n);
    if (w->text.rc == HENG_ELIMIT)
        return heng_fail(&w->failed, HENG_ELIMIT, w->row, "the text of row %u, column %u is longer than %d bytes",
                         w->row, w->column, TEXT_MAX_BYTES);
    if (w->text.rc != HENG_OK) return heng_fail(&w->failed, w->text.rc, w->row, "no memory for row %u", w->row);
    return HENG_OK;
}

/* True when there is a cell to be written. */
static bool next_cell(struct heng_sheet_writer *w)
{
    if (w->failed.rc != HENG_OK) return false;
    w->column++;
    heng_str_clear(&w->text);
    return true;
}

void heng_sheet_write_text(struct heng_sheet_writer *w, struct heng_slice text)
{
    if (!next_cell(w)) return;
    if (w->csv && heng_formula_dangerous(text)) heng_str_put(&w->text, "'", 1);
    if (take_text(w, text) != HENG_OK) return;
    if (w->csv)
        csv_field(w, w->text.n ? w->text.text : "", w->text.n);
    else if (w->text.n)
        latch(w, heng_xlsx_out_text(w->xlsx, w->column, w->text.text, &w->failed));
}

/* As a number when Excel keeps every digit of it. */
static bool survives_excel(const char *text, char ret_plain[HENG_AT_LEAST(HENG_NUMBER_MAX)])
{
    struct heng_dec before, after;
    return heng_number_plain(heng_slice_str(text), ret_plain) == HENG_OK &&
           heng_dec_parse(text, &before, NULL) == HENG_OK && heng_dec_parse(ret_plain, &after, NULL) == HENG_OK &&
           heng_dec_cmp(before, after) == 0;
}

void heng_sheet_write_number(struct heng_sheet_writer *w, struct heng_dec number)
{
    char text[HENG_DEC_TEXT_MAX], plain[HENG_NUMBER_MAX];
    if (!next_cell(w)) return;
    size_t n = heng_dec_format(number, text);
    if (w->csv) {
        char *point = strchr(text, '.');
        if (point) *point = w->locale.decimal_mark;
        csv_field(w, text, n);
    } else if (survives_excel(text, plain)) {
        latch(w,
              heng_xlsx_out_number(w->xlsx, w->column, plain, number.exp < 0 ? (unsigned)-number.exp : 0, &w->failed));
    } else {
        latch(w, heng_xlsx_out_text(w->xlsx, w->column, text, &w->failed));
    }
}

void heng_sheet_write_date(struct heng_sheet_writer *w, const struct heng_sheet_date *date)
{
    char text[HENG_SHEET_DATE_MAX];
    const struct heng_civil *c = &date->civil;
    if (!next_cell(w)) return;
    heng_sheet_date_format(date, text);
    if (w->csv) {
        char *t = strchr(text, 'T');
        if (t) *t = ' '; /* Excel knows a moment by the blank */
        csv_field(w, text, strlen(text));
    } else if (c->year < 1900 || (c->year == 1900 && c->month < 3) || c->year > 9999) {
        latch(w, heng_xlsx_out_text(w->xlsx, w->column, text, &w->failed));
    } else {
        latch(w, heng_xlsx_out_date(w->xlsx, w->column, date, &w->failed));
    }
}

void heng_sheet_write_boolean(struct heng_sheet_writer *w, bool value)
{
    if (!next_cell(w)) return;
    const char *text = value ? "true" : "false";
    if (w->csv)
        csv_field(w, text, strlen(text));
    else
        latch(w, heng_xlsx_out_boolean(w->xlsx, w->column, value, &w->failed));
}

void heng_sheet_write_empty(struct heng_sheet_writer *w)
{
    if (next_cell(w) && w->csv) csv_field(w, "", 0);
}

void heng_sheet_write_row_end(struct heng_sheet_writer *w)
{
    if (w->failed.rc != HENG_OK) return;
    if (w->csv) {
        fputs("\r\n", w->csv);
        if (ferror(w->csv))
            heng_fail(&w->failed, HENG_EIO, w->row, "'%.80s' cannot be written: %s", w->path, strerror(errno));
    } else {
        latch(w, heng_xlsx_out_row_end(w->xlsx, &w->failed));
    }
    w->row++;
    w->column = 0;
}

void heng_sheet_write_next(struct heng_sheet_writer *w, const struct heng_sheet_layout *layout)
{
    if (w->failed.rc != HENG_OK) return;
    if (w->csv) {
        heng_fail(&w->failed, HENG_EUNSUPPORTED, 0, "a .csv holds one table: choose .xlsx for several");
        return;
    }
    w->row = 1;
    w->column = 0;
    latch(w, heng_xlsx_out_next(w->xlsx, layout, &w->failed));
    w->row = 2;
}

static heng_rc open_file(struct heng_sheet_writer *w, const struct heng_sheet_layout *layout, struct heng_err *err)
{
    /* libxlsxwriter creates its file at the end: a folder that is not there shall be known now. */
    FILE *file = fopen(w->path, "wbe");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot create '%.80s': %s", w->path, strerror(errno));
    if (w->format == HENG_SHEET_XLSX) {
        fclose(file);
        return heng_xlsx_out_open(w->path, layout, &w->xlsx, err);
    }
    w->csv = file;
    fputs("\xEF\xBB\xBF", w->csv);
    for (size_t i = 0; i < layout->column_count; i++)
        heng_sheet_write_text(w, heng_slice_str(layout->columns[i].title));
    heng_sheet_write_row_end(w);
    return HENG_OK;
}

heng_rc heng_sheet_write_open(const char *path, heng_sheet_format format, const struct heng_sheet_layout *layout,
                              struct heng_sheet_writer **ret, struct heng_err *err)
{
    struct heng_sheet_writer *w = calloc(1, sizeof *w);
    if (w) w->path = strdup(path);
    if (!w || !w->path) {
        free(w);
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for a table");
    }
    w->format = format;
    w->locale = layout->locale;
    if (!w->locale.separator || !w->locale.decimal_mark) w->locale = heng_sheet_locale_of(NULL);
    w->text.max = TEXT_MAX_BYTES;
    w->row = 1;
    heng_rc rc = open_file(w, layout, err);
    if (rc == HENG_OK) {
        if (w->row == 1) w->row = 2; /* .xlsx has written its header by itself */
        *ret = w;
        return HENG_OK;
    }
    if (w->format == HENG_SHEET_XLSX && rc != HENG_EIO) (void)unlink(w->path);
    free(w->path);
    free(w);
    return rc;
}

heng_rc heng_sheet_write_close(struct heng_sheet_writer *w, struct heng_err *err)
{
    struct heng_err closing = {.rc = HENG_OK};
    heng_rc rc = HENG_OK;
    if (w->xlsx) rc = heng_xlsx_out_close(w->xlsx, &closing);
    if (w->csv && fclose(w->csv) != 0)
        rc = heng_fail(&closing, HENG_EIO, 0, "'%.80s' cannot be written: %s", w->path, strerror(errno));
    if (w->failed.rc == HENG_OK && rc != HENG_OK) w->failed = closing;
    rc = w->failed.rc;
    if (rc != HENG_OK) {
        (void)unlink(w->path);
        if (err) *err = w->failed;
    }
    heng_str_fini(&w->text);
    free(w->path);
    free(w);
    return rc;
}
