/* What people did at a point, as facts of one of its channels. */
#include <stdlib.h>

#include "usage/parts.h"
#include "vee/index.h"

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

bool heng_event_has_indexes(heng_event_kind kind)
{
    return kind == HENG_EVENT_INSTALL || kind == HENG_EVENT_REMOVE || kind == HENG_EVENT_EXCHANGE ||
           kind == HENG_EVENT_MOVE || kind == HENG_EVENT_RESET || kind == HENG_EVENT_MULTIPLIER ||
           kind == HENG_EVENT_UNIT;
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

/* What a number without a unit is in, as in sheets: what meters of the kind show. */
static int8_t usual_exp(heng_unit unit)
{
    if (unit == HENG_UNIT_WH || unit == HENG_UNIT_VARH || unit == HENG_UNIT_VAH) return 3;
    return unit == HENG_UNIT_J ? 9 : 0;
}

/* Does an index of this event belong to the channel? One that names no channel is of the main one. */
static bool gives_index(const struct maker *m, const struct heng_point_event *event)
{
    return event->channel_id ? event->channel_id == m->channel->id : m->channel->main;
}

/* The event that an index of a further register was told with; NULL: it stands alone. */
static const struct heng_point_event *parent_of(const struct maker *m, const struct heng_point_event *index)
{
    const struct heng_point_event *found = NULL;
    for (size_t i = 0; i < m->event_count; i++) {
        const struct heng_point_event *e = &m->events[i];
        if (e->at_us != index->at_us || e->id >= index->id || !heng_event_has_indexes(e->kind)) continue;
        if (!found || e->id > found->id) found = e;
    }
    return found;
}

/* What an event says of the counter of this channel: itself, or a register told with it; NULL: nothing. */
static const struct heng_point_event *own_index(const struct maker *m, const struct heng_point_event *event)
{
    if (gives_index(m, event)) return event;
    for (size_t i = 0; i < m->event_count; i++) {
        const struct heng_point_event *e = &m->events[i];
        if (e->kind != HENG_EVENT_INDEX || e->at_us != event->at_us || !is_about(m, e)) continue;
        if (gives_index(m, e) && parent_of(m, e) == event) return e;
    }
    return NULL;
}

/* An index as it stands in an event, in the unit of the event. */
static void put_index(const struct maker *m, const struct heng_point_event *event, const char *text,
                      struct heng_channel_fact *fact, struct heng_opt_dec *ret)
{
    struct heng_err err;
    heng_unit unit = m->channel->unit;
    int8_t exp = usual_exp(unit);
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
    if (fact->unit != HENG_UNIT_NONE) return;
    fact->unit = channel->unit;
    fact->display_exp = usual_exp(channel->unit);
}

/* Does an installation begin (or end) with such an event? */
static bool brings(heng_event_kind kind, bool begin)
{
    return kind == HENG_EVENT_EXCHANGE || kind == HENG_EVENT_MOVE ||
           kind == (begin ? HENG_EVENT_INSTALL : HENG_EVENT_REMOVE);
}

/* The event that made (begin) or ended an installation, and what it says of this channel; NULL: none. */
static const struct heng_point_event *event_of(const struct maker *m, const struct heng_installation *inst, bool begin)
{
    const struct heng_point_event *found = NULL;
    for (size_t i = 0; i < m->event_count; i++) {
        const struct heng_point_event *e = &m->events[i];
        bool here = e->point_id == inst->point_id;
        if (!is_about(m, e) || !gives_index(m, e) || e->at_us != (begin ? inst->from_us : inst->until_us)) continue;
        if (e->kind == HENG_EVENT_INDEX) {
            const struct heng_point_event *parent = parent_of(m, e);
            if (!parent || (!parent->undone_by && brings(parent->kind, begin))) found = e;
            continue;
        }
        bool left = e->kind == HENG_EVENT_MOVE && !begin; /* it is gone from other_point, and the same device */
        bool same = e->device_id == inst->device_id || !(begin || left);
        if (brings(e->kind, begin) && same && (left ? e->other_point == inst->point_id : here)) found = e;
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
    if (m->channel->main) start->digits = inst->digits; /* of other registers nobody said how many they have */
    if (e) put_index(m, e, e->after, start, &start->index);
    if (!inst->until_us) return;
    struct heng_channel_fact *end = new_fact(m, HENG_CHANNEL_FACT_END, inst->until_us, inst->id);
    e = event_of(m, inst, false);
    end->device_id = inst->device_id;
    if (e) put_index(m, e, e->before, end, &end->index);
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

/* Another unit is one of the registers that can be told in it; a number in another one is one of the main register. */
static bool is_in(const struct maker *m, const struct heng_point_event *e)
{
    const struct heng_channel channel = {.unit = m->channel->unit};
    heng_unit unit;
    int8_t exp;
    int64_t value;
    return !heng_usage_unit(e->unit, &unit, &exp) ||
           heng_amount_value(&channel, (struct heng_dec){0, 0}, unit, &value) != HENG_EUNSUPPORTED;
}

static void add_change(struct maker *m, const struct heng_point_event *e)
{
    const struct heng_point_event *own = own_index(m, e);
    if (e->kind == HENG_EVENT_UNIT && !is_in(m, e)) return;
    struct heng_channel_fact *fact = new_fact(m, HENG_CHANNEL_FACT_CHANGE, e->at_us, e->id);
    fact->multiplier = (uint32_t)e->factor_num;
    fact->divisor = (uint32_t)e->factor_den;
    if (m->channel->main || e->channel_id) fact->digits = e->digits;
    if (own) put_index(m, own, own->before, fact, &fact->index);
    if (own) put_index(m, own, own->after, fact, &fact->index2);
}

static void add_event(struct maker *m, const struct heng_point_event *e)
{
    const struct heng_point_event *own;
    struct heng_channel_fact *fact;
    switch (e->kind) {
    case HENG_EVENT_ROLLOVER: new_fact(m, HENG_CHANNEL_FACT_ROLLOVER, e->at_us, e->id); break;
    case HENG_EVENT_RESET:
        fact = new_fact(m, HENG_CHANNEL_FACT_RESET, e->at_us, e->id);
        own = own_index(m, e);
        if (own) put_index(m, own, own->before, fact, &fact->index);
        if (own) put_index(m, own, own->after, fact, &fact->index2);
        break;
    case HENG_EVENT_MULTIPLIER:
    case HENG_EVENT_UNIT: add_change(m, e); break;
    case HENG_EVENT_ACCEPT:
    case HENG_EVENT_REJECT: add_said(m, e); break;
    case HENG_EVENT_EDIT:
        fact = new_fact(m, HENG_CHANNEL_FACT_EDITED, e->at_us, e->id);
        fact->to_us = e->until_us;
        put_index(m, e, e->after, fact, &fact->index);
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

/* Which is there: facts of changes carry the number of their event. */
static const struct heng_point_event *event_with(const struct maker *m, int64_t id)
{
    size_t i = 0;
    while (m->events[i].id != id) i++;
    return &m->events[i];
}

/* The index before a change is one of the counter as it was: with a new unit it is told as a number of the old one. */
static void complete_index(const struct maker *m, const struct heng_point_event *e, heng_unit told_in,
                           const struct heng_channel_fact *now, struct heng_channel_fact *fact)
{
    struct heng_err err;
    if (!fact->index.is) return;
    if (e->kind == HENG_EVENT_UNIT && gives_index(m, e))
        fact->index.is = heng_dec_parse(e->before, &fact->index.dec, &err) == HENG_OK &&
                         heng_dec_shift(fact->index.dec, now->display_exp, &fact->index.dec) == HENG_OK;
    else
        fact->index.is = told_in == now->unit;
}

/* A change says what is different; the fact says all of the counter. */
static void complete(struct maker *m)
{
    struct heng_channel_fact now = {.multiplier = 1, .divisor = 1};
    for (size_t i = 0; i < m->n; i++) {
        struct heng_channel_fact *fact = &m->facts[i];
        if (fact->kind == HENG_CHANNEL_FACT_START) now = *fact;
        if (fact->kind != HENG_CHANNEL_FACT_CHANGE) continue;
        const struct heng_point_event *e = event_with(m, fact->id);
        if (!fact->multiplier) fact->multiplier = now.multiplier;
        if (!fact->divisor) fact->divisor = now.divisor;
        if (!fact->digits) fact->digits = now.digits;
        heng_unit told_in = fact->unit;
        complete_index(m, e, told_in, &now, fact);
        fact->unit = HENG_UNIT_NONE;
        if (e->kind == HENG_EVENT_UNIT) {
            put_counter(fact, m->channel, e);
        } else {
            fact->unit = now.unit;
            fact->display_exp = now.display_exp;
        }
        fact->index2.is = fact->index2.is && told_in == fact->unit;
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
    if (rc == HENG_OK) {
        qsort(m.facts, m.n, sizeof *m.facts, by_order);
        complete(&m);
    }
    free(m.events);
    if (rc != HENG_OK) return rc;
    facts->events = m.facts;
    facts->event_count = m.n;
    return HENG_OK;
}
