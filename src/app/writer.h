#ifndef HENG_APP_WRITER_H
#define HENG_APP_WRITER_H
/* The one thread that writes: takes facts from the lines out of a bounded queue, stores them in batches and
 * tells the browsers after the commit. */
#include "api/server.h"
#include "flow/ingest.h"

struct heng_writer;

/* Start the thread.
 * Owns:   *store becomes the writer's: when the disk fails it is closed and opened anew from path.
 * Errors: ENOMEM, EIO. */
HENG_NODISCARD heng_rc heng_writer_start(struct heng_store *store, const char *path, struct heng_api *api,
                                         struct heng_writer **ret, struct heng_err *err);

/* True when a fact fits. While it does not, the lines wait: what was not asked for cannot be lost. */
bool heng_writer_has_room(struct heng_writer *writer);

/* Copy a fact into the queue. Errors: ELIMIT when it is full. */
HENG_NODISCARD heng_rc heng_writer_put(struct heng_writer *writer, const struct heng_fact *fact);

/* Store what is queued, end the thread, close the store. Accepts NULL. */
void heng_writer_stop(struct heng_writer *writer);

#endif
