/* From readings to quantities: difference x multiplier, corrections, losses; and how much of it lies in which part of
 * the period. */
#include <stdio.h>
#include <string.h>

#include "bill/form.h"
#include "bill/unit.h"
#include "rate/parts.h"
#include "vee/share.h"

static heng_rc refuse(struct rate_work *work, heng_rc rc, const struct heng_rate_usage *usage, const char *field,
                      const char *why)
{
    return heng_fail(work->err, rc, 0, "usage[%zu].%s: %s", (size_t)(usage - work->ask->usage), field, why);
}

static void subject_of(const struct heng_rate_usage *usage, char ret[HENG_AT_LEAST(HENG_STEP_SUBJECT_MAX)])
{
    char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    heng_date_format(usage->from, from);
    heng_date_format(usage->to, to);
    snprintf(ret, HENG_STEP_SUBJECT_MAX, "%.16s%s%.12s (%.10s – %.10s)", usage->quantity, usage->rate ? " " : "",
             usage->rate ? usage->rate : "", from, to);
}

static void say(struct rate_work *work, heng_step_kind kind, const struct heng_rate_usage *usage,
                const struct heng_dec *numbers, size_t count, struct heng_dec result, int places)
{
    char subject[HENG_STEP_SUBJECT_MAX];
    if (!work->out->steps) return;
    subject_of(usage, subject);
    heng_rate_say(work->out->steps, kind, 0, subject, usage->unit, numbers, count, result, places,
                  HENG_ROUNDING_HALF_UP);
}

/* --- readings ------------------------------------------------------------------------------------------------- */

static heng_rc cut_reading(const struct heng_rate_usage *usage, struct heng_dec *reading)
{
    if (usage->read_places < 0) return HENG_OK;
    return heng_exact_round(*reading, usage->read_places, HENG_ROUNDING_DOWN, reading);
}

/* What a register can show, and how much of it a difference through zero may be: max_per_day x days, or half. */
static heng_rc roll_over(struct rate_work *work, const struct heng_rate_usage *usage, struct heng_dec previous,
                         struct heng_dec current, struct heng_dec *ret)
{
    struct heng_dec range = heng_dec_of(1, usage->digits), most = range, wide;
    if (usage->digits == 0)
        return refuse(work, HENG_ERANGE, usage, "current",
                      "it is below the previous reading: the use would be negative (has the register rolled over? then "
                      "say its digits)");
    heng_rc rc = heng_dec_sub(current, previous, ret);
    if (rc == HENG_OK) rc = heng_dec_add(*ret, range, ret);
    if (rc != HENG_OK) return refuse(work, rc, usage, "current", "it does not fit");
    if (rate_is_zero(usage->max_per_day)) {
        wide = *ret;
        rc = heng_exact_div(range, heng_dec_of(1, 0), heng_dec_of(2, 0), 0, HENG_ROUNDING_DOWN, &most);
    } else {
        rc = heng_exact_product(*ret, usage->multiplier, &wide);
        if (rc == HENG_OK) rc = heng_dec_scale(usage->max_per_day, usage->to - usage->from, &most);
    }
    if (rc != HENG_OK) return refuse(work, rc, usage, "max_per_day", "it does not fit");
    if (heng_dec_cmp(wide, most) > 0 || heng_dec_cmp(*ret, heng_dec_of(0, 0)) < 0)
        return refuse(work, HENG_ERANGE, usage, "current",
                      "it is below the previous reading and no plausible roll-over: the use would be negative");
    return HENG_OK;
}

