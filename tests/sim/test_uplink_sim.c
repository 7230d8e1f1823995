/* The proof: gateways, network, database and their disks in one process and in virtual time, with everything that can
 * break. One seed is one history; it is printed when something is wrong, and replays.
 *
 *   uplink_sim [--seeds N] [--from S] [--seed S] [--trace] [--go-on]
 * --go-on: all seeds, and at the end how many are wrong; not only up to the first one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <malloc.h>

#include "tests/sim/world.h"

static uint64_t first_seed = 1, seeds = 1000;
static bool trace, one_seed, go_on;
enum { MUTANT_SEEDS = 200 }; /* the rarest shows in one of some fifty */

static double cpu_s(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void nothing_is_lost_and_nothing_is_double(void **state)
{
    static struct world world;
    double begun_s = cpu_s();
    unsigned long cuts = 0, power = 0, centre = 0, parts = 0, full = 0, clocks = 0, batches = 0, entries = 0;
    unsigned long configs = 0, moves = 0, restored = 0, put_back = 0, thinned = 0;
    unsigned long bad = 0;
    double hours = 0;
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        bool good = world_run(seed, WORLD_SOUND, trace, &world);
        if (!good) print_message("# seed %llu: %s\n", (unsigned long long)seed, world.failure);
        bad += !good;
        if (go_on && seed % 1000 == 0) print_message("# up to seed %llu\n", (unsigned long long)seed);
        assert_true(good || go_on);
        cuts += world.cuts;
        power += world.power_cuts;
        centre += world.centre_cuts;
        parts += world.partitions;
        full += world.full_disks;
        clocks += world.clock_steps;
        configs += world.configs;
        moves += world.moves;
        restored += world.restored;
        put_back += world.put_back;
        thinned += world.thinned;
        batches += world.batches;
        entries += world.entries;
        hours += (double)world.now / 3.6e9;
    }
    print_message(
        "# seeds %llu..%llu, %.0f hours: %lu connections cut, %lu power cuts of gateways, %lu of the centre, "
        "%lu partitions, %lu full disks, %lu clock steps, %lu changes of the description, %lu moves, %lu backups and "
        "%lu old disks put back; %lu batches, %lu entries, %lu thinned\n",
        (unsigned long long)first_seed, (unsigned long long)(first_seed + seeds - 1), hours, cuts, power, centre, parts,
        full, clocks, configs, moves, restored, put_back, batches, entries, thinned);
    print_message("# %.1f seeds a second of CPU\n", (double)seeds / (cpu_s() - begun_s));
    assert_int_equal(bad, 0);
}

static void a_seed_replays(void **state)
{
    static struct world one, other;
    (void)state;
    if (one_seed || go_on) skip();
    for (uint64_t seed = 5; seed < 8; seed++) {
        assert_true(world_run(seed, WORLD_SOUND, false, &one));
        assert_true(world_run(seed, WORLD_SOUND, false, &other));
        assert_true(one.hash == other.hash && one.now == other.now);
    }
}

/* A proof that nothing can fail proves nothing. */
static void mistakes_are_noticed(void **state)
{
    static struct world world;
    (void)state;
    if (one_seed || go_on) skip();
    for (int mutant = WORLD_SOUND + 1; mutant < WORLD_MUTANTS; mutant++) {
        uint64_t seed = 1;
        while (seed <= MUTANT_SEEDS && world_run(seed, (world_mutant)mutant, false, &world)) seed++;
        print_message("# %s: seed %llu, %s\n", world_mutant_text((world_mutant)mutant), (unsigned long long)seed,
                      seed <= MUTANT_SEEDS ? world.failure : "not noticed");
        assert_in_range(seed, 1, MUTANT_SEEDS);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) trace = true;
        if (strcmp(argv[i], "--go-on") == 0) go_on = true;
        if (strcmp(argv[i], "--from") == 0 && i + 1 < argc) first_seed = strtoull(argv[++i], NULL, 10);
        if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) seeds = strtoull(argv[++i], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            first_seed = strtoull(argv[++i], NULL, 10);
            seeds = 1;
            one_seed = true;
        }
    }
    /* Each seed makes and forgets the same some MB: they need not go back to the system between. */
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_and_nothing_is_double),
        cmocka_unit_test(a_seed_replays),
        cmocka_unit_test(mistakes_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
