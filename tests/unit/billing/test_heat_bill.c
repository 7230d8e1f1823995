/* A season of two-part heat from the form to the bills, with an area fee that was asked for beforehand. */
#include "billing/heat.h"
#include "unit/billing/bill_site.h"

/* 26.70 per m2 and season, 30 % of it base, 0.20 per kWh; 100 m2 and 9,500 or 1,000 kWh. */
#define FLAT(id, quantity, prepaid)                                                                                    \
    "{\"id\": \"" id "\", \"area\": \"100.00\", \"quantity\": \"" quantity "\", \"prepaid\": \"" prepaid "\"}"
#define FORM(flats)                                                                                                    \
    "{\"kind\": \"heat-bill\", \"price\": {\"area\": {\"price\": \"26.70\", \"per\": \"season\"}, \"season\": "        \
    "{\"days\": 120}, \"base\": {\"share\": \"0.30\"}, \"unit_price\": \"0.20\", \"settle\": \"refund-collect\"}, "    \
    "\"participants\": [" flats "]}"

static int64_t keep_for(struct bill_site *s, int32_t from, int32_t to, const char *json)
{
    const struct heng_apportion_ask ask = {.place = "b1", .from_day = from, .to_day = to, .json = heng_slice_str(json)};
    struct heng_err err;
    int64_t id = 0;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_apportion_keep(s->store, &ask, &s->li, &id, &err));
    assert_int_equal(heng_apportion_approve(s->store, 0, id, &s->li, &err), HENG_EDENIED);
    assert_ok(heng_apportion_approve(s->store, 0, id, &s->wang, &err));
    assert_ok(heng_store_commit(s->store, &err));
    return id;
}

static int64_t keep(struct bill_site *s, const char *json) { return keep_for(s, BILL_FROM, BILL_TO, json); }

static heng_rc begin(struct bill_site *s, int64_t id, const char *accounts, int64_t *ret_run, struct heng_err *ret_err)
{
    const struct heng_heat_ask ask = {
        .apportion_id = id, .name = "heat", .currency = "CNY", .accounts = accounts, .due_day = BILL_TO + 30};
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    heng_rc rc = heng_heat_run(s->store, 0, &ask, &s->li, ret_run, ret_err);
    if (rc != HENG_OK)
        heng_store_rollback(s->store);
    else
        assert_ok(heng_store_commit(s->store, &err));
    return rc;
}

static void test_season_is_billed_and_the_prepaid_fee_comes_off(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[4];
    struct heng_err err;
    int64_t run = 0;
    bill_site_open(&s, 2);
    const struct heng_prepay_plan plan = {
        .contract_id = 2, .from_day = BILL_FROM, .amount = 267000, .tax_percent = "9"};
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_prepay_plan(s.store, &plan, &s.li, &err));
    assert_ok(heng_store_commit(s.store, &err));
    int64_t fee = bill_run_begin(&s, HENG_RUN_PREPAY, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    bill_run_approve(&s, fee);
    int64_t id = keep(&s, FORM(FLAT("P100", "9500", "0") ", " FLAT("1-2", "1000", "2670.00")));
    assert_int_equal(begin(&s, id, "{}", &run, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "1-2"));
    if (begin(&s, id, "{\"1-2\": \"A-01\"}", &run, &err) != HENG_OK) fail_msg("%s", err.text);
    bill_run_approve(&s, run);
    assert_int_equal(bill_list(&s, run, bills, 4), 2);
    for (int i = 0; i < 2; i++) {
        bool first = bills[i].account_id == 1;
        if (bills[i].state != HENG_BILL_STATE_ISSUED) fail_msg("%s", bills[i].why);
        assert_int_equal(bills[i].kind, HENG_BILL_HEAT);
        /* 801.00 + 1,900.00; 801.00 + 200.00 - 2,670.00 */
        assert_int_equal(bills[i].total, first ? 270100 : 100100 - 267000);
        assert_ok(heng_bill_verify(heng_store_as_reader(s.store), &bills[i], &err));
    }
    assert_int_equal(bill_balance(&s, 2).owed, 267000);
    assert_int_equal(bill_balance(&s, 2).advance, 267000 - 100100);
    assert_int_equal(begin(&s, id, "{}", &run, &err), HENG_ECONFLICT);
    bill_books_agree(&s);
    bill_site_close(&s);
}

