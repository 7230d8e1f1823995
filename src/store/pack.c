/* The values of a reading in one column.
 *
 *   offset  size  meaning
 *   0       1     layout, 1
 *   1       v     number of values N, at most HENG_READ_VALUES_MAX
 *   then N times:
 *           s     register id, as the difference to the one before (the first: to 0)
 *           1     kind in bits 0..1, index of the frame that proves it in bits 2..7
 *                 kind 0 no value: 1 byte length, then the reason as text (at most 39 bytes)
 *                 kind 1 decimal:  1 byte exponent, two's complement; s mantissa
 *                 kind 2 no value for a reason of the table below: 1 byte index
 *
 * v: unsigned varint, 7 bits per byte, low group first, bit 7 set on all but the last byte, at most 10 bytes.
 * s: signed number as zigzag (0, -1, 1, -2 ...) in a v.
 * Registers of a device are made together at its first read, so that most differences take one byte. */
#include "store/pack.h"

#include <stdio.h>

_Static_assert(HENG_READ_FRAMES_MAX <= 64, "six bits of the index");

enum { LAYOUT = 1, KIND_REASON_TEXT = 0, KIND_DECIMAL = 1, KIND_REASON_CODE = 2, KIND_BITS = 3, VARINT_MAX = 10 };

/* Reasons that are common enough for one byte. The order is the format: append only. */
static const char *const reasons[] = {"",      "not available",     "invalid bcd",  "text",
                                      "date",  "manufacturer data", "not a number", "out of range",
                                      "error", "unknown coding"};
enum { REASON_COUNT = sizeof reasons / sizeof *reasons };

static void put_varint(struct heng_buf *buf, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) heng_buf_u8(buf, (uint8_t)(value | 0x80));
    heng_buf_u8(buf, (uint8_t)value);
}

static void put_signed(struct heng_buf *buf, int64_t value)
{
    put_varint(buf, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

/* Only the shortest form is accepted, so that equal values are equal bytes. */
static uint64_t get_varint(struct heng_reader *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        uint8_t byte = heng_reader_u8(r);
        if ((i == VARINT_MAX - 1 && byte > 1) || (i > 0 && byte == 0)) break;
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (!(byte & 0x80)) return value;
    }
    r->failed = true;
    return 0;
}

static int64_t get_signed(struct heng_reader *r)
{
    uint64_t zigzag = get_varint(r);
    return (int64_t)((zigzag >> 1) ^ (zigzag & 1 ? UINT64_MAX : 0));
}

static void put_value(struct heng_buf *buf, const struct heng_reading_value *value)
{
    uint8_t frame = (uint8_t)(value->frame << 2);
    if (value->has_value) {
        heng_buf_u8(buf, (uint8_t)(KIND_DECIMAL | frame));
        heng_buf_u8(buf, (uint8_t)value->dec.exp);
        put_signed(buf, value->dec.mantissa);
        return;
    }
    for (uint8_t i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reasons[i], value->reason) != 0) continue;
        heng_buf_u8(buf, (uint8_t)(KIND_REASON_CODE | frame));
        heng_buf_u8(buf, i);
        return;
    }
    size_t n = strnlen(value->reason, sizeof value->reason - 1);
    heng_buf_u8(buf, (uint8_t)(KIND_REASON_TEXT | frame));
    heng_buf_u8(buf, (uint8_t)n);
    heng_buf_put(buf, heng_slice_of(value->reason, n));
}

heng_rc heng_reading_pack(const struct heng_reading *reading, struct heng_buf *buf)
{
    if (reading->value_count > HENG_READ_VALUES_MAX || reading->frame_count > HENG_READ_FRAMES_MAX) return HENG_ELIMIT;
    /* What a person read off a display has no frame, and its values say the first. */
    bool by_eye = reading->source == HENG_SOURCE_HANDHELD && reading->frame_count == 0;
    heng_buf_u8(buf, LAYOUT);
    put_varint(buf, reading->value_count);
    int64_t before = 0;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct heng_reading_value *value = &reading->values[i];
        if (value->frame >= reading->frame_count && !(by_eye && value->frame == 0)) return HENG_ERANGE;
        put_signed(buf, (int64_t)((uint64_t)value->register_id - (uint64_t)before));
        before = value->register_id;
        put_value(buf, value);
    }
    return buf->full ? HENG_ELIMIT : HENG_OK;
}

