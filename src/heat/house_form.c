#include "heat/house_form.h"

#include <stdio.h>
#include <string.h>

#include "bill/calc.h"

const char *const heng_statement_keys[HENG_STATEMENT_KEYS] = {
    "fuel_mix", "taxes", "device_charges", "contacts", "dispute_note", "average_user", "comparison"};

static const char *const OFS[] = {"joint", "heat", "warm-water"};

/* --- costs ---------------------------------------------------------------------------------------------------------
 */

/* A credit note is below zero. */
static struct heng_dec read_amount(struct heng_form *form, bool *ret_has)
{
    *ret_has = true;
    return heng_form_dec(form);
}

static void read_costs(struct heng_form_reader *reader, struct heng_house_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = ret->costs;
        struct heng_cost_item *cost = heng_form_more(reader, &items, ret->cost_count, sizeof *cost);
        if (!cost) return;
        ret->costs = items;
        ret->cost_count++;
        cost->name = cost->unit = "";
        bool amount = false;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "name"))
                cost->name = heng_form_keep(reader);
            else if (heng_slice_is(key, "unit"))
                cost->unit = heng_form_keep(reader);
            else if (heng_slice_is(key, "date"))
                cost->day = heng_form_date(form);
            else if (heng_slice_is(key, "amount"))
                cost->amount = read_amount(form, &amount);
            else if (heng_slice_is(key, "quantity"))
                cost->quantity = heng_form_dec_min(form, 0);
            else if (heng_slice_is(key, "for"))
                cost->of = (int8_t)heng_form_word(form, OFS, 3);
            else
                heng_form_unknown(form);
        }
        if (!cost->name[0]) heng_form_refuse(form, HENG_ECONFIG, "name", "is missing");
        if (!amount) heng_form_refuse(form, HENG_ECONFIG, "amount", "is missing");
    }
}

static void read_lot(struct heng_form *form, struct heng_fuel_lot *lot)
{
    struct heng_slice key;
    struct heng_calc calc = {0};
    struct heng_dec price = {0, 0};
    bool has_price = false, has_amount = false;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "quantity")) {
            lot->quantity = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "price")) {
            price = heng_form_dec_min(form, 0);
            has_price = true;
        } else if (heng_slice_is(key, "amount")) {
            lot->amount = heng_form_dec_min(form, 0);
            has_amount = true;
        } else if (heng_slice_is(key, "co2_kg")) {
            lot->co2_kg = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "co2_cost")) {
            lot->co2_cost = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "date")) {
            lot->day = heng_form_date(form);
        } else {
            heng_form_unknown(form);
        }
    }
    if (has_price == has_amount) heng_form_refuse(form, HENG_ECONFIG, "price", "price or amount is needed, not both");
    if (heng_dec_zero(lot->quantity)) heng_form_refuse(form, HENG_ERANGE, "quantity", "is missing or zero");
    if (has_price) lot->amount = heng_calc_mul(&calc, lot->quantity, price);
    if (calc.rc != HENG_OK) heng_form_refuse(form, HENG_ERANGE, "price", "the amount does not fit");
}

static void read_fuel(struct heng_form_reader *reader, struct heng_house_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    ret->has_fuel = true;
    ret->fuel_name = "fuel";
    ret->fuel_unit = "";
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "name")) {
            ret->fuel_name = heng_form_keep(reader);
        } else if (heng_slice_is(key, "unit")) {
            ret->fuel_unit = heng_form_keep(reader);
        } else if (heng_slice_is(key, "closing")) {
            ret->closing = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "for")) {
            ret->fuel_of = (int8_t)heng_form_word(form, OFS, 3);
        } else if (heng_slice_is(key, "lots")) {
            heng_form_array(form);
            while (heng_form_item(form)) {
                void *items = ret->lots;
                struct heng_fuel_lot *lot = heng_form_more(reader, &items, ret->lot_count, sizeof *lot);
                if (!lot) return;
                ret->lots = items;
                ret->lot_count++;
                read_lot(form, lot);
            }
        } else {
            heng_form_unknown(form);
        }
    }
    if (!ret->lot_count) heng_form_refuse(form, HENG_ECONFIG, "lots", "are missing");
}

