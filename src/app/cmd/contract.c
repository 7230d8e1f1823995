/* heng contract: the words of a command line for account/contracts.h. */
#include "app/cmd/contract.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/contracts.h"
#include "account/texts.h"
#include "app/cmd/books.h"
#include "app/options.h"

static void print_help(void)
{
    puts(
        "usage: heng contract WORD [OPTION...]\n\n"
        "  add NUMBER             --point KEY|METER [--from DAY] [--to DAY] [--mode prepaid|in-meter|postpaid]\n"
        "                         --tariff KEY, or --group NAME, or --class NAME\n"
        "                         [--cycle month|two-months|quarter|year|season] [--terms JSON]; prints its id\n"
        "  change ID              [--tariff] [--group] [--class] [--cycle] [--terms]\n"
        "  end ID                 [--to DAY]: the first day that is no longer its (today)\n"
        "  switch ID              --mode MODE [--from DAY] [--tariff KEY]: goes on with its used tiers\n"
        "  move NUMBER            [--to NUMBER] [--from DAY] [--point KEY] [--persons N]: moves out, and who moves in\n"
        "  list NUMBER            those of an account\n\n"
        "  --data DIR, --org KEY, --who NAME, --reason WORDS as in heng account --help. docs/accounts.md");
}

static heng_rc take(const struct books_words *w, books_option option, const char *what, char *ret, size_t cap,
                    struct heng_err *err)
{
    if (!w->of[option]) return HENG_OK;
    return heng_text_take(heng_slice_str(w->of[option]), what, ret, cap, err);
}

static heng_rc take_contract(const struct books_words *w, struct heng_contract *c, struct heng_err *err)
{
    heng_rc rc = take(w, BOOKS_TARIFF, "the tariff's key", c->tariff_key, sizeof c->tariff_key, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_CLASS, "the price class", c->price_class, sizeof c->price_class, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_GROUP, "the group", c->tariff_group, sizeof c->tariff_group, err);
    if (rc == HENG_OK) rc = take(w, BOOKS_TERMS, "the terms", c->terms, sizeof c->terms, err);
    if (w->of[BOOKS_CYCLE]) c->cycle = heng_bill_cycle_of(w->of[BOOKS_CYCLE]);
    return rc;
}

static heng_rc take_id(const char *text, int64_t *ret, struct heng_err *err)
{
    char *end;
    long long id = strtoll(text, &end, 10);
    if (*end || end == text || id <= 0) return heng_fail(err, HENG_EFORMAT, 0, "'%.30s' is no id of a contract", text);
    *ret = id;
    return HENG_OK;
}

static heng_rc do_add(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_contract contract = {.mode = HENG_MODE_POSTPAID};
    heng_rc rc = heng_books_account(b, w->rest[0], &account, err);
    if (w->of[BOOKS_MODE]) contract.mode = heng_mode_of(w->of[BOOKS_MODE]);
    if (rc == HENG_OK) rc = heng_books_point(b, heng_books_text(w, BOOKS_POINT), &contract.point_id, err);
    if (rc == HENG_OK) rc = take_contract(w, &contract, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_FROM], &contract.from_day, err);
    if (rc == HENG_OK && w->of[BOOKS_TO]) rc = heng_books_day(b, w->of[BOOKS_TO], &contract.to_day, err);
    if (rc != HENG_OK) return rc;
    contract.account_id = account.id;
    rc = heng_contract_add(b->store, b->scope, &contract, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK) printf("contract %" PRId64 "\n", contract.id);
    return rc;
}

static heng_rc do_change(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_contract contract;
    int64_t id = 0;
    heng_rc rc = take_id(w->rest[0], &id, err);
    if (rc == HENG_OK) rc = heng_store_get_contract(b->reader, id, &contract, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such contract");
    if (rc == HENG_OK) rc = take_contract(w, &contract, err);
    if (rc == HENG_OK)
        rc = heng_contract_change(b->store, b->scope, &contract, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK) printf("contract %" PRId64 " is changed\n", id);
    return rc;
}

static heng_rc do_end(struct books *b, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    int32_t day = 0;
    char text[HENG_DATE_TEXT_MAX];
    heng_rc rc = take_id(w->rest[0], &id, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_TO], &day, err);
    if (rc == HENG_OK)
        rc = heng_contract_end(b->store, b->scope, id, day, &b->hand, heng_books_text(w, BOOKS_REASON), err);
    heng_date_format(day, text);
    if (rc == HENG_OK) printf("contract %" PRId64 " ends on %s\n", id, text);
    return rc;
}

