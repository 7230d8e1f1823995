#ifndef HENG_SIM_SCENARIO_H
#define HENG_SIM_SCENARIO_H
/* A scenario file: a town as an engineer writes it down, and what happens to it. JSON; README.md has the words.
 *
 *   {"title": "..", "text": "what to look for", "seed": 1, "start": "2026-01-15T08:00:00Z", "speed": 1,
 *    "lines": [{"name": "heat-#", "count": 100, "transport": "tcp", "port": 21001, "baud": 2400, "echo": true,
 *               "noise": {"byte_error": 0.001}, "late": {"rate": 0.01, "ms": [50, 5000]},
 *               "relays": [{"name": "box", "delay_ms": 200}],
 *               "meters": [{"protocol": "mbus", "medium": "heat", "count": 32, "dead": 0.05}]}],
 *    "events": [{"at": "+90s", "do": "unplug heat-3"}]}
 *
 * Line and meter are templates: `count` of them are alike but for their names, addresses and fates. */
#include "meter/profile.h"
#include "sim/bus.h"

enum {
    HENG_SIM_LINE_PLANS_MAX = 64,
    HENG_SIM_METER_PLANS_MAX = 512,
    HENG_SIM_RELAY_PLANS_MAX = 64,
    HENG_SIM_EVENTS_MAX = 512,
    HENG_SIM_TOWN_LINES_MAX = 20000,
    HENG_SIM_TOWN_METERS_MAX = 1000000,
    HENG_SIM_LINE_METERS_MAX = 2000,
    HENG_SIM_NAME_MAX = 48,
    HENG_SIM_COMMAND_MAX = 128,
    HENG_SIM_SCENARIO_BYTES_MAX = 1 << 20,
};

/* count meters that are alike. */
struct heng_sim_meter_plan {
    uint32_t count;
    heng_protocol protocol; /* COUNT: as the profile says */
    heng_medium medium;     /* COUNT: as the profile says, else what the protocol usually measures */
    const struct heng_profile *profile;
    char first_address[HENG_ADDRESS_MAX]; /* "": counted by itself */
    char relay[HENG_SIM_NAME_MAX];        /* "": on the line itself */
    bool secondary;                       /* M-Bus: all at primary address 0, found by their identification */
    bool twins;                           /* M-Bus: each two have the same identification */
    uint32_t delay_min_ms, delay_max_ms;
    uint32_t dead_ppm, dying_ppm;
    int32_t drift_min_ppm, drift_max_ppm;
    int32_t clock_off_s;
    uint32_t telegrams;
    bool valve_sticks, strict_clock, rollover; /* rollover: the counters stand just before their end */
};

struct heng_sim_line_plan {
    char name[HENG_SIM_NAME_MAX]; /* '#' is the number of the line among its like, from 1 */
    uint32_t count;
    heng_transport_kind transport; /* SERIAL: a pty */
    uint32_t port;                 /* of the first one, the next ones follow; 0: a free one */
    char path[HENG_ENDPOINT_MAX];  /* SERIAL: where the pty is linked, with '#' */
    char registration[96];         /* DTU, with '#'; "": the name of the line */
    char heartbeat[64];            /* DTU: text or "hex:.." */
    uint32_t heartbeat_s;
    bool heartbeat_inside;         /* DTU: it falls into the middle of answers */
    uint32_t latency_ms, period_s; /* as the printed site tells them */
    struct heng_sim_bus_config bus;
    size_t first_meter_plan, meter_plan_count;
    size_t first_relay, relay_count; /* of scenario->relays; ids count from 1 in each line */
    size_t meter_count;              /* of one line */
    size_t first_line, first_meter;  /* of all lines and meters of the town */
};

/* What is done to the town by itself, at_us after the start. */
struct heng_sim_event {
    heng_us at_us;
    bool wall;            /* while reading: at_us is a time on the clock */
    uint32_t line, order; /* of the file, for messages; among the events of the file */
    char command[HENG_SIM_COMMAND_MAX];
};

struct heng_sim_scenario {
    char title[128];
    char text[2048]; /* for people: what to look for */
    uint64_t seed;
    heng_us start_us; /* HENG_US_NEVER: now */
    uint32_t speed;   /* weather and consumption are so many times faster than life */
    struct heng_sim_line_plan lines[HENG_SIM_LINE_PLANS_MAX];
    struct heng_sim_meter_plan meters[HENG_SIM_METER_PLANS_MAX];
    struct heng_relay_config relays[HENG_SIM_RELAY_PLANS_MAX];
    struct heng_sim_event events[HENG_SIM_EVENTS_MAX]; /* in the order of their times */
    size_t line_plan_count, meter_plan_count, relay_count, event_count;
    size_t line_count, meter_count; /* of the town */
};

/* Read a scenario. profiles: who "profile" may name; outlive *ret.
 * Errors: ECONFIG, ELIMIT, EFORMAT: the text says which field is wrong, how, and what is allowed; err->at is the line
 *         of the text. *ret is written on success only; it is large: not for the stack. */
HENG_NODISCARD heng_rc heng_sim_scenario_parse(struct heng_slice json, const struct heng_profiles *profiles,
                                               struct heng_sim_scenario *ret, struct heng_err *err);

/* What one field alone does not show: no name, registration, port or path twice, every address possible.
 * Errors: ECONFIG. heng_sim_scenario_parse has done it. */
HENG_NODISCARD heng_rc heng_sim_scenario_check(const struct heng_sim_scenario *scenario, struct heng_err *err);

/* The same as heng_sim_scenario_parse, out of a file; the text begins with its name and line. Errors: EIO, ENOMEM too.
 */
HENG_NODISCARD heng_rc heng_sim_scenario_load(const char *path, const struct heng_profiles *profiles,
                                              struct heng_sim_scenario *ret, struct heng_err *err);

/* name with its '#' replaced by number; cut at cap. */
void heng_sim_number_name(const char *name, size_t number, char *ret_text, size_t cap);

/* The line of the town with that number (from 0): its plan, and which one of it it is. */
const struct heng_sim_line_plan *heng_sim_plan_of(const struct heng_sim_scenario *scenario, size_t line, size_t *ret_k);

/* Meter i of the line number k (from 0) of a plan, as it stands in the town, and its number on the plate.
 * The fate comes from the scenario's seed; addresses and numbers do not. */
void heng_sim_plan_meter(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *plan, size_t k,
                         size_t i, struct heng_sim_meter_config *ret, char ret_number[HENG_AT_LEAST(24)]);

/* The second of two with the same identification: in no list, only a search finds it. */
bool heng_sim_plan_is_twin(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *plan, size_t i);

heng_medium heng_sim_plan_medium(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *plan,
                                 size_t i);

#endif
