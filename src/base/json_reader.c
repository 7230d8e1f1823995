/* A pull reader for JSON: RFC 8259, nothing more. Comments, trailing commas, leading zeros, NaN, raw control characters
 * and bytes that are no UTF-8 are refused. */
#include "base/json_reader.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

struct heng_json_reader heng_json_reader_of(struct heng_slice text)
{
    return (struct heng_json_reader){.text = text, .line = 1};
}

void heng_json_refuse(struct heng_json_reader *r, heng_rc rc, const char *fmt, ...)
{
    va_list args;
    if (r->err.rc != HENG_OK) return;
    r->err.rc = rc;
    r->err.at = r->line;
    va_start(args, fmt);
    vsnprintf(r->err.text, sizeof r->err.text, fmt, args);
    va_end(args);
}

static bool failed(const struct heng_json_reader *r) { return r->err.rc != HENG_OK; }

/* The next byte, or -1 at the end of the text. */
static int look(const struct heng_json_reader *r) { return r->at < r->text.n ? r->text.p[r->at] : -1; }

static void skip_blanks(struct heng_json_reader *r)
{
    for (int c; (c = look(r)) == ' ' || c == '\t' || c == '\r' || c == '\n'; r->at++)
        if (c == '\n') r->line++;
}

static void refuse_next(struct heng_json_reader *r, const char *wanted)
{
    int c = look(r);
    if (c < 0)
        heng_json_refuse(r, HENG_EFORMAT, "the text ends where %s should be", wanted);
    else if (c > ' ' && c < 0x7F)
        heng_json_refuse(r, HENG_EFORMAT, "'%c' stands where %s should be", c, wanted);
    else
        heng_json_refuse(r, HENG_EFORMAT, "byte %02X stands where %s should be", (unsigned)c, wanted);
}

static bool take(struct heng_json_reader *r, char wanted)
{
    if (look(r) != wanted) return false;
    r->at++;
    return true;
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

heng_json_type heng_json_peek(struct heng_json_reader *r)
{
    if (failed(r)) return HENG_JSON_END;
    skip_blanks(r);
    int c = look(r);
    switch (c) {
    case 'n': return HENG_JSON_NULL;
    case 't':
    case 'f': return HENG_JSON_BOOL;
    case '"': return HENG_JSON_STRING;
    case '[': return HENG_JSON_ARRAY;
    case '{': return HENG_JSON_OBJECT;
    default: return c == '-' || is_digit(c) ? HENG_JSON_NUMBER : HENG_JSON_END;
    }
}

/* What the next value is, for "wants a string, not ...". */
static const char *type_name(heng_json_type type)
{
    static const char *const names[] = {"null",     "true or false", "a number", "a string",
                                        "an array", "an object",     "the end"};
    return names[type];
}

/* True when the next value is of the type; else the error is told. */
static bool expect(struct heng_json_reader *r, heng_json_type type)
{
    heng_json_type found = heng_json_peek(r);
    if (failed(r)) return false;
    if (found == type) return true;
    if (found == HENG_JSON_END)
        refuse_next(r, type_name(type));
    else
        heng_json_refuse(r, HENG_EFORMAT, "%s stands where %s should be", type_name(found), type_name(type));
    return false;
}

static void open_container(struct heng_json_reader *r, heng_json_type type, char closing)
{
    if (!expect(r, type)) return;
    if (r->depth == HENG_JSON_DEPTH_MAX) {
        heng_json_refuse(r, HENG_ELIMIT, "nested deeper than %d levels", HENG_JSON_DEPTH_MAX);
        return;
    }
    r->at++;
    r->closing[r->depth] = closing;
    r->first[r->depth] = true;
    r->depth++;
}

void heng_json_open_object(struct heng_json_reader *r) { open_container(r, HENG_JSON_OBJECT, '}'); }

void heng_json_open_array(struct heng_json_reader *r) { open_container(r, HENG_JSON_ARRAY, ']'); }

/* Step to the next member or element: over the comma; false at the end of the container, which is closed. */
static bool next_in(struct heng_json_reader *r, char closing)
{
    if (failed(r)) return false;
    if (r->depth == 0 || r->closing[r->depth - 1] != closing) {
        heng_json_refuse(r, HENG_EBUG, "no %s is open here", closing == '}' ? "object" : "array");
        return false;
    }
    bool first = r->first[r->depth - 1];
    r->first[r->depth - 1] = false;
    skip_blanks(r);
    if (take(r, closing)) {
        r->depth--;
        return false;
    }
    if (!first && !take(r, ',')) {
        refuse_next(r, closing == '}' ? "',' or '}'" : "',' or ']'");
        return false;
    }
    skip_blanks(r);
    return true;
}

/* The four hex digits of \uXXXX behind the u; -1 when they are none. */
static int32_t take_hex4(struct heng_json_reader *r)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int c = look(r);
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value << 4 | digit;
        r->at++;
    }
    return value;
}

