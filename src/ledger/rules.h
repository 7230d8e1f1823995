#ifndef HENG_LEDGER_RULES_H
#define HENG_LEDGER_RULES_H
/* What happened, as postings: each kind of booking moves these books and no others. Pure. These fill kind, amount,
 * account_id, channel, desk, postings and clear all else; callers fill who, when, key behind them. Amounts are positive
 * unless it says otherwise.
 *
 *   kind          debit            credit
 *   sale          money            purse
 *   refund        purse|advance    money
 *   payment       money            owed (what is allocated), advance (the rest)
 *   charge        purse            revenue, tax
 *   bill          owed             revenue, tax           (a credit note the other way round)
 *   ...                                                   (the whole table: rules.c and docs/ledger.md)
 *
 * Money is the cash of a desk, the channel of a payment, or the bank. */
#include "base/rc.h"
#include "model/booking.h"

#include <stdbool.h>

/* Where money comes from or goes to, by the channel's name: "cash" is the drawer of the desk, all else a channel. */
HENG_NODISCARD heng_rc heng_ledger_money(struct heng_booking *booking, const char *channel, const char *desk,
                                         int64_t amount, struct heng_err *err);

/* Add a posting; those of the same book are joined, an amount of zero is none. Errors: ELIMIT, ERANGE. */
HENG_NODISCARD heng_rc heng_ledger_post(struct heng_booking *booking, heng_book_kind book, int64_t account_id,
                                        const char *ref, int64_t amount, struct heng_err *err);

/* Cash, channel, bank: money that changes hands. Books that are of an account. */
bool heng_ledger_is_money(heng_book_kind book);
bool heng_ledger_is_customers(heng_book_kind book);

/* Does it sum to zero, and does it move only what its kind may, on the side where it may? Errors: EBUG with what is
 * wrong. */
HENG_NODISCARD heng_rc heng_ledger_check(const struct heng_booking *booking, struct heng_err *err);

/* The mirror: the same postings with the other sign. */
void heng_ledger_mirror(const struct heng_booking *of, struct heng_booking *ret);

/* Money in: amount to the purse (sale) or, of money for bills, owed to what is owed and the rest to advance. */
HENG_NODISCARD heng_rc heng_ledger_sale(int64_t account_id, int64_t amount, const char *channel, const char *desk,
                                        struct heng_booking *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_ledger_payment(int64_t account_id, int64_t amount, int64_t owed, const char *channel,
                                           const char *desk, struct heng_booking *ret, struct heng_err *err);
/* Money into, or out of, any one book: deposit, payout, unclear ... */
HENG_NODISCARD heng_rc heng_ledger_money_in(heng_booking_kind kind, int64_t account_id, heng_book_kind to,
                                            int64_t amount, const char *channel, const char *desk,
                                            struct heng_booking *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_ledger_money_out(heng_booking_kind kind, int64_t account_id, heng_book_kind from,
                                             int64_t amount, const char *channel, const char *desk,
                                             struct heng_booking *ret, struct heng_err *err);
/* Money out of the purse or the advance. */
HENG_NODISCARD heng_rc heng_ledger_refund(int64_t account_id, heng_book_kind from, int64_t amount, const char *channel,
                                          const char *desk, struct heng_booking *ret, struct heng_err *err);
/* Between two books of accounts (transfer, apply, to-meter, from-meter, deposit-back, opening, write-off ...). */
HENG_NODISCARD heng_rc heng_ledger_move(heng_booking_kind kind, int64_t account_id, heng_book_kind debit,
                                        int64_t debit_account, const char *debit_ref, heng_book_kind credit,
                                        int64_t credit_account, const char *credit_ref, int64_t amount,
                                        struct heng_booking *ret, struct heng_err *err);

#endif
