/* What prepaid took is told once more as a statement: to the cent, with the difference that late readings made. */
#include "billing/run.h"
#include "prepaid_rig.h"

static void work(struct prepaid_rig *r)
{
    struct heng_run_worker *worker = NULL;
    struct heng_err err;
    bool left = true;
    assert_ok(heng_run_worker_new(heng_store_as_reader(r->store), &worker, &err));
    while (left) {
        rig_begin(r);
        assert_ok(heng_bill_run_work(worker, r->store, &r->hand, HENG_US_PER_S, &left, &err));
        rig_commit(r);
    }
    heng_run_worker_free(worker);
}

/* The statement of the days up to one of the rig, issued where nothing holds it. */
static struct heng_bill statement(struct prepaid_rig *r, int to)
{
    const struct heng_run_ask ask = {.kind = HENG_RUN_USAGE,
                                     .name = "statements",
                                     .selection = "{\"mode\": \"prepaid\"}",
                                     .currency = "CNY",
                                     .from_day = r->day0,
                                     .to_day = r->day0 + to,
                                     .due_day = r->day0 + to};
    struct heng_bill_ask of = {.kind = HENG_BILL_KIND_COUNT, .state = HENG_BILL_STATE_COUNT, .after_rank = -1};
    struct heng_hand second = r->hand;
    struct heng_bill bill;
    struct heng_err err;
    size_t n = 0;
    rig_begin(r);
    assert_ok(heng_run_begin(r->store, &ask, &r->hand, &of.run_id, &err));
    rig_commit(r);
    work(r);
    snprintf(second.who, sizeof second.who, "Wang");
    rig_begin(r);
    assert_ok(heng_run_approve(r->store, 0, of.run_id, &second, &err));
    rig_commit(r);
    work(r);
    assert_ok(heng_store_list_bills(heng_store_as_reader(r->store), &of, &bill, 1, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(bill.kind, HENG_BILL_STATEMENT);
    return bill;
}

/* Three days of 1.00 kWh at 1.25 are 3.75; the second one was 1.40: 4.25 in all, of which 0.50 was taken later. */
static void a_statement_says_what_was_taken_in_the_end(void **state)
{
    struct prepaid_rig r;
    struct heng_account_balance balance;
    struct heng_bill bill;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    int64_t account = rig_account(&r, "A", (struct heng_account){RIG_NO_LIMITS});
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_sell(&r, account, 5000);
    for (int day = 0; day < 3; day++) rig_use(&r, ELECTRIC, day, 100);
    (void)rig_work(&r, rig_noon_us(&r, 3));
    assert_int_equal(rig_purse(&r, account), 5000 - 375);
    bill = statement(&r, 4); /* a day that is not known yet holds it */
    assert_int_equal(bill.state, HENG_BILL_STATE_BLOCKED);
    if (!strstr(bill.why, "charged up to 2026-03-05")) fail_msg("%s", bill.why);
    rig_use(&r, ELECTRIC, 1, 140);
    (void)rig_work(&r, rig_noon_us(&r, 4));
    assert_int_equal(rig_purse(&r, account), 5000 - 425);
    bill = statement(&r, 3);
    if (bill.state != HENG_BILL_STATE_ISSUED) fail_msg("%s", bill.why);
    assert_int_equal(bill.total, 425);
    assert_ok(heng_bill_verify(heng_store_as_reader(r.store), &bill, &err));
    assert_ok(heng_store_account_balance(heng_store_as_reader(r.store), account, &balance, &err));
    assert_int_equal(balance.owed, 0);
    assert_int_equal(balance.purse, 5000 - 425);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_statement_says_what_was_taken_in_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
