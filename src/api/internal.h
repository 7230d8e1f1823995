#ifndef HENG_API_INTERNAL_H
#define HENG_API_INTERNAL_H
/* The parts of the server among themselves. Inside of api/ only. */
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "api/contract.h"
#include "api/server.h"
#include "flow/desk.h"
#include "flow/gateways.h"

/* ---- answers (answer.c) ---- */

enum { HENG_API_BODY_MAX = 16 << 20, HENG_API_ARENA_MAX = 64 << 20 };

/* A response with the headers that every one of them carries; NULL without memory. Takes body, which is malloc'ed. */
struct MHD_Response *heng_api_response_take(char *body, size_t n, const char *content_type);
/* The same for memory that stays for ever. */
struct MHD_Response *heng_api_response_keep(const void *body, size_t n, const char *content_type);
/* Add those headers to a response made elsewhere. */
void heng_api_common_headers(struct MHD_Response *response);

/* A problem document (RFC 9457). code: as in the logs. */
struct MHD_Response *heng_api_problem_response(unsigned status, const char *code, const char *detail);

/* The HTTP status that fits a result code: of a question, and of a wish, whose errors are the asker's. */
unsigned heng_api_status_of(heng_rc rc);
unsigned heng_api_wish_status_of(heng_rc rc);

/* Run a route with checked parameters. upload: of a route that takes one. Always sets a status; response is NULL only
 * without memory. */
struct MHD_Response *heng_api_run_route(struct heng_api *api, const struct heng_api_route *route,
                                        const struct heng_api_input *input, const struct heng_api_upload *upload,
                                        struct heng_store_reader *reader, unsigned *ret_status);

/* ---- requests and workers (queue.c) ---- */

/* One request. bad_uri: the path held a NUL. body: at most HENG_API_REQUEST_MAX bytes, of a file none: it is in upload;
 * too_large: there were more; broken: it could not be kept. */
enum { HENG_API_REQUEST_MAX = 16384 };
struct heng_request {
    struct heng_api *api;
    struct MHD_Connection *connection;
    bool seen, queued, refused, bad_uri, too_large, broken;
    bool uploads; /* has one of the places of those who upload */
    char *body;
    size_t body_n;
    struct heng_api_upload upload; /* fd -1: none */
    const struct heng_api_route *route;
    struct heng_api_input input;
    unsigned status;
    struct MHD_Response *response; /* set by a worker */
    struct heng_request *next;     /* in the queue */
};

/* A bounded queue and the threads that empty it. Full means refused, with 503. */
struct heng_api_queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct heng_request *first, *last;
    unsigned waiting, max;
    bool stopping;
    unsigned worker_count;
    struct heng_worker *workers;
};

HENG_NODISCARD heng_rc heng_api_queue_start(struct heng_api_queue *queue, const char *database, unsigned workers,
                                            unsigned max, struct heng_err *err);
/* Suspends the connection of the request and hands it to a worker. False when full or stopping. */
bool heng_api_queue_put(struct heng_api_queue *queue, struct heng_request *request);
void heng_api_queue_stop(struct heng_api_queue *queue); /* after all that waits is answered */

/* ---- live events (events.c) ---- */

struct heng_event {
    char *text;
    size_t n;
};

/* One ring of events; each client has a place in it. epoch: told in ids, so that those of an earlier run are known. */
enum { HENG_EVENTS_RING = 4096 };
struct heng_events {
    pthread_mutex_t mutex;
    struct heng_event ring[HENG_EVENTS_RING];
    uint64_t next; /* number of the next event; the first is 1 */
    int64_t epoch;
    struct heng_event_client *clients;
    unsigned client_count, client_max;
    heng_us heartbeat_us;
    bool stopping;
};

void heng_events_init(struct heng_events *events, unsigned client_max, unsigned heartbeat_ms);
void heng_events_fini(struct heng_events *events);
void heng_events_publish(struct heng_events *events, const char *event, const char *json);
/* A stream for a new client; NULL when there are too many or without memory. last_id: Last-Event-ID or NULL. */
struct MHD_Response *heng_events_open(struct heng_events *events, struct MHD_Connection *connection,
                                      const char *last_id);
/* Wake the clients that have something to get. */
void heng_events_wake(struct heng_events *events);
/* End all streams, and refuse new ones. */
void heng_events_stop(struct heng_events *events);

