#include "paper/heat_parts.h"
#include "usage/quality.h"

#include <stdio.h>
#include <string.h>

#include "ledger/amount.h"

static const char *const words[][HENG_LANGUAGES] = {
#define X(symbol, zh, en, de) {zh, en, de},
    HENG_HEAT_WORD_LIST(X)
#undef X
};

const char *heng_heat_word_text(heng_heat_word word, heng_language language) { return words[word][language]; }

const char *heng_heat_label(const struct heng_heat_paper *h, heng_heat_word word)
{
    return words[word][h->paper->language];
}

void heng_heat_pair(const struct heng_heat_paper *h, heng_heat_word word, const char *value)
{
    if (*value) heng_paper_pair(h->paper, HENG_PAPER_PAIR, heng_heat_label(h, word), value);
}

void heng_heat_heading(const struct heng_heat_paper *h, heng_heat_word word)
{
    heng_paper_put(h->paper, HENG_PAPER_HEADING, heng_heat_label(h, word));
}

void heng_heat_table(const struct heng_heat_paper *h, const struct heng_heat_column *columns, size_t count)
{
    struct heng_paper_column titled[HENG_PAPER_COLUMNS_MAX];
    if (count > HENG_PAPER_COLUMNS_MAX) count = HENG_PAPER_COLUMNS_MAX;
    for (size_t i = 0; i < count; i++)
        titled[i] = (struct heng_paper_column){heng_heat_label(h, columns[i].word), columns[i].right, columns[i].share};
    heng_paper_table(h->paper, titled, count);
}

/* What the document cannot hold is latched in it. */
static const char *keep(const struct heng_heat_paper *h, const char *text)
{
    const char *mine = heng_arena_text(h->paper->arena, text);
    if (!mine) h->paper->rc = HENG_ELIMIT;
    return mine ? mine : "";
}

/* What is no decimal stays as it is. */
static const char *grouped(const struct heng_heat_paper *h, const char *decimal, char ret[HENG_MONEY_TEXT_MAX])
{
    struct heng_dec value;
    if (strlen(decimal) > 30 || heng_dec_parse(decimal, &value, NULL) != HENG_OK) return decimal;
    return heng_paper_number(decimal, h->paper->language, ret);
}

const char *heng_heat_number(const struct heng_heat_paper *h, const char *decimal, const char *unit)
{
    char number[HENG_MONEY_TEXT_MAX], text[160];
    if (!*decimal) return "";
    snprintf(text, sizeof text, "%.60s%s%.32s", grouped(h, decimal, number), *unit ? "\u00A0" : "", unit);
    return keep(h, text);
}

const char *heng_heat_money(const struct heng_heat_paper *h, const char *decimal)
{
    char text[HENG_MONEY_TEXT_MAX];
    int64_t amount;
    if (!*decimal) return "";
    if (heng_amount_of(decimal, &amount, NULL) != HENG_OK) return heng_heat_number(h, decimal, h->currency);
    return keep(h, heng_paper_money(amount, h->currency, h->paper->language, text));
}

const char *heng_heat_percent(const struct heng_heat_paper *h, const char *share)
{
    struct heng_dec value;
    char text[HENG_DEC_TEXT_MAX];
    if (!*share || strlen(share) > 30 || heng_dec_parse(share, &value, NULL) != HENG_OK ||
        heng_dec_shift(value, 2, &value) != HENG_OK)
        return "";
    while (value.exp < 0 && value.mantissa % 10 == 0) {
        value.mantissa /= 10;
        value.exp++;
    }
    (void)heng_dec_format(value, text);
    return heng_heat_number(h, text, "%");
}

const char *heng_heat_day(const struct heng_heat_paper *h, const char *date)
{
    char text[HENG_MONEY_TEXT_MAX];
    heng_day day;
    if (!heng_date_parse(date, &day)) return date;
    return keep(h, heng_paper_day(day, h->paper->language, text));
}

const char *heng_heat_period(const struct heng_heat_paper *h, const char *first, const char *last)
{
    char text[160];
    if (!*first || !*last) return "";
    snprintf(text, sizeof text, "%.60s – %.60s", heng_heat_day(h, first), heng_heat_day(h, last));
    return keep(h, text);
}

const char *heng_heat_source(const struct heng_heat_paper *h, const char *source)
{
    static const struct {
        const char *source, *words[HENG_LANGUAGES];
    } sources[] = {
        {"device", {"实测", "measured", "gemessen"}},
        {"memory", {"补抄", "read later", "nachträglich ausgelesen"}},
        {"own-series", {"按本户已有数据推算", "by its own series", "aus eigener Messreihe"}},
        {"own-periods", {"按本户往期", "by its own earlier periods", "nach eigenen Vorperioden"}},
        {"comparable", {"按同类房间", "by comparable rooms", "nach vergleichbaren Räumen"}},
        {"own-ratio", {"按本户往期占比", "by its earlier part", "nach früherem Anteil"}},
        {"mean", {"按平均值", "by the mean per m²", "nach dem Mittel je m²"}},
        {"area-flat", {"按本户面积", "by its area", "nach Fläche"}},
        {"tamper", {"仪表被动过", "device tampered with", "Gerät manipuliert"}},
        {"area-group", {"全组按面积", "all by area", "Gruppe nach Fläche"}},
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].source, source) == 0) return sources[i].words[h->paper->language];
    return source;
}

void heng_heat_bars(const struct heng_heat_paper *h, const struct heng_heat_bar *bars, size_t n, const char *unit)
{
    struct heng_dec most = {0, 0}, value, part;
    for (size_t i = 0; i < n; i++)
        if (heng_dec_parse(bars[i].value, &value, NULL) == HENG_OK && heng_dec_cmp(value, most) > 0) most = value;
    for (size_t i = 0; i < n; i++) {
        if (!*bars[i].value || heng_dec_parse(bars[i].value, &value, NULL) != HENG_OK) continue;
        bool fits = most.mantissa > 0 &&
                    heng_exact_div(value, heng_dec_of(1000, 0), most, 0, HENG_ROUNDING_HALF_UP, &part) == HENG_OK;
        heng_paper_bar(h->paper, heng_heat_label(h, bars[i].word), heng_heat_number(h, bars[i].value, unit),
                       fits ? part.mantissa : 0);
    }
}
