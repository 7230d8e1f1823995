/* What a channel tells, followed: the same twice, late or out of order changes nothing. */
#include <stdio.h>

#include "pay/order.h"

/* An outcome with its reason. */
static heng_rc told(struct heng_pay_notice *n, heng_pay_outcome outcome, const char *why)
{
    n->outcome = outcome;
    snprintf(n->why, sizeof n->why, "%s", why);
    return HENG_OK;
}

/* Money for nobody we know: it is kept, and listed. */
static heng_rc stray(struct heng_store *store, const struct heng_pay_channel *channel, const struct heng_pay_event *e,
                     const char *why, const struct heng_hand *hand, struct heng_pay_notice *n, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX];
    int64_t booking_id = 0;
    heng_rc rc = HENG_OK;
    (void)told(n, HENG_PAY_TOLD_REFUSED, why);
    if (e->amount <= 0 || !e->transaction_id[0]) return HENG_OK;
    snprintf(key, sizeof key, "pay:stray:%.20s:%.64s", channel->name, e->transaction_id);
    rc = heng_pay_unclear(store, 0, channel->name, e->currency, e->amount, key, hand, why, &booking_id, err);
    return rc == HENG_ECONFLICT ? HENG_OK : rc; /* booked before, in another amount: the notice tells */
}

static heng_rc stuck(struct heng_store *store, struct heng_pay_order *order, const struct heng_pay_event *e,
                     const struct heng_hand *hand, struct heng_pay_notice *n, struct heng_err *err)
{
    char ours[HENG_PAY_AMOUNT_TEXT_MAX], theirs[HENG_PAY_AMOUNT_TEXT_MAX], why[HENG_DETAIL_MAX];
    heng_pay_amount_text(order->amount, 2, ours);
    heng_pay_amount_text(e->amount, 2, theirs);
    snprintf(why, sizeof why, "%s says %s %s were paid, the order is for %s %s: nothing is booked", order->channel,
             theirs, e->currency, ours, order->currency);
    order->state = HENG_PAY_STUCK;
    order->paid_us = e->at_us;
    order->paid_amount = strcmp(order->currency, e->currency) == 0 ? e->amount : 0;
    memcpy(order->transaction_id, e->transaction_id, sizeof order->transaction_id);
    snprintf(order->why, sizeof order->why, "%s", why);
    (void)told(n, HENG_PAY_TOLD_REFUSED, why);
    return heng_store_put_pay_order(store, order, hand->day, err);
}

static heng_rc paid(struct heng_store *store, const struct heng_pay_channel *channel, const struct heng_pay_event *e,
                    const struct heng_hand *hand, struct heng_pay_notice *n, struct heng_err *err)
{
    struct heng_pay_order order, other;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_find_pay_order(reader, 0, e->order_number, &order, err);
    if (rc == HENG_ENOTFOUND) return stray(store, channel, e, "no order has this number", hand, n, err);
    if (rc != HENG_OK) return rc;
    if (strcmp(order.channel, channel->name) != 0)
        return told(n, HENG_PAY_TOLD_REFUSED, "the order belongs to another channel");
    if (!e->transaction_id[0]) return told(n, HENG_PAY_TOLD_REFUSED, "it names no transaction");
    if (e->amount <= 0) return told(n, HENG_PAY_TOLD_REFUSED, "it names no amount above zero");
    rc = heng_store_pay_order_of_transaction(reader, channel->name, e->transaction_id, &other, err);
    if (rc == HENG_OK && other.id != order.id)
        return told(n, HENG_PAY_TOLD_REFUSED, "the transaction belongs to another order");
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (order.paid_us) {
        if (strcmp(order.transaction_id, e->transaction_id) != 0)
            return stray(store, channel, e, "the order was paid before, by another transaction", hand, n, err);
        const bool after = order.state == HENG_PAY_REFUNDING || order.state == HENG_PAY_REFUNDED;
        return told(n, after ? HENG_PAY_TOLD_LATE : HENG_PAY_TOLD_KNOWN, "the payment is known");
    }
    if (e->amount != order.amount || strcmp(e->currency, order.currency) != 0)
        return stuck(store, &order, e, hand, n, err);
    order.state = HENG_PAY_PAID;
    order.paid_us = e->at_us;
    order.paid_amount = e->amount;
    memcpy(order.transaction_id, e->transaction_id, sizeof order.transaction_id);
    rc = heng_store_put_pay_order(store, &order, hand->day, err);
    if (rc == HENG_OK) rc = heng_pay_apply(store, &order, hand, err);
    return rc == HENG_OK ? told(n, HENG_PAY_TOLD_APPLIED, order.state == HENG_PAY_STUCK ? order.why : "") : rc;
}

