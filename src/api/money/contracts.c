/* Contracts: of an account or a point, added, changed, ended, switched; move-out and move-in. */
#include "account/contracts.h"

#include "api/money/change.h"

enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };

/* --- out -----------------------------------------------------------------------------------------------------------
 */

heng_rc heng_money_contract_from(struct heng_api_call *call, const struct heng_contract *c,
                                 struct heng_api_money_contract *ret, struct heng_err *err)
{
    char point[HENG_KEY_MAX] = "";
    heng_rc rc = heng_store_contract_point(call->reader, c->point_id, point, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_money_contract){
        .id = c->id,
        .account = c->account_id,
        .point = c->point_id,
        .point_name = heng_arena_text(call->arena, point),
        .mode = heng_api_contract_mode_of(heng_mode_text(c->mode)),
        .has_tariff = c->tariff_key[0] != '\0',
        .tariff = heng_api_opt_text(call, c->tariff_key),
        .has_group = c->tariff_group[0] != '\0',
        .group = heng_api_opt_text(call, c->tariff_group),
        .has_price_class = c->price_class[0] != '\0',
        .price_class = heng_api_opt_text(call, c->price_class),
        .cycle = heng_api_bill_cycle_of(heng_bill_cycle_text(c->cycle)),
        .from = heng_money_day_text(call->arena, c->from_day),
        .has_to = c->to_day != 0,
        .to = heng_money_day_text(call->arena, c->to_day),
        .has_terms = c->terms[0] != '\0',
        .terms = heng_api_opt_text(call, c->terms),
        .has_follows = c->follows != 0,
        .follows = c->follows,
        .meter_count = c->meter_count,
    };
    bool all = ret->point_name && ret->from && (!ret->has_to || ret->to) && (!ret->has_terms || ret->terms);
    return all ? HENG_OK : heng_api_no_memory(err);
}

heng_rc heng_api_list_contracts(struct heng_api_call *call, const struct heng_api_list_contracts_params *params,
                                struct heng_api_contract_list *ret, struct heng_err *err)
{
    struct heng_contract *rows = heng_arena_take(call->arena, ALL_MAX, sizeof *rows);
    struct heng_api_money_contract *items = heng_arena_take(call->arena, ALL_MAX, sizeof *items);
    int64_t scope = heng_money_scope(call, params->has_organisation, params->organisation);
    struct heng_account account;
    size_t n = 0, kept = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    if (!params->has_account && !params->has_point)
        return heng_fail(err, HENG_ERANGE, 0, "of which account, or of which point? one of them must be given");
    heng_rc rc = heng_store_list_contracts(call->reader, params->has_account ? params->account : 0,
                                           params->has_point ? params->point : 0, 0, rows, ALL_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = heng_store_get_account(call->reader, scope, rows[i].account_id, &account, err);
        if (rc == HENG_OK) rc = heng_money_contract_from(call, &rows[i], &items[kept++], err);
        if (rc == HENG_ENOTFOUND) rc = HENG_OK; /* another's */
    }
    *ret = (struct heng_api_contract_list){.items = items, .items_n = kept, .more = n == ALL_MAX};
    return rc;
}

