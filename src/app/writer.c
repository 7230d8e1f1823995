#include "app/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "run/news.h"

/* A slot has room for the largest read (about 75 kB) and touches as much of it as its read needs: a few MB for the
 * queue of a usual site, 40 MB at the worst. A commit costs what the disk needs to say yes, however much is in it, so
 * it takes along whatever waits. A disk that fails is tried again every second; the facts stay in the queue meanwhile
 * and the lines rest. */
enum { SLOTS = 512, WISH_SLOTS = 16, BATCH = 256, RETRY_S = 1, STOP_TRIES = 3 };

/* Deliveries of gateways: how many may wait, and how many bytes of them make a transaction full: some thousand reads,
 * so that a commit that somebody waits for is never far. */
enum { DELIVERIES_MAX = 32, BATCH_BYTES = 256 * 1024 };

struct slot {
    heng_fact_kind kind;
    bool has_order;
    heng_us arrived_us;
    void *token;
    struct heng_order_fact order;
    union {
        struct heng_read read;
        struct heng_line_fact line;
        struct heng_command_fact command;
        struct heng_search_fact search;
        struct heng_found_fact found;
        struct heng_delivery delivery; /* owns its bytes */
        struct heng_gateway_status gateway;
        struct heng_gateway_event_row event;
        struct heng_enrolment_fact enrolment;
        struct heng_revoke_fact revoke;
    };
};

struct heng_writer {
    struct heng_store *store;
    char *path;
    struct heng_api *api;
    const struct heng_profiles *profiles;
    struct heng_writer_events events;
    void (*emptied)(void *owner); /* under the mutex, as its owner */
    void *emptied_owner;
    struct heng_histogram latency; /* the thread's own */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    bool stopping;
    struct heng_writer_work *work, **work_end; /* oldest first */
    size_t deliveries;
    size_t first, count; /* ring over slots */
    struct slot slots[SLOTS];
};

size_t heng_writer_room(struct heng_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    size_t room = writer->count < SLOTS - WISH_SLOTS ? SLOTS - WISH_SLOTS - writer->count : 0;
    pthread_mutex_unlock(&writer->mutex);
    return room;
}

bool heng_writer_has_room(struct heng_writer *writer) { return heng_writer_room(writer) > 0; }

void heng_writer_on_emptied(struct heng_writer *writer, void (*emptied)(void *owner), void *owner)
{
    pthread_mutex_lock(&writer->mutex);
    writer->emptied = emptied;
    writer->emptied_owner = owner;
    pthread_mutex_unlock(&writer->mutex);
}

static void fill(struct slot *slot, const struct heng_fact *fact, heng_us arrived_us, void *token)
{
    slot->kind = fact->kind;
    slot->arrived_us = arrived_us;
    slot->token = token;
    slot->has_order = fact->order != NULL;
    if (fact->order) slot->order = *fact->order;
    switch (fact->kind) {
    case HENG_FACT_READ: heng_news_copy_read(&slot->read, fact->read); break;
    case HENG_FACT_ORDER: break;
    case HENG_FACT_LINE: slot->line = *fact->line; break;
    case HENG_FACT_COMMAND: slot->command = *fact->command; break;
    case HENG_FACT_SEARCH: slot->search = *fact->search; break;
    case HENG_FACT_FOUND: slot->found = *fact->found; break;
    case HENG_FACT_DELIVERY: slot->delivery = *fact->delivery; break; /* bytes: copy_bytes */
    case HENG_FACT_GATEWAY: slot->gateway = *fact->gateway; break;
    case HENG_FACT_GATEWAY_EVENT: slot->event = *fact->event; break;
    case HENG_FACT_ENROLMENT: slot->enrolment = *fact->enrolment; break;
    case HENG_FACT_REVOKE: slot->revoke = *fact->revoke; break;
    }
}

/* The bytes of a delivery are as many as they are: they lie on the heap. Errors: NULL: no memory. */
static uint8_t *copy_bytes(struct heng_slice bytes)
{
    uint8_t *copy = malloc(bytes.n ? bytes.n : 1);
    if (copy && bytes.n) memcpy(copy, bytes.p, bytes.n);
    return copy;
}

/* The slot leaves the ring. */
static void retire(struct heng_writer *writer, struct slot *slot)
{
    if (slot->kind != HENG_FACT_DELIVERY) return;
    free((void *)(uintptr_t)slot->delivery.bytes.p);
    writer->deliveries--;
}

