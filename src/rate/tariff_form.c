/* Reads tariffs. A component is read twice: first its rates, cycle and rule, which other fields refer to and which may
 * stand behind them. */
#include "rate/tariff_form.h"

#include <stdio.h>
#include <string.h>

#include "rate/tariff_calendar.h"

const char *heng_form_copy(struct heng_form *form, struct heng_arena *arena)
{
    char text[HENG_FORM_TEXT_MAX];
    if (heng_form_is_null(form)) return NULL;
    heng_form_text(form, text, sizeof text);
    if (heng_form_failed(form)) return NULL;
    const char *copy = heng_arena_text(arena, text);
    if (!copy) heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
    return copy;
}

void *heng_form_grow(struct heng_form *form, struct heng_arena *arena, void *items, size_t count, size_t size,
                     size_t max)
{
    size_t room = 4;
    if (heng_form_failed(form)) return NULL;
    if (count >= max) {
        heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %zu", max);
        return NULL;
    }
    while (room < count) room *= 2;
    if (items && count != room) return items; /* rooms are 4, 8, 16 ...: this one is not full */
    if (count == room) room *= 2;
    void *more = heng_arena_take(arena, count == 0 ? 4 : room, size);
    if (!more)
        heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
    else if (items)
        memcpy(more, items, count * size);
    return more;
}

/* A text that something else refers to: not null, never NULL. */
static const char *copy_name(struct heng_form *form, struct heng_arena *arena)
{
    const char *name = heng_form_copy(form, arena);
    if (!name) heng_form_refuse(form, HENG_ECONFIG, "", "a name stands here");
    return name ? name : "";
}

static int8_t places_of(struct heng_form *form) { return (int8_t)heng_form_int(form, 0, HENG_PLACES_MAX); }

/* What other fields of a component need to know of it. */
struct outline {
    bool has_bounds_per, has_per, has_part_cycle;
    uint32_t fields; /* set: 1 << place in OWN */
};

static void read_names(struct heng_form *form, struct heng_arena *arena, const char *const **ret, uint8_t *ret_count)
{
    const char **names = heng_arena_take(arena, HENG_TARIFF_NAMES_MAX, sizeof *names);
    uint8_t n = 0;
    if (!names) {
        heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
        return;
    }
    heng_form_array(form);
    while (heng_form_item(form)) {
        if (n == HENG_TARIFF_NAMES_MAX)
            heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %d", HENG_TARIFF_NAMES_MAX);
        else
            names[n++] = copy_name(form, arena);
    }
    *ret = names;
    *ret_count = n;
}

static void read_vat(struct heng_form *form, struct heng_arena *arena, struct heng_vat *ret)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "rate"))
            ret->rate = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "exempt"))
            ret->exempt = heng_form_bool(form);
        else if (heng_slice_is(key, "code"))
            ret->code = heng_form_copy(form, arena);
        else
            heng_form_unknown(form);
    }
}

static void read_rates(struct heng_form *form, struct heng_arena *arena, struct heng_component *component)
{
    struct heng_tariff_rate *rates = heng_arena_take(arena, HENG_TARIFF_RATES_MAX, sizeof *rates);
    struct heng_slice key;
    if (!rates) {
        heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
        return;
    }
    component->rate_count = component->rates_priced = 0;
    component->rates = rates;
    heng_form_array(form);
    while (heng_form_item(form)) {
        if (component->rate_count == HENG_TARIFF_RATES_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %d rates", HENG_TARIFF_RATES_MAX);
            return;
        }
        struct heng_tariff_rate *rate = &rates[component->rate_count++];
        bool priced = false;
        rate->name = "";
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            priced = priced || heng_slice_is(key, "price") || heng_slice_is(key, "factor");
            if (heng_slice_is(key, "rate"))
                rate->name = copy_name(form, arena);
            else if (heng_slice_is(key, "price"))
                rate->price = heng_form_dec(form);
            else if (heng_slice_is(key, "factor")) {
                rate->factor = heng_form_dec_min(form, 0);
                rate->by_factor = true;
            } else
                heng_form_unknown(form);
        }
        if (!*rate->name) heng_form_refuse(form, HENG_ECONFIG, "rate", "it is missing");
        component->rates_priced += priced;
    }
}

static int rate_of(const struct heng_component *component, struct heng_slice name)
{
    for (int i = 0; i < component->rate_count; i++)
        if (heng_slice_is(name, component->rates[i].name)) return i;
    return -1;
}

