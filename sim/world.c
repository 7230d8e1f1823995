#include "sim/world.h"

#include <math.h>

/* Nothing here is a measured building; the numbers are those of an ordinary insulated block in the north of China:
 * about 35 W/m2 at the design temperature of -9 C, 110 L of cold water per person and day. */
#define TWO_PI             6.283185307179586
#define WATER_WH_M3_K      1151.0 /* heat capacity of water at 45 C */
#define DESIGN_OUTDOOR_C   (-9.0)
#define RADIATOR_EXPONENT  1.3
#define RISER_LOSS_W_K     200.0
#define CELLAR_C           15.0
#define ROOM_LAG_S         1800.0
#define COARSE_STEP_S      21600.0
#define LITRES_PERSON_DAY  108.0
#define DRAWS_PERSON_DAY   14.0
#define LEAKING_FLAT       35 /* 3-602: a cistern that never quite closes */
#define MAX_STEPS_PER_CALL (31 * 86400 / HENG_SIM_STEP_S)
#define SETTLE_US          (INT64_C(4) * 3600 * HENG_US_PER_S)
#define SECONDS(s)         ((heng_us)((s) * (double)HENG_US_PER_S))

struct heng_civil heng_sim_local(heng_us at_us) { return heng_us_to_civil(at_us + HENG_SIM_UTC_OFFSET_US); }

/* The first of the local month of at_us, or of the month after it. */
static heng_us month_start_us(heng_us at_us, unsigned months_later)
{
    struct heng_civil c = heng_sim_local(at_us);
    unsigned month = c.month - 1u + months_later;
    struct heng_civil first = {
        .year = (int16_t)(c.year + (int)(month / 12)), .month = (uint8_t)(month % 12 + 1), .day = 1};
    return heng_civil_to_us(&first) - HENG_SIM_UTC_OFFSET_US;
}

/* Local time of day, 0 <= x < 1. */
static double day_fraction(heng_us at_us)
{
    return (double)((at_us + HENG_SIM_UTC_OFFSET_US) % HENG_US_PER_DAY) / (double)HENG_US_PER_DAY;
}

static void blow_weather(struct heng_sim_world *w)
{
    struct heng_sim_weather weather = heng_sim_weather_at(&w->climate, w->now_us);
    w->outdoor_c = weather.outdoor_c;
    w->heating = weather.mean_c < HENG_SIM_HEATING_LIMIT_C;
    /* The controller damps the day, hence half of it. */
    double damped = 0.5 * (weather.mean_c + weather.outdoor_c);
    w->supply_c = fmin(75.0, fmax(36.0, 30.0 + 1.2 * (20.0 - damped)));
}

/* Water that stands in the pipes takes the temperature of the stairwell within hours. */
static void cool_down(struct heng_sim_heat *h, double keep)
{
    h->power_w = 0;
    h->flow_m3_h = 0;
    h->supply_c = 21.0 + (h->supply_c - 21.0) * keep;
    h->return_c = 20.5 + (h->return_c - 20.5) * keep;
}

static void heat_flat(const struct heng_sim_world *w, const struct heng_sim_household *home, struct heng_sim_heat *h,
                      double keep)
{
    if (!w->heating) {
        cool_down(h, keep);
        return;
    }
    double hour = day_fraction(w->now_us) * 24.0;
    double room = home->setpoint_c - (hour < 6.0 || hour >= 22.5 ? home->setback_k : 0.0);
    double sun = home->sun_w * fmax(0.0, sin(TWO_PI * (hour - 7.0) / 20.0)) * (hour > 7.0 && hour < 17.0 ? 1.0 : 0.0);
    double wanted = fmax(0.0, home->loss_w_k * (room - w->outdoor_c) - home->gain_w - sun);
    h->power_w = wanted + (h->power_w - wanted) * keep;
    h->supply_c = w->supply_c - home->pipe_drop_k;

    double excess_k = pow(h->power_w / home->radiator_w, 1.0 / RADIATOR_EXPONENT);
    h->return_c = 2.0 * (room + excess_k) - h->supply_c;
    double warmest_c = h->supply_c - 3.0; /* the valve is fully open: more than this the radiator cannot give */
    if (h->return_c > warmest_c) {
        h->return_c = warmest_c;
        h->power_w = home->radiator_w * pow(fmax(0.0, h->supply_c - 1.5 - room), RADIATOR_EXPONENT);
    }
    h->return_c = fmax(h->return_c, room + 2.0);
    h->flow_m3_h = h->power_w / (WATER_WH_M3_K * (h->supply_c - h->return_c));
}

