#ifndef HENG_VEE_ESTIMATE_PARTS_H
#define HENG_VEE_ESTIMATE_PARTS_H
/* What the files of estimation share. */
#include "vee/estimate.h"
#include "vee/rule_parts.h"

/* Sums over like days, interval by interval of the day that is estimated. */
struct heng_like_days {
    unsigned days;
    int64_t sums[HENG_DAY_INTERVALS_MAX];
    int64_t totals[HENG_RULES_PAST_DAYS]; /* of each day, over the intervals that are missing */
};

/* Good days of the same kind as `day` among the last days, as many intervals as it may have. missing: trusts of the day
 * that is estimated, NULL when all are wanted. false: fewer than enough. */
bool heng_like_days_of(const struct heng_rule_set *set, const struct heng_estimate *in, heng_day day, uint16_t count,
                       const uint8_t *trusts, struct heng_like_days *ret);

/* Usable for sums: complete, not doubted, and no amount that is negative or absurd. */
bool heng_estimate_is_usable(const struct heng_day_usage *day, int exp);

/* Interval i of count, on a day that has other_count. */
static inline unsigned heng_interval_on(unsigned i, unsigned count, unsigned other_count)
{
    return i * other_count / count;
}

#endif
