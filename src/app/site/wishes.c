/* What people want of the lines: wishes off the desk, commands stored and then handed to their line, searches. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/reads.h"
#include "app/site/uplink.h"
#include "base/log.h"
#include "meter/profile.h"

enum { COMMANDS_MAX = 4096, SEARCH_METERS_MAX = 4096, OPEN_PAGE = 64 };

/* cancel: who wants it taken back, and waits until that is stored. */
struct live_command {
    int64_t id, line_id, device_id;
    struct heng_wish_slot *cancel;
};

/* The end of a command that did not reach its line, and found no room with the writer yet. */
struct ending {
    struct heng_order_fact fact;
    struct ending *next;
};

/* A command that the writer has stored, on its way back to the loop. */
struct stored {
    struct heng_wish_slot *slot;
    struct heng_command_fact fact;
    struct stored *next;
};

struct site_wishes {
    struct site_run *site;
    const struct heng_profiles *profiles;
    const struct heng_site_keys *keys;
    struct heng_desk *desk;
    struct heng_store_reader *reader;
    uv_async_t async;
    bool stopped;
    struct site_reads *reads;
    struct live_command commands[COMMANDS_MAX];
    size_t command_count;
    struct ending *endings; /* oldest first */
    pthread_mutex_t mutex;  /* of what follows and of the lines that are held, which the writer changes */
    struct stored *first, *last;
    bool let_go; /* a line goes on */
};

static void refuse(struct site_wishes *wishes, struct heng_wish_slot *slot, heng_rc rc, const char *why)
{
    heng_desk_answer(wishes->desk, slot, NULL, rc, why);
}

/* --- commands -------------------------------------------------------------------------------------------------- */

static size_t find_command(const struct site_wishes *wishes, int64_t id)
{
    size_t i = 0;
    while (i < wishes->command_count && wishes->commands[i].id != id) i++;
    return i;
}

/* An end that was lost would let a restart send what its asker was told not to be sent. */
static void put_endings(struct site_wishes *wishes)
{
    struct ending *ending;
    while ((ending = wishes->endings) != NULL) {
        struct heng_fact fact = {.kind = HENG_FACT_ORDER, .order = &ending->fact};
        if (heng_writer_put(wishes->site->writer, &fact, 0, NULL) != HENG_OK) return;
        wishes->endings = ending->next;
        free(ending);
    }
}

void site_wishes_end(struct site_wishes *wishes, const struct heng_command *command, heng_stage stage, const char *why)
{
    struct heng_order_fact fact = {.id = command->id,
                                   .command = true,
                                   .line_id = command->line_id,
                                   .device_id = command->device_id,
                                   .order = command->order.kind,
                                   .stage = stage,
                                   .at_us = heng_clock_wall(),
                                   .outcome = HENG_OUTCOME_COUNT,
                                   .ended = true};
    snprintf(fact.why, sizeof fact.why, "%s", why);
    struct ending *ending = malloc(sizeof *ending), **at = &wishes->endings;
    if (!ending) {
        site_run_put(wishes->site, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &fact}, 0, NULL);
        return;
    }
    *ending = (struct ending){.fact = fact};
    while (*at) at = &(*at)->next;
    *at = ending;
    put_endings(wishes);
}

void site_wishes_second(struct site_wishes *wishes)
{
    put_endings(wishes);
    site_reads_second(wishes->reads);
}

void site_wishes_live(void *owner, struct heng_live *live, size_t count)
{
    struct site_wishes *wishes = owner;
    site_reads_live(wishes->reads, live, count);
}

int64_t site_wishes_line_of(const struct site_wishes *wishes, int64_t job_id)
{
    return site_reads_line(wishes->reads, job_id);
}

void site_wishes_refused(struct site_wishes *wishes, int64_t job_id, const char *why)
{
    site_reads_refused(wishes->reads, job_id, why);
}

void site_wishes_give_keys(struct site_wishes *wishes, int64_t device_id, struct heng_order *order)
{
    struct heng_meter_row meter;
    struct heng_err err;
    if (!heng_order_changes(order->kind)) return;
    if (device_id && heng_store_get_meter(wishes->reader, device_id, &meter, &err) != HENG_OK) return;
    heng_site_keys_give(wishes->keys, device_id ? meter.device.number : "*", order);
}

