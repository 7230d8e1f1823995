/* Tax by rate, what is paid of a bill, reminders, instalments, and what is left to pay. */
#include <stdio.h>
#include <string.h>

#include "paper/bill_parts.h"
#include "store/money/print.h"

enum { RATES_MAX = 16, PAYMENTS_MAX = 200, STEPS_MAX = 36 };

/* --- tax --------------------------------------------------------------------------------------------------------- */

struct rate {
    char vat[HENG_DEC_SHORT_MAX];
    int64_t gross, tax;
};

static heng_rc add_line(struct rate *rates, size_t *n, const struct heng_charge_line *line, struct heng_err *err)
{
    size_t i = 0;
    while (i < *n && strcmp(rates[i].vat, line->vat) != 0) i++;
    if (i == RATES_MAX) return heng_fail(err, HENG_ELIMIT, 0, "a bill has more than %d tax rates", RATES_MAX);
    if (i == *n) {
        rates[i] = (struct rate){.gross = 0};
        snprintf(rates[(*n)++].vat, sizeof rates[i].vat, "%s", line->vat);
    }
    if (__builtin_add_overflow(rates[i].gross, line->amount, &rates[i].gross) ||
        __builtin_add_overflow(rates[i].tax, line->tax, &rates[i].tax))
        return heng_fail(err, HENG_ERANGE, 0, "the lines of a bill do not fit a number");
    return HENG_OK;
}

/* "0.13" is "13 %". */
static const char *percent(const char *vat, heng_language language, char *ret, size_t cap)
{
    struct heng_dec rate;
    char plain[HENG_DEC_TEXT_MAX], grouped[HENG_MONEY_TEXT_MAX];
    if (!vat[0]) return heng_word_text(HENG_WORD_UNTAXED, language);
    if (heng_dec_parse(vat, &rate, NULL) != HENG_OK || heng_dec_shift(rate, 2, &rate) != HENG_OK) return vat;
    while (rate.exp < 0 && rate.mantissa % 10 == 0) {
        rate.mantissa /= 10;
        rate.exp++;
    }
    (void)heng_dec_format(rate, plain);
    if (strlen(plain) < 20) snprintf(ret, cap, "%.40s\u00A0%%", heng_paper_number(plain, language, grouped));
    return strlen(plain) < 20 ? ret : vat;
}

static void tax_row(const struct heng_bill_paper *b, const char *label, int64_t gross, int64_t tax, bool sum)
{
    char texts[3][HENG_MONEY_TEXT_MAX];
    const char *currency = b->bill.currency;
    heng_language language = b->paper->language;
    const char *cells[] = {label, heng_paper_money(b->sign * (gross - tax), currency, language, texts[0]),
                           heng_paper_money(b->sign * tax, currency, language, texts[1]),
                           heng_paper_money(b->sign * gross, currency, language, texts[2])};
    heng_paper_row(b->paper, sum, cells);
}

heng_rc heng_bill_paper_taxes(const struct heng_bill_paper *b, struct heng_err *err)
{
    static const struct heng_word_column columns[] = {{HENG_WORD_TAX_RATE, false, 22},
                                                      {HENG_WORD_NET, true, 26},
                                                      {HENG_WORD_TAX, true, 26},
                                                      {HENG_WORD_GROSS, true, 26}};
    struct rate rates[RATES_MAX];
    struct rate all = {.gross = 0};
    size_t n = 0;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < b->charges[i].line_count && rc == HENG_OK; k++)
            rc = add_line(rates, &n, &b->charges[i].lines[k], err);
    if (rc != HENG_OK || n == 0 || (n == 1 && !rates[0].vat[0] && !rates[0].tax)) return rc;
    heng_paper_heading(b->paper, HENG_WORD_TAXES);
    heng_paper_word_table(b->paper, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        char label[64];
        tax_row(b, percent(rates[i].vat, b->paper->language, label, sizeof label), rates[i].gross, rates[i].tax, false);
        if (__builtin_add_overflow(all.gross, rates[i].gross, &all.gross) ||
            __builtin_add_overflow(all.tax, rates[i].tax, &all.tax))
            return heng_fail(err, HENG_ERANGE, 0, "the taxes of a bill do not fit a number");
    }
    if (n > 1) tax_row(b, heng_word_text(HENG_WORD_TOTAL, b->paper->language), all.gross, all.tax, true);
    return HENG_OK;
}

/* --- paid and open ----------------------------------------------------------------------------------------------- */

/* paid, late: of the bill itself and of its fees; fees: booked for it. */
struct sums {
    int64_t paid, late, fees;
};

static const char *way_of(const struct heng_print_payment *payment, heng_language language)
{
    if (strcmp(payment->kind, heng_booking_text(HENG_BOOKING_APPLY)) == 0)
        return heng_word_text(HENG_WORD_BY_ADVANCE, language);
    if (strcmp(payment->kind, heng_booking_text(HENG_BOOKING_REVERSAL)) == 0)
        return heng_word_text(HENG_WORD_BY_REVERSAL, language);
    return heng_paper_channel(payment->channel[0] ? payment->channel : payment->kind, language);
}

