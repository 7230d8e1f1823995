/* The simulator's sockets, in one process: its loop is turned by hand while plain sockets play the head-end. */
#include "sim/console.h"

#include "sim_case.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SPEED = 200, TURNS_MAX = 20000 };

struct rig {
    uv_loop_t loop;
    struct heng_sim_net net;
    struct heng_sim_town town;
    struct heng_sim_fleet fleet;
    struct heng_sim_console console;
    bool console_open;
    struct heng_profiles profiles;
    struct heng_sim_scenario scenario;
    uv_timer_t tick; /* so that a turn of the loop never sleeps for long */
    int server;      /* where DTUs dial in */
    uint16_t server_port;
};

static void on_tick(uv_timer_t *timer) { (void)timer; }

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    if (!r) return -1;
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    uv_loop_init(&r->loop);
    uv_timer_init(&r->loop, &r->tick);
    uv_timer_start(&r->tick, on_tick, 1, 1);
    r->net = (struct heng_sim_net){.loop = &r->loop, .clock = {0, heng_clock_mono(), SPEED}};
    r->server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(r->server, (const struct sockaddr *)&at, sizeof at) != 0 || listen(r->server, 512) != 0 ||
        getsockname(r->server, (struct sockaddr *)&at, &size) != 0)
        return -1;
    r->server_port = ntohs(at.sin_port);
    *state = r;
    return heng_profiles_init(&r->profiles, NULL) == HENG_OK ? 0 : -1;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    heng_sim_fleet_close(&r->fleet);
    uv_walk(&r->loop, close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    heng_sim_fleet_fini(&r->fleet);
    heng_sim_town_fini(&r->town);
    heng_profiles_fini(&r->profiles);
    close(r->server);
    int open = uv_loop_close(&r->loop);
    free(r);
    return open;
}

/* A town of the given lines, on its sockets. */
static void start(struct rig *r, const char *lines)
{
    struct heng_err err = {0};
    char json[2048];
    snprintf(json, sizeof json, "{\"seed\": 1, \"lines\": [%s]}", lines);
    if (heng_sim_scenario_parse(heng_slice_str(json), &r->profiles, &r->scenario, &err) != HENG_OK ||
        heng_sim_town_init(&r->town, &r->scenario, JANUARY_US, &err) != HENG_OK ||
        heng_sim_fleet_init(&r->fleet, &r->net, &r->town, r->server_port, 0, &err) != HENG_OK ||
        heng_sim_fleet_start(&r->fleet, &err) != HENG_OK)
        fail_msg("%s", err.text);
}

static heng_rc try_to(struct rig *r, const char *command, struct heng_err *err)
{
    struct heng_str text = {.max = 1 << 16};
    heng_rc rc = heng_sim_fleet_do(&r->fleet, command, &text, err);
    heng_str_fini(&text);
    return rc;
}

static void do_it(struct rig *r, const char *command)
{
    struct heng_err err = {0};
    if (try_to(r, command, &err) != HENG_OK) fail_msg("%s: %s", command, err.text);
}

static void turn(struct rig *r) { uv_run(&r->loop, UV_RUN_ONCE); }

