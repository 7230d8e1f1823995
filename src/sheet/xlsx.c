/* .xlsx: the rows of one sheet.
 *
 *   worksheet > sheetData > row r= > c r= t= s= > v, f, is > t, r > t
 *
 *   t     v is
 *   s     the number of a shared string
 *   str   the text that a formula gave        inlineStr: the text is in is
 *   b     1 or 0        e: "#N/A"             d: an ISO date
 *   n, -  a number; a day when style s shows it as one
 *
 * Rows and cells that a sheet does not have are not written, and rows and cells without r= follow the one before.
 * Source: ECMA-376 part 1, 18.3.1.4 (c), 18.3.1.73 (row), 18.18.11 (t). */
#include "sheet/inside.h"
#include "sheet/serial.h"
#include "sheet/strings.h"
#include "sheet/styles.h"
#include "sheet/workbook.h"
#include "sheet/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum cell_type { TYPE_NUMBER, TYPE_SHARED, TYPE_TEXT, TYPE_INLINE, TYPE_BOOLEAN, TYPE_ERROR, TYPE_DATE };

struct heng_xlsx {
    struct heng_zip *zip;
    struct heng_workbook workbook;
    struct heng_styles styles;
    struct heng_strings *strings;
    struct heng_xml xml;
    uint32_t row, column; /* the last ones */
    bool in_data, in_row, in_cell, in_text, in_inline, in_run;
    /* the cell that is being read */
    enum cell_type type;
    heng_serial_kind serial;
    char merged[24]; /* the first range of merged cells below row 1, "A2:A5" */
    uint32_t merged_row;
    bool has_formula, beyond; /* beyond: right of the last column that we take; an error only when it has a value */
};

static struct heng_xlsx *xlsx_of(struct heng_xml *xml) { return ((struct heng_sheet *)xml->owner)->xlsx; }

static void stop_unless(struct heng_xml *xml, heng_rc rc)
{
    if (rc == HENG_OK) return;
    xml->failed.rc = rc;
    heng_xml_stop(xml);
}

