/* The heat cost statement of a German house for one tenant (HeizkostenV; what it must show: domain notes on
 * apportionment, 2.4). */
#include <stdio.h>
#include <string.h>

#include "paper/heat_parts.h"
#include "usage/quality.h"

/* --- the house --------------------------------------------------------------------------------------------------- */

static void cost_row(const struct heng_heat_paper *h, const char *name, const struct heng_tree *item, const char *unit,
                     const char *amount, bool sum)
{
    const char *cells[] = {name, heng_heat_day(h, heng_tree_text(item, "date")),
                           heng_heat_number(h, heng_tree_text(item, "quantity"), unit), heng_heat_money(h, amount)};
    heng_paper_row(h->paper, sum, cells);
}

static void fuel(const struct heng_heat_paper *h)
{
    const struct heng_tree *stock = heng_tree_at(h->answer, "fuel"), *lots = heng_tree_at(stock, "lots");
    const char *unit = heng_tree_text(stock, "unit"), *name = heng_tree_text(stock, "name");
    char text[160];
    if (!stock) return;
    for (const struct heng_tree *lot = lots ? lots->first : NULL; lot; lot = lot->next) {
        snprintf(text, sizeof text, "%.60s: %s", name, heng_heat_label(h, HENG_HEAT_WORD_FUEL_LOT));
        cost_row(h, text, lot, unit, heng_tree_text(lot, "amount"), false);
    }
    const char *closing[] = {heng_heat_label(h, HENG_HEAT_WORD_FUEL_CLOSING), "",
                             heng_heat_number(h, heng_tree_text(stock, "closing"), unit),
                             heng_heat_money(h, heng_tree_text(stock, "closing_value"))};
    const char *used[] = {heng_heat_label(h, HENG_HEAT_WORD_FUEL_USED), "",
                          heng_heat_number(h, heng_tree_text(stock, "used"), unit),
                          heng_heat_money(h, heng_tree_text(stock, "cost"))};
    heng_paper_row(h->paper, false, closing);
    heng_paper_row(h->paper, true, used);
}

static void costs(const struct heng_heat_paper *h)
{
    static const struct heng_heat_column columns[] = {{HENG_HEAT_WORD_COST, false, 40},
                                                      {HENG_HEAT_WORD_SEASON, false, 22},
                                                      {HENG_HEAT_WORD_USE, true, 18},
                                                      {HENG_HEAT_WORD_ALL_COST, true, 20}};
    struct heng_paper_column titled[4];
    const struct heng_tree *list = heng_tree_at(h->answer, "costs"), *totals = heng_tree_at(h->answer, "totals");
    heng_heat_heading(h, HENG_HEAT_WORD_COSTS);
    for (size_t i = 0; i < 4; i++)
        titled[i] = (struct heng_paper_column){heng_heat_label(h, columns[i].word), columns[i].right, columns[i].share};
    titled[1].title = heng_word_text(HENG_WORD_DAY, h->paper->language);
    titled[2].title = heng_word_text(HENG_WORD_QUANTITY, h->paper->language);
    heng_paper_table(h->paper, titled, 4);
    for (const struct heng_tree *item = list ? list->first : NULL; item; item = item->next)
        cost_row(h, heng_tree_text(item, "name"), item, heng_tree_text(item, "unit"), heng_tree_text(item, "amount"),
                 false);
    fuel(h);
    cost_row(h, heng_heat_label(h, HENG_HEAT_WORD_HEAT_COST), NULL, "", heng_tree_text(totals, "heat"), true);
    if (strcmp(heng_tree_text(totals, "warm_water"), "0.00") != 0)
        cost_row(h, heng_heat_label(h, HENG_HEAT_WORD_WATER_COST), NULL, "", heng_tree_text(totals, "warm_water"),
                 true);
}

