#ifndef HENG_BILL_CALC_H
#define HENG_BILL_CALC_H
/* A chain of exact arithmetic that is checked once at its end: the first number that does not fit is latched, and
 * everything after it is zero. */
#include "bill/exact.h"

struct heng_calc {
    heng_rc rc; /* OK or ERANGE */
};

struct heng_dec heng_calc_add(struct heng_calc *calc, struct heng_dec a, struct heng_dec b);
struct heng_dec heng_calc_sub(struct heng_calc *calc, struct heng_dec a, struct heng_dec b);
struct heng_dec heng_calc_mul(struct heng_calc *calc, struct heng_dec a, struct heng_dec b); /* exactly */
/* Half up, or by a rule of its own, to so many places. */
struct heng_dec heng_calc_round(struct heng_calc *calc, struct heng_dec a, int places);
struct heng_dec heng_calc_mul_round(struct heng_calc *calc, struct heng_dec a, struct heng_dec b, int places);
struct heng_dec heng_calc_div(struct heng_calc *calc, struct heng_dec a, struct heng_dec b, struct heng_dec c,
                              int places); /* a x b / c */

/* Without zeros at the end of what is behind the point: 2541.50 is 2541.5. */
struct heng_dec heng_dec_trim(struct heng_dec a);

static inline bool heng_dec_zero(struct heng_dec a) { return a.mantissa == 0; }
static inline bool heng_dec_less(struct heng_dec a, struct heng_dec b) { return heng_dec_cmp(a, b) < 0; }
static inline struct heng_dec heng_dec_one(void) { return heng_dec_of(1, 0); }

#endif
