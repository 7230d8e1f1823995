/* Accounts: opened, changed, found, by whom they are seen; what people mistype. */
#include "../small_site.h"
#include "account_site.h"

static void an_account_is_opened_with_the_next_number(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account found, first, second;
    struct heng_err err;
    account_site_open(&s);
    new_account(&s, "00000002", "taken by a sheet");
    first = new_account(&s, "", "王丽");
    second = new_account(&s, "", "Müller");
    assert_string_equal(first.number, "00000001");
    assert_string_equal(second.number, "00000003");
    assert_ok(heng_store_find_account(heng_store_as_reader(s.store), 0, "00000001", &found, &err));
    assert_string_equal(found.name, "王丽");
    assert_string_equal(found.language, "zh");
    assert_string_equal(found.currency, "CNY");
    assert_int_equal(found.warn[0], HENG_LIMIT_NONE);
    assert_int_equal(found.opened_us, START_US);
    account_site_close(&s);
}

static void a_taken_number_is_refused_and_nothing_is_lost(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account account = {NO_LIMITS, .number = "7", .name = "B"};
    struct heng_err err;
    account_site_open(&s);
    new_account(&s, "7", "A");
    assert_refused(HENG_ECONFLICT, "taken", heng_account_open(s.store, 0, &account, &s.hand, "", &err));
    new_account(&s, "8", "the transaction goes on");
    account_site_close(&s);
}

