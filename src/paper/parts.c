#include "paper/parts.h"

#include <stdio.h>
#include <string.h>

#include "ledger/amount.h"

void heng_paper_word(struct heng_paper *paper, heng_word word, const char *value)
{
    if (*value) heng_paper_pair(paper, HENG_PAPER_PAIR, heng_word_text(word, paper->language), value);
}

void heng_paper_word_money(struct heng_paper *paper, heng_paper_kind kind, heng_word word, int64_t amount,
                           const char *currency)
{
    char text[HENG_MONEY_TEXT_MAX];
    heng_paper_pair(paper, kind, heng_word_text(word, paper->language),
                    heng_paper_money(amount, currency, paper->language, text));
}

void heng_paper_heading(struct heng_paper *paper, heng_word word)
{
    heng_paper_put(paper, HENG_PAPER_HEADING, heng_word_text(word, paper->language));
}

void heng_paper_word_table(struct heng_paper *paper, const struct heng_word_column *columns, size_t count)
{
    struct heng_paper_column titled[HENG_PAPER_COLUMNS_MAX];
    if (count > HENG_PAPER_COLUMNS_MAX) count = HENG_PAPER_COLUMNS_MAX;
    for (size_t i = 0; i < count; i++)
        titled[i] = (struct heng_paper_column){heng_word_text(columns[i].word, paper->language), columns[i].right,
                                               columns[i].share};
    heng_paper_table(paper, titled, count);
}

const char *heng_paper_moment(const struct heng_zone *zone, heng_us at_us, bool seconds, heng_language language,
                              char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)])
{
    struct heng_civil civil = heng_zone_civil(zone, at_us);
    char day[HENG_MONEY_TEXT_MAX];
    heng_paper_day(heng_day_of_date(civil.year, civil.month, civil.day), language, day);
    if (seconds)
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%.20s %02d:%02d:%02d", day, civil.hour, civil.minute, civil.second);
    else
        snprintf(ret, HENG_MONEY_TEXT_MAX, "%.20s %02d:%02d", day, civil.hour, civil.minute);
    return ret;
}

const char *heng_paper_channel(const char *channel, heng_language language)
{
    if (strcmp(channel, "cash") == 0) return heng_word_text(HENG_WORD_CASH, language);
    if (strcmp(channel, "bank") == 0) return heng_word_text(HENG_WORD_BANK, language);
    return channel;
}

heng_rc heng_paper_capitals(struct heng_paper *paper, int64_t amount, const char *currency, struct heng_err *err)
{
    char words[HENG_CAPITALS_MAX];
    if (paper->language != HENG_LANGUAGE_ZH || strcmp(currency, "CNY") != 0) return HENG_OK;
    heng_rc rc = heng_amount_capitals(amount, words, err);
    if (rc == HENG_OK) heng_paper_word(paper, HENG_WORD_IN_WORDS, words);
    return rc;
}
