/* Sealing and verifying: rows per second of frames and bookings with two postings. On SQLite, and with HENG_TEST_DB on
 * PostgreSQL (in its present schema, which must be empty).
 *
 * bench_seal [ROWS]     frames; a quarter as many bookings
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seal/seal.h"
#include "seal/verify.h"
#include "store/db.h"

enum { ROWS = 200000 };

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_seal: %s: %s\n", heng_rc_name(rc), err->text);
    exit(1);
}

static void sql(struct heng_store *store, const char *text)
{
    struct heng_err err;
    must(heng_db_exec(&store->reader.db, "bench", text, NULL, &err), &err);
}

#define COUNT_TO(n) "WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < " n ") "

static void fill(struct heng_store *store, int rows, bool server)
{
    char text[700];
    struct heng_err err;
    const char *bytes = server ? "decode('68aaaaaaaaaaaa68910833333333ab896745dd16', 'hex')"
                               : "x'68aaaaaaaaaaaa68910833333333ab896745dd16'";
    must(heng_store_begin(store, &err), &err);
    sql(store, "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES (1, '1', 'HNG', "
               "'electricity', 'dlt645', '')");
    sql(store,
        "INSERT INTO book (id, org_id, kind, account_id, ref, currency) VALUES (1, 0, 'cash', 0, '', 'CNY'), (2, 0, "
        "'customer', 1, '', 'CNY')");
    snprintf(
        text, sizeof text,
        COUNT_TO("%d") "INSERT INTO frame (id, device_id, at_us, protocol, bytes) SELECT i, 1, i, 'dlt645', %s FROM k",
        rows, bytes);
    sql(store, text);
    snprintf(
        text, sizeof text,
        COUNT_TO("%d") "INSERT INTO booking (id, key, org_id, account_id, kind, amount, currency, at_us, day, who, "
                       "digest) SELECT i, 'key-' || i, 0, 1, 'payment', i, 'CNY', i, 20000, 'wang', %s FROM k",
        rows / 4, bytes);
    sql(store, text);
    snprintf(text, sizeof text,
             COUNT_TO("%d") "INSERT INTO posting (booking_id, n, book_id, amount) SELECT i, 0, 1, i FROM k UNION ALL "
                            "SELECT i, 1, 2, -i FROM k",
             rows / 4);
    sql(store, text);
    must(heng_store_commit(store, &err), &err);
}

static heng_rc found(void *owner, const struct heng_seal_finding *finding, struct heng_err *err)
{
    (void)owner, (void)finding;
    return heng_fail(err, HENG_EBUG, 0, "something is found where nothing was changed");
}

static void seal_all(struct heng_seal *seal, struct heng_store *store)
{
    struct heng_err err;
    for (bool left = true; left;) {
        must(heng_store_begin(store, &err), &err);
        must(heng_seal_work(seal, store, 1, HENG_US_PER_S / 50, &left, &err), &err);
        must(heng_store_commit(store, &err), &err);
        must(heng_seal_committed(seal, true, &err), &err);
    }
}

static double seconds_since(heng_us from_us) { return (double)(heng_clock_mono() - from_us) / 1e6; }

int main(int argc, char **argv)
{
    char folder[] = "/tmp/heng-bench-XXXXXX", path[600];
    const char *server = getenv("HENG_TEST_DB");
    struct heng_store *store = NULL;
    struct heng_seal *seal = NULL;
    struct heng_seal_told told;
    struct heng_err err;
    int rows = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROWS;
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s%s", server ? server : folder, server ? "" : "/heng.db");
    must(heng_store_create(path, &err), &err);
    must(heng_store_open(path, &store, &err), &err);
    must(heng_seal_new(folder, &seal, &err), &err);
    fill(store, rows, server != NULL);
    heng_us from_us = heng_clock_mono();
    seal_all(seal, store);
    double sealing = seconds_since(from_us);
    struct heng_seal_ask ask = {.stream = HENG_SEAL_STREAM_COUNT, .found = found};
    from_us = heng_clock_mono();
    must(heng_seal_verify(heng_store_as_reader(store), &ask, &told, &err), &err);
    double verifying = seconds_since(from_us);
    printf("%s: %" PRIu64 " rows, %" PRIu64 " checkpoints: sealed %.0f rows/s, verified %.0f rows/s\n",
           server ? "postgres" : "sqlite", told.rows, told.checkpoints, (double)told.rows / sealing,
           (double)told.rows / verifying);
    heng_seal_free(seal);
    heng_store_close(store);
    static const char *const files[] = {"heng.db",      "heng.db-wal", "heng.db-shm",
                                        "heng.db.lock", "seal.key",    "seal.head"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    return rmdir(folder) == 0 ? 0 : 1;
}