static struct heng_line_job job_of(struct site_wishes *wishes, const struct heng_command *command, heng_us now)
{
    struct heng_line_job job = {
        .id = command->id,
        .group = command->id,
        .cls = heng_order_changes(command->order.kind) ? HENG_CLASS_CONTROL : HENG_CLASS_ON_DEMAND,
        .device_id = command->device_id,
        .protocol = command->protocol,
        .order = command->order,
        .expires_us = now + (command->expires_us - heng_clock_wall()),
    };
    site_wishes_give_keys(wishes, command->device_id, &job.order);
    return job;
}

/* What cannot be sent is refused before anything is stored of it, for nobody has sent anything then; but whoever asks
 * under the key of a command that is stored is told about that one. */
static heng_rc can_command(struct site_wishes *wishes, const struct heng_command *command, struct heng_err *err)
{
    struct heng_command_row known;
    struct running_line *line = site_run_line(wishes->site, command->line_id);
    heng_rc rc = HENG_ENOTFOUND;
    if (command->key[0]) rc = heng_store_find_command(wishes->reader, command->key, &known, err);
    if (rc != HENG_ENOTFOUND) return rc;
    if (!line && site_uplink_has_line(wishes->site->uplink, command->line_id))
        return site_uplink_can_command(wishes->site->uplink, command, err);
    if (!line) return heng_fail(err, HENG_EUNSUPPORTED, 0, "the line cannot run: see its log");
    if (wishes->command_count == COMMANDS_MAX) return heng_fail(err, HENG_EBUSY, 0, "too many commands wait");
    struct heng_line_job job = job_of(wishes, command, heng_clock_mono());
    rc = heng_line_can(heng_bus_line(line->bus), &job, err);
    memset(&job.order, 0, sizeof job.order);
    return rc;
}

/* A command that is on the disk goes to its line. fresh: it never went anywhere before. */
static heng_rc submit_command(struct site_wishes *wishes, const struct heng_command *command, bool fresh,
                              struct heng_err *err)
{
    struct running_line *line = site_run_line(wishes->site, command->line_id);
    if (!line && site_uplink_has_line(wishes->site->uplink, command->line_id))
        return site_uplink_command(wishes->site->uplink, command, fresh, err);
    if (!line) return heng_fail(err, HENG_EUNSUPPORTED, 0, "the line cannot run: see its log");
    if (wishes->command_count == COMMANDS_MAX) return heng_fail(err, HENG_EBUSY, 0, "too many commands wait");
    heng_us now = heng_clock_mono();
    struct heng_line_job job = job_of(wishes, command, now);
    wishes->commands[wishes->command_count++] =
        (struct live_command){.id = command->id, .line_id = command->line_id, .device_id = command->device_id};
    heng_rc rc = heng_line_submit(heng_bus_line(line->bus), now, &job, err);
    memset(&job.order, 0, sizeof job.order);
    if (rc != HENG_OK) wishes->command_count--;
    return rc;
}

static void take_command(struct site_wishes *wishes, struct heng_wish_slot *slot)
{
    struct heng_command_fact fact = {.rc = HENG_OK};
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_wish_command(wishes->reader, heng_wish_of(slot), heng_clock_wall(), &fact.command, &why);
    if (rc == HENG_OK) rc = can_command(wishes, &fact.command, &why);
    if (rc == HENG_OK &&
        heng_writer_put(wishes->site->writer, &(struct heng_fact){.kind = HENG_FACT_COMMAND, .command = &fact}, 0,
                        slot) != HENG_OK)
        rc = heng_fail(&why, HENG_EBUSY, 0, "the disk is slow: try again in a second");
    if (rc != HENG_OK) refuse(wishes, slot, rc, why.text);
}

/* On the writer's thread. */
static void command_stored(struct site_wishes *wishes, void *token, const struct heng_command_fact *fact)
{
    struct stored *stored = calloc(1, sizeof *stored);
    if (!stored) { /* it stays queued on the disk, and a restart sends it: better than not to be told apart */
        heng_log(HENG_LOG_ERROR, "serve", "event=command_waits id=%lld why='out of memory'",
                 (long long)fact->command.id);
        return;
    }
    stored->slot = token;
    stored->fact = *fact;
    pthread_mutex_lock(&wishes->mutex);
    if (wishes->last)
        wishes->last->next = stored;
    else
        wishes->first = stored;
    wishes->last = stored;
    if (!wishes->stopped) uv_async_send(&wishes->async);
    pthread_mutex_unlock(&wishes->mutex);
}

