#include "line/line.h"

#include <stdio.h>
#include <stdlib.h>

#include "line/inside.h"

/* While a round runs, the counters are told this often. Without memory it is tried again after POOR_S. */
enum { STATUS_S = 5, POOR_S = 1, QUARANTINE_USUAL = 3, BAUD_MIN = 300, BAUD_MAX = 921600, STEPS_MAX = 100000 };

/* --- life --------------------------------------------------------------------------------------------- */

static heng_rc fill(struct heng_line *line, const struct heng_meter_config *meters, struct heng_err *err)
{
    heng_rc rc = heng_heartbeat_of(line->config.heartbeat, &line->x.heartbeat, err);
    for (size_t i = 0; rc == HENG_OK && i < line->member_count; i++) {
        rc = heng_member_init(&line->members[i], &meters[i], line->quarantine_after, err);
        line->quarantined += line->members[i].quarantined;
    }
    if (rc == HENG_OK) rc = heng_relays_init(&line->relays, &line->config, err);
    for (size_t i = 0; rc == HENG_OK && i < line->member_count; i++)
        if (meters[i].relay_id && heng_relays_find(&line->relays, meters[i].relay_id) == HENG_RELAY_NONE)
            rc = heng_fail(err, HENG_ECONFIG, 0, "meter '%s': its relay is not there", meters[i].number);
    if (rc == HENG_OK)
        rc = heng_plan_init(&line->plan, &line->config, line->members, line->member_count, &line->relays, err);
    if (rc == HENG_OK) rc = heng_queue_new(&line->queue, err);
    return rc;
}

heng_rc heng_line_new(const struct heng_line_config *config, const struct heng_meter_config *meters, size_t meter_count,
                      struct heng_line **ret, struct heng_err *err)
{
    if (config->baud < BAUD_MIN || config->baud > BAUD_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "line '%s': %u baud is not possible: %d to %d", config->name,
                         config->baud, BAUD_MIN, BAUD_MAX);
    struct heng_line *line = calloc(1, sizeof *line);
    if (line) line->members = calloc(meter_count ? meter_count : 1, sizeof *line->members);
    if (!line || !line->members) {
        free(line);
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%s'", config->name);
    }
    line->config = *config;
    line->member_count = meter_count;
    line->quarantine_after = config->quarantine_after ? config->quarantine_after : QUARANTINE_USUAL;
    line->x.baud = line->opens_at = config->baud;
    line->x.latency = config->latency_ms * HENG_US_PER_MS;
    line->x.counters = &line->counters;
    line->asked = line->last_good = line->follow = HENG_QUEUE_NOBODY;
    line->check_at = HENG_US_NEVER;
    line->wake = INT64_MIN;
    heng_rc rc = fill(line, meters, err);
    if (rc != HENG_OK) {
        heng_line_free(line);
        return rc;
    }
    line->config.schedules = NULL; /* the caller's, and copied */
    line->config.relays = NULL;
    *ret = line;
    return HENG_OK;
}

void heng_line_free(struct heng_line *line)
{
    if (!line) return;
    heng_conversation_free(line->talk);
    heng_park_drop(line);
    free(line->result_read);
    heng_search_free(line->search);
    heng_queue_free(line->queue);
    heng_plan_fini(&line->plan);
    heng_relays_fini(&line->relays);
    free(line->members);
    free(line);
}

const struct heng_line_config *heng_line_config(const struct heng_line *line) { return &line->config; }
heng_line_state heng_line_state_now(const struct heng_line *line) { return line->state; }
heng_us heng_line_since(const struct heng_line *line) { return line->since; }
const char *heng_line_detail(const struct heng_line *line) { return line->detail; }

void heng_line_forget(struct heng_line *line)
{
    for (size_t i = 0; i < line->member_count; i++) {
        struct heng_learned *learned = &line->members[i].config.learned;
        learned->answer_us = learned->spread_us = learned->answers = 0;
    }
}

