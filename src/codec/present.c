/* The JSON of `heng decode`; the key order is part of the contract. */
#include "codec/present.h"
#include "codec/bytes.h"
#include "codec/cjt188.h"
#include "codec/mbus.h"

#include <stdio.h>

enum { TRAILER_MAX = 4 };

static const char *const application_errors[] = {
    "unspecified error",       "ci field not implemented", "buffer too long, truncated", "too many records",
    "premature end of record", "more than 10 dife",        "more than 10 vife",          "reserved error 7",
    "application busy",        "too many readouts",
};

static const char *application_error(uint8_t code)
{
    return code < sizeof application_errors / sizeof application_errors[0] ? application_errors[code]
                                                                           : "reserved error";
}

/* Text of the wire is ISO 8859-1: characters above 7F take two bytes of UTF-8. */
static void put_text(const struct heng_record *record, struct heng_json *json)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[2 * 255];
    size_t n = 0, count = record->data.n < 255 ? record->data.n : 255;
    for (size_t i = 0; i < count; i++) {
        uint8_t c = record->data.p[record->text_reversed ? count - 1 - i : i];
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

static void put_value(const struct heng_record *record, struct heng_json *json)
{
    char text[32];
    switch (record->kind) {
    case HENG_VALUE_DEC:
        if (record->enumerated)
            heng_json_text(json, record->enumerated);
        else
            heng_json_dec(json, record->dec);
        return;
    case HENG_VALUE_TEXT: put_text(record, json); return;
    case HENG_VALUE_DATE:
    case HENG_VALUE_TIME:
    case HENG_VALUE_DATETIME: heng_json_text_n(json, text, civil_text(record, text, sizeof text)); return;
    case HENG_VALUE_NONE:
    case HENG_VALUE_BYTES: heng_json_null(json); return;
    }
}

static void put_pair(struct heng_json *json, const char *key, const char *value)
{
    heng_json_key(json, key);
    heng_json_text(json, value);
}

static void put_number(struct heng_json *json, const char *key, int64_t value)
{
    heng_json_key(json, key);
    heng_json_int(json, value);
}

static void put_flag(struct heng_json *json, const char *key, bool value)
{
    heng_json_key(json, key);
    heng_json_bool(json, value);
}

static void put_record(const struct heng_record *record, struct heng_json *json)
{
    char qualifier[HENG_QUALIFIER_MAX];
    bool valued = record->kind != HENG_VALUE_NONE && record->kind != HENG_VALUE_BYTES;
    heng_record_qualifier(record, qualifier);
    heng_json_object(json);
    put_pair(json, "function", heng_function_text(record->function));
    put_number(json, "storage", (int64_t)record->storage);
    put_number(json, "tariff", record->tariff);
    put_number(json, "subunit", record->subunit);
    put_pair(json, "quantity", heng_quantity_text(record->quantity));
    put_pair(json, "unit", record->unit == HENG_UNIT_UNKNOWN ? NULL : heng_unit_text(record->unit));
    heng_json_key(json, "value");
    put_value(record, json);
    if (!valued && record->reason) put_pair(json, "reason", record->reason);
    if (qualifier[0]) put_pair(json, "qualifier", qualifier);
    if (!valued && record->data.n) {
        heng_json_key(json, "raw");
        heng_json_hex(json, record->data);
    }
    heng_json_end_object(json);
}

static void put_records(const struct heng_telegram *t, struct heng_json *json)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    heng_json_key(json, "records");
    heng_json_array(json);
    while (heng_codec_of(t->protocol)->next(&records, &record, NULL) == HENG_OK) put_record(&record, json);
    heng_json_end_array(json);
}

