#ifndef HENG_BILLING_COLLECT_H
#define HENG_BILLING_COLLECT_H
/* Money for bills, from wherever it comes: which bills it pays, what it leaves in advance. In an open transaction. */
#include "account/book.h"
#include "store/money/bills.h"

/* channel: "cash", "bank" ... hand->desk "": no desk. bills: those that the customer names, before all others.
 * only_named: and no others. of_batch: the result of a batch pays bills that lie in it. strict: a named bill that
 * cannot be paid refuses it all (at a desk); else it is left out, since the money is here. */
struct heng_collect_ask {
    int64_t account_id, amount;
    const char *channel, *key, *subject, *reason; /* subject, reason: NULL none */
    int64_t subject_id;
    const int64_t *bills;
    size_t bill_count;
    bool only_named, of_batch, strict;
};

/* Oldest due first, principal and late fee in the order of the rules; bills that a bank is being asked for are left
 * out; then what was written off; the rest is for the next bills. Late fees of what it pays are booked until today.
 * Nothing is written before all is known to be good. Errors: those of heng_book; EDENIED a named bill is with the bank;
 * ENOTFOUND a named bill is not open. */
HENG_NODISCARD heng_rc heng_collect(struct heng_store *store, const struct heng_collect_ask *ask,
                                    const struct heng_hand *hand, struct heng_booked *ret, struct heng_err *err);

/* What lies in advance pays what is owed now. ret_amount: so much, 0: nothing was booked. */
HENG_NODISCARD heng_rc heng_collect_advance(struct heng_store *store, int64_t account_id, const char *key,
                                            const struct heng_hand *hand, int64_t *ret_amount, struct heng_err *err);

/* Errors: EDENIED the bank is being asked for this bill: the text names the batch. */
HENG_NODISCARD heng_rc heng_bill_locked(struct heng_store_reader *reader, int64_t bill_id, struct heng_err *err);

#endif
