#ifndef HENG_MODEL_ENTRY_H
#define HENG_MODEL_ENTRY_H
/* An entry of a gateway's journal: what was read or has happened, on its way to the centre. Who made it numbers it,
 * without gaps, by (epoch, seq): an epoch is the life of one journal file, seq counts from 1. Every tier passes the
 * body on as it is; only the maker and the centre look into it (uplink/body.h). */
#include "base/slice.h"
#include "base/time.h"

/* X(symbol, text, number on the wire and on disk) */
#define HENG_ENTRY_KIND_LIST(X)                                                                                        \
    X(READ, "read", 1)     /* a meter was asked: its values and frames, or why there are none */                       \
    X(LINE, "line", 2)     /* state of a line, and what was counted since the last such entry */                       \
    X(ORDER, "order", 3)   /* an order from above has come on */                                                       \
    X(FOUND, "found", 4)   /* a search has found a meter */                                                            \
    X(SEARCH, "search", 5) /* a search has got on */                                                                   \
    X(EVENT, "event", 6)   /* the gateway about itself */

typedef enum heng_entry_kind {
#define X(symbol, text, number) HENG_ENTRY_##symbol = number,
    HENG_ENTRY_KIND_LIST(X)
#undef X
} heng_entry_kind;

/* X(symbol, text, number): what goes first when room is short, and in which order. */
#define HENG_ENTRY_RANK_LIST(X)                                                                                        \
    X(PERIODIC, "periodic", 0) /* reads of a round: thinned first, older ones harder */                                \
    X(STATUS, "status", 1)     /* states of lines, searches */                                                         \
    X(LASTING, "lasting", 2)   /* frozen and due-date values, orders, events: last of all */

typedef enum heng_entry_rank {
#define X(symbol, text, number) HENG_ENTRY_RANK_##symbol = number,
    HENG_ENTRY_RANK_LIST(X)
#undef X
} heng_entry_rank;

/* gateway_id: who made it, as the centre numbers gateways; 0: the journal's own gateway.
 * subject_id: the device of a READ, the line of LINE, FOUND and SEARCH, the order of ORDER; else 0.
 * doubtful: made while the clock was not to be trusted.
 * check: heng_entry_check of all the rest, made with the entry and never again: who meets one that does not fit does
 * not believe the entry. */
enum { HENG_ENTRY_BODY_MAX = 64 * 1024 };
struct heng_entry {
    int64_t gateway_id;
    uint64_t epoch, seq;
    heng_us at_us;
    heng_entry_kind kind;
    heng_entry_rank rank;
    int64_t subject_id;
    bool doubtful;
    uint64_t check;
    struct heng_slice body; /* borrowed */
};

/* FNV-1a, 64 bits, over epoch, seq, at_us, kind, rank, subject_id, doubtful (little-endian) and the body. The
 * gateway_id is left out: the maker does not know its own. */
uint64_t heng_entry_check(const struct heng_entry *entry);

const char *heng_entry_kind_text(heng_entry_kind kind); /* "unknown" for a number outside */
bool heng_entry_kind_is(uint32_t number);               /* is it one of the list? */
bool heng_entry_rank_is(uint32_t number);

/* Entries first..last of an epoch that are not there any more, or never came. */
struct heng_entry_range {
    uint64_t first, last;
};

/* X(symbol, text, number): what a gateway tells of itself, and what the centre notices of it. The texts are in API,
 * database and catalogues. */
#define HENG_GATEWAY_EVENT_LIST(X)                                                                                     \
    X(STARTED, "started", 1)                                                                                           \
    X(STOPPED, "stopped", 2)                                                                                           \
    X(CLOCK_WRONG, "clock-wrong", 3) /* the time cannot be: it goes on by the journal's */                             \
    X(CLOCK_SET, "clock-set", 4)     /* value: by how many microseconds */                                             \
    X(DISK_FULL, "disk-full", 5)     /* nothing can be kept: the lines wait */                                         \
    X(DISK_OK, "disk-ok", 6)                                                                                           \
    X(JOURNAL_ASIDE, "journal-aside", 7)    /* a damaged journal lies aside; value: entries of it that were saved */   \
    X(THINNED, "thinned", 8)                /* value: how many entries; detail: which, by which rule */                \
    X(DAMAGED, "damaged", 9)                /* value: how many entries are not believed */                             \
    X(CONFIG_APPLIED, "config-applied", 10) /* value: version */                                                       \
    X(CONFIG_REFUSED, "config-refused", 11) /* value: version; detail: why */                                          \
    X(LINE_SILENT, "line-silent", 12)       /* for three times its rhythm */                                           \
    X(LINE_REOPENED, "line-reopened", 13)   /* first step of healing: the link anew */                                 \
    X(LINE_RESET, "line-reset", 14)         /* second: what was learned is forgotten, modem lines pulsed */            \
    X(LINE_RESTARTED, "line-restarted", 15) /* third: the whole line made anew */                                      \
    X(LINE_BACK, "line-back", 16)                                                                                      \
    X(TUNNEL_OPENED, "tunnel-opened", 17) /* detail: who and why */                                                    \
    X(TUNNEL_CLOSED, "tunnel-closed", 18)                                                                              \
    X(IMPORTED, "imported", 19)               /* a file of a handheld; value: how many reads */                        \
    X(CHILD_CONNECTED, "child-connected", 20) /* value: the gateway below */                                           \
    X(CHILD_LOST, "child-lost", 21)                                                                                    \
    X(FORKED, "forked", 22)           /* the centre knows another history: a new epoch begins */                       \
    X(NOT_TRUSTED, "not-trusted", 23) /* who answered above showed no certificate that it believes, or refused its     \
                                         own; value: how often since the last one */                                   \
    X(NEW_KEY, "new-key", 24)   /* it made another key: another authority was shown than before. Of the centre: a      \
                                   box with its serial number asks with another key */                                 \
    X(REPLACED, "replaced", 25) /* it came anew while it was here: a copy of the box, or a line that breaks */         \
    X(CERTIFICATE_ENDS, "certificate-ends", 26) /* and no other one has come yet; value: days that are left */         \
    X(CONNECTED, "connected", 30)               /* noticed by the centre, as all below */                              \
    X(LOST, "lost", 31)                                                                                                \
    X(ENROLLED, "enrolled", 32)                                                                                        \
    X(REVOKED, "revoked", 33)                                                                                          \
    X(REFUSED, "refused", 34)             /* it was not let in: detail says why */                                     \
    X(PROTOCOL, "protocol", 35)           /* it said what cannot be: detail */                                         \
    X(ENTRY_REFUSED, "entry-refused", 36) /* an entry that cannot be believed is kept aside; detail: why */            \
    X(GAP, "gap", 37)                     /* entries never come; value: how many */

typedef enum heng_gateway_event {
#define X(symbol, text, number) HENG_GATEWAY_##symbol = number,
    HENG_GATEWAY_EVENT_LIST(X)
#undef X
} heng_gateway_event;

const char *heng_gateway_event_text(heng_gateway_event event); /* "unknown" for a number outside */

#endif