static heng_rc of_readings(struct rate_work *work, const struct heng_rate_usage *usage, struct heng_dec *ret)
{
    struct heng_dec previous = usage->previous, current = usage->current, difference = {0, 0}, range;
    heng_rc rc = cut_reading(usage, &previous);
    if (rc == HENG_OK) rc = cut_reading(usage, &current);
    if (rc != HENG_OK) return refuse(work, rc, usage, "current", "the reading does not fit");
    bool rolled = heng_dec_cmp(current, previous) < 0;
    range = heng_dec_of(1, usage->digits);
    if (rolled)
        rc = roll_over(work, usage, previous, current, &difference);
    else
        rc = heng_dec_sub(current, previous, &difference);
    if (rc != HENG_OK) return rolled ? rc : refuse(work, rc, usage, "current", "the reading does not fit");
    rc = heng_exact_product(difference, usage->multiplier, ret);
    if (rc != HENG_OK) return refuse(work, rc, usage, "multiplier", "readings x multiplier do not fit 18 digits");
    if (rolled) {
        const struct heng_dec numbers[] = {current, range, previous, usage->multiplier};
        say(work, HENG_STEP_RATE_ROLLOVER, usage, numbers, 4, *ret, 255);
    } else {
        const struct heng_dec numbers[] = {current, previous, usage->multiplier};
        say(work, HENG_STEP_RATE_REGISTER, usage, numbers, 3, *ret, 255);
    }
    return HENG_OK;
}

/* V x p / 101.325 x 293.15 / T */
static heng_rc to_standard(struct rate_work *work, const struct heng_rate_usage *usage, struct heng_dec *amount)
{
    struct heng_dec above, below, result;
    if (usage->pressure_kpa.mantissa <= 0 || usage->temperature_k.mantissa <= 0)
        return refuse(work, HENG_ERANGE, usage, "gas", "pressure and temperature are absolute, above zero");
    if (heng_dec_cmp(usage->temperature_k, heng_dec_of(200, 0)) < 0 ||
        heng_dec_cmp(usage->temperature_k, heng_dec_of(400, 0)) > 0)
        return refuse(work, HENG_ERANGE, usage, "gas.temperature_k",
                      "it is not within 200 K .. 400 K: 10 °C is 283.15 K");
    heng_rc rc = heng_exact_product(usage->pressure_kpa, heng_dec_of(29315, -2), &above);
    if (rc == HENG_OK) rc = heng_exact_product(usage->temperature_k, heng_dec_of(101325, -3), &below);
    if (rc == HENG_OK) rc = heng_exact_div(*amount, above, below, usage->gas_places, HENG_ROUNDING_HALF_UP, &result);
    if (rc != HENG_OK) return refuse(work, rc, usage, "gas", "the corrected volume does not fit");
    const struct heng_dec numbers[] = {*amount, usage->pressure_kpa, usage->temperature_k};
    say(work, HENG_STEP_RATE_GAS, usage, numbers, 3, result, usage->gas_places);
    *amount = result;
    return HENG_OK;
}

static heng_rc of_wiring(struct rate_work *work, const struct heng_rate_usage *usage, struct heng_dec *amount)
{
    struct heng_dec factor = usage->correction, result;
    heng_rc rc = HENG_OK;
    if (!usage->correction_only) rc = heng_dec_add(heng_dec_of(1, 0), factor, &factor);
    if (rc == HENG_OK) rc = heng_exact_product(*amount, factor, &result);
    if (rc != HENG_OK) return refuse(work, rc, usage, "correction", "the corrected quantity does not fit");
    if (result.mantissa < 0) return refuse(work, HENG_ERANGE, usage, "correction", "the quantity would be negative");
    const struct heng_dec numbers[] = {*amount, factor};
    say(work, HENG_STEP_RATE_WIRING, usage, numbers, 2, result, 255);
    *amount = result;
    return HENG_OK;
}

