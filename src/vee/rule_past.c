/* A day against the days before it. */
#include "vee/rule_parts.h"

/* What was used in the past, and in how much of it: intervals, so that days of 23 and 25 hours count as what they are,
 * or thousandths of degree days. */
struct basis {
    heng_i128 amount;
    int64_t weight, weight_today;
    unsigned days;
    bool weather;
};

/* Degree days in thousandths; false: not known. */
static bool degrees(const struct heng_opt_dec *dec, int64_t *ret)
{
    return dec->is && heng_dec_steps(dec->dec, -3, HENG_ROUND_EVEN, ret) && *ret >= 0 && *ret < INT64_C(1000000000);
}

/* Good days from past[first] on, at most `days` days back. By degree days where today's are known and enough to say
 * anything; false when they are known and too few: then it is not cold enough to judge. */
static bool basis_of(const struct heng_rules_work *w, unsigned first, int64_t days, heng_limit least_degrees,
                     struct basis *ret)
{
    const struct heng_rules_day *in = w->in;
    int64_t least = 0, weight;
    bool weather = in->past_degree_days && degrees(&in->degree_days, &ret->weight_today);
    ret->amount = 0;
    ret->weight = 0;
    ret->days = 0;
    ret->weather = weather;
    if (weather && (!heng_dec_steps(w->set->limits[least_degrees], -3, HENG_ROUND_UP, &least) ||
                    ret->weight_today < least || !ret->weight_today))
        return false;
    if (!weather) ret->weight_today = w->day->count;
    for (unsigned i = first; i < in->own.past_count && (int64_t)i < days; i++) {
        const struct heng_day_usage *past = heng_series_day(&in->own, i + 1);
        if (!heng_day_is_good(past) || past->exp != w->day->exp) continue;
        weight = past->count;
        if (weather && !degrees(&in->past_degree_days[i], &weight)) continue;
        ret->amount += past->amount;
        ret->weight += weight;
        ret->days++;
    }
    return ret->weight > 0;
}

/* What the basis says of today, times percent / 100, rounded. */
static bool expected_of(const struct basis *basis, struct heng_dec percent, heng_fraction_rounding rounding,
                        int64_t *ret)
{
    struct heng_fraction f = heng_fraction_of(basis->amount);
    heng_fraction_times(&f, basis->weight_today);
    heng_fraction_over(&f, basis->weight);
    heng_fraction_times_dec(&f, percent);
    heng_fraction_over(&f, 100);
    return heng_fraction_int(f, rounding, ret);
}

static const struct heng_dec hundred = {100, 0};

static void check_high(const struct heng_rules_work *w)
{
    struct basis basis;
    int64_t high, expected,
        least = heng_limit_steps(w->set, HENG_LIMIT_HIGH_LEAST, w->unit, w->day->exp, HENG_ROUND_UP);
    if (w->day->amount < least ||
        !basis_of(w, 0, heng_limit_int(w->set, HENG_LIMIT_HIGH_DAYS), HENG_LIMIT_HIGH_DEGREE_DAYS, &basis) ||
        (int64_t)basis.days < heng_limit_int(w->set, HENG_LIMIT_HIGH_ENOUGH) ||
        !expected_of(&basis, w->set->limits[HENG_LIMIT_HIGH_PERCENT], HENG_ROUND_DOWN, &high) ||
        !expected_of(&basis, hundred, HENG_ROUND_EVEN, &expected) || w->day->amount <= high)
        return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_HIGH);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->amount, w->day->exp);
    heng_opt_put(&v->high, high, w->day->exp);
    heng_opt_put(&v->reference, expected, w->day->exp);
}

