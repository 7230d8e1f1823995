/* Contracts: who pays for a point, from when; mode changed, tenants change, tariffs that fit. */
#include "../small_site.h"
#include "account_site.h"

static struct heng_contract wish(struct account_site *s, int64_t account_id, int64_t point_id, const char *tariff)
{
    struct heng_contract contract = {.account_id = account_id, .point_id = point_id, .from_day = s->today};
    snprintf(contract.tariff_key, sizeof contract.tariff_key, "%s", tariff);
    return contract;
}

static void a_point_has_one_contract_a_day(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A"), b = new_account(&s, "B", "B");
    struct heng_contract first = new_contract(&s, &a, 1, HENG_MODE_POSTPAID, "heat"),
                         second = wish(&s, b.id, 1, "heat");
    assert_refused(HENG_ECONFLICT, "account A has a contract",
                   heng_contract_add(s.store, 0, &second, &s.hand, "", &err));
    assert_ok(heng_contract_end(s.store, 0, first.id, s.today, &s.hand, "moved", &err));
    assert_ok(heng_contract_add(s.store, 0, &second, &s.hand, "", &err));
    struct heng_contract before = wish(&s, b.id, 1, "heat");
    before.from_day = first.from_day - 10;
    assert_refused(HENG_ECONFLICT, "account", heng_contract_add(s.store, 0, &before, &s.hand, "", &err));
    before.to_day = first.from_day;
    assert_ok(heng_contract_add(s.store, 0, &before, &s.hand, "", &err));
    account_site_close(&s);
}

