/* The operations on payment orders, refunds and what channels tell. */
#include <stdio.h>
#include <string.h>

#include "api/money/pay_parts.h"
#include "base/log.h"
#include "store/read.h"

enum { NOTICES_MAX = 200, STUCK_MAX = 500, SETTING_MAX = 16384 };

/* --- rows in words -------------------------------------------------------------------------------------------------
 */

struct heng_api_pay_order heng_api_pay_order_from(struct heng_api_call *call, const struct heng_pay_order *o)
{
    return (struct heng_api_pay_order){
        .id = o->id,
        .number = heng_arena_text(call->arena, o->number),
        .account = o->account_id,
        .channel = heng_arena_text(call->arena, o->channel),
        .purpose = heng_api_pay_purpose_of(heng_pay_purpose_text(o->purpose)),
        .amount = o->amount,
        .currency = heng_arena_text(call->arena, o->currency),
        .state = heng_api_pay_state_of(heng_pay_state_text(o->state)),
        .made_at = o->made_us,
        .has_paid_at = o->paid_us != 0,
        .paid_at = o->paid_us,
        .has_paid_amount = o->paid_us != 0,
        .paid_amount = o->paid_amount,
        .has_applied_at = o->applied_us != 0,
        .applied_at = o->applied_us,
        .refunded = o->refunded,
        .has_transaction = o->transaction_id[0] != '\0',
        .transaction = heng_api_opt_text(call, o->transaction_id),
        .has_booking = o->booking_id != 0,
        .booking = o->booking_id,
        .has_why = o->why[0] != '\0',
        .why = heng_api_opt_text(call, o->why),
    };
}

struct heng_api_pay_notice heng_api_pay_notice_from(struct heng_api_call *call, const struct heng_pay_notice *n)
{
    return (struct heng_api_pay_notice){
        .id = n->id,
        .channel = heng_arena_text(call->arena, n->channel),
        .key = heng_arena_text(call->arena, n->key),
        .at = n->at_us,
        .has_order = n->order_number[0] != '\0',
        .order = heng_api_opt_text(call, n->order_number),
        .outcome = heng_api_pay_outcome_of(heng_pay_outcome_text(n->outcome)),
        .has_why = n->why[0] != '\0',
        .why = heng_api_opt_text(call, n->why),
        .length = n->length,
    };
}

static struct heng_api_pay_refund refund_from(struct heng_api_call *call, const struct heng_pay_refund *r)
{
    return (struct heng_api_pay_refund){
        .id = r->id,
        .number = heng_arena_text(call->arena, r->number),
        .amount = r->amount,
        .state = heng_api_pay_refund_state_of(heng_refund_state_text(r->state)),
        .made_at = r->made_us,
        .has_ended_at = r->ended_us != 0,
        .ended_at = r->ended_us,
        .has_transaction = r->transaction_id[0] != '\0',
        .transaction = heng_api_opt_text(call, r->transaction_id),
        .has_booking = r->booking_id != 0,
        .booking = r->booking_id,
        .has_who = r->who[0] != '\0',
        .who = heng_api_opt_text(call, r->who),
        .has_why = r->why[0] != '\0',
        .why = heng_api_opt_text(call, r->why),
    };
}

/* --- questions -----------------------------------------------------------------------------------------------------
 */

/* At most cap of a state, into items. */
static heng_rc orders_of(struct heng_api_call *call, int64_t account_id, heng_pay_state state, int64_t after_id,
                         size_t cap, const struct heng_api_pay_order **ret, size_t *ret_n, struct heng_err *err)
{
    struct heng_pay_order *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_pay_order *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_pay_orders(call->reader, heng_api_scope(call), account_id, state, after_id, rows, cap,
                                            ret_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < *ret_n; i++) items[i] = heng_api_pay_order_from(call, &rows[i]);
    *ret = items;
    return HENG_OK;
}