const struct heng_line_counters *heng_line_counters_now(const struct heng_line *line) { return &line->counters; }

void heng_line_vitals_now(const struct heng_line *line, struct heng_line_vitals *ret)
{
    *ret = (struct heng_line_vitals){.health = heng_health_score(&line->health),
                                     .queued = (uint32_t)heng_queue_count(line->queue),
                                     .quarantined = (uint32_t)line->quarantined,
                                     .cycle_us = line->cycle_us,
                                     .dead_us = line->dead_us};
    struct heng_health_meter *meters = calloc(line->member_count ? line->member_count : 1, sizeof *meters);
    struct heng_hint hint = {.text = ""};
    if (!meters) return; /* a hint can wait */
    for (size_t i = 0; i < line->member_count; i++) {
        const struct heng_member *m = &line->members[i];
        unsigned good = 0;
        for (unsigned bit = 0; bit < m->talks; bit++) good += m->history >> bit & 1;
        meters[i] = (struct heng_health_meter){.position = m->config.position,
                                               .good = (uint8_t)good,
                                               .missed = (uint8_t)(m->talks - good),
                                               .answered_last = m->talks && (m->history & 1)};
        snprintf(meters[i].name, sizeof meters[i].name, "%s",
                 m->config.number[0] ? m->config.number : m->config.address);
    }
    heng_health_hint(meters, line->member_count, &hint);
    ret->hint_kind = hint.kind;
    ret->hint_from = hint.from_position;
    ret->hint_to = hint.to_position;
    memcpy(ret->hint_meter, hint.meter, sizeof ret->hint_meter);
    snprintf(ret->hint, sizeof ret->hint, "%s", hint.text);
    free(meters);
}

/* --- state ---------------------------------------------------------------------------------------------- */

static void set_state(struct heng_line *line, heng_us now, heng_line_state state, const char *detail)
{
    bool other = line->state != state;
    if (!other && strncmp(line->detail, detail, sizeof line->detail - 1) == 0) return;
    if (other || line->since == 0) line->since = now;
    line->state = state;
    snprintf(line->detail, sizeof line->detail, "%s", detail);
    line->status_due = true;
    line->state_changed = line->state_changed || other;
}

bool heng_line_usable(const struct heng_line *line) { return line->open && !line->health.overload; }

void heng_line_judge(struct heng_line *line, heng_us now)
{
    if (!line->open) return; /* DOWN, with the reason, is told by who closed it */
    bool busy = line->work.kind != HENG_WORK_NONE || line->parked || heng_plan_running(&line->plan) || line->search;
    if (line->health.overload)
        set_state(line, now, HENG_LINE_STATE_OVERLOAD, "the level converter reports overload or a short");
    else if (heng_health_is_overload(&line->health))
        set_state(line, now, HENG_LINE_STATE_OVERLOAD, "noise without end: a short, or something sends all the time");
    else if (line->no_load || (line->member_count && line->quarantined == line->member_count))
        set_state(line, now, HENG_LINE_STATE_NO_LOAD, "connected, but no meter answers");
    else
        set_state(line, now, busy ? HENG_LINE_STATE_READING : HENG_LINE_STATE_IDLE, "");
}

/* --- news from outside ---------------------------------------------------------------------------------- */

/* Something else may be next now: look before the time. */
static void nudge(struct heng_line *line, heng_us now)
{
    if (line->phase == HENG_PHASE_REST) {
        line->wake = INT64_MIN;
    } else if (line->phase == HENG_PHASE_GAP && heng_work_gives_way(line)) {
        heng_us free_at = heng_exchange_free(&line->x);
        heng_us soon = free_at > now ? free_at : now;
        if (soon < line->wake) line->wake = soon;
    }
}

