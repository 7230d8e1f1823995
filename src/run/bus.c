#include "run/bus.h"

#include <stdlib.h>

#include "base/log.h"

enum { PUMP_STEPS_MAX = 1000 };

struct heng_bus {
    uv_loop_t *loop;
    struct heng_dtu_listener *listener;
    struct heng_line *line;
    struct heng_link *link;
    uv_timer_t timer;
    struct heng_bus_events events;
    bool pumping;
    bool brings; /* something was sent since the last result */
};

heng_us heng_bus_to_wall(heng_us mono) { return heng_clock_wall() - (heng_clock_mono() - mono); }

struct heng_line *heng_bus_line(struct heng_bus *bus) { return bus->line; }

static void set_speed(struct heng_bus *bus, const struct heng_line_action *action)
{
    struct heng_err err = {.text = ""};
    if (!bus->link || heng_link_set_speed(bus->link, action->baud, action->parity, &err) == HENG_OK) return;
    heng_log(HENG_LOG_WARN, "line", "event=no_speed line='%s' baud=%u why='%s'", heng_line_config(bus->line)->name,
             action->baud, err.text);
}

static void carry_out(struct heng_bus *bus, const struct heng_line_action *action)
{
    switch (action->kind) {
    case HENG_LINE_NONE: break;
    case HENG_LINE_SEND:
        bus->brings = true;
        if (bus->link) heng_link_send(bus->link, action->bytes);
        break;
    case HENG_LINE_SPEED: set_speed(bus, action); break;
    case HENG_LINE_RESULT:
        if (action->result.read) bus->brings = false;
        bus->events.action(bus->events.owner, bus, action);
        break;
    case HENG_LINE_FOUND:
    case HENG_LINE_SEARCHED:
    case HENG_LINE_STATUS: bus->events.action(bus->events.owner, bus, action); break;
    }
}

static bool is_closing(const struct heng_bus *bus) { return uv_is_closing((const uv_handle_t *)&bus->timer); }

static void on_timer(uv_timer_t *timer) { heng_bus_pump(timer->data); }

/* Until when the line wants nothing, in microseconds from now; HENG_US_NEVER: until there is news. */
static heng_us work(struct heng_bus *bus)
{
    for (unsigned step = 0; step < PUMP_STEPS_MAX; step++) {
        if (is_closing(bus)) return HENG_US_NEVER; /* the owner has had enough */
        if (bus->events.has_room && !bus->events.has_room(bus->events.owner, bus->brings)) return HENG_US_NEVER;
        struct heng_line_action action;
        heng_line_poll(bus->line, heng_clock_mono(), &action);
        carry_out(bus, &action);
        if (action.kind != HENG_LINE_NONE) continue;
        heng_us deadline = heng_line_deadline(bus->line);
        if (deadline == HENG_US_NEVER) return HENG_US_NEVER;
        heng_us wait_us = deadline - heng_clock_mono();
        if (wait_us > 0) return wait_us;
    }
    return 0; /* the other lines have their turn */
}

void heng_bus_pump(struct heng_bus *bus)
{
    if (bus->pumping || is_closing(bus))
        return; /* a link may report its end while we hand it bytes; the loop in work sees it */
    bus->pumping = true;
    heng_us wait_us = work(bus);
    bus->pumping = false;
    if (is_closing(bus)) return;
    if (wait_us == HENG_US_NEVER) {
        uv_timer_stop(&bus->timer);
        return;
    }
    uint64_t wait_ms = wait_us > 0 ? (uint64_t)(wait_us / HENG_US_PER_MS + 1) : 0;
    uv_update_time(bus->loop);
    uv_timer_start(&bus->timer, on_timer, wait_ms, 0);
}

static void on_opened(void *owner)
{
    struct heng_bus *bus = owner;
    heng_log(HENG_LOG_INFO, "line", "event=connected line='%s'", heng_line_config(bus->line)->name);
    heng_line_opened(bus->line, heng_clock_mono());
    heng_bus_pump(bus);
}

static void on_closed(void *owner, const char *why)
{
    struct heng_bus *bus = owner;
    heng_line_closed(bus->line, heng_clock_mono(), why);
    heng_bus_pump(bus);
}

static void on_bytes(void *owner, struct heng_slice bytes)
{
    struct heng_bus *bus = owner;
    heng_line_feed(bus->line, heng_clock_mono(), bytes);
    heng_bus_pump(bus);
}

static void on_overload(void *owner, bool on)
{
    struct heng_bus *bus = owner;
    heng_line_overload(bus->line, heng_clock_mono(), on);
    heng_bus_pump(bus);
}

heng_rc heng_bus_connect(struct heng_bus *bus, const struct heng_line_config *config, struct heng_err *err)
{
    struct heng_link_events events = {bus, on_opened, on_closed, on_bytes, on_overload};
    if (bus->link || is_closing(bus)) return heng_fail(err, HENG_EEXISTS, 0, "line '%.60s' has a link", config->name);
    heng_rc rc = heng_link_open(bus->loop, bus->listener, config, events, &bus->link, err);
    if (rc != HENG_OK) on_closed(bus, err->text);
    return rc;
}

void heng_bus_disconnect(struct heng_bus *bus, const char *why)
{
    if (is_closing(bus)) return;
    heng_link_close(bus->link);
    bus->link = NULL;
    on_closed(bus, why);
}

heng_rc heng_bus_open_by(uv_loop_t *loop, struct heng_dtu_listener *listener, const struct heng_line_config *config,
                         const struct heng_meter_config *meters, size_t meter_count, heng_us wall_us,
                         struct heng_bus_events events, struct heng_bus **ret, struct heng_err *err)
{
    struct heng_bus *bus = calloc(1, sizeof *bus);
    if (!bus) return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%.60s'", config->name);
    bus->loop = loop;
    bus->listener = listener;
    bus->events = events;
    heng_rc rc = heng_line_new(config, meters, meter_count, &bus->line, err);
    if (rc != HENG_OK) {
        free(bus);
        return rc;
    }
    uv_timer_init(loop, &bus->timer);
    bus->timer.data = bus;
    *ret = bus;
    heng_line_set_clock(bus->line, heng_clock_mono(), wall_us);
    return heng_bus_connect(bus, config, err);
}

heng_rc heng_bus_open(uv_loop_t *loop, struct heng_dtu_listener *listener, const struct heng_line_config *config,
                      const struct heng_meter_config *meters, size_t meter_count, struct heng_bus_events events,
                      struct heng_bus **ret, struct heng_err *err)
{
    return heng_bus_open_by(loop, listener, config, meters, meter_count, heng_clock_wall(), events, ret, err);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct heng_bus *bus = handle->data;
    heng_line_free(bus->line);
    free(bus);
}

void heng_bus_close(struct heng_bus *bus)
{
    if (!bus || is_closing(bus)) return;
    heng_link_close(bus->link);
    bus->link = NULL;
    uv_close((uv_handle_t *)&bus->timer, on_timer_closed);
}
