#ifndef HENG_SIM_CONSOLE_H
#define HENG_SIM_CONSOLE_H
/* The control port: reads commands (control.h) from TCP connections and has them carried out while the town runs. */
#include "sim/fleet.h"

enum { HENG_SIM_CONSOLES_MAX = 4, HENG_SIM_SHOW_MAX = 4 << 20 };

struct heng_sim_console;

struct heng_sim_console_client {
    uv_tcp_t tcp;
    bool used;
    struct heng_sim_console *console;
    char line[HENG_SIM_COMMAND_MAX];
    size_t n;
    bool too_long; /* skip to the end of the line */
    char in[256];
};

struct heng_sim_console {
    struct heng_sim_fleet *fleet;
    uv_tcp_t server;
    uint16_t tcp_port;
    struct heng_sim_console_client clients[HENG_SIM_CONSOLES_MAX];
};

/* Listen for commands on 127.0.0.1; 0 picks a free port. Errors: EIO. */
HENG_NODISCARD heng_rc heng_sim_console_open(struct heng_sim_console *console, struct heng_sim_fleet *fleet,
                                             uint16_t tcp_port, struct heng_err *err);

#endif
