/* The byte-by-byte explanation: what all codecs share. */
#include "codec/explain.h"
#include "codec/present.h"
#include "codec/refused.h"

#include <stdarg.h>
#include <stdio.h>

/* Append the names of the bits that hold: " (battery low, relay open)". */
static void put_flags(const struct heng_record *r, char *text, size_t cap)
{
    size_t n = 0;
    for (const struct heng_flag *f = r->flags; f->mask && n + 1 < cap; f++) {
        if (((uint64_t)r->dec.mantissa & f->mask) != f->value) continue;
        int more = snprintf(text + n, cap - n, "%s%s", n ? ", " : " (", f->name);
        n += more > 0 ? (size_t)more : 0;
    }
    if (n && n + 1 < cap) snprintf(text + n, cap - n, ")");
}

/* "54.321 m3", "2010-12-31", text, or why there is no value. */
void heng_record_summary(const struct heng_record *r, uint8_t bias, char *ret_text, size_t cap)
{
    const struct heng_civil *v = &r->civil;
    char number[HENG_DEC_TEXT_MAX];
    const char *unit = heng_unit_text(r->unit);
    switch (r->kind) {
    case HENG_VALUE_DEC: {
        if (r->enumerated) {
            snprintf(ret_text, cap, "%s", r->enumerated);
            return;
        }
        heng_dec_format(r->dec, number);
        int n = snprintf(ret_text, cap, "%s%s%s", number, unit[0] ? " " : "", unit);
        if (r->flags && n > 0 && (size_t)n < cap) put_flags(r, ret_text + n, cap - (size_t)n);
        return;
    }
    case HENG_VALUE_TEXT: {
        static const char digits[] = "0123456789ABCDEF";
        size_t n = 0;
        for (size_t i = 0; i < r->data.n && n + 2 < cap; i++) {
            uint8_t byte = (uint8_t)(r->data.p[r->text_reversed ? r->data.n - 1 - i : i] - bias);
            if (r->text_hex) {
                ret_text[n++] = digits[byte >> 4];
                ret_text[n++] = digits[byte & 15];
            } else if (byte >= 0xA0) { /* ISO 8859-1 */
                ret_text[n++] = (char)(0xC0 | byte >> 6);
                ret_text[n++] = (char)(0x80 | (byte & 0x3F));
            } else {
                ret_text[n++] = byte >= 0x20 && byte < 0x7F ? (char)byte : '?';
            }
        }
        ret_text[n] = '\0';
        return;
    }
    case HENG_VALUE_DATE: snprintf(ret_text, cap, "%04d-%02u-%02u", v->year, v->month, v->day); return;
    case HENG_VALUE_TIME: snprintf(ret_text, cap, "%02u:%02u:%02u", v->hour, v->minute, v->second); return;
    case HENG_VALUE_DATETIME:
        snprintf(ret_text, cap, "%04d-%02u-%02uT%02u:%02u:%02u", v->year, v->month, v->day, v->hour, v->minute,
                 v->second);
        return;
    case HENG_VALUE_NONE:
    case HENG_VALUE_BYTES: snprintf(ret_text, cap, "%s", r->reason ? r->reason : ""); return;
    }
}

/* Take the next n bytes as one entry without a value; NULL when there is no byte. */
static struct heng_explained *open_entry(struct heng_explainer *e, const char *name, size_t n,
                                         struct heng_slice *ret_part)
{
    *ret_part = heng_slice_from(e->bytes, e->at);
    if (ret_part->n > n) ret_part->n = n;
    if (ret_part->n == 0 || e->count == e->cap) return NULL;
    struct heng_explained *entry = &e->entries[e->count++];
    *entry = (struct heng_explained){
        .at = (uint32_t)e->at, .length = (uint32_t)ret_part->n, .name = name, .record = e->record};
    e->at += ret_part->n;
    return entry;
}

void heng_explain_hex(struct heng_explainer *e, const char *name, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    enum { SHOWN_MAX = (HENG_EXPLAIN_VALUE_MAX - 4) / 2 };
    struct heng_slice part;
    struct heng_explained *entry = open_entry(e, name, n, &part);
    if (!entry) return;
    size_t shown = part.n <= SHOWN_MAX ? part.n : SHOWN_MAX;
    for (size_t i = 0; i < shown; i++) {
        uint8_t byte = (uint8_t)(part.p[i] - e->bias);
        entry->value[2 * i] = digits[byte >> 4];
        entry->value[2 * i + 1] = digits[byte & 15];
    }
    if (shown < part.n) memcpy(entry->value + 2 * shown, "...", 4);
}

