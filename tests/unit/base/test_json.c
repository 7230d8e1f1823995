/* The JSON writer: commas, escapes, broken UTF-8, limits. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_nesting_and_commas(void **state)
{
    (void)state;
    struct heng_str out = {.max = 4096};
    struct heng_json j = heng_json_of(&out);
    heng_json_object(&j);
    heng_json_key(&j, "a");
    heng_json_array(&j);
    heng_json_int(&j, -1);
    heng_json_bool(&j, true);
    heng_json_null(&j);
    heng_json_object(&j);
    heng_json_end_object(&j);
    heng_json_end_array(&j);
    heng_json_key(&j, "b");
    heng_json_dec(&j, (struct heng_dec){150, -2});
    heng_json_key(&j, "c");
    heng_json_hex(&j, heng_slice_of("\x68\xAA", 2));
    heng_json_key(&j, "d");
    heng_json_time(&j, 0);
    heng_json_key(&j, "e");
    heng_json_text(&j, NULL);
    heng_json_key(&j, "f");
    heng_json_raw(&j, "[1]", 3);
    heng_json_end_object(&j);
    assert_int_equal(out.rc, HENG_OK);
    assert_string_equal(out.text, "{\"a\":[-1,true,null,{}],\"b\":\"1.50\",\"c\":\"68AA\","
                                  "\"d\":\"1970-01-01T00:00:00Z\",\"e\":null,\"f\":[1]}");
    heng_str_fini(&out);
}

static void test_strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\t\x01\x7F", "\"\\u000a\\u0009\\u0001\\u007f\""},
        {"\xE8\xA1\xA1", "\"\xE8\xA1\xA1\""},                     /* a character of three bytes */
        {"\xF0\x9F\x94\xA5", "\"\xF0\x9F\x94\xA5\""},             /* of four */
        {"\xC3", "\"\\ufffd\""},                                  /* cut off */
        {"\xC0\x80", "\"\\ufffd\\ufffd\""},                       /* overlong */
        {"\xED\xA0\x80", "\"\\ufffd\\ufffd\\ufffd\""},            /* half of a surrogate pair */
        {"\xF4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* beyond U+10FFFF */
        {"\xFFx", "\"\\ufffdx\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_str out = {.max = 4096};
        struct heng_json j = heng_json_of(&out);
        heng_json_text(&j, cases[i].in);
        assert_string_equal(out.text, cases[i].out);
        heng_str_fini(&out);
    }
}

static void test_limits_are_latched(void **state)
{
    (void)state;
    struct heng_str out = {.max = 16};
    struct heng_json j = heng_json_of(&out);
    heng_json_text(&j, "longer than sixteen bytes");
    assert_int_equal(out.rc, HENG_ELIMIT);
    heng_str_fini(&out);

    struct heng_str deep = {.max = 4096};
    j = heng_json_of(&deep);
    for (int i = 0; i < 31; i++) heng_json_array(&j);
    assert_int_equal(deep.rc, HENG_OK);
    heng_json_array(&j);
    assert_int_equal(deep.rc, HENG_ELIMIT);
    heng_str_fini(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting_and_commas),
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_limits_are_latched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