static void read_prices(struct heng_form *form, const struct heng_component *component, struct heng_tariff_step *step)
{
    struct heng_slice key;
    unsigned seen = 0;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        int rate = rate_of(component, key);
        if (rate < 0) {
            heng_form_refuse(form, HENG_ECONFIG, "", "the component has no such rate");
            return;
        }
        step->rates[rate] = heng_form_dec(form);
        seen |= 1U << rate;
    }
    if (seen + 1 != 1U << component->rate_count)
        heng_form_refuse(form, HENG_ECONFIG, "", "a rate of the component has no price here");
}

static void read_steps(struct heng_form *form, struct heng_arena *arena, struct heng_component *component)
{
    struct heng_tariff_step *steps = heng_arena_take(arena, HENG_TARIFF_STEPS_MAX, sizeof *steps);
    struct heng_slice key;
    if (!steps) {
        heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
        return;
    }
    component->steps = steps;
    component->step_count = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        if (component->step_count == HENG_TARIFF_STEPS_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %d steps", HENG_TARIFF_STEPS_MAX);
            return;
        }
        struct heng_tariff_step *step = &steps[component->step_count++];
        bool priced = false;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "from"))
                step->from = heng_form_dec_min(form, 0);
            else if (heng_slice_is(key, "price") || heng_slice_is(key, "increment")) {
                step->price = heng_form_dec(form);
                priced = step->has_price = true;
            } else if (heng_slice_is(key, "prices")) {
                read_prices(form, component, step);
                priced = step->has_prices = true;
            } else
                heng_form_unknown(form);
        }
        if (!priced) heng_form_refuse(form, HENG_ECONFIG, "price", "it is missing");
    }
}

static void read_season(struct heng_form *form, struct heng_step_season *season, unsigned bounds)
{
    struct heng_slice key;
    unsigned n = 0;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "months")) {
            heng_form_array(form);
            while (heng_form_item(form)) season->months |= (uint16_t)(1U << (heng_form_int(form, 1, 12) - 1));
        } else if (heng_slice_is(key, "bounds")) {
            heng_form_array(form);
            while (heng_form_item(form)) {
                struct heng_dec bound = heng_form_dec_min(form, 0);
                if (n < HENG_TARIFF_STEPS_MAX - 1) season->bounds[n] = bound;
                n++;
            }
        } else
            heng_form_unknown(form);
    }
    if (n + 1 != bounds)
        heng_form_refuse(form, HENG_ECONFIG, "bounds", "there are %u, the %u steps have %u between them", n, bounds,
                         bounds ? bounds - 1 : 0);
}

static void read_seasons(struct heng_form *form, struct heng_arena *arena, struct heng_component *component,
                         unsigned steps)
{
    struct heng_step_season *seasons = heng_arena_take(arena, HENG_TARIFF_SEASONS_MAX, sizeof *seasons);
    if (!seasons) {
        heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
        return;
    }
    component->seasons = seasons;
    heng_form_array(form);
    while (heng_form_item(form)) {
        if (component->season_count == HENG_TARIFF_SEASONS_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %d", HENG_TARIFF_SEASONS_MAX);
            return;
        }
        read_season(form, &seasons[component->season_count++], steps);
    }
}

static void read_household(struct heng_form *form, struct heng_component *component)
{
    static const char *const moves[] = {"all-bounds", "first-bound"};
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "included"))
            component->persons_included = (uint16_t)heng_form_int(form, 0, 1000);
        else if (heng_slice_is(key, "per_person"))
            component->per_person = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "moves"))
            component->first_bound_only = heng_form_word(form, moves, 2) == 1;
        else
            heng_form_unknown(form);
    }
}

static void read_table(struct heng_form *form, struct heng_arena *arena, struct heng_component *component)
{
    struct heng_pf_point *points = heng_arena_take(arena, HENG_TARIFF_PF_POINTS_MAX, sizeof *points);
    struct heng_slice key;
    if (!points) {
        heng_form_refuse(form, HENG_ENOMEM, "", "there is no memory for it");
        return;
    }
    component->points = points;
    heng_form_array(form);
    while (heng_form_item(form)) {
        if (component->point_count == HENG_TARIFF_PF_POINTS_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %d points", HENG_TARIFF_PF_POINTS_MAX);
            return;
        }
        struct heng_pf_point *point = &points[component->point_count++];
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "pf"))
                point->pf = heng_form_dec_min(form, 0);
            else if (heng_slice_is(key, "rate"))
                point->rate = heng_form_dec(form);
            else
                heng_form_unknown(form);
        }
        heng_form_need(form, "pf");
        heng_form_need(form, "rate");
    }
}

