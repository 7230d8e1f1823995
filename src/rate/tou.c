/* Prices by rate, and tiers of them. */
#include <stdio.h>
#include <string.h>

#include "rate/parts.h"
#include "vee/share.h"

struct tou {
    struct rate_taken total;
    heng_rate_split split;
    struct heng_dec rates[HENG_TARIFF_RATES_MAX];
};

static heng_rc price_of(struct rate_work *work, const struct rate_part *part, unsigned rate, struct heng_dec *ret)
{
    const struct heng_component *component = part->component;
    const struct heng_tariff_rate *one = &component->rates[rate];
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = HENG_OK;
    *ret = one->price;
    if (!one->by_factor) return rc;
    rc = heng_exact_product(component->price, one->factor, ret);
    if (rc == HENG_OK && component->price_places >= 0)
        rc = heng_exact_round(*ret, component->price_places, component->price_rounding, ret);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "rates", "price x factor does not fit");
    const struct heng_dec numbers[] = {component->price, one->factor};
    heng_rate_subject(part, one->name, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_FACTOR, heng_rate_next_line(work), subject, component->unit, numbers,
                  2, *ret, component->price_places >= 0 ? component->price_places : 255, component->price_rounding);
    return rc;
}

/* --- quantities by rate ----------------------------------------------------------------------------------------- */

static void tell_gap(struct rate_work *work, const struct rate_part *part, struct heng_dec a, struct heng_dec b)
{
    char subject[HENG_STEP_SUBJECT_MAX];
    struct heng_dec gap;
    if (heng_dec_cmp(a, b) == 0 || heng_dec_sub(a, b, &gap) != HENG_OK) return;
    const struct heng_dec numbers[] = {a, b};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->warnings, HENG_STEP_RATE_REGISTER_GAP, 0, subject, part->component->unit, numbers, 2, gap,
                  255, HENG_ROUNDING_HALF_UP);
}

static heng_rc sum_rates(const struct tou *tou, unsigned count, int but, struct heng_dec *ret)
{
    heng_rc rc = HENG_OK;
    *ret = heng_dec_of(0, 0);
    for (unsigned i = 0; i < count && rc == HENG_OK; i++)
        if ((int)i != but) rc = heng_dec_add(*ret, tou->rates[i], ret);
    return rc;
}

/* The others, added up for people. */
static void say_others(struct rate_work *work, const struct rate_part *part, const struct tou *tou)
{
    const struct heng_component *component = part->component;
    struct heng_dec sum = {0, 0};
    bool first = true;
    for (unsigned r = 0; r < component->rate_count && work->out->steps; r++) {
        const struct heng_dec numbers[] = {sum, tou->rates[r]};
        if ((int)r == component->remainder || heng_dec_add(sum, tou->rates[r], &sum) != HENG_OK) continue;
        if (!first)
            heng_rate_say(work->out->steps, HENG_STEP_RATE_ADD, heng_rate_next_line(work), component->rates[r].name,
                          component->unit, numbers, 2, sum, 255, HENG_ROUNDING_HALF_UP);
        first = false;
    }
}

static heng_rc take_remainder(struct rate_work *work, size_t i, struct tou *tou)
{
    const struct rate_part *part = &work->parts[i];
    const struct heng_component *component = part->component;
    struct rate_taken own;
    struct heng_dec others, *remainder = &tou->rates[component->remainder];
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = heng_rate_take(work, i, component->quantity, component->rates[component->remainder].name, &own);
    if (rc != HENG_OK) return rc;
    rc = sum_rates(tou, component->rate_count, component->remainder, &others);
    if (rc == HENG_OK) rc = heng_dec_sub(tou->total.amount, others, remainder);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "remainder", "it does not fit 18 digits");
    if (remainder->mantissa < 0)
        return heng_rate_refuse(work, HENG_ERANGE, part, "remainder", "the other rates show more than the total");
    say_others(work, part, tou);
    if (work->out->steps) {
        const struct heng_dec numbers[] = {tou->total.amount, others};
        heng_rate_subject(part, component->rates[component->remainder].name, subject);
        heng_rate_say(work->out->steps, HENG_STEP_RATE_REMAINDER, heng_rate_next_line(work), subject, component->unit,
                      numbers, 2, *remainder, 255, HENG_ROUNDING_HALF_UP);
    }
    if (own.found && component->less_count == 0) tell_gap(work, part, *remainder, own.amount);
    return HENG_OK;
}

