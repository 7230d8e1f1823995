/* Contracts rated per second on one core, through the structs that the bill run calls: a month of a household with
 * three rates by registers, a step year of three tiers with its state, a surcharge, tax by line, and the late fee of
 * the bill before; without and with explanation, and with the sentences written. Usage: bench_rate [CONTRACTS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bill/late.h"
#include "rate/rate.h"

enum { CONTRACTS = 200000, LINES = 32, STATES = 4, STEPS = 256 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_rate: %s\n", err->text);
    exit(1);
}

static const struct heng_tariff_rate rates[] = {{.name = "peak", .price = {5680, -4}},
                                                {.name = "flat", .price = {5380, -4}},
                                                {.name = "valley", .price = {2880, -4}}};
static const struct heng_tariff_step tiers[] = {
    {.from = {0, 0}}, {.from = {2760, 0}, .price = {5, -2}}, {.from = {4800, 0}, .price = {30, -2}}};

static void make_tariff(struct heng_component components[2], struct heng_tariff *tariff)
{
    for (int i = 0; i < 2; i++) {
        components[i] = heng_component_default();
        components[i].quantity = "active";
        components[i].unit = "kWh";
        components[i].vat.rate = heng_dec_of(13, -2);
    }
    components[0].id = "energy";
    components[0].rule = HENG_TARIFF_RULE_TOU_STEPS;
    components[0].rates = rates;
    components[0].rate_count = 3;
    components[0].remainder = 1;
    components[0].steps = tiers;
    components[0].step_count = 3;
    components[0].cycle = HENG_CYCLE_CALENDAR;
    components[0].bounds_per = HENG_BOUNDS_PER_CYCLE;
    components[1].id = "fund";
    components[1].rule = HENG_TARIFF_RULE_PER_UNIT;
    components[1].price = heng_dec_of(2, -2);
    *tariff = (struct heng_tariff){.id = "home", .currency = "CNY", .count = 2, .components = components};
}

static struct heng_rate_usage usage_of(const char *rate, heng_day from, heng_day to, int64_t hundredths)
{
    struct heng_rate_usage usage = {.quantity = "active",
                                    .rate = rate,
                                    .unit = "kWh",
                                    .from = from,
                                    .to = to,
                                    .previous = {1234567, -2},
                                    .current = {1234567 + hundredths, -2},
                                    .multiplier = {1, 0},
                                    .read_places = HENG_PLACES_AS_IS};
    return usage;
}

static int64_t rate_one(const struct heng_tariff *tariff, long i, struct heng_steps *steps)
{
    static struct heng_rate_line lines[LINES];
    static struct heng_rate_state states[STATES];
    heng_day from = heng_day_of_date(2026, 8, 1), to = heng_day_of_date(2026, 9, 1);
    const struct heng_rate_usage usage[] = {usage_of(NULL, from, to, 30000 + i % 20000),
                                            usage_of("peak", from, to, 12000 + i % 7000),
                                            usage_of("valley", from, to, 9000 + i % 5000)};
    const struct heng_rate_state before = {.component = "energy",
                                           .cycle_from = heng_day_of_date(2026, 1, 1),
                                           .is_total = true,
                                           .used = {{200000 + i % 100000, -2}}};
    const struct heng_rate_span span = {tariff, from, to};
    const struct heng_rate_ask ask = {.from = from,
                                      .to = to,
                                      .spans = &span,
                                      .span_count = 1,
                                      .usage = usage,
                                      .usage_count = 3,
                                      .contract = {.states = &before, .state_count = 1}};
    const struct heng_late_terms terms = heng_late_terms_default();
    const struct heng_late_bill bill = {.amount = {15000 + i % 9000, -2}, .due = from - 20};
    struct heng_rate_result result = {
        .lines = lines, .cap = LINES, .states = states, .state_cap = STATES, .steps = steps};
    struct heng_late_fee fee;
    struct heng_err err = {0};
    if (steps) steps->count = steps->lost = 0;
    must(heng_rate(&ask, &result, &err), &err);
    must(heng_late_fee(&terms, &bill, to, steps, &fee, &err), &err);
    return result.total.mantissa + fee.fee.mantissa;
}

int main(int argc, char **argv)
{
    static struct heng_step items[STEPS];
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : CONTRACTS;
    struct heng_component components[2];
    struct heng_tariff tariff;
    struct heng_str text = {.max = 1 << 20};
    int64_t sum = 0;
    make_tariff(components, &tariff);
    for (int how = 0; how < 3; how++) {
        static const char *const names[] = {"no explanation", "steps as numbers", "steps as sentences"};
        struct heng_steps steps = {items, 0, STEPS, 0};
        double begin = now_s();
        for (long i = 0; i < count; i++) {
            sum += rate_one(&tariff, i, how ? &steps : NULL);
            if (how < 2) continue;
            heng_str_clear(&text);
            for (size_t k = 0; k < steps.count; k++) heng_step_write(&steps.items[k], HENG_LANGUAGE_ZH, "CNY", &text);
        }
        double took = now_s() - begin;
        printf("rate: %-18s %8.0f contracts/s on one core (%zu steps each)\n", names[how],
               (double)count / (took > 0 ? took : 1e-9), how ? steps.count : 0);
    }
    printf("rate: checksum %lld\n", (long long)sum);
    heng_str_fini(&text);
    return 0;
}
