#include "sim/climate.h"

#include <math.h>

/* Nothing here is measured; the numbers are those of ordinary insulated flats: about 35 W/m2 at -9 C, 110 L of cold and
 * 35 L of hot water per person and day, 2.6 kWh of electricity per person and day, gas for cooking. */
#define TWO_PI            6.283185307179586
#define LOSS_W_M2_K       1.25
#define GAIN_W_M2         3.0
#define COOL_W_M2_K       3.5
#define COLD_L_PERSON_DAY 110.0
#define HOT_L_PERSON_DAY  35.0
#define GAS_L_PERSON_DAY  260.0
#define POWER_WH_PERSON_D 2600.0
#define COLDEST_DAY       17.0 /* of January */
#define WARMEST_HOUR      15.0

struct heng_sim_climate heng_sim_climate_of(struct heng_sim_rng rng)
{
    struct heng_sim_climate climate = {.mean_c = 12.5, .season_k = 15.5, .day_k = 4.0};
    for (unsigned i = 0; i < 2; i++) climate.phase[i] = heng_sim_rng_unit(&rng);
    return climate;
}

struct heng_sim_weather heng_sim_weather_at(const struct heng_sim_climate *c, heng_us at_us)
{
    heng_us local_us = at_us + HENG_SIM_UTC_OFFSET_US;
    double days = (double)local_us / (double)HENG_US_PER_DAY;
    double season = c->mean_c - c->season_k * cos(TWO_PI * (days - COLDEST_DAY) / 365.2425);
    double week = 2.2 * sin(TWO_PI * (days / 5.3 + c->phase[0])) + 1.4 * sin(TWO_PI * (days / 11.9 + c->phase[1]));
    struct heng_sim_weather w = {.mean_c = season + week, .day = days - floor(days)};
    w.outdoor_c = w.mean_c + c->day_k * cos(TWO_PI * (w.day - WARMEST_HOUR / 24.0));
    return w;
}

struct heng_sim_home heng_sim_home_of(struct heng_sim_rng rng)
{
    struct heng_sim_home home = {.area_m2 = heng_sim_rng_between(&rng, 55.0, 140.0)};
    home.persons = 1.0 + heng_sim_rng_below(&rng, 4);
    home.setpoint_c = heng_sim_rng_between(&rng, 18.5, 23.0);
    home.taste = heng_sim_rng_between(&rng, 0.7, 1.3);
    return home;
}

/* How much of the day's water and electricity goes in each hour, against the mean of the day. */
static double water_share(double day)
{
    static const double hours[24] = {0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 1.6, 2.2, 1.8, 1.1, 1.0, 1.2,
                                     1.4, 1.0, 0.8, 0.8, 1.0, 1.4, 1.8, 1.9, 1.6, 1.2, 0.7, 0.3};
    return hours[(unsigned)(day * 24.0) % 24];
}

static double power_share(double day)
{
    static const double hours[24] = {0.5, 0.4, 0.4, 0.4, 0.4, 0.5, 0.9, 1.2, 1.0, 0.8, 0.8, 1.0,
                                     1.2, 1.0, 0.8, 0.8, 0.9, 1.2, 1.7, 2.0, 2.0, 1.8, 1.4, 0.9};
    return hours[(unsigned)(day * 24.0) % 24];
}

static double heat_w(const struct heng_sim_home *home, const struct heng_sim_weather *w)
{
    if (w->mean_c >= HENG_SIM_HEATING_LIMIT_C) return 0;
    double lost_w = home->area_m2 * LOSS_W_M2_K * home->taste * (home->setpoint_c - w->outdoor_c);
    return fmax(0.0, lost_w - home->area_m2 * GAIN_W_M2);
}

static double cool_w(const struct heng_sim_home *home, const struct heng_sim_weather *w)
{
    if (w->mean_c <= HENG_SIM_COOLING_LIMIT_C) return 0;
    return fmax(0.0, home->area_m2 * COOL_W_M2_K * home->taste * (w->outdoor_c - 22.0));
}

static double water_l(const struct heng_sim_home *home, heng_medium medium, const struct heng_sim_weather *w)
{
    bool hot = medium == HENG_MEDIUM_HOT_WATER || medium == HENG_MEDIUM_WARM_WATER;
    double of_day = hot ? HOT_L_PERSON_DAY : COLD_L_PERSON_DAY;
    return home->persons * home->taste / 24.0 * of_day * water_share(w->day);
}

static bool is_water(heng_medium medium)
{
    return medium == HENG_MEDIUM_WATER || medium == HENG_MEDIUM_COLD_WATER || medium == HENG_MEDIUM_HOT_WATER ||
           medium == HENG_MEDIUM_WARM_WATER || medium == HENG_MEDIUM_DRINKING_WATER ||
           medium == HENG_MEDIUM_RECLAIMED_WATER || medium == HENG_MEDIUM_DUAL_WATER;
}

double heng_sim_demand_per_h(const struct heng_sim_home *home, heng_medium medium, const struct heng_sim_weather *w)
{
    double people = home->persons * home->taste / 24.0;
    if (medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET) return heat_w(home, w);
    if (medium == HENG_MEDIUM_COOLING || medium == HENG_MEDIUM_COOLING_INLET) return cool_w(home, w);
    if (medium == HENG_MEDIUM_HEAT_COOLING) return heat_w(home, w) + cool_w(home, w);
    if (medium == HENG_MEDIUM_ELECTRICITY) return people * POWER_WH_PERSON_D * power_share(w->day);
    if (medium == HENG_MEDIUM_GAS) return people * GAS_L_PERSON_DAY * power_share(w->day);
    return is_water(medium) ? water_l(home, medium, w) : 0;
}