/* "AB12" -> 28; 0 for what is no reference. */
static uint32_t column_of(const char *reference)
{
    uint32_t column = 0;
    const char *p = reference;
    for (; (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'; p++) {
        column = column * 26 + (uint32_t)((*p | 0x20) - 'a' + 1);
        if (column > 1u << 20) return 0;
    }
    return p != reference && *p >= '1' && *p <= '9' ? column : 0;
}

static void start_row(struct heng_xml *xml, const char *const *attributes)
{
    struct heng_sheet *sheet = xml->owner;
    struct heng_xlsx *xlsx = sheet->xlsx;
    const char *r = heng_xml_attribute(attributes, "r");
    uint32_t number = xlsx->row + 1;
    xlsx->in_row = true;
    xlsx->column = 0;
    heng_row_start(sheet, number);
    if (r && !heng_xml_number(r, UINT32_MAX - 1, &number)) {
        stop_unless(xml,
                    heng_fail(&xml->failed, HENG_EFORMAT, number, "the row after row %u has no number", xlsx->row));
    } else if (number <= xlsx->row) {
        stop_unless(xml,
                    heng_fail(&xml->failed, HENG_EFORMAT, number,
                              "row %u stands behind row %u: save the file again in Excel or WPS", number, xlsx->row));
    } else if (number > sheet->options.limits.rows) {
        stop_unless(xml, heng_fail(&xml->failed, HENG_ELIMIT, number, "the table has more than %u rows",
                                   sheet->options.limits.rows));
    } else {
        xlsx->row = number;
        heng_row_start(sheet, number);
    }
}

static enum cell_type type_of(const char *t)
{
    static const struct {
        const char *name;
        enum cell_type type;
    } types[] = {{"s", TYPE_SHARED},  {"str", TYPE_TEXT}, {"inlineStr", TYPE_INLINE},
                 {"b", TYPE_BOOLEAN}, {"e", TYPE_ERROR},  {"d", TYPE_DATE}};
    for (size_t i = 0; t && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(t, types[i].name) == 0) return types[i].type;
    return TYPE_NUMBER;
}

static void start_cell(struct heng_xml *xml, const char *const *attributes)
{
    struct heng_sheet *sheet = xml->owner;
    struct heng_xlsx *xlsx = sheet->xlsx;
    const char *r = heng_xml_attribute(attributes, "r"), *s = heng_xml_attribute(attributes, "s");
    uint32_t column = r ? column_of(r) : xlsx->column + 1, style = 0;
    if (column == 0) {
        stop_unless(xml, heng_fail(&xml->failed, HENG_EFORMAT, xlsx->row,
                                   "row %u has a cell whose place cannot be read", xlsx->row));
        return;
    }
    if (s && !heng_xml_number(s, UINT32_MAX - 1, &style)) style = UINT32_MAX;
    xlsx->in_cell = true;
    xlsx->has_formula = false;
    xlsx->column = column;
    xlsx->type = type_of(heng_xml_attribute(attributes, "t"));
    xlsx->serial = heng_styles_kind(&xlsx->styles, style);
    xlsx->beyond = column > sheet->options.limits.columns;
    if (!xlsx->beyond) stop_unless(xml, heng_row_cell(sheet, column, &xml->failed));
}

static void start_in_cell(struct heng_xml *xml, const char *name)
{
    struct heng_xlsx *xlsx = xlsx_of(xml);
    if (xml->depth == 5) {
        if (strcmp(name, "f") == 0) xlsx->has_formula = true;
        xlsx->in_text = strcmp(name, "v") == 0 && xlsx->type != TYPE_INLINE;
        xlsx->in_inline = strcmp(name, "is") == 0 && xlsx->type == TYPE_INLINE;
    } else if (xlsx->in_inline && xml->depth == 6) {
        xlsx->in_run = strcmp(name, "r") == 0;
        xlsx->in_text = strcmp(name, "t") == 0;
    } else if (xlsx->in_inline && xlsx->in_run && xml->depth == 7) {
        xlsx->in_text = strcmp(name, "t") == 0;
    }
}

/* "A2:B5": rows of its corners; 0: it cannot be read. */
static uint32_t row_of(const char *reference)
{
    uint32_t row = 0;
    while ((*reference | 0x20) >= 'a' && (*reference | 0x20) <= 'z') reference++;
    for (; *reference >= '0' && *reference <= '9' && row < 1u << 24; reference++)
        row = row * 10 + (uint32_t)(*reference - '0');
    return row;
}

static void take_merged(struct heng_xlsx *xlsx, const char *const *attributes)
{
    const char *range = heng_xml_attribute(attributes, "ref"), *colon = range ? strchr(range, ':') : NULL;
    if (xlsx->merged[0] || !colon || row_of(colon + 1) <= 1) return;
    snprintf(xlsx->merged, sizeof xlsx->merged, "%.23s", range);
    xlsx->merged_row = row_of(range);
}

static void on_start(struct heng_xml *xml, const char *name, const char *const *attributes)
{
    struct heng_xlsx *xlsx = xlsx_of(xml);
    if (xml->depth == 2)
        xlsx->in_data = strcmp(name, "sheetData") == 0;
    else if (xml->depth == 3 && xlsx->in_data && strcmp(name, "row") == 0)
        start_row(xml, attributes);
    else if (xml->depth == 3 && strcmp(name, "mergeCell") == 0)
        take_merged(xlsx, attributes);
    else if (xml->depth == 4 && xlsx->in_row && strcmp(name, "c") == 0)
        start_cell(xml, attributes);
    else if (xml->depth >= 5 && xlsx->in_cell)
        start_in_cell(xml, name);
}

static void on_text(struct heng_xml *xml, const char *bytes, size_t n)
{
    struct heng_sheet *sheet = xml->owner;
    struct heng_xlsx *xlsx = sheet->xlsx;
    if (!xlsx->in_text) return;
    if (xlsx->beyond)
        stop_unless(xml, heng_fail(&xml->failed, HENG_ELIMIT, xlsx->row, "row %u has more than %u columns", xlsx->row,
                                   sheet->options.limits.columns));
    else
        stop_unless(xml, heng_row_text(sheet, bytes, n, &xml->failed));
}

/* A moment by its serial number; what is none is an error with its reason. */
static heng_rc end_serial(struct heng_sheet *sheet, const char *plain, heng_cell_kind *ret_kind, struct heng_err *err)
{
    struct heng_sheet_date date;
    char text[HENG_SHEET_DATE_MAX + 32];
    const struct heng_xlsx *xlsx = sheet->xlsx;
    *ret_kind = HENG_CELL_DATE;
    bool time_only = xlsx->serial == HENG_SERIAL_TIME && plain[0] == '0';
    if (time_only) {
        /* Without a day: the clock of any other day shows the same. */
        char day[HENG_NUMBER_MAX + 4];
        snprintf(day, sizeof day, "10000%s", plain + 1);
        if (heng_serial_date(day, false, &date) == HENG_OK) {
            date.has_time = true;
            heng_sheet_date_format(&date, text);
            *ret_kind = HENG_CELL_TEXT;
            return heng_row_cell_set(sheet, heng_slice_str(text + sizeof "yyyy-mm-dd"), err);
        }
    }
    if (heng_serial_date(plain, xlsx->workbook.from_1904, &date) == HENG_OK) {
        if (xlsx->serial == HENG_SERIAL_MOMENT) date.has_time = true; /* midnight is a time, too */
        heng_sheet_date_format(&date, text);
    } else {
        *ret_kind = HENG_CELL_ERROR;
        snprintf(text, sizeof text, "%.20s is the number of no day", plain);
    }
    return heng_row_cell_set(sheet, heng_slice_str(text), err);
}

static heng_rc end_number(struct heng_sheet *sheet, heng_cell_kind *ret_kind, struct heng_err *err)
{
    char plain[HENG_NUMBER_MAX];
    *ret_kind = HENG_CELL_ERROR;
    struct heng_slice text = heng_row_cell_text(sheet);
    if (text.n == 0) {
        if (!sheet->xlsx->has_formula) return HENG_OK;
        return heng_row_cell_set(
            sheet, heng_slice_str("a formula without its result: open the file in Excel or WPS and save it"), err);
    }
    if (heng_number_plain(heng_clean_trim(text), plain) != HENG_OK)
        return HENG_OK; /* the text itself says what is wrong */
    if (sheet->xlsx->serial != HENG_SERIAL_NONE) return end_serial(sheet, plain, ret_kind, err);
    *ret_kind = HENG_CELL_NUMBER;
    return heng_row_cell_set(sheet, heng_slice_str(plain), err);
}

static heng_rc end_shared(struct heng_sheet *sheet, heng_cell_kind *ret_kind, struct heng_err *err)
{
    struct heng_slice seen = heng_row_cell_text(sheet), text;
    uint32_t i = UINT32_MAX;
    char digits[12] = "";
    *ret_kind = HENG_CELL_TEXT;
    if (seen.n == 0) return HENG_OK;
    if (seen.n < sizeof digits) memcpy(digits, seen.p, seen.n);
    heng_rc rc = HENG_ENOTFOUND;
    if (heng_xml_number(digits, UINT32_MAX - 1, &i) && sheet->xlsx->strings)
        rc = heng_strings_get(sheet->xlsx->strings, i, &text, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_EFORMAT, sheet->xlsx->row,
                         "row %u names a text that the workbook has not: save it again in Excel or WPS",
                         sheet->xlsx->row);
    return rc == HENG_OK ? heng_row_cell_set(sheet, text, err) : rc;
}

static heng_rc end_date(struct heng_sheet *sheet, heng_cell_kind *ret_kind, struct heng_err *err)
{
    struct heng_sheet_date date;
    char text[HENG_SHEET_DATE_MAX];
    *ret_kind = HENG_CELL_ERROR;
    struct heng_slice seen = heng_clean_trim(heng_row_cell_text(sheet));
    if (seen.n && seen.p[seen.n - 1] == 'Z') seen.n--; /* the standard asks for no zone; some write this one */
    if (heng_clean_date(seen, &date, NULL) != HENG_OK) return HENG_OK;
    *ret_kind = HENG_CELL_DATE;
    heng_sheet_date_format(&date, text);
    return heng_row_cell_set(sheet, heng_slice_str(text), err);
}

static heng_rc end_value(struct heng_sheet *sheet, heng_cell_kind *ret_kind, struct heng_err *err)
{
    struct heng_slice text = heng_row_cell_text(sheet);
    *ret_kind = HENG_CELL_TEXT;
    switch (sheet->xlsx->type) {
    case TYPE_NUMBER: return end_number(sheet, ret_kind, err);
    case TYPE_SHARED: return end_shared(sheet, ret_kind, err);
    case TYPE_DATE: return end_date(sheet, ret_kind, err);
    case TYPE_TEXT:
    case TYPE_INLINE:
        if (text.n)
            heng_row_cell_cut(sheet, 0, heng_xml_unescape(sheet->row.text.text + (sheet->row.text.n - text.n), text.n));
        return HENG_OK;
    case TYPE_BOOLEAN:
        *ret_kind = text.n ? HENG_CELL_BOOLEAN : HENG_CELL_EMPTY;
        if (text.n == 0) return HENG_OK;
        return heng_row_cell_set(
            sheet, heng_slice_str(heng_slice_is(text, "1") || heng_slice_is(text, "true") ? "true" : "false"), err);
    case TYPE_ERROR: *ret_kind = HENG_CELL_ERROR; return HENG_OK;
    }
    return HENG_OK;
}

static void end_cell(struct heng_xml *xml)
{
    struct heng_sheet *sheet = xml->owner;
    heng_cell_kind kind;
    sheet->xlsx->in_cell = false;
    if (sheet->xlsx->beyond) return;
    heng_rc rc = end_value(sheet, &kind, &xml->failed);
    stop_unless(xml, rc);
    if (rc == HENG_OK) heng_row_cell_end(sheet, kind);
}

static void on_end(struct heng_xml *xml, const char *name)
{
    struct heng_sheet *sheet = xml->owner;
    struct heng_xlsx *xlsx = sheet->xlsx;
    (void)name;
    if (xml->depth >= 5) xlsx->in_text = false;
    if (xml->depth == 6) xlsx->in_run = false;
    if (xml->depth == 5) xlsx->in_inline = false;
    if (xml->depth == 4 && xlsx->in_cell) end_cell(xml);
    if (xml->depth == 3 && xlsx->in_row) {
        xlsx->in_row = false;
        if (sheet->row.values && xml->failed.rc == HENG_OK) heng_xml_pause(xml);
    }
    if (xml->depth == 2) xlsx->in_data = false;
}

static const char *choose_part(const struct heng_workbook *workbook, const char *name, struct heng_err *err)
{
    for (size_t i = 0; i < workbook->count; i++) {
        const struct heng_workbook_sheet *sheet = &workbook->sheets[i];
        if (name ? strcmp(sheet->name, name) != 0 : !sheet->part) continue;
        if (sheet->part) return sheet->part;
        heng_fail(err, HENG_ENOTFOUND, 0, "sheet '%.60s' is no table", name);
        return NULL;
    }
    if (name)
        heng_fail(err, HENG_ENOTFOUND, 0, "the workbook has no sheet '%.60s'", name);
    else
        heng_fail(err, HENG_ENOTFOUND, 0, "the workbook has no sheet with a table");
    return NULL;
}

static heng_rc open_parts(struct heng_sheet *sheet, struct heng_err *err)
{
    struct heng_xlsx *xlsx = sheet->xlsx;
    const struct heng_sheet_limits *limits = &sheet->options.limits;
    struct heng_err why = {.rc = HENG_OK};
    heng_rc rc = heng_workbook_open(&xlsx->workbook, xlsx->zip, limits->depth, err);
    if (rc != HENG_OK) return rc;
    const char *part = choose_part(&xlsx->workbook, sheet->options.sheet, &why);
    if (!part) {
        if (err) *err = why;
        return why.rc;
    }
    if (xlsx->workbook.styles)
        rc = heng_styles_open(&xlsx->styles, xlsx->zip, xlsx->workbook.styles, limits->depth, err);
    if (rc == HENG_OK && xlsx->workbook.strings)
        rc = heng_strings_open(xlsx->zip, xlsx->workbook.strings, limits, &xlsx->strings, err);
    if (rc != HENG_OK) return rc;
    xlsx->xml = (struct heng_xml){.owner = sheet, .start = on_start, .end = on_end, .text = on_text};
    return heng_xml_open(&xlsx->xml, xlsx->zip, part, "the sheet", limits->depth, err);
}

heng_rc heng_xlsx_open(struct heng_sheet *sheet, struct heng_err *err)
{
    sheet->xlsx = calloc(1, sizeof *sheet->xlsx);
    if (!sheet->xlsx) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    heng_rc rc = heng_zip_open(&sheet->source, &sheet->options.limits, &sheet->xlsx->zip, err);
    return rc == HENG_OK ? open_parts(sheet, err) : rc;
}

heng_rc heng_xlsx_next(struct heng_sheet *sheet, struct heng_sheet_row *ret, struct heng_err *err)
{
    heng_rc rc = heng_xml_run(&sheet->xlsx->xml, err);
    if (rc == HENG_OK) *ret = heng_row_finish(sheet);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, sheet->xlsx->row, "the table has no more rows");
    err->at = sheet->xlsx->row;
    return rc;
}

const char *heng_xlsx_name(const struct heng_xlsx *xlsx, size_t i)
{
    return i < xlsx->workbook.count ? xlsx->workbook.sheets[i].name : NULL;
}

const char *heng_xlsx_merged(const struct heng_xlsx *xlsx, uint32_t *ret_row)
{
    *ret_row = xlsx->merged_row;
    return xlsx->merged[0] ? xlsx->merged : NULL;
}

void heng_xlsx_free(struct heng_xlsx *xlsx)
{
    if (!xlsx) return;
    heng_xml_close(&xlsx->xml);
    heng_strings_free(xlsx->strings);
    heng_styles_fini(&xlsx->styles);
    heng_workbook_fini(&xlsx->workbook);
    heng_zip_close(xlsx->zip);
    free(xlsx);
}
