#include "line/plan.h"

#include <stdlib.h>

/* A due date that was not read is tried again after this; so many of them are made good at most. */
enum { DUE_RETRY_S = 600, BACK_MAX = 12 };

/* A clock that is set back by less than this has not made a time of the schedule come again. */
enum { SMALL_STEP_S = 30 };

static heng_us wall_of(const struct heng_plan *plan, heng_us now) { return now + plan->wall_ahead; }

static heng_us mono_of(const struct heng_plan *plan, heng_us wall)
{
    return wall == HENG_US_NEVER ? HENG_US_NEVER : wall - plan->wall_ahead;
}

static bool is_scheduled(const struct heng_group *group) { return group->schedule.id != 0; }

static heng_us spread_of(const struct heng_group *group, const struct heng_member *member)
{
    if (!is_scheduled(group) || group->schedule.spread_s == 0) return 0;
    return heng_schedule_spread(&group->schedule, member->config.device_id);
}

/* --- life ----------------------------------------------------------------------------------------------- */

struct place { /* of a member in its group */
    heng_us spread;
    uint32_t group, relay, member;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->spread != y->spread) return x->spread < y->spread ? -1 : 1;
    /* NONE is the largest number: those on the line itself come last, and each way is opened once */
    if (x->relay != y->relay) return x->relay < y->relay ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

static heng_rc group_of(const struct heng_plan *plan, struct heng_member *member, struct heng_err *err)
{
    for (size_t g = 0; g < plan->count; g++) {
        if (plan->groups[g].schedule.id != member->config.schedule_id) continue;
        member->group = (uint32_t)g;
        return HENG_OK;
    }
    return heng_fail(err, HENG_ECONFIG, 0, "meter '%s': its schedule is not there", member->config.number);
}

static void sort_members(struct heng_plan *plan, struct place *places, const struct heng_member *members, size_t n,
                         const struct heng_relays *relays)
{
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){spread_of(&plan->groups[members[i].group], &members[i]), members[i].group,
                                   heng_relays_find(relays, members[i].config.relay_id), (uint32_t)i};
    if (n) qsort(places, n, sizeof *places, by_place);
    for (size_t i = 0; i < n; i++) {
        struct heng_group *group = &plan->groups[places[i].group];
        plan->order[i] = places[i].member;
        if (group->count++ == 0) group->order = &plan->order[i];
    }
}

static heng_rc make_groups(struct heng_plan *plan, const struct heng_line_config *config, struct heng_err *err)
{
    for (size_t g = 0; g <= config->schedule_count; g++) {
        struct heng_group *group = &plan->groups[g];
        struct heng_err why;
        group->next = g == 0 && plan->period ? INT64_MIN : HENG_US_NEVER;
        group->due = INT64_MIN;
        group->due_next = group->due_retry = HENG_US_NEVER;
        group->open = group->powered = true;
        if (g == 0) continue;
        group->schedule = config->schedules[g - 1];
        if (heng_schedule_check(&group->schedule, &why) != HENG_OK)
            return heng_fail(err, why.rc, 0, "line '%s': %.120s", config->name, why.text);
    }
    return HENG_OK;
}

heng_rc heng_plan_init(struct heng_plan *plan, const struct heng_line_config *config, struct heng_member *members,
                       size_t member_count, const struct heng_relays *relays, struct heng_err *err)
{
    *plan = (struct heng_plan){.zone = config->zone, .period = (heng_us)config->period_s * HENG_US_PER_S};
    plan->count = config->schedule_count + 1;
    plan->groups = calloc(plan->count, sizeof *plan->groups);
    plan->order = calloc(member_count ? member_count : 1, sizeof *plan->order);
    struct place *places = calloc(member_count ? member_count : 1, sizeof *places);
    heng_rc rc = HENG_OK;
    if (!plan->groups || !plan->order || !places)
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%s'", config->name);
    if (rc == HENG_OK) rc = make_groups(plan, config, err);
    for (size_t i = 0; rc == HENG_OK && i < member_count; i++) rc = group_of(plan, &members[i], err);
    if (rc == HENG_OK) sort_members(plan, places, members, member_count, relays);
    free(places);
    return rc;
}

