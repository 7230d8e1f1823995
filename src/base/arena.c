#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 16384 };

struct heng_arena_block {
    struct heng_arena_block *before;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

static struct heng_arena_block *block_for(struct heng_arena *arena, size_t bytes)
{
    struct heng_arena_block *block = arena->last;
    if (block && block->size - block->used >= bytes) return block;
    size_t size = bytes > BLOCK_SIZE ? bytes : BLOCK_SIZE;
    block = calloc(1, sizeof *block + size);
    if (!block) return NULL;
    block->size = size;
    block->before = arena->last;
    arena->last = block;
    return block;
}

void *heng_arena_take(struct heng_arena *arena, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size && count > (SIZE_MAX - align) / size) return NULL;
    size_t bytes = (count * size + align - 1) / align * align;
    if (bytes == 0) bytes = align;
    if (bytes > arena->max || arena->used > arena->max - bytes) return NULL;
    struct heng_arena_block *block = block_for(arena, bytes);
    if (!block) return NULL;
    void *piece = block->bytes + block->used;
    block->used += bytes;
    arena->used += bytes;
    return piece;
}

char *heng_arena_text(struct heng_arena *arena, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = heng_arena_take(arena, n, 1);
    if (copy) memcpy(copy, text, n);
    return copy;
}

void heng_arena_fini(struct heng_arena *arena)
{
    struct heng_arena_block *block = arena->last;
    while (block) {
        struct heng_arena_block *before = block->before;
        free(block);
        block = before;
    }
    arena->last = NULL;
    arena->used = 0;
}
