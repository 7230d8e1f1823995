/* Heat: energy is volume times temperature difference times what a cubic metre of water holds. */
#include "vee/rule_parts.h"

static const struct {
    const char *text;
    int64_t num, den;
} factors[HENG_FACTOR_COUNT] = {
#define X(symbol, text, num, den) {text, num, den},
    HENG_FACTOR_LIST(X)
#undef X
};

const char *heng_channel_factor_text(heng_channel_factor factor)
{
    return (unsigned)factor < HENG_FACTOR_COUNT ? factors[factor].text : "none";
}

/* expected x factor x percent / 100, in multiples of 10^exp. */
static bool edge_of(struct heng_dec expected, unsigned factor, struct heng_dec percent, int exp,
                    heng_fraction_rounding rounding, int64_t *ret)
{
    struct heng_fraction f = heng_fraction_of(factors[factor].num);
    heng_fraction_over(&f, factors[factor].den);
    heng_fraction_times_dec(&f, expected);
    heng_fraction_times_dec(&f, percent);
    heng_fraction_over(&f, 100);
    heng_fraction_shift(&f, -exp);
    return heng_fraction_int(f, rounding, ret);
}

static bool is_near(struct heng_dec seen, struct heng_dec expected, unsigned factor, struct heng_dec percent)
{
    struct heng_dec whole = {100, 0}, below, above;
    int64_t low, high;
    return heng_dec_sub(whole, percent, &below) == HENG_OK && heng_dec_add(whole, percent, &above) == HENG_OK &&
           edge_of(expected, factor, below, seen.exp, HENG_ROUND_UP, &low) && seen.mantissa >= low &&
           edge_of(expected, factor, above, seen.exp, HENG_ROUND_DOWN, &high) && seen.mantissa <= high;
}

heng_channel_factor heng_channel_factor_near(struct heng_dec seen, struct heng_dec expected, struct heng_dec percent)
{
    unsigned i = 0;
    if (expected.mantissa <= 0) return HENG_FACTOR_COUNT;
    while (i < HENG_FACTOR_COUNT && !is_near(seen, expected, i, percent)) i++;
    return (heng_channel_factor)i;
}

/* Does the medium take heat away: then the return is the warmer one. EITHER: it depends on the season. */
typedef enum heng_direction { GIVES_HEAT, TAKES_HEAT, EITHER } heng_direction;

static heng_direction direction_of(heng_medium medium)
{
    if (medium == HENG_MEDIUM_HEAT_COOLING) return EITHER;
    return medium == HENG_MEDIUM_COOLING || medium == HENG_MEDIUM_COOLING_INLET || medium == HENG_MEDIUM_COOLING_OUTLET
               ? TAKES_HEAT
               : GIVES_HEAT;
}

static bool spread_of(const struct heng_rules_day *in, struct heng_dec *ret)
{
    if (!in->flow_degc.is || !in->return_degc.is ||
        heng_dec_sub(in->flow_degc.dec, in->return_degc.dec, ret) != HENG_OK || ret->mantissa == INT64_MIN)
        return false;
    heng_direction direction = direction_of(in->medium);
    if (direction == TAKES_HEAT || (direction == EITHER && ret->mantissa < 0)) ret->mantissa = -ret->mantissa;
    return true;
}

/* Energy and volume of the day in millionths of kWh and m3. */
static bool heat_of(const struct heng_rules_work *w, int64_t *ret_energy, int64_t *ret_volume)
{
    const struct heng_rules_series *volume = heng_rules_sibling_of(w->in, HENG_ROLE_VOLUME);
    if (!volume || !volume->day || volume->day->missing || heng_unit_size_of(w->unit).kind != HENG_KIND_ENERGY ||
        heng_unit_size_of(volume->unit).kind != HENG_KIND_VOLUME || !heng_day_is_measured(w->day))
        return false;
    return heng_amount_micro(w->day->amount, w->day->exp, w->unit, ret_energy) &&
           heng_amount_micro(volume->day->amount, volume->day->exp, volume->unit, ret_volume);
}

/* expected x (100 + sign x percent) / 100, in millionths of kWh. */
static bool band_of(const struct heng_rules_work *w, int64_t expected, int sign, int64_t *ret)
{
    struct heng_fraction share = heng_fraction_of(expected);
    int64_t part;
    heng_fraction_times_dec(&share, w->set->limits[HENG_LIMIT_PHYSICS_PERCENT]);
    heng_fraction_over(&share, 100);
    if (!heng_fraction_int(share, HENG_ROUND_DOWN, &part)) return false;
    return !__builtin_add_overflow(expected, sign < 0 ? -part : part, ret);
}

/* 118 kWh of 4.62 m3 and 21.9 K are 1.0028 of what they should be. A factor explains more than a wrong sum, so it is
 * said instead of it. */
