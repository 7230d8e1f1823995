#ifndef HENG_UPLINK_BACKOFF_H
#define HENG_UPLINK_BACKOFF_H
/* When to dial which server: at once; after the first failure 1 s, then doubling, each by chance half as long to half
 * as much more, never over pause_max; at the other server after each failure. A connection that has worked for a
 * minute lets all begin anew at the same server, without the dial at once: when a server starts again its thousands of
 * gateways shall not come in the same moment. */
#include "base/time.h"

struct heng_backoff {
    uint64_t random;
    heng_us pause_max_us, next_us; /* when to dial */
    unsigned servers, server, failures;
};

enum { HENG_BACKOFF_WORKED_S = 60, HENG_BACKOFF_RETRY_MAX_S = 3600 };

void heng_backoff_init(struct heng_backoff *b, uint64_t seed, uint32_t pause_max_s, unsigned servers, heng_us now);

/* A connection, or an attempt, is over. worked_us: how long it was in use, 0: not at all. retry_s: not before, as the
 * server says, 0: it says nothing; believed up to an hour. */
void heng_backoff_ended(struct heng_backoff *b, heng_us now, heng_us worked_us, uint32_t retry_s);

/* From the beginning, in about a second, at the first of so many servers. */
void heng_backoff_anew(struct heng_backoff *b, heng_us now, unsigned servers);

#endif
