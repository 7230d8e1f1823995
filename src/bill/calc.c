#include "bill/calc.h"

static struct heng_dec latch(struct heng_calc *calc, heng_rc rc, struct heng_dec dec)
{
    if (calc->rc == HENG_OK && rc != HENG_OK) calc->rc = HENG_ERANGE;
    return calc->rc == HENG_OK ? dec : heng_dec_of(0, 0);
}

struct heng_dec heng_dec_trim(struct heng_dec a)
{
    if (a.mantissa == 0) return heng_dec_of(0, 0);
    while (a.exp < 0 && a.mantissa % 10 == 0) {
        a.mantissa /= 10;
        a.exp++;
    }
    return a;
}

struct heng_dec heng_calc_add(struct heng_calc *calc, struct heng_dec a, struct heng_dec b)
{
    struct heng_dec dec = {0, 0};
    return latch(calc, heng_dec_add(a, b, &dec), dec);
}

struct heng_dec heng_calc_sub(struct heng_calc *calc, struct heng_dec a, struct heng_dec b)
{
    struct heng_dec dec = {0, 0};
    return latch(calc, heng_dec_sub(a, b, &dec), dec);
}

struct heng_dec heng_calc_mul(struct heng_calc *calc, struct heng_dec a, struct heng_dec b)
{
    struct heng_dec dec = {0, 0};
    heng_rc rc = heng_exact_product(a, b, &dec);
    if (rc != HENG_OK) rc = heng_exact_product(heng_dec_trim(a), heng_dec_trim(b), &dec);
    return latch(calc, rc, dec);
}

struct heng_dec heng_calc_round(struct heng_calc *calc, struct heng_dec a, int places)
{
    struct heng_dec dec = {0, 0};
    return latch(calc, heng_exact_round(a, places, HENG_ROUNDING_HALF_UP, &dec), dec);
}

struct heng_dec heng_calc_mul_round(struct heng_calc *calc, struct heng_dec a, struct heng_dec b, int places)
{
    struct heng_dec dec = {0, 0};
    return latch(calc, heng_exact_mul(a, b, places, HENG_ROUNDING_HALF_UP, &dec), dec);
}

struct heng_dec heng_calc_div(struct heng_calc *calc, struct heng_dec a, struct heng_dec b, struct heng_dec c,
                              int places)
{
    struct heng_dec dec = {0, 0};
    return latch(calc, heng_exact_div(a, b, c, places, HENG_ROUNDING_HALF_UP, &dec), dec);
}
