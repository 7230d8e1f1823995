/* Tiers: how wide each is in this cycle, how much of it is used, what of a quantity goes into which. */
#include <stdio.h>
#include <string.h>

#include "rate/parts.h"

/* --- how much of the bounds a cycle has --------------------------------------------------------------------------- */

/* Months that count, in 1/RATE_MONTH, by season of the bounds; [SEASONS_MAX] those of no season. all: without weights.
 */
struct cycle_months {
    int64_t units[HENG_TARIFF_SEASONS_MAX + 1], sum, all;
};

static unsigned season_of(const struct heng_component *component, heng_day month)
{
    int year, month_of_year, day;
    heng_day_date(month, &year, &month_of_year, &day);
    for (unsigned s = 0; s < component->season_count; s++)
        if (component->seasons[s].months >> (month_of_year - 1) & 1) return s;
    return HENG_TARIFF_SEASONS_MAX;
}

static int64_t units_of_month(const struct heng_component *component, const struct heng_rate_contract *contract,
                              heng_day month, heng_day next)
{
    heng_day from = contract->from > month ? contract->from : month;
    heng_day to = contract->to && contract->to < next ? contract->to : next; /* 0 is open, too */
    if (component->part_cycle == HENG_PART_CYCLE_WHOLE) return RATE_MONTH;
    if (from >= to) return 0;
    switch (component->part_cycle) {
    case HENG_PART_CYCLE_WHOLE_MONTHS: return to - from == next - month ? RATE_MONTH : 0;
    case HENG_PART_CYCLE_DAYS: return (int64_t)RATE_MONTH * (to - from) / (next - month);
    case HENG_PART_CYCLE_NEAREST: return (to - from) * 2 >= next - month ? RATE_MONTH : 0;
    case HENG_PART_CYCLE_STARTED_MONTHS:
    case HENG_PART_CYCLE_WHOLE:
    case HENG_PART_CYCLE_COUNT: break;
    }
    return RATE_MONTH;
}

static void add_month(const struct heng_component *component, heng_day month, int64_t units, struct cycle_months *ret)
{
    ret->units[season_of(component, month)] += units;
    ret->sum += units;
    ret->all += RATE_MONTH;
}

/* A bill of so many months from its first day; what is left beside whole months as the rule for part cycles says. */
static void months_of_bill(const struct rate_work *work, const struct heng_component *component,
                           struct cycle_months *ret)
{
    heng_day rest, from = work->ask->from, to = work->ask->to;
    int months = heng_rate_whole_months(from, to, &rest);
    if (work->ask->contract.cycle_months) {
        months = work->ask->contract.cycle_months;
        rest = to;
    }
    for (int i = 0; i < months; i++) add_month(component, heng_month_next(heng_month_of(from), i), RATE_MONTH, ret);
    if (rest >= to) return;
    heng_day month = heng_month_next(heng_month_of(from), months);
    heng_day next = rest + heng_rate_month_days(rest);
    const struct heng_rate_contract span = {.from = rest, .to = to};
    bool only = months == 0 && component->part_cycle == HENG_PART_CYCLE_NEAREST;
    add_month(component, month, only ? RATE_MONTH : units_of_month(component, &span, rest, next), ret);
}

static void months_of_cycle(const struct rate_work *work, const struct heng_component *component, heng_day cycle_from,
                            struct cycle_months *ret)
{
    const struct heng_rate_contract *contract = &work->ask->contract;
    heng_day cycle_to = heng_month_next(cycle_from, component->cycle_months);
    if (component->season_count == 0 && contract->from <= cycle_from && (!contract->to || contract->to >= cycle_to)) {
        ret->units[HENG_TARIFF_SEASONS_MAX] = ret->sum = ret->all = (int64_t)component->cycle_months * RATE_MONTH;
        return; /* most are there all the time: no need to walk through the months */
    }
    for (int i = 0; i < component->cycle_months; i++) {
        heng_day month = heng_month_next(cycle_from, i), next = heng_month_next(cycle_from, i + 1);
        add_month(component, month, units_of_month(component, &work->ask->contract, month, next), ret);
    }
}

/* --- widths ------------------------------------------------------------------------------------------------------- */

static struct heng_dec bound_of(const struct heng_component *component, unsigned season, unsigned bound)
{
    return season < component->season_count ? component->seasons[season].bounds[bound]
                                            : component->steps[bound + 1].from;
}

