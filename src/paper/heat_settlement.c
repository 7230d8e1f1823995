/* The settlement of a Chinese heating season for a flat: what it used of its building, the price, what is to collect or
 * to give back. */
#include <stdio.h>
#include <string.h>

#include "ledger/amount.h"
#include "paper/heat_parts.h"
#include "usage/quality.h"

static const char *method_text(const struct heng_heat_paper *h, const char *method)
{
    static const struct {
        const char *method, *words[HENG_LANGUAGES];
    } methods[] = {
        {"household-meter", {"户用热量表法", "household heat meters", "Wohnungswärmezähler"}},
        {"allocators", {"散热器热分配计法", "heat cost allocators", "Heizkostenverteiler"}},
        {"flow-temperature", {"流量温度法", "flow and temperature", "Durchfluss und Temperatur"}},
        {"on-off-area", {"通断时间面积法", "valve hours and area", "Öffnungszeit und Fläche"}},
        {"temperature-area", {"温度面积法", "room temperature and area", "Raumtemperatur und Fläche"}},
        {"temperature-time-area", {"温度时间面积法", "temperature, time, area", "Temperatur, Zeit und Fläche"}},
        {"hot-water-volume", {"户用热水表法", "hot water meters", "Warmwasserzähler"}},
        {"area", {"面积法", "area", "Fläche"}},
        {"weights", {"约定权重", "agreed weights", "vereinbarte Gewichte"}}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].method, method) == 0) return methods[i].words[h->paper->language];
    return method;
}

static void share(const struct heng_heat_paper *h)
{
    const struct heng_tree *groups = heng_tree_at(h->answer, "groups"), *one = NULL, *group = NULL;
    char text[200];
    for (const struct heng_tree *g = groups ? groups->first : NULL; g && !one; g = g->next)
        if ((one = heng_tree_find(heng_tree_at(g, "shares"), "id", heng_tree_text(h->flat, "id")))) group = g;
    if (!one) return;
    const char *unit = heng_tree_text(one, "unit"), *reason = heng_tree_text(one, "reason");
    heng_heat_pair(h, HENG_HEAT_WORD_METHOD, method_text(h, heng_tree_text(group, "method")));
    heng_heat_pair(h, HENG_HEAT_WORD_BUILDING_HEAT,
                   heng_heat_number(h, heng_tree_text(group, "quantity"), heng_tree_text(group, "unit")));
    heng_heat_pair(h, HENG_HEAT_WORD_AREA, heng_heat_number(h, heng_tree_text(one, "area"), "m²"));
    heng_heat_pair(h, HENG_HEAT_WORD_RATIO, heng_heat_number(h, heng_tree_text(one, "ratio"), ""));
    snprintf(text, sizeof text, "%.60s / %.60s", heng_heat_number(h, heng_tree_text(one, "weight"), ""),
             heng_heat_number(h, heng_tree_text(group, "weights"), ""));
    heng_heat_pair(h, HENG_HEAT_WORD_WEIGHT, text);
    heng_heat_pair(h, HENG_HEAT_WORD_SHARE, heng_heat_number(h, heng_tree_text(one, "quantity"), unit));
    snprintf(text, sizeof text, "%.60s%s%.100s", heng_heat_source(h, heng_tree_text(one, "source")),
             *reason ? "; " : "", reason);
    heng_heat_pair(h, HENG_HEAT_WORD_SOURCE, text);
}

