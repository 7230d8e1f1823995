/* Money into meters: orders, their states, what people decide. By the real store and ledger, on both engines. */
#include "../account/account_site.h"
#include "../small_site.h"
#include "account/close.h"
#include "prepaid/meter_order.h"
#include "prepaid/meter_use.h"
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

    /* It is in there, says a person: it counts, and the next one is the one behind it, not the same once more. */
    struct heng_contract contract;
    struct heng_meter_order lost = make(&m, 500, "lost"), next = make(&m, 500, "next");
    one_try(&m, lost.id, HENG_METER_CONTRADICTED);
    int64_t number = order_of(&m, lost.id).number;
    assert_ok(heng_meter_order_decide(m.s.store, 0, lost.id, HENG_METER_ARRIVED, -1, &m.s.hand, "shown", &err));
    assert_ok(heng_store_get_contract(heng_store_as_reader(m.s.store), m.contract.id, &contract, &err));
    assert_int_equal(contract.meter_count, number);
    one_try(&m, next.id, HENG_METER_CONFIRMED);
    assert_int_equal(order_of(&m, next.id).number, number + 1);
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

/* --- what the meter uses of it ------------------------------------------------------------------------------------ */

enum { CENTS = -2 };

/* A question about the purse, and what the meter says: purchases so far, what is left. */
static void answered(struct meters *m, struct heng_charger *charger, int64_t count, int64_t left, heng_us at_us)
{
    const struct heng_register_key keys[] = {{.quantity = HENG_QUANTITY_PURCHASE, .unit = HENG_UNIT_NONE},
                                             {.quantity = HENG_QUANTITY_CREDIT, .unit = HENG_UNIT_CURRENCY}};
    const struct heng_register_key *const pointers[] = {&keys[0], &keys[1]};
    struct heng_frame frame = {.device_id = m->device_id, .at_us = at_us, .n = 1, .bytes = {0x68}};
    struct heng_reading reading = {.device_id = m->device_id,
                                   .at_us = at_us,
                                   .source = HENG_SOURCE_LINE,
                                   .quality = HENG_QUALITY_MEASURED,
                                   .partial = true,
                                   .frame_count = 1,
                                   .value_count = 2};
    struct heng_command command = {.line_id = WATER_LINE,
                                   .device_id = m->device_id,
                                   .protocol = HENG_PROTOCOL_CJT188,
                                   .order = {.kind = HENG_ORDER_READ_PURSE},
                                   .requested_us = at_us,
                                   .expires_us = at_us + second,
                                   .outcome = HENG_OUTCOME_OK};
    struct heng_meter_mirror mirror;
    struct heng_err err;
    heng_stored stored;
    int64_t ids[2], first_frame;
    size_t n = 0;
    assert_ok(heng_store_register_ids(m->s.store, m->device_id, pointers, 2, ids, &err));
    reading.values[0] = (struct heng_reading_value){.register_id = ids[0], .has_value = true, .dec = {count, 0}};
    reading.values[1] = (struct heng_reading_value){.register_id = ids[1], .has_value = true, .dec = {left, CENTS}};
    assert_ok(heng_store_add_reading(m->s.store, &reading, &frame, &stored, &first_frame, &err));
    assert_ok(heng_store_get_meter_mirror(heng_store_as_reader(m->s.store), m->contract.id, &mirror, &err));
    heng_meter_use_key(&mirror, command.key);
    command.stage = HENG_STAGE_QUEUED;
    assert_ok(heng_store_add_command(m->s.store, &command, &command.id, &err));
    assert_ok(heng_meter_use_asked(m->s.store, m->contract.id, command.id, "", at_us, &err));
    assert_ok(heng_meter_use_asked(m->s.store, m->contract.id, command.id + 1, "", at_us, &err)); /* told twice */
    command.stage = HENG_STAGE_CONFIRMED;
    command.sent_us = command.ended_us = command.reading_us = at_us;
    command.first_frame = first_frame;
    command.frame_count = 1;
    assert_ok(heng_store_put_command(m->s.store, &command, &err));
    m->s.hand.now_us = at_us;
    assert_ok(heng_meter_use_work(charger, m->s.store, at_us, &n, &err));
    assert_int_equal(n, 1);
    assert_ok(heng_meter_use_work(charger, m->s.store, at_us, &n, &err)); /* taken once */
    assert_int_equal(n, 0);
}

static struct heng_meter_mirror mirror_of(struct meters *m)
{
    struct heng_meter_mirror mirror;
    struct heng_err err;
    assert_ok(heng_store_get_meter_mirror(heng_store_as_reader(m->s.store), m->contract.id, &mirror, &err));
    return mirror;
}

