/* Many gateways in one process: the client of the uplink and TLS as heng-gateway has them, a journal that is only
 * thought of (made_reads.h) instead of a disk and lines.
 *
 * Usage: gateway_fleet --server HOST:PORT --papers FOLDER --list FILE [--values N] [--frame BYTES] [--spread MS]
 *                      [--meters-per-line N] [--past SECONDS] [--step US]
 * papers: as gateway_papers made them. list: one gateway a line: id, first line, first meter, number of meters.
 * spread: the first dialling of all is spread over so long. past: how long ago entry 0 was made; step: from one entry
 * to the next.
 *
 * stdin: "push N" gives each gateway N more entries; "stat"; the end of it ends the program.
 * stdout: "connected SECONDS" when all are welcomed for the first time, "done SECONDS ENTRIES IN OUT" when everything
 * that was pushed is acknowledged (bytes on the wire, TLS included, since that push), and
 * "stat CONNECTED ACKED IN OUT PINGS CONFIGS CLOSED WHY" when asked. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "bench/made_reads.h"
#include "link/tls.h"
#include "uplink/client.h"

enum { TICK_MS = 50, LIVE_ENTRIES = 64, BODIES = 1024 * 1024 };

struct gateway {
    struct made_journal journal;
    struct heng_client *client;
    struct heng_tls *tls;
    int64_t id;
    uint64_t last, acked, config_version;
    heng_us start_us; /* not dialled before */
    bool started, welcomed, was_welcomed, pumping;
};

static struct options {
    const char *server, *papers, *list;
    uint32_t values, frame_bytes, meters_per_line;
    heng_us spread_us, past_us, step_us;
} options = {.values = 10, .frame_bytes = 90, .meters_per_line = 64, .past_us = 21600 * HENG_US_PER_S, .step_us = 1000};

static uv_loop_t loop;
static struct gateway *gateways;
static size_t gateway_count, ever_welcomed;
static heng_us begun_us, pushed_us;
static uint64_t total, acked, acked_before, pings, configs, closed_count, closed_in, closed_out, in_before, out_before;
static bool pushing;
static char last_why[160], authority_file[512], key_file[512], command[256];
static size_t command_n;

static void die(const char *what)
{
    fprintf(stderr, "gateway_fleet: %s\n", what);
    exit(1);
}

static void traffic(uint64_t *ret_in, uint64_t *ret_out)
{
    *ret_in = closed_in;
    *ret_out = closed_out;
    for (size_t i = 0; i < gateway_count; i++) {
        uint64_t in = 0, out = 0;
        if (gateways[i].tls) heng_tls_traffic(gateways[i].tls, &in, &out);
        *ret_in += in;
        *ret_out += out;
    }
}

/* --- one gateway ------------------------------------------------------------------------------------------------ */

static void pump(struct gateway *g);

static void forget_connection(struct gateway *g)
{
    uint64_t in = 0, out = 0;
    heng_tls_traffic(g->tls, &in, &out);
    closed_in += in;
    closed_out += out;
    g->tls = NULL;
    g->welcomed = false;
}

static void on_opened(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct gateway *g = owner;
    (void)tls;
    (void)peer;
    heng_client_connected(g->client, heng_clock_mono());
    pump(g);
}

static void on_bytes(void *owner, struct heng_tls *tls, struct heng_slice bytes)
{
    struct gateway *g = owner;
    (void)tls;
    heng_client_feed(g->client, heng_clock_mono(), heng_clock_wall(), bytes);
    pump(g);
}

static void on_unsent(void *owner, struct heng_tls *tls, size_t bytes)
{
    struct gateway *g = owner;
    (void)tls;
    heng_client_unsent(g->client, heng_clock_mono(), bytes);
    pump(g);
}

static void on_closed(void *owner, struct heng_tls *tls, const char *why)
{
    struct gateway *g = owner;
    (void)tls;
    forget_connection(g);
    closed_count++;
    snprintf(last_why, sizeof last_why, "%s", why);
    heng_client_closed(g->client, heng_clock_mono(), why);
    pump(g);
}

