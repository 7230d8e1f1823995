#ifndef HENG_PAY_ORDER_H
#define HENG_PAY_ORDER_H
/* Payment orders and what becomes of them. "Paid" is the proof of money, "applied" the ledger; each happens once,
 * whatever comes how often and in which order. Money that cannot be applied lies in the book "unclear" until a person
 * decides.
 *
 *   created -> pending -> paid -> applied -> refunding -> refunded
 *        \________\__-> closed, unknown      stuck: a person decides
 *
 * In the writer's open transaction. */
#include "account/book.h"
#include "pay/channel.h"

/* bills: those to be paid, none: all that are open. point_id: of a top-up whose money goes into the meter, else 0. */
struct heng_pay_ask {
    const char *request; /* key of who asks */
    int64_t scope, account_id;
    const char *channel;
    heng_pay_purpose purpose;
    int64_t point_id, amount;
    const int64_t *bills;
    size_t bill_count;
};
enum { HENG_PAY_BILLS_MAX = 24, HENG_PAY_REFUNDS_MAX = 50 }; /* refunds of one order: WeChat takes 50 */

/* Make an order; the one that is there when the request was seen before. A top-up is checked against the limits first.
 * Errors: EDENIED, ERANGE with the reason; ECONFLICT the request was for something else; ENOTFOUND. */
HENG_NODISCARD heng_rc heng_pay_order_make(struct heng_store *store, const struct heng_pay_ask *ask,
                                           const struct heng_hand *hand, struct heng_pay_order *ret,
                                           struct heng_err *err);
/* The channel knows of it, did not answer, or it is given up. Errors: ECONFLICT it is further than that. */
HENG_NODISCARD heng_rc heng_pay_order_move(struct heng_store *store, int64_t scope, const char *number,
                                           heng_pay_state to, const char *why, const struct heng_hand *hand,
                                           struct heng_pay_order *ret, struct heng_err *err);

/* A verified event: kept with its whole body, and followed as far as it is new and fits. ret says what became of it. */
HENG_NODISCARD heng_rc heng_pay_take(struct heng_store *store, const struct heng_pay_channel *channel,
                                     const struct heng_pay_event *event, struct heng_slice body,
                                     const struct heng_hand *hand, struct heng_pay_notice *ret, struct heng_err *err);
/* A message as it came: verified, then taken; one that is not believed is kept with the reason and changes nothing.
 * Errors: those of the store only. */
HENG_NODISCARD heng_rc heng_pay_take_message(struct heng_store *store, const struct heng_pay_channel *channel,
                                             const struct heng_pay_setup *setup, const struct heng_pay_in *in,
                                             const struct heng_hand *hand, struct heng_pay_notice *ret,
                                             struct heng_err *err);

/* The answer to a query of an order, in the same way. */
HENG_NODISCARD heng_rc heng_pay_take_answer(struct heng_store *store, const struct heng_pay_channel *channel,
                                            const struct heng_pay_setup *setup, const struct heng_pay_in *in,
                                            const struct heng_hand *hand, struct heng_pay_notice *ret,
                                            struct heng_err *err);

/* Paid to applied. What may not be applied goes to "unclear", the order is stuck with the reason. */
HENG_NODISCARD heng_rc heng_pay_apply(struct heng_store *store, struct heng_pay_order *order,
                                      const struct heng_hand *hand, struct heng_err *err);
/* What a person decides of a stuck order. "apply": what was paid goes to the account after all; "back": it went back
 * through the channel; "close": nothing was paid. Errors: ECONFLICT it is not stuck, or that cannot be. */
HENG_NODISCARD heng_rc heng_pay_decide(struct heng_store *store, int64_t scope, const char *number,
                                       const char *decision, const struct heng_hand *hand, const char *reason,
                                       struct heng_pay_order *ret, struct heng_err *err);

/* --- refund.c --- */

/* Back through the channel it came by: at most what was paid less what went back, and no more than the account holds;
 * taken from the account at once, put back when the channel refuses. Errors: EDENIED, ECONFLICT, ENOTFOUND. */
HENG_NODISCARD heng_rc heng_pay_refund_ask(struct heng_store *store, int64_t scope, const char *order_number,
                                           int64_t amount, const char *request, const struct heng_hand *hand,
                                           const char *reason, struct heng_pay_refund *ret, struct heng_err *err);
/* done, or failed. Nothing changes when it has ended already: ret_outcome says so. */
HENG_NODISCARD heng_rc heng_pay_refund_end(struct heng_store *store, struct heng_pay_refund *refund, bool done,
                                           const char *transaction_id, const char *why, const struct heng_hand *hand,
                                           heng_pay_outcome *ret_outcome, struct heng_err *err);

/* --- unclear.c; money for bills: billing/collect.h --- */

/* Money that nobody knows whose it is: channel to unclear. */
HENG_NODISCARD heng_rc heng_pay_unclear(struct heng_store *store, int64_t org_id, const char *channel,
                                        const char *currency, int64_t amount, const char *key,
                                        const struct heng_hand *hand, const char *reason, int64_t *ret_booking,
                                        struct heng_err *err);

#endif