static int64_t book_of(struct meters *m, heng_book_kind kind, const char *ref)
{
    struct heng_err err;
    int64_t ret = 0;
    assert_ok(
        heng_store_book_balance(heng_store_as_reader(m->s.store), m->account.org_id, kind, 0, ref, "CNY", &ret, &err));
    return ret;
}

#define TAXED_TARIFF                                                                                                   \
    "{\"id\": \"T\", \"currency\": \"CNY\", \"components\": [{\"id\": \"water\", \"rule\": \"per-unit\", "             \
    "\"quantity\": \"water\", \"unit\": \"m3\", \"price\": \"5.00\", \"vat\": {\"rate\": \"0.03\"}}%s]}"
#define OTHER_TAX                                                                                                      \
    ", {\"id\": \"sewage\", \"rule\": \"per-unit\", \"quantity\": \"water\", \"unit\": \"m3\", \"price\": \"1.00\", "  \
    "\"vat\": {\"rate\": \"0.06\"}}"

static void taxed(struct meters *m, const char *more)
{
    char body[600];
    snprintf(body, sizeof body, TAXED_TARIFF, more);
    put_tariff(&m->s, 0, "water", body);
}

static void test_what_a_meter_uses(void **state)
{
    struct meters m;
    struct heng_charger *charger;
    struct heng_meter_mirror mirror;
    struct heng_booked booked, again;
    struct heng_booking booking;
    struct heng_err err;
    heng_us at_us = START_US;
    int64_t used;
    (void)state;
    assert_int_equal(heng_meter_used(INT64_MIN, 1, 0, &used), HENG_ERANGE);
    assert_int_equal(heng_meter_used(10000, 0, INT64_MIN, &used), HENG_ERANGE);
    meters_open(&m);
    taxed(&m, "");
    assert_ok(heng_charger_new(heng_store_as_reader(m.s.store), &charger, &err));
    struct heng_meter_order order = make(&m, 10000, "a");
    one_try(&m, order.id, HENG_METER_CONFIRMED);
    assert_int_equal(mirror_of(&m).due_us, START_US); /* asked behind the purchase, at once */

    answered(&m, charger, 1, 8970, at_us += second); /* 10.30 used: 10.00 and 3 % */
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 8970);
    assert_int_equal(book_of(&m, HENG_BOOK_REVENUE, "cold water"), -1000);
    assert_int_equal(book_of(&m, HENG_BOOK_TAX, "3"), -30);
    mirror = mirror_of(&m);
    assert_int_equal(mirror.remaining, 8970);
    assert_int_equal(mirror.due_us, at_us + HENG_US_PER_DAY);
    assert_string_equal(mirror.why, "");
    assert_ok(heng_store_find_booking(heng_store_as_reader(m.s.store), "meter-use:1:1", &booking, &err));
    assert_int_equal(booking.subject_id, 1);         /* the command, with its frames */
    answered(&m, charger, 1, 8970, at_us += second); /* nothing used: nothing booked */
    assert_int_equal(book_of(&m, HENG_BOOK_TAX, "3"), -30);

    /* More than was put there; another count; an order of which nobody knows: nothing is booked, and it is said. */
    answered(&m, charger, 1, 8971, at_us += second);
    assert_non_null(strstr(mirror_of(&m).why, "more money is in the meter"));
    answered(&m, charger, 2, 8000, at_us += second);
    assert_non_null(strstr(mirror_of(&m).why, "counts 2 purchases, 1"));
    struct heng_meter_order next = make(&m, 5000, "b");
    answered(&m, charger, 1, 8900, at_us += second); /* what waits is not in there: 0.70 used */
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 8900 + 5000);
    one_try(&m, next.id, HENG_METER_SILENT);
    answered(&m, charger, 1, 8800, at_us += second);
    assert_non_null(strstr(mirror_of(&m).why, "under way"));
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 8900 + 5000);
    one_try(&m, next.id, HENG_METER_CONFIRMED);
    answered(&m, charger, 2, 13000, at_us += second);
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 13000);

    taxed(&m, OTHER_TAX); /* one sum and two rates: nobody knows */
    answered(&m, charger, 2, 12000, at_us += second);
    assert_non_null(strstr(mirror_of(&m).why, "several tax rates"));
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 13000);
    taxed(&m, "");
    answered(&m, charger, 2, 12000, at_us += second);

    /* Taken down with money in it: two persons, a reason, once. */
    assert_refused(HENG_EDENIED, "say why",
                   heng_meter_take_out(m.s.store, 0, m.contract.id, "out", &m.s.hand, "", &booked, &err));
    assert_refused(HENG_EDENIED, "second person",
                   heng_meter_take_out(m.s.store, 0, m.contract.id, "out", &m.s.hand, "gone", &booked, &err));
    snprintf(m.s.hand.second, sizeof m.s.hand.second, "Wang");
    int64_t purse = balance_of(&m.s, m.account.id).purse;
    assert_ok(heng_meter_take_out(m.s.store, 0, m.contract.id, "out", &m.s.hand, "taken down", &booked, &err));
    assert_ok(heng_meter_take_out(m.s.store, 0, m.contract.id, "out", &m.s.hand, "taken down", &again, &err));
    assert_true(again.existed);
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 0);
    assert_int_equal(balance_of(&m.s, m.account.id).purse, purse + 12000);
    assert_proven(&m.s);
    heng_charger_free(charger);
    account_site_close(&m.s);
}

