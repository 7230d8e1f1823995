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

static int64_t keep(struct bill_site *s, const char *json)
{
    const struct heng_apportion_ask ask = {
        .place = "b1", .from_day = BILL_FROM, .to_day = BILL_TO, .json = heng_slice_str(json)};
    struct heng_err err;
    int64_t id = 0;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_apportion_keep(s->store, &ask, &s->li, &id, &err));
    assert_int_equal(heng_apportion_approve(s->store, 0, id, &s->li, &err), HENG_EDENIED);
    assert_ok(heng_apportion_approve(s->store, 0, id, &s->wang, &err));
    assert_ok(heng_store_commit(s->store, &err));
    return id;
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_season_is_billed_and_the_prepaid_fee_comes_off)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
