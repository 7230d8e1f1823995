/* What is wrong with a tariff before anybody is billed by it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bill/unit.h"
#include "rate/parts.h"
#include "rate/power_factor.h"
#include "rate/tariff_form.h"

struct check {
    const struct heng_tariff *tariff;
    struct heng_tariff_finding *items;
    size_t count, cap, at; /* at: the component at hand */
};

static void tell(struct check *check, bool is_error, const char *field, const char *fmt, ...) HENG_PRINTF(4, 5);
static void tell(struct check *check, bool is_error, const char *field, const char *fmt, ...)
{
    va_list args;
    if (check->count == check->cap) return;
    struct heng_tariff_finding *finding = &check->items[check->count++];
    finding->is_error = is_error;
    snprintf(finding->path, sizeof finding->path, "components[%zu]%s%s", check->at, *field ? "." : "", field);
    va_start(args, fmt);
    vsnprintf(finding->text, sizeof finding->text, fmt, args);
    va_end(args);
}

static void text_of(struct heng_dec dec, char ret[HENG_AT_LEAST(HENG_DEC_TEXT_MAX)]) { heng_dec_format(dec, ret); }

/* --- steps ---------------------------------------------------------------------------------------------------------
 */

static void check_bounds(struct check *check, const struct heng_component *component)
{
    char field[48], a[HENG_DEC_TEXT_MAX], b[HENG_DEC_TEXT_MAX];
    if (!rate_is_zero(component->steps[0].from)) tell(check, true, "steps[0].from", "the first step begins at 0");
    for (unsigned i = 1; i < component->step_count; i++) {
        if (heng_dec_cmp(component->steps[i].from, component->steps[i - 1].from) > 0) continue;
        snprintf(field, sizeof field, "steps[%u].from", i);
        text_of(component->steps[i].from, a);
        text_of(component->steps[i - 1].from, b);
        tell(check, true, field, "%s is not above %s, where the step before begins: that one is never reached", a, b);
    }
    for (unsigned i = 1; i < component->step_count; i++) {
        if (component->attribution != HENG_ATTRIBUTION_EQUAL) break;
        if (heng_dec_cmp(component->steps[i].price, component->steps[i - 1].price) != 0) continue;
        snprintf(field, sizeof field, "steps[%u].price", i);
        if (component->rule == HENG_TARIFF_RULE_STEPS) tell(check, false, field, "it is the price of the step before");
    }
}

static void check_seasons(struct check *check, const struct heng_component *component)
{
    uint16_t months = 0;
    char field[48];
    for (unsigned s = 0; s < component->season_count; s++) {
        const struct heng_step_season *season = &component->seasons[s];
        snprintf(field, sizeof field, "seasons[%u].months", s);
        if (season->months & months) tell(check, true, field, "a month is of two seasons");
        if (!season->months) tell(check, true, field, "there is none");
        months |= season->months;
        for (unsigned i = 1; i + 1U < component->step_count; i++) {
            if (heng_dec_cmp(season->bounds[i], season->bounds[i - 1]) > 0) continue;
            snprintf(field, sizeof field, "seasons[%u].bounds[%u]", s, i);
            tell(check, true, field, "it is not above the bound before: a step is never reached");
        }
    }
    if (component->season_count && component->bounds_per == HENG_BOUNDS_PER_CYCLE)
        tell(check, true, "seasons", "bounds that depend on the month are \"bounds_per\": \"month\"");
}

/* One price of each step, or one for each rate: as the rule goes. The other would not be read. */
static void check_step_prices(struct check *check, const struct heng_component *component)
{
    bool by_rate = component->rule == HENG_TARIFF_RULE_TOU_STEPS && component->attribution != HENG_ATTRIBUTION_EQUAL;
    char field[48];
    for (unsigned i = 0; i < component->step_count; i++) {
        const struct heng_tariff_step *step = &component->steps[i];
        if (by_rate ? step->has_prices && !step->has_price : step->has_price && !step->has_prices) continue;
        snprintf(field, sizeof field, "steps[%u]", i);
        tell(check, true, field, "%s",
             by_rate                                         ? "this attribution has \"prices\", one of each rate"
             : component->rule == HENG_TARIFF_RULE_TOU_STEPS ? "equal increments have one \"increment\" for all rates"
                                                             : "it has one \"price\"");
    }
}

