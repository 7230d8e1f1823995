/* What lines tell: into the journal, by turns while it has room, kept here while it has none. */
#include "gateway/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/lines_inside.h"

enum { TICK_MS = 1000 };

heng_us lines_wall(const struct heng_lines *lines)
{
    bool doubtful;
    return heng_core_wall(lines->core, heng_clock_mono(), heng_clock_wall(), &doubtful);
}

static size_t place_of(const struct heng_lines *lines, int64_t line_id)
{
    size_t low = 0, high = lines->line_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines->lines[middle]->id < line_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct gate_line *lines_find(const struct heng_lines *lines, int64_t line_id)
{
    size_t at = place_of(lines, line_id);
    return at < lines->line_count && lines->lines[at]->id == line_id ? lines->lines[at] : NULL;
}

/* --- into the journal ------------------------------------------------------------------------------------------- */

static void free_news(struct gate_news *news)
{
    free(news->read);
    free(news);
}

/* While the disk takes nothing. Lines are asked nothing as long as something is kept (has_room), so there is one read
 * at most, and of each order one end; what tells of states and events leaves them their room. */
static bool has_place(const struct heng_lines *lines, const struct heng_body *body)
{
    bool vital = body->kind == HENG_ENTRY_READ || body->kind == HENG_ENTRY_ORDER;
    return lines->news_count < (vital ? LINES_BACKLOG_MAX : LINES_BACKLOG_MAX - LINES_ORDERS_MAX);
}

static void keep(struct heng_lines *lines, const struct heng_body *body, heng_us at_us, bool urgent, int64_t token)
{
    struct gate_news *news = has_place(lines, body) ? calloc(1, sizeof *news) : NULL;
    if (news && body->kind == HENG_ENTRY_READ) news->read = calloc(1, sizeof *news->read);
    if (!news || (body->kind == HENG_ENTRY_READ && !news->read)) {
        free(news);
        heng_log(HENG_LOG_ERROR, "lines",
                 "event=news_lost kind=%s why='the journal takes nothing, and no room is left'",
                 heng_entry_kind_text(body->kind));
        return;
    }
    news->body = *body;
    news->at_us = at_us;
    news->urgent = urgent;
    news->token = token;
    if (news->read) {
        heng_news_copy_read(news->read, body->read.read);
        news->body.read.read = news->read;
    }
    if (lines->last)
        lines->last->next = news;
    else
        lines->first = news;
    lines->last = news;
    lines->news_count++;
}

/* ELIMIT and EIO are the disk's; with all else, or when the disk takes other things, it would be refused for ever. */
static bool is_hopeless(struct gate_news *news, heng_rc rc)
{
    return (rc != HENG_ELIMIT && rc != HENG_EIO && rc != HENG_ENOMEM) || ++news->tries > LINES_BACKLOG_TRIES;
}

static bool tell_kept(struct heng_lines *lines)
{
    bool any = false;
    struct gate_news *news;
    while ((news = lines->first) != NULL && heng_core_has_room(lines->core)) {
        struct heng_err err = {.text = ""};
        heng_rc rc =
            heng_core_tell(lines->core, heng_clock_mono(), &news->body, news->at_us, news->urgent, news->token, &err);
        if (rc != HENG_OK && !is_hopeless(news, rc)) break;
        if (rc != HENG_OK) heng_log(HENG_LOG_ERROR, "lines", "event=news_lost why='%s'", err.text);
        lines->first = news->next;
        if (!lines->first) lines->last = NULL;
        lines->news_count--;
        free_news(news);
        any = true;
    }
    return any;
}

void lines_tell(struct heng_lines *lines, const struct heng_body *body, heng_us at_us, bool urgent, int64_t token)
{
    struct heng_err err = {.text = ""};
    heng_rc rc = HENG_EIO;
    if (!lines->first) rc = heng_core_tell(lines->core, heng_clock_mono(), body, at_us, urgent, token, &err);
    if (rc == HENG_OK) return;
    keep(lines, body, at_us, urgent, token);
}

void heng_lines_event(struct heng_lines *lines, heng_gateway_event kind, int64_t value, int64_t line_id,
                      const char *fmt, ...)
{
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = kind, .value = value, .line_id = line_id}};
    va_list args;
    va_start(args, fmt);
    vsnprintf(body.event.detail, sizeof body.event.detail, fmt, args);
    va_end(args);
    heng_log(HENG_LOG_INFO, "lines", "event=%s line=%lld value=%lld detail='%s'", heng_gateway_event_text(kind),
             (long long)line_id, (long long)value, body.event.detail);
    lines_tell(lines, &body, lines_wall(lines), true, 0); /* they are few */
}

