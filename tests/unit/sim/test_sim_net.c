/* The simulator's sockets, in one process: its loop is turned by hand while a plain socket plays the head-end. */
#include "sim/console.h"

#include "sim_case.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum { SPEED = 200, TURNS_MAX = 3000 };

static const uint8_t read_5[] = {0x10, 0x7B, 0x05, 0x80, 0x16};

struct rig {
    struct building building;
    uv_loop_t loop;
    struct heng_sim_clock clock;
    struct heng_sim_port heat, water;
    struct heng_sim_converter converter;
    struct heng_sim_dtu dtu;
    struct heng_sim_console console;
    uv_timer_t tick; /* so that a turn of the loop never sleeps for long */
};

static void on_tick(uv_timer_t *timer) { (void)timer; }

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    if (!r) return -1;
    build(&r->building, 1, JANUARY_US);
    r->building.heat.gap_us *= SPEED;
    r->building.water.gap_us *= SPEED;
    r->clock = (struct heng_sim_clock){JANUARY_US, heng_clock_mono(), SPEED};
    uv_loop_init(&r->loop);
    uv_timer_init(&r->loop, &r->tick);
    uv_timer_start(&r->tick, on_tick, 1, 1);
    heng_sim_port_init(&r->heat, &r->loop, &r->building.heat, &r->building.world, &r->clock);
    heng_sim_port_init(&r->water, &r->loop, &r->building.water, &r->building.world, &r->clock);
    heng_sim_converter_init(&r->converter, &r->loop, &r->heat, 0);
    *state = r;
    return 0;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    r->converter.plugged = r->dtu.plugged = false;
    uv_walk(&r->loop, close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    heng_sim_converter_fini(&r->converter);
    int open = uv_loop_close(&r->loop);
    free(r);
    return open;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

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

/* Turns the loop until at least n bytes came in on fd; returns how many did. eof counts as an end. */
static size_t receive(struct rig *r, int fd, uint8_t *bytes, size_t n, bool *ret_eof)
{
    size_t got = 0;
    *ret_eof = false;
    for (unsigned turn = 0; turn < TURNS_MAX && got < n && !*ret_eof; turn++) {
        uv_run(&r->loop, UV_RUN_ONCE);
        ssize_t now = read(fd, bytes + got, n - got);
        if (now > 0) got += (size_t)now;
        *ret_eof = now == 0;
    }
    return got;
}

static void check_reads_meter_5(struct rig *r, int fd)
{
    uint8_t answer[86];
    bool eof;
    assert_int_equal(write(fd, read_5, sizeof read_5), sizeof read_5);
    assert_int_equal(receive(r, fd, answer, sizeof answer, &eof), sizeof answer);
    assert_int_equal(answer[0], 0x68);
    assert_int_equal(answer[5], 5);
    assert_int_equal(answer[85], 0x16);
}

static void test_converter_answers_and_survives_the_plug(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    uint8_t byte;
    bool eof;
    assert_int_equal(heng_sim_converter_plug(&r->converter, &err), HENG_OK);
    uint16_t port = r->converter.tcp_port;
    int fd = dial(port);
    assert_true(fd >= 0);
    check_reads_meter_5(r, fd);

    heng_sim_converter_unplug(&r->converter);
    assert_int_equal(receive(r, fd, &byte, 1, &eof), 0);
    assert_true(eof);
    close(fd);
    assert_int_equal(dial(port), -1);

    assert_int_equal(heng_sim_converter_plug(&r->converter, &err), HENG_OK);
    assert_int_equal(r->converter.tcp_port, port);
    fd = dial(port);
    check_reads_meter_5(r, fd);
    close(fd);
}

static void test_port_in_use_is_said_clearly(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    char want[160];
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    int holder = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(holder, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(holder, 1), 0);
    assert_int_equal(getsockname(holder, (struct sockaddr *)&at, &size), 0);
    r->converter.tcp_port = ntohs(at.sin_port);
    assert_int_equal(heng_sim_converter_plug(&r->converter, &err), HENG_EIO);
    snprintf(want, sizeof want,
             "cannot listen on 127.0.0.1:%u: address already in use; free the port or choose another with --mbus-port",
             ntohs(at.sin_port));
    assert_string_equal(err.text, want);
    close(holder);
}

static void test_pty_is_the_same_line(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    char path[64];
    snprintf(path, sizeof path, "/tmp/heng-sim-test-%ld", (long)getpid());
    r->converter.plugged = true;
    assert_int_equal(heng_sim_converter_open_pty(&r->converter, path, &err), HENG_OK);
    for (unsigned user = 0; user < 2; user++) { /* one after the other */
        int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
        assert_true(fd >= 0);
        check_reads_meter_5(r, fd);
        close(fd);
    }
    heng_sim_converter_fini(&r->converter);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_pty_never_replaces_a_file(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    char path[] = "/tmp/heng-sim-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(heng_sim_converter_open_pty(&r->converter, path, &err), HENG_EEXISTS);
    assert_int_equal(access(path, F_OK), 0);
    close(fd);
    unlink(path);
}

/* Turns the loop until the DTU has dialled in. */
static int take_call(struct rig *r, int server)
{
    for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
        uv_run(&r->loop, UV_RUN_ONCE);
        int fd = accept(server, NULL, NULL);
        if (fd < 0) continue;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        return fd;
    }
    return -1;
}

static void test_dtu_dials_registers_answers_and_dials_again(void **state)
{
    struct rig *r = *state;
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(server, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &size), 0);
    const struct heng_sim_dtu_settings settings = {
        .tcp_port = ntohs(at.sin_port), .registration = "REG", .heartbeat = heng_slice_str("HB"), .heartbeat_s = 1};
    heng_sim_dtu_init(&r->dtu, &r->loop, &r->water, &settings);
    heng_sim_dtu_plug(&r->dtu);
    for (unsigned call = 0; call < 2; call++) {
        /* Read the meter of flat 1: address 88010023060001. */
        static const uint8_t request[] = {0xFE, 0xFE, 0x68, 0x10, 0x01, 0x00, 0x06, 0x23, 0x00,
                                          0x01, 0x88, 0x01, 0x03, 0x90, 0x1F, 0x07, 0xE5, 0x16};
        uint8_t in[64];
        bool eof;
        int fd = take_call(r, server);
        assert_true(fd >= 0);
        assert_int_equal(receive(r, fd, in, 3, &eof), 3);
        assert_memory_equal(in, "REG", 3);
        assert_int_equal(write(fd, request, sizeof request), sizeof request);
        assert_int_equal(receive(r, fd, in, 39, &eof), 39);
        assert_memory_equal(in, "\xFE\xFE\xFE\xFE\x68\x10\x01\x00\x06\x23\x00\x01\x88\x81\x16\x90\x1F\x07", 18);
        assert_int_equal(receive(r, fd, in, 2, &eof), 2);
        assert_memory_equal(in, "HB", 2);
        close(fd);
    }
    close(server);
}

