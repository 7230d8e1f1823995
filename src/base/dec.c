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

/* n: 0..54. */
static u128 pow5(int n)
{
    enum { LAST = 27 }; /* the last power of five in 64 bits */
    static const uint64_t table[LAST + 1] = {
        UINT64_C(1),
        UINT64_C(5),
        UINT64_C(25),
        UINT64_C(125),
        UINT64_C(625),
        UINT64_C(3125),
        UINT64_C(15625),
        UINT64_C(78125),
        UINT64_C(390625),
        UINT64_C(1953125),
        UINT64_C(9765625),
        UINT64_C(48828125),
        UINT64_C(244140625),
        UINT64_C(1220703125),
        UINT64_C(6103515625),
        UINT64_C(30517578125),
        UINT64_C(152587890625),
        UINT64_C(762939453125),
        UINT64_C(3814697265625),
        UINT64_C(19073486328125),
        UINT64_C(95367431640625),
        UINT64_C(476837158203125),
        UINT64_C(2384185791015625),
        UINT64_C(11920928955078125),
        UINT64_C(59604644775390625),
        UINT64_C(298023223876953125),
        UINT64_C(1490116119384765625),
        UINT64_C(7450580596923828125),
    };
    return n <= LAST ? table[n] : (u128)table[LAST] * table[n - LAST];
}

/* A binary fraction x * 2^exp2 measured in steps of 10^exp10 is x * factor / divisor. */
struct ratio {
    u128 factor, divisor;
};

static inline struct ratio ratio_of(int exp2, int exp10)
{
    struct ratio r = {1, 1};
    int twos = exp2 - exp10; /* 10^k = 5^k * 2^k */
    if (exp10 >= 0)
        r.divisor = pow5(exp10);
    else
        r.factor = pow5(-exp10);
    if (twos >= 0)
        r.factor <<= twos; /* NOLINT: the analyzer loses track of 128-bit values */
    else
        r.divisor <<= -twos; /* NOLINT */
    return r;
}

/* A quotient of a power of two as divisor, which it nearly always is, costs a shift. */
static u128 divide(u128 number, u128 divisor, int twos)
{
    return twos < 0 && divisor == (u128)1 << -twos ? number >> -twos : number / divisor; /* NOLINT */
}

/* The most zeros, at most zeros_max, that a whole number with no more than `far` added or taken away can end in. */
static int round_digits(uint64_t whole, uint64_t far, int zeros_max)
{
    uint64_t rest = whole, over = 0, step = 1;
    for (int zeros = 0; zeros < zeros_max; zeros++) { /* who ends in more zeros ends in fewer */
        over += rest % 10 * step;
        rest /= 10;
        step *= 10;
        if (over > far && step - over > far) return zeros;
    }
    return zeros_max;
}

/* Shape: value = mantissa * 2^exp2. Every decimal strictly between the midpoints to the neighbouring
 * singles reads back as the same single (the midpoints too when the mantissa is even), so the first
 * digit count whose nearest decimal lies in between is the shortest text. Quarter units keep the
 * midpoints integral: half a step is 2, below a power of two the lower half step is 1.
 * All digit counts are tried on the number with nine digits, with exact products where it is close. */
heng_rc heng_dec_from_f32(uint32_t bits, struct heng_dec *ret)
{
    enum { DIGITS_MAX = 9 };
    bool negative = bits >> 31;
    int biased = (int)(bits >> 23 & 0xFF);
    uint32_t fraction = bits & 0x7FFFFF;
    if (biased == 0xFF) return HENG_ERANGE;
    if (biased == 0 && fraction == 0) return heng_dec_make(0, 0, ret);
    uint32_t mantissa = biased ? fraction | 0x800000 : fraction;
    int exp2 = (biased ? biased : 1) - 150;
    int top_bit = 31 - __builtin_clz(mantissa) + exp2;
    if (top_bit < -101) return HENG_ERANGE; /* less than the last place of a heng_dec */

    u128 quarters = (u128)mantissa << 2;
    u128 low_gap = fraction == 0 && biased > 1 ? 1 : 2, high_gap = 2;
    bool midpoints_count = mantissa % 2 == 0;

    /* The decimal place of the leading digit: log10(2) is 1233/4096, corrected by one where needed. */
    int top10 = (top_bit * 1233) >> 12;
    struct ratio next = ratio_of(exp2 - 2, top10 + 1);
    if (quarters * next.factor >= next.divisor) top10++;

    int last10 = top10 - DIGITS_MAX + 1;
    struct ratio r = ratio_of(exp2 - 2, last10);
    u128 exact = quarters * r.factor;
    uint64_t whole = (uint64_t)divide(exact, r.divisor, exp2 - 2 - last10);
    /* A bound of the room on either side: two quarters of at least 2^22, or of fewer in a denormal. */
    uint64_t far = (uint64_t)divide(high_gap * r.factor, r.divisor, exp2 - 2 - last10) + 1;
    for (int zeros = round_digits(whole, far, DIGITS_MAX - 1); zeros >= 0; zeros--) {
        uint64_t step = (uint64_t)pow10_table[zeros], digits_down = whole / step;
        u128 step_exact = (u128)step * r.divisor, down = digits_down * step_exact, up = down + step_exact;
        /* Half goes to the even digit, as everywhere. */
        bool goes_up = exact - down > up - exact || (exact - down == up - exact && digits_down % 2);
        u128 shown = goes_up ? up : down;
        u128 gap = shown >= exact ? shown - exact : exact - shown;
        u128 room = (shown >= exact ? high_gap : low_gap) * r.factor;
        if (gap > room || (gap == room && !midpoints_count)) continue;
        int64_t value = (int64_t)(digits_down + goes_up);
        int exp10 = last10 + zeros, digits = DIGITS_MAX - zeros;
        if (exp10 > 0) { /* whole numbers are written as such, as far as they fit */
            int more = exp10 < 18 - digits ? exp10 : 18 - digits;
            value *= pow10_table[more];
            exp10 -= more;
        }
        return heng_dec_make(negative ? -value : value, exp10, ret);
    }
    return HENG_EBUG; /* nine digits always suffice for a single */
}

