/* Weights for gaps, and what holds of the estimate of any day. */
#include "tests/unit/vee/estimate_case.h"
#include "vee/share.h"

#include <stdio.h>

/* Weights for gaps: heat by degree days, others by like days, on one scale. */
static void test_weights(void **state)
{
    (void)state;
    uint32_t weights[HENG_DAY_INTERVALS_MAX], other[HENG_DAY_INTERVALS_MAX];
    heng_method method;
    begin(HENG_MEDIUM_HEAT, 3, 24, 10);
    in.own.day = NULL;
    in.degree_days = some("12.5");
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 2, 24, weights, &method));
    assert_int_equal(method, HENG_METHOD_SHARE_DEGREE_DAYS);
    in.degree_days = some("25");
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 3, 24, other, &method));
    assert_in_range(other[5], weights[5] * 2 - 1, weights[5] * 2 + 1);
    in.degree_days = some("-1");
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 3, 24, other, &method));
    assert_int_equal(method, HENG_METHOD_SHARE_PROFILE);
    in.degree_days = some("1001");
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 3, 24, other, &method));
    assert_int_equal(method, HENG_METHOD_SHARE_PROFILE);
    in.degree_days = (struct heng_opt_dec){true, {INT64_MAX, 18}};
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 3, 24, other, &method));
    assert_int_equal(method, HENG_METHOD_SHARE_PROFILE);
    in.medium = HENG_MEDIUM_ELECTRICITY;
    in.degree_days = some("25");
    for (int i = 0; i < CASE_PAST; i++) channel.past[i].amounts[8] = 40;
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 2, 24, weights, &method));
    assert_int_equal(method, HENG_METHOD_SHARE_PROFILE);
    assert_int_equal(weights[8], 1 << 20);
    assert_int_equal(weights[9], 1 << 18);
    kinds[1] = 1; /* a gap over a holiday: another number of days, the same scale */
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY + 2, 24, other, &method));
    assert_memory_equal(weights, other, 24 * sizeof weights[0]);
    assert_false(heng_estimate_weights(&set, &in, CASE_DAY, 0, weights, &method));
    assert_false(heng_estimate_weights(&set, &in, CASE_DAY, 301, weights, &method));
    in.own.past_count = 2;
    assert_false(heng_estimate_weights(&set, &in, CASE_DAY, 24, weights, &method));
    in.medium = HENG_MEDIUM_HEAT_COOLING;
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY, 24, weights, &method));
    in.medium = HENG_MEDIUM_HEAT_INLET;
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY, 24, weights, &method));
    in.own.past_count = CASE_PAST;
    in.medium = HENG_MEDIUM_GAS;
    channel.links[0] = NULL;
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY, 24, weights, &method));
}

/* VE-C3, with such weights: 4.85 over a gap whose like days are 0.90 1.05 1.15 0.98. */
static void test_shared_gap(void **state)
{
    (void)state;
    static const int64_t shape[4] = {90, 105, 115, 98};
    uint32_t weights[HENG_DAY_INTERVALS_MAX];
    uint64_t wide[4];
    int64_t parts[4];
    heng_method method;
    begin(HENG_MEDIUM_ELECTRICITY, 1, 4, 1);
    for (int i = 0; i < CASE_PAST; i++) day_set(&channel.past[i], CASE_DAY - 1 - i, 1, 4, shape);
    assert_true(heng_estimate_weights(&set, &in, CASE_DAY, 4, weights, &method));
    for (unsigned k = 0; k < 4; k++) wide[k] = weights[k];
    heng_share(485, wide, 4, parts);
    assert_int_equal(parts[0], 107);
    assert_int_equal(parts[1], 125);
    assert_int_equal(parts[2], 137);
    assert_int_equal(parts[3], 116);
}

/* Any day: intervals sum to the day, measured ones stay, equal inputs give equal bytes, and ten times the history gives
 * ten times the estimate. */
static void test_any_day(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(424242);
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 2000; round++) {
        static const unsigned counts[] = {1, 24, 96, 92, 100};
        unsigned count = counts[next_random(&seed) % 5];
        begin(next_random(&seed) % 2 ? HENG_MEDIUM_HEAT : HENG_MEDIUM_COLD_WATER, -3, count, 0);
        in.minutes = count == 1 ? 1440 : count == 24 ? 60 : 15;
        for (int i = 0; i < CASE_PAST; i++)
            for (unsigned k = 0; k < count; k++) {
                channel.past[i].amounts[k] = (int64_t)(next_random(&seed) % 500);
                channel.past[i].amount += channel.past[i].amounts[k];
            }
        day_even(&channel.day, CASE_DAY, -3, count, 0);
        for (unsigned k = 0; k < count; k++) channel.day.amounts[k] = (int64_t)(next_random(&seed) % 500);
        for (unsigned k = 0; k < count; k++) channel.day.amount += channel.day.amounts[k];
        for (unsigned k = 0; k < count; k++)
            if (next_random(&seed) % 2) day_lose(&channel.day, k);
        if (next_random(&seed) % 2) degrees("13.7", "9.9");
        assert_int_equal(estimate(), HENG_OK);
        struct heng_day_usage first = result;
        assert_int_equal(result.missing, 0);
        assert_true(result.permille <= 1000);
        for (unsigned k = 0; k < count; k++) {
            assert_true(result.amounts[k] >= 0);
            if (channel.day.trusts[k] == HENG_TRUST_VALID) assert_int_equal(result.amounts[k], channel.day.amounts[k]);
        }
        assert_int_equal(estimate(), HENG_OK);
        assert_memory_equal(&first, &result, sizeof first);
    }
}

