/* How many accounts a second become issued bills, with trace, numbered and booked: bench_bill_run [ACCOUNTS].
 * One thread; HENG_TEST_DB (script/with-postgres) for PostgreSQL. */
#include "unit/billing/bill_site.h"

enum { ACCOUNTS = 20000, DAYS = 30, AT_ONCE = 500 };

static double seconds_since(heng_us from_us) { return (double)(heng_clock_mono() - from_us) / 1e6; }

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

static void make_site(struct bill_site *s, int accounts)
{
    struct heng_err err;
    char text[512];
    bill_site_open(s, 0);
    snprintf(text, sizeof text,
             "INSERT INTO point (id, place_id, medium, key, name, serves) WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL "
             "SELECT i + 1 FROM n WHERE i + 1 < %d) SELECT %d + i, 3, 'heat', 'P' || i, '', 'household' FROM n",
             accounts, BILL_POINT);
    usage_sql(&s->site, text);
    snprintf(text, sizeof text,
             "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) SELECT id, id, 'energy', "
             "'Wh', 3, 1440, 1 FROM point WHERE id >= %d",
             BILL_POINT);
    usage_sql(&s->site, text);
    for (int i = 0; i < accounts; i++) {
        if (i % AT_ONCE == 0) assert_ok(heng_store_begin(s->store, &err));
        put_account(s->store, i);
        if (i % AT_ONCE == AT_ONCE - 1 || i + 1 == accounts) assert_ok(heng_store_commit(s->store, &err));
    }
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

static void bench(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_run_sums sums;
    struct heng_err err;
    make_site(&s, accounts_asked);
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    heng_us from_us = heng_clock_mono();
    work(&s);
    double made = seconds_since(from_us);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_run_approve(s.store, 0, run, &s.wang, &err));
    assert_ok(heng_store_commit(s.store, &err));
    from_us = heng_clock_mono();
    work(&s);
    double issued = seconds_since(from_us);
    assert_ok(heng_store_sum_run(heng_store_as_reader(s.store), run, &sums, &err));
    assert_int_equal(sums.issued, accounts_asked);
    bill_books_agree(&s);
    print_message("%d accounts on %s, %d days each: drafts %.1f s (%.0f/s), issue %.1f s (%.0f/s), together %.0f/s\n",
                  accounts_asked, on_server() ? "PostgreSQL" : "SQLite", DAYS, made, accounts_asked / made, issued,
                  accounts_asked / issued, accounts_asked / (made + issued));
    bill_site_close(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bench)};
    if (argc > 1) accounts_asked = (int)strtol(argv[1], NULL, 10);
    if (accounts_asked <= 0) return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
