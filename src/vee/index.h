#ifndef HENG_VEE_INDEX_H
#define HENG_VEE_INDEX_H
/* What a counter shows, in the unit and resolution of a channel: exact rationals, rounded once, half to even. */
#include "vee/fact.h"

/* How an index becomes an amount. wraps: how often the counter went over its last digit before. */
struct heng_counter {
    heng_unit unit;
    uint8_t digits;
    int8_t display_exp;
    uint32_t multiplier, divisor; /* at least 1 */
};

/* Values lie within these bounds, so that differences and sums of a few fit. */
#define HENG_INDEX_VALUE_MAX (INT64_C(1) << 60)

/* index (in unit; NONE and UNKNOWN are the counter's) + wraps x range, as a multiple of 10^exp of the channel's unit.
 * ret_step: of its last digit, rounded up and one more when it is no whole number; at least 1; may be NULL.
 * Errors: EUNSUPPORTED when the units are not of one kind, ERANGE beyond HENG_INDEX_VALUE_MAX. */
HENG_NODISCARD heng_rc heng_index_value(const struct heng_channel *channel, const struct heng_counter *counter,
                                        struct heng_dec index, heng_unit unit, uint32_t wraps, int64_t *ret_value,
                                        int64_t *ret_step);

/* How much one round of the counter is; 0 when its digits are not known or it is too much to tell. */
int64_t heng_index_range(const struct heng_channel *channel, const struct heng_counter *counter);

/* The same for an amount that needs no counter (an edit). */
HENG_NODISCARD heng_rc heng_amount_value(const struct heng_channel *channel, struct heng_dec amount, heng_unit unit,
                                         int64_t *ret_value);

/* a x b / c, half to even; c > 0, |a x b| < 2^126 and the result fits. */
int64_t heng_mul_div(int64_t a, int64_t b, int64_t c);

#endif
