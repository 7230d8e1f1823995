#ifndef HENG_SIM_CLIMATE_H
#define HENG_SIM_CLIMATE_H
/* The weather of a seed, and what people take out of the pipes and wires in it, hour by hour.
 *
 *   outdoor temperature = season + weather of the week + hour of the day
 *   heat                = loss to outdoors at the wanted room temperature - people, devices and sun, at least nothing
 *   everything else     = the mean of the day, spread over its hours as people live
 *
 * double is allowed here: this is the world, not the accounting. What the meters count is integers. */
#include "base/time.h"
#include "model/quantity.h"
#include "sim/rng.h"

/* Local time of a simulated site: UTC+8, without summer time since 1991. */
#define HENG_SIM_UTC_OFFSET_US (INT64_C(8) * 3600 * HENG_US_PER_S)

struct heng_sim_climate {
    double mean_c, season_k, day_k; /* mean of the year; how far winter and the afternoon are away from it */
    double phase[2];                /* of the weather of the week, 0 <= x < 1 */
};

/* What is usual in the north of China, with the weather that rng draws. */
struct heng_sim_climate heng_sim_climate_of(struct heng_sim_rng rng);

struct heng_sim_weather {
    double mean_c;    /* of the day: season and weather of the week */
    double outdoor_c; /* now */
    double day;       /* local time of day, 0 <= x < 1 */
};

struct heng_sim_weather heng_sim_weather_at(const struct heng_sim_climate *climate, heng_us at_us);

/* Below this mean of the day houses are heated, above HENG_SIM_COOLING_LIMIT_C cooled. */
#define HENG_SIM_HEATING_LIMIT_C 13.0
#define HENG_SIM_COOLING_LIMIT_C 24.0

/* One household: who draws the same stream of chance is the same household. */
struct heng_sim_home {
    double area_m2, persons, setpoint_c, taste; /* taste: against the usual consumer, about 1 */
};

struct heng_sim_home heng_sim_home_of(struct heng_sim_rng rng);

/* What a meter of the medium counts in this hour if it goes on like that: Wh of heat, cold and electricity, litres of
 * water and gas. 0 for a medium that nobody takes. */
double heng_sim_demand_per_h(const struct heng_sim_home *home, heng_medium medium,
                             const struct heng_sim_weather *weather);

#endif
