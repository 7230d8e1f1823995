/* The end that is dialled: who may come in, and how many.
 *
 * Anybody can reach the port, so what costs before a certificate is shown has its own bound: the guests. More of them
 * than there are places are not hung up on, they wait in the kernel's backlog: after the centre has restarted all its
 * gateways come at once, and each gets its turn. Who connects and then says nothing keeps his place for 5 s when others
 * wait. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "link/tls_internal.h"

enum { CONNECTIONS_MAX = 20000, STRANGERS_MAX = 64, BACKLOG = 1024, REFUSALS_PER_WINDOW = 10, WINDOW_MS = 1000 };

/* --- lists --------------------------------------------------------------------------------------------------- */

static void list_add(struct tls_list *list, struct heng_tls *tls)
{
    tls->list = list;
    tls->newer = NULL;
    tls->older = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = tls;
    list->newest = tls;
}

static void list_remove(struct heng_tls *tls)
{
    *(tls->newer ? &tls->newer->older : &tls->list->newest) = tls->older;
    *(tls->older ? &tls->older->newer : &tls->list->oldest) = tls->newer;
    tls->list = NULL;
}

/* --- refusals ------------------------------------------------------------------------------------------------ */

void heng_tls_refuse(struct heng_tls_listener *listener, const char *address, const char *why)
{
    uint64_t now = uv_now(listener->loop);
    char text[TLS_WHY_MAX + 48];
    if (listener->closing || !listener->events.refused) return;
    if (listener->window_ms == 0 || now - listener->window_ms >= WINDOW_MS) {
        listener->window_ms = now ? now : 1;
        listener->refusals = 0;
    }
    if (++listener->refusals > REFUSALS_PER_WINDOW) {
        listener->more++;
        return;
    }
    if (listener->more)
        snprintf(text, sizeof text, "%.150s (and %u more since the last one)", why, listener->more);
    else
        snprintf(text, sizeof text, "%.150s", why);
    listener->more = 0;
    listener->events.refused(listener->events.owner, address, text);
}

/* --- guests -------------------------------------------------------------------------------------------------- */

static bool has_place(const struct heng_tls_listener *listener)
{
    unsigned taken = listener->guest_count + listener->stranger_count;
    return listener->guest_count == 0 || taken < listener->strangers_max;
}

static void on_oldest_due(uv_timer_t *timer);

/* The oldest guest goes when it has had its time and others wait. */
static void make_room(struct heng_tls_listener *listener)
{
    struct heng_tls *oldest = listener->guests.oldest;
    uint64_t now = uv_now(listener->loop);
    if (!oldest) return;
    if (now - oldest->since_ms < TLS_GRACE_MS) {
        uv_timer_start(&listener->timer, on_oldest_due, oldest->since_ms + TLS_GRACE_MS - now, 0);
    } else if (oldest->state == TLS_SHAKING) {
        heng_tls_fail(oldest, false, "no handshake in time, and others wait");
    } else {
        heng_tls_drop(oldest);
    }
}

/* Without memory libuv keeps the connection, and we try again in a second. */
static void take_one(struct heng_tls_listener *listener)
{
    struct heng_tls *tls = heng_tls_new(listener->loop);
    if (!tls || !heng_tls_socket(tls)) {
        if (tls) heng_tls_drop(tls);
        uv_timer_start(&listener->timer, on_oldest_due, WINDOW_MS, 0);
        return;
    }
    tls->listener = listener;
    listener->connections++;
    listener->waiting = false;
    list_add(&listener->guests, tls);
    listener->guest_count++;
    if (uv_accept((uv_stream_t *)&listener->server, (uv_stream_t *)tls->socket) != 0) {
        heng_tls_drop(tls);
        return;
    }
    heng_tls_address(tls->socket, tls->address);
    tls->state = TLS_SHAKING;
    if (listener->guest_count + listener->resident_count > listener->connections_max)
        heng_tls_fail(tls, false, "too many connections");
    else
        heng_tls_shake(tls, &listener->context, listener->handshake_ms);
}

static void take_waiting(struct heng_tls_listener *listener)
{
    if (listener->closing || !listener->waiting) return;
    if (!has_place(listener)) make_room(listener);
    if (listener->waiting && !listener->closing && has_place(listener)) take_one(listener);
}

static void on_oldest_due(uv_timer_t *timer) { take_waiting(timer->data); }

static void on_arrival(uv_stream_t *server, int status)
{
    struct heng_tls_listener *listener = server->data;
    if (status < 0) {
        heng_tls_refuse(listener, "unknown", uv_strerror(status));
        return;
    }
    listener->waiting = true;
    take_waiting(listener);
}

static void leave_guests(struct heng_tls *tls)
{
    list_remove(tls);
    tls->listener->guest_count--;
}

