#include "vee/tou.h"

#include "vee/share.h"

#include <string.h>

enum { DAY_MINUTES = 1440, QUARTER_S = 900 };

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* --- is it one? ----------------------------------------------------------------------------------------------- */

static int days_in(int month)
{
    return month == 2 ? 29 : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static heng_rc check_seasons(const struct heng_tou *tou, struct heng_err *err)
{
    int before = 0;
    for (uint16_t i = 0; i < tou->season_count; i++) {
        const struct heng_tou_season *s = &tou->seasons[i];
        int place = s->month * 32 + s->day;
        if (s->month < 1 || s->month > 12 || s->day < 1 || s->day > days_in(s->month))
            return heng_fail(err, HENG_ECONFIG, i, "season %d: month %d, day %d is no date", i + 1, s->month, s->day);
        if (place <= before)
            return heng_fail(err, HENG_ECONFIG, i, "season %d does not begin after the one before it", i + 1);
        before = place;
    }
    return HENG_OK;
}

static heng_rc check_windows(const struct heng_tou *tou, struct heng_err *err)
{
    unsigned seasons = tou->season_count ? tou->season_count : 1;
    for (uint16_t i = 0; i < tou->window_count; i++) {
        const struct heng_tou_window *w = &tou->windows[i];
        if (w->period < 1 || w->period > HENG_TOU_PERIODS)
            return heng_fail(err, HENG_ECONFIG, i, "window %d: period %d is not 1 to 8", i + 1, w->period);
        if (w->from_minute >= w->to_minute || w->to_minute > DAY_MINUTES)
            return heng_fail(err, HENG_ECONFIG, i, "window %d: minute %d to %d is no part of a day", i + 1,
                             w->from_minute, w->to_minute);
        if (!w->kinds || !w->seasons || w->seasons >> seasons)
            return heng_fail(err, HENG_ECONFIG, i, "window %d: no day at all, or a season that there is not", i + 1);
    }
    return HENG_OK;
}

heng_rc heng_tou_check(const struct heng_tou *tou, struct heng_err *err)
{
    if (tou->season_count > HENG_TOU_SEASONS_MAX || tou->window_count > HENG_TOU_WINDOWS_MAX ||
        tou->special_count > HENG_TOU_SPECIALS_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "at most %d seasons, %d windows and %d special days",
                         HENG_TOU_SEASONS_MAX, HENG_TOU_WINDOWS_MAX, HENG_TOU_SPECIALS_MAX);
    if (tou->otherwise < 1 || tou->otherwise > HENG_TOU_PERIODS)
        return heng_fail(err, HENG_ECONFIG, 0, "the period of all other time, %d, is not 1 to 8", tou->otherwise);
    heng_rc rc = check_seasons(tou, err);
    if (rc == HENG_OK) rc = check_windows(tou, err);
    for (uint16_t i = 0; i < tou->special_count && rc == HENG_OK; i++) {
        if (tou->specials[i].kind >= HENG_TOU_KINDS)
            rc = heng_fail(err, HENG_ECONFIG, i, "special day %d: kind %d is not 0 to 7", i + 1, tou->specials[i].kind);
        else if (i && tou->specials[i].date <= tou->specials[i - 1].date)
            rc = heng_fail(err, HENG_ECONFIG, i, "special day %d does not come after the one before it", i + 1);
    }
    return rc;
}

/* --- what holds when ------------------------------------------------------------------------------------------ */

const struct heng_tou *heng_tou_version(const struct heng_tou *versions, size_t count, heng_day date)
{
    while (count && versions[count - 1].valid_from > date) count--;
    return count ? &versions[count - 1] : NULL;
}

unsigned heng_tou_season_of(const struct heng_tou *tou, heng_day date)
{
    int year, month, day;
    if (tou->season_count == 0) return 0;
    heng_day_date(date, &year, &month, &day);
    unsigned i = tou->season_count; /* before the first of the year it is still the last */
    while (i && tou->seasons[i - 1].month * 32 + tou->seasons[i - 1].day > month * 32 + day) i--;
    return i ? i - 1 : tou->season_count - 1U;
}

static unsigned kind_of(const struct heng_tou *tou, heng_day date)
{
    size_t low = 0, high = tou->special_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tou->specials[middle].date < date)
            low = middle + 1;
        else
            high = middle;
    }
    bool special = low < tou->special_count && tou->specials[low].date == date;
    return special ? tou->specials[low].kind : (unsigned)heng_day_weekday(date);
}

unsigned heng_tou_kind(const struct heng_tou *versions, size_t count, heng_day date)
{
    const struct heng_tou *tou = heng_tou_version(versions, count, date);
    return tou ? kind_of(tou, date) : (unsigned)heng_day_weekday(date);
}

