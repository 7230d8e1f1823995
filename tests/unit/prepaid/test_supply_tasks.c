/* Supply off and on as tasks: what holds a cut, who decides, what becomes of orders, and what a payment changes at each
 * moment of it. */
#include "prepaid_rig.h"

/* One prepaid flat that is used up on a working day at noon, with fresh data and no notice to wait for. */
static int64_t used_up(struct prepaid_rig *r, heng_protection protection)
{
    struct heng_account account = {RIG_NO_LIMITS, .protection = protection};
    rig_open(r);
    rig_setting(r, "prepaid_notice_h", "0");
    int64_t id = rig_account(r, "U", account);
    rig_contract(r, id, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_sell(r, id, 1000);
    rig_use(r, ELECTRIC, 0, 1000);
    rig_work(r, rig_noon_us(r, 1));
    assert_int_equal(rig_purse(r, id), -250);
    return id;
}

static struct heng_supply_task only_task(struct prepaid_rig *r, int64_t account_id)
{
    struct heng_supply_task tasks[8];
    struct heng_err err;
    size_t n;
    assert_ok(heng_store_list_supply(heng_store_as_reader(r->store), 0, account_id, true, 0, tasks, 8, &n, &err));
    assert_int_equal(n, 1);
    return tasks[0];
}

/* A promise, a payment under way: it waits, and the row says why. */
static void what_holds_a_cut(void **state)
{
    struct prepaid_rig r;
    struct heng_supply_task task;
    struct heng_err err;
    (void)state;
    int64_t account = used_up(&r, HENG_PROTECTION_NONE);
    assert_true(rig_next(&r, &task));
    rig_begin(&r);
    assert_ok(heng_supply_keep(r.store, 0, account, r.now_us + 3600 * HENG_US_PER_S, &r.hand, "pays tonight", &err));
    rig_commit(&r);
    assert_false(rig_next(&r, &task));
    task = only_task(&r, account);
    rig_begin(&r);
    assert_int_equal(heng_supply_ordered(r.store, task.id, 1, r.now_us, &err), HENG_ECONFLICT);
    heng_store_rollback(r.store);
    rig_work(&r, r.now_us + HENG_US_PER_S);
    task = only_task(&r, account);
    assert_non_null(strstr(task.why, "kept"));
    rig_begin(&r); /* the promise is taken back: it is looked at again now, not when it would have ended */
    assert_ok(heng_supply_keep(r.store, 0, account, 0, &r.hand, "did not pay", &err));
    rig_commit(&r);
    rig_time(&r, r.now_us + HENG_US_PER_S);
    assert_true(rig_next(&r, &task));
    rig_sql(&r, "INSERT INTO pay_order (id, number, request, org_id, account_id, channel, purpose, amount, currency, "
                "state, made_us) VALUES (1, 'P1', 'r1', 0, 1, 'wechat', 'top-up', 5000, 'CNY', 'paid', 1)");
    assert_false(rig_next(&r, &task));
    rig_close(&r);
}

static void second_person(void **state)
{
    struct prepaid_rig r;
    struct heng_supply_task task;
    struct heng_err err;
    (void)state;
    int64_t account = used_up(&r, HENG_PROTECTION_SECOND);
    rig_work(&r, r.now_us + HENG_US_PER_S);
    assert_false(rig_next(&r, &task));
    task = only_task(&r, account);
    assert_non_null(strstr(task.why, "second person"));
    rig_begin(&r);
    snprintf(r.hand.second, sizeof r.hand.second, "%s", r.hand.who);
    assert_int_equal(heng_supply_approve(r.store, 0, task.id, &r.hand, &err), HENG_EDENIED);
    snprintf(r.hand.second, sizeof r.hand.second, "Wang");
    assert_int_equal(heng_supply_approve(r.store, 99, task.id, &r.hand, &err), HENG_ENOTFOUND);
    assert_ok(heng_supply_approve(r.store, 0, task.id, &r.hand, &err));
    rig_commit(&r);
    assert_true(rig_next(&r, &task));
    assert_string_equal(task.approved_by, "Wang");
    rig_close(&r);
}

static void protected_is_shown_never_cut(void **state)
{
    struct prepaid_rig r;
    struct heng_supply_task task;
    (void)state;
    int64_t account = used_up(&r, HENG_PROTECTION_PROTECTED);
    rig_work(&r, r.now_us + HENG_US_PER_S);
    assert_false(rig_next(&r, &task));
    task = only_task(&r, account);
    assert_int_equal(task.state, HENG_SUPPLY_STATE_WAITING);
    assert_non_null(strstr(task.why, "protected"));
    rig_close(&r);
}

/* An order that gets no answer is tried again after growing pauses, then it is for people; a payment meanwhile sends
 * the order to switch on, whatever became of the other. */
static void orders_that_fail(void **state)
{
    struct prepaid_rig r;
    struct heng_supply_task task;
    struct heng_err err;
    heng_us last_us = 0;
    (void)state;
    int64_t account = used_up(&r, HENG_PROTECTION_NONE);
    for (int i = 0; i < 6; i++) {
        assert_true(rig_next(&r, &task));
        rig_ordered(&r, task.id, 100 + i);
        rig_result(&r, task.id, HENG_SUPPLY_FAILED, "no answer");
        task = rig_task(&r, task.id);
        if (i == 5) break;
        assert_int_equal(task.state, HENG_SUPPLY_STATE_WAITING);
        assert_true(task.not_before_us - r.now_us > last_us);
        last_us = task.not_before_us - r.now_us;
        assert_false(rig_next(&r, &task));
        rig_time(&r, r.now_us + last_us);
    }
    assert_int_equal(task.state, HENG_SUPPLY_STATE_FAILED);
    rig_use(&r, ELECTRIC, 1, 100);
    rig_work(&r, rig_noon_us(&r, 2));
    assert_false(rig_next(&r, &task)); /* no second task behind a failed one */
    task = only_task(&r, account);
    rig_begin(&r);
    assert_ok(heng_supply_retry(r.store, 0, task.id, &r.hand, &err));
    rig_commit(&r);
    assert_true(rig_next(&r, &task));
    rig_ordered(&r, task.id, 200);
    rig_sell(&r, account, 5000); /* while the order to cut is under way */
    int64_t cut = task.id;
    assert_true(rig_next(&r, &task));
    assert_true(task.on);
    rig_result(&r, cut, HENG_SUPPLY_CONFIRMED, ""); /* late: that one is given up */
    assert_int_equal(rig_task(&r, cut).state, HENG_SUPPLY_STATE_DROPPED);
    rig_ordered(&r, task.id, 201);
    rig_result(&r, task.id, HENG_SUPPLY_CONFIRMED, "");
    assert_false(rig_next(&r, &task));
    rig_close(&r);
}

static void paid_before_it_came_to_that(void **state)
{
    struct prepaid_rig r;
    struct heng_supply_task task;
    struct heng_notice notice;
    struct heng_err err;
    (void)state;
    int64_t account = used_up(&r, HENG_PROTECTION_NONE);
    assert_true(rig_next(&r, &task));
    rig_sell(&r, account, 2000);
    rig_begin(&r);
    assert_int_equal(heng_supply_ordered(r.store, task.id, 1, r.now_us, &err), HENG_ECONFLICT);
    heng_store_rollback(r.store);
    assert_int_equal(rig_task(&r, task.id).state, HENG_SUPPLY_STATE_DROPPED);
    assert_false(rig_next(&r, &task)); /* and nothing is switched on that never was off */
    assert_int_equal(rig_notices(&r, account, &notice), 1);
    assert_string_equal(notice.kind, "cut-soon");
    rig_close(&r);
}

/* A bill of 2026-03-02 that is not paid: 30 days later the customer is told, 7 days later supply ends; paying brings it
 * back. */
static void arrears(void **state)
{
    struct prepaid_rig r;
    struct heng_account account = {RIG_NO_LIMITS};
    struct heng_supply_task task;
    struct heng_notice notice;
    struct heng_err err;
    char text[400];
    (void)state;
    rig_open(&r);
    rig_setting(&r, "supply_arrears", "yes");
    int64_t id = rig_account(&r, "P", account);
    rig_contract(&r, id, ELECTRIC, HENG_MODE_POSTPAID, "electric", "{}");
    snprintf(text, sizeof text,
             "INSERT INTO bill (id, org_id, account_id, kind, state, number, from_day, to_day, due_day, total, tax, "
             "currency) VALUES (1, 0, %d, 'bill', 'issued', 'B1', 1, 2, %d, 5000, 0, 'CNY')",
             (int)id, r.day0);
    rig_sql(&r, text);
    snprintf(text, sizeof text,
             "INSERT INTO book (id, org_id, kind, account_id, ref, currency, balance, postings) "
             "VALUES (900, 0, 'owed', %d, '', 'CNY', 5000, 0)",
             (int)id);
    rig_sql(&r, text);
    rig_work(&r, rig_noon_us(&r, 30));
    assert_int_equal(rig_notices(&r, id, &notice), 0);
    rig_work(&r, rig_noon_us(&r, 31)); /* Thursday, 2 April */
    assert_int_equal(rig_notices(&r, id, &notice), 1);
    assert_string_equal(notice.kind, "arrears-soon");
    rig_work(&r, rig_noon_us(&r, 37));
    assert_false(rig_next(&r, &task));
    rig_work(&r, rig_noon_us(&r, 38) + HENG_US_PER_S);
    assert_int_equal(rig_notices(&r, id, &notice), 1);
    assert_true(rig_next(&r, &task));
    assert_string_equal(task.reason, "arrears");
    rig_ordered(&r, task.id, 5);
    rig_result(&r, task.id, HENG_SUPPLY_CONFIRMED, "");
    rig_sql(&r, "UPDATE bill SET state = 'reversed' WHERE id = 1");
    rig_begin(&r);
    assert_ok(heng_prepaid_look(r.store, NULL, id, r.now_us, r.hand.day, NULL, NULL, &err));
    rig_commit(&r);
    assert_true(rig_next(&r, &task));
    assert_true(task.on);
    rig_sql(&r, "DELETE FROM book WHERE id = 900");
    rig_close(&r);
}

/* Cut, and another meter is hung there, which nobody has told anything: it is cut in its turn. A clock that was years
 * ahead does not keep a payment waiting. */
static void another_meter_and_another_clock(void **state)
{
    struct prepaid_rig r;
    struct heng_supply_task task, first;
    (void)state;
    int64_t account = used_up(&r, HENG_PROTECTION_NONE);
    rig_sql(&r, "UPDATE installation SET until_us = 1 WHERE device_id < 3");
    rig_sql(&r, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (900, 1, 10, 1)");
    rig_sql(&r,
            "INSERT INTO command (id, line_id, device_id, protocol, kind, back, baud, address, stage, requested_us, "
            "expires_us, sent_us, accepted_us, ended_us, outcome, why, first_frame, frame_count, reading_us, purchase, "
            "amount) VALUES (900, 1, 1, 'mbus', 'disconnect', 0, 0, '', 'confirmed', 1, 2, 1, 1, 1, 'ok', '', 0, 0, 0, "
            "0, 0)");
    assert_true(rig_next(&r, &first));
    rig_ordered(&r, first.id, 900);
    rig_result(&r, first.id, HENG_SUPPLY_CONFIRMED, "");
    rig_use(&r, ELECTRIC, 1, 100);
    rig_work(&r, rig_noon_us(&r, 2));
    assert_false(rig_next(&r, &task)); /* it is off */
    rig_sql(&r, "UPDATE installation SET until_us = 2 WHERE id = 900");
    rig_sql(&r, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (901, 2, 10, 2)");
    rig_use(&r, ELECTRIC, 1, 200);
    rig_work(&r, rig_noon_us(&r, 2) + HENG_US_PER_S);
    assert_true(rig_next(&r, &task));
    assert_false(task.on);
    assert_int_not_equal(task.id, first.id);
    rig_ordered(&r, task.id, 901);
    rig_result(&r, task.id, HENG_SUPPLY_CONFIRMED, "");
    heng_us real_us = r.now_us;
    rig_time(&r, real_us + 10 * 365 * HENG_US_PER_DAY);
    rig_sell(&r, account, 100000);
    rig_time(&r, real_us + HENG_US_PER_S);
    assert_true(rig_next(&r, &task));
    assert_true(task.on);
    rig_close(&r);
}

/* A cut that waits, and the contract is switched: to bills, or to money in the meter. */
static void another_mode(void **state)
{
    (void)state;
    for (int in_meter = 0; in_meter < 2; in_meter++) {
        struct prepaid_rig r;
        struct heng_supply_task task;
        struct heng_err err;
        int64_t account = used_up(&r, HENG_PROTECTION_NONE);
        char text[200];
        assert_true(rig_next(&r, &task));
        snprintf(text, sizeof text, "UPDATE contract SET mode = '%s'", in_meter ? "in-meter" : "postpaid");
        rig_sql(&r, text);
        assert_false(rig_next(&r, &task)); /* the guard, at the last moment */
        task = only_task(&r, account);
        rig_begin(&r);
        assert_int_equal(heng_supply_ordered(r.store, task.id, 1, r.now_us, &err), HENG_ECONFLICT);
        heng_store_rollback(r.store);
        rig_work(&r, r.now_us + HENG_US_PER_S);
        assert_int_equal(rig_task(&r, task.id).state, HENG_SUPPLY_STATE_DROPPED);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_a_cut),
        cmocka_unit_test(second_person),
        cmocka_unit_test(protected_is_shown_never_cut),
        cmocka_unit_test(orders_that_fail),
        cmocka_unit_test(paid_before_it_came_to_that),
        cmocka_unit_test(arrears),
        cmocka_unit_test(another_meter_and_another_clock),
        cmocka_unit_test(another_mode),
    };
    return small_site_run(tests, 0);
}
