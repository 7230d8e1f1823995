#ifndef HENG_TESTS_UPLINK_SANE_H
#define HENG_TESTS_UPLINK_SANE_H
/* What must be true of everything that uplink/body.h and uplink/config.h let in, told once for fuzz targets and unit
 * tests, from the headers and not from the code under test. NULL, or what is wrong. */
#include "base/utf8.h"
#include "uplink/body.h"
#include "uplink/config.h"

#define SANE(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) return #condition;                                                                           \
    } while (0)

static inline bool sane_text(const char *text, size_t room)
{
    size_t n = strnlen(text, room);
    if (n == room) return false;
    for (size_t at = 0; at < n;) {
        size_t length = heng_utf8_length((const uint8_t *)text + at, n - at);
        if (!length) return false;
        at += length;
    }
    return true;
}

#define SANE_TEXT(array) SANE(sane_text(array, sizeof(array)))

static inline const char *sane_order(const struct heng_order_news *order)
{
    SANE(order->id > 0 && order->line_id >= 0 && order->device_id >= 0);
    SANE(order->kind < HENG_ORDER_COUNT && order->stage < HENG_STAGE_COUNT && order->outcome < HENG_OUTCOME_COUNT);
    SANE_TEXT(order->why);
    return NULL;
}

static inline const char *sane_value(const struct heng_value *value)
{
    SANE(value->key.quantity < HENG_QUANTITY_COUNT && value->key.unit < HENG_UNIT_COUNT);
    SANE(value->key.function < HENG_FUNCTION_COUNT);
    SANE(value->dec.exp >= HENG_DEC_EXP_MIN && value->dec.exp <= HENG_DEC_EXP_MAX);
    SANE(!value->has_value || value->reason[0] == 0);
    SANE_TEXT(value->key.qualifier);
    SANE_TEXT(value->reason);
    return NULL;
}

static inline const char *sane_read(const struct heng_read_news *news)
{
    const struct heng_read *read = news->read;
    SANE(news->line_id >= 0 && read->device_id > 0 && read->outcome < HENG_OUTCOME_COUNT);
    SANE(read->value_count <= HENG_READ_VALUES_MAX && read->frame_count <= HENG_READ_FRAMES_MAX);
    SANE(read->outcome != HENG_OUTCOME_OK || read->frame_count > 0 || news->by_hand);
    SANE(news->learned.ser <= 2);
    SANE_TEXT(read->why);
    for (size_t i = 0; i < read->frame_count; i++) SANE(read->frames[i].n <= HENG_FRAME_BYTES_MAX);
    for (size_t i = 0; i < read->value_count; i++) {
        const char *wrong = sane_value(&read->values[i]);
        if (wrong) return wrong;
        SANE(read->frame_of_value[i] < read->frame_count || (news->by_hand && read->frame_count == 0));
    }
    return news->order.id ? sane_order(&news->order) : NULL;
}

static inline const char *sane_line_news(const struct heng_line_news *line)
{
    SANE(line->line_id > 0 && line->state < HENG_LINE_STATE_COUNT);
    SANE_TEXT(line->detail);
    SANE_TEXT(line->vitals.hint_kind);
    SANE_TEXT(line->vitals.hint_meter);
    SANE_TEXT(line->vitals.hint);
    return NULL;
}

static inline const char *sane_found(const struct heng_found_news *news)
{
    SANE(news->line_id > 0 && news->kind < HENG_SEARCH_KIND_COUNT);
    SANE(news->found.protocol < HENG_PROTOCOL_COUNT && news->found.medium < HENG_MEDIUM_COUNT);
    SANE(news->found.primary >= -1 && news->found.primary <= 255);
    SANE_TEXT(news->found.address);
    SANE_TEXT(news->found.number);
    SANE_TEXT(news->found.manufacturer);
    return NULL;
}

static inline const char *sane_search(const struct heng_search_news *search)
{
    SANE(search->line_id > 0 && search->kind < HENG_SEARCH_KIND_COUNT && search->progress.permille <= 1000);
    SANE_TEXT(search->progress.place);
    return NULL;
}

static inline const char *sane_event(const struct heng_event_news *event)
{
    SANE(strcmp(heng_gateway_event_text(event->kind), "unknown") != 0 && event->line_id >= 0);
    SANE_TEXT(event->detail);
    return NULL;
}

static inline const char *sane_body(const struct heng_body *body)
{
    switch (body->kind) {
    case HENG_ENTRY_READ: return sane_read(&body->read);
    case HENG_ENTRY_LINE: return sane_line_news(&body->line);
    case HENG_ENTRY_ORDER: return sane_order(&body->order);
    case HENG_ENTRY_FOUND: return sane_found(&body->found);
    case HENG_ENTRY_SEARCH: return sane_search(&body->search);
    case HENG_ENTRY_EVENT: return sane_event(&body->event);
    }
    return "kind";
}

