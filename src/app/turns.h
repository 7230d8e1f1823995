#ifndef HENG_APP_TURNS_H
#define HENG_APP_TURNS_H
/* Who waits for room, in order. Who brings something that is under way goes before who would begin something new: what
 * has been asked gets out of the way first, and no more is asked than there is room for. Knows nothing of lines. */
#include <stdbool.h>
#include <stddef.h>

/* One who may wait; part of the one. Zero-initialised: does not wait. */
struct turn {
    struct turn *next;
    bool waits;
};

struct turn_row {
    struct turn *first, *last;
};

/* Zero-initialised: nobody waits. */
struct turns {
    struct turn_row bringing, beginning;
};

/* Go to the end of the row; who waits already keeps the place. */
void turns_join(struct turns *turns, struct turn *turn, bool brings);

/* Who waits does not any more, and may be gone. */
void turns_leave(struct turns *turns, struct turn *turn);

/* May one that has no turn go on at once, and overtake nobody by it? */
bool turns_are_free(const struct turns *turns, bool brings);

/* Whose turn it is, no longer waiting; NULL: nobody's. may_begin: how many may still go on who begin something new;
 * counted down. */
struct turn *turns_take(struct turns *turns, size_t *may_begin);

#endif