/* Without a remainder, what a register of an unknown rate measured would be billed by nobody. */
static heng_rc check_rates_known(struct rate_work *work, const struct rate_part *part)
{
    const struct heng_component *component = part->component;
    for (size_t k = 0; k < work->ask->usage_count; k++) {
        const struct heng_rate_usage *usage = &work->ask->usage[k];
        bool known = !usage->rate || strcmp(usage->quantity, component->quantity) != 0;
        known = known || (usage->to && usage->to <= part->from) || usage->from >= part->to;
        for (unsigned r = 0; r < component->rate_count && !known; r++)
            known = strcmp(component->rates[r].name, usage->rate) == 0;
        if (!known)
            return heng_fail(work->err, HENG_ECONFIG, 0, "usage[%zu].rate: the component %.40s has no rate '%.24s'", k,
                             component->id, usage->rate);
    }
    return HENG_OK;
}

static heng_rc take_rates(struct rate_work *work, size_t i, struct tou *tou)
{
    const struct rate_part *part = &work->parts[i];
    const struct heng_component *component = part->component;
    struct rate_taken one;
    struct heng_dec sum;
    heng_rc rc = heng_rate_take_billed(work, i, &tou->total);
    tou->split = tou->total.split;
    for (unsigned r = 0; r < component->rate_count && rc == HENG_OK; r++) {
        if ((int)r == component->remainder) continue;
        rc = heng_rate_take(work, i, component->quantity, component->rates[r].name, &one);
        if (rc == HENG_OK && !one.found)
            return heng_rate_refuse(work, HENG_ECONFIG, part, "rates", "the usage has no rate '%.24s' of '%.24s'",
                                    component->rates[r].name, component->quantity);
        tou->rates[r] = one.amount;
        if (one.split == HENG_SPLIT_DAYS) tou->split = one.split;
    }
    if (rc != HENG_OK) return rc;
    if (component->remainder >= 0) return take_remainder(work, i, tou);
    rc = check_rates_known(work, part);
    if (rc != HENG_OK) return rc;
    if (heng_rate_has_loss(work, i))
        return heng_rate_refuse(work, HENG_ECONFIG, part, "remainder",
                                "losses are of the total: they need a rate that is the remainder");
    rc = sum_rates(tou, component->rate_count, -1, &sum);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "rates", "their sum does not fit 18 digits");
    tell_gap(work, part, tou->total.amount, sum);
    tou->total.amount = sum;
    return HENG_OK;
}

/* --- which rate of which tier ----------------------------------------------------------------------------------- */

typedef struct heng_dec tier_rates[HENG_TARIFF_STEPS_MAX][HENG_TARIFF_RATES_MAX];

/* The resolution in which tiers are shared over rates: the finest of what there is, at least split_places. */
static int finest(const struct tou *tou, const struct heng_component *component, const struct heng_dec *tiers)
{
    int exp = -component->split_places;
    for (unsigned r = 0; r < component->rate_count; r++)
        if (tou->rates[r].exp < exp) exp = tou->rates[r].exp;
    for (unsigned t = 0; t < component->step_count; t++)
        if (tiers[t].exp < exp) exp = tiers[t].exp;
    return exp;
}

static void say_share(struct rate_work *work, const struct rate_part *part, unsigned t, unsigned r,
                      struct heng_dec tier, struct heng_dec rate, struct heng_dec total, struct heng_dec result)
{
    char subject[HENG_STEP_SUBJECT_MAX], more[32];
    if (!work->out->steps || rate_is_zero(result)) return;
    const struct heng_dec numbers[] = {tier, rate, total};
    snprintf(more, sizeof more, "T%u %.10s", t + 1, part->component->rates[r].name);
    heng_rate_subject(part, more, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_TIER_RATE, 0, subject, part->component->unit, numbers, 3, result,
                  255, HENG_ROUNDING_HALF_UP);
}

