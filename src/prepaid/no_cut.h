#ifndef HENG_PREPAID_NO_CUT_H
#define HENG_PREPAID_NO_CUT_H
/* Hours and days in which nothing is cut. Pure. A calendar is JSON, all of it may be left out:
 *   {"hours": ["17:00-08:30"], "weekends": true, "holidays": true, "days": ["2027-02-05/2027-02-12", "2026-12-24"]}
 * hours are local, [from, to), over midnight when from is behind to. Weekends and holidays are those of the calendar
 * that the site keeps (usage/tou.h): a Saturday that is worked is a working day. Supply comes back at any time. */
#include "usage/tou.h"

enum { HENG_NO_CUT_HOURS_MAX = 16, HENG_NO_CUT_DAYS_MAX = 64 };

struct heng_no_cut {
    struct {
        uint16_t from_minute, to_minute;
    } hours[HENG_NO_CUT_HOURS_MAX];
    struct {
        heng_day first, last;
    } days[HENG_NO_CUT_DAYS_MAX];
    size_t hour_count, day_count;
    bool weekends, holidays;
};

/* Where a site has none: not from 16:00 to 08:00, on weekends, on holidays. */
extern const struct heng_no_cut heng_no_cut_usual;

/* Errors: EFORMAT no JSON or not this (err->at the line), ECONFIG hours that leave no moment of any day, ELIMIT. */
HENG_NODISCARD heng_rc heng_no_cut_parse(struct heng_slice json, struct heng_no_cut *ret, struct heng_err *err);

/* The next moment at or behind now_us at which may be cut; HENG_US_NEVER: none within a year. zone NULL: UTC. */
heng_us heng_no_cut_next(const struct heng_no_cut *no_cut, const struct heng_zone *zone,
                         const struct heng_calendars *holidays, heng_us now_us);

#endif
