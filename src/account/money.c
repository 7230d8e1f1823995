#include "account/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "account/accounts.h"
#include "account/contracts.h"
#include "account/money_book.h"
#include "account/note.h"
#include "account/texts.h"
#include "ledger/amount.h"
#include "store/money/bills.h"

#define AMOUNT_MAX INT64_C(1000000000000000)

/* --- what all bookings of this room have in common -----------------------------------------------------------------
 */

heng_rc heng_account_amount_check(int64_t amount, struct heng_err *err)
{
    if (amount <= 0) return heng_fail(err, HENG_ERANGE, 0, "the amount is above zero");
    if (amount > AMOUNT_MAX) return heng_fail(err, HENG_ERANGE, 0, "the amount is too large");
    return HENG_OK;
}

heng_rc heng_account_book(struct heng_store *store, const struct heng_account *account, const char *key,
                          const struct heng_hand *hand, const char *reason, struct heng_booking *booking,
                          struct heng_booked *ret, struct heng_err *err)
{
    heng_rc rc = heng_text_check(key, "the key of the request", true, err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(key), "the key of the request", booking->key, sizeof booking->key, err);
    if (rc == HENG_OK) rc = heng_text_check(reason, "the reason", false, err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(reason), "the reason", booking->reason, sizeof booking->reason, err);
    if (rc == HENG_OK) rc = heng_hand_check(hand, err);
    if (rc != HENG_OK) return rc;
    booking->org_id = account->org_id;
    booking->account_id = account->id;
    memcpy(booking->currency, account->currency, sizeof booking->currency);
    return heng_book(store, booking, hand, ret, err);
}

/* Has the same been asked for before? Then balances of today say nothing about it, and the ledger compares. */
static heng_rc is_known(struct heng_store *store, const char *key, bool *ret, struct heng_err *err)
{
    struct heng_booking before;
    heng_rc rc = heng_store_find_booking(heng_store_as_reader(store), key, &before, err);
    *ret = rc == HENG_OK;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc have(struct heng_store *store, const struct heng_account *account, heng_book_kind book, int64_t amount,
                    const char *key, struct heng_err *err)
{
    struct heng_account_balance balance = {0};
    char has[HENG_AMOUNT_TEXT_MAX], wants[HENG_AMOUNT_TEXT_MAX];
    bool known = false;
    heng_rc rc = is_known(store, key, &known, err);
    if (rc != HENG_OK || known) return rc;
    rc = heng_store_account_balance(heng_store_as_reader(store), account->id, &balance, err);
    int64_t there = book == HENG_BOOK_PURSE     ? balance.purse
                    : book == HENG_BOOK_ADVANCE ? balance.advance
                    : book == HENG_BOOK_DEPOSIT ? balance.deposit
                                                : 0;
    if (rc != HENG_OK || there >= amount) return rc;
    heng_amount_text(there, has);
    heng_amount_text(amount, wants);
    return heng_fail(err, HENG_ECONFLICT, 0, "the %s of account %s holds %s, less than the %s that was asked for",
                     heng_book_text(book), account->number, has, wants);
}

/* --- deposits ------------------------------------------------------------------------------------------------------
 */

heng_rc heng_account_deposit(struct heng_store *store, int64_t scope, int64_t account_id, int64_t amount,
                             const char *key, const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                             struct heng_err *err)
{
    struct heng_account account;
    struct heng_booking booking = {.kind = HENG_BOOKING_DEPOSIT, .account_id = account_id, .amount = amount};
    heng_rc rc = heng_account_need(heng_store_as_reader(store), scope, account_id, &account, err);
    if (rc == HENG_OK) rc = heng_account_amount_check(amount, err);
    if (rc == HENG_OK) rc = heng_ledger_money(&booking, hand->channel, hand->desk, amount, err);
    if (rc == HENG_OK) rc = heng_ledger_post(&booking, HENG_BOOK_DEPOSIT, account_id, "", -amount, err);
    return rc == HENG_OK ? heng_account_book(store, &account, key, hand, reason, &booking, ret, err) : rc;
}

heng_rc heng_account_deposit_back(struct heng_store *store, int64_t scope, int64_t account_id, int64_t amount,
                                  heng_book_kind to, const char *key, const struct heng_hand *hand, const char *reason,
                                  struct heng_booked *ret, struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_balance balance = {0};
    struct heng_booking booking = {.kind = HENG_BOOKING_DEPOSIT_BACK, .account_id = account_id, .amount = amount};
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_account_need(reader, scope, account_id, &account, err);
    if (rc == HENG_OK) rc = heng_account_amount_check(amount, err);
    if (rc == HENG_OK) rc = have(store, &account, HENG_BOOK_DEPOSIT, amount, key, err);
    if (rc != HENG_OK) return rc;
    if (to == HENG_BOOK_OWED)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "what is owed is paid out of the deposit when the account is closed; pay it into the purse");
    if (to != HENG_BOOK_COUNT && to != HENG_BOOK_PURSE)
        return heng_fail(err, HENG_ECONFIG, 0, "a deposit goes back as money or into the purse");
    rc = heng_store_account_balance(reader, account_id, &balance, err);
    if (rc == HENG_OK) rc = heng_ledger_post(&booking, HENG_BOOK_DEPOSIT, account_id, "", amount, err);
    if (rc == HENG_OK && to == HENG_BOOK_PURSE)
        rc = heng_ledger_post(&booking, HENG_BOOK_PURSE, account_id, "", -amount, err);
    if (rc == HENG_OK && to == HENG_BOOK_COUNT)
        rc = heng_ledger_money(&booking, hand->channel, hand->desk, -amount, err);
    return rc == HENG_OK ? heng_account_book(store, &account, key, hand, reason, &booking, ret, err) : rc;
}

