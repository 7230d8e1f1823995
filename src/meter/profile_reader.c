/* Values of a profile file, and where they stand. */
#include "meter/profile_reader.h"
#include "base/hex.h"

#include <stdarg.h>
#include <stdio.h>

void heng_profile_refuse(struct heng_profile_reader *r, heng_rc rc, const char *fmt, ...)
{
    char text[sizeof r->json.err.text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    heng_json_refuse(&r->json, rc, "%s", text);
}

static void enter(struct heng_profile_reader *r, const char *key, size_t index)
{
    if (heng_profile_failed(r)) return;
    if (r->depth == HENG_PROFILE_PATH_MAX) {
        heng_profile_refuse(r, HENG_ELIMIT, "nested too deep");
        return;
    }
    r->path[r->depth].key = key;
    r->path[r->depth++].index = index;
}

/* After an error the path stays: it says where. */
static void leave(struct heng_profile_reader *r)
{
    if (!heng_profile_failed(r)) r->depth--;
}

void heng_profile_open(struct heng_profile_reader *r) { heng_json_open_object(&r->json); }

/* "'unitt' is not known here: use unit, quantity, ..." */
static void refuse_unknown(struct heng_profile_reader *r, struct heng_slice key, const struct heng_profile_members *m)
{
    char list[88] = "";
    size_t used = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (used + strlen(m->names[i]) + sizeof ", , ..." > sizeof list) {
            snprintf(list + used, sizeof list - used, ", ...");
            break;
        }
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", m->names[i]);
    }
    heng_profile_refuse(r, HENG_EFORMAT, "'%.*s' is not known here: use %s", (int)(key.n < 40 ? key.n : 40),
                        (const char *)key.p, list);
}

int heng_profile_member(struct heng_profile_reader *r, struct heng_profile_members *members)
{
    struct heng_slice key;
    if (members->inside) leave(r);
    members->inside = false;
    if (!heng_json_next_key(&r->json, &key)) return -1;
    size_t i = 0;
    while (i < members->count && !heng_slice_is(key, members->names[i])) i++;
    if (i == members->count) {
        refuse_unknown(r, key, members);
        return -1;
    }
    enter(r, members->names[i], 0);
    if (members->seen & UINT32_C(1) << i) heng_profile_refuse(r, HENG_EFORMAT, "stands here a second time");
    if (heng_profile_failed(r)) return -1;
    members->seen |= UINT32_C(1) << i;
    members->inside = true;
    return (int)i;
}

void heng_profile_require(struct heng_profile_reader *r, const struct heng_profile_members *members, uint32_t mask)
{
    for (size_t i = 0; i < members->count; i++)
        if (mask & ~members->seen & UINT32_C(1) << i)
            heng_profile_refuse(r, HENG_EFORMAT, "'%s' is missing", members->names[i]);
}

size_t heng_profile_array(struct heng_profile_reader *r, size_t max, size_t item_size, void **ret_items)
{
    struct heng_json_reader ahead = r->json;
    size_t count = 0;
    *ret_items = NULL;
    for (heng_json_open_array(&ahead); heng_json_next_item(&ahead) && count <= max; count++) heng_json_skip(&ahead);
    heng_json_open_array(&r->json);
    if (count > max) heng_profile_refuse(r, HENG_ELIMIT, "more than %zu of them", max);
    if (heng_profile_failed(r)) return 0;
    *ret_items = heng_arena_take(r->arena, count ? count : 1, item_size);
    if (!*ret_items) heng_profile_refuse(r, HENG_ENOMEM, "no memory for it");
    return heng_profile_failed(r) ? 0 : count;
}

bool heng_profile_item(struct heng_profile_reader *r, size_t index)
{
    if (index > 0) leave(r);
    if (!heng_json_next_item(&r->json)) return false;
    enter(r, NULL, index);
    return !heng_profile_failed(r);
}

/* C0, DEL and C1 (in UTF-8 C2 80 to C2 9F): what a title holds goes to terminals, logs and documents of one line. */
static bool has_control(const char *text)
{
    for (size_t i = 0; text[i]; i++) {
        uint8_t c = (uint8_t)text[i], after = (uint8_t)text[i + 1];
        if (c < 0x20 || c == 0x7F || (c == 0xC2 && after >= 0x80 && after <= 0x9F)) return true;
    }
    return false;
}

void heng_profile_text(struct heng_profile_reader *r, char *ret_text, size_t cap)
{
    heng_json_get_string(&r->json, ret_text, cap);
    if (has_control(ret_text)) {
        ret_text[0] = '\0';
        heng_profile_refuse(r, HENG_EFORMAT, "has a control character in it, such as a line feed");
    }
}

static const char *keep(struct heng_profile_reader *r, const char *text)
{
    const char *copy = heng_profile_failed(r) ? NULL : heng_arena_text(r->arena, text);
    if (!copy) heng_profile_refuse(r, HENG_ENOMEM, "no memory for it");
    return copy ? copy : "";
}

