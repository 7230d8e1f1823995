/* Money into meters: orders, their states, what people decide. By the real store and ledger, on both engines. */
#include "../account/account_site.h"
#include "../small_site.h"
#include "prepaid/meter_order.h"
#include "prepaid/sell.h"

static const heng_us second = HENG_US_PER_S;

struct meters {
    struct account_site s;
    struct heng_account account;
    struct heng_contract contract;
    int64_t device_id;
};

static heng_rc sell(struct meters *m, int64_t amount, const char *key)
{
    struct heng_booking booking;
    struct heng_booked booked;
    struct heng_err err;
    assert_ok(heng_ledger_sale(m->account.id, amount, "bank", "", &booking, &err));
    snprintf(booking.key, sizeof booking.key, "%s", key);
    snprintf(booking.currency, sizeof booking.currency, "%s", m->account.currency);
    return heng_book(m->s.store, &booking, &m->s.hand, &booked, &err);
}

static void meters_open(struct meters *m)
{
    struct heng_err err;
    account_site_open(&m->s);
    m->account = new_account(&m->s, "10001", "Wang");
    m->contract = new_contract(&m->s, &m->account, 3, HENG_MODE_IN_METER, "water");
    assert_ok(heng_store_device_at(heng_store_as_reader(m->s.store), 3, &m->device_id, &err));
    assert_ok(sell(m, 50000, "sale-1"));
}

static struct heng_meter_order order_of(struct meters *m, int64_t id)
{
    struct heng_meter_order order;
    struct heng_err err;
    assert_ok(heng_store_get_meter_order(heng_store_as_reader(m->s.store), 0, id, &order, &err));
    return order;
}

static struct heng_meter_order make(struct meters *m, int64_t amount, const char *key)
{
    struct heng_meter_order order;
    struct heng_err err;
    assert_ok(heng_meter_order_make(m->s.store, 0, m->contract.id, amount, key, &m->s.hand, &order, &err));
    return order;
}

static size_t due(struct meters *m, heng_us at_us, struct heng_meter_order *ret, size_t cap)
{
    struct heng_err err;
    size_t n = 0;
    assert_ok(heng_store_due_meter_orders(heng_store_as_reader(m->s.store), at_us, ret, cap, &n, &err));
    return n;
}

/* Give it to the lines and take back what came of it. */
static void one_try(struct meters *m, int64_t id, heng_meter_end end)
{
    struct heng_meter_order order;
    struct heng_err err;
    assert_ok(heng_meter_order_number(m->s.store, id, &order, &err));
    assert_ok(heng_meter_order_sent(m->s.store, id, 700 + (int64_t)order.tries, &err));
    assert_ok(heng_meter_order_sent(m->s.store, id, 700 + (int64_t)order.tries, &err)); /* after a crash, once more */
    assert_ok(heng_meter_order_result(m->s.store, id, end, "as it was", m->s.hand.now_us, &err));
    assert_ok(heng_meter_order_result(m->s.store, id, end, "as it was", m->s.hand.now_us, &err)); /* told twice */
}

static void test_what_becomes_of_a_try(void **state)
{
    (void)state;
    assert_int_equal(heng_meter_order_next(HENG_METER_CONFIRMED, 1).state, HENG_METER_ORDER_CONFIRMED);
    assert_int_equal(heng_meter_order_next(HENG_METER_CONTRADICTED, 1).state, HENG_METER_ORDER_ALARM);
    assert_int_equal(heng_meter_order_next(HENG_METER_REFUSED, 1).state, HENG_METER_ORDER_WAITING);
    assert_int_equal(heng_meter_order_next(HENG_METER_REFUSED, HENG_METER_TRIES_MAX).state, HENG_METER_ORDER_FAILED);
    assert_int_equal(heng_meter_order_next(HENG_METER_UNSENT, 1).state, HENG_METER_ORDER_WAITING);
    assert_int_equal(heng_meter_order_next(HENG_METER_UNSENT, 2).state, HENG_METER_ORDER_UNKNOWN);
    heng_us before_us = 0;
    for (uint32_t tries = 1; tries < 1000; tries++) { /* silence never gives money up, nor hammers a meter */
        struct heng_meter_next next = heng_meter_order_next(HENG_METER_SILENT, tries);
        assert_int_equal(next.state, HENG_METER_ORDER_UNKNOWN);
        assert_true(next.pause_us >= before_us && next.pause_us >= 30 * second && next.pause_us <= 3600 * second);
        before_us = next.pause_us;
    }
    struct heng_command c = {.stage = HENG_STAGE_FAILED, .outcome = HENG_OUTCOME_COUNT};
    assert_int_equal(heng_meter_end_of(&c), HENG_METER_UNSENT);
    c.sent_us = 1;
    assert_int_equal(heng_meter_end_of(&c), HENG_METER_SILENT);
    c.outcome = HENG_OUTCOME_SILENCE;
    assert_int_equal(heng_meter_end_of(&c), HENG_METER_SILENT);
    c.outcome = HENG_OUTCOME_REFUSED;
    assert_int_equal(heng_meter_end_of(&c), HENG_METER_REFUSED);
    c.outcome = HENG_OUTCOME_OK;
    assert_int_equal(heng_meter_end_of(&c), HENG_METER_CONTRADICTED);
    c.stage = HENG_STAGE_CONFIRMED;
    assert_int_equal(heng_meter_end_of(&c), HENG_METER_CONFIRMED);
}

