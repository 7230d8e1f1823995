#ifndef HENG_CODEC_BYTES_H
#define HENG_CODEC_BYTES_H
/* Small pure readers that several codecs share: unaligned integers, packed BCD, sums, hex digits.
 * They work on 64-bit words because a meter value never has more than 8 bytes. */
#include "base/slice.h"
#include <endian.h>

static inline uint64_t heng_load_le64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

/* n bytes, 1..8, low byte first, that end at `end`; 8 bytes before `end` must be readable. One load and one
 * shift instead of a loop; the frame header in front of the data makes the early bytes safe to touch. */
static inline uint64_t heng_load_le_before(const uint8_t *end, size_t n)
{
    return heng_load_le64(end - 8) >> (64 - 8 * n);
}

/* The same as a two's complement number. */
static inline int64_t heng_load_sle_before(const uint8_t *end, size_t n)
{
    return (int64_t)heng_load_le64(end - 8) >> (64 - 8 * n);
}

/* n bytes, 0..8, in either order, from anywhere. */
static inline uint64_t heng_load_bytes(const uint8_t *p, size_t n, bool msb_first)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) value = value << 8 | p[msb_first ? i : n - 1 - i];
    return value;
}

/* True when no nibble is above 9: bit 3 never meets bit 2 or bit 1. */
static inline bool heng_bcd_valid(uint64_t raw)
{
    return ((raw >> 3) & (raw >> 2 | raw >> 1) & UINT64_C(0x1111111111111111)) == 0;
}

/* The number that 16 valid BCD digits spell: pairs, then fours, then eights, each step in all lanes at once
 * (16h + l becomes 10h + l by taking 6h away, and so on). */
static inline uint64_t heng_bcd_value(uint64_t raw)
{
    raw -= 6 * (raw >> 4 & UINT64_C(0x0F0F0F0F0F0F0F0F));
    raw -= 156 * (raw >> 8 & UINT64_C(0x00FF00FF00FF00FF));
    raw -= 55536 * (raw >> 16 & UINT64_C(0x0000FFFF0000FFFF));
    return raw - UINT64_C(4194967296) * (raw >> 32);
}

/* Sum of bytes modulo 256. */
uint8_t heng_sum8(const uint8_t *p, size_t n);

/* Four bytes as the 8 hex digits of the number they are low byte first; no NUL. */
static inline void heng_hex8(uint32_t number, char ret_text[static 8])
{
    uint64_t y = number;
    y = (y << 16 | y) & UINT64_C(0x0000FFFF0000FFFF);
    y = (y << 8 | y) & UINT64_C(0x00FF00FF00FF00FF);
    y = (y << 4 | y) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    uint64_t letters = (y + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    y += UINT64_C(0x3030303030303030) + letters * 7;
    y = htobe64(y); /* the highest digit is printed first */
    memcpy(ret_text, &y, sizeof y);
}

/* The value of 1..8 hex digits of text with nothing behind them; false otherwise. */
bool heng_hex_number(const char *text, size_t digits, uint64_t *ret);

#endif
