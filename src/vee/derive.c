#include "vee/derive.h"

#include <string.h>

static bool keep(struct heng_derive *d, heng_rc rc)
{
    if (d->rc == HENG_OK) d->rc = rc;
    return d->rc == HENG_OK;
}

/* --- verdicts: replaced day by day, the days without any in one call for a range ------------------------------- */

static void drop_quiet(struct heng_derive *d, heng_verdict_place place, heng_day to)
{
    heng_day *from = &d->quiet_from[place];
    if (*from < to && keep(d, HENG_OK)) keep(d, d->store.drop_verdicts(d->store.ctx, *from, to, place));
    if (*from < to) *from = to;
}

static void put_verdicts(struct heng_derive *d, heng_day day, heng_verdict_place place,
                         const struct heng_verdict *verdicts, size_t count)
{
    if (!count) return;
    drop_quiet(d, place, day);
    if (keep(d, HENG_OK)) keep(d, d->store.put_verdicts(d->store.ctx, day, place, verdicts, count));
    d->quiet_from[place] = day + 1;
}

static heng_rc on_verdict(void *ctx, const struct heng_verdict *verdict)
{
    struct heng_derive *d = ctx;
    if (d->verdict_count < HENG_DERIVE_VERDICTS_MAX)
        memcpy(&d->verdicts[d->verdict_count++], verdict, sizeof *verdict);
    else
        d->counts.verdicts_dropped++;
    return HENG_OK;
}

/* --- days ----------------------------------------------------------------------------------------------------- */

static void check(struct heng_derive *d)
{
    size_t count = 0;
    if (!d->store.check_day) return;
    if (!keep(d, d->store.check_day(d->store.ctx, &d->day, d->checks, &count))) return;
    put_verdicts(d, d->day.day, HENG_VERDICT_CHECK, d->checks, count);
}

static heng_rc on_day(void *ctx, const struct heng_day_usage *day)
{
    struct heng_derive *d = ctx;
    if (!d->any_day) {
        d->counts.first = day->day;
        if (d->from_scratch) keep(d, d->store.drop_days(d->store.ctx, HENG_DAY_MIN, day->day));
        if (!d->from_scratch) d->quiet_from[HENG_VERDICT_CHECK] = day->day;
    }
    d->any_day = true;
    d->counts.last = day->day;
    memcpy(&d->day, day, sizeof d->day);
    check(d);
    if (!keep(d, HENG_OK)) return d->rc;
    heng_rc rc = d->store.get_day(d->store.ctx, day->day, &d->stored);
    d->counts.days_read++;
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) keep(d, rc);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !heng_day_usage_eq(&d->day, &d->stored))) {
        keep(d, d->store.put_day(d->store.ctx, &d->day));
        d->counts.days_written++;
        d->any_change = true;
        d->changed_day = day->day;
    }
    d->next_day = day->day + 1;
    return d->rc;
}

static bool on_weights(void *ctx, heng_us gap_from_us, heng_us gap_to_us, heng_day day, uint16_t count,
                       uint32_t *ret_weights, heng_method *ret_method)
{
    const struct heng_derive *d = ctx;
    return d->store.weights(d->store.ctx, gap_from_us, gap_to_us, day, count, ret_weights, ret_method);
}

/* --- checkpoints ---------------------------------------------------------------------------------------------- */

/* Nothing behind this checkpoint can be different: the state is the same, and no rule looks back to a day that is not.
 */
static bool nothing_left(const struct heng_derive *d, heng_day month, heng_day changed_to)
{
    return month > changed_to && (!d->any_change || d->next_day - d->changed_day > HENG_HISTORY_DAYS);
}

/* The state before the first fact of a month. True when the run may end here. */
static bool at_month(struct heng_derive *d, heng_day month, heng_day changed_to)
{
    struct heng_buf now = heng_buf_of(d->bytes[0], sizeof d->bytes[0]);
    struct heng_buf stored = heng_buf_of(d->bytes[1], sizeof d->bytes[1]);
    heng_day day = 0;
    heng_usage_state_pack(&d->fold.state, &now);
    heng_rc rc = d->store.checkpoint(d->store.ctx, month, &day, &stored);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) keep(d, rc);
    bool same =
        rc == HENG_OK && day == month && !stored.full && heng_slice_eq(heng_buf_slice(&now), heng_buf_slice(&stored));
    if (same) return nothing_left(d, month, changed_to);
    if (now.full) keep(d, HENG_EBUG);
    if (keep(d, HENG_OK)) keep(d, d->store.put_checkpoint(d->store.ctx, month, heng_buf_slice(&now)));
    d->counts.checkpoints_written++;
    return false;
}

/* --- the head: the state before the first fact of the newest day, where the next run goes on ---------------------- */

static bool is_month(heng_day day) { return heng_month_of(day) == day; }

