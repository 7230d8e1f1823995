/* A listener for DTUs: transparent modems that dial in and say who they are with a registration string.
 *
 * A new connection is a guest until its first bytes equal the registration of a line, and nothing but silence, a line
 * end, a heartbeat or the start of a frame follows; then its socket belongs to that line's link. A moment of waiting
 * tells "DTU1" from the beginning of "DTU12". The newest connection of a DTU wins: after a radio outage the old socket
 * is a corpse that TCP has not buried yet. Guests are few, bounded in bytes and time. */
#include <stdlib.h>

#include "base/log.h"
#include "link/internal.h"

enum { GUESTS_MAX = 256, GUEST_TIME_MS = 30000, SETTLE_MS = 300, BACKLOG = 128 };

struct heng_dtu_listener {
    uv_loop_t *loop;
    uv_tcp_t server;
    struct heng_link *links;
    struct guest *guests;
    unsigned guest_count;
    bool closing;
};

struct guest {
    struct heng_dtu_listener *listener;
    struct guest *next;
    uv_tcp_t *socket; /* NULL once it belongs to a link */
    uv_timer_t timer;
    size_t n;
    uint8_t bytes[REGISTRATION_MAX + RECEIVE_BYTES];
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct heng_link *link = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)link->receive, sizeof link->receive);
}

static void lose(struct heng_link *link, const char *why)
{
    heng_socket_drop(link->tcp.socket);
    link->tcp.socket = NULL;
    heng_link_lost(link, why);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_link *link = stream->data;
    if (link->stopping || (uv_stream_t *)link->tcp.socket != stream) return;
    if (n > 0) {
        heng_link_received(link, heng_slice_of(buf->base, (size_t)n));
    } else if (n < 0) {
        char why[160];
        snprintf(why, sizeof why, "DTU '%.60s' hung up: %s", link->config.endpoint, uv_strerror((int)n));
        lose(link, why);
    }
}

static void on_guest_freed(uv_handle_t *handle) { free(handle->data); }

static void dismiss(struct guest *guest)
{
    struct heng_dtu_listener *listener = guest->listener;
    struct guest **at = &listener->guests;
    while (*at != guest) at = &(*at)->next;
    *at = guest->next;
    listener->guest_count--;
    heng_socket_drop(guest->socket);
    guest->socket = NULL;
    uv_timer_stop(&guest->timer);
    uv_close((uv_handle_t *)&guest->timer, on_guest_freed);
}

static void peer_name(const uv_tcp_t *socket, char *ret, size_t cap)
{
    struct sockaddr_storage address;
    int n = sizeof address;
    if (uv_tcp_getpeername(socket, (struct sockaddr *)&address, &n) != 0 ||
        uv_ip_name((struct sockaddr *)&address, ret, cap) != 0)
        snprintf(ret, cap, "unknown");
}

static void adopt(struct heng_link *link, struct guest *guest)
{
    if (link->tcp.socket) lose(link, "the DTU dialled in anew");
    uv_tcp_t *socket = guest->socket;
    guest->socket = NULL;
    uv_read_stop((uv_stream_t *)socket);
    socket->data = link;
    link->tcp.socket = socket;
    heng_socket_tune(socket);
    struct heng_slice rest = heng_slice_from(heng_slice_of(guest->bytes, guest->n), link->dtu.registration_n);
    int status = uv_read_start((uv_stream_t *)socket, on_alloc, on_read);
    if (status != 0) {
        lose(link, uv_strerror(status));
    } else {
        heng_link_opened(link);
        heng_link_received(link, rest);
    }
    dismiss(guest);
}

/* The line whose registration the bytes begin with, the longest one; *ret_wait when more bytes could
 * still make one. */
