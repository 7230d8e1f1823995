#ifndef HENG_TESTS_USAGE_TRUTH_H
#define HENG_TESTS_USAGE_TRUTH_H
/* A metering point whose truth is known: what was used, in exact whole numbers, the counters that showed it, all that
 * happened to them, and the facts that came of it. From (seed, number) alone.
 *
 *   C(t), what was used until t ──► counter: floor((C(t) - C(installed)) / step) + first index, over its last digit
 *        ──► readings: right, wrong, held, coarse, from a clock that is off; late, twice or never ──► facts
 *
 * Amounts of the truth are in thousandths of the last digit of the first counter ("units" below). */
#include "sim/rng.h"
#include "vee/fact.h"
#include "vee/rules.h"

/* X(symbol, text): what is done to a point. */
#define TRUTH_KIND_LIST(X)                                                                                             \
    X(EXCHANGE, "exchange, both indexes known")                                                                        \
    X(RESET, "reset, both indexes known")                                                                              \
    X(RATIO, "other multiplier, declared")                                                                             \
    X(UNIT, "other unit, declared")                                                                                    \
    X(LOST_INDEX, "exchange, final index lost")                                                                        \
    X(SILENT_RESET, "reset that nobody declared")                                                                      \
    X(SILENT_EXCHANGE, "exchange that nobody declared")                                                                \
    X(SPIKE, "one wrong reading")                                                                                      \
    X(HELD, "the same index again and again, then right")                                                              \
    X(HALTED, "the counter stood and lost what was used")                                                              \
    X(GAP, "nothing was read")                                                                                         \
    X(DRIFT, "clock that cannot be set")                                                                               \
    X(COARSE, "decimals lost")
typedef enum truth_kind {
#define X(symbol, text) TRUTH_##symbol,
    TRUTH_KIND_LIST(X)
#undef X
        TRUTH_KIND_COUNT
} truth_kind;
extern const char *const truth_kind_texts[TRUTH_KIND_COUNT];

/* visible: above the detection limit (docs/usage-proof.md), so that it has to be noticed. */
struct truth_fault {
    truth_kind kind;
    heng_us from_us, to_us;
    bool visible;
};

/* At a boundary of two intervals. right: a reading that should count stands there. step: of its last digit. slack: what
 * may have been used in the time by which it was taken too early or too late. */
struct truth_read {
    heng_us at_us;
    int64_t used, step, slack;
    bool right;
};

/* Between boundary i and i + 1. fault: the last that touches it, counted from 1. joins: last digits (and rounding) of
 * the counters that were installed inside. unknown: nobody can know what was used; breaks: from here on the counter
 * lacks something.
 */
struct truth_span {
    int64_t joins;
    uint16_t fault;
    bool unknown, breaks;
};

struct truth_fact {
    struct heng_channel_fact fact;
    heng_us came_us;
};

struct truth {
    struct heng_channel channel;
    struct heng_rule_set rules;
    int64_t per_step;      /* units of one channel step */
    int64_t rounding;      /* units by which a converted index may be rounded */
    int64_t most_per_hour; /* units */
    heng_us base_us;
    size_t base_count;
    int64_t *base;    /* C at from_us + i * base_us, base_count + 1 */
    heng_day day;     /* the first */
    size_t day_count; /* whole days from there */
    int64_t *degrees; /* degree days in tenths, of heat; NULL otherwise */
    size_t span_count;
    struct truth_read *reads; /* span_count + 1 */
    struct truth_span *spans;
    size_t fact_count, fact_cap;
    struct truth_fact *facts; /* in the order of heng_channel_fact_cmp */
    size_t fault_count, fault_cap;
    struct truth_fault *faults;
    size_t readings, rollovers, late, duplicates, beside; /* beside: refused when they came, by the rules of readings */
};

/* Time zones: before the first point, and after the last one. */
void truth_open(void);
void truth_close(void);

/* A point with so many days; the number says medium and how often it is read: of 20, 14 once a day, 5 hourly, 1 each
 * quarter of an hour. odd: in permille of the usual rate of faults, 0 none. Free it with truth_free. */
void truth_make(struct truth *t, uint64_t seed, uint64_t number, int days, unsigned odd);
void truth_free(struct truth *t);

/* C at a moment. */
int64_t truth_used(const struct truth *t, heng_us at_us);

/* For reports: "heat, hourly". */
const char *truth_medium(const struct truth *t);

#endif