static void dial(struct gateway *g)
{
    char certificate[512];
    struct heng_err err = {.text = ""};
    struct heng_tls_events events = {g, on_opened, on_bytes, on_unsent, on_closed};
    snprintf(certificate, sizeof certificate, "%.400s/%lld.pem", options.papers, (long long)g->id);
    if (heng_tls_dial(&loop, options.server, key_file, certificate, authority_file, events, &g->tls, &err) != HENG_OK)
        die(err.text);
}

static void hang_up(struct gateway *g, const char *why)
{
    struct heng_tls *tls = g->tls;
    closed_count++;
    snprintf(last_why, sizeof last_why, "%s", why);
    if (tls) forget_connection(g);
    if (tls) heng_tls_close(tls, true);
    heng_client_closed(g->client, heng_clock_mono(), why);
}

static void send_bytes(struct gateway *g, struct heng_slice bytes)
{
    if (!g->tls) return;
    if (heng_tls_send(g->tls, bytes) != HENG_OK)
        hang_up(g, "the server takes nothing");
    else
        heng_client_unsent(g->client, heng_clock_mono(), heng_tls_unsent(g->tls));
}

static void greet(struct gateway *g)
{
    struct heng_hello hello = {.epoch = g->journal.epoch,
                               .first = 1,
                               .last = g->last,
                               .config_version = g->config_version,
                               .clock_us = heng_clock_wall(),
                               .can_order = true};
    snprintf(hello.software, sizeof hello.software, "gateway_fleet %s", HENG_VERSION);
    heng_client_hello(g->client, heng_clock_mono(), &hello);
}

static void welcome(struct gateway *g, const struct heng_welcome *said)
{
    static uint8_t bytes[HENG_ENTRY_BODY_MAX];
    struct heng_buf room = heng_buf_of(bytes, sizeof bytes);
    struct heng_entry entry;
    if (said->gateway_id != g->id) die("the server takes one gateway for another");
    if (said->resume_after > g->last) die("the server has entries that were never made");
    if (said->resume_after > 0 && said->resume_check != 0) {
        made_entry(&g->journal, said->resume_after, &room, &entry);
        if (entry.check != said->resume_check) die("the server has another history");
    }
    g->welcomed = true;
    if (g->was_welcomed) return;
    g->was_welcomed = true;
    if (++ever_welcomed == gateway_count) printf("connected %.3f\n", (double)(heng_clock_mono() - begun_us) / 1e6);
}

/* Entries from..to, as far as bytes_max of bodies goes, into static memory. */
static size_t make_entries(struct gateway *g, uint64_t from, uint64_t to, size_t bytes_max,
                           struct heng_batch_entry entries[static HENG_UPLINK_BATCH_ENTRIES_MAX])
{
    static uint8_t bytes[BODIES];
    struct heng_buf room = heng_buf_of(bytes, sizeof bytes);
    size_t n = 0;
    for (uint64_t seq = from; seq <= to && n < HENG_UPLINK_BATCH_ENTRIES_MAX && room.n < bytes_max; seq++, n++) {
        entries[n].seq = seq;
        made_entry(&g->journal, seq, &room, &entries[n].entry);
    }
    return n;
}

static void put_batch(struct gateway *g, uint64_t from, size_t bytes_max)
{
    static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    size_t n = make_entries(g, from, g->last, bytes_max, entries);
    struct heng_batch batch = {
        .epoch = g->journal.epoch, .first = from, .last = from + n - 1, .entries = entries, .entry_count = n};
    heng_client_put_batch(g->client, heng_clock_mono(), &batch);
}

static void put_live(struct gateway *g, uint64_t after, size_t bytes_max)
{
    static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    uint64_t from = g->last > LIVE_ENTRIES ? g->last - LIVE_ENTRIES + 1 : 1;
    if (from <= after) from = after + 1;
    size_t n = make_entries(g, from, g->last, bytes_max, entries);
    heng_client_put_live(g->client, heng_clock_mono(), entries, n, g->last);
}

static void take_config(struct gateway *g, uint64_t version)
{
    struct heng_down_outcome outcome = {.what = HENG_OUTCOME_OF_CONFIG, .of = (int64_t)version, .taken = true};
    g->config_version = version;
    configs++;
    (void)heng_client_outcome(g->client, heng_clock_mono(), &outcome); /* not said: it comes once more */
}

