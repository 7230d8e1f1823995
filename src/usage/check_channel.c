/* The rules of a channel, while its days are derived: they need nothing but the channel itself. */
#include "usage/parts.h"

static void fill_rules_day(struct heng_usage_worker *w, const struct heng_day_usage *day, struct heng_rules_day *ret)
{
    *ret = (struct heng_rules_day){
        .only = heng_rules_of_channel,
        .medium = w->row.medium,
        .from_us = heng_day_from_us(&w->site.days, day->day),
        .to_us = heng_day_from_us(&w->site.days, day->day + 1),
        .start_minute = w->site.days.start_minute,
        .minutes = (uint16_t)w->row.minutes,
        .own = {.unit = w->row.unit, .past_count = HENG_RULES_PAST_DAYS, .day = day, .past = w->past},
        .max_per_hour = w->channel.max_per_hour,
        .step = w->derive.fold.state.last.step,
        .past_degree_days = w->site.station[0] && heng_usage_is_heated(w->row.medium) ? w->past_degrees : NULL,
    };
}

heng_rc heng_usage_check_channel_day(struct heng_usage_worker *w, struct heng_day_usage *day,
                                     struct heng_verdict *ret_verdicts, size_t *ret_count)
{
    struct heng_rules_day in;
    heng_rc rc = heng_usage_past(w, day->day, &w->err);
    if (rc != HENG_OK) return rc;
    fill_rules_day(w, day, &in);
    rc = heng_usage_rules_on(w->reader, &w->in_force, w->row.medium, w->row.group_name, day->day, &w->err);
    if (rc == HENG_OK && in.past_degree_days) rc = heng_usage_degrees(w, day->day, &in.degree_days, &w->err);
    if (rc == HENG_OK) rc = heng_usage_conditions(&w->facts, in.from_us, in.to_us, &in.conditions, &w->err);
    if (rc != HENG_OK) return rc;
    heng_verdicts_clear(&w->verdicts);
    heng_rules_check_day(&w->in_force.set, &in, &w->verdicts);
    *ret_count = w->verdicts.count;
    memcpy(ret_verdicts, w->verdicts.items, w->verdicts.count * sizeof *ret_verdicts);
    day->flags |= heng_verdicts_flags(&w->verdicts);
    heng_usage_ring_put(&w->ring, day);
    return HENG_OK;
}
