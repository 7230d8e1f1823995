/* Serial ports, on ptys. What a pty has not, the kernel's calls for modem lines and a driver's queue, is added by an
 * ioctl of this program. */
#include "unit/link/peers.h"

#include <errno.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

/* The driver that is played when on: its lines, when they changed, a queue that needs some time more than the bits. */
static struct {
    bool on, gone;
    int lines;
    uint64_t rts_on_ns, rts_off_ns, busy_until_ns;
    struct serial_rs485 rs485;
    unsigned looks;
} fake;

/* A pty shows no parity: what the port was set to is noted on the way. TCSETS2 and the c_cflag, third of its words, of
 * <asm/termbits.h>, which <termios.h> excludes. */
enum { SETS2 = 0x402C542B };
static uint32_t cflag_set;

static void set_lines(int lines)
{
    if (~fake.lines & lines & TIOCM_RTS) fake.rts_on_ns = uv_hrtime();
    if (fake.lines & ~lines & TIOCM_RTS) fake.rts_off_ns = uv_hrtime();
    fake.lines = lines;
}

/* Returns false for what the pty answers itself. */
static bool play(unsigned long request, void *argument)
{
    if (request == TIOCMBIS) set_lines(fake.lines | *(int *)argument);
    if (request == TIOCMBIC) set_lines(fake.lines & ~*(int *)argument);
    if (request == TIOCSRS485) fake.rs485 = *(struct serial_rs485 *)argument;
    if (request == TIOCOUTQ) *(int *)argument = uv_hrtime() < fake.busy_until_ns ? 1 : 0;
    if (request == TIOCMGET) {
        *(int *)argument = fake.lines;
        fake.looks++;
    }
    return request == TIOCMBIS || request == TIOCMBIC || request == TIOCMGET || request == TIOCOUTQ ||
           request == TIOCSRS485;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    if (fake.gone && request == TIOCMGET) {
        errno = EIO;
        return -1;
    }
    if (request == SETS2) cflag_set = ((const uint32_t *)argument)[2];
    if (fake.on && play(request, argument)) return 0;
    return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* A pty; its slave's path goes into config. */
static int pty_for(struct heng_line_config *config)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    assert_int_equal(ptsname_r(master, config->endpoint, sizeof config->endpoint), 0);
    return master;
}

static struct heng_line_config config_of(uint32_t baud, char parity)
{
    memset(&fake, 0, sizeof fake);
    return (struct heng_line_config){.name = "t", .transport = HENG_TRANSPORT_SERIAL, .baud = baud, .parity = parity};
}

static struct heng_link *open_as(uv_loop_t *loop, const struct heng_line_config *config, struct owner *owner)
{
    struct heng_link *link = NULL;
    assert_int_equal(heng_link_open(loop, NULL, config, events_of(owner), &link, NULL), HENG_OK);
    return link;
}

static void a_port_is_opened_and_its_loss_is_told(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    struct heng_line_config config = config_of(2400, 'E');
    int master = pty_for(&config);
    struct heng_link *link = open_as(&loop, &config, &owner);
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

    struct owner none = {0};
    snprintf(config.endpoint, sizeof config.endpoint, "/dev/no-such-port");
    link = open_as(&loop, &config, &none);
    assert_int_equal(none.closed, 1);
    assert_non_null(strstr(none.why, "/dev/no-such-port"));
    heng_link_close(link);
    end_loop(&loop);
}

/* As with a USB adapter that is pulled and put in again: the path is a link to what it is called this time. */
static void a_port_that_vanishes_is_opened_when_it_is_back(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    struct heng_line_config config = config_of(2400, 'E');
    char folder[] = "/tmp/heng-port-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/by-id", folder);
    int master = pty_for(&config);
    assert_int_equal(symlink(config.endpoint, path), 0);
    snprintf(config.endpoint, sizeof config.endpoint, "%s", path);
    struct heng_link *link = open_as(&loop, &config, &owner);
    for (unsigned round = 1; round <= 2; round++) {
        RUN_UNTIL(&loop, owner.opened == round);
        close(master);
        assert_int_equal(unlink(path), 0);
        RUN_UNTIL(&loop, owner.closed >= 2 * round); /* lost, then: cannot open */
        run_for(&loop, 1500);
        assert_int_equal(owner.closed, 2 * round);
        struct heng_line_config again;
        master = pty_for(&again);
        assert_int_equal(symlink(again.endpoint, path), 0);
        uint64_t from = uv_hrtime();
        RUN_UNTIL(&loop, owner.opened == round + 1);
        uint64_t ms = (uv_hrtime() - from) / 1000000;
        printf("# the port is open %u ms after it came back\n", (unsigned)ms);
        assert_in_range(ms, 0, 2500);
        heng_link_send(link, heng_slice_str("ask"));
        char got[8];
        assert_int_equal(read(master, got, sizeof got), 3);
    }
    heng_link_close(link);
    end_loop(&loop);
    close(master);
    unlink(path);
    rmdir(folder);
}

