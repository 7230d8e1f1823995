/* Live events to browsers (server-sent events, WHATWG HTML 9.2).
 *
 *   publish -> ring of the last 4096 events -> each client reads on from its own place
 *
 * A client that has read everything is suspended: it costs no thread and no time. The ticker (server.c) wakes those
 * that have something to get. An id is <start of the server>-<number>; a browser that comes back names the last one it
 * got, and goes on from there. When that is not in the ring any more, it gets `event: reload` instead. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

enum { BLOCK_SIZE = 16384, EVENT_MAX = 65536 };

/* next: the event to send; sent: bytes of it that are out. note: a short text that goes first. */
struct heng_event_client {
    struct heng_events *events;
    struct MHD_Connection *connection;
    uint64_t next;
    size_t sent;
    char note[128];
    size_t note_n, note_sent;
    heng_us told_us; /* when anything was sent last */
    bool suspended;
    struct heng_event_client *after, *before;
};

void heng_events_init(struct heng_events *events, unsigned client_max, unsigned heartbeat_ms)
{
    pthread_mutex_init(&events->mutex, NULL);
    events->next = 1;
    events->epoch = heng_clock_wall() / HENG_US_PER_MS;
    events->client_max = client_max;
    events->heartbeat_us = (heng_us)heartbeat_ms * HENG_US_PER_MS;
}

void heng_events_fini(struct heng_events *events)
{
    for (size_t i = 0; i < HENG_EVENTS_RING; i++) free(events->ring[i].text);
    pthread_mutex_destroy(&events->mutex);
}

void heng_events_publish(struct heng_events *events, const char *event, const char *json)
{
    struct heng_str text = {.max = EVENT_MAX};
    pthread_mutex_lock(&events->mutex);
    heng_str_fmt(&text, "id: %" PRId64 "-%" PRIu64 "\nevent: %s\ndata: %s\n\n", events->epoch, events->next, event,
                 json);
    if (text.rc == HENG_OK && strcspn(json, "\r\n") == strlen(json)) {
        struct heng_event *slot = &events->ring[events->next++ % HENG_EVENTS_RING];
        free(slot->text);
        *slot = (struct heng_event){text.text, text.n};
        text.text = NULL;
    }
    pthread_mutex_unlock(&events->mutex);
    heng_str_fini(&text);
}

/* Is the event still in the ring (or the one to come)? */
static bool in_ring(const struct heng_events *events, uint64_t number)
{
    return number >= 1 && number <= events->next && events->next - number <= HENG_EVENTS_RING;
}

/* Lead the client to the newest event, and tell its page to load everything again. */
static void send_reload(struct heng_event_client *client)
{
    const struct heng_events *events = client->events;
    int n = snprintf(client->note, sizeof client->note, "id: %" PRId64 "-%" PRIu64 "\nevent: reload\ndata: {}\n\n",
                     events->epoch, events->next - 1);
    client->note_n = n > 0 ? (size_t)n : 0;
    client->note_sent = 0;
    client->next = events->next;
    client->sent = 0;
}

/* The next bytes for the client. Returns how many; 0: nothing to say now. Sets broken when the event that is half out
 * has left the ring: the stream must end then, the browser comes back by itself. */
static size_t fill(struct heng_event_client *client, char *to, size_t max, bool *ret_broken)
{
    const struct heng_events *events = client->events;
    size_t n = 0;
    if (!in_ring(events, client->next)) {
        *ret_broken = client->sent > 0;
        if (*ret_broken) return 0;
        send_reload(client);
    }
    while (n < max) {
        bool note = client->note_sent < client->note_n && client->sent == 0;
        if (!note && client->next == events->next) break;
        const struct heng_event *slot = &events->ring[client->next % HENG_EVENTS_RING];
        const char *text = note ? client->note : slot->text;
        size_t size = note ? client->note_n : slot->n, *done = note ? &client->note_sent : &client->sent;
        size_t part = size - *done < max - n ? size - *done : max - n;
        memcpy(to + n, text + *done, part);
        n += part;
        *done += part;
        if (!note && *done == size) {
            client->next++;
            client->sent = 0;
        }
    }
    return n;
}

