#include "uplink/wire.h"

#include <stdlib.h>

/* --- in ------------------------------------------------------------------------------------------------------------
 */

enum { IN_MIN = 512 };

void heng_wire_in_fini(struct heng_wire_in *in)
{
    free(in->p);
    *in = (struct heng_wire_in){0};
}

/* Bring what is left to the front; after a long message its memory goes. */
static void close_up(struct heng_wire_in *in)
{
    size_t left = in->n - in->at;
    if (in->at == 0) return;
    if (left == 0) {
        heng_wire_in_fini(in);
        return;
    }
    memmove(in->p, in->p + in->at, left);
    in->n = left;
    in->at = 0;
    if (in->cap <= IN_MIN || left > in->cap / 4) return;
    uint8_t *smaller = realloc(in->p, left);
    if (!smaller) return;
    in->p = smaller;
    in->cap = left;
}

static size_t announced(const uint8_t *p) { return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]; }

/* Doubling, so that a message in pieces is not copied for each, but not over the message that is coming. */
static size_t roomy(const struct heng_wire_in *in, size_t needed)
{
    if (in->n < HENG_WIRE_LENGTH_BYTES) return needed;
    size_t whole = HENG_WIRE_LENGTH_BYTES + announced(in->p), twice = 2 * in->cap;
    if (twice < IN_MIN) twice = IN_MIN;
    if (twice > whole) twice = whole;
    return needed > twice ? needed : twice;
}

heng_rc heng_wire_feed(struct heng_wire_in *in, struct heng_slice bytes)
{
    close_up(in);
    if (bytes.n == 0) return HENG_OK;
    if (in->cap - in->n < bytes.n) {
        size_t cap = roomy(in, in->n + bytes.n);
        uint8_t *p = realloc(in->p, cap);
        if (!p) return HENG_ENOMEM;
        in->p = p;
        in->cap = cap;
    }
    memcpy(in->p + in->n, bytes.p, bytes.n);
    in->n += bytes.n;
    return HENG_OK;
}

static heng_wire_kind kind_of(uint32_t number)
{
#define X(symbol, value)                                                                                               \
    if (number == (value)) return HENG_WIRE_##symbol;
    HENG_WIRE_LIST(X)
#undef X
    return HENG_WIRE_UNKNOWN;
}

/* The known field of a Message; of several the last one, as protobuf has it. */
static heng_rc open_message(struct heng_slice message, heng_wire_kind *ret_kind, struct heng_slice *ret)
{
    struct heng_reader r = heng_reader_of(message);
    struct heng_wire_field field;
    *ret_kind = HENG_WIRE_UNKNOWN;
    *ret = heng_slice_of(message.p, 0);
    while (heng_wire_field_next(&r, &field)) {
        heng_wire_kind kind = kind_of(field.number);
        if (kind == HENG_WIRE_UNKNOWN) continue;
        if (field.type != HENG_WIRE_BYTES) return HENG_EFORMAT;
        *ret_kind = kind;
        *ret = field.bytes;
    }
    return r.failed ? HENG_EFORMAT : HENG_OK;
}

heng_rc heng_wire_next(struct heng_wire_in *in, size_t limit, heng_wire_kind *ret_kind, struct heng_slice *ret)
{
    size_t left = in->n - in->at, length = 0;
    if (left >= HENG_WIRE_LENGTH_BYTES) {
        length = announced(in->p + in->at);
        if (length > limit) return HENG_ELIMIT;
    }
    if (left < HENG_WIRE_LENGTH_BYTES || left - HENG_WIRE_LENGTH_BYTES < length) {
        close_up(in);
        return HENG_MORE;
    }
    struct heng_slice message = heng_slice_of(in->p + in->at + HENG_WIRE_LENGTH_BYTES, length);
    in->at += HENG_WIRE_LENGTH_BYTES + length;
    return open_message(message, ret_kind, ret);
}

/* --- out -----------------------------------------------------------------------------------------------------------
 */

void heng_wire_out_fini(struct heng_wire_out *out)
{
    free(out->p);
    *out = (struct heng_wire_out){0};
}

void heng_wire_settle(struct heng_wire_out *out)
{
    if (out->given) heng_wire_out_fini(out);
}

size_t heng_wire_waiting(const struct heng_wire_out *out) { return out->given ? 0 : out->n; }

struct heng_slice heng_wire_give(struct heng_wire_out *out)
{
    out->given = true;
    return heng_slice_of(out->p, out->n);
}

