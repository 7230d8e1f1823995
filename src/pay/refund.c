#include <stdio.h>

#include "account/note.h"
#include "pay/order.h"
#include "prepaid/sell.h"

/* Out of what the order's money went into. */
static heng_rc book_refund(struct heng_store *store, const struct heng_pay_order *order,
                           const struct heng_pay_refund *refund, const struct heng_hand *hand, const char *reason,
                           int64_t *ret, struct heng_err *err)
{
    struct heng_booked booked = {0};
    struct heng_booking booking;
    struct heng_hand by = *hand;
    char key[HENG_BOOKING_KEY_MAX];
    heng_rc rc;
    snprintf(by.channel, sizeof by.channel, "%s", order->channel);
    snprintf(key, sizeof key, "pay:refund:%s", refund->number);
    if (order->purpose == HENG_PAY_FOR_TOP_UP) {
        const struct heng_sale sale = {.account_id = order->account_id,
                                       .amount = refund->amount,
                                       .key = key,
                                       .subject = "pay-order",
                                       .subject_id = order->id};
        rc = heng_prepaid_refund(store, &sale, &by, reason, &booked, err);
    } else {
        rc = heng_ledger_refund(order->account_id, HENG_BOOK_ADVANCE, refund->amount, order->channel, by.desk, &booking,
                                err);
        if (rc != HENG_OK) return rc;
        snprintf(booking.key, sizeof booking.key, "%s", key);
        snprintf(booking.subject, sizeof booking.subject, "pay-order");
        snprintf(booking.reason, sizeof booking.reason, "%s", reason);
        booking.subject_id = order->id;
        rc = heng_book(store, &booking, &by, &booked, err);
    }
    if (rc == HENG_OK) *ret = booked.booking_id;
    return rc;
}

static heng_rc may_refund(struct heng_store_reader *reader, const struct heng_pay_order *order, int64_t amount,
                          struct heng_err *err)
{
    struct heng_pay_refund all[HENG_PAY_REFUNDS_MAX];
    char left[HENG_PAY_AMOUNT_TEXT_MAX];
    size_t n = 0;
    if (order->state != HENG_PAY_APPLIED && order->state != HENG_PAY_REFUNDING)
        return heng_fail(err, HENG_ECONFLICT, 0, "order %s is %s: there is nothing to give back", order->number,
                         heng_pay_state_text(order->state));
    if (amount <= 0) return heng_fail(err, HENG_ERANGE, 0, "the amount must be above zero");
    heng_rc rc = heng_store_list_pay_refunds(reader, order->id, all, HENG_PAY_REFUNDS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    if (n == HENG_PAY_REFUNDS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "order %s had %d refunds: pay the rest out by bank", order->number,
                         HENG_PAY_REFUNDS_MAX);
    if (amount <= order->paid_amount - order->refunded) return HENG_OK;
    heng_pay_amount_text(order->paid_amount - order->refunded, 2, left);
    return heng_fail(err, HENG_EDENIED, 0, "of order %s at most %s can go back", order->number, left);
}

heng_rc heng_pay_refund_ask(struct heng_store *store, int64_t scope, const char *order_number, int64_t amount,
                            const char *request, const struct heng_hand *hand, const char *reason,
                            struct heng_pay_refund *ret, struct heng_err *err)
{
    struct heng_pay_order order;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc != HENG_OK) return rc;
    if (!*reason) return heng_fail(err, HENG_EFORMAT, 0, "a refund needs a reason");
    if (!*request || strlen(request) >= HENG_BOOKING_KEY_MAX)
        return heng_fail(err, HENG_EFORMAT, 0, "a request needs a key of 1 to %d characters", HENG_BOOKING_KEY_MAX - 1);
    rc = heng_store_find_pay_order(heng_store_as_reader(store), scope, order_number, &order, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no payment order '%.40s'", order_number);
    if (rc != HENG_OK) return rc;
    rc = heng_store_pay_refund_of_request(heng_store_as_reader(store), request, ret, err);
    if (rc == HENG_OK && (ret->order_id != order.id || ret->amount != amount))
        return heng_fail(err, HENG_ECONFLICT, 0, "the request '%.40s' was for refund %s: something new needs a new key",
                         request, ret->number);
    if (rc != HENG_ENOTFOUND) return rc;
    if ((rc = may_refund(heng_store_as_reader(store), &order, amount, err)) != HENG_OK) return rc;
    *ret = (struct heng_pay_refund){
        .order_id = order.id, .amount = amount, .state = HENG_REFUND_ASKED, .made_us = hand->now_us};
    snprintf(ret->request, sizeof ret->request, "%s", request);
    snprintf(ret->who, sizeof ret->who, "%s", hand->who);
    snprintf(ret->why, sizeof ret->why, "%s", reason);
    rc = heng_store_put_pay_refund(store, ret, hand->day, err);
    if (rc == HENG_OK) rc = book_refund(store, &order, ret, hand, reason, &ret->booking_id, err);
    if (rc == HENG_OK) rc = heng_store_put_pay_refund(store, ret, hand->day, err);
    order.state = HENG_PAY_REFUNDING;
    order.refunded += amount;
    if (rc == HENG_OK) rc = heng_store_put_pay_order(store, &order, hand->day, err);
    const struct heng_note note = {"pay.refund", "pay-order", order.id, order.org_id, reason};
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}

/* Is another refund of the order still under way? */
static heng_rc others_open(struct heng_store *store, const struct heng_pay_refund *but, bool *ret, struct heng_err *err)
{
    struct heng_pay_refund all[HENG_PAY_REFUNDS_MAX];
    size_t n = 0;
    heng_rc rc =
        heng_store_list_pay_refunds(heng_store_as_reader(store), but->order_id, all, HENG_PAY_REFUNDS_MAX, &n, err);
    *ret = false;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) *ret = *ret || (all[i].id != but->id && !all[i].ended_us);
    return rc;
}

