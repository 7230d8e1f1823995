#ifndef HENG_BASE_UTF8_H
#define HENG_BASE_UTF8_H
/* UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing behind U+10FFFF. */
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed character at p, 1..4; 0 when there is none. n >= 1. */
static inline size_t heng_utf8_length(const uint8_t *p, size_t n)
{
    if (p[0] < 0x80) return 1;
    size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
    if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
    return length;
}

#endif
