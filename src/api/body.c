/* The body of a request into the struct of its schema, by the table of its fields. */
#include <string.h>

#include "api/route.h"
#include "base/json_reader.h"

enum { FIELD_TEXT_MAX = 256, FIELDS_MAX = 32 };

static void take_text(struct heng_json_reader *r, const struct heng_api_field *field, struct heng_arena *arena,
                      char *to)
{
    size_t cap = field->most + 2; /* one more, to see that it is too long */
    char *text = heng_arena_take(arena, cap, 1);
    if (!text) {
        heng_json_refuse(r, HENG_ENOMEM, "out of memory");
        return;
    }
    heng_json_get_string(r, text, cap);
    if (r->err.rc == HENG_ELIMIT || strlen(text) > field->most) {
        r->err.rc = HENG_OK;
        heng_json_refuse(r, HENG_ERANGE, "it is longer than %zu bytes", field->most);
    }
    const char *done = text;
    memcpy(to, &done, sizeof done);
}

/* The value as it stands, checked to be one. */
static void take_json(struct heng_json_reader *r, const struct heng_api_field *field, struct heng_arena *arena,
                      char *to)
{
    heng_json_peek(r); /* up to its first byte */
    size_t from = r->at;
    heng_json_skip(r);
    if (r->err.rc != HENG_OK) return;
    size_t n = r->at - from;
    if (n > field->most) heng_json_refuse(r, HENG_ERANGE, "it is longer than %zu bytes", field->most);
    char *text = heng_arena_take(arena, n + 1, 1);
    if (!text) heng_json_refuse(r, HENG_ENOMEM, "out of memory");
    if (r->err.rc != HENG_OK) return;
    memcpy(text, r->text.p + from, n);
    text[n] = '\0';
    const char *done = text;
    memcpy(to, &done, sizeof done);
}

static void take_word(struct heng_json_reader *r, const struct heng_api_field *field, char *to)
{
    char text[FIELD_TEXT_MAX];
    heng_json_get_string(r, text, sizeof text);
    if (r->err.rc != HENG_OK) return;
    unsigned word = 0;
    while (word < field->word_count && strcmp(field->words[word], text) != 0) word++;
    if (word == field->word_count) {
        heng_json_refuse(r, HENG_ERANGE, "'%.40s' is none of its words, see /api/openapi.json", text);
        return;
    }
    memcpy(to, &word, sizeof word);
}

static void take_ints(struct heng_json_reader *r, const struct heng_api_field *field, struct heng_arena *arena,
                      char *to, size_t *ret_n)
{
    int64_t *numbers = heng_arena_take(arena, field->most, sizeof *numbers);
    size_t n = 0;
    if (!numbers) heng_json_refuse(r, HENG_ENOMEM, "out of memory");
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        if (n == field->most) {
            heng_json_refuse(r, HENG_ERANGE, "it has more than %zu items", field->most);
            return;
        }
        numbers[n++] = heng_json_get_int(r, field->min, field->max);
    }
    const int64_t *done = numbers;
    memcpy(to, &done, sizeof done);
    *ret_n = n;
}

static void take_field(struct heng_json_reader *r, const struct heng_api_field *field, struct heng_arena *arena,
                       char *body)
{
    char *to = body + field->offset;
    int64_t number;
    bool flag;
    size_t n = 0;
    switch (field->kind) {
    case HENG_API_FIELD_INT:
        number = heng_json_get_int(r, field->min, field->max);
        memcpy(to, &number, sizeof number);
        break;
    case HENG_API_FIELD_BOOL:
        flag = heng_json_get_bool(r);
        memcpy(to, &flag, sizeof flag);
        break;
    case HENG_API_FIELD_TEXT: take_text(r, field, arena, to); break;
    case HENG_API_FIELD_JSON: take_json(r, field, arena, to); break;
    case HENG_API_FIELD_ENUM: take_word(r, field, to); break;
    case HENG_API_FIELD_INTS:
        take_ints(r, field, arena, to, &n);
        memcpy(body + field->count_offset, &n, sizeof n);
        break;
    }
    if (field->has_offset != HENG_API_ALWAYS) memcpy(body + field->has_offset, &(bool){true}, sizeof(bool));
}

static size_t find_field(const struct heng_api_route *route, struct heng_slice key)
{
    size_t i = 0;
    while (i < route->field_count && !heng_slice_is(key, route->fields[i].name)) i++;
    return i;
}

heng_rc heng_api_take_body(const struct heng_api_route *route, const struct heng_api_input *input,
                           struct heng_arena *arena, void *ret_body, struct heng_err *err)
{
    bool seen[FIELDS_MAX] = {false};
    struct heng_slice key;
    const char *name = NULL; /* of the field that is at fault */
    if (!route->fields) return input->body.n ? heng_fail(err, HENG_ERANGE, 0, "this operation takes no body") : HENG_OK;
    struct heng_json_reader r = heng_json_reader_of(input->body);
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        size_t i = find_field(route, key);
        if (i == route->field_count || i >= FIELDS_MAX)
            heng_json_refuse(&r, HENG_ERANGE, "field '%.*s' is not known", (int)(key.n < 40 ? key.n : 40),
                             (const char *)key.p);
        else if (seen[i])
            heng_json_refuse(&r, HENG_ERANGE, "it is given twice");
        else
            take_field(&r, &route->fields[i], arena, ret_body);
        if (r.err.rc != HENG_OK && i < route->field_count) name = route->fields[i].name;
        if (i < FIELDS_MAX) seen[i] = true;
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK)
        return heng_fail(err, r.err.rc == HENG_ENOMEM ? HENG_ENOMEM : HENG_ERANGE, r.err.at, "body, %s%s%s%s",
                         name ? "field '" : "", name ? name : "", name ? "': " : "", r.err.text);
    for (size_t i = 0; i < route->field_count; i++)
        if (route->fields[i].required && !seen[i])
            return heng_fail(err, HENG_ERANGE, 0, "field '%s' is missing", route->fields[i].name);
    return HENG_OK;
}
