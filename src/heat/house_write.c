/* The form "heizkosten" and what the law wants its result to show. */
#include <stdio.h>
#include <string.h>

#include "bill/calc.h"
#include "bill/largest.h"
#include "heat/apportion_parts.h"
#include "heat/house_form.h"

/* --- what is known only when all was read --------------------------------------------------------------------------
 */

static heng_rc set_groups(struct heng_share_job *job, struct heng_house_form *form, struct heng_house_flat *flats)
{
    const struct heng_house_ask *ask = &form->ask;
    for (size_t i = 0; i < ask->count; i++) {
        const char *group = flats[i].heat.id;
        size_t k = 0;
        flats[i].heat.id = flats[i].id;
        if (!group && ask->group_count == 1) continue;
        while (k < ask->group_count && (!group || strcmp(ask->groups[k].id, group) != 0)) k++;
        if (!group) return heng_fail(job->err, HENG_ECONFIG, 0, "flats[%zu].group: is missing, there are several", i);
        if (k == ask->group_count)
            return heng_fail(job->err, HENG_ENOTFOUND, 0, "flats[%zu].group: '%.40s' is not one of groups", i, group);
        flats[i].group = (uint32_t)k;
    }
    for (size_t k = 0; k < ask->group_count; k++) {
        size_t n = 0;
        for (size_t j = 0; j < k; j++)
            if (strcmp(ask->groups[j].id, ask->groups[k].id) == 0)
                return heng_fail(job->err, HENG_ECONFLICT, 0, "groups[%zu].id: '%.40s' is there twice", k,
                                 ask->groups[k].id);
        for (size_t i = 0; i < ask->count; i++) n += flats[i].group == k;
        if (n == 0) return heng_fail(job->err, HENG_ECONFIG, 0, "groups[%zu].id: no flat belongs to it", k);
    }
    return HENG_OK;
}

/* A flat that says nothing about its use is a mistake of the form, never a use of zero. Where no flat of the house has
 * a device for it, all goes by area, and the answer says so. */
static heng_rc check_use(struct heng_share_job *job, const struct heng_house_form *form, bool heat)
{
    size_t known = 0;
    const char *field = heat ? "units" : "warm_water";
    for (size_t i = 0; i < form->ask.count; i++) {
        const struct heng_house_flat *flat = &form->ask.flats[i];
        bool has = heat ? flat->has_heat : flat->has_water;
        bool missing = (heat ? flat->heat : flat->water).state == HENG_PARTY_MISSING;
        if (has && missing)
            return heng_fail(job->err, HENG_ECONFLICT, 0, "flats[%zu].%s: is given, and missing_%s as well", i, field,
                             heat ? "heat" : field);
        known += has || missing;
    }
    if (known == 0)
        return heng_job_warn(job, "not-measured", NULL, "no flat has a device for %s: all of it by area",
                             heat ? "heat" : "warm water");
    for (size_t i = 0; i < form->ask.count; i++) {
        const struct heng_house_flat *flat = &form->ask.flats[i];
        const struct heng_party *party = heat ? &flat->heat : &flat->water;
        if (party->state == HENG_PARTY_MEASURED && !(heat ? flat->has_heat : flat->has_water))
            return heng_fail(job->err, HENG_ECONFIG, 0,
                             "flats[%zu].%s: is missing; a flat whose device failed says missing_%s and why", i, field,
                             heat ? "heat" : field);
    }
    return HENG_OK;
}

static heng_rc set_tenants(struct heng_share_job *job, const struct heng_house_form *form,
                           struct heng_house_flat *flats)
{
    for (size_t i = 0; i < form->ask.count; i++) {
        struct heng_house_flat *flat = &flats[i];
        if (!flat->tenant_count) continue;
        struct heng_house_tenant *list = heng_arena_take(job->arena, flat->tenant_count, sizeof *list);
        if (!list) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the tenants");
        memcpy(list, flat->tenants, flat->tenant_count * sizeof *list);
        if (list[0].from == INT32_MIN) list[0].from = form->period.from;
        for (size_t k = 0; k < flat->tenant_count; k++)
            if (!list[k].name[0]) list[k].name = flat->id;
        flat->tenants = list;
    }
    return HENG_OK;
}

