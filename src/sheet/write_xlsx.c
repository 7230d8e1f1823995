/* .xlsx by libxlsxwriter in constant memory: a row is on disk when the next one begins.
 *
 *   sheet 1         header, frozen; columns with their width and format; drop-down lists
 *   sheet 2         of each table a line per column: title, note, and its choices from column C on, to which the
 *                   drop-down lists refer
 *   sheet 3 ...     where sheet 1 goes on after 1,048,576 rows; other tables
 *
 * The library takes numbers as double. They come here as decimals of at most 15 digits, which survive the way through a
 * double and its 17 digits exactly: nothing is computed with them. */
#include "sheet/write_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <xlsxwriter.h>

enum {
    PLACES_MAX = 15,
    CHOICES_FROM_COLUMN = 2,
    NAME_MAX_BYTES = 128,
    WIDTH_MIN = 10,
    WIDTH_MAX = 60,
    TEXT_FORMAT = 49
};

struct heng_xlsx_out {
    lxw_workbook *workbook;
    lxw_worksheet *sheet, *notes;
    lxw_format *header, *text, *date, *moment, *places[PLACES_MAX + 1];
    const struct heng_sheet_column *columns;
    size_t column_count;
    lxw_row_t row, notes_row; /* notes_row: where this table's explanations begin */
    unsigned sheets;
    char title[NAME_MAX_BYTES], notes_title[NAME_MAX_BYTES];
    struct heng_str escaped;
};

static heng_rc failed(lxw_error error, struct heng_err *err)
{
    heng_rc rc = HENG_EIO;
    if (error == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED || error == LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE)
        rc = HENG_ELIMIT;
    if (error == LXW_ERROR_MEMORY_MALLOC_FAILED) rc = HENG_ENOMEM;
    return heng_fail(err, rc, 0, "the table cannot be written: %.120s", lxw_strerror(error));
}

static heng_rc outcome(lxw_error error, struct heng_err *err)
{
    return error == LXW_NO_ERROR ? HENG_OK : failed(error, err);
}

/* A number format is made when the first value needs it. */
static lxw_format *places_format(struct heng_xlsx_out *out, unsigned places)
{
    char code[PLACES_MAX + 3] = "0.";
    if (places > PLACES_MAX) places = PLACES_MAX;
    if (out->places[places]) return out->places[places];
    memset(code + 2, '0', places);
    code[places ? places + 2 : 1] = '\0';
    out->places[places] = workbook_add_format(out->workbook);
    if (out->places[places]) format_set_num_format(out->places[places], code);
    return out->places[places];
}

static lxw_format *column_format(struct heng_xlsx_out *out, const struct heng_sheet_column *column)
{
    switch (column->kind) {
    case HENG_COLUMN_TEXT: return out->text;
    case HENG_COLUMN_NUMBER: return places_format(out, column->places);
    case HENG_COLUMN_DATE: return out->date;
    case HENG_COLUMN_MOMENT: return out->moment;
    }
    return NULL;
}

static bool make_formats(struct heng_xlsx_out *out)
{
    lxw_format **all[] = {&out->header, &out->text, &out->date, &out->moment};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i] = workbook_add_format(out->workbook);
        if (!*all[i]) return false;
    }
    format_set_bold(out->header);
    format_set_num_format_index(out->header, TEXT_FORMAT);
    format_set_num_format_index(out->text, TEXT_FORMAT);
    format_set_num_format(out->date, "yyyy-mm-dd");
    format_set_num_format(out->moment, "yyyy-mm-dd hh:mm:ss");
    return true;
}

/* Wide enough for the title; a character of East Asia is two columns wide. */
static uint8_t width_of(const struct heng_sheet_column *column)
{
    size_t width = 2;
    for (const char *p = column->title; *p && width < WIDTH_MAX; p++)
        width += (*p & 0xC0) == 0xC0 && (*p & 0xE0) != 0xC0 ? 2 : (*p & 0xC0) != 0x80;
    if (column->width_chars) width = column->width_chars;
    return (uint8_t)(width < WIDTH_MIN && !column->width_chars ? WIDTH_MIN : width);
}

/* 'notes'!$C$2:$F$2, quotation marks in the name doubled. */
static void list_formula(const struct heng_xlsx_out *out, size_t column, char *ret, size_t cap)
{
    char name[2 * NAME_MAX_BYTES], range[LXW_MAX_CELL_RANGE_LENGTH];
    size_t n = 0;
    for (const char *p = out->notes_title; *p; p++) {
        if (*p == '\'') name[n++] = '\'';
        name[n++] = *p;
    }
    name[n] = '\0';
    lxw_row_t row = out->notes_row + (lxw_row_t)column + 1;
    lxw_rowcol_to_range_abs(range, row, CHOICES_FROM_COLUMN, row,
                            (lxw_col_t)(CHOICES_FROM_COLUMN + out->columns[column].choice_count - 1));
    snprintf(ret, cap, "'%s'!%s", name, range);
}

