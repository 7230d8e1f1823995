#include "flow/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/ingest_gateways.h"
#include "store/read.h"
#include "uplink/body.h"

/* Before this nobody read a meter with Heng: 2015-01-01. */
#define EARLIEST_US (INT64_C(1420070400) * HENG_US_PER_S)

/* An entry may be about the numbers of two: its maker's, and of one below that. */
enum { SLOTS_MAX = 2 * HENG_UPLINK_BATCH_ENTRIES_MAX + 1, KNOWN_BITS = 10, KNOWN = 1 << KNOWN_BITS, PROBES = 8 };

/* How far the journal of one maker is here. gap: the one that number gap_from lies in, or the next one behind it. */
struct slot {
    struct heng_gateway_journal journal;
    bool changed, gap_known, has_gap;
    uint64_t gap_from;
    struct heng_gateway_gap gap;
    uint64_t skipped; /* numbers that the last entries jumped over */
};

/* What a batch asks again and again: does this hang on that gateway? */
typedef enum relation { OF_METER, OF_LINE, OF_WAY } relation;
struct known {
    bool used, yes;
    relation what;
    int64_t gateway_id, id;
};

struct work {
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_delivery *delivery;
    heng_us now_us;
    struct heng_ingested *ret;
    char refused_why[HENG_DETAIL_MAX]; /* of the first one */
    uint64_t gone, gone_first, gone_last;
    struct slot *own, *last_used;
    size_t slot_count;
    struct slot slots[SLOTS_MAX];
    struct known known[KNOWN];
    struct heng_batch_room room;
    struct heng_read read;
};

/* --- what belongs to whom --------------------------------------------------------------------------------- */

static heng_rc ask(struct work *w, relation what, int64_t gateway_id, int64_t id, bool *ret, struct heng_err *err)
{
    switch (what) {
    case OF_METER: return heng_store_gateway_has_meter(w->reader, gateway_id, id, ret, err);
    case OF_LINE: return heng_store_gateway_has_line(w->reader, gateway_id, id, ret, err);
    case OF_WAY: return heng_store_gateway_is_below(w->reader, gateway_id, id, ret, err);
    }
    return heng_fail(err, HENG_EBUG, 0, "a relation %d", (int)what);
}

static heng_rc is_of(struct work *w, relation what, int64_t gateway_id, int64_t id, bool *ret, struct heng_err *err)
{
    uint64_t hash = ((uint64_t)id * 31 + (uint64_t)gateway_id * 3 + what) * UINT64_C(0x9E3779B97F4A7C15);
    struct known *free_one = NULL;
    for (size_t i = 0; i < PROBES && !free_one; i++) {
        struct known *k = &w->known[((hash >> (64 - KNOWN_BITS)) + i) % KNOWN];
        if (!k->used) free_one = k;
        if (!k->used || k->what != what || k->gateway_id != gateway_id || k->id != id) continue;
        *ret = k->yes;
        return HENG_OK;
    }
    heng_rc rc = ask(w, what, gateway_id, id, ret, err);
    if (rc == HENG_OK && free_one) *free_one = (struct known){true, *ret, what, gateway_id, id};
    return rc;
}

/* --- numbers ---------------------------------------------------------------------------------------------- */