static void read_excess(struct heng_form *form, struct heng_component *component)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "from"))
            component->excess_from = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "factor"))
            component->excess_factor = heng_form_dec_min(form, 0);
        else
            heng_form_unknown(form);
    }
}

static void read_span(struct heng_form *form, heng_day *ret_from, heng_day *ret_to)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "from"))
            *ret_from = heng_form_date(form);
        else if (heng_slice_is(key, "to"))
            *ret_to = heng_form_date(form);
        else
            heng_form_unknown(form);
    }
}

/* --- words -------------------------------------------------------------------------------------------------------- */

#define X(symbol, text) text,
static const char *const forms[] = {HENG_STEP_FORM_LIST(X)};
static const char *const per_bounds[] = {HENG_BOUNDS_PER_LIST(X)};
static const char *const part_cycles[] = {HENG_PART_CYCLE_LIST(X)};
static const char *const attributions[] = {HENG_ATTRIBUTION_LIST(X)};
static const char *const pers[] = {HENG_FIXED_PER_LIST(X)};
static const char *const month_days[] = {HENG_MONTH_DAYS_LIST(X)};
static const char *const demand_bys[] = {HENG_DEMAND_BY_LIST(X)};
static const char *const vat_bys[] = {HENG_VAT_BY_LIST(X)};
#undef X

static void read_cycle(struct heng_form *form, struct heng_component *component)
{
    static const char *const cycles[] = {"bill", "month", "quarter", "half-year", "year"};
    static const uint8_t months[] = {1, 1, 3, 6, 12};
    unsigned which = heng_form_word(form, cycles, 5);
    component->cycle = which == 0 ? HENG_CYCLE_BILL : HENG_CYCLE_CALENDAR;
    component->cycle_months = months[which];
}

static bool read_step_field(struct heng_form *form, struct heng_arena *arena, struct heng_slice key,
                            struct heng_component *component, struct outline *outline, unsigned steps)
{
    if (heng_slice_is(key, "steps"))
        read_steps(form, arena, component);
    else if (heng_slice_is(key, "seasons"))
        read_seasons(form, arena, component, steps);
    else if (heng_slice_is(key, "form"))
        component->form = (heng_step_form)heng_form_word(form, forms, HENG_FORM_COUNT);
    else if (heng_slice_is(key, "cycle"))
        read_cycle(form, component);
    else if (heng_slice_is(key, "cycle_months")) {
        component->cycle = HENG_CYCLE_CALENDAR;
        component->cycle_months = (uint8_t)heng_form_int(form, 1, 12);
    } else if (heng_slice_is(key, "start_month"))
        component->start_month = (uint8_t)heng_form_int(form, 1, 12);
    else if (heng_slice_is(key, "bounds_per")) {
        component->bounds_per = (heng_bounds_per)heng_form_word(form, per_bounds, HENG_BOUNDS_PER_COUNT);
        outline->has_bounds_per = true;
    } else if (heng_slice_is(key, "part_cycle")) {
        component->part_cycle = (heng_part_cycle)heng_form_word(form, part_cycles, HENG_PART_CYCLE_COUNT);
        outline->has_part_cycle = true;
    } else if (heng_slice_is(key, "household"))
        read_household(form, component);
    else
        return false;
    return true;
}

static void read_remainder(struct heng_form *form, struct heng_component *component)
{
    char name[HENG_TARIFF_ID_MAX];
    heng_form_text(form, name, sizeof name);
    component->remainder = (int8_t)rate_of(component, heng_slice_of(name, strlen(name)));
    if (component->remainder < 0) heng_form_refuse(form, HENG_ECONFIG, "", "the component has no rate '%.30s'", name);
}

static bool read_tou_field(struct heng_form *form, struct heng_arena *arena, struct heng_slice key,
                           struct heng_component *component)
{
    if (heng_slice_is(key, "rates"))
        heng_form_skip(form); /* read before */
    else if (heng_slice_is(key, "remainder"))
        read_remainder(form, component);
    else if (heng_slice_is(key, "attribution"))
        component->attribution = (heng_attribution)heng_form_word(form, attributions, HENG_ATTRIBUTION_COUNT);
    else if (heng_slice_is(key, "calendar"))
        heng_tariff_calendar_read(form, arena, component);
    else if (heng_slice_is(key, "price_places"))
        component->price_places = places_of(form);
    else if (heng_slice_is(key, "price_rounding"))
        component->price_rounding = heng_form_rounding(form);
    else if (heng_slice_is(key, "split_places"))
        component->split_places = places_of(form);
    else
        return false;
    return true;
}

