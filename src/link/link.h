#ifndef HENG_LINK_LINK_H
#define HENG_LINK_LINK_H
/* Bytes in and out of one line, over libuv: a TCP serial converter that we dial, plain or with RFC 2217, a DTU that
 * dials in, datagrams, a serial port or pty. It opens by itself, opens again by itself with growing pauses, and never
 * knows what the bytes mean. All calls and events happen on the loop's thread.
 * UDP has no connection: such a link is open once its name is an address, and stays so in silence; only a host that
 * refuses the datagrams closes it.
 * RFC 2217 is open once the converter has confirmed speed and parity. */
#include <uv.h>

#include "base/rc.h"
#include "base/slice.h"
#include "model/line.h"

struct heng_link;
struct heng_dtu_listener;

/* What a link tells its owner. bytes borrows: it is valid during the call. */
struct heng_link_events {
    void *owner;
    void (*opened)(void *owner);
    void (*closed)(void *owner, const char *why);
    void (*bytes)(void *owner, struct heng_slice bytes);
    /* The converter's signal line has changed; a closed link has none. NULL: nobody wants to know. */
    void (*overload)(void *owner, bool on);
};

/* Would heng_link_open understand this configuration? Errors: ECONFIG, with the line's name in the text. */
HENG_NODISCARD heng_rc heng_link_check(const struct heng_line_config *config, struct heng_err *err);

/* Start a link as its line's configuration says.
 * Shape:  listener is needed for transport DTU, else NULL. A peer that is not there yet is no error: the
 *         link keeps trying and reports closed() with the reason once per change.
 *         *ret is set before the first event.
 * Owns:   config is copied; the link lives until heng_link_close.
 * Errors: ECONFIG (endpoint cannot be understood), EEXISTS (registration string taken), ENOMEM. */
HENG_NODISCARD heng_rc heng_link_open(uv_loop_t *loop, struct heng_dtu_listener *listener,
                                      const struct heng_line_config *config, struct heng_link_events events,
                                      struct heng_link **ret, struct heng_err *err);

/* Hand bytes to the transport; they are copied. Without a connection they are dropped: the line's
 * time-out deals with it. */
void heng_link_send(struct heng_link *link, struct heng_slice bytes);

/* Go on with another speed and parity once everything handed over is out; a new connection keeps them. Bytes
 * handed over after this call wait. A port that cannot do it closes with the reason.
 * Errors: EUNSUPPORTED where the transport has no say in it (TCP, DTU, UDP), ECONFIG for a speed that does not exist.
 */
HENG_NODISCARD heng_rc heng_link_set_speed(struct heng_link *link, uint32_t baud, char parity, struct heng_err *err);

/* End the link for good; no event comes after this call. NULL is accepted. */
void heng_link_close(struct heng_link *link);

/* Listen for DTUs. Errors: ECONFIG for a bad address, EBUSY for a port in use, EDENIED, EIO. */
HENG_NODISCARD heng_rc heng_dtu_listen(uv_loop_t *loop, const char *host, uint16_t port, struct heng_dtu_listener **ret,
                                       struct heng_err *err);

/* The port in fact (for port 0), and the end: close after all its links. NULL is accepted. */
uint16_t heng_dtu_port(const struct heng_dtu_listener *listener);
void heng_dtu_close(struct heng_dtu_listener *listener);

/* "host:port", "[v6]:port". Errors: ECONFIG. */
HENG_NODISCARD heng_rc heng_endpoint_split(const char *endpoint, char *ret_host, size_t host_cap, char *ret_port,
                                           size_t port_cap, struct heng_err *err);

#endif
