/* Accounts: the list, one with all of it, opened, changed, closed; money between them; the audit. */
#include <string.h>

#include "account/accounts.h"
#include "account/contracts.h"
#include "account/money.h"
#include "account/texts.h"
#include "api/money/change.h"
#include "prepaid/leave.h"
#include "store/money/prepaid.h"

/* --- out -----------------------------------------------------------------------------------------------------------
 */

struct heng_api_account_balance heng_money_balance_from(const struct heng_account_balance *b)
{
    return (struct heng_api_account_balance){b->purse, b->owed, b->advance, b->deposit, b->in_meter};
}

static struct heng_api_money_account account_from(struct heng_api_call *call, const struct heng_account *a)
{
    return (struct heng_api_money_account){
        .id = a->id,
        .has_organisation = a->org_id != 0,
        .organisation = a->org_id,
        .number = heng_arena_text(call->arena, a->number),
        .name = heng_arena_text(call->arena, a->name),
        .has_phone = a->phone[0] != '\0',
        .phone = heng_api_opt_text(call, a->phone),
        .has_address = a->address[0] != '\0',
        .address = heng_api_opt_text(call, a->address),
        .language = heng_arena_text(call->arena, a->language),
        .currency = heng_arena_text(call->arena, a->currency),
        .has_bank = a->bank[0] != '\0',
        .bank = heng_api_opt_text(call, a->bank),
        .has_place = a->place_id != 0,
        .place = a->place_id,
        .has_warn_1 = a->warn[0] != HENG_LIMIT_NONE,
        .warn_1 = a->warn[0],
        .has_warn_2 = a->warn[1] != HENG_LIMIT_NONE,
        .warn_2 = a->warn[1],
        .has_warn_3 = a->warn[2] != HENG_LIMIT_NONE,
        .warn_3 = a->warn[2],
        .has_overdraft = a->overdraft != HENG_LIMIT_NONE,
        .overdraft = a->overdraft,
        .has_hoard = a->hoard != HENG_LIMIT_NONE,
        .hoard = a->hoard,
        .protection = heng_api_account_protection_of(heng_protection_text(a->protection)),
        .opened_at = a->opened_us,
        .has_closed_at = a->closed_us != 0,
        .closed_at = a->closed_us,
        .has_note = a->note[0] != '\0',
        .note = heng_api_opt_text(call, a->note),
    };
}

heng_rc heng_api_list_accounts(struct heng_api_call *call, const struct heng_api_list_accounts_params *params,
                               struct heng_api_account_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_account *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_money_account *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_accounts(
        call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
        params->has_words ? params->words : "", params->has_after ? params->after : "", rows, cap, &n, err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) items[i] = account_from(call, &rows[i]);
    ret->items = items;
    ret->items_n = n;
    return rc;
}

