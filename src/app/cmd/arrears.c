#include "app/cmd/arrears.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/receipt.h"
#include "app/cmd/books.h"
#include "app/options.h"
#include "billing/arrears.h"
#include "billing/collect.h"
#include "billing/instalment.h"
#include "billing/late.h"
#include "ledger/amount.h"
#include "store/archive_places.h"
#include "store/read.h"
#include "store/write.h"

static const char help[] =
    "usage: heng arrears list   [DAY] [--place KEY]     open bills that are overdue, as they were on a day\n"
    "       heng arrears ageing [DAY] [--place KEY]     what is open by days behind the due day\n"
    "       heng arrears calls  [COUNT] [--place KEY]   whom to call: who owes most first\n"
    "       heng arrears balances [--place KEY]         purse, owed, advance, deposit of every account\n"
    "       heng arrears rate --from DAY --to DAY [--place KEY]   what of the bills was collected\n"
    "       heng arrears bill BILL                      fees, steps, payments, disputes, instalments of one\n"
    "       heng arrears pay ACCOUNT AMOUNT [BILL...] --channel CHANNEL [--desk DESK] [--key KEY]\n"
    "       heng arrears waive BILL [AMOUNT] --second WHO --reason WHY [--key KEY]\n"
    "       heng arrears write-off BILL --second WHO --reason WHY [--key KEY]\n"
    "       heng arrears dispute BILL [--to DAY] --reason WHY     and  release BILL --reason WHY\n"
    "       heng arrears plan BILL PARTS [--from DAY] [--reason WHY]   a part each month;  stop BILL --reason WHY\n"
    "       heng arrears dun                            the work of today (a server does it by itself)\n"
    "       heng arrears rules [FILE]                   show, or check and put in, the rules\n"
    "       heng arrears notices [ACCOUNT]              what waits to be sent, or all of an account\n"
    "       heng arrears sent ID | failed ID --reason WHY | drop ID --reason WHY | again ID\n"
    "All take --data DIR, --org ORG, --who WHO, --currency CNY. Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

enum { ROWS = 64, CALLS_MAX = 1000, RULES_MAX = 32768, HISTORY_MAX = 200 };

static const char *amount(int64_t value, char text[HENG_AT_LEAST(HENG_AMOUNT_TEXT_MAX)])
{
    heng_amount_text(value, text);
    return text;
}

static const char *date(int32_t day, char text[HENG_AT_LEAST(HENG_DATE_TEXT_MAX)])
{
    heng_date_format(day, text);
    return text;
}

