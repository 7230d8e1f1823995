#ifndef HENG_SIM_OUTLET_H
#define HENG_SIM_OUTLET_H
/* How the head-end reaches one line of the town: by a converter's TCP port, RFC 2217, a pty, a DTU that dials in, UDP.
 */
#include "sim/converter.h"
#include "sim/dtu.h"

struct heng_sim_datagrams {
    uv_udp_t udp;
    bool open, plugged;
    uint16_t udp_port; /* 0 until the first plug chose one */
};

struct heng_sim_outlet {
    heng_transport_kind kind;
    struct heng_sim_port port;
    uv_timer_t timer; /* a pty or a UDP port that comes back */
    struct heng_sim_dtu_settings dtu_settings;
    char path[HENG_ENDPOINT_MAX]; /* SERIAL */
    union {
        struct heng_sim_converter converter; /* TCP, RFC2217, SERIAL */
        struct heng_sim_dtu dtu;
        struct heng_sim_datagrams datagrams; /* UDP */
    } as;
};

struct heng_sim_outlet_settings {
    heng_transport_kind kind;
    uint16_t port;                /* TCP, RFC2217, UDP: where we listen, 0: a free one; DTU: where it dials in */
    char path[HENG_ENDPOINT_MAX]; /* SERIAL */
    const char *remedy;           /* how to choose another port, for messages */
    struct heng_sim_dtu_settings dtu;
};

/* The outlet must not move afterwards. */
void heng_sim_outlet_init(struct heng_sim_outlet *outlet, struct heng_sim_net *net, struct heng_sim_town_line *line,
                          const struct heng_sim_outlet_settings *settings);

/* Errors: EIO, EEXISTS, ENOMEM. */
HENG_NODISCARD heng_rc heng_sim_outlet_plug(struct heng_sim_outlet *outlet, struct heng_err *err);
void heng_sim_outlet_unplug(struct heng_sim_outlet *outlet);
void heng_sim_outlet_half_open(struct heng_sim_outlet *outlet);
/* Drops what is open, and comes back at a moment of chance within within_ms. */
void heng_sim_outlet_storm(struct heng_sim_outlet *outlet, uint64_t within_ms);
void heng_sim_outlet_tell_modem(struct heng_sim_outlet *outlet);

/* "up 127.0.0.1:21001", "down" ..: for show. */
void heng_sim_outlet_describe(const struct heng_sim_outlet *outlet, char *ret_text, size_t cap);

/* Give all handles to the loop to close; the outlet stays until they are. */
void heng_sim_outlet_close(struct heng_sim_outlet *outlet);

#endif
