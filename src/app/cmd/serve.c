/* heng serve: wires the rooms together. The lines run on one libuv loop; a writer thread owns the database;
 * the HTTP server has its own threads and read connections. */
#include "app/cmd/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "api/server.h"
#include "app/options.h"
#include "app/site/money.h"
#include "app/site/profiles.h"
#include "app/site/reload.h"
#include "app/site/seal.h"
#include "app/site/uplink.h"
#include "app/site/usage.h"
#include "base/log.h"
#include "paper/pdf.h"
#include "run/options.h"

#ifdef HENG_WEB_EMBEDDED
#include "api/web_files.h"
#endif

static const char command[] = "serve";
#define UPLINK_LISTEN "127.0.0.1:7400"

/* File descriptors beside those of the lines: database, console, DTUs that have not said who they are, strangers on the
 * uplink. */
enum { OTHER_FILES = 1700 };

struct serving {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    struct heng_api *api;
    struct heng_profiles profiles;
    struct heng_site_keys *keys;
    struct site_run site;
    struct site_usage usage;
    struct site_money *money;
    struct site_seal seal;
};

struct serve_options {
    const char *data, *listen, *dtu_listen, *uplink_listen; /* uplink_listen NULL: nobody has said */
    const char *web_root, *profiles, *keys;
    char host[64], dtu_host[64], uplink_host[64], pki[DATA_PATH_MAX + 8];
    uint16_t port, dtu_port, uplink_port;
};

static void tell_trouble(void *owner, const char *why)
{
    struct serving *serving = owner;
    heng_api_set_health(serving->api, HENG_HEALTH_LINES, why);
}

/* --- life ------------------------------------------------------------------------------------------------- */

static void stop(struct serving *serving)
{
    site_wishes_stop(serving->site.wishes);
    site_uplink_stop(serving->site.uplink);
    site_run_stop(&serving->site);
    heng_dtu_close(serving->site.dtu);
    serving->site.dtu = NULL;
    if (!uv_is_closing((uv_handle_t *)&serving->interrupt)) uv_close((uv_handle_t *)&serving->interrupt, NULL);
    if (!uv_is_closing((uv_handle_t *)&serving->terminate)) uv_close((uv_handle_t *)&serving->terminate, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
    heng_log(HENG_LOG_INFO, "serve", "event=stopping signal=%d", number);
    stop(signal->data);
}

/* Debian's soft limit is 1024 files; the hard one is ours to use. */
static void raise_file_limit(struct serving *serving)
{
    size_t line_count = serving->site.line_count, gateways = site_uplink_gateways(serving->site.uplink);
    size_t files = line_count + gateways + OTHER_FILES;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    if (limit.rlim_cur >= files) return;
    char text[160];
    snprintf(text, sizeof text,
             "%zu lines and %zu gateways need %zu open files and the system allows %llu: raise the limit (ulimit -n, "
             "LimitNOFILE)",
             line_count, gateways, files, (unsigned long long)limit.rlim_cur);
    heng_log(HENG_LOG_WARN, "serve", "event=file_limit why='%s'", text);
    tell_trouble(serving, text);
}

static void use_all_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* what it could not raise shows in raise_file_limit */
}

static void on_walk_close(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void start_loop(struct serving *serving)
{
    uv_loop_init(&serving->loop);
    uv_signal_init(&serving->loop, &serving->interrupt);
    uv_signal_init(&serving->loop, &serving->terminate);
    serving->interrupt.data = serving->terminate.data = serving;
    uv_signal_start(&serving->interrupt, on_signal, SIGINT);
    uv_signal_start(&serving->terminate, on_signal, SIGTERM);
}

static void on_stored(void *owner, void *token, const struct heng_fact *fact)
{
    struct site_run *site = owner;
    if (site_uplink_owns(fact))
        site_uplink_stored(site->uplink, token, fact);
    else
        site_wishes_stored(site->wishes, token, fact);
}

static void on_live(void *owner, struct heng_live *live, size_t count)
{
    struct site_run *site = owner;
    site_wishes_live(site->wishes, live, count);
}

/* What people change may be money. */
static heng_rc change(void *owner, heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err), void *ctx,
                      struct heng_err *err)
{
    struct serving *serving = owner;
    heng_rc rc = site_write(&serving->site.writer, run, ctx, err);
    if (rc == HENG_OK) site_money_wake(serving->money);
    return rc;
}