/* Version 1.1.4 loses the memory of a list that is given as a range (it copies the formula twice). So it gets a list of
 * one word, whose copy is then exchanged for the range. */
static lxw_error add_list(struct heng_xlsx_out *out, size_t column)
{
    static char word[] = "-";
    static char *words[] = {word, NULL};
    char formula[2 * NAME_MAX_BYTES + LXW_MAX_CELL_RANGE_LENGTH + 8];
    list_formula(out, column, formula, sizeof formula);
    lxw_data_validation list = {.validate = LXW_VALIDATION_TYPE_LIST, .value_list = words};
    lxw_error error =
        worksheet_data_validation_range(out->sheet, 1, (lxw_col_t)column, LXW_ROW_MAX - 1, (lxw_col_t)column, &list);
    char *range = strdup(formula);
    if (error != LXW_NO_ERROR || !range) {
        free(range);
        return error != LXW_NO_ERROR ? error : LXW_ERROR_MEMORY_MALLOC_FAILED;
    }
    lxw_data_val_obj *made = STAILQ_FIRST(out->sheet->data_validations);
    while (STAILQ_NEXT(made, list_pointers)) made = STAILQ_NEXT(made, list_pointers);
    free(made->value_formula);
    made->value_formula = range;
    return LXW_NO_ERROR;
}

/* The header of sheet 1 and of those where it goes on. */
static lxw_error begin_sheet(struct heng_xlsx_out *out)
{
    lxw_error error = LXW_NO_ERROR;
    for (size_t i = 0; i < out->column_count && error == LXW_NO_ERROR; i++) {
        const struct heng_sheet_column *column = &out->columns[i];
        error =
            worksheet_set_column(out->sheet, (lxw_col_t)i, (lxw_col_t)i, width_of(column), column_format(out, column));
        if (error == LXW_NO_ERROR)
            error = worksheet_write_string(out->sheet, 0, (lxw_col_t)i, column->title, out->header);
        if (error == LXW_NO_ERROR && column->choice_count) error = add_list(out, i);
    }
    worksheet_freeze_panes(out->sheet, 1, 0);
    out->row = 1;
    return error;
}

static lxw_error write_notes(struct heng_xlsx_out *out)
{
    lxw_error error = worksheet_set_column(out->notes, 0, 0, 24, out->text);
    if (error == LXW_NO_ERROR) error = worksheet_set_column(out->notes, 1, 1, 80, out->text);
    if (error == LXW_NO_ERROR) error = worksheet_write_string(out->notes, out->notes_row, 0, out->title, out->header);
    for (size_t i = 0; i < out->column_count && error == LXW_NO_ERROR; i++) {
        const struct heng_sheet_column *column = &out->columns[i];
        lxw_row_t row = out->notes_row + (lxw_row_t)i + 1;
        error = worksheet_write_string(out->notes, row, 0, column->title, out->header);
        if (column->note && error == LXW_NO_ERROR)
            error = worksheet_write_string(out->notes, row, 1, column->note, out->text);
        for (size_t k = 0; k < column->choice_count && error == LXW_NO_ERROR; k++)
            error = worksheet_write_string(out->notes, row, (lxw_col_t)(CHOICES_FROM_COLUMN + k), column->choices[k],
                                           out->text);
    }
    worksheet_freeze_panes(out->notes, 1, 0);
    return error;
}

static bool add_sheet(struct heng_xlsx_out *out, const char *name, lxw_worksheet **ret)
{
    if (workbook_validate_sheet_name(out->workbook, name) != LXW_NO_ERROR) return false;
    *ret = workbook_add_worksheet(out->workbook, name);
    return *ret != NULL;
}

/* A table, with its explanations where it has some. */
static heng_rc add_table(struct heng_xlsx_out *out, const struct heng_sheet_layout *layout, struct heng_err *err)
{
    bool notes = layout->notes_title != NULL;
    for (size_t i = 0; i < layout->column_count; i++) notes = notes || layout->columns[i].choice_count;
    out->columns = layout->columns;
    out->column_count = layout->column_count;
    out->sheets = 1;
    snprintf(out->title, sizeof out->title, "%s", layout->title);
    if (!add_sheet(out, layout->title, &out->sheet))
        return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' cannot be the name of a sheet", layout->title);
    if (notes && !out->notes) {
        snprintf(out->notes_title, sizeof out->notes_title, "%s", layout->notes_title ? layout->notes_title : "-");
        if (!add_sheet(out, out->notes_title, &out->notes))
            return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' cannot be the name of a sheet", out->notes_title);
    }
    lxw_error error = begin_sheet(out);
    if (error == LXW_NO_ERROR && notes) error = write_notes(out);
    return outcome(error, err);
}