static void say_bound(const struct rate_work *work, const struct heng_component *component, unsigned bound,
                      struct heng_dec base, int64_t units, int64_t of, struct heng_dec result)
{
    char subject[HENG_STEP_SUBJECT_MAX];
    struct heng_dec months, of_months;
    const struct heng_dec month = heng_dec_of(RATE_MONTH, 0);
    if (!work->out->steps || units == of) return;
    if (heng_exact_div(heng_dec_of(units, 0), heng_dec_of(1, 0), month, 6, HENG_ROUNDING_HALF_UP, &months) != HENG_OK ||
        heng_exact_div(heng_dec_of(of, 0), heng_dec_of(1, 0), month, 6, HENG_ROUNDING_HALF_UP, &of_months) != HENG_OK)
        return;
    const struct heng_dec numbers[] = {base, heng_rate_trim(months), heng_rate_trim(of_months)};
    snprintf(subject, sizeof subject, "%.40s T%u", component->id, bound + 1);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_BOUND, heng_rate_next_line(work), subject, component->unit, numbers,
                  3, heng_rate_trim(result), 255, HENG_ROUNDING_HALF_UP);
}

static heng_rc bound_in_cycle(const struct rate_work *work, const struct heng_component *component,
                              const struct cycle_months *months, unsigned bound, struct heng_dec *ret)
{
    struct heng_dec sum = {0, 0}, part;
    int64_t of = component->bounds_per == HENG_BOUNDS_PER_MONTH ? RATE_MONTH : months->all;
    heng_rc rc = HENG_OK;
    for (unsigned s = 0; s <= HENG_TARIFF_SEASONS_MAX && rc == HENG_OK; s++) {
        if (months->units[s] == 0) continue;
        rc = heng_exact_div(bound_of(component, s, bound), heng_dec_of(months->units[s], 0), heng_dec_of(of, 0), 6,
                            HENG_ROUNDING_HALF_UP, &part);
        if (rc == HENG_OK) rc = heng_dec_add(sum, part, &sum);
        if (rc == HENG_OK) say_bound(work, component, bound, bound_of(component, s, bound), months->units[s], of, part);
    }
    if (rc == HENG_OK) rc = heng_exact_round(sum, 2, HENG_ROUNDING_HALF_UP, &sum);
    *ret = heng_rate_trim(sum);
    return rc;
}

/* More for persons above those included: as the bounds, per month or per cycle. */
static heng_rc for_persons(const struct rate_work *work, const struct heng_component *component,
                           const struct cycle_months *months, struct heng_dec *extra)
{
    int more = work->ask->contract.persons - component->persons_included;
    struct heng_dec all, part;
    if (rate_is_zero(component->per_person) || more <= 0) return HENG_OK;
    heng_rc rc = heng_dec_scale(component->per_person, more, &all);
    if (rc == HENG_OK)
        rc = heng_exact_div(all, heng_dec_of(months->sum, 0),
                            heng_dec_of(component->bounds_per == HENG_BOUNDS_PER_MONTH ? RATE_MONTH : months->all, 0),
                            2, HENG_ROUNDING_HALF_UP, &part);
    if (rc == HENG_OK) part = heng_rate_trim(part);
    if (rc == HENG_OK) rc = heng_dec_add(*extra, part, extra);
    if (rc == HENG_OK) {
        const struct heng_dec numbers[] = {heng_dec_of(more, 0), component->per_person};
        heng_rate_say(work->out->steps, HENG_STEP_RATE_PERSONS, 0, component->id, component->unit, numbers, 2, part,
                      255, HENG_ROUNDING_HALF_UP);
    }
    return rc;
}

/* Months of an extension in a cycle: from that of its application to the end of the cycle, or to its own. */
static int extension_months(const struct heng_rate_extension *extension, heng_day cycle_from, heng_day cycle_to,
                            heng_day part_to)
{
    if (extension->from >= part_to) return 0; /* it was not known yet */
    heng_day from = heng_month_of(extension->from), to = cycle_to;
    if (from < cycle_from) from = cycle_from;
    if (extension->to && extension->to < to) to = extension->to;
    int months = 0;
    while (months < 36 && heng_month_next(from, months) < to) months++;
    return months;
}

