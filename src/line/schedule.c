#include "line/schedule.h"

/* Local time is counted in seconds since 1970-01-01T00:00 by the wall clock of the site, as if that clock were UTC's.
 * heng_zone_us() gives the first moment at which the wall clock shows a time or has gone past it, so it never falls
 * when local time rises: whatever is searched in local time is found in the right order. */
enum { DAY_S = 86400, DAY_MINUTES = 1440, PERIOD_MAX_S = 31 * DAY_S };
enum { LAST_DAY_BIT = 31 };

/* Some day of the month comes back within 62 days (the 31st), so a search may give up soon after that; one with a
 * period of several days that has to meet a day of the month may take years. */
enum { SEARCH_DAYS = 64, SEARCH_PERIOD_DAYS = 12000 };

#define LOCAL_NEVER INT64_MAX

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Nine thousand years to both sides of 1970 are enough, and no sum overflows. */
#define SANE_US (INT64_C(1) << 58)

static heng_us sane(heng_us at_us) { return at_us > SANE_US ? SANE_US : at_us < -SANE_US ? -SANE_US : at_us; }

static int64_t local_s(const struct heng_zone *zone, heng_us at_us)
{
    return floor_div(at_us, HENG_US_PER_S) + heng_zone_offset_s(zone, at_us);
}

static heng_us moment(const struct heng_zone *zone, int64_t local)
{
    struct heng_civil civil = heng_us_to_civil(local * HENG_US_PER_S);
    return heng_zone_us(zone, &civil);
}

/* Is this day (counted from 1970) among those days of the month? */
static bool day_is_among(uint32_t days, int64_t day)
{
    unsigned of_month = heng_us_to_civil(day * HENG_US_PER_DAY).day;
    bool last = heng_us_to_civil((day + 1) * HENG_US_PER_DAY).day == 1;
    return (days >> (of_month - 1) & 1) || (last && days >> LAST_DAY_BIT & 1);
}

/* The first of the times of a day behind second `after` of it; -1 for none. */
static int64_t next_time(const struct heng_schedule *schedule, int64_t after)
{
    int64_t best = -1;
    for (unsigned i = 0; i < schedule->time_count; i++) {
        int64_t at = schedule->times[i] * 60;
        if (at > after && (best < 0 || at < best)) best = at;
    }
    return best;
}

/* The first start behind second `after` (-1 and more) of this day, as a second of the day; -1 for none. Periods of more
 * than a day run on from 1970-01-01, shorter ones begin anew at midnight. */
static int64_t next_in_day(const struct heng_schedule *schedule, int64_t day, int64_t after)
{
    if (schedule->period_s == 0) return next_time(schedule, after);
    int64_t origin = schedule->period_s > DAY_S ? -day * DAY_S : 0;
    int64_t at = origin + (floor_div(after - origin, schedule->period_s) + 1) * schedule->period_s;
    return at < DAY_S ? at : -1;
}

/* The first start behind local second `after`. */
static int64_t next_local(const struct heng_schedule *schedule, int64_t after)
{
    int limit = schedule->period_s > DAY_S ? SEARCH_PERIOD_DAYS : SEARCH_DAYS;
    int64_t first = floor_div(after, DAY_S);
    for (int64_t day = first; day < first + limit; day++) {
        if (schedule->days && !day_is_among(schedule->days, day)) continue;
        int64_t at = next_in_day(schedule, day, day == first ? after - first * DAY_S : -1);
        if (at >= 0) return day * DAY_S + at;
    }
    return LOCAL_NEVER;
}

heng_us heng_schedule_next(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us after_us)
{
    after_us = sane(after_us);
    if (schedule->period_s == 0 && schedule->time_count == 0) return HENG_US_NEVER;
    /* What the clock shows a second time in autumn has been: the search goes on behind it. */
    for (int64_t local = local_s(zone, after_us);;) {
        local = next_local(schedule, local);
        if (local == LOCAL_NEVER) return HENG_US_NEVER;
        heng_us at_us = moment(zone, local);
        if (at_us > after_us) return at_us;
    }
}

heng_us heng_schedule_next_due(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us after_us)
{
    int64_t first = floor_div(local_s(zone, sane(after_us)), DAY_S);
    for (int64_t day = first; schedule->due_days && day < first + SEARCH_DAYS; day++) {
        if (!day_is_among(schedule->due_days, day)) continue;
        heng_us at_us = moment(zone, day * DAY_S + schedule->due_minute * 60);
        if (at_us > after_us) return at_us;
    }
    return HENG_US_NEVER;
}

heng_us heng_schedule_last_due(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us)
{
    /* The wall clock may have been put back over midnight a moment ago: look from tomorrow on. */
    int64_t first = floor_div(local_s(zone, sane(at_us)), DAY_S) + 1;
    for (int64_t day = first; schedule->due_days && day > first - SEARCH_DAYS; day--) {
        if (!day_is_among(schedule->due_days, day)) continue;
        heng_us due_us = moment(zone, day * DAY_S + schedule->due_minute * 60);
        if (due_us <= at_us) return due_us;
    }
    return INT64_MIN;
}

static bool within(const struct heng_day_window *windows, unsigned count, unsigned minute)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned from = windows[i].from, until = windows[i].until;
        if (until > from ? minute >= from && minute < until : minute >= from || minute < until) return true;
    }
    return false;
}

static int64_t second_of_day(const struct heng_zone *zone, heng_us at_us)
{
    int64_t local = local_s(zone, sane(at_us));
    return local - floor_div(local, DAY_S) * DAY_S;
}

