#include "usage/loss.h"

#include <stdlib.h>
#include <string.h>

#include "vee/rule_sum.h"

enum { PAGE = 256, TERMS_MAX = 1024, VISITS_MAX = 20000 };

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

uint16_t heng_meter_error_permyriad(heng_medium medium)
{
    if (medium == HENG_MEDIUM_ELECTRICITY) return 100;
    bool heat = medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_HEAT_COOLING ||
                medium == HENG_MEDIUM_COOLING || medium == HENG_MEDIUM_COOLING_INLET ||
                medium == HENG_MEDIUM_COOLING_OUTLET || medium == HENG_MEDIUM_STEAM;
    return heat ? 300 : 200;
}

heng_rc heng_amount_in(struct heng_dec amount, heng_unit from, heng_unit to, struct heng_dec *ret)
{
    if (from == to) {
        *ret = amount;
        return HENG_OK;
    }
    struct heng_unit_size a = heng_unit_size_of(from), b = heng_unit_size_of(to);
    if (a.kind == HENG_KIND_OTHER || a.kind != b.kind) return HENG_EUNSUPPORTED;
    struct heng_fraction f = heng_fraction_of(1);
    heng_fraction_times_dec(&f, amount);
    heng_fraction_times(&f, a.num);
    heng_fraction_over(&f, a.den);
    heng_fraction_times(&f, b.den);
    heng_fraction_over(&f, b.num);
    int exp = (amount.exp < 0 ? amount.exp : 0) - 3;
    return exp >= HENG_DEC_EXP_MIN && heng_fraction_dec(f, exp, ret) ? HENG_OK : HENG_ERANGE;
}

/* --- what a point used
 * ------------------------------------------------------------------------------------------------ */

struct usage_work {
    struct heng_store_reader *reader;
    const struct heng_site_days *days;
    int64_t scope;
    heng_day from, to;
    unsigned *visits; /* of points, for one that is asked for: a virtual one may lead to many */
};

/* Days of the period on which the point was open. */
static int64_t expected_days(const struct usage_work *w, const struct heng_point_usage *point)
{
    heng_day from = w->from, to = w->to;
    if (point->opened_us) {
        heng_day opened = heng_day_at(&w->days->rule, point->opened_us);
        if (opened > from) from = opened;
    }
    if (point->closed_us) {
        heng_day closed = heng_day_at(&w->days->rule, point->closed_us - 1) + 1;
        if (closed < to) to = closed;
    }
    return to > from ? to - from : 0;
}

static heng_rc amount_at(const struct usage_work *w, int64_t point_id, unsigned depth, struct heng_point_amount *ret,
                         struct heng_err *err);

static heng_rc scaled(struct heng_dec amount, const struct heng_usage_term *term, struct heng_dec *ret)
{
    if (term->factor_den == 1) return heng_dec_scale(amount, term->factor_num, ret);
    struct heng_fraction f = heng_fraction_of(1);
    heng_fraction_times_dec(&f, amount);
    heng_fraction_times(&f, term->factor_num);
    heng_fraction_over(&f, term->factor_den);
    int exp = (amount.exp < 0 ? amount.exp : 0) - 3;
    return exp >= HENG_DEC_EXP_MIN && heng_fraction_dec(f, exp, ret) ? HENG_OK : HENG_ERANGE;
}

/* Whatever is doubtful in a term is doubtful in the sum, also when the term is taken away. */
static heng_rc add_term(struct heng_point_amount *sum, const struct heng_point_amount *of,
                        const struct heng_usage_term *term)
{
    struct heng_dec amount, doubtful;
    heng_rc rc = heng_amount_in(of->amount, of->unit, sum->unit, &amount);
    if (rc == HENG_OK) rc = heng_amount_in(of->doubtful, of->unit, sum->unit, &doubtful);
    if (rc == HENG_OK) rc = scaled(amount, term, &amount);
    if (rc == HENG_OK) rc = scaled(doubtful, term, &doubtful);
    if (rc == HENG_OK && doubtful.mantissa < 0) rc = heng_dec_scale(doubtful, -1, &doubtful);
    if (rc == HENG_OK) rc = heng_dec_add(sum->amount, amount, &sum->amount);
    return rc == HENG_OK ? heng_dec_add(sum->doubtful, doubtful, &sum->doubtful) : rc;
}

