#ifndef HENG_BILLING_DUNNING_H
#define HENG_BILLING_DUNNING_H
/* What a site does about bills that are not paid: the rules as data (setting "dunning", docs/dunning.md), and the work
 * of each day by them: steps, disputes whose time is over, instalments that were missed. */
#include "account/book.h"
#include "bill/late.h"
#include "ledger/collect.h"
#include "store/money/dunning.h"
#include "store/money/notices.h"

enum { HENG_DUNNING_STEPS_MAX = 9, HENG_DUNNING_TERMS_MAX = 16, HENG_DUNNING_LANGUAGES = 3 };

/* days: behind the due day. fee: 0 none. texts: Chinese, English, German; "" none. */
struct heng_dunning_step {
    int32_t days;
    int64_t fee;
    char texts[HENG_DUNNING_LANGUAGES][HENG_NOTICE_TEXT_MAX];
};
/* price_class "": for bills of any other class. */
struct heng_dunning_terms {
    char price_class[HENG_TARIFF_KEY_MAX];
    struct heng_late_terms late;
};
/* least: who owes less on a bill is not asked. missed_days: a part may come so much later than its due day. */
struct heng_dunning_rules {
    heng_pay_rule order;
    int64_t least;
    int32_t missed_days;
    size_t term_count, step_count;
    struct heng_dunning_terms terms[HENG_DUNNING_TERMS_MAX];
    struct heng_dunning_step steps[HENG_DUNNING_STEPS_MAX];
};

/* The JSON form. Errors: ECONFIG, EFORMAT with the path. */
HENG_NODISCARD heng_rc heng_dunning_rules_read(struct heng_slice json, struct heng_dunning_rules *ret,
                                               struct heng_err *err);
/* Those in force. Without the setting: no late fee, no steps, principal before late fees. */
HENG_NODISCARD heng_rc heng_dunning_rules_get(struct heng_store_reader *reader, struct heng_dunning_rules *ret,
                                              struct heng_err *err);

/* A bill is in dispute: no step, no late fee, no cut until to_day (0: until it is released). In an open transaction.
 * Errors: ENOTFOUND; ECONFLICT it is in dispute already, or is not; not an issued bill; ECONFIG no reason. */
HENG_NODISCARD heng_rc heng_bill_dispute(struct heng_store *store, int64_t scope, int64_t bill_id, int32_t to_day,
                                         const struct heng_hand *hand, const char *reason, struct heng_err *err);
HENG_NODISCARD heng_rc heng_bill_release(struct heng_store *store, int64_t scope, int64_t bill_id,
                                         const struct heng_hand *hand, const char *reason, struct heng_err *err);

/* What became of a notice, as its sender says: state SENT, FAILED with why, DROPPED, or WAITING to have it sent again.
 * Errors: ENOTFOUND; ECONFLICT it was sent. */
HENG_NODISCARD heng_rc heng_notice_mark(struct heng_store *store, int64_t scope, int64_t notice_id,
                                        heng_notice_state state, const char *why, const struct heng_hand *hand,
                                        struct heng_err *err);

/* The work of a day in pieces. Zero-initialise. */
struct heng_dunning_worker {
    int32_t day;
    int64_t after_book, after_plan;
    int phase;
    uint32_t steps, plans_missed, plans_paid; /* done so far */
};
/* Some of what is due on hand->day, in an open transaction, for at most budget_us, at least one account. Twice on one
 * day does nothing twice. ret_left: there is more. */
HENG_NODISCARD heng_rc heng_dunning_work(struct heng_dunning_worker *worker, struct heng_store *store,
                                         const struct heng_hand *hand, heng_us budget_us, bool *ret_left,
                                         struct heng_err *err);

#endif