static void check_steps(struct check *check, const struct heng_component *component)
{
    if (component->step_count == 0) {
        tell(check, true, "steps", "there is none");
        return;
    }
    check_bounds(check, component);
    check_seasons(check, component);
    if (12 % (component->cycle_months ? component->cycle_months : 5) != 0)
        tell(check, true, "cycle_months", "a year is not made of cycles of %u months", component->cycle_months);
    check_step_prices(check, component);
    if (component->rule == HENG_TARIFF_RULE_TOU_STEPS && component->attribution == HENG_ATTRIBUTION_EQUAL &&
        !rate_is_zero(component->steps[0].price))
        tell(check, true, "steps[0].increment", "with equal increments the first step has none: it is 0");
}

/* --- rates and calendars -------------------------------------------------------------------------------------------
 */

static bool calendar_gives(const struct heng_component *component, unsigned period)
{
    for (unsigned v = 0; v < component->calendar_count; v++) {
        const struct heng_tou *tou = &component->calendar[v];
        if (tou->otherwise == period) return true;
        for (unsigned w = 0; w < tou->window_count; w++)
            if (tou->windows[w].period == period) return true;
    }
    return component->calendar_count == 0;
}

static void check_rates(struct check *check, const struct heng_component *component)
{
    char field[48];
    if (component->rate_count == 0) tell(check, true, "rates", "there is none");
    for (unsigned i = 0; i < component->rate_count; i++) {
        snprintf(field, sizeof field, "rates[%u].rate", i);
        for (unsigned k = 0; k < i; k++)
            if (strcmp(component->rates[i].name, component->rates[k].name) == 0)
                tell(check, true, field, "rates[%u] has this name, too", k);
        if (!calendar_gives(component, i + 1)) tell(check, false, field, "no window of the calendar has this rate");
    }
    bool own_prices = component->rule == HENG_TARIFF_RULE_TOU || component->attribution == HENG_ATTRIBUTION_EQUAL;
    if (own_prices && component->rates_priced < component->rate_count)
        tell(check, true, "rates", "one of them has neither price nor factor");
    bool dated = component->from != INT32_MIN; /* else a day without a calendar is refused when it is billed */
    if (component->calendar_count && dated && component->calendar[0].valid_from > component->from)
        tell(check, true, "calendar[0].from", "a hole: the component holds before any calendar does");
    if (component->remainder < 0 && component->less_count)
        tell(check, true, "less", "what is taken off needs a rate that is the \"remainder\"");
    if (!rate_is_zero(component->share) || component->quantity_places >= 0)
        tell(check, true, rate_is_zero(component->share) ? "quantity_places" : "share", "rates are billed as they are");
}

/* --- what refers to others -----------------------------------------------------------------------------------------
 */

static void check_of(struct check *check, const struct heng_component *component)
{
    char field[32];
    if (component->of_count == 0) tell(check, true, "of", "there is none: of which components?");
    for (unsigned i = 0; i < component->of_count; i++) {
        bool found = false;
        for (size_t k = 0; k < check->at && !found; k++)
            found = strcmp(check->tariff->components[k].id, component->of[i]) == 0;
        if (found && strcmp(component->of[i], component->id) != 0) continue;
        snprintf(field, sizeof field, "of[%u]", i);
        tell(check, true, field, "no component '%.40s' stands before this one", component->of[i]);
    }
}

static void check_table(struct check *check, const struct heng_component *component)
{
    size_t count = 0;
    char field[32];
    if (component->point_count == 0 && !heng_power_factor_points(component->standard, &count))
        tell(check, true, "standard", "0.90, 0.85 and 0.80 have a table; another needs its own");
    for (unsigned i = 1; i < component->point_count; i++) {
        if (heng_dec_cmp(component->points[i].pf, component->points[i - 1].pf) > 0) continue;
        snprintf(field, sizeof field, "table[%u].pf", i);
        tell(check, true, field, "power factors rise from point to point");
    }
}

static void check_quantity(struct check *check, const struct heng_component *component)
{
    if (!component->quantity) tell(check, true, "quantity", "it is missing");
    if (!component->unit) tell(check, true, "unit", "it is missing");
}