static void co2(const struct heng_heat_paper *h)
{
    const struct heng_tree *t = heng_tree_at(h->answer, "co2");
    char text[160];
    if (!t) return;
    heng_heat_heading(h, HENG_HEAT_WORD_CO2);
    heng_heat_pair(h, HENG_HEAT_WORD_CO2_KG, heng_heat_number(h, heng_tree_text(t, "kg"), "kg"));
    heng_heat_pair(h, HENG_HEAT_WORD_CO2_SPECIFIC, heng_heat_number(h, heng_tree_text(t, "kg_per_m2_year"), "kg"));
    snprintf(text, sizeof text, "%.8s; %.8s\u00A0%%", heng_tree_text(t, "stage"), heng_tree_text(t, "tenant_percent"));
    heng_heat_pair(h, HENG_HEAT_WORD_CO2_STAGE, text);
    heng_heat_pair(h, HENG_HEAT_WORD_CO2, heng_heat_money(h, heng_tree_text(t, "cost")));
    heng_heat_pair(h, HENG_HEAT_WORD_CO2_TENANT, heng_heat_money(h, heng_tree_text(t, "tenant")));
    bool taken = strcmp(heng_tree_text(t, "deducted"), "true") == 0;
    snprintf(text, sizeof text, "%.60s (%s)", heng_heat_money(h, heng_tree_text(t, "landlord")),
             heng_heat_label(h, taken ? HENG_HEAT_WORD_CO2_TAKEN : HENG_HEAT_WORD_CO2_SHOWN));
    heng_heat_pair(h, HENG_HEAT_WORD_CO2_LANDLORD, text);
}

/* How warm water was told apart, with what went in. */
static void separation(const struct heng_heat_paper *h)
{
    static const struct {
        const char *rule, *words[HENG_LANGUAGES];
    } rules[] = {{"heat-meter", {"热量表计量", "by heat meter", "Wärmemengenzähler"}},
                 {"volume", {"按水量和水温", "2.5 x m³ x (temperature - 10)", "2,5 × m³ × (Temperatur − 10)"}},
                 {"area", {"按面积", "32 kWh per m²", "32 kWh je m²"}},
                 {"share", {"固定比例", "a fixed share", "fester Anteil"}}};
    const struct heng_tree *t = heng_tree_at(h->answer, "separation");
    if (!t || !*heng_tree_text(t, "warm_water_share")) return;
    heng_heat_heading(h, HENG_HEAT_WORD_SEPARATION);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].rule, heng_tree_text(t, "rule")) == 0)
            heng_heat_pair(h, HENG_HEAT_WORD_RULE, rules[i].words[h->paper->language]);
    heng_heat_pair(h, HENG_HEAT_WORD_WATER_KWH, heng_heat_number(h, heng_tree_text(t, "warm_water_kwh"), "kWh"));
    heng_heat_pair(h, HENG_HEAT_WORD_WATER_SHARE, heng_heat_percent(h, heng_tree_text(t, "warm_water_share")));
    heng_heat_pair(h, HENG_HEAT_WORD_HEAT_COST, heng_heat_money(h, heng_tree_text(t, "heat_cost")));
    heng_heat_pair(h, HENG_HEAT_WORD_WATER_COST, heng_heat_money(h, heng_tree_text(t, "warm_water_cost")));
}

/* --- the flat ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *pot;
    heng_heat_word word;
} pots[] = {{"heat-use", HENG_HEAT_WORD_HEAT_USE},
            {"heat-base", HENG_HEAT_WORD_HEAT_BASE},
            {"warm-water-use", HENG_HEAT_WORD_WATER_USE},
            {"warm-water-base", HENG_HEAT_WORD_WATER_BASE},
            {"other", HENG_HEAT_WORD_OTHER}};

static const char *pot_label(const struct heng_heat_paper *h, const char *pot)
{
    for (size_t i = 0; i < sizeof pots / sizeof *pots; i++)
        if (strcmp(pots[i].pot, pot) == 0) return heng_heat_label(h, pots[i].word);
    return pot;
}

/* Units of base parts are m2 or not named; those of use have the unit of their devices. */
static void flat_costs(const struct heng_heat_paper *h)
{
    static const struct heng_heat_column columns[] = {
        {HENG_HEAT_WORD_COST, false, 24},      {HENG_HEAT_WORD_ALL_COST, true, 16},
        {HENG_HEAT_WORD_ALL_UNITS, true, 19},  {HENG_HEAT_WORD_UNIT_PRICE, true, 12},
        {HENG_HEAT_WORD_YOUR_UNITS, true, 13}, {HENG_HEAT_WORD_YOUR_COST, true, 16}};
    const struct heng_tree *lines = heng_tree_at(h->flat, "lines");
    heng_heat_heading(h, HENG_HEAT_WORD_YOUR_COSTS);
    heng_heat_table(h, columns, sizeof columns / sizeof *columns);
    for (const struct heng_tree *line = lines ? lines->first : NULL; line; line = line->next) {
        const char *pot = heng_tree_text(line, "pot"), *other = heng_tree_text(line, "other");
        const char *cells[] = {*pot ? pot_label(h, pot) : other,
                               heng_heat_money(h, heng_tree_text(line, "of_amount")),
                               heng_heat_number(h, heng_tree_text(line, "of_units"), ""),
                               heng_heat_number(h, heng_tree_text(line, "unit_price"), ""),
                               heng_heat_number(h, heng_tree_text(line, "units"), ""),
                               heng_heat_money(h, heng_tree_text(line, "amount"))};
        heng_paper_row(h->paper, false, cells);
    }
}

