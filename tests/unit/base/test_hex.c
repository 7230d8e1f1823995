/* Hex text: what people paste, what is refused and where. */
#include "base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_what_people_paste(void **state)
{
    (void)state;
    static const char *const texts[] = {"6810AAfe",        "68 10 AA FE",  "68-10-aa-fe", "0x68, 0x10, 0xAA, 0xFE",
                                        "68:10:AA:FE\r\n", "\t68 10AA FE "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t bytes[8];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        assert_int_equal(heng_hex_parse(heng_slice_str(texts[i]), &buf, NULL), HENG_OK);
        assert_true(heng_slice_eq(heng_buf_slice(&buf), heng_slice_of("\x68\x10\xAA\xFE", 4)));
    }
}

static void test_broken_text_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t at;
    } cases[] = {{"6", 0}, {"68 1", 3}, {"68 xx", 3}, {"6G", 0}, {"68 10;", 5}, {"6 8", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[8];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_err err = {0};
        assert_int_equal(heng_hex_parse(heng_slice_str(cases[i].text), &buf, &err), HENG_EFORMAT);
        assert_int_equal(err.at, cases[i].at);
    }
    uint8_t two[2];
    struct heng_buf buf = heng_buf_of(two, sizeof two);
    assert_int_equal(heng_hex_parse(heng_slice_str("010203"), &buf, NULL), HENG_ELIMIT);
}

static void test_format(void **state)
{
    (void)state;
    char text[12];
    struct heng_slice bytes = heng_slice_of("\x00\x9F\xA0", 3);
    assert_int_equal(heng_hex_format(bytes, '\0', text, sizeof text), HENG_OK);
    assert_string_equal(text, "009FA0");
    assert_int_equal(heng_hex_format(bytes, ' ', text, sizeof text), HENG_OK);
    assert_string_equal(text, "00 9F A0");
    assert_int_equal(heng_hex_format(bytes, '\0', text, 6), HENG_ELIMIT);
    assert_string_equal(text, "");
    assert_int_equal(heng_hex_format(bytes, '\0', text, 7), HENG_OK);
    assert_int_equal(heng_hex_format(heng_slice_of("", 0), ' ', text, 1), HENG_OK);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_paste),
        cmocka_unit_test(test_broken_text_is_refused_with_its_place),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
