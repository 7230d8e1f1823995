/* What is written, and when it is committed. Whatever is in the open transaction is in memory too until the commit:
 * when the disk is full or fails, our own entries are written again as soon as it takes something; the children's are
 * not, for nothing was acknowledged to them and they bring them once more. So an entry that heng_core_tell took is
 * never lost while the program runs, and nobody has heard of it before it was safe. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/core_inside.h"

enum { USUAL_JOURNAL_BYTES = 64 * 1024 * 1024, PENDING_SLACK_BYTES = 128 * 1024 };

/* --- pending --------------------------------------------------------------------------------------------------- */

void core_pending_fini(struct core_pending *pending)
{
    free(pending->ops);
    free(pending->bytes);
    *pending = (struct core_pending){0};
}

/* What a storm has left is given back. */
static void pending_clear(struct core_pending *pending)
{
    if (pending->cap > PENDING_SLACK_BYTES) core_pending_fini(pending);
    pending->op_count = pending->n = 0;
}

/* Room for two more ops and n bytes. */
static heng_rc pending_room(struct core_pending *pending, size_t n, struct heng_err *err)
{
    if (pending->op_cap - pending->op_count < 2) {
        size_t cap = pending->op_cap ? pending->op_cap * 2 : 16;
        struct core_op *ops = realloc(pending->ops, cap * sizeof *ops);
        if (!ops) return heng_fail(err, HENG_ENOMEM, 0, "no memory for an entry");
        pending->ops = ops;
        pending->op_cap = cap;
    }
    if (pending->cap - pending->n < n) {
        size_t cap = pending->cap ? pending->cap : 4096;
        while (cap - pending->n < n) cap *= 2;
        uint8_t *bytes = realloc(pending->bytes, cap);
        if (!bytes) return heng_fail(err, HENG_ENOMEM, 0, "no memory for an entry");
        pending->bytes = bytes;
        pending->cap = cap;
    }
    return HENG_OK;
}

static size_t pending_put(struct core_pending *pending, struct heng_slice bytes)
{
    size_t at = pending->n;
    if (bytes.n) memcpy(pending->bytes + at, bytes.p, bytes.n);
    pending->n += bytes.n;
    return at;
}

