#ifndef HENG_ACCOUNT_MONEY_BOOK_H
#define HENG_ACCOUNT_MONEY_BOOK_H
/* What money.c and close.c share: a booking of an account, with key, reason and hand checked. */
#include "account/book.h"

/* Fills key, organisation, account, currency and reason, and stores. */
HENG_NODISCARD heng_rc heng_account_book(struct heng_store *store, const struct heng_account *account, const char *key,
                                         const struct heng_hand *hand, const char *reason, struct heng_booking *booking,
                                         struct heng_booked *ret, struct heng_err *err);

/* Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_account_amount_check(int64_t amount, struct heng_err *err);

#endif
