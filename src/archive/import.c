/* Files into rows: which sheets a file has, what each is about, and the end of it. */
#include "archive/archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/inside.h"
#include "store/gateways.h"
#include "store/read.h"
#include "store/write.h"
#include "uplink/uplink.h"

const char *heng_archive_policy_text(heng_archive_policy policy)
{
    static const char *const texts[] = {"refuse", "change", "skip"};
    return policy <= HENG_ARCHIVE_SKIP ? texts[policy] : "";
}

heng_archive_policy heng_archive_policy_of(const char *text)
{
    heng_archive_policy policy = HENG_ARCHIVE_REFUSE;
    while (policy <= HENG_ARCHIVE_SKIP && strcmp(heng_archive_policy_text(policy), text) != 0) policy++;
    return policy;
}

const char *heng_archive_fate_text(heng_archive_fate fate)
{
    static const char *const texts[HENG_ARCHIVE_FATES] = {"new", "changed", "same", "skipped"};
    return fate < HENG_ARCHIVE_FATES ? texts[fate] : "";
}

void heng_archive_report_fini(struct heng_archive_report *report)
{
    free(report->faults);
    free(report->effects);
    *report = (struct heng_archive_report){0};
}

/* --- headers ---------------------------------------------------------------------------------------------------------
 */

/* How many headers of the row a table knows. */
static size_t known_headers(const struct heng_archive_sheet *sheet, const struct heng_sheet_row *header)
{
    size_t known = 0;
    for (size_t i = 0; i < header->count; i++)
        known += heng_archive_find_column(sheet, header->cells[i].text) < sheet->column_count;
    return known;
}

static bool is_titled(const struct heng_archive_sheet *sheet, const char *name)
{
    for (size_t i = 0; i < HENG_ARCHIVE_LANGUAGES; i++)
        if (strncmp(name, sheet->title[i], strlen(sheet->title[i])) == 0) return true; /* "Meters (2)" goes on */
    return strcmp(name, sheet->key) == 0;
}

/* What a sheet is about: the table that knows most of its headers, and of those that know as many, the one whose name
 * it has. TABLES: none knows two, or all of them. */
static heng_archive_table table_of(const struct heng_sheet_row *header, const char *name)
{
    heng_archive_table best = HENG_ARCHIVE_TABLES;
    size_t most = header->count < 2 ? header->count : 2;
    for (heng_archive_table table = HENG_ARCHIVE_ORGS; table < HENG_ARCHIVE_TABLES; table++) {
        const struct heng_archive_sheet *sheet = heng_archive_sheet_of(table);
        size_t known = 2 * known_headers(sheet, header) + is_titled(sheet, name);
        if (known < 2 * most || known == 0) continue;
        if (best == HENG_ARCHIVE_TABLES || known > most * 2) best = table;
        if (known > most * 2) most = (known + 1) / 2;
    }
    return best;
}

static void take_header(struct importing *im, const struct heng_sheet_row *header)
{
    char letters[HENG_COLUMN_TEXT_MAX], value[64];
    memset(im->at, 0, sizeof im->at);
    im->row.number = 0;
    for (size_t i = 0; i < header->count; i++) {
        const struct heng_sheet_cell *cell = &header->cells[i];
        if (cell->kind == HENG_CELL_EMPTY || heng_clean_trim(cell->text).n == 0) continue;
        size_t column = heng_archive_find_column(im->sheet, cell->text);
        snprintf(value, sizeof value, "%.*s", (int)(cell->text.n < 60 ? cell->text.n : 60), (const char *)cell->text.p);
        heng_sheet_column_text(cell->column, letters);
        if (column == im->sheet->column_count)
            archive_fault(im, header->number, ARCHIVE_NO_COLUMN, value,
                          "column %s is not known in this sheet: remove it, or name it as in the template", letters);
        else if (im->at[column])
            archive_fault(im, header->number, (int)column, value, "column %s stands there a second time", letters);
        else
            im->at[column] = cell->column;
    }
    for (size_t i = 0; i < im->sheet->column_count; i++)
        if (im->sheet->columns[i].required && !im->at[i])
            archive_fault(im, header->number, (int)i, "", "this column is missing: add it");
}

