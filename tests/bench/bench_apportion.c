/* The heat of a district on one core: 10,000 flats of one group (area x hours open, one in fifty without a value), then
 * the same as JSON with their two-part bills, not explained and explained; and bills alone, as the bill run makes
 * them. Usage: bench_apportion [FLATS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "heat/apportion.h"
#include "heat/apportion_run.h"
#include "heat/bill.h"

enum { FLATS = 10000, ROUNDS = 20, BILLS = 1000000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_apportion: %s\n", err->text);
    exit(1);
}

static unsigned area_of(size_t i) { return (unsigned)(4000 + i * 7919 % 9000); }
static unsigned open_of(size_t i) { return (unsigned)(i * 104729 % 288001); }

static void share_structs(size_t n)
{
    struct heng_party *parties = calloc(n, sizeof *parties);
    struct heng_share_line *lines = calloc(n, sizeof *lines);
    char(*ids)[24] = calloc(n, sizeof *ids);
    struct heng_share_rules rules = heng_share_rules_default();
    struct heng_share_sum sum;
    struct heng_err err = {0};
    if (!parties || !lines || !ids) exit(1);
    for (size_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "%05zu", i * 7 % n);
        parties[i] = (struct heng_party){.id = ids[i],
                                         .area = heng_dec_of(area_of(i), -2),
                                         .measure = heng_dec_of(open_of(i), -2),
                                         .state = i % 50 == 49 ? HENG_PARTY_MISSING : HENG_PARTY_MEASURED};
    }
    const struct heng_share_ask ask = {HENG_SHARE_ON_OFF, "", "kWh", heng_dec_of(86420000, 0), 0, &rules, parties, n};
    double from = now_s();
    for (int round = 0; round < ROUNDS; round++) {
        struct heng_arena arena = {.max = (size_t)1 << 30};
        must(heng_apportion(&ask, &arena, lines, &sum, NULL, &err), &err);
        heng_arena_fini(&arena);
    }
    double took = (now_s() - from) / ROUNDS;
    printf("# %-52s %.1f ms, %.0f flats a second\n", "structs, sorted by id, parts exact", 1e3 * took,
           (double)n / took);
    free(parties);
    free(lines);
    free(ids);
}

static void write_form(size_t n, struct heng_str *form)
{
    heng_str_fmt(form, "{\"kind\":\"shares\",\"method\":\"on-off-area\",\"supply_h\":\"2880\",\"quantity\":{\"value\":"
                       "\"86420000\",\"unit\":\"kWh\"},\"price\":{\"area\":{\"price\":\"26.70\"},\"base\":{\"share\":"
                       "\"0.30\"},\"unit_price\":\"0.20\",\"cap\":{\"at\":\"1.10\"},\"prepay\":\"area-fee\"},"
                       "\"participants\":[");
    for (size_t i = 0; i < n; i++)
        heng_str_fmt(form, "%s{\"id\":\"%05zu\",\"area\":\"%u.%02u\",%s\"open_h\":\"%u.%02u\"}", i ? "," : "",
                     i * 7 % n, area_of(i) / 100, area_of(i) % 100, i % 50 == 49 ? "\"missing\":\"radio\"," : "",
                     open_of(i) / 100, open_of(i) % 100);
    heng_str_fmt(form, "]}");
}

static void share_json(size_t n, bool explain)
{
    struct heng_str form = {.max = (size_t)1 << 30}, out = {.max = (size_t)1 << 30};
    struct heng_apportion_options options = {explain, HENG_LANGUAGE_ZH};
    struct heng_arena arena = {.max = (size_t)4 << 30};
    struct heng_err err = {0};
    write_form(n, &form);
    double from = now_s();
    must(heng_apportion_json(heng_slice_of(form.text, form.n), &options, &arena, &out, &err), &err);
    double took = now_s() - from;
    printf("# %-52s %.0f ms, %.0f flats a second, %.1f MB of JSON in, %.1f MB out, %.0f MB of memory\n",
           explain ? "JSON with bills, explained in Chinese" : "JSON with bills", 1e3 * took, (double)n / took,
           1e-6 * (double)form.n, 1e-6 * (double)out.n, 1e-6 * (double)arena.used);
    heng_arena_fini(&arena);
    heng_str_fini(&form);
    heng_str_fini(&out);
}

static void bills(void)
{
    const struct heng_heat_price price = {.unit = "kWh",
                                          .currency = "CNY",
                                          .area_price = {2670, -2},
                                          .base_share = {30, -2},
                                          .unit_price = {20, -2},
                                          .cap = {110, -2},
                                          .area_places = HENG_HEAT_EXACT,
                                          .prepay_area_fee = true,
                                          .has_vat = true,
                                          .vat_included = true,
                                          .vat = {.rate = {9, -2}},
                                          .places = 2};
    struct heng_heat_bill bill;
    struct heng_err err = {0};
    int64_t sum = 0;
    double from = now_s();
    for (size_t i = 0; i < BILLS; i++) {
        struct heng_heat_flat flat = {
            .id = "x", .area = heng_dec_of(area_of(i), -2), .two_part = true, .has_quantity = true};
        flat.quantity = heng_dec_of(open_of(i) / 20, 0);
        must(heng_heat_bill(&price, &flat, NULL, &bill, &err), &err);
        sum += bill.payable.mantissa;
    }
    double took = now_s() - from;
    printf("# %-52s %.0f a second (together %lld.%02lld)\n", "two-part bills, capped, settled, taxed", BILLS / took,
           (long long)(sum / 100), (long long)(sum % 100));
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : FLATS;
    if (n == 0 || n > HENG_PARTIES_MAX) n = FLATS;
    printf("apportionment: a district of %zu flats, one core\n", n);
    share_structs(n);
    share_json(n, false);
    share_json(n, true);
    bills();
    return 0;
}
