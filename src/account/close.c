#include "account/close.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "account/accounts.h"
#include "account/contracts.h"
#include "account/money_book.h"
#include "account/note.h"
#include "ledger/amount.h"
#include "ledger/collect.h"
#include "store/money/bills.h"

/* --- what stands in the way ----------------------------------------------------------------------------------------
 */

static void say(struct heng_close_view *view, const char *fmt, ...) HENG_PRINTF(2, 3);
static void say(struct heng_close_view *view, const char *fmt, ...)
{
    va_list args;
    if (view->n == HENG_CLOSE_WHY_MAX) return;
    va_start(args, fmt);
    vsnprintf(view->why[view->n++], HENG_CLOSE_TEXT_MAX, fmt, args);
    va_end(args);
}

static void say_busy(struct heng_close_view *view, const struct heng_account_busy *busy)
{
    if (busy->commands)
        say(view, "%" PRId64 " commands to its meters are not at their end: wait for them or take them back",
            busy->commands);
    if (busy->supply_tasks)
        say(view, "%" PRId64 " tasks to cut or restore its supply are open: finish or drop them", busy->supply_tasks);
    if (busy->meter_orders)
        say(view, "%" PRId64 " orders of money to or from its meters are open: wait for their end", busy->meter_orders);
    if (busy->pay_orders)
        say(view, "%" PRId64 " payments through a channel are not at their end: wait, or close them there",
            busy->pay_orders);
    if (busy->draft_bills) say(view, "%" PRId64 " bills are drafts or held: issue or drop them", busy->draft_bills);
}

static heng_rc say_contract(struct heng_store_reader *reader, const struct heng_contract *contract, int32_t today,
                            struct heng_close_view *view, struct heng_err *err)
{
    char to[HENG_DATE_TEXT_MAX], until[HENG_DATE_TEXT_MAX];
    int32_t charged = 0;
    if (contract->to_day == 0 || contract->to_day > today) {
        say(view, "contract %" PRId64 " is in force: end it first, not later than today", contract->id);
        return HENG_OK;
    }
    heng_rc rc = heng_store_contract_charged(reader, contract->id, &charged, err);
    if (rc != HENG_OK || charged >= contract->to_day || contract->mode == HENG_MODE_IN_METER) return rc;
    heng_date_format(contract->to_day, to);
    heng_date_format(charged ? charged : contract->from_day, until);
    say(view, "contract %" PRId64 " ended on %s and is charged until %s only: make the final bill", contract->id, to,
        until);
    return HENG_OK;
}

