#include "app/site/usage.h"

#include <pthread.h>
#include <stdio.h>

#include "base/log.h"

/* A piece is short, so that an answer of a meter is never long on its way to the disk. */
enum { PERIOD_MS = 10000, FIRST_MS = 2000 };
#define PIECE_US (50 * HENG_US_PER_MS)

static heng_rc run_piece(struct heng_writer_work *work, struct heng_store *store, struct heng_err *err)
{
    struct site_usage *usage = (struct site_usage *)work;
    uint32_t channels;
    return heng_usage_work(usage->worker, store, PIECE_US, &channels, &usage->left, err);
}

static void piece_done(struct heng_writer_work *work, heng_rc rc, const char *why)
{
    struct site_usage *usage = (struct site_usage *)work;
    bool failed = rc != HENG_OK && rc != HENG_ECLOSED;
    if (failed && !usage->failing)
        heng_log(HENG_LOG_ERROR, "flow", "event=usage_waits rc=%s text='%s' next='trying again every %d s'",
                 heng_rc_name(rc), why, PERIOD_MS / 1000);
    if (rc == HENG_OK && usage->failing) heng_log(HENG_LOG_INFO, "flow", "event=usage_recovered");
    usage->failing = failed;
    if (rc == HENG_OK && usage->left)
        heng_writer_ask(usage->writer, work);
    else
        atomic_store(&usage->busy, false);
}

static void on_timer(uv_timer_t *timer)
{
    struct site_usage *usage = timer->data;
    if (!atomic_exchange(&usage->busy, true)) heng_writer_ask(usage->writer, &usage->work);
}

heng_rc site_usage_start(struct site_usage *usage, uv_loop_t *loop, struct heng_writer *writer, struct heng_err *err)
{
    heng_rc rc = heng_usage_worker_new(&usage->worker, err);
    if (rc != HENG_OK) return rc;
    usage->writer = writer;
    usage->work.run = run_piece;
    usage->work.done = piece_done;
    usage->timer.data = usage;
    uv_timer_init(loop, &usage->timer);
    uv_timer_start(&usage->timer, on_timer, FIRST_MS, PERIOD_MS);
    uv_unref((uv_handle_t *)&usage->timer); /* it keeps nobody from stopping */
    return HENG_OK;
}

void site_usage_fini(struct site_usage *usage)
{
    heng_usage_worker_free(usage->worker);
    usage->worker = NULL;
}

/* --- changes by people ----------------------------------------------------------------------------------------- */

struct change {
    struct heng_writer_work work;
    heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err);
    void *ctx;
    pthread_mutex_t mutex;
    pthread_cond_t told;
    bool done;
    heng_rc rc;
    char why[HENG_DETAIL_MAX];
};

static heng_rc run_change(struct heng_writer_work *work, struct heng_store *store, struct heng_err *err)
{
    struct change *change = (struct change *)work;
    return change->run(change->ctx, store, err);
}

static void change_done(struct heng_writer_work *work, heng_rc rc, const char *why)
{
    struct change *change = (struct change *)work;
    pthread_mutex_lock(&change->mutex);
    change->rc = rc;
    snprintf(change->why, sizeof change->why, "%s", why);
    change->done = true;
    pthread_cond_signal(&change->told);
    pthread_mutex_unlock(&change->mutex);
}

heng_rc site_write(void *owner, heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err), void *ctx,
                   struct heng_err *err)
{
    struct heng_writer *writer = *(struct heng_writer **)owner;
    struct change change = {.work = {.run = run_change, .done = change_done}, .run = run, .ctx = ctx};
    if (!writer) return heng_fail(err, HENG_ECLOSED, 0, "Heng is not ready yet");
    pthread_mutex_init(&change.mutex, NULL);
    pthread_cond_init(&change.told, NULL);
    heng_writer_ask(writer, &change.work);
    pthread_mutex_lock(&change.mutex);
    while (!change.done) pthread_cond_wait(&change.told, &change.mutex);
    pthread_mutex_unlock(&change.mutex);
    pthread_cond_destroy(&change.told);
    pthread_mutex_destroy(&change.mutex);
    return change.rc == HENG_OK ? HENG_OK : heng_fail(err, change.rc, 0, "%s", change.why);
}
