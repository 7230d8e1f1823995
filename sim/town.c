#include "sim/town.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOISE_LUMP_MS = 50, BITS_PER_BYTE = 11, STREAM_WEATHER = 0, STREAM_HOMES = 3000000, STREAM_NOISE = 6000000 };

#define SOON_US (300 * HENG_US_PER_MS)
#define HOUR_US (INT64_C(3600) * HENG_US_PER_S)

/* --- building it --------------------------------------------------------------------------------------- */

static heng_rc build_line(struct heng_sim_town *town, size_t index, struct heng_err *err)
{
    struct heng_sim_town_line *line = &town->lines[index];
    const struct heng_sim_scenario *scenario = town->scenario;
    const struct heng_sim_line_plan *plan = heng_sim_plan_of(scenario, index, &line->k);
    char number[24];
    struct heng_sim_meter_config *meters = calloc(plan->meter_count, sizeof *meters);
    if (!meters) return heng_fail(err, HENG_ENOMEM, 0, "out of memory at line %zu of %zu", index + 1, town->line_count);
    for (size_t i = 0; i < plan->meter_count; i++) heng_sim_plan_meter(scenario, plan, line->k, i, &meters[i], number);
    struct heng_sim_bus_config config = plan->bus;
    struct heng_sim_rng rng = heng_sim_rng_of(scenario->seed, index + 1);
    config.seed = heng_sim_rng_next(&rng);
    config.relays = &scenario->relays[plan->first_relay];
    config.relay_count = plan->relay_count;
    line->plan = plan;
    line->rng = heng_sim_rng_of(scenario->seed, STREAM_NOISE + index);
    heng_sim_number_name(plan->name, line->k + 1, line->name, sizeof line->name);
    heng_rc rc =
        heng_sim_bus_new(&config, meters, plan->meter_count, town->start_us + HENG_SIM_UTC_OFFSET_US, &line->bus, err);
    free(meters);
    return rc;
}

heng_rc heng_sim_town_init(struct heng_sim_town *town, const struct heng_sim_scenario *scenario, heng_us start_us,
                           struct heng_err *err)
{
    *town = (struct heng_sim_town){
        .scenario = scenario,
        .climate = heng_sim_climate_of(heng_sim_rng_of(scenario->seed, STREAM_WEATHER)),
        .start_us = start_us,
        .speed = scenario->speed,
    };
    town->lines = calloc(scenario->line_count, sizeof *town->lines);
    if (!town->lines) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu lines", scenario->line_count);
    town->line_count = scenario->line_count;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < town->line_count && rc == HENG_OK; i++) rc = build_line(town, i, err);
    if (rc == HENG_OK) heng_sim_town_tick(town, 0);
    return rc;
}

heng_rc heng_sim_town_init_house(struct heng_sim_town *town, struct heng_sim_line *lines, size_t count,
                                 struct heng_sim_world *world, uint64_t seed, struct heng_err *err)
{
    *town = (struct heng_sim_town){.rates_due = HENG_US_NEVER, .speed = 1};
    town->lines = calloc(count, sizeof *town->lines);
    if (!town->lines) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    town->line_count = count;
    for (size_t i = 0; i < count; i++) {
        struct heng_sim_town_line *line = &town->lines[i];
        line->house = &lines[i];
        line->world = world;
        line->rng = heng_sim_rng_of(seed, STREAM_NOISE + i);
        memcpy(line->name, heng_sim_line_name(lines[i].id), strlen(heng_sim_line_name(lines[i].id)) + 1);
    }
    return HENG_OK;
}

void heng_sim_town_fini(struct heng_sim_town *town)
{
    for (size_t i = 0; i < town->line_count; i++) heng_sim_bus_free(town->lines[i].bus);
    free(town->lines);
    *town = (struct heng_sim_town){0};
}

/* --- weather ------------------------------------------------------------------------------------------- */

/* What one step of the main counter of a plain meter is, in Wh or litres: 1 kWh of heat, 10 Wh, 10 l (slave_mbus.c). */
static double step_of(heng_medium medium)
{
    bool thermal = medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_COOLING || medium == HENG_MEDIUM_HEAT_COOLING ||
                   medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_COOLING_INLET;
    return thermal ? 1000.0 : 10.0;
}

/* Whole steps an hour; what is left of one comes as a step now and then, so that the mean is right. */
static uint32_t rate_of(double steps, struct heng_sim_rng rng)
{
    double whole = floor(steps);
    if (heng_sim_rng_unit(&rng) < steps - whole) whole += 1;
    return (uint32_t)fmin(whole, 4e9);
}