static heng_rc find_bill(const struct books *books, const char *number, struct heng_bill *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_find_bill(books->reader, books->scope, number, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no bill '%.40s'", number) : rc;
}

static heng_rc whole(const char *text, const char *what, int64_t max, int64_t *ret, struct heng_err *err)
{
    char *end;
    *ret = strtoll(text, &end, 10);
    if (end != text && !*end && *ret > 0 && *ret <= max) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "%s: a number from 1 to %" PRId64 " is wanted, not '%.20s'", what, max,
                     text);
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

/* Which place, which currency: the site's when none is named. */
static heng_rc whose(const struct books *books, const struct books_words *w, char currency[HENG_CURRENCY_MAX],
                     struct heng_arrears_ask *ret, struct heng_err *err)
{
    struct heng_archive_place place;
    heng_rc rc = HENG_OK;
    *ret = (struct heng_arrears_ask){
        .scope = books->scope, .currency = currency, .as_of = books->hand.day, .today = books->hand.day};
    snprintf(currency, HENG_CURRENCY_MAX, "%s", heng_books_text(w, BOOKS_CURRENCY));
    if (!currency[0]) rc = heng_store_get_setting(books->reader, "currency", currency, HENG_CURRENCY_MAX, err);
    if (rc == HENG_ENOTFOUND) {
        snprintf(currency, HENG_CURRENCY_MAX, "CNY");
        rc = HENG_OK;
    }
    if (rc != HENG_OK || !w->of[BOOKS_PLACE]) return rc;
    rc = heng_archive_find_place(books->reader, books->scope, w->of[BOOKS_PLACE], &place, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no place '%.60s'", w->of[BOOKS_PLACE]);
    if (rc == HENG_OK) ret->place_id = place.place.id;
    return rc;
}

static heng_rc list(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char currency[HENG_CURRENCY_MAX], text[2][HENG_AMOUNT_TEXT_MAX], day[HENG_DATE_TEXT_MAX];
    struct heng_arrears *a = calloc(1, sizeof *a);
    const struct heng_owing_account *account;
    const struct heng_owing_bill *bill;
    int64_t total = 0;
    heng_rc rc = a ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a list of arrears");
    if (rc == HENG_OK) rc = whose(books, w, currency, &a->ask, err);
    if (rc == HENG_OK && w->rest_n) rc = heng_books_day(books, w->rest[0], &a->ask.as_of, err);
    if (rc == HENG_OK) {
        a->ask.overdue = true;
        printf("%-16s %-20s %-16s %10s %5s %12s %10s %5s\n", "account", "name", "bill", "due", "days", "principal",
               "fees", "steps");
    }
    while (rc == HENG_OK && (rc = heng_arrears_next(a, books->reader, &account, &bill, err)) == HENG_OK) {
        printf("%-16s %-20s %-16s %10s %5d %12s %10s %5d%s\n", account->number, account->name, bill->number,
               date(bill->due_day, day), a->ask.as_of - bill->due_day, amount(bill->principal, text[0]),
               amount(bill->late, text[1]), bill->steps, bill->held ? "  held" : "");
        if (__builtin_add_overflow(total, bill->principal + bill->late, &total))
            rc = heng_fail(err, HENG_ERANGE, 0, "the arrears do not fit a number");
    }
    if (rc == HENG_ENOTFOUND)
        printf("overdue on %s: %s %s\n", date(a->ask.as_of, day), amount(total, text[0]), currency);
    free(a);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc ageing(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char currency[HENG_CURRENCY_MAX], text[HENG_AMOUNT_TEXT_MAX];
    struct heng_arrears_ask ask;
    struct heng_ageing sums;
    heng_rc rc = whose(books, w, currency, &ask, err);
    if (rc == HENG_OK && w->rest_n) rc = heng_books_day(books, w->rest[0], &ask.as_of, err);
    if (rc == HENG_OK) rc = heng_ageing_of(books->reader, &ask, &sums, err);
    if (rc != HENG_OK) return rc;
    for (unsigned age = 0; age < HENG_AGE_COUNT; age++)
        printf("%-10s %8" PRId64 " bills %16s %s\n", heng_age_text((heng_age)age), sums.counts[age],
               amount(sums.amounts[age], text), currency);
    printf("%-10s %14s %16s %s\n", "credits", "", amount(sums.credits, text), currency);
    printf("%-10s %8" PRId64 " bills %16s %s, of %" PRId64 " accounts\n", "all", sums.bills, amount(sums.total, text),
           currency, sums.accounts);
    return HENG_OK;
}

static heng_rc calls(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char currency[HENG_CURRENCY_MAX], text[HENG_AMOUNT_TEXT_MAX], day[HENG_DATE_TEXT_MAX];
    struct heng_arrears_ask ask;
    int64_t cap = 50;
    size_t n = 0;
    struct heng_call *rows = calloc(CALLS_MAX, sizeof *rows);
    heng_rc rc = rows ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a call list");
    if (rc == HENG_OK) rc = whose(books, w, currency, &ask, err);
    if (rc == HENG_OK && w->rest_n) rc = whole(w->rest[0], "how many", CALLS_MAX, &cap, err);
    if (rc == HENG_OK) rc = heng_call_list(books->reader, &ask, rows, (size_t)cap, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%-16s %-20s %-16s %14s %s  %d bills since %s, step %d%s\n", rows[i].account.number,
               rows[i].account.name, rows[i].account.phone, amount(rows[i].overdue, text), currency, rows[i].bills,
               date(rows[i].since_day, day), rows[i].steps,
               rows[i].held == rows[i].overdue ? ", all of it held"
               : rows[i].held                  ? ", a part of it held"
                                               : "");
    free(rows);
    return rc;
}

static heng_rc balances(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char currency[HENG_CURRENCY_MAX], text[5][HENG_AMOUNT_TEXT_MAX];
    struct heng_owing_account rows[ROWS];
    struct heng_account_balance b, sum = {0};
    struct heng_arrears_ask ask;
    size_t n = ROWS;
    heng_rc rc = whose(books, w, currency, &ask, err);
    struct heng_owing_ask page = {.scope = ask.scope, .place_id = ask.place_id, .currency = currency};
    printf("%-16s %-20s %12s %12s %12s %12s %12s\n", "account", "name", "purse", "owed", "advance", "deposit",
           "in meters");
    for (; rc == HENG_OK && n == ROWS; page.after_id = n ? rows[n - 1].id : 0) {
        rc = heng_store_list_owing(books->reader, &page, rows, ROWS, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            rc = heng_store_account_balance(books->reader, rows[i].id, &b, err);
            if (rc != HENG_OK) break;
            printf("%-16s %-20s %12s %12s %12s %12s %12s\n", rows[i].number, rows[i].name, amount(b.purse, text[0]),
                   amount(b.owed, text[1]), amount(b.advance, text[2]), amount(b.deposit, text[3]),
                   amount(b.in_meter, text[4]));
            if (__builtin_add_overflow(sum.purse, b.purse, &sum.purse) ||
                __builtin_add_overflow(sum.owed, b.owed, &sum.owed) ||
                __builtin_add_overflow(sum.advance, b.advance, &sum.advance) ||
                __builtin_add_overflow(sum.deposit, b.deposit, &sum.deposit) ||
                __builtin_add_overflow(sum.in_meter, b.in_meter, &sum.in_meter))
                rc = heng_fail(err, HENG_ERANGE, 0, "the balances do not fit a number");
        }
    }
    if (rc == HENG_OK)
        printf("%-16s %-20s %12s %12s %12s %12s %12s\n", "all", currency, amount(sum.purse, text[0]),
               amount(sum.owed, text[1]), amount(sum.advance, text[2]), amount(sum.deposit, text[3]),
               amount(sum.in_meter, text[4]));
    return rc;
}

static void print_rate(const char *name, bool has, struct heng_dec rate)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(rate, text);
    printf("%-34s %s%s\n", name, has ? text : "nothing was billed", has ? " %" : "");
}

static heng_rc rate(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char currency[HENG_CURRENCY_MAX], text[2][HENG_AMOUNT_TEXT_MAX];
    struct heng_arrears_ask ask;
    struct heng_collection_report r;
    int32_t from, to;
    if (!w->of[BOOKS_FROM] || !w->of[BOOKS_TO])
        return heng_fail(err, HENG_ECONFIG, 0, "say of which days: --from DAY --to DAY (that one is not included)");
    heng_rc rc = whose(books, w, currency, &ask, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_FROM], &from, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_TO], &to, err);
    if (rc == HENG_OK) rc = heng_collection_report(books->reader, ask.scope, ask.place_id, currency, from, to, &r, err);
    if (rc != HENG_OK) return rc;
    printf("billed in it %s, collected of that %s %s\n", amount(r.sums.billed_current, text[0]),
           amount(r.sums.collected_current, text[1]), currency);
    printf("open from before %s, collected of that %s %s\n", amount(r.sums.billed_prior_open, text[0]),
           amount(r.sums.collected_prior, text[1]), currency);
    printf("written off of what was billed in it %s %s\n", amount(r.sums.waived, text[0]), currency);
    print_rate("current", r.rates.has_current, r.rates.current);
    print_rate("current, net of what was let off", r.rates.has_net, r.rates.current_net_of_waiver);
    print_rate("prior", r.rates.has_prior, r.rates.prior);
    print_rate("overall", r.rates.has_overall, r.rates.overall);
    print_rate("bills paid in full", r.has_paid, r.paid_rate);
    return HENG_OK;
}

