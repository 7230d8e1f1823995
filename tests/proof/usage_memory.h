#ifndef HENG_TESTS_USAGE_MEMORY_H
#define HENG_TESTS_USAGE_MEMORY_H
/* Where derived usage is kept in a proof: in memory, with the rules of days and the weights for gaps as the centre has
 * them. Facts are those of a truth; each is there once it was delivered. */
#include "proof/usage_truth.h"
#include "vee/derive.h"

struct memory_verdicts {
    uint16_t count;
    struct heng_verdict *items;
};

struct memory_checkpoint {
    heng_day day;
    size_t n;
    uint8_t *bytes; /* NULL: none */
};

struct memory {
    const struct truth *truth;
    const struct heng_derive *derive; /* of the run */
    bool weighted;                    /* gaps by like days or degree days; else by time */
    bool *here;                       /* by fact */
    size_t end, at;                   /* behind the last that is here; the one that was asked for last */
    size_t day_count;                 /* places: from the day before the first */
    heng_day zero;
    bool *has;
    struct heng_day_usage *days;
    struct memory_verdicts *verdicts[2];
    size_t month_count;
    struct memory_checkpoint *checkpoints; /* by month from that of zero */
    uint64_t checked;                      /* days that rules looked at */
};

void memory_init(struct memory *m, const struct truth *truth, bool weighted);
void memory_fini(struct memory *m);

/* Deliver fact i; the change is widened to its moment. */
void memory_deliver(struct memory *m, size_t i, heng_us *from_us, heng_us *to_us);

/* Bring usage up to date; ends the program on an error. */
void memory_run(struct memory *m, struct heng_derive *derive, heng_us from_us, heng_us to_us);

/* All facts at once. */
void memory_run_all(struct memory *m, struct heng_derive *derive);

/* Forget what was delivered and everything that was derived. */
void memory_forget(struct memory *m);

/* The same to the byte: days, verdicts, checkpoints. */
bool memory_same(const struct memory *a, const struct memory *b);

#endif
