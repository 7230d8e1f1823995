#ifndef HENG_FLOW_DELIVERY_CHECKS_H
#define HENG_FLOW_DELIVERY_CHECKS_H
/* Inside of flow/delivery.c: does a number say what it said before, and is an entry one that another epoch of the same
 * box has brought already? A box whose disk was put back gives numbers twice, and then tells its journal once more
 * under a new epoch: what it says is compared without the numbers. All in an open transaction. */
#include "model/entry.h"
#include "store/checks.h"

/* Parts at hand; changed ones are written by flush, or when their room is needed. */
enum { HENG_CHECKS_AT_HAND = 32, HENG_RELATIVES_MAX = 16, HENG_APART_MAX = 8 };

struct heng_checks_part {
    int64_t gateway_id; /* 0: free */
    uint64_t epoch, part;
    bool changed;
    uint64_t checks[HENG_CHECKS_PER_PART];
};
struct heng_checks {
    struct heng_store *store;
    size_t next; /* whose turn it is to make room */
    struct heng_checks_part parts[HENG_CHECKS_AT_HAND];
};

/* Other epochs of one box, loaded when they are first needed. of[i]: whose numbers those of i are; itself, or the epoch
 * that it is kept apart from. first[i]: the check of its first number, while it is not aligned. */
struct heng_relatives {
    bool loaded;
    size_t n;
    size_t of[HENG_RELATIVES_MAX];
    uint64_t first[HENG_RELATIVES_MAX];
    struct heng_relative all[HENG_RELATIVES_MAX];
};

/* Of what an entry says, its numbers left out; never 0. */
uint64_t heng_checks_of(const struct heng_entry *entry);
/* Of what an envelope says: whose entry it is and which number that has there, too. A maker that begins a new epoch
 * says the same once more, and yet it is another one to pass on. Never 0. */
uint64_t heng_checks_of_envelope(const struct heng_entry *entry);

void heng_checks_init(struct heng_checks *checks, struct heng_store *store); /* and after something was taken back */
/* 0: nothing is known of the number. */
HENG_NODISCARD heng_rc heng_checks_get(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                                       uint64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_checks_put(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                                       uint64_t check, struct heng_err *err);
HENG_NODISCARD heng_rc heng_checks_flush(struct heng_checks *checks, struct heng_err *err);

/* Has another epoch brought this entry, as its number that compares with seq? */
HENG_NODISCARD heng_rc heng_checks_is_told(struct heng_checks *checks, struct heng_relatives *relatives,
                                           int64_t gateway_id, uint64_t epoch, uint64_t seq, uint64_t check, bool *ret,
                                           struct heng_err *err);

/* Number seq of epoch is known to say something else: the epoch to keep this apart under. ret_known: it is there
 * already. Errors: ELIMIT: too many histories. */
HENG_NODISCARD heng_rc heng_checks_keep_apart(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch,
                                              uint64_t seq, uint64_t check, uint64_t *ret_epoch, bool *ret_known,
                                              struct heng_err *err);

#endif
