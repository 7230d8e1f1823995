/* A whole gateway in a process of its own, without a server: its local port, configurations and readings that are
 * carried by hand, a stop, a kill. One meter answers on a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "codec/mbus.h"
#include "gateway/box.h"
#include "sim/rng.h"
#include "uplink/body.h"
#include "uplink/carry.h"
#include "uplink/config.h"

enum { ANSWER_MAX = 1 << 20, PATIENCE_MS = 20000, FILE_MAX = 1 << 18 };

struct rig {
    char directory[64];
    struct gateway_options options;
    pid_t pid;
    /* the meter */
    int listener;
    uint16_t port;
    pthread_t thread;
    atomic_int accepted; /* connections that the converter has seen */
    atomic_bool silent;
    uint32_t period_s;
    int notify; /* what systemd would hear */
    /* what was said last */
    char answer[ANSWER_MAX];
    size_t n;
};

/* --- a meter ---------------------------------------------------------------------------------------------------- */

static void speak(struct rig *rig, int fd)
{
    uint8_t data[64], frame[100], byte;
    static const uint8_t energy[] = {0x06};
    struct heng_buf body = heng_buf_of(data, sizeof data), buf = heng_buf_of(frame, sizeof frame);
    struct heng_mbus_secondary who = {.id = "12345678", .manufacturer = "HNG", .version = 1, .medium = 4};
    if (heng_mbus_encode_header(&who, 7, 0, &body) != HENG_OK ||
        heng_mbus_encode_record(0x04, heng_slice_of(energy, 1), 4711, 4, &body) != HENG_OK ||
        heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, 1, HENG_MBUS_CI_RSP_VARIABLE, heng_buf_slice(&body), &buf) != HENG_OK)
        return;
    unsigned at = 0;
    uint8_t control = 0;
    static const uint8_t ack = HENG_MBUS_ACK;
    while (read(fd, &byte, 1) == 1) { /* short frames: 10 C A check 16 */
        at = at == 0 && byte != 0x10 ? 0 : at + 1;
        if (at == 2) control = byte;
        if (at < 5) continue;
        at = 0;
        if (rig->silent) continue;
        ssize_t sent = (control & 0x4F) == 0x4B ? write(fd, frame, buf.n) : write(fd, &ack, 1);
        if (sent < 0) return;
    }
}

static void *meter(void *argument)
{
    struct rig *rig = argument;
    for (;;) {
        int fd = accept(rig->listener, NULL, NULL);
        if (fd < 0) return NULL;
        rig->accepted++;
        speak(rig, fd);
        close(fd);
    }
}

/* --- the gateway ------------------------------------------------------------------------------------------------ */

static void start(struct rig *rig)
{
    fflush(stdout);
    rig->pid = fork();
    assert_true(rig->pid >= 0);
    if (rig->pid > 0) return;
    struct heng_err err = {.text = ""};
    if (!freopen("/dev/null", "w", stderr)) _exit(3);
    close(rig->listener);
    char name[100];
    snprintf(name, sizeof name, "%s/n", rig->directory);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "200000", 1);
    _exit(heng_box_run(&rig->options, &err) == HENG_OK ? 0 : 1);
}

static int end(struct rig *rig, int signal)
{
    int status = 0;
    assert_int_equal(kill(rig->pid, signal), 0);
    assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
    rig->pid = 0;
    return status;
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    signal(SIGPIPE, SIG_IGN);
    if (!rig) return -1;
    snprintf(rig->directory, sizeof rig->directory, "/tmp/heng-gateway-XXXXXX");
    if (!mkdtemp(rig->directory)) return -1;
    rig->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(rig->listener, (struct sockaddr *)&address, n) != 0 || listen(rig->listener, 4) != 0 ||
        getsockname(rig->listener, (struct sockaddr *)&address, &n) != 0)
        return -1;
    rig->port = ntohs(address.sin_port);
    rig->options = (struct gateway_options){.directory = rig->directory, .name = "test box", .serial = ""};
    snprintf(rig->options.local, sizeof rig->options.local, "%s/s", rig->directory);
    struct sockaddr_un notify = {.sun_family = AF_UNIX};
    snprintf(notify.sun_path, sizeof notify.sun_path, "%s/n", rig->directory);
    rig->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(rig->notify, (struct sockaddr *)&notify, sizeof notify) != 0) return -1;
    start(rig); /* before there is a second thread */
    if (pthread_create(&rig->thread, NULL, meter, rig) != 0) return -1;
    *state = rig;
    return 0;
}

