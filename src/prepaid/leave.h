#ifndef HENG_PREPAID_LEAVE_H
#define HENG_PREPAID_LEAVE_H
/* Somebody leaves: what is not charged yet is charged to the last day of each contract, the final bill goes out, what
 * is the customer's pays what is owed, and the rest is paid out. All of it in one transaction, or none. */
#include "account/close.h"
#include "billing/bill.h"

struct heng_left {
    struct heng_closed closed;
    int64_t charged; /* out of prepaid money, at last */
    bool is_bill;
    struct heng_bill bill; /* of postpaid contracts */
};
/* The contracts were ended before. Errors: those of heng_account_close, heng_final_bill; ECONFLICT a prepaid contract
 * cannot be charged: why. */
HENG_NODISCARD heng_rc heng_account_leave(struct heng_store *store, int64_t scope, int64_t account_id, const char *key,
                                          const struct heng_hand *hand, const char *reason, struct heng_left *ret,
                                          struct heng_err *err);

#endif