/* The first day of a month has a checkpoint of its own. */
static void keep_head(struct heng_derive *d)
{
    struct heng_buf head = heng_buf_of(d->head, sizeof d->head);
    d->has_head = !is_month(d->fold_day);
    d->head_day = d->fold_day;
    if (!d->has_head) return;
    heng_usage_state_pack(&d->fold.state, &head);
    if (head.full) keep(d, HENG_EBUG);
    d->head_count = head.n;
}

/* Of all checkpoints behind the last one that facts ask for, the head alone is left; it moves with the newest day. */
static void put_head(struct heng_derive *d)
{
    heng_day last = HENG_DAY_MIN;
    if (d->any_fact) last = d->has_head ? d->head_day : heng_month_of(d->fold_day);
    if (d->has_old_head && d->old_head < last && keep(d, HENG_OK))
        keep(d, d->store.drop_checkpoints(d->store.ctx, d->old_head, d->old_head + 1));
    if (keep(d, HENG_OK)) keep(d, d->store.drop_checkpoints(d->store.ctx, d->any_fact ? last + 1 : last, HENG_DAY_MAX));
    if (!d->has_head || !d->head_count || !keep(d, HENG_OK)) return;
    keep(d, d->store.put_checkpoint(d->store.ctx, d->head_day, heng_slice_of(d->head, d->head_count)));
}

/* --- the run -------------------------------------------------------------------------------------------------- */

static void set_fold_day(struct heng_derive *d, const struct heng_channel *channel, heng_us at_us)
{
    d->fold_day = heng_day_at(&channel->days, at_us);
    d->fold_from_us = heng_day_from_us(&channel->days, d->fold_day);
    d->fold_to_us = heng_day_from_us(&channel->days, d->fold_day + 1);
}

static void end_fold_day(struct heng_derive *d)
{
    put_verdicts(d, d->fold_day, HENG_VERDICT_FOLD, d->verdicts, d->verdict_count);
    d->verdict_count = 0;
}

/* The facts of a later day begin: what was said of the day before is complete, and months begin in between.
 * True when the run may end; fold_day is then the month's. */
static bool to_day_of(struct heng_derive *d, const struct heng_channel *channel, heng_us at_us, heng_day changed_to)
{
    heng_day month = heng_month_of(d->fold_day);
    end_fold_day(d);
    set_fold_day(d, channel, at_us);
    for (month = heng_month_next(month, 1); month <= d->fold_day && keep(d, HENG_OK); month = heng_month_next(month, 1))
        if (at_month(d, month, changed_to)) {
            d->fold_day = month;
            return true;
        }
    keep_head(d);
    return false;
}

static heng_rc next_fact(struct heng_derive *d, heng_us from_us, const struct heng_channel_fact *after,
                         struct heng_channel_fact *ret)
{
    heng_rc rc = d->store.next_fact(d->store.ctx, from_us, after, ret);
    return rc == HENG_OK && ret->at_us >= HENG_CHANNEL_FACT_US_MAX ? HENG_ENOTFOUND : rc;
}

/* The newest checkpoint at or before a day. */
static heng_rc find(struct heng_derive *d, heng_day until, heng_day *ret_day, struct heng_buf *ret_bytes)
{
    *ret_bytes = heng_buf_of(d->bytes[0], sizeof d->bytes[0]);
    return d->store.checkpoint(d->store.ctx, until, ret_day, ret_bytes);
}

/* The same; the newest of all, asked for first, is the head or none is. */
static heng_rc find_first(struct heng_derive *d, heng_day until, heng_day *ret_day, struct heng_buf *ret_bytes)
{
    heng_rc rc = find(d, HENG_DAY_MAX, ret_day, ret_bytes);
    if (rc != HENG_OK) return rc;
    d->has_old_head = !is_month(*ret_day);
    d->old_head = *ret_day;
    return *ret_day <= until ? HENG_OK : find(d, until, ret_day, ret_bytes);
}

/* The newest checkpoint before the change behind which there are facts: another one would not be there if the facts
 * that are gone had never come. Without any, *ret_from_us is the beginning of everything. */
