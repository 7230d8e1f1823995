/* Datagrams to and from a converter. There is no connection: the link is open once its name is an address, silence
 * means nothing, and only a host that says "nobody listens here" (ICMP) closes it. */
#include <stdio.h>
#include <stdlib.h>

#include "link/internal.h"

struct udp {
    struct heng_link link;
    struct heng_remote remote;
    uv_udp_t *socket;
    uint8_t receive[RECEIVE_BYTES];
};

static void drop(struct udp *udp)
{
    if (!udp->socket) return;
    udp->socket->data = NULL;
    uv_close((uv_handle_t *)udp->socket, heng_handle_free);
    udp->socket = NULL;
}

static void fail(struct heng_link *link, const char *what, int status)
{
    struct udp *udp = (struct udp *)link;
    char why[CLOSED_TEXT_MAX];
    snprintf(why, sizeof why, "%s %.60s:%s (UDP): %s", what, udp->remote.host, udp->remote.port,
             status == UV_ECONNREFUSED ? "nobody listens there" : uv_strerror(status));
    drop(udp);
    heng_link_lost(link, why);
    heng_link_retry_later(link);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct udp *udp = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)udp->receive, sizeof udp->receive);
}

static void on_datagram(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct heng_link *link = socket->data;
    (void)from, (void)flags; /* the kernel lets only our peer through; what was cut off fails its check */
    if (!link || link->stopping) return;
    if (n > 0)
        heng_link_received(link, heng_slice_of(buf->base, (size_t)n));
    else if (n < 0)
        fail(link, "lost", (int)n);
}

static void on_found(struct heng_link *link, int status, const struct sockaddr *address)
{
    struct udp *udp = (struct udp *)link;
    if (status != 0) {
        fail(link, "cannot look up", status);
        return;
    }
    udp->socket = malloc(sizeof *udp->socket);
    status = udp->socket ? uv_udp_init(link->loop, udp->socket) : UV_ENOMEM;
    if (status != 0) {
        free(udp->socket);
        udp->socket = NULL;
    } else {
        udp->socket->data = link;
        status = uv_udp_connect(udp->socket, address);
        if (status == 0) status = uv_udp_recv_start(udp->socket, on_alloc, on_datagram);
    }
    if (status != 0)
        fail(link, "cannot reach", status);
    else
        heng_link_opened(link);
}

static heng_rc udp_configure(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err)
{
    struct udp *udp = (struct udp *)link;
    udp->remote.found = on_found;
    return heng_remote_configure(&udp->remote, config->endpoint, err);
}

static void udp_start(struct heng_link *link)
{
    struct udp *udp = (struct udp *)link;
    if (link->told[0] == '\0') {
        char why[CLOSED_TEXT_MAX];
        snprintf(why, sizeof why, "looking up %.60s", udp->remote.host);
        heng_link_lost(link, why);
    }
    if (!link->stopping) heng_remote_look_up(&udp->remote, link, SOCK_DGRAM);
}

static void udp_send(struct heng_link *link, struct heng_slice bytes)
{
    struct udp *udp = (struct udp *)link;
    uv_buf_t buf = uv_buf_init((char *)bytes.p, (unsigned)bytes.n);
    int status = uv_udp_try_send(udp->socket, &buf, 1, NULL);
    /* A full queue drops a datagram as the network does: the line asks again. */
    if (status < 0 && status != UV_EAGAIN && status != UV_ENOBUFS) fail(link, "cannot send to", status);
}

static void udp_stop(struct heng_link *link)
{
    struct udp *udp = (struct udp *)link;
    heng_remote_forget(&udp->remote);
    drop(udp);
}

const struct heng_transport heng_transport_udp = {
    .size = sizeof(struct udp),
    .pause_ms_max = 8000,
    .configure = udp_configure,
    .start = udp_start,
    .send = udp_send,
    .stop = udp_stop,
};
