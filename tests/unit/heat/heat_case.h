#ifndef TEST_HEAT_CASE_H
#define TEST_HEAT_CASE_H
/* One form through the JSON door of apportionment, as heng apportion does it, and looks into the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "bill/calc.h"
#include "heat/apportion_run.h"

/* The text of the answer, which the caller frees; NULL: refused, and ret_err says why. */
static inline char *heat_text(const char *form, size_t n, heng_language language, struct heng_err *ret_err)
{
    struct heng_apportion_options options = {language < HENG_LANGUAGES, language};
    struct heng_arena arena = {.max = (size_t)256 << 20};
    struct heng_str out = {.max = 64 << 20};
    char *text = NULL;
    *ret_err = (struct heng_err){0};
    heng_rc rc = heng_apportion_json(heng_slice_of(form, n), &options, &arena, &out, ret_err);
    if (rc == HENG_OK) text = strdup(out.text);
    if (rc != HENG_OK && (ret_err->rc != rc || !*ret_err->text)) fail_msg("refused without a reason");
    heng_str_fini(&out);
    heng_arena_fini(&arena);
    return text;
}

static inline json_t *heat_json(json_t *form, struct heng_err *ret_err)
{
    char *request = json_dumps(form, 0);
    assert_non_null(request);
    char *text = heat_text(request, strlen(request), HENG_LANGUAGE_EN, ret_err);
    free(request);
    if (!text) return NULL;
    json_t *answer = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!answer) fail_msg("the answer is no JSON: %.200s", text);
    free(text);
    return answer;
}

/* "groups.0.shares.*.quantity", "steps.[k-factor].result": a new reference, NULL when it is not there. */
static inline json_t *heat_at(json_t *value, const char *path)
{
    char key[64];
    size_t n = strcspn(path, ".");
    const char *rest = path[n] ? path + n + 1 : path + n;
    if (!value || !*path) return json_incref(value);
    snprintf(key, sizeof key, "%.*s", (int)n, path);
    if (key[0] != '*' && key[0] != '[')
        return heat_at(
            json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10)) : json_object_get(value, key), rest);
    json_t *list = json_array(), *item;
    size_t i;
    json_array_foreach(value, i, item)
    {
        const char *code = json_string_value(json_object_get(item, "code"));
        if (key[0] == '[' && (!code || strncmp(key + 1, code, strlen(code)) != 0 || strlen(code) != n - 2)) continue;
        json_t *one = heat_at(item, rest);
        if (one) json_array_append_new(list, one);
    }
    return list;
}

static inline bool heat_number(json_t *value, struct heng_dec *ret)
{
    if (json_is_integer(value)) *ret = heng_dec_of(json_integer_value(value), 0);
    if (json_is_integer(value)) return true;
    return json_is_string(value) && heng_dec_parse(json_string_value(value), ret, NULL) == HENG_OK;
}

/* Numbers agree at the places of the expected one; texts, lists and truths are the same. */
static inline bool heat_same(json_t *got, json_t *wanted)
{
    struct heng_dec a, b;
    if (json_is_array(wanted)) {
        if (!json_is_array(got) || json_array_size(got) != json_array_size(wanted)) return false;
        for (size_t i = 0; i < json_array_size(wanted); i++)
            if (!heat_same(json_array_get(got, i), json_array_get(wanted, i))) return false;
        return true;
    }
    if (heat_number(got, &a) && heat_number(wanted, &b)) {
        int places = b.exp < 0 ? -b.exp : 0;
        return heng_exact_round(a, places, HENG_ROUNDING_HALF_UP, &a) == HENG_OK && heng_dec_cmp(a, b) == 0;
    }
    return got && json_equal(got, wanted);
}

#endif