static inline const char *sane_schedule(const struct heng_schedule *s)
{
    SANE(s->id > 0 && s->time_count <= HENG_SCHEDULE_TIMES_MAX && s->due_minute < 1440);
    SANE(s->read_window_count <= HENG_SCHEDULE_WINDOWS_MAX && s->power_off_count <= HENG_SCHEDULE_WINDOWS_MAX);
    for (size_t i = 0; i < s->time_count; i++) SANE(s->times[i] < 1440);
    for (size_t i = 0; i < s->read_window_count; i++)
        SANE(s->read_windows[i].from < 1440 && s->read_windows[i].until < 1440);
    for (size_t i = 0; i < s->power_off_count; i++) SANE(s->power_off[i].from < 1440 && s->power_off[i].until < 1440);
    SANE_TEXT(s->name);
    return NULL;
}

static inline size_t sane_place_of_relay(const struct heng_line_config *line, int64_t id)
{
    size_t i = 0;
    while (i < line->relay_count && line->relays[i].id != id) i++;
    return i;
}

static inline const char *sane_relays(const struct heng_line_config *line)
{
    for (size_t i = 0; i < line->relay_count; i++) {
        const struct heng_relay_config *relay = &line->relays[i];
        unsigned deep = 0;
        SANE(relay->id > 0 && sane_place_of_relay(line, relay->id) == i);
        SANE(relay->open_n <= HENG_RELAY_BYTES_MAX && relay->open_answer_n <= HENG_RELAY_BYTES_MAX);
        SANE_TEXT(relay->name);
        for (size_t at = i;; at = sane_place_of_relay(line, line->relays[at].parent_id)) {
            SANE(at < line->relay_count && ++deep <= HENG_RELAYS_DEEP_MAX);
            if (!line->relays[at].parent_id) break;
        }
    }
    return NULL;
}

static inline const char *sane_meter(const struct heng_line_config *line, const struct heng_meter_config *meter)
{
    size_t s = 0;
    SANE(meter->device_id > 0 && meter->line_id == line->id && !meter->profile);
    SANE(meter->protocol < HENG_PROTOCOL_COUNT && meter->medium < HENG_MEDIUM_COUNT && meter->learned.ser <= 2);
    SANE_TEXT(meter->address);
    SANE_TEXT(meter->number);
    SANE_TEXT(meter->profile_name);
    while (s < line->schedule_count && line->schedules[s].id != meter->schedule_id) s++;
    SANE(!meter->schedule_id || s < line->schedule_count);
    SANE(!meter->relay_id || sane_place_of_relay(line, meter->relay_id) < line->relay_count);
    return NULL;
}

static inline const char *sane_line(const struct heng_line_config *line)
{
    SANE(line->id > 0 && line->transport < HENG_TRANSPORT_COUNT);
    SANE(line->rts < HENG_RTS_COUNT && line->overload < HENG_SIGNAL_COUNT && !line->zone && !line->profiles);
    SANE(!line->parity || line->parity == 'E' || line->parity == 'N' || line->parity == 'O');
    SANE_TEXT(line->name);
    SANE_TEXT(line->endpoint);
    SANE_TEXT(line->heartbeat);
    for (size_t i = 0; i < line->schedule_count; i++) {
        const char *wrong = sane_schedule(&line->schedules[i]);
        if (wrong) return wrong;
        for (size_t k = 0; k < i; k++) SANE(line->schedules[k].id != line->schedules[i].id);
    }
    return sane_relays(line);
}

static inline const char *sane_below(const struct heng_gateway_config *config)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        SANE(config->profiles[i].json.n <= HENG_CONFIG_PROFILE_BYTES_MAX && config->profiles[i].name[0]);
        SANE(sane_text(config->profiles[i].name, HENG_MODEL_NAME_MAX));
        for (size_t k = 0; k < i; k++) SANE(strcmp(config->profiles[k].name, config->profiles[i].name) != 0);
    }
    for (size_t i = 0; i < config->child_count; i++) {
        SANE(config->children[i].gateway_id > 0 && sane_text(config->children[i].name, HENG_NAME_MAX));
        SANE(sane_text(config->children[i].common_name, 65) && config->children[i].common_name[0]);
        for (size_t k = 0; k < i; k++) SANE(config->children[k].gateway_id != config->children[i].gateway_id);
    }
    return NULL;
}

/* Every pair of meters is compared: for configurations of at most some hundred. */
static inline const char *sane_config(const struct heng_gateway_config *config)
{
    SANE(config->version > 0 && config->journal_bytes >= 0);
    SANE(config->line_count <= 64 && config->profile_count <= 256 && config->child_count <= 64);
    SANE(sane_text(config->name, HENG_NAME_MAX) && sane_text(config->time_zone, 64));
    for (size_t l = 0; l < config->line_count; l++) {
        const char *wrong = sane_line(&config->lines[l]);
        if (wrong) return wrong;
        for (size_t k = 0; k < l; k++) SANE(config->lines[k].id != config->lines[l].id);
        SANE(config->first[l] <= config->first[l + 1] && config->first[l + 1] - config->first[l] <= 4096);
        for (size_t m = config->first[l]; m < config->first[l + 1]; m++) {
            wrong = sane_meter(&config->lines[l], &config->meters[m]);
            if (wrong) return wrong;
            for (size_t k = 0; k < m; k++) SANE(config->meters[k].device_id != config->meters[m].device_id);
        }
    }
    return sane_below(config);
}

#endif
