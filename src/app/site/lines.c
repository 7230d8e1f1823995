/* The lines of a site: started, told the time, and their news handed to the writer. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/reload.h"
#include "app/site/run.h"
#include "base/log.h"
#include "base/zone.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* All lines together tell no more than so many statuses a second, beside trouble. Whoever waits for room goes on when a
 * batch has left the queue; when none leaves, because those who went on have no result yet, more may go after this. */
enum { STATUSES_PER_S = 250, TICK_MS = 1000, PATIENCE_MS = 100, CALM_S = 60 };

void site_run_put(struct site_run *site, const struct heng_fact *fact, heng_us arrived_us, void *token)
{
    if (heng_writer_put(site->writer, fact, arrived_us, token) != HENG_OK)
        heng_log(HENG_LOG_ERROR, "line", "event=fact_lost kind=%d", (int)fact->kind);
}

/* Where the line is, or would be. */
static size_t place_of(const struct site_run *site, int64_t line_id)
{
    size_t low = 0, high = site->line_count;
    while (low < high) {
        size_t at = low + (high - low) / 2;
        if (site->lines[at]->id < line_id)
            low = at + 1;
        else
            high = at;
    }
    return low;
}

struct running_line *site_run_known(const struct site_run *site, int64_t line_id)
{
    size_t at = place_of(site, line_id);
    return at < site->line_count && site->lines[at]->id == line_id ? site->lines[at] : NULL;
}

struct running_line *site_run_line(struct site_run *site, int64_t line_id)
{
    struct running_line *line = site_run_known(site, line_id);
    return line && line->bus ? line : NULL;
}

struct running_line *site_run_add(struct site_run *site, int64_t line_id)
{
    size_t at = place_of(site, line_id);
    struct running_line *line = calloc(1, sizeof *line);
    struct running_line **lines = line ? realloc(site->lines, (site->line_count + 1) * sizeof *lines) : NULL;
    if (!lines) {
        free(line);
        return NULL;
    }
    memmove(&lines[at + 1], &lines[at], (site->line_count - at) * sizeof *lines);
    lines[at] = line;
    line->site = site;
    line->id = line_id;
    line->told.state = HENG_LINE_STATE_DOWN; /* as heng_orders_recover has left it, and a new one is known */
    site->lines = lines;
    site->line_count++;
    return line;
}

/* --- what lines tell ------------------------------------------------------------------------------------------- */

static struct heng_order_fact order_of(struct running_line *line, const struct heng_line_result *result,
                                       struct heng_wish_slot **ret_waits)
{
    const struct heng_read *read = result->read;
    struct heng_order_fact fact = {
        .line_id = line->id,
        .device_id = read ? read->device_id : 0,
        .order = result->order.kind,
        .stage = result->stage,
        .at_us = heng_clock_wall(),
        .due_us = result->due_us,
        .outcome = heng_news_outcome(result),
        .ended = read != NULL,
        .has_learned = result->learned != NULL,
        .quarantined = result->quarantined,
    };
    if (result->learned) fact.learned = *result->learned;
    *ret_waits = site_wishes_identify(line->site->wishes, result->job_id, &fact);
    heng_news_why(result, fact.command, fact.why, sizeof fact.why);
    return fact;
}

static void put_result(struct running_line *line, const struct heng_line_result *result)
{
    static struct heng_read stamped; /* 80 kB, and only the loop's thread comes here */
    struct heng_wish_slot *waits = NULL;
    struct heng_order_fact order = order_of(line, result, &waits);
    void *token = waits;
    const struct heng_read *read = result->read;
    if (order.command && order.stage == HENG_STAGE_SENT && !order.ended) {
        site_wishes_hold(line->site->wishes, line);
        token = line;
    }
    if (!heng_news_was_asked(result)) {
        if (order.id) site_run_put(line->site, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, 0, token);
        return;
    }
    heng_news_stamp_read(&stamped, read, heng_clock_wall() - heng_clock_mono());
    if (stamped.outcome == HENG_OUTCOME_OK && stamped.frame_count) line->last_answer_us = stamped.at_us;
    heng_us arrived_us = read->frame_count ? read->frames[read->frame_count - 1].at_us : 0;
    site_run_put(line->site, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &stamped, .order = &order},
                 read->outcome == HENG_OUTCOME_OK ? arrived_us : 0, token);
    heng_news_log_read(heng_bus_line(line->bus), read);
}

