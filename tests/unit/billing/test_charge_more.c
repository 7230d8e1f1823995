/* What a contract costs by rules that need more than a total, on days that are no 24 hours; facts that were read ahead;
 * many charges at once. */
#include "store/db.h"
#include "unit/billing/charge_site.h"

#define ENERGY             "{\"id\":\"energy\",\"rule\":\"per-unit\",\"quantity\":\"active\",\"unit\":\"kWh\",\"price\":\"1\"}"
#define TARIFF(components) "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[" components "]}"
#define NIGHT                                                                                                          \
    "\"calendar\":[{\"from\":\"2020-01-01\",\"otherwise\":\"peak\",\"windows\":[{\"rate\":\"valley\",\"from\":"        \
    "\"00:00\",\"to\":\"08:00\"}]}]"
#define DAY_AND_NIGHT                                                                                                  \
    TARIFF("{\"id\":\"energy\",\"rule\":\"tou\",\"quantity\":\"active\",\"unit\":\"kWh\",\"rates\":[{\"rate\":"        \
           "\"peak\",\"price\":\"0.60\"},{\"rate\":\"valley\",\"price\":\"0.30\"}]," NIGHT "}")
#define IN_ORDER                                                                                                       \
    TARIFF("{\"id\":\"energy\",\"rule\":\"tou-steps\",\"attribution\":\"in-order\",\"quantity\":\"active\",\"unit\":"  \
           "\"kWh\",\"cycle\":\"month\",\"rates\":[{\"rate\":\"peak\"},{\"rate\":\"valley\"}]," NIGHT                  \
           ",\"steps\":[{\"from\":\"0\",\"prices\":{\"peak\":\"1\",\"valley\":\"0.5\"}},{\"from\":\"30\",\"prices\":"  \
           "{\"peak\":\"2\",\"valley\":\"1\"}}]}")

static void in_zone(struct charge_site *s, const char *zone)
{
    char text[128];
    struct heng_err err;
    snprintf(text, sizeof text, "UPDATE setting SET value = '%s' WHERE name = 'time_zone'", zone);
    charge_sql(s, text);
    heng_charger_free(s->charger);
    assert_ok(heng_charger_new(s->reader, &s->charger, &err));
}