static struct heng_fact fact_of(struct slot *slot)
{
    struct heng_fact fact = {.kind = slot->kind, .order = slot->has_order ? &slot->order : NULL};
    switch (slot->kind) {
    case HENG_FACT_READ: fact.read = &slot->read; break;
    case HENG_FACT_ORDER: break;
    case HENG_FACT_LINE: fact.line = &slot->line; break;
    case HENG_FACT_COMMAND: fact.command = &slot->command; break;
    case HENG_FACT_SEARCH: fact.search = &slot->search; break;
    case HENG_FACT_FOUND: fact.found = &slot->found; break;
    case HENG_FACT_DELIVERY: fact.delivery = &slot->delivery; break;
    case HENG_FACT_GATEWAY: fact.gateway = &slot->gateway; break;
    case HENG_FACT_GATEWAY_EVENT: fact.event = &slot->event; break;
    case HENG_FACT_ENROLMENT: fact.enrolment = &slot->enrolment; break;
    case HENG_FACT_REVOKE: fact.revoke = &slot->revoke; break;
    }
    return fact;
}

heng_rc heng_writer_put(struct heng_writer *writer, const struct heng_fact *fact, heng_us arrived_us, void *token)
{
    heng_rc rc = HENG_ELIMIT;
    bool delivery = fact->kind == HENG_FACT_DELIVERY;
    uint8_t *bytes = delivery ? copy_bytes(fact->delivery->bytes) : NULL;
    if (delivery && !bytes) return rc;
    pthread_mutex_lock(&writer->mutex);
    if (writer->count < SLOTS && !(delivery && writer->deliveries >= DELIVERIES_MAX)) {
        struct slot *slot = &writer->slots[(writer->first + writer->count) % SLOTS];
        fill(slot, fact, arrived_us, token);
        if (delivery) {
            slot->delivery.bytes.p = bytes;
            bytes = NULL;
            writer->deliveries++;
        }
        writer->count++;
        pthread_cond_signal(&writer->news);
        rc = HENG_OK;
    }
    pthread_mutex_unlock(&writer->mutex);
    free(bytes);
    return rc;
}

bool heng_writer_takes_delivery(struct heng_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool room = writer->deliveries < DELIVERIES_MAX && writer->count < SLOTS - WISH_SLOTS;
    pthread_mutex_unlock(&writer->mutex);
    return room;
}

void heng_writer_ask(struct heng_writer *writer, struct heng_writer_work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&writer->mutex);
    *writer->work_end = work;
    writer->work_end = &work->next;
    pthread_cond_signal(&writer->news);
    pthread_mutex_unlock(&writer->mutex);
}

static struct heng_writer_work *take_work(struct heng_writer *writer)
{
    struct heng_writer_work *work = writer->work;
    if (!work) return NULL;
    writer->work = work->next;
    if (!writer->work) writer->work_end = &writer->work;
    return work;
}

/* The disk failed, or the server is away: it is opened again for the next batch. */
static void drop_store(struct heng_writer *writer)
{
    heng_store_close(writer->store);
    writer->store = NULL;
}

static heng_rc do_work(struct heng_writer *writer, struct heng_writer_work *work, struct heng_err *err)
{
    heng_rc rc = writer->store ? HENG_OK : heng_store_open(writer->path, &writer->store, err);
    if (rc == HENG_OK) rc = heng_store_begin(writer->store, err);
    if (rc == HENG_OK) {
        rc = work->run(work, writer->store, err);
        if (rc == HENG_OK)
            rc = heng_store_commit(writer->store, err);
        else
            heng_store_rollback(writer->store);
    }
    if (rc == HENG_EIO) drop_store(writer);
    return rc;
}

/* One piece of work, if there is one. The mutex is held, but not while it is done. */
static void work_once(struct heng_writer *writer)
{
    struct heng_writer_work *work = take_work(writer);
    if (!work) return;
    bool late = writer->stopping;
    pthread_mutex_unlock(&writer->mutex);
    struct heng_err err = {.text = ""};
    heng_rc rc = late ? heng_fail(&err, HENG_ECLOSED, 0, "Heng is being stopped") : do_work(writer, work, &err);
    work->done(work, rc, err.text);
    pthread_mutex_lock(&writer->mutex);
}

