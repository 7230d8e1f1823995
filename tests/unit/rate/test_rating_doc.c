/* docs/rating.md cannot rot: every block "json rate" in it is rated, and what the block "json answer" after it shows is
 * in the answer. Every tariff of it keeps to docs/tariff.schema.json: no field that the schema does not name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/rate/rate_case.h"

static char doc[262144];

static char *load(const char *path, char *into, size_t cap)
{
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("there is no %s", path);
    size_t n = fread(into, 1, cap - 1, f);
    assert_true(n < cap - 1);
    into[n] = '\0';
    fclose(f);
    return into;
}

/* What is shown is there: of an object its members, of an array its first items. */
static bool contains(json_t *all, json_t *shown)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_object(shown)) {
        json_object_foreach(shown, key, value)
        {
            json_t *other = json_object_get(all, key);
            if (!other || !contains(other, value)) {
                print_message("# '%s' is another\n", key);
                return false;
            }
        }
        return true;
    }
    if (json_is_array(shown)) {
        json_array_foreach(shown, i, value) if (!contains(json_array_get(all, i), value)) return false;
        return true;
    }
    return all && json_equal(all, shown);
}

static json_t *schema_fields(const char *where)
{
    static json_t *schema;
    static char text[65536];
    if (!schema) schema = json_loads(load(HENG_SOURCE_DIR "/docs/tariff.schema.json", text, sizeof text), 0, NULL);
    assert_non_null(schema);
    json_t *at = schema;
    if (where) at = json_object_get(json_object_get(schema, "$defs"), where);
    json_t *fields = json_object_get(at, "properties");
    assert_non_null(fields);
    return fields;
}

static void keep_to_schema(json_t *object, const char *where)
{
    const char *key;
    json_t *value;
    json_t *fields = schema_fields(where);
    json_object_foreach(object, key, value) if (!json_object_get(fields, key))
        fail_msg("the schema has no field '%s' of %s", key, where ? where : "a tariff");
}

static void check_tariff(json_t *tariff)
{
    size_t i;
    json_t *component;
    if (!tariff) return;
    keep_to_schema(tariff, NULL);
    json_array_foreach(json_object_get(tariff, "components"), i, component) keep_to_schema(component, "component");
}

static json_t *block(const char *at, const char *kind, const char **ret_end)
{
    const char *from = strchr(at, '\n') + 1, *end = strstr(from, "\n```");
    json_error_t why;
    assert_non_null(end);
    json_t *json = json_loadb(from, (size_t)(end - from), JSON_REJECT_DUPLICATES, &why);
    if (!json) fail_msg("a block '%s' is no JSON: %s: %.60s", kind, why.text, from);
    *ret_end = end + 4;
    return json;
}

static void test_blocks(void **state)
{
    (void)state;
    unsigned rated = 0, shown = 0;
    const char *at = load(HENG_SOURCE_DIR "/docs/rating.md", doc, sizeof doc);
    while ((at = strstr(at, "```json rate\n"))) {
        const char *start = at;
        struct heng_err err;
        json_t *request = block(at, "rate", &at), *answer = rate_json(request, &err);
        if (!answer) fail_msg("%s: %.300s", err.text, start);
        check_tariff(json_object_get(request, "tariff"));
        rated++;
        const char *next = strstr(at, "```json answer\n"), *other = strstr(at, "```json rate\n");
        if (next && (!other || next < other)) {
            json_t *excerpt = block(next, "answer", &at);
            if (!contains(answer, excerpt)) {
                char *text = json_dumps(answer, 0);
                fail_msg("the answer is not what is shown: %.2000s", text);
            }
            shown++;
            json_decref(excerpt);
        }
        json_decref(answer);
        json_decref(request);
    }
    assert_true(rated >= 8 && shown >= 8);
}

/* All tariffs of the examples, too. */
static void test_schema(void **state)
{
    (void)state;
    static char line[65536];
    static const char *const files[] = {"bill-cases-tariff.jsonl", "bill-cases-tariff-more.jsonl"};
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/tests/golden/%s", HENG_SOURCE_DIR, files[i]);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        while (fgets(line, sizeof line, f)) {
            json_t *one = json_loads(line, 0, NULL);
            check_tariff(json_object_get(json_object_get(one, "request"), "tariff"));
            json_decref(one);
        }
        fclose(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_schema)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
