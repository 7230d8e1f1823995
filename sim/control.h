#ifndef HENG_SIM_CONTROL_H
#define HENG_SIM_CONTROL_H
/* The commands of the control port, one per line of text, and what they do to a line's meters.
 *
 *   unplug|plug LINE        take the line's connection away or give it back
 *   mute|unmute LINE        the connection stays, no meter answers
 *   kill|revive LINE METER  one meter; heat: primary address, water: 14-digit number or 1..48,
 *                           power: number or 1..8
 *   noise LINE RATE         chance of a byte to be hit, 0..1
 *   quit
 * LINE is heat, water or power (with --power-port). Each command is answered with one line: ok, or error: and what is
 * wrong. */
#include "sim/line.h"

/* X(symbol, word, number of arguments) */
#define HENG_SIM_VERB_LIST(X)                                                                                          \
    X(UNPLUG, "unplug", 1)                                                                                             \
    X(PLUG, "plug", 1)                                                                                                 \
    X(MUTE, "mute", 1)                                                                                                 \
    X(UNMUTE, "unmute", 1)                                                                                             \
    X(KILL, "kill", 2)                                                                                                 \
    X(REVIVE, "revive", 2)                                                                                             \
    X(NOISE, "noise", 2)                                                                                               \
    X(QUIT, "quit", 0)

typedef enum heng_sim_verb {
#define X(symbol, word, arguments) HENG_SIM_VERB_##symbol,
    HENG_SIM_VERB_LIST(X)
#undef X
        HENG_SIM_VERB_COUNT
} heng_sim_verb;

struct heng_sim_command {
    heng_sim_verb verb;
    heng_sim_line_id line; /* not for QUIT */
    char meter[24];        /* KILL, REVIVE */
    uint32_t noise_ppm;    /* NOISE */
};

/* Parse one line without its line end. Errors: EFORMAT with a text for the person who typed it. */
HENG_NODISCARD heng_rc heng_sim_command_parse(const char *text, struct heng_sim_command *ret, struct heng_err *err);

/* "0.002" is 2000 ppm. Errors: EFORMAT, ERANGE outside 0..1. */
HENG_NODISCARD heng_rc heng_sim_noise_parse(const char *text, uint32_t *ret_ppm, struct heng_err *err);

/* Do what concerns the line itself: MUTE, UNMUTE, KILL, REVIVE, NOISE; the other verbs are the caller's.
 * Errors: ENOTFOUND for a meter that is not on the line. */
HENG_NODISCARD heng_rc heng_sim_command_apply(const struct heng_sim_command *command, struct heng_sim_line *line,
                                              struct heng_err *err);

#endif
