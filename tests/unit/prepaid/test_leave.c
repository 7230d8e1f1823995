/* Somebody leaves: the last charge, the final bill, and what is paid out, to the cent (PP-C5 of the domain notes). */
#include "account/contracts.h"
#include "account/money.h"
#include "account/note.h"
#include "prepaid/leave.h"
#include "prepaid_rig.h"

static heng_rc leave(struct prepaid_rig *r, int64_t account_id, struct heng_left *ret, struct heng_err *ret_err)
{
    struct heng_err err;
    rig_begin(r);
    heng_rc rc = heng_account_leave(r->store, 0, account_id, "leave", &r->hand, "moves out", ret, ret_err);
    if (rc != HENG_OK)
        heng_store_rollback(r->store);
    else
        assert_ok(heng_store_commit(r->store, &err));
    return rc;
}

static void end(struct prepaid_rig *r, int64_t contract_id, int day)
{
    struct heng_err err;
    rig_begin(r);
    assert_ok(heng_contract_end(r->store, 0, contract_id, r->day0 + day, &r->hand, "", &err));
    rig_commit(r);
}

static int64_t contract_from_day0(struct prepaid_rig *r, int64_t account_id, heng_mode mode)
{
    rig_price(r, "fixed", "active", "kWh", "0.8500");
    return rig_contract(r, account_id, ELECTRIC, mode, "fixed", "");
}

/* 57.31 and a deposit of 200.00; 8119.02 to 8123.47 at 0.8500 is 3.78: 53.53 and 200.00 go out, each by itself. */
static void prepaid_money_goes_out_behind_the_last_charge(void **state)
{
    struct prepaid_rig r;
    struct heng_left left;
    struct heng_booked booked;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    int64_t account = rig_account(&r, "A", (struct heng_account){RIG_NO_LIMITS});
    int64_t contract = contract_from_day0(&r, account, HENG_MODE_PREPAID);
    rig_sell(&r, account, 5731);
    rig_begin(&r);
    assert_ok(heng_account_deposit(r.store, 0, account, 20000, "deposit", &r.hand, "", &booked, &err));
    rig_commit(&r);
    rig_use(&r, ELECTRIC, 0, 200);
    rig_time(&r, rig_noon_us(&r, 2));
    end(&r, contract, 2);
    assert_int_equal(leave(&r, account, &left, &err), HENG_ECONFLICT); /* the last day is not known yet */
    assert_int_equal(rig_purse(&r, account), 5731);
    rig_use(&r, ELECTRIC, 1, 245);
    assert_ok(leave(&r, account, &left, &err));
    assert_int_equal(left.charged, 378);
    assert_false(left.is_bill);
    assert_int_equal(left.closed.n, 2);
    assert_int_equal(left.closed.amounts[0], 5353);
    assert_int_equal(left.closed.amounts[1], 20000);
    assert_int_equal(rig_purse(&r, account), 0);
    assert_ok(leave(&r, account, &left, &err));
    assert_true(left.closed.existed);
    rig_close(&r);
}

/* The same use, owed: the deposit pays the final bill. */
static void a_final_bill_is_paid_by_the_deposit(void **state)
{
    struct prepaid_rig r;
    struct heng_left left;
    struct heng_booked booked;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    int64_t account = rig_account(&r, "B", (struct heng_account){RIG_NO_LIMITS});
    int64_t contract = contract_from_day0(&r, account, HENG_MODE_POSTPAID);
    rig_begin(&r);
    assert_ok(heng_account_deposit(r.store, 0, account, 20000, "deposit", &r.hand, "", &booked, &err));
    rig_commit(&r);
    rig_use(&r, ELECTRIC, 0, 200);
    rig_time(&r, rig_noon_us(&r, 2));
    end(&r, contract, 2);
    assert_int_equal(leave(&r, account, &left, &err), HENG_ECONFLICT); /* the last day is not known yet */
    rig_use(&r, ELECTRIC, 1, 245);
    assert_int_equal(leave(&r, account, &left, &err), HENG_EDENIED); /* a bill alone is issued by two */
    snprintf(r.hand.second, sizeof r.hand.second, "Wang");
    assert_ok(leave(&r, account, &left, &err));
    assert_true(left.is_bill);
    assert_int_equal(left.bill.kind, HENG_BILL_FINAL);
    assert_int_equal(left.bill.state, HENG_BILL_STATE_ISSUED);
    assert_int_equal(left.bill.total, 378);
    assert_int_equal(left.bill.from_day, r.day0);
    assert_int_equal(left.bill.to_day, r.day0 + 2);
    assert_int_equal(left.closed.applied, 378);
    assert_int_equal(left.closed.n, 1);
    assert_int_equal(left.closed.amounts[0], 19622);
    assert_ok(heng_bill_verify(heng_store_as_reader(r.store), &left.bill, &err));
    rig_close(&r);
}

/* One who is in force keeps the account open, and no bill is left of the try. */
static void nobody_leaves_with_a_contract_in_force(void **state)
{
    struct prepaid_rig r;
    struct heng_left left;
    struct heng_err err;
    struct heng_bill bill;
    struct heng_bill_ask ask = {.kind = HENG_BILL_KIND_COUNT, .state = HENG_BILL_STATE_COUNT, .after_rank = -1};
    size_t n = 0;
    (void)state;
    rig_open(&r);
    int64_t account = rig_account(&r, "C", (struct heng_account){RIG_NO_LIMITS});
    int64_t contract = contract_from_day0(&r, account, HENG_MODE_POSTPAID);
    (void)rig_contract(&r, account, WATER, HENG_MODE_PREPAID, "fixed", "");
    snprintf(r.hand.second, sizeof r.hand.second, "Wang");
    rig_use(&r, ELECTRIC, 0, 100);
    rig_time(&r, rig_noon_us(&r, 1));
    end(&r, contract, 1);
    assert_int_equal(leave(&r, account, &left, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "in force"));
    assert_ok(heng_store_list_bills(heng_store_as_reader(r.store), &ask, &bill, 1, &n, &err));
    assert_int_equal(n, 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prepaid_money_goes_out_behind_the_last_charge),
        cmocka_unit_test(a_final_bill_is_paid_by_the_deposit),
        cmocka_unit_test(nobody_leaves_with_a_contract_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
