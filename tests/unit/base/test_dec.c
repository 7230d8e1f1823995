/* Exact decimals: text both ways, order, sums, limits, and singles against the C library. */
#include "base/dec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static void assert_text(struct heng_dec d, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    assert_int_equal(heng_dec_format(d, ours), strlen(text));
    assert_string_equal(ours, text);
}

static void test_text_keeps_the_resolution(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0", "1.50", "-1.50", "0.00", "-0.001", "123456789012345678", "0.000000000000000000000000000001", "-1234.5"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) assert_text(dec(texts[i]), texts[i]);
    assert_text(dec("+7"), "7");
    assert_text(dec("007.10"), "7.10");
    assert_text((struct heng_dec){12, 3}, "12000");
    assert_text((struct heng_dec){0, 5}, "0");
    assert_text((struct heng_dec){INT64_MIN, 0}, "-9223372036854775808");
    assert_text((struct heng_dec){INT64_MIN, HENG_DEC_EXP_MAX}, "-9223372036854775808000000000000000000");
    assert_text((struct heng_dec){INT64_MIN, HENG_DEC_EXP_MIN}, "-0.000000000009223372036854775808");
}

static void test_bad_text_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        heng_rc rc;
        uint32_t at;
    } cases[] = {{"", HENG_EFORMAT, 0},
                 {"-", HENG_EFORMAT, 1},
                 {".5", HENG_EFORMAT, 0},
                 {"1.", HENG_EFORMAT, 2},
                 {"1.2.3", HENG_EFORMAT, 3},
                 {"12a", HENG_EFORMAT, 2},
                 {" 1", HENG_EFORMAT, 0},
                 {"1e5", HENG_EFORMAT, 1},
                 {"9223372036854775808", HENG_ERANGE, 18},
                 {"99999999999999999999", HENG_ERANGE, 18}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_dec d;
        struct heng_err err = {0};
        assert_int_equal(heng_dec_parse(cases[i].text, &d, &err), cases[i].rc);
        if (cases[i].rc == HENG_EFORMAT) assert_int_equal(err.at, cases[i].at);
        assert_int_equal(err.rc, cases[i].rc);
    }
    struct heng_dec d;
    assert_int_equal(heng_dec_parse("0.0000000000000000000000000000001", &d, NULL), HENG_ERANGE);
}

static void test_order_is_by_value(void **state)
{
    (void)state;
    static const char *const ascending[] = {"-100", "-99.99", "-0.01", "0",     "0.0000001",
                                            "0.01", "9.99",   "10",    "10.01", "1000000"};
    size_t count = sizeof ascending / sizeof ascending[0];
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            assert_int_equal(heng_dec_cmp(dec(ascending[i]), dec(ascending[k])), (i > k) - (i < k));
    assert_int_equal(heng_dec_cmp(dec("1.50"), dec("1.5")), 0);
    assert_int_equal(heng_dec_cmp((struct heng_dec){0, 18}, (struct heng_dec){0, -30}), 0);
    assert_int_equal(heng_dec_cmp((struct heng_dec){1, 18}, (struct heng_dec){INT64_MAX, -30}), 1);
    assert_int_equal(heng_dec_cmp((struct heng_dec){1, 18}, (struct heng_dec){INT64_C(1000000000000000000), 0}), 0);
    assert_int_equal(heng_dec_cmp((struct heng_dec){INT64_MIN, 0}, (struct heng_dec){INT64_MIN, -1}), -1);
}