void heng_plan_fini(struct heng_plan *plan)
{
    free(plan->groups);
    free(plan->order);
    *plan = (struct heng_plan){0};
}

/* --- time ----------------------------------------------------------------------------------------------- */

static void look_at_due(struct heng_plan *plan, struct heng_group *group, heng_us now)
{
    heng_us wall = wall_of(plan, now);
    if (group->schedule.due_days == 0) return;
    heng_us due = heng_schedule_last_due(&group->schedule, plan->zone, wall);
    if (due > group->due) {
        group->due = due;
        group->due_running = true;
        group->due_cursor = 0;
    }
    group->due_next = mono_of(plan, heng_schedule_next_due(&group->schedule, plan->zone, wall));
}

static void look_at_windows(struct heng_plan *plan, struct heng_group *group, heng_us now)
{
    heng_us wall = wall_of(plan, now), until = HENG_US_NEVER;
    bool was_held = !group->open || !group->powered;
    group->open = group->powered = true;
    group->windows_until = HENG_US_NEVER;
    if (group->schedule.read_window_count) {
        group->open = heng_schedule_open(&group->schedule, plan->zone, wall, &until);
        group->windows_until = mono_of(plan, until);
    }
    if (group->schedule.power_off_count) {
        heng_us minute = 60 * HENG_US_PER_S; /* windows begin and end with a minute */
        group->powered = heng_schedule_powered(&group->schedule, plan->zone, wall);
        heng_us again = now + minute - wall % minute;
        if (again < group->windows_until) group->windows_until = again;
    }
    if (!was_held || !group->open || !group->powered || !group->running) return;
    /* The round that was held serves all that was due meanwhile. */
    group->next = mono_of(plan, heng_schedule_next(&group->schedule, plan->zone, wall));
}

/* Due dates that were read by a clock far ahead of this one have not been: else none is read for years. */
static void doubt_future(struct heng_member *members, size_t n, heng_us wall_us)
{
    for (size_t i = 0; i < n; i++)
        if (members[i].config.learned.due_done_us > wall_us + HENG_US_PER_DAY)
            members[i].config.learned.due_done_us = 0;
}

void heng_plan_set_clock(struct heng_plan *plan, struct heng_member *members, size_t member_count, heng_us now,
                         heng_us wall_us)
{
    doubt_future(members, member_count, wall_us);
    heng_us before = wall_of(plan, now);
    bool first = !plan->has_clock;
    plan->wall_ahead = wall_us - now;
    plan->has_clock = true;
    for (size_t g = 1; g < plan->count; g++) {
        struct heng_group *group = &plan->groups[g];
        if (group->count == 0) continue;
        heng_us from = wall_us;
        /* Forward: what was passed over is due once. Back: what comes again is read again, but for a small step. */
        bool forward = !first && wall_us >= before;
        if (!first && wall_us < group->slot && group->slot - wall_us < SMALL_STEP_S * HENG_US_PER_S) from = group->slot;
        heng_us next = heng_schedule_next(&group->schedule, plan->zone, forward ? before : from);
        group->next = mono_of(plan, next);
        if (wall_us < before) group->due = INT64_MIN; /* looked up again; what was read stays read */
        look_at_due(plan, group, now);
        look_at_windows(plan, group, now);
    }
}

static void start_round(struct heng_plan *plan, struct heng_group *group, struct heng_member *members, heng_us now)
{
    heng_us late = group->next == INT64_MIN ? 0 : now - group->next;
    if (is_scheduled(group)) {
        heng_us wall = wall_of(plan, now);
        group->start = group->next;
        if (late > SMALL_STEP_S * HENG_US_PER_S) group->start = now;
        group->slot = wall;
        group->next = mono_of(plan, heng_schedule_next(&group->schedule, plan->zone, wall));
    } else {
        group->start = group->next == INT64_MIN || late >= plan->period ? now : group->next;
        group->next = group->start + plan->period;
    }
    group->running = true;
    group->second = false;
    group->cursor = 0;
    group->dead_us = 0;
    for (size_t i = 0; i < group->count; i++) members[group->order[i]].again = members[group->order[i]].failed = false;
}