static void put_found(struct running_line *line, const struct heng_search_found *found)
{
    struct heng_found_fact fact = {
        .line_id = line->id, .kind = line->search.kind, .row = {.at_us = heng_clock_wall(), .found = *found}};
    site_run_put(line->site, &(struct heng_fact){.kind = HENG_FACT_FOUND, .found = &fact}, 0, NULL);
}

static void put_progress(struct running_line *line, const struct heng_search_progress *progress)
{
    struct running_search *search = &line->search;
    struct heng_wish_slot *waits = progress->ended ? search->stop : NULL;
    struct heng_search_fact fact = {.row = {.line_id = line->id,
                                            .kind = search->kind,
                                            .known_only = search->known_only,
                                            .running = !progress->ended,
                                            .started_us = search->started_us,
                                            .updated_us = heng_clock_wall(),
                                            .progress = *progress}};
    /* One that was stopped has ended for the line, but can be resumed. */
    if (waits) fact.row.progress.ended = progress->permille >= 1000;
    if (progress->ended) search->running = false;
    if (progress->ended) search->stop = NULL;
    site_run_put(line->site, &(struct heng_fact){.kind = HENG_FACT_SEARCH, .search = &fact}, 0, waits);
}

static void put_status(struct running_line *line)
{
    struct heng_news_status status;
    heng_news_status_take(&line->told, heng_bus_line(line->bus), heng_clock_mono(), &status);
    struct heng_line_fact fact = {
        .line_id = line->id,
        .state = status.state,
        .at_us = heng_bus_to_wall(status.since_us),
        .last_answer_us = line->last_answer_us,
        .counters = status.counters,
        .vitals = status.vitals,
    };
    snprintf(fact.detail, sizeof fact.detail, "%s", status.detail);
    line->last_answer_us = 0;
    site_run_put(line->site, &(struct heng_fact){.kind = HENG_FACT_LINE, .line = &fact}, 0, NULL);
}

/* What has to wait is told by tell_statuses. */
static void on_status(struct running_line *line)
{
    bool urgent, share = line->site->statuses_left > 0;
    if (!heng_news_status_now(&line->told, heng_bus_line(line->bus), heng_clock_mono(), share, &urgent)) return;
    if (!urgent) line->site->statuses_left--;
    put_status(line);
}

static void on_action(void *owner, struct heng_bus *bus, const struct heng_line_action *action)
{
    struct running_line *line = owner;
    line->bus = bus; /* the first news come before heng_bus_open has returned */
    switch (action->kind) {
    case HENG_LINE_NONE:
    case HENG_LINE_SEND:
    case HENG_LINE_SPEED: break;
    case HENG_LINE_RESULT:
        if (action->result.read) line->has_turn = false;
        put_result(line, &action->result);
        break;
    case HENG_LINE_FOUND: put_found(line, &action->found); break;
    case HENG_LINE_SEARCHED: put_progress(line, &action->progress); break;
    case HENG_LINE_STATUS: on_status(line); break;
    }
}

static void on_patience(uv_timer_t *timer);

/* A line that is held goes on when the wishes let it go. */
static bool has_room(void *owner, bool brings)
{
    struct running_line *line = owner;
    struct site_run *site = line->site;
    if (site_wishes_holds(site->wishes, line)) return false;
    if ((line->has_turn || turns_are_free(&site->turns, brings)) && heng_writer_room(site->writer)) return true;
    if (turns_are_free(&site->turns, false)) uv_timer_start(&site->patience, on_patience, PATIENCE_MS, 0);
    turns_join(&site->turns, &line->turn, brings);
    return false;
}

/* Who brings something goes on as long as there is room, and as many begin something new as there was room for. */
static void give_turns(struct site_run *site)
{
    size_t may_begin = heng_writer_room(site->writer);
    while (heng_writer_room(site->writer)) {
        struct turn *turn = turns_take(&site->turns, &may_begin);
        if (!turn) break;
        struct running_line *line = (struct running_line *)((char *)turn - offsetof(struct running_line, turn));
        if (!line->bus) continue;
        line->has_turn = true;
        heng_bus_pump(line->bus);
        line->has_turn = false;
    }
    if (!turns_are_free(&site->turns, false)) uv_timer_start(&site->patience, on_patience, PATIENCE_MS, 0);
}

