#include "app/cmd/purse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/books.h"
#include "app/options.h"
#include "prepaid/meter_order.h"
#include "prepaid/meter_use.h"
#include "prepaid/sell.h"
#include "prepaid/site.h"

enum { PAGE = 64 };

static void print_help(void)
{
    puts("usage: heng purse WORD [OPTION...]\n\n"
         "  sell ACCOUNT AMOUNT --point P   money into the meter at this point: sold, booked, ordered;\n"
         "                         --channel bank, or --channel cash --desk D\n"
         "  exchange ACCOUNT AMOUNT --point P   another meter is there: what the old one had left goes into it\n"
         "  ask ACCOUNT --point P  ask the meter what is left in it (heng serve does, once a day by itself)\n"
         "  left ACCOUNT --point P   what its last answer said\n"
         "  take-out ACCOUNT --point P   it is taken down or was emptied: what is left is the account's again\n"
         "  list [open|stuck|all]  orders, newest first; stuck: those that wait for a person\n"
         "  again ORDER            it is not in the meter: send it again\n"
         "  arrived ORDER          it is in the meter\n"
         "  give-back ORDER        it is not in the meter: back into the purse of the account\n"
         "  --number COUNT         with these three: what the meter shows holds from now on\n\n"
         "  --data DIR             where the database is (data)\n"
         "  --org KEY              in the name of this organisation\n"
         "  --who NAME             who does it (the user of this machine); --reason WORDS\n"
         "  --key KEY              of a sale: asked for twice, it is done once\n\n"
         "docs/meter-money.md tells how money gets into a meter once.");
}

/* --- money in --------------------------------------------------------------------------------------------------- */

static void print_order(const struct heng_meter_order *order)
{
    char amount[HENG_MONEY_TEXT_MAX];
    heng_money_text(order->amount, amount);
    printf("%" PRId64 "  contract %" PRId64 "  meter %" PRId64 "  purchase %" PRId64 "  %s  %s  tries %" PRIu32
           "%s%s\n",
           order->id, order->contract_id, order->device_id, order->number, amount,
           heng_meter_order_state_text(order->state), order->tries, order->why[0] ? "  " : "", order->why);
}

static heng_rc who_and_how_much(const struct books *b, const struct books_words *w, struct heng_account *ret_account,
                                int64_t *ret_point, int64_t *ret_amount, struct heng_err *err)
{
    if (w->rest_n < 2 || !w->of[BOOKS_POINT])
        return heng_fail(err, HENG_ECONFIG, 0, "say which account, how much, and --point, the point of the meter");
    heng_rc rc = heng_books_account(b, w->rest[0], ret_account, err);
    if (rc == HENG_OK) rc = heng_books_point(b, w->of[BOOKS_POINT], ret_point, err);
    return rc == HENG_OK ? heng_books_amount(w->rest[1], 0, ret_amount, err) : rc;
}

static heng_rc do_sell(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_booked booked;
    struct heng_meter_order order;
    char key[HENG_BOOKING_KEY_MAX];
    struct heng_sale sale = {.scope = b->scope, .key = key};
    heng_rc rc = who_and_how_much(b, w, &account, &sale.point_id, &sale.amount, err);
    if (rc != HENG_OK) return rc;
    sale.account_id = account.id;
    heng_books_key(b, w, "purse-sale", key);
    rc = heng_meter_sell(b->store, &sale, false, &b->hand, &booked, &order, err);
    if (rc == HENG_OK) print_order(&order);
    return rc;
}

static heng_rc do_exchange(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_contract contract;
    struct heng_meter_order order;
    int64_t point_id, amount, device_id;
    heng_rc rc = who_and_how_much(b, w, &account, &point_id, &amount, err);
    if (rc == HENG_OK) rc = heng_meter_contract_at(b->reader, account.id, point_id, b->hand.day, &contract, err);
    if (rc == HENG_OK) rc = heng_store_device_at(b->reader, point_id, &device_id, err);
    if (rc == HENG_OK)
        rc = heng_meter_order_exchange(b->store, b->scope, contract.id, device_id, amount, &b->hand, &order, err);
    if (rc == HENG_OK) print_order(&order);
    return rc;
}

static heng_rc contract_of(struct books *b, const struct books_words *w, struct heng_contract *ret,
                           struct heng_err *err)
{
    struct heng_account account;
    int64_t point_id = 0;
    if (!w->rest_n || !w->of[BOOKS_POINT])
        return heng_fail(err, HENG_ECONFIG, 0, "say which account, and --point, the point of the meter");
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    if (rc == HENG_OK) rc = heng_books_point(b, w->of[BOOKS_POINT], &point_id, err);
    return rc == HENG_OK ? heng_meter_contract_at(b->reader, account.id, point_id, b->hand.day, ret, err) : rc;
}

static heng_rc do_ask(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_contract contract;
    heng_rc rc = contract_of(b, w, &contract, err);
    return rc == HENG_OK ? heng_meter_use_soon(b->store, contract.id, b->hand.now_us, err) : rc;
}

