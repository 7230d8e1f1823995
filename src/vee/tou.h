#ifndef HENG_VEE_TOU_H
#define HENG_VEE_TOU_H
/* Calendars of tariff periods: which of up to eight periods (sharp peak, peak, flat, valley ...) a moment of local time
 * belongs to, and how much of a day's usage falls into each. A tariff year is data: seasons, kinds of days, windows. */
#include "vee/day.h"

enum {
    HENG_TOU_PERIODS = 8, /* numbered 1..8; what they are called is the tariff's matter */
    HENG_TOU_SEASONS_MAX = 16,
    HENG_TOU_WINDOWS_MAX = 256,
    HENG_TOU_SPECIALS_MAX = 512,
};
/* Kinds of days: weekdays 0 Monday .. 6 Sunday, 7 holiday; a set is 1 << kind. */
enum { HENG_TOU_HOLIDAY = 7, HENG_TOU_KINDS = 8 };

/* A season holds from this month and day until the next season of the list begins, around the turn of the year. */
struct heng_tou_season {
    uint8_t month, day; /* of its first day */
};

/* In one season, on a set of kinds of days, from..to minutes of the wall clock since midnight (0..1440, from < to) are
 * of this period. Of several that match a minute the first in the list counts; what none matches is of the period
 * `otherwise`. A window over midnight is two. */
struct heng_tou_window {
    uint16_t seasons; /* set: 1 << number in the list of seasons */
    uint8_t kinds;    /* set */
    uint8_t period;   /* 1..8 */
    uint16_t from_minute, to_minute;
};

/* A date that is another kind of day: a holiday, or a Saturday that works as a Monday. Sorted by date. */
struct heng_tou_special {
    heng_day date;
    uint8_t kind; /* 0..7 */
};

/* One version of a calendar. Arrays are borrowed. */
struct heng_tou {
    heng_day valid_from; /* the first date on which it holds; until the next version */
    uint8_t otherwise;   /* 1..8 */
    uint16_t season_count, window_count, special_count;
    const struct heng_tou_season *seasons; /* sorted by month and day; none is one season all year */
    const struct heng_tou_window *windows;
    const struct heng_tou_special *specials;
};

/* Errors: ECONFIG; the text says which entry is wrong, err->at its number. Check before use. */
HENG_NODISCARD heng_rc heng_tou_check(const struct heng_tou *tou, struct heng_err *err);

/* The version in force on a local date: of those sorted by valid_from the last that has begun; NULL before the first.
 */
const struct heng_tou *heng_tou_version(const struct heng_tou *versions, size_t count, heng_day date);

/* Which of its seasons a date is in: its number in the list, 0 when there is no list. */
unsigned heng_tou_season_of(const struct heng_tou *tou, heng_day date);

/* The kind of a local date: 0 Monday .. 6 Sunday, 7 holiday, by the version in force; before the first by the weekday.
 */
unsigned heng_tou_kind(const struct heng_tou *versions, size_t count, heng_day date);

/* The period of a moment: 1..8, 0 when no version is in force. zone NULL is UTC. */
int heng_tou_period(const struct heng_tou *versions, size_t count, const struct heng_zone *zone, heng_us at_us);

/* A day's usage by period. amounts[p] of period p; they sum to the day's amount exactly, [0] is of time without a
 * calendar. trusts: the worst of the intervals that give to it; 0 where there is none. An interval with an edge inside
 * is shared by time, largest remainder: what a period gets of it is INTERPOLATED at best. */
struct heng_tou_day {
    int64_t amounts[HENG_TOU_PERIODS + 1];
    uint8_t trusts[HENG_TOU_PERIODS + 1];
    uint32_t seconds[HENG_TOU_PERIODS + 1]; /* how long each was in force that day; a day has 82800, 86400 or 90000 */
    uint16_t missing[HENG_TOU_PERIODS + 1]; /* intervals without an amount that belong to it, wholly or in part */
};
void heng_tou_split(const struct heng_tou *versions, size_t count, const struct heng_day_rule *rule, int minutes,
                    const struct heng_day_usage *day, struct heng_tou_day *ret);

#endif