heng_rc heng_lines_knows(const struct heng_lines *lines, int64_t line_id, int64_t device_id, struct heng_err *err)
{
    const struct gate_line *line = lines_find(lines, line_id);
    for (size_t i = 0; line && i < line->meter_count; i++)
        if (line->meters[i].device_id == device_id) return HENG_OK;
    return heng_fail(err, HENG_ENOTFOUND, 0, "meter %lld is not one of ours", (long long)device_id);
}

/* --- what lines tell -------------------------------------------------------------------------------------------- */

/* The due date that was read last is kept beside the entry, so that a restart does not read it again: what the
 * configuration knows may be months old. */
static void remember_due(struct gate_line *line, int64_t device_id, const struct heng_learned *learned)
{
    for (size_t i = 0; i < line->meter_count; i++) {
        struct heng_meter_config *meter = &line->meters[i];
        if (meter->device_id != device_id || meter->learned.due_done_us >= learned->due_done_us) continue;
        char name[40];
        uint8_t bytes[8];
        struct heng_buf value = heng_buf_of(bytes, sizeof bytes);
        meter->learned.due_done_us = learned->due_done_us;
        snprintf(name, sizeof name, "due:%lld", (long long)device_id);
        heng_buf_le(&value, (uint64_t)learned->due_done_us, 8);
        heng_core_keep(line->lines->core, heng_clock_mono(), name, heng_buf_slice(&value));
    }
}

static void put_read(struct gate_line *line, const struct heng_line_result *result, const struct heng_order_news *order,
                     bool local)
{
    static struct heng_read stamped; /* 80 kB, and only the loop's thread comes here */
    struct heng_lines *lines = line->lines;
    heng_us ahead = lines_wall(lines) - heng_clock_mono();
    heng_news_stamp_read(&stamped, result->read, ahead);
    bool good = stamped.outcome == HENG_OUTCOME_OK && stamped.frame_count;
    if (good) line->answer_us = stamped.at_us;
    if (good || stamped.outcome == HENG_OUTCOME_REFUSED) heng_watch_answer(&line->watch, heng_clock_mono());
    struct heng_body body = {.kind = HENG_ENTRY_READ,
                             .read = {.line_id = line->id,
                                      .read = &stamped,
                                      .due_us = result->due_us,
                                      .has_learned = result->learned != NULL,
                                      .quarantined = result->quarantined,
                                      .order = *order}};
    if (result->learned) body.read.learned = *result->learned;
    lines_tell(lines, &body, stamped.at_us, local || order->id != 0, 0);
    if (result->learned && result->due_us) remember_due(line, stamped.device_id, result->learned);
    heng_news_log_read(heng_bus_line(line->bus), result->read);
    if (local && lines->events.read) lines->events.read(lines->events.owner, result->job_id, line->id, &stamped);
}

static void put_result(struct gate_line *line, const struct heng_line_result *result)
{
    struct heng_lines *lines = line->lines;
    struct heng_order_news order = {0};
    bool local = false, known = lines_order_news(lines, line->id, result, &order, &local);
    if (heng_news_was_asked(result)) {
        put_read(line, result, &order, local);
        return;
    }
    if (local && result->read && lines->events.read)
        lines->events.read(lines->events.owner, result->job_id, line->id, result->read);
    if (!known) return;
    int64_t token = 0;
    if (order.command && order.stage == HENG_STAGE_SENT && !order.ended) token = line->token = ++lines->next_token;
    struct heng_body body = {.kind = HENG_ENTRY_ORDER, .order = order};
    lines_tell(lines, &body, lines_wall(lines), true, token);
}

