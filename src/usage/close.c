/* Values for days that readings do not bound: at the close of a month, or when somebody asks for them. */
#include "usage/parts.h"
#include "vee/rule_sum.h"

#include <stdlib.h>

enum { ALIKE_MAX = 500, LAST_YEAR_DAYS = 364, TREND_DAYS = 28 };

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

/* What others like it used on that day, in steps of the channel, in ascending order. */
static heng_rc list_neighbours(struct heng_usage_worker *w, heng_day day, int64_t *ret, uint16_t *ret_n,
                               struct heng_err *err)
{
    struct heng_usage_alike list[ALIKE_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_alike(w->reader, w->row.id, day, list, ALIKE_MAX, &n, err);
    *ret_n = 0;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        int64_t steps;
        if (heng_dec_steps(list[i].amount, w->row.exp, HENG_ROUND_EVEN, &steps)) ret[(*ret_n)++] = steps;
    }
    qsort(ret, *ret_n, sizeof *ret, by_amount);
    return rc;
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

heng_rc heng_usage_estimate(struct heng_usage_worker *w, heng_day day, struct heng_err *err)
{
    static _Thread_local struct heng_day_usage own, next, last_year, made;
    int64_t neighbours[ALIKE_MAX];
    uint16_t neighbour_count = 0;
    bool is_own = false, is_next = false, is_last = false;
    struct heng_estimate in = {.medium = w->row.medium, .minutes = (uint16_t)w->row.minutes};
    heng_rc rc = get_day(w, day, &own, &is_own, err);
    if (rc == HENG_OK && !is_own) blank_day(w, day, &own);
    if (rc == HENG_OK && (!own.count || !own.missing)) return HENG_ENOTFOUND;
    if (rc == HENG_OK) rc = heng_usage_past(w, day, err);
    if (rc == HENG_OK) rc = get_day(w, day + 1, &next, &is_next, err);
    if (rc == HENG_OK) rc = get_day(w, day - LAST_YEAR_DAYS, &last_year, &is_last, err);
    if (rc == HENG_OK) rc = list_neighbours(w, day, neighbours, &neighbour_count, err);
    if (rc == HENG_OK) rc = heng_usage_degrees(w, day, &in.degree_days, err);
    if (rc == HENG_OK) rc = sum_days(w, day, &in.recent, err);
    if (rc == HENG_OK) rc = sum_days(w, day - LAST_YEAR_DAYS, &in.recent_last_year, err);
    if (rc != HENG_OK) return rc;
    const struct heng_rules_neighbours others = {neighbours, neighbour_count, w->row.exp, 0};
    in.own = (struct heng_rules_series){
        .unit = w->row.unit, .past_count = HENG_RULES_PAST_DAYS, .day = &own, .past = w->past};
    in.next = is_next ? &next : NULL;
    in.last_year = is_last && !last_year.missing ? &last_year : NULL;
    in.past_degree_days = w->site.station[0] ? w->past_degrees : NULL;
    in.neighbours = neighbour_count ? &others : NULL;
    memset(&made, 0, sizeof made);
    rc = heng_estimate_day(&w->rules, &in, &made, err);
    if (rc == HENG_ELIMIT || rc == HENG_ERANGE) return HENG_ENOTFOUND; /* too long already: a person has to decide */
    if (rc != HENG_OK) return rc;
    heng_usage_to_row(&made, w->row.id, &w->packed);
    rc = heng_store_put_usage(w->store, HENG_USAGE_ESTIMATE, &w->packed, err);
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
    return rc;
}
