#ifndef HENG_ACCOUNT_MONEY_H
#define HENG_ACCOUNT_MONEY_H
/* Money of accounts that is not sold, billed or paid: deposits, transfers, balances of an old system. By the key of who
 * asks: the same again is the same booking. Amounts are above zero, in the smallest unit. */
#include "account/book.h"

/* A security is paid in, by hand->channel at hand->desk. */
HENG_NODISCARD heng_rc heng_account_deposit(struct heng_store *store, int64_t scope, int64_t account_id, int64_t amount,
                                            const char *key, const struct heng_hand *hand, const char *reason,
                                            struct heng_booked *ret, struct heng_err *err);

/* And goes back: to money (COUNT), into the purse, or to what is owed. Errors: ECONFLICT there is not so much. */
HENG_NODISCARD heng_rc heng_account_deposit_back(struct heng_store *store, int64_t scope, int64_t account_id,
                                                 int64_t amount, heng_book_kind to, const char *key,
                                                 const struct heng_hand *hand, const char *reason,
                                                 struct heng_booked *ret, struct heng_err *err);

/* From the purse (or advance) of one account to the same book of another of the same organisation and currency.
 * Errors: ECONFLICT there is not so much, or the other would have more than its highest balance. */
HENG_NODISCARD heng_rc heng_account_transfer(struct heng_store *store, int64_t scope, int64_t from_id, int64_t to_id,
                                             heng_book_kind book, int64_t amount, const char *key,
                                             const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                                             struct heng_err *err);

/* What an old system says, as the customer sees it: purse may be below zero. Once for an account, before anything else
 * was booked for it. Errors: ECONFLICT something was booked already. */
struct heng_opening {
    int64_t purse, owed, advance, deposit;
};
HENG_NODISCARD heng_rc heng_account_carry_in(struct heng_store *store, int64_t scope, int64_t account_id,
                                             const struct heng_opening *opening, const struct heng_hand *hand,
                                             const char *reason, struct heng_booked *ret, struct heng_err *err);

/* After a change of mode: what lies in the purse when no prepaid contract needs it any more goes to the advance, what
 * lies in the advance when no postpaid contract does goes to the purse. A contract needs it until its last day is
 * charged. For an account that has contracts in force; nothing to do is fine. */
HENG_NODISCARD heng_rc heng_account_tidy(struct heng_store *store, int64_t scope, int64_t account_id,
                                         const struct heng_hand *hand, struct heng_err *err);

#endif