void lines_put_status(struct gate_line *line)
{
    struct heng_news_status status;
    heng_us now = heng_clock_mono();
    heng_news_status_take(&line->told, heng_bus_line(line->bus), now, &status);
    struct heng_body body = {
        .kind = HENG_ENTRY_LINE,
        .line = {.line_id = line->id, .state = status.state, .counters = status.counters, .vitals = status.vitals}};
    snprintf(body.line.detail, sizeof body.line.detail, "%s", status.detail);
    if (line->answer_us != line->told_answer_us) body.line.last_answer_us = line->answer_us;
    line->told_answer_us = line->answer_us;
    bool trouble = status.changed && heng_news_is_trouble(status.state); /* an alarm: it does not wait for others */
    lines_tell(line->lines, &body, lines_wall(line->lines) - (now - status.since_us), trouble, 0);
}

static void on_status(struct gate_line *line)
{
    bool urgent, share = line->lines->statuses_left > 0;
    if (!heng_news_status_now(&line->told, heng_bus_line(line->bus), heng_clock_mono(), share, &urgent)) return;
    if (!urgent) line->lines->statuses_left--;
    lines_put_status(line);
}

static void on_action(void *owner, struct heng_bus *bus, const struct heng_line_action *action)
{
    struct gate_line *line = owner;
    line->bus = bus; /* the first news come before heng_bus_open_by has returned */
    switch (action->kind) {
    case HENG_LINE_NONE:
    case HENG_LINE_SEND:
    case HENG_LINE_SPEED: break;
    case HENG_LINE_RESULT: put_result(line, &action->result); break;
    case HENG_LINE_FOUND: lines_found(line, &action->found); break;
    case HENG_LINE_SEARCHED: lines_searched(line, &action->progress, !action->progress.ended, false); break;
    case HENG_LINE_STATUS: on_status(line); break;
    }
}

/* A line that waits is asked again by heng_lines_go_on. */
static bool has_room(void *owner, bool brings)
{
    (void)brings;
    struct gate_line *line = owner;
    line->waits = line->token || line->lines->first || !heng_core_has_room(line->lines->core);
    return !line->waits;
}

struct heng_bus_events lines_bus_events(struct gate_line *line)
{
    return (struct heng_bus_events){line, on_action, has_room};
}

void heng_lines_let_go(struct heng_lines *lines, int64_t token)
{
    for (size_t i = 0; i < lines->line_count; i++) {
        struct gate_line *line = lines->lines[i];
        if (line->token != token) continue;
        line->token = 0;
        if (line->bus) heng_bus_pump(line->bus);
    }
}

bool heng_lines_go_on(struct heng_lines *lines)
{
    bool any = lines->first && tell_kept(lines);
    for (size_t i = 0; i < lines->line_count; i++) {
        if (lines->first || !heng_core_has_room(lines->core)) return any;
        struct gate_line *line = lines->lines[(lines->turn + i) % lines->line_count];
        if (!line->waits || line->token || !line->bus) continue;
        line->waits = false;
        any = true;
        lines->turn = (lines->turn + i + 1) % lines->line_count;
        heng_bus_pump(line->bus);
    }
    return any;
}

/* --- once a second ---------------------------------------------------------------------------------------------- */

/* The time is another one: times of day mean other moments now. */
static void check_clock(struct heng_lines *lines)
{
    heng_us mono = heng_clock_mono(), wall = lines_wall(lines), jump = 0;
    if (!clock_watch_look(&lines->clock, mono, wall, &jump)) return;
    if (jump) heng_log(HENG_LOG_WARN, "lines", "event=clock_set by_ms=%lld", (long long)(jump / HENG_US_PER_MS));
    for (size_t i = 0; i < lines->line_count; i++) {
        struct gate_line *line = lines->lines[i];
        heng_watch_clock(&line->watch);
        if (!line->bus) continue;
        heng_line_set_clock(heng_bus_line(line->bus), mono, wall);
        heng_bus_pump(line->bus);
    }
}

