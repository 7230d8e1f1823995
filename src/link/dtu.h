#ifndef HENG_LINK_DTU_H
#define HENG_LINK_DTU_H
/* What the door (guest.c) and the lines behind it (dtu.c) share. */
#include "link/internal.h"
#include "link/registry.h"

/* Guests are connections that have not said who they are: all 10,000 DTUs may come back at once after an outage of the
 * radio network, and each settles within a second. */
enum {
    GUESTS_MAX = 12000,
    GUESTS_TO_SPARE = 64,
    GUEST_TIME_MS = 30000,
    GUEST_BYTES = 256,
    SETTLE_MS = 300,
    IMEI_QUIET_MS = 2000
};
enum { RECEIVE_SHARED_BYTES = 16384, COMPLAINTS_PER_WINDOW = 10, COMPLAINT_WINDOW_MS = 60000 };

struct guest {
    struct heng_dtu_listener *listener;
    struct guest *newer, *older;
    uv_tcp_t *socket; /* NULL once it belongs to a link */
    uv_timer_t timer;
    uint64_t since_ms;
    size_t n;
    uint8_t bytes[GUEST_BYTES];
};

struct heng_dtu_listener {
    uv_loop_t *loop;
    uv_tcp_t server;
    struct heng_registry names, imeis;
    struct guest *newest, *oldest;
    unsigned guest_count, guests_max;
    uint64_t window_ms; /* ten thousand strangers must not fill the log */
    unsigned complaints;
    bool closing;
    uint8_t receive[RECEIVE_SHARED_BYTES]; /* of all its links: bytes are passed on before the next are read */
};

/* Somebody is at the door. An uv_connection_cb. */
void heng_guest_arrived(uv_stream_t *server, int status);
void heng_guest_dismiss(struct guest *guest);

/* The socket belongs to this registration's link from now on. said: what the DTU called itself with, and may repeat
 * before every packet; rest: what came after it. Both borrowed. */
void heng_dtu_adopt(const struct heng_registration *registration, uv_tcp_t *socket, struct heng_slice said,
                    struct heng_slice rest);

/* The heartbeat of that registration's line. */
struct heng_slice heng_dtu_heartbeat(const struct heng_registration *registration);

#endif