static heng_rc for_extensions(const struct rate_work *work, const struct rate_part *part, heng_day cycle_from,
                              heng_day cycle_to, struct heng_dec *extra)
{
    const struct heng_rate_contract *contract = &work->ask->contract;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < contract->extension_count && rc == HENG_OK; i++) {
        struct heng_dec more;
        int months = extension_months(&contract->extensions[i], cycle_from, cycle_to, part->to);
        if (months == 0) continue;
        rc = heng_dec_scale(contract->extensions[i].per_month, months, &more);
        if (rc == HENG_OK) rc = heng_dec_add(*extra, more, extra);
        if (rc != HENG_OK) break;
        const struct heng_dec numbers[] = {contract->extensions[i].per_month, heng_dec_of(months, 0)};
        heng_rate_say(work->out->steps, HENG_STEP_RATE_EXTENSION, 0, part->component->id, part->component->unit,
                      numbers, 2, more, 255, HENG_ROUNDING_HALF_UP);
    }
    return rc;
}

/* What a household has more comes on top of the bound. */
static heng_rc move_bound(const struct rate_work *work, const struct heng_component *component, unsigned i,
                          struct heng_dec more, struct heng_dec *bound)
{
    const struct heng_dec numbers[] = {*bound, more};
    char subject[HENG_STEP_SUBJECT_MAX];
    if (rate_is_zero(more)) return HENG_OK;
    heng_rc rc = heng_dec_add(*bound, more, bound);
    if (rc != HENG_OK || !work->out->steps) return rc;
    snprintf(subject, sizeof subject, "%.39s T%u", component->id, i + 1);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_ADD, 0, subject, component->unit, numbers, 2, *bound, 255,
                  HENG_ROUNDING_HALF_UP);
    return HENG_OK;
}

static heng_rc widths_of(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers)
{
    const struct heng_component *component = part->component;
    bool bill = component->cycle == HENG_CYCLE_BILL;
    struct cycle_months months = {{0}, 0, 0};
    struct heng_dec persons = {0, 0}, extra = {0, 0}, below = {0, 0};
    if (bill)
        months_of_bill(work, component, &months);
    else
        months_of_cycle(work, component, tiers->cycle_from, &months);
    if (bill && component->bounds_per == HENG_BOUNDS_PER_CYCLE) months.all = months.sum; /* they are the bill's */
    heng_rc rc = months.all ? for_persons(work, component, &months, &persons) : HENG_OK;
    if (rc == HENG_OK)
        rc = for_extensions(work, part, tiers->cycle_from,
                            bill ? work->ask->to : heng_month_next(tiers->cycle_from, component->cycle_months), &extra);
    for (unsigned i = 0; i + 1 < component->step_count && rc == HENG_OK; i++) {
        struct heng_dec bound = component->steps[i + 1].from;
        if (months.sum || !bill || component->bounds_per == HENG_BOUNDS_PER_MONTH)
            rc = bound_in_cycle(work, component, &months, i, &bound);
        if (rc == HENG_OK && (i == 0 || !component->first_bound_only))
            rc = move_bound(work, component, i, persons, &bound);
        if (rc == HENG_OK) rc = move_bound(work, component, i, extra, &bound);
        if (rc == HENG_OK) rc = heng_dec_sub(bound, below, &tiers->widths[i]);
        if (tiers->widths[i].mantissa < 0)
            tiers->widths[i] = heng_dec_of(0, 0); /* the first bound was moved beyond the second */
        else
            below = bound;
    }
    return rc;
}

/* --- what was used before ----------------------------------------------------------------------------------------- */

/* What was used before: in this bill, else what the contract kept. Of several, that of this contract and cycle. */
static const struct heng_rate_state *state_of(const struct rate_work *work, const struct heng_component *component,
                                              heng_day cycle_from)
{
    const struct heng_rate_contract *contract = &work->ask->contract;
    const struct heng_rate_state *best = NULL;
    const char *id = contract->id ? contract->id : "";
    int best_rank = -1;
    for (size_t i = 0; i < work->out->state_count; i++)
        if (strcmp(work->out->states[i].component, component->id) == 0) return &work->out->states[i];
    for (size_t i = 0; i < contract->state_count; i++) {
        const struct heng_rate_state *state = &contract->states[i];
        if (strcmp(state->component, component->id) != 0) continue;
        int rank = (state->contract[0] && strcmp(state->contract, id) != 0 ? 0 : 2) + (state->cycle_from == cycle_from);
        if (rank <= best_rank) continue;
        best_rank = rank;
        best = state;
    }
    return best;
}

static heng_rc spread_total(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers,
                            struct heng_dec left)
{
    heng_rc rc = HENG_OK;
    for (unsigned i = 0; i < part->component->step_count && rc == HENG_OK; i++) {
        bool last = i + 1U == part->component->step_count;
        tiers->used[i] = last || heng_dec_cmp(left, tiers->widths[i]) < 0 ? left : tiers->widths[i];
        rc = heng_dec_sub(left, tiers->used[i], &left);
    }
    return rc == HENG_OK ? rc : heng_rate_refuse(work, rc, part, "cycle", "what was used before does not fit");
}