/* --- one bill --------------------------------------------------------------------------------------------------- */

static heng_rc show_money(struct books *books, const struct heng_bill *bill, struct heng_err *err)
{
    char text[2][HENG_AMOUNT_TEXT_MAX], day[HENG_DATE_TEXT_MAX];
    static struct heng_allocation paid[HISTORY_MAX];
    static struct heng_bill_fee fees[HISTORY_MAX];
    static struct heng_dunning_rules rules;
    struct heng_open_bill open = {.principal = 0};
    size_t n = 0;
    int64_t due = 0;
    heng_rc rc = heng_bill_open(books->reader, bill->account_id, bill->id, &open, err);
    if (rc == HENG_OK) rc = heng_dunning_rules_get(books->reader, &rules, err);
    if (rc == HENG_OK) rc = heng_late_due(books->reader, &rules, &open, books->hand.day, &due, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    printf("open: %s, fees %s", amount(open.principal, text[0]), amount(open.late, text[1]));
    printf(" and, until today, %s that are booked when money comes\n", amount(due, text[0]));
    rc = heng_store_list_fees(books->reader, bill->id, fees, HISTORY_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  fee    %-10s %12s  booking %" PRId64 "\n", date(fees[i].day, day), heng_fee_kind_text(fees[i].kind),
               amount(fees[i].amount, text[0]), fees[i].booking_id);
    if (rc == HENG_OK) rc = heng_store_list_allocations(books->reader, bill->id, 0, paid, HISTORY_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  paid   %-10s %12s  booking %" PRId64 "\n", date(paid[i].day, day), paid[i].part,
               amount(paid[i].amount, text[0]), paid[i].booking_id);
    return rc;
}

static heng_rc show_bill(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char text[HENG_AMOUNT_TEXT_MAX], day[HENG_DATE_TEXT_MAX];
    static struct heng_dunned steps[HISTORY_MAX];
    static struct heng_bill_hold holds[HISTORY_MAX];
    static struct heng_instalment parts[HISTORY_MAX];
    struct heng_bill bill;
    size_t n = 0;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    if (rc != HENG_OK) return rc;
    printf("bill %s, %s, %s %s, due %s\n", bill.number, heng_bill_state_text(bill.state), amount(bill.total, text),
           bill.currency, date(bill.due_day, day));
    rc = show_money(books, &bill, err);
    if (rc == HENG_OK) rc = heng_store_list_dunned(books->reader, bill.id, steps, HISTORY_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  step %d, fee %s, notice %" PRId64 "\n", date(steps[i].day, day), steps[i].step,
               amount(steps[i].fee, text), steps[i].notice_id);
    if (rc == HENG_OK) rc = heng_store_list_holds(books->reader, bill.id, holds, HISTORY_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  dispute: %s (%s)%s%s\n", date(holds[i].from_day, day), holds[i].reason, holds[i].who,
               holds[i].ended_us ? ", ended by " : "", holds[i].ended_by);
    if (rc == HENG_OK) rc = heng_store_list_instalments(books->reader, bill.id, parts, HISTORY_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  plan %d, part %d %12s%s%s\n", date(parts[i].due_day, day), parts[i].plan, parts[i].n,
               amount(parts[i].amount, text), parts[i].ended_us ? ", ended: " : "", parts[i].why);
    return rc;
}

/* --- by people -------------------------------------------------------------------------------------------------- */

static heng_rc pay(struct books *books, const struct books_words *w, struct heng_err *err)
{
    enum { BILLS_MAX = 32 };
    char key[HENG_BOOKING_KEY_MAX], number[HENG_RECEIPT_TEXT_MAX], text[3][HENG_AMOUNT_TEXT_MAX];
    struct heng_account account;
    struct heng_bill bill;
    struct heng_booked booked;
    int64_t bills[BILLS_MAX];
    struct heng_collect_ask ask = {.channel = books->hand.channel,
                                   .key = key,
                                   .bills = bills,
                                   .bill_count = (size_t)w->rest_n - 2,
                                   .reason = heng_books_text(w, BOOKS_REASON),
                                   .strict = true};
    if (ask.bill_count > BILLS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "at most %d bills at once", BILLS_MAX);
    heng_rc rc = heng_books_account(books, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = heng_amount_of(w->rest[1], &ask.amount, err);
    for (size_t i = 0; rc == HENG_OK && i < ask.bill_count; i++) {
        rc = find_bill(books, w->rest[i + 2], &bill, err);
        bills[i] = bill.id;
    }
    heng_books_key(books, w, "pay", key);
    ask.account_id = account.id;
    if (rc == HENG_OK) rc = heng_collect(books->store, &ask, &books->hand, &booked, err);
    if (rc != HENG_OK) return rc;
    heng_receipt_text(&booked.receipt, number);
    printf("%s %s: receipt %s, still owed %s, in advance %s\n", booked.existed ? "was paid before:" : "paid",
           amount(ask.amount, text[0]), number, amount(booked.balance.owed, text[1]),
           amount(booked.balance.advance, text[2]));
    return HENG_OK;
}

static heng_rc waive(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX], text[HENG_AMOUNT_TEXT_MAX];
    struct heng_bill bill;
    struct heng_booked booked;
    int64_t value = 0;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    if (rc == HENG_OK && w->rest_n > 1) rc = heng_amount_of(w->rest[1], &value, err);
    if (rc == HENG_OK && w->rest_n > 1 && value <= 0)
        rc = heng_fail(err, HENG_ERANGE, 0, "an amount above zero is wanted");
    heng_books_key(books, w, "waive", key);
    if (rc == HENG_OK)
        rc = heng_fee_waive(books->store, books->scope, bill.id, value, key, &books->hand,
                            heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK)
        printf("fees of bill %s are let off; still owed %s\n", bill.number, amount(booked.balance.owed, text));
    return rc;
}

static heng_rc write_off(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX], text[HENG_AMOUNT_TEXT_MAX];
    struct heng_bill bill;
    struct heng_booked booked;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    heng_books_key(books, w, "write-off", key);
    if (rc == HENG_OK)
        rc = heng_bill_write_off(books->store, books->scope, bill.id, key, &books->hand,
                                 heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK)
        printf("bill %s is written off; still owed %s\n", bill.number, amount(booked.balance.owed, text));
    return rc;
}

