/* What a noisy line lets through, held against what the meters said. Usage: proof_noise [BUS_HOURS [SEED]] */
#include <time.h>

#include "bus_rig.h"

static uint32_t hours = 1200; /* of all lines together */
static uint64_t seed = 20260115;

static struct heng_profiles profiles;

static const struct heng_profile five_registers = {
    .name = "five",
    .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
    .asks = {{.di = 0x00010000}, {.di = 0x02010100}, {.di = 0x02020100}, {.di = 0x02030000}, {.di = 0x00020000}},
    .ask_count = 5,
    .preamble = 4};

/* Each line is as long and as fast as they are built, and asked as often as it can be. */
enum kind { MBUS, CJT188, DLT645, MODBUS, KINDS };

static struct rig *line_of(enum kind kind, uint64_t number)
{
    struct rig *rig = NULL;
    switch (kind) {
    case MBUS: rig = rig_new("250 M-Bus at 2400", HENG_PROTOCOL_MBUS, 250, 2400, 600, seed + number); break;
    case CJT188: rig = rig_new("120 CJ/T 188 at 2400", HENG_PROTOCOL_CJT188, 120, 2400, 180, seed + number); break;
    case DLT645:
        rig = rig_new("32 DL/T 645 x 5 at 2400", HENG_PROTOCOL_DLT645_2007, 32, 2400, 180, seed + number);
        for (size_t i = 0; i < rig->count; i++) rig->meters[i].profile = &five_registers;
        break;
    case MODBUS:
        rig = rig_new("32 Modbus RTU at 9600", HENG_PROTOCOL_MODBUS_RTU, 32, 9600, 60, seed + number);
        for (size_t i = 0; i < rig->count; i++)
            rig->meters[i].profile = rig->slaves[i].profile = heng_profiles_find(&profiles, "eastron-sdm630");
        break;
    case KINDS: break;
    }
    return rig;
}

static void print_book(const char *what, const struct rig_book *b, double seconds)
{
    print_message(
        "# %-26s %9llu reads, %5.3f %% in their cycle, %llu slipped the check, %llu in evidence, %llu reads with "
        "wrong values, %.0f s\n",
        what, (unsigned long long)b->results, b->due ? 100.0 * (double)b->in_time / (double)b->due : 0.0,
        (unsigned long long)b->slipped, (unsigned long long)b->untrue, (unsigned long long)b->wrong_reads, seconds);
}

struct weather {
    const char *name;
    uint32_t error_ppm, burst_ppm, burst_bytes, cancelling_ppm;
    bool single_reads;
};

static struct rig_book run(enum kind kind, const struct weather *w, uint32_t run_hours, uint64_t number)
{
    struct rig *rig = line_of(kind, number);
    rig->wire.byte_error_ppm = w->error_ppm;
    rig->wire.burst_ppm = w->burst_ppm;
    rig->wire.burst_bytes = w->burst_bytes;
    rig->wire.chunk_ms = w->cancelling_ppm ? 100 : number % 2 ? 20 : 0; /* what is to be spoilt comes in one piece */
    rig->config.latency_ms = w->cancelling_ppm ? 100 : 0;
    rig->cancelling_ppm = w->cancelling_ppm;
    rig->config.single_reads = w->single_reads;
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    rig_start(rig);
    rig_run(rig, run_hours * 3600 * HENG_US_PER_S - 1);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    struct rig_book book = rig->book;
    char what[80];
    snprintf(what, sizeof what, "%s, %s", rig->name, w->name);
    print_book(what, &book, (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec));
    /* Errors on purpose hit the same register of two reads out of three now and then, which is then counted. */
    assert_int_equal(book.unchecked, 0);
    if (!w->single_reads && !w->cancelling_ppm) rig_must_be_true(rig);
    rig_free(rig);
    return book;
}

static void at(const struct weather *w)
{
    struct rig_book sum = {0};
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct rig_book b = run((enum kind)kind, w, hours / 12, kind);
        assert_true(b.in_time * 100 >= b.due * 99);
        rig_add(&sum, &b);
    }
}

static void one_byte_in_a_thousand(void **state)
{
    (void)state;
    at(&(struct weather){.name = "1e-3", .error_ppm = 1000});
}

static void one_byte_in_ten_thousand(void **state)
{
    (void)state;
    at(&(struct weather){.name = "1e-4", .error_ppm = 100});
}

static void bursts(void **state)
{
    (void)state;
    at(&(struct weather){.name = "bursts", .burst_ppm = 20, .burst_bytes = 6});
    at(&(struct weather){.name = "lone bursts", .burst_ppm = 4, .burst_bytes = 6});
}

/* Of how many reads a frame slips the check where nobody helps it, and how many of those that slip get through all the
 * same: their product is what may be wrong. 95 in 100 of all worlds are below three where none was seen. */
static void print_implied(const char *name, const struct rig_book *natural, const struct rig_book *forced)
{
    double slips = (double)(natural->slipped + 3) / (double)natural->ok;
    double through = (double)(forced->wrong_reads + 3) / (double)forced->slipped;
    print_message("# %s: a frame slips in %.1e reads, %llu of %llu that slipped got through: below %.1e wrong reads\n",
                  name, slips, (unsigned long long)forced->wrong_reads, (unsigned long long)forced->slipped,
                  slips * through);
    if (natural->ok > 400000) assert_true(slips * through < 1e-7); /* of fewer reads one cannot tell */
}

static struct rig_book all_sums(const struct weather *w, uint32_t run_hours)
{
    struct rig_book sum = {0};
    for (unsigned kind = 0; kind < MODBUS; kind++) {
        struct rig_book b = run((enum kind)kind, w, run_hours, 101 + kind);
        rig_add(&sum, &b);
    }
    return sum;
}

/* Where an 8-bit sum fails: errors that cancel, put into one answer of a hundred on purpose. */
static void errors_that_cancel(void **state)
{
    (void)state;
    const struct weather natural = {.name = "1e-3", .error_ppm = 1000},
                         forced = {.name = "1e-3 + cancelling", .error_ppm = 1000, .cancelling_ppm = 2000};
    struct rig_book usual = all_sums(&natural, hours / 12), spoilt = all_sums(&forced, hours / 12);
    assert_true(spoilt.slipped > spoilt.ok / 1000);
    assert_true(spoilt.wrong_reads * 500 < spoilt.slipped);
    print_implied("1e-3", &usual, &spoilt);
}

/* The same without a second read: so it would be, and so the proof sees what it is looking for. */
static void a_single_read_is_not_enough(void **state)
{
    (void)state;
    const struct weather forced = {
        .name = "the same, single reads", .error_ppm = 1000, .cancelling_ppm = 2000, .single_reads = true};
    struct rig_book b = all_sums(&forced, 1 + hours / 48);
    assert_true(b.slipped > b.ok / 1000);
    if (b.ok > 100000) assert_true(b.wrong_reads > 0);
}

int main(int argc, char **argv)
{
    struct heng_err err;
    if (argc > 1) hours = (uint32_t)strtoul(argv[1], NULL, 10);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0); /* who runs it for hours wants to see how far it is */
    if (heng_profiles_init(&profiles, &err) != HENG_OK) return 1;
    print_message("# seed %llu, %u bus hours for each weather\n", (unsigned long long)seed, hours / 12 * KINDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_byte_in_a_thousand),
        cmocka_unit_test(one_byte_in_ten_thousand),
        cmocka_unit_test(bursts),
        cmocka_unit_test(errors_that_cancel),
        cmocka_unit_test(a_single_read_is_not_enough),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    heng_profiles_fini(&profiles);
    return failed;
}