heng_rc heng_api_list_pay_orders(struct heng_api_call *call, const struct heng_api_list_pay_orders_params *params,
                                 struct heng_api_pay_order_list *ret, struct heng_err *err)
{
    const heng_pay_state state =
        params->has_state ? heng_pay_state_of(heng_api_pay_state_text(params->state)) : HENG_PAY_STATE_COUNT;
    return orders_of(call, params->has_account ? params->account : 0, state, params->has_after ? params->after : 0,
                     (size_t)params->limit, &ret->items, &ret->items_n, err);
}

static heng_rc notices_of(struct heng_api_call *call, const char *order_number, heng_pay_outcome outcome, size_t cap,
                          const struct heng_api_pay_notice **ret, size_t *ret_n, struct heng_err *err)
{
    struct heng_pay_notice *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_pay_notice *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_pay_notices(call->reader, order_number, outcome, 0, rows, cap, ret_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < *ret_n; i++) items[i] = heng_api_pay_notice_from(call, &rows[i]);
    *ret = items;
    return HENG_OK;
}

heng_rc heng_api_get_pay_order(struct heng_api_call *call, const struct heng_api_get_pay_order_params *params,
                               struct heng_api_pay_order_detail *ret, struct heng_err *err)
{
    struct heng_pay_order order;
    struct heng_pay_refund *rows = heng_arena_take(call->arena, HENG_PAY_REFUNDS_MAX, sizeof *rows);
    struct heng_api_pay_refund *items = heng_arena_take(call->arena, HENG_PAY_REFUNDS_MAX, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_find_pay_order(call->reader, heng_api_scope(call), params->order_number, &order, err);
    if (rc != HENG_OK) return rc;
    ret->order = heng_api_pay_order_from(call, &order);
    rc = notices_of(call, order.number, HENG_PAY_OUTCOME_COUNT, NOTICES_MAX, &ret->notices, &ret->notices_n, err);
    if (rc == HENG_OK)
        rc = heng_store_list_pay_refunds(call->reader, order.id, rows, HENG_PAY_REFUNDS_MAX, &ret->refunds_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->refunds_n; i++) items[i] = refund_from(call, &rows[i]);
    ret->refunds = items;
    return HENG_OK;
}

heng_rc heng_api_list_pay_stuck(struct heng_api_call *call, const struct heng_api_list_pay_stuck_params *params,
                                struct heng_api_pay_stuck *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_pay_file *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_pay_file *files = heng_arena_take(call->arena, cap, sizeof *files);
    if (!rows || !files) return heng_api_no_memory(err);
    heng_rc rc = orders_of(call, 0, HENG_PAY_STUCK, 0, cap, &ret->orders, &ret->orders_n, err);
    if (rc == HENG_OK && !heng_api_scope(call))
        rc = notices_of(call, "", HENG_PAY_TOLD_REFUSED, cap, &ret->notices, &ret->notices_n, err);
    if (rc == HENG_OK)
        rc = heng_store_list_pay_files(call->reader, heng_api_scope(call), HENG_PAY_FILE_KIND_COUNT,
                                       HENG_PAY_FILE_REFUSED, 0, rows, cap, &ret->files_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->files_n; i++) files[i] = heng_api_pay_file_from(call, &rows[i]);
    ret->files = files;
    return HENG_OK;
}

/* --- changes -------------------------------------------------------------------------------------------------------
 */

static heng_rc make_order(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_pay_order_request *b = change->body;
    const struct heng_pay_ask ask = {.request = b->key,
                                     .scope = change->scope,
                                     .account_id = b->account,
                                     .channel = b->channel,
                                     .purpose = heng_pay_purpose_of(heng_api_pay_purpose_text(b->purpose)),
                                     .point_id = b->has_point ? b->point : 0,
                                     .amount = b->amount,
                                     .bills = b->bills,
                                     .bill_count = b->has_bills ? b->bills_n : 0};
    struct heng_pay_order order;
    heng_rc rc = heng_pay_order_make(store, &ask, &change->hand, &order, err);
    if (rc == HENG_OK) change->answer_id = order.id;
    return rc;
}

heng_rc heng_api_make_pay_order(struct heng_api_call *call, const struct heng_api_pay_order_request *body,
                                struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_order, .subject = "account", .id = body->account, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

/* An order by the number in the path, as who asks sees it. */
static heng_rc numbered(struct heng_api_call *call, const char *number, struct heng_pay_order *ret,
                        struct heng_err *err)
{
    call->is_wish = true;
    heng_rc rc = heng_store_find_pay_order(call->reader, heng_api_scope(call), number, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no payment order '%.40s'", number) : rc;
}

/* The number again, inside: the path of a change says the id. */
static heng_rc order_of(const struct heng_money_change *change, struct heng_store *store, struct heng_pay_order *ret,
                        struct heng_err *err)
{
    return heng_store_get_pay_order(heng_store_as_reader(store), change->scope, change->id, ret, err);
}

static heng_rc make_move(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_pay_move_request *b = change->body;
    struct heng_pay_order order;
    heng_rc rc = order_of(change, store, &order, err);
    if (rc != HENG_OK) return rc;
    return heng_pay_order_move(store, change->scope, order.number, heng_pay_state_of(heng_api_pay_move_text(b->to)),
                               change->reason, &change->hand, &order, err);
}

heng_rc heng_api_move_pay_order(struct heng_api_call *call, const struct heng_api_move_pay_order_params *params,
                                const struct heng_api_pay_move_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_pay_order order;
    heng_rc rc = numbered(call, params->order_number, &order, err);
    if (rc != HENG_OK) return rc;
    struct heng_money_change change = {
        .make = make_move, .subject = "pay-order", .id = order.id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_decision(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_pay_decide_request *b = change->body;
    struct heng_pay_order order;
    heng_rc rc = order_of(change, store, &order, err);
    if (rc == HENG_OK)
        rc = heng_pay_decide(store, change->scope, order.number, heng_api_pay_decision_text(b->decision), &change->hand,
                             change->reason, &order, err);
    if (rc == HENG_OK && order.booking_id) change->booking_id = order.booking_id;
    return rc;
}

heng_rc heng_api_decide_pay_order(struct heng_api_call *call, const struct heng_api_decide_pay_order_params *params,
                                  const struct heng_api_pay_decide_request *body, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_pay_order order;
    heng_rc rc = numbered(call, params->order_number, &order, err);
    if (rc != HENG_OK) return rc;
    struct heng_money_change change = {
        .make = make_decision, .subject = "pay-order", .id = order.id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_refund(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_pay_refund_request *b = change->body;
    struct heng_pay_order order;
    struct heng_pay_refund refund;
    heng_rc rc = order_of(change, store, &order, err);
    if (rc == HENG_OK)
        rc = heng_pay_refund_ask(store, change->scope, order.number, b->amount, b->key, &change->hand, change->reason,
                                 &refund, err);
    if (rc != HENG_OK) return rc;
    change->answer_id = refund.id;
    change->booking_id = refund.booking_id;
    return HENG_OK;
}

heng_rc heng_api_refund_pay_order(struct heng_api_call *call, const struct heng_api_refund_pay_order_params *params,
                                  const struct heng_api_pay_refund_request *body, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_pay_order order;
    heng_rc rc = numbered(call, params->order_number, &order, err);
    if (rc != HENG_OK) return rc;
    struct heng_money_change change = {
        .make = make_refund, .subject = "pay-order", .id = order.id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

/* more: the number of the refund. */
static heng_rc make_refund_end(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_pay_refund_end_request *b = change->body;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    char number[HENG_PAY_NUMBER_MAX];
    struct heng_pay_refund refund;
    struct heng_pay_order order;
    heng_pay_outcome outcome;
    heng_rc rc = heng_pay_copy(change->more, "the number", number, sizeof number, err);
    if (rc == HENG_OK) rc = heng_store_find_pay_refund(reader, number, &refund, err);
    if (rc == HENG_OK) rc = heng_store_get_pay_order(reader, change->scope, refund.order_id, &order, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no refund '%.40s'", number);
    if (rc == HENG_OK)
        rc = heng_pay_refund_end(store, &refund, b->done, b->has_transaction ? b->transaction : "", change->reason,
                                 &change->hand, &outcome, err);
    if (rc == HENG_OK && outcome != HENG_PAY_TOLD_APPLIED)
        return heng_fail(err, HENG_ECONFLICT, 0, "the refund has ended before: it is %s",
                         heng_refund_state_text(refund.state));
    change->answer_id = refund.id;
    return rc;
}

heng_rc heng_api_end_pay_refund(struct heng_api_call *call, const struct heng_api_end_pay_refund_params *params,
                                const struct heng_api_pay_refund_end_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {.make = make_refund_end,
                                       .subject = "pay-refund",
                                       .more = heng_slice_str(params->refund_number),
                                       HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

/* --- what channels tell --------------------------------------------------------------------------------------------
 */

struct message {
    const struct heng_pay_channel *channel;
    const struct heng_pay_setup *setup;
    struct heng_pay_in in;
    bool is_answer; /* to a query of ours */
    struct heng_pay_notice notice;
};

static heng_rc take_message(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct message *m = ctx;
    struct heng_hand hand = {.now_us = heng_clock_wall()};
    snprintf(hand.who, sizeof hand.who, "%s", m->channel->name);
    snprintf(hand.channel, sizeof hand.channel, "%s", m->channel->name);
    heng_rc rc = heng_money_today(heng_store_as_reader(store), hand.now_us, &hand.day, err);
    if (rc != HENG_OK) return rc;
    return m->is_answer ? heng_pay_take_answer(store, m->channel, m->setup, &m->in, &hand, &m->notice, err)
                        : heng_pay_take_message(store, m->channel, m->setup, &m->in, &hand, &m->notice, err);
}

/* The contract with a channel, as the setting says. */
static heng_rc setup_of(struct heng_api_call *call, const char *channel, struct heng_pay_setup *ret,
                        struct heng_err *err)
{
    char *text = heng_arena_take(call->arena, SETTING_MAX, 1);
    if (!text) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_setting(call->reader, "pay", text, SETTING_MAX, err);
    if (rc == HENG_OK) rc = heng_pay_setup_read(heng_slice_str(text), channel, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no channel '%.20s' here", channel) : rc;
}

static heng_rc take(struct heng_api_call *call, const char *channel, const struct heng_api_message *message,
                    bool is_answer, struct heng_api_file *ret, struct heng_err *err)
{
    struct heng_pay_header headers[HENG_API_HEADERS_MAX];
    struct heng_pay_setup setup;
    struct message m = {.channel = heng_pay_channel_of(channel), .setup = &setup, .is_answer = is_answer};
    call->is_wish = true;
    if (!m.channel || !m.channel->notice)
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no channel '%.20s' here", channel);
    for (size_t i = 0; i < message->header_count; i++)
        headers[i] = (struct heng_pay_header){heng_slice_str(message->headers[i].name),
                                              heng_slice_str(message->headers[i].value)};
    m.in = (struct heng_pay_in){headers, message->header_count, message->body};
    heng_rc rc = setup_of(call, m.channel->name, &setup, err);
    if (rc != HENG_OK) return rc;
    rc = heng_api_change(call, take_message, &m, err);
    heng_pay_setup_fini(&setup);
    if (rc != HENG_OK) return rc;
    /* One that was believed names an order, or is of nothing: telling it again would not help. */
    const bool believed = m.notice.outcome != HENG_PAY_TOLD_REFUSED || m.notice.order_number[0];
    if (m.notice.outcome == HENG_PAY_TOLD_REFUSED)
        heng_log(HENG_LOG_WARN, "api", "event=payment_refused channel=%s order='%s' why='%s'", m.channel->name,
                 m.notice.order_number, m.notice.why);
    const char *answer = believed ? m.channel->answer : m.channel->again;
    ret->status = believed ? 200 : 401;
    return heng_api_file_of(call, heng_slice_str(answer), answer[0] == '{' ? "application/json" : "text/plain", "", ret,
                            err);
}

heng_rc heng_api_notify_payment(struct heng_api_call *call, const struct heng_api_notify_payment_params *params,
                                const struct heng_api_message *message, struct heng_api_file *ret, struct heng_err *err)
{
    return take(call, params->channel, message, false, ret, err);
}

heng_rc heng_api_answer_payment(struct heng_api_call *call, const struct heng_api_answer_payment_params *params,
                                const struct heng_api_message *message, struct heng_api_file *ret, struct heng_err *err)
{
    return take(call, params->channel, message, true, ret, err);
}

/* --- what channels are asked ---------------------------------------------------------------------------------------
 */

typedef enum pay_ask { ASK_PAY, ASK_STATE, ASK_REFUND } pay_ask;

/* The signed bytes; who sends them is not our business. */
static heng_rc request_of(struct heng_api_call *call, pay_ask ask, const struct heng_pay_order *order,
                          const struct heng_pay_refund *refund, const char *about, struct heng_api_pay_message *ret,
                          struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(order->channel);
    struct heng_pay_stamp stamp = {.now_us = heng_clock_wall()};
    struct heng_pay_setup setup;
    struct heng_pay_out out;
    if (!channel || !channel->request)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "%s is asked nothing: money comes by itself, or by files",
                         order->channel);
    heng_rc rc = setup_of(call, channel->name, &setup, err);
    if (rc != HENG_OK) return rc;
    heng_pay_out_init(&out);
    rc = heng_pay_nonce(stamp.nonce, err);
    if (rc == HENG_OK && ask == ASK_PAY) rc = channel->request(&setup, order, about, &stamp, &out, err);
    if (rc == HENG_OK && ask == ASK_STATE) rc = channel->query(&setup, order, &stamp, &out, err);
    if (rc == HENG_OK && ask == ASK_REFUND) rc = channel->refund(&setup, order, refund, &stamp, &out, err);
    if (rc == HENG_OK)
        *ret = (struct heng_api_pay_message){.method = heng_arena_text(call->arena, out.method),
                                             .path = heng_arena_text(call->arena, out.path.text ? out.path.text : ""),
                                             .headers =
                                                 heng_arena_text(call->arena, out.headers.text ? out.headers.text : ""),
                                             .body = heng_arena_text(call->arena, out.body.text ? out.body.text : "")};
    heng_pay_out_fini(&out);
    heng_pay_setup_fini(&setup);
    return rc;
}

heng_rc heng_api_get_pay_request(struct heng_api_call *call, const struct heng_api_get_pay_request_params *params,
                                 struct heng_api_pay_message *ret, struct heng_err *err)
{
    struct heng_pay_order order;
    const bool state = params->has_ask && params->ask == HENG_API_PAY_ASK_QUERY;
    heng_rc rc = numbered(call, params->order_number, &order, err);
    if (rc == HENG_OK && !state && order.state != HENG_PAY_CREATED && order.state != HENG_PAY_PENDING)
        return heng_fail(err, HENG_ECONFLICT, 0, "the order is %s: nobody is asked to pay it",
                         heng_pay_state_text(order.state));
    if (rc != HENG_OK) return rc;
    return request_of(call, state ? ASK_STATE : ASK_PAY, &order, NULL, params->has_about ? params->about : order.number,
                      ret, err);
}

heng_rc heng_api_get_refund_request(struct heng_api_call *call, const struct heng_api_get_refund_request_params *params,
                                    struct heng_api_pay_message *ret, struct heng_err *err)
{
    struct heng_pay_refund refund;
    struct heng_pay_order order;
    call->is_wish = true;
    heng_rc rc = heng_store_find_pay_refund(call->reader, params->refund_number, &refund, err);
    if (rc == HENG_OK) rc = heng_store_get_pay_order(call->reader, heng_api_scope(call), refund.order_id, &order, err);
    if (rc == HENG_OK && refund.ended_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "refund %s is %s", refund.number,
                         heng_refund_state_text(refund.state));
    return rc == HENG_OK ? request_of(call, ASK_REFUND, &order, &refund, "", ret, err) : rc;
}
