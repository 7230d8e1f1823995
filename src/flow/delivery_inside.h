#ifndef HENG_FLOW_DELIVERY_INSIDE_H
#define HENG_FLOW_DELIVERY_INSIDE_H
/* Inside of flow/delivery*.c: one batch at work. delivery.c takes it entry by entry, delivery_numbers.c knows what of a
 * journal is here, delivery_apply.c brings what an entry says into the database. All in an open transaction. */
#include "flow/delivery.h"
#include "flow/delivery_checks.h"

/* An entry may be about the numbers of two: its maker's, and of one below that. */
enum {
    DELIVERY_SLOTS_MAX = 2 * HENG_UPLINK_BATCH_ENTRIES_MAX + 1,
    DELIVERY_KNOWN_BITS = 10,
    DELIVERY_KNOWN = 1 << DELIVERY_KNOWN_BITS
};

/* How far the journal of one maker is here. gap: the one that number gap_from lies in, or the next one behind it. */
struct delivery_slot {
    struct heng_gateway_journal journal;
    bool changed, gap_known, has_gap;
    uint64_t gap_from;
    struct heng_gateway_gap gap;
    uint64_t skipped, lost;           /* numbers that the last entries jumped over; lost: by who passes them on */
    uint64_t apart, apart_first;      /* numbers that said something else before */
    struct heng_relatives *relatives; /* ours; NULL: nobody has asked yet */
};

/* What a batch asks again and again: does this hang on that gateway? */
typedef enum delivery_relation { DELIVERY_OF_METER, DELIVERY_OF_LINE, DELIVERY_OF_WAY } delivery_relation;
struct delivery_known {
    bool used, yes;
    delivery_relation what;
    int64_t gateway_id, id;
};

struct delivery_work {
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_delivery *delivery;
    heng_us now_us;
    struct heng_ingested *ret;
    bool careful;                      /* an entry that breaks a rule of the schema is taken back alone */
    char refused_why[HENG_DETAIL_MAX]; /* of the first one */
    uint64_t gone, gone_first, gone_last;
    struct delivery_slot *own, *last_used;
    size_t slot_count;
    struct delivery_slot slots[DELIVERY_SLOTS_MAX];
    struct delivery_known known[DELIVERY_KNOWN];
    struct heng_checks checks;
    struct heng_batch_room room;
    struct heng_read read;
};

/* --- delivery_numbers.c --- */

HENG_NODISCARD heng_rc delivery_is_of(struct delivery_work *w, delivery_relation what, int64_t gateway_id, int64_t id,
                                      bool *ret, struct heng_err *err);
HENG_NODISCARD heng_rc delivery_find_slot(struct delivery_work *w, int64_t gateway_id, uint64_t epoch,
                                          struct delivery_slot **ret, struct heng_err *err);
/* Is this number news? It is behind all that came, or in a gap. */
HENG_NODISCARD heng_rc delivery_is_news(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, bool *ret,
                                        struct heng_err *err);
/* The entry of this number, which is news, is here. said: heng_checks_of it, 0: it is not believed. */
HENG_NODISCARD heng_rc delivery_enter(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, uint64_t check,
                                      uint64_t said, struct heng_err *err);
/* What came under this number, which is news, is damaged beyond belief. */
HENG_NODISCARD heng_rc delivery_lose(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq,
                                     struct heng_err *err);
/* The numbers first..last of a journal are gone, as far as they are not here. What came by another way stays, and what
 * comes by another way is taken all the same. */
HENG_NODISCARD heng_rc delivery_declare_gone(struct delivery_work *w, struct delivery_slot *slot, uint64_t first,
                                             uint64_t last, heng_gap_state gone, struct heng_err *err);
/* There is one epoch more of this box: those who have looked look again. */
void delivery_forget_relatives(struct delivery_work *w, int64_t gateway_id);

/* --- delivery_apply.c --- */

/* What the entry says, into the database. *ret_why: why it is not believed; NULL: it is. */
HENG_NODISCARD heng_rc delivery_apply(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                                      const char **ret_why, struct heng_err *err);

#endif
