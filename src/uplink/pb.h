#ifndef HENG_UPLINK_PB_H
#define HENG_UPLINK_PB_H
/* What packing and unpacking of bodies and configurations share: texts and what was learned as fields of messages, and
 * memory with a limit for what comes in. */
#include "base/arena.h"
#include "base/slice.h"
#include "model/line.h"
#include "uplink/uplink.pb-c.h"

/* Memory for what comes in, as messages and as what comes out of them: pieces of the arena, up to its max, given back
 * with it. Zero-initialise with that max. */
struct heng_pb_memory {
    struct heng_arena arena;
    heng_rc rc; /* why a piece was refused: ELIMIT, ENOMEM */
};
void *heng_pb_take(struct heng_pb_memory *memory, size_t count, size_t size); /* zeroed; NULL: rc says why */
ProtobufCAllocator heng_pb_allocator(struct heng_pb_memory *memory);

/* Why `what` could not be unpacked: EFORMAT; ELIMIT: it wants more memory than it may have; ENOMEM: nobody has any. */
heng_rc heng_pb_refused(const struct heng_pb_memory *memory, const char *what, struct heng_err *err);

/* UTF-8 as in base/utf8.h, without NUL. */
bool heng_pb_is_text(struct heng_slice text);

/* A text of at most room - 1 bytes as a field, borrowed. It is told up to where it stops being UTF-8: what a program
 * has cut within a character is no reason to lose the rest. */
ProtobufCBinaryData heng_pb_text(const char *text, size_t room);

/* The way back, with a NUL behind it. False: it has no room, or is no text; *ret is "" then. */
bool heng_pb_get_text(ProtobufCBinaryData field, char *ret, size_t room);

/* What was learned of a meter; its ser is 0, 1 or 2 (model/line.h). False: a number that cannot be. */
enum { HENG_PB_SER_MAX = 2 };
void heng_pb_learned(const struct heng_learned *learned, Heng__Uplink__Learned *ret);
bool heng_pb_get_learned(const Heng__Uplink__Learned *message, struct heng_learned *ret);

#endif