static void check_physics(const struct heng_rules_work *w)
{
    int64_t energy, volume, expected, least, low, high;
    struct heng_dec spread, seen, should;
    if (!spread_of(w->in, &spread) || !heat_of(w, &energy, &volume) ||
        heng_dec_cmp(spread, w->set->limits[HENG_LIMIT_PHYSICS_SPREAD]) < 0)
        return;
    struct heng_fraction f = heng_fraction_of(volume);
    heng_fraction_times_dec(&f, w->set->limits[HENG_LIMIT_PHYSICS_K]);
    heng_fraction_times_dec(&f, spread);
    if (!heng_fraction_int(f, HENG_ROUND_EVEN, &expected) ||
        !heng_dec_steps(w->set->limits[HENG_LIMIT_PHYSICS_LEAST], -6, HENG_ROUND_UP, &least) || expected < least ||
        !band_of(w, expected, -1, &low) || !band_of(w, expected, 1, &high) || (energy >= low && energy <= high))
        return;
    seen = (struct heng_dec){energy, -6};
    should = (struct heng_dec){expected, -6};
    bool known = heng_channel_factor_near(seen, should, w->set->limits[HENG_LIMIT_FACTOR_PERCENT]) != HENG_FACTOR_COUNT;
    struct heng_verdict *v = known ? heng_rules_say_day(w, HENG_RULE_FACTOR) : NULL;
    if (!v) v = heng_rules_say_day(w, HENG_RULE_PHYSICS);
    if (!v) return;
    heng_opt_put(&v->seen, energy, -6);
    heng_opt_put(&v->low, low, -6);
    heng_opt_put(&v->high, high, -6);
    heng_opt_put(&v->reference, expected, -6);
}

/* Volume came through and hardly gave off heat. */
static void check_low_spread(const struct heng_rules_work *w)
{
    int64_t energy, volume, least;
    struct heng_dec spread, limit = w->set->limits[HENG_LIMIT_LOW_SPREAD_SPREAD];
    if (!heat_of(w, &energy, &volume) || energy < 0 || volume <= 0 ||
        !heng_dec_steps(w->set->limits[HENG_LIMIT_LOW_SPREAD_LEAST], -6, HENG_ROUND_UP, &least) || volume < least)
        return;
    struct heng_fraction f = heng_fraction_of(energy);
    heng_fraction_over(&f, volume);
    heng_fraction_over_dec(&f, w->set->limits[HENG_LIMIT_PHYSICS_K]);
    if (!heng_fraction_dec(f, -6, &spread) || heng_dec_cmp(spread, limit) >= 0) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_LOW_SPREAD);
    if (!v) return;
    heng_opt_put(&v->seen, spread.mantissa, spread.exp);
    heng_opt_put(&v->low, limit.mantissa, limit.exp);
    heng_opt_put(&v->reference, volume, -6);
}

/* One temperature outside of what water can have here. */
static bool check_range(const struct heng_rules_work *w, const struct heng_opt_dec *seen)
{
    struct heng_dec low = w->set->limits[HENG_LIMIT_TEMPERATURE_LOW],
                    high = w->set->limits[HENG_LIMIT_TEMPERATURE_HIGH];
    if (!seen->is || (heng_dec_cmp(seen->dec, low) >= 0 && heng_dec_cmp(seen->dec, high) <= 0)) return true;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_TEMPERATURE);
    if (v) {
        heng_opt_put(&v->seen, seen->dec.mantissa, seen->dec.exp);
        heng_opt_put(&v->low, low.mantissa, low.exp);
        heng_opt_put(&v->high, high.mantissa, high.exp);
    }
    return false;
}

/* What gives heat and returns warmer, or the sensors are exchanged. Standing water takes the temperature of the room:
 * then nothing follows from it. */
static void check_temperature(const struct heng_rules_work *w)
{
    const struct heng_rules_series *volume = heng_rules_sibling_of(w->in, HENG_ROLE_VOLUME);
    struct heng_dec spread, limit = w->set->limits[HENG_LIMIT_TEMPERATURE_BACKWARD];
    if (!check_range(w, &w->in->flow_degc) || !check_range(w, &w->in->return_degc)) return;
    if (!spread_of(w->in, &spread) || (volume && volume->day && volume->day->amount == 0)) return;
    limit.mantissa = -limit.mantissa;
    if (heng_dec_cmp(spread, limit) >= 0) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_TEMPERATURE);
    if (!v) return;
    heng_opt_put(&v->seen, spread.mantissa, spread.exp);
    heng_opt_put(&v->low, limit.mantissa, limit.exp);
    heng_opt_put(&v->reference, w->in->flow_degc.dec.mantissa, w->in->flow_degc.dec.exp);
}

void heng_rules_check_physics(const struct heng_rules_work *w)
{
    if (heng_rules_wanted(w, HENG_RULE_PHYSICS) || heng_rules_wanted(w, HENG_RULE_FACTOR)) check_physics(w);
    if (heng_rules_wanted(w, HENG_RULE_LOW_SPREAD)) check_low_spread(w);
    if (heng_rules_wanted(w, HENG_RULE_TEMPERATURE)) check_temperature(w);
}
