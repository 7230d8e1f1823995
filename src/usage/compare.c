#include "usage/compare.h"

#include <stdlib.h>
#include <string.h>

#include "vee/ratio.h"

enum { PAGE = 256 };

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

/* --- periods
 * ---------------------------------------------------------------------------------------------------------- */

static bool is_month_start(heng_day day) { return heng_month_of(day) == day; }

static void period_before(heng_day from, heng_day to, heng_day *ret_from, heng_day *ret_to)
{
    *ret_to = from;
    *ret_from = from - (to - from);
    if (!is_month_start(from) || !is_month_start(to)) return;
    int months = 0;
    while (heng_month_next(from, months) < to) months++;
    *ret_from = heng_month_next(from, -months);
}

/* The same date a year before; the 29th of February has the 28th beside it. */
static heng_day year_before(heng_day day)
{
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    if (month == 2 && of_month == 29) of_month = 28;
    return heng_day_of_date(year - 1, month, of_month);
}

/* Of a period whose days are all known. */
static heng_rc degree_days(struct heng_store_reader *reader, const char *station, heng_day from, heng_day to,
                           struct heng_opt_dec *ret, struct heng_err *err)
{
    int64_t tenths, known;
    heng_rc rc = heng_store_degree_days(reader, station, from, to, &tenths, &known, err);
    if (rc == HENG_OK) *ret = (struct heng_opt_dec){.is = known == to - from, .dec = {tenths, -1}};
    return rc;
}

static bool depends_on_weather(heng_medium medium)
{
    return medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_HEAT_COOLING;
}

struct work {
    struct heng_store_reader *reader;
    struct heng_arena *arena;
    const struct heng_site_days *days;
    const struct heng_loss_ask *ask;
    const char *station;
    struct heng_comparison *made;
};

static const char not_complete[] = "not every day has an amount";

static heng_rc compare_with(struct work *w, heng_day from, heng_day to, struct heng_comparison_past *past,
                            struct heng_err *err)
{
    const struct heng_point_amount *now = &w->made->now;
    struct heng_point_amount then;
    *past = (struct heng_comparison_past){.from = from, .to = to, .why = not_complete};
    heng_rc rc = heng_point_amount(w->reader, w->days, w->ask->scope, now->point.point_id, from, to, &then, err);
    if (rc != HENG_OK) return rc;
    if (!now->has_amount || !then.has_amount || !then.point.visible) return HENG_OK;
    rc = heng_amount_in(then.amount, then.unit, now->unit, &past->amount);
    if (rc == HENG_OK && depends_on_weather(now->point.medium))
        rc = degree_days(w->reader, w->station, from, to, &past->degree_days, err);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "the past of point %lld", (long long)now->point.point_id);
    const struct heng_compare_in in = {.before = past->amount,
                                       .now = now->amount,
                                       .degree_days_before = past->degree_days,
                                       .degree_days_now = w->made->degree_days};
    past->why = "the amounts cannot be compared";
    past->is = heng_compare(&in, &past->change) == HENG_OK;
    if (past->is) past->why = NULL;
    return HENG_OK;
}

static struct heng_opt_dec opt(heng_rc rc, struct heng_dec dec)
{
    return (struct heng_opt_dec){.is = rc == HENG_OK, .dec = rc == HENG_OK ? dec : (struct heng_dec){0}};
}

static void per_area_and_weather(const struct work *w)
{
    struct heng_comparison *made = w->made;
    const struct heng_point_amount *now = &made->now;
    struct heng_dec dec = {0}, joules, one = {.mantissa = 1};
    heng_us seconds =
        (heng_day_from_us(&w->days->rule, w->ask->to) - heng_day_from_us(&w->days->rule, w->ask->from)) / HENG_US_PER_S;
    made->per_m2 = opt(heng_per_m2(now->amount, now->point.area_cm2, &dec), dec);
    if (made->degree_days.is)
        made->per_degree_day = opt(heng_ratio(now->amount, one, made->degree_days.dec, 4, &dec), dec);
    heng_rc rc = heng_amount_in(now->amount, now->unit, HENG_UNIT_J, &joules);
    if (rc == HENG_OK) rc = heng_watt_per_m2(joules, now->point.area_cm2, seconds, &dec);
    made->watt_per_m2 = opt(rc, dec);
}

/* --- peers
 * ------------------------------------------------------------------------------------------------------------ */

