/* Captured bytes as JSON; the key order is part of the contract. */
#include "codec/present.h"
#include "codec/bytes.h"
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"

#include <stdio.h>

enum { TRAILER_MAX = 4 };

/* Text of the wire is ISO 8859-1: characters above 7F take two bytes of UTF-8. */
static void put_text(const struct heng_telegram *t, const struct heng_record *record, struct heng_json *json)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[2 * 255];
    size_t n = 0, count = record->data.n < 255 ? record->data.n : 255;
    for (size_t i = 0; i < count; i++) {
        uint8_t c = (uint8_t)(record->data.p[record->text_reversed ? count - 1 - i : i] - t->bias);
        if (record->text_hex) {
            text[n++] = digits[c >> 4];
            text[n++] = digits[c & 15];
            continue;
        }
        if (c >= 0x80) text[n++] = (char)(0xC0 | c >> 6);
        text[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
    }
    heng_json_text_n(json, text, n);
}

static size_t civil_text(const struct heng_record *record, char *ret_text, size_t cap)
{
    const struct heng_civil *c = &record->civil;
    int n = 0;
    if (record->kind == HENG_VALUE_DATE)
        n = snprintf(ret_text, cap, "%04d-%02u-%02u", c->year, c->month, c->day);
    else if (record->kind == HENG_VALUE_TIME)
        n = snprintf(ret_text, cap, "%02u:%02u:%02u", c->hour, c->minute, c->second);
    else
        n = snprintf(ret_text, cap, "%04d-%02u-%02uT%02u:%02u:%02u", c->year, c->month, c->day, c->hour, c->minute,
                     c->second);
    return n > 0 ? (size_t)n : 0;
}

static void put_value(const struct heng_telegram *t, const struct heng_record *record, struct heng_json *json)
{
    char text[32];
    switch (record->kind) {
    case HENG_VALUE_DEC:
        if (record->enumerated)
            heng_json_text(json, record->enumerated);
        else
            heng_json_dec(json, record->dec);
        return;
    case HENG_VALUE_TEXT: put_text(t, record, json); return;
    case HENG_VALUE_DATE:
    case HENG_VALUE_TIME:
    case HENG_VALUE_DATETIME: heng_json_text_n(json, text, civil_text(record, text, sizeof text)); return;
    case HENG_VALUE_NONE:
    case HENG_VALUE_BYTES: heng_json_null(json); return;
    }
}

void heng_present_text(struct heng_json *json, const char *key, const char *value)
{
    heng_json_key(json, key);
    heng_json_text(json, value);
}

void heng_present_int(struct heng_json *json, const char *key, int64_t value)
{
    heng_json_key(json, key);
    heng_json_int(json, value);
}

void heng_present_bool(struct heng_json *json, const char *key, bool value)
{
    heng_json_key(json, key);
    heng_json_bool(json, value);
}

void heng_present_number_hex(struct heng_json *json, const char *key, uint64_t value, int digits)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%0*llX", digits, (unsigned long long)value);
    heng_present_text(json, key, hex);
}

void heng_present_bytes(struct heng_json *json, const char *key, struct heng_slice bytes, uint8_t bias)
{
    static const char digits[] = "0123456789ABCDEF";
    char hex[2 * 512];
    size_t n = 0;
    for (size_t i = 0; i < bytes.n && n + 2 <= sizeof hex; i++) {
        uint8_t byte = (uint8_t)(bytes.p[i] - bias);
        hex[n++] = digits[byte >> 4];
        hex[n++] = digits[byte & 15];
    }
    heng_json_key(json, key);
    heng_json_text_n(json, hex, n);
}

static void put_flags(const struct heng_record *record, struct heng_json *json)
{
    heng_json_key(json, "flags");
    heng_json_array(json);
    for (const struct heng_flag *f = record->flags; f->mask; f++)
        if (((uint64_t)record->dec.mantissa & f->mask) == f->value) heng_json_text(json, f->name);
    heng_json_end_array(json);
}

void heng_present_record(const struct heng_telegram *t, const struct heng_record *record, struct heng_json *json)
{
    char qualifier[HENG_QUALIFIER_MAX];
    bool valued = record->kind != HENG_VALUE_NONE && record->kind != HENG_VALUE_BYTES;
    heng_record_qualifier(record, qualifier);
    heng_json_object(json);
    heng_present_text(json, "function", heng_function_text(record->function));
    heng_present_int(json, "storage", (int64_t)record->storage);
    heng_present_int(json, "tariff", record->tariff);
    heng_present_int(json, "subunit", record->subunit);
    heng_present_text(json, "quantity", heng_quantity_text(record->quantity));
    heng_present_text(json, "unit", record->unit == HENG_UNIT_UNKNOWN ? NULL : heng_unit_text(record->unit));
    heng_json_key(json, "value");
    put_value(t, record, json);
    if (!valued && record->reason) heng_present_text(json, "reason", record->reason);
    if (qualifier[0]) heng_present_text(json, "qualifier", qualifier);
    if (!valued && record->data.n) {
        heng_present_bytes(json, "raw", record->data, t->bias);
    }
    if (record->flags && record->kind == HENG_VALUE_DEC) put_flags(record, json);
    heng_json_end_object(json);
}

