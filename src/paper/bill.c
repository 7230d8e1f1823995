#include "paper/bill.h"

#include <stdio.h>
#include <string.h>

#include "paper/words.h"
#include "store/archive_places.h"
#include "store/read.h"

heng_rc heng_paper_sender(struct heng_store_reader *reader, int64_t org_id,
                          char ret[HENG_AT_LEAST(HENG_LETTERHEAD_MAX)], struct heng_err *err)
{
    char name[48];
    heng_rc rc = HENG_ENOTFOUND;
    if (org_id) {
        snprintf(name, sizeof name, "letterhead_%lld", (long long)org_id);
        rc = heng_store_get_setting(reader, name, ret, HENG_LETTERHEAD_MAX, err);
    }
    if (rc == HENG_ENOTFOUND) rc = heng_store_get_setting(reader, "letterhead", ret, HENG_LETTERHEAD_MAX, err);
    if (rc == HENG_ENOTFOUND) {
        snprintf(ret, HENG_LETTERHEAD_MAX, "Heng");
        rc = HENG_OK;
    }
    return rc;
}

/* Where the customer lives, by the names of the archive; "" when it is not known. */
static heng_rc supply_place(struct heng_store_reader *reader, const struct heng_account *account,
                            char ret[HENG_AT_LEAST(HENG_PATH_MAX)], struct heng_err *err)
{
    struct heng_place place;
    ret[0] = 0;
    if (!account->place_id) return HENG_OK;
    heng_rc rc = heng_store_get_place(reader, account->place_id, &place, err);
    if (rc == HENG_OK) snprintf(ret, HENG_PATH_MAX, "%s", place.path);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void pair(struct heng_paper *paper, heng_word word, const char *value)
{
    if (*value) heng_paper_pair(paper, HENG_PAPER_PAIR, heng_word_text(word, paper->language), value);
}

static void pair_money(struct heng_paper *paper, heng_paper_kind kind, heng_word word, int64_t amount,
                       const char *currency)
{
    char text[HENG_MONEY_TEXT_MAX];
    heng_paper_pair(paper, kind, heng_word_text(word, paper->language),
                    heng_paper_money(amount, currency, paper->language, text));
}

static void head(struct heng_paper *paper, const struct heng_bill *bill, const struct heng_account *account,
                 const char *place, const char *reversed)
{
    char text[HENG_MONEY_TEXT_MAX];
    heng_language language = paper->language;
    heng_paper_put(paper, HENG_PAPER_TITLE, heng_word_text(heng_word_of_bill(bill->kind), language));
    if (bill->state == HENG_BILL_STATE_DRAFT || bill->state == HENG_BILL_STATE_BLOCKED)
        heng_paper_put(paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_DRAFT, language));
    if (bill->state == HENG_BILL_STATE_REVERSED)
        heng_paper_put(paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_REVERSED, language));
    pair(paper, HENG_WORD_NUMBER, bill->number);
    pair(paper, HENG_WORD_REVERSES, reversed);
    pair(paper, HENG_WORD_ACCOUNT, account->number);
    pair(paper, HENG_WORD_NAME, account->name);
    pair(paper, HENG_WORD_PLACE, place);
    pair(paper, HENG_WORD_PERIOD, heng_paper_period(bill->from_day, bill->to_day, language, text));
    if (bill->due_day && bill->kind != HENG_BILL_STATEMENT && bill->kind != HENG_BILL_REVERSAL)
        pair(paper, HENG_WORD_DUE, heng_paper_day(bill->due_day, language, text));
}

static void line_row(struct heng_paper *paper, const struct heng_charge_line *line, const char *currency)
{
    char item[3 * HENG_COMPONENT_MAX], tier[32] = "", period[HENG_MONEY_TEXT_MAX], quantity[HENG_MONEY_TEXT_MAX],
                                       price[HENG_MONEY_TEXT_MAX], amount[HENG_MONEY_TEXT_MAX];
    heng_language language = paper->language;
    if (line->tier) {
        switch (language) {
        case HENG_LANGUAGE_ZH: snprintf(tier, sizeof tier, "，第%u档", line->tier); break;
        case HENG_LANGUAGE_DE: snprintf(tier, sizeof tier, ", Stufe %u", line->tier); break;
        case HENG_LANGUAGE_EN:
        case HENG_LANGUAGES: snprintf(tier, sizeof tier, ", tier %u", line->tier); break;
        }
    }
    snprintf(item, sizeof item, "%s%s%s%s", line->name[0] ? line->name : line->component, line->rate[0] ? ", " : "",
             line->rate, tier);
    heng_paper_period(line->from_day, line->to_day, language, period);
    heng_paper_number(line->quantity, language, quantity);
    heng_paper_number(line->price, language, price);
    heng_paper_money(line->amount, currency, language, amount);
    const char *row[] = {item, period, quantity, line->unit, price, amount};
    heng_paper_row(paper, false, row);
}

