#ifndef HENG_LINK_SIEVE_H
#define HENG_LINK_SIEVE_H
/* Takes heartbeats, and registrations that a DTU repeats before every packet, off the two ends of what it sends, also
 * when one comes in pieces. Inside a chunk it may be data (the number of a meter, for one), and stays, but for a text:
 * a network that lost a packet brings an answer, a heartbeat and the rest of the answer all at once. Pure: the owner
 * keeps the time. */
#include "base/slice.h"

/* SIEVE_HOLD_MS: what ends like the beginning of a heartbeat waits so long for the rest of it. */
enum { SIEVE_PATTERN_MAX = 80, SIEVE_PATTERNS = 2, SIEVE_HOLD_MS = 50, SIEVE_TEXT_MIN = 6 };

struct heng_sieve {
    struct {
        uint8_t n; /* 0: none. One byte counts only when it comes alone: it could be the edge of a frame cut in two. */
        uint8_t bytes[SIEVE_PATTERN_MAX];
    } patterns[SIEVE_PATTERNS];
    uint8_t held_n;
    uint8_t held[SIEVE_PATTERN_MAX];
};

/* What passes: first bytes that were held back, then a part of the chunk. */
struct heng_sieved {
    uint8_t held[SIEVE_PATTERN_MAX];
    size_t held_n;
    struct heng_slice bytes;
};

/* Set a pattern; one longer than SIEVE_PATTERN_MAX is none. */
void heng_sieve_set(struct heng_sieve *sieve, size_t which, struct heng_slice pattern);

/* How many bytes of the chunk to feed first, so that a text inside ends what is fed: all of them without one. A text
 * has SIEVE_TEXT_MIN printable characters and line ends or more, not all the same. */
size_t heng_sieve_cut(const struct heng_sieve *sieve, struct heng_slice chunk);

/* Put a chunk through. held_n in sieve tells afterwards whether some of it is held back. */
void heng_sieve_feed(struct heng_sieve *sieve, struct heng_slice chunk, struct heng_sieved *ret);

/* The rest of a heartbeat did not come: ret->held is what was held back. */
void heng_sieve_release(struct heng_sieve *sieve, struct heng_sieved *ret);

#endif
