#ifndef HENG_VEE_USAGE_H
#define HENG_VEE_USAGE_H
/* The fold: facts of one channel in, closed days and verdicts out; nothing else has an influence.
 *
 * The accepted indexes are knots of a curve C(t) that never falls, in the channel's unit and resolution; usage of [a,
 * b) is C(b) - C(a). An index is converted once (multiplier, unit), half to even, so all differences telescope. Between
 * two knots no more than short_gap apart C is straight; in a longer gap the known amount is shared over the intervals
 * by the weights of the caller, else by time. An end and a start of a counter at the same moment join the curve there;
 * an index that is not known cuts it. An interval is VALID when a knot lies near both of its boundaries, else
 * INTERPOLATED; where the curve is cut, and outside of it, MISSING. Time before the first start is no part of it.
 *
 * A reading waits for the next one. When they do not fit (running back, above the maximum, jumping back), up to
 * HENG_LOOK_AHEAD readings decide: those beside the best chain are OUTLIER and left out; when a chain of its own does
 * not fit what was before, the curve is cut (NEGATIVE, RESET or LIMIT, fatal) until a fact explains it. At the end of
 * the facts what is in doubt is not used. No value is ever changed. */
#include "base/buf.h"
#include "vee/fact.h"
#include "vee/share.h"

enum { HENG_LOOK_AHEAD = 4, HENG_STRETCHES_MAX = 64, HENG_MARKS_MAX = 16, HENG_SAID_MAX = 4 };
enum { HENG_GAP_DAYS_MAX = 2000 }; /* a gap of more days is not shared: MISSING */

/* An index that was converted. value: with `wraps` times the range of the counter. step: of its last digit. */
struct heng_knot {
    heng_us at_us;
    int64_t value, step;
    struct heng_dec index;
    uint32_t wraps;
    uint8_t unit;   /* heng_unit of index */
    uint8_t trust;  /* heng_trust */
    uint8_t kind;   /* heng_channel_fact_kind */
    uint8_t forced; /* a person said that it is right */
};

/* A stretch whose amount somebody said. */
struct heng_stretch {
    heng_us from_us, to_us;
    int64_t amount;
    uint8_t kind;
};

/* What lies between the last knot (or pos_us) and the next one. */
typedef enum heng_before {
    HENG_BEFORE_OUTSIDE = 0, /* nothing was installed yet */
    HENG_BEFORE_KNOT,        /* the curve goes on from `last` */
    HENG_BEFORE_UNKNOWN,     /* installed; the curve was cut */
    HENG_BEFORE_REMOVED,     /* no counter since pos_us */
} heng_before;

/* All that the fold remembers. Unused parts are zero, so equal states are equal bytes when packed. */
struct heng_usage_state {
    heng_us last_us; /* of the newest fact */
    heng_us pos_us;  /* everything before is accounted for */
    heng_before before;
    struct heng_knot last; /* the newest final knot */
    uint8_t waiting_count;
    struct heng_knot waiting[HENG_LOOK_AHEAD + 1];
    /* the counter */
    int64_t device_id;
    uint8_t unit, digits;
    int8_t display_exp;
    uint32_t multiplier, divisor;
    heng_us rollover_us; /* confirmed, not yet met; 0 none */
    /* what people said of readings of the moment last_us */
    uint8_t said_count;
    struct {
        int64_t id;
        bool right;
    } said[HENG_SAID_MAX];
    uint8_t stretch_count;
    struct heng_stretch stretches[HENG_STRETCHES_MAX];
    uint8_t mark_count; /* rules that said something of days not yet closed */
    struct {
        heng_day day;
        uint64_t flags;
    } marks[HENG_MARKS_MAX];
    /* the open day and its open interval */
    heng_day day;
    uint16_t index;
    int64_t part;       /* so far in the open interval */
    uint8_t part_trust; /* worst of its parts, 0 none */
    uint8_t part_method;
    uint8_t part_flags;
    uint8_t method_trust, method; /* worst closed interval */
    int64_t sure;                 /* amount of closed intervals that rest on near readings */
    uint16_t sure_count;
    int64_t amounts[HENG_DAY_INTERVALS_MAX]; /* index of them are closed */
    uint8_t trusts[HENG_DAY_INTERVALS_MAX];
};

/* Weights for a gap, which begins at gap_from_us: one for each of the count intervals of a day, on one scale for all
 * days of the gap. They may depend on the stored days of HENG_HISTORY_DAYS before the gap, and on nothing else that
 * changes. Returns false when there are none for this day; the gap is then shared by time. */
typedef bool heng_usage_weights(void *ctx, heng_us gap_from_us, heng_us gap_to_us, heng_day day, uint16_t count,
                                uint32_t *ret_weights, heng_method *ret_method);

/* Where results go. Days come in order without a gap, verdicts as they are found; each call may fail, and then the fold
 * stops with its code. weights may be NULL. Everything is borrowed until the call returns. */
struct heng_usage_out {
    void *ctx;
    heng_rc (*day)(void *ctx, const struct heng_day_usage *day);
    heng_rc (*verdict)(void *ctx, const struct heng_verdict *verdict);
    heng_usage_weights *weights;
    /* Each index that counts, in order, to explain a curve; joined: it is known how much it was since the one before.
     * May be NULL. */
    heng_rc (*knot)(void *ctx, const struct heng_knot *knot, bool joined);
};

/* The fold at work. Only state lasts; the rest is what can be found again. */
struct heng_usage {
    const struct heng_channel *channel;
    struct heng_usage_out out;
    struct heng_usage_state state;
    heng_rc rc;
    int64_t max_micro;   /* 10^-6 steps of 10^exp per hour; 0 unknown */
    heng_day cached_day; /* day_from_us .. day_to_us are of this one */
    heng_us day_from_us, day_to_us;
    uint16_t day_count;
    struct heng_day_usage closed;
    uint64_t weights[HENG_SHARE_MAX];
    int64_t parts[HENG_SHARE_MAX];
};

/* A fold at its beginning. channel is borrowed as long as the fold lives.
 * Errors: ECONFIG for a channel that cannot be (the text says what). */
HENG_NODISCARD heng_rc heng_usage_init(struct heng_usage *u, const struct heng_channel *channel,
                                       const struct heng_usage_out *out, struct heng_err *err);

/* The next fact, in the order of heng_channel_fact_cmp. What is wrong with it is a verdict, not an error.
 * Errors: ECONFLICT for one that is older than the one before; what a callback returned. */
HENG_NODISCARD heng_rc heng_usage_fact(struct heng_usage *u, const struct heng_channel_fact *fact,
                                       struct heng_err *err);

/* The end of the facts: emit what can be said of the days up to that of the newest fact (or of the end of a stretch).
 * The state is used up; keep a copy to go on. Errors: what a callback returned. */
HENG_NODISCARD heng_rc heng_usage_flush(struct heng_usage *u, struct heng_err *err);

/* The state as bytes, the same on every machine, and back. Packing never fails for a state of the fold.
 * Errors of unpack: EFORMAT for bytes that no state of this channel gives (err->at = offset). */
enum { HENG_USAGE_STATE_BYTES_MAX = 8192, HENG_USAGE_STATE_VERSION = 1 };
void heng_usage_state_pack(const struct heng_usage_state *state, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_usage_state_unpack(const struct heng_channel *channel, struct heng_slice bytes,
                                               struct heng_usage_state *ret, struct heng_err *err);

#endif
