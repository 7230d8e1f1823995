/* What a line master makes of a bus: cycle times, cold and warm, with dead meters, and against a poller with a fixed
 * time-out of 1.5 s and three tries on the same bus; simulated time per second. Usage: bench_line [SEED] */
#include <time.h>

#include "proof/measure.h"

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void compare(const struct line_kind *kind, uint64_t seed)
{
    struct cycle c = measure(kind, seed);
    heng_us naive = measure_naive(kind, seed);
    print_message("  a simple poller needs %lld ms: %.2f times as long\n", (long long)naive / 1000,
                  (double)naive / (double)c.warm_us);
}

static void speed(uint64_t seed)
{
    enum { HOURS = 20 };
    for (size_t i = 0; i < heng_line_kind_count; i++) {
        struct rig *rig = measure_rig(&heng_line_kinds[i], seed);
        double from = now_s();
        rig_start(rig);
        rig_run(rig, HOURS * 3600 * HENG_US_PER_S);
        double took = now_s() - from;
        print_message("# %-50s %.0f bus hours and %.0f reads a second, on one core\n", rig->name, HOURS / took,
                      (double)rig->book.ok / took);
        rig_free(rig);
    }
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    print_message("line: meters answer after 40 to 60 ms, M-Bus with some 100 bytes; seed %llu\n",
                  (unsigned long long)seed);
    for (size_t i = 0; i < heng_line_kind_count; i++) {
        struct line_kind dead = heng_line_kinds[i];
        dead.dead_of_five = 1;
        compare(&heng_line_kinds[i], seed);
        compare(&dead, seed);
    }
    speed(seed);
    return 0;
}