uint8_t *heng_wire_begin(struct heng_wire_out *out, heng_wire_kind kind, size_t n)
{
    heng_wire_settle(out);
    if (n > HENG_UPLINK_MESSAGE_MAX) return NULL;
    uint8_t head[HENG_WIRE_LENGTH_BYTES + HENG_WIRE_HEAD_MAX];
    struct heng_buf b = heng_buf_of(head, sizeof head);
    b.n = HENG_WIRE_LENGTH_BYTES;
    heng_wire_field_put_head(&b, (uint32_t)kind, n);
    size_t length = b.n - HENG_WIRE_LENGTH_BYTES + n;
    for (unsigned i = 0; i < HENG_WIRE_LENGTH_BYTES; i++) head[i] = (uint8_t)(length >> (24 - 8 * i));
    if (out->cap - out->n < b.n + n) {
        size_t cap = out->n + b.n + n;
        if (out->n > 0 && cap < 2 * out->cap) cap = 2 * out->cap;
        uint8_t *p = realloc(out->p, cap);
        if (!p) return NULL;
        out->p = p;
        out->cap = cap;
    }
    memcpy(out->p + out->n, head, b.n);
    uint8_t *body = out->p + out->n + b.n;
    out->n += b.n + n;
    out->messages++;
    return body;
}

bool heng_wire_put(struct heng_wire_out *out, heng_wire_kind kind, struct heng_slice bytes)
{
    uint8_t *p = heng_wire_begin(out, kind, bytes.n);
    if (!p) return false;
    if (bytes.n) memcpy(p, bytes.p, bytes.n);
    return true;
}

bool heng_wire_put_message(struct heng_wire_out *out, heng_wire_kind kind, const ProtobufCMessage *message)
{
    uint8_t *p = heng_wire_begin(out, kind, protobuf_c_message_get_packed_size(message));
    if (!p) return false;
    protobuf_c_message_pack(message, p);
    return true;
}

/* --- fields --------------------------------------------------------------------------------------------------------
 */

/* Up to ten bytes of seven bits each, low ones first. */
static uint64_t varint(struct heng_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = heng_reader_u8(r);
        if (shift < 64) value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) return value;
    }
    r->failed = true;
    return 0;
}

bool heng_wire_field_next(struct heng_reader *r, struct heng_wire_field *ret)
{
    if (r->failed || heng_reader_left(r) == 0) return false;
    uint64_t tag = varint(r);
    *ret = (struct heng_wire_field){.number = (uint32_t)(tag >> 3), .type = (heng_wire_field_type)(tag & 7)};
    if (tag > UINT32_MAX || ret->number == 0) r->failed = true;
    switch (tag & 7) {
    case HENG_WIRE_VARINT: ret->value = varint(r); break;
    case HENG_WIRE_FIXED64: ret->value = heng_reader_le(r, 8); break;
    case HENG_WIRE_FIXED32: ret->value = heng_reader_le(r, 4); break;
    case HENG_WIRE_BYTES: {
        uint64_t n = varint(r);
        if (n > heng_reader_left(r)) r->failed = true;
        if (!r->failed) ret->bytes = heng_reader_take(r, (size_t)n);
        break;
    }
    default: r->failed = true; /* groups, which proto3 has not, and what does not exist */
    }
    return !r->failed;
}

struct heng_slice heng_wire_field_find(struct heng_slice message, uint32_t number)
{
    struct heng_reader r = heng_reader_of(message);
    struct heng_slice found = heng_slice_of(message.p, 0);
    struct heng_wire_field field;
    while (heng_wire_field_next(&r, &field))
        if (field.number == number && field.type == HENG_WIRE_BYTES) found = field.bytes;
    return found;
}

size_t heng_varint_size(uint64_t value)
{
    size_t n = 1;
    for (; value >= 0x80; value >>= 7) n++;
    return n;
}

void heng_wire_field_put_varint(struct heng_buf *b, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) heng_buf_u8(b, (uint8_t)(value | 0x80));
    heng_buf_u8(b, (uint8_t)value);
}

void heng_wire_field_put_number(struct heng_buf *b, uint32_t number, uint64_t value)
{
    if (value == 0) return;
    heng_wire_field_put_varint(b, number << 3 | HENG_WIRE_VARINT);
    heng_wire_field_put_varint(b, value);
}

void heng_wire_field_put_fixed64(struct heng_buf *b, uint32_t number, uint64_t value)
{
    if (value == 0) return;
    heng_wire_field_put_varint(b, number << 3 | HENG_WIRE_FIXED64);
    heng_buf_le(b, value, 8);
}

void heng_wire_field_put_head(struct heng_buf *b, uint32_t number, size_t n)
{
    heng_wire_field_put_varint(b, number << 3 | HENG_WIRE_BYTES);
    heng_wire_field_put_varint(b, n);
}