void heng_explain_text(struct heng_explainer *e, const char *name, size_t n, const char *fmt, ...)
{
    struct heng_slice part;
    struct heng_explained *entry = open_entry(e, name, n, &part);
    if (!entry) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(entry->value, sizeof entry->value, fmt, args);
    va_end(args);
}

void heng_explain_int(struct heng_explainer *e, const char *name, size_t n, int64_t value)
{
    heng_explain_text(e, name, n, "%lld", (long long)value);
}

void heng_explain_code(struct heng_explainer *e, const char *name, uint8_t code, const char *meaning)
{
    heng_explain_text(e, name, 1, "%02X %s", code, meaning);
}

/* Append what tells this value apart from others of its quantity: ", maximum, storage 1, tariff 2, L1". M-Bus has
 * bytes of their own for that. */
static void put_register(const struct heng_record *r, char *text, size_t cap)
{
    char qualifier[HENG_QUALIFIER_MAX], rest[HENG_QUALIFIER_MAX + 80];
    int n = 0;
    heng_record_qualifier(r, qualifier);
    rest[0] = '\0';
    if (r->function != HENG_FUNCTION_INSTANTANEOUS)
        n += snprintf(rest + n, sizeof rest - (size_t)n, ", %s", heng_function_text(r->function));
    if (r->storage) n += snprintf(rest + n, sizeof rest - (size_t)n, ", storage %llu", (unsigned long long)r->storage);
    if (r->tariff) n += snprintf(rest + n, sizeof rest - (size_t)n, ", tariff %u", (unsigned)r->tariff);
    if (r->subunit) n += snprintf(rest + n, sizeof rest - (size_t)n, ", subunit %u", (unsigned)r->subunit);
    if (qualifier[0]) n += snprintf(rest + n, sizeof rest - (size_t)n, ", %s", qualifier);
    size_t length = strlen(text);
    if (length + (size_t)n < cap) memcpy(text + length, rest, (size_t)n + 1);
}

void heng_explain_record(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_record *record)
{
    char text[HENG_EXPLAIN_VALUE_MAX];
    size_t end = (size_t)(t->frame.p - e->bytes.p) + record->at + record->length;
    heng_record_summary(record, t->bias, text, sizeof text);
    if (t->protocol != HENG_PROTOCOL_MBUS) put_register(record, text, sizeof text);
    if (end > e->at) heng_explain_text(e, heng_quantity_text(record->quantity), end - e->at, "%s", text);
}

bool heng_explain_records(struct heng_explainer *e, const struct heng_telegram *t, const char *gap)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    size_t frame_at = (size_t)(t->frame.p - e->bytes.p), end = (size_t)(t->body.p + t->body.n - e->bytes.p);
    heng_rc rc;
    int32_t index = 0;
    while ((rc = heng_record_next(&records, &record, NULL)) == HENG_OK) {
        size_t start = frame_at + record.at;
        if (start > e->at) heng_explain_hex(e, gap, start - e->at);
        e->record = index++;
        heng_explain_record(e, t, &record);
        e->record = -1;
    }
    if (rc != HENG_ENOTFOUND) return false;
    if (end > e->at) heng_explain_hex(e, gap, end - e->at);
    return true;
}

void heng_explain_frame(const struct heng_capture *capture, struct heng_explainer *e)
{
    const struct heng_telegram *t = &capture->telegram;
    const uint8_t *start = t->asked.n ? t->asked.p : t->frame.p;
    heng_explain_hex(e, "preamble", (size_t)(start - capture->bytes.p));
    heng_codec_of(capture->protocol)->explain(t, e);
    e->record = -1;
    e->bias = 0;
}

size_t heng_explain(const struct heng_capture *capture, struct heng_explained *ret_entries, size_t cap)
{
    struct heng_explainer e = {.bytes = capture->bytes, .record = -1, .entries = ret_entries, .cap = cap};
    if (capture->has_telegram)
        heng_explain_frame(capture, &e);
    else
        heng_explain_refused(capture, &e);
    heng_explain_hex(&e, "rest", capture->bytes.n - e.at);
    return e.count;
}

void heng_present_fields(const struct heng_capture *capture, struct heng_json *json)
{
    struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    size_t count = heng_explain(capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
    heng_json_array(json);
    for (size_t i = 0; i < count; i++) {
        heng_json_object(json);
        heng_present_int(json, "offset", entries[i].at);
        heng_present_int(json, "length", entries[i].length);
        heng_present_text(json, "name", entries[i].name);
        heng_present_text(json, "value", entries[i].value);
        if (entries[i].record >= 0) heng_present_int(json, "record", entries[i].record);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
}
