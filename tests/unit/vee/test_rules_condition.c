/* Status bits of three protocols mean the same here, whether they come as words or by the names that the codecs give.
 */
#include "codec/dlt645/table.h"
#include "codec/mbus/words.h"
#include "model/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BIT(condition) ((heng_conditions)1 << HENG_CONDITION_##condition)

static void test_texts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HENG_CONDITION_COUNT; i++) {
        heng_conditions named;
        assert_int_equal(heng_condition_of(heng_condition_text((heng_condition)i)), i);
        assert_true(heng_conditions_named(heng_condition_text((heng_condition)i), &named));
        assert_int_equal(named, 1U << i);
    }
    assert_string_equal(heng_condition_text(HENG_CONDITION_COUNT), "unknown");
    assert_int_equal(heng_condition_of("flood"), HENG_CONDITION_COUNT);
    assert_int_equal(HENG_CONDITIONS_ALL, (1 << HENG_CONDITION_COUNT) - 1);
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(heng_conditions_mbus(0x00), 0);
    assert_int_equal(heng_conditions_mbus(0x01), 0); /* busy: says nothing of the meter */
    assert_int_equal(heng_conditions_mbus(0x03), BIT(DEVICE_FAULT));
    assert_int_equal(heng_conditions_mbus(0x04), BIT(BATTERY_LOW));
    assert_int_equal(heng_conditions_mbus(0x1C), BIT(BATTERY_LOW) | BIT(DEVICE_FAULT) | BIT(TEMPORARY_FAULT));
    assert_int_equal(heng_conditions_cjt188(0x00), 0);
    assert_int_equal(heng_conditions_cjt188(0x01), BIT(VALVE_CLOSED));
    assert_int_equal(heng_conditions_cjt188(0x02), 0); /* reserved; some say so while the valve moves */
    assert_int_equal(heng_conditions_cjt188(0x07), BIT(VALVE_FAULT) | BIT(BATTERY_LOW));
    assert_int_equal(heng_conditions_cjt188(0xFF), 0); /* not available */
    assert_int_equal(heng_conditions_dlt645(1, 0x8004), BIT(BATTERY_LOW) | BIT(CLOCK_INVALID));
    assert_int_equal(heng_conditions_dlt645(3, 0x0000), 0);
    assert_int_equal(heng_conditions_dlt645(3, 0x0010), BIT(VALVE_CLOSED));
    assert_int_equal(heng_conditions_dlt645(5, 0x0050), BIT(REVERSE_FLOW) | BIT(OVER_RANGE));
    assert_int_equal(heng_conditions_dlt645(7, 0x0600), BIT(TAMPER));
    assert_int_equal(heng_conditions_dlt645(0, 0xFFFF), 0);
    assert_int_equal(heng_conditions_dlt645(8, 0xFFFF), 0);
}

/* No codec gives a name that we do not know, and word and name say the same. */
static void compare(const struct heng_flag *flag, int word)
{
    for (; flag->mask; flag++) {
        heng_conditions named;
        if (!heng_conditions_named(flag->name, &named)) fail_msg("nobody knows '%s'", flag->name);
        if (word == 0)
            assert_int_equal(named, heng_conditions_mbus((uint8_t)flag->value));
        else if (word > 0 && heng_conditions_dlt645((unsigned)word, (uint16_t)flag->value) != named)
            fail_msg("word %d, '%s'", word, flag->name);
    }
}

static void test_names_of_the_codecs(void **state)
{
    (void)state;
    struct heng_telegram t;
    memset(&t, 0, sizeof t);
    t.kind = HENG_TELEGRAM_DATA;
    compare(heng_mbus_status_flags(&t), 0);
    t.kind = HENG_TELEGRAM_FIXED;
    compare(heng_mbus_status_flags(&t), -1); /* other low bits */
    compare(heng_dlt645_word1, 1);
    compare(heng_dlt645_word2, 2);
    compare(heng_dlt645_word3, 3);
    for (int word = 4; word <= 6; word++) compare(heng_dlt645_phase_word, word);
    compare(heng_dlt645_word7, 7);
    compare(heng_dlt645_meter_word_1997, -1);
    heng_conditions named;
    assert_false(heng_conditions_named("something else", &named));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_names_of_the_codecs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
