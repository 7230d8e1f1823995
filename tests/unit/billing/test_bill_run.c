/* Bill runs from begin to issue, on both engines. */
#include "unit/billing/bill_site.h"

enum { ACCOUNTS = 12 };

static void test_run_bills_everybody_once(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[2 * ACCOUNTS];
    struct heng_err err;
    bill_site_open(&s, ACCOUNTS);
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, run, bills, 2 * ACCOUNTS), ACCOUNTS);
    for (int i = 0; i < ACCOUNTS; i++) {
        if (bills[i].state != HENG_BILL_STATE_DRAFT) fail_msg("%s", bills[i].why);
        assert_int_equal(bills[i].total, 30 * (10 + i) * 25);
        assert_int_equal(bills[i].flags, HENG_BILL_FLAG_FIRST);
        assert_string_equal(bills[i].number, "");
        assert_int_equal(bill_balance(&s, bills[i].account_id).owed, 0);
    }
    bill_run_approve(&s, run);
    assert_int_equal(bill_list(&s, run, bills, 2 * ACCOUNTS), ACCOUNTS);
    for (int i = 0; i < ACCOUNTS; i++) {
        char number[HENG_BILL_NUMBER_MAX];
        heng_bill_number(0, 2024, i + 1, number);
        assert_string_equal(bills[i].number, number);
        assert_int_equal(bills[i].state, HENG_BILL_STATE_ISSUED);
        assert_int_equal(bill_balance(&s, bills[i].account_id).owed, bills[i].total);
        assert_ok(heng_bill_verify(heng_store_as_reader(s.store), &bills[i], &err));
    }
    bill_books_agree(&s);
    /* The same days again: nothing is left to bill. */
    run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, run, bills, 2 * ACCOUNTS), 0);
    bill_site_close(&s);
}

static void test_two_runs_over_the_same_days(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[4];
    bill_site_open(&s, 2);
    int64_t first = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    int64_t second = bill_run_begin(&s, HENG_RUN_USAGE, "{\"accounts\": [\"A-01\"]}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, second, bills, 4), 1);
    bill_run_approve(&s, first);
    bill_run_approve(&s, second);
    assert_int_equal(bill_list(&s, second, bills, 4), 1);
    assert_int_equal(bills[0].state, HENG_BILL_STATE_BLOCKED);
    assert_non_null(strstr(bills[0].why, "2024-000002"));
    assert_string_equal(bills[0].number, "");
    assert_int_equal(bill_balance(&s, bills[0].account_id).owed, 30 * 11 * 25);
    bill_site_close(&s);
}

static void test_missing_days_hold_one_bill_and_come_first(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[4], again;
    struct heng_run_worker *worker = NULL;
    struct heng_err err;
    bill_site_open(&s, 3);
    usage_put(s.store, HENG_USAGE_MEASURED, BILL_POINT + 1, 12, 3, 0, HENG_TRUST_MISSING);
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, run, bills, 4), 3);
    assert_int_equal(bills[0].state, HENG_BILL_STATE_BLOCKED);
    assert_true(bills[0].flags & HENG_BILL_FLAG_INCOMPLETE);
    assert_true(bills[0].why[0]);
    bill_run_approve(&s, run);
    assert_int_equal(bill_list(&s, run, bills, 4), 3);
    assert_int_equal(bills[0].state, HENG_BILL_STATE_BLOCKED);
    assert_int_equal(bill_balance(&s, bills[0].account_id).owed, 0);
    /* The day comes; made again it may go out, and gets the next number. */
    usage_put(s.store, HENG_USAGE_MEASURED, BILL_POINT + 1, 12, 3, 11, HENG_TRUST_VALID);
    assert_ok(heng_run_worker_new(heng_store_as_reader(s.store), &worker, &err));
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_run_again(worker, s.store, 0, bills[0].id, &s.li, &again, &err));
    assert_ok(heng_store_commit(s.store, &err));
    heng_run_worker_free(worker);
    assert_int_equal(again.state, HENG_BILL_STATE_DRAFT);
    assert_int_equal(again.total, 30 * 11 * 25);
    bill_run_approve(&s, run);
    assert_ok(heng_store_get_bill(heng_store_as_reader(s.store), 0, again.id, &again, &err));
    assert_string_equal(again.number, "2024-000003");
    bill_books_agree(&s);
    bill_site_close(&s);
}