/* Desk, API, writer, DTUs, lines, uplink, in this order: each needs those before it. *store becomes the writer's. */
static heng_rc start(struct serving *serving, const struct serve_options *options, const char *database,
                     struct heng_store **store, struct heng_err *err)
{
    struct site_run *site = &serving->site;
    struct heng_api_options api = {.address = options->host,
                                   .port = options->port,
                                   .database = database,
                                   .profiles = &serving->profiles,
                                   .web_root = options->web_root};
#ifdef HENG_WEB_EMBEDDED
    api.files = heng_web_files;
    api.file_count = heng_web_file_count;
#endif
    struct site_uplink_options uplink = {.host = options->uplink_host,
                                         .port = options->uplink_port,
                                         .if_gateways = !options->uplink_listen,
                                         .directory = options->pki,
                                         .database = database,
                                         .profiles = &serving->profiles};
    heng_rc rc = site_uplink_new(site, &uplink, &site->uplink, err);
    if (rc == HENG_OK) rc = heng_orders_recover(*store, heng_clock_wall(), err);
    if (rc == HENG_OK) rc = site_wishes_new(site, database, &serving->profiles, serving->keys, &site->wishes, err);
    if (rc == HENG_OK) rc = site_money_new(&site->writer, site_wishes_desk(site->wishes), &serving->money, err);
    if (rc != HENG_OK) return rc;
    api.desk = site_wishes_desk(site->wishes);
    api.write = change;
    api.write_owner = serving;
    api.archive_changed = site_reload_changed;
    api.archive_owner = site;
    api.spool = options->data;
    rc = heng_api_start(&api, &serving->api, err);
    struct heng_writer_events events = {site, on_stored, on_live};
    if (rc == HENG_OK)
        rc = heng_writer_start(*store, database, serving->api, &serving->profiles, events, &site->writer, err);
    if (rc == HENG_OK) *store = NULL;
    if (rc == HENG_OK) rc = site_usage_start(&serving->usage, &serving->loop, site->writer, err);
    if (rc == HENG_OK) rc = site_money_start(serving->money, err);
    if (rc == HENG_OK) rc = site_seal_start(&serving->seal, &serving->loop, site->writer, options->data, err);
    if (rc == HENG_OK && options->dtu_host[0])
        rc = heng_dtu_listen(&serving->loop, options->dtu_host, options->dtu_port, &site->dtu, err);
    if (rc == HENG_OK) rc = site_run_start(site, database, &serving->profiles, tell_trouble, serving, err);
    return rc == HENG_OK ? site_uplink_start(site->uplink, err) : rc;
}

static void print_address(const char *what, const char *host, uint16_t port, const char *end)
{
    printf("%s%s%s%s:%u%s\n", what, strchr(host, ':') ? "[" : "", host, strchr(host, ':') ? "]" : "", port, end);
}

static void run(struct serving *serving, const struct serve_options *options)
{
    const struct site_run *site = &serving->site;
    raise_file_limit(serving);
    site_wishes_resume(site->wishes);
    heng_log(HENG_LOG_INFO, "serve", "event=started lines=%zu meters=%zu", site->line_count, site->meter_count);
    if (site->line_count == 0)
        puts("no lines yet: describe the site in a file and run 'heng import' (README.md, \"Your own meters\")");
    print_address("console: http://", options->host, heng_api_port(serving->api), "/");
    if (site_uplink_port(site->uplink))
        print_address("uplink: ", options->uplink_host, site_uplink_port(site->uplink), "");
    fflush(stdout);
    uv_run(&serving->loop, UV_RUN_DEFAULT);
}