/* The building meter stands in the cellar in front of the risers, with a small bypass that keeps the pump happy. */
static void heat_building(struct heng_sim_world *w, double keep)
{
    struct heng_sim_heat *b = &w->heat[HENG_SIM_BUILDING];
    if (!w->heating) {
        cool_down(b, keep);
        return;
    }
    double power_w = 0, flow_m3_h = 0;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        power_w += w->heat[i].power_w;
        flow_m3_h += w->heat[i].flow_m3_h;
    }
    b->power_w = power_w + RISER_LOSS_W_K * (w->supply_c - CELLAR_C);
    b->flow_m3_h = flow_m3_h * 1.03 + 0.1;
    b->supply_c = w->supply_c;
    b->return_c = b->supply_c - b->power_w / (WATER_WH_M3_K * b->flow_m3_h);
}

/* One step of dt_s: set what is measured now, then let the totals run on at exactly those values. */
static void heat_all(struct heng_sim_world *w, double dt_s)
{
    double keep = exp(-dt_s / ROOM_LAG_S);
    blow_weather(w);
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) heat_flat(w, &w->households[i], &w->heat[i], keep);
    heat_building(w, keep);
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
        w->heat[i].energy_wh += w->heat[i].power_w * dt_s / 3600.0;
        w->heat[i].volume_m3 += w->heat[i].flow_m3_h * dt_s / 3600.0;
    }
}

/* Opens a tap now and then; what flows while one is open is added to it. */
static void draw_water(struct heng_sim_water *t, struct heng_sim_household *home, double hour, double dt_s)
{
    /* How often taps are opened in each hour of the day, against the mean of the day. */
    static const double profile[24] = {0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 1.6, 2.2, 1.8, 1.1, 1.0, 1.2,
                                       1.4, 1.0, 0.8, 0.8, 1.0, 1.4, 1.8, 1.9, 1.6, 1.2, 0.7, 0.3};
    /* Share of all draws, litres, litres per second: tap, cistern, shower, washing machine. */
    static const struct {
        double share, litres, l_s;
    } kinds[] = {{0.55, 1.5, 0.08}, {0.33, 6.0, 0.12}, {0.10, 40.0, 0.13}, {0.02, 45.0, 0.15}};

    double chance = DRAWS_PERSON_DAY * home->persons * profile[(unsigned)hour % 24] * dt_s / 86400.0;
    if (heng_sim_rng_unit(&home->rng) < chance) {
        double pick = heng_sim_rng_unit(&home->rng);
        unsigned k = 0;
        for (; k < 3 && pick >= kinds[k].share; k++) pick -= kinds[k].share;
        t->draw_left_l += kinds[k].litres * heng_sim_rng_between(&home->rng, 0.5, 1.5);
        t->draw_l_s = kinds[k].l_s;
    }
    if (t->valve_closed) { /* who opens a tap now gets nothing, and nothing later for it */
        t->draw_left_l = 0;
        return;
    }
    double drawn = fmin(t->draw_left_l, t->draw_l_s * dt_s);
    t->draw_left_l -= drawn;
    t->volume_l += drawn + t->leak_l_h * dt_s / 3600.0;
}

static void move_valve(struct heng_sim_water *t, heng_us now_us)
{
    if (now_us >= t->valve_moves_us) t->valve_closed = t->valve_wanted_closed;
}

void heng_sim_world_valve(struct heng_sim_world *world, unsigned flat, bool closed)
{
    struct heng_sim_water *t = &world->water[flat];
    if (t->valve_wanted_closed == closed) return;
    t->valve_wanted_closed = closed;
    t->valve_moves_us = world->now_us + SECONDS(HENG_SIM_VALVE_MOVES_S);
}

static void keep_due_date(struct heng_sim_world *w)
{
    if (w->now_us < w->next_due_us) return;
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) w->heat[i].due_energy_wh = w->heat[i].energy_wh;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) w->water[i].due_volume_l = w->water[i].volume_l;
    w->due_us = month_start_us(w->now_us, 0);
    w->next_due_us = month_start_us(w->now_us, 1);
}