/* The meters cannot be reached from now on. */
static void interrupt(struct heng_line *line, heng_us now)
{
    line->send_due = line->speed_due = false;
    heng_exchange_drop(&line->x);
    line->settling = 0;
    line->wake_left = 0;
    line->woken = line->tied = line->search_last = false;
    heng_relays_close(&line->relays);
    heng_seek_cut(line);
    heng_work_abandon(line, now);
    heng_park_put_back(line);
    line->phase = HENG_PHASE_REST;
    line->wake = INT64_MIN;
}

void heng_line_opened(struct heng_line *line, heng_us now)
{
    if (line->open) { /* a new connection took the place of the old one, which is lost */
        line->open = false;
        interrupt(line, now);
    }
    line->open = true;
    line->mute = 0;
    line->check_due = false;
    line->x.baud = line->config.baud;
    line->speed_due = line->config.baud != line->opens_at; /* a meter has taken the line along to another one */
    line->x.received_n = line->x.used = 0;
    line->x.echoes = 0;
    heng_plan_tick(&line->plan, line->members, now);
    /* Meters that draw power from a fresh connection, and modems, need a moment. */
    line->phase = HENG_PHASE_REST;
    line->wake = line->ready_at = now + heng_exchange_gap(&line->x);
    heng_line_judge(line, now);
}

void heng_line_closed(struct heng_line *line, heng_us now, const char *why)
{
    line->open = false;
    set_state(line, now, HENG_LINE_STATE_DOWN, why);
    line->status_due = true;
    interrupt(line, now);
}

void heng_line_overload(struct heng_line *line, heng_us now, bool on)
{
    if (line->health.overload == on) return;
    line->health.overload = on;
    if (on)
        interrupt(line, now);
    else if (line->phase == HENG_PHASE_REST)
        line->wake = line->ready_at = now + heng_exchange_gap(&line->x);
    heng_line_judge(line, now);
}

void heng_line_feed(struct heng_line *line, heng_us now, struct heng_slice bytes)
{
    if (!line->open || bytes.n == 0) return;
    line->counters.bytes_in += bytes.n;
    line->bus_at = line->x.heard_at = now;
    heng_ask_feed(line, now, bytes);
}

void heng_line_set_clock(struct heng_line *line, heng_us now, heng_us wall_us)
{
    heng_plan_set_clock(&line->plan, line->members, line->member_count, now, wall_us);
    nudge(line, now);
}

/* --- orders --------------------------------------------------------------------------------------------- */

static heng_rc check_broadcast(const struct heng_line *line, const struct heng_line_job *job, struct heng_err *err)
{
    const struct heng_driver *driver = heng_driver_of(job->protocol);
    struct heng_civil clock = {.year = 2000, .month = 1, .day = 1};
    struct heng_ask ask;
    (void)line;
    if (!driver || !driver->broadcast)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "%s has no orders to all meters",
                         heng_protocol_text(job->protocol));
    return driver->broadcast(&job->order, &clock, &ask, err);
}

static uint32_t member_of(const struct heng_line *line, int64_t device_id)
{
    for (size_t i = 0; device_id && i < line->member_count; i++)
        if (line->members[i].config.device_id == device_id) return (uint32_t)i;
    return HENG_QUEUE_NOBODY;
}

heng_rc heng_line_can(const struct heng_line *line, const struct heng_line_job *job, struct heng_err *err)
{
    uint32_t member = member_of(line, job->device_id);
    if ((unsigned)job->cls >= HENG_CLASS_COUNT) return heng_fail(err, HENG_EUNSUPPORTED, 0, "there is no such class");
    if (job->device_id && member == HENG_QUEUE_NOBODY)
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no such meter on line '%s'", line->config.name);
    if (job->order.kind == HENG_ORDER_SET_CLOCK && !line->plan.has_clock)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "nobody has told the line what time it is");
    if (!job->device_id) return check_broadcast(line, job, err);
    /* What it said about a meter would be what it had read before the command. */
    if (heng_order_changes(job->order.kind) && heng_line_is_behind_store(line, &line->members[member]))
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "the meter is behind a collector that answers from its memory: nobody could read back whether "
                         "it was done");
    return heng_meter_can(&line->members[member].config, &job->order, err);
}

