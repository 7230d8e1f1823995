#include "line/queue.h"
#include "line/park.h"

#include <stdlib.h>

/* Jobs and groups stand in two pools that grow by doubling; everything is linked by index, NONE ends a chain. */
enum { NONE = -1, FIRST_ROOM = 16 };

struct node {
    struct heng_queued queued;
    int32_t next;
    heng_stage end; /* of one that has ended */
};

struct turn { /* of a group in a class */
    int64_t group;
    int32_t first, last, next;
};

struct chain {
    int32_t first, last;
};

struct heng_queue {
    struct node *nodes;
    struct turn *turns;
    size_t room, waiting, ended_n;
    int32_t free_node, free_turn;
    struct chain classes[HENG_CLASS_COUNT]; /* of turns: the first one is next */
    struct chain ended;                     /* of nodes */
    heng_us expires;                        /* not later than the first of them */
};

heng_rc heng_queue_new(struct heng_queue **ret, struct heng_err *err)
{
    struct heng_queue *queue = calloc(1, sizeof *queue);
    if (!queue) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the jobs of a line");
    for (unsigned i = 0; i < HENG_CLASS_COUNT; i++) queue->classes[i] = (struct chain){NONE, NONE};
    queue->ended = (struct chain){NONE, NONE};
    queue->free_node = queue->free_turn = NONE;
    queue->expires = HENG_US_NEVER;
    *ret = queue;
    return HENG_OK;
}

void heng_queue_free(struct heng_queue *queue)
{
    if (!queue) return;
    free(queue->nodes);
    free(queue->turns);
    free(queue);
}

/* Room for one more job, and for those that are under way or put aside and may come back. A job needs a node and at
 * most a turn. */
static bool make_room(struct heng_queue *queue)
{
    if (queue->room >= queue->waiting + queue->ended_n + 2 + HENG_PARKED_MAX) return true;
    size_t room = queue->room ? 2 * queue->room : FIRST_ROOM;
    struct node *nodes = realloc(queue->nodes, room * sizeof *nodes);
    if (nodes) queue->nodes = nodes;
    struct turn *turns = realloc(queue->turns, room * sizeof *turns);
    if (turns) queue->turns = turns;
    if (!nodes || !turns) return false;
    for (size_t i = room; i-- > queue->room;) {
        queue->nodes[i].next = queue->free_node;
        queue->turns[i].next = queue->free_turn;
        queue->free_node = (int32_t)i;
        queue->free_turn = (int32_t)i;
    }
    queue->room = room;
    return true;
}

static int32_t new_node(struct heng_queue *queue, const struct heng_queued *job)
{
    int32_t i = queue->free_node;
    queue->free_node = queue->nodes[i].next;
    queue->nodes[i] = (struct node){.queued = *job, .next = NONE};
    return i;
}

/* The turn of a job's group in its class, new if it has none; in front or behind the others. */
static int32_t turn_of(struct heng_queue *queue, const struct heng_line_job *job, bool front)
{
    struct chain *c = &queue->classes[job->cls];
    int32_t before = NONE, i = c->first;
    while (i != NONE && queue->turns[i].group != job->group) before = i, i = queue->turns[i].next;
    if (i != NONE && (!front || i == c->first)) return i;
    if (i == NONE) {
        i = queue->free_turn;
        queue->free_turn = queue->turns[i].next;
        queue->turns[i] = (struct turn){.group = job->group, .first = NONE, .last = NONE, .next = NONE};
    } else { /* out of the middle */
        queue->turns[before].next = queue->turns[i].next;
        if (c->last == i) c->last = before;
    }
    if (front || c->first == NONE) {
        queue->turns[i].next = c->first;
        c->first = i;
        if (c->last == NONE) c->last = i;
    } else {
        queue->turns[i].next = NONE;
        queue->turns[c->last].next = i;
        c->last = i;
    }
    return i;
}

heng_rc heng_queue_put(struct heng_queue *queue, const struct heng_queued *job, struct heng_err *err)
{
    if (queue->waiting + queue->ended_n >= HENG_LINE_JOBS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "%d jobs wait for this line already", HENG_LINE_JOBS_MAX);
    if (!make_room(queue)) return heng_fail(err, HENG_ENOMEM, 0, "no memory for another job");
    int32_t n = new_node(queue, job);
    struct turn *turn = &queue->turns[turn_of(queue, &job->job, false)];
    if (turn->last == NONE)
        turn->first = n;
    else
        queue->nodes[turn->last].next = n;
    turn->last = n;
    queue->waiting++;
    if (job->job.expires_us < queue->expires) queue->expires = job->job.expires_us;
    return HENG_OK;
}

void heng_queue_put_back(struct heng_queue *queue, const struct heng_queued *job)
{
    int32_t n = new_node(queue, job);
    struct turn *turn = &queue->turns[turn_of(queue, &job->job, true)];
    queue->nodes[n].next = turn->first;
    turn->first = n;
    if (turn->last == NONE) turn->last = n;
    queue->waiting++;
    if (job->job.expires_us < queue->expires) queue->expires = job->job.expires_us;
}

/* Take a node out of its turn, and the turn out of its class when it was the last one. */
static void unlink_node(struct heng_queue *queue, heng_class cls, int32_t before_turn, int32_t t, int32_t before,
                        int32_t n)
{
    struct chain *c = &queue->classes[cls];
    struct turn *turn = &queue->turns[t];
    if (before == NONE)
        turn->first = queue->nodes[n].next;
    else
        queue->nodes[before].next = queue->nodes[n].next;
    if (turn->last == n) turn->last = before;
    queue->nodes[n].next = NONE;
    queue->waiting--;
    if (turn->first != NONE) return;
    if (before_turn == NONE)
        c->first = turn->next;
    else
        queue->turns[before_turn].next = turn->next;
    if (c->last == t) c->last = before_turn;
    turn->next = queue->free_turn;
    queue->free_turn = t;
}

