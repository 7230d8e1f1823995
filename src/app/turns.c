#include "app/turns.h"

void turns_join(struct turns *turns, struct turn *turn, bool brings)
{
    struct turn_row *row = brings ? &turns->bringing : &turns->beginning;
    if (turn->waits) return;
    turn->waits = true;
    turn->next = NULL;
    if (row->first)
        row->last->next = turn;
    else
        row->first = turn;
    row->last = turn;
}

static void leave(struct turn_row *row, struct turn *turn)
{
    struct turn *before = NULL, *at = row->first;
    while (at && at != turn) {
        before = at;
        at = at->next;
    }
    if (!at) return;
    if (before)
        before->next = turn->next;
    else
        row->first = turn->next;
    if (row->last == turn) row->last = before;
}

void turns_leave(struct turns *turns, struct turn *turn)
{
    if (!turn->waits) return;
    leave(&turns->bringing, turn);
    leave(&turns->beginning, turn);
    turn->waits = false;
}

bool turns_are_free(const struct turns *turns, bool brings)
{
    return !turns->bringing.first && (brings || !turns->beginning.first);
}

struct turn *turns_take(struct turns *turns, size_t *may_begin)
{
    struct turn_row *row = turns->bringing.first ? &turns->bringing : &turns->beginning;
    struct turn *turn = row->first;
    if (!turn) return NULL;
    if (row == &turns->beginning) {
        if (*may_begin == 0) return NULL;
        --*may_begin;
    }
    row->first = turn->next;
    turn->waits = false;
    return turn;
}
