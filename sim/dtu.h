#ifndef HENG_SIM_DTU_H
#define HENG_SIM_DTU_H
/* The DTU of the water line: it dials in to the head-end, on the loopback only. */
#include "sim/net.h"

typedef enum heng_sim_dtu_state {
    HENG_SIM_DTU_DOWN, /* waits for the retry timer, or unplugged */
    HENG_SIM_DTU_DIALS,
    HENG_SIM_DTU_UP,
    HENG_SIM_DTU_CLOSES
} heng_sim_dtu_state;

/* A DTU dials in to the head-end, says who it is and keeps saying that it lives. It tries again for ever, ever more
 * slowly up to a bound. Times here are real ones: they belong to the network, not to the simulated world. */
struct heng_sim_dtu {
    uv_loop_t *loop;
    struct heng_sim_port *port;
    uv_tcp_t tcp;
    uv_connect_t request;
    uv_timer_t retry, heartbeat_timer;
    heng_sim_dtu_state state;
    bool plugged;
    struct sockaddr_in to;
    uint64_t backoff_ms, heartbeat_ms;
    const char *registration;
    struct heng_slice heartbeat;
    char in[HENG_SIM_READ_MAX];
};

struct heng_sim_dtu_settings {
    uint16_t tcp_port;
    const char *registration;
    struct heng_slice heartbeat; /* empty: none */
    uint32_t heartbeat_s;        /* 0: none */
};

void heng_sim_dtu_init(struct heng_sim_dtu *dtu, uv_loop_t *loop, struct heng_sim_port *port,
                       const struct heng_sim_dtu_settings *settings);
void heng_sim_dtu_plug(struct heng_sim_dtu *dtu);
void heng_sim_dtu_unplug(struct heng_sim_dtu *dtu);

#endif
