#ifndef HENG_STORE_CHECKS_H
#define HENG_STORE_CHECKS_H
/* What every number of a journal says, by a check over its content, and which epochs of a box tell the same history.
 * Writing needs an open transaction. Errors of all: those of store/write.h and store/read.h. */
#include "store/store.h"

/* Checks stand in parts: part p has the numbers HENG_CHECKS_PER_PART * p + 1 and so on. 0: nothing is known of it. */
enum { HENG_CHECKS_PER_PART = 64, HENG_CHECKS_WALK_MAX = 16384 };

/* ENOTFOUND: nothing of that part is known. */
HENG_NODISCARD heng_rc heng_store_get_checks(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                             uint64_t part, uint64_t ret[static HENG_CHECKS_PER_PART],
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_checks(struct heng_store *store, int64_t gateway_id, uint64_t epoch,
                                             uint64_t part, const uint64_t checks[static HENG_CHECKS_PER_PART],
                                             struct heng_err *err);
/* The first number of an epoch that has this check, among its first HENG_CHECKS_WALK_MAX parts. ENOTFOUND: none. */
HENG_NODISCARD heng_rc heng_store_find_check(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                             uint64_t check, uint64_t *ret_seq, struct heng_err *err);

/* Another epoch of the same box. aligned: its number n + base is number n of ours, as long as they tell the same. */
struct heng_relative {
    uint64_t epoch;
    int64_t base;
    bool aligned;
};
/* Those that the box itself made, the newest first, at most cap. */
HENG_NODISCARD heng_rc heng_store_list_relatives(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                                 struct heng_relative *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);
/* Epochs that we made for what came under known numbers of of_epoch and said something else; their base is 0. */
HENG_NODISCARD heng_rc heng_store_list_apart(struct heng_store_reader *reader, int64_t gateway_id, uint64_t of_epoch,
                                             uint64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_branch(struct heng_store *store, int64_t gateway_id, uint64_t of_epoch,
                                             const struct heng_relative *branch, bool kept_apart, struct heng_err *err);

/* In an open transaction: what comes between begin and end can be taken back alone. A part may have parts of its own.
 * The numbers that were given for ids meanwhile are not given again. */
HENG_NODISCARD heng_rc heng_store_part_begin(struct heng_store *store, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_part_end(struct heng_store *store, bool take_back, struct heng_err *err);

/* On a server, days, verdicts and what is due are stored without waiting for an answer each: wait for all of them.
 * Errors: that of the first that failed; the part or the transaction has to be taken back. */
HENG_NODISCARD heng_rc heng_store_settle(struct heng_store *store, struct heng_err *err);

#endif
