/* heng prepaid: the words of a command line for prepaid/. */
#include "app/cmd/prepaid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/books.h"
#include "app/form_file.h"
#include "app/options.h"
#include "prepaid/sell.h"
#include "prepaid/site.h"
#include "prepaid/supply.h"
#include "prepaid/work.h"
#include "store/money/notices.h"
#include "store/write.h"

enum { PAGE = 64 };
#define PIECE_US (200 * HENG_US_PER_MS)

static void print_help(void)
{
    puts("usage: heng prepaid WORD [OPTION...]\n\n"
         "  sell NUMBER AMOUNT     money into the balance; supply comes back with it when it is due\n"
         "  refund NUMBER AMOUNT   out of the balance, no more than is there\n"
         "  reverse BOOKING        the last sale or refund of an account, on its day; needs --second\n"
         "  adjust NUMBER AMOUNT   by hand; needs --second and --reason. Down: adjust ... -- NUMBER -2.35\n"
         "  balance NUMBER         what is there, and the level it has reached\n"
         "  list                   all prepaid accounts with their balance\n"
         "  warnings               those that have reached a level\n"
         "  notices [NUMBER]       what customers were told\n"
         "  charge                 charge all that is due now, and look at supply again\n"
         "  tasks [NUMBER]         supply that ends or comes back: what waits, and why\n"
         "  approve TASK           a second person agrees to a cut; --second is that person\n"
         "  drop TASK              a task is given up;  retry TASK: one that failed is tried again\n"
         "  keep NUMBER [--to DAY] supply is kept up to a day, whatever is owed; without a day: no longer\n"
         "  calendar FILE          hours and days in which nothing is cut, from today or --from DAY\n"
         "  set NAME VALUE         a setting of docs/prepaid.md\n\n"
         "  --data DIR, --org KEY, --who NAME, --second NAME, --reason WORDS, --channel NAME, --desk NAME, --key KEY\n"
         "  as in heng account --help. AMOUNT is 12.50. docs/prepaid.md");
}

static const char *rest(const struct books_words *w, int i) { return i < w->rest_n ? w->rest[i] : ""; }

static heng_rc take_id(const char *text, const char *what, int64_t *ret, struct heng_err *err)
{
    char *end;
    *ret = strtoll(text, &end, 10);
    if (*end || end == text || *ret <= 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.30s' is no id of a %s", text, what);
    return HENG_OK;
}

static void print_booked(const struct heng_booked *booked)
{
    char money[HENG_MONEY_TEXT_MAX];
    heng_money_text(booked->balance.purse, money);
    printf("booking %" PRId64 "%s, balance %s", booked->booking_id, booked->existed ? " (was there already)" : "",
           money);
    if (booked->receipt.id)
        printf(", receipt %d-%s-%06" PRId64, booked->receipt.year, booked->receipt.desk, booked->receipt.number);
    putchar('\n');
}

/* --- money ----------------------------------------------------------------------------------------------------- */

/* What sell, refund and adjust ask for: account, amount, key. */
static heng_rc wish(struct books *b, const struct books_words *w, char *key, struct heng_sale *ret,
                    struct heng_err *err)
{
    struct heng_account account;
    *ret = (struct heng_sale){.scope = b->scope, .key = key};
    heng_rc rc = heng_books_account(b, rest(w, 0), &account, err);
    if (rc == HENG_OK) rc = heng_money_parse(rest(w, 1), &ret->amount, err);
    if (rc != HENG_OK) return rc;
    ret->account_id = account.id;
    heng_books_key(b, w, "prepaid", key);
    return HENG_OK;
}

static heng_rc do_sell(struct books *b, const struct books_words *w, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX];
    struct heng_sale sale;
    struct heng_booked booked;
    heng_rc rc = wish(b, w, key, &sale, err);
    if (rc == HENG_OK) rc = heng_prepaid_sell(b->store, &sale, false, &b->hand, &booked, err);
    if (rc == HENG_OK) print_booked(&booked);
    return rc;
}

static heng_rc do_refund(struct books *b, const struct books_words *w, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX];
    struct heng_sale refund;
    struct heng_booked booked;
    heng_rc rc = wish(b, w, key, &refund, err);
    if (rc == HENG_OK)
        rc = heng_prepaid_refund(b->store, &refund, &b->hand, heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK) print_booked(&booked);
    return rc;
}

static heng_rc do_adjust(struct books *b, const struct books_words *w, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX];
    struct heng_sale adjustment;
    struct heng_booked booked;
    heng_rc rc = wish(b, w, key, &adjustment, err);
    if (rc == HENG_OK)
        rc = heng_prepaid_adjust(b->store, &adjustment, &b->hand, heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK) print_booked(&booked);
    return rc;
}

