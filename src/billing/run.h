#ifndef HENG_BILLING_RUN_H
#define HENG_BILLING_RUN_H
/* Bill runs: the bills of many accounts as a job in short pieces. Each piece is one transaction that also says where
 * the next one goes on, so a stop at any moment leaves neither a gap nor a double.
 *
 *   waiting -> working -> preview -> approved -> issued
 *                            |  \--- dropping -> cancelled
 */
#include "billing/bill.h"

/* What a person asks for. selection: JSON, docs/billing.md; "{}" is all. */
struct heng_run_ask {
    int64_t org_id; /* whose accounts; 0: of all */
    heng_run_kind kind;
    const char *name, *selection, *currency;
    int32_t from_day, to_day, due_day;
};
/* The run, waiting for its first piece; in an open transaction. HEAT runs come from billing/heat.h.
 * Errors: ECONFIG, EFORMAT the selection or the days; ENOTFOUND a place or an account that it names. */
HENG_NODISCARD heng_rc heng_run_begin(struct heng_store *store, const struct heng_run_ask *ask,
                                      const struct heng_hand *hand, int64_t *ret_id, struct heng_err *err);

/* What works on runs; large, kept between pieces. Its charger asks the reader. */
struct heng_run_worker;
HENG_NODISCARD heng_rc heng_run_worker_new(struct heng_store_reader *reader, struct heng_run_worker **ret,
                                           struct heng_err *err);
void heng_run_worker_free(struct heng_run_worker *worker); /* accepts NULL */

/* The next pieces of what is to do, in an open transaction, for about budget_us: at least one. ret_left: there is more.
 * An account that cannot be billed is a blocked draft with the reason and holds up nobody. Errors: roll back. */
HENG_NODISCARD heng_rc heng_bill_run_work(struct heng_run_worker *worker, struct heng_store *store,
                                          const struct heng_hand *hand, heng_us budget_us, bool *ret_left,
                                          struct heng_err *err);

/* The same in two halves, for many hands: working out needs a reader alone, keeping the writer.
 * take: the next accounts behind after_id; ret_last: the last of them, 0: there are none. The items are the worker's
 * until its next take. make: their drafts. keep: stores them and moves the run on, in an open transaction; calls come
 * in the order of the takes. */
struct heng_drafts {
    struct heng_draft *items; /* in the worker's arena, until its next take */
    size_t n, accounts;
    int64_t last_id;
};
HENG_NODISCARD heng_rc heng_run_take(struct heng_run_worker *worker, const struct heng_run *run, int64_t after_id,
                                     int64_t *ret_last, struct heng_err *err);
HENG_NODISCARD heng_rc heng_run_make(struct heng_run_worker *worker, const struct heng_run *run,
                                     struct heng_drafts *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_run_keep(struct heng_store *store, struct heng_run *run, struct heng_drafts *drafts,
                                     heng_us now_us, struct heng_err *err);

/* Make one bill of a preview again, after what held it was mended; it keeps its place. ret: as it is now. */
HENG_NODISCARD heng_rc heng_run_again(struct heng_run_worker *worker, struct heng_store *store, int64_t scope,
                                      int64_t bill_id, const struct heng_hand *hand, struct heng_bill *ret,
                                      struct heng_err *err);

/* From the preview to numbers and bookings; what is blocked stays behind as it is. By setting bill_second_person not by
 * who made the run. Errors: EDENIED, ECONFLICT the run is not at its preview. */
HENG_NODISCARD heng_rc heng_run_approve(struct heng_store *store, int64_t scope, int64_t run_id,
                                        const struct heng_hand *hand, struct heng_err *err);
/* Give it up: its drafts go piece by piece, the row of the run stays. Errors: ECONFLICT it is approved or over. */
HENG_NODISCARD heng_rc heng_run_cancel(struct heng_store *store, int64_t scope, int64_t run_id,
                                       const struct heng_hand *hand, const char *reason, struct heng_err *err);

#endif
