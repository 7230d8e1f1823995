/* Readings through store, validation and usage, against the plain store in the same run: quarter-hour readings of some
 * meters for a year, and of many for a month; then what people ask for: the latest value of a meter, a year of one, the
 * month of a building. On SQLite, and with HENG_TEST_DB on PostgreSQL. In SQLite all work is ours, so rates are those
 * of the processor and another program beside us does not count; a server works beside us, and the clock counts.
 *
 * bench_usage_store [YEAR_POINTS [MONTH_POINTS [DAYS]]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/read.h"
#include "store/write.h"
#include "usage/loss.h"
#include "usage/quality.h"
#include "usage/usage.h"

enum { PER_DAY = 96, BATCH = 960, YEAR_DAYS = 365, MONTH_DAYS = 30, YEAR_POINTS = 100, MONTH_POINTS = 10000 };
enum { BUILDING = 300 };                               /* meters of it, below a main meter: point 1 */
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
        snprintf(text, sizeof text,
                 "INSERT INTO point (id, place_id, medium, main_id) VALUES (%d, 1, 'electricity', %s)", i,
                 i > 1 && i <= BUILDING + 1 ? "1" : "NULL");
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

static bool is_server(const struct heng_store *store) { return store->reader.db.postgres != NULL; }

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
    /* The first day begins before its first reading, the last one does not end. */
    if (n >= (int64_t)points * (days - 2)) return;
    fprintf(stderr, "bench_usage_store: only %lld days were derived\n", (long long)n);
    exit(1);
}

/* --- what people ask for --------------------------------------------------------------------------------------- */

static double ms_since(heng_us from_us, int times) { return (double)(heng_clock_mono() - from_us) / 1e3 / times; }

static void latest(struct heng_store_reader *reader, int points)
{
    static struct heng_meter_row row;
    static struct heng_reading reading;
    struct heng_err err;
    enum { TIMES = 1000 };
    heng_us from_us = heng_clock_mono();
    for (int i = 0; i < TIMES; i++) {
        must(heng_store_get_meter(reader, 1 + i * 7919 % points, &row, &err), &err);
        must(heng_store_get_reading(reader, row.device.id, row.state.last_read_us, HENG_SOURCE_LINE, &reading, &err),
             &err);
    }
    printf("  %-44s %9.3f ms\n", "latest value of a meter", ms_since(from_us, TIMES));
}

static void chart(struct heng_store_reader *reader, heng_day from, int days)
{
    static struct heng_usage_row row;
    struct heng_usage_scan scan;
    struct heng_usage_sum sum;
    struct heng_err err;
    enum { TIMES = 10 };
    int64_t amount = 0;
    heng_us from_us = heng_clock_mono();
    for (int i = 0; i < TIMES; i++) {
        heng_rc rc;
        heng_usage_scan_begin(&scan, reader, HENG_USAGE_BEST, 1 + i, from, from + days);
        while ((rc = heng_usage_scan_next(&scan, &row, &err)) == HENG_OK)
            for (unsigned k = 0; k < row.count; k++) amount += row.amounts[k];
        heng_usage_scan_end(&scan);
        if (rc != HENG_ENOTFOUND) must(rc, &err);
    }
    printf("  %-44s %9.3f ms\n", "a year of one meter, days and quarter hours", ms_since(from_us, TIMES));
    from_us = heng_clock_mono();
    for (int i = 0; i < TIMES; i++)
        for (heng_day month = heng_month_of(from); month < from + days; month = heng_month_next(month, 1))
            must(heng_store_sum_usage(reader, 1 + i, month, heng_month_next(month, 1), &sum, &err), &err);
    printf("  %-44s %9.3f ms\n", "a year of one meter, months", ms_since(from_us, TIMES));
    if (amount == 0) exit(1);
}

