/* The transports against real sockets and ptys on this machine. A watchdog ends a test that hangs. */
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
#include <unistd.h>

#include "base/log.h"
#include "link/internal.h"

enum { WATCHDOG_MS = 20000 };

/* The owner of a link under test: keeps what it was told. */
struct owner {
    uv_loop_t *loop;
    unsigned opened, closed;
    char why[200];
    char bytes[256];
    size_t n;
};

static void on_opened(void *p) { ((struct owner *)p)->opened++; }

static void on_closed(void *p, const char *why)
{
    struct owner *owner = p;
    owner->closed++;
    snprintf(owner->why, sizeof owner->why, "%s", why);
}

static void on_bytes(void *p, struct heng_slice bytes)
{
    struct owner *owner = p;
    assert_true(owner->n + bytes.n < sizeof owner->bytes);
    memcpy(owner->bytes + owner->n, bytes.p, bytes.n);
    owner->n += bytes.n;
    owner->bytes[owner->n] = '\0';
}

static struct heng_link_events events_of(struct owner *owner)
{
    return (struct heng_link_events){owner, on_opened, on_closed, on_bytes};
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for %d s", WATCHDOG_MS / 1000);
}

/* Run the loop until the condition holds. */
#define RUN_UNTIL(loop, condition)                                                                                     \
    do {                                                                                                               \
        uv_timer_t watchdog;                                                                                           \
        uv_timer_init(loop, &watchdog);                                                                                \
        uv_timer_start(&watchdog, on_watchdog, WATCHDOG_MS, 0);                                                        \
        while (!(condition)) uv_run(loop, UV_RUN_ONCE);                                                                \
        uv_close((uv_handle_t *)&watchdog, NULL);                                                                      \
        uv_run(loop, UV_RUN_NOWAIT);                                                                                   \
    } while (0)

static void end_loop(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0); /* no handle is forgotten */
}

/* A blocking peer on loopback. */
static int listen_on(uint16_t *ret_port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*ret_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void put(int fd, const char *text) { assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text)); }

/* --- pure parts ------------------------------------------------------------------------------------------- */

