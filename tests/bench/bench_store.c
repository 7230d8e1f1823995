/* Readings per second into the store, one read of ten values with one frame of 90 bytes each; the search for meters;
 * the size on disk. Prints its conditions. Usage: bench_store [DIRECTORY] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/ingest.h"
#include "flow/site.h"
#include "flow/views.h"

enum { METERS = 10000, VALUES = 10, FRAME_BYTES = 90, BATCH_MAX = 1000, ARENA_MAX = 64 << 20 };

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_store: %s\n", err->text);
    exit(1);
}

static void make_site(struct heng_store *store)
{
    static char numbers[METERS][24], addresses[METERS][16], keys[METERS / 2][24], line_keys[METERS / 50][24];
    static struct heng_site_meter meters[METERS];
    static struct heng_site_place places[METERS / 2];
    static struct heng_site_line lines[METERS / 50];
    struct heng_site site = {.name = "bench",
                             .time_zone = "UTC",
                             .places = places,
                             .lines = lines,
                             .meters = meters,
                             .place_count = METERS / 2,
                             .line_count = METERS / 50,
                             .meter_count = METERS};
    struct heng_site_applied applied;
    struct heng_err err;
    for (int i = 0; i < METERS / 2; i++) {
        snprintf(keys[i], sizeof keys[i], "flat-%d", i);
        places[i] = (struct heng_site_place){keys[i], "", "household", keys[i], 0};
    }
    for (int i = 0; i < METERS / 50; i++) {
        snprintf(line_keys[i], sizeof line_keys[i], "line-%d", i);
        lines[i] = (struct heng_site_line){.key = line_keys[i],
                                           .name = line_keys[i],
                                           .transport = "dtu",
                                           .endpoint = line_keys[i],
                                           .parity = "E",
                                           .baud = 2400,
                                           .period_s = 60};
    }
    for (int i = 0; i < METERS; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%08d", 10000000 + i);
        snprintf(addresses[i], sizeof addresses[i], "%d", i % 50);
        meters[i] = (struct heng_site_meter){.number = numbers[i],
                                             .manufacturer = "HNG",
                                             .line = line_keys[i / 50],
                                             .place = keys[i / 2],
                                             .protocol = "mbus",
                                             .address = addresses[i],
                                             .medium = i % 2 ? "heat" : "cold water"};
    }
    must(heng_site_apply(store, &site, 1, &applied, &err), &err);
}

static void make_read(struct heng_read *read, int64_t number)
{
    memset(read, 0, offsetof(struct heng_read, values));
    read->device_id = 1 + number % METERS;
    read->at_us = INT64_C(1795000000000000) + number / METERS * 60 * HENG_US_PER_S + number % METERS;
    read->outcome = HENG_OUTCOME_OK;
    read->frame_count = 1;
    read->frames[0].n = FRAME_BYTES;
    memset(read->frames[0].bytes, (int)(number & 0xFF), FRAME_BYTES);
    read->value_count = VALUES;
    for (uint32_t i = 0; i < VALUES; i++) {
        read->values[i] =
            (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .storage = i},
                                .has_value = true,
                                .dec = {number * 10 + i, 3}};
        read->frame_of_value[i] = 0;
    }
}

/* Batches of the given size for about `seconds`. */
static void measure_ingest(struct heng_store *store, int64_t *number, int batch, int seconds)
{
    static struct heng_read reads[BATCH_MAX];
    static struct heng_fact facts[BATCH_MAX];
    struct heng_ingested ingested = {0};
    struct heng_err err;
    int64_t first = *number;
    heng_us spent_us = 0;
    while (spent_us < seconds * HENG_US_PER_S) {
        for (int i = 0; i < batch; i++) {
            make_read(&reads[i], (*number)++);
            facts[i] = (struct heng_fact){.kind = HENG_FACT_READ, .read = &reads[i]};
        }
        heng_us begin_us = heng_clock_mono();
        must(heng_ingest(store, facts, (size_t)batch, heng_clock_wall(), &ingested, &err), &err);
        spent_us += heng_clock_mono() - begin_us;
    }
    int64_t stored = *number - first;
    printf("ingest batch %4d: %8lld readings/s (%lld in %.1f s)\n", batch,
           (long long)(stored * HENG_US_PER_S / spent_us), (long long)stored, (double)spent_us / 1e6);
    heng_ingested_fini(&ingested);
}

static void measure_search(const char *path)
{
    static const char *const searches[] = {"", "flat-4999", "1000", "nothing at all"};
    struct heng_store_reader *reader = NULL;
    struct heng_err err;
    must(heng_store_reader_open(path, &reader, &err), &err);
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        enum { ROUNDS = 50 };
        struct heng_meters_view view = {0};
        heng_us begin_us = heng_clock_mono();
        for (int round = 0; round < ROUNDS; round++) {
            struct heng_arena arena = {.max = ARENA_MAX};
            struct heng_meter_filter filter = {searches[i], 0, HENG_MEDIUM_COUNT, HENG_METER_STATE_OK, 0};
            must(heng_view_meters(reader, &arena, &filter, 0, 50, &view, &err), &err);
            heng_arena_fini(&arena);
        }
        printf("search %-16s: %6.2f ms, %lld of %d meters\n", searches[i][0] ? searches[i] : "(all)",
               (double)(heng_clock_mono() - begin_us) / 1e3 / ROUNDS, (long long)view.total, METERS);
    }
    struct heng_arena arena = {.max = ARENA_MAX};
    struct heng_overview overview;
    heng_us begin_us = heng_clock_mono();
    must(heng_view_overview(reader, &arena, &overview, &err), &err);
    printf("overview               : %6.2f ms\n", (double)(heng_clock_mono() - begin_us) / 1e3);
    heng_arena_fini(&arena);
    heng_store_reader_close(reader);
}

int main(int argc, char **argv)
{
    char directory[256], path[300];
    struct heng_store *store = NULL;
    struct heng_err err;
    struct stat st;
    int64_t number = 0;
    snprintf(directory, sizeof directory, "%s/heng-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(directory)) return perror(directory), 1;
    snprintf(path, sizeof path, "%s/heng.db", directory);
    must(heng_store_create(path, &err), &err);
    must(heng_store_open(path, &store, &err), &err);
    make_site(store);
    printf("SQLite, WAL, synchronous=FULL, one writer; %d meters, %d values and one frame of %d bytes per reading\n",
           METERS, VALUES, FRAME_BYTES);
    measure_ingest(store, &number, BATCH_MAX, 2); /* registers are made in the first round over all meters */
    printf("(the line above includes making the registers)\n");
    measure_ingest(store, &number, 1, 3);
    measure_ingest(store, &number, 100, 3);
    measure_ingest(store, &number, BATCH_MAX, 3);
    measure_search(path);
    heng_store_close(store);
    if (stat(path, &st) == 0)
        printf("size: %.0f bytes per reading, its frame included\n", (double)st.st_size / (double)number);
    unlink(path);
    snprintf(path, sizeof path, "%s/heng.db.lock", directory);
    unlink(path);
    return rmdir(directory) == 0 ? 0 : 1;
}
