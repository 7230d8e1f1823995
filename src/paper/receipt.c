#include "paper/receipt.h"

#include <stdio.h>
#include <string.h>

#include "account/receipt.h"
#include "ledger/amount.h"
#include "paper/bill.h"
#include "paper/words.h"
#include "store/money/accounts.h"
#include "store/money/ledger.h"
#include "usage/usage.h"

/* Those that have receipts (account/book.h); the rest is a sale. */
static heng_word title_of(heng_booking_kind kind)
{
    static const struct {
        heng_booking_kind kind;
        heng_word word;
    } titles[] = {
        {HENG_BOOKING_PAYMENT, HENG_WORD_RECEIPT_PAYMENT},           {HENG_BOOKING_REFUND, HENG_WORD_RECEIPT_REFUND},
        {HENG_BOOKING_REVERSAL, HENG_WORD_RECEIPT_REVERSAL},         {HENG_BOOKING_DEPOSIT, HENG_WORD_RECEIPT_DEPOSIT},
        {HENG_BOOKING_DEPOSIT_BACK, HENG_WORD_RECEIPT_DEPOSIT_BACK}, {HENG_BOOKING_PAYOUT, HENG_WORD_RECEIPT_PAYOUT}};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].kind == kind) return titles[i].word;
    return HENG_WORD_RECEIPT_SALE;
}

static void pair(struct heng_paper *paper, heng_word word, const char *value)
{
    if (*value) heng_paper_pair(paper, HENG_PAPER_PAIR, heng_word_text(word, paper->language), value);
}

/* The moment at the clock of the site. */
static heng_rc moment(struct heng_store_reader *reader, heng_us at_us, char *ret, size_t cap, struct heng_err *err)
{
    struct heng_usage_site site;
    heng_rc rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    struct heng_civil civil = heng_zone_civil(site.zone, at_us);
    snprintf(ret, cap, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute,
             civil.second);
    heng_usage_site_close(&site);
    return HENG_OK;
}

static void copy_mark(struct heng_paper *paper, uint32_t number)
{
    char text[48];
    switch (paper->language) {
    case HENG_LANGUAGE_ZH: snprintf(text, sizeof text, "补打第 %u 次", number - 1); break;
    case HENG_LANGUAGE_DE: snprintf(text, sizeof text, "Kopie Nr. %u", number - 1); break;
    case HENG_LANGUAGE_EN:
    case HENG_LANGUAGES: snprintf(text, sizeof text, "Copy no. %u", number - 1); break;
    }
    heng_paper_put(paper, HENG_PAPER_MARK, text);
}

static heng_rc money(struct heng_paper *paper, const struct heng_booking *booking,
                     const struct heng_receipt_row *receipt, struct heng_err *err)
{
    char text[HENG_MONEY_TEXT_MAX], words[HENG_CAPITALS_MAX];
    heng_language language = paper->language;
    heng_paper_pair(paper, HENG_PAPER_AMOUNT, heng_word_text(HENG_WORD_AMOUNT, language),
                    heng_paper_money(booking->amount, booking->currency, language, text));
    if (language == HENG_LANGUAGE_ZH && strcmp(booking->currency, "CNY") == 0) {
        heng_rc rc = heng_amount_capitals(booking->amount, words, err);
        if (rc != HENG_OK) return rc;
        pair(paper, HENG_WORD_IN_WORDS, words);
    }
    pair(paper, HENG_WORD_BEFORE, heng_paper_money(receipt->balance_before, booking->currency, language, text));
    pair(paper, HENG_WORD_AFTER, heng_paper_money(receipt->balance_after, booking->currency, language, text));
    return HENG_OK;
}

/* Of a reversal: the number of the receipt that it takes back. */
static heng_rc original(struct heng_store_reader *reader, const struct heng_booking *booking, struct heng_paper *paper,
                        struct heng_err *err)
{
    struct heng_receipt_row first;
    char text[HENG_RECEIPT_TEXT_MAX];
    if (!booking->reverses) return HENG_OK;
    heng_rc rc = heng_store_find_receipt(reader, booking->reverses, &first, err);
    if (rc == HENG_OK) {
        heng_receipt_text(&first, text);
        pair(paper, HENG_WORD_ORIGINAL, text);
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_paper_receipt(struct heng_store_reader *reader, int64_t scope, const struct heng_receipt_row *receipt,
                           uint32_t number, struct heng_paper *paper, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_account account;
    char sender[HENG_LETTERHEAD_MAX], text[HENG_RECEIPT_TEXT_MAX], at[32];
    heng_rc rc = heng_store_get_booking(reader, receipt->booking_id, &booking, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, booking.account_id, &account, err);
    if (rc == HENG_OK) rc = heng_paper_sender(reader, booking.org_id, sender, err);
    if (rc == HENG_OK) rc = moment(reader, booking.at_us, at, sizeof at, err);
    if (rc != HENG_OK) return rc;
    heng_language language = paper->language;
    heng_paper_put(paper, HENG_PAPER_SENDER, sender);
    heng_paper_put(paper, HENG_PAPER_TITLE, heng_word_text(title_of(booking.kind), language));
    if (number > 1) copy_mark(paper, number);
    heng_receipt_text(receipt, text);
    pair(paper, HENG_WORD_RECEIPT_NUMBER, text);
    pair(paper, HENG_WORD_AT, at);
    pair(paper, HENG_WORD_ACCOUNT, account.number);
    pair(paper, HENG_WORD_NAME, account.name);
    pair(paper, HENG_WORD_CHANNEL,
         strcmp(booking.channel, "cash") == 0 ? heng_word_text(HENG_WORD_CASH, language) : booking.channel);
    rc = money(paper, &booking, receipt, err);
    if (rc == HENG_OK) rc = original(reader, &booking, paper, err);
    if (rc != HENG_OK) return rc;
    pair(paper, HENG_WORD_REASON, booking.reason);
    pair(paper, HENG_WORD_OPERATOR, booking.who);
    pair(paper, HENG_WORD_SECOND, booking.second);
    heng_paper_put(paper, HENG_PAPER_SMALL, heng_word_text(HENG_WORD_SIGN, language));
    heng_paper_foot(paper, text);
    return paper->rc == HENG_OK ? HENG_OK : heng_fail(err, paper->rc, 0, "receipt '%s' is too long to print", text);
}