/* C fields of the master by name; the frame count bits are shown apart. */
static void put_control(const struct heng_telegram *t, struct heng_json *json)
{
    char hex[3];
    const char *name = NULL;
    uint8_t function = t->control & 0xCF; /* without FCB, FCV */
    if (function == 0x40)
        name = "SND_NKE";
    else if (function == 0x43)
        name = "SND_UD";
    else if (function == 0x4A)
        name = "REQ_UD1";
    else if (function == 0x4B)
        name = "REQ_UD2";
    snprintf(hex, sizeof hex, "%02X", t->control);
    put_pair(json, "control", name ? name : hex);
    if (t->from_meter) return;
    put_flag(json, "fcb", t->control & 0x20);
    put_flag(json, "fcv", t->control & 0x10);
}

static void put_hex(struct heng_json *json, const char *key, uint64_t value, int digits)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%0*llX", digits, (unsigned long long)value);
    put_pair(json, key, hex);
}

/* The secondary address of a selection: FF bytes are wild cards. */
static void put_selection(const struct heng_telegram *t, struct heng_json *json)
{
    struct heng_slice address = {t->body.p - 8, 8};
    put_pair(json, "id", t->id);
    bool any = address.p[4] == 0xFF && address.p[5] == 0xFF;
    put_pair(json, "manufacturer", any ? NULL : t->manufacturer);
    heng_json_key(json, "version");
    if (address.p[6] == 0xFF)
        heng_json_null(json);
    else
        heng_json_int(json, address.p[6]);
    put_pair(json, "medium", address.p[7] == 0xFF ? NULL : heng_medium_text(t->medium));
}

/* Baud rate that a control frame asks for; 0 when it is about something else. */
static int baud_of(uint8_t ci)
{
    static const int baud[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400};
    return ci >= 0xB8 && ci <= 0xBF ? baud[ci - 0xB8] : 0;
}

static void put_mbus_answer(const struct heng_telegram *t, struct heng_json *json)
{
    if (t->kind == HENG_TELEGRAM_ERROR) {
        put_number(json, "error_code", t->error_code);
        put_pair(json, "error_text", application_error(t->error_code));
        return;
    }
    if (t->id[0]) put_pair(json, "id", t->id);
    if (t->has_header) {
        put_pair(json, "manufacturer", t->manufacturer);
        put_number(json, "version", t->version);
    }
    if (t->id[0]) put_pair(json, "medium", heng_medium_text(t->medium));
    if (t->has_status) {
        put_number(json, "access", t->access);
        put_number(json, "status", t->status);
    }
    put_flag(json, "more", t->more);
    put_records(t, json);
}

static void put_mbus_request(const struct heng_telegram *t, struct heng_json *json)
{
    put_control(t, json);
    if (t->kind == HENG_TELEGRAM_SHORT) return;
    put_hex(json, "ci", t->ci, 2);
    if (baud_of(t->ci)) put_number(json, "baud", baud_of(t->ci));
    if (t->kind == HENG_TELEGRAM_SELECT) put_selection(t, json);
    if (t->kind == HENG_TELEGRAM_SELECT || (t->kind == HENG_TELEGRAM_COMMAND && (t->ci == 0x51 || t->ci == 0x55))) {
        put_records(t, json);
    } else if (t->body.n) {
        heng_json_key(json, "data");
        heng_json_hex(json, t->body);
    }
}

static void put_mbus(const struct heng_telegram *t, struct heng_json *json)
{
    if (t->kind == HENG_TELEGRAM_ACK) return;
    put_number(json, "address", t->address);
    bool answer = t->kind == HENG_TELEGRAM_VARIABLE || t->kind == HENG_TELEGRAM_FIXED ||
                  t->kind == HENG_TELEGRAM_ERROR || t->kind == HENG_TELEGRAM_ALARM;
    if (answer)
        put_mbus_answer(t, json);
    else
        put_mbus_request(t, json);
}

/* Valve and battery bits of ST0, which the standard defines; ST1 is the vendor's. FF FF is "not available". */
static void put_cjt188_status(const struct heng_telegram *t, struct heng_json *json)
{
    static const char *const valve[] = {"open", "closed", "reserved", "abnormal"};
    bool absent = t->status == 0xFFFF;
    put_hex(json, "status", (uint64_t)(t->status & 0xFF) << 8 | t->status >> 8, 4);
    put_pair(json, "valve", absent ? NULL : valve[t->status & 3]);
    put_pair(json, "battery", absent ? NULL : t->status & 4 ? "low" : "ok");
}

