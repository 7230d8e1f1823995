#ifndef HENG_SIM_CONSOLE_H
#define HENG_SIM_CONSOLE_H
/* The control port: reads commands (control.h) from TCP connections and carries them out while the building runs. */
#include "sim/control.h"
#include "sim/dtu.h"

enum { HENG_SIM_CONSOLES_MAX = 4, HENG_SIM_COMMAND_MAX = 128 };

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
    uv_loop_t *loop;
    uv_tcp_t server;
    struct heng_sim_console_client clients[HENG_SIM_CONSOLES_MAX];
    struct heng_sim_line *lines[HENG_SIM_LINE_COUNT];
    struct heng_sim_converter *converter, *power; /* power NULL: there is no such line */
    struct heng_sim_dtu *dtu;
};

/* Listen for commands. console->lines, converter and dtu are set by the caller. Errors: EIO. */
HENG_NODISCARD heng_rc heng_sim_console_open(struct heng_sim_console *console, uv_loop_t *loop, uint16_t tcp_port,
                                             struct heng_err *err);

#endif
