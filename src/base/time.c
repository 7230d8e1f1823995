#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Days since 1970-01-01 of a Gregorian date, counted in 400-year eras that start on 1 March. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    if (month <= 2) year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static unsigned days_in_month(int year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool heng_civil_valid(const struct heng_civil *c)
{
    return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days_in_month(c->year, c->month) &&
           c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

heng_us heng_civil_to_us(const struct heng_civil *c)
{
    int64_t days = days_from_civil(c->year, c->month, c->day);
    return (days * 86400 + c->hour * 3600 + c->minute * 60 + c->second) * HENG_US_PER_S;
}

struct heng_civil heng_us_to_civil(heng_us at_us)
{
    int64_t seconds = at_us / HENG_US_PER_S - (at_us % HENG_US_PER_S < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int64_t rest = seconds - days * 86400;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct heng_civil){
        .year = (int16_t)(year_of_era + era * 400 + (month <= 2)),
        .month = (uint8_t)month,
        .day = (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .hour = (uint8_t)(rest / 3600),
        .minute = (uint8_t)(rest / 60 % 60),
        .second = (uint8_t)(rest % 60),
    };
}

void heng_us_format(heng_us at_us, char ret_text[static HENG_TIME_TEXT_MAX])
{
    struct heng_civil c = heng_us_to_civil(at_us);
    int64_t fraction = at_us % HENG_US_PER_S;
    if (fraction < 0) fraction += HENG_US_PER_S;
    int n = snprintf(ret_text, HENG_TIME_TEXT_MAX, "%04d-%02u-%02uT%02u:%02u:%02u", c.year, c.month, c.day, c.hour,
                     c.minute, c.second);
    if (fraction)
        snprintf(ret_text + n, HENG_TIME_TEXT_MAX - (size_t)n, ".%06lldZ", (long long)fraction);
    else
        snprintf(ret_text + n, HENG_TIME_TEXT_MAX - (size_t)n, "Z");
}

/* Exactly `count` digits at *p, which moves on; -1 when one is missing. */
static int digits(const char **p, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9') return -1;
        value = value * 10 + (**p - '0');
    }
    return value;
}

static bool skip(const char **p, char c)
{
    if (**p != c) return false;
    (*p)++;
    return true;
}

heng_rc heng_us_parse(const char *text, heng_us *ret, struct heng_err *err)
{
    const char *p = text;
    int year = -1, month = -1, day = -1, hour = -1, minute = -1, second = -1;
    bool ok = (year = digits(&p, 4)) >= 0 && skip(&p, '-') && (month = digits(&p, 2)) >= 0 && skip(&p, '-') &&
              (day = digits(&p, 2)) >= 0 && skip(&p, 'T') && (hour = digits(&p, 2)) >= 0 && skip(&p, ':') &&
              (minute = digits(&p, 2)) >= 0 && skip(&p, ':') && (second = digits(&p, 2)) >= 0;
    int64_t fraction = 0;
    if (ok && skip(&p, '.')) {
        int64_t unit = HENG_US_PER_S;
        int count = 0;
        for (; *p >= '0' && *p <= '9'; p++, count++) {
            unit /= 10;
            fraction += unit * (*p - '0');
        }
        ok = count >= 1 && count <= 6;
    }
    ok = ok && skip(&p, 'Z') && *p == '\0';
    struct heng_civil c = {(int16_t)year, (uint8_t)month,  (uint8_t)day,
                           (uint8_t)hour, (uint8_t)minute, (uint8_t)second};
    if (!ok || !heng_civil_valid(&c))
        return heng_fail(err, HENG_EFORMAT, (uint32_t)(p - text),
                         "'%.40s' is not a time: write it in UTC as 2026-11-20T12:00:00Z", text);
    *ret = heng_civil_to_us(&c) + fraction;
    return HENG_OK;
}

static heng_us clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (heng_us)t.tv_sec * HENG_US_PER_S + t.tv_nsec / 1000;
}

heng_us heng_clock_wall(void) { return clock_us(CLOCK_REALTIME); }
heng_us heng_clock_mono(void) { return clock_us(CLOCK_MONOTONIC); }
heng_us heng_clock_cpu(void) { return clock_us(CLOCK_PROCESS_CPUTIME_ID); }