/* Of one of several tenants: which part of the flat's cost is theirs. */
static void tenant_costs(const struct heng_heat_paper *h)
{
    static const struct heng_heat_column columns[] = {{HENG_HEAT_WORD_COST, false, 60},
                                                      {HENG_HEAT_WORD_YOUR_COST, true, 40}};
    const struct heng_tree *tenants = heng_tree_at(h->flat, "tenants"), *amounts = heng_tree_at(h->tenant, "amounts");
    if (!tenants || tenants->count < 2) return;
    heng_heat_heading(h, HENG_HEAT_WORD_CHANGE);
    heng_heat_pair(h, HENG_HEAT_WORD_DAYS, heng_tree_text(h->tenant, "days"));
    heng_heat_pair(h, HENG_HEAT_WORD_DEGREE_DAYS,
                   heng_heat_number(h, heng_tree_text(h->tenant, "degree_day_permille"), ""));
    heng_heat_table(h, columns, 2);
    for (const struct heng_tree *part = amounts ? amounts->first : NULL; part; part = part->next) {
        const char *cells[] = {pot_label(h, part->key), heng_heat_money(h, part->text)};
        heng_paper_row(h->paper, false, cells);
    }
}

static void sums(const struct heng_heat_paper *h)
{
    const char *balance = heng_tree_text(h->tenant, "balance"), *reduction = heng_tree_text(h->tenant, "reduction");
    char text[160];
    bool claim = *balance == '-';
    heng_paper_pair(h->paper, HENG_PAPER_PAIR, heng_word_text(HENG_WORD_TOTAL, h->paper->language),
                    heng_heat_money(h, heng_tree_text(h->tenant, "total")));
    if (*reduction) {
        snprintf(text, sizeof text, "%.60s (%.20s)", heng_heat_money(h, reduction),
                 heng_heat_percent(h, heng_tree_text(h->tenant, "reduction_rate")));
        heng_heat_pair(h, HENG_HEAT_WORD_REDUCTION, text);
    }
    heng_heat_pair(h, HENG_HEAT_WORD_PREPAID, heng_heat_money(h, heng_tree_text(h->tenant, "prepaid")));
    heng_paper_pair(h->paper, HENG_PAPER_AMOUNT,
                    heng_heat_label(h, claim ? HENG_HEAT_WORD_CLAIM : HENG_HEAT_WORD_CREDIT),
                    heng_heat_money(h, balance + claim));
}

static void device_rows(const struct heng_heat_paper *h, const struct heng_tree *list, heng_heat_word of)
{
    for (const struct heng_tree *d = list && list->type == HENG_JSON_ARRAY ? list->first : NULL; d; d = d->next) {
        char name[200];
        const char *serial = heng_tree_text(d, "serial"), *k = heng_tree_text(d, "k");
        snprintf(name, sizeof name, "%s %.120s", heng_heat_label(h, of), serial);
        const char *cells[] = {
            name,
            heng_heat_number(h, heng_tree_text(d, "start"), ""),
            heng_heat_number(h, heng_tree_text(d, "end"), ""),
            heng_heat_number(h, heng_tree_text(d, "units"), ""),
            heng_heat_number(h, k, ""),
            strcmp(heng_tree_text(d, "estimated"), "true") == 0 ? heng_heat_label(h, HENG_HEAT_WORD_ESTIMATED) : ""};
        heng_paper_row(h->paper, false, cells);
    }
}

