/* The operations on weather: days of a station in and out. */
#include <stdio.h>
#include <stdlib.h>

#include "api/archive.h"
#include "api/weather_sheet.h"
#include "base/log.h"
#include "usage/quality.h"

enum { STATIONS_MAX = 500, DAYS_MAX = 800, FAULTS_MAX = 100 };

static const char *tenths(struct heng_api_call *call, int64_t value)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format((struct heng_dec){value, -1}, text);
    return heng_arena_text(call->arena, text);
}

static const char *date(struct heng_api_call *call, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    return heng_arena_text(call->arena, text);
}

heng_rc heng_api_list_stations(struct heng_api_call *call, struct heng_api_station_list *ret, struct heng_err *err)
{
    struct heng_station_row *rows = heng_arena_take(call->arena, STATIONS_MAX, sizeof *rows);
    struct heng_api_station *items = heng_arena_take(call->arena, STATIONS_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_stations(call->reader, "", rows, STATIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_station){.station = rows[i].station,
                                             .days = rows[i].days,
                                             .first = date(call, rows[i].first),
                                             .last = date(call, rows[i].last)};
    *ret = (struct heng_api_station_list){.items = items, .items_n = n};
    return rc;
}

heng_rc heng_api_list_weather(struct heng_api_call *call, const struct heng_api_list_weather_params *params,
                              struct heng_api_weather_list *ret, struct heng_err *err)
{
    struct heng_weather_row *rows = heng_arena_take(call->arena, DAYS_MAX, sizeof *rows);
    struct heng_api_weather_day *items = heng_arena_take(call->arena, DAYS_MAX, sizeof *items);
    struct heng_site_days days;
    heng_day from = 0, to = 0;
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc != HENG_OK) return rc;
    rc = heng_period_parse(&days, heng_clock_wall(), params->has_from ? params->from : NULL,
                           params->has_to ? params->to : NULL, &from, &to, err);
    heng_site_days_fini(&days);
    if (rc == HENG_OK) rc = heng_store_list_weather(call->reader, params->station, from, to, rows, DAYS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_weather_day){.day = date(call, rows[i].day),
                                                 .mean = tenths(call, rows[i].weather.outdoor_dc),
                                                 .degree_days = tenths(call, rows[i].weather.degree_dk),
                                                 .computed = rows[i].weather.computed};
    *ret = (struct heng_api_weather_list){.items = items, .items_n = n};
    return rc;
}

/* --- in ---------------------------------------------------------------------------------------------------------- */

struct weather_change {
    const char *station;
    const struct heng_weather_told *days;
    size_t n, changed;
};

static heng_rc take(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct weather_change *change = ctx;
    return heng_usage_take_weather(store, change->station, change->days, change->n, &change->changed, err);
}

struct faults {
    struct heng_api_call *call;
    struct heng_api_weather_fault *items;
    size_t n;
};

static bool keep_fault(void *ctx, const char *text)
{
    struct faults *faults = ctx;
    faults->items[faults->n++].why = heng_arena_text(faults->call->arena, text);
    return faults->n < FAULTS_MAX;
}

heng_rc heng_api_import_weather(struct heng_api_call *call, const struct heng_api_import_weather_params *params,
                                const struct heng_api_upload *upload, struct heng_api_weather_report *ret,
                                struct heng_err *err)
{
    char path[HENG_API_FD_PATH_MAX];
    const char *language =
        heng_api_sheet_language_text(params->has_language ? params->language : HENG_API_SHEET_LANGUAGE_EN);
    struct faults faults = {.call = call, .items = heng_arena_take(call->arena, FAULTS_MAX, sizeof *faults.items)};
    struct weather_change change = {.station = params->station};
    struct heng_weather_told *days = NULL;
    struct heng_sheet *sheet = NULL;
    size_t total = 0;
    call->is_wish = true;
    if (!faults.items) return heng_api_no_memory(err);
    if (!upload->n) return heng_fail(err, HENG_ERANGE, 0, "the body is empty: it must be the file");
    heng_api_fd_path(upload->fd, path);
    heng_rc rc = heng_sheet_open(path, NULL, &sheet, err);
    if (rc == HENG_OK)
        rc = heng_weather_sheet_read(sheet, heng_sheet_locale_of(language), keep_fault, &faults, &days, &change.n,
                                     &total, err);
    heng_sheet_close(sheet);
    change.days = days;
    if (rc == HENG_OK && !total) rc = heng_api_change(call, take, &change, err);
    free(days);
    if (rc == HENG_OK)
        heng_log(HENG_LOG_INFO, "api", "event=weather station='%s' days=%zu changed=%zu faults=%zu", params->station,
                 change.n, change.changed, total);
    *ret = (struct heng_api_weather_report){.applied = !total,
                                            .days = (int64_t)change.n,
                                            .changed = (int64_t)change.changed,
                                            .faults = faults.items,
                                            .faults_n = faults.n,
                                            .fault_total = (int64_t)total};
    return rc;
}
