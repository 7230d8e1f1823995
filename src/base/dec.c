#include "base/dec.h"

#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* 10^0 .. 10^18, all that fit an int64. */
static const int64_t pow10_table[19] = {
    INT64_C(1),
    INT64_C(10),
    INT64_C(100),
    INT64_C(1000),
    INT64_C(10000),
    INT64_C(100000),
    INT64_C(1000000),
    INT64_C(10000000),
    INT64_C(100000000),
    INT64_C(1000000000),
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};

heng_rc heng_dec_make(int64_t mantissa, int exp, struct heng_dec *ret)
{
    if (exp < HENG_DEC_EXP_MIN || exp > HENG_DEC_EXP_MAX) return HENG_ERANGE;
    *ret = (struct heng_dec){mantissa, (int8_t)exp};
    return HENG_OK;
}

heng_rc heng_dec_shift(struct heng_dec a, int shift, struct heng_dec *ret)
{
    return heng_dec_make(a.mantissa, a.exp + shift, ret);
}

heng_rc heng_dec_scale(struct heng_dec a, int64_t factor, struct heng_dec *ret)
{
    int64_t mantissa;
    if (__builtin_mul_overflow(a.mantissa, factor, &mantissa)) return HENG_ERANGE;
    return heng_dec_make(mantissa, a.exp, ret);
}

/* a's mantissa written at the finer exponent exp. */
static bool rescale(struct heng_dec a, int exp, int64_t *ret)
{
    int places = a.exp - exp;
    if (a.mantissa == 0) {
        *ret = 0;
        return true;
    }
    return places <= 18 && !__builtin_mul_overflow(a.mantissa, pow10_table[places], ret);
}

heng_rc heng_dec_add(struct heng_dec a, struct heng_dec b, struct heng_dec *ret)
{
    int exp = a.exp < b.exp ? a.exp : b.exp;
    int64_t x = 0, y = 0, sum = 0;
    if (!rescale(a, exp, &x) || !rescale(b, exp, &y) || __builtin_add_overflow(x, y, &sum)) return HENG_ERANGE;
    return heng_dec_make(sum, exp, ret);
}

heng_rc heng_dec_sub(struct heng_dec a, struct heng_dec b, struct heng_dec *ret)
{
    if (b.mantissa == INT64_MIN) return HENG_ERANGE;
    b.mantissa = -b.mantissa;
    return heng_dec_add(a, b, ret);
}

/* Number of decimal digits of a magnitude. */
static int digit_count(uint64_t magnitude)
{
    int count = 0;
    for (; magnitude; magnitude /= 10) count++;
    return count;
}

static uint64_t magnitude_of(int64_t value) { return value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value; }

int heng_dec_cmp(struct heng_dec a, struct heng_dec b)
{
    int sign_a = (a.mantissa > 0) - (a.mantissa < 0), sign_b = (b.mantissa > 0) - (b.mantissa < 0);
    if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
    if (sign_a == 0) return 0;
    uint64_t x = magnitude_of(a.mantissa), y = magnitude_of(b.mantissa);
    int top_a = digit_count(x) + a.exp, top_b = digit_count(y) + b.exp;
    if (top_a != top_b) return (top_a < top_b ? -1 : 1) * sign_a;
    /* The leading digits stand at the same place, so the exponents differ by at most 19. */
    u128 wide_x = x, wide_y = y;
    for (int i = a.exp; i > b.exp; i--) wide_x *= 10;
    for (int i = b.exp; i > a.exp; i--) wide_y *= 10;
    return wide_x == wide_y ? 0 : (wide_x < wide_y ? -1 : 1) * sign_a;
}

size_t heng_dec_format(struct heng_dec a, char ret_text[static HENG_DEC_TEXT_MAX])
{
    char digits[HENG_DEC_TEXT_MAX]; /* lowest first */
    int count = 0;
    if (a.mantissa != 0)
        for (int i = 0; i < a.exp; i++) digits[count++] = '0';
    uint64_t rest = magnitude_of(a.mantissa);
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    int places = a.exp < 0 ? -a.exp : 0;
    while (count <= places) digits[count++] = '0';

    size_t n = 0;
    if (a.mantissa < 0) ret_text[n++] = '-';
    for (int i = count - 1; i >= 0; i--) {
        ret_text[n++] = digits[i];
        if (i == places && places) ret_text[n++] = '.';
    }
    ret_text[n] = '\0';
    return n;
}

