/* heng tariff check: each kind of mistake is found, with its path; a good tariff has no findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rate/tariff_form.h"

enum { FINDINGS = 16 };

static size_t check(const char *components, struct heng_tariff_finding *findings)
{
    char text[4096];
    struct heng_arena arena = {.max = 4 << 20};
    struct heng_form form;
    struct heng_tariff tariff;
    snprintf(text, sizeof text, "{\"id\": \"T\", \"components\": [%s]}", components);
    heng_form_open(&form, heng_slice_str(text));
    heng_tariff_read_unchecked(&form, &arena, &tariff);
    if (heng_form_failed(&form)) {
        struct heng_err err = {0};
        fail_msg("%s: %s", heng_rc_name(heng_form_close(&form, &err)), err.text);
    }
    size_t n = heng_tariff_check(&tariff, findings, FINDINGS);
    heng_arena_fini(&arena);
    return n;
}

#define PER(more)                                                                                                      \
    "{\"id\": \"e\", \"rule\": \"per-unit\", \"quantity\": \"active\", \"unit\": \"kWh\", \"price\": \"1\"" more "}"
#define STEPS(more) "{\"id\": \"e\", \"rule\": \"steps\", \"quantity\": \"active\", \"unit\": \"kWh\"" more "}"
#define TOU(more)   "{\"id\": \"e\", \"rule\": \"tou\", \"quantity\": \"active\", \"unit\": \"kWh\"" more "}"

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *components, *path, *text;
        bool is_error;
    } rows[] = {
        {PER(", \"to\": \"2026-02-01\"") "," PER(", \"from\": \"2026-01-01\""), "components[0].to", "overlaps", true},
        {PER(", \"to\": \"2026-01-01\"") "," PER(", \"from\": \"2026-02-01\""), "components[0].to", "gap", true},
        {PER("") "," PER(""), "components[0].to", "overlaps", true},
        {PER(", \"from\": \"2026-02-01\", \"to\": \"2026-02-01\""), "components[0].to", "not after", true},
        {STEPS(", \"steps\": []"), "components[0].steps", "there is none", true},
        {STEPS(", \"steps\": [{\"from\": \"5\", \"price\": \"1\"}]"), "components[0].steps[0].from", "begins at 0",
         true},
        {STEPS(", \"steps\": [{\"from\": \"0\", \"price\": \"1\"}, {\"from\": \"9\", \"price\": \"2\"}, {\"from\": "
               "\"9\", \"price\": \"3\"}]"),
         "components[0].steps[2].from", "never reached", true},
        {STEPS(", \"steps\": [{\"from\": \"0\", \"price\": \"1\"}, {\"from\": \"9\", \"price\": \"1.0\"}]"),
         "components[0].steps[1].price", "step before", false},
        {STEPS(", \"cycle_months\": 5, \"steps\": [{\"from\": \"0\", \"price\": \"1\"}]"), "components[0].cycle_months",
         "cycles of 5", true},
        {STEPS(", \"seasons\": [{\"months\": [5], \"bounds\": [\"7\"]}, {\"months\": [5], \"bounds\": [\"8\"]}], "
               "\"steps\": [{\"from\": \"0\", \"price\": \"1\"}, {\"from\": \"9\", \"price\": \"2\"}]"),
         "components[0].seasons[1].months", "two seasons", true},
        {TOU(", \"rates\": [{\"rate\": \"a\", \"price\": \"1\"}, {\"rate\": \"a\", \"price\": \"2\"}]"),
         "components[0].rates[1].rate", "this name", true},
        {TOU(", \"rates\": [{\"rate\": \"a\"}, {\"rate\": \"b\"}], \"calendar\": [{\"otherwise\": \"a\"}]"),
         "components[0].rates[1].rate", "no window", false},
        {TOU(", \"from\": \"2026-01-01\", \"rates\": [{\"rate\": \"a\"}], \"calendar\": [{\"from\": \"2026-03-01\", "
             "\"otherwise\": \"a\"}]"),
         "components[0].calendar[0].from", "a hole", true},
        {"{\"id\": \"e\", \"rule\": \"per-unit\", \"quantity\": \"active\", \"unit\": \"kWatt\", \"price\": \"1\"}",
         "components[0].unit", "not known", true},
        {PER(", \"to\": \"2026-01-01\"") ",{\"id\": \"e\", \"from\": \"2026-01-01\", \"rule\": \"per-unit\", "
                                         "\"quantity\": \"active\", \"unit\": \"MWh\", \"price\": \"1\"}",
         "components[0].unit", "another unit", true},
        {"{\"id\": \"p\", \"rule\": \"percent\", \"rate\": \"0.1\", \"of\": [\"p\"]}", "components[0].of[0]",
         "no component", true},
        {"{\"id\": \"p\", \"rule\": \"power-factor\", \"standard\": \"0.75\", \"of\": [\"p\"]}",
         "components[0].standard", "have a table", true},
        {PER(", \"vat\": {\"rate\": \"13\"}"), "components[0].vat.rate", "0.13", true},
        {TOU(", \"rates\": [{\"rate\": \"a\", \"price\": \"1\"}, {\"rate\": \"b\"}]"), "components[0].rates",
         "neither price nor factor", true},
        {"{\"id\": \"e\", \"rule\": \"tou-steps\", \"quantity\": \"active\", \"unit\": \"kWh\", \"attribution\": "
         "\"proportional\", \"rates\": [{\"rate\": \"a\"}], \"steps\": [{\"from\": \"0\", \"price\": \"1\"}]}",
         "components[0].steps[0]", "one of each rate", true},
        {"{\"id\": \"e\", \"rule\": \"tou-steps\", \"quantity\": \"active\", \"unit\": \"kWh\", \"rates\": "
         "[{\"rate\": \"a\", \"price\": \"1\"}], \"steps\": [{\"from\": \"0\", \"prices\": {\"a\": \"1\"}}]}",
         "components[0].steps[0]", "one \"increment\"", true},
        {PER("") ",{\"id\": \"p\", \"rule\": \"percent\", \"rate\": \"13\", \"of\": [\"e\"]}", "components[1].rate",
         "0.13 is 13 %", true},
        {"{\"id\": \"f\", \"rule\": \"fixed\", \"per\": \"season\", \"price\": \"1\"}", "components[0].season",
         "no days", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heng_tariff_finding findings[FINDINGS];
        size_t n = check(rows[i].components, findings);
        bool found = false;
        for (size_t k = 0; k < n; k++)
            found = found || (strcmp(findings[k].path, rows[i].path) == 0 && strstr(findings[k].text, rows[i].text) &&
                              findings[k].is_error == rows[i].is_error);
        if (!found)
            fail_msg("row %zu: %zu findings, the first %s: %s", i, n, n ? findings[0].path : "",
                     n ? findings[0].text : "");
    }
}

static void test_good(void **state)
{
    (void)state;
    struct heng_tariff_finding findings[FINDINGS];
    assert_int_equal(check(PER(", \"to\": \"2026-02-01\"") "," PER(", \"from\": \"2026-02-01\""), findings), 0);
    assert_int_equal(
        check(PER(", \"to\": \"2026-01-01\", \"temporary\": true") "," PER(", \"from\": \"2026-02-01\""), findings), 0);
    assert_int_equal(check(STEPS(", \"steps\": [{\"from\": \"0\", \"price\": \"1\"}, {\"from\": \"9\", \"price\": "
                                 "\"2\"}], \"seasons\": [{\"months\": [5, 6], \"bounds\": [\"12\"]}]"),
                           findings),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mistakes), cmocka_unit_test(test_good)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
