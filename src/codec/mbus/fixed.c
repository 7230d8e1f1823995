/* Records of fixed data (CI 73, 77): two counters.
 *
 *   offset  bytes  field (after CI)
 *        0      4  identification, BCD
 *        4      1  access number
 *        5      1  status: bit 7 (or bit 0, sources differ) counters are binary, bit 1 they were stored at a fixed
 *                  date, bits 2..4 as in the status of variable data
 *        6      2  units: bits 5..0 unit code of counter 1, 2; bits 7..6 medium, low half in the first
 *        8      4  counter 1
 *       12      4  counter 2
 *
 * Source: EN 1434-3:1997. The documents disagree on which status bit means binary and every known frame has 00: a
 * flag alone proves nothing. A counter whose digits are no BCD is binary when a flag says so, and then so is the other
 * one: they share the flag. With a flag and no such proof, a counter that would be two different values is none. */
#include "codec/bytes.h"
#include "codec/mbus/record.h"
#include "codec/unit_code.h"

enum { UNITS = 0, COUNTERS = 2, TIME = 0x00, DATE = 0x01, SAME_UNIT_HISTORIC = 0x3E, NO_UNIT = 0x3F };
enum { BINARY_FLAGS = 0x81, STORED = 0x02 };

/* What a counter of this unit code counts; false when it is not a number. */
static bool unit_of(uint8_t code, struct heng_unit_code *ret)
{
    *ret = (struct heng_unit_code){HENG_QUANTITY_DIMENSIONLESS, HENG_UNIT_NONE, 0};
    if (code == NO_UNIT || heng_unit_code_of(code, ret)) return true;
    ret->quantity = code == TIME ? HENG_QUANTITY_TIME : code == DATE ? HENG_QUANTITY_DATE : HENG_QUANTITY_UNKNOWN;
    if (ret->quantity == HENG_QUANTITY_UNKNOWN) ret->unit = HENG_UNIT_UNKNOWN;
    return false;
}

/* Unit code of counter `index`, and whether it is the other one's at an earlier time. */
static uint8_t code_of(const struct heng_telegram *t, unsigned index, bool *ret_historic)
{
    uint8_t code = t->body.p[UNITS + index] & 0x3F;
    *ret_historic = index == 1 && code == SAME_UNIT_HISTORIC;
    return *ret_historic ? t->body.p[UNITS] & 0x3F : code;
}

/* Media A..E of the two medium bits are 3..8 in "mode 2": high byte first. */
static bool high_byte_first(const struct heng_telegram *t)
{
    unsigned medium = (unsigned)(t->body.p[UNITS] >> 6) | (unsigned)(t->body.p[UNITS + 1] >> 6) << 2;
    return t->ci == 0x77 || (medium >= 0xA && medium <= 0xE);
}

static uint32_t counter_of(const struct heng_telegram *t, unsigned index)
{
    return (uint32_t)heng_load_bytes(t->body.p + COUNTERS + 4 * index, 4, high_byte_first(t));
}

/* Whether one of the counters can only be binary. A field without a unit may hold anything, and proves nothing. */
static bool is_surely_binary(const struct heng_telegram *t)
{
    if (!(t->status & BINARY_FLAGS)) return false;
    for (unsigned i = 0; i < 2; i++) {
        bool historic;
        struct heng_unit_code unit;
        uint8_t code = code_of(t, i, &historic);
        uint32_t raw = counter_of(t, i);
        if (code != NO_UNIT && unit_of(code, &unit) && raw != UINT32_MAX && !heng_bcd_valid(raw)) return true;
    }
    return false;
}

static void counter_value(const struct heng_telegram *t, unsigned index, int8_t exp, struct heng_record *ret)
{
    uint32_t raw = counter_of(t, index);
    bool flag = t->status & BINARY_FLAGS, bcd = heng_bcd_valid(raw) && !is_surely_binary(t);
    int64_t value = bcd ? (int64_t)heng_bcd_value(raw) : (int32_t)raw;
    ret->kind = HENG_VALUE_NONE;
    if (raw == UINT32_MAX)
        ret->reason = "not available";
    else if (!bcd && !flag)
        ret->reason = "invalid bcd";
    else if (bcd && flag && value != raw)
        ret->reason = "coding unclear";
    else
        ret->kind = HENG_VALUE_DEC;
    ret->dec = (struct heng_dec){value, exp};
}

heng_rc heng_mbus_fixed_next(struct heng_records *r, struct heng_record *ret, struct heng_err *err)
{
    (void)err;
    const struct heng_telegram *t = r->telegram;
    if (r->index == 2) return HENG_ENOTFOUND;
    const uint8_t *data = t->body.p + COUNTERS + 4 * r->index;
    bool historic, first_historic;
    struct heng_unit_code first, unit;
    (void)unit_of(code_of(t, 0, &first_historic), &first);
    bool number = unit_of(code_of(t, r->index, &historic), &unit);
    *ret = (struct heng_record){
        .data = {data, 4}, .vif = {data, 0}, .at = (uint32_t)(data - t->frame.p), .length = 4, .vif_known = true};
    ret->storage = (t->status & STORED ? 1u : 0) + historic; /* older than a stored one: one further back */
    ret->quantity = unit.quantity;
    ret->unit = unit.unit;
    /* Two counters of the same kind are two registers, whatever power of ten they count in. */
    if (r->index == 1 && !historic && unit.quantity == first.quantity && unit.unit == first.unit) ret->subunit = 1;
    if (number) {
        counter_value(t, r->index, unit.exp, ret);
    } else { /* 00 h min s, 01 day month year: which byte is which, no source says */
        ret->vif_known = unit.quantity != HENG_QUANTITY_UNKNOWN;
        ret->kind = HENG_VALUE_BYTES;
        ret->reason = ret->vif_known ? "time of unknown coding" : "unknown unit";
    }
    r->index++;
    r->p = data + 4;
    return HENG_OK;
}
