#ifndef HENG_TESTS_ZIP_MAKER_H
#define HENG_TESTS_ZIP_MAKER_H
/* Zip archives in memory, made by hand: workbooks as other programs write them, and as nobody should. */
#include "base/slice.h"

#include <stdlib.h>
#include <zlib.h>

enum { ZIP_PARTS_MAX = 24 };

struct zip_part {
    char name[80];
    uint32_t offset, crc, packed, unpacked;
    uint16_t method, flags;
};

/* Zero-initialise; free p at the end. claim: what the headers say of the next part's unpacked size, 0 for the truth. */
struct zip_maker {
    uint8_t *p;
    size_t n, cap;
    struct zip_part parts[ZIP_PARTS_MAX];
    size_t count;
    uint32_t claim;
    uint16_t flags;
};

static inline void zip_put(struct zip_maker *zip, const void *bytes, size_t n)
{
    if (zip->cap - zip->n < n) {
        zip->cap = (zip->cap + n) * 2;
        zip->p = realloc(zip->p, zip->cap);
        if (!zip->p) abort();
    }
    if (n) memcpy(zip->p + zip->n, bytes, n);
    zip->n += n;
}

static inline void zip_le(struct zip_maker *zip, uint32_t value, size_t n)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    zip_put(zip, bytes, n);
}

/* What local and central header have in common. */
static inline void zip_about(struct zip_maker *zip, const struct zip_part *part)
{
    zip_le(zip, 20, 2);
    zip_le(zip, part->flags, 2);
    zip_le(zip, part->method, 2);
    zip_le(zip, 0x58210000, 4); /* a date */
    zip_le(zip, part->crc, 4);
    zip_le(zip, part->packed, 4);
    zip_le(zip, part->unpacked, 4);
    zip_le(zip, (uint32_t)strlen(part->name), 2);
    zip_le(zip, 0, 2);
}

/* A part of packed bytes as they are. */
static inline void zip_add_packed(struct zip_maker *zip, const char *name, uint16_t method, struct heng_slice packed,
                                  uint32_t crc, uint32_t unpacked)
{
    if (zip->count == ZIP_PARTS_MAX) abort();
    struct zip_part *part = &zip->parts[zip->count++];
    *part = (struct zip_part){.offset = (uint32_t)zip->n,
                              .crc = crc,
                              .packed = (uint32_t)packed.n,
                              .unpacked = zip->claim ? zip->claim : unpacked,
                              .method = method,
                              .flags = zip->flags};
    strncpy(part->name, name, sizeof part->name - 1);
    zip_le(zip, 0x04034B50, 4);
    zip_about(zip, part);
    zip_put(zip, part->name, strlen(part->name));
    zip_put(zip, packed.p, packed.n);
    zip->claim = 0;
    zip->flags = 0;
}

/* A part, stored or deflated. */
static inline void zip_add(struct zip_maker *zip, const char *name, struct heng_slice bytes, bool deflated)
{
    uint32_t crc = (uint32_t)crc32(0, bytes.p, (uInt)bytes.n);
    if (!deflated) {
        zip_add_packed(zip, name, 0, bytes, crc, (uint32_t)bytes.n);
        return;
    }
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    size_t cap = deflateBound(&z, (uLong)bytes.n);
    uint8_t *packed = malloc(cap);
    if (!packed) abort();
    z.next_in = (Bytef *)(uintptr_t)bytes.p;
    z.avail_in = (uInt)bytes.n;
    z.next_out = packed;
    z.avail_out = (uInt)cap;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    zip_add_packed(zip, name, Z_DEFLATED, heng_slice_of(packed, (size_t)z.total_out), crc, (uint32_t)bytes.n);
    deflateEnd(&z);
    free(packed);
}

/* The central directory; the archive. */
static inline struct heng_slice zip_end(struct zip_maker *zip)
{
    uint32_t start = (uint32_t)zip->n;
    for (size_t i = 0; i < zip->count; i++) {
        const struct zip_part *part = &zip->parts[i];
        zip_le(zip, 0x02014B50, 4);
        zip_le(zip, 20, 2);
        zip_about(zip, part);
        zip_le(zip, 0, 2); /* comment */
        zip_le(zip, 0, 4); /* disk, attributes */
        zip_le(zip, 0, 4);
        zip_le(zip, part->offset, 4);
        zip_put(zip, part->name, strlen(part->name));
    }
    uint32_t size = (uint32_t)zip->n - start;
    zip_le(zip, 0x06054B50, 4);
    zip_le(zip, 0, 4);
    zip_le(zip, (uint32_t)zip->count, 2);
    zip_le(zip, (uint32_t)zip->count, 2);
    zip_le(zip, size, 4);
    zip_le(zip, start, 4);
    zip_le(zip, 0, 2);
    return heng_slice_of(zip->p, zip->n);
}

#endif
