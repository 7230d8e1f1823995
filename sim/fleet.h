#ifndef HENG_SIM_FLEET_H
#define HENG_SIM_FLEET_H
/* A town on real sockets: its outlets, its weather and events in real time, and the one place that carries out
 * commands, whether they come from the control port or from the scenario. */
#include "sim/outlet.h"

struct heng_sim_fleet {
    struct heng_sim_net *net;
    struct heng_sim_town *town;
    struct heng_sim_outlet *outlets; /* one for each line of the town */
    uv_timer_t weather, events;
    size_t next_event;
    bool quit; /* somebody has said so */
};

/* dtu_port: where all DTUs dial in. first_port: lines that listen take the ports from it on instead of the scenario's;
 * 0: as the scenario says.
 * Errors: ENOMEM, ECONFIG (a registration or heartbeat that cannot be). fini also after an error. */
HENG_NODISCARD heng_rc heng_sim_fleet_init(struct heng_sim_fleet *fleet, struct heng_sim_net *net,
                                           struct heng_sim_town *town, uint16_t dtu_port, uint16_t first_port,
                                           struct heng_err *err);

/* The same for lines whose outlets the caller describes: settings[i] for line i. */
HENG_NODISCARD heng_rc heng_sim_fleet_init_with(struct heng_sim_fleet *fleet, struct heng_sim_net *net,
                                                struct heng_sim_town *town,
                                                const struct heng_sim_outlet_settings *settings, struct heng_err *err);

/* Plug in all lines and let weather and events run. Errors: EIO, EEXISTS, ENOMEM: the text names the line. */
HENG_NODISCARD heng_rc heng_sim_fleet_start(struct heng_sim_fleet *fleet, struct heng_err *err);

/* Carry out one command; what show says is appended to ret_text, whole lines.
 * Errors: EFORMAT, ERANGE, ENOTFOUND, EUNSUPPORTED, EIO with a text for the person who typed it. */
HENG_NODISCARD heng_rc heng_sim_fleet_do(struct heng_sim_fleet *fleet, const char *text, struct heng_str *ret_text,
                                         struct heng_err *err);

/* Close all handles; then run the loop until they are closed, then fini. */
void heng_sim_fleet_close(struct heng_sim_fleet *fleet);
void heng_sim_fleet_fini(struct heng_sim_fleet *fleet);

/* The registration of a DTU line and the path of a pty line as they stand in the town. */
void heng_sim_fleet_registration(const struct heng_sim_line_plan *plan, size_t k, char *ret_text, size_t cap);

#endif
