/* The JSON reader: what RFC 8259 allows is read, everything else is refused with its line. */
#include "base/json_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static heng_rc skip_all(struct heng_slice text, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(text);
    heng_json_skip(&r);
    heng_json_finish(&r);
    *err = r.err;
    return r.err.rc;
}

static void test_good_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "10",
                                        "-1.5e+3",
                                        "1E9",
                                        "0.0",
                                        "true",
                                        "false",
                                        "null",
                                        "\"\"",
                                        "[]",
                                        "{}",
                                        " [ 1 , 2 ] ",
                                        "{\"a\":[{}]}",
                                        "\r\n\t {\"a\" : 1, \"b\":\"\xE7\x94\xB5\xE8\xA1\xA8\"}\n",
                                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\\u0000\"",
                                        "\"\x7F\xC2\x80\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\"",
                                        "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
                                        "[null,[true],{\"\":0}]"};
    struct heng_err err;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (skip_all(heng_slice_str(texts[i]), &err) != HENG_OK) fail_msg("'%s': %s", texts[i], err.text);
}

static void test_bad_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        " ",
                                        "01",
                                        "-",
                                        "+1",
                                        ".5",
                                        "1.",
                                        "1e",
                                        "1e+",
                                        "0x10",
                                        "NaN",
                                        "tru",
                                        "truee",
                                        "nul",
                                        "nil",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "[1",
                                        "[",
                                        "{",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{'a':1}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2}",
                                        "[1}",
                                        "{\"a\":1]",
                                        "1 2",
                                        "[] x",
                                        "// c\n1",
                                        "\"",
                                        "\"a",
                                        "\"\\\"",
                                        "\"\n\"",
                                        "\"\x01\"",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\u12G4\"",
                                        "\"\\uD800\"",
                                        "\"\\uDC00\"",
                                        "\"\\uD800\\u0041\"",
                                        "\"\\uD800x\"",
                                        "\"\x80\"",
                                        "\"\xC0\x80\"",
                                        "\"\xC1\xBF\"",
                                        "\"\xE0\x80\x80\"",
                                        "\"\xED\xA0\x80\"",
                                        "\"\xF0\x80\x80\x80\"",
                                        "\"\xF4\x90\x80\x80\"",
                                        "\"\xF5\x80\x80\x80\"",
                                        "\"\xE7\x94\"",
                                        "\xEF\xBB\xBF{}",
                                        "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
                                        "{\"\\u0061\":1}",
                                        "}",
                                        "]",
                                        ":",
                                        ","};
    struct heng_err err;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (skip_all(heng_slice_str(texts[i]), &err) == HENG_OK) fail_msg("'%s' is taken for JSON", texts[i]);
        assert_true(err.text[0] != '\0' && err.at == 1);
    }
    assert_int_not_equal(skip_all(heng_slice_of("1\0", 2), &err), HENG_OK);
}

/* No prefix of a text is a text, and none of them is read past its end (its own allocation under ASan). */
static void test_every_truncation(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,-2.5e3,true,null],\"b\":{\"c\":\"\\uD83D\\uDE00\xE7\x94\xB5\"}}";
    struct heng_err err;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *copy = test_malloc(n + 1);
        memcpy(copy, text, n);
        assert_int_not_equal(skip_all(heng_slice_of(copy, n), &err), HENG_OK);
        test_free(copy);
    }
    assert_int_equal(skip_all(heng_slice_str(text), &err), HENG_OK);
}

