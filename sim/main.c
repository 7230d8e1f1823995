/* heng-sim: the simulated building. Options, the parts put together, the loop. */
#include "sim/console.h"
#include "sim/options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_WRONG_USAGE = 2, WORLD_PERIOD_MS = 1000 };

/* An unfinished request is forgotten after this much real silence: TCP may cut a request anywhere, and real time is
 * what TCP lives in. */
#define REQUEST_GAP_US INT64_C(200000)

struct simulator {
    struct heng_sim_options options;
    uv_loop_t loop;
    struct heng_sim_clock clock;
    struct heng_sim_site site;
    struct heng_sim_world world;
    struct heng_sim_line lines[HENG_SIM_LINE_COUNT];
    struct heng_sim_port ports[HENG_SIM_LINE_COUNT];
    struct heng_sim_converter converter, power;
    struct heng_sim_dtu dtu;
    struct heng_sim_console console;
    uv_timer_t world_timer, end_timer;
    uv_signal_t signals[2];
};

static int print_site(const struct heng_sim_options *o)
{
    struct heng_sim_site site;
    struct heng_str out = {.max = 1 << 20};
    const struct heng_sim_endpoints ends = {
        .mbus_port = o->mbus_port,
        .power_port = o->power_port,
        .registration = o->registration,
        .heartbeat = o->heartbeat,
        .baud = o->baud,
        .period_s = o->period_s,
    };
    heng_sim_site_init(&site);
    heng_sim_site_print(&site, &ends, &out);
    int status = EXIT_SUCCESS;
    if (out.rc != HENG_OK || puts(out.text) == EOF || fflush(stdout) != 0) {
        fprintf(stderr, "heng-sim: cannot write the site to standard output\n");
        status = EXIT_FAILURE;
    }
    heng_str_fini(&out);
    return status;
}

/* Keeps the world up to date while nobody asks. */
static void on_world_timer(uv_timer_t *timer)
{
    struct simulator *s = timer->data;
    heng_sim_world_advance(&s->world, heng_sim_clock_now(&s->clock));
}

static void on_end_timer(uv_timer_t *timer) { uv_stop(timer->loop); }

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static void build(struct simulator *s)
{
    const struct heng_sim_options *o = &s->options;
    char start[HENG_TIME_TEXT_MAX];
    s->clock = (struct heng_sim_clock){
        .start_us = o->start_us == HENG_US_NEVER ? heng_clock_wall() : o->start_us,
        .mono_us = heng_clock_mono(),
        .speed = o->speed,
    };
    heng_us_format(s->clock.start_us, start);
    heng_sim_say("heng-sim: seed %llu, speed %u, simulated time %s", (unsigned long long)o->seed, o->speed, start);
    heng_sim_site_init(&s->site);
    heng_sim_world_init(&s->world, &s->site, o->seed, s->clock.start_us);
    s->clock.mono_us = heng_clock_mono(); /* simulated time runs from here */
    for (heng_sim_line_id id = 0; id < HENG_SIM_LINE_COUNT; id++) {
        const struct heng_sim_line_settings settings = {
            .baud = o->baud,
            .noise_ppm = id == HENG_SIM_LINE_WATER ? o->noise_ppm : 0,
            .gap_us = REQUEST_GAP_US * o->speed,
            .seed = o->seed,
        };
        heng_sim_line_init(&s->lines[id], id, &settings, &s->site, &s->world);
        heng_sim_port_init(&s->ports[id], &s->loop, &s->lines[id], &s->world, &s->clock);
    }
}

static void start_timers(struct simulator *s)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (unsigned i = 0; i < 2; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&s->loop, &s->world_timer);
    s->world_timer.data = s;
    uv_timer_start(&s->world_timer, on_world_timer, WORLD_PERIOD_MS, WORLD_PERIOD_MS);
    uv_timer_init(&s->loop, &s->end_timer);
    if (s->options.duration_s) uv_timer_start(&s->end_timer, on_end_timer, UINT64_C(1000) * s->options.duration_s, 0);
}

static heng_rc open_lines(struct simulator *s, struct heng_err *err)
{
    const struct heng_sim_options *o = &s->options;
    const struct heng_sim_dtu_settings dtu = {
        .tcp_port = o->dtu_port,
        .registration = o->registration,
        .heartbeat = heng_slice_of(o->heartbeat_bytes, o->heartbeat_n),
        .heartbeat_s = o->heartbeat_s,
    };
    heng_sim_converter_init(&s->converter, &s->loop, &s->ports[HENG_SIM_LINE_HEAT], o->mbus_port);
    heng_sim_converter_init(&s->power, &s->loop, &s->ports[HENG_SIM_LINE_POWER], o->power_port);
    heng_sim_dtu_init(&s->dtu, &s->loop, &s->ports[HENG_SIM_LINE_WATER], &dtu);
    heng_rc rc = heng_sim_converter_plug(&s->converter, err);
    if (rc == HENG_OK && o->power) rc = heng_sim_converter_plug(&s->power, err);
    if (rc == HENG_OK && o->pty) rc = heng_sim_converter_open_pty(&s->converter, o->pty, err);
    if (rc == HENG_OK && o->control) {
        for (heng_sim_line_id id = 0; id < HENG_SIM_LINE_COUNT; id++) s->console.lines[id] = &s->lines[id];
        s->console.converter = &s->converter;
        s->console.power = o->power ? &s->power : NULL;
        s->console.dtu = &s->dtu;
        rc = heng_sim_console_open(&s->console, &s->loop, o->control_port, err);
    }
    if (rc == HENG_OK) heng_sim_dtu_plug(&s->dtu);
    return rc;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static int run(struct simulator *s)
{
    struct heng_err err = {0};
    int status = EXIT_SUCCESS;
    if (uv_loop_init(&s->loop) != 0) {
        fprintf(stderr, "heng-sim: cannot start an event loop: too many open files on this machine\n");
        return EXIT_FAILURE;
    }
    build(s);
    start_timers(s);
    if (open_lines(s, &err) == HENG_OK) {
        uv_run(&s->loop, UV_RUN_DEFAULT);
        heng_sim_say("heng-sim: ended after %llu answers on the heat line and %llu on the water line",
                     (unsigned long long)s->lines[HENG_SIM_LINE_HEAT].answers,
                     (unsigned long long)s->lines[HENG_SIM_LINE_WATER].answers);
    } else {
        fprintf(stderr, "heng-sim: %s\n", err.text);
        status = EXIT_FAILURE;
    }
    s->converter.plugged = s->power.plugged = s->dtu.plugged = false; /* what closes now stays closed */
    uv_walk(&s->loop, close_handle, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    heng_sim_converter_fini(&s->converter);
    heng_sim_converter_fini(&s->power);
    uv_loop_close(&s->loop);
    return status;
}

int main(int argc, char **argv)
{
    struct heng_sim_options options;
    struct heng_err err = {0};
    if (heng_sim_options_parse(argc, argv, &options, &err) != HENG_OK) {
        fprintf(stderr, "heng-sim: %s\n", err.text);
        return EXIT_WRONG_USAGE;
    }
    if (options.help) {
        fputs(heng_sim_usage, stdout);
        return EXIT_SUCCESS;
    }
    if (options.print_site) return print_site(&options);

    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error code of the write */
    struct simulator *s = calloc(1, sizeof *s);
    if (!s) {
        fprintf(stderr, "heng-sim: out of memory\n");
        return EXIT_FAILURE;
    }
    s->options = options;
    int status = run(s);
    free(s);
    return status;
}