/* --- one door ----------------------------------------------------------------------------------------------------- */

static bool says(const struct heng_close_view *view, const char *words)
{
    for (size_t i = 0; i < view->n; i++)
        if (strstr(view->why[i], words)) return true;
    return false;
}

static void test_one_door(void **state)
{
    struct meters m;
    struct heng_close_view view = {0};
    struct heng_closed closed;
    struct heng_command command = {.line_id = WATER_LINE,
                                   .protocol = HENG_PROTOCOL_CJT188,
                                   .order = {.kind = HENG_ORDER_CONNECT},
                                   .key = "valve",
                                   .stage = HENG_STAGE_QUEUED,
                                   .requested_us = START_US,
                                   .expires_us = START_US + second,
                                   .outcome = HENG_OUTCOME_COUNT};
    struct heng_booked booked;
    struct heng_meter_order orders[4];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    meters_open(&m);
    struct heng_sale sale = {.account_id = m.account.id, .point_id = 3, .amount = 7700, .key = "pay-1"};
    assert_ok(heng_prepaid_sell(m.s.store, &sale, false, &m.s.hand, &booked, &err)); /* as a channel does */
    assert_ok(heng_prepaid_sell(m.s.store, &sale, true, &m.s.hand, &booked, &err));
    assert_true(booked.existed);
    assert_ok(heng_store_list_meter_orders(heng_store_as_reader(m.s.store), 0, HENG_METER_ORDERS_OPEN, 0, orders, 4, &n,
                                           &err));
    assert_int_equal(n, 1);
    assert_int_equal(orders[0].amount, 7700);
    assert_int_equal(balance_of(&m.s, m.account.id).purse, 50000);

    /* An account with open orders does not end, nor does its contract; both say why, nothing changes. */
    assert_refused(HENG_ECONFLICT, "under way",
                   heng_contract_end(m.s.store, 0, m.contract.id, m.s.today, &m.s.hand, "", &err));
    command.device_id = m.device_id;
    assert_ok(heng_store_add_command(m.s.store, &command, &command.id, &err));
    assert_ok(heng_account_close_check(heng_store_as_reader(m.s.store), 0, m.account.id, m.s.today, &view, &err));
    assert_true(says(&view, "1 orders of money") && says(&view, "1 commands to its meters") &&
                says(&view, "in force: end it first") && says(&view, "77.00 lies in its meters"));
    snprintf(m.s.hand.second, sizeof m.s.hand.second, "Wang");
    assert_refused(HENG_ECONFLICT, "",
                   heng_account_close(m.s.store, 0, m.account.id, "close", &m.s.hand, "moves", &closed, &err));
    assert_int_equal(balance_of(&m.s, m.account.id).purse, 50000);

    /* Taken by a channel and nowhere to go: it stays in the purse. Not taken yet: refused, and nothing is booked. */
    sale.key = "pay-2";
    assert_refused(HENG_EDENIED, "on its way", heng_prepaid_sell(m.s.store, &sale, false, &m.s.hand, &booked, &err));
    sale.point_id = 4;
    assert_refused(HENG_EDENIED, "no prepaid contract",
                   heng_prepaid_sell(m.s.store, &sale, false, &m.s.hand, &booked, &err));
    assert_int_equal(balance_of(&m.s, m.account.id).purse, 50000);
    assert_ok(heng_prepaid_sell(m.s.store, &sale, true, &m.s.hand, &booked, &err));
    assert_int_equal(balance_of(&m.s, m.account.id).purse, 57700);
    assert_int_equal(balance_of(&m.s, m.account.id).in_meter, 7700);
    assert_proven(&m.s);
    account_site_close(&m.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_becomes_of_a_try),
        cmocka_unit_test(test_sold_ordered_delivered),
        cmocka_unit_test(test_people_decide),
        cmocka_unit_test(test_another_meter),
        cmocka_unit_test(test_sale_into_a_meter),
        cmocka_unit_test(test_what_a_meter_uses),
        cmocka_unit_test(test_one_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
