#ifndef HENG_LINE_LATE_H
#define HENG_LINE_LATE_H
/* Which answers of one meter may still come, though nobody waits for them any more.
 *
 * A slow meter answers every request, also those that were given up. An answer that does not say which question it
 * answers (all of Modbus RTU, refusals of DL/T 645 and CJ/T 188) counts for the current one only when none to an
 * older one can come. A bus keeps the order, so each answer of the meter is the one that has been owed longest; what
 * was lost for good is struck off when the meter has been quiet for several time-outs behind the last request and
 * the last byte, the longer the more is owed. How slow a meter may be is not learned here: beyond that time an answer
 * is nobody's. */
#include <stdbool.h>

#include "base/time.h"

enum { LATE_OWED_MAX = 15 };

/* Zero-initialised: nothing is owed. */
struct heng_late {
    unsigned older;   /* answers to questions before the current one */
    unsigned current; /* answers to the current question, the one that is waited for included */
    heng_us wait;     /* one answer comes within that, or never */
    heng_us last;     /* request, answer, or byte that may be a part of one */
};

/* A request is sent; its answer is waited for during timeout. */
void heng_late_ask(struct heng_late *late, heng_us now, heng_us timeout);

/* The next request is another question. */
void heng_late_turn(struct heng_late *late);

/* An answer of this meter has come. Returns how many to older questions were open, itself included. */
unsigned heng_late_pay(struct heng_late *late, heng_us now);

/* Something was heard that may be a part of what is owed. */
void heng_late_stir(struct heng_late *late, heng_us now);

/* May any answer, or one to an older question, still come? */
bool heng_late_any(const struct heng_late *late, heng_us now);
bool heng_late_older(const struct heng_late *late, heng_us now);

/* When a quiet time will have ended it all. */
heng_us heng_late_end(const struct heng_late *late);

/* When a wait for that, begun now, is given up: something on this bus never stops. */
heng_us heng_late_limit(const struct heng_late *late, heng_us now);

#endif
