#include "prepaid/meter_order.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "account/note.h"
#include "prepaid/meter_use.h"
#include "prepaid/sell.h"
#include "prepaid/supply.h"

/* --- the machine ----------------------------------------------------------------------------------------------- */

heng_meter_end heng_meter_end_of(const struct heng_command *command)
{
    if (command->stage == HENG_STAGE_CONFIRMED) return HENG_METER_CONFIRMED;
    if (command->outcome == HENG_OUTCOME_OK) return HENG_METER_CONTRADICTED;
    if (command->outcome == HENG_OUTCOME_REFUSED) return HENG_METER_REFUSED;
    return command->sent_us ? HENG_METER_SILENT : HENG_METER_UNSENT;
}

/* Half a minute, a minute, two ... an hour. */
static heng_us pause_behind(uint32_t tries)
{
    heng_us pause_us = 30 * HENG_US_PER_S, most_us = 3600 * HENG_US_PER_S;
    for (uint32_t i = 1; i < tries && pause_us < most_us; i++) pause_us *= 2;
    return pause_us < most_us ? pause_us : most_us;
}

struct heng_meter_next heng_meter_order_next(heng_meter_end end, uint32_t tries)
{
    heng_us pause_us = pause_behind(tries);
    switch (end) {
    case HENG_METER_CONFIRMED: return (struct heng_meter_next){HENG_METER_ORDER_CONFIRMED, 0};
    case HENG_METER_CONTRADICTED: return (struct heng_meter_next){HENG_METER_ORDER_ALARM, 0};
    case HENG_METER_REFUSED:
        if (tries >= HENG_METER_TRIES_MAX) return (struct heng_meter_next){HENG_METER_ORDER_FAILED, 0};
        return (struct heng_meter_next){HENG_METER_ORDER_WAITING, pause_us};
    case HENG_METER_SILENT: return (struct heng_meter_next){HENG_METER_ORDER_UNKNOWN, pause_us};
    case HENG_METER_UNSENT: /* but what became of the tries before it nobody has seen */
        return (struct heng_meter_next){tries > 1 ? HENG_METER_ORDER_UNKNOWN : HENG_METER_ORDER_WAITING, pause_us};
    }
    return (struct heng_meter_next){HENG_METER_ORDER_ALARM, 0};
}

/* --- orders ---------------------------------------------------------------------------------------------------- */

static heng_rc in_meter_contract(struct heng_store *store, int64_t scope, int64_t contract_id,
                                 struct heng_contract *ret, struct heng_account *ret_account, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_get_contract(reader, contract_id, ret, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, ret->account_id, ret_account, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no contract %" PRId64, contract_id);
    if (rc != HENG_OK || ret->mode == HENG_MODE_IN_METER) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0,
                     "the money of contract %" PRId64 " is kept here, not in its meter: sell "
                     "to the account",
                     contract_id);
}

static heng_rc known(struct heng_store *store, int64_t order_id, const struct heng_meter_order *wanted,
                     struct heng_meter_order *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_get_meter_order(heng_store_as_reader(store), 0, order_id, ret, err);
    if (rc != HENG_OK) return rc;
    if (ret->amount == wanted->amount && ret->contract_id == wanted->contract_id) return HENG_OK;
    return heng_fail(err, HENG_ECONFLICT, 0, "the key '%s' belongs to order %" PRId64 ", which is another one",
                     wanted->key, order_id);
}

/* purse -> meter. */
static heng_rc book(struct heng_store *store, const struct heng_account *account, const struct heng_contract *contract,
                    const struct heng_meter_order *order, const struct heng_hand *hand, struct heng_booked *ret,
                    struct heng_err *err)
{
    struct heng_booking booking;
    char point[HENG_BOOK_REF_MAX];
    snprintf(point, sizeof point, "%" PRId64, contract->point_id);
    heng_rc rc = heng_ledger_move(HENG_BOOKING_TO_METER, account->id, HENG_BOOK_PURSE, account->id, "", HENG_BOOK_METER,
                                  account->id, point, order->amount, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(booking.key, sizeof booking.key, "%s", order->key);
    snprintf(booking.currency, sizeof booking.currency, "%s", account->currency);
    snprintf(booking.subject, sizeof booking.subject, "contract");
    booking.subject_id = contract->id;
    booking.org_id = account->org_id;
    return heng_book(store, &booking, hand, ret, err);
}

static heng_rc purse_has(struct heng_store *store, const struct heng_account *account, int64_t amount,
                         struct heng_err *err)
{
    struct heng_account_balance balance;
    heng_rc rc = heng_store_account_balance(heng_store_as_reader(store), account->id, &balance, err);
    if (rc != HENG_OK || balance.purse >= amount) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0, "account %s has less than that in its purse: sell to it first",
                     account->number);
}

