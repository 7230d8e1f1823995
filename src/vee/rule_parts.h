#ifndef HENG_VEE_RULE_PARTS_H
#define HENG_VEE_RULE_PARTS_H
/* What the files of rules share. */
#include "vee/rule_sum.h"
#include "vee/rules_check.h"

/* A day at work: the inputs, and what several rules ask. */
struct heng_rules_work {
    const struct heng_rule_set *set;
    const struct heng_rules_day *in;
    const struct heng_day_usage *day; /* in->own.day */
    heng_unit unit;
    struct heng_verdicts *list;
};

/* True when the rule is on and wanted. */
static inline bool heng_rules_wanted(const struct heng_rules_work *w, heng_rule rule)
{
    return w->set->rules[rule].on && (!w->in->only || (w->in->only >> rule & 1));
}

/* A value that a meter measured, with nothing missing: what statistics may look at. What a person has accepted or
 * written, or what is estimated, is not asked again. */
static inline bool heng_day_is_measured(const struct heng_day_usage *day)
{
    return day && !day->missing &&
           (day->trust == HENG_TRUST_VALID || day->trust == HENG_TRUST_INTERPOLATED ||
            day->trust == HENG_TRUST_SUBSTITUTED || day->trust == HENG_TRUST_SUSPECT);
}

/* Something to compare with: nobody doubted it. */
static inline bool heng_day_is_good(const struct heng_day_usage *day)
{
    return day && !day->missing && (day->trust == HENG_TRUST_VALID || day->trust == HENG_TRUST_OVERRIDE);
}

/* Day i of a series, 0 today; NULL: not known. */
static inline const struct heng_day_usage *heng_series_day(const struct heng_rules_series *s, unsigned i)
{
    if (i == 0) return s->day;
    return i <= s->past_count && s->past ? s->past[i - 1] : NULL;
}

/* The first sibling of a role; NULL: none. */
const struct heng_rules_series *heng_rules_sibling_of(const struct heng_rules_day *in, heng_rules_role role);

/* Verdicts about the day, and about interval i of it. NULL: the rule is off or not wanted. */
struct heng_verdict *heng_rules_say_day(const struct heng_rules_work *w, heng_rule rule);
struct heng_verdict *heng_rules_say_interval(const struct heng_rules_work *w, heng_rule rule, unsigned i);

void heng_rules_say_status(const struct heng_rule_set *set, heng_conditions conditions, heng_us from_us, heng_us to_us,
                           struct heng_verdicts *list);

/* Median and spread of the middle half of sorted numbers, doubled, so that the mean of two middle ones is exact. The
 * quartiles lie at equal distance from both ends. */
struct heng_middle {
    heng_i128 median2, spread2;
};
struct heng_middle heng_middle_of(const struct heng_rules_neighbours *n);

/* The parts of heng_rules_check_day. */
void heng_rules_check_shape(const struct heng_rules_work *w); /* inside of the day */
void heng_rules_check_past(const struct heng_rules_work *w);  /* against the days before */
void heng_rules_check_night(const struct heng_rules_work *w);
void heng_rules_check_registers(const struct heng_rules_work *w); /* against other registers */
void heng_rules_check_physics(const struct heng_rules_work *w);   /* energy, volume, temperatures */
void heng_rules_check_neighbours(const struct heng_rules_work *w);

#endif
