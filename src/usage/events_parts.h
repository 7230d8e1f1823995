#ifndef HENG_USAGE_EVENTS_PARTS_H
#define HENG_USAGE_EVENTS_PARTS_H
/* The parts of events among themselves. Inside of usage/ only. */
#include "usage/events.h"

/* An event being checked. old: the installation that ends with it; undone: the event that is taken back. */
struct heng_event_check {
    struct heng_store *store;
    struct heng_store_reader *reader;
    int64_t scope;
    heng_us now_us;
    struct heng_installation old;
    struct heng_point_event undone;
};

enum { HENG_EVENT_TIME_MAX = 32 };
const char *heng_event_time(heng_us at_us, char ret[HENG_AT_LEAST(HENG_EVENT_TIME_MAX)]);

/* Installations follow an event, which was checked (events_follow.c). */
HENG_NODISCARD heng_rc heng_event_follow(struct heng_event_check *c, const struct heng_point_event *event,
                                         struct heng_err *err);
/* Can c->undone be taken back, as things are? */
HENG_NODISCARD heng_rc heng_event_check_undo(struct heng_event_check *c, struct heng_err *err);

/* What a counter showed at its end or beginning against its readings around: a counter does not run back. */
HENG_NODISCARD heng_rc heng_event_check_final(struct heng_event_check *c, const struct heng_point_event *event,
                                              int64_t device_id, struct heng_err *err);
HENG_NODISCARD heng_rc heng_event_check_initial(struct heng_event_check *c, const struct heng_point_event *event,
                                                struct heng_err *err);

#endif