/* --- rows
 * ------------------------------------------------------------------------------------------------------------- */

static heng_rc take_row(struct importing *im, struct heng_err *err)
{
    switch (im->table) {
    case HENG_ARCHIVE_ORGS: return archive_take_org(im, err);
    case HENG_ARCHIVE_GATEWAYS: return archive_take_gateway(im, err);
    case HENG_ARCHIVE_LINES: return archive_take_line(im, err);
    case HENG_ARCHIVE_SCHEDULES: return archive_take_schedule(im, err);
    case HENG_ARCHIVE_RELAYS: return archive_take_relay(im, err);
    case HENG_ARCHIVE_PLACES: return archive_take_place(im, err);
    case HENG_ARCHIVE_METERS: return archive_take_meter(im, err);
    case HENG_ARCHIVE_PAST: return archive_take_past(im, err);
    case HENG_ARCHIVE_VIRTUAL: return archive_take_virtual(im, err);
    case HENG_ARCHIVE_EVENTS: return archive_take_event(im, err);
    case HENG_ARCHIVE_TABLES: break;
    }
    return HENG_OK;
}

static heng_rc take_rows(struct importing *im, struct heng_sheet *file, struct heng_err *err)
{
    struct heng_sheet_row row;
    heng_rc rc;
    while ((rc = heng_sheet_next(file, &row, err)) == HENG_OK) {
        im->report->rows++;
        archive_row_read(im, &row);
        rc = take_row(im, err);
        if (rc != HENG_OK) return rc;
    }
    uint32_t merged_row;
    const char *merged = rc == HENG_ENOTFOUND ? heng_sheet_merged(file, &merged_row) : NULL;
    if (merged) /* all but the first of them look empty, which a row would take for something else */
        archive_fault(im, merged_row, ARCHIVE_NO_COLUMN, merged,
                      "these cells are merged: take that apart and fill each of them");
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_ENOMEM || rc == HENG_EIO) return rc;
    archive_fault(im, err->at, ARCHIVE_NO_COLUMN, NULL, "%s", err->text);
    return HENG_OK;
}

/* A sheet of a file, and what it is about. name: "" for a .csv, which is one sheet. */
struct found_sheet {
    const struct heng_archive_source *source;
    char name[128];
    heng_archive_table table;
};
enum { FILES_MAX = 64, SHEETS_MAX = 256 };

static bool is_notes(const char *name)
{
    for (heng_archive_language language = HENG_ARCHIVE_ZH; language < HENG_ARCHIVE_LANGUAGES; language++) {
        const char *title = heng_archive_notes_title(language);
        if (strncmp(name, title, strlen(title)) == 0) return true;
    }
    return false;
}

static heng_rc open_source(const struct importing *im, const struct heng_archive_source *source, const char *sheet,
                           struct heng_sheet **ret, struct heng_err *err)
{
    struct heng_sheet_options options = {.sheet = sheet, .limits = im->import->limits};
    if (im->import->language == HENG_ARCHIVE_DE) options.fallback = HENG_ENCODING_WINDOWS_1252;
    return source->path ? heng_sheet_open(source->path, &options, ret, err)
                        : heng_sheet_open_bytes(source->bytes, &options, ret, err);
}

/* What cannot be read is a fault like others: the sentence says what to do. */
static heng_rc not_read(struct importing *im, heng_rc rc, struct heng_err *err)
{
    if (rc == HENG_ENOMEM || rc == HENG_OK || rc == HENG_ENOTFOUND) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    im->sheet = NULL;
    archive_fault(im, err->at, ARCHIVE_NO_COLUMN, NULL, "%s", err->text);
    return HENG_OK;
}