static heng_rc payments(const struct heng_bill_paper *b, struct sums *sums, struct heng_err *err)
{
    static const struct heng_word_column columns[] = {{HENG_WORD_DAY, false, 22},
                                                      {HENG_WORD_CHANNEL, false, 30},
                                                      {HENG_WORD_ITEM, false, 22},
                                                      {HENG_WORD_PAID, true, 26}};
    size_t n = 0;
    struct heng_print_payment *list = heng_arena_take(b->paper->arena, PAYMENTS_MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the payments of a bill");
    heng_rc rc = heng_store_print_payments(b->reader, b->bill.id, list, PAYMENTS_MAX, &n, err);
    if (rc != HENG_OK || !n) return rc;
    if (n == PAYMENTS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "bill '%s' has more than %d payments", b->bill.number, PAYMENTS_MAX);
    heng_paper_heading(b->paper, HENG_WORD_PAYMENTS);
    heng_paper_word_table(b->paper, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        char day[HENG_MONEY_TEXT_MAX], amount[HENG_MONEY_TEXT_MAX];
        bool late = strcmp(list[i].part, "late") == 0;
        int64_t *sum = late ? &sums->late : &sums->paid;
        if (__builtin_add_overflow(*sum, list[i].amount, sum))
            return heng_fail(err, HENG_ERANGE, 0, "the payments of bill '%s' do not fit a number", b->bill.number);
        const char *cells[] = {heng_paper_day(list[i].day, b->paper->language, day),
                               way_of(&list[i], b->paper->language),
                               heng_word_text(late ? HENG_WORD_LATE_FEE : HENG_WORD_PRINCIPAL, b->paper->language),
                               heng_paper_money(list[i].amount, b->bill.currency, b->paper->language, amount)};
        heng_paper_row(b->paper, false, cells);
    }
    return HENG_OK;
}

/* A table of steps: reminders with their fees, or instalments with their days. */
static heng_rc steps(const struct heng_bill_paper *b, bool reminders, int64_t *ret_sum, struct heng_err *err)
{
    const struct heng_word_column columns[] = {{reminders ? HENG_WORD_STEP : HENG_WORD_INSTALMENT, false, 30},
                                               {reminders ? HENG_WORD_DAY : HENG_WORD_DUE, false, 35},
                                               {reminders ? HENG_WORD_LATE_FEE : HENG_WORD_AMOUNT, true, 35}};
    struct heng_print_step list[STEPS_MAX];
    size_t n = 0;
    *ret_sum = 0;
    heng_rc rc = reminders ? heng_store_print_fees(b->reader, b->bill.id, list, STEPS_MAX, &n, err)
                           : heng_store_print_instalments(b->reader, b->bill.id, list, STEPS_MAX, &n, err);
    if (rc != HENG_OK || !n) return rc;
    heng_paper_heading(b->paper, reminders ? HENG_WORD_REMINDER : HENG_WORD_INSTALMENTS);
    heng_paper_word_table(b->paper, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        char step[24], day[HENG_MONEY_TEXT_MAX], amount[HENG_MONEY_TEXT_MAX];
        snprintf(step, sizeof step, "%lld", (long long)list[i].n);
        if (reminders && list[i].n == 0) snprintf(step, sizeof step, "–");
        if (__builtin_add_overflow(*ret_sum, list[i].amount, ret_sum))
            return heng_fail(err, HENG_ERANGE, 0, "the fees of bill '%s' do not fit a number", b->bill.number);
        const char *cells[] = {step, heng_paper_day(list[i].day, b->paper->language, day),
                               heng_paper_money(list[i].amount, b->bill.currency, b->paper->language, amount)};
        heng_paper_row(b->paper, false, cells);
    }
    if (reminders) heng_paper_put(b->paper, HENG_PAPER_SMALL, heng_word_text(HENG_WORD_PLEASE_PAY, b->paper->language));
    return HENG_OK;
}

/* What is left, with capital characters where the currency has them. */
static heng_rc put_due(const struct heng_bill_paper *b, const struct sums *sums, struct heng_err *err)
{
    const struct heng_bill *bill = &b->bill;
    int64_t open, all;
    if (__builtin_sub_overflow(bill->total, sums->paid, &open) ||
        __builtin_sub_overflow(sums->fees, sums->late, &all) || __builtin_add_overflow(all, open, &all) ||
        all == INT64_MIN)
        return heng_fail(err, HENG_ERANGE, 0, "what is left of bill '%s' does not fit a number", bill->number);
    bool touched = sums->paid || sums->late || sums->fees;
    if (touched && all == 0) {
        heng_paper_put(b->paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_PAID_UP, b->paper->language));
        return HENG_OK;
    }
    heng_word word = all < 0 ? HENG_WORD_CREDIT : touched ? HENG_WORD_STILL_OPEN : HENG_WORD_TO_PAY;
    heng_paper_word_money(b->paper, HENG_PAPER_AMOUNT, word, all < 0 ? -all : all, bill->currency);
    return heng_paper_capitals(b->paper, all < 0 ? -all : all, bill->currency, err);
}

heng_rc heng_bill_paper_due(const struct heng_bill_paper *b, struct heng_err *err)
{
    struct sums sums = {.paid = 0};
    int64_t parts = 0;
    if (b->bill.kind == HENG_BILL_STATEMENT) {
        heng_paper_word_money(b->paper, HENG_PAPER_AMOUNT, HENG_WORD_ALREADY, b->bill.total, b->bill.currency);
        heng_paper_put(b->paper, HENG_PAPER_SMALL, heng_word_text(HENG_WORD_NOTHING_DUE, b->paper->language));
        return HENG_OK;
    }
    if (b->bill.kind == HENG_BILL_REVERSAL || b->bill.state == HENG_BILL_STATE_REVERSED) {
        heng_paper_word_money(b->paper, HENG_PAPER_AMOUNT, HENG_WORD_TOTAL, b->bill.total, b->bill.currency);
        return heng_paper_capitals(b->paper, b->bill.total, b->bill.currency, err);
    }
    heng_rc rc = payments(b, &sums, err);
    if (rc == HENG_OK) rc = steps(b, true, &sums.fees, err);
    if (rc == HENG_OK) rc = steps(b, false, &parts, err);
    return rc == HENG_OK ? put_due(b, &sums, err) : rc;
}