static heng_rc check_usage(struct rate_work *work, const struct heng_rate_usage *usage)
{
    if (!usage->quantity || !*usage->quantity) return refuse(work, HENG_ECONFIG, usage, "quantity", "it is missing");
    if (!usage->unit || !heng_tariff_unit_known(usage->unit))
        return heng_fail(
            work->err, HENG_ECONFIG, 0,
            "usage[%zu].unit: '%.20s' is not known; these are: Wh kWh MWh MJ GJ m3 L t kvarh kW kVA kvar m2 "
            "person piece",
            (size_t)(usage - work->ask->usage), usage->unit ? usage->unit : "");
    if (usage->from >= usage->to) return refuse(work, HENG_ECONFIG, usage, "to", "it is not after from");
    if (usage->from < work->ask->from || usage->to > work->ask->to)
        return refuse(work, HENG_ECONFIG, usage, usage->from < work->ask->from ? "from" : "to",
                      "it lies outside of the period");
    for (const struct heng_rate_usage *other = work->ask->usage; other < usage; other++) {
        if (strcmp(other->quantity, usage->quantity) != 0) continue;
        if (strcmp(other->unit, usage->unit) != 0)
            return refuse(work, HENG_ECONFIG, usage, "unit", "another entry of this quantity has another unit");
        bool apart = other->to <= usage->from || usage->to <= other->from;
        bool others = other->meter && usage->meter && strcmp(other->meter, usage->meter) != 0;
        if (heng_rate_same(other->rate, usage->rate) && !apart && !others)
            return refuse(work, HENG_ECONFIG, usage, "from",
                          "it overlaps another entry of this quantity and rate (two meters side by side need names)");
    }
    return HENG_OK;
}

static heng_rc check_intervals(struct rate_work *work, const struct heng_rate_usage *usage)
{
    if (usage->rate) return refuse(work, HENG_ECONFIG, usage, "rate", "a series is of all rates");
    if (!heng_day_minutes_valid(usage->minutes))
        return refuse(work, HENG_ECONFIG, usage, "intervals.minutes", "it is 60, 1440 or divides 60");
    size_t want = (size_t)(usage->to - usage->from) * (1440U / usage->minutes);
    if (usage->interval_count != want || 1440U / usage->minutes > HENG_DAY_INTERVALS_MAX)
        return heng_fail(work->err, HENG_ECONFIG, 0, "usage[%zu].intervals: there are %zu, these days have %zu",
                         (size_t)(usage - work->ask->usage), usage->interval_count, want);
    for (size_t i = 0; i < want; i++)
        if (usage->intervals[i] < 0)
            return heng_fail(work->err, HENG_ERANGE, 0, "usage[%zu].intervals[%zu]: it is negative",
                             (size_t)(usage - work->ask->usage), i);
    return HENG_OK;
}

static heng_rc gather_one(struct rate_work *work, const struct heng_rate_usage *usage)
{
    struct rate_entry *entry = &work->entries[work->entry_count];
    *entry = (struct rate_entry){.quantity = usage->quantity,
                                 .rate = usage->rate,
                                 .unit = usage->unit,
                                 .meter = usage->meter,
                                 .from = usage->from,
                                 .to = usage->to,
                                 .amount = usage->amount};
    heng_rc rc = check_usage(work, usage);
    if (rc != HENG_OK) return rc;
    entry->maximum = strcmp(usage->unit, "kW") == 0 || strcmp(usage->unit, "kVA") == 0;
    if (usage->is_intervals) {
        entry->series = usage;
        rc = check_intervals(work, usage);
    } else if (!usage->is_amount) {
        rc = of_readings(work, usage, &entry->amount);
    }
    if (rc == HENG_OK && entry->amount.mantissa < 0)
        rc = refuse(work, HENG_ERANGE, usage, "amount", "the use is negative");
    if (rc == HENG_OK && !rate_is_zero(usage->correction)) rc = of_wiring(work, usage, &entry->amount);
    if (rc == HENG_OK && usage->is_gas) rc = to_standard(work, usage, &entry->amount);
    if (rc == HENG_OK) work->entry_count++;
    return rc;
}

/* --- how much of an entry lies in a part ------------------------------------------------------------------------ */

static heng_day overlap(heng_day a_from, heng_day a_to, heng_day b_from, heng_day b_to)
{
    heng_day from = a_from > b_from ? a_from : b_from, to = a_to < b_to ? a_to : b_to;
    return to > from ? to - from : 0;
}

static heng_rc series_sum(const struct heng_rate_usage *usage, heng_day from, heng_day to, struct heng_dec *ret)
{
    size_t per_day = 1440U / usage->minutes;
    size_t first = from > usage->from ? (size_t)(from - usage->from) * per_day : 0;
    size_t end = to < usage->to ? (size_t)(to - usage->from) * per_day : usage->interval_count;
    int64_t sum = 0;
    for (size_t i = first; i < end; i++)
        if (__builtin_add_overflow(sum, usage->intervals[i], &sum)) return HENG_ERANGE;
    return heng_dec_make(sum, usage->exp, ret);
}

