#ifndef HENG_APP_SITE_READS_H
#define HENG_APP_SITE_READS_H
/* Groups of reads that people have asked for: each read is a job of its own, and people know them by the number of the
 * group. All of it on the loop's thread, but for site_reads_live. */
#include "app/site/run.h"

struct site_reads;

/* reader and desk are borrowed. Errors: ENOMEM. */
HENG_NODISCARD heng_rc site_reads_new(struct site_run *site, struct heng_store_reader *reader, struct heng_desk *desk,
                                      struct site_reads **ret, struct heng_err *err);
void site_reads_free(struct site_reads *reads); /* accepts NULL */

/* A READ: it is answered. */
void site_reads_take(struct site_reads *reads, struct heng_wish_slot *slot);

/* Take a group back; false: this id is none. */
bool site_reads_cancel(struct site_reads *reads, int64_t id, struct heng_wish_slot *slot);

/* Fills id of the fact, if the job is a read. */
bool site_reads_identify(struct site_reads *reads, int64_t job_id, struct heng_order_fact *fact);

/* What gateways have told comes with the number of the read, and goes to people with that of the group. On the writer's
 * thread. */
void site_reads_live(struct site_reads *reads, struct heng_live *live, size_t count);

/* The line of a read that a gateway was given, 0: there is none. */
int64_t site_reads_line(const struct site_reads *reads, int64_t job_id);

/* Does a read on this line of ours wait? */
bool site_reads_uses(struct site_reads *reads, int64_t line_id);

/* A gateway does not take this read. */
void site_reads_refused(struct site_reads *reads, int64_t job_id, const char *why);

/* Once a second: groups that nobody tells of any more. */
void site_reads_second(struct site_reads *reads);

#endif
