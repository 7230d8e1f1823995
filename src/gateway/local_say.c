/* Answers of the local port for people: tables of fixed columns, one line of JSON at a time. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/utf8.h"
#include "gateway/local_inside.h"

enum { FIELDS_MAX = 40, FIELD_MAX = 256 };

/* The members of one object, numbers and words as they stand; null is "". */
struct field {
    char key[24], value[FIELD_MAX];
};
struct fields {
    struct field items[FIELDS_MAX];
    size_t count;
};

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* Names come from afar: no orders to the terminal. */
static void tame(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F) *text = '?';
}

static void take_value(struct heng_json_reader *r, char *ret, size_t cap)
{
    ret[0] = '\0';
    switch (heng_json_peek(r)) {
    case HENG_JSON_STRING:
        heng_json_get_string(r, ret, cap);
        tame(ret);
        break;
    case HENG_JSON_NUMBER: snprintf(ret, cap, "%lld", (long long)heng_json_get_int(r, INT64_MIN, INT64_MAX)); break;
    case HENG_JSON_BOOL: snprintf(ret, cap, "%s", heng_json_get_bool(r) ? "yes" : ""); break;
    case HENG_JSON_NULL:
    case HENG_JSON_ARRAY:
    case HENG_JSON_OBJECT:
    case HENG_JSON_END: heng_json_skip(r); break;
    }
}

/* Also stops at the member `until`, which is then the next value; "" for none. */
static bool take_fields(struct heng_json_reader *r, const char *until, struct fields *ret)
{
    struct heng_slice key;
    ret->count = 0;
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, until)) return true;
        struct field ignored, *f = ret->count < FIELDS_MAX ? &ret->items[ret->count++] : &ignored;
        snprintf(f->key, sizeof f->key, "%.*s", (int)(key.n < 23 ? key.n : 23), (const char *)key.p);
        take_value(r, f->value, sizeof f->value);
    }
    return false;
}

static const char *get(const struct fields *fields, const char *key)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->items[i].key, key) == 0) return fields->items[i].value;
    return "";
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static uint32_t character_of(const uint8_t *p, size_t n)
{
    static const uint8_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = p[0] & masks[n];
    for (size_t i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3Fu);
    return c;
}

/* Chinese, Japanese and Korean characters and pictures take two columns of a terminal, accents that follow their letter
 * none. Source: Unicode 15, EastAsianWidth.txt, W and F. */
static int width_of(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        int width;
    } ranges[] = {{0x0300, 0x036F, 0},   {0x1100, 0x115F, 2},   {0x200B, 0x200F, 0},  {0x2E80, 0x303E, 2},
                  {0x3041, 0xA4CF, 2},   {0xA960, 0xA97C, 2},   {0xAC00, 0xD7A3, 2},  {0xF900, 0xFAFF, 2},
                  {0xFE30, 0xFE6F, 2},   {0xFF01, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},  {0x1F300, 0x1F64F, 2},
                  {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last) return ranges[i].width;
    return 1;
}

/* How many bytes of text go into so many columns, and how many they take. */
static size_t fit(const char *text, int columns, int *ret_columns)
{
    size_t left = strlen(text), at = 0;
    for (*ret_columns = 0; at < left;) {
        const uint8_t *p = (const uint8_t *)text + at;
        size_t n = heng_utf8_length(p, left - at);
        int width = n ? width_of(character_of(p, n)) : 1;
        if (*ret_columns + width > columns) break;
        *ret_columns += width;
        at += n ? n : 1;
    }
    return at;
}

/* What is too long ends with an ellipsis: the columns behind it stand where they should. width 0: the last one. */
static void put_cell(struct heng_str *out, const char *text, int width)
{
    int columns;
    size_t n = fit(text, width ? width : INT_MAX, &columns);
    if (text[n]) {
        n = fit(text, width - 1, &columns);
        heng_str_fmt(out, "%.*s\u2026", (int)n, text);
        columns++;
    } else {
        heng_str_put(out, text, n);
    }
    heng_str_fmt(out, "%*s  ", width > columns ? width - columns : 0, "");
}

static void put_number(struct heng_str *out, const char *text, int width) { heng_str_fmt(out, "%*s  ", width, text); }

static void end_row(struct heng_str *out)
{
    while (out->n && out->text[out->n - 1] == ' ') out->text[--out->n] = '\0';
    heng_str_put(out, "\n", 1);
}

/* "2026-11-20T12:00:00.5Z" -> "2026-11-20 12:00:00" */
static void time_text(const char *iso, char ret[static 24])
{
    snprintf(ret, 24, "%.19s", iso[0] ? iso : "never");
    if (strlen(ret) > 10 && ret[10] == 'T') ret[10] = ' ';
}

