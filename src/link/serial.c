/* Our own serial port, or a pty. What needs to know when the last bit is out (the direction of RS-485, a new speed)
 * computes it from the bytes written, waits with a timer of the kernel, for libuv's count milliseconds and a meter
 * answers after 11 bits, and then asks the driver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "link/internal.h"
#include "link/port.h"

enum { SIGNAL_MS = 250, NS_PER_S = 1000000000 };

/* Drivers and USB are slower than the bits, but not by this much. */
static const uint64_t stuck_ns = 3 * (uint64_t)NS_PER_S;

struct serial {
    struct heng_link link;
    heng_rts rts;
    heng_signal signal;
    bool infrared, no_lines;
    int fd, clock_fd;
    uv_poll_t *poll, *clock;
    bool sending;           /* the direction is out */
    bool switching;         /* a new speed waits for the first old_n bytes of out */
    uint64_t busy_until_ns; /* the earliest moment at which all that was written can be out */
    size_t out_n, old_n;
    uint8_t out[PENDING_BYTES_MAX], receive[RECEIVE_BYTES];
};

static struct serial *of(struct heng_link *link) { return (struct serial *)link; }

/* A poll handle must be closed before its descriptor; libuv forgets the descriptor at uv_close. */
static void shut(struct serial *s)
{
    if (s->poll) uv_close((uv_handle_t *)s->poll, heng_handle_free);
    if (s->clock) uv_close((uv_handle_t *)s->clock, heng_handle_free);
    if (s->fd >= 0) heng_port_close(s->fd);
    if (s->clock_fd >= 0) close(s->clock_fd);
    s->poll = s->clock = NULL;
    s->fd = s->clock_fd = -1;
    s->sending = s->switching = false;
    s->busy_until_ns = 0;
    s->out_n = 0;
}

static void lose(struct serial *s, const char *why)
{
    shut(s);
    heng_link_lost(&s->link, why);
    heng_link_retry_later(&s->link);
}

static void fail(struct serial *s, const char *what, int error)
{
    char why[CLOSED_TEXT_MAX];
    snprintf(why, sizeof why, "%s %.90s: %s", what, s->link.endpoint, strerror(error));
    lose(s, why);
}

/* --- out ------------------------------------------------------------------------------------------------ */

static void on_ready(uv_poll_t *poll, int status, int events);

static bool turns(const struct serial *s) { return s->rts == HENG_RTS_SEND_HIGH || s->rts == HENG_RTS_SEND_LOW; }

static int turn(struct serial *s, bool sending)
{
    if (!turns(s) || s->sending == sending) return 0;
    s->sending = sending;
    return heng_port_rts(s->fd, sending == (s->rts == HENG_RTS_SEND_HIGH));
}