/* There is room. name has its NUL. */
static void pending_push(struct core_pending *pending, const struct heng_entry *entry, const char *name,
                         struct heng_slice value)
{
    if (entry) {
        struct core_op op = {.entry = *entry, .n = entry->body.n, .at = pending_put(pending, entry->body)};
        pending->ops[pending->op_count++] = op;
    }
    if (name) {
        struct core_op op = {.keep = true, .n = value.n};
        op.name = pending_put(pending, heng_slice_of(name, strlen(name) + 1));
        op.at = pending_put(pending, value);
        pending->ops[pending->op_count++] = op;
    }
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void written(struct heng_core *core, heng_us now, size_t bytes)
{
    struct core_journal *journal = &core->journal;
    journal->written++;
    journal->written_bytes += bytes;
    heng_us by = now + core->config.commit_ms * HENG_US_PER_MS;
    if (journal->commit_us > by) journal->commit_us = by;
    if (journal->written >= CORE_PENDING_ENTRIES || journal->written_bytes >= CORE_PENDING_BYTES)
        journal->commit_us = now;
}

void core_hurry(struct heng_core *core, heng_us now) { core->journal.commit_us = now; }

static void tell_client(struct heng_core *core, heng_us now);

static heng_rc append(struct heng_core *core, heng_us now, const struct heng_entry *entry, struct heng_err *err)
{
    uint64_t seq;
    heng_rc rc = heng_spool_append(core->journal.spool, entry, &seq, err);
    if (rc != HENG_OK) return rc;
    written(core, now, entry->body.n);
    if (core->config.limits.weaken_for_tests == HENG_SPOOL_SHOW_EARLY) tell_client(core, now);
    if (core->config.weaken_for_tests == HENG_CORE_LET_GO_EARLY) core->journal.let_go = core->journal.token_count;
    if (entry->kind == HENG_ENTRY_READ) core_live_note(core, entry->subject_id, seq);
    return HENG_OK;
}

static heng_rc keep(struct heng_core *core, heng_us now, const char *name, struct heng_slice value,
                    struct heng_err *err)
{
    heng_rc rc = heng_spool_keep(core->journal.spool, name, value, err);
    if (rc == HENG_OK) written(core, now, value.n);
    return rc;
}

/* Entry and name may each be missing. */
static heng_rc write_both(struct heng_core *core, heng_us now, const struct heng_entry *entry, const char *name,
                          struct heng_slice value, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (entry) rc = append(core, now, entry, err);
    if (rc == HENG_OK && name) rc = keep(core, now, name, value, err);
    if (rc != HENG_OK) core_journal_failed(core, now, rc);
    return rc;
}

static size_t size_of(const struct heng_entry *entry, const char *name, struct heng_slice value)
{
    return (entry ? entry->body.n : 0) + (name ? strlen(name) + 1 + value.n : 0);
}

static void thin(struct heng_core *core, heng_us now);

/* A teller that does not poll in between must fill neither the memory nor the journal. */
static void commit_in_between(struct heng_core *core, heng_us now)
{
    for (unsigned i = 0; i < CORE_THIN_STEPS_FULL && core_commit(core, now) && core->journal.thin_us <= now; i++)
        thin(core, now);
}

heng_rc core_write(struct heng_core *core, heng_us now, const struct heng_entry *entry, const char *name,
                   struct heng_slice value, struct heng_err *err)
{
    struct core_journal *journal = &core->journal;
    if (journal->failed)
        return heng_fail(err, journal->spool ? HENG_ELIMIT : HENG_EIO, 0, "the disk of the journal takes nothing now");
    heng_rc rc = pending_room(&journal->pending, size_of(entry, name, value), err);
    if (rc == HENG_OK) rc = write_both(core, now, entry, name, value, err);
    if (rc != HENG_OK) return rc;
    pending_push(&journal->pending, entry, name, value);
    heng_us time = core_time(core, now);
    if (entry) {
        heng_us at = entry->at_us < time ? entry->at_us : time;
        if (core->clock.newest_us < at) core->clock.newest_us = at;
    }
    if (journal->written >= 2 * CORE_PENDING_ENTRIES || journal->pending.n >= 2 * (size_t)CORE_PENDING_BYTES)
        commit_in_between(core, now);
    return HENG_OK;
}

heng_rc core_entry_of(struct heng_core *core, const struct heng_body *body, heng_us at_us, struct heng_entry *ret,
                      struct heng_err *err)
{
    struct heng_buf buf = heng_buf_of(core->body, sizeof core->body);
    heng_rc rc = heng_body_pack(body, at_us, &buf, err);
    *ret = (struct heng_entry){.at_us = at_us,
                               .kind = body->kind,
                               .rank = heng_body_rank(body),
                               .subject_id = heng_body_subject(body),
                               .doubtful = core->clock.doubtful,
                               .body = heng_buf_slice(&buf)};
    return rc;
}

/* Later, with what else waits for the disk; what finds no room is not told. */
static void postpone(struct heng_core *core, const struct heng_entry *entry, const char *name, struct heng_slice value)
{
    struct core_pending *pending = &core->journal.pending;
    size_t n = size_of(entry, name, value);
    if (pending->n + n > 3 * (size_t)CORE_PENDING_BYTES || pending_room(pending, n, NULL) != HENG_OK) return;
    pending_push(pending, entry, name, value);
}

void core_write_surely(struct heng_core *core, heng_us now, const struct heng_entry *entry, const char *name,
                       struct heng_slice value)
{
    heng_rc rc = core->journal.failed ? HENG_EIO : core_write(core, now, entry, name, value, NULL);
    if (rc != HENG_OK && core->journal.failed) postpone(core, entry, name, value);
}

static void event_at(struct heng_core *core, heng_us now, heng_us at_us, heng_gateway_event kind, int64_t value,
                     const char *text)
{
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = kind, .value = value}};
    struct heng_entry entry;
    (void)snprintf(body.event.detail, sizeof body.event.detail, "%s", text);
    if (core_entry_of(core, &body, at_us, &entry, NULL) == HENG_OK)
        core_write_surely(core, now, &entry, NULL, (struct heng_slice){0});
}

void core_event(struct heng_core *core, heng_us now, heng_gateway_event kind, int64_t value, const char *fmt, ...)
{
    char text[200];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    event_at(core, now, core_time(core, now), kind, value, text);
}

