#ifndef HENG_SIM_CONVERTER_H
#define HENG_SIM_CONVERTER_H
/* A serial converter: a TCP port of its own, transparent or RFC 2217, and a pty that offers the same line. */
#include "sim/net.h"

enum { HENG_SIM_CLIENTS_MAX = 8 };

struct heng_sim_client; /* one connection */

/* Up to HENG_SIM_CLIENTS_MAX connections, one more is refused. */
struct heng_sim_converter {
    struct heng_sim_port *port;
    uv_tcp_t server;
    uv_timer_t timer; /* storm: it listens again */
    bool rfc2217;
    bool plugged;       /* wanted */
    bool open;          /* server is an open or closing handle */
    uint16_t tcp_port;  /* 0 until the first plug chose one */
    const char *remedy; /* how to choose another port, for messages */
    struct heng_sim_client *clients;
    struct heng_sim_client *pty;
    int pty_slave; /* held open, so that the master does not see an end of file between two users */
    char *pty_path;
};

void heng_sim_converter_init(struct heng_sim_converter *c, struct heng_sim_port *port, uint16_t tcp_port, bool rfc2217,
                             const char *remedy);

/* Start listening. Errors: EIO with a text that says where and what to do. */
HENG_NODISCARD heng_rc heng_sim_converter_plug(struct heng_sim_converter *c, struct heng_err *err);

/* Stop listening and drop all connections. */
void heng_sim_converter_unplug(struct heng_sim_converter *c);

/* Its connections stay open and say and hear nothing any more; new ones are none of them. */
void heng_sim_converter_half_open(struct heng_sim_converter *c);

/* Drop all connections, listen again after_ms later. */
void heng_sim_converter_restart(struct heng_sim_converter *c, uint64_t after_ms);

/* Tell RFC 2217 clients how the modem lines are now. */
void heng_sim_converter_tell_modem(struct heng_sim_converter *c);

/* How many connections are open and alive. */
unsigned heng_sim_converter_count(const struct heng_sim_converter *c);

/* Offer the same line on a pty whose slave is linked at path. Errors: EEXISTS when path is something else than a link,
 * EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_sim_converter_open_pty(struct heng_sim_converter *c, const char *path,
                                                   struct heng_err *err);

/* The pty hangs up and is gone. */
void heng_sim_converter_close_pty(struct heng_sim_converter *c);

/* Give its handles to the loop to close and take the pty's link away; the converter stays until they are closed. */
void heng_sim_converter_close(struct heng_sim_converter *c);

#endif
