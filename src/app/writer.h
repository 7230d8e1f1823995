#ifndef HENG_APP_WRITER_H
#define HENG_APP_WRITER_H
/* The one thread that writes: takes facts from the lines out of a bounded queue, stores them in batches and
 * tells the browsers after the commit. */
#include "api/server.h"
#include "flow/delivery.h"
#include "flow/ingest.h"
#include "flow/latency.h"

struct heng_writer;

/* stored: a fact that was put with this token is on the disk; of a command, a delivery, an enrolment also what became
 * of it. live: what a batch brought, before the browsers hear of it. Both on the writer's thread. */
struct heng_writer_events {
    void *owner;
    void (*stored)(void *owner, void *token, const struct heng_fact *fact);
    void (*live)(void *owner, struct heng_live *live, size_t count);
};

/* Something else that needs the writer of the database. run: in a transaction of its own, which is committed when it
 * returns OK; done: after that, always once, also when the writer ends before (rc ECLOSED). Both on the writer's
 * thread. The memory is the caller's until done. */
struct heng_writer_work {
    heng_rc (*run)(struct heng_writer_work *work, struct heng_store *store, struct heng_err *err);
    void (*done)(struct heng_writer_work *work, heng_rc rc, const char *why);
    struct heng_writer_work *next;
};

/* Start the thread. profiles: to read what meters say of themselves; borrowed, NULL: by the standard.
 * Owns:   *store becomes the writer's: when the disk fails it is closed and opened anew from path.
 * Errors: ENOMEM, EIO. */
HENG_NODISCARD heng_rc heng_writer_start(struct heng_store *store, const char *path, struct heng_api *api,
                                         const struct heng_profiles *profiles, struct heng_writer_events events,
                                         struct heng_writer **ret, struct heng_err *err);

/* How many facts of lines fit. While none does, the lines wait: what was not asked for cannot be lost. Some room is
 * kept for what people want. */
size_t heng_writer_room(struct heng_writer *writer);
bool heng_writer_has_room(struct heng_writer *writer);

/* Call emptied on the writer's thread whenever a batch has left the queue; it may call nothing of the writer. NULL: no
 * more; it is not called after that. */
void heng_writer_on_emptied(struct heng_writer *writer, void (*emptied)(void *owner), void *owner);

/* Copy a fact into the queue. arrived_us: monotonic, when the last byte of its answer came; 0: no answer. token: comes
 * back when it is stored; NULL: nobody waits. Errors: ELIMIT when it is full. */
HENG_NODISCARD heng_rc heng_writer_put(struct heng_writer *writer, const struct heng_fact *fact, heng_us arrived_us,
                                       void *token);

/* Deliveries of gateways take only a part of the queue: lines of our own are not kept waiting by them. */
bool heng_writer_takes_delivery(struct heng_writer *writer);

/* Do this piece of work soon, between two batches: one piece, one batch, as long as there are both. */
void heng_writer_ask(struct heng_writer *writer, struct heng_writer_work *work);

/* Store what is queued, end the thread, close the store; logs how long it took from answer to disk. Accepts NULL. */
void heng_writer_stop(struct heng_writer *writer);

#endif