void heng_plan_tick(struct heng_plan *plan, struct heng_member *members, heng_us now)
{
    for (size_t g = 0; g < plan->count; g++) {
        struct heng_group *group = &plan->groups[g];
        if (group->count == 0) continue;
        if (is_scheduled(group) && !plan->has_clock) continue;
        if (is_scheduled(group) && now >= group->windows_until) look_at_windows(plan, group, now);
        if (now >= group->due_next) look_at_due(plan, group, now);
        if (now >= group->due_retry) {
            group->due_retry = HENG_US_NEVER;
            group->due_running = true;
            group->due_cursor = 0;
        }
        if (!group->running && group->next != HENG_US_NEVER && now >= group->next)
            start_round(plan, group, members, now);
    }
}

/* --- turns ---------------------------------------------------------------------------------------------- */

/* The next of this group's round; false: none now. */
static bool group_turn(struct heng_group *group, struct heng_member *members, heng_us now, uint32_t *ret)
{
    for (unsigned passes = 0; passes < 2 && group->running; passes++) {
        for (; group->cursor < group->count; group->cursor++) {
            const struct heng_member *m = &members[group->order[group->cursor]];
            if (m->quarantined || (group->second && !m->again)) continue;
            if (!group->second && group->start + spread_of(group, m) > now) return false;
            *ret = group->order[group->cursor];
            return true;
        }
        if (group->second) group->running = false;
        group->second = true;
        group->cursor = 0;
    }
    group->running = false;
    return false;
}

bool heng_plan_periodic(struct heng_plan *plan, struct heng_member *members, heng_us now, struct heng_plan_turn *ret,
                        struct heng_group **ret_ended)
{
    *ret_ended = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        size_t g = (plan->turn + i) % plan->count;
        struct heng_group *group = &plan->groups[g];
        *ret = (struct heng_plan_turn){.group = (uint32_t)g};
        if (!group->running || !group->open || !group->powered) continue;
        if (group_turn(group, members, now, &ret->member)) return true;
        if (group->running) continue;
        *ret_ended = group;
        return false;
    }
    return false;
}

static bool owes(const struct heng_group *group, const struct heng_member *member)
{
    return group->due != INT64_MIN && member->config.learned.due_done_us < group->due;
}

/* The oldest due date that is missing, and how it is asked for. */
static void oldest_due(const struct heng_plan *plan, const struct heng_group *group, const struct heng_member *member,
                       struct heng_plan_turn *ret)
{
    struct heng_order order = {.kind = HENG_ORDER_READ_HISTORY, .back = 1};
    heng_us done = member->config.learned.due_done_us;
    ret->due = group->due;
    ret->back = heng_meter_can(&member->config, &order, NULL) == HENG_OK ? 1 : 0;
    while (ret->back && done && order.back < BACK_MAX) {
        heng_us before = heng_schedule_last_due(&group->schedule, plan->zone, ret->due - 1);
        order.back++;
        if (before == INT64_MIN || before <= done || heng_meter_can(&member->config, &order, NULL) != HENG_OK) break;
        ret->due = before;
        ret->back = order.back;
    }
}

bool heng_plan_due(struct heng_plan *plan, struct heng_member *members, heng_us now, struct heng_plan_turn *ret)
{
    for (size_t i = 0; i < plan->count; i++) {
        size_t g = (plan->turn + i) % plan->count;
        struct heng_group *group = &plan->groups[g];
        bool owed = false;
        if (!group->due_running || !group->open || !group->powered) continue;
        for (; group->due_cursor < group->count; group->due_cursor++) {
            const struct heng_member *m = &members[group->order[group->due_cursor]];
            if (m->quarantined || !owes(group, m)) continue;
            *ret = (struct heng_plan_turn){.member = group->order[group->due_cursor], .group = (uint32_t)g};
            oldest_due(plan, group, m, ret);
            return true;
        }
        group->due_running = false;
        for (size_t k = 0; k < group->count && !owed; k++) {
            const struct heng_member *m = &members[group->order[k]];
            owed = !m->quarantined && owes(group, m);
        }
        if (owed) group->due_retry = now + DUE_RETRY_S * HENG_US_PER_S;
    }
    return false;
}

