#include "uplink/backoff.h"

/* Generator: splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(struct heng_backoff *b)
{
    uint64_t z = b->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* A time from base / 2 to base * 3 / 2. */
static heng_us around(struct heng_backoff *b, heng_us base)
{
    return base / 2 + (heng_us)(next_random(b) % (uint64_t)(base + 1));
}

/* The base stays so low that chance does not lead over the limit, where all would meet. */
static heng_us pause_of(struct heng_backoff *b)
{
    heng_us base = HENG_US_PER_S, most = b->pause_max_us * 2 / 3;
    for (unsigned i = 1; i < b->failures && base < most; i++) base *= 2;
    return around(b, base < most ? base : most);
}

void heng_backoff_init(struct heng_backoff *b, uint64_t seed, uint32_t pause_max_s, unsigned servers, heng_us now)
{
    *b = (struct heng_backoff){.random = seed, .next_us = now, .servers = servers};
    b->pause_max_us = (pause_max_s ? pause_max_s : 120) * HENG_US_PER_S;
}

void heng_backoff_ended(struct heng_backoff *b, heng_us now, heng_us worked_us, uint32_t retry_s)
{
    if (worked_us >= HENG_BACKOFF_WORKED_S * HENG_US_PER_S) {
        b->failures = 1;
    } else {
        if (b->failures < 32) b->failures++;
        if (b->servers > 1) b->server = (b->server + 1) % b->servers;
    }
    heng_us pause = pause_of(b), least = 0;
    if (retry_s > HENG_BACKOFF_RETRY_MAX_S) retry_s = HENG_BACKOFF_RETRY_MAX_S;
    /* Who was told the same moment shall not come in the same moment. */
    if (retry_s) least = around(b, retry_s * HENG_US_PER_S) + retry_s * HENG_US_PER_S / 2;
    b->next_us = now + (pause > least ? pause : least);
}

void heng_backoff_anew(struct heng_backoff *b, heng_us now, unsigned servers)
{
    b->servers = servers;
    b->server = b->failures = 0;
    b->next_us = now + around(b, HENG_US_PER_S);
}
