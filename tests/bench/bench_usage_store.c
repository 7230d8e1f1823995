/* Readings through store, validation and usage on one core, against the plain store in the same run: quarter-hour
 * readings of some meters for a year, and of many for a month. Times are those of the processor, so that another
 * program beside us does not count; rates say how many readings one core takes in a second.
 *
 * bench_usage_store [YEAR_POINTS [MONTH_POINTS]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/db.h"
#include "store/write.h"
#include "usage/usage.h"

enum { PER_DAY = 96, BATCH = 960, YEAR_DAYS = 365, MONTH_DAYS = 30, YEAR_POINTS = 100, MONTH_POINTS = 10000 };
#define BEGIN_US (INT64_C(1767196800) * HENG_US_PER_S) /* 2026-01-01 00:00 in Shanghai */

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_usage_store: %s: %s\n", heng_rc_name(rc), err->text);
    exit(1);
}

static void sql(struct heng_store *store, const char *text)
{
    struct heng_err err;
    must(heng_db_exec(&store->reader.db, "bench", text, NULL, &err), &err);
}

/* points meters at points of one place; channels: with something to derive. */
static void describe(struct heng_store *store, int points, bool channels)
{
    char text[512];
    sql(store, "INSERT INTO setting (name, value) VALUES ('time_zone', 'Asia/Shanghai')");
    sql(store, "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (1, 'p', NULL, 'unit', 'P', "
               "'P', 0)");
    for (int i = 1; i <= points; i++) {
        snprintf(text, sizeof text, "INSERT INTO point (id, place_id, medium) VALUES (%d, 1, 'electricity')", i);
        sql(store, text);
        snprintf(text, sizeof text,
                 "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES (%d, '%d', 'HNG', "
                 "'electricity', 'dlt645', '')",
                 i, i);
        sql(store, text);
        snprintf(text, sizeof text,
                 "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier) "
                 "VALUES (%d, %d, 'energy', 'Wh', 'instantaneous', 0, 0, 0, '')",
                 i, i);
        sql(store, text);
        snprintf(text, sizeof text,
                 "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (%d, %d, %d, %lld)", i, i, i,
                 (long long)BEGIN_US);
        sql(store, text);
        if (!channels) continue;
        snprintf(text, sizeof text,
                 "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, "
                 "max_per_hour, main) VALUES (%d, %d, 'energy', 0, '', 'Wh', 1, 15, '60000', 1)",
                 i, i);
        sql(store, text);
    }
}

static struct heng_store *make(const char *path, int points, bool channels)
{
    struct heng_store *store = NULL;
    struct heng_err err;
    must(heng_store_create(path, &err), &err);
    must(heng_store_open(path, &store, &err), &err);
    must(heng_store_begin(store, &err), &err);
    describe(store, points, channels);
    must(heng_store_commit(store, &err), &err);
    return store;
}

/* All readings of days [from, to), day after day and meter after meter, as they come from lines. */
static void put_days(struct heng_store *store, int points, int from, int to)
{
    static struct heng_reading readings[BATCH];
    static struct heng_bulk_reading bulk[BATCH];
    static struct heng_frame frame = {.n = 32, .protocol = HENG_PROTOCOL_DLT645_2007};
    struct heng_err err;
    size_t n = 0;
    for (int day = from; day < to; day++)
        for (int point = 1; point <= points; point++) {
            for (int i = 0; i < PER_DAY; i++) {
                struct heng_reading *r = &readings[n];
                int64_t k = (int64_t)day * PER_DAY + i;
                r->device_id = point;
                r->at_us = BEGIN_US + k * 900 * HENG_US_PER_S + 20 * HENG_US_PER_S;
                r->source = HENG_SOURCE_LINE;
                r->quality = HENG_QUALITY_MEASURED;
                r->frame_count = r->value_count = 1;
                r->values[0] = (struct heng_reading_value){
                    .register_id = point, .has_value = true, .dec = {k * (point % 7 + 10) + k % 5, 1}};
                bulk[n++] = (struct heng_bulk_reading){.reading = r, .frames = &frame};
            }
            if (n < BATCH && !(day == to - 1 && point == points)) continue;
            must(heng_store_begin(store, &err), &err);
            must(heng_store_add_readings(store, bulk, n, &err), &err);
            must(heng_store_commit(store, &err), &err);
            n = 0;
        }
}

static uint32_t derive(struct heng_store *store, struct heng_usage_worker *worker)
{
    struct heng_err err;
    uint32_t all = 0, some;
    for (bool left = true; left; all += some) {
        must(heng_store_begin(store, &err), &err);
        must(heng_usage_work(worker, store, 500 * HENG_US_PER_MS, &some, &left, &err), &err);
        must(heng_store_commit(store, &err), &err);
    }
    return all;
}

/* A bench that derived nothing would be quick. */
static void check(struct heng_store *store, int points, int days)
{
    int64_t n = 0;
    struct heng_err err;
    must(heng_db_exec(&store->reader.db, "bench", "SELECT count(*) FROM usage_day WHERE missing = 0", &n, &err), &err);
    if (n >= (int64_t)points * (days - 1)) return;
    fprintf(stderr, "bench_usage_store: only %lld days were derived\n", (long long)n);
    exit(1);
}

static void drop(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[256];
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void report(const char *what, double readings, heng_us cpu_us, heng_us wall_us)
{
    printf("  %-44s %9.0f readings/s of one core  (%.1f s cpu, %.1f s by the clock)\n", what,
           readings * 1e6 / (double)(cpu_us ? cpu_us : 1), (double)cpu_us / 1e6, (double)wall_us / 1e6);
    fflush(stdout);
}

static void measure(const char *path, int points, int days)
{
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    double readings = (double)points * days * PER_DAY;
    printf("%d points, %d days, %.0f readings:\n", points, days, readings);
    struct heng_store *store = make(path, points, false);
    heng_us cpu = heng_clock_cpu(), wall = heng_clock_mono();
    put_days(store, points, 0, days);
    report("plain store", readings, heng_clock_cpu() - cpu, heng_clock_mono() - wall);
    heng_store_close(store);
    drop(path);

    must(heng_usage_worker_new(&worker, &err), &err);
    store = make(path, points, true);
    cpu = heng_clock_cpu();
    wall = heng_clock_mono();
    put_days(store, points, 0, days - 1);
    heng_us stored = heng_clock_cpu();
    derive(store, worker);
    heng_us derived = heng_clock_cpu();
    double most = (double)points * (days - 1) * PER_DAY;
    report("store + validation + usage, in one go", most, derived - cpu, heng_clock_mono() - wall);
    report("  of which validation + usage", most, derived - stored, 0);
    cpu = heng_clock_cpu();
    wall = heng_clock_mono();
    put_days(store, points, days - 1, days);
    derive(store, worker);
    report("one more day, store + validation + usage", (double)points * PER_DAY, heng_clock_cpu() - cpu,
           heng_clock_mono() - wall);
    check(store, points, days);
    heng_usage_worker_free(worker);
    heng_store_close(store);
    drop(path);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/heng-bench-XXXXXX", path[64];
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/heng.db", folder);
    puts("usage through the database (SQLite):");
    measure(path, argc > 1 ? atoi(argv[1]) : YEAR_POINTS, YEAR_DAYS);
    measure(path, argc > 2 ? atoi(argv[2]) : MONTH_POINTS, MONTH_DAYS);
    rmdir(folder);
    return 0;
}
