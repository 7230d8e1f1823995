#ifndef HENG_BILLING_BUNDLE_H
#define HENG_BILLING_BUNDLE_H
/* All that proves a bill, in one file that every tool opens: a POSIX tar, the same bytes each time. For the customer,
 * or a court. docs/trace.md says what is in it. */
#include "billing/explain.h"

/* More that proves it, at the end of out as one JSON value (a seal's proof); false: there is none. */
typedef bool heng_bundle_proof(void *ctx, const struct heng_bill *bill, struct heng_str *out);

/* proof may be NULL. how: as for the explanation, of which it counts what differs. Errors: of the store, ELIMIT. */
HENG_NODISCARD heng_rc heng_bill_bundle(struct heng_charger *charger, const struct heng_bill *bill,
                                        struct heng_bill_explanation *how, heng_bundle_proof *proof, void *proof_ctx,
                                        struct heng_str *out, struct heng_err *err);

#endif
