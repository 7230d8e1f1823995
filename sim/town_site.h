#ifndef HENG_SIM_TOWN_SITE_H
#define HENG_SIM_TOWN_SITE_H
/* The description of a scenario's town for `heng import`: what the fitters would have written down. */
#include "sim/fleet.h"

/* Append it as JSON. first_port: as in heng_sim_fleet_init.
 * Errors: ECONFIG: a line that listens on a free port cannot be described; ELIMIT, ENOMEM of out. */
HENG_NODISCARD heng_rc heng_sim_town_site_print(const struct heng_sim_scenario *scenario, uint16_t first_port,
                                                struct heng_str *out, struct heng_err *err);

#endif
