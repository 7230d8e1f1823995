#ifndef HENG_VEE_FACT_H
#define HENG_VEE_FACT_H
/* What usage is made of: a channel (one counted register of a metering point) and the facts that are known of it. */
#include "model/condition.h"
#include "model/quantity.h"
#include "vee/day.h"
#include "vee/verdict.h"

/* One counted register of a point. Amounts are multiples of 10^exp of unit. */
struct heng_channel {
    heng_medium medium;
    heng_quantity quantity;
    heng_unit unit;
    int8_t exp;
    int16_t minutes; /* of an interval, see heng_day_interval_count: 5..60 or 1440 */
    struct heng_day_rule days;
    struct heng_opt_dec max_per_hour; /* what the meter's size lets through, in unit; it need not be known */
    int64_t near_us;                  /* the reading nearest to a boundary may be so far from it and count as valid */
    int64_t short_gap_us;             /* between readings so far apart usage is straight; in longer gaps it is shared */
    uint16_t rollover_permille;       /* without max_per_hour: of its range that a counter moves at most in one step
                                         when it goes over its last digit; 0 is 100 */
    heng_conditions doubt;            /* a reading with one of these is used, and doubted: SUSPECT */
    uint32_t rules_version;           /* for verdicts */
};

/* Kinds in the order in which facts of the same moment count. X(symbol, text, rank) */
#define HENG_CHANNEL_FACT_LIST(X)                                                                                      \
    X(END, "end", 1)           /* an installation ends; index when it was read */                                      \
    X(RESET, "reset", 2)       /* the counter was set: index before, index2 after; either may be unknown */            \
    X(CHANGE, "change", 3)     /* other multiplier, unit or digits from here on; index before it, index2 after */      \
    X(START, "start", 4)       /* an installation starts; index when it was read */                                    \
    X(ROLLOVER, "rollover", 5) /* a person says: it went over its last digit between the readings around here */       \
    X(REJECT, "reject", 6)     /* a person says of reading id at this moment: wrong */                                 \
    X(ACCEPT, "accept", 7)     /* ... right */                                                                         \
    X(EDITED, "edited", 8)     /* a person says what was used from here to to_us: index is the amount */               \
    X(SUBSTITUTED, "substituted", 9) /* a check meter says so */                                                       \
    X(READING, "reading", 10)                                                                                          \
    X(HISTORY, "history", 11) /* a reading that the meter kept itself: month end, due date */
typedef enum heng_channel_fact_kind {
#define X(symbol, text, rank) HENG_CHANNEL_FACT_##symbol = rank,
    HENG_CHANNEL_FACT_LIST(X)
#undef X
        HENG_CHANNEL_FACT_COUNT
} heng_channel_fact_kind;
const char *heng_channel_fact_text(heng_channel_fact_kind kind); /* "unknown" for a number outside */
heng_channel_fact_kind heng_channel_fact_of(const char *text);   /* COUNT when unknown */

/* One fact. What a kind does not use is zero. An undone fact and its undoing are left out by the caller.
 * An index is what the meter shows, before multiplier, in `unit` (NONE, UNKNOWN: in that of the installation). */
struct heng_channel_fact {
    heng_us at_us;
    heng_channel_fact_kind kind;
    int64_t id;                   /* READING, HISTORY: of the reading; ACCEPT, REJECT: of the reading it is about */
    int64_t device_id;            /* START: whose counter; END, READING, HISTORY: the same, or 0 for not said */
    heng_unit unit;               /* START, CHANGE: of the counter; of index otherwise */
    uint8_t digits;               /* START, CHANGE: of the counter before the point, 0 unknown, at most 18 */
    int8_t display_exp;           /* ... in 10^display_exp of unit: 5 digits of kWh are 10^(5 + 3) Wh */
    uint32_t multiplier, divisor; /* START, CHANGE: amount = index x multiplier / divisor; 0 is 1 */
    uint8_t source;               /* of readings of one moment that contradict each other the smaller wins */
    heng_trust trust;             /* of a reading, by who read it; 0 is VALID */
    heng_conditions status;       /* what the meter said of itself */
    /* CHANGE: index in the old unit; index2 in the new one, when the counter does not go on from where it was. */
    struct heng_opt_dec index, index2; /* EDITED, SUBSTITUTED: index is the amount, in the channel's unit */
    heng_us to_us;                     /* EDITED, SUBSTITUTED: end of the stretch */
};

/* The order in which facts are folded: at_us, kind, source, value, id; the same whoever came first. <0, 0, >0. */
int heng_channel_fact_cmp(const struct heng_channel_fact *a, const struct heng_channel_fact *b);

/* Facts outside of these moments are not used (verdict `ancient` or `future`): 1990 .. 2200. */
#define HENG_CHANNEL_FACT_US_MIN INT64_C(631152000000000)
#define HENG_CHANNEL_FACT_US_MAX INT64_C(7258118400000000)
enum { HENG_STRETCH_DAYS_MAX = 800 }; /* of EDITED, SUBSTITUTED; a longer one is not used */

#endif
