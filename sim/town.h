#ifndef HENG_SIM_TOWN_H
#define HENG_SIM_TOWN_H
/* The lines that one simulator runs: those of a scenario, or the three of the built-in building. No clock and no
 * socket: bytes in and bytes out at times that the caller passes in, so that a test runs it in virtual time.
 *
 * A line of a scenario is a bus (bus.h); a line of the built-in building is one of line.h, whose meters share the
 * physics of one house, which a bus does not know. */
#include "sim/climate.h"
#include "sim/control.h"
#include "sim/line.h"
#include "sim/scenario.h"

struct heng_sim_town_line {
    char name[HENG_SIM_NAME_MAX];
    struct heng_sim_line *house; /* of the built-in building, else NULL */
    struct heng_sim_world *world;
    struct heng_sim_bus *bus; /* of a scenario, else NULL */
    const struct heng_sim_line_plan *plan;
    size_t k; /* which one of its plan */
    bool muted;
    bool overload;
    heng_us noise_us;  /* up to when noise has come up */
    heng_us noise_due; /* when more of it comes */
    struct heng_sim_rng rng;
    uint64_t bytes_in, bytes_out;
};

struct heng_sim_town {
    const struct heng_sim_scenario *scenario; /* NULL: the built-in building */
    struct heng_sim_climate climate;
    heng_us start_us;  /* what the clocks say at now 0, UTC */
    uint32_t speed;    /* of weather and consumption */
    heng_us rates_due; /* when the weather next makes another consumption */
    struct heng_sim_town_line *lines;
    size_t line_count;
    uint32_t swaps;
};

/* Build the town of a scenario, which must live as long; start_us: what the clocks say at now 0, UTC.
 * Errors: ENOMEM, ECONFIG. fini also after an error. */
HENG_NODISCARD heng_rc heng_sim_town_init(struct heng_sim_town *town, const struct heng_sim_scenario *scenario,
                                          heng_us start_us, struct heng_err *err);

/* The built-in building: its lines are the caller's. Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_sim_town_init_house(struct heng_sim_town *town, struct heng_sim_line *lines, size_t count,
                                                struct heng_sim_world *world, uint64_t seed, struct heng_err *err);
void heng_sim_town_fini(struct heng_sim_town *town);

/* Weather goes on: what is consumed changes. To be called at heng_sim_town_due. */
void heng_sim_town_tick(struct heng_sim_town *town, heng_us now);
heng_us heng_sim_town_due(const struct heng_sim_town *town);

/* As heng_sim_bus_hear, _due, _take and _set_speed, with what commands have done to the line. */
void heng_sim_town_hear(struct heng_sim_town_line *line, heng_us now, struct heng_slice bytes);
heng_us heng_sim_town_line_due(const struct heng_sim_town_line *line);
size_t heng_sim_town_take(struct heng_sim_town_line *line, heng_us now, uint8_t *ret, size_t cap);
void heng_sim_town_set_speed(struct heng_sim_town_line *line, heng_us now, uint32_t baud, char parity);

/* True while an answer is on its way: a DTU keeps its heartbeat for later. */
bool heng_sim_town_busy(const struct heng_sim_town_line *line, heng_us now);

struct heng_sim_traffic {
    uint64_t requests, answers;
};
struct heng_sim_traffic heng_sim_town_traffic(const struct heng_sim_town_line *line);

/* Do what concerns buses and meters, on every line that the command names; verbs of connections, show and quit are the
 * caller's and leave the town as it is.
 * Errors: ENOTFOUND for a line or meter that is not there, EUNSUPPORTED for what the built-in building cannot do. */
HENG_NODISCARD heng_rc heng_sim_town_do(struct heng_sim_town *town, const struct heng_sim_command *command, heng_us now,
                                        struct heng_err *err);

#endif