/* --- transfer ------------------------------------------------------------------------------------------------------
 */

static heng_rc check_room(struct heng_store_reader *reader, const struct heng_account *to, int64_t amount,
                          struct heng_err *err)
{
    struct heng_account_limits limits;
    struct heng_account_balance balance = {0};
    char text[HENG_AMOUNT_TEXT_MAX];
    heng_rc rc = heng_account_limits(reader, to, &limits, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(reader, to->id, &balance, err);
    if (rc != HENG_OK || limits.hoard == HENG_LIMIT_NONE || balance.purse <= limits.hoard - amount) return rc;
    heng_amount_text(limits.hoard, text);
    return heng_fail(err, HENG_ECONFLICT, 0, "account %s would have more than its highest balance, %s", to->number,
                     text);
}

heng_rc heng_account_transfer(struct heng_store *store, int64_t scope, int64_t from_id, int64_t to_id,
                              heng_book_kind book, int64_t amount, const char *key, const struct heng_hand *hand,
                              const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_account from, to;
    struct heng_booking booking;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    bool known = false;
    if (book != HENG_BOOK_PURSE && book != HENG_BOOK_ADVANCE)
        return heng_fail(err, HENG_ECONFIG, 0, "only a purse or an advance can be transferred");
    if (from_id == to_id) return heng_fail(err, HENG_ECONFIG, 0, "the two accounts are the same");
    heng_rc rc = heng_account_need(reader, scope, from_id, &from, err);
    if (rc == HENG_OK) rc = heng_account_need(reader, scope, to_id, &to, err);
    if (rc == HENG_OK) rc = heng_account_amount_check(amount, err);
    if (rc != HENG_OK) return rc;
    if (from.org_id != to.org_id || strcmp(from.currency, to.currency) != 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "accounts %s and %s are of two organisations or currencies",
                         from.number, to.number);
    rc = have(store, &from, book, amount, key, err);
    if (rc == HENG_OK) rc = is_known(store, key, &known, err);
    if (rc == HENG_OK && !known && book == HENG_BOOK_PURSE) rc = check_room(reader, &to, amount, err);
    if (rc == HENG_OK)
        rc =
            heng_ledger_move(HENG_BOOKING_TRANSFER, from_id, book, from_id, "", book, to_id, "", amount, &booking, err);
    return rc == HENG_OK ? heng_account_book(store, &from, key, hand, reason, &booking, ret, err) : rc;
}

/* --- an old system's balances ---------------------------------------------------------------------------------------
 */

/* amount as the customer sees it: what is theirs stands on the credit side. */
static heng_rc carry(struct heng_booking *booking, heng_book_kind book, int64_t amount, struct heng_err *err)
{
    int64_t debit = book == HENG_BOOK_OWED ? amount : -amount;
    if (amount > AMOUNT_MAX || amount < -AMOUNT_MAX || (amount < 0 && book != HENG_BOOK_PURSE))
        return heng_fail(err, HENG_ERANGE, 0, "the opening balance of %s cannot be", heng_book_text(book));
    booking->amount += amount < 0 ? -amount : amount;
    heng_rc rc = heng_ledger_post(booking, book, booking->account_id, "", debit, err);
    return rc == HENG_OK ? heng_ledger_post(booking, HENG_BOOK_OPENING, 0, "", -debit, err) : rc;
}

/* What is owed stands on a bill, or no payment would ever be for it. */
static heng_rc old_bill(struct heng_store *store, const struct heng_account *account, int64_t owed,
                        const struct heng_hand *hand, const struct heng_booked *booked, struct heng_err *err)
{
    struct heng_bill bill = {.org_id = account->org_id,
                             .account_id = account->id,
                             .kind = HENG_BILL_BILL,
                             .state = HENG_BILL_STATE_ISSUED,
                             .from_day = hand->day,
                             .to_day = hand->day,
                             .due_day = hand->day,
                             .total = owed,
                             .booking_id = booked->booking_id,
                             .issued_us = hand->now_us,
                             .why = "carried in from an old system"};
    snprintf(bill.number, sizeof bill.number, "OLD-%" PRId64, account->id);
    memcpy(bill.currency, account->currency, sizeof bill.currency);
    return heng_store_put_bill(store, &bill, err);
}

static heng_rc check_first(struct heng_store *store, const struct heng_account *account, const char *key,
                           struct heng_err *err)
{
    struct heng_booking *newest = malloc(sizeof *newest);
    size_t n = 0;
    if (!newest) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a booking");
    heng_rc rc = heng_store_list_bookings(heng_store_as_reader(store), account->id, 0, newest, 1, &n, err);
    bool known = false;
    if (rc == HENG_OK && n) rc = is_known(store, key, &known, err);
    free(newest);
    if (rc == HENG_OK && n && !known)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "account %s has bookings already: balances of an old system come before them",
                         account->number);
    return rc;
}

