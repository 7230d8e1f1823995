/* Modbus telegrams as JSON and byte by byte. */
#include "codec/modbus/present.h"
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"
#include "codec/modbus/record.h"
#include "codec/present.h"

#include <stdio.h>

static void put_identification(const struct heng_telegram *t, struct heng_json *json)
{
    const uint8_t *p = heng_modbus_pdu(t).p;
    heng_present_int(json, "id_code", p[2]);
    if (t->kind == HENG_TELEGRAM_REQUEST) {
        heng_present_int(json, "object", p[3]);
        return;
    }
    heng_present_number_hex(json, "conformity", p[3], 2);
    heng_present_bool(json, "more", t->more);
    heng_present_int(json, "next_object", p[5]);
}

void heng_modbus_present(const struct heng_telegram *t, struct heng_json *json)
{
    uint8_t function = t->control & 0x7F;
    heng_present_text(json, "direction", t->either_way ? "either" : t->from_meter ? "answer" : "request");
    if (t->protocol == HENG_PROTOCOL_MODBUS_TCP) heng_present_int(json, "transaction", t->transaction);
    heng_present_int(json, "address", t->address);
    heng_present_int(json, "function", function);
    heng_present_text(json, "function_name", heng_modbus_pdu_text(heng_modbus_pdu(t)));
    if (t->has_di) heng_present_int(json, "register", t->di);
    if (t->count) heng_present_int(json, "count", t->count);
    if (t->kind == HENG_TELEGRAM_ERROR) {
        heng_present_int(json, "error_code", t->error_code);
        heng_present_text(json, "error_text", heng_modbus_exception_text(t->error_code));
    } else if (t->kind == HENG_TELEGRAM_OTHER) {
        heng_present_bytes(json, "data", t->body, 0);
    } else {
        if (t->control == HENG_MODBUS_ENCAPSULATED) put_identification(t, json);
        if (t->body.n) heng_present_records(t, json);
    }
}

/* One register, or one byte of coils, from the explainer's place on. */
static void explain_item(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_modbus_items *items)
{
    const uint8_t *p = e->bytes.p + e->at;
    size_t offset = (size_t)(p - t->body.p);
    const char *suffix = items->has_first ? "h" : "";
    uint32_t first = items->has_first ? items->first : 0;
    if (items->space >= 3) {
        heng_explain_text(e, "register", 2, items->has_first ? "%04X%s = %u" : "%u%s = %u",
                          (unsigned)(first + offset / 2), suffix, heng_modbus_u16(p));
        return;
    }
    if (t->control == HENG_MODBUS_WRITE_COIL) {
        heng_explain_text(e, "coils", 2, "%04Xh = %s", (unsigned)first, p[0] ? "1" : "0");
        return;
    }
    char states[2 * 8 + 1] = "";
    uint32_t at = (uint32_t)(8 * offset), count = at < items->count ? items->count - at : 0;
    for (uint32_t i = 0; i < 8 && i < count; i++) {
        states[2 * i] = ' ';
        states[2 * i + 1] = p[0] >> i & 1 ? '1' : '0';
    }
    heng_explain_text(e, "coils", 1, items->has_first ? "%04X%s =%s" : "%u%s =%s", (unsigned)(first + at), suffix,
                      states);
}

/* Registers that are no record of their own, up to `end`. */
static void explain_items_to(struct heng_explainer *e, const struct heng_telegram *t,
                             const struct heng_modbus_items *items, size_t end)
{
    while (e->at < end) {
        size_t before = e->at;
        explain_item(e, t, items);
        if (e->at == before) return; /* no more room for entries */
    }
}

/* Several bits of one register, or coils of one byte, share an entry. */
static void explain_beside(struct heng_explainer *e, const struct heng_record *record)
{
    char text[HENG_EXPLAIN_VALUE_MAX];
    if (e->count == 0) return;
    char *value = e->entries[e->count - 1].value;
    size_t n = strlen(value);
    heng_record_summary(record, 0, text, sizeof text);
    snprintf(value + n, HENG_EXPLAIN_VALUE_MAX - n, ", %.80s", text);
}

static void explain_items(struct heng_explainer *e, const struct heng_telegram *t, bool indexed)
{
    struct heng_modbus_items items = heng_modbus_items_of(t);
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    bool fields = heng_modbus_has_fields(t, &items);
    size_t frame_at = (size_t)(t->frame.p - e->bytes.p);
    for (int32_t i = 0; heng_record_next(&records, &record, NULL) == HENG_OK; i++) {
        size_t start = frame_at + record.at;
        explain_items_to(e, t, &items, start);
        if (start < e->at) {
            if (fields) explain_beside(e, &record);
            continue;
        }
        e->record = indexed ? i : -1;
        if (fields)
            heng_explain_record(e, t, &record);
        else
            explain_item(e, t, &items);
        e->record = -1;
    }
    explain_items_to(e, t, &items, (size_t)(t->body.p + t->body.n - e->bytes.p));
}

