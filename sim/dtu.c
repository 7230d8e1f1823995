/* The states of a DTU:
 *   down --timer--> dials --connected--> up --closed or refused--> down, timer set
 *   unplug: any --> down, no timer; half-open: up --> ghost and down, no timer until plug */
#include "sim/dtu.h"

#include "base/hex.h"

#include <stdlib.h>

enum { BACKOFF_FIRST_MS = 500, BACKOFF_MAX_MS = 8000, HEARTBEAT_DEFER_MS = 100, INSIDE_WAITS_MS = 2000 };

struct heng_sim_call {
    uv_tcp_t tcp;
    uv_connect_t request;
    struct heng_sim_dtu *dtu; /* NULL: given up, or a ghost */
};

static void dial(struct heng_sim_dtu *dtu);

static const char *name_of(const struct heng_sim_dtu *dtu) { return dtu->port->line->name; }

/* --- settings ------------------------------------------------------------------------------------------ */

static heng_rc take_hex(const char *what, const char *text, uint8_t *bytes, size_t cap, size_t *ret_n,
                        struct heng_err *err)
{
    struct heng_buf buf = heng_buf_of(bytes, cap);
    if (heng_hex_parse(heng_slice_str(text), &buf, NULL) != HENG_OK || buf.n == 0 || buf.full)
        return heng_fail(err, HENG_ECONFIG, 0, "%s 'hex:%.40s': give 1 to %zu bytes as pairs of hex digits", what, text,
                         cap);
    *ret_n = buf.n;
    return HENG_OK;
}

heng_rc heng_sim_dtu_set_registration(struct heng_sim_dtu_settings *settings, const char *text, struct heng_err *err)
{
    struct heng_buf buf = heng_buf_of(settings->registration, sizeof settings->registration);
    if (strncmp(text, "hex:", 4) == 0)
        return take_hex("registration", text + 4, buf.p, buf.cap, &settings->registration_n, err);
    if (strncmp(text, "imei:", 5) == 0) {
        if (strlen(text) != 20 || strspn(text + 5, "0123456789") != 15)
            return heng_fail(err, HENG_ECONFIG, 0, "registration '%.40s': an IMEI has 15 digits", text);
        heng_buf_put(&buf, heng_slice_str("IMEI:"));
        heng_buf_put(&buf, heng_slice_str(text + 5));
        heng_buf_put(&buf, heng_slice_str("\r\n"));
    } else {
        heng_buf_put(&buf, heng_slice_str(text));
    }
    if (buf.full || buf.n == 0)
        return heng_fail(err, HENG_ECONFIG, 0, "registration '%.20s' is empty or too long: 1 to %zu characters", text,
                         buf.cap);
    settings->registration_n = buf.n;
    return HENG_OK;
}

heng_rc heng_sim_dtu_set_heartbeat(struct heng_sim_dtu_settings *settings, const char *text, struct heng_err *err)
{
    size_t n = strlen(text);
    if (strncmp(text, "hex:", 4) == 0)
        return take_hex("heartbeat", text + 4, settings->heartbeat, sizeof settings->heartbeat, &settings->heartbeat_n,
                        err);
    if (n > sizeof settings->heartbeat)
        return heng_fail(err, HENG_ECONFIG, 0, "heartbeat '%.20s..' is longer than %zu characters", text,
                         sizeof settings->heartbeat);
    if (n) memcpy(settings->heartbeat, text, n);
    settings->heartbeat_n = n;
    return HENG_OK;
}

/* --- calls --------------------------------------------------------------------------------------------- */

static void on_call_closed(uv_handle_t *handle) { free(handle->data); }

static void end_call(struct heng_sim_call **call)
{
    if (!*call) return;
    (*call)->dtu = NULL;
    uv_close((uv_handle_t *)&(*call)->tcp, on_call_closed);
    *call = NULL;
}

static void on_dial_timer(uv_timer_t *timer) { dial(timer->data); }

