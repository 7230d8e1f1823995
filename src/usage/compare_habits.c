/* Habits of a point, and meters that look exchanged with each other, from the days that are stored. */
#include <string.h>

#include "store/usage.h"
#include "usage/compare.h"
#include "usage/tou.h"
#include "vee/rule_sum.h"
#include "vee/virtual.h"

enum { PAGE = 256, CHANNELS_MAX = 64 };

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

static heng_rc check_period(const struct heng_loss_ask *ask, struct heng_err *err)
{
    if (ask->to > ask->from && ask->to - ask->from <= HENG_HABITS_DAYS_MAX) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "a period of 1 to %d days", HENG_HABITS_DAYS_MAX);
}

static void day_of_row(const struct heng_usage_row *row, struct heng_day_usage *ret)
{
    *ret = (struct heng_day_usage){.day = row->day,
                                   .exp = row->exp,
                                   .trust = (heng_trust)row->trust,
                                   .method = (heng_method)row->method,
                                   .permille = row->permille,
                                   .count = row->count,
                                   .missing = row->missing,
                                   .flags = row->flags,
                                   .amount = row->amount};
    memcpy(ret->amounts, row->amounts, sizeof ret->amounts);
    memcpy(ret->trusts, row->trusts, sizeof ret->trusts);
}
_Static_assert((int)HENG_USAGE_INTERVALS_MAX == (int)HENG_DAY_INTERVALS_MAX, "a day in the database is a day of vee");

/* Is called for each best day of a channel. */
typedef heng_rc each_day(void *ctx, const struct heng_day_usage *day, struct heng_err *err);

static heng_rc walk_days(struct heng_store_reader *reader, int64_t channel_id, heng_day from, heng_day to,
                         each_day *each, void *ctx, struct heng_err *err)
{
    struct heng_usage_scan scan;
    struct heng_usage_row row;
    struct heng_day_usage day;
    heng_rc rc;
    heng_usage_scan_begin(&scan, reader, HENG_USAGE_BEST, channel_id, from, to);
    while ((rc = heng_usage_scan_next(&scan, &row, err)) == HENG_OK) {
        day_of_row(&row, &day);
        rc = each(ctx, &day, err);
        if (rc != HENG_OK) break;
    }
    heng_usage_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- habits
 * ----------------------------------------------------------------------------------------------------------- */

/* What a day used, of the days of the period; is_there: all of it is known. */
struct daily {
    bool is_there;
    struct heng_dec amount;
};

struct habits_work {
    struct heng_habits habits;
    struct heng_calendars calendars;
    struct daily *days;
    heng_day from;
};

static void note_daily(struct daily *days, heng_day from, const struct heng_day_usage *day)
{
    if (day->missing) return;
    days[day->day - from] = (struct daily){true, {day->amount, day->exp}};
}

static heng_rc add_habit(void *ctx, const struct heng_day_usage *day, struct heng_err *err)
{
    struct habits_work *w = ctx;
    note_daily(w->days, w->from, day);
    heng_rc rc = heng_habits_add(&w->habits, day, heng_calendars_kind(&w->calendars, day->day));
    if (rc == HENG_OK) return HENG_OK;
    return heng_fail(err, rc, 0, "the intervals of day %d do not fit those of the channel", (int)day->day);
}

struct volume_work {
    struct daily *days;
    heng_day from;
};

static heng_rc add_volume(void *ctx, const struct heng_day_usage *day, struct heng_err *err)
{
    struct volume_work *w = ctx;
    (void)err;
    note_daily(w->days, w->from, day);
    return HENG_OK;
}

/* Days on which both are known, and at least 1 m3 went through. */
static void judge_spread(const struct daily *energy, heng_unit energy_unit, const struct daily *volume,
                         heng_unit volume_unit, size_t count, struct heng_habits_view *view)
{
    const struct heng_dec k = {1163, -3}, low = {HENG_LOW_SPREAD_CK, -2}, least = {1, 0};
    struct heng_dec energies = {0}, volumes = {0}, spread, cubic;
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        if (!energy[i].is_there || !volume[i].is_there) continue;
        fits = fits && heng_dec_add(energies, energy[i].amount, &energies) == HENG_OK &&
               heng_dec_add(volumes, volume[i].amount, &volumes) == HENG_OK;
        if (heng_amount_in(volume[i].amount, volume_unit, HENG_UNIT_M3, &cubic) != HENG_OK ||
            heng_dec_cmp(cubic, least) < 0 ||
            heng_habits_spread(energy[i].amount, energy_unit, volume[i].amount, volume_unit, k, &spread) != HENG_OK)
            continue;
        view->spread_days++;
        view->low_spread_days += heng_dec_cmp(spread, low) < 0;
    }
    view->spread.is = fits && heng_habits_spread(energies, energy_unit, volumes, volume_unit, k, &spread) == HENG_OK;
    if (view->spread.is) view->spread.dec = spread;
}

