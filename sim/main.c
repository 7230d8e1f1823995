/* heng-sim: the simulated building, or the town of a scenario. Options, the parts put together, the loop. */
#include "sim/console.h"
#include "sim/options.h"
#include "sim/town_site.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { EXIT_WRONG_USAGE = 2, WORLD_PERIOD_MS = 1000, SITE_TEXT_MAX = 512 << 20, OTHER_FILES = 64 };

/* An unfinished request is forgotten after this much real silence: TCP may cut a request anywhere, and real time is
 * what TCP lives in. */
#define REQUEST_GAP_US INT64_C(200000)

struct simulator {
    struct heng_sim_options options;
    uv_loop_t loop;
    struct heng_sim_net net;
    struct heng_sim_town town;
    struct heng_sim_fleet fleet;
    struct heng_sim_console console;
    uv_timer_t end_timer;
    uv_signal_t signals[2];

    struct heng_profiles profiles; /* of a scenario */
    struct heng_sim_scenario scenario;

    struct heng_sim_site site; /* of the built-in building */
    struct heng_sim_world world;
    struct heng_sim_line lines[HENG_SIM_LINE_COUNT];
    uv_timer_t world_timer;
};

/* --- the description of the site ----------------------------------------------------------------------- */

static heng_rc print_site(const struct simulator *s, struct heng_err *err)
{
    const struct heng_sim_options *o = &s->options;
    struct heng_str out = {.max = SITE_TEXT_MAX};
    const struct heng_sim_endpoints ends = {
        .mbus_port = o->mbus_port,
        .power_port = o->power_port,
        .registration = o->registration,
        .heartbeat = o->heartbeat,
        .baud = o->baud,
        .period_s = o->period_s,
        .gateway = o->gateway,
    };
    heng_rc rc = HENG_OK;
    if (o->scenario)
        rc = heng_sim_town_site_print(&s->scenario, o->first_port, &out, err);
    else
        heng_sim_site_print(&s->site, &ends, &out);
    if (rc == HENG_OK && (out.rc != HENG_OK || puts(out.text) == EOF || fflush(stdout) != 0))
        rc = heng_fail(err, HENG_EIO, 0, "cannot write the site to standard output");
    heng_str_fini(&out);
    return rc;
}

/* --- the built-in building ----------------------------------------------------------------------------- */

/* Keeps the world up to date while nobody asks. */
static void on_world_timer(uv_timer_t *timer)
{
    struct simulator *s = timer->data;
    heng_sim_world_advance(&s->world, heng_sim_clock_now(&s->net.clock));
}

static void build_house(struct simulator *s, heng_us start_us)
{
    const struct heng_sim_options *o = &s->options;
    heng_sim_world_init(&s->world, &s->site, o->seed, start_us);
    s->net.clock = (struct heng_sim_clock){start_us, heng_clock_mono(), o->speed};
    for (heng_sim_line_id id = 0; id < HENG_SIM_LINE_COUNT; id++) {
        const struct heng_sim_line_settings settings = {
            .baud = o->baud,
            .noise_ppm = id == HENG_SIM_LINE_WATER ? o->noise_ppm : 0,
            .gap_us = REQUEST_GAP_US * o->speed,
            .seed = o->seed,
        };
        heng_sim_line_init(&s->lines[id], id, &settings, &s->site, &s->world);
    }
    uv_timer_init(&s->loop, &s->world_timer);
    s->world_timer.data = s;
    uv_timer_start(&s->world_timer, on_world_timer, WORLD_PERIOD_MS, WORLD_PERIOD_MS);
}