static void begin(struct heng_derive *d, const struct heng_channel *channel, heng_day until, heng_us *ret_from_us)
{
    struct heng_buf bytes;
    struct heng_channel_fact fact;
    heng_day day = 0;
    *ret_from_us = HENG_CHANNEL_FACT_US_MIN;
    d->quiet_from[HENG_VERDICT_FOLD] = d->quiet_from[HENG_VERDICT_CHECK] = HENG_DAY_MIN;
    for (heng_rc rc = find_first(d, until, &day, &bytes);; rc = find(d, day - 1, &day, &bytes)) {
        d->from_scratch = rc == HENG_ENOTFOUND;
        if (d->from_scratch || !keep(d, rc)) return;
        rc = next_fact(d, heng_day_from_us(&channel->days, day), NULL, &fact);
        if (rc == HENG_OK) break;
        if (rc != HENG_ENOTFOUND) keep(d, rc);
        if (!keep(d, HENG_OK)) return;
    }
    heng_rc rc = bytes.full ? heng_fail(&d->err, HENG_EFORMAT, 0, "a checkpoint is too long")
                            : heng_usage_state_unpack(channel, heng_buf_slice(&bytes), &d->fold.state, &d->err);
    if (!keep(d, rc)) return;
    *ret_from_us = heng_day_from_us(&channel->days, day);
    set_fold_day(d, channel, *ret_from_us);
    d->any_fact = true;
    d->has_head = !is_month(day); /* it is stored, and stays while its day is the newest */
    d->head_day = day;
    d->quiet_from[HENG_VERDICT_FOLD] = day;
    d->next_day = d->fold.state.day;
    /* When nothing was emitted yet, what is stored may be of facts that are gone. */
    d->from_scratch = d->fold.state.before == HENG_BEFORE_OUTSIDE;
}

static void first_fact(struct heng_derive *d, const struct heng_channel *channel, heng_us at_us)
{
    set_fold_day(d, channel, at_us);
    d->any_fact = true;
    keep(d, d->store.drop_checkpoints(d->store.ctx, HENG_DAY_MIN, heng_month_of(d->fold_day) + 1));
}

/* Behind the last fact: what can be said of the days that are still open, and nothing beyond them. */
static void finish(struct heng_derive *d)
{
    if (!keep(d, HENG_OK)) return;
    if (d->any_fact) {
        d->end = d->fold;
        keep(d, heng_usage_flush(&d->end, &d->err));
        end_fold_day(d);
    }
    heng_day next_day = d->any_day || !d->from_scratch ? d->next_day : HENG_DAY_MIN;
    drop_quiet(d, HENG_VERDICT_FOLD, HENG_DAY_MAX);
    d->quiet_from[HENG_VERDICT_CHECK] = d->any_day || d->from_scratch ? d->quiet_from[HENG_VERDICT_CHECK] : d->next_day;
    drop_quiet(d, HENG_VERDICT_CHECK, HENG_DAY_MAX);
    put_head(d);
    if (keep(d, HENG_OK)) keep(d, d->store.drop_days(d->store.ctx, next_day, HENG_DAY_MAX));
}

static heng_day day_of_change(const struct heng_channel *channel, heng_us at_us)
{
    if (at_us < HENG_CHANNEL_FACT_US_MIN) at_us = HENG_CHANNEL_FACT_US_MIN;
    return heng_day_at(&channel->days, at_us < HENG_CHANNEL_FACT_US_MAX ? at_us : HENG_CHANNEL_FACT_US_MAX);
}

static void fold_all(struct heng_derive *d, const struct heng_channel *channel, heng_us from_us, heng_day changed_to)
{
    struct heng_channel_fact facts[2];
    size_t n = 0;
    for (;; n++) {
        struct heng_channel_fact *fact = &facts[n % 2];
        heng_rc rc = next_fact(d, from_us, n ? &facts[(n + 1) % 2] : NULL, fact);
        if (rc == HENG_ENOTFOUND || !keep(d, rc)) break;
        if (!d->any_fact) first_fact(d, channel, fact->at_us);
        if (fact->at_us >= d->fold_to_us && to_day_of(d, channel, fact->at_us, changed_to)) {
            d->counts.stopped = true;
            drop_quiet(d, HENG_VERDICT_FOLD, d->fold_day);
            if (d->any_day) drop_quiet(d, HENG_VERDICT_CHECK, d->next_day);
            return;
        }
        if (!keep(d, HENG_OK) || !keep(d, heng_usage_fact(&d->fold, fact, &d->err))) return;
        d->counts.facts++;
    }
    finish(d);
}

heng_rc heng_derive_run(struct heng_derive *d, const struct heng_channel *channel,
                        const struct heng_derive_store *store, heng_us changed_from_us, heng_us changed_to_us,
                        struct heng_err *err)
{
    struct heng_usage_out out = {.ctx = d, .day = on_day, .verdict = on_verdict};
    if (store->weights) out.weights = on_weights;
    memset(d, 0, sizeof *d);
    d->store = *store;
    d->counts.first = 1; /* none yet */
    heng_rc rc = heng_usage_init(&d->fold, channel, &out, err);
    if (rc != HENG_OK) return rc;
    heng_us from_us = 0;
    begin(d, channel, day_of_change(channel, changed_from_us), &from_us);
    if (d->rc == HENG_OK) fold_all(d, channel, from_us, day_of_change(channel, changed_to_us));
    if (d->rc == HENG_OK) return HENG_OK;
    return heng_fail(err, d->rc, d->err.at, "usage cannot be brought up to date: %s",
                     d->err.text[0] ? d->err.text : heng_rc_name(d->rc));
}
