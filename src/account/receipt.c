#include "account/receipt.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_receipt(heng_booking_kind kind)
{
    switch (kind) {
    case HENG_BOOKING_SALE:
    case HENG_BOOKING_PAYMENT:
    case HENG_BOOKING_REFUND:
    case HENG_BOOKING_DEPOSIT:
    case HENG_BOOKING_DEPOSIT_BACK:
    case HENG_BOOKING_PAYOUT:
    case HENG_BOOKING_REVERSAL: return true;
    case HENG_BOOKING_OPENING:
    case HENG_BOOKING_CHARGE:
    case HENG_BOOKING_BILL:
    case HENG_BOOKING_APPLY:
    case HENG_BOOKING_LATE_FEE:
    case HENG_BOOKING_WAIVER:
    case HENG_BOOKING_WRITE_OFF:
    case HENG_BOOKING_ADJUSTMENT:
    case HENG_BOOKING_TRANSFER:
    case HENG_BOOKING_TO_METER:
    case HENG_BOOKING_FROM_METER:
    case HENG_BOOKING_METER_USE:
    case HENG_BOOKING_HAND_OVER:
    case HENG_BOOKING_OVER_SHORT:
    case HENG_BOOKING_SETTLEMENT:
    case HENG_BOOKING_CHANNEL_FEE:
    case HENG_BOOKING_UNCLEAR:
    case HENG_BOOKING_CLEARED:
    case HENG_BOOKING_COUNT: break;
    }
    return false;
}

bool heng_receipt_due(const struct heng_booking *booking)
{
    if (!has_receipt(booking->kind) || booking->account_id == 0) return false;
    for (size_t i = 0; i < booking->posting_count; i++)
        if (heng_ledger_is_money(booking->postings[i].book)) return true;
    return false;
}

/* How much the booking gives to what the customer has at hand, and to his deposit. */
static bool gains(const struct heng_booking *booking, int64_t *ret_hand, int64_t *ret_deposit, bool *ret_of_deposit)
{
    bool fits = true, hand = false;
    *ret_hand = *ret_deposit = 0;
    for (size_t i = 0; fits && i < booking->posting_count; i++) {
        const struct heng_posting *p = &booking->postings[i];
        if (p->account_id != booking->account_id || p->book == HENG_BOOK_METER) continue;
        int64_t *to = p->book == HENG_BOOK_DEPOSIT ? ret_deposit : ret_hand;
        hand = hand || p->book != HENG_BOOK_DEPOSIT;
        fits = !__builtin_sub_overflow(*to, p->amount, to);
    }
    *ret_of_deposit = !hand;
    return fits;
}

heng_rc heng_receipt_issue(struct heng_store *store, const struct heng_booking *booking, int64_t booking_id,
                           const struct heng_account_balance *balance, struct heng_receipt_row *ret,
                           struct heng_err *err)
{
    struct heng_civil date = heng_us_to_civil(booking->day * HENG_US_PER_DAY);
    int64_t hand, deposit, at_hand;
    bool of_deposit;
    *ret = (struct heng_receipt_row){.org_id = booking->org_id, .booking_id = booking_id, .year = date.year};
    snprintf(ret->desk, sizeof ret->desk, "%s", booking->desk[0] ? booking->desk : booking->channel);
    if (!gains(booking, &hand, &deposit, &of_deposit) ||
        __builtin_add_overflow(balance->purse, balance->advance, &at_hand) ||
        __builtin_sub_overflow(at_hand, balance->owed, &at_hand))
        return heng_fail(err, HENG_ERANGE, 0, "the balance of the account does not fit on a receipt");
    ret->balance_after = of_deposit ? balance->deposit : at_hand;
    if (__builtin_sub_overflow(ret->balance_after, of_deposit ? deposit : hand, &ret->balance_before))
        return heng_fail(err, HENG_ERANGE, 0, "the balance of the account does not fit on a receipt");
    heng_rc rc = heng_store_next_number(store, ret->org_id, "receipt", ret->desk, ret->year, &ret->number, err);
    return rc == HENG_OK ? heng_store_add_receipt(store, ret, err) : rc;
}

void heng_receipt_text(const struct heng_receipt_row *receipt, char ret[HENG_AT_LEAST(HENG_RECEIPT_TEXT_MAX)])
{
    snprintf(ret, HENG_RECEIPT_TEXT_MAX, "%d-%s-%06" PRId64, receipt->year, receipt->desk, receipt->number);
}

/* A whole number at text, at most `digits` long; NULL when there is none, else what comes behind. */
static const char *whole(const char *text, unsigned digits, int64_t *ret)
{
    const char *at = text;
    for (*ret = 0; *at >= '0' && *at <= '9' && at < text + digits; at++) *ret = *ret * 10 + (*at - '0');
    return at == text ? NULL : at;
}

bool heng_receipt_of(const char *text, struct heng_receipt_row *ret)
{
    int64_t year;
    const char *desk = whole(text, 4, &year), *last = strrchr(text, '-');
    memset(ret, 0, sizeof *ret);
    if (!desk || *desk != '-' || last <= desk || (size_t)(last - desk) > sizeof ret->desk) return false;
    const char *end = whole(last + 1, 15, &ret->number);
    ret->year = (int)year;
    memcpy(ret->desk, desk + 1, (size_t)(last - desk - 1));
    return end && *end == 0 && ret->desk[0];
}
