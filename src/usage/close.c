/* Values for days that readings do not bound: at the close of a month, or when somebody asks for them. */
#include "usage/close_parts.h"
#include "vee/rule_sum.h"

#include <stdlib.h>

enum { ALIKE_MAX = 500, LAST_YEAR_DAYS = 364, TREND_DAYS = 28, PLACES_PER_M2 = 3, CM2_PER_M2 = 10000 };

static heng_rc get_day(struct heng_usage_worker *w, heng_day day, struct heng_day_usage *ret, bool *ret_is,
                       struct heng_err *err)
{
    heng_rc rc = heng_store_get_usage(w->reader, HENG_USAGE_MEASURED, w->row.id, day, &w->packed, err);
    *ret_is = rc == HENG_OK;
    memset(ret, 0, sizeof *ret);
    if (rc == HENG_OK) heng_usage_of_row(&w->packed, ret);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static int by_amount(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* What others like it used on that day, in ascending order: per m2 where in->area_cm2 is known and that of enough
 * others is, too, with three places more; else as it is, in steps of the channel. */
static heng_rc list_neighbours(struct heng_usage_worker *w, heng_day day, struct heng_estimate *in, int64_t *values,
                               struct heng_rules_neighbours *ret, struct heng_err *err)
{
    struct heng_usage_alike list[ALIKE_MAX];
    size_t n = 0, with_area = 0;
    heng_rc rc = heng_store_list_alike(w->reader, w->row.id, day, list, ALIKE_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++) with_area += list[i].area_cm2 > 0;
    bool per_m2 = in->area_cm2 > 0 && (int64_t)with_area >= heng_limit_int(&w->rules, HENG_LIMIT_NEIGHBOURS_ENOUGH);
    *ret = (struct heng_rules_neighbours){.sorted = values, .exp = (int8_t)(w->row.exp - (per_m2 ? PLACES_PER_M2 : 0))};
    in->neighbours_whole = !per_m2;
    for (size_t i = 0; i < n; i++) {
        struct heng_fraction f = heng_fraction_of(list[i].amount.mantissa);
        if (per_m2 && list[i].area_cm2 <= 0) continue;
        heng_fraction_shift(&f, list[i].amount.exp - ret->exp);
        if (per_m2) {
            heng_fraction_times(&f, CM2_PER_M2);
            heng_fraction_over(&f, list[i].area_cm2);
        }
        if (heng_fraction_int(f, HENG_ROUND_EVEN, &values[ret->count])) ret->count++;
    }
    qsort(values, ret->count, sizeof *values, by_amount);
    return HENG_OK;
}

/* Own use of four weeks before the day, and of the same weeks a year ago; 0 where that is not complete. */
static heng_rc sum_days(struct heng_usage_worker *w, heng_day until, int64_t *ret, struct heng_err *err)
{
    struct heng_usage_sum sum;
    heng_rc rc = heng_store_sum_usage(w->reader, w->row.id, until - TREND_DAYS, until, &sum, err);
    *ret = 0;
    if (rc == HENG_OK && sum.days == TREND_DAYS && !sum.missing && !sum.estimated)
        if (!heng_dec_steps(sum.amount, w->row.exp, HENG_ROUND_EVEN, ret)) *ret = 0;
    return rc;
}

static void blank_day(struct heng_usage_worker *w, heng_day day, struct heng_day_usage *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->day = day;
    ret->exp = w->row.exp;
    ret->trust = HENG_TRUST_MISSING;
    ret->count = ret->missing = (uint16_t)heng_day_interval_count(&w->site.days, day, w->row.minutes);
    memset(ret->trusts, HENG_TRUST_MISSING, ret->count);
}

/* Everything there is to go by; what `in` points to is here. */
struct known {
    struct heng_day_usage own, next, last_year, check;
    uint8_t past_kinds[HENG_RULES_PAST_DAYS];
    int64_t profile[HENG_DAY_INTERVALS_MAX], neighbours[ALIKE_MAX];
    struct heng_rules_neighbours others;
    struct heng_estimate in;
};

static heng_rc look_back(struct heng_usage_worker *w, heng_day day, struct known *k, struct heng_err *err)
{
    bool is_next = false, is_last = false;
    struct heng_estimate *in = &k->in;
    heng_rc rc = heng_usage_past(w, day, err);
    if (rc == HENG_OK) rc = get_day(w, day + 1, &k->next, &is_next, err);
    if (rc == HENG_OK) rc = get_day(w, day - LAST_YEAR_DAYS, &k->last_year, &is_last, err);
    if (rc == HENG_OK) rc = heng_usage_degrees(w, day, &in->degree_days, err);
    if (rc == HENG_OK) rc = sum_days(w, day, &in->recent, err);
    if (rc == HENG_OK) rc = sum_days(w, day - LAST_YEAR_DAYS, &in->recent_last_year, err);
    in->own = (struct heng_rules_series){
        .unit = w->row.unit, .past_count = HENG_RULES_PAST_DAYS, .day = &k->own, .past = w->past};
    in->next = is_next ? &k->next : NULL;
    in->last_year = is_last && !k->last_year.missing ? &k->last_year : NULL;
    in->past_degree_days = w->site.station[0] ? w->past_degrees : NULL;
    return rc;
}

static heng_rc look_around(struct heng_usage_worker *w, heng_day day, struct known *k, struct heng_err *err)
{
    bool is_check = false, is_profile = false;
    struct heng_estimate *in = &k->in;
    unsigned tou_kind = 0;
    in->area_cm2 = w->row.main ? w->row.area_cm2 : 0;
    heng_rc rc = heng_usage_known_kinds(w, day, &in->kind, k->past_kinds, &tou_kind, err);
    if (rc == HENG_OK) rc = heng_usage_known_check(w, day, &k->check, &is_check, err);
    if (rc == HENG_OK) rc = heng_usage_known_kept(w, &k->own, &in->kept, err);
    if (rc == HENG_OK) rc = heng_usage_known_building(w, day, in, err);
    if (rc == HENG_OK) rc = heng_usage_known_profile(w, &k->own, tou_kind, k->profile, &is_profile, err);
    if (rc == HENG_OK) rc = list_neighbours(w, day, in, k->neighbours, &k->others, err);
    in->past_kinds = k->past_kinds;
    in->check = is_check ? &k->check : NULL;
    in->profile = is_profile ? k->profile : NULL;
    in->neighbours = k->others.count ? &k->others : NULL;
    return rc;
}

heng_rc heng_usage_estimate(struct heng_usage_worker *w, heng_day day, struct heng_err *err)
{
    static _Thread_local struct known k;
    static _Thread_local struct heng_day_usage made;
    bool is_own = false;
    k.in = (struct heng_estimate){.medium = w->row.medium, .minutes = (uint16_t)w->row.minutes};
    heng_rc rc = get_day(w, day, &k.own, &is_own, err);
    if (rc == HENG_OK && !is_own) blank_day(w, day, &k.own);
    if (rc == HENG_OK && (!k.own.count || !k.own.missing)) return HENG_ENOTFOUND;
    if (rc == HENG_OK) rc = look_back(w, day, &k, err);
    if (rc == HENG_OK) rc = look_around(w, day, &k, err);
    if (rc != HENG_OK) return rc;
    memset(&made, 0, sizeof made);
    rc = heng_estimate_day(&w->rules, &k.in, &made, err);
    if (rc == HENG_ELIMIT || rc == HENG_ERANGE) return HENG_ENOTFOUND; /* too long already: a person has to decide */
    if (rc != HENG_OK) return rc;
    heng_usage_to_row(&made, w->row.id, &w->packed);
    rc = heng_store_put_usage(w->store, HENG_USAGE_ESTIMATE, &w->packed, err);
    heng_usage_changes(w, day);
    if (rc == HENG_OK) heng_usage_ring_put(&w->ring, &made); /* days in a row that were estimated count for the next */
    return rc;
}

heng_rc heng_usage_close(struct heng_usage_worker *worker, struct heng_store *store, int64_t channel_id, heng_day from,
                         heng_day to, uint32_t *ret_days, uint32_t *ret_left, struct heng_err *err)
{
    *ret_days = *ret_left = 0;
    heng_usage_site_close(&worker->site);
    heng_rc rc = heng_usage_site_open(heng_store_as_reader(store), &worker->site, err);
    if (rc == HENG_OK) rc = heng_usage_prepare(worker, store, channel_id, err);
    for (heng_day day = from; rc == HENG_OK && day < to; day++) {
        struct heng_day_usage *scratch = &worker->derive.day;
        bool is = false;
        rc = get_day(worker, day, scratch, &is, err);
        if (rc != HENG_OK || (is && !scratch->missing)) continue;
        rc = heng_usage_estimate(worker, day, err);
        *ret_days += rc == HENG_OK;
        *ret_left += rc == HENG_ENOTFOUND;
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    return rc == HENG_OK ? heng_usage_tell_changed(worker, err) : rc;
}
