#include "vee/ratio.h"

#include <stdbool.h>

__extension__ typedef __int128 i128;

static bool times(i128 *number, i128 factor) { return !__builtin_mul_overflow(*number, factor, number); }

static bool times_pow10(i128 *number, int n)
{
    for (int i = 0; i < n; i++)
        if (!times(number, 10)) return false;
    return true;
}

heng_rc heng_ratio(struct heng_dec a, struct heng_dec b, struct heng_dec c, int places, struct heng_dec *ret)
{
    if (c.mantissa == 0 || places < 0 || places > HENG_RATIO_PLACES_MAX) return HENG_ERANGE;
    i128 number = (i128)a.mantissa * b.mantissa, divisor = c.mantissa;
    int shift = a.exp + b.exp - c.exp + places;
    if (number != 0 && !times_pow10(shift < 0 ? &divisor : &number, shift < 0 ? -shift : shift)) return HENG_ERANGE;

    bool negative = (number < 0) != (divisor < 0);
    if (number < 0) number = -number;
    if (divisor < 0) divisor = -divisor;
    i128 quotient = number / divisor, rest = number % divisor;
    if (rest >= divisor - rest) quotient++;
    if (quotient > INT64_MAX) return HENG_ERANGE;
    return heng_dec_make(negative ? -(int64_t)quotient : (int64_t)quotient, -places, ret);
}

heng_rc heng_percent(struct heng_dec part, struct heng_dec whole, int places, struct heng_dec *ret)
{
    return heng_ratio(part, (struct heng_dec){.mantissa = 100}, whole, places, ret);
}

heng_rc heng_percent_of(int64_t part, int64_t whole, int places, struct heng_dec *ret)
{
    return heng_percent((struct heng_dec){.mantissa = part}, (struct heng_dec){.mantissa = whole}, places, ret);
}
