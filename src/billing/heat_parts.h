#ifndef HENG_BILLING_HEAT_PARTS_H
#define HENG_BILLING_HEAT_PARTS_H
/* What heat.c makes of an answer of apportionment. Inside of billing/ only. */
#include "base/arena.h"
#include "store/money/bills.h"

enum { HENG_HEAT_LINES_MAX = 64, HENG_HEAT_FLAT_ID_MAX = 128, HENG_HEAT_FLATS_MAX = 10000 };

/* What one flat, or one tenant of it, pays: lines sum to total; prepaid as the form had it. from, to 0: the whole
 * period. */
struct heng_flat_bill {
    char id[HENG_HEAT_FLAT_ID_MAX];
    int32_t from_day, to_day;
    struct heng_charge_line *lines;
    size_t line_count;
    int64_t total, tax, prepaid;
};

/* Errors: ECONFIG the answer has no bills; EBUG lines do not sum up; ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_heat_read(struct heng_slice answer, struct heng_arena *arena, struct heng_flat_bill **ret,
                                      size_t *ret_n, struct heng_err *err);

#endif
