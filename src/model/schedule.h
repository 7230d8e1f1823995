#ifndef HENG_MODEL_SCHEDULE_H
#define HENG_MODEL_SCHEDULE_H
/* When a group of meters is read. Times are local ones of the site; minutes count from midnight. */
#include "base/time.h"

struct heng_zone; /* base/zone.h */

/* From minute `from` until before minute `until` of the day; until <= from goes past midnight. */
struct heng_day_window {
    uint16_t from, until;
};

enum { HENG_SCHEDULE_TIMES_MAX = 48, HENG_SCHEDULE_WINDOWS_MAX = 4 };

/* Periodic reads come every period_s from local midnight on, or, when period_s is 0, at the times of the days; neither:
 * never. Due-date reads come on the due days at due_minute and are owed until they are done, or replaced by the next.
 * Shape: period_s 0 or 60 .. 31 days (shorter ones, from 1 s, are for tests and demonstrations); days and due_days: bit
 *        d - 1 for day d of the month, bit 31 for its last day; days 0: every day; due_days 0: no due-date reads;
 *        minutes 0..1439; spread_s: each meter of the group starts up to so much later, always by the same share.
 * read_windows: nothing scheduled is asked outside of them; none: always. power_off: the meters have no power then:
 * nothing is asked, and nobody is blamed. */
struct heng_schedule {
    int64_t id;
    char name[48];
    uint32_t period_s, days, due_days, spread_s;
    uint16_t due_minute, time_count;
    uint16_t times[HENG_SCHEDULE_TIMES_MAX];
    uint8_t read_window_count, power_off_count;
    struct heng_day_window read_windows[HENG_SCHEDULE_WINDOWS_MAX], power_off[HENG_SCHEDULE_WINDOWS_MAX];
};

#endif
