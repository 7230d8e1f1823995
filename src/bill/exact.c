#include "bill/exact.h"

#include <stdbool.h>

__extension__ typedef __int128 i128;

enum { DIGITS_MAX = 18 };
static const int64_t LARGEST = 999999999999999999;

const char *heng_rounding_text(heng_rounding rounding)
{
    static const char *const texts[] = {
#define X(symbol, text) text,
        HENG_ROUNDING_LIST(X)
#undef X
    };
    return rounding < HENG_ROUNDING_COUNT ? texts[rounding] : "none";
}

heng_rounding heng_rounding_of(struct heng_slice text)
{
    heng_rounding i = 0;
    while (i < HENG_ROUNDING_COUNT && !heng_slice_is(text, heng_rounding_text(i))) i++;
    return i;
}

static bool times_pow10(i128 *number, int n)
{
    if (n > 2 * DIGITS_MAX + 2) return *number == 0;
    for (int i = 0; i < n; i++)
        if (__builtin_mul_overflow(*number, (i128)10, number)) return false;
    return true;
}

/* number / divisor, both positive or zero, as a whole number by the rule. */
static i128 quotient_of(i128 number, i128 divisor, heng_rounding rounding)
{
    i128 quotient = number / divisor, rest = number % divisor;
    bool more = false;
    switch (rounding) {
    case HENG_ROUNDING_HALF_UP: more = rest >= divisor - rest; break;
    case HENG_ROUNDING_HALF_EVEN: more = rest > divisor - rest || (rest == divisor - rest && (quotient & 1)); break;
    case HENG_ROUNDING_DOWN:
    case HENG_ROUNDING_COUNT: break;
    case HENG_ROUNDING_UP: more = rest > 0; break;
    }
    return quotient + more;
}

/* number x 10^exp / divisor, to so many places. */
static heng_rc finish(i128 number, int exp, i128 divisor, int places, heng_rounding rounding, struct heng_dec *ret)
{
    if (divisor == 0 || places < 0 || places > HENG_PLACES_MAX || rounding >= HENG_ROUNDING_COUNT) return HENG_ERANGE;
    bool negative = (number < 0) != (divisor < 0);
    if (number < 0) number = -number;
    if (divisor < 0) divisor = -divisor;
    int shift = exp + places;
    if (shift >= 0 && !times_pow10(&number, shift)) return HENG_ERANGE;
    if (shift < 0 && !times_pow10(&divisor, -shift)) {
        /* the divisor is beyond any number we have: the quotient is less than a half */
        number = rounding == HENG_ROUNDING_UP && number != 0;
        divisor = 1;
    }
    i128 quotient = quotient_of(number, divisor, rounding);
    if (quotient > LARGEST) return HENG_ERANGE;
    return heng_dec_make(negative ? -(int64_t)quotient : (int64_t)quotient, -places, ret);
}

heng_rc heng_exact_round(struct heng_dec a, int places, heng_rounding rounding, struct heng_dec *ret)
{
    return finish(a.mantissa, a.exp, 1, places, rounding, ret);
}

heng_rc heng_exact_mul(struct heng_dec a, struct heng_dec b, int places, heng_rounding rounding, struct heng_dec *ret)
{
    return finish((i128)a.mantissa * b.mantissa, a.exp + b.exp, 1, places, rounding, ret);
}

heng_rc heng_exact_div(struct heng_dec a, struct heng_dec b, struct heng_dec c, int places, heng_rounding rounding,
                       struct heng_dec *ret)
{
    return finish((i128)a.mantissa * b.mantissa, a.exp + b.exp - c.exp, c.mantissa, places, rounding, ret);
}

heng_rc heng_exact_product(struct heng_dec a, struct heng_dec b, struct heng_dec *ret)
{
    int64_t mantissa;
    if (__builtin_mul_overflow(a.mantissa, b.mantissa, &mantissa)) return HENG_ERANGE;
    return heng_dec_make(mantissa, a.exp + b.exp, ret);
}

bool heng_exact_steps(struct heng_dec a, int places, int64_t *ret)
{
    i128 number = a.mantissa, divisor = 1;
    int shift = a.exp + places;
    if (!times_pow10(shift < 0 ? &divisor : &number, shift < 0 ? -shift : shift)) return false;
    if (number % divisor != 0) return false;
    number /= divisor;
    if (number > LARGEST || number < -LARGEST) return false;
    *ret = (int64_t)number;
    return true;
}
