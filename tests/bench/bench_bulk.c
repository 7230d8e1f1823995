/* Readings in bulk, one row each with ten values packed, beside what the engine itself can do with the same bytes in
 * the same run: plain inserts of SQLite, COPY of PostgreSQL, into a plain table with the same key. PostgreSQL is
 * measured when HENG_TEST_DB names one (script/with-postgres). Usage: bench_bulk [READINGS] */
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/pack.h"
#include "store/write.h"

enum { METERS = 1000, VALUES = 10, BATCH = 1000, COPY_BATCH = 10000, ROW_MAX = 256, READINGS = 200000 };

static const heng_us start_us = INT64_C(1795000000) * HENG_US_PER_S;

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_bulk: %s\n", err->text);
    exit(1);
}

static void need(bool good, const char *what)
{
    if (good) return;
    fprintf(stderr, "bench_bulk: %s\n", what);
    exit(1);
}

/* Number i of the readings: all meters every quarter of an hour, counters that go on. */
static void make_reading(struct heng_reading *r, int64_t i)
{
    int64_t meter = i % METERS, round = i / METERS;
    r->device_id = meter + 1;
    r->at_us = start_us + round * 900 * HENG_US_PER_S + meter * 1000;
    r->source = HENG_SOURCE_LINE;
    r->quality = HENG_QUALITY_MEASURED;
    r->frame_count = 0;
    r->source = HENG_SOURCE_HANDHELD; /* without frames: those are measured by bench_store */
    r->value_count = VALUES;
    for (int v = 0; v < VALUES; v++)
        r->values[v] = (struct heng_reading_value){.register_id = meter * VALUES + v + 1,
                                                   .has_value = true,
                                                   .dec = {1234567 + round * (v + 3) + meter * 77, -3}};
}

static void make_meters(struct heng_store *store)
{
    struct heng_err err;
    int64_t id;
    must(heng_store_begin(store, &err), &err);
    for (int i = 0; i < METERS; i++) {
        struct heng_device device = {.medium = HENG_MEDIUM_HEAT, .protocol = HENG_PROTOCOL_MBUS};
        snprintf(device.number, sizeof device.number, "%08d", i + 1);
        snprintf(device.manufacturer, sizeof device.manufacturer, "HNG");
        must(heng_store_put_device(store, &device, &id, &err), &err);
        need(id == i + 1, "ids of meters");
    }
    must(heng_store_commit(store, &err), &err);
}

static double report(const char *what, int64_t n, heng_us since_us)
{
    double seconds = (double)(heng_clock_mono() - since_us) / 1e6, rate = (double)n / seconds;
    printf("  %-58s %9.0f readings/s\n", what, rate);
    return rate;
}

/* Readings from number first on; so many of them are one transaction. */
static double measure_adding(struct heng_store *store, int64_t first, int64_t n, int64_t commit)
{
    static struct heng_reading readings[BATCH];
    static struct heng_bulk_reading items[BATCH];
    struct heng_err err;
    heng_us spent_us = 0;
    char what[64];
    for (int64_t at = first; at < first + n; at += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            make_reading(&readings[i], at + i);
            items[i] = (struct heng_bulk_reading){.reading = &readings[i]};
        }
        heng_us begin_us = heng_clock_mono();
        if (at % commit == 0) must(heng_store_begin(store, &err), &err);
        must(heng_store_add_readings(store, items, BATCH, &err), &err);
        if ((at + BATCH) % commit == 0) must(heng_store_commit(store, &err), &err);
        spent_us += heng_clock_mono() - begin_us;
        for (int i = 0; i < BATCH; i++) need(items[i].stored == HENG_STORED_NEW, "a reading was there");
    }
    snprintf(what, sizeof what, "heng_store_add_readings, %lld to a commit", (long long)commit);
    return report(what, n, heng_clock_mono() - spent_us);
}

/* The better one of small and large transactions, half of the readings each. */
static double measure_store(const char *path, int64_t n)
{
    struct heng_store *store = NULL;
    struct heng_err err;
    must(heng_store_create(path, &err), &err);
    must(heng_store_open(path, &store, &err), &err);
    make_meters(store);
    double small = measure_adding(store, 0, n / 2, BATCH), large = measure_adding(store, n / 2, n / 2, COPY_BATCH);
    heng_store_close(store);
    return small > large ? small : large;
}

/* --- SQLite itself ------------------------------------------------------------------------------------------ */