static void tell_statuses(struct heng_lines *lines)
{
    heng_us now = heng_clock_mono();
    lines->statuses_left = LINES_STATUSES_PER_S;
    for (size_t i = 0; i < lines->line_count && lines->statuses_left; i++) {
        struct gate_line *line = lines->lines[lines->told_next++ % lines->line_count];
        if (!line->bus || !heng_news_status_due(&line->told, now)) continue;
        if (lines->first || !heng_core_has_room(lines->core)) return;
        lines_put_status(line);
        lines->statuses_left--;
    }
}

static void on_second(uv_timer_t *timer)
{
    struct heng_lines *lines = timer->data;
    check_clock(lines);
    tell_statuses(lines);
    for (size_t i = 0; i < lines->line_count; i++) {
        struct gate_line *line = lines->lines[i];
        lines_tunnel_second(line, heng_clock_mono());
        lines_heal(line, heng_clock_mono());
    }
}

/* --- for who shows them ----------------------------------------------------------------------------------------- */

size_t heng_lines_count(const struct heng_lines *lines) { return lines->line_count; }

void heng_lines_view(const struct heng_lines *lines, size_t index, struct heng_line_view *ret)
{
    const struct gate_line *line = lines->lines[index];
    *ret = (struct heng_line_view){.config = &line->config,
                                   .meters = line->meters,
                                   .meter_count = line->meter_count,
                                   .state = HENG_LINE_STATE_DOWN,
                                   .detail = "",
                                   .answer_us = line->answer_us,
                                   .runs = line->bus != NULL,
                                   .silent = line->watch.silent,
                                   .searching = line->search.running,
                                   .tunnelled = line->tunnel != NULL};
    if (!line->bus) return;
    ret->state = heng_line_state_now(heng_bus_line(line->bus));
    ret->detail = heng_line_detail(heng_bus_line(line->bus));
    ret->vitals = heng_news_vitals(heng_bus_line(line->bus));
}

/* --- life ------------------------------------------------------------------------------------------------------- */

void heng_lines_listen(struct heng_lines *lines, struct heng_lines_events events) { lines->events = events; }

void heng_lines_watch(struct heng_lines *lines, heng_us least_us) { lines->watch_least_us = least_us; }

heng_rc heng_lines_new(uv_loop_t *loop, struct heng_core *core, struct heng_dtu_listener *dtu, struct heng_lines **ret,
                       struct heng_err *err)
{
    struct heng_lines *lines = calloc(1, sizeof *lines);
    if (!lines) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    *lines = (struct heng_lines){.loop = loop,
                                 .core = core,
                                 .dtu = dtu,
                                 .statuses_left = LINES_STATUSES_PER_S,
                                 .next_job = LINES_LOCAL_IDS_FROM};
    uv_timer_init(loop, &lines->second);
    lines->second.data = lines;
    uv_timer_start(&lines->second, on_second, TICK_MS, TICK_MS);
    heng_us jump;
    (void)clock_watch_look(&lines->clock, heng_clock_mono(), lines_wall(lines), &jump);
    *ret = lines;
    return HENG_OK;
}

void heng_lines_stop(struct heng_lines *lines)
{
    if (!lines || lines->stopped) return;
    lines->stopped = true;
    for (size_t i = 0; i < lines->line_count; i++) {
        struct gate_line *line = lines->lines[i];
        lines_tunnel_end(line, "the gateway stops");
        lines_search_lost(line);
        if (line->bus && line->told.news) lines_put_status(line);
        heng_bus_close(line->bus);
        line->bus = NULL;
    }
    uv_close((uv_handle_t *)&lines->second, NULL);
}

void heng_lines_free(struct heng_lines *lines)
{
    if (!lines) return;
    for (size_t i = 0; i < lines->line_count; i++) gate_line_free(lines->lines[i]);
    free(lines->lines);
    for (struct gate_news *news = lines->first, *next; news; news = next) {
        next = news->next;
        free_news(news);
    }
    if (lines->orders) explicit_bzero(lines->orders, lines->order_cap * sizeof *lines->orders);
    free(lines->orders);
    if (lines->profiles) heng_profiles_fini(lines->profiles);
    free(lines->profiles);
    heng_zone_free(lines->zone);
    free(lines);
}
