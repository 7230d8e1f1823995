#ifndef HENG_LINK_INTERNAL_H
#define HENG_LINK_INTERNAL_H
/* Shared by the transports of this folder; nobody else includes it. */
#include "link/link.h"

enum { RECEIVE_BYTES = 2048, PENDING_BYTES_MAX = 4096, HEARTBEAT_MAX = 32, REGISTRATION_MAX = 64 };

/* One way to carry bytes. start makes the first attempt, send and stop work on an open or half-open link;
 * stop ends with heng_link_released when no handle is left. */
struct heng_transport {
    void (*start)(struct heng_link *link);
    void (*send)(struct heng_link *link, struct heng_slice bytes);
    void (*stop)(struct heng_link *link);
};

struct heng_link {
    uv_loop_t *loop;
    struct heng_line_config config;
    struct heng_link_events events;
    const struct heng_transport *transport;
    bool open;      /* opened() was told and closed() not yet */
    char told[160]; /* the reason in the last closed(), "" before the first */
    bool stopping;  /* heng_link_close was called */
    uint32_t pause_ms;
    uv_timer_t retry;
    uint8_t receive[RECEIVE_BYTES];

    uint8_t heartbeat[HEARTBEAT_MAX];
    size_t heartbeat_n;

    struct { /* transport TCP */
        char host[HENG_ENDPOINT_MAX], port[8];
        uv_getaddrinfo_t *resolve;
        uv_tcp_t *socket;  /* TCP: ours; DTU: the accepted one */
        unsigned attempts; /* each takes the next address of the name */
    } tcp;
    struct { /* transport DTU */
        struct heng_dtu_listener *listener;
        struct heng_link *next;
        uint8_t registration[REGISTRATION_MAX];
        size_t registration_n;
    } dtu;
    struct { /* transport SERIAL */
        int fd;
        uv_poll_t *poll;
        uint8_t out[PENDING_BYTES_MAX];
        size_t out_n;
    } serial;
};

extern const struct heng_transport heng_transport_tcp, heng_transport_dtu, heng_transport_serial;

/* State changes that every transport reports the same way. */
void heng_link_opened(struct heng_link *link);
void heng_link_lost(struct heng_link *link, const char *why);
void heng_link_received(struct heng_link *link, struct heng_slice bytes);

/* Call transport->start again after the current pause, which doubles up to ten seconds. */
void heng_link_retry_later(struct heng_link *link);

/* The last handle is closed: free the link. */
void heng_link_released(struct heng_link *link);

/* A line with exactly this registration string is waiting already. */
bool heng_dtu_is_taken(const struct heng_dtu_listener *listener, const uint8_t *registration, size_t n);

bool heng_serial_speed_exists(uint32_t baud);

/* Sockets of both TCP transports: keep-alive and no delay; a write that copies; a close that frees. */
void heng_socket_tune(uv_tcp_t *socket);
heng_rc heng_socket_send(uv_tcp_t *socket, struct heng_slice bytes);
void heng_socket_drop(uv_tcp_t *socket);

/* Text as it is, or "hex:" and hex digits. Errors: ECONFIG when it is bad or longer than cap. */
HENG_NODISCARD heng_rc heng_pattern_parse(const char *text, uint8_t *ret, size_t cap, size_t *ret_n,
                                          struct heng_err *err);

/* What is left of a chunk when whole heartbeats at its two ends are taken off. */
struct heng_slice heng_heartbeat_strip(struct heng_slice chunk, struct heng_slice heartbeat);

#endif
