/* The byte-by-byte explanation of a frame for the console. */
#include "codec/bytes.h"
#include "codec/mbus.h"
#include "codec/present.h"

#include <stdio.h>

/* Where we are in the captured bytes; everything up to `at` has been explained. */
struct cursor {
    struct heng_slice bytes;
    size_t at;
    struct heng_json *json;
};

/* Open an entry over the next n bytes (cut at the end); the caller writes the value and closes it. */
static struct heng_slice open_entry(struct cursor *c, const char *name, size_t n)
{
    struct heng_slice part = heng_slice_from(c->bytes, c->at);
    if (part.n > n) part.n = n;
    heng_json_object(c->json);
    heng_json_key(c->json, "offset");
    heng_json_int(c->json, (int64_t)c->at);
    heng_json_key(c->json, "length");
    heng_json_int(c->json, (int64_t)part.n);
    heng_json_key(c->json, "name");
    heng_json_text(c->json, name);
    heng_json_key(c->json, "value");
    c->at += part.n;
    return part;
}

static void entry_hex(struct cursor *c, const char *name, size_t n)
{
    if (n == 0 || c->at >= c->bytes.n) return;
    struct heng_slice part = open_entry(c, name, n);
    heng_json_hex(c->json, part);
    heng_json_end_object(c->json);
}

static void entry_text(struct cursor *c, const char *name, size_t n, const char *value)
{
    open_entry(c, name, n);
    heng_json_text(c->json, value);
    heng_json_end_object(c->json);
}

static void entry_int(struct cursor *c, const char *name, size_t n, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    entry_text(c, name, n, text);
}

