#include "sim/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TALKATIVE_LINES = 50,   /* with more lines than these, connections are not told one by one */
    DIALS_PER_MS = 2,       /* at the start DTUs do not all dial in the same moment */
    WEATHER_MAX_MS = 60000, /* a clock that was set does not stop the weather */
};

static const char remedy[] = "'port' in the scenario, or --first-port";

/* --- outlets ------------------------------------------------------------------------------------------- */

void heng_sim_fleet_registration(const struct heng_sim_line_plan *plan, size_t k, char *ret_text, size_t cap)
{
    const char *name = plan->registration[0] ? plan->registration : plan->name, *mark = strchr(name, '#');
    char number[32];
    if (strncmp(name, "imei:", 5) != 0 || !mark) {
        heng_sim_number_name(name, k + 1, ret_text, cap);
        return;
    }
    /* An IMEI has 15 digits: the number fills what the others leave. */
    size_t others = strlen(name) - 6;
    snprintf(number, sizeof number, "%0*zu", (int)(others < 15 ? 15 - others : 1), k + 1);
    snprintf(ret_text, cap, "%.*s%s%s", (int)(mark - name), name, number, mark + 1);
}

static heng_rc describe(const struct heng_sim_town_line *line, struct heng_sim_outlet_settings *ret,
                        struct heng_err *err)
{
    const struct heng_sim_line_plan *plan = line->plan;
    char text[HENG_SIM_REGISTRATION_MAX];
    ret->kind = plan->transport;
    ret->remedy = remedy;
    if (plan->port) ret->port = (uint16_t)(plan->port + line->k);
    heng_sim_number_name(plan->path, line->k + 1, ret->path, sizeof ret->path);
    if (plan->transport != HENG_TRANSPORT_DTU) return HENG_OK;
    ret->dtu.heartbeat_s = plan->heartbeat_s;
    ret->dtu.heartbeat_inside = plan->heartbeat_inside;
    heng_sim_fleet_registration(plan, line->k, text, sizeof text);
    heng_rc rc = heng_sim_dtu_set_registration(&ret->dtu, text, err);
    return rc == HENG_OK ? heng_sim_dtu_set_heartbeat(&ret->dtu, plan->heartbeat, err) : rc;
}

static heng_rc describe_all(const struct heng_sim_town *town, uint16_t dtu_port, uint16_t first_port,
                            struct heng_sim_outlet_settings *ret, struct heng_err *err)
{
    uint32_t dtus = 0, port = first_port;
    for (size_t i = 0; i < town->line_count; i++) {
        struct heng_err why = {0};
        heng_rc rc = describe(&town->lines[i], &ret[i], &why);
        if (rc != HENG_OK) return heng_fail(err, rc, 0, "line '%s': %s", town->lines[i].name, why.text);
        if (ret[i].kind == HENG_TRANSPORT_DTU) {
            ret[i].port = dtu_port;
            ret[i].dtu.first_dial_ms = dtus++ / DIALS_PER_MS;
        } else if (ret[i].kind != HENG_TRANSPORT_SERIAL && first_port) {
            if (port > 65535)
                return heng_fail(err, HENG_ECONFIG, 0, "from --first-port %u on there are not enough ports",
                                 first_port);
            ret[i].port = (uint16_t)port++;
        }
    }
    return HENG_OK;
}

heng_rc heng_sim_fleet_init_with(struct heng_sim_fleet *fleet, struct heng_sim_net *net, struct heng_sim_town *town,
                                 const struct heng_sim_outlet_settings *settings, struct heng_err *err)
{
    *fleet = (struct heng_sim_fleet){.net = net, .town = town};
    net->quiet = town->line_count > TALKATIVE_LINES;
    fleet->outlets = calloc(town->line_count, sizeof *fleet->outlets);
    if (!fleet->outlets) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu lines", town->line_count);
    uv_timer_init(net->loop, &fleet->weather);
    uv_timer_init(net->loop, &fleet->events);
    fleet->weather.data = fleet->events.data = fleet;
    for (size_t i = 0; i < town->line_count; i++)
        heng_sim_outlet_init(&fleet->outlets[i], net, &town->lines[i], &settings[i]);
    return HENG_OK;
}

heng_rc heng_sim_fleet_init(struct heng_sim_fleet *fleet, struct heng_sim_net *net, struct heng_sim_town *town,
                            uint16_t dtu_port, uint16_t first_port, struct heng_err *err)
{
    struct heng_sim_outlet_settings *settings = calloc(town->line_count, sizeof *settings);
    *fleet = (struct heng_sim_fleet){.net = net, .town = town};
    if (!settings) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu lines", town->line_count);
    heng_rc rc = describe_all(town, dtu_port, first_port, settings, err);
    if (rc == HENG_OK) rc = heng_sim_fleet_init_with(fleet, net, town, settings, err);
    free(settings);
    return rc;
}

/* --- time ---------------------------------------------------------------------------------------------- */

static heng_us now_of(const struct heng_sim_fleet *fleet) { return heng_sim_clock_now(&fleet->net->clock); }

static uint64_t wait_ms(const struct heng_sim_fleet *fleet, heng_us due)
{
    heng_us wait_us = (due - now_of(fleet)) / fleet->net->clock.speed;
    return wait_us <= 0 ? 0 : (uint64_t)(wait_us / HENG_US_PER_MS + 1);
}

static void on_weather(uv_timer_t *timer)
{
    struct heng_sim_fleet *fleet = timer->data;
    if (now_of(fleet) >= heng_sim_town_due(fleet->town)) heng_sim_town_tick(fleet->town, now_of(fleet));
    uint64_t wait = wait_ms(fleet, heng_sim_town_due(fleet->town));
    uv_timer_start(timer, on_weather, wait < WEATHER_MAX_MS ? wait : WEATHER_MAX_MS, 0);
}

