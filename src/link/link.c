#include "link/link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "link/internal.h"

enum { PAUSE_MS_FIRST = 500, PAUSE_MS_MAX = 10000 };

void heng_link_opened(struct heng_link *link)
{
    link->pause_ms = PAUSE_MS_FIRST;
    link->open = true;
    if (!link->stopping) link->events.opened(link->events.owner);
}

void heng_link_lost(struct heng_link *link, const char *why)
{
    bool news = link->open || strcmp(link->told, why) != 0;
    link->open = false;
    snprintf(link->told, sizeof link->told, "%s", why);
    if (news && !link->stopping) link->events.closed(link->events.owner, why);
}

void heng_link_received(struct heng_link *link, struct heng_slice bytes)
{
    bytes = heng_heartbeat_strip(bytes, heng_slice_of(link->heartbeat, link->heartbeat_n));
    if (bytes.n && !link->stopping) link->events.bytes(link->events.owner, bytes);
}

static void on_retry(uv_timer_t *timer)
{
    struct heng_link *link = timer->data;
    if (!link->stopping) link->transport->start(link);
}

void heng_link_retry_later(struct heng_link *link)
{
    if (link->stopping) return;
    uv_timer_start(&link->retry, on_retry, link->pause_ms, 0);
    link->pause_ms = link->pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : link->pause_ms * 2;
}

static void on_timer_closed(uv_handle_t *handle) { free(handle->data); }

void heng_link_released(struct heng_link *link)
{
    uv_timer_stop(&link->retry);
    uv_close((uv_handle_t *)&link->retry, on_timer_closed);
}

/* The parts of a configuration that a link understands, into link. */
static heng_rc configure(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    link->config = *config;
    heng_rc rc =
        heng_pattern_parse(config->heartbeat, link->heartbeat, sizeof link->heartbeat, &link->heartbeat_n, &why);
    if (rc == HENG_OK && config->transport == HENG_TRANSPORT_TCP) {
        rc = heng_endpoint_split(config->endpoint, link->tcp.host, sizeof link->tcp.host, link->tcp.port,
                                 sizeof link->tcp.port, &why);
        if (rc == HENG_OK && strcmp(link->tcp.port, "0") == 0)
            rc = heng_fail(&why, HENG_ECONFIG, 0, "port 0 cannot be dialled");
    }
    if (rc == HENG_OK && config->transport == HENG_TRANSPORT_DTU) {
        rc = heng_pattern_parse(config->endpoint, link->dtu.registration, sizeof link->dtu.registration,
                                &link->dtu.registration_n, &why);
        if (rc == HENG_OK && link->dtu.registration_n == 0)
            rc = heng_fail(&why, HENG_ECONFIG, 0, "the DTU's registration string is empty");
    }
    if (rc == HENG_OK && config->transport == HENG_TRANSPORT_SERIAL && !heng_serial_speed_exists(config->baud))
        rc = heng_fail(&why, HENG_ECONFIG, 0, "a serial port has no speed of %u baud", config->baud);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "line '%.40s': %.100s", config->name, why.text);
    return HENG_OK;
}

heng_rc heng_link_check(const struct heng_line_config *config, struct heng_err *err)
{
    struct heng_link *scratch = calloc(1, sizeof *scratch);
    if (!scratch) return heng_fail(err, HENG_ENOMEM, 0, "no memory");
    heng_rc rc = configure(scratch, config, err);
    free(scratch);
    return rc;
}

heng_rc heng_link_open(uv_loop_t *loop, struct heng_dtu_listener *listener, const struct heng_line_config *config,
                       struct heng_link_events events, struct heng_link **ret, struct heng_err *err)
{
    static const struct heng_transport *const transports[HENG_TRANSPORT_COUNT] = {
        [HENG_TRANSPORT_TCP] = &heng_transport_tcp,
        [HENG_TRANSPORT_DTU] = &heng_transport_dtu,
        [HENG_TRANSPORT_SERIAL] = &heng_transport_serial,
    };
    if ((unsigned)config->transport >= HENG_TRANSPORT_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "line '%.40s': unknown transport", config->name);
    if (config->transport == HENG_TRANSPORT_DTU && !listener)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "line '%.40s' waits for a DTU, but no DTU port is open: start with --dtu-listen",
                         config->name);
    struct heng_link *link = calloc(1, sizeof *link);
    if (!link) return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%.40s'", config->name);
    heng_rc rc = configure(link, config, err);
    if (rc == HENG_OK && config->transport == HENG_TRANSPORT_DTU &&
        heng_dtu_is_taken(listener, link->dtu.registration, link->dtu.registration_n))
        rc = heng_fail(err, HENG_EEXISTS, 0, "line '%.40s': another line has the registration string '%.60s' already",
                       config->name, config->endpoint);
    if (rc != HENG_OK) {
        free(link);
        return rc;
    }
    link->loop = loop;
    link->events = events;
    link->transport = transports[config->transport];
    link->pause_ms = PAUSE_MS_FIRST;
    link->serial.fd = -1;
    link->dtu.listener = listener;
    uv_timer_init(loop, &link->retry);
    link->retry.data = link;
    *ret = link; /* before the first event, in which the owner may want to send */
    link->transport->start(link);
    return HENG_OK;
}

void heng_link_send(struct heng_link *link, struct heng_slice bytes)
{
    if (link->open && !link->stopping) link->transport->send(link, bytes);
}

void heng_link_close(struct heng_link *link)
{
    if (!link || link->stopping) return;
    link->stopping = true;
    link->transport->stop(link);
}

/* --- sockets ------------------------------------------------------------------------------------------ */

void heng_socket_tune(uv_tcp_t *socket)
{
    /* A pulled cable sends no goodbye: bytes that nobody acknowledges for so long end the connection. */
    unsigned patience_ms = 30000;
    uv_os_fd_t fd;
    uv_tcp_nodelay(socket, 1);
    uv_tcp_keepalive(socket, 1, 60);
    if (uv_fileno((uv_handle_t *)socket, &fd) == 0)
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

static void on_socket_closed(uv_handle_t *handle) { free(handle); }

void heng_socket_drop(uv_tcp_t *socket)
{
    if (socket && !uv_is_closing((uv_handle_t *)socket)) uv_close((uv_handle_t *)socket, on_socket_closed);
}
