#ifndef HENG_LINK_TLS_INTERNAL_H
#define HENG_LINK_TLS_INTERNAL_H
/* Shared by tls*.c; nobody else includes it. */
#include <openssl/ssl.h>

#include "link/tls.h"

enum { TLS_RECORD_MAX = 16384, TLS_UNSENT_MAX = 1 << 20, TLS_SLACK = 1 << 17, TLS_WHY_MAX = 160 };
enum { TLS_HANDSHAKE_MS = 15000, TLS_LINGER_MS = 2000, TLS_CONNECT_MS = 5000, TLS_GRACE_MS = 5000 };
/* A centre that waits for its disk pauses its gateways: longer than a DTU's socket may hang. Silence is found by pings.
 */
enum { TLS_PATIENCE_MS = 120000 };

typedef enum tls_state { TLS_DIALLING, TLS_SHAKING, TLS_OPEN, TLS_LINGERING, TLS_GONE } tls_state;

/* OpenSSL's settings, and how its bytes come and go. */
struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *wire;
};
HENG_NODISCARD heng_rc heng_tls_context_init(struct tls_context *context, bool server, const char *key_file,
                                             const char *certificate_file, const char *authority_file,
                                             struct heng_err *err);
void heng_tls_context_fini(struct tls_context *context);

/* Where bytes lie while they are worked on. A listener has one for all its connections: they take turns. */
struct tls_room {
    uint8_t raw[TLS_RECORD_MAX], plain[TLS_RECORD_MAX];
};

/* The addresses of a name, and what is left of the time for all of them. */
struct tls_dial {
    struct tls_context context;
    struct tls_room room;
    uv_getaddrinfo_t look_up;
    bool looking_up;
    struct addrinfo *found, *next;
    uint64_t deadline_ms;
    uint8_t *authority; /* DER, as shown */
    int authority_n;
    char host[128], port[8];
};

struct tls_list {
    struct heng_tls *newest, *oldest;
};

struct heng_tls {
    uv_loop_t *loop;
    struct heng_tls_listener *listener; /* NULL: we have dialled */
    struct tls_dial *dial;              /* NULL: we were dialled */
    struct tls_list *list;              /* of the listener */
    struct heng_tls *newer, *older;
    struct heng_tls_events events;
    uv_tcp_t *socket;
    uv_timer_t timer;
    SSL *ssl;
    struct heng_slice in; /* from the wire, borrowed while we are called */
    uint8_t *held;        /* the rest of it when the owner has paused us in the middle */
    size_t held_n;
    uint8_t *out; /* for the wire, until flushed */
    size_t out_n, out_cap, unsent;
    uint64_t since_ms, bytes_in, bytes_out;
    const char *broken; /* why it is over, to be told when the loop turns */
    unsigned handles;   /* that libuv still knows: the last one frees us */
    tls_state state;
    bool stranger, paused;
    char address[64];
};

struct heng_tls_listener {
    uv_loop_t *loop;
    struct tls_context context;
    struct heng_tls_listener_events events;
    struct tls_list guests, residents; /* in their handshake or being hung up on; all others */
    unsigned guest_count, stranger_count, resident_count, connections_max, strangers_max;
    uint32_t handshake_ms;
    uv_tcp_t server;
    uv_timer_t timer; /* when the oldest guest has had its grace and others wait */
    bool waiting;     /* libuv holds a connection that we have not taken yet */
    bool closing, clock_doubtful;
    unsigned handles, connections; /* that libuv still knows, and those not freed: the last one frees us */
    uint64_t window_ms;            /* of ten refusals a second */
    unsigned refusals, more;
    struct tls_room room;
};

/* --- one connection ------------------------------------------------------------------------------------------ */

/* Its timer and nothing else yet. NULL: no memory. */
struct heng_tls *heng_tls_new(uv_loop_t *loop);
/* A fresh socket for it; one that it had is closed. false: no memory. */
bool heng_tls_socket(struct heng_tls *tls);
/* The socket is connected: shake hands. */
void heng_tls_shake(struct heng_tls *tls, const struct tls_context *context, uint64_t ms);
/* It is over: tell whom it concerns, and end it; gently where the other end may still read why. */
void heng_tls_fail(struct heng_tls *tls, bool gently, const char *why);
void heng_tls_fail_later(struct heng_tls *tls, const char *why);
void heng_tls_linger(struct heng_tls *tls);
void heng_tls_drop(struct heng_tls *tls);
/* One thing that libuv knew of it is gone. */
void heng_tls_release(struct heng_tls *tls);
/* Errors: EFORMAT (its certificate carries no name). */
heng_rc heng_tls_peer_of(const struct heng_tls *tls, struct heng_tls_peer *ret, struct heng_err *err);

/* --- what the two ends add ----------------------------------------------------------------------------------- */

void heng_tls_admit(struct heng_tls *tls, const struct heng_tls_peer *peer);
void heng_tls_refuse(struct heng_tls_listener *listener, const char *address, const char *why);
void heng_tls_leave(struct heng_tls *tls);                /* the lists and counts of its listener */
void heng_tls_forget(struct heng_tls_listener *listener); /* one of its connections is freed */
void heng_tls_dial_due(struct heng_tls *tls);
void heng_tls_dial_stop(struct heng_tls *tls); /* no callback acts any more; what is left is freed with tls */
void heng_tls_dial_free(struct tls_dial *dial);

void heng_tls_address(const uv_tcp_t *socket, char ret[static 64]);
/* Why OpenSSL has failed, for a person. */
void heng_tls_reason(const struct heng_tls *tls, int result, char ret[static TLS_WHY_MAX]);

#endif
