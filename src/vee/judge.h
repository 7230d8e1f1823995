#ifndef HENG_VEE_JUDGE_H
#define HENG_VEE_JUDGE_H
/* Does one index follow from another, and which of a few readings belong together. */
#include "vee/index.h"
#include "vee/usage.h"

typedef enum heng_index_step_kind {
    HENG_INDEX_STEP_FITS,
    HENG_INDEX_STEP_ROLLOVER, /* fits when the counter went over its last digit in between */
    HENG_INDEX_STEP_NEGATIVE,
    HENG_INDEX_STEP_LIMIT, /* more than the maximum lets through */
} heng_index_step_kind;

/* From one index to a later one of the same counter. amount: the difference, over the last digit for ROLLOVER; 0 when
 * the later one is less by no more than its digits tell (703 kWh after 703.4).
 * limit: what the maximum lets through meanwhile, with the last digit of the counter; -1 when it is not known. */
struct heng_index_step {
    heng_index_step_kind kind;
    int64_t amount, limit;
};

/* rollover_us: a moment at which a person saw it going over (0 none). a and b have the same `wraps`. */
struct heng_index_step heng_judge_step(const struct heng_channel *channel, const struct heng_counter *counter,
                                       int64_t max_micro, heng_us rollover_us, const struct heng_knot *a,
                                       const struct heng_knot *b);

static inline bool heng_index_step_good(heng_index_step_kind kind)
{
    return kind == HENG_INDEX_STEP_FITS || kind == HENG_INDEX_STEP_ROLLOVER;
}

/* 10^-6 steps of 10^exp of unit per hour, 0 for not known or more than can be told. */
int64_t heng_judge_max_micro(const struct heng_channel *channel);

/* Which of the waiting knots to take: in order, `cut` of them before the curve is cut (count when it is not). */
struct heng_chain {
    uint8_t count, cut;
    uint8_t items[HENG_LOOK_AHEAD + 1];
};

typedef enum heng_occasion {
    HENG_OCCASION_FULL,   /* as many wait as may: something has to be decided */
    HENG_OCCASION_ANCHOR, /* the last one is certain */
    HENG_OCCASION_END,    /* nothing comes any more: only what is beyond doubt */
} heng_occasion;

/* Shape: fits[i][j]: knot j follows from knot i, both counted from 1 in time, 0 being the last final knot; has_last
 * false: there is none. count knots wait, 1..HENG_LOOK_AHEAD + 1. ANCHOR: count 0 in the answer means that the last one
 *        contradicts all others. */
enum { HENG_CHAIN_KNOTS = HENG_LOOK_AHEAD + 2 };
struct heng_chain heng_judge_chain(bool fits[HENG_AT_LEAST(HENG_CHAIN_KNOTS)][HENG_CHAIN_KNOTS], uint8_t count,
                                   bool has_last, heng_occasion occasion);

#endif