static heng_rc check_ids(struct heng_share_job *job, const struct heng_house_form *form)
{
    size_t n = form->ask.count;
    const char **ids = heng_arena_take(job->arena, n, sizeof *ids);
    uint32_t *order = heng_arena_take(job->arena, n, sizeof *order);
    if (!ids || !order) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the flats");
    for (size_t i = 0; i < n; i++) ids[i] = form->ask.flats[i].id;
    size_t twice = heng_order_by_id(ids, n, order);
    if (twice == n) return HENG_OK;
    return heng_fail(job->err, HENG_ECONFLICT, 0, "flats[%u].id: '%.60s' is there twice", order[twice],
                     ids[order[twice]]);
}

static heng_rc set_flats(struct heng_share_job *job, struct heng_house_form *form)
{
    struct heng_house_flat *flats = heng_arena_take(job->arena, form->ask.count, sizeof *flats);
    if (!flats) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the flats");
    memcpy(flats, form->ask.flats, form->ask.count * sizeof *flats);
    form->ask.flats = flats;
    heng_rc rc = check_ids(job, form);
    if (rc == HENG_OK) rc = set_groups(job, form, flats);
    if (rc == HENG_OK) rc = check_use(job, form, true);
    if (rc == HENG_OK && form->ask.warm.rule != HENG_WARM_NONE) rc = check_use(job, form, false);
    return rc == HENG_OK ? set_tenants(job, form, flats) : rc;
}

static heng_rc set_costs(struct heng_share_job *job, struct heng_house_form *form)
{
    struct heng_calc calc = {0};
    struct heng_dec *sums[3] = {&form->ask.joint, &form->ask.heat_only, &form->ask.water_only};
    for (size_t i = 0; i < form->cost_count; i++)
        *sums[form->costs[i].of] = heng_calc_add(&calc, *sums[form->costs[i].of], form->costs[i].amount);
    if (form->has_fuel) {
        heng_rc rc = heng_fuel_fifo(form->lots, form->lot_count, form->closing, form->fuel_unit, heng_job_steps(job),
                                    &form->fuel, job->err);
        if (rc != HENG_OK) return rc;
        *sums[form->fuel_of] = heng_calc_add(&calc, *sums[form->fuel_of], form->fuel.cost);
    }
    for (unsigned i = 0; i < 3; i++)
        if (sums[i]->mantissa < 0) return heng_fail(job->err, HENG_ERANGE, 0, "costs: they are below zero together");
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(job->err, HENG_ERANGE, 0, "costs: they do not fit");
}

/* The landlord's part of the CO2 cost does not reach the tenants. */
static heng_rc set_co2(struct heng_share_job *job, struct heng_house_form *form)
{
    struct heng_calc calc = {0};
    struct heng_co2 *co2 = &form->co2;
    if (!form->has_co2) return HENG_OK;
    if (heng_dec_zero(co2->kg)) co2->kg = form->fuel.co2_kg;
    if (heng_dec_zero(co2->cost)) co2->cost = form->fuel.co2_cost;
    if (!form->has_co2_kg && !form->has_fuel)
        return heng_fail(job->err, HENG_ECONFIG, 0, "co2.kg: is missing, and there is no fuel that has it");
    if (!form->has_co2_cost && !form->has_fuel)
        return heng_fail(job->err, HENG_ECONFIG, 0, "co2.cost: is missing, and there is no fuel that has it");
    if (!co2->days) co2->days = form->period.to - form->period.from;
    if (!co2->year_days) co2->year_days = co2->days == 366 ? 366 : 365;
    for (size_t i = 0; heng_dec_zero(co2->area) && i < form->ask.count; i++) {
        struct heng_dec sum = {0, 0};
        for (size_t k = 0; k < form->ask.count; k++) sum = heng_calc_add(&calc, sum, form->ask.flats[k].area);
        co2->area = sum;
    }
    heng_rc rc = calc.rc;
    if (rc == HENG_OK) rc = heng_co2_divide(co2, heng_job_steps(job), &form->co2_split, job->err);
    if (rc != HENG_OK || form->co2_shown_only) return rc;
    form->ask.joint = heng_calc_sub(&calc, form->ask.joint, form->co2_split.landlord);
    if (form->ask.joint.mantissa < 0)
        return heng_fail(job->err, HENG_ERANGE, 0, "co2.cost: the landlord's part is more than the joint cost");
    return HENG_OK;
}

