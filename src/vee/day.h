#ifndef HENG_VEE_DAY_H
#define HENG_VEE_DAY_H
/* Days as a site bills them: local days of its zone, begun at midnight or at another minute (heat: often 08:00), of 23,
 * 24 or 25 hours; months made of such days; and the usage of one channel on one of them. */
#include "base/dec.h"
#include "base/time.h"
#include "base/zone.h"
#include "vee/quality.h"

/* zone NULL is UTC. start_minute: minutes after local midnight, 0..1439. Everything is end-exclusive: [from, to). */
struct heng_day_rule {
    const struct heng_zone *zone;
    int16_t start_minute;
};

/* A day is named by its local date, as days since 1970-01-01. */
typedef int32_t heng_day;
heng_day heng_day_at(const struct heng_day_rule *rule, heng_us at_us);
heng_us heng_day_from_us(const struct heng_day_rule *rule, heng_day day); /* its to: that of day + 1 */
heng_day heng_day_of_date(int year, int month, int day_of_month);
void heng_day_date(heng_day day, int *ret_year, int *ret_month, int *ret_day_of_month);
int heng_day_weekday(heng_day day);                   /* 0 Monday .. 6 Sunday */
heng_day heng_month_of(heng_day day);                 /* its first day */
heng_day heng_month_next(heng_day first, int months); /* first day of the month so many later (or earlier) */

/* "2026-11-20", always 10 characters. */
enum { HENG_DATE_TEXT_MAX = 16 };
void heng_date_format(heng_day day, char ret[HENG_AT_LEAST(HENG_DATE_TEXT_MAX)]);

/* Intervals of a day: so many minutes each in elapsed time, from its beginning; 92, 96 or 100 quarter hours. minutes
 * divides 60, or is 60 or 1440 (the whole day, however long). What is left at the end of an odd day (a zone that moved
 * by 20 minutes, say) makes a shorter last interval, beyond HENG_DAY_INTERVALS_MAX a longer one. */
enum { HENG_DAY_INTERVALS_MAX = 300 };                                                    /* 25 h of 5 minutes */
int heng_day_interval_count(const struct heng_day_rule *rule, heng_day day, int minutes); /* 0: no such day there */
bool heng_day_minutes_valid(int minutes);

/* What one channel of a point used on one day. Amounts are multiples of 10^exp of the channel's unit; those of the
 * intervals sum to amount exactly. trust: of the worst interval; MISSING: some interval has no amount, and amount is
 * the sum of those that have one, which is no value of the day. The same facts give the same bytes. */
struct heng_day_usage {
    heng_day day;
    int8_t exp;
    heng_trust trust;
    heng_method method; /* of the worst part */
    uint16_t permille;  /* confidence: share of the amount that rests on readings near enough, 0..1000 */
    uint16_t count;     /* intervals */
    uint16_t missing;   /* intervals without an amount */
    uint64_t flags;     /* 1 << heng_rule: rules that said something of this day above `told` */
    int64_t amount;
    int64_t amounts[HENG_DAY_INTERVALS_MAX]; /* count; 0 where missing */
    uint8_t trusts[HENG_DAY_INTERVALS_MAX];  /* heng_trust */
};

/* True when all is the same, up to count. */
bool heng_day_usage_eq(const struct heng_day_usage *a, const struct heng_day_usage *b);

#endif
