/* The states of the DTU:
 *   DOWN --retry timer--> DIALS --connected--> UP --closed or refused--> CLOSES --> DOWN, retry timer set
 *   unplug: any --> CLOSES --> DOWN, no timer */
#include "sim/dtu.h"

enum { BACKOFF_FIRST_MS = 500, BACKOFF_MAX_MS = 8000, HEARTBEAT_DEFER_MS = 100 };

static void dial(struct heng_sim_dtu *dtu);

static void on_retry(uv_timer_t *timer) { dial(timer->data); }

static void on_closed(uv_handle_t *handle)
{
    struct heng_sim_dtu *dtu = handle->data;
    dtu->state = HENG_SIM_DTU_DOWN;
    if (!dtu->plugged) return;
    uv_timer_start(&dtu->retry, on_retry, dtu->backoff_ms, 0);
    dtu->backoff_ms = dtu->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : dtu->backoff_ms * 2;
}

static void hang_up(struct heng_sim_dtu *dtu)
{
    if (dtu->state != HENG_SIM_DTU_DIALS && dtu->state != HENG_SIM_DTU_UP) return;
    dtu->state = HENG_SIM_DTU_CLOSES;
    uv_timer_stop(&dtu->heartbeat_timer);
    heng_sim_port_forget(dtu->port, (uv_stream_t *)&dtu->tcp);
    uv_close((uv_handle_t *)&dtu->tcp, on_closed);
}

static bool put(struct heng_sim_dtu *dtu, struct heng_slice bytes)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
    return uv_try_write((uv_stream_t *)&dtu->tcp, &buf, 1) == (int)bytes.n;
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct heng_sim_dtu *dtu = timer->data;
    /* Between two answers, never inside one: the module hands on the serial side's bytes first. */
    uint64_t wait_ms = HEARTBEAT_DEFER_MS;
    if (!heng_sim_wire_busy(&dtu->port->line->wire)) {
        (void)put(dtu, dtu->heartbeat);
        wait_ms = dtu->heartbeat_ms;
    }
    uv_timer_start(timer, on_heartbeat, wait_ms, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct heng_sim_dtu *dtu = handle->data;
    *ret = uv_buf_init(dtu->in, sizeof dtu->in);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_sim_dtu *dtu = stream->data;
    if (n < 0) {
        heng_sim_say("water: DTU connection closed by the head-end");
        hang_up(dtu);
    } else if (n > 0) {
        /* Only a head-end that talks to us counts as reached; one that hangs up at once is dialled ever more slowly. */
        dtu->backoff_ms = BACKOFF_FIRST_MS;
        heng_sim_port_hear(dtu->port, stream, heng_slice_of(buf->base, (size_t)n));
    }
}

static void on_connect(uv_connect_t *request, int status)
{
    struct heng_sim_dtu *dtu = request->data;
    if (status == UV_ECANCELED) return; /* unplugged meanwhile */
    if (status != 0) {
        /* Said once per doubling: a head-end that is down for hours does not fill the screen. */
        if (dtu->backoff_ms < BACKOFF_MAX_MS)
            heng_sim_say("water: DTU cannot reach 127.0.0.1:%u: %s; trying again", ntohs(dtu->to.sin_port),
                         uv_strerror(status));
        hang_up(dtu);
        return;
    }
    dtu->state = HENG_SIM_DTU_UP;
    uv_tcp_nodelay(&dtu->tcp, 1);
    if (!put(dtu, heng_slice_str(dtu->registration)) ||
        uv_read_start((uv_stream_t *)&dtu->tcp, on_alloc, on_read) != 0) {
        hang_up(dtu);
        return;
    }
    heng_sim_say("water: DTU connected to 127.0.0.1:%u as '%s'", ntohs(dtu->to.sin_port), dtu->registration);
    if (dtu->heartbeat.n > 0 && dtu->heartbeat_ms > 0)
        uv_timer_start(&dtu->heartbeat_timer, on_heartbeat, dtu->heartbeat_ms, 0);
}

static void dial(struct heng_sim_dtu *dtu)
{
    dtu->state = HENG_SIM_DTU_DIALS;
    uv_tcp_init(dtu->loop, &dtu->tcp);
    dtu->tcp.data = dtu;
    dtu->request.data = dtu;
    if (uv_tcp_connect(&dtu->request, &dtu->tcp, (const struct sockaddr *)&dtu->to, on_connect) != 0) hang_up(dtu);
}

void heng_sim_dtu_init(struct heng_sim_dtu *dtu, uv_loop_t *loop, struct heng_sim_port *port,
                       const struct heng_sim_dtu_settings *settings)
{
    *dtu = (struct heng_sim_dtu){
        .loop = loop,
        .port = port,
        .backoff_ms = BACKOFF_FIRST_MS,
        .heartbeat_ms = UINT64_C(1000) * settings->heartbeat_s,
        .registration = settings->registration,
        .heartbeat = settings->heartbeat,
    };
    uv_ip4_addr("127.0.0.1", settings->tcp_port, &dtu->to);
    uv_timer_init(loop, &dtu->retry);
    uv_timer_init(loop, &dtu->heartbeat_timer);
    dtu->retry.data = dtu;
    dtu->heartbeat_timer.data = dtu;
}

void heng_sim_dtu_plug(struct heng_sim_dtu *dtu)
{
    if (dtu->plugged) return;
    dtu->plugged = true;
    dtu->backoff_ms = BACKOFF_FIRST_MS;
    if (dtu->state == HENG_SIM_DTU_DOWN) dial(dtu);
}

void heng_sim_dtu_unplug(struct heng_sim_dtu *dtu)
{
    if (!dtu->plugged) return;
    dtu->plugged = false;
    uv_timer_stop(&dtu->retry);
    hang_up(dtu);
    heng_sim_say("water: unplugged");
}
