#ifndef HENG_ACCOUNT_RECEIPT_H
#define HENG_ACCOUNT_RECEIPT_H
/* Receipts: one for each booking by which money changes hands with a customer, numbered without a gap by organisation,
 * desk and year of the site's day. What comes without a desk is numbered by its channel. */
#include "account/book.h"

/* Is one due for this booking? Sales, payments, refunds, deposits, payouts and reversals, as far as money moves. */
bool heng_receipt_due(const struct heng_booking *booking);

/* Give it its number and store it. before and after: what the customer has at hand (purse and advance less what is
 * owed), or of a deposit, the deposit. balance: of the account, behind the booking. */
HENG_NODISCARD heng_rc heng_receipt_issue(struct heng_store *store, const struct heng_booking *booking,
                                          int64_t booking_id, const struct heng_account_balance *balance,
                                          struct heng_receipt_row *ret, struct heng_err *err);

/* "2026-A-000123". */
enum { HENG_RECEIPT_TEXT_MAX = 64 };
void heng_receipt_text(const struct heng_receipt_row *receipt, char ret[HENG_AT_LEAST(HENG_RECEIPT_TEXT_MAX)]);
/* And back. False when it is none. */
bool heng_receipt_of(const char *text, struct heng_receipt_row *ret);

#endif
