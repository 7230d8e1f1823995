#ifndef HENG_LINK_TLS_H
#define HENG_LINK_TLS_H
/* TLS 1.3 over TCP on a libuv loop, for uplinks: a listener that asks for certificates, and a client. Bytes in both
 * directions are the decrypted ones. All calls and events happen on the loop's thread. What a connection costs, and
 * why: README.md.
 *
 * In TLS 1.3 the client is done before the server has looked at his certificate: a client that the server refuses hears
 * opened, and then closed with the reason. So only an answer of the peer proves that we are in. */
#include <uv.h>

#include "trust/pki.h"

struct heng_tls; /* one connection */
struct heng_tls_listener;

/* Who is at the other end. serial: of the certificate; stranger: it showed none (enrolment). centre: its certificate is
 * that of the centre's server, and not of a gateway that serves those below it. */
struct heng_tls_peer {
    bool stranger, centre;
    char common_name[HENG_PKI_NAME_MAX];
    uint64_t serial;
    char address[64]; /* "192.0.2.7:40112" */
};

/* opened: the handshake is done, the peer is who its certificate says; at the listener's end it comes right after
 * accepted, and may be NULL. closed: comes once, also when it never opened; the connection is gone when it returns.
 * unsent: the bytes that wait have become fewer; may be NULL. */
struct heng_tls_events {
    void *owner;
    void (*opened)(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer);
    void (*bytes)(void *owner, struct heng_tls *tls, struct heng_slice bytes);
    void (*unsent)(void *owner, struct heng_tls *tls, size_t bytes);
    void (*closed)(void *owner, struct heng_tls *tls, const char *why);
};

/* Where to listen, how many connections at most, and how many of them strangers or in their handshake (each then has
 * handshake_ms). Strangers that are in get half of those places, the next one is refused. When all places are taken the
 * next connections wait in the kernel, and the oldest handshake that has had 5 s makes room for them. */
struct heng_tls_listen_config {
    const char *host;
    uint16_t port;
    unsigned connections_max, strangers_max;                  /* 0: 20,000 and 64 */
    uint32_t handshake_ms;                                    /* 0: 15,000 */
    const char *key_file, *certificate_file, *authority_file; /* PEM; the certificate that the listener shows */
};
struct heng_tls_listener_events {
    void *owner;
    /* A connection that is opened: return its events; an owner of NULL hangs up on it. */
    struct heng_tls_events (*accepted)(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer);
    /* One that did not come so far: no TLS, a certificate of somebody else, too many. At most ten a second are told. */
    void (*refused)(void *owner, const char *address, const char *why);
};

/* Errors: ECONFIG (address, a file is missing), EFORMAT (a file), EBUSY (port in use), EDENIED, EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_tls_listen(uv_loop_t *loop, const struct heng_tls_listen_config *config,
                                       struct heng_tls_listener_events events, struct heng_tls_listener **ret,
                                       struct heng_err *err);
uint16_t heng_tls_port(const struct heng_tls_listener *listener);
unsigned heng_tls_connections(const struct heng_tls_listener *listener);
void heng_tls_listener_close(struct heng_tls_listener *listener); /* no event comes after it; its connections end */

/* A concentrator whose own clock is doubtful looks at no date of its clients' certificates. A new listener trusts it.
 */
void heng_tls_listener_doubt_clock(struct heng_tls_listener *listener, bool doubtful);

/* Dial endpoint "host:port": each address of the name in turn, 15 s for all. key_file and certificate_file NULL: as a
 * stranger. authority_file: who must have signed the server's certificate (no date is looked at: trust/pki.h); NULL:
 * anybody, for enrolment only, ret authority is then what the server shows (heng_tls_authority).
 * Errors: ECONFIG (endpoint, a file is missing), EFORMAT, EDENIED (a file), ENOMEM; all else comes as closed, never
 * during this call. */
HENG_NODISCARD heng_rc heng_tls_dial(uv_loop_t *loop, const char *endpoint, const char *key_file,
                                     const char *certificate_file, const char *authority_file,
                                     struct heng_tls_events events, struct heng_tls **ret, struct heng_err *err);

/* The authority, DER, that has signed what the server shows; of a dialled connection without authority_file, once it
 * is open. n 0: none. Borrowed as long as the connection lives. */
struct heng_slice heng_tls_authority(const struct heng_tls *tls);

/* Hand bytes over; they are copied. Errors: ELIMIT: more than 1 MiB would wait, nothing is taken; ECLOSED: not open.
 * unsent counts what the kernel has not taken yet, TLS included. */
HENG_NODISCARD heng_rc heng_tls_send(struct heng_tls *tls, struct heng_slice bytes);
size_t heng_tls_unsent(const struct heng_tls *tls);

/* Stop and go on taking bytes from the peer: TCP holds it back, and gives up when that lasts longer than 120 s. No
 * bytes come between the two calls, and its end is not noticed. */
void heng_tls_pause(struct heng_tls *tls, bool pause);

/* End it. gently: when what waits is out, or after 2 s. No event comes after this call, in either case, and tls is no
 * longer the caller's. */
void heng_tls_close(struct heng_tls *tls, bool gently);

/* Bytes on the wire so far, TLS included. */
void heng_tls_traffic(const struct heng_tls *tls, uint64_t *ret_in, uint64_t *ret_out);

#endif
