/* The HTTP server: who may ask, what goes where, start and stop.
 *
 *   libmicrohttpd (2 threads, epoll) -> access() -> files, refusals: answered at once
 *                                                -> routes: suspended, queue -> worker -> resumed, answered
 *                                                -> /api/v1/events: a stream, suspended while there is no news */
#include "api/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/internal.h"
#include "api/money/verification.h"
#include "api/upload.h"
#include "base/log.h"

enum {
    HTTP_THREADS = 2,
    WISH_WORKERS = 4,
    REQUEST_MEMORY = 32768,
    ANSWER_TIMEOUT_S = 120,
    UPLOAD_TIMEOUT_S = 1800,
    TICK_MS = 1000,
    GATHER_MS = 20
};

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    if (!response) return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_problem(struct MHD_Connection *connection, unsigned status, const char *code,
                                    const char *detail)
{
    return send_response(connection, status, heng_api_problem_response(status, code, detail));
}

/* Is the host that the browser believes to talk to this machine? A page of a foreign name that was made to point here
 * (DNS rebinding) would otherwise read everything. */
static bool is_our_host(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; host && i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) != 0) continue;
        if (host[n] == '\0') return true;
        if (host[n] == ':' && host[n + 1] && strspn(host + n + 1, "0123456789") == strlen(host + n + 1)) return true;
    }
    return false;
}

static enum MHD_Result collect_arg(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                   const char *value, size_t value_n)
{
    struct heng_request *request = cls;
    struct heng_api_input *input = &request->input;
    (void)kind;
    if (strlen(name) != name_n || (value && strlen(value) != value_n)) request->bad_uri = true;
    if (input->arg_count == HENG_API_ARGS_MAX) {
        request->bad_uri = true;
        return MHD_NO;
    }
    input->args[input->arg_count++] = (struct heng_api_arg){name, value ? value : ""};
    return MHD_YES;
}

/* Those behind the last place are not looked at: a message that needs one of them is not believed. */
static enum MHD_Result collect_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct heng_api_input *input = &((struct heng_request *)cls)->input;
    (void)kind;
    if (input->header_count == HENG_API_HEADERS_MAX) return MHD_NO;
    input->headers[input->header_count++] = (struct heng_api_header){name, value ? value : ""};
    return MHD_YES;
}

static enum MHD_Result answer_stream(struct heng_request *request)
{
    const char *last_id = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Last-Event-ID");
    struct MHD_Response *response = heng_events_open(&request->api->events, request->connection, last_id);
    if (!response)
        return send_problem(request->connection, MHD_HTTP_SERVICE_UNAVAILABLE, heng_rc_name(HENG_EBUSY),
                            "too many pages listen to live events");
    heng_connection_expect(&request->api->connections, request->connection, HENG_US_NEVER);
    return send_response(request->connection, MHD_HTTP_OK, response);
}