static heng_rc look_at_volume(struct heng_store_reader *reader, struct heng_arena *arena,
                              const struct heng_loss_ask *ask, const struct heng_channel_row *volume,
                              const struct daily *energy, struct heng_habits_view *view, struct heng_err *err)
{
    size_t count = (size_t)(ask->to - ask->from);
    struct volume_work w = {.days = heng_arena_take(arena, count, sizeof *w.days), .from = ask->from};
    if (!w.days) return no_memory(err);
    heng_rc rc = walk_days(reader, volume->id, ask->from, ask->to, add_volume, &w, err);
    if (rc == HENG_OK) judge_spread(energy, view->unit, w.days, volume->unit, count, view);
    return rc;
}

/* The main channel, and that of the volume beside it; NULL: there is none. */
static heng_rc find_channels(struct heng_store_reader *reader, struct heng_arena *arena, int64_t scope,
                             int64_t point_id, const struct heng_channel_row **ret_main,
                             const struct heng_channel_row **ret_volume, struct heng_err *err)
{
    size_t n;
    struct heng_channel_row *rows = heng_arena_take(arena, CHANNELS_MAX, sizeof *rows);
    if (!rows) return no_memory(err);
    heng_rc rc = heng_store_list_channels(reader, scope, point_id, 0, rows, CHANNELS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    *ret_main = *ret_volume = NULL;
    for (size_t i = n; i-- > 0;) {
        if (rows[i].main) *ret_main = &rows[i];
        if (!rows[i].main && rows[i].quantity == HENG_QUANTITY_VOLUME && !rows[i].tariff) *ret_volume = &rows[i];
    }
    return HENG_OK;
}

/* --- points that are sums
 * ---------------------------------------------------------------------------------------------- */

enum { PARTS_MAX = 256 };

/* What a virtual point comes to: channels that are measured, each with all factors on the way to it. */
struct virtual_work {
    struct heng_store_reader *reader;
    struct heng_arena *arena;
    const struct heng_loss_ask *ask;
    const struct heng_channel_row *channels[PARTS_MAX];
    int64_t num[PARTS_MAX], den[PARTS_MAX];
    struct heng_day_usage days[PARTS_MAX];
    size_t n;
};

static int64_t divisor_of(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* a/b x c/d, reduced. False: it does not fit what vee/virtual.h takes. */
static bool times(int64_t *num, int64_t *den, int64_t c, int64_t d)
{
    if (d <= 0 || __builtin_mul_overflow(*num, c, num) || __builtin_mul_overflow(*den, d, den)) return false;
    int64_t common = divisor_of(*num, *den);
    if (common == 0) common = 1;
    *num /= common;
    *den /= common;
    return *num >= INT32_MIN && *num <= INT32_MAX && *den <= INT32_MAX;
}

/* The factor from one unit to another of its kind. */
static bool times_units(int64_t *num, int64_t *den, heng_unit from, heng_unit to)
{
    if (from == to) return true;
    struct heng_unit_size a = heng_unit_size_of(from), b = heng_unit_size_of(to);
    if (a.kind == HENG_KIND_OTHER || a.kind != b.kind) return false;
    return times(num, den, a.num, a.den) && times(num, den, b.den, b.num);
}

static heng_rc gather(struct virtual_work *w, int64_t point_id, int64_t num, int64_t den, unsigned depth,
                      struct heng_err *err)
{
    struct heng_point_usage point;
    const struct heng_channel_row *volume, **channel = &w->channels[w->n];
    heng_rc rc = heng_store_point_usage(w->reader, w->ask->scope, point_id, w->ask->from, w->ask->from, &point, err);
    if (rc != HENG_OK) return rc;
    if (depth > HENG_VIRTUAL_DEPTH_MAX || w->n == PARTS_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "point %lld is part of what is made of itself, or of too many others",
                         (long long)point_id);
    if (!point.is_virtual) {
        w->num[w->n] = num;
        w->den[w->n] = den;
        *channel = NULL; /* another's, or nothing is counted there: not known on any day */
        if (point.visible) rc = find_channels(w->reader, w->arena, w->ask->scope, point_id, channel, &volume, err);
        w->n++;
        return rc;
    }
    size_t n;
    struct heng_usage_term *terms = heng_arena_take(w->arena, PARTS_MAX, sizeof *terms);
    if (!terms) return no_memory(err);
    rc = heng_store_usage_terms(w->reader, point_id, terms, PARTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        int64_t over = num, under = den;
        if (!times(&over, &under, terms[i].factor_num, terms[i].factor_den))
            return heng_fail(err, HENG_ERANGE, 0, "the factors of point %lld are too large", (long long)point_id);
        rc = gather(w, terms[i].of_id, over, under, depth + 1, err);
    }
    return rc;
}

/* The first best day of [day, day + 1). */
static heng_rc keep_day(void *ctx, const struct heng_day_usage *day, struct heng_err *err)
{
    (void)err;
    *(struct heng_day_usage *)ctx = *day;
    return HENG_OK;
}

static heng_rc sum_day(struct virtual_work *w, const struct heng_day_rule *rule, heng_day day, int8_t exp, int minutes,
                       struct heng_day_usage *ret, struct heng_err *err)
{
    struct heng_virtual_term terms[PARTS_MAX];
    for (size_t i = 0; i < w->n; i++) {
        w->days[i].count = 0;
        heng_rc rc = w->channels[i] ? walk_days(w->reader, w->channels[i]->id, day, day + 1, keep_day, &w->days[i], err)
                                    : HENG_OK;
        if (rc != HENG_OK) return rc;
        terms[i] =
            (struct heng_virtual_term){w->days[i].count ? &w->days[i] : NULL, (int32_t)w->num[i], (int32_t)w->den[i]};
    }
    int count = heng_day_interval_count(rule, day, minutes);
    heng_rc rc = heng_virtual_day(terms, w->n, day, exp, (uint16_t)(count > 0 ? count : 1), ret);
    return rc == HENG_OK ? HENG_OK : heng_fail(err, rc, 0, "the sum of day %d does not fit", (int)day);
}

/* Parts of one unit and in the same intervals; without, whole days. */
static heng_rc walk_sums(struct virtual_work *w, const struct heng_day_rule *rule, struct heng_habits_view *view,
                         each_day *each, void *ctx, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    struct heng_day_usage *sum = heng_arena_take(w->arena, 1, sizeof *sum);
    if (!sum) return no_memory(err);
    for (heng_day day = w->ask->from; rc == HENG_OK && day < w->ask->to; day++) {
        rc = sum_day(w, rule, day, view->exp, view->minutes, sum, err);
        if (rc == HENG_OK && sum->count == heng_day_interval_count(rule, day, view->minutes)) rc = each(ctx, sum, err);
    }
    return rc;
}

static heng_rc plan_sums(struct virtual_work *w, int64_t point_id, struct heng_habits_view *view, struct heng_err *err)
{
    heng_rc rc = gather(w, point_id, 1, 1, 0, err);
    const struct heng_channel_row *first = NULL;
    for (size_t i = 0; rc == HENG_OK && i < w->n; i++) {
        const struct heng_channel_row *channel = w->channels[i];
        if (!channel) continue;
        if (!first) view->unit = channel->unit;
        if (!first || channel->exp < view->exp) view->exp = channel->exp;
        if (first && channel->minutes != first->minutes) view->minutes = 1440;
        if (!first) view->minutes = channel->minutes;
        first = channel;
        if (!times_units(&w->num[i], &w->den[i], channel->unit, view->unit))
            rc = heng_fail(err, HENG_ERANGE, 0, "'%s' and '%s' do not make a sum", heng_unit_text(channel->unit),
                           heng_unit_text(view->unit));
    }
    if (rc == HENG_OK && !first)
        rc = heng_fail(err, HENG_ERANGE, 0, "nothing is counted at point %lld", (long long)point_id);
    return rc;
}

/* --- habits of either -----------------------------------------------------------------------------------------------
 */

static heng_rc make_room(struct habits_work *w, struct heng_arena *arena, const struct heng_site_days *days,
                         const struct heng_loss_ask *ask, const struct heng_habits_view *view, struct heng_err *err)
{
    size_t count = (size_t)(ask->to - ask->from), cap = count * (view->minutes < 15 ? HENG_DAY_INTERVALS_MAX : 101);
    w->from = ask->from;
    w->days = heng_arena_take(arena, count, sizeof *w->days);
    w->habits = (struct heng_habits){.rule = &days->rule,
                                     .minutes = view->minutes,
                                     .exp = view->exp,
                                     .worst = HENG_TRUST_SUBSTITUTED,
                                     .night_from = 120,
                                     .night_to = 300,
                                     .values = heng_arena_take(arena, cap, sizeof(int64_t)),
                                     .value_cap = cap};
    return w->days && w->habits.values ? HENG_OK : no_memory(err);
}

static heng_rc habits_of_sum(struct heng_store_reader *reader, struct heng_arena *arena,
                             const struct heng_site_days *days, const struct heng_loss_ask *ask, struct habits_work *w,
                             struct heng_habits_view *view, struct heng_err *err)
{
    struct virtual_work *sum = heng_arena_take(arena, 1, sizeof *sum);
    if (!sum) return no_memory(err);
    sum->reader = reader;
    sum->arena = arena;
    sum->ask = ask;
    heng_rc rc = plan_sums(sum, view->point.point_id, view, err);
    if (rc == HENG_OK) rc = make_room(w, arena, days, ask, view, err);
    return rc == HENG_OK ? walk_sums(sum, &days->rule, view, add_habit, w, err) : rc;
}

static heng_rc habits_of_meter(struct heng_store_reader *reader, struct heng_arena *arena,
                               const struct heng_site_days *days, const struct heng_loss_ask *ask,
                               struct habits_work *w, struct heng_habits_view *view, struct heng_err *err)
{
    const struct heng_channel_row *main = NULL, *volume = NULL;
    heng_rc rc = find_channels(reader, arena, ask->scope, view->point.point_id, &main, &volume, err);
    if (rc != HENG_OK) return rc;
    if (!main)
        return heng_fail(err, HENG_ERANGE, 0, "nothing is counted at point %lld", (long long)view->point.point_id);
    view->unit = main->unit;
    view->exp = main->exp;
    view->minutes = main->minutes;
    rc = make_room(w, arena, days, ask, view, err);
    if (rc == HENG_OK) rc = walk_days(reader, main->id, ask->from, ask->to, add_habit, w, err);
    if (rc == HENG_OK && volume) rc = look_at_volume(reader, arena, ask, volume, w->days, view, err);
    return rc;
}

heng_rc heng_view_habits(struct heng_store_reader *reader, struct heng_arena *arena, const struct heng_site_days *days,
                         const struct heng_loss_ask *ask, int64_t point_id, struct heng_habits_view *ret,
                         struct heng_err *err)
{
    struct heng_habits_view view = {0};
    struct habits_work *w = heng_arena_take(arena, 1, sizeof *w);
    heng_rc rc = check_period(ask, err);
    if (rc == HENG_OK && !w) rc = no_memory(err);
    if (rc == HENG_OK) rc = heng_store_point_usage(reader, ask->scope, point_id, ask->from, ask->to, &view.point, err);
    if (rc == HENG_OK && !view.point.visible)
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "no point %lld", (long long)point_id);
    if (rc == HENG_OK) rc = heng_calendars_open_site(reader, &w->calendars, err);
    if (rc != HENG_OK) return rc;
    rc = (view.point.is_virtual ? habits_of_sum : habits_of_meter)(reader, arena, days, ask, w, &view, err);
    heng_calendars_close(&w->calendars);
    if (rc != HENG_OK) return rc;
    view.found = heng_habits_end(&w->habits);
    *ret = view;
    return HENG_OK;
}

/* --- meters that are exchanged
 * ---------------------------------------------------------------------------------------- */

struct flat_work {
    int64_t *amounts;
    heng_day from;
    heng_unit unit, wanted;
};

/* In thousandths of the unit. */
static heng_rc add_flat_day(void *ctx, const struct heng_day_usage *day, struct heng_err *err)
{
    struct flat_work *w = ctx;
    struct heng_dec amount = {day->amount, day->exp};
    int64_t milli;
    (void)err;
    if (day->missing || day->trust == HENG_TRUST_ESTIMATED) return HENG_OK;
    if (heng_amount_in(amount, w->unit, w->wanted, &amount) == HENG_OK &&
        heng_dec_steps(amount, -3, HENG_ROUND_EVEN, &milli))
        w->amounts[day->day - w->from] = milli;
    return HENG_OK;
}

struct swap_work {
    struct heng_point_usage flats[HENG_HABITS_FLATS_MAX];
    const int64_t *rows[HENG_HABITS_FLATS_MAX];
    size_t n;
};

static heng_rc add_flat(struct swap_work *w, struct heng_store_reader *reader, struct heng_arena *arena,
                        const struct heng_loss_ask *ask, int64_t point_id, struct heng_err *err)
{
    struct heng_point_usage *flat = &w->flats[w->n];
    size_t count = (size_t)(ask->to - ask->from);
    if (w->n == HENG_HABITS_FLATS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d meters below one", HENG_HABITS_FLATS_MAX);
    heng_rc rc = heng_store_point_usage(reader, ask->scope, point_id, ask->from, ask->from, flat, err);
    if (rc != HENG_OK || !flat->visible || !flat->channel_id || flat->is_virtual) return rc;
    struct flat_work f = {heng_arena_take(arena, count, sizeof(int64_t)), ask->from, flat->unit, w->flats[0].unit};
    if (!f.amounts) return no_memory(err);
    for (size_t i = 0; i < count; i++) f.amounts[i] = HENG_RULES_NO_AMOUNT;
    w->rows[w->n++] = f.amounts;
    return walk_days(reader, flat->channel_id, ask->from, ask->to, add_flat_day, &f, err);
}

heng_rc heng_view_swaps(struct heng_store_reader *reader, struct heng_arena *arena, const struct heng_site_days *days,
                        const struct heng_loss_ask *ask, int64_t main_id, heng_day since, struct heng_swaps_view *ret,
                        struct heng_err *err)
{
    struct heng_point_amount main;
    struct heng_rule_set set;
    struct heng_habits_swap found[HENG_SWAPS_MAX];
    struct swap_work *w = heng_arena_take(arena, 1, sizeof *w);
    int64_t ids[PAGE];
    size_t n = PAGE;
    heng_rc rc = check_period(ask, err);
    if (rc == HENG_OK && (since <= ask->from || since >= ask->to))
        rc = heng_fail(err, HENG_ERANGE, 0, "the day of the exchange lies outside of the period");
    if (rc == HENG_OK && !w) rc = no_memory(err);
    if (rc == HENG_OK) rc = heng_point_amount(reader, days, ask->scope, main_id, ask->from, ask->to, &main, err);
    for (int64_t after = 0; rc == HENG_OK && n == PAGE; after = n ? ids[n - 1] : after) {
        rc = heng_store_list_below(reader, main_id, after, ids, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_flat(w, reader, arena, ask, ids[i], err);
    }
    if (rc != HENG_OK) return rc;
    heng_rule_set_default(main.point.medium, &set);
    set.rules[HENG_RULE_SWAPPED].on = true;
    rc = heng_habits_swapped(&set, w->rows, w->n, (unsigned)(ask->to - ask->from), (unsigned)(since - ask->from), found,
                             HENG_SWAPS_MAX, &n);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "the meters below point %lld", (long long)main_id);
    struct heng_swap_view *items = heng_arena_take(arena, n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct heng_swap_view){w->flats[found[i].a], w->flats[found[i].b], found[i].cross_pct};
    *ret = (struct heng_swaps_view){items, n};
    return HENG_OK;
}
