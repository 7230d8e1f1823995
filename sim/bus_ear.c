#include "sim/bus_ear.h"

#include "codec/bytes.h"
#include "codec/modbus.h"

enum { END = 0x16, SHORT_START = 0x10, START = 0x68 };

/* Each looks for a frame of its kind that ends with the last byte of s: returns its length, or 0. */
static size_t mbus_frame(struct heng_slice s)
{
    const uint8_t *end = s.p + s.n;
    if (s.n >= 5 && end[-5] == SHORT_START && heng_sum8(end - 4, 2) == end[-2]) return 5;
    for (size_t length = 3; length + 6 <= s.n && length <= 255; length++) {
        const uint8_t *p = end - length - 6;
        if (p[0] == START && p[3] == START && p[1] == length && p[2] == length && heng_sum8(p + 4, length) == end[-2])
            return length + 6;
    }
    return 0;
}

/* 68 .. C L data CS 16 with `head` bytes up to and with L. */
static size_t counted_frame(struct heng_slice s, size_t head, bool second_start)
{
    const uint8_t *end = s.p + s.n;
    for (size_t length = 0; length + head + 2 <= s.n && length <= 255; length++) {
        const uint8_t *p = end - length - head - 2;
        if (p[0] != START || p[head - 1] != length || (second_start && p[7] != START)) continue;
        if (heng_sum8(p, head + length) == end[-2]) return head + length + 2;
    }
    return 0;
}

/* How long a Modbus request is that begins so; 0: more bytes are needed. */
static size_t modbus_length(const uint8_t *p, size_t n)
{
    if (n < 2) return 0;
    switch (p[1]) {
    case HENG_MODBUS_WRITE_COILS:
    case HENG_MODBUS_WRITE_REGISTERS: return n < 7 ? 0 : p[6] + (size_t)9;
    case HENG_MODBUS_READ_WRITE_REGISTERS: return n < 11 ? 0 : p[10] + (size_t)13;
    case HENG_MODBUS_REPORT_SERVER_ID: return 4;
    case HENG_MODBUS_ENCAPSULATED: return 7;
    }
    return 8;
}

static size_t modbus_frame(struct heng_slice s)
{
    if (s.n < 4 || modbus_length(s.p, s.n) != s.n) return 0;
    uint16_t crc = heng_modbus_crc(heng_slice_of(s.p, s.n - 2));
    return s.p[s.n - 2] == (uint8_t)crc && s.p[s.n - 1] == crc >> 8 ? s.n : 0;
}

static bool speaks(uint32_t protocols, heng_protocol protocol) { return protocols >> protocol & 1; }

/* What stands at the end of what was heard. */
static heng_protocol find(const struct heng_sim_ear *ear, uint32_t protocols, size_t *ret_n)
{
    struct heng_slice all = heng_slice_of(ear->heard, ear->n);
    bool dlt = speaks(protocols, HENG_PROTOCOL_DLT645_2007) || speaks(protocols, HENG_PROTOCOL_DLT645_1997);
    bool ends = ear->heard[ear->n - 1] == END;
    if (ends && speaks(protocols, HENG_PROTOCOL_MBUS) && (*ret_n = mbus_frame(all)) > 0) return HENG_PROTOCOL_MBUS;
    if (ends && dlt && (*ret_n = counted_frame(all, 10, true)) > 0) return HENG_PROTOCOL_DLT645_2007;
    if (ends && speaks(protocols, HENG_PROTOCOL_CJT188) && (*ret_n = counted_frame(all, 11, false)) > 0)
        return HENG_PROTOCOL_CJT188;
    bool modbus = speaks(protocols, HENG_PROTOCOL_MODBUS_RTU);
    if (modbus && (*ret_n = modbus_frame(heng_slice_from(all, ear->silence_at))) > 0) return HENG_PROTOCOL_MODBUS_RTU;
    return HENG_PROTOCOL_COUNT;
}

heng_protocol heng_sim_ear_take(struct heng_sim_ear *ear, uint8_t byte, heng_us at_us, heng_us gap_us,
                                heng_us silence_us, uint32_t protocols, struct heng_slice *ret_frame)
{
    if (at_us - ear->last_us > gap_us) ear->n = 0;
    if (ear->n == HENG_SIM_EAR_MAX) { /* only the second half can still be the beginning of a frame */
        ear->n = HENG_SIM_EAR_MAX / 2;
        memmove(ear->heard, ear->heard + HENG_SIM_EAR_MAX - ear->n, ear->n);
        ear->silence_at = ear->n;
    }
    if (ear->n == 0 || at_us - ear->last_us > silence_us) ear->silence_at = ear->n;
    ear->heard[ear->n++] = byte;
    ear->last_us = at_us;
    size_t n = 0;
    heng_protocol protocol = find(ear, protocols, &n);
    if (protocol == HENG_PROTOCOL_COUNT) return protocol;
    *ret_frame = heng_slice_of(ear->heard + ear->n - n, n);
    ear->n = ear->silence_at = 0;
    return protocol;
}
