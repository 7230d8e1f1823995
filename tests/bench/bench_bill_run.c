/* How many accounts a second become issued bills: days and readings of a month to a charge with its trace, a draft,
 * then a number, a booking and the seal of the bill. bench_bill_run [ACCOUNTS]; HENG_TEST_DB (script/with-postgres) for
 * PostgreSQL. One thread of ours; a server works beside it. Said is the time of the clock, which other programs on the
 * machine lengthen, and that of the processors, ours and the server's, which they do not. */
#include <sys/resource.h>
#include <unistd.h>

#include "billing/run_parts.h"
#include "store/db.h"
#include "store/write.h"
#include "unit/billing/bill_site.h"

enum { ACCOUNTS = 20000, DAYS = 30, AT_ONCE = 500 };

/* Of the clock, of our processor, and of that of the server's process for us (0 without one, or where it is not ours to
 * see). */
struct spent {
    double clock, ours, server;
};

static double server_seconds(int64_t pid)
{
    char path[64], text[1024] = "";
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *file = pid ? fopen(path, "r") : NULL;
    if (!file) return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    /* The fields behind the name, which stands in brackets: the 12th and 13th are what it took. */
    char *at = strrchr(text, ')');
    for (int i = 0; at && i < 12; i++) at = strchr(at + 1, ' ');
    if (!at) return 0;
    user = strtoull(at, &at, 10);
    system = strtoull(at, &at, 10);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static struct spent now(int64_t pid)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (struct spent){.clock = (double)heng_clock_mono() / 1e6,
                          .ours = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                          .server = server_seconds(pid)};
}

static struct spent since(struct spent from, int64_t pid)
{
    struct spent to = now(pid);
    return (struct spent){to.clock - from.clock, to.ours - from.ours, to.server - from.server};
}

static void put_days(struct heng_store *store, int channel)
{
    struct heng_err err;
    for (int day = 0; day < DAYS; day++) {
        struct heng_usage_row row = {.channel_id = channel,
                                     .day = BILL_FROM + day,
                                     .exp = 3,
                                     .trust = HENG_TRUST_VALID,
                                     .permille = 1000,
                                     .count = 1,
                                     .amount = 10,
                                     .amounts = {10},
                                     .trusts = {HENG_TRUST_VALID}};
        assert_ok(heng_store_put_usage(store, HENG_USAGE_MEASURED, &row, &err));
    }
}

static void put_account(struct heng_store *store, int i)
{
    struct heng_account account = {.warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                   .overdraft = HENG_LIMIT_NONE,
                                   .hoard = HENG_LIMIT_NONE,
                                   .language = "zh",
                                   .currency = "CNY",
                                   .opened_us = START_US};
    struct heng_contract contract = {.mode = HENG_MODE_POSTPAID,
                                     .from_day = BILL_FROM - 400,
                                     .terms = "{}",
                                     .tariff_key = "heat",
                                     .point_id = BILL_POINT + i};
    struct heng_err err;
    snprintf(account.number, sizeof account.number, "A-%07d", i);
    snprintf(account.name, sizeof account.name, "customer %d", i);
    assert_ok(heng_store_put_account(store, &account, &err));
    contract.account_id = account.id;
    assert_ok(heng_store_put_contract(store, &contract, &err));
    put_days(store, BILL_POINT + i);
}

/* A point with a meter, its register and a channel of days for each account. */
static void make_points(struct bill_site *s, int accounts)
{
#define EACH                                                                                                           \
    " FROM (WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) SELECT %d + i AS i "     \
    "FROM n) n"
    static const char *const statements[] = {
        "INSERT INTO point (id, place_id, medium, key, name, serves) SELECT i, 3, 'heat', 'P' || i, '', "
        "'household'" EACH,
        "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) SELECT i, i, 'energy', 'Wh', "
        "3, "
        "1440, 1" EACH,
        "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) SELECT i, 'M' || i, 'HNG', 'heat', "
        "'mbus', ''" EACH,
        "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier) SELECT i, "
        "i, "
        "'energy', 'Wh', 'instantaneous', 0, 0, 0, ''" EACH,
        "INSERT INTO installation (id, device_id, point_id, from_us) SELECT i, i, i, 0" EACH,
    };
    char text[512];
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, statements[i], accounts, BILL_POINT);
#pragma GCC diagnostic pop
        usage_sql(&s->site, text);
    }
}

