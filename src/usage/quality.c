#include "usage/quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/gateways.h"
#include "store/read.h"

enum { PAGE = 256, ROWS_MAX = 200000, DAY_MINUTES = 1440 };

const struct heng_lost_limits heng_lost_limits_default = {.meter_us = HENG_US_PER_DAY,
                                                          .gateway_us = 30 * 60 * HENG_US_PER_S};

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

static const char *const by_texts[] = {
#define X(symbol, text) text,
    HENG_QUALITY_BY_LIST(X)
#undef X
};

const char *heng_quality_by_text(heng_quality_by by)
{
    return (unsigned)by < HENG_QUALITY_BY_COUNT ? by_texts[by] : "unknown";
}

heng_quality_by heng_quality_by_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_QUALITY_BY_COUNT && strcmp(by_texts[i], text) != 0) i++;
    return (heng_quality_by)i;
}

/* --- days of the site ------------------------------------------------------------------------------------------------
 */

/* A minute of the day as a setting has it: "360". */
static bool minute_of(const char *text, int16_t *ret)
{
    int minute = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        minute = minute * 10 + (*text - '0');
        if (minute >= DAY_MINUTES) return false;
    }
    *ret = (int16_t)minute;
    return true;
}

heng_rc heng_site_days_init(struct heng_site_days *days, struct heng_store_reader *reader, struct heng_err *err)
{
    char name[64] = "", start[16] = "0";
    *days = (struct heng_site_days){0};
    heng_rc rc = heng_store_get_setting(reader, "time_zone", name, sizeof name, err);
    if (rc == HENG_OK || rc == HENG_ENOTFOUND)
        rc = heng_store_get_setting(reader, "day_start", start, sizeof start, err);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    if (rc == HENG_OK && !minute_of(start, &days->rule.start_minute))
        rc = heng_fail(err, HENG_ECONFIG, 0,
                       "the setting day_start is '%s': the minutes from midnight to the begin of "
                       "a day, 0 to 1439, are needed",
                       start);
    if (rc == HENG_OK && name[0]) rc = heng_zone_open(name, &days->zone, err);
    days->rule.zone = days->zone;
    return rc;
}

void heng_site_days_fini(struct heng_site_days *days)
{
    heng_zone_free(days->zone);
    *days = (struct heng_site_days){0};
}

/* Digits at *at, as many as are wanted; -1: something else is there. */
static int digits_of(const char **at, int count)
{
    int number = 0;
    for (; count > 0; count--, (*at)++) {
        if (**at < '0' || **at > '9') return -1;
        number = number * 10 + (**at - '0');
    }
    return number;
}

bool heng_month_parse(const char *text, heng_day *ret)
{
    int year = digits_of(&text, 4);
    if (year < 1990 || year > 2199 || *text++ != '-') return false;
    int month = digits_of(&text, 2);
    if (month < 1 || month > 12 || *text) return false;
    *ret = heng_day_of_date(year, month, 1);
    return true;
}

bool heng_date_parse(const char *text, heng_day *ret)
{
    char month[8] = "";
    heng_day first;
    if (strlen(text) != 10 || text[7] != '-') return false;
    memcpy(month, text, 7);
    const char *at = text + 8;
    int of_month = digits_of(&at, 2);
    if (!heng_month_parse(month, &first) || of_month < 1 || of_month > heng_month_next(first, 1) - first) return false;
    *ret = first + of_month - 1;
    return true;
}

heng_rc heng_period_parse(const struct heng_site_days *days, heng_us now_us, const char *from, const char *to,
                          heng_day *ret_from, heng_day *ret_to, struct heng_err *err)
{
    heng_day last = heng_day_at(&days->rule, now_us), first;
    if (to && !heng_date_parse(to, &last))
        return heng_fail(err, HENG_ERANGE, 0, "'%.20s' is no day like 2026-11-01", to);
    first = last - 30;
    if (from && !heng_date_parse(from, &first))
        return heng_fail(err, HENG_ERANGE, 0, "'%.20s' is no day like 2026-11-01", from);
    if (last <= first) return heng_fail(err, HENG_ERANGE, 0, "the period ends before it begins");
    *ret_from = first;
    *ret_to = last;
    return HENG_OK;
}

