#include "heat/bill.h"

#include "bill/calc.h"

/* The bill at work. area / area_per is the charge area; it is divided only once, with the fee. */
struct work {
    const struct heng_heat_price *price;
    const struct heng_heat_flat *flat;
    struct heng_steps *steps;
    struct heng_heat_bill *bill;
    struct heng_calc calc;
    struct heng_dec area, area_per, periods, base_price;
    int32_t days;
};

static struct heng_dec whole(int64_t n) { return heng_dec_of(n, 0); }

static struct heng_dec money(struct work *work, struct heng_dec a, struct heng_dec b, struct heng_dec c)
{
    struct heng_dec ret = {0, 0};
    if (work->calc.rc != HENG_OK) return ret;
    heng_rc rc =
        heng_exact_div(heng_dec_trim(a), heng_dec_trim(b), c, work->price->places, work->price->rounding, &ret);
    if (rc != HENG_OK) work->calc.rc = rc;
    return ret;
}

static void say(struct work *work, heng_step_kind kind, const struct heng_dec *numbers, size_t count,
                struct heng_dec result, bool rounded)
{
    struct heng_step *step =
        heng_steps_say(work->steps, kind, work->flat->id, work->price->unit, numbers, count, result);
    if (!step || !rounded) return;
    step->places = work->price->places;
    step->rounding = (uint8_t)work->price->rounding;
}

static void find_area(struct work *work)
{
    const struct heng_heat_price *price = work->price;
    const struct heng_heat_flat *flat = work->flat;
    struct heng_dec numbers[4] = {flat->area, heng_dec_one(), heng_dec_one(), heng_dec_one()};
    if (!heng_dec_zero(price->coefficient)) numbers[1] = price->coefficient;
    if (!heng_dec_zero(flat->coefficient)) numbers[1] = flat->coefficient;
    if (!heng_dec_zero(price->height_limit) && heng_dec_less(price->height_limit, flat->height)) {
        numbers[2] = flat->height;
        numbers[3] = price->height_limit;
    }
    work->area = heng_calc_mul(&work->calc, heng_calc_mul(&work->calc, numbers[0], numbers[1]), numbers[2]);
    work->area_per = numbers[3];
    bool exact = price->area_places == HENG_HEAT_EXACT;
    struct heng_dec area =
        heng_calc_div(&work->calc, work->area, heng_dec_one(), work->area_per, exact ? 6 : price->area_places);
    if (!exact) {
        work->area = area;
        work->area_per = heng_dec_one();
    }
    work->bill->charge_area = exact ? heng_dec_trim(area) : area;
    if (heng_dec_cmp(numbers[1], heng_dec_one()) != 0 || heng_dec_cmp(numbers[3], heng_dec_one()) != 0)
        say(work, HENG_STEP_HEAT_AREA, numbers, 4, work->bill->charge_area, false);
}

/* How often the price is due in the season. */
static heng_rc find_periods(struct work *work, struct heng_err *err)
{
    const struct heng_heat_price *price = work->price;
    work->periods = heng_dec_one();
    switch (price->per) {
    case HENG_HEAT_PER_MONTH: work->periods = price->months; break;
    case HENG_HEAT_PER_DAY: work->periods = whole(price->days); break;
    case HENG_HEAT_PER_SEASON:
    case HENG_HEAT_PERS: break;
    }
    if (heng_dec_zero(work->periods))
        return heng_fail(err, HENG_ECONFIG, 0, "price.season: %s of it are needed for a price per %s",
                         price->per == HENG_HEAT_PER_DAY ? "days" : "months",
                         price->per == HENG_HEAT_PER_DAY ? "day" : "month");
    return HENG_OK;
}

static heng_rc find_days(struct work *work, struct heng_err *err)
{
    int32_t stopped = work->flat->stopped_days, days = work->price->days;
    work->days = days > 0 ? days : 1;
    if (stopped < 0) stopped = work->days;
    if (days == 0 && (work->flat->stopped_days > 0 || work->flat->cold_count || work->flat->failure_count))
        return heng_fail(err, HENG_ECONFIG, 0, "price.season: its days are needed, first and last or days");
    if (stopped > work->days)
        return heng_fail(err, HENG_ERANGE, 0, "stopped: %d days are more than the season's %d", stopped, work->days);
    work->bill->stopped_days = stopped;
    work->bill->active_days = work->days - stopped;
    int64_t cold = 0;
    for (size_t i = 0; i < work->flat->cold_count; i++)
        cold += work->flat->cold[i].counts ? work->flat->cold[i].days : 0;
    if (cold > work->bill->active_days)
        return heng_fail(err, HENG_ERANGE, 0, "cold: %lld days are more than the %d with heat", (long long)cold,
                         work->bill->active_days);
    return HENG_OK;
}

