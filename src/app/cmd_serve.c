/* heng serve: wires the rooms together. The lines run on one libuv loop; a writer thread owns the database;
 * the HTTP server has its own threads and read connections. */
#include "app/cmd_serve.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "api/server.h"
#include "app/options.h"
#include "app/site_profiles.h"
#include "app/writer.h"
#include "base/log.h"
#include "flow/site.h"
#include "line/line.h"
#include "link/link.h"

#ifdef HENG_WEB_EMBEDDED
#include "api/web_files.h"
#endif

static const char command[] = "serve";

/* While the writer's queue is full the lines look again this often. */
enum { FULL_PAUSE_MS = 100, PUMP_STEPS_MAX = 1000 };

/* File descriptors beside those of the lines: database, console, DTUs that have not said who they are. */
enum { OTHER_FILES = 1600 };

struct running_line {
    struct serving *serving;
    struct heng_line *line;
    struct heng_link *link;
    uv_timer_t timer;
    bool pumping;
    heng_us last_answer_us; /* wall clock, 0: none since it was told */
    struct heng_line_counters told;
};

struct serving {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    struct heng_api *api;
    struct heng_writer *writer;
    struct heng_dtu_listener *dtu;
    struct running_line *lines;
    size_t line_count;
    struct heng_profiles profiles;
};

struct serve_options {
    const char *data, *listen, *dtu_listen, *web_root, *profiles;
};

/* --- a line and its link -------------------------------------------------------------------------------- */

static heng_us to_wall(heng_us mono) { return heng_clock_wall() - (heng_clock_mono() - mono); }

static void put(struct running_line *running, const struct heng_fact *fact)
{
    if (heng_writer_put(running->serving->writer, fact) != HENG_OK)
        heng_log(HENG_LOG_ERROR, "line", "event=fact_lost line='%s'", heng_line_config(running->line)->name);
}

/* Why a meter was not read, unless the whole line is to blame, which is told once; and what a good read lacks. */
static void log_read(const struct heng_line *line, const struct heng_read *read)
{
    bool good = read->outcome == HENG_OUTCOME_OK;
    bool of_line = read->outcome == HENG_OUTCOME_DISCONNECTED ||
                   (read->outcome == HENG_OUTCOME_SILENCE && heng_line_state_now(line) == HENG_LINE_STATE_SILENT);
    if (of_line || (good && !read->why[0])) return;
    heng_log(good ? HENG_LOG_DEBUG : HENG_LOG_WARN, "line",
             "event=%s line='%s' meter=%lld outcome=%s tries=%u why='%s'", good ? "not_all_read" : "read_failed",
             heng_line_config(line)->name, (long long)read->device_id, heng_outcome_text(read->outcome), read->tries,
             read->why);
}

static void put_read(struct running_line *running, const struct heng_read *read)
{
    static struct heng_read stamped; /* 80 kB, and only the loop's thread comes here */
    stamped = *read;
    stamped.at_us = to_wall(read->at_us);
    for (unsigned i = 0; i < stamped.frame_count; i++) stamped.frames[i].at_us = to_wall(read->frames[i].at_us);
    if (stamped.outcome == HENG_OUTCOME_OK) running->last_answer_us = stamped.at_us;
    put(running, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &stamped});
    log_read(running->line, read);
}

static void put_status(struct running_line *running, bool changed)
{
    const struct heng_line *line = running->line;
    const struct heng_line_counters *now = heng_line_counters_now(line);
    struct heng_line_fact fact = {
        .line_id = heng_line_config(line)->id,
        .at_us = to_wall(changed ? heng_line_since(line) : heng_clock_mono()),
        .state = heng_line_state_now(line),
        .last_answer_us = running->last_answer_us,
    };
    snprintf(fact.detail, sizeof fact.detail, "%s", heng_line_detail(line));
#define X(field) fact.counters.field = now->field - running->told.field;
    HENG_LINE_COUNTER_LIST(X)
#undef X
    running->told = *now;
    running->last_answer_us = 0;
    put(running, &(struct heng_fact){.kind = HENG_FACT_LINE, .line = &fact});
    if (changed && (fact.state == HENG_LINE_STATE_DOWN || fact.state == HENG_LINE_STATE_SILENT))
        heng_log(HENG_LOG_WARN, "line", "event=%s line='%s' why='%s'", heng_line_state_text(fact.state),
                 heng_line_config(line)->name, fact.detail);
}

