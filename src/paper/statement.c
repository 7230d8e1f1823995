#include "paper/statement.h"

#include <stdio.h>
#include <string.h>

#include "paper/bill.h"
#include "paper/heat_parts.h"
#include "store/archive_places.h"
#include "store/read.h"

enum { ANSWER_MAX = 256 << 20 };

/* "3/new" is tenant new of flat 3; "3" its only tenant. A flat whose id has a stroke comes first. */
static void find_house_flat(struct heng_heat_paper *h, const struct heng_tree *flats)
{
    const char *stroke = strrchr(h->flat_id, '/');
    char id[160];
    h->flat = heng_tree_find(flats, "id", h->flat_id);
    const struct heng_tree *tenants = heng_tree_at(h->flat, "tenants");
    if (h->flat && tenants && tenants->count == 1) h->tenant = tenants->first;
    if (h->flat || !stroke || (size_t)(stroke - h->flat_id) >= sizeof id) return;
    snprintf(id, sizeof id, "%.*s", (int)(stroke - h->flat_id), h->flat_id);
    h->flat = heng_tree_find(flats, "id", id);
    h->tenant = heng_tree_find(heng_tree_at(h->flat, "tenants"), "name", stroke + 1);
}

heng_rc heng_paper_statement_of(struct heng_slice answer, const char *flat, struct heng_paper *paper,
                                struct heng_err *err)
{
    struct heng_heat_paper h = {.paper = paper, .flat_id = flat};
    heng_rc rc = heng_tree_read(answer, paper->arena, &h.answer, err);
    if (rc != HENG_OK) return rc;
    const struct heng_tree *flats = heng_tree_at(h.answer, "flats"), *bills = heng_tree_at(h.answer, "bills");
    h.currency = heng_tree_text(flats ? h.answer : heng_tree_at(h.answer, "price"), "currency");
    if (flats)
        find_house_flat(&h, flats);
    else
        h.flat = heng_tree_find(bills, "id", flat);
    if (!flats && !bills)
        return heng_fail(err, HENG_ENOTFOUND, 0, "this apportionment has no price: there is nothing to state");
    if (h.flat && flats && !h.tenant)
        return heng_fail(err, HENG_ENOTFOUND, 0, "flat '%.60s' has several tenants: say '%.60s/NAME'", flat, flat);
    if (!h.flat) return heng_fail(err, HENG_ENOTFOUND, 0, "there is no flat '%.60s' in this apportionment", flat);
    rc = flats ? heng_heat_house(&h, err) : heng_heat_settlement(&h, err);
    if (rc != HENG_OK) return rc;
    heng_paper_foot(paper, heng_tree_text(h.answer, "checksum"));
    return paper->rc == HENG_OK ? HENG_OK : heng_fail(err, paper->rc, 0, "the statement is too long to print");
}

