/* The operations with sheets: take one in or tell what that would do, the archive as a sheet, templates. */
#include <string.h>
#include <unistd.h>

#include "api/archive.h"
#include "api/upload.h"
#include "base/log.h"
#include "base/time.h"
#include "base/zone.h"
#include "store/read.h"

static const char xlsx_type[] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

static heng_archive_language language_of(bool said, heng_api_sheet_language language)
{
    return heng_archive_language_of(heng_api_sheet_language_text(said ? language : HENG_API_SHEET_LANGUAGE_EN));
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

struct sheet_change {
    int64_t scope;
    const struct heng_archive_import *import;
    struct heng_archive_report report;
    bool apply, previewed;
    heng_us took_us;
};

/* A preview is what an import does, taken back: nothing else can know all that is wrong. */
static heng_rc run_import(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct sheet_change *change = ctx;
    heng_us began_us = heng_clock_mono();
    heng_rc rc = heng_archive_import(store, change->scope, change->import, &change->report, err);
    change->took_us = heng_clock_mono() - began_us;
    if (rc != HENG_OK || change->apply) return rc;
    change->previewed = true;
    return heng_fail(err, HENG_ECLOSED, 0, "this was the preview"); /* so that it is rolled back */
}

/* A sheet of this size keeps the writer for less than a second, however large the site is; the sketch of a large site
 * takes longer than that to draw. */
enum { SMALL_BYTES = 128 << 10 };

/* What is larger is tried on a sketch of the database, which nobody waits for; where there is a folder for one. */
static heng_rc preview(struct heng_api_call *call, struct sheet_change *change, uint64_t bytes, struct heng_err *err)
{
    struct heng_api_sketch sketch;
    if (!call->api->options.spool || bytes <= SMALL_BYTES) return heng_api_change(call, run_import, change, err);
    heng_rc rc = heng_api_sketch_open(call->api, call->reader, &sketch, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_begin(sketch.store, err);
    if (rc == HENG_OK) rc = run_import(change, sketch.store, err);
    heng_api_sketch_close(&sketch);
    return rc;
}

static struct heng_api_sheet_fault fault_from(struct heng_api_call *call, const struct heng_archive_fault *f)
{
    char column[HENG_COLUMN_TEXT_MAX] = "";
    if (f->column) heng_sheet_column_text(f->column, column);
    return (struct heng_api_sheet_fault){
        .sheet = heng_arena_text(call->arena, f->sheet),
        .has_row = f->row != 0,
        .row = f->row,
        .has_column = f->column != 0,
        .column = heng_arena_text(call->arena, column),
        .has_header = f->header[0] != '\0',
        .header = heng_api_opt_text(call, f->header),
        .has_value = f->value[0] != '\0',
        .value = heng_api_opt_text(call, f->value),
        .why = heng_arena_text(call->arena, f->why),
    };
}

static heng_rc report_from(struct heng_api_call *call, const struct heng_archive_report *report,
                           struct heng_api_sheet_report *ret, struct heng_err *err)
{
    struct heng_api_sheet_fault *faults = heng_arena_take(call->arena, report->fault_count + 1, sizeof *faults);
    struct heng_api_sheet_effect *effects = heng_arena_take(call->arena, report->effect_count + 1, sizeof *effects);
    struct heng_api_sheet_count *counts = heng_arena_take(call->arena, HENG_ARCHIVE_TABLES, sizeof *counts);
    size_t count_n = 0;
    if (!faults || !effects || !counts) return heng_api_no_memory(err);
    for (size_t i = 0; i < report->fault_count; i++) faults[i] = fault_from(call, &report->faults[i]);
    for (size_t i = 0; i < report->effect_count; i++) {
        const struct heng_archive_effect *e = &report->effects[i];
        effects[i] =
            (struct heng_api_sheet_effect){.table = heng_api_sheet_table_of(heng_archive_sheet_of(e->table)->key),
                                           .row = e->row,
                                           .fate = heng_api_sheet_effect_fate_of(heng_archive_fate_text(e->fate)),
                                           .what = heng_arena_text(call->arena, e->what)};
    }
    for (heng_archive_table table = HENG_ARCHIVE_ORGS; table < HENG_ARCHIVE_TABLES; table++) {
        const int64_t *n = report->counts[table];
        if (n[HENG_ARCHIVE_NEW] + n[HENG_ARCHIVE_CHANGED] + n[HENG_ARCHIVE_SAME] + n[HENG_ARCHIVE_SKIPPED] == 0)
            continue;
        counts[count_n++] =
            (struct heng_api_sheet_count){.table = heng_api_sheet_table_of(heng_archive_sheet_of(table)->key),
                                          .new = n[HENG_ARCHIVE_NEW],
                                          .changed = n[HENG_ARCHIVE_CHANGED],
                                          .same = n[HENG_ARCHIVE_SAME],
                                          .skipped = n[HENG_ARCHIVE_SKIPPED]};
    }
    *ret = (struct heng_api_sheet_report){.rows = report->rows,
                                          .counts = counts,
                                          .counts_n = count_n,
                                          .effects = effects,
                                          .effects_n = report->effect_count,
                                          .faults = faults,
                                          .faults_n = report->fault_count,
                                          .fault_total = (int64_t)report->fault_total};
    return HENG_OK;
}

/* What people call it; of a .csv also which table it is, where its headers fit several. */
static const char *name_of(struct heng_api_call *call, const struct heng_api_import_sheet_params *params)
{
    if (params->has_table) return heng_api_sheet_table_text(params->table);
    return params->has_name && params->name[0] ? heng_arena_text(call->arena, params->name) : "file";
}

heng_rc heng_api_import_sheet(struct heng_api_call *call, const struct heng_api_import_sheet_params *params,
                              const struct heng_api_upload *upload, struct heng_api_sheet_report *ret,
                              struct heng_err *err)
{
    char path[HENG_API_FD_PATH_MAX];
    call->is_wish = true;
    if (!upload->n) return heng_fail(err, HENG_ERANGE, 0, "the body is empty: it must be the file");
    heng_api_fd_path(upload->fd, path);
    struct heng_archive_source source = {.path = path, .name = name_of(call, params)};
    heng_api_sheet_policy policy = params->has_policy ? params->policy : HENG_API_SHEET_POLICY_REFUSE;
    struct heng_archive_import import = {.sources = &source,
                                         .source_count = 1,
                                         .language = language_of(params->has_language, params->language),
                                         .policy = heng_archive_policy_of(heng_api_sheet_policy_text(policy)),
                                         .profiles = call->api->options.profiles,
                                         .at_us = heng_clock_wall()};
    struct sheet_change change = {.scope = heng_api_scope(call), .import = &import};
    if (!source.name) return heng_api_no_memory(err);
    change.apply = params->has_apply && params->apply == HENG_API_IMPORT_SHEET_APPLY_TRUE;
    heng_rc rc =
        change.apply ? heng_api_change(call, run_import, &change, err) : preview(call, &change, upload->n, err);
    bool told = rc == HENG_OK || change.previewed || (rc == HENG_ECONFIG && change.report.fault_total);
    if (told) {
        bool applied = rc == HENG_OK;
        heng_log(HENG_LOG_INFO, "api", "event=sheet applied=%s rows=%lld faults=%zu ms=%lld", applied ? "yes" : "no",
                 (long long)change.report.rows, change.report.fault_total, (long long)(change.took_us / 1000));
        rc = report_from(call, &change.report, ret, err);
        ret->applied = applied;
    }
    heng_archive_report_fini(&change.report);
    return rc;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* Which table, in which form; table NULL: all in one. */
struct wanted {
    const char *table;
    heng_sheet_format format;
    heng_archive_language language;
};

static heng_rc wanted_of(bool has_table, heng_api_sheet_table table, bool has_format, heng_api_sheet_format format,
                         struct wanted *ret, struct heng_err *err)
{
    ret->table = has_table ? heng_api_sheet_table_text(table) : NULL;
    ret->format = has_format && format == HENG_API_SHEET_FORMAT_CSV ? HENG_SHEET_CSV : HENG_SHEET_XLSX;
    if (ret->table && heng_archive_table_of(ret->table) == HENG_ARCHIVE_TABLES)
        return heng_fail(err, HENG_ERANGE, 0, "there is no table '%s'", ret->table);
    if (!ret->table && ret->format == HENG_SHEET_CSV)
        return heng_fail(err, HENG_ERANGE, 0, "parameter 'table' is missing: a .csv holds one");
    return HENG_OK;
}

/* A file to write into, by a path. */
static heng_rc open_file(struct heng_api_call *call, const struct wanted *wanted, const char *what,
                         char ret_path[static HENG_API_FD_PATH_MAX], struct heng_api_file *ret, struct heng_err *err)
{
    bool csv = wanted->format == HENG_SHEET_CSV;
    ret->fd = heng_api_spool(call->api);
    if (ret->fd < 0) return heng_fail(err, HENG_EIO, 0, "no file can be made for the answer");
    heng_api_fd_path(ret->fd, ret_path);
    ret->type = csv ? "text/csv" : xlsx_type;
    snprintf(ret->name, sizeof ret->name, "heng-%s%s.%s", what, wanted->table ? wanted->table : "archive",
             csv ? "csv" : "xlsx");
    return HENG_OK;
}

static heng_rc close_failed(heng_rc rc, struct heng_api_file *file)
{
    if (rc != HENG_OK && file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
    return rc;
}

static heng_rc export_to(struct heng_api_call *call, int64_t place_id, const char *path, const struct wanted *wanted,
                         struct heng_err *err)
{
    size_t rows = 0;
    int64_t scope = heng_api_scope(call);
    if (!wanted->table)
        return heng_archive_export_all(call->reader, scope, place_id, path, wanted->language, &rows, err);
    return heng_archive_export(call->reader, scope, place_id, path, wanted->format,
                               heng_archive_table_of(wanted->table), wanted->language, &rows, err);
}

heng_rc heng_api_export_sheet(struct heng_api_call *call, const struct heng_api_export_sheet_params *params,
                              struct heng_api_file *ret, struct heng_err *err)
{
    char path[HENG_API_FD_PATH_MAX];
    struct wanted wanted = {.language = language_of(params->has_language, params->language)};
    struct heng_archive_place place;
    int64_t place_id = params->has_place ? params->place : 0;
    heng_rc rc = wanted_of(params->has_table, params->table, params->has_format, params->format, &wanted, err);
    if (rc == HENG_OK && place_id)
        rc = heng_archive_get_place(call->reader, heng_api_scope(call), place_id, &place, err);
    if (rc == HENG_OK) rc = open_file(call, &wanted, "", path, ret, err);
    if (rc == HENG_OK) rc = heng_store_reader_begin(call->reader, err);
    if (rc != HENG_OK) return close_failed(rc, ret);
    rc = export_to(call, place_id, path, &wanted, err);
    heng_store_reader_end(call->reader);
    return close_failed(rc, ret);
}

heng_rc heng_api_get_sheet_template(struct heng_api_call *call, const struct heng_api_get_sheet_template_params *params,
                                    struct heng_api_file *ret, struct heng_err *err)
{
    char path[HENG_API_FD_PATH_MAX];
    struct wanted wanted = {.language = language_of(params->has_language, params->language)};
    heng_rc rc = wanted_of(params->has_table, params->table, params->has_format, params->format, &wanted, err);
    if (rc == HENG_OK) rc = open_file(call, &wanted, "template-", path, ret, err);
    if (rc != HENG_OK) return rc;
    if (wanted.table)
        rc = heng_archive_template(path, wanted.format, heng_archive_table_of(wanted.table), wanted.language, err);
    else
        rc = heng_archive_template_all(path, wanted.language, err);
    return close_failed(rc, ret);
}
