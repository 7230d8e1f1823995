#ifndef HENG_VEE_RULE_SUM_H
#define HENG_VEE_RULE_SUM_H
/* The arithmetic of rules and estimates: exact fractions of 128 bits, rounded once at the end. */
#include "vee/rules.h"

__extension__ typedef __int128 heng_i128;

/* A fraction that is built factor by factor. A product that does not fit latches bad: the sum is then not known, and
 * who asked says nothing. den > 0 always. */
struct heng_fraction {
    heng_i128 num, den;
    bool bad;
};
struct heng_fraction heng_fraction_of(heng_i128 number);
void heng_fraction_times(struct heng_fraction *f, heng_i128 factor);
void heng_fraction_over(struct heng_fraction *f, heng_i128 divisor); /* 0 is bad */
void heng_fraction_times_dec(struct heng_fraction *f, struct heng_dec factor);
void heng_fraction_over_dec(struct heng_fraction *f, struct heng_dec divisor);
void heng_fraction_shift(struct heng_fraction *f, int exp); /* x 10^exp */

typedef enum heng_fraction_rounding {
    HENG_ROUND_DOWN,
    HENG_ROUND_UP,
    HENG_ROUND_EVEN
} heng_fraction_rounding; /* down: to minus infinity */
/* false: bad, or it does not fit. */
bool heng_fraction_int(struct heng_fraction f, heng_fraction_rounding rounding, int64_t *ret);
/* The same as a decimal of that exponent, half to even. */
bool heng_fraction_dec(struct heng_fraction f, int exp, struct heng_dec *ret);

/* dec in multiples of 10^exp, rounded. false: it does not fit. */
bool heng_dec_steps(struct heng_dec dec, int exp, heng_fraction_rounding rounding, int64_t *ret);

/* What a unit counts, and its size in kWh or m3 (kvarh, kVAh likewise); OTHER: 1 of itself. */
typedef enum heng_unit_kind { HENG_KIND_OTHER, HENG_KIND_ENERGY, HENG_KIND_VOLUME } heng_unit_kind;
struct heng_unit_size {
    heng_unit_kind kind;
    int64_t num, den;
};
struct heng_unit_size heng_unit_size_of(heng_unit unit);

/* An amount in millionths of kWh or m3. false: it does not fit. */
bool heng_amount_micro(int64_t amount, int exp, heng_unit unit, int64_t *ret);

/* A limit of unit "amount" in multiples of 10^exp of a channel's unit: rounded up for amount >= limit, down for amount
 * > limit, which is then exact. Too large: INT64_MAX. */
int64_t heng_limit_steps(const struct heng_rule_set *set, heng_limit limit, heng_unit unit, int exp,
                         heng_fraction_rounding rounding);

/* A limit that is a count (days, intervals ...), cut to a whole number. */
int64_t heng_limit_int(const struct heng_rule_set *set, heng_limit limit);

/* A number of a verdict; a sum that does not fit is left out. */
void heng_opt_put(struct heng_opt_dec *ret, int64_t mantissa, int exp);
void heng_opt_put_sum(struct heng_opt_dec *ret, int64_t a, int64_t b, int exp);

#endif
