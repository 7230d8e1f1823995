/* Sharing exactly: the examples, and what must hold for any amount and weights. */
#include "sim/rng.h"
#include "vee/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

__extension__ typedef __int128 i128;

static void expect(int64_t total, const uint64_t *weights, size_t n, const int64_t *parts)
{
    int64_t got[16];
    heng_share(total, weights, n, got);
    for (size_t i = 0; i < n; i++) assert_int_equal(got[i], parts[i]);
}

static void test_examples(void **state)
{
    (void)state;
    expect(485, (uint64_t[]){1, 1, 1, 1}, 4, (int64_t[]){122, 121, 121, 121}); /* VE-C3 */
    expect(485, (uint64_t[]){90, 105, 115, 98}, 4, (int64_t[]){107, 125, 137, 116});
    expect(-485, (uint64_t[]){1, 1, 1, 1}, 4, (int64_t[]){-122, -121, -121, -121});
    expect(7, (uint64_t[]){0, 0, 0}, 3, (int64_t[]){3, 2, 2});
    expect(7, (uint64_t[]){0, 5, 0}, 3, (int64_t[]){0, 7, 0});
    expect(0, (uint64_t[]){3, 5}, 2, (int64_t[]){0, 0});
    expect(INT64_MIN, (uint64_t[]){1}, 1, (int64_t[]){INT64_MIN});
    expect(INT64_MAX, (uint64_t[]){UINT64_MAX, UINT64_MAX, 1}, 3, (int64_t[]){INT64_MAX / 2 + 1, INT64_MAX / 2, 0});
    int64_t untouched = 42;
    heng_share(5, (uint64_t[]){1}, 0, &untouched);
    assert_int_equal(untouched, 42);
}

/* Sums to the total; each part is the exact one rounded down or up; more weight is never less. */
static void test_any(void **state)
{
    (void)state;
    struct heng_sim_rng rng = heng_sim_rng_of(20261121, 1);
    print_message("seed 20261121\n");
    static uint64_t weights[HENG_SHARE_MAX];
    static int64_t parts[HENG_SHARE_MAX];
    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + heng_sim_rng_next(&rng) % (round % 50 ? 40 : HENG_SHARE_MAX);
        unsigned shift = (unsigned)(heng_sim_rng_next(&rng) % 60);
        int64_t total = (int64_t)(heng_sim_rng_next(&rng) >> (heng_sim_rng_next(&rng) % 64));
        i128 sum = 0, given = 0;
        for (size_t i = 0; i < n; i++) {
            weights[i] = heng_sim_rng_next(&rng) % 4 ? heng_sim_rng_next(&rng) >> (shift + 4) : 0;
            sum += weights[i];
        }
        heng_share(total, weights, n, parts);
        for (size_t i = 0; i < n; i++) {
            given += parts[i];
            if (!sum) continue;
            i128 exact = (i128)(total < 0 ? -(i128)total : total) * weights[i];
            i128 size = total < 0 ? -(i128)parts[i] : parts[i];
            assert_true(size >= exact / sum && size <= (exact + sum - 1) / sum);
            if (i && weights[i] > weights[i - 1]) assert_true(size >= (total < 0 ? -(i128)parts[i - 1] : parts[i - 1]));
        }
        assert_true(given == total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_any)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
