#ifndef HENG_APP_SITE_USAGE_H
#define HENG_APP_SITE_USAGE_H
/* Usage kept up to date while the site runs: in short pieces on the writer's thread, between its batches. */
#include <stdatomic.h>
#include <uv.h>

#include "app/writer.h"
#include "usage/usage.h"

/* work comes first: the writer hands back its address. busy: a piece is with the writer. */
struct site_usage {
    struct heng_writer_work work;
    struct heng_writer *writer;
    struct heng_usage_worker *worker;
    uv_timer_t timer;
    atomic_bool busy;
    bool left, failing; /* of the writer's thread */
};

/* Begin; the loop's handles are closed by who closes all. Errors: ENOMEM. */
HENG_NODISCARD heng_rc site_usage_start(struct site_usage *usage, uv_loop_t *loop, struct heng_writer *writer,
                                        struct heng_err *err);
void site_usage_fini(struct site_usage *usage); /* after the writer has ended; zeroes are fine */

/* As heng_api_write (api/server.h); owner: struct heng_writer **, NULL as long as it is not there. */
HENG_NODISCARD heng_rc site_write(void *owner,
                                  heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err), void *ctx,
                                  struct heng_err *err);

#endif