bool heng_schedule_powered(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us)
{
    return !within(schedule->power_off, schedule->power_off_count, (unsigned)second_of_day(zone, at_us) / 60);
}

static bool open_at(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us)
{
    if (!heng_schedule_powered(schedule, zone, at_us)) return false;
    return schedule->read_window_count == 0 ||
           within(schedule->read_windows, schedule->read_window_count, (unsigned)second_of_day(zone, at_us) / 60);
}

/* Seconds from second `now` of the day until the wall clock next shows one of the ends of these windows. */
static int64_t to_next_end(const struct heng_day_window *windows, unsigned count, int64_t now, int64_t best)
{
    for (unsigned i = 0; i < 2 * count; i++) {
        int64_t end = (i % 2 ? windows[i / 2].until : windows[i / 2].from) * 60 - now;
        if (end <= 0) end += DAY_S;
        if (end < best) best = end;
    }
    return best;
}

/* The moment in (low, high] from which on the wall clock is no longer ahead of UTC by what it is at low. */
static heng_us change_of_offset(const struct heng_zone *zone, heng_us low, heng_us high)
{
    int32_t offset = heng_zone_offset_s(zone, low);
    while (high - low > 1) {
        heng_us middle = low + (high - low) / 2;
        if (heng_zone_offset_s(zone, middle) == offset)
            low = middle;
        else
            high = middle;
    }
    return high;
}

bool heng_schedule_open(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us,
                        heng_us *ret_until)
{
    at_us = sane(at_us);
    bool open = open_at(schedule, zone, at_us);
    *ret_until = HENG_US_NEVER;
    if (schedule->read_window_count + schedule->power_off_count == 0) return open;
    heng_us now_us = at_us;
    while (now_us - at_us < 3 * HENG_US_PER_DAY) {
        int64_t second = second_of_day(zone, now_us);
        int64_t step = to_next_end(schedule->read_windows, schedule->read_window_count, second, DAY_S);
        step = to_next_end(schedule->power_off, schedule->power_off_count, second, step);
        heng_us next_us = (floor_div(now_us, HENG_US_PER_S) + step) * HENG_US_PER_S;
        /* Where the clock is put forward or back on the way, look at that moment first. */
        if (heng_zone_offset_s(zone, next_us) != heng_zone_offset_s(zone, now_us))
            next_us = change_of_offset(zone, now_us, next_us);
        now_us = next_us;
        if (open_at(schedule, zone, now_us) != open) {
            *ret_until = now_us;
            return open;
        }
    }
    return open;
}

heng_us heng_schedule_spread(const struct heng_schedule *schedule, int64_t device_id)
{
    /* splitmix64: neighbours in number are no neighbours in time. */
    uint64_t x = (uint64_t)device_id + UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    x ^= x >> 31;
    return (heng_us)(x % ((uint64_t)schedule->spread_s * (uint64_t)HENG_US_PER_S + 1));
}

static heng_rc check_windows(const struct heng_schedule *schedule, const char *what,
                             const struct heng_day_window *windows, unsigned count, struct heng_err *err)
{
    if (count > HENG_SCHEDULE_WINDOWS_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': %s has %u windows, at most %d are possible",
                         schedule->name, what, count, HENG_SCHEDULE_WINDOWS_MAX);
    for (unsigned i = 0; i < count; i++)
        if (windows[i].from >= DAY_MINUTES || windows[i].until >= DAY_MINUTES)
            return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': %s ends at minutes of the day, 0 to 1439",
                             schedule->name, what);
    return HENG_OK;
}

heng_rc heng_schedule_check(const struct heng_schedule *schedule, struct heng_err *err)
{
    const char *name = schedule->name;
    if (schedule->period_s > PERIOD_MAX_S)
        return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': period_s is %u, it may be 0 to %d (31 days)", name,
                         schedule->period_s, PERIOD_MAX_S);
    if (schedule->time_count > HENG_SCHEDULE_TIMES_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': times has %u entries, at most %d are possible", name,
                         schedule->time_count, HENG_SCHEDULE_TIMES_MAX);
    for (unsigned i = 0; i < schedule->time_count; i++)
        if (schedule->times[i] >= DAY_MINUTES)
            return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': times has %u, minutes of a day are 0 to 1439",
                             name, schedule->times[i]);
    if (schedule->due_minute >= DAY_MINUTES)
        return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': due_minute is %u, minutes of a day are 0 to 1439",
                         name, schedule->due_minute);
    uint32_t spread_max_s = schedule->period_s ? schedule->period_s : DAY_S;
    if (schedule->spread_s > spread_max_s)
        return heng_fail(err, HENG_ECONFIG, 0, "schedule '%.40s': spread_s is %u, it may be 0 to %u (%s)", name,
                         schedule->spread_s, spread_max_s, schedule->period_s ? "the period" : "a day");
    heng_rc rc = check_windows(schedule, "read_windows", schedule->read_windows, schedule->read_window_count, err);
    if (rc == HENG_OK) rc = check_windows(schedule, "power_off", schedule->power_off, schedule->power_off_count, err);
    for (unsigned i = 0; rc == HENG_OK && i < schedule->power_off_count; i++)
        if (schedule->power_off[i].from == schedule->power_off[i].until)
            rc =
                heng_fail(err, HENG_ECONFIG, 0,
                          "schedule '%.40s': power_off begins and ends at the same minute, which is a whole day", name);
    return rc;
}
