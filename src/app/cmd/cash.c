#include "app/cmd/cash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/cash_day.h"
#include "account/correct.h"
#include "account/note.h"
#include "account/receipt.h"
#include "app/cmd/books.h"
#include "app/options.h"
#include "ledger/amount.h"

static const char cash_help[] =
    "usage: heng cash open  --desk DESK --float AMOUNT [--currency CNY] [--who WHO]\n"
    "       heng cash day   --desk DESK                       what the open day holds so far\n"
    "       heng cash close --desk DESK --counted NOTES [--hand-over AMOUNT --handed-to WHO] [--reason WHY] [--who "
    "WHO]\n"
    "       heng cash report [--desk DESK] [--cashier WHO] [--from DAY] [--to DAY]   sums of closed days\n"
    "       heng cash refund  ACCOUNT AMOUNT --channel CHANNEL [--desk DESK] [--key KEY] --reason WHY\n"
    "       heng cash reverse BOOKING --second WHO --reason WHY [--desk DESK] [--key KEY]\n"
    "All take --data DIR and --org ORG. NOTES is an amount, or what was counted: 100x5,50x1,0.5x3. DAY is 2026-03-01; "
    "--to\n"
    "is not included. Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

static const char ledger_help[] =
    "usage: heng ledger check [--data DIR]            add everything up anew: books, bookings, digests, receipts\n"
    "       heng ledger show ACCOUNT [--data DIR]     what was booked for an account, newest first, and its balance\n"
    "       heng ledger books [--data DIR]            the books that belong to no account\n"
    "       heng ledger refused [ACCOUNT] [--data DIR]   what was refused, newest first: when, who, what and why\n"
    "Exit status: 0 good, 1 it failed or does not add up, 2 wrong usage.\n";

enum { SHOWN_MAX = 200, BOOKS_MAX = 512, AUDIT_PIECE = 500 };

static const char *amount(int64_t value, char text[HENG_AT_LEAST(HENG_AMOUNT_TEXT_MAX)])
{
    heng_amount_text(value, text);
    return text;
}

static void print_totals(const struct heng_cash_totals *totals)
{
    char text[4][HENG_AMOUNT_TEXT_MAX];
    int64_t net = 0;
    printf("%-12s %8s %14s %14s %14s %14s\n", "channel", "count", "gross", "refunds", "reversals", "net");
    for (size_t i = 0; i < totals->n; i++) {
        const struct heng_cash_total *t = &totals->of[i];
        printf("%-12s %8" PRId64 " %14s %14s %14s %14s\n", t->channel, t->count, amount(t->gross, text[0]),
               amount(t->refunds, text[1]), amount(t->reversals, text[2]), amount(t->net, text[3]));
        if (__builtin_add_overflow(net, t->net, &net)) return;
    }
    printf("%-12s %68s\n", "all", amount(net, text[0]));
}

static heng_rc open_day(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_cash_day day;
    int64_t opening;
    char text[HENG_AMOUNT_TEXT_MAX];
    heng_rc rc = heng_amount_of(heng_books_text(w, BOOKS_FLOAT), &opening, err);
    if (rc == HENG_OK)
        rc = heng_cash_open(books->store, books->scope, heng_books_text(w, BOOKS_CURRENCY), opening, &books->hand, &day,
                            err);
    if (rc == HENG_OK)
        printf("cash day %" PRId64 " of desk %s is open, with %s %s in the drawer\n", day.id, day.desk,
               amount(opening, text), day.currency);
    return rc;
}

static heng_rc show_day(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_cash_day day;
    struct heng_cash_totals totals;
    int64_t expected;
    char text[2][HENG_AMOUNT_TEXT_MAX];
    heng_rc rc = heng_store_open_cash_day(books->reader, books->scope, heng_books_text(w, BOOKS_DESK), &day, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, rc, 0, "desk '%s' has no open cash day", heng_books_text(w, BOOKS_DESK));
    if (rc == HENG_OK) rc = heng_cash_so_far(books->reader, &day, &totals, &expected, err);
    if (rc != HENG_OK) return rc;
    printf("cash day %" PRId64 " of desk %s, %s: float %s %s, now in the drawer %s\n", day.id, day.desk, day.cashier,
           amount(day.opening, text[0]), day.currency, amount(expected, text[1]));
    print_totals(&totals);
    return HENG_OK;
}

