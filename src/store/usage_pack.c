/* The intervals of a day as the bytes of one column. A varint has seven bits a byte, the lowest first; zigzag for
 * signs.
 *
 *   size  meaning
 *    1    1: the layout
 *    .    count times: difference of the amount to the one before (zigzag varint), the first to 0
 *    .    trusts as runs until count is reached: trust (1), how many (varint, at least 1)
 *
 * There is one way to write a day: runs are as long as they can be, varints as short. Anything else is refused. */
#include "base/buf.h"
#include "store/usage.h"

enum { LAYOUT = 1, TRUST_MAX = 8 };

static void put_varint(struct heng_buf *buf, uint64_t bits)
{
    for (; bits >= 128; bits >>= 7) heng_buf_u8(buf, (uint8_t)(bits | 128));
    heng_buf_u8(buf, (uint8_t)bits);
}

static bool take_varint(struct heng_reader *r, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (!heng_reader_left(r)) return false;
        uint8_t byte = heng_reader_u8(r);
        if (shift == 63 && byte > 1) return false;
        *ret |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return byte || !shift;
    }
    return false;
}

void heng_usage_pack(const struct heng_usage_row *row, struct heng_buf *buf)
{
    uint64_t before = 0;
    heng_buf_u8(buf, LAYOUT);
    for (unsigned i = 0; i < row->count; i++) {
        uint64_t step = (uint64_t)row->amounts[i] - before; /* wraps around, and back when it is read */
        before = (uint64_t)row->amounts[i];
        put_varint(buf, (step << 1) ^ (step >> 63 ? UINT64_MAX : 0));
    }
    for (unsigned i = 0, run; i < row->count; i += run) {
        for (run = 1; i + run < row->count && row->trusts[i + run] == row->trusts[i]; run++) {
        }
        heng_buf_u8(buf, row->trusts[i]);
        put_varint(buf, run);
    }
}

static bool take_trusts(struct heng_reader *r, struct heng_usage_row *ret)
{
    uint8_t last = 0;
    for (size_t i = 0; i < ret->count;) {
        uint64_t run;
        uint8_t trust = heng_reader_left(r) ? heng_reader_u8(r) : 0;
        if (trust == 0 || trust > TRUST_MAX || trust == last) return false;
        if (!take_varint(r, &run) || run == 0 || run > ret->count - i) return false;
        memset(ret->trusts + i, trust, run);
        i += run;
        last = trust;
    }
    return heng_reader_left(r) == 0;
}

heng_rc heng_usage_unpack(struct heng_slice packed, struct heng_usage_row *ret, struct heng_err *err)
{
    struct heng_reader r = heng_reader_of(packed);
    uint64_t amount = 0;
    bool ok = ret->count <= HENG_USAGE_INTERVALS_MAX && heng_reader_left(&r) && heng_reader_u8(&r) == LAYOUT;
    for (unsigned i = 0; ok && i < ret->count; i++) {
        uint64_t bits;
        ok = take_varint(&r, &bits);
        if (!ok) break;
        amount += (bits >> 1) ^ (bits & 1 ? UINT64_MAX : 0);
        ret->amounts[i] = (int64_t)amount;
    }
    if (ok && take_trusts(&r, ret)) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, (uint32_t)heng_reader_offset(&r),
                     "the intervals of a day of usage are damaged");
}
