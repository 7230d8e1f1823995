/* When the lines are told that the wall clock was set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/clock_watch.h"

enum { HOUR_S = 3600 };

static void test_jumps(void **state)
{
    struct clock_watch watch = {0};
    heng_us mono = 5 * HENG_US_PER_S, wall = INT64_C(1763700000) * HENG_US_PER_S, jump = 1;
    (void)state;
    assert_true(clock_watch_look(&watch, mono, wall, &jump));
    assert_int_equal(jump, 0);
    for (int i = 0; i < 10; i++)
        assert_false(clock_watch_look(&watch, mono += HENG_US_PER_S, wall += HENG_US_PER_S, &jump));
    static const heng_us jumps[] = {HOUR_S * HENG_US_PER_S, -HOUR_S * HENG_US_PER_S, 500 * HENG_US_PER_MS,
                                    -500 * HENG_US_PER_MS};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        wall += jumps[i];
        assert_true(clock_watch_look(&watch, mono, wall, &jump));
        assert_int_equal(jump, jumps[i]);
        assert_false(clock_watch_look(&watch, mono, wall, &jump)); /* told once */
    }
}

/* A clock that goes wrong by a little each second is as wrong as one that was set. */
static void test_drift(void **state)
{
    struct clock_watch watch = {0};
    heng_us mono = 0, wall = INT64_C(1763700000) * HENG_US_PER_S, jump = 0;
    int told = 0;
    (void)state;
    for (int i = 0; i < 10000; i++) {
        told += clock_watch_look(&watch, mono, wall, &jump);
        mono += HENG_US_PER_S;
        wall += HENG_US_PER_S + HENG_US_PER_MS;
    }
    assert_int_equal(told, 1 + 9999 / 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_jumps), cmocka_unit_test(test_drift)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