/* An unsigned number of 256 bits, lowest limb first. All numbers of shortest_digits stay below 2^170. */
enum { WIDE_LIMBS = 4 };
struct wide {
    uint64_t limb[WIDE_LIMBS];
};

static void wide_scale(struct wide *a, uint64_t factor)
{
    u128 carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (u128)a->limb[i] * factor;
        a->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

static struct wide wide_shifted(uint64_t value, int left)
{
    struct wide a = {{0}};
    int limb = left / 64, bits = left % 64;
    a.limb[limb] = value << bits;
    if (bits) a.limb[limb + 1] = value >> (64 - bits);
    return a;
}

static struct wide wide_sum(const struct wide *a, const struct wide *b)
{
    struct wide sum;
    u128 carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (u128)a->limb[i] + b->limb[i];
        sum.limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return sum;
}

/* a -= b; b is not larger. */
static void wide_take(struct wide *a, const struct wide *b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        u128 take = (u128)b->limb[i] + borrow;
        borrow = a->limb[i] < take;
        a->limb[i] -= (uint64_t)take;
    }
}

static int wide_cmp(const struct wide *a, const struct wide *b)
{
    for (int i = WIDE_LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* A positive number value / unit, and how far below and above it a decimal may lie and still read back as it. */
struct span {
    struct wide value, unit, below, above;
    bool ends_count; /* just so far is near enough: the mantissa is even */
};

/* Digits of value / unit, which lies within 0.1 and 1, until what is left out is near enough; returns how many, the
 * number they make in *ret. Each turn takes one digit, and 17 always suffice. Source: the free-format algorithm of
 * Steele and White, "How to print floating-point numbers accurately". */
static int shortest_digits(struct span *s, uint64_t *ret)
{
    enum { DIGITS_MAX = 17 };
    uint64_t digits = 0;
    for (int count = 1; count <= DIGITS_MAX; count++) {
        unsigned digit = 0;
        wide_scale(&s->value, 10);
        wide_scale(&s->below, 10);
        wide_scale(&s->above, 10);
        for (; wide_cmp(&s->value, &s->unit) >= 0; digit++) wide_take(&s->value, &s->unit);
        digits = 10 * digits + digit;
        struct wide reach = wide_sum(&s->value, &s->above), twice = wide_sum(&s->value, &s->value);
        int down = wide_cmp(&s->value, &s->below), up = wide_cmp(&s->unit, &reach);
        bool down_fits = down < 0 || (down == 0 && s->ends_count), up_fits = up < 0 || (up == 0 && s->ends_count);
        if (!down_fits && !up_fits) continue;
        int half = wide_cmp(&twice, &s->unit); /* half goes to the even digit, as everywhere */
        bool round_up = up_fits && (!down_fits || half > 0 || (half == 0 && digits % 2));
        *ret = digits + round_up;
        return count;
    }
    return 0;
}

/* Shape: value = mantissa * 2^exp2, in quarters as with singles; the span is scaled so that value / unit < 1. */
heng_rc heng_dec_from_f64(uint64_t bits, struct heng_dec *ret)
{
    bool negative = bits >> 63;
    int biased = (int)(bits >> 52 & 0x7FF);
    uint64_t fraction = bits & UINT64_C(0xFFFFFFFFFFFFF);
    if (biased == 0 && fraction == 0) return heng_dec_make(0, 0, ret);
    int top_bit = biased - 1023;
    if (top_bit < -101 || top_bit > 120) return HENG_ERANGE; /* also subnormal, infinite, not a number */

    uint64_t mantissa = fraction | UINT64_C(1) << 52;
    int exp2 = top_bit - 54; /* of a quarter */
    int up = exp2 > 0 ? exp2 : 0, down = exp2 < 0 ? -exp2 : 0;
    struct span s = {.value = wide_shifted(mantissa << 2, up),
                     .unit = wide_shifted(1, down),
                     .below = wide_shifted(fraction == 0 ? 1 : 2, up),
                     .above = wide_shifted(2, up),
                     .ends_count = mantissa % 2 == 0};

    /* 0.1 <= value / unit < 1, with the upper end below 1 as well: log10(2) is 1233/4096, corrected where needed. */
    int exp10 = (top_bit * 1233) >> 12;
    for (int i = 0; i < exp10; i++) wide_scale(&s.unit, 10);
    for (int i = 0; i > exp10; i--) {
        wide_scale(&s.value, 10);
        wide_scale(&s.below, 10);
        wide_scale(&s.above, 10);
    }
    struct wide reach = wide_sum(&s.value, &s.above);
    for (int up_by = wide_cmp(&reach, &s.unit); up_by > 0 || (up_by == 0 && s.ends_count);
         up_by = wide_cmp(&reach, &s.unit)) {
        wide_scale(&s.unit, 10);
        exp10++;
    }

    uint64_t digits = 0;
    int count = shortest_digits(&s, &digits);
    if (count == 0) return HENG_EBUG;
    exp10 -= count;
    if (exp10 > 0) { /* whole numbers are written as such, as far as they fit */
        int zeros = exp10 < 18 - count ? exp10 : 18 - count;
        digits *= (uint64_t)pow10_table[zeros];
        exp10 -= zeros;
    }
    int64_t value = (int64_t)digits;
    return heng_dec_make(negative ? -value : value, exp10, ret);
}