static void wake_at(struct serial *s, uint64_t at_ns)
{
    struct itimerspec at = {.it_value = {.tv_sec = (time_t)(at_ns / NS_PER_S), .tv_nsec = (long)(at_ns % NS_PER_S)}};
    timerfd_settime(s->clock_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Write what is waiting; ask for UV_WRITABLE only while something is. Returns 0 or errno. */
static int flush(struct serial *s)
{
    size_t limit = s->switching ? s->old_n : s->out_n, done = 0;
    int error = limit ? turn(s, true) : 0;
    if (error) return error;
    while (done < limit) {
        ssize_t n = write(s->fd, s->out + done, limit - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0) return errno;
        done += (size_t)n;
    }
    s->out_n -= done;
    memmove(s->out, s->out + done, s->out_n);
    if (s->switching) s->old_n -= done;
    uint64_t now = uv_hrtime();
    if (s->busy_until_ns < now) s->busy_until_ns = now;
    s->busy_until_ns += heng_link_bytes_ns(&s->link, done);
    bool waiting = done < limit;
    if (!waiting && (s->sending || s->switching)) wake_at(s, s->busy_until_ns);
    return -uv_poll_start(s->poll, UV_READABLE | UV_DISCONNECT | (waiting ? UV_WRITABLE : 0), on_ready);
}

static void try_flush(struct serial *s)
{
    int error = flush(s);
    if (error) fail(s, "cannot write to", error);
}

/* The last bit is out: listen, or go on with the new speed. */
static void drained(struct serial *s)
{
    int error = turn(s, false);
    if (error) {
        fail(s, "cannot turn the direction of", error);
        return;
    }
    if (!s->switching) return;
    struct heng_err err;
    s->switching = false;
    if (heng_port_set_speed(s->fd, s->link.endpoint, s->link.baud, s->link.parity, &err) != HENG_OK)
        lose(s, err.text);
    else if (s->out_n)
        try_flush(s);
}

static void on_clock(uv_poll_t *clock, int status, int events)
{
    struct serial *s = clock->data;
    uint64_t expirations, now = uv_hrtime();
    (void)events;
    if (s->link.stopping || s->clock != clock || status < 0) return;
    if (read(s->clock_fd, &expirations, sizeof expirations) < 0) return;
    if (s->switching ? s->old_n : s->out_n) return; /* more was handed over: flush sets the clock */
    unsigned unsent = heng_port_unsent(s->fd);
    if (now < s->busy_until_ns) {
        wake_at(s, s->busy_until_ns);
    } else if (unsent == 0) {
        drained(s);
    } else if (now - s->busy_until_ns > stuck_ns) {
        fail(s, "cannot write to", EIO);
    } else {
        /* Half a byte later it may be out; half a byte late is early enough for 11 bits of rest. */
        wake_at(s, now + heng_link_bytes_ns(&s->link, unsent) - heng_link_bytes_ns(&s->link, 1) / 2);
    }
}

/* --- in ------------------------------------------------------------------------------------------------- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct serial *s = poll->data;
    if (s->link.stopping || s->poll != poll) return;
    if (status < 0) {
        fail(s, "lost", -status);
        return;
    }
    if (events & UV_READABLE) {
        ssize_t n = read(s->fd, s->receive, sizeof s->receive);
        if (n > 0) {
            heng_link_received(&s->link, heng_slice_of(s->receive, (size_t)n));
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            fail(s, "lost", n == 0 ? EIO : errno);
            return;
        }
    } else if (events & UV_DISCONNECT) {
        fail(s, "lost", EIO);
        return;
    }
    if (s->poll == poll && !s->link.stopping && (events & UV_WRITABLE)) try_flush(s);
}

/* --- overload ------------------------------------------------------------------------------------------- */

static void look_at_lines(struct heng_link *link)
{
    struct serial *s = of(link);
    bool on = false;
    if (s->signal == HENG_SIGNAL_NONE || s->no_lines) return;
    int error = heng_port_overload(s->fd, s->signal, &on);
    if (error == ENOTTY || error == EINVAL) {
        s->no_lines = true; /* said once: the line works without */
        heng_log(HENG_LOG_WARN, "serial", "event=no_modem_lines port=%s error=\"%s\" hint=\"overload cannot be seen\"",
                 link->endpoint, strerror(error));
        return;
    }
    if (error) {
        fail(s, "lost", error);
        return;
    }
    heng_link_due_in(link, SIGNAL_MS);
    heng_link_overload(link, on);
}

/* --- the transport -------------------------------------------------------------------------------------- */

static int watch(struct serial *s, int fd, int events, uv_poll_cb callback, uv_poll_t **ret)
{
    uv_poll_t *poll = malloc(sizeof *poll);
    int status = poll ? uv_poll_init(s->link.loop, poll, fd) : UV_ENOMEM;
    if (status != 0) {
        free(poll);
        return status;
    }
    poll->data = s;
    *ret = poll;
    return uv_poll_start(poll, events, callback);
}

static void serial_start(struct heng_link *link)
{
    struct serial *s = of(link);
    struct heng_port_settings settings = {link->baud, link->parity, s->rts, s->infrared};
    struct heng_err err;
    if (heng_port_open(link->endpoint, &settings, &s->fd, &err) != HENG_OK) {
        lose(s, err.text);
        return;
    }
    s->clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int status = s->clock_fd < 0 ? -errno : watch(s, s->clock_fd, UV_READABLE, on_clock, &s->clock);
    if (status == 0) status = watch(s, s->fd, UV_READABLE | UV_DISCONNECT, on_ready, &s->poll);
    if (status != 0) {
        fail(s, "cannot watch", -status);
        return;
    }
    heng_link_opened(link);
    if (link->open && !link->stopping) look_at_lines(link);
}

static void serial_send(struct heng_link *link, struct heng_slice bytes)
{
    struct serial *s = of(link);
    if (sizeof s->out - s->out_n < bytes.n) {
        fail(s, "cannot write to", ENOBUFS);
        return;
    }
    if (bytes.n) memcpy(s->out + s->out_n, bytes.p, bytes.n);
    s->out_n += bytes.n;
    try_flush(s);
}

static void serial_set_speed(struct heng_link *link)
{
    struct serial *s = of(link);
    if (!s->switching) s->old_n = s->out_n;
    s->switching = true;
    try_flush(s);
}

static void serial_stop(struct heng_link *link) { shut(of(link)); }

static heng_rc serial_configure(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err)
{
    struct serial *s = of(link);
    s->fd = s->clock_fd = -1;
    s->rts = config->rts;
    s->signal = config->overload;
    s->infrared = config->infrared;
    if (s->infrared && (link->baud == 0 || config->parity == 0)) link->parity = 'E';
    if (s->infrared && link->baud == 0) link->baud = 1200;
    if ((unsigned)s->rts >= HENG_RTS_COUNT || (unsigned)s->signal >= HENG_SIGNAL_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "unknown rts or overload signal");
    if (s->infrared && s->rts != HENG_RTS_NONE)
        return heng_fail(err, HENG_ECONFIG, 0, "RTS powers the infrared head and cannot turn RS-485: use rts none");
    return heng_speed_check(link->baud, link->parity, err);
}

const struct heng_transport heng_transport_serial = {
    .size = sizeof(struct serial),
    .pause_ms_max = 1000, /* a port that vanished costs nothing to look for */
    .configure = serial_configure,
    .start = serial_start,
    .send = serial_send,
    .stop = serial_stop,
    .due = look_at_lines,
    .set_speed = serial_set_speed,
};
