#ifndef TEST_RATE_CASE_H
#define TEST_RATE_CASE_H
/* One request through the JSON door of rating: as heng rate does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "rate/form.h"

enum { RATE_LINES = 512, RATE_STATES = 16, RATE_STEPS = 4096 };

/* The answer, explained in English; NULL: refused, and ret_err says why. */
static inline json_t *rate_text(const char *request, size_t n, heng_language language, struct heng_err *ret_err)
{
    static struct heng_rate_line lines[RATE_LINES];
    static struct heng_rate_state states[RATE_STATES];
    static struct heng_step steps[RATE_STEPS], warnings[RATE_STEPS];
    static struct heng_rate_request asked;
    struct heng_steps said = {steps, 0, RATE_STEPS, 0}, warned = {warnings, 0, RATE_STEPS, 0};
    struct heng_rate_result result = {.lines = lines,
                                      .cap = RATE_LINES,
                                      .states = states,
                                      .state_cap = RATE_STATES,
                                      .steps = &said,
                                      .warnings = &warned};
    struct heng_arena arena = {.max = (size_t)64 << 20};
    struct heng_str out = {.max = 64 << 20};
    struct heng_json writer = heng_json_of(&out);
    json_t *answer = NULL;
    *ret_err = (struct heng_err){0};
    heng_rc rc = heng_rate_request_read(heng_slice_of(request, n), &arena, &asked, ret_err);
    if (rc == HENG_OK) rc = heng_rate_answer(&asked, &result, language, &writer, ret_err);
    if (rc == HENG_OK) {
        answer = json_loads(out.text, JSON_REJECT_DUPLICATES, NULL);
        if (!answer) fail_msg("the answer is no JSON: %.200s", out.text);
    } else if (ret_err->rc == HENG_OK || !*ret_err->text) {
        fail_msg("refused without a reason");
    }
    heng_str_fini(&out);
    heng_arena_fini(&arena);
    return answer;
}

static inline json_t *rate_json(const json_t *request, struct heng_err *ret_err)
{
    char *text = json_dumps(request, 0);
    assert_non_null(text);
    json_t *answer = rate_text(text, strlen(text), HENG_LANGUAGE_EN, ret_err);
    free(text);
    return answer;
}

/* "lines.*.amount", "state.0.used": a new reference, NULL when it is not there. */
static inline json_t *rate_at(json_t *value, const char *path)
{
    char key[64];
    if (!*path) return json_incref(value);
    size_t n = strcspn(path, ".");
    const char *rest = path[n] ? path + n + 1 : path + n;
    snprintf(key, sizeof key, "%.*s", (int)n, path);
    if (!json_is_array(value)) {
        json_t *inner = json_object_get(value, key);
        return inner ? rate_at(inner, rest) : NULL;
    }
    if (strcmp(key, "*") != 0) {
        json_t *inner = json_array_get(value, (size_t)strtoul(key, NULL, 10));
        return inner ? rate_at(inner, rest) : NULL;
    }
    json_t *all = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *one = rate_at(json_array_get(value, i), rest);
        json_array_append_new(all, one ? one : json_null());
    }
    return all;
}

/* What a case expects of its answer: paths and values, to the digit. */
static inline void rate_expect(json_t *answer, json_t *expect, const char *name)
{
    const char *path;
    json_t *want;
    json_object_foreach(expect, path, want)
    {
        json_t *got = rate_at(answer, path);
        if (!got || !json_equal(got, want)) {
            char *a = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL, *b = json_dumps(want, JSON_ENCODE_ANY);
            fail_msg("%s: %s is %s, not %s", name, path, a ? a : "not there", b);
        }
        json_decref(got);
    }
}

#endif
