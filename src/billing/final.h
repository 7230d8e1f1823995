#ifndef HENG_BILLING_FINAL_H
#define HENG_BILLING_FINAL_H
/* The last bill of an account that is left: its postpaid contracts that have ended, from the first day that is not
 * charged yet to their last. */
#include "billing/run.h"

/* Made, numbered and booked at once, due today; what was asked for beforehand is off it. ret_is false: there is nothing
 * left to bill. In an open transaction; by setting bill_second_person hand.second has to be somebody else.
 * Errors: ENOTFOUND; ECONFLICT what holds the bill, nothing is booked then; EDENIED. */
HENG_NODISCARD heng_rc heng_final_bill(struct heng_run_worker *worker, struct heng_store *store, int64_t scope,
                                       int64_t account_id, const struct heng_hand *hand, struct heng_bill *ret,
                                       bool *ret_is, struct heng_err *err);

#endif
