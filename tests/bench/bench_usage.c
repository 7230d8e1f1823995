/* From readings to days in memory, on one core: a year of quarter hours, ten years of one reading a day, a year with
 * gaps and wrong values; then the points of tests/proof with all that happens to them, through the keeping of stored
 * days and the rules of days as well. The database is not in it. Usage: bench_usage [CHANNELS] */
#include "proof/usage_memory.h"
#include "sim/rng.h"
#include "vee/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct sink {
    uint64_t days, verdicts, amount;
};

static heng_rc on_day(void *ctx, const struct heng_day_usage *day)
{
    struct sink *sink = ctx;
    sink->days++;
    sink->amount += (uint64_t)day->amount;
    return HENG_OK;
}

static heng_rc on_verdict(void *ctx, const struct heng_verdict *verdict)
{
    struct sink *sink = ctx;
    sink->verdicts += verdict->rule != 0;
    return HENG_OK;
}

struct kind {
    const char *name, *zone;
    int16_t minutes;
    int readings, days, odd_in; /* one of so many is wrong, and as many gaps; 0 never */
};

static void must(heng_rc rc)
{
    if (rc != HENG_OK) {
        fprintf(stderr, "bench_usage: %s\n", heng_rc_name(rc));
        exit(1);
    }
}

/* The readings of one channel. */
static size_t make(const struct kind *kind, struct heng_channel_fact *facts, uint64_t seed)
{
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
    heng_us at_us = INT64_C(1735689600) * HENG_US_PER_S, step_us = kind->days * HENG_US_PER_DAY / kind->readings;
    int64_t index = 0;
    size_t n = 0;
    facts[n++] = (struct heng_channel_fact){
        .at_us = at_us, .kind = HENG_CHANNEL_FACT_START, .unit = HENG_UNIT_WH, .index.is = true};
    for (int i = 0; i < kind->readings; i++) {
        at_us += step_us;
        index += (int64_t)(heng_sim_rng_next(&rng) % 100);
        bool odd = kind->odd_in && heng_sim_rng_next(&rng) % (unsigned)kind->odd_in == 0;
        if (odd && i % 2) continue;
        facts[n++] = (struct heng_channel_fact){.at_us = at_us + 3 * HENG_US_PER_S,
                                                .kind = HENG_CHANNEL_FACT_READING,
                                                .id = i,
                                                .unit = HENG_UNIT_WH,
                                                .index = {true, {odd ? index * 3 + 100000 : index, 1}}};
    }
    return n;
}

static void measure(const struct kind *kind, int channels)
{
    struct heng_zone *zone = NULL;
    struct heng_channel_fact *facts = malloc(((size_t)kind->readings + 1) * sizeof *facts);
    struct heng_usage *u = malloc(sizeof *u);
    struct sink sink = {0};
    struct heng_usage_out out = {.ctx = &sink, .day = on_day, .verdict = on_verdict};
    struct heng_channel channel = {.medium = HENG_MEDIUM_HEAT, .quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH};
    if (!facts || !u) must(HENG_ENOMEM);
    must(heng_zone_open(kind->zone, &zone, NULL));
    channel.exp = 1;
    channel.minutes = kind->minutes;
    channel.days.zone = zone;
    channel.max_per_hour = (struct heng_opt_dec){true, {20, 3}};
    channel.near_us = 300 * HENG_US_PER_S;
    channel.short_gap_us = kind->minutes == 1440 ? 26 * 3600 * HENG_US_PER_S : 3600 * HENG_US_PER_S;
    double took = 0;
    uint64_t count = 0;
    for (int c = 0; c < channels; c++) {
        size_t n = make(kind, facts, (uint64_t)c);
        double from = now_s();
        must(heng_usage_init(u, &channel, &out, NULL));
        for (size_t i = 0; i < n; i++) must(heng_usage_fact(u, &facts[i], NULL));
        must(heng_usage_flush(u, NULL));
        took += now_s() - from;
        count += n;
    }
    printf("# %-52s %.0f readings a second, %.0f days a second, on one core (%llu verdicts)\n", kind->name,
           (double)count / took, (double)sink.days / took, (unsigned long long)sink.verdicts);
    heng_zone_free(zone);
    free(facts);
    free(u);
}

/* Points numbered from a number on, which says how often they are read: fold, days in memory, rules of days. */
static void measure_all(const char *name, uint64_t first, uint64_t step, int points, int days)
{
    static struct heng_derive derive;
    static struct truth t;
    static struct memory m;
    double took = 0;
    uint64_t readings = 0, count = 0;
    for (int i = 0; i < points; i++) {
        truth_make(&t, 1, first + (uint64_t)i * step, days, 1000);
        memory_init(&m, &t, true);
        double from = now_s();
        memory_run_all(&m, &derive);
        took += now_s() - from;
        readings += t.readings;
        count += t.day_count;
        memory_fini(&m);
        truth_free(&t);
    }
    printf("# %-52s %.0f readings a second, %.0f days a second, on one core (%llu days)\n", name,
           (double)readings / took, (double)count / took, (unsigned long long)count);
}

int main(int argc, char **argv)
{
    static const struct kind kinds[] = {
        {"quarter hours of a year, Asia/Shanghai", "Asia/Shanghai", 15, 35040, 365, 0},
        {"quarter hours of a year, Europe/Berlin", "Europe/Berlin", 15, 35040, 365, 0},
        {"the same with gaps and wrong values, one in 50", "Europe/Berlin", 15, 35040, 365, 50},
        {"one reading a day for ten years", "Asia/Shanghai", 1440, 3650, 3650, 0},
    };
    int channels = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 30;
    printf("usage: from readings to days in memory, %d channels each\n", channels);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) measure(&kinds[i], channels);
    truth_open();
    measure_all("with rules, exchanges, gaps and faults: quarter hours", 19, 20, channels, 365);
    measure_all("... hourly", 14, 20, channels, 365);
    measure_all("... one reading a day for ten years", 0, 20, channels, 3650);
    truth_close();
    return 0;
}
