#include "account/book.h"

#include "account/receipt.h"
#include "ledger/amount.h"
#include "store/money/dunning.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Who, where and when, as far as the booking does not say. */
static void sign(struct heng_booking *booking, const struct heng_hand *hand)
{
    if (!booking->who[0]) snprintf(booking->who, sizeof booking->who, "%s", hand->who);
    if (!booking->second[0]) snprintf(booking->second, sizeof booking->second, "%s", hand->second);
    if (!booking->desk[0]) snprintf(booking->desk, sizeof booking->desk, "%s", hand->desk);
    if (!booking->at_us) booking->at_us = hand->now_us;
    if (!booking->day) booking->day = hand->day;
}

/* The same wish as the one that is there? Which books it moved follows from what was there then. */
static bool same_wish(const struct heng_booking *a, const struct heng_booking *b)
{
    return a->kind == b->kind && a->account_id == b->account_id && a->amount == b->amount &&
           strcmp(a->channel, b->channel) == 0 && strcmp(a->subject, b->subject) == 0 &&
           a->subject_id == b->subject_id && a->reverses == b->reverses &&
           (!b->currency[0] || strcmp(a->currency, b->currency) == 0);
}

/* What came of it when it was asked for before. */
static heng_rc tell_again(struct heng_store *store, const struct heng_booking *known, struct heng_booked *ret,
                          struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    ret->booking_id = known->id;
    ret->existed = true;
    heng_rc rc = HENG_OK;
    if (known->account_id) rc = heng_store_account_balance(reader, known->account_id, &ret->balance, err);
    if (rc == HENG_OK && heng_receipt_due(known)) rc = heng_store_find_receipt(reader, known->id, &ret->receipt, err);
    return rc;
}

/* OK: it is there. ENOTFOUND: it is new. */
static heng_rc find_known(struct heng_store *store, const struct heng_booking *booking, struct heng_booked *ret,
                          struct heng_err *err)
{
    struct heng_booking known;
    heng_rc rc = heng_store_find_booking(heng_store_as_reader(store), booking->key, &known, err);
    if (rc != HENG_OK) return rc;
    if (!same_wish(&known, booking))
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "the key '%.40s' belongs to booking %" PRId64 " (%s): something new needs a new key",
                         booking->key, known.id, heng_booking_text(known.kind));
    return tell_again(store, &known, ret, err);
}

/* Whose money it is, in which currency, and whether the account still takes any. */
static heng_rc of_account(struct heng_store *store, struct heng_booking *booking, struct heng_err *err)
{
    struct heng_account account;
    if (booking->account_id == 0) {
        if (booking->currency[0]) return HENG_OK;
        return heng_fail(err, HENG_EBUG, 0, "a booking without an account has to say its currency");
    }
    heng_rc rc = heng_store_get_account(heng_store_as_reader(store), 0, booking->account_id, &account, err);
    if (rc != HENG_OK) return rc;
    if (booking->currency[0] && strcmp(booking->currency, account.currency) != 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "account %s is kept in %s, not in %s", account.number,
                         account.currency, booking->currency);
    if (account.closed_us && (booking->kind == HENG_BOOKING_SALE || booking->kind == HENG_BOOKING_DEPOSIT))
        return heng_fail(err, HENG_EDENIED, 0, "account %s is closed: nothing is sold to it any more", account.number);
    snprintf(booking->currency, sizeof booking->currency, "%s", account.currency);
    booking->org_id = account.org_id;
    return HENG_OK;
}

/* Money at a desk belongs to its open cash day; cash cannot do without. */
static heng_rc into_cash_day(struct heng_store *store, struct heng_booking *booking, struct heng_err *err)
{
    struct heng_cash_day day;
    bool cash = false, money = false;
    for (size_t i = 0; i < booking->posting_count; i++) {
        cash = cash || booking->postings[i].book == HENG_BOOK_CASH;
        money = money || heng_ledger_is_money(booking->postings[i].book);
    }
    booking->cash_day_id = 0;
    if (!cash && !(money && booking->desk[0])) return HENG_OK;
    heng_rc rc = heng_store_open_cash_day(heng_store_as_reader(store), booking->org_id, booking->desk, &day, err);
    if (rc == HENG_ENOTFOUND && cash)
        return heng_fail(err, HENG_EDENIED, 0,
                         "desk '%s' has no open cash day: open it first (heng cash open --desk %s --float AMOUNT)",
                         booking->desk, booking->desk);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    if (strcmp(day.currency, booking->currency) != 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "the drawer of desk '%s' is kept in %s, not in %s", booking->desk,
                         day.currency, booking->currency);
    booking->cash_day_id = day.id;
    return HENG_OK;
}

static int64_t held(const struct heng_account_balance *balance, heng_book_kind book)
{
    if (book == HENG_BOOK_PURSE) return balance->purse;
    if (book == HENG_BOOK_ADVANCE) return balance->advance;
    return balance->deposit;
}

