/* Who waits for room gets it in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/turns.c" /* app/ is in no library */

enum { MANY = 200, STEPS = 20000 };

static void test_order(void **state)
{
    struct turns turns = {0};
    struct turn one[5] = {0};
    size_t plenty = 100, none = 0, single = 1;
    (void)state;
    assert_null(turns_take(&turns, &plenty));
    assert_true(turns_are_free(&turns, false));
    turns_join(&turns, &one[0], false);
    assert_true(turns_are_free(&turns, true));
    assert_false(turns_are_free(&turns, false));
    turns_join(&turns, &one[1], false);
    turns_join(&turns, &one[2], true);
    turns_join(&turns, &one[3], true);
    assert_false(turns_are_free(&turns, true));
    turns_join(&turns, &one[0], true); /* keeps the place it has */
    assert_ptr_equal(turns_take(&turns, &plenty), &one[2]);
    turns_join(&turns, &one[4], true);
    turns_join(&turns, &one[2], false);
    assert_ptr_equal(turns_take(&turns, &plenty), &one[3]);
    assert_ptr_equal(turns_take(&turns, &plenty), &one[4]);
    assert_null(turns_take(&turns, &none)); /* nobody brings, and nobody may begin */
    assert_ptr_equal(turns_take(&turns, &single), &one[0]);
    assert_null(turns_take(&turns, &single));
    assert_ptr_equal(turns_take(&turns, &plenty), &one[1]);
    assert_ptr_equal(turns_take(&turns, &plenty), &one[2]);
    assert_null(turns_take(&turns, &plenty));
    assert_true(turns_are_free(&turns, false));
    assert_int_equal(plenty, 98); /* who brings is not counted */
}

/* Whatever they do: nobody is lost, nobody comes twice, in each row the one who came first goes first. */
/* Who goes away is not given a turn, wherever in the row it stood, and the row goes on. */
static void test_leave(void **state)
{
    size_t plenty = 100;
    (void)state;
    for (unsigned gone = 0; gone < 3; gone++) {
        struct turns turns = {0};
        struct turn one[4] = {0};
        for (unsigned i = 0; i < 3; i++) turns_join(&turns, &one[i], gone % 2);
        turns_leave(&turns, &one[gone]);
        turns_leave(&turns, &one[gone]); /* twice is once */
        turns_leave(&turns, &one[3]);    /* it did not wait */
        turns_join(&turns, &one[3], gone % 2);
        for (unsigned i = 0; i < 4; i++)
            if (i != gone) assert_ptr_equal(turns_take(&turns, &plenty), &one[i]);
        assert_null(turns_take(&turns, &plenty));
    }
}

static void test_property(void **state)
{
    struct turns turns = {0};
    static struct turn one[MANY];
    static unsigned came[MANY];
    static bool brings[MANY];
    uint32_t seed = 20261121, x = seed;
    unsigned clock = 0;
    size_t plenty = STEPS;
    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned step = 0; step < STEPS; step++) {
        x = x * 1664525u + 1013904223u;
        unsigned i = (x >> 8) % MANY;
        if (x >> 31) {
            bool now = (x >> 30) & 1;
            if (!came[i]) {
                came[i] = ++clock;
                brings[i] = now;
            }
            turns_join(&turns, &one[i], now);
            continue;
        }
        unsigned first = MANY;
        for (unsigned j = 0; j < MANY; j++) {
            if (!came[j]) continue;
            if (first == MANY || (brings[j] && !brings[first]) || (brings[j] == brings[first] && came[j] < came[first]))
                first = j;
        }
        struct turn *turn = turns_take(&turns, &plenty);
        assert_ptr_equal(turn, first == MANY ? NULL : &one[first]);
        if (turn) came[first] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_leave),
                                       cmocka_unit_test(test_property)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
