#include "gateway/box.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "gateway/box_inside.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum {
    ACTIONS_MAX = 2000, /* in one go: then sockets have their turn */
    MB = 1024 * 1024,
    ANSWER_BYTES = 16 * 1024,
    STATUS_BYTES_MAX = 1024 * 1024,
    DISK_S = 60,
    RENEW_S = 3600,
    RENEW_FIRST_S = 10,
    STUCK_S = 60,
    LARGE_BYTES = 48 * 1024
};

/* When this version was released: the clock of a box cannot be before it. 2026-11-01. */
static const heng_us released_us = INT64_C(1793491200) * HENG_US_PER_S;

/* --- what the core wants ---------------------------------------------------------------------------------------- */

static void apply(struct box *box, const struct heng_gateway_config *config)
{
    struct heng_err err = {.text = ""};
    uint64_t version = config->version;
    bool ok = heng_lines_apply(box->lines, config, &err) == HENG_OK;
    heng_log(ok ? HENG_LOG_INFO : HENG_LOG_ERROR, "gateway", "event=config_%s version=%llu lines=%zu why='%s'",
             ok ? "applied" : "refused", (unsigned long long)version, config->line_count, err.text);
    heng_core_config_done(box->core, heng_clock_mono(), ok, err.text);
    heng_local_config_done(box->local, version, ok, err.text);
}

/* In pieces, for a message has a limit; the last one says that it is. */
static void answer(struct box *box, uint64_t id, const char *what)
{
    struct heng_str text = {.max = STATUS_BYTES_MAX};
    if (strcmp(what, "status") == 0)
        heng_local_status(&box->local_config, &text);
    else if (strcmp(what, "log") == 0)
        heng_local_log(&text);
    else
        heng_str_fmt(&text, "{\"error\":\"status and log can be asked for\"}\n");
    size_t at = 0;
    do {
        size_t n = text.n - at < ANSWER_BYTES ? text.n - at : ANSWER_BYTES;
        heng_core_answer(box->core, heng_clock_mono(), id, at + n == text.n, heng_slice_of(text.text + at, n));
        at += n;
    } while (at < text.n);
    heng_str_fini(&text);
}

/* At the end only what is ready to go out goes. */
static void carry_out(struct box *box, const struct heng_core_action *action)
{
    if (box->stopping && action->kind != HENG_CORE_SEND && action->kind != HENG_CORE_CHILD_SEND) return;
    switch (action->kind) {
    case HENG_CORE_NONE: break;
    case HENG_CORE_CONNECT: box_up_dial(box, action->server); break;
    case HENG_CORE_HANG_UP: box_up_hang_up(box, action->text); break;
    case HENG_CORE_SEND: box_up_send(box, action->bytes); break;
    case HENG_CORE_CHILD_SEND: box_below_send(box, action->child, action->bytes); break;
    case HENG_CORE_CHILD_HANG_UP: box_below_hang_up(box, action->child); break;
    case HENG_CORE_CONFIG: apply(box, action->config); break;
    case HENG_CORE_ORDER: heng_lines_order(box->lines, &action->order); break;
    case HENG_CORE_CANCEL: heng_lines_cancel(box->lines, action->id); break;
    case HENG_CORE_SEARCH: heng_lines_search(box->lines, &action->search); break;
    case HENG_CORE_ASK: answer(box, (uint64_t)action->id, action->text); break;
    case HENG_CORE_TUNNEL: heng_lines_tunnel(box->lines, &action->tunnel); break;
    case HENG_CORE_ENROLLED: box_up_enrolled(box, &action->enrol); break;
    case HENG_CORE_LET_GO: heng_lines_let_go(box->lines, action->token); break;
    case HENG_CORE_FULL:
        heng_log(HENG_LOG_WARN, "gateway", "event=%s", action->full ? "disk_takes_nothing" : "disk_goes_on");
        break;
    }
}

static void on_deadline(uv_timer_t *timer) { (void)timer; } /* it has woken the loop: on_prepare does the work */

static void drain(struct box *box)
{
    static struct heng_core_action action;
    heng_us deadline = 0;
    for (unsigned i = 0; i < ACTIONS_MAX; i++) {
        heng_core_poll(box->core, heng_clock_mono(), heng_clock_wall(), &action);
        carry_out(box, &action);
        if (action.kind != HENG_CORE_NONE) continue;
        deadline = heng_core_deadline(box->core);
        if (box->stopping || !heng_lines_go_on(box->lines)) break;
        deadline = 0;
    }
    if (box->stopping || deadline == HENG_US_NEVER) {
        uv_timer_stop(&box->deadline);
        return;
    }
    heng_us wait_us = deadline - heng_clock_mono();
    uv_update_time(&box->loop);
    uv_timer_start(&box->deadline, on_deadline, wait_us > 0 ? (uint64_t)(wait_us / HENG_US_PER_MS + 1) : 0, 0);
}

