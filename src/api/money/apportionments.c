/* The operations on the heat of buildings that is shared over flats, from the form to the bills. */
#include "api/money/pay_parts.h"
#include "billing/heat.h"

enum { TEXT_MAX = 64 << 20 };

static struct heng_api_apportionment apportionment_from(struct heng_api_call *call, const struct heng_apportion_row *a)
{
    return (struct heng_api_apportionment){
        .id = a->id,
        .place = a->place_id,
        .from = heng_money_day_text(call->arena, a->from_day),
        .to = heng_money_day_text(call->arena, a->to_day),
        .state = heng_api_apportionment_state_of(heng_apportion_state_text(a->state)),
        .has_run = a->run_id != 0,
        .run = a->run_id,
        .at = a->at_us,
        .who = heng_arena_text(call->arena, a->who),
    };
}

heng_rc heng_api_list_apportionments(struct heng_api_call *call,
                                     const struct heng_api_list_apportionments_params *params,
                                     struct heng_api_apportionment_list *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_apportion_row *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_apportionment *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_apportions(call->reader, heng_api_scope(call), params->has_place ? params->place : 0,
                                            params->has_before ? params->before : 0, rows, cap, &ret->items_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++) items[i] = apportionment_from(call, &rows[i]);
    ret->items = items;
    return HENG_OK;
}

heng_rc heng_api_get_apportionment(struct heng_api_call *call, const struct heng_api_get_apportionment_params *params,
                                   struct heng_api_apportionment_detail *ret, struct heng_err *err)
{
    struct heng_str form = {.max = TEXT_MAX}, answer = {.max = TEXT_MAX};
    struct heng_apportion_row row;
    heng_rc rc = heng_store_get_apportion(call->reader, heng_api_scope(call), params->apportionment_id, &row, &form,
                                          &answer, err);
    if (rc == HENG_OK) {
        ret->apportionment = apportionment_from(call, &row);
        ret->form = heng_arena_text(call->arena, form.text ? form.text : "null");
        ret->answer = heng_arena_text(call->arena, answer.text ? answer.text : "null");
        if (!ret->form || !ret->answer) rc = heng_api_no_memory(err);
    }
    heng_str_fini(&form);
    heng_str_fini(&answer);
    return rc;
}

/* --- changes -------------------------------------------------------------------------------------------------------
 */

static heng_rc make(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_make_apportionment_params *p = change->body;
    struct heng_apportion_ask ask = {.org_id = change->scope, .place = p->place, .json = change->more};
    heng_rc rc = heng_money_day(true, p->from, "parameter 'from'", 0, &ask.from_day, err);
    if (rc == HENG_OK) rc = heng_money_day(true, p->to, "parameter 'to'", 0, &ask.to_day, err);
    return rc == HENG_OK ? heng_apportion_keep(store, &ask, &change->hand, &change->answer_id, err) : rc;
}

heng_rc heng_api_make_apportionment(struct heng_api_call *call, const struct heng_api_make_apportionment_params *params,
                                    const struct heng_api_upload *upload, struct heng_api_money_done *ret,
                                    struct heng_err *err)
{
    struct heng_money_change change = {.make = make,
                                       .subject = "apportionment",
                                       .key = params->key,
                                       .who = params->who,
                                       .organisation = params->has_organisation ? params->organisation : 0,
                                       .body = params};
    heng_rc rc = heng_api_upload_read(call, upload, &change.more, err);
    return rc == HENG_OK ? heng_money_ask(call, &change, ret, err) : rc;
}

static heng_rc make_approval(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_apportion_approve(store, change->scope, change->id, &change->hand, err);
}

heng_rc heng_api_approve_apportionment(struct heng_api_call *call,
                                       const struct heng_api_approve_apportionment_params *params,
                                       const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                       struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_approval, .subject = "apportionment", .id = params->apportionment_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_bills(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_heat_run_request *b = change->body;
    struct heng_heat_ask ask = {.apportion_id = change->id,
                                .name = b->name,
                                .currency = b->has_currency ? b->currency : "CNY",
                                .accounts = b->has_accounts ? b->accounts : "{}"};
    heng_rc rc = heng_money_day(true, b->due, "field 'due'", 0, &ask.due_day, err);
    return rc == HENG_OK ? heng_heat_run(store, change->scope, &ask, &change->hand, &change->answer_id, err) : rc;
}

heng_rc heng_api_bill_apportionment(struct heng_api_call *call, const struct heng_api_bill_apportionment_params *params,
                                    const struct heng_api_heat_run_request *body, struct heng_api_money_done *ret,
                                    struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_bills, .subject = "apportionment", .id = params->apportionment_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}