/* Down, without a next try. */
static void hang_up(struct heng_sim_dtu *dtu)
{
    uv_timer_stop(&dtu->timer);
    if (dtu->call) heng_sim_port_forget(dtu->port, &dtu->call->tcp);
    end_call(&dtu->call);
    dtu->up = false;
    dtu->owed_us = 0;
    dtu->port->inside.n = 0;
}

static void try_again(struct heng_sim_dtu *dtu)
{
    hang_up(dtu);
    if (!dtu->plugged) return;
    /* A quarter of chance: a thousand DTUs of one fallen head-end do not knock in the same millisecond. */
    uint64_t wait_ms = dtu->backoff_ms + heng_sim_rng_below(&dtu->port->line->rng, (uint32_t)dtu->backoff_ms / 4);
    uv_timer_start(&dtu->timer, on_dial_timer, wait_ms, 0);
    dtu->backoff_ms = dtu->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : dtu->backoff_ms * 2;
}

static bool put(struct heng_sim_dtu *dtu, const uint8_t *bytes, size_t n)
{
    return heng_sim_put((uv_stream_t *)&dtu->call->tcp, heng_slice_of(bytes, n)) == n;
}

/* The usual module hands on the serial side's bytes first: its heartbeat comes between two answers. A bad one puts it
 * into the middle of an answer; when none comes, it says it anyhow. */
