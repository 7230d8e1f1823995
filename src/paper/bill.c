#include "paper/bill.h"

#include <stdio.h>
#include <string.h>

#include "billing/bill.h"
#include "paper/bill_parts.h"
#include "store/archive_places.h"
#include "store/read.h"
#include "usage/usage.h"

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

/* The numbers of the bills that belong to one. */
struct others {
    char reverses[HENG_BILL_NUMBER_MAX], replaces[HENG_BILL_NUMBER_MAX], reversed_by[HENG_BILL_NUMBER_MAX];
};

static heng_rc number_of(struct heng_store_reader *reader, int64_t scope, int64_t id, char ret[HENG_BILL_NUMBER_MAX],
                         struct heng_err *err)
{
    struct heng_bill bill;
    ret[0] = 0;
    if (!id) return HENG_OK;
    heng_rc rc = heng_store_get_bill(reader, scope, id, &bill, err);
    if (rc == HENG_OK) memcpy(ret, bill.number, HENG_BILL_NUMBER_MAX);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc find_others(struct heng_store_reader *reader, int64_t scope, const struct heng_bill *bill,
                           struct others *ret, struct heng_err *err)
{
    struct heng_bill reversal;
    ret->reversed_by[0] = 0;
    heng_rc rc = number_of(reader, scope, bill->reverses, ret->reverses, err);
    if (rc == HENG_OK) rc = number_of(reader, scope, bill->replaces, ret->replaces, err);
    if (rc != HENG_OK || bill->state != HENG_BILL_STATE_REVERSED) return rc;
    rc = heng_store_find_bill_reversal(reader, bill->id, &reversal, err);
    if (rc == HENG_OK) memcpy(ret->reversed_by, reversal.number, HENG_BILL_NUMBER_MAX);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void head(const struct heng_bill_paper *b, const struct heng_account *account, const char *place,
                 const struct others *others)
{
    char text[HENG_MONEY_TEXT_MAX];
    struct heng_paper *paper = b->paper;
    const struct heng_bill *bill = &b->bill;
    heng_language language = paper->language;
    heng_paper_put(paper, HENG_PAPER_TITLE, heng_word_text(heng_word_of_bill(bill->kind), language));
    if (bill->state == HENG_BILL_STATE_DRAFT || bill->state == HENG_BILL_STATE_BLOCKED)
        heng_paper_put(paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_DRAFT, language));
    if (bill->state == HENG_BILL_STATE_REVERSED)
        heng_paper_put(paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_REVERSED, language));
    heng_paper_word(paper, HENG_WORD_NUMBER, bill->number);
    heng_paper_word(paper, HENG_WORD_REVERSES, others->reverses);
    heng_paper_word(paper, HENG_WORD_REPLACES, others->replaces);
    heng_paper_word(paper, HENG_WORD_REVERSED_BY, others->reversed_by);
    if (bill->issued_us) {
        struct heng_civil civil = heng_zone_civil(b->zone, bill->issued_us);
        heng_day day = heng_day_of_date(civil.year, civil.month, civil.day);
        heng_paper_word(paper, HENG_WORD_ISSUED, heng_paper_day(day, language, text));
    }
    heng_paper_word(paper, HENG_WORD_ACCOUNT, account->number);
    heng_paper_word(paper, HENG_WORD_NAME, account->name);
    heng_paper_word(paper, HENG_WORD_PLACE, place);
    heng_paper_word(paper, HENG_WORD_PERIOD, heng_paper_period(bill->from_day, bill->to_day, language, text));
    if (bill->due_day && bill->kind != HENG_BILL_STATEMENT && bill->kind != HENG_BILL_REVERSAL && bill->total > 0)
        heng_paper_word(paper, HENG_WORD_DUE, heng_paper_day(bill->due_day, language, text));
}

static void line_row(const struct heng_bill_paper *b, const struct heng_charge_line *line)
{
    char item[3 * HENG_COMPONENT_MAX], tier[32] = "", period[HENG_MONEY_TEXT_MAX], quantity[HENG_MONEY_TEXT_MAX],
                                       price[HENG_MONEY_TEXT_MAX], amount[HENG_MONEY_TEXT_MAX];
    heng_language language = b->paper->language;
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
    heng_paper_money(b->sign * line->amount, b->bill.currency, language, amount);
    const char *row[] = {item, period, quantity, line->unit, price, amount};
    heng_paper_row(b->paper, false, row);
}