static void on_prepare(uv_prepare_t *prepare) { drain(prepare->data); }

/* --- once a second ---------------------------------------------------------------------------------------------- */

static void tell_manager(struct box *box, const struct heng_core_status *status)
{
    char text[160];
    uint64_t queued = status->last > status->acked ? status->last - status->acked : 0;
    if (box->code[0])
        snprintf(text, sizeof text, "waits to be accepted, code %s", box->code);
    else
        snprintf(text, sizeof text, "%zu lines; %.80s; %llu entries wait%s", heng_lines_count(box->lines),
                 status->uplink.text, (unsigned long long)queued, status->full ? "; the disk takes nothing" : "");
    heng_notify_status(&box->notify, text);
}

static void look_at_disk(struct box *box)
{
    struct statvfs disk;
    if (statvfs(box->options->directory, &disk) == 0)
        heng_core_disk(box->core, (uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize);
}

static void on_second(uv_timer_t *timer)
{
    struct box *box = timer->data;
    static struct heng_core_status status;
    heng_core_status_now(box->core, heng_clock_mono(), &status);
    tell_manager(box, &status);
    if (box->listener) heng_tls_listener_doubt_clock(box->listener, status.doubtful);
    if (box->seconds % DISK_S == 0) look_at_disk(box);
    if (box->seconds % RENEW_S == RENEW_FIRST_S) box_up_renew(box);
    box->seconds++;
}

/* The loop is alive, for it calls this. The core is, when what it had to do is not long overdue: a commit that hangs
 * hangs here too, and then nobody calls. */
static void on_watchdog(uv_timer_t *timer)
{
    struct box *box = timer->data;
    if (heng_core_deadline(box->core) < heng_clock_mono() - STUCK_S * HENG_US_PER_S) return;
    heng_notify_alive(&box->notify);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle)) uv_close(handle, NULL);
}

/* What the lines still have to tell is committed by heng_core_free; what is on its way up goes out, for 2 s at most. */
static void stop(struct box *box)
{
    if (box->stopping) return;
    heng_notify_stopping(&box->notify);
    heng_lines_stop(box->lines);
    box->stopping = true;
    if (box->core) drain(box);
    heng_local_stop(box->local);
    if (box->up) heng_tls_close(box->up, true);
    box->up = NULL;
    if (box->core) box_below_stop(box);
    heng_dtu_close(box->dtu);
    box->dtu = NULL;
    close_handle((uv_handle_t *)&box->prepare);
    close_handle((uv_handle_t *)&box->deadline);
    close_handle((uv_handle_t *)&box->second);
    close_handle((uv_handle_t *)&box->watchdog);
    close_handle((uv_handle_t *)&box->interrupt);
    close_handle((uv_handle_t *)&box->terminate);
}

static void on_signal(uv_signal_t *signal, int number)
{
    heng_log(HENG_LOG_INFO, "gateway", "event=stopping signal=%d", number);
    stop(signal->data);
}

static void start_loop(struct box *box)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL); /* cannot fail for these signals */
    (void)sigaction(SIGXFSZ, &ignore, NULL); /* a limit of size is a full disk, which is survived */
    uv_loop_init(&box->loop);
    uv_prepare_init(&box->loop, &box->prepare);
    uv_timer_init(&box->loop, &box->deadline);
    uv_timer_init(&box->loop, &box->second);
    uv_timer_init(&box->loop, &box->watchdog);
    uv_signal_init(&box->loop, &box->interrupt);
    uv_signal_init(&box->loop, &box->terminate);
    box->prepare.data = box->deadline.data = box->second.data = box->watchdog.data = box;
    box->interrupt.data = box->terminate.data = box;
    uv_signal_start(&box->interrupt, on_signal, SIGINT);
    uv_signal_start(&box->terminate, on_signal, SIGTERM);
    box->loop_runs = true;
}

/* NAME of /etc/os-release: what runs below us. */
static void read_firmware(char ret[static 48])
{
    FILE *file = fopen("/etc/os-release", "re");
    char line[200];
    ret[0] = '\0';
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "PRETTY_NAME=", 12) != 0) continue;
        size_t n = strcspn(line + 12, "\n");
        const char *from = line + 12;
        if (n >= 2 && from[0] == '"') {
            from++;
            n -= 2;
        }
        snprintf(ret, 48, "%.*s", (int)(n < 47 ? n : 47), from);
    }
    if (file) (void)fclose(file); /* nothing was written */
}

static heng_rc make_directory(const char *directory, struct heng_err *err)
{
    if (mkdir(directory, 0700) == 0 || errno == EEXIST) return HENG_OK;
    return heng_fail(err, errno == EACCES || errno == EPERM ? HENG_EDENIED : HENG_EIO, 0,
                     "cannot make the folder '%.80s': %s", directory, strerror(errno));
}