static heng_rc do_reverse(struct books *b, const struct books_words *w, struct heng_err *err)
{
    char key[HENG_BOOKING_KEY_MAX];
    struct heng_booked booked;
    int64_t id = 0;
    heng_rc rc = take_id(rest(w, 0), "booking", &id, err);
    heng_books_key(b, w, "reverse", key);
    if (rc == HENG_OK)
        rc =
            heng_prepaid_reverse(b->store, b->scope, id, key, &b->hand, heng_books_text(w, BOOKS_REASON), &booked, err);
    if (rc == HENG_OK) print_booked(&booked);
    return rc;
}

static heng_rc do_balance(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_balance balance;
    struct heng_credit_state credit;
    char purse[HENG_MONEY_TEXT_MAX], in_meter[HENG_MONEY_TEXT_MAX];
    heng_rc rc = heng_books_account(b, rest(w, 0), &account, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(b->reader, account.id, &balance, err);
    if (rc == HENG_OK) rc = heng_store_get_credit(b->reader, account.id, &credit, err);
    if (rc != HENG_OK) return rc;
    heng_money_text(balance.purse, purse);
    heng_money_text(balance.in_meter, in_meter);
    printf("account %s\tbalance %s %s\tin meters %s\tlevel %d\n", account.number, purse, account.currency, in_meter,
           credit.level);
    return HENG_OK;
}

static heng_rc do_charge(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_prepaid_worker *worker = NULL;
    struct heng_prepaid_counts counts = {0};
    bool left = true;
    (void)w;
    heng_rc rc = heng_prepaid_worker_new(b->store, &worker, err);
    while (rc == HENG_OK && left) {
        rc = heng_prepaid_work(worker, b->store, b->hand.now_us, PIECE_US, &counts, &left, err);
        if (rc == HENG_OK && left) rc = heng_store_commit(b->store, err);
        if (rc == HENG_OK && left) rc = heng_store_begin(b->store, err);
    }
    heng_prepaid_worker_free(worker);
    if (rc == HENG_OK)
        printf("contracts %u, charges %u, held %u, notices %u, tasks of supply %u\n", counts.contracts, counts.charges,
               counts.held, counts.notices, counts.tasks);
    return rc;
}

/* --- lists ----------------------------------------------------------------------------------------------------- */

static heng_rc list_levels(struct books *b, int level, struct heng_err *err)
{
    struct heng_credit_row rows[PAGE];
    size_t n = PAGE;
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_credit(b->reader, b->scope, level, after, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            char money[HENG_MONEY_TEXT_MAX];
            heng_money_text(rows[i].purse, money);
            printf("%s\t%s\t%s %s\tlevel %d\n", rows[i].number, rows[i].name, money, rows[i].currency, rows[i].level);
            after = rows[i].account_id;
        }
    }
    return rc;
}

static heng_rc do_list(struct books *b, const struct books_words *w, struct heng_err *err)
{
    (void)w;
    return list_levels(b, 0, err);
}

static heng_rc do_warnings(struct books *b, const struct books_words *w, struct heng_err *err)
{
    (void)w;
    return list_levels(b, 1, err);
}

/* 0: all of them. */
static heng_rc maybe_account(struct books *b, const struct books_words *w, int64_t *ret, struct heng_err *err)
{
    struct heng_account account = {.id = 0};
    heng_rc rc = w->rest_n ? heng_books_account(b, rest(w, 0), &account, err) : HENG_OK;
    *ret = account.id;
    return rc;
}

static heng_rc do_notices(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_notice page[PAGE];
    size_t n = 0;
    int64_t account_id = 0;
    heng_rc rc = maybe_account(b, w, &account_id, err);
    if (rc == HENG_OK) rc = heng_store_list_notices(b->reader, b->scope, account_id, 0, page, PAGE, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char at[HENG_TIME_TEXT_MAX];
        heng_us_format(page[i].made_us, at);
        printf("%" PRId64 "\t%s\t%s\t%s\t%s\n", page[i].id, at, page[i].kind, heng_notice_state_text(page[i].state),
               page[i].text);
    }
    return rc;
}

static heng_rc do_tasks(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_supply_task page[PAGE];
    size_t n = PAGE;
    int64_t account_id = 0, before = 0;
    heng_rc rc = maybe_account(b, w, &account_id, err);
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_supply(b->reader, b->scope, account_id, account_id == 0, before, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            const struct heng_supply_task *t = &page[i];
            printf("%" PRId64 "\tpoint %" PRId64 "\t%s\t%s\t%s\ttries %u\t%s\n", t->id, t->point_id,
                   t->on ? "on" : "off", heng_supply_state_text(t->state), t->reason, t->tries, t->why);
            before = t->id;
        }
    }
    return rc;
}

