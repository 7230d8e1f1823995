/* Wired M-Bus telegrams byte by byte: one entry for each byte of link, header, DIF and VIF, one for each value.
 * The names of the entries are identifiers that the console translates. */
#include "codec/bytes.h"
#include "codec/mbus.h"
#include "codec/mbus/present.h"
#include "codec/mbus/record.h"
#include "codec/mbus/vif.h"
#include "codec/mbus/words.h"
#include "codec/unit_code.h"

#include <stdio.h>

enum { WORDS_MAX = 80, EXTENSION = 0x80 };

/* Where the next byte lies; the frame is whole, so it is there. */
static uint8_t next_byte(const struct heng_explainer *e) { return e->bytes.p[e->at]; }

static void explain_control(struct heng_explainer *e, const struct heng_telegram *t)
{
    const char *word = heng_mbus_control_word(t->control);
    bool upper = t->control & 0x20, lower = t->control & 0x10, first = t->control & 0x40; /* who speaks first */
    heng_explain_text(e, "control", 1, "%02X %s%s%s", t->control, word ? word : "reserved",
                      !upper  ? ""
                      : first ? ", fcb"
                              : ", acd",
                      !lower  ? ""
                      : first ? ", fcv"
                              : ", dfc");
}

static void explain_address(struct heng_explainer *e, const struct heng_telegram *t)
{
    const char *words = t->address == 0      ? " not configured"
                        : t->address == 0xFD ? " selected meter"
                        : t->address == 0xFE ? " all, with answer"
                        : t->address == 0xFF ? " all, no answer"
                                             : "";
    heng_explain_text(e, "address", 1, "%u%s", t->address, words);
}

static void explain_ci(struct heng_explainer *e, const struct heng_telegram *t)
{
    uint32_t baud = heng_mbus_baud(t->ci);
    if (baud)
        heng_explain_text(e, "ci", 1, "%02X %s %u", t->ci, heng_mbus_ci_word(t->ci), baud);
    else
        heng_explain_code(e, "ci", t->ci, heng_mbus_ci_word(t->ci));
}

/* ID, manufacturer, version, medium. Of a selection, FF bytes are wild cards. */
static void explain_secondary(struct heng_explainer *e, const struct heng_telegram *t)
{
    bool select = t->kind == HENG_TELEGRAM_SELECT;
    const uint8_t *p = e->bytes.p + e->at;
    bool any = select && p[4] == 0xFF && p[5] == 0xFF;
    heng_explain_text(e, "id", 4, "%s", t->id);
    heng_explain_text(e, "manufacturer", 2, "%s", any ? "any" : t->manufacturer);
    if (select && p[6] == 0xFF)
        heng_explain_text(e, "version", 1, "any");
    else
        heng_explain_int(e, "version", 1, t->version);
    heng_explain_code(e, "medium", p[7], select && p[7] == 0xFF ? "any" : heng_medium_text(t->medium));
}

static void explain_status(struct heng_explainer *e, const struct heng_telegram *t)
{
    char words[HENG_EXPLAIN_VALUE_MAX] = "";
    size_t n = 0;
    for (const struct heng_flag *f = heng_mbus_status_flags(t); f->mask && n < sizeof words; f++) {
        if ((t->status & f->mask) != f->value) continue;
        n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", n ? ", " : "", f->name);
    }
    heng_explain_int(e, "access", 1, t->access);
    heng_explain_code(e, "status", (uint8_t)t->status, n ? words : "ok");
}

static void explain_configuration(struct heng_explainer *e, const struct heng_telegram *t)
{
    const uint8_t *p = e->bytes.p + e->at;
    unsigned mode = (t->ci == 0x76 ? p[0] : p[1]) & 0x1F;
    if (t->encrypted)
        heng_explain_text(e, "configuration", 2, "%02X%02X mode %u, encrypted", p[0], p[1], mode);
    else
        heng_explain_text(e, "configuration", 2, "%02X%02X plain", p[0], p[1]);
}

