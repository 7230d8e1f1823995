#include "paper/receipt.h"

#include <stdio.h>
#include <string.h>

#include "account/receipt.h"
#include "paper/bill.h"
#include "paper/parts.h"
#include "store/money/accounts.h"
#include "store/money/ledger.h"
#include "store/money/print.h"
#include "usage/usage.h"

enum { BILLS_MAX = 200 };

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

/* Receipts about a deposit say what of it there was and is, the others what the customer has at hand. */
static heng_rc money(struct heng_paper *paper, const struct heng_booking *booking,
                     const struct heng_receipt_row *receipt, struct heng_err *err)
{
    bool deposit = booking->kind == HENG_BOOKING_DEPOSIT || booking->kind == HENG_BOOKING_DEPOSIT_BACK;
    heng_paper_word_money(paper, HENG_PAPER_AMOUNT, HENG_WORD_AMOUNT, booking->amount, booking->currency);
    heng_rc rc = heng_paper_capitals(paper, booking->amount, booking->currency, err);
    heng_paper_word_money(paper, HENG_PAPER_PAIR, deposit ? HENG_WORD_DEPOSIT_BEFORE : HENG_WORD_BEFORE,
                          receipt->balance_before, booking->currency);
    heng_paper_word_money(paper, HENG_PAPER_PAIR, deposit ? HENG_WORD_DEPOSIT_AFTER : HENG_WORD_AFTER,
                          receipt->balance_after, booking->currency);
    return rc;
}

/* The number of the purchase, of a sale whose money lies in the meter. */
static heng_rc purchase(struct heng_store_reader *reader, const struct heng_booking *booking, struct heng_paper *paper,
                        struct heng_err *err)
{
    int64_t number = 0;
    char text[24];
    if (booking->kind != HENG_BOOKING_SALE) return HENG_OK;
    heng_rc rc = heng_store_print_purchase(reader, booking->key, &number, err);
    if (rc != HENG_OK || number <= 0) return rc;
    snprintf(text, sizeof text, "%lld", (long long)number);
    heng_paper_word(paper, HENG_WORD_COUNTER, text);
    return HENG_OK;
}

/* Which bills a payment pays; what is over is in the balance. */
static heng_rc paid_bills(struct heng_store_reader *reader, const struct heng_booking *booking,
                          struct heng_paper *paper, struct heng_err *err)
{
    static const struct heng_word_column columns[] = {
        {HENG_WORD_PAID_BILLS, false, 44}, {HENG_WORD_ITEM, false, 24}, {HENG_WORD_PAID, true, 32}};
    struct heng_print_payment *list = heng_arena_take(paper->arena, BILLS_MAX, sizeof *list);
    size_t n = 0;
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the bills of a receipt");
    heng_rc rc = heng_store_print_paid_bills(reader, booking->id, list, BILLS_MAX, &n, err);
    if (rc != HENG_OK || !n) return rc;
    if (n == BILLS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "a receipt of more than %d bills cannot be printed", BILLS_MAX);
    heng_paper_word_table(paper, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        char amount[HENG_MONEY_TEXT_MAX];
        bool late = strcmp(list[i].part, "late") == 0;
        const char *cells[] = {list[i].bill,
                               heng_word_text(late ? HENG_WORD_LATE_FEE : HENG_WORD_PRINCIPAL, paper->language),
                               heng_paper_money(list[i].amount, booking->currency, paper->language, amount)};
        heng_paper_row(paper, false, cells);
    }
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
        heng_paper_word(paper, HENG_WORD_ORIGINAL, text);
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Pairs by pairs, so that two and two stand side by side on a form of a third. */
static heng_rc body(struct heng_store_reader *reader, const struct heng_booking *booking,
                    const struct heng_account *account, const struct heng_receipt_row *receipt, const char *at,
                    struct heng_paper *paper, struct heng_err *err)
{
    char text[HENG_RECEIPT_TEXT_MAX];
    heng_receipt_text(receipt, text);
    heng_paper_word(paper, HENG_WORD_RECEIPT_NUMBER, text);
    heng_paper_word(paper, HENG_WORD_AT, at);
    heng_paper_word(paper, HENG_WORD_ACCOUNT, account->number);
    heng_paper_word(paper, HENG_WORD_NAME, account->name);
    heng_paper_word(paper, HENG_WORD_CHANNEL, heng_paper_channel(booking->channel, paper->language));
    heng_rc rc = purchase(reader, booking, paper, err);
    if (rc == HENG_OK) rc = money(paper, booking, receipt, err);
    if (rc == HENG_OK) rc = paid_bills(reader, booking, paper, err);
    if (rc == HENG_OK) rc = original(reader, booking, paper, err);
    if (rc != HENG_OK) return rc;
    heng_paper_word(paper, HENG_WORD_REASON, booking->reason);
    heng_paper_word(paper, HENG_WORD_DESK, booking->desk);
    heng_paper_word(paper, HENG_WORD_OPERATOR, booking->who);
    heng_paper_word(paper, HENG_WORD_SECOND, booking->second);
    heng_paper_put(paper, HENG_PAPER_SMALL, heng_word_text(HENG_WORD_SIGN, paper->language));
    heng_paper_foot(paper, text);
    return HENG_OK;
}

heng_rc heng_paper_receipt(struct heng_store_reader *reader, int64_t scope, const struct heng_receipt_row *receipt,
                           uint32_t number, struct heng_paper *paper, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_account account;
    struct heng_usage_site site;
    char sender[HENG_LETTERHEAD_MAX], text[HENG_RECEIPT_TEXT_MAX], at[HENG_MONEY_TEXT_MAX];
    heng_rc rc = heng_store_get_booking(reader, receipt->booking_id, &booking, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, booking.account_id, &account, err);
    if (rc == HENG_OK) rc = heng_paper_sender(reader, booking.org_id, sender, err);
    if (rc == HENG_OK) rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    heng_paper_moment(site.zone, booking.at_us, true, paper->language, at);
    heng_usage_site_close(&site);
    heng_paper_put(paper, HENG_PAPER_SENDER, sender);
    heng_paper_put(paper, HENG_PAPER_TITLE, heng_word_text(title_of(booking.kind), paper->language));
    if (number > 1) copy_mark(paper, number);
    rc = body(reader, &booking, &account, receipt, at, paper, err);
    if (rc != HENG_OK) return rc;
    heng_receipt_text(receipt, text);
    return paper->rc == HENG_OK ? HENG_OK : heng_fail(err, paper->rc, 0, "receipt '%s' is too long to print", text);
}
