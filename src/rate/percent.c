/* What is worked out from other lines: percentages, the power factor, the minimum. */
#include <string.h>

#include "rate/parts.h"
#include "rate/power_factor.h"
#include "vee/share.h"

static bool is_of(const struct heng_component *component, const char *id)
{
    for (size_t i = 0; i < component->of_count; i++)
        if (strcmp(component->of[i], id) == 0) return true;
    return false;
}

static heng_day days_in(const struct heng_rate_line *line, const struct rate_part *part)
{
    heng_day from = line->from > part->from ? line->from : part->from, to = line->to < part->to ? line->to : part->to;
    return to > from ? to - from : 0;
}

/* What of a line's amount lies in part i: all of it, or its share by days, so that the parts sum to it. */
static struct heng_dec amount_in(const struct rate_work *work, const struct heng_rate_line *line, size_t i)
{
    uint64_t weights[HENG_RATE_PARTS_MAX + 1];
    int64_t amounts[HENG_RATE_PARTS_MAX + 1];
    heng_day left = line->to - line->from, days = days_in(line, &work->parts[i]);
    if (days == left) return line->amount;
    if (days == 0) return heng_dec_of(0, line->amount.exp);
    for (size_t k = 0; k < work->part_count; k++) {
        weights[k] = (uint64_t)days_in(line, &work->parts[k]);
        left -= days_in(line, &work->parts[k]);
    }
    weights[work->part_count] = (uint64_t)left;
    heng_share(line->amount.mantissa, weights, work->part_count + 1, amounts);
    return (struct heng_dec){amounts[i], line->amount.exp};
}

/* How many of a line's days are in the part, when it is not all of it. */
static void say_days(struct rate_work *work, const struct rate_part *part, size_t k, struct heng_dec amount)
{
    const struct heng_rate_line *line = &work->out->lines[k];
    heng_day days = days_in(line, part), of = line->to - line->from;
    char subject[HENG_STEP_SUBJECT_MAX];
    if (days == of) return;
    const struct heng_dec numbers[] = {heng_dec_of((int64_t)k + 1, 0), line->amount, heng_dec_of(days, 0),
                                       heng_dec_of(of, 0)};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_SUM_DAYS, heng_rate_next_line(work), subject, "", numbers, 4, amount,
                  255, HENG_ROUNDING_HALF_UP);
}

static heng_rc sum_of(struct rate_work *work, size_t i, struct heng_dec *ret)
{
    const struct rate_part *part = &work->parts[i];
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = HENG_OK;
    *ret = heng_dec_of(0, 0);
    heng_rate_subject(part, NULL, subject);
    for (size_t k = 0; k < work->out->count && rc == HENG_OK; k++) {
        const struct heng_rate_line *line = &work->out->lines[k];
        if (!is_of(part->component, line->component->id) || line->component->informative) continue;
        struct heng_dec amount = amount_in(work, line, i);
        if (rate_is_zero(amount)) continue;
        say_days(work, part, k, amount);
        rc = heng_dec_add(*ret, amount, ret);
        const struct heng_dec numbers[] = {heng_dec_of((int64_t)k + 1, 0), amount};
        heng_rate_say(work->out->steps, HENG_STEP_RATE_SUM, heng_rate_next_line(work), subject, "", numbers, 2, *ret,
                      255, HENG_ROUNDING_HALF_UP);
    }
    return rc == HENG_OK ? rc : heng_rate_refuse(work, rc, part, "of", "the sum does not fit 18 digits");
}

static heng_rc put_percent(struct rate_work *work, const struct rate_part *part, struct heng_dec base,
                           struct heng_dec rate)
{
    const struct heng_component *component = part->component;
    struct heng_rate_line line = heng_rate_line_of(part);
    char subject[HENG_STEP_SUBJECT_MAX];
    line.quantity = base;
    line.price = rate;
    memset(line.unit, 0, sizeof line.unit);
    strncpy(line.unit, part->tariff->currency ? part->tariff->currency : "", sizeof line.unit - 1);
    heng_rc rc = heng_exact_mul(base, rate, component->places, component->rounding, &line.amount);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "rate", "the share does not fit 18 digits");
    const struct heng_dec numbers[] = {base, rate};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_PERCENT, heng_rate_next_line(work), subject, "", numbers, 2,
                  line.amount, component->places, component->rounding);
    return heng_rate_put(work, part, line);
}

heng_rc heng_rate_percent(struct rate_work *work, size_t i)
{
    struct heng_dec base;
    heng_rc rc = sum_of(work, i, &base);
    return rc == HENG_OK ? put_percent(work, &work->parts[i], base, work->parts[i].component->rate) : rc;
}