static void devices(const struct heng_heat_paper *h)
{
    const heng_language language = h->paper->language;
    const struct heng_paper_column columns[] = {{heng_heat_label(h, HENG_HEAT_WORD_DEVICE), false, 34},
                                                {heng_word_text(HENG_WORD_FROM_INDEX, language), true, 15},
                                                {heng_word_text(HENG_WORD_TO_INDEX, language), true, 15},
                                                {heng_word_text(HENG_WORD_QUANTITY, language), true, 13},
                                                {heng_heat_label(h, HENG_HEAT_WORD_K), true, 10},
                                                {heng_heat_label(h, HENG_HEAT_WORD_NOTE), false, 13}};
    const struct heng_tree *heat = heng_tree_at(h->flat, "heat_devices"), *water;
    water = heng_tree_at(h->flat, "warm_water_devices");
    bool some = (heat && heat->type == HENG_JSON_ARRAY) || (water && water->type == HENG_JSON_ARRAY);
    if (!some) return;
    heng_heat_heading(h, HENG_HEAT_WORD_DEVICES);
    heng_paper_table(h->paper, columns, sizeof columns / sizeof *columns);
    device_rows(h, heat, HENG_HEAT_WORD_HEATING);
    device_rows(h, water, HENG_HEAT_WORD_WARM_WATER);
}

/* Parts that no device of the flat said, and how they were found. */
static void estimates(const struct heng_heat_paper *h)
{
    const struct heng_tree *lines = heng_tree_at(h->flat, "lines"), *warnings = heng_tree_at(h->answer, "warnings");
    bool begun = false;
    char text[400];
    for (const struct heng_tree *line = lines ? lines->first : NULL; line; line = line->next) {
        const char *pot = heng_tree_text(line, "pot"), *source = heng_tree_text(line, "source");
        bool use = strcmp(pot, "heat-use") == 0 || strcmp(pot, "warm-water-use") == 0;
        if (!use || !*source || strcmp(source, "device") == 0) continue;
        if (!begun) heng_heat_heading(h, HENG_HEAT_WORD_ESTIMATES);
        begun = true;
        heng_paper_pair(h->paper, HENG_PAPER_PAIR, pot_label(h, pot), heng_heat_source(h, source));
    }
    for (const struct heng_tree *w = begun && warnings ? warnings->first : NULL; w; w = w->next) {
        if (strcmp(heng_tree_text(w, "id"), heng_tree_text(h->flat, "id")) != 0) continue;
        if (strncmp(heng_tree_text(w, "code"), "estimated", 9) != 0) continue;
        snprintf(text, sizeof text, "%.380s", heng_tree_text(w, "text"));
        heng_paper_put(h->paper, HENG_PAPER_SMALL, text);
    }
}

/* --- what the law wants beside ------------------------------------------------------------------------------------ */

static void comparison(const struct heng_heat_paper *h)
{
    const struct heng_tree *t = heng_tree_at(h->answer, "comparison");
    if (!t) return;
    const struct heng_heat_bar bars[] = {{HENG_HEAT_WORD_THIS, heng_tree_text(t, "use_kwh")},
                                         {HENG_HEAT_WORD_PREVIOUS, heng_tree_text(t, "previous_kwh")},
                                         {HENG_HEAT_WORD_CORRECTED, heng_tree_text(t, "corrected_kwh")},
                                         {HENG_HEAT_WORD_AVERAGE, heng_tree_text(t, "average_user_kwh")}};
    heng_heat_heading(h, HENG_HEAT_WORD_COMPARISON);
    heng_heat_bars(h, bars, sizeof bars / sizeof *bars, "kWh");
    heng_heat_pair(h, HENG_HEAT_WORD_PREVIOUS, heng_heat_number(h, heng_tree_text(t, "change_percent"), "%"));
    heng_heat_pair(h, HENG_HEAT_WORD_CORRECTED,
                   heng_heat_number(h, heng_tree_text(t, "corrected_change_percent"), "%"));
    heng_heat_pair(h, HENG_HEAT_WORD_AVERAGE, heng_heat_number(h, heng_tree_text(t, "against_average_percent"), "%"));
}

static void flatten(const struct heng_tree *t, char *out, size_t cap)
{
    size_t used = strlen(out);
    if (t->type != HENG_JSON_OBJECT && t->type != HENG_JSON_ARRAY) {
        snprintf(out + used, cap - used, "%s%s%s%s", used ? "; " : "", t->key, *t->key ? ": " : "", t->text);
        return;
    }
    for (const struct heng_tree *item = t->first; item; item = item->next) flatten(item, out, cap);
}

