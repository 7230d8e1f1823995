#ifndef HENG_UPLINK_BODY_H
#define HENG_UPLINK_BODY_H
/* The body of an entry, packed and unpacked: who makes it packs it, the centre unpacks it, nobody between looks inside.
 * Every number that comes in is compared with its table, every text with its room, every count with its limit. */
#include "base/buf.h"
#include "model/line_state.h"
#include "uplink/uplink.h"

/* What asked for a read, or how an order has come on. id: of the command, or of the one read of a group. */
struct heng_order_news {
    int64_t id, line_id, device_id;
    bool command, ended, has_outcome;
    heng_order_kind kind;
    heng_stage stage;
    heng_outcome outcome;
    char why[160];
};

/* read: its times are wall clock. order.id 0: a schedule asked. by_hand: a handheld read it, not a line. */
struct heng_read_news {
    int64_t line_id;
    const struct heng_read *read;
    heng_us due_us;
    bool has_learned, quarantined, by_hand;
    struct heng_learned learned;
    struct heng_order_news order;
};

struct heng_line_news {
    int64_t line_id;
    heng_line_state state;
    char detail[160];
    heng_us last_answer_us;
    struct heng_line_counters counters; /* since the last one */
    struct heng_line_vitals_status vitals;
};

struct heng_found_news {
    int64_t line_id;
    heng_search_kind kind;
    struct heng_search_found found;
};

/* fresh: what the last search of its kind found is forgotten. */
struct heng_search_news {
    int64_t line_id;
    heng_search_kind kind;
    bool known_only, running, fresh;
    heng_us started_us;
    struct heng_search_progress progress;
};

/* maker_id .. last: of a GAP, 0 in all others: whose numbers, see uplink.proto. */
struct heng_event_news {
    heng_gateway_event kind;
    int64_t value, line_id;
    char detail[200];
    int64_t maker_id;
    uint64_t maker_epoch, first, last;
};

/* One body; kind says which member. */
struct heng_body {
    heng_entry_kind kind;
    union {
        struct heng_read_news read;
        struct heng_line_news line;
        struct heng_order_news order;
        struct heng_found_news found;
        struct heng_search_news search;
        struct heng_event_news event;
    };
};

/* Append the packed body. at_us: of its entry; frames are told as distances from it. A text is told up to where it
 * stops being UTF-8. Errors: ELIMIT; what unpack would refuse: ERANGE, EFORMAT, EUNSUPPORTED. */
HENG_NODISCARD heng_rc heng_body_pack(const struct heng_body *body, heng_us at_us, struct heng_buf *buf,
                                      struct heng_err *err);

/* scratch takes the read, when it is one; ret->read.read points to it. Errors: EFORMAT, ERANGE, ELIMIT, with what is
 * wrong, also when it is about somebody else than the entry says; EUNSUPPORTED: a kind that this program does not know;
 * ENOMEM: which says nothing about the body. */
HENG_NODISCARD heng_rc heng_body_unpack(struct heng_slice bytes, const struct heng_entry *entry,
                                        struct heng_read *scratch, struct heng_body *ret, struct heng_err *err);

/* What the entry of this body is about, and how long it is kept. */
int64_t heng_body_subject(const struct heng_body *body);
heng_entry_rank heng_body_rank(const struct heng_body *body);

#endif