heng_rc core_gap_entry(struct heng_core *core, heng_us now, const struct heng_spool_maker *gap, const char *why,
                       struct heng_entry *ret)
{
    struct heng_body body = {.kind = HENG_ENTRY_EVENT,
                             .event = {.kind = HENG_GATEWAY_GAP,
                                       .value = gap->entries < INT64_MAX ? (int64_t)gap->entries : INT64_MAX,
                                       .maker_id = gap->gateway_id,
                                       .maker_epoch = gap->epoch,
                                       .first = gap->first,
                                       .last = gap->last}};
    (void)snprintf(body.event.detail, sizeof body.event.detail,
                   "gap gateway=%" PRId64 " first=%" PRIu64 " last=%" PRIu64 " why='%.110s'", gap->gateway_id,
                   gap->first, gap->last, why);
    return core_entry_of(core, &body, core_time(core, now), ret, NULL);
}

void core_keep(struct heng_core *core, heng_us now, const char *name, struct heng_slice value)
{
    core_write_surely(core, now, NULL, name, value);
}

heng_rc core_write_passed(struct heng_core *core, heng_us now, const struct heng_entry *entry)
{
    if (core->journal.failed) return HENG_ELIMIT;
    return write_both(core, now, entry, NULL, (struct heng_slice){0}, NULL);
}

heng_rc core_write_saved(struct heng_core *core, heng_us now, const struct heng_entry *entry)
{
    uint64_t seq;
    if (core->journal.failed) return HENG_ELIMIT;
    heng_rc rc = heng_spool_append(core->journal.spool, entry, &seq, NULL);
    if (rc == HENG_OK)
        written(core, now, entry->body.n);
    else
        core_journal_failed(core, now, rc);
    return rc;
}

heng_rc core_keep_passed(struct heng_core *core, heng_us now, const char *name, struct heng_slice value)
{
    if (core->journal.failed) return HENG_ELIMIT;
    return write_both(core, now, NULL, name, value, NULL);
}

/* --- commit ---------------------------------------------------------------------------------------------------- */

static void tell_client(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    journal->epoch = heng_spool_epoch(journal->spool);
    journal->first = heng_spool_first(journal->spool);
    journal->last = heng_spool_last(journal->spool);
    if (core->client) heng_client_journal(core->client, now, journal->epoch, journal->first, journal->last);
}

static void committed(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    pending_clear(&journal->pending);
    journal->thin_bytes += journal->written_bytes;
    journal->written = journal->written_bytes = 0;
    journal->commit_us = HENG_US_NEVER;
    journal->let_go = journal->token_count;
    journal->commits++;
    if (heng_spool_is_crowded(journal->spool)) journal->thin_us = now;
    tell_client(core, now);
    core_children_committed(core, now);
    core_config_committed(core, now);
}

/* How far the tier above is, with what is committed anyway: losing it costs nothing. */
static heng_rc keep_acked(struct heng_core *core)
{
    struct core_journal *journal = &core->journal;
    uint8_t bytes[16];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    if (!journal->acked_news) return HENG_OK;
    heng_buf_le(&buf, journal->epoch, 8);
    heng_buf_le(&buf, journal->acked, 8);
    heng_rc rc = heng_spool_keep(journal->spool, "acked", heng_buf_slice(&buf), NULL);
    if (rc == HENG_OK) journal->acked_news = false;
    return rc;
}

/* A commit that fails may be on the disk all the same: see drop_what_is_there. */
static heng_rc commit(struct core_journal *journal)
{
    heng_rc rc = heng_spool_commit(journal->spool, NULL);
    journal->in_doubt = rc == HENG_OK ? 0 : journal->pending.op_count;
    return rc;
}

bool core_commit(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    if (journal->failed) return false;
    if (journal->commit_us == HENG_US_NEVER && !journal->written) return true;
    heng_rc rc = keep_acked(core);
    if (rc == HENG_OK) rc = commit(journal);
    if (rc != HENG_OK) {
        core_journal_failed(core, now, rc);
        return false;
    }
    committed(core, now);
    return true;
}

/* --- a disk that takes nothing --------------------------------------------------------------------------------- */