/* Nothing at all is another rule's matter. */
static void check_low(const struct heng_rules_work *w)
{
    struct basis basis;
    int64_t low, expected, least = heng_limit_steps(w->set, HENG_LIMIT_LOW_LEAST, w->unit, w->day->exp, HENG_ROUND_UP);
    if (w->day->amount == 0 ||
        !basis_of(w, 0, heng_limit_int(w->set, HENG_LIMIT_LOW_DAYS), HENG_LIMIT_LOW_DEGREE_DAYS, &basis) ||
        (int64_t)basis.days < heng_limit_int(w->set, HENG_LIMIT_LOW_ENOUGH) ||
        !expected_of(&basis, w->set->limits[HENG_LIMIT_LOW_PERCENT], HENG_ROUND_UP, &low) ||
        !expected_of(&basis, hundred, HENG_ROUND_EVEN, &expected) || expected < least || w->day->amount >= low)
        return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_LOW);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->amount, w->day->exp);
    heng_opt_put(&v->low, low, w->day->exp);
    heng_opt_put(&v->reference, expected, w->day->exp);
}

/* Sum over the last days of a series in millionths of kWh or m3, today included. false: one of them is not known. */
static bool sum_of(const struct heng_rules_series *s, int64_t days, heng_i128 *ret)
{
    *ret = 0;
    for (int64_t i = 0; i < days; i++) {
        const struct heng_day_usage *day = heng_series_day(s, (unsigned)i);
        int64_t micro;
        if (!day || day->missing || day->trust == HENG_TRUST_ESTIMATED ||
            !heng_amount_micro(day->amount, day->exp, s->unit, &micro))
            return false;
        *ret += micro < 0 ? -(heng_i128)micro : micro;
    }
    return true;
}

/* The counterpart that tells whether there was anything to measure. */
static const struct heng_rules_series *mover_of(const struct heng_rules_work *w)
{
    heng_unit_kind kind = heng_unit_size_of(w->unit).kind;
    const struct heng_rules_series *s =
        heng_rules_sibling_of(w->in, kind == HENG_KIND_VOLUME ? HENG_ROLE_ENERGY : HENG_ROLE_VOLUME);
    return s ? s : heng_rules_sibling_of(w->in, HENG_ROLE_TIME);
}

/* Nothing for so many days, of whatever is counted. Where the counterpart stood as well, nobody is at home: that is
 * told and no task. Degree days come with what is heated and with nothing else: on a day that is known to have none,
 * heat is not missed. */
static void check_zero(const struct heng_rules_work *w)
{
    int64_t days = heng_limit_int(w->set, HENG_LIMIT_ZERO_DAYS), cold = 0;
    heng_i128 moved = 0;
    for (int64_t i = 0; i < days; i++) {
        const struct heng_day_usage *day = heng_series_day(&w->in->own, (unsigned)i);
        if (!heng_day_is_measured(day) && !heng_day_is_good(day)) return;
        if (day->amount != 0) return;
    }
    if (w->in->degree_days.is && degrees(&w->in->degree_days, &cold) && cold == 0) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_ZERO);
    if (!v) return;
    heng_opt_put(&v->seen, days, 0);
    heng_opt_put(&v->high, days, 0);
    const struct heng_rules_series *mover = mover_of(w);
    if (!mover || !sum_of(mover, days, &moved) || moved > INT64_MAX) return;
    heng_opt_put(&v->reference, (int64_t)moved, -6);
    if (moved == 0) v->severity = HENG_SEVERITY_TOLD;
}

/* The counter stands while its counterpart moves. */
static void check_stuck(const struct heng_rules_work *w)
{
    const struct heng_rules_series *mover = mover_of(w);
    int64_t days = heng_limit_int(w->set, HENG_LIMIT_STUCK_DAYS), least;
    heng_i128 own = 0, moved = 0;
    if (!mover || !sum_of(&w->in->own, days, &own) || own != 0 || !sum_of(mover, days, &moved)) return;
    if (heng_unit_size_of(mover->unit).kind == HENG_KIND_OTHER) {
        least = INT64_C(3600) * 1000000; /* an hour of flow */
    } else if (!heng_dec_steps(w->set->limits[HENG_LIMIT_STUCK_LEAST], -6, HENG_ROUND_UP, &least)) {
        return;
    }
    if (moved < least || moved > INT64_MAX) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_STUCK);
    if (!v) return;
    heng_opt_put(&v->seen, 0, 0);
    heng_opt_put(&v->reference, (int64_t)moved, -6);
    heng_opt_put(&v->low, least, -6);
}