static void month(struct heng_store_reader *reader, heng_day from, int days)
{
    struct heng_site_days site;
    struct heng_err err;
    const struct heng_loss_ask ask = {.from = from, .to = from + days};
    enum { TIMES = 5 };
    must(heng_site_days_init(&site, reader, &err), &err);
    heng_us from_us = heng_clock_mono();
    for (int i = 0; i < TIMES; i++) {
        struct heng_arena arena = {.max = 64U << 20};
        struct heng_loss loss;
        must(heng_view_loss(reader, &arena, &site, &ask, 1, &loss, &err), &err);
        if (loss.part_n != BUILDING + 1)
            exit(fprintf(stderr, "bench_usage_store: %zu meters in the building\n", loss.part_n) > 0);
        heng_arena_fini(&arena);
    }
    printf("  %-44s %9.3f ms\n", "month of a building: 300 meters, loss", ms_since(from_us, TIMES));
    heng_site_days_fini(&site);
}

static void ask(struct heng_store *store, int points, int days)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_err err;
    heng_day from = heng_day_of_date(2026, 1, 1);
    must(heng_store_begin(store, &err), &err);
    sql(store,
        "INSERT INTO device_state (device_id, state, last_try_us, last_outcome, last_read_us, last_source, misses, "
        "reads) SELECT device_id, 'never', 0, '', max(at_us), 0, 0, 0 FROM reading GROUP BY device_id");
    must(heng_store_commit(store, &err), &err);
    if (is_server(store)) sql(store, "ANALYZE");
    latest(reader, points);
    if (days >= YEAR_DAYS && points >= 10) chart(reader, from, days);
    if (points > BUILDING) month(reader, from, days < MONTH_DAYS ? days : MONTH_DAYS);
}