static enum MHD_Result refuse_method(struct MHD_Connection *connection, const char *allow)
{
    char text[96];
    snprintf(text, sizeof text, "only %s here", allow);
    struct MHD_Response *response =
        heng_api_problem_response(MHD_HTTP_METHOD_NOT_ALLOWED, heng_rc_name(HENG_EUNSUPPORTED), text);
    if (response) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    return send_response(connection, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

static bool is_question(const char *method)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* Of a body that is kept in memory. */
static size_t body_max(const struct heng_api_route *route)
{
    return route->message ? HENG_API_MESSAGE_MAX : HENG_API_REQUEST_MAX;
}

static const char *too_long(const struct heng_api_route *route, char *text, size_t cap)
{
    uint64_t max = route->upload_max ? route->upload_max : body_max(route);
    snprintf(text, cap, "the body is longer than %llu bytes", (unsigned long long)max);
    return text;
}

static enum MHD_Result answer_api(struct heng_request *request, const char *method, const char *path)
{
    struct MHD_Connection *connection = request->connection;
    if (is_question(method) && strcmp(path, "/api/openapi.json") == 0)
        return send_response(connection, MHD_HTTP_OK,
                             heng_api_response_keep(heng_api_openapi, heng_api_openapi_n, "application/json"));
    char allow[HENG_API_ALLOW_MAX], text[64];
    request->route = heng_api_find_route(method, path, &request->input, allow);
    if (!request->route && allow[0]) return refuse_method(connection, allow);
    if (!request->route)
        return send_problem(connection, MHD_HTTP_NOT_FOUND, heng_rc_name(HENG_ENOTFOUND),
                            "there is no such operation: see /api/openapi.json");
    if (request->too_large)
        return send_problem(connection, MHD_HTTP_CONTENT_TOO_LARGE, heng_rc_name(HENG_ELIMIT),
                            too_long(request->route, text, sizeof text));
    if (request->broken)
        return send_problem(connection, MHD_HTTP_INSUFFICIENT_STORAGE, heng_rc_name(HENG_EIO),
                            "there is no room for the file: the disk of the server is full");
    request->input.body = heng_slice_of((const uint8_t *)request->body, request->body_n);
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, collect_arg, request);
    if (request->bad_uri)
        return send_problem(connection, MHD_HTTP_BAD_REQUEST, heng_rc_name(HENG_ERANGE),
                            "too many parameters, or a zero byte in one");
    if (request->route->message) MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_header, request);
    if (request->route->stream) return answer_stream(request);
    if (request->upload.fd >= 0) /* all of it is there: now it is the writer that takes its time */
        heng_connection_expect(&request->api->connections, connection, UPLOAD_TIMEOUT_S * HENG_US_PER_S);
    struct heng_api *api = request->api;
    if (heng_api_queue_put(is_question(method) ? &api->queue : &api->wishes, request)) return MHD_YES;
    return send_problem(connection, MHD_HTTP_SERVICE_UNAVAILABLE, heng_rc_name(HENG_EBUSY),
                        "too many requests at once: try again in a second");
}

static enum MHD_Result count_host(void *count, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    (void)value;
    if (strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0) ++*(int *)count;
    return MHD_YES;
}

