/* The archive into sheets, in the columns in which they are read: cells, files, workbooks. */
#include <stdio.h>
#include <stdlib.h>

#include "archive/out.h"
#include "store/read.h"

/* --- cells ------------------------------------------------------------------------------------------------------- */

void archive_put_text(struct exporting *ex, const char *text)
{
    const struct heng_archive_column *column = &ex->sheet->columns[ex->column++];
    if (column->kind == HENG_ARCHIVE_CHOICE && text[0]) text = heng_archive_choice_title(column, text, ex->language);
    if (text[0])
        heng_sheet_write_text(ex->writer, heng_slice_str(text));
    else
        heng_sheet_write_empty(ex->writer);
}

void archive_put_empty(struct exporting *ex) { archive_put_text(ex, ""); }

void archive_put_dec(struct exporting *ex, struct heng_dec value)
{
    ex->column++;
    heng_sheet_write_number(ex->writer, value);
}

void archive_put_int(struct exporting *ex, int64_t value) { archive_put_dec(ex, (struct heng_dec){value, 0}); }

void archive_put_some(struct exporting *ex, int64_t value)
{
    if (value)
        archive_put_int(ex, value);
    else
        archive_put_empty(ex);
}

void archive_put_yes(struct exporting *ex, bool yes) { archive_put_text(ex, yes ? "yes" : "no"); }

void archive_put_moment(struct exporting *ex, heng_us at_us)
{
    enum { US_PER_MS = 1000 };
    if (!at_us) {
        archive_put_empty(ex);
        return;
    }
    struct heng_sheet_date date = {.civil = heng_zone_civil(ex->zone, at_us),
                                   .millisecond = (uint16_t)(at_us % HENG_US_PER_S / US_PER_MS)};
    date.has_time = date.civil.hour || date.civil.minute || date.civil.second || date.millisecond;
    ex->column++;
    heng_sheet_write_date(ex->writer, &date);
}

void archive_put_factor(struct exporting *ex, int64_t num, int64_t den)
{
    struct heng_dec value = {num, 0};
    for (; den > 1 && value.mantissa % den && value.exp > -12 && value.mantissa < INT64_MAX / 10; value.exp--)
        value.mantissa *= 10;
    value.mantissa /= den ? den : 1;
    archive_put_dec(ex, value);
}

void archive_end_row(struct exporting *ex)
{
    heng_sheet_write_row_end(ex->writer);
    ex->column = 0;
    ex->rows++;
}

/* --- files ------------------------------------------------------------------------------------------------------- */

static heng_column_kind kind_of(heng_archive_kind kind)
{
    switch (kind) {
    case HENG_ARCHIVE_WHOLE:
    case HENG_ARCHIVE_NUMBER: return HENG_COLUMN_NUMBER;
    case HENG_ARCHIVE_DAY: return HENG_COLUMN_DATE;
    case HENG_ARCHIVE_TEXT:
    case HENG_ARCHIVE_KEY:
    case HENG_ARCHIVE_CHOICE:
    case HENG_ARCHIVE_INFO: break;
    }
    return HENG_COLUMN_TEXT;
}

/* The columns of a table as the writer wants them. choices: room for all of them. */
enum { CHOICES_MAX = 32 };
struct columns {
    struct heng_sheet_column columns[HENG_ARCHIVE_COLUMNS_MAX];
    const char *choices[HENG_ARCHIVE_COLUMNS_MAX][CHOICES_MAX];
};

/* The layout of a table; it lives as long as columns. */
static struct heng_sheet_layout layout_of(heng_archive_table table, heng_archive_language language,
                                          struct columns *columns)
{
    const struct heng_archive_sheet *sheet = heng_archive_sheet_of(table);
    for (size_t i = 0; i < sheet->column_count; i++) {
        const struct heng_archive_column *from = &sheet->columns[i];
        struct heng_sheet_column *to = &columns->columns[i];
        *to = (struct heng_sheet_column){.title = from->title[language],
                                         .note = from->note[language],
                                         .kind = kind_of(from->kind),
                                         .choice_count = from->choice_count};
        for (size_t k = 0; k < from->choice_count && k < CHOICES_MAX; k++)
            columns->choices[i][k] = from->choices[k].title[language];
        to->choices = columns->choices[i];
    }
    return (struct heng_sheet_layout){.title = sheet->title[language],
                                      .notes_title = heng_archive_notes_title(language),
                                      .columns = columns->columns,
                                      .column_count = sheet->column_count,
                                      .locale = heng_sheet_locale_of(heng_archive_language_text(language))};
}