static void on_heartbeat(uv_timer_t *timer)
{
    struct heng_sim_dtu *dtu = timer->data;
    const struct heng_sim_dtu_settings *s = dtu->settings;
    heng_us now = heng_clock_mono();
    uint64_t wait_ms = HEARTBEAT_DEFER_MS;
    bool said = false;
    if (!s->heartbeat_inside) {
        said = !heng_sim_town_busy(dtu->port->line, heng_sim_port_now(dtu->port));
        if (said) (void)put(dtu, s->heartbeat, s->heartbeat_n);
    } else if (!dtu->owed_us) {
        dtu->owed_us = now;
        dtu->port->inside = heng_slice_of(s->heartbeat, s->heartbeat_n);
    } else if (dtu->port->inside.n == 0) {
        said = true;
    } else if (now - dtu->owed_us > INSIDE_WAITS_MS * HENG_US_PER_MS) {
        said = true;
        dtu->port->inside.n = 0;
        (void)put(dtu, s->heartbeat, s->heartbeat_n);
    }
    if (said) {
        dtu->owed_us = 0;
        wait_ms = UINT64_C(1000) * s->heartbeat_s;
    }
    uv_timer_start(timer, on_heartbeat, wait_ms, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct heng_sim_call *call = handle->data;
    heng_sim_net_alloc(call->dtu->port->net, ret);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_sim_call *call = stream->data;
    struct heng_sim_dtu *dtu = call->dtu;
    if (!dtu) return;
    if (n < 0) {
        if (!dtu->port->net->quiet) heng_sim_say("%s: DTU connection closed by the head-end", name_of(dtu));
        try_again(dtu);
    } else if (n > 0) {
        /* Only a head-end that talks to us counts as reached; one that hangs up at once is dialled ever more slowly. */
        const struct heng_sim_asker asker = {.stream = stream};
        dtu->backoff_ms = BACKOFF_FIRST_MS;
        heng_sim_port_hear(dtu->port, &asker, heng_slice_of(buf->base, (size_t)n));
    }
}

static void on_connect(uv_connect_t *request, int status)
{
    struct heng_sim_call *call = request->data;
    struct heng_sim_dtu *dtu = call->dtu;
    if (!dtu) return; /* unplugged meanwhile */
    const struct heng_sim_dtu_settings *s = dtu->settings;
    bool quiet = dtu->port->net->quiet;
    if (status != 0) {
        /* Said once per doubling: a head-end that is down for hours does not fill the screen. */
        if (!quiet && dtu->backoff_ms < BACKOFF_MAX_MS)
            heng_sim_say("%s: DTU cannot reach 127.0.0.1:%u: %s; trying again", name_of(dtu), s->tcp_port,
                         uv_strerror(status));
        try_again(dtu);
        return;
    }
    uv_tcp_nodelay(&call->tcp, 1);
    if (!put(dtu, s->registration, s->registration_n) ||
        uv_read_start((uv_stream_t *)&call->tcp, on_alloc, on_read) != 0) {
        try_again(dtu);
        return;
    }
    dtu->up = true;
    if (!quiet) heng_sim_say("%s: DTU connected to 127.0.0.1:%u", name_of(dtu), s->tcp_port);
    if (s->heartbeat_n > 0 && s->heartbeat_s > 0)
        uv_timer_start(&dtu->timer, on_heartbeat, UINT64_C(1000) * s->heartbeat_s, 0);
}

static void dial(struct heng_sim_dtu *dtu)
{
    struct sockaddr_in to;
    struct heng_sim_call *call = calloc(1, sizeof *call);
    if (!call) {
        try_again(dtu);
        return;
    }
    uv_ip4_addr("127.0.0.1", dtu->settings->tcp_port, &to);
    uv_tcp_init(dtu->port->net->loop, &call->tcp);
    call->dtu = dtu;
    call->tcp.data = call->request.data = call;
    dtu->call = call;
    if (uv_tcp_connect(&call->request, &call->tcp, (const struct sockaddr *)&to, on_connect) != 0) try_again(dtu);
}

/* --- what is done to it -------------------------------------------------------------------------------- */

void heng_sim_dtu_init(struct heng_sim_dtu *dtu, struct heng_sim_port *port,
                       const struct heng_sim_dtu_settings *settings)
{
    *dtu = (struct heng_sim_dtu){.port = port, .backoff_ms = BACKOFF_FIRST_MS, .settings = settings};
    uv_timer_init(port->net->loop, &dtu->timer);
    dtu->timer.data = dtu;
}

void heng_sim_dtu_plug(struct heng_sim_dtu *dtu)
{
    if (dtu->plugged) return;
    dtu->plugged = true;
    dtu->backoff_ms = BACKOFF_FIRST_MS;
    if (dtu->settings->first_dial_ms)
        uv_timer_start(&dtu->timer, on_dial_timer, dtu->settings->first_dial_ms, 0);
    else
        dial(dtu);
}

void heng_sim_dtu_unplug(struct heng_sim_dtu *dtu)
{
    end_call(&dtu->ghost);
    if (!dtu->plugged) return;
    dtu->plugged = false;
    hang_up(dtu);
    if (!dtu->port->net->quiet) heng_sim_say("%s: unplugged", name_of(dtu));
}

void heng_sim_dtu_half_open(struct heng_sim_dtu *dtu)
{
    struct heng_sim_call *call = dtu->up ? dtu->call : NULL;
    if (call) {
        end_call(&dtu->ghost);
        uv_read_stop((uv_stream_t *)&call->tcp);
        heng_sim_port_forget(dtu->port, &call->tcp);
        call->dtu = NULL;
        dtu->ghost = call;
        dtu->call = NULL;
    }
    dtu->plugged = false;
    hang_up(dtu);
}

void heng_sim_dtu_redial(struct heng_sim_dtu *dtu, uint64_t after_ms)
{
    if (!dtu->plugged) return; /* pulled out before: it stays so */
    hang_up(dtu);
    dtu->backoff_ms = BACKOFF_FIRST_MS;
    uv_timer_start(&dtu->timer, on_dial_timer, after_ms, 0);
}

void heng_sim_dtu_close(struct heng_sim_dtu *dtu)
{
    end_call(&dtu->ghost);
    dtu->plugged = false;
    hang_up(dtu);
    uv_close((uv_handle_t *)&dtu->timer, NULL);
}
