#include "gateway/core.h"

#include <inttypes.h>
#include <stdlib.h>

#include "gateway/core_inside.h"

enum { ACTIONS_MAX = 256, SCAN_BACK = 512 };

/* --- begin and end --------------------------------------------------------------------------------------------- */

static char *copy_of(const char *text)
{
    size_t n = text ? strlen(text) + 1 : 0;
    char *copy = n ? malloc(n) : NULL;
    if (copy) memcpy(copy, text, n);
    return copy;
}

static heng_rc copy_config(struct heng_core *core, const struct heng_core_config *config, struct heng_err *err)
{
    core->config = *config;
    if (!core->config.commit_ms) core->config.commit_ms = HENG_CORE_COMMIT_MS;
    core->journal_path = copy_of(config->journal);
    core->vfs = copy_of(config->vfs);
    size_t n = config->enrol.request.n;
    core->request = malloc(n ? n : 1);
    if (!core->journal_path || (config->vfs && !core->vfs) || !core->request)
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for a gateway");
    if (n) memcpy(core->request, config->enrol.request.p, n);
    core->config.enrol.request = heng_slice_of(core->request, n);
    return HENG_OK;
}

static uint64_t recall_of_epoch(const struct heng_core *core, const char *name)
{
    struct heng_slice value;
    if (heng_spool_recall(core->journal.spool, name, &value, NULL) != HENG_OK || value.n != 16) return 0;
    struct heng_reader r = heng_reader_of(value);
    uint64_t epoch = heng_reader_le(&r, 8), number = heng_reader_le(&r, 8);
    return epoch == core->journal.epoch && number <= core->journal.last ? number : 0;
}

/* Of the newest entry that was stamped here: those of the gateways below tell nothing of our clock. */
static heng_us newest_own(const struct heng_core *core)
{
    const struct core_journal *journal = &core->journal;
    struct heng_spool_item item;
    for (uint64_t i = 0; i < SCAN_BACK && journal->last - i >= journal->first && journal->last > i; i++)
        if (heng_spool_get(journal->spool, journal->last - i, &item, NULL) == HENG_OK && item.sound &&
            item.entry.gateway_id == 0)
            return item.entry.at_us;
    return 0;
}

static void tell_start(struct heng_core *core, heng_us now, heng_us wall_us, const struct heng_spool_found *found)
{
    char at[HENG_TIME_TEXT_MAX];
    if (core->clock.doubtful) {
        heng_us_format(wall_us, at);
        core_event(core, now, HENG_GATEWAY_CLOCK_WRONG, wall_us - core_time(core, now), "clock-says at=%s", at);
    }
    if (found->set_aside[0])
        core_event(core, now, HENG_GATEWAY_JOURNAL_ASIDE, 0, "%.100s: %.90s", found->set_aside, found->why);
    core_event(core, now, HENG_GATEWAY_STARTED, 0, "%s%s%s", core->config.software,
               core->config.firmware[0] ? ", " : "", core->config.firmware);
    core_salvage_start(core, now);
    core_orders_load(core, now);
    core_config_load(core, now);
    core_hurry(core, now);
}

static heng_rc begin(struct heng_core *core, heng_us now, heng_us wall_us, struct heng_err *err)
{
    struct core_journal *journal = &core->journal;
    struct heng_spool_found found = {0};
    journal->commit_us = HENG_US_NEVER;
    journal->thin_us = now;
    for (size_t i = 0; i < CORE_ASKERS_MAX; i++) core->askers[i].conn = -1;
    core->clock.skew_us = wall_us - now;
    heng_rc rc = core_journal_open(core, now, &found, err);
    if (rc != HENG_OK) return rc;
    journal->epoch = heng_spool_epoch(journal->spool);
    journal->first = heng_spool_first(journal->spool);
    journal->last = heng_spool_last(journal->spool);
    journal->acked = recall_of_epoch(core, "acked");
    journal->damaged = recall_of_epoch(core, "damaged");
    core_clock_start(core, now, wall_us, newest_own(core));
    core_live_scan(core);
    struct heng_client_config client = {.servers = core->config.servers,
                                        .enrolled = core->config.enrolled,
                                        .enrol = core->config.enrol,
                                        .seed = core->config.seed};
    rc = heng_client_new(&client, now, &core->client, err);
    if (rc != HENG_OK) return rc;
    heng_client_journal(core->client, now, journal->epoch, journal->first, journal->last);
    tell_start(core, now, wall_us, &found);
    return HENG_OK;
}

heng_rc heng_core_new(const struct heng_core_config *config, heng_us now, heng_us wall_us, struct heng_core **ret,
                      struct heng_err *err)
{
    struct heng_core *core = calloc(1, sizeof *core);
    if (!core) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a gateway");
    heng_rc rc = copy_config(core, config, err);
    if (rc == HENG_OK) rc = begin(core, now, wall_us, err);
    if (rc != HENG_OK) {
        heng_core_free(core, false);
        return rc;
    }
    *ret = core;
    return HENG_OK;
}

void heng_core_free(struct heng_core *core, bool stopped)
{
    if (!core) return;
    if (core->journal.spool && core->client) {
        heng_us now = core->clock.seen_us;
        core->journal.retry_us = now; /* a last time, if the disk has failed */
        core_journal_work(core, now);
        if (stopped && !core->journal.failed) core_event(core, now, HENG_GATEWAY_STOPPED, 0, "%s", "");
        (void)core_commit(core, now);
    }
    core_salvage_stop(core);
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) heng_host_free(core->conns[i].host);
    heng_spool_close(core->journal.spool);
    heng_client_free(core->client);
    core_config_fini(core);
    core_pending_fini(&core->journal.pending);
    free(core->live);
    free(core->orders);
    free(core->request);
    free(core->vfs);
    free(core->journal_path);
    free(core);
}