/* DIF and DIFEs in front of `end`. False when there is no end to them. */
static bool explain_dif(struct heng_explainer *e, const uint8_t *end)
{
    static const char *const codings[16] = {
        "no data",        "8 bit integer",   "16 bit integer", "24 bit integer", "32 bit integer", "32 bit real",
        "48 bit integer", "64 bit integer",  "selection",      "2 digits bcd",   "4 digits bcd",   "6 digits bcd",
        "8 digits bcd",   "variable length", "12 digits bcd",  "special",
    };
    const uint8_t *p = e->bytes.p + e->at; /* e->at stands still when there is no room for more entries */
    uint8_t dif = *p, byte = dif;
    uint64_t storage = dif >> 6 & 1;
    unsigned tariff = 0, subunit = 0;
    heng_explain_text(e, "dif", 1, "%02X %s, %s%s", dif, codings[dif & 0x0F], heng_function_text(dif >> 4 & 3),
                      storage ? ", storage 1" : "");
    for (unsigned n = 0; byte & EXTENSION; n++) {
        if (n == HENG_MBUS_DIFE_MAX || ++p == end) return false;
        byte = *p;
        storage |= (uint64_t)(byte & 0x0F) << (1 + 4 * n);
        tariff |= (byte >> 4 & 3u) << (2 * n);
        subunit |= (byte >> 6 & 1u) << n;
        heng_explain_text(e, "dife", 1, "%02X storage %llu, tariff %u, subunit %u", byte, (unsigned long long)storage,
                          tariff, subunit);
    }
    return true;
}

/* "volume, 10^-3 m3", "on time, h". */
static void entry_words(const struct heng_vif_entry *entry, char ret_words[static WORDS_MAX])
{
    static const char *const scales[] = {"s", "min", "h", "d"};
    const char *quantity = heng_quantity_text((heng_quantity)entry->quantity);
    const char *unit = heng_unit_text((heng_unit)entry->unit);
    bool plain = entry->exp == 0 && entry->scale == 0;
    if (entry->quantity == HENG_QUANTITY_UNKNOWN)
        snprintf(ret_words, WORDS_MAX, "reserved");
    else if (entry->scale == HENG_VIF_SCALE_BINARY)
        snprintf(ret_words, WORDS_MAX, "%s, 2^-12", quantity);
    else if (entry->unit == HENG_UNIT_S)
        snprintf(ret_words, WORDS_MAX, "%s, %s", quantity, scales[entry->scale & 3]);
    else if (entry->unit == HENG_UNIT_UNKNOWN || (plain && entry->unit == HENG_UNIT_NONE))
        snprintf(ret_words, WORDS_MAX, "%s", quantity);
    else if (plain)
        snprintf(ret_words, WORDS_MAX, "%s, %s", quantity, unit);
    else
        snprintf(ret_words, WORDS_MAX, "%s, 10^%d %s", quantity, entry->exp, unit);
}

static void explain_unit_text(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_vif *vif)
{
    char words[WORDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < vif->text.n; i++) {
        char utf8[2];
        size_t more = heng_vif_character(vif->text.p[t->ci & 4 ? i : vif->text.n - 1 - i], utf8);
        if (n + more >= sizeof words) break;
        memcpy(words + n, utf8, more);
        n += more;
    }
    words[n] = '\0';
    heng_explain_text(e, "unit text", vif->text.n + 1, "%s", words);
}