heng_rc heng_dec_parse(const char *text, struct heng_dec *ret, struct heng_err *err)
{
    const char *p = text;
    bool negative = *p == '-', any = false, point = false;
    if (*p == '-' || *p == '+') p++;
    uint64_t magnitude = 0;
    int exp = 0;
    for (;; p++) {
        if (*p == '.' && !point && any) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9') break;
        any = true;
        if (__builtin_mul_overflow(magnitude, UINT64_C(10), &magnitude) ||
            __builtin_add_overflow(magnitude, (uint64_t)(*p - '0'), &magnitude) || magnitude > INT64_MAX)
            return heng_fail(err, HENG_ERANGE, (uint32_t)(p - text), "'%.40s' has more digits than fit", text);
        if (point) exp--;
    }
    if (!any || *p != '\0' || p[-1] == '.')
        return heng_fail(err, HENG_EFORMAT, (uint32_t)(p - text), "'%.40s' is not a decimal number such as 12.50",
                         text);
    if (heng_dec_make(negative ? -(int64_t)magnitude : (int64_t)magnitude, exp, ret) != HENG_OK)
        return heng_fail(err, HENG_ERANGE, (uint32_t)(p - text), "'%.40s' has too many decimals", text);
    return HENG_OK;
}

static u128 pow5(int n)
{
    u128 power = 1;
    for (int i = 0; i < n; i++) power *= 5;
    return power;
}

/* A binary fraction x * 2^exp2 measured in steps of 10^exp10 is x * factor / divisor. */
struct ratio {
    u128 factor, divisor;
};

static struct ratio ratio_of(int exp2, int exp10)
{
    struct ratio r = {1, 1};
    int twos = exp2 - exp10; /* 10^k = 5^k * 2^k */
    if (exp10 >= 0)
        r.divisor = pow5(exp10); /* NOLINT: the analyzer loses track of 128-bit values */
    else
        r.factor = pow5(-exp10); /* NOLINT */
    if (twos >= 0)
        r.factor <<= twos;
    else
        r.divisor <<= -twos;
    return r;
}

/* Shape: value = mantissa * 2^exp2. Every decimal strictly between the midpoints to the neighbouring
 * singles reads back as the same single (the midpoints too when the mantissa is even), so the first
 * digit count whose nearest decimal lies in between is the shortest text. Quarter units keep the
 * midpoints integral: half a step is 2, below a power of two the lower half step is 1. */
heng_rc heng_dec_from_f32(uint32_t bits, struct heng_dec *ret)
{
    bool negative = bits >> 31;
    int biased = (int)(bits >> 23 & 0xFF);
    uint32_t fraction = bits & 0x7FFFFF;
    if (biased == 0xFF) return HENG_ERANGE;
    if (biased == 0 && fraction == 0) return heng_dec_make(0, 0, ret);
    uint32_t mantissa = biased ? fraction | 0x800000 : fraction;
    int exp2 = (biased ? biased : 1) - 150;
    int top_bit = 31 - __builtin_clz(mantissa) + exp2;
    if (top_bit < -95 || top_bit > 88) return HENG_ERANGE; /* far outside what a heng_dec holds */

    u128 quarters = (u128)mantissa << 2;
    u128 low_gap = fraction == 0 && biased > 1 ? 1 : 2, high_gap = 2;
    bool midpoints_count = mantissa % 2 == 0;

    /* The decimal place of the leading digit: log10(2) is 1233/4096, corrected by one where needed. */
    int top10 = (top_bit * 1233) >> 12;
    struct ratio next = ratio_of(exp2 - 2, top10 + 1);
    if (quarters * next.factor >= next.divisor) top10++;

    for (int digits = 1; digits <= 9; digits++) {
        int exp10 = top10 - digits + 1;
        struct ratio r = ratio_of(exp2 - 2, exp10);
        u128 exact = quarters * r.factor;
        u128 nearest = (exact + r.divisor / 2) / r.divisor;
        u128 shown = nearest * r.divisor;
        u128 gap = shown >= exact ? shown - exact : exact - shown;
        u128 room = (shown >= exact ? high_gap : low_gap) * r.factor;
        if (gap < room || (gap == room && midpoints_count)) {
            int64_t value = (int64_t)nearest;
            if (exp10 > 0) { /* whole numbers are written as such, as far as they fit */
                int zeros = exp10 < 18 - digits ? exp10 : 18 - digits;
                value *= pow10_table[zeros];
                exp10 -= zeros;
            }
            return heng_dec_make(negative ? -value : value, exp10, ret);
        }
    }
    return HENG_EBUG; /* nine digits always suffice for a single */
}
