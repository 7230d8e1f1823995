/* The worked examples of tests/golden/bill-examples-heat.tsv, to the cent, through the JSON door: the form of each row
 * and where its values stand in the answer are in bill-cases-heat.jsonl ("@heat_kWh" is that of the row's expected
 * values). A row that nothing runs fails. "differs": a row that is wrong, or of a device that loses heat; the engine
 * must not say what it says. Then bill-cases-heat-more.jsonl: what no example of the file shows. */
#include "unit/heat/heat_case.h"

enum { ROWS = 64, LINE_MAX_BYTES = 65536 };

static struct row {
    char id[16];
    json_t *expected;
    bool ran;
} rows[ROWS];
static size_t row_count;

static int load_rows(void **state)
{
    static char line[16384];
    (void)state;
    FILE *f = fopen(HENG_SOURCE_DIR "/tests/golden/bill-examples-heat.tsv", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    for (; fgets(line, sizeof line, f); row_count++) {
        char *cells[7] = {line};
        for (size_t i = 1; i < 7; i++) {
            cells[i] = strchr(cells[i - 1], '\t');
            assert_non_null(cells[i]);
            *cells[i]++ = '\0';
        }
        assert_true(row_count < ROWS);
        snprintf(rows[row_count].id, sizeof rows[row_count].id, "%s", cells[0]);
        rows[row_count].expected = json_loads(cells[5], 0, NULL);
        assert_non_null(rows[row_count].expected);
    }
    return fclose(f);
}

static int drop_rows(void **state)
{
    (void)state;
    while (row_count) json_decref(rows[--row_count].expected);
    return 0;
}

static struct row *row_of(const char *id)
{
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].id, id) == 0) return &rows[i];
    fail_msg("there is no row '%s'", id);
    return NULL;
}

/* What a case wants: a value of its own, or that of the row. */
static json_t *wanted_of(const struct row *row, json_t *value)
{
    const char *text = json_string_value(value);
    if (!text || *text != '@') return json_incref(value);
    assert_non_null(row);
    json_t *wanted = heat_at(row->expected, text + 1);
    if (!wanted) fail_msg("%s has no '%s'", row->id, text);
    return wanted;
}

static void compare(const struct row *row, json_t *answer, json_t *list, bool same, const char *name)
{
    const char *path;
    json_t *value;
    json_object_foreach(list, path, value)
    {
        json_t *wanted = wanted_of(row, value), *got = heat_at(answer, path);
        if (heat_same(got, wanted) != same) {
            char *a = got ? json_dumps(got, JSON_ENCODE_ANY) : strdup("nothing");
            char *b = json_dumps(wanted, JSON_ENCODE_ANY);
            fail_msg("%s: %s is %s, %s %s", name, path, a, same ? "not" : "as the wrong", b);
        }
        json_decref(wanted);
        json_decref(got);
    }
}

static void run_case(json_t *one)
{
    const char *id = json_string_value(json_object_get(one, "row"));
    const char *refused = json_string_value(json_object_get(one, "refused"));
    struct row *row = id ? row_of(id) : NULL;
    struct heng_err err;
    char name[256];
    snprintf(name, sizeof name, "%s %s", id ? id : "", json_string_value(json_object_get(one, "what")));
    json_t *answer = heat_json(json_object_get(one, "form"), &err);
    if (row) row->ran = true;
    if (refused && answer) fail_msg("%s: it was not refused", name);
    if (refused && !strstr(err.text, refused)) fail_msg("%s: refused with '%s', not '%s'", name, err.text, refused);
    if (!refused && !answer) fail_msg("%s: refused: %s", name, err.text);
    if (!answer) return;
    compare(row, answer, json_object_get(one, "expect"), true, name);
    compare(row, answer, json_object_get(one, "differs"), false, name);
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

static void test_worked_examples(void **state)
{
    (void)state;
    assert_true(run_file(HENG_SOURCE_DIR "/tests/golden/bill-cases-heat.jsonl") >= 60);
    for (size_t i = 0; i < row_count; i++)
        if (!rows[i].ran) fail_msg("nothing runs the row '%s'", rows[i].id);
}

static void test_more(void **state)
{
    (void)state;
    assert_true(run_file(HENG_SOURCE_DIR "/tests/golden/bill-cases-heat-more.jsonl") >= 80);
}

/* --- docs/apportionment.md -----------------------------------------------------------------------------------------
 */

/* All that the document shows of an answer is in the answer. */
static bool shows(json_t *answer, json_t *part)
{
    const char *key;
    json_t *value;
    if (json_is_array(part)) {
        if (json_array_size(part) != json_array_size(answer)) return false;
        for (size_t i = 0; i < json_array_size(part); i++)
            if (!shows(json_array_get(answer, i), json_array_get(part, i))) return false;
        return true;
    }
    if (!json_is_object(part)) return answer && json_equal(answer, part);
    json_object_foreach(part, key, value)
    {
        json_t *there = json_object_get(answer, key);
        if (!there || !shows(there, value)) return false;
    }
    return true;
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

/* Each block of JSON is a form that works, or a part of the answer to the form before it. */
static void test_docs(void **state)
{
    (void)state;
    char *text = read_all(HENG_SOURCE_DIR "/docs/apportionment.md");
    json_t *answer = NULL;
    size_t forms = 0, parts = 0;
    struct heng_err err;
    for (char *at = text; (at = strstr(at, "\n```json\n"));) {
        at += strlen("\n```json\n");
        char *end = strstr(at, "\n```");
        assert_non_null(end);
        *end = '\0';
        json_error_t why;
        json_t *block = json_loads(at, JSON_REJECT_DUPLICATES, &why);
        if (!block) fail_msg("%s in %.200s", why.text, at);
        if (json_object_get(block, "kind")) {
            json_decref(answer);
            answer = heat_json(block, &err);
            if (!answer) fail_msg("%s: %.200s", err.text, at);
            forms++;
        } else {
            if (!answer || !shows(answer, block)) fail_msg("the answer does not show %s", at);
            parts++;
        }
        json_decref(block);
        at = end + 1;
    }
    json_decref(answer);
    free(text);
    assert_true(forms >= 5 && parts >= 5);
}

/* What lies in examples/bill to be copied works. */
static void test_example_files(void **state)
{
    (void)state;
    static const char *const files[] = {"house", "district"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        struct heng_err err;
        snprintf(path, sizeof path, HENG_SOURCE_DIR "/examples/bill/apportion-%s.json", files[i]);
        char *form = read_all(path), *text = heat_text(form, strlen(form), HENG_LANGUAGE_ZH, &err);
        if (!text) fail_msg("%s: %s", path, err.text);
        free(text);
        free(form);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_worked_examples), cmocka_unit_test(test_more),
                                       cmocka_unit_test(test_docs), cmocka_unit_test(test_example_files)};
    return cmocka_run_group_tests(tests, load_rows, drop_rows);
}
