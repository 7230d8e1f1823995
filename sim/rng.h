#ifndef HENG_SIM_RNG_H
#define HENG_SIM_RNG_H
/* Seeded random numbers. Each flat, meter and wire owns a stream of its own, so that what one of them draws never
 * changes what another one sees. Generator: splitmix64 (Steele, Lea, Flood 2014). */
#include <stdint.h>

struct heng_sim_rng {
    uint64_t state;
};

static inline uint64_t heng_sim_rng_next(struct heng_sim_rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* A stream of its own for (seed, stream). */
static inline struct heng_sim_rng heng_sim_rng_of(uint64_t seed, uint64_t stream)
{
    struct heng_sim_rng r = {seed};
    r.state = heng_sim_rng_next(&r) ^ (stream * UINT64_C(0xD1342543DE82EF95));
    (void)heng_sim_rng_next(&r);
    return r;
}

/* 0 <= x < 1 */
static inline double heng_sim_rng_unit(struct heng_sim_rng *r)
{
    return (double)(heng_sim_rng_next(r) >> 11) * 0x1p-53;
}

/* low <= x < high */
static inline double heng_sim_rng_between(struct heng_sim_rng *r, double low, double high)
{
    return low + (high - low) * heng_sim_rng_unit(r);
}

/* 0 <= x < n, n > 0; the bias of the remainder is far below what a simulation can show. */
static inline uint32_t heng_sim_rng_below(struct heng_sim_rng *r, uint32_t n)
{
    return (uint32_t)(heng_sim_rng_next(r) % n);
}

#endif
