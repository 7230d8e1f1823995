#ifndef HENG_APP_FITTER_H
#define HENG_APP_FITTER_H
/* What the tools of a fitter share (heng read, scan, send): the end of the line as options, a loop that ends by itself,
 * and Ctrl-C. */
#include <getopt.h>
#include <uv.h>

#include "link/link.h"
#include "meter/profile.h"
#include "model/line.h"

enum {
    FITTER_SERIAL = 256,
    FITTER_TCP,
    FITTER_RFC2217,
    FITTER_UDP,
    FITTER_DTU,
    FITTER_REGISTRATION,
    FITTER_HEARTBEAT,
    FITTER_BAUD,
    FITTER_PARITY,
    FITTER_LATENCY,
    FITTER_RTS,
    FITTER_INFRARED,
    FITTER_TIMEOUT,
    FITTER_PROFILES,
    FITTER_JSON,
    FITTER_HELP,
    FITTER_OWN = 512 /* numbers of a command's own options begin here */
};

/* For the array of getopt_long. */
#define FITTER_OPTIONS                                                                                                 \
    {"serial", required_argument, NULL, FITTER_SERIAL}, {"tcp", required_argument, NULL, FITTER_TCP},                  \
        {"rfc2217", required_argument, NULL, FITTER_RFC2217}, {"udp", required_argument, NULL, FITTER_UDP},            \
        {"dtu-listen", required_argument, NULL, FITTER_DTU},                                                           \
        {"registration", required_argument, NULL, FITTER_REGISTRATION},                                                \
        {"heartbeat", required_argument, NULL, FITTER_HEARTBEAT}, {"baud", required_argument, NULL, FITTER_BAUD},      \
        {"parity", required_argument, NULL, FITTER_PARITY}, {"latency-ms", required_argument, NULL, FITTER_LATENCY},   \
        {"rts", required_argument, NULL, FITTER_RTS}, {"infrared", no_argument, NULL, FITTER_INFRARED},                \
        {"timeout", required_argument, NULL, FITTER_TIMEOUT}, {"profiles", required_argument, NULL, FITTER_PROFILES},  \
        {"json", no_argument, NULL, FITTER_JSON}, {"help", no_argument, NULL, FITTER_HELP},

struct heng_fitter {
    const char *command;
    struct heng_line_config line;
    unsigned endpoints; /* how many were given */
    bool baud_given, parity_given, help, json;
    const char *listen, *profile_folder;
    uint32_t timeout_s; /* of the whole command; 0: none */
    struct heng_profiles profiles;
    /* while it runs */
    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    uv_timer_t timer;
    struct heng_dtu_listener *listener;
    bool running, interrupted, timed_out;
    void (*stop)(void *owner); /* Ctrl-C, or the time is over: end what is under way */
    void *owner;
};

/* Their part of a help text. */
void heng_fitter_print_help(unsigned timeout_s);

void heng_fitter_init(struct heng_fitter *f, const char *command, uint32_t timeout_s);

/* Take one option. Returns EXIT_SUCCESS, or EXIT_USAGE when it is told what is wrong; -1: it is none of these. */
int heng_fitter_take(struct heng_fitter *f, int option, const char *arg);

/* After all options: is there exactly one end of the line, with all it needs? Fills in what was not given: 2400 8E1.
 * Returns EXIT_SUCCESS or EXIT_USAGE. */
int heng_fitter_check(struct heng_fitter *f);

/* A whole number from min to max; false, and told, for anything else. */
bool heng_fitter_number(const struct heng_fitter *f, const char *option, const char *text, uint32_t min, uint32_t max,
                        uint32_t *ret);

/* Profiles, loop, signals, time-out and, for a DTU, the listener. fini also after an error.
 * Errors: those of heng_site_profiles_read and heng_dtu_listen; EIO. */
HENG_NODISCARD heng_rc heng_fitter_start(struct heng_fitter *f, struct heng_err *err);

/* Run until nothing is left to do; the owner's links must be closed by then, or be closed in stop(). */
void heng_fitter_run(struct heng_fitter *f);

/* The work is done: let go of the signals and the clock, so that run() comes back. */
void heng_fitter_done(struct heng_fitter *f);
void heng_fitter_fini(struct heng_fitter *f);

/* "9600 8N1" of the line. */
void heng_fitter_speed(const struct heng_line_config *line, char ret_text[24]);

#endif
