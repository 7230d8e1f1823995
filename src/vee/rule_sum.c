/* Fractions, units, limits: the arithmetic of the rules. */
#include "vee/rule_sum.h"

struct heng_fraction heng_fraction_of(heng_i128 number)
{
    struct heng_fraction f = {number, 1, false};
    return f;
}

void heng_fraction_times(struct heng_fraction *f, heng_i128 factor)
{
    if (__builtin_mul_overflow(f->num, factor, &f->num)) f->bad = true;
}

void heng_fraction_over(struct heng_fraction *f, heng_i128 divisor)
{
    if (divisor < 0) {
        divisor = -divisor;
        heng_fraction_times(f, -1);
    }
    if (divisor <= 0 || __builtin_mul_overflow(f->den, divisor, &f->den)) f->bad = true;
}

void heng_fraction_shift(struct heng_fraction *f, int exp)
{
    for (; exp > 0 && !f->bad; exp--) heng_fraction_times(f, 10);
    for (; exp < 0 && !f->bad; exp++) {
        if (f->num % 10 == 0)
            f->num /= 10;
        else
            heng_fraction_over(f, 10);
    }
}

void heng_fraction_times_dec(struct heng_fraction *f, struct heng_dec factor)
{
    heng_fraction_times(f, factor.mantissa);
    heng_fraction_shift(f, factor.exp);
}

void heng_fraction_over_dec(struct heng_fraction *f, struct heng_dec divisor)
{
    heng_fraction_over(f, divisor.mantissa);
    heng_fraction_shift(f, -divisor.exp);
}

bool heng_fraction_int(struct heng_fraction f, heng_fraction_rounding rounding, int64_t *ret)
{
    if (f.bad) return false;
    heng_i128 whole = f.num / f.den, rest = f.num % f.den;
    if (rest < 0) { /* C cuts towards zero */
        rest += f.den;
        whole--;
    }
    bool up = rounding == HENG_ROUND_UP && rest != 0;
    if (rounding == HENG_ROUND_EVEN) {
        heng_i128 other = f.den - rest;
        up = rest > other || (rest == other && (whole & 1));
    }
    whole += up;
    if (whole < INT64_MIN || whole > INT64_MAX) return false;
    *ret = (int64_t)whole;
    return true;
}

bool heng_fraction_dec(struct heng_fraction f, int exp, struct heng_dec *ret)
{
    int64_t mantissa;
    heng_fraction_shift(&f, -exp);
    return heng_fraction_int(f, HENG_ROUND_EVEN, &mantissa) && heng_dec_make(mantissa, exp, ret) == HENG_OK;
}

bool heng_dec_steps(struct heng_dec dec, int exp, heng_fraction_rounding rounding, int64_t *ret)
{
    struct heng_fraction f = heng_fraction_of(dec.mantissa);
    heng_fraction_shift(&f, dec.exp - exp);
    return heng_fraction_int(f, rounding, ret);
}

/* Sources: 1 kWh = 3.6 MJ; 1 cal (International Table) = 4.1868 J; 1 ft = 0.3048 m; 1 US gallon = 231 cubic inches. A
 * kilogram counts as a litre of water. */
struct heng_unit_size heng_unit_size_of(heng_unit unit)
{
    static const struct {
        heng_unit unit;
        struct heng_unit_size size;
    } sizes[] = {
        {HENG_UNIT_WH, {HENG_KIND_ENERGY, 1, 1000}},
        {HENG_UNIT_J, {HENG_KIND_ENERGY, 1, 3600000}},
        {HENG_UNIT_CAL, {HENG_KIND_ENERGY, 1163, 1000000000}},
        {HENG_UNIT_VARH, {HENG_KIND_ENERGY, 1, 1000}},
        {HENG_UNIT_VAH, {HENG_KIND_ENERGY, 1, 1000}},
        {HENG_UNIT_M3, {HENG_KIND_VOLUME, 1, 1}},
        {HENG_UNIT_KG, {HENG_KIND_VOLUME, 1, 1000}},
        {HENG_UNIT_FT3, {HENG_KIND_VOLUME, 28316846592, 1000000000000}},
        {HENG_UNIT_GAL, {HENG_KIND_VOLUME, 3785411784, 1000000000000}},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i].unit == unit) return sizes[i].size;
    return (struct heng_unit_size){HENG_KIND_OTHER, 1, 1};
}

bool heng_amount_micro(int64_t amount, int exp, heng_unit unit, int64_t *ret)
{
    struct heng_unit_size size = heng_unit_size_of(unit);
    struct heng_fraction f = heng_fraction_of(amount);
    heng_fraction_times(&f, size.num);
    heng_fraction_over(&f, size.den);
    heng_fraction_shift(&f, exp + 6);
    return heng_fraction_int(f, HENG_ROUND_EVEN, ret);
}

int64_t heng_limit_steps(const struct heng_rule_set *set, heng_limit limit, heng_unit unit, int exp,
                         heng_fraction_rounding rounding)
{
    struct heng_unit_size size = heng_unit_size_of(unit);
    struct heng_fraction f = heng_fraction_of(size.den);
    int64_t steps;
    heng_fraction_over(&f, size.num);
    heng_fraction_times_dec(&f, set->limits[limit]);
    heng_fraction_shift(&f, -exp);
    return heng_fraction_int(f, rounding, &steps) ? steps : INT64_MAX;
}

int64_t heng_limit_int(const struct heng_rule_set *set, heng_limit limit)
{
    int64_t whole;
    return heng_dec_steps(set->limits[limit], 0, HENG_ROUND_DOWN, &whole) ? whole : INT64_MAX;
}

void heng_opt_put(struct heng_opt_dec *ret, int64_t mantissa, int exp)
{
    struct heng_dec dec;
    if (heng_dec_make(mantissa, exp, &dec) != HENG_OK) return;
    ret->is = true;
    ret->dec.mantissa = dec.mantissa;
    ret->dec.exp = dec.exp;
}

void heng_opt_put_sum(struct heng_opt_dec *ret, int64_t a, int64_t b, int exp)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) heng_opt_put(ret, sum, exp);
}
