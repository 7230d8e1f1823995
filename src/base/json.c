#include "base/json.h"
#include "base/utf8.h"

#include <inttypes.h>

enum { DEPTH_MAX = 31 };

static void put(struct heng_json *j, const char *bytes, size_t n) { heng_str_put(j->out, bytes, n); }

/* What stands before a value: nothing after a key, else a comma after an earlier item. */
static void before_value(struct heng_json *j)
{
    uint32_t bit = UINT32_C(1) << j->depth;
    if (j->after_key)
        j->after_key = false;
    else if (j->has_item & bit)
        put(j, ",", 1);
    j->has_item |= bit;
}

static void open_container(struct heng_json *j, const char *bracket)
{
    before_value(j);
    put(j, bracket, 1);
    if (j->depth == DEPTH_MAX) {
        j->out->rc = HENG_ELIMIT;
        return;
    }
    j->depth++;
    j->has_item &= ~(UINT32_C(1) << j->depth);
}

static void close_container(struct heng_json *j, const char *bracket)
{
    if (j->depth) j->depth--;
    put(j, bracket, 1);
}

void heng_json_object(struct heng_json *j) { open_container(j, "{"); }
void heng_json_end_object(struct heng_json *j) { close_container(j, "}"); }
void heng_json_array(struct heng_json *j) { open_container(j, "["); }
void heng_json_end_array(struct heng_json *j) { close_container(j, "]"); }

static void put_string(struct heng_json *j, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    put(j, "\"", 1);
    for (size_t i = 0; i < n;) {
        size_t length = heng_utf8_length(p + i, n - i);
        if (length == 0) {
            put(j, "\\ufffd", 6);
            i++;
        } else if (p[i] == '"' || p[i] == '\\') {
            char escape[2] = {'\\', (char)p[i]};
            put(j, escape, 2);
            i++;
        } else if (p[i] < 0x20 || p[i] == 0x7F) {
            char escape[6] = {'\\', 'u', '0', '0', digits[p[i] >> 4], digits[p[i] & 15]};
            put(j, escape, 6);
            i++;
        } else {
            put(j, (const char *)p + i, length);
            i += length;
        }
    }
    put(j, "\"", 1);
}

void heng_json_key(struct heng_json *j, const char *key)
{
    before_value(j);
    put_string(j, (const uint8_t *)key, strlen(key));
    put(j, ":", 1);
    j->after_key = true;
}

void heng_json_text_n(struct heng_json *j, const char *text, size_t n)
{
    before_value(j);
    put_string(j, (const uint8_t *)text, n);
}

void heng_json_text(struct heng_json *j, const char *text)
{
    if (text)
        heng_json_text_n(j, text, strlen(text));
    else
        heng_json_null(j);
}

void heng_json_raw(struct heng_json *j, const char *json, size_t n)
{
    before_value(j);
    put(j, json, n);
}

void heng_json_int(struct heng_json *j, int64_t value)
{
    before_value(j);
    heng_str_fmt(j->out, "%" PRId64, value);
}

void heng_json_bool(struct heng_json *j, bool value) { heng_json_raw(j, value ? "true" : "false", value ? 4 : 5); }

void heng_json_null(struct heng_json *j) { heng_json_raw(j, "null", 4); }

void heng_json_dec(struct heng_json *j, struct heng_dec value)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_json_text_n(j, text, heng_dec_format(value, text));
}

void heng_json_hex(struct heng_json *j, struct heng_slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    before_value(j);
    put(j, "\"", 1);
    for (size_t i = 0; i < bytes.n; i++) {
        char pair[2] = {digits[bytes.p[i] >> 4], digits[bytes.p[i] & 15]};
        put(j, pair, 2);
    }
    put(j, "\"", 1);
}

void heng_json_time(struct heng_json *j, heng_us at_us)
{
    char text[HENG_TIME_TEXT_MAX];
    heng_us_format(at_us, text);
    heng_json_text(j, text);
}