/* "54.321 m3", "2010-12-31", text, or why there is no value. */
static void record_summary(const struct heng_record *r, char *ret_text, size_t cap)
{
    const struct heng_civil *v = &r->civil;
    char number[HENG_DEC_TEXT_MAX];
    const char *unit = heng_unit_text(r->unit);
    switch (r->kind) {
    case HENG_VALUE_DEC:
        heng_dec_format(r->dec, number);
        snprintf(ret_text, cap, "%s%s%s", number, unit[0] ? " " : "", unit);
        return;
    case HENG_VALUE_TEXT: {
        static const char digits[] = "0123456789ABCDEF";
        size_t n = 0;
        for (size_t i = 0; i < r->data.n && n + 2 < cap; i++) {
            uint8_t byte = r->data.p[r->text_reversed ? r->data.n - 1 - i : i];
            if (r->text_hex) ret_text[n++] = digits[byte >> 4];
            ret_text[n++] = r->text_hex ? digits[byte & 15] : byte >= 0x20 && byte < 0x7F ? (char)byte : '?';
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

/* Bytes of the body that no record covers: filler between records, marks at the end. */
static void explain_gap(struct cursor *c, size_t end)
{
    while (c->at < end) {
        uint8_t byte = c->bytes.p[c->at];
        size_t n = 1;
        if (byte == 0x2F)
            while (c->at + n < end && c->bytes.p[c->at + n] == 0x2F) n++;
        else if (byte != 0x0F && byte != 0x1F)
            n = end - c->at;
        entry_hex(c,
                  byte == 0x2F   ? "filler"
                  : byte == 0x1F ? "more follows"
                  : byte == 0x0F ? "end of records"
                                 : "data",
                  n);
    }
}

/* Records from c->at to the end of the body. False when a record is broken; c->at is then at its start. */
static bool explain_records(struct cursor *c, const struct heng_telegram *t, size_t frame_at)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    size_t body_end = (size_t)(t->body.p + t->body.n - c->bytes.p);
    heng_rc rc;
    while ((rc = heng_codec_of(t->protocol)->next(&records, &record, NULL)) == HENG_OK) {
        char text[128];
        /* Fixed M-Bus data has its unit bytes in front, CJ/T 188 its status behind: they are gaps. */
        size_t start = frame_at + record.at;
        if (t->protocol == HENG_PROTOCOL_MBUS && t->kind == HENG_TELEGRAM_FIXED)
            entry_hex(c, "units", start > c->at ? start - c->at : 0);
        else
            explain_gap(c, start);
        record_summary(&record, text, sizeof text);
        open_entry(c, "record", record.length);
        heng_json_text(c->json, text);
        heng_json_key(c->json, "record");
        heng_json_int(c->json, (int64_t)records.index - 1);
        heng_json_end_object(c->json);
    }
    if (rc != HENG_ENOTFOUND) return false;
    if (t->protocol == HENG_PROTOCOL_MBUS)
        explain_gap(c, body_end);
    else if (c->at < body_end)
        entry_hex(c, t->has_status ? "status" : "data", body_end - c->at);
    return true;
}

static void explain_secondary(struct cursor *c, const struct heng_telegram *t)
{
    entry_text(c, "id", 4, t->id);
    entry_text(c, "manufacturer", 2, t->manufacturer);
    entry_int(c, "version", 1, t->version);
    entry_text(c, "medium", 1, heng_medium_text(t->medium));
}

static bool explain_mbus_long(struct cursor *c, const struct heng_telegram *t, size_t frame_at)
{
    entry_hex(c, "start", 1);
    entry_int(c, "length", 1, t->frame.p[1]);
    entry_int(c, "length repeated", 1, t->frame.p[2]);
    entry_hex(c, "start repeated", 1);
    entry_hex(c, "control", 1);
    entry_int(c, "address", 1, t->address);
    entry_hex(c, "ci", 1);
    bool long_header = t->kind == HENG_TELEGRAM_VARIABLE && t->has_header;
    if (long_header || t->kind == HENG_TELEGRAM_SELECT) explain_secondary(c, t);
    if (t->kind == HENG_TELEGRAM_FIXED) entry_text(c, "id", 4, t->id);
    if (t->has_status) {
        entry_int(c, "access", 1, t->access);
        entry_hex(c, "status", 1);
    }
    if (t->kind == HENG_TELEGRAM_VARIABLE && t->has_status) entry_hex(c, "configuration", 2);
    if (t->kind == HENG_TELEGRAM_ERROR)
        entry_hex(c, "error code", t->body.n);
    else if (t->kind == HENG_TELEGRAM_OTHER || t->kind == HENG_TELEGRAM_COMMAND || t->kind == HENG_TELEGRAM_CONTROL) {
        if (t->ci != 0x51 && t->ci != 0x55) entry_hex(c, "data", t->body.n);
    }
    if (!explain_records(c, t, frame_at)) return false;
    entry_hex(c, "checksum", 1);
    entry_hex(c, "stop", 1);
    return true;
}

static bool explain_mbus(struct cursor *c, const struct heng_telegram *t, size_t frame_at)
{
    switch (t->kind) {
    case HENG_TELEGRAM_ACK: entry_hex(c, "acknowledgement", 1); return true;
    case HENG_TELEGRAM_SHORT:
        entry_hex(c, "start", 1);
        entry_hex(c, "control", 1);
        entry_int(c, "address", 1, t->address);
        entry_hex(c, "checksum", 1);
        entry_hex(c, "stop", 1);
        return true;
    case HENG_TELEGRAM_CONTROL:
    case HENG_TELEGRAM_VARIABLE:
    case HENG_TELEGRAM_FIXED:
    case HENG_TELEGRAM_ERROR:
    case HENG_TELEGRAM_ALARM:
    case HENG_TELEGRAM_SELECT:
    case HENG_TELEGRAM_COMMAND:
    case HENG_TELEGRAM_REQUEST:
    case HENG_TELEGRAM_DATA:
    case HENG_TELEGRAM_ADDRESS:
    case HENG_TELEGRAM_WRITTEN:
    case HENG_TELEGRAM_OTHER:
    case HENG_TELEGRAM_KIND_COUNT: break;
    }
    return explain_mbus_long(c, t, frame_at);
}

static bool explain_cjt188(struct cursor *c, const struct heng_telegram *t, size_t frame_at)
{
    entry_hex(c, "start", 1);
    entry_hex(c, "type", 1);
    entry_text(c, "id", 7, t->id);
    entry_hex(c, "control", 1);
    entry_int(c, "length", 1, t->frame.p[10]);
    size_t data = t->frame.n - 13;
    if (t->kind == HENG_TELEGRAM_ERROR) {
        entry_hex(c, "error report", data);
    } else {
        if (data >= 2) {
            char di[8];
            snprintf(di, sizeof di, "%04X", t->di);
            entry_text(c, "di", 2, di);
        } else {
            entry_hex(c, "data", data);
        }
        if (data >= 3) entry_int(c, "ser", 1, t->ser);
        if (t->kind == HENG_TELEGRAM_DATA) {
            if (!explain_records(c, t, frame_at)) return false;
        } else {
            entry_hex(c, t->has_status ? "status" : "data", t->body.n);
        }
    }
    entry_hex(c, "checksum", 1);
    entry_hex(c, "stop", 1);
    return true;
}

void heng_present_fields(heng_protocol protocol, struct heng_slice bytes, struct heng_json *json)
{
    struct cursor c = {bytes, 0, json};
    struct heng_telegram t;
    size_t used;
    heng_json_array(json);
    if (heng_codec_of(protocol)->decode(bytes, &t, &used, NULL) == HENG_OK) {
        size_t frame_at = (size_t)(t.frame.p - bytes.p);
        entry_hex(&c, "preamble", frame_at);
        if (protocol == HENG_PROTOCOL_MBUS)
            (void)explain_mbus(&c, &t, frame_at);
        else
            (void)explain_cjt188(&c, &t, frame_at);
    }
    entry_hex(&c, "rest", bytes.n - c.at);
    heng_json_end_array(json);
}
