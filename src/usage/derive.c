/* One channel after the other: facts out of the store, through the fold and the rules, days and verdicts back into it.
 */
#include <stdlib.h>

#include "base/log.h"
#include "store/archive_due.h"
#include "store/checks.h"
#include "store/money/prepaid.h"
#include "usage/check.h"
#include "usage/close_parts.h"

heng_rc heng_usage_worker_new(struct heng_usage_worker **ret, struct heng_err *err)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory to derive usage");
}

void heng_usage_worker_free(struct heng_usage_worker *worker)
{
    if (!worker) return;
    heng_usage_site_close(&worker->site);
    heng_usage_facts_close(&worker->facts);
    free(worker->check);
    free(worker);
}

/* --- days at hand ---------------------------------------------------------------------------------------------- */

static unsigned slot_of(heng_day day)
{
    return (unsigned)(((int64_t)day % HENG_USAGE_RING + HENG_USAGE_RING) % HENG_USAGE_RING);
}

void heng_usage_ring_put(struct heng_usage_ring *ring, const struct heng_day_usage *day)
{
    unsigned i = slot_of(day->day);
    if (!ring->known[i] || ring->of[i] != day->day) ring->has_degrees[i] = false;
    ring->known[i] = ring->there[i] = true;
    ring->of[i] = day->day;
    memcpy(&ring->days[i], day, sizeof *day);
}