static void put_pair(struct heng_str *out, const char *name, const char *fmt, ...) HENG_PRINTF(3, 4);
static void put_pair(struct heng_str *out, const char *name, const char *fmt, ...)
{
    char text[FIELD_MAX * 2];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    heng_str_fmt(out, "%-14s%s\n", name, text);
}

/* --- the kinds -------------------------------------------------------------------------------------------------- */

static void say_status(const struct fields *f, struct heng_str *out)
{
    char now[24], contact[24], until[24];
    time_text(get(f, "now"), now);
    time_text(get(f, "last_contact"), contact);
    time_text(get(f, "certificate_ends"), until);
    put_pair(out, "gateway", "%s", get(f, "name")[0] ? get(f, "name") : "not named yet");
    put_pair(out, "software", "%s on %s", get(f, "software"), get(f, "firmware"));
    if (get(f, "connected")[0])
        put_pair(out, "clock", "%s UTC, error %s ms", now, get(f, "clock_error_ms"));
    else
        put_pair(out, "clock", "%s UTC%s", now, get(f, "clock_doubtful")[0] ? ", doubtful" : "");
    if (get(f, "code")[0])
        put_pair(out, "enrolment", "waits to be accepted, code %s", get(f, "code"));
    else
        put_pair(out, "enrolment", get(f, "enrolled")[0] ? "certificate until %s" : "not enrolled", until);
    put_pair(out, "server", "%s: %s, last contact %s", get(f, "server")[0] ? get(f, "server") : "none",
             get(f, "uplink"), contact);
    put_pair(out, "journal", "%s entries, %s not delivered yet, %lld kB%s", get(f, "entries"), get(f, "queued"),
             strtoll(get(f, "journal_bytes"), NULL, 10) / 1024, get(f, "disk_full")[0] ? ", THE DISK IS FULL" : "");
    put_pair(out, "configuration", "version %s", get(f, "config_version"));
}

static void say_line(const struct fields *f, bool first, struct heng_str *out)
{
    char at[24];
    time_text(get(f, "last_answer"), at);
    if (first)
        heng_str_fmt(out, "\n%6s  %-24s  %-10s  %6s  %4s  %6s  %-19s\n", "line", "name", "state", "meters", "mute",
                     "health", "last answer (UTC)");
    put_number(out, get(f, "id"), 6);
    put_cell(out, get(f, "name"), 24);
    put_cell(out, get(f, "tunnel")[0] ? "tunnel" : get(f, "silent")[0] ? "silent" : get(f, "state"), 10);
    put_number(out, get(f, "meters"), 6);
    put_number(out, get(f, "quarantined"), 4);
    put_number(out, get(f, "health"), 6);
    put_cell(out, at, 19);
    heng_str_fmt(out, "%s", get(f, "detail")[0] ? get(f, "detail") : get(f, "hint"));
    end_row(out);
}

static void say_gateway(const struct fields *f, bool first, struct heng_str *out)
{
    char at[24];
    time_text(get(f, "last_contact"), at);
    if (first)
        heng_str_fmt(out, "\n%8s  %8s  %-9s  %-19s  %8s  %9s  %s\n", "gateway", "below", "is", "last contact (UTC)",
                     "waiting", "clock ms", "software");
    put_number(out, get(f, "id"), 8);
    put_number(out, strcmp(get(f, "via"), "0") == 0 ? "us" : get(f, "via"), 8);
    put_cell(out, get(f, "connected")[0] ? "connected" : "away", 9);
    put_cell(out, at, 19);
    put_number(out, get(f, "queued"), 8);
    put_number(out, get(f, "clock_error_ms"), 9);
    put_cell(out, get(f, "software"), 0);
    end_row(out);
}

static void say_code(const struct fields *f, struct heng_str *out)
{
    if (get(f, "code")[0])
        heng_str_fmt(out, "%s\n", get(f, "code"));
    else if (get(f, "enrolled")[0])
        heng_str_fmt(out, "enrolled as %s\n", get(f, "name"));
    else
        heng_str_fmt(out, "no code yet: the server was not reached\n");
}