static void heartbeats_are_taken_off_the_ends(void **state)
{
    (void)state;
    static const struct {
        const char *chunk, *heartbeat, *left;
    } cases[] = {
        {"HB\r\n", "HB\r\n", ""},
        {"HB\r\nHB\r\nabc", "HB\r\n", "abc"},
        {"abcHB\r\n", "HB\r\n", "abc"},
        {"aHB\r\nc", "HB\r\n", "aHB\r\nc"}, /* inside a frame it may be data */
        {"HB", "HB\r\n", "HB"},
        {"x", "x", ""},
        {"xx", "x", "xx"}, /* one byte counts only when it comes alone */
        {"abc", "", "abc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_slice left =
            heng_heartbeat_strip(heng_slice_str(cases[i].chunk), heng_slice_str(cases[i].heartbeat));
        assert_true(heng_slice_eq(left, heng_slice_str(cases[i].left)));
    }
}

static void endpoints_and_patterns_are_checked(void **state)
{
    (void)state;
    char host[64], port[8];
    uint8_t pattern[8];
    size_t n;
    struct heng_err err;
    assert_int_equal(heng_endpoint_split("10.0.0.7:4001", host, sizeof host, port, sizeof port, &err), HENG_OK);
    assert_string_equal(host, "10.0.0.7");
    assert_string_equal(port, "4001");
    assert_int_equal(heng_endpoint_split("[::1]:80", host, sizeof host, port, sizeof port, &err), HENG_OK);
    assert_string_equal(host, "::1");
    static const char *const bad[] = {"", "host", ":80", "host:", "host:99999", "host:8x", "host:-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(heng_endpoint_split(bad[i], host, sizeof host, port, sizeof port, &err), HENG_ECONFIG);
    assert_int_equal(heng_pattern_parse("hex:FE 01", pattern, sizeof pattern, &n, &err), HENG_OK);
    assert_int_equal(n, 2);
    assert_int_equal(pattern[0], 0xFE);
    assert_int_equal(heng_pattern_parse("hex:F", pattern, sizeof pattern, &n, &err), HENG_ECONFIG);
    assert_int_equal(heng_pattern_parse("ninebytes", pattern, sizeof pattern, &n, &err), HENG_ECONFIG);
}

/* --- TCP -------------------------------------------------------------------------------------------------- */

static void a_converter_is_dialled_and_dialled_again(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {.loop = &loop};
    struct heng_line_config config = {.name = "t", .transport = HENG_TRANSPORT_TCP, .baud = 2400};
    uint16_t port = 0;
    int server = listen_on(&port);
    snprintf(config.endpoint, sizeof config.endpoint, "127.0.0.1:%u", port);
    struct heng_link *link = NULL;
    assert_int_equal(heng_link_open(&loop, NULL, &config, events_of(&owner), &link, NULL), HENG_OK);
    assert_int_equal(owner.closed, 1); /* not yet: "connecting" */
    assert_non_null(strstr(owner.why, "connecting"));
    owner.closed = 0;
    RUN_UNTIL(&loop, owner.opened == 1);

    int peer = accept(server, NULL, NULL);
    char got[16] = "";
    heng_link_send(link, heng_slice_str("ask"));
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(read(peer, got, sizeof got), 3);
    assert_memory_equal(got, "ask", 3);
    put(peer, "answer");
    RUN_UNTIL(&loop, owner.n == 6);
    assert_string_equal(owner.bytes, "answer");

    close(peer);
    RUN_UNTIL(&loop, owner.closed == 1);
    assert_non_null(strstr(owner.why, "127.0.0.1"));
    RUN_UNTIL(&loop, owner.opened == 2); /* by itself */
    close(accept(server, NULL, NULL));
    RUN_UNTIL(&loop, owner.closed == 2);
    close(server);
    unsigned told = owner.closed;
    /* For two seconds further attempts fail, and are not told again and again. */
    for (unsigned i = 0; i < 200 && owner.opened == 2; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_sleep(10);
    }
    assert_int_equal(owner.closed, told + 1); /* the new reason, once */
    heng_link_close(link);
    end_loop(&loop);
}

static void a_converter_that_is_not_there_is_explained(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {.loop = &loop};
    uint16_t port = 0;
    close(listen_on(&port)); /* a port where nobody listens */
    struct heng_line_config config = {.name = "t", .transport = HENG_TRANSPORT_TCP, .baud = 2400};
    snprintf(config.endpoint, sizeof config.endpoint, "127.0.0.1:%u", port);
    struct heng_link *link = NULL;
    assert_int_equal(heng_link_open(&loop, NULL, &config, events_of(&owner), &link, NULL), HENG_OK);
    RUN_UNTIL(&loop, owner.closed == 2);
    assert_non_null(strstr(owner.why, "cannot connect"));
    assert_int_equal(owner.opened, 0);
    heng_link_close(link);
    end_loop(&loop);
}

/* --- DTU -------------------------------------------------------------------------------------------------- */

static void a_dtu_registers_and_its_newest_socket_wins(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct heng_dtu_listener *listener = NULL;
    assert_int_equal(heng_dtu_listen(&loop, "127.0.0.1", 0, &listener, NULL), HENG_OK);
    struct owner one = {.loop = &loop}, two = {.loop = &loop};
    struct heng_link *link_one = NULL, *link_two = NULL, *third = NULL;
    struct heng_line_config config = {
        .name = "t", .transport = HENG_TRANSPORT_DTU, .endpoint = "DTU-1", .heartbeat = "HB\r\n", .baud = 2400};
    struct heng_err err;
    assert_int_equal(heng_link_open(&loop, listener, &config, events_of(&one), &link_one, &err), HENG_OK);
    assert_int_equal(heng_link_open(&loop, listener, &config, events_of(&two), &third, &err), HENG_EEXISTS);
    snprintf(config.endpoint, sizeof config.endpoint, "DTU-12");
    assert_int_equal(heng_link_open(&loop, listener, &config, events_of(&two), &link_two, &err), HENG_OK);
    assert_int_equal(one.closed, 1); /* "waiting for DTU" */
    assert_non_null(strstr(one.why, "waiting"));

    uint16_t port = heng_dtu_port(listener);
    int a = dial(port);
    put(a, "DT"); /* a registration may come in pieces */
    for (unsigned i = 0; i < 20; i++) uv_run(&loop, UV_RUN_NOWAIT);
    put(a, "U-12HB\r\n\xFEyz");
    RUN_UNTIL(&loop, two.n == 3);
    assert_int_equal(two.opened, 1);
    assert_int_equal(one.opened, 0); /* the longest registration is meant, not its beginning */
    assert_string_equal(two.bytes, "\xFEyz");

    int b = dial(port);
    put(b, "DTU-12");
    RUN_UNTIL(&loop, two.opened == 2);
    assert_int_equal(two.closed, 2);
    assert_non_null(strstr(two.why, "anew"));
    put(b, "new");
    RUN_UNTIL(&loop, two.n == 6);
    char byte;
    assert_int_equal(read(a, &byte, 1), 0); /* the old socket was closed */

    int c = dial(port); /* a stranger is shown the door */
    put(c, "who am I");
    fcntl(c, F_SETFL, O_NONBLOCK);
    RUN_UNTIL(&loop, read(c, &byte, 1) == 0);
    int e = dial(port); /* so is one whose name only begins like ours */
    put(e, "DTU-17");
    fcntl(e, F_SETFL, O_NONBLOCK);
    RUN_UNTIL(&loop, read(e, &byte, 1) == 0);
    assert_int_equal(one.opened, 0);
    int d = dial(port);
    put(d, "DTU-1\r\n");
    RUN_UNTIL(&loop, one.opened == 1);
    put(d, "x");
    RUN_UNTIL(&loop, one.n > 0);
    assert_int_equal(one.bytes[one.n - 1], 'x');

    heng_link_close(link_one);
    heng_link_close(link_two);
    heng_dtu_close(listener);
    end_loop(&loop);
    close(a);
    close(b);
    close(c);
    close(d);
    close(e);
}

static void a_crowd_of_mute_guests_keeps_no_dtu_out(void **state)
{
    (void)state;
    enum { CROWD = 300 };
    int crowd[CROWD];
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct heng_dtu_listener *listener = NULL;
    assert_int_equal(heng_dtu_listen(&loop, "127.0.0.1", 0, &listener, NULL), HENG_OK);
    struct owner owner = {.loop = &loop};
    struct heng_link *link = NULL;
    struct heng_line_config config = {.name = "t", .transport = HENG_TRANSPORT_DTU, .endpoint = "DTU-1", .baud = 2400};
    assert_int_equal(heng_link_open(&loop, listener, &config, events_of(&owner), &link, NULL), HENG_OK);
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i] = dial(heng_dtu_port(listener));
        put(crowd[i], "D");
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    int real = dial(heng_dtu_port(listener));
    put(real, "DTU-1");
    RUN_UNTIL(&loop, owner.opened == 1);
    heng_link_close(link);
    heng_dtu_close(listener);
    end_loop(&loop);
    for (unsigned i = 0; i < CROWD; i++) close(crowd[i]);
    close(real);
}

static void what_cannot_be_opened_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        heng_transport_kind transport;
        const char *endpoint, *heartbeat;
        uint32_t baud;
    } bad[] = {
        {HENG_TRANSPORT_TCP, "nonsense", "", 2400},
        {HENG_TRANSPORT_TCP, "host:0", "", 2400},
        {HENG_TRANSPORT_DTU, "", "", 2400},
        {HENG_TRANSPORT_DTU, "hex:4", "", 2400},
        {HENG_TRANSPORT_DTU, "DTU", "hex:xyz", 2400},
        {HENG_TRANSPORT_SERIAL, "/dev/ttyS0", "", 12345},
        {HENG_TRANSPORT_DTU, "A", "a heartbeat of more than thirty-two bytes", 2400},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct heng_line_config config = {.name = "cellar", .transport = bad[i].transport, .baud = bad[i].baud};
        struct heng_err err = {.text = ""};
        snprintf(config.endpoint, sizeof config.endpoint, "%s", bad[i].endpoint);
        snprintf(config.heartbeat, sizeof config.heartbeat, "%s", bad[i].heartbeat);
        assert_int_equal(heng_link_check(&config, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, "cellar"));
    }
}

