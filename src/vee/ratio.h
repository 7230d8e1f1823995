#ifndef HENG_VEE_RATIO_H
#define HENG_VEE_RATIO_H
/* Quotients of exact decimals, rounded once, half away from zero, as people round on reports. */
#include "base/dec.h"

enum { HENG_RATIO_PLACES_MAX = 9 };

/* a x b / c with so many places, 0..HENG_RATIO_PLACES_MAX. Errors: ERANGE when c is zero, or it does not fit. */
HENG_NODISCARD heng_rc heng_ratio(struct heng_dec a, struct heng_dec b, struct heng_dec c, int places,
                                  struct heng_dec *ret);

/* part in percent of whole, with so many places. Errors: ERANGE when whole is zero, or it does not fit. */
HENG_NODISCARD heng_rc heng_percent(struct heng_dec part, struct heng_dec whole, int places, struct heng_dec *ret);

/* The same of counts. */
HENG_NODISCARD heng_rc heng_percent_of(int64_t part, int64_t whole, int places, struct heng_dec *ret);

#endif
