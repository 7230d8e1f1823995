#ifndef HENG_BASE_BUF_H
#define HENG_BASE_BUF_H
/* Two byte buffers with a maximum from birth: heng_buf over the caller's memory, heng_str on the heap. */
#include "base/rc.h"
#include "base/slice.h"

/* Writes into the caller's memory. What does not fit is dropped and full is set: check it once. */
struct heng_buf {
    uint8_t *p;
    size_t n, cap;
    bool full;
};

/* An empty buffer over cap bytes of memory. */
static inline struct heng_buf heng_buf_of(void *memory, size_t cap)
{
    struct heng_buf b = {(uint8_t *)memory, 0, cap, false};
    return b;
}

/* What has been written. */
static inline struct heng_slice heng_buf_slice(const struct heng_buf *b) { return heng_slice_of(b->p, b->n); }

/* Append one byte. */
static inline void heng_buf_u8(struct heng_buf *b, uint8_t byte)
{
    if (b->n == b->cap) {
        b->full = true;
        return;
    }
    b->p[b->n++] = byte;
}

/* Append all of s, or nothing when it does not fit. */
static inline void heng_buf_put(struct heng_buf *b, struct heng_slice s)
{
    if (b->cap - b->n < s.n) {
        b->full = true;
        return;
    }
    if (s.n) memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

/* The low `bytes` bytes of value, low byte first. */
static inline void heng_buf_le(struct heng_buf *b, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) heng_buf_u8(b, (uint8_t)(value >> (8 * i)));
}

/* Growing text on the heap, always NUL-terminated, never longer than max.
 * Owns:   text, until heng_str_fini. Zero-initialise with a max: struct heng_str s = {.max = 65536}.
 * Errors: latched in rc: ELIMIT over max, ENOMEM; later writes are dropped. */
struct heng_str {
    char *text;
    size_t n, cap, max;
    heng_rc rc;
};

/* Give the memory back; empty the text and the error but keep the memory; append n bytes; append as printf does. */
void heng_str_fini(struct heng_str *s);
void heng_str_clear(struct heng_str *s);
void heng_str_put(struct heng_str *s, const char *bytes, size_t n);
void heng_str_fmt(struct heng_str *s, const char *fmt, ...) HENG_PRINTF(2, 3);

#endif
