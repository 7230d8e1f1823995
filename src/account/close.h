#ifndef HENG_ACCOUNT_CLOSE_H
#define HENG_ACCOUNT_CLOSE_H
/* The end of an account: its contracts are ended and charged to their last day (billing makes the final bill, prepaid
 * the last charge), nothing is under way, what is the customer's pays what is owed, and the rest goes out, purse,
 * advance and deposit each with a receipt of its own. Everything about it stays. */
#include "account/book.h"

enum { HENG_CLOSE_WHY_MAX = 24, HENG_CLOSE_TEXT_MAX = 160 };

/* What stands in the way, a sentence each; none: it can be closed. balance: as it is. payout: what the customer gets.
 */
struct heng_close_view {
    size_t n;
    char why[HENG_CLOSE_WHY_MAX][HENG_CLOSE_TEXT_MAX];
    struct heng_account_balance balance;
    int64_t payout;
};
/* today: of the site. Errors: ENOTFOUND; those of the store. */
HENG_NODISCARD heng_rc heng_account_close_check(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                int32_t today, struct heng_close_view *ret, struct heng_err *err);

/* What was paid out: purse, advance, deposit; existed: it was closed before by this key. */
struct heng_closed {
    int64_t applied;
    size_t n;
    struct heng_booked payouts[3];
    heng_book_kind books[3];
    int64_t amounts[3];
    bool existed;
};
/* Close it, money out by hand->channel at hand->desk. Errors: ENOTFOUND; ECONFLICT the first of what stands in the way,
 * and nothing is booked. */
HENG_NODISCARD heng_rc heng_account_close(struct heng_store *store, int64_t scope, int64_t id, const char *key,
                                          const struct heng_hand *hand, const char *reason, struct heng_closed *ret,
                                          struct heng_err *err);

#endif