/* The code point of an escape, the backslash and the u are taken; -1 when it is none. A code point above FFFF is
 * written as two surrogates; half a pair is none. */
static int32_t take_escaped_code(struct heng_json_reader *r)
{
    int32_t high = take_hex4(r);
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || !take(r, '\\') || !take(r, 'u')) return -1;
    int32_t low = take_hex4(r);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static size_t put_utf8(int32_t code, char ret[static 4])
{
    if (code < 0x80) {
        ret[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; code >>= 6) ret[i] = (char)(0x80 | (code & 0x3F));
    ret[0] = (char)(leads[n] | code);
    return n;
}

/* One character of a string, escape or not, as UTF-8. Returns its length, 0 after an error. */
static size_t take_character(struct heng_json_reader *r, char ret[static 4])
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    int c = look(r);
    if (c < 0x20) { /* control characters, and -1 */
        refuse_next(r, "the end of the string");
        return 0;
    }
    if (c != '\\') {
        size_t n = heng_utf8_length(r->text.p + r->at, r->text.n - r->at);
        if (n == 0) heng_json_refuse(r, HENG_EFORMAT, "byte %02X is not UTF-8", (unsigned)c);
        for (size_t i = 0; i < n; i++) ret[i] = (char)r->text.p[r->at + i];
        r->at += n;
        return n;
    }
    r->at++;
    c = look(r);
    const char *found = c > 0 ? strchr(names, c) : NULL;
    if (found) {
        r->at++;
        ret[0] = values[found - names];
        return 1;
    }
    int32_t code = take(r, 'u') ? take_escaped_code(r) : -1;
    if (code < 0) {
        heng_json_refuse(r, HENG_EFORMAT, "a string holds a wrong escape");
        return 0;
    }
    return put_utf8(code, ret);
}

/* Take a string and keep it in ret_text, or only check it (ret_text NULL). */
static void take_string(struct heng_json_reader *r, char *ret_text, size_t cap)
{
    size_t used = 0;
    r->at++;
    while (!failed(r) && !take(r, '"')) {
        char bytes[4];
        size_t n = take_character(r, bytes);
        if (n == 0 || !ret_text) continue;
        if (bytes[0] == '\0') heng_json_refuse(r, HENG_EFORMAT, "a string holds a NUL");
        if (used + n >= cap) heng_json_refuse(r, HENG_ELIMIT, "a string is longer than %zu bytes", cap - 1);
        if (failed(r)) break;
        memcpy(ret_text + used, bytes, n);
        used += n;
    }
    if (ret_text) ret_text[failed(r) ? 0 : used] = '\0';
}

void heng_json_get_string(struct heng_json_reader *r, char *ret_text, size_t cap)
{
    ret_text[0] = '\0';
    if (expect(r, HENG_JSON_STRING)) take_string(r, ret_text, cap);
}

bool heng_json_next_key(struct heng_json_reader *r, struct heng_slice *ret_key)
{
    *ret_key = (struct heng_slice){r->text.p, 0};
    if (!next_in(r, '}')) return false;
    if (look(r) != '"') {
        refuse_next(r, "a name in quotes");
        return false;
    }
    size_t start = r->at + 1;
    take_string(r, NULL, 0);
    if (failed(r)) return false;
    struct heng_slice key = {r->text.p + start, r->at - 1 - start};
    if (key.n && memchr(key.p, '\\', key.n)) {
        heng_json_refuse(r, HENG_EFORMAT, "a name holds an escape");
        return false;
    }
    skip_blanks(r);
    if (!take(r, ':')) {
        refuse_next(r, "':'");
        return false;
    }
    *ret_key = key;
    return true;
}

