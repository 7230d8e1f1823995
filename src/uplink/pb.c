#include "uplink/pb.h"

#include "base/utf8.h"

#include <stdalign.h>

void *heng_pb_take(struct heng_pb_memory *memory, size_t count, size_t size)
{
    size_t left = memory->arena.max - memory->arena.used;
    void *piece = heng_arena_take(&memory->arena, count, size);
    if (!piece) memory->rc = count > (left - left % alignof(max_align_t)) / size ? HENG_ELIMIT : HENG_ENOMEM;
    return piece;
}

static void *take(void *memory, size_t n) { return heng_pb_take(memory, n, 1); }

static void give_back(void *context, void *piece) { (void)context, (void)piece; /* all at once, with the arena */ }

ProtobufCAllocator heng_pb_allocator(struct heng_pb_memory *memory)
{
    return (ProtobufCAllocator){.alloc = take, .free = give_back, .allocator_data = memory};
}

heng_rc heng_pb_refused(const struct heng_pb_memory *memory, const char *what, struct heng_err *err)
{
    if (memory->rc == HENG_ELIMIT)
        return heng_fail(err, HENG_ELIMIT, 0, "%s wants more memory than %zu bytes", what, memory->arena.max);
    if (memory->rc == HENG_ENOMEM) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %s", what);
    return heng_fail(err, HENG_EFORMAT, 0, "%s cannot be understood", what);
}

/* How much of the beginning is text. */
static size_t text_length(const uint8_t *p, size_t n)
{
    size_t at = 0;
    while (at < n && p[at]) {
        size_t length = heng_utf8_length(p + at, n - at);
        if (!length) break;
        at += length;
    }
    return at;
}

bool heng_pb_is_text(struct heng_slice text) { return text_length(text.p, text.n) == text.n; }

ProtobufCBinaryData heng_pb_text(const char *text, size_t room)
{
    size_t n = text_length((const uint8_t *)text, strnlen(text, room - 1));
    return (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)text};
}

bool heng_pb_get_text(ProtobufCBinaryData field, char *ret, size_t room)
{
    bool good = field.len < room && heng_pb_is_text(heng_slice_of(field.data, field.len));
    size_t n = good ? field.len : 0;
    if (n) memcpy(ret, field.data, n);
    ret[n] = 0;
    return good;
}

void heng_pb_learned(const struct heng_learned *learned, Heng__Uplink__Learned *ret)
{
    heng__uplink__learned__init(ret);
    ret->answer_us = learned->answer_us;
    ret->spread_us = learned->spread_us;
    ret->answers = learned->answers;
    ret->misses = learned->misses;
    ret->due_done_us = learned->due_done_us;
    ret->ser = learned->ser;
}

bool heng_pb_get_learned(const Heng__Uplink__Learned *message, struct heng_learned *ret)
{
    *ret = (struct heng_learned){.answer_us = message->answer_us,
                                 .spread_us = message->spread_us,
                                 .answers = message->answers,
                                 .misses = message->misses,
                                 .due_done_us = message->due_done_us,
                                 .ser = (uint8_t)message->ser};
    return message->ser <= HENG_PB_SER_MAX;
}
