#include "sim/outlet.h"

#include <stdio.h>

/* --- UDP ----------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct heng_sim_outlet *outlet = handle->data;
    heng_sim_net_alloc(outlet->port.net, ret);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    (void)flags;
    struct heng_sim_outlet *outlet = udp->data;
    if (n <= 0 || !from || from->sa_family != AF_INET) return;
    struct heng_sim_asker asker = {.udp = udp};
    memcpy(&asker.from, from, sizeof asker.from);
    heng_sim_port_hear(&outlet->port, &asker, heng_slice_of(buf->base, (size_t)n));
}

static void on_udp_closed(uv_handle_t *handle);

static heng_rc plug_udp(struct heng_sim_outlet *outlet, struct heng_err *err)
{
    struct heng_sim_datagrams *d = &outlet->as.datagrams;
    d->plugged = true;
    if (d->open) return HENG_OK;
    struct sockaddr_in at;
    uv_ip4_addr("127.0.0.1", d->udp_port, &at);
    uv_udp_init(outlet->port.net->loop, &d->udp);
    d->udp.data = outlet;
    d->open = true;
    int rc = uv_udp_bind(&d->udp, (const struct sockaddr *)&at, 0);
    if (rc == 0) rc = uv_udp_recv_start(&d->udp, on_alloc, on_datagram);
    if (rc != 0) {
        d->plugged = false;
        uv_close((uv_handle_t *)&d->udp, on_udp_closed);
        return heng_fail(err, HENG_EIO, 0, "cannot use UDP port %u of 127.0.0.1: %s; free it or choose another",
                         d->udp_port, uv_strerror(rc));
    }
    int size = sizeof at;
    if (uv_udp_getsockname(&d->udp, (struct sockaddr *)&at, &size) == 0) d->udp_port = ntohs(at.sin_port);
    if (!outlet->port.net->quiet) heng_sim_say("%s: datagrams on 127.0.0.1:%u", outlet->port.line->name, d->udp_port);
    return HENG_OK;
}

static void plug_again(struct heng_sim_outlet *outlet)
{
    struct heng_err err;
    if (heng_sim_outlet_plug(outlet, &err) != HENG_OK) heng_sim_say("%s: %s", outlet->port.line->name, err.text);
}

static void on_udp_closed(uv_handle_t *handle)
{
    struct heng_sim_outlet *outlet = handle->data;
    outlet->as.datagrams.open = false;
    if (outlet->as.datagrams.plugged) plug_again(outlet);
}

static void unplug_udp(struct heng_sim_outlet *outlet)
{
    struct heng_sim_datagrams *d = &outlet->as.datagrams;
    d->plugged = false;
    heng_sim_port_forget(&outlet->port, &d->udp);
    if (d->open && !uv_is_closing((uv_handle_t *)&d->udp)) uv_close((uv_handle_t *)&d->udp, on_udp_closed);
}

/* --- all of them --------------------------------------------------------------------------------------- */

void heng_sim_outlet_init(struct heng_sim_outlet *outlet, struct heng_sim_net *net, struct heng_sim_town_line *line,
                          const struct heng_sim_outlet_settings *settings)
{
    *outlet = (struct heng_sim_outlet){.kind = settings->kind, .dtu_settings = settings->dtu};
    memcpy(outlet->path, settings->path, sizeof outlet->path);
    outlet->dtu_settings.tcp_port = settings->port;
    heng_sim_port_init(&outlet->port, net, line);
    uv_timer_init(net->loop, &outlet->timer);
    outlet->timer.data = outlet;
    if (outlet->kind == HENG_TRANSPORT_DTU)
        heng_sim_dtu_init(&outlet->as.dtu, &outlet->port, &outlet->dtu_settings);
    else if (outlet->kind == HENG_TRANSPORT_UDP)
        outlet->as.datagrams.udp_port = settings->port;
    else
        heng_sim_converter_init(&outlet->as.converter, &outlet->port, settings->port,
                                outlet->kind == HENG_TRANSPORT_RFC2217, settings->remedy);
}