/* Nobody gets out, or is made to give, what is not there. Use is charged all the same, and may overdraw. */
static bool minds_balance(heng_booking_kind kind)
{
    return kind == HENG_BOOKING_REFUND || kind == HENG_BOOKING_PAYOUT || kind == HENG_BOOKING_DEPOSIT_BACK ||
           kind == HENG_BOOKING_APPLY || kind == HENG_BOOKING_TO_METER;
}

static heng_rc check_balance(struct heng_store *store, const struct heng_booking *booking, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; minds_balance(booking->kind) && rc == HENG_OK && i < booking->posting_count; i++) {
        const struct heng_posting *p = &booking->postings[i];
        struct heng_account_balance balance;
        if (p->amount <= 0 || p->account_id == 0) continue;
        rc = heng_store_account_balance(heng_store_as_reader(store), p->account_id, &balance, err);
        if (rc == HENG_OK && held(&balance, p->book) < p->amount) {
            char wish[HENG_AMOUNT_TEXT_MAX], there[HENG_AMOUNT_TEXT_MAX];
            heng_amount_text(p->amount, wish);
            heng_amount_text(held(&balance, p->book), there);
            return heng_fail(err, HENG_ECONFLICT, 0, "%s of %s is more than the %s holds: %s",
                             heng_booking_text(booking->kind), wish, heng_book_text(p->book), there);
        }
    }
    return rc;
}

heng_rc heng_book(struct heng_store *store, struct heng_booking *booking, const struct heng_hand *hand,
                  struct heng_booked *ret, struct heng_err *err)
{
    memset(ret, 0, sizeof *ret);
    sign(booking, hand);
    heng_rc rc = heng_ledger_check(booking, err);
    if (rc != HENG_OK) return rc;
    if ((rc = find_known(store, booking, ret, err)) != HENG_ENOTFOUND) return rc;
    rc = of_account(store, booking, err);
    if (rc == HENG_OK) rc = into_cash_day(store, booking, err);
    if (rc == HENG_OK) rc = check_balance(store, booking, err);
    if (rc == HENG_OK) rc = heng_store_book(store, booking, 1, &ret->booking_id, NULL, err);
    if (rc == HENG_OK && booking->account_id)
        rc = heng_store_account_balance(heng_store_as_reader(store), booking->account_id, &ret->balance, err);
    if (rc == HENG_OK && heng_receipt_due(booking))
        rc = heng_receipt_issue(store, booking, ret->booking_id, &ret->balance, &ret->receipt, err);
    return rc;
}

/* --- Mirrors --- */

/* It can be taken back: it is no mirror itself, and its cash day is open. */
static heng_rc may_reverse(struct heng_store *store, const struct heng_booking *of, struct heng_err *err)
{
    struct heng_cash_day day;
    char number[HENG_BILL_NUMBER_MAX];
    int64_t by;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    if (of->kind == HENG_BOOKING_REVERSAL)
        return heng_fail(err, HENG_ECONFLICT, 0, "booking %" PRId64 " is a reversal itself: book anew what was right",
                         of->id);
    heng_rc rc = heng_store_find_reversal(reader, of->id, &by, err);
    if (rc == HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0, "booking %" PRId64 " was reversed before, by booking %" PRId64, of->id,
                         by);
    if (rc != HENG_ENOTFOUND) return rc;
    rc = heng_store_find_freed(reader, of->id, number, err);
    if (rc == HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "bill %s that it paid was reversed since: its money lies in the advance, refund it there",
                         number);
    if (rc != HENG_ENOTFOUND || of->cash_day_id == 0) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    rc = heng_store_get_cash_day(reader, 0, of->cash_day_id, &day, err);
    if (rc == HENG_OK && day.closed_us)
        return heng_fail(err, HENG_EDENIED, 0,
                         "the cash day of booking %" PRId64 " is closed: use a refund or a correction", of->id);
    return rc;
}

heng_rc heng_book_reverse(struct heng_store *store, int64_t booking_id, const char *key, const struct heng_hand *hand,
                          const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_booking of, mirror;
    memset(ret, 0, sizeof *ret);
    heng_rc rc = heng_store_get_booking(heng_store_as_reader(store), booking_id, &of, err);
    if (rc != HENG_OK) return rc;
    heng_ledger_mirror(&of, &mirror);
    snprintf(mirror.key, sizeof mirror.key, "%s", key);
    snprintf(mirror.reason, sizeof mirror.reason, "%s", reason);
    mirror.day = hand->day;
    if ((rc = find_known(store, &mirror, ret, err)) != HENG_ENOTFOUND) return rc;
    rc = may_reverse(store, &of, err);
    if (rc == HENG_OK) rc = heng_book(store, &mirror, hand, ret, err);
    /* What it paid is open again; a fee that it was is none any more. */
    return rc == HENG_OK ? heng_store_take_back(store, booking_id, ret->booking_id, mirror.day, err) : rc;
}
