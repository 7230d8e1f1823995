#ifndef HENG_TESTS_VIRTUAL_BUS_H
#define HENG_TESTS_VIRTUAL_BUS_H
/* A line and a simulated bus with meters on it, in virtual time: bytes both ways, at the speed of the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "line/line.h"
#include "sim/bus.h"

enum { VIRTUAL_METERS_MAX = 1000, VIRTUAL_WALL_DAYS = 20000 };

struct virtual_bus {
    struct heng_line_config config;
    struct heng_sim_bus_config wire;
    struct heng_meter_config meters[VIRTUAL_METERS_MAX];
    struct heng_sim_meter_config slaves[VIRTUAL_METERS_MAX];
    size_t count;
    struct heng_line *line;
    struct heng_sim_bus *bus;
    heng_us now;
    bool idle_loop; /* the line wanted to be asked again at once, and had nothing, twice */
    /* the owner's: told of every action but SEND and SPEED */
    void (*on_action)(struct virtual_bus *v, const struct heng_line_action *action);
    unsigned ok, failed, of_device[VIRTUAL_METERS_MAX + 1];
    void *owner;
};

static inline struct virtual_bus *virtual_new(heng_protocol protocol, size_t count, uint32_t period_s)
{
    struct virtual_bus *v = (struct virtual_bus *)calloc(1, sizeof *v);
    assert_true(v && count <= VIRTUAL_METERS_MAX);
    v->count = count;
    v->config = (struct heng_line_config){
        .id = 1, .name = "virtual", .baud = 2400, .parity = 'E', .period_s = period_s, .single_reads = true};
    v->wire = (struct heng_sim_bus_config){.baud = 2400, .parity = 'E', .seed = 7};
    for (size_t i = 0; i < count; i++) {
        struct heng_meter_config *m = &v->meters[i];
        *m = (struct heng_meter_config){.device_id = (int64_t)i + 1, .line_id = 1, .protocol = protocol};
        m->medium = protocol == HENG_PROTOCOL_MBUS ? HENG_MEDIUM_HEAT : HENG_MEDIUM_ELECTRICITY;
        if (protocol == HENG_PROTOCOL_CJT188) m->medium = HENG_MEDIUM_COLD_WATER;
        if (protocol == HENG_PROTOCOL_MBUS)
            snprintf(m->address, sizeof m->address, "%zu", i + 1);
        else
            snprintf(m->address, sizeof m->address, protocol == HENG_PROTOCOL_CJT188 ? "11110000%06zu" : "%012zu",
                     i + 1);
        m->position = (uint32_t)i + 1;
        struct heng_sim_meter_config *s = &v->slaves[i];
        *s = (struct heng_sim_meter_config){
            .protocol = protocol, .medium = m->medium, .delay_min_us = 40000, .delay_max_us = 60000};
        memcpy(s->address, m->address, sizeof s->address);
        snprintf(s->secondary, sizeof s->secondary, "%08zu247701%02X", 10000000 + i, 4);
        s->telegrams = 1;
        s->start_count = 1000 + i;
        s->rate_per_h = 10;
    }
    return v;
}

static inline void virtual_start(struct virtual_bus *v)
{
    struct heng_err err = {.text = ""};
    heng_us wall = VIRTUAL_WALL_DAYS * HENG_US_PER_DAY;
    for (size_t i = 0; i < v->count; i++) v->slaves[i].profile = v->meters[i].profile;
    if (heng_sim_bus_new(&v->wire, v->slaves, v->count, wall, &v->bus, &err) != HENG_OK) fail_msg("%s", err.text);
    if (heng_line_new(&v->config, v->meters, v->count, &v->line, &err) != HENG_OK) fail_msg("%s", err.text);
    v->now = HENG_US_PER_S;
    heng_line_opened(v->line, v->now);
}

static inline void virtual_free(struct virtual_bus *v)
{
    heng_line_free(v->line);
    heng_sim_bus_free(v->bus);
    free(v);
}

