#ifndef HENG_FLOW_LATENCY_H
#define HENG_FLOW_LATENCY_H
/* How long things take, counted in fixed buckets: eight to each doubling, so a figure is at most an eighth too high. */
#include "base/time.h"

enum { HENG_HISTOGRAM_BUCKETS = 328 };
struct heng_histogram {
    uint64_t buckets[HENG_HISTOGRAM_BUCKETS], count;
    heng_us max_us;
};

/* What a histogram says: half, and 99 of 100, took at most so long. */
struct heng_latency {
    uint64_t reads;
    heng_us p50_us, p99_us, max_us;
};

void heng_histogram_add(struct heng_histogram *histogram, heng_us took_us); /* below 0 counts as 0 */
struct heng_latency heng_histogram_latency(const struct heng_histogram *histogram);

#endif