static struct heng_link *find(const struct heng_dtu_listener *listener, const struct guest *guest, bool *ret_wait)
{
    struct heng_link *best = NULL;
    *ret_wait = false;
    for (struct heng_link *link = listener->links; link; link = link->dtu.next) {
        size_t n = link->dtu.registration_n, have = guest->n < n ? guest->n : n;
        if (memcmp(link->dtu.registration, guest->bytes, have) != 0) continue;
        if (have < n)
            *ret_wait = true;
        else if (!best || n > best->dtu.registration_n)
            best = link;
    }
    return best;
}

/* May these bytes follow the registration? Anything else makes it the beginning of a longer, foreign one. */
static bool may_follow(const struct heng_link *link, struct heng_slice rest)
{
    static const uint8_t frame_starts[] = {0x68, 0x10, 0xE5, 0xFE, 0xFF, 0x00};
    while (rest.n && (rest.p[0] == '\r' || rest.p[0] == '\n')) rest = heng_slice_from(rest, 1);
    struct heng_slice heartbeat = heng_slice_of(link->heartbeat, link->heartbeat_n);
    if (heartbeat.n && rest.n >= heartbeat.n && memcmp(rest.p, heartbeat.p, heartbeat.n) == 0) return true;
    return rest.n == 0 || memchr(frame_starts, rest.p[0], sizeof frame_starts) != NULL;
}

bool heng_dtu_is_taken(const struct heng_dtu_listener *listener, const uint8_t *registration, size_t n)
{
    struct heng_slice wanted = heng_slice_of(registration, n);
    for (const struct heng_link *link = listener->links; link; link = link->dtu.next)
        if (heng_slice_eq(wanted, heng_slice_of(link->dtu.registration, link->dtu.registration_n))) return true;
    return false;
}

static void refuse(struct guest *guest)
{
    char peer[64], shown[2 * 24 + 1] = "";
    size_t some = guest->n < 24 ? guest->n : 24;
    for (size_t i = 0; i < some; i++) snprintf(shown + 2 * i, 3, "%02X", guest->bytes[i]);
    peer_name(guest->socket, peer, sizeof peer);
    heng_log(HENG_LOG_WARN, "dtu", "event=unknown_registration peer=%s first_bytes=%s", peer, shown);
    dismiss(guest);
}

static void on_settled(uv_timer_t *timer)
{
    struct guest *guest = timer->data;
    bool wait;
    struct heng_link *link = find(guest->listener, guest, &wait);
    struct heng_slice said = heng_slice_of(guest->bytes, guest->n);
    if (link && may_follow(link, heng_slice_from(said, link->dtu.registration_n)))
        adopt(link, guest);
    else
        refuse(guest);
}

static void on_guest_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct guest *guest = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)guest->bytes + guest->n, (unsigned)(sizeof guest->bytes - guest->n));
}

static void on_guest_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct guest *guest = stream->data;
    (void)buf;
    if (guest->socket != (uv_tcp_t *)stream || n == 0) return;
    if (n < 0) {
        dismiss(guest);
        return;
    }
    guest->n += (size_t)n;
    bool wait;
    if (find(guest->listener, guest, &wait))
        uv_timer_start(&guest->timer, on_settled, SETTLE_MS, 0);
    else if (!wait)
        refuse(guest);
}