/* Set what each meter of a line counts in this hour. */
static void tick_line(struct heng_sim_town *town, struct heng_sim_town_line *line,
                      const struct heng_sim_weather *weather, uint64_t hour)
{
    const uint64_t seed = town->scenario->seed;
    for (size_t i = 0; i < line->plan->meter_count; i++) {
        uint64_t serial = line->plan->first_meter + line->k * line->plan->meter_count + i;
        heng_medium medium = heng_sim_plan_medium(town->scenario, line->plan, i);
        struct heng_sim_home home = heng_sim_home_of(heng_sim_rng_of(seed, STREAM_HOMES + serial));
        double steps = heng_sim_demand_per_h(&home, medium, weather) / step_of(medium) * town->speed;
        heng_sim_bus_set_rate(line->bus, i, rate_of(steps, heng_sim_rng_of(seed ^ hour, STREAM_HOMES + serial)));
    }
}

void heng_sim_town_tick(struct heng_sim_town *town, heng_us now)
{
    if (now < town->rates_due) return;
    heng_us world_us = town->start_us + now * town->speed;
    struct heng_sim_weather weather = heng_sim_weather_at(&town->climate, world_us);
    for (size_t l = 0; l < town->line_count; l++)
        tick_line(town, &town->lines[l], &weather, (uint64_t)(world_us / HOUR_US));
    /* At the next full hour of the weather. */
    town->rates_due = now + (HOUR_US - world_us % HOUR_US) / town->speed + 1;
}

heng_us heng_sim_town_due(const struct heng_sim_town *town) { return town->rates_due; }

/* --- bytes --------------------------------------------------------------------------------------------- */

void heng_sim_town_hear(struct heng_sim_town_line *line, heng_us now, struct heng_slice bytes)
{
    line->bytes_in += bytes.n;
    if (line->house) {
        line->house->muted = line->muted || line->overload;
        heng_sim_world_advance(line->world, now);
        heng_sim_line_hear(line->house, bytes, now);
    } else if (!line->muted && !line->overload) {
        heng_sim_bus_hear(line->bus, now, bytes);
    }
}

static heng_us quiet_due(const struct heng_sim_town_line *line)
{
    return line->house ? heng_sim_wire_next_us(&line->house->wire) : heng_sim_bus_due(line->bus);
}

heng_us heng_sim_town_line_due(const struct heng_sim_town_line *line)
{
    return line->overload ? line->noise_due : quiet_due(line);
}

static size_t take_quiet(struct heng_sim_town_line *line, heng_us now, uint8_t *ret, size_t cap)
{
    if (line->bus) return heng_sim_bus_take(line->bus, now, ret, cap);
    struct heng_slice bytes = heng_sim_wire_poll(&line->house->wire, now);
    size_t n = bytes.n < cap ? bytes.n : cap;
    if (n) memcpy(ret, bytes.p, n);
    return n;
}

/* A short fills the line with what a receiver makes of it, at the line's speed. */
static size_t take_noise(struct heng_sim_town_line *line, heng_us now, uint8_t *ret, size_t cap)
{
    uint32_t baud = line->plan ? line->plan->bus.baud : line->house->wire.baud;
    heng_us byte_us = BITS_PER_BYTE * HENG_US_PER_S / baud;
    size_t n = 0;
    if (now < line->noise_due) return 0;
    for (; n < cap && line->noise_us + byte_us <= now; line->noise_us += byte_us)
        ret[n++] = (uint8_t)heng_sim_rng_next(&line->rng);
    if (n == cap) line->noise_us = now; /* whoever slept does not get it all */
    line->noise_due = now + NOISE_LUMP_MS * HENG_US_PER_MS;
    return n;
}

size_t heng_sim_town_take(struct heng_sim_town_line *line, heng_us now, uint8_t *ret, size_t cap)
{
    size_t n = line->overload ? take_noise(line, now, ret, cap) : take_quiet(line, now, ret, cap);
    if (line->muted && !line->overload) n = 0;
    line->bytes_out += n;
    return n;
}

void heng_sim_town_set_speed(struct heng_sim_town_line *line, heng_us now, uint32_t baud, char parity)
{
    if (line->bus) heng_sim_bus_set_speed(line->bus, now, baud, parity);
}

bool heng_sim_town_busy(const struct heng_sim_town_line *line, heng_us now)
{
    if (line->house) return heng_sim_wire_busy(&line->house->wire);
    heng_us due = heng_sim_bus_due(line->bus); /* further away it is the next stray byte of a noisy line */
    return due != HENG_US_NEVER && due <= now + SOON_US;
}

