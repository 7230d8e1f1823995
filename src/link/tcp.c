/* We dial a transparent TCP serial converter and keep the connection. RFC 2217 speaks over the same. */
#include <stdio.h>
#include <stdlib.h>

#include "link/internal.h"

/* A converter that is switched off answers nothing at all, and the kernel would wait for minutes. */
enum { CONNECT_MS = 10000 };

void heng_tcp_fail(struct heng_link *link, const char *why)
{
    struct heng_tcp *tcp = (struct heng_tcp *)link;
    heng_socket_drop(tcp->socket);
    tcp->socket = NULL;
    heng_link_lost(link, why);
    heng_link_retry_later(link);
}

static void fail(struct heng_link *link, const char *what, int status)
{
    const struct heng_remote *remote = &((struct heng_tcp *)link)->remote;
    char why[CLOSED_TEXT_MAX];
    snprintf(why, sizeof why, "%s %.60s:%s: %s", what, remote->host, remote->port, uv_strerror(status));
    heng_tcp_fail(link, why);
}

void heng_tcp_due(struct heng_link *link) { fail(link, "cannot connect to", UV_ETIMEDOUT); }

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct heng_tcp *tcp = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)tcp->receive, sizeof tcp->receive);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_link *link = stream->data;
    if (!link || link->stopping) return;
    if (n > 0)
        link->transport->received(link, heng_slice_of(buf->base, (size_t)n));
    else if (n < 0)
        fail(link, "lost", (int)n);
}

static void on_connect(uv_connect_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    struct heng_link *link = stream->data;
    free(request);
    if (!link || link->stopping) return;
    if (status == 0) {
        heng_socket_tune((uv_tcp_t *)stream, HENG_SOCKET_PATIENCE_MS);
        status = uv_read_start(stream, on_alloc, on_read);
    }
    if (status != 0)
        fail(link, "cannot connect to", status);
    else
        link->transport->connected(link);
}

static void on_found(struct heng_link *link, int status, const struct sockaddr *address)
{
    struct heng_tcp *tcp = (struct heng_tcp *)link;
    if (status != 0) {
        fail(link, "cannot look up", status);
        return;
    }
    uv_connect_t *connect = malloc(sizeof *connect);
    tcp->socket = malloc(sizeof *tcp->socket);
    if (!connect || !tcp->socket) {
        free(tcp->socket);
        tcp->socket = NULL;
        status = UV_ENOMEM;
    } else {
        uv_tcp_init(link->loop, tcp->socket);
        tcp->socket->data = link;
        status = uv_tcp_connect(connect, tcp->socket, address, on_connect);
    }
    if (status == 0) {
        heng_link_due_in(link, CONNECT_MS);
    } else {
        free(connect);
        fail(link, "cannot reach", status);
    }
}

heng_rc heng_tcp_configure(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err)
{
    struct heng_remote *remote = &((struct heng_tcp *)link)->remote;
    remote->found = on_found;
    return heng_remote_configure(remote, config->endpoint, err);
}

void heng_tcp_start(struct heng_link *link)
{
    struct heng_remote *remote = &((struct heng_tcp *)link)->remote;
    if (link->told[0] == '\0') {
        char why[CLOSED_TEXT_MAX];
        snprintf(why, sizeof why, "connecting to %.60s:%s", remote->host, remote->port);
        heng_link_lost(link, why);
    }
    if (!link->stopping) heng_remote_look_up(remote, link, SOCK_STREAM);
}

void heng_tcp_send(struct heng_link *link, struct heng_slice bytes)
{
    if (heng_socket_send(((struct heng_tcp *)link)->socket, bytes) != HENG_OK) fail(link, "cannot send to", UV_ENOBUFS);
}

void heng_tcp_stop(struct heng_link *link)
{
    struct heng_tcp *tcp = (struct heng_tcp *)link;
    heng_remote_forget(&tcp->remote);
    heng_socket_drop(tcp->socket);
    tcp->socket = NULL;
}

const struct heng_transport heng_transport_tcp = {
    .size = sizeof(struct heng_tcp),
    .pause_ms_max = 8000,
    .configure = heng_tcp_configure,
    .start = heng_tcp_start,
    .send = heng_tcp_send,
    .stop = heng_tcp_stop,
    .due = heng_tcp_due,
    .connected = heng_link_opened,
    .received = heng_link_received,
};
