/* Steps as sentences: every number that a step has is in its sentence, in all languages, and the kinds are whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bill/explain.h"

static const char *write(const struct heng_step *step, heng_language language)
{
    static struct heng_str text = {.max = 4096};
    heng_str_clear(&text);
    heng_step_write(step, language, "CNY", &text);
    return text.text ? text.text : "";
}

static void test_sentence(void **state)
{
    (void)state;
    struct heng_step items[1];
    struct heng_steps steps = {items, 0, 1, 0};
    const struct heng_dec numbers[] = {{31055, -2}, {5680, -4}};
    struct heng_step *step =
        heng_steps_say(&steps, HENG_STEP_RATE_PER_UNIT, "电费", "kWh", numbers, 2, heng_dec_of(17639, -2));
    assert_non_null(step);
    step->places = 2;
    assert_string_equal(write(step, HENG_LANGUAGE_EN),
                        "电费: 310.55 kWh × 0.5680 CNY/kWh = 176.39 CNY (half up, 2 decimals)");
    assert_string_equal(write(step, HENG_LANGUAGE_DE),
                        "电费: 310,55 kWh × 0,5680 CNY/kWh = 176,39 CNY (kaufmännisch gerundet, 2 Nachkommastellen)");
    assert_string_equal(write(step, HENG_LANGUAGE_ZH),
                        "电费：310.55 kWh × 0.5680 CNY/kWh = 176.39 CNY（四舍五入，保留 2 位小数）");
    assert_null(heng_steps_add(&steps, HENG_STEP_RATE_PER_UNIT, "one more")); /* full: counted, not lost in silence */
    assert_int_equal(steps.lost, 1);
    assert_null(heng_steps_add(NULL, HENG_STEP_RATE_PER_UNIT, "off"));
}

/* Each kind has a code of its own and a sentence in each language that shows a number or its subject. */
static void test_all_kinds(void **state)
{
    (void)state;
    for (int kind = 0; kind < HENG_STEP_COUNT; kind++) {
        struct heng_step step = {.kind = (uint16_t)kind, .places = 255, .subject = "S", .unit = "kWh"};
        assert_true(strlen(heng_step_code((heng_step_kind)kind)) > 2);
        for (int other = 0; other < kind; other++)
            assert_string_not_equal(heng_step_code((heng_step_kind)kind), heng_step_code((heng_step_kind)other));
        for (unsigned i = 0; i < HENG_STEP_NUMBERS; i++) step.numbers[i] = heng_dec_of(1111 * (i + 1), 0);
        step.result = heng_dec_of(987654, 0);
        for (unsigned language = 0; language < HENG_LANGUAGES; language++) {
            const char *text = write(&step, (heng_language)language);
            if (strchr(text, '{')) fail_msg("'%s' has a place that is not filled", text);
            if (!strstr(text, "1111") && !strstr(text, "987654") && !strchr(text, 'S'))
                fail_msg("'%s' shows nothing", text);
        }
    }
}

static void test_languages(void **state)
{
    (void)state;
    assert_int_equal(heng_language_of("zh"), HENG_LANGUAGE_ZH);
    assert_int_equal(heng_language_of("de"), HENG_LANGUAGE_DE);
    assert_int_equal(heng_language_of("fr"), HENG_LANGUAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentence), cmocka_unit_test(test_all_kinds),
                                       cmocka_unit_test(test_languages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