heng_rc heng_paper_statement(struct heng_store_reader *reader, int64_t scope, int64_t apportion_id, const char *flat,
                             struct heng_paper *paper, struct heng_err *err)
{
    struct heng_str answer = {.max = ANSWER_MAX};
    struct heng_apportion_row row;
    struct heng_place place = {.path = ""};
    char sender[HENG_LETTERHEAD_MAX], to[HENG_PATH_MAX + 200];
    heng_rc rc = heng_store_get_apportion(reader, scope, apportion_id, &row, NULL, &answer, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no apportionment %lld", (long long)apportion_id);
    if (rc == HENG_OK) rc = heng_store_get_place(reader, row.place_id, &place, err);
    if (rc == HENG_OK) rc = heng_paper_sender(reader, row.org_id, sender, err);
    if (rc == HENG_OK) {
        snprintf(to, sizeof to, "%s\n%.150s", place.path, flat);
        heng_paper_put(paper, HENG_PAPER_SENDER, sender);
        heng_paper_put(paper, HENG_PAPER_ADDRESS, to);
        if (row.state == HENG_APPORTION_DRAFT)
            heng_paper_put(paper, HENG_PAPER_MARK, heng_word_text(HENG_WORD_DRAFT, paper->language));
        rc = heng_paper_statement_of(heng_slice_of(answer.text, answer.n), flat, paper, err);
    }
    heng_str_fini(&answer);
    return rc;
}

/* --- monthly information -------------------------------------------------------------------------------------------
 */

/* "-27.6" is "-27.6 %", above zero with its sign. */
static const char *change(const struct heng_heat_paper *h, const char *percent)
{
    char text[64];
    if (!*percent || strlen(percent) > 20) return "";
    snprintf(text, sizeof text, "%s%s", *percent == '-' || strcmp(percent, "0.0") == 0 ? "" : "+",
             heng_heat_number(h, percent, "%"));
    const char *mine = heng_arena_text(h->paper->arena, text);
    return mine ? mine : "";
}

heng_rc heng_paper_monthly_of(struct heng_slice answer, const char *place, struct heng_paper *paper,
                              struct heng_err *err)
{
    struct heng_heat_paper h = {.paper = paper, .flat_id = "", .currency = "EUR"};
    static const struct heng_heat_column columns[] = {
        {HENG_HEAT_WORD_COMPARISON, false, 44}, {HENG_HEAT_WORD_USE, true, 28}, {HENG_HEAT_WORD_THIS, true, 28}};
    static const struct {
        heng_heat_word word;
        const char *kwh, *percent;
    } rows[] = {{HENG_HEAT_WORD_MONTH_BEFORE, "previous_month_kwh", "vs_previous_month_percent"},
                {HENG_HEAT_WORD_YEAR_BEFORE, "year_before_kwh", "vs_year_before_percent"},
                {HENG_HEAT_WORD_AVERAGE, "average_user_kwh", "vs_average_user_percent"}};
    heng_rc rc = heng_tree_read(answer, paper->arena, &h.answer, err);
    if (rc != HENG_OK) return rc;
    if (!heng_tree_at(h.answer, "use_kwh"))
        return heng_fail(err, HENG_EFORMAT, 0, "this is no answer of kind monthly-information: use_kwh is missing");
    heng_paper_put(paper, HENG_PAPER_TITLE, heng_heat_label(&h, HENG_HEAT_WORD_MONTHLY));
    heng_heat_pair(&h, HENG_HEAT_WORD_BUILDING, place);
    heng_heat_pair(&h, HENG_HEAT_WORD_FLAT, heng_tree_text(h.answer, "flat"));
    heng_heat_pair(&h, HENG_HEAT_WORD_MONTH, heng_tree_text(h.answer, "month"));
    heng_paper_pair(paper, HENG_PAPER_AMOUNT, heng_heat_label(&h, HENG_HEAT_WORD_USE),
                    heng_heat_number(&h, heng_tree_text(h.answer, "use_kwh"), "kWh"));
    heng_heat_table(&h, columns, 3);
    struct heng_heat_bar bars[4] = {{HENG_HEAT_WORD_THIS, heng_tree_text(h.answer, "use_kwh")}};
    for (size_t i = 0; i < 3; i++) {
        const char *kwh = heng_tree_text(h.answer, rows[i].kwh);
        bars[i + 1] = (struct heng_heat_bar){rows[i].word, kwh};
        const char *cells[] = {heng_heat_label(&h, rows[i].word),
                               *kwh ? heng_heat_number(&h, kwh, "kWh") : heng_heat_label(&h, HENG_HEAT_WORD_NOT_KNOWN),
                               change(&h, heng_tree_text(h.answer, rows[i].percent))};
        heng_paper_row(paper, false, cells);
    }
    heng_heat_bars(&h, bars, 4, "kWh");
    const char *law = heng_heat_label(&h, HENG_HEAT_WORD_LAW_MONTHLY);
    if (*law) heng_paper_put(paper, HENG_PAPER_SMALL, law);
    heng_paper_foot(paper, heng_tree_text(h.answer, "month"));
    return paper->rc == HENG_OK ? HENG_OK : heng_fail(err, paper->rc, 0, "the information is too long to print");
}