static void a_port_serves_one_at_a_time(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner one = {0}, two = {0};
    struct heng_line_config config = config_of(2400, 'E');
    int master = pty_for(&config);
    struct heng_link *first = open_as(&loop, &config, &one), *second = open_as(&loop, &config, &two);
    assert_int_equal(one.opened, 1);
    assert_int_equal(two.opened, 0);
    assert_non_null(strstr(two.why, "another line or program has"));
    heng_link_close(first);
    RUN_UNTIL(&loop, two.opened == 1); /* it is free now */
    assert_int_equal(two.closed, 1);
    heng_link_close(second);
    end_loop(&loop);
    close(master);
}

static speed_t speed_of(int master)
{
    struct termios t;
    assert_int_equal(tcgetattr(master, &t), 0);
    return cfgetospeed(&t);
}

static void speed_changes_after_the_last_byte_and_stays(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    struct heng_line_config config = config_of(2400, 'E');
    int master = pty_for(&config);
    struct heng_link *link = open_as(&loop, &config, &owner);
    struct heng_err err;
    assert_true(speed_of(master) == B2400);
    uint8_t request[48] = {0x68}, got[64];
    uint64_t from = uv_hrtime();
    heng_link_send(link, heng_slice_of(request, sizeof request));
    assert_int_equal(heng_link_set_speed(link, 9600, 'N', &err), HENG_OK);
    heng_link_send(link, heng_slice_str("at 9600")); /* handed over after it: waits */
    assert_int_equal(read(master, got, sizeof got), sizeof request);
    assert_true(speed_of(master) == B2400); /* 48 bytes of 11 bits are still on their way */
    RUN_UNTIL(&loop, speed_of(master) == B9600);
    uint64_t ms = (uv_hrtime() - from) / 1000000;
    printf("# the speed changed %u ms after 220 ms worth of bytes were handed over\n", (unsigned)ms);
    assert_in_range(ms, 219, 2000);
    assert_int_equal(read(master, got, sizeof got), 7);
    assert_memory_equal(got, "at 9600", 7);
    assert_int_equal(cflag_set & (PARENB | PARODD | CSIZE | CSTOPB | CRTSCTS), CS8);
    assert_int_equal(heng_link_set_speed(link, 10, 'N', &err), HENG_ECONFIG);
    assert_int_equal(heng_link_set_speed(link, 12345, 'E', &err), HENG_OK); /* no usual one, but possible */
    RUN_UNTIL(&loop, speed_of(master) != B9600);
    assert_int_equal(owner.closed, 0);
    heng_link_close(link);
    end_loop(&loop);
    close(master);
}

/* RTS turns with the first byte and back with the last bit, for both polarities. */
static void rts_turns_the_direction_around_the_bytes(void **state)
{
    (void)state;
    for (unsigned low = 0; low < 2; low++) {
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct owner owner = {0};
        struct heng_line_config config = config_of(2400, 'E');
        config.rts = low ? HENG_RTS_SEND_LOW : HENG_RTS_SEND_HIGH;
        int master = pty_for(&config);
        fake.on = true;
        fake.lines = TIOCM_DTR | (low ? 0 : TIOCM_RTS);
        struct heng_link *link = open_as(&loop, &config, &owner);
        int listening = low ? TIOCM_RTS : 0;
        assert_int_equal(fake.lines & TIOCM_RTS, listening);
        uint8_t request[20] = {0x68};
        for (unsigned slow_driver = 0; slow_driver < 2; slow_driver++) {
            fake.busy_until_ns = slow_driver ? uv_hrtime() + 150 * 1000000u : 0;
            heng_link_send(link, heng_slice_of(request, sizeof request));
            assert_int_not_equal(fake.lines & TIOCM_RTS, listening);
            uint64_t from = low ? fake.rts_off_ns : fake.rts_on_ns;
            RUN_UNTIL(&loop, (fake.lines & TIOCM_RTS) == listening);
            uint64_t back = low ? fake.rts_on_ns : fake.rts_off_ns;
            uint64_t out = slow_driver ? fake.busy_until_ns : from + 20 * 11 * 1000000000ull / 2400;
            printf("# send-%s%s: turned back %.2f ms after the last bit\n", low ? "low" : "high",
                   slow_driver ? ", slow driver" : "", ((double)back - (double)out) / 1e6);
            assert_true(back >= out);
            assert_true(back - out < 250 * 1000000u); /* wide for a busy machine; the number is printed */
        }
        heng_link_close(link);
        end_loop(&loop);
        close(master);
    }
}

