/* Forms: an error names the path of the field, and only the first is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bill/form.h"

/* {"a": [{"price": DEC, "day": DATE, "how": ROUNDING}]} */
static heng_rc read_form(const char *text, struct heng_err *err)
{
    struct heng_form form;
    struct heng_slice key;
    heng_form_open(&form, heng_slice_str(text));
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        heng_form_array(&form);
        while (heng_form_item(&form)) {
            heng_form_object(&form);
            while (heng_form_key(&form, &key)) {
                if (heng_slice_is(key, "price"))
                    (void)heng_form_dec_min(&form, 0);
                else if (heng_slice_is(key, "day"))
                    (void)heng_form_date(&form);
                else if (heng_slice_is(key, "how"))
                    (void)heng_form_rounding(&form);
                else
                    heng_form_unknown(&form);
            }
        }
    }
    return heng_form_close(&form, err);
}

static void refuse(const char *text, const char *why)
{
    struct heng_err err = {0};
    assert_int_not_equal(read_form(text, &err), HENG_OK);
    if (strncmp(err.text, why, strlen(why)) != 0) fail_msg("%s: '%s', not '%s'", text, err.text, why);
}

static void test_paths(void **state)
{
    (void)state;
    struct heng_err err;
    assert_int_equal(
        read_form("{\"a\": [{\"price\": \"0.50\", \"day\": \"2024-02-29\", \"how\": \"down\"}, {}]}", &err), HENG_OK);
    refuse("{\"a\": [{}, {\"price\": \"-1\"}]}", "a[1].price: -1 is below 0");
    refuse("{\"a\": [{\"price\": \"1,5\"}]}", "a[0].price: \"1,5\" is no decimal number");
    refuse("{\"a\": [{\"price\": 1.5}]}", "a[0].price: ");
    refuse("{\"a\": [{\"day\": \"2026-02-29\"}]}", "a[0].day: \"2026-02-29\" is no date");
    refuse("{\"a\": [{\"how\": \"nearest\"}]}", "a[0].how: \"nearest\" is none of");
    refuse("{\"a\": [{\"prize\": \"1\"}]}", "a[0].prize: the form has no such field");
    refuse("{\"a\": [{\"price\": \"-1\", \"prize\": 1}]}", "a[0].price: -1"); /* the first, not the last */
    refuse("{\"a\": [{\"price\": \"1\"}", "a");
    refuse("{\"a\": [{}, {\"price\": \"1\", \"how\": \"up\", \"price\": \"1\"}]}", "a[1].price: it stands twice");
    refuse("{\"a\": [{\"price\": \"1\"}, {\"price\": \"2\"}], \"a\": []}", "a: it stands twice");
    refuse("{\"a\": []} x", "");
    refuse("", "");
}

/* Names longer than the path has room for are cut, not written behind it. */
static void test_long_names(void **state)
{
    (void)state;
    char text[4096] = "{\"a\": [{\"";
    memset(text + strlen(text), 'x', 2000);
    strncat(text, "\": 1}]}", sizeof text - strlen(text) - 1);
    refuse(text, "a[0].xxxx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_long_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