/* The bits of a day in struct heng_schedule. */
static uint32_t bits_of(heng_day day)
{
    int year, month, of_month, next, ignored;
    heng_day_date(day, &year, &month, &of_month);
    heng_day_date(day + 1, &ignored, &ignored, &next);
    return UINT32_C(1) << (of_month - 1) | (next == 1 ? UINT32_C(1) << 31 : 0);
}

static heng_rc check_days(const struct heng_quality_ask *ask, int most, struct heng_err *err)
{
    if (ask->to <= ask->from) return heng_fail(err, HENG_ERANGE, 0, "the period ends before it begins");
    if (ask->to - ask->from > most) return heng_fail(err, HENG_ERANGE, 0, "a period of more than %d days", most);
    return HENG_OK;
}

/* `to`, or the day behind the last one that has come. */
static heng_day days_end(const struct heng_site_days *days, heng_us now_us, heng_day to)
{
    heng_day next = now_us ? heng_day_at(&days->rule, now_us) + 1 : to;
    return next < to ? next : to;
}

/* --- a walk over the meters of a day
 * ---------------------------------------------------------------------------------- */

/* What is done with each meter that was in service on a day. */
typedef heng_rc each_row(void *ctx, const struct heng_quality_row *row, struct heng_err *err);

static struct heng_quality_filter filter_of(const struct heng_site_days *days, const struct heng_quality_ask *ask,
                                            heng_day day)
{
    return (struct heng_quality_filter){.scope = ask->scope,
                                        .day = day,
                                        .until_us = heng_day_from_us(&days->rule, day + 1),
                                        .bits = bits_of(day),
                                        .line_id = ask->line_id,
                                        .gateway_id = ask->gateway_id,
                                        .place_id = ask->place_id,
                                        .device_id = ask->device_id};
}