void core_journal_failed(struct heng_core *core, heng_us now, heng_rc rc)
{
    struct core_journal *journal = &core->journal;
    if (!journal->failed) {
        journal->failed = true;
        journal->failed_since_us = core_time(core, now);
        journal->tried = false;
    }
    if (rc != HENG_ELIMIT) journal->tried = true;
    if (rc == HENG_ELIMIT && journal->spool) {
        heng_spool_rollback(journal->spool);
    } else {
        heng_spool_close(journal->spool);
        journal->spool = NULL;
    }
    journal->written = journal->written_bytes = 0;
    journal->commit_us = HENG_US_NEVER;
    /* Full is tried again at once: there may be something to thin. */
    journal->retry_us = journal->tried ? now + CORE_RETRY_S * HENG_US_PER_S : now;
    core_children_drop(core, now);
    core_salvage_stop(core);
}

static struct heng_spool_limits limits_wanted(const struct heng_core *core)
{
    struct heng_spool_limits limits = core->config.limits;
    const struct heng_gateway_config *config = &core->in_force.config;
    if (config->journal_bytes > 0) limits.bytes_max = config->journal_bytes;
    if (config->journal_days > 0) limits.age_max_us = config->journal_days * HENG_US_PER_DAY;
    if (limits.bytes_max == 0) limits.bytes_max = USUAL_JOURNAL_BYTES;
    return limits;
}

heng_rc core_journal_open(struct heng_core *core, heng_us now, struct heng_spool_found *ret_found, struct heng_err *err)
{
    struct core_journal *journal = &core->journal;
    journal->limits = limits_wanted(core);
    heng_us time = core_time(core, now) > core->config.built_us ? core_time(core, now) : core->config.built_us;
    heng_rc rc = heng_spool_open(core->journal_path, core->vfs, journal->limits, time, &journal->spool, ret_found, err);
    if (rc != HENG_OK) journal->spool = NULL;
    return rc;
}

static void tell_forked(struct heng_core *core, heng_us now)
{
    core_event(core, now, HENG_GATEWAY_FORKED, 0, "forked epoch=%" PRIu64, core->journal.epoch);
}

/* Another journal than before lies there, or another epoch: what we know goes into it. */
static void begin_anew(struct heng_core *core, heng_us now, const struct heng_spool_found *found)
{
    struct core_journal *journal = &core->journal;
    journal->acked = journal->damaged = 0;
    journal->acked_news = false;
    if (journal->fork) tell_forked(core, now);
    journal->fork = false;
    core->wanted = (struct core_wanted){0};
    core_live_clear(core);
    core_orders_keep(core, now);
    core_config_keep(core, now);
    core_salvage_stop(core);
    if (found->set_aside[0])
        core_event(core, now, HENG_GATEWAY_JOURNAL_ASIDE, 0, "%.100s: %.90s", found->set_aside, found->why);
}

static bool reopen(struct heng_core *core, heng_us now)
{
    struct heng_spool_found found = {0};
    if (core_journal_open(core, now, &found, NULL) != HENG_OK) return false;
    if (heng_spool_epoch(core->journal.spool) != core->journal.epoch)
        begin_anew(core, now, &found);
    else if (heng_spool_last(core->journal.spool) < core->journal.last)
        core->journal.fork = true; /* the disk has lied: numbers that are known above would be given again */
    return true;
}

void core_journal_limits(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    struct heng_spool_limits limits = limits_wanted(core);
    if (limits.bytes_max == journal->limits.bytes_max && limits.age_max_us == journal->limits.age_max_us) return;
    if (!core_commit(core, now)) return; /* the next opening takes them */
    heng_spool_close(journal->spool);
    journal->spool = NULL;
    if (reopen(core, now))
        tell_client(core, now);
    else
        core_journal_failed(core, now, HENG_EIO);
}

static heng_rc thin_steps(struct heng_core *core, heng_us now, unsigned steps, struct heng_spool_thinned *ret_sum,
                          bool *ret_more);
static void tell_thinned(struct heng_core *core, heng_us now, struct heng_spool_thinned *sum);

/* A transaction is there as a whole or not at all. Has the one whose commit failed left numbers behind, it is there. */
static void drop_what_is_there(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    struct core_pending *pending = &journal->pending;
    size_t n = journal->in_doubt < pending->op_count ? journal->in_doubt : pending->op_count;
    journal->in_doubt = 0;
    if (heng_spool_epoch(journal->spool) != journal->epoch || heng_spool_last(journal->spool) <= journal->last) return;
    pending->op_count -= n;
    memmove(pending->ops, pending->ops + n, pending->op_count * sizeof *pending->ops);
    tell_client(core, now);
}

