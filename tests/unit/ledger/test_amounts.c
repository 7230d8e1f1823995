/* Amounts for people, and what is owed: the worked examples PY-P3, PY-C9, RP-C1, RP-C2, RP-C10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/amount.h"
#include "ledger/collect.h"

static struct heng_err err;

static void capitals(void **state)
{
    (void)state;
    static const struct {
        const char *amount, *words;
    } cases[] = {
        {"1409.50", "壹仟肆佰零玖元伍角整"},
        {"6007.14", "陆仟零柒元壹角肆分"},
        {"1680.32", "壹仟陆佰捌拾元叁角贰分"},
        {"107000.53", "壹拾万柒仟元伍角叁分"},
        {"16409.02", "壹万陆仟肆佰零玖元零贰分"},
        {"325.04", "叁佰贰拾伍元零肆分"},
        {"0.00", "零元整"},
        {"0.05", "伍分"},
        {"0.50", "伍角整"},
        {"1.00", "壹元整"},
        {"10.00", "壹拾元整"},
        {"77.50", "柒拾柒元伍角整"},
        {"100.01", "壹佰元零壹分"},
        {"1000.10", "壹仟元壹角整"},
        {"10001.00", "壹万零壹元整"},
        {"100000.00", "壹拾万元整"},
        {"100100.00", "壹拾万零壹佰元整"},
        {"1000000.05", "壹佰万元零伍分"},
        {"20000000.00", "贰仟万元整"},
        {"100000001.00", "壹亿零壹元整"},
        /* Beyond the examples, by the same rules. */
        {"100001000.00", "壹亿零壹仟元整"},
        {"1000000000000.00", "壹万亿元整"},
        {"1000000000001.00", "壹万亿零壹元整"},
        {"-12.30", "负壹拾贰元叁角整"},
        {"999999999999999.99", "玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[HENG_CAPITALS_MAX], text[HENG_AMOUNT_TEXT_MAX];
        int64_t amount;
        assert_int_equal(heng_amount_of(cases[i].amount, &amount, &err), HENG_OK);
        assert_int_equal(heng_amount_capitals(amount, words, &err), HENG_OK);
        assert_string_equal(words, cases[i].words);
        heng_amount_text(amount, text);
        assert_string_equal(text, cases[i].amount);
    }
    char words[HENG_CAPITALS_MAX];
    assert_int_equal(heng_amount_capitals(INT64_C(100000000000000000), words, &err), HENG_ERANGE);
    assert_int_equal(heng_amount_capitals(INT64_MIN, words, &err), HENG_ERANGE);
}

static void amounts_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "-", "1.", "1.234", "1,00", "12a", "0x10", "1.2.3", " 1", "+-1"};
    int64_t amount;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(heng_amount_of(bad[i], &amount, &err), HENG_EFORMAT);
    assert_int_equal(heng_amount_of("99999999999999999999", &amount, &err), HENG_ERANGE);
    assert_int_equal(heng_amount_of("92233720368547758.08", &amount, &err), HENG_ERANGE);
    assert_int_equal(heng_amount_of("-7.5", &amount, &err), HENG_OK);
    assert_int_equal(amount, -750);
}

static void oldest_bill_first(void **state)
{
    (void)state;
    struct heng_owing bills[] = {{.bill_id = 12, .due_day = 300, .principal = 7010},
                                 {.bill_id = 10, .due_day = 240, .principal = 8000},
                                 {.bill_id = 11, .due_day = 270, .principal = 9540}};
    int64_t rest;
    heng_allocate(bills, 3, 15000, HENG_PAY_RULE_PRINCIPAL_LATE, &rest);
    assert_int_equal(rest, 0);
    assert_int_equal(bills[0].bill_id, 10);
    assert_int_equal(bills[0].paid_principal, 8000);
    assert_int_equal(bills[1].paid_principal, 7000);
    assert_int_equal(bills[2].paid_principal, 0);
}

static void late_fees_by_the_rule_chosen(void **state)
{
    (void)state;
    static const int64_t paid[HENG_PAY_RULE_COUNT][4] = {
        [HENG_PAY_RULE_PRINCIPAL_LATE] = {100, 10, 50, 0},
        [HENG_PAY_RULE_LATE_PRINCIPAL] = {100, 10, 30, 20},
        [HENG_PAY_RULE_ALL_PRINCIPAL] = {100, 0, 60, 0},
    };
    for (unsigned rule = 0; rule < HENG_PAY_RULE_COUNT; rule++) {
        struct heng_owing bills[] = {{.bill_id = 1, .due_day = 5, .principal = 100, .late = 10},
                                     {.bill_id = 2, .due_day = 5, .principal = 200, .late = 20}};
        int64_t rest;
        heng_allocate(bills, 2, 160, (heng_pay_rule)rule, &rest);
        const int64_t got[] = {bills[0].paid_principal, bills[0].paid_late, bills[1].paid_principal,
                               bills[1].paid_late};
        assert_memory_equal(got, paid[rule], sizeof got);
        heng_allocate(bills, 2, 1000, (heng_pay_rule)rule, &rest);
        assert_int_equal(rest, 670);
        assert_int_equal(heng_pay_rule_of(heng_pay_rule_text((heng_pay_rule)rule)), rule);
    }
}

static void age_of_arrears(void **state)
{
    (void)state;
    static const heng_age expected[] = {HENG_AGE_D30,  HENG_AGE_D60,   HENG_AGE_D60,
                                        HENG_AGE_D365, HENG_AGE_OLDER, HENG_AGE_NOT_DUE};
    static const int32_t days[] = {11, 31, 60, 107, 366, 0};
    for (size_t i = 0; i < 6; i++) assert_int_equal(heng_age_of(20088 - days[i], 20088), expected[i]);
    assert_int_equal(heng_age_of(INT32_MIN, INT32_MAX), HENG_AGE_OLDER);
    assert_int_equal(heng_age_of(INT32_MAX, INT32_MIN), HENG_AGE_NOT_DUE);
}

static void rate(struct heng_dec got, const char *expected)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(got, text);
    assert_string_equal(text, expected);
}

static void how_much_comes_in(void **state)
{
    (void)state;
    const struct heng_collection of = {.billed_current = 12845000,
                                       .collected_current = 11702055,
                                       .billed_prior_open = 2311040,
                                       .collected_prior = 912000,
                                       .waived = 35000};
    struct heng_collection_rates rates;
    assert_int_equal(heng_collection_rates(&of, &rates, &err), HENG_OK);
    rate(rates.current, "91.10");
    rate(rates.prior, "39.46");
    rate(rates.overall, "83.23");
    rate(rates.current_net_of_waiver, "91.35");
    assert_int_equal(heng_collection_rates(&(struct heng_collection){.collected_prior = 5}, &rates, &err), HENG_OK);
    assert_false(rates.has_current || rates.has_prior || rates.has_overall || rates.has_net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capitals),          cmocka_unit_test(amounts_that_are_none),
        cmocka_unit_test(oldest_bill_first), cmocka_unit_test(late_fees_by_the_rule_chosen),
        cmocka_unit_test(age_of_arrears),    cmocka_unit_test(how_much_comes_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
