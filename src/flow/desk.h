#ifndef HENG_FLOW_DESK_H
#define HENG_FLOW_DESK_H
/* Where people's wishes reach the lines: threads of the API ask and wait, the thread of the lines takes and answers.
 * A command is answered when it is stored, not when it is done: how it goes on is told by events and by its row. */
#include "base/rc.h"
#include "model/order.h"
#include "model/search.h"

#define HENG_WISH_LIST(X)                                                                                              \
    X(READ)         /* on demand, of the devices; or of all meters of a line, or of a place and all below it */        \
    X(COMMAND)      /* order for one device, or a broadcast on a line */                                               \
    X(CANCEL)       /* a command, or the reads of a group, by id */                                                    \
    X(SEARCH)       /* on a line */                                                                                    \
    X(SEARCH_STOP)  /* on a line */                                                                                    \
    X(ENROL_ACCEPT) /* id: of the enrolment: it becomes the gateway of gateway.key; code must be the one it shows */   \
    X(ENROL_REFUSE) /* id: of the enrolment; gateway.why */                                                            \
    X(REVOKE)       /* id: of the gateway; gateway.who, why: in the record */                                          \
    X(TUNNEL)       /* line_id; gateway.who, why, seconds; the receipt says where to connect */                        \
    X(GATEWAY_ASK)  /* id: of the gateway; gateway.what: "status" or "log"; the receipt brings its text */

typedef enum heng_wish_kind {
#define X(symbol) HENG_WISH_##symbol,
    HENG_WISH_LIST(X)
#undef X
        HENG_WISH_COUNT
} heng_wish_kind;

enum { HENG_WISH_DEVICES_MAX = 500, HENG_DESK_WAITING_MAX = 64, HENG_DESK_PATIENCE_MS = 5000 };

/* A tunnel waits so long for its program, which then has the line so long when nobody says otherwise, as openapi.yaml
 * promises. */
enum { HENG_TUNNEL_WAITS_S = 30, HENG_TUNNEL_USUAL_S = 900 };

/* Of the wishes about gateways. who, why: of the person, for the record. seconds 0: the usual, at most 8 hours. */
struct heng_gateway_wish {
    char key[64], name[96], code[16], who[64], why[120], what[16];
    int64_t parent_id;
    uint32_t seconds;
};

/* One wish. line_id, place_id: 0 where devices are named. expires_s: from now; 0: the usual (10 minutes for a command).
 * key: chosen by who asks, "" for none: the same wish with the same key is the same command, not another one. */
struct heng_wish {
    heng_wish_kind kind;
    int64_t device_ids[HENG_WISH_DEVICES_MAX];
    size_t device_count;
    int64_t line_id, place_id;
    struct heng_order order;
    heng_protocol protocol; /* of a broadcast */
    uint32_t expires_s;
    char key[64];
    int64_t id; /* CANCEL, and of the wishes about gateways */
    struct heng_gateway_wish gateway;
    heng_search_kind search;
    bool known_only, resume; /* SEARCH: only the meters that should be there; go on where the last one stopped */
};

/* id: of the group of reads, of the command, of the gateway; why: of the first one that was refused.
 * TUNNEL: a program connects to port on loopback and says token and a newline first.
 * text: of GATEWAY_ASK; allocated, who asked frees it. */
struct heng_receipt {
    int64_t id;
    size_t accepted, refused;
    char why[160];
    uint16_t port;
    char token[40];
    char *text;
};

struct heng_desk;

/* wake is called, on whatever thread asks, when something waits: it makes the thread of the lines call
 * heng_desk_take soon. Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_desk_new(void (*wake)(void *owner), void *owner, struct heng_desk **ret,
                                     struct heng_err *err);
void heng_desk_free(struct heng_desk *desk); /* when nobody asks any more; accepts NULL */

/* Ask and wait for the answer. Errors: EBUSY (too many wait, or nobody answered in time), ECLOSED, and whatever the
 * answer is: ENOTFOUND, EUNSUPPORTED, EDENIED, ELIMIT, ECONFLICT (key used for another wish) ... */
HENG_NODISCARD heng_rc heng_desk_ask(struct heng_desk *desk, const struct heng_wish *wish, struct heng_receipt *ret,
                                     struct heng_err *err);

/* For the thread of the lines: the next wish, or NULL; each taken is answered once, then gone. Secrets are wiped. */
struct heng_wish_slot;
struct heng_wish_slot *heng_desk_take(struct heng_desk *desk);
const struct heng_wish *heng_wish_of(const struct heng_wish_slot *slot);
void heng_desk_answer(struct heng_desk *desk, struct heng_wish_slot *slot, const struct heng_receipt *receipt,
                      heng_rc rc, const char *why);

/* Does who asked still wait? If so, it does until the answer comes, however long that takes: what is promised next is
 * done, or told to have failed. Errors are none: false means that nobody would hear of it, so it must not be done. */
bool heng_desk_hold(struct heng_desk *desk, struct heng_wish_slot *slot);

/* Nobody is answered any more: all who wait get ECLOSED. */
void heng_desk_close(struct heng_desk *desk);

#endif