static heng_rc open_house(struct simulator *s, struct heng_err *err)
{
    const struct heng_sim_options *o = &s->options;
    struct heng_sim_outlet_settings settings[HENG_SIM_LINE_COUNT] = {
        [HENG_SIM_LINE_HEAT] = {.kind = HENG_TRANSPORT_TCP, .port = o->mbus_port, .remedy = "--mbus-port"},
        [HENG_SIM_LINE_POWER] = {.kind = HENG_TRANSPORT_TCP, .port = o->power_port, .remedy = "--power-port"},
        [HENG_SIM_LINE_WATER] = {.kind = HENG_TRANSPORT_DTU, .port = o->dtu_port},
    };
    struct heng_sim_dtu_settings *dtu = &settings[HENG_SIM_LINE_WATER].dtu;
    dtu->heartbeat_s = o->heartbeat_s;
    dtu->heartbeat_n = o->heartbeat_n;
    memcpy(dtu->heartbeat, o->heartbeat_bytes, o->heartbeat_n);
    /* The electricity line is the last one: without --power-port there are two. */
    size_t count = o->power ? HENG_SIM_LINE_COUNT : HENG_SIM_LINE_POWER;
    heng_rc rc = heng_sim_dtu_set_registration(dtu, o->registration, err);
    if (rc == HENG_OK) rc = heng_sim_town_init_house(&s->town, s->lines, count, &s->world, o->seed, err);
    if (rc == HENG_OK) rc = heng_sim_fleet_init_with(&s->fleet, &s->net, &s->town, settings, err);
    if (rc == HENG_OK) rc = heng_sim_fleet_start(&s->fleet, err);
    if (rc == HENG_OK && o->pty)
        rc = heng_sim_converter_open_pty(&s->fleet.outlets[HENG_SIM_LINE_HEAT].as.converter, o->pty, err);
    return rc;
}

/* --- a scenario ---------------------------------------------------------------------------------------- */

static heng_rc load_scenario(struct simulator *s, struct heng_err *err)
{
    heng_rc rc = heng_profiles_init(&s->profiles, err);
    if (rc == HENG_OK) rc = heng_sim_scenario_load(s->options.scenario, &s->profiles, &s->scenario, err);
    if (rc != HENG_OK) return rc;
    if (s->options.seed_told) s->scenario.seed = s->options.seed;
    if (s->options.speed_told) s->scenario.speed = s->options.speed;
    if (s->options.start_us == HENG_US_NEVER) s->options.start_us = s->scenario.start_us;
    s->options.seed = s->scenario.seed;
    s->options.speed = s->scenario.speed;
    return HENG_OK;
}

/* One file for each connection. */
static heng_rc raise_files(size_t lines, struct heng_err *err)
{
    struct rlimit limit;
    rlim_t needed = 2 * lines + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return HENG_OK;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < lines + OTHER_FILES)
        return heng_fail(err, HENG_ELIMIT, 0,
                         "%zu lines need %zu open files, this machine allows %llu: raise it with ulimit -n", lines,
                         lines + OTHER_FILES, (unsigned long long)limit.rlim_max);
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return HENG_OK;
}

static heng_rc open_scenario(struct simulator *s, heng_us start_us, struct heng_err *err)
{
    const struct heng_sim_options *o = &s->options;
    const struct heng_sim_scenario *scenario = &s->scenario;
    heng_rc rc = raise_files(scenario->line_count, err);
    if (rc == HENG_OK) rc = heng_sim_town_init(&s->town, scenario, start_us, err);
    if (rc == HENG_OK) rc = heng_sim_fleet_init(&s->fleet, &s->net, &s->town, o->dtu_port, o->first_port, err);
    s->net.instant = o->wire_speed == 0;
    s->net.clock = (struct heng_sim_clock){0, heng_clock_mono(), o->wire_speed ? o->wire_speed : 1};
    if (rc == HENG_OK) rc = heng_sim_fleet_start(&s->fleet, err);
    if (rc != HENG_OK) return rc;
    heng_sim_say("heng-sim: %s: %zu lines, %zu meters", scenario->title[0] ? scenario->title : o->scenario,
                 scenario->line_count, scenario->meter_count);
    if (scenario->text[0]) heng_sim_say("%s", scenario->text);
    return HENG_OK;
}