heng_rc heng_rate_power_factor(struct rate_work *work, size_t i)
{
    const struct rate_part *part = &work->parts[i];
    const struct heng_component *component = part->component;
    const char *active = component->quantity ? component->quantity : "active";
    const char *reactive = component->reactive ? component->reactive : "reactive";
    struct rate_taken p, q;
    struct heng_dec base, pf, rate;
    char subject[HENG_STEP_SUBJECT_MAX];
    size_t count = component->point_count;
    const struct heng_pf_point *points =
        count ? component->points : heng_power_factor_points(component->standard, &count);
    if (!points) return heng_rate_refuse(work, HENG_ECONFIG, part, "standard", "0.90, 0.85, 0.80, or a table");
    heng_rc rc = heng_rate_take(work, i, active, NULL, &p);
    if (rc == HENG_OK) rc = heng_rate_take(work, i, reactive, NULL, &q);
    if (rc != HENG_OK) return rc;
    if (!p.found || !q.found)
        return heng_rate_refuse(work, HENG_ECONFIG, part, "reactive", "the usage has no quantity '%.30s'",
                                p.found ? reactive : active);
    rc = heng_power_factor(p.amount, q.amount, &pf);
    if (rc == HENG_OK) rc = heng_power_factor_rate(points, count, pf, &rate);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "standard", "the power factor does not fit");
    const struct heng_dec numbers[] = {p.amount, q.amount, component->standard};
    heng_rate_subject(part, NULL, subject);
    bool none = rate_is_zero(p.amount) && rate_is_zero(q.amount); /* no division then */
    heng_rate_say(work->out->steps, none ? HENG_STEP_RATE_PF_NONE : HENG_STEP_RATE_PF, heng_rate_next_line(work),
                  subject, "", numbers, 2, pf, 2, HENG_ROUNDING_HALF_UP);
    const struct heng_dec found[] = {pf, component->standard};
    heng_rate_say(work->out->steps, HENG_STEP_RATE_PF_RATE, heng_rate_next_line(work), subject, "", found, 2, rate, 255,
                  HENG_ROUNDING_HALF_UP);
    rc = sum_of(work, i, &base);
    return rc == HENG_OK ? put_percent(work, part, base, rate) : rc;
}

/* --- minimum ---------------------------------------------------------------------------------------------------- */

static heng_rc minimum_of(struct rate_work *work, const struct rate_part *part, struct heng_dec *ret)
{
    const struct heng_component *component = part->component;
    uint32_t count = (uint32_t)(part->to - part->from), of = (uint32_t)(work->ask->to - work->ask->from);
    if (component->per == HENG_PER_MONTH) heng_rate_months(part->from, part->to, component->month_days, &count, &of);
    heng_rc rc = heng_exact_div(component->price, heng_dec_of(count, 0), heng_dec_of(of, 0), component->places,
                                component->rounding, ret);
    if (rc != HENG_OK || count == of) return rc;
    char subject[HENG_STEP_SUBJECT_MAX];
    const struct heng_dec numbers[] = {component->price, heng_dec_of(count, 0), heng_dec_of(of, 0)};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_PER_TIME, heng_rate_next_line(work), subject, "", numbers, 3, *ret,
                  component->places, component->rounding);
    return rc;
}

heng_rc heng_rate_minimum(struct rate_work *work, size_t i)
{
    const struct rate_part *part = &work->parts[i];
    struct heng_rate_line line = heng_rate_line_of(part);
    struct heng_dec sum, least, missing;
    char subject[HENG_STEP_SUBJECT_MAX];
    heng_rc rc = sum_of(work, i, &sum);
    if (rc != HENG_OK) return rc;
    rc = minimum_of(work, part, &least);
    if (rc == HENG_OK) rc = heng_dec_sub(least, sum, &missing);
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "price", "it does not fit 18 digits");
    if (missing.mantissa <= 0 || (rate_is_zero(sum) && !part->component->at_zero)) return HENG_OK;
    const struct heng_dec numbers[] = {least, sum};
    heng_rate_subject(part, NULL, subject);
    heng_rate_say(work->out->steps, HENG_STEP_RATE_MINIMUM, heng_rate_next_line(work), subject, "", numbers, 2, missing,
                  255, HENG_ROUNDING_HALF_UP);
    line.quantity = heng_dec_of(1, 0);
    line.price = line.amount = missing;
    return heng_rate_put(work, part, line);
}
