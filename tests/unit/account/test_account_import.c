/* Accounts and contracts by sheet: every wrong cell is named, all of it or nothing, out and in again. */
#include "../small_site.h"
#include "account/import.h"
#include "account_site.h"

static heng_rc import_text(struct account_site *s, const char *text, const char *language,
                           struct heng_account_report *report, struct heng_err *err)
{
    struct heng_sheet *sheet = NULL;
    heng_rc rc = heng_sheet_open_bytes(heng_slice_str(text), NULL, &sheet, err);
    if (rc == HENG_OK) rc = heng_account_import(s->store, 0, sheet, language, &s->hand, report, err);
    heng_sheet_close(sheet);
    return rc;
}

static const char good[] = "户号,name,point,mode,tariff,from,terms,purse,deposit,warn 1,warn 2\n"
                           "１００１,王丽,10000001,prepaid,heat,2026-01-01,,53.53,200,50,20\n"
                           "1001,,20000000000001,postpaid,water,2026/2/1,\"{\"\"persons\"\": 5}\",,,,\n"
                           "1002,Müller,,,,,,-3.50,,,\n";

static void a_sheet_makes_accounts_contracts_and_balances(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account account;
    struct heng_contract contracts[4];
    struct heng_account_report report;
    struct heng_err err;
    size_t n = 0;
    account_site_open(&s);
    assert_ok(import_text(&s, good, "en", &report, &err));
    assert_int_equal(report.rows, 3);
    assert_int_equal(report.accounts, 2);
    assert_int_equal(report.contracts, 2);
    assert_int_equal(report.balances, 2);
    assert_ok(heng_store_find_account(heng_store_as_reader(s.store), 0, "1001", &account, &err));
    assert_int_equal(account.warn[0], 5000);
    assert_int_equal(balance_of(&s, account.id).purse, 5353);
    assert_int_equal(balance_of(&s, account.id).deposit, 20000);
    assert_ok(heng_store_list_contracts(heng_store_as_reader(s.store), account.id, 0, 0, contracts, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(contracts[1].mode, HENG_MODE_POSTPAID);
    assert_int_equal(contracts[1].from_day, heng_day_of_date(2026, 2, 1));
    assert_string_equal(contracts[1].terms, "{\"persons\": 5}");
    assert_proven(&s);
    account_site_close(&s);
}

static void every_wrong_cell_is_named(void **state)
{
    (void)state;
    struct account_site s;
    struct heng_account_report report;
    struct heng_err err;
    static const struct {
        const char *row;
        uint32_t column;
        const char *words;
    } wrong[] = {
        {"1,A,nowhere,prepaid,heat,2026-01-01,", 3, "no point"},
        {"1,A,10000001,later,heat,2026-01-01,", 4, "none of prepaid"},
        {"1,A,10000001,prepaid,heat,2026-02-30,", 6, ""},
        {"1,A,10000001,prepaid,heat,tomorrow,", 6, ""},
        {"1,A,10000001,prepaid,heat,,", 0, "begins or ends"},
        {"1,A,10000001,prepaid,none,2026-01-01,", 0, "no tariff"},
        {"1,A,10000001,prepaid,heat,2026-01-01,1.234", 7, "two digits"},
        {"1,A,10000001,prepaid,heat,2026-01-01,much", 7, ""},
        {"1,A,10000001,prepaid,heat,2026-01-01,99999999999999999", 7, ""},
        {"2,,10000001,prepaid,heat,2026-01-01,", 1, "no name"},
        {"0,A,,,,,", 1, "taken"},
        {"1/1,A,,,,,", 0, "'/'"},
        {"1111111111111111111111111111111111111111111111111111,A,,,,,", 1, ""},
    };
    account_site_open(&s);
    new_account(&s, "0", "there already");
    assert_ok(heng_store_commit(s.store, &err));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "number,name,point,mode,tariff,from,purse\n%s\n", wrong[i].row);
        assert_ok(heng_store_begin(s.store, &err));
        heng_rc rc = import_text(&s, text, "en", &report, &err);
        heng_store_rollback(s.store);
        if (rc != HENG_ECONFIG || report.fault_count < 1 || report.faults[0].row != 2 ||
            report.faults[0].column != wrong[i].column || !strstr(report.faults[0].why, wrong[i].words))
            fail_msg("%s: %s, column %u: %s", wrong[i].row, heng_rc_name(rc), (unsigned)report.faults[0].column,
                     report.fault_count ? report.faults[0].why : err.text);
    }
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(import_text(&s, "number,number,colour\n1,2,3\n", "en", &report, &err), HENG_ECONFIG);
    assert_true(report.fault_total >= 2);
    assert_int_equal(import_text(&s, "name\nA\n", "en", &report, &err), HENG_ECONFIG);
    account_site_close(&s);
}

static void what_comes_out_goes_in_again(void **state)
{
    (void)state;
    static const heng_sheet_format formats[] = {HENG_SHEET_XLSX, HENG_SHEET_CSV};
    static const char *const languages[] = {"en", "zh", "de"};
    for (size_t f = 0; f < 2; f++)
        for (size_t l = 0; l < 3; l++) {
            struct account_site a, b;
            struct heng_account_report report;
            struct heng_sheet *sheet = NULL;
            struct heng_err err;
            char path[160];
            size_t rows = 0;
            account_site_open(&a);
            assert_ok(import_text(&a, good, "en", &report, &err));
            snprintf(path, sizeof path, "%s/accounts.out", a.site.directory);
            assert_ok(
                heng_account_export(heng_store_as_reader(a.store), 0, path, formats[f], languages[l], &rows, &err));
            assert_int_equal(rows, 3);
            account_site_open(&b);
            assert_ok(heng_sheet_open(path, NULL, &sheet, &err));
            assert_ok(heng_account_import(b.store, 0, sheet, languages[l], &b.hand, &report, &err));
            heng_sheet_close(sheet);
            assert_int_equal(report.accounts, 2);
            assert_int_equal(report.contracts, 2);
            assert_int_equal(report.balances, 2);
            unlink(path);
            account_site_close(&b);
            account_site_close(&a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sheet_makes_accounts_contracts_and_balances),
        cmocka_unit_test(every_wrong_cell_is_named),
        cmocka_unit_test(what_comes_out_goes_in_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
