/* Lines behind DTUs: transparent modems that dial in and say who they are with a registration (guest.c).
 *
 * The newest connection of a DTU wins: after a radio outage the old socket is a corpse that TCP has not buried yet.
 * One that has missed its heartbeat two and a half times is closed: the network in between forgets connections after
 * minutes and tells nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "link/dtu.h"

struct dtu {
    struct heng_link link;
    struct heng_dtu_listener *listener;
    uv_tcp_t *socket;
    uint32_t heartbeat_s;
    bool by_imei;
    struct heng_registration registration;
};

static struct dtu *of(struct heng_link *link) { return (struct dtu *)link; }

static struct heng_registry *registry_of(const struct dtu *dtu)
{
    return dtu->by_imei ? &dtu->listener->imeis : &dtu->listener->names;
}

static void lose(struct heng_link *link, const char *why)
{
    heng_socket_drop(of(link)->socket);
    of(link)->socket = NULL;
    heng_link_lost(link, why);
}

static uint64_t silence_ms(const struct dtu *dtu) { return (uint64_t)dtu->heartbeat_s * 2500; }

/* Hearing costs nothing but a note of the time: only when the silence would be long enough do we look at it. */
static void dtu_due(struct heng_link *link)
{
    struct dtu *dtu = of(link);
    uint64_t silent_ms = uv_now(link->loop) - link->heard_ms, longest_ms = silence_ms(dtu);
    if (silent_ms < longest_ms) {
        heng_link_due_in(link, longest_ms - silent_ms);
        return;
    }
    char why[CLOSED_TEXT_MAX];
    snprintf(why, sizeof why, "DTU '%.60s' said nothing for %u s, and its heartbeat comes every %u s", link->endpoint,
             (unsigned)(silent_ms / 1000), dtu->heartbeat_s);
    lose(link, why);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct heng_dtu_listener *listener = of(handle->data)->listener;
    (void)suggested;
    *buf = uv_buf_init((char *)listener->receive, sizeof listener->receive);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_link *link = stream->data;
    if (!link || link->stopping) return;
    if (n > 0) {
        heng_link_received(link, heng_slice_of(buf->base, (size_t)n));
    } else if (n < 0) {
        char why[CLOSED_TEXT_MAX];
        snprintf(why, sizeof why, "DTU '%.60s' hung up: %s", link->endpoint, uv_strerror((int)n));
        lose(link, why);
    }
}

struct heng_slice heng_dtu_heartbeat(const struct heng_registration *registration)
{
    const struct heng_link *link = registration->owner;
    return heng_slice_of(link->sieve.patterns[0].bytes, link->sieve.patterns[0].n);
}

void heng_dtu_adopt(const struct heng_registration *registration, uv_tcp_t *socket, struct heng_slice said,
                    struct heng_slice rest)
{
    struct heng_link *link = registration->owner;
    struct dtu *dtu = of(link);
    if (dtu->socket) lose(link, "the DTU dialled in anew");
    if (link->stopping) { /* its owner did not like that */
        heng_socket_drop(socket);
        return;
    }
    socket->data = link;
    dtu->socket = socket;
    heng_socket_tune(socket, HENG_SOCKET_PATIENCE_MS);
    heng_sieve_set(&link->sieve, 1, said);
    int status = uv_read_start((uv_stream_t *)socket, on_alloc, on_read);
    if (status != 0) {
        lose(link, uv_strerror(status));
        return;
    }
    heng_link_opened(link);
    if (link->stopping || dtu->socket != socket) return;
    if (dtu->heartbeat_s) heng_link_due_in(link, silence_ms(dtu));
    if (rest.n) heng_link_received(link, rest);
}

/* --- the port ----------------------------------------------------------------------------------------------- */

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
    listener->guests_max = GUESTS_MAX;
    uv_tcp_init(loop, &listener->server);
    listener->server.data = listener;
    int status = uv_tcp_bind(&listener->server, (struct sockaddr *)&address, 0);
    if (status == 0) status = uv_listen((uv_stream_t *)&listener->server, SOMAXCONN, heng_guest_arrived);
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

static void on_listener_closed(uv_handle_t *handle)
{
    struct heng_dtu_listener *listener = handle->data;
    heng_registry_fini(&listener->names);
    heng_registry_fini(&listener->imeis);
    free(listener);
}

void heng_dtu_close(struct heng_dtu_listener *listener)
{
    if (!listener || listener->closing) return;
    listener->closing = true;
    while (listener->newest) heng_guest_dismiss(listener->newest);
    uv_close((uv_handle_t *)&listener->server, on_listener_closed);
}

/* --- the transport ------------------------------------------------------------------------------------------ */

static heng_rc dtu_configure(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err)
{
    struct dtu *dtu = of(link);
    struct heng_registration *registration = &dtu->registration;
    dtu->heartbeat_s = config->heartbeat_s;
    dtu->by_imei = strncmp(config->endpoint, "imei:", 5) == 0;
    registration->owner = link;
    if (!dtu->by_imei) {
        heng_rc rc = heng_pattern_parse(config->endpoint, registration->bytes, sizeof registration->bytes,
                                        &registration->n, err);
        if (rc == HENG_OK && registration->n == 0)
            return heng_fail(err, HENG_ECONFIG, 0, "the DTU's registration string is empty");
        return rc;
    }
    struct heng_slice digits = heng_slice_str(config->endpoint + 5);
    size_t at = 0;
    if (digits.n == 0 || heng_imei_next(digits, &at).n != digits.n)
        return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' is no IMEI: write imei: and its 15 digits", config->endpoint);
    registration->n = digits.n;
    memcpy(registration->bytes, digits.p, digits.n);
    return HENG_OK;
}

heng_rc heng_dtu_attach(struct heng_link *link, struct heng_dtu_listener *listener, struct heng_err *err)
{
    struct dtu *dtu = of(link);
    dtu->listener = listener;
    heng_rc rc = heng_registry_add(registry_of(dtu), &dtu->registration);
    if (rc == HENG_EEXISTS)
        return heng_fail(err, rc, 0, "another line has the registration string '%.60s' already", link->endpoint);
    return rc == HENG_OK ? rc : heng_fail(err, rc, 0, "no memory for its registration");
}

static void dtu_start(struct heng_link *link)
{
    char why[CLOSED_TEXT_MAX];
    snprintf(why, sizeof why, "waiting for DTU '%.80s' to dial in", link->endpoint);
    heng_link_lost(link, why);
}

static void dtu_send(struct heng_link *link, struct heng_slice bytes)
{
    if (heng_socket_send(of(link)->socket, bytes) != HENG_OK) lose(link, "the DTU takes no more bytes");
}

static void dtu_stop(struct heng_link *link)
{
    struct dtu *dtu = of(link);
    heng_registry_remove(registry_of(dtu), &dtu->registration);
    heng_socket_drop(dtu->socket);
    dtu->socket = NULL;
}

const struct heng_transport heng_transport_dtu = {
    .size = sizeof(struct dtu),
    .pause_ms_max = 8000, /* not used: the DTU dials */
    .configure = dtu_configure,
    .start = dtu_start,
    .send = dtu_send,
    .stop = dtu_stop,
    .due = dtu_due,
};
