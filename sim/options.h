#ifndef HENG_SIM_OPTIONS_H
#define HENG_SIM_OPTIONS_H
/* The command line of heng-sim. */
#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>

struct heng_sim_options {
    uint16_t mbus_port, dtu_port, control_port, power_port;
    bool power;   /* an electricity line is wanted; port 0 picks a free one */
    bool control; /* a control port is wanted; 0 picks a free one */
    char registration[64];
    char heartbeat[64];          /* as the site file says it: text, or "hex:FE" */
    uint8_t heartbeat_bytes[64]; /* as the wire carries it */
    size_t heartbeat_n;
    uint32_t heartbeat_s, baud, speed, noise_ppm, period_s, duration_s;
    uint64_t seed;
    heng_us start_us;     /* HENG_US_NEVER: the wall clock */
    const char *pty;      /* NULL: none */
    const char *scenario; /* a file; NULL: the built-in building */
    const char *gateway;  /* who reads the electricity line, in the printed site; NULL: the server */
    uint16_t first_port;  /* scenario: of the lines that listen; 0: as it says */
    uint32_t wire_speed;  /* scenario: the lines are so many times faster than life; 0: instant */
    bool speed_told, seed_told;
    bool print_site, help;
};

/* Errors: ECONFIG with a sentence that says what is wrong, where, and what to write instead. */
HENG_NODISCARD heng_rc heng_sim_options_parse(int argc, char **argv, struct heng_sim_options *ret,
                                              struct heng_err *err);

extern const char heng_sim_usage[];

#endif