static void table(const struct heng_bill_paper *b)
{
    static const struct heng_word_column columns[] = {{HENG_WORD_ITEM, false, 29},    {HENG_WORD_PERIOD, false, 27},
                                                      {HENG_WORD_QUANTITY, true, 14}, {HENG_WORD_UNIT, false, 8},
                                                      {HENG_WORD_PRICE, true, 12},    {HENG_WORD_AMOUNT, true, 18}};
    heng_language language = b->paper->language;
    char total[HENG_MONEY_TEXT_MAX];
    heng_paper_heading(b->paper, HENG_WORD_CHARGES);
    heng_paper_word_table(b->paper, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->charges[i].line_count; k++) line_row(b, &b->charges[i].lines[k]);
    const char *sum[] = {heng_word_text(HENG_WORD_TOTAL, language),
                         "",
                         "",
                         "",
                         "",
                         heng_paper_money(b->bill.total, b->bill.currency, language, total)};
    heng_paper_row(b->paper, true, sum);
}

static void foot(const struct heng_bill_paper *b)
{
    static const char *const trace[HENG_LANGUAGES] = {
        "每一项均可追溯到原始抄表帧：heng bill explain %s",
        "Every figure can be traced to the telegrams of the meter: heng bill explain %s",
        "Jeder Betrag lässt sich bis zum Telegramm des Zählers zurückverfolgen: heng bill explain %s"};
    struct heng_paper *paper = b->paper;
    char text[192], *at;
    bool estimated = false;
    for (size_t i = 0; i < b->n; i++) estimated = estimated || b->charges[i].estimated;
    if (estimated) heng_paper_put(paper, HENG_PAPER_SMALL, heng_word_text(HENG_WORD_ESTIMATED, paper->language));
    if (!b->bill.number[0]) return;
    snprintf(text, sizeof text, "%s", trace[paper->language]);
    at = strstr(text, "%s");
    snprintf(at, sizeof text - (size_t)(at - text), "%s", b->bill.number);
    heng_paper_put(paper, HENG_PAPER_SMALL, text);
    heng_paper_foot(paper, b->bill.number);
}

/* All below the address. */
static heng_rc body(const struct heng_bill_paper *b, const struct heng_account *account, const char *place,
                    const struct others *others, struct heng_err *err)
{
    head(b, account, place, others);
    table(b);
    heng_rc rc = heng_bill_paper_taxes(b, err);
    if (rc == HENG_OK) rc = heng_bill_paper_due(b, err);
    if (rc == HENG_OK) rc = heng_bill_paper_readings(b, err);
    if (rc == HENG_OK && b->bill.kind != HENG_BILL_REVERSAL) rc = heng_bill_paper_history(b, err);
    if (rc == HENG_OK) foot(b);
    return rc;
}

heng_rc heng_paper_bill(struct heng_store_reader *reader, int64_t scope, int64_t bill_id, struct heng_paper *paper,
                        struct heng_err *err)
{
    struct heng_bill_paper b = {.reader = reader, .paper = paper, .sign = 1};
    struct heng_usage_site site;
    struct heng_account account;
    struct heng_charge *charges = NULL;
    struct others others;
    char sender[HENG_LETTERHEAD_MAX], place[HENG_PATH_MAX], to[HENG_LETTER_MAX + HENG_ACCOUNT_NAME_MAX + HENG_PATH_MAX];
    heng_rc rc = heng_store_get_bill(reader, scope, bill_id, &b.bill, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, b.bill.account_id, &account, err);
    if (rc == HENG_OK) rc = heng_paper_sender(reader, b.bill.org_id, sender, err);
    if (rc == HENG_OK) rc = supply_place(reader, &account, place, err);
    if (rc == HENG_OK) rc = find_others(reader, scope, &b.bill, &others, err);
    if (rc == HENG_OK) rc = heng_bill_charges(reader, &b.bill, paper->arena, &charges, &b.n, err);
    if (rc == HENG_OK) rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    b.zone = site.zone;
    b.charges = charges;
    if (b.bill.kind == HENG_BILL_REVERSAL) b.sign = -1;
    snprintf(to, sizeof to, "%s\n%s", account.name, account.address[0] ? account.address : place);
    heng_paper_put(paper, HENG_PAPER_SENDER, sender);
    heng_paper_put(paper, HENG_PAPER_ADDRESS, to);
    rc = body(&b, &account, place, &others, err);
    heng_usage_site_close(&site);
    if (rc != HENG_OK) return rc;
    return paper->rc == HENG_OK ? HENG_OK
                                : heng_fail(err, paper->rc, 0, "bill '%s' is too long to print", b.bill.number);
}
