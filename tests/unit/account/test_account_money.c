/* Deposits, transfers, balances of an old system, and the end of an account. */
#include "../small_site.h"
#include "account/note.h"
#include "account_site.h"
#include "store/money/bills.h"

static void a_deposit_comes_and_goes_once_for_each_key(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_booked first, again;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    assert_ok(heng_account_deposit(s.store, 0, a.id, 20000, "k1", &s.hand, "", &first, &err));
    assert_ok(heng_account_deposit(s.store, 0, a.id, 20000, "k1", &s.hand, "", &again, &err));
    assert_true(again.existed);
    assert_int_equal(again.booking_id, first.booking_id);
    assert_int_equal(balance_of(&s, a.id).deposit, 20000);
    assert_int_equal(heng_account_deposit(s.store, 0, a.id, 20001, "k1", &s.hand, "", &again, &err), HENG_ECONFLICT);
    assert_refused(
        HENG_ECONFLICT, "less than",
        heng_account_deposit_back(s.store, 0, a.id, 20001, HENG_BOOK_COUNT, "k2", &s.hand, "", &again, &err));
    assert_ok(heng_account_deposit_back(s.store, 0, a.id, 5000, HENG_BOOK_PURSE, "k3", &s.hand, "", &again, &err));
    assert_ok(heng_account_deposit_back(s.store, 0, a.id, 15000, HENG_BOOK_COUNT, "k4", &s.hand, "", &again, &err));
    assert_ok(heng_account_deposit_back(s.store, 0, a.id, 15000, HENG_BOOK_COUNT, "k4", &s.hand, "", &again, &err));
    assert_int_equal(balance_of(&s, a.id).deposit, 0);
    assert_int_equal(balance_of(&s, a.id).purse, 5000);
    static const int64_t wrong[] = {0, -1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(heng_account_deposit(s.store, 0, a.id, wrong[i], "k5", &s.hand, "", &again, &err),
                         HENG_ERANGE);
    assert_refused(HENG_ECONFIG, "key", heng_account_deposit(s.store, 0, a.id, 1, "", &s.hand, "", &again, &err));
    snprintf(s.hand.channel, sizeof s.hand.channel, "cash");
    snprintf(s.hand.desk, sizeof s.hand.desk, "D1");
    assert_int_equal(heng_account_deposit(s.store, 0, a.id, 1, "k6", &s.hand, "", &again, &err), HENG_EDENIED);
    assert_proven(&s);
    account_site_close(&s);
}

static void money_goes_from_one_account_to_another(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_booked booked;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A"), b = new_account(&s, "B", "B");
    b.hoard = 3000;
    assert_ok(heng_account_change(s.store, 0, &b, &s.hand, "", &err));
    const struct heng_opening opening = {.purse = 5000};
    assert_ok(heng_account_carry_in(s.store, 0, a.id, &opening, &s.hand, "", &booked, &err));
    assert_refused(
        HENG_ECONFLICT, "less than",
        heng_account_transfer(s.store, 0, a.id, b.id, HENG_BOOK_PURSE, 5001, "t", &s.hand, "", &booked, &err));
    assert_refused(
        HENG_ECONFLICT, "highest balance",
        heng_account_transfer(s.store, 0, a.id, b.id, HENG_BOOK_PURSE, 3001, "t", &s.hand, "", &booked, &err));
    assert_ok(heng_account_transfer(s.store, 0, a.id, b.id, HENG_BOOK_PURSE, 3000, "t", &s.hand, "", &booked, &err));
    assert_ok(heng_account_transfer(s.store, 0, a.id, b.id, HENG_BOOK_PURSE, 3000, "t", &s.hand, "", &booked, &err));
    assert_true(booked.existed);
    assert_int_equal(balance_of(&s, a.id).purse, 2000);
    assert_int_equal(balance_of(&s, b.id).purse, 3000);
    assert_refused(HENG_ECONFIG, "same",
                   heng_account_transfer(s.store, 0, a.id, a.id, HENG_BOOK_PURSE, 1, "u", &s.hand, "", &booked, &err));
    assert_refused(HENG_ECONFIG, "only a purse",
                   heng_account_transfer(s.store, 0, a.id, b.id, HENG_BOOK_OWED, 1, "u", &s.hand, "", &booked, &err));
    assert_proven(&s);
    account_site_close(&s);
}

static void an_old_system_is_carried_in_once(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_booked booked;
    struct heng_open_bill bills[4];
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A"), b = new_account(&s, "B", "B");
    const struct heng_opening opening = {.purse = -350, .owed = 12345, .advance = 10, .deposit = 20000},
                              other = {.purse = 1}, nothing = {0}, wrong = {.owed = -1};
    assert_ok(heng_account_carry_in(s.store, 0, a.id, &opening, &s.hand, "", &booked, &err));
    assert_ok(heng_account_carry_in(s.store, 0, a.id, &opening, &s.hand, "", &booked, &err));
    assert_true(booked.existed);
    struct heng_account_balance balance = balance_of(&s, a.id);
    assert_int_equal(balance.purse, -350);
    assert_int_equal(balance.owed, 12345);
    assert_int_equal(balance.advance, 10);
    assert_int_equal(balance.deposit, 20000);
    assert_refused(HENG_ECONFLICT, "other balances",
                   heng_account_carry_in(s.store, 0, a.id, &other, &s.hand, "", &booked, &err));
    assert_ok(heng_store_list_open_bills(heng_store_as_reader(s.store), a.id, bills, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(bills[0].principal, 12345);
    assert_refused(HENG_ECONFIG, "no balance",
                   heng_account_carry_in(s.store, 0, b.id, &nothing, &s.hand, "", &booked, &err));
    assert_int_equal(heng_account_carry_in(s.store, 0, b.id, &wrong, &s.hand, "", &booked, &err), HENG_ERANGE);
    assert_ok(heng_account_deposit(s.store, 0, b.id, 5, "d", &s.hand, "", &booked, &err));
    assert_refused(HENG_ECONFLICT, "bookings already",
                   heng_account_carry_in(s.store, 0, b.id, &other, &s.hand, "", &booked, &err));
    assert_proven(&s);
    account_site_close(&s);
}

/* PP-C5: after the last charge 53.53 are left and a deposit of 200.00: paid out in two lines, 253.53 together. */
static void an_account_is_closed_and_paid_out_in_lines(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_booked booked;
    struct heng_closed closed;
    struct heng_close_view view;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    const struct heng_opening opening = {.purse = 5353, .deposit = 20000};
    assert_ok(heng_account_carry_in(s.store, 0, a.id, &opening, &s.hand, "", &booked, &err));
    struct heng_contract contract = new_contract(&s, &a, 1, HENG_MODE_PREPAID, "heat");
    assert_refused(HENG_ECONFLICT, "in force", heng_account_close(s.store, 0, a.id, "c", &s.hand, "", &closed, &err));
    assert_ok(heng_contract_end(s.store, 0, contract.id, s.today, &s.hand, "", &err));
    assert_refused(HENG_ECONFLICT, "final bill", heng_account_close(s.store, 0, a.id, "c", &s.hand, "", &closed, &err));
    charged_to(&s, &contract, s.today);
    assert_ok(heng_account_close_check(heng_store_as_reader(s.store), 0, a.id, s.today, &view, &err));
    assert_int_equal(view.n, 0);
    assert_int_equal(view.payout, 25353);
    assert_ok(heng_account_close(s.store, 0, a.id, "c", &s.hand, "moved away", &closed, &err));
    assert_int_equal(closed.n, 2);
    assert_int_equal(closed.amounts[0], 5353);
    assert_int_equal(closed.amounts[1], 20000);
    assert_int_equal(closed.books[1], HENG_BOOK_DEPOSIT);
    assert_int_equal(balance_of(&s, a.id).purse + balance_of(&s, a.id).deposit, 0);
    assert_ok(heng_account_close(s.store, 0, a.id, "c", &s.hand, "", &closed, &err));
    assert_true(closed.existed);
    assert_int_equal(closed.n, 0);
    assert_refused(HENG_ECONFLICT, "closed",
                   heng_account_deposit(s.store, 0, a.id, 1, "d", &s.hand, "", &booked, &err));
    assert_proven(&s);
    account_site_close(&s);
}

static void what_is_owed_is_paid_first_and_more_refuses(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_booked booked;
    struct heng_closed closed;
    struct heng_open_bill bill;
    struct heng_err err;
    size_t n = 1;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A"), b = new_account(&s, "B", "B");
    const struct heng_opening covered = {.purse = -300, .owed = 1000, .advance = 100, .deposit = 2000},
                              open = {.owed = 2101, .advance = 100, .deposit = 2000};
    assert_ok(heng_account_carry_in(s.store, 0, a.id, &covered, &s.hand, "", &booked, &err));
    assert_ok(heng_account_carry_in(s.store, 0, b.id, &open, &s.hand, "", &booked, &err));
    assert_ok(heng_account_close(s.store, 0, a.id, "ca", &s.hand, "", &closed, &err));
    assert_int_equal(closed.applied, 1300);
    assert_int_equal(closed.n, 1);
    assert_int_equal(closed.amounts[0], 800);
    assert_ok(heng_store_list_open_bills(heng_store_as_reader(s.store), a.id, &bill, 1, &n, &err));
    assert_int_equal(n, 0);
    assert_refused(HENG_ECONFLICT, "0.01 is owed",
                   heng_account_close(s.store, 0, b.id, "cb", &s.hand, "", &closed, &err));
    assert_int_equal(balance_of(&s, b.id).deposit, 2000);
    assert_proven(&s);
    account_site_close(&s);
}

static heng_rc first_refusal(void *ctx, const struct heng_audit *audit, struct heng_slice before,
                             struct heng_slice after)
{
    (void)before;
    (void)after;
    if (heng_note_is_refused(audit)) snprintf(ctx, HENG_REASON_MAX, "%s", audit->reason);
    return HENG_OK;
}

static void an_open_command_keeps_an_account_open_and_the_refusal_is_seen(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_closed closed;
    struct heng_err err, why_not;
    char why[HENG_REASON_MAX] = "";
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    struct heng_contract contract = new_contract(&s, &a, 1, HENG_MODE_PREPAID, "heat");
    charged_to(&s, &contract, s.today);
    assert_ok(heng_contract_end(s.store, 0, contract.id, s.today, &s.hand, "", &err));
    static const char *const open[] = {
        "INSERT INTO command (id, line_id, device_id, protocol, kind, back, baud, address, stage, requested_us, "
        "expires_us) VALUES (9001, 1, 1, 'mbus', 'relay', 0, 2400, '1', 'waiting', 1, 2)",
        "INSERT INTO supply_task (id, key, org_id, account_id, point_id, wish, state, reason, made_us) VALUES (9001, "
        "'s', 0, 1, 1, 'off', 'waiting', 'overdraft', 1)",
        "INSERT INTO pay_order (id, number, request, org_id, account_id, channel, purpose, amount, currency, state, "
        "made_us) VALUES (9001, 'p', 'p', 0, 1, 'wechat', 'top-up', 1, 'CNY', 'pending', 1)"};
    static const char *const end[] = {"UPDATE command SET ended_us = 5 WHERE id = 9001",
                                      "UPDATE supply_task SET state = 'done' WHERE id = 9001",
                                      "UPDATE pay_order SET state = 'closed' WHERE id = 9001"};
    static const char *const words[] = {"command", "supply", "payments"};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(heng_store_commit(s.store, &err));
        assert_int_equal(small_site_sql(s.site.path, open[i]), HENG_OK);
        assert_ok(heng_store_begin(s.store, &err));
        assert_refused(HENG_ECONFLICT, words[i], heng_account_close(s.store, 0, a.id, "c", &s.hand, "", &closed, &err));
        struct heng_note note = {"account.close", "account", a.id, a.org_id, err.text};
        heng_store_rollback(s.store);
        assert_ok(heng_store_begin(s.store, &why_not));
        assert_ok(heng_note_refused(s.store, &note, &s.hand, "c", &why_not));
        assert_ok(heng_store_commit(s.store, &err));
        assert_int_equal(small_site_sql(s.site.path, end[i]), HENG_OK);
        assert_ok(heng_store_begin(s.store, &err));
        assert_ok(
            heng_store_each_audit(heng_store_as_reader(s.store), 0, 0, "account", a.id, 1, first_refusal, why, &err));
        assert_non_null(strstr(why, words[i]));
    }
    assert_ok(heng_account_close(s.store, 0, a.id, "c", &s.hand, "", &closed, &err));
    account_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deposit_comes_and_goes_once_for_each_key),
        cmocka_unit_test(money_goes_from_one_account_to_another),
        cmocka_unit_test(an_old_system_is_carried_in_once),
        cmocka_unit_test(an_account_is_closed_and_paid_out_in_lines),
        cmocka_unit_test(what_is_owed_is_paid_first_and_more_refuses),
        cmocka_unit_test(an_open_command_keeps_an_account_open_and_the_refusal_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
