#ifndef HENG_LINE_PARK_H
#define HENG_LINE_PARK_H
/* Commands between giving the order and looking what has become of it. Their wait costs the line nothing. */
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct heng_line;

enum { HENG_PARKED_MAX = 8 }; /* more than that wait on the line itself */

/* The conversation rests for so long: put it aside. false: it cannot be, and waits on the line. */
bool heng_park(struct heng_line *line, heng_us now, heng_us pause);

/* Go on with the one whose rest is over longest. false: there is none. */
bool heng_park_resume(struct heng_line *line, heng_us now);

/* Another order to this meter comes behind the one that is put aside. */
bool heng_park_holds(const struct heng_line *line, uint32_t member);

/* When the next one goes on; HENG_US_NEVER: none. */
heng_us heng_park_next(const struct heng_line *line);

/* The line is lost: they start again from the queue. */
void heng_park_put_back(struct heng_line *line);

/* Free them. */
void heng_park_drop(struct heng_line *line);

#endif
