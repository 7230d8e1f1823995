/* What a contract costs, out of usage that lies in the store. */
#include "unit/billing/charge_site.h"

#define FLAT_TARIFF                                                                                                    \
    "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"per-unit\","                     \
    "\"quantity\":\"active\",\"unit\":\"kWh\",\"price\":\"0.5380\",\"vat\":{\"rate\":\"0.13\"}}]}"
#define YEAR_STEPS                                                                                                     \
    "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"steps\",\"quantity\":"           \
    "\"active\","                                                                                                      \
    "\"unit\":\"kWh\",\"steps\":[{\"from\":\"0\",\"price\":\"0.50\"},{\"from\":\"400\",\"price\":\"0.60\"}],"          \
    "\"cycle\":\"year\",\"bounds_per\":\"cycle\"}]}"
#define DAY_AND_NIGHT                                                                                                  \
    "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"tou\",\"quantity\":\"active\","  \
    "\"unit\":\"kWh\",\"rates\":[{\"rate\":\"peak\",\"price\":\"0.60\"},{\"rate\":\"valley\",\"price\":\"0.30\"}],"    \
    "\"calendar\":[{\"from\":\"2020-01-01\",\"otherwise\":\"peak\",\"windows\":[{\"rate\":\"valley\",\"from\":"        \
    "\"00:00\",\"to\":\"08:00\"}]}]}]}"
#define REGISTERS                                                                                                      \
    "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"tou\",\"quantity\":\"active\","  \
    "\"unit\":\"kWh\",\"rates\":[{\"rate\":\"peak\",\"price\":\"0.60\"},{\"rate\":\"valley\",\"price\":\"0.30\"}]}]}"

static void test_month_is_charged_and_traced(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1234, 24, HENG_TRUST_VALID); /* 12.34 kWh a day */
    int64_t begin = put_index(&s, 1, day_us(&s, DAY(2026, 3, 1)), 100000);
    int64_t end = put_index(&s, 1, day_us(&s, DAY(2026, 4, 1)), 138254);
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    assert_int_equal(s.charge.line_count, 1);
    assert_line(&s.charge, 0, "382.54", "0.5380", 20581); /* 382.54 x 0.5380 = 205.80652 */
    assert_int_equal(s.charge.total, 20581);
    assert_int_equal(s.charge.amount, 20581);
    assert_int_equal(s.charge.tax, 2368); /* 205.81 - 205.81 / 1.13 */
    assert_string_equal(s.charge.medium, "electricity");
    assert_string_equal(s.charge.lines[0].vat, "0.13");
    char text[64];
    snprintf(text, sizeof text, "\"frame\":%lld", (long long)begin);
    assert_true(says(s.charge.trace, text));
    snprintf(text, sizeof text, "\"frame\":%lld", (long long)end);
    assert_true(says(s.charge.trace, text));
    assert_true(says(s.charge.trace, "\"index\":\"1382540\""));
    assert_true(s.charge.trace.n < 1024);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_year_steps_go_on_from_month_to_month(void **state)
{
    struct charge_site s;
    struct heng_err err;
    int64_t total = 0;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", YEAR_STEPS);
    put_days(&s, MAIN, DAY(2026, 1, 1), DAY(2026, 5, 1), 500, 24, HENG_TRUST_VALID); /* 5 kWh a day */
    for (int month = 1; month <= 4; month++) {
        charge_days(&s, DAY(2026, month, 1), DAY(2026, month + 1, 1));
        total += s.charge.total;
        assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    }
    /* 120 days: 600 kWh, 400 at 0.50 and 200 at 0.60 */
    assert_int_equal(total, 32000);
    assert_line(&s.charge, s.charge.line_count - 1, "150.00", "0.60", 9000); /* April is all in the second tier */
    assert_true(says(s.charge.states, "\"used\":[\"400\",\"200.00\"]") || says(s.charge.states, "\"200.00\""));
    charge_site_close(&s);
}

static void test_steps_go_on_in_the_contract_that_follows(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", YEAR_STEPS);
    put_days(&s, MAIN, DAY(2026, 1, 1), DAY(2026, 5, 1), 500, 24, HENG_TRUST_VALID);
    for (int month = 1; month <= 3; month++) charge_days(&s, DAY(2026, month, 1), DAY(2026, month + 1, 1));
    struct heng_contract next = s.contract;
    s.contract.to_day = DAY(2026, 4, 1);
    next.id = 0;
    next.from_day = DAY(2026, 4, 1);
    next.follows = s.contract.id;
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_put_contract(s.store, &s.contract, &err));
    assert_ok(heng_store_put_contract(s.store, &next, &err));
    assert_ok(heng_store_commit(s.store, &err));
    s.contract = next;
    charge_days(&s, DAY(2026, 4, 1), DAY(2026, 5, 1));
    assert_int_equal(s.charge.total, 9000); /* as if nothing had happened */
    charge_site_close(&s);
}