static heng_rc dispute(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_bill bill;
    int32_t to = 0;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    if (rc == HENG_OK && w->of[BOOKS_TO]) rc = heng_books_day(books, w->of[BOOKS_TO], &to, err);
    if (rc == HENG_OK)
        rc = heng_bill_dispute(books->store, books->scope, bill.id, to, &books->hand, heng_books_text(w, BOOKS_REASON),
                               err);
    return rc;
}

static heng_rc release(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_bill bill;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    if (rc != HENG_OK) return rc;
    return heng_bill_release(books->store, books->scope, bill.id, &books->hand, heng_books_text(w, BOOKS_REASON), err);
}

static heng_rc plan(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char text[HENG_AMOUNT_TEXT_MAX], day[HENG_DATE_TEXT_MAX];
    struct heng_instalment parts[HENG_INSTALMENTS_MAX];
    struct heng_bill bill;
    int64_t n = 0, open = 0;
    int32_t first = 0;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    if (rc == HENG_OK) rc = whole(w->rest[1], "parts", HENG_INSTALMENTS_MAX, &n, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_FROM], &first, err);
    if (rc == HENG_OK) rc = heng_instalment_amount(books->reader, books->scope, bill.id, books->hand.day, &open, err);
    if (rc == HENG_OK) rc = heng_instalment_split(open, (size_t)n, first, parts, err);
    if (rc == HENG_OK)
        rc = heng_instalment_plan(books->store, books->scope, bill.id, parts, (size_t)n, &books->hand,
                                  heng_books_text(w, BOOKS_REASON), err);
    for (int64_t i = 0; rc == HENG_OK && i < n; i++)
        printf("%s  %12s %s\n", date(parts[i].due_day, day), amount(parts[i].amount, text), bill.currency);
    return rc;
}