static void test_sold_ordered_delivered(void **state)
{
    struct meters m;
    struct heng_meter_order found[4], again;
    struct heng_contract contract;
    struct heng_err err;
    char key[64];
    (void)state;
    meters_open(&m);
    struct heng_meter_order first = make(&m, 20050, "a"), second_one = make(&m, 1000, "b");
    assert_int_equal(first.state, HENG_METER_ORDER_WAITING);
    assert_int_equal(first.device_id, m.device_id);
    assert_int_equal(balance_of(&m.s, m.account.id).purse, 50000 - 21050);
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 21050);
    assert_ok(heng_meter_order_make(m.s.store, 0, m.contract.id, 20050, "a", &m.s.hand, &again, &err));
    assert_int_equal(again.id, first.id);
    assert_refused(HENG_ECONFLICT, "another one",
                   heng_meter_order_make(m.s.store, 0, m.contract.id, 20051, "a", &m.s.hand, &again, &err));
    assert_refused(HENG_ECONFLICT, "sell to it first",
                   heng_meter_order_make(m.s.store, 0, m.contract.id, 28951, "c", &m.s.hand, &again, &err));
    assert_refused(HENG_EDENIED, "nothing comes out",
                   heng_meter_order_make(m.s.store, 0, m.contract.id, -1, "d", &m.s.hand, &again, &err));
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 21050);

    /* One of a meter at a time, the number given once and kept over silence. */
    assert_int_equal(due(&m, START_US, found, 4), 1);
    assert_int_equal(found[0].id, first.id);
    heng_meter_order_key(&found[0], key);
    one_try(&m, first.id, HENG_METER_SILENT);
    struct heng_meter_order now = order_of(&m, first.id);
    assert_int_equal(now.state, HENG_METER_ORDER_UNKNOWN);
    assert_int_equal(now.number, 1);
    assert_int_equal(now.tries, 1);
    assert_int_equal(due(&m, START_US, found, 4), 0); /* a pause, and nobody overtakes */
    assert_int_equal(due(&m, START_US + 30 * second, found, 4), 1);
    assert_int_equal(found[0].number, 1);
    char other[64];
    heng_meter_order_key(&found[0], other);
    assert_string_not_equal(key, other);
    one_try(&m, first.id, HENG_METER_CONFIRMED);
    assert_int_equal(order_of(&m, first.id).number, 1);
    assert_ok(heng_store_get_contract(heng_store_as_reader(m.s.store), m.contract.id, &contract, &err));
    assert_int_equal(contract.meter_count, 1);
    assert_int_equal(due(&m, START_US, found, 4), 1);
    assert_int_equal(found[0].id, second_one.id);
    one_try(&m, second_one.id, HENG_METER_CONFIRMED);
    assert_int_equal(order_of(&m, second_one.id).number, 2);
    assert_int_equal(due(&m, START_US, found, 4), 0);
    assert_proven(&m.s);
    account_site_close(&m.s);
}

