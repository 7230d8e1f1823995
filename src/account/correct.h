#ifndef HENG_ACCOUNT_CORRECT_H
#define HENG_ACCOUNT_CORRECT_H
/* What a cashier does about money that was taken wrongly: give a balance back, or take the last sale back. Source:
 * domain notes prepaid.md 3, vector PP-C4. */
#include "account/book.h"

/* Pay out of the purse (or advance) by hand->channel at hand->desk. Errors: ECONFLICT more than the balance. */
HENG_NODISCARD heng_rc heng_refund(struct heng_store *store, int64_t account_id, heng_book_kind from, int64_t amount,
                                   const char *key, const struct heng_hand *hand, const char *reason,
                                   struct heng_booked *ret, struct heng_err *err);

/* Take a sale, refund, payment or deposit back, with a second person's word (hand->second). Only the last sale or
 * refund of its account, in the same cash day or, without one, on the same day of the site,
 * and only while what it gave is still there. The receipt stays and is mirrored by one of its own.
 * Errors: EDENIED no second person, or the cash day is closed; ECONFLICT it is not the last, was used, or was reversed
 * before: the text says that a refund of the rest is the way. */
HENG_NODISCARD heng_rc heng_take_back(struct heng_store *store, int64_t booking_id, const char *key,
                                      const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                                      struct heng_err *err);

#endif