static void drop(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[256];
    for (size_t i = 0; i < 4 && strncmp(path, "postgres", 8) != 0; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static double bytes_of(struct heng_store *store)
{
    struct heng_err err;
    int64_t n = 0;
    const char *text =
        is_server(store) ? "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c WHERE relkind = 'r' AND "
                           "relnamespace = current_schema()::regnamespace"
                         : "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    must(heng_db_exec(&store->reader.db, "bench", text, &n, &err), &err);
    return (double)n;
}

/* Of the server's process that works for us, by /proc; 0 where there is none. */
static heng_us server_cpu(struct heng_store *store)
{
    int64_t pid = 0;
    unsigned long user = 0, system = 0;
    struct heng_err err;
    char path[64], text[512];
    if (!is_server(store)) return 0;
    must(heng_db_exec(&store->reader.db, "bench", "SELECT pg_backend_pid()::bigint", &pid, &err), &err);
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 13; field++) at = strchr(at + 1, ' ');
    if (!at || sscanf(at, "%lu %lu", &user, &system) != 2) return 0;
    return (heng_us)(user + system) * HENG_US_PER_S / sysconf(_SC_CLK_TCK);
}

struct watch {
    heng_us cpu_us, server_us, wall_us;
};

static struct watch watch(struct heng_store *store)
{
    return (struct watch){heng_clock_cpu(), server_cpu(store), heng_clock_mono()};
}

/* What it took since: of one core, the server's process and ours one after the other, as they work for one client. */
static void report(struct heng_store *store, const char *what, double readings, struct watch since)
{
    struct watch now = watch(store);
    double cpu = (double)(now.cpu_us - since.cpu_us) / 1e6, server = (double)(now.server_us - since.server_us) / 1e6;
    double wall = (double)(now.wall_us - since.wall_us) / 1e6;
    printf("  %-44s %9.0f readings/s of one core", what, readings / (cpu + server > 0 ? cpu + server : 1e-6));
    if (is_server(store)) printf(", %.0f by the clock, server %.2f s and", readings / wall, server);
    printf(" %.2f s cpu, %.2f s by the clock\n", cpu, wall);
    fflush(stdout);
}

/* What the server was asked since `before`: statements for each 1,000 readings, the more frequent ones by name. */
static void statements(const struct heng_store *store, const uint32_t before[HENG_SQL_COUNT], double readings)
{
    double all = 0;
    for (size_t i = 0; i < HENG_SQL_COUNT; i++) all += store->reader.db.asked[i] - before[i];
    printf("  %-44s %9.1f for 1,000 readings:", "  statements", all * 1000 / readings);
    for (size_t i = 0; i < HENG_SQL_COUNT; i++) {
        double each = (store->reader.db.asked[i] - before[i]) * 1000 / readings;
        if (each >= 0.3) printf(" %s %.1f", heng_db_sql_name((heng_sql)i), each);
    }
    putchar('\n');
}

/* A server gets a schema of its own for each database. */
static void path_of(const char *folder, const char *server, char *ret, size_t n)
{
    static int count;
    char text[64];
    if (!server) {
        snprintf(ret, n, "%s/heng.db", folder);
        return;
    }
    snprintf(text, sizeof text, "CREATE SCHEMA bench%d", ++count);
    PGconn *conn = PQconnectdb(server);
    PGresult *answer = PQexec(conn, text);
    if (PQresultStatus(answer) != PGRES_COMMAND_OK) exit(fprintf(stderr, "%s", PQerrorMessage(conn)) > 0);
    PQclear(answer);
    PQfinish(conn);
    snprintf(ret, n, "%s%coptions=-csearch_path%%3Dbench%d", server, strchr(server, '?') ? '&' : '?', count);
}

static void plain(const char *path, int points, int days)
{
    double readings = (double)points * days * PER_DAY;
    struct heng_store *store = make(path, points, false);
    struct watch begun = watch(store);
    put_days(store, points, 0, days);
    report(store, "plain store", readings, begun);
    printf("  %-44s %9.1f bytes\n", "a reading on the disk, with its frame", bytes_of(store) / readings);
    heng_store_close(store);
    drop(path);
}

/* One day more of all points, as it comes every day. */
static void one_more(struct heng_store *store, struct heng_usage_worker *worker, int points, int day)
{
    uint32_t asked[HENG_SQL_COUNT];
    memcpy(asked, store->reader.db.asked, sizeof asked);
    struct watch begun = watch(store);
    put_days(store, points, day, day + 1);
    struct watch stored = watch(store);
    derive(store, worker);
    double readings = (double)points * PER_DAY;
    report(store, "one more day, store + validation + usage", readings, begun);
    report(store, "  of which validation + usage", readings, stored);
    if (is_server(store)) statements(store, asked, readings);
}

static void whole(const char *path, int points, int days)
{
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    must(heng_usage_worker_new(&worker, &err), &err);
    struct heng_store *store = make(path, points, true);
    struct watch begun = watch(store);
    put_days(store, points, 0, days - 1);
    struct watch stored = watch(store);
    uint32_t asked[HENG_SQL_COUNT];
    memcpy(asked, store->reader.db.asked, sizeof asked);
    derive(store, worker);
    double most = (double)points * (days - 1) * PER_DAY;
    report(store, "store + validation + usage, in one go", most, begun);
    report(store, "  of which validation + usage", most, stored);
    if (is_server(store)) statements(store, asked, most);
    one_more(store, worker, points, days - 1);
    check(store, points, days);
    printf("  %-44s %9.1f bytes\n", "a reading on the disk, with all of its usage",
           bytes_of(store) / ((double)points * days * PER_DAY));
    ask(store, points, days);
    heng_usage_worker_free(worker);
    heng_store_close(store);
    drop(path);
}

static void measure(const char *folder, const char *server, int points, int days)
{
    char path[512];
    printf(" %d points, %d days, %.0f readings:\n", points, days, (double)points * days * PER_DAY);
    path_of(folder, server, path, sizeof path);
    plain(path, points, days);
    path_of(folder, server, path, sizeof path);
    whole(path, points, days);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/heng-bench-XXXXXX";
    const char *server = getenv("HENG_TEST_DB");
    bool given = argc > 1 && argv[1][0] != '-';
    int year = given ? atoi(argv[1]) : YEAR_POINTS, many = given && argc > 2 ? atoi(argv[2]) : MONTH_POINTS;
    int days = given && argc > 3 ? atoi(argv[3]) : MONTH_DAYS;
    if (!mkdtemp(folder)) return 1;
    puts("usage through the database, SQLite, WAL, synchronous = FULL, 960 readings to a commit:");
    measure(folder, NULL, year, YEAR_DAYS);
    measure(folder, NULL, many, days);
    rmdir(folder);
    if (!server) return 0;
    puts("usage through the database, PostgreSQL, fsync and synchronous_commit on, on a Unix socket, one client:");
    measure(folder, server, (year + 4) / 5, YEAR_DAYS);
    measure(folder, server, many, days < 4 ? days : 4);
    return 0;
}