/* --- the loop ------------------------------------------------------------------------------------------ */

static void on_end_timer(uv_timer_t *timer) { uv_stop(timer->loop); }

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static void start_timers(struct simulator *s)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (unsigned i = 0; i < 2; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&s->loop, &s->end_timer);
    if (s->options.duration_s) uv_timer_start(&s->end_timer, on_end_timer, UINT64_C(1000) * s->options.duration_s, 0);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static heng_rc open_all(struct simulator *s, struct heng_err *err)
{
    const struct heng_sim_options *o = &s->options;
    char start[HENG_TIME_TEXT_MAX];
    heng_us start_us = o->start_us == HENG_US_NEVER ? heng_clock_wall() : o->start_us;
    heng_us_format(start_us, start);
    heng_sim_say("heng-sim: seed %llu, speed %u, simulated time %s", (unsigned long long)o->seed, o->speed, start);
    if (!o->scenario) build_house(s, start_us);
    heng_rc rc = o->scenario ? open_scenario(s, start_us, err) : open_house(s, err);
    if (rc == HENG_OK && o->control) rc = heng_sim_console_open(&s->console, &s->fleet, o->control_port, err);
    return rc;
}

static void say_end(const struct simulator *s)
{
    if (s->options.scenario) {
        struct heng_sim_traffic sum = {0};
        for (size_t i = 0; i < s->town.line_count; i++) {
            sum.requests += heng_sim_town_traffic(&s->town.lines[i]).requests;
            sum.answers += heng_sim_town_traffic(&s->town.lines[i]).answers;
        }
        heng_sim_say("heng-sim: ended after %llu requests and %llu answers", (unsigned long long)sum.requests,
                     (unsigned long long)sum.answers);
        return;
    }
    heng_sim_say("heng-sim: ended after %llu answers on the heat line and %llu on the water line",
                 (unsigned long long)s->lines[HENG_SIM_LINE_HEAT].answers,
                 (unsigned long long)s->lines[HENG_SIM_LINE_WATER].answers);
}

static heng_rc run(struct simulator *s, struct heng_err *err)
{
    if (uv_loop_init(&s->loop) != 0)
        return heng_fail(err, HENG_EIO, 0, "cannot start an event loop: too many open files on this machine");
    s->net.loop = &s->loop;
    start_timers(s);
    heng_rc rc = open_all(s, err);
    if (rc == HENG_OK) {
        uv_run(&s->loop, UV_RUN_DEFAULT);
        say_end(s);
    }
    heng_sim_fleet_close(&s->fleet);
    uv_walk(&s->loop, close_handle, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    heng_sim_fleet_fini(&s->fleet);
    heng_sim_town_fini(&s->town);
    uv_loop_close(&s->loop);
    return rc;
}

int main(int argc, char **argv)
{
    struct heng_err err = {0};
    struct simulator *s = calloc(1, sizeof *s);
    if (!s) {
        fprintf(stderr, "heng-sim: out of memory\n");
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error code of the write */
    heng_rc rc = heng_sim_options_parse(argc, argv, &s->options, &err);
    int status = rc == HENG_OK ? EXIT_SUCCESS : EXIT_WRONG_USAGE;
    if (rc == HENG_OK && s->options.help) {
        fputs(heng_sim_usage, stdout);
    } else if (rc == HENG_OK) {
        heng_sim_site_init(&s->site);
        if (s->options.scenario) rc = load_scenario(s, &err);
        if (rc == HENG_OK) rc = s->options.print_site ? print_site(s, &err) : run(s, &err);
        if (rc != HENG_OK) status = EXIT_FAILURE;
    }
    if (rc != HENG_OK) fprintf(stderr, "heng-sim: %s\n", err.text);
    heng_profiles_fini(&s->profiles);
    free(s);
    return status;
}