bool heng_json_next_item(struct heng_json_reader *r) { return next_in(r, ']'); }

/* Take a number as it stands; *ret_whole tells that it has neither fraction nor exponent. */
static struct heng_slice take_number(struct heng_json_reader *r, bool *ret_whole)
{
    size_t start = r->at;
    *ret_whole = true;
    take(r, '-');
    bool zero = look(r) == '0', digits = is_digit(look(r));
    size_t first = r->at;
    while (is_digit(look(r))) r->at++;
    if (zero && r->at - first > 1) digits = false;
    if (digits && take(r, '.')) {
        *ret_whole = false;
        digits = is_digit(look(r));
        while (is_digit(look(r))) r->at++;
    }
    if (digits && (take(r, 'e') || take(r, 'E'))) {
        *ret_whole = false;
        if (!take(r, '+')) take(r, '-');
        digits = is_digit(look(r));
        while (is_digit(look(r))) r->at++;
    }
    if (!digits) heng_json_refuse(r, HENG_EFORMAT, "a number is not written as JSON has it");
    return (struct heng_slice){r->text.p + start, r->at - start};
}

int64_t heng_json_get_int(struct heng_json_reader *r, int64_t min, int64_t max)
{
    bool whole;
    int64_t value = 0;
    if (!expect(r, HENG_JSON_NUMBER)) return min;
    struct heng_slice number = take_number(r, &whole);
    if (failed(r)) return min;
    bool minus = number.p[0] == '-', fits = true;
    for (size_t i = minus; whole && fits && i < number.n; i++) {
        int digit = number.p[i] - '0';
        fits = !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_sub_overflow(value, digit, &value); /* below zero, where there is one more */
    }
    if (!minus) fits = fits && !__builtin_sub_overflow(0, value, &value);
    if (!whole)
        heng_json_refuse(r, HENG_EFORMAT, "%.*s is not a whole number", (int)(number.n < 40 ? number.n : 40),
                         (const char *)number.p);
    else if (!fits || value < min || value > max)
        heng_json_refuse(r, HENG_ERANGE, "%.*s is not between %lld and %lld", (int)(number.n < 40 ? number.n : 40),
                         (const char *)number.p, (long long)min, (long long)max);
    return failed(r) ? min : value;
}

static bool take_word(struct heng_json_reader *r, const char *word)
{
    size_t n = strlen(word);
    if (r->text.n - r->at < n || memcmp(r->text.p + r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

bool heng_json_get_bool(struct heng_json_reader *r)
{
    if (!expect(r, HENG_JSON_BOOL)) return false;
    if (take_word(r, "true")) return true;
    if (!take_word(r, "false")) refuse_next(r, "true or false");
    return false;
}

static void skip_scalar(struct heng_json_reader *r, heng_json_type type)
{
    bool whole;
    switch (type) {
    case HENG_JSON_NULL:
        if (!take_word(r, "null")) refuse_next(r, "a value");
        break;
    case HENG_JSON_BOOL: heng_json_get_bool(r); break;
    case HENG_JSON_NUMBER: take_number(r, &whole); break;
    case HENG_JSON_STRING: take_string(r, NULL, 0); break;
    case HENG_JSON_ARRAY:
    case HENG_JSON_OBJECT:
    case HENG_JSON_END: refuse_next(r, "a value"); break;
    }
}

void heng_json_skip(struct heng_json_reader *r)
{
    unsigned depth = r->depth;
    do { /* every round takes at least one byte, or fails */
        heng_json_type type = heng_json_peek(r);
        if (failed(r)) return;
        if (type == HENG_JSON_OBJECT)
            heng_json_open_object(r);
        else if (type == HENG_JSON_ARRAY)
            heng_json_open_array(r);
        else
            skip_scalar(r, type);
        struct heng_slice key;
        bool at_value = false;
        while (!failed(r) && !at_value && r->depth > depth)
            at_value = r->closing[r->depth - 1] == '}' ? heng_json_next_key(r, &key) : heng_json_next_item(r);
    } while (!failed(r) && r->depth > depth);
}

void heng_json_finish(struct heng_json_reader *r)
{
    if (failed(r)) return;
    skip_blanks(r);
    if (r->depth > 0) heng_json_refuse(r, HENG_EBUG, "an object or array is still open");
    if (look(r) >= 0) refuse_next(r, "the end of the text");
}
