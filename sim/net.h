#ifndef HENG_SIM_NET_H
#define HENG_SIM_NET_H
/* Real time around the lines of a town: what connections share, and the port at which a line meets them. One libuv
 * loop, one thread, loopback addresses only. */
#include "sim/telnet.h"
#include "sim/town.h"

#include <uv.h>

/* Time of the lines: starts at start_us and runs `speed` times as fast as the machine's. */
struct heng_sim_clock {
    heng_us start_us, mono_us;
    uint32_t speed;
};

heng_us heng_sim_clock_now(const struct heng_sim_clock *clock);

/* One line of text on standard output, flushed: what an operator or a test waits for. */
void heng_sim_say(const char *fmt, ...) HENG_PRINTF(1, 2);

/* What all connections of one simulator share. */
struct heng_sim_net {
    uv_loop_t *loop;
    struct heng_sim_clock clock;
    bool instant; /* bytes take no real time: an answer comes at once, and its line's time runs ahead of the clock */
    bool quiet;   /* too many lines to tell of each connection */
    char in[16384];
};

/* A read callback's buffer: what is read is used up at once. */
void heng_sim_net_alloc(struct heng_sim_net *net, uv_buf_t *ret);

/* Accept a waiting connection only to close it: the one way to tell a client that there is no place. */
void heng_sim_refuse(uv_stream_t *server);

/* Who gets the answers: the stream that asked (through its telnet, if it speaks it), or the sender of the datagram. */
struct heng_sim_asker {
    uv_stream_t *stream; /* NULL: nobody, or udp */
    struct heng_sim_telnet *telnet;
    uv_udp_t *udp;
    struct sockaddr_in from;
};

struct heng_sim_port {
    struct heng_sim_net *net;
    struct heng_sim_town_line *line;
    uv_timer_t timer;
    struct heng_sim_asker asker;
    heng_us asked_us;
    heng_us ahead_us;         /* instant: the line's own time */
    struct heng_slice inside; /* falls into the middle of the next answer; empty: nothing */
    uint64_t lost;            /* bytes that the network did not take at once */
};

void heng_sim_port_init(struct heng_sim_port *port, struct heng_sim_net *net, struct heng_sim_town_line *line);

/* The line's time. */
heng_us heng_sim_port_now(const struct heng_sim_port *port);

/* Bytes came in. A line that is answering somebody else hears them, but goes on answering him. */
void heng_sim_port_hear(struct heng_sim_port *port, const struct heng_sim_asker *asker, struct heng_slice bytes);

/* A command has changed the line: look anew when it has something to say. */
void heng_sim_port_wake(struct heng_sim_port *port);

/* The stream, or the whole socket, is going away. */
void heng_sim_port_forget(struct heng_sim_port *port, const void *stream_or_udp);

/* Write what the network takes at once; the rest is gone: a converter has no memory to speak of. */
size_t heng_sim_put(uv_stream_t *stream, struct heng_slice bytes);

#endif
