#ifndef HENG_BILLING_CORRECT_H
#define HENG_BILLING_CORRECT_H
/* What was issued never changes: it is taken back whole by a mirror bill with a number of its own, and what is right is
 * a new bill. Late or corrected readings propose both as one preview with the difference; a person decides. */
#include "billing/run.h"

/* Take an issued bill back: mirror bill, mirror booking; what was paid on it lies in advance. Asked again it is the
 * reversal that is there. Needs a reason and, by setting bill_second_person, another second person. In an open
 * transaction. Errors: ECONFLICT a draft, a reversal, or a prepayment that a bill has settled; EDENIED. */
HENG_NODISCARD heng_rc heng_bill_reverse(struct heng_store *store, int64_t scope, int64_t bill_id,
                                         const struct heng_hand *hand, const char *reason, struct heng_bill *ret,
                                         struct heng_err *err);

/* What a bill would be by what is known today, beside what it is: only reads. is: usage or amounts differ. Prices are
 * those in force now; usage_differs says that it is not the price alone. draft lies in the worker's arena, until its
 * next take. Errors: ECONFLICT not an issued bill of usage. */
struct heng_delta {
    bool is, usage_differs;
    int64_t was, now, difference; /* now - was */
    struct heng_draft draft;
};
HENG_NODISCARD heng_rc heng_bill_delta(struct heng_run_worker *worker, const struct heng_bill *bill,
                                       struct heng_delta *ret, struct heng_err *err);

/* Issued bills behind after_id whose usage differs now, at most cap, after looking at max of them; ret_next: behind
 * which it goes on, 0: all were looked at. Nothing is changed. */
struct heng_delta_found {
    struct heng_bill bill;
    int64_t now, difference;
};
HENG_NODISCARD heng_rc heng_delta_find(struct heng_run_worker *worker, int64_t scope, int32_t from_day, int32_t to_day,
                                       int64_t after_id, size_t max, struct heng_delta_found *ret, size_t cap,
                                       size_t *ret_n, int64_t *ret_next, struct heng_err *err);

/* Reverse, and make the draft of what is right (kind DELTA, replaces the old one), to be issued by heng_issue_one. */
HENG_NODISCARD heng_rc heng_bill_correct(struct heng_run_worker *worker, struct heng_store *store, int64_t scope,
                                         int64_t bill_id, const struct heng_hand *hand, const char *reason,
                                         struct heng_bill *ret_reversal, struct heng_bill *ret_draft,
                                         struct heng_err *err);

#endif