struct heng_sim_traffic heng_sim_town_traffic(const struct heng_sim_town_line *line)
{
    struct heng_sim_bus_ledger ledger;
    if (line->house) return (struct heng_sim_traffic){line->house->requests, line->house->answers};
    heng_sim_bus_ledger_now(line->bus, &ledger);
    return (struct heng_sim_traffic){ledger.requests, ledger.answers};
}

/* --- commands ------------------------------------------------------------------------------------------ */

static void set_overload(struct heng_sim_town_line *line, bool on, heng_us now)
{
    uint8_t thrown_away[256];
    if (on == line->overload) return;
    if (!on)
        while (take_quiet(line, now, thrown_away, sizeof thrown_away) > 0) {
        }
    line->overload = on;
    line->noise_us = line->noise_due = now;
}

/* Another meter in the place of meter i: it counts from nothing, and its number is one that the town has not. */
static void swap(struct heng_sim_town *town, struct heng_sim_town_line *line, size_t i)
{
    struct heng_sim_meter_config meter;
    char number[24], fresh[24];
    heng_sim_plan_meter(town->scenario, line->plan, line->k, i, &meter, number);
    snprintf(fresh, sizeof fresh, "%06u", 900000 + ++town->swaps % 100000);
    if (meter.secondary[0]) memcpy(meter.secondary + 2, fresh, 6); /* the last six of eight digits */
    if (meter.protocol != HENG_PROTOCOL_MBUS && meter.protocol != HENG_PROTOCOL_MODBUS_RTU)
        memcpy(meter.address + strlen(meter.address) - 6, fresh, 6);
    meter.fate = HENG_SIM_FATE_ALIVE;
    meter.start_count = 0;
    heng_sim_bus_swap(line->bus, i, &meter);
}

static void do_to_meter(struct heng_sim_town *town, struct heng_sim_town_line *line, size_t i,
                        const struct heng_sim_command *c)
{
    switch (c->verb) {
    case HENG_SIM_VERB_CUT: heng_sim_bus_set_cut(line->bus, i); return;
    case HENG_SIM_VERB_KILL: heng_sim_bus_set_fate(line->bus, i, HENG_SIM_FATE_DEAD); return;
    case HENG_SIM_VERB_REVIVE: heng_sim_bus_set_fate(line->bus, i, HENG_SIM_FATE_ALIVE); return;
    case HENG_SIM_VERB_DYING: heng_sim_bus_set_fate(line->bus, i, HENG_SIM_FATE_DYING); return;
    case HENG_SIM_VERB_SWAP: swap(town, line, i); return;
    case HENG_SIM_VERB_TAMPER: heng_sim_bus_tamper(line->bus, i, true); return;
    case HENG_SIM_VERB_UNTAMPER: heng_sim_bus_tamper(line->bus, i, false); return;
    case HENG_SIM_VERB_STICK: heng_sim_bus_set_sticks(line->bus, i, true); return;
    case HENG_SIM_VERB_UNSTICK: heng_sim_bus_set_sticks(line->bus, i, false); return;
    case HENG_SIM_VERB_CLOCK: heng_sim_bus_shift_clock(line->bus, i, c->seconds * HENG_US_PER_S); return;
    case HENG_SIM_VERB_UNPLUG:
    case HENG_SIM_VERB_PLUG:
    case HENG_SIM_VERB_HALF_OPEN:
    case HENG_SIM_VERB_STORM:
    case HENG_SIM_VERB_MUTE:
    case HENG_SIM_VERB_UNMUTE:
    case HENG_SIM_VERB_OVERLOAD:
    case HENG_SIM_VERB_NOISE:
    case HENG_SIM_VERB_ECHO:
    case HENG_SIM_VERB_LATE:
    case HENG_SIM_VERB_MEND:
    case HENG_SIM_VERB_SHOW:
    case HENG_SIM_VERB_QUIT:
    case HENG_SIM_VERB_COUNT: return;
    }
}

/* #3, an address, or a number on the plate as the scenario gave it; M-Bus also by its identification. */
static bool is_meant(const char *who, size_t i, const struct heng_sim_meter_config *meter, const char *number)
{
    if (who[0] == '*' && !who[1]) return true;
    if (who[0] == '#') return strtoull(who + 1, NULL, 10) == i + 1;
    if (strcmp(who, number) == 0 || (meter->secondary[0] && strcmp(who, meter->secondary) == 0)) return true;
    return strcmp(meter->address, "0") != 0 && strcmp(who, meter->address) == 0;
}

