/* The time of ours. The system's wall clock, and what the tier above says it is off by. A box without a battery begins
 * in 1970, so there is a floor: what was made before us, and what is in the journal, was before now.
 *
 * What was stamped by a wrong clock stays as it is, with its mark `doubtful`: a time that somebody invents afterwards
 * could not be explained. When the tier above puts a clock back that was ahead, entries that follow are earlier than
 * the ones before: by as much as the correction needs. Small corrections never turn time back: it stands still instead.
 *
 * While the clock is doubtful the gateways below hear no time from us at all. */
#include "gateway/core_inside.h"

enum { ERROR_MAX_S = 30, NEVER_BEYOND_DAYS = 365 * 100, DRIFT_PER = 10000 }; /* 100 ppm: a bad quartz */

/* Less is no news, and no turning back. */
#define STEP_US (2 * HENG_US_PER_S)

static heng_us floor_of(const struct heng_core *core)
{
    heng_us newest = core->clock.newest_us - STEP_US;
    return newest > core->config.built_us ? newest : core->config.built_us;
}

static heng_us distance(heng_us us) { return us < 0 ? -us : us; }

static heng_us not_back(const struct core_clock *clock, heng_us at)
{
    return at < clock->newest_us && clock->newest_us - at < STEP_US ? clock->newest_us : at;
}

heng_us core_clock_plain(const struct heng_core *core, heng_us now)
{
    return now + core->clock.skew_us + core->clock.offset_us;
}

heng_us core_time(const struct heng_core *core, heng_us now)
{
    return not_back(&core->clock, core_clock_plain(core, now));
}

heng_us heng_core_wall(const struct heng_core *core, heng_us now, heng_us wall_us, bool *ret_doubtful)
{
    const struct core_clock *clock = &core->clock;
    if (ret_doubtful) *ret_doubtful = clock->doubtful;
    /* A jump of the system's clock is looked at by the next poll; until then time goes on as it did. */
    heng_us skew = distance(wall_us - now - clock->skew_us) > STEP_US ? clock->skew_us : wall_us - now;
    return not_back(clock, now + skew + clock->offset_us);
}

/* Two lives may go on from the same newest entry: a disk was put back, or cloned. Told at the same moment, what both
 * say of their start would be one entry for the tier above, and what differs before it would never be asked for. */
static heng_us apart(uint64_t seed) { return (heng_us)((seed * UINT64_C(0x9E3779B97F4A7C15)) >> 44); /* about 1 s */ }

void core_clock_start(struct heng_core *core, heng_us now, heng_us wall_us, heng_us newest_us)
{
    struct core_clock *clock = &core->clock;
    *clock = (struct core_clock){.skew_us = wall_us - now, .newest_us = newest_us, .seen_us = now};
    if (wall_us >= floor_of(core)) return;
    heng_us from = newest_us > core->config.built_us ? newest_us : core->config.built_us;
    clock->offset_us = from + apart(core->config.seed) - wall_us;
    clock->doubtful = true;
}

/* The system's clock was set while we ran. */
static void jumped(struct heng_core *core, heng_us now, heng_us wall_us, heng_us jump)
{
    struct core_clock *clock = &core->clock;
    heng_us old = core_time(core, now);
    clock->skew_us += jump;
    /* The tier above knows better than whoever set it; and a time that cannot be is not followed either. */
    if (clock->corrected || wall_us < floor_of(core)) {
        clock->offset_us -= jump;
        if (clock->corrected || clock->doubtful) return;
        clock->doubtful = true;
        core_event(core, now, HENG_GATEWAY_CLOCK_WRONG, jump, "clock-of-system");
        return;
    }
    clock->offset_us = 0;
    clock->doubtful = false;
    if (distance(wall_us - old) > STEP_US)
        core_event(core, now, HENG_GATEWAY_CLOCK_SET, wall_us - old, "clock-of-system");
}

void core_clock_see(struct heng_core *core, heng_us now, heng_us wall_us)
{
    heng_us jump = wall_us - now - core->clock.skew_us;
    core->clock.seen_us = now;
    if (distance(jump) > STEP_US)
        jumped(core, now, wall_us, jump);
    else
        core->clock.skew_us += jump;
}

/* The best measurement counts, but it ages as the quartz drifts; one that contradicts it counts at once. */
void core_clock_above(struct heng_core *core, heng_us now, heng_us by, heng_us error_us)
{
    struct core_clock *clock = &core->clock;
    heng_us above;
    if (error_us < 0 || error_us > ERROR_MAX_S * HENG_US_PER_S) return;
    if (__builtin_add_overflow(core_clock_plain(core, now), by, &above)) return;
    if (above < core->config.built_us || above > core->config.built_us + NEVER_BEYOND_DAYS * HENG_US_PER_DAY) return;
    heng_us aged = clock->error_us + (now - clock->taken_us) / DRIFT_PER;
    if (clock->corrected && error_us > aged && distance(by) <= error_us + aged) return;
    clock->offset_us += by;
    clock->error_us = error_us;
    clock->taken_us = now;
    clock->corrected = true;
    clock->doubtful = false;
    if (distance(by) <= STEP_US) return;
    if (by < 0) clock->newest_us = above;
    core_event(core, now, HENG_GATEWAY_CLOCK_SET, by, "clock-by-above error_ms=%lld",
               (long long)(error_us / HENG_US_PER_MS));
}