static void what_a_port_cannot_do_is_said_once(void **state)
{
    (void)state;
    static const struct {
        heng_rts rts;
        const char *says;
    } cases[] = {{HENG_RTS_KERNEL, "does not turn RS-485 by itself"}, {HENG_RTS_SEND_HIGH, "no RTS line"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct owner owner = {0};
        struct heng_line_config config = config_of(2400, 'E');
        config.rts = cases[i].rts;
        int master = pty_for(&config);
        struct heng_link *link = open_as(&loop, &config, &owner);
        assert_non_null(strstr(owner.why, cases[i].says));
        assert_non_null(strstr(owner.why, "use rts"));
        run_for(&loop, 1500);
        assert_int_equal(owner.closed, 1);
        assert_int_equal(owner.opened, 0);
        fake.on = true; /* the driver was updated */
        RUN_UNTIL(&loop, owner.opened == 1);
        if (cases[i].rts == HENG_RTS_KERNEL)
            assert_int_equal(fake.rs485.flags, SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND);
        heng_link_close(link);
        end_loop(&loop);
        close(master);
    }
}

static void overload_is_seen_on_the_modem_line(void **state)
{
    (void)state;
    static const struct {
        heng_signal signal;
        int good, bad;
    } cases[] = {{HENG_SIGNAL_CTS_LOW, TIOCM_CTS, TIOCM_DSR},
                 {HENG_SIGNAL_DSR_LOW, TIOCM_DSR | TIOCM_RI, TIOCM_CTS},
                 {HENG_SIGNAL_DCD_LOW, TIOCM_CAR, 0},
                 {HENG_SIGNAL_RI_HIGH, TIOCM_CTS, TIOCM_RI}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct owner owner = {0};
        struct heng_line_config config = config_of(2400, 'E');
        config.overload = cases[i].signal;
        int master = pty_for(&config);
        fake.on = true;
        fake.lines = cases[i].bad;
        struct heng_link *link = open_as(&loop, &config, &owner);
        assert_true(owner.overload); /* it was short before we came */
        fake.lines = cases[i].good;
        RUN_UNTIL(&loop, !owner.overload);
        fake.lines = cases[i].bad;
        RUN_UNTIL(&loop, owner.overload);
        assert_int_equal(owner.overloads, 3);
        fake.gone = true; /* the adapter was pulled, and only the lines show it */
        RUN_UNTIL(&loop, owner.closed == 1);
        assert_false(owner.overload);
        heng_link_close(link);
        end_loop(&loop);
        close(master);
    }
}

static void a_port_without_modem_lines_works_without(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    struct heng_line_config config = config_of(2400, 'E');
    config.overload = HENG_SIGNAL_CTS_LOW;
    int master = pty_for(&config);
    struct heng_link *link = open_as(&loop, &config, &owner);
    run_for(&loop, 600);
    assert_int_equal(owner.opened, 1);
    assert_int_equal(owner.closed + owner.overloads, 0);
    assert_int_equal(link->due_ms, 0); /* it looks no more */
    heng_link_close(link);
    end_loop(&loop);
    close(master);
}

static void an_infrared_head_gets_power_and_1200_baud(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    struct heng_line_config config = config_of(0, 0);
    config.infrared = true;
    int master = pty_for(&config);
    fake.on = true;
    struct heng_link *link = open_as(&loop, &config, &owner);
    assert_true(speed_of(master) == B1200);
    assert_int_equal(cflag_set & (PARENB | PARODD | CSIZE | CSTOPB), PARENB | CS8);
    assert_int_equal(fake.lines, TIOCM_DTR | TIOCM_RTS);
    heng_link_close(link);
    fake.on = false; /* a pty needs no power */
    link = open_as(&loop, &config, &owner);
    assert_int_equal(owner.opened, 2);
    heng_link_close(link);
    end_loop(&loop);
    close(master);
}

int main(void)
{
    heng_log_set_level(HENG_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_is_opened_and_its_loss_is_told),
        cmocka_unit_test(a_port_that_vanishes_is_opened_when_it_is_back),
        cmocka_unit_test(a_port_serves_one_at_a_time),
        cmocka_unit_test(speed_changes_after_the_last_byte_and_stays),
        cmocka_unit_test(rts_turns_the_direction_around_the_bytes),
        cmocka_unit_test(what_a_port_cannot_do_is_said_once),
        cmocka_unit_test(overload_is_seen_on_the_modem_line),
        cmocka_unit_test(a_port_without_modem_lines_works_without),
        cmocka_unit_test(an_infrared_head_gets_power_and_1200_baud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
