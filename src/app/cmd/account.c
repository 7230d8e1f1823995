/* heng account: the words of a command line for account/. */
#include "app/cmd/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/contracts.h"
#include "account/import.h"
#include "account/money.h"
#include "account/texts.h"
#include "app/cmd/books.h"
#include "app/options.h"
#include "ledger/amount.h"
#include "prepaid/leave.h"
#include "store/archive_places.h"

static void print_help(void)
{
    puts("usage: heng account WORD [OPTION...]\n\n"
         "  open                   --name NAME [--number N] and what change takes; prints the number\n"
         "  change NUMBER          [--name] [--place KEY] [--phone] [--address] [--language zh|en|de] [--bank JSON]\n"
         "                         [--warn 50,20,0] [--overdraft 10] [--hoard 2000]\n"
         "                         [--protection none|second|protected] [--note]\n"
         "  show NUMBER            balances, contracts, the last bookings, what keeps it from being closed\n"
         "  list [WORDS]           by the beginning of number, name or phone\n"
         "  carry-in NUMBER        balances of an old system: [--purse] [--owed] [--advance] [--deposit]\n"
         "  deposit NUMBER AMOUNT  a security comes in, --channel bank, or --channel cash --desk D\n"
         "  deposit-back NUMBER AMOUNT   and goes back: --channel ..., or --book purse into the purse\n"
         "  transfer NUMBER AMOUNT --to NUMBER [--book purse|advance]\n"
         "  tidy NUMBER            after a change of mode: money to where the contracts need it\n"
         "  import FILE, preview FILE   accounts, contracts and old balances from a sheet: all of it, or nothing\n"
         "  export FILE, template FILE  .xlsx or .csv, [--language]\n"
         "  close NUMBER           --channel ... [--desk]: pays what is owed, pays out the rest\n\n"
         "  --data DIR             where the database is (data)\n"
         "  --org KEY              in the name of this organisation\n"
         "  --who NAME             who does it (the user of this machine); --second NAME; --reason WORDS\n"
         "  --key KEY              of a movement of money: asked for twice, it is done once\n\n"
         "Amounts as 12.50. docs/accounts.md tells what each word does.");
}

/* --- what options say of an account ---------------------------------------------------------------------------------
 */

static heng_rc take(const struct books_words *w, books_option option, const char *what, char *ret, size_t cap,
                    struct heng_err *err)
{
    if (!w->of[option]) return HENG_OK;
    return heng_text_take(heng_slice_str(w->of[option]), what, ret, cap, err);
}

/* "50,20,0": up to three, falling. */
static heng_rc take_warns(const char *text, struct heng_account *account, struct heng_err *err)
{
    char part[32];
    if (!text) return HENG_OK;
    for (size_t i = 0; i < 3; i++) account->warn[i] = HENG_LIMIT_NONE;
    for (size_t i = 0; *text; i++) {
        size_t n = strcspn(text, ",");
        if (i == 3) return heng_fail(err, HENG_ECONFIG, 0, "there are three warning levels, not more");
        heng_rc rc = heng_text_take(heng_slice_of(text, n), "a warning level", part, sizeof part, err);
        if (rc == HENG_OK) rc = heng_books_amount(part, HENG_LIMIT_NONE, &account->warn[i], err);
        if (rc != HENG_OK) return rc;
        text += n + (text[n] == ',');
    }
    return HENG_OK;
}

