#include "pay/order.h"

#include <stdio.h>

#include "account/note.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "billing/collect.h"
#include "prepaid/sell.h"
#include "store/money/bills.h"

/* --- making one --- */

static heng_rc write_target(const struct heng_pay_ask *ask, char ret[static HENG_PAY_TARGET_MAX], struct heng_err *err)
{
    struct heng_str text = {.max = HENG_PAY_TARGET_MAX - 1};
    struct heng_json j = heng_json_of(&text);
    if (ask->bill_count > HENG_PAY_BILLS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "one payment is for at most %d bills", HENG_PAY_BILLS_MAX);
    heng_json_object(&j);
    if (ask->purpose == HENG_PAY_FOR_TOP_UP) {
        heng_json_key(&j, "point");
        heng_json_int(&j, ask->point_id);
    } else {
        heng_json_key(&j, "bills");
        heng_json_array(&j);
        for (size_t i = 0; i < ask->bill_count; i++) heng_json_int(&j, ask->bills[i]);
        heng_json_end_array(&j);
    }
    heng_json_end_object(&j);
    heng_rc rc = text.rc;
    if (rc == HENG_OK) snprintf(ret, HENG_PAY_TARGET_MAX, "%s", text.text);
    heng_str_fini(&text);
    return rc == HENG_OK ? rc : heng_fail(err, rc, 0, "the order names too many bills");
}

struct target {
    int64_t point_id, bills[HENG_PAY_BILLS_MAX];
    size_t bill_count;
};

/* What write_target wrote. */
static void read_target(const struct heng_pay_order *order, struct target *ret)
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(order->target));
    struct heng_slice key;
    memset(ret, 0, sizeof *ret);
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "point")) {
            ret->point_id = heng_json_get_int(&r, 0, INT64_MAX);
            continue;
        }
        heng_json_open_array(&r);
        while (heng_json_next_item(&r) && ret->bill_count < HENG_PAY_BILLS_MAX)
            ret->bills[ret->bill_count++] = heng_json_get_int(&r, 0, INT64_MAX);
    }
}

static heng_rc may_pay_bills(struct heng_store_reader *reader, const struct heng_pay_ask *ask, struct heng_err *err)
{
    struct heng_bill bill;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < ask->bill_count; i++) {
        rc = heng_store_get_bill(reader, ask->scope, ask->bills[i], &bill, err);
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && bill.account_id != ask->account_id))
            return heng_fail(err, HENG_ENOTFOUND, 0, "the account has no bill %lld", (long long)ask->bills[i]);
        if (rc == HENG_OK && bill.state != HENG_BILL_STATE_ISSUED)
            return heng_fail(err, HENG_EDENIED, 0, "bill %.31s is %s: there is nothing to pay", bill.number,
                             heng_bill_state_text(bill.state));
        if (rc == HENG_OK) rc = heng_bill_locked(reader, bill.id, err);
    }
    return rc;
}

static bool same(const struct heng_pay_order *a, const struct heng_pay_order *b)
{
    return a->account_id == b->account_id && a->amount == b->amount && a->purpose == b->purpose &&
           strcmp(a->channel, b->channel) == 0 && strcmp(a->target, b->target) == 0;
}

/* What is asked for, filled in as an order; nothing of it is checked against the account yet. */
static heng_rc order_of(struct heng_store_reader *reader, const struct heng_pay_ask *ask, const struct heng_hand *hand,
                        struct heng_pay_order *ret, struct heng_err *err)
{
    struct heng_account account;
    if (!heng_pay_channel_of(ask->channel))
        return heng_fail(err, HENG_ENOTFOUND, 0, "'%.40s' is no payment channel", ask->channel);
    if (!ask->request[0] || strlen(ask->request) >= HENG_BOOKING_KEY_MAX)
        return heng_fail(err, HENG_EFORMAT, 0, "a request needs a key of 1 to %d characters", HENG_BOOKING_KEY_MAX - 1);
    if (ask->amount <= 0) return heng_fail(err, HENG_ERANGE, 0, "the amount must be above zero");
    heng_rc rc = heng_store_get_account(reader, ask->scope, ask->account_id, &account, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no account %lld", (long long)ask->account_id);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_pay_order){.org_id = account.org_id,
                                   .account_id = account.id,
                                   .purpose = ask->purpose,
                                   .amount = ask->amount,
                                   .state = HENG_PAY_CREATED,
                                   .made_us = hand->now_us};
    snprintf(ret->request, sizeof ret->request, "%s", ask->request);
    snprintf(ret->channel, sizeof ret->channel, "%s", ask->channel);
    snprintf(ret->currency, sizeof ret->currency, "%s", account.currency);
    return write_target(ask, ret->target, err);
}

