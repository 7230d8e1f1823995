/* How much of its time a line uses, and what dead meters cost: counts of the simulated bus, so the same everywhere. */
#include "measure.h"

static uint64_t seed = 1;

static struct line_kind kind_with(unsigned which, unsigned dead_of_five, bool without_them)
{
    struct line_kind kind = heng_line_kinds[which];
    kind.dead_of_five = dead_of_five;
    kind.without_them = without_them;
    return kind;
}

static void a_clean_line(void **state)
{
    (void)state;
    static const unsigned least[] = {950, 950, 900}; /* CJ/T 188 wants 30 ms of quiet between two telegrams */
    for (unsigned i = 0; i < heng_line_kind_count; i++)
        assert_true(measure(&heng_line_kinds[i], seed).permille >= least[i]);
}

static void with_a_fifth_of_the_meters_dead(void **state)
{
    (void)state;
    static const unsigned least[] = {900, 900, 850};
    for (unsigned i = 0; i < heng_line_kind_count; i++) {
        struct line_kind dead = kind_with(i, 1, false), without = kind_with(i, 1, true);
        struct cycle with_dead = measure(&dead, seed), without_dead = measure(&without, seed);
        assert_true(with_dead.permille >= least[i]);
        assert_true(with_dead.warm_us * 100 <= without_dead.warm_us * 110);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1) seed = strtoull(argv[1], NULL, 10);
    print_message("# seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_line),
        cmocka_unit_test(with_a_fifth_of_the_meters_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