/* Seconds instead of minutes are silence. */
static int set_up_impatient(void **state)
{
    if (set_up(state) != 0) return -1;
    struct rig *rig = *state;
    end(rig, SIGKILL);
    rig->options.watch_s = 1;
    rig->period_s = 1;
    start(rig);
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    char command[100];
    if (rig->pid) end(rig, SIGKILL);
    shutdown(rig->listener, SHUT_RDWR);
    pthread_join(rig->thread, NULL);
    close(rig->listener);
    close(rig->notify);
    static const char *const names[] = {
        "n", "s", "journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock", "gateway.key"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(command, sizeof command, "%s/%s", rig->directory, names[i]);
        unlink(command);
    }
    rmdir(rig->directory);
    free(rig);
    return 0;
}

/* --- talking to it ---------------------------------------------------------------------------------------------- */

static int dial(const struct rig *rig)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", rig->options.local);
    for (int tries = 0; tries < PATIENCE_MS / 10; tries++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
        close(fd);
        poll(NULL, 0, 10);
    }
    fail_msg("the gateway does not come");
    return -1;
}

static bool has(const struct rig *rig, const char *text) { return memmem(rig->answer, rig->n, text, strlen(text)); }

/* Until the end of the answer or of the connection. */
static void hear(struct rig *rig, int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    rig->n = 0;
    while (!has(rig, "{\"end\":true}\n") && !has(rig, "{\"error\":")) {
        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        ssize_t n = read(fd, rig->answer + rig->n, ANSWER_MAX - 1 - rig->n);
        if (n <= 0) break;
        rig->n += (size_t)n;
    }
    rig->answer[rig->n] = '\0';
}

static void say(int fd, const void *bytes, size_t n)
{
    while (n) {
        ssize_t sent = write(fd, bytes, n);
        if (sent <= 0) return; /* it has hung up: hear tells */
        bytes = (const char *)bytes + sent;
        n -= (size_t)sent;
    }
}

static void ask(struct rig *rig, const char *words, const void *file, size_t file_n)
{
    int fd = dial(rig);
    say(fd, words, strlen(words));
    say(fd, file, file_n);
    hear(rig, fd);
    close(fd);
}

static void expect(struct rig *rig, const char *words, const char *text)
{
    ask(rig, words, NULL, 0);
    if (!has(rig, text)) fail_msg("%s: no %s in %s", words, text, rig->answer);
}

static void import(struct rig *rig, const uint8_t *file, size_t n, const char *text)
{
    char words[40];
    snprintf(words, sizeof words, "import %zu\n", n);
    ask(rig, words, file, n);
    if (!has(rig, text)) fail_msg("import: no %s in %s", text, rig->answer);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

/* One line with one meter, and from version 20 on a second line without any, to where nobody listens. */
static size_t config_file(const struct rig *rig, uint64_t version, const char *profile, uint8_t *ret)
{
    struct heng_line_config lines[2] = {
        {.id = 5, .name = "riser", .transport = HENG_TRANSPORT_TCP, .baud = 2400, .parity = 'E', .period_s = 3600},
        {.id = 6,
         .name = "attic",
         .transport = HENG_TRANSPORT_UDP,
         .endpoint = "127.0.0.1:9",
         .baud = 2400,
         .parity = 'E',
         .period_s = 3600}};
    struct heng_meter_config meter = {.device_id = 77, .line_id = 5, .protocol = HENG_PROTOCOL_MBUS, .address = "1"};
    const size_t first[] = {0, 1, 1};
    struct heng_gateway_config config = {.version = version,
                                         .name = "test",
                                         .time_zone = "UTC",
                                         .lines = lines,
                                         .meters = &meter,
                                         .first = first,
                                         .line_count = version < 20 ? 1 : 2};
    struct heng_carry_header header = {.made_us = 1, .config_version = version, .name = "desk"};
    struct heng_carry_writer writer;
    struct heng_buf buf = heng_buf_of(ret, FILE_MAX);
    struct heng_err err = {.text = ""};
    uint8_t *packed;
    size_t n;
    if (rig->period_s) lines[0].period_s = rig->period_s;
    snprintf(lines[0].endpoint, sizeof lines[0].endpoint, "127.0.0.1:%u", rig->port);
    snprintf(meter.profile_name, sizeof meter.profile_name, "%s", profile);
    assert_int_equal(heng_config_pack(&config, &packed, &n, &err), HENG_OK);
    assert_int_equal(heng_carry_begin(&writer, &header, &buf), HENG_OK);
    assert_int_equal(heng_carry_put_config(&writer, heng_slice_of(packed, n), &buf), HENG_OK);
    assert_int_equal(heng_carry_end(&writer, &buf), HENG_OK);
    free(packed);
    return buf.n;
}

static struct heng_entry entry_of(int64_t device_id, bool by_hand, heng_us at_us, struct heng_buf *buf)
{
    static struct heng_read read;
    read = (struct heng_read){.device_id = device_id, .at_us = at_us, .outcome = HENG_OUTCOME_OK, .value_count = 1};
    read.values[0] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH},
                                         .has_value = true,
                                         .dec = {.mantissa = 815, .exp = 0}};
    if (!by_hand) {
        read.frame_count = 1;
        read.frames[0].n = 1;
        read.frames[0].at_us = at_us;
    }
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = 5, .read = &read, .by_hand = by_hand}};
    struct heng_err err = {.text = ""};
    if (heng_body_pack(&body, at_us, buf, &err) != HENG_OK) fail_msg("%s", err.text);
    struct heng_entry entry = {.at_us = at_us,
                               .kind = HENG_ENTRY_READ,
                               .rank = heng_body_rank(&body),
                               .subject_id = device_id,
                               .body = heng_buf_slice(buf)};
    entry.check = heng_entry_check(&entry);
    return entry;
}

