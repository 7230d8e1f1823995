#include "link/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "link/internal.h"

enum { PAUSE_MS_FIRST = 500, PROVEN_MS = 10000 };

static void on_timer(uv_timer_t *timer);

static void rearm(struct heng_link *link)
{
    uint64_t next = link->due_ms, now = uv_now(link->loop);
    if (link->held_ms && (next == 0 || link->held_ms < next)) next = link->held_ms;
    if (next == 0 || link->stopping)
        uv_timer_stop(&link->timer);
    else
        uv_timer_start(&link->timer, on_timer, next > now ? next - now : 0, 0);
}

void heng_link_due_in(struct heng_link *link, uint64_t ms)
{
    link->due_ms = uv_now(link->loop) + ms;
    link->between = false;
    rearm(link);
}

void heng_link_opened(struct heng_link *link)
{
    link->open = true;
    link->opened_ms = link->heard_ms = uv_now(link->loop);
    link->due_ms = link->held_ms = 0;
    link->between = false;
    link->sieve.held_n = 0;
    rearm(link);
    if (!link->stopping) link->events.opened(link->events.owner);
}

void heng_link_lost(struct heng_link *link, const char *why)
{
    bool news = link->open || strcmp(link->told, why) != 0;
    if (link->open && uv_now(link->loop) - link->opened_ms >= PROVEN_MS) link->pause_ms = PAUSE_MS_FIRST;
    heng_link_overload(link, false);
    link->open = false;
    link->due_ms = link->held_ms = 0;
    rearm(link);
    snprintf(link->told, sizeof link->told, "%s", why);
    if (news && !link->stopping) link->events.closed(link->events.owner, link->told);
}

void heng_link_overload(struct heng_link *link, bool on)
{
    if (link->overload == on) return;
    link->overload = on;
    if (link->events.overload && !link->stopping) link->events.overload(link->events.owner, on);
}

static void pass(struct heng_link *link, const struct heng_sieved *sieved)
{
    if (sieved->held_n && !link->stopping)
        link->events.bytes(link->events.owner, heng_slice_of(sieved->held, sieved->held_n));
    if (sieved->bytes.n && !link->stopping) link->events.bytes(link->events.owner, sieved->bytes);
}

void heng_link_received(struct heng_link *link, struct heng_slice bytes)
{
    link->heard_ms = uv_now(link->loop);
    link->pause_ms = PAUSE_MS_FIRST;
    do {
        struct heng_sieved sieved;
        uint64_t held_ms = link->held_ms;
        size_t n = heng_sieve_cut(&link->sieve, bytes);
        heng_sieve_feed(&link->sieve, heng_slice_of(bytes.p, n), &sieved);
        link->held_ms = link->sieve.held_n ? link->heard_ms + SIEVE_HOLD_MS : 0;
        if (link->held_ms != held_ms) rearm(link);
        pass(link, &sieved);
        bytes = heng_slice_from(bytes, n);
    } while (bytes.n && link->open && !link->stopping);
}

static void on_looked(uv_timer_t *timer)
{
    struct heng_link *link = timer->data;
    uint64_t now = uv_now(link->loop);
    bool due = link->due_ms && link->due_ms <= now;
    if (due) link->due_ms = 0;
    if (link->held_ms && link->held_ms <= now) {
        struct heng_sieved sieved;
        link->held_ms = 0;
        heng_sieve_release(&link->sieve, &sieved);
        pass(link, &sieved);
    }
    rearm(link);
    if (!due || link->stopping) return;
    if (link->between)
        link->transport->start(link);
    else if (link->transport->due)
        link->transport->due(link);
}

static void on_timer(uv_timer_t *timer) { uv_timer_start(timer, on_looked, LOOK_MS, 0); }

void heng_link_retry_later(struct heng_link *link)
{
    uint32_t chance = 0;
    if (link->stopping) return;
    /* By chance, so that a hundred lines behind one router do not come back in step. */
    if (uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL) != 0) chance = (uint32_t)uv_hrtime();
    heng_link_due_in(link, link->pause_ms + chance % (link->pause_ms / 4));
    link->between = true;
    uint32_t longest = link->transport->pause_ms_max;
    link->pause_ms = link->pause_ms * 2 > longest ? longest : link->pause_ms * 2;
}

uint64_t heng_link_bytes_ns(const struct heng_link *link, size_t n)
{
    uint64_t bits = link->parity == 'E' || link->parity == 'O' ? 11 : 10;
    return n * bits * 1000000000u / (link->baud ? link->baud : 1200);
}

