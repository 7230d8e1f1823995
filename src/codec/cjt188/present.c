/* CJ/T 188 telegrams as JSON and byte by byte. */
#include "codec/cjt188/present.h"
#include "codec/bytes.h"
#include "codec/cjt188/layout.h"
#include "codec/cjt188/record.h"
#include "codec/present.h"

#include <stdio.h>

enum { HEADER = 11, TRAILER = 2, TEXT_MAX = HENG_EXPLAIN_VALUE_MAX };

static const char *const valve_words[] = {"open", "closed", "reserved", "abnormal"};

static const char *battery_word(uint8_t status) { return status & 4 ? "low" : "ok"; }

static const struct heng_flag *vendor_flags(const struct heng_telegram *t)
{
    return t->dialect ? t->dialect->cjt188.status_flags : NULL;
}

/* Valve and battery by the bits that the standard defines, the others if the dialect names them. A byte FF is "not
 * available". */
static void put_status(const struct heng_telegram *t, struct heng_json *json)
{
    uint8_t status;
    bool known = heng_cjt188_status(t, &status);
    const struct heng_flag *flags = t->status == 0xFFFF ? NULL : vendor_flags(t);
    heng_present_number_hex(json, "status", (uint64_t)(t->status & 0xFF) << 8 | t->status >> 8, 4);
    heng_present_text(json, "valve", known ? valve_words[status & 3] : NULL);
    heng_present_text(json, "battery", known ? battery_word(status) : NULL);
    if (!flags) return;
    heng_json_key(json, "status_flags");
    heng_json_array(json);
    for (; flags->mask; flags++)
        if ((t->status & flags->mask) == flags->value) heng_json_text(json, flags->name);
    heng_json_end_array(json);
}

/* Where a SER belongs: behind a DI, which some requests end with, and in front of the status of an error answer. */
static void put_ser(const struct heng_telegram *t, struct heng_json *json)
{
    size_t data = t->frame.n - HEADER - TRAILER;
    if (!t->has_di && (t->kind != HENG_TELEGRAM_ERROR || data != 3)) return;
    heng_json_key(json, "ser");
    if (data < 3)
        heng_json_null(json);
    else
        heng_json_int(json, t->ser);
}

static bool has_records(const struct heng_telegram *t)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    return heng_record_next(&records, &record, NULL) == HENG_OK;
}

void heng_cjt188_present(const struct heng_telegram *t, struct heng_json *json)
{
    heng_present_text(json, "id", t->id);
    heng_present_text(json, "manufacturer", t->manufacturer);
    heng_present_text(json, "medium", heng_medium_text(t->medium));
    heng_present_number_hex(json, "control", t->control, 2);
    if (t->has_di) heng_present_number_hex(json, "di", t->di, 4);
    put_ser(t, json);
    if (t->has_status) put_status(t, json);
    if (t->kind == HENG_TELEGRAM_ERROR) heng_present_int(json, "error_code", t->error_code);
    if (t->kind == HENG_TELEGRAM_DATA) heng_present_bool(json, "more", t->more);
    if (t->kind == HENG_TELEGRAM_DATA || has_records(t)) {
        heng_present_records(t, json);
    } else if (t->body.n && !heng_cjt188_is_secret(t->di)) {
        heng_json_key(json, "data");
        heng_json_hex(json, t->body);
    }
}

/* "81 read data, answer" */
static void explain_control(const struct heng_telegram *t, struct heng_explainer *e)
{
    static const struct {
        uint8_t function;
        const char *name;
    } functions[] = {{0x01, "read data"},        {0x03, "read address"},  {0x04, "write data"},
                     {0x09, "read key version"}, {0x15, "write address"}, {0x16, "write base reading"}};
    const char *name = "vendor function", *direction = t->from_meter ? "answer" : "request";
    bool extended = t->control & 0x20;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (functions[i].function == (t->control & 0x1F)) name = functions[i].name;
    if (t->kind == HENG_TELEGRAM_ERROR) direction = "error answer";
    heng_explain_text(e, "control", 1, "%02X %s, %s%s", t->control, name, direction,
                      t->more    ? ", more follows"
                      : extended ? ", of the vendor"
                                 : "");
}

static void explain_di(const struct heng_telegram *t, struct heng_explainer *e)
{
    const char *name = heng_cjt188_di_name((uint16_t)t->di);
    heng_explain_text(e, "di", 2, "%04X%s%s", (unsigned)t->di, name ? " " : "", name ? name : "");
}

/* ST0 and ST1, one entry each: valve and battery in the one that has them, the dialect's flags in both. */
static void explain_status_byte(const struct heng_telegram *t, bool second, struct heng_explainer *e)
{
    char text[TEXT_MAX];
    uint8_t byte = (uint8_t)(second ? t->status >> 8 : t->status & 0xFF), status;
    bool standard = second == (t->dialect && t->dialect->cjt188.status_second);
    int n = snprintf(text, sizeof text, "%02X", byte);
    if (standard && heng_cjt188_status(t, &status))
        n += snprintf(text + n, sizeof text - (size_t)n, " valve %s, battery %s", valve_words[status & 3],
                      battery_word(status));
    const struct heng_flag *f = vendor_flags(t);
    for (; f && f->mask && (size_t)n < sizeof text; f++) {
        bool here = f->mask & (second ? 0xFF00U : 0x00FFU);
        if (here && t->status != 0xFFFF && (t->status & f->mask) == f->value)
            n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", n == 2 ? " " : ", ", f->name);
    }
    heng_explain_text(e, "status", 1, "%s", text);
}

