#ifndef HENG_BILLING_EXPLAIN_H
#define HENG_BILLING_EXPLAIN_H
/* Why a bill says what it says: its lines, the steps of the calculation worked out again, the days of usage that the
 * quantities are of, the readings at their ends and the frames that hold them, as the meter sent them. */
#include "bill/explain.h"
#include "billing/charge.h"

/* What a frame says, added to out (as lines for people, or as one JSON value): this folder does not know protocols. */
typedef void heng_frame_words(void *ctx, const struct heng_frame *frame, bool json, struct heng_str *out);

struct heng_bill_explanation {
    heng_language language;
    heng_frame_words *words; /* NULL: frames as hex alone */
    void *words_ctx;
    /* what came of it */
    uint32_t charges, differ; /* differ: charges that do not come out the same, or were changed */
    uint32_t rows_changed;    /* runs of days that are no longer what was billed: a delta is due */
};

/* For a person, and as JSON. Everything that is there is told; what differs is told and counted, and is no error.
 * Errors: those of the store; ENOMEM. */
HENG_NODISCARD heng_rc heng_bill_explain_text(struct heng_charger *charger, const struct heng_bill *bill,
                                              struct heng_bill_explanation *how, struct heng_str *out,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_bill_explain_json(struct heng_charger *charger, const struct heng_bill *bill,
                                              struct heng_bill_explanation *how, struct heng_str *out,
                                              struct heng_err *err);

#endif