static heng_rc series_rate(const struct heng_rate_usage *usage, const struct heng_component *component, int period,
                           heng_day from, heng_day to, struct heng_dec *ret)
{
    const struct heng_day_rule rule = {NULL, 0};
    size_t per_day = 1440U / usage->minutes;
    int64_t sum = 0;
    for (heng_day day = from > usage->from ? from : usage->from; day < to && day < usage->to; day++) {
        struct heng_day_usage one = {.day = day, .exp = usage->exp, .count = (uint16_t)per_day};
        struct heng_tou_day split;
        memset(one.trusts, HENG_TRUST_VALID, per_day);
        memcpy(one.amounts, usage->intervals + (size_t)(day - usage->from) * per_day, per_day * sizeof *one.amounts);
        for (size_t i = 0; i < per_day; i++)
            if (__builtin_add_overflow(one.amount, one.amounts[i], &one.amount)) return HENG_ERANGE;
        heng_tou_split(component->calendar, component->calendar_count, &rule, usage->minutes, &one, &split);
        if (split.amounts[0] != 0) return HENG_ECONFIG;
        if (__builtin_add_overflow(sum, split.amounts[period], &sum)) return HENG_ERANGE;
    }
    return heng_dec_make(sum, usage->exp, ret);
}

/* Parts and what is left of the entry beside them, shared by days: the parts always sum to the whole. */
static heng_rc by_days(struct rate_work *work, const struct rate_entry *entry, const struct rate_part *parts, size_t n,
                       size_t i, struct heng_dec *ret)
{
    uint64_t weights[HENG_RATE_PARTS_MAX + 1];
    int64_t amounts[HENG_RATE_PARTS_MAX + 1];
    heng_day left = entry->to - entry->from;
    for (size_t k = 0; k < n; k++) {
        heng_day days = overlap(entry->from, entry->to, parts[k].from, parts[k].to);
        weights[k] = (uint64_t)days;
        left -= days;
    }
    weights[n] = (uint64_t)(left > 0 ? left : 0);
    heng_share(entry->amount.mantissa, weights, n + 1, amounts);
    *ret = (struct heng_dec){amounts[i], entry->amount.exp};
    if (!work->out->steps) return HENG_OK;
    char subject[HENG_STEP_SUBJECT_MAX];
    if (parts[i].component)
        heng_rate_subject(&parts[i], NULL, subject);
    else /* the span of a loss */
        snprintf(subject, sizeof subject, "%.60s", entry->quantity);
    const struct heng_dec numbers[] = {entry->amount, heng_dec_of((int64_t)weights[i], 0),
                                       heng_dec_of(entry->to - entry->from, 0)};
    heng_rate_say(work->out->steps, HENG_STEP_RATE_DAYS, 0, subject, entry->unit, numbers, 3, *ret, 255,
                  HENG_ROUNDING_HALF_UP);
    return HENG_OK;
}

static int period_of(const struct heng_component *component, const char *rate)
{
    for (int i = 0; component && i < component->rate_count; i++)
        if (strcmp(component->rates[i].name, rate) == 0) return i + 1;
    return 0;
}