heng_rc heng_account_carry_in(struct heng_store *store, int64_t scope, int64_t account_id,
                              const struct heng_opening *opening, const struct heng_hand *hand, const char *reason,
                              struct heng_booked *ret, struct heng_err *err)
{
    struct heng_account account;
    struct heng_booking booking = {.kind = HENG_BOOKING_OPENING, .account_id = account_id};
    char key[HENG_BOOKING_KEY_MAX];
    snprintf(key, sizeof key, "opening/%" PRId64, account_id);
    heng_rc rc = heng_account_need(heng_store_as_reader(store), scope, account_id, &account, err);
    if (rc == HENG_OK) rc = check_first(store, &account, key, err);
    if (rc == HENG_OK) rc = carry(&booking, HENG_BOOK_PURSE, opening->purse, err);
    if (rc == HENG_OK) rc = carry(&booking, HENG_BOOK_OWED, opening->owed, err);
    if (rc == HENG_OK) rc = carry(&booking, HENG_BOOK_ADVANCE, opening->advance, err);
    if (rc == HENG_OK) rc = carry(&booking, HENG_BOOK_DEPOSIT, opening->deposit, err);
    if (rc != HENG_OK) return rc;
    if (booking.amount == 0) return heng_fail(err, HENG_ECONFIG, 0, "there is no balance to carry in");
    rc = heng_account_book(store, &account, key, hand, reason, &booking, ret, err);
    if (rc == HENG_OK && opening->owed && !ret->existed) rc = old_bill(store, &account, opening->owed, hand, ret, err);
    if (rc == HENG_ECONFLICT)
        return heng_fail(err, rc, 0, "account %s was opened with other balances already: correct them by an adjustment",
                         account.number);
    return rc;
}

/* --- after a change of mode ----------------------------------------------------------------------------------------
 */

/* Which kinds of contracts still need their book: those in force or ahead, and ended ones not charged to their end. */
static heng_rc needs(struct heng_store_reader *reader, const struct heng_account *account, int32_t today,
                     bool *ret_purse, bool *ret_advance, bool *ret_any, struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_contract *all = malloc(ALL_MAX * sizeof *all);
    size_t n = 0;
    if (!all) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of an account");
    heng_rc rc = heng_store_list_contracts(reader, account->id, 0, 0, all, ALL_MAX, &n, err);
    *ret_purse = *ret_advance = *ret_any = false;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        int32_t charged = 0;
        bool running = all[i].to_day == 0 || all[i].to_day > today;
        rc = heng_store_contract_charged(reader, all[i].id, &charged, err);
        *ret_any = *ret_any || running;
        if (!running && charged >= all[i].to_day) continue;
        if (all[i].mode == HENG_MODE_POSTPAID)
            *ret_advance = true;
        else
            *ret_purse = true;
    }
    free(all);
    return rc;
}

static heng_rc tidy(struct heng_store *store, const struct heng_account *account, heng_book_kind from,
                    heng_book_kind to, int64_t amount, const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    snprintf(key, sizeof key, "tidy/%" PRId64 "/%s/%" PRId64, account->id, heng_book_text(from), hand->now_us);
    heng_rc rc = heng_ledger_move(HENG_BOOKING_TRANSFER, account->id, from, account->id, "", to, account->id, "",
                                  amount, &booking, err);
    if (rc != HENG_OK) return rc;
    return heng_account_book(store, account, key, hand, "the mode of the account's contracts has changed", &booking,
                             &booked, err);
}

heng_rc heng_account_tidy(struct heng_store *store, int64_t scope, int64_t account_id, const struct heng_hand *hand,
                          struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_account account;
    struct heng_account_balance balance = {0};
    bool purse = false, advance = false, any = false;
    heng_rc rc = heng_account_need(reader, scope, account_id, &account, err);
    if (rc == HENG_OK) rc = needs(reader, &account, hand->day, &purse, &advance, &any, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(reader, account_id, &balance, err);
    if (rc != HENG_OK || !any || purse == advance) return rc;
    if (!purse && balance.purse > 0)
        return tidy(store, &account, HENG_BOOK_PURSE, HENG_BOOK_ADVANCE, balance.purse, hand, err);
    if (!purse && balance.purse < 0 && balance.advance > 0) {
        int64_t missing = -balance.purse;
        return tidy(store, &account, HENG_BOOK_ADVANCE, HENG_BOOK_PURSE,
                    missing < balance.advance ? missing : balance.advance, hand, err);
    }
    if (!advance && balance.advance > 0 && balance.owed == 0)
        return tidy(store, &account, HENG_BOOK_ADVANCE, HENG_BOOK_PURSE, balance.advance, hand, err);
    return HENG_OK;
}
