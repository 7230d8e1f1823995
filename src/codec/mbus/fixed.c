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
 * flag alone proves nothing. A counter whose digits are no BCD is binary when a flag says so; one that could be
 * either, with two different values, is no value. */
#include "codec/bytes.h"
#include "codec/mbus/record.h"
#include "codec/unit_code.h"

enum { UNITS = 0, COUNTERS = 2, SAME_UNIT_HISTORIC = 0x3E, NO_UNIT = 0x3F, BINARY_FLAGS = 0x81, STORED = 0x02 };

/* Media A..E of the two medium bits are 3..8 in "mode 2": high byte first. */
static bool high_byte_first(const struct heng_telegram *t)
{
    unsigned medium = (unsigned)(t->body.p[UNITS] >> 6) | (unsigned)(t->body.p[UNITS + 1] >> 6) << 2;
    return t->ci == 0x77 || (medium >= 0xA && medium <= 0xE);
}

static void counter_value(const struct heng_telegram *t, int8_t exp, struct heng_record *ret)
{
    uint32_t raw = (uint32_t)heng_load_bytes(ret->data.p, ret->data.n, high_byte_first(t));
    bool bcd = heng_bcd_valid(raw), binary = t->status & BINARY_FLAGS;
    int64_t value = bcd ? (int64_t)heng_bcd_value(raw) : (int32_t)raw;
    ret->kind = HENG_VALUE_NONE;
    if (raw == UINT32_MAX)
        ret->reason = "not available";
    else if (!bcd && !binary)
        ret->reason = "invalid bcd";
    else if (bcd && binary && value != raw)
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
    uint8_t first = t->body.p[UNITS] & 0x3F, code = t->body.p[UNITS + r->index] & 0x3F;
    const uint8_t *data = t->body.p + COUNTERS + 4 * r->index;
    *ret = (struct heng_record){
        .data = {data, 4}, .vif = {data, 0}, .at = (uint32_t)(data - t->frame.p), .length = 4, .vif_known = true};
    ret->storage = t->status & STORED ? 1 : 0;
    if (r->index == 1 && code == SAME_UNIT_HISTORIC) {
        code = first;
        ret->storage = 1;
    } else if (r->index == 1 && code == first) {
        ret->subunit = 1; /* two counters of the same kind are two registers */
    }
    struct heng_unit_code unit = {HENG_QUANTITY_DIMENSIONLESS, HENG_UNIT_NONE, 0};
    if (code == NO_UNIT || heng_unit_code_of(code, &unit)) {
        ret->quantity = unit.quantity;
        ret->unit = unit.unit;
        counter_value(t, unit.exp, ret);
    } else {
        bool clock = code <= 1; /* 00 h min s, 01 day month year; which byte is which, no source says */
        ret->quantity = code == 0 ? HENG_QUANTITY_TIME : clock ? HENG_QUANTITY_DATE : HENG_QUANTITY_UNKNOWN;
        ret->unit = clock ? HENG_UNIT_NONE : HENG_UNIT_UNKNOWN;
        ret->kind = HENG_VALUE_BYTES;
        ret->reason = clock ? "time of unknown coding" : "unknown unit";
        ret->vif_known = clock;
    }
    r->index++;
    r->p = data + 4;
    return HENG_OK;
}