static void ping(struct gateway *g)
{
    struct heng_ping said = {
        .clock_us = heng_clock_wall(), .queued = g->last - g->acked, .config_version = g->config_version};
    pings++;
    heng_client_ping(g->client, heng_clock_mono(), &said);
}

static void take_ack(struct gateway *g, uint64_t durable)
{
    if (durable > g->last) die("the server acknowledges what was never sent");
    if (durable <= g->acked) return;
    acked += durable - g->acked;
    g->acked = durable;
}

static void act(struct gateway *g, const struct heng_client_action *action)
{
    switch (action->kind) {
    case HENG_CLIENT_CONNECT: dial(g); break;
    case HENG_CLIENT_HANG_UP: hang_up(g, action->text); break;
    case HENG_CLIENT_SEND: send_bytes(g, action->bytes); break;
    case HENG_CLIENT_HELLO: greet(g); break;
    case HENG_CLIENT_READ: put_batch(g, action->from, action->bytes_max); break;
    case HENG_CLIENT_READ_LIVE: put_live(g, action->from, action->bytes_max); break;
    case HENG_CLIENT_WELCOME: welcome(g, &action->welcome); break;
    case HENG_CLIENT_ACKED: take_ack(g, action->from); break;
    case HENG_CLIENT_CONFIG: take_config(g, action->version); break;
    case HENG_CLIENT_PING: ping(g); break;
    case HENG_CLIENT_NONE:
    case HENG_CLIENT_CLOCK:
    case HENG_CLIENT_ORDER:
    case HENG_CLIENT_CANCEL:
    case HENG_CLIENT_SEARCH:
    case HENG_CLIENT_ASK:
    case HENG_CLIENT_TUNNEL:
    case HENG_CLIENT_ENROL: break;
    }
}

static void tell_done(void)
{
    uint64_t in, out;
    if (!pushing || acked < total) return;
    pushing = false;
    traffic(&in, &out);
    printf("done %.3f %llu %llu %llu\n", (double)(heng_clock_mono() - pushed_us) / 1e6,
           (unsigned long long)(acked - acked_before), (unsigned long long)(in - in_before),
           (unsigned long long)(out - out_before));
}

static void pump(struct gateway *g)
{
    struct heng_client_action action;
    if (g->pumping || !g->started) return;
    g->pumping = true;
    do {
        heng_client_poll(g->client, heng_clock_mono(), heng_clock_wall(), &action);
        act(g, &action);
    } while (action.kind != HENG_CLIENT_NONE);
    g->pumping = false;
    tell_done();
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    heng_us now = heng_clock_mono();
    (void)timer;
    for (size_t i = 0; i < gateway_count; i++) {
        struct gateway *g = &gateways[i];
        if (!g->started && now >= g->start_us) {
            g->started = true;
            pump(g);
        } else if (g->started && heng_client_deadline(g->client) <= now) {
            pump(g);
        }
    }
}

static void push(uint64_t n)
{
    pushed_us = heng_clock_mono();
    acked_before = acked;
    traffic(&in_before, &out_before);
    total += n * gateway_count;
    pushing = true;
    for (size_t i = 0; i < gateway_count; i++) {
        gateways[i].last += n;
        heng_client_journal(gateways[i].client, pushed_us, gateways[i].journal.epoch, 1, gateways[i].last);
        pump(&gateways[i]);
    }
}

static void tell_stat(void)
{
    size_t connected = 0;
    uint64_t in, out;
    traffic(&in, &out);
    for (size_t i = 0; i < gateway_count; i++) connected += gateways[i].welcomed;
    printf("stat %zu %llu %llu %llu %llu %llu %llu %s\n", connected, (unsigned long long)acked, (unsigned long long)in,
           (unsigned long long)out, (unsigned long long)pings, (unsigned long long)configs,
           (unsigned long long)closed_count, last_why);
}

static void on_command(const char *line)
{
    if (strncmp(line, "push ", 5) == 0)
        push(strtoull(line + 5, NULL, 10));
    else if (strcmp(line, "stat") == 0)
        tell_stat();
    else
        die("push N and stat is all that it knows");
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
    static char room[256];
    (void)handle;
    (void)size;
    *ret = uv_buf_init(room, sizeof room);
}