/* price per m2 and period x area x periods x days / all days x share. */
static struct heng_dec fee_of(struct work *work, heng_step_kind kind, struct heng_dec price, int32_t days,
                              struct heng_dec share)
{
    struct heng_dec numbers[6] = {work->bill->charge_area, price, work->periods, whole(days), whole(work->days), share};
    struct heng_calc *calc = &work->calc;
    struct heng_dec a = heng_calc_mul(calc, heng_calc_mul(calc, price, work->periods), share);
    struct heng_dec b = heng_calc_mul(calc, work->area, numbers[3]);
    struct heng_dec fee = money(work, a, b, heng_calc_mul(calc, work->area_per, numbers[4]));
    if (kind == HENG_STEP_HEAT_AREA_FEE)
        say(work, kind, numbers, 3, fee, true);
    else
        say(work, kind, numbers, kind == HENG_STEP_HEAT_STOPPED ? 6 : 5, fee, true);
    return fee;
}

static void find_base_price(struct work *work)
{
    const struct heng_heat_price *price = work->price;
    struct heng_dec numbers[2] = {price->area_price, price->base_share};
    work->base_price = price->base_price;
    if (price->has_base_price) return;
    work->base_price = heng_dec_trim(heng_calc_mul(&work->calc, numbers[0], numbers[1]));
    say(work, HENG_STEP_HEAT_BASE_PRICE, numbers, 2, work->base_price, false);
}

static void price_parts(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    const struct heng_heat_flat *flat = work->flat;
    const struct heng_heat_price *price = work->price;
    if (!heng_dec_zero(price->area_price))
        bill->area_fee = fee_of(work, HENG_STEP_HEAT_AREA_FEE, price->area_price, work->days, heng_dec_one());
    if (flat->two_part) {
        find_base_price(work);
        bill->base = fee_of(work, HENG_STEP_HEAT_BASE, work->base_price, bill->active_days, heng_dec_one());
        struct heng_dec numbers[2] = {flat->quantity, price->unit_price};
        bill->metered = money(work, numbers[0], numbers[1], heng_dec_one());
        say(work, HENG_STEP_HEAT_METERED, numbers, 2, bill->metered, true);
        bill->fee = heng_calc_add(&work->calc, bill->base, bill->metered);
        struct heng_dec parts[2] = {bill->base, bill->metered};
        say(work, HENG_STEP_HEAT_TWO_PART, parts, 2, bill->fee, false);
    } else if (bill->stopped_days) {
        bill->active = fee_of(work, HENG_STEP_HEAT_ACTIVE, price->area_price, bill->active_days, heng_dec_one());
        bill->fee = bill->active;
    } else {
        bill->fee = bill->active = bill->area_fee;
    }
    if (bill->stopped_days)
        bill->stopped = fee_of(work, HENG_STEP_HEAT_STOPPED, price->area_price, bill->stopped_days, price->stop_share);
}

/* The cap is a part of the area fee of the days with heat; compared when both are rounded. */
static void apply_cap(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    const struct heng_heat_price *price = work->price;
    bill->capped = bill->fee;
    if (heng_dec_zero(price->cap) || !work->flat->two_part || (work->flat->non_residential && !price->cap_all)) return;
    struct heng_dec numbers[3] = {bill->area_fee, price->cap, bill->fee};
    if (bill->stopped_days)
        numbers[0] = fee_of(work, HENG_STEP_HEAT_ACTIVE, price->area_price, bill->active_days, heng_dec_one());
    bill->cap = money(work, numbers[0], price->cap, heng_dec_one());
    bill->is_capped = heng_dec_less(bill->cap, bill->fee);
    if (bill->is_capped) bill->capped = bill->cap;
    say(work, HENG_STEP_HEAT_CAP, numbers, 3, bill->cap, true);
}