/* VIFE b6..0 that has no name of its own in the tables. */
static void vife_words(uint8_t vife, bool from_meter, char ret_words[static WORDS_MAX])
{
    const char *word = vife < 0x20 && !from_meter ? heng_vife_action(vife) : heng_vife_word(vife);
    if (!word && from_meter) word = heng_vife_error(vife);
    if (word)
        snprintf(ret_words, WORDS_MAX, "%s", word);
    else if (vife == 0)
        snprintf(ret_words, WORDS_MAX, "%s", from_meter ? "no error" : "write");
    else if (vife >= 0x70 && vife <= 0x77)
        snprintf(ret_words, WORDS_MAX, "times 10^%d", (vife & 7) - 6);
    else if (vife >= 0x78 && vife <= 0x7B)
        snprintf(ret_words, WORDS_MAX, "plus 10^%d", (vife & 3) - 3);
    else if (vife == 0x7D)
        snprintf(ret_words, WORDS_MAX, "times 10^3");
    else
        snprintf(ret_words, WORDS_MAX, "%s", vife == 0x7C ? "second vife table" : "reserved");
}

/* Orthogonal VIFEs. vendor: the VIF in front of them is the vendor's already. */
static void explain_vifes(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_vif *vif,
                          bool vendor)
{
    bool extension = false;
    for (size_t i = vif->vife; i < vif->vife_end; i++) {
        char words[WORDS_MAX];
        uint8_t byte = vif->bytes.p[i], vife = byte & 0x7F;
        const char *word = extension ? heng_vife_extension_word(vife) : NULL;
        vendor = vendor || (!extension && vife == 0x7F);
        if (vendor)
            snprintf(words, sizeof words, "manufacturer specific");
        else if (extension)
            snprintf(words, sizeof words, "%s",
                     word                       ? word
                     : vife == HENG_VIFE_TYPE_C ? "unsigned"
                     : vife == HENG_VIFE_TYPE_D ? "bits"
                                                : "reserved");
        else
            vife_words(vife, t->from_meter, words);
        heng_explain_code(e, "vife", byte, words);
        extension = !vendor && !extension && vife == 0x7C;
    }
}

static void explain_vif(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_vif *vif)
{
    char words[WORDS_MAX];
    const uint8_t *p = vif->bytes.p;
    uint8_t first = p[0] & 0x7F;
    size_t tables = first == 0x7C ? 0 : vif->vife - 1;
    bool in_front = first == 0x7C && vif->text.p < p + vif->vife;
    entry_words(heng_vif_entry_of(vif), words);
    if (first == 0x7C || first == 0x7F) {
        heng_explain_code(e, "vif", p[0], first == 0x7C ? "plain text unit" : "manufacturer specific");
    } else if (tables == 0) {
        heng_explain_code(e, "vif", p[0], words);
    } else {
        heng_explain_code(e, "vif", p[0], p[0] == 0xFB ? "table fb" : "table fd");
        if (tables == 2) heng_explain_code(e, "vife", p[1], "table fd fd");
        heng_explain_code(e, "vife", p[tables], words);
    }
    if (in_front) explain_unit_text(e, t, vif);
    explain_vifes(e, t, vif, first == 0x7F);
    if (first == 0x7C && !in_front) explain_unit_text(e, t, vif);
}

static void explain_lvar(struct heng_explainer *e, size_t bytes)
{
    uint8_t length = next_byte(e);
    if (length <= 0xBF)
        heng_explain_text(e, "lvar", 1, "%02X %zu characters", length, bytes);
    else if (length <= 0xDF)
        heng_explain_text(e, "lvar", 1, "%02X %s bcd, %zu digits", length, length < 0xD0 ? "positive" : "negative",
                          2 * bytes);
    else
        heng_explain_text(e, "lvar", 1, "%02X binary, %zu bytes", length, bytes);
}

/* The value itself, named by its quantity. */
static void explain_data(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_record *r)
{
    if (r->kind == HENG_VALUE_BYTES)
        heng_explain_hex(e, heng_quantity_text(r->quantity), r->data.n);
    else
        heng_explain_record(e, t, r);
}

/* DIF 0F, 1F with what follows, DIF 7F. */
static void explain_special(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_record *r)
{
    uint8_t dif = next_byte(e);
    heng_explain_code(e, "dif", dif,
                      dif == 0x0F   ? "manufacturer data"
                      : dif == 0x1F ? "manufacturer data, more follows"
                                    : "readout request");
    if (r->vif.n) heng_explain_code(e, "vif", next_byte(e), "any");
    explain_data(e, t, r);
}