static void test_hours_in_their_order_fill_the_tiers(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", IN_ORDER);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 3, 3), 2400, 24, HENG_TRUST_VALID); /* 1 kWh an hour */
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 3, 3));
    /* 14 x 0.5 and 16 x 1 until 30 kWh, then 2 x 1 and 16 x 2 */
    assert_int_equal(s.charge.total, 5700);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_days_when_the_clock_is_moved(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    in_zone(&s, "Europe/Berlin");
    put_tariff(&s, "home", DAY_AND_NIGHT);
    put_days(&s, MAIN, DAY(2026, 3, 29), DAY(2026, 3, 30), 2300, 23, HENG_TRUST_VALID);   /* no hour from 2 to 3 */
    put_days(&s, MAIN, DAY(2026, 10, 25), DAY(2026, 10, 26), 2500, 25, HENG_TRUST_VALID); /* 2 to 3 comes twice */
    charge_days(&s, DAY(2026, 3, 29), DAY(2026, 3, 30));
    assert_line(&s.charge, 0, "16.00", "0.60", 960);
    assert_line(&s.charge, 1, "7.00", "0.30", 210);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_days(&s, DAY(2026, 10, 25), DAY(2026, 10, 26));
    assert_line(&s.charge, 0, "16.00", "0.60", 960);
    assert_line(&s.charge, 1, "9.00", "0.30", 270);
    put_tariff(&s, "home", IN_ORDER);
    charge_days(&s, DAY(2026, 10, 25), DAY(2026, 10, 26));
    assert_int_equal(s.charge.total, 2050); /* 9 x 0.5 + 16 x 1: the hour that comes twice counts twice */
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_demand_is_the_largest_mean_power(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(
        &s, "home",
        TARIFF("{\"id\":\"demand\",\"rule\":\"demand\",\"by\":\"maximum\",\"quantity\":\"demand\",\"unit\":\"kW\","
               "\"price\":\"40.00\"}," ENERGY));
    put_days(&s, MAIN, DAY(2026, 4, 1), DAY(2026, 5, 1), 2400, 24, HENG_TRUST_VALID);
    put_days(&s, MAIN, DAY(2026, 4, 17), DAY(2026, 4, 18), 6000, 24, HENG_TRUST_VALID); /* 2.5 kWh an hour */
    charge_days(&s, DAY(2026, 4, 1), DAY(2026, 5, 1));
    assert_int_equal(s.charge.lines[0].amount, 10000); /* 2.5 kW x 40.00 */
    assert_int_equal(s.charge.total, 10000 + 75600);   /* 29 x 24 + 60 kWh */
    assert_true(says(s.charge.trace, "\"maximum\""));
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_power_factor_out_of_two_channels(void **state)
{
    struct charge_site s;
    struct heng_err err;
    char text[256];
    (void)state;
    charge_site_open(&s);
    snprintf(
        text, sizeof text,
        "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, max_per_hour, "
        "main) VALUES (2, 1, '%s', 0, '', '%s', 1, 60, '', 0)",
        heng_quantity_text(HENG_QUANTITY_REACTIVE_ENERGY), heng_unit_text(HENG_UNIT_VARH));
    charge_sql(&s, text);
    put_tariff(&s, "home",
               TARIFF(ENERGY ",{\"id\":\"pf\",\"rule\":\"power-factor\",\"standard\":\"0.85\",\"of\":[\"energy\"]}"));
    put_days(&s, MAIN, DAY(2026, 4, 1), DAY(2026, 5, 1), 30000, 24, HENG_TRUST_VALID); /* 9000 kWh */
    put_days(&s, 2, DAY(2026, 4, 1), DAY(2026, 5, 1), 16000, 24, HENG_TRUST_VALID);    /* 4800 kvarh: 0.88 */
    charge_days(&s, DAY(2026, 4, 1), DAY(2026, 5, 1));
    assert_int_equal(s.charge.lines[1].amount, -2700); /* three times -0.1 % */
    assert_int_equal(s.charge.total, 900000 - 2700);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

/* --- read ahead ----------------------------------------------------------------------------------------------------
 */

enum { CONTRACTS = 5 };

/* Points 2 and 3 beside point 1, with meter 2 at point 2; two contracts at point 2, one after the other. */
static void more_contracts(struct charge_site *s, struct heng_contract ret[CONTRACTS])
{
    const struct {
        int64_t point;
        heng_day from, to;
    } rows[CONTRACTS - 1] = {{2, DAY(2026, 1, 1), DAY(2026, 3, 11)},
                             {2, DAY(2026, 3, 11), 0},
                             {3, DAY(2026, 3, 5), 0},
                             {1, DAY(2026, 1, 1), 0}};
    struct heng_err err;
    charge_sql(s, "INSERT INTO point (id, place_id, medium) VALUES (2, 1, 'electricity'), (3, 1, 'electricity')");
    charge_sql(s, "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, "
                  "max_per_hour, main) SELECT id, id, 'energy', 0, '', 'Wh', 1, 60, '', 1 FROM point WHERE id > 1");
    charge_sql(s, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (2, 2, 2, 0)");
    assert_ok(heng_store_begin(s->store, &err));
    for (size_t i = 0; i < CONTRACTS - 1; i++) {
        ret[i] = s->contract;
        ret[i].id = 0;
        ret[i].point_id = rows[i].point;
        ret[i].from_day = rows[i].from;
        ret[i].to_day = rows[i].to;
        assert_ok(heng_store_put_contract(s->store, &ret[i], &err));
    }
    assert_ok(heng_store_commit(s->store, &err));
    ret[CONTRACTS - 1] = s->contract;
}

static void test_read_ahead_is_the_same_as_asked_one_by_one(void **state)
{
    struct charge_site s;
    struct heng_err err;
    struct heng_contract contracts[CONTRACTS];
    struct heng_charge_ask asks[CONTRACTS];
    struct heng_charge one[CONTRACTS], ahead;
    struct heng_charge_findings findings;
    (void)state;
    charge_site_open(&s);
    more_contracts(&s, contracts);
    put_tariff(&s, "home", DAY_AND_NIGHT);
    for (int64_t channel = 1; channel <= 3; channel++)
        put_days(&s, channel, DAY(2026, 2, 1), DAY(2026, 4, 1), 1000 * channel, 24,
                 channel == 3 ? HENG_TRUST_ESTIMATED : HENG_TRUST_VALID);
    for (int64_t device = 1; device <= 2; device++)
        for (int month = 2; month <= 4; month++)
            put_index(&s, device, day_us(&s, DAY(2026, month, 1)), 1000 * device + 100 * month);
    static struct heng_usage_row estimate; /* in the place of a day */
    day_row(2, DAY(2026, 3, 20), 7777, 24, HENG_TRUST_ESTIMATED, &estimate);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_put_usage(s.store, HENG_USAGE_ESTIMATE, &estimate, &err));
    assert_ok(heng_store_commit(s.store, &err));
    charge_days(&s, DAY(2026, 2, 1), DAY(2026, 3, 1)); /* one that was charged before */
    for (size_t i = 0; i < CONTRACTS; i++) {
        const struct heng_contract *c = &contracts[i];
        asks[i] = (struct heng_charge_ask){.contract = c,
                                           .currency = "CNY",
                                           .from_day = c->from_day > DAY(2026, 3, 1) ? c->from_day : DAY(2026, 3, 1),
                                           .to_day = c->to_day ? c->to_day : DAY(2026, 4, 1),
                                           .must_be_complete = true};
        assert_ok(heng_charge_work(s.charger, &asks[i], &s.arena, &one[i], &findings, &err));
    }
    heng_charger_hold(s.charger, true);
    assert_ok(heng_charger_ahead(s.charger, asks, CONTRACTS, &err));
    uint32_t days = s.reader->db.asked[HENG_SQL_CHARGE_DAYS], bounds = s.reader->db.asked[HENG_SQL_CHARGE_BOUNDS];
    for (size_t i = 0; i < CONTRACTS; i++) {
        assert_ok(heng_charge_work(s.charger, &asks[i], &s.arena, &ahead, &findings, &err));
        assert_memory_equal(ahead.digest, one[i].digest, sizeof ahead.digest);
        assert_true(ahead.total > 0);
        assert_true(i != 1 || ahead.estimated);
    }
    if (s.reader->db.postgres) { /* all of it was there */
        assert_int_equal(s.reader->db.asked[HENG_SQL_CHARGE_DAYS], days);
        assert_int_equal(s.reader->db.asked[HENG_SQL_CHARGE_BOUNDS], bounds);
    }
    /* What was not wanted is asked as ever; and what was let go as well. */
    struct heng_charge_ask other = asks[CONTRACTS - 1];
    other.from_day = DAY(2026, 2, 1);
    assert_ok(heng_charge_work(s.charger, &other, &s.arena, &ahead, &findings, &err));
    assert_true(ahead.total > one[CONTRACTS - 1].total);
    heng_charger_hold(s.charger, false);
    put_days(&s, 1, DAY(2026, 3, 1), DAY(2026, 3, 2), 5000, 24, HENG_TRUST_VALID);
    assert_ok(heng_charge_work(s.charger, &asks[CONTRACTS - 1], &s.arena, &ahead, &findings, &err));
    assert_true(ahead.total > one[CONTRACTS - 1].total);
    charge_site_close(&s);
}

/* --- many, and the last --------------------------------------------------------------------------------------------
 */

static void test_many_are_stored_and_read_back(void **state)
{
    enum { MANY = 2100 };
    struct charge_site s;
    struct heng_err err;
    struct heng_charge back, *many = calloc(MANY, sizeof *many);
    (void)state;
    assert_non_null(many);
    charge_site_open(&s);
    put_tariff(&s, "home", DAY_AND_NIGHT);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 3, 2), 2400, 24, HENG_TRUST_VALID);
    assert_ok(work(&s, DAY(2026, 3, 1), DAY(2026, 3, 2), true, &err));
    for (size_t i = 0; i < MANY; i++) {
        many[i] = s.charge;
        many[i].at_us = (int64_t)i + 1;
    }
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_put_charges(s.store, many, MANY, &err));
    assert_ok(heng_store_commit(s.store, &err));
    for (size_t i = 0; i < MANY; i += 7) {
        uint8_t digest[32];
        assert_ok(heng_store_get_charge(s.reader, many[i].id, &s.arena, &back, &err));
        assert_int_equal(back.at_us, (int64_t)i + 1);
        assert_int_equal(back.line_count, s.charge.line_count);
        assert_ok(heng_charge_digest(&back, digest, &err));
        assert_memory_equal(digest, many[i].digest, sizeof digest);
    }
    free(many);
    charge_site_close(&s);
}