static void test_a_new_price_changes_no_issued_bill(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[4];
    struct heng_run_worker *worker = NULL;
    struct heng_delta delta;
    struct heng_delta_found found[4];
    struct heng_err err;
    size_t n = 0;
    int64_t next = 0;
    bill_site_open(&s, 2);
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    bill_run_approve(&s, run);
    bill_tariff(&s, "0.9900");
    assert_int_equal(bill_list(&s, run, bills, 4), 2);
    assert_int_equal(bills[1].total, 30 * 11 * 25);
    assert_ok(heng_bill_verify(heng_store_as_reader(s.store), &bills[1], &err));
    assert_ok(heng_run_worker_new(heng_store_as_reader(s.store), &worker, &err));
    assert_ok(heng_bill_delta(worker, &bills[1], &delta, &err));
    assert_false(delta.usage_differs);
    /* Late readings are found, whatever the price is; a person decides. */
    usage_put(s.store, HENG_USAGE_MEASURED, BILL_POINT + 1, 5, 3, 31, HENG_TRUST_VALID);
    assert_ok(heng_delta_find(worker, 0, BILL_FROM, BILL_TO, 0, 100, found, 4, &n, &next, &err));
    assert_int_equal(n, 1);
    assert_int_equal(found[0].bill.id, bills[1].id);
    assert_int_equal(next, 0);
    heng_run_worker_free(worker);
    bill_site_close(&s);
}

static void pay(struct bill_site *s, const struct heng_bill *bill, int64_t amount, int64_t owed)
{
    struct heng_booking booking;
    struct heng_booked booked;
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_ledger_payment(bill->account_id, amount, owed, "bank", "", &booking, &err));
    snprintf(booking.key, sizeof booking.key, "pay-%lld", (long long)bill->id);
    snprintf(booking.currency, sizeof booking.currency, "CNY");
    assert_ok(heng_book(s->store, &booking, &s->li, &booked, &err));
    const struct heng_allocation row = {
        .booking_id = booked.booking_id, .bill_id = bill->id, .amount = owed, .day = s->li.day, .part = "principal"};
    assert_ok(heng_store_add_allocations(s->store, &row, owed ? 1 : 0, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

static void test_correction_is_a_reversal_and_a_new_bill(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[2], back, again, draft, issued;
    struct heng_open_bill open[4];
    struct heng_run_worker *worker = NULL;
    struct heng_err err;
    size_t n = 0;
    bill_site_open(&s, 1);
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    bill_run_approve(&s, run);
    assert_int_equal(bill_list(&s, run, bills, 2), 1);
    pay(&s, &bills[0], 8000, 7500);
    usage_put(s.store, HENG_USAGE_MEASURED, BILL_POINT, 5, 3, 50, HENG_TRUST_VALID);
    assert_ok(heng_run_worker_new(heng_store_as_reader(s.store), &worker, &err));
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_bill_reverse(s.store, 0, bills[0].id, &s.li, "late readings", &back, &err), HENG_EDENIED);
    assert_ok(heng_bill_correct(worker, s.store, 0, bills[0].id, &s.wang, "late readings", &back, &draft, &err));
    assert_ok(heng_bill_reverse(s.store, 0, bills[0].id, &s.wang, "late readings", &again, &err));
    assert_int_equal(again.id, back.id);
    assert_string_equal(back.number, "2024-000002");
    assert_int_equal(back.total, -7500);
    assert_int_equal(bill_balance(&s, bills[0].account_id).owed, 0);
    assert_int_equal(bill_balance(&s, bills[0].account_id).advance, 8000);
    assert_int_equal(draft.total, 8500);
    assert_int_equal(draft.replaces, bills[0].id);
    assert_ok(heng_issue_one(s.store, 0, draft.id, &s.wang, &issued, &err));
    assert_ok(heng_issue_one(s.store, 0, draft.id, &s.wang, &issued, &err));
    assert_ok(heng_store_commit(s.store, &err));
    heng_run_worker_free(worker);
    assert_string_equal(issued.number, "2024-000003");
    /* What was paid before pays it; 5.00 are left. */
    assert_int_equal(bill_balance(&s, issued.account_id).owed, 500);
    assert_int_equal(bill_balance(&s, issued.account_id).advance, 0);
    assert_ok(heng_store_list_open_bills(heng_store_as_reader(s.store), issued.account_id, open, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(open[0].id, issued.id);
    assert_int_equal(open[0].principal, 500);
    assert_ok(heng_bill_verify(heng_store_as_reader(s.store), &back, &err));
    bill_books_agree(&s);
    bill_site_close(&s);
}

static void test_prepayments_come_off(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[2], back;
    struct heng_err err;
    bill_site_open(&s, 1);
    const struct heng_prepay_plan plan = {.contract_id = 1, .from_day = BILL_FROM, .amount = 5000, .tax_percent = "19"};
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_prepay_plan(s.store, &plan, &s.li, &err));
    assert_ok(heng_store_commit(s.store, &err));
    int64_t run = bill_run_begin(&s, HENG_RUN_PREPAY, "{}", BILL_FROM, BILL_FROM + 30);
    bill_run_work(&s);
    bill_run_approve(&s, run);
    assert_int_equal(bill_list(&s, run, bills, 2), 1);
    assert_int_equal(bills[0].kind, HENG_BILL_PREPAY);
    assert_int_equal(bills[0].total, 5000);
    assert_int_equal(bills[0].tax, 798);
    int64_t yearly = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    bill_run_approve(&s, yearly);
    struct heng_bill settled[2];
    assert_int_equal(bill_list(&s, yearly, settled, 2), 1);
    if (settled[0].state != HENG_BILL_STATE_ISSUED) fail_msg("%s", settled[0].why);
    assert_int_equal(settled[0].total, 7500 - 5000);
    assert_int_equal(bill_balance(&s, settled[0].account_id).owed, 7500);
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_bill_reverse(s.store, 0, bills[0].id, &s.wang, "why not", &back, &err), HENG_ECONFLICT);
    assert_ok(heng_store_commit(s.store, &err));
    bill_books_agree(&s);
    bill_site_close(&s);
}

static void test_cancelled_run_leaves_its_row_only(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_err err;
    struct heng_bill bills[4];
    bill_site_open(&s, 3);
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, run, bills, 4), 3);
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_run_approve(s.store, 0, run, &s.li, &err), HENG_EDENIED);
    assert_non_null(strstr(err.text, "another person"));
    assert_ok(heng_run_cancel(s.store, 0, run, &s.li, "wrong period", &err));
    assert_ok(heng_store_commit(s.store, &err));
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, run, bills, 4), 0);
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM charge"), 0);
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM charge_line"), 0);
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM bill_run WHERE state = 'cancelled'"), 1);
    bill_site_close(&s);
}

