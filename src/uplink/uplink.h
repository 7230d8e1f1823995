#ifndef HENG_UPLINK_UPLINK_H
#define HENG_UPLINK_UPLINK_H
/* What the two ends of an uplink share: limits, and the messages as structures. Both ends (client.h, host.h) are pure
 * state machines; bytes on the wire are drawn in uplink.proto. Texts and slices in messages are borrowed until the next
 * call of the machine that gave them. Times are wall clock where the name does not say monotonic. */
#include "base/rc.h"
#include "model/entry.h"
#include "model/line.h"
#include "model/search.h"

enum {
    HENG_UPLINK_VERSION = 1,
    HENG_UPLINK_OLDEST_VERSION = 1,
    HENG_UPLINK_MESSAGE_MAX = 1024 * 1024, /* a longer one ends the connection */
    HENG_UPLINK_STRANGER_MAX = 8 * 1024,   /* of one who has no certificate yet */
    HENG_UPLINK_HELLO_MAX = 32 * 1024,     /* before Hello: it may tell of all gateways below */
    HENG_UPLINK_BATCH_BYTES = 64 * 1024,   /* usual */
    HENG_UPLINK_WINDOW_BYTES = 256 * 1024, /* usual */
    HENG_UPLINK_BATCH_ENTRIES_MAX = 512,
    HENG_UPLINK_GONE_MAX = 256,     /* ranges of one batch */
    HENG_UPLINK_UNDER_WAY_MAX = 16, /* batches that are not acknowledged, beside their bytes */
    HENG_UPLINK_REQUEST_MAX = 4096, /* a certificate request, DER */
    HENG_UPLINK_PING_S = 60,
    HENG_UPLINK_PATH_MAX = 4, /* gateways one below the other */
    HENG_UPLINK_CHILDREN_MAX = 64
};

/* X(symbol, text, number): why a connection is refused. The texts are in logs, database and catalogues. */
#define HENG_REFUSAL_LIST(X)                                                                                           \
    X(UNKNOWN, "unknown-gateway", 1)                                                                                   \
    X(REVOKED, "revoked", 2)                                                                                           \
    X(VERSION, "version", 3)   /* no version of the protocol that both speak */                                        \
    X(PROTOCOL, "protocol", 4) /* what it said cannot be */                                                            \
    X(TOO_LONG, "too-long", 5)                                                                                         \
    X(SEQUENCE, "sequence", 6) /* a batch that does not go on where the last one ended */                              \
    X(FORKED, "forked", 7)     /* another history than the one that is known */                                        \
    X(REPLACED, "replaced", 8) /* the same gateway has connected anew */                                               \
    X(BUSY, "busy", 9)         /* too many at once, or the disk does not take more now */                              \
    X(STOPPING, "stopping", 10)                                                                                        \
    X(ENROLMENT, "enrolment", 11) /* too many wait to be accepted, or its request cannot be */                         \
    X(SILENT, "silent", 12)

typedef enum heng_refusal {
#define X(symbol, text, number) HENG_REFUSAL_##symbol = number,
    HENG_REFUSAL_LIST(X)
#undef X
} heng_refusal;

const char *heng_refusal_text(heng_refusal refusal); /* "unknown" for a number outside */

/* A gateway of the tree below, for the operator. */
struct heng_uplink_child {
    int64_t gateway_id, via_id; /* via_id: the gateway above it; 0: the one that tells */
    bool connected;
    heng_us last_contact_us, clock_error_us;
    uint64_t queued, config_version;
    char software[48], firmware[48];
};

struct heng_hello {
    uint32_t version, oldest_version;
    char software[48], firmware[48];
    uint64_t epoch, first, last; /* of the journal; last 0: it is empty */
    uint64_t config_version;
    heng_us clock_us;
    bool clock_doubtful;
    uint64_t free_bytes;
    bool can_order, can_search, can_tunnel, can_cascade; /* capabilities */
    size_t child_count;
    struct heng_uplink_child children[HENG_UPLINK_CHILDREN_MAX];
};

/* resume_after 0: from the beginning of what is there. */
struct heng_welcome {
    uint32_t version;
    uint64_t epoch, resume_after, resume_check;
    heng_us clock_us;
    uint32_t window_bytes, batch_bytes, ping_s;
    uint64_t config_version;
    int64_t gateway_id;
    char name[96];
};

/* Numbers first..last: each is in entries or in gone. entries: seq ascending, in the numbers of the one that sends;
 * maker: of entries that are passed on, 0 in gateway_id for its own, whose entry.seq is the number itself. */
struct heng_batch_entry {
    uint64_t seq;
    struct heng_entry entry;
};
struct heng_batch {
    uint64_t epoch, first, last;
    const struct heng_batch_entry *entries;
    size_t entry_count;
    const struct heng_entry_range *gone;
    size_t gone_count;
};

/* path: see uplink.proto. */
struct heng_path {
    size_t n;
    int64_t gateway_ids[HENG_UPLINK_PATH_MAX];
};

struct heng_down_order {
    int64_t id, group;
    bool command;
    heng_class cls;
    int64_t line_id, device_id; /* device_id 0: a broadcast in protocol */
    heng_protocol protocol;
    struct heng_order order;
    heng_us expires_us;
    struct heng_path path;
};

struct heng_down_search {
    int64_t line_id;
    heng_search_kind kind;
    bool known_only, stop;
    char resume[HENG_SEARCH_PLACE_MAX]; /* "": from the beginning */
    struct heng_path path;
};

struct heng_tunnel_message {
    uint64_t id;
    bool open, close;
    int64_t line_id;
    uint32_t seconds;
    char who[64], why[120];
    struct heng_slice bytes;
    struct heng_path path;
};

/* What an Outcome answers. */
typedef enum heng_outcome_of {
    HENG_OUTCOME_OF_CONFIG = 19,
    HENG_OUTCOME_OF_ORDER = 20,
    HENG_OUTCOME_OF_CANCEL = 21,
    HENG_OUTCOME_OF_SEARCH = 22,
    HENG_OUTCOME_OF_TUNNEL = 32
} heng_outcome_of;

struct heng_down_outcome {
    heng_outcome_of what;
    int64_t of, gateway_id;
    bool taken;
    char why[160];
};

struct heng_enrol_ask {
    struct heng_slice request; /* DER */
    char name[64], serial[48], software[48];
    int64_t via_id;
};

struct heng_enrol_answer {
    bool waiting;
    struct heng_slice certificate, authority; /* DER; n 0: none */
    char why[160];
    uint32_t retry_s;
    uint8_t request_hash[32];
};

struct heng_ping {
    heng_us clock_us;
    bool clock_doubtful;
    uint64_t queued, config_version;
    size_t child_count;
    struct heng_uplink_child children[HENG_UPLINK_CHILDREN_MAX];
};

#endif