static heng_rc sum_terms(const struct usage_work *w, unsigned depth, struct heng_point_amount *sum,
                         struct heng_err *err)
{
    struct heng_usage_term *terms = calloc(TERMS_MAX, sizeof *terms);
    size_t n = 0;
    heng_rc rc =
        terms ? heng_store_usage_terms(w->reader, sum->point.point_id, terms, TERMS_MAX, &n, err) : no_memory(err);
    sum->has_amount = n > 0;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct heng_point_amount of;
        rc = amount_at(w, terms[i].of_id, depth + 1, &of, err);
        if (rc != HENG_OK) break;
        if (of.point.worst_trust > sum->point.worst_trust) sum->point.worst_trust = of.point.worst_trust;
        if (!of.has_amount) sum->has_amount = false;
        if (!of.has_amount) continue;
        if (sum->unit == HENG_UNIT_NONE) sum->unit = of.unit;
        rc = add_term(sum, &of, &terms[i]);
        if (rc != HENG_OK)
            rc = heng_fail(err, rc, 0, "point %lld cannot be summed up: '%s' of point %lld is no '%s', or too much",
                           (long long)sum->point.point_id, heng_unit_text(of.unit), (long long)terms[i].of_id,
                           heng_unit_text(sum->unit));
    }
    free(terms);
    return rc;
}

/* What a point came to, from what is stored of it. */
static heng_rc amount_of(const struct usage_work *w, const struct heng_point_usage *point, unsigned depth,
                         struct heng_point_amount *ret, struct heng_err *err)
{
    struct heng_point_amount made = {.point = *point};
    heng_rc rc = HENG_OK;
    made.unit = made.point.unit;
    if (made.point.is_virtual) {
        rc = sum_terms(w, depth, &made, err);
    } else if (made.point.visible) {
        made.has_amount = made.point.channel_id && made.point.days >= expected_days(w, &made.point);
        made.amount = made.point.amount;
        made.doubtful = made.point.doubtful;
    }
    if (rc == HENG_OK) *ret = made;
    return rc;
}

static heng_rc amount_at(const struct usage_work *w, int64_t point_id, unsigned depth, struct heng_point_amount *ret,
                         struct heng_err *err)
{
    struct heng_point_usage point;
    if (depth > HENG_VIRTUAL_DEPTH_MAX || ++*w->visits > VISITS_MAX)
        return heng_fail(err, HENG_ECONFLICT, 0, "point %lld is part of what is made of itself, or of too many others",
                         (long long)point_id);
    heng_rc rc = heng_store_point_usage(w->reader, w->scope, point_id, w->from, w->to, &point, err);
    return rc == HENG_OK ? amount_of(w, &point, depth, ret, err) : rc;
}

heng_rc heng_point_amount(struct heng_store_reader *reader, const struct heng_site_days *days, int64_t scope,
                          int64_t point_id, heng_day from, heng_day to, struct heng_point_amount *ret,
                          struct heng_err *err)
{
    unsigned visits = 0;
    const struct usage_work w = {
        .reader = reader, .days = days, .scope = scope, .from = from, .to = to, .visits = &visits};
    if (to <= from || to - from > HENG_LOSS_DAYS_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a period of 1 to %d days", HENG_LOSS_DAYS_MAX);
    struct heng_point_amount made;
    heng_rc rc = amount_at(&w, point_id, 0, &made, err);
    if (rc == HENG_OK && !made.point.visible) /* said as if it were not there at all */
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "no point %lld", (long long)point_id);
    if (rc == HENG_OK) *ret = made;
    return rc;
}

/* --- one balance
 * ------------------------------------------------------------------------------------------------------ */

struct loss_work {
    struct usage_work usage;
    struct heng_arena *arena;
    const struct heng_loss_ask *ask;
    struct heng_loss loss;
    size_t cap;
};

