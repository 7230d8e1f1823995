/* The worked examples of tests/golden/bill-examples-tariff.tsv, to the cent, through the JSON door: the request for
 * each row and what must come out are in bill-cases-tariff.jsonl. A row that nothing runs fails, and so does a case
 * whose amounts its row does not have (unless the case says why the row is wrong). Then bill-cases-tariff-more.jsonl:
 * what no published example shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rate/power_factor.h"
#include "unit/rate/rate_case.h"

enum { ROWS = 80, LINE_MAX_BYTES = 65536 };

struct row {
    char id[16], inputs[2048], expected[2048], note[512];
    bool ran;
};
static struct row rows[ROWS];
static size_t row_count;

static void load_rows(void)
{
    static char line[8192];
    FILE *f = fopen(HENG_SOURCE_DIR "/tests/golden/bill-examples-tariff.tsv", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    row_count = 0;
    while (fgets(line, sizeof line, f)) {
        char *cells[7] = {line};
        for (size_t i = 1; i < 7; i++) {
            cells[i] = strchr(cells[i - 1], '\t');
            assert_non_null(cells[i]);
            *cells[i]++ = '\0';
        }
        assert_true(row_count < ROWS);
        struct row *row = &rows[row_count++];
        row->ran = false;
        snprintf(row->id, sizeof row->id, "%s", cells[0]);
        snprintf(row->inputs, sizeof row->inputs, "%s", cells[4]);
        snprintf(row->expected, sizeof row->expected, "%s", cells[5]);
        snprintf(row->note, sizeof row->note, "%s", cells[6]);
    }
    fclose(f);
}

static struct row *row_of(const char *id)
{
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].id, id) == 0) return &rows[i];
    return NULL;
}

/* Each number that a case expects stands in its row: nobody bends a case to what the engine says. */
static void expect_in_row(const struct row *row, json_t *value, const char *what)
{
    size_t i;
    json_t *item;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) expect_in_row(row, item, what);
    } else if (json_is_string(value) && !strstr(row->expected, json_string_value(value)) &&
               !strstr(row->inputs, json_string_value(value)) && !strstr(row->note, json_string_value(value))) {
        fail_msg("%s (%s): %s is not in the row", row->id, what, json_string_value(value));
    }
}

static void run_case(json_t *one)
{
    const char *id = json_string_value(json_object_get(one, "row"));
    const char *what = json_string_value(json_object_get(one, "what"));
    const char *refused = json_string_value(json_object_get(one, "refused"));
    json_t *expect = json_object_get(one, "expect"), *total = json_object_get(expect, "total");
    struct row *row = id ? row_of(id) : NULL;
    char name[256];
    struct heng_err err;
    snprintf(name, sizeof name, "%s %s", id ? id : "", what ? what : "");
    if (id && !row) fail_msg("there is no row '%s'", id);
    if (row) row->ran = true;
    if (row && total && !json_object_get(one, "beyond")) expect_in_row(row, total, name);
    json_t *answer = rate_json(json_object_get(one, "request"), &err);
    if (refused && answer) fail_msg("%s: it was not refused", name);
    if (refused && !strstr(err.text, refused)) fail_msg("%s: refused with '%s', not '%s'", name, err.text, refused);
    if (!refused && !answer) fail_msg("%s: refused: %s", name, err.text);
    if (answer) rate_expect(answer, expect, name);
    json_decref(answer);
}

static size_t run_file(const char *path)
{
    static char line[LINE_MAX_BYTES];
    size_t n = 0;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (; fgets(line, sizeof line, f); n++) {
        json_error_t why;
        json_t *one = json_loads(line, JSON_REJECT_DUPLICATES, &why);
        if (!one) fail_msg("%s: line %zu: %s", path, n + 1, why.text);
        run_case(one);
        json_decref(one);
    }
    fclose(f);
    return n;
}

static struct heng_dec dec_of(json_t *object, const char *key)
{
    struct heng_dec dec;
    assert_int_equal(heng_dec_parse(json_string_value(json_object_get(object, key)), &dec, NULL), HENG_OK);
    return dec;
}

/* Rows of the tables: a standard, a power factor, the rate in percent. */
static void run_table_row(struct row *row)
{
    json_t *in = json_loads(row->inputs, 0, NULL), *out = json_loads(row->expected, 0, NULL);
    size_t count;
    struct heng_dec rate, percent;
    const struct heng_pf_point *points = heng_power_factor_points(dec_of(in, "standard"), &count);
    assert_non_null(points);
    assert_int_equal(heng_power_factor_rate(points, count, dec_of(in, "pf"), &rate), HENG_OK);
    assert_int_equal(heng_dec_shift(rate, 2, &percent), HENG_OK);
    if (heng_dec_cmp(percent, dec_of(out, "rate_percent")) != 0) fail_msg("%s has another rate", row->id);
    json_decref(in);
    json_decref(out);
    row->ran = true;
}

static void test_worked_examples(void **state)
{
    (void)state;
    load_rows();
    assert_true(run_file(HENG_SOURCE_DIR "/tests/golden/bill-cases-tariff.jsonl") > 50);
    for (size_t i = 0; i < row_count; i++) {
        if (strncmp(rows[i].id, "TF-PF-", 6) == 0) run_table_row(&rows[i]);
        if (!rows[i].ran) fail_msg("nothing runs the row '%s'", rows[i].id);
    }
}

static void test_more(void **state)
{
    (void)state;
    assert_true(run_file(HENG_SOURCE_DIR "/tests/golden/bill-cases-tariff-more.jsonl") > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_worked_examples), cmocka_unit_test(test_more)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
