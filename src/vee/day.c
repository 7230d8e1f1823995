#include "vee/day.h"

#include <stdio.h>
#include <string.h>

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static struct heng_civil civil_of(heng_day day) { return heng_us_to_civil((heng_us)day * HENG_US_PER_DAY); }

heng_us heng_day_from_us(const struct heng_day_rule *rule, heng_day day)
{
    struct heng_civil c = civil_of(day);
    c.hour = (uint8_t)(rule->start_minute / 60);
    c.minute = (uint8_t)(rule->start_minute % 60);
    return heng_zone_us(rule->zone, &c);
}

heng_day heng_day_at(const struct heng_day_rule *rule, heng_us at_us)
{
    int64_t ahead_us = (heng_zone_offset_s(rule->zone, at_us) - rule->start_minute * INT64_C(60)) * HENG_US_PER_S;
    heng_day day = (heng_day)floor_div(at_us + ahead_us, HENG_US_PER_DAY);
    /* Clocks that are set around the beginning of a day: what its bounds say counts. */
    while (at_us < heng_day_from_us(rule, day)) day--;
    while (at_us >= heng_day_from_us(rule, day + 1)) day++;
    return day;
}

heng_day heng_day_of_date(int year, int month, int day_of_month)
{
    struct heng_civil c = {(int16_t)year, (uint8_t)month, (uint8_t)day_of_month, 0, 0, 0};
    return (heng_day)floor_div(heng_civil_to_us(&c), HENG_US_PER_DAY);
}

void heng_day_date(heng_day day, int *ret_year, int *ret_month, int *ret_day_of_month)
{
    struct heng_civil c = civil_of(day);
    *ret_year = c.year;
    *ret_month = c.month;
    *ret_day_of_month = c.day;
}

/* 1970-01-01 was a Thursday. */
int heng_day_weekday(heng_day day) { return (int)((((int64_t)day + 3) % 7 + 7) % 7); }

void heng_date_format(heng_day day, char ret[HENG_AT_LEAST(HENG_DATE_TEXT_MAX)])
{
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    snprintf(ret, HENG_DATE_TEXT_MAX, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)of_month % 100);
}

heng_day heng_month_of(heng_day day) { return day - (civil_of(day).day - 1); }

heng_day heng_month_next(heng_day first, int months)
{
    struct heng_civil c = civil_of(first);
    int64_t month = c.year * INT64_C(12) + c.month - 1 + months;
    return heng_day_of_date((int)floor_div(month, 12), (int)(month - floor_div(month, 12) * 12) + 1, 1);
}

bool heng_day_minutes_valid(int minutes)
{
    return minutes == 1440 || (minutes >= 5 && minutes <= 60 && 60 % minutes == 0);
}

int heng_day_interval_count(const struct heng_day_rule *rule, heng_day day, int minutes)
{
    int64_t long_us = heng_day_from_us(rule, day + 1) - heng_day_from_us(rule, day);
    int64_t each_us = minutes * 60 * HENG_US_PER_S;
    if (long_us <= 0) return 0;
    if (minutes == 1440) return 1;
    int64_t count = (long_us + each_us - 1) / each_us;
    return count > HENG_DAY_INTERVALS_MAX ? HENG_DAY_INTERVALS_MAX : (int)count;
}

bool heng_day_usage_eq(const struct heng_day_usage *a, const struct heng_day_usage *b)
{
    return a->day == b->day && a->exp == b->exp && a->trust == b->trust && a->method == b->method &&
           a->permille == b->permille && a->count == b->count && a->missing == b->missing && a->flags == b->flags &&
           a->amount == b->amount && a->count <= HENG_DAY_INTERVALS_MAX &&
           memcmp(a->amounts, b->amounts, a->count * sizeof a->amounts[0]) == 0 &&
           memcmp(a->trusts, b->trusts, a->count) == 0;
}