static heng_rc take_place(const struct books *books, const char *key, int64_t *ret, struct heng_err *err)
{
    struct heng_archive_place place;
    if (!key) return HENG_OK;
    *ret = 0;
    if (!key[0]) return HENG_OK;
    heng_rc rc = heng_archive_find_place(books->reader, books->scope, key, &place, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no place '%.60s'", key);
    if (rc == HENG_OK) *ret = place.place.id;
    return rc;
}

static heng_rc take_account(const struct books *books, const struct books_words *w, struct heng_account *account,
                            struct heng_err *err)
{
    heng_rc rc = take(w, BOOKS_NUMBER, "the number", account->number, sizeof account->number, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_NAME, "the name", account->name, sizeof account->name, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_PHONE, "the phone", account->phone, sizeof account->phone, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_ADDRESS, "the address", account->address, sizeof account->address, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_LANGUAGE, "the language", account->language, sizeof account->language, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_CURRENCY, "the currency", account->currency, sizeof account->currency, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_BANK, "the bank account", account->bank, sizeof account->bank, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_NOTE, "the note", account->note, sizeof account->note, err);
    if (rc == HENG_OK) rc = take_warns(w->of[BOOKS_WARN], account, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->of[BOOKS_OVERDRAFT], account->overdraft, &account->overdraft, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->of[BOOKS_HOARD], account->hoard, &account->hoard, err);
    if (rc == HENG_OK && w->of[BOOKS_PROTECTION]) account->protection = heng_protection_of(w->of[BOOKS_PROTECTION]);
    return rc == HENG_OK ? take_place(books, w->of[BOOKS_PLACE], &account->place_id, err) : rc;
}

/* --- words ----------------------------------------------------------------------------------------------------------
 */

static heng_rc do_open(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account = {.warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                   .overdraft = HENG_LIMIT_NONE,
                                   .hoard = HENG_LIMIT_NONE};
    heng_rc rc = take_account(b, w, &account, err);
    if (rc == HENG_OK)
        rc = heng_account_open(b->store, b->scope, &account, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK) printf("account %s is open\n", account.number);
    return rc;
}

static heng_rc do_change(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = take_account(b, w, &account, err);
    if (rc == HENG_OK)
        rc = heng_account_change(b->store, b->scope, &account, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK) printf("account %s is changed\n", account.number);
    return rc;
}

static void print_amount(const char *name, int64_t amount)
{
    char text[HENG_AMOUNT_TEXT_MAX];
    heng_amount_text(amount, text);
    printf("  %-9s %14s\n", name, text);
}

static heng_rc print_contracts(const struct books *b, int64_t account_id, struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_contract *all = calloc(ALL_MAX, sizeof *all);
    size_t n = 0;
    if (!all) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts");
    heng_rc rc = heng_store_list_contracts(b->reader, account_id, 0, 0, all, ALL_MAX, &n, err);
    if (rc == HENG_OK && n) puts("contracts:");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX] = "", point[HENG_KEY_MAX] = "";
        heng_date_format(all[i].from_day, from);
        if (all[i].to_day) heng_date_format(all[i].to_day, to);
        rc = heng_store_contract_point(b->reader, all[i].point_id, point, err);
        printf("  %" PRId64 "  point %s  %s  from %s%s%s  tariff %s%s%s\n", all[i].id, point,
               heng_mode_text(all[i].mode), from, to[0] ? " to " : "", to,
               all[i].tariff_key[0] ? all[i].tariff_key : "by ",
               all[i].tariff_key[0]     ? ""
               : all[i].tariff_group[0] ? all[i].tariff_group
                                        : all[i].price_class,
               all[i].follows ? "  (goes on)" : "");
    }
    free(all);
    return rc;
}

static heng_rc print_bookings(const struct books *b, int64_t account_id, struct heng_err *err)
{
    enum { SHOWN = 10 };
    struct heng_booking *last = calloc(SHOWN, sizeof *last);
    size_t n = 0;
    if (!last) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the bookings");
    heng_rc rc = heng_store_list_bookings(b->reader, account_id, 0, last, SHOWN, &n, err);
    if (rc == HENG_OK && n) puts("last bookings:");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char day[HENG_DATE_TEXT_MAX], amount[HENG_AMOUNT_TEXT_MAX];
        heng_date_format(last[i].day, day);
        heng_amount_text(last[i].amount, amount);
        printf("  %" PRId64 "  %s  %-12s %14s  %s  %s\n", last[i].id, day, heng_booking_text(last[i].kind), amount,
               last[i].who, last[i].reason);
    }
    free(last);
    return rc;
}

static heng_rc do_show(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_balance balance;
    struct heng_close_view *view = calloc(1, sizeof *view);
    heng_rc rc = view ? heng_books_account(b, w->rest[0], &account, err)
                      : heng_fail(err, HENG_ENOMEM, 0, "no memory for an account");
    if (rc == HENG_OK) rc = heng_store_account_balance(b->reader, account.id, &balance, err);
    if (rc == HENG_OK && !account.closed_us)
        rc = heng_account_close_check(b->reader, b->scope, account.id, b->hand.day, view, err);
    if (rc == HENG_OK) {
        printf("account %s  %s  %s%s\n", account.number, account.name, account.currency,
               account.closed_us ? "  closed" : "");
        print_amount("purse", balance.purse);
        print_amount("owed", balance.owed);
        print_amount("advance", balance.advance);
        print_amount("deposit", balance.deposit);
        if (balance.in_meter) print_amount("in meter", balance.in_meter);
        rc = print_contracts(b, account.id, err);
    }
    if (rc == HENG_OK) rc = print_bookings(b, account.id, err);
    for (size_t i = 0; rc == HENG_OK && i < view->n; i++)
        printf("%s%s\n", i ? "  " : "before it can be closed:\n  ", view->why[i]);
    free(view);
    return rc;
}