void heng_plan_passed(struct heng_plan *plan, struct heng_member *members, const struct heng_plan_turn *turn,
                      bool again)
{
    struct heng_group *group = &plan->groups[turn->group];
    size_t *cursor = turn->due ? &group->due_cursor : &group->cursor;
    if (*cursor < group->count && group->order[*cursor] == turn->member) ++*cursor;
    if (!turn->due) members[turn->member].again = again;
    plan->turn = (turn->group + 1u) % plan->count;
}

void heng_plan_due_done(struct heng_plan *plan, struct heng_member *members, const struct heng_plan_turn *turn)
{
    struct heng_group *group = &plan->groups[turn->group];
    struct heng_member *m = &members[turn->member];
    if (turn->due > m->config.learned.due_done_us) m->config.learned.due_done_us = turn->due;
    if (!owes(group, m)) return;
    /* The next one of the same meter comes at once. */
    if (group->due_cursor && group->order[group->due_cursor - 1] == turn->member) group->due_cursor--;
}

bool heng_plan_lost(struct heng_plan *plan, struct heng_member *members, heng_us now, struct heng_plan_turn *ret)
{
    for (size_t g = 0; g < plan->count; g++) {
        struct heng_group *group = &plan->groups[g];
        if (!group->running || now < group->next || !group->open || !group->powered) continue;
        *ret = (struct heng_plan_turn){.group = (uint32_t)g};
        if (group_turn(group, members, HENG_US_NEVER, &ret->member)) return true;
    }
    return false;
}

void heng_plan_once_more(struct heng_plan *plan, struct heng_member *members, heng_us now)
{
    for (size_t g = 0; g < plan->count; g++) {
        struct heng_group *group = &plan->groups[g];
        bool any = false;
        for (size_t i = 0; i < group->count; i++) {
            struct heng_member *m = &members[group->order[i]];
            bool passed = !group->running || group->second || i < group->cursor;
            if (!m->failed || !passed) continue;
            m->again = any = true;
            m->failed = false;
        }
        if (group->due_retry != HENG_US_NEVER) group->due_retry = now;
        if (!any || (group->running && !group->second)) continue;
        group->running = group->second = true;
        group->cursor = 0;
    }
}

void heng_plan_back(struct heng_plan *plan, const struct heng_member *member, heng_us now)
{
    struct heng_group *group = &plan->groups[member->group];
    if (owes(group, member) && !group->due_running) group->due_retry = now;
}

/* --- questions ------------------------------------------------------------------------------------------ */

bool heng_plan_powered(const struct heng_plan *plan, const struct heng_member *member)
{
    return plan->groups[member->group].powered;
}

static bool is_under_way(const struct heng_group *group)
{
    return (group->running || group->due_running) && group->open && group->powered;
}

bool heng_plan_running(const struct heng_plan *plan)
{
    for (size_t g = 0; g < plan->count; g++)
        if (is_under_way(&plan->groups[g])) return true;
    return false;
}

heng_us heng_plan_period(const struct heng_group *group)
{
    return group->next == HENG_US_NEVER || group->next <= group->start ? 0 : group->next - group->start;
}

heng_us heng_plan_next(const struct heng_plan *plan, const struct heng_member *members, bool usable)
{
    heng_us next = HENG_US_NEVER;
    for (size_t g = 0; g < plan->count; g++) {
        const struct heng_group *group = &plan->groups[g];
        if (group->count == 0 || (is_scheduled(group) && !plan->has_clock)) continue;
        heng_us at = group->next;
        if (group->running && (!group->open || !group->powered))
            at = HENG_US_NEVER;
        else if (group->running && usable && group->cursor < group->count) /* nobody was ready, so this is a spread */
            at = group->start + spread_of(group, &members[group->order[group->cursor]]);
        if (at < next) next = at;
        if (group->due_next < next) next = group->due_next;
        if (group->due_retry < next) next = group->due_retry;
        if (is_scheduled(group) && group->windows_until < next) next = group->windows_until;
    }
    return next;
}
