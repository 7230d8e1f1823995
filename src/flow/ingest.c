#include "flow/ingest.h"

#include <stdlib.h>

#include "base/log.h"
#include "flow/conditions.h"
#include "flow/delivery.h"
#include "flow/ingest_gateways.h"
#include "flow/kept.h"
#include "store/checks.h"
#include "store/quality.h"
#include "store/read.h"
#include "store/write.h"
#include "usage/date.h"
#include "vee/day.h"

void heng_ingested_fini(struct heng_ingested *ingested)
{
    free(ingested->live);
    heng_zone_free(ingested->zone);
    *ingested = (struct heng_ingested){0};
}

void heng_ingested_clear(struct heng_ingested *ret)
{
    struct heng_ingested kept = {
        .live = ret->live, .live_cap = ret->live_cap, .zone = ret->zone, .profiles = ret->profiles};
    memcpy(kept.zone_name, ret->zone_name, sizeof kept.zone_name);
    *ret = kept;
}

struct heng_live_kind_id {
    heng_live_kind kind;
    int64_t id;
};

void heng_ingested_back(struct heng_ingested *ingested, const struct heng_ingested *before)
{
    struct heng_ingested now = *ingested;
    *ingested = *before;
    ingested->live = now.live;
    ingested->live_cap = now.live_cap;
    ingested->zone = now.zone;
    ingested->zone_known = now.zone_known;
    memcpy(ingested->zone_name, now.zone_name, sizeof now.zone_name);
}

static struct heng_live *add_live(struct heng_ingested *ret, struct heng_err *err)
{
    if (ret->live_n == ret->live_cap) {
        size_t cap = ret->live_cap ? ret->live_cap * 2 : 64;
        struct heng_live *live = realloc(ret->live, cap * sizeof *live);
        if (!live) {
            heng_fail(err, HENG_ENOMEM, 0, "out of memory for live events");
            return NULL;
        }
        ret->live = live;
        ret->live_cap = cap;
    }
    struct heng_live *live = &ret->live[ret->live_n++];
    memset(live, 0, sizeof *live);
    return live;
}

/* A line or a gateway has something to tell: once in a batch, and as it is at its end. False: no memory. */
static bool mark(struct heng_live_kind_id what, struct heng_ingested *ret, struct heng_err *err)
{
    for (size_t i = ret->live_n; i-- > 0;) {
        const struct heng_live *live = &ret->live[i];
        if (live->kind != what.kind) continue;
        if ((what.kind == HENG_LIVE_LINE ? live->line.config.id : live->gateway.gateway.id) == what.id) return true;
    }
    struct heng_live *live = add_live(ret, err);
    if (!live) return false;
    live->kind = what.kind;
    if (what.kind == HENG_LIVE_LINE)
        live->line.config.id = what.id;
    else
        live->gateway.gateway.id = what.id;
    return true;
}

bool heng_ingest_mark_gateway(int64_t gateway_id, struct heng_ingested *ret, struct heng_err *err)
{
    return mark((struct heng_live_kind_id){HENG_LIVE_GATEWAY, gateway_id}, ret, err);
}

/* A read that contradicts itself would spoil the batch again and again; it is refused instead. */
static bool is_sound(const struct heng_read *read, bool by_hand)
{
    if (read->outcome >= HENG_OUTCOME_COUNT) return false;
    if (read->outcome != HENG_OUTCOME_OK) return true;
    if (read->value_count > HENG_READ_VALUES_MAX || read->frame_count > HENG_READ_FRAMES_MAX) return false;
    for (size_t i = 0; i < read->frame_count; i++)
        if (read->frames[i].n > HENG_FRAME_BYTES_MAX) return false;
    for (size_t i = 0; i < read->value_count; i++)
        if (read->frame_of_value[i] >= read->frame_count && (!by_hand || read->frame_of_value[i])) return false;
    return read->frame_count > 0 || by_hand;
}

static void refuse(const struct heng_read *read, const char *why, struct heng_ingested *ret)
{
    heng_log(HENG_LOG_WARN, "flow", "event=read_refused meter=%lld reason='%s'", (long long)read->device_id, why);
    ret->refused++;
    ret->refusal = why;
}

