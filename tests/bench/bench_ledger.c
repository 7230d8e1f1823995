/* Sales with receipt in a second: each of its own commit, as at a desk, then a hundred to a commit, as from a file of a
 * bank; and how fast the proof walks over them. Durable: a commit is on the disk before the next sale begins. On SQLite
 * in the working directory, and with HENG_TEST_DB on PostgreSQL.
 *
 * bench_ledger [SALES [ACCOUNTS]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "account/book.h"

static struct heng_err err;

static void must(heng_rc rc)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_ledger: %s: %s\n", heng_rc_name(rc), err.text);
    exit(1);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void accounts_make(struct heng_store *store, int64_t *ret, unsigned n)
{
    must(heng_store_begin(store, &err));
    for (unsigned i = 0; i < n; i++) {
        struct heng_account account = {.language = "zh",
                                       .currency = "CNY",
                                       .name = "bench",
                                       .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                       .overdraft = HENG_LIMIT_NONE,
                                       .hoard = HENG_LIMIT_NONE,
                                       .opened_us = 1};
        snprintf(account.number, sizeof account.number, "B%07u", i);
        must(heng_store_put_account(store, &account, &err));
        ret[i] = account.id;
    }
    must(heng_store_commit(store, &err));
}

static void sell(struct heng_store *store, int64_t account_id, unsigned n)
{
    struct heng_hand hand = {.who = "bench", .now_us = INT64_C(1795000000000000) + n, .day = 20779};
    struct heng_booking k;
    struct heng_booked booked;
    must(heng_ledger_sale(account_id, 100 + n % 9000, "wechat", "", &k, &err));
    snprintf(k.key, sizeof k.key, "bench-%u", n);
    must(heng_book(store, &k, &hand, &booked, &err));
    if (booked.receipt.number != (int64_t)n + 1) {
        fprintf(stderr, "bench_ledger: receipt %" PRId64 " for sale %u\n", booked.receipt.number, n + 1);
        exit(1);
    }
}

/* From sale number `first` on, `n` of them, so many to a commit. Returns how many in a second. */
static double run(struct heng_store *store, const int64_t *accounts, unsigned count, unsigned first, unsigned n,
                  unsigned to_a_commit)
{
    double begin = seconds();
    for (unsigned i = 0; i < n; i++) {
        if (i % to_a_commit == 0) must(heng_store_begin(store, &err));
        sell(store, accounts[(first + i) * 7919u % count], first + i);
        if ((i + 1) % to_a_commit == 0 || i + 1 == n) must(heng_store_commit(store, &err));
    }
    return n / (seconds() - begin);
}

static void on(const char *name, const char *engine, unsigned sales, unsigned count)
{
    struct heng_store *store = NULL;
    struct heng_books_proof proof;
    int64_t *accounts = calloc(count, sizeof *accounts);
    if (!accounts) exit(1);
    must(heng_store_create(name, &err));
    must(heng_store_open(name, &store, &err));
    accounts_make(store, accounts, count);
    double single = run(store, accounts, count, 0, sales, 1);
    double many = run(store, accounts, count, sales, sales * 10, 100);
    double begin = seconds();
    must(heng_store_prove_books(heng_store_as_reader(store), &proof, &err));
    double proven = (double)proof.bookings / (seconds() - begin);
    printf(
        "%-10s %u accounts: %.0f sales/s, one to a commit (%u); %.0f sales/s, a hundred to a commit (%u); proof %.0f "
        "bookings/s, %" PRId64 " wrong\n",
        engine, count, single, sales, many, sales * 10, proven, proof.wrong);
    heng_store_close(store);
    free(accounts);
    if (proof.wrong) exit(1);
}

static void on_file(unsigned sales, unsigned count)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char folder[] = "bench-ledger-XXXXXX", path[64], text[80];
    if (!mkdtemp(folder)) exit(1);
    snprintf(path, sizeof path, "%s/heng.db", folder);
    on(path, "sqlite", sales, count);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(text, sizeof text, "%s%s", path, suffixes[i]);
        unlink(text);
    }
    rmdir(folder);
}

static void on_server(const char *base, unsigned sales, unsigned count)
{
    char name[512];
    PGconn *conn = PQconnectdb(base);
    PQclear(PQexec(conn, "CREATE SCHEMA bench_ledger"));
    snprintf(name, sizeof name, "%s%coptions=-csearch_path%%3Dbench_ledger", base, strchr(base, '?') ? '&' : '?');
    on(name, "postgresql", sales, count);
    PQclear(PQexec(conn, "SET client_min_messages = error; DROP SCHEMA bench_ledger CASCADE"));
    PQfinish(conn);
}

int main(int argc, char **argv)
{
    unsigned sales = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2000;
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10000;
    if (sales == 0 || count == 0) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    on_file(sales, count);
    if (getenv("HENG_TEST_DB")) on_server(getenv("HENG_TEST_DB"), sales, count);
    return 0;
}
