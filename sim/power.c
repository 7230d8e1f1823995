#include "sim/power.h"

#include <math.h>

/* No measured curves; ordinary sizes: a stairwell with lamps that passers-by switch on, pumps of a heating substation,
 * street lamps, two shops with a refrigerator. */
#define STEP_MAX_S 3600.0
#define LAG_S      600.0
#define VOLTS      231.0

enum kind { KIND_STAIRS, KIND_SUBSTATION, KIND_LAMPS, KIND_SHOP };

static enum kind kind_of(unsigned meter)
{
    if (meter < HENG_SIM_POWER_SINGLE_PHASE) return KIND_STAIRS;
    if (meter >= HENG_SIM_POWER_DLT645) return KIND_SHOP;
    return meter == HENG_SIM_POWER_SINGLE_PHASE ? KIND_SUBSTATION : KIND_LAMPS;
}

unsigned heng_sim_power_phases(unsigned meter)
{
    enum kind kind = kind_of(meter);
    return kind == KIND_SUBSTATION || kind == KIND_LAMPS ? 3 : 1;
}

/* Sharp in the evening, peak in the morning and around it, valley at night: a usual calendar of a Chinese province. */
static unsigned tariff_of(double hour)
{
    static const uint8_t tariffs[24] = {3, 3, 3, 3, 3, 3, 3, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 1, 1, 0, 0, 1, 2, 3};
    return tariffs[(unsigned)hour % 24];
}

static double wanted_w(enum kind kind, double hour, bool heating)
{
    bool dark = hour < 6.5 || hour >= 18.0, open = hour >= 8.5 && hour < 21.5;
    switch (kind) {
    case KIND_STAIRS: return 9.0 + (dark ? (hour >= 18.0 ? 70.0 : 12.0) : 2.0);
    case KIND_SUBSTATION: return heating ? 1450.0 : 95.0;
    case KIND_LAMPS: return dark ? 820.0 : 6.0;
    case KIND_SHOP: return 130.0 + (open ? 1700.0 : 0.0);
    }
    return 0;
}

void heng_sim_power_init(struct heng_sim_power *power, uint64_t seed)
{
    *power = (struct heng_sim_power){0};
    for (unsigned i = 0; i < HENG_SIM_POWER_METERS; i++) {
        struct heng_sim_power_meter *m = &power->meters[i];
        m->rng = heng_sim_rng_of(seed, 5000 + i);
        m->size = heng_sim_rng_between(&m->rng, 0.8, 1.25);
        m->power_factor = kind_of(i) == KIND_SUBSTATION ? 0.86 : 0.95;
        m->frequency_hz = 50.0;
    }
}

static void step_meter(struct heng_sim_power_meter *m, unsigned index, double hour, double dt_s, bool heating)
{
    double wanted = m->size * wanted_w(kind_of(index), hour, heating) * heng_sim_rng_between(&m->rng, 0.75, 1.25);
    m->power_w = wanted + (m->power_w - wanted) * exp(-dt_s / LAG_S);
    m->energy_wh[tariff_of(hour)] += m->power_w * dt_s / 3600.0;
    m->frequency_hz = 50.0 + heng_sim_rng_between(&m->rng, -0.03, 0.03);
    for (unsigned phase = 0; phase < heng_sim_power_phases(index); phase++)
        m->volts[phase] = VOLTS + phase - m->power_w / 1500.0 + heng_sim_rng_between(&m->rng, -0.8, 0.8);
}

void heng_sim_power_step(struct heng_sim_power *power, double hour, double dt_s, bool heating)
{
    while (dt_s > 0) {
        double part_s = fmin(dt_s, STEP_MAX_S);
        for (unsigned i = 0; i < HENG_SIM_POWER_METERS; i++) step_meter(&power->meters[i], i, hour, part_s, heating);
        hour = fmod(hour + part_s / 3600.0, 24.0);
        dt_s -= part_s;
    }
}