static heng_rc do_list(struct books *b, const struct books_words *w, struct heng_err *err)
{
    enum { PAGE = 64 };
    struct heng_account *page = calloc(PAGE, sizeof *page);
    char after[HENG_ACCOUNT_NUMBER_MAX] = "";
    size_t n = PAGE;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a list");
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_accounts(b->reader, b->scope, w->rest_n ? w->rest[0] : "", after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++)
            printf("%s  %s%s\n", page[i].number, page[i].name, page[i].closed_us ? "  closed" : "");
        if (rc == HENG_OK && n) memcpy(after, page[n - 1].number, sizeof after);
    }
    free(page);
    return rc;
}

static heng_rc do_carry_in(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_opening opening = {0};
    struct heng_booked booked;
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->of[BOOKS_PURSE], 0, &opening.purse, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->of[BOOKS_OWED], 0, &opening.owed, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->of[BOOKS_ADVANCE], 0, &opening.advance, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->of[BOOKS_DEPOSIT], 0, &opening.deposit, err);
    if (rc == HENG_OK)
        rc = heng_account_carry_in(b->store, b->scope, account.id, &opening, &b->hand, heng_books_text(w, BOOKS_REASON),
                                   &booked, err);
    if (rc == HENG_OK) puts(booked.existed ? "the same was carried in before" : "carried in");
    return rc;
}

static heng_rc do_deposit(struct books *b, const struct books_words *w, bool back, struct heng_err *err)
{
    struct heng_account account;
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    const char *reason = heng_books_text(w, BOOKS_REASON);
    int64_t amount = 0;
    bool to_purse = strcmp(heng_books_text(w, BOOKS_BOOK), "purse") == 0;
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->rest[1], 0, &amount, err);
    heng_books_key(b, w, back ? "deposit-back" : "deposit", key);
    if (rc == HENG_OK && back)
        rc = heng_account_deposit_back(b->store, b->scope, account.id, amount,
                                       to_purse ? HENG_BOOK_PURSE : HENG_BOOK_COUNT, key, &b->hand, reason, &booked,
                                       err);
    else if (rc == HENG_OK)
        rc = heng_account_deposit(b->store, b->scope, account.id, amount, key, &b->hand, reason, &booked, err);
    if (rc == HENG_OK) printf("booking %" PRId64 "%s\n", booked.booking_id, booked.existed ? ", as before" : "");
    return rc;
}

static heng_rc do_transfer(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account from, to;
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t amount = 0;
    const char *book = w->of[BOOKS_BOOK] ? w->of[BOOKS_BOOK] : "purse";
    heng_rc rc = heng_books_account(b, w->rest[0], &from, err);
    if (rc == HENG_OK) rc = heng_books_account(b, heng_books_text(w, BOOKS_TO), &to, err);
    if (rc == HENG_OK) rc = heng_books_amount(w->rest[1], 0, &amount, err);
    heng_books_key(b, w, "transfer", key);
    if (rc == HENG_OK)
        rc = heng_account_transfer(b->store, b->scope, from.id, to.id, heng_book_of(book), amount, key, &b->hand,
                                   heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK) printf("booking %" PRId64 "%s\n", booked.booking_id, booked.existed ? ", as before" : "");
    return rc;
}

static heng_rc do_tidy(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    return rc == HENG_OK ? heng_account_tidy(b->store, b->scope, account.id, &b->hand, err) : rc;
}

static heng_rc do_close(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_left left;
    struct heng_closed *closed = &left.closed;
    char key[HENG_BOOKING_KEY_MAX];
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    heng_books_key(b, w, "close", key);
    if (rc == HENG_OK)
        rc = heng_account_leave(b->store, b->scope, account.id, key, &b->hand, heng_books_text(w, BOOKS_REASON), &left,
                                err);
    if (rc != HENG_OK) return rc;
    if (left.is_bill) {
        char total[HENG_AMOUNT_TEXT_MAX];
        heng_amount_text(left.bill.total, total);
        printf("final bill %s: %s %s\n", left.bill.number, total, left.bill.currency);
    }
    printf("account %s is closed%s\n", account.number, closed->existed ? " already" : "");
    for (size_t i = 0; i < closed->n; i++) {
        char amount[HENG_AMOUNT_TEXT_MAX];
        heng_amount_text(closed->amounts[i], amount);
        printf("  paid out of %s: %s, booking %" PRId64 "\n", heng_book_text(closed->books[i]), amount,
               closed->payouts[i].booking_id);
    }
    return HENG_OK;
}

/* --- sheets ---------------------------------------------------------------------------------------------------------
 */

