/* The archive into sheets, one table each, in the columns in which they are read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/inside.h"
#include "store/read.h"

struct exporting {
    struct heng_store_reader *reader;
    int64_t scope;
    heng_archive_table table;
    heng_archive_language language;
    const struct heng_archive_sheet *sheet;
    struct heng_sheet_writer *writer;
    struct heng_zone *zone;
    size_t column, rows; /* the next cell */
    unsigned depth;
};

/* --- cells -----------------------------------------------------------------------------------------------------------
 */

static void put_text(struct exporting *ex, const char *text)
{
    const struct heng_archive_column *column = &ex->sheet->columns[ex->column++];
    if (column->kind == HENG_ARCHIVE_CHOICE && text[0]) text = heng_archive_choice_title(column, text, ex->language);
    if (text[0])
        heng_sheet_write_text(ex->writer, heng_slice_str(text));
    else
        heng_sheet_write_empty(ex->writer);
}

static void put_empty(struct exporting *ex) { put_text(ex, ""); }

static void put_dec(struct exporting *ex, struct heng_dec value)
{
    ex->column++;
    heng_sheet_write_number(ex->writer, value);
}

static void put_int(struct exporting *ex, int64_t value) { put_dec(ex, (struct heng_dec){value, 0}); }

static void put_yes(struct exporting *ex, bool yes) { put_text(ex, yes ? "yes" : "no"); }

/* 0: empty. A time of day stands behind the day where it is not midnight. */
static void put_moment(struct exporting *ex, heng_us at_us)
{
    enum { US_PER_MS = 1000 };
    if (!at_us) {
        put_empty(ex);
        return;
    }
    struct heng_sheet_date date = {.civil = heng_zone_civil(ex->zone, at_us),
                                   .millisecond = (uint16_t)(at_us % HENG_US_PER_S / US_PER_MS)};
    date.has_time = date.civil.hour || date.civil.minute || date.civil.second || date.millisecond;
    ex->column++;
    heng_sheet_write_date(ex->writer, &date);
}

/* cm2 as m2, without zeros at the end. */
static void put_area(struct exporting *ex, int64_t area_cm2)
{
    enum { PLACES = 4 };
    struct heng_dec area = {area_cm2, -PLACES};
    if (!area_cm2) {
        put_empty(ex);
        return;
    }
    for (; area.exp < 0 && area.mantissa % 10 == 0; area.exp++) area.mantissa /= 10;
    put_dec(ex, area);
}

/* A fraction whose denominator is made of 2 and 5, which is all that a sheet brings in. */
static void put_factor(struct exporting *ex, int64_t num, int64_t den)
{
    struct heng_dec value = {num, 0};
    for (; den > 1 && value.mantissa % den && value.exp > -12 && value.mantissa < INT64_MAX / 10; value.exp--)
        value.mantissa *= 10;
    value.mantissa /= den ? den : 1;
    put_dec(ex, value);
}

static void end_row(struct exporting *ex)
{
    heng_sheet_write_row_end(ex->writer);
    ex->column = 0;
    ex->rows++;
}

/* --- lists -----------------------------------------------------------------------------------------------------------
 */

enum { PAGE = 64, DEPTH_MAX = 64 };

static heng_rc put_orgs(struct exporting *ex, struct heng_err *err)
{
    struct heng_org page[PAGE];
    size_t n = PAGE;
    int64_t after = 0;
    while (n == PAGE) {
        heng_rc rc = heng_archive_list_orgs(ex->reader, ex->scope, after, page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            put_text(ex, page[i].key);
            put_text(ex, page[i].name);
            end_row(ex);
            after = page[i].id;
        }
    }
    return HENG_OK;
}

/* A gateway behind the one it hangs on, so that an import knows that: level by level. */
static heng_rc put_gateways(struct exporting *ex, struct heng_err *err)
{
    struct heng_archive_gateway gateway, above;
    for (size_t level = 0; level <= 8; level++) {
        size_t n = 1;
        for (int64_t after = 0; n == 1; after = gateway.id) {
            heng_rc rc = heng_archive_list_gateways(ex->reader, ex->scope, after, "", &gateway, 1, &n, err);
            if (rc != HENG_OK) return rc;
            if (n == 0) break;
            size_t depth = 0, found = 1;
            for (above = gateway; found && above.parent[0] && depth <= 8; depth++) {
                char key[HENG_KEY_MAX];
                snprintf(key, sizeof key, "%s", above.parent);
                rc = heng_archive_list_gateways(ex->reader, 0, 0, key, &above, 1, &found, err);
                if (rc != HENG_OK) return rc;
            }
            if (depth != level) continue;
            put_text(ex, gateway.key);
            put_text(ex, gateway.name);
            put_text(ex, gateway.parent);
            put_text(ex, gateway.org);
            put_int(ex, gateway.journal_bytes >> 20);
            put_int(ex, gateway.journal_days);
            end_row(ex);
        }
    }
    return HENG_OK;
}

