/* Commands that wait for a valve or relay to move, while the line does other work: a motor takes up to a minute, and
 * the next command starts within seconds all the same. What they hold goes on where it stopped. */
#include "line/park.h"

#include "line/inside.h"

bool heng_park(struct heng_line *line, heng_us now, heng_us pause)
{
    struct heng_conversation *c = line->talk;
    bool waits = line->work.kind == HENG_WORK_METER && line->work.cause == HENG_CAUSE_JOB &&
                 heng_order_changes(c->talk.order.kind);
    /* A meter that is to change its speed has taken the line along. */
    if (!waits || line->tied || line->x.baud != line->config.baud || line->parked_n == HENG_PARKED_MAX) return false;
    heng_exchange_end_wait(&line->x);
    c->begun = false; /* the next question is none that was asked last */
    c->parked_work = line->work;
    c->parked_until = now + pause;
    c->parked_next = line->parked;
    line->parked = c;
    line->parked_n++;
    line->talk = NULL;
    heng_work_done(line, now);
    return true;
}

static struct heng_conversation *take(struct heng_line *line, struct heng_conversation **at)
{
    struct heng_conversation *c = *at;
    *at = c->parked_next;
    line->parked_n--;
    return c;
}

static void put_back(struct heng_line *line, struct heng_conversation **at)
{
    struct heng_conversation *c = take(line, at);
    heng_queue_put_back(line->queue, &c->parked_work.job);
    heng_conversation_free(c);
}

bool heng_park_resume(struct heng_line *line, heng_us now)
{
    struct heng_conversation **best = NULL;
    for (struct heng_conversation **at = &line->parked; *at; at = &(*at)->parked_next)
        if ((*at)->parked_until <= now && (!best || (*at)->parked_until < (*best)->parked_until)) best = at;
    if (!best) return false;
    if (!heng_plan_powered(&line->plan, &line->members[(*best)->parked_work.member])) {
        put_back(line, best); /* its power is off by plan: asked again when it is back */
        return false;
    }
    line->talk = take(line, best);
    line->work = line->talk->parked_work;
    return true;
}

bool heng_park_holds(const struct heng_line *line, uint32_t member)
{
    for (const struct heng_conversation *c = line->parked; c; c = c->parked_next)
        if (c->parked_work.member == member) return true;
    return false;
}

heng_us heng_park_next(const struct heng_line *line)
{
    heng_us next = HENG_US_NEVER;
    for (const struct heng_conversation *c = line->parked; c; c = c->parked_next)
        if (c->parked_until < next) next = c->parked_until;
    return next;
}

void heng_park_put_back(struct heng_line *line)
{
    while (line->parked) put_back(line, &line->parked);
}

void heng_park_drop(struct heng_line *line)
{
    while (line->parked) heng_conversation_free(take(line, &line->parked));
}