static void test_times_of_use_out_of_intervals(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", DAY_AND_NIGHT);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 2400, 24, HENG_TRUST_VALID); /* 1 kWh an hour */
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    assert_int_equal(s.charge.line_count, 2);
    assert_line(&s.charge, 0, "496.00", "0.60", 29760);
    assert_line(&s.charge, 1, "248.00", "0.30", 7440);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_times_of_use_out_of_registers(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", REGISTERS);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 300, 24, HENG_TRUST_VALID);
    assert_int_equal(work(&s, DAY(2026, 3, 1), DAY(2026, 4, 1), true, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "register"));
    charge_sql(&s, "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, "
                   "max_per_hour, main) VALUES (2, 1, 'energy', 2, '', 'Wh', 1, 1440, '', 0), (4, 1, 'energy', 4, '', "
                   "'Wh', 1, 1440, '', 0)");
    put_days(&s, 2, DAY(2026, 3, 1), DAY(2026, 4, 1), 200, 1, HENG_TRUST_VALID); /* peak is the second register */
    put_days(&s, 4, DAY(2026, 3, 1), DAY(2026, 4, 1), 100, 1, HENG_TRUST_VALID); /* valley the fourth */
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    assert_line(&s.charge, 0, "62.00", "0.60", 3720);
    assert_line(&s.charge, 1, "31.00", "0.30", 930);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_price_change_is_cut_at_its_day(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home",
               "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"e\",\"rule\":\"per-unit\",\"quantity\":"
               "\"active\",\"unit\":\"kWh\",\"price\":\"0.50\",\"to\":\"2026-03-11\"},{\"id\":\"e\",\"rule\":"
               "\"per-unit\",\"quantity\":\"active\",\"unit\":\"kWh\",\"price\":\"1.00\",\"from\":\"2026-03-11\"}]}");
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 3, 11), 100, 24, HENG_TRUST_VALID);
    put_days(&s, MAIN, DAY(2026, 3, 11), DAY(2026, 4, 1), 900, 24, HENG_TRUST_VALID);
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    assert_line(&s.charge, 0, "10.00", "0.50", 500); /* as read, not by days */
    assert_line(&s.charge, 1, "189.00", "1.00", 18900);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_two_tariffs_in_one_period(void **state)
{
    struct charge_site s;
    struct heng_err err;
    struct heng_tariff_binding one = {.level = "class", .name = "home", .tariff_key = "a", .from_day = DAY(2020, 1, 1)};
    struct heng_tariff_binding two = {
        .level = "class", .name = "home", .tariff_key = "b", .from_day = DAY(2026, 3, 16)};
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "a", FLAT_TARIFF);
    put_tariff(&s, "b",
               "{\"id\":\"U\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"per-unit\","
               "\"quantity\":\"active\",\"unit\":\"kWh\",\"price\":\"1.0000\",\"vat\":{\"rate\":\"0.13\"}}]}");
    one.to_day = two.from_day;
    s.contract.tariff_key[0] = 0;
    snprintf(s.contract.price_class, sizeof s.contract.price_class, "home");
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_put_binding(s.store, &one, &err));
    assert_ok(heng_store_put_binding(s.store, &two, &err));
    assert_ok(heng_store_put_contract(s.store, &s.contract, &err));
    assert_ok(heng_store_commit(s.store, &err));
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    assert_line(&s.charge, 0, "150.00", "0.5380", 8070);
    assert_line(&s.charge, 1, "160.00", "1.0000", 16000);
    assert_true(says(s.charge.ask, "\"bindings\""));
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    charge_site_close(&s);
}

static void test_a_new_edition_changes_nothing_that_is_charged(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    int64_t total = s.charge.total, id = s.charge.id;
    put_tariff(&s, "home",
               "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"per-unit\","
               "\"quantity\":\"active\",\"unit\":\"kWh\",\"price\":\"9.0000\"}]}");
    assert_ok(heng_store_get_charge(s.reader, id, &s.arena, &s.charge, &err));
    assert_int_equal(s.charge.total, total);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    assert_ok(work(&s, DAY(2026, 3, 1), DAY(2026, 4, 1), true, &err));
    assert_int_equal(s.charge.total, 279000); /* what is asked for now goes by the new one */
    charge_site_close(&s);
}

