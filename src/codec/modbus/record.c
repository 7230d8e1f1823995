/* Records of Modbus telegrams: registers, coils, identification objects, or the values that a dialect makes of them.
 *
 *   what is there                      records
 *   no dialect, or no address          one per register or coil, storage = its address, or its place counted from 0;
 *                                      input registers have the qualifier "input"
 *   fields of a dialect and address    one per field that is there as a whole, in order of address
 *   server id                          one, as it is: its inner lengths are the vendor's
 *   identification objects             one per object, storage = object id:
 *                                      00 vendor name, 01 product code, 02 revision, 03 vendor URL, 04 product name,
 *                                      05 model name, 06 user application name, 80.. the vendor's
 *
 * Source: Modbus Application Protocol 1.1b3, clauses 6.1 to 6.21. */
#include "codec/modbus/record.h"
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"

enum { OBJECT_HEAD = 2, WRITE_ADDRESS_AT = 5 };

/* Bit 0 of a byte is where heng_modbus_value looks for a coil. */
static const uint8_t coil_states[2] = {0, 1};

struct heng_modbus_items heng_modbus_items_of(const struct heng_telegram *t)
{
    static const uint8_t spaces[] = {
        [HENG_MODBUS_READ_COILS] = 1,
        [HENG_MODBUS_READ_DISCRETE_INPUTS] = 2,
        [HENG_MODBUS_READ_HOLDING_REGISTERS] = 3,
        [HENG_MODBUS_READ_INPUT_REGISTERS] = 4,
        [HENG_MODBUS_WRITE_COIL] = 1,
        [HENG_MODBUS_WRITE_REGISTER] = 3,
        [HENG_MODBUS_WRITE_COILS] = 1,
        [HENG_MODBUS_WRITE_REGISTERS] = 3,
        [HENG_MODBUS_READ_WRITE_REGISTERS] = 3,
    };
    struct heng_modbus_items items = {.has_first = t->has_di, .first = t->di};
    if (t->body.n == 0 || t->kind == HENG_TELEGRAM_OTHER || t->control >= sizeof spaces) return items;
    items.space = spaces[t->control];
    bool coils = items.space == 1 || items.space == 2;
    items.count = coils ? t->count : (uint32_t)(t->body.n / 2);
    if (t->control == HENG_MODBUS_READ_WRITE_REGISTERS && !t->from_meter)
        items.first = heng_modbus_u16(heng_modbus_pdu(t).p + WRITE_ADDRESS_AT);
    return items;
}

bool heng_modbus_has_fields(const struct heng_telegram *t, const struct heng_modbus_items *items)
{
    return items->space && items->has_first && t->dialect && t->dialect->field_count;
}

static bool coil_on(const struct heng_telegram *t, uint32_t i)
{
    if (t->control == HENG_MODBUS_WRITE_COIL) return t->body.p[0] != 0;
    return t->body.p[i / 8] >> (i % 8) & 1;
}

/* Where item i lies: a register is 2 bytes, a coil the byte with its bit; a single coil is written as 2 bytes. */
static struct heng_slice item_bytes(const struct heng_telegram *t, const struct heng_modbus_items *items, uint32_t i)
{
    if (items->space >= 3 || t->control == HENG_MODBUS_WRITE_COIL) return heng_slice_of(t->body.p + 2 * (size_t)i, 2);
    return heng_slice_of(t->body.p + i / 8, 1);
}

static void place(const struct heng_telegram *t, struct heng_slice bytes, struct heng_record *ret)
{
    ret->data = bytes;
    ret->at = (uint32_t)(bytes.p - t->frame.p);
    ret->length = (uint32_t)bytes.n;
    ret->vif = (struct heng_slice){bytes.p, 0};
    ret->vif_known = true;
}

static void read_item(const struct heng_telegram *t, const struct heng_modbus_items *items, uint32_t i,
                      struct heng_record *ret)
{
    struct heng_slice bytes = item_bytes(t, items, i);
    *ret = (struct heng_record){.storage = (items->has_first ? items->first : 0) + i, .kind = HENG_VALUE_DEC};
    place(t, bytes, ret);
    if (items->space >= 3) {
        ret->quantity = HENG_QUANTITY_REGISTER;
        ret->qualifier = items->space == 4 ? "input" : NULL; /* both spaces have a register 0 */
        ret->dec.mantissa = heng_modbus_u16(bytes.p);
        return;
    }
    bool on = coil_on(t, i);
    ret->quantity = items->space == 1 ? HENG_QUANTITY_COIL : HENG_QUANTITY_DIGITAL_INPUT;
    ret->dec.mantissa = on;
    ret->enumerated = on ? "on" : "off";
}