static uint8_t byte_here(const struct heng_explainer *e) { return e->bytes.p[e->at]; }

static void explain_address(struct heng_explainer *e, uint8_t function)
{
    bool coil = function == HENG_MODBUS_READ_COILS || function == HENG_MODBUS_READ_DISCRETE_INPUTS ||
                function == HENG_MODBUS_WRITE_COIL || function == HENG_MODBUS_WRITE_COILS;
    heng_explain_text(e, coil ? "coil address" : "register address", 2, "%04Xh", heng_modbus_u16(e->bytes.p + e->at));
}

static void explain_range(struct heng_explainer *e, uint8_t function)
{
    explain_address(e, function);
    heng_explain_int(e, "quantity", 2, heng_modbus_u16(e->bytes.p + e->at));
}

static void explain_identification(struct heng_explainer *e, const struct heng_telegram *t)
{
    static const char *const codes[] = {"", "basic", "regular", "extended", "one object"};
    uint8_t code = heng_modbus_pdu(t).p[2];
    heng_explain_hex(e, "mei type", 1);
    heng_explain_code(e, "id code", code, codes[code]);
    if (t->kind == HENG_TELEGRAM_REQUEST) {
        heng_explain_hex(e, "object id", 1);
        return;
    }
    heng_explain_hex(e, "conformity", 1);
    heng_explain_code(e, "more follows", byte_here(e), t->more ? "yes" : "no");
    heng_explain_hex(e, "next object", 1);
    heng_explain_int(e, "object count", 1, byte_here(e));
    heng_explain_records(e, t, "data");
}

static void explain_request(struct heng_explainer *e, const struct heng_telegram *t, bool indexed)
{
    if (t->control == HENG_MODBUS_REPORT_SERVER_ID) return;
    explain_range(e, t->control);
    if (t->control == HENG_MODBUS_READ_WRITE_REGISTERS) explain_range(e, t->control);
    if (t->body.n == 0) return;
    heng_explain_int(e, "byte count", 1, byte_here(e));
    explain_items(e, t, indexed);
}

static void explain_pdu(struct heng_explainer *e, const struct heng_telegram *t, bool indexed)
{
    uint8_t function = t->control & 0x7F;
    bool error = t->kind == HENG_TELEGRAM_ERROR;
    heng_explain_text(e, "function", 1, "%02X %s%s", t->control, error ? "exception to " : "",
                      heng_modbus_pdu_text(heng_modbus_pdu(t)));
    if (error) {
        heng_explain_code(e, "exception", t->error_code, heng_modbus_exception_text(t->error_code));
    } else if (t->kind == HENG_TELEGRAM_OTHER) {
        heng_explain_hex(e, "data", t->body.n);
    } else if (function == HENG_MODBUS_ENCAPSULATED) {
        explain_identification(e, t);
    } else if (function == HENG_MODBUS_WRITE_COIL || function == HENG_MODBUS_WRITE_REGISTER) {
        explain_address(e, function);
        explain_items(e, t, indexed);
    } else if (!t->from_meter) {
        explain_request(e, t, indexed);
    } else if (t->kind == HENG_TELEGRAM_WRITTEN) {
        explain_range(e, function);
    } else {
        heng_explain_int(e, "byte count", 1, byte_here(e));
        if (function == HENG_MODBUS_REPORT_SERVER_ID)
            heng_explain_records(e, t, "data");
        else
            explain_items(e, t, indexed);
    }
}

static void explain_frame(struct heng_explainer *e, const struct heng_telegram *t, bool indexed)
{
    bool tcp = t->protocol == HENG_PROTOCOL_MODBUS_TCP;
    if (tcp) {
        heng_explain_int(e, "transaction", 2, t->transaction);
        heng_explain_hex(e, "protocol id", 2);
        heng_explain_int(e, "length", 2, heng_modbus_u16(e->bytes.p + e->at));
    }
    heng_explain_int(e, "unit address", 1, t->address);
    explain_pdu(e, t, indexed);
    if (!tcp) heng_explain_hex(e, "crc", 2);
}

void heng_modbus_explain(const struct heng_telegram *t, struct heng_explainer *e)
{
    struct heng_telegram request;
    size_t used;
    if (t->asked.n && heng_codec_of(t->protocol)->decode(t->asked, &request, &used, NULL) == HENG_OK) {
        request.dialect = t->dialect;
        explain_frame(e, &request, false);
    }
    explain_frame(e, t, true);
}
