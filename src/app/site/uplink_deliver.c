/* Batches on their way to the disk. The writer takes a few at a time; who finds no room waits in a row, one batch in
 * turn, and its connection is paused: TCP holds the gateway back, and its journal keeps what it has. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/uplink_parts.h"
#include "base/log.h"

/* False: no room. */
static bool put_batch(struct session *session, struct heng_slice bytes, bool live)
{
    struct site_uplink *uplink = session->uplink;
    struct heng_delivery delivery = {.gateway_id = session->seat->id, .live = live, .bytes = bytes};
    struct heng_fact fact = {.kind = HENG_FACT_DELIVERY, .delivery = &delivery};
    struct told *told = live ? NULL : uplink_told(uplink, TOLD_DELIVERY);
    if (!live && !told) return false;
    if (told) {
        told->gateway_id = session->seat->id;
        told->session = session->number;
    }
    if (heng_writer_put(uplink->site->writer, &fact, 0, told) != HENG_OK) {
        if (told) uplink_drop(told);
        return false;
    }
    if (!live) session->seat->pending++;
    return true;
}

static void wait(struct session *session, struct heng_slice bytes)
{
    struct waiting *waiting = malloc(sizeof *waiting + bytes.n);
    if (!waiting) {
        uplink_refuse(session, HENG_REFUSAL_BUSY, 0, "no memory for a batch");
        return;
    }
    waiting->next = NULL;
    waiting->n = bytes.n;
    if (bytes.n) memcpy(waiting->bytes, bytes.p, bytes.n);
    if (session->last)
        session->last->next = waiting;
    else
        session->first = waiting;
    session->last = waiting;
    heng_tls_pause(session->tls, true);
    turns_join(&session->uplink->turns, &session->turn, true);
}

void uplink_take_batch(struct session *session, struct heng_slice bytes, bool live)
{
    struct site_uplink *uplink = session->uplink;
    if (!session->welcomed || !session->seat) return; /* it has been replaced */
    bool turn = !session->first && turns_are_free(&uplink->turns, true);
    if (turn && heng_writer_takes_delivery(uplink->site->writer) && put_batch(session, bytes, live)) return;
    if (!live) wait(session, bytes); /* copies for the screen come once more, with their number */
}

void uplink_give_turns(struct site_uplink *uplink)
{
    size_t may_begin = 0;
    while (heng_writer_takes_delivery(uplink->site->writer)) {
        struct turn *turn = turns_take(&uplink->turns, &may_begin);
        if (!turn) return;
        struct session *session = (struct session *)((char *)turn - offsetof(struct session, turn));
        struct waiting *waiting = session->first;
        if (!waiting || !session->seat) continue;
        if (!put_batch(session, heng_slice_of(waiting->bytes, waiting->n), false)) {
            turns_join(&uplink->turns, turn, true);
            return;
        }
        session->first = waiting->next;
        if (!session->first) session->last = NULL;
        free(waiting);
        if (session->first)
            turns_join(&uplink->turns, turn, true);
        else
            heng_tls_pause(session->tls, false);
    }
}

void uplink_forget_waiting(struct session *session)
{
    for (struct waiting *waiting = session->first, *next; waiting; waiting = next) {
        next = waiting->next;
        free(waiting);
    }
    session->first = session->last = NULL;
}

/* What the writer says of a batch. The gateway goes on if it is still there; one that has come anew meanwhile is
 * welcomed when all of the former connection is stored, for only then it is known where to go on. */
void uplink_delivered(struct site_uplink *uplink, const struct told *told)
{
    struct seat *seat = uplink_seat(uplink, told->gateway_id);
    if (!seat) return;
    seat->pending--;
    uplink_searches_stored(uplink);
    struct session *session = seat->session;
    if (!session) return;
    if (session->number != told->session) {
        uplink_try_welcome(session);
    } else if (told->rc == HENG_OK) {
        heng_host_stored(session->host, heng_clock_mono(), told->epoch, told->durable);
    } else {
        heng_log(HENG_LOG_WARN, "uplink", "event=batch_refused gateway='%s' why='%s'", seat->name, told->why);
        heng_refusal refusal = told->rc == HENG_ECONFLICT ? HENG_REFUSAL_SEQUENCE
                               : told->rc == HENG_EDENIED ? HENG_REFUSAL_REVOKED
                                                          : HENG_REFUSAL_PROTOCOL;
        uplink_refuse(session, refusal, 0, told->why);
    }
    uplink_pump(session);
}
