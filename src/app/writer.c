#include "app/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* A slot holds the largest read (about 75 kB), so the queue is 10 MB. A disk that fails is tried again every
 * second; the facts stay in the queue meanwhile and the lines rest. */
enum { SLOTS = 128, BATCH = 64, RETRY_S = 1, STOP_TRIES = 3 };

struct slot {
    heng_fact_kind kind;
    union {
        struct heng_read read;
        struct heng_line_fact line;
    };
};

struct heng_writer {
    struct heng_store *store;
    char *path;
    struct heng_api *api;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    bool stopping;
    size_t first, count; /* ring over slots */
    struct slot slots[SLOTS];
};

bool heng_writer_has_room(struct heng_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool room = writer->count < SLOTS;
    pthread_mutex_unlock(&writer->mutex);
    return room;
}

heng_rc heng_writer_put(struct heng_writer *writer, const struct heng_fact *fact)
{
    heng_rc rc = HENG_ELIMIT;
    pthread_mutex_lock(&writer->mutex);
    if (writer->count < SLOTS) {
        struct slot *slot = &writer->slots[(writer->first + writer->count) % SLOTS];
        slot->kind = fact->kind;
        if (fact->kind == HENG_FACT_READ)
            slot->read = *fact->read;
        else
            slot->line = *fact->line;
        writer->count++;
        pthread_cond_signal(&writer->news);
        rc = HENG_OK;
    }
    pthread_mutex_unlock(&writer->mutex);
    return rc;
}

/* Store one batch; the slots are ours until they are taken off the ring. */
static heng_rc store_batch(struct heng_writer *writer, size_t first, size_t count, struct heng_ingested *ingested,
                           struct heng_err *err)
{
    struct heng_fact facts[BATCH];
    for (size_t i = 0; i < count; i++) {
        const struct slot *slot = &writer->slots[(first + i) % SLOTS];
        facts[i] = (struct heng_fact){.kind = slot->kind};
        if (slot->kind == HENG_FACT_READ)
            facts[i].read = &slot->read;
        else
            facts[i].line = &slot->line;
    }
    if (!writer->store) {
        heng_rc rc = heng_store_open(writer->path, &writer->store, err);
        if (rc != HENG_OK) return rc;
    }
    heng_rc rc = heng_ingest(writer->store, facts, count, heng_clock_wall(), ingested, err);
    if (rc == HENG_EIO) {
        heng_store_close(writer->store);
        writer->store = NULL;
    }
    return rc;
}

/* Rest with the mutex released; news and the order to stop do not shorten it, or the tries would be one. */
static void wait_seconds(struct heng_writer *writer, time_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    while (pthread_cond_timedwait(&writer->news, &writer->mutex, &until) == 0) {
    }
}

static void *run(void *argument)
{
    struct heng_writer *writer = argument;
    struct heng_ingested ingested = {0};
    bool failing = false;
    unsigned tries_left = STOP_TRIES;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->stopping || writer->count) {
        if (writer->count == 0) {
            pthread_cond_wait(&writer->news, &writer->mutex);
            continue;
        }
        size_t first = writer->first, count = writer->count < BATCH ? writer->count : BATCH;
        pthread_mutex_unlock(&writer->mutex);

        struct heng_err err = {.text = ""};
        heng_rc rc = store_batch(writer, first, count, &ingested, &err);
        if (rc == HENG_OK) {
            heng_api_publish_live(writer->api, ingested.live, ingested.live_n);
            if (failing) {
                heng_log(HENG_LOG_INFO, "store", "event=recovered");
                heng_api_set_health(writer->api, HENG_HEALTH_STORE, "");
            }
        } else if (!failing) {
            heng_log(HENG_LOG_ERROR, "store",
                     "event=failed rc=%s text='%s' next='the lines wait, trying again every %d s'", heng_rc_name(rc),
                     err.text, RETRY_S);
            heng_api_set_health(writer->api, HENG_HEALTH_STORE, err.text);
        }
        failing = rc != HENG_OK;

        pthread_mutex_lock(&writer->mutex);
        if (rc == HENG_OK) {
            writer->first = (writer->first + count) % SLOTS;
            writer->count -= count;
        } else if (writer->stopping && --tries_left == 0) {
            heng_log(HENG_LOG_ERROR, "store", "event=given_up facts=%zu", writer->count);
            break;
        } else {
            wait_seconds(writer, RETRY_S);
        }
    }
    pthread_mutex_unlock(&writer->mutex);
    heng_ingested_fini(&ingested);
    return NULL;
}

heng_rc heng_writer_start(struct heng_store *store, const char *path, struct heng_api *api, struct heng_writer **ret,
                          struct heng_err *err)
{
    struct heng_writer *writer = calloc(1, sizeof *writer);
    char *copy = strdup(path);
    if (!writer || !copy) {
        free(writer);
        free(copy);
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the writer");
    }
    writer->store = store;
    writer->path = copy;
    writer->api = api;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_condattr_t monotonic; /* a wall clock that is set back must not make a wait of a day */
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int status = pthread_create(&writer->thread, NULL, run, writer);
    if (status != 0) {
        free(copy);
        free(writer);
        return heng_fail(err, HENG_EIO, 0, "cannot start the writer: %s", strerror(status));
    }
    *ret = writer;
    return HENG_OK;
}

void heng_writer_stop(struct heng_writer *writer)
{
    if (!writer) return;
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->news);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    heng_store_close(writer->store);
    pthread_cond_destroy(&writer->news);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->path);
    free(writer);
}
