/* Wired M-Bus, the sending side: records of variable data, dates, digits.
 *
 *   record   DIF [DIFE..] VIF [VIFE..] [length] data; the bits of DIF and DIFE are drawn in record.c
 *   type F   b5-0 minute, b12-8 hour, b14-13 hundreds of years since 1900, then as G
 *   type G   b4-0 day, b7-5 year bits 2-0, b11-8 month, b15-12 year bits 6-3
 *   type I   b5-0 second, b13-8 minute, b20-16 hour, then as G, one byte without a week
 *
 * Source: EN 13757-3:2013 clause 6 and annex A. */
#include "codec/bytes.h"
#include "codec/mbus.h"
#include "codec/mbus/record.h"
#include "codec/mbus/vif.h"

static bool has_room(const struct heng_buf *buf, size_t n) { return buf->cap - buf->n >= n; }

/* DIF and DIFEs into ret; how many bytes, 0 when the numbers need more than 10 DIFEs. */
static size_t make_dif(const struct heng_mbus_register *r, uint8_t ret[static 1 + HENG_MBUS_DIFE_MAX])
{
    uint64_t storage = r->storage >> 1;
    uint32_t tariff = r->tariff, subunit = r->subunit;
    size_t n = 0;
    ret[n++] = (uint8_t)((r->storage & 1) << 6 | (unsigned)r->function << 4 | r->coding);
    while (storage || tariff || subunit) {
        if (n > HENG_MBUS_DIFE_MAX) return 0;
        ret[n - 1] |= 0x80;
        ret[n++] = (uint8_t)((subunit & 1) << 6 | (tariff & 3) << 4 | (storage & 0x0F));
        storage >>= 4;
        tariff >>= 2;
        subunit >>= 1;
    }
    return n;
}

heng_rc heng_mbus_encode_register(const struct heng_mbus_register *r, struct heng_buf *buf)
{
    enum { VARYING = 0x0D, SPECIAL = 0x0F };
    uint8_t dif[1 + HENG_MBUS_DIFE_MAX];
    struct heng_vif vif;
    const char *problem;
    size_t at, bytes;
    if (r->coding >= SPECIAL || (unsigned)r->function >= HENG_FUNCTION_COUNT) return HENG_EFORMAT;
    if (!heng_mbus_data_bytes(r->coding, r->length, &bytes) || r->data.n != bytes) return HENG_EFORMAT;
    if (heng_vif_read(r->vif, &vif, &problem, &at) != HENG_OK || vif.bytes.n != r->vif.n) return HENG_EFORMAT;
    size_t n = make_dif(r, dif);
    if (n == 0) return HENG_EFORMAT;
    bool varying = r->coding == VARYING;
    if (!has_room(buf, n + r->vif.n + varying + bytes)) return HENG_ELIMIT;
    heng_buf_put(buf, heng_slice_of(dif, n));
    heng_buf_put(buf, r->vif);
    if (varying) heng_buf_u8(buf, r->length);
    heng_buf_put(buf, r->data);
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
    unsigned hundreds = (unsigned)(c->year - 1900) / 100;
    return (uint32_t)(c->minute & 0x3F) | (uint32_t)(c->hour & 0x1F) << 8 | (uint32_t)(hundreds & 3) << 13 |
           (uint32_t)date_bits(c) << 16;
}

uint16_t heng_mbus_encode_type_g(const struct heng_civil *c) { return (uint16_t)date_bits(c); }

uint64_t heng_mbus_encode_type_i(const struct heng_civil *c)
{
    return (uint64_t)(c->second & 0x3F) | (uint64_t)(c->minute & 0x3F) << 8 | (uint64_t)(c->hour & 0x1F) << 16 |
           (uint64_t)date_bits(c) << 24;
}

uint64_t heng_bcd_encode(uint64_t value, unsigned digits)
{
    uint64_t raw = 0;
    for (unsigned i = 0; i < digits && i < 16; i++) {
        raw |= (value % 10) << (4 * i);
        value /= 10;
    }
    return raw;
}
