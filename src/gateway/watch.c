#include "gateway/watch.h"

#include <stdio.h>

#include "line/schedule.h"

enum {
    RHYTHMS = 3,
    RHYTHM_S_MIN = 60, /* a meter that is due now has so long to answer, too */
    PAUSE_S_MAX = 30 * 60,
    GROWN_PAUSE_S_MAX = 6 * 3600,
    STALL_S = 60,
    ASLEEP_S = 30, /* nobody looked for so long: the program slept, not the line */
    DOUBLINGS_MAX = 9
};

/* Half of an hour's steps may be taken at once, the other half runs in meanwhile. */
static const heng_us step_cost_us = INT64_C(7200) * HENG_US_PER_S / HENG_WATCH_STEPS_PER_H;

static heng_us least(const struct heng_watch_seen *seen)
{
    return seen->least_us ? seen->least_us : RHYTHM_S_MIN * HENG_US_PER_S;
}

/* --- what can be expected --------------------------------------------------------------------------------------- */

static bool is_used(const struct heng_watch_seen *seen, int64_t schedule_id)
{
    for (size_t i = 0; i < seen->meter_count; i++)
        if (seen->meters[i].schedule_id == schedule_id) return true;
    return false;
}

/* When this schedule next has something to ask after after_us; what falls outside of a window waits for the next. */
static heng_us next_of(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us after_us)
{
    heng_us next = heng_schedule_next(schedule, zone, after_us);
    heng_us due = heng_schedule_next_due(schedule, zone, after_us);
    heng_us at = next < due ? next : due, until;
    if (at == HENG_US_NEVER || heng_schedule_open(schedule, zone, at, &until)) return at;
    return until;
}

/* The same of the whole line, wall clock. */
static heng_us next_expected(const struct heng_watch_seen *seen, heng_us after_us)
{
    const struct heng_line_config *config = seen->config;
    heng_us best = HENG_US_NEVER;
    heng_us period_us = config->period_s * HENG_US_PER_S;
    if (period_us && is_used(seen, 0)) best = after_us + (period_us > least(seen) ? period_us : least(seen));
    for (size_t i = 0; i < config->schedule_count; i++) {
        if (!is_used(seen, config->schedules[i].id)) continue;
        heng_us at = next_of(&config->schedules[i], config->zone, after_us);
        if (at < best) best = at;
    }
    return best;
}

/* Three rhythms after since. What lies between since and the first moment at which something is due counts for one
 * rhythm at most: a window was closed in between. */
static void reckon(struct heng_watch *watch, const struct heng_watch_seen *seen, heng_us wall_ahead_us)
{
    heng_us since = watch->since_us + wall_ahead_us, first = next_expected(seen, since), last = first, second = first;
    watch->limit_us = HENG_US_NEVER;
    watch->rhythm_us = least(seen);
    for (int i = 0; i < RHYTHMS && last != HENG_US_NEVER; i++) {
        heng_us next = next_expected(seen, last), soonest = last + least(seen);
        last = next < soonest ? next_expected(seen, soonest - 1) : next;
        if (i == 0) second = last;
    }
    if (last == HENG_US_NEVER) return;
    heng_us excused = first - since - (second - first);
    watch->rhythm_us = (last - first) / RHYTHMS;
    watch->limit_us = watch->since_us + (excused > 0 ? excused : 0) + (last - first) + least(seen);
}

/* --- healing ---------------------------------------------------------------------------------------------------- */

/* One of the hour's steps, if there is one left. */
static bool spend(struct heng_watch *watch, heng_us now)
{
    heng_us full = now - INT64_C(3600) * HENG_US_PER_S;
    if (watch->credit_us < full) watch->credit_us = full;
    if (watch->credit_us + step_cost_us > now) return false;
    watch->credit_us += step_cost_us;
    return true;
}

/* A step is judged by the read after it: the next one comes when one was due, and had time to be answered. */
static void set_next(struct heng_watch *watch, const struct heng_watch_seen *seen, heng_us now, heng_us wall_us)
{
    heng_us pause = watch->rhythm_us > least(seen) ? watch->rhythm_us : least(seen);
    if (pause > PAUSE_S_MAX * HENG_US_PER_S) pause = PAUSE_S_MAX * HENG_US_PER_S;
    unsigned doublings = watch->steps / 3;
    pause <<= doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX;
    if (pause > GROWN_PAUSE_S_MAX * HENG_US_PER_S) pause = GROWN_PAUSE_S_MAX * HENG_US_PER_S;
    watch->next_us = now + pause;
    heng_us due = next_expected(seen, wall_us);
    if (due == HENG_US_NEVER) return;
    due += now - wall_us + least(seen);
    if (due > watch->next_us) watch->next_us = due;
}

