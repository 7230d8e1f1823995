/* Wired M-Bus telegrams as JSON. */
#include "codec/present.h"
#include "codec/mbus/present.h"
#include "codec/mbus/record.h"
#include "codec/mbus/words.h"

#include <stdio.h>

/* C fields of the master by name; the frame count bits are shown apart. */
static void put_control(const struct heng_telegram *t, struct heng_json *json)
{
    char hex[3];
    const char *name = heng_mbus_control_word(t->control);
    snprintf(hex, sizeof hex, "%02X", t->control);
    heng_present_text(json, "control", name ? name : hex);
    if (t->from_meter) return;
    heng_present_bool(json, "fcb", t->control & 0x20);
    heng_present_bool(json, "fcv", t->control & 0x10);
}

/* What the meter says about the link, when there is something to say: class 1 data wait, it can take no more. */
static void put_link(const struct heng_telegram *t, struct heng_json *json)
{
    if (t->control & 0x40) return; /* the frame count bits of one who speaks first */
    if (t->control & 0x20) heng_present_bool(json, "acd", true);
    if (t->control & 0x10) heng_present_bool(json, "dfc", true);
}

static void put_status(const struct heng_telegram *t, struct heng_json *json)
{
    if (!t->has_status) return;
    heng_present_int(json, "access", t->access);
    heng_present_int(json, "status", t->status);
    if (t->status == 0) return;
    heng_json_key(json, "status_flags");
    heng_json_array(json);
    for (const struct heng_flag *f = heng_mbus_status_flags(t); f->mask; f++)
        if ((t->status & f->mask) == f->value) heng_json_text(json, f->name);
    heng_json_end_array(json);
}

/* The header of an answer or command, as far as there is one. */
static void put_header(const struct heng_telegram *t, struct heng_json *json)
{
    if (t->id[0]) heng_present_text(json, "id", t->id);
    if (t->has_header) {
        heng_present_text(json, "manufacturer", t->manufacturer);
        heng_present_int(json, "version", t->version);
    }
    if (t->id[0]) heng_present_text(json, "medium", heng_medium_text(t->medium));
    put_status(t, json);
}

/* The secondary address of a selection: FF bytes are wild cards. */
static void put_selection(const struct heng_telegram *t, struct heng_json *json)
{
    struct heng_slice address = {t->body.p - 8, 8};
    heng_present_text(json, "id", t->id);
    bool any = address.p[4] == 0xFF && address.p[5] == 0xFF;
    heng_present_text(json, "manufacturer", any ? NULL : t->manufacturer);
    heng_json_key(json, "version");
    if (address.p[6] == 0xFF)
        heng_json_null(json);
    else
        heng_json_int(json, address.p[6]);
    heng_present_text(json, "medium", address.p[7] == 0xFF ? NULL : heng_medium_text(t->medium));
}

static void put_answer(const struct heng_telegram *t, struct heng_json *json)
{
    if (t->kind == HENG_TELEGRAM_ERROR) {
        heng_present_int(json, "error_code", t->error_code);
        heng_present_text(json, "error_text", heng_mbus_error_word(t->error_code));
        put_header(t, json);
        put_link(t, json);
        if (t->body.n > 1) heng_present_bytes(json, "data", heng_slice_from(t->body, 1), 0);
        return;
    }
    put_header(t, json);
    put_link(t, json);
    heng_present_bool(json, "more", t->more);
    heng_present_records(t, json);
}

/* Which of its data the meter is to send from now on. */
static void put_application(const struct heng_telegram *t, struct heng_json *json)
{
    uint8_t sub = t->body.n ? t->body.p[0] : 0;
    heng_present_text(json, "application", heng_mbus_application_word(sub));
    heng_present_int(json, "telegram", sub & 0x0F);
}

static void put_request(const struct heng_telegram *t, struct heng_json *json)
{
    put_control(t, json);
    put_link(t, json);
    if (t->kind == HENG_TELEGRAM_SHORT) return;
    heng_present_number_hex(json, "ci", t->ci, 2);
    if (heng_mbus_baud(t->ci)) heng_present_int(json, "baud", heng_mbus_baud(t->ci));
    if (t->kind == HENG_TELEGRAM_SELECT)
        put_selection(t, json);
    else
        put_header(t, json);
    heng_present_text(json, "ci_text", heng_mbus_ci_word(t->ci));
    if (t->ci == 0x50) put_application(t, json);
    if (heng_mbus_has_records(t))
        heng_present_records(t, json);
    else if (t->body.n)
        heng_present_bytes(json, "data", t->body, 0);
}

void heng_mbus_present(const struct heng_telegram *t, struct heng_json *json)
{
    if (t->kind == HENG_TELEGRAM_ACK) return;
    heng_present_int(json, "address", t->address);
    bool answer = t->kind == HENG_TELEGRAM_VARIABLE || t->kind == HENG_TELEGRAM_FIXED ||
                  t->kind == HENG_TELEGRAM_ERROR || t->kind == HENG_TELEGRAM_ALARM;
    if (answer)
        put_answer(t, json);
    else
        put_request(t, json);
}