static void test_hostile_selections_are_refused(void **state)
{
    (void)state;
    static const char *const selections[] = {"",
                                             "[]",
                                             "{\"place\": \"nowhere\"}",
                                             "{\"accounts\": [\"X\"]}",
                                             "{\"colour\": \"red\"}",
                                             "{\"medium\": 3}",
                                             "{\"place\": \"b1\""};
    struct bill_site s;
    struct heng_err err;
    int64_t id;
    bill_site_open(&s, 1);
    assert_ok(heng_store_begin(s.store, &err));
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
        const struct heng_run_ask ask = {
            .name = "x", .selection = selections[i], .currency = "CNY", .from_day = 10, .to_day = 20, .due_day = 30};
        assert_int_not_equal(heng_run_begin(s.store, &ask, &s.li, &id, &err), HENG_OK);
        assert_true(err.text[0]);
    }
    heng_store_rollback(s.store);
    int64_t here = bill_run_begin(&s, HENG_RUN_USAGE, "{\"place\": \"b1\"}", BILL_FROM, BILL_TO);
    int64_t there = bill_run_begin(&s, HENG_RUN_USAGE, "{\"place\": \"b1-u1-102\"}", BILL_FROM, BILL_TO);
    struct heng_bill bills[2];
    bill_run_work(&s);
    assert_int_equal(bill_list(&s, here, bills, 2), 1);
    assert_int_equal(bill_list(&s, there, bills, 2), 0);
    bill_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_bills_everybody_once),
        cmocka_unit_test(test_two_runs_over_the_same_days),
        cmocka_unit_test(test_missing_days_hold_one_bill_and_come_first),
        cmocka_unit_test(test_a_new_price_changes_no_issued_bill),
        cmocka_unit_test(test_correction_is_a_reversal_and_a_new_bill),
        cmocka_unit_test(test_prepayments_come_off),
        cmocka_unit_test(test_cancelled_run_leaves_its_row_only),
        cmocka_unit_test(test_hostile_selections_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