/* One of a burst of 50, then 20 each second. */
enum { WISH_BURST = 50, WISHES_PER_S = 20 };
static bool take_turn(struct heng_rate *rate)
{
    heng_us now_us = heng_clock_mono();
    pthread_mutex_lock(&rate->mutex);
    rate->left_micro += (now_us - rate->at_us) * WISHES_PER_S;
    if (!rate->at_us || rate->left_micro > WISH_BURST * HENG_US_PER_S) rate->left_micro = WISH_BURST * HENG_US_PER_S;
    rate->at_us = now_us;
    bool mine = rate->left_micro >= HENG_US_PER_S;
    if (mine) rate->left_micro -= HENG_US_PER_S;
    pthread_mutex_unlock(&rate->mutex);
    return mine;
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t n = sizeof json - 1;
    return type && strncasecmp(type, json, n) == 0 && (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* Does the host name our port too? A browser leaves out 80. */
static bool is_our_port(const struct heng_api *api, const char *host)
{
    const char *colon = strrchr(host, ':');
    if (!colon || strchr(colon, ']')) return api->port == 80;
    return strtoul(colon + 1, NULL, 10) == api->port;
}

static enum MHD_Result refuse_with(struct heng_request *request, unsigned status, heng_rc rc, const char *detail)
{
    request->refused = true;
    return send_problem(request->connection, status, heng_rc_name(rc), detail);
}

/* Messages of others have a bucket of their own: people and they do not keep each other waiting. */
static enum MHD_Result refuse_message(struct heng_request *request)
{
    if (take_turn(&request->api->message_rate)) return MHD_YES;
    return refuse_with(request, MHD_HTTP_SERVICE_UNAVAILABLE, HENG_EBUSY, "too many messages at once");
}

/* A request that changes something. There is no sign-in yet, so the browser of somebody at this machine must not be
 * turned against us: a page from elsewhere can send no JSON without asking first, and says where it comes from. */
static enum MHD_Result refuse_wish(struct heng_request *request, const struct heng_api_route *route)
{
    struct MHD_Connection *connection = request->connection;
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    const char *origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
    const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!is_our_port(request->api, host))
        return refuse_with(request, MHD_HTTP_MISDIRECTED_REQUEST, HENG_EDENIED, "the Host header names another port");
    if (route->message) return refuse_message(request);
    if (origin && (strncasecmp(origin, "http://", 7) != 0 || strcasecmp(origin + 7, host) != 0))
        return refuse_with(request, MHD_HTTP_FORBIDDEN, HENG_EDENIED, "this page is not one of this server's");
    if (!route->upload_max && !is_json(type))
        return refuse_with(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, HENG_EFORMAT,
                           "the header Content-Type must be application/json");
    if (!take_turn(&request->api->rate))
        return refuse_with(request, MHD_HTTP_SERVICE_UNAVAILABLE, HENG_EBUSY,
                           "too many wishes at once: try again in a second");
    struct heng_err err = {.text = ""};
    heng_rc rc = route->upload_max ? heng_api_upload_begin(request, route, &err) : HENG_OK;
    if (rc == HENG_EFORMAT) return refuse_with(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, rc, err.text);
    if (rc == HENG_ELIMIT) return refuse_with(request, MHD_HTTP_CONTENT_TOO_LARGE, rc, err.text);
    if (rc == HENG_EBUSY) return refuse_with(request, MHD_HTTP_SERVICE_UNAVAILABLE, rc, err.text);
    if (rc != HENG_OK) return refuse_with(request, MHD_HTTP_INSUFFICIENT_STORAGE, rc, err.text);
    return MHD_YES;
}

/* What is refused before anybody looks at the path; an answer ends the request. */
static enum MHD_Result refuse(struct heng_request *request, const char *method, const char *path)
{
    struct MHD_Connection *connection = request->connection;
    int hosts = 0; /* RFC 9112: a request with two of them is a trick */
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_host, &hosts);
    if (hosts > 1)
        return send_problem(connection, MHD_HTTP_BAD_REQUEST, heng_rc_name(HENG_EFORMAT), "more than one Host header");
    if (!is_our_host(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
        return send_problem(connection, MHD_HTTP_MISDIRECTED_REQUEST, heng_rc_name(HENG_EDENIED),
                            "the Host header must be localhost, 127.0.0.1 or [::1]");
    if (!is_question(method)) {
        char allow[HENG_API_ALLOW_MAX];
        const struct heng_api_route *route = heng_api_find_route(method, path, &request->input, allow);
        if (!route) return refuse_method(connection, allow[0] ? allow : "GET, HEAD");
        request->route = route;
        enum MHD_Result refused = refuse_wish(request, route);
        if (request->refused) return refused;
    }
    if (request->bad_uri)
        return send_problem(connection, MHD_HTTP_BAD_REQUEST, heng_rc_name(HENG_ERANGE), "a zero byte in the path");
    return MHD_YES;
}

static void gather(struct heng_request *request, const char *body, size_t n)
{
    if (request->route->upload_max) {
        heng_api_upload_add(request, request->route, body, n);
        return;
    }
    if (!request->body) request->body = malloc(body_max(request->route));
    if (!request->body || n > body_max(request->route) - request->body_n) {
        request->too_large = true;
        return;
    }
    memcpy(request->body + request->body_n, body, n);
    request->body_n += n;
}

/* The callback for each request: first when its head is there, then for its body, last after a worker is done. */
static enum MHD_Result access_request(void *cls, struct MHD_Connection *connection, const char *path,
                                      const char *method, const char *version, const char *body, size_t *body_n,
                                      void **request_context)
{
    struct heng_request *request = *request_context;
    struct heng_api *api = cls;
    (void)version;
    if (!request) return MHD_NO; /* without memory at its start */
    if (request->queued) {
        struct MHD_Response *response = request->response;
        request->response = NULL;
        return send_response(connection, request->status, response);
    }
    if (!request->seen) {
        request->seen = true;
        request->connection = connection;
        heng_connection_expect(&api->connections, connection, ANSWER_TIMEOUT_S * HENG_US_PER_S);
        return refuse(request, method, path);
    }
    if (*body_n) {
        if (!is_question(method)) gather(request, body, *body_n);
        *body_n = 0; /* a GET needs no body; it is dropped, the timeout bounds it */
        return MHD_YES;
    }
    if (strncmp(path, "/api/", 5) == 0 || strcmp(path, "/api") == 0) return answer_api(request, method, path);
    unsigned status = MHD_HTTP_NOT_FOUND;
    struct MHD_Response *response = heng_files_answer(&api->options, connection, path, &status);
    return send_response(connection, status, response);
}

static void *begin_request(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct heng_request *request = calloc(1, sizeof *request);
    (void)connection;
    if (!request) return NULL;
    request->api = cls;
    request->upload.fd = -1;
    request->bad_uri = strstr(uri, "%00") != NULL;
    return request;
}

static void end_request(void *cls, struct MHD_Connection *connection, void **request_context,
                        enum MHD_RequestTerminationCode code)
{
    struct heng_api *api = cls;
    struct heng_request *request = *request_context;
    (void)code;
    *request_context = NULL;
    heng_connection_expect(&api->connections, connection, api->connections.timeout_us);
    if (request && request->response) MHD_destroy_response(request->response);
    if (request) heng_api_upload_end(request);
    if (request) free(request->body);
    free(request);
}

static void HENG_PRINTF(2, 0) log_library(void *cls, const char *fmt, va_list args)
{
    char text[256];
    (void)cls;
    vsnprintf(text, sizeof text, fmt, args);
    heng_log(HENG_LOG_DEBUG, "api", "event=http text='%s'", text);
}

/* Wakes the event streams: shortly after news, and each second for heartbeats and for clients that are overdue. */
static void *tick(void *cls)
{
    struct heng_api *api = cls;
    heng_us period_us = TICK_MS * HENG_US_PER_MS;
    if (api->events.heartbeat_us < period_us) period_us = api->events.heartbeat_us;
    pthread_mutex_lock(&api->tick_mutex);
    while (!api->stop_ticking) {
        struct timespec until;
        heng_us at_us = heng_clock_mono() + period_us;
        until.tv_sec = (time_t)(at_us / HENG_US_PER_S);
        until.tv_nsec = (long)(at_us % HENG_US_PER_S) * 1000;
        if (!api->wake) pthread_cond_timedwait(&api->tick, &api->tick_mutex, &until);
        bool news = api->wake;
        api->wake = false;
        pthread_mutex_unlock(&api->tick_mutex);
        if (news) usleep(GATHER_MS * 1000); /* a batch of events wakes each client once */
        heng_events_wake(&api->events);
        heng_connections_reap(&api->connections);
        pthread_mutex_lock(&api->tick_mutex);
    }
    pthread_mutex_unlock(&api->tick_mutex);
    return NULL;
}

static void wake_ticker(struct heng_api *api, bool stop)
{
    pthread_mutex_lock(&api->tick_mutex);
    api->wake = true;
    api->stop_ticking = api->stop_ticking || stop;
    pthread_cond_signal(&api->tick);
    pthread_mutex_unlock(&api->tick_mutex);
}

/* The address to listen on, loopback only. */
static heng_rc parse_address(const struct heng_api_options *options, struct sockaddr_storage *ret, socklen_t *ret_n,
                             struct heng_err *err)
{
    const char *text = options->address && options->address[0] ? options->address : "127.0.0.1";
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    memset(ret, 0, sizeof *ret);
    if (strcmp(text, "localhost") == 0) text = "127.0.0.1";
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1 && ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options->port);
        *ret_n = sizeof *v4;
        return HENG_OK;
    }
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options->port);
        *ret_n = sizeof *v6;
        return HENG_OK;
    }
    return heng_fail(err, HENG_EDENIED, 0,
                     "refusing to listen on %.64s: sign-in does not exist yet; use 127.0.0.1 or ::1", text);
}