static heng_rc end(struct heng_store *store, struct heng_pay_order *order, struct heng_pay_refund *refund, bool done,
                   const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    bool open = false;
    heng_rc rc = HENG_OK;
    refund->ended_us = hand->now_us;
    refund->state = done ? HENG_REFUND_DONE : HENG_REFUND_FAILED;
    if (!done) {
        order->refunded -= refund->amount;
        snprintf(key, sizeof key, "pay:refund-failed:%s", refund->number);
        rc = heng_book_reverse(store, refund->booking_id, key, hand, refund->why, &booked, err);
    }
    if (rc == HENG_OK) rc = others_open(store, refund, &open, err);
    order->state = open                                    ? HENG_PAY_REFUNDING
                   : order->refunded == order->paid_amount ? HENG_PAY_REFUNDED
                                                           : HENG_PAY_APPLIED;
    if (rc == HENG_OK) rc = heng_store_put_pay_refund(store, refund, hand->day, err);
    return rc == HENG_OK ? heng_store_put_pay_order(store, order, hand->day, err) : rc;
}

heng_rc heng_pay_refund_end(struct heng_store *store, struct heng_pay_refund *refund, bool done,
                            const char *transaction_id, const char *why, const struct heng_hand *hand,
                            heng_pay_outcome *ret_outcome, struct heng_err *err)
{
    struct heng_pay_order order;
    heng_rc rc = heng_store_get_pay_order(heng_store_as_reader(store), 0, refund->order_id, &order, err);
    if (rc != HENG_OK) return rc;
    if (refund->ended_us) {
        const bool same = done == (refund->state == HENG_REFUND_DONE);
        *ret_outcome = same ? HENG_PAY_TOLD_KNOWN : done ? HENG_PAY_TOLD_REFUSED : HENG_PAY_TOLD_LATE;
        if (*ret_outcome != HENG_PAY_TOLD_REFUSED) return HENG_OK;
        order.state = HENG_PAY_STUCK; /* the money is gone, and the account has it too */
        snprintf(order.why, sizeof order.why, "refund %s had failed, and the channel says it is done", refund->number);
        return heng_store_put_pay_order(store, &order, hand->day, err);
    }
    if (!done) snprintf(refund->why, sizeof refund->why, "%s", why);
    snprintf(refund->transaction_id, sizeof refund->transaction_id, "%s", transaction_id);
    *ret_outcome = HENG_PAY_TOLD_APPLIED;
    return end(store, &order, refund, done, hand, err);
}
