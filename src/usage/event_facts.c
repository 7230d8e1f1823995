/* What people did at a point, as facts of one of its channels. */
#include <stdlib.h>

#include "usage/parts.h"

static const struct {
    const char *text;
    heng_unit unit;
    int8_t exp;
} units[] = {
    {"Wh", HENG_UNIT_WH, 0},      {"kWh", HENG_UNIT_WH, 3},   {"MWh", HENG_UNIT_WH, 6},   {"GWh", HENG_UNIT_WH, 9},
    {"J", HENG_UNIT_J, 0},        {"kJ", HENG_UNIT_J, 3},     {"MJ", HENG_UNIT_J, 6},     {"GJ", HENG_UNIT_J, 9},
    {"kcal", HENG_UNIT_CAL, 3},   {"Mcal", HENG_UNIT_CAL, 6}, {"Gcal", HENG_UNIT_CAL, 9}, {"m3", HENG_UNIT_M3, 0},
    {"l", HENG_UNIT_M3, -3},      {"kg", HENG_UNIT_KG, 0},    {"t", HENG_UNIT_KG, 3},     {"varh", HENG_UNIT_VARH, 0},
    {"kvarh", HENG_UNIT_VARH, 3}, {"VAh", HENG_UNIT_VAH, 0},  {"kVAh", HENG_UNIT_VAH, 3}, {"hca", HENG_UNIT_HCA, 0}};

bool heng_usage_unit(const char *text, heng_unit *ret, int8_t *ret_exp)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].text, text) != 0) continue;
        *ret = units[i].unit;
        *ret_exp = units[i].exp;
        return true;
    }
    return false;
}

/* One list being made. counter: the unit, digits and factor of what is installed, as far as people said. */
struct maker {
    const struct heng_channel_row *channel;
    struct heng_point_event *events;
    size_t event_count, n;
    struct heng_channel_fact *facts;
};

static bool is_about(const struct maker *m, const struct heng_point_event *event)
{
    return !event->undone_by && event->kind != HENG_EVENT_UNDO &&
           (event->channel_id == 0 || event->channel_id == m->channel->id);
}

/* Does an index of this event belong to the channel? One that names no channel is of the main one. */
static bool gives_index(const struct maker *m, const struct heng_point_event *event)
{
    return event->channel_id ? event->channel_id == m->channel->id : m->channel->main;
}

/* An index as it stands in an event, in the unit of the event. */
static void put_index(const struct heng_point_event *event, const char *text, struct heng_channel_fact *fact,
                      struct heng_opt_dec *ret)
{
    struct heng_err err;
    heng_unit unit = HENG_UNIT_NONE;
    int8_t exp = 0;
    struct heng_dec dec;
    if (!text[0] || heng_dec_parse(text, &dec, &err) != HENG_OK) return;
    if (event->unit[0] && !heng_usage_unit(event->unit, &unit, &exp)) return;
    if (heng_dec_shift(dec, exp, &dec) != HENG_OK) return;
    *ret = (struct heng_opt_dec){true, dec};
    if (fact->unit == HENG_UNIT_NONE) fact->unit = unit;
}

static struct heng_channel_fact *new_fact(struct maker *m, heng_channel_fact_kind kind, heng_us at_us, int64_t id)
{
    struct heng_channel_fact *fact = &m->facts[m->n++];
    memset(fact, 0, sizeof *fact);
    fact->kind = kind;
    fact->at_us = at_us;
    fact->id = id;
    return fact;
}

static void put_counter(struct heng_channel_fact *fact, const struct heng_channel_row *channel,
                        const struct heng_point_event *event)
{
    heng_unit unit;
    int8_t exp;
    if (event && event->unit[0] && heng_usage_unit(event->unit, &unit, &exp)) {
        fact->unit = unit;
        fact->display_exp = exp;
    }
    if (fact->unit == HENG_UNIT_NONE) fact->unit = channel->unit;
    if (event && event->digits && event->unit[0]) fact->digits = event->digits; /* of which unit must be known */
}

/* The event that made (begin) or ended an installation, and what it says of this channel; NULL: none. */
static const struct heng_point_event *event_of(const struct maker *m, const struct heng_installation *inst, bool begin)
{
    const struct heng_point_event *found = NULL;
    for (size_t i = 0; i < m->event_count; i++) {
        const struct heng_point_event *e = &m->events[i];
        bool here = e->point_id == inst->point_id;
        if (!is_about(m, e) || !gives_index(m, e) || e->at_us != (begin ? inst->from_us : inst->until_us)) continue;
        bool fits = e->kind == HENG_EVENT_INDEX;
        if (begin)
            fits = fits ||
                   ((e->kind == HENG_EVENT_INSTALL || e->kind == HENG_EVENT_EXCHANGE || e->kind == HENG_EVENT_MOVE) &&
                    here && e->device_id == inst->device_id);
        else
            fits = fits || (e->kind == HENG_EVENT_REMOVE && here) || (e->kind == HENG_EVENT_EXCHANGE && here) ||
                   (e->kind == HENG_EVENT_MOVE && e->device_id == inst->device_id && e->other_point == inst->point_id);
        if (fits) found = e;
    }
    return found;
}

static void add_installation(struct maker *m, const struct heng_installation *inst)
{
    const struct heng_point_event *e = event_of(m, inst, true);
    struct heng_channel_fact *start = new_fact(m, HENG_CHANNEL_FACT_START, inst->from_us, inst->id);
    start->device_id = inst->device_id;
    start->multiplier = (uint32_t)inst->factor_num;
    start->divisor = (uint32_t)inst->factor_den;
    put_counter(start, m->channel, e);
    if (e) put_index(e, e->after, start, &start->index);
    if (!inst->until_us) return;
    struct heng_channel_fact *end = new_fact(m, HENG_CHANNEL_FACT_END, inst->until_us, inst->id);
    e = event_of(m, inst, false);
    end->device_id = inst->device_id;
    if (e) put_index(e, e->before, end, &end->index);
}