static void move_in(struct heng_sim_household *home, const struct heng_sim_flat *flat, struct heng_sim_rng rng)
{
    double area_m2 = flat->area_cm2 / 1e4;
    bool end = (flat->unit == 1 && flat->door == 1) || (flat->unit == HENG_SIM_UNITS && flat->door == HENG_SIM_DOORS);
    double outside =
        (flat->floor == 1 ? 1.12 : 1.0) * (flat->floor == HENG_SIM_FLOORS ? 1.25 : 1.0) * (end ? 1.12 : 1.0);
    home->rng = rng;
    home->loss_w_k = area_m2 * 1.25 * outside * heng_sim_rng_between(&home->rng, 0.93, 1.07);
    home->setpoint_c = heng_sim_rng_between(&home->rng, 18.5, 23.0);
    home->setback_k = heng_sim_rng_below(&home->rng, 3) == 0 ? 2.0 : 0.0;
    home->gain_w = area_m2 * heng_sim_rng_between(&home->rng, 2.0, 4.0);
    home->sun_w = area_m2 * (flat->door == 1 ? 4.0 : 2.0);
    home->pipe_drop_k = 0.25 * flat->floor + heng_sim_rng_between(&home->rng, 0.0, 0.3);
    home->persons = 1.0 + heng_sim_rng_below(&home->rng, 4);
    double design_w = home->loss_w_k * (21.0 - DESIGN_OUTDOOR_C);
    home->radiator_w = 1.15 * design_w / pow(34.0, RADIATOR_EXPONENT);
}

/* The years before the start, in quarter days: the same physics, water by its daily mean. */
static void live_until(struct heng_sim_world *w, heng_us start_us)
{
    while (w->now_us < start_us) {
        heng_us dt_us = start_us - w->now_us;
        if (dt_us > SECONDS(COARSE_STEP_S)) dt_us = SECONDS(COARSE_STEP_S);
        if (w->next_due_us > w->now_us && dt_us > w->next_due_us - w->now_us) dt_us = w->next_due_us - w->now_us;
        double dt_s = (double)dt_us / (double)HENG_US_PER_S;
        heat_all(w, dt_s);
        for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
            struct heng_sim_household *home = &w->households[i];
            double share = heng_sim_rng_between(&home->rng, 0.6, 1.4) * dt_s / 86400.0;
            w->water[i].volume_l += LITRES_PERSON_DAY * home->persons * share;
        }
        heng_sim_power_step(&w->power, day_fraction(w->now_us) * 24.0, dt_s, w->heating);
        w->now_us += dt_us;
        keep_due_date(w);
    }
}

void heng_sim_world_init(struct heng_sim_world *world, const struct heng_sim_site *site, uint64_t seed,
                         heng_us start_us)
{
    *world = (struct heng_sim_world){0};
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 0);
    world->climate = heng_sim_climate_of(rng);
    for (unsigned i = 0; i < 2; i++) (void)heng_sim_rng_next(&rng); /* what the weather has drawn */
    /* One day for all: the building was commissioned in one go, so its balance closes from the first day. */
    world->installed_us = start_us - (heng_us)(730 + heng_sim_rng_below(&rng, 365)) * HENG_US_PER_DAY;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++)
        move_in(&world->households[i], &site->flats[i], heng_sim_rng_of(seed, 1000 + i));
    heng_sim_power_init(&world->power, seed);
    world->now_us = world->installed_us;
    world->due_us = month_start_us(world->now_us, 0);
    world->next_due_us = month_start_us(world->now_us, 1);
    world->water[LEAKING_FLAT].leak_l_h = 12.0;
    /* The last hours in fine steps, so that what is shown at the start belongs to that time of day. */
    live_until(world, start_us - SETTLE_US);
    heng_sim_world_advance(world, start_us);
}

void heng_sim_world_advance(struct heng_sim_world *world, heng_us to_us)
{
    const heng_us step_us = HENG_SIM_STEP_S * HENG_US_PER_S;
    for (unsigned n = 0; n < MAX_STEPS_PER_CALL && to_us - world->now_us >= step_us; n++) {
        double hour = day_fraction(world->now_us) * 24.0;
        heat_all(world, HENG_SIM_STEP_S);
        for (unsigned i = 0; i < HENG_SIM_FLATS; i++)
            draw_water(&world->water[i], &world->households[i], hour, HENG_SIM_STEP_S);
        heng_sim_power_step(&world->power, hour, HENG_SIM_STEP_S, world->heating);
        world->now_us += step_us;
        for (unsigned i = 0; i < HENG_SIM_FLATS; i++) move_valve(&world->water[i], world->now_us);
        keep_due_date(world);
    }
}
