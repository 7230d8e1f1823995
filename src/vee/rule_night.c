/* Water that never stops in the small hours: a leak. */
#include "vee/rule_parts.h"

/* The window of the night as intervals of a day of 24 hours, from its beginning. A part that the beginning of the day
 * cuts off is left out. */
struct night {
    unsigned from, to, hour; /* hour: intervals of one */
};

static bool night_of(const struct heng_rules_work *w, struct night *ret)
{
    int64_t from = heng_limit_int(w->set, HENG_LIMIT_NIGHT_FLOW_FROM);
    int64_t to = heng_limit_int(w->set, HENG_LIMIT_NIGHT_FLOW_TO), length = 0;
    unsigned minutes = w->in->minutes;
    if (!minutes || minutes > 60 || 60 % minutes || w->in->start_minute < 0 || w->in->start_minute >= 1440 ||
        from < 0 || to < from || to > 1440)
        return false;
    length = to - from;
    from = (from - w->in->start_minute + 1440) % 1440;
    if (from + length > 1440) length = 1440 - from;
    ret->hour = 60 / minutes;
    ret->from = ((unsigned)from + minutes - 1) / minutes;
    ret->to = (unsigned)(from + length) / minutes;
    return ret->to >= ret->from + ret->hour;
}

/* The least that went through in one hour of the window. By hours, because a counter of 10 litres stands still between
 * two of them. false: a value is missing, or it is no day of 24 hours. */
static bool least_of(const struct heng_day_usage *day, const struct night *night, int64_t *ret)
{
    if (day->count != night->hour * 24) return false;
    *ret = INT64_MAX;
    for (unsigned i = night->from; i + night->hour <= night->to; i += night->hour) {
        int64_t sum = 0;
        for (unsigned k = i; k < i + night->hour; k++) {
            bool there = day->trusts[k] != HENG_TRUST_MISSING && day->trusts[k] != HENG_TRUST_ESTIMATED;
            if (!there || __builtin_add_overflow(sum, day->amounts[k], &sum)) return false;
        }
        if (sum < *ret) *ret = sum;
    }
    return true;
}

void heng_rules_check_night(const struct heng_rules_work *w)
{
    struct night night;
    int64_t nights = heng_limit_int(w->set, HENG_LIMIT_NIGHT_FLOW_NIGHTS), least, seen = INT64_MAX;
    if (!heng_rules_wanted(w, HENG_RULE_NIGHT_FLOW) || heng_unit_size_of(w->unit).kind != HENG_KIND_VOLUME ||
        !night_of(w, &night))
        return;
    least = heng_limit_steps(w->set, HENG_LIMIT_NIGHT_FLOW_FLOW, w->unit, w->day->exp, HENG_ROUND_UP);
    for (int64_t i = 0; i < nights; i++) {
        const struct heng_day_usage *day = heng_series_day(&w->in->own, (unsigned)i);
        int64_t of_night;
        if (!day || day->exp != w->day->exp || !least_of(day, &night, &of_night) || of_night < least || of_night <= 0)
            return;
        if (of_night < seen) seen = of_night;
    }
    struct heng_verdict *v = heng_rules_say_day(w, HENG_RULE_NIGHT_FLOW);
    if (!v) return;
    heng_us interval_us = (heng_us)w->in->minutes * 60 * HENG_US_PER_S;
    v->from_us = w->in->from_us + interval_us * night.from;
    v->to_us = w->in->from_us + interval_us * night.to;
    heng_opt_put(&v->seen, seen, w->day->exp);
    heng_opt_put(&v->high, least, w->day->exp);
    heng_opt_put(&v->reference, nights, 0);
}
