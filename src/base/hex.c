#include "base/hex.h"

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_gap(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-' || c == ':' || c == ',';
}

heng_rc heng_hex_parse(struct heng_slice text, struct heng_buf *buf, struct heng_err *err)
{
    size_t i = 0;
    while (i < text.n) {
        if (is_gap(text.p[i])) {
            i++;
            continue;
        }
        if (text.p[i] == '0' && i + 1 < text.n && (text.p[i + 1] == 'x' || text.p[i + 1] == 'X')) {
            i += 2;
            continue;
        }
        int high = nibble(text.p[i]);
        if (high < 0) return heng_fail(err, HENG_EFORMAT, (uint32_t)i, "character %zu is not a hex digit", i + 1);
        int low = i + 1 < text.n ? nibble(text.p[i + 1]) : -1;
        if (low < 0)
            return heng_fail(err, HENG_EFORMAT, (uint32_t)i, "half a byte at character %zu: hex digits come in pairs",
                             i + 1);
        heng_buf_u8(buf, (uint8_t)(high << 4 | low));
        if (buf->full) return heng_fail(err, HENG_ELIMIT, (uint32_t)i, "more than %zu bytes", buf->cap);
        i += 2;
    }
    return HENG_OK;
}

heng_rc heng_hex_format(struct heng_slice bytes, char separator, char *ret_text, size_t cap)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t width = separator ? 3 : 2, at = 0;
    if (cap == 0) return HENG_ELIMIT;
    ret_text[0] = '\0';
    if (bytes.n > (cap - 1) / width) return HENG_ELIMIT;
    for (size_t i = 0; i < bytes.n; i++) {
        if (separator && i) ret_text[at++] = separator;
        ret_text[at++] = digits[bytes.p[i] >> 4];
        ret_text[at++] = digits[bytes.p[i] & 15];
    }
    ret_text[at] = '\0';
    return HENG_OK;
}