static void read_field(const struct heng_telegram *t, const struct heng_modbus_items *items,
                       const struct heng_field *field, uint32_t i, struct heng_record *ret)
{
    bool coil = items->space <= 2;
    struct heng_slice bytes = item_bytes(t, items, i);
    *ret = (struct heng_record){.function = field->function,
                                .storage = field->storage,
                                .tariff = field->tariff,
                                .subunit = field->subunit,
                                .quantity = field->quantity,
                                .unit = field->unit,
                                .qualifier = field->qualifier};
    heng_modbus_value(field, coil ? &coil_states[coil_on(t, i)] : bytes.p, ret);
    struct heng_slice shown = ret->data;
    place(t, coil ? bytes : heng_slice_of(bytes.p, 2 * heng_modbus_field_items(field)), ret);
    if (!coil) ret->data = shown;
}

/* The next field of the dialect that is there as a whole. */
static heng_rc next_field(struct heng_records *r, const struct heng_modbus_items *items, struct heng_record *ret)
{
    const struct heng_dialect *dialect = r->telegram->dialect;
    while (r->index < dialect->field_count) {
        const struct heng_field *field = &dialect->fields[r->index++];
        if (field->function_code != items->space || field->di < items->first) continue;
        uint32_t i = field->di - items->first;
        if (i >= items->count || heng_modbus_field_items(field) > items->count - i) continue;
        read_field(r->telegram, items, field, i, ret);
        return HENG_OK;
    }
    return HENG_ENOTFOUND;
}

static bool printable(struct heng_slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] > 0x7E) return false;
    return true;
}

/* Vendors pad with spaces and zeros. */
static void text_value(struct heng_slice text, const char *otherwise, struct heng_record *ret)
{
    size_t n = text.n;
    while (n > 0 && (text.p[n - 1] == 0 || text.p[n - 1] == ' ')) n--;
    ret->kind = HENG_VALUE_TEXT;
    ret->data = heng_slice_of(text.p, n);
    if (n == 0) {
        ret->kind = HENG_VALUE_NONE;
        ret->reason = "not set";
    } else if (!printable(ret->data)) {
        ret->kind = HENG_VALUE_BYTES;
        ret->data = text;
        ret->reason = otherwise;
    }
}

static void read_object(const struct heng_telegram *t, const uint8_t *p, struct heng_record *ret)
{
    static const struct {
        heng_quantity quantity;
        const char *name;
    } objects[] = {
        {HENG_QUANTITY_MANUFACTURER, "vendor name"},           {HENG_QUANTITY_MODEL_VERSION, "product code"},
        {HENG_QUANTITY_FIRMWARE_VERSION, "revision"},          {HENG_QUANTITY_MANUFACTURER_DATA, "vendor url"},
        {HENG_QUANTITY_MODEL_VERSION, "product name"},         {HENG_QUANTITY_MODEL_VERSION, "model name"},
        {HENG_QUANTITY_CUSTOMER_LOCATION, "application name"},
    };
    *ret = (struct heng_record){.storage = p[0], .quantity = HENG_QUANTITY_MANUFACTURER_DATA};
    if (p[0] < sizeof objects / sizeof objects[0]) {
        ret->quantity = objects[p[0]].quantity;
        ret->qualifier = objects[p[0]].name;
    }
    place(t, heng_slice_of(p, OBJECT_HEAD + (size_t)p[1]), ret);
    text_value(heng_slice_of(p + OBJECT_HEAD, p[1]), "binary data", ret);
}

static heng_rc next_whole(struct heng_records *r, struct heng_record *ret)
{
    const struct heng_telegram *t = r->telegram;
    const uint8_t *end = t->body.p + t->body.n;
    if (r->p >= end) return HENG_ENOTFOUND;
    if (t->control == HENG_MODBUS_ENCAPSULATED) {
        read_object(t, r->p, ret);
    } else {
        *ret = (struct heng_record){.quantity = HENG_QUANTITY_MANUFACTURER_DATA, .qualifier = "server id"};
        place(t, t->body, ret);
        text_value(t->body, "manufacturer specific", ret);
    }
    r->p = t->frame.p + ret->at + ret->length;
    r->index++;
    return HENG_OK;
}

heng_rc heng_modbus_next(struct heng_records *r, struct heng_record *ret, struct heng_err *err)
{
    (void)err; /* what was decoded has good lengths; a bad value is a record without one */
    const struct heng_telegram *t = r->telegram;
    if (t->kind == HENG_TELEGRAM_DATA &&
        (t->control == HENG_MODBUS_ENCAPSULATED || t->control == HENG_MODBUS_REPORT_SERVER_ID))
        return next_whole(r, ret);
    struct heng_modbus_items items = heng_modbus_items_of(t);
    if (heng_modbus_has_fields(t, &items)) return next_field(r, &items, ret);
    if (r->index >= items.count) return HENG_ENOTFOUND;
    read_item(t, &items, r->index++, ret);
    r->p = t->frame.p + ret->at + ret->length;
    return HENG_OK;
}