static bool read_other_field(struct heng_form *form, struct heng_arena *arena, struct heng_slice key,
                             struct heng_component *component, struct outline *outline)
{
    if (heng_slice_is(key, "base"))
        component->base = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "per")) {
        component->per = (heng_fixed_per)heng_form_word(form, pers, HENG_PER_COUNT);
        outline->has_per = true;
    } else if (heng_slice_is(key, "month_days"))
        component->month_days = (heng_month_days)heng_form_word(form, month_days, HENG_MONTH_DAYS_COUNT);
    else if (heng_slice_is(key, "season"))
        read_span(form, &component->season_from, &component->season_to);
    else if (heng_slice_is(key, "by"))
        component->demand_by = (heng_demand_by)heng_form_word(form, demand_bys, HENG_DEMAND_BY_COUNT);
    else if (heng_slice_is(key, "excess"))
        read_excess(form, component);
    else if (heng_slice_is(key, "standard"))
        component->standard = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "table"))
        read_table(form, arena, component);
    else if (heng_slice_is(key, "reactive"))
        component->reactive = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "rate"))
        component->rate = heng_form_dec(form);
    else if (heng_slice_is(key, "at_zero"))
        component->at_zero = heng_form_bool(form);
    else
        return false;
    return true;
}

static bool read_common_field(struct heng_form *form, struct heng_arena *arena, struct heng_slice key,
                              struct heng_component *component)
{
    if (heng_slice_is(key, "id"))
        component->id = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "name"))
        component->name = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "version"))
        component->version = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "from"))
        component->from = heng_form_date(form);
    else if (heng_slice_is(key, "to"))
        component->to = heng_form_is_null(form) ? HENG_DAY_OPEN : heng_form_date(form);
    else if (heng_slice_is(key, "rule"))
        component->rule = (heng_tariff_rule)heng_form_word(form, heng_tariff_rule_texts, HENG_TARIFF_RULE_COUNT);
    else if (heng_slice_is(key, "temporary"))
        component->temporary = heng_form_bool(form);
    else if (heng_slice_is(key, "informative"))
        component->informative = heng_form_bool(form);
    else if (heng_slice_is(key, "vat"))
        read_vat(form, arena, &component->vat);
    else if (heng_slice_is(key, "rounding"))
        component->rounding = heng_form_rounding(form);
    else if (heng_slice_is(key, "places"))
        component->places = places_of(form);
    else
        return false;
    return true;
}

static bool read_quantity_field(struct heng_form *form, struct heng_arena *arena, struct heng_slice key,
                                struct heng_component *component)
{
    if (heng_slice_is(key, "quantity"))
        component->quantity = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "unit"))
        component->unit = heng_form_copy(form, arena);
    else if (heng_slice_is(key, "price"))
        component->price = heng_form_dec(form);
    else if (heng_slice_is(key, "share"))
        component->share = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "less"))
        read_names(form, arena, &component->less, &component->less_count);
    else if (heng_slice_is(key, "of"))
        read_names(form, arena, &component->of, &component->of_count);
    else if (heng_slice_is(key, "quantity_places"))
        component->quantity_places = places_of(form);
    else if (heng_slice_is(key, "quantity_rounding"))
        component->quantity_rounding = heng_form_rounding(form);
    else
        return false;
    return true;
}