static heng_rc find_slot(struct work *w, int64_t gateway_id, uint64_t epoch, struct slot **ret, struct heng_err *err)
{
    struct slot *slot = w->last_used;
    for (size_t i = 0; !slot || slot->journal.gateway_id != gateway_id || slot->journal.epoch != epoch; i++) {
        slot = &w->slots[i];
        if (i < w->slot_count) continue;
        *slot = (struct slot){0};
        heng_rc rc = heng_store_get_journal(w->reader, gateway_id, epoch, &slot->journal, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        if (rc == HENG_ENOTFOUND)
            slot->journal =
                (struct heng_gateway_journal){.gateway_id = gateway_id, .epoch = epoch, .first_us = w->now_us};
        w->slot_count++;
        break;
    }
    *ret = w->last_used = slot;
    return HENG_OK;
}

/* Is this number news? It is behind all that came, or in a gap. */
static heng_rc is_news(struct work *w, struct slot *slot, uint64_t seq, bool *ret, struct heng_err *err)
{
    *ret = seq > slot->journal.seq;
    if (*ret) return HENG_OK;
    if (!slot->gap_known || seq < slot->gap_from || (slot->has_gap && seq > slot->gap.last)) {
        heng_rc rc = heng_store_get_gap(w->reader, slot->journal.gateway_id, slot->journal.epoch, seq, &slot->gap, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        slot->gap_known = true;
        slot->has_gap = rc == HENG_OK;
        slot->gap_from = seq;
    }
    *ret = slot->has_gap && seq >= slot->gap.first;
    return HENG_OK;
}

static heng_rc put_gap(struct work *w, struct slot *slot, uint64_t first, uint64_t last, heng_gap_state gone,
                       struct heng_err *err)
{
    slot->gap_known = false;
    if (first > last) return HENG_OK;
    struct heng_gateway_gap gap = {slot->journal.gateway_id, slot->journal.epoch, first, last, gone};
    return heng_store_put_gap(w->store, &gap, err);
}

/* The numbers first..last come out of a gap, which they lie in. */
static heng_rc split_gap(struct work *w, struct slot *slot, const struct heng_gateway_gap *gap, uint64_t first,
                         uint64_t last, struct heng_err *err)
{
    heng_rc rc = heng_store_drop_gap(w->store, gap, err);
    if (rc == HENG_OK && first > gap->first) rc = put_gap(w, slot, gap->first, first - 1, gap->gone, err);
    if (rc == HENG_OK && last < gap->last) rc = put_gap(w, slot, last + 1, gap->last, gap->gone, err);
    slot->gap_known = false;
    return rc;
}

/* The entry of this number, which is news, is here. */
static heng_rc enter(struct work *w, struct slot *slot, uint64_t seq, uint64_t check, struct heng_err *err)
{
    struct heng_gateway_journal *journal = &slot->journal;
    bool news = false;
    heng_rc rc = HENG_OK;
    if (seq <= journal->seq) {
        rc = is_news(w, slot, seq, &news, err); /* its gap, which what the entry told of may have changed */
        struct heng_gateway_gap gap = slot->gap;
        if (rc == HENG_OK && news) rc = split_gap(w, slot, &gap, seq, seq, err);
    } else if (seq > journal->seq + 1) {
        slot->skipped += seq - journal->seq - 1;
        rc = put_gap(w, slot, journal->seq + 1, seq - 1, HENG_GAP_OPEN, err);
    }
    if (seq >= journal->seq) {
        journal->seq = seq;
        journal->check = check;
    }
    slot->changed = true;
    return rc;
}

static void count_gone(struct work *w, uint64_t first, uint64_t last)
{
    if (!w->gone) w->gone_first = first;
    w->gone += last - first + 1;
    w->gone_last = last;
}

/* The numbers first..last of a journal are gone, as far as they are not here. What came by another way stays, and what
 * comes by another way is taken all the same. */
static heng_rc declare_gone(struct work *w, struct slot *slot, uint64_t first, uint64_t last, heng_gap_state gone,
                            struct heng_err *err)
{
    struct heng_gateway_journal *journal = &slot->journal;
    struct heng_gateway_gap gap;
    heng_rc rc = HENG_OK;
    slot->changed = true;
    for (uint64_t from = first; from <= last && from <= journal->seq; from = gap.last + 1) {
        rc = (gone == HENG_GAP_GONE ? heng_store_get_wanted_gap : heng_store_get_open_gap)(
            w->reader, journal->gateway_id, journal->epoch, from, &gap, err);
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && gap.first > last)) break;
        if (rc != HENG_OK) return rc;
        uint64_t a = gap.first > first ? gap.first : first, b = gap.last < last ? gap.last : last;
        rc = split_gap(w, slot, &gap, a, b, err);
        if (rc == HENG_OK) rc = put_gap(w, slot, a, b, gone, err);
        if (rc != HENG_OK) return rc;
        if (gone == HENG_GAP_GONE) count_gone(w, a, b);
    }
    if (last <= journal->seq) return HENG_OK;
    if (first <= journal->seq) first = journal->seq + 1;
    rc = HENG_OK;
    if (first > journal->seq + 1) rc = put_gap(w, slot, journal->seq + 1, first - 1, HENG_GAP_OPEN, err);
    if (rc == HENG_OK) rc = put_gap(w, slot, first, last, gone, err);
    if (gone == HENG_GAP_GONE) count_gone(w, first, last);
    journal->seq = last;
    journal->check = 0;
    return rc;
}

