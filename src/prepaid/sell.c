#include "prepaid/sell.h"

#include <inttypes.h>
#include <stdio.h>

#include "account/correct.h"
#include "base/log.h"
#include "prepaid/meter_order.h"
#include "prepaid/supply_parts.h"

static heng_rc open_account(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                            struct heng_account *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_get_account(reader, scope, account_id, ret, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such account");
    if (rc != HENG_OK) return rc;
    if (!ret->closed_us) return HENG_OK;
    return heng_fail(err, HENG_EDENIED, 0, "account %s is closed: open a new one for this customer", ret->number);
}

/* --- may ------------------------------------------------------------------------------------------------------- */

/* Something of the account takes money beforehand: on the server, or in the meter of this point. */
static heng_rc has_prepaid(struct heng_store_reader *reader, const struct heng_account *account, int64_t point_id,
                           struct heng_err *err)
{
    static _Thread_local struct heng_contract contracts[HENG_CONTRACTS_MAX];
    size_t n = 0;
    heng_mode mode = point_id ? HENG_MODE_IN_METER : HENG_MODE_PREPAID;
    heng_rc rc = heng_store_list_contracts(reader, account->id, point_id, 0, contracts, HENG_CONTRACTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (contracts[i].mode == mode) return HENG_OK;
    if (rc != HENG_OK) return rc;
    return heng_fail(err, HENG_EDENIED, 0, "account %s has no prepaid contract%s: take it as a payment of bills",
                     account->number, point_id ? " with money in this meter" : "");
}

/* What a sale would come on top of: the purse, or what is in this meter. */
static heng_rc held_now(struct heng_store_reader *reader, const struct heng_account *account, int64_t point_id,
                        int64_t *ret, struct heng_err *err)
{
    struct heng_account_balance balance;
    char ref[HENG_BOOK_REF_MAX];
    heng_rc rc = heng_store_account_balance(reader, account->id, &balance, err);
    *ret = balance.purse;
    if (rc != HENG_OK || !point_id) return rc;
    if (balance.purse < 0)
        return heng_fail(err, HENG_EDENIED, 0, "account %s is below zero: sell to the account before its meter",
                         account->number);
    snprintf(ref, sizeof ref, "%" PRId64, point_id);
    rc = heng_store_book_balance(reader, account->org_id, HENG_BOOK_METER, account->id, ref, account->currency, ret,
                                 err);
    *ret = -*ret;
    return rc;
}

static heng_rc check_hoard(struct heng_store_reader *reader, const struct heng_account *account, int64_t point_id,
                           int64_t amount, struct heng_err *err)
{
    struct heng_levels levels;
    char now[HENG_MONEY_TEXT_MAX], limit[HENG_MONEY_TEXT_MAX];
    int64_t has = 0;
    heng_rc rc = heng_levels_read(reader, account, &levels, err);
    if (rc == HENG_OK) rc = held_now(reader, account, point_id, &has, err);
    if (rc != HENG_OK || heng_levels_may_hold(&levels, has, amount)) return rc;
    heng_money_text(has, now);
    heng_money_text(levels.hoard, limit);
    return heng_fail(err, HENG_EDENIED, 0,
                     "balance %s and this amount would be more than %s, the highest balance allowed", now, limit);
}

heng_rc heng_prepaid_may_sell(struct heng_store_reader *reader, int64_t scope, int64_t account_id, int64_t point_id,
                              int64_t amount, struct heng_err *err)
{
    struct heng_account account;
    int64_t payments = 0, orders = 0;
    heng_rc rc = amount > 0 ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "an amount above zero is sold");
    if (rc == HENG_OK) rc = open_account(reader, scope, account_id, &account, err);
    if (rc == HENG_OK) rc = has_prepaid(reader, &account, point_id, err);
    if (rc == HENG_OK && point_id) rc = heng_store_money_on_way(reader, account_id, 0, &payments, &orders, err);
    if (rc == HENG_OK && orders)
        return heng_fail(err, HENG_EDENIED, 0, "an order is on its way into a meter of this account: wait for its end");
    return rc == HENG_OK ? check_hoard(reader, &account, point_id, amount, err) : rc;
}

/* --- sale ------------------------------------------------------------------------------------------------------ */

/* Its key is there already: whatever holds now, it was sold then. */
static bool is_known(struct heng_store *store, const char *key)
{
    static _Thread_local struct heng_booking known;
    struct heng_err err;
    return heng_store_find_booking(heng_store_as_reader(store), key, &known, &err) == HENG_OK;
}

static heng_rc look(struct heng_store *store, int64_t account_id, const struct heng_hand *hand, struct heng_err *err)
{
    return heng_prepaid_look(store, NULL, account_id, hand->now_us, hand->day, NULL, NULL, err);
}

static void subject_of(const struct heng_sale *sale, const struct heng_account *account, struct heng_booking *ret)
{
    snprintf(ret->key, sizeof ret->key, "%s", sale->key);
    snprintf(ret->currency, sizeof ret->currency, "%s", account->currency);
    snprintf(ret->subject, sizeof ret->subject, "%s", sale->subject ? sale->subject : "");
    ret->subject_id = sale->subject_id;
    ret->org_id = account->org_id;
}

/* On into the meter, in the same transaction. Money that was taken already stays in the purse when it cannot go on
 * (the contract has ended meanwhile, no meter is there, an overdraft took it): the log says so, and people see it. */
static heng_rc go_on(struct heng_store *store, const struct heng_sale *sale, bool paid, const struct heng_hand *hand,
                     struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_meter_order order;
    heng_rc rc = heng_meter_contract_at(heng_store_as_reader(store), sale->account_id, sale->point_id, hand->day,
                                        &contract, err);
    if (rc == HENG_OK)
        rc = heng_meter_order_make(store, sale->scope, contract.id, sale->amount, sale->key, hand, &order, err);
    if (!paid || (rc != HENG_ENOTFOUND && rc != HENG_ECONFLICT)) return rc;
    heng_log(HENG_LOG_WARN, "prepaid", "event=sale_stays_in_purse account=%" PRId64 " point=%" PRId64 " text='%s'",
             sale->account_id, sale->point_id, err->text);
    return HENG_OK;
}

heng_rc heng_prepaid_sell(struct heng_store *store, const struct heng_sale *sale, bool paid,
                          const struct heng_hand *hand, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_account account;
    struct heng_booking booking;
    bool known = is_known(store, sale->key);
    heng_rc rc = HENG_OK;
    if (!known && !paid)
        rc = heng_prepaid_may_sell(reader, sale->scope, sale->account_id, sale->point_id, sale->amount, err);
    if (rc == HENG_OK && !known && paid) rc = open_account(reader, sale->scope, sale->account_id, &account, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, sale->scope, sale->account_id, &account, err);
    if (rc == HENG_OK) rc = heng_ledger_sale(sale->account_id, sale->amount, hand->channel, hand->desk, &booking, err);
    if (rc != HENG_OK) return rc;
    subject_of(sale, &account, &booking);
    booking.day = hand->day;
    rc = heng_book(store, &booking, hand, ret, err);
    if (rc != HENG_OK || ret->existed) return rc;
    if (sale->point_id) rc = go_on(store, sale, paid, hand, err);
    /* Last: what only passes through the purse brings no supply back. */
    return rc == HENG_OK ? look(store, sale->account_id, hand, err) : rc;
}

/* --- back ------------------------------------------------------------------------------------------------------ */

heng_rc heng_prepaid_refund(struct heng_store *store, const struct heng_sale *refund, const struct heng_hand *hand,
                            const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_store_get_account(heng_store_as_reader(store), refund->scope, refund->account_id, &account, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such account");
    if (rc == HENG_OK)
        rc = heng_refund(store, refund->account_id, HENG_BOOK_PURSE, refund->amount, refund->key, hand, reason, ret,
                         err);
    return rc == HENG_OK && !ret->existed ? look(store, refund->account_id, hand, err) : rc;
}

heng_rc heng_prepaid_reverse(struct heng_store *store, int64_t scope, int64_t booking_id, const char *key,
                             const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                             struct heng_err *err)
{
    static _Thread_local struct heng_booking of;
    struct heng_account account;
    heng_rc rc = heng_store_get_booking(heng_store_as_reader(store), booking_id, &of, err);
    if (rc == HENG_OK) rc = heng_store_get_account(heng_store_as_reader(store), scope, of.account_id, &account, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such booking");
    if (rc == HENG_OK && of.kind != HENG_BOOKING_SALE && of.kind != HENG_BOOKING_REFUND)
        return heng_fail(err, HENG_EDENIED, 0, "a %s is not taken back here: only a sale or a refund",
                         heng_booking_text(of.kind));
    if (rc == HENG_OK) rc = heng_take_back(store, booking_id, key, hand, reason, ret, err);
    return rc == HENG_OK && !ret->existed ? look(store, account.id, hand, err) : rc;
}

heng_rc heng_prepaid_adjust(struct heng_store *store, const struct heng_sale *adjustment, const struct heng_hand *hand,
                            const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_account account;
    struct heng_booking booking;
    int64_t amount = adjustment->amount;
    heng_rc rc = open_account(heng_store_as_reader(store), adjustment->scope, adjustment->account_id, &account, err);
    if (rc != HENG_OK) return rc;
    if (!amount || amount == INT64_MIN) return heng_fail(err, HENG_ERANGE, 0, "an adjustment needs an amount");
    if (!reason[0]) return heng_fail(err, HENG_EDENIED, 0, "an adjustment needs a reason");
    if (!hand->second[0] || strcmp(hand->who, hand->second) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "an adjustment needs a second person who agrees");
    rc = amount > 0 ? heng_ledger_move(HENG_BOOKING_ADJUSTMENT, account.id, HENG_BOOK_LOSS, 0, "", HENG_BOOK_PURSE,
                                       account.id, "", amount, &booking, err)
                    : heng_ledger_move(HENG_BOOKING_ADJUSTMENT, account.id, HENG_BOOK_PURSE, account.id, "",
                                       HENG_BOOK_LOSS, 0, "", -amount, &booking, err);
    if (rc != HENG_OK) return rc;
    subject_of(adjustment, &account, &booking);
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    booking.day = hand->day;
    rc = heng_book(store, &booking, hand, ret, err);
    return rc == HENG_OK && !ret->existed ? look(store, account.id, hand, err) : rc;
}
