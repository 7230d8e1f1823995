#include "flow/ingest.h"

#include <stdlib.h>

#include "base/log.h"
#include "store/read.h"
#include "store/write.h"

void heng_ingested_fini(struct heng_ingested *ingested)
{
    free(ingested->live);
    *ingested = (struct heng_ingested){0};
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

/* A read that contradicts itself would spoil the batch again and again; it is refused instead. */
static bool is_sound(const struct heng_read *read)
{
    if (read->outcome >= HENG_OUTCOME_COUNT) return false;
    if (read->outcome != HENG_OUTCOME_OK) return true;
    if (read->value_count > HENG_READ_VALUES_MAX || read->frame_count > HENG_READ_FRAMES_MAX) return false;
    for (size_t i = 0; i < read->frame_count; i++)
        if (read->frames[i].n > HENG_FRAME_BYTES_MAX) return false;
    for (size_t i = 0; i < read->value_count; i++)
        if (read->frame_of_value[i] >= read->frame_count) return false;
    return read->frame_count > 0;
}

static void refuse(const struct heng_read *read, const char *why, struct heng_ingested *ret)
{
    heng_log(HENG_LOG_WARN, "flow", "event=read_refused meter=%lld reason='%s'", (long long)read->device_id, why);
    ret->refused++;
}

/* The reading as stored, from the read as it came; register ids are made or found. */
static heng_rc build_reading(struct heng_store *store, const struct heng_read *read, struct heng_reading *ret,
                             struct heng_err *err)
{
    const struct heng_register_key *keys[HENG_READ_VALUES_MAX];
    int64_t ids[HENG_READ_VALUES_MAX];
    for (size_t i = 0; i < read->value_count; i++) keys[i] = &read->values[i].key;
    heng_rc rc = heng_store_register_ids(store, read->device_id, keys, read->value_count, ids, err);
    if (rc != HENG_OK) return rc;
    ret->device_id = read->device_id;
    ret->at_us = read->at_us;
    ret->source = HENG_SOURCE_LINE;
    ret->quality = HENG_QUALITY_MEASURED;
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

/* What the read says about the meter. A fact older than what is known, or known already, changes nothing. */
static void update_state(struct heng_device_state *state, const struct heng_read *read, heng_us now_us)
{
    if (is_old(read->at_us, state->last_try_us, now_us)) return;
    state->last_try_us = read->at_us;
    state->last_outcome = read->outcome;
    if (read->outcome == HENG_OUTCOME_OK) {
        state->misses = 0;
        state->state = HENG_METER_STATE_OK;
    } else {
        state->misses++;
        state->state = HENG_METER_STATE_MISSING;
    }
}

static heng_rc ingest_good(struct heng_store *store, struct heng_meter_row *meter, const struct heng_read *read,
                           heng_us now_us, struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_reading reading;
    struct heng_frame frames[HENG_READ_FRAMES_MAX];
    heng_stored stored;
    int64_t first_frame = 0;
    heng_rc rc = build_reading(store, read, &reading, err);
    if (rc == HENG_ERANGE) {
        refuse(read, "too many registers", ret);
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    build_frames(read, meter->device.protocol, frames);
    rc = heng_store_add_reading(store, &reading, frames, &stored, &first_frame, err);
    if (rc != HENG_OK) return rc;
    switch (stored) {
    case HENG_STORED_SAME: ret->same++; return HENG_OK;
    case HENG_STORED_CONFLICT:
        ret->conflicts++;
        heng_log(HENG_LOG_WARN, "flow", "event=reading_conflict meter=%lld number=%s first_frame=%lld",
                 (long long)meter->device.id, meter->device.number, (long long)first_frame);
        return HENG_OK;
    case HENG_STORED_NEW: break;
    }
    ret->stored++;
    if (read->skipped)
        heng_log(HENG_LOG_WARN, "flow", "event=values_skipped meter=%lld number=%s count=%u",
                 (long long)meter->device.id, meter->device.number, read->skipped);
    struct heng_device_state *state = &meter->state;
    state->reads++;
    if (!is_old(read->at_us, state->last_read_us, now_us)) {
        state->last_read_us = read->at_us;
        state->last_source = reading.source;
    }
    update_state(state, read, now_us);
    rc = heng_store_put_device_state(store, state, err);
    return rc == HENG_OK ? tell_reading(meter, read, &reading, first_frame, ret, err) : rc;
}

static heng_rc ingest_read(struct heng_store *store, const struct heng_read *read, heng_us now_us,
                           struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_meter_row meter;
    if (!is_sound(read)) {
        refuse(read, "contradicts itself", ret);
        return HENG_OK;
    }
    heng_rc rc = heng_store_get_meter(heng_store_as_reader(store), read->device_id, &meter, err);
    if (rc == HENG_ENOTFOUND) {
        refuse(read, "no such meter", ret);
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    if (read->outcome == HENG_OUTCOME_OK) return ingest_good(store, &meter, read, now_us, ret, err);
    ret->failed++;
    update_state(&meter.state, read, now_us);
    return heng_store_put_device_state(store, &meter.state, err);
}

static bool is_trouble(heng_line_state state)
{
    return state == HENG_LINE_STATE_DOWN || state == HENG_LINE_STATE_SILENT;
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
    rc = heng_store_put_line_status(store, status, err);
    if (rc != HENG_OK || !event_due) return rc;
    struct heng_line_event event = {.at_us = fact->at_us, .state = fact->state};
    memcpy(event.detail, status->detail, sizeof event.detail);
    return heng_store_add_line_event(store, fact->line_id, &event, err);
}

/* Each line of the batch is told once, as it stands after the whole batch. */
static heng_rc tell_lines(struct heng_store *store, const struct heng_fact *facts, size_t count,
                          struct heng_ingested *ret, struct heng_err *err)
{
    size_t first = ret->live_n;
    for (size_t i = 0; i < count; i++) {
        if (facts[i].kind != HENG_FACT_LINE) continue;
        bool told = false;
        for (size_t j = first; j < ret->live_n && !told; j++)
            told = ret->live[j].line.config.id == facts[i].line->line_id;
        if (told) continue;
        struct heng_live *live = add_live(ret, err);
        if (!live) return HENG_ENOMEM;
        live->kind = HENG_LIVE_LINE;
        heng_rc rc = heng_store_get_line(heng_store_as_reader(store), facts[i].line->line_id, &live->line, err);
        if (rc == HENG_ENOTFOUND) ret->live_n--; /* refused above */
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    }
    return HENG_OK;
}

heng_rc heng_ingest(struct heng_store *store, const struct heng_fact *facts, size_t count, heng_us now_us,
                    struct heng_ingested *ret, struct heng_err *err)
{
    *ret = (struct heng_ingested){.live = ret->live, .live_cap = ret->live_cap};
    heng_rc rc = heng_store_begin(store, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; rc == HENG_OK && i < count; i++) {
        switch (facts[i].kind) {
        case HENG_FACT_READ: rc = ingest_read(store, facts[i].read, now_us, ret, err); break;
        case HENG_FACT_LINE: rc = ingest_line(store, facts[i].line, now_us, ret, err); break;
        }
    }
    if (rc == HENG_OK) rc = tell_lines(store, facts, count, ret, err);
    if (rc == HENG_OK)
        rc = heng_store_commit(store, err);
    else
        heng_store_rollback(store);
    if (rc != HENG_OK) *ret = (struct heng_ingested){.live = ret->live, .live_cap = ret->live_cap};
    return rc;
}
