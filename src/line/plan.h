#ifndef HENG_LINE_PLAN_H
#define HENG_LINE_PLAN_H
/* Whose turn is it by the schedules? The meters of a line in groups, one per schedule and one for those without; every
 * group goes round by round:
 *
 *   start ── meters in turn, each after its spread, by the way to them ── those that failed once more ── end
 *
 * and owes its due-date reads until they are done. A round that is not over when the next should start goes on. Times
 * are monotonic; wall time only in the schedules' own. */
#include "line/member.h"
#include "line/relay.h"
#include "line/schedule.h"

struct heng_group {
    struct heng_schedule schedule; /* id 0: without one, the line's period */
    uint32_t *order;               /* its members, as they are asked */
    size_t count, cursor;
    heng_us start, next;  /* of the round that runs or ran last; of the one after it */
    heng_us slot;         /* wall: the time of the schedule that was served last */
    heng_us dead_us;      /* of this round, lost with meters that did not answer */
    bool running, second; /* a round; its second pass */
    /* due dates */
    heng_us due, due_next; /* wall; INT64_MIN for none so far, monotonic HENG_US_NEVER for none to come */
    heng_us due_retry;     /* monotonic */
    size_t due_cursor;
    bool due_running;
    /* windows */
    bool open, powered;
    heng_us windows_until; /* monotonic: looked at again then */
};

struct heng_plan {
    struct heng_group *groups;
    size_t count, turn;
    uint32_t *order; /* the memory of all groups' orders */
    heng_us period;  /* of group 0; 0: never */
    const struct heng_zone *zone;
    bool has_clock;
    heng_us wall_ahead; /* wall minus monotonic */
};

/* Whom the plan wants asked. due: HENG_LINE due_us, or 0 for a periodic read; back: of READ_HISTORY, 0: plain READ. */
struct heng_plan_turn {
    uint32_t member, group;
    heng_us due;
    uint16_t back;
};

/* Sorts the members into groups and sets their group. Errors: ECONFIG for a schedule that cannot be or is not there,
 * ENOMEM. */
HENG_NODISCARD heng_rc heng_plan_init(struct heng_plan *plan, const struct heng_line_config *config,
                                      struct heng_member *members, size_t member_count,
                                      const struct heng_relays *relays, struct heng_err *err);
void heng_plan_fini(struct heng_plan *plan);

void heng_plan_set_clock(struct heng_plan *plan, struct heng_member *members, size_t member_count, heng_us now,
                         heng_us wall_us);

/* Start what is due, open and close windows. */
void heng_plan_tick(struct heng_plan *plan, struct heng_member *members, heng_us now);

/* Whose turn is it? Only among meters that are not in quarantine. false: nobody's now. A round that is found to be at
 * its end ends by that: ret_ended is its group, or NULL. */
bool heng_plan_periodic(struct heng_plan *plan, struct heng_member *members, heng_us now, struct heng_plan_turn *ret,
                        struct heng_group **ret_ended);
bool heng_plan_due(struct heng_plan *plan, struct heng_member *members, heng_us now, struct heng_plan_turn *ret);

/* That turn is over. again: this meter is asked once more at the end of the round. */
void heng_plan_passed(struct heng_plan *plan, struct heng_member *members, const struct heng_plan_turn *turn,
                      bool again);

/* A due-date read is done, or can never be. */
void heng_plan_due_done(struct heng_plan *plan, struct heng_member *members, const struct heng_plan_turn *turn);

/* The line was down for all of a round: whose turn is lost? false: nobody's. */
bool heng_plan_lost(struct heng_plan *plan, struct heng_member *members, heng_us now, struct heng_plan_turn *ret);

/* The meters of the last round that failed are asked again now: the trouble was the line's. */
void heng_plan_once_more(struct heng_plan *plan, struct heng_member *members, heng_us now);

/* A meter is back from quarantine: what it owes is asked soon. */
void heng_plan_back(struct heng_plan *plan, const struct heng_member *member, heng_us now);

bool heng_plan_powered(const struct heng_plan *plan, const struct heng_member *member);
bool heng_plan_running(const struct heng_plan *plan); /* is any round or due-date pass under way? */

/* How often a group is read, as far as that is known. */
heng_us heng_plan_period(const struct heng_group *group);

/* When something may be due by itself, when nobody's turn it is now. usable: the line is up. */
heng_us heng_plan_next(const struct heng_plan *plan, const struct heng_member *members, bool usable);

#endif
