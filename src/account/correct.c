#include "account/correct.h"

#include "ledger/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

heng_rc heng_refund(struct heng_store *store, int64_t account_id, heng_book_kind from, int64_t amount, const char *key,
                    const struct heng_hand *hand, const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_booking booking;
    heng_rc rc = heng_ledger_refund(account_id, from, amount, hand->channel, hand->desk, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(booking.key, sizeof booking.key, "%s", key);
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    return heng_book(store, &booking, hand, ret, err);
}

static heng_rc check_hand(const struct heng_booking *of, const struct heng_hand *hand, const char *reason,
                          struct heng_err *err)
{
    if (!hand->second[0] || strcmp(hand->second, hand->who) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "a reversal needs a second person: name the supervisor who agrees");
    if (!reason[0]) return heng_fail(err, HENG_ECONFIG, 0, "a reversal needs a reason");
    if (of->kind != HENG_BOOKING_SALE && of->kind != HENG_BOOKING_REFUND && of->kind != HENG_BOOKING_PAYMENT &&
        of->kind != HENG_BOOKING_DEPOSIT)
        return heng_fail(err, HENG_ECONFLICT, 0, "'%s' is not taken back at a desk", heng_booking_text(of->kind));
    if (of->cash_day_id == 0 && of->day != hand->day)
        return heng_fail(err, HENG_EDENIED, 0,
                         "booking %" PRId64 " is of another day: use a refund or a correction voucher", of->id);
    return HENG_OK;
}

/* Nothing was sold or refunded for the account since. */
static heng_rc check_last(struct heng_store *store, const struct heng_booking *of, struct heng_err *err)
{
    int64_t last;
    if (of->kind != HENG_BOOKING_SALE && of->kind != HENG_BOOKING_REFUND) return HENG_OK;
    heng_rc rc = heng_store_last_sale(heng_store_as_reader(store), of->account_id, &last, err);
    if (rc != HENG_OK || last == of->id) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0,
                     "booking %" PRId64 " is not the last sale or refund: booking %" PRId64
                     " came later and has to be taken back first",
                     of->id, last);
}

/* What it gave to the customer's books is still in them. */
static heng_rc check_unused(struct heng_store *store, const struct heng_booking *of, struct heng_err *err)
{
    struct heng_account_balance balance;
    heng_rc rc = heng_store_account_balance(heng_store_as_reader(store), of->account_id, &balance, err);
    for (size_t i = 0; rc == HENG_OK && i < of->posting_count; i++) {
        const struct heng_posting *p = &of->postings[i];
        int64_t there = p->book == HENG_BOOK_PURSE     ? balance.purse
                        : p->book == HENG_BOOK_ADVANCE ? balance.advance
                        : p->book == HENG_BOOK_DEPOSIT ? balance.deposit
                                                       : INT64_MAX;
        char text[2][HENG_AMOUNT_TEXT_MAX];
        if (p->amount >= 0 || there >= -p->amount) continue;
        heng_amount_text(-p->amount, text[0]);
        heng_amount_text(there, text[1]);
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "of the %s only %s is left, the rest was used: use a refund of the rest", text[0], text[1]);
    }
    return rc;
}

heng_rc heng_take_back(struct heng_store *store, int64_t booking_id, const char *key, const struct heng_hand *hand,
                       const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_booking of, known;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    int64_t by;
    heng_rc rc = heng_store_get_booking(reader, booking_id, &of, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_find_booking(reader, key, &known, err);
    if (rc == HENG_OK) return heng_book_reverse(store, booking_id, key, hand, reason, ret, err);
    if (rc != HENG_ENOTFOUND) return rc;
    rc = heng_store_find_reversal(reader, booking_id, &by, err);
    if (rc == HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0, "booking %" PRId64 " was reversed before, by booking %" PRId64,
                         booking_id, by);
    if (rc != HENG_ENOTFOUND) return rc;
    rc = check_hand(&of, hand, reason, err);
    if (rc == HENG_OK) rc = check_last(store, &of, err);
    if (rc == HENG_OK) rc = check_unused(store, &of, err);
    return rc == HENG_OK ? heng_book_reverse(store, booking_id, key, hand, reason, ret, err) : rc;
}