static void check_command(struct rig *r, int fd, const char *command, const char *want)
{
    uint8_t in[256] = {0};
    size_t n = 0;
    bool eof = false;
    assert_int_equal(write(fd, command, strlen(command)), strlen(command));
    while (!eof && n + 1 < sizeof in && !(n && in[n - 1] == '\n')) {
        size_t got = receive(r, fd, in + n, 1, &eof);
        if (got == 0) break;
        n += got;
    }
    assert_string_equal((const char *)in, want);
}

static void test_control_port_takes_commands(void **state)
{
    struct rig *r = *state;
    struct heng_err err = {0};
    struct sockaddr_in at;
    int size = sizeof at;
    r->console.lines[HENG_SIM_LINE_HEAT] = &r->building.heat;
    r->console.lines[HENG_SIM_LINE_WATER] = &r->building.water;
    r->console.converter = &r->converter;
    r->console.dtu = &r->dtu;
    assert_int_equal(heng_sim_console_open(&r->console, &r->loop, 0, &err), HENG_OK);
    assert_int_equal(uv_tcp_getsockname(&r->console.server, (struct sockaddr *)&at, &size), 0);
    int fd = dial(ntohs(at.sin_port));
    check_command(r, fd, "mute heat\n", "ok\n");
    assert_true(r->building.heat.muted);
    check_command(r, fd, "plug heat\n", "ok\n");
    assert_true(r->converter.plugged);
    check_command(r, fd, "kill heat 99\n", "error: no meter '99' on line heat\n");
    check_command(r, fd, "\x1b[2J\n", "error: unknown command ' [2J'\n");
    char far_too_long[400];
    memset(far_too_long, 'x', sizeof far_too_long);
    memcpy(far_too_long + sizeof far_too_long - 2, "\n", 2);
    check_command(r, fd, far_too_long, "error: command is too long\n");
    check_command(r, fd, "unmute heat\n", "ok\n");
    assert_false(r->building.heat.muted);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_converter_answers_and_survives_the_plug, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_port_in_use_is_said_clearly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pty_is_the_same_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pty_never_replaces_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dtu_dials_registers_answers_and_dials_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control_port_takes_commands, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