static void put_line(struct exporting *ex, const struct heng_archive_line *line)
{
    const struct heng_line_config *c = &line->config;
    const char parity[2] = {c->parity, '\0'};
    put_text(ex, line->key);
    put_text(ex, c->name);
    put_text(ex, line->gateway);
    put_text(ex, line->org);
    put_text(ex, heng_transport_text(c->transport));
    put_text(ex, c->endpoint);
    put_int(ex, c->baud);
    put_text(ex, parity);
    put_int(ex, c->latency_ms);
    put_int(ex, c->period_s);
    put_text(ex, c->heartbeat);
    put_int(ex, c->heartbeat_s);
    put_text(ex, heng_rts_text(c->rts));
    put_text(ex, heng_signal_text(c->overload));
    put_yes(ex, c->infrared);
    put_int(ex, c->wake_byte);
    put_int(ex, c->wake_ms);
    put_int(ex, c->wake_rest_ms);
    put_int(ex, c->wake_after_s);
    put_int(ex, c->quarantine_after);
    put_yes(ex, c->single_reads);
    end_row(ex);
}

static heng_rc put_lines(struct exporting *ex, struct heng_err *err)
{
    struct heng_archive_line page[PAGE];
    size_t n = PAGE;
    int64_t after = 0;
    while (n == PAGE) {
        heng_rc rc = heng_archive_list_lines(ex->reader, ex->scope, after, "", page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            put_line(ex, &page[i]);
            after = page[i].id;
        }
    }
    return HENG_OK;
}

/* --- places and what is there
 * ------------------------------------------------------------------------------------------ */

/* The key of an organisation by its id. */
static heng_rc org_key(struct exporting *ex, int64_t id, char ret[static HENG_KEY_MAX], struct heng_err *err)
{
    struct heng_org org;
    size_t n = 0;
    ret[0] = '\0';
    if (!id) return HENG_OK;
    heng_rc rc = heng_archive_list_orgs(ex->reader, 0, id - 1, &org, 1, &n, err);
    if (rc == HENG_OK && n) snprintf(ret, HENG_KEY_MAX, "%s", org.key);
    return rc;
}

