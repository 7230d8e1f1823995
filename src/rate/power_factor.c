#include "rate/power_factor.h"

__extension__ typedef unsigned __int128 u128;

/* Corners of the tables of 1983 (Order 215 on price of water and electricity): linear between them.
 * Source: domain notes, section 6, checked against published bills; 0.85 goes on to 0.94 as the printed table does. */
#define POINT(hundredths, permyriad)                                                                                   \
    {                                                                                                                  \
        {hundredths, -2}, { permyriad, -4 }                                                                            \
    }
static const struct heng_pf_point POINTS_90[] = {POINT(0, 14500), POINT(65, 1500), POINT(70, 1000), POINT(90, 0),
                                                 POINT(95, -75)};
static const struct heng_pf_point POINTS_85[] = {POINT(0, 13500), POINT(60, 1500), POINT(65, 1000),
                                                 POINT(85, 0),    POINT(90, -50),  POINT(94, -110)};
static const struct heng_pf_point POINTS_80[] = {POINT(0, 12500), POINT(55, 1500), POINT(60, 1000),
                                                 POINT(80, 0),    POINT(90, -100), POINT(92, -130)};

const struct heng_pf_point *heng_power_factor_points(struct heng_dec standard, size_t *ret_count)
{
    static const struct {
        int hundredths;
        const struct heng_pf_point *points;
        size_t count;
    } tables[] = {{90, POINTS_90, sizeof POINTS_90 / sizeof *POINTS_90},
                  {85, POINTS_85, sizeof POINTS_85 / sizeof *POINTS_85},
                  {80, POINTS_80, sizeof POINTS_80 / sizeof *POINTS_80}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (heng_dec_cmp(standard, heng_dec_of(tables[i].hundredths, -2)) != 0) continue;
        *ret_count = tables[i].count;
        return tables[i].points;
    }
    *ret_count = 0;
    return NULL;
}

/* Both as whole numbers of one unit, small enough that their squares times 40,000 fit. */
static bool align(struct heng_dec a, struct heng_dec b, u128 *ret_a, u128 *ret_b)
{
    struct heng_dec sum;
    static const int64_t largest = 10000000000000000;
    if (heng_dec_add(a, heng_dec_of(0, b.exp), &sum) != HENG_OK) return false;
    int64_t x = sum.mantissa;
    if (heng_dec_add(b, heng_dec_of(0, a.exp), &sum) != HENG_OK) return false;
    int64_t y = sum.mantissa;
    if (x > largest || y > largest || x < -largest || y < -largest) return false;
    if (x < 0) x = -x;
    if (y < 0) y = -y;
    *ret_a = (u128)x;
    *ret_b = (u128)y;
    return true;
}

/* h hundredths are reached when 100 P / S >= h - 1/2, that is (200 P)^2 >= (2h - 1)^2 S^2: no root is needed. */
heng_rc heng_power_factor(struct heng_dec active, struct heng_dec reactive, struct heng_dec *ret)
{
    u128 p, q;
    unsigned h = 100;
    if (!align(active, reactive, &p, &q)) return HENG_ERANGE;
    u128 apparent = p * p + q * q;
    while (apparent && h > 0 && 40000 * p * p < (u128)(2 * h - 1) * (2 * h - 1) * apparent) h--;
    *ret = heng_dec_of(h, -2);
    return HENG_OK;
}

static heng_rc between(const struct heng_pf_point *a, const struct heng_pf_point *b, struct heng_dec pf,
                       struct heng_dec *ret)
{
    struct heng_dec run, rise, at, part;
    heng_rc rc = heng_dec_sub(b->pf, a->pf, &run);
    if (rc == HENG_OK) rc = heng_dec_sub(b->rate, a->rate, &rise);
    if (rc == HENG_OK) rc = heng_dec_sub(pf, a->pf, &at);
    if (rc == HENG_OK) rc = heng_exact_div(rise, at, run, 6, HENG_ROUNDING_HALF_UP, &part);
    if (rc == HENG_OK) rc = heng_dec_add(a->rate, part, ret);
    while (rc == HENG_OK && ret->exp < -4 && ret->mantissa % 10 == 0) {
        ret->mantissa /= 10;
        ret->exp++;
    }
    return rc;
}

heng_rc heng_power_factor_rate(const struct heng_pf_point *points, size_t count, struct heng_dec pf,
                               struct heng_dec *ret)
{
    if (count == 0) return HENG_ERANGE;
    size_t i = 0;
    while (i < count && heng_dec_cmp(points[i].pf, pf) <= 0) i++;
    if (i > 0 && i < count) return between(&points[i - 1], &points[i], pf, ret);
    *ret = points[i ? count - 1 : 0].rate;
    return HENG_OK;
}

heng_rc heng_power_factor_rebill(struct heng_dec billed, struct heng_dec old_rate, struct heng_dec new_rate, int places,
                                 heng_rounding rounding, struct heng_dec *ret)
{
    struct heng_dec one_old, one_new;
    heng_rc rc = heng_dec_add(heng_dec_of(1, 0), old_rate, &one_old);
    if (rc == HENG_OK) rc = heng_dec_add(heng_dec_of(1, 0), new_rate, &one_new);
    return rc == HENG_OK ? heng_exact_div(billed, one_new, one_old, places, rounding, ret) : rc;
}