static heng_rc serve(const struct serve_options *options, struct heng_err *err)
{
    static struct serving serving;
    struct heng_store *store = NULL;
    char database[DATA_PATH_MAX];
    heng_rc rc = heng_site_profiles_read(options->profiles, &serving.profiles, err);
    if (rc == HENG_OK && options->keys) rc = heng_site_keys_read(options->keys, &serving.keys, err);
    if (rc == HENG_OK) rc = heng_data_open(options->data, database, &store, err);
    if (rc == HENG_OK) {
        use_all_files();
        start_loop(&serving);
        serving.site.loop = &serving.loop;
        rc = start(&serving, options, database, &store, err);
        if (rc == HENG_OK) run(&serving, options);
        stop(&serving);
        uv_walk(&serving.loop, on_walk_close, NULL);
        uv_run(&serving.loop, UV_RUN_DEFAULT);
        site_money_stop(serving.money);
        if (serving.site.writer) site_wishes_settle(serving.site.wishes);
        heng_writer_stop(serving.site.writer); /* before the API: it still publishes what it stores */
        heng_api_stop(serving.api);
        heng_paper_end();
        site_money_free(serving.money);
        site_wishes_free(serving.site.wishes);
        site_uplink_free(serving.site.uplink);
        site_run_fini(&serving.site);
        uv_loop_close(&serving.loop);
    }
    heng_store_close(store);
    site_usage_fini(&serving.usage);
    site_seal_fini(&serving.seal);
    heng_site_keys_free(serving.keys);
    heng_profiles_fini(&serving.profiles);
    return rc;
}

static void print_help(void)
{
    puts("usage: heng serve [OPTION...]\n\n"
         "  --data DIR              where the database is (default: data)\n"
         "  --listen HOST:PORT      address of the console, loopback only (default: 127.0.0.1:8080)\n"
         "  --dtu-listen HOST:PORT  where DTUs dial in (default: 127.0.0.1:10002; 'off' for none)\n"
         "  --uplink-listen HOST:PORT\n"
         "                          where gateways dial in, with certificates; 'off' for none (default:\n"
         "                          " UPLINK_LISTEN " if the site has gateways, else off)\n"
         "  --profiles DIR          meter models of a site (*.json) besides the built-in ones\n"
         "  --keys FILE             passwords of meters for commands: lines 'NUMBER password operator', eight hex\n"
         "                          digits each, '*' for all other meters; nobody else may read FILE (chmod 600)\n"
         "  --web-root DIR          read the console's files from DIR instead of the built-in ones\n"
         "  --verbose               log more\n\n"
         "Stops cleanly on SIGINT and SIGTERM. Logs to standard error.");
}

/* "off": the host is "". */
static heng_rc split(const char *name, const char *given, char *ret_host, size_t cap, uint16_t *ret_port,
                     struct heng_err *err)
{
    return strcmp(given, "off") == 0 ? HENG_OK : heng_option_address(name, given, ret_host, cap, ret_port, err);
}

static heng_rc split_addresses(struct serve_options *o, struct heng_err *err)
{
    const char *uplink = o->uplink_listen ? o->uplink_listen : UPLINK_LISTEN;
    heng_rc rc = heng_option_address("listen", o->listen, o->host, sizeof o->host, &o->port, err);
    if (rc == HENG_OK) rc = split("dtu-listen", o->dtu_listen, o->dtu_host, sizeof o->dtu_host, &o->dtu_port, err);
    if (rc == HENG_OK) rc = split("uplink-listen", uplink, o->uplink_host, sizeof o->uplink_host, &o->uplink_port, err);
    return rc;
}

int heng_cmd_serve(int argc, char **argv)
{
    struct serve_options o = {.data = "data", .listen = "127.0.0.1:8080", .dtu_listen = "127.0.0.1:10002"};
    bool verbose = false, help = false;
    const struct heng_option words[] = {
        {"data", .text = &o.data},
        {"listen", .text = &o.listen},
        {"dtu-listen", .text = &o.dtu_listen},
        {"uplink-listen", .text = &o.uplink_listen},
        {"profiles", .text = &o.profiles},
        {"keys", .text = &o.keys},
        {"web-root", .text = &o.web_root},
        {"verbose", .flag = &verbose},
        {"help", .flag = &help},
    };
    struct heng_err err = {.text = ""};
    if (heng_options_read(argc, argv, words, sizeof words / sizeof words[0], &err) != HENG_OK)
        return heng_usage_error(command, "%s", err.text);
    if (help) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (verbose) heng_log_set_level(HENG_LOG_DEBUG);
    if (split_addresses(&o, &err) != HENG_OK) {
        fprintf(stderr, "heng serve: %s\n", err.text);
        return EXIT_USAGE;
    }
    snprintf(o.pki, sizeof o.pki, "%s/pki", o.data);
    signal(SIGPIPE, SIG_IGN);
    if (serve(&o, &err) != HENG_OK) return heng_failure(command, &err);
    return EXIT_SUCCESS;
}