static double measure_inserts(const char *path, int64_t n)
{
    static struct heng_reading reading;
    uint8_t memory[HENG_PACKED_MAX];
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    heng_us spent_us = 0;
    need(sqlite3_open(path, &db) == SQLITE_OK, "open");
    need(sqlite3_exec(
             db,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE plain (device_id INTEGER, at_us "
             "INTEGER, source INTEGER, quality INTEGER, first_frame INTEGER, frame_count INTEGER, packed BLOB, "
             "due_us INTEGER, partial INTEGER, PRIMARY KEY (device_id, at_us, source)) STRICT, WITHOUT ROWID",
             NULL, NULL, NULL) == SQLITE_OK,
         "create");
    need(sqlite3_prepare_v2(db, "INSERT INTO plain VALUES (?, ?, ?, 1, 0, 0, ?, 0, 0)", -1, &insert, NULL) == SQLITE_OK,
         "prepare");
    for (int64_t at = 0; at < n; at += COPY_BATCH) {
        need(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK, "begin");
        for (int64_t i = at; i < at + COPY_BATCH; i++) {
            struct heng_buf packed = heng_buf_of(memory, sizeof memory);
            make_reading(&reading, i);
            need(heng_reading_pack(&reading, &packed) == HENG_OK, "pack");
            heng_us begin_us = heng_clock_mono();
            sqlite3_bind_int64(insert, 1, reading.device_id);
            sqlite3_bind_int64(insert, 2, reading.at_us);
            sqlite3_bind_int64(insert, 3, reading.source);
            sqlite3_bind_blob(insert, 4, packed.p, (int)packed.n, SQLITE_STATIC);
            need(sqlite3_step(insert) == SQLITE_DONE, "insert");
            sqlite3_reset(insert);
            spent_us += heng_clock_mono() - begin_us;
        }
        heng_us begin_us = heng_clock_mono();
        need(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit");
        spent_us += heng_clock_mono() - begin_us;
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return report("the engine itself: plain inserts, 10000 to a commit", n, heng_clock_mono() - spent_us);
}

/* --- PostgreSQL itself -------------------------------------------------------------------------------------- */

static void put_number(uint8_t **at, int64_t value, unsigned bytes)
{
    while (bytes-- > 0) *(*at)++ = (uint8_t)((uint64_t)value >> 8 * bytes);
}

static void run(PGconn *conn, const char *text, ExecStatusType wanted)
{
    PGresult *answer = PQexec(conn, text);
    need(PQresultStatus(answer) == wanted, PQerrorMessage(conn));
    PQclear(answer);
}

static void finish_copy(PGconn *conn)
{
    need(PQputCopyEnd(conn, NULL) == 1, PQerrorMessage(conn));
    for (PGresult *answer; (answer = PQgetResult(conn)) != NULL; PQclear(answer))
        need(PQresultStatus(answer) == PGRES_COMMAND_OK, PQerrorMessage(conn));
}

static double measure_copy(PGconn *conn, int64_t n)
{
    static struct heng_reading reading;
    static uint8_t rows[COPY_BATCH * ROW_MAX];
    uint8_t memory[HENG_PACKED_MAX];
    heng_us spent_us = 0;
    run(conn,
        "CREATE TABLE plain (device_id bigint, at_us bigint, source bigint, quality bigint, first_frame bigint, "
        "frame_count bigint, packed bytea, due_us bigint, partial bigint, PRIMARY KEY (device_id, at_us, source))",
        PGRES_COMMAND_OK);
    for (int64_t first = 0; first < n; first += COPY_BATCH) {
        uint8_t *at = rows;
        memcpy(at, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0", 19);
        at += 19;
        for (int64_t i = first; i < first + COPY_BATCH && i < n; i++) {
            struct heng_buf packed = heng_buf_of(memory, sizeof memory);
            make_reading(&reading, i);
            need(heng_reading_pack(&reading, &packed) == HENG_OK && packed.n < 128, "pack");
            const int64_t ints[] = {reading.device_id, reading.at_us, reading.source, 1, 0, 0, 0, 0};
            put_number(&at, 9, 2);
            for (unsigned c = 0; c < 8; c++) {
                if (c == 6) {
                    put_number(&at, (int64_t)packed.n, 4);
                    memcpy(at, packed.p, packed.n);
                    at += packed.n;
                }
                put_number(&at, 8, 4);
                put_number(&at, ints[c], 8);
            }
        }
        put_number(&at, -1, 2);
        heng_us begin_us = heng_clock_mono();
        run(conn, "COPY plain FROM STDIN (FORMAT binary)", PGRES_COPY_IN);
        need(PQputCopyData(conn, (const char *)rows, (int)(at - rows)) == 1, PQerrorMessage(conn));
        finish_copy(conn);
        spent_us += heng_clock_mono() - begin_us;
    }
    return report("the engine itself: COPY, 10000 to a commit", n, heng_clock_mono() - spent_us);
}

static double one_number(PGconn *conn, const char *text)
{
    PGresult *answer = PQexec(conn, text);
    need(PQresultStatus(answer) == PGRES_TUPLES_OK, PQerrorMessage(conn));
    double number = strtod(PQgetvalue(answer, 0, 0), NULL);
    PQclear(answer);
    return number;
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/heng-bench-XXXXXX", path[64], plain[64], name[80];
    const char *server = getenv("HENG_TEST_DB");
    int64_t n = argc > 1 && argv[1][0] != '-' ? strtoll(argv[1], NULL, 10) / COPY_BATCH / 2 * COPY_BATCH * 2 : READINGS;
    struct stat st;
    if (!mkdtemp(directory)) return perror(directory), 1;
    snprintf(path, sizeof path, "%s/heng.db", directory);
    snprintf(plain, sizeof plain, "%s/plain.db", directory);
    printf("bulk: %lld readings of %d meters, %d values each, one client\n", (long long)n, METERS, VALUES);
    printf(" SQLite %s, WAL, synchronous = FULL\n", sqlite3_libversion());
    double ours = measure_store(path, n), theirs = measure_inserts(plain, n);
    need(stat(path, &st) == 0, path);
    printf("  %.0f %% of it; %.0f bytes per reading\n", 100 * ours / theirs, (double)st.st_size / (double)n);
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "%s%s", i < 4 ? path : plain, suffixes[i % 4]);
        unlink(name);
    }
    if (rmdir(directory) != 0) return perror(directory), 1;
    if (!server) return 0;
    PGconn *conn = PQconnectdb(server);
    need(PQstatus(conn) == CONNECTION_OK, PQerrorMessage(conn));
    printf(" PostgreSQL %d, fsync and synchronous_commit on, on a Unix socket\n", PQserverVersion(conn) / 10000);
    ours = measure_store(server, n);
    theirs = measure_copy(conn, n);
    double bytes = one_number(conn, "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits "
                                    "WHERE inhparent = 'reading'::regclass");
    printf("  %.0f %% of it; %.0f bytes per reading, key included\n", 100 * ours / theirs, bytes / (double)n);
    PQfinish(conn);
    return 0;
}
