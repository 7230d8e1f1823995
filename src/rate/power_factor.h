#ifndef HENG_RATE_POWER_FACTOR_H
#define HENG_RATE_POWER_FACTOR_H
/* Power factor adjustment: cos phi of a bill from its active and reactive energy, and what it adds or takes off. */
#include "bill/exact.h"
#include "rate/tariff.h"

/* P / sqrt(P^2 + Q^2), half up to two decimals, exactly. P and Q zero: 1.00. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_power_factor(struct heng_dec active, struct heng_dec reactive, struct heng_dec *ret);

/* The points of a standard of 1983 (0.90, 0.85, 0.80), rising; NULL for another. */
const struct heng_pf_point *heng_power_factor_points(struct heng_dec standard, size_t *ret_count);

/* The rate at a power factor: 0.0050 is a surcharge of 0.5 %. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_power_factor_rate(const struct heng_pf_point *points, size_t count, struct heng_dec pf,
                                              struct heng_dec *ret);

/* A bill whose reactive energy was wrong: billed / (1 + old rate) x (1 + new rate). Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_power_factor_rebill(struct heng_dec billed, struct heng_dec old_rate,
                                                struct heng_dec new_rate, int places, heng_rounding rounding,
                                                struct heng_dec *ret);

#endif