static void test_sums_are_exact_or_refused(void **state)
{
    (void)state;
    struct heng_dec sum;
    assert_int_equal(heng_dec_add(dec("0.1"), dec("0.20"), &sum), HENG_OK);
    assert_text(sum, "0.30");
    assert_int_equal(heng_dec_sub(dec("1"), dec("1.001"), &sum), HENG_OK);
    assert_text(sum, "-0.001");
    assert_int_equal(heng_dec_add((struct heng_dec){INT64_MAX, 0}, dec("1"), &sum), HENG_ERANGE);
    assert_int_equal(heng_dec_add((struct heng_dec){1, 18}, dec("0.1"), &sum), HENG_ERANGE);
    assert_int_equal(heng_dec_add((struct heng_dec){0, 18}, dec("0.1"), &sum), HENG_OK);
    assert_int_equal(heng_dec_sub(dec("0"), (struct heng_dec){INT64_MIN, 0}, &sum), HENG_ERANGE);
    assert_int_equal(heng_dec_scale(dec("1.5"), 3600, &sum), HENG_OK);
    assert_text(sum, "5400.0");
    assert_int_equal(heng_dec_scale((struct heng_dec){INT64_MAX, 0}, 2, &sum), HENG_ERANGE);
    assert_int_equal(heng_dec_shift(dec("1.50"), 3, &sum), HENG_OK);
    assert_text(sum, "1500");
    assert_int_equal(heng_dec_shift(dec("1"), 19, &sum), HENG_ERANGE);
    assert_int_equal(heng_dec_shift(dec("1"), -31, &sum), HENG_ERANGE);
    assert_int_equal(heng_dec_make(1, HENG_DEC_EXP_MIN, &sum), HENG_OK);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The text reads back as the same single, and no text with fewer digits does (%.*e rounds correctly). */
static void check_single(uint32_t bits)
{
    struct heng_dec d;
    char text[HENG_DEC_TEXT_MAX], shorter[64];
    float value;
    memcpy(&value, &bits, sizeof value);
    if (heng_dec_from_f32(bits, &d) != HENG_OK) {
        float magnitude = value < 0 ? -value : value;
        assert_true(value != value || magnitude > 1e26F || magnitude < 1e-22F);
        return;
    }
    heng_dec_format(d, text);
    if (bits_of(strtof(text, NULL)) != bits && value != 0) fail_msg("%08x reads back as %s", bits, text);
    int64_t mantissa = d.mantissa < 0 ? -d.mantissa : d.mantissa;
    while (mantissa && mantissa % 10 == 0) mantissa /= 10;
    int digits = snprintf(shorter, sizeof shorter, "%lld", (long long)mantissa);
    assert_true(digits <= 9);
    if (digits < 2) return;
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, (double)value);
    if (bits_of(strtof(shorter, NULL)) == bits) fail_msg("%08x: %s is not the shortest, %s is", bits, text, shorter);
}

static void test_singles_become_their_shortest_decimal(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } known[] = {{0.0F, "0"},
                 {1.0F, "1"},
                 {0.1F, "0.1"},
                 {-2.5F, "-2.5"},
                 {92.0F, "92"},
                 {16777216.0F, "16777216"},
                 {1e10F, "10000000000"},
                 {21.536703F, "21.536703"},
                 {0.3F, "0.3"},
                 {1.17549435e-3F, "0.0011754944"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct heng_dec d;
        assert_int_equal(heng_dec_from_f32(bits_of(known[i].value), &d), HENG_OK);
        assert_text(d, known[i].text);
    }
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 300000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        check_single((uint32_t)(seed >> 16));
    }
    for (uint32_t exponent = 60; exponent < 200; exponent++) /* powers of two and their neighbours */
        for (uint32_t k = 0; k < 3; k++) check_single((exponent << 23) - 1 + k);
}

static void test_what_is_no_number_stays_none(void **state)
{
    (void)state;
    struct heng_dec d;
    static const uint32_t bad[] = {0x7F800000, 0xFF800000, 0x7FC00000, 0x00000001, 0x7F7FFFFF};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(heng_dec_from_f32(bad[i], &d), HENG_ERANGE);
    assert_int_equal(heng_dec_from_f32(0x80000000, &d), HENG_OK); /* minus zero */
    assert_int_equal(d.mantissa, 0);
}

