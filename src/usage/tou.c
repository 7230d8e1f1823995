#include "usage/tou.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "store/read.h"
#include "usage/json_parts.h"
#include "usage/quality.h"
#include "usage/usage.h"

/* --- JSON ------------------------------------------------------------------------------------------------------ */

unsigned heng_usage_json_set(struct heng_json_reader *r, int64_t max)
{
    unsigned set = 0;
    heng_json_open_array(r);
    while (heng_json_next_item(r)) set |= 1u << heng_json_get_int(r, 0, max);
    return set;
}

void heng_usage_json_season(struct heng_json_reader *r, struct heng_tou_season *ret)
{
    char text[8], date[16];
    heng_day day = 0;
    int year, month, day_of_month;
    heng_json_get_string(r, text, sizeof text);
    snprintf(date, sizeof date, "2028-%s", text); /* a leap year: 02-29 is a day */
    if (r->err.rc == HENG_OK && !heng_date_parse(date, &day))
        heng_json_refuse(r, HENG_EFORMAT, "'%s' is no month and day: 07-01 is", text);
    heng_day_date(day, &year, &month, &day_of_month);
    *ret = (struct heng_tou_season){(uint8_t)month, (uint8_t)day_of_month};
}

static void take_window(struct heng_json_reader *r, struct heng_tou_window *ret)
{
    struct heng_slice key;
    *ret = (struct heng_tou_window){.kinds = UINT8_MAX};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "seasons"))
            ret->seasons = (uint16_t)heng_usage_json_set(r, HENG_TOU_SEASONS_MAX - 1);
        else if (heng_slice_is(key, "kinds"))
            ret->kinds = (uint8_t)heng_usage_json_set(r, HENG_TOU_HOLIDAY);
        else if (heng_slice_is(key, "period"))
            ret->period = (uint8_t)heng_json_get_int(r, 1, HENG_TOU_PERIODS);
        else if (heng_slice_is(key, "from"))
            ret->from_minute = (uint16_t)heng_json_get_int(r, 0, 1440);
        else if (heng_slice_is(key, "to"))
            ret->to_minute = (uint16_t)heng_json_get_int(r, 0, 1440);
        else
            heng_json_refuse(r, HENG_EFORMAT, "a window has no '%.*s'", (int)key.n, (const char *)key.p);
    }
}

static void take_special(struct heng_json_reader *r, struct heng_tou_special *ret)
{
    struct heng_slice key;
    char text[16];
    *ret = (struct heng_tou_special){0};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "date")) {
            heng_json_get_string(r, text, sizeof text);
            if (r->err.rc == HENG_OK && !heng_date_parse(text, &ret->date))
                heng_json_refuse(r, HENG_EFORMAT, "'%s' is no date: 2026-10-01 is", text);
        } else if (heng_slice_is(key, "kind")) {
            ret->kind = (uint8_t)heng_json_get_int(r, 0, HENG_TOU_HOLIDAY);
        } else {
            heng_json_refuse(r, HENG_EFORMAT, "a special day has no '%.*s'", (int)key.n, (const char *)key.p);
        }
    }
}

static bool has_room(struct heng_json_reader *r, uint16_t count, int max)
{
    if (count < max) return true;
    heng_json_refuse(r, HENG_EFORMAT, "at most %d are possible", max);
    return false;
}

static void take_lists(struct heng_json_reader *r, struct heng_slice key, struct heng_calendar *ret)
{
    struct heng_tou *tou = &ret->tou;
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        if (heng_slice_is(key, "seasons") && has_room(r, tou->season_count, HENG_TOU_SEASONS_MAX))
            heng_usage_json_season(r, &ret->seasons[tou->season_count++]);
        else if (heng_slice_is(key, "windows") && has_room(r, tou->window_count, HENG_TOU_WINDOWS_MAX))
            take_window(r, &ret->windows[tou->window_count++]);
        else if (heng_slice_is(key, "specials") && has_room(r, tou->special_count, HENG_TOU_SPECIALS_MAX))
            take_special(r, &ret->specials[tou->special_count++]);
        else
            heng_json_refuse(r, HENG_EFORMAT, "a calendar has no list '%.*s'", (int)key.n, (const char *)key.p);
    }
}

heng_rc heng_calendar_parse(struct heng_slice json, struct heng_calendar *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_slice key;
    memset(ret, 0, sizeof *ret);
    ret->tou.seasons = ret->seasons;
    ret->tou.windows = ret->windows;
    ret->tou.specials = ret->specials;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "otherwise"))
            ret->tou.otherwise = (uint8_t)heng_json_get_int(&r, 1, HENG_TOU_PERIODS);
        else
            take_lists(&r, key, ret);
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK)
        return heng_fail(err, HENG_EFORMAT, r.err.at, "line %u: %s", (unsigned)r.err.at, r.err.text);
    unsigned seasons = ret->tou.season_count ? ret->tou.season_count : 1;
    for (unsigned i = 0; i < ret->tou.window_count; i++) /* who names none means all */
        if (!ret->windows[i].seasons) ret->windows[i].seasons = (uint16_t)((1u << seasons) - 1);
    return heng_tou_check(&ret->tou, err);
}

/* The calendar of the site's holidays was changed: like days are others now. */
static heng_rc due_by_holidays(struct heng_store *store, const char *key, struct heng_err *err)
{
    char used[HENG_KEY_MAX] = "";
    heng_rc rc = heng_store_get_setting(heng_store_as_reader(store), "holiday_calendar", used, sizeof used, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && strcmp(used, key) != 0)) return HENG_OK;
    return rc == HENG_OK ? heng_store_due_group(store, "", "", INT64_MIN, HENG_US_NEVER, err) : rc;
}

