/* The secondary search of a full line: every meter is told, whatever their numbers look like and whatever the wire
 * does. Selects and line time are printed. Usage: proof_search [METERS [SEED]] */
#include "bus_rig.h"

enum { HOURS_MAX = 12 };

static size_t full = 250;
static uint64_t seed = 4;

static bool has_ended(const struct rig *rig) { return rig->ended; }

static bool is_taken(const struct rig *rig, size_t n, const char *secondary)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rig->slaves[i].secondary, secondary) == 0) return true;
    return false;
}

/* How the numbers of a line look. */
typedef void (*number_of)(struct rig *rig, size_t i, char *ret, size_t cap);

static void any_number(struct rig *rig, size_t i, char *ret, size_t cap)
{
    (void)i;
    snprintf(ret, cap, "%08uC7210104", heng_sim_rng_below(&rig->rng, 100000000));
}

static void neighbours(struct rig *rig, size_t i, char *ret, size_t cap)
{
    (void)rig;
    snprintf(ret, cap, "%08zuC7210104", 21400317 + i);
}

/* Numbers with digits that are none, of three makers, in clusters. */
static void clusters_with_letters(struct rig *rig, size_t i, char *ret, size_t cap)
{
    static const char *const heads[] = {"1A2B", "1A2C", "ABCD", "0000"}, *const tails[] = {"C7210104", "24770106",
                                                                                           "2D2C1B07"};
    static const char digits[] = "0123456789ABCDE";
    char low[5] = "";
    for (unsigned k = 0; k < 4; k++) low[k] = digits[heng_sim_rng_below(&rig->rng, 15)];
    snprintf(ret, cap, "%s%s%s", heads[i % 4], low, tails[heng_sim_rng_below(&rig->rng, 3)]);
}

static struct rig *line_of(const char *name, size_t count, number_of number)
{
    struct rig *rig = rig_new(name, HENG_PROTOCOL_MBUS, count, 2400, 0, seed);
    rig->listed = 0;
    for (size_t i = 0; i < count; i++) {
        struct heng_sim_meter_config *s = &rig->slaves[i];
        do {
            number(rig, i, s->secondary, sizeof s->secondary);
        } while (is_taken(rig, i, s->secondary));
        snprintf(s->address, sizeof s->address, "0");
        s->delay_min_us = 15000 + heng_sim_rng_below(&rig->rng, 60000);
        s->delay_max_us = s->delay_min_us + 20000;
        s->start_count = heng_sim_rng_below(&rig->rng, 90000000);
    }
    return rig;
}

static size_t told(const struct rig *rig, const struct heng_sim_meter_config *m)
{
    size_t n = 0;
    for (size_t i = 0; i < rig->book.found; i++) n += strcmp(rig->found[i].address, m->secondary) == 0;
    return n;
}

static void begin(struct rig *rig, const char *place)
{
    struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_SECONDARY};
    struct heng_err err;
    snprintf(config.resume, sizeof config.resume, "%s", place);
    rig->ended = false;
    if (heng_line_search(rig->line, rig->now, &config, &err) != HENG_OK) fail_msg("%s", err.text);
}

static void print_search(const struct rig *rig)
{
    print_message("# %-38s %3llu told of %3zu meters, %5u selects, %5u requests, %4u collisions, line time %5lld s\n",
                  rig->name, (unsigned long long)rig->book.found, rig->count, rig->progress.selects,
                  rig->progress.requests, rig->progress.collisions, (long long)(rig->now / HENG_US_PER_S));
}

static void all_are_told(const struct rig *rig)
{
    size_t missing = 0;
    print_search(rig);
    for (size_t i = 0; i < rig->count; i++) {
        if (told(rig, &rig->slaves[i])) continue;
        missing++;
        print_error("%s: %s is not told\n", rig->name, rig->slaves[i].secondary);
    }
    assert_int_equal(missing, 0);
    for (size_t i = 0; i < rig->book.found; i++)
        if (!is_taken(rig, rig->count, rig->found[i].address)) fail_msg("'%s' is not there", rig->found[i].address);
}