const char *heng_profile_keep(struct heng_profile_reader *r, size_t max)
{
    char text[HENG_PROFILE_TEXT_MAX + 1];
    heng_profile_text(r, text, max < sizeof text ? max + 1 : sizeof text);
    if (text[0] == '\0') heng_profile_refuse(r, HENG_EFORMAT, "is empty");
    return keep(r, text);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

uint64_t heng_profile_hex(struct heng_profile_reader *r, unsigned min_digits, unsigned max_digits, unsigned *ret_digits)
{
    char text[17];
    uint64_t value = 0;
    unsigned n = 0;
    heng_profile_text(r, text, sizeof text);
    for (; text[n] && hex_digit(text[n]) >= 0; n++) value = value << 4 | (uint64_t)hex_digit(text[n]);
    if (text[n] || n < min_digits || n > max_digits) {
        if (min_digits == max_digits)
            heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not %u hex digits", text, min_digits);
        else
            heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not %u to %u hex digits", text, min_digits, max_digits);
    }
    if (ret_digits) *ret_digits = n;
    return heng_profile_failed(r) ? 0 : value;
}

struct heng_slice heng_profile_bytes(struct heng_profile_reader *r, size_t max)
{
    char text[3 * HENG_PROFILE_FRAME_MAX + 1];
    heng_profile_text(r, text, 3 * max + 1 < sizeof text ? 3 * max + 1 : sizeof text);
    uint8_t *bytes = heng_profile_failed(r) ? NULL : heng_arena_take(r->arena, max, 1);
    if (!bytes) {
        heng_profile_refuse(r, HENG_ENOMEM, "no memory for it");
        return (struct heng_slice){(const uint8_t *)"", 0};
    }
    struct heng_buf buf = heng_buf_of(bytes, max);
    struct heng_err err = {0};
    bool plain = strspn(text, "0123456789ABCDEFabcdef ") == strlen(text);
    if (!plain || heng_hex_parse(heng_slice_str(text), &buf, &err) != HENG_OK || buf.n == 0)
        heng_profile_refuse(r, HENG_EFORMAT, "is not 1 to %zu bytes of hex, such as \"68 10 AA\"", max);
    return heng_buf_slice(&buf);
}

struct heng_dec heng_profile_decimal(struct heng_profile_reader *r)
{
    char text[48];
    struct heng_dec dec = {0};
    if (heng_json_peek(&r->json) == HENG_JSON_NUMBER)
        heng_profile_refuse(r, HENG_EFORMAT, "write the number in quotes, such as \"0.01\": decimals are exact here");
    heng_profile_text(r, text, sizeof text);
    if (!heng_profile_failed(r) && heng_dec_parse(text, &dec, NULL) != HENG_OK)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not a decimal number, such as \"0.01\"", text);
    return dec;
}

heng_medium heng_profile_medium(struct heng_profile_reader *r)
{
    char text[40];
    heng_profile_text(r, text, sizeof text);
    heng_medium medium = heng_medium_of(text);
    if (medium == HENG_MEDIUM_COUNT)
        heng_profile_refuse(r, HENG_EFORMAT,
                            "'%s' is not a medium: use electricity, cold water, hot water, heat, heat/cooling, gas ...",
                            text);
    return heng_profile_failed(r) ? HENG_MEDIUM_UNKNOWN : medium;
}

heng_quantity heng_profile_quantity(struct heng_profile_reader *r)
{
    char text[40];
    heng_profile_text(r, text, sizeof text);
    heng_quantity quantity = heng_quantity_of(text);
    if (quantity == HENG_QUANTITY_COUNT)
        heng_profile_refuse(r, HENG_EFORMAT,
                            "'%s' is not a quantity: use energy, volume, power, voltage ... (all: profile.schema.json)",
                            text);
    return heng_profile_failed(r) ? HENG_QUANTITY_UNKNOWN : quantity;
}

heng_function heng_profile_function(struct heng_profile_reader *r)
{
    char text[40];
    heng_profile_text(r, text, sizeof text);
    heng_function function = heng_function_of(text);
    if (function == HENG_FUNCTION_COUNT)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not a function: use instantaneous, maximum, minimum or error",
                            text);
    return heng_profile_failed(r) ? HENG_FUNCTION_INSTANTANEOUS : function;
}

const char *heng_profile_qualifier(struct heng_profile_reader *r, bool numbered)
{
    char text[HENG_QUALIFIER_MAX];
    heng_profile_text(r, text, sizeof text);
    if (!numbered && strchr(text, '#'))
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' has a # in it, which numbers equal registers: #2, #3", text);
    return keep(r, text);
}

void heng_profile_scale(struct heng_profile_reader *r, int32_t *ret_factor, int8_t *ret_exp)
{
    struct heng_dec scale = heng_profile_decimal(r);
    if (heng_profile_failed(r)) return;
    if (scale.mantissa == 0) {
        heng_profile_refuse(r, HENG_ERANGE, "a scale of zero would lose the value");
        return;
    }
    while (scale.mantissa % 10 == 0 && scale.exp < HENG_DEC_EXP_MAX) { /* 0.10 is 0.1: a scale has no resolution */
        scale.mantissa /= 10;
        scale.exp++;
    }
    if (scale.mantissa > 1000000 || scale.mantissa < -1000000)
        heng_profile_refuse(r, HENG_ERANGE, "a scale has at most 6 digits");
    *ret_factor = (int32_t)scale.mantissa;
    *ret_exp = scale.exp;
}