/* Readings of a handheld: ours, a foreign meter's, one that no hand has made, one whose check does not fit. */
static size_t readings_file(heng_us at_us, uint8_t *ret)
{
    static uint8_t bodies[4][400];
    struct heng_carry_header header = {.made_us = at_us, .name = "handheld 3"};
    struct heng_carry_writer writer;
    struct heng_buf buf = heng_buf_of(ret, FILE_MAX);
    assert_int_equal(heng_carry_begin(&writer, &header, &buf), HENG_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct heng_buf body = heng_buf_of(bodies[i], sizeof bodies[i]);
        struct heng_entry entry = entry_of(i == 1 ? 78 : 77, i != 2, at_us, &body);
        if (i == 3) entry.check++;
        assert_int_equal(heng_carry_put_entry(&writer, &entry, &buf), HENG_OK);
    }
    assert_int_equal(heng_carry_end(&writer, &buf), HENG_OK);
    return buf.n;
}

/* The journal as it is exported: how many entries of this kind and, of reads, made by hand or not. */
static size_t count_entries(struct rig *rig, heng_entry_kind kind, bool by_hand, heng_gateway_event event)
{
    static struct heng_read scratch;
    struct heng_carry_reader reader = {0};
    struct heng_carry_item item;
    struct heng_body body;
    struct heng_err err = {.text = ""};
    size_t count = 0, at = 0;
    ask(rig, "export entries 0 9223372036854775807\n", NULL, 0);
    for (int bytes; sscanf(rig->answer + at, "{\"bytes\":%d}", &bytes) == 1;) {
        at += (size_t)(strchr(rig->answer + at, '\n') + 1 - (rig->answer + at));
        assert_int_equal(heng_carry_feed(&reader, heng_slice_of(rig->answer + at, (size_t)bytes), &err), HENG_OK);
        at += (size_t)bytes;
        while (heng_carry_next(&reader, &item, &err) == HENG_OK) {
            if (item.kind != HENG_CARRY_ENTRY) continue;
            assert_true(item.entry.check == heng_entry_check(&item.entry));
            if (heng_body_unpack(item.entry.body, &item.entry, &scratch, &body, &err) != HENG_OK)
                fail_msg("%s", err.text);
            if (body.kind != kind) continue;
            if (kind == HENG_ENTRY_READ && body.read.by_hand != by_hand) continue;
            if (kind == HENG_ENTRY_EVENT && body.event.kind != event) continue;
            count++;
        }
    }
    assert_int_equal(heng_carry_close(&reader, &err), HENG_OK);
    heng_carry_reader_fini(&reader);
    return count;
}

/* --- tests ------------------------------------------------------------------------------------------------------ */