static heng_rc walk_day(struct heng_store_reader *reader, const struct heng_site_days *days,
                        const struct heng_quality_ask *ask, heng_day day, struct heng_quality_row *page, each_row *each,
                        void *ctx, struct heng_err *err)
{
    const struct heng_quality_filter filter = filter_of(days, ask, day);
    size_t n = PAGE;
    for (int64_t after = 0; n == PAGE;) {
        heng_rc rc = heng_store_list_quality(reader, &filter, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            if (page[i].device_id != after) rc = each(ctx, &page[i], err); /* at two points: once */
            after = page[i].device_id;
        }
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static void count_row(const struct heng_quality_row *row, struct heng_success_count *count)
{
    if (!row->planned) return;
    count->planned++;
    count->answered += row->answered;
    count->first += row->first && row->answered;
    count->estimated += row->estimated && !row->answered;
}

/* --- success
 * ----------------------------------------------------------------------------------------------------------- */

/* The building of a place, remembered. */
struct building {
    int64_t place_id, id;
    const char *path;
};

struct success_work {
    struct heng_store_reader *reader;
    struct heng_arena *arena;
    heng_quality_by by;
    heng_day day;
    struct heng_quality_group *groups; /* by id */
    size_t n, cap;
    struct building *buildings; /* by place_id */
    size_t building_n, building_cap;
    struct heng_success_count all;
};

/* Room for one more at place `at` of an array in the arena. */
static void *insert_at(struct heng_arena *arena, void *items, size_t size, size_t at, size_t *n, size_t *cap)
{
    char *bytes = items;
    if (*n == *cap) {
        size_t more = *cap ? 2 * *cap : 64;
        bytes = heng_arena_take(arena, more, size);
        if (!bytes) return NULL;
        if (*n) memcpy(bytes, items, *n * size);
        *cap = more;
    }
    memmove(bytes + (at + 1) * size, bytes + at * size, (*n - at) * size);
    memset(bytes + at * size, 0, size);
    (*n)++;
    return bytes;
}

static heng_rc building_of(struct success_work *w, int64_t place_id, int64_t *ret_id, const char **ret_path,
                           struct heng_err *err)
{
    size_t low = 0, high = w->building_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->buildings[middle].place_id < place_id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == w->building_n || w->buildings[low].place_id != place_id) {
        char path[HENG_PATH_MAX];
        int64_t id;
        heng_rc rc = heng_store_building_of(w->reader, place_id, &id, path, err);
        if (rc != HENG_OK) return rc;
        char *text = heng_arena_text(w->arena, path);
        struct building *more = insert_at(w->arena, w->buildings, sizeof *more, low, &w->building_n, &w->building_cap);
        if (!text || !more) return no_memory(err);
        w->buildings = more;
        more[low] = (struct building){place_id, id, text};
    }
    *ret_id = w->buildings[low].id;
    *ret_path = w->buildings[low].path;
    return HENG_OK;
}

/* What a group is called, in the arena. */
static heng_rc name_of(struct success_work *w, const struct heng_quality_row *row, int64_t id, const char **ret,
                       struct heng_err *err)
{
    struct heng_gateway gateway = {0};
    char date[HENG_DATE_TEXT_MAX];
    const char *name = row->line_name;
    if (w->by == HENG_QUALITY_BY_BUILDING) return building_of(w, row->place_id, &id, ret, err);
    if (w->by == HENG_QUALITY_BY_DAY) {
        heng_date_format(w->day, date);
        name = date;
    } else if (w->by == HENG_QUALITY_BY_GATEWAY) {
        heng_rc rc = id ? heng_store_get_gateway(w->reader, id, &gateway, err) : HENG_OK;
        if (rc != HENG_OK) return rc;
        name = gateway.key;
    }
    *ret = heng_arena_text(w->arena, name);
    return *ret ? HENG_OK : no_memory(err);
}

static heng_rc group_of(struct success_work *w, const struct heng_quality_row *row, int64_t id,
                        struct heng_quality_group **ret, struct heng_err *err)
{
    size_t low = 0, high = w->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->groups[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == w->n || w->groups[low].id != id) {
        const char *name;
        heng_rc rc = name_of(w, row, id, &name, err);
        if (rc != HENG_OK) return rc;
        struct heng_quality_group *more = insert_at(w->arena, w->groups, sizeof *more, low, &w->n, &w->cap);
        if (!more) return no_memory(err);
        w->groups = more;
        more[low] = (struct heng_quality_group){.id = id, .name = name};
    }
    *ret = &w->groups[low];
    return HENG_OK;
}

static heng_rc count_success(void *ctx, const struct heng_quality_row *row, struct heng_err *err)
{
    struct success_work *w = ctx;
    struct heng_quality_group *group = NULL;
    const char *path;
    int64_t id = 0;
    heng_rc rc = HENG_OK;
    if (!row->planned) return HENG_OK;
    switch (w->by) {
    case HENG_QUALITY_BY_DAY: id = w->day; break;
    case HENG_QUALITY_BY_LINE: id = row->line_id; break;
    case HENG_QUALITY_BY_GATEWAY: id = row->gateway_id; break;
    case HENG_QUALITY_BY_BUILDING: rc = building_of(w, row->place_id, &id, &path, err); break;
    case HENG_QUALITY_BY_COUNT: break;
    }
    if (rc == HENG_OK) rc = group_of(w, row, id, &group, err);
    if (rc != HENG_OK) return rc;
    count_row(row, &group->count);
    count_row(row, &w->all);
    return HENG_OK;
}

/* The worst success first, of equal ones the greater group. Planned is never 0 here. */
static int by_success(const void *left, const void *right)
{
    const struct heng_quality_group *a = left, *b = right;
    int64_t x = a->count.answered * b->count.planned, y = b->count.answered * a->count.planned;
    if (x != y) return x < y ? -1 : 1;
    if (a->count.planned != b->count.planned) return a->count.planned > b->count.planned ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

heng_rc heng_view_read_success(struct heng_store_reader *reader, struct heng_arena *arena,
                               const struct heng_site_days *days, const struct heng_quality_ask *ask,
                               heng_quality_by by, struct heng_quality_view *ret, struct heng_err *err)
{
    struct success_work w = {.reader = reader, .arena = arena, .by = by};
    struct heng_quality_row *page = heng_arena_take(arena, PAGE, sizeof *page);
    heng_rc rc = check_days(ask, HENG_QUALITY_DAYS_MAX, err);
    if (rc == HENG_OK && !page) rc = no_memory(err);
    const heng_day end = days_end(days, ask->now_us, ask->to);
    for (w.day = ask->from; rc == HENG_OK && w.day < end; w.day++)
        rc = walk_day(reader, days, ask, w.day, page, count_success, &w, err);
    for (size_t i = 0; rc == HENG_OK && i < w.n; i++) rc = heng_success_of(&w.groups[i].count, &w.groups[i].rates);
    struct heng_quality_group all = {.name = "", .count = w.all};
    if (rc == HENG_OK) rc = heng_success_of(&all.count, &all.rates);
    if (rc != HENG_OK) return rc;
    if (by != HENG_QUALITY_BY_DAY && w.n) qsort(w.groups, w.n, sizeof *w.groups, by_success);
    *ret = (struct heng_quality_view){.items = w.groups, .n = w.n, .all = all};
    return HENG_OK;
}

/* --- the matrix
 * -------------------------------------------------------------------------------------------------------- */

static char cell_of(const struct heng_quality_row *row)
{
    if (row->answered) return row->first ? 'f' : 'r';
    if (!row->planned) return '.';
    return row->estimated ? 'e' : 'm';
}

/* The row of a meter, made where there is none; at most HENG_MATRIX_METERS_MAX are kept, those with the smallest ids.
 */
static heng_rc matrix_row(struct heng_arena *arena, const struct heng_quality_row *row, size_t days,
                          struct heng_matrix_view *view, struct heng_matrix_row **ret, struct heng_err *err)
{
    size_t low = 0, high = view->n;
    *ret = NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->items[middle].device_id < row->device_id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < view->n && view->items[low].device_id == row->device_id) {
        *ret = &view->items[low];
        return HENG_OK;
    }
    if (low == HENG_MATRIX_METERS_MAX) return HENG_OK;
    char *cells = heng_arena_take(arena, days + 1, 1), *number = heng_arena_text(arena, row->number);
    char *place = heng_arena_text(arena, row->place), *line = heng_arena_text(arena, row->line_name);
    if (!cells || !number || !place || !line) return no_memory(err);
    memset(cells, '.', days);
    if (view->n == HENG_MATRIX_METERS_MAX) view->n--;
    memmove(&view->items[low + 1], &view->items[low], (view->n - low) * sizeof *view->items);
    view->n++;
    view->items[low] = (struct heng_matrix_row){row->device_id, number, place, line, cells};
    *ret = &view->items[low];
    return HENG_OK;
}

/* Whoever is among the first so many meters of the whole period is among the first so many of each of its days. */
heng_rc heng_view_read_matrix(struct heng_store_reader *reader, struct heng_arena *arena,
                              const struct heng_site_days *days, const struct heng_quality_ask *ask, int64_t after_id,
                              struct heng_matrix_view *ret, struct heng_err *err)
{
    heng_rc rc = check_days(ask, HENG_MATRIX_DAYS_MAX, err);
    if (rc != HENG_OK) return rc;
    size_t count = (size_t)(ask->to - ask->from), n;
    struct heng_quality_row *rows = heng_arena_take(arena, HENG_MATRIX_METERS_MAX, sizeof *rows);
    struct heng_matrix_view view = {.items = heng_arena_take(arena, HENG_MATRIX_METERS_MAX, sizeof *view.items)};
    if (!rows || !view.items) return no_memory(err);
    const heng_day end = days_end(days, ask->now_us, ask->to);
    for (size_t d = 0; ask->from + (heng_day)d < end; d++) {
        const struct heng_quality_filter filter = filter_of(days, ask, ask->from + (heng_day)d);
        rc = heng_store_list_quality(reader, &filter, after_id, rows, HENG_MATRIX_METERS_MAX, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            struct heng_matrix_row *row;
            rc = matrix_row(arena, &rows[i], count, &view, &row, err);
            if (rc == HENG_OK && row) row->cells[d] = cell_of(&rows[i]);
        }
        if (rc != HENG_OK) return rc;
    }
    *ret = view;
    return HENG_OK;
}

/* --- who is missing
 * ---------------------------------------------------------------------------------------------------- */

struct line_count {
    int64_t line_id, planned, missing;
};

struct missing_work {
    struct heng_arena *arena;
    const struct heng_lost_gateway_row *lost;
    size_t lost_n;
    struct heng_missing_row *items;
    size_t n, cap;
    struct line_count *lines;
    size_t line_n, line_cap;
    int64_t planned;
};

static heng_rc line_of(struct missing_work *w, int64_t line_id, struct line_count **ret, struct heng_err *err)
{
    size_t at = 0;
    while (at < w->line_n && w->lines[at].line_id != line_id) at++;
    if (at == w->line_n) {
        struct line_count *more = insert_at(w->arena, w->lines, sizeof *more, at, &w->line_n, &w->line_cap);
        if (!more) return no_memory(err);
        w->lines = more;
        more[at].line_id = line_id;
    }
    *ret = &w->lines[at];
    return HENG_OK;
}

static const char *reason_of(const struct missing_work *w, const struct heng_quality_row *row)
{
    for (size_t i = 0; row->gateway_id && i < w->lost_n; i++)
        if (w->lost[i].id == row->gateway_id) return "gateway-lost";
    if (!row->asked || !row->reason[0]) return "not-asked";
    return heng_arena_text(w->arena, row->reason);
}

static heng_rc note_missing(void *ctx, const struct heng_quality_row *row, struct heng_err *err)
{
    struct missing_work *w = ctx;
    struct line_count *line;
    if (!row->planned) return HENG_OK;
    heng_rc rc = line_of(w, row->line_id, &line, err);
    if (rc != HENG_OK) return rc;
    w->planned++;
    line->planned++;
    if (row->answered) return HENG_OK;
    line->missing++;
    if (w->n == ROWS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "more than %d meters are missing", ROWS_MAX);
    struct heng_missing_row made = {.device_id = row->device_id,
                                    .line_id = row->line_id,
                                    .gateway_id = row->gateway_id,
                                    .number = heng_arena_text(w->arena, row->number),
                                    .place = heng_arena_text(w->arena, row->place),
                                    .line_name = heng_arena_text(w->arena, row->line_name),
                                    .reason = reason_of(w, row),
                                    .medium = row->medium,
                                    .estimated = row->estimated};
    struct heng_missing_row *more = insert_at(w->arena, w->items, sizeof *more, w->n, &w->n, &w->cap);
    if (!more || !made.number || !made.place || !made.line_name || !made.reason) return no_memory(err);
    w->items = more;
    more[w->n - 1] = made;
    return HENG_OK;
}

static int by_line(const void *left, const void *right)
{
    const struct heng_missing_row *a = left, *b = right;
    if (a->line_id != b->line_id) return a->line_id < b->line_id ? -1 : 1;
    return (a->device_id > b->device_id) - (a->device_id < b->device_id);
}

/* All gateways that are lost: they are few, whatever the scope; only their ids are used. */
static heng_rc list_lost_gateways(struct heng_store_reader *reader, struct heng_arena *arena, int64_t scope,
                                  heng_us since_us, struct heng_lost_gateway_row **ret, size_t *ret_n,
                                  struct heng_err *err)
{
    size_t n = PAGE, count = 0, cap = 0;
    struct heng_lost_gateway_row *items = NULL;
    for (int64_t after = 0; n == PAGE && count < ROWS_MAX;) {
        if (count + PAGE > cap) {
            struct heng_lost_gateway_row *more = heng_arena_take(arena, cap = 2 * cap + PAGE, sizeof *more);
            if (!more) return no_memory(err);
            if (count) memcpy(more, items, count * sizeof *more);
            items = more;
        }
        heng_rc rc = heng_store_list_lost_gateways(reader, scope, since_us, after, items + count, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        count += n;
        if (count) after = items[count - 1].id;
    }
    *ret = items;
    *ret_n = count;
    return HENG_OK;
}

heng_rc heng_view_missing(struct heng_store_reader *reader, struct heng_arena *arena, const struct heng_site_days *days,
                          const struct heng_quality_ask *ask, heng_us now_us, struct heng_missing_view *ret,
                          struct heng_err *err)
{
    struct missing_work w = {.arena = arena};
    struct heng_lost_gateway_row *lost;
    struct heng_quality_row *page = heng_arena_take(arena, PAGE, sizeof *page);
    if (!page) return no_memory(err);
    heng_rc rc =
        list_lost_gateways(reader, arena, 0, now_us - heng_lost_limits_default.gateway_us, &lost, &w.lost_n, err);
    w.lost = lost;
    if (rc == HENG_OK && ask->from < days_end(days, now_us, ask->from + 1))
        rc = walk_day(reader, days, ask, ask->from, page, note_missing, &w, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < w.n; i++) {
        struct line_count *line;
        rc = line_of(&w, w.items[i].line_id, &line, err);
        if (rc != HENG_OK) return rc;
        w.items[i].line_planned = line->planned;
        w.items[i].line_missing = line->missing;
    }
    if (w.n) qsort(w.items, w.n, sizeof *w.items, by_line);
    *ret = (struct heng_missing_view){.items = w.items, .n = w.n, .planned = w.planned};
    return HENG_OK;
}

/* --- who is lost
 * ------------------------------------------------------------------------------------------------------- */

static heng_rc list_lost_meters(struct heng_store_reader *reader, struct heng_arena *arena, int64_t scope,
                                heng_us now_us, const struct heng_lost_limits *limits, struct heng_lost_view *view,
                                struct heng_err *err)
{
    size_t n = PAGE, cap = 0;
    struct heng_lost_meter_row *page = heng_arena_take(arena, PAGE, sizeof *page);
    if (!page) return no_memory(err);
    for (int64_t after = 0; n == PAGE;) {
        heng_rc rc = heng_store_list_lost_meters(reader, scope, now_us - limits->meter_us, after, page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            bool behind = page[i].gateway_id && heng_lost_gateway(page[i].gateway_us, now_us, limits->gateway_us);
            struct heng_lost_meter_view *more =
                insert_at(arena, view->meters, sizeof *more, view->meter_n, &view->meter_n, &cap);
            if (!more) return no_memory(err);
            view->meters = more;
            struct heng_lost_meter_view *made = &more[view->meter_n - 1];
            made->row = page[i];
            made->lost = heng_lost_meter(page[i].last_read_us, now_us, limits->meter_us, behind);
            view->alarms += !behind;
            after = page[i].device_id;
        }
    }
    return HENG_OK;
}

heng_rc heng_view_lost(struct heng_store_reader *reader, struct heng_arena *arena, int64_t scope, heng_us now_us,
                       const struct heng_lost_limits *limits, struct heng_lost_view *ret, struct heng_err *err)
{
    struct heng_lost_view view = {0};
    heng_rc rc = list_lost_meters(reader, arena, scope, now_us, limits, &view, err);
    if (rc == HENG_OK)
        rc =
            list_lost_gateways(reader, arena, scope, now_us - limits->gateway_us, &view.gateways, &view.gateway_n, err);
    if (rc == HENG_OK) *ret = view;
    return rc;
}