static heng_rc write_again(struct heng_core *core, heng_us now)
{
    struct core_pending *pending = &core->journal.pending;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < pending->op_count; i++) {
        struct core_op *op = &pending->ops[i];
        struct heng_slice bytes = heng_slice_of(pending->bytes + op->at, op->n);
        op->entry.body = bytes;
        rc = op->keep ? keep(core, now, (const char *)pending->bytes + op->name, bytes, NULL)
                      : append(core, now, &op->entry, NULL);
    }
    return rc;
}

/* Room is made first, for it may be the journal itself that is full. All of it is one transaction. */
static heng_rc thin_and_write(struct heng_core *core, heng_us now)
{
    struct heng_spool_thinned sum;
    bool more;
    heng_rc rc = thin_steps(core, now, CORE_THIN_STEPS_FULL, &sum, &more);
    if (rc != HENG_OK) return rc;
    tell_thinned(core, now, &sum);
    rc = write_again(core, now);
    return rc == HENG_OK ? commit(&core->journal) : rc;
}

/* Committed before it is believed that the disk is back. */
static bool come_back(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    struct core_pending *pending = &journal->pending;
    size_t op_count = pending->op_count, n = pending->n;
    heng_rc rc = thin_and_write(core, now);
    if (rc != HENG_OK) {
        core_journal_failed(core, now, rc);
        /* Nothing was thinned after all. */
        pending->op_count = op_count;
        pending->n = n;
        return false;
    }
    journal->failed = false;
    committed(core, now);
    return true;
}

static void tell_full(struct heng_core *core, heng_us now, heng_us since)
{
    heng_us time = core_time(core, now);
    char text[HENG_TIME_TEXT_MAX + 40], at[HENG_TIME_TEXT_MAX];
    heng_us_format(since, at);
    (void)snprintf(text, sizeof text, "disk-since at=%s", at);
    event_at(core, now, since, HENG_GATEWAY_DISK_FULL, 0, "");
    event_at(core, now, time, HENG_GATEWAY_DISK_OK, time - since, text);
    core_hurry(core, now);
}

/* A failure that the lines have not heard of is none: the journal was full, and has made room. */
static void try_again(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    heng_us since = journal->failed_since_us;
    journal->retry_us = now + CORE_RETRY_S * HENG_US_PER_S;
    journal->tried = true;
    if (!journal->spool && !reopen(core, now)) return;
    drop_what_is_there(core, now);
    if (come_back(core, now) && core->full_told) tell_full(core, now, since);
}

/* --- thinning -------------------------------------------------------------------------------------------------- */

/* For each gateway below whose entries went: the centre must not wait for them. */
static void tell_gaps(struct heng_core *core, heng_us now, struct heng_spool_thinned *sum)
{
    char why[140];
    struct heng_entry entry;
    (void)snprintf(why, sizeof why, "here was no room: %s", sum->why);
    for (size_t i = 0; i < sum->maker_count; i++)
        if (core_gap_entry(core, now, &sum->makers[i], why, &entry) == HENG_OK)
            core_write_surely(core, now, &entry, NULL, (struct heng_slice){0});
    sum->maker_count = 0;
}

static void add_maker(struct heng_spool_thinned *sum, const struct heng_spool_maker *step)
{
    struct heng_spool_maker *to = sum->makers;
    while (to < sum->makers + sum->maker_count && (to->gateway_id != step->gateway_id || to->epoch != step->epoch))
        to++;
    if (to == sum->makers + sum->maker_count) {
        sum->maker_count++;
        *to = *step;
        return;
    }
    to->entries += step->entries;
    if (step->first < to->first) to->first = step->first;
    if (step->last > to->last) to->last = step->last;
}

static void add_thinned(struct heng_spool_thinned *sum, const struct heng_spool_thinned *step)
{
    if (!step->entries) return;
    if (!sum->entries) {
        *sum = *step;
        return;
    }
    sum->entries += step->entries;
    sum->unsent += step->unsent;
    if (step->first < sum->first) sum->first = step->first;
    if (step->last > sum->last) sum->last = step->last;
    if (step->from_us < sum->from_us) sum->from_us = step->from_us;
    if (step->until_us > sum->until_us) sum->until_us = step->until_us;
    for (size_t i = 0; i < step->maker_count; i++) add_maker(sum, &step->makers[i]);
    /* The hardest rule is the last one. */
    memcpy(sum->why, step->why, sizeof sum->why);
}