static inline void virtual_take(struct virtual_bus *v, const struct heng_line_action *action)
{
    if (action->kind == HENG_LINE_SEND) heng_sim_bus_hear(v->bus, v->now, action->bytes);
    if (action->kind == HENG_LINE_SPEED) heng_sim_bus_set_speed(v->bus, v->now, action->baud, action->parity);
    if (action->kind == HENG_LINE_RESULT && action->result.read) {
        bool good = action->result.stage == HENG_STAGE_CONFIRMED;
        v->ok += good;
        v->failed += !good;
        if (good && action->result.read->device_id) v->of_device[action->result.read->device_id]++;
    }
    if (v->on_action && action->kind != HENG_LINE_NONE) v->on_action(v, action);
}

/* Let the bus run until then. */
static inline void virtual_run(struct virtual_bus *v, heng_us until)
{
    unsigned nothing = 0;
    while (true) {
        struct heng_line_action action;
        heng_line_poll(v->line, v->now, &action);
        virtual_take(v, &action);
        if (action.kind != HENG_LINE_NONE) {
            nothing = 0;
            continue;
        }
        heng_us next = heng_line_deadline(v->line), due = heng_sim_bus_due(v->bus);
        if (next <= v->now && ++nothing > 1)
            fail_msg("deadline %lld is over at %lld", (long long)next, (long long)v->now);
        if (next > v->now) nothing = 0;
        heng_us at = next < due ? next : due;
        if (at > until) break;
        if (at > v->now) v->now = at;
        uint8_t bytes[256];
        size_t n;
        while ((n = heng_sim_bus_take(v->bus, v->now, bytes, sizeof bytes)) > 0)
            heng_line_feed(v->line, v->now, heng_slice_of(bytes, n));
    }
    if (until > v->now) v->now = until;
}

/* --- orders, and what is told of them --------------------------------------------------------------------- */

struct virtual_told {
    int64_t id[64];
    heng_stage stage[64];
    heng_us at[64];
    bool read[64];
    unsigned frames, values; /* of the last read */
    heng_outcome outcome;
    char why[120];
    uint32_t baud;
    unsigned n;
};

static inline void virtual_note(struct virtual_bus *v, const struct heng_line_action *action)
{
    struct virtual_told *told = (struct virtual_told *)v->owner;
    if (action->kind == HENG_LINE_SPEED) told->baud = action->baud;
    if (action->kind != HENG_LINE_RESULT || action->result.job_id == 0) return;
    assert_true(told->n < 64);
    bool ends_sent = action->result.stage == HENG_STAGE_SENT && action->result.read && !action->result.read->device_id;
    assert_int_equal(action->result.read != NULL, ends_sent || action->result.stage >= HENG_STAGE_CONFIRMED);
    assert_false(action->result.order.has_secret);
    told->id[told->n] = action->result.job_id;
    told->at[told->n] = v->now;
    told->read[told->n] = action->result.read != NULL;
    if (action->result.read) {
        memcpy(told->why, action->result.read->why, sizeof told->why);
        told->frames = action->result.read->frame_count;
        told->values = action->result.read->value_count;
        told->outcome = action->result.read->outcome;
    }
    told->stage[told->n++] = action->result.stage;
}

static inline heng_rc virtual_submit(struct virtual_bus *v, int64_t id, int64_t group, heng_class cls, int64_t device,
                                     heng_order_kind kind, heng_us expires)
{
    struct heng_line_job job = {.id = id,
                                .group = group,
                                .cls = cls,
                                .device_id = device,
                                .expires_us = expires,
                                .protocol = v->meters[0].protocol,
                                .order = {.kind = kind}};
    if (kind == HENG_ORDER_CONNECT || kind == HENG_ORDER_DISCONNECT) {
        job.order.has_secret = true;
        job.order.password[0] = 0x02; /* the level; what the simulated meters want */
    }
    return heng_line_submit(v->line, v->now, &job, NULL);
}

#endif