static heng_rc start_core(struct box *box, struct heng_err *err)
{
    const struct gateway_options *o = box->options;
    char journal[512];
    struct heng_core_config config = {.journal = journal,
                                      .limits = {.bytes_max = (int64_t)o->journal_mb * MB},
                                      .commit_ms = o->commit_ms,
                                      .servers = o->server_count ? o->server_count : 1,
                                      .enrolled = box->facts.enrolled,
                                      .built_us = released_us};
    if (snprintf(journal, sizeof journal, "%s/journal.db", o->directory) >= (int)sizeof journal)
        return heng_fail(err, HENG_ELIMIT, 0, "the name of the folder is too long");
    snprintf(config.software, sizeof config.software, "heng-gateway %s", HENG_VERSION);
    read_firmware(config.firmware);
    memcpy(box->facts.firmware, config.firmware, sizeof box->facts.firmware);
    config.enrol.request = heng_slice_of(box->request, box->request_n);
    snprintf(config.enrol.name, sizeof config.enrol.name, "%s", o->name);
    snprintf(config.enrol.serial, sizeof config.enrol.serial, "%s", o->serial);
    memcpy(config.enrol.software, config.software, sizeof config.enrol.software);
    heng_rc rc = heng_random(&config.seed, sizeof config.seed, err);
    return rc == HENG_OK ? heng_core_new(&config, heng_clock_mono(), heng_clock_wall(), &box->core, err) : rc;
}

static heng_rc start(struct box *box, struct heng_err *err)
{
    char host[128], port[8];
    const struct gateway_options *o = box->options;
    heng_rc rc = box_identity_open(box, err);
    if (rc == HENG_OK) rc = start_core(box, err);
    if (rc == HENG_OK && o->dtu_listen) {
        rc = heng_endpoint_split(o->dtu_listen, host, sizeof host, port, sizeof port, err);
        if (rc == HENG_OK) rc = heng_dtu_listen(&box->loop, host, (uint16_t)strtoul(port, NULL, 10), &box->dtu, err);
    }
    if (rc == HENG_OK) rc = heng_lines_new(&box->loop, box->core, box->dtu, &box->lines, err);
    if (rc != HENG_OK) return rc;
    heng_lines_watch(box->lines, o->watch_s * HENG_US_PER_S);
    box->local_config = (struct heng_local_config){.loop = &box->loop,
                                                   .core = box->core,
                                                   .lines = box->lines,
                                                   .facts = &box->facts,
                                                   .directory = o->directory,
                                                   .path = o->local,
                                                   .console = o->console};
    rc = heng_local_open(&box->local_config, &box->local, err);
    return rc == HENG_OK ? box_below_listen(box, err) : rc;
}

static void run(struct box *box)
{
    uv_prepare_start(&box->prepare, on_prepare);
    uv_timer_start(&box->second, on_second, 1000, 1000);
    heng_notify_init(&box->notify);
    uint64_t watchdog_ms = (uint64_t)(box->notify.watchdog_us / HENG_US_PER_MS);
    if (watchdog_ms) uv_timer_start(&box->watchdog, on_watchdog, watchdog_ms, watchdog_ms);
    drain(box); /* the configuration of the journal is in force before anybody hears that we are ready */
    heng_notify_ready(&box->notify);
    heng_log(HENG_LOG_INFO, "gateway", "event=started name='%s' enrolled=%d lines=%zu", box->facts.name,
             box->facts.enrolled, heng_lines_count(box->lines));
    uv_run(&box->loop, UV_RUN_DEFAULT);
}

/* The box is small. A conversation with a meter has room for its largest answer, 80 kB, of which a hundredth is used:
 * as a mapping of its own it costs what is used, and all of it is given back at its end. */
static void spare_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* what they cannot do costs memory only */
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

heng_rc heng_box_run(const struct gateway_options *options, struct heng_err *err)
{
    struct box *box = calloc(1, sizeof *box);
    if (!box) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    box->options = options;
    box->notify.fd = -1;
    spare_memory();
    heng_local_keep_log();
    heng_rc rc = make_directory(options->directory, err);
    if (rc == HENG_OK) {
        start_loop(box);
        rc = start(box, err);
        if (rc == HENG_OK) run(box);
        stop(box);
        uv_run(&box->loop, UV_RUN_DEFAULT);
        heng_local_free(box->local);
        heng_lines_free(box->lines);
        heng_core_free(box->core, rc == HENG_OK);
        heng_identity_free(box->identity);
        uv_loop_close(&box->loop);
    }
    heng_notify_fini(&box->notify);
    free(box);
    return rc;
}