static void test_who_may_and_what_can_be_asked(void **state)
{
    struct rig *rig = *state;
    struct stat what;
    expect(rig, "status\n", "\"name\":\"test box\"");
    assert_int_equal(stat(rig->options.local, &what), 0);
    assert_int_equal(what.st_mode & 0777, 0600);
    expect(rig, "code\n", "\"enrolled\":false");
    expect(rig, "help\n", "scan LINE KIND");
    expect(rig, "nonsense\n", "what is 'nonsense'?");
    expect(rig, "status now\n", "{\"error\":");
    expect(rig, "\n", "{\"error\":");
    expect(rig, "read 77\n", "no meter '77' is here");
    expect(rig, "scan 5 mbus-primary\n", "no line '5' is here");
    expect(rig, "export list\n", "there is no configuration yet");
    expect(rig, "import x\n", "{\"error\":");
    expect(rig, "import 99999999999\n", "{\"error\":");
}

static void test_a_configuration_is_in_force_as_a_whole_or_not_at_all(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    size_t n = config_file(rig, 7, "", file);
    import(rig, file, n - 1, "the file is cut off");
    expect(rig, "status\n", "\"config_version\":0");
    import(rig, file, n, "\"config_version\":7");
    expect(rig, "status\n", "\"name\":\"riser\"");
    n = config_file(rig, 8, "no-such-profile", file);
    import(rig, file, n, "no profile 'no-such-profile'");
    expect(rig, "status\n", "\"config_version\":7");
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_CONFIG_APPLIED), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_CONFIG_REFUSED), 1);
    end(rig, SIGKILL);
    start(rig);
    expect(rig, "status\n", "\"config_version\":7");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    assert_true(has(rig, "\"value\":\"4711000\"") || has(rig, "\"value\":\"4711\""));
}

static void test_a_line_that_is_as_before_goes_on(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    assert_int_equal(rig->accepted, 1);
    import(rig, file, config_file(rig, 20, "", file), "\"config_version\":20");
    expect(rig, "status\n", "\"name\":\"attic\"");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    assert_int_equal(rig->accepted, 1);                                            /* the very same connection */
    import(rig, file, config_file(rig, 2, "acrel-ddsy1352", file), "{\"error\":"); /* no profile of M-Bus */
    import(rig, file, config_file(rig, 3, "", file), "\"config_version\":3");
    expect(rig, "status\n", "\"lines\":1");
    assert_int_equal(rig->accepted, 1);
}

/* Until a datagram says so. */
static void hear_manager(struct rig *rig, const char *text)
{
    char bytes[300];
    struct pollfd wait = {.fd = rig->notify, .events = POLLIN};
    for (;;) {
        if (poll(&wait, 1, PATIENCE_MS) != 1) fail_msg("systemd hears no %s", text);
        ssize_t n = recv(rig->notify, bytes, sizeof bytes - 1, 0);
        assert_true(n > 0);
        bytes[n] = '\0';
        if (strncmp(bytes, text, strlen(text)) == 0) return;
    }
}

static void test_the_service_manager_hears(void **state)
{
    struct rig *rig = *state;
    hear_manager(rig, "READY=1");
    hear_manager(rig, "WATCHDOG=1");
    hear_manager(rig, "STATUS=0 lines; ");
    hear_manager(rig, "WATCHDOG=1");
    assert_int_equal(kill(rig->pid, SIGTERM), 0);
    hear_manager(rig, "STOPPING=1");
    assert_int_equal(waitpid(rig->pid, NULL, 0), rig->pid);
    rig->pid = 0;
}

static void test_readings_by_hand(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    expect(rig, "read all\n", "\"outcome\":\"ok\"");
    assert_true(count_entries(rig, HENG_ENTRY_READ, false, 0) >= 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0), 0);
    import(rig, file, readings_file(heng_clock_wall() - HENG_US_PER_DAY, file), "\"readings\":1,\"refused\":3");
    assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED), 1);
    import(rig, file, readings_file(heng_clock_wall() + 30 * HENG_US_PER_DAY, file), "\"readings\":0,\"refused\":4");
}

static void test_it_stops_in_time_and_tells_so(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    int idle = dial(rig); /* somebody who says nothing keeps nobody up */
    heng_us before = heng_clock_mono();
    int status = end(rig, SIGTERM);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(heng_clock_mono() - before < 3 * HENG_US_PER_S);
    close(idle);
    assert_int_equal(access(rig->options.local, F_OK), -1);
    start(rig);
    expect(rig, "status\n", "\"lines\":1");
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_STOPPED), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_STARTED), 2);
}