static void duration_text(heng_us us, char *ret, size_t cap)
{
    long long s = us / HENG_US_PER_S;
    if (s < 600)
        snprintf(ret, cap, "%lld s", s);
    else if (s < 2 * 86400)
        snprintf(ret, cap, "%lld h %02lld min", s / 3600, s / 60 % 60);
    else
        snprintf(ret, cap, "%lld days", s / 86400);
}

static heng_watch_step begin_silence(struct heng_watch *watch, heng_us now, char ret_why[static 120])
{
    char how_long[40];
    if (!spend(watch, now)) return HENG_WATCH_NOTHING;
    watch->silent = true;
    watch->steps = 0;
    watch->next_us = now;
    duration_text(now - (watch->answer_us ? watch->answer_us : watch->since_us), how_long, sizeof how_long);
    snprintf(ret_why, 120, "%s for %s", watch->answer_us ? "no answer" : "never an answer, and none", how_long);
    return HENG_WATCH_SILENT;
}

static heng_watch_step heal(struct heng_watch *watch, const struct heng_watch_seen *seen, heng_us now, heng_us wall_us)
{
    static const heng_watch_step steps[] = {HENG_WATCH_REOPEN, HENG_WATCH_RESET, HENG_WATCH_RESTART};
    if (now < watch->next_us || !spend(watch, now)) return HENG_WATCH_NOTHING;
    heng_watch_step step = steps[watch->steps++ % 3];
    set_next(watch, seen, now, wall_us);
    return step;
}

/* --- stalled lines ---------------------------------------------------------------------------------------------- */

static bool is_stalled(struct heng_watch *watch, const struct heng_watch_seen *seen, heng_us now)
{
    bool late = seen->may_ask && seen->deadline_us != HENG_US_NEVER && seen->deadline_us < now - HENG_US_PER_S;
    if (!late) {
        watch->stalled_us = 0;
        return false;
    }
    if (!watch->stalled_us) watch->stalled_us = now;
    return now - watch->stalled_us >= STALL_S * HENG_US_PER_S;
}

/* --- */

void heng_watch_start(struct heng_watch *watch, heng_us now)
{
    *watch = (struct heng_watch){.since_us = now, .seen_us = now, .credit_us = now - INT64_C(3600) * HENG_US_PER_S};
}

void heng_watch_answer(struct heng_watch *watch, heng_us now)
{
    if (watch->silent) watch->back = true;
    watch->answer_us = watch->back ? watch->answer_us : now;
    watch->since_us = now;
    watch->limit_us = 0;
}

void heng_watch_clock(struct heng_watch *watch) { watch->limit_us = 0; }

heng_watch_step heng_watch_look(struct heng_watch *watch, const struct heng_watch_seen *seen, heng_us now,
                                heng_us wall_us, char ret_why[static 120])
{
    heng_us passed = now - watch->seen_us;
    ret_why[0] = '\0';
    watch->seen_us = now;
    if (watch->back) {
        char how_long[40];
        duration_text(watch->since_us - watch->answer_us, how_long, sizeof how_long);
        if (watch->answer_us) snprintf(ret_why, 120, "after %s", how_long);
        watch->back = watch->silent = false;
        watch->answer_us = watch->since_us;
        return HENG_WATCH_BACK;
    }
    if (!seen->may_ask || passed > ASLEEP_S * HENG_US_PER_S) {
        watch->since_us += passed;
        watch->stalled_us = 0;
        if (watch->limit_us != HENG_US_NEVER) watch->limit_us = 0;
        return HENG_WATCH_NOTHING;
    }
    if (is_stalled(watch, seen, now) && spend(watch, now)) {
        snprintf(ret_why, 120, "it had something to do for %d s and did not do it", STALL_S);
        watch->stalled_us = 0;
        return HENG_WATCH_RESTART;
    }
    if (watch->silent) return heal(watch, seen, now, wall_us);
    if (watch->limit_us == 0) reckon(watch, seen, wall_us - now);
    return now >= watch->limit_us ? begin_silence(watch, now, ret_why) : HENG_WATCH_NOTHING;
}
