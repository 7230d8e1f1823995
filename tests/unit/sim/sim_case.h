#ifndef HENG_TESTS_SIM_CASE_H
#define HENG_TESTS_SIM_CASE_H
/* What the tests of the simulated building share: cmocka with its prerequisites, and a building in January. */
#include "sim/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JANUARY_US INT64_C(1768435200000000) /* 2026-01-15T00:00:00Z */

struct building {
    struct heng_sim_site site;
    struct heng_sim_world world;
    struct heng_sim_line heat, water;
};

static inline void build(struct building *b, uint64_t seed, heng_us start_us)
{
    const struct heng_sim_line_settings settings = {.baud = 2400, .gap_us = 200000, .seed = seed};
    heng_sim_site_init(&b->site);
    heng_sim_world_init(&b->world, &b->site, seed, start_us);
    heng_sim_line_init(&b->heat, HENG_SIM_LINE_HEAT, &settings, &b->site, &b->world);
    heng_sim_line_init(&b->water, HENG_SIM_LINE_WATER, &settings, &b->site, &b->world);
}

#endif
