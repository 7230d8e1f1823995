#ifndef HENG_GATEWAY_CORE_H
#define HENG_GATEWAY_CORE_H
/* The heart of a gateway, without sockets and clocks: journal, uplink to the tier above, hosts for the gateways below,
 * orders that are done once. heng-gateway runs it on libuv; tests/sim runs the very same on virtual time, a faulty disk
 * and a faulty network.
 *
 *        lines ── heng_core_tell ──► journal ── commit ──► uplink client ──► tier above
 *   gateways below ── hosts ───────► journal ── commit ──► acknowledged below
 *
 * Nothing goes up, and nothing is acknowledged downward, before it is committed. Commits are grouped, for each of them
 * wears the flash: commit_ms after the first entry, at once for what somebody waits for: an order and how it goes on, a
 * read that somebody asked for, an event from below, a gateway below whose window is half used. Times `now` are
 * monotonic, wall_us is the system's wall clock.
 */
#include "spool/spool.h"
#include "uplink/body.h"
#include "uplink/client.h"
#include "uplink/config.h"
#include "uplink/host.h"

struct heng_core;

/* Ways to break the promises above, so that the proof can show that it would notice (tests/sim). */
typedef enum heng_core_weakness {
    HENG_CORE_STRONG,
    HENG_CORE_LET_GO_EARLY, /* before the commit */
    HENG_CORE_ACK_EARLY     /* downward, before the commit */
} heng_core_weakness;

/* What a power cut may take of the reads that schedules asked for: they are still in the meters. */
enum { HENG_CORE_COMMIT_MS = 2000 };

/* What a gateway says of itself and of its box. journal: path of the file; vfs: of SQLite, NULL for the usual one.
 * limits: those of the configuration from above, if it has any, go before them. commit_ms: how long an entry waits for
 * others; 0: the usual. Everything is copied. */
struct heng_core_config {
    const char *journal, *vfs;
    struct heng_spool_limits limits;
    unsigned commit_ms;
    char software[48], firmware[48];
    unsigned servers;
    bool enrolled;
    struct heng_enrol_ask enrol; /* while not enrolled */
    uint64_t seed;
    heng_us built_us;                    /* the wall clock cannot be before the program was made */
    heng_core_weakness weaken_for_tests; /* never set in a program */
};

typedef enum heng_core_action_kind {
    HENG_CORE_NONE,
    HENG_CORE_CONNECT,       /* the uplink: dial server `server`; heng_core_up_connected or _up_closed */
    HENG_CORE_HANG_UP,       /* the uplink; text: why */
    HENG_CORE_SEND,          /* on the uplink: bytes */
    HENG_CORE_CHILD_SEND,    /* to connection `child`: bytes */
    HENG_CORE_CHILD_HANG_UP, /* connection `child`; text */
    HENG_CORE_CONFIG,   /* config is new and whole: let lines, profiles and children be so, then heng_core_config_done.
                           Until then the old one is in force; at a start it is the one of the journal */
    HENG_CORE_ORDER,    /* order: for one of our lines, never twice; heng_core_outcome, then ORDER entries */
    HENG_CORE_CANCEL,   /* id; heng_core_outcome */
    HENG_CORE_SEARCH,   /* search; heng_core_outcome */
    HENG_CORE_ASK,      /* id, text: status or log; heng_core_answer */
    HENG_CORE_TUNNEL,   /* tunnel; heng_core_tunnel. close also comes when the tier above is lost */
    HENG_CORE_ENROLLED, /* enrol: the certificate has come; heng_core_restart when it is kept. None: why it is refused
                         */
    HENG_CORE_LET_GO,   /* what was told with this token is committed: a line may go on (see heng_core_tell) */
    HENG_CORE_FULL,     /* full: the disk takes nothing more: lines wait, or, not full, go on */
} heng_core_action_kind;

/* Borrowed bytes live until the next call of the core, config until the next one is in force. */
struct heng_core_action {
    heng_core_action_kind kind;
    unsigned server;
    int child;
    struct heng_slice bytes;
    const struct heng_gateway_config *config;
    struct heng_down_order order;
    struct heng_down_search search;
    struct heng_tunnel_message tunnel;
    struct heng_enrol_answer enrol;
    int64_t id;
    char text[160];
    int64_t token;
    bool full;
};

/* Open the journal and begin. Tells what was found there (set aside, a clock that cannot be, orders that were under way
 * when the power went) as entries. Errors: those of heng_spool_open, ENOMEM. */
HENG_NODISCARD heng_rc heng_core_new(const struct heng_core_config *config, heng_us now, heng_us wall_us,
                                     struct heng_core **ret, struct heng_err *err);
/* Commit what is there (stopped: tell so) and end. Accepts NULL. */
void heng_core_free(struct heng_core *core, bool stopped);

/* --- from the lines --- */

/* An entry of this body. at_us: wall clock as heng_core_wall tells it. urgent: somebody waits: commit at once, with the
 * next poll. token: not 0: LET_GO tells when it is committed; who waits for that is urgent. The memory of body is the
 * caller's. What is taken stays in memory until it is committed, also when the disk fails in between. A body that tells
 * of an order moves the order on in the same transaction. Errors: ELIMIT, EIO: the disk does not take it: nothing was
 * told; the next poll makes room, or says FULL; ELIMIT too for a body that is too long; ENOMEM. */