/* The reading as stored, from the read as it came; register ids are made or found. */
static heng_rc build_reading(struct heng_store *store, const struct heng_fact *fact, struct heng_reading *ret,
                             struct heng_err *err)
{
    const struct heng_register_key *keys[HENG_READ_VALUES_MAX];
    int64_t ids[HENG_READ_VALUES_MAX];
    const struct heng_read *read = fact->read;
    for (size_t i = 0; i < read->value_count; i++) keys[i] = &read->values[i].key;
    heng_rc rc = heng_store_register_ids(store, read->device_id, keys, read->value_count, ids, err);
    if (rc != HENG_OK) return rc;
    ret->device_id = read->device_id;
    ret->at_us = read->at_us;
    ret->source = fact->by_hand ? HENG_SOURCE_HANDHELD : HENG_SOURCE_LINE;
    ret->quality = fact->doubtful ? HENG_QUALITY_TIME_DOUBTFUL : HENG_QUALITY_MEASURED;
    ret->due_us = fact->order ? fact->order->due_us : 0;
    ret->partial = fact->order && fact->order->order != HENG_ORDER_READ;
    ret->first_frame = 0;
    ret->frame_count = read->frame_count;
    ret->value_count = read->value_count;
    for (size_t i = 0; i < read->value_count; i++) {
        struct heng_reading_value *value = &ret->values[i];
        const struct heng_value *from = &read->values[i];
        *value = (struct heng_reading_value){.register_id = ids[i],
                                             .has_value = from->has_value,
                                             .dec = from->dec,
                                             .frame = (uint8_t)read->frame_of_value[i]};
        if (!from->has_value) memcpy(value->reason, from->reason, sizeof value->reason);
        value->reason[sizeof value->reason - 1] = '\0';
    }
    return HENG_OK;
}

static void build_frames(const struct heng_read *read, heng_protocol protocol, struct heng_frame *ret)
{
    for (size_t i = 0; i < read->frame_count; i++) {
        ret[i].at_us = read->frames[i].at_us;
        ret[i].protocol = protocol;
        ret[i].n = read->frames[i].n;
        memcpy(ret[i].bytes, read->frames[i].bytes, read->frames[i].n);
    }
}

static heng_rc tell_reading(const struct heng_meter_row *meter, const struct heng_read *read,
                            const struct heng_reading *reading, int64_t first_frame, struct heng_ingested *ret,
                            struct heng_err *err)
{
    struct heng_live *live = add_live(ret, err);
    if (!live) return HENG_ENOMEM;
    live->kind = HENG_LIVE_READING;
    struct heng_reading_view *view = &live->reading;
    view->meter_id = meter->device.id;
    view->line_id = meter->line_id;
    view->medium = meter->device.medium;
    view->at_us = reading->at_us;
    view->frame_id = first_frame;
    memcpy(view->number, meter->device.number, sizeof view->number);
    memcpy(view->place, meter->place, sizeof view->place);
    for (size_t i = 0; i < reading->value_count && !view->has_main; i++) {
        if (!heng_is_main_register(meter->device.medium, &read->values[i].key)) continue;
        const struct heng_reading_value *value = &reading->values[i];
        view->has_main = true;
        view->main = (struct heng_value_view){.register_id = value->register_id,
                                              .key = read->values[i].key,
                                              .has_value = value->has_value,
                                              .dec = value->dec,
                                              .at_us = reading->at_us,
                                              .frame_id = first_frame + value->frame};
        memcpy(view->main.reason, value->reason, sizeof view->main.reason);
    }
    return HENG_OK;
}

/* Is `at` no news beside what is known? A stamp from the future was made by a clock that was wrong since: it must not
 * keep out what comes now. */
enum { CLOCK_SLACK_S = 60 };
static bool is_old(heng_us at_us, heng_us known_us, heng_us now_us)
{
    return at_us <= known_us && known_us <= now_us + CLOCK_SLACK_S * HENG_US_PER_S;
}