/* Fuel mix, taxes, contacts ... as the landlord gave them. */
static void information(const struct heng_heat_paper *h)
{
    static const struct {
        const char *key, *words[HENG_LANGUAGES];
    } keys[] = {{"fuel_mix", {"能源构成", "Energy sources", "Energieträger"}},
                {"taxes", {"税费", "Taxes and levies", "Steuern und Abgaben"}},
                {"device_charges", {"仪表费用", "Devices, reading, billing", "Gerätemiete, Ablesung, Abrechnung"}},
                {"contacts", {"咨询机构", "Advice", "Beratungsstellen"}},
                {"dispute_note", {"争议处理", "Disputes", "Streitbeilegung"}},
                {"average_user", {"平均用户", "Average user", "Durchschnittsnutzer"}}};
    const struct heng_tree *t = heng_tree_at(h->answer, "statement");
    static _Thread_local char text[HENG_TREE_TEXT_MAX];
    if (!t || !t->first) return;
    heng_heat_heading(h, HENG_HEAT_WORD_INFORMATION);
    for (const struct heng_tree *item = t->first; item; item = item->next) {
        const char *label = item->key;
        struct heng_tree alone = *item;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (strcmp(keys[i].key, item->key) == 0) label = keys[i].words[h->paper->language];
        text[0] = 0;
        alone.key = "";
        flatten(&alone, text, sizeof text);
        heng_paper_pair(h->paper, HENG_PAPER_PAIR, label, text);
    }
}

static void head(const struct heng_heat_paper *h)
{
    const struct heng_tree *period = heng_tree_at(h->answer, "period"), *keys = heng_tree_at(h->answer, "keys");
    const char *from = heng_tree_text(period, "from"), *to = heng_tree_text(period, "to");
    const char *heat = heng_heat_percent(h, heng_tree_text(keys, "heat"));
    char text[HENG_MONEY_TEXT_MAX], both[200];
    heng_day first, behind;
    heng_paper_put(h->paper, HENG_PAPER_TITLE, heng_heat_label(h, HENG_HEAT_WORD_STATEMENT));
    heng_heat_pair(h, HENG_HEAT_WORD_BUILDING, heng_tree_text(h->answer, "building"));
    heng_heat_pair(h, HENG_HEAT_WORD_FLAT, heng_tree_text(h->flat, "id"));
    if (strcmp(heng_tree_text(h->tenant, "name"), heng_tree_text(h->flat, "id")) != 0)
        heng_heat_pair(h, HENG_HEAT_WORD_TENANT, heng_tree_text(h->tenant, "name"));
    if (heng_date_parse(from, &first) && heng_date_parse(to, &behind))
        heng_heat_pair(h, HENG_HEAT_WORD_SEASON, heng_paper_period(first, behind, h->paper->language, text));
    heng_heat_pair(h, HENG_HEAT_WORD_TENANT_PERIOD,
                   heng_heat_period(h, heng_tree_text(h->tenant, "first"), heng_tree_text(h->tenant, "last")));
    heng_heat_pair(h, HENG_HEAT_WORD_AREA, heng_heat_number(h, heng_tree_text(h->flat, "area"), "m²"));
    snprintf(both, sizeof both, "%s %.20s, %s %.20s %s", heng_heat_label(h, HENG_HEAT_WORD_HEATING), heat,
             heng_heat_label(h, HENG_HEAT_WORD_WARM_WATER), heng_heat_percent(h, heng_tree_text(keys, "warm_water")),
             heng_heat_label(h, HENG_HEAT_WORD_BY_USE));
    heng_heat_pair(h, HENG_HEAT_WORD_KEYS, both);
}

heng_rc heng_heat_house(const struct heng_heat_paper *h, struct heng_err *err)
{
    if (!h->tenant)
        return heng_fail(err, HENG_ENOTFOUND, 0, "'%.60s' is no flat or tenant of this statement", h->flat_id);
    head(h);
    costs(h);
    co2(h);
    separation(h);
    flat_costs(h);
    tenant_costs(h);
    sums(h);
    devices(h);
    estimates(h);
    comparison(h);
    information(h);
    const char *law = heng_heat_label(h, HENG_HEAT_WORD_LAW);
    if (*law) heng_paper_put(h->paper, HENG_PAPER_SMALL, law);
    return HENG_OK;
}
