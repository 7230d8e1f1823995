/* Balances: what is lost, how far that is certain, and when nothing can be said. */
#include "vee/balance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct heng_dec dec(const char *text)
{
    struct heng_dec d;
    assert_int_equal(heng_dec_parse(text, &d, NULL), HENG_OK);
    return d;
}

static void assert_text(struct heng_opt_dec d, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    assert_true(d.is);
    heng_dec_format(d.dec, ours);
    assert_string_equal(ours, text);
}

static struct heng_balance_part part(heng_balance_side side, const char *amount)
{
    return (struct heng_balance_part){.side = side, .has_amount = true, .amount = dec(amount)};
}

static struct heng_balance balance(const struct heng_balance_part *parts, size_t n)
{
    struct heng_balance made;
    assert_int_equal(heng_balance(parts, n, &heng_balance_limits_default, &made), HENG_OK);
    return made;
}

/* VE-C14 */
static void test_a_main_meter_and_its_subs(void **state)
{
    (void)state;
    const struct heng_balance_part parts[] = {
        part(HENG_BALANCE_IN, "512.40"), part(HENG_BALANCE_OUT, "102.11"), part(HENG_BALANCE_OUT, "98.35"),
        part(HENG_BALANCE_OUT, "87.90"), part(HENG_BALANCE_OUT, "131.02"), part(HENG_BALANCE_OUT, "61.77"),
    };
    struct heng_balance made = balance(parts, 6);
    assert_int_equal(heng_dec_cmp(made.out, dec("481.15")), 0);
    assert_text(made.loss, "31.25");
    assert_text(made.loss_pct, "6.10");
    assert_text(made.band, "0.00");
    assert_int_equal(made.state, HENG_BALANCE_OK);
}

/* RP-C6 */
static void test_own_use_is_no_loss(void **state)
{
    (void)state;
    const struct heng_balance_part parts[] = {part(HENG_BALANCE_IN, "152300"), part(HENG_BALANCE_OUT, "141877"),
                                              part(HENG_BALANCE_OWN, "1210")};
    struct heng_balance made = balance(parts, 3);
    assert_text(made.loss, "9213");
    assert_text(made.loss_pct, "6.05");
}

/* CN-C14 */
static void test_source_station_building_household(void **state)
{
    (void)state;
    const struct heng_balance_part primary[] = {part(HENG_BALANCE_IN, "1520.40"), part(HENG_BALANCE_OUT, "512.33"),
                                                part(HENG_BALANCE_OUT, "488.10"), part(HENG_BALANCE_OUT, "461.72")};
    struct heng_balance made = balance(primary, 4);
    assert_text(made.loss, "58.25");
    assert_text(made.loss_pct, "3.83");
    const struct heng_balance_part secondary[] = {part(HENG_BALANCE_IN, "512.33"), part(HENG_BALANCE_OUT, "118.20"),
                                                  part(HENG_BALANCE_OUT, "131.05"), part(HENG_BALANCE_OUT, "96.44"),
                                                  part(HENG_BALANCE_OUT, "142.90")};
    made = balance(secondary, 5);
    assert_text(made.loss, "23.74");
    /* 23.74 of 512.33 is 4.6337 %, which is 4.63 on paper. */
    assert_text(made.loss_pct, "4.63");
    const struct heng_balance_part houses[] = {part(HENG_BALANCE_IN, "488.59"), part(HENG_BALANCE_OUT, "441.37")};
    made = balance(houses, 2);
    assert_text(made.loss, "47.22");
    assert_text(made.loss_pct, "9.66");
}

static void test_a_negative_loss_is_not_clipped(void **state)
{
    (void)state;
    const struct heng_balance_part parts[] = {part(HENG_BALANCE_IN, "100.0"), part(HENG_BALANCE_OUT, "102.1")};
    struct heng_balance made = balance(parts, 2);
    assert_int_equal(made.state, HENG_BALANCE_NEGATIVE);
    assert_text(made.loss, "-2.1");
    assert_text(made.loss_pct, "-2.10");
    const struct heng_balance_part edge[] = {part(HENG_BALANCE_IN, "100.0"), part(HENG_BALANCE_OUT, "102.0")};
    assert_int_equal(balance(edge, 2).state, HENG_BALANCE_OK);
}

/* Meters of 3 % and 4 % on 100 each: the band is 5, so a loss of 20 is above 15 for certain only from 20.0...1 on. */
static void test_the_band_decides_what_is_certain(void **state)
{
    (void)state;
    struct heng_balance_part parts[] = {part(HENG_BALANCE_IN, "100.00"), part(HENG_BALANCE_OUT, "80.00"),
                                        part(HENG_BALANCE_OUT, "0.00")};
    parts[0].error_permyriad = 300;
    parts[1].error_permyriad = 500;
    struct heng_balance made = balance(parts, 3);
    assert_text(made.band, "5.00");
    assert_text(made.band_pct, "5.00");
    assert_int_equal(made.state, HENG_BALANCE_UNCERTAIN);
    parts[1].amount = dec("79.99");
    assert_int_equal(balance(parts, 3).state, HENG_BALANCE_HIGH);
    parts[1].amount = dec("85.00");
    assert_int_equal(balance(parts, 3).state, HENG_BALANCE_OK);
}

