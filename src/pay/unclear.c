#include <stdio.h>

#include "pay/order.h"

heng_rc heng_pay_unclear(struct heng_store *store, int64_t org_id, const char *channel, const char *currency,
                         int64_t amount, const char *key, const struct heng_hand *hand, const char *reason,
                         int64_t *ret_booking, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_booked booked = {0};
    heng_rc rc = heng_ledger_move(HENG_BOOKING_UNCLEAR, 0, HENG_BOOK_CHANNEL, 0, channel, HENG_BOOK_UNCLEAR, 0, channel,
                                  amount, &booking, err);
    if (rc != HENG_OK) return rc;
    booking.org_id = org_id;
    snprintf(booking.currency, sizeof booking.currency, "%s", currency);
    snprintf(booking.channel, sizeof booking.channel, "%s", channel);
    snprintf(booking.key, sizeof booking.key, "%s", key);
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    rc = heng_book(store, &booking, hand, &booked, err);
    if (rc == HENG_OK) *ret_booking = booked.booking_id;
    return rc;
}