/* By age only when somebody has put our clock right: a clock that is years ahead would take all that is there. */
static heng_rc thin_steps(struct heng_core *core, heng_us now, unsigned steps, struct heng_spool_thinned *ret_sum,
                          bool *ret_more)
{
    struct core_journal *journal = &core->journal;
    heng_us time = core->clock.corrected ? core_time(core, now) : 0;
    heng_rc rc = HENG_OK;
    *ret_sum = (struct heng_spool_thinned){0};
    *ret_more = true;
    for (unsigned i = 0; rc == HENG_OK && *ret_more && i < steps; i++) {
        struct heng_spool_thinned step = {0};
        rc = heng_spool_thin(journal->spool, journal->acked, time, &step, ret_more, NULL);
        if (rc == HENG_OK && ret_sum->maker_count + step.maker_count > HENG_SPOOL_MAKERS_MAX)
            tell_gaps(core, now, ret_sum);
        if (rc == HENG_OK) add_thinned(ret_sum, &step);
    }
    return rc;
}

/* Only what the next tier does not have is news for people. */
static void tell_thinned(struct heng_core *core, heng_us now, struct heng_spool_thinned *sum)
{
    char from[HENG_TIME_TEXT_MAX], until[HENG_TIME_TEXT_MAX];
    if (!sum->unsent) return;
    heng_us_format(sum->from_us, from);
    heng_us_format(sum->until_us, until);
    core_event(core, now, HENG_GATEWAY_THINNED, (int64_t)sum->unsent,
               "thinned first=%" PRIu64 " last=%" PRIu64 " from=%.19sZ until=%.19sZ why='%.100s'", sum->first,
               sum->last, from, until, sum->why);
    tell_gaps(core, now, sum);
}

static void thin(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    struct heng_spool_thinned sum;
    bool more;
    journal->thin_us = now + CORE_THIN_S * HENG_US_PER_S;
    journal->commits = 0;
    journal->thin_bytes = 0;
    core_orders_sweep(core, now);
    if (journal->failed) return;
    heng_rc rc = thin_steps(core, now, CORE_THIN_STEPS, &sum, &more);
    if (rc != HENG_OK) {
        core_journal_failed(core, now, rc);
        return;
    }
    tell_thinned(core, now, &sum);
    if (sum.entries) core_hurry(core, now);
    if (more) journal->thin_us = now;
}

/* --- work ------------------------------------------------------------------------------------------------------ */

/* The tier above knows another history: ours is told anew, under another number. */
static void begin_epoch(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    if (!core_commit(core, now)) return;
    heng_rc rc = heng_spool_new_epoch(journal->spool, core_time(core, now), NULL);
    if (rc == HENG_OK) rc = heng_spool_commit(journal->spool, NULL);
    if (rc != HENG_OK) {
        core_journal_failed(core, now, rc);
        return;
    }
    journal->fork = false;
    journal->acked = journal->damaged = 0;
    journal->acked_news = false;
    core_live_clear(core);
    core->wanted = (struct core_wanted){0};
    tell_forked(core, now);
    core_hurry(core, now);
    tell_client(core, now);
    heng_client_restart(core->client, now, core->config.servers, core->config.enrolled,
                        "the tier above knows another history of this journal");
}

/* Often enough that the journal does not run full between two times. */
static bool thinning_is_due(const struct core_journal *journal, heng_us now)
{
    return now >= journal->thin_us || journal->commits >= CORE_THIN_COMMITS ||
           journal->thin_bytes >= (size_t)journal->limits.bytes_max / CORE_THIN_PART;
}

void core_journal_work(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    if (journal->failed && now >= journal->retry_us) try_again(core, now);
    if (journal->failed) return;
    if (journal->fork) begin_epoch(core, now);
    if (!journal->failed && thinning_is_due(journal, now)) thin(core, now);
    if (now >= journal->commit_us) (void)core_commit(core, now);
}

heng_us core_journal_deadline(const struct heng_core *core)
{
    const struct core_journal *journal = &core->journal;
    if (journal->failed) return journal->retry_us;
    return journal->commit_us < journal->thin_us ? journal->commit_us : journal->thin_us;
}
