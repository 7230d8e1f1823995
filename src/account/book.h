#ifndef HENG_ACCOUNT_BOOK_H
#define HENG_ACCOUNT_BOOK_H
/* The one way money moves: what happened is made into a booking by ledger/rules.h, checked against the account, given a
 * receipt where money changes hands, and stored once. Callers are in the writer's transaction. */
#include "ledger/rules.h"
#include "store/money/accounts.h"
#include "store/money/cash.h"
#include "store/money/ledger.h"

/* Who does it, where, when. desk "": no desk (a program, a channel). */
struct heng_hand {
    char who[HENG_WHO_MAX], second[HENG_WHO_MAX], desk[HENG_DESK_MAX], channel[HENG_CHANNEL_MAX];
    heng_us now_us;
    int32_t day; /* of the site, today */
};

/* What came of it. existed: the same was asked for before, this is that. receipt.id 0: none is due. */
struct heng_booked {
    int64_t booking_id;
    bool existed;
    struct heng_receipt_row receipt;
    struct heng_account_balance balance;
};

/* Store a booking that ledger/rules.h made. With cash at a desk there must be an open cash day; its id is set here.
 * Errors: ECONFLICT the key is another's; EDENIED no open cash day; those of the store. */
HENG_NODISCARD heng_rc heng_book(struct heng_store *store, struct heng_booking *booking, const struct heng_hand *hand,
                                 struct heng_booked *ret, struct heng_err *err);

/* The mirror of a booking. Errors: ECONFLICT it was reversed before; ENOTFOUND; EDENIED its cash day is closed. */
HENG_NODISCARD heng_rc heng_book_reverse(struct heng_store *store, int64_t booking_id, const char *key,
                                         const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                                         struct heng_err *err);

#endif