/* Period of a minute of a date, and until which minute it is certainly the same. */
static int period_of(const struct heng_tou *tou, heng_day date, int minute, int *ret_until)
{
    unsigned season = 1U << heng_tou_season_of(tou, date), kind = 1U << kind_of(tou, date);
    int period = 0;
    *ret_until = DAY_MINUTES;
    for (uint16_t i = 0; i < tou->window_count; i++) {
        const struct heng_tou_window *w = &tou->windows[i];
        if (!(w->seasons & season) || !(w->kinds & kind)) continue;
        if (!period && w->from_minute <= minute && minute < w->to_minute) period = w->period;
        if (w->from_minute > minute && w->from_minute < *ret_until) *ret_until = w->from_minute;
        if (w->to_minute > minute && w->to_minute < *ret_until) *ret_until = w->to_minute;
    }
    return period ? period : tou->otherwise;
}

/* Period of a moment, and until when it is certainly the same. */
static int period_at(const struct heng_tou *versions, size_t count, const struct heng_zone *zone, heng_us at_us,
                     heng_us *ret_until_us)
{
    int32_t offset_s = heng_zone_offset_s(zone, at_us);
    int64_t at_s = floor_div(at_us, HENG_US_PER_S), local_s = at_s + offset_s;
    heng_day date = (heng_day)floor_div(local_s, 86400);
    int64_t second = local_s - date * INT64_C(86400);
    const struct heng_tou *tou = heng_tou_version(versions, count, date);
    int until = DAY_MINUTES, period = tou ? period_of(tou, date, (int)(second / 60), &until) : 0;
    int64_t until_s = at_s + until * INT64_C(60) - second;
    /* Where clocks are set on the way, only to the next quarter of an hour: they are set at one. */
    if (heng_zone_offset_s(zone, until_s * HENG_US_PER_S - 1) != offset_s) {
        int64_t quarter_s = (floor_div(at_s, QUARTER_S) + 1) * QUARTER_S;
        if (quarter_s < until_s) until_s = quarter_s;
    }
    *ret_until_us = until_s * HENG_US_PER_S;
    return period;
}

int heng_tou_period(const struct heng_tou *versions, size_t count, const struct heng_zone *zone, heng_us at_us)
{
    heng_us until_us;
    return period_at(versions, count, zone, at_us, &until_us);
}

/* --- splitting ------------------------------------------------------------------------------------------------ */

/* One interval: its amount by the time that each period has in it. */
static void give(const struct heng_day_usage *day, unsigned i, const uint64_t long_us[static HENG_TOU_PERIODS + 1],
                 struct heng_tou_day *ret)
{
    int64_t parts[HENG_TOU_PERIODS + 1];
    uint8_t trust = day->trusts[i];
    unsigned periods = 0;
    for (int p = 0; p <= HENG_TOU_PERIODS; p++) periods += long_us[p] != 0;
    if (periods > 1 && day->amounts[i] && trust < HENG_TRUST_INTERPOLATED) trust = HENG_TRUST_INTERPOLATED;
    heng_share(day->amounts[i], long_us, HENG_TOU_PERIODS + 1, parts);
    for (int p = 0; p <= HENG_TOU_PERIODS; p++) {
        ret->seconds[p] += (uint32_t)(long_us[p] / (uint64_t)HENG_US_PER_S);
        if (!long_us[p]) continue;
        if (trust > ret->trusts[p]) ret->trusts[p] = trust;
        if (trust == HENG_TRUST_MISSING)
            ret->missing[p]++;
        else
            ret->amounts[p] += parts[p];
    }
}

void heng_tou_split(const struct heng_tou *versions, size_t count, const struct heng_day_rule *rule, int minutes,
                    const struct heng_day_usage *day, struct heng_tou_day *ret)
{
    heng_us at_us = heng_day_from_us(rule, day->day), end_us = heng_day_from_us(rule, day->day + 1);
    heng_us from_us = at_us, until_us = at_us;
    int period = 0;
    memset(ret, 0, sizeof *ret);
    for (unsigned i = 0; i < day->count && i < HENG_DAY_INTERVALS_MAX; i++) {
        uint64_t long_us[HENG_TOU_PERIODS + 1] = {0};
        heng_us to_us = from_us + (i + 1) * (int64_t)minutes * 60 * HENG_US_PER_S;
        if (i + 1U == day->count || to_us > end_us) to_us = end_us;
        while (at_us < to_us) {
            if (at_us >= until_us) period = period_at(versions, count, rule->zone, at_us, &until_us);
            heng_us piece_us = until_us < to_us ? until_us : to_us;
            long_us[period] += (uint64_t)(piece_us - at_us);
            at_us = piece_us;
        }
        give(day, i, long_us, ret);
    }
}