static void put_cjt188(const struct heng_telegram *t, struct heng_json *json)
{
    put_pair(json, "id", t->id);
    put_pair(json, "manufacturer", t->manufacturer);
    put_pair(json, "medium", heng_medium_text(t->medium));
    put_hex(json, "control", t->control, 2);
    if (t->di) {
        put_hex(json, "di", t->di, 4);
        put_number(json, "ser", t->ser);
    }
    if (t->has_status) put_cjt188_status(t, json);
    if (t->kind == HENG_TELEGRAM_ERROR) {
        put_number(json, "error_code", t->error_code);
    } else if (t->kind == HENG_TELEGRAM_DATA) {
        put_flag(json, "more", t->more);
        put_records(t, json);
    } else if (t->body.n) {
        heng_json_key(json, "data");
        heng_json_hex(json, t->body);
    }
}

static bool is_preamble(uint8_t byte) { return byte == 0xFE || byte == 0xFF || byte == 0x00; }

/* Take the one frame apart that bytes must hold.
 * Errors: the codec's; EFORMAT for junk in front, a second frame behind, or an end in the middle. */
static heng_rc decode_one(const struct heng_codec *codec, struct heng_slice bytes, struct heng_telegram *ret,
                          struct heng_err *err)
{
    size_t preamble = 0, used = 0;
    while (preamble < bytes.n && is_preamble(bytes.p[preamble])) preamble++;
    heng_rc rc = codec->decode(bytes, ret, &used, err);
    if (rc == HENG_MORE && used == bytes.n)
        return heng_fail(
            err, HENG_EFORMAT, (uint32_t)preamble,
            preamble == bytes.n ? "there is no frame in %zu bytes" : "none of the %zu bytes starts a frame", bytes.n);
    if (rc == HENG_MORE)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)bytes.n, "the frame is cut off after %zu bytes", bytes.n - used);
    if (rc != HENG_OK) return rc;
    size_t start = (size_t)(ret->frame.p - bytes.p), rest = bytes.n - used;
    if (start != preamble)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)preamble, "%zu junk bytes stand in front of the frame",
                         start - preamble);
    size_t allowed = codec->protocol == HENG_PROTOCOL_CJT188 ? TRAILER_MAX : 0;
    if (rest > allowed)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)used, "%zu bytes follow the frame: give one frame at a time",
                         rest);
    return HENG_OK;
}

/* Records are only good when all of them are. */
static heng_rc check_records(const struct heng_codec *codec, const struct heng_telegram *t, struct heng_err *err)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    heng_rc rc;
    do rc = codec->next(&records, &record, err);
    while (rc == HENG_OK);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    return rc;
}

heng_rc heng_present_json(heng_protocol protocol, struct heng_slice bytes, struct heng_json *json)
{
    const struct heng_codec *codec = heng_codec_of(protocol);
    struct heng_telegram t;
    struct heng_err err = {0};
    heng_rc rc = decode_one(codec, bytes, &t, &err);
    if (rc == HENG_OK) {
        rc = check_records(codec, &t, &err);
        if (rc != HENG_OK) err.at += (uint32_t)(t.frame.p - bytes.p);
    }
    heng_json_object(json);
    put_flag(json, "ok", rc == HENG_OK);
    put_pair(json, "protocol", heng_protocol_text(protocol));
    if (rc == HENG_OK) {
        put_pair(json, "kind", heng_telegram_kind_text(t.kind));
        if (protocol == HENG_PROTOCOL_MBUS)
            put_mbus(&t, json);
        else
            put_cjt188(&t, json);
    } else {
        put_pair(json, "error", heng_rc_name(rc));
        put_number(json, "offset", err.at);
        put_pair(json, "message", err.text);
    }
    heng_json_end_object(json);
    return rc;
}