static void what_people_mistype_is_refused_with_the_field(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    account_site_open(&s);
    static const struct {
        const char *number, *name, *language, *currency, *words;
    } wrong[] = {
        {"1/2", "A", "", "", "'/'"},
        {"1 2", "A", "", "", "' '"},
        {"12", "", "", "", "name is missing"},
        {"12", "A\nB", "", "", "line break"},
        {"12",
         "A\xC2\x9B"
         "B",
         "", "", "control character"},
        {"12", "A\xFF", "", "", "UTF-8"},
        {"12", "\xED\xA0\x80", "", "", "UTF-8"},
        {"12", " A", "", "", "blank"},
        {"12", "A", "fr", "", "language"},
        {"12", "A", "", "cny", "currency"},
        {"12", "A", "", "CN", "currency"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct heng_account account = {NO_LIMITS};
        snprintf(account.number, sizeof account.number, "%s", wrong[i].number);
        snprintf(account.name, sizeof account.name, "%s", wrong[i].name);
        snprintf(account.language, sizeof account.language, "%s", wrong[i].language);
        snprintf(account.currency, sizeof account.currency, "%s", wrong[i].currency);
        assert_refused(HENG_ECONFIG, wrong[i].words, heng_account_open(s.store, 0, &account, &s.hand, "", &err));
    }
    struct heng_account account = {NO_LIMITS, .number = "12", .name = "A", .place_id = 12345};
    assert_refused(HENG_ENOTFOUND, "place", heng_account_open(s.store, 0, &account, &s.hand, "", &err));
    account_site_close(&s);
}

static void limits_fall_and_stay_in_bounds(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    account_site_open(&s);
    static const struct {
        int64_t warn[3], overdraft, hoard;
        heng_rc rc;
    } cases[] = {
        {{5000, 2000, 0}, 1000, 200000, HENG_OK},
        {{5000, 5000, -100}, 0, HENG_LIMIT_NONE, HENG_OK},
        {{5000, HENG_LIMIT_NONE, 0}, 0, 1, HENG_OK},
        {{2000, 5000, 0}, 0, 1, HENG_ECONFIG},
        {{2000, HENG_LIMIT_NONE, 2001}, 0, 1, HENG_ECONFIG},
        {{0, 0, 0}, -1, 1, HENG_ERANGE},
        {{0, 0, 0}, 0, 0, HENG_ERANGE},
        {{0, 0, 0}, INT64_MAX, 1, HENG_ERANGE},
        {{INT64_MAX, 0, 0}, 0, 1, HENG_ERANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_account account = {.overdraft = cases[i].overdraft, .hoard = cases[i].hoard, .name = "A"};
        memcpy(account.warn, cases[i].warn, sizeof account.warn);
        assert_int_equal(heng_account_open(s.store, 0, &account, &s.hand, "", &err), cases[i].rc);
    }
    account_site_close(&s);
}

static void limits_of_the_site_hold_where_an_account_has_none(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account_limits limits;
    struct heng_err err;
    account_site_open(&s);
    struct heng_account account = {NO_LIMITS};
    account.warn[1] = 4000;
    assert_ok(heng_store_put_setting(s.store, "account_warn_1", "5000", &err));
    assert_ok(heng_store_put_setting(s.store, "account_hoard", "200000", &err));
    assert_ok(heng_account_limits(heng_store_as_reader(s.store), &account, &limits, &err));
    assert_int_equal(limits.warn[0], 5000);
    assert_int_equal(limits.warn[1], 4000);
    assert_int_equal(limits.warn[2], HENG_LIMIT_NONE);
    assert_int_equal(limits.overdraft, 0);
    assert_int_equal(limits.hoard, 200000);
    assert_ok(heng_store_put_setting(s.store, "account_hoard", "20 yuan", &err));
    assert_refused(HENG_ECONFIG, "account_hoard",
                   heng_account_limits(heng_store_as_reader(s.store), &account, &limits, &err));
    account_site_close(&s);
}

static heng_rc count_audit(void *ctx, const struct heng_audit *audit, struct heng_slice before, struct heng_slice after)
{
    char *lines = ctx;
    snprintf(lines + strlen(lines), 4096 - strlen(lines), "%s by %s: %.*s -> %.*s\n", audit->action, audit->who,
             (int)before.n, (const char *)before.p, (int)after.n, (const char *)after.p);
    return HENG_OK;
}

static void a_change_is_told_in_the_audit(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_err err;
    char lines[4096] = "";
    account_site_open(&s);
    struct heng_account account = new_account(&s, "9", "Old \"name\"");
    snprintf(account.name, sizeof account.name, "New");
    assert_ok(heng_account_change(s.store, 0, &account, &s.hand, "marriage", &err));
    assert_ok(heng_store_each_audit(heng_store_as_reader(s.store), 0, 0, "account", account.id, 10, count_audit, lines,
                                    &err));
    assert_non_null(strstr(lines, "account.change by Li"));
    assert_non_null(strstr(lines, "Old \\\"name\\\""));
    assert_true(strstr(lines, "account.change") < strstr(lines, "account.open"));
    snprintf(account.currency, sizeof account.currency, "EUR");
    assert_refused(HENG_ECONFIG, "currency", heng_account_change(s.store, 0, &account, &s.hand, "", &err));
    s.hand.who[0] = '\0';
    snprintf(account.currency, sizeof account.currency, "CNY");
    assert_refused(HENG_ECONFIG, "who", heng_account_change(s.store, 0, &account, &s.hand, "", &err));
    account_site_close(&s);
}

static void an_account_is_found_by_the_beginning_of_its_words(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account found[8];
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    new_account(&s, "A100", "Zhang");
    new_account(&s, "A101", "100% Wool");
    new_account(&s, "B_1", "王丽");
    new_account(&s, "BX1", "Li");
    static const struct {
        const char *words, *after;
        size_t n;
    } asked[] = {{"", "", 4},   {"", "A101", 2}, {"a10", "", 2},  {"zha", "", 1}, {"ZHA", "", 1}, {"王", "", 1},
                 {"b_", "", 1}, {"%", "", 0},    {"100%", "", 1}, {"\\", "", 0},  {"'", "", 0}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        assert_ok(heng_store_list_accounts(heng_store_as_reader(s.store), 0, asked[i].words, asked[i].after, found, 8,
                                           &n, &err));
        if (n != asked[i].n) fail_msg("'%s' behind '%s': %zu", asked[i].words, asked[i].after, n);
    }
    account_site_close(&s);
}

static void an_organisation_sees_its_own_only(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account a = {NO_LIMITS, .number = "A1", .name = "A"}, b = {NO_LIMITS, .number = "B1", .name = "B"},
                        found;
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    assert_ok(heng_store_commit(s.store, &err));
    assert_int_equal(
        small_site_sql(s.site.path, "INSERT INTO org (id, key, name) VALUES (1, 'one', 'One'), (2, 'two', 'Two')"),
        HENG_OK);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_account_open(s.store, 1, &a, &s.hand, "", &err));
    assert_ok(heng_account_open(s.store, 2, &b, &s.hand, "", &err));
    assert_int_equal(a.org_id, 1);
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    assert_int_equal(heng_store_get_account(reader, 1, b.id, &found, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_find_account(reader, 1, "B1", &found, &err), HENG_ENOTFOUND);
    assert_ok(heng_store_list_accounts(reader, 1, "", "", &found, 1, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(found.number, "A1");
    assert_refused(HENG_ENOTFOUND, "no such account", heng_account_change(s.store, 1, &b, &s.hand, "", &err));
    struct heng_contract contract = {.account_id = b.id, .point_id = 1, .from_day = s.today, .tariff_key = "heat"};
    assert_refused(HENG_ENOTFOUND, "no such account", heng_contract_add(s.store, 1, &contract, &s.hand, "", &err));
    /* the point is the operator's: not of organisation 2 */
    assert_refused(HENG_ENOTFOUND, "point", heng_contract_add(s.store, 2, &contract, &s.hand, "", &err));
    struct heng_account nobody = {NO_LIMITS, .number = "N", .name = "N", .org_id = 77};
    assert_refused(HENG_ENOTFOUND, "organisation", heng_account_open(s.store, 0, &nobody, &s.hand, "", &err));
    account_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_opened_with_the_next_number),
        cmocka_unit_test(a_taken_number_is_refused_and_nothing_is_lost),
        cmocka_unit_test(what_people_mistype_is_refused_with_the_field),
        cmocka_unit_test(limits_fall_and_stay_in_bounds),
        cmocka_unit_test(limits_of_the_site_hold_where_an_account_has_none),
        cmocka_unit_test(a_change_is_told_in_the_audit),
        cmocka_unit_test(an_account_is_found_by_the_beginning_of_its_words),
        cmocka_unit_test(an_organisation_sees_its_own_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