static void lines(const struct heng_heat_paper *h)
{
    static const struct {
        const char *code;
        heng_heat_word word;
    } codes[] = {{"base", HENG_HEAT_WORD_LINE_BASE},
                 {"metered", HENG_HEAT_WORD_LINE_METERED},
                 {"area", HENG_HEAT_WORD_LINE_AREA},
                 {"cap", HENG_HEAT_WORD_LINE_CAP},
                 {"stopped", HENG_HEAT_WORD_LINE_STOPPED},
                 {"refund-temperature", HENG_HEAT_WORD_LINE_COLD},
                 {"refund-failure", HENG_HEAT_WORD_LINE_FAILURE}};
    static const struct heng_word_column columns[] = {{HENG_WORD_ITEM, false, 34},
                                                      {HENG_WORD_QUANTITY, true, 20},
                                                      {HENG_WORD_PRICE, true, 20},
                                                      {HENG_WORD_AMOUNT, true, 26}};
    const struct heng_tree *list = heng_tree_at(h->flat, "lines");
    heng_paper_heading(h->paper, HENG_WORD_CHARGES);
    heng_paper_word_table(h->paper, columns, sizeof columns / sizeof *columns);
    for (const struct heng_tree *line = list ? list->first : NULL; line; line = line->next) {
        const char *name = heng_tree_text(line, "code"), *unit = heng_tree_text(line, "unit");
        const char *price = heng_tree_text(line, "price");
        bool cap = strcmp(name, "cap") == 0;
        if (strcmp(unit, "m2") == 0) unit = "m²";
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
            if (strcmp(codes[i].code, name) == 0) {
                name = heng_heat_label(h, codes[i].word);
                break;
            }
        const char *cells[] = {name,
                               cap ? heng_heat_percent(h, heng_tree_text(line, "quantity"))
                                   : heng_heat_number(h, heng_tree_text(line, "quantity"), unit),
                               strcmp(price, "0") == 0 ? "" : heng_heat_number(h, price, ""),
                               heng_heat_money(h, heng_tree_text(line, "amount"))};
        heng_paper_row(h->paper, false, cells);
    }
    const char *sum[] = {heng_heat_label(h, HENG_HEAT_WORD_PAYABLE), "", "",
                         heng_heat_money(h, heng_tree_text(h->flat, "payable"))};
    heng_paper_row(h->paper, true, sum);
}

/* What is to collect, to give back, or goes into the next season; the last amount in capital characters. */
static heng_rc result(const struct heng_heat_paper *h, struct heng_err *err)
{
    static const struct {
        const char *key;
        heng_heat_word word;
    } ends[] = {{"collect", HENG_HEAT_WORD_CLAIM},
                {"refund", HENG_HEAT_WORD_CREDIT},
                {"carry_forward", HENG_HEAT_WORD_CARRY},
                {"waived", HENG_HEAT_WORD_WAIVED}};
    heng_rc rc = HENG_OK;
    bool some = false;
    heng_paper_word(h->paper, HENG_WORD_TAX_IN, heng_heat_money(h, heng_tree_text(h->flat, "vat")));
    heng_heat_pair(h, HENG_HEAT_WORD_PREPAID, heng_heat_money(h, heng_tree_text(h->flat, "prepaid")));
    heng_heat_pair(h, HENG_HEAT_WORD_CARRIED_IN, heng_heat_money(h, heng_tree_text(h->flat, "carried_in")));
    for (size_t i = 0; i < sizeof ends / sizeof *ends && rc == HENG_OK; i++) {
        const char *text = heng_tree_text(h->flat, ends[i].key);
        int64_t amount;
        if (!*text) continue;
        some = true;
        heng_paper_pair(h->paper, HENG_PAPER_AMOUNT, heng_heat_label(h, ends[i].word), heng_heat_money(h, text));
        if (heng_amount_of(text, &amount, NULL) == HENG_OK)
            rc = heng_paper_capitals(h->paper, amount, h->currency, err);
    }
    if (!some) heng_paper_put(h->paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_PAID_UP, h->paper->language));
    return rc;
}

heng_rc heng_heat_settlement(const struct heng_heat_paper *h, struct heng_err *err)
{
    const struct heng_tree *period = heng_tree_at(h->answer, "period");
    char text[HENG_MONEY_TEXT_MAX];
    heng_day first, behind;
    heng_paper_put(h->paper, HENG_PAPER_TITLE, heng_heat_label(h, HENG_HEAT_WORD_SETTLEMENT));
    heng_heat_pair(h, HENG_HEAT_WORD_BUILDING, heng_tree_text(h->answer, "group"));
    heng_heat_pair(h, HENG_HEAT_WORD_FLAT, heng_tree_text(h->flat, "id"));
    if (heng_date_parse(heng_tree_text(period, "from"), &first) &&
        heng_date_parse(heng_tree_text(period, "to"), &behind))
        heng_heat_pair(h, HENG_HEAT_WORD_SEASON, heng_paper_period(first, behind, h->paper->language, text));
    bool two = strcmp(heng_tree_text(h->flat, "mode"), "two-part") == 0;
    heng_heat_pair(h, HENG_HEAT_WORD_MODE, heng_heat_label(h, two ? HENG_HEAT_WORD_TWO_PART : HENG_HEAT_WORD_BY_AREA));
    heng_heat_pair(h, HENG_HEAT_WORD_CHARGE_AREA, heng_heat_number(h, heng_tree_text(h->flat, "charge_area"), "m²"));
    share(h);
    lines(h);
    return result(h, err);
}