static heng_rc add_peer(struct work *w, int64_t id, struct heng_err *err)
{
    struct heng_comparison *made = w->made;
    struct heng_point_amount of;
    struct heng_dec dec;
    heng_rc rc = heng_point_amount(w->reader, w->days, w->ask->scope, id, w->ask->from, w->ask->to, &of, err);
    if (rc != HENG_OK) return rc;
    if (!of.has_amount) {
        made->left_out++;
        return HENG_OK;
    }
    struct heng_peer *peer = &made->peers[made->peer_n];
    rc = heng_amount_in(of.amount, of.unit, made->now.unit, &peer->amount);
    if (rc != HENG_OK) {
        made->unlike++;
        return HENG_OK;
    }
    peer->point_id = id;
    peer->area_cm2 = of.point.area_cm2;
    peer->key = heng_arena_text(w->arena, of.point.key);
    peer->name = heng_arena_text(w->arena, of.point.name);
    peer->place = heng_arena_text(w->arena, of.point.place);
    if (!peer->key || !peer->name || !peer->place) return no_memory(err);
    peer->per_m2 = opt(heng_per_m2(peer->amount, peer->area_cm2, &dec), dec);
    made->by_m2 = made->by_m2 && peer->per_m2.is;
    made->peer_n++;
    return HENG_OK;
}

static int by_use(const void *left, const void *right)
{
    const struct heng_peer *a = left, *b = right;
    int order = heng_dec_cmp(b->amount, a->amount);
    return order ? order : (a->point_id > b->point_id) - (a->point_id < b->point_id);
}

static int rising(const void *left, const void *right)
{
    return heng_dec_cmp(*(const struct heng_dec *)left, *(const struct heng_dec *)right);
}

static heng_rc among_peers(struct work *w, struct heng_err *err)
{
    struct heng_comparison *made = w->made;
    struct heng_dec *others = heng_arena_take(w->arena, made->peer_n + 1, sizeof *others);
    if (!others) return no_memory(err);
    for (size_t i = 0; i < made->peer_n; i++)
        others[i] = made->by_m2 ? made->peers[i].per_m2.dec : made->peers[i].amount;
    qsort(others, made->peer_n, sizeof *others, rising);
    heng_rc rc =
        heng_among_others(made->by_m2 ? made->per_m2.dec : made->now.amount, others, made->peer_n, &made->among);
    made->has_among = rc == HENG_OK;
    return HENG_OK;
}

static heng_rc list_peers(struct work *w, int64_t point_id, struct heng_err *err)
{
    struct heng_comparison *made = w->made;
    int64_t ids[PAGE];
    size_t n = PAGE;
    made->peers = heng_arena_take(w->arena, HENG_PEERS_MAX, sizeof *made->peers);
    if (!made->peers) return no_memory(err);
    made->by_m2 = made->per_m2.is;
    for (int64_t after = 0; n == PAGE;) {
        heng_rc rc = heng_store_list_peers(w->reader, w->ask->scope, point_id, after, ids, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            if (made->peer_n == HENG_PEERS_MAX)
                return heng_fail(err, HENG_ELIMIT, 0, "more than %d points are like this one", HENG_PEERS_MAX);
            rc = add_peer(w, ids[i], err);
            after = ids[i];
        }
        if (rc != HENG_OK) return rc;
    }
    qsort(made->peers, made->peer_n, sizeof *made->peers, by_use);
    return made->now.has_amount ? among_peers(w, err) : HENG_OK;
}

heng_rc heng_view_comparison(struct heng_store_reader *reader, struct heng_arena *arena,
                             const struct heng_site_days *days, const struct heng_loss_ask *ask, int64_t point_id,
                             const char *station, struct heng_comparison *ret, struct heng_err *err)
{
    struct heng_comparison made = {0};
    struct work w = {reader, arena, days, ask, station, &made};
    heng_day from, to;
    heng_rc rc = heng_point_amount(reader, days, ask->scope, point_id, ask->from, ask->to, &made.now, err);
    if (rc != HENG_OK) return rc;
    made.why = made.now.has_amount ? NULL : not_complete;
    if (depends_on_weather(made.now.point.medium))
        rc = degree_days(reader, station, ask->from, ask->to, &made.degree_days, err);
    if (made.now.has_amount) per_area_and_weather(&w);
    period_before(ask->from, ask->to, &from, &to);
    if (rc == HENG_OK) rc = compare_with(&w, from, to, &made.before, err);
    if (rc == HENG_OK) rc = compare_with(&w, year_before(ask->from), year_before(ask->to), &made.year_ago, err);
    if (rc == HENG_OK) rc = list_peers(&w, point_id, err);
    if (rc == HENG_OK) *ret = made;
    return rc;
}
