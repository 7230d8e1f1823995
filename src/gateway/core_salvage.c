/* A journal that was set aside has entries that nobody has heard of. What of it is sound is told once more out of the
 * new one, beside the work of the day, a few hundred entries at a time.
 *
 * Own entries get new numbers. Reads have a key of their own and orders stages that never go back, so what the centre
 * had already is there once; an event may be shown twice. States of lines count what was since the last such entry, and
 * searches tell how far they are: these would be wrong a second time and stay where they are. Forwarded entries keep
 * their makers' numbers, so all of them may come.
 *
 * Cursors of the gateways below are not taken over: what they brought may lie in the damaged part, so they bring all
 * that they have once more.
 *
 * Remembered: "aside": entries that were looked at, entries that were saved (8 each, low byte first), path. */
#include <inttypes.h>
#include <stdio.h>

#include "gateway/core_inside.h"

enum { HEAD = 16, ENTRIES_MAX = 512, BYTES_MAX = 128 * 1024, PAUSE_MS = 200 };

static void keep_progress(struct heng_core *core, uint8_t ret[static CORE_ASIDE_MAX], size_t *ret_n)
{
    const struct core_salvage *salvage = &core->salvage;
    struct heng_buf buf = heng_buf_of(ret, CORE_ASIDE_MAX);
    heng_buf_le(&buf, salvage->looked, 8);
    heng_buf_le(&buf, salvage->saved, 8);
    (void)heng_buf_put(&buf, heng_slice_str(salvage->path));
    *ret_n = buf.n;
}

/* The newest version of a value comes last. Orders that were done must not be done again, and lines must not wait for a
 * configuration until somebody can be reached. */
static void remembered(void *user, const char *name, struct heng_slice value)
{
    struct heng_core *core = user;
    heng_us now = core->clock.seen_us;
    if (!core->salvage.at_start) return;
    if (strcmp(name, "config") == 0) core_keep(core, now, name, value);
    if (strncmp(name, "order:", 6) == 0) core_order_saved(core, now, name, value);
}

static void begin(struct heng_core *core, heng_us now)
{
    struct core_salvage *salvage = &core->salvage;
    struct heng_slice value;
    struct heng_err err;
    salvage->again = false;
    if (heng_spool_recall(core->journal.spool, "aside", &value, NULL) != HENG_OK || value.n <= HEAD ||
        value.n > CORE_ASIDE_MAX)
        return;
    struct heng_reader r = heng_reader_of(value);
    salvage->skip = heng_reader_le(&r, 8);
    salvage->saved = heng_reader_le(&r, 8);
    salvage->looked = 0;
    (void)snprintf(salvage->path, sizeof salvage->path, "%.*s", (int)(value.n - HEAD), (const char *)value.p + HEAD);
    salvage->at_start = salvage->at_start && salvage->skip == 0;
    heng_rc rc = heng_salvage_open(salvage->path, core->vfs, remembered, core, &salvage->from, &err);
    salvage->at_us = now;
    if (rc == HENG_ENOTFOUND) core_keep(core, now, "aside", (struct heng_slice){0}); /* somebody has taken it away */
}

void core_salvage_start(struct heng_core *core, heng_us now)
{
    core->salvage.at_start = true;
    begin(core, now);
    core->salvage.at_start = false;
}

void core_salvage_stop(struct heng_core *core)
{
    heng_salvage_close(core->salvage.from);
    core->salvage.from = NULL;
    core->salvage.again = true;
}

static bool is_wanted(const struct heng_entry *entry)
{
    if (entry->gateway_id) return true;
    switch (entry->kind) {
    case HENG_ENTRY_READ:
    case HENG_ENTRY_ORDER:
    case HENG_ENTRY_EVENT: return true;
    case HENG_ENTRY_LINE:
    case HENG_ENTRY_FOUND:
    case HENG_ENTRY_SEARCH: break;
    }
    return false;
}

/* All of it is committed. */
static void finish(struct heng_core *core, heng_us now)
{
    struct core_salvage *salvage = &core->salvage;
    if (!core_commit(core, now)) return;
    core_event(core, now, HENG_GATEWAY_JOURNAL_ASIDE, (int64_t)salvage->saved, "saved file='%.100s' entries=%" PRIu64,
               salvage->path, salvage->saved);
    core_keep(core, now, "aside", (struct heng_slice){0});
    core_salvage_stop(core);
    salvage->again = false;
}

/* Some entries, and in the same transaction how far it is. False: the disk takes nothing. */
static bool save_some(struct heng_core *core, heng_us now, bool *ret_over)
{
    struct core_salvage *salvage = &core->salvage;
    struct heng_entry entry;
    uint8_t bytes[CORE_ASIDE_MAX];
    size_t n = 0;
    *ret_over = false;
    for (unsigned i = 0; i < ENTRIES_MAX && n < BYTES_MAX; i++) {
        *ret_over = heng_salvage_next(salvage->from, &entry) != HENG_OK;
        if (*ret_over) break;
        if (++salvage->looked <= salvage->skip || !is_wanted(&entry)) continue;
        if (core_write_saved(core, now, &entry) != HENG_OK) return false;
        salvage->saved++;
        n += entry.body.n;
    }
    if (salvage->looked <= salvage->skip) return true;
    keep_progress(core, bytes, &n);
    return core_keep_passed(core, now, "aside", heng_slice_of(bytes, n)) == HENG_OK;
}

void core_salvage_work(struct heng_core *core, heng_us now)
{
    struct core_salvage *salvage = &core->salvage;
    bool over;
    if (core->journal.failed) return;
    if (salvage->again) begin(core, now);
    if (!salvage->from || now < salvage->at_us) return;
    salvage->at_us = now + PAUSE_MS * HENG_US_PER_MS;
    if (save_some(core, now, &over) && over) finish(core, now);
}

heng_us core_salvage_deadline(const struct heng_core *core)
{
    const struct core_salvage *salvage = &core->salvage;
    if (core->journal.failed || (!salvage->from && !salvage->again)) return HENG_US_NEVER;
    return salvage->at_us;
}
