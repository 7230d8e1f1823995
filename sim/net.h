#ifndef HENG_SIM_NET_H
#define HENG_SIM_NET_H
/* Real sockets and a real clock around the simulated lines: the TCP serial converters of the heat and the electricity
 * line, and a pty that offers the heat line. One libuv loop, one thread, loopback addresses only. */
#include "sim/line.h"

#include <uv.h>

/* Simulated time: starts at start_us and runs `speed` times as fast as the machine's. */
struct heng_sim_clock {
    heng_us start_us, mono_us;
    uint32_t speed;
};

heng_us heng_sim_clock_now(const struct heng_sim_clock *clock);

/* One line of text on standard output, flushed: what an operator or a test waits for. */
void heng_sim_say(const char *fmt, ...) HENG_PRINTF(1, 2);

/* Accept a waiting connection only to close it: the one way to tell a client that there is no place. */
void heng_sim_refuse(uv_stream_t *server);

/* Whoever asks over a stream hears the answers of the line on the same stream. */
struct heng_sim_port {
    struct heng_sim_line *line;
    struct heng_sim_world *world;
    const struct heng_sim_clock *clock;
    uv_timer_t timer;
    uv_stream_t *asker; /* NULL: answers go nowhere */
    uint64_t lost;      /* bytes that the asker's full socket did not take */
};

void heng_sim_port_init(struct heng_sim_port *port, uv_loop_t *loop, struct heng_sim_line *line,
                        struct heng_sim_world *world, const struct heng_sim_clock *clock);

/* Bytes came in on asker. */
void heng_sim_port_hear(struct heng_sim_port *port, uv_stream_t *asker, struct heng_slice bytes);

/* asker is going away. */
void heng_sim_port_forget(struct heng_sim_port *port, const uv_stream_t *asker);

enum { HENG_SIM_CLIENTS_MAX = 8, HENG_SIM_READ_MAX = 2048 };

struct heng_sim_converter;

struct heng_sim_client {
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_stream_t stream;
        uv_handle_t handle;
    } as;
    bool used;
    struct heng_sim_converter *converter;
    char in[HENG_SIM_READ_MAX];
};

/* The transparent converter: up to HENG_SIM_CLIENTS_MAX connections, one more is refused. */
struct heng_sim_converter {
    uv_loop_t *loop;
    struct heng_sim_port *port;
    uv_tcp_t server;
    bool plugged;      /* wanted */
    bool open;         /* server is an open or closing handle */
    uint16_t tcp_port; /* 0 until the first plug chose one */
    struct heng_sim_client clients[HENG_SIM_CLIENTS_MAX];
    struct heng_sim_client pty;
    int pty_slave; /* held open, so that the master does not see an end of file between two users */
    char pty_path[256];
};

void heng_sim_converter_init(struct heng_sim_converter *c, uv_loop_t *loop, struct heng_sim_port *port,
                             uint16_t tcp_port);

/* Start listening. Errors: EIO with a text that says where and what to do. */
HENG_NODISCARD heng_rc heng_sim_converter_plug(struct heng_sim_converter *c, struct heng_err *err);

/* Stop listening and drop all connections. */
void heng_sim_converter_unplug(struct heng_sim_converter *c);

/* Offer the same line on a pty whose slave is linked at path. Errors: EEXISTS when path is something else than a link,
 * EIO, ELIMIT. */
HENG_NODISCARD heng_rc heng_sim_converter_open_pty(struct heng_sim_converter *c, const char *path,
                                                   struct heng_err *err);

/* Take the link away and close the slave; handles are closed with the loop. */
void heng_sim_converter_fini(struct heng_sim_converter *c);

#endif