heng_rc heng_speed_check(uint32_t baud, char parity, struct heng_err *err)
{
    if (baud < BAUD_MIN || baud > BAUD_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "no port has a speed of %u baud", baud);
    if (parity != 'E' && parity != 'N' && parity != 'O')
        return heng_fail(err, HENG_ECONFIG, 0, "parity is 'E', 'N' or 'O', not '%c'", parity ? parity : ' ');
    return HENG_OK;
}

static const struct heng_transport *transport_of(heng_transport_kind kind)
{
    static const struct heng_transport *const transports[HENG_TRANSPORT_COUNT] = {
        [HENG_TRANSPORT_TCP] = &heng_transport_tcp,       [HENG_TRANSPORT_DTU] = &heng_transport_dtu,
        [HENG_TRANSPORT_SERIAL] = &heng_transport_serial, [HENG_TRANSPORT_RFC2217] = &heng_transport_rfc2217,
        [HENG_TRANSPORT_UDP] = &heng_transport_udp,
    };
    return (unsigned)kind < HENG_TRANSPORT_COUNT ? transports[kind] : NULL;
}

/* A link that is configured and does nothing yet; NULL with the reason in *ret_rc. */
static struct heng_link *make(const struct heng_line_config *config, heng_rc *ret_rc, struct heng_err *err)
{
    const struct heng_transport *transport = transport_of(config->transport);
    struct heng_link *link = transport ? calloc(1, transport->size) : NULL;
    if (!link) {
        *ret_rc = transport ? heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%.40s'", config->name)
                            : heng_fail(err, HENG_ECONFIG, 0, "line '%.40s': unknown transport", config->name);
        return NULL;
    }
    struct heng_err why = {.text = ""};
    uint8_t heartbeat[HEARTBEAT_MAX];
    size_t n = 0;
    link->transport = transport;
    link->pause_ms = PAUSE_MS_FIRST;
    link->baud = config->baud;
    link->parity = config->parity ? config->parity : 'N';
    snprintf(link->endpoint, sizeof link->endpoint, "%s", config->endpoint);
    *ret_rc = heng_pattern_parse(config->heartbeat, heartbeat, sizeof heartbeat, &n, &why);
    heng_sieve_set(&link->sieve, 0, heng_slice_of(heartbeat, n));
    if (*ret_rc == HENG_OK) *ret_rc = transport->configure(link, config, &why);
    if (*ret_rc == HENG_OK) return link;
    heng_fail(err, *ret_rc, 0, "line '%.40s': %.100s", config->name, why.text);
    free(link);
    return NULL;
}

heng_rc heng_link_check(const struct heng_line_config *config, struct heng_err *err)
{
    heng_rc rc;
    free(make(config, &rc, err));
    return rc;
}

heng_rc heng_link_open(uv_loop_t *loop, struct heng_dtu_listener *listener, const struct heng_line_config *config,
                       struct heng_link_events events, struct heng_link **ret, struct heng_err *err)
{
    if (config->transport == HENG_TRANSPORT_DTU && !listener)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "line '%.40s' waits for a DTU, but no DTU port is open: start with --dtu-listen",
                         config->name);
    heng_rc rc;
    struct heng_link *link = make(config, &rc, err);
    if (!link) return rc;
    if (config->transport == HENG_TRANSPORT_DTU) {
        struct heng_err why = {.text = ""};
        rc = heng_dtu_attach(link, listener, &why);
        if (rc != HENG_OK) {
            free(link);
            return heng_fail(err, rc, 0, "line '%.40s': %.110s", config->name, why.text);
        }
    }
    link->loop = loop;
    link->events = events;
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    *ret = link; /* before the first event, in which the owner may want to send */
    link->transport->start(link);
    return HENG_OK;
}

void heng_link_send(struct heng_link *link, struct heng_slice bytes)
{
    if (link->open && !link->stopping) link->transport->send(link, bytes);
}

heng_rc heng_link_set_speed(struct heng_link *link, uint32_t baud, char parity, struct heng_err *err)
{
    if (!link->transport->set_speed)
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "the speed behind '%.60s' is set at the device there, not from here", link->endpoint);
    heng_rc rc = heng_speed_check(baud, parity, err);
    if (rc != HENG_OK) return rc;
    if (link->baud == baud && link->parity == parity) return HENG_OK;
    link->baud = baud;
    link->parity = parity;
    if (link->open && !link->stopping) link->transport->set_speed(link);
    return HENG_OK;
}

static void on_freed(uv_handle_t *handle) { free(handle->data); }

void heng_link_close(struct heng_link *link)
{
    if (!link || link->stopping) return;
    link->stopping = true;
    link->transport->stop(link);
    uv_close((uv_handle_t *)&link->timer, on_freed);
}
