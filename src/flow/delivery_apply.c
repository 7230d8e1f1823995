/* What an entry says, into the database, if it can be believed. */
#include <stdio.h>

#include "flow/delivery_inside.h"
#include "flow/ingest_gateways.h"
#include "store/read.h"
#include "uplink/body.h"

/* Before this nobody read a meter with Heng: 2015-01-01. */
#define EARLIEST_US (INT64_C(1420070400) * HENG_US_PER_S)

/* A clock that was ahead by more had a time that cannot be; and what lies between its event and the setting. */
#define CLOCK_BACK_MAX_US (100 * 366 * HENG_US_PER_DAY)
#define CLOCK_SLACK_US    (5 * HENG_US_PER_S)

static bool can_be(const struct delivery_work *w, heng_us at_us)
{
    return at_us >= EARLIEST_US && at_us <= w->now_us + HENG_US_PER_DAY;
}

/* A time that says nothing more than the entry does. */
static heng_us or_never(const struct delivery_work *w, heng_us at_us) { return can_be(w, at_us) ? at_us : 0; }

static struct heng_order_fact order_fact(const struct heng_order_news *news, heng_us at_us)
{
    struct heng_order_fact fact = {.id = news->id,
                                   .line_id = news->line_id,
                                   .device_id = news->device_id,
                                   .command = news->command,
                                   .order = news->kind,
                                   .stage = news->stage,
                                   .at_us = at_us,
                                   .outcome = news->has_outcome ? news->outcome : HENG_OUTCOME_COUNT,
                                   .ended = news->ended};
    memcpy(fact.why, news->why, sizeof fact.why);
    return fact;
}

/* The reason in *ret_why, NULL: none. */
static heng_rc check_of(struct delivery_work *w, delivery_relation what, int64_t maker_id, int64_t id,
                        const char **ret_why, struct heng_err *err)
{
    bool yes = true;
    if (*ret_why || !id) return HENG_OK;
    heng_rc rc = delivery_is_of(w, what, maker_id, id, &yes, err);
    if (rc == HENG_OK && !yes) *ret_why = what == DELIVERY_OF_METER ? "foreign meter" : "foreign line";
    return rc;
}