/* The house of docs/apportionment.md, a year later: flat 3 changes its tenant in April, the second one has what is left
 * of its devices; flat 4 was empty. */
#define HOUSE                                                                                                          \
    "{\"kind\": \"heizkosten\", \"building\": \"Lindenweg 4\", "                                                       \
    "\"period\": {\"first\": \"2025-01-01\", \"last\": \"2025-12-31\"}, "                                              \
    "\"costs\": [{\"name\": \"district heat\", \"date\": \"2026-01-12\", \"quantity\": \"182.400\", "                  \
    "\"unit\": \"MWh\", \"amount\": \"23456.78\"}], "                                                                  \
    "\"warm_water\": {\"rule\": \"heat-meter\", \"use\": \"41.250\", \"total\": \"182.400\"}, "                        \
    "\"keys\": {\"heat\": \"0.70\", \"warm_water\": \"0.70\"}, \"flats\": ["                                           \
    "{\"id\": \"1\", \"area\": \"62.40\", \"units\": \"1843.000\", \"warm_water\": \"21.450\"}, "                      \
    "{\"id\": \"2\", \"area\": \"62.40\", \"units\": \"655.500\", \"warm_water\": \"12.300\"}, "                       \
    "{\"id\": \"3\", \"area\": \"88.15\", \"warm_water\": \"38.905\", \"units\": [{\"serial\": \"HCA 4711\", "         \
    "\"start\": \"12.000\", \"end\": \"2423.250\"}], \"tenants\": [{\"name\": \"old\", \"units\": \"1502.500\", "      \
    "\"warm_water\": \"11.205\"}, {\"name\": \"new\", \"first\": \"2025-04-15\"}]}, "                                  \
    "{\"id\": \"4\", \"area\": \"71.05\", \"units\": 0, \"warm_water\": \"0.000\"}]}"

static void test_german_house_is_billed_by_tenant_to_the_cent(void **state)
{
    static const int64_t totals[] = {741214, 387123, 542559, 498732, 176050};
    struct bill_site s;
    struct heng_bill bills[6];
    struct heng_err err;
    int64_t run = 0, sum = 0;
    (void)state;
    bill_site_open(&s, 5);
    int64_t id = keep_for(&s, heng_day_of_date(2025, 1, 1), heng_day_of_date(2026, 1, 1), HOUSE);
    assert_int_equal(
        begin(&s, id, "{\"1\": \"A-00\", \"2\": \"A-01\", \"3/old\": \"A-02\", \"4\": \"A-04\"}", &run, &err),
        HENG_ECONFIG);
    assert_non_null(strstr(err.text, "3/new"));
    if (begin(&s, id, "{\"1\": \"A-00\", \"2\": \"A-01\", \"3/old\": \"A-02\", \"3/new\": \"A-03\", \"4\": \"A-04\"}",
              &run, &err) != HENG_OK)
        fail_msg("%s", err.text);
    bill_run_approve(&s, run);
    assert_int_equal(bill_list(&s, run, bills, 6), 5);
    for (int i = 0; i < 5; i++) {
        if (bills[i].state != HENG_BILL_STATE_ISSUED) fail_msg("%s", bills[i].why);
        assert_int_equal(bills[i].total, totals[bills[i].account_id - 1]);
        sum += bills[i].total;
        if (bills[i].account_id == 3) assert_int_equal(bills[i].to_day, heng_day_of_date(2025, 4, 15));
        if (bills[i].account_id == 4) assert_int_equal(bills[i].from_day, heng_day_of_date(2025, 4, 15));
        assert_ok(heng_bill_verify(heng_store_as_reader(s.store), &bills[i], &err));
    }
    assert_int_equal(sum, 2345678);
    assert_int_equal(bill_balance(&s, 4).owed, 498732);
    bill_books_agree(&s);
    bill_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_season_is_billed_and_the_prepaid_fee_comes_off),
                                       cmocka_unit_test(test_german_house_is_billed_by_tenant_to_the_cent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
