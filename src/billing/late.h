#ifndef HENG_BILLING_LATE_H
#define HENG_BILLING_LATE_H
/* Late fees on bills, and what takes them off. A fee grows by the day (bill/late.h); it is booked when money comes for
 * its bill, when a plan of instalments is made, and when it is waived: until then it is only worked out. In an open
 * transaction. */
#include "billing/dunning.h"

/* The open bill with this id. Errors: ENOTFOUND nothing is open on it. */
HENG_NODISCARD heng_rc heng_bill_open(struct heng_store_reader *reader, int64_t account_id, int64_t bill_id,
                                      struct heng_open_bill *ret, struct heng_err *err);

/* What of the fee of an open bill up to a day is not booked yet; 0 while it is in dispute or in instalments. Money that
 * was taken back counts as never come. */
HENG_NODISCARD heng_rc heng_late_due(struct heng_store_reader *reader, const struct heng_dunning_rules *rules,
                                     const struct heng_open_bill *bill, int32_t day, int64_t *ret,
                                     struct heng_err *err);

/* Book a fee: it is owed from now on. ret_booking may be NULL. */
HENG_NODISCARD heng_rc heng_fee_book(struct heng_store *store, const struct heng_open_bill *bill, heng_fee_kind kind,
                                     int64_t amount, const struct heng_hand *hand, int64_t *ret_booking,
                                     struct heng_err *err);

/* Let fees of a bill off: amount, or 0: all there are today. By two. Errors: EDENIED no second person; ECONFLICT there
 * is not so much; ECONFIG no reason. */
HENG_NODISCARD heng_rc heng_fee_waive(struct heng_store *store, int64_t scope, int64_t bill_id, int64_t amount,
                                      const char *key, const struct heng_hand *hand, const char *reason,
                                      struct heng_booked *ret, struct heng_err *err);

/* A bill that will not be paid: all that is open on it goes to the losses. By two. Money that comes later takes it back
 * (billing/collect.h). Errors: EDENIED no second person, or a bank is asked for it; ENOTFOUND nothing is open. */
HENG_NODISCARD heng_rc heng_bill_write_off(struct heng_store *store, int64_t scope, int64_t bill_id, const char *key,
                                           const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                                           struct heng_err *err);

/* Before a bill is reversed: write-offs and waivers of it are taken back; and behind that, its fees. */
HENG_NODISCARD heng_rc heng_settled_undo(struct heng_store *store, int64_t bill_id, const struct heng_hand *hand,
                                         const char *reason, struct heng_err *err);
HENG_NODISCARD heng_rc heng_fees_undo(struct heng_store *store, int64_t bill_id, const struct heng_hand *hand,
                                      const char *reason, struct heng_err *err);

#endif
