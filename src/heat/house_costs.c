#include "heat/house_costs.h"

#include "bill/calc.h"

enum { MONEY = 2 };

static struct heng_dec whole(int64_t n) { return heng_dec_of(n, 0); }

static void say(struct heng_steps *steps, heng_step_kind kind, const char *subject, const char *unit,
                const struct heng_dec *numbers, size_t count, struct heng_dec result)
{
    struct heng_step *step = heng_steps_say(steps, kind, subject, unit, numbers, count, result);
    if (step && kind != HENG_STEP_FUEL_USED) step->places = MONEY;
}

/* --- fuel ----------------------------------------------------------------------------------------------------------
 */

/* amount x part / whole, kept to nine places: rounded only when all lots are together. */
static struct heng_dec part_of(struct heng_calc *calc, struct heng_dec amount, struct heng_dec part,
                               struct heng_dec all)
{
    return heng_dec_trim(heng_calc_div(calc, amount, part, all, HENG_PLACES_MAX));
}

heng_rc heng_fuel_fifo(const struct heng_fuel_lot *lots, size_t count, struct heng_dec closing, const char *unit,
                       struct heng_steps *steps, struct heng_fuel_use *ret, struct heng_err *err)
{
    struct heng_calc calc = {0};
    struct heng_dec all = {0, 0}, value = {0, 0}, cost = {0, 0}, kg = {0, 0}, co2 = {0, 0};
    for (size_t i = 0; i < count; i++) all = heng_calc_add(&calc, all, lots[i].quantity);
    if (heng_dec_less(all, closing)) return heng_fail(err, HENG_ERANGE, 0, "fuel.closing: more is left than there was");
    struct heng_dec used = heng_calc_sub(&calc, all, closing), left = used;
    struct heng_dec three[2] = {all, closing};
    say(steps, HENG_STEP_FUEL_USED, "fuel", unit, three, 2, used);
    for (size_t i = 0; i < count && calc.rc == HENG_OK; i++) {
        const struct heng_fuel_lot *lot = &lots[i];
        if (heng_dec_zero(lot->quantity)) return heng_fail(err, HENG_ERANGE, 0, "fuel.lots[%zu].quantity: is zero", i);
        struct heng_dec take = heng_dec_less(left, lot->quantity) ? left : lot->quantity;
        struct heng_dec money = part_of(&calc, lot->amount, take, lot->quantity);
        value = heng_calc_add(&calc, value, lot->amount);
        cost = heng_calc_add(&calc, cost, money);
        kg = heng_calc_add(&calc, kg, part_of(&calc, lot->co2_kg, take, lot->quantity));
        co2 = heng_calc_add(&calc, co2, part_of(&calc, lot->co2_cost, take, lot->quantity));
        left = heng_calc_sub(&calc, left, take);
        struct heng_dec numbers[3] = {lot->amount, take, lot->quantity};
        (void)heng_steps_say(steps, HENG_STEP_FUEL_LOT, "fuel", unit, numbers, 3, money);
    }
    *ret = (struct heng_fuel_use){.used = used,
                                  .cost = heng_calc_round(&calc, cost, MONEY),
                                  .closing_value = heng_calc_round(&calc, heng_calc_sub(&calc, value, cost), MONEY),
                                  .co2_kg = heng_calc_round(&calc, kg, 3),
                                  .co2_cost = heng_calc_round(&calc, co2, MONEY)};
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "fuel: an amount does not fit");
}

/* --- warm water ----------------------------------------------------------------------------------------------------
 */

/* Energy of the formulas, with its factor; share = top / bottom. */
static heng_rc warm_energy(const struct heng_warm_water *warm, struct heng_calc *calc, struct heng_steps *steps,
                           struct heng_warm_result *ret, struct heng_err *err)
{
    const struct heng_dec factor = warm->factor == HENG_WARM_GAS_GROSS ? heng_dec_of(111, -2) : heng_dec_one();
    const struct heng_dec divisor = warm->factor == HENG_WARM_DISTRICT ? heng_dec_of(115, -2) : heng_dec_one();
    struct heng_dec plain;
    if (warm->rule == HENG_WARM_VOLUME) {
        if (heng_dec_cmp(warm->celsius, whole(10)) <= 0)
            return heng_fail(err, HENG_ERANGE, 0, "warm_water.temperature: is not above 10 degrees");
        struct heng_dec numbers[2] = {warm->m3, warm->celsius};
        plain = heng_calc_mul(calc, heng_calc_mul(calc, heng_dec_of(25, -1), warm->m3),
                              heng_calc_sub(calc, warm->celsius, whole(10)));
        (void)heng_steps_say(steps, HENG_STEP_WARM_VOLUME, "Q", "kWh", numbers, 2, plain);
    } else {
        plain = heng_calc_mul(calc, whole(32), warm->area);
        (void)heng_steps_say(steps, HENG_STEP_WARM_AREA, "Q", "kWh", &warm->area, 1, plain);
    }
    ret->kwh = heng_calc_div(calc, plain, factor, divisor, 3);
    if (warm->factor != HENG_WARM_PLAIN) {
        struct heng_dec numbers[3] = {plain, factor, divisor};
        struct heng_step *step = heng_steps_say(steps, HENG_STEP_WARM_FACTOR, "Q", "kWh", numbers, 3, ret->kwh);
        if (step) step->places = 3;
    }
    if (!heng_dec_zero(warm->hi)) {
        struct heng_dec numbers[2] = {ret->kwh, warm->hi};
        ret->fuel = heng_calc_div(calc, ret->kwh, heng_dec_one(), warm->hi, 3);
        struct heng_step *step = heng_steps_say(steps, HENG_STEP_WARM_FUEL, "B", "", numbers, 2, ret->fuel);
        if (step) step->places = 3;
    }
    return HENG_OK;
}