/* When the first event of this kind was told; -1: none was. */
static long place_of_event(struct rig *rig, const char *kind)
{
    char text[60];
    snprintf(text, sizeof text, "event=%s line=5 ", kind);
    ask(rig, "log\n", NULL, 0);
    const char *at = strstr(rig->answer, text);
    return at ? at - rig->answer : -1;
}

static void wait_for_event(struct rig *rig, const char *kind)
{
    for (int tries = 0; tries < PATIENCE_MS / 50; tries++) {
        if (place_of_event(rig, kind) >= 0) return;
        poll(NULL, 0, 50);
    }
    fail_msg("no event %s", kind);
}

static void wait_for_accepted(struct rig *rig, int count)
{
    for (int tries = 0; tries < PATIENCE_MS / 50 && rig->accepted < count; tries++) poll(NULL, 0, 50);
    assert_true(rig->accepted >= count);
}

/* A converter that holds its connection and says nothing: each step in its turn, on a link that is really opened anew,
 * and no step after it speaks again. */
static void test_a_silent_line_is_healed_step_by_step(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    poll(NULL, 0, 5000); /* healthy for more than three rhythms: nothing is wrong */
    assert_int_equal(place_of_event(rig, "line-silent"), -1);
    assert_int_equal(rig->accepted, 1);
    rig->silent = true;
    wait_for_event(rig, "line-silent");
    expect(rig, "status\n", "\"silent\":true");
    wait_for_event(rig, "line-reopened");
    wait_for_accepted(rig, 2);
    wait_for_event(rig, "line-reset"); /* it rests before it dials; on a slow machine the next step overtakes it */
    int before = rig->accepted;
    wait_for_event(rig, "line-restarted");
    assert_int_equal(place_of_event(rig, "line-back"), -1);
    wait_for_accepted(rig, before + 1);
    rig->silent = false;
    wait_for_event(rig, "line-back");
    expect(rig, "status\n", "\"silent\":false");
    static const char *const order[] = {"line-silent", "line-reopened", "line-reset", "line-restarted", "line-back"};
    for (size_t i = 0; i + 1 < sizeof order / sizeof *order; i++)
        assert_true(place_of_event(rig, order[i]) < place_of_event(rig, order[i + 1]));
    static const heng_gateway_event kinds[] = {HENG_GATEWAY_LINE_SILENT, HENG_GATEWAY_LINE_REOPENED,
                                               HENG_GATEWAY_LINE_RESET, HENG_GATEWAY_LINE_RESTARTED,
                                               HENG_GATEWAY_LINE_BACK};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_true(count_entries(rig, HENG_ENTRY_EVENT, false, kinds[i]) >= 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_LINE_SILENT), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_LINE_BACK), 1);
}

static void test_hostile_words(void **state)
{
    struct rig *rig = *state;
    struct heng_sim_rng rng = heng_sim_rng_of(5, 5);
    static char bytes[5000];
    for (int round = 0; round < 100; round++) {
        size_t n = 1 + heng_sim_rng_below(&rng, sizeof bytes - 1);
        for (size_t i = 0; i < n; i++) bytes[i] = (char)heng_sim_rng_below(&rng, round % 2 ? 256 : 128);
        if (round % 3 == 0) memcpy(bytes, "import 4000\nHENGCRY1", 20);
        int fd = dial(rig);
        say(fd, bytes, n);
        close(fd); /* without hearing what it says */
    }
    int many[20]; /* more than there is room for: each of them hears that, and there is room again */
    for (size_t i = 0; i < 20; i++) many[i] = dial(rig);
    for (size_t i = 0; i < 20; i++) close(many[i]);
    bool back = false;
    for (int tries = 0; tries < 100 && !back; tries++) {
        ask(rig, "status\n", NULL, 0);
        back = has(rig, "\"test box\"");
        if (!back) poll(NULL, 0, 20); /* the loop has not seen yet that those have gone */
    }
    assert_true(back);
    memset(bytes, 'x', sizeof bytes);
    bytes[sizeof bytes - 2] = '\n';
    bytes[sizeof bytes - 1] = '\0';
    expect(rig, bytes, "a request has at most");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_may_and_what_can_be_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_configuration_is_in_force_as_a_whole_or_not_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_line_that_is_as_before_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_service_manager_hears, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readings_by_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_stops_in_time_and_tells_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_silent_line_is_healed_step_by_step, set_up_impatient, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_words, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