static void pump(struct running_line *running);

static void on_timer(uv_timer_t *timer) { pump(timer->data); }

/* Carry out what the line wants now, then sleep until it wants something again. */
static void pump(struct running_line *running)
{
    if (running->pumping) return; /* a link may report its end while we hand it bytes */
    running->pumping = true;
    heng_us wait_us = 0;
    for (unsigned step = 0; step < PUMP_STEPS_MAX; step++) {
        if (!heng_writer_has_room(running->serving->writer)) {
            wait_us = FULL_PAUSE_MS * HENG_US_PER_MS;
            break;
        }
        struct heng_line_action action;
        heng_line_poll(running->line, heng_clock_mono(), &action);
        if (action.kind == HENG_LINE_SEND) heng_link_send(running->link, action.bytes);
        if (action.kind == HENG_LINE_RESULT) put_read(running, action.read);
        if (action.kind == HENG_LINE_STATUS) put_status(running, action.changed);
        heng_us deadline = heng_line_deadline(running->line);
        if (action.kind == HENG_LINE_NONE && deadline == HENG_US_NEVER) {
            running->pumping = false;
            return;
        }
        wait_us = deadline - heng_clock_mono();
        if (action.kind == HENG_LINE_NONE && wait_us > 0) break;
    }
    running->pumping = false;
    uint64_t wait_ms = wait_us > 0 ? (uint64_t)(wait_us / HENG_US_PER_MS + 1) : 0;
    uv_update_time(&running->serving->loop);
    uv_timer_start(&running->timer, on_timer, wait_ms, 0);
}

static void on_opened(void *owner)
{
    struct running_line *running = owner;
    heng_log(HENG_LOG_INFO, "line", "event=connected line='%s'", heng_line_config(running->line)->name);
    heng_line_opened(running->line, heng_clock_mono());
    pump(running);
}

static void on_closed(void *owner, const char *why)
{
    struct running_line *running = owner;
    heng_line_closed(running->line, heng_clock_mono(), why);
    pump(running);
}

static void on_bytes(void *owner, struct heng_slice bytes)
{
    struct running_line *running = owner;
    heng_line_feed(running->line, heng_clock_mono(), bytes);
    pump(running);
}

static heng_rc start_line(struct serving *serving, struct running_line *running, const struct heng_line_config *config,
                          const struct heng_meter_config *meters, size_t meter_count, struct heng_err *err)
{
    running->serving = serving;
    heng_rc rc = heng_line_new(config, meters, meter_count, &running->line, err);
    if (rc != HENG_OK) return rc;
    uv_timer_init(&serving->loop, &running->timer);
    running->timer.data = running;
    struct heng_link_events events = {running, on_opened, on_closed, on_bytes};
    rc = heng_link_open(&serving->loop, serving->dtu, config, events, &running->link, err);
    if (rc != HENG_OK) {
        heng_line_closed(running->line, heng_clock_mono(), err->text);
        pump(running);
    }
    return rc;
}

/* --- life ------------------------------------------------------------------------------------------------- */

static void on_timer_closed(uv_handle_t *handle) { (void)handle; }

static void stop(struct serving *serving)
{
    for (size_t i = 0; i < serving->line_count; i++) {
        struct running_line *running = &serving->lines[i];
        heng_link_close(running->link);
        running->link = NULL;
        if (running->line && !uv_is_closing((uv_handle_t *)&running->timer))
            uv_close((uv_handle_t *)&running->timer, on_timer_closed);
    }
    heng_dtu_close(serving->dtu);
    serving->dtu = NULL;
    if (!uv_is_closing((uv_handle_t *)&serving->interrupt)) uv_close((uv_handle_t *)&serving->interrupt, NULL);
    if (!uv_is_closing((uv_handle_t *)&serving->terminate)) uv_close((uv_handle_t *)&serving->terminate, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
    heng_log(HENG_LOG_INFO, "serve", "event=stopping signal=%d", number);
    stop(signal->data);
}

/* Debian's soft limit is 1024 files; the hard one is ours to use. */
static void raise_file_limit(struct serving *serving, size_t line_count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* what it could not raise shows in the next line */
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= line_count + OTHER_FILES) return;
    char text[160];
    snprintf(text, sizeof text,
             "%zu lines need %zu open files and the system allows %llu: raise the limit (ulimit -n, LimitNOFILE)",
             line_count, line_count + OTHER_FILES, (unsigned long long)limit.rlim_cur);
    heng_log(HENG_LOG_WARN, "serve", "event=file_limit why='%s'", text);
    heng_api_set_health(serving->api, HENG_HEALTH_LINES, text);
}