/* Did the meter answer? A refusal is an answer. What it said to a command and nobody understood is one, too; a read
 * that nobody understands brings nothing, and is a miss. */
static bool was_answered(const struct heng_fact *fact)
{
    heng_outcome outcome = fact->read->outcome;
    bool read = !fact->order || !heng_order_changes(fact->order->order);
    return outcome == HENG_OUTCOME_OK || outcome == HENG_OUTCOME_REFUSED || (outcome == HENG_OUTCOME_FORMAT && !read);
}

/* What the read says about the meter. A fact older than what is known, or known already, changes nothing. */
static void update_state(struct heng_device_state *state, const struct heng_fact *fact, heng_us now_us)
{
    const struct heng_read *read = fact->read;
    /* While a clock that was ahead stands still, tries have the same time: what has a number is another one. */
    bool another = read->at_us == state->last_try_us && (fact->numbered || was_answered(fact));
    if (is_old(read->at_us, state->last_try_us, now_us) && !another) return;
    state->last_try_us = read->at_us;
    state->last_outcome = read->outcome;
    if (was_answered(fact)) {
        state->misses = 0;
        state->state = HENG_METER_STATE_OK;
    } else {
        state->misses++;
        state->state = HENG_METER_STATE_MISSING;
    }
}

/* Is what people see of the meter now the right thing to show on? A state, a clock or frozen values do not take the
 * place of a whole reading, unless there never was one. */
