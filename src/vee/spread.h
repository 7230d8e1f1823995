#ifndef HENG_VEE_SPREAD_H
#define HENG_VEE_SPREAD_H
/* The time between two knots, spread over intervals and days; closed days go out. */
#include "vee/usage.h"

typedef enum heng_usage_span_kind {
    HENG_SPAN_KNOWN,   /* amount was used meanwhile */
    HENG_SPAN_UNKNOWN, /* nobody knows */
    HENG_SPAN_OUTSIDE, /* the point had no counter yet, or has none any more */
} heng_usage_span_kind;

/* part_flags of the state: what the open interval has met so far. */
enum {
    HENG_PART_KNOWN = 1,
    HENG_PART_UNKNOWN = 2,
    HENG_PART_OUTSIDE = 4,
    HENG_PART_FAR = 8,
    HENG_PART_HISTORY = 16,
    HENG_PART_ALL = 31
};

struct heng_usage_span {
    heng_usage_span_kind kind;
    heng_us to_us; /* from state.pos_us */
    int64_t amount;
    heng_trust trust; /* of its ends */
    bool history;     /* one of its ends the meter kept itself */
};

/* Begin with the day of at_us; what lies before it in that day is outside. */
void heng_spread_open(struct heng_usage *u, heng_us at_us);

/* Account for the time up to span->to_us. Latches what a callback returns in u->rc, and does nothing then. */
void heng_spread(struct heng_usage *u, const struct heng_usage_span *span);

/* End of the open day. */
heng_us heng_spread_day_end(struct heng_usage *u);

/* a + b within bounds that hold for all amounts of a day. */
int64_t heng_spread_add(int64_t a, int64_t b);

#endif
