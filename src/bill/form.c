#include "bill/form.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void heng_form_open(struct heng_form *form, struct heng_slice json)
{
    memset(form, 0, sizeof *form);
    form->json = heng_json_reader_of(json);
}

bool heng_form_failed(const struct heng_form *form) { return form->err.rc != HENG_OK || form->json.err.rc != HENG_OK; }

heng_rc heng_form_close(struct heng_form *form, struct heng_err *err)
{
    if (form->err.rc == HENG_OK) heng_json_finish(&form->json);
    if (form->err.rc == HENG_OK && form->json.err.rc == HENG_OK) return HENG_OK;
    if (form->err.rc == HENG_OK)
        (void)heng_fail(&form->err, form->json.err.rc, form->json.err.at, "%s%s%s", form->path,
                        form->path[0] ? ": " : "", form->json.err.text);
    if (err) *err = form->err;
    return form->err.rc;
}

void heng_form_refuse(struct heng_form *form, heng_rc rc, const char *below, const char *fmt, ...)
{
    char why[160];
    va_list args;
    if (heng_form_failed(form)) return;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    (void)heng_fail(&form->err, rc, form->json.line, "%s%s%s%s%s", form->path, form->path[0] && below[0] ? "." : "",
                    below, form->path[0] || below[0] ? ": " : "", why);
}

static void cut_path(struct heng_form *form, size_t n) { form->path[n] = '\0'; }

/* The path that the container at hand began with. */
static size_t path_end(const struct heng_form *form) { return form->ends[form->json.depth]; }

static void remember_path(struct heng_form *form)
{
    if (heng_form_failed(form)) return;
    form->ends[form->json.depth] = (uint8_t)strlen(form->path);
    form->items[form->json.depth] = 0;
    uint8_t depth = form->json.depth;
    form->first_key[depth] = depth ? (uint16_t)(form->first_key[depth - 1] + form->key_count[depth - 1]) : 0;
    form->key_count[depth] = 0;
}

void heng_form_object(struct heng_form *form)
{
    heng_json_open_object(&form->json);
    remember_path(form);
}

void heng_form_array(struct heng_form *form)
{
    heng_json_open_array(&form->json);
    remember_path(form);
}

/* False, and refused, when the object has this name already. */
static bool is_new_key(struct heng_form *form, uint8_t depth, struct heng_slice key)
{
    const struct heng_slice *seen = form->keys + form->first_key[depth];
    size_t n = form->key_count[depth];
    for (size_t i = 0; i < n; i++)
        if (seen[i].n == key.n && memcmp(seen[i].p, key.p, key.n) == 0) {
            heng_form_refuse(form, HENG_EFORMAT, "", "it stands twice in this object");
            return false;
        }
    if (form->first_key[depth] + n == HENG_FORM_KEYS_MAX) {
        heng_form_refuse(form, HENG_ELIMIT, "", "the object has too many fields");
        return false;
    }
    form->keys[form->first_key[depth] + form->key_count[depth]++] = key;
    return true;
}

bool heng_form_key(struct heng_form *form, struct heng_slice *ret_key)
{
    if (heng_form_failed(form)) return false;
    size_t end = path_end(form);
    uint8_t depth = form->json.depth;
    cut_path(form, end);
    if (!heng_json_next_key(&form->json, ret_key)) return false;
    size_t room = sizeof form->path - end;
    snprintf(form->path + end, room, "%s%.*s", end ? "." : "", (int)(ret_key->n < 40 ? ret_key->n : 40),
             (const char *)ret_key->p);
    return is_new_key(form, depth, *ret_key);
}

void heng_form_need(struct heng_form *form, const char *name)
{
    if (heng_form_failed(form)) return;
    uint8_t depth = (uint8_t)(form->json.depth + 1); /* of the object that was just closed */
    for (size_t i = 0; i < form->key_count[depth]; i++)
        if (heng_slice_is(form->keys[form->first_key[depth] + i], name)) return;
    heng_form_refuse(form, HENG_ECONFIG, name, "it is missing");
}

bool heng_form_item(struct heng_form *form)
{
    if (heng_form_failed(form)) return false;
    size_t end = path_end(form);
    uint8_t depth = form->json.depth;
    cut_path(form, end);
    if (!heng_json_next_item(&form->json)) return false;
    snprintf(form->path + end, sizeof form->path - end, "[%u]", (unsigned)form->items[depth]++);
    return true;
}

