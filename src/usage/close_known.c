#include <stdlib.h>

#include "store/known.h"
#include "usage/close_parts.h"
#include "usage/loss.h"
#include "usage/profile.h"
#include "usage/quality.h"
#include "vee/rule_sum.h"

enum { KEPT_DAYS = 62, PROFILE_TEXT_MAX = 65536 };

/* --- kinds of days ----------------------------------------------------------------------------------------------- */

heng_rc heng_usage_known_kinds(struct heng_usage_worker *w, heng_day day, uint8_t *ret_kind, uint8_t *ret_past_kinds,
                               unsigned *ret_tou_kind, struct heng_err *err)
{
    struct heng_calendars calendars;
    heng_rc rc = heng_calendars_open_site(w->reader, &calendars, err);
    if (rc != HENG_OK) return rc;
    *ret_kind = (uint8_t)heng_calendars_kind(&calendars, day);
    *ret_tou_kind = heng_tou_kind(calendars.versions, calendars.n, day);
    for (heng_day i = 0; i < HENG_RULES_PAST_DAYS; i++)
        ret_past_kinds[i] = (uint8_t)heng_calendars_kind(&calendars, day - 1 - i);
    heng_calendars_close(&calendars);
    return HENG_OK;
}

/* --- who else measures it ---------------------------------------------------------------------------------------- */

/* What a point used on one day, in the channel's unit, when all of it was measured. */
static heng_rc sure_amount(struct heng_usage_worker *w, int64_t point_id, heng_day day, struct heng_opt_dec *ret,
                           struct heng_err *err)
{
    const struct heng_site_days days = {.rule = w->site.days};
    struct heng_point_amount amount;
    *ret = (struct heng_opt_dec){0};
    heng_rc rc = heng_point_amount(w->reader, &days, 0, point_id, day, day + 1, &amount, err);
    if (rc == HENG_ENOTFOUND || rc == HENG_ERANGE || rc == HENG_ECONFLICT) return HENG_OK; /* a sum that cannot be */
    if (rc != HENG_OK) return rc;
    if (!amount.has_amount || amount.doubtful.mantissa || amount.point.worst_trust > HENG_TRUST_INTERPOLATED)
        return HENG_OK;
    ret->is = heng_amount_in(amount.amount, amount.unit, w->row.unit, &ret->dec) == HENG_OK;
    return HENG_OK;
}

