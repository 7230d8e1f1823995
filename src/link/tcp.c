/* We dial a transparent TCP serial converter and keep the connection. */
#include <stdio.h>
#include <stdlib.h>

#include "link/internal.h"

/* A converter that is switched off answers nothing at all, and the kernel would wait for minutes. */
enum { CONNECT_MS = 10000 };

static void fail(struct heng_link *link, const char *what, int status)
{
    char why[160];
    snprintf(why, sizeof why, "%s %.60s:%s: %s", what, link->tcp.host, link->tcp.port, uv_strerror(status));
    if (link->tcp.socket) {
        heng_socket_drop(link->tcp.socket);
        link->tcp.socket = NULL;
    }
    heng_link_lost(link, why);
    heng_link_retry_later(link);
}

static void on_connect_timeout(uv_timer_t *timer)
{
    struct heng_link *link = timer->data;
    if (link->tcp.socket) fail(link, "cannot connect to", UV_ETIMEDOUT);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct heng_link *link = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)link->receive, sizeof link->receive);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_link *link = stream->data;
    if (link->stopping || (uv_stream_t *)link->tcp.socket != stream) return;
    if (n > 0)
        heng_link_received(link, heng_slice_of(buf->base, (size_t)n));
    else if (n < 0)
        fail(link, "lost", (int)n);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct heng_link *link = request->data;
    bool current = link && request->handle == (uv_stream_t *)link->tcp.socket && !link->stopping;
    free(request);
    if (!current) return;
    uv_timer_stop(&link->retry);
    if (status == 0) {
        heng_socket_tune(link->tcp.socket);
        status = uv_read_start((uv_stream_t *)link->tcp.socket, on_alloc, on_read);
    }
    if (status != 0)
        fail(link, "cannot connect to", status);
    else
        heng_link_opened(link);
}

/* A name may have several addresses, and the converter listens on one of them: each attempt takes the next. */
static const struct sockaddr *address_of_turn(const struct addrinfo *found, unsigned turn)
{
    unsigned count = 0;
    for (const struct addrinfo *a = found; a; a = a->ai_next) count++;
    for (turn %= count; turn > 0; turn--) found = found->ai_next;
    return found->ai_addr;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct heng_link *link = request->data;
    free(request);
    link->tcp.resolve = NULL;
    if (link->stopping) {
        uv_freeaddrinfo(found);
        heng_link_released(link);
        return;
    }
    uv_connect_t *connect = NULL;
    if (status == 0) {
        connect = malloc(sizeof *connect);
        link->tcp.socket = malloc(sizeof *link->tcp.socket);
        if (!connect || !link->tcp.socket) {
            free(link->tcp.socket);
            link->tcp.socket = NULL;
            status = UV_ENOMEM;
        } else {
            uv_tcp_init(link->loop, link->tcp.socket);
            link->tcp.socket->data = link;
            connect->data = link;
            status =
                uv_tcp_connect(connect, link->tcp.socket, address_of_turn(found, link->tcp.attempts++), on_connect);
            if (status == 0) uv_timer_start(&link->retry, on_connect_timeout, CONNECT_MS, 0);
        }
    }
    uv_freeaddrinfo(found);
    if (status != 0) {
        free(connect);
        fail(link, "cannot reach", status);
    }
}

static void tcp_start(struct heng_link *link)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    if (link->told[0] == '\0') {
        char why[160];
        snprintf(why, sizeof why, "connecting to %.60s:%s", link->tcp.host, link->tcp.port);
        heng_link_lost(link, why);
    }
    uv_getaddrinfo_t *resolve = malloc(sizeof *resolve);
    int status = UV_ENOMEM;
    if (resolve) {
        resolve->data = link;
        status = uv_getaddrinfo(link->loop, resolve, on_resolved, link->tcp.host, link->tcp.port, &hints);
    }
    if (status != 0) {
        free(resolve);
        fail(link, "cannot look up", status);
        return;
    }
    link->tcp.resolve = resolve;
}

static void tcp_send(struct heng_link *link, struct heng_slice bytes)
{
    if (heng_socket_send(link->tcp.socket, bytes) != HENG_OK) fail(link, "cannot send to", UV_ENOBUFS);
}

/* libuv reads a closing handle's data no more than its callbacks do, and those compare sockets; a pending
 * look-up ends in on_resolved, which releases the link. */
static void on_stopped(uv_handle_t *handle)
{
    struct heng_link *link = handle->data;
    free(handle);
    heng_link_released(link);
}

static void tcp_stop(struct heng_link *link)
{
    if (link->tcp.resolve) {
        uv_cancel((uv_req_t *)link->tcp.resolve);
        return;
    }
    if (link->tcp.socket)
        uv_close((uv_handle_t *)link->tcp.socket, on_stopped);
    else
        heng_link_released(link);
}

const struct heng_transport heng_transport_tcp = {tcp_start, tcp_send, tcp_stop};