/* How many facts make the next batch. */
static size_t batch_size(const struct heng_writer *writer)
{
    size_t n = 0, bytes = 0;
    while (n < writer->count && n < BATCH && bytes < BATCH_BYTES) {
        const struct slot *slot = &writer->slots[(writer->first + n++) % SLOTS];
        if (slot->kind == HENG_FACT_DELIVERY) bytes += slot->delivery.bytes.n;
    }
    return n;
}

/* Store one batch; the slots are ours until they are taken off the ring. */
static heng_rc store_batch(struct heng_writer *writer, size_t first, size_t count, struct heng_ingested *ingested,
                           struct heng_err *err)
{
    struct heng_fact facts[BATCH];
    for (size_t i = 0; i < count; i++) facts[i] = fact_of(&writer->slots[(first + i) % SLOTS]);
    if (!writer->store) {
        heng_rc rc = heng_store_open(writer->path, &writer->store, err);
        if (rc != HENG_OK) return rc;
    }
    heng_rc rc = heng_ingest(writer->store, facts, count, heng_clock_wall(), ingested, err);
    if (rc == HENG_EIO) drop_store(writer);
    return rc;
}

/* A batch is on the disk: tell whoever waits for it. */
static void tell(struct heng_writer *writer, size_t first, size_t count, const struct heng_ingested *ingested)
{
    heng_us now_us = heng_clock_mono();
    if (writer->events.live) writer->events.live(writer->events.owner, ingested->live, ingested->live_n);
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = &writer->slots[(first + i) % SLOTS];
        struct heng_fact fact = fact_of(slot);
        if (slot->token) writer->events.stored(writer->events.owner, slot->token, &fact);
        if (slot->arrived_us) heng_histogram_add(&writer->latency, now_us - slot->arrived_us);
    }
    struct heng_latency latency = heng_histogram_latency(&writer->latency);
    heng_api_set_latency(writer->api, &latency);
    heng_api_publish_live(writer->api, ingested->live, ingested->live_n);
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

/* Nobody waits for these any more, and none was promised: a restart must not find them. */
static void forget_commands(struct heng_writer *writer, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = &writer->slots[(first + i) % SLOTS];
        if (slot->kind != HENG_FACT_COMMAND) continue;
        slot->kind = HENG_FACT_ORDER;
        slot->has_order = false;
        slot->token = NULL;
    }
}

static void *run(void *argument)
{
    struct heng_writer *writer = argument;
    struct heng_ingested ingested = {.profiles = writer->profiles};
    bool failing = false;
    unsigned tries_left = STOP_TRIES;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->stopping || writer->count || writer->work) {
        work_once(writer);
        if (writer->count == 0) {
            if (!writer->work && !writer->stopping) pthread_cond_wait(&writer->news, &writer->mutex);
            continue;
        }
        size_t first = writer->first, count = batch_size(writer);
        if (writer->stopping) forget_commands(writer, first, count);
        pthread_mutex_unlock(&writer->mutex);

        struct heng_err err = {.text = ""};
        heng_rc rc = store_batch(writer, first, count, &ingested, &err);
        if (rc == HENG_OK) {
            tell(writer, first, count, &ingested);
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
            for (size_t i = 0; i < count; i++) retire(writer, &writer->slots[(first + i) % SLOTS]);
            writer->first = (writer->first + count) % SLOTS;
            writer->count -= count;
            if (writer->emptied) writer->emptied(writer->emptied_owner);
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

heng_rc heng_writer_start(struct heng_store *store, const char *path, struct heng_api *api,
                          const struct heng_profiles *profiles, struct heng_writer_events events,
                          struct heng_writer **ret, struct heng_err *err)
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
    writer->profiles = profiles;
    writer->events = events;
    writer->work_end = &writer->work;
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
    struct heng_latency latency = heng_histogram_latency(&writer->latency);
    heng_log(HENG_LOG_INFO, "store", "event=stopped reads=%llu p50_us=%lld p99_us=%lld max_us=%lld",
             (unsigned long long)latency.reads, (long long)latency.p50_us, (long long)latency.p99_us,
             (long long)latency.max_us);
    for (size_t i = 0; i < writer->count; i++) retire(writer, &writer->slots[(writer->first + i) % SLOTS]);
    for (struct heng_writer_work *work; (work = take_work(writer)) != NULL;)
        work->done(work, HENG_ECLOSED, "Heng is being stopped");
    heng_store_close(writer->store);
    pthread_cond_destroy(&writer->news);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->path);
    free(writer);
}
