#ifndef HENG_BASE_SLICE_H
#define HENG_BASE_SLICE_H
/* A borrowed run of bytes, and a reader over it that latches one failure flag. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct heng_slice {
    const uint8_t *p;
    size_t n;
};

/* The n bytes at p. */
static inline struct heng_slice heng_slice_of(const void *p, size_t n)
{
    struct heng_slice s = {(const uint8_t *)p, n};
    return s;
}

/* The characters of text, without its NUL. */
static inline struct heng_slice heng_slice_str(const char *text) { return heng_slice_of(text, strlen(text)); }

/* The part from offset on; empty when offset lies behind the end. */
static inline struct heng_slice heng_slice_from(struct heng_slice s, size_t offset)
{
    return offset >= s.n ? heng_slice_of(s.p + s.n, 0) : heng_slice_of(s.p + offset, s.n - offset);
}

/* Same length, same bytes. */
static inline bool heng_slice_eq(struct heng_slice a, struct heng_slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* True when the bytes are those of the text. */
static inline bool heng_slice_is(struct heng_slice s, const char *text)
{
    return heng_slice_eq(s, heng_slice_str(text));
}

/* Reads little-endian fields one after another. A read past the end returns zeros and sets failed,
 * which the caller checks once, after the last field. */
struct heng_reader {
    const uint8_t *start, *p, *end;
    bool failed;
};

/* A reader at the first byte of s. */
static inline struct heng_reader heng_reader_of(struct heng_slice s)
{
    struct heng_reader r = {s.p, s.p, s.p + s.n, false};
    return r;
}

/* How many bytes are to come, and how many have been read. */
static inline size_t heng_reader_left(const struct heng_reader *r) { return (size_t)(r->end - r->p); }
static inline size_t heng_reader_offset(const struct heng_reader *r) { return (size_t)(r->p - r->start); }

/* One byte. */
static inline uint8_t heng_reader_u8(struct heng_reader *r)
{
    if (r->p == r->end) {
        r->failed = true;
        return 0;
    }
    return *r->p++;
}

/* n bytes, n <= 8, low byte first. */
static inline uint64_t heng_reader_le(struct heng_reader *r, size_t n)
{
    uint64_t value = 0;
    if (heng_reader_left(r) < n) {
        r->failed = true;
        r->p = r->end;
        return 0;
    }
    for (size_t i = 0; i < n; i++) value |= (uint64_t)r->p[i] << (8 * i);
    r->p += n;
    return value;
}

/* The next n bytes, borrowed. */
static inline struct heng_slice heng_reader_take(struct heng_reader *r, size_t n)
{
    struct heng_slice s = {r->p, n};
    if (heng_reader_left(r) < n) {
        r->failed = true;
        r->p = r->end;
        return heng_slice_of(r->end, 0);
    }
    r->p += n;
    return s;
}

#endif
