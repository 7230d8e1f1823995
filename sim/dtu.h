#ifndef HENG_SIM_DTU_H
#define HENG_SIM_DTU_H
/* A DTU: it dials in to the head-end, on the loopback only, says who it is and keeps saying that it lives. It tries
 * again for ever, ever more slowly up to a bound. Times here are real ones: they belong to the network. */
#include "sim/net.h"

enum { HENG_SIM_REGISTRATION_MAX = 128, HENG_SIM_HEARTBEAT_MAX = 64 };

struct heng_sim_dtu_settings {
    uint16_t tcp_port;
    uint8_t registration[HENG_SIM_REGISTRATION_MAX]; /* what goes out first */
    size_t registration_n;
    uint8_t heartbeat[HENG_SIM_HEARTBEAT_MAX];
    size_t heartbeat_n;    /* 0: none */
    uint32_t heartbeat_s;  /* 0: none */
    bool heartbeat_inside; /* it falls into the middle of answers */
    uint32_t first_dial_ms;
};

/* What a DTU of this registration says first: text as it is, "hex:.." its bytes, "imei:" and 15 digits as modules write
 * it. Errors: ECONFIG, ELIMIT. */
HENG_NODISCARD heng_rc heng_sim_dtu_set_registration(struct heng_sim_dtu_settings *settings, const char *text,
                                                     struct heng_err *err);
/* Text, or "hex:..". Errors: as above. */
HENG_NODISCARD heng_rc heng_sim_dtu_set_heartbeat(struct heng_sim_dtu_settings *settings, const char *text,
                                                  struct heng_err *err);

struct heng_sim_call; /* one connection, or the try for one */

struct heng_sim_dtu {
    struct heng_sim_port *port;
    struct heng_sim_call *call;  /* NULL: waits for the timer, or unplugged */
    struct heng_sim_call *ghost; /* a socket that says nothing any more and is not closed */
    uv_timer_t timer;            /* dials while there is no call, else the heartbeat */
    bool plugged, up;
    uint64_t backoff_ms;
    heng_us owed_us; /* a heartbeat waits for an answer to fall into, since then; 0: none */
    const struct heng_sim_dtu_settings *settings;
};

/* settings live as long as the DTU. */
void heng_sim_dtu_init(struct heng_sim_dtu *dtu, struct heng_sim_port *port,
                       const struct heng_sim_dtu_settings *settings);
void heng_sim_dtu_plug(struct heng_sim_dtu *dtu); /* after half-open: dials anew, the old socket stays as it is */
void heng_sim_dtu_unplug(struct heng_sim_dtu *dtu);
void heng_sim_dtu_half_open(struct heng_sim_dtu *dtu);
void heng_sim_dtu_redial(struct heng_sim_dtu *dtu, uint64_t after_ms); /* drops, and dials again so much later */

/* Give its handles to the loop to close; the DTU stays untouched until they are. */
void heng_sim_dtu_close(struct heng_sim_dtu *dtu);

#endif
