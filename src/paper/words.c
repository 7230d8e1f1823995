#include "paper/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const words[][HENG_LANGUAGES] = {
#define X(symbol, zh, en, de) {zh, en, de},
    HENG_WORD_LIST(X)
#undef X
};

const char *heng_word_text(heng_word word, heng_language language) { return words[word][language]; }

heng_word heng_word_of_bill(heng_bill_kind kind)
{
    switch (kind) {
    case HENG_BILL_STATEMENT: return HENG_WORD_BILL_STATEMENT;
    case HENG_BILL_FINAL: return HENG_WORD_BILL_FINAL;
    case HENG_BILL_HEAT: return HENG_WORD_BILL_HEAT;
    case HENG_BILL_PREPAY: return HENG_WORD_BILL_PREPAY;
    case HENG_BILL_DELTA: return HENG_WORD_BILL_DELTA;
    case HENG_BILL_REVERSAL: return HENG_WORD_BILL_REVERSAL;
    case HENG_BILL_BILL:
    case HENG_BILL_KIND_COUNT: break;
    }
    return HENG_WORD_BILL;
}

/* Digits with groups of three, then the mark and the rest. */
static void grouped(const char *digits, size_t whole, const char *rest, heng_language language, char *out, size_t cap)
{
    char group = language == HENG_LANGUAGE_DE ? '.' : ',', mark = language == HENG_LANGUAGE_DE ? ',' : '.';
    size_t n = 0;
    for (size_t i = 0; i < whole && n + 2 < cap; i++) {
        if (i && (whole - i) % 3 == 0) out[n++] = group;
        out[n++] = digits[i];
    }
    if (*rest && n + 1 < cap) out[n++] = mark;
    while (*rest && n + 1 < cap) out[n++] = *rest++;
    out[n] = 0;
}

const char *heng_paper_number(const char *decimal, heng_language language, char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)])
{
    const char *digits = decimal + (*decimal == '-' || *decimal == '+');
    size_t whole = strcspn(digits, "."), n = 0;
    if (*decimal == '-') ret[n++] = '-';
    grouped(digits, whole, digits[whole] ? digits + whole + 1 : "", language, ret + n, HENG_MONEY_TEXT_MAX - n);
    return ret;
}

const char *heng_paper_money(int64_t amount, const char *currency, heng_language language,
                             char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)])
{
    char digits[24], rest[4], number[36];
    uint64_t size = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    const char *sign = amount < 0 ? "-" : "", *euro = strcmp(currency, "EUR") == 0 ? "€" : currency;
    snprintf(digits, sizeof digits, "%" PRIu64, size / 100);
    snprintf(rest, sizeof rest, "%02u", (unsigned)(size % 100));
    grouped(digits, strlen(digits), rest, language, number, sizeof number);
    if (language == HENG_LANGUAGE_DE)
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%s%s\u00A0%s", sign, number, euro);
    else if (language == HENG_LANGUAGE_ZH && strcmp(currency, "CNY") == 0)
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%s%s\u00A0元", sign, number);
    else
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%s\u00A0%s%s", currency, sign, number);
    return ret;
}

const char *heng_paper_day(heng_day day, heng_language language, char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)])
{
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    if (language == HENG_LANGUAGE_DE)
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%02d.%02d.%04d", of_month, month, year);
    else
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%04d-%02d-%02d", year, month, of_month);
    return ret;
}

const char *heng_paper_period(heng_day from, heng_day to, heng_language language,
                              char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)])
{
    char first[HENG_MONEY_TEXT_MAX], last[HENG_MONEY_TEXT_MAX];
    heng_paper_day(from, language, first);
    heng_paper_day(to > from ? to - 1 : from, language, last);
    snprintf(ret, HENG_MONEY_TEXT_MAX, "%.20s – %.20s", first, last);
    return ret;
}