static heng_rc closed(struct heng_store *store, const struct heng_pay_channel *channel, const struct heng_pay_event *e,
                      const struct heng_hand *hand, struct heng_pay_notice *n, struct heng_err *err)
{
    struct heng_pay_order order;
    heng_rc rc = heng_store_find_pay_order(heng_store_as_reader(store), 0, e->order_number, &order, err);
    if (rc == HENG_ENOTFOUND) return told(n, HENG_PAY_TOLD_REFUSED, "no order has this number");
    if (rc != HENG_OK) return rc;
    if (strcmp(order.channel, channel->name) != 0)
        return told(n, HENG_PAY_TOLD_REFUSED, "the order belongs to another channel");
    if (order.state == HENG_PAY_CLOSED) return told(n, HENG_PAY_TOLD_KNOWN, "it is closed");
    if (order.paid_us) return told(n, HENG_PAY_TOLD_LATE, "the order was paid");
    rc = heng_pay_order_move(store, 0, order.number, HENG_PAY_CLOSED, "closed by the channel", hand, &order, err);
    return rc == HENG_OK ? told(n, HENG_PAY_TOLD_APPLIED, "") : rc;
}

/* The amount that the message must say: of this refund, or of all that went back with it. */
static heng_rc refund_due(struct heng_store *store, const struct heng_pay_event *e,
                          const struct heng_pay_refund *refund, int64_t *ret, struct heng_err *err)
{
    struct heng_pay_refund all[HENG_PAY_REFUNDS_MAX];
    size_t n = 0;
    heng_rc rc = HENG_OK;
    *ret = refund->amount;
    if (!e->refund_is_total) return HENG_OK;
    rc = heng_store_list_pay_refunds(heng_store_as_reader(store), refund->order_id, all, HENG_PAY_REFUNDS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (all[i].id != refund->id && all[i].state == HENG_REFUND_DONE) *ret += all[i].amount;
    return rc;
}

static heng_rc refunded(struct heng_store *store, const struct heng_pay_channel *channel,
                        const struct heng_pay_event *e, const struct heng_hand *hand, struct heng_pay_notice *n,
                        struct heng_err *err)
{
    struct heng_pay_refund refund;
    struct heng_pay_order order;
    heng_pay_outcome outcome = HENG_PAY_TOLD_REFUSED;
    heng_rc rc = heng_store_find_pay_refund(heng_store_as_reader(store), e->refund_number, &refund, err);
    if (rc == HENG_ENOTFOUND) return told(n, HENG_PAY_TOLD_REFUSED, "no refund of ours has this number");
    if (rc == HENG_OK) rc = heng_store_get_pay_order(heng_store_as_reader(store), 0, refund.order_id, &order, err);
    if (rc != HENG_OK) return rc;
    snprintf(n->order_number, sizeof n->order_number, "%s", order.number);
    if (strcmp(order.channel, channel->name) != 0 || (e->order_number[0] && strcmp(e->order_number, order.number) != 0))
        return told(n, HENG_PAY_TOLD_REFUSED, "the refund belongs to another order");
    int64_t due = 0;
    rc = refund_due(store, e, &refund, &due, err);
    if (rc != HENG_OK) return rc;
    if (!refund.ended_us && e->refund_amount != due)
        return told(n, HENG_PAY_TOLD_REFUSED, "the refund was asked in another amount");
    rc = heng_pay_refund_end(store, &refund, e->kind == HENG_PAY_EVENT_REFUNDED, e->transaction_id,
                             e->kind == HENG_PAY_EVENT_REFUNDED ? "" : "the channel refused", hand, &outcome, err);
    return rc == HENG_OK ? told(n, outcome, outcome == HENG_PAY_TOLD_REFUSED ? "it had failed: a person decides" : "")
                         : rc;
}

heng_rc heng_pay_take(struct heng_store *store, const struct heng_pay_channel *channel,
                      const struct heng_pay_event *event, struct heng_slice body, const struct heng_hand *hand,
                      struct heng_pay_notice *ret, struct heng_err *err)
{
    struct heng_pay_notice known;
    heng_rc rc = heng_store_find_pay_notice(heng_store_as_reader(store), channel->name, event->key, &known, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    const bool seen = rc == HENG_OK;
    *ret = (struct heng_pay_notice){.at_us = hand->now_us, .outcome = HENG_PAY_TOLD_KNOWN};
    snprintf(ret->channel, sizeof ret->channel, "%s", channel->name);
    memcpy(ret->key, event->key, sizeof ret->key);
    memcpy(ret->order_number, event->order_number, sizeof ret->order_number);
    rc = HENG_OK;
    if (seen) {
        (void)told(ret, HENG_PAY_TOLD_KNOWN, "the same message came before");
    } else {
        switch (event->kind) {
        case HENG_PAY_EVENT_NOTHING: rc = told(ret, HENG_PAY_TOLD_KNOWN, "nothing that moves an order"); break;
        case HENG_PAY_EVENT_PAID: rc = paid(store, channel, event, hand, ret, err); break;
        case HENG_PAY_EVENT_CLOSED: rc = closed(store, channel, event, hand, ret, err); break;
        case HENG_PAY_EVENT_REFUNDED:
        case HENG_PAY_EVENT_REFUND_FAILED: rc = refunded(store, channel, event, hand, ret, err); break;
        }
    }
    return rc == HENG_OK ? heng_store_add_pay_notice(store, ret, body, err) : rc;
}

/* read: of the channel; NULL: it has no such messages. */
static heng_rc take_bytes(struct heng_store *store, const struct heng_pay_channel *channel, heng_pay_read *read,
                          const struct heng_pay_setup *setup, const struct heng_pay_in *in,
                          const struct heng_hand *hand, struct heng_pay_notice *ret, struct heng_err *err)
{
    struct heng_pay_event event = {0};
    struct heng_err why = {0};
    heng_rc rc = HENG_EUNSUPPORTED;
    struct heng_slice body = in->body;
    if (body.n > HENG_PAY_BODY_MAX)
        rc = heng_fail(&why, HENG_ELIMIT, 0, "the message has %zu bytes", body.n);
    else if (read)
        rc = read(setup, in, hand->now_us, &event, &why);
    else
        rc = heng_fail(&why, HENG_EUNSUPPORTED, 0, "%s sends no such messages", channel->name);
    if (rc == HENG_OK) return heng_pay_take(store, channel, &event, body, hand, ret, err);
    *ret = (struct heng_pay_notice){.at_us = hand->now_us};
    snprintf(ret->channel, sizeof ret->channel, "%s", channel->name);
    heng_pay_key_of(in, ret->key);
    (void)told(ret, HENG_PAY_TOLD_REFUSED, why.text);
    if (body.n > HENG_PAY_BODY_MAX) body.n = HENG_PAY_BODY_MAX;
    return heng_store_add_pay_notice(store, ret, body, err);
}

heng_rc heng_pay_take_message(struct heng_store *store, const struct heng_pay_channel *channel,
                              const struct heng_pay_setup *setup, const struct heng_pay_in *in,
                              const struct heng_hand *hand, struct heng_pay_notice *ret, struct heng_err *err)
{
    return take_bytes(store, channel, channel->notice, setup, in, hand, ret, err);
}

heng_rc heng_pay_take_answer(struct heng_store *store, const struct heng_pay_channel *channel,
                             const struct heng_pay_setup *setup, const struct heng_pay_in *in,
                             const struct heng_hand *hand, struct heng_pay_notice *ret, struct heng_err *err)
{
    return take_bytes(store, channel, channel->answered, setup, in, hand, ret, err);
}