static heng_rc open_listener(struct heng_api *api, struct heng_err *err)
{
    struct sockaddr_storage address;
    socklen_t n = 0;
    heng_rc rc = parse_address(&api->options, &address, &n, err);
    if (rc != HENG_OK) return rc;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return heng_fail(err, HENG_EIO, 0, "cannot make a socket: %s", strerror(errno));
    api->listen_fd = fd;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, n) != 0 || listen(fd, 512) != 0) {
        if (errno == EADDRINUSE)
            return heng_fail(err, HENG_EBUSY, 0,
                             "port %u is in use by another program: stop that one, or choose another with heng serve "
                             "--listen HOST:PORT (script/run --port N)",
                             api->options.port);
        return heng_fail(err, HENG_EIO, 0, "cannot listen on port %u: %s", api->options.port, strerror(errno));
    }
    if (getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        return heng_fail(err, HENG_EIO, 0, "cannot tell the port: %s", strerror(errno));
    api->port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                   : ((struct sockaddr_in6 *)&address)->sin6_port);
    return HENG_OK;
}

/* All clients of a loopback address share one address, so there is no limit per address here. */
static heng_rc start_daemon(struct heng_api *api, struct heng_err *err)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    api->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, access_request, api, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, api->listen_fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)HTTP_THREADS,
        MHD_OPTION_CONNECTION_LIMIT, api->options.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)REQUEST_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, api->options.request_timeout_s,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, begin_request, api, MHD_OPTION_NOTIFY_COMPLETED,
        end_request, api, MHD_OPTION_NOTIFY_CONNECTION, heng_connection_notify, &api->connections, MHD_OPTION_END);
    return api->daemon ? HENG_OK : heng_fail(err, HENG_EIO, 0, "cannot start the web server: see the log");
}