/* The quantities that are compared: those that are printed, so that a person can follow. */
static heng_rc warm_ratio(const struct heng_warm_water *warm, struct heng_calc *calc, struct heng_steps *steps,
                          struct heng_warm_result *ret, struct heng_dec pair[static 2], struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    pair[1] = warm->total;
    switch (warm->rule) {
    case HENG_WARM_HEAT_METER: pair[0] = warm->use; break;
    case HENG_WARM_VOLUME:
    case HENG_WARM_AREA:
        rc = warm_energy(warm, calc, steps, ret, err);
        pair[0] = heng_dec_zero(warm->hi) ? ret->kwh : ret->fuel;
        break;
    case HENG_WARM_SHARE:
        pair[0] = warm->share;
        pair[1] = heng_dec_one();
        break;
    case HENG_WARM_NONE:
    case HENG_WARM_RULES:
        pair[0] = whole(0);
        pair[1] = heng_dec_one();
        break;
    }
    if (rc != HENG_OK) return rc;
    if (heng_dec_zero(pair[1])) return heng_fail(err, HENG_ECONFIG, 0, "warm_water.total: is missing or zero");
    if (heng_dec_less(pair[1], pair[0]))
        return heng_fail(err, HENG_ERANGE, 0, "warm_water: it took more than the whole plant");
    return HENG_OK;
}

heng_rc heng_warm_cost(const struct heng_warm_water *warm, struct heng_dec joint, struct heng_steps *steps,
                       struct heng_warm_result *ret, struct heng_err *err)
{
    struct heng_calc calc = {0};
    struct heng_dec pair[2];
    *ret = (struct heng_warm_result){.cost = heng_dec_of(0, -MONEY)};
    heng_rc rc = warm_ratio(warm, &calc, steps, ret, pair, err);
    if (rc != HENG_OK || warm->rule == HENG_WARM_NONE) return rc;
    struct heng_dec numbers[3] = {joint, pair[0], pair[1]};
    if (warm->share_places != 255) {
        rc = heng_exact_div(pair[0], heng_dec_one(), pair[1], warm->share_places, warm->share_rounding, &ret->share);
        if (rc != HENG_OK) return heng_fail(err, rc, 0, "warm_water: the share does not fit");
        struct heng_step *step = heng_steps_say(steps, HENG_STEP_WARM_SHARE, "warm water", "", pair, 2, ret->share);
        if (step) {
            step->places = warm->share_places;
            step->rounding = (uint8_t)warm->share_rounding;
        }
        numbers[1] = ret->share;
        numbers[2] = heng_dec_one();
    } else {
        ret->share = heng_calc_div(&calc, pair[0], heng_dec_one(), pair[1], 6);
    }
    ret->cost = heng_calc_div(&calc, joint, numbers[1], numbers[2], MONEY);
    say(steps, HENG_STEP_WARM_COST, "warm water", "", numbers, 3, ret->cost);
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "warm_water: a number does not fit");
}

/* --- CO2 -----------------------------------------------------------------------------------------------------------
 */

const struct heng_co2_stage heng_co2_stages[10] = {
    {{12, 0}, 100}, {{17, 0}, 90}, {{22, 0}, 80}, {{27, 0}, 70}, {{32, 0}, 60},
    {{37, 0}, 50},  {{42, 0}, 40}, {{47, 0}, 30}, {{52, 0}, 20}, {{0, 0}, 5},
};

heng_rc heng_co2_divide(const struct heng_co2 *co2, struct heng_steps *steps, struct heng_co2_split *ret,
                        struct heng_err *err)
{
    struct heng_calc calc = {0};
    if (co2->area.mantissa <= 0 || co2->days <= 0 || co2->year_days <= 0)
        return heng_fail(err, HENG_ECONFIG, 0, "co2.area: area and days are needed");
    struct heng_dec numbers[4] = {co2->kg, co2->area, whole(co2->year_days), whole(co2->days)};
    struct heng_dec below = heng_calc_mul(&calc, co2->area, numbers[3]);
    bool exact = co2->places == HENG_CO2_EXACT;
    ret->kg_m2 = heng_calc_div(&calc, co2->kg, numbers[2], below, exact ? 6 : co2->places);
    struct heng_step *step = heng_steps_say(steps, HENG_STEP_CO2_KG, "CO2", "", numbers, 4, ret->kg_m2);
    if (step) step->places = exact ? 6 : co2->places;
    unsigned i = 0;
    for (; i + 1 < co2->stage_count; i++) {
        if (heng_dec_zero(co2->stages[i].below)) break;
        bool in = exact ? heng_dec_less(heng_calc_mul(&calc, co2->kg, numbers[2]),
                                        heng_calc_mul(&calc, co2->stages[i].below, below))
                        : heng_dec_less(ret->kg_m2, co2->stages[i].below);
        if (in) break;
    }
    if (co2->stage_count == 0) return heng_fail(err, HENG_ECONFIG, 0, "co2.stages: there are none");
    ret->stage = (int8_t)(i + 1);
    ret->tenant_percent = co2->stages[i].tenant_percent;
    ret->tenant = heng_calc_div(&calc, co2->cost, whole(ret->tenant_percent), whole(100), MONEY);
    ret->landlord = heng_calc_sub(&calc, heng_calc_round(&calc, co2->cost, MONEY), ret->tenant);
    struct heng_dec three[4] = {co2->cost, whole(ret->tenant_percent), whole(ret->stage), ret->landlord};
    say(steps, HENG_STEP_CO2_SPLIT, "CO2", "", three, 4, ret->tenant);
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "co2: a number does not fit");
}