static heng_rc refuse_state(struct rate_work *work, const struct rate_part *part, const struct heng_rate_state *state,
                            heng_day cycle_from)
{
    char day[HENG_DATE_TEXT_MAX];
    heng_date_format(cycle_from, day);
    for (size_t i = 0; i < work->ask->contract.state_count; i++)
        if (state == &work->ask->contract.states[i])
            return heng_fail(work->err, HENG_ECONFLICT, 0,
                             "contract.state[%zu].cycle_from: it is after %s, where this bill's cycle of %.40s begins",
                             i, day, part->component->id);
    return heng_rate_refuse(work, HENG_ECONFLICT, part, "cycle", "it begins on %s, behind what this bill has used",
                            day);
}

static heng_rc used_before(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers)
{
    const struct heng_rate_state *state = state_of(work, part->component, tiers->cycle_from);
    const char *contract = work->ask->contract.id ? work->ask->contract.id : "";
    if (!state) {
        bool begun = tiers->cycle_from < work->ask->from && part->from == work->ask->from;
        if (begun && work->ask->contract.from <= tiers->cycle_from)
            heng_rate_say(work->out->warnings, HENG_STEP_RATE_NO_STATE, 0, part->component->id, "", NULL, 0,
                          heng_dec_of(0, 0), 255, HENG_ROUNDING_HALF_UP);
        return HENG_OK;
    }
    if (state->contract[0] && strcmp(state->contract, contract) != 0) {
        heng_rate_say(work->out->warnings, HENG_STEP_RATE_NEW_CUSTOMER, 0, part->component->id, "", NULL, 0,
                      heng_dec_of(0, 0), 255, HENG_ROUNDING_HALF_UP);
        return HENG_OK;
    }
    if (state->cycle_from > tiers->cycle_from) return refuse_state(work, part, state, tiers->cycle_from);
    if (state->cycle_from < tiers->cycle_from) return HENG_OK; /* unused allowance is not carried over */
    for (unsigned i = 0; i < HENG_TARIFF_STEPS_MAX; i++) {
        if (state->used[i].mantissa < 0)
            return heng_rate_refuse(work, HENG_ERANGE, part, "cycle", "the state says that less than nothing was used");
        if (!state->is_total) tiers->used[i] = state->used[i];
    }
    return state->is_total ? spread_total(work, part, tiers, state->used[0]) : HENG_OK;
}

heng_rc heng_rate_tiers_open(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers)
{
    const struct heng_component *component = part->component;
    *tiers = (struct rate_tiers){.component = component};
    tiers->cycle_from =
        component->cycle == HENG_CYCLE_BILL ? work->ask->from : heng_rate_cycle_from(component, part->from);
    if (component->step_count == 0 || component->step_count > HENG_TARIFF_STEPS_MAX)
        return heng_rate_refuse(work, HENG_ECONFIG, part, "steps", "there are 1 to %d", HENG_TARIFF_STEPS_MAX);
    heng_rc rc = widths_of(work, part, tiers);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "steps", "a bound does not fit");
    return used_before(work, part, tiers);
}

heng_rc heng_rate_tiers_fill(struct rate_work *work, const struct rate_part *part, struct rate_tiers *tiers,
                             struct heng_dec quantity, struct heng_dec ret[HENG_AT_LEAST(HENG_TARIFF_STEPS_MAX)])
{
    struct heng_dec left = quantity;
    char subject[HENG_STEP_SUBJECT_MAX], tier[8];
    heng_rc rc = HENG_OK;
    for (unsigned i = 0; i < part->component->step_count && rc == HENG_OK; i++) {
        struct heng_dec room = left, used = tiers->used[i];
        bool last = i + 1U == part->component->step_count;
        if (!last) rc = heng_dec_sub(tiers->widths[i], used, &room);
        if (rc != HENG_OK) break;
        if (room.mantissa < 0) room = heng_dec_of(0, left.exp);
        ret[i] = heng_dec_cmp(room, left) < 0 ? room : left;
        rc = heng_dec_sub(left, ret[i], &left);
        if (rc == HENG_OK) rc = heng_dec_add(used, ret[i], &tiers->used[i]);
        if (!work->out->steps || rc != HENG_OK) continue;
        if (last && rate_is_zero(ret[i])) continue;
        snprintf(tier, sizeof tier, "T%u", i + 1);
        heng_rate_subject(part, tier, subject);
        const struct heng_dec numbers[] = {tiers->widths[i], used, room, ret[i], left};
        heng_rate_say(work->out->steps, last ? HENG_STEP_RATE_LAST_TIER : HENG_STEP_RATE_TIER,
                      heng_rate_next_line(work), subject, part->component->unit, numbers, 5, ret[i], 255,
                      HENG_ROUNDING_HALF_UP);
    }
    return rc == HENG_OK ? rc : heng_rate_refuse(work, rc, part, "steps", "what was used does not fit 18 digits");
}

