#ifndef HENG_UPLINK_WIRE_H
#define HENG_UPLINK_WIRE_H
/* Bytes on an uplink, for both ends:
 *
 *   0   4   length n of the message, high byte first
 *   4   n   Message (uplink.proto): one field; its number is the kind, its content the packed message of that kind
 *
 * Memory comes with the bytes, not with the length that is announced, and goes when they are used. */
#include "base/buf.h"
#include "uplink/uplink.h"

#include <protobuf-c/protobuf-c.h>

/* X(symbol, number of the field in Message) */
#define HENG_WIRE_LIST(X)                                                                                              \
    X(HELLO, 1)                                                                                                        \
    X(BATCH, 2)                                                                                                        \
    X(LIVE, 3)                                                                                                         \
    X(OUTCOME, 4)                                                                                                      \
    X(ANSWER, 5)                                                                                                       \
    X(ENROL_ASK, 6)                                                                                                    \
    X(WELCOME, 16)                                                                                                     \
    X(ACK, 17)                                                                                                         \
    X(REFUSED, 18)                                                                                                     \
    X(CONFIG, 19)                                                                                                      \
    X(ORDER, 20)                                                                                                       \
    X(CANCEL, 21)                                                                                                      \
    X(SEARCH, 22)                                                                                                      \
    X(ASK, 23)                                                                                                         \
    X(ENROL_ANSWER, 24)                                                                                                \
    X(TUNNEL, 32)                                                                                                      \
    X(PING, 33)                                                                                                        \
    X(PONG, 34)                                                                                                        \
    X(RENEW_ASK, 35)

/* UNKNOWN: of a newer program, skipped. */
typedef enum heng_wire_kind {
    HENG_WIRE_UNKNOWN = 0,
#define X(symbol, number) HENG_WIRE_##symbol = number,
    HENG_WIRE_LIST(X)
#undef X
} heng_wire_kind;

enum { HENG_WIRE_LENGTH_BYTES = 4, HENG_WIRE_HEAD_MAX = 8 }; /* the head: kind and length within Message */

/* --- in ------------------------------------------------------------------------------------------------------------
 */

/* What has come and is not used yet: p[at..n). Zero-initialise. */
struct heng_wire_in {
    uint8_t *p;
    size_t n, at, cap;
};

/* Append bytes; slices given before end. Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_wire_feed(struct heng_wire_in *in, struct heng_slice bytes);
void heng_wire_in_fini(struct heng_wire_in *in);

/* The next message; its content is borrowed until the next call. Empty again it holds no memory.
 * Errors: MORE, ELIMIT: a length over limit is announced; EFORMAT: no Message. */
HENG_NODISCARD heng_rc heng_wire_next(struct heng_wire_in *in, size_t limit, heng_wire_kind *ret_kind,
                                      struct heng_slice *ret);

/* --- out -----------------------------------------------------------------------------------------------------------
 */

/* What is to be sent; given: the owner has it, and it ends with the next message. Zero-initialise. */
struct heng_wire_out {
    uint8_t *p;
    size_t n, cap;
    unsigned messages;
    bool given;
};

/* Append a message of n bytes, which the caller writes at once; NULL: no memory, or too long. */
uint8_t *heng_wire_begin(struct heng_wire_out *out, heng_wire_kind kind, size_t n);
bool heng_wire_put(struct heng_wire_out *out, heng_wire_kind kind, struct heng_slice bytes);
bool heng_wire_put_message(struct heng_wire_out *out, heng_wire_kind kind, const ProtobufCMessage *message);

size_t heng_wire_waiting(const struct heng_wire_out *out);   /* bytes that the owner has not taken */
struct heng_slice heng_wire_give(struct heng_wire_out *out); /* all of it, borrowed until heng_wire_settle */
void heng_wire_settle(struct heng_wire_out *out);            /* what was given is not needed any more */
void heng_wire_out_fini(struct heng_wire_out *out);

/* --- fields --------------------------------------------------------------------------------------------------------
 */

/* One field of a packed message: a number (varint, fixed) or bytes, as type says. */
typedef enum heng_wire_field_type {
    HENG_WIRE_VARINT = 0,
    HENG_WIRE_FIXED64 = 1,
    HENG_WIRE_BYTES = 2,
    HENG_WIRE_FIXED32 = 5
} heng_wire_field_type;
struct heng_wire_field {
    uint32_t number;
    heng_wire_field_type type;
    uint64_t value;
    struct heng_slice bytes;
};

/* False at the end, or with failed set where it is no message. */
bool heng_wire_field_next(struct heng_reader *r, struct heng_wire_field *ret);
/* The bytes of that field, the last one counts; n 0: it is not there. For a message that is known to be one. */
struct heng_slice heng_wire_field_find(struct heng_slice message, uint32_t number);

void heng_wire_field_put_varint(struct heng_buf *b, uint64_t value);
void heng_wire_field_put_number(struct heng_buf *b, uint32_t number, uint64_t value); /* nothing for 0 */
void heng_wire_field_put_fixed64(struct heng_buf *b, uint32_t number, uint64_t value);
void heng_wire_field_put_head(struct heng_buf *b, uint32_t number, size_t n); /* of n bytes that follow */
size_t heng_varint_size(uint64_t value);

#endif