static heng_rc add_part(struct loss_work *w, const struct heng_point_amount *amount, heng_balance_side side,
                        struct heng_err *err)
{
    struct heng_loss *loss = &w->loss;
    if (loss->part_n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 16;
        struct heng_loss_part *more = heng_arena_take(w->arena, cap, sizeof *more);
        if (!more || cap > 2 * HENG_LOSS_PARTS_MAX) return no_memory(err);
        if (loss->part_n) memcpy(more, loss->parts, loss->part_n * sizeof *more);
        loss->parts = more;
        w->cap = cap;
    }
    struct heng_loss_part *part = &loss->parts[loss->part_n++];
    *part = (struct heng_loss_part){.amount = *amount, .part = {.side = side, .area_cm2 = amount->point.area_cm2}};
    part->part.error_permyriad = w->ask->error_permyriad;
    if (!part->part.error_permyriad)
        part->part.error_permyriad = heng_accuracy_permyriad(amount->point.medium, amount->point.accuracy);
    if (!part->part.error_permyriad) part->part.error_permyriad = heng_meter_error_permyriad(loss->point.medium);
    if (!amount->has_amount) return HENG_OK;
    heng_rc rc = heng_amount_in(amount->amount, amount->unit, loss->unit, &part->part.amount);
    if (rc == HENG_OK) rc = heng_amount_in(amount->doubtful, amount->unit, loss->unit, &part->part.estimated);
    if (rc == HENG_EUNSUPPORTED) {
        part->part.unlike = true;
        return HENG_OK;
    }
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "point %lld: too much", (long long)amount->point.point_id);
    part->part.has_amount = true;
    part->amount.amount = part->part.amount;
    part->amount.doubtful = part->part.estimated;
    part->amount.unit = loss->unit;
    /* What is doubtful in a sum of differences may be more than what is left. */
    struct heng_dec size = part->part.amount;
    if (size.mantissa < 0) size.mantissa = -size.mantissa;
    part->part.estimated = heng_dec_cmp(part->part.estimated, size) < 0 ? part->part.estimated : size;
    if (part->part.amount.mantissa < 0) part->part.estimated.mantissa = -part->part.estimated.mantissa;
    return HENG_OK;
}

static heng_rc add_below(struct loss_work *w, const struct heng_point_usage *point, struct heng_err *err)
{
    struct heng_point_amount amount;
    *w->usage.visits = 1;
    heng_rc rc = amount_of(&w->usage, point, 0, &amount, err);
    if (rc != HENG_OK) return rc;
    w->loss.others += !amount.point.visible;
    if (strcmp(amount.point.serves, "check") == 0) return HENG_OK;
    bool was_open = !amount.point.visible || expected_days(&w->usage, &amount.point) > 0;
    if (!was_open) return HENG_OK;
    return add_part(w, &amount, strcmp(amount.point.serves, "common") == 0 ? HENG_BALANCE_OWN : HENG_BALANCE_OUT, err);
}

static heng_rc depth_of(struct loss_work *w, struct heng_err *err)
{
    struct heng_point_usage above = w->loss.point;
    while (above.main_id && w->loss.depth < 16) {
        heng_rc rc = heng_store_point_usage(w->usage.reader, 0, above.main_id, 0, 0, &above, err);
        if (rc != HENG_OK) return rc;
        w->loss.depth++;
    }
    return HENG_OK;
}

static heng_rc balance(struct loss_work *w, struct heng_err *err)
{
    struct heng_loss *loss = &w->loss;
    struct heng_balance_part *parts = heng_arena_take(w->arena, loss->part_n, sizeof *parts);
    if (!parts) return no_memory(err);
    for (size_t i = 0; i < loss->part_n; i++) parts[i] = loss->parts[i].part;
    heng_rc rc = heng_balance(parts, loss->part_n, &w->ask->limits, &loss->balance);
    if (rc == HENG_OK) return HENG_OK;
    return heng_fail(err, rc, 0, "the balance of point %lld does not fit", (long long)loss->point.point_id);
}

