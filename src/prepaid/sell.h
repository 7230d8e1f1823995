#ifndef HENG_PREPAID_SELL_H
#define HENG_PREPAID_SELL_H
/* Money into a balance and out of it: sale, refund, reversal, adjustment. Each is one booking by its key, with a
 * receipt where money changes hands, and supply comes back with it when it is due. In the writer's open transaction. */
#include "account/book.h"

/* May this amount be sold? Asked BEFORE money is taken, also by payment channels. Looks at the account (open, has
 * something prepaid), the amount, the balance after it (limit of the account or the site; PP-C2), and, for money that
 * goes into a meter, that no order is under way. point_id 0: the balance on the server; else the point whose meter
 * holds its money. Errors: ENOTFOUND the account; ERANGE the amount; EDENIED with the reason for people. */
HENG_NODISCARD heng_rc heng_prepaid_may_sell(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                                             int64_t point_id, int64_t amount, struct heng_err *err);

struct heng_sale {
    int64_t scope, account_id, point_id;
    int64_t amount;
    const char *key;
    const char *subject; /* "pay-order" ..., NULL: none */
    int64_t subject_id;
};
/* Sell: may_sell again, then the booking; with a point_id the order into its meter as well (meter_order.h). With a key
 * that is there this is that sale, and nothing is looked at again. paid: the money has been taken already (a payment
 * channel): what may_sell would refuse is booked all the same, but for an account that is closed; what cannot go into
 * the meter any more stays in the purse. Errors: as may_sell; ECONFLICT the key is another's. */
HENG_NODISCARD heng_rc heng_prepaid_sell(struct heng_store *store, const struct heng_sale *sale, bool paid,
                                         const struct heng_hand *hand, struct heng_booked *ret, struct heng_err *err);

/* Pay out of the balance, no more than is there (PP-C4). Errors: those of heng_refund (account/correct.h). */
HENG_NODISCARD heng_rc heng_prepaid_refund(struct heng_store *store, const struct heng_sale *refund,
                                           const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                                           struct heng_err *err);

/* Take a sale or a refund back, as account/correct.h allows it (PP-C4).
 * Errors: ENOTFOUND; EDENIED, ECONFLICT with the reason and what to do in its place. */
HENG_NODISCARD heng_rc heng_prepaid_reverse(struct heng_store *store, int64_t scope, int64_t booking_id,
                                            const char *key, const struct heng_hand *hand, const char *reason,
                                            struct heng_booked *ret, struct heng_err *err);

/* Change a balance by hand, up or down, with a reason and a second person who agrees. Errors: EDENIED. */
HENG_NODISCARD heng_rc heng_prepaid_adjust(struct heng_store *store, const struct heng_sale *adjustment,
                                           const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                                           struct heng_err *err);

#endif
