#ifndef HENG_TESTS_UNIT_LINK_PEERS_H
#define HENG_TESTS_UNIT_LINK_PEERS_H
/* What the tests of the transports share: the owner of a link, a loop with a watchdog, blocking peers on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "link/internal.h"

enum { WATCHDOG_MS = 20000 };

/* The owner of a link under test: keeps what it was told. */
struct owner {
    unsigned opened, closed, overloads;
    bool overload;
    char why[200];
    char bytes[512];
    size_t n;
};

static inline void on_opened(void *p) { ((struct owner *)p)->opened++; }

static inline void on_closed(void *p, const char *why)
{
    struct owner *owner = p;
    owner->closed++;
    snprintf(owner->why, sizeof owner->why, "%s", why);
}

static inline void on_bytes(void *p, struct heng_slice bytes)
{
    struct owner *owner = p;
    assert_true(bytes.n > 0);
    assert_true(owner->n + bytes.n < sizeof owner->bytes);
    memcpy(owner->bytes + owner->n, bytes.p, bytes.n);
    owner->n += bytes.n;
    owner->bytes[owner->n] = '\0';
}

static inline void on_overload(void *p, bool on)
{
    struct owner *owner = p;
    owner->overloads++;
    owner->overload = on;
}

static inline struct heng_link_events events_of(struct owner *owner)
{
    return (struct heng_link_events){owner, on_opened, on_closed, on_bytes, on_overload};
}

static inline void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for %d s", WATCHDOG_MS / 1000);
}

static inline void on_tick(uv_timer_t *timer) { (void)timer; }

/* Run the loop until the condition holds. UV_RUN_ONCE runs the timers that are due and then waits for the next event:
 * the tick is that event where a timer has made the condition true. */
#define RUN_UNTIL(loop, condition)                                                                                     \
    do {                                                                                                               \
        uv_timer_t watchdog, tick;                                                                                     \
        uv_update_time(loop);                                                                                          \
        uv_timer_init(loop, &watchdog);                                                                                \
        uv_timer_init(loop, &tick);                                                                                    \
        uv_timer_start(&tick, on_tick, 20, 20);                                                                        \
        uv_timer_start(&watchdog, on_watchdog, WATCHDOG_MS, 0);                                                        \
        while (!(condition)) uv_run(loop, UV_RUN_ONCE);                                                                \
        uv_close((uv_handle_t *)&watchdog, NULL);                                                                      \
        uv_close((uv_handle_t *)&tick, NULL);                                                                          \
        uv_run(loop, UV_RUN_NOWAIT);                                                                                   \
    } while (0)

static inline void on_time(uv_timer_t *timer) { *(bool *)timer->data = true; }

/* Run the loop for so long, whatever happens. */
static inline void run_for(uv_loop_t *loop, uint64_t ms)
{
    uv_timer_t timer;
    bool over = false;
    uv_update_time(loop);
    uv_timer_init(loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, on_time, ms, 20); /* again and again, for the reason above */
    while (!over) uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static inline void end_loop(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0); /* no handle is forgotten */
}

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* kind: SOCK_STREAM, which listens, or SOCK_DGRAM. *ret_port 0: any free one. */
static inline int serve_on(int kind, uint16_t *ret_port)
{
    struct sockaddr_in address = loopback(*ret_port);
    socklen_t n = sizeof address;
    int on = 1, fd = socket(AF_INET, kind, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (kind == SOCK_STREAM) assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static inline int listen_on(uint16_t *ret_port) { return serve_on(SOCK_STREAM, ret_port); }

static inline int dial(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void put_bytes(int fd, const void *bytes, size_t n)
{
    assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static inline void put(int fd, const char *text) { put_bytes(fd, text, strlen(text)); }

/* Has the other side hung up? Bytes of it are thrown away. */
static inline bool is_hung_up(int fd)
{
    char bytes[256];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) continue;
    return n == 0;
}

static inline unsigned seed_of_run(void)
{
    const char *given = getenv("HENG_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)uv_hrtime();
    printf("# seed %u (HENG_SEED)\n", seed);
    srand(seed);
    return seed;
}

#endif
