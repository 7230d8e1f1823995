#ifndef HENG_GATEWAY_CORE_PARTS_H
#define HENG_GATEWAY_CORE_PARTS_H
/* What the heart of a gateway is made of; what its files do with it: core_inside.h.
 *
 * All of it is bounded: see core_limits.h. The largest: what is to be written again after an error of the disk,
 * twice CORE_PENDING_BYTES or a configuration; a batch, CORE_BATCH_BYTES; the configurations, three messages and what
 * they unpack to. */
#include "gateway/core.h"
#include "gateway/core_limits.h"

/* --- core_journal.c --- */

/* What is written, so that it can be written again when the commit fails: an own entry, or something to be remembered.
 * name, bytes: offsets in the memory of the pending. */
struct core_op {
    bool keep;
    struct heng_entry entry;
    size_t name, at, n;
};

struct core_pending {
    struct core_op *ops;
    size_t op_count, op_cap;
    uint8_t *bytes;
    size_t n, cap;
};

struct core_journal {
    struct heng_spool *spool; /* NULL: the disk has failed; opened again at retry_us */
    struct heng_spool_limits limits;
    bool failed;             /* nothing can be written: the disk is full, or has failed */
    heng_us failed_since_us; /* wall clock */
    heng_us retry_us;
    bool tried; /* to make room, since it failed: the lines must hear of it */
    struct core_pending pending;
    size_t in_doubt; /* the first ops of pending: their commit failed, and may have succeeded */
    size_t written;  /* in the open transaction, those of the children too */
    size_t written_bytes;
    heng_us commit_us; /* HENG_US_NEVER: nothing waits */
    unsigned commits;  /* since the last thinning */
    size_t thin_bytes;
    heng_us thin_us;
    uint64_t epoch, first, last, acked, damaged; /* committed; acked by the tier above; damaged: told up to there */
    bool acked_news, fork;
    int64_t tokens[CORE_TOKENS_MAX]; /* let_go of them are committed, token_count are known */
    size_t token_count, let_go;
};

/* --- core_salvage.c --- */

/* from NULL: nothing is being saved. again: it is to be begun where it had come to. */
struct core_salvage {
    struct heng_salvage *from;
    char path[512];
    uint64_t skip, looked, saved;
    heng_us at_us; /* monotonic */
    bool at_start, again;
};

/* What the tier above asked of the journal, and waits for. */
struct core_wanted {
    bool welcome, read;
    uint64_t resume_after, resume_check, from;
    uint32_t bytes_max;
};

struct core_live {
    int64_t device_id;
    uint64_t seq;
};

struct core_batch_room {
    struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    struct heng_entry_range gone[HENG_UPLINK_GONE_MAX];
    uint8_t bytes[CORE_BATCH_BYTES];
};

/* --- core_clock.c --- */

/* Time of ours = now + skew_us + offset_us. skew_us: the system's wall clock above the monotonic one. newest_us: of the
 * entries that were made since the clock was last set. error_us: of the last correction, taken at taken_us. seen_us:
 * monotonic, when the system's clock was looked at. */
struct core_clock {
    heng_us skew_us, offset_us, newest_us, error_us, taken_us, seen_us;
    bool doubtful, corrected;
};

/* --- core_config.c --- */
struct core_config_slot {
    uint8_t *bytes;
    size_t n;
    struct heng_gateway_config config; /* version 0: there is none */
    void *memory;
    uint64_t child_versions[HENG_UPLINK_CHILDREN_MAX];
};

/* --- core_orders.c --- */
struct core_order {
    int64_t id, line_id, device_id;
    heng_us ended_us; /* wall clock; 0: it has not ended */
    heng_us expires_us;
    uint8_t kind, stage;
    bool command;
};

/* --- core_children.c --- */

/* A gateway of the tree below us. child_id: the one right below us by which it hangs. */
struct core_node {
    struct heng_uplink_child what;
    int64_t child_id;
    bool told, told_connected;
    heng_us told_us; /* monotonic */
};

/* A connection from below. host NULL: there is none. */
struct core_conn {
    struct heng_host *host;
    bool stirred, stranger, welcomed;
    bool over;    /* it was refused: nothing that it says counts any more */
    bool hang_up; /* it found no memory */
    int64_t gateway_id;
    uint64_t serial, offered_version; /* offered: of its configuration */
    char name[64];
    uint64_t epoch, taken, stored; /* taken: written; stored: committed */
    size_t unstored;               /* bytes of what is between them */
    heng_us since_us;              /* monotonic */
};

struct core_asker {
    int conn; /* -1: free */
    uint8_t hash[32];
};

/* Who asked what goes where: answers come from there only. conn -1: ours. */
struct core_way {
    uint64_t id; /* 0: free */
    int conn;
};

struct heng_core {
    struct heng_core_config config;
    char *journal_path, *vfs;
    uint8_t *request;
    struct core_journal journal;
    struct core_salvage salvage;
    struct core_wanted wanted;
    struct core_live *live; /* CORE_LIVE_MAX, by device; NULL until the first one */
    size_t live_count;
    struct core_clock clock;
    struct core_config_slot in_force, offered, waiting;
    bool config_at_start, config_told; /* the offered one: is of the journal, is with the owner */
    bool config_kept, config_news;     /* the one in force: is in the journal, is not told above yet */
    uint64_t config_refused;
    char config_why[160];
    struct core_order *orders; /* by id */
    size_t order_count, order_cap;
    struct heng_client *client;
    bool welcomed;
    int64_t own_id;
    bool renewing;
    uint8_t renew_hash[32];
    struct heng_down_outcome outcomes[CORE_OUTCOMES_MAX];
    size_t outcome_count;
    uint64_t free_bytes;
    bool full_told, busy;
    struct core_node nodes[HENG_UPLINK_CHILDREN_MAX];
    size_t node_count;
    uint64_t look; /* of the nodes, as it was told above */
    struct core_conn conns[HENG_UPLINK_CHILDREN_MAX];
    int turn;
    struct core_asker askers[CORE_ASKERS_MAX];
    heng_us ask_credit_us; /* monotonic, see core_pass.c */
    struct core_way asks[CORE_ASKS_MAX], tunnels[CORE_TUNNELS_MAX];
    size_t next_ask;
    heng_us refused_us; /* when the last REFUSED event was told */
    /* rooms */
    struct core_batch_room batch;
    struct heng_client_action up;
    struct heng_host_action below;
    uint8_t body[HENG_ENTRY_BODY_MAX];
};

#endif
