/* What is wanted of the lines: orders and searches from above and of people on site. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/lines_inside.h"

enum { LOCAL_READ_S = 600, LOCAL_WAIT_S = 10 };

static void answer(struct heng_lines *lines, heng_outcome_of what, int64_t of, bool taken, const char *why)
{
    struct heng_down_outcome outcome = {.what = what, .of = of, .taken = taken};
    snprintf(outcome.why, sizeof outcome.why, "%s", why);
    heng_core_outcome(lines->core, heng_clock_mono(), &outcome);
}

/* --- orders ----------------------------------------------------------------------------------------------------- */

static struct gate_order *find_order(const struct heng_lines *lines, int64_t id)
{
    for (size_t i = 0; i < lines->order_count; i++)
        if (lines->orders[i].job.id == id) return &lines->orders[i];
    return NULL;
}

static void forget_order(struct heng_lines *lines, struct gate_order *order)
{
    struct gate_order *last = &lines->orders[lines->order_count - 1];
    *order = *last;
    explicit_bzero(last, sizeof *last);
    lines->order_count--;
}

static heng_rc room_for_order(struct heng_lines *lines, struct heng_err *err)
{
    if (lines->order_count < lines->order_cap) return HENG_OK;
    if (lines->order_count >= LINES_ORDERS_MAX) return heng_fail(err, HENG_EBUSY, 0, "too many orders wait");
    size_t cap = lines->order_cap ? 2 * lines->order_cap : 16;
    struct gate_order *grown = calloc(cap, sizeof *grown);
    if (!grown) return heng_fail(err, HENG_ENOMEM, 0, "no memory for an order");
    if (lines->order_count) memcpy(grown, lines->orders, lines->order_count * sizeof *grown);
    if (lines->orders) explicit_bzero(lines->orders, lines->order_cap * sizeof *grown); /* secrets of meters */
    free(lines->orders);
    lines->orders = grown;
    lines->order_cap = cap;
    return HENG_OK;
}

static heng_rc submit(struct heng_lines *lines, struct gate_line *line, const struct gate_order *order,
                      struct heng_err *err)
{
    if (!line) return heng_fail(err, HENG_ENOTFOUND, 0, "no such line is here");
    if (!line->bus) return heng_fail(err, HENG_EUNSUPPORTED, 0, "the line cannot run: see its log");
    if (find_order(lines, order->job.id)) return heng_fail(err, HENG_EEXISTS, 0, "it is under way already");
    heng_rc rc = room_for_order(lines, err);
    if (rc == HENG_OK) rc = heng_line_submit(heng_bus_line(line->bus), heng_clock_mono(), &order->job, err);
    if (rc == HENG_OK) lines->orders[lines->order_count++] = *order;
    return rc;
}

void heng_lines_order(struct heng_lines *lines, const struct heng_down_order *wanted)
{
    struct heng_err why = {.text = ""};
    struct gate_line *line = lines_find(lines, wanted->line_id);
    heng_us now = heng_clock_mono(), left = HENG_US_NEVER;
    if (wanted->expires_us != HENG_US_NEVER && wanted->expires_us) left = wanted->expires_us - lines_wall(lines);
    struct gate_order order = {.job = {.id = wanted->id,
                                       .group = wanted->group,
                                       .cls = wanted->cls,
                                       .device_id = wanted->device_id,
                                       .protocol = wanted->protocol,
                                       .order = wanted->order,
                                       .expires_us = left == HENG_US_NEVER ? left : now + left},
                               .line_id = wanted->line_id,
                               .command = wanted->command};
    heng_rc rc = left <= 0 ? heng_fail(&why, HENG_ETIMEOUT, 0, "its time was over before it came here") : HENG_OK;
    if (rc == HENG_OK) rc = submit(lines, line, &order, &why);
    explicit_bzero(&order.job.order, sizeof order.job.order);
    answer(lines, HENG_OUTCOME_OF_ORDER, wanted->id, rc == HENG_OK || rc == HENG_EEXISTS, why.text);
    if (rc == HENG_OK) heng_bus_pump(line->bus);
}

void heng_lines_cancel(struct heng_lines *lines, int64_t id)
{
    struct gate_order *order = find_order(lines, id);
    struct gate_line *line = order ? lines_find(lines, order->line_id) : NULL;
    heng_rc rc = HENG_ENOTFOUND;
    if (line && line->bus) rc = heng_line_cancel(heng_bus_line(line->bus), heng_clock_mono(), id);
    answer(lines, HENG_OUTCOME_OF_CANCEL, id, rc == HENG_OK,
           rc == HENG_OK ? "" : "it does not wait any more: it is under way, or was never here");
    if (rc == HENG_OK) heng_bus_pump(line->bus);
}