/* Each tier as the rates that are left; the last tier gets what is left of each, so both ways it sums exactly. */
static heng_rc share_tiers(struct rate_work *work, const struct rate_part *part, const struct tou *tou,
                           const struct heng_dec *tiers, tier_rates ret)
{
    const struct heng_component *component = part->component;
    int exp = finest(tou, component, tiers);
    int64_t left[HENG_TARIFF_RATES_MAX] = {0}, parts[HENG_TARIFF_RATES_MAX], tier;
    for (unsigned r = 0; r < component->rate_count; r++)
        if (!heng_exact_steps(tou->rates[r], -exp, &left[r]))
            return heng_rate_refuse(work, HENG_ERANGE, part, "rates", "a quantity does not fit 18 digits");
    for (unsigned t = 0; t < component->step_count; t++) {
        uint64_t weights[HENG_TARIFF_RATES_MAX] = {0};
        if (!heng_exact_steps(tiers[t], -exp, &tier))
            return heng_rate_refuse(work, HENG_ERANGE, part, "steps", "a quantity does not fit 18 digits");
        for (unsigned r = 0; r < component->rate_count; r++) weights[r] = (uint64_t)left[r];
        if (tier == 0)
            memset(parts, 0, sizeof parts);
        else
            heng_share(tier, weights, component->rate_count, parts);
        for (unsigned r = 0; r < component->rate_count; r++) {
            left[r] -= parts[r];
            ret[t][r] = (struct heng_dec){parts[r], (int8_t)exp};
            say_share(work, part, t, r, tiers[t], tou->rates[r], tou->total.amount, ret[t][r]);
        }
    }
    return HENG_OK;
}

static heng_rc fill_interval(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers,
                             struct heng_dec amount, int rate, tier_rates ret)
{
    struct heng_dec pieces[HENG_TARIFF_STEPS_MAX];
    heng_rc rc = heng_rate_tiers_fill(work, part, tiers, amount, pieces);
    for (unsigned t = 0; t < part->component->step_count && rc == HENG_OK; t++)
        rc = heng_dec_add(ret[t][rate], pieces[t], &ret[t][rate]);
    return rc;
}

/* Interval by interval: what comes first fills the first tier. An interval is of the rate in which it begins. */
static heng_rc fill_series(struct rate_work *work, const struct rate_part *part, const struct heng_rate_usage *series,
                           struct rate_tiers *tiers, tier_rates ret)
{
    const struct heng_component *component = part->component;
    const struct heng_day_rule rule = {NULL, 0};
    struct heng_steps *steps = work->out->steps;
    size_t per_day = 1440U / series->minutes;
    heng_rc rc = HENG_OK;
    work->out->steps = NULL; /* a step for each interval would help nobody */
    for (size_t i = 0; i < series->interval_count && rc == HENG_OK; i++) {
        heng_day day = series->from + (heng_day)(i / per_day);
        if (day < part->from || day >= part->to || series->intervals[i] == 0) continue;
        heng_us at_us = heng_day_from_us(&rule, day) + (heng_us)(i % per_day) * series->minutes * 60000000;
        int period = heng_tou_period(component->calendar, component->calendar_count, NULL, at_us);
        if (period < 1 || period > component->rate_count)
            rc = heng_rate_refuse(work, HENG_ECONFIG, part, "calendar", "a moment of the period has no rate");
        else
            rc =
                fill_interval(work, part, tiers, (struct heng_dec){series->intervals[i], series->exp}, period - 1, ret);
    }
    work->out->steps = steps;
    return rc;
}