/* --- warm water, keys, CO2 -----------------------------------------------------------------------------------------
 */

static void read_warm(struct heng_form *form, struct heng_warm_water *warm)
{
    static const char *const rules[] = {
#define X(symbol, text) text,
        HENG_WARM_RULE_LIST(X)
#undef X
    };
    static const char *const factors[] = {"none", "gas-gross", "district-heat"};
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "rule"))
            warm->rule = (heng_warm_rule)heng_form_word(form, rules, HENG_WARM_RULES);
        else if (heng_slice_is(key, "factor"))
            warm->factor = (heng_warm_factor)heng_form_word(form, factors, 3);
        else if (heng_slice_is(key, "use"))
            warm->use = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "total"))
            warm->total = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "m3"))
            warm->m3 = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "temperature"))
            warm->celsius = heng_form_dec(form);
        else if (heng_slice_is(key, "area"))
            warm->area = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "share"))
            warm->share = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "hi"))
            warm->hi = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "places"))
            warm->share_places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        else if (heng_slice_is(key, "rounding"))
            warm->share_rounding = heng_form_rounding(form);
        else
            heng_form_unknown(form);
    }
    if (warm->rule == HENG_WARM_NONE) heng_form_refuse(form, HENG_ECONFIG, "rule", "is missing");
}

static void read_keys(struct heng_form_reader *reader, struct heng_house_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    const struct heng_dec least = heng_dec_of(50, -2), most = heng_dec_of(70, -2);
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "heat"))
            ret->ask.heat_key = heng_form_share(reader);
        else if (heng_slice_is(key, "warm_water"))
            ret->ask.water_key = heng_form_share(reader);
        else if (heng_slice_is(key, "groups"))
            ret->ask.group_key = heng_form_share(reader);
        else if (heng_slice_is(key, "agreed"))
            ret->keys_agreed = heng_form_bool(form);
        else
            heng_form_unknown(form);
    }
    if (heng_dec_less(ret->ask.group_key, least))
        heng_form_refuse(form, HENG_ERANGE, "groups", "at least 0.50 goes by the meters of the groups (5(2))");
    bool heat = heng_dec_less(ret->ask.heat_key, least) || heng_dec_less(most, ret->ask.heat_key);
    bool water = heng_dec_less(ret->ask.water_key, least) || heng_dec_less(most, ret->ask.water_key);
    if (heng_dec_less(ret->ask.heat_key, least) || heng_dec_less(ret->ask.water_key, least))
        heng_form_refuse(form, HENG_ERANGE, heng_dec_less(ret->ask.heat_key, least) ? "heat" : "warm_water",
                         "is not 0.50 to 0.70 (7(1), 8), and a contract may only go above it (10)");
    if ((heat || water) && !ret->keys_agreed)
        heng_form_refuse(form, HENG_ERANGE, heat ? "heat" : "warm_water",
                         "is not 0.50 to 0.70 (7(1), 8); a contract beyond it says agreed: true");
}

static void read_stages(struct heng_form *form, struct heng_co2 *co2)
{
    struct heng_slice key;
    bool last = false;
    co2->stage_count = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        if (co2->stage_count == HENG_CO2_STAGES_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "more than %d stages", HENG_CO2_STAGES_MAX);
            return;
        }
        struct heng_co2_stage *stage = &co2->stages[co2->stage_count++];
        *stage = (struct heng_co2_stage){0};
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "below"))
                stage->below = heng_form_dec_min(form, 0);
            else if (heng_slice_is(key, "tenant_percent"))
                stage->tenant_percent = (int8_t)heng_form_int(form, 0, 100);
            else
                heng_form_unknown(form);
        }
        if (last ||
            (co2->stage_count > 1 && !heng_dec_zero(stage->below) && !heng_dec_less(stage[-1].below, stage->below)))
            heng_form_refuse(form, HENG_ERANGE, "below", "is not above that of the stage before");
        last = heng_dec_zero(stage->below); /* without a bound: all the rest */
    }
    if (!heng_form_failed(form) && !last)
        heng_form_refuse(form, HENG_ECONFIG, "", "the last stage has no below: all the rest");
}