static void on_patience(uv_timer_t *timer) { give_turns(timer->data); }

static void on_emptied(uv_async_t *async) { give_turns(async->data); }

static void emptied(void *owner) { uv_async_send(owner); }

/* --- once a second --------------------------------------------------------------------------------------------- */

/* The wall clock has been set: times of day mean other moments now. */
static void check_clock(struct site_run *site)
{
    heng_us mono_us = heng_clock_mono(), wall_us = heng_clock_wall(), jump_us = 0;
    if (!clock_watch_look(&site->clock, mono_us, wall_us, &jump_us)) return;
    heng_log(HENG_LOG_WARN, "serve", "event=clock_set by_ms=%lld", (long long)(jump_us / HENG_US_PER_MS));
    for (size_t i = 0; i < site->line_count; i++) {
        if (!site->lines[i]->bus) continue;
        heng_line_set_clock(heng_bus_line(site->lines[i]->bus), mono_us, wall_us);
        heng_bus_pump(site->lines[i]->bus);
    }
}

static void tell_statuses(struct site_run *site)
{
    heng_us now_us = heng_clock_mono();
    site->statuses_left = STATUSES_PER_S;
    for (size_t i = 0; i < site->line_count && site->statuses_left; i++) {
        struct running_line *line = site->lines[site->told_next++ % site->line_count];
        if (!line->bus || !heng_news_status_due(&line->told, now_us)) continue;
        if (!heng_writer_has_room(site->writer)) return;
        put_status(line);
        site->statuses_left--;
    }
}

/* A crowd leaves reads of 75 kB each behind, freed but kept by the C library. Given back when it is over. */
static void give_memory_back(struct site_run *site)
{
    heng_us now_us = heng_clock_mono();
    if (!turns_are_free(&site->turns, false)) site->crowded_us = now_us;
    if (!site->crowded_us || now_us - site->crowded_us < CALM_S * HENG_US_PER_S) return;
    site->crowded_us = 0;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void on_second(uv_timer_t *timer)
{
    struct site_run *site = timer->data;
    check_clock(site);
    tell_statuses(site);
    site_wishes_second(site->wishes);
    site_reload_second(site);
    give_memory_back(site);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

/* A profile may have gone since the import. Then the meter is read without one; what cannot be read so, most of all a
 * Modbus meter, is left out, and must not keep the others of its line from being read. Returns how many are left. */
static size_t keep_askable(struct heng_meter_config *meters, size_t count, const struct site_run *site)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct heng_err why = {.text = ""};
        if (meters[i].profile_name[0] && !meters[i].profile)
            heng_log(HENG_LOG_WARN, "line", "event=no_profile meter=%s profile='%s'", meters[i].number,
                     meters[i].profile_name);
        if (heng_meter_check(&meters[i], &why) == HENG_OK) {
            meters[kept++] = meters[i];
            continue;
        }
        heng_log(HENG_LOG_ERROR, "line", "event=cannot_ask meter=%s why='%s'", meters[i].number, why.text);
        site->trouble(site->trouble_owner, why.text);
    }
    return kept;
}

void site_run_begin_line(struct site_run *site, struct running_line *line, const struct heng_line_config *config,
                         struct heng_meter_config *meters, size_t count, uint64_t mark)
{
    struct heng_err why = {.text = ""};
    struct heng_bus_events events = {line, on_action, has_room};
    line->mark = mark;
    count = keep_askable(meters, count, site);
    /* One line that cannot run must not keep the others from being read. */
    if (heng_bus_open(site->loop, site->dtu, config, meters, count, events, &line->bus, &why) == HENG_OK) return;
    heng_log(HENG_LOG_ERROR, "line", "event=cannot_run line='%s' why='%s'", config->name, why.text);
    site->trouble(site->trouble_owner, why.text);
}

/* A line that begins anew counts from zero again, and is known in the state that was told. */
void site_run_end_line(struct site_run *site, struct running_line *line)
{
    if (!line->bus) return;
    if (line->told.news && heng_writer_has_room(site->writer)) put_status(line);
    heng_bus_close(line->bus);
    line->bus = NULL;
    turns_leave(&site->turns, &line->turn);
    line->has_turn = false;
    line->told = (struct heng_news_told){.state = line->told.state};
}

