#ifndef HENG_STORE_MONEY_LEDGER_H
#define HENG_STORE_MONEY_LEDGER_H
/* Bookings and books. A booking is stored whole, once, and never changes; the balance of a book is the sum of what was
 * posted to it, kept beside and proven by heng_store_prove_books. Writing needs an open transaction. */
#include "model/booking.h"
#include "store/store.h"

/* Store bookings, all or none. One with a key that is there, and says the same, is the one that is there: its id and
 * ret_existed true. at_us is not compared. ret_ids, ret_existed: n of each; ret_existed may be NULL.
 * Errors: ECONFLICT the key belongs to something else, or what it reverses is reversed already (err->at: which one,
 * from 0); ERANGE a balance does not fit; EBUG the postings do not sum to zero. After ECONFLICT nothing of them is
 * written and the transaction goes on. */
HENG_NODISCARD heng_rc heng_store_book(struct heng_store *store, const struct heng_booking *bookings, size_t n,
                                       int64_t *ret_ids, bool *ret_existed, struct heng_err *err);

/* With its postings. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_booking(struct heng_store_reader *reader, int64_t id, struct heng_booking *ret,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_booking(struct heng_store_reader *reader, const char *key,
                                               struct heng_booking *ret, struct heng_err *err);
/* The id of the booking that reverses this one. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_find_reversal(struct heng_store_reader *reader, int64_t id, int64_t *ret,
                                                struct heng_err *err);
/* Of an account, newest first, below before_id (0: from the newest). */
HENG_NODISCARD heng_rc heng_store_list_bookings(struct heng_store_reader *reader, int64_t account_id, int64_t before_id,
                                                struct heng_booking *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

/* Of a cash day, in the order in which they were booked, behind after_id. */
HENG_NODISCARD heng_rc heng_store_cash_day_bookings(struct heng_store_reader *reader, int64_t cash_day_id,
                                                    int64_t after_id, struct heng_booking *ret, size_t cap,
                                                    size_t *ret_n, struct heng_err *err);
/* The id of the newest sale or refund of an account that is not reversed. 0: none. */
HENG_NODISCARD heng_rc heng_store_last_sale(struct heng_store_reader *reader, int64_t account_id, int64_t *ret,
                                            struct heng_err *err);

/* The balance of a book; 0 when nothing was ever posted to it. */
HENG_NODISCARD heng_rc heng_store_book_balance(struct heng_store_reader *reader, int64_t org_id, heng_book_kind kind,
                                               int64_t account_id, const char *ref, const char *currency, int64_t *ret,
                                               struct heng_err *err);

struct heng_book_row {
    int64_t id, org_id;
    heng_book_kind kind;
    int64_t account_id;
    char ref[HENG_BOOK_REF_MAX], currency[HENG_CURRENCY_MAX];
    int64_t balance, postings; /* debit positive; how many */
};
/* The books of an account, or (0) those that belong to none. */
HENG_NODISCARD heng_rc heng_store_list_books(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                                             struct heng_book_row *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

/* The books of an account as the customer sees them: positive is theirs, but for owed. in_meter: of all its meters, as
 * far as booked. */
struct heng_account_balance {
    int64_t purse, owed, advance, deposit, in_meter;
};
HENG_NODISCARD heng_rc heng_store_account_balance(struct heng_store_reader *reader, int64_t account_id,
                                                  struct heng_account_balance *ret, struct heng_err *err);

/* Adds up every book and every booking anew, works every digest out again, and counts the receipts of each desk and
 * year: all must agree. wrong: how many do not; why: the first. */
struct heng_books_proof {
    int64_t books, bookings, postings, wrong;
    char why[HENG_DETAIL_MAX];
};
HENG_NODISCARD heng_rc heng_store_prove_books(struct heng_store_reader *reader, struct heng_books_proof *ret,
                                              struct heng_err *err);

/* The next number of a series without gaps, in the transaction that uses it. */
HENG_NODISCARD heng_rc heng_store_next_number(struct heng_store *store, int64_t org_id, const char *kind,
                                              const char *scope, int year, int64_t *ret, struct heng_err *err);

#endif
