#ifndef HENG_TESTS_ESTIMATE_CASE_H
#define HENG_TESTS_ESTIMATE_CASE_H
/* A channel with something missing today, for tests of estimates. */
#include "tests/unit/vee/rules_case.h"
#include "vee/estimate.h"

static struct rules_channel channel;
static struct heng_rule_set set;
static struct heng_estimate in;
static struct heng_estimate_part part;
static struct heng_day_usage result;
static struct heng_opt_dec past_degrees[CASE_PAST];
static uint8_t kinds[CASE_PAST];

/* A channel of `count` intervals a day, all alike, of which today's are missing. */
static inline void begin(heng_medium medium, int exp, unsigned count, int64_t each)
{
    heng_rule_set_default(medium, &set);
    memset(&in, 0, sizeof in);
    in.medium = medium;
    in.minutes = (uint16_t)(1440 / count);
    in.own = channel_even(&channel, HENG_UNIT_WH, exp, count, each);
    day_trust(&channel.day, HENG_TRUST_MISSING);
    channel.day.permille = 0;
    memset(kinds, 0, sizeof kinds);
    in.past_kinds = kinds;
}

static inline void degrees(const char *today, const char *before)
{
    in.degree_days = some(today);
    for (int i = 0; i < CASE_PAST; i++) past_degrees[i] = some(before);
    in.past_degree_days = past_degrees;
}

static inline bool by(heng_method method) { return heng_estimate_by(&set, &in, method, &part); }

static inline heng_rc estimate(void)
{
    struct heng_err err = {0};
    heng_rc rc = heng_estimate_day(&set, &in, &result, &err);
    assert_int_equal(rc, err.rc);
    int64_t sum = 0;
    for (unsigned i = 0; rc == HENG_OK && i < result.count; i++) sum += result.amounts[i];
    if (rc == HENG_OK) assert_int_equal(sum, result.amount);
    return rc;
}

#endif
