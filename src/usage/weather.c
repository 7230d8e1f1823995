#include "usage/weather.h"

#include <string.h>

#include "store/read.h"
#include "store/write.h"
#include "vee/derive.h"

enum { PAGE = 512, BASE_TEXT_MAX = 16 };
static const struct heng_degree_base base_default = {180, 180};

/* "18" or "18.5" as tenths; *text goes behind it. */
static bool take_tenths(const char **text, int64_t *ret)
{
    int64_t value = 0;
    unsigned digits = 0;
    for (; **text >= '0' && **text <= '9' && digits < 3; ++*text, digits++) value = value * 10 + (**text - '0');
    value *= 10;
    if (digits && **text == '.') {
        ++*text;
        if (**text < '0' || **text > '9') return false;
        value += *(*text)++ - '0';
    }
    *ret = value;
    return digits && value <= 400;
}

bool heng_degree_base_parse(const char *text, struct heng_degree_base *ret)
{
    struct heng_degree_base base;
    if (!take_tenths(&text, &base.inside_dc)) return false;
    base.limit_dc = base.inside_dc;
    if (*text == '/') {
        text++;
        if (!take_tenths(&text, &base.limit_dc)) return false;
    }
    if (*text || base.limit_dc > base.inside_dc) return false; /* a day cannot have less than none */
    *ret = base;
    return true;
}

int64_t heng_degree_days_dk(const struct heng_degree_base *base, int64_t mean_dc)
{
    return mean_dc < base->limit_dc ? base->inside_dc - mean_dc : 0;
}

static heng_rc get_base(struct heng_store_reader *reader, struct heng_degree_base *ret, struct heng_err *err)
{
    char text[BASE_TEXT_MAX] = "";
    *ret = base_default;
    heng_rc rc = heng_store_get_setting(reader, "degree_day_base", text, sizeof text, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !text[0])) return HENG_OK;
    if (rc == HENG_OK && !heng_degree_base_parse(text, ret))
        return heng_fail(err, HENG_ECONFIG, 0, "'%s' is no base of degree days: 18 or 20/15 is", text);
    return rc;
}

/* What was taken, and from when to when. */
struct taken {
    const struct heng_degree_base *base;
    const char *station;
    heng_day first, last;
    size_t changed;
};

static heng_rc take_one(struct taken *t, struct heng_store *store, const struct heng_weather_told *told,
                        struct heng_err *err)
{
    struct heng_weather old, now = {.outdoor_dc = told->mean_dc, .computed = !told->has_degree};
    now.degree_dk = told->has_degree ? told->degree_dk : heng_degree_days_dk(t->base, told->mean_dc);
    if (told->mean_dc < HENG_MEAN_DC_MIN || told->mean_dc > HENG_MEAN_DC_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a day of a mean temperature of %lld tenths of a degree cannot be",
                         (long long)told->mean_dc);
    if (now.degree_dk < 0 || now.degree_dk > HENG_DEGREE_DK_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a day of %lld tenths of a degree day cannot be",
                         (long long)now.degree_dk);
    heng_rc rc = heng_store_get_weather(heng_store_as_reader(store), t->station, told->day, &old, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_OK && old.degree_dk == now.degree_dk && old.outdoor_dc == now.outdoor_dc &&
        old.computed == now.computed)
        return HENG_OK;
    if (!t->changed || told->day < t->first) t->first = told->day;
    if (!t->changed || told->day > t->last) t->last = told->day;
    t->changed++;
    return heng_store_put_weather(store, t->station, told->day, &now, err);
}

/* What may lean on the days that were taken, once for all of them. */
static heng_rc mark_due(const struct taken *t, struct heng_store *store, struct heng_err *err)
{
    struct heng_usage_site site;
    heng_rc rc = heng_usage_site_open(heng_store_as_reader(store), &site, err);
    if (rc != HENG_OK) return rc;
    if (strcmp(t->station, site.station) == 0)
        rc = heng_store_due_group(store, "", "", heng_day_from_us(&site.days, t->first),
                                  heng_day_from_us(&site.days, t->last + HENG_HISTORY_DAYS), err);
    heng_usage_site_close(&site);
    return rc;
}

heng_rc heng_usage_take_weather(struct heng_store *store, const char *station, const struct heng_weather_told *days,
                                size_t n, size_t *ret_changed, struct heng_err *err)
{
    struct heng_degree_base base;
    struct taken t = {.base = &base, .station = station};
    if (!station[0] || strlen(station) >= HENG_KEY_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "a station has a name of 1 to %d bytes", HENG_KEY_MAX - 1);
    heng_rc rc = get_base(heng_store_as_reader(store), &base, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = take_one(&t, store, &days[i], err);
    if (rc == HENG_OK && t.changed) rc = mark_due(&t, store, err);
    if (rc == HENG_OK) *ret_changed = t.changed;
    return rc;
}

/* --- the station and base of the site ---------------------------------------------------------------------------- */

/* Degree days of a station that were made by a base, by another one. */
static heng_rc make_again(struct heng_store *store, const struct heng_degree_base *base, const char *station,
                          struct heng_err *err)
{
    static _Thread_local struct heng_weather_row rows[PAGE];
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = HENG_OK;
    heng_day from = HENG_DAY_MIN;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_weather(reader, station, from, HENG_DAY_MAX, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            struct heng_weather *weather = &rows[i].weather;
            from = rows[i].day + 1;
            if (!weather->computed) continue;
            weather->degree_dk = heng_degree_days_dk(base, weather->outdoor_dc);
            rc = heng_store_put_weather(store, station, rows[i].day, weather, err);
        }
    }
    return rc;
}

static heng_rc use_base(struct heng_store *store, const char *text, struct heng_err *err)
{
    struct heng_degree_base base;
    struct heng_station_row stations[16];
    char after[HENG_KEY_MAX] = "";
    if (strlen(text) >= BASE_TEXT_MAX || !heng_degree_base_parse(text, &base))
        return heng_fail(err, HENG_ECONFIG, 0, "'%.40s' is no base of degree days: 18 or 20/15 is", text);
    heng_rc rc = heng_store_put_setting(store, "degree_day_base", text, err);
    for (size_t n = 16; rc == HENG_OK && n == 16;) {
        rc = heng_store_list_stations(heng_store_as_reader(store), after, stations, 16, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            rc = make_again(store, &base, stations[i].station, err);
            memcpy(after, stations[i].station, sizeof after);
        }
    }
    return rc;
}

heng_rc heng_usage_use_weather(struct heng_store *store, const char *station, const char *base, struct heng_err *err)
{
    struct heng_weather_row row;
    size_t n = 0;
    heng_rc rc =
        heng_store_list_weather(heng_store_as_reader(store), station, HENG_DAY_MIN, HENG_DAY_MAX, &row, 1, &n, err);
    if (rc == HENG_OK && !n) rc = heng_fail(err, HENG_ENOTFOUND, 0, "no weather of a station '%.60s'", station);
    if (rc == HENG_OK) rc = heng_store_put_setting(store, "weather_station", station, err);
    if (rc == HENG_OK && base) rc = use_base(store, base, err);
    return rc == HENG_OK ? heng_store_due_group(store, "", "", INT64_MIN, HENG_US_NEVER, err) : rc;
}