static uint64_t bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* As check_single. Returns 1 when the double has a decimal. */
static unsigned check_double(uint64_t bits)
{
    struct heng_dec d;
    char text[HENG_DEC_TEXT_MAX], shorter[64];
    double value, back;
    memcpy(&value, &bits, sizeof value);
    if (heng_dec_from_f64(bits, &d) != HENG_OK) {
        double magnitude = value < 0 ? -value : value;
        /* All 17 digits fit from 10^-13 on; fewer digits go further down. */
        assert_true(value != value || magnitude >= 1e36 || magnitude < 1e-13);
        return 0;
    }
    heng_dec_format(d, text);
    back = strtod(text, NULL);
    if (bits_of_double(back) != bits && value != 0)
        fail_msg("%016llx reads back as %s", (unsigned long long)bits, text);
    int64_t mantissa = d.mantissa < 0 ? -d.mantissa : d.mantissa;
    while (mantissa && mantissa % 10 == 0) mantissa /= 10;
    int digits = snprintf(shorter, sizeof shorter, "%lld", (long long)mantissa);
    assert_true(digits <= 17);
    snprintf(shorter, sizeof shorter, "%.*e", digits - 1, value);
    /* Of the texts of this length it is the nearest, but where only the farther one reads back (powers of two). */
    if (strtod(shorter, NULL) == value && strtod(shorter, NULL) != strtod(text, NULL))
        fail_msg("%s is nearer than %s", shorter, text);
    if (digits < 2) return 1;
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
    if (strtod(shorter, NULL) == value) fail_msg("%s is not the shortest, %s is", text, shorter);
    return 1;
}

static void test_doubles_become_their_shortest_decimal(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } known[] = {{0.0, "0"},
                 {-0.0, "0"},
                 {1.0, "1"},
                 {0.1, "0.1"},
                 {-2.5, "-2.5"},
                 {230.1, "230.1"},
                 {0.3, "0.3"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {9.5, "9.5"},
                 {9.999999999999998, "9.999999999999998"},
                 {123456.78, "123456.78"},
                 {9007199254740993.0, "9007199254740992"},
                 {1e22, "10000000000000000000000"},
                 {1e23, "100000000000000000000000"},
                 {9.999999999999999e35, "999999999999999900000000000000000000"},
                 {1e-30, "0.000000000000000000000000000001"},
                 {5e-324, NULL},
                 {1e-31, NULL},
                 {1.25e-30, NULL},
                 {1e37, NULL},
                 {1.7976931348623157e308, NULL}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct heng_dec d;
        heng_rc rc = heng_dec_from_f64(bits_of_double(known[i].value), &d);
        assert_int_equal(rc, known[i].text ? HENG_OK : HENG_ERANGE);
        if (known[i].text) assert_text(d, known[i].text);
    }
    static const uint64_t bad[] = {UINT64_C(0x7FF0000000000000), UINT64_C(0xFFF0000000000000),
                                   UINT64_C(0x7FF8000000000000), UINT64_C(0x0010000000000000)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct heng_dec d;
        assert_int_equal(heng_dec_from_f64(bad[i], &d), HENG_ERANGE);
    }
}

static void test_random_doubles_read_back(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    unsigned valued = 0;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 200000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        uint64_t bits = seed;
        if (i % 2) { /* half of them of a size that meters know, some with few digits */
            bits = (bits & UINT64_C(0x800FFFFFFFFFFFFF)) | (UINT64_C(1023 - 100) + seed % 221) << 52;
            if (i % 4 == 1) bits &= ~UINT64_C(0) << (seed >> 58) % 53;
        }
        valued += check_double(bits);
    }
    for (uint64_t exponent = 1023 - 102; exponent < 1023 + 122; exponent++) /* powers of two and their neighbours */
        for (uint64_t k = 0; k < 3; k++) valued += check_double((exponent << 52) - 1 + k);
    printf("# %u doubles with a decimal\n", valued);
    assert_true(valued > 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_keeps_the_resolution),
        cmocka_unit_test(test_bad_text_is_refused_with_its_place),
        cmocka_unit_test(test_order_is_by_value),
        cmocka_unit_test(test_sums_are_exact_or_refused),
        cmocka_unit_test(test_singles_become_their_shortest_decimal),
        cmocka_unit_test(test_what_is_no_number_stays_none),
        cmocka_unit_test(test_doubles_become_their_shortest_decimal),
        cmocka_unit_test(test_random_doubles_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
