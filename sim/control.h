#ifndef HENG_SIM_CONTROL_H
#define HENG_SIM_CONTROL_H
/* The commands of the control port and of a scenario's events: one line of text each.
 *
 *   unplug|plug LINE            take the line's connection away or give it back
 *   half-open LINE              its sockets fall silent without a word; plug: it comes back on a new one
 *   storm LINE SECONDS          all drop, and come back within so many seconds
 *   mute|unmute LINE            the connection stays, no meter answers
 *   overload LINE on|off        a short: nothing but noise comes up
 *   noise LINE RATE             chance of a byte to be hit, 0..1
 *   echo LINE on|off            the converter sends back what it gets
 *   late LINE RATE [MS MS]      chance of an answer to come so much later (50 5000)
 *   cut LINE METER | mend LINE  the cable is pulled before that meter; is whole again
 *   kill|revive|dying LINE METER
 *   swap LINE METER             another meter hangs there: new number, counts from 0
 *   tamper|untamper LINE METER  a flag in its status
 *   stick|unstick LINE METER    its valve or relay says yes and does not move
 *   clock LINE METER SECONDS    its clock jumps
 *   show [LINE]                 how the lines are and what went over them
 *   quit
 * LINE is a name, or its beginning and a star: heat-*. METER is an address, a number on the plate, #3 for the third
 * one along the line, or a star for all. Each command is answered with a line: ok, or error: and what is wrong. */
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands behind the verb. */
typedef enum heng_sim_wants {
    HENG_SIM_WANTS_NOTHING,
    HENG_SIM_WANTS_LINE,
    HENG_SIM_WANTS_MAYBE_LINE,
    HENG_SIM_WANTS_METER,   /* LINE METER */
    HENG_SIM_WANTS_SECONDS, /* LINE SECONDS */
    HENG_SIM_WANTS_SWITCH,  /* LINE on|off */
    HENG_SIM_WANTS_RATE,    /* LINE RATE */
    HENG_SIM_WANTS_LATE,    /* LINE RATE [MS MS] */
    HENG_SIM_WANTS_CLOCK,   /* LINE METER SECONDS */
} heng_sim_wants;

/* X(symbol, word, what stands behind it) */
#define HENG_SIM_VERB_LIST(X)                                                                                          \
    X(UNPLUG, "unplug", LINE)                                                                                          \
    X(PLUG, "plug", LINE)                                                                                              \
    X(HALF_OPEN, "half-open", LINE)                                                                                    \
    X(STORM, "storm", SECONDS)                                                                                         \
    X(MUTE, "mute", LINE)                                                                                              \
    X(UNMUTE, "unmute", LINE)                                                                                          \
    X(OVERLOAD, "overload", SWITCH)                                                                                    \
    X(NOISE, "noise", RATE)                                                                                            \
    X(ECHO, "echo", SWITCH)                                                                                            \
    X(LATE, "late", LATE)                                                                                              \
    X(CUT, "cut", METER)                                                                                               \
    X(MEND, "mend", LINE)                                                                                              \
    X(KILL, "kill", METER)                                                                                             \
    X(REVIVE, "revive", METER)                                                                                         \
    X(DYING, "dying", METER)                                                                                           \
    X(SWAP, "swap", METER)                                                                                             \
    X(TAMPER, "tamper", METER)                                                                                         \
    X(UNTAMPER, "untamper", METER)                                                                                     \
    X(STICK, "stick", METER)                                                                                           \
    X(UNSTICK, "unstick", METER)                                                                                       \
    X(CLOCK, "clock", CLOCK)                                                                                           \
    X(SHOW, "show", MAYBE_LINE)                                                                                        \
    X(QUIT, "quit", NOTHING)

typedef enum heng_sim_verb {
#define X(symbol, word, wants) HENG_SIM_VERB_##symbol,
    HENG_SIM_VERB_LIST(X)
#undef X
        HENG_SIM_VERB_COUNT
} heng_sim_verb;

enum { HENG_SIM_WORD_MAX = 48 };

struct heng_sim_command {
    heng_sim_verb verb;
    char line[HENG_SIM_WORD_MAX];  /* "" without */
    char meter[HENG_SIM_WORD_MAX]; /* "" without */
    uint32_t rate_ppm, min_ms, max_ms;
    int64_t seconds;
    bool on;
};

const char *heng_sim_verb_word(heng_sim_verb verb);

/* Parse one line without its line end. Errors: EFORMAT, ERANGE with a text for the person who typed it. */
HENG_NODISCARD heng_rc heng_sim_command_parse(const char *text, struct heng_sim_command *ret, struct heng_err *err);

/* "0.002" is 2000 ppm. Errors: EFORMAT, ERANGE outside 0..1. */
HENG_NODISCARD heng_rc heng_sim_noise_parse(const char *text, uint32_t *ret_ppm, struct heng_err *err);

/* True when the command's line is this one, by its name or the beginning before a star. */
bool heng_sim_command_names(const struct heng_sim_command *command, const char *line);

#endif