static heng_rc take_entry(struct rate_work *work, const struct rate_entry *entry, const struct rate_part *parts,
                          size_t n, size_t i, const char *rate, struct rate_taken *taken)
{
    const struct rate_part *part = &parts[i];
    struct heng_dec amount = entry->amount;
    heng_rate_split split = HENG_SPLIT_READ;
    heng_rc rc = HENG_OK;
    if (entry->series) {
        split = HENG_SPLIT_INTERVALS;
        int period = rate ? period_of(part->component, rate) : 0;
        rc = rate ? series_rate(entry->series, part->component, period, part->from, part->to, &amount)
                  : series_sum(entry->series, part->from, part->to, &amount);
    } else if (entry->maximum) {
        if (taken->found && heng_dec_cmp(amount, taken->amount) < 0) amount = taken->amount;
        taken->amount = heng_dec_of(0, 0);
    } else if (entry->from < part->from || entry->to > part->to) {
        split = HENG_SPLIT_DAYS;
        rc = by_days(work, entry, parts, n, i, &amount);
    }
    const struct heng_dec numbers[] = {taken->amount, amount};
    if (rc == HENG_OK) rc = heng_dec_add(taken->amount, amount, &taken->amount);
    if (rc == HENG_OK && taken->found && !entry->maximum && work->out->steps) {
        char subject[HENG_STEP_SUBJECT_MAX];
        snprintf(subject, sizeof subject, "%.36s%s%.24s", entry->quantity, rate ? " " : "", rate ? rate : "");
        heng_rate_say(work->out->steps, HENG_STEP_RATE_ADD, heng_rate_next_line(work), subject, entry->unit, numbers, 2,
                      taken->amount, 255, HENG_ROUNDING_HALF_UP);
    }
    if (taken->split != HENG_SPLIT_DAYS) taken->split = split;
    taken->found = true;
    return rc;
}

/* The register of a rate counts in the total only where its meter has no register of the total. */
static bool is_in_total(const struct rate_work *work, const struct rate_entry *entry)
{
    if (!entry->rate) return true;
    for (size_t k = 0; k < work->entry_count; k++) {
        const struct rate_entry *total = &work->entries[k];
        if (total->rate || total->is_loss || strcmp(total->quantity, entry->quantity) != 0) continue;
        if (total->meter && entry->meter && strcmp(total->meter, entry->meter) != 0) continue;
        if (overlap(total->from, total->to, entry->from, entry->to) > 0) return false;
    }
    return true;
}

/* A rate that a series gives: only a component with a calendar can have it. */
static bool entry_gives(const struct rate_work *work, const struct rate_entry *entry, const struct rate_part *part,
                        const char *rate)
{
    if (entry->series && rate) return part->component && part->component->calendar;
    return rate ? heng_rate_same(entry->rate, rate) : is_in_total(work, entry);
}

static heng_rc take(struct rate_work *work, const struct rate_part *parts, size_t n, size_t i, const char *quantity,
                    const char *rate, struct rate_taken *ret)
{
    heng_rc rc = HENG_OK;
    *ret = (struct rate_taken){0};
    for (size_t k = 0; k < work->entry_count && rc == HENG_OK; k++) {
        const struct rate_entry *entry = &work->entries[k];
        if (strcmp(entry->quantity, quantity) != 0 || !entry_gives(work, entry, &parts[i], rate)) continue;
        if (overlap(entry->from, entry->to, parts[i].from, parts[i].to) == 0) continue;
        rc = take_entry(work, entry, parts, n, i, rate, ret);
    }
    return rc;
}

heng_rc heng_rate_take(struct rate_work *work, size_t i, const char *quantity, const char *rate, struct rate_taken *ret)
{
    heng_rc rc = take(work, work->parts, work->part_count, i, quantity, rate, ret);
    if (rc == HENG_ECONFIG)
        return heng_rate_refuse(work, rc, &work->parts[i], "calendar", "a day of the period has no calendar");
    if (rc != HENG_OK)
        return heng_rate_refuse(work, rc, &work->parts[i], "quantity", "the sum of '%.20s' does not fit", quantity);
    return HENG_OK;
}

/* --- losses ----------------------------------------------------------------------------------------------------- */

