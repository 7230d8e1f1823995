#include "sim/net.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAKE_MAX = 512, TAKES_MAX = 64 };

/* Who has not asked for so long does not keep the line from others. */
#define ASKER_KEEPS_US (5 * HENG_US_PER_S)
/* An instant line looks so far ahead for the end of its answers: the latest answer is 5 s late. */
#define AHEAD_US (6 * HENG_US_PER_S)

heng_us heng_sim_clock_now(const struct heng_sim_clock *clock)
{
    return clock->start_us + (heng_clock_mono() - clock->mono_us) * clock->speed;
}

void heng_sim_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void heng_sim_net_alloc(struct heng_sim_net *net, uv_buf_t *ret) { *ret = uv_buf_init(net->in, sizeof net->in); }

static void on_refused_closed(uv_handle_t *handle) { free(handle); }

void heng_sim_refuse(uv_stream_t *server)
{
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    if (!tcp) return;
    uv_tcp_init(server->loop, tcp);
    (void)uv_accept(server, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_refused_closed);
}

size_t heng_sim_put(uv_stream_t *stream, struct heng_slice bytes)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
    int written = bytes.n ? uv_try_write(stream, &buf, 1) : 0;
    return written > 0 ? (size_t)written : 0;
}

/* --- bytes of the line to who asked -------------------------------------------------------------------- */

static void send_plain(struct heng_sim_port *port, struct heng_slice bytes)
{
    const struct heng_sim_asker *to = &port->asker;
    size_t sent = 0;
    if (to->udp) {
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
        int n = uv_udp_try_send(to->udp, &buf, 1, (const struct sockaddr *)&to->from);
        sent = n > 0 ? (size_t)n : 0;
    } else if (to->telnet) {
        uint8_t memory[2 * TAKE_MAX];
        struct heng_buf doubled = heng_buf_of(memory, sizeof memory);
        heng_sim_telnet_say(bytes, &doubled);
        sent = heng_sim_put(to->stream, heng_buf_slice(&doubled)) == doubled.n ? bytes.n : 0;
    } else if (to->stream) {
        sent = heng_sim_put(to->stream, bytes);
    } else {
        return;
    }
    port->lost += bytes.n - sent;
}

static void pass(struct heng_sim_port *port, struct heng_slice bytes)
{
    if (!port->inside.n || bytes.n < 2) {
        send_plain(port, bytes);
        return;
    }
    struct heng_slice inside = port->inside;
    port->inside = heng_slice_of(inside.p, 0);
    send_plain(port, heng_slice_of(bytes.p, bytes.n / 2));
    send_plain(port, inside);
    send_plain(port, heng_slice_from(bytes, bytes.n / 2));
}

static void on_timer(uv_timer_t *timer);

/* Set the timer to the moment the line has something to hand on. */
static void arm(struct heng_sim_port *port)
{
    const struct heng_sim_clock *clock = &port->net->clock;
    heng_us due = heng_sim_town_line_due(port->line);
    if (due == HENG_US_NEVER) {
        uv_timer_stop(&port->timer);
        return;
    }
    heng_us wait_us = (due - heng_sim_port_now(port)) / clock->speed;
    uint64_t wait_ms = wait_us <= 0 ? 1 : (uint64_t)(wait_us / HENG_US_PER_MS + 1);
    uv_update_time(port->net->loop);
    uv_timer_start(&port->timer, on_timer, wait_ms, 0);
}

/* All that has come up until now; bounded, so that a line of noise does not keep the others waiting. */
static void hand_on(struct heng_sim_port *port, heng_us now)
{
    uint8_t bytes[TAKE_MAX];
    for (unsigned i = 0; i < TAKES_MAX; i++) {
        size_t n = heng_sim_town_take(port->line, now, bytes, sizeof bytes);
        if (n == 0) return;
        pass(port, heng_slice_of(bytes, n));
    }
}

/* The line's time jumps from byte to byte until nothing is to come, and what has come goes out in one piece. */
static void hand_on_at_once(struct heng_sim_port *port)
{
    uint8_t bytes[TAKE_MAX];
    size_t n = 0;
    heng_us now = heng_sim_port_now(port), end = now + AHEAD_US;
    for (heng_us due; !port->line->overload && (due = heng_sim_town_line_due(port->line)) <= end;) {
        if (due > now) now = due;
        size_t more = heng_sim_town_take(port->line, now, bytes + n, sizeof bytes - n);
        n += more;
        if (n == sizeof bytes) {
            pass(port, heng_slice_of(bytes, n));
            n = 0;
        }
        if (!more && heng_sim_town_line_due(port->line) <= due) now++; /* never stand still */
    }
    if (n) pass(port, heng_slice_of(bytes, n));
    port->ahead_us = now;
}

static void on_timer(uv_timer_t *timer)
{
    struct heng_sim_port *port = timer->data;
    if (port->net->instant) hand_on_at_once(port);
    hand_on(port, heng_sim_port_now(port));
    arm(port);
}

void heng_sim_port_init(struct heng_sim_port *port, struct heng_sim_net *net, struct heng_sim_town_line *line)
{
    *port = (struct heng_sim_port){.net = net, .line = line};
    uv_timer_init(net->loop, &port->timer);
    port->timer.data = port;
}

heng_us heng_sim_port_now(const struct heng_sim_port *port)
{
    heng_us now = heng_sim_clock_now(&port->net->clock);
    return port->net->instant && port->ahead_us > now ? port->ahead_us : now;
}

void heng_sim_port_hear(struct heng_sim_port *port, const struct heng_sim_asker *asker, struct heng_slice bytes)
{
    heng_us now = heng_sim_port_now(port);
    bool nobody = !port->asker.stream && !port->asker.udp;
    bool same = port->asker.stream == asker->stream && port->asker.udp == asker->udp;
    if (nobody || same || !heng_sim_town_busy(port->line, now) || now - port->asked_us > ASKER_KEEPS_US) {
        port->asker = *asker;
        port->asked_us = now;
    }
    heng_sim_town_hear(port->line, now, bytes);
    if (port->net->instant) hand_on_at_once(port);
    arm(port);
}

void heng_sim_port_wake(struct heng_sim_port *port) { arm(port); }

void heng_sim_port_forget(struct heng_sim_port *port, const void *stream_or_udp)
{
    if ((const void *)port->asker.stream == stream_or_udp || (const void *)port->asker.udp == stream_or_udp)
        port->asker = (struct heng_sim_asker){0};
}
