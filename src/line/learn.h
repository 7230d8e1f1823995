#ifndef HENG_LINE_LEARN_H
#define HENG_LINE_LEARN_H
/* How long a meter takes to begin its answer, learned from its answers, and how long to wait for the next one. Pure
 * functions on what is kept of a meter. Times run from the end of the request on the wire to the first byte. */
#include "model/line.h"

/* An answer began took after its request. Mean and deviation move by an eighth and a quarter of the difference (RFC
 * 6298 does the same for round trips), the first answer sets both. */
void heng_learn_answer(struct heng_learned *learned, heng_us took);

/* How long to wait: the mean, four deviations and the margin, and never more than the ceiling, which is also what a
 * meter of which nothing is known gets. */
heng_us heng_learn_wait(const struct heng_learned *learned, heng_us margin, heng_us ceiling);

#endif
