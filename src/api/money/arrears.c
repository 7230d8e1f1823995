/* What is owed and what comes in. */
#include "billing/arrears.h"
#include "api/money/change.h"
#include "usage/quality.h"

static heng_rc ask_of(struct heng_api_call *call, bool has_as_of, const char *as_of, bool has_place, int64_t place,
                      bool has_currency, const char *currency, struct heng_arrears_ask *ret, struct heng_err *err)
{
    *ret = (struct heng_arrears_ask){
        .scope = heng_api_scope(call), .place_id = has_place ? place : 0, .currency = has_currency ? currency : "CNY"};
    heng_rc rc = heng_money_today(call->reader, heng_clock_wall(), &ret->today, err);
    return rc == HENG_OK ? heng_money_day(has_as_of, as_of, "parameter 'as_of'", ret->today, &ret->as_of, err) : rc;
}

static struct heng_api_arrear arrear_from(struct heng_api_call *call, const struct heng_arrears_ask *ask,
                                          const struct heng_owing_account *account, const struct heng_owing_bill *bill)
{
    const bool overdue = bill->due_day && bill->due_day < ask->as_of;
    return (struct heng_api_arrear){
        .account = account->id,
        .account_number = heng_arena_text(call->arena, account->number),
        .name = heng_arena_text(call->arena, account->name),
        .bill = bill->id,
        .number = heng_arena_text(call->arena, bill->number),
        .has_due = bill->due_day != 0,
        .due = heng_money_day_text(call->arena, bill->due_day),
        .amount = bill->principal,
        .fees = bill->late,
        .days = overdue ? ask->as_of - bill->due_day : 0,
        .held = bill->held,
        .steps = bill->steps,
    };
}

/* Whole accounts: a page ends where the next one begins. */
heng_rc heng_api_list_arrears(struct heng_api_call *call, const struct heng_api_list_arrears_params *params,
                              struct heng_api_arrears_list *ret, struct heng_err *err)
{
    const size_t wanted = (size_t)params->limit, cap = wanted + HENG_ARREARS_BILLS;
    struct heng_api_arrear *items = heng_arena_take(call->arena, cap, sizeof *items);
    struct heng_arrears *arrears = heng_arena_take(call->arena, 1, sizeof *arrears);
    const struct heng_owing_account *account;
    const struct heng_owing_bill *bill;
    int64_t last = 0;
    if (!items || !arrears) return heng_api_no_memory(err);
    heng_rc rc = ask_of(call, params->has_as_of, params->as_of, params->has_place, params->place, params->has_currency,
                        params->currency, &arrears->ask, err);
    arrears->ask.overdue = params->overdue != 0;
    arrears->after_id = params->has_after ? params->after : 0;
    while (rc == HENG_OK) {
        rc = heng_arrears_next(arrears, call->reader, &account, &bill, err);
        if (rc != HENG_OK) break;
        ret->has_next = account->id != last && ret->items_n >= wanted;
        if (ret->has_next) break;
        last = account->id;
        items[ret->items_n++] = arrear_from(call, &arrears->ask, account, bill);
    }
    ret->items = items;
    ret->next = last;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_api_get_ageing(struct heng_api_call *call, const struct heng_api_get_ageing_params *params,
                            struct heng_api_ageing *ret, struct heng_err *err)
{
    struct heng_arrears_ask ask;
    struct heng_ageing ageing;
    struct heng_api_age_sum *ages = heng_arena_take(call->arena, HENG_AGE_COUNT, sizeof *ages);
    if (!ages) return heng_api_no_memory(err);
    heng_rc rc = ask_of(call, params->has_as_of, params->as_of, params->has_place, params->place, params->has_currency,
                        params->currency, &ask, err);
    if (rc == HENG_OK) rc = heng_ageing_of(call->reader, &ask, &ageing, err);
    if (rc != HENG_OK) return rc;
    for (heng_age age = 0; age < HENG_AGE_COUNT; age++)
        ages[age] = (struct heng_api_age_sum){heng_age_text(age), ageing.counts[age], ageing.amounts[age]};
    *ret = (struct heng_api_ageing){.accounts = ageing.accounts,
                                    .bills = ageing.bills,
                                    .amount = ageing.total,
                                    .credits = ageing.credits,
                                    .ages = ages,
                                    .ages_n = HENG_AGE_COUNT};
    return HENG_OK;
}

heng_rc heng_api_list_calls(struct heng_api_call *call, const struct heng_api_list_calls_params *params,
                            struct heng_api_call_list *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_call *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_arrears_call *items = heng_arena_take(call->arena, cap, sizeof *items);
    struct heng_arrears_ask ask;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = ask_of(call, params->has_as_of, params->as_of, params->has_place, params->place, params->has_currency,
                        params->currency, &ask, err);
    if (rc == HENG_OK) rc = heng_call_list(call->reader, &ask, rows, cap, &ret->items_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++)
        items[i] =
            (struct heng_api_arrears_call){.account = rows[i].account.id,
                                           .account_number = heng_arena_text(call->arena, rows[i].account.number),
                                           .name = heng_arena_text(call->arena, rows[i].account.name),
                                           .has_phone = rows[i].account.phone[0] != '\0',
                                           .phone = heng_api_opt_text(call, rows[i].account.phone),
                                           .overdue = rows[i].overdue,
                                           .held = rows[i].held,
                                           .has_since = rows[i].since_day != 0,
                                           .since = heng_money_day_text(call->arena, rows[i].since_day),
                                           .bills = rows[i].bills,
                                           .steps = rows[i].steps};
    ret->items = items;
    return HENG_OK;
}

heng_rc heng_api_get_collection(struct heng_api_call *call, const struct heng_api_get_collection_params *params,
                                struct heng_api_collection *ret, struct heng_err *err)
{
    struct heng_collection_report report;
    struct heng_site_days days;
    heng_day from = 0, to = 0;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc != HENG_OK) return rc;
    rc = heng_period_parse(&days, heng_clock_wall(), params->has_from ? params->from : NULL,
                           params->has_to ? params->to : NULL, &from, &to, err);
    heng_site_days_fini(&days);
    if (rc == HENG_OK)
        rc = heng_collection_report(call->reader, heng_api_scope(call), params->has_place ? params->place : 0,
                                    params->has_currency ? params->currency : "CNY", from, to, &report, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_collection){
        .bills = report.bills,
        .bills_paid = report.bills_paid,
        .billed = report.sums.billed_current,
        .collected = report.sums.collected_current,
        .waived = report.sums.waived,
        .prior = report.sums.billed_prior_open,
        .prior_collected = report.sums.collected_prior,
        .has_current_percent = report.rates.has_current,
        .current_percent = heng_api_dec_text(call->arena, report.rates.current),
        .has_prior_percent = report.rates.has_prior,
        .prior_percent = heng_api_dec_text(call->arena, report.rates.prior),
        .has_overall_percent = report.rates.has_overall,
        .overall_percent = heng_api_dec_text(call->arena, report.rates.overall),
        .has_paid_percent = report.has_paid,
        .paid_percent = heng_api_dec_text(call->arena, report.paid_rate),
    };
    return HENG_OK;
}