static void get_value(struct heng_reader *r, struct heng_reading_value *ret)
{
    uint8_t head = heng_reader_u8(r);
    ret->frame = head >> 2;
    ret->has_value = false;
    ret->dec = (struct heng_dec){0};
    ret->reason[0] = '\0';
    if (ret->frame >= HENG_READ_FRAMES_MAX) r->failed = true;
    switch (head & KIND_BITS) {
    case KIND_DECIMAL:
        ret->has_value = true;
        ret->dec.exp = (int8_t)heng_reader_u8(r);
        ret->dec.mantissa = get_signed(r);
        if (ret->dec.exp < HENG_DEC_EXP_MIN || ret->dec.exp > HENG_DEC_EXP_MAX) r->failed = true;
        return;
    case KIND_REASON_CODE: {
        uint8_t code = heng_reader_u8(r);
        if (code < REASON_COUNT)
            snprintf(ret->reason, sizeof ret->reason, "%s", reasons[code]);
        else
            r->failed = true;
        return;
    }
    case KIND_REASON_TEXT: {
        struct heng_slice text = heng_reader_take(r, heng_reader_u8(r));
        /* No reason at all has a code; reasons that got theirs later may stand in old readings as text. */
        if (text.n > 0 && text.n < sizeof ret->reason && !memchr(text.p, 0, text.n)) {
            memcpy(ret->reason, text.p, text.n);
            ret->reason[text.n] = '\0';
        } else {
            r->failed = true;
        }
        return;
    }
    }
    r->failed = true;
}

/* Layout and number of values; the reader stands at the first value. */
static size_t get_head(struct heng_reader *r)
{
    if (heng_reader_u8(r) != LAYOUT) r->failed = true;
    uint64_t count = get_varint(r);
    if (count > HENG_READ_VALUES_MAX) r->failed = true;
    return r->failed ? 0 : (size_t)count;
}

static heng_rc damaged(const struct heng_reader *r, struct heng_err *err)
{
    return heng_fail(err, HENG_EFORMAT, (uint32_t)heng_reader_offset(r),
                     "a stored reading is damaged: restore the last backup");
}

heng_rc heng_reading_unpack(struct heng_slice packed, struct heng_reading *ret, struct heng_err *err)
{
    struct heng_reader r = heng_reader_of(packed);
    size_t count = get_head(&r);
    uint64_t id = 0;
    for (size_t i = 0; i < count && !r.failed; i++) {
        id += (uint64_t)get_signed(&r);
        ret->values[i].register_id = (int64_t)id;
        get_value(&r, &ret->values[i]);
    }
    if (r.failed || heng_reader_left(&r) != 0) return damaged(&r, err);
    ret->value_count = (uint16_t)count;
    return HENG_OK;
}

heng_rc heng_reading_pick(struct heng_slice packed, int64_t register_id, struct heng_reading_value *ret,
                          struct heng_err *err)
{
    struct heng_reader r = heng_reader_of(packed);
    size_t count = get_head(&r);
    uint64_t id = 0;
    for (size_t i = 0; i < count && !r.failed; i++) {
        struct heng_reading_value value;
        id += (uint64_t)get_signed(&r);
        value.register_id = (int64_t)id;
        get_value(&r, &value);
        if (!r.failed && value.register_id == register_id) {
            *ret = value;
            return HENG_OK;
        }
    }
    return r.failed ? damaged(&r, err) : HENG_ENOTFOUND;
}
