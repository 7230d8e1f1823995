/* CJ/T 188 frames for masters and for simulated meters. Shapes: frame.c (frame), layout.c (payloads). */
#include "codec/bytes.h"
#include "codec/cjt188.h"
#include "codec/cjt188/layout.h"

enum { START = 0x68, STOP = 0x16, OVERHEAD = 13, DATA_MAX = 255, ID_BYTES = 7, VALVE_OPEN = 0x55, VALVE_CLOSE = 0x99 };

/* The number that the 14 digits spell; false when they are none. */
static bool id_number(const char *id, uint64_t *ret)
{
    uint64_t low, high;
    char vendor[7];
    if (strnlen(id, 2 * ID_BYTES + 1) != 2 * ID_BYTES) return false;
    memcpy(vendor, id, 6);
    vendor[6] = '\0';
    if (!heng_hex_number(vendor, 6, &high) || !heng_hex_number(id + 6, 8, &low)) return false;
    *ret = high << 32 | low;
    return true;
}

heng_rc heng_cjt188_encode(const struct heng_cjt188_frame *frame, struct heng_buf *buf)
{
    uint64_t id;
    size_t head = (frame->without_di ? 0U : 2U) + (frame->without_ser ? 0U : 1U);
    if (!id_number(frame->id, &id)) return HENG_EFORMAT;
    if (frame->payload.n > DATA_MAX - head ||
        buf->cap - buf->n < (size_t)frame->preamble + OVERHEAD + head + frame->payload.n)
        return HENG_ELIMIT;

    for (unsigned i = 0; i < frame->preamble; i++) heng_buf_u8(buf, 0xFE);
    size_t start = buf->n;
    heng_buf_u8(buf, START);
    heng_buf_u8(buf, frame->type);
    heng_buf_le(buf, id, ID_BYTES);
    heng_buf_u8(buf, frame->control);
    heng_buf_u8(buf, (uint8_t)(head + frame->payload.n));
    if (!frame->without_di) {
        heng_buf_u8(buf, (uint8_t)(frame->di_swapped ? frame->di & 0xFF : frame->di >> 8));
        heng_buf_u8(buf, (uint8_t)(frame->di_swapped ? frame->di >> 8 : frame->di & 0xFF));
    }
    if (!frame->without_ser) heng_buf_u8(buf, frame->ser);
    heng_buf_put(buf, frame->payload);
    heng_buf_u8(buf, heng_sum8(buf->p + start, buf->n - start));
    heng_buf_u8(buf, STOP);
    return HENG_OK;
}

heng_rc heng_cjt188_put_bcd(struct heng_buf *buf, uint64_t number, size_t bytes)
{
    uint64_t bcd = 0;
    for (size_t digit = 0; digit < 2 * bytes; digit++, number /= 10) bcd |= number % 10 << (4 * digit);
    if (number) return HENG_ERANGE;
    if (buf->cap - buf->n < bytes) return HENG_ELIMIT;
    heng_buf_le(buf, bcd, bytes);
    return HENG_OK;
}

heng_rc heng_cjt188_put_measured(struct heng_buf *buf, uint32_t number, uint8_t unit, bool unit_first)
{
    if (number > 99999999) return HENG_ERANGE;
    if (buf->cap - buf->n < 5) return HENG_ELIMIT;
    if (unit_first) heng_buf_u8(buf, unit);
    heng_rc rc = heng_cjt188_put_bcd(buf, number, 4);
    if (!unit_first) heng_buf_u8(buf, unit);
    return rc;
}

heng_rc heng_cjt188_put_clock(struct heng_buf *buf, const struct heng_civil *civil)
{
    if (!heng_civil_valid(civil) || civil->year < HENG_CJT188_FIRST_YEAR || civil->year > HENG_CJT188_LAST_YEAR)
        return HENG_ERANGE;
    uint64_t digits = (uint64_t)civil->year * 10000 + civil->month * 100U + civil->day;
    digits = digits * 1000000 + civil->hour * 10000U + civil->minute * 100U + civil->second;
    return heng_cjt188_put_bcd(buf, digits, 7);
}

heng_rc heng_cjt188_put_id(struct heng_buf *buf, const char *id)
{
    uint64_t number;
    if (!id_number(id, &number)) return HENG_EFORMAT;
    if (buf->cap - buf->n < ID_BYTES) return HENG_ELIMIT;
    heng_buf_le(buf, number, ID_BYTES);
    return HENG_OK;
}

heng_rc heng_cjt188_put_prices(struct heng_buf *buf, const struct heng_cjt188_prices *prices)
{
    const uint32_t numbers[] = {prices->price_cent[0], prices->limit_m3[0], prices->price_cent[1], prices->limit_m3[1],
                                prices->price_cent[2]};
    size_t before = buf->n;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && rc == HENG_OK; i++)
        rc = heng_cjt188_put_bcd(buf, numbers[i], 3);
    if (rc == HENG_OK && prices->first_day) rc = heng_cjt188_put_bcd(buf, prices->first_day, 1);
    if (rc != HENG_OK) buf->n = before;
    return rc;
}

heng_rc heng_cjt188_put_purchase(struct heng_buf *buf, uint8_t number, uint64_t amount_cent)
{
    size_t before = buf->n;
    heng_rc rc = heng_cjt188_put_bcd(buf, number, 1);
    if (rc == HENG_OK) rc = heng_cjt188_put_bcd(buf, amount_cent, 4);
    if (rc != HENG_OK) buf->n = before;
    return rc;
}

uint8_t heng_cjt188_valve_code(bool open, const struct heng_dialect *dialect)
{
    uint8_t own = 0;
    if (dialect) own = open ? dialect->cjt188.valve_open : dialect->cjt188.valve_close;
    if (own) return own;
    return open ? VALVE_OPEN : VALVE_CLOSE;
}