/* The fields that some rules have and others do not: there they would be read and forgotten. */
#define RULE(r)  (1U << HENG_TARIFF_RULE_##r)
#define TIERED   (RULE(STEPS) | RULE(TOU_STEPS))
#define BY_RATE  (RULE(TOU) | RULE(TOU_STEPS))
#define TIMED    (RULE(FIXED) | RULE(CAPACITY) | RULE(DEMAND))
#define OF_LINES (RULE(PERCENT) | RULE(POWER_FACTOR) | RULE(MINIMUM))
static const struct {
    const char *name;
    uint32_t rules;
} OWN[] = {
    {"price", ~(RULE(STEPS) | RULE(PERCENT) | RULE(POWER_FACTOR))},
    {"rate", RULE(PERCENT)},
    {"of", OF_LINES},
    {"steps", TIERED},
    {"seasons", TIERED},
    {"form", RULE(STEPS)},
    {"cycle", TIERED},
    {"cycle_months", TIERED},
    {"start_month", TIERED},
    {"bounds_per", TIERED},
    {"part_cycle", TIERED},
    {"household", TIERED},
    {"rates", BY_RATE},
    {"remainder", BY_RATE},
    {"calendar", BY_RATE},
    {"price_places", BY_RATE},
    {"price_rounding", BY_RATE},
    {"attribution", RULE(TOU_STEPS)},
    {"split_places", RULE(TOU_STEPS)},
    {"base", TIMED},
    {"per", TIMED | RULE(MINIMUM)},
    {"month_days", TIMED | RULE(MINIMUM)},
    {"season", RULE(FIXED) | RULE(CAPACITY)},
    {"by", RULE(DEMAND)},
    {"excess", RULE(DEMAND)},
    {"standard", RULE(POWER_FACTOR)},
    {"table", RULE(POWER_FACTOR)},
    {"reactive", RULE(POWER_FACTOR)},
    {"at_zero", RULE(MINIMUM)},
    {"less", TIERED | BY_RATE | RULE(PER_UNIT)},
    {"share", TIERED | BY_RATE | RULE(PER_UNIT)},
};
enum { OWN_COUNT = sizeof OWN / sizeof *OWN, OWN_PRICE = 0, OWN_RATE = 1 };

static uint32_t own_field(struct heng_slice key)
{
    for (unsigned i = 0; i < OWN_COUNT; i++)
        if (heng_slice_is(key, OWN[i].name)) return 1U << i;
    return 0;
}

/* A price that is missing is not a price of zero, and what a rule does not have is a mistake. */
static void check_fields(struct heng_form *form, const struct heng_component *component, uint32_t fields)
{
    bool by_factor = false;
    for (unsigned i = 0; i < component->rate_count; i++) by_factor = by_factor || component->rates[i].by_factor;
    for (unsigned i = 0; i < OWN_COUNT; i++)
        if ((fields >> i & 1) && !(OWN[i].rules >> component->rule & 1))
            heng_form_refuse(form, HENG_ECONFIG, OWN[i].name, "the rule \"%s\" has no such field",
                             heng_tariff_rule_texts[component->rule]);
    bool needs = component->rule == HENG_TARIFF_RULE_PER_UNIT || component->rule == HENG_TARIFF_RULE_FIXED ||
                 component->rule == HENG_TARIFF_RULE_CAPACITY || component->rule == HENG_TARIFF_RULE_DEMAND ||
                 component->rule == HENG_TARIFF_RULE_MINIMUM || by_factor;
    if (needs && !(fields & 1U << OWN_PRICE)) heng_form_refuse(form, HENG_ECONFIG, "price", "it is missing");
    if (component->rule == HENG_TARIFF_RULE_PERCENT && !(fields & 1U << OWN_RATE))
        heng_form_refuse(form, HENG_ECONFIG, "rate", "it is missing");
}

/* First round: the rates and how many steps there are. */
static void read_ahead(struct heng_form form, struct heng_arena *arena, struct heng_component *component,
                       unsigned *ret_steps)
{
    struct heng_slice key;
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        if (heng_slice_is(key, "rates"))
            read_rates(&form, arena, component);
        else if (heng_slice_is(key, "steps")) {
            *ret_steps = 0;
            heng_form_array(&form);
            while (heng_form_item(&form)) {
                heng_form_skip(&form);
                (*ret_steps)++;
            }
        } else
            heng_form_skip(&form);
    }
}

/* What a rule takes for granted. */
static void complete(struct heng_component *component, const struct outline *outline)
{
    bool steps = component->rule == HENG_TARIFF_RULE_STEPS || component->rule == HENG_TARIFF_RULE_TOU_STEPS;
    if (steps && !outline->has_bounds_per)
        component->bounds_per = component->cycle == HENG_CYCLE_BILL ? HENG_BOUNDS_PER_MONTH : HENG_BOUNDS_PER_CYCLE;
    if (steps && !outline->has_part_cycle && component->cycle == HENG_CYCLE_BILL)
        component->part_cycle = HENG_PART_CYCLE_NEAREST;
    if (component->rule == HENG_TARIFF_RULE_CAPACITY) {
        if (!component->base) component->base = "capacity";
        if (!component->unit) component->unit = "kVA";
    }
    if (component->rule == HENG_TARIFF_RULE_DEMAND) {
        if (!component->quantity) component->quantity = "demand";
        if (!component->unit) component->unit = "kW";
    }
    if (component->rule == HENG_TARIFF_RULE_FIXED && !(outline->fields & own_field(heng_slice_str("month_days"))))
        component->month_days = HENG_MONTH_DAYS_ACTUAL; /* two parts of a month make one, not 31/30 */
    bool monthly = component->rule == HENG_TARIFF_RULE_CAPACITY || component->rule == HENG_TARIFF_RULE_DEMAND;
    if (monthly && !outline->has_per) component->per = HENG_PER_MONTH;
}