static void read_co2(struct heng_form *form, struct heng_house_form *ret)
{
    struct heng_slice key;
    struct heng_co2 *co2 = &ret->co2;
    ret->has_co2 = true;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        ret->has_co2_kg |= heng_slice_is(key, "kg");
        ret->has_co2_cost |= heng_slice_is(key, "cost");
        if (heng_slice_is(key, "kg"))
            co2->kg = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "cost"))
            co2->cost = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "area"))
            co2->area = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "days"))
            co2->days = (int32_t)heng_form_int(form, 1, 1000);
        else if (heng_slice_is(key, "year_days"))
            co2->year_days = (int32_t)heng_form_int(form, 365, 366);
        else if (heng_slice_is(key, "places"))
            co2->places = heng_form_is_null(form) ? HENG_CO2_EXACT : (uint8_t)heng_form_int(form, 0, 6);
        else if (heng_slice_is(key, "stages"))
            read_stages(form, co2);
        else if (heng_slice_is(key, "shown_only"))
            ret->co2_shown_only = heng_form_bool(form);
        else
            heng_form_unknown(form);
    }
}

/* --- small things --------------------------------------------------------------------------------------------------
 */

static void read_table(struct heng_form *form, struct heng_house_form *ret)
{
    struct heng_degree_table *table = &ret->ask.table;
    unsigned months = 0;
    if (!heng_form_failed(form) && heng_json_peek(&form->json) == HENG_JSON_STRING) {
        ret->table_kind = (heng_degree_kind)heng_form_word(form, heng_degree_texts, HENG_DEGREE_KINDS);
        *table = heng_degree_tables[ret->table_kind];
        return;
    }
    ret->table_kind = HENG_DEGREE_KINDS;
    table->den = 1000;
    int64_t sum = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        int64_t value = 0;
        struct heng_dec permille = heng_form_dec_min(form, 0);
        if (!heng_exact_steps(permille, 3, &value) || value > 1000000)
            heng_form_refuse(form, HENG_ERANGE, "", "permille of a month, at most 3 places");
        if (months < 12) table->nums[months] = (int32_t)value;
        sum += value;
        months++;
    }
    if (months != 12 || sum != 1000000)
        heng_form_refuse(form, HENG_ERANGE, "", "twelve months that sum to 1000 permille are needed");
}

static void read_estimate(struct heng_form_reader *reader, struct heng_share_rules *rules)
{
    struct heng_slice key;
    heng_form_object(&reader->form);
    while (heng_form_key(&reader->form, &key))
        if (heng_slice_is(key, "area_limit"))
            rules->area_limit = heng_form_share(reader);
        else
            heng_form_unknown(&reader->form);
}

static void read_cuts(struct heng_form_reader *reader, struct heng_house_ask *ask)
{
    static const char *const names[3] = {"not_by_use", "no_information", "no_remote"};
    struct heng_slice key;
    heng_form_object(&reader->form);
    while (heng_form_key(&reader->form, &key)) {
        unsigned i = 0;
        while (i < 3 && !heng_slice_is(key, names[i])) i++;
        if (i < 3)
            ask->cuts[i] = heng_form_share(reader);
        else
            heng_form_unknown(&reader->form);
    }
}