static void test_what_was_changed_is_found(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    int64_t id = s.charge.id;
    charge_sql(&s, "UPDATE charge_line SET amount = amount - 1");
    charge_sql(&s, "UPDATE charge SET total = total - 1, amount = amount - 1");
    assert_ok(heng_store_get_charge(s.reader, id, &s.arena, &s.charge, &err));
    assert_int_equal(heng_charge_recompute(s.charger, &s.charge, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "changed"));
    /* and one who forges the digest, too, is found by the calculation */
    assert_ok(heng_charge_digest(&s.charge, s.charge.digest, &err));
    assert_int_equal(heng_charge_recompute(s.charger, &s.charge, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "line 1"));
    charge_site_close(&s);
}

static void test_missing_days(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 3, 21), 1000, 24, HENG_TRUST_VALID);
    put_days(&s, MAIN, DAY(2026, 3, 21), DAY(2026, 3, 22), 1000, 24, HENG_TRUST_MISSING);
    put_days(&s, MAIN, DAY(2026, 3, 22), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    assert_int_equal(work(&s, DAY(2026, 3, 1), DAY(2026, 4, 1), true, &err), HENG_ECONFIG);
    assert_int_equal(s.findings.flags & HENG_BILL_FLAG_INCOMPLETE, HENG_BILL_FLAG_INCOMPLETE);
    assert_int_equal(s.findings.known_to, DAY(2026, 3, 21));
    assert_non_null(strstr(s.findings.why, "2026-03-21"));
    assert_ok(work(&s, DAY(2026, 3, 1), DAY(2026, 4, 1), false, &err));
    assert_int_equal(s.charge.to_day, DAY(2026, 3, 21));
    assert_line(&s.charge, 0, "200.00", "0.5380", 10760);
    assert_int_equal(work(&s, DAY(2026, 4, 1), DAY(2026, 5, 1), false, &err), HENG_ECONFIG); /* nothing is known */
    charge_site_close(&s);
}

static void test_estimated_days_are_said(void **state)
{
    struct charge_site s;
    struct heng_err err;
    static struct heng_usage_row row;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    put_days(&s, MAIN, DAY(2026, 3, 5), DAY(2026, 3, 6), 1000, 24, HENG_TRUST_MISSING);
    day_row(MAIN, DAY(2026, 3, 5), 1000, 24, HENG_TRUST_ESTIMATED, &row);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_put_usage(s.store, HENG_USAGE_ESTIMATE, &row, &err));
    assert_ok(heng_store_commit(s.store, &err));
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 4, 1));
    assert_true(s.charge.estimated);
    assert_true(says(s.charge.trace, "\"estimated\":1"));
    assert_int_equal(s.findings.flags, HENG_BILL_FLAG_ESTIMATED);
    assert_line(&s.charge, 0, "310.00", "0.5380", 16678);
    charge_site_close(&s);
}

static void test_an_exchange_in_the_middle(void **state)
{
    struct charge_site s;
    struct heng_err err;
    char text[256];
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    heng_us at_us = day_us(&s, DAY(2026, 3, 16));
    snprintf(text, sizeof text, "UPDATE installation SET until_us = %lld WHERE id = 1", (long long)at_us);
    charge_sql(&s, text);
    snprintf(text, sizeof text, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (2, 2, 1, %lld)",
             (long long)at_us);
    charge_sql(&s, text);
    put_index(&s, 1, day_us(&s, DAY(2026, 3, 1)), 5000);
    put_index(&s, 1, at_us, 20000);
    put_index(&s, 2, at_us, 0);
    put_index(&s, 2, day_us(&s, DAY(2026, 4, 1)), 16000);
    assert_ok(work(&s, DAY(2026, 3, 1), DAY(2026, 4, 1), true, &err));
    assert_int_equal(s.findings.flags, HENG_BILL_FLAG_EXCHANGED);
    assert_true(says(s.charge.trace, "\"meter\":\"A\""));
    assert_true(says(s.charge.trace, "\"meter\":\"B\""));
    assert_true(says(s.charge.trace, "\"index\":\"200000\""));
    assert_true(says(s.charge.trace, "\"index\":\"160000\""));
    assert_int_equal(s.charge.total, 16678);
    charge_site_close(&s);
}