static struct heng_dec amount_of(const struct work *work, heng_heat_of of)
{
    if (of == HENG_HEAT_OF_FEE) return work->bill->capped;
    return of == HENG_HEAT_OF_BASE && work->flat->two_part ? work->bill->base : work->bill->area_fee;
}

/* How many days that amount is of: base and fee are of the days with heat, the area fee is of the whole season. */
static struct heng_dec days_of(const struct work *work, heng_heat_of of)
{
    bool active = of == HENG_HEAT_OF_FEE || (of == HENG_HEAT_OF_BASE && work->flat->two_part);
    return whole(active && work->bill->active_days ? work->bill->active_days : work->days);
}

static const struct heng_heat_tier *tier_of(const struct heng_heat_price *price, struct heng_dec temperature)
{
    for (unsigned i = 0; i < price->tier_count; i++) {
        const struct heng_heat_tier *tier = &price->tiers[i];
        if (tier->has_from && heng_dec_less(temperature, tier->from)) continue;
        if (!tier->has_to || heng_dec_less(temperature, tier->to)) return tier;
    }
    return NULL;
}

static void refund_cold(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    for (size_t i = 0; i < work->flat->cold_count; i++) {
        const struct heng_cold_days *cold = &work->flat->cold[i];
        const struct heng_heat_tier *tier = cold->counts ? tier_of(work->price, cold->temperature) : NULL;
        if (!tier) continue;
        struct heng_dec numbers[3] = {cold->temperature, whole(cold->days), tier->refund};
        struct heng_dec days = heng_calc_mul(&work->calc, numbers[1], numbers[2]);
        bill->refund_days = heng_calc_add(&work->calc, bill->refund_days, days);
        say(work, HENG_STEP_HEAT_TIER, numbers, 3, days, false);
    }
    if (heng_dec_zero(bill->refund_days)) return;
    heng_heat_of of = work->price->temperature_of;
    struct heng_dec numbers[3] = {amount_of(work, of), bill->refund_days, days_of(work, of)};
    bill->refund_temperature = money(work, numbers[0], numbers[1], numbers[2]);
    say(work, HENG_STEP_HEAT_REFUND_TEMPERATURE, numbers, 3, bill->refund_temperature, true);
}

/* A failure above the limit counts in days begun: 13 h one, 30 h two. */
static void refund_failures(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    for (size_t i = 0; i < work->flat->failure_count; i++) {
        struct heng_dec numbers[2] = {work->flat->failures_h[i], work->price->failure_over_h};
        struct heng_dec days = {0, 0};
        if (!heng_dec_less(numbers[1], numbers[0])) continue;
        if (heng_exact_div(numbers[0], heng_dec_one(), whole(24), 0, HENG_ROUNDING_UP, &days) != HENG_OK ||
            days.mantissa > work->days)
            days = whole(work->days);
        bill->failure_days += (int32_t)days.mantissa;
        if (bill->failure_days > work->days) bill->failure_days = work->days;
        say(work, HENG_STEP_HEAT_OUTAGE, numbers, 2, days, false);
    }
    if (!bill->failure_days) return;
    heng_heat_of of = work->price->failure_of;
    struct heng_dec numbers[3] = {amount_of(work, of), whole(bill->failure_days), days_of(work, of)};
    bill->refund_failure = money(work, numbers[0], numbers[1], numbers[2]);
    say(work, HENG_STEP_HEAT_REFUND_FAILURE, numbers, 3, bill->refund_failure, true);
}

static void settle(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    const struct heng_heat_price *price = work->price;
    bill->prepaid = work->flat->has_prepaid  ? work->flat->prepaid
                    : price->prepay_area_fee ? bill->area_fee
                                             : heng_dec_of(0, -price->places);
    bill->carried_in = work->flat->carried_in;
    struct heng_dec numbers[3] = {bill->prepaid, bill->carried_in, bill->payable};
    bill->balance = heng_calc_sub(&work->calc, heng_calc_add(&work->calc, numbers[0], numbers[1]), numbers[2]);
    say(work, HENG_STEP_HEAT_BALANCE, numbers, 3, bill->balance, false);
    bool carry = price->settle == HENG_HEAT_CARRY_ONLY || price->settle == HENG_HEAT_CARRY_COLLECT;
    bool collect = price->settle == HENG_HEAT_REFUND_COLLECT || price->settle == HENG_HEAT_CARRY_COLLECT;
    if (bill->balance.mantissa >= 0)
        *(carry ? &bill->carry_forward : &bill->refund) = bill->balance;
    else
        *(collect ? &bill->collect : &bill->waived) = heng_calc_sub(&work->calc, heng_dec_of(0, 0), bill->balance);
}