heng_rc heng_sim_outlet_plug(struct heng_sim_outlet *outlet, struct heng_err *err)
{
    switch (outlet->kind) {
    case HENG_TRANSPORT_TCP:
    case HENG_TRANSPORT_RFC2217: return heng_sim_converter_plug(&outlet->as.converter, err);
    case HENG_TRANSPORT_SERIAL:
        if (outlet->as.converter.pty) return HENG_OK;
        return heng_sim_converter_open_pty(&outlet->as.converter, outlet->path, err);
    case HENG_TRANSPORT_DTU: heng_sim_dtu_plug(&outlet->as.dtu); return HENG_OK;
    case HENG_TRANSPORT_UDP: return plug_udp(outlet, err);
    case HENG_TRANSPORT_COUNT: break;
    }
    return HENG_EBUG;
}

void heng_sim_outlet_unplug(struct heng_sim_outlet *outlet)
{
    uv_timer_stop(&outlet->timer);
    if (outlet->kind == HENG_TRANSPORT_DTU)
        heng_sim_dtu_unplug(&outlet->as.dtu);
    else if (outlet->kind == HENG_TRANSPORT_UDP)
        unplug_udp(outlet);
    else if (outlet->kind == HENG_TRANSPORT_SERIAL)
        heng_sim_converter_close_pty(&outlet->as.converter);
    else
        heng_sim_converter_unplug(&outlet->as.converter);
}

void heng_sim_outlet_half_open(struct heng_sim_outlet *outlet)
{
    if (outlet->kind == HENG_TRANSPORT_DTU)
        heng_sim_dtu_half_open(&outlet->as.dtu);
    else if (outlet->kind == HENG_TRANSPORT_TCP || outlet->kind == HENG_TRANSPORT_RFC2217)
        heng_sim_converter_half_open(&outlet->as.converter);
    else
        heng_sim_outlet_unplug(outlet); /* there is no connection that could be half open */
}

static void on_back(uv_timer_t *timer) { plug_again(timer->data); }

void heng_sim_outlet_storm(struct heng_sim_outlet *outlet, uint64_t within_ms)
{
    uint64_t after_ms = heng_sim_rng_next(&outlet->port.line->rng) % (within_ms + 1);
    if (outlet->kind == HENG_TRANSPORT_DTU) {
        heng_sim_dtu_redial(&outlet->as.dtu, after_ms);
    } else if (outlet->kind == HENG_TRANSPORT_TCP || outlet->kind == HENG_TRANSPORT_RFC2217) {
        heng_sim_converter_restart(&outlet->as.converter, after_ms);
    } else {
        heng_sim_outlet_unplug(outlet);
        uv_timer_start(&outlet->timer, on_back, after_ms, 0);
    }
}

void heng_sim_outlet_tell_modem(struct heng_sim_outlet *outlet)
{
    if (outlet->kind == HENG_TRANSPORT_RFC2217) heng_sim_converter_tell_modem(&outlet->as.converter);
}

void heng_sim_outlet_describe(const struct heng_sim_outlet *outlet, char *ret_text, size_t cap)
{
    const struct heng_sim_converter *c = &outlet->as.converter;
    switch (outlet->kind) {
    case HENG_TRANSPORT_TCP:
    case HENG_TRANSPORT_RFC2217:
        snprintf(ret_text, cap, "%s 127.0.0.1:%u, %u connected", c->plugged ? "up" : "down", c->tcp_port,
                 heng_sim_converter_count(c));
        return;
    case HENG_TRANSPORT_SERIAL: snprintf(ret_text, cap, "%s %.80s", c->pty ? "up" : "down", outlet->path); return;
    case HENG_TRANSPORT_DTU:
        snprintf(ret_text, cap, "%s DTU to 127.0.0.1:%u", outlet->as.dtu.up ? "up" : "down",
                 outlet->dtu_settings.tcp_port);
        return;
    case HENG_TRANSPORT_UDP:
        snprintf(ret_text, cap, "%s udp 127.0.0.1:%u", outlet->as.datagrams.plugged ? "up" : "down",
                 outlet->as.datagrams.udp_port);
        return;
    case HENG_TRANSPORT_COUNT: break;
    }
}

void heng_sim_outlet_close(struct heng_sim_outlet *outlet)
{
    if (outlet->kind == HENG_TRANSPORT_DTU)
        heng_sim_dtu_close(&outlet->as.dtu);
    else if (outlet->kind == HENG_TRANSPORT_UDP)
        unplug_udp(outlet);
    else
        heng_sim_converter_close(&outlet->as.converter);
    uv_close((uv_handle_t *)&outlet->timer, NULL);
    uv_close((uv_handle_t *)&outlet->port.timer, NULL);
}
