#ifndef HENG_BILLING_PREPAY_H
#define HENG_BILLING_PREPAY_H
/* What is asked for beforehand (Abschlag, area fee of a season): a plan for a contract, PREPAY bills by a run of that
 * kind, and their way off the bill that settles the period. A PREPAY bill is owed and paid as any other; the bill that
 * settles has all of its use and takes off what was asked for, so both together are what was used, paid or not. */
#include "billing/bill.h"
#include "store/money/prepay.h"

/* Checked and stored, in an open transaction. Errors: ECONFIG amount, tax, days; ENOTFOUND the contract. */
HENG_NODISCARD heng_rc heng_prepay_plan(struct heng_store *store, const struct heng_prepay_plan *plan,
                                        const struct heng_hand *hand, struct heng_err *err);

/* The tax that an amount contains, half away from zero: "19" of 119.00 is 19.00. Errors: ECONFIG, ERANGE. */
HENG_NODISCARD heng_rc heng_prepay_tax(int64_t amount, const char *percent, int64_t *ret, struct heng_err *err);

#endif