static heng_rc do_switch(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_contract next;
    int64_t id = 0;
    int32_t day = 0;
    heng_rc rc = take_id(w->rest[0], &id, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_FROM], &day, err);
    if (rc == HENG_OK)
        rc = heng_contract_switch(b->store, b->scope, id, heng_mode_of(heng_books_text(w, BOOKS_MODE)), day,
                                  w->of[BOOKS_TARIFF], &b->hand, heng_books_text(w, BOOKS_REASON), &next, err);
    if (rc == HENG_OK) printf("contract %" PRId64 " goes on as %" PRId64 "\n", id, next.id);
    return rc;
}

static heng_rc do_move(struct books *b, const struct books_words *w, struct heng_err *err)
{
    enum { MADE_MAX = HENG_CONTRACTS_MAX };
    struct heng_account from, to = {.id = 0};
    struct heng_move move = {.persons = strtoll(heng_books_text(w, BOOKS_PERSONS), NULL, 10)};
    struct heng_contract *made = calloc(MADE_MAX, sizeof *made);
    size_t n = 0;
    heng_rc rc = made ? heng_books_account(b, w->rest[0], &from, err)
                      : heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts");
    if (rc == HENG_OK && w->of[BOOKS_TO]) rc = heng_books_account(b, w->of[BOOKS_TO], &to, err);
    if (rc == HENG_OK && w->of[BOOKS_POINT]) rc = heng_books_point(b, w->of[BOOKS_POINT], &move.point_id, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_FROM], &move.day, err);
    if (rc == HENG_OK) {
        move.from_account = from.id;
        move.to_account = to.id;
        rc = heng_account_move(b->store, b->scope, &move, &b->hand, heng_books_text(w, BOOKS_REASON), made, MADE_MAX,
                               &n, err);
    }
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        printf("contract %" PRId64 " of %s for point %" PRId64 "\n", made[i].id, to.number, made[i].point_id);
    if (rc == HENG_OK && !n) printf("account %s has moved out\n", from.number);
    free(made);
    return rc;
}

static heng_rc do_list(struct books *b, const struct books_words *w, struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_account account;
    struct heng_contract *all = calloc(ALL_MAX, sizeof *all);
    size_t n = 0;
    heng_rc rc = all ? heng_books_account(b, w->rest[0], &account, err)
                     : heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts");
    if (rc == HENG_OK) rc = heng_store_list_contracts(b->reader, account.id, 0, 0, all, ALL_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX] = "-", point[HENG_KEY_MAX] = "";
        rc = heng_store_contract_point(b->reader, all[i].point_id, point, err);
        heng_date_format(all[i].from_day, from);
        if (all[i].to_day) heng_date_format(all[i].to_day, to);
        printf("%" PRId64 "\t%s\t%s\t%s\t%s\t%s\t%s\n", all[i].id, point, heng_mode_text(all[i].mode), from, to,
               heng_bill_cycle_text(all[i].cycle), all[i].terms);
    }
    free(all);
    return rc;
}

static const struct {
    const char *word;
    heng_rc (*run)(struct books *b, const struct books_words *w, struct heng_err *err);
    bool writes;
} verbs[] = {{"add", do_add, true},       {"change", do_change, true}, {"end", do_end, true},
             {"switch", do_switch, true}, {"move", do_move, true},     {"list", do_list, false}};

int heng_cmd_contract(int argc, char **argv)
{
    struct books_words w;
    struct books books;
    struct heng_err err = {.text = ""};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    int status = heng_books_words(&w, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (w.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(word, verbs[i].word) != 0) continue;
        if (w.rest_n < 1) return heng_usage_error(w.command, "of which account, or which contract?");
        heng_rc rc = heng_books_open(&books, &w, verbs[i].writes, &err);
        if (rc == HENG_OK) rc = verbs[i].run(&books, &w, &err);
        return heng_books_close(&books, &w, rc, false, &err);
    }
    return heng_usage_error(w.command, "what about contracts?");
}