/* --- supply ---------------------------------------------------------------------------------------------------- */

static heng_rc do_approve(struct books *b, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = take_id(rest(w, 0), "task", &id, err);
    if (rc == HENG_OK) rc = heng_supply_approve(b->store, b->scope, id, &b->hand, err);
    if (rc == HENG_OK) printf("task %" PRId64 " is agreed to by %s\n", id, b->hand.second);
    return rc;
}

static heng_rc do_drop(struct books *b, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = take_id(rest(w, 0), "task", &id, err);
    if (rc == HENG_OK) rc = heng_supply_drop(b->store, b->scope, id, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK) printf("task %" PRId64 " is given up\n", id);
    return rc;
}

static heng_rc do_retry(struct books *b, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = take_id(rest(w, 0), "task", &id, err);
    if (rc == HENG_OK) rc = heng_supply_retry(b->store, b->scope, id, &b->hand, err);
    if (rc == HENG_OK) printf("task %" PRId64 " is tried again\n", id);
    return rc;
}

static heng_rc do_keep(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    int32_t day = 0;
    heng_us until_us = 0;
    heng_rc rc = heng_books_account(b, rest(w, 0), &account, err);
    if (rc == HENG_OK && w->of[BOOKS_TO]) {
        rc = heng_books_day(b, w->of[BOOKS_TO], &day, err);
        until_us = heng_day_from_us(&b->site.days, day);
    }
    if (rc == HENG_OK)
        rc =
            heng_supply_keep(b->store, b->scope, account.id, until_us, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK)
        printf("supply of %s is %s%s\n", account.number, day ? "kept until " : "no longer kept",
               day ? w->of[BOOKS_TO] : "");
    return rc;
}

/* --- the site -------------------------------------------------------------------------------------------------- */

static heng_rc for_the_operator(const struct books *b, struct heng_err *err)
{
    return b->scope ? heng_fail(err, HENG_EDENIED, 0, "the site is set up by its operator: leave --org out") : HENG_OK;
}

static heng_rc do_calendar(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_str text = {.max = 1 << 16};
    struct heng_no_cut no_cut;
    int32_t day = 0;
    int64_t version = 0;
    heng_rc rc = for_the_operator(b, err);
    if (rc == HENG_OK) rc = heng_form_file_read(rest(w, 0), &text, err);
    if (rc == HENG_OK) rc = heng_no_cut_parse(heng_slice_of(text.text, text.n), &no_cut, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_FROM], &day, err);
    if (rc == HENG_OK)
        rc = heng_store_put_no_cut(b->store, "", day, heng_slice_of(text.text, text.n), b->hand.who, &version, err);
    if (rc == HENG_OK) rc = heng_store_supply_again(b->store, 0, b->hand.now_us, err);
    if (rc == HENG_OK) printf("version %" PRId64 "\n", version);
    heng_str_fini(&text);
    return rc;
}

static heng_rc do_set(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_prepaid_settings settings;
    heng_rc rc = for_the_operator(b, err);
    if (rc == HENG_OK) rc = heng_prepaid_settings_read(b->reader, &settings, err);
    if (rc == HENG_OK) rc = heng_prepaid_setting_take(rest(w, 0), rest(w, 1), &settings, err);
    if (rc == HENG_OK) rc = heng_store_put_setting(b->store, rest(w, 0), rest(w, 1), err);
    if (rc == HENG_OK) rc = heng_store_supply_again(b->store, 0, b->hand.now_us, err);
    if (rc == HENG_OK) printf("%s is %s\n", rest(w, 0), rest(w, 1));
    return rc;
}

static const struct books_verb verbs[] = {{"sell", do_sell, 2, true},          {"refund", do_refund, 2, true},
                                          {"reverse", do_reverse, 1, true},    {"adjust", do_adjust, 2, true},
                                          {"balance", do_balance, 1, false},   {"list", do_list, 0, false},
                                          {"warnings", do_warnings, 0, false}, {"notices", do_notices, 0, false},
                                          {"charge", do_charge, 0, true},      {"tasks", do_tasks, 0, false},
                                          {"approve", do_approve, 1, true},    {"drop", do_drop, 1, true},
                                          {"retry", do_retry, 1, true},        {"keep", do_keep, 1, true},
                                          {"calendar", do_calendar, 1, true},  {"set", do_set, 2, true}};

int heng_cmd_prepaid(int argc, char **argv)
{
    return heng_books_command(argc, argv, verbs, sizeof verbs / sizeof verbs[0], print_help, "something is missing",
                              "what about prepaid?");
}