heng_rc heng_line_submit(struct heng_line *line, heng_us now, const struct heng_line_job *job, struct heng_err *err)
{
    struct heng_queued queued = {.job = *job, .member = member_of(line, job->device_id), .told = HENG_STAGE_QUEUED};
    heng_rc rc = heng_line_can(line, job, err);
    if (rc == HENG_OK) rc = heng_queue_put(line->queue, &queued, err);
    if (rc == HENG_OK) nudge(line, now);
    return rc;
}

heng_rc heng_line_cancel(struct heng_line *line, heng_us now, int64_t job_id)
{
    (void)now;
    return heng_queue_cancel(line->queue, job_id);
}

heng_rc heng_line_search(struct heng_line *line, heng_us now, const struct heng_search_config *config,
                         struct heng_err *err)
{
    if (line->search) return heng_fail(err, HENG_EBUSY, 0, "line '%s' is being searched already", line->config.name);
    if ((unsigned)config->kind >= HENG_SEARCH_KIND_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "there is no such kind of search");
    heng_rc rc = heng_search_new(config, &line->search, err);
    if (rc != HENG_OK) {
        line->search = NULL;
        return rc;
    }
    line->search_protocol = heng_search_kind_protocol(config->kind);
    line->search_stopped = line->searched_due = line->search_last = false;
    line->search_credit = 0;
    line->search_burst = 0;
    line->searched_at = now;
    nudge(line, now);
    return HENG_OK;
}

void heng_line_search_stop(struct heng_line *line, heng_us now)
{
    if (!line->search) return;
    heng_seek_cut(line);
    line->search_stopped = line->searched_due = true;
    nudge(line, now);
}

/* --- actions -------------------------------------------------------------------------------------------- */

struct heng_read *heng_line_read_new(int64_t device_id, heng_us now, heng_outcome outcome)
{
    struct heng_read *read = malloc(sizeof *read); /* large: only its head is cleared */
    if (!read) return NULL;
    read->device_id = device_id;
    read->at_us = now;
    read->outcome = outcome;
    read->tries = 0;
    read->value_count = read->frame_count = read->skipped = 0;
    read->why[0] = '\0';
    return read;
}

void heng_line_tell(struct heng_line *line, const struct heng_line_result *result, struct heng_read *take_read)
{
    line->result = *result;
    line->result.read = take_read;
    if (line->result_read != take_read) free(line->result_read); /* told, and not polled since */
    line->result.order.has_secret = false;
    memset(line->result.order.password, 0, sizeof line->result.order.password);
    memset(line->result.order.operator_code, 0, sizeof line->result.order.operator_code);
    line->result_read = take_read;
    line->result_due = true;
}

/* A job that has ended in the queue. Returns false when there is none, or no memory to tell it. */
static bool tell_ended(struct heng_line *line, heng_us now)
{
    heng_stage stage;
    const struct heng_queued *ended = heng_queue_ended(line->queue, &stage);
    if (!ended || now < line->poor_until) return false;
    struct heng_read *read = heng_line_read_new(ended->job.device_id, now, HENG_OUTCOME_DISCONNECTED);
    if (!read) {
        line->poor_until = now + POOR_S * HENG_US_PER_S;
        return false;
    }
    const struct heng_member *m = ended->member == HENG_QUEUE_NOBODY ? NULL : &line->members[ended->member];
    struct heng_line_result result = {.job_id = ended->job.id,
                                      .cls = ended->job.cls,
                                      .order = ended->job.order,
                                      .stage = stage,
                                      .learned = m ? &m->config.learned : NULL,
                                      .quarantined = m && m->quarantined};
    if (stage != HENG_STAGE_CANCELLED)
        snprintf(read->why, sizeof read->why, "%s",
                 stage == HENG_STAGE_FAILED ? "its time was over before it could be asked what became of it"
                                            : "its time was over before it could be sent");
    heng_line_tell(line, &result, read);
    heng_queue_ended_drop(line->queue);
    return true;
}