static void say_values(struct heng_json_reader *r, struct heng_str *out)
{
    struct fields v;
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        take_fields(r, "", &v);
        heng_str_fmt(out, "  ");
        put_cell(out, get(&v, "quantity"), 20);
        put_number(out, get(&v, "value")[0] ? get(&v, "value") : get(&v, "reason"), 14);
        put_cell(out, get(&v, "unit"), 6);
        if (strcmp(get(&v, "function"), "instantaneous") != 0) put_cell(out, get(&v, "function"), 0);
        if (strcmp(get(&v, "storage"), "0") != 0) heng_str_fmt(out, "storage %s ", get(&v, "storage"));
        if (strcmp(get(&v, "tariff"), "0") != 0) heng_str_fmt(out, "tariff %s ", get(&v, "tariff"));
        put_cell(out, get(&v, "qualifier"), 0);
        end_row(out);
    }
}

static void say_reading(struct heng_json_reader *r, struct heng_str *out)
{
    struct fields f;
    char at[24];
    bool has_values = take_fields(r, "values", &f);
    time_text(get(&f, "at"), at);
    bool ok = strcmp(get(&f, "outcome"), "ok") == 0;
    heng_str_fmt(out, "%s (%s), %s: %s%s%s%s%s\n", get(&f, "number")[0] ? get(&f, "number") : get(&f, "address"),
                 get(&f, "medium"), get(&f, "line"), get(&f, "outcome"), ok ? " at " : "", ok ? at : "",
                 get(&f, "why")[0] ? ", " : "", get(&f, "why"));
    if (!has_values) return;
    say_values(r, out);
    struct heng_slice key;
    while (heng_json_next_key(r, &key)) heng_json_skip(r);
}

static void say_found(const struct fields *f, bool first, struct heng_str *out)
{
    if (first)
        heng_str_fmt(out, "%-12s  %-20s  %-14s  %-5s  %-16s\n", "protocol", "address", "number", "maker", "medium");
    put_cell(out, get(f, "protocol"), 12);
    put_cell(out, get(f, "address"), 20);
    put_cell(out, get(f, "number"), 14);
    put_cell(out, get(f, "manufacturer"), 5);
    put_cell(out, get(f, "medium"), 16);
    heng_str_fmt(out, "%s%s", get(f, "known")[0] ? "known" : "new",
                 get(f, "twin")[0] ? ", TWIN: two have this address" : "");
    end_row(out);
}

static void say_progress(const struct fields *f, struct heng_str *out)
{
    heng_str_fmt(out, "%s: %lld %% done, %s found, %s of %s known ones missing\n",
                 get(f, "running")[0] ? "searching" : "ended", strtoll(get(f, "permille"), NULL, 10) / 10,
                 get(f, "found"), get(f, "missing"), get(f, "known"));
}

static void say_imported(const struct fields *f, struct heng_str *out)
{
    heng_str_fmt(out, "from '%s': ", get(f, "from"));
    if (get(f, "config_version")[0]) heng_str_fmt(out, "configuration %s is in force; ", get(f, "config_version"));
    heng_str_fmt(out, "%s readings taken, %s refused", get(f, "readings"), get(f, "refused"));
    if (get(f, "why")[0]) heng_str_fmt(out, " (%s)", get(f, "why"));
    heng_str_put(out, "\n", 1);
}

static void say_object(const char *kind, struct heng_json_reader *r, bool first, struct heng_str *out)
{
    static struct fields f; /* 11 kB, one thread */
    if (strcmp(kind, "reading") == 0) {
        say_reading(r, out);
        return;
    }
    take_fields(r, "", &f);
    if (strcmp(kind, "status") == 0) say_status(&f, out);
    if (strcmp(kind, "line") == 0) say_line(&f, first, out);
    if (strcmp(kind, "gateway") == 0) say_gateway(&f, first, out);
    if (strcmp(kind, "code") == 0) say_code(&f, out);
    if (strcmp(kind, "found") == 0) say_found(&f, first, out);
    if (strcmp(kind, "progress") == 0) say_progress(&f, out);
    if (strcmp(kind, "imported") == 0) say_imported(&f, out);
}

void heng_local_say(struct heng_local_words *words, const char *json, size_t n, struct heng_str *out)
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_of(json, n));
    struct heng_slice key;
    char kind[24], text[1024];
    heng_json_open_object(&r);
    if (!heng_json_next_key(&r, &key)) return;
    snprintf(kind, sizeof kind, "%.*s", (int)(key.n < 23 ? key.n : 23), (const char *)key.p);
    bool first = strcmp(kind, words->last) != 0;
    memcpy(words->last, kind, sizeof kind);
    if (heng_json_peek(&r) == HENG_JSON_OBJECT) {
        say_object(kind, &r, first, out);
    } else if (heng_json_peek(&r) == HENG_JSON_STRING) { /* log, error */
        heng_json_get_string(&r, text, sizeof text);
        tame(text);
        heng_str_fmt(out, "%s\n", text);
    }
}