void heng_tls_leave(struct heng_tls *tls)
{
    struct heng_tls_listener *listener = tls->listener;
    if (tls->list == &listener->guests) {
        leave_guests(tls);
    } else if (tls->list) {
        list_remove(tls);
        listener->resident_count--;
        if (tls->stranger) listener->stranger_count--;
    }
    /* Not from inside this call: whoever ends a connection may be in the middle of another one. */
    if (listener->waiting && !listener->closing) uv_timer_start(&listener->timer, on_oldest_due, 0, 0);
}

void heng_tls_admit(struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct heng_tls_listener *listener = tls->listener;
    if (peer->stranger && listener->stranger_count >= (listener->strangers_max + 1) / 2) {
        heng_tls_fail(tls, true, "too many who are not enrolled");
        return;
    }
    leave_guests(tls);
    list_add(&listener->residents, tls);
    listener->resident_count++;
    if (peer->stranger) listener->stranger_count++;
    if (listener->waiting) uv_timer_start(&listener->timer, on_oldest_due, 0, 0);
    tls->state = TLS_OPEN;
    struct heng_tls_events events = listener->events.accepted(listener->events.owner, tls, peer);
    if (tls->state != TLS_OPEN) return;
    if (!events.owner) {
        heng_tls_close(tls, true);
        return;
    }
    tls->events = events;
    if (events.opened) events.opened(events.owner, tls, peer);
}

/* --- the listener -------------------------------------------------------------------------------------------- */

static void free_when_last(struct heng_tls_listener *listener)
{
    if (listener->handles > 0 || listener->connections > 0) return;
    heng_tls_context_fini(&listener->context);
    free(listener);
}

void heng_tls_forget(struct heng_tls_listener *listener)
{
    listener->connections--;
    free_when_last(listener);
}

static void on_closed(uv_handle_t *handle)
{
    struct heng_tls_listener *listener = handle->data;
    listener->handles--;
    free_when_last(listener);
}

void heng_tls_listener_close(struct heng_tls_listener *listener)
{
    if (!listener || listener->closing) return;
    listener->closing = true;
    while (listener->guests.oldest) heng_tls_drop(listener->guests.oldest);
    while (listener->residents.oldest) heng_tls_drop(listener->residents.oldest);
    uv_close((uv_handle_t *)&listener->server, on_closed);
    uv_close((uv_handle_t *)&listener->timer, on_closed);
}

static heng_rc fail_listen(const struct heng_tls_listen_config *config, int status, struct heng_err *err)
{
    heng_rc rc = status == UV_EADDRINUSE ? HENG_EBUSY : status == UV_EACCES ? HENG_EDENIED : HENG_EIO;
    return heng_fail(err, rc, 0, "cannot listen for gateways on %.60s port %u: %s", config->host, config->port,
                     uv_strerror(status));
}

heng_rc heng_tls_listen(uv_loop_t *loop, const struct heng_tls_listen_config *config,
                        struct heng_tls_listener_events events, struct heng_tls_listener **ret, struct heng_err *err)
{
    struct sockaddr_storage address;
    if (uv_ip4_addr(config->host, config->port, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(config->host, config->port, (struct sockaddr_in6 *)&address) != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "port for gateways: '%.60s' is not an IP address", config->host);
    if (!config->key_file || !config->certificate_file || !config->authority_file)
        return heng_fail(err, HENG_ECONFIG, 0, "port for gateways: it needs a key, a certificate and an authority");
    struct heng_tls_listener *listener = calloc(1, sizeof *listener);
    if (!listener) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the port for gateways");
    heng_rc rc = heng_tls_context_init(&listener->context, true, config->key_file, config->certificate_file,
                                       config->authority_file, err);
    if (rc != HENG_OK) {
        free(listener);
        return rc;
    }
    listener->loop = loop;
    listener->events = events;
    listener->connections_max = config->connections_max ? config->connections_max : CONNECTIONS_MAX;
    listener->strangers_max = config->strangers_max ? config->strangers_max : STRANGERS_MAX;
    listener->handshake_ms = config->handshake_ms ? config->handshake_ms : TLS_HANDSHAKE_MS;
    uv_tcp_init(loop, &listener->server);
    uv_timer_init(loop, &listener->timer);
    listener->server.data = listener->timer.data = listener;
    listener->handles = 2;
    int status = uv_tcp_bind(&listener->server, (struct sockaddr *)&address, 0);
    if (status == 0) status = uv_listen((uv_stream_t *)&listener->server, BACKLOG, on_arrival);
    if (status != 0) {
        heng_tls_listener_close(listener);
        return fail_listen(config, status, err);
    }
    *ret = listener;
    return HENG_OK;
}

uint16_t heng_tls_port(const struct heng_tls_listener *listener)
{
    struct sockaddr_storage address;
    int n = sizeof address;
    if (uv_tcp_getsockname(&listener->server, (struct sockaddr *)&address, &n) != 0) return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

unsigned heng_tls_connections(const struct heng_tls_listener *listener)
{
    return listener->guest_count + listener->resident_count;
}

void heng_tls_listener_doubt_clock(struct heng_tls_listener *listener, bool doubtful)
{
    listener->clock_doubtful = doubtful;
}
