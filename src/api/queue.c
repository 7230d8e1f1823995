/* Requests wait here for a worker; the threads of the HTTP library never wait for the database. */
#include <stdlib.h>

#include "api/internal.h"
#include "store/read.h"

struct heng_worker {
    struct heng_api_queue *queue;
    struct heng_store_reader *reader;
    pthread_t thread;
    bool running;
};

static struct heng_request *take(struct heng_api_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->first && !queue->stopping) pthread_cond_wait(&queue->filled, &queue->mutex);
    struct heng_request *request = queue->first;
    if (request) {
        queue->first = request->next;
        if (!queue->first) queue->last = NULL;
        queue->waiting--;
    }
    pthread_mutex_unlock(&queue->mutex);
    return request;
}

static void *work(void *cls)
{
    struct heng_worker *worker = cls;
    struct heng_request *request;
    while ((request = take(worker->queue)) != NULL) {
        request->response = heng_api_run_route(request->api, request->route, &request->input, &request->upload,
                                               worker->reader, &request->status);
        MHD_resume_connection(request->connection); /* from here on the request belongs to the library again */
    }
    return NULL;
}

heng_rc heng_api_queue_start(struct heng_api_queue *queue, const char *database, unsigned workers, unsigned max,
                             struct heng_err *err)
{
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->filled, NULL);
    queue->max = max;
    queue->workers = calloc(workers, sizeof *queue->workers);
    if (!queue->workers) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    queue->worker_count = workers;
    for (unsigned i = 0; i < workers; i++) {
        struct heng_worker *worker = &queue->workers[i];
        worker->queue = queue;
        heng_rc rc = heng_store_reader_open(database, &worker->reader, err);
        if (rc != HENG_OK) return rc;
        worker->running = pthread_create(&worker->thread, NULL, work, worker) == 0;
        if (!worker->running) return heng_fail(err, HENG_ELIMIT, 0, "cannot start a thread: too many are running");
    }
    return HENG_OK;
}

bool heng_api_queue_put(struct heng_api_queue *queue, struct heng_request *request)
{
    pthread_mutex_lock(&queue->mutex);
    bool taken = !queue->stopping && queue->waiting < queue->max;
    if (taken) {
        /* Before a worker can see it: what is resumed must have been suspended. */
        MHD_suspend_connection(request->connection);
        request->queued = true;
        request->next = NULL;
        if (queue->last)
            queue->last->next = request;
        else
            queue->first = request;
        queue->last = request;
        queue->waiting++;
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

void heng_api_queue_stop(struct heng_api_queue *queue)
{
    if (!queue->workers) return;
    pthread_mutex_lock(&queue->mutex);
    queue->stopping = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
    for (unsigned i = 0; i < queue->worker_count; i++) {
        if (queue->workers[i].running) pthread_join(queue->workers[i].thread, NULL);
        heng_store_reader_close(queue->workers[i].reader);
    }
    free(queue->workers);
    queue->workers = NULL;
}