static void test_the_last_charge_is_of_a_bill_that_stands(void **state)
{
    struct charge_site s;
    struct heng_err err;
    struct heng_charge last;
    struct heng_bill bill = {.kind = HENG_BILL_BILL,
                             .state = HENG_BILL_STATE_DRAFT,
                             .from_day = DAY(2026, 3, 1),
                             .to_day = DAY(2026, 4, 1),
                             .currency = "CNY"};
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", DAY_AND_NIGHT);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 2400, 24, HENG_TRUST_VALID);
    assert_ok(work(&s, DAY(2026, 3, 1), DAY(2026, 4, 1), true, &err));
    bill.account_id = s.account.id;
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_put_bill(s.store, &bill, &err));
    s.charge.bill_id = bill.id;
    assert_ok(heng_store_put_charges(s.store, &s.charge, 1, &err));
    const heng_bill_state states[] = {HENG_BILL_STATE_DRAFT, HENG_BILL_STATE_ISSUED, HENG_BILL_STATE_REVERSED};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        bill.state = states[i];
        assert_ok(heng_store_put_bill(s.store, &bill, &err));
        heng_rc rc = heng_store_last_charge(s.reader, s.contract.id, DAY(2026, 4, 1), &s.arena, &last, &err);
        assert_int_equal(rc, states[i] == HENG_BILL_STATE_ISSUED ? HENG_OK : HENG_ENOTFOUND);
        if (rc == HENG_OK) assert_int_equal(last.id, s.charge.id);
    }
    assert_ok(heng_store_commit(s.store, &err));
    charge_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hours_in_their_order_fill_the_tiers),
        cmocka_unit_test(test_days_when_the_clock_is_moved),
        cmocka_unit_test(test_demand_is_the_largest_mean_power),
        cmocka_unit_test(test_power_factor_out_of_two_channels),
        cmocka_unit_test(test_read_ahead_is_the_same_as_asked_one_by_one),
        cmocka_unit_test(test_many_are_stored_and_read_back),
        cmocka_unit_test(test_the_last_charge_is_of_a_bill_that_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
