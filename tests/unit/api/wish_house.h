#ifndef HENG_TESTS_WISH_HOUSE_H
#define HENG_TESTS_WISH_HOUSE_H
/* A server over the small site, and a desk whose other end answers as the test says. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "api/server.h"
#include "flow/desk.h"
#include "unit/small_site.h"

struct house {
    struct small_site site;
    struct heng_store *store;
    struct heng_api *api;
    uint16_t port;
    char host[32];
};

/* The desk with a thread behind it that answers as told and keeps the last wish. */
static struct heng_desk *desk;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static unsigned wakes, wishes;
static bool stopping;
static heng_rc next_rc;
static const struct heng_receipt *next_receipt; /* NULL: a usual one */
static const char *next_text;                   /* of the receipt */
static struct heng_wish last;

static inline void wake(void *owner)
{
    (void)owner;
    pthread_mutex_lock(&mutex);
    wakes++;
    pthread_cond_signal(&news);
    pthread_mutex_unlock(&mutex);
}

static inline void *serve_desk(void *cls)
{
    (void)cls;
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (!wakes && !stopping) pthread_cond_wait(&news, &mutex);
        bool over = stopping;
        wakes = 0;
        pthread_mutex_unlock(&mutex);
        if (over) return NULL;
        for (struct heng_wish_slot *slot; (slot = heng_desk_take(desk)) != NULL;) {
            last = *heng_wish_of(slot);
            wishes++;
            struct heng_receipt receipt = {.id = 42, .accepted = last.device_count + 1, .refused = 1, .why = "one"};
            if (next_receipt) receipt = *next_receipt;
            if (next_text && next_rc == HENG_OK) receipt.text = strdup(next_text);
            heng_desk_answer(desk, slot, &receipt, next_rc, "because of that");
        }
    }
}

static pthread_t server;

/* As the writer's thread does it, one after the other. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static inline heng_rc house_write(void *owner,
                                  heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err), void *ctx,
                                  struct heng_err *err)
{
    struct house *h = owner;
    pthread_mutex_lock(&writing);
    heng_rc rc = heng_store_begin(h->store, err);
    if (rc == HENG_OK) {
        rc = run(ctx, h->store, err);
        if (rc == HENG_OK)
            rc = heng_store_commit(h->store, err);
        else
            heng_store_rollback(h->store);
    }
    pthread_mutex_unlock(&writing);
    return rc;
}

static unsigned house_timeout_s; /* 0: the usual */

static inline void house_open(struct house *h, bool with_desk)
{
    struct heng_err err;
    alarm(120); /* a test that failed leaves its desk behind: the next one must not wait for it for ever */
    h->store = small_site_open(&h->site);
    stopping = false;
    next_rc = HENG_OK;
    next_receipt = NULL;
    next_text = NULL;
    wishes = wakes = 0;
    desk = NULL;
    if (with_desk) {
        assert_ok(heng_desk_new(wake, NULL, &desk, &err));
        assert_int_equal(pthread_create(&server, NULL, serve_desk, NULL), 0);
    }
    struct heng_api_options options = {.database = h->site.path,
                                       .desk = desk,
                                       .write = house_write,
                                       .write_owner = h,
                                       .request_timeout_s = house_timeout_s};
    assert_ok(heng_api_start(&options, &h->api, &err));
    h->port = heng_api_port(h->api);
    snprintf(h->host, sizeof h->host, "localhost:%u", h->port);
}

static inline void house_close(struct house *h)
{
    heng_api_stop(h->api);
    if (desk) {
        pthread_mutex_lock(&mutex);
        stopping = true;
        pthread_cond_signal(&news);
        pthread_mutex_unlock(&mutex);
        pthread_join(server, NULL);
        heng_desk_free(desk);
    }
    heng_store_close(h->store);
    small_site_fini(&h->site);
}

static char answer[1 << 20];

static inline int ask(const struct house *h, const char *method, const char *path, const char *headers,
                      const char *body)
{
    static char request[65536];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(h->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
                     method, path, headers, strlen(body), body);
    for (int at = 0; at < n;) {
        ssize_t sent = send(fd, request + at, (size_t)(n - at), MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += (int)sent;
    }
    size_t got = 0;
    for (ssize_t more; (more = recv(fd, answer + got, sizeof answer - 1 - got, 0)) > 0;) got += (size_t)more;
    answer[got] = '\0';
    close(fd);
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* As the console asks. */
static inline int wish(const struct house *h, const char *method, const char *path, const char *body)
{
    char headers[256];
    snprintf(headers, sizeof headers, "Host: %s\r\nOrigin: http://%s\r\nContent-Type: application/json\r\n", h->host,
             h->host);
    return ask(h, method, path, headers, body);
}

static inline void expect(const struct house *h, const char *method, const char *path, const char *body, int status,
                          const char *words)
{
    int got = wish(h, method, path, body);
    if (got != status || !strstr(answer, words))
        fail_msg("%s %s %s: %d, expected %d and '%s': %.600s", method, path, body, got, status, words, answer);
}

#endif