static heng_rc fill_in_order(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers,
                             tier_rates ret)
{
    const struct heng_component *component = part->component;
    heng_rc rc = HENG_OK;
    bool any = false;
    if (component->calendar)
        for (size_t k = 0; k < work->entry_count && rc == HENG_OK; k++) {
            const struct rate_entry *entry = &work->entries[k];
            if (strcmp(entry->quantity, component->quantity) != 0 || entry->to <= part->from || entry->from >= part->to)
                continue;
            if (!entry->series)
                return heng_rate_refuse(work, HENG_ECONFIG, part, "attribution", "in-order needs intervals");
            any = true;
            rc = fill_series(work, part, entry->series, tiers, ret);
        }
    if (!any && rc == HENG_OK)
        return heng_rate_refuse(work, HENG_ECONFIG, part, "attribution", "in-order needs intervals and a calendar");
    return rc;
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

static heng_rc put_rates(struct rate_work *work, const struct rate_part *part, const struct tou *tou)
{
    heng_rc rc = HENG_OK;
    for (unsigned r = 0; r < part->component->rate_count && rc == HENG_OK; r++) {
        struct heng_rate_line line = heng_rate_line_of(part);
        line.rate = part->component->rates[r].name;
        line.split = tou->split;
        line.quantity = tou->rates[r];
        rc = price_of(work, part, r, &line.price);
        if (rc == HENG_OK) rc = heng_rate_line(work, part, line);
    }
    return rc;
}

static heng_rc put_equal(struct rate_work *work, const struct rate_part *part, const struct tou *tou)
{
    struct rate_tiers tiers;
    struct heng_dec amounts[HENG_TARIFF_STEPS_MAX] = {{0, 0}};
    heng_rc rc = put_rates(work, part, tou);
    if (rc == HENG_OK) rc = heng_rate_tiers_open(work, part, &tiers);
    if (rc == HENG_OK) rc = heng_rate_tiers_fill(work, part, &tiers, tou->total.amount, amounts);
    if (rc == HENG_OK) rc = heng_rate_tiers_keep(work, &tiers);
    for (unsigned t = 0; t < part->component->step_count && rc == HENG_OK; t++) {
        struct heng_rate_line line = heng_rate_line_of(part);
        if (rate_is_zero(part->component->steps[t].price) || rate_is_zero(amounts[t])) continue;
        line.tier = (uint8_t)(t + 1);
        line.increment = true;
        line.split = tou->split;
        line.quantity = amounts[t];
        line.price = part->component->steps[t].price;
        rc = heng_rate_line(work, part, line);
    }
    return rc;
}

static heng_rc put_attributed(struct rate_work *work, const struct rate_part *part, const struct tou *tou)
{
    const struct heng_component *component = part->component;
    struct rate_tiers tiers;
    struct heng_dec amounts[HENG_TARIFF_STEPS_MAX] = {{0, 0}};
    tier_rates cells;
    memset(cells, 0, sizeof cells);
    heng_rc rc = heng_rate_tiers_open(work, part, &tiers);
    if (rc != HENG_OK) return rc;
    if (component->attribution == HENG_ATTRIBUTION_IN_ORDER) {
        rc = fill_in_order(work, part, &tiers, cells);
    } else {
        rc = heng_rate_tiers_fill(work, part, &tiers, tou->total.amount, amounts);
        if (rc == HENG_OK) rc = share_tiers(work, part, tou, amounts, cells);
    }
    if (rc == HENG_OK) rc = heng_rate_tiers_keep(work, &tiers);
    for (unsigned r = 0; r < component->rate_count && rc == HENG_OK; r++)
        for (unsigned t = 0; t < component->step_count && rc == HENG_OK; t++) {
            struct heng_rate_line line = heng_rate_line_of(part);
            if (rate_is_zero(cells[t][r])) continue;
            line.tier = (uint8_t)(t + 1);
            line.rate = component->rates[r].name;
            line.split = tou->split;
            line.quantity = cells[t][r];
            line.price = component->steps[t].rates[r];
            rc = heng_rate_line(work, part, line);
        }
    return rc;
}

heng_rc heng_rate_tou(struct rate_work *work)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) {
        const struct rate_part *part = &work->parts[i];
        struct tou tou;
        memset(&tou, 0, sizeof tou);
        rc = take_rates(work, i, &tou);
        if (rc != HENG_OK) return rc;
        if (part->component->rule == HENG_TARIFF_RULE_TOU)
            rc = put_rates(work, part, &tou);
        else if (part->component->attribution == HENG_ATTRIBUTION_EQUAL)
            rc = put_equal(work, part, &tou);
        else
            rc = put_attributed(work, part, &tou);
    }
    return rc;
}