static heng_rc start_ticker(struct heng_api *api, struct heng_err *err)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&api->tick, &attr);
    pthread_condattr_destroy(&attr);
    api->ticking = pthread_create(&api->ticker, NULL, tick, api) == 0;
    return api->ticking ? HENG_OK : heng_fail(err, HENG_ELIMIT, 0, "cannot start a thread: too many are running");
}

static unsigned or_default(unsigned value, unsigned fallback) { return value ? value : fallback; }

heng_rc heng_api_start(const struct heng_api_options *options, struct heng_api **ret, struct heng_err *err)
{
    struct heng_api *api = calloc(1, sizeof *api);
    if (!api) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    struct heng_api_options *own = &api->options;
    *own = *options;
    own->workers = or_default(own->workers, 4);
    own->queue_max = or_default(own->queue_max, 256);
    own->connections_max = or_default(own->connections_max, 1024);
    own->request_timeout_s = or_default(own->request_timeout_s, 15);
    api->listen_fd = -1;
    api->started_us = heng_clock_wall();
    pthread_mutex_init(&api->tick_mutex, NULL);
    pthread_mutex_init(&api->health_mutex, NULL);
    pthread_mutex_init(&api->rate.mutex, NULL);
    pthread_mutex_init(&api->message_rate.mutex, NULL);
    heng_events_init(&api->events, or_default(own->listeners_max, 512), or_default(own->heartbeat_ms, 15000));
    heng_connections_init(&api->connections, own->request_timeout_s);
    api->verification = heng_verification_new(own->database);
    heng_rc rc = api->verification ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = own->workers <= 64 ? HENG_OK : heng_fail(err, HENG_ECONFIG, 0, "at most 64 workers");
    if (rc == HENG_OK) rc = heng_files_check_root(own->web_root, err);
    if (rc == HENG_OK) rc = open_listener(api, err);
    if (rc == HENG_OK) heng_api_sketches_clean(api); /* the port is ours: no other server works in this folder */
    if (rc == HENG_OK) rc = heng_api_queue_start(&api->queue, own->database, own->workers, own->queue_max, err);
    if (rc == HENG_OK) rc = heng_api_queue_start(&api->wishes, own->database, WISH_WORKERS, own->queue_max, err);
    if (rc == HENG_OK) rc = start_ticker(api, err);
    if (rc == HENG_OK) rc = start_daemon(api, err);
    if (rc != HENG_OK) {
        heng_api_stop(api);
        return rc;
    }
    *ret = api;
    return HENG_OK;
}

uint16_t heng_api_port(const struct heng_api *api) { return api->port; }

void heng_api_stop(struct heng_api *api)
{
    if (!api) return;
    if (api->daemon) MHD_quiesce_daemon(api->daemon);
    heng_api_queue_stop(&api->queue);
    heng_api_queue_stop(&api->wishes);
    heng_verification_free(api->verification);
    if (api->ticking) {
        wake_ticker(api, true);
        pthread_join(api->ticker, NULL);
    }
    heng_events_stop(&api->events); /* a connection that is still suspended would stop the library from stopping */
    if (api->daemon) MHD_stop_daemon(api->daemon);
    if (api->listen_fd >= 0) close(api->listen_fd);
    heng_connections_fini(&api->connections);
    heng_events_fini(&api->events);
    free(api);
}

void heng_api_publish(struct heng_api *api, const char *event, const char *json)
{
    heng_events_publish(&api->events, event, json);
    wake_ticker(api, false);
}

void heng_api_set_health(struct heng_api *api, heng_health_part part, const char *detail)
{
    pthread_mutex_lock(&api->health_mutex);
    snprintf(api->health[part], sizeof api->health[part], "%s", detail);
    pthread_mutex_unlock(&api->health_mutex);
}

void heng_api_set_latency(struct heng_api *api, const struct heng_latency *latency)
{
    pthread_mutex_lock(&api->health_mutex);
    api->latency = *latency;
    pthread_mutex_unlock(&api->health_mutex);
}
