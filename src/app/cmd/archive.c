/* heng archive: the words of a command line for archive/archive.h. */
#include "app/cmd/archive.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/archive_upload.h"
#include "app/options.h"
#include "app/site/profiles.h"
#include "archive/archive.h"
#include "base/time.h"
#include "base/zone.h"
#include "meter/profile.h"
#include "store/archive_search.h"
#include "store/read.h"

static const char command[] = "archive";

/* What the words of the line said; NULL and 0: nothing. */
struct words {
    const char *data, *org, *language, *existing, *profiles, *table, *format, *place, *below, *to, *name, *key, *kind,
        *floors, *areas, *at, *server;
    long per_floor, depth;
    bool with_points, all_tables;
    char **rest;
    int rest_n;
};

/* A database open for writing or reading, and who asks. */
struct house {
    struct heng_store *store;
    struct heng_store_reader *reader;
    int64_t scope;
};

static void print_help(void)
{
    puts("usage: heng archive WORD [OPTION...]\n\n"
         "  preview FILE...        what an import would do, and every cell that is wrong; nothing is changed\n"
         "  import FILE...         put sheets in (.xlsx or .csv): all of them, or nothing\n"
         "  export FOLDER          everything into sheets, which can be imported again; --all FILE.xlsx: one workbook\n"
         "  template FILE          an empty sheet with explanations; --all FILE.xlsx: all tables in one workbook\n"
         "  tree                   the places, [--place KEY] from there, [--depth N]\n"
         "  search WORDS           places whose name or address has all the words\n"
         "  bulk                   --below KEY --floors 1-12 --per-floor 4 [--areas 89.5,76] [--name '{floor}{nr:2}']\n"
         "                         [--key '{parent}-{floor}{nr:2}'] [--kind household]\n"
         "  move KEY --to KEY      with everything below it\n"
         "  copy KEY --to KEY      the structure with its points, without meters; [--name NAME] [--key KEY]\n"
         "  close KEY              [--at DAY] [--with-points]: points below are closed with it, their meters leave "
         "them\n"
         "  reopen KEY             what was closed with it too; meters do not come back by themselves\n\n"
         "  --data DIR             where the database is (data)\n"
         "  --server URL           import, preview: give the files to a server that runs, http://127.0.0.1:8080\n"
         "  --org KEY              in the name of this organisation: what it does not manage is not there\n"
         "  --language zh|en|de    of headers, choices and numbers in sheets (en)\n"
         "  --existing WORD        import: what is there and differs: refuse, change or skip (refuse)\n"
         "  --table WORD           organisations, gateways, lines, schedules, relays, places, meters, former-meters,\n"
         "                         virtual-points, events\n"
         "  --format xlsx|csv      of an export (xlsx)\n"
         "  --profiles DIR         meter models besides the built-in ones\n\n"
         "While 'heng serve' runs on the same folder, it takes sheets itself (--server), and makes other changes\n"
         "over its API; export, tree and search need no server and disturb none.");
}

/* --- the house ------------------------------------------------------------------------------------------------------
 */