void heng_form_skip(struct heng_form *form)
{
    if (!heng_form_failed(form)) heng_json_skip(&form->json);
}

void heng_form_unknown(struct heng_form *form)
{
    heng_form_refuse(form, HENG_ECONFIG, "", "the form has no such field");
}

void heng_form_text(struct heng_form *form, char *ret, size_t cap)
{
    ret[0] = '\0';
    if (!heng_form_failed(form)) heng_json_get_string(&form->json, ret, cap);
}

int64_t heng_form_int(struct heng_form *form, int64_t min, int64_t max)
{
    return heng_form_failed(form) ? 0 : heng_json_get_int(&form->json, min, max);
}

bool heng_form_bool(struct heng_form *form) { return !heng_form_failed(form) && heng_json_get_bool(&form->json); }

bool heng_form_is_null(struct heng_form *form)
{
    if (heng_form_failed(form) || heng_json_peek(&form->json) != HENG_JSON_NULL) return false;
    heng_json_skip(&form->json);
    return true;
}

struct heng_dec heng_form_dec(struct heng_form *form)
{
    struct heng_dec dec = {0, 0};
    char text[HENG_DEC_TEXT_MAX];
    struct heng_err err = {0};
    if (heng_form_failed(form)) return dec;
    if (heng_json_peek(&form->json) == HENG_JSON_NUMBER) {
        dec.mantissa = heng_json_get_int(&form->json, INT64_MIN, INT64_MAX);
        return dec;
    }
    heng_json_get_string(&form->json, text, sizeof text);
    if (heng_form_failed(form)) return dec;
    heng_rc rc = heng_dec_parse(text, &dec, &err);
    if (rc != HENG_OK) heng_form_refuse(form, rc, "", "\"%.40s\" is no decimal number: %.60s", text, err.text);
    return rc == HENG_OK ? dec : heng_dec_of(0, 0);
}

struct heng_dec heng_form_dec_min(struct heng_form *form, int64_t min)
{
    struct heng_dec dec = heng_form_dec(form);
    if (heng_form_failed(form) || heng_dec_cmp(dec, heng_dec_of(min, 0)) >= 0) return dec;
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(dec, text);
    heng_form_refuse(form, HENG_ERANGE, "", "%s is below %lld", text, (long long)min);
    return heng_dec_of(0, 0);
}

static bool take_digits(const char *text, int n, int *ret)
{
    *ret = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *ret = *ret * 10 + (text[i] - '0');
    }
    return true;
}

heng_day heng_form_date(struct heng_form *form)
{
    char text[HENG_DATE_TEXT_MAX];
    int year = 0, month = 0, day = 0;
    heng_form_text(form, text, sizeof text);
    if (heng_form_failed(form)) return 0;
    bool is = strlen(text) == 10 && text[4] == '-' && text[7] == '-' && take_digits(text, 4, &year) &&
              take_digits(text + 5, 2, &month) && take_digits(text + 8, 2, &day);
    const struct heng_civil civil = {.year = (int16_t)year, .month = (uint8_t)month, .day = (uint8_t)day};
    if (is && heng_civil_valid(&civil)) return heng_day_of_date(year, month, day);
    heng_form_refuse(form, HENG_EFORMAT, "", "\"%s\" is no date like 2026-11-20", text);
    return 0;
}

unsigned heng_form_word(struct heng_form *form, const char *const *words, unsigned count)
{
    char text[HENG_FORM_TEXT_MAX];
    heng_form_text(form, text, sizeof text);
    for (unsigned i = 0; i < count && !heng_form_failed(form); i++)
        if (strcmp(text, words[i]) == 0) return i;
    heng_form_refuse(form, HENG_ECONFIG, "", "\"%.40s\" is not one of the words that stand here", text);
    return 0;
}

heng_rounding heng_form_rounding(struct heng_form *form)
{
    char text[HENG_FORM_TEXT_MAX];
    heng_form_text(form, text, sizeof text);
    heng_rounding rounding = heng_rounding_of(heng_slice_of(text, strlen(text)));
    if (rounding < HENG_ROUNDING_COUNT) return rounding;
    heng_form_refuse(form, HENG_ECONFIG, "", "\"%.40s\" is none of half-up, half-even, down, up", text);
    return HENG_ROUNDING_HALF_UP;
}