static void read_component(struct heng_form *form, struct heng_arena *arena, const struct heng_component *defaults,
                           struct heng_component *ret)
{
    struct heng_component component = *defaults;
    struct outline outline = {false, false, false, 0};
    struct heng_slice key;
    unsigned steps = 0;
    bool has_rule = false;
    read_ahead(*form, arena, &component, &steps);
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        has_rule = has_rule || heng_slice_is(key, "rule");
        outline.fields |= own_field(key);
        if (heng_slice_is(key, "rates")) { /* once more, for its errors */
            struct heng_component again = component;
            read_rates(form, arena, &again);
        } else if (!read_common_field(form, arena, key, &component) &&
                   !read_quantity_field(form, arena, key, &component) &&
                   !read_step_field(form, arena, key, &component, &outline, steps) &&
                   !read_tou_field(form, arena, key, &component) &&
                   !read_other_field(form, arena, key, &component, &outline))
            heng_form_unknown(form);
    }
    if (!component.id || !*component.id) heng_form_refuse(form, HENG_ECONFIG, "id", "it is missing");
    if (!has_rule) heng_form_refuse(form, HENG_ECONFIG, "rule", "it is missing");
    check_fields(form, &component, outline.fields);
    complete(&component, &outline);
    *ret = component;
}

/* First round: what holds for all components. */
static void read_defaults(struct heng_form form, struct heng_component *ret)
{
    struct heng_slice key;
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        if (heng_slice_is(key, "rounding"))
            ret->rounding = heng_form_rounding(&form);
        else if (heng_slice_is(key, "places"))
            ret->places = places_of(&form);
        else
            heng_form_skip(&form);
    }
}

static void read_components(struct heng_form *form, struct heng_arena *arena, const struct heng_component *defaults,
                            struct heng_tariff *ret)
{
    struct heng_component *items = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        items = heng_form_grow(form, arena, items, ret->count, sizeof *items, HENG_TARIFF_COMPONENTS_MAX);
        if (!items) return;
        read_component(form, arena, defaults, &items[ret->count++]);
    }
    ret->components = items;
}

void heng_tariff_read_unchecked(struct heng_form *form, struct heng_arena *arena, struct heng_tariff *ret)
{
    struct heng_component defaults = heng_component_default();
    struct heng_slice key;
    *ret = (struct heng_tariff){.currency = "CNY"};
    read_defaults(*form, &defaults);
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "id"))
            ret->id = heng_form_copy(form, arena);
        else if (heng_slice_is(key, "name"))
            ret->name = heng_form_copy(form, arena);
        else if (heng_slice_is(key, "currency"))
            ret->currency = heng_form_copy(form, arena);
        else if (heng_slice_is(key, "vat_by"))
            ret->vat_by = (heng_vat_by)heng_form_word(form, vat_bys, HENG_VAT_BY_COUNT);
        else if (heng_slice_is(key, "prices_include_vat"))
            ret->vat_excluded = !heng_form_bool(form);
        else if (heng_slice_is(key, "rounding"))
            (void)heng_form_rounding(form);
        else if (heng_slice_is(key, "places"))
            (void)places_of(form);
        else if (heng_slice_is(key, "components"))
            read_components(form, arena, &defaults, ret);
        else
            heng_form_unknown(form);
    }
    if (!ret->currency) ret->currency = "CNY";
    if (!heng_form_failed(form) && ret->count == 0) heng_form_refuse(form, HENG_ECONFIG, "components", "there is none");
}

void heng_tariff_read(struct heng_form *form, struct heng_arena *arena, struct heng_tariff *ret)
{
    struct heng_tariff_finding findings[16];
    heng_tariff_read_unchecked(form, arena, ret);
    if (heng_form_failed(form)) return;
    size_t n = heng_tariff_check(ret, findings, sizeof findings / sizeof *findings);
    for (size_t i = 0; i < n; i++)
        if (findings[i].is_error) {
            heng_form_refuse(form, HENG_ECONFIG, findings[i].path, "%s", findings[i].text);
            return;
        }
}