/* Numbers and limits of any size: nothing breaks, and what is filled still sums. */
static void test_anything(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(77077);
    printf("seed %llu\n", (unsigned long long)seed);
    unsigned filled = 0;
    for (unsigned round = 0; round < 3000; round++) {
        unsigned count = next_random(&seed) % 3 ? 24 : 1, shift = (unsigned)(next_random(&seed) % 60);
        begin((heng_medium)(next_random(&seed) % HENG_MEDIUM_COUNT), (int)(next_random(&seed) % 49) - 30, count, 1);
        for (int i = 0; i < CASE_PAST; i++) {
            for (unsigned k = 0; k < count; k++)
                channel.past[i].amounts[k] = (int64_t)(next_random(&seed) >> 1 >> shift);
            if (next_random(&seed) % 4 == 0) channel.past[i].trust = (heng_trust)(1 + next_random(&seed) % 8);
            if (next_random(&seed) % 16 == 0) channel.links[i] = NULL;
        }
        day_even(&channel.day, CASE_DAY, channel.day.exp, count, 0);
        channel.day.amounts[0] = channel.day.amount = (int64_t)next_random(&seed) >> shift;
        for (unsigned k = 0; k < count; k++)
            if (next_random(&seed) % 2) day_lose(&channel.day, k);
        for (unsigned k = (unsigned)(next_random(&seed) % 8); k > 0; k--)
            set.limits[next_random(&seed) % HENG_LIMIT_COUNT] =
                (struct heng_dec){(int64_t)(next_random(&seed) >> 1 >> next_random(&seed) % 63),
                                  (int8_t)((int)(next_random(&seed) % 28) - 9)};
        int64_t others[7], profile[24];
        for (unsigned k = 0; k < 7; k++) others[k] = (int64_t)(next_random(&seed) >> 1 >> shift);
        for (unsigned k = 0; k < 24; k++) profile[k] = (int64_t)(next_random(&seed) >> 1 >> shift);
        heng_rules_sort(others, 7);
        struct heng_rules_neighbours n = {others, 7, (int8_t)((int)(next_random(&seed) % 49) - 30), 0};
        struct heng_day_usage check = channel.past[5], year = channel.past[6];
        in.check = next_random(&seed) % 4 ? NULL : &check;
        in.last_year = next_random(&seed) % 4 ? NULL : &year;
        in.recent = (int64_t)next_random(&seed) >> shift;
        in.recent_last_year = (int64_t)next_random(&seed) >> shift;
        in.neighbours = next_random(&seed) % 4 ? NULL : &n;
        in.area_cm2 = (int64_t)next_random(&seed) >> shift;
        in.building = (struct heng_opt_dec){next_random(&seed) % 4 == 0, {(int64_t)next_random(&seed), -3}};
        in.building_area_cm2 = (int64_t)next_random(&seed) >> shift;
        in.kept = (struct heng_opt_dec){next_random(&seed) % 8 == 0, {(int64_t)next_random(&seed), -3}};
        in.profile = next_random(&seed) % 4 ? NULL : profile;
        if (next_random(&seed) % 2) degrees("12.5", next_random(&seed) % 2 ? "9" : "1000000000000000");
        for (unsigned m = 0; m < HENG_METHOD_COUNT; m++) by((heng_method)m);
        filled += estimate() == HENG_OK;
        uint32_t weights[HENG_DAY_INTERVALS_MAX];
        heng_method method;
        (void)heng_estimate_weights(&set, &in, CASE_DAY + 1, (uint16_t)count, weights, &method);
    }
    assert_true(filled > 1000);
}

static void test_scale(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(1001);
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 200; round++) {
        begin(HENG_MEDIUM_HEAT, 3, 24, 0);
        degrees("13.7", "9.9");
        for (int i = 0; i < CASE_PAST; i++)
            for (unsigned k = 0; k < 24; k++) {
                channel.past[i].amounts[k] = (int64_t)(next_random(&seed) % 500) * 1000;
                channel.past[i].amount += channel.past[i].amounts[k];
            }
        assert_true(by(HENG_METHOD_DEGREE_DAYS));
        int64_t once = part.amount;
        for (int i = 0; i < CASE_PAST; i++) {
            channel.past[i].amount *= 10;
            for (unsigned k = 0; k < 24; k++) channel.past[i].amounts[k] *= 10;
        }
        assert_true(by(HENG_METHOD_DEGREE_DAYS));
        assert_true(part.amount - once * 10 <= 5 && part.amount - once * 10 >= -5); /* of one rounding */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),  cmocka_unit_test(test_shared_gap), cmocka_unit_test(test_any_day),
        cmocka_unit_test(test_anything), cmocka_unit_test(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
