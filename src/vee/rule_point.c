/* Registers of one point beside each other: parts and their total, both directions, silence of one of them. */
#include "vee/rule_parts.h"

/* The parts of a total, added at the finest exponent. false: none, or one of them has no value for the day. */
static bool parts_of(const struct heng_rules_work *w, struct heng_dec *ret, unsigned *ret_count)
{
    *ret = (struct heng_dec){0, w->day->exp};
    *ret_count = 0;
    for (unsigned i = 0; i < w->in->sibling_count; i++) {
        const struct heng_rules_sibling *s = &w->in->siblings[i];
        const struct heng_day_usage *day = s->series.day;
        struct heng_dec part;
        if (s->role != HENG_ROLE_TARIFF) continue;
        if (!day || day->missing || s->series.unit != w->unit ||
            heng_dec_make(day->amount, day->exp, &part) != HENG_OK || heng_dec_add(*ret, part, ret) != HENG_OK)
            return false;
        ++*ret_count;
    }
    return *ret_count > 0;
}

/* Each register cuts off its last digit, so each may be a step off. */
static void check_register_sum(const struct heng_rules_work *w)
{
    struct heng_dec sum, total = {w->day->amount, w->day->exp}, gap;
    unsigned count;
    int64_t most, part;
    if (w->day->missing || !parts_of(w, &sum, &count) || heng_dec_sub(total, sum, &gap) != HENG_OK) return;
    struct heng_fraction share = heng_fraction_of(total.mantissa < 0 ? -(heng_i128)total.mantissa : total.mantissa);
    heng_fraction_times_dec(&share, w->set->limits[HENG_LIMIT_REGISTER_SUM_PERCENT]);
    heng_fraction_over(&share, 100);
    heng_fraction_shift(&share, total.exp - gap.exp);
    if (!heng_fraction_int(share, HENG_ROUND_DOWN, &most)) return;
    part = heng_limit_steps(w->set, HENG_LIMIT_REGISTER_SUM_AMOUNT, w->unit, gap.exp, HENG_ROUND_DOWN);
    if (part > most) most = part;
    struct heng_fraction steps = heng_fraction_of(heng_limit_int(w->set, HENG_LIMIT_REGISTER_SUM_STEPS));
    heng_fraction_times(&steps, count + 1);
    heng_fraction_shift(&steps, total.exp - gap.exp);
    if (heng_fraction_int(steps, HENG_ROUND_DOWN, &part) && part > most) most = part;
    if (gap.mantissa <= most && gap.mantissa >= -most) return;
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_REGISTER_SUM);
    if (!v) return;
    heng_opt_put(&v->seen, sum.mantissa, sum.exp);
    heng_opt_put(&v->reference, total.mantissa, total.exp);
    heng_opt_put(&v->high, most, gap.exp);
}

/* Another register of the device has values, this one has none. */
static void check_sibling(const struct heng_rules_work *w)
{
    unsigned most = 0;
    if (!w->day->count || w->day->missing < w->day->count) return;
    for (unsigned i = 0; i < w->in->sibling_count; i++) {
        const struct heng_day_usage *day = w->in->siblings[i].series.day;
        if (day && day->count - day->missing > (int)most) most = (unsigned)(day->count - day->missing);
    }
    struct heng_verdict *v = most ? heng_rules_say_day(w, HENG_RULE_SIBLING) : NULL;
    if (!v) return;
    heng_opt_put(&v->seen, 0, 0);
    heng_opt_put(&v->reference, most, 0);
}

/* The register of the other direction moved, or the device says that it ran backwards. */
static void check_reverse(const struct heng_rules_work *w)
{
    const struct heng_rules_series *back = heng_rules_sibling_of(w->in, HENG_ROLE_BACKWARD);
    bool said = w->in->conditions >> HENG_CONDITION_REVERSE_FLOW & 1, moved = false;
    int64_t least = 0;
    if (back && back->day && !back->day->missing) {
        least = heng_limit_steps(w->set, HENG_LIMIT_REVERSE_FLOW_LEAST, back->unit, back->day->exp, HENG_ROUND_UP);
        moved = back->day->amount > 0 && back->day->amount >= least;
    }
    struct heng_verdict *v = said || moved ? heng_rules_say_day(w, HENG_RULE_REVERSE_FLOW) : NULL;
    if (!v || !moved) return;
    heng_opt_put(&v->seen, back->day->amount, back->day->exp);
    heng_opt_put(&v->high, least, back->day->exp);
}

void heng_rules_check_registers(const struct heng_rules_work *w)
{
    if (heng_rules_wanted(w, HENG_RULE_REGISTER_SUM)) check_register_sum(w);
    check_sibling(w);
    check_reverse(w);
}