static heng_rc check_by_channel(struct heng_usage_worker *w, int64_t channel_id, heng_day day,
                                struct heng_day_usage *ret, bool *ret_is, struct heng_err *err)
{
    heng_rc rc = heng_store_get_usage(w->reader, HENG_USAGE_MEASURED, channel_id, day, &w->packed, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    heng_usage_of_row(&w->packed, ret);
    *ret_is = true;
    return HENG_OK;
}

static heng_rc check_by_sum(struct heng_usage_worker *w, int64_t point_id, heng_day day, struct heng_day_usage *ret,
                            bool *ret_is, struct heng_err *err)
{
    struct heng_opt_dec sum;
    heng_rc rc = sure_amount(w, point_id, day, &sum, err);
    if (rc != HENG_OK || !sum.is || sum.dec.mantissa < 0) return rc;
    memset(ret, 0, sizeof *ret);
    *ret = (struct heng_day_usage){.day = day,
                                   .exp = sum.dec.exp,
                                   .trust = HENG_TRUST_VALID,
                                   .permille = 1000,
                                   .count = 1,
                                   .amount = sum.dec.mantissa};
    ret->amounts[0] = ret->amount;
    ret->trusts[0] = HENG_TRUST_VALID;
    *ret_is = true;
    return HENG_OK;
}

heng_rc heng_usage_known_check(struct heng_usage_worker *w, heng_day day, struct heng_day_usage *ret, bool *ret_is,
                               struct heng_err *err)
{
    int64_t point_id = 0, channel_id = 0;
    *ret_is = false;
    heng_rc rc = heng_store_get_check(w->reader, w->row.id, &point_id, &channel_id, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    return channel_id ? check_by_channel(w, channel_id, day, ret, ret_is, err)
                      : check_by_sum(w, point_id, day, ret, ret_is, err);
}

/* --- what the meter kept ----------------------------------------------------------------------------------------- */

/* A stretch between two values that one counter kept, both at a boundary of days. */
struct kept {
    heng_day from, to;
    struct heng_channel_fact first, last;
};

static bool is_rejected(const struct heng_usage_facts *facts, const struct heng_channel_fact *fact)
{
    for (size_t i = 0; i < facts->event_count; i++)
        if (facts->events[i].kind == HENG_CHANNEL_FACT_REJECT && facts->events[i].at_us == fact->at_us &&
            facts->events[i].id == fact->id)
            return true;
    return false;
}

/* The day that begins at the moment, or next to it. */
static bool begins_day(const struct heng_usage_worker *w, heng_us at_us, heng_day *ret)
{
    heng_day day = heng_day_at(&w->site.days, at_us + w->channel.near_us);
    heng_us off_us = at_us - heng_day_from_us(&w->site.days, day);
    *ret = day;
    return off_us <= w->channel.near_us && off_us >= -w->channel.near_us;
}

/* Is it one counter from the one value to the other, which nobody set or changed? */
static bool is_one_counter(const struct heng_usage_facts *facts, const struct kept *kept)
{
    if (kept->first.device_id != kept->last.device_id) return false;
    for (size_t i = 0; i < facts->event_count; i++) {
        const struct heng_channel_fact *e = &facts->events[i];
        bool breaks = e->kind == HENG_CHANNEL_FACT_START || e->kind == HENG_CHANNEL_FACT_END ||
                      e->kind == HENG_CHANNEL_FACT_RESET || e->kind == HENG_CHANNEL_FACT_CHANGE ||
                      e->kind == HENG_CHANNEL_FACT_ROLLOVER;
        if (breaks && e->at_us > kept->first.at_us && e->at_us <= kept->last.at_us) return false;
    }
    return true;
}

/* The nearest kept values on both sides of the day. */
static heng_rc find_kept(struct heng_usage_worker *w, heng_day day, struct kept *ret, bool *ret_is,
                         struct heng_err *err)
{
    heng_us from_us = heng_day_from_us(&w->site.days, day - KEPT_DAYS) - w->channel.near_us;
    heng_us end_us = heng_day_from_us(&w->site.days, day + 1 + KEPT_DAYS) + w->channel.near_us;
    struct heng_channel_fact fact;
    bool before = false, behind = false;
    heng_rc rc = heng_usage_facts_next(&w->facts, from_us, NULL, &fact, err);
    while (rc == HENG_OK && !behind && fact.at_us <= end_us) {
        heng_day begins;
        struct heng_channel_fact this = fact;
        if (fact.kind == HENG_CHANNEL_FACT_HISTORY && fact.index.is && !is_rejected(&w->facts, &fact) &&
            begins_day(w, fact.at_us, &begins)) {
            behind = begins > day;
            before = before || !behind;
            if (behind) {
                ret->to = begins;
                ret->last = fact;
            } else {
                ret->from = begins;
                ret->first = fact;
            }
        }
        rc = heng_usage_facts_next(&w->facts, from_us, &this, &fact, err);
    }
    *ret_is = before && behind && is_one_counter(&w->facts, ret);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* The difference of the two, by the factor of the counter, in steps of the channel. */
static bool amount_of(const struct heng_usage_worker *w, const struct kept *kept, int64_t *ret)
{
    struct heng_dec moved;
    uint32_t multiplier = 1, divisor = 1;
    if (kept->first.unit != kept->last.unit ||
        heng_dec_sub(kept->last.index.dec, kept->first.index.dec, &moved) != HENG_OK ||
        heng_amount_in(moved, kept->first.unit, w->row.unit, &moved) != HENG_OK || moved.mantissa < 0)
        return false;
    for (size_t i = 0; i < w->facts.event_count && w->facts.events[i].at_us <= kept->first.at_us; i++) {
        const struct heng_channel_fact *e = &w->facts.events[i];
        if (e->kind != HENG_CHANNEL_FACT_START && e->kind != HENG_CHANNEL_FACT_CHANGE) continue;
        multiplier = e->multiplier ? e->multiplier : 1;
        divisor = e->divisor ? e->divisor : 1;
    }
    struct heng_fraction f = heng_fraction_of(moved.mantissa);
    heng_fraction_times(&f, multiplier);
    heng_fraction_over(&f, divisor);
    heng_fraction_shift(&f, moved.exp - w->row.exp);
    return heng_fraction_int(f, HENG_ROUND_EVEN, ret);
}

/* Intervals of the stretch without an amount, those of them before the day, and what the others had. */
struct gaps {
    int64_t measured, before, missing;
};
static heng_rc count_gaps(struct heng_usage_worker *w, const struct kept *kept, heng_day day, struct gaps *ret,
                          bool *ret_fits, struct heng_err *err)
{
    struct heng_usage_scan scan;
    heng_day next = kept->from;
    heng_rc rc;
    *ret = (struct gaps){0};
    *ret_fits = true;
    heng_usage_scan_begin(&scan, w->reader, HENG_USAGE_MEASURED, w->row.id, kept->from, kept->to);
    while ((rc = heng_usage_scan_next(&scan, &w->packed, err)) == HENG_OK) {
        const struct heng_usage_row *row = &w->packed;
        *ret_fits = *ret_fits && row->day == next++ && row->exp == w->row.exp &&
                    !__builtin_add_overflow(ret->measured, row->amount, &ret->measured);
        if (row->day < day) ret->before += row->missing;
        ret->missing += row->missing;
    }
    heng_usage_scan_end(&scan);
    *ret_fits = *ret_fits && next == kept->to && ret->missing; /* a day that is not there at all: who knows why */
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static bool share_upto(int64_t rest, int64_t part, int64_t whole, int64_t *ret)
{
    struct heng_fraction f = heng_fraction_of((heng_i128)rest * part);
    heng_fraction_over(&f, whole);
    return heng_fraction_int(f, HENG_ROUND_EVEN, ret);
}

static heng_rc by_kept(struct heng_usage_worker *w, const struct heng_day_usage *own, struct heng_opt_dec *ret,
                       struct heng_err *err)
{
    struct kept kept = {0};
    struct gaps gaps;
    bool is = false, fits = false;
    int64_t all, upto, before, total;
    heng_rc rc = find_kept(w, own->day, &kept, &is, err);
    if (rc != HENG_OK || !is || !amount_of(w, &kept, &all)) return rc;
    rc = count_gaps(w, &kept, own->day, &gaps, &fits, err);
    if (rc != HENG_OK || !fits) return rc;
    /* Whoever is estimated first: each day's share is that of the same sum. */
    if (__builtin_sub_overflow(all, gaps.measured, &all) || all < 0 ||
        !share_upto(all, gaps.before, gaps.missing, &before) ||
        !share_upto(all, gaps.before + own->missing, gaps.missing, &upto) ||
        __builtin_add_overflow(own->amount, upto - before, &total))
        return HENG_OK;
    *ret = (struct heng_opt_dec){true, {total, own->exp}};
    return HENG_OK;
}

heng_rc heng_usage_known_kept(struct heng_usage_worker *w, const struct heng_day_usage *own, struct heng_opt_dec *ret,
                              struct heng_err *err)
{
    heng_us from_us = heng_day_from_us(&w->site.days, own->day) - w->channel.near_us, behind_us;
    bool is = false;
    *ret = (struct heng_opt_dec){0};
    behind_us = heng_day_from_us(&w->site.days, own->day + 1 + KEPT_DAYS);
    heng_rc rc = heng_store_has_kept(w->reader, w->row.point_id, from_us, behind_us, &is, err);
    if (rc != HENG_OK || !is) return rc; /* most points: their meters keep nothing */
    heng_usage_facts_close(&w->facts);
    rc = heng_usage_facts_open(&w->facts, w->reader, &w->row, err);
    if (rc != HENG_OK) return rc;
    rc = by_kept(w, own, ret, err);
    heng_usage_facts_close(&w->facts);
    return rc;
}

/* --- the building, the profile ----------------------------------------------------------------------------------- */

heng_rc heng_usage_known_building(struct heng_usage_worker *w, heng_day day, struct heng_estimate *in,
                                  struct heng_err *err)
{
    int64_t area_cm2 = 0, sharing = 0;
    if (!w->row.main || !w->row.main_point_id || w->row.area_cm2 <= 0) return HENG_OK;
    heng_us from_us = heng_day_from_us(&w->site.days, day), to_us = heng_day_from_us(&w->site.days, day + 1);
    heng_rc rc = heng_store_area_below(w->reader, w->row.point_id, w->row.main_point_id, from_us, to_us, &area_cm2,
                                       &sharing, err);
    if (rc == HENG_OK) rc = sure_amount(w, w->row.main_point_id, day, &in->building, err);
    if (rc != HENG_OK || sharing < 1) return rc;
    in->building_area_cm2 = area_cm2;
    in->area_cm2 = w->row.area_cm2 / sharing; /* two meters of one flat: half of it each */
    return HENG_OK;
}

heng_rc heng_usage_known_profile(struct heng_usage_worker *w, const struct heng_day_usage *own, unsigned tou_kind,
                                 int64_t *ret, bool *ret_is, struct heng_err *err)
{
    struct heng_str text = {.max = PROFILE_TEXT_MAX};
    struct heng_usage_profile *profile = NULL;
    int64_t version;
    *ret_is = false;
    if (!w->row.main) return HENG_OK;
    heng_rc rc = heng_store_get_profile(w->reader, w->row.medium, w->row.group_name, own->day, &version, &text, err);
    if (rc == HENG_OK && !(profile = malloc(sizeof *profile))) rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = heng_usage_profile_parse(heng_slice_of(text.text, text.n), profile, err);
    if (rc == HENG_OK)
        *ret_is = heng_usage_profile_for(profile, &w->site.days, &w->row, own->day, tou_kind, own->count, ret);
    free(profile);
    heng_str_fini(&text);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