/* It is on the disk that its command goes out: now it may. */
static void let_go(struct site_wishes *wishes, struct running_line *line)
{
    pthread_mutex_lock(&wishes->mutex);
    line->held = false;
    line->let_go = wishes->let_go = true;
    if (!wishes->stopped) uv_async_send(&wishes->async);
    pthread_mutex_unlock(&wishes->mutex);
}

void site_wishes_stored(void *owner, void *token, const struct heng_fact *fact)
{
    struct site_wishes *wishes = owner;
    struct heng_receipt receipt = {.accepted = 1};
    if (fact->kind == HENG_FACT_COMMAND) {
        command_stored(wishes, token, fact->command);
        return;
    }
    if (fact->order && !fact->order->ended) {
        let_go(wishes, token);
        return;
    }
    receipt.id = fact->order ? fact->order->id : fact->search->row.line_id;
    heng_desk_answer(wishes->desk, token, &receipt, HENG_OK, "");
}

void site_wishes_hold(struct site_wishes *wishes, struct running_line *line)
{
    pthread_mutex_lock(&wishes->mutex);
    line->held = true;
    pthread_mutex_unlock(&wishes->mutex);
}

bool site_wishes_holds(struct site_wishes *wishes, const struct running_line *line)
{
    pthread_mutex_lock(&wishes->mutex);
    bool held = line->held;
    pthread_mutex_unlock(&wishes->mutex);
    return held;
}

bool site_wishes_uses(struct site_wishes *wishes, const struct running_line *line)
{
    for (size_t i = 0; i < wishes->command_count; i++)
        if (wishes->commands[i].line_id == line->id) return true;
    return site_wishes_holds(wishes, line) || site_reads_uses(wishes->reads, line->id);
}

/* The lines that were let go have something to send. */
static void go_on(struct site_wishes *wishes)
{
    struct site_run *site = wishes->site;
    pthread_mutex_lock(&wishes->mutex);
    bool any = wishes->let_go;
    wishes->let_go = false;
    pthread_mutex_unlock(&wishes->mutex);
    for (size_t i = 0; any && i < site->line_count; i++) {
        struct running_line *line = site->lines[i];
        pthread_mutex_lock(&wishes->mutex);
        bool mine = line->let_go;
        line->let_go = false;
        pthread_mutex_unlock(&wishes->mutex);
        if (mine && line->bus) heng_bus_pump(line->bus);
    }
}

/* Refused, or asked for before: what ended without being sent is not accepted now, and is not sent now either. */
static void again(struct site_wishes *wishes, struct stored *stored)
{
    const struct heng_command *command = &stored->fact.command;
    struct heng_receipt receipt = {.id = command->id, .accepted = 1};
    char why[HENG_WHY_MAX];
    bool over = stored->fact.rc == HENG_OK && heng_stage_ends(command->stage) && !command->sent_us;
    if (over && command->stage == HENG_STAGE_FAILED) {
        refuse(wishes, stored->slot, HENG_EUNSUPPORTED, command->why);
    } else if (over) {
        snprintf(why, sizeof why, "command %lld, which has this key, is %s and was not sent: take another key",
                 (long long)command->id, heng_stage_text(command->stage));
        refuse(wishes, stored->slot, HENG_ECONFLICT, why);
    } else {
        heng_desk_answer(wishes->desk, stored->slot, &receipt, stored->fact.rc, stored->fact.why);
    }
}

static void on_stored(struct site_wishes *wishes, struct stored *stored)
{
    const struct heng_command *command = &stored->fact.command;
    struct heng_receipt receipt = {.id = command->id, .accepted = 1};
    struct heng_err why = {.text = ""};
    heng_rc rc = stored->fact.rc;
    if (rc != HENG_OK || stored->fact.existed) {
        again(wishes, stored);
        return;
    }
    if (!heng_desk_hold(wishes->desk, stored->slot)) {
        site_wishes_end(wishes, command, HENG_STAGE_CANCELLED,
                        "who asked for it did not wait for the answer: not sent");
        heng_desk_answer(wishes->desk, stored->slot, NULL, HENG_EBUSY, "");
        return;
    }
    rc = submit_command(wishes, command, true, &why);
    if (rc != HENG_OK) site_wishes_end(wishes, command, HENG_STAGE_FAILED, why.text);
    heng_desk_answer(wishes->desk, stored->slot, &receipt, rc, why.text);
    struct running_line *line = rc == HENG_OK ? site_run_line(wishes->site, command->line_id) : NULL;
    if (line) heng_bus_pump(line->bus);
}

