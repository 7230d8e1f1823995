/* What does not depend on use: by the bill, the m2, the kVA, by day, month, season; and demand in kW. */
#include <stdio.h>
#include <string.h>

#include "rate/parts.h"

static heng_day days_in(heng_day a_from, heng_day a_to, heng_day b_from, heng_day b_to)
{
    heng_day from = a_from > b_from ? a_from : b_from, to = a_to < b_to ? a_to : b_to;
    return to > from ? to - from : 0;
}

/* How much of what the price is for lies in [from, to): count / of. */
static void time_in(const struct rate_work *work, const struct heng_component *component, heng_day from, heng_day to,
                    uint32_t *ret_count, uint32_t *ret_of)
{
    switch (component->per) {
    case HENG_PER_BILL:
        *ret_count = (uint32_t)(to - from);
        *ret_of = (uint32_t)(work->ask->to - work->ask->from);
        return;
    case HENG_PER_DAY:
        *ret_count = (uint32_t)(to - from);
        *ret_of = 1;
        return;
    case HENG_PER_MONTH: heng_rate_months(from, to, component->month_days, ret_count, ret_of); return;
    case HENG_PER_YEAR:
        heng_rate_months(from, to, component->month_days, ret_count, ret_of);
        *ret_of *= 12;
        return;
    case HENG_PER_SEASON:
        *ret_count = (uint32_t)days_in(from, to, component->season_from, component->season_to);
        *ret_of = (uint32_t)(component->season_to - component->season_from);
        return;
    case HENG_PER_COUNT: break;
    }
    *ret_count = *ret_of = 1;
}

static void set_time(const struct rate_work *work, const struct rate_part *part, heng_day from, heng_day to,
                     struct heng_rate_line *line)
{
    line->from = from;
    line->to = to;
    time_in(work, part->component, from, to, &line->time_count, &line->time_of);
    if (line->time_count == line->time_of) line->time_count = line->time_of = 1;
}

static const char *base_name(const struct heng_component *component)
{
    if (component->base && *component->base) return component->base;
    if (component->rule == HENG_TARIFF_RULE_CAPACITY) return "capacity";
    return component->rule == HENG_TARIFF_RULE_DEMAND ? "demand" : NULL;
}

/* One thing that is charged, in the part of its time that lies in this part. */
static heng_rc put_base(struct rate_work *work, const struct rate_part *part, const struct heng_rate_base *base)
{
    struct heng_rate_line line = heng_rate_line_of(part);
    struct rate_part own = *part;
    char subject[HENG_STEP_SUBJECT_MAX];
    size_t number = (size_t)(base - work->ask->contract.bases);
    bool all = rate_is_zero(base->share) && base->share.exp == 0;
    if (base->from > own.from) own.from = base->from;
    if (base->to && base->to < own.to) own.to = base->to;
    set_time(work, part, own.from, own.to, &line);
    line.note = base->note;
    line.price = part->component->price;
    line.quantity = base->value;
    if (base->value.mantissa < 0 || base->share.mantissa < 0)
        return heng_fail(work->err, HENG_ERANGE, 0, "contract.bases[%zu].value: it is negative", number);
    if (!part->component->unit || !heng_rate_same(base->unit, part->component->unit))
        return heng_fail(work->err, HENG_ECONFIG, 0, "contract.bases[%zu].unit: it is %s, the price of %s is per %s",
                         number, base->unit ? base->unit : "", part->component->id,
                         part->component->unit ? part->component->unit : "nothing");
    if (!all) {
        if (heng_exact_product(base->value, base->share, &line.quantity) != HENG_OK)
            return heng_fail(work->err, HENG_ERANGE, 0, "contract.bases[%zu].share: it does not fit", number);
        const struct heng_dec numbers[] = {base->value, base->share};
        heng_rate_subject(&own, base->note, subject);
        heng_rate_say(work->out->steps, HENG_STEP_RATE_SHARE, heng_rate_next_line(work), subject, base->unit, numbers,
                      2, line.quantity, 255, HENG_ROUNDING_HALF_UP);
    }
    return heng_rate_line(work, &own, line);
}

