#ifndef HENG_VEE_COMPARE_H
#define HENG_VEE_COMPARE_H
/* Usage beside usage: a user and his own past, buildings per square metre, one among others like him. All amounts that
 * are compared are of one unit. */
#include "vee/verdict.h"

#include <stddef.h>

/* Degree days of both periods: the part of the use that depends on the weather is made comparable by them. */
struct heng_compare_in {
    struct heng_dec before, now;
    struct heng_opt_dec degree_days_before, degree_days_now;
};

/* Changes in percent of before with two places; not there when before is zero. corrected: now as it would have been in
 * the weather of before, at the resolution of now; not there without degree days in both. */
struct heng_compare {
    struct heng_dec difference;
    struct heng_opt_dec change_pct, corrected, corrected_change_pct;
};
HENG_NODISCARD heng_rc heng_compare(const struct heng_compare_in *in, struct heng_compare *ret);

/* amount per m2 with four places. Errors: ERANGE, also without an area. */
HENG_NODISCARD heng_rc heng_per_m2(struct heng_dec amount, int64_t area_cm2, struct heng_dec *ret);

/* Mean power of an energy in watt per m2 with two places: joules is the energy in J. Errors: ERANGE, also without an
 * area or a time. */
HENG_NODISCARD heng_rc heng_watt_per_m2(struct heng_dec joules, int64_t area_cm2, int64_t seconds,
                                        struct heng_dec *ret);

/* One among others: others in ascending order, own not among them. rank: 1 for who uses most; of: all together. below:
 * others that use less, in percent with one place. Without others there is no median and no below. */
struct heng_among {
    size_t rank, of;
    struct heng_opt_dec median, below_pct, to_median_pct;
};
HENG_NODISCARD heng_rc heng_among_others(struct heng_dec own, const struct heng_dec *others, size_t count,
                                         struct heng_among *ret);

#endif