static heng_rc put_place(struct exporting *ex, const struct heng_archive_place *place, struct heng_err *err)
{
    struct heng_archive_place parent = {.place.id = 0};
    char org[HENG_KEY_MAX];
    heng_rc rc = org_key(ex, place->org_id, org, err);
    if (rc == HENG_OK && place->place.parent_id)
        rc = heng_archive_get_place(ex->reader, ex->scope, place->place.parent_id, &parent, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc; /* what is above may be another's */
    put_text(ex, place->place.key);
    put_text(ex, parent.place.key);
    put_text(ex, place->place.kind);
    put_text(ex, place->place.name);
    put_text(ex, org);
    put_area(ex, place->place.area_cm2);
    if (place->has_floor)
        put_int(ex, place->floor);
    else
        put_empty(ex);
    put_text(ex, place->position);
    put_text(ex, place->orientation);
    put_int(ex, place->rank);
    put_text(ex, place->note);
    put_moment(ex, place->closed_us);
    end_row(ex);
    return HENG_OK;
}

/* How a main meter is named: by the key of its point, or the number of its meter where it has none. */
static heng_rc point_name(struct exporting *ex, int64_t point_id, char ret[static HENG_KEY_MAX], struct heng_err *err)
{
    struct heng_point point;
    struct heng_archive_device device;
    ret[0] = '\0';
    if (!point_id) return HENG_OK;
    heng_rc rc = heng_archive_get_point(ex->reader, ex->scope, point_id, &point, err);
    if (rc == HENG_OK && point.key[0]) snprintf(ret, HENG_KEY_MAX, "%s", point.key);
    if (rc == HENG_OK && !point.key[0]) {
        rc = heng_archive_device_at(ex->reader, ex->scope, point_id, &device, err);
        if (rc == HENG_OK) snprintf(ret, HENG_KEY_MAX, "%s", device.device.number);
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void put_how_asked(struct exporting *ex, const struct heng_archive_device *device)
{
    put_text(ex, device->line);
    put_text(ex, device->address);
    put_text(ex, device->device.profile);
    put_text(ex, device->schedule);
    put_text(ex, device->relay);
    if (device->line_id)
        put_int(ex, device->position);
    else
        put_empty(ex);
}

static heng_rc put_meter(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                         struct heng_err *err)
{
    struct heng_archive_device device = {.factor_num = 1, .factor_den = 1};
    char main[HENG_KEY_MAX];
    heng_rc rc = heng_archive_device_at(ex->reader, ex->scope, point->id, &device, err);
    bool has_device = rc == HENG_OK;
    if (rc == HENG_OK || rc == HENG_ENOTFOUND) rc = point_name(ex, point->main_id, main, err);
    if (rc != HENG_OK) return rc;
    while (ex->column < HENG_METER_PLACE) put_empty(ex);
    put_text(ex, place->place.key);
    put_text(ex, device.device.number);
    put_text(ex, device.device.manufacturer);
    put_text(ex, heng_medium_text(has_device ? device.device.medium : point->medium));
    put_text(ex, has_device ? heng_protocol_text(device.device.protocol) : "");
    put_how_asked(ex, &device);
    if (has_device) {
        put_factor(ex, device.factor_num, device.factor_den);
        put_int(ex, device.digits);
        put_empty(ex); /* the start index is an event */
        put_moment(ex, device.from_us);
    } else {
        while (ex->column < HENG_METER_NOMINAL) put_empty(ex);
    }
    put_text(ex, point->nominal);
    put_text(ex, main);
    put_text(ex, point->serves);
    put_text(ex, point->group);
    put_text(ex, point->key);
    put_text(ex, point->name);
    put_moment(ex, point->closed_us);
    put_text(ex, place->place.path);
    end_row(ex);
    return HENG_OK;
}

static heng_rc put_past(struct exporting *ex, const struct heng_point *point, struct heng_err *err)
{
    enum { MAX = 256 };
    struct heng_past_installation *list = calloc(MAX, sizeof *list);
    size_t n = 0;
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the history of a point");
    heng_rc rc =
        point->key[0] ? heng_archive_past_installations(ex->reader, ex->scope, point->id, list, MAX, &n, err) : HENG_OK;
    for (size_t i = 0; i < n; i++) {
        put_text(ex, point->key);
        put_text(ex, list[i].number);
        put_text(ex, list[i].manufacturer);
        put_moment(ex, list[i].from_us);
        put_moment(ex, list[i].until_us);
        put_factor(ex, list[i].factor_num, list[i].factor_den);
        put_int(ex, list[i].digits);
        end_row(ex);
    }
    free(list);
    return rc;
}

static heng_rc put_virtual(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                           struct heng_err *err)
{
    struct heng_point_term *terms = calloc(HENG_TERMS_MAX, sizeof *terms);
    size_t n = 0;
    if (!terms) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the terms of a sum");
    heng_rc rc = heng_archive_list_terms(ex->reader, point->id, terms, HENG_TERMS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char of[HENG_KEY_MAX];
        rc = point_name(ex, terms[i].of_id, of, err);
        if (rc != HENG_OK || !of[0]) continue; /* it is somebody else's */
        put_text(ex, point->key);
        put_text(ex, point->name);
        put_text(ex, place->place.key);
        put_text(ex, heng_medium_text(point->medium));
        put_text(ex, point->serves);
        put_text(ex, of);
        put_int(ex, terms[i].factor_num);
        put_int(ex, terms[i].factor_den);
        end_row(ex);
    }
    free(terms);
    return rc;
}

static heng_rc put_points(struct exporting *ex, const struct heng_archive_place *place, struct heng_err *err)
{
    enum { POINTS = 16 };
    struct heng_point page[POINTS];
    size_t n = POINTS;
    int64_t after = 0;
    while (n == POINTS) {
        heng_rc rc = heng_archive_list_points(ex->reader, ex->scope, place->place.id, after, page, POINTS, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = page[i].id;
            if (ex->table == HENG_ARCHIVE_METERS && !page[i].is_virtual) rc = put_meter(ex, place, &page[i], err);
            if (ex->table == HENG_ARCHIVE_PAST) rc = put_past(ex, &page[i], err);
            if (ex->table == HENG_ARCHIVE_VIRTUAL && page[i].is_virtual) rc = put_virtual(ex, place, &page[i], err);
        }
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static heng_rc put_tree(struct exporting *ex, int64_t parent_id, struct heng_err *err);

static heng_rc put_branch(struct exporting *ex, const struct heng_archive_place *place, struct heng_err *err)
{
    heng_rc rc = ex->table == HENG_ARCHIVE_PLACES ? put_place(ex, place, err) : put_points(ex, place, err);
    return rc == HENG_OK ? put_tree(ex, place->place.id, err) : rc;
}

static heng_rc put_tree(struct exporting *ex, int64_t parent_id, struct heng_err *err)
{
    enum { PLACES = 32 };
    struct heng_archive_place *page = calloc(PLACES, sizeof *page), last, *after = NULL;
    size_t n = PLACES;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the places of an export");
    if (++ex->depth > DEPTH_MAX && rc == HENG_OK)
        rc = heng_fail(err, HENG_ELIMIT, 0, "more than %d places one below the other", DEPTH_MAX);
    while (rc == HENG_OK && n == PLACES) {
        rc = heng_archive_list_places(ex->reader, ex->scope, parent_id, after, page, PLACES, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = put_branch(ex, &page[i], err);
        if (rc != HENG_OK || n == 0) break;
        last = page[n - 1];
        after = &last;
    }
    ex->depth--;
    free(page);
    return rc;
}

static heng_rc put_places(struct exporting *ex, int64_t place_id, struct heng_err *err)
{
    struct heng_archive_place place;
    if (!place_id) return put_tree(ex, 0, err);
    heng_rc rc = heng_archive_get_place(ex->reader, ex->scope, place_id, &place, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such place here");
    return rc == HENG_OK ? put_branch(ex, &place, err) : rc;
}

/* --- files
 * ------------------------------------------------------------------------------------------------------------- */

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

static heng_rc open_writer(const char *path, heng_sheet_format format, heng_archive_table table,
                           heng_archive_language language, struct columns *columns, struct heng_sheet_writer **ret,
                           struct heng_err *err)
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
    struct heng_sheet_layout layout = {.title = sheet->title[language],
                                       .notes_title = heng_archive_notes_title(language),
                                       .columns = columns->columns,
                                       .column_count = sheet->column_count,
                                       .locale = heng_sheet_locale_of(heng_archive_language_text(language))};
    return heng_sheet_write_open(path, format, &layout, ret, err);
}

heng_rc heng_archive_template(const char *path, heng_sheet_format format, heng_archive_table table,
                              heng_archive_language language, struct heng_err *err)
{
    struct heng_sheet_writer *writer = NULL;
    struct columns *columns = calloc(1, sizeof *columns);
    if (!columns) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a template");
    heng_rc rc = open_writer(path, format, table, language, columns, &writer, err);
    if (rc == HENG_OK) rc = heng_sheet_write_close(writer, err);
    free(columns);
    return rc;
}

static heng_rc put_table(struct exporting *ex, int64_t place_id, struct heng_err *err)
{
    switch (ex->table) {
    case HENG_ARCHIVE_ORGS: return put_orgs(ex, err);
    case HENG_ARCHIVE_GATEWAYS: return put_gateways(ex, err);
    case HENG_ARCHIVE_LINES: return put_lines(ex, err);
    case HENG_ARCHIVE_PLACES:
    case HENG_ARCHIVE_METERS:
    case HENG_ARCHIVE_PAST:
    case HENG_ARCHIVE_VIRTUAL: return put_places(ex, place_id, err);
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

heng_rc heng_archive_export(struct heng_store_reader *reader, int64_t scope, int64_t place_id, const char *path,
                            heng_sheet_format format, heng_archive_table table, heng_archive_language language,
                            size_t *ret_rows, struct heng_err *err)
{
    struct exporting ex = {
        .reader = reader, .scope = scope, .table = table, .language = language, .sheet = heng_archive_sheet_of(table)};
    struct columns *columns = calloc(1, sizeof *columns);
    struct heng_err second;
    if (!columns) return heng_fail(err, HENG_ENOMEM, 0, "no memory for an export");
    heng_rc rc = open_zone(&ex, err);
    if (rc == HENG_OK) rc = open_writer(path, format, table, language, columns, &ex.writer, err);
    if (rc == HENG_OK) {
        rc = put_table(&ex, place_id, err);
        heng_rc closed = heng_sheet_write_close(ex.writer, rc == HENG_OK ? err : &second);
        if (rc == HENG_OK)
            rc = closed;
        else
            remove(path); /* half of an export is none */
    }
    *ret_rows = ex.rows;
    heng_zone_free(ex.zone);
    free(columns);
    return rc;
}