/* Whose order is it that has come on? That of a command stands in its row. */
static heng_rc check_order(struct delivery_work *w, int64_t maker_id, const struct heng_order_news *news,
                           const char **ret_why, struct heng_err *err)
{
    struct heng_command_row row;
    if (!news->id) return HENG_OK;
    heng_rc rc = check_of(w, DELIVERY_OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc == HENG_OK) rc = check_of(w, DELIVERY_OF_METER, maker_id, news->device_id, ret_why, err);
    if (rc != HENG_OK || *ret_why || !news->command) return rc;
    rc = heng_store_get_command(w->reader, news->id, &row, err);
    if (rc == HENG_ENOTFOUND) {
        *ret_why = "no such command";
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    rc = check_of(w, DELIVERY_OF_LINE, maker_id, row.command.line_id, ret_why, err);
    /* After the database was put back from a backup its numbers were given once more. */
    if (!*ret_why && (news->line_id != row.command.line_id || news->device_id != row.command.device_id ||
                      news->kind != row.command.order.kind))
        *ret_why = "another command has this number";
    return rc;
}

static heng_rc tell_conflict(struct delivery_work *w, int64_t maker_id, const struct heng_read *read,
                             struct heng_err *err)
{
    struct heng_gateway_event_row event = {
        .gateway_id = maker_id, .at_us = w->now_us, .kind = HENG_GATEWAY_PROTOCOL, .value = read->device_id};
    snprintf(event.detail, sizeof event.detail,
             "meter %lld: other values for a moment that is known; they are kept beside the first ones",
             (long long)read->device_id);
    return heng_ingest_notice(w->store, &event, w->ret, err);
}

static heng_rc apply_read(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                          const struct heng_read_news *news, const char **ret_why, struct heng_err *err)
{
    const struct heng_read *read = news->read;
    if (!can_be(w, read->at_us)) *ret_why = "impossible time";
    for (size_t i = 0; i < read->frame_count; i++)
        if (!can_be(w, read->frames[i].at_us)) *ret_why = "impossible time";
    heng_rc rc = check_of(w, DELIVERY_OF_METER, maker_id, read->device_id, ret_why, err);
    if (rc == HENG_OK) rc = check_of(w, DELIVERY_OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc == HENG_OK) rc = check_order(w, maker_id, &news->order, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    if (w->delivery->live && (news->order.command || read->outcome != HENG_OUTCOME_OK)) return HENG_OK;

    struct heng_order_fact order = order_fact(&news->order, read->at_us);
    order.due_us = news->due_us;
    order.has_learned = news->has_learned;
    order.learned = news->learned;
    order.quarantined = news->quarantined;
    if (!order.id) { /* a schedule asked: what it asks for on due dates are frozen values, as line/ does it */
        order.device_id = read->device_id;
        order.order = news->due_us ? HENG_ORDER_READ_HISTORY : HENG_ORDER_READ;
        order.stage = read->outcome == HENG_OUTCOME_OK ? HENG_STAGE_CONFIRMED : HENG_STAGE_FAILED;
        order.outcome = read->outcome;
        order.ended = true;
    }
    struct heng_fact fact = {.kind = HENG_FACT_READ,
                             .read = read,
                             .order = &order,
                             .doubtful = entry->doubtful,
                             .by_hand = news->by_hand,
                             .copy = w->delivery->live,
                             .numbered = !w->delivery->live};
    uint32_t refused = w->ret->refused, conflicts = w->ret->conflicts;
    rc = heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
    if (rc == HENG_OK && w->ret->refused != refused) *ret_why = w->ret->refusal;
    if (rc == HENG_OK && w->ret->conflicts != conflicts) rc = tell_conflict(w, maker_id, read, err);
    return rc;
}

static heng_rc apply_line(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                          const struct heng_line_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_of(w, DELIVERY_OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    struct heng_line_fact line = {.line_id = news->line_id,
                                  .at_us = entry->at_us,
                                  .state = news->state,
                                  .last_answer_us = or_never(w, news->last_answer_us),
                                  .counters = news->counters,
                                  .vitals = news->vitals};
    memcpy(line.detail, news->detail, sizeof line.detail);
    struct heng_fact fact = {.kind = HENG_FACT_LINE, .line = &line};
    return heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
}

static heng_rc apply_order(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                           const struct heng_order_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_order(w, maker_id, news, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    struct heng_order_fact order = order_fact(news, entry->at_us);
    struct heng_fact fact = {.kind = HENG_FACT_ORDER, .order = &order};
    return heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
}

static heng_rc apply_found(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                           const struct heng_found_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_of(w, DELIVERY_OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    struct heng_found_fact found = {news->line_id, news->kind, {.at_us = entry->at_us, .found = news->found}};
    struct heng_fact fact = {.kind = HENG_FACT_FOUND, .found = &found};
    return heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
}

static heng_rc apply_search(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                            const struct heng_search_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_of(w, DELIVERY_OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    struct heng_search_fact search = {.row = {.line_id = news->line_id,
                                              .kind = news->kind,
                                              .known_only = news->known_only,
                                              .running = news->running,
                                              .started_us = or_never(w, news->started_us),
                                              .updated_us = entry->at_us,
                                              .progress = news->progress},
                                      .fresh = news->fresh};
    if (!search.row.started_us) search.row.started_us = entry->at_us;
    struct heng_fact fact = {.kind = HENG_FACT_SEARCH, .search = &search};
    return heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
}

/* What it says of its configuration is also how it stands with it. */
static heng_rc note_config(struct delivery_work *w, int64_t maker_id, const struct heng_event_news *news,
                           struct heng_err *err)
{
    struct heng_gateway_status status = {.gateway_id = maker_id};
    heng_rc rc = heng_store_get_gateway_status(w->reader, maker_id, &status, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    bool newest = (uint64_t)news->value == status.config_version;
    if (news->kind == HENG_GATEWAY_CONFIG_APPLIED) {
        status.applied_version = (uint64_t)news->value;
        if (newest) status.config_why[0] = '\0';
    } else if (newest) {
        snprintf(status.config_why, sizeof status.config_why, "%.*s", (int)sizeof status.config_why - 1, news->detail);
    }
    return heng_store_put_gateway_status(w->store, &status, err);
}

/* Who passes on for gateways below says which of their numbers do not come. */
static heng_rc note_gap(struct delivery_work *w, int64_t teller_id, const struct heng_event_news *news,
                        const char **ret_why, struct heng_err *err)
{
    struct delivery_slot *slot = NULL;
    bool below = false;
    heng_rc rc = HENG_OK;
    if (news->maker_id != teller_id) rc = delivery_is_of(w, DELIVERY_OF_WAY, news->maker_id, teller_id, &below, err);
    if (rc == HENG_OK && !below) *ret_why = "a gap of who is no gateway below this one";
    if (rc == HENG_OK && below) rc = delivery_find_slot(w, news->maker_id, news->maker_epoch, &slot, err);
    return rc == HENG_OK && slot ? delivery_declare_gone(w, slot, news->first, news->last, HENG_GAP_GONE_ABOVE, err)
                                 : rc;
}

static heng_rc apply_event(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                           const struct heng_event_news *news, const char **ret_why, struct heng_err *err)
{
    /* Who has gateways below may have refused one, and sees their gaps, as we do. */
    if (news->kind >= HENG_GATEWAY_CONNECTED && news->kind != HENG_GATEWAY_REFUSED && news->kind != HENG_GATEWAY_GAP)
        *ret_why = "an event that only the centre can tell";
    heng_rc rc = check_of(w, DELIVERY_OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc == HENG_OK && !*ret_why && news->kind == HENG_GATEWAY_GAP) rc = note_gap(w, maker_id, news, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    if (news->kind == HENG_GATEWAY_CONFIG_APPLIED || news->kind == HENG_GATEWAY_CONFIG_REFUSED)
        rc = note_config(w, maker_id, news, err);
    if (news->kind == HENG_GATEWAY_CLOCK_SET && news->value < 0 && news->value >= -CLOCK_BACK_MAX_US)
        rc = heng_store_clock_was_ahead(w->store, maker_id, entry->at_us, entry->at_us - news->value + CLOCK_SLACK_US,
                                        err);
    if (rc != HENG_OK) return rc;
    struct heng_gateway_event_row row = {.gateway_id = maker_id,
                                         .line_id = news->line_id,
                                         .value = news->value,
                                         .at_us = entry->at_us,
                                         .kind = news->kind,
                                         .epoch = entry->epoch,
                                         .seq = entry->seq};
    memcpy(row.detail, news->detail, sizeof row.detail);
    row.detail[sizeof row.detail - 1] = '\0';
    return heng_ingest_gateway_event(w->store, &row, w->ret, err);
}

heng_rc delivery_apply(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry, const char **ret_why,
                       struct heng_err *err)
{
    static _Thread_local struct heng_err unpacked; /* its text is a reason until the next entry */
    struct heng_body body;
    *ret_why = can_be(w, entry->at_us) ? NULL : "impossible time";
    if (*ret_why) return HENG_OK;
    heng_rc rc = heng_body_unpack(entry->body, entry, &w->read, &body, &unpacked);
    if (rc == HENG_ENOMEM) return heng_fail(err, rc, 0, "%s", unpacked.text); /* says nothing about the entry */
    if (rc != HENG_OK) {
        *ret_why = unpacked.text;
        return HENG_OK;
    }
    switch (body.kind) {
    case HENG_ENTRY_READ: return apply_read(w, maker_id, entry, &body.read, ret_why, err);
    case HENG_ENTRY_LINE: return apply_line(w, maker_id, entry, &body.line, ret_why, err);
    case HENG_ENTRY_ORDER: return apply_order(w, maker_id, entry, &body.order, ret_why, err);
    case HENG_ENTRY_FOUND: return apply_found(w, maker_id, entry, &body.found, ret_why, err);
    case HENG_ENTRY_SEARCH: return apply_search(w, maker_id, entry, &body.search, ret_why, err);
    case HENG_ENTRY_EVENT: return apply_event(w, maker_id, entry, &body.event, ret_why, err);
    }
    *ret_why = "entry of unknown kind";
    return HENG_OK;
}
