#include "app/gateway_tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 4096 };

/* One direction. from < 0: it has ended. */
struct way {
    int from, to;
    size_t n, at; /* bytes[at .. n) are still to be written */
    char bytes[CHUNK];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static heng_rc connect_to(uint16_t port, const char *token, int *ret, struct heng_err *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char line[80];
    int n = snprintf(line, sizeof line, "%s\n", token);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, line, (size_t)n) != n) {
        heng_rc rc =
            heng_fail(err, HENG_EIO, 0, "cannot connect to the tunnel at 127.0.0.1:%u: %s", port, strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    *ret = fd;
    return HENG_OK;
}

/* A pty without echo or line editing. slave: kept open, so that a program may come and go. */
static heng_rc open_pty(const char *path, int *ret_master, int *ret_slave, struct heng_err *err)
{
    char name[128];
    struct termios raw;
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISLNK(there.st_mode))
        return heng_fail(err, HENG_EEXISTS, 0, "'%.80s' is there already and is no link", path);
    if (openpty(ret_master, ret_slave, name, NULL, NULL) != 0)
        return heng_fail(err, HENG_EIO, 0, "cannot make a pty: %s", strerror(errno));
    if (tcgetattr(*ret_slave, &raw) == 0) {
        cfmakeraw(&raw);
        (void)tcsetattr(*ret_slave, TCSANOW, &raw);
    }
    (void)unlink(path);
    if (symlink(name, path) != 0) {
        close(*ret_master);
        close(*ret_slave);
        return heng_fail(err, HENG_EIO, 0, "cannot make the link '%.80s': %s", path, strerror(errno));
    }
    fprintf(stderr, "serial port: %s (%s)\n", path, name);
    return HENG_OK;
}

/* Read or write what poll says is possible. False: this way has ended. */
static bool move(struct way *way, short from_events, short to_events)
{
    if (way->at < way->n) {
        if (!(to_events & (POLLOUT | POLLERR | POLLHUP))) return true;
        ssize_t n = write(way->to, way->bytes + way->at, way->n - way->at);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        way->at += (size_t)n;
        return true;
    }
    if (!(from_events & (POLLIN | POLLERR | POLLHUP))) return true;
    ssize_t n = read(way->from, way->bytes, sizeof way->bytes);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    way->n = n > 0 ? (size_t)n : 0;
    way->at = 0;
    return n > 0;
}

/* in ends: what was typed is out, and answers are still waited for, until the other end closes. */
static void copy(int socket_fd, int in, int out)
{
    static struct way up, down;
    up = (struct way){.from = in, .to = socket_fd};
    down = (struct way){.from = socket_fd, .to = out};
    bool typing = true;
    while (!stopped) {
        struct pollfd fds[3] = {{.fd = socket_fd}, {.fd = typing ? in : -1}, {.fd = out}};
        bool up_waits = up.at < up.n, down_waits = down.at < down.n;
        fds[0].events = (short)((up_waits ? POLLOUT : 0) | (down_waits ? 0 : POLLIN));
        fds[1].events = (short)(up_waits ? 0 : POLLIN);
        fds[2].events = (short)(down_waits ? POLLOUT : 0);
        if (in == out) fds[1].events = (short)(fds[1].events | fds[2].events);
        if (!down_waits || in == out) fds[2].fd = -1;
        if (poll(fds, 3, -1) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        short out_events = in == out ? fds[1].revents : fds[2].revents;
        if (!move(&down, fds[0].revents, out_events)) return;
        if ((typing || up_waits) && !move(&up, fds[1].revents, fds[0].revents)) typing = false;
    }
}

heng_rc gateway_tunnel_run(uint16_t port, const char *token, const char *pty, struct heng_err *err)
{
    int fd = -1, master = STDIN_FILENO, slave = -1, out = STDOUT_FILENO;
    heng_rc rc = pty ? open_pty(pty, &master, &slave, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    if (pty) out = master;
    rc = connect_to(port, token, &fd, err);
    if (rc == HENG_OK) {
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        signal(SIGPIPE, SIG_IGN);
        fprintf(stderr, "the tunnel is open; end it with Ctrl-C\n");
        copy(fd, master, out);
        close(fd);
        fprintf(stderr, "the tunnel has ended%s\n", stopped ? "" : ": the events of the gateway say why");
    }
    if (pty) {
        close(master);
        close(slave);
        (void)unlink(pty);
    }
    return rc;
}