static void test_seven_percent_estimated_conclude_nothing(void **state)
{
    (void)state;
    struct heng_balance_part parts[] = {part(HENG_BALANCE_IN, "105"), part(HENG_BALANCE_OUT, "93"),
                                        part(HENG_BALANCE_OUT, "7")};
    parts[2].estimated = dec("7");
    struct heng_balance made = balance(parts, 3);
    assert_int_equal(made.state, HENG_BALANCE_CANNOT_SAY);
    assert_int_equal(made.why, HENG_BALANCE_WHY_ESTIMATED);
    assert_int_equal(made.share_permyriad, 700);
    assert_int_equal(made.estimated, 1);
    assert_false(made.loss.is);
    assert_int_equal(heng_dec_cmp(made.out, dec("100")), 0);
    parts[1].amount = dec("133");
    parts[0].amount = dec("145");
    assert_int_equal(balance(parts, 3).state, HENG_BALANCE_OK); /* 5 % of 140 exactly */
}

static void test_what_is_missing_is_not_zero(void **state)
{
    (void)state;
    struct heng_balance_part parts[] = {
        part(HENG_BALANCE_IN, "100"), part(HENG_BALANCE_OUT, "60"), {.side = HENG_BALANCE_OUT, .area_cm2 = 300000}};
    parts[1].area_cm2 = 700000;
    struct heng_balance made = balance(parts, 3);
    assert_int_equal(made.why, HENG_BALANCE_WHY_MISSING);
    assert_int_equal(made.share_permyriad, 5000);
    assert_int_equal(made.area_permyriad, 7000);

    const struct heng_balance_limits half = {.low = -200, .high = 5000, .estimated_max = 500, .missing_max = 5000};
    assert_int_equal(heng_balance(parts, 3, &half, &made), HENG_OK);
    assert_int_equal(made.state, HENG_BALANCE_OK);

    parts[0].has_amount = false;
    assert_int_equal(balance(parts, 3).why, HENG_BALANCE_WHY_INPUT_MISSING);
    assert_int_equal(balance(parts + 1, 2).why, HENG_BALANCE_WHY_NO_INPUT);
    parts[0] = part(HENG_BALANCE_IN, "0");
    assert_int_equal(balance(parts, 1).why, HENG_BALANCE_WHY_NO_INPUT);
    parts[0] = part(HENG_BALANCE_IN, "100");
    assert_int_equal(balance(parts, 1).why, HENG_BALANCE_WHY_NO_OUTPUT);
    parts[0].estimated = dec("5.01");
    assert_int_equal(balance(parts, 2).why, HENG_BALANCE_WHY_INPUT_ESTIMATED);
}

static void test_impossible_parts_are_refused(void **state)
{
    (void)state;
    struct heng_balance made;
    struct heng_balance_part parts[] = {part(HENG_BALANCE_IN, "100"), part(HENG_BALANCE_OUT, "60")};
    parts[1].estimated = dec("60.01");
    assert_int_equal(heng_balance(parts, 2, &heng_balance_limits_default, &made), HENG_ERANGE);
    parts[1].estimated = dec("-1");
    assert_int_equal(heng_balance(parts, 2, &heng_balance_limits_default, &made), HENG_ERANGE);
    parts[1] = part(HENG_BALANCE_OUT, "9223372036854775807");
    parts[0] = part(HENG_BALANCE_OUT, "9223372036854775807");
    assert_int_equal(heng_balance(parts, 2, &heng_balance_limits_default, &made), HENG_ERANGE);
}

/* The order of the meters changes nothing, and moving the point in all of them only moves it in the result. */
static void test_order_and_scale(void **state)
{
    (void)state;
    uint32_t seed = 20261121;
    for (int round = 0; round < 200; round++) {
        struct heng_balance_part parts[12], mixed[12];
        for (size_t i = 0; i < 12; i++) {
            seed = seed * 1664525 + 1013904223;
            parts[i] = (struct heng_balance_part){.side = i == 0 ? HENG_BALANCE_IN : HENG_BALANCE_OUT,
                                                  .has_amount = true,
                                                  .amount = {(int64_t)(seed >> 12) * (i == 0 ? 12 : 1), -2},
                                                  .error_permyriad = (uint16_t)(seed % 500)};
            mixed[i] = parts[i];
        }
        for (size_t i = 11; i > 0; i--) {
            seed = seed * 1664525 + 1013904223;
            size_t other = (seed >> 16) % (i + 1);
            struct heng_balance_part kept = mixed[i];
            mixed[i] = mixed[other];
            mixed[other] = kept;
        }
        struct heng_balance a = balance(parts, 12), b = balance(mixed, 12);
        assert_memory_equal(&a, &b, sizeof a);
        for (size_t i = 0; i < 12; i++) mixed[i].amount.exp = -5;
        b = balance(mixed, 12);
        assert_int_equal(a.state, b.state);
        assert_true(a.loss.dec.mantissa == b.loss.dec.mantissa && a.band.dec.mantissa == b.band.dec.mantissa);
        assert_int_equal(heng_dec_cmp(a.loss_pct.dec, b.loss_pct.dec), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_main_meter_and_its_subs),
        cmocka_unit_test(test_own_use_is_no_loss),
        cmocka_unit_test(test_source_station_building_household),
        cmocka_unit_test(test_a_negative_loss_is_not_clipped),
        cmocka_unit_test(test_the_band_decides_what_is_certain),
        cmocka_unit_test(test_seven_percent_estimated_conclude_nothing),
        cmocka_unit_test(test_what_is_missing_is_not_zero),
        cmocka_unit_test(test_impossible_parts_are_refused),
        cmocka_unit_test(test_order_and_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