heng_rc heng_lines_read_now(struct heng_lines *lines, int64_t device_id, int64_t *ret_job, struct heng_err *err)
{
    struct gate_order order = {.job = {.id = lines->next_job,
                                       .group = lines->next_job,
                                       .cls = HENG_CLASS_ON_DEMAND,
                                       .device_id = device_id,
                                       .order = {.kind = HENG_ORDER_READ},
                                       .expires_us = heng_clock_mono() + LOCAL_READ_S * HENG_US_PER_S}};
    for (size_t i = 0; i < lines->line_count && !order.line_id; i++)
        for (size_t m = 0; m < lines->lines[i]->meter_count; m++)
            if (lines->lines[i]->meters[m].device_id == device_id) order.line_id = lines->lines[i]->id;
    struct gate_line *line = lines_find(lines, order.line_id);
    if (line && line->bus && heng_line_state_now(heng_bus_line(line->bus)) == HENG_LINE_STATE_DOWN) {
        heng_us wait_us = LOCAL_WAIT_S * HENG_US_PER_S, now = heng_clock_mono();
        if (now - heng_line_since(heng_bus_line(line->bus)) > wait_us) /* who stands there does not want to wait */
            return heng_fail(err, HENG_ECLOSED, 0, "line '%.40s' is down: %.90s", line->config.name,
                             heng_line_detail(heng_bus_line(line->bus)));
        order.job.expires_us = now + wait_us; /* it has just begun, and may be connecting */
    }
    heng_rc rc = submit(lines, line, &order, err);
    if (rc != HENG_OK) return rc;
    *ret_job = lines->next_job++;
    line->waits = true; /* asked when the caller knows the number */
    return HENG_OK;
}

bool lines_order_news(struct heng_lines *lines, int64_t line_id, const struct heng_line_result *result,
                      struct heng_order_news *ret, bool *ret_local)
{
    struct gate_order *order = result->job_id ? find_order(lines, result->job_id) : NULL;
    heng_outcome outcome = heng_news_outcome(result);
    *ret = (struct heng_order_news){0};
    *ret_local = order && result->job_id >= LINES_LOCAL_IDS_FROM;
    if (!order) return false;
    *ret = (struct heng_order_news){.id = *ret_local ? 0 : result->job_id,
                                    .line_id = line_id,
                                    .device_id = order->job.device_id,
                                    .command = order->command,
                                    .ended = result->read != NULL,
                                    .has_outcome = outcome != HENG_OUTCOME_COUNT,
                                    .kind = result->order.kind,
                                    .stage = result->stage};
    if (ret->has_outcome) ret->outcome = outcome;
    heng_news_why(result, order->command, ret->why, sizeof ret->why);
    if (result->stage == HENG_STAGE_SENT) order->sent = true;
    if (ret->ended) forget_order(lines, order);
    if (*ret_local) *ret = (struct heng_order_news){0};
    return !*ret_local;
}

/* It will not be done, or nobody knows whether it was. */
static void fail_order(struct heng_lines *lines, const struct gate_order *order, const char *why)
{
    static const struct heng_read nothing = {.outcome = HENG_OUTCOME_DISCONNECTED};
    bool local = order->job.id >= LINES_LOCAL_IDS_FROM;
    struct heng_body body = {.kind = HENG_ENTRY_ORDER,
                             .order = {.id = order->job.id,
                                       .line_id = order->line_id,
                                       .device_id = order->job.device_id,
                                       .command = order->command,
                                       .ended = true,
                                       .kind = order->job.order.kind,
                                       .stage = HENG_STAGE_FAILED}};
    snprintf(body.order.why, sizeof body.order.why, "%s", why);
    if (local && lines->events.read) lines->events.read(lines->events.owner, order->job.id, order->line_id, &nothing);
    if (!local) lines_tell(lines, &body, lines_wall(lines), true, 0);
}

void lines_orders_move(struct heng_lines *lines, int64_t line_id)
{
    struct gate_line *line = lines_find(lines, line_id);
    for (size_t i = lines->order_count; i-- > 0;) {
        struct gate_order order = lines->orders[i];
        struct heng_err why = {.text = "the line is not there any more"};
        if (order.line_id != line_id) continue;
        forget_order(lines, &lines->orders[i]);
        if (order.sent && order.command)
            fail_order(lines, &order, "it is not known whether it was done: the line was made anew");
        else if (submit(lines, line, &order, &why) != HENG_OK)
            fail_order(lines, &order, why.text);
        explicit_bzero(&order.job.order, sizeof order.job.order);
    }
}

/* --- searches --------------------------------------------------------------------------------------------------- */

