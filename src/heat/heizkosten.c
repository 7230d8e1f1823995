#include "heat/heizkosten.h"

#include <stdio.h>
#include <string.h>

#include "bill/calc.h"

const char *const heng_pot_texts[HENG_POTS] = {
#define X(symbol, text) text,
    HENG_POT_LIST(X)
#undef X
};

enum { MONEY = 2 };

struct house {
    const struct heng_house_ask *ask;
    struct heng_arena *arena;
    struct heng_steps *steps;
    struct heng_house_bill *bill;
    struct heng_calc calc;
    struct heng_err *err;
};

static void say(struct house *house, heng_step_kind kind, const char *subject, const struct heng_dec *numbers,
                size_t count, struct heng_dec result, int places)
{
    struct heng_step *step = heng_steps_say(house->steps, kind, subject, "", numbers, count, result);
    if (step && places >= 0) step->places = (uint8_t)places;
}

static heng_rc check_calc(struct house *house)
{
    return house->calc.rc == HENG_OK ? HENG_OK
                                     : heng_fail(house->err, HENG_ERANGE, 0, "an amount does not fit 18 digits");
}

static heng_rc no_memory(struct house *house)
{
    return heng_fail(house->err, HENG_ENOMEM, 0, "no memory for the bill");
}

/* --- heat and warm water -------------------------------------------------------------------------------------------
 */

static struct heng_dec sum_of(struct house *house, const char *name, struct heng_dec joint, struct heng_dec only)
{
    struct heng_dec numbers[2] = {joint, only};
    struct heng_dec sum = heng_calc_round(&house->calc, heng_calc_add(&house->calc, joint, only), MONEY);
    say(house, HENG_STEP_HOUSE_SUM, name, numbers, 2, sum, -1);
    return sum;
}