/* Was the last order to one of its points to cut? And its contracts. */
static heng_rc list_contracts(struct heng_api_call *call, int64_t account_id, struct heng_api_account_detail *ret,
                              struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_contract *rows = heng_arena_take(call->arena, ALL_MAX, sizeof *rows);
    struct heng_api_money_contract *items = heng_arena_take(call->arena, ALL_MAX, sizeof *items);
    struct heng_supply_task last;
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_contracts(call->reader, account_id, 0, 0, rows, ALL_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = heng_money_contract_from(call, &rows[i], &items[i], err);
        if (rc != HENG_OK || rows[i].to_day) continue;
        rc = heng_store_last_supply(call->reader, rows[i].point_id, true, &last, err);
        ret->supply_off = ret->supply_off || (rc == HENG_OK && !last.on);
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    ret->contracts = items;
    ret->contracts_n = n;
    return rc;
}

static heng_rc list_last(struct heng_api_call *call, int64_t account_id, struct heng_api_account_detail *ret,
                         struct heng_err *err)
{
    enum { SHOWN = 10 };
    struct heng_booking *rows = heng_arena_take(call->arena, SHOWN, sizeof *rows);
    struct heng_api_money_booking *items = heng_arena_take(call->arena, SHOWN, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_bookings(call->reader, account_id, 0, rows, SHOWN, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = heng_money_booking_from(call, &rows[i], &items[i], err);
    ret->bookings = items;
    ret->bookings_n = n;
    return rc;
}

heng_rc heng_api_get_account(struct heng_api_call *call, const struct heng_api_get_account_params *params,
                             struct heng_api_account_detail *ret, struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_balance balance;
    struct heng_credit_state credit;
    heng_us keep_us = 0;
    heng_rc rc =
        heng_money_account(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                           params->account_id, &account, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(call->reader, account.id, &balance, err);
    if (rc == HENG_OK) rc = heng_store_get_credit(call->reader, account.id, &credit, err);
    if (rc == HENG_OK) rc = heng_store_get_keep(call->reader, account.id, &keep_us, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_account_detail){.account = account_from(call, &account),
                                            .balance = heng_money_balance_from(&balance),
                                            .level = credit.level,
                                            .has_keep_until = keep_us > heng_clock_wall(),
                                            .keep_until = keep_us};
    rc = list_contracts(call, account.id, ret, err);
    return rc == HENG_OK ? list_last(call, account.id, ret, err) : rc;
}

heng_rc heng_api_get_closing(struct heng_api_call *call, const struct heng_api_get_closing_params *params,
                             struct heng_api_account_closing *ret, struct heng_err *err)
{
    struct heng_close_view *view = heng_arena_take(call->arena, 1, sizeof *view);
    struct heng_api_closing_reason *reasons = heng_arena_take(call->arena, HENG_CLOSE_WHY_MAX, sizeof *reasons);
    int32_t today = 0;
    call->is_wish = true; /* a closed account is told as such */
    if (!view || !reasons) return heng_api_no_memory(err);
    heng_rc rc = heng_money_today(call->reader, heng_clock_wall(), &today, err);
    if (rc == HENG_OK)
        rc = heng_account_close_check(call->reader,
                                      heng_money_scope(call, params->has_organisation, params->organisation),
                                      params->account_id, today, view, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < view->n; i++) reasons[i].text = view->why[i];
    *ret = (struct heng_api_account_closing){.can_close = view->n == 0,
                                             .reasons = reasons,
                                             .reasons_n = view->n,
                                             .balance = heng_money_balance_from(&view->balance),
                                             .payout = view->payout};
    return HENG_OK;
}

/* --- open, change, close -------------------------------------------------------------------------------------------
 */

static bool put(char *ret, size_t cap, bool is, const char *text) { return heng_api_put_text(ret, cap, is, text); }

/* What OpenAccountRequest and ChangeAccountRequest have in common; false: a text is too long. */
#define TAKE_ACCOUNT(b, a)                                                                                             \
    (put((a)->number, sizeof(a)->number, (b)->has_number, (b)->number) &&                                              \
     put((a)->phone, sizeof(a)->phone, (b)->has_phone, (b)->phone) &&                                                  \
     put((a)->address, sizeof(a)->address, (b)->has_address, (b)->address) &&                                          \
     put((a)->language, sizeof(a)->language, (b)->has_language, (b)->language) &&                                      \
     put((a)->bank, sizeof(a)->bank, (b)->has_bank, (b)->bank) &&                                                      \
     put((a)->note, sizeof(a)->note, (b)->has_note, (b)->note))
#define TAKE_LIMITS(b, a)                                                                                              \
    do {                                                                                                               \
        if ((b)->has_place) (a)->place_id = (b)->place;                                                                \
        if ((b)->has_warn_1) (a)->warn[0] = (b)->warn_1;                                                               \
        if ((b)->has_warn_2) (a)->warn[1] = (b)->warn_2;                                                               \
        if ((b)->has_warn_3) (a)->warn[2] = (b)->warn_3;                                                               \
        if ((b)->has_overdraft) (a)->overdraft = (b)->overdraft;                                                       \
        if ((b)->has_hoard) (a)->hoard = (b)->hoard;                                                                   \
        if ((b)->has_protection)                                                                                       \
            (a)->protection = heng_protection_of(heng_api_account_protection_text((b)->protection));                   \
    } while (0)

static void no_limits(struct heng_account *account)
{
    for (size_t i = 0; i < 3; i++) account->warn[i] = HENG_LIMIT_NONE;
    account->overdraft = account->hoard = HENG_LIMIT_NONE;
}

static heng_rc too_long(struct heng_err *err) { return heng_fail(err, HENG_ERANGE, 0, "a text is too long"); }

static heng_rc make_open(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_open_account_request *b = c->body;
    struct heng_account account = {.id = 0};
    no_limits(&account);
    TAKE_LIMITS(b, &account);
    bool fits = TAKE_ACCOUNT(b, &account) && put(account.name, sizeof account.name, true, b->name) &&
                put(account.currency, sizeof account.currency, b->has_currency, b->currency);
    if (!fits) return too_long(err);
    heng_rc rc = heng_account_open(store, c->scope, &account, &c->hand, c->reason, err);
    c->answer_id = account.id;
    return rc;
}

heng_rc heng_api_open_account(struct heng_api_call *call, const struct heng_api_open_account_request *body,
                              struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .make = make_open};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_change(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_change_account_request *b = c->body;
    struct heng_account account;
    heng_rc rc = heng_money_account(heng_store_as_reader(store), c->scope, c->id, &account, err);
    if (rc != HENG_OK) return rc;
    if (b->has_site_limits && b->site_limits) no_limits(&account);
    TAKE_LIMITS(b, &account);
    if (!TAKE_ACCOUNT(b, &account) || !put(account.name, sizeof account.name, b->has_name, b->name))
        return too_long(err);
    return heng_account_change(store, c->scope, &account, &c->hand, c->reason, err);
}

heng_rc heng_api_change_account(struct heng_api_call *call, const struct heng_api_change_account_params *params,
                                const struct heng_api_change_account_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .id = params->account_id,
                                       .make = make_change};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_close(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    struct heng_left left;
    heng_rc rc = heng_account_leave(store, c->scope, c->id, c->key, &c->hand, c->reason, &left, err);
    if (rc == HENG_OK && left.closed.existed) return heng_fail(err, HENG_ECONFLICT, 0, "the account is closed already");
    c->made = (int64_t)left.closed.n;
    return rc;
}

heng_rc heng_api_close_account(struct heng_api_call *call, const struct heng_api_close_account_params *params,
                               const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                               struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_close};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_tidy(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_money_account(heng_store_as_reader(store), c->scope, c->id, &account, err);
    if (rc == HENG_OK) rc = heng_account_tidy(store, c->scope, c->id, &c->hand, err);
    return rc == HENG_OK ? heng_money_look(c, store, c->id, err) : rc;
}

heng_rc heng_api_tidy_account(struct heng_api_call *call, const struct heng_api_tidy_account_params *params,
                              const struct heng_api_desk_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_tidy};
    return heng_money_ask(call, &change, ret, err);
}

/* --- money that is not sold ----------------------------------------------------------------------------------------
 */

static heng_rc make_transfer(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_transfer_request *b = c->body;
    struct heng_booked booked;
    heng_book_kind book = b->has_book ? heng_book_of(heng_api_purse_or_advance_text(b->book)) : HENG_BOOK_PURSE;
    heng_rc rc = heng_account_transfer(store, c->scope, c->id, b->to, book, b->amount, c->key, &c->hand, c->reason,
                                       &booked, err);
    if (rc == HENG_OK) rc = heng_money_look(c, store, c->id, err);
    if (rc == HENG_OK) rc = heng_money_look(c, store, b->to, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_transfer_money(struct heng_api_call *call, const struct heng_api_transfer_money_params *params,
                                const struct heng_api_transfer_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .id = params->account_id,
                                       .make = make_transfer};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_deposit(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_amount_request *b = c->body;
    struct heng_booked booked;
    heng_rc rc = heng_account_deposit(store, c->scope, c->id, b->amount, c->key, &c->hand, c->reason, &booked, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_take_deposit(struct heng_api_call *call, const struct heng_api_take_deposit_params *params,
                              const struct heng_api_amount_request *body, struct heng_api_money_done *ret,
                              struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_deposit};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_deposit_back(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_deposit_back_request *b = c->body;
    struct heng_booked booked;
    /* "money" is no book: it goes out */
    heng_book_kind to = b->has_to ? heng_book_of(heng_api_deposit_back_to_text(b->to)) : HENG_BOOK_COUNT;
    heng_rc rc =
        heng_account_deposit_back(store, c->scope, c->id, b->amount, to, c->key, &c->hand, c->reason, &booked, err);
    if (rc == HENG_OK) rc = heng_money_look(c, store, c->id, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_return_deposit(struct heng_api_call *call, const struct heng_api_return_deposit_params *params,
                                const struct heng_api_deposit_back_request *body, struct heng_api_money_done *ret,
                                struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED_AT(body), .subject = "account", .id = params->account_id,
                                       .make = make_deposit_back};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_carry_in(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_opening_request *b = c->body;
    const struct heng_opening opening = {.purse = b->has_purse ? b->purse : 0,
                                         .owed = b->has_owed ? b->owed : 0,
                                         .advance = b->has_advance ? b->advance : 0,
                                         .deposit = b->has_deposit ? b->deposit : 0};
    struct heng_booked booked;
    heng_rc rc = heng_account_carry_in(store, c->scope, c->id, &opening, &c->hand, c->reason, &booked, err);
    if (rc == HENG_OK) rc = heng_money_look(c, store, c->id, err);
    return heng_money_booked(c, rc, &booked);
}

heng_rc heng_api_carry_in(struct heng_api_call *call, const struct heng_api_carry_in_params *params,
                          const struct heng_api_opening_request *body, struct heng_api_money_done *ret,
                          struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "account", .id = params->account_id,
                                       .make = make_carry_in};
    return heng_money_ask(call, &change, ret, err);
}