/* What holds from day to day; where a day has no tariff, the sentence that says so. */
static heng_rc list_tariffs(struct heng_api_call *call, const struct heng_contract *contract, int32_t from, int32_t to,
                            struct heng_api_contract_detail *ret, struct heng_err *err)
{
    struct heng_contract_tariff *spans = heng_arena_take(call->arena, HENG_CONTRACT_SPANS_MAX, sizeof *spans);
    struct heng_api_contract_tariff *items = heng_arena_take(call->arena, HENG_CONTRACT_SPANS_MAX, sizeof *items);
    struct heng_account account;
    size_t n = 0;
    if (!spans || !items) return heng_api_no_memory(err);
    ret->tariffs = items;
    heng_rc rc = heng_store_get_account(call->reader, 0, contract->account_id, &account, err);
    if (rc != HENG_OK || from >= to) return rc;
    rc = heng_contract_bindings(call->reader, account.org_id, contract, from, to, spans, HENG_CONTRACT_SPANS_MAX, &n,
                                err);
    if (rc == HENG_ECONFIG || rc == HENG_ELIMIT) {
        ret->has_tariff_fault = true;
        ret->tariff_fault = heng_arena_text(call->arena, err->text);
        return HENG_OK;
    }
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_contract_tariff){.from = heng_money_day_text(call->arena, spans[i].from_day),
                                                     .to = heng_money_day_text(call->arena, spans[i].to_day),
                                                     .level = spans[i].level == HENG_BIND_CONTRACT ? "contract"
                                                              : spans[i].level == HENG_BIND_GROUP  ? "group"
                                                                                                   : "class",
                                                     .tariff = spans[i].key,
                                                     .edition = spans[i].edition};
    ret->tariffs_n = n;
    return rc;
}

heng_rc heng_api_get_contract(struct heng_api_call *call, const struct heng_api_get_contract_params *params,
                              struct heng_api_contract_detail *ret, struct heng_err *err)
{
    struct heng_contract *contract = heng_arena_take(call->arena, 1, sizeof *contract);
    int32_t charged = 0, from, to, today = 0;
    if (!contract) return heng_api_no_memory(err);
    heng_rc rc =
        heng_money_contract(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                            params->contract_id, contract, err);
    if (rc == HENG_OK) rc = heng_store_contract_charged(call->reader, contract->id, &charged, err);
    if (rc == HENG_OK) rc = heng_money_today(call->reader, heng_clock_wall(), &today, err);
    if (rc == HENG_OK) rc = heng_money_day(params->has_from, params->from, "from", contract->from_day, &from, err);
    if (rc == HENG_OK) rc = heng_money_day(params->has_to, params->to, "to", today + 1, &to, err);
    if (rc == HENG_OK) rc = heng_money_contract_from(call, contract, &ret->contract, err);
    if (rc != HENG_OK) return rc;
    ret->has_charged_to = charged != 0;
    ret->charged_to = heng_money_day_text(call->arena, charged);
    if (from < contract->from_day) from = contract->from_day;
    if (contract->to_day && to > contract->to_day) to = contract->to_day;
    return list_tariffs(call, contract, from, to, ret, err);
}

/* --- changes -------------------------------------------------------------------------------------------------------
 */

/* What AddContractRequest and ChangeContractRequest have in common; false: a text is too long. */
#define TAKE_TERMS(b, c)                                                                                               \
    (((b)->has_cycle ? (void)((c)->cycle = heng_bill_cycle_of(heng_api_bill_cycle_text((b)->cycle))) : (void)0),       \
     heng_api_put_text((c)->tariff_key, sizeof(c)->tariff_key, (b)->has_tariff, (b)->tariff) &&                        \
         heng_api_put_text((c)->tariff_group, sizeof(c)->tariff_group, (b)->has_group, (b)->group) &&                  \
         heng_api_put_text((c)->price_class, sizeof(c)->price_class, (b)->has_price_class, (b)->price_class) &&        \
         heng_api_put_text((c)->terms, sizeof(c)->terms, (b)->has_terms, (b)->terms))

static heng_rc make_add(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_add_contract_request *b = c->body;
    struct heng_contract *contract = heng_arena_take(c->arena, 1, sizeof *contract);
    if (!contract) return heng_api_no_memory(err);
    contract->account_id = c->id;
    contract->point_id = b->point;
    contract->mode = heng_mode_of(heng_api_contract_mode_text(b->mode));
    if (!TAKE_TERMS(b, contract)) return heng_fail(err, HENG_ERANGE, 0, "a text is too long");
    heng_rc rc = heng_money_day(b->has_from, b->from, "field 'from'", c->hand.day, &contract->from_day, err);
    if (rc == HENG_OK) rc = heng_money_day(b->has_to, b->to, "field 'to'", 0, &contract->to_day, err);
    if (rc == HENG_OK) rc = heng_contract_add(store, c->scope, contract, &c->hand, c->reason, err);
    c->answer_id = contract->id;
    return rc;
}