/* The callback that the library calls for more bytes. */
static ssize_t read_events(void *cls, uint64_t position, char *to, size_t max)
{
    struct heng_event_client *client = cls;
    struct heng_events *events = client->events;
    bool broken = false;
    (void)position;
    pthread_mutex_lock(&events->mutex);
    size_t n = events->stopping ? 0 : fill(client, to, max, &broken);
    if (n > 0)
        client->told_us = heng_clock_mono();
    else if (!events->stopping && !broken) {
        client->suspended = true;
        MHD_suspend_connection(client->connection);
    }
    bool end = events->stopping;
    pthread_mutex_unlock(&events->mutex);
    if (end) return MHD_CONTENT_READER_END_OF_STREAM;
    return broken ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)n;
}

static void free_client(void *cls)
{
    struct heng_event_client *client = cls;
    struct heng_events *events = client->events;
    pthread_mutex_lock(&events->mutex);
    if (client->before)
        client->before->after = client->after;
    else
        events->clients = client->after;
    if (client->after) client->after->before = client->before;
    events->client_count--;
    pthread_mutex_unlock(&events->mutex);
    free(client);
}

/* Where a client goes on: behind the event it names, else at the newest. */
static void place_client(struct heng_event_client *client, const char *last_id)
{
    const struct heng_events *events = client->events;
    client->next = events->next;
    client->note_n = (size_t)snprintf(client->note, sizeof client->note, "retry: 2000\n\n");
    if (!last_id) return;
    char *end;
    long long epoch = strtoll(last_id, &end, 10);
    uint64_t number = *end == '-' ? strtoull(end + 1, &end, 10) : 0;
    if (*end == '\0' && epoch == events->epoch && number < events->next && in_ring(events, number + 1))
        client->next = number + 1;
    else
        send_reload(client);
}

struct MHD_Response *heng_events_open(struct heng_events *events, struct MHD_Connection *connection,
                                      const char *last_id)
{
    struct heng_event_client *client = calloc(1, sizeof *client);
    if (!client) return NULL;
    client->events = events;
    client->connection = connection;
    client->told_us = heng_clock_mono();
    pthread_mutex_lock(&events->mutex);
    bool full = events->stopping || events->client_count == events->client_max;
    if (!full) {
        place_client(client, last_id);
        client->after = events->clients;
        if (client->after) client->after->before = client;
        events->clients = client;
        events->client_count++;
    }
    pthread_mutex_unlock(&events->mutex);
    if (full) {
        free(client);
        return NULL;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_events, client, free_client);
    if (!response) {
        free_client(client);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no"); /* a proxy in front must not collect */
    heng_api_common_headers(response);
    return response;
}

/* With the mutex held: is there anything for the client? */
static bool has_news(struct heng_event_client *client, heng_us now_us)
{
    const struct heng_events *events = client->events;
    if (events->stopping || client->next != events->next) return true;
    if (now_us - client->told_us < events->heartbeat_us) return false;
    client->note_n = (size_t)snprintf(client->note, sizeof client->note, ": alive\n\n");
    client->note_sent = 0;
    return true;
}

void heng_events_wake(struct heng_events *events)
{
    heng_us now_us = heng_clock_mono();
    pthread_mutex_lock(&events->mutex);
    for (struct heng_event_client *client = events->clients; client; client = client->after) {
        if (!client->suspended || !has_news(client, now_us)) continue;
        client->suspended = false;
        MHD_resume_connection(client->connection);
    }
    pthread_mutex_unlock(&events->mutex);
}

void heng_events_stop(struct heng_events *events)
{
    pthread_mutex_lock(&events->mutex);
    events->stopping = true;
    pthread_mutex_unlock(&events->mutex);
    heng_events_wake(events);
}
