#include "gateway/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "@name" is a name of the abstract space. */
static int dial(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    if (n < 2 || n >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) return -1;
    memcpy(address.sun_path, name, n);
    if (name[0] == '@') address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] == '/'));
    if (connect(fd, (const struct sockaddr *)&address, length) == 0) return fd;
    close(fd);
    return -1;
}

static void say(const struct heng_notify *notify, const char *text)
{
    if (notify->fd < 0) return;
    ssize_t sent = send(notify->fd, text, strlen(text), MSG_NOSIGNAL);
    (void)sent; /* a service manager that does not listen draws its own conclusions */
}

static heng_us watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    char *end = NULL;
    if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid())) return 0;
    errno = 0;
    long long allowed = strtoll(usec, &end, 10);
    return errno == 0 && *end == '\0' && allowed >= 2 * HENG_US_PER_MS ? allowed / 2 : 0;
}

void heng_notify_init(struct heng_notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");
    *notify = (struct heng_notify){.fd = name ? dial(name) : -1};
    if (notify->fd >= 0) notify->watchdog_us = watchdog();
}

void heng_notify_fini(struct heng_notify *notify)
{
    if (notify->fd >= 0) close(notify->fd);
    notify->fd = -1;
}

void heng_notify_ready(struct heng_notify *notify) { say(notify, "READY=1"); }
void heng_notify_stopping(struct heng_notify *notify) { say(notify, "STOPPING=1"); }
void heng_notify_alive(struct heng_notify *notify) { say(notify, "WATCHDOG=1"); }

void heng_notify_status(struct heng_notify *notify, const char *text)
{
    char line[sizeof notify->status + 8];
    if (strncmp(text, notify->status, sizeof notify->status - 1) == 0) return;
    snprintf(notify->status, sizeof notify->status, "%s", text);
    snprintf(line, sizeof line, "STATUS=%s", notify->status);
    say(notify, line);
}