static void test_units_meet_exactly_or_not_at_all(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home",
               "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"h\",\"rule\":\"per-unit\",\"quantity\":"
               "\"heat\",\"unit\":\"GJ\",\"price\":\"100\"}]}");
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 3, 2), 100000, 24, HENG_TRUST_VALID); /* 1 MWh is 3.6 GJ */
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 3, 2));
    assert_int_equal(s.charge.total, 36000);
    put_tariff(&s, "home",
               "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"h\",\"rule\":\"per-unit\",\"quantity\":"
               "\"heat\",\"unit\":\"m3\",\"price\":\"100\"}]}");
    assert_int_equal(work(&s, DAY(2026, 3, 1), DAY(2026, 3, 2), true, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "m3"));
    charge_site_close(&s);
}

static void test_terms_are_passed_on(void **state)
{
    struct charge_site s;
    struct heng_err err;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home",
               "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"area\",\"rule\":\"fixed\",\"base\":"
               "\"area\",\"unit\":\"m2\",\"price\":\"2.00\",\"per\":\"month\",\"month_days\":\"30\"}]}");
    snprintf(s.contract.terms, sizeof s.contract.terms,
             "{\"bases\": [{\"name\": \"area\", \"unit\": \"m2\", \"value\": \"89.3\"}]}");
    charge_days(&s, DAY(2026, 3, 1), DAY(2026, 3, 16));
    assert_int_equal(s.charge.total, 8930);
    assert_int_equal(s.charge.lines[0].time_count * 2, s.charge.lines[0].time_of);
    assert_ok(heng_charge_recompute(s.charger, &s.charge, &err));
    snprintf(s.contract.terms, sizeof s.contract.terms, "{\"bases\": [{\"name\": 7}]}");
    assert_int_equal(work(&s, DAY(2026, 3, 1), DAY(2026, 3, 16), true, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "bases[0].name"));
    charge_site_close(&s);
}

static void test_the_postings_of_a_day_sum_up_to_the_month(void **state)
{
    struct charge_site s;
    struct heng_err err;
    int64_t purse = 0, revenue = 0, tax = 0, before = 0;
    (void)state;
    charge_site_open(&s);
    put_tariff(&s, "home", FLAT_TARIFF);
    put_days(&s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 333, 24, HENG_TRUST_VALID);
    for (heng_day day = DAY(2026, 3, 2); day <= DAY(2026, 4, 1); day++) {
        const struct heng_charge_ask ask = {.contract = &s.contract,
                                            .currency = "CNY",
                                            .from_day = DAY(2026, 3, 1),
                                            .to_day = day,
                                            .before = before,
                                            .must_be_complete = true};
        struct heng_booking booking = {.kind = HENG_BOOKING_CHARGE, .account_id = s.account.id};
        assert_ok(heng_charge_work(s.charger, &ask, &s.arena, &s.charge, &s.findings, &err));
        assert_ok(heng_charge_post(&s.charge, HENG_BOOK_PURSE, 1, &booking, &err));
        int64_t sum = 0;
        for (size_t i = 0; i < booking.posting_count; i++) {
            int64_t amount = booking.postings[i].amount;
            sum += amount;
            *(booking.postings[i].book == HENG_BOOK_PURSE ? &purse
              : booking.postings[i].book == HENG_BOOK_TAX ? &tax
                                                          : &revenue) += amount;
        }
        assert_int_equal(sum, 0);
        before = s.charge.total;
        assert_ok(heng_store_begin(s.store, &err));
        assert_ok(heng_store_put_charges(s.store, &s.charge, 1, &err));
        assert_ok(heng_store_commit(s.store, &err));
    }
    assert_int_equal(purse, s.charge.total); /* 31 x 3.33 x 0.5380 = 55.53774, rounded once */
    assert_int_equal(purse, 5554);
    assert_int_equal(tax, -s.charge.tax);
    assert_int_equal(revenue, -(s.charge.total - s.charge.tax));
    charge_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_month_is_charged_and_traced),
        cmocka_unit_test(test_year_steps_go_on_from_month_to_month),
        cmocka_unit_test(test_steps_go_on_in_the_contract_that_follows),
        cmocka_unit_test(test_times_of_use_out_of_intervals),
        cmocka_unit_test(test_times_of_use_out_of_registers),
        cmocka_unit_test(test_price_change_is_cut_at_its_day),
        cmocka_unit_test(test_two_tariffs_in_one_period),
        cmocka_unit_test(test_a_new_edition_changes_nothing_that_is_charged),
        cmocka_unit_test(test_what_was_changed_is_found),
        cmocka_unit_test(test_missing_days),
        cmocka_unit_test(test_estimated_days_are_said),
        cmocka_unit_test(test_an_exchange_in_the_middle),
        cmocka_unit_test(test_units_meet_exactly_or_not_at_all),
        cmocka_unit_test(test_terms_are_passed_on),
        cmocka_unit_test(test_the_postings_of_a_day_sum_up_to_the_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