heng_rc heng_api_add_contract(struct heng_api_call *call, const struct heng_api_add_contract_params *params,
                              const struct heng_api_add_contract_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .id = params->account_id,
                                       .make = make_add};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_change(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_change_contract_request *b = c->body;
    struct heng_contract *contract = heng_arena_take(c->arena, 1, sizeof *contract);
    if (!contract) return heng_api_no_memory(err);
    heng_rc rc = heng_money_contract(heng_store_as_reader(store), c->scope, c->id, contract, err);
    if (rc != HENG_OK) return rc;
    if (!TAKE_TERMS(b, contract)) return heng_fail(err, HENG_ERANGE, 0, "a text is too long");
    return heng_contract_change(store, c->scope, contract, &c->hand, c->reason, err);
}

heng_rc heng_api_change_contract(struct heng_api_call *call, const struct heng_api_change_contract_params *params,
                                 const struct heng_api_change_contract_request *body, struct heng_api_money_done *ret,
                                 struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "contract", .id = params->contract_id,
                                       .make = make_change};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_end(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_end_contract_request *b = c->body;
    int32_t day = 0;
    heng_rc rc = heng_money_day(true, b->day, "field 'day'", 0, &day, err);
    return rc == HENG_OK ? heng_contract_end(store, c->scope, c->id, day, &c->hand, c->reason, err) : rc;
}

heng_rc heng_api_end_contract(struct heng_api_call *call, const struct heng_api_end_contract_params *params,
                              const struct heng_api_end_contract_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "contract", .id = params->contract_id,
                                       .make = make_end};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_switch(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_switch_contract_request *b = c->body;
    struct heng_contract *next = heng_arena_take(c->arena, 1, sizeof *next);
    int32_t day = 0;
    if (!next) return heng_api_no_memory(err);
    heng_rc rc = heng_money_day(true, b->day, "field 'day'", 0, &day, err);
    if (rc == HENG_OK)
        rc = heng_contract_switch(store, c->scope, c->id, heng_mode_of(heng_api_contract_mode_text(b->mode)), day,
                                  b->has_tariff ? b->tariff : NULL, &c->hand, c->reason, next, err);
    c->answer_id = next->id;
    return rc;
}

heng_rc heng_api_switch_contract(struct heng_api_call *call, const struct heng_api_switch_contract_params *params,
                                 const struct heng_api_switch_contract_request *body, struct heng_api_money_done *ret,
                                 struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "contract", .id = params->contract_id,
                                       .make = make_switch};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_move(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_move_accounts_request *b = c->body;
    struct heng_move move = {.from_account = c->id,
                             .to_account = b->has_to ? b->to : 0,
                             .point_id = b->has_point ? b->point : 0,
                             .persons = b->has_persons ? b->persons : 0};
    struct heng_contract *made = heng_arena_take(c->arena, HENG_CONTRACTS_MAX, sizeof *made);
    size_t n = 0;
    if (!made) return heng_api_no_memory(err);
    heng_rc rc = heng_money_day(true, b->day, "field 'day'", 0, &move.day, err);
    if (rc == HENG_OK)
        rc = heng_account_move(store, c->scope, &move, &c->hand, c->reason, made, HENG_CONTRACTS_MAX, &n, err);
    c->answer_id = n ? made[0].id : c->id;
    c->made = (int64_t)n;
    return rc;
}

heng_rc heng_api_move_accounts(struct heng_api_call *call, const struct heng_api_move_accounts_request *body,
                               struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account",
                                       .id = body->has_from ? body->from : 0, .make = make_move};
    return heng_money_ask(call, &change, ret, err);
}