/* A profile may have gone since the import. Then the meter is read without one; what cannot be read so, most of all a
 * Modbus meter, is left out, and must not keep the others of its line from being read. Returns how many are left. */
static size_t keep_askable(struct serving *serving, struct heng_meter_config *meters, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct heng_err why = {.text = ""};
        if (meters[i].profile_name[0] && !meters[i].profile)
            heng_log(HENG_LOG_WARN, "line", "event=no_profile meter=%s profile='%s'", meters[i].number,
                     meters[i].profile_name);
        if (heng_meter_check(&meters[i], &why) == HENG_OK) {
            meters[kept++] = meters[i];
            continue;
        }
        heng_log(HENG_LOG_ERROR, "line", "event=cannot_ask meter=%s why='%s'", meters[i].number, why.text);
        heng_api_set_health(serving->api, HENG_HEALTH_LINES, why.text);
    }
    return kept;
}

static heng_rc start_lines(struct serving *serving, const char *database, struct heng_err *err)
{
    struct heng_site_lines site = {0};
    struct heng_store_reader *reader = NULL;
    heng_rc rc = heng_store_reader_open(database, &reader, err);
    if (rc == HENG_OK) rc = heng_site_load_lines(reader, &serving->profiles, &site, err);
    heng_store_reader_close(reader);
    if (rc != HENG_OK) return rc;
    serving->lines = calloc(site.line_count ? site.line_count : 1, sizeof *serving->lines);
    if (!serving->lines) rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu lines", site.line_count);
    raise_file_limit(serving, site.line_count);
    for (size_t i = 0; rc == HENG_OK && i < site.line_count; i++) {
        struct heng_err why = {.text = ""};
        struct heng_meter_config *meters = &site.meters[site.first[i]];
        size_t count = keep_askable(serving, meters, site.first[i + 1] - site.first[i]);
        serving->line_count = i + 1;
        /* One line that cannot run must not keep the others from being read. */
        if (start_line(serving, &serving->lines[i], &site.lines[i], meters, count, &why) != HENG_OK) {
            heng_log(HENG_LOG_ERROR, "line", "event=cannot_run line='%s' why='%s'", site.lines[i].name, why.text);
            heng_api_set_health(serving->api, HENG_HEALTH_LINES, why.text);
        }
    }
    heng_log(HENG_LOG_INFO, "serve", "event=started lines=%zu meters=%zu", site.line_count, site.meter_count);
    if (rc == HENG_OK && site.line_count == 0)
        puts("no lines yet: describe the site in a file and run 'heng import' (README.md, \"Your own meters\")");
    heng_site_lines_fini(&site);
    return rc;
}