heng_rc heng_rate_tiers_keep(struct rate_work *work, const struct rate_tiers *tiers)
{
    struct heng_rate_result *out = work->out;
    size_t i = 0;
    while (i < out->state_count && strcmp(out->states[i].component, tiers->component->id) != 0) i++;
    if (i == out->state_cap) return heng_fail(work->err, HENG_ELIMIT, 0, "state: more than %zu", out->state_cap);
    if (i == out->state_count) out->state_count++;
    struct heng_rate_state *state = &out->states[i];
    *state = (struct heng_rate_state){.cycle_from = tiers->cycle_from};
    snprintf(state->component, sizeof state->component, "%s", tiers->component->id);
    snprintf(state->contract, sizeof state->contract, "%s", work->ask->contract.id ? work->ask->contract.id : "");
    memcpy(state->used, tiers->used, sizeof state->used);
    return HENG_OK;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static heng_rc put_slices(struct rate_work *work, const struct rate_part *part, const struct rate_taken *taken,
                          const struct heng_dec *amounts)
{
    heng_rc rc = HENG_OK;
    for (unsigned i = 0; i < part->component->step_count && rc == HENG_OK; i++) {
        struct heng_rate_line line = heng_rate_line_of(part);
        if (rate_is_zero(amounts[i]) && !(i == 0 && rate_is_zero(taken->amount))) continue;
        line.tier = (uint8_t)(i + 1);
        line.split = taken->split;
        line.quantity = amounts[i];
        line.price = part->component->steps[i].price;
        rc = heng_rate_line(work, part, line);
    }
    return rc;
}

static heng_rc put_increments(struct rate_work *work, const struct rate_part *part, const struct rate_taken *taken,
                              const struct heng_dec *amounts)
{
    struct heng_rate_line line = heng_rate_line_of(part);
    line.tier = 1;
    line.split = taken->split;
    line.quantity = taken->amount;
    line.price = part->component->steps[0].price;
    heng_rc rc = heng_rate_line(work, part, line);
    line.increment = true;
    for (unsigned i = 1; i < part->component->step_count && rc == HENG_OK; i++) {
        if (rate_is_zero(amounts[i])) continue;
        line.tier = (uint8_t)(i + 1);
        line.quantity = amounts[i];
        rc = heng_dec_sub(part->component->steps[i].price, part->component->steps[0].price, &line.price);
        if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "steps", "a difference of prices does not fit");
        rc = heng_rate_line(work, part, line);
    }
    return rc;
}

static heng_rc rate_part_of_steps(struct rate_work *work, size_t i)
{
    const struct rate_part *part = &work->parts[i];
    struct rate_taken taken;
    struct rate_tiers tiers;
    struct heng_dec amounts[HENG_TARIFF_STEPS_MAX] = {{0, 0}};
    heng_rc rc = heng_rate_take_billed(work, i, &taken);
    if (rc != HENG_OK) return rc;
    if (part->component->rule == HENG_TARIFF_RULE_PER_UNIT) {
        struct heng_rate_line line = heng_rate_line_of(part);
        line.split = taken.split;
        line.quantity = taken.amount;
        line.price = part->component->price;
        return heng_rate_line(work, part, line);
    }
    rc = heng_rate_tiers_open(work, part, &tiers);
    if (rc == HENG_OK) rc = heng_rate_tiers_fill(work, part, &tiers, taken.amount, amounts);
    if (rc == HENG_OK) rc = heng_rate_tiers_keep(work, &tiers);
    if (rc != HENG_OK) return rc;
    return part->component->form == HENG_FORM_SLICES ? put_slices(work, part, &taken, amounts)
                                                     : put_increments(work, part, &taken, amounts);
}

heng_rc heng_rate_steps(struct rate_work *work)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) rc = rate_part_of_steps(work, i);
    return rc;
}
