#ifndef HENG_LINK_INTERNAL_H
#define HENG_LINK_INTERNAL_H
/* Shared by the transports of this folder; nobody else includes it. */
#include "link/link.h"
#include "link/sieve.h"

enum { RECEIVE_BYTES = 2048, PENDING_BYTES_MAX = 4096, HEARTBEAT_MAX = 32, REGISTRATION_MAX = 64 };
enum { CLOSED_TEXT_MAX = 160, BAUD_MIN = 50, BAUD_MAX = 4000000 };

/* libuv runs timers before it reads: after the loop stood still, what came in time still lies in the socket when
 * silence is due. So whoever judges a silence lets one more poll go by, and judges then. */
enum { LOOK_MS = 1 };

/* One way to carry bytes. Its own structure begins with a struct heng_link. */
struct heng_transport {
    size_t size; /* of that structure */
    /* The longest pause between two attempts, before up to a quarter is added by chance. */
    uint32_t pause_ms_max;
    heng_rc (*configure)(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err);
    /* Make an attempt; it ends in heng_link_opened, or in heng_link_lost and heng_link_retry_later. */
    void (*start)(struct heng_link *link);
    void (*send)(struct heng_link *link, struct heng_slice bytes); /* only while open */
    /* Close what start opened, for good: no callback may use the link after it. */
    void (*stop)(struct heng_link *link);
    void (*due)(struct heng_link *link);       /* the time set by heng_link_due_in has come; NULL: never set */
    void (*set_speed)(struct heng_link *link); /* link->baud, parity are new, and it is open; NULL: no say in it */
    /* TCP and what speaks over it: */
    void (*connected)(struct heng_link *link);
    void (*received)(struct heng_link *link, struct heng_slice bytes);
};

struct heng_link {
    uv_loop_t *loop;
    const struct heng_transport *transport;
    struct heng_link_events events;
    uv_timer_t timer; /* for the nearest of the two below; 0: not set */
    uint64_t due_ms;  /* of the transport, or of the next attempt */
    uint64_t held_ms; /* when bytes that could have become a heartbeat are passed on */
    uint64_t opened_ms, heard_ms;
    uint32_t pause_ms, baud;
    char parity;
    bool open;     /* opened() was told and closed() not yet */
    bool between;  /* due_ms is that of the next attempt */
    bool stopping; /* heng_link_close was called */
    bool overload; /* as told last */
    struct heng_sieve sieve;
    char endpoint[HENG_ENDPOINT_MAX];
    char told[CLOSED_TEXT_MAX]; /* the reason in the last closed(), "" before the first */
};

extern const struct heng_transport heng_transport_tcp, heng_transport_dtu, heng_transport_serial,
    heng_transport_rfc2217, heng_transport_udp;

/* State changes that every transport reports the same way. */
void heng_link_opened(struct heng_link *link);
void heng_link_lost(struct heng_link *link, const char *why);
void heng_link_received(struct heng_link *link, struct heng_slice bytes);
void heng_link_overload(struct heng_link *link, bool on);

/* Call transport->start again after the current pause, which doubles. A connection that lived or spoke makes it short
 * again: a converter that hangs up on everybody at once must not be dialled twice a second. */
void heng_link_retry_later(struct heng_link *link);

/* Call transport->due after so long. */
void heng_link_due_in(struct heng_link *link, uint64_t ms);

/* How long so many bytes take on the line's bus. */
uint64_t heng_link_bytes_ns(const struct heng_link *link, size_t n);

HENG_NODISCARD heng_rc heng_speed_check(uint32_t baud, char parity, struct heng_err *err);

/* --- a host that we talk to ------------------------------------------------------------------------------- */

struct heng_remote {
    char host[HENG_ENDPOINT_MAX], port[8];
    struct look_up *look_up; /* while looking up */
    unsigned attempts;       /* each takes the next address of the name */
    void (*found)(struct heng_link *link, int status, const struct sockaddr *address);
};

HENG_NODISCARD heng_rc heng_remote_configure(struct heng_remote *remote, const char *endpoint, struct heng_err *err);
/* found() is called later, or at once with a status when not even that works. kind: SOCK_STREAM or SOCK_DGRAM. */
void heng_remote_look_up(struct heng_remote *remote, struct heng_link *link, int kind);
void heng_remote_forget(struct heng_remote *remote);

/* --- sockets: keep-alive and no delay; a write that copies; a close that frees ------------------------------- */

/* patience_ms: when the other end takes no bytes for so long, dead or only held back, the connection ends. */
enum { HENG_SOCKET_PATIENCE_MS = 30000 };
void heng_socket_tune(uv_tcp_t *socket, unsigned patience_ms);
heng_rc heng_socket_send(uv_tcp_t *socket, struct heng_slice bytes);
void heng_socket_drop(uv_tcp_t *socket);
void heng_handle_free(uv_handle_t *handle); /* an uv_close_cb for a handle from malloc */

/* --- TCP, alone or below RFC 2217 ---------------------------------------------------------------------------- */

struct heng_tcp {
    struct heng_link link;
    struct heng_remote remote;
    uv_tcp_t *socket;
    uint8_t receive[RECEIVE_BYTES];
};

HENG_NODISCARD heng_rc heng_tcp_configure(struct heng_link *link, const struct heng_line_config *config,
                                          struct heng_err *err);
void heng_tcp_start(struct heng_link *link);
void heng_tcp_send(struct heng_link *link, struct heng_slice bytes);
void heng_tcp_stop(struct heng_link *link);
void heng_tcp_due(struct heng_link *link);
/* Hang up, tell why, and dial again later. */
void heng_tcp_fail(struct heng_link *link, const char *why);

/* --- texts of the configuration ------------------------------------------------------------------------------ */

/* Text as it is, or "hex:" and hex digits. Errors: ECONFIG when it is bad or longer than cap. */
HENG_NODISCARD heng_rc heng_pattern_parse(const char *text, uint8_t *ret, size_t cap, size_t *ret_n,
                                          struct heng_err *err);

/* Make the line of this registration known to the listener. Errors: EEXISTS, ENOMEM. */
HENG_NODISCARD heng_rc heng_dtu_attach(struct heng_link *link, struct heng_dtu_listener *listener,
                                       struct heng_err *err);

#endif
