#include "vee/index.h"

#include <stddef.h>

__extension__ typedef __int128 i128;

/* Units of one kind: each is num / den of the first. Heat supply's calorie is the international one, 4.1868 J, so that
 * 1 Gcal is 1.163 MWh; foot 0.3048 m; US gallon of 231 cubic inches. */
static const struct unit_row {
    heng_unit unit;
    uint8_t kind;
    int64_t num, den;
} units[] = {
    {HENG_UNIT_WH, 1, 1, 1},
    {HENG_UNIT_J, 1, 1, 3600},
    {HENG_UNIT_CAL, 1, 1163, 1000000},
    {HENG_UNIT_M3, 2, 1, 1},
    {HENG_UNIT_FT3, 2, INT64_C(55306341), INT64_C(1953125000)},
    {HENG_UNIT_GAL, 2, INT64_C(473176473), INT64_C(125000000000)},
};

static const struct unit_row *unit_row(heng_unit unit)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].unit == unit) return &units[i];
    return NULL;
}

static i128 gcd(i128 a, i128 b)
{
    while (b) {
        i128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct ratio {
    i128 num, den;
};

static void reduce(struct ratio *r)
{
    i128 by = gcd(r->num, r->den);
    r->num /= by;
    r->den /= by;
}

static bool between_units(heng_unit from, heng_unit to, struct ratio *ret)
{
    const struct unit_row *a = unit_row(from), *b = unit_row(to);
    *ret = (struct ratio){1, 1};
    if (from == to) return true;
    if (!a || !b || a->kind != b->kind) return false;
    *ret = (struct ratio){(i128)a->num * b->den, (i128)a->den * b->num};
    reduce(ret);
    return true;
}

static bool times_power(i128 *a, int power)
{
    for (; power > 0; power--)
        if (__builtin_mul_overflow(*a, (i128)10, a)) return false;
    return true;
}

/* a / b half to even, b > 0. */
static i128 divide(i128 a, i128 b)
{
    i128 whole = a / b, rest = a % b;
    if (rest < 0) {
        rest += b;
        whole--;
    }
    if (rest > b - rest || (rest == b - rest && whole % 2 != 0)) whole++;
    return whole;
}

/* mantissa x 10^exp x ratio. */
static bool scale(i128 mantissa, int exp, struct ratio by, int64_t *ret)
{
    if (mantissa == 0) {
        *ret = 0;
        return true;
    }
    if (__builtin_mul_overflow(mantissa, by.num, &mantissa)) return false;
    if (exp < -36) { /* too small to be seen: what is left decides nothing */
        *ret = 0;
        return true;
    }
    if (!times_power(exp > 0 ? &mantissa : &by.den, exp > 0 ? exp : -exp)) return false;
    i128 value = by.den == 1 ? mantissa : divide(mantissa, by.den);
    if (value > HENG_INDEX_VALUE_MAX || value < -HENG_INDEX_VALUE_MAX) return false;
    *ret = (int64_t)value;
    return true;
}

static bool counter_ratio(const struct heng_counter *counter, struct ratio *by)
{
    by->num *= counter->multiplier;
    by->den *= counter->divisor;
    if (counter->multiplier != 1 && counter->divisor != 1) reduce(by);
    return by->num > 0 && by->den > 0;
}

/* index + wraps x 10^(digits + display_exp) at the finer exponent of both. */
static bool unwrap(const struct heng_counter *counter, uint32_t wraps, i128 *mantissa, int *exp)
{
    int range_exp = counter->digits + counter->display_exp;
    i128 range = wraps;
    if (*exp > range_exp) {
        if (*exp - range_exp > 38 || !times_power(mantissa, *exp - range_exp)) return false;
        *exp = range_exp;
    } else if (range_exp - *exp > 38 || !times_power(&range, range_exp - *exp)) {
        return false;
    }
    return !__builtin_add_overflow(*mantissa, range, mantissa);
}

/* Of the last digit. When it is no whole number (MJ in kWh) both indexes were rounded, and a coarser one may lie one
 * step further below a finer one. */
static int64_t step_of(int exp, struct ratio by)
{
    if (exp < -36 || !times_power(exp > 0 ? &by.num : &by.den, exp > 0 ? exp : -exp)) return 1;
    i128 step = by.num / by.den;
    if (step < 1) return 1;
    if (step >= HENG_INDEX_VALUE_MAX - 2) return HENG_INDEX_VALUE_MAX;
    return (int64_t)step + (by.num % by.den ? 2 : 0);
}

heng_rc heng_index_value(const struct heng_channel *channel, const struct heng_counter *counter, struct heng_dec index,
                         heng_unit unit, uint32_t wraps, int64_t *ret_value, int64_t *ret_step)
{
    struct ratio by;
    int64_t more = 0;
    if (unit == HENG_UNIT_NONE || unit == HENG_UNIT_UNKNOWN) unit = counter->unit;
    if (!between_units(unit, channel->unit, &by)) return HENG_EUNSUPPORTED;
    if (!counter_ratio(counter, &by)) return HENG_ERANGE;
    i128 mantissa = index.mantissa;
    int exp = index.exp;
    if (wraps && unit == counter->unit) {
        if (!unwrap(counter, wraps, &mantissa, &exp)) return HENG_ERANGE;
    } else if (wraps) { /* the counter in one unit, the index in another: two roundings, always the same */
        int64_t range = heng_index_range(channel, counter);
        if (__builtin_mul_overflow(range, (int64_t)wraps, &more)) return HENG_ERANGE;
    }
    if (!scale(mantissa, exp - channel->exp, by, ret_value)) return HENG_ERANGE;
    if (more > HENG_INDEX_VALUE_MAX - *ret_value) return HENG_ERANGE;
    *ret_value += more;
    if (ret_step) *ret_step = step_of(index.exp - channel->exp, by);
    return HENG_OK;
}

int64_t heng_index_range(const struct heng_channel *channel, const struct heng_counter *counter)
{
    struct ratio by;
    int64_t range = 0;
    if (!counter->digits || !between_units(counter->unit, channel->unit, &by) || !counter_ratio(counter, &by)) return 0;
    return scale(1, counter->digits + counter->display_exp - channel->exp, by, &range) ? range : 0;
}

heng_rc heng_amount_value(const struct heng_channel *channel, struct heng_dec amount, heng_unit unit,
                          int64_t *ret_value)
{
    const struct heng_counter plain = {channel->unit, 0, 0, 1, 1};
    return heng_index_value(channel, &plain, amount, unit, 0, ret_value, NULL);
}

int64_t heng_mul_div(int64_t a, int64_t b, int64_t c) { return (int64_t)divide((i128)a * b, c); }