static void test_people_decide(void **state)
{
    struct meters m;
    struct heng_meter_order found[4];
    struct heng_err err;
    size_t n;
    (void)state;
    meters_open(&m);
    struct heng_meter_order alarm = make(&m, 10000, "a"), behind = make(&m, 500, "b");
    one_try(&m, alarm.id, HENG_METER_CONTRADICTED);
    assert_int_equal(due(&m, START_US + 100 * 3600 * second, found, 4), 0); /* nothing goes behind an alarm */
    assert_ok(heng_store_list_meter_orders(heng_store_as_reader(m.s.store), 0, HENG_METER_ORDERS_STUCK, 0, found, 4, &n,
                                           &err));
    assert_int_equal(n, 1);
    assert_string_equal(found[0].why, "as it was");
    assert_refused(HENG_EDENIED, "say why",
                   heng_meter_order_decide(m.s.store, 0, alarm.id, HENG_METER_GIVE_BACK, -1, &m.s.hand, "", &err));
    assert_refused(HENG_ECONFLICT, "waiting",
                   heng_meter_order_decide(m.s.store, 0, behind.id, HENG_METER_GIVE_BACK, -1, &m.s.hand, "x", &err));
    /* The meter was topped up elsewhere: it says 4, and ours is the next one. */
    assert_ok(heng_meter_order_decide(m.s.store, 0, alarm.id, HENG_METER_AGAIN, 4, &m.s.hand, "card", &err));
    assert_int_equal(due(&m, START_US, found, 4), 1);
    assert_int_equal(found[0].number, 5);
    one_try(&m, alarm.id, HENG_METER_CONFIRMED);
    assert_int_equal(due(&m, START_US, found, 4), 1);
    for (unsigned i = 0; i < HENG_METER_TRIES_MAX; i++) one_try(&m, behind.id, HENG_METER_REFUSED);
    assert_int_equal(order_of(&m, behind.id).state, HENG_METER_ORDER_FAILED);
    assert_int_equal(order_of(&m, behind.id).number, 6);
    int64_t before = balance_of(&m.s, m.account.id).purse;
    assert_ok(heng_meter_order_decide(m.s.store, 0, behind.id, HENG_METER_GIVE_BACK, -1, &m.s.hand, "broken", &err));
    assert_int_equal(balance_of(&m.s, m.account.id).purse, before + 500);
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 10000);
    assert_refused(HENG_ECONFLICT, "returned",
                   heng_meter_order_decide(m.s.store, 0, behind.id, HENG_METER_GIVE_BACK, -1, &m.s.hand, "x", &err));
    assert_proven(&m.s);
    account_site_close(&m.s);
}

/* PP-C6: 63.27 goes over unchanged, as purchase 1 of the new meter, once. */
static void test_another_meter(void **state)
{
    struct meters m;
    struct heng_meter_order order, again, numbered;
    struct heng_err err;
    (void)state;
    meters_open(&m);
    struct heng_meter_order old = make(&m, 10000, "a");
    assert_refused(HENG_ECONFLICT, "settle it first",
                   heng_meter_order_exchange(m.s.store, 0, m.contract.id, 4, 6327, &m.s.hand, &order, &err));
    one_try(&m, old.id, HENG_METER_CONFIRMED);
    int64_t in_meter = balance_of(&m.s, m.account.id).in_meter;
    assert_ok(heng_meter_order_exchange(m.s.store, 0, m.contract.id, 4, 6327, &m.s.hand, &order, &err));
    assert_ok(heng_meter_order_exchange(m.s.store, 0, m.contract.id, 4, 6327, &m.s.hand, &again, &err));
    assert_int_equal(again.id, order.id);
    assert_ok(heng_meter_order_number(m.s.store, order.id, &numbered, &err));
    assert_int_equal(numbered.number, 1);
    assert_int_equal(numbered.amount, 6327);
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, in_meter);
    assert_proven(&m.s);
    account_site_close(&m.s);
}

static void test_sale_into_a_meter(void **state)
{
    struct meters m;
    struct heng_booked booked;
    struct heng_meter_order order, again;
    struct heng_err err;
    (void)state;
    meters_open(&m);
    struct heng_sale sale = {.account_id = m.account.id, .point_id = 3, .amount = 7700, .key = "counter-1"};
    assert_ok(heng_meter_sell(m.s.store, &sale, false, &m.s.hand, &booked, &order, &err));
    assert_int_equal(balance_of(&m.s, m.account.id).purse, 50000); /* what came in went on */
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 7700);
    assert_ok(heng_meter_sell(m.s.store, &sale, false, &m.s.hand, &booked, &again, &err));
    assert_int_equal(again.id, order.id);
    sale.key = "counter-2"; /* one is under way: no money is taken for another */
    assert_refused(HENG_EDENIED, "on its way",
                   heng_meter_sell(m.s.store, &sale, false, &m.s.hand, &booked, &again, &err));
    sale.point_id = 4;
    assert_refused(HENG_ENOTFOUND, "no contract today",
                   heng_meter_sell(m.s.store, &sale, false, &m.s.hand, &booked, &again, &err));
    assert_proven(&m.s);
    account_site_close(&m.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_becomes_of_a_try), cmocka_unit_test(test_sold_ordered_delivered),
        cmocka_unit_test(test_people_decide),         cmocka_unit_test(test_another_meter),
        cmocka_unit_test(test_sale_into_a_meter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