/* A connected, non-blocking client socket; -1 when refused. */
static int dial(uint16_t port)
{
    struct sockaddr_in at = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Turns the loop until at least n bytes came in on fd; returns how many did. */
static size_t receive(struct rig *r, int fd, uint8_t *bytes, size_t n, bool *ret_eof)
{
    size_t got = 0;
    *ret_eof = false;
    for (unsigned turns = 0; turns < TURNS_MAX && got < n && !*ret_eof; turns++) {
        turn(r);
        ssize_t now = read(fd, bytes + got, n - got);
        if (now > 0) got += (size_t)now;
        *ret_eof = now == 0;
    }
    return got;
}

/* True when nothing comes for so many turns of about a millisecond. */
static bool silent(struct rig *r, int fd, unsigned turns)
{
    uint8_t byte;
    while (turns-- > 0) {
        turn(r);
        if (read(fd, &byte, 1) >= 0) return false;
    }
    return true;
}

/* Read meter 1 of an M-Bus line: a whole long frame with a right sum. */
static void check_reads_meter_1(struct rig *r, int fd)
{
    static const uint8_t requests[2][5] = {{0x10, 0x40, 0x01, 0x41, 0x16}, {0x10, 0x7B, 0x01, 0x7C, 0x16}};
    uint8_t answer[300], sum = 0;
    bool eof;
    assert_int_equal(write(fd, requests[0], 5), 5);
    assert_int_equal(receive(r, fd, answer, 1, &eof), 1);
    assert_int_equal(answer[0], 0xE5);
    assert_int_equal(write(fd, requests[1], 5), 5);
    assert_int_equal(receive(r, fd, answer, 4, &eof), 4);
    assert_int_equal(answer[0], 0x68);
    size_t rest = answer[1] + 2u;
    assert_int_equal(receive(r, fd, answer + 4, rest, &eof), rest);
    for (size_t i = 4; i < rest + 2; i++) sum = (uint8_t)(sum + answer[i]);
    assert_int_equal(answer[rest + 2], sum);
    assert_int_equal(answer[rest + 3], 0x16);
}

#define MBUS_METERS  "\"meters\": [{\"protocol\": \"mbus\", \"count\": 3}]"
#define WATER_METERS "\"meters\": [{\"protocol\": \"cjt188\", \"count\": 2, \"first_address\": \"88010023060001\"}]"

static void test_converter_answers_and_survives_the_plug(void **state)
{
    struct rig *r = *state;
    uint8_t byte;
    bool eof;
    start(r, "{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS "}");
    uint16_t port = r->fleet.outlets[0].as.converter.tcp_port;
    int fd = dial(port);
    assert_true(fd >= 0);
    check_reads_meter_1(r, fd);

    do_it(r, "unplug heat");
    assert_int_equal(receive(r, fd, &byte, 1, &eof), 0);
    assert_true(eof);
    close(fd);
    assert_int_equal(dial(port), -1);

    do_it(r, "plug heat");
    assert_int_equal(r->fleet.outlets[0].as.converter.tcp_port, port);
    fd = dial(port);
    check_reads_meter_1(r, fd);

    do_it(r, "half-open heat"); /* nothing is said any more, and nobody hangs up */
    assert_int_equal(write(fd, "\x10\x7B\x01\x7C\x16", 5), 5);
    assert_true(silent(r, fd, 100));
    int second = dial(port);
    check_reads_meter_1(r, second);
    close(fd);
    close(second);
}

static void test_every_connection_over_the_limit_is_refused(void **state)
{
    struct rig *r = *state;
    int fds[HENG_SIM_CLIENTS_MAX + 1];
    uint8_t byte;
    bool eof;
    start(r, "{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS "}");
    for (unsigned i = 0; i <= HENG_SIM_CLIENTS_MAX; i++) {
        fds[i] = dial(r->fleet.outlets[0].as.converter.tcp_port);
        turn(r);
    }
    assert_int_equal(receive(r, fds[HENG_SIM_CLIENTS_MAX], &byte, 1, &eof), 0);
    assert_true(eof);
    check_reads_meter_1(r, fds[0]);
    for (unsigned i = 0; i <= HENG_SIM_CLIENTS_MAX; i++) close(fds[i]);
}

static void test_port_in_use_is_said_clearly(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    char want[200];
    start(r, "{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS "}");
    do_it(r, "unplug heat");
    for (unsigned i = 0; i < 5; i++) turn(r);
    r->fleet.outlets[0].as.converter.tcp_port = r->server_port;
    assert_int_equal(try_to(r, "plug heat", &err), HENG_EIO);
    snprintf(
        want, sizeof want,
        "cannot listen on 127.0.0.1:%u: address already in use; free the port or choose another with 'port' in the "
        "scenario, or --first-port",
        r->server_port);
    assert_string_equal(err.text, want);
}

static void test_pty_vanishes_and_comes_back(void **state)
{
    struct rig *r = *state;
    char path[64], lines[256];
    uint8_t byte;
    snprintf(path, sizeof path, "/tmp/heng-sim-test-%ld", (long)getpid());
    snprintf(lines, sizeof lines, "{\"name\": \"desk\", \"transport\": \"pty\", \"path\": \"%s\", " MBUS_METERS "}",
             path);
    start(r, lines);
    for (unsigned user = 0; user < 2; user++) { /* one after the other */
        int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
        assert_true(fd >= 0);
        check_reads_meter_1(r, fd);
        close(fd);
    }
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    do_it(r, "unplug desk");
    for (unsigned i = 0; i < 5; i++) turn(r);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(read(fd, &byte, 1) <= 0);
    close(fd);
    do_it(r, "plug desk");
    fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(fd >= 0);
    check_reads_meter_1(r, fd);
    close(fd);
}

static void test_pty_never_replaces_a_file(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    char path[] = "/tmp/heng-sim-test-XXXXXX", lines[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    start(r, "{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS "}");
    assert_int_equal(heng_sim_converter_open_pty(&r->fleet.outlets[0].as.converter, path, &err), HENG_EEXISTS);
    snprintf(lines, sizeof lines, "'%s' exists and is no symbolic link; name another path for the pty", path);
    assert_string_equal(err.text, lines);
    assert_int_equal(access(path, F_OK), 0);
    close(fd);
    unlink(path);
}

static void test_rfc2217_sets_the_speed(void **state)
{
    struct rig *r = *state;
    static const uint8_t opening[] = {0xFF, 0xFB, 0x2C};
    static const uint8_t speed_9600[] = {0xFF, 0xFA, 0x2C, 1, 0, 0, 0x25, 0x80, 0xFF, 0xF0};
    static const uint8_t speed_2400[] = {0xFF, 0xFA, 0x2C, 1, 0, 0, 0x09, 0x60, 0xFF, 0xF0};
    uint8_t in[64];
    bool eof;
    start(r, "{\"name\": \"shop\", \"transport\": \"rfc2217\", \"baud\": 2400, " MBUS_METERS "}");
    int fd = dial(r->fleet.outlets[0].as.converter.tcp_port);
    assert_int_equal(write(fd, opening, sizeof opening), sizeof opening);
    assert_int_equal(receive(r, fd, in, 10, &eof), 10); /* DO COM-PORT, and how the modem lines are */
    assert_memory_equal(in, "\xFF\xFD\x2C\xFF\xFA\x2C\x6B", 7);
    check_reads_meter_1(r, fd);
    assert_int_equal(write(fd, speed_9600, sizeof speed_9600), sizeof speed_9600);
    assert_int_equal(receive(r, fd, in, 10, &eof), 10);
    assert_int_equal(in[3], 101);
    assert_int_equal(write(fd, "\x10\x40\x01\x41\x16", 5), 5);
    assert_true(silent(r, fd, 100)); /* at a wrong speed nobody understands anybody */
    assert_int_equal(write(fd, speed_2400, sizeof speed_2400), sizeof speed_2400);
    assert_int_equal(receive(r, fd, in, 10, &eof), 10);
    check_reads_meter_1(r, fd);
    do_it(r, "overload shop on");
    assert_int_equal(receive(r, fd, in, 7, &eof), 7);
    assert_memory_equal(in, "\xFF\xFA\x2C\x6B", 4);
    assert_int_equal(in[4] & 0xF0, 0);
    close(fd);
}

/* A scan opens the port anew for each speed, the bus's own one among them. */
static void test_rfc2217_takes_the_speed_of_the_last_client(void **state)
{
    struct rig *r = *state;
    static const uint8_t opening[] = {0xFF, 0xFB, 0x2C};
    static const uint8_t speeds[2][10] = {{0xFF, 0xFA, 0x2C, 1, 0, 0, 0x25, 0x80, 0xFF, 0xF0},
                                          {0xFF, 0xFA, 0x2C, 1, 0, 0, 0x09, 0x60, 0xFF, 0xF0}};
    uint8_t in[64];
    bool eof;
    start(r, "{\"name\": \"shop\", \"transport\": \"rfc2217\", \"baud\": 2400, " MBUS_METERS "}");
    for (unsigned i = 0; i < 2; i++) {
        int fd = dial(r->fleet.outlets[0].as.converter.tcp_port);
        assert_int_equal(write(fd, opening, sizeof opening), sizeof opening);
        assert_int_equal(receive(r, fd, in, 10, &eof), 10);
        assert_int_equal(write(fd, speeds[i], sizeof speeds[i]), sizeof speeds[i]);
        assert_int_equal(receive(r, fd, in, 10, &eof), 10);
        if (i == 1) check_reads_meter_1(r, fd);
        close(fd);
    }
}

static void test_datagrams(void **state)
{
    struct rig *r = *state;
    static const uint8_t reset[] = {0x10, 0x40, 0x02, 0x42, 0x16};
    uint8_t in[16] = {0};
    start(r, "{\"name\": \"far\", \"transport\": \"udp\", " MBUS_METERS "}");
    struct sockaddr_in at = loopback(r->fleet.outlets[0].as.datagrams.udp_port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    for (unsigned round = 0; round < 2; round++) {
        ssize_t n = -1;
        assert_int_equal(write(fd, reset, sizeof reset), sizeof reset);
        for (unsigned i = 0; i < TURNS_MAX && n < 0; i++) {
            turn(r);
            n = read(fd, in, sizeof in);
        }
        assert_int_equal(n, 1);
        assert_int_equal(in[0], 0xE5);
        if (round == 0) do_it(r, "unplug far");
        for (unsigned i = 0; round == 0 && i < 5; i++) turn(r);
        if (round == 0) do_it(r, "plug far");
    }
    close(fd);
}

/* Turns the loop until the DTU has dialled in. */
static int take_call(struct rig *r)
{
    for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
        turn(r);
        int fd = accept4(r->server, NULL, NULL, SOCK_NONBLOCK);
        if (fd >= 0) return fd;
    }
    return -1;
}

/* Read the first water meter: address 88010023060001. */
static const uint8_t read_water[] = {0xFE, 0xFE, 0x68, 0x10, 0x01, 0x00, 0x06, 0x23, 0x00,
                                     0x01, 0x88, 0x01, 0x03, 0x90, 0x1F, 0x07, 0xE5, 0x16};

/* Bytes up to the end of a whole answer of the water meter, with what stands in front of it. */
static size_t receive_water(struct rig *r, int fd, uint8_t *ret)
{
    size_t n = 0, start_at = 0, end = 0;
    bool eof = false;
    while (!eof && n < 128 && (end == 0 || n < end)) {
        size_t got = receive(r, fd, ret + n, 1, &eof);
        if (got == 0) break;
        n++;
        if (end == 0 && ret[n - 1] == 0x68) start_at = n - 1;
        if (end == 0 && start_at && n == start_at + 11) end = start_at + 11 + ret[n - 1] + 2;
    }
    return n;
}

static void test_dtu_dials_registers_answers_and_dials_again(void **state)
{
    struct rig *r = *state;
    start(r, "{\"name\": \"water\", \"transport\": \"dtu\", \"registration\": \"REG\", \"heartbeat\": \"HB\", "
             "\"heartbeat_s\": 1, " WATER_METERS "}");
    for (unsigned call = 0; call < 2; call++) {
        uint8_t in[160];
        bool eof;
        int fd = take_call(r);
        assert_true(fd >= 0);
        assert_int_equal(receive(r, fd, in, 3, &eof), 3);
        assert_memory_equal(in, "REG", 3);
        assert_int_equal(write(fd, read_water, sizeof read_water), sizeof read_water);
        size_t n = receive_water(r, fd, in);
        assert_true(n > 30 && in[n - 1] == 0x16);
        assert_int_equal(receive(r, fd, in, 2, &eof), 2);
        assert_memory_equal(in, "HB", 2);
        close(fd);
    }
}

/* All that comes until it is quiet for so many turns. */
static size_t receive_all(struct rig *r, int fd, uint8_t *bytes, size_t cap, unsigned quiet_turns)
{
    size_t n = 0;
    for (unsigned quiet = 0; quiet < quiet_turns && n < cap; quiet++) {
        turn(r);
        ssize_t now = read(fd, bytes + n, cap - n);
        if (now <= 0) continue;
        n += (size_t)now;
        quiet = 0;
    }
    return n;
}

static void test_heartbeat_falls_into_an_answer(void **state)
{
    struct rig *r = *state;
    r->net.clock.speed = 1; /* an answer takes its time, so that there is a middle */
    start(r, "{\"name\": \"water\", \"transport\": \"dtu\", \"registration\": \"hex:01 02\", \"heartbeat\": \"HB\", "
             "\"heartbeat_s\": 1, \"heartbeat_inside\": true, " WATER_METERS "}");
    uint8_t in[160];
    bool eof;
    int fd = take_call(r);
    assert_int_equal(receive(r, fd, in, 2, &eof), 2);
    assert_memory_equal(in, "\x01\x02", 2);
    for (unsigned i = 0; i < TURNS_MAX && r->fleet.outlets[0].port.inside.n == 0; i++) turn(r);
    assert_int_equal(r->fleet.outlets[0].port.inside.n, 2); /* one is due */
    assert_int_equal(write(fd, read_water, sizeof read_water), sizeof read_water);
    size_t n = receive_all(r, fd, in, sizeof in, 300);
    const uint8_t *inside = memmem(in, n, "HB", 2), *frame = memchr(in, 0x68, n);
    assert_true(n > 30 && inside && frame);
    assert_true(inside > in && inside + 2 < in + n);
    close(fd);
}

static void test_half_open_dtu_comes_back_on_a_new_socket(void **state)
{
    struct rig *r = *state;
    uint8_t in[160];
    bool eof;
    start(r, "{\"name\": \"water\", \"transport\": \"dtu\", \"registration\": \"imei:8612345#\", " WATER_METERS "}");
    int old = take_call(r);
    assert_int_equal(receive(r, old, in, 22, &eof), 22);
    assert_memory_equal(in, "IMEI:861234500000001\r\n", 22);
    do_it(r, "half-open water");
    assert_int_equal(write(old, read_water, sizeof read_water), sizeof read_water);
    assert_true(silent(r, old, 200));
    do_it(r, "plug water");
    int fresh = take_call(r);
    assert_true(fresh >= 0);
    assert_int_equal(receive(r, fresh, in, 22, &eof), 22);
    assert_int_equal(write(fresh, read_water, sizeof read_water), sizeof read_water);
    assert_true(receive_water(r, fresh, in) > 30);
    assert_true(silent(r, old, 20)); /* still there, still silent */
    close(old);
    close(fresh);
}

enum { DTUS = 300 };

/* Takes calls until every DTU has one that has said who it is; fds[i]: of DTU number i + 1. */
static void gather(struct rig *r, int fds[DTUS])
{
    int open[4 * DTUS];
    unsigned n = 0, known = 0;
    for (unsigned i = 0; i < DTUS; i++) fds[i] = -1;
    for (unsigned turns = 0; turns < TURNS_MAX && known < DTUS; turns++) {
        turn(r);
        for (int fd; n < 4 * DTUS && (fd = accept4(r->server, NULL, NULL, SOCK_NONBLOCK)) >= 0;) open[n++] = fd;
        for (unsigned i = 0; i < n; i++) {
            char text[16] = "";
            if (open[i] < 0 || read(open[i], text, sizeof text - 1) <= 0) continue;
            long number = strncmp(text, "D-", 2) == 0 ? strtol(text + 2, NULL, 10) : 0;
            assert_in_range(number, 1, DTUS);
            assert_int_equal(fds[number - 1], -1);
            fds[number - 1] = open[i];
            open[i] = -1;
            known++;
        }
    }
    assert_int_equal(known, DTUS);
    for (unsigned i = 0; i < n; i++) assert_int_equal(open[i], -1); /* nobody called twice */
}

static void test_storm_of_dtus(void **state)
{
    struct rig *r = *state;
    static int fds[DTUS], again[DTUS];
    char lines[256];
    snprintf(lines, sizeof lines,
             "{\"name\": \"d-#\", \"count\": %d, \"transport\": \"dtu\", \"registration\": \"D-#\", " WATER_METERS "}",
             DTUS);
    start(r, lines);
    gather(r, fds);
    do_it(r, "storm d-* 1");
    gather(r, again);
    for (unsigned i = 0; i < DTUS; i++) {
        uint8_t byte;
        bool eof;
        assert_int_equal(receive(r, fds[i], &byte, 1, &eof), 0); /* the old one is gone */
        assert_true(eof);
        close(fds[i]);
        close(again[i]);
    }
}

/* For load tests: an answer that takes half a second on the wire comes at once, and the line goes on working. */
static void test_instant_wire(void **state)
{
    struct rig *r = *state;
    r->net.clock.speed = 1;
    r->net.instant = true;
    start(r, "{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS "}");
    int fd = dial(r->fleet.outlets[0].as.converter.tcp_port);
    heng_us begin = heng_clock_mono();
    for (unsigned i = 0; i < 20; i++) check_reads_meter_1(r, fd);
    /* 20 answers of some 80 bytes at 2400 baud would take 8 s. */
    assert_true(heng_clock_mono() - begin < 4 * HENG_US_PER_S);
    assert_true(r->fleet.outlets[0].port.ahead_us > 6 * HENG_US_PER_S);
    close(fd);
}

static size_t converse(struct rig *r, int fd, const char *command, char *ret, size_t cap)
{
    size_t n = 0;
    bool eof = false;
    assert_int_equal(write(fd, command, strlen(command)), strlen(command));
    while (!eof && n + 1 < cap) {
        ret[n] = '\0';
        const char *last = n > 1 ? memrchr(ret, '\n', n - 1) : NULL;
        last = last ? last + 1 : ret;
        if (n && ret[n - 1] == '\n' && (strcmp(last, "ok\n") == 0 || strncmp(last, "error: ", 7) == 0)) break;
        size_t got = receive(r, fd, (uint8_t *)ret + n, 1, &eof);
        if (got == 0) break;
        n += got;
    }
    ret[n] = '\0';
    return n;
}

static void test_control_port_takes_commands(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    char in[1024];
    start(r, "{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS "}, "
             "{\"name\": \"cold\", \"transport\": \"dtu\", " WATER_METERS "}");
    assert_int_equal(heng_sim_console_open(&r->console, &r->fleet, 0, &err), HENG_OK);
    int fd = dial(r->console.tcp_port);
    static const char *const talks[][2] = {
        {"mute heat\n", "ok\n"},
        {"kill heat 99\n", "error: no meter '99' on line heat\n"},
        {"kill cold 88010023060002\n", "ok\n"},
        {"\x1b[2J\n", "error: unknown command ' [2J'\n"},
        {"unmute heat\n", "ok\n"},
        {"overload\n", "error: it is: overload LINE on|off\n"},
    };
    for (unsigned i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        (void)converse(r, fd, talks[i][0], in, sizeof in);
        assert_string_equal(in, talks[i][1]);
    }
    char far_too_long[400];
    memset(far_too_long, 'x', sizeof far_too_long);
    memcpy(far_too_long + sizeof far_too_long - 2, "\n", 2);
    (void)converse(r, fd, far_too_long, in, sizeof in);
    assert_string_equal(in, "error: command is too long\n");
    (void)converse(r, fd, "show\n", in, sizeof in);
    assert_non_null(strstr(in, "heat: up 127.0.0.1:"));
    assert_non_null(strstr(in, "cold: up DTU to 127.0.0.1:"));
    assert_non_null(strstr(in, "2 lines; requests 0, answers 0\nok\n"));
    (void)converse(r, fd, "quit\n", in, sizeof in);
    assert_true(r->fleet.quit);
    close(fd);
}

static void test_events_happen_by_themselves(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    static const char json[] = "{\"lines\": [{\"name\": \"heat\", \"transport\": \"tcp\", " MBUS_METERS
                               "}], \"events\": [{\"at\": \"+1s\", \"do\": \"mute heat\"}]}";
    assert_int_equal(heng_sim_scenario_parse(heng_slice_str(json), &r->profiles, &r->scenario, &err), HENG_OK);
    assert_int_equal(heng_sim_town_init(&r->town, &r->scenario, JANUARY_US, &err), HENG_OK);
    assert_int_equal(heng_sim_fleet_init(&r->fleet, &r->net, &r->town, r->server_port, 0, &err), HENG_OK);
    heng_us begin = heng_clock_mono();
    r->net.clock = (struct heng_sim_clock){0, begin, 1};
    assert_int_equal(heng_sim_fleet_start(&r->fleet, &err), HENG_OK);
    for (unsigned i = 0; i < TURNS_MAX && !r->town.lines[0].muted; i++) turn(r);
    assert_true(r->town.lines[0].muted);
    assert_true(heng_clock_mono() - begin >= HENG_US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_converter_answers_and_survives_the_plug, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_connection_over_the_limit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_port_in_use_is_said_clearly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pty_vanishes_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pty_never_replaces_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rfc2217_sets_the_speed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rfc2217_takes_the_speed_of_the_last_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_datagrams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dtu_dials_registers_answers_and_dials_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_heartbeat_falls_into_an_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_half_open_dtu_comes_back_on_a_new_socket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_storm_of_dtus, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_instant_wire, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control_port_takes_commands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events_happen_by_themselves, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