/* One record of variable data; the explainer stands at its DIF. */
static void explain_record(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_record *r)
{
    struct heng_vif vif;
    const char *problem;
    size_t at;
    if (t->encrypted && r->data.p == t->body.p) {
        heng_explain_text(e, "cipher text", r->length, "encrypted");
        return;
    }
    uint8_t dif = next_byte(e);
    if ((dif & 0x0F) == 0x0F) {
        explain_special(e, t, r);
        return;
    }
    explain_dif(e, r->vif.p);
    if (heng_vif_read(r->vif, &vif, &problem, &at) == HENG_OK) explain_vif(e, t, &vif);
    if ((dif & 0x0F) == 0x0D) explain_lvar(e, (size_t)(t->frame.p + r->at + r->length - (e->bytes.p + e->at) - 1));
    explain_data(e, t, r);
}

/* Bytes of the body that no record covers: filler between records, marks at the end. */
static void explain_gap(struct heng_explainer *e, size_t end)
{
    while (e->at < end && e->count < e->cap) {
        uint8_t byte = next_byte(e);
        size_t n = 1;
        if (byte == 0x2F)
            while (e->at + n < end && e->bytes.p[e->at + n] == 0x2F) n++;
        if (byte == 0x2F)
            heng_explain_hex(e, "filler", n);
        else
            heng_explain_code(e, "dif", byte, byte == 0x1F ? "more follows" : "end of records");
    }
}

/* What can be told of the first broken record; the explainer stands at its DIF. Behind it nobody knows where the next
 * one begins. Its data may be a part of a secret. */
static void explain_broken_record(struct heng_explainer *e, const struct heng_telegram *t)
{
    struct heng_vif vif;
    const char *problem;
    size_t at, bytes;
    const uint8_t *end = t->body.p + t->body.n;
    uint8_t dif = next_byte(e);
    bool secret = false;
    if ((dif & 0x0F) != 0x0F && explain_dif(e, end) &&
        heng_vif_read(heng_slice_from(heng_slice_of(e->bytes.p, (size_t)(end - e->bytes.p)), e->at), &vif, &problem,
                      &at) == HENG_OK) {
        secret = heng_vif_entry_of(&vif)->type == HENG_VIF_SECRET;
        explain_vif(e, t, &vif);
        const uint8_t *p = e->bytes.p + e->at;
        if ((dif & 0x0F) == 0x0D && p < end && heng_mbus_data_bytes(dif, *p, &bytes)) explain_lvar(e, bytes);
    }
    size_t left = (size_t)(end - (e->bytes.p + e->at));
    if (secret)
        heng_explain_text(e, "rest", left, "secret");
    else
        heng_explain_hex(e, "rest", left);
}

/* Records from e->at to the end of the body, numbered as heng_record_next yields them: what the dialect drops has no
 * number. */
static void explain_records(struct heng_explainer *e, const struct heng_telegram *t)
{
    struct heng_records all = heng_telegram_records(t), kept = all;
    struct heng_record record, shown;
    size_t frame_at = (size_t)(t->frame.p - e->bytes.p);
    bool variable = heng_mbus_has_records(t), left = heng_record_next(&kept, &shown, NULL) == HENG_OK;
    int32_t index = 0;
    heng_rc rc;
    while ((rc = heng_mbus_codec.next(&all, &record, NULL)) == HENG_OK) {
        bool numbered = left && shown.at == record.at;
        if (variable) explain_gap(e, frame_at + record.at);
        e->record = numbered ? index++ : -1;
        if (variable)
            explain_record(e, t, numbered ? &shown : &record);
        else
            explain_data(e, t, numbered ? &shown : &record);
        e->record = -1;
        if (numbered) left = heng_record_next(&kept, &shown, NULL) == HENG_OK;
    }
    if (rc != HENG_ENOTFOUND) {
        explain_gap(e, (size_t)(all.p - e->bytes.p));
        explain_broken_record(e, t);
    } else if (variable) {
        explain_gap(e, (size_t)(t->body.p + t->body.n - e->bytes.p));
    }
}