/* Look at the header of one sheet. An empty one, as Excel likes to add, is about nothing. */
static heng_rc look_at_sheet(struct importing *im, struct heng_sheet *file, const char *name, heng_archive_table *ret,
                             struct heng_err *err)
{
    struct heng_sheet_row header;
    *ret = HENG_ARCHIVE_TABLES;
    heng_rc rc = heng_sheet_next(file, &header, err);
    if (rc != HENG_OK) return not_read(im, rc, err);
    *ret = table_of(&header, name);
    im->sheet = NULL;
    if (*ret == HENG_ARCHIVE_TABLES)
        archive_fault(im, header.number, ARCHIVE_NO_COLUMN, NULL,
                      "nothing is known of such columns: see 'heng archive template', or remove the sheet");
    return HENG_OK;
}

static heng_rc add_sheet(struct importing *im, const struct heng_archive_source *source, const char *name,
                         struct found_sheet *sheets, size_t *n, struct heng_err *err)
{
    struct heng_sheet *file = NULL;
    heng_archive_table table = HENG_ARCHIVE_TABLES;
    archive_keep_text(im->sheet_name, sizeof im->sheet_name, name ? name : source->name);
    heng_rc rc = open_source(im, source, name, &file, err);
    if (rc != HENG_OK) return not_read(im, rc == HENG_ENOTFOUND ? HENG_EIO : rc, err);
    rc = look_at_sheet(im, file, im->sheet_name, &table, err);
    heng_sheet_close(file);
    if (rc != HENG_OK || table == HENG_ARCHIVE_TABLES) return rc;
    if (*n == SHEETS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "at most %d sheets at once", SHEETS_MAX);
    struct found_sheet *sheet = &sheets[(*n)++];
    *sheet = (struct found_sheet){.source = source, .table = table};
    if (name) snprintf(sheet->name, sizeof sheet->name, "%.127s", name);
    return HENG_OK;
}

static heng_rc add_file(struct importing *im, const struct heng_archive_source *source, struct found_sheet *sheets,
                        size_t *n, struct heng_err *err)
{
    struct heng_sheet *file = NULL;
    archive_keep_text(im->sheet_name, sizeof im->sheet_name, source->name);
    heng_rc rc = open_source(im, source, NULL, &file, err);
    if (rc != HENG_OK) return not_read(im, rc == HENG_ENOTFOUND ? HENG_EIO : rc, err);
    if (!heng_sheet_name(file, 0)) rc = add_sheet(im, source, NULL, sheets, n, err);
    for (size_t i = 0; rc == HENG_OK && heng_sheet_name(file, i); i++)
        if (!is_notes(heng_sheet_name(file, i))) rc = add_sheet(im, source, heng_sheet_name(file, i), sheets, n, err);
    heng_sheet_close(file);
    return rc;
}

/* A .csv that is written with semicolons writes numbers with a comma. */
static struct heng_sheet_locale locale_of(const struct importing *im, const struct heng_sheet *file)
{
    const struct heng_sheet_csv *csv = heng_sheet_csv(file);
    if (csv && csv->separator == ';') return heng_sheet_locale_of("de");
    if (csv && csv->separator == ',') return heng_sheet_locale_of("en");
    return heng_sheet_locale_of(heng_archive_language_text(im->import->language));
}

static heng_rc take_sheet(struct importing *im, const struct found_sheet *from, struct heng_err *err)
{
    struct heng_sheet_row header;
    struct heng_sheet *file = NULL;
    archive_keep_text(im->sheet_name, sizeof im->sheet_name, from->name[0] ? from->name : from->source->name);
    heng_rc rc = open_source(im, from->source, from->name[0] ? from->name : NULL, &file, err);
    if (rc == HENG_OK) rc = heng_sheet_next(file, &header, err);
    if (rc == HENG_OK) {
        im->table = from->table;
        im->sheet = heng_archive_sheet_of(from->table);
        im->locale = locale_of(im, file);
        take_header(im, &header);
        rc = take_rows(im, file, err);
    }
    heng_sheet_close(file);
    return rc;
}

/* Addresses and main meters, when all rows of meters are there. */
static heng_rc end_meters(struct importing *im, struct heng_err *err)
{
    im->table = HENG_ARCHIVE_METERS;
    im->sheet = heng_archive_sheet_of(HENG_ARCHIVE_METERS);
    heng_rc rc = archive_take_members(im, err);
    return rc == HENG_OK ? archive_take_mains(im, err) : rc;
}