HENG_NODISCARD heng_rc heng_core_tell(struct heng_core *core, heng_us now, const struct heng_body *body, heng_us at_us,
                                      bool urgent, int64_t token, struct heng_err *err);
bool heng_core_has_room(const struct heng_core *core);

/* What a person has brought, all of it in one transaction, or nothing of it: next gives one body after the other, with
 * its time, and ENOTFOUND behind the last; any other error takes everything back. OK: it is committed. bytes: of the
 * bodies, about: the loop stands still meanwhile. Errors: ELIMIT: more than an eighth of the journal; EIO: the disk
 * does not take it now (a commit that failed may be there all the same); those of next. */
typedef heng_rc heng_core_next(void *owner, struct heng_body *ret, heng_us *ret_at_us, struct heng_err *err);
HENG_NODISCARD heng_rc heng_core_bring(struct heng_core *core, heng_us now, uint64_t bytes, heng_core_next *next,
                                       void *owner, struct heng_err *err);

/* What the owner remembers beside the entries: committed with what was told before it, and as safe as that, until a
 * journal is set aside. name: letters, then ':' and a number; none of ours ("due:7"). recall: borrowed
 * until the next call of the core; ENOTFOUND also while the disk has failed. */
void heng_core_keep(struct heng_core *core, heng_us now, const char *name, struct heng_slice value);
HENG_NODISCARD heng_rc heng_core_recall(struct heng_core *core, const char *name, struct heng_slice *ret);

/* A configuration out of a file (uplink/config.h, packed), as if the tier above had sent it: CORE_CONFIG follows. The
 * version in force: nothing to do, OK. Errors: those of heng_config_unpack; EBUSY: another one is being applied. */
HENG_NODISCARD heng_rc heng_core_offer_config(struct heng_core *core, heng_us now, struct heng_slice config,
                                              struct heng_err *err);

/* Wall clock, by the best that is known: the system's, put right by what the tier above tells, never before the
 * journal. doubtful: it was never put right and cannot be trusted. Steps of the system's clock count from the next poll
 * on. */
heng_us heng_core_wall(const struct heng_core *core, heng_us now, heng_us wall_us, bool *ret_doubtful);

/* --- answers to actions --- */
void heng_core_config_done(struct heng_core *core, heng_us now, bool applied, const char *why);
void heng_core_outcome(struct heng_core *core, heng_us now, const struct heng_down_outcome *outcome);
void heng_core_answer(struct heng_core *core, heng_us now, uint64_t id, bool last, struct heng_slice text);
bool heng_core_tunnel(struct heng_core *core, heng_us now, const struct heng_tunnel_message *message);
/* A certificate that has come, or other addresses: the uplink begins anew. renew: ask for a new certificate; ENROLLED
 * follows when it comes; ask again another day when it does not. */
void heng_core_restart(struct heng_core *core, heng_us now, unsigned servers, bool enrolled);
void heng_core_renew(struct heng_core *core, heng_us now, struct heng_slice request);

/* --- the uplink --- */

/* May a gateway with this certificate stand above us? Our own (below: heng_identity_below) or the configuration in
 * force must name it, and its serial must not be revoked. The centre's server may always; do not ask for it. */
bool heng_core_trusts_above(const struct heng_core *core, const char *common_name, uint64_t serial, const char *below);
/* The key was made anew: another request from the next connection on. Errors: heng_client_request. */
HENG_NODISCARD heng_rc heng_core_request(struct heng_core *core, struct heng_slice request, struct heng_err *err);
void heng_core_up_connected(struct heng_core *core, heng_us now);
void heng_core_up_closed(struct heng_core *core, heng_us now, const char *why);
void heng_core_up_bytes(struct heng_core *core, heng_us now, heng_us wall_us, struct heng_slice bytes);
void heng_core_up_unsent(struct heng_core *core, heng_us now, size_t bytes);

/* --- gateways below: connections, by numbers of the owner's, 0 .. HENG_UPLINK_CHILDREN_MAX - 1 --- */

/* common_name "": a stranger. serial: of its certificate. */
void heng_core_child_connected(struct heng_core *core, heng_us now, int child, const char *common_name,
                               uint64_t serial);
void heng_core_child_closed(struct heng_core *core, heng_us now, int child, const char *why);
void heng_core_child_bytes(struct heng_core *core, heng_us now, heng_us wall_us, int child, struct heng_slice bytes);
void heng_core_child_unsent(struct heng_core *core, heng_us now, int child, size_t bytes); /* see heng_host_unsent */

/* --- */
void heng_core_poll(struct heng_core *core, heng_us now, heng_us wall_us, struct heng_core_action *ret);
heng_us heng_core_deadline(const struct heng_core *core);

struct heng_core_status {
    struct heng_client_status uplink;
    uint64_t epoch, first, last, acked, config_version;
    int64_t journal_bytes;
    uint64_t entries;
    bool full, doubtful;
    heng_us clock_offset_us, clock_error_us; /* put right by so much, give or take */
    size_t child_count;
    struct heng_uplink_child children[HENG_UPLINK_CHILDREN_MAX];
};
void heng_core_status_now(const struct heng_core *core, heng_us now, struct heng_core_status *ret);
/* For export and search of what was read, on the same thread; asked for each time. NULL: the disk has failed. */
struct heng_spool *heng_core_journal(struct heng_core *core);
void heng_core_disk(struct heng_core *core, uint64_t free_bytes); /* what is free, for the operator */

#endif