/* --- what the house spent ------------------------------------------------------------------------------------------
 */

static void put_date(struct heng_json *json, const char *key, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    heng_put_text(json, key, text);
}

static void put_costs(struct heng_json *json, const struct heng_house_form *form)
{
    static const char *const ofs[] = {"joint", "heat", "warm-water"};
    heng_json_key(json, "costs");
    heng_json_array(json);
    for (size_t i = 0; i < form->cost_count; i++) {
        const struct heng_cost_item *cost = &form->costs[i];
        heng_json_object(json);
        heng_put_text(json, "name", cost->name);
        if (cost->day) put_date(json, "date", cost->day);
        heng_put_some(json, "quantity", cost->quantity);
        if (cost->unit[0]) heng_put_text(json, "unit", cost->unit);
        heng_put_dec(json, "amount", cost->amount);
        heng_put_text(json, "for", ofs[cost->of]);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    if (!form->has_fuel) return;
    heng_json_key(json, "fuel");
    heng_json_object(json);
    heng_put_text(json, "name", form->fuel_name);
    heng_put_text(json, "unit", form->fuel_unit);
    heng_json_key(json, "lots");
    heng_json_array(json);
    for (size_t i = 0; i < form->lot_count; i++) {
        const struct heng_fuel_lot *lot = &form->lots[i];
        heng_json_object(json);
        if (lot->day) put_date(json, "date", lot->day);
        heng_put_dec(json, "quantity", lot->quantity);
        heng_put_dec(json, "amount", lot->amount);
        heng_put_some(json, "co2_kg", lot->co2_kg);
        heng_put_some(json, "co2_cost", lot->co2_cost);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    heng_put_dec(json, "used", form->fuel.used);
    heng_put_dec(json, "cost", form->fuel.cost);
    heng_put_dec(json, "closing", form->closing);
    heng_put_dec(json, "closing_value", form->fuel.closing_value);
    heng_put_some(json, "co2_kg", form->fuel.co2_kg);
    heng_put_some(json, "co2_cost", form->fuel.co2_cost);
    heng_put_text(json, "for", ofs[form->fuel_of]);
    heng_json_end_object(json);
}

static void put_co2(struct heng_json *json, const struct heng_house_form *form)
{
    if (!form->has_co2) return;
    heng_json_key(json, "co2");
    heng_json_object(json);
    heng_put_dec(json, "kg", form->co2.kg);
    heng_put_dec(json, "area", form->co2.area);
    heng_put_int(json, "days", form->co2.days);
    heng_put_dec(json, "kg_per_m2_year", form->co2_split.kg_m2);
    heng_put_int(json, "stage", form->co2_split.stage);
    heng_put_int(json, "tenant_percent", form->co2_split.tenant_percent);
    heng_put_dec(json, "cost", form->co2.cost);
    heng_put_dec(json, "tenant", form->co2_split.tenant);
    heng_put_dec(json, "landlord", form->co2_split.landlord);
    heng_put_bool(json, "deducted", !form->co2_shown_only);
    heng_json_end_object(json);
}

/* What the separation was made of. */
static void put_warm_inputs(struct heng_json *json, const struct heng_warm_water *warm)
{
    static const char *const factors[] = {"none", "gas-gross", "district-heat"};
    heng_put_some(json, "use", warm->use);
    heng_put_some(json, "m3", warm->m3);
    heng_put_some(json, "temperature", warm->celsius);
    heng_put_some(json, "area", warm->area);
    if (warm->factor != HENG_WARM_PLAIN) heng_put_text(json, "factor", factors[warm->factor]);
    heng_put_some(json, "hi", warm->hi);
    heng_put_some(json, "total", warm->total);
}

static void put_services(struct heng_json *json, const struct heng_house_form *form, const struct heng_house_bill *bill)
{
    static const char *const rules[] = {
#define X(symbol, text) text,
        HENG_WARM_RULE_LIST(X)
#undef X
    };
    const struct heng_house_ask *ask = &form->ask;
    heng_json_key(json, "separation");
    heng_json_object(json);
    heng_put_text(json, "rule", rules[ask->warm.rule]);
    put_warm_inputs(json, &ask->warm);
    heng_put_dec(json, "joint", ask->joint);
    heng_put_dec(json, "heat_only", ask->heat_only);
    heng_put_dec(json, "warm_water_only", ask->water_only);
    heng_put_some(json, "warm_water_kwh", bill->warm.kwh);
    heng_put_some(json, "warm_water_fuel", bill->warm.fuel);
    heng_put_some(json, "warm_water_share", bill->warm.share);
    heng_put_dec(json, "heat_cost", bill->heat);
    heng_put_dec(json, "warm_water_cost", bill->water);
    heng_json_end_object(json);
    heng_json_key(json, "keys");
    heng_json_object(json);
    heng_put_dec(json, "heat", ask->heat_key);
    heng_put_dec(json, "warm_water", ask->water_key);
    if (ask->group_count > 1) heng_put_dec(json, "groups", ask->group_key);
    heng_put_text(json, "degree_days",
                  form->table_kind < HENG_DEGREE_KINDS ? heng_degree_texts[form->table_kind] : "own");
    heng_put_text(json, "heat_base_split", ask->heat_by_time ? "days" : "degree-days");
    heng_put_text(json, "heat_base_area", ask->heated_area ? "heated-area" : "area");
    heng_json_end_object(json);
}

static bool has_pot(const struct heng_house_form *form, unsigned kind)
{
    return kind == HENG_POT_HEAT_USE || kind == HENG_POT_HEAT_BASE || form->ask.warm.rule != HENG_WARM_NONE;
}

static void put_pots(struct heng_json *json, const struct heng_house_form *form, const struct heng_house_bill *bill)
{
    heng_json_key(json, "groups");
    heng_json_array(json);
    for (size_t i = 0; i < form->ask.group_count; i++) {
        heng_json_object(json);
        heng_put_text(json, "id", form->ask.groups[i].id);
        heng_put_some(json, "heat_metered", form->ask.groups[i].heat);
        heng_put_some(json, "warm_water_metered", form->ask.groups[i].water);
        heng_put_dec(json, "heat_cost", bill->group_heat[i]);
        heng_put_dec(json, "warm_water_cost", bill->group_water[i]);
        heng_json_key(json, "pots");
        heng_json_array(json);
        for (unsigned k = 0; k < HENG_POTS; k++) {
            const struct heng_house_pot *pot = &bill->pots[i][k];
            if (!has_pot(form, k)) continue;
            heng_json_object(json);
            heng_put_text(json, "pot", heng_pot_texts[k]);
            heng_put_dec(json, "amount", pot->amount);
            heng_put_dec(json, "units", pot->weights);
            if (form->ask.has_unit_prices) {
                heng_put_dec(json, "unit_price", pot->price);
                heng_put_dec(json, "rounding_difference", pot->difference);
            }
            heng_put_bool(json, "by_area", pot->sum.by_area || k == HENG_POT_HEAT_BASE || k == HENG_POT_WATER_BASE);
            heng_put_some(json, "affected_share", pot->sum.affected_share);
            heng_json_end_object(json);
        }
        heng_json_end_array(json);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
}

/* --- flats ---------------------------------------------------------------------------------------------------------
 */

static void put_lines(struct heng_json *json, const struct heng_house_form *form, const struct heng_house_bill *bill,
                      size_t i)
{
    const struct heng_house_flat *flat = &form->ask.flats[i];
    heng_json_key(json, "lines");
    heng_json_array(json);
    for (unsigned k = 0; k < HENG_POTS; k++) {
        const struct heng_house_part *part = &bill->flats[i].parts[k];
        const struct heng_house_pot *pot = &bill->pots[flat->group][k];
        if (!has_pot(form, k)) continue;
        heng_json_object(json);
        heng_put_text(json, "pot", heng_pot_texts[k]);
        heng_put_dec(json, "units", part->weight);
        heng_put_dec(json, "of_units", pot->weights);
        heng_put_dec(json, "of_amount", pot->amount);
        if (form->ask.has_unit_prices) heng_put_dec(json, "unit_price", pot->price);
        heng_put_text(json, "source", heng_share_source_text(part->source));
        heng_put_dec(json, "amount", part->amount);
        heng_json_end_object(json);
    }
    for (size_t k = 0; k < form->ask.other_count; k++) {
        heng_json_object(json);
        heng_put_text(json, "other", form->ask.others[k].name);
        if (form->ask.others[k].has_price) heng_put_dec(json, "unit_price", form->ask.others[k].amount);
        heng_put_dec(json, "amount", bill->flats[i].others[k]);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
}

static void put_devices(struct heng_json *json, const struct heng_house_flat *flat)
{
    static const char *const keys[2] = {"heat_devices", "warm_water_devices"};
    for (unsigned i = 0; i < 2; i++) {
        if (!flat->devices[i].n) continue;
        heng_json_key(json, keys[i]);
        heng_json_raw(json, (const char *)flat->devices[i].p, flat->devices[i].n);
    }
}

static void put_tenant(struct heng_json *json, const struct heng_house_form *form, const struct heng_house_flat *flat,
                       const struct heng_house_flat_bill *bill, size_t k)
{
    const struct heng_house_tenant_bill *one = &bill->tenants[k];
    heng_day from = flat->tenant_count ? flat->tenants[k].from : form->period.from;
    heng_json_object(json);
    heng_put_text(json, "name", flat->tenant_count ? flat->tenants[k].name : flat->id);
    put_date(json, "first", from);
    put_date(json, "last", from + one->days - 1);
    heng_put_int(json, "days", one->days);
    heng_put_dec(json, "degree_day_permille", one->permille);
    if (flat->tenant_count && flat->tenants[k].has_use) heng_put_dec(json, "units", flat->tenants[k].use);
    if (flat->tenant_count && flat->tenants[k].has_water) heng_put_dec(json, "warm_water", flat->tenants[k].water);
    heng_json_key(json, "amounts");
    heng_json_object(json);
    for (unsigned p = 0; p < HENG_POTS; p++)
        if (has_pot(form, p)) heng_put_dec(json, heng_pot_texts[p], one->amounts[p]);
    if (form->ask.other_count) heng_put_dec(json, "other", one->others);
    heng_json_end_object(json);
    heng_put_dec(json, "total", one->total);
    if (one->cut.mantissa) {
        heng_put_dec(json, "reduction_rate", one->cut_rate);
        heng_put_dec(json, "reduction", one->cut);
    }
    heng_put_dec(json, "prepaid", one->prepaid);
    heng_put_dec(json, "balance", one->balance); /* above zero: credit */
    heng_json_end_object(json);
}

static heng_rc warn_flat(struct heng_share_job *job, const struct heng_house_flat *flat,
                         const struct heng_house_flat_bill *bill)
{
    heng_rc rc = HENG_OK;
    const heng_pot_kind uses[2] = {HENG_POT_HEAT_USE, HENG_POT_WATER_USE};
    for (unsigned k = 0; k < 2 && rc == HENG_OK; k++) {
        heng_share_source source = bill->parts[uses[k]].source;
        const struct heng_party *party = k ? &flat->water : &flat->heat;
        if (party->state == HENG_PARTY_MEASURED) continue;
        rc = heng_job_warn(job, "estimated", flat->id, "%s by %s: %s", heng_pot_texts[uses[k]],
                           heng_share_source_text(source), party->reason ? party->reason : "");
        if (rc == HENG_OK && flat->estimated_before)
            rc = heng_job_warn(job, "estimated-twice", flat->id, "it was estimated in the period before, too");
    }
    return rc;
}

static heng_rc put_flats(struct heng_share_job *job, const struct heng_house_form *form,
                         const struct heng_house_bill *bill)
{
    struct heng_json *json = &job->json;
    size_t n = form->ask.count;
    heng_rc rc = HENG_OK;
    const char **ids = heng_arena_take(job->arena, n, sizeof *ids);
    uint32_t *order = heng_arena_take(job->arena, n, sizeof *order);
    if (!ids || !order) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the flats");
    for (size_t i = 0; i < n; i++) ids[i] = form->ask.flats[i].id;
    (void)heng_order_by_id(ids, n, order);
    heng_json_key(json, "flats");
    heng_json_array(json);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        const struct heng_house_flat *flat = &form->ask.flats[order[i]];
        const struct heng_house_flat_bill *one = &bill->flats[order[i]];
        heng_json_object(json);
        heng_put_text(json, "id", flat->id);
        heng_put_text(json, "group", form->ask.groups[flat->group].id);
        heng_put_dec(json, "area", flat->area);
        put_devices(json, flat);
        put_lines(json, form, bill, order[i]);
        heng_json_key(json, "tenants");
        heng_json_array(json);
        for (size_t k = 0; k < (flat->tenant_count ? flat->tenant_count : 1); k++) put_tenant(json, form, flat, one, k);
        heng_json_end_array(json);
        heng_json_end_object(json);
        rc = warn_flat(job, flat, one);
    }
    heng_json_end_array(json);
    return rc;
}

static void put_totals(struct heng_json *json, const struct heng_house_form *form, const struct heng_house_bill *bill)
{
    struct heng_calc calc = {0};
    struct heng_dec total = {0, -2}, cut = {0, -2}, prepaid = {0, -2}, balance = {0, -2};
    for (size_t i = 0; i < form->ask.count; i++) {
        size_t count = form->ask.flats[i].tenant_count;
        for (size_t k = 0; k < (count ? count : 1); k++) {
            const struct heng_house_tenant_bill *one = &bill->flats[i].tenants[k];
            total = heng_calc_add(&calc, total, one->total);
            cut = heng_calc_add(&calc, cut, one->cut);
            prepaid = heng_calc_add(&calc, prepaid, one->prepaid);
            balance = heng_calc_add(&calc, balance, one->balance);
        }
    }
    heng_json_key(json, "totals");
    heng_json_object(json);
    heng_put_dec(json, "heat", bill->heat);
    heng_put_dec(json, "warm_water", bill->water);
    heng_put_dec(json, "total", total);
    heng_put_dec(json, "reductions", cut);
    heng_put_dec(json, "prepaid", prepaid);
    heng_put_dec(json, "balance", balance);
    heng_json_end_object(json);
}

/* --- what the law wants beside the numbers -------------------------------------------------------------------------
 */

/* Corrected for weather: use x degree days of the earlier period / those of this one (example RP-C7). */
static void put_comparison(struct heng_json *json, const struct heng_house_form *form)
{
    struct heng_calc calc = {0};
    if (!form->use_kwh.mantissa) return;
    heng_json_key(json, "comparison");
    heng_json_object(json);
    heng_put_dec(json, "use_kwh", form->use_kwh);
    heng_put_some(json, "previous_kwh", form->previous_kwh);
    heng_put_percent(json, "change_percent", form->use_kwh, form->previous_kwh, 2);
    if (form->degree_days.mantissa && form->previous_degree_days.mantissa) {
        struct heng_dec corrected = /* the percentage is that of the exact value, not of the rounded one */
            heng_calc_div(&calc, form->use_kwh, form->previous_degree_days, form->degree_days, 6);
        heng_put_dec(json, "corrected_kwh", heng_calc_round(&calc, corrected, 1));
        heng_put_percent(json, "corrected_change_percent", corrected, form->previous_kwh, 2);
    }
    heng_put_some(json, "average_user_kwh", form->average_user_kwh);
    heng_put_percent(json, "against_average_percent", form->use_kwh, form->average_user_kwh, 2);
    heng_json_end_object(json);
}

static heng_rc put_statement(struct heng_share_job *job, const struct heng_house_form *form)
{
    heng_rc rc = HENG_OK;
    bool wanted = form->period.from >= heng_day_of_date(2021, 12, 1);
    put_comparison(&job->json, form);
    if (form->statement.n) {
        heng_json_key(&job->json, "statement");
        heng_json_raw(&job->json, (const char *)form->statement.p, form->statement.n);
    }
    for (unsigned i = 0; i < HENG_STATEMENT_KEYS && rc == HENG_OK && wanted; i++)
        if (!(form->statement_has >> i & 1))
            rc = heng_job_warn(job, "statement-lacks", NULL,
                               "statement.%s: the annual bill must show it (HeizkostenV 6a)", heng_statement_keys[i]);
    return rc;
}

/* --- the form ------------------------------------------------------------------------------------------------------
 */

static size_t count_steps(const struct heng_house_form *form)
{
    size_t count =
        128 + 64 * form->ask.group_count + 4 * form->lot_count + form->ask.other_count * (form->ask.count + 4);
    for (size_t i = 0; i < form->ask.count; i++) count += 48 + 8 * form->ask.flats[i].tenant_count;
    return count;
}

static void put_head(struct heng_share_job *job, const struct heng_house_form *form)
{
    struct heng_json *json = &job->json;
    if (form->building[0]) heng_put_text(json, "building", form->building);
    heng_put_period(json, &form->period);
    heng_put_text(json, "currency", form->currency);
    if (form->parameters[0]) heng_put_text(json, "parameters", form->parameters);
    if (form->supersedes[0]) heng_put_text(json, "supersedes", form->supersedes);
}

heng_rc heng_heizkosten_write(struct heng_share_job *job, struct heng_slice json)
{
    struct heng_house_form form;
    struct heng_house_bill bill;
    heng_rc rc = heng_house_read(json, job->arena, &form, job->err);
    if (rc != HENG_OK) return rc;
    memcpy(job->currency, form.currency, sizeof job->currency);
    form.ask.currency = job->currency;
    rc = heng_job_room_for_steps(job, count_steps(&form));
    if (rc == HENG_OK) rc = set_flats(job, &form);
    if (rc == HENG_OK) rc = set_costs(job, &form);
    if (rc == HENG_OK) rc = set_co2(job, &form);
    if (rc == HENG_OK) rc = heng_house_bill(&form.ask, job->arena, heng_job_steps(job), &bill, job->err);
    if (rc != HENG_OK) return rc;
    put_head(job, &form);
    put_costs(&job->json, &form);
    put_co2(&job->json, &form);
    put_services(&job->json, &form, &bill);
    put_pots(&job->json, &form, &bill);
    rc = put_flats(job, &form, &bill);
    if (rc != HENG_OK) return rc;
    put_totals(&job->json, &form, &bill);
    return put_statement(job, &form);
}