void site_wishes_resume(struct site_wishes *wishes)
{
    struct heng_command_row rows[OPEN_PAGE];
    struct heng_err err = {.text = ""};
    int64_t after = 0;
    size_t n = 0;
    while (heng_store_list_open_commands(wishes->reader, after, rows, OPEN_PAGE, &n, &err) == HENG_OK && n) {
        after = rows[n - 1].command.id;
        for (size_t i = 0; i < n; i++) {
            const struct heng_command *command = &rows[i].command;
            heng_log(HENG_LOG_INFO, "serve", "event=command_resumed id=%lld", (long long)command->id);
            heng_rc rc = submit_command(wishes, command, false, &err);
            struct running_line *line = rc == HENG_OK ? site_run_line(wishes->site, command->line_id) : NULL;
            if (rc != HENG_OK) site_wishes_end(wishes, command, HENG_STAGE_FAILED, err.text);
            if (line) heng_bus_pump(line->bus);
        }
    }
}

/* --- taking back ----------------------------------------------------------------------------------------------- */

static void take_cancel(struct site_wishes *wishes, struct heng_wish_slot *slot)
{
    int64_t id = heng_wish_of(slot)->id;
    if (site_reads_cancel(wishes->reads, id, slot)) return;
    if (site_uplink_cancel(wishes->site->uplink, id, slot)) return;
    size_t at = find_command(wishes, id);
    bool known = at < wishes->command_count;
    struct running_line *line = known ? site_run_line(wishes->site, wishes->commands[at].line_id) : NULL;
    if (known && wishes->commands[at].cancel) {
        refuse(wishes, slot, HENG_ECONFLICT, "it is being taken back already");
        return;
    }
    if (!line) {
        refuse(wishes, slot, HENG_ENOTFOUND, "nothing with this id waits: it has ended, or never was");
        return;
    }
    if (heng_line_cancel(heng_bus_line(line->bus), heng_clock_mono(), id) != HENG_OK) {
        refuse(wishes, slot, HENG_ECONFLICT, "it is under way and cannot be taken back");
        return;
    }
    wishes->commands[at].cancel = slot; /* answered when it is stored: a restart must not send it after that */
    heng_bus_pump(line->bus);
}

/* --- searches -------------------------------------------------------------------------------------------------- */

/* What the search before this one has found. ret is the caller's to free. */
static heng_rc found_before(struct site_wishes *wishes, int64_t line_id, heng_search_kind kind,
                            struct heng_search_found **ret, size_t *ret_n, struct heng_err *err)
{
    struct heng_found_row *rows = calloc(HENG_SEARCH_METERS_MAX, sizeof *rows);
    struct heng_search_found *found = calloc(HENG_SEARCH_METERS_MAX, sizeof *found);
    heng_rc rc = HENG_ENOMEM;
    if (rows && found)
        rc = heng_store_list_found(wishes->reader, line_id, kind, rows, HENG_SEARCH_METERS_MAX, ret_n, err);
    else
        heng_fail(err, rc, 0, "out of memory");
    for (size_t i = 0; rc == HENG_OK && i < *ret_n; i++) found[i] = rows[i].found;
    free(rows);
    *ret = found;
    return rc;
}