void lines_searched(struct gate_line *line, const struct heng_search_progress *progress, bool running, bool fresh)
{
    struct gate_search *search = &line->search;
    struct heng_lines *lines = line->lines;
    struct heng_body body = {.kind = HENG_ENTRY_SEARCH,
                             .search = {.line_id = line->id,
                                        .kind = search->kind,
                                        .known_only = search->known_only,
                                        .running = running,
                                        .fresh = fresh,
                                        .started_us = search->started_us,
                                        .progress = *progress}};
    /* One that was stopped has ended for the line, but can be resumed. */
    if (search->stopping && progress->ended) body.search.progress.ended = progress->permille >= 1000;
    bool begins = running && !search->running;
    search->running = running;
    search->progress = body.search.progress;
    if (!running) search->stopping = false;
    lines_tell(lines, &body, lines_wall(lines), !running || begins, 0);
    if (lines->events.searched) lines->events.searched(lines->events.owner, line->id, &search->progress, running);
}

void lines_found(struct gate_line *line, const struct heng_search_found *found)
{
    struct gate_search *search = &line->search;
    struct heng_lines *lines = line->lines;
    struct heng_body body = {.kind = HENG_ENTRY_FOUND,
                             .found = {.line_id = line->id, .kind = search->kind, .found = *found}};
    lines_tell(lines, &body, lines_wall(lines), true, 0); /* they are few, and somebody watches */
    if (lines->events.found) lines->events.found(lines->events.owner, line->id, found);
    if (search->found_count == search->found_cap) {
        size_t cap = search->found_cap ? 2 * search->found_cap : 16;
        struct heng_search_found *grown = realloc(search->found, cap * sizeof *grown);
        if (!grown) return; /* a search that goes on from here will tell this meter again */
        search->found = grown;
        search->found_cap = cap;
    }
    search->found[search->found_count++] = *found;
}

/* The line object goes: a search ends with it where it is, and can go on from there. */
void lines_search_lost(struct gate_line *line)
{
    if (!line->search.running) return;
    line->search.stopping = false;
    lines_searched(line, &line->search.progress, false, false);
}

static heng_rc stop_search(struct gate_line *line, struct heng_err *err)
{
    if (!line->search.running) return heng_fail(err, HENG_ENOTFOUND, 0, "no search runs on this line");
    line->search.stopping = true;
    heng_line_search_stop(heng_bus_line(line->bus), heng_clock_mono());
    return HENG_OK;
}

static heng_rc start_search(struct gate_line *line, const struct heng_down_search *wanted, struct heng_err *err)
{
    struct gate_search *search = &line->search;
    struct heng_search_config config = {.kind = wanted->kind,
                                        .known = line->meters,
                                        .known_count = line->meter_count,
                                        .known_only = wanted->known_only};
    if (line->tunnel) return heng_fail(err, HENG_EBUSY, 0, "the line is in the hands of a fitter");
    if (search->running) return heng_fail(err, HENG_EBUSY, 0, "a search runs on this line already");
    bool goes_on = wanted->resume[0] != '\0';
    memcpy(config.resume, wanted->resume, sizeof config.resume);
    if (goes_on && search->kind == wanted->kind) {
        config.before = search->found;
        config.before_count = search->found_count;
    }
    heng_rc rc = heng_line_search(heng_bus_line(line->bus), heng_clock_mono(), &config, err);
    if (rc != HENG_OK) return rc;
    if (!goes_on || search->kind != wanted->kind) search->found_count = 0;
    struct heng_search_progress progress = {0};
    if (goes_on && search->kind == wanted->kind) progress = search->progress;
    progress.ended = false;
    search->kind = wanted->kind;
    search->known_only = wanted->known_only;
    search->started_us = lines_wall(line->lines);
    lines_searched(line, &progress, true, !goes_on);
    return HENG_OK;
}

heng_rc heng_lines_search_now(struct heng_lines *lines, const struct heng_down_search *wanted, struct heng_err *err)
{
    struct gate_line *line = lines_find(lines, wanted->line_id);
    if (!line || !line->bus) return heng_fail(err, HENG_ENOTFOUND, 0, "no such line is here, or it cannot run");
    heng_rc rc = wanted->stop ? stop_search(line, err) : start_search(line, wanted, err);
    if (rc == HENG_OK) heng_bus_pump(line->bus);
    return rc;
}

void heng_lines_search(struct heng_lines *lines, const struct heng_down_search *wanted)
{
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_lines_search_now(lines, wanted, &why);
    answer(lines, HENG_OUTCOME_OF_SEARCH, wanted->line_id, rc == HENG_OK, why.text);
}