static heng_rc shows(struct heng_store *store, const struct heng_device_state *state,
                     const struct heng_reading *reading, struct heng_reading *scratch, bool *ret, struct heng_err *err)
{
    *ret = true;
    if ((!reading->partial && !reading->due_us) || !state->last_read_us) return HENG_OK;
    heng_rc rc = heng_store_get_reading(heng_store_as_reader(store), state->device_id, state->last_read_us,
                                        state->last_source, scratch, err);
    if (rc == HENG_OK) *ret = scratch->partial || scratch->due_us;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc note_reading(struct heng_store *store, struct heng_meter_row *meter, const struct heng_fact *fact,
                            const struct heng_reading *reading, int64_t first_frame, heng_us now_us,
                            struct heng_ingested *ret, struct heng_err *err)
{
    static _Thread_local struct heng_reading scratch; /* 40 kB */
    const struct heng_read *read = fact->read;
    struct heng_device_state *state = &meter->state;
    bool shown;
    ret->stored++;
    if (read->skipped)
        heng_log(HENG_LOG_WARN, "flow", "event=values_skipped meter=%lld number=%s count=%u",
                 (long long)meter->device.id, meter->device.number, read->skipped);
    heng_rc rc = shows(store, state, reading, &scratch, &shown, err);
    if (rc != HENG_OK) return rc;
    state->reads++;
    if (shown && !is_old(read->at_us, state->last_read_us, now_us)) {
        state->last_read_us = read->at_us;
        state->last_source = reading->source;
    }
    return reading->partial || reading->due_us ? HENG_OK : tell_reading(meter, read, reading, first_frame, ret, err);
}

/* A date that cannot be is told, and the reading is kept beside: it is there, and takes no part in usage. */
static heng_rc check_date(struct heng_store *store, const struct heng_meter_row *meter,
                          const struct heng_reading *reading, heng_us now_us, struct heng_err *err)
{
    const char *rule = NULL;
    heng_rc rc = heng_usage_check_date(store, meter->device.id, meter->device.medium, reading->at_us, reading->source,
                                       now_us, &rule, err);
    if (rc == HENG_OK && rule)
        heng_log(HENG_LOG_WARN, "flow", "event=reading_kept_beside meter=%lld number=%s rule=%s",
                 (long long)meter->device.id, meter->device.number, rule);
    return rc;
}

/* A site whose zone is not there on this computer counts by days of UTC. */
static heng_rc need_zone(struct heng_store *store, struct heng_ingested *ret, struct heng_err *err)
{
    char name[sizeof ret->zone_name] = "";
    struct heng_err why;
    if (ret->zone_known) return HENG_OK;
    heng_rc rc = heng_store_get_setting(heng_store_as_reader(store), "time_zone", name, sizeof name, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    ret->zone_known = true;
    if (strcmp(name, ret->zone_name) == 0) return HENG_OK;
    heng_zone_free(ret->zone);
    ret->zone = NULL;
    memcpy(ret->zone_name, name, sizeof name);
    if (name[0] && heng_zone_open(name, &ret->zone, &why) != HENG_OK)
        heng_log(HENG_LOG_WARN, "flow", "event=zone_unknown zone='%s' reason='%s'", name, why.text);
    return HENG_OK;
}

/* Values of due dates that the meter told beside those of now. */
static heng_rc keep_kept(struct heng_store *store, const struct heng_meter_row *meter, const struct heng_read *read,
                         const struct heng_reading *reading, const struct heng_frame *frames, struct heng_ingested *ret,
                         struct heng_err *err)
{
    size_t added = 0;
    if (meter->device.protocol != HENG_PROTOCOL_MBUS) return HENG_OK;
    heng_rc rc = need_zone(store, ret, err);
    if (rc != HENG_OK) return rc;
    const struct heng_kept_from from = {.reading = reading,
                                        .values = read->values,
                                        .frames = frames,
                                        .dialect = heng_dialect_of_frame(HENG_PROTOCOL_MBUS,
                                                                         heng_slice_of(frames[0].bytes, frames[0].n),
                                                                         ret->profiles, meter->device.profile),
                                        .zone = ret->zone};
    return heng_kept_add(store, &from, &added, err);
}

/* Store a good read. What is known of the meter changes in meter; who calls stores that. */
static heng_rc ingest_good(struct heng_store *store, struct heng_meter_row *meter, const struct heng_fact *fact,
                           heng_us now_us, struct heng_evidence *ret_evidence, struct heng_ingested *ret,
                           struct heng_err *err)
{
    const struct heng_read *read = fact->read;
    struct heng_reading reading;
    struct heng_frame frames[HENG_READ_FRAMES_MAX];
    heng_stored stored;
    heng_rc rc = build_reading(store, fact, &reading, err);
    if (rc == HENG_ERANGE) {
        refuse(read, "too many registers", ret);
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    build_frames(read, meter->device.protocol, frames);
    rc = heng_store_add_reading(store, &reading, frames, &stored, &ret_evidence->first_frame, err);
    if (rc != HENG_OK) return rc;
    switch (stored) {
    case HENG_STORED_SAME: /* by another way, perhaps: it proves what this one proves */
        ret->same++;
        if (ret_evidence->first_frame) ret_evidence->frame_count = read->frame_count;
        if (ret_evidence->first_frame) ret_evidence->reading_us = read->at_us;
        /* Its copy ran ahead of tries that failed and were told since. A copy that comes late comes after them. */
        if (!fact->copy) update_state(&meter->state, fact, now_us);
        return HENG_OK;
    case HENG_STORED_CONFLICT:
        ret->conflicts++;
        heng_log(HENG_LOG_WARN, "flow", "event=reading_conflict meter=%lld number=%s first_frame=%lld",
                 (long long)meter->device.id, meter->device.number, (long long)ret_evidence->first_frame);
        return heng_conditions_keep(store, &reading, frames, ret->profiles, meter->device.profile, err);
    case HENG_STORED_NEW: break;
    }
    rc = heng_conditions_keep(store, &reading, frames, ret->profiles, meter->device.profile, err);
    if (rc == HENG_OK) rc = keep_kept(store, meter, read, &reading, frames, ret, err);
    if (rc != HENG_OK) return rc;
    ret_evidence->frame_count = read->frame_count;
    ret_evidence->reading_us = read->at_us;
    update_state(&meter->state, fact, now_us);
    rc = check_date(store, meter, &reading, now_us, err);
    return rc != HENG_OK ? rc : note_reading(store, meter, fact, &reading, ret_evidence->first_frame, now_us, ret, err);
}

/* A read that brought no values, or no good end. What the meter said to a command proves why that failed; what it said
 * to a read is counted and no more. */
static heng_rc ingest_other(struct heng_store *store, struct heng_meter_row *meter, const struct heng_fact *fact,
                            heng_us now_us, struct heng_evidence *ret_evidence, struct heng_ingested *ret,
                            struct heng_err *err)
{
    const struct heng_read *read = fact->read;
    struct heng_frame frames[HENG_READ_FRAMES_MAX];
    ret->failed += read->outcome != HENG_OUTCOME_OK;
    update_state(&meter->state, fact, now_us);
    bool proves = fact->order && fact->order->command && read->frame_count && read->frame_count <= HENG_READ_FRAMES_MAX;
    for (size_t i = 0; proves && i < read->frame_count; i++) proves = read->frames[i].n <= HENG_FRAME_BYTES_MAX;
    if (!proves) return HENG_OK;
    build_frames(read, meter->device.protocol, frames);
    ret_evidence->frame_count = read->frame_count;
    return heng_store_add_frames(store, meter->device.id, frames, read->frame_count, &ret_evidence->first_frame, err);
}

/* An order has come on: its row, if it has one, and everybody who looks on. */
static heng_rc ingest_order(struct heng_store *store, const struct heng_order_fact *order,
                            const struct heng_evidence *evidence, struct heng_ingested *ret, struct heng_err *err)
{
    if (!order || !order->id) return HENG_OK;
    heng_rc rc = order->command ? heng_command_advance(store, order, evidence, err) : HENG_OK;
    if (rc == HENG_ENOTFOUND) {
        heng_log(HENG_LOG_WARN, "flow", "event=order_refused id=%lld reason='no such command'", (long long)order->id);
        ret->refused++;
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    struct heng_live *live = add_live(ret, err);
    if (!live) return HENG_ENOMEM;
    live->kind = HENG_LIVE_ORDER;
    live->order = *order;
    return HENG_OK;
}

/* --- how reading goes, day by day (docs/analysis.md) --- */

/* A round that was due, or a reading that came by order or by hand. Frozen values, states and commands are no news of
 * how well a meter is read, and what was told before is none (counted: it is new). */
static heng_rc count_read(struct heng_store *store, const struct heng_meter_row *meter, const struct heng_fact *fact,
                          bool counted, struct heng_ingested *ret, struct heng_err *err)
{
    const struct heng_read *read = fact->read;
    bool answered = read->outcome == HENG_OUTCOME_OK, ordered = fact->by_hand || (fact->order && fact->order->command);
    if (!counted || (fact->order && (fact->order->order != HENG_ORDER_READ || fact->order->due_us))) return HENG_OK;
    heng_rc rc = need_zone(store, ret, err);
    if (rc != HENG_OK) return rc;
    const struct heng_day_rule days = {.zone = ret->zone};
    const struct heng_read_note note = {.device_id = read->device_id,
                                        .line_id = meter->line_id,
                                        .day = heng_day_at(&days, read->at_us),
                                        .planned = !ordered,
                                        .first = !ordered && answered && read->tries <= 1,
                                        .answered = answered,
                                        .reason = answered ? "" : heng_outcome_text(read->outcome)};
    return heng_store_note_read(store, &note, err);
}

/* Was the meter asked at all? */
static bool was_asked(const struct heng_fact *fact)
{
    return !fact->order || (fact->order->stage != HENG_STAGE_EXPIRED && fact->order->stage != HENG_STAGE_CANCELLED);
}

static heng_rc ingest_read(struct heng_store *store, const struct heng_fact *fact, heng_us now_us,
                           struct heng_ingested *ret, struct heng_err *err)
{
    const struct heng_read *read = fact->read;
    struct heng_meter_row meter;
    struct heng_evidence evidence = {0};
    if (!was_asked(fact)) return ingest_order(store, fact->order, NULL, ret, err);
    /* An order may end well without an answer that is kept: a meter that was only asked whether it is there. */
    bool empty = fact->order && fact->order->order != HENG_ORDER_READ && read->frame_count == 0;
    if (!empty && !is_sound(read, fact->by_hand)) {
        refuse(read, "contradicts itself", ret);
        return ingest_order(store, fact->order, NULL, ret, err);
    }
    heng_rc rc = heng_store_get_meter(heng_store_as_reader(store), read->device_id, &meter, err);
    if (rc == HENG_ENOTFOUND) {
        refuse(read, "no such meter", ret);
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    if (fact->order && fact->order->has_learned) {
        meter.state.learned = fact->order->learned;
        meter.state.quarantined = fact->order->quarantined;
    }
    uint32_t stored = ret->stored;
    bool good = read->outcome == HENG_OUTCOME_OK && !empty;
    rc = good ? ingest_good(store, &meter, fact, now_us, &evidence, ret, err)
              : ingest_other(store, &meter, fact, now_us, &evidence, ret, err);
    if (rc == HENG_OK) rc = heng_store_put_device_state(store, &meter.state, err);
    if (rc == HENG_OK) rc = count_read(store, &meter, fact, good ? ret->stored > stored : !empty, ret, err);
    return rc == HENG_OK ? ingest_order(store, fact->order, &evidence, ret, err) : rc;
}

static bool is_trouble(heng_line_state state)
{
    return state == HENG_LINE_STATE_DOWN || state == HENG_LINE_STATE_OVERLOAD || state == HENG_LINE_STATE_NO_LOAD;
}

/* An operator's history is trouble, its end and its reason; that rounds begin and end is no event. */
static bool is_event(const struct heng_line_status *before, const struct heng_line_fact *fact)
{
    if (before->state != fact->state) return is_trouble(before->state) || is_trouble(fact->state);
    return is_trouble(fact->state) && strncmp(before->detail, fact->detail, sizeof before->detail - 1) != 0;
}

static heng_rc ingest_line(struct heng_store *store, const struct heng_line_fact *fact, heng_us now_us,
                           struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_line_row line;
    heng_rc rc = heng_store_get_line(heng_store_as_reader(store), fact->line_id, &line, err);
    if (rc == HENG_ENOTFOUND) {
        heng_log(HENG_LOG_WARN, "flow", "event=line_refused line=%lld reason='no such line'", (long long)fact->line_id);
        ret->refused++;
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    struct heng_line_status *status = &line.status;
    bool event_due = is_event(status, fact);
    if (status->state != fact->state) status->since_us = fact->at_us;
    status->state = fact->state;
    memcpy(status->detail, fact->detail, sizeof status->detail);
    status->detail[sizeof status->detail - 1] = '\0';
    if (fact->last_answer_us && !is_old(fact->last_answer_us, status->last_answer_us, now_us))
        status->last_answer_us = fact->last_answer_us;
#define X(field) status->counters.field += fact->counters.field;
    HENG_LINE_COUNTER_LIST(X)
#undef X
    status->vitals = fact->vitals;
    rc = heng_store_put_line_status(store, status, err);
    if (rc == HENG_OK && !mark((struct heng_live_kind_id){HENG_LIVE_LINE, fact->line_id}, ret, err)) rc = HENG_ENOMEM;
    if (rc != HENG_OK || !event_due) return rc;
    struct heng_line_event event = {.at_us = fact->at_us, .state = fact->state};
    memcpy(event.detail, status->detail, sizeof event.detail);
    return heng_store_add_line_event(store, fact->line_id, &event, err);
}

static heng_rc ingest_search(struct heng_store *store, const struct heng_search_fact *fact, struct heng_ingested *ret,
                             struct heng_err *err)
{
    heng_rc rc = heng_store_put_search(store, &fact->row, err);
    if (rc == HENG_OK && fact->fresh) rc = heng_store_clear_found(store, fact->row.line_id, fact->row.kind, err);
    if (rc != HENG_OK) return rc;
    struct heng_live *live = add_live(ret, err);
    if (!live) return HENG_ENOMEM;
    live->kind = HENG_LIVE_SEARCH;
    live->search = fact->row;
    return HENG_OK;
}

static heng_rc ingest_found(struct heng_store *store, const struct heng_found_fact *fact, struct heng_err *err)
{
    return heng_store_add_found(store, fact->line_id, fact->kind, &fact->row, err);
}

heng_rc heng_ingest_tell(struct heng_store *store, struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < ret->live_n; i++) {
        struct heng_live *live = &ret->live[i];
        if (live->kind == HENG_LIVE_LINE) rc = heng_store_get_line(reader, live->line.config.id, &live->line, err);
        if (live->kind == HENG_LIVE_GATEWAY)
            rc = heng_view_gateway(reader, live->gateway.gateway.id, &live->gateway, err);
    }
    return rc;
}

heng_rc heng_ingest_fact(struct heng_store *store, const struct heng_fact *fact, heng_us now_us,
                         struct heng_ingested *ret, struct heng_err *err)
{
    switch (fact->kind) {
    case HENG_FACT_READ: return ingest_read(store, fact, now_us, ret, err);
    case HENG_FACT_ORDER: return ingest_order(store, fact->order, NULL, ret, err);
    case HENG_FACT_LINE: return ingest_line(store, fact->line, now_us, ret, err);
    case HENG_FACT_COMMAND: return heng_command_store(store, fact->command, err);
    case HENG_FACT_SEARCH: return ingest_search(store, fact->search, ret, err);
    case HENG_FACT_FOUND: return ingest_found(store, fact->found, err);
    case HENG_FACT_DELIVERY: return heng_delivery_ingest(store, fact->delivery, now_us, ret, err);
    case HENG_FACT_GATEWAY: return heng_ingest_gateway(store, fact->gateway, ret, err);
    case HENG_FACT_GATEWAY_EVENT: return heng_ingest_gateway_event(store, fact->event, ret, err);
    case HENG_FACT_ENROLMENT: return heng_ingest_enrolment(store, fact->enrolment, ret, err);
    case HENG_FACT_REVOKE: return heng_ingest_revoke(store, fact->revoke, ret, err);
    }
    return heng_fail(err, HENG_EBUG, 0, "a fact of kind %d", (int)fact->kind);
}

/* One that breaks a rule of the schema does not hold up the others, today and with every retry. */
static heng_rc ingest_carefully(struct heng_store *store, const struct heng_fact *fact, heng_us now_us,
                                struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_ingested before = *ret;
    struct heng_err why;
    if (fact->delivery) return heng_delivery_ingest_carefully(store, fact->delivery, now_us, ret, err);
    heng_rc rc = heng_store_part_begin(store, err);
    if (rc != HENG_OK) return rc;
    rc = heng_ingest_fact(store, fact, now_us, ret, &why);
    if (rc == HENG_OK) return heng_store_part_end(store, false, err);
    if (rc != HENG_ECONFLICT) return heng_fail(err, rc, why.at, "%s", why.text);
    heng_log(HENG_LOG_ERROR, "flow", "event=fact_refused kind=%d reason='%s'", (int)fact->kind, why.text);
    heng_ingested_back(ret, &before);
    ret->refused++;
    return heng_store_part_end(store, true, err);
}

static heng_rc ingest_all(struct heng_store *store, const struct heng_fact *facts, size_t count, heng_us now_us,
                          bool careful, struct heng_ingested *ret, struct heng_err *err)
{
    heng_ingested_clear(ret);
    heng_rc rc = heng_store_begin(store, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; rc == HENG_OK && i < count; i++)
        rc = (careful ? ingest_carefully : heng_ingest_fact)(store, &facts[i], now_us, ret, err);
    if (rc == HENG_OK) rc = heng_ingest_tell(store, ret, err);
    if (rc == HENG_OK)
        rc = heng_store_commit(store, err);
    else
        heng_store_rollback(store);
    if (rc != HENG_OK) heng_ingested_clear(ret);
    return rc;
}

heng_rc heng_ingest(struct heng_store *store, const struct heng_fact *facts, size_t count, heng_us now_us,
                    struct heng_ingested *ret, struct heng_err *err)
{
    heng_rc rc = ingest_all(store, facts, count, now_us, false, ret, err);
    return rc == HENG_ECONFLICT ? ingest_all(store, facts, count, now_us, true, ret, err) : rc;
}