/* PP-C8: one user, many meters, prepaid and postpaid side by side; a meter comes later. */
static void an_account_has_many_points_and_modes(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_contract found[8];
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    new_contract(&s, &a, 1, HENG_MODE_PREPAID, "heat");
    new_contract(&s, &a, 3, HENG_MODE_POSTPAID, "water");
    struct heng_contract later = wish(&s, a.id, 4, "water");
    assert_ok(heng_contract_add(s.store, 0, &later, &s.hand, "meter added", &err));
    assert_ok(heng_store_list_contracts(heng_store_as_reader(s.store), a.id, 0, 0, found, 8, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(found[2].id, later.id);
    assert_string_equal(found[2].terms, "{}");
    account_site_close(&s);
}

static void a_tariff_that_does_not_fit_is_refused_before_the_first_bill(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    static const struct {
        const char *tariff, *terms, *words;
        int64_t point;
    } wrong[] = {
        {"nothing", "", "no tariff 'nothing'", 1},
        {"", "", "no tariff, no group and no price class", 1},
        {"water", "", "priced by m3", 1},
        {"area", "", "area", 1},
        {"area", "{\"bases\": [{\"name\": \"area\", \"unit\": \"kVA\", \"value\": \"80\"}]}", "does not fit", 1},
        {"heat", "{\"person\": 3}", "person", 1},
        {"heat", "{\"persons\": 3", "terms", 1},
        {"heat", "{\"persons\": 3, \"persons\": 4}", "twice", 1},
        {"heat", "{}, \"tariff\": {}", "terms", 1},
        {"heat", "[]", "terms", 1},
        {"heat", "{\"id\": \"X\"}", "terms", 1},
        {"heat", "{\"persons\": \"many\"}", "persons", 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct heng_contract contract = wish(&s, a.id, wrong[i].point, wrong[i].tariff);
        snprintf(contract.terms, sizeof contract.terms, "%s", wrong[i].terms);
        heng_rc rc = heng_contract_add(s.store, 0, &contract, &s.hand, "", &err);
        if (rc == HENG_OK || !strstr(err.text, wrong[i].words)) fail_msg("%zu: %s: %s", i, heng_rc_name(rc), err.text);
    }
    struct heng_contract good = wish(&s, a.id, 1, "area");
    snprintf(good.terms, sizeof good.terms,
             "{\"bases\": [{\"name\": \"area\", \"unit\": \"m2\", \"value\": \"89.30\"}]}");
    assert_ok(heng_contract_add(s.store, 0, &good, &s.hand, "", &err));
    account_site_close(&s);
}

static void days_and_ids_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    static const struct {
        int32_t from, to;
    } days[] = {{0, 0}, {-5, 0}, {INT32_MAX, 0}, {20000, 20000}, {20000, 19999}, {20000, INT32_MAX}, {20000, -1}};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct heng_contract contract = wish(&s, a.id, 1, "heat");
        contract.from_day = days[i].from;
        contract.to_day = days[i].to;
        assert_int_not_equal(heng_contract_add(s.store, 0, &contract, &s.hand, "", &err), HENG_OK);
    }
    struct heng_contract contract = wish(&s, a.id, 999, "heat"), nobody = wish(&s, 12345, 1, "heat");
    assert_refused(HENG_ENOTFOUND, "point", heng_contract_add(s.store, 0, &contract, &s.hand, "", &err));
    assert_refused(HENG_ENOTFOUND, "account", heng_contract_add(s.store, 0, &nobody, &s.hand, "", &err));
    assert_refused(HENG_ENOTFOUND, "contract", heng_contract_end(s.store, 0, 4711, s.today, &s.hand, "", &err));
    account_site_close(&s);
}

static void what_is_charged_is_not_ended_away(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    struct heng_contract contract = new_contract(&s, &a, 1, HENG_MODE_POSTPAID, "heat");
    charged_to(&s, &contract, s.today - 10);
    assert_refused(HENG_ECONFLICT, "charged until 2026-11-10",
                   heng_contract_end(s.store, 0, contract.id, s.today - 11, &s.hand, "", &err));
    assert_ok(heng_contract_end(s.store, 0, contract.id, s.today - 10, &s.hand, "", &err));
    assert_ok(heng_contract_end(s.store, 0, contract.id, s.today - 10, &s.hand, "", &err));
    assert_refused(HENG_ECONFLICT, "ended", heng_contract_end(s.store, 0, contract.id, s.today, &s.hand, "", &err));
    account_site_close(&s);
}

static void switching_keeps_tiers_and_moves_the_money_when_all_is_charged(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_contract next, back;
    struct heng_booked booked;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A");
    const struct heng_opening opening = {.purse = 4000};
    assert_ok(heng_account_carry_in(s.store, 0, a.id, &opening, &s.hand, "", &booked, &err));
    struct heng_contract contract = new_contract(&s, &a, 3, HENG_MODE_PREPAID, "water");
    assert_ok(heng_contract_switch(s.store, 0, contract.id, HENG_MODE_POSTPAID, s.today, NULL, &s.hand, "asked", &next,
                                   &err));
    assert_int_equal(next.follows, contract.id);
    assert_int_equal(next.mode, HENG_MODE_POSTPAID);
    assert_int_equal(next.from_day, s.today);
    assert_int_equal(balance_of(&s, a.id).purse, 4000); /* yesterday is not charged yet */
    charged_to(&s, &contract, s.today);
    assert_ok(heng_account_tidy(s.store, 0, a.id, &s.hand, &err));
    assert_int_equal(balance_of(&s, a.id).purse, 0);
    assert_int_equal(balance_of(&s, a.id).advance, 4000);
    assert_ok(heng_account_tidy(s.store, 0, a.id, &s.hand, &err));
    assert_int_equal(balance_of(&s, a.id).advance, 4000);
    assert_refused(
        HENG_ECONFIG, "already",
        heng_contract_switch(s.store, 0, next.id, HENG_MODE_POSTPAID, s.today + 1, NULL, &s.hand, "", &back, &err));
    assert_refused(
        HENG_ECONFLICT, "not in force",
        heng_contract_switch(s.store, 0, contract.id, HENG_MODE_POSTPAID, s.today + 1, NULL, &s.hand, "", &back, &err));
    assert_proven(&s);
    account_site_close(&s);
}

static void tenants_change_and_the_flat_keeps_what_is_its(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_contract made[8], old;
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    struct heng_account a = new_account(&s, "A", "A"), b = new_account(&s, "B", "B");
    struct heng_contract heat = wish(&s, a.id, 1, "area");
    heat.from_day = s.today - 100;
    snprintf(heat.terms, sizeof heat.terms,
             "{\"persons\": 5, \"bases\": [{\"name\": \"area\", \"unit\": \"m2\", \"value\": \"89.30\"}]}");
    assert_ok(heng_contract_add(s.store, 0, &heat, &s.hand, "", &err));
    new_contract(&s, &a, 3, HENG_MODE_PREPAID, "water");
    struct heng_move move = {.from_account = a.id, .to_account = b.id, .day = s.today, .persons = 2};
    assert_ok(heng_account_move(s.store, 0, &move, &s.hand, "moved out", made, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(made[0].account_id, b.id);
    assert_int_equal(made[0].follows, 0);
    assert_string_equal(made[0].terms,
                        "{\"persons\":2,\"bases\":[{\"name\": \"area\", \"unit\": \"m2\", \"value\": \"89.30\"}]}");
    assert_string_equal(made[1].terms, "{\"persons\":2}");
    assert_int_equal(made[1].mode, HENG_MODE_PREPAID);
    assert_ok(heng_store_get_contract(heng_store_as_reader(s.store), heat.id, &old, &err));
    assert_int_equal(old.to_day, s.today);
    assert_refused(HENG_ENOTFOUND, "nobody has a contract",
                   heng_account_move(s.store, 0, &(struct heng_move){.from_account = a.id, .day = s.today + 30},
                                     &s.hand, "", made, 8, &n, &err));
    move = (struct heng_move){.from_account = b.id, .point_id = 1, .day = s.today + 10};
    assert_ok(heng_account_move(s.store, 0, &move, &s.hand, "empty now", made, 8, &n, &err));
    assert_int_equal(n, 0);
    account_site_close(&s);
}

static void the_own_tariff_goes_before_the_group_and_that_before_the_class(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_contract_tariff spans[8];
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    struct heng_contract c = {.price_class = "residential", .tariff_group = "poor"};
    assert_refused(HENG_ECONFIG, "residential",
                   heng_contract_bindings(reader, 0, &c, 20000, 20030, spans, 8, &n, &err));
    assert_ok(heng_tariff_bind(s.store, 0, "class", "residential", "water", 19000, &s.hand, "", &err));
    assert_ok(heng_tariff_bind(s.store, 0, "group", "poor", "area", 20010, &s.hand, "", &err));
    assert_ok(heng_contract_bindings(reader, 0, &c, 20000, 20030, spans, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(spans[0].key, "water");
    assert_int_equal(spans[0].to_day, 20010);
    assert_string_equal(spans[1].key, "area");
    assert_int_equal(spans[1].level, HENG_BIND_GROUP);
    assert_ok(heng_tariff_bind(s.store, 0, "group", "poor", "heat", 20020, &s.hand, "", &err));
    assert_ok(heng_contract_bindings(reader, 0, &c, 20000, 20030, spans, 8, &n, &err));
    assert_int_equal(n, 3);
    assert_refused(HENG_ECONFLICT, "later day",
                   heng_tariff_bind(s.store, 0, "group", "poor", "water", 20015, &s.hand, "", &err));
    assert_refused(HENG_ENOTFOUND, "no tariff", heng_tariff_bind(s.store, 0, "group", "x", "y", 1, &s.hand, "", &err));
    snprintf(c.tariff_key, sizeof c.tariff_key, "heat");
    assert_ok(heng_contract_bindings(reader, 0, &c, 20000, 20030, spans, 8, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(spans[0].level, HENG_BIND_CONTRACT);
    account_site_close(&s);
}

static void editions_stay_and_an_organisation_has_its_own(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_tariff_edition edition, list[16];
    struct heng_str body = {.max = 1 << 20};
    struct heng_err err;
    bool is_new = false;
    size_t n = 0;
    account_site_open(&s);
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    const char *changed = AREA_TARIFF "\n";
    assert_ok(heng_tariff_put(s.store, 0, "heat", heng_slice_str(HEAT_TARIFF), &s.hand, "", &edition, &is_new, &err));
    assert_false(is_new);
    assert_int_equal(edition.edition, 1);
    assert_ok(heng_tariff_put(s.store, 0, "heat", heng_slice_str(changed), &s.hand, "2027", &edition, &is_new, &err));
    assert_true(is_new);
    assert_int_equal(edition.edition, 2);
    assert_ok(heng_store_get_tariff(reader, 0, "heat", 1, &edition, &body, &err));
    assert_string_equal(body.text, HEAT_TARIFF);
    /* organisation 5 goes on behind what it saw, and what it saw keeps its number */
    assert_ok(heng_tariff_put(s.store, 5, "heat", heng_slice_str(HEAT_TARIFF), &s.hand, "", &edition, &is_new, &err));
    assert_int_equal(edition.edition, 3);
    assert_ok(heng_store_get_tariff(reader, 5, "heat", 0, &edition, NULL, &err));
    assert_int_equal(edition.org_id, 5);
    assert_ok(heng_store_get_tariff(reader, 5, "heat", 2, &edition, NULL, &err));
    assert_int_equal(edition.org_id, 0);
    assert_ok(heng_store_get_tariff(reader, 6, "heat", 0, &edition, NULL, &err));
    assert_int_equal(edition.edition, 2);
    assert_ok(heng_store_list_tariffs(reader, 6, list, 16, &n, &err));
    assert_int_equal(n, 4);
    assert_refused(
        HENG_ECONFIG, "'/'",
        heng_tariff_put(s.store, 0, "a/b", heng_slice_str(HEAT_TARIFF), &s.hand, "", &edition, &is_new, &err));
    assert_int_not_equal(heng_tariff_put(s.store, 0, "x", heng_slice_str("{}"), &s.hand, "", &edition, &is_new, &err),
                         HENG_OK);
    assert_int_not_equal(heng_tariff_put(s.store, 0, "x", heng_slice_of("\0", 1), &s.hand, "", &edition, &is_new, &err),
                         HENG_OK);
    heng_str_fini(&body);
    account_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_has_one_contract_a_day),
        cmocka_unit_test(an_account_has_many_points_and_modes),
        cmocka_unit_test(a_tariff_that_does_not_fit_is_refused_before_the_first_bill),
        cmocka_unit_test(days_and_ids_that_cannot_be_are_refused),
        cmocka_unit_test(what_is_charged_is_not_ended_away),
        cmocka_unit_test(switching_keeps_tiers_and_moves_the_money_when_all_is_charged),
        cmocka_unit_test(tenants_change_and_the_flat_keeps_what_is_its),
        cmocka_unit_test(the_own_tariff_goes_before_the_group_and_that_before_the_class),
        cmocka_unit_test(editions_stay_and_an_organisation_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