static heng_rc do_left(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_meter_mirror mirror;
    char left[HENG_MONEY_TEXT_MAX], at[HENG_TIME_TEXT_MAX] = "never";
    heng_rc rc = contract_of(b, w, &contract, err);
    if (rc == HENG_OK) rc = heng_store_get_meter_mirror(b->reader, contract.id, &mirror, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "no money has arrived in this meter yet");
    if (rc != HENG_OK) return rc;
    heng_money_text(mirror.remaining, left);
    if (mirror.at_us) heng_us_format(mirror.at_us, at);
    printf("left %s  at %s  purchases %" PRId64 "%s%s\n", left, at, contract.meter_count, mirror.why[0] ? "  " : "",
           mirror.why);
    return HENG_OK;
}

static heng_rc do_take_out(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX], purse[HENG_MONEY_TEXT_MAX];
    heng_rc rc = contract_of(b, w, &contract, err);
    if (rc != HENG_OK) return rc;
    heng_books_key(b, w, "purse-out", key);
    rc = heng_meter_take_out(b->store, b->scope, contract.id, key, &b->hand, heng_books_text(w, BOOKS_REASON), &booked,
                             err);
    if (rc != HENG_OK) return rc;
    heng_money_text(booked.balance.purse, purse);
    printf("booking %" PRId64 "%s, balance %s\n", booked.booking_id, booked.existed ? " (already)" : "", purse);
    return HENG_OK;
}

/* --- orders ------------------------------------------------------------------------------------------------------ */

static heng_rc do_list(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_meter_order page[PAGE];
    const char *which = w->rest_n ? w->rest[0] : "open";
    heng_meter_orders_of of = HENG_METER_ORDERS_OPEN;
    int64_t before_id = 0;
    size_t n = 0;
    if (strcmp(which, "all") == 0)
        of = HENG_METER_ORDERS_ALL;
    else if (strcmp(which, "stuck") == 0)
        of = HENG_METER_ORDERS_STUCK;
    else if (strcmp(which, "open") != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "'%.40s' is none of open, stuck, all", which);
    do {
        heng_rc rc = heng_store_list_meter_orders(b->reader, b->scope, of, before_id, page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) print_order(&page[i]);
        if (n) before_id = page[n - 1].id;
    } while (n == PAGE);
    return HENG_OK;
}

static heng_rc number_of(const char *text, const char *what, int64_t *ret, struct heng_err *err)
{
    struct heng_dec dec;
    heng_rc rc = heng_dec_parse(text, &dec, err);
    if (rc != HENG_OK || dec.exp != 0 || dec.mantissa < 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no %s", text, what);
    *ret = dec.mantissa;
    return HENG_OK;
}

static heng_rc decide(struct books *b, const struct books_words *w, heng_meter_choice choice, struct heng_err *err)
{
    int64_t id = 0, count = -1;
    if (!w->rest_n) return heng_fail(err, HENG_ECONFIG, 0, "which order? heng purse list stuck shows them");
    heng_rc rc = number_of(w->rest[0], "number of an order", &id, err);
    if (rc == HENG_OK && w->of[BOOKS_NUMBER]) rc = number_of(w->of[BOOKS_NUMBER], "count of purchases", &count, err);
    if (rc != HENG_OK) return rc;
    return heng_meter_order_decide(b->store, b->scope, id, choice, count, &b->hand, heng_books_text(w, BOOKS_REASON),
                                   err);
}

static heng_rc do_again(struct books *b, const struct books_words *w, struct heng_err *err)
{
    return decide(b, w, HENG_METER_AGAIN, err);
}

static heng_rc do_arrived(struct books *b, const struct books_words *w, struct heng_err *err)
{
    return decide(b, w, HENG_METER_ARRIVED, err);
}

static heng_rc do_give_back(struct books *b, const struct books_words *w, struct heng_err *err)
{
    return decide(b, w, HENG_METER_GIVE_BACK, err);
}

static const struct {
    const char *word;
    heng_rc (*run)(struct books *b, const struct books_words *w, struct heng_err *err);
    bool writes;
} verbs[] = {
    {"sell", do_sell, true},   {"exchange", do_exchange, true}, {"list", do_list, false},
    {"ask", do_ask, true},     {"left", do_left, false},        {"take-out", do_take_out, true},
    {"again", do_again, true}, {"arrived", do_arrived, true},   {"give-back", do_give_back, true},
};

int heng_cmd_purse(int argc, char **argv)
{
    struct books_words w;
    struct books books;
    struct heng_err err = {.text = ""};
    const char *word = argc > 1 ? argv[1] : "";
    bool asks = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    int status = asks ? EXIT_SUCCESS : heng_books_words(&w, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (asks || w.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(word, verbs[i].word) != 0) continue;
        heng_rc rc = heng_books_open(&books, &w, verbs[i].writes, &err);
        if (rc == HENG_OK) rc = verbs[i].run(&books, &w, &err);
        return heng_books_close(&books, &w, rc, false, &err);
    }
    return heng_usage_error(w.command, "what about money in meters?");
}