/* --- entries ---------------------------------------------------------------------------------------------- */

static bool can_be(const struct work *w, heng_us at_us)
{
    return at_us >= EARLIEST_US && at_us <= w->now_us + HENG_US_PER_DAY;
}

/* A time that says nothing more than the entry does. */
static heng_us or_never(const struct work *w, heng_us at_us) { return can_be(w, at_us) ? at_us : 0; }

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
static heng_rc check_of(struct work *w, relation what, int64_t maker_id, int64_t id, const char **ret_why,
                        struct heng_err *err)
{
    bool yes = true;
    if (*ret_why || !id) return HENG_OK;
    heng_rc rc = is_of(w, what, maker_id, id, &yes, err);
    if (rc == HENG_OK && !yes) *ret_why = what == OF_METER ? "foreign meter" : "foreign line";
    return rc;
}

/* Whose order is it that has come on? That of a command stands in its row. */
static heng_rc check_order(struct work *w, int64_t maker_id, const struct heng_order_news *news, const char **ret_why,
                           struct heng_err *err)
{
    struct heng_command_row row;
    if (!news->id) return HENG_OK;
    heng_rc rc = check_of(w, OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc == HENG_OK) rc = check_of(w, OF_METER, maker_id, news->device_id, ret_why, err);
    if (rc != HENG_OK || *ret_why || !news->command) return rc;
    rc = heng_store_get_command(w->reader, news->id, &row, err);
    if (rc == HENG_ENOTFOUND) {
        *ret_why = "no such command";
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    rc = check_of(w, OF_LINE, maker_id, row.command.line_id, ret_why, err);
    /* After the database was put back from a backup its numbers were given once more. */
    if (!*ret_why && (news->line_id != row.command.line_id || news->device_id != row.command.device_id ||
                      news->kind != row.command.order.kind))
        *ret_why = "another command has this number";
    return rc;
}

static heng_rc tell_conflict(struct work *w, int64_t maker_id, const struct heng_read *read, struct heng_err *err)
{
    struct heng_gateway_event_row event = {
        .gateway_id = maker_id, .at_us = w->now_us, .kind = HENG_GATEWAY_PROTOCOL, .value = read->device_id};
    snprintf(event.detail, sizeof event.detail,
             "meter %lld: other values for a moment that is known; they are kept beside the first ones",
             (long long)read->device_id);
    return heng_ingest_notice(w->store, &event, w->ret, err);
}

static heng_rc apply_read(struct work *w, int64_t maker_id, const struct heng_entry *entry,
                          const struct heng_read_news *news, const char **ret_why, struct heng_err *err)
{
    const struct heng_read *read = news->read;
    if (!can_be(w, read->at_us)) *ret_why = "impossible time";
    for (size_t i = 0; i < read->frame_count; i++)
        if (!can_be(w, read->frames[i].at_us)) *ret_why = "impossible time";
    heng_rc rc = check_of(w, OF_METER, maker_id, read->device_id, ret_why, err);
    if (rc == HENG_OK) rc = check_of(w, OF_LINE, maker_id, news->line_id, ret_why, err);
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
    struct heng_fact fact = {
        .kind = HENG_FACT_READ, .read = read, .order = &order, .doubtful = entry->doubtful, .by_hand = news->by_hand};
    uint32_t refused = w->ret->refused, conflicts = w->ret->conflicts;
    rc = heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
    if (rc == HENG_OK && w->ret->refused != refused) *ret_why = w->ret->refusal;
    if (rc == HENG_OK && w->ret->conflicts != conflicts) rc = tell_conflict(w, maker_id, read, err);
    return rc;
}

static heng_rc apply_line(struct work *w, int64_t maker_id, const struct heng_entry *entry,
                          const struct heng_line_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_of(w, OF_LINE, maker_id, news->line_id, ret_why, err);
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

static heng_rc apply_order(struct work *w, int64_t maker_id, const struct heng_entry *entry,
                           const struct heng_order_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_order(w, maker_id, news, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    struct heng_order_fact order = order_fact(news, entry->at_us);
    struct heng_fact fact = {.kind = HENG_FACT_ORDER, .order = &order};
    return heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
}

static heng_rc apply_found(struct work *w, int64_t maker_id, const struct heng_entry *entry,
                           const struct heng_found_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_of(w, OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    struct heng_found_fact found = {news->line_id, news->kind, {.at_us = entry->at_us, .found = news->found}};
    struct heng_fact fact = {.kind = HENG_FACT_FOUND, .found = &found};
    return heng_ingest_fact(w->store, &fact, w->now_us, w->ret, err);
}

static heng_rc apply_search(struct work *w, int64_t maker_id, const struct heng_entry *entry,
                            const struct heng_search_news *news, const char **ret_why, struct heng_err *err)
{
    heng_rc rc = check_of(w, OF_LINE, maker_id, news->line_id, ret_why, err);
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
static heng_rc note_config(struct work *w, int64_t maker_id, const struct heng_event_news *news, struct heng_err *err)
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
static heng_rc note_gap(struct work *w, int64_t teller_id, const struct heng_event_news *news, const char **ret_why,
                        struct heng_err *err)
{
    struct slot *slot = NULL;
    bool below = false;
    heng_rc rc = HENG_OK;
    if (news->maker_id != teller_id) rc = is_of(w, OF_WAY, news->maker_id, teller_id, &below, err);
    if (rc == HENG_OK && !below) *ret_why = "a gap of who is no gateway below this one";
    if (rc == HENG_OK && below) rc = find_slot(w, news->maker_id, news->maker_epoch, &slot, err);
    return rc == HENG_OK && slot ? declare_gone(w, slot, news->first, news->last, HENG_GAP_GONE_ABOVE, err) : rc;
}

static heng_rc apply_event(struct work *w, int64_t maker_id, const struct heng_entry *entry,
                           const struct heng_event_news *news, const char **ret_why, struct heng_err *err)
{
    /* Who has gateways below may have refused one, and sees their gaps, as we do. */
    if (news->kind >= HENG_GATEWAY_CONNECTED && news->kind != HENG_GATEWAY_REFUSED && news->kind != HENG_GATEWAY_GAP)
        *ret_why = "an event that only the centre can tell";
    heng_rc rc = check_of(w, OF_LINE, maker_id, news->line_id, ret_why, err);
    if (rc == HENG_OK && !*ret_why && news->kind == HENG_GATEWAY_GAP) rc = note_gap(w, maker_id, news, ret_why, err);
    if (rc != HENG_OK || *ret_why) return rc;
    if (news->kind == HENG_GATEWAY_CONFIG_APPLIED || news->kind == HENG_GATEWAY_CONFIG_REFUSED)
        rc = note_config(w, maker_id, news, err);
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

/* What the entry says, into the database. *ret_why: why it is not believed; NULL: it is. */
static heng_rc apply(struct work *w, int64_t maker_id, const struct heng_entry *entry, const char **ret_why,
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

static heng_rc set_aside(struct work *w, const struct heng_entry *entry, const char *why, struct heng_err *err)
{
    if (w->delivery->live) return HENG_OK; /* its number will come, and say the same */
    if (!w->delivery->refused++) snprintf(w->refused_why, sizeof w->refused_why, "%s", why);
    return heng_store_add_refused_entry(w->store, w->delivery->gateway_id, entry, why, err);
}

/* An entry that is the sender's own, or that it passes on and whose maker numbered it. */
static heng_rc take_entry(struct work *w, const struct heng_entry *entry, struct heng_err *err)
{
    struct heng_delivery *delivery = w->delivery;
    int64_t maker_id = entry->gateway_id ? entry->gateway_id : delivery->gateway_id;
    bool below = true, news = true;
    struct slot *slot = NULL;
    const char *why = NULL;
    heng_rc rc = HENG_OK;
    if (heng_entry_check(entry) != entry->check) return set_aside(w, entry, "its check does not fit", err);
    if (entry->gateway_id) {
        rc = is_of(w, OF_WAY, maker_id, delivery->gateway_id, &below, err);
        if (rc == HENG_OK && !below) return set_aside(w, entry, "its maker is no gateway below this one", err);
    }
    if (rc == HENG_OK && entry->gateway_id && !delivery->live) {
        rc = find_slot(w, maker_id, entry->epoch, &slot, err);
        if (rc == HENG_OK) rc = is_news(w, slot, entry->seq, &news, err);
    }
    if (rc != HENG_OK) return rc;
    if (!news && !delivery->weaken_for_tests) {
        delivery->same++;
        return HENG_OK;
    }
    uint32_t same = w->ret->same, refused = delivery->refused;
    rc = apply(w, maker_id, entry, &why, err);
    if (rc == HENG_OK && slot && news) rc = enter(w, slot, entry->seq, entry->check, err);
    if (rc == HENG_OK && why) rc = set_aside(w, entry, why, err);
    if (rc != HENG_OK || why || delivery->refused != refused) return rc;
    if (w->ret->same != same)
        delivery->same++;
    else
        delivery->stored++;
    return HENG_OK;
}

/* --- batches ---------------------------------------------------------------------------------------------- */

static heng_rc say_no(struct heng_delivery *delivery, heng_rc rc, const char *why)
{
    delivery->rc = rc;
    snprintf(delivery->why, sizeof delivery->why, "%s", why);
    return HENG_OK;
}

static heng_rc take_live(struct work *w, const struct heng_batch *batch, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < batch->entry_count; i++)
        if (batch->entries[i].entry.kind == HENG_ENTRY_READ) rc = take_entry(w, &batch->entries[i].entry, err);
    return rc;
}

/* Does the batch go on where the journal ended, or lie before that, and tell the same of the last number? */
static bool goes_on(const struct heng_batch *batch, const struct heng_gateway_journal *journal,
                    struct heng_delivery *delivery)
{
    if (batch->first > journal->seq + 1) {
        delivery->rc = HENG_ECONFLICT;
        snprintf(delivery->why, sizeof delivery->why, "it begins with %" PRIu64 ", but %" PRIu64 " was the last one",
                 batch->first, journal->seq);
        return false;
    }
    for (size_t i = 0; i < batch->entry_count; i++) {
        const struct heng_batch_entry *e = &batch->entries[i];
        if (e->seq != journal->seq || !journal->check || e->entry.check == journal->check) continue;
        delivery->rc = HENG_ECONFLICT;
        snprintf(delivery->why, sizeof delivery->why, "another history: its entry %" PRIu64 " is not the one of before",
                 e->seq);
        return false;
    }
    return true;
}

/* Entries and ranges, side by side in the order of their numbers. */
static heng_rc take_numbers(struct work *w, const struct heng_batch *batch, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    size_t gone = 0;
    for (size_t i = 0; rc == HENG_OK && i <= batch->entry_count; i++) {
        const struct heng_batch_entry *e = i < batch->entry_count ? &batch->entries[i] : NULL;
        for (; rc == HENG_OK && gone < batch->gone_count && (!e || batch->gone[gone].first < e->seq); gone++)
            rc = declare_gone(w, w->own, batch->gone[gone].first, batch->gone[gone].last, HENG_GAP_GONE, err);
        bool news = false;
        if (rc == HENG_OK && e) rc = is_news(w, w->own, e->seq, &news, err);
        if (rc != HENG_OK || !e) continue;
        if (!news && !w->delivery->weaken_for_tests) {
            w->delivery->same++;
            continue;
        }
        rc = take_entry(w, &e->entry, err);
        if (rc == HENG_OK && news) rc = enter(w, w->own, e->seq, e->entry.check, err);
    }
    return rc;
}

/* Who has thinned its journal says behind that which numbers of others it does not pass on. */
static heng_rc tells_itself(struct work *w, bool *ret, struct heng_err *err)
{
    struct heng_gateway_gap gap;
    heng_rc rc = heng_store_get_gap(w->reader, w->own->journal.gateway_id, w->own->journal.epoch, 0, &gap, err);
    *ret = rc == HENG_OK;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* What was noticed, and how far the journals have come. */
static heng_rc finish(struct work *w, struct heng_err *err)
{
    struct heng_gateway_event_row event = {.gateway_id = w->delivery->gateway_id, .at_us = w->now_us};
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < w->slot_count; i++) {
        struct slot *slot = &w->slots[i];
        slot->journal.last_us = w->now_us;
        if (slot->changed) rc = heng_store_put_journal(w->store, &slot->journal, err);
        bool quiet = !slot->skipped;
        if (rc == HENG_OK && !quiet && slot != w->own) rc = tells_itself(w, &quiet, err);
        if (rc != HENG_OK || quiet) continue;
        event.gateway_id = slot->journal.gateway_id;
        event.kind = HENG_GATEWAY_GAP;
        event.value = (int64_t)slot->skipped;
        snprintf(event.detail, sizeof event.detail, "passed on without them; nobody has said where they are");
        rc = heng_ingest_notice(w->store, &event, w->ret, err);
    }
    event.gateway_id = w->delivery->gateway_id;
    if (rc == HENG_OK && w->gone) {
        event.kind = HENG_GATEWAY_GAP;
        event.value = (int64_t)w->gone;
        snprintf(event.detail, sizeof event.detail, "%" PRIu64 " to %" PRIu64 ": it has them no more", w->gone_first,
                 w->gone_last);
        rc = heng_ingest_gateway_event(w->store, &event, w->ret, err);
    }
    if (rc == HENG_OK && w->delivery->refused) {
        event.kind = HENG_GATEWAY_ENTRY_REFUSED;
        event.value = w->delivery->refused;
        snprintf(event.detail, sizeof event.detail, "%s", w->refused_why);
        rc = heng_ingest_notice(w->store, &event, w->ret, err);
    }
    return rc;
}

static heng_rc deliver(struct work *w, struct heng_err *err)
{
    struct heng_delivery *delivery = w->delivery;
    struct heng_gateway gateway;
    struct heng_batch batch;
    struct heng_err why;
    heng_rc rc = heng_store_get_gateway(w->reader, delivery->gateway_id, &gateway, err);
    if (rc == HENG_ENOTFOUND) return say_no(delivery, HENG_EDENIED, "there is no such gateway");
    if (rc != HENG_OK) return rc;
    if (gateway.state == HENG_GATEWAY_STATE_REVOKED) return say_no(delivery, HENG_EDENIED, "it is revoked");
    if (heng_batch_unpack(delivery->bytes, &w->room, &batch, &why) != HENG_OK)
        return say_no(delivery, HENG_EFORMAT, why.text);
    delivery->epoch = batch.epoch;
    if (delivery->live != (batch.first == 0)) return say_no(delivery, HENG_EFORMAT, "copies have no numbers");
    if (delivery->live) return take_live(w, &batch, err);

    rc = find_slot(w, delivery->gateway_id, batch.epoch, &w->own, err);
    if (rc != HENG_OK) return rc;
    delivery->durable = w->own->journal.seq;
    if (!goes_on(&batch, &w->own->journal, delivery)) return HENG_OK;
    rc = take_numbers(w, &batch, err);
    if (rc == HENG_OK) rc = finish(w, err);
    delivery->durable = batch.last;
    return rc;
}

heng_rc heng_delivery_ingest(struct heng_store *store, struct heng_delivery *delivery, heng_us now_us,
                             struct heng_ingested *ret, struct heng_err *err)
{
    struct work *w = malloc(sizeof *w);
    if (!w) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a delivery");
    *delivery = (struct heng_delivery){.gateway_id = delivery->gateway_id,
                                       .live = delivery->live,
                                       .bytes = delivery->bytes,
                                       .weaken_for_tests = delivery->weaken_for_tests};
    w->store = store;
    w->reader = heng_store_as_reader(store);
    w->delivery = delivery;
    w->now_us = now_us;
    w->ret = ret;
    w->refused_why[0] = '\0';
    w->gone = w->gone_first = w->gone_last = 0;
    w->own = w->last_used = NULL;
    w->slot_count = 0;
    memset(w->known, 0, sizeof w->known);
    heng_rc rc = deliver(w, err);
    free(w);
    return rc;
}

heng_rc heng_delivery_resume(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t *ret_seq,
                             uint64_t *ret_check, struct heng_err *err)
{
    struct heng_gateway_journal journal = {0};
    struct heng_gateway_gap gap;
    heng_rc rc = heng_store_get_journal(reader, gateway_id, epoch, &journal, err);
    if (rc == HENG_OK) rc = heng_store_get_wanted_gap(reader, gateway_id, epoch, 0, &gap, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    bool open = rc == HENG_OK;
    *ret_seq = open ? gap.first - 1 : journal.seq;
    *ret_check = open ? 0 : journal.check;
    return HENG_OK;
}