static heng_rc stop(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_bill bill;
    heng_rc rc = find_bill(books, w->rest[0], &bill, err);
    if (rc != HENG_OK) return rc;
    return heng_instalment_stop(books->store, books->scope, bill.id, &books->hand, heng_books_text(w, BOOKS_REASON),
                                err);
}

/* --- rules, the work of a day, notices -------------------------------------------------------------------------- */

static heng_rc dun(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_dunning_worker worker = {.day = 0};
    bool left = true;
    heng_rc rc = HENG_OK;
    (void)w;
    while (rc == HENG_OK && left)
        rc = heng_dunning_work(&worker, books->store, &books->hand, HENG_US_PER_S, &left, err);
    if (rc == HENG_OK)
        printf("%" PRIu32 " steps, %" PRIu32 " plans ended because a part was missed, %" PRIu32 " paid\n", worker.steps,
               worker.plans_missed, worker.plans_paid);
    return rc;
}

static heng_rc put_rules(struct books *books, const char *path, char *text, struct heng_err *err)
{
    struct heng_dunning_rules *rules = malloc(sizeof *rules);
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(text, 1, RULES_MAX, file) : 0;
    heng_rc rc = !rules                  ? heng_fail(err, HENG_ENOMEM, 0, "no memory for the rules")
                 : !file || ferror(file) ? heng_fail(err, HENG_EIO, 0, "cannot read '%.80s'", path)
                 : n == RULES_MAX        ? heng_fail(err, HENG_ELIMIT, 0, "'%.80s' is too long for rules", path)
                                         : HENG_OK;
    if (file) (void)fclose(file);
    text[n < RULES_MAX ? n : 0] = 0;
    if (rc == HENG_OK) rc = heng_dunning_rules_read(heng_slice_str(text), rules, err);
    if (rc == HENG_OK) rc = heng_store_put_setting(books->store, "dunning", text, err);
    if (rc == HENG_OK) printf("%zu steps, %zu terms of late fees are in force\n", rules->step_count, rules->term_count);
    free(rules);
    return rc;
}

