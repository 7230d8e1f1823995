#ifndef HENG_SIM_POWER_H
#define HENG_SIM_POWER_H
/* Electricity of the building: what its common parts and two shops draw, hour by hour, and what that makes in the four
 * tariffs. Part of the world (world.h), in the same steps; each meter has a stream of chance of its own, so that the
 * heat and water of a seed are the same with and without it. */
#include "base/time.h"
#include "sim/rng.h"

#include <stdbool.h>

enum {
    HENG_SIM_POWER_DLT645 = 6, /* four stairwells, substation, outdoor lighting */
    HENG_SIM_POWER_MODBUS = 2, /* two shops */
    HENG_SIM_POWER_METERS = HENG_SIM_POWER_DLT645 + HENG_SIM_POWER_MODBUS,
    HENG_SIM_POWER_SINGLE_PHASE = 4, /* the stairwells; the substation and the lighting have three phases */
    HENG_SIM_TARIFFS = 4,            /* sharp, peak, flat, valley */
};

struct heng_sim_power_meter {
    double power_w, power_factor, frequency_hz;
    double volts[3];                    /* L1 only on a single-phase meter */
    double energy_wh[HENG_SIM_TARIFFS]; /* since installation */
    double size;                        /* against the usual consumer of its kind */
    struct heng_sim_rng rng;
};

struct heng_sim_power {
    struct heng_sim_power_meter meters[HENG_SIM_POWER_METERS];
};

void heng_sim_power_init(struct heng_sim_power *power, uint64_t seed);

/* dt_s from the local time of day `hour` (0 <= hour < 24) on; long steps are taken hour by hour. */
void heng_sim_power_step(struct heng_sim_power *power, double hour, double dt_s, bool heating);

/* What is drawn of each phase: a third on three-phase meters. */
unsigned heng_sim_power_phases(unsigned meter);

#endif
