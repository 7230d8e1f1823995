#include "flow/latency.h"

/* 0..7 have a bucket each; above, three bits behind the highest one name the bucket of the doubling. */
static unsigned bucket_of(uint64_t us)
{
    if (us < 8) return (unsigned)us;
    unsigned high = 63u - (unsigned)__builtin_clzll(us);
    unsigned bucket = (high - 2) * 8 + (unsigned)((us >> (high - 3)) & 7);
    return bucket < HENG_HISTOGRAM_BUCKETS ? bucket : HENG_HISTOGRAM_BUCKETS - 1;
}

/* The highest value that a bucket counts. */
static heng_us end_of(unsigned bucket)
{
    if (bucket < 8) return bucket;
    unsigned high = bucket / 8 + 2;
    return (heng_us)(((8u + bucket % 8 + UINT64_C(1)) << (high - 3)) - 1);
}

void heng_histogram_add(struct heng_histogram *histogram, heng_us took_us)
{
    if (took_us < 0) took_us = 0;
    histogram->buckets[bucket_of((uint64_t)took_us)]++;
    histogram->count++;
    if (took_us > histogram->max_us) histogram->max_us = took_us;
}

static heng_us quantile(const struct heng_histogram *histogram, uint64_t percent)
{
    uint64_t wanted = (histogram->count * percent + 99) / 100, seen = 0;
    for (unsigned i = 0; i < HENG_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted && seen) return end_of(i) < histogram->max_us ? end_of(i) : histogram->max_us;
    }
    return 0;
}

struct heng_latency heng_histogram_latency(const struct heng_histogram *histogram)
{
    return (struct heng_latency){.reads = histogram->count,
                                 .p50_us = quantile(histogram, 50),
                                 .p99_us = quantile(histogram, 99),
                                 .max_us = histogram->max_us};
}