static heng_rc split_services(struct house *house)
{
    const struct heng_house_ask *ask = house->ask;
    struct heng_house_bill *bill = house->bill;
    heng_rc rc = heng_warm_cost(&ask->warm, ask->joint, house->steps, &bill->warm, house->err);
    if (rc != HENG_OK) return rc;
    if (ask->warm.rule == HENG_WARM_NONE && !heng_dec_zero(ask->water_only))
        return heng_fail(house->err, HENG_ECONFLICT, 0, "costs: there is a cost of warm water, but no warm_water");
    struct heng_dec joint = heng_calc_round(&house->calc, ask->joint, MONEY);
    bill->heat = sum_of(house, "heat", heng_calc_sub(&house->calc, joint, bill->warm.cost), ask->heat_only);
    bill->water = heng_dec_of(0, -MONEY);
    if (ask->warm.rule != HENG_WARM_NONE) bill->water = sum_of(house, "warm water", bill->warm.cost, ask->water_only);
    return check_calc(house);
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

static struct heng_dec base_area(const struct house *house, const struct heng_house_flat *flat, bool heat)
{
    return heat && house->ask->heated_area && !heng_dec_zero(flat->heated_area) ? flat->heated_area : flat->area;
}

static heng_rc group_areas(struct house *house, bool heat, struct heng_party *parties)
{
    for (size_t i = 0; i < house->ask->count; i++) {
        struct heng_party *party = &parties[house->ask->flats[i].group];
        party->area = heng_calc_add(&house->calc, party->area, base_area(house, &house->ask->flats[i], heat));
    }
    return check_calc(house);
}

static heng_rc share_groups(struct house *house, heng_share_method method, struct heng_dec amount, const char *name,
                            const struct heng_party *parties, struct heng_dec *sums)
{
    size_t n = house->ask->group_count;
    struct heng_share_line *lines = heng_arena_take(house->arena, n, sizeof *lines);
    struct heng_share_sum sum;
    struct heng_share_rules rules = heng_share_rules_default();
    if (!lines) return no_memory(house);
    const struct heng_share_ask ask = {method, name, house->ask->currency, amount, MONEY, &rules, parties, n};
    heng_rc rc = heng_apportion(&ask, house->arena, lines, &sum, house->steps, house->err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++)
        sums[lines[i].party] = heng_calc_add(&house->calc, sums[lines[i].party], lines[i].part);
    return rc;
}

/* 5(7), 6(2): at least half of the cost by the meters of the groups, the rest by area. */
static heng_rc split_to_groups(struct house *house, bool heat, struct heng_dec cost, struct heng_dec *sums)
{
    const struct heng_house_ask *ask = house->ask;
    const char *name = heat ? "groups, heat" : "groups, warm water";
    size_t n = ask->group_count, metered = 0;
    struct heng_party *parties = heng_arena_take(house->arena, n, sizeof *parties);
    if (!parties) return no_memory(house);
    for (size_t i = 0; i < n; i++) {
        const struct heng_house_group *group = &ask->groups[i];
        parties[i] = (struct heng_party){.id = group->id, .measure = heat ? group->heat : group->water};
        metered += heat ? group->has_heat : group->has_water;
        sums[i] = heng_dec_of(0, -MONEY);
    }
    if (n == 1) {
        sums[0] = cost;
        return HENG_OK;
    }
    if (metered != 0 && metered != n)
        return heng_fail(house->err, HENG_ECONFIG, 0, "groups: some have a meter for %s, some have not",
                         heat ? "heat" : "warm water");
    if (heat && metered == 0)
        return heng_fail(house->err, HENG_ECONFIG, 0,
                         "groups[0].heat: groups are measured first, each by its own meter");
    heng_rc rc = group_areas(house, heat, parties);
    if (rc != HENG_OK) return rc;
    struct heng_dec by_meter =
        heng_calc_mul_round(&house->calc, cost, metered ? ask->group_key : heng_dec_of(0, 0), MONEY);
    struct heng_dec numbers[3] = {cost, ask->group_key, heng_calc_sub(&house->calc, cost, by_meter)};
    if (metered) say(house, HENG_STEP_HOUSE_POT, name, numbers, 3, by_meter, MONEY);
    if (metered) rc = share_groups(house, HENG_SHARE_WEIGHTS, by_meter, name, parties, sums);
    if (rc == HENG_OK) rc = share_groups(house, HENG_SHARE_AREA, numbers[2], name, parties, sums);
    return rc == HENG_OK ? check_calc(house) : rc;
}

/* --- pots ----------------------------------------------------------------------------------------------------------
 */

static bool is_heat(heng_pot_kind kind) { return kind == HENG_POT_HEAT_USE || kind == HENG_POT_HEAT_BASE; }
static bool is_use(heng_pot_kind kind) { return kind == HENG_POT_HEAT_USE || kind == HENG_POT_WATER_USE; }

static struct heng_party pot_party(const struct house *house, const struct heng_house_flat *flat, heng_pot_kind kind)
{
    struct heng_party party = is_heat(kind) ? flat->heat : flat->water;
    if (!is_use(kind)) party = (struct heng_party){.measure = heng_dec_one()};
    party.id = flat->id;
    party.area = base_area(house, flat, is_heat(kind));
    return party;
}

/* The practice of printed bills: a rounded price per unit, each line rounded; what is left over is shown. */
static void price_pot(struct house *house, heng_pot_kind kind, struct heng_house_pot *pot,
                      const struct heng_share_line *lines, const uint32_t *places, size_t n)
{
    struct heng_dec sum = heng_dec_of(0, -MONEY), two[2] = {pot->amount, pot->weights};
    pot->price = heng_calc_div(&house->calc, pot->amount, heng_dec_one(), pot->weights, house->ask->price_places);
    say(house, HENG_STEP_HOUSE_UNIT_PRICE, heng_pot_texts[kind], two, 2, pot->price, house->ask->price_places);
    for (size_t i = 0; i < n; i++) {
        const uint32_t flat = places[lines[i].party];
        struct heng_house_part *part = &house->bill->flats[flat].parts[kind];
        struct heng_dec numbers[2] = {lines[i].weight, pot->price};
        part->amount = heng_calc_mul_round(&house->calc, numbers[0], numbers[1], MONEY);
        sum = heng_calc_add(&house->calc, sum, part->amount);
        say(house, HENG_STEP_HOUSE_LINE, house->ask->flats[flat].id, numbers, 2, part->amount, MONEY);
    }
    pot->difference = heng_calc_sub(&house->calc, pot->amount, sum);
}

static heng_rc share_pot(struct house *house, size_t group, heng_pot_kind kind, struct heng_house_pot *pot)
{
    const struct heng_house_ask *house_ask = house->ask;
    size_t n = 0;
    struct heng_party *parties = heng_arena_take(house->arena, house_ask->count, sizeof *parties);
    struct heng_share_line *lines = heng_arena_take(house->arena, house_ask->count, sizeof *lines);
    uint32_t *places = heng_arena_take(house->arena, house_ask->count, sizeof *places);
    if (!parties || !lines || !places) return no_memory(house);
    for (size_t i = 0; i < house_ask->count; i++) {
        if (house_ask->flats[i].group != group) continue;
        places[n] = (uint32_t)i;
        parties[n++] = pot_party(house, &house_ask->flats[i], kind);
    }
    const struct heng_share_ask ask = {.method = is_use(kind) ? HENG_SHARE_WEIGHTS : HENG_SHARE_AREA,
                                       .name = heng_pot_texts[kind],
                                       .unit = house_ask->currency,
                                       .total = pot->amount,
                                       .places = MONEY,
                                       .rules = &house_ask->rules,
                                       .parties = parties,
                                       .count = n};
    heng_rc rc = heng_apportion(&ask, house->arena, lines, &pot->sum, house->steps, house->err);
    if (rc != HENG_OK) return rc;
    pot->weights = pot->sum.weights;
    for (size_t i = 0; i < n; i++)
        house->bill->flats[places[lines[i].party]].parts[kind] =
            (struct heng_house_part){lines[i].part, lines[i].weight, lines[i].source};
    if (house_ask->has_unit_prices) price_pot(house, kind, pot, lines, places, n);
    return check_calc(house);
}

static heng_rc split_pots(struct house *house, size_t group, bool heat, struct heng_dec cost)
{
    struct heng_house_pot *pots = house->bill->pots[group];
    heng_pot_kind use = heat ? HENG_POT_HEAT_USE : HENG_POT_WATER_USE;
    heng_pot_kind base = heat ? HENG_POT_HEAT_BASE : HENG_POT_WATER_BASE;
    struct heng_dec key = heat ? house->ask->heat_key : house->ask->water_key;
    pots[use].amount = heng_calc_mul_round(&house->calc, cost, key, MONEY);
    pots[base].amount = heng_calc_sub(&house->calc, cost, pots[use].amount);
    struct heng_dec numbers[3] = {cost, key, pots[base].amount};
    say(house, HENG_STEP_HOUSE_POT, heng_pot_texts[use], numbers, 3, pots[use].amount, MONEY);
    heng_rc rc = share_pot(house, group, use, &pots[use]);
    return rc == HENG_OK ? share_pot(house, group, base, &pots[base]) : rc;
}

static heng_rc share_house(struct house *house)
{
    struct heng_house_bill *bill = house->bill;
    heng_rc rc = split_to_groups(house, true, bill->heat, bill->group_heat);
    bool water = house->ask->warm.rule != HENG_WARM_NONE;
    if (rc == HENG_OK && water) rc = split_to_groups(house, false, bill->water, bill->group_water);
    for (size_t i = 0; i < house->ask->group_count && rc == HENG_OK; i++) {
        rc = split_pots(house, i, true, bill->group_heat[i]);
        if (rc == HENG_OK && water) rc = split_pots(house, i, false, bill->group_water[i]);
    }
    return rc;
}

/* --- what is not of the ordinance ----------------------------------------------------------------------------------
 */

static struct heng_dec other_units(const struct heng_house_flat *flat, heng_other_by by)
{
    switch (by) {
    case HENG_BY_AREA: return flat->area;
    case HENG_BY_UNITS: return flat->heat.measure;
    case HENG_BY_WARM_WATER: return flat->water.measure;
    case HENG_BY_COLD_WATER: return flat->cold_water;
    case HENG_BY_FLAT:
    case HENG_BYS: break;
    }
    return heng_dec_one();
}

static heng_rc share_other(struct house *house, size_t k)
{
    const struct heng_house_other *other = &house->ask->others[k];
    size_t n = house->ask->count;
    struct heng_party *parties = heng_arena_take(house->arena, n, sizeof *parties);
    struct heng_share_line *lines = heng_arena_take(house->arena, n, sizeof *lines);
    struct heng_share_rules rules = heng_share_rules_default();
    struct heng_share_sum sum;
    if (!parties || !lines) return no_memory(house);
    for (size_t i = 0; i < n; i++) {
        const struct heng_house_flat *flat = &house->ask->flats[i];
        struct heng_dec numbers[2] = {other_units(flat, other->by), other->amount};
        parties[i] = (struct heng_party){.id = flat->id, .area = flat->area, .measure = numbers[0]};
        if (!other->has_price) continue;
        house->bill->flats[i].others[k] = heng_calc_mul_round(&house->calc, numbers[0], numbers[1], MONEY);
        say(house, HENG_STEP_HOUSE_LINE, flat->id, numbers, 2, house->bill->flats[i].others[k], MONEY);
    }
    if (other->has_price) return check_calc(house);
    const struct heng_share_ask ask = {
        HENG_SHARE_WEIGHTS, other->name, house->ask->currency, other->amount, MONEY, &rules, parties, n};
    heng_rc rc = heng_apportion(&ask, house->arena, lines, &sum, house->steps, house->err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) house->bill->flats[lines[i].party].others[k] = lines[i].part;
    return rc;
}

/* --- tenants -------------------------------------------------------------------------------------------------------
 */

/* By what an amount of a flat is split between those who lived there. */
typedef enum split_by { BY_UNITS, BY_DEGREE_DAYS, BY_DAYS } split_by;

struct splitter {
    struct house *house;
    const struct heng_house_flat *flat;
    struct heng_house_tenant_bill *bills;
    const struct heng_house_tenant *tenants;
    size_t count;
    int64_t degree_all;
    bool use_known, water_known; /* an interim read for everyone but the last */
};

/* "3 Meier": of which flat, and who. */
static void say_tenant(struct splitter *s, size_t i, heng_step_kind kind, const struct heng_dec *numbers, size_t count,
                       struct heng_dec result, int places)
{
    char subject[HENG_STEP_SUBJECT_MAX];
    if (!s->house->steps) return;
    snprintf(subject, sizeof subject, "%.30s%s%.30s", s->flat->id, s->flat->tenant_count ? " " : "",
             s->flat->tenant_count ? s->tenants[i].name : "");
    say(s->house, kind, subject, numbers, count, result, places);
}

static heng_day tenant_to(const struct splitter *s, size_t i)
{
    return i + 1 < s->count ? s->tenants[i + 1].from : s->house->ask->to;
}

static split_by rule_of(const struct splitter *s, heng_pot_kind kind)
{
    switch (kind) {
    case HENG_POT_HEAT_USE:
        if (s->use_known && !heng_dec_zero(s->flat->heat.measure)) return BY_UNITS;
        break;
    case HENG_POT_HEAT_BASE: break;
    case HENG_POT_WATER_USE: return s->water_known && !heng_dec_zero(s->flat->water.measure) ? BY_UNITS : BY_DAYS;
    case HENG_POT_WATER_BASE:
    case HENG_POTS: return BY_DAYS;
    }
    return s->house->ask->heat_by_time ? BY_DAYS : BY_DEGREE_DAYS;
}

/* The part of one tenant who is not the last: amount x own / all, half up. */
static struct heng_dec tenant_part(struct splitter *s, size_t i, split_by by, bool heat, struct heng_dec amount)
{
    static const heng_step_kind KINDS[] = {HENG_STEP_TENANT_UNITS, HENG_STEP_TENANT_DEGREE_DAYS, HENG_STEP_TENANT_DAYS};
    struct house *house = s->house;
    const struct heng_house_tenant *tenant = &s->tenants[i];
    struct heng_dec numbers[3] = {amount, {0, 0}, {0, 0}}, own, all;
    if (by == BY_UNITS) {
        own = numbers[1] = heat ? tenant->use : tenant->water;
        all = numbers[2] = heat ? s->flat->heat.measure : s->flat->water.measure;
    } else if (by == BY_DAYS) {
        own = numbers[1] = heng_dec_of(tenant_to(s, i) - tenant->from, 0);
        all = numbers[2] = heng_dec_of(house->ask->to - house->ask->from, 0);
    } else {
        own = heng_dec_of(heng_degree_weight(&house->ask->table, tenant->from, tenant_to(s, i)), 0);
        all = heng_dec_of(s->degree_all, 0);
        numbers[1] = s->bills[i].permille;
        numbers[2] = heng_degree_permille(&house->ask->table, s->degree_all);
    }
    struct heng_dec part = heng_calc_div(&house->calc, amount, own, all, MONEY);
    if (amount.mantissa) say_tenant(s, i, KINDS[by], numbers, 3, part, MONEY);
    return part;
}

static void split_pot(struct splitter *s, heng_pot_kind kind, struct heng_dec amount)
{
    split_by by = rule_of(s, kind);
    struct heng_dec left = amount;
    for (size_t i = 0; i + 1 < s->count; i++) {
        struct heng_dec part = tenant_part(s, i, by, is_heat(kind), amount);
        if (heng_dec_less(left, part)) part = left; /* cents rounded up before */
        s->bills[i].amounts[kind] = part;
        left = heng_calc_sub(&s->house->calc, left, part);
    }
    s->bills[s->count - 1].amounts[kind] = left;
    if (s->count > 1) say(s->house, HENG_STEP_TENANT_REST, s->tenants[s->count - 1].name, &amount, 1, left, -1);
}

static void split_others(struct splitter *s, struct heng_dec amount)
{
    struct heng_dec left = amount;
    for (size_t i = 0; i + 1 < s->count; i++) {
        struct heng_dec part = tenant_part(s, i, BY_DAYS, false, amount);
        if (heng_dec_less(left, part)) part = left;
        s->bills[i].others = part;
        left = heng_calc_sub(&s->house->calc, left, part);
    }
    s->bills[s->count - 1].others = left;
}

static void close_tenant(struct splitter *s, size_t i)
{
    struct house *house = s->house;
    struct heng_house_tenant_bill *bill = &s->bills[i];
    struct heng_dec heat = heng_dec_of(0, -MONEY);
    for (unsigned k = 0; k < HENG_POTS; k++) heat = heng_calc_add(&house->calc, heat, bill->amounts[k]);
    bill->total = heng_calc_add(&house->calc, heat, bill->others);
    for (unsigned k = 0; k < 3; k++)
        if (s->flat->cuts >> k & 1) bill->cut_rate = heng_calc_add(&house->calc, bill->cut_rate, house->ask->cuts[k]);
    bill->cut = heng_calc_mul_round(&house->calc, heat, bill->cut_rate, MONEY);
    struct heng_dec two[2] = {heat, bill->cut_rate};
    if (!heng_dec_zero(bill->cut)) say_tenant(s, i, HENG_STEP_HOUSE_CUT, two, 2, bill->cut, MONEY);
    bill->prepaid = s->tenants[i].prepaid;
    struct heng_dec numbers[3] = {bill->prepaid, bill->total, bill->cut};
    bill->balance = heng_calc_sub(&house->calc, numbers[0], heng_calc_sub(&house->calc, numbers[1], numbers[2]));
    say_tenant(s, i, HENG_STEP_HOUSE_BALANCE, numbers, 3, bill->balance, -1);
}

static heng_rc check_tenants(struct splitter *s, size_t flat)
{
    struct house *house = s->house;
    struct heng_calc calc = {0};
    struct heng_dec use = {0, 0}, water = {0, 0};
    if (s->tenants[0].from != house->ask->from)
        return heng_fail(house->err, HENG_ERANGE, 0, "flats[%zu].tenants[0].first: is not the first day of the period",
                         flat);
    for (size_t i = 0; i < s->count; i++) {
        if (tenant_to(s, i) <= s->tenants[i].from)
            return heng_fail(house->err, HENG_ERANGE, 0,
                             "flats[%zu].tenants[%zu].first: not in order, or after the period", flat, i);
        if (i + 1 == s->count) break;
        s->use_known = s->use_known && s->tenants[i].has_use;
        s->water_known = s->water_known && s->tenants[i].has_water;
        use = heng_calc_add(&calc, use, s->tenants[i].use);
        water = heng_calc_add(&calc, water, s->tenants[i].water);
    }
    if (s->use_known && heng_dec_less(s->flat->heat.measure, use))
        return heng_fail(house->err, HENG_ERANGE, 0, "flats[%zu].tenants: they used more than the flat", flat);
    if (s->water_known && heng_dec_less(s->flat->water.measure, water))
        return heng_fail(house->err, HENG_ERANGE, 0, "flats[%zu].tenants: they used more warm water than the flat",
                         flat);
    return HENG_OK;
}

static heng_rc bill_flat(struct house *house, size_t i)
{
    const struct heng_house_flat *flat = &house->ask->flats[i];
    struct heng_house_flat_bill *bill = &house->bill->flats[i];
    const struct heng_house_tenant one = {.name = flat->id, .from = house->ask->from, .prepaid = flat->prepaid};
    struct splitter s = {.house = house, .flat = flat, .use_known = true, .water_known = true};
    s.count = flat->tenant_count ? flat->tenant_count : 1;
    s.tenants = flat->tenant_count ? flat->tenants : &one;
    s.bills = bill->tenants = heng_arena_take(house->arena, s.count, sizeof *bill->tenants);
    if (!s.bills) return no_memory(house);
    heng_rc rc = check_tenants(&s, i);
    if (rc != HENG_OK) return rc;
    s.degree_all = heng_degree_weight(&house->ask->table, house->ask->from, house->ask->to);
    if (s.degree_all == 0) return heng_fail(house->err, HENG_ERANGE, 0, "degree_days: the period has none");
    for (size_t k = 0; k < s.count; k++) {
        s.bills[k].days = tenant_to(&s, k) - s.tenants[k].from;
        s.bills[k].permille = heng_degree_permille(
            &house->ask->table, heng_degree_weight(&house->ask->table, s.tenants[k].from, tenant_to(&s, k)));
    }
    for (unsigned kind = 0; kind < HENG_POTS; kind++) split_pot(&s, (heng_pot_kind)kind, bill->parts[kind].amount);
    struct heng_dec others = heng_dec_of(0, -MONEY);
    for (size_t k = 0; k < house->ask->other_count; k++) others = heng_calc_add(&house->calc, others, bill->others[k]);
    split_others(&s, others);
    for (size_t k = 0; k < s.count; k++) close_tenant(&s, k);
    return check_calc(house);
}

/* --- the house -----------------------------------------------------------------------------------------------------
 */

static heng_rc take_room(struct house *house)
{
    struct heng_house_bill *bill = house->bill;
    size_t groups = house->ask->group_count, n = house->ask->count, others = house->ask->other_count;
    bill->group_heat = heng_arena_take(house->arena, groups, sizeof *bill->group_heat);
    bill->group_water = heng_arena_take(house->arena, groups, sizeof *bill->group_water);
    bill->pots = heng_arena_take(house->arena, groups, sizeof *bill->pots);
    bill->flats = heng_arena_take(house->arena, n, sizeof *bill->flats);
    if (!bill->group_heat || !bill->group_water || !bill->pots || !bill->flats) return no_memory(house);
    for (size_t i = 0; i < n; i++) {
        bill->flats[i].others = heng_arena_take(house->arena, others + 1, sizeof(struct heng_dec));
        if (!bill->flats[i].others) return no_memory(house);
        for (unsigned k = 0; k < HENG_POTS; k++) bill->flats[i].parts[k].amount = heng_dec_of(0, -MONEY);
    }
    return HENG_OK;
}

heng_rc heng_house_bill(const struct heng_house_ask *ask, struct heng_arena *arena, struct heng_steps *steps,
                        struct heng_house_bill *ret, struct heng_err *err)
{
    memset(ret, 0, sizeof *ret);
    struct house house = {.ask = ask, .arena = arena, .steps = steps, .bill = ret, .err = err};
    if (ask->count == 0 || ask->group_count == 0) return heng_fail(err, HENG_ECONFIG, 0, "flats: there are none");
    heng_rc rc = take_room(&house);
    if (rc == HENG_OK) rc = split_services(&house);
    if (rc == HENG_OK) rc = share_house(&house);
    for (size_t k = 0; k < ask->other_count && rc == HENG_OK; k++) rc = share_other(&house, k);
    for (size_t i = 0; i < ask->count && rc == HENG_OK; i++) rc = bill_flat(&house, i);
    return rc;
}