/* One with its frame at both ends of the month. */
static void put_readings(struct heng_store *store, int64_t device_id)
{
    static struct heng_reading reading = {.quality = HENG_QUALITY_MEASURED, .frame_count = 1, .value_count = 1};
    for (int end = 0; end < 2; end++) {
        struct heng_err err;
        heng_stored stored;
        int64_t frame_id;
        reading.device_id = device_id;
        reading.at_us = (BILL_FROM + end * DAYS) * HENG_US_PER_DAY - 8 * 3600 * HENG_US_PER_S;
        reading.values[0] = (struct heng_reading_value){
            .register_id = device_id, .has_value = true, .dec = {1000 + end * 300 + device_id % 1000, 3}};
        const struct heng_frame frame = {.at_us = reading.at_us, .n = 2, .bytes = {0x68, 0x16}};
        assert_ok(heng_store_add_reading(store, &reading, &frame, &stored, &frame_id, &err));
    }
}

/* As an engine that has been at work for a while knows its tables. (One that is empty it does not look at.) */
static void look_at_tables(struct bill_site *s, bool drafts)
{
    static const char *const tables[] = {"ANALYZE account",  "ANALYZE contract", "ANALYZE point",
                                         "ANALYZE channel",  "ANALYZE device",   "ANALYZE installation",
                                         "ANALYZE register", "ANALYZE reading",  "ANALYZE usage_day"};
    static const char *const of_drafts[] = {"ANALYZE bill", "ANALYZE charge", "ANALYZE charge_line"};
    for (size_t i = 0; !drafts && i < sizeof tables / sizeof *tables; i++) usage_sql(&s->site, tables[i]);
    for (size_t i = 0; drafts && i < sizeof of_drafts / sizeof *of_drafts; i++) usage_sql(&s->site, of_drafts[i]);
}

static void make_site(struct bill_site *s, int accounts)
{
    struct heng_err err;
    bill_site_open(s, 0);
    make_points(s, accounts);
    for (int i = 0; i < accounts; i++) {
        if (i % AT_ONCE == 0) assert_ok(heng_store_begin(s->store, &err));
        put_account(s->store, i);
        put_readings(s->store, BILL_POINT + i);
        if (i % AT_ONCE == AT_ONCE - 1 || i + 1 == accounts) assert_ok(heng_store_commit(s->store, &err));
    }
    look_at_tables(s, false);
}

static void work(struct bill_site *s)
{
    struct heng_run_worker *worker = NULL;
    struct heng_err err;
    bool left = true;
    assert_ok(heng_run_worker_new(heng_store_as_reader(s->store), &worker, &err));
    while (left) {
        assert_ok(heng_store_begin(s->store, &err));
        assert_ok(heng_bill_run_work(worker, s->store, &s->li, 500 * HENG_US_PER_MS, &left, &err));
        assert_ok(heng_store_commit(s->store, &err));
    }
    heng_run_worker_free(worker);
}

static int accounts_asked = ACCOUNTS;

static void tell(const char *what, struct spent spent)
{
    print_message("  %s: %.1f s by the clock (%.0f/s), %.1f s of our processor, %.1f s of the server's\n", what,
                  spent.clock, accounts_asked / spent.clock, spent.ours, spent.server);
}

static void bench(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_run_sums sums;
    struct heng_err err;
    int64_t pid = 0;
    make_site(&s, accounts_asked);
    if (on_server()) assert_ok(heng_db_exec(&s.store->reader.db, "bench", "SELECT pg_backend_pid()", &pid, &err));
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    struct spent from = now(pid);
    work(&s);
    struct spent made = since(from, pid);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_run_approve(s.store, 0, run, &s.wang, &err));
    assert_ok(heng_store_commit(s.store, &err));
    look_at_tables(&s, true); /* a person looked at the preview: the server had its minutes */
    from = now(pid);
    work(&s);
    struct spent issued = since(from, pid);
    assert_ok(heng_store_sum_run(heng_store_as_reader(s.store), run, &sums, &err));
    assert_int_equal(sums.issued, accounts_asked);
    bill_books_agree(&s);
    print_message("%d accounts on %s, a meter with %d days and 2 readings each, %d accounts or bills at once:\n",
                  accounts_asked, on_server() ? "PostgreSQL" : "SQLite", DAYS, HENG_RUN_PIECE);
    tell("drafts with trace", made);
    tell("issued and booked", issued);
    double clock = made.clock + issued.clock;
    double busy = made.ours + issued.ours + made.server + issued.server;
    print_message("  together %.0f/s by the clock, %.0f a second of processor\n", accounts_asked / clock,
                  accounts_asked / busy);
    bill_site_close(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bench)};
    if (argc > 1) accounts_asked = (int)strtol(argv[1], NULL, 10);
    if (accounts_asked <= 0) return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
