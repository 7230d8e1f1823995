#ifndef HENG_API_SERVER_H
#define HENG_API_SERVER_H
/* The HTTP server: JSON under /api/v1, live events, and the files of the console. */
#include "base/rc.h"
#include "flow/ingest.h"
#include "flow/latency.h"

/* One file of the console, as script/generate-web.py makes it. gzip NULL: not worth compressing. */
struct heng_web_file {
    const char *path; /* "/assets/index-1234.js" */
    const char *mime, *etag;
    bool immutable; /* the name changes with the content */
    const uint8_t *raw, *gzip;
    size_t raw_n, gzip_n;
};

struct heng_profiles;
struct heng_desk;
/* Work on the database in a transaction of its writer, while who calls waits; committed when run returns OK. Errors:
 * what run returns, ECLOSED, EIO. */
typedef heng_rc heng_api_write(void *owner, heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err),
                               void *ctx, struct heng_err *err);

struct heng_api_options {
    const char *address;                  /* 127.0.0.1 or ::1; "" for 127.0.0.1 */
    uint16_t port;                        /* 0: any free one */
    const char *database;                 /* path, for the read connections */
    const struct heng_profiles *profiles; /* to read frames with; borrowed, may be NULL */
    struct heng_desk *desk;               /* where wishes go; borrowed. NULL: no line runs, wishes are refused */
    heng_api_write *write;                /* NULL: nothing can be changed but by the desk */
    void *write_owner;
    void (*archive_changed)(void *owner); /* places, meters or lines are others now; from any thread. May be NULL */
    void *archive_owner;
    const char *spool; /* folder for files that come in or go out, while they do; NULL: they are kept in memory */
    const struct heng_web_file *files; /* the built-in console, or NULL */
    size_t file_count;
    const char *web_root;       /* read the console from this directory instead; NULL: built in */
    unsigned workers;           /* read connections, 1..64; 0: 4 */
    unsigned queue_max;         /* requests that wait for a worker before 503; 0: 256 */
    unsigned connections_max;   /* 0: 1024 */
    unsigned listeners_max;     /* browsers on /api/v1/events; 0: 512 */
    unsigned request_timeout_s; /* for the whole head of a request, and between requests; 0: 15 */
    unsigned heartbeat_ms;      /* between comments on an idle event stream; 0: 15000 */
};

struct heng_api;

/* Start to serve; it runs in its own threads.
 * Errors: EDENIED for an address that is not loopback, EBUSY for a port in use, ENOTFOUND for a web_root that is none,
 *         those of heng_store_reader_open. */
HENG_NODISCARD heng_rc heng_api_start(const struct heng_api_options *options, struct heng_api **ret,
                                      struct heng_err *err);

/* The port it listens on. */
uint16_t heng_api_port(const struct heng_api *api);

/* Answers what is in work, ends the event streams, closes. Accepts NULL. */
void heng_api_stop(struct heng_api *api);

/* Tell all listening browsers; the text is copied. From any thread. json must not hold line breaks. */
void heng_api_publish(struct heng_api *api, const char *event, const char *json);

/* Tell what a batch brought: `event: reading`, `line`, `order`, `search`. */
void heng_api_publish_live(struct heng_api *api, const struct heng_live *live, size_t count);

/* Who may have trouble. */
typedef enum heng_health_part { HENG_HEALTH_STORE, HENG_HEALTH_LINES, HENG_HEALTH_PARTS } heng_health_part;

/* From an answer on the socket to its commit. */
void heng_api_set_latency(struct heng_api *api, const struct heng_latency *latency);

/* What the health page says beyond "ok" about one part; detail "" when it is well. The first part with trouble shows.
 */
void heng_api_set_health(struct heng_api *api, heng_health_part part, const char *detail);

#endif