static void read_groups(struct heng_form_reader *reader, struct heng_house_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    struct heng_house_group *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        struct heng_house_group *group = heng_form_more(reader, &items, ret->ask.group_count, sizeof *group);
        if (!group) return;
        list = items;
        ret->ask.group_count++;
        group->id = "";
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "id")) {
                group->id = heng_form_keep(reader);
            } else if (heng_slice_is(key, "heat")) {
                group->heat = heng_form_dec_min(form, 0);
                group->has_heat = true;
            } else if (heng_slice_is(key, "warm_water")) {
                group->water = heng_form_dec_min(form, 0);
                group->has_water = true;
            } else {
                heng_form_unknown(form);
            }
        }
        if (!group->id[0]) heng_form_refuse(form, HENG_ECONFIG, "id", "is missing");
    }
    ret->ask.groups = list;
}

static void read_others(struct heng_form_reader *reader, struct heng_house_form *ret)
{
    static const char *const bys[] = {
#define X(symbol, text) text,
        HENG_OTHER_BY_LIST(X)
#undef X
    };
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    struct heng_house_other *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        struct heng_house_other *other = heng_form_more(reader, &items, ret->ask.other_count, sizeof *other);
        bool amount = false;
        if (!other) return;
        list = items;
        ret->ask.other_count++;
        *other = (struct heng_house_other){.name = "", .by = HENG_BY_FLAT};
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "name")) {
                other->name = heng_form_keep(reader);
            } else if (heng_slice_is(key, "by")) {
                other->by = (heng_other_by)heng_form_word(form, bys, HENG_BYS);
            } else if (heng_slice_is(key, "amount")) {
                other->amount = heng_form_dec_min(form, 0);
                amount = true;
            } else if (heng_slice_is(key, "unit_price")) {
                other->amount = heng_form_dec_min(form, 0);
                other->has_price = true;
            } else {
                heng_form_unknown(form);
            }
        }
        if (amount == other->has_price)
            heng_form_refuse(form, HENG_ECONFIG, "amount", "amount or unit_price is needed");
    }
    ret->ask.others = list;
}

/* What stands in the statement is shown as it is; the comparison is made of its numbers. */
static void read_comparison(struct heng_form *form, struct heng_house_form *ret)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "use_kwh"))
            ret->use_kwh = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "previous_kwh"))
            ret->previous_kwh = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "degree_days"))
            ret->degree_days = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "previous_degree_days"))
            ret->previous_degree_days = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "average_user_kwh"))
            ret->average_user_kwh = heng_form_dec_min(form, 0);
        else
            heng_form_unknown(form);
    }
}

static void read_statement(struct heng_form *form, struct heng_house_form *ret)
{
    struct heng_slice key;
    if (heng_form_failed(form) || heng_json_peek(&form->json) != HENG_JSON_OBJECT) {
        heng_form_refuse(form, HENG_EFORMAT, "", "is no object");
        return;
    }
    size_t from = form->json.at;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        for (unsigned i = 0; i < HENG_STATEMENT_KEYS; i++)
            if (heng_slice_is(key, heng_statement_keys[i])) ret->statement_has |= 1u << i;
        if (heng_slice_is(key, "comparison"))
            read_comparison(form, ret);
        else
            heng_form_skip(form);
    }
    if (!heng_form_failed(form)) ret->statement = heng_slice_of(form->json.text.p + from, form->json.at - from);
}

/* --- the form ------------------------------------------------------------------------------------------------------
 */

static bool read_cost_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_house_form *ret)
{
    struct heng_form *form = &reader->form;
    if (heng_slice_is(key, "costs"))
        read_costs(reader, ret);
    else if (heng_slice_is(key, "fuel"))
        read_fuel(reader, ret);
    else if (heng_slice_is(key, "warm_water"))
        read_warm(form, &ret->ask.warm);
    else if (heng_slice_is(key, "keys"))
        read_keys(reader, ret);
    else if (heng_slice_is(key, "co2"))
        read_co2(form, ret);
    else if (heng_slice_is(key, "groups"))
        read_groups(reader, ret);
    else if (heng_slice_is(key, "other"))
        read_others(reader, ret);
    else if (heng_slice_is(key, "flats"))
        heng_house_flats(reader, ret);
    else if (heng_slice_is(key, "statement"))
        read_statement(form, ret);
    else
        return false;
    return true;
}

