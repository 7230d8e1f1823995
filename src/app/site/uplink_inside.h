#ifndef HENG_APP_SITE_UPLINK_INSIDE_H
#define HENG_APP_SITE_UPLINK_INSIDE_H
/* What the files of the uplink share.
 *
 *   connection (TLS) ── session ── host (uplink/host.h)      one for each connection
 *                          │
 *                         seat                               one for each gateway, connected or not
 *                          │
 *   writer ◄── delivery ───┘ ──► told ──► loop               what is on its way to the disk, and back */
#include <pthread.h>

#include "app/site/uplink.h"
#include "link/tls.h"
#include "uplink/host.h"

enum {
    UPLINK_COMMANDS_MAX = 4096,
    UPLINK_ANSWERS_MAX = 64, /* people who wait for an answer of a gateway */
    UPLINK_TUNNELS_MAX = 16,
    UPLINK_NOTED_MAX = 64,
    UPLINK_ASKERS_MAX = 256,
    UPLINK_WINDOW_MAX = 256 * 1024,
    UPLINK_WINDOW_MIN = 32 * 1024,
    UPLINK_WINDOWS_ALL = 64 * 1024 * 1024, /* of all connections together */
    UPLINK_TEXT_MAX = 256 * 1024           /* of an answer */
};

struct session;
struct tunnel;

/* A gateway. told_connected: what its list of events says; told_us, since_us, event_us: monotonic. version: of the
 * configuration that it should have, when version_known. pending: deliveries that the writer has. */
struct seat {
    int64_t id, parent_id;
    char name[HENG_NAME_MAX], common_name[64];
    struct session *session;
    unsigned pending;
    struct heng_gateway_status status;
    bool news, told_connected, has_children, version_known, building, config_due;
    uint64_t version, refused_version;
    heng_us told_us, since_us, event_us, renewed_us;
};

/* A batch that found no room with the writer yet. */
struct waiting {
    struct waiting *next;
    size_t n;
    uint8_t bytes[];
};

/* One connection. seat NULL: it has not said who it is, is a stranger, or has been replaced. */
struct session {
    struct site_uplink *uplink;
    struct heng_tls *tls;
    struct heng_host *host;
    struct seat *seat;
    uint64_t number, epoch, newest, serial; /* epoch, newest: of the journal, as Hello said */
    char common_name[64], address[64];
    int64_t revoked_id; /* whose certificate it is, and nobody's any more */
    heng_us since_us;
    bool said_hello, welcomed, polling, can_order, can_search, can_tunnel;
    struct waiting *first, *last;
    struct turn turn;
    uint8_t asked[32]; /* SHA-256 of its request, when asks */
    bool asks;
    struct session *next, *before;
};

/* What the writer has been given and its answer: the token of a fact, or work. All are in a list, so that none is lost
 * when the writer gives up. */
typedef enum told_kind { TOLD_DELIVERY, TOLD_ENROLMENT, TOLD_REVOKED, TOLD_CONFIG, TOLD_RENEWED } told_kind;
struct told {
    struct heng_writer_work work; /* first: it is one */
    told_kind kind;
    struct site_uplink *uplink;
    struct told *next, *before, *after;
    int64_t gateway_id;
    uint64_t session, epoch, durable, version;
    heng_rc rc;
    char why[160];
    struct heng_wish_slot *slot;
    struct heng_enrolment *enrolment;
    uint8_t *bytes;
    size_t n;
    uint64_t serial, serial_before; /* before: of the certificate that is renewed by way of a gateway above it */
    uint8_t hash[32];
    heng_us expires_us;
};

/* A command for a line of a gateway. due: to go down as soon as it can. sent: it has, or may have before the last
 * start; sent_before: without the last time. again_us: monotonic, when a gateway on the way is asked once more. */
struct remote_command {
    int64_t id, line_id, device_id, gateway_id;
    heng_us expires_us, again_us;
    bool due, sent, sent_before;
};

/* Who waits for the answer of a gateway. text: of an Answer so far. */
struct answer {
    struct heng_wish_slot *slot;
    heng_outcome_of what; /* 0: an Answer */
    int64_t of;
    uint64_t session;
    heng_us until_us;
    bool begins; /* a search that the gateway has begun: answered when the database has it */
    heng_search_kind kind;
    heng_us before_us; /* when the one before it was started */
    struct heng_str text;
};

struct asker {
    char address[64];
    heng_us from_us;
    unsigned asks;
};

/* The last refusal that was told of a name or address. */
struct noted {
    char who[64];
    heng_us at_us;
};

struct site_uplink {
    struct site_run *site;
    struct site_uplink_options options;
    struct heng_authority *authority;
    struct heng_tls_listener *listener;
    struct heng_store_reader *reader;
    struct heng_desk *desk;
    uv_async_t async;
    uv_timer_t second;
    bool runs; /* async and second are there */
    uint64_t next_session, next_id;
    struct seat **seats; /* by id */
    size_t seat_count, seat_cap;
    struct session *sessions;
    size_t session_count;
    struct turns turns;
    struct told *all;
    struct remote_command commands[UPLINK_COMMANDS_MAX];
    size_t command_count;
    struct answer answers[UPLINK_ANSWERS_MAX];
    struct tunnel *tunnels;
    struct noted noted[UPLINK_NOTED_MAX];
    struct asker askers[UPLINK_ASKERS_MAX];
    unsigned statuses_left, events_left; /* in this second */
    size_t told_next;
    int64_t line_after;    /* the walk over lines whose gateway is away */
    pthread_mutex_t mutex; /* of what follows, which the writer changes */
    struct told *first, *last;
    bool stopped;
};

#endif