heng_rc heng_usage_degrees(struct heng_usage_worker *w, heng_day day, struct heng_opt_dec *ret, struct heng_err *err)
{
    struct heng_weather weather;
    *ret = (struct heng_opt_dec){0};
    if (!w->site.station[0]) return HENG_OK;
    heng_rc rc = heng_store_get_weather(w->reader, w->site.station, day, &weather, err);
    if (rc == HENG_OK) *ret = (struct heng_opt_dec){true, {weather.degree_dk, -1}};
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* The days [from, to) from the store, those that are at hand already excepted. */
static heng_rc fill_ring(struct heng_usage_worker *w, heng_day from, heng_day to, struct heng_err *err)
{
    struct heng_usage_scan scan;
    heng_rc rc;
    for (heng_day day = from; day < to; day++) {
        unsigned i = slot_of(day);
        if (w->ring.known[i] && w->ring.of[i] == day) continue;
        w->ring.known[i] = true;
        w->ring.there[i] = w->ring.has_degrees[i] = false;
        w->ring.of[i] = day;
    }
    heng_usage_scan_begin(&scan, w->reader, HENG_USAGE_MEASURED, w->row.id, from, to);
    while ((rc = heng_usage_scan_next(&scan, &w->packed, err)) == HENG_OK) {
        unsigned i = slot_of(w->packed.day);
        if (w->ring.there[i]) continue;
        w->ring.there[i] = true;
        memset(&w->ring.days[i], 0, sizeof w->ring.days[i]);
        heng_usage_of_row(&w->packed, &w->ring.days[i]);
    }
    heng_usage_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_usage_past(struct heng_usage_worker *w, heng_day day, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    heng_day unknown = day - HENG_RULES_PAST_DAYS;
    while (unknown < day && w->ring.known[slot_of(unknown)] && w->ring.of[slot_of(unknown)] == unknown) unknown++;
    if (unknown < day) rc = fill_ring(w, unknown, day, err);
    for (unsigned i = 0; rc == HENG_OK && i < HENG_RULES_PAST_DAYS; i++) {
        heng_day past = day - 1 - (heng_day)i;
        unsigned slot = slot_of(past);
        w->past[i] = w->ring.there[slot] ? &w->ring.days[slot] : NULL;
        if (!w->ring.has_degrees[slot]) rc = heng_usage_degrees(w, past, &w->ring.degrees[slot], err);
        w->ring.has_degrees[slot] = true;
        w->past_degrees[i] = w->ring.degrees[slot];
    }
    return rc;
}

/* --- what the fold asks for ------------------------------------------------------------------------------------ */

static heng_rc next_fact(void *ctx, heng_us from_us, const struct heng_channel_fact *after,
                         struct heng_channel_fact *ret)
{
    struct heng_usage_worker *w = ctx;
    return heng_usage_facts_next(&w->facts, from_us, after, ret, &w->err);
}

static heng_rc checkpoint(void *ctx, heng_day until, heng_day *ret_day, struct heng_buf *ret_bytes)
{
    struct heng_usage_worker *w = ctx;
    return heng_store_get_checkpoint(w->reader, w->row.id, until, ret_day, ret_bytes, &w->err);
}

static heng_rc put_checkpoint(void *ctx, heng_day day, struct heng_slice bytes)
{
    struct heng_usage_worker *w = ctx;
    return heng_store_put_checkpoint(w->store, w->row.id, day, bytes, &w->err);
}

static heng_rc get_day(void *ctx, heng_day day, struct heng_day_usage *ret)
{
    struct heng_usage_worker *w = ctx;
    heng_rc rc = heng_store_get_usage(w->reader, HENG_USAGE_MEASURED, w->row.id, day, &w->packed, &w->err);
    if (rc == HENG_OK) heng_usage_of_row(&w->packed, ret);
    return rc;
}

static heng_rc put_day(void *ctx, const struct heng_day_usage *day)
{
    struct heng_usage_worker *w = ctx;
    heng_usage_to_row(day, w->row.id, &w->packed);
    heng_usage_changes(w, day->day);
    return heng_store_put_usage(w->store, HENG_USAGE_MEASURED, &w->packed, &w->err);
}

static heng_rc put_verdicts(void *ctx, heng_day day, heng_verdict_place place, const struct heng_verdict *verdicts,
                            size_t count)
{
    struct heng_usage_worker *w = ctx;
    heng_rc rc = heng_store_drop_verdicts(w->store, w->row.id, day, day + 1, (uint16_t)place, &w->err);
    if (rc == HENG_OK)
        rc = heng_usage_rules_on(w->reader, &w->in_force, w->row.medium, w->row.group_name, day, &w->err);
    for (size_t i = 0; rc == HENG_OK && i < count; i++) {
        struct heng_verdict_row row;
        struct heng_verdict verdict = verdicts[i];
        if (place == HENG_VERDICT_FOLD && !heng_rule_set_apply(&w->in_force.set, &verdict)) continue;
        heng_usage_verdict_row(&verdict, &row);
        row.channel_id = w->row.id;
        row.day = day;
        row.place = (uint16_t)place;
        row.nr = (uint16_t)i;
        rc = heng_store_put_verdict(w->store, &row, &w->err);
    }
    return rc;
}

static heng_rc drop_days(void *ctx, heng_day from, heng_day to)
{
    struct heng_usage_worker *w = ctx;
    heng_usage_changes(w, from);
    return heng_store_drop_usage(w->store, HENG_USAGE_MEASURED, w->row.id, from, to, NULL, &w->err);
}

static heng_rc drop_checkpoints(void *ctx, heng_day from, heng_day to)
{
    struct heng_usage_worker *w = ctx;
    return heng_store_drop_checkpoints(w->store, w->row.id, from, to, &w->err);
}

static heng_rc drop_verdicts(void *ctx, heng_day from, heng_day to, heng_verdict_place place)
{
    struct heng_usage_worker *w = ctx;
    return heng_store_drop_verdicts(w->store, w->row.id, from, to, (uint16_t)place, &w->err);
}

static heng_rc check_day(void *ctx, struct heng_day_usage *day, struct heng_verdict *ret_verdicts, size_t *ret_count)
{
    return heng_usage_check_channel_day(ctx, day, ret_verdicts, ret_count);
}

/* The days before a gap with their kinds and degree days, kept while it is shared: the ring goes on meanwhile. */
static heng_rc keep_gap(struct heng_usage_worker *w, heng_us gap_from_us)
{
    unsigned tou_kind;
    uint8_t kind;
    if (w->gap_from_us == gap_from_us) return HENG_OK;
    heng_day first = heng_day_at(&w->site.days, gap_from_us);
    heng_rc rc = heng_usage_past(w, first, &w->err);
    for (unsigned i = 0; rc == HENG_OK && i < HENG_RULES_PAST_DAYS; i++) {
        if (w->past[i]) memcpy(&w->gap_days[i], w->past[i], sizeof w->gap_days[i]);
        w->gap_degrees[i] = w->past_degrees[i];
    }
    if (rc == HENG_OK) rc = heng_usage_known_kinds(w, first, &kind, w->gap_kinds, &tou_kind, &w->err);
    w->gap_from_us = gap_from_us;
    return rc;
}

static bool weights(void *ctx, heng_us gap_from_us, heng_us gap_to_us, heng_day day, uint16_t count,
                    uint32_t *ret_weights, heng_method *ret_method)
{
    struct heng_usage_worker *w = ctx;
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
    uint8_t kinds[HENG_RULES_PAST_DAYS];
    unsigned tou_kind;
    bool warm = w->site.station[0] && heng_usage_is_heated(w->row.medium);
    (void)gap_to_us;
    if (keep_gap(w, gap_from_us) != HENG_OK) return false;
    heng_day first = heng_day_at(&w->site.days, gap_from_us);
    struct heng_estimate in = {
        .medium = w->row.medium,
        .minutes = (uint16_t)w->row.minutes,
        .own = {.unit = w->row.unit, .past_count = HENG_RULES_PAST_DAYS, .past = past},
        .past_kinds = w->gap_kinds,
        .past_degree_days = warm ? w->gap_degrees : NULL,
    };
    for (unsigned i = 0; i < HENG_RULES_PAST_DAYS; i++)
        past[i] = w->gap_days[i].count && w->gap_days[i].day == first - 1 - (heng_day)i ? &w->gap_days[i] : NULL;
    if (heng_usage_known_kinds(w, day, &in.kind, kinds, &tou_kind, &w->err) != HENG_OK) return false;
    if (warm && heng_usage_degrees(w, day, &in.degree_days, &w->err) != HENG_OK) return false;
    return heng_estimate_weights(&w->rules, &in, day, count, ret_weights, ret_method);
}

/* --- one channel ----------------------------------------------------------------------------------------------- */

heng_rc heng_usage_prepare(struct heng_usage_worker *w, struct heng_store *store, int64_t channel_id,
                           struct heng_err *err)
{
    w->store = store;
    w->reader = heng_store_as_reader(store);
    w->gap_from_us = HENG_US_NEVER;
    w->changed_from = HENG_DAY_MAX;
    w->in_force.known = false;
    memset(w->ring.known, 0, sizeof w->ring.known);
    memset(w->gap_days, 0, sizeof w->gap_days);
    heng_rc rc = heng_store_get_channel(w->reader, 0, channel_id, &w->row, err);
    if (rc == HENG_OK) rc = heng_usage_rules(w->reader, &w->row, HENG_DAY_MAX, &w->rules, err);
    return rc == HENG_OK ? heng_usage_channel(&w->site, &w->row, &w->rules, &w->channel, err) : rc;
}

void heng_usage_changes(struct heng_usage_worker *w, heng_day day)
{
    if (day < w->changed_from) w->changed_from = day;
}

heng_rc heng_usage_tell_changed(struct heng_usage_worker *w, struct heng_err *err)
{
    if (w->changed_from == HENG_DAY_MAX) return HENG_OK;
    return heng_store_usage_changed(w->store, w->row.id, w->changed_from, err);
}

static heng_rc open_site(struct heng_usage_worker *w, struct heng_store *store, struct heng_err *err)
{
    heng_usage_site_close(&w->site); /* somebody may have changed the settings */
    return heng_usage_site_open(heng_store_as_reader(store), &w->site, err);
}

/* Estimates of days that changed, or of which something changed that they go by, are made again, or go when nothing is
 * missing any more. */
static heng_rc estimate_again(struct heng_usage_worker *w, heng_day from, heng_day to, struct heng_err *err)
{
    enum { PAGE = 64 };
    int32_t days[PAGE];
    size_t n = PAGE;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_estimates(w->reader, w->row.id, from, to, days, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            rc = heng_store_drop_usage(w->store, HENG_USAGE_ESTIMATE, w->row.id, days[i], days[i] + 1, NULL, err);
            heng_usage_changes(w, days[i]);
            memset(w->ring.known, 0, sizeof w->ring.known); /* what was decided of a day does not wear out the next */
            if (rc == HENG_OK) rc = heng_usage_estimate(w, days[i], err);
            if (rc == HENG_ENOTFOUND) rc = HENG_OK;
            from = days[i] + 1;
        }
    }
    return rc;
}

/* Behind the fold: what others say of these days, and what was estimated by them. */
static heng_rc follow(struct heng_usage_worker *w, struct heng_store *store, const struct heng_usage_due *due,
                      struct heng_err *err)
{
    heng_day from, to;
    const struct heng_derive_counts *counts = &w->derive.counts;
    heng_usage_days_due(w, due, &from, &to);
    heng_rc rc = heng_store_check_channel(store, due->channel_id, from, to + HENG_CHECK_AFTER_DAYS, err);
    if (rc == HENG_OK) rc = estimate_again(w, from, to, err);
    if (rc != HENG_OK || !counts->days_written) return rc;
    return heng_store_due_leaning_days(store, w->row.point_id, counts->first, counts->last,
                                       heng_day_from_us(&w->site.days, counts->first),
                                       heng_day_from_us(&w->site.days, counts->last), err);
}

static heng_rc derive(struct heng_usage_worker *w, struct heng_store *store, const struct heng_usage_due *due,
                      struct heng_usage_counts *ret, struct heng_err *err)
{
    const struct heng_derive_store callbacks = {
        .ctx = w,
        .next_fact = next_fact,
        .checkpoint = checkpoint,
        .put_checkpoint = put_checkpoint,
        .get_day = get_day,
        .put_day = put_day,
        .put_verdicts = put_verdicts,
        .drop_days = drop_days,
        .drop_checkpoints = drop_checkpoints,
        .drop_verdicts = drop_verdicts,
        .check_day = check_day,
        .weights = weights,
    };
    w->err.text[0] = '\0';
    heng_rc rc = heng_usage_prepare(w, store, due->channel_id, err);
    if (rc == HENG_OK) rc = heng_usage_facts_open(&w->facts, w->reader, &w->row, err);
    if (rc != HENG_OK) return rc;
    rc = heng_derive_run(&w->derive, &w->channel, &callbacks, due->from_us, due->to_us, err);
    heng_usage_facts_close(&w->facts);
    if (rc != HENG_OK && w->err.text[0]) heng_fail(err, rc, w->err.at, "%s", w->err.text);
    const struct heng_derive_counts *c = &w->derive.counts;
    if (rc == HENG_OK && ret)
        *ret = (struct heng_usage_counts){c->facts, c->days_read, c->days_written, c->first, c->last};
    if (rc == HENG_OK) rc = follow(w, store, due, err);
    return rc == HENG_OK ? heng_usage_tell_changed(w, err) : rc;
}

heng_rc heng_usage_derive(struct heng_usage_worker *worker, struct heng_store *store, const struct heng_usage_due *due,
                          struct heng_usage_counts *ret, struct heng_err *err)
{
    heng_rc rc = open_site(worker, store, err);
    return rc == HENG_OK ? derive(worker, store, due, ret, err) : rc;
}

heng_rc heng_usage_rebuild(struct heng_usage_worker *worker, struct heng_store *store, int64_t channel_id,
                           struct heng_usage_counts *ret, struct heng_err *err)
{
    const struct heng_usage_due all = {channel_id, INT64_MIN, HENG_US_NEVER};
    heng_rc rc = heng_store_drop_checkpoints(store, channel_id, HENG_DAY_MIN, HENG_DAY_MAX, err);
    if (rc == HENG_OK) rc = heng_usage_derive(worker, store, &all, ret, err);
    return rc == HENG_OK ? heng_store_drop_due(store, channel_id, err) : rc;
}

/* --- what is due ----------------------------------------------------------------------------------------------- */

/* A fault of one channel is its own; a fault of the disk is everybody's. */
static bool is_own_fault(heng_rc rc)
{
    return rc != HENG_EIO && rc != HENG_ELIMIT && rc != HENG_ENOMEM && rc != HENG_EBUG;
}

static heng_rc work_one(struct heng_usage_worker *w, struct heng_store *store, const struct heng_usage_due *due,
                        struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_store_part_begin(store, err);
    if (rc != HENG_OK) return rc;
    heng_rc derived = derive(w, store, due, NULL, &why);
    if (derived == HENG_OK) derived = heng_store_settle(store, &why);
    if (derived != HENG_OK && !is_own_fault(derived)) return heng_fail(err, derived, why.at, "%s", why.text);
    if (derived != HENG_OK)
        heng_log(HENG_LOG_ERROR, "flow", "event=usage_failed channel=%lld rc=%s text='%s'", (long long)due->channel_id,
                 heng_rc_name(derived), why.text);
    rc = heng_store_part_end(store, derived != HENG_OK, err);
    return rc == HENG_OK ? heng_store_drop_due(store, due->channel_id, err) : rc;
}

heng_rc heng_usage_work(struct heng_usage_worker *worker, struct heng_store *store, heng_us budget_us,
                        uint32_t *ret_channels, bool *ret_left, struct heng_err *err)
{
    heng_us until_us = heng_clock_mono() + budget_us;
    struct heng_usage_due due = {0};
    *ret_channels = 0;
    *ret_left = false;
    heng_rc rc = open_site(worker, store, err);
    while (rc == HENG_OK) {
        rc = heng_store_next_due(heng_store_as_reader(store), due.channel_id, &due, err);
        if (rc == HENG_ENOTFOUND && due.channel_id) { /* what was derived may have made others due, before it */
            due.channel_id = 0;
            rc = HENG_OK;
            continue;
        }
        if (rc != HENG_OK) break;
        if (*ret_channels && heng_clock_mono() >= until_us) {
            *ret_left = true;
            break;
        }
        rc = work_one(worker, store, &due, err);
        ++*ret_channels;
    }
    if (rc == HENG_ENOTFOUND) rc = heng_usage_check_work(worker, store, until_us, *ret_channels == 0, ret_left, err);
    return rc;
}