static void explain_status(const struct heng_telegram *t, struct heng_explainer *e)
{
    explain_status_byte(t, false, e);
    explain_status_byte(t, true, e);
}

/* "05 kWh". Codes 02 to 37 are powers of ten of Wh, kJ, W, kJ/h, mL and mL/h; 01 is CJ/T 188's own. */
static void explain_unit(struct heng_explainer *e)
{
    static const char *const units[] = {
        [0x01] = "J", "Wh",       "10 Wh",  "100 Wh",  "kWh",      "10 kWh",  "100 kWh",  "MWh",
        "10 MWh",     "100 MWh",  "kJ",     "10 kJ",   "100 kJ",   "MJ",      "10 MJ",    "100 MJ",
        "GJ",         "10 GJ",    "100 GJ", "W",       "10 W",     "100 W",   "kW",       "10 kW",
        "100 kW",     "MW",       "10 MW",  "100 MW",  "kJ/h",     "10 kJ/h", "100 kJ/h", "MJ/h",
        "10 MJ/h",    "100 MJ/h", "GJ/h",   "10 GJ/h", "100 GJ/h", "mL",      "10 mL",    "100 mL",
        "L",          "10 L",     "100 L",  "m3",      "10 m3",    "100 m3",  "mL/h",     "10 mL/h",
        "100 mL/h",   "L/h",      "10 L/h", "100 L/h", "m3/h",     "10 m3/h", "100 m3/h",
    };
    _Static_assert(sizeof units / sizeof units[0] == 0x38, "one text per code");
    uint8_t code = e->bytes.p[e->at];
    bool known = code > 0 && code < sizeof units / sizeof units[0];
    heng_explain_code(e, "unit", code, known ? units[code] : "unknown unit");
}

/* A measured value is two entries: its digits and its unit, in the order in which they were sent. */
static void explain_record(const struct heng_telegram *t, const struct heng_record *r, struct heng_explainer *e)
{
    struct heng_record digits = *r;
    bool measured = r->length == 5 && r->data.n == 4;
    bool first = measured && r->data.p != t->frame.p + r->at;
    if (measured) {
        digits.at = (uint32_t)(r->data.p - t->frame.p);
        digits.length = 4;
    }
    if (first) explain_unit(e);
    heng_explain_record(e, t, &digits);
    if (measured && !first) explain_unit(e);
}

static void explain_data(const struct heng_telegram *t, size_t n, struct heng_explainer *e)
{
    if (heng_cjt188_is_secret(t->di))
        heng_explain_text(e, "data", n, "secret");
    else
        heng_explain_hex(e, "data", n);
}

/* Bytes of the body up to `end` that belong to no record. */
static void explain_gap(const struct heng_telegram *t, size_t end, struct heng_explainer *e)
{
    size_t status_at = end;
    if (t->has_status && t->layout) {
        size_t at = heng_cjt188_layout(t)->status_at;
        if (at != HENG_CJT188_NO_STATUS) status_at = (size_t)(t->body.p + at - e->bytes.p);
    }
    if (e->at >= end) return;
    if (e->at < status_at) explain_data(t, (status_at < end ? status_at : end) - e->at, e);
    if (e->at == status_at && status_at + 2 <= end) explain_status(t, e);
    if (e->at < end) explain_data(t, end - e->at, e);
}

/* Records of fields that the dialect lays over each other show the bytes that are not shown yet. */
static void explain_records(const struct heng_telegram *t, struct heng_explainer *e)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    size_t frame_at = (size_t)(t->frame.p - e->bytes.p), end = (size_t)(t->body.p + t->body.n - e->bytes.p);
    int32_t index = 0;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (frame_at + record.at > e->at) explain_gap(t, frame_at + record.at, e);
        e->record = index++;
        if (frame_at + record.at == e->at)
            explain_record(t, &record, e);
        else
            heng_explain_record(e, t, &record);
        e->record = -1;
    }
    explain_gap(t, end, e);
}

static void explain_error(const struct heng_telegram *t, size_t data, struct heng_explainer *e)
{
    if (t->has_di) explain_di(t, e);
    if (data - t->body.n >= 3) heng_explain_int(e, "ser", 1, t->ser);
    if (t->has_status) explain_status(t, e);
    if (data == 1 || (t->has_di && data == 4)) heng_explain_hex(e, "error code", 1);
    explain_data(t, t->body.n, e);
}

static void explain_body(const struct heng_telegram *t, size_t data, struct heng_explainer *e)
{
    if (t->has_di)
        explain_di(t, e);
    else
        heng_explain_hex(e, "data", data);
    if (data >= 3) heng_explain_int(e, "ser", 1, t->ser);
    if (t->kind == HENG_TELEGRAM_WRITTEN && t->has_status)
        explain_status(t, e);
    else
        explain_records(t, e);
}

void heng_cjt188_explain(const struct heng_telegram *t, struct heng_explainer *e)
{
    size_t data = t->frame.n - HEADER - TRAILER;
    heng_explain_hex(e, "start", 1);
    heng_explain_code(e, "type", t->ci, t->ci == 0xAA ? "any" : heng_medium_text(t->medium));
    heng_explain_text(e, "id", 7, "%s", t->id);
    explain_control(t, e);
    heng_explain_int(e, "length", 1, t->frame.p[HEADER - 1]);
    if (t->kind == HENG_TELEGRAM_ERROR)
        explain_error(t, data, e);
    else
        explain_body(t, data, e);
    heng_explain_hex(e, "checksum", 1);
    heng_explain_hex(e, "stop", 1);
}