static heng_rc order_key(const char *key, char ret[static HENG_BOOKING_KEY_MAX], struct heng_err *err)
{
    int n = snprintf(ret, HENG_BOOKING_KEY_MAX, "to-meter:%s", key);
    if (n >= 0 && n < HENG_BOOKING_KEY_MAX && key[0]) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "the key of an order into a meter is empty or too long");
}

heng_rc heng_meter_order_make(struct heng_store *store, int64_t scope, int64_t contract_id, int64_t amount,
                              const char *key, const struct heng_hand *hand, struct heng_meter_order *ret,
                              struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_account account;
    struct heng_booked booked;
    bool existed;
    struct heng_meter_order order = {.contract_id = contract_id, .amount = amount, .made_us = hand->now_us};
    heng_rc rc = order_key(key, order.key, err);
    if (rc != HENG_OK) return rc;
    if (amount <= 0)
        return heng_fail(err, HENG_EDENIED, 0,
                         "nothing comes out of this meter by wire: money that is in it is used "
                         "up, or carried over when the meter is changed");
    rc = in_meter_contract(store, scope, contract_id, &contract, &account, err);
    if (rc != HENG_OK) return rc;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_meter_order before = order;
    rc = heng_store_find_meter_order(reader, order.key, &before.id, err);
    if (rc == HENG_OK) return known(store, before.id, &order, ret, err);
    if (rc != HENG_ENOTFOUND) return rc;
    rc = heng_store_device_at(reader, contract.point_id, &order.device_id, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, rc, 0, "no meter is at the point of contract %" PRId64, contract_id);
    if (rc == HENG_OK) rc = purse_has(store, &account, amount, err);
    if (rc == HENG_OK) rc = book(store, &account, &contract, &order, hand, &booked, err);
    if (rc != HENG_OK) return rc;
    order.booking_id = booked.booking_id;
    rc = heng_store_put_meter_order(store, &order, &existed, err);
    if (rc == HENG_OK) *ret = order;
    return rc;
}

