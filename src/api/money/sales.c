/* Money at the desk: sold, collected, given back, taken back, changed by hand. Supply comes back with it. */
#include "account/accounts.h"
#include "account/correct.h"
#include "api/money/change.h"
#include "billing/collect.h"
#include "prepaid/sell.h"
#include "prepaid/supply.h"

heng_rc heng_api_may_sell(struct heng_api_call *call, const struct heng_api_may_sell_params *params,
                          struct heng_api_may_sell *ret, struct heng_err *err)
{
    int64_t scope = heng_money_scope(call, params->has_organisation, params->organisation);
    call->is_wish = true;
    heng_rc rc = heng_prepaid_may_sell(call->reader, scope, params->account_id, params->has_point ? params->point : 0,
                                       params->amount, err);
    if (rc != HENG_OK && rc != HENG_EDENIED) return rc;
    *ret = (struct heng_api_may_sell){.allowed = rc == HENG_OK, .has_why = rc != HENG_OK};
    if (ret->has_why) ret->why = heng_arena_text(call->arena, err->text);
    return HENG_OK;
}

static heng_rc make_sell(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_sell_request *b = c->body;
    const struct heng_sale sale = {.scope = c->scope,
                                   .account_id = c->id,
                                   .point_id = b->has_point ? b->point : 0,
                                   .amount = b->amount,
                                   .key = c->key};
    struct heng_booked booked;
    return heng_money_booked(c, heng_prepaid_sell(store, &sale, false, &c->hand, &booked, err), &booked);
}

heng_rc heng_api_sell_prepaid(struct heng_api_call *call, const struct heng_api_sell_prepaid_params *params,
                              const struct heng_api_sell_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_sell};
    return heng_money_ask(call, &change, ret, err);
}

heng_rc heng_money_look(struct heng_money_change *c, struct heng_store *store, int64_t account_id, struct heng_err *err)
{
    return heng_prepaid_look(store, NULL, account_id, c->hand.now_us, c->hand.day, NULL, NULL, err);
}

static heng_rc make_collect(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_collect_request *b = c->body;
    const struct heng_collect_ask ask = {.account_id = c->id,
                                         .amount = b->amount,
                                         .channel = c->hand.channel,
                                         .key = c->key,
                                         .reason = c->reason,
                                         .bills = b->has_bills ? b->bills : NULL,
                                         .bill_count = b->has_bills ? b->bills_n : 0,
                                         .strict = true};
    struct heng_account account;
    struct heng_booked booked;
    heng_rc rc = heng_account_need(heng_store_as_reader(store), c->scope, c->id, &account, err);
    if (rc == HENG_OK) rc = heng_collect(store, &ask, &c->hand, &booked, err);
    if (rc == HENG_OK) rc = heng_money_look(c, store, c->id, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_collect_money(struct heng_api_call *call, const struct heng_api_collect_money_params *params,
                               const struct heng_api_collect_request *body, struct heng_api_money_done *ret,
                               struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_collect};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc refund_advance(struct heng_money_change *c, struct heng_store *store, int64_t amount,
                              struct heng_booked *ret, struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_money_account(heng_store_as_reader(store), c->scope, c->id, &account, err);
    if (rc != HENG_OK) return rc;
    return heng_refund(store, c->id, HENG_BOOK_ADVANCE, amount, c->key, &c->hand, c->reason, ret, err);
}

static heng_rc make_refund(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_refund_request *b = c->body;
    const struct heng_sale refund = {.scope = c->scope, .account_id = c->id, .amount = b->amount, .key = c->key};
    struct heng_booked booked;
    bool advance = b->has_book && b->book == HENG_API_PURSE_OR_ADVANCE_ADVANCE;
    heng_rc rc = advance ? refund_advance(c, store, b->amount, &booked, err)
                         : heng_prepaid_refund(store, &refund, &c->hand, c->reason, &booked, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_refund_money(struct heng_api_call *call, const struct heng_api_refund_money_params *params,
                              const struct heng_api_refund_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_refund};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_adjust(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_adjust_request *b = c->body;
    const struct heng_sale adjustment = {.scope = c->scope, .account_id = c->id, .amount = b->amount, .key = c->key};
    struct heng_booked booked;
    heng_rc rc = heng_prepaid_adjust(store, &adjustment, &c->hand, c->reason, &booked, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_adjust_balance(struct heng_api_call *call, const struct heng_api_adjust_balance_params *params,
                                const struct heng_api_adjust_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .id = params->account_id,
                                       .make = make_adjust};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_reverse(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_booking *of = heng_arena_take(c->arena, 1, sizeof *of);
    struct heng_booked booked;
    if (!of) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_booking(reader, c->id, of, err);
    if (rc == HENG_OK && c->scope && of->org_id != c->scope) rc = HENG_ENOTFOUND;
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such booking");
    if (rc != HENG_OK) return rc;
    if (of->kind == HENG_BOOKING_SALE || of->kind == HENG_BOOKING_REFUND) {
        rc = heng_prepaid_reverse(store, c->scope, c->id, c->key, &c->hand, c->reason, &booked, err);
        return heng_money_booked(c, rc, &booked);
    }
    rc = heng_take_back(store, c->id, c->key, &c->hand, c->reason, &booked, err);
    if (rc == HENG_OK && of->account_id) rc = heng_money_look(c, store, of->account_id, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_reverse_booking(struct heng_api_call *call, const struct heng_api_reverse_booking_params *params,
                                 const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                                 struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "booking", .id = params->booking_id,
                                       .make = make_reverse};
    return heng_money_ask(call, &change, ret, err);
}