static heng_rc say_contracts(struct heng_store_reader *reader, int64_t id, int32_t today, struct heng_close_view *view,
                             struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_contract *all = malloc(ALL_MAX * sizeof *all);
    size_t n = 0;
    if (!all) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of an account");
    heng_rc rc = heng_store_list_contracts(reader, id, 0, 0, all, ALL_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = say_contract(reader, &all[i], today, view, err);
    free(all);
    return rc;
}

/* What is the customer's, against what is owed: by bills, and by a purse below zero. */
static void say_money(struct heng_close_view *view)
{
    const struct heng_account_balance *b = &view->balance;
    char text[HENG_AMOUNT_TEXT_MAX];
    int64_t rest = b->purse + b->advance + b->deposit - b->owed;
    heng_amount_text(b->in_meter, text);
    if (b->in_meter) say(view, "%s lies in its meters: read them and take it out", text);
    heng_amount_text(-rest, text);
    if (rest < 0) say(view, "%s is owed beyond what the account holds: it has to be paid or written off first", text);
    view->payout = rest < 0 ? 0 : rest;
}

heng_rc heng_account_close_check(struct heng_store_reader *reader, int64_t scope, int64_t id, int32_t today,
                                 struct heng_close_view *ret, struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_busy busy = {0};
    *ret = (struct heng_close_view){.n = 0};
    heng_rc rc = heng_account_need(reader, scope, id, &account, err);
    if (rc == HENG_OK) rc = heng_store_account_busy(reader, id, 0, &busy, err);
    if (rc == HENG_OK) say_busy(ret, &busy);
    if (rc == HENG_OK) rc = say_contracts(reader, id, today, ret, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(reader, id, &ret->balance, err);
    if (rc == HENG_OK) say_money(ret);
    return rc;
}

/* --- settling ------------------------------------------------------------------------------------------------------
 */

struct closing {
    struct heng_store *store;
    const struct heng_account *account;
    const struct heng_hand *hand;
    const char *key, *reason;
    struct heng_account_balance balance;
    struct heng_closed *out;
};

static heng_rc book(struct closing *c, const char *what, heng_book_kind from, struct heng_booking *booking,
                    struct heng_booked *ret, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX];
    snprintf(key, sizeof key, "%s/%s-%s", c->key, what, heng_book_text(from));
    return heng_account_book(c->store, c->account, key, c->hand, c->reason, booking, ret, err);
}

static void add_row(struct heng_allocation *rows, size_t *n, int64_t booking_id, int64_t bill_id, const char *part,
                    int64_t amount, int32_t day)
{
    if (amount <= 0) return;
    rows[*n] = (struct heng_allocation){
        .booking_id = booking_id, .bill_id = bill_id, .amount = amount, .n = (int32_t)*n, .day = day};
    snprintf(rows[(*n)++].part, HENG_PART_MAX, "%s", part);
}

/* Which bills the money of a booking pays: the oldest due first, the principal before the late fee. */
static heng_rc allocate(struct closing *c, int64_t booking_id, int64_t amount, struct heng_err *err)
{
    enum { BILLS_MAX = 256 };
    struct heng_open_bill *bills = calloc(BILLS_MAX, sizeof *bills);
    struct heng_owing *owing = calloc(BILLS_MAX, sizeof *owing);
    struct heng_allocation *rows = calloc(2 * BILLS_MAX, sizeof *rows);
    size_t n = 0, used = 0;
    int64_t rest;
    heng_rc rc =
        bills && owing && rows ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the bills of an account");
    if (rc == HENG_OK)
        rc = heng_store_list_open_bills(heng_store_as_reader(c->store), c->account->id, bills, BILLS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        owing[i] = (struct heng_owing){.bill_id = bills[i].id,
                                       .due_day = bills[i].due_day,
                                       .principal = bills[i].principal > 0 ? bills[i].principal : 0,
                                       .late = bills[i].late > 0 ? bills[i].late : 0};
    if (rc == HENG_OK) heng_allocate(owing, n, amount, HENG_PAY_RULE_PRINCIPAL_LATE, &rest);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        add_row(rows, &used, booking_id, owing[i].bill_id, "principal", owing[i].paid_principal, c->hand->day);
        add_row(rows, &used, booking_id, owing[i].bill_id, "late", owing[i].paid_late, c->hand->day);
    }
    if (rc == HENG_OK && used) rc = heng_store_add_allocations(c->store, rows, used, err);
    free(rows);
    free(owing);
    free(bills);
    return rc;
}

static int64_t *balance_of(struct heng_account_balance *balance, heng_book_kind book)
{
    return book == HENG_BOOK_PURSE     ? &balance->purse
           : book == HENG_BOOK_ADVANCE ? &balance->advance
                                       : &balance->deposit;
}

/* From a book of the customer to what is owed, and to a purse below zero. */
static heng_rc apply(struct closing *c, heng_book_kind from, struct heng_err *err)
{
    int64_t id = c->account->id, *have = balance_of(&c->balance, from);
    struct heng_booking booking;
    struct heng_booked booked;
    int64_t part = *have < c->balance.owed ? *have : c->balance.owed;
    heng_rc rc = HENG_OK;
    if (part > 0) {
        rc = heng_ledger_move(HENG_BOOKING_APPLY, id, from, id, "", HENG_BOOK_OWED, id, "", part, &booking, err);
        if (rc == HENG_OK) rc = book(c, "apply", from, &booking, &booked, err);
        if (rc == HENG_OK && !booked.existed) rc = allocate(c, booked.booking_id, part, err);
        *have -= part;
        c->balance.owed -= part;
        c->out->applied += part;
    }
    part = *have < -c->balance.purse ? *have : -c->balance.purse;
    if (rc == HENG_OK && from != HENG_BOOK_PURSE && part > 0) {
        rc = heng_ledger_move(HENG_BOOKING_TRANSFER, id, from, id, "", HENG_BOOK_PURSE, id, "", part, &booking, err);
        if (rc == HENG_OK) rc = book(c, "cover", from, &booking, &booked, err);
        *have -= part;
        c->balance.purse += part;
        c->out->applied += part;
    }
    return rc;
}

static heng_rc pay_out(struct closing *c, heng_book_kind from, struct heng_err *err)
{
    int64_t amount = *balance_of(&c->balance, from);
    struct heng_booking booking = {.kind = HENG_BOOKING_PAYOUT, .account_id = c->account->id, .amount = amount};
    if (amount <= 0) return HENG_OK;
    heng_rc rc = heng_ledger_post(&booking, from, c->account->id, "", amount, err);
    if (rc == HENG_OK) rc = heng_ledger_money(&booking, c->hand->channel, c->hand->desk, -amount, err);
    if (rc == HENG_OK) rc = book(c, "payout", from, &booking, &c->out->payouts[c->out->n], err);
    c->out->books[c->out->n] = from;
    c->out->amounts[c->out->n++] = amount;
    return rc;
}

static heng_rc settle(struct closing *c, struct heng_err *err)
{
    static const heng_book_kind books[3] = {HENG_BOOK_PURSE, HENG_BOOK_ADVANCE, HENG_BOOK_DEPOSIT};
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < 3; i++) rc = apply(c, books[i], err);
    for (size_t i = 0; rc == HENG_OK && i < 3; i++) rc = pay_out(c, books[i], err);
    return rc;
}