static heng_rc load(struct site_run *site, struct heng_site_lines *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = NULL;
    struct heng_err why = {.text = ""};
    char zone[64] = "";
    heng_rc rc = heng_store_reader_open(site->database, &reader, err);
    if (rc == HENG_OK) rc = heng_site_load_lines(reader, site->profiles, ret, err);
    if (rc == HENG_OK && heng_store_get_setting(reader, "time_zone", zone, sizeof zone, &why) != HENG_OK)
        zone[0] = '\0';
    heng_store_reader_close(reader);
    if (rc != HENG_OK || !zone[0]) return rc;
    if (heng_zone_open(zone, &site->zone, &why) != HENG_OK) {
        heng_log(HENG_LOG_ERROR, "serve", "event=no_zone next='schedules run by UTC' why='%s'", why.text);
        site->trouble(site->trouble_owner, why.text);
    }
    for (size_t i = 0; i < ret->line_count; i++) ret->lines[i].zone = site->zone;
    return rc;
}

static heng_rc start_ticks(struct site_run *site, struct heng_err *err)
{
    if (uv_async_init(site->loop, &site->emptied, on_emptied) != 0)
        return heng_fail(err, HENG_ELIMIT, 0, "cannot make a signal between threads: too many files are open");
    uv_timer_init(site->loop, &site->second);
    uv_timer_init(site->loop, &site->patience);
    site->emptied.data = site->second.data = site->patience.data = site;
    site->ticks = true;
    heng_writer_on_emptied(site->writer, emptied, &site->emptied);
    uv_timer_start(&site->second, on_second, TICK_MS, TICK_MS);
    return HENG_OK;
}

/* All of them are known before one begins: what it tells may be about another. */
static heng_rc begin_lines(struct site_run *site, struct heng_site_lines *lines, struct heng_err *err)
{
    for (size_t i = 0; i < lines->line_count; i++)
        if (!site_run_add(site, lines->lines[i].id))
            return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu lines", lines->line_count);
    for (size_t i = 0; i < lines->line_count; i++) {
        struct heng_meter_config *meters = &lines->meters[lines->first[i]];
        size_t count = lines->first[i + 1] - lines->first[i];
        uint64_t mark = site_reload_mark(&lines->lines[i], meters, count);
        site_run_begin_line(site, site_run_known(site, lines->lines[i].id), &lines->lines[i], meters, count, mark);
    }
    return HENG_OK;
}

heng_rc site_run_start(struct site_run *site, const char *database, const struct heng_profiles *profiles,
                       void (*tell)(void *owner, const char *why), void *owner, struct heng_err *err)
{
    struct heng_site_lines lines = {0};
    site->database = database;
    site->profiles = profiles;
    site->trouble = tell;
    site->trouble_owner = owner;
    heng_rc rc = load(site, &lines, err);
    if (rc != HENG_OK) return rc;
    rc = start_ticks(site, err);
    if (rc == HENG_OK) {
        heng_us jump_us;
        (void)clock_watch_look(&site->clock, heng_clock_mono(), heng_clock_wall(), &jump_us); /* heng_bus_open tells */
        site->meter_count = lines.meter_count;
        site->statuses_left = STATUSES_PER_S;
        rc = begin_lines(site, &lines, err);
    }
    heng_site_lines_fini(&lines);
    return rc;
}

void site_run_stop(struct site_run *site)
{
    for (size_t i = 0; i < site->line_count; i++) {
        struct running_line *line = site->lines[i];
        if (line->bus && line->told.news && heng_writer_has_room(site->writer)) put_status(line);
        heng_bus_close(line->bus);
        line->bus = NULL;
    }
    if (!site->ticks) return;
    heng_writer_on_emptied(site->writer, NULL, NULL);
    uv_close((uv_handle_t *)&site->emptied, NULL);
    uv_close((uv_handle_t *)&site->second, NULL);
    uv_close((uv_handle_t *)&site->patience, NULL);
    site->ticks = false;
}

void site_run_fini(struct site_run *site)
{
    for (size_t i = 0; i < site->line_count; i++) free(site->lines[i]);
    free(site->lines);
    site->lines = NULL;
    site->line_count = 0;
    heng_zone_free(site->zone);
    site->zone = NULL;
}
