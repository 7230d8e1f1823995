#include "codec/bytes.h"

typedef uint8_t lanes __attribute__((vector_size(16)));

uint8_t heng_sum8(const uint8_t *p, size_t n)
{
    /* Byte lanes may wrap: only the sum modulo 256 is wanted. */
    lanes sums = {0}, word;
    size_t i = 0;
    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        sums += word;
    }
    uint64_t half[2];
    memcpy(half, &sums, sizeof half);
    const uint64_t even = UINT64_C(0x00FF00FF00FF00FF);
    uint64_t pairs = (half[0] & even) + (half[0] >> 8 & even) + (half[1] & even) + (half[1] >> 8 & even);
    if (i + 8 <= n) {
        uint64_t rest = heng_load_le64(p + i);
        pairs += (rest & even) + (rest >> 8 & even);
        i += 8;
    }
    uint64_t total = pairs * UINT64_C(0x0001000100010001) >> 48;
    for (; i < n; i++) total += p[i];
    return (uint8_t)total;
}

bool heng_hex_number(const char *text, size_t digits, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = text[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    if (text[digits] != '\0') return false;
    *ret = value;
    return true;
}