heng_rc heng_pay_order_make(struct heng_store *store, const struct heng_pay_ask *ask, const struct heng_hand *hand,
                            struct heng_pay_order *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_pay_order known;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = order_of(reader, ask, hand, ret, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_pay_order_of_request(reader, ask->request, &known, err);
    if (rc == HENG_OK && !same(&known, ret))
        return heng_fail(err, HENG_ECONFLICT, 0, "the request '%.40s' was for order %s: something new needs a new key",
                         ask->request, known.number);
    if (rc == HENG_OK) *ret = known;
    if (rc != HENG_ENOTFOUND) return rc;
    if (ask->purpose == HENG_PAY_FOR_TOP_UP)
        rc = heng_prepaid_may_sell(reader, ask->scope, ask->account_id, ask->point_id, ask->amount, err);
    else
        rc = may_pay_bills(reader, ask, err);
    return rc == HENG_OK ? heng_store_put_pay_order(store, ret, hand->day, err) : rc;
}

static heng_rc find(struct heng_store *store, int64_t scope, const char *number, struct heng_pay_order *ret,
                    struct heng_err *err)
{
    heng_rc rc = heng_store_find_pay_order(heng_store_as_reader(store), scope, number, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no payment order '%.40s'", number) : rc;
}

static bool is_open(heng_pay_state state)
{
    return state == HENG_PAY_CREATED || state == HENG_PAY_PENDING || state == HENG_PAY_UNKNOWN;
}

heng_rc heng_pay_order_move(struct heng_store *store, int64_t scope, const char *number, heng_pay_state to,
                            const char *why, const struct heng_hand *hand, struct heng_pay_order *ret,
                            struct heng_err *err)
{
    heng_rc rc = find(store, scope, number, ret, err);
    if (rc != HENG_OK || ret->state == to) return rc;
    if (!is_open(ret->state) || (to != HENG_PAY_CLOSED && !is_open(to)))
        return heng_fail(err, HENG_ECONFLICT, 0, "order %s is %s: it cannot become %s", number,
                         heng_pay_state_text(ret->state), heng_pay_state_text(to));
    ret->state = to;
    snprintf(ret->why, sizeof ret->why, "%s", why);
    return heng_store_put_pay_order(store, ret, hand->day, err);
}

/* --- paid to applied --- */

static void key_of(const struct heng_pay_order *order, const char *what, char ret[static HENG_BOOKING_KEY_MAX])
{
    snprintf(ret, HENG_BOOKING_KEY_MAX, "pay:%s:%s", what, order->number);
}

/* May the money go where it was meant to? Asked before anything is booked, since limits and contracts may have changed
 * after the order was made. */
static heng_rc may_apply(struct heng_store_reader *reader, const struct heng_pay_order *order, struct heng_err *err)
{
    struct target target;
    struct heng_account account;
    read_target(order, &target);
    if (order->purpose == HENG_PAY_FOR_TOP_UP)
        return heng_prepaid_may_sell(reader, 0, order->account_id, target.point_id, order->paid_amount, err);
    heng_rc rc = heng_store_get_account(reader, 0, order->account_id, &account, err);
    return rc == HENG_OK && account.closed_us ? heng_fail(err, HENG_EDENIED, 0, "account %s is closed", account.number)
                                              : rc;
}

/* Into the account; of a top-up what cannot go on into its meter stays in the purse. */
static heng_rc book_order(struct heng_store *store, const struct heng_pay_order *order, const struct heng_hand *hand,
                          struct heng_booked *ret, struct heng_err *err)
{
    struct target target;
    struct heng_hand by = *hand;
    char key[HENG_BOOKING_KEY_MAX];
    read_target(order, &target);
    key_of(order, "apply", key);
    snprintf(by.channel, sizeof by.channel, "%s", order->channel);
    if (order->purpose == HENG_PAY_FOR_TOP_UP) {
        const struct heng_sale sale = {.account_id = order->account_id,
                                       .point_id = target.point_id,
                                       .amount = order->paid_amount,
                                       .key = key,
                                       .subject = "pay-order",
                                       .subject_id = order->id};
        return heng_prepaid_sell(store, &sale, true, &by, ret, err);
    }
    const struct heng_collect_ask collection = {.account_id = order->account_id,
                                                .amount = order->paid_amount,
                                                .channel = order->channel,
                                                .key = key,
                                                .subject = "pay-order",
                                                .subject_id = order->id,
                                                .bills = target.bills,
                                                .bill_count = target.bill_count};
    return heng_collect(store, &collection, &by, ret, err);
}

/* The reason lies in the wish, not in the database. */
static bool is_refusal(heng_rc rc)
{
    return rc == HENG_EDENIED || rc == HENG_ECONFLICT || rc == HENG_ENOTFOUND || rc == HENG_ERANGE ||
           rc == HENG_ELIMIT || rc == HENG_ECONFIG;
}

heng_rc heng_pay_apply(struct heng_store *store, struct heng_pay_order *order, const struct heng_hand *hand,
                       struct heng_err *err)
{
    struct heng_booked booked;
    struct heng_err why = {0};
    char key[HENG_BOOKING_KEY_MAX];
    if (order->state == HENG_PAY_APPLIED) return HENG_OK;
    if (order->state != HENG_PAY_PAID)
        return heng_fail(err, HENG_ECONFLICT, 0, "order %s is %s, not paid", order->number,
                         heng_pay_state_text(order->state));
    heng_rc rc = may_apply(heng_store_as_reader(store), order, &why);
    if (rc == HENG_OK) { /* from here on an error is one: part of it may be booked, and the transaction is given up */
        if ((rc = book_order(store, order, hand, &booked, err)) != HENG_OK) return rc;
        order->state = HENG_PAY_APPLIED;
        order->applied_us = hand->now_us;
        order->booking_id = booked.booking_id;
        order->why[0] = 0;
        return heng_store_put_pay_order(store, order, hand->day, err);
    }
    if (!is_refusal(rc)) {
        if (err) *err = why;
        return rc;
    }
    key_of(order, "unclear", key);
    rc = heng_pay_unclear(store, order->org_id, order->channel, order->currency, order->paid_amount, key, hand,
                          why.text, &order->booking_id, err);
    if (rc != HENG_OK) return rc;
    order->state = HENG_PAY_STUCK;
    snprintf(order->why, sizeof order->why, "%s", why.text);
    return heng_store_put_pay_order(store, order, hand->day, err);
}

/* Out of "unclear": to the account, or back through the channel. */
static heng_rc clear(struct heng_store *store, struct heng_pay_order *order, bool back, const struct heng_hand *hand,
                     const char *reason, struct heng_err *err)
{
    const heng_book_kind own = order->purpose == HENG_PAY_FOR_TOP_UP ? HENG_BOOK_PURSE : HENG_BOOK_ADVANCE;
    struct heng_booking booking;
    struct heng_booked booked;
    heng_rc rc = heng_ledger_move(HENG_BOOKING_CLEARED, back ? 0 : order->account_id, HENG_BOOK_UNCLEAR, 0,
                                  order->channel, back ? HENG_BOOK_CHANNEL : own, back ? 0 : order->account_id,
                                  back ? order->channel : "", order->paid_amount, &booking, err);
    if (rc != HENG_OK) return rc;
    key_of(order, "cleared", booking.key);
    booking.org_id = order->org_id;
    booking.subject_id = order->id;
    snprintf(booking.subject, sizeof booking.subject, "pay-order");
    snprintf(booking.currency, sizeof booking.currency, "%s", order->currency);
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    rc = heng_book(store, &booking, hand, &booked, err);
    if (rc == HENG_OK) order->booking_id = booked.booking_id;
    return rc;
}

static heng_rc decide_apply(struct heng_store *store, struct heng_pay_order *order, const struct heng_hand *hand,
                            const char *reason, struct heng_err *err)
{
    struct heng_booked booked;
    heng_rc rc = HENG_OK;
    if (order->paid_amount <= 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "no payment is known for order %s: reconcile the day", order->number);
    if (order->booking_id)
        rc = clear(store, order, false, hand, reason, err);
    else if ((rc = book_order(store, order, hand, &booked, err)) == HENG_OK)
        order->booking_id = booked.booking_id;
    if (rc != HENG_OK) return rc;
    order->state = HENG_PAY_APPLIED;
    order->applied_us = hand->now_us;
    return rc;
}

heng_rc heng_pay_decide(struct heng_store *store, int64_t scope, const char *number, const char *decision,
                        const struct heng_hand *hand, const char *reason, struct heng_pay_order *ret,
                        struct heng_err *err)
{
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = find(store, scope, number, ret, err);
    if (rc != HENG_OK) return rc;
    if (!*reason) return heng_fail(err, HENG_EFORMAT, 0, "a decision needs a reason");
    if (ret->state != HENG_PAY_STUCK)
        return heng_fail(err, HENG_ECONFLICT, 0, "order %s is %s: nothing is to be decided", number,
                         heng_pay_state_text(ret->state));
    if (ret->applied_us) { /* it was applied, and what came after contradicts: the books are put right by hand */
        if (strcmp(decision, "close") != 0)
            return heng_fail(err, HENG_ECONFLICT, 0, "order %s was applied: mend the account, then decide close",
                             number);
        ret->state = HENG_PAY_APPLIED;
    } else if (strcmp(decision, "apply") == 0) {
        rc = decide_apply(store, ret, hand, reason, err);
    } else if (strcmp(decision, "back") == 0) {
        if (ret->booking_id) rc = clear(store, ret, true, hand, reason, err);
        ret->state = HENG_PAY_REFUNDED;
        ret->refunded = ret->paid_amount;
    } else if (strcmp(decision, "close") == 0 && !ret->booking_id) {
        ret->state = HENG_PAY_CLOSED;
        ret->paid_us = ret->paid_amount = 0;
    } else {
        return heng_fail(err, HENG_ECONFLICT, 0, "'%.20s' is no decision here: apply, back%s", decision,
                         ret->booking_id ? "" : " or close");
    }
    if (rc != HENG_OK) return rc;
    snprintf(ret->why, sizeof ret->why, "%s", reason);
    rc = heng_store_put_pay_order(store, ret, hand->day, err);
    const struct heng_note note = {"pay.decide", "pay-order", ret->id, ret->org_id, reason};
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}
