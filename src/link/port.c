#include "link/port.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PTY_MAJOR_FIRST = 136, PTY_MAJOR_LAST = 143 }; /* Documentation/admin-guide/devices.txt of Linux */

/* Programs that ask a port for its speed understand these numbers; every other one is BOTHER and the number itself. */
static tcflag_t speed_flag(uint32_t baud)
{
    static const struct {
        uint32_t baud;
        tcflag_t flag;
    } speeds[] = {
        {300, B300},     {600, B600},     {1200, B1200},   {2400, B2400},     {4800, B4800},     {9600, B9600},
        {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}, {230400, B230400},
    };
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
        if (speeds[i].baud == baud) return speeds[i].flag;
    return BOTHER;
}

static void make_raw(struct termios2 *t, uint32_t baud, char parity)
{
    t->c_iflag = 0;
    t->c_oflag = 0;
    t->c_lflag = 0;
    t->c_cflag = CLOCAL | CREAD | CS8 | HUPCL | speed_flag(baud);
    if (parity == 'E') t->c_cflag |= PARENB;
    if (parity == 'O') t->c_cflag |= PARENB | PARODD;
    t->c_ispeed = t->c_ospeed = baud;
    t->c_cc[VMIN] = 1;
    t->c_cc[VTIME] = 0;
}

heng_rc heng_port_set_speed(int fd, const char *path, uint32_t baud, char parity, struct heng_err *err)
{
    struct termios2 t;
    if (ioctl(fd, TCGETS2, &t) != 0)
        return heng_fail(err, HENG_EIO, 0, "'%.70s' is no serial port: %s", path, strerror(errno));
    make_raw(&t, baud, parity);
    if (ioctl(fd, TCSETS2, &t) != 0)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "'%.70s' cannot be set to %u 8%c1: %s", path, baud, parity,
                         strerror(errno));
    /* Drivers that cannot make a speed take the nearest or keep the old one, and say so only here. 3 % is what a frame
     * of 11 bits stands. */
    if (ioctl(fd, TCGETS2, &t) == 0 &&
        ((uint64_t)t.c_ospeed * 100 < (uint64_t)baud * 97 || (uint64_t)t.c_ospeed * 100 > (uint64_t)baud * 103))
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "'%.70s' cannot make %u baud: the nearest is %u", path, baud,
                         t.c_ospeed);
    return HENG_OK;
}

static heng_rc take_alone(int fd, const char *path, struct heng_err *err)
{
    struct stat status;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return heng_fail(err, HENG_EBUSY, 0, "another line or program has '%.70s': a port serves one at a time", path);
    /* TIOCEXCL also keeps out those who do not ask. A pty would stay shut after us for as long as its other side lives.
     */
    if (fstat(fd, &status) == 0 && (major(status.st_rdev) < PTY_MAJOR_FIRST || major(status.st_rdev) > PTY_MAJOR_LAST))
        ioctl(fd, TIOCEXCL);
    return HENG_OK;
}

static heng_rc direct(int fd, const char *path, const struct heng_port_settings *settings, struct heng_err *err)
{
    struct serial_rs485 rs485 = {0};
    int error = 0;
    if (settings->rts == HENG_RTS_KERNEL) {
        if (ioctl(fd, TIOCGRS485, &rs485) != 0) memset(&rs485, 0, sizeof rs485);
        rs485.flags |= SER_RS485_ENABLED;
        if (!(rs485.flags & (SER_RS485_RTS_ON_SEND | SER_RS485_RTS_AFTER_SEND))) rs485.flags |= SER_RS485_RTS_ON_SEND;
        if (ioctl(fd, TIOCSRS485, &rs485) != 0)
            return heng_fail(err, HENG_EUNSUPPORTED, 0,
                             "the driver of '%.50s' does not turn RS-485 by itself (%s): use rts send-high or send-low",
                             path, strerror(errno));
    } else if (settings->rts == HENG_RTS_SEND_HIGH || settings->rts == HENG_RTS_SEND_LOW) {
        error = heng_port_rts(fd, settings->rts == HENG_RTS_SEND_LOW);
    } else if (settings->infrared) {
        int lines = TIOCM_DTR | TIOCM_RTS;
        /* A pty has no lines and its head needs no power. */
        if (ioctl(fd, TIOCMBIS, &lines) != 0 && errno != ENOTTY && errno != EINVAL) error = errno;
    }
    if (error)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "'%.60s' has no RTS line to turn RS-485 with (%s): use rts none",
                         path, strerror(error));
    return HENG_OK;
}

heng_rc heng_port_open(const char *path, const struct heng_port_settings *settings, int *ret_fd, struct heng_err *err)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EBUSY)
        return heng_fail(err, HENG_EBUSY, 0, "another program has '%.70s': a port serves one at a time", path);
    if (fd < 0)
        return heng_fail(err, errno == EACCES ? HENG_EDENIED : HENG_EIO, 0, "cannot open '%.70s': %s%s", path,
                         strerror(errno), errno == EACCES ? " (is our user in the group dialout?)" : "");
    heng_rc rc = take_alone(fd, path, err);
    if (rc == HENG_OK) rc = heng_port_set_speed(fd, path, settings->baud, settings->parity, err);
    if (rc == HENG_OK) rc = direct(fd, path, settings, err);
    if (rc != HENG_OK) {
        close(fd);
        return rc;
    }
    ioctl(fd, TCFLSH, TCIOFLUSH);
    *ret_fd = fd;
    return HENG_OK;
}

void heng_port_close(int fd)
{
    ioctl(fd, TCFLSH, TCOFLUSH);
    close(fd);
}

unsigned heng_port_unsent(int fd)
{
    int n = 0;
    unsigned state = 0;
    if (ioctl(fd, TIOCOUTQ, &n) != 0) return 0;
    if (n > 0) return (unsigned)n;
    return ioctl(fd, TIOCSERGETLSR, &state) == 0 && !(state & TIOCSER_TEMT) ? 1 : 0;
}

int heng_port_rts(int fd, bool on)
{
    int rts = TIOCM_RTS;
    return ioctl(fd, on ? TIOCMBIS : TIOCMBIC, &rts) == 0 ? 0 : errno;
}

int heng_port_overload(int fd, heng_signal signal, bool *ret)
{
    static const int bits[HENG_SIGNAL_COUNT] = {
        [HENG_SIGNAL_CTS_LOW] = TIOCM_CTS,
        [HENG_SIGNAL_DSR_LOW] = TIOCM_DSR,
        [HENG_SIGNAL_DCD_LOW] = TIOCM_CAR,
        [HENG_SIGNAL_RI_HIGH] = TIOCM_RNG,
    };
    int lines = 0;
    if (ioctl(fd, TIOCMGET, &lines) != 0) return errno;
    *ret = signal != HENG_SIGNAL_NONE && !!(lines & bits[signal]) == (signal == HENG_SIGNAL_RI_HIGH);
    return 0;
}
