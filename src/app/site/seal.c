#include "app/site/seal.h"

#include "base/log.h"

/* A piece is short, so that an answer of a meter is never long on its way to the disk. */
enum { PERIOD_MS = 60000, FIRST_MS = 5000 };
#define PIECE_US (20 * HENG_US_PER_MS)

static heng_rc run_piece(struct heng_writer_work *work, struct heng_store *store, struct heng_err *err)
{
    struct site_seal *seal = (struct site_seal *)work;
    return heng_seal_work(seal->seal, store, heng_clock_wall(), PIECE_US, &seal->left, err);
}

static void tell(struct site_seal *seal, heng_rc rc, const char *why)
{
    bool failed = rc != HENG_OK && rc != HENG_ECLOSED;
    if (failed && !seal->failing)
        heng_log(HENG_LOG_ERROR, "seal", "event=seal_waits rc=%s text='%s' next='trying again every %d s'",
                 heng_rc_name(rc), why, PERIOD_MS / 1000);
    if (rc == HENG_OK && seal->failing) heng_log(HENG_LOG_INFO, "seal", "event=seal_recovered");
    seal->failing = failed;
}

static void piece_done(struct heng_writer_work *work, heng_rc rc, const char *why)
{
    struct site_seal *seal = (struct site_seal *)work;
    struct heng_err err = {0};
    heng_rc told = heng_seal_committed(seal->seal, rc == HENG_OK, &err);
    if (rc == HENG_OK && told != HENG_OK)
        tell(seal, told, err.text);
    else
        tell(seal, rc, why);
    if (rc == HENG_OK && seal->left)
        heng_writer_ask(seal->writer, work);
    else
        atomic_store(&seal->busy, false);
}

static void on_timer(uv_timer_t *timer)
{
    struct site_seal *seal = timer->data;
    if (!atomic_exchange(&seal->busy, true)) heng_writer_ask(seal->writer, &seal->work);
}

heng_rc site_seal_start(struct site_seal *seal, uv_loop_t *loop, struct heng_writer *writer, const char *folder,
                        struct heng_err *err)
{
    heng_rc rc = heng_seal_new(folder, &seal->seal, err);
    if (rc != HENG_OK) return rc;
    seal->writer = writer;
    seal->work.run = run_piece;
    seal->work.done = piece_done;
    seal->timer.data = seal;
    uv_timer_init(loop, &seal->timer);
    uv_timer_start(&seal->timer, on_timer, FIRST_MS, PERIOD_MS);
    uv_unref((uv_handle_t *)&seal->timer); /* it keeps nobody from stopping */
    return HENG_OK;
}

void site_seal_fini(struct site_seal *seal)
{
    heng_seal_free(seal->seal);
    seal->seal = NULL;
}