static void on_guest_timeout(uv_timer_t *timer)
{
    struct guest *guest = timer->data;
    char peer[64];
    peer_name(guest->socket, peer, sizeof peer);
    heng_log(HENG_LOG_WARN, "dtu", "event=no_registration peer=%s after_ms=%d", peer, GUEST_TIME_MS);
    dismiss(guest);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct heng_dtu_listener *listener = server->data;
    if (status < 0 || listener->closing) return;
    uv_tcp_t *socket = malloc(sizeof *socket);
    if (!socket) return;
    uv_tcp_init(listener->loop, socket);
    socket->data = NULL;
    struct guest *guest = NULL;
    if (uv_accept(server, (uv_stream_t *)socket) == 0) guest = calloc(1, sizeof *guest);
    if (!guest) {
        heng_socket_drop(socket);
        return;
    }
    /* A crowd that never says who it is must not keep a DTU out: who has waited longest goes. */
    if (listener->guest_count == GUESTS_MAX) {
        struct guest *oldest = listener->guests;
        while (oldest->next) oldest = oldest->next;
        dismiss(oldest);
    }
    guest->listener = listener;
    guest->socket = socket;
    guest->next = listener->guests;
    listener->guests = guest;
    listener->guest_count++;
    socket->data = guest;
    uv_timer_init(listener->loop, &guest->timer);
    guest->timer.data = guest;
    uv_timer_start(&guest->timer, on_guest_timeout, GUEST_TIME_MS, 0);
    if (uv_read_start((uv_stream_t *)socket, on_guest_alloc, on_guest_read) != 0) dismiss(guest);
}

heng_rc heng_dtu_listen(uv_loop_t *loop, const char *host, uint16_t port, struct heng_dtu_listener **ret,
                        struct heng_err *err)
{
    struct sockaddr_storage address;
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)&address) != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "DTU port: '%.60s' is not an IP address", host);
    struct heng_dtu_listener *listener = calloc(1, sizeof *listener);
    if (!listener) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the DTU port");
    listener->loop = loop;
    uv_tcp_init(loop, &listener->server);
    listener->server.data = listener;
    int status = uv_tcp_bind(&listener->server, (struct sockaddr *)&address, 0);
    if (status == 0) status = uv_listen((uv_stream_t *)&listener->server, BACKLOG, on_connection);
    if (status != 0) {
        heng_dtu_close(listener);
        return heng_fail(err,
                         status == UV_EADDRINUSE ? HENG_EBUSY
                         : status == UV_EACCES   ? HENG_EDENIED
                                                 : HENG_EIO,
                         0, "cannot listen for DTUs on %s port %u: %s; choose another with --dtu-listen", host, port,
                         uv_strerror(status));
    }
    *ret = listener;
    return HENG_OK;
}

uint16_t heng_dtu_port(const struct heng_dtu_listener *listener)
{
    struct sockaddr_storage address;
    int n = sizeof address;
    if (uv_tcp_getsockname(&listener->server, (struct sockaddr *)&address, &n) != 0) return 0;
    uint16_t port = address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                  : ((struct sockaddr_in *)&address)->sin_port;
    return (uint16_t)(port >> 8 | port << 8);
}

static void on_listener_closed(uv_handle_t *handle) { free(handle->data); }

void heng_dtu_close(struct heng_dtu_listener *listener)
{
    if (!listener || listener->closing) return;
    listener->closing = true;
    while (listener->guests) dismiss(listener->guests);
    uv_close((uv_handle_t *)&listener->server, on_listener_closed);
}

/* --- the transport ------------------------------------------------------------------------------------ */

static void dtu_start(struct heng_link *link)
{
    struct heng_dtu_listener *listener = link->dtu.listener;
    link->dtu.next = listener->links;
    listener->links = link;
    char why[160];
    snprintf(why, sizeof why, "waiting for DTU '%.80s' to dial in", link->config.endpoint);
    heng_link_lost(link, why);
}

static void dtu_send(struct heng_link *link, struct heng_slice bytes)
{
    if (heng_socket_send(link->tcp.socket, bytes) != HENG_OK) lose(link, "the DTU takes no more bytes");
}

static void dtu_stop(struct heng_link *link)
{
    struct heng_link **at = &link->dtu.listener->links;
    while (*at != link) at = &(*at)->dtu.next;
    *at = link->dtu.next;
    if (link->tcp.socket) {
        link->tcp.socket->data = NULL;
        heng_socket_drop(link->tcp.socket);
        link->tcp.socket = NULL;
    }
    heng_link_released(link);
}

const struct heng_transport heng_transport_dtu = {dtu_start, dtu_send, dtu_stop};