static void free_node(struct heng_queue *queue, int32_t n)
{
    queue->nodes[n].next = queue->free_node;
    queue->free_node = n;
}

/* To the end of its class: the others are next. */
static void turn_over(struct heng_queue *queue, heng_class cls, int64_t group)
{
    struct chain *c = &queue->classes[cls];
    int32_t before = NONE, t = c->first;
    while (t != NONE && queue->turns[t].group != group) before = t, t = queue->turns[t].next;
    if (t == NONE || t == c->last) return;
    if (before == NONE)
        c->first = queue->turns[t].next;
    else
        queue->turns[before].next = queue->turns[t].next;
    queue->turns[t].next = NONE;
    queue->turns[c->last].next = t;
    c->last = t;
}

/* The first job of a class that may be asked, with what stands in front of it. */
static bool find(const struct heng_queue *queue, heng_class cls, heng_queue_may *may, const void *context,
                 int32_t ret[4])
{
    int32_t before_turn = NONE;
    for (int32_t t = queue->classes[cls].first; t != NONE; before_turn = t, t = queue->turns[t].next) {
        int32_t before = NONE;
        for (int32_t n = queue->turns[t].first; n != NONE; before = n, n = queue->nodes[n].next) {
            if (!may(context, &queue->nodes[n].queued)) continue;
            ret[0] = before_turn, ret[1] = t, ret[2] = before, ret[3] = n;
            return true;
        }
    }
    return false;
}

bool heng_queue_take(struct heng_queue *queue, heng_class cls, heng_queue_may *may, const void *context,
                     struct heng_queued *ret)
{
    int32_t at[4];
    if (!find(queue, cls, may, context, at)) return false;
    *ret = queue->nodes[at[3]].queued;
    unlink_node(queue, cls, at[0], at[1], at[2], at[3]);
    free_node(queue, at[3]);
    turn_over(queue, cls, ret->job.group);
    return true;
}

bool heng_queue_has(const struct heng_queue *queue, heng_class cls, heng_queue_may *may, const void *context)
{
    int32_t at[4];
    return find(queue, cls, may, context, at);
}

size_t heng_queue_count(const struct heng_queue *queue) { return queue->waiting; }

/* --- ends ----------------------------------------------------------------------------------------------- */

/* Move all that match, or the first one, to the ended ones. Returns how many. */
static size_t end_those(struct heng_queue *queue, bool (*match)(const struct heng_queued *, int64_t), int64_t key,
                        heng_stage end)
{
    size_t count = 0;
    for (unsigned cls = 0; cls < HENG_CLASS_COUNT; cls++) {
        int32_t before_turn = NONE, next_turn;
        for (int32_t t = queue->classes[cls].first; t != NONE; t = next_turn) {
            next_turn = queue->turns[t].next;
            bool gone = false;
            int32_t before = NONE, next;
            for (int32_t n = queue->turns[t].first; n != NONE; n = next) {
                next = queue->nodes[n].next;
                if (!match(&queue->nodes[n].queued, key)) {
                    before = n;
                    continue;
                }
                gone = queue->turns[t].first == n && next == NONE;
                unlink_node(queue, (heng_class)cls, before_turn, t, before, n);
                queue->nodes[n].end = queue->nodes[n].queued.sent ? HENG_STAGE_FAILED : end;
                queue->ended_n++;
                if (queue->ended.last == NONE)
                    queue->ended.first = n;
                else
                    queue->nodes[queue->ended.last].next = n;
                queue->ended.last = n;
                count++;
            }
            if (!gone) before_turn = t;
        }
    }
    return count;
}

static bool is_job(const struct heng_queued *queued, int64_t id) { return queued->job.id == id && !queued->sent; }
static bool is_over(const struct heng_queued *queued, int64_t now) { return queued->job.expires_us <= now; }

heng_rc heng_queue_cancel(struct heng_queue *queue, int64_t job_id)
{
    return end_those(queue, is_job, job_id, HENG_STAGE_CANCELLED) ? HENG_OK : HENG_ENOTFOUND;
}

void heng_queue_expire(struct heng_queue *queue, heng_us now)
{
    if (now < queue->expires) return;
    (void)end_those(queue, is_over, now, HENG_STAGE_EXPIRED);
    queue->expires = HENG_US_NEVER;
    for (unsigned cls = 0; cls < HENG_CLASS_COUNT; cls++)
        for (int32_t t = queue->classes[cls].first; t != NONE; t = queue->turns[t].next)
            for (int32_t n = queue->turns[t].first; n != NONE; n = queue->nodes[n].next)
                if (queue->nodes[n].queued.job.expires_us < queue->expires)
                    queue->expires = queue->nodes[n].queued.job.expires_us;
}

heng_us heng_queue_expires(const struct heng_queue *queue) { return queue->expires; }

const struct heng_queued *heng_queue_ended(const struct heng_queue *queue, heng_stage *ret)
{
    if (queue->ended.first == NONE) return NULL;
    *ret = queue->nodes[queue->ended.first].end;
    return &queue->nodes[queue->ended.first].queued;
}

void heng_queue_ended_drop(struct heng_queue *queue)
{
    int32_t n = queue->ended.first;
    queue->ended.first = queue->nodes[n].next;
    if (queue->ended.first == NONE) queue->ended.last = NONE;
    queue->ended_n--;
    free_node(queue, n);
}
