#ifndef HENG_TESTS_UPLINK_BY_HAND_H
#define HENG_TESTS_UPLINK_BY_HAND_H
/* Messages written by hand: uplink.proto is all that is known here. */
#include "base/buf.h"

static inline void varint(struct heng_buf *b, uint64_t value)
{
    for (; value > 127; value >>= 7) heng_buf_u8(b, (uint8_t)(value | 128));
    heng_buf_u8(b, (uint8_t)value);
}

static inline void field(struct heng_buf *b, unsigned number_of_field, uint64_t value)
{
    varint(b, number_of_field << 3);
    varint(b, value);
}

static inline void bytes(struct heng_buf *b, unsigned number_of_field, struct heng_slice content)
{
    varint(b, number_of_field << 3 | 2);
    varint(b, content.n);
    heng_buf_put(b, content);
}

static inline void repeat(struct heng_buf *b, unsigned number_of_field, struct heng_slice content, unsigned times)
{
    for (unsigned i = 0; i < times; i++) bytes(b, number_of_field, content);
}

#endif