static void on_stdin(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)stream;
    if (n < 0) _exit(0); /* thousands of connections end with the process */
    for (ssize_t i = 0; i < n; i++) {
        if (buf->base[i] != '\n') {
            if (command_n + 1 == sizeof command) die("that command is too long");
            command[command_n++] = buf->base[i];
            continue;
        }
        command[command_n] = '\0';
        command_n = 0;
        on_command(command);
    }
}

static void read_list(void)
{
    FILE *file = fopen(options.list, "re");
    size_t cap = 0;
    long long id, line, device;
    unsigned meters;
    if (!file) die("cannot read the list");
    while (fscanf(file, "%lld %lld %lld %u", &id, &line, &device, &meters) == 4) {
        if (gateway_count == cap) {
            cap = cap ? 2 * cap : 64;
            gateways = realloc(gateways, cap * sizeof *gateways);
            if (!gateways) die("out of memory");
        }
        gateways[gateway_count++] = (struct gateway){.id = id,
                                                     .journal = {.epoch = (uint64_t)(1000000 + id),
                                                                 .first_line = line,
                                                                 .first_device = device,
                                                                 .meters = meters,
                                                                 .meters_per_line = options.meters_per_line,
                                                                 .values = options.values,
                                                                 .frame_bytes = options.frame_bytes,
                                                                 .from_us = heng_clock_wall() - options.past_us,
                                                                 .step_us = options.step_us}};
    }
    (void)fclose(file); /* nothing was written */
    if (gateway_count == 0) die("the list has no gateway");
}

static void make_clients(void)
{
    struct heng_err err = {.text = ""};
    begun_us = heng_clock_mono();
    for (size_t i = 0; i < gateway_count; i++) {
        struct heng_client_config config = {.servers = 1, .enrolled = true, .seed = (uint64_t)gateways[i].id};
        gateways[i].start_us = begun_us + options.spread_us * (heng_us)i / (heng_us)gateway_count;
        if (heng_client_new(&config, gateways[i].start_us, &gateways[i].client, &err) != HENG_OK) die(err.text);
        heng_client_journal(gateways[i].client, begun_us, gateways[i].journal.epoch, 1, 0);
    }
}

static void read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"server", required_argument, NULL, 's'}, {"papers", required_argument, NULL, 'p'},
        {"list", required_argument, NULL, 'l'},   {"values", required_argument, NULL, 'v'},
        {"frame", required_argument, NULL, 'f'},  {"meters-per-line", required_argument, NULL, 'm'},
        {"spread", required_argument, NULL, 'd'}, {"past", required_argument, NULL, 'a'},
        {"step", required_argument, NULL, 't'},   {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's': options.server = optarg; break;
        case 'p': options.papers = optarg; break;
        case 'l': options.list = optarg; break;
        case 'v': options.values = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'f': options.frame_bytes = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'm': options.meters_per_line = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'd': options.spread_us = strtoll(optarg, NULL, 10) * HENG_US_PER_MS; break;
        case 'a': options.past_us = strtoll(optarg, NULL, 10) * HENG_US_PER_S; break;
        case 't': options.step_us = strtoll(optarg, NULL, 10); break;
        default: die("see the top of gateway_fleet.c");
        }
    }
    if (!options.server || !options.papers || !options.list) die("--server, --papers and --list are needed");
    if (options.values > HENG_READ_VALUES_MAX || options.frame_bytes > HENG_FRAME_BYTES_MAX ||
        options.meters_per_line == 0)
        die("that is more than a read has");
}

int main(int argc, char **argv)
{
    uv_timer_t tick;
    uv_pipe_t in;
    read_options(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    snprintf(authority_file, sizeof authority_file, "%.400s/authority.pem", options.papers);
    snprintf(key_file, sizeof key_file, "%.400s/gateway.key", options.papers);
    read_list();
    uv_loop_init(&loop);
    make_clients();
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 0, TICK_MS);
    uv_pipe_init(&loop, &in, 0);
    if (uv_pipe_open(&in, 0) != 0 || uv_read_start((uv_stream_t *)&in, on_alloc, on_stdin) != 0)
        die("it wants its commands through a pipe");
    return uv_run(&loop, UV_RUN_DEFAULT);
}
