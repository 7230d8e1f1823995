#ifndef HENG_GATEWAY_NOTIFY_H
#define HENG_GATEWAY_NOTIFY_H
/* What the service manager wants to hear (sd_notify(3)): datagrams of KEY=value lines to the socket that NOTIFY_SOCKET
 * names. Without one nothing is said, and nothing fails. */
#include "base/time.h"

struct heng_notify {
    int fd;              /* -1: nobody listens */
    heng_us watchdog_us; /* 0: nobody waits for WATCHDOG=1; else it is due every so often: half of what is allowed */
    char status[160];    /* as told last */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment. */
void heng_notify_init(struct heng_notify *notify);
void heng_notify_fini(struct heng_notify *notify);

void heng_notify_ready(struct heng_notify *notify);
void heng_notify_stopping(struct heng_notify *notify);
void heng_notify_alive(struct heng_notify *notify); /* WATCHDOG=1 */

/* The sentence that systemctl status shows; the same one again is not said. */
void heng_notify_status(struct heng_notify *notify, const char *text);

#endif