heng_rc heng_xlsx_out_next(struct heng_xlsx_out *out, const struct heng_sheet_layout *layout, struct heng_err *err)
{
    if (out->notes) out->notes_row += (lxw_row_t)out->column_count + 2;
    return add_table(out, layout, err);
}

heng_rc heng_xlsx_out_open(const char *path, const struct heng_sheet_layout *layout, struct heng_xlsx_out **ret,
                           struct heng_err *err)
{
    enum { ESCAPED_MAX = 1 << 20 };
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    struct heng_xlsx_out *out = calloc(1, sizeof *out);
    if (!out) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a table");
    out->escaped.max = ESCAPED_MAX;
    out->workbook = workbook_new_opt(path, &options);
    heng_rc rc;
    if (!out->workbook || !make_formats(out))
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for a table");
    else
        rc = add_table(out, layout, err);
    if (rc == HENG_OK) {
        *ret = out;
        return HENG_OK;
    }
    lxw_workbook_free(out->workbook);
    free(out);
    return rc;
}

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/* What XML cannot hold is written as _xHHHH_ (see heng_xml_unescape), and so is a '_' that would begin such an escape.
 */
static const char *escape(struct heng_xlsx_out *out, const char *text)
{
    heng_str_clear(&out->escaped);
    const char *done = text;
    for (const char *p = text; *p; p++) {
        uint8_t c = (uint8_t)*p;
        bool control = c < 0x20 && c != '\t' && c != '\n';
        bool none = c == 0xEF && (uint8_t)p[1] == 0xBF && (uint8_t)p[2] >= 0xBE; /* U+FFFE, U+FFFF */
        bool like_escape =
            c == '_' && p[1] == 'x' && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]) && p[6] == '_';
        if (!control && !none && !like_escape) continue;
        heng_str_put(&out->escaped, done, (size_t)(p - done));
        heng_str_fmt(&out->escaped, "_x%04X_", none ? 0xFF40U + (uint8_t)p[2] : c);
        if (none) p += 2;
        done = p + 1;
    }
    if (done == text) return text;
    heng_str_put(&out->escaped, done, strlen(done));
    return out->escaped.rc == HENG_OK ? out->escaped.text : NULL;
}

heng_rc heng_xlsx_out_text(struct heng_xlsx_out *out, uint32_t column, const char *text, struct heng_err *err)
{
    const char *safe = escape(out, text);
    if (!safe) return heng_fail(err, out->escaped.rc, 0, "a text of the table is too long for Excel");
    return outcome(worksheet_write_string(out->sheet, out->row, (lxw_col_t)(column - 1), safe, out->text), err);
}

heng_rc heng_xlsx_out_number(struct heng_xlsx_out *out, uint32_t column, const char *plain, unsigned places,
                             struct heng_err *err)
{
    return outcome(worksheet_write_number(out->sheet, out->row, (lxw_col_t)(column - 1), strtod(plain, NULL),
                                          places_format(out, places)),
                   err);
}

heng_rc heng_xlsx_out_date(struct heng_xlsx_out *out, uint32_t column, const struct heng_sheet_date *date,
                           struct heng_err *err)
{
    const struct heng_civil *c = &date->civil;
    lxw_datetime moment = {.year = c->year, .month = c->month, .day = c->day};
    if (date->has_time) {
        moment.hour = c->hour;
        moment.min = c->minute;
        moment.sec = c->second + date->millisecond / 1000.0;
    }
    return outcome(worksheet_write_datetime(out->sheet, out->row, (lxw_col_t)(column - 1), &moment,
                                            date->has_time ? out->moment : out->date),
                   err);
}

heng_rc heng_xlsx_out_boolean(struct heng_xlsx_out *out, uint32_t column, bool value, struct heng_err *err)
{
    return outcome(worksheet_write_boolean(out->sheet, out->row, (lxw_col_t)(column - 1), value, NULL), err);
}

heng_rc heng_xlsx_out_row_end(struct heng_xlsx_out *out, struct heng_err *err)
{
    char name[NAME_MAX_BYTES];
    if (++out->row < LXW_ROW_MAX) return HENG_OK;
    /* "(2)" must fit into 31 characters with the title. */
    int length = snprintf(name, sizeof name, "%.80s (%u)", out->title, ++out->sheets);
    if (length < 0 || workbook_validate_sheet_name(out->workbook, name) != LXW_NO_ERROR)
        snprintf(name, sizeof name, "%u", out->sheets);
    out->sheet = workbook_add_worksheet(out->workbook, name);
    if (!out->sheet) return heng_fail(err, HENG_ENOMEM, 0, "no memory for another sheet");
    return outcome(begin_sheet(out), err);
}

heng_rc heng_xlsx_out_close(struct heng_xlsx_out *out, struct heng_err *err)
{
    lxw_error error = workbook_close(out->workbook);
    heng_str_fini(&out->escaped);
    free(out);
    return outcome(error, err);
}