/* ---- connections (connections.c) ---- */

/* Every open connection and until when its client must have said something whole. */
struct heng_connection {
    int fd;
    heng_us deadline_us;
    struct heng_connection *before, *next;
};

struct heng_connections {
    pthread_mutex_t mutex;
    struct heng_connection *first;
    heng_us timeout_us;
};

void heng_connections_init(struct heng_connections *connections, unsigned timeout_s);
void heng_connections_fini(struct heng_connections *connections);
/* The callback of MHD_OPTION_NOTIFY_CONNECTION. */
void heng_connection_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code);
/* timeout_us: from now on; HENG_US_NEVER: none. */
void heng_connection_expect(struct heng_connections *connections, struct MHD_Connection *connection,
                            heng_us timeout_us);
/* Shut those that are overdue. */
void heng_connections_reap(struct heng_connections *connections);

/* ---- files of the console (files.c) ---- */

HENG_NODISCARD heng_rc heng_files_check_root(const char *web_root, struct heng_err *err);
struct MHD_Response *heng_files_answer(const struct heng_api_options *options, struct MHD_Connection *connection,
                                       const char *path, unsigned *ret_status);
/* True when the header Accept-Encoding allows gzip. */
bool heng_files_accepts_gzip(const char *header);
/* True when the header If-None-Match names the tag. */
bool heng_files_etag_matches(const char *header, const char *etag);

/* ---- the server (server.c) ---- */

/* A bucket of wishes: each takes one, and they come back with time. */
struct heng_rate {
    pthread_mutex_t mutex;
    heng_us at_us;
    int64_t left_micro;
};

struct heng_api {
    struct heng_api_options options;
    struct MHD_Daemon *daemon;
    int listen_fd;
    uint16_t port;
    heng_us started_us;
    struct heng_api_queue queue, wishes; /* who wants something may wait for a disk; who asks does not wait behind it */
    struct heng_events events;
    struct heng_connections connections;
    pthread_t ticker;
    bool ticking, stop_ticking, wake; /* all three under tick_mutex */
    pthread_mutex_t tick_mutex;
    pthread_cond_t tick;
    pthread_mutex_t health_mutex;
    char health[HENG_HEALTH_PARTS][HENG_DETAIL_MAX];
    struct heng_latency latency; /* under health_mutex */
    struct heng_rate rate, message_rate;
    atomic_uint uploads;
    struct heng_verification *verification;
};

/* Whose call is it? There are no accounts yet: whoever reaches the server is its operator. */
int64_t heng_api_scope(const struct heng_api_call *call);

/* Have the writer do it in one transaction, and tell who wants to know that places or meters may have changed.
 * Errors: ECLOSED nothing can be changed here; those of run. */
HENG_NODISCARD heng_rc heng_api_change(struct heng_api_call *call,
                                       heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err),
                                       void *ctx, struct heng_err *err);

/* ---- wishes (wishes.c) ---- */

/* In the arena of the call; NULL without memory. */
struct heng_wish *heng_api_new_wish(struct heng_api_call *call, heng_wish_kind kind);
/* Put it on the desk and wait for its receipt. */
heng_rc heng_api_ask_desk(struct heng_api_call *call, const struct heng_wish *wish, struct heng_api_receipt *ret,
                          struct heng_err *err);

/* ---- views to contract (convert.c) ---- */

struct heng_api_line heng_api_line_from(const struct heng_line_row *row);
struct heng_api_meter heng_api_meter_from(const struct heng_meter_view *view, struct heng_arena *arena);
struct heng_api_value heng_api_value_from(const struct heng_value_view *view, struct heng_arena *arena);
struct heng_api_command heng_api_command_from(const struct heng_command_row *row, struct heng_arena *arena);
struct heng_api_search heng_api_search_from(const struct heng_search_row *row);
struct heng_api_order_event heng_api_order_event_from(const struct heng_order_fact *order);
struct heng_api_live_reading heng_api_live_reading_from(const struct heng_reading_view *view, struct heng_arena *arena);
struct heng_api_gateway heng_api_gateway_from(const struct heng_gateway_row *row); /* gateways.c */
/* Exact decimal text in the arena; NULL without memory. */
const char *heng_api_dec_text(struct heng_arena *arena, struct heng_dec dec);

#endif