/* So many days in a row, today the last, that nobody measured. */
static void check_estimated_long(const struct heng_rules_work *w)
{
    int64_t most = heng_limit_int(w->set, HENG_LIMIT_ESTIMATED_LONG_DAYS), run = 0;
    for (unsigned i = 0; i <= w->in->own.past_count; i++) {
        const struct heng_day_usage *day = heng_series_day(&w->in->own, i);
        if (!day || (day->trust != HENG_TRUST_ESTIMATED && day->trust != HENG_TRUST_MISSING)) break;
        run++;
    }
    struct heng_verdict *v = run > most ? heng_rules_say_day(w, HENG_RULE_ESTIMATED_LONG) : NULL;
    if (!v) return;
    heng_opt_put(&v->seen, run, 0);
    heng_opt_put(&v->high, most, 0);
}

/* A power of ten that came to stay: three days in a row near ten, a hundred or a thousand times what was before them,
 * or the same below it, give or take half. */
enum { FACTOR_DAYS = 3 };

static int power_of_ten(int64_t amount, const struct basis *basis)
{
    static const int64_t powers[] = {10, 100, 1000};
    for (unsigned i = 0; i < 3; i++) {
        heng_i128 seen = (heng_i128)amount * basis->weight, known = basis->amount * basis->weight_today;
        if (seen * 3 >= known * powers[i] * 2 && seen * 2 <= known * powers[i] * 3) return (int)i + 1;
        if (seen * powers[i] * 3 >= known * 2 && seen * powers[i] * 2 <= known * 3) return -(int)i - 1;
    }
    return 0;
}

static bool is_small(heng_i128 amount) { return amount > 0 && amount < ((heng_i128)1 << 60); }

static void check_factor(const struct heng_rules_work *w)
{
    struct basis basis;
    int64_t expected, least = heng_limit_steps(w->set, HENG_LIMIT_FACTOR_LEAST, w->unit, w->day->exp, HENG_ROUND_UP);
    int power = 0;
    if (!basis_of(w, FACTOR_DAYS - 1, HENG_RULES_PAST_DAYS, HENG_LIMIT_HIGH_DEGREE_DAYS, &basis) ||
        (int64_t)basis.days < heng_limit_int(w->set, HENG_LIMIT_FACTOR_ENOUGH) || !is_small(basis.amount) ||
        !expected_of(&basis, hundred, HENG_ROUND_EVEN, &expected) || expected < least)
        return;
    for (unsigned i = 0; i < FACTOR_DAYS; i++) {
        const struct heng_day_usage *day = heng_series_day(&w->in->own, i);
        struct basis of_day = basis;
        if (!heng_day_is_measured(day) || day->exp != w->day->exp || !is_small(day->amount)) return;
        if (!basis.weather) of_day.weight_today = day->count;
        if (basis.weather && i && !degrees(&w->in->past_degree_days[i - 1], &of_day.weight_today)) return;
        int now = power_of_ten(day->amount, &of_day);
        if (!now || (i && now != power)) return;
        power = now;
    }
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_FACTOR);
    if (!v) return;
    heng_opt_put(&v->seen, w->day->amount, w->day->exp);
    heng_opt_put(&v->reference, expected, w->day->exp);
}

void heng_rules_check_past(const struct heng_rules_work *w)
{
    check_estimated_long(w);
    if (!heng_day_is_measured(w->day)) return;
    if (heng_rules_wanted(w, HENG_RULE_HIGH)) check_high(w);
    if (heng_rules_wanted(w, HENG_RULE_LOW)) check_low(w);
    if (heng_rules_wanted(w, HENG_RULE_ZERO)) check_zero(w);
    if (heng_rules_wanted(w, HENG_RULE_STUCK)) check_stuck(w);
    if (heng_rules_wanted(w, HENG_RULE_FACTOR)) check_factor(w);
}
