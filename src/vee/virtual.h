#ifndef HENG_VEE_VIRTUAL_H
#define HENG_VEE_VIRTUAL_H
/* Points that no meter measures: sums and differences of others (common area, loss, a flat behind another). */
#include "vee/day.h"

#include <stddef.h>

/* factor num / den (den > 0) times what another point used on the same day, in the same unit. day NULL: not known. */
struct heng_virtual_term {
    const struct heng_day_usage *day;
    int32_t num, den;
};

enum { HENG_VIRTUAL_TERMS_MAX = 4096 };

/* The day of the virtual point in multiples of 10^exp, with `count` intervals. A term with another number of intervals
 * makes it one interval of the whole day. What is missing in any term is missing, never zero; trust is the worst of
 * all, confidence is weighted by what each gives. Rounded once, half to even, along the day: the intervals sum to the
 * rounded day. flags are those of all terms together, method that of the worst.
 * Errors: ERANGE when it does not fit, ELIMIT for too many terms. */
HENG_NODISCARD heng_rc heng_virtual_day(const struct heng_virtual_term *terms, size_t n, heng_day day, int8_t exp,
                                        uint16_t count, struct heng_day_usage *ret);

#endif