static void print_report(const struct heng_account_report *report)
{
    for (size_t i = 0; i < report->fault_count; i++) {
        const struct heng_account_fault *f = &report->faults[i];
        char column[HENG_COLUMN_TEXT_MAX] = "";
        if (f->column) heng_sheet_column_text(f->column, column);
        printf("row %" PRIu32, f->row);
        if (f->column) printf(", column %s (%s)", column, f->header);
        printf(": %s\n", f->why);
    }
    if (report->fault_total > report->fault_count)
        printf("... and %zu more\n", report->fault_total - report->fault_count);
    if (!report->fault_total)
        printf("%" PRId64 " rows: %" PRId64 " accounts, %" PRId64 " contracts, %" PRId64 " with old balances\n",
               report->rows, report->accounts, report->contracts, report->balances);
}

static heng_rc do_import(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account_report *report = calloc(1, sizeof *report);
    struct heng_sheet *sheet = NULL;
    const char *language = w->of[BOOKS_LANGUAGE] ? w->of[BOOKS_LANGUAGE] : "en";
    const struct heng_sheet_options options = {.fallback = strcmp(language, "de") == 0 ? HENG_ENCODING_WINDOWS_1252
                                                                                       : HENG_ENCODING_GB18030};
    heng_rc rc = report ? heng_sheet_open(w->rest[0], &options, &sheet, err)
                        : heng_fail(err, HENG_ENOMEM, 0, "no memory for an import");
    if (rc == HENG_OK) rc = heng_account_import(b->store, b->scope, sheet, language, &b->hand, report, err);
    if (rc == HENG_OK || rc == HENG_ECONFIG) print_report(report);
    heng_sheet_close(sheet);
    free(report);
    return rc;
}

/* The same, and all of it is taken back. */
static heng_rc do_preview(struct books *b, const struct books_words *w, struct heng_err *err)
{
    heng_rc rc = do_import(b, w, err);
    if (rc != HENG_OK) return rc;
    heng_store_rollback(b->store);
    puts("nothing is changed yet: this was the preview");
    return heng_store_begin(b->store, err);
}

static heng_rc write_sheet(struct heng_store_reader *reader, int64_t scope, const struct books_words *w,
                           struct heng_err *err)
{
    const char *file = w->rest[0], *dot = strrchr(file, '.');
    bool csv = dot && strcmp(dot, ".csv") == 0;
    size_t rows = 0;
    if (!dot || (!csv && strcmp(dot, ".xlsx") != 0))
        return heng_fail(err, HENG_ECONFIG, 0, "a sheet is a file that ends in .xlsx or .csv");
    heng_rc rc = heng_account_export(reader, scope, file, csv ? HENG_SHEET_CSV : HENG_SHEET_XLSX,
                                     w->of[BOOKS_LANGUAGE] ? w->of[BOOKS_LANGUAGE] : "en", &rows, err);
    if (rc == HENG_OK) printf("%s: %zu rows\n", file, rows);
    return rc;
}

static heng_rc do_export(struct books *b, const struct books_words *w, struct heng_err *err)
{
    heng_rc rc = heng_store_reader_begin(b->reader, err);
    if (rc != HENG_OK) return rc;
    rc = write_sheet(b->reader, b->scope, w, err);
    heng_store_reader_end(b->reader);
    return rc;
}

static heng_rc do_template(struct books *b, const struct books_words *w, struct heng_err *err)
{
    return write_sheet(NULL, b->scope, w, err);
}

/* --- which ----------------------------------------------------------------------------------------------------------
 */

static heng_rc do_deposit_in(struct books *b, const struct books_words *w, struct heng_err *err)
{
    return do_deposit(b, w, false, err);
}

static heng_rc do_deposit_back(struct books *b, const struct books_words *w, struct heng_err *err)
{
    return do_deposit(b, w, true, err);
}

static const struct books_verb verbs[] = {
    {"open", do_open, 0, true},
    {"change", do_change, 1, true},
    {"show", do_show, 1, false},
    {"list", do_list, 0, false},
    {"carry-in", do_carry_in, 1, true},
    {"deposit", do_deposit_in, 2, true},
    {"deposit-back", do_deposit_back, 2, true},
    {"transfer", do_transfer, 2, true},
    {"tidy", do_tidy, 1, true},
    {"import", do_import, 1, true},
    {"preview", do_preview, 1, true},
    {"export", do_export, 1, false},
    {"template", do_template, 1, false},
    {"close", do_close, 1, true},
};

int heng_cmd_account(int argc, char **argv)
{
    return heng_books_command(argc, argv, verbs, sizeof verbs / sizeof verbs[0], print_help,
                              "which account, how much, or which file?", "what about accounts?");
}