/* --- from the lines -------------------------------------------------------------------------------------------- */

bool heng_core_has_room(const struct heng_core *core)
{
    const struct core_journal *journal = &core->journal;
    return !journal->failed && journal->token_count < CORE_TOKENS_MAX;
}

/* The order that a body tells of. */
static const struct heng_order_news *order_of(const struct heng_body *body)
{
    switch (body->kind) {
    case HENG_ENTRY_ORDER: return body->order.id > 0 ? &body->order : NULL;
    case HENG_ENTRY_READ: return body->read.order.id > 0 ? &body->read.order : NULL;
    case HENG_ENTRY_LINE:
    case HENG_ENTRY_FOUND:
    case HENG_ENTRY_SEARCH:
    case HENG_ENTRY_EVENT: break;
    }
    return NULL;
}

heng_rc heng_core_tell(struct heng_core *core, heng_us now, const struct heng_body *body, heng_us at_us, bool urgent,
                       int64_t token, struct heng_err *err)
{
    struct core_journal *journal = &core->journal;
    const struct heng_order_news *news = order_of(body);
    struct core_order order;
    struct heng_entry entry;
    char name[65];
    uint8_t value[32];
    size_t n = 0;
    if (token && journal->token_count == CORE_TOKENS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "too many wait for the disk");
    bool kept = news && core_order_news(core, now, news, &order, name, value, &n);
    heng_rc rc = core_entry_of(core, body, at_us, &entry, err);
    if (rc != HENG_OK) return rc;
    /* The token goes first: writing may commit. */
    if (token) journal->tokens[journal->token_count++] = token;
    rc = core_write(core, now, &entry, kept ? name : NULL, heng_slice_of(value, n), err);
    if (rc != HENG_OK) {
        if (token) journal->token_count--;
        return rc;
    }
    if (news) core_order_set(core, now, &order);
    if (urgent && journal->written) core_hurry(core, now);
    return HENG_OK;
}

/* --- actions --------------------------------------------------------------------------------------------------- */

static bool poll_journal(struct heng_core *core, struct heng_core_action *ret)
{
    struct core_journal *journal = &core->journal;
    bool full = journal->failed && journal->tried;
    if (core->full_told != full) {
        core->full_told = ret->full = full;
        ret->kind = HENG_CORE_FULL;
        return true;
    }
    if (!journal->let_go) return false;
    ret->kind = HENG_CORE_LET_GO;
    ret->token = journal->tokens[0];
    journal->token_count--;
    journal->let_go--;
    memmove(journal->tokens, journal->tokens + 1, journal->token_count * sizeof journal->tokens[0]);
    return true;
}

static bool poll_once(struct heng_core *core, heng_us now, struct heng_core_action *ret, bool *again)
{
    *again = false;
    core_journal_work(core, now);
    core_salvage_work(core, now);
    core_children_work(core, now);
    return poll_journal(core, ret) || core_config_poll(core, ret) || core_pass_poll(core, ret) ||
           core_up_poll(core, now, ret, again) || core_children_poll(core, now, ret, again);
}

void heng_core_poll(struct heng_core *core, heng_us now, heng_us wall_us, struct heng_core_action *ret)
{
    bool again = true;
    core_clock_see(core, now, wall_us);
    memset(ret, 0, sizeof *ret);
    core->busy = false;
    for (unsigned i = 0; again && i < ACTIONS_MAX; i++)
        if (poll_once(core, now, ret, &again)) return;
    core->busy = again; /* the rest after the owner has looked at other things */
    ret->kind = HENG_CORE_NONE;
}

heng_us heng_core_deadline(const struct heng_core *core)
{
    const struct core_journal *journal = &core->journal;
    heng_us at = heng_client_deadline(core->client), other = core_journal_deadline(core);
    if (core->busy || core->full_told != (journal->failed && journal->tried) || journal->let_go ||
        (core->offered.bytes && !core->config_told))
        return 0;
    if (other < at) at = other;
    other = core_salvage_deadline(core);
    if (other < at) at = other;
    other = core_children_deadline(core);
    return other < at ? other : at;
}

/* --- what is known --------------------------------------------------------------------------------------------- */

void heng_core_status_now(const struct heng_core *core, heng_us now, struct heng_core_status *ret)
{
    const struct core_journal *journal = &core->journal;
    (void)now;
    memset(ret, 0, sizeof *ret);
    heng_client_status_now(core->client, &ret->uplink);
    ret->epoch = journal->epoch;
    ret->first = journal->first;
    ret->last = journal->last;
    ret->acked = journal->acked;
    ret->config_version = core->in_force.config.version;
    ret->journal_bytes = journal->spool ? heng_spool_bytes(journal->spool) : 0;
    ret->entries = journal->spool ? heng_spool_count(journal->spool) : 0;
    ret->full = journal->failed;
    ret->doubtful = core->clock.doubtful;
    ret->clock_offset_us = core->clock.offset_us;
    ret->clock_error_us = core->clock.error_us;
    ret->child_count = core_nodes_list(core, ret->children);
}

struct heng_spool *heng_core_journal(struct heng_core *core) { return core->journal.spool; }

void heng_core_keep(struct heng_core *core, heng_us now, const char *name, struct heng_slice value)
{
    core_keep(core, now, name, value);
}

heng_rc heng_core_recall(struct heng_core *core, const char *name, struct heng_slice *ret)
{
    return core->journal.spool ? heng_spool_recall(core->journal.spool, name, ret, NULL) : HENG_ENOTFOUND;
}

void heng_core_disk(struct heng_core *core, uint64_t free_bytes) { core->free_bytes = free_bytes; }