static heng_rc do_to_meters(struct heng_sim_town *town, struct heng_sim_town_line *line,
                            const struct heng_sim_command *c, struct heng_err *err)
{
    size_t found = 0;
    for (size_t i = 0; i < line->plan->meter_count; i++) {
        struct heng_sim_meter_config meter;
        char number[24];
        heng_sim_plan_meter(town->scenario, line->plan, line->k, i, &meter, number);
        if (!is_meant(c->meter, i, &meter, number)) continue;
        found++;
        do_to_meter(town, line, i, c);
        if (c->verb == HENG_SIM_VERB_CUT) break; /* before the first of them */
    }
    if (found) return HENG_OK;
    return heng_fail(err, HENG_ENOTFOUND, 0, "no meter '%.40s' on line %s", c->meter, line->name);
}

/* What the built-in building knows: its meters live or are dead, its wire is noisy. */
static heng_rc do_to_house(struct heng_sim_town_line *line, const struct heng_sim_command *c, struct heng_err *err)
{
    bool revive = c->verb == HENG_SIM_VERB_REVIVE;
    if (c->verb == HENG_SIM_VERB_NOISE) {
        line->house->wire.noise_ppm = c->rate_ppm;
        return HENG_OK;
    }
    if (c->verb != HENG_SIM_VERB_KILL && !revive)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "the built-in building knows no '%s', a --scenario does",
                         heng_sim_verb_word(c->verb));
    if (heng_sim_line_set_alive(line->house, c->meter, revive) == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_ENOTFOUND, 0, "no meter '%.40s' on line %s", c->meter, line->name);
}

static heng_rc do_to_line(struct heng_sim_town *town, struct heng_sim_town_line *line, const struct heng_sim_command *c,
                          heng_us now, struct heng_err *err)
{
    switch (c->verb) {
    case HENG_SIM_VERB_UNPLUG:
    case HENG_SIM_VERB_PLUG:
    case HENG_SIM_VERB_HALF_OPEN:
    case HENG_SIM_VERB_STORM:
    case HENG_SIM_VERB_SHOW:
    case HENG_SIM_VERB_QUIT:
    case HENG_SIM_VERB_COUNT: return HENG_OK;
    case HENG_SIM_VERB_MUTE: line->muted = true; return HENG_OK;
    case HENG_SIM_VERB_UNMUTE: line->muted = false; return HENG_OK;
    case HENG_SIM_VERB_OVERLOAD: set_overload(line, c->on, now); return HENG_OK;
    case HENG_SIM_VERB_NOISE:
        if (line->house) return do_to_house(line, c, err);
        heng_sim_bus_set_error(line->bus, c->rate_ppm);
        return HENG_OK;
    case HENG_SIM_VERB_ECHO:
        if (line->house) return do_to_house(line, c, err);
        heng_sim_bus_set_echo(line->bus, c->on);
        return HENG_OK;
    case HENG_SIM_VERB_LATE:
        if (line->house) return do_to_house(line, c, err);
        heng_sim_bus_set_late(line->bus, c->rate_ppm, c->min_ms, c->max_ms);
        return HENG_OK;
    case HENG_SIM_VERB_MEND:
        if (line->house) return do_to_house(line, c, err);
        heng_sim_bus_set_cut(line->bus, line->plan->meter_count);
        return HENG_OK;
    case HENG_SIM_VERB_CUT:
    case HENG_SIM_VERB_KILL:
    case HENG_SIM_VERB_REVIVE:
    case HENG_SIM_VERB_DYING:
    case HENG_SIM_VERB_SWAP:
    case HENG_SIM_VERB_TAMPER:
    case HENG_SIM_VERB_UNTAMPER:
    case HENG_SIM_VERB_STICK:
    case HENG_SIM_VERB_UNSTICK:
    case HENG_SIM_VERB_CLOCK: return line->house ? do_to_house(line, c, err) : do_to_meters(town, line, c, err);
    }
    return HENG_EBUG;
}

heng_rc heng_sim_town_do(struct heng_sim_town *town, const struct heng_sim_command *command, heng_us now,
                         struct heng_err *err)
{
    size_t named = 0, done = 0;
    heng_rc rc = HENG_OK;
    if (!command->line[0]) return HENG_OK;
    for (size_t i = 0; i < town->line_count; i++) {
        if (!heng_sim_command_names(command, town->lines[i].name)) continue;
        named++;
        heng_rc one = do_to_line(town, &town->lines[i], command, now, err);
        if (one == HENG_OK)
            done++;
        else
            rc = one;
    }
    if (!named) return heng_fail(err, HENG_ENOTFOUND, 0, "no line '%s', 'show' lists them", command->line);
    return done ? HENG_OK : rc; /* heat-* 17: where there is a meter 17 */
}