static heng_rc close_day(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_cash_count notes[32];
    struct heng_cash_totals totals;
    struct heng_cash_day day;
    int64_t counted, over;
    size_t n;
    char text[4][HENG_AMOUNT_TEXT_MAX];
    heng_rc rc = heng_cash_count_of(heng_books_text(w, BOOKS_COUNTED), notes, 32, &n, &counted, err);
    if (rc == HENG_OK) rc = heng_books_amount(heng_books_text(w, BOOKS_HAND_OVER), 0, &over, err);
    if (rc == HENG_OK)
        rc = heng_cash_close(books->store, books->scope, counted, over, heng_books_text(w, BOOKS_HANDED_TO),
                             heng_books_text(w, BOOKS_REASON), &books->hand, &day, err);
    if (rc == HENG_OK) rc = heng_cash_totals_of(&day, &totals, err);
    if (rc != HENG_OK) return rc;
    print_totals(&totals);
    printf("expected %s, counted %s, handed over %s, next float %s %s\n", amount(day.expected, text[0]),
           amount(counted, text[1]), amount(over, text[2]), amount(counted - over, text[3]), day.currency);
    return HENG_OK;
}

static heng_rc report(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_settlement sum;
    int32_t from, to;
    char text[2][HENG_AMOUNT_TEXT_MAX];
    heng_rc rc = heng_books_day(books, w->of[BOOKS_FROM], &from, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_TO], &to, err);
    if (rc != HENG_OK) return rc;
    if (!w->of[BOOKS_TO]) to = (w->of[BOOKS_FROM] && from > to ? from : to) + 1;
    rc = heng_cash_settlement(books->reader, books->scope, heng_books_text(w, BOOKS_DESK),
                              heng_books_text(w, BOOKS_CASHIER), from, to, &sum, err);
    if (rc != HENG_OK) return rc;
    print_totals(&sum.totals);
    printf("%" PRId64 " closed days, handed over %s, differences %s", sum.days, amount(sum.handed_over, text[0]),
           amount(sum.difference, text[1]));
    if (sum.open) printf("; %" PRId64 " open and not in it", sum.open);
    putchar('\n');
    return HENG_OK;
}

static void print_booked(const struct heng_booked *booked)
{
    char receipt[HENG_RECEIPT_TEXT_MAX], text[HENG_AMOUNT_TEXT_MAX];
    heng_receipt_text(&booked->receipt, receipt);
    printf("booking %" PRId64 "%s, receipt %s, purse now %s\n", booked->booking_id,
           booked->existed ? " (asked for before)" : "", booked->receipt.id ? receipt : "none",
           amount(booked->balance.purse, text));
}

