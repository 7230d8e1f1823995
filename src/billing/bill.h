#ifndef HENG_BILLING_BILL_H
#define HENG_BILLING_BILL_H
/* A bill and what it charges: sums, digest, the booking that makes it owed. */
#include "account/book.h"
#include "billing/charge.h"
#include "store/money/runs.h"

/* A bill before it is issued. charges and their texts live in an arena. */
struct heng_draft {
    struct heng_bill bill;
    struct heng_charge *charges;
    size_t charge_count;
};

/* total and tax of the bill from its charges. Errors: EBUG the lines of a charge do not sum to it; ERANGE. */
HENG_NODISCARD heng_rc heng_draft_sum(struct heng_draft *draft, struct heng_err *err);

/* One more thing that holds the bill: it is blocked; the first reason is the one that is said. */
void heng_draft_block(struct heng_draft *draft, uint32_t flags, const char *why);

/* The place in the preview: what is blocked, then by the weight of the flags, what is clean last. */
int32_t heng_bill_rank(const struct heng_bill *bill);

/* SHA-256 of what an issued bill says, with the digests of its charges: what is sealed and compared. */
HENG_NODISCARD heng_rc heng_bill_digest(const struct heng_bill *bill, const struct heng_charge *charges, size_t n,
                                        uint8_t ret[32], struct heng_err *err);

/* What a bill rests on: its charges, or of a statement those that prepaid took until it was issued; with lines, in the
 * arena. */
HENG_NODISCARD heng_rc heng_bill_charges(struct heng_store_reader *reader, const struct heng_bill *bill,
                                         struct heng_arena *arena, struct heng_charge **ret, size_t *ret_n,
                                         struct heng_err *err);

/* Is what was issued still what is stored? Errors: ECONFLICT with what differs. */
HENG_NODISCARD heng_rc heng_bill_verify(struct heng_store_reader *reader, const struct heng_bill *bill,
                                        struct heng_err *err);

/* The booking that makes it owed; no postings: nothing is. who and when are the hand's. */
HENG_NODISCARD heng_rc heng_bill_booking(const struct heng_draft *draft, const struct heng_hand *hand,
                                         struct heng_booking *ret, struct heng_err *err);

/* Settings of a site, docs/billing.md: bill_far_percent (50), bill_second_person (1), bill_advance (1). */
struct heng_bill_settings {
    int64_t far_percent;
    bool second_person, use_advance;
};
HENG_NODISCARD heng_rc heng_bill_settings_get(struct heng_store_reader *reader, struct heng_bill_settings *ret,
                                              struct heng_err *err);

#endif