/* Page by page: a question for each of them is what a server would need longest for. */
static heng_rc add_all_below(struct loss_work *w, int64_t point_id, struct heng_err *err)
{
    const struct usage_work *u = &w->usage;
    struct heng_point_usage *points = malloc(PAGE * sizeof *points);
    size_t n = PAGE;
    heng_rc rc = points ? HENG_OK : no_memory(err);
    for (int64_t after = 0; rc == HENG_OK && n == PAGE; after = n ? points[n - 1].point_id : after) {
        rc = heng_store_below_usage(u->reader, u->scope, point_id, after, u->from, u->to, points, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_below(w, &points[i], err);
    }
    free(points);
    return rc;
}

heng_rc heng_view_loss(struct heng_store_reader *reader, struct heng_arena *arena, const struct heng_site_days *days,
                       const struct heng_loss_ask *ask, int64_t point_id, struct heng_loss *ret, struct heng_err *err)
{
    unsigned visits = 0;
    struct loss_work w = {.usage = {reader, days, ask->scope, ask->from, ask->to, &visits}, .arena = arena, .ask = ask};
    struct heng_point_amount main;
    heng_rc rc = heng_point_amount(reader, days, ask->scope, point_id, ask->from, ask->to, &main, err);
    if (rc != HENG_OK) return rc;
    w.loss.point = main.point;
    w.loss.unit = main.unit;
    rc = add_part(&w, &main, HENG_BALANCE_IN, err);
    if (rc == HENG_OK) rc = add_all_below(&w, point_id, err);
    if (rc == HENG_OK) rc = depth_of(&w, err);
    if (rc == HENG_OK) rc = balance(&w, err);
    if (rc == HENG_OK) *ret = w.loss;
    return rc;
}

/* --- all of them
 * ------------------------------------------------------------------------------------------------------ */

static int rank_of(heng_balance_state state)
{
    switch (state) {
    case HENG_BALANCE_HIGH:
    case HENG_BALANCE_NEGATIVE: return 0;
    case HENG_BALANCE_UNCERTAIN: return 1;
    case HENG_BALANCE_CANNOT_SAY: return 2;
    case HENG_BALANCE_OK:
    case HENG_BALANCE_STATE_COUNT: break;
    }
    return 3;
}

static struct heng_dec size_of(const struct heng_balance *balance)
{
    struct heng_dec pct = balance->loss_pct.is ? balance->loss_pct.dec : (struct heng_dec){0};
    if (pct.mantissa < 0) pct.mantissa = -pct.mantissa;
    return pct;
}

static int by_badness(const void *left, const void *right)
{
    const struct heng_loss *a = left, *b = right;
    int x = rank_of(a->balance.state), y = rank_of(b->balance.state);
    if (x != y) return x - y;
    int order = heng_dec_cmp(size_of(&b->balance), size_of(&a->balance));
    if (order) return order;
    return (a->point.point_id > b->point.point_id) - (a->point.point_id < b->point.point_id);
}

/* The parts of each are worked out in memory of their own, which goes before the next. */
static heng_rc one_of_many(struct heng_store_reader *reader, const struct heng_site_days *days,
                           const struct heng_loss_ask *ask, int64_t point_id, struct heng_loss *ret,
                           struct heng_err *err)
{
    struct heng_arena arena = {.max = 2 * HENG_LOSS_PARTS_MAX * 4 * sizeof(struct heng_loss_part)};
    heng_rc rc = heng_view_loss(reader, &arena, days, ask, point_id, ret, err);
    heng_arena_fini(&arena);
    ret->parts = NULL;
    return rc;
}

heng_rc heng_view_losses(struct heng_store_reader *reader, struct heng_arena *arena, const struct heng_site_days *days,
                         const struct heng_loss_ask *ask, int64_t place_id, struct heng_losses *ret,
                         struct heng_err *err)
{
    struct heng_losses all = {0};
    int64_t ids[PAGE];
    size_t n = PAGE, cap = 0;
    for (int64_t after = 0; n == PAGE; after = n ? ids[n - 1] : after) {
        heng_rc rc = heng_store_list_mains(reader, ask->scope, place_id, after, ids, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            if (all.n == cap) {
                struct heng_loss *more = heng_arena_take(arena, cap = 2 * cap + 64, sizeof *more);
                if (!more) return no_memory(err);
                if (all.n) memcpy(more, all.items, all.n * sizeof *more);
                all.items = more;
            }
            rc = one_of_many(reader, days, ask, ids[i], &all.items[all.n], err);
            if (rc != HENG_OK) return rc;
            all.n++;
        }
    }
    if (all.n) qsort(all.items, all.n, sizeof *all.items, by_badness);
    *ret = all;
    return HENG_OK;
}