static void test_values_come_out(void **state)
{
    (void)state;
    struct heng_json_reader r =
        heng_json_reader_of(heng_slice_str("{\"text\":\"a\\n\\u7535\\ud83d\\ude00\",\"n\":-9223372036854775808,\"m\":"
                                           "9223372036854775807,\n\"yes\":true,\"list\":[1,2,3]}"));
    struct heng_slice key;
    char text[16];
    int64_t sum = 0;
    heng_json_open_object(&r);
    assert_true(heng_json_next_key(&r, &key) && heng_slice_is(key, "text"));
    heng_json_get_string(&r, text, sizeof text);
    assert_string_equal(text, "a\n\xE7\x94\xB5\xF0\x9F\x98\x80");
    assert_true(heng_json_next_key(&r, &key));
    assert_true(heng_json_get_int(&r, INT64_MIN, INT64_MAX) == INT64_MIN);
    assert_true(heng_json_next_key(&r, &key));
    assert_true(heng_json_get_int(&r, INT64_MIN, INT64_MAX) == INT64_MAX);
    assert_true(heng_json_next_key(&r, &key) && heng_slice_is(key, "yes"));
    assert_true(heng_json_get_bool(&r));
    assert_int_equal(r.line, 2);
    assert_true(heng_json_next_key(&r, &key));
    heng_json_open_array(&r);
    while (heng_json_next_item(&r)) sum += heng_json_get_int(&r, 0, 9);
    assert_int_equal(sum, 6);
    assert_false(heng_json_next_key(&r, &key));
    heng_json_finish(&r);
    assert_int_equal(r.err.rc, HENG_OK);
}

static heng_rc int_of(const char *text, int64_t min, int64_t max, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(text));
    (void)heng_json_get_int(&r, min, max);
    heng_json_finish(&r);
    *err = r.err;
    return r.err.rc;
}

static void test_whole_numbers_only(void **state)
{
    (void)state;
    struct heng_err err;
    assert_int_equal(int_of("7", 0, 7, &err), HENG_OK);
    assert_int_equal(int_of("8", 0, 7, &err), HENG_ERANGE);
    assert_string_equal(err.text, "8 is not between 0 and 7");
    assert_int_equal(int_of("-1", 0, 7, &err), HENG_ERANGE);
    assert_int_equal(int_of("9223372036854775808", INT64_MIN, INT64_MAX, &err), HENG_ERANGE);
    assert_int_equal(int_of("-9223372036854775809", INT64_MIN, INT64_MAX, &err), HENG_ERANGE);
    assert_int_equal(int_of("99999999999999999999999999999999999999999999", INT64_MIN, INT64_MAX, &err), HENG_ERANGE);
    assert_int_equal(int_of("1.0", 0, 7, &err), HENG_EFORMAT);
    assert_string_equal(err.text, "1.0 is not a whole number");
    assert_int_equal(int_of("1e0", 0, 7, &err), HENG_EFORMAT);
    assert_int_equal(int_of("\n\"1\"", 0, 7, &err), HENG_EFORMAT);
    assert_string_equal(err.text, "a string stands where a number should be");
    assert_int_equal(err.at, 2);
}

static void test_text_limits_and_nul(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        heng_rc rc;
    } cases[] = {{"\"abc\"", HENG_OK},          {"\"abcd\"", HENG_ELIMIT},      {"\"\\u7535\"", HENG_OK},
                 {"\"a\\u7535\"", HENG_ELIMIT}, {"\"a\\u0000\"", HENG_EFORMAT}, {"12", HENG_EFORMAT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_json_reader r = heng_json_reader_of(heng_slice_str(cases[i].text));
        char text[4] = "xyz";
        heng_json_get_string(&r, text, sizeof text);
        assert_int_equal(r.err.rc, cases[i].rc);
        if (cases[i].rc != HENG_OK) assert_string_equal(text, "");
    }
}

/* The first error stays, and every later call is harmless. */
static void test_the_first_error_is_latched(void **state)
{
    (void)state;
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str("{\n\"a\":x,\"b\":y}"));
    struct heng_slice key;
    char text[8];
    heng_json_open_object(&r);
    assert_true(heng_json_next_key(&r, &key));
    (void)heng_json_get_int(&r, 0, 9);
    assert_string_equal(r.err.text, "'x' stands where a number should be");
    heng_json_refuse(&r, HENG_ERANGE, "too late");
    assert_false(heng_json_next_key(&r, &key) || heng_json_next_item(&r) || heng_json_get_bool(&r));
    heng_json_open_array(&r);
    heng_json_get_string(&r, text, sizeof text);
    heng_json_skip(&r);
    heng_json_finish(&r);
    assert_int_equal(heng_json_peek(&r), HENG_JSON_END);
    assert_int_equal(r.err.rc, HENG_EFORMAT);
    assert_int_equal(r.err.at, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_values_come_out),
        cmocka_unit_test(test_whole_numbers_only),
        cmocka_unit_test(test_text_limits_and_nul),
        cmocka_unit_test(test_the_first_error_is_latched),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