static heng_rc rules(struct books *books, const struct books_words *w, struct heng_err *err)
{
    char *text = malloc(RULES_MAX);
    heng_rc rc = text ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the rules");
    if (rc == HENG_OK && w->rest_n)
        rc = put_rules(books, w->rest[0], text, err);
    else if (rc == HENG_OK) {
        rc = heng_store_get_setting(books->reader, "dunning", text, RULES_MAX, err);
        if (rc == HENG_OK) puts(text);
        if (rc == HENG_ENOTFOUND) puts("{}");
        rc = rc == HENG_ENOTFOUND ? HENG_OK : rc;
    }
    free(text);
    return rc;
}

static heng_rc notices(struct books *books, const struct books_words *w, struct heng_err *err)
{
    static struct heng_notice rows[ROWS];
    struct heng_account account = {.id = 0};
    int64_t after = 0;
    size_t n = ROWS;
    heng_rc rc = w->rest_n ? heng_books_account(books, w->rest[0], &account, err) : HENG_OK;
    while (rc == HENG_OK && n == ROWS) {
        rc = account.id ? heng_store_list_notices(books->reader, books->scope, account.id, after, rows, ROWS, &n, err)
                        : heng_store_waiting_notices(books->reader, books->scope, after, rows, ROWS, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++)
            printf("%" PRId64 "  %-12s %-8s %s%s%s\n", rows[i].id, rows[i].kind, heng_notice_state_text(rows[i].state),
                   rows[i].text, rows[i].why[0] ? "  why: " : "", rows[i].why);
        if (n) after = rows[n - 1].id;
    }
    return rc;
}

static heng_rc mark(struct books *books, const struct books_words *w, struct heng_err *err, heng_notice_state state)
{
    int64_t id;
    heng_rc rc = whole(w->rest[0], "notice", INT64_MAX, &id, err);
    if (rc != HENG_OK) return rc;
    return heng_notice_mark(books->store, books->scope, id, state, heng_books_text(w, BOOKS_REASON), &books->hand, err);
}
static heng_rc sent(struct books *books, const struct books_words *w, struct heng_err *err)
{
    return mark(books, w, err, HENG_NOTICE_SENT);
}
static heng_rc failed(struct books *books, const struct books_words *w, struct heng_err *err)
{
    return mark(books, w, err, HENG_NOTICE_FAILED);
}
static heng_rc drop(struct books *books, const struct books_words *w, struct heng_err *err)
{
    return mark(books, w, err, HENG_NOTICE_DROPPED);
}
static heng_rc again(struct books *books, const struct books_words *w, struct heng_err *err)
{
    return mark(books, w, err, HENG_NOTICE_WAITING);
}

/* --- command line ----------------------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    heng_rc (*work)(struct books *books, const struct books_words *w, struct heng_err *err);
    bool writes;
    int least, most; /* words behind it */
} verbs[] = {
    {"list", list, false, 0, 1},         {"ageing", ageing, false, 0, 1},   {"calls", calls, false, 0, 1},
    {"balances", balances, false, 0, 0}, {"rate", rate, false, 0, 0},       {"bill", show_bill, false, 1, 1},
    {"pay", pay, true, 2, 34},           {"waive", waive, true, 1, 2},      {"write-off", write_off, true, 1, 1},
    {"dispute", dispute, true, 1, 1},    {"release", release, true, 1, 1},  {"plan", plan, true, 2, 2},
    {"stop", stop, true, 1, 1},          {"dun", dun, true, 0, 0},          {"rules", rules, false, 0, 0},
    {"rules", rules, true, 1, 1},        {"notices", notices, false, 0, 1}, {"sent", sent, true, 1, 1},
    {"failed", failed, true, 1, 1},      {"drop", drop, true, 1, 1},        {"again", again, true, 1, 1},
};

int heng_cmd_arrears(int argc, char **argv)
{
    struct books_words w;
    struct books books;
    struct heng_err err = {.text = ""};
    if (argc > 1 && strcmp(argv[1], "--help") == 0) return fputs(help, stdout), EXIT_SUCCESS;
    int status = heng_books_words(&w, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (w.help) return fputs(help, stdout), EXIT_SUCCESS;
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++) {
        const struct verb *verb = &verbs[i];
        if (strcmp(verb->name, argv[1]) != 0 || w.rest_n < verb->least || w.rest_n > verb->most) continue;
        heng_rc rc = heng_books_open(&books, &w, verb->writes, &err);
        if (rc == HENG_OK) rc = verb->work(&books, &w, &err);
        return heng_books_close(&books, &w, rc, false, &err);
    }
    return fputs(help, stderr), EXIT_USAGE;
}