static void find_payable(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    struct heng_dec due = heng_calc_add(&work->calc, bill->capped, bill->stopped);
    struct heng_dec refunds = heng_calc_add(&work->calc, bill->refund_temperature, bill->refund_failure);
    if (heng_dec_less(due, refunds)) {
        refunds = due;
        bill->refund_clipped = true;
    }
    struct heng_dec numbers[3] = {bill->capped, bill->stopped, refunds};
    bill->payable = heng_calc_sub(&work->calc, due, refunds);
    if (bill->stopped_days || refunds.mantissa) say(work, HENG_STEP_HEAT_PAYABLE, numbers, 3, bill->payable, false);
}

static heng_rc split_vat(struct work *work)
{
    struct heng_heat_bill *bill = work->bill;
    const struct heng_heat_price *price = work->price;
    bill->net = bill->payable;
    bill->vat = heng_dec_of(0, -price->places);
    if (!price->has_vat) return HENG_OK;
    heng_rc rc = heng_vat_split(bill->payable, &price->vat, price->vat_included, price->places, price->rounding,
                                &bill->net, &bill->vat);
    struct heng_dec numbers[2] = {price->vat.rate, bill->net};
    say(work, HENG_STEP_HEAT_VAT, numbers, 2, bill->vat, true);
    if (!price->vat_included) bill->payable = heng_calc_add(&work->calc, bill->net, bill->vat);
    return rc;
}

static heng_rc check(const struct heng_heat_price *price, const struct heng_heat_flat *flat, struct heng_err *err)
{
    if (flat->area.mantissa <= 0) return heng_fail(err, HENG_ECONFIG, 0, "area: is needed for a bill");
    if (!flat->two_part && heng_dec_zero(price->area_price))
        return heng_fail(err, HENG_ECONFIG, 0, "price.area_price: is needed for a bill by area");
    if (flat->two_part && !flat->has_quantity)
        return heng_fail(err, HENG_ECONFIG, 0, "quantity: is needed for a two-part bill");
    if (flat->quantity.mantissa < 0) return heng_fail(err, HENG_ERANGE, 0, "quantity: is negative");
    if (flat->two_part && heng_dec_zero(price->unit_price))
        return heng_fail(err, HENG_ECONFIG, 0, "price.unit_price: is needed for a two-part bill");
    if (flat->two_part && !price->has_base_price && heng_dec_zero(price->base_share))
        return heng_fail(err, HENG_ECONFIG, 0, "price.base: its share or its price is needed for a two-part bill");
    if (flat->two_part && !heng_dec_zero(price->cap) && heng_dec_zero(price->area_price))
        return heng_fail(err, HENG_ECONFIG, 0, "price.cap: is a part of the area fee, which has no area_price");
    return HENG_OK;
}

heng_rc heng_heat_bill(const struct heng_heat_price *price, const struct heng_heat_flat *flat, struct heng_steps *steps,
                       struct heng_heat_bill *ret, struct heng_err *err)
{
    struct heng_heat_bill bill = {0};
    struct work work = {.price = price, .flat = flat, .steps = steps, .bill = &bill};
    heng_rc rc = check(price, flat, err);
    if (rc == HENG_OK) rc = find_periods(&work, err);
    if (rc == HENG_OK) rc = find_days(&work, err);
    if (rc != HENG_OK) return rc;
    find_area(&work);
    price_parts(&work);
    apply_cap(&work);
    refund_cold(&work);
    refund_failures(&work);
    find_payable(&work);
    rc = split_vat(&work);
    settle(&work);
    if (rc == HENG_OK) rc = work.calc.rc;
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "payable: an amount of it does not fit 18 digits");
    *ret = bill;
    return HENG_OK;
}

heng_rc heng_heat_unit_price(struct heng_dec price, struct heng_dec base_share, struct heng_dec use, int places,
                             heng_rounding rounding, struct heng_dec *ret)
{
    struct heng_dec rest = {0, 0};
    heng_rc rc = heng_dec_sub(heng_dec_one(), base_share, &rest);
    return rc == HENG_OK ? heng_exact_div(price, rest, use, places, rounding, ret) : rc;
}
