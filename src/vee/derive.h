#ifndef HENG_VEE_DERIVE_H
#define HENG_VEE_DERIVE_H
/* Keep the stored days of a channel true when facts come late, change or go: fold again from the last checkpoint before
 * the change, and stop as soon as nothing can be different any more. Checkpoints are states before the first fact of a
 * month, and one, the head, before the first fact of the newest day: what comes day by day goes on from there, and it
 * moves along. Pure: storage is the caller's, by callbacks. */
#include "vee/usage.h"

enum {
    HENG_HISTORY_DAYS = 35,         /* so far back rules and weights may look at stored days */
    HENG_DERIVE_VERDICTS_MAX = 128, /* of one day and kind; more are counted only */
};

/* Verdicts are kept by the day that says them, and are replaced as a whole: of readings (FOLD: by the day of the fact
 * with which it was found, what it is about may lie before) and of usage (CHECK: by the day it is about). */
typedef enum heng_verdict_place {
    HENG_VERDICT_FOLD = 0,
    HENG_VERDICT_CHECK = 1,
    HENG_VERDICT_POINT = 2, /* of several channels, of several points: not of this run (usage/check.h) */
    HENG_VERDICT_GROUP = 3
} heng_verdict_place;

/* The caller's storage; every function returns OK or a code that ends the run. Days are those of the channel. */
struct heng_derive_store {
    void *ctx;
    /* The first fact behind *after in the order of heng_channel_fact_cmp, or (after NULL) at from_us or later;
     * ENOTFOUND: none. Those before HENG_CHANNEL_FACT_US_MIN are not asked for, and one at HENG_CHANNEL_FACT_US_MAX or
     * later ends the facts. */
    heng_rc (*next_fact)(void *ctx, heng_us from_us, const struct heng_channel_fact *after,
                         struct heng_channel_fact *ret);
    /* The newest checkpoint at or before a day. It lies before the first fact of *ret_day. ENOTFOUND: none. */
    heng_rc (*checkpoint)(void *ctx, heng_day until, heng_day *ret_day, struct heng_buf *ret_bytes);
    heng_rc (*put_checkpoint)(void *ctx, heng_day day, struct heng_slice bytes);
    /* A stored day; ENOTFOUND: none. */
    heng_rc (*get_day)(void *ctx, heng_day day, struct heng_day_usage *ret);
    heng_rc (*put_day)(void *ctx, const struct heng_day_usage *day);
    /* All verdicts of a day and place are these now; count is at least 1, days without any come with drop_verdicts. */
    heng_rc (*put_verdicts)(void *ctx, heng_day day, heng_verdict_place place, const struct heng_verdict *verdicts,
                            size_t count);
    /* There is nothing in [from, to); called for ranges, also where there is nothing to drop. */
    heng_rc (*drop_days)(void *ctx, heng_day from, heng_day to);
    heng_rc (*drop_checkpoints)(void *ctx, heng_day from, heng_day to);
    heng_rc (*drop_verdicts)(void *ctx, heng_day from, heng_day to, heng_verdict_place place);
    /* Rules over a closed day, which is not yet stored, and stored days before it: may set day->flags, writes at most
     * HENG_DERIVE_VERDICTS_MAX verdicts. May be NULL. */
    heng_rc (*check_day)(void *ctx, struct heng_day_usage *day, struct heng_verdict *ret_verdicts, size_t *ret_count);
    heng_usage_weights *weights; /* may be NULL */
};

/* What a run did. */
struct heng_derive_counts {
    uint32_t facts, days_read, days_written, checkpoints_written, verdicts_dropped;
    heng_day first, last; /* days folded, last included; first > last when none */
    bool stopped;         /* before the end of the facts */
};

struct heng_derive {
    struct heng_derive_store store;
    struct heng_usage fold, end; /* end: the copy that is flushed */
    struct heng_derive_counts counts;
    struct heng_err err;
    /* at work */
    heng_rc rc;
    heng_us fold_from_us, fold_to_us; /* of fold_day */
    heng_day fold_day;                /* of the facts at hand */
    heng_day next_day;                /* first day that was not emitted */
    heng_day changed_day;             /* the newest emitted day that differed */
    heng_day quiet_from[2];           /* by place: no verdicts since this day */
    bool from_scratch, any_fact, any_day, any_change;
    bool has_head, has_old_head;
    heng_day head_day, old_head; /* old_head: as it was stored before the run */
    size_t head_count;           /* bytes of head; 0: it is stored already */
    size_t verdict_count;
    struct heng_verdict verdicts[HENG_DERIVE_VERDICTS_MAX];
    struct heng_verdict checks[HENG_DERIVE_VERDICTS_MAX];
    struct heng_day_usage day, stored;
    uint8_t bytes[2][HENG_USAGE_STATE_BYTES_MAX], head[HENG_USAGE_STATE_BYTES_MAX];
};

#define HENG_DAY_MIN INT32_MIN
#define HENG_DAY_MAX INT32_MAX

/* Bring the stored days up to date after facts at moments in [changed_from_us, changed_to_us] came, changed or went;
 * 0 and HENG_US_NEVER rebuild everything. What is stored afterwards depends on the facts alone. d is large (140 kB) and
 * needs no init; d->counts says what was done.
 * Errors: ECONFIG for a channel that cannot be, EFORMAT for a damaged checkpoint, what a callback returned. */
HENG_NODISCARD heng_rc heng_derive_run(struct heng_derive *d, const struct heng_channel *channel,
                                       const struct heng_derive_store *store, heng_us changed_from_us,
                                       heng_us changed_to_us, struct heng_err *err);

#endif