static void read_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_house_form *ret)
{
    static const char *const bys[] = {"degree-days", "days"}, *const areas[] = {"area", "heated-area"};
    struct heng_form *form = &reader->form;
    if (heng_slice_is(key, "kind")) {
        heng_form_skip(form);
    } else if (heng_slice_is(key, "building")) {
        heng_form_text(form, ret->building, sizeof ret->building);
    } else if (heng_slice_is(key, "parameters")) {
        heng_form_text(form, ret->parameters, sizeof ret->parameters);
    } else if (heng_slice_is(key, "supersedes")) {
        heng_form_text(form, ret->supersedes, sizeof ret->supersedes);
    } else if (heng_slice_is(key, "currency")) {
        heng_form_text(form, ret->currency, sizeof ret->currency);
    } else if (heng_slice_is(key, "period")) {
        heng_form_period(reader, &ret->period);
    } else if (heng_slice_is(key, "unit_price_places")) {
        ret->ask.price_places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        ret->ask.has_unit_prices = true;
    } else if (heng_slice_is(key, "degree_days")) {
        read_table(form, ret);
    } else if (heng_slice_is(key, "heat_base_split")) {
        ret->ask.heat_by_time = heng_form_word(form, bys, 2) == 1;
    } else if (heng_slice_is(key, "heat_base_area")) {
        ret->ask.heated_area = heng_form_word(form, areas, 2) == 1;
    } else if (heng_slice_is(key, "estimate")) {
        read_estimate(reader, &ret->ask.rules);
    } else if (heng_slice_is(key, "reductions")) {
        read_cuts(reader, &ret->ask);
    } else {
        heng_form_unknown(form);
    }
}

static void set_defaults(struct heng_house_form *ret)
{
    memset(ret, 0, sizeof *ret);
    snprintf(ret->currency, sizeof ret->currency, "EUR");
    ret->ask.warm.share_places = 255;
    ret->ask.heat_key = ret->ask.water_key = heng_dec_of(70, -2);
    ret->ask.group_key = heng_dec_of(50, -2);
    ret->ask.table = heng_degree_tables[HENG_DEGREE_THIRDS];
    ret->ask.rules = heng_share_rules_default();
    ret->ask.cuts[0] = heng_dec_of(15, -2);
    ret->ask.cuts[1] = ret->ask.cuts[2] = heng_dec_of(3, -2);
    ret->co2.places = 1;
    memcpy(ret->co2.stages, heng_co2_stages, sizeof heng_co2_stages);
    ret->co2.stage_count = sizeof heng_co2_stages / sizeof heng_co2_stages[0];
}

heng_rc heng_house_read(struct heng_slice json, struct heng_arena *arena, struct heng_house_form *ret,
                        struct heng_err *err)
{
    static const struct heng_house_group whole = {.id = "house"};
    struct heng_form_reader reader = {.arena = arena};
    struct heng_slice key;
    set_defaults(ret);
    heng_form_open(&reader.form, json);
    heng_form_object(&reader.form);
    while (heng_form_key(&reader.form, &key))
        if (!read_cost_key(&reader, key, ret)) read_key(&reader, key, ret);
    if (!ret->period.is) heng_form_refuse(&reader.form, HENG_ECONFIG, "period", "is missing");
    if (ret->period.to - ret->period.from > 3700)
        heng_form_refuse(&reader.form, HENG_ERANGE, "period", "is longer than ten years");
    if (!ret->ask.count) heng_form_refuse(&reader.form, HENG_ECONFIG, "flats", "are missing");
    if (!ret->cost_count && !ret->has_fuel) heng_form_refuse(&reader.form, HENG_ECONFIG, "costs", "are missing");
    ret->ask.from = ret->period.from;
    ret->ask.to = ret->period.to;
    if (!ret->ask.group_count) {
        ret->ask.groups = &whole;
        ret->ask.group_count = 1;
    }
    return heng_form_close(&reader.form, err);
}