static heng_rc add_loss(struct rate_work *work, const struct heng_rate_loss *loss, size_t metered)
{
    struct rate_part span = {.from = loss->from > work->ask->from ? loss->from : work->ask->from,
                             .to = loss->to && loss->to < work->ask->to ? loss->to : work->ask->to};
    size_t number = (size_t)(loss - work->ask->contract.losses), entries = work->entry_count;
    struct rate_taken of;
    struct heng_dec by_time, by_share, sum;
    uint32_t count, months_of;
    if (span.from >= span.to) return HENG_OK;
    if (!loss->on_losses) work->entry_count = metered;
    heng_rc rc = take(work, &span, 1, 0, loss->share_of ? loss->share_of : loss->quantity, NULL, &of);
    work->entry_count = entries;
    heng_rate_months(span.from, span.to, loss->month_days, &count, &months_of);
    if (rc == HENG_OK)
        rc = heng_exact_div(loss->per_month, heng_dec_of(count, 0), heng_dec_of(months_of, 0), 9, HENG_ROUNDING_HALF_UP,
                            &by_time);
    if (rc == HENG_OK) rc = heng_exact_mul(of.amount, loss->share, 9, HENG_ROUNDING_HALF_UP, &by_share);
    if (rc == HENG_OK) rc = heng_dec_add(by_time, by_share, &sum);
    if (rc == HENG_OK) rc = heng_exact_round(sum, loss->places, loss->rounding, &sum);
    if (rc != HENG_OK || sum.mantissa < 0)
        return heng_fail(work->err, HENG_ERANGE, 0, "contract.losses[%zu]: it is negative or does not fit", number);
    const struct heng_dec numbers[] = {loss->per_month, heng_dec_of(count, 0), heng_dec_of(months_of, 0), of.amount,
                                       loss->share};
    heng_rate_say(work->out->steps, HENG_STEP_RATE_LOSS, 0, loss->name ? loss->name : loss->quantity, loss->unit,
                  numbers, 5, sum, loss->places, loss->rounding);
    work->entries[work->entry_count++] = (struct rate_entry){.quantity = loss->quantity,
                                                             .unit = loss->unit,
                                                             .from = span.from,
                                                             .to = span.to,
                                                             .amount = sum,
                                                             .is_loss = true};
    return HENG_OK;
}

static heng_rc add_losses(struct rate_work *work)
{
    const struct heng_rate_contract *contract = &work->ask->contract;
    size_t metered = work->entry_count;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < contract->loss_count && rc == HENG_OK; i++) {
        const struct heng_rate_loss *loss = &contract->losses[i];
        for (size_t k = 0; k < metered; k++)
            if (strcmp(work->entries[k].quantity, loss->quantity) == 0 &&
                strcmp(work->entries[k].unit, loss->unit) != 0)
                return heng_fail(work->err, HENG_ECONFIG, 0, "contract.losses[%zu].unit: the usage is in %s", i,
                                 work->entries[k].unit);
        rc = add_loss(work, loss, metered);
    }
    return rc;
}

heng_rc heng_rate_gather(struct rate_work *work)
{
    const struct heng_rate_ask *ask = work->ask;
    heng_rc rc = HENG_OK;
    if (ask->usage_count > HENG_RATE_USAGE_MAX)
        return heng_fail(work->err, HENG_ELIMIT, 0, "usage: more than %d entries", HENG_RATE_USAGE_MAX);
    if (ask->contract.loss_count > HENG_RATE_LOSSES_MAX)
        return heng_fail(work->err, HENG_ELIMIT, 0, "contract.losses: more than %d", HENG_RATE_LOSSES_MAX);
    for (size_t i = 0; i < ask->usage_count && rc == HENG_OK; i++) rc = gather_one(work, &ask->usage[i]);
    return rc == HENG_OK ? add_losses(work) : rc;
}

/* --- what a component bills ------------------------------------------------------------------------------------- */

static const struct rate_entry *first_of(const struct rate_work *work, const char *quantity)
{
    for (size_t k = 0; k < work->entry_count; k++)
        if (strcmp(work->entries[k].quantity, quantity) == 0) return &work->entries[k];
    return NULL;
}

static heng_rc check_unit(struct rate_work *work, const struct rate_part *part)
{
    const struct heng_component *component = part->component;
    const struct rate_entry *entry = first_of(work, component->quantity);
    if (!entry)
        return heng_rate_refuse(work, HENG_ECONFIG, part, "quantity", "the usage has no quantity '%.30s'",
                                component->quantity);
    if (strcmp(entry->unit, component->unit) != 0)
        return heng_rate_refuse(work, HENG_ECONFIG, part, "unit", "the price is per %s, the usage is in %s",
                                component->unit, entry->unit);
    return HENG_OK;
}

