/* Wired M-Bus, the sending side.
 *
 *   offset  bytes  short frame          offset  bytes  long frame
 *        0      1  10                        0      1  68
 *        1      1  C                         1      2  L L: bytes from C to the last data byte
 *        2      1  A                         3      1  68
 *        3      1  CS = C + A                4      3  C A CI
 *        4      1  16                        7    L-3  data
 *                                          L+4      2  CS = sum from C on, 16
 * Source: EN 13757-2 clause 5. */
#include "codec/bytes.h"
#include "codec/mbus.h"

enum { DATA_MAX = 252 };

static bool has_room(const struct heng_buf *buf, size_t n) { return buf->cap - buf->n >= n; }

heng_rc heng_mbus_encode_ack(struct heng_buf *buf)
{
    if (!has_room(buf, 1)) return HENG_ELIMIT;
    heng_buf_u8(buf, HENG_MBUS_ACK);
    return HENG_OK;
}

heng_rc heng_mbus_encode_short(uint8_t control, uint8_t address, struct heng_buf *buf)
{
    if (!has_room(buf, 5)) return HENG_ELIMIT;
    const uint8_t frame[] = {0x10, control, address, (uint8_t)(control + address), 0x16};
    heng_buf_put(buf, heng_slice_of(frame, sizeof frame));
    return HENG_OK;
}

heng_rc heng_mbus_encode_long(uint8_t control, uint8_t address, uint8_t ci, struct heng_slice data,
                              struct heng_buf *buf)
{
    if (data.n > DATA_MAX || !has_room(buf, data.n + 9)) return HENG_ELIMIT;
    uint8_t length = (uint8_t)(data.n + 3);
    const uint8_t head[] = {0x68, length, length, 0x68, control, address, ci};
    heng_buf_put(buf, heng_slice_of(head, sizeof head));
    heng_buf_put(buf, data);
    heng_buf_u8(buf, (uint8_t)(heng_sum8(data.p, data.n) + control + address + ci));
    heng_buf_u8(buf, 0x16);
    return HENG_OK;
}

/* Three letters as 15 bits, A = 1; false for anything but upper-case letters and '@' (0). */
static bool manufacturer_bits(const char text[static 4], uint16_t *ret)
{
    unsigned bits = 0;
    for (int i = 0; i < 3; i++) {
        if (text[i] < '@' || text[i] > '@' + 31) return false;
        bits = bits << 5 | (unsigned)(text[i] - '@');
    }
    if (text[3] != '\0') return false;
    *ret = (uint16_t)bits;
    return true;
}

heng_rc heng_mbus_encode_header(const struct heng_mbus_secondary *who, uint8_t access, uint8_t status,
                                struct heng_buf *buf)
{
    uint64_t id;
    uint16_t manufacturer;
    if (!heng_hex_number(who->id, 8, &id) || !manufacturer_bits(who->manufacturer, &manufacturer)) return HENG_EFORMAT;
    if (!has_room(buf, 12)) return HENG_ELIMIT;
    heng_buf_le(buf, id, 4);
    heng_buf_le(buf, manufacturer, 2);
    const uint8_t rest[] = {who->version, who->medium, access, status, 0, 0};
    heng_buf_put(buf, heng_slice_of(rest, sizeof rest));
    return HENG_OK;
}

heng_rc heng_mbus_encode_record(uint8_t dif, struct heng_slice vif, uint64_t raw, size_t bytes, struct heng_buf *buf)
{
    if (bytes > 8 || !has_room(buf, 1 + vif.n + bytes)) return HENG_ELIMIT;
    heng_buf_u8(buf, dif);
    heng_buf_put(buf, vif);
    heng_buf_le(buf, raw, bytes);
    return HENG_OK;
}

/* Year 0..99 of a century in the split field of types F, G and I. */
static unsigned date_bits(const struct heng_civil *c)
{
    unsigned year = (unsigned)c->year % 100;
    return (unsigned)(c->day & 0x1F) | (year & 7) << 5 | (unsigned)(c->month & 0x0F) << 8 | (year >> 3) << 12;
}

uint32_t heng_mbus_encode_type_f(const struct heng_civil *c)
{
    unsigned hundreds = c->year >= 1900 ? (unsigned)(c->year - 1900) / 100 : 0;
    return (uint32_t)(c->minute & 0x3F) | (uint32_t)(c->hour & 0x1F) << 8 | (uint32_t)(hundreds & 3) << 13 |
           (uint32_t)date_bits(c) << 16;
}

uint16_t heng_mbus_encode_type_g(const struct heng_civil *c) { return (uint16_t)date_bits(c); }

uint64_t heng_bcd_encode(uint64_t value, unsigned digits)
{
    uint64_t raw = 0;
    for (unsigned i = 0; i < digits && i < 16; i++) {
        raw |= (value % 10) << (4 * i);
        value /= 10;
    }
    return raw;
}
