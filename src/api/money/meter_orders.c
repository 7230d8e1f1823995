/* Money in meters: orders on their way, alarms, what a person decides. */
#include "prepaid/meter_order.h"

#include "api/money/change.h"

heng_rc heng_api_list_meter_orders(struct heng_api_call *call, const struct heng_api_list_meter_orders_params *params,
                                   struct heng_api_meter_order_list *ret, struct heng_err *err)
{
    static const heng_meter_orders_of which[] = {HENG_METER_ORDERS_ALL, HENG_METER_ORDERS_OPEN,
                                                 HENG_METER_ORDERS_STUCK};
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_meter_order *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_meter_order *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_meter_orders(
        call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
        which[params->has_which ? params->which : 0], params->has_before ? params->before : 0, rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const struct heng_meter_order *o = &rows[i];
        items[i] = (struct heng_api_meter_order){.id = o->id,
                                                 .contract = o->contract_id,
                                                 .meter = o->device_id,
                                                 .has_number = o->number != 0,
                                                 .number = o->number,
                                                 .amount = o->amount,
                                                 .state = heng_meter_order_state_text(o->state),
                                                 .made_at = o->made_us,
                                                 .has_not_before = o->not_before_us != 0,
                                                 .not_before = o->not_before_us,
                                                 .has_ended_at = o->ended_us != 0,
                                                 .ended_at = o->ended_us,
                                                 .has_booking = o->booking_id != 0,
                                                 .booking = o->booking_id,
                                                 .has_command = o->command_id != 0,
                                                 .command = o->command_id,
                                                 .tries = o->tries,
                                                 .has_why = o->why[0] != '\0',
                                                 .why = o->why};
    }
    ret->items = items;
    ret->items_n = n;
    return rc;
}

static heng_rc make_decide(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    static const heng_meter_choice choices[] = {HENG_METER_AGAIN, HENG_METER_ARRIVED, HENG_METER_GIVE_BACK};
    const struct heng_api_decide_meter_order_request *b = c->body;
    return heng_meter_order_decide(store, c->scope, c->id, choices[b->choice], b->has_count ? b->count : -1, &c->hand,
                                   c->reason, err);
}

heng_rc heng_api_decide_meter_order(struct heng_api_call *call, const struct heng_api_decide_meter_order_params *params,
                                    const struct heng_api_decide_meter_order_request *body,
                                    struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "meter-order", .id = params->order_id,
                                       .make = make_decide};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_to_meter(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_to_meter_request *b = c->body;
    struct heng_meter_order order;
    heng_rc rc = heng_meter_order_make(store, c->scope, c->id, b->amount, c->key, &c->hand, &order, err);
    if (rc != HENG_OK) return rc;
    c->answer_id = order.id;
    c->booking_id = order.booking_id;
    return HENG_OK;
}

heng_rc heng_api_money_to_meter(struct heng_api_call *call, const struct heng_api_money_to_meter_params *params,
                                const struct heng_api_to_meter_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "contract", .id = params->contract_id,
                                       .make = make_to_meter};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_from_meter(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    struct heng_booked booked;
    heng_rc rc = heng_meter_take_out(store, c->scope, c->id, c->key, &c->hand, c->reason, &booked, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_money_from_meter(struct heng_api_call *call, const struct heng_api_money_from_meter_params *params,
                                  const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "contract", .id = params->contract_id,
                                       .make = make_from_meter};
    return heng_money_ask(call, &change, ret, err);
}
