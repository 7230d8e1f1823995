/* Virtual points: sums and differences whose intervals sum up, and whose doubts are inherited. */
#include "vee/virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct heng_day_usage day_of(int8_t exp, uint16_t count, const int64_t *amounts)
{
    struct heng_day_usage day = {.day = 20000, .exp = exp, .count = count, .trust = HENG_TRUST_VALID, .permille = 1000};
    for (uint16_t i = 0; i < count; i++) {
        day.amounts[i] = amounts[i];
        day.amount += amounts[i];
        day.trusts[i] = HENG_TRUST_VALID;
    }
    return day;
}

static void test_a_difference(void **state)
{
    (void)state;
    struct heng_day_usage main = day_of(-1, 4, (const int64_t[]){100, 120, 90, 110}),
                          flat = day_of(-2, 4, (const int64_t[]){301, 299, 450, 100}), made;
    const struct heng_virtual_term terms[] = {{&main, 1, 1}, {&flat, -1, 1}};
    assert_int_equal(heng_virtual_day(terms, 2, 20000, -2, 4, &made), HENG_OK);
    assert_int_equal(made.amount, 4200 - 1150);
    assert_int_equal(made.amounts[2], 900 - 450);
    assert_int_equal(made.trust, HENG_TRUST_VALID);
    assert_int_equal(made.permille, 1000);
}

/* A third of 10.00, 10.00, 10.01: the day is rounded once, and the intervals sum to it. */
static void test_rounding_along_the_day(void **state)
{
    (void)state;
    struct heng_day_usage day = day_of(-2, 3, (const int64_t[]){1000, 1000, 1001}), made;
    const struct heng_virtual_term terms[] = {{&day, 1, 3}};
    assert_int_equal(heng_virtual_day(terms, 1, 20000, -2, 3, &made), HENG_OK);
    assert_int_equal(made.amount, 1000); /* 3001 / 3 = 1000.33 */
    assert_int_equal(made.amounts[0] + made.amounts[1] + made.amounts[2], made.amount);
    assert_int_equal(made.amounts[0], 333);
    assert_int_equal(made.amounts[1], 334); /* 666.67 - 333 */
}

static void test_doubts_are_inherited(void **state)
{
    (void)state;
    struct heng_day_usage a = day_of(0, 3, (const int64_t[]){5, 5, 5}), b = day_of(0, 3, (const int64_t[]){1, 2, 0}),
                          made;
    b.trusts[1] = HENG_TRUST_ESTIMATED;
    b.trusts[2] = HENG_TRUST_MISSING;
    b.trust = HENG_TRUST_MISSING;
    b.method = HENG_METHOD_LIKE_DAYS;
    b.permille = 400;
    b.flags = 4;
    const struct heng_virtual_term terms[] = {{&a, 1, 1}, {&b, -1, 1}};
    assert_int_equal(heng_virtual_day(terms, 2, 20000, 0, 3, &made), HENG_OK);
    assert_int_equal(made.trusts[0], HENG_TRUST_VALID);
    assert_int_equal(made.trusts[1], HENG_TRUST_ESTIMATED);
    assert_int_equal(made.trusts[2], HENG_TRUST_MISSING);
    assert_int_equal(made.missing, 1);
    assert_int_equal(made.amounts[2], 0);
    assert_int_equal(made.amount, 4 + 3);
    assert_int_equal(made.trust, HENG_TRUST_MISSING);
    assert_int_equal(made.method, HENG_METHOD_LIKE_DAYS);
    assert_int_equal(made.permille, (15 * 1000 + 3 * 400) / 18);
    assert_int_equal(made.flags, 4);

    const struct heng_virtual_term gone[] = {{&a, 1, 1}, {NULL, 1, 1}};
    assert_int_equal(heng_virtual_day(gone, 2, 20000, 0, 3, &made), HENG_OK);
    assert_true(made.missing == 3 && made.amount == 0 && made.permille == 0 && made.trust == HENG_TRUST_MISSING);
}

static void test_other_grids_meet_on_the_whole_day(void **state)
{
    (void)state;
    struct heng_day_usage a = day_of(0, 4, (const int64_t[]){5, 5, 5, 5}), b = day_of(0, 1, (const int64_t[]){7}), made;
    const struct heng_virtual_term terms[] = {{&a, 1, 1}, {&b, 2, 1}};
    assert_int_equal(heng_virtual_day(terms, 2, 20000, 0, 4, &made), HENG_OK);
    assert_true(made.count == 1 && made.amount == 34 && made.amounts[0] == 34);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct heng_day_usage a = day_of(0, 1, (const int64_t[]){INT64_MAX}), made;
    const struct heng_virtual_term twice[] = {{&a, 2, 1}}, none[] = {{&a, 1, 0}}, coarse[] = {{&a, 1, 1}};
    assert_int_equal(heng_virtual_day(twice, 1, 20000, 0, 1, &made), HENG_ERANGE);
    assert_int_equal(heng_virtual_day(none, 1, 20000, 0, 1, &made), HENG_ERANGE);
    assert_int_equal(heng_virtual_day(coarse, 1, 20000, -3, 1, &made), HENG_ERANGE);
    assert_int_equal(heng_virtual_day(coarse, 1, 20000, 3, 1, &made), HENG_OK);
    assert_int_equal(heng_virtual_day(coarse, HENG_VIRTUAL_TERMS_MAX + 1, 20000, 0, 1, &made), HENG_ELIMIT);
}

/* Main minus all its parts and the parts again give the main, whatever the fractions' order. */
static void test_sum_of_parts(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 300; round++) {
        struct heng_day_usage parts[5], made, again;
        struct heng_virtual_term terms[5], mixed[5];
        for (size_t i = 0; i < 5; i++) {
            int64_t amounts[24];
            for (size_t k = 0; k < 24; k++) {
                seed = seed * 1664525 + 1013904223;
                amounts[k] = seed >> 18;
            }
            parts[i] = day_of((int8_t)(-1 - (int)(seed >> 30)), 24, amounts);
            terms[i] =
                (struct heng_virtual_term){&parts[i], (int32_t)(seed >> 24) - 128, 1 + (int32_t)((seed >> 8) & 15)};
            mixed[4 - i] = terms[i];
        }
        assert_int_equal(heng_virtual_day(terms, 5, 20000, -3, 24, &made), HENG_OK);
        int64_t sum = 0;
        for (size_t k = 0; k < 24; k++) sum += made.amounts[k];
        assert_int_equal(sum, made.amount);
        assert_int_equal(heng_virtual_day(mixed, 5, 20000, -3, 24, &again), HENG_OK);
        assert_memory_equal(&made, &again, sizeof made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_difference),
        cmocka_unit_test(test_rounding_along_the_day),
        cmocka_unit_test(test_doubts_are_inherited),
        cmocka_unit_test(test_other_grids_meet_on_the_whole_day),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_sum_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
