#ifndef HENG_LINE_QUEUE_H
#define HENG_LINE_QUEUE_H
/* The jobs that wait for a line: by class, in a class by turns between groups, in a group one after another. A job that
 * was begun and cut short goes back to the front. Jobs that end without having been asked (taken back, or too late)
 * wait apart until they are told. */
#include "line/line.h"

struct heng_queued {
    struct heng_line_job job;
    uint32_t member;     /* whom it is for; HENG_QUEUE_NOBODY for a broadcast */
    uint8_t interrupted; /* so often the line was lost while it was asked */
    bool sent;           /* something of it was on the wire already: taken back no more */
    heng_stage told;     /* the last stage that was reported */
};

enum { HENG_QUEUE_NOBODY = INT32_MAX };

struct heng_queue;

/* Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_queue_new(struct heng_queue **ret, struct heng_err *err);
void heng_queue_free(struct heng_queue *queue); /* accepts NULL */

/* Errors: ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_queue_put(struct heng_queue *queue, const struct heng_queued *job, struct heng_err *err);

/* Back to the front of its class; always has room, for it came from here. */
void heng_queue_put_back(struct heng_queue *queue, const struct heng_queued *job);

/* May this one be asked now? */
typedef bool heng_queue_may(const void *context, const struct heng_queued *job);

/* Take the next job of a class that may be asked; false: there is none. */
bool heng_queue_take(struct heng_queue *queue, heng_class cls, heng_queue_may *may, const void *context,
                     struct heng_queued *ret);
bool heng_queue_has(const struct heng_queue *queue, heng_class cls, heng_queue_may *may, const void *context);
size_t heng_queue_count(const struct heng_queue *queue); /* that wait; those that have ended do not */

/* Take a job back: it ends as CANCELLED. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_queue_cancel(struct heng_queue *queue, int64_t job_id);

/* Those whose time is over at now end as EXPIRED. */
void heng_queue_expire(struct heng_queue *queue, heng_us now);
heng_us heng_queue_expires(const struct heng_queue *queue); /* when the next one does */

/* The next job that has ended without having been asked, and how. It is gone after drop. */
const struct heng_queued *heng_queue_ended(const struct heng_queue *queue, heng_stage *ret);
void heng_queue_ended_drop(struct heng_queue *queue);

#endif