static heng_rc find_scope(struct house *house, const char *org, struct heng_err *err)
{
    struct heng_org found;
    if (!org) return HENG_OK;
    heng_rc rc = heng_archive_find_org(house->reader, 0, org, &found, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no organisation '%.60s'", org);
    if (rc == HENG_OK) house->scope = found.id;
    return rc;
}

static heng_rc open_house(struct house *house, const struct words *w, bool writes, struct heng_err *err)
{
    char path[DATA_PATH_MAX];
    *house = (struct house){.store = NULL};
    heng_rc rc;
    if (writes) {
        rc = heng_data_open(w->data, path, &house->store, err);
        if (rc == HENG_OK) house->reader = heng_store_as_reader(house->store);
    } else {
        rc = heng_data_name(w->data, path, err);
        if (rc == HENG_OK) rc = heng_store_reader_open(path, &house->reader, err);
    }
    return rc == HENG_OK ? find_scope(house, w->org, err) : rc;
}

static void close_house(struct house *house)
{
    if (!house->store) heng_store_reader_close(house->reader);
    heng_store_close(house->store);
}

static heng_rc place_of(const struct house *house, const char *key, struct heng_archive_place *ret,
                        struct heng_err *err)
{
    heng_rc rc = heng_archive_find_place(house->reader, house->scope, key, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no place '%.60s'", key) : rc;
}

/* --- sheets ---------------------------------------------------------------------------------------------------------
 */

static void print_report(const struct heng_archive_report *report)
{
    enum { SHOWN = 40 };
    for (size_t i = 0; i < report->fault_count; i++) {
        const struct heng_archive_fault *f = &report->faults[i];
        char column[HENG_COLUMN_TEXT_MAX] = "";
        if (f->column) heng_sheet_column_text(f->column, column);
        printf("%s", f->sheet);
        if (f->row) printf(", row %" PRIu32, f->row);
        if (f->column) printf(", column %s (%s)", column, f->header);
        if (f->value[0]) printf(", '%s'", f->value);
        printf(": %s\n", f->why);
    }
    if (report->fault_total > report->fault_count)
        printf("... and %zu more\n", report->fault_total - report->fault_count);
    if (report->fault_total) { /* what the other rows would have done is of no use: nothing of it is done */
        puts("nothing is changed");
        return;
    }
    if (!report->rows) puts("there is no row in it: nothing to do");
    for (size_t i = 0; i < report->effect_count && i < SHOWN; i++) {
        const struct heng_archive_effect *e = &report->effects[i];
        if (e->fate == HENG_ARCHIVE_NEW) continue;
        printf("row %" PRIu32 ", %s: %s\n", e->row, heng_archive_fate_text(e->fate), e->what);
    }
    for (heng_archive_table table = HENG_ARCHIVE_ORGS; table < HENG_ARCHIVE_TABLES; table++) {
        const int64_t *n = report->counts[table];
        if (n[HENG_ARCHIVE_NEW] + n[HENG_ARCHIVE_CHANGED] + n[HENG_ARCHIVE_SAME] + n[HENG_ARCHIVE_SKIPPED] == 0)
            continue;
        printf("%s:", heng_archive_sheet_of(table)->key);
        for (heng_archive_fate fate = HENG_ARCHIVE_NEW; fate < HENG_ARCHIVE_FATES; fate++)
            if (n[fate]) printf(" %" PRId64 " %s", n[fate], heng_archive_fate_text(fate));
        putchar('\n');
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static heng_rc run_import(const struct house *house, const struct words *w, const struct heng_profiles *profiles,
                          bool commit, struct heng_err *err)
{
    enum { FILES_MAX = 64 };
    struct heng_archive_source sources[FILES_MAX];
    struct heng_archive_report report = {0};
    if (w->rest_n > FILES_MAX) return heng_fail(err, HENG_ELIMIT, 0, "at most %d files at once", FILES_MAX);
    for (int i = 0; i < w->rest_n; i++)
        sources[i] = (struct heng_archive_source){.path = w->rest[i], .name = base_name(w->rest[i])};
    struct heng_archive_import import = {.sources = sources,
                                         .source_count = (size_t)w->rest_n,
                                         .language = heng_archive_language_of(w->language),
                                         .policy = heng_archive_policy_of(w->existing),
                                         .profiles = profiles,
                                         .at_us = heng_clock_wall()};
    heng_rc rc = heng_store_begin(house->store, err);
    if (rc != HENG_OK) return rc;
    rc = heng_archive_import(house->store, house->scope, &import, &report, err);
    if (rc == HENG_OK || rc == HENG_ECONFIG) print_report(&report);
    heng_archive_report_fini(&report);
    if (rc == HENG_OK && commit) return heng_store_commit(house->store, err);
    heng_store_rollback(house->store);
    if (rc == HENG_OK) puts("nothing is changed yet: this was the preview");
    return rc;
}

/* One after the other, in their order; each as a whole, or nothing of it, and then none after it. */
static int import_at_server(const struct words *w, bool commit)
{
    const struct heng_archive_upload upload = {
        .server = w->server, .policy = w->existing, .language = w->language, .apply = commit};
    struct heng_err err = {.text = ""};
    heng_rc rc = HENG_OK;
    if (w->org) return heng_usage_error(command, "a server does not know --org yet: it works in the operator's name");
    for (int i = 0; i < w->rest_n && rc == HENG_OK; i++) rc = heng_archive_upload(&upload, w->rest[i], &err);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

static int cmd_import(const struct words *w, bool commit)
{
    struct heng_err err = {.text = ""};
    struct heng_profiles profiles = {0};
    struct house house;
    if (w->rest_n < 1) return heng_usage_error(command, "which file?");
    if (w->server) return import_at_server(w, commit);
    heng_rc rc = open_house(&house, w, true, &err);
    if (rc == HENG_EBUSY)
        rc = heng_fail(&err, rc, 0, "a server has '%.60s' open: give it the file with --server http://127.0.0.1:8080",
                       w->data);
    if (rc == HENG_OK) rc = heng_site_profiles_read(w->profiles, &profiles, &err);
    if (rc == HENG_OK) rc = run_import(&house, w, &profiles, commit, &err);
    heng_profiles_fini(&profiles);
    close_house(&house);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

static heng_sheet_format format_of(const char *format)
{
    return strcmp(format, "csv") == 0 ? HENG_SHEET_CSV : HENG_SHEET_XLSX;
}

static heng_rc export_book(const struct house *house, const struct words *w, int64_t place_id, struct heng_err *err)
{
    size_t rows = 0;
    heng_rc rc = heng_archive_export_all(house->reader, house->scope, place_id, w->rest[0],
                                         heng_archive_language_of(w->language), &rows, err);
    if (rc == HENG_OK) printf("%s: %zu rows\n", w->rest[0], rows);
    return rc;
}

static heng_rc run_export(const struct house *house, const struct words *w, struct heng_err *err)
{
    struct heng_archive_place place = {.place.id = 0};
    heng_rc rc = w->place ? place_of(house, w->place, &place, err) : HENG_OK;
    if (rc == HENG_OK && w->all_tables) return export_book(house, w, place.place.id, err);
    if (rc == HENG_OK && mkdir(w->rest[0], 0755) != 0 && errno != EEXIST)
        rc = heng_fail(err, HENG_EIO, 0, "%.80s: %s", w->rest[0], strerror(errno));
    for (heng_archive_table table = HENG_ARCHIVE_ORGS; rc == HENG_OK && table < HENG_ARCHIVE_TABLES; table++) {
        char path[DATA_PATH_MAX];
        size_t rows = 0;
        const char *key = heng_archive_sheet_of(table)->key;
        if (w->table && strcmp(w->table, key) != 0) continue;
        snprintf(path, sizeof path, "%.900s/%s.%s", w->rest[0], key, w->format);
        rc = heng_archive_export(house->reader, house->scope, place.place.id, path, format_of(w->format), table,
                                 heng_archive_language_of(w->language), &rows, err);
        if (rc == HENG_OK) printf("%s: %zu rows\n", path, rows);
    }
    return rc;
}

static int cmd_export(const struct words *w)
{
    struct heng_err err = {.text = ""};
    struct house house;
    if (w->rest_n != 1) return heng_usage_error(command, "into which folder, or with --all into which file?");
    heng_rc rc = open_house(&house, w, false, &err);
    if (rc == HENG_OK) rc = heng_store_reader_begin(house.reader, &err);
    if (rc == HENG_OK) {
        rc = run_export(&house, w, &err);
        heng_store_reader_end(house.reader);
    }
    close_house(&house);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

static int cmd_template(const struct words *w)
{
    struct heng_err err = {.text = ""};
    if (w->rest_n != 1) return heng_usage_error(command, "into which file?");
    const char *file = w->rest[0], *dot = strrchr(file, '.');
    bool csv = dot && strcmp(dot, ".csv") == 0;
    if (!dot || (!csv && strcmp(dot, ".xlsx") != 0) || (csv && w->all_tables))
        return heng_usage_error(command, w->all_tables ? "all tables together are a file that ends in .xlsx"
                                                       : "a template is a file that ends in .xlsx or .csv");
    heng_sheet_format format = format_of(dot + 1);
    heng_archive_table table = w->table ? heng_archive_table_of(w->table) : HENG_ARCHIVE_METERS;
    heng_archive_language language = heng_archive_language_of(w->language);
    heng_rc rc = w->all_tables ? heng_archive_template_all(file, language, &err)
                               : heng_archive_template(file, format, table, language, &err);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

/* --- places ---------------------------------------------------------------------------------------------------------
 */

static heng_rc print_below(const struct house *house, int64_t parent_id, long depth, int indent, struct heng_err *err)
{
    enum { PAGE = 64 };
    struct heng_archive_place *page = calloc(PAGE, sizeof *page), last, *after = NULL;
    size_t n = PAGE;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the tree");
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_archive_list_places(house->reader, house->scope, parent_id, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            const struct heng_archive_place *p = &page[i];
            printf("%*s%s  [%s] %s%s\n", indent, "", p->place.name, p->place.key, p->place.kind,
                   p->closed_us ? ", closed" : "");
            if (depth > 1) rc = print_below(house, p->place.id, depth - 1, indent + 2, err);
        }
        if (rc != HENG_OK || n == 0) break;
        last = page[n - 1];
        after = &last;
    }
    free(page);
    return rc;
}

static int cmd_tree(const struct words *w)
{
    enum { DEPTH_MAX = 64 };
    struct heng_err err = {.text = ""};
    struct heng_archive_place place = {.place.id = 0};
    struct house house;
    heng_rc rc = open_house(&house, w, false, &err);
    if (rc == HENG_OK && w->place) rc = place_of(&house, w->place, &place, &err);
    if (rc == HENG_OK)
        rc = print_below(&house, place.place.id, w->depth > 0 && w->depth < DEPTH_MAX ? w->depth : DEPTH_MAX, 0, &err);
    close_house(&house);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

static int cmd_search(const struct words *w)
{
    enum { SHOWN = 20 };
    struct heng_err err = {.text = ""};
    struct heng_archive_place found[SHOWN];
    struct house house;
    char typed[256] = "";
    size_t n = 0, used = 0;
    bool all = true;
    for (int i = 0; i < w->rest_n && used + 1 < sizeof typed; i++)
        used += (size_t)snprintf(typed + used, sizeof typed - used, "%s%s", i ? " " : "", w->rest[i]);
    if (!typed[0]) return heng_usage_error(command, "which words?");
    heng_rc rc = open_house(&house, w, false, &err);
    if (rc == HENG_OK) rc = heng_archive_search_places(house.reader, house.scope, typed, found, SHOWN, &n, &all, &err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  [%s] %s%s\n", found[i].place.path, found[i].place.key, found[i].place.kind,
               found[i].closed_us ? ", closed" : "");
    if (rc == HENG_OK && !all) puts("there may be more: one more word makes it sharper");
    close_house(&house);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

/* "89.5,76" in m2. */
static heng_rc parse_areas(const char *text, struct heng_archive_bulk *bulk, struct heng_err *err)
{
    enum { CM2_PLACES = 4 };
    char part[32];
    while (text && *text) {
        struct heng_dec area, cm2;
        size_t n = strcspn(text, ",");
        snprintf(part, sizeof part, "%.*s", (int)(n < 31 ? n : 31), text);
        if (bulk->area_count == HENG_BULK_PER_FLOOR_MAX || heng_dec_parse(part, &area, err) != HENG_OK ||
            area.mantissa < 0 || area.exp < -CM2_PLACES || heng_dec_shift(area, CM2_PLACES, &cm2) != HENG_OK ||
            cm2.exp > 12)
            return heng_fail(err, HENG_ECONFIG, 0, "'%s' is no area in m2", part);
        int64_t value = cm2.mantissa;
        for (int exp = cm2.exp; exp > 0; exp--) {
            if (value > INT64_MAX / 10) return heng_fail(err, HENG_ERANGE, 0, "'%s' m2 are too many", part);
            value *= 10;
        }
        bulk->areas_cm2[bulk->area_count++] = value;
        text += n + (text[n] == ',');
    }
    return HENG_OK;
}

static heng_rc parse_floors(const char *text, struct heng_archive_bulk *bulk, struct heng_err *err)
{
    char *end = NULL;
    bulk->first_floor = bulk->last_floor = strtol(text, &end, 10);
    if (end != text && *end == '-') {
        const char *second = end + 1;
        bulk->last_floor = strtol(second, &end, 10);
        if (end == second) end = NULL;
    } else if (end == text) {
        end = NULL;
    }
    return end && !*end ? HENG_OK : heng_fail(err, HENG_ECONFIG, 0, "floors are given as 1-12, not '%.20s'", text);
}

static heng_rc do_bulk(const struct house *house, const struct words *w, struct heng_err *err)
{
    struct heng_archive_bulk bulk = {.per_floor = w->per_floor, .skip_zero = true};
    struct heng_archive_place below;
    size_t made = 0;
    if (!w->below || !w->floors) return heng_fail(err, HENG_ECONFIG, 0, "--below and --floors are needed");
    if (w->name) snprintf(bulk.name, sizeof bulk.name, "%s", w->name);
    if (w->key) snprintf(bulk.key, sizeof bulk.key, "%s", w->key);
    if (w->kind) snprintf(bulk.kind, sizeof bulk.kind, "%s", w->kind);
    heng_rc rc = parse_floors(w->floors, &bulk, err);
    if (rc == HENG_OK) rc = parse_areas(w->areas, &bulk, err);
    if (rc == HENG_OK) rc = place_of(house, w->below, &below, err);
    bulk.parent_id = rc == HENG_OK ? below.place.id : 0;
    if (rc == HENG_OK) rc = heng_archive_bulk(house->store, house->scope, &bulk, &made, err);
    if (rc == HENG_OK) printf("made %zu places\n", made);
    return rc;
}

/* The place that the word is about, and where to. --to "": to the top. */
static heng_rc two_places(const struct house *house, const struct words *w, struct heng_archive_place *ret,
                          struct heng_archive_place *ret_to, struct heng_err *err)
{
    if (w->rest_n != 1 || !w->to) return heng_fail(err, HENG_ECONFIG, 0, "a place and --to are needed");
    *ret_to = (struct heng_archive_place){.place.id = 0};
    heng_rc rc = place_of(house, w->rest[0], ret, err);
    return rc == HENG_OK && w->to[0] ? place_of(house, w->to, ret_to, err) : rc;
}

static heng_rc do_move(const struct house *house, const struct words *w, struct heng_err *err)
{
    struct heng_archive_place place, to;
    heng_rc rc = two_places(house, w, &place, &to, err);
    return rc == HENG_OK ? heng_archive_move(house->store, house->scope, place.place.id, to.place.id, err) : rc;
}

static heng_rc do_copy(const struct house *house, const struct words *w, struct heng_err *err)
{
    struct heng_archive_place place, to;
    int64_t id = 0;
    size_t made = 0;
    heng_rc rc = two_places(house, w, &place, &to, err);
    if (rc == HENG_OK)
        rc = heng_archive_copy(house->store, house->scope, place.place.id, to.place.id, w->name ? w->name : "",
                               w->key ? w->key : "", &id, &made, err);
    if (rc == HENG_OK) printf("made %zu places\n", made);
    return rc;
}

/* A day of the site, as people write it. */
static heng_rc moment_of(const struct house *house, const char *text, heng_us *ret, struct heng_err *err)
{
    char name[64] = "";
    struct heng_zone *zone = NULL;
    struct heng_sheet_date date;
    *ret = heng_clock_wall();
    if (!text) return HENG_OK;
    heng_rc rc = heng_clean_date(heng_slice_str(text), &date, err);
    if (rc == HENG_OK) rc = heng_store_get_setting(house->reader, "time_zone", name, sizeof name, err);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    if (rc == HENG_OK && name[0]) rc = heng_zone_open(name, &zone, err);
    if (rc == HENG_OK) *ret = heng_zone_us(zone, &date.civil);
    heng_zone_free(zone);
    return rc;
}

static heng_rc do_close(const struct house *house, const struct words *w, struct heng_err *err)
{
    struct heng_archive_place place;
    heng_us at_us = 0;
    if (w->rest_n != 1) return heng_fail(err, HENG_ECONFIG, 0, "which place?");
    heng_rc rc = place_of(house, w->rest[0], &place, err);
    if (rc == HENG_OK) rc = moment_of(house, w->at, &at_us, err);
    return rc == HENG_OK ? heng_archive_close(house->store, house->scope, place.place.id, at_us, w->with_points, err)
                         : rc;
}

static heng_rc do_reopen(const struct house *house, const struct words *w, struct heng_err *err)
{
    struct heng_archive_place place;
    if (w->rest_n != 1) return heng_fail(err, HENG_ECONFIG, 0, "which place?");
    heng_rc rc = place_of(house, w->rest[0], &place, err);
    return rc == HENG_OK ? heng_archive_reopen(house->store, house->scope, place.place.id, err) : rc;
}

static int change(const struct words *w,
                  heng_rc (*what)(const struct house *house, const struct words *w, struct heng_err *err))
{
    struct heng_err err = {.text = ""};
    struct house house;
    heng_rc rc = open_house(&house, w, true, &err);
    if (rc == HENG_OK) rc = heng_store_begin(house.store, &err);
    if (rc == HENG_OK) {
        rc = what(&house, w, &err);
        if (rc == HENG_OK)
            rc = heng_store_commit(house.store, &err);
        else
            heng_store_rollback(house.store);
    }
    close_house(&house);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

/* --- the words -------------------------------------------------------------------------------------------------------
 */

static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                        {"org", required_argument, NULL, 'o'},
                                        {"server", required_argument, NULL, 's'},
                                        {"language", required_argument, NULL, 'l'},
                                        {"existing", required_argument, NULL, 'e'},
                                        {"profiles", required_argument, NULL, 'p'},
                                        {"table", required_argument, NULL, 't'},
                                        {"format", required_argument, NULL, 'f'},
                                        {"place", required_argument, NULL, 'P'},
                                        {"below", required_argument, NULL, 'b'},
                                        {"to", required_argument, NULL, 'T'},
                                        {"name", required_argument, NULL, 'n'},
                                        {"key", required_argument, NULL, 'k'},
                                        {"kind", required_argument, NULL, 'K'},
                                        {"floors", required_argument, NULL, 'F'},
                                        {"areas", required_argument, NULL, 'a'},
                                        {"at", required_argument, NULL, 'A'},
                                        {"per-floor", required_argument, NULL, 'N'},
                                        {"depth", required_argument, NULL, 'D'},
                                        {"with-points", no_argument, NULL, 'w'},
                                        {"all", no_argument, NULL, 'B'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

/* Where the text of an option goes; NULL for those that are no text. */
static const char **text_of(struct words *w, int option)
{
    switch (option) {
    case 'd': return &w->data;
    case 'o': return &w->org;
    case 'l': return &w->language;
    case 'e': return &w->existing;
    case 'p': return &w->profiles;
    case 't': return &w->table;
    case 'f': return &w->format;
    case 'P': return &w->place;
    case 'b': return &w->below;
    case 'T': return &w->to;
    case 'n': return &w->name;
    case 'k': return &w->key;
    case 'K': return &w->kind;
    case 'F': return &w->floors;
    case 'a': return &w->areas;
    case 'A': return &w->at;
    case 's': return &w->server;
    default: return NULL;
    }
}

static int check_words(const struct words *w)
{
    if (heng_archive_language_of(w->language) == HENG_ARCHIVE_LANGUAGES)
        return heng_usage_error(command, "the language is zh, en or de, not '%.20s'", w->language);
    if (heng_archive_policy_of(w->existing) > HENG_ARCHIVE_SKIP)
        return heng_usage_error(command, "--existing is refuse, change or skip, not '%.20s'", w->existing);
    if (w->table && heng_archive_table_of(w->table) == HENG_ARCHIVE_TABLES)
        return heng_usage_error(command, "there is no table '%.30s'", w->table);
    if (strcmp(w->format, "csv") != 0 && strcmp(w->format, "xlsx") != 0)
        return heng_usage_error(command, "the format is xlsx or csv, not '%.20s'", w->format);
    return EXIT_SUCCESS;
}

static int dispatch(const char *word, const struct words *w)
{
    if (strcmp(word, "import") == 0) return cmd_import(w, true);
    if (strcmp(word, "preview") == 0) return cmd_import(w, false);
    if (strcmp(word, "export") == 0) return cmd_export(w);
    if (strcmp(word, "template") == 0) return cmd_template(w);
    if (strcmp(word, "tree") == 0) return cmd_tree(w);
    if (strcmp(word, "search") == 0) return cmd_search(w);
    if (strcmp(word, "bulk") == 0) return change(w, do_bulk);
    if (strcmp(word, "move") == 0) return change(w, do_move);
    if (strcmp(word, "copy") == 0) return change(w, do_copy);
    if (strcmp(word, "close") == 0) return change(w, do_close);
    if (strcmp(word, "reopen") == 0) return change(w, do_reopen);
    return heng_usage_error(command, "what about the archive?");
}

int heng_cmd_archive(int argc, char **argv)
{
    struct words w = {.data = "data", .language = "en", .existing = "refuse", .format = "xlsx"};
    const char *word = argc > 1 ? argv[1] : "";
    int option;
    if (strcmp(word, "--help") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    opterr = 0;
    optind = argc > 1 ? 2 : 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        const char **text = text_of(&w, option);
        if (text) {
            *text = optarg;
        } else if (option == 'N') {
            w.per_floor = strtol(optarg, NULL, 10);
        } else if (option == 'D') {
            w.depth = strtol(optarg, NULL, 10);
        } else if (option == 'w') {
            w.with_points = true;
        } else if (option == 'B') {
            w.all_tables = true;
        } else if (option == 'h') {
            print_help();
            return EXIT_SUCCESS;
        } else {
            return heng_option_error(command, option, argv);
        }
    }
    w.rest = argv + optind;
    w.rest_n = argc - optind;
    int status = check_words(&w);
    return status == EXIT_SUCCESS ? dispatch(word, &w) : status;
}