static void warn_gap(struct rate_work *work, const struct rate_part *part)
{
    heng_day days = 0;
    char subject[HENG_STEP_SUBJECT_MAX];
    for (size_t k = 0; k < work->entry_count; k++)
        if (strcmp(work->entries[k].quantity, part->component->quantity) == 0)
            days += overlap(work->entries[k].from, work->entries[k].to, part->from, part->to);
    if (days >= part->to - part->from) return;
    const struct heng_dec numbers[] = {heng_dec_of(days, 0), heng_dec_of(part->to - part->from, 0)};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->warnings, HENG_STEP_RATE_GAP, 0, subject, part->component->unit, numbers, 2,
                  heng_dec_of(part->to - part->from - days, 0), 255, HENG_ROUNDING_HALF_UP);
}

bool heng_rate_has_loss(const struct rate_work *work, size_t i)
{
    const struct rate_part *part = &work->parts[i];
    for (size_t k = 0; k < work->entry_count; k++) {
        const struct rate_entry *entry = &work->entries[k];
        if (entry->is_loss && !rate_is_zero(entry->amount) && strcmp(entry->quantity, part->component->quantity) == 0 &&
            overlap(entry->from, entry->to, part->from, part->to) > 0)
            return true;
    }
    return false;
}

heng_rc heng_rate_take_less(struct rate_work *work, size_t i, struct rate_taken *taken)
{
    const struct rate_part *part = &work->parts[i];
    const struct heng_component *component = part->component;
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = HENG_OK;
    for (size_t k = 0; k < component->less_count && rc == HENG_OK; k++) {
        struct rate_taken less;
        struct heng_dec left;
        const struct rate_entry *entry = first_of(work, component->less[k]);
        if (entry && strcmp(entry->unit, component->unit) != 0)
            return heng_rate_refuse(work, HENG_ECONFIG, part, "less", "'%.20s' is in %s, not in %s", component->less[k],
                                    entry->unit, component->unit);
        rc = heng_rate_take(work, i, component->less[k], NULL, &less);
        if (rc != HENG_OK || !less.found) continue;
        if (heng_dec_sub(taken->amount, less.amount, &left) != HENG_OK || left.mantissa < 0)
            return heng_rate_refuse(work, HENG_ERANGE, part, "less", "'%.20s' is more than there is",
                                    component->less[k]);
        const struct heng_dec numbers[] = {taken->amount, less.amount};
        heng_rate_subject(part, component->less[k], subject);
        heng_rate_say(work->out->steps, HENG_STEP_RATE_LESS, heng_rate_next_line(work), subject, component->unit,
                      numbers, 2, left, 255, HENG_ROUNDING_HALF_UP);
        taken->amount = left;
    }
    return rc;
}

static heng_rc take_share(struct rate_work *work, const struct rate_part *part, struct rate_taken *taken)
{
    const struct heng_component *component = part->component;
    struct heng_dec before = taken->amount, share = component->share;
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = HENG_OK;
    bool all = rate_is_zero(share), rounds = component->quantity_places >= 0;
    if (all) share = heng_dec_of(1, 0);
    if (all && !rounds) return HENG_OK;
    if (rounds)
        rc = heng_exact_mul(before, share, component->quantity_places, component->quantity_rounding, &taken->amount);
    else
        rc = heng_exact_product(before, share, &taken->amount);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "share", "the share of the quantity does not fit");
    const struct heng_dec numbers[] = {before, share};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_SHARE, heng_rate_next_line(work), subject, component->unit, numbers,
                  2, taken->amount, rounds ? component->quantity_places : 255, component->quantity_rounding);
    return HENG_OK;
}

heng_rc heng_rate_take_billed(struct rate_work *work, size_t i, struct rate_taken *ret)
{
    const struct rate_part *part = &work->parts[i];
    heng_rc rc = check_unit(work, part);
    if (rc == HENG_OK) rc = heng_rate_take(work, i, part->component->quantity, NULL, ret);
    if (rc != HENG_OK) return rc;
    warn_gap(work, part);
    rc = heng_rate_take_less(work, i, ret);
    return rc == HENG_OK ? take_share(work, part, ret) : rc;
}
