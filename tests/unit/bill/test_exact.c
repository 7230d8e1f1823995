/* Exact products and quotients, and the four ways to round them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bill/exact.h"

static struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static void expect(struct heng_dec got, const char *want)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(got, text);
    assert_string_equal(text, want);
}

static void test_roundings(void **state)
{
    (void)state;
    static const struct {
        const char *in, *half_up, *half_even, *down, *up;
    } rows[] = {{"2.345", "2.35", "2.34", "2.34", "2.35"}, {"2.355", "2.36", "2.36", "2.35", "2.36"},
                {"1.005", "1.01", "1.00", "1.00", "1.01"}, {"-2.345", "-2.35", "-2.34", "-2.34", "-2.35"},
                {"0.001", "0.00", "0.00", "0.00", "0.01"}, {"-0.009", "-0.01", "-0.01", "0.00", "-0.01"},
                {"7", "7.00", "7.00", "7.00", "7.00"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *want[] = {rows[i].half_up, rows[i].half_even, rows[i].down, rows[i].up};
        for (int r = 0; r < HENG_ROUNDING_COUNT; r++) {
            struct heng_dec got;
            assert_int_equal(heng_exact_round(dec(rows[i].in), 2, (heng_rounding)r, &got), HENG_OK);
            expect(got, want[r]);
        }
    }
}

static void test_products_and_quotients(void **state)
{
    (void)state;
    struct heng_dec got;
    assert_int_equal(heng_exact_mul(dec("412.36"), dec("0.5380"), 2, HENG_ROUNDING_HALF_UP, &got), HENG_OK);
    expect(got, "221.85");
    assert_int_equal(heng_exact_div(dec("1250.0"), dec("1"), dec("3"), 3, HENG_ROUNDING_HALF_UP, &got), HENG_OK);
    expect(got, "416.667");
    /* what is between does not fit 64 bits, the result does */
    assert_int_equal(heng_exact_div(dec("999999999999999999"), dec("999999999999999999"), dec("999999999999999999"), 0,
                                    HENG_ROUNDING_HALF_UP, &got),
                     HENG_OK);
    expect(got, "999999999999999999");
    assert_int_equal(heng_exact_product(dec("10.50"), dec("2.0"), &got), HENG_OK);
    expect(got, "21.000");
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    struct heng_dec got = {7, 0};
    struct heng_dec large = heng_dec_of(INT64_MAX, 0), small = heng_dec_of(INT64_MIN, 0);
    assert_int_equal(heng_exact_mul(large, large, 2, HENG_ROUNDING_HALF_UP, &got), HENG_ERANGE);
    assert_int_equal(heng_exact_mul(small, small, 2, HENG_ROUNDING_HALF_UP, &got), HENG_ERANGE);
    assert_int_equal(heng_exact_round(large, 0, HENG_ROUNDING_HALF_UP, &got), HENG_ERANGE);
    assert_int_equal(heng_exact_div(large, large, dec("0"), 2, HENG_ROUNDING_HALF_UP, &got), HENG_ERANGE);
    assert_int_equal(heng_exact_product(large, dec("2"), &got), HENG_ERANGE);
    assert_int_equal(heng_exact_round(dec("1"), 10, HENG_ROUNDING_HALF_UP, &got), HENG_ERANGE);
    expect(got, "7"); /* untouched */
    assert_int_equal(heng_exact_mul(heng_dec_of(1, -30), heng_dec_of(1, -30), 9, HENG_ROUNDING_UP, &got), HENG_OK);
    expect(got, "0.000000001");
}

static void test_steps(void **state)
{
    (void)state;
    int64_t n;
    assert_true(heng_exact_steps(dec("12.50"), 2, &n));
    assert_int_equal(n, 1250);
    assert_true(heng_exact_steps(dec("12.50"), 1, &n));
    assert_int_equal(n, 125);
    assert_false(heng_exact_steps(dec("12.55"), 1, &n));
    assert_false(heng_exact_steps(heng_dec_of(INT64_MAX, 18), 9, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_roundings), cmocka_unit_test(test_products_and_quotients),
                                       cmocka_unit_test(test_what_does_not_fit), cmocka_unit_test(test_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
