#ifndef HENG_BASE_ARENA_H
#define HENG_BASE_ARENA_H
/* Memory for one request or one job: taken piece by piece, given back all at once. */
#include <stddef.h>
#include <stdint.h>

struct heng_arena_block;

/* Zero-initialise with a max: struct heng_arena a = {.max = 1 << 20}.
 * Owns: every piece, until heng_arena_fini. */
struct heng_arena {
    struct heng_arena_block *last;
    size_t used, max; /* bytes handed out, and the most that may be */
};

/* count zeroed items of size bytes, aligned for any type; NULL over max or without memory. */
void *heng_arena_take(struct heng_arena *arena, size_t count, size_t size);

/* A copy of text; NULL over max or without memory. */
char *heng_arena_text(struct heng_arena *arena, const char *text);

/* Give all pieces back. */
void heng_arena_fini(struct heng_arena *arena);

#endif