/* The two unit bytes of fixed data: a unit each, and half of the medium. */
static void explain_units(struct heng_explainer *e, const struct heng_telegram *t)
{
    enum { UNIT = 0x3F, TIME = 0x00, DATE = 0x01, SAME_UNIT_HISTORIC = 0x3E, NONE = 0x3F };
    for (unsigned i = 0; i < 2; i++) {
        char words[WORDS_MAX];
        struct heng_unit_code unit;
        uint8_t byte = t->body.p[i], code = byte & UNIT;
        struct heng_vif_entry entry = {0};
        if (heng_unit_code_of(code, &unit))
            entry = (struct heng_vif_entry){(uint8_t)unit.quantity, (uint8_t)unit.unit, unit.exp, HENG_VIF_NUMBER, 0};
        entry_words(&entry, words); /* "reserved", unless there is a unit */
        heng_explain_text(e, "unit", 1, "%02X %s, medium bits %u%u of %s", byte,
                          code == TIME                           ? "time"
                          : code == DATE                         ? "date"
                          : code == NONE                         ? "no unit"
                          : code == SAME_UNIT_HISTORIC && i == 1 ? "historic, unit of counter 1"
                                                                 : words,
                          byte >> 7, byte >> 6 & 1u, heng_medium_text(t->medium));
    }
}

/* Bodies that are not records. */
static void explain_plain_body(struct heng_explainer *e, const struct heng_telegram *t)
{
    if (t->kind == HENG_TELEGRAM_ERROR && t->body.n)
        heng_explain_code(e, "error code", t->error_code, heng_mbus_error_word(t->error_code));
    if (t->ci == 0x50 && t->body.n)
        heng_explain_text(e, "application", 1, "%02X %s, telegram %u", t->body.p[0],
                          heng_mbus_application_word(t->body.p[0]), t->body.p[0] & 0x0F);
    heng_explain_hex(e, "data", (size_t)(t->body.p + t->body.n - (e->bytes.p + e->at)));
}

static void explain_long(struct heng_explainer *e, const struct heng_telegram *t)
{
    heng_explain_hex(e, "start", 1);
    heng_explain_int(e, "length", 1, t->frame.p[1]);
    heng_explain_int(e, "length repeated", 1, t->frame.p[2]);
    heng_explain_hex(e, "start repeated", 1);
    explain_control(e, t);
    explain_address(e, t);
    explain_ci(e, t);
    if (t->has_header || t->kind == HENG_TELEGRAM_SELECT) explain_secondary(e, t);
    if (t->kind == HENG_TELEGRAM_FIXED) heng_explain_text(e, "id", 4, "%s", t->id);
    if (t->has_status) explain_status(e, t);
    if (t->kind == HENG_TELEGRAM_FIXED)
        explain_units(e, t);
    else if (t->has_status)
        explain_configuration(e, t);
    bool records = heng_mbus_has_records(t) || t->kind == HENG_TELEGRAM_FIXED || t->kind == HENG_TELEGRAM_ALARM;
    if (records)
        explain_records(e, t);
    else
        explain_plain_body(e, t);
    heng_explain_hex(e, "checksum", 1);
    heng_explain_hex(e, "stop", 1);
}

void heng_mbus_explain(const struct heng_telegram *t, struct heng_explainer *e)
{
    if (t->kind == HENG_TELEGRAM_ACK) {
        heng_explain_hex(e, "acknowledgement", 1);
    } else if (t->kind == HENG_TELEGRAM_SHORT) {
        heng_explain_hex(e, "start", 1);
        explain_control(e, t);
        explain_address(e, t);
        heng_explain_hex(e, "checksum", 1);
        heng_explain_hex(e, "stop", 1);
    } else {
        explain_long(e, t);
    }
}
