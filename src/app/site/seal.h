#ifndef HENG_APP_SITE_SEAL_H
#define HENG_APP_SITE_SEAL_H
/* Seals while the site runs: once a minute, in short pieces on the writer's thread, between its batches. */
#include <stdatomic.h>
#include <uv.h>

#include "app/writer.h"
#include "seal/seal.h"

/* work comes first: the writer hands back its address. busy: a piece is with the writer. */
struct site_seal {
    struct heng_writer_work work;
    struct heng_writer *writer;
    struct heng_seal *seal;
    uv_timer_t timer;
    atomic_bool busy;
    bool left, failing; /* of the writer's thread */
};

/* Begin; the loop's handles are closed by who closes all. folder: where the data is. Errors: ENOMEM, ECONFIG. */
HENG_NODISCARD heng_rc site_seal_start(struct site_seal *seal, uv_loop_t *loop, struct heng_writer *writer,
                                       const char *folder, struct heng_err *err);
void site_seal_fini(struct site_seal *seal); /* after the writer has ended; zeroes are fine */

#endif