static void table(struct heng_paper *paper, const struct heng_bill *bill, const struct heng_charge *charges, size_t n)
{
    heng_language language = paper->language;
    const struct heng_paper_column columns[] = {{heng_word_text(HENG_WORD_ITEM, language), false, 30},
                                                {heng_word_text(HENG_WORD_PERIOD, language), false, 26},
                                                {heng_word_text(HENG_WORD_QUANTITY, language), true, 14},
                                                {heng_word_text(HENG_WORD_UNIT, language), false, 10},
                                                {heng_word_text(HENG_WORD_PRICE, language), true, 12},
                                                {heng_word_text(HENG_WORD_AMOUNT, language), true, 18}};
    char total[HENG_MONEY_TEXT_MAX];
    heng_paper_put(paper, HENG_PAPER_HEADING, heng_word_text(HENG_WORD_CHARGES, language));
    heng_paper_table(paper, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < charges[i].line_count; k++) line_row(paper, &charges[i].lines[k], bill->currency);
    const char *sum[] = {heng_word_text(HENG_WORD_TOTAL, language),
                         "",
                         "",
                         "",
                         "",
                         heng_paper_money(bill->total, bill->currency, language, total)};
    heng_paper_row(paper, true, sum);
}

static void foot(struct heng_paper *paper, const struct heng_bill *bill, const struct heng_charge *charges, size_t n)
{
    char text[192];
    bool estimated = false;
    int64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        estimated = estimated || charges[i].estimated;
        before += charges[i].before;
    }
    if (bill->tax) pair_money(paper, HENG_PAPER_PAIR, HENG_WORD_TAX_IN, bill->tax, bill->currency);
    if (before) pair_money(paper, HENG_PAPER_PAIR, HENG_WORD_ALREADY, before, bill->currency);
    int64_t due = bill->kind == HENG_BILL_STATEMENT ? 0 : bill->total - before;
    pair_money(paper, HENG_PAPER_AMOUNT, due < 0 ? HENG_WORD_CREDIT : HENG_WORD_TO_PAY, due < 0 ? -due : due,
               bill->currency);
    if (estimated) heng_paper_put(paper, HENG_PAPER_SMALL, heng_word_text(HENG_WORD_ESTIMATED, paper->language));
    if (!bill->number[0]) return;
    switch (paper->language) {
    case HENG_LANGUAGE_ZH:
        snprintf(text, sizeof text, "每一项均可追溯到原始抄表帧：heng bill explain %s", bill->number);
        break;
    case HENG_LANGUAGE_DE:
        snprintf(text, sizeof text,
                 "Jeder Betrag lässt sich bis zum Telegramm des Zählers zurückverfolgen: heng bill explain %s",
                 bill->number);
        break;
    case HENG_LANGUAGE_EN:
    case HENG_LANGUAGES:
        snprintf(text, sizeof text, "Every figure can be traced to the telegrams of the meter: heng bill explain %s",
                 bill->number);
        break;
    }
    heng_paper_put(paper, HENG_PAPER_SMALL, text);
    heng_paper_foot(paper, bill->number);
}

heng_rc heng_paper_bill(struct heng_store_reader *reader, int64_t scope, int64_t bill_id, struct heng_paper *paper,
                        struct heng_err *err)
{
    struct heng_bill bill, reversed = {.number = ""};
    struct heng_account account;
    struct heng_charge *charges = NULL;
    size_t n = 0;
    char sender[HENG_LETTERHEAD_MAX], place[HENG_PATH_MAX], to[HENG_ACCOUNT_NAME_MAX + HENG_PATH_MAX + 2];
    heng_rc rc = heng_store_get_bill(reader, scope, bill_id, &bill, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, bill.account_id, &account, err);
    if (rc == HENG_OK) rc = heng_paper_sender(reader, bill.org_id, sender, err);
    if (rc == HENG_OK) rc = supply_place(reader, &account, place, err);
    if (rc == HENG_OK && bill.reverses) rc = heng_store_get_bill(reader, scope, bill.reverses, &reversed, err);
    if (rc == HENG_OK) rc = heng_store_list_charges(reader, bill_id, paper->arena, &charges, &n, err);
    if (rc != HENG_OK) return rc;
    snprintf(to, sizeof to, "%s\n%s", account.name, account.address[0] ? account.address : place);
    heng_paper_put(paper, HENG_PAPER_SENDER, sender);
    heng_paper_put(paper, HENG_PAPER_ADDRESS, to);
    head(paper, &bill, &account, place, reversed.number);
    table(paper, &bill, charges, n);
    foot(paper, &bill, charges, n);
    return paper->rc == HENG_OK ? HENG_OK : heng_fail(err, paper->rc, 0, "bill '%s' is too long to print", bill.number);
}