/* --- close ---------------------------------------------------------------------------------------------------------
 */

static heng_rc find(struct heng_store_reader *reader, int64_t scope, int64_t id, const char *key,
                    struct heng_account *ret, struct heng_err *err)
{
    enum { KEY_MAX = HENG_BOOKING_KEY_MAX - 24 };
    if (!key[0] || strlen(key) > KEY_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "the key of the request has 1 to %d characters", KEY_MAX);
    heng_rc rc = heng_store_get_account(reader, scope, id, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no such account") : rc;
}

static heng_rc close_open(struct closing *c, struct heng_account *account, struct heng_err *err)
{
    char after[160];
    heng_rc rc = settle(c, err);
    account->closed_us = c->hand->now_us;
    if (rc == HENG_OK) rc = heng_store_put_account(c->store, account, err);
    if (rc != HENG_OK) return rc;
    snprintf(after, sizeof after, "{\"applied\":%" PRId64 ",\"payouts\":%zu}", c->out->applied, c->out->n);
    const struct heng_note note = {"account.close", "account", account->id, account->org_id, c->reason};
    return heng_account_note(c->store, &note, c->hand, "", after, err);
}

heng_rc heng_account_close(struct heng_store *store, int64_t scope, int64_t id, const char *key,
                           const struct heng_hand *hand, const char *reason, struct heng_closed *ret,
                           struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_account account;
    struct heng_close_view *view = NULL;
    *ret = (struct heng_closed){.n = 0};
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = find(reader, scope, id, key, &account, err);
    if (rc != HENG_OK) return rc;
    if (account.closed_us) { /* the same wish again is fulfilled */
        ret->existed = true;
        return HENG_OK;
    }
    view = malloc(sizeof *view);
    if (!view) return heng_fail(err, HENG_ENOMEM, 0, "no memory to close an account");
    rc = heng_account_close_check(reader, scope, id, hand->day, view, err);
    if (rc == HENG_OK && view->n)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "account %s: %.120s", account.number, view->why[0]);
    else if (rc == HENG_OK) {
        struct closing c = {store, &account, hand, key, reason, view->balance, ret};
        rc = close_open(&c, &account, err);
    }
    free(view);
    return rc;
}