/* Who asked is answered when it is stored. */
static heng_rc start_search(struct site_wishes *wishes, struct heng_wish_slot *slot, struct running_line *line,
                            struct heng_meter_config *meters, struct heng_err *err)
{
    const struct heng_wish *wish = heng_wish_of(slot);
    struct heng_search_config config = {.kind = wish->search, .known = meters, .known_only = wish->known_only};
    struct heng_search_row before = {0};
    struct heng_search_found *found = NULL;
    heng_rc rc =
        heng_store_list_line_members(wishes->reader, line->id, 0, meters, SEARCH_METERS_MAX, &config.known_count, err);
    for (size_t i = 0; rc == HENG_OK && i < config.known_count; i++)
        meters[i].profile = heng_profiles_find(wishes->profiles, meters[i].profile_name);
    if (rc == HENG_OK && wish->resume) {
        rc = heng_store_get_search(wishes->reader, line->id, wish->search, &before, err);
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && (before.progress.ended || !before.progress.place[0])))
            return heng_fail(err, HENG_ECONFLICT, 0, "there is no search of this kind to go on with: start a new one");
        memcpy(config.resume, before.progress.place, sizeof config.resume);
        if (rc == HENG_OK) rc = found_before(wishes, line->id, wish->search, &found, &config.before_count, err);
        config.before = found;
    }
    if (rc == HENG_OK && !heng_writer_has_room(wishes->site->writer))
        rc = heng_fail(err, HENG_EBUSY, 0, "the disk is slow: try again in a second");
    if (rc == HENG_OK) rc = heng_line_search(heng_bus_line(line->bus), heng_clock_mono(), &config, err);
    free(found);
    if (rc != HENG_OK) return rc;
    heng_us now_us = heng_clock_wall();
    line->search = (struct running_search){
        .kind = wish->search, .known_only = wish->known_only, .running = true, .started_us = now_us};
    struct heng_search_fact fact = {.row = {.line_id = line->id,
                                            .kind = wish->search,
                                            .known_only = wish->known_only,
                                            .running = true,
                                            .started_us = now_us,
                                            .updated_us = now_us,
                                            .progress = before.progress},
                                    .fresh = !wish->resume};
    site_run_put(wishes->site, &(struct heng_fact){.kind = HENG_FACT_SEARCH, .search = &fact}, 0, slot);
    return HENG_OK;
}

static void take_search(struct site_wishes *wishes, struct heng_wish_slot *slot)
{
    heng_wish_kind kind = heng_wish_of(slot)->kind; /* the slot may be gone once it is with the writer */
    struct heng_err why = {.text = ""};
    struct running_line *line = site_run_line(wishes->site, heng_wish_of(slot)->line_id);
    if (!line && site_uplink_has_line(wishes->site->uplink, heng_wish_of(slot)->line_id)) {
        site_uplink_search(wishes->site->uplink, slot);
        return;
    }
    struct heng_meter_config *meters = calloc(SEARCH_METERS_MAX, sizeof *meters);
    heng_rc rc = HENG_OK;
    if (!line)
        rc = heng_fail(&why, HENG_ENOTFOUND, 0, "there is no such line, or it cannot run");
    else if (!meters)
        rc = heng_fail(&why, HENG_ENOMEM, 0, "out of memory");
    else if (kind == HENG_WISH_SEARCH)
        rc = start_search(wishes, slot, line, meters, &why);
    else if (!line->search.running)
        rc = heng_fail(&why, HENG_ENOTFOUND, 0, "no search runs on this line");
    else if (line->search.stop)
        rc = heng_fail(&why, HENG_ECONFLICT, 0, "it is being stopped already");
    free(meters);
    if (rc != HENG_OK) {
        refuse(wishes, slot, rc, why.text);
        return;
    }
    if (kind == HENG_WISH_SEARCH_STOP) {
        line->search.stop = slot; /* answered when it is stored where to go on */
        heng_line_search_stop(heng_bus_line(line->bus), heng_clock_mono());
    }
    heng_bus_pump(line->bus);
}

/* --- what comes back ------------------------------------------------------------------------------------------- */

