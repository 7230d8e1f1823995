#ifndef HENG_TESTS_LOCAL_RIG_H
#define HENG_TESTS_LOCAL_RIG_H
/* A whole gateway in a process of its own, without a server, a meter that answers on a real socket, and who talks to
 * the local port. */
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

enum { ANSWER_MAX = 1 << 22, PATIENCE_MS = 20000, FILE_MAX = 1 << 18 };

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

static inline void speak(struct rig *rig, int fd)
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

static inline void *meter(void *argument)
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

static inline void start(struct rig *rig)
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

static inline int end(struct rig *rig, int signal)
{
    int status = 0;
    assert_int_equal(kill(rig->pid, signal), 0);
    assert_int_equal(waitpid(rig->pid, &status, 0), rig->pid);
    rig->pid = 0;
    return status;
}

static inline int set_up(void **state)
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
static inline int set_up_impatient(void **state)
{
    if (set_up(state) != 0) return -1;
    struct rig *rig = *state;
    end(rig, SIGKILL);
    rig->options.watch_s = 1;
    rig->period_s = 1;
    start(rig);
    return 0;
}

static inline int tear_down(void **state)
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

static inline int dial(const struct rig *rig)
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

static inline bool has(const struct rig *rig, const char *text)
{
    return memmem(rig->answer, rig->n, text, strlen(text));
}

/* Until the end of the answer or of the connection. */
static inline void hear(struct rig *rig, int fd)
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

static inline void say(int fd, const void *bytes, size_t n)
{
    while (n) {
        ssize_t sent = write(fd, bytes, n);
        if (sent <= 0) return; /* it has hung up: hear tells */
        bytes = (const char *)bytes + sent;
        n -= (size_t)sent;
    }
}

static inline void ask(struct rig *rig, const char *words, const void *file, size_t file_n)
{
    int fd = dial(rig);
    say(fd, words, strlen(words));
    say(fd, file, file_n);
    hear(rig, fd);
    close(fd);
}

static inline void expect(struct rig *rig, const char *words, const char *text)
{
    ask(rig, words, NULL, 0);
    if (!has(rig, text)) fail_msg("%s: no %s in %s", words, text, rig->answer);
}

static inline void import(struct rig *rig, const uint8_t *file, size_t n, const char *text)
{
    char words[40];
    snprintf(words, sizeof words, "import %zu\n", n);
    ask(rig, words, file, n);
    if (!has(rig, text)) fail_msg("import: no %s in %s", text, rig->answer);
}

/* --- files ------------------------------------------------------------------------------------------------------ */

/* One line with one meter, and from version 20 on a second line without any, to where nobody listens. */
static inline size_t config_file(const struct rig *rig, uint64_t version, const char *profile, uint8_t *ret)
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

static inline struct heng_entry entry_of(int64_t device_id, bool by_hand, heng_us at_us, struct heng_buf *buf)
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

/* What one entry of a handheld's file is: of our meter, of a foreign one, of a gateway's journal, or with a check that
 * does not fit. */
typedef enum rig_entry { RIG_OURS, RIG_FOREIGN, RIG_OF_A_GATEWAY, RIG_UNSOUND } rig_entry;

/* Readings of a handheld, a second apart: so many of ours, then this one. */
static inline size_t readings_file(heng_us at_us, size_t count, rig_entry last, uint8_t *ret)
{
    static uint8_t body[400];
    struct heng_carry_header header = {.made_us = at_us, .name = "handheld 3"};
    struct heng_carry_writer writer;
    struct heng_buf buf = heng_buf_of(ret, FILE_MAX);
    assert_int_equal(heng_carry_begin(&writer, &header, &buf), HENG_OK);
    for (size_t i = 0; i <= count; i++) {
        rig_entry what = i < count ? RIG_OURS : last;
        struct heng_buf room = heng_buf_of(body, sizeof body);
        struct heng_entry entry = entry_of(what == RIG_FOREIGN ? 78 : 77, what != RIG_OF_A_GATEWAY,
                                           at_us + (heng_us)i * HENG_US_PER_S, &room);
        if (what == RIG_UNSOUND) entry.check++;
        assert_int_equal(heng_carry_put_entry(&writer, &entry, &buf), HENG_OK);
    }
    assert_int_equal(heng_carry_end(&writer, &buf), HENG_OK);
    return buf.n;
}

/* The journal as it is exported: how many entries of this kind and, of reads, made by hand or not. */
static inline size_t count_entries(struct rig *rig, heng_entry_kind kind, bool by_hand, heng_gateway_event event)
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

#endif