static void on_event(uv_timer_t *timer)
{
    struct heng_sim_fleet *fleet = timer->data;
    const struct heng_sim_scenario *scenario = fleet->town->scenario;
    for (; fleet->next_event < scenario->event_count; fleet->next_event++) {
        const struct heng_sim_event *event = &scenario->events[fleet->next_event];
        struct heng_err err = {0};
        uint64_t wait = wait_ms(fleet, event->at_us * fleet->net->clock.speed);
        if (wait > 0) {
            uv_timer_start(timer, on_event, wait, 0);
            return;
        }
        struct heng_str text = {.max = 1 << 20};
        if (heng_sim_fleet_do(fleet, event->command, &text, &err) != HENG_OK)
            heng_sim_say("event of line %u: %s: %s", event->line, event->command, err.text);
        else
            heng_sim_say("event: %s", event->command);
        if (text.n) heng_sim_say("%s", text.text);
        heng_str_fini(&text);
    }
}

heng_rc heng_sim_fleet_start(struct heng_sim_fleet *fleet, struct heng_err *err)
{
    for (size_t i = 0; i < fleet->town->line_count; i++) {
        struct heng_err why = {0};
        heng_rc rc = heng_sim_outlet_plug(&fleet->outlets[i], &why);
        if (rc != HENG_OK) return heng_fail(err, rc, 0, "line %s: %s", fleet->town->lines[i].name, why.text);
    }
    if (fleet->town->scenario) {
        uv_timer_start(&fleet->weather, on_weather, 0, 0);
        uv_timer_start(&fleet->events, on_event, 0, 0);
    }
    return HENG_OK;
}

/* --- commands ------------------------------------------------------------------------------------------ */

static void show_line(const struct heng_sim_fleet *fleet, size_t i, struct heng_str *out)
{
    const struct heng_sim_town_line *line = &fleet->town->lines[i];
    struct heng_sim_traffic traffic = heng_sim_town_traffic(line);
    char where[160];
    heng_sim_outlet_describe(&fleet->outlets[i], where, sizeof where);
    heng_str_fmt(out, "%s: %s; requests %" PRIu64 ", answers %" PRIu64 ", bytes in %" PRIu64 ", out %" PRIu64 "%s%s\n",
                 line->name, where, traffic.requests, traffic.answers, line->bytes_in, line->bytes_out,
                 line->muted ? ", muted" : "", line->overload ? ", overload" : "");
}

static void show_sum(const struct heng_sim_fleet *fleet, struct heng_str *out)
{
    struct heng_sim_traffic sum = {0};
    for (size_t i = 0; i < fleet->town->line_count; i++) {
        struct heng_sim_traffic one = heng_sim_town_traffic(&fleet->town->lines[i]);
        sum.requests += one.requests;
        sum.answers += one.answers;
    }
    heng_str_fmt(out, "%zu lines; requests %" PRIu64 ", answers %" PRIu64 "\n", fleet->town->line_count, sum.requests,
                 sum.answers);
}

/* What one line's connection does. */
static heng_rc do_outlet(struct heng_sim_outlet *outlet, const struct heng_sim_command *c, struct heng_err *err)
{
    if (c->verb == HENG_SIM_VERB_PLUG) return heng_sim_outlet_plug(outlet, err);
    if (c->verb == HENG_SIM_VERB_UNPLUG) heng_sim_outlet_unplug(outlet);
    if (c->verb == HENG_SIM_VERB_HALF_OPEN) heng_sim_outlet_half_open(outlet);
    if (c->verb == HENG_SIM_VERB_STORM) heng_sim_outlet_storm(outlet, UINT64_C(1000) * (uint64_t)c->seconds);
    if (c->verb == HENG_SIM_VERB_OVERLOAD) heng_sim_outlet_tell_modem(outlet);
    heng_sim_port_wake(&outlet->port);
    return HENG_OK;
}

heng_rc heng_sim_fleet_do(struct heng_sim_fleet *fleet, const char *text, struct heng_str *ret_text,
                          struct heng_err *err)
{
    struct heng_sim_command command;
    heng_rc rc = heng_sim_command_parse(text, &command, err);
    if (rc != HENG_OK) return rc;
    if (command.verb == HENG_SIM_VERB_QUIT) {
        fleet->quit = true;
        uv_stop(fleet->net->loop);
        return HENG_OK;
    }
    rc = heng_sim_town_do(fleet->town, &command, now_of(fleet), err);
    if (rc != HENG_OK) return rc;
    bool show = command.verb == HENG_SIM_VERB_SHOW;
    for (size_t i = 0; i < fleet->town->line_count; i++) {
        if (command.line[0] && !heng_sim_command_names(&command, fleet->town->lines[i].name)) continue;
        if (show) {
            show_line(fleet, i, ret_text);
            continue;
        }
        heng_rc one = do_outlet(&fleet->outlets[i], &command, err);
        if (one != HENG_OK) rc = one;
    }
    if (show) show_sum(fleet, ret_text);
    return rc;
}

void heng_sim_fleet_close(struct heng_sim_fleet *fleet)
{
    for (size_t i = 0; fleet->outlets && i < fleet->town->line_count; i++) heng_sim_outlet_close(&fleet->outlets[i]);
    if (!fleet->outlets) return;
    uv_close((uv_handle_t *)&fleet->weather, NULL);
    uv_close((uv_handle_t *)&fleet->events, NULL);
}

void heng_sim_fleet_fini(struct heng_sim_fleet *fleet)
{
    free(fleet->outlets);
    fleet->outlets = NULL;
}