void heng_present_records(const struct heng_telegram *t, struct heng_json *json)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    heng_json_key(json, "records");
    heng_json_array(json);
    while (heng_record_next(&records, &record, NULL) == HENG_OK) heng_present_record(t, &record, json);
    heng_json_end_array(json);
}

/* Bytes in front of a frame that are no junk. DL/T 645: some meters send AA behind the FE; it can start no frame. */
static bool is_preamble(heng_protocol protocol, uint8_t byte)
{
    bool dlt645 = protocol == HENG_PROTOCOL_DLT645_2007 || protocol == HENG_PROTOCOL_DLT645_1997;
    return byte == 0xFE || byte == 0xFF || byte == 0x00 || (dlt645 && byte == 0xAA);
}

/* The answer that stands right behind a Modbus request takes its place: *request becomes it, and *used grows by it. */
static void join_answer(const struct heng_codec *codec, struct heng_slice bytes, struct heng_telegram *request,
                        size_t *used)
{
    struct heng_telegram answer;
    struct heng_slice rest = heng_slice_from(bytes, *used);
    size_t more = 0;
    heng_rc rc = (codec->decode_answer ? codec->decode_answer : codec->decode)(rest, &answer, &more, NULL);
    if (rc != HENG_OK || answer.frame.p != rest.p || !heng_modbus_join(request, &answer)) return;
    answer.asked = request->frame;
    *request = answer;
    *used += more;
}

/* Take the one frame apart that bytes must hold.
 * Errors: the codec's; EFORMAT for junk in front, a second frame behind, or an end in the middle. */
static heng_rc decode_one(const struct heng_codec *codec, struct heng_slice bytes, struct heng_telegram *ret,
                          struct heng_err *err)
{
    size_t preamble = 0, used = 0;
    while (preamble < bytes.n && is_preamble(codec->protocol, bytes.p[preamble])) preamble++;
    heng_rc rc = codec->protocol == HENG_PROTOCOL_MODBUS_RTU ? heng_modbus_decode_capture(bytes, ret, &used, err)
                                                             : codec->decode(bytes, ret, &used, err);
    if (rc == HENG_MORE && used == bytes.n)
        return heng_fail(
            err, HENG_EFORMAT, (uint32_t)preamble,
            preamble == bytes.n ? "there is no frame in %zu bytes" : "none of the %zu bytes starts a frame", bytes.n);
    if (rc == HENG_MORE)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)bytes.n, "the frame is cut off after %zu bytes", bytes.n - used);
    if (rc != HENG_OK) return rc;
    size_t start = (size_t)(ret->frame.p - bytes.p);
    bool modbus = codec->protocol == HENG_PROTOCOL_MODBUS_RTU || codec->protocol == HENG_PROTOCOL_MODBUS_TCP;
    if (modbus && used < bytes.n) join_answer(codec, bytes, ret, &used);
    size_t rest = bytes.n - used;
    /* 00, FE and FF can begin a Modbus frame: what looks like a preamble may be the frame already. */
    if (start > preamble)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)preamble, "%zu junk bytes stand in front of the frame",
                         start - preamble);
    size_t allowed = codec->protocol == HENG_PROTOCOL_CJT188 ? TRAILER_MAX : 0;
    if (rest > allowed)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)used, "%zu bytes follow the frame: give one frame at a time",
                         rest);
    return HENG_OK;
}

/* Records are only good when all of them are. */
static heng_rc check_records(const struct heng_telegram *t, struct heng_err *err)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    heng_rc rc;
    do rc = heng_record_next(&records, &record, err);
    while (rc == HENG_OK);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    return rc;
}

static void judge(struct heng_capture *c)
{
    c->rc = check_records(&c->telegram, &c->err);
    if (c->rc != HENG_OK) c->err.at += (uint32_t)(c->telegram.frame.p - c->bytes.p);
}

void heng_capture_init(struct heng_capture *ret, heng_protocol protocol, struct heng_slice bytes)
{
    memset(ret, 0, sizeof *ret);
    ret->protocol = protocol;
    ret->bytes = bytes;
    ret->rc = decode_one(heng_codec_of(protocol), bytes, &ret->telegram, &ret->err);
    ret->has_telegram = ret->rc == HENG_OK;
    if (ret->has_telegram) judge(ret);
}

void heng_capture_use(struct heng_capture *capture, const struct heng_dialect *dialect)
{
    if (!capture->has_telegram) return;
    heng_telegram_use(&capture->telegram, dialect);
    capture->err = (struct heng_err){0};
    judge(capture);
}

void heng_present_json(const struct heng_capture *capture, const char *profile, struct heng_json *json)
{
    const struct heng_telegram *t = &capture->telegram;
    bool ok = capture->rc == HENG_OK;
    heng_json_object(json);
    heng_present_bool(json, "ok", ok);
    heng_present_text(json, "protocol", heng_protocol_text(capture->protocol));
    if (ok) {
        heng_present_text(json, "kind", heng_telegram_kind_text(t->kind));
        if (profile) heng_present_text(json, "profile", profile);
        heng_codec_of(capture->protocol)->present(t, json);
    } else {
        heng_present_text(json, "error", heng_rc_name(capture->rc));
        heng_present_int(json, "offset", capture->err.at);
        heng_present_text(json, "message", capture->err.text);
    }
    heng_json_end_object(json);
}