struct heng_wish_slot *site_wishes_identify(struct site_wishes *wishes, int64_t job_id, struct heng_order_fact *fact)
{
    if (!job_id) return NULL;
    if (site_reads_identify(wishes->reads, job_id, fact)) return NULL;
    size_t at = find_command(wishes, job_id);
    fact->id = job_id;
    fact->command = true;
    if (at == wishes->command_count) return NULL;
    fact->device_id = wishes->commands[at].device_id;
    if (!fact->ended) return NULL;
    struct heng_wish_slot *waits = wishes->commands[at].cancel;
    wishes->commands[at] = wishes->commands[--wishes->command_count];
    return waits;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static struct stored *take_stored(struct site_wishes *wishes)
{
    pthread_mutex_lock(&wishes->mutex);
    struct stored *stored = wishes->first;
    wishes->first = wishes->last = NULL;
    pthread_mutex_unlock(&wishes->mutex);
    return stored;
}

static void drain(uv_async_t *async)
{
    struct site_wishes *wishes = async->data;
    go_on(wishes);
    for (struct stored *stored = take_stored(wishes), *next; stored; stored = next) {
        next = stored->next;
        on_stored(wishes, stored);
        free(stored);
    }
    for (struct heng_wish_slot *slot; (slot = heng_desk_take(wishes->desk)) != NULL;) {
        switch (heng_wish_of(slot)->kind) {
        case HENG_WISH_READ: site_reads_take(wishes->reads, slot); break;
        case HENG_WISH_COMMAND: take_command(wishes, slot); break;
        case HENG_WISH_CANCEL: take_cancel(wishes, slot); break;
        case HENG_WISH_SEARCH:
        case HENG_WISH_SEARCH_STOP: take_search(wishes, slot); break;
        case HENG_WISH_ENROL_ACCEPT:
        case HENG_WISH_ENROL_REFUSE:
        case HENG_WISH_REVOKE:
        case HENG_WISH_TUNNEL:
        case HENG_WISH_GATEWAY_ASK: site_uplink_take(wishes->site->uplink, slot); break;
        case HENG_WISH_COUNT: refuse(wishes, slot, HENG_EUNSUPPORTED, "this wish is not known"); break;
        }
    }
}

static void wake(void *owner)
{
    struct site_wishes *wishes = owner;
    pthread_mutex_lock(&wishes->mutex);
    if (!wishes->stopped) uv_async_send(&wishes->async);
    pthread_mutex_unlock(&wishes->mutex);
}

heng_rc site_wishes_new(struct site_run *site, const char *database, const struct heng_profiles *profiles,
                        const struct heng_site_keys *keys, struct site_wishes **ret, struct heng_err *err)
{
    struct site_wishes *wishes = calloc(1, sizeof *wishes);
    if (!wishes) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    wishes->site = site;
    wishes->profiles = profiles;
    wishes->keys = keys;
    pthread_mutex_init(&wishes->mutex, NULL);
    heng_rc rc = heng_store_reader_open(database, &wishes->reader, err);
    if (rc == HENG_OK) rc = heng_desk_new(wake, wishes, &wishes->desk, err);
    if (rc == HENG_OK) rc = site_reads_new(site, wishes->reader, wishes->desk, &wishes->reads, err);
    if (rc == HENG_OK && uv_async_init(site->loop, &wishes->async, drain) != 0)
        rc = heng_fail(err, HENG_ELIMIT, 0, "cannot make a signal between threads: too many files are open");
    if (rc != HENG_OK) {
        wishes->stopped = true;
        site_wishes_free(wishes);
        return rc;
    }
    wishes->async.data = wishes;
    site->wishes = wishes;
    *ret = wishes;
    return HENG_OK;
}

struct heng_desk *site_wishes_desk(struct site_wishes *wishes) { return wishes->desk; }

void site_wishes_stop(struct site_wishes *wishes)
{
    if (!wishes || wishes->stopped) return;
    heng_desk_close(wishes->desk);
    pthread_mutex_lock(&wishes->mutex);
    wishes->stopped = true;
    uv_close((uv_handle_t *)&wishes->async, NULL);
    pthread_mutex_unlock(&wishes->mutex);
}

void site_wishes_settle(struct site_wishes *wishes)
{
    for (struct stored *stored = take_stored(wishes), *next; stored; stored = next) {
        next = stored->next;
        if (stored->fact.rc == HENG_OK && !stored->fact.existed)
            site_wishes_end(wishes, &stored->fact.command, HENG_STAGE_CANCELLED, "Heng was stopped before it was sent");
        free(stored);
    }
    put_endings(wishes);
}

void site_wishes_free(struct site_wishes *wishes)
{
    if (!wishes) return;
    site_reads_free(wishes->reads);
    for (struct ending *ending = wishes->endings, *next; ending; ending = next) {
        next = ending->next;
        free(ending);
    }
    for (struct stored *stored = take_stored(wishes), *next; stored; stored = next) {
        next = stored->next;
        free(stored);
    }
    heng_desk_free(wishes->desk);
    heng_store_reader_close(wishes->reader);
    pthread_mutex_destroy(&wishes->mutex);
    free(wishes);
}