static heng_rc put_bases(struct rate_work *work, const struct rate_part *part, const char *name)
{
    const struct heng_rate_contract *contract = &work->ask->contract;
    bool any = false;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < contract->base_count && rc == HENG_OK; i++) {
        const struct heng_rate_base *base = &contract->bases[i];
        heng_day to = base->to ? base->to : HENG_DAY_OPEN;
        if (!heng_rate_same(base->name, name)) continue;
        any = true;
        if (days_in(base->from, to, part->from, part->to) == 0) continue;
        rc = put_base(work, part, base);
    }
    if (rc == HENG_OK && !any)
        return heng_rate_refuse(work, HENG_ECONFIG, part, "base", "the contract has no base '%.30s'", name);
    return rc;
}

heng_rc heng_rate_fixed(struct rate_work *work)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) {
        const struct rate_part *part = &work->parts[i];
        const char *name = base_name(part->component);
        struct heng_rate_line line = heng_rate_line_of(part);
        line.quantity = heng_dec_of(1, 0);
        line.price = part->component->price;
        if (part->component->per == HENG_PER_SEASON && part->component->season_to <= part->component->season_from)
            return heng_rate_refuse(work, HENG_ECONFIG, part, "season", "it has no days");
        set_time(work, part, part->from, part->to, &line);
        rc = name ? put_bases(work, part, name) : heng_rate_line(work, part, line);
    }
    return rc;
}

/* --- demand ----------------------------------------------------------------------------------------------------- */

/* The contract's demand on the first day of the part. */
static bool contracted(const struct rate_work *work, const struct rate_part *part, struct heng_dec *ret)
{
    const char *name = base_name(part->component);
    for (size_t i = 0; i < work->ask->contract.base_count; i++) {
        const struct heng_rate_base *base = &work->ask->contract.bases[i];
        if (!heng_rate_same(base->name, name) || !heng_rate_same(base->unit, part->component->unit)) continue;
        if (base->from > part->from || (base->to && base->to <= part->from)) continue;
        *ret = base->value;
        return true;
    }
    return false;
}

static heng_rc put_excess(struct rate_work *work, const struct rate_part *part, struct heng_dec contract,
                          struct heng_dec most)
{
    const struct heng_component *component = part->component;
    struct heng_rate_line line = heng_rate_line_of(part);
    struct heng_dec limit, excess;
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = heng_exact_product(contract, component->excess_from, &limit);
    if (rc == HENG_OK) rc = heng_dec_sub(most, limit, &excess);
    if (rc == HENG_OK) rc = heng_exact_product(component->price, component->excess_factor, &line.price);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "excess", "it does not fit 18 digits");
    if (excess.mantissa <= 0) return HENG_OK;
    const struct heng_dec numbers[] = {
        most, contract, component->excess_from, component->price, component->excess_factor, line.price};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_EXCESS, heng_rate_next_line(work), subject, component->unit, numbers,
                  6, excess, 255, HENG_ROUNDING_HALF_UP);
    set_time(work, part, part->from, part->to, &line);
    line.note = "excess";
    line.split = HENG_SPLIT_READ;
    line.quantity = excess;
    return heng_rate_line(work, part, line);
}

static heng_rc rate_demand(struct rate_work *work, size_t i)
{
    const struct rate_part *part = &work->parts[i];
    const struct heng_component *component = part->component;
    struct heng_rate_line line = heng_rate_line_of(part);
    struct rate_taken most = {0};
    struct heng_dec contract = {0, 0};
    bool by_contract = component->demand_by == HENG_DEMAND_BY_CONTRACT, excess = !rate_is_zero(component->excess_from);
    heng_rc rc = HENG_OK;
    if (by_contract && !contracted(work, part, &contract))
        return heng_rate_refuse(work, HENG_ECONFIG, part, "base", "the contract has no base '%.30s' in %s",
                                base_name(component), component->unit);
    if (!by_contract || excess) rc = heng_rate_take_billed(work, i, &most);
    if (rc != HENG_OK) return rc;
    set_time(work, part, part->from, part->to, &line);
    line.split = by_contract ? HENG_SPLIT_NONE : HENG_SPLIT_READ;
    line.quantity = by_contract ? contract : most.amount;
    line.price = component->price;
    rc = heng_rate_line(work, part, line);
    return rc == HENG_OK && by_contract && excess ? put_excess(work, part, contract, most.amount) : rc;
}

heng_rc heng_rate_demand(struct rate_work *work)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) rc = rate_demand(work, i);
    return rc;
}