static bool has_action(const struct heng_line *line)
{
    return line->send_due || line->speed_due || line->result_due || line->stages_due || line->found_due ||
           line->searched_due || line->status_due;
}

/* What the passing of time brings. Returns false when it brings nothing. */
static bool advance(struct heng_line *line, heng_us now)
{
    heng_queue_expire(line->queue, now);
    if (tell_ended(line, now)) return true;
    if (now < line->wake) return false;
    switch (line->phase) {
    case HENG_PHASE_REST: heng_work_pick(line, now); return true;
    case HENG_PHASE_GAP:
        if (heng_work_gives_way(line)) heng_work_abandon(line, now);
        if (line->work.kind == HENG_WORK_NONE)
            heng_work_pick(line, now);
        else
            heng_ask_next(line, now);
        return true;
    case HENG_PHASE_WAIT: heng_ask_timeout(line, now); return true;
    }
    return false;
}

static void take_searched(struct heng_line *line, heng_us now, struct heng_line_action *ret)
{
    ret->kind = HENG_LINE_SEARCHED;
    heng_search_progress_now(line->search, &ret->progress);
    line->searched_due = false;
    line->searched_at = now;
    if (!line->search_stopped) return;
    ret->progress.ended = true;
    heng_search_free(line->search);
    line->search = NULL;
    heng_line_judge(line, now);
}

static void take_result(struct heng_line *line, struct heng_line_action *ret)
{
    unsigned stage = 0;
    ret->kind = HENG_LINE_RESULT;
    while (stage < HENG_STAGE_COUNT && !(line->stages_due >> stage & 1)) stage++;
    if (stage < HENG_STAGE_COUNT) { /* a command got on; it may have ended by now, which is told next */
        line->stages_due &= ~(1u << stage);
        ret->result = line->stage_result;
        ret->result.stage = (heng_stage)stage;
    } else {
        line->result_due = false;
        ret->result = line->result;
        line->counted = true;
    }
}

void heng_line_poll(struct heng_line *line, heng_us now, struct heng_line_action *ret)
{
    *ret = (struct heng_line_action){.kind = HENG_LINE_NONE};
    if (!line->result_due) {
        free(line->result_read);
        line->result_read = NULL;
    }
    for (unsigned steps = 0; steps < STEPS_MAX && !has_action(line); steps++)
        if (!advance(line, now)) break;
    if (line->speed_due) {
        line->speed_due = false;
        ret->kind = HENG_LINE_SPEED;
        ret->baud = line->x.baud;
        ret->parity = line->config.parity;
    } else if (line->send_due) {
        line->send_due = false;
        line->counted = true;
        ret->kind = HENG_LINE_SEND;
        ret->bytes = line->out;
    } else if (line->stages_due || line->result_due) {
        take_result(line, ret);
    } else if (line->found_due) {
        line->found_due = false;
        ret->kind = HENG_LINE_FOUND;
        ret->found = line->found;
    } else if (line->searched_due) {
        take_searched(line, now, ret);
    } else if (line->status_due || (line->counted && now >= line->status_at + STATUS_S * HENG_US_PER_S)) {
        ret->kind = HENG_LINE_STATUS;
        line->status_at = now;
        line->counted = false;
        ret->changed = line->state_changed;
        line->status_due = line->state_changed = false;
    }
}

heng_us heng_line_deadline(const struct heng_line *line)
{
    heng_stage stage;
    if (has_action(line)) return 0;
    heng_us next = line->wake > 0 ? line->wake : 0;
    if (heng_queue_ended(line->queue, &stage) && line->poor_until < next) next = line->poor_until;
    if (heng_queue_expires(line->queue) < next) next = heng_queue_expires(line->queue);
    return next;
}
