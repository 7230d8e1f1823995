#ifndef HENG_PREPAID_WORK_H
#define HENG_PREPAID_WORK_H
/* Prepaid accounts kept up to date: what was used is charged, who runs low is told, who is too far below zero is cut
 * off when nothing speaks against it, and back on when money came. In short pieces, in the writer's transactions. */
#include "store/store.h"

struct heng_prepaid_worker;
/* Sees the store it is given; one thread at a time. site_changed: settings are read anew with the next piece. */
HENG_NODISCARD heng_rc heng_prepaid_worker_new(struct heng_store *store, struct heng_prepaid_worker **ret,
                                               struct heng_err *err);
void heng_prepaid_worker_free(struct heng_prepaid_worker *worker); /* accepts NULL */

struct heng_prepaid_counts {
    uint32_t contracts, charges, held, notices,
        tasks; /* held: contracts that could not be charged, each is logged once */
};

/* Some of what is due, in an open transaction, for at most budget_us, at least one contract. A contract that cannot be
 * charged waits for its next day or its next data; it does not hold up the others. ret_left: there is more, ask again.
 * ret_counts is added to (may be NULL). Errors: EIO, ELIMIT, ENOMEM: roll back. */
HENG_NODISCARD heng_rc heng_prepaid_work(struct heng_prepaid_worker *worker, struct heng_store *store, heng_us now_us,
                                         heng_us budget_us, struct heng_prepaid_counts *ret_counts, bool *ret_left,
                                         struct heng_err *err);

#endif
