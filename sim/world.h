#ifndef HENG_SIM_WORLD_H
#define HENG_SIM_WORLD_H
/* The physics of the building: weather, heating, 48 flats, their taps. It advances in fixed steps of simulated time;
 * the same seed and start give the same world, in whatever portions it is advanced.
 *
 *   outdoor temperature = climate.h
 *   supply temperature  = heating curve over the damped outdoor temperature, off above HENG_SIM_HEATING_LIMIT_C
 *   power of a flat     = heat loss to outdoors at the wanted room temperature - people, devices and sun, with a lag
 *   return temperature  = radiator law: power = K * (mean water temperature - room temperature)^1.3
 *   flow                = power / (heat capacity of water * (supply - return))
 *   building meter      = sum of the flats + what the risers lose
 *   electricity         = power.h
 *
 * double is allowed here: this is the world, not the accounting. What the meters send is integers. */
#include "base/time.h"
#include "sim/climate.h"
#include "sim/power.h"
#include "sim/rng.h"
#include "sim/site.h"

enum { HENG_SIM_STEP_S = 5, HENG_SIM_VALVE_MOVES_S = 5 };

/* What one heat meter measures. */
struct heng_sim_heat {
    double power_w, flow_m3_h, supply_c, return_c;
    double energy_wh, volume_m3; /* totals since installation */
    double due_energy_wh;        /* energy_wh at the last due date */
};

struct heng_sim_water {
    double volume_l;     /* total since installation */
    double due_volume_l; /* volume_l at the last due date */
    double draw_left_l, draw_l_s, leak_l_h;
    bool valve_closed, valve_wanted_closed;
    heng_us valve_moves_us; /* from then on the valve is where it is wanted */
};

struct heng_sim_household {
    double loss_w_k;    /* to outdoors, per kelvin */
    double radiator_w;  /* radiator power at 1 K over room temperature */
    double setpoint_c;  /* wanted room temperature */
    double setback_k;   /* lower by so much at night */
    double gain_w;      /* people and devices */
    double sun_w;       /* at noon of a clear day */
    double pipe_drop_k; /* supply temperature lost on the way up */
    double persons;
    struct heng_sim_rng rng;
};

struct heng_sim_world {
    heng_us now_us, installed_us;
    heng_us due_us;      /* last due date: the first of the month, 00:00 local time */
    heng_us next_due_us; /* the one after it */
    struct heng_sim_climate climate;
    double outdoor_c, supply_c;
    bool heating;
    struct heng_sim_household households[HENG_SIM_FLATS];
    struct heng_sim_heat heat[HENG_SIM_HEAT_METERS]; /* flats, then HENG_SIM_BUILDING */
    struct heng_sim_water water[HENG_SIM_FLATS];
    struct heng_sim_power power;
};

/* Build the world as it stands at start_us: installed two to three years ago and lived in since. */
void heng_sim_world_init(struct heng_sim_world *world, const struct heng_sim_site *site, uint64_t seed,
                         heng_us start_us);

/* Advance in whole steps up to to_us, at most 31 days per call: a machine that slept catches up in portions. */
void heng_sim_world_advance(struct heng_sim_world *world, heng_us to_us);

/* Close or open the valve of a flat. It takes HENG_SIM_VALVE_MOVES_S; behind a closed one nothing flows. */
void heng_sim_world_valve(struct heng_sim_world *world, unsigned flat, bool closed);

/* The site's local calendar, as the meters' own clocks show it. */
struct heng_civil heng_sim_local(heng_us at_us);

#endif