heng_rc heng_meter_contract_at(struct heng_store_reader *reader, int64_t account_id, int64_t point_id, int32_t day,
                               struct heng_contract *ret, struct heng_err *err)
{
    struct heng_contract contracts[HENG_CONTRACTS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_contracts(reader, account_id, point_id, 0, contracts, HENG_CONTRACTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const struct heng_contract *c = &contracts[i];
        if (c->mode != HENG_MODE_IN_METER || c->from_day > day || (c->to_day && c->to_day <= day)) continue;
        *ret = *c;
        return HENG_OK;
    }
    return rc != HENG_OK ? rc
                         : heng_fail(err, HENG_ENOTFOUND, 0,
                                     "the account has no contract today with money in a meter at this point");
}

heng_rc heng_meter_sell(struct heng_store *store, const struct heng_sale *sale, bool paid, const struct heng_hand *hand,
                        struct heng_booked *ret, struct heng_meter_order *ret_order, struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    char key[HENG_BOOKING_KEY_MAX];
    int64_t order_id = 0;
    heng_rc rc = heng_meter_contract_at(reader, sale->account_id, sale->point_id, hand->day, &contract, err);
    if (rc != HENG_OK) return rc;
    rc = order_key(sale->key, key, err);
    if (rc == HENG_OK) rc = heng_prepaid_sell(store, sale, paid, hand, ret, err);
    if (rc == HENG_OK) rc = heng_store_find_meter_order(reader, key, &order_id, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "it was sold to the account: nothing went into a meter");
    return rc == HENG_OK ? heng_store_get_meter_order(reader, sale->scope, order_id, ret_order, err) : rc;
}

/* Is all that went to the old meter settled? What is under way there would be lost, or come twice. */
static heng_rc settled(struct heng_store *store, int64_t contract_id, struct heng_err *err)
{
    struct heng_meter_order orders[16];
    int64_t before_id = 0;
    size_t n = 0;
    do {
        heng_rc rc = heng_store_list_meter_orders(heng_store_as_reader(store), 0, HENG_METER_ORDERS_OPEN, before_id,
                                                  orders, 16, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            before_id = orders[i].id;
            if (orders[i].contract_id == contract_id)
                return heng_fail(err, HENG_ECONFLICT, 0,
                                 "order %" PRId64 " of the old meter is still %s: settle it "
                                 "first",
                                 orders[i].id, heng_meter_order_state_text(orders[i].state));
        }
    } while (n == 16);
    return HENG_OK;
}

heng_rc heng_meter_order_exchange(struct heng_store *store, int64_t scope, int64_t contract_id, int64_t new_device_id,
                                  int64_t remaining, const struct heng_hand *hand, struct heng_meter_order *ret,
                                  struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_account account;
    bool existed;
    struct heng_meter_order order = {
        .contract_id = contract_id, .device_id = new_device_id, .amount = remaining, .made_us = hand->now_us};
    snprintf(order.key, sizeof order.key, "exchange:%" PRId64 ":%" PRId64, contract_id, new_device_id);
    heng_rc rc = in_meter_contract(store, scope, contract_id, &contract, &account, err);
    if (rc != HENG_OK) return rc;
    if (remaining <= 0)
        return heng_fail(err, HENG_ERANGE, 0, "nothing is left to be carried over: the new meter begins with a sale");
    rc = heng_store_find_meter_order(heng_store_as_reader(store), order.key, &order.id, err);
    if (rc == HENG_OK) return known(store, order.id, &order, ret, err);
    if (rc == HENG_ENOTFOUND) rc = settled(store, contract_id, err);
    if (rc == HENG_OK) rc = heng_store_put_meter_count(store, contract_id, 0, err);
    if (rc == HENG_OK) rc = heng_store_put_meter_order(store, &order, &existed, err);
    if (rc == HENG_OK) *ret = order;
    return rc;
}

/* Money came into the purse: it may bring back supply that it holds elsewhere. */
static heng_rc look_again(struct heng_store *store, int64_t contract_id, const struct heng_hand *hand,
                          struct heng_err *err)
{
    struct heng_contract contract;
    heng_rc rc = heng_store_get_contract(heng_store_as_reader(store), contract_id, &contract, err);
    return rc == HENG_OK ? heng_prepaid_look(store, NULL, contract.account_id, hand->now_us, hand->day, NULL, NULL, err)
                         : rc;
}

/* --- out again ------------------------------------------------------------------------------------------------- */

/* What is booked into the meter, when its last answer says the same. */
static heng_rc proven_left(struct heng_store_reader *reader, const struct heng_contract *contract,
                           const struct heng_account *account, int64_t *ret, struct heng_err *err)
{
    struct heng_meter_mirror mirror = {0};
    struct heng_meter_pending pending;
    char ref[HENG_BOOK_REF_MAX];
    int64_t booked = 0;
    snprintf(ref, sizeof ref, "%" PRId64, contract->point_id);
    heng_rc rc = heng_store_meter_pending(reader, contract->id, &pending, err);
    if (rc == HENG_OK && (pending.amount || pending.unclear))
        return heng_fail(err, HENG_ECONFLICT, 0, "orders into this meter are open: wait for their end, or decide them");
    if (rc == HENG_OK) rc = heng_store_get_meter_mirror(reader, contract->id, &mirror, err);
    if (rc == HENG_OK || rc == HENG_ENOTFOUND)
        rc = heng_store_book_balance(reader, account->org_id, HENG_BOOK_METER, account->id, ref, account->currency,
                                     &booked, err);
    if (rc != HENG_OK) return rc;
    if (!mirror.at_us || mirror.command_id || mirror.why[0] || mirror.remaining != -booked)
        return heng_fail(err, HENG_ECONFLICT, 0, "what is left in the meter is not known%s%s: heng purse ask, and wait",
                         mirror.why[0] ? ": " : "", mirror.why);
    *ret = mirror.remaining;
    return *ret > 0 ? HENG_OK : heng_fail(err, HENG_ECONFLICT, 0, "nothing is left in the meter");
}

static heng_rc book_back(struct heng_store *store, const struct heng_account *account,
                         const struct heng_contract *contract, int64_t amount, const char *key,
                         const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                         struct heng_err *err)
{
    struct heng_booking booking;
    char point[HENG_BOOK_REF_MAX];
    snprintf(point, sizeof point, "%" PRId64, contract->point_id);
    heng_rc rc = heng_ledger_move(HENG_BOOKING_FROM_METER, account->id, HENG_BOOK_METER, account->id, point,
                                  HENG_BOOK_PURSE, account->id, "", amount, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(booking.key, sizeof booking.key, "%s", key);
    snprintf(booking.currency, sizeof booking.currency, "%s", account->currency);
    snprintf(booking.subject, sizeof booking.subject, "contract");
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    booking.subject_id = contract->id;
    booking.org_id = account->org_id;
    booking.day = hand->day;
    return heng_book(store, &booking, hand, ret, err);
}

heng_rc heng_meter_take_out(struct heng_store *store, int64_t scope, int64_t contract_id, const char *key,
                            const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                            struct heng_err *err)
{
    static _Thread_local struct heng_booking known;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_contract contract;
    struct heng_account account;
    struct heng_meter_mirror mirror;
    int64_t left = 0;
    heng_rc rc = in_meter_contract(store, scope, contract_id, &contract, &account, err);
    if (rc != HENG_OK) return rc;
    if (!reason[0]) return heng_fail(err, HENG_EDENIED, 0, "say why: nothing comes out of this meter by wire");
    if (!hand->second[0] || strcmp(hand->who, hand->second) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "a second person has to agree that the meter was emptied");
    rc = heng_store_find_booking(reader, key, &known, err);
    if (rc == HENG_OK) left = known.amount;
    if (rc == HENG_OK) return book_back(store, &account, &contract, left, key, hand, reason, ret, err);
    if (rc == HENG_ENOTFOUND) rc = proven_left(reader, &contract, &account, &left, err);
    if (rc == HENG_OK) rc = book_back(store, &account, &contract, left, key, hand, reason, ret, err);
    if (rc == HENG_OK) rc = heng_store_get_meter_mirror(reader, contract_id, &mirror, err);
    mirror.remaining = 0;
    mirror.due_us = HENG_US_NEVER; /* until money goes in again */
    if (rc == HENG_OK) rc = heng_store_put_meter_mirror(store, &mirror, err);
    return rc == HENG_OK ? look_again(store, contract_id, hand, err) : rc;
}

/* --- on their way ---------------------------------------------------------------------------------------------- */

static bool may_go(const struct heng_meter_order *order)
{
    return order->state == HENG_METER_ORDER_WAITING || order->state == HENG_METER_ORDER_UNKNOWN;
}

static heng_rc not_any_more(const struct heng_meter_order *order, struct heng_err *err)
{
    return heng_fail(err, HENG_ECONFLICT, 0, "order %" PRId64 " is %s", order->id,
                     heng_meter_order_state_text(order->state));
}

heng_rc heng_meter_order_number(struct heng_store *store, int64_t order_id, struct heng_meter_order *ret,
                                struct heng_err *err)
{
    struct heng_contract contract;
    bool existed;
    heng_rc rc = heng_store_get_meter_order(heng_store_as_reader(store), 0, order_id, ret, err);
    if (rc != HENG_OK) return rc;
    if (!may_go(ret)) return not_any_more(ret, err);
    if (ret->number) return HENG_OK;
    rc = heng_store_get_contract(heng_store_as_reader(store), ret->contract_id, &contract, err);
    if (rc != HENG_OK) return rc;
    ret->number = contract.meter_count + 1;
    return heng_store_put_meter_order(store, ret, &existed, err);
}

void heng_meter_order_key(const struct heng_meter_order *order, char ret[HENG_AT_LEAST(64)])
{
    snprintf(ret, 64, "purse-%" PRId64 "-%" PRIu32, order->id, order->tries + 1);
}

heng_rc heng_meter_order_sent(struct heng_store *store, int64_t order_id, int64_t command_id, struct heng_err *err)
{
    struct heng_meter_order order;
    bool existed;
    heng_rc rc = heng_store_get_meter_order(heng_store_as_reader(store), 0, order_id, &order, err);
    if (rc != HENG_OK) return rc;
    if (order.state == HENG_METER_ORDER_SENT && order.command_id == command_id) return HENG_OK;
    if (!may_go(&order)) return not_any_more(&order, err);
    order.state = HENG_METER_ORDER_SENT;
    order.command_id = command_id;
    return heng_store_put_meter_order(store, &order, &existed, err);
}

heng_rc heng_meter_order_result(struct heng_store *store, int64_t order_id, heng_meter_end end, const char *why,
                                heng_us now_us, struct heng_err *err)
{
    struct heng_meter_order order;
    bool existed;
    heng_rc rc = heng_store_get_meter_order(heng_store_as_reader(store), 0, order_id, &order, err);
    if (rc != HENG_OK) return rc;
    bool refused_here = may_go(&order) && end == HENG_METER_UNSENT; /* it found no line to go to */
    if (order.state != HENG_METER_ORDER_SENT && !refused_here) return HENG_OK;
    struct heng_meter_next next = heng_meter_order_next(end, ++order.tries);
    order.state = next.state;
    order.not_before_us = next.pause_us ? now_us + next.pause_us : 0;
    snprintf(order.why, sizeof order.why, "%s", why);
    if (order.state == HENG_METER_ORDER_CONFIRMED) {
        order.ended_us = now_us;
        rc = heng_store_put_meter_count(store, order.contract_id, order.number, err);
        if (rc == HENG_OK) rc = heng_meter_use_soon(store, order.contract_id, now_us, err);
    }
    return rc == HENG_OK ? heng_store_put_meter_order(store, &order, &existed, err) : rc;
}

/* --- by a person ----------------------------------------------------------------------------------------------- */

static heng_rc give_back(struct heng_store *store, struct heng_meter_order *order, const struct heng_hand *hand,
                         const char *reason, struct heng_err *err)
{
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    snprintf(key, sizeof key, "from-meter:%" PRId64, order->id);
    if (!order->booking_id)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "this was carried over from another meter: order it again, or refund it "
                         "by an adjustment");
    order->state = HENG_METER_ORDER_RETURNED;
    order->ended_us = hand->now_us;
    return heng_book_reverse(store, order->booking_id, key, hand, reason, &booked, err);
}

heng_rc heng_meter_order_decide(struct heng_store *store, int64_t scope, int64_t order_id, heng_meter_choice choice,
                                int64_t count, const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_meter_order order;
    bool existed;
    heng_rc rc = heng_store_get_meter_order(heng_store_as_reader(store), scope, order_id, &order, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no order %" PRId64 " into a meter", order_id);
    if (rc != HENG_OK) return rc;
    if (order.state != HENG_METER_ORDER_FAILED && order.state != HENG_METER_ORDER_ALARM)
        return not_any_more(&order, err);
    if (!reason[0]) return heng_fail(err, HENG_EDENIED, 0, "say why: the decision is kept with the order");
    switch (choice) {
    case HENG_METER_AGAIN: /* a person has seen that it is not in there: it is number count + 1 from now on */
        order.state = HENG_METER_ORDER_WAITING;
        order.not_before_us = 0;
        if (count >= 0) order.number = count + 1;
        break;
    case HENG_METER_ARRIVED: /* it counts: the next one must not get its number */
        order.state = HENG_METER_ORDER_CONFIRMED;
        order.ended_us = hand->now_us;
        if (count < 0) count = order.number;
        rc = heng_meter_use_soon(store, order.contract_id, hand->now_us, err);
        break;
    case HENG_METER_GIVE_BACK: rc = give_back(store, &order, hand, reason, err); break;
    }
    if (rc == HENG_OK && count >= 0) rc = heng_store_put_meter_count(store, order.contract_id, count, err);
    snprintf(order.why, sizeof order.why, "%s: %s", hand->who, reason);
    if (rc == HENG_OK) rc = heng_store_put_meter_order(store, &order, &existed, err);
    struct heng_note note = {
        .action = "meter-order.decide", .subject = "meter-order", .subject_id = order_id, .reason = reason};
    if (rc == HENG_OK) rc = heng_account_note(store, &note, hand, "", "", err);
    return rc == HENG_OK && choice == HENG_METER_GIVE_BACK ? look_again(store, order.contract_id, hand, err) : rc;
}
