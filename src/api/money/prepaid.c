/* Prepaid: who runs low, what they are told, supply that ends and comes back. */
#include "api/money/change.h"
#include "prepaid/supply.h"
#include "store/money/notices.h"
#include "usage/usage.h"

/* --- who runs low --------------------------------------------------------------------------------------------------
 */

heng_rc heng_api_list_credit(struct heng_api_call *call, const struct heng_api_list_credit_params *params,
                             struct heng_api_credit_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_credit_row *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_credit_row *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc =
        heng_store_list_credit(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                               (int)params->level, params->has_after ? params->after : 0, rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_credit_row){.account = rows[i].account_id,
                                                .number = rows[i].number,
                                                .name = rows[i].name,
                                                .currency = rows[i].currency,
                                                .purse = rows[i].purse,
                                                .level = rows[i].level,
                                                .has_since = rows[i].since_us != 0,
                                                .since = rows[i].since_us};
    ret->items = items;
    ret->items_n = n;
    return rc;
}

/* --- what they are told --------------------------------------------------------------------------------------------
 */

heng_rc heng_api_list_notices(struct heng_api_call *call, const struct heng_api_list_notices_params *params,
                              struct heng_api_notice_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    int64_t scope = heng_money_scope(call, params->has_organisation, params->organisation);
    struct heng_notice *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_notice *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    if (params->waiting && (params->has_account || params->has_before))
        return heng_fail(err, HENG_ERANGE, 0, "what waits to be sent is listed by 'after', and of all accounts");
    if (!params->waiting && params->has_after)
        return heng_fail(err, HENG_ERANGE, 0, "'after' is for waiting=1; else the pages go back by 'before'");
    heng_rc rc =
        params->waiting
            ? heng_store_waiting_notices(call->reader, scope, params->has_after ? params->after : 0, rows, cap, &n, err)
            : heng_store_list_notices(call->reader, scope, params->has_account ? params->account : 0,
                                      params->has_before ? params->before : 0, rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_notice){.id = rows[i].id,
                                            .has_organisation = rows[i].org_id != 0,
                                            .organisation = rows[i].org_id,
                                            .has_account = rows[i].account_id != 0,
                                            .account = rows[i].account_id,
                                            .kind = rows[i].kind,
                                            .language = rows[i].language,
                                            .text = rows[i].text,
                                            .state = heng_notice_state_text(rows[i].state),
                                            .made_at = rows[i].made_us,
                                            .has_sent_at = rows[i].sent_us != 0,
                                            .sent_at = rows[i].sent_us,
                                            .has_why = rows[i].why[0] != '\0',
                                            .why = rows[i].why};
    ret->items = items;
    ret->items_n = n;
    return rc;
}

static heng_rc make_notice(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_notice_request *b = c->body;
    struct heng_notice *notice = heng_arena_take(c->arena, 1, sizeof *notice);
    heng_notice_state state = heng_notice_state_of(heng_api_notice_end_text(b->state));
    if (!notice) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_notice(heng_store_as_reader(store), c->scope, c->id, notice, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such notice");
    if (rc == HENG_OK && notice->state == HENG_NOTICE_SENT && state != HENG_NOTICE_SENT)
        return heng_fail(err, HENG_ECONFLICT, 0, "this notice was sent: it cannot be called back");
    if (rc != HENG_OK || notice->state == state) return rc;
    return heng_store_notice_state(store, c->id, state, state == HENG_NOTICE_SENT ? c->hand.now_us : 0, c->reason, err);
}

heng_rc heng_api_tell_notice(struct heng_api_call *call, const struct heng_api_tell_notice_params *params,
                             const struct heng_api_notice_request *body, struct heng_api_money_done *ret,
                             struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "notice", .id = params->notice_id,
                                       .make = make_notice};
    return heng_money_ask(call, &change, ret, err);
}

/* --- supply --------------------------------------------------------------------------------------------------------
 */

heng_rc heng_api_list_supply_tasks(struct heng_api_call *call, const struct heng_api_list_supply_tasks_params *params,
                                   struct heng_api_supply_task_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_supply_task *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_supply_task *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc =
        heng_store_list_supply(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                               params->has_account ? params->account : 0, params->open != 0,
                               params->has_before ? params->before : 0, rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const struct heng_supply_task *t = &rows[i];
        items[i] = (struct heng_api_supply_task){.id = t->id,
                                                 .has_organisation = t->org_id != 0,
                                                 .organisation = t->org_id,
                                                 .account = t->account_id,
                                                 .point = t->point_id,
                                                 .restore = t->on,
                                                 .state = heng_supply_state_text(t->state),
                                                 .reason = t->reason,
                                                 .made_at = t->made_us,
                                                 .has_not_before = t->not_before_us != 0,
                                                 .not_before = t->not_before_us,
                                                 .has_ended_at = t->ended_us != 0,
                                                 .ended_at = t->ended_us,
                                                 .has_notice = t->notice_id != 0,
                                                 .notice = t->notice_id,
                                                 .has_command = t->command_id != 0,
                                                 .command = t->command_id,
                                                 .has_approved_by = t->approved_by[0] != '\0',
                                                 .approved_by = t->approved_by,
                                                 .tries = t->tries,
                                                 .has_why = t->why[0] != '\0',
                                                 .why = t->why};
    }
    ret->items = items;
    ret->items_n = n;
    return rc;
}

static heng_rc make_approve(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    return heng_supply_approve(store, c->scope, c->id, &c->hand, err);
}

static heng_rc make_drop(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    return heng_supply_drop(store, c->scope, c->id, &c->hand, c->reason, err);
}

static heng_rc make_retry(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    return heng_supply_retry(store, c->scope, c->id, &c->hand, err);
}

static heng_rc ask_task(struct heng_api_call *call, int64_t task_id, const struct heng_api_desk_request *body,
                        heng_rc (*make)(struct heng_money_change *, struct heng_store *, struct heng_err *),
                        struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "supply-task", .id = task_id,
                                       .make = make};
    return heng_money_ask(call, &change, ret, err);
}

heng_rc heng_api_approve_supply(struct heng_api_call *call, const struct heng_api_approve_supply_params *params,
                                const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    return ask_task(call, params->task_id, body, make_approve, ret, err);
}

heng_rc heng_api_drop_supply(struct heng_api_call *call, const struct heng_api_drop_supply_params *params,
                             const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                             struct heng_err *err)
{
    return ask_task(call, params->task_id, body, make_drop, ret, err);
}

heng_rc heng_api_retry_supply(struct heng_api_call *call, const struct heng_api_retry_supply_params *params,
                              const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    return ask_task(call, params->task_id, body, make_retry, ret, err);
}

static heng_rc make_keep(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_keep_request *b = c->body;
    struct heng_usage_site site;
    heng_us until_us = 0;
    int32_t day = 0;
    heng_rc rc = heng_money_day(b->has_until, b->until, "field 'until'", 0, &day, err);
    if (rc == HENG_OK) rc = heng_usage_site_open(heng_store_as_reader(store), &site, err);
    if (rc != HENG_OK) return rc;
    if (b->has_until) until_us = heng_day_from_us(&site.days, day);
    heng_usage_site_close(&site);
    return heng_supply_keep(store, c->scope, c->id, until_us, &c->hand, c->reason, err);
}

heng_rc heng_api_keep_supply(struct heng_api_call *call, const struct heng_api_keep_supply_params *params,
                             const struct heng_api_keep_request *body, struct heng_api_money_done *ret,
                             struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .id = params->account_id,
                                       .make = make_keep};
    return heng_money_ask(call, &change, ret, err);
}