static heng_rc put_table(struct exporting *ex, int64_t place_id, struct heng_err *err)
{
    switch (ex->table) {
    case HENG_ARCHIVE_ORGS: return archive_put_orgs(ex, err);
    case HENG_ARCHIVE_GATEWAYS: return archive_put_gateways(ex, err);
    case HENG_ARCHIVE_LINES: return archive_put_lines(ex, err);
    case HENG_ARCHIVE_SCHEDULES: return archive_put_schedules(ex, err);
    case HENG_ARCHIVE_RELAYS: return archive_put_relays(ex, err);
    case HENG_ARCHIVE_PLACES:
    case HENG_ARCHIVE_METERS:
    case HENG_ARCHIVE_PAST:
    case HENG_ARCHIVE_VIRTUAL:
    case HENG_ARCHIVE_EVENTS: return archive_put_places(ex, place_id, err);
    case HENG_ARCHIVE_TABLES: break;
    }
    return HENG_OK;
}

static heng_rc open_zone(struct exporting *ex, struct heng_err *err)
{
    char name[64] = "";
    heng_rc rc = heng_store_get_setting(ex->reader, "time_zone", name, sizeof name, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !name[0])) return HENG_OK;
    return rc == HENG_OK ? heng_zone_open(name, &ex->zone, err) : rc;
}

/* Tables from `first` to `last` into one file; reader NULL: without a row. */
static heng_rc put_tables(struct exporting *ex, int64_t place_id, const char *path, heng_sheet_format format,
                          heng_archive_table first, heng_archive_table last, struct heng_err *err)
{
    struct heng_err second;
    struct columns *columns = calloc(1, sizeof *columns);
    if (!columns) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a table");
    struct heng_sheet_layout layout = layout_of(first, ex->language, columns);
    heng_rc rc = heng_sheet_write_open(path, format, &layout, &ex->writer, err);
    if (rc == HENG_OK) {
        for (heng_archive_table table = first; rc == HENG_OK && table <= last; table++) {
            ex->table = table;
            ex->sheet = heng_archive_sheet_of(table);
            if (table != first) {
                layout = layout_of(table, ex->language, columns);
                heng_sheet_write_next(ex->writer, &layout);
            }
            if (ex->reader) rc = put_table(ex, place_id, err);
        }
        heng_rc closed = heng_sheet_write_close(ex->writer, rc == HENG_OK ? err : &second);
        if (rc == HENG_OK)
            rc = closed;
        else
            remove(path); /* half of an export is none */
    }
    free(columns);
    return rc;
}

heng_rc heng_archive_template(const char *path, heng_sheet_format format, heng_archive_table table,
                              heng_archive_language language, struct heng_err *err)
{
    struct exporting ex = {.language = language};
    return put_tables(&ex, 0, path, format, table, table, err);
}

heng_rc heng_archive_template_all(const char *path, heng_archive_language language, struct heng_err *err)
{
    struct exporting ex = {.language = language};
    return put_tables(&ex, 0, path, HENG_SHEET_XLSX, HENG_ARCHIVE_ORGS, HENG_ARCHIVE_TABLES - 1, err);
}

heng_rc heng_archive_export(struct heng_store_reader *reader, int64_t scope, int64_t place_id, const char *path,
                            heng_sheet_format format, heng_archive_table table, heng_archive_language language,
                            size_t *ret_rows, struct heng_err *err)
{
    struct exporting ex = {.reader = reader, .scope = scope, .language = language};
    heng_rc rc = open_zone(&ex, err);
    if (rc == HENG_OK) rc = put_tables(&ex, place_id, path, format, table, table, err);
    *ret_rows = ex.rows;
    heng_zone_free(ex.zone);
    return rc;
}

heng_rc heng_archive_export_all(struct heng_store_reader *reader, int64_t scope, int64_t place_id, const char *path,
                                heng_archive_language language, size_t *ret_rows, struct heng_err *err)
{
    struct exporting ex = {.reader = reader, .scope = scope, .language = language};
    heng_rc rc = open_zone(&ex, err);
    if (rc == HENG_OK)
        rc = put_tables(&ex, place_id, path, HENG_SHEET_XLSX, HENG_ARCHIVE_ORGS, HENG_ARCHIVE_TABLES - 1, err);
    *ret_rows = ex.rows;
    heng_zone_free(ex.zone);
    return rc;
}