/* The points of all sums; its faults are told with the terms. */
static heng_rc take_sums(struct importing *im, const struct found_sheet *sheets, size_t n, struct heng_err *err)
{
    struct heng_archive_report before = *im->report;
    heng_rc rc = HENG_OK;
    im->points_only = true;
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (sheets[i].table == HENG_ARCHIVE_VIRTUAL) rc = take_sheet(im, &sheets[i], err);
    im->points_only = false;
    im->report->fault_count = before.fault_count;
    im->report->fault_total = before.fault_total;
    im->report->rows = before.rows;
    return rc;
}

/* The sheets in the order of their tables, whatever order they have in the files. */
static heng_rc take_all(struct importing *im, struct heng_err *err)
{
    struct found_sheet *sheets = calloc(SHEETS_MAX, sizeof *sheets);
    size_t n = 0;
    heng_rc rc = sheets ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for an import");
    if (rc == HENG_OK && im->import->source_count > FILES_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "at most %d files at once", FILES_MAX);
    for (size_t i = 0; rc == HENG_OK && i < im->import->source_count; i++)
        rc = add_file(im, &im->import->sources[i], sheets, &n, err);
    for (size_t i = 0; i < n; i++) im->has_events = im->has_events || sheets[i].table == HENG_ARCHIVE_EVENTS;
    for (heng_archive_table table = HENG_ARCHIVE_ORGS; rc == HENG_OK && table < HENG_ARCHIVE_TABLES; table++) {
        if (table == HENG_ARCHIVE_VIRTUAL) rc = take_sums(im, sheets, n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++)
            if (sheets[i].table == table) rc = take_sheet(im, &sheets[i], err);
        if (rc == HENG_OK && table == HENG_ARCHIVE_METERS) rc = end_meters(im, err);
        if (rc == HENG_OK && table == HENG_ARCHIVE_EVENTS) rc = archive_end_events(im, err);
    }
    free(sheets);
    return rc;
}

static heng_rc open_zone(struct importing *im, struct heng_err *err)
{
    char name[64] = "";
    heng_rc rc = heng_store_get_setting(im->reader, "time_zone", name, sizeof name, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !name[0])) return HENG_OK;
    return rc == HENG_OK ? heng_zone_open(name, &im->zone, err) : rc;
}

/* What all rows together come to may be wrong, too. */
static heng_rc as_fault(struct importing *im, heng_rc rc, const struct heng_err *err)
{
    if (rc != HENG_ECONFLICT && rc != HENG_ECONFIG) return rc;
    im->sheet = NULL;
    archive_fault(im, 0, ARCHIVE_NO_COLUMN, NULL, "%s", err->text);
    return HENG_OK;
}

heng_rc heng_archive_import(struct heng_store *store, int64_t scope, const struct heng_archive_import *import,
                            struct heng_archive_report *ret_report, struct heng_err *err)
{
    *ret_report = (struct heng_archive_report){0};
    struct importing *im = calloc(1, sizeof *im);
    if (!im) return heng_fail(err, HENG_ENOMEM, 0, "no memory for an import");
    im->store = store;
    im->reader = heng_store_as_reader(store);
    im->scope = scope;
    im->import = import;
    im->report = ret_report;
    heng_rc rc = open_zone(im, err);
    if (rc == HENG_OK) rc = take_all(im, err);
    if (rc == HENG_OK && im->gateways_changed)
        rc = as_fault(im, heng_store_check_gateways(store, HENG_UPLINK_PATH_MAX, HENG_UPLINK_CHILDREN_MAX, err), err);
    if (rc == HENG_OK && im->relays_changed) rc = as_fault(im, heng_store_check_relays(store, err), err);
    if (rc == HENG_OK && ret_report->fault_total)
        rc = heng_fail(err, HENG_ECONFIG, 0, "%zu cells or rows are wrong", ret_report->fault_total);
    heng_zone_free(im->zone);
    free(im->seen.entries);
    free(im->members);
    free(im->mains);
    free(im->told);
    free(im->claims);
    if (im->happened) free(im->happened->known);
    free(im->happened);
    free(im);
    return rc;
}