static void on_walk_close(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static heng_rc serve(const struct serve_options *options, const char *host, uint16_t port, const char *dtu_host,
                     uint16_t dtu_port, struct heng_err *err)
{
    static struct serving serving;
    struct heng_store *store = NULL;
    char database[DATA_PATH_MAX];
    heng_rc rc = heng_site_profiles_read(options->profiles, &serving.profiles, err);
    if (rc == HENG_OK) rc = heng_data_open(options->data, database, &store, err);
    if (rc != HENG_OK) {
        heng_profiles_fini(&serving.profiles);
        return rc;
    }

    uv_loop_init(&serving.loop);
    uv_signal_init(&serving.loop, &serving.interrupt);
    uv_signal_init(&serving.loop, &serving.terminate);
    serving.interrupt.data = serving.terminate.data = &serving;
    uv_signal_start(&serving.interrupt, on_signal, SIGINT);
    uv_signal_start(&serving.terminate, on_signal, SIGTERM);

    struct heng_api_options api = {.address = host,
                                   .port = port,
                                   .database = database,
                                   .profiles = &serving.profiles,
                                   .web_root = options->web_root};
#ifdef HENG_WEB_EMBEDDED
    api.files = heng_web_files;
    api.file_count = heng_web_file_count;
#endif
    rc = heng_api_start(&api, &serving.api, err);
    if (rc == HENG_OK) rc = heng_writer_start(store, database, serving.api, &serving.writer, err);
    if (rc == HENG_OK) store = NULL; /* the writer's now */
    if (rc == HENG_OK && dtu_host[0]) rc = heng_dtu_listen(&serving.loop, dtu_host, dtu_port, &serving.dtu, err);
    if (rc == HENG_OK) rc = start_lines(&serving, database, err);
    if (rc == HENG_OK) {
        printf("console: http://%s%s%s:%u/\n", strchr(host, ':') ? "[" : "", host, strchr(host, ':') ? "]" : "",
               heng_api_port(serving.api));
        fflush(stdout);
        uv_run(&serving.loop, UV_RUN_DEFAULT);
    }

    stop(&serving);
    uv_walk(&serving.loop, on_walk_close, NULL);
    uv_run(&serving.loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < serving.line_count; i++) heng_line_free(serving.lines[i].line);
    free(serving.lines);
    heng_writer_stop(serving.writer); /* before the API: it still publishes what it stores */
    heng_api_stop(serving.api);
    heng_store_close(store);
    heng_profiles_fini(&serving.profiles);
    uv_loop_close(&serving.loop);
    return rc;
}

static void print_help(void)
{
    puts("usage: heng serve [OPTION...]\n\n"
         "  --data DIR              where the database is (default: data)\n"
         "  --listen HOST:PORT      address of the console, loopback only (default: 127.0.0.1:8080)\n"
         "  --dtu-listen HOST:PORT  where DTUs dial in (default: 127.0.0.1:10002; 'off' for none)\n"
         "  --profiles DIR          meter models of a site (*.json) besides the built-in ones\n"
         "  --web-root DIR          read the console's files from DIR instead of the built-in ones\n"
         "  --verbose               log more\n\n"
         "Stops cleanly on SIGINT and SIGTERM. Logs to standard error.");
}

static heng_rc split(const char *option, const char *endpoint, char *ret_host, size_t cap, uint16_t *ret_port,
                     struct heng_err *err)
{
    char port[8];
    heng_rc rc = heng_endpoint_split(endpoint, ret_host, cap, port, sizeof port, NULL);
    if (rc != HENG_OK)
        return heng_fail(err, rc, 0, "%s '%.60s' is not an address: write host:port, such as 127.0.0.1:8080", option,
                         endpoint);
    *ret_port = (uint16_t)strtoul(port, NULL, 10);
    return HENG_OK;
}

int heng_cmd_serve(int argc, char **argv)
{
    static const struct option long_options[] = {{"data", required_argument, NULL, 'd'},
                                                 {"listen", required_argument, NULL, 'l'},
                                                 {"dtu-listen", required_argument, NULL, 'u'},
                                                 {"profiles", required_argument, NULL, 'p'},
                                                 {"web-root", required_argument, NULL, 'w'},
                                                 {"verbose", no_argument, NULL, 'v'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    struct serve_options options = {.data = "data", .listen = "127.0.0.1:8080", .dtu_listen = "127.0.0.1:10002"};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "+:", long_options, NULL)) != -1) {
        switch (option) {
        case 'd': options.data = optarg; break;
        case 'l': options.listen = optarg; break;
        case 'u': options.dtu_listen = optarg; break;
        case 'p': options.profiles = optarg; break;
        case 'w': options.web_root = optarg; break;
        case 'v': heng_log_set_level(HENG_LOG_DEBUG); break;
        case 'h': print_help(); return EXIT_SUCCESS;
        default: return heng_option_error(command, option, argv);
        }
    }
    if (optind != argc) return heng_usage_error(command, "'%s' is one word too many", argv[optind]);

    struct heng_err err = {.text = ""};
    char host[64], dtu_host[64] = "";
    uint16_t port = 0, dtu_port = 0;
    if (split("--listen", options.listen, host, sizeof host, &port, &err) != HENG_OK ||
        (strcmp(options.dtu_listen, "off") != 0 &&
         split("--dtu-listen", options.dtu_listen, dtu_host, sizeof dtu_host, &dtu_port, &err) != HENG_OK)) {
        fprintf(stderr, "heng serve: %s\n", err.text);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    if (serve(&options, host, port, dtu_host, dtu_port, &err) != HENG_OK) return heng_failure(command, &err);
    return EXIT_SUCCESS;
}
