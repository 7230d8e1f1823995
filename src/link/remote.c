/* What all transports over the network share: names become addresses, sockets are tuned, written to and closed. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "link/internal.h"

/* --- names --------------------------------------------------------------------------------------------- */

struct look_up {
    uv_getaddrinfo_t request;
    struct heng_remote *remote; /* NULL once nobody waits for it */
    struct heng_link *link;
};

heng_rc heng_remote_configure(struct heng_remote *remote, const char *endpoint, struct heng_err *err)
{
    heng_rc rc =
        heng_endpoint_split(endpoint, remote->host, sizeof remote->host, remote->port, sizeof remote->port, err);
    if (rc == HENG_OK && strtoul(remote->port, NULL, 10) == 0)
        return heng_fail(err, HENG_ECONFIG, 0, "port 0 cannot be dialled");
    return rc;
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
    struct look_up *look_up = request->data;
    struct heng_remote *remote = look_up->remote;
    if (status == 0 && !found) status = UV_EAI_NONAME;
    if (remote) {
        remote->look_up = NULL;
        remote->found(look_up->link, status, status == 0 ? address_of_turn(found, remote->attempts++) : NULL);
    }
    uv_freeaddrinfo(found);
    free(look_up);
}

void heng_remote_look_up(struct heng_remote *remote, struct heng_link *link, int kind)
{
    struct addrinfo hints = {.ai_socktype = kind};
    struct look_up *look_up = malloc(sizeof *look_up);
    int status = UV_ENOMEM;
    if (look_up) {
        look_up->request.data = look_up;
        look_up->remote = remote;
        look_up->link = link;
        status = uv_getaddrinfo(link->loop, &look_up->request, on_resolved, remote->host, remote->port, &hints);
    }
    if (status != 0) {
        free(look_up);
        remote->found(link, status, NULL);
        return;
    }
    remote->look_up = look_up;
}

void heng_remote_forget(struct heng_remote *remote)
{
    if (!remote->look_up) return;
    remote->look_up->remote = NULL;
    uv_cancel((uv_req_t *)&remote->look_up->request);
    remote->look_up = NULL;
}

/* --- sockets ------------------------------------------------------------------------------------------- */

void heng_socket_tune(uv_tcp_t *socket, unsigned patience_ms)
{
    /* A pulled cable sends no goodbye. Where no bytes wait for the other end, a probe goes out after a minute and every
     * 10 s. */
    int between_s = 10;
    uv_os_fd_t fd;
    uv_tcp_nodelay(socket, 1);
    uv_tcp_keepalive(socket, 1, 60);
    if (uv_fileno((uv_handle_t *)socket, &fd) != 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof between_s);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

struct write_request {
    uv_write_t request;
    uint8_t bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    (void)status; /* a broken connection also ends the read side, which reports it */
    free(request->data);
}

heng_rc heng_socket_send(uv_tcp_t *socket, struct heng_slice bytes)
{
    if (uv_stream_get_write_queue_size((uv_stream_t *)socket) + bytes.n > PENDING_BYTES_MAX) return HENG_ELIMIT;
    struct write_request *w = malloc(sizeof *w + bytes.n);
    if (!w) return HENG_ENOMEM;
    if (bytes.n) memcpy(w->bytes, bytes.p, bytes.n);
    w->request.data = w;
    uv_buf_t buf = uv_buf_init((char *)w->bytes, (unsigned)bytes.n);
    if (uv_write(&w->request, (uv_stream_t *)socket, &buf, 1, on_written) != 0) {
        free(w);
        return HENG_EIO;
    }
    return HENG_OK;
}

void heng_handle_free(uv_handle_t *handle) { free(handle); }

void heng_socket_drop(uv_tcp_t *socket)
{
    if (!socket || uv_is_closing((uv_handle_t *)socket)) return;
    socket->data = NULL; /* a callback that still comes must not find a link that may be gone by then */
    uv_close((uv_handle_t *)socket, heng_handle_free);
}