/* What a person said last of a reading counts. */
static bool is_last_word(const struct maker *m, const struct heng_point_event *event)
{
    for (size_t i = 0; i < m->event_count; i++) {
        const struct heng_point_event *e = &m->events[i];
        if ((e->kind == HENG_EVENT_ACCEPT || e->kind == HENG_EVENT_REJECT) && is_about(m, e) && e->id > event->id &&
            e->reading_at == event->reading_at && e->reading_source == event->reading_source &&
            e->device_id == event->device_id)
            return false;
    }
    return true;
}

static void add_said(struct maker *m, const struct heng_point_event *e)
{
    if (!is_last_word(m, e)) return;
    heng_channel_fact_kind kind = e->kind == HENG_EVENT_ACCEPT ? HENG_CHANNEL_FACT_ACCEPT : HENG_CHANNEL_FACT_REJECT;
    new_fact(m, kind, e->reading_at,
             heng_usage_reading_id(e->device_id, e->reading_source & 3, (e->reading_source & 4) != 0));
}

static void add_event(struct maker *m, const struct heng_point_event *e)
{
    struct heng_channel_fact *fact;
    switch (e->kind) {
    case HENG_EVENT_ROLLOVER: new_fact(m, HENG_CHANNEL_FACT_ROLLOVER, e->at_us, e->id); break;
    case HENG_EVENT_RESET:
        fact = new_fact(m, HENG_CHANNEL_FACT_RESET, e->at_us, e->id);
        put_index(e, e->before, fact, &fact->index);
        put_index(e, e->after, fact, &fact->index2);
        break;
    case HENG_EVENT_MULTIPLIER:
    case HENG_EVENT_UNIT:
        fact = new_fact(m, HENG_CHANNEL_FACT_CHANGE, e->at_us, e->id);
        fact->multiplier = (uint32_t)e->factor_num;
        fact->divisor = (uint32_t)e->factor_den;
        fact->digits = e->digits;
        put_index(e, e->before, fact, &fact->index);
        put_index(e, e->after, fact, &fact->index2);
        fact->unit = HENG_UNIT_NONE;
        put_counter(fact, m->channel, e);
        if (!e->unit[0]) fact->unit = HENG_UNIT_NONE; /* as it was: filled in when all are in order */
        break;
    case HENG_EVENT_ACCEPT:
    case HENG_EVENT_REJECT: add_said(m, e); break;
    case HENG_EVENT_EDIT:
        fact = new_fact(m, HENG_CHANNEL_FACT_EDITED, e->at_us, e->id);
        fact->to_us = e->until_us;
        put_index(e, e->after, fact, &fact->index);
        break;
    case HENG_EVENT_INSTALL:
    case HENG_EVENT_REMOVE:
    case HENG_EVENT_EXCHANGE:
    case HENG_EVENT_MOVE:
    case HENG_EVENT_INDEX:
    case HENG_EVENT_UNDO:
    case HENG_EVENT_COUNT: break;
    }
}

/* A change says what is different; the fact says all of the counter. */
static void complete(struct maker *m)
{
    struct heng_channel_fact now = {.multiplier = 1, .divisor = 1};
    for (size_t i = 0; i < m->n; i++) {
        struct heng_channel_fact *fact = &m->facts[i];
        if (fact->kind == HENG_CHANNEL_FACT_START) now = *fact;
        if (fact->kind != HENG_CHANNEL_FACT_CHANGE) continue;
        if (!fact->multiplier) fact->multiplier = now.multiplier;
        if (!fact->divisor) fact->divisor = now.divisor;
        if (!fact->digits) fact->digits = now.digits;
        if (fact->unit == HENG_UNIT_NONE) {
            fact->unit = now.unit;
            fact->display_exp = now.display_exp;
        }
        now = *fact;
    }
}

static int by_order(const void *a, const void *b) { return heng_channel_fact_cmp(a, b); }

heng_rc heng_usage_event_facts(struct heng_usage_facts *facts, const struct heng_installation *list, size_t n,
                               struct heng_err *err)
{
    struct maker m = {.channel = &facts->channel};
    m.events = calloc(HENG_EVENTS_MAX, sizeof *m.events);
    if (!m.events) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for events");
    heng_rc rc = heng_store_list_events(facts->reader, 0, facts->channel.point_id, INT64_MIN, 0, m.events,
                                        HENG_EVENTS_MAX, &m.event_count, err);
    if (rc == HENG_OK && m.event_count == HENG_EVENTS_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "point %lld has more than %d events", (long long)facts->channel.point_id,
                       HENG_EVENTS_MAX - 1);
    if (rc == HENG_OK) m.facts = calloc(2 * n + m.event_count + 1, sizeof *m.facts);
    if (rc == HENG_OK && !m.facts) rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory for facts");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) add_installation(&m, &list[i]);
    for (size_t i = 0; rc == HENG_OK && i < m.event_count; i++)
        if (is_about(&m, &m.events[i]) && m.events[i].point_id == facts->channel.point_id) add_event(&m, &m.events[i]);
    free(m.events);
    if (rc != HENG_OK) return rc;
    qsort(m.facts, m.n, sizeof *m.facts, by_order);
    complete(&m);
    facts->events = m.facts;
    facts->event_count = m.n;
    return HENG_OK;
}
