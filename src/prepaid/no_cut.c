#include "prepaid/no_cut.h"

#include "base/json_reader.h"

enum { DAY_MINUTES = 1440, LOOK_DAYS = 400 };

const struct heng_no_cut heng_no_cut_usual = {
    .hours = {{16 * 60, 8 * 60}}, .hour_count = 1, .weekends = true, .holidays = true};

/* --- form ------------------------------------------------------------------------------------------------------ */

static bool take_number(const char **p, size_t digits, int *ret)
{
    *ret = 0;
    for (size_t i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9') return false;
        *ret = *ret * 10 + (**p - '0');
    }
    return true;
}

static bool take_char(const char **p, char c) { return **p == c && (*p)++; }

static bool take_minute(const char **p, uint16_t *ret)
{
    int hour, minute;
    if (!take_number(p, 2, &hour) || !take_char(p, ':') || !take_number(p, 2, &minute)) return false;
    *ret = (uint16_t)(hour * 60 + minute);
    return minute < 60 && *ret <= DAY_MINUTES;
}

static bool take_day(const char **p, heng_day *ret)
{
    int year, month, day, back[3];
    if (!take_number(p, 4, &year) || !take_char(p, '-') || !take_number(p, 2, &month) || !take_char(p, '-') ||
        !take_number(p, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31 || year < 1970)
        return false;
    *ret = heng_day_of_date(year, month, day);
    heng_day_date(*ret, &back[0], &back[1], &back[2]);
    return back[1] == month && back[2] == day;
}

static void read_hours(struct heng_json_reader *r, struct heng_no_cut *ret)
{
    char text[16];
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        const char *p = text;
        uint16_t from, to;
        heng_json_get_string(r, text, sizeof text);
        if (r->err.rc != HENG_OK) return;
        if (!take_minute(&p, &from) || !take_char(&p, '-') || !take_minute(&p, &to) || *p || from == to)
            heng_json_refuse(r, HENG_EFORMAT, "'%s' are no hours: 17:00-08:30 are some", text);
        else if (ret->hour_count == HENG_NO_CUT_HOURS_MAX)
            heng_json_refuse(r, HENG_ELIMIT, "more than %d hours", HENG_NO_CUT_HOURS_MAX);
        else {
            ret->hours[ret->hour_count].from_minute = from;
            ret->hours[ret->hour_count++].to_minute = to;
        }
    }
}

static void read_days(struct heng_json_reader *r, struct heng_no_cut *ret)
{
    char text[24];
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        const char *p = text;
        heng_day first, last;
        heng_json_get_string(r, text, sizeof text);
        if (r->err.rc != HENG_OK) return;
        bool good = take_day(&p, &first);
        last = good ? first : 0;
        if (good && *p) good = take_char(&p, '/') && take_day(&p, &last) && !*p && last >= first;
        if (!good)
            heng_json_refuse(r, HENG_EFORMAT, "'%s' is no day: 2026-12-24 or 2027-02-05/2027-02-12 is one", text);
        else if (ret->day_count == HENG_NO_CUT_DAYS_MAX)
            heng_json_refuse(r, HENG_ELIMIT, "more than %d days", HENG_NO_CUT_DAYS_MAX);
        else {
            ret->days[ret->day_count].first = first;
            ret->days[ret->day_count++].last = last;
        }
    }
}

static bool within_hours(const struct heng_no_cut *n, int minute)
{
    for (size_t i = 0; i < n->hour_count; i++) {
        int from = n->hours[i].from_minute, to = n->hours[i].to_minute;
        if (from < to ? minute >= from && minute < to : minute >= from || minute < to) return true;
    }
    return false;
}

heng_rc heng_no_cut_parse(struct heng_slice json, struct heng_no_cut *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_slice key;
    int minute = 0;
    *ret = (struct heng_no_cut){0};
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "hours"))
            read_hours(&r, ret);
        else if (heng_slice_is(key, "days"))
            read_days(&r, ret);
        else if (heng_slice_is(key, "weekends"))
            ret->weekends = heng_json_get_bool(&r);
        else if (heng_slice_is(key, "holidays"))
            ret->holidays = heng_json_get_bool(&r);
        else
            heng_json_refuse(&r, HENG_EFORMAT, "'%.*s' is unknown here", (int)(key.n < 40 ? key.n : 40),
                             (const char *)key.p);
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK) return heng_fail(err, r.err.rc, r.err.at, "%s", r.err.text);
    while (minute < DAY_MINUTES && within_hours(ret, minute)) minute++;
    return minute < DAY_MINUTES ? HENG_OK : heng_fail(err, HENG_ECONFIG, 0, "these hours leave no moment of a day");
}

/* --- search ---------------------------------------------------------------------------------------------------- */

static bool whole_day(const struct heng_no_cut *n, const struct heng_calendars *holidays, heng_day day)
{
    unsigned kind = heng_calendars_kind(holidays, day);
    int weekday = heng_day_weekday(day);
    for (size_t i = 0; i < n->day_count; i++)
        if (day >= n->days[i].first && day <= n->days[i].last) return true;
    if (kind == 0) return false; /* it is worked, whatever its weekday is called */
    bool is_holiday = weekday < 5 || (weekday == 5 && kind == 2);
    return (weekday >= 5 && n->weekends) || (is_holiday && n->holidays);
}

static heng_us moment(const struct heng_zone *zone, heng_day day, int minute)
{
    int year, month, day_of_month;
    heng_day_date(day, &year, &month, &day_of_month);
    struct heng_civil civil = {.year = (int16_t)year,
                               .month = (uint8_t)month,
                               .day = (uint8_t)day_of_month,
                               .hour = (uint8_t)(minute / 60),
                               .minute = (uint8_t)(minute % 60)};
    return heng_zone_us(zone, &civil);
}

heng_us heng_no_cut_next(const struct heng_no_cut *no_cut, const struct heng_zone *zone,
                         const struct heng_calendars *holidays, heng_us now_us)
{
    struct heng_civil civil = heng_zone_civil(zone, now_us);
    heng_day day = heng_day_of_date(civil.year, civil.month, civil.day);
    int minute = civil.hour * 60 + civil.minute;
    for (int i = 0; i < LOOK_DAYS; i++, day++, minute = 0) {
        if (whole_day(no_cut, holidays, day)) continue;
        int first = minute;
        while (first < DAY_MINUTES && within_hours(no_cut, first)) first++;
        if (first == DAY_MINUTES) continue;
        if (i == 0 && first == minute) return now_us;
        heng_us at = moment(zone, day, first);
        return at > now_us ? at : now_us; /* an hour that comes twice is over with its first */
    }
    return HENG_US_NEVER;
}