static void a_taken_port_is_explained(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    uint16_t port = 0;
    int taken = listen_on(&port);
    struct heng_dtu_listener *listener = NULL;
    struct heng_err err;
    assert_int_equal(heng_dtu_listen(&loop, "127.0.0.1", port, &listener, &err), HENG_EBUSY);
    assert_non_null(strstr(err.text, "--dtu-listen"));
    assert_int_equal(heng_dtu_listen(&loop, "localhost", port, &listener, &err), HENG_ECONFIG);
    close(taken);
    end_loop(&loop);
}

/* --- serial ------------------------------------------------------------------------------------------------ */

static void a_port_is_opened_and_its_loss_is_told(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    struct owner owner = {.loop = &loop};
    struct heng_line_config config = {.name = "t", .transport = HENG_TRANSPORT_SERIAL, .baud = 2400, .parity = 'E'};
    assert_int_equal(ptsname_r(master, config.endpoint, sizeof config.endpoint), 0);
    struct heng_link *link = NULL;
    assert_int_equal(heng_link_open(&loop, NULL, &config, events_of(&owner), &link, NULL), HENG_OK);
    assert_int_equal(owner.opened, 1);
    static const uint8_t raw[] = {0x11, 0x13, 0x0D, 0x0A,
                                  0x03, 0xFF, 0x00, 0x16}; /* what a cooked terminal would eat */
    heng_link_send(link, heng_slice_of(raw, sizeof raw));
    uint8_t got[16];
    assert_int_equal(read(master, got, sizeof got), sizeof raw);
    assert_memory_equal(got, raw, sizeof raw);
    assert_int_equal(write(master, raw, sizeof raw), sizeof raw);
    RUN_UNTIL(&loop, owner.n == sizeof raw);
    assert_memory_equal(owner.bytes, raw, sizeof raw);
    close(master);
    RUN_UNTIL(&loop, owner.closed == 1);
    assert_non_null(strstr(owner.why, config.endpoint));
    heng_link_close(link);

    struct owner none = {.loop = &loop};
    snprintf(config.endpoint, sizeof config.endpoint, "/dev/no-such-port");
    assert_int_equal(heng_link_open(&loop, NULL, &config, events_of(&none), &link, NULL), HENG_OK);
    assert_int_equal(none.closed, 1);
    assert_non_null(strstr(none.why, "/dev/no-such-port"));
    heng_link_close(link);
    end_loop(&loop);
}

int main(void)
{
    heng_log_set_level(HENG_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heartbeats_are_taken_off_the_ends),
        cmocka_unit_test(endpoints_and_patterns_are_checked),
        cmocka_unit_test(a_converter_is_dialled_and_dialled_again),
        cmocka_unit_test(a_converter_that_is_not_there_is_explained),
        cmocka_unit_test(a_dtu_registers_and_its_newest_socket_wins),
        cmocka_unit_test(a_crowd_of_mute_guests_keeps_no_dtu_out),
        cmocka_unit_test(what_cannot_be_opened_is_refused_by_name),
        cmocka_unit_test(a_taken_port_is_explained),
        cmocka_unit_test(a_port_is_opened_and_its_loss_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