heng_rc heng_usage_put_calendar(struct heng_store *store, const char *key, heng_day from_day, struct heng_slice json,
                                int64_t *ret_version, struct heng_err *err)
{
    struct heng_calendar *calendar = malloc(sizeof *calendar);
    if (!calendar) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    heng_rc rc = key[0] && strlen(key) < HENG_KEY_MAX ? heng_calendar_parse(json, calendar, err)
                                                      : heng_fail(err, HENG_ECONFIG, 0, "a calendar needs a key");
    free(calendar);
    if (rc == HENG_OK) rc = heng_store_put_calendar(store, key, from_day, json, ret_version, err);
    return rc == HENG_OK ? due_by_holidays(store, key, err) : rc;
}

/* --- by period ------------------------------------------------------------------------------------------------- */

struct loading {
    struct heng_calendars *calendars;
    struct heng_err *err;
};

static heng_rc load_version(void *ctx, int64_t version, int32_t from_day, struct heng_slice text)
{
    struct loading *l = ctx;
    struct heng_calendars *c = l->calendars;
    (void)version;
    if (c->n && c->versions[c->n - 1].valid_from == from_day) c->n--; /* of two from the same day the later counts */
    if (c->n == HENG_CALENDAR_VERSIONS_MAX)
        return heng_fail(l->err, HENG_ELIMIT, 0, "the calendar has more than %d versions", HENG_CALENDAR_VERSIONS_MAX);
    heng_rc rc = heng_calendar_parse(text, &c->list[c->n], l->err);
    if (rc != HENG_OK) return rc;
    c->versions[c->n] = c->list[c->n].tou;
    c->versions[c->n++].valid_from = from_day;
    return HENG_OK;
}

heng_rc heng_calendars_open(struct heng_store_reader *reader, const char *key, struct heng_calendars *ret,
                            struct heng_err *err)
{
    *ret = (struct heng_calendars){.list = calloc(HENG_CALENDAR_VERSIONS_MAX, sizeof *ret->list)};
    if (!ret->list) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    struct loading l = {ret, err};
    heng_rc rc = heng_store_each_calendar(reader, key, load_version, &l, err);
    if (rc == HENG_OK && !ret->n) rc = heng_fail(err, HENG_ENOTFOUND, 0, "there is no calendar '%.60s'", key);
    if (rc != HENG_OK) heng_calendars_close(ret);
    return rc;
}

heng_rc heng_calendars_open_site(struct heng_store_reader *reader, struct heng_calendars *ret, struct heng_err *err)
{
    char key[HENG_KEY_MAX] = "";
    *ret = (struct heng_calendars){0};
    heng_rc rc = heng_store_get_setting(reader, "holiday_calendar", key, sizeof key, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !key[0])) return HENG_OK;
    return rc == HENG_OK ? heng_calendars_open(reader, key, ret, err) : rc;
}

void heng_calendars_close(struct heng_calendars *calendars)
{
    free(calendars->list);
    *calendars = (struct heng_calendars){0};
}

unsigned heng_calendars_kind(const struct heng_calendars *calendars, heng_day day)
{
    unsigned kind = heng_tou_kind(calendars->versions, calendars->n, day);
    if (kind >= HENG_TOU_HOLIDAY - 1) return 2; /* Sunday, holiday */
    return kind == HENG_TOU_HOLIDAY - 2 ? 1 : 0;
}

static heng_rc add_day(struct heng_tou_sum *sum, const struct heng_tou_day *day)
{
    for (unsigned p = 0; p <= HENG_TOU_PERIODS; p++) {
        if (__builtin_add_overflow(sum->amounts[p], day->amounts[p], &sum->amounts[p])) return HENG_ERANGE;
        sum->seconds[p] += day->seconds[p];
        sum->missing[p] += day->missing[p];
        if (day->trusts[p] > sum->trusts[p]) sum->trusts[p] = day->trusts[p];
    }
    return HENG_OK;
}

static heng_rc sum_days(struct heng_store_reader *reader, const struct heng_calendars *c,
                        const struct heng_usage_site *site, const struct heng_channel_row *channel, heng_day from,
                        heng_day to, struct heng_tou_sum *ret, struct heng_err *err)
{
    static _Thread_local struct heng_usage_row row;
    static _Thread_local struct heng_day_usage day;
    struct heng_usage_scan scan;
    heng_rc rc;
    heng_usage_scan_begin(&scan, reader, HENG_USAGE_BEST, channel->id, from, to);
    while ((rc = heng_usage_scan_next(&scan, &row, err)) == HENG_OK) {
        struct heng_tou_day split;
        heng_usage_of_row(&row, &day);
        if (day.exp != channel->exp)
            rc = heng_fail(err, HENG_ERANGE, 0, "the channel changed its resolution: rebuild it");
        if (rc == HENG_OK) heng_tou_split(c->versions, c->n, &site->days, channel->minutes, &day, &split);
        if (rc == HENG_OK) rc = add_day(ret, &split);
        if (rc != HENG_OK) break;
    }
    heng_usage_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_usage_by_period(struct heng_store_reader *reader, const char *key, const struct heng_channel_row *channel,
                             heng_day from, heng_day to, struct heng_tou_sum *ret, struct heng_err *err)
{
    struct heng_usage_site site;
    struct heng_calendars calendars;
    memset(ret, 0, sizeof *ret);
    heng_rc rc = heng_calendars_open(reader, key, &calendars, err);
    if (rc == HENG_OK) rc = heng_usage_site_open(reader, &site, err);
    if (rc == HENG_OK) {
        rc = sum_days(reader, &calendars, &site, channel, from, to, ret, err);
        heng_usage_site_close(&site);
    }
    heng_calendars_close(&calendars);
    return rc;
}