static void search_all(struct rig *rig)
{
    rig_start(rig);
    begin(rig, "");
    assert_true(rig_run_until(rig, HOURS_MAX * 3600 * HENG_US_PER_S, has_ended));
    all_are_told(rig);
    rig_free(rig);
}

static void of_any_numbers(void **state)
{
    (void)state;
    search_all(line_of("of any number", full, any_number));
}

static void of_neighbours(void **state)
{
    (void)state;
    search_all(line_of("neighbours", full, neighbours));
}

static void of_clusters_with_letters(void **state)
{
    (void)state;
    search_all(line_of("in clusters with letters", full, clusters_with_letters));
}

static void in_noise(void **state)
{
    (void)state;
    struct rig *rig = line_of("of any number, 1e-3", full, any_number);
    rig->wire.byte_error_ppm = 1000;
    search_all(rig);
}

static void with_echo(void **state)
{
    (void)state;
    struct rig *rig = line_of("of any number, echo", full, any_number);
    rig->wire.echo = true;
    search_all(rig);
}

/* Two pairs of the very same address: one is told apart by fabrication numbers, the other by nothing. All four are
 * there, and marked, because none can be read by its address. */
static void with_full_twins(void **state)
{
    (void)state;
    struct rig *rig = line_of("two pairs of full twins among them", full, any_number);
    for (size_t pair = 0; pair < 2; pair++) {
        struct heng_sim_meter_config *a = &rig->slaves[2 * pair], *b = &rig->slaves[2 * pair + 1];
        memcpy(b->secondary, a->secondary, sizeof b->secondary);
        if (pair) continue;
        snprintf(a->fabrication, sizeof a->fabrication, "70010001");
        snprintf(b->fabrication, sizeof b->fabrication, "70010002");
    }
    rig_start(rig);
    begin(rig, "");
    assert_true(rig_run_until(rig, HOURS_MAX * 3600 * HENG_US_PER_S, has_ended));
    all_are_told(rig);
    assert_int_equal(told(rig, &rig->slaves[0]), 2);
    assert_true(told(rig, &rig->slaves[2]) >= 1);
    for (size_t i = 0; i < rig->book.found; i++) {
        bool twin = strcmp(rig->found[i].address, rig->slaves[0].secondary) == 0 ||
                    strcmp(rig->found[i].address, rig->slaves[2].secondary) == 0;
        assert_int_equal(rig->found[i].twin, twin);
    }
    rig_free(rig);
}

/* Cancelled again and again and resumed from the place that was told: the same meters. */
static void cancelled_and_resumed(void **state)
{
    (void)state;
    struct rig *rig = line_of("of any number, often cancelled", full, any_number);
    unsigned stops = 0;
    rig_start(rig);
    begin(rig, "");
    while (stops < 20 && !rig_run_until(rig, rig->now + (heng_us)full * 100 * HENG_US_PER_MS, has_ended)) {
        heng_line_search_stop(rig->line, rig->now);
        assert_true(rig_run_until(rig, rig->now + 5 * HENG_US_PER_S, has_ended));
        begin(rig, rig->progress.place);
        stops++;
    }
    assert_true(stops >= 10);
    assert_true(rig_run_until(rig, HOURS_MAX * 3600 * HENG_US_PER_S, has_ended));
    all_are_told(rig);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    if (argc > 1) full = (size_t)strtoul(argv[1], NULL, 10);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    if (full < 10 || full > RIG_METERS_MAX) return 2;
    print_message("# seed %llu, 2400 baud\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_any_numbers),
        cmocka_unit_test(of_neighbours),
        cmocka_unit_test(of_clusters_with_letters),
        cmocka_unit_test(in_noise),
        cmocka_unit_test(with_echo),
        cmocka_unit_test(with_full_twins),
        cmocka_unit_test(cancelled_and_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
