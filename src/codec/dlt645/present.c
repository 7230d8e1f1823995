/* DL/T 645 telegrams as JSON and byte by byte. */
#include "codec/dlt645/present.h"
#include "codec/dlt645.h"
#include "codec/dlt645/function.h"
#include "codec/dlt645/table.h"
#include "codec/present.h"

enum { ERROR_TEXT_MAX = 160 };

static bool follows(const struct heng_telegram *t)
{
    const struct heng_dlt645_function *function = heng_dlt645_function_of(t->protocol, t->control);
    return function && function->sequence && t->kind != HENG_TELEGRAM_ERROR &&
           t->body.p + t->body.n < t->frame.p + t->frame.n - 2;
}

static int di_digits(const struct heng_telegram *t) { return t->protocol == HENG_PROTOCOL_DLT645_1997 ? 4 : 8; }

/* One byte, or two low byte first whose bits mean something else. */
static void put_error(const struct heng_telegram *t, struct heng_json *json)
{
    char text[ERROR_TEXT_MAX];
    bool is_long = t->body.n == 2;
    uint8_t second = is_long ? (uint8_t)(t->body.p[1] - t->bias) : 0;
    uint32_t code = (uint32_t)second << 8 | t->error_code;
    heng_present_int(json, "error_code", code);
    heng_present_text(
        json, "error_text",
        heng_dlt645_flag_text(is_long ? heng_dlt645_long_errors : heng_dlt645_errors, code, text, sizeof text));
}

void heng_dlt645_present(const struct heng_telegram *t, struct heng_json *json)
{
    const struct heng_dlt645_function *function = heng_dlt645_function_of(t->protocol, t->control);
    heng_present_text(json, "direction", t->from_meter ? "answer" : "request");
    heng_present_text(json, "id", t->id);
    heng_present_number_hex(json, "control", t->control, 2);
    heng_present_text(json, "function", function ? function->name : NULL);
    if (t->has_di) heng_present_number_hex(json, "di", t->di, di_digits(t));
    if (follows(t)) heng_present_int(json, "ser", t->ser);
    if (t->kind == HENG_TELEGRAM_DATA) heng_present_bool(json, "more", t->more);
    if (t->kind == HENG_TELEGRAM_ERROR) put_error(t, json);
    if (t->kind == HENG_TELEGRAM_OTHER)
        heng_present_bytes(json, "data", t->body, t->bias);
    else
        heng_present_records(t, json);
}

static void explain_control(struct heng_explainer *e, const struct heng_telegram *t)
{
    const struct heng_dlt645_function *function = heng_dlt645_function_of(t->protocol, t->control);
    bool error = t->from_meter && t->control & HENG_DLT645_C_ERROR;
    heng_explain_text(e, "control", 1, "%02X %s, %s%s", t->control, function ? function->name : "unknown",
                      t->from_meter ? "answer" : "request",
                      error     ? ", error"
                      : t->more ? ", more follows"
                                : "");
}

void heng_dlt645_explain(const struct heng_telegram *t, struct heng_explainer *e)
{
    heng_explain_hex(e, "start", 1);
    heng_explain_text(e, "id", 6, "%s", t->id);
    heng_explain_hex(e, "start repeated", 1);
    explain_control(e, t);
    heng_explain_int(e, "length", 1, t->frame.p[HENG_DLT645_LENGTH_AT]);
    e->bias = t->bias;
    if (t->has_di) heng_explain_text(e, "di", (size_t)di_digits(t) / 2, "%0*X", di_digits(t), (unsigned)t->di);
    if (!heng_explain_records(e, t, "data")) return;
    if (follows(t)) heng_explain_int(e, "sequence", 1, t->ser);
    e->bias = 0;
    heng_explain_hex(e, "checksum", 1);
    heng_explain_hex(e, "stop", 1);
}
