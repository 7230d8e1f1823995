#ifndef HENG_PAPER_HEAT_PARTS_H
#define HENG_PAPER_HEAT_PARTS_H
/* What statements share. Inside of paper/ only. */
#include "paper/heat_words.h"
#include "paper/parts.h"
#include "paper/tree.h"

/* A statement at work: the answer, the flat in it, the document. */
struct heng_heat_paper {
    struct heng_paper *paper;
    const struct heng_tree *answer, *flat, *tenant;
    const char *flat_id, *currency;
};

const char *heng_heat_label(const struct heng_heat_paper *h, heng_heat_word word);
/* Label and value; nothing where the value is "". */
void heng_heat_pair(const struct heng_heat_paper *h, heng_heat_word word, const char *value);
void heng_heat_heading(const struct heng_heat_paper *h, heng_heat_word word);
struct heng_heat_column {
    heng_heat_word word;
    bool right;
    uint8_t share;
};
void heng_heat_table(const struct heng_heat_paper *h, const struct heng_heat_column *columns, size_t count);

/* Texts that live as long as the document. A decimal with its unit; an amount of money; a share as percentage; "" of
 * "". */
const char *heng_heat_number(const struct heng_heat_paper *h, const char *decimal, const char *unit);
const char *heng_heat_money(const struct heng_heat_paper *h, const char *decimal);
const char *heng_heat_percent(const struct heng_heat_paper *h, const char *share);
/* "2026-01-31" as people of the language write it; two as a period, the last day given or the first day behind. */
const char *heng_heat_day(const struct heng_heat_paper *h, const char *date);
const char *heng_heat_period(const struct heng_heat_paper *h, const char *first, const char *last);
/* How a missing value was replaced. */
const char *heng_heat_source(const struct heng_heat_paper *h, const char *source);
/* Bars of decimals of one unit, to the scale of the largest; "" has none. */
struct heng_heat_bar {
    heng_heat_word word;
    const char *value;
};
void heng_heat_bars(const struct heng_heat_paper *h, const struct heng_heat_bar *bars, size_t n, const char *unit);

HENG_NODISCARD heng_rc heng_heat_house(const struct heng_heat_paper *h, struct heng_err *err);
HENG_NODISCARD heng_rc heng_heat_settlement(const struct heng_heat_paper *h, struct heng_err *err);

#endif