static void check_one(struct check *check, const struct heng_component *component)
{
    if (strlen(component->id) >= HENG_TARIFF_ID_MAX) tell(check, true, "id", "it is too long");
    if (component->from >= component->to) tell(check, true, "to", "it is not after from");
    if (component->unit && !heng_tariff_unit_known(component->unit))
        tell(check, true, "unit", "the unit '%.20s' is not known", component->unit);
    if (component->unit && strlen(component->unit) >= HENG_STEP_UNIT_MAX) tell(check, true, "unit", "it is too long");
    if (heng_dec_cmp(component->vat.rate, heng_dec_of(1, 0)) >= 0) tell(check, true, "vat.rate", "0.13 is 13 %%");
    if (component->vat.exempt && !rate_is_zero(component->vat.rate))
        tell(check, true, "vat.exempt", "what is exempt has no rate");
    switch (component->rule) {
    case HENG_TARIFF_RULE_FIXED:
    case HENG_TARIFF_RULE_CAPACITY:
        if (component->base && !component->unit) tell(check, true, "unit", "of the base: it is missing");
        if (component->per == HENG_PER_SEASON && component->season_from >= component->season_to)
            tell(check, true, "season", "it has no days");
        return;
    case HENG_TARIFF_RULE_PER_UNIT: check_quantity(check, component); return;
    case HENG_TARIFF_RULE_STEPS:
        check_quantity(check, component);
        check_steps(check, component);
        return;
    case HENG_TARIFF_RULE_TOU:
        check_quantity(check, component);
        check_rates(check, component);
        return;
    case HENG_TARIFF_RULE_TOU_STEPS:
        check_quantity(check, component);
        check_rates(check, component);
        check_steps(check, component);
        return;
    case HENG_TARIFF_RULE_DEMAND:
        check_quantity(check, component);
        if (!rate_is_zero(component->excess_from) && rate_is_zero(component->excess_factor))
            tell(check, true, "excess.factor", "it is missing");
        return;
    case HENG_TARIFF_RULE_POWER_FACTOR:
        check_table(check, component);
        check_of(check, component);
        return;
    case HENG_TARIFF_RULE_PERCENT:
        if (heng_dec_cmp(component->rate, heng_dec_of(2, 0)) > 0 ||
            heng_dec_cmp(component->rate, heng_dec_of(-1, 0)) < 0)
            tell(check, true, "rate", "it is beyond -1 (-100 %%) .. 2 (200 %%): 0.13 is 13 %%");
        check_of(check, component);
        return;
    case HENG_TARIFF_RULE_MINIMUM: check_of(check, component); return;
    case HENG_TARIFF_RULE_COUNT: break;
    }
    tell(check, true, "rule", "there is no such rule");
}

/* --- versions ------------------------------------------------------------------------------------------------------
 */

/* The version that follows by time; NULL none. */
static const struct heng_component *next_version(const struct heng_tariff *tariff,
                                                 const struct heng_component *component)
{
    const struct heng_component *best = NULL;
    for (size_t i = 0; i < tariff->count; i++) {
        const struct heng_component *other = &tariff->components[i];
        if (other == component || strcmp(other->id, component->id) != 0) continue;
        bool after = other->from > component->from || (other->from == component->from && other > component);
        if (after && (!best || other->from < best->from)) best = other;
    }
    return best;
}

/* Validity may have no beginning and no end; such days are no dates. */
static void day_text(heng_day day, char ret[HENG_AT_LEAST(HENG_DATE_TEXT_MAX)])
{
    if (day == INT32_MIN || day == HENG_DAY_OPEN)
        snprintf(ret, HENG_DATE_TEXT_MAX, "%s", day == HENG_DAY_OPEN ? "never" : "ever");
    else
        heng_date_format(day, ret);
}

static void check_version(struct check *check, const struct heng_component *component)
{
    const struct heng_component *next = next_version(check->tariff, component);
    char day[HENG_DATE_TEXT_MAX], until[HENG_DATE_TEXT_MAX];
    if (!next) return;
    size_t other = (size_t)(next - check->tariff->components);
    day_text(component->to, day);
    day_text(next->from, until);
    if (component->to > next->from)
        tell(check, true, "to", "it overlaps components[%zu], which begins on %s", other, until);
    else if (component->to < next->from && !component->temporary)
        tell(check, true, "to", "a gap in validity: nothing from %s to %s, where components[%zu] begins", day, until,
             other);
    if (component->rule != next->rule)
        tell(check, true, "rule", "components[%zu] is a version with another rule", other);
    if (!heng_rate_same(component->unit, next->unit) || !heng_rate_same(component->quantity, next->quantity))
        tell(check, true, "unit", "components[%zu] is a version of another unit or quantity", other);
}

size_t heng_tariff_check(const struct heng_tariff *tariff, struct heng_tariff_finding *ret, size_t cap)
{
    struct check check = {tariff, ret, 0, cap, 0};
    for (check.at = 0; check.at < tariff->count; check.at++) {
        check_one(&check, &tariff->components[check.at]);
        check_version(&check, &tariff->components[check.at]);
    }
    return check.count;
}
