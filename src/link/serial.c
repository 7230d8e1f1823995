/* Our own serial port, or a pty: raw mode, 8 data bits, 1 stop bit, parity and speed of the line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "link/internal.h"

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {
    {300, B300},   {600, B600},     {1200, B1200},   {2400, B2400},   {4800, B4800},
    {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200},
};

bool heng_serial_speed_exists(uint32_t baud)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
        if (speeds[i].baud == baud) return true;
    return false;
}

static void on_poll_closed(uv_handle_t *handle) { free(handle); }

/* The poll handle must be closed before its descriptor; libuv forgets the descriptor at uv_close. */
static void shut(struct heng_link *link)
{
    if (link->serial.poll) uv_close((uv_handle_t *)link->serial.poll, on_poll_closed);
    if (link->serial.fd >= 0) close(link->serial.fd);
    link->serial.poll = NULL;
    link->serial.fd = -1;
    link->serial.out_n = 0;
}

static void fail(struct heng_link *link, const char *what, int error)
{
    char why[160];
    snprintf(why, sizeof why, "%s %.90s: %s", what, link->config.endpoint, strerror(error));
    shut(link);
    heng_link_lost(link, why);
    heng_link_retry_later(link);
}

static void on_ready(uv_poll_t *poll, int status, int events);

/* Write what is waiting; ask for UV_WRITABLE only while something is. */
static int flush(struct heng_link *link)
{
    while (link->serial.out_n) {
        ssize_t n = write(link->serial.fd, link->serial.out, link->serial.out_n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0) return errno;
        link->serial.out_n -= (size_t)n;
        memmove(link->serial.out, link->serial.out + n, link->serial.out_n);
    }
    int wanted = UV_READABLE | UV_DISCONNECT | (link->serial.out_n ? UV_WRITABLE : 0);
    return -uv_poll_start(link->serial.poll, wanted, on_ready);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct heng_link *link = poll->data;
    if (link->stopping || link->serial.poll != poll) return;
    if (status < 0) {
        fail(link, "lost", -status);
        return;
    }
    if (events & UV_READABLE) {
        ssize_t n = read(link->serial.fd, link->receive, sizeof link->receive);
        if (n > 0) {
            heng_link_received(link, heng_slice_of(link->receive, (size_t)n));
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            fail(link, "lost", n == 0 ? EIO : errno);
            return;
        }
    } else if (events & UV_DISCONNECT) {
        fail(link, "lost", EIO);
        return;
    }
    if (link->serial.poll == poll && (events & UV_WRITABLE)) {
        int error = flush(link);
        if (error) fail(link, "cannot write to", error);
    }
}

static int set_up(int fd, const struct heng_line_config *config)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0) return errno;
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD | CS8;
    t.c_cflag &= (tcflag_t) ~(CSTOPB | CRTSCTS | PARENB | PARODD);
    if (config->parity == 'E') t.c_cflag |= PARENB;
    if (config->parity == 'O') t.c_cflag |= PARENB | PARODD;
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud != config->baud) continue;
        cfsetispeed(&t, speeds[i].speed);
        cfsetospeed(&t, speeds[i].speed);
        if (tcsetattr(fd, TCSANOW, &t) != 0) return errno;
        tcflush(fd, TCIOFLUSH);
        return 0;
    }
    return EINVAL;
}

static void serial_start(struct heng_link *link)
{
    int fd = open(link->config.endpoint, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        fail(link, "cannot open", errno);
        return;
    }
    link->serial.fd = fd;
    int error = set_up(fd, &link->config);
    if (error) {
        fail(link, error == EINVAL ? "speed or parity not possible on" : "cannot set up", error);
        return;
    }
    link->serial.poll = malloc(sizeof *link->serial.poll);
    int status = link->serial.poll ? uv_poll_init(link->loop, link->serial.poll, fd) : UV_ENOMEM;
    if (status != 0) {
        free(link->serial.poll);
        link->serial.poll = NULL;
    } else {
        link->serial.poll->data = link;
        status = uv_poll_start(link->serial.poll, UV_READABLE | UV_DISCONNECT, on_ready);
    }
    if (status != 0)
        fail(link, "cannot watch", -status);
    else
        heng_link_opened(link);
}

static void serial_send(struct heng_link *link, struct heng_slice bytes)
{
    int error = ENOBUFS;
    if (sizeof link->serial.out - link->serial.out_n >= bytes.n) {
        memcpy(link->serial.out + link->serial.out_n, bytes.p, bytes.n);
        link->serial.out_n += bytes.n;
        error = flush(link);
    }
    if (error) fail(link, "cannot write to", error);
}

static void serial_stop(struct heng_link *link)
{
    shut(link);
    heng_link_released(link);
}

const struct heng_transport heng_transport_serial = {serial_start, serial_send, serial_stop};
