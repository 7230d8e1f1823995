#ifndef HENG_BILLING_ISSUE_H
#define HENG_BILLING_ISSUE_H
/* From draft to bill: a number without a gap, the booking that makes it owed, the digest of what it says, and the use
 * of what was paid in advance. Callers are in the writer's transaction. */
#include "billing/bill.h"

/* "2026-000123"; of an organisation with its id in front: "7-2026-000123". */
void heng_bill_number(int64_t org_id, int year, int64_t n, char ret[HENG_BILL_NUMBER_MAX]);

/* Issue drafts; ids as in the store, charges as heng_bill_charges gives them. What turns out to be billed already is
 * blocked and gets no number. Afterwards the drafts say what is stored. */
HENG_NODISCARD heng_rc heng_issue(struct heng_store *store, struct heng_draft *drafts, size_t n,
                                  const struct heng_hand *hand, const struct heng_bill_settings *settings,
                                  struct heng_err *err);

/* One draft that is of no run: a corrected bill. By setting bill_second_person hand.second has to be somebody else.
 * Asked again it is as it was. */
HENG_NODISCARD heng_rc heng_issue_one(struct heng_store *store, int64_t scope, int64_t bill_id,
                                      const struct heng_hand *hand, struct heng_bill *ret, struct heng_err *err);

#endif