static heng_rc refund(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_booked booked;
    int64_t value;
    char key[HENG_BOOKING_KEY_MAX];
    heng_books_key(books, w, "refund", key);
    heng_rc rc = heng_books_account(books, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = heng_amount_of(w->rest[1], &value, err);
    if (rc == HENG_OK)
        rc = heng_refund(books->store, account.id, HENG_BOOK_PURSE, value, key, &books->hand,
                         heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK) print_booked(&booked);
    return rc;
}

static heng_rc reverse(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_booking of;
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    heng_books_key(books, w, "reverse", key);
    heng_rc rc = heng_store_get_booking(books->reader, strtoll(w->rest[0], NULL, 10), &of, err);
    if (rc == HENG_OK && books->scope && of.org_id != books->scope)
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no booking %" PRId64, of.id);
    if (rc == HENG_OK)
        rc = heng_take_back(books->store, of.id, key, &books->hand, heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK) print_booked(&booked);
    return rc;
}

/* --- heng ledger ------------------------------------------------------------------------------------------------- */

static heng_rc check(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_books_proof proof;
    (void)w;
    heng_rc rc = heng_store_prove_books(books->reader, &proof, err);
    if (rc != HENG_OK) return rc;
    printf("%" PRId64 " books, %" PRId64 " bookings, %" PRId64 " postings: ", proof.books, proof.bookings,
           proof.postings);
    printf(proof.wrong ? "%" PRId64 " do not add up\n" : "all add up\n", proof.wrong);
    return proof.wrong ? heng_fail(err, HENG_ECONFLICT, 0, "%s", proof.why) : HENG_OK;
}

static void print_booking(const struct heng_booking *k)
{
    char date[HENG_DATE_TEXT_MAX], text[HENG_AMOUNT_TEXT_MAX];
    heng_date_format(k->day, date);
    printf("%8" PRId64 " %s %-12s %14s %-8s %-6s %s", k->id, date, heng_booking_text(k->kind), amount(k->amount, text),
           k->channel, k->desk, k->who);
    if (k->reverses) printf(" reverses %" PRId64, k->reverses);
    if (k->reason[0]) printf(" (%s)", k->reason);
    putchar('\n');
    for (size_t i = 0; i < k->posting_count; i++)
        printf("%*s%-13s %-12s %14s\n", 20, "", heng_book_text(k->postings[i].book), k->postings[i].ref,
               amount(k->postings[i].amount, text));
}

static heng_rc show(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_balance balance;
    char text[5][HENG_AMOUNT_TEXT_MAX];
    size_t n = 0;
    struct heng_booking *page = calloc(SHOWN_MAX, sizeof *page);
    if (!page) return heng_fail(err, HENG_ENOMEM, 0, "no memory");
    heng_rc rc = heng_books_account(books, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(books->reader, account.id, &balance, err);
    if (rc == HENG_OK) rc = heng_store_list_bookings(books->reader, account.id, 0, page, SHOWN_MAX, &n, err);
    for (size_t i = 0; i < n; i++) print_booking(&page[i]);
    if (n == SHOWN_MAX) printf("... the newest %d\n", SHOWN_MAX);
    if (rc == HENG_OK)
        printf("%s %s: purse %s, owed %s, advance %s, deposit %s, in meters %s %s\n", account.number, account.name,
               amount(balance.purse, text[0]), amount(balance.owed, text[1]), amount(balance.advance, text[2]),
               amount(balance.deposit, text[3]), amount(balance.in_meter, text[4]), account.currency);
    free(page);
    return rc;
}

static heng_rc list_books(struct books *books, const struct books_words *w, struct heng_err *err)
{
    static struct heng_book_row rows[BOOKS_MAX];
    char text[HENG_AMOUNT_TEXT_MAX];
    size_t n = 0;
    (void)w;
    heng_rc rc = heng_store_list_books(books->reader, books->scope, 0, rows, BOOKS_MAX, &n, err);
    for (size_t i = 0; i < n; i++)
        printf("%-12s %-20s %14s %s  %" PRId64 " postings\n", heng_book_text(rows[i].kind), rows[i].ref,
               amount(rows[i].balance, text), rows[i].currency, rows[i].postings);
    return rc;
}

/* --- what was refused ----------------------------------------------------------------------------------------------
 */

struct refusals {
    size_t seen, shown;
    int64_t last_id;
};

static heng_rc print_refusal(void *ctx, const struct heng_audit *a, struct heng_slice before, struct heng_slice after)
{
    struct refusals *r = ctx;
    char at[HENG_TIME_TEXT_MAX];
    (void)before;
    r->seen++;
    r->last_id = a->id;
    if (!heng_note_is_refused(a) || r->shown == SHOWN_MAX) return HENG_OK;
    r->shown++;
    heng_us_format(a->at_us, at);
    printf("%s  %-10s %-30s %s %" PRId64 "  %s  %.*s\n", at, a->who, a->action, a->subject, a->subject_id, a->reason,
           (int)after.n, after.p);
    return HENG_OK;
}

/* rest: an account, or none for all. Lines are looked through in pieces: most of them are no refusals. */
static heng_rc list_refused(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account = {.id = 0};
    struct refusals r = {.seen = AUDIT_PIECE};
    heng_rc rc = w->rest_n ? heng_books_account(books, w->rest[0], &account, err) : HENG_OK;
    while (rc == HENG_OK && r.seen == AUDIT_PIECE && r.shown < SHOWN_MAX) {
        r.seen = 0;
        rc = heng_store_each_audit(books->reader, books->scope, r.last_id, account.id ? "account" : "", account.id,
                                   AUDIT_PIECE, print_refusal, &r, err);
    }
    if (r.shown == SHOWN_MAX) printf("... the newest %d\n", SHOWN_MAX);
    return rc;
}

static const struct verb {
    const char *command, *name;
    heng_rc (*work)(struct books *books, const struct books_words *w, struct heng_err *err);
    bool writes;
    int words;
} verbs[] = {
    {"cash", "open", open_day, true, 0},           {"cash", "day", show_day, false, 0},
    {"cash", "close", close_day, true, 0},         {"cash", "report", report, false, 0},
    {"cash", "refund", refund, true, 2},           {"cash", "reverse", reverse, true, 1},
    {"ledger", "check", check, false, 0},          {"ledger", "show", show, false, 1},
    {"ledger", "books", list_books, false, 0},     {"ledger", "refused", list_refused, false, 0},
    {"ledger", "refused", list_refused, false, 1},
};

static int run(int argc, char **argv, const char *help)
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
        if (strcmp(verb->command, argv[0]) != 0 || strcmp(verb->name, argv[1]) != 0 || verb->words != w.rest_n)
            continue;
        heng_rc rc = heng_books_open(&books, &w, verb->writes, &err);
        if (rc == HENG_OK) rc = verb->work(&books, &w, &err);
        return heng_books_close(&books, &w, rc, false, &err);
    }
    return fputs(help, stderr), EXIT_USAGE;
}

int heng_cmd_cash(int argc, char **argv) { return run(argc, argv, cash_help); }

int heng_cmd_ledger(int argc, char **argv) { return run(argc, argv, ledger_help); }
