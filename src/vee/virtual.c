#include "vee/virtual.h"

#include <string.h>

__extension__ typedef __int128 i128;

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool times_pow10(i128 *value, int n)
{
    for (int i = 0; i < n; i++)
        if (__builtin_mul_overflow(*value, 10, value)) return false;
    return true;
}

/* den: the least multiple of all denominators, and 10^(exp - finest exp) where a term is finer than the result. */
static bool denominator_of(const struct heng_virtual_term *terms, size_t n, int8_t exp, i128 *ret)
{
    int64_t den = 1;
    int finest = exp;
    for (size_t i = 0; i < n; i++) {
        if (terms[i].den <= 0) return false;
        if (__builtin_mul_overflow(den, terms[i].den / gcd(den, terms[i].den), &den)) return false;
        if (terms[i].day && terms[i].day->exp < finest) finest = terms[i].day->exp;
    }
    *ret = den;
    return times_pow10(ret, exp - finest);
}

static bool scaled(const struct heng_virtual_term *term, int64_t amount, int8_t exp, i128 den, i128 *ret)
{
    int shift = exp - term->day->exp; /* > 0: the term is finer, and den has 10^shift in it */
    i128 factor = den / term->den;
    for (int i = 0; i < shift; i++) factor /= 10;
    *ret = factor;
    if (shift < 0 && !times_pow10(ret, -shift)) return false;
    return !__builtin_mul_overflow(*ret, (i128)term->num, ret) && !__builtin_mul_overflow(*ret, (i128)amount, ret);
}

static bool rounded(i128 number, i128 den, int64_t *ret)
{
    i128 quotient = number / den, rest = number % den;
    i128 far = rest < 0 ? -rest : rest;
    if (far > den - far || (far == den - far && quotient % 2 != 0)) quotient += number < 0 ? -1 : 1;
    if (quotient > INT64_MAX || quotient < -INT64_MAX) return false;
    *ret = (int64_t)quotient;
    return true;
}

static bool same_grid(const struct heng_virtual_term *terms, size_t n, uint16_t count)
{
    for (size_t i = 0; i < n; i++)
        if (terms[i].day && terms[i].day->count != count) return false;
    return true;
}

/* What term gives in interval k, or on the whole day when there is only one. */
static void part_of(const struct heng_day_usage *day, uint16_t count, uint16_t k, int64_t *ret_amount,
                    uint8_t *ret_trust)
{
    bool whole = day->count != count;
    *ret_amount = whole ? day->amount : day->amounts[k];
    *ret_trust = whole ? (uint8_t)day->trust : day->trusts[k];
}

static bool add_interval(const struct heng_virtual_term *terms, size_t n, i128 den, uint16_t k,
                         struct heng_day_usage *made, i128 *sum)
{
    i128 all = 0, one;
    uint8_t worst = HENG_TRUST_VALID;
    for (size_t i = 0; i < n && worst != HENG_TRUST_MISSING; i++) {
        int64_t amount = 0;
        uint8_t trust = HENG_TRUST_MISSING;
        if (terms[i].day) part_of(terms[i].day, made->count, k, &amount, &trust);
        if (trust > worst) worst = trust;
        if (trust == HENG_TRUST_MISSING) break;
        if (!scaled(&terms[i], amount, made->exp, den, &one) || __builtin_add_overflow(all, one, &all)) return false;
    }
    made->trusts[k] = worst;
    if (worst == HENG_TRUST_MISSING) {
        made->missing++;
        return true;
    }
    /* Rounded along the day: this interval is what the rounded sum grows by. */
    int64_t before, after;
    if (!rounded(*sum, den, &before) || __builtin_add_overflow(*sum, all, sum) || !rounded(*sum, den, &after) ||
        __builtin_sub_overflow(after, before, &made->amounts[k]))
        return false;
    made->amount = after;
    return true;
}

/* Confidence by what each term moves; where nothing moves, the least of all. */
static bool weigh(const struct heng_virtual_term *terms, size_t n, i128 den, struct heng_day_usage *made)
{
    i128 weights = 0, weighted = 0, one;
    uint16_t least = 1000;
    for (size_t i = 0; i < n; i++) {
        const struct heng_day_usage *day = terms[i].day;
        if (!day) {
            made->permille = 0;
            return true;
        }
        if (day->permille < least) least = day->permille;
        if (!scaled(&terms[i], day->amount, made->exp, den, &one)) return false;
        if (one < 0) one = -one;
        if (__builtin_add_overflow(weights, one, &weights) || __builtin_mul_overflow(one, (i128)day->permille, &one) ||
            __builtin_add_overflow(weighted, one, &weighted))
            return false;
    }
    made->permille = (uint16_t)(weights == 0 ? least : weighted / weights);
    return true;
}

heng_rc heng_virtual_day(const struct heng_virtual_term *terms, size_t n, heng_day day, int8_t exp, uint16_t count,
                         struct heng_day_usage *ret)
{
    struct heng_day_usage made = {.day = day, .exp = exp, .trust = HENG_TRUST_VALID};
    if (n > HENG_VIRTUAL_TERMS_MAX || count > HENG_DAY_INTERVALS_MAX) return HENG_ELIMIT;
    made.count = same_grid(terms, n, count) ? count : 1;

    heng_trust worst = 0;
    for (size_t i = 0; i < n; i++) {
        if (!terms[i].day) continue;
        made.flags |= terms[i].day->flags;
        if (terms[i].day->trust > worst) {
            worst = terms[i].day->trust;
            made.method = terms[i].day->method;
        }
    }
    i128 den, sum = 0;
    if (!denominator_of(terms, n, exp, &den)) return HENG_ERANGE;
    for (uint16_t k = 0; k < made.count; k++) {
        if (!add_interval(terms, n, den, k, &made, &sum)) return HENG_ERANGE;
        if (made.trusts[k] > (uint8_t)made.trust) made.trust = (heng_trust)made.trusts[k];
    }
    if (!weigh(terms, n, den, &made)) return HENG_ERANGE;
    memcpy(ret, &made, sizeof made);
    return HENG_OK;
}
